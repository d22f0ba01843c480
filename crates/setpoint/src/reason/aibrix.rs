//! What the stages of AIBrix say. The rules themselves are in [`algorithm::aibrix`](crate::algorithm::aibrix).

use super::{Direction, Effect, Failure, Num, StageLabel};
use crate::time::Timestamp;
use core::fmt;

/// Which rule gave a metric's count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Rule {
    /// There is no target to hold the load to: the current count.
    Untargeted,
    /// Within the tolerances, on their edge, or not a number: the current count.
    Kept,
    /// Above the tolerance: as many as the load asks for.
    Up,
    /// Above the tolerance, and the load asks for more than the scale-up rate allows.
    UpRate,
    /// Below the tolerance: as many as the load asks for.
    Down,
    /// Below the tolerance, and the load asks for less than the scale-down rate allows.
    DownRate,
}

/// Which average the panic strategy goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Mode {
    /// That of the stable window.
    Stable,
    /// The one that asks for more.
    Panic,
}

/// A reason of a stage of AIBrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "rule", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum AibrixReason {
    /// A schedule gives the bounds.
    Scheduled {
        /// Its place in the list.
        schedule: u16,
        /// The minimum that holds now.
        min: i64,
        /// The maximum that holds now.
        max: i64,
    },
    /// At zero replicas with a minimum above zero: scaling is off.
    Disabled,
    /// Above the maximum: down to it at once.
    AboveMax {
        /// The maximum.
        count: i64,
    },
    /// Below the minimum: up to it at once.
    BelowMin {
        /// The minimum.
        count: i64,
    },
    /// What the average of the stable window asks for.
    Apa {
        /// Which metric.
        metric: u16,
        /// The rule that held.
        by: Rule,
        /// The average of the stable window, in the metric's own unit.
        stable: Num,
        /// The target per instance.
        target: Num,
        /// The count, within the bounds.
        count: i64,
    },
    /// What the averages of both windows ask for.
    Kpa {
        /// Which metric.
        metric: u16,
        /// The rule that held for the average that decided.
        by: Rule,
        /// Which average decided.
        mode: Mode,
        /// The average of the stable window, in the metric's own unit.
        stable: Num,
        /// The average of the panic window.
        panic: Num,
        /// The target.
        target: Num,
        /// The count, within the bounds.
        count: i64,
    },
    /// An average per instance was taken for the total of all instances, as upstream does: the count is too small.
    AverageAsTotal {
        /// Which metric.
        metric: u16,
    },
    /// Nobody to ask: the windows answer with what they hold.
    Unfed {
        /// Which metric.
        metric: u16,
        /// Buckets in its stable window.
        buckets: u32,
    },
    /// A metric could not be read and is left out.
    LeftOut {
        /// Which metric.
        metric: u16,
        /// Why.
        failure: Failure,
    },
    /// The largest of what the metrics ask for.
    Recommended {
        /// The metric that asks for most, the first of equals.
        metric: u16,
        /// The recommendation.
        count: i64,
    },
    /// An earlier recommendation took the place of this one.
    Cooldown {
        /// The direction of the recommendation.
        direction: Direction,
        /// The recommendation.
        from: i64,
        /// The earlier one.
        to: i64,
        /// When the earlier one stops counting.
        until: Option<Timestamp>,
    },
}

impl AibrixReason {
    pub(super) fn effect(&self) -> Effect {
        match *self {
            Self::Disabled => Effect::Wants(0),
            Self::AboveMax { count } | Self::BelowMin { count } | Self::Recommended { count, .. } => {
                Effect::Wants(count)
            }
            Self::Cooldown { from, to, .. } => Effect::Moves { from, to },
            _ => Effect::Note,
        }
    }

    pub(super) fn describe(&self, f: &mut fmt::Formatter<'_>, stage: &StageLabel) -> fmt::Result {
        match *self {
            Self::Scheduled { schedule, min, max } => {
                write!(f, "schedule {schedule}: between {min} and {max}")
            }
            Self::Disabled => write!(f, "scaling is disabled at zero"),
            Self::AboveMax { count } => write!(f, "above the maximum of {count}"),
            Self::BelowMin { count } => write!(f, "below the minimum of {count}"),
            Self::Apa { metric, by, stable, target, count } => {
                write!(f, "{} {stable} of {target} asks for {count}{}", stage.metric(metric), aside(by))
            }
            Self::Kpa { metric, by, mode: Mode::Stable, stable, target, count, .. } => {
                write!(f, "{} {stable} of {target} asks for {count}{}", stage.metric(metric), aside(by))
            }
            Self::Kpa { metric, by, mode: Mode::Panic, stable, panic, target, count } => {
                let name = stage.metric(metric);
                write!(
                    f,
                    "{name} {panic} of {target}, stable {stable}, asks in panic for {count}{}",
                    aside(by)
                )
            }
            Self::AverageAsTotal { metric } => {
                write!(f, "the average of {} per instance was taken for a total", stage.metric(metric))
            }
            Self::Unfed { metric, buckets } => {
                write!(f, "no instances to ask for {}: {buckets} old readings hold", stage.metric(metric))
            }
            Self::LeftOut { metric, failure } => {
                write!(f, "{} is left out: {failure}", stage.metric(metric))
            }
            Self::Recommended { metric, count } => write!(f, "{} decides: {count}", stage.metric(metric)),
            Self::Cooldown { to, until, .. } => {
                write!(f, "recent recommendation of {to}")?;
                until.map_or(Ok(()), |until| write!(f, ", until {until}"))
            }
        }
    }
}

const fn aside(by: Rule) -> &'static str {
    match by {
        Rule::Untargeted => " (no target)",
        Rule::Kept => " (within tolerance)",
        Rule::UpRate => " (scale-up rate)",
        Rule::DownRate => " (scale-down rate)",
        Rule::Up | Rule::Down => "",
    }
}
