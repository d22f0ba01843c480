//! What the stages of Kthena say. The rules themselves are in [`algorithm::kthena`](crate::algorithm::kthena).

use super::{Effect, Num, StageLabel};
use crate::time::Timestamp;
use core::fmt;

/// Which rule gave a metric's count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Rule {
    /// External total within tolerance of what the current replicas are for: the current count.
    ExternalWithinTolerance,
    /// External total over target.
    External,
    /// The instances are on target within tolerance: the current count.
    WithinTolerance,
    /// The ratio times the instances that report.
    Ratio,
    /// With silent and unready instances counted in, the ratio is within tolerance: the current count.
    AssumedWithinTolerance,
    /// With silent and unready instances counted in, the ratio points the other way: the current count.
    AssumedTurned,
    /// With silent and unready instances counted in, the count lies on the wrong side of the current one: the
    /// current count.
    AssumedContradicts,
    /// The ratio times all instances, silent and unready ones counted in.
    Assumed,
}

/// Which column of the table held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Mode {
    /// Decided in panic mode.
    Panic,
    /// Stable, recommended above current.
    Up,
    /// Stable, recommended below current.
    Down,
    /// Stable, recommended equal to current.
    Steady,
}

/// The last step that changed the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Binding {
    /// Recent recommendations.
    Stabilization,
    /// The limit on the pace.
    Pace,
    /// No further than the current count.
    Current,
    /// The bounds.
    Bounds,
}

/// Which rule of the ratio between two roles moved a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum RatioRule {
    /// The bounds of the role, before any ratio.
    Bounds,
    /// One role has none and the other has some: one, within the bounds.
    NotZero,
    /// The ratio was below its lower limit.
    AtLeast,
    /// The ratio was above its upper limit.
    AtMost,
}

/// Why a ratio could not be judged. Roles are places in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "error", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RatioError {
    /// The ratio names a role that is not there.
    #[error("the ratio names role {role}, which is not there")]
    RoleNotFound {
        /// The role.
        role: u16,
    },
    /// A role of the ratio has no bounds.
    #[error("role {role} of the ratio has no bounds")]
    BoundsNotFound {
        /// The role.
        role: u16,
    },
    /// A limit of the ratio is not a finite number.
    #[error("a limit of the ratio is {limit}")]
    NotFinite {
        /// The limit.
        limit: Num,
    },
}

/// A reason of a stage of Kthena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "rule", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum KthenaReason {
    /// What one metric asks for.
    Metric {
        /// Which metric.
        metric: u16,
        /// The rule that held.
        by: Rule,
        /// Usage per target, or wanted per current count for a total from outside.
        ratio: Num,
        /// What it asks for.
        count: i64,
    },
    /// A metric without a usable reading says nothing.
    Silent {
        /// Which metric.
        metric: u16,
    },
    /// An instance that failed, is leaving or was restarted silences all metrics of the instances.
    Blocked {
        /// Its place in the list.
        instance: u32,
    },
    /// Outside the bounds: the bound, without a look at any metric.
    Bound {
        /// The bound.
        count: i64,
    },
    /// The largest of what the metrics ask for, within the bounds.
    Recommended {
        /// The metric that asks for most, the first of equals.
        metric: u16,
        /// The recommendation.
        count: i64,
    },
    /// The step was decided in panic mode.
    Panic {
        /// Whether the recommendation met the threshold at this step.
        triggered: bool,
        /// When panic mode ends (inclusive), if nothing triggers it again.
        until: Option<Timestamp>,
    },
    /// The recommendation was corrected.
    Corrected {
        /// Which column of the rules held.
        mode: Mode,
        /// The last step that changed the count.
        by: Binding,
        /// The recommendation.
        from: i64,
        /// The corrected count.
        to: i64,
        /// The limit on the pace, if there was one.
        limit: Option<i64>,
    },
    /// A target's share of the total of its group.
    Share {
        /// The share.
        count: i64,
        /// The total.
        total: i64,
    },
    /// The ratio between two roles moved the count of one.
    Repaired {
        /// The rule that held.
        by: RatioRule,
        /// What it was.
        from: i64,
        /// What it became.
        to: i64,
    },
    /// The ratio between two roles.
    Ratio {
        /// The ratio at the end; nothing where it cannot be told.
        ratio: Option<Num>,
        /// Whether a rule repaired it.
        adjusted: bool,
        /// Whether it lies within its limits at the end.
        within: bool,
    },
    /// The ratio between two roles could not be judged.
    RatioFailed {
        /// Why.
        #[cfg_attr(feature = "serde", serde(flatten))]
        error: RatioError,
    },
}

/// The sentence of a reason outside of a decision, where metrics have no names.
impl fmt::Display for KthenaReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f, &StageLabel { name: "kthena".into(), metrics: Vec::new() })
    }
}

impl KthenaReason {
    pub(super) fn effect(&self) -> Effect {
        match *self {
            Self::Bound { count } | Self::Recommended { count, .. } => Effect::Wants(count),
            Self::Corrected { from, to, .. } | Self::Repaired { from, to, .. } => Effect::Moves { from, to },
            Self::Share { count, .. } => Effect::Takes(count),
            _ => Effect::Note,
        }
    }

    pub(super) fn describe(&self, f: &mut fmt::Formatter<'_>, stage: &StageLabel) -> fmt::Result {
        match *self {
            Self::Metric { metric, by, ratio, count } => {
                write!(f, "{} at {ratio} of its target asks for {count}", stage.metric(metric))?;
                match by {
                    Rule::ExternalWithinTolerance | Rule::WithinTolerance | Rule::AssumedWithinTolerance => {
                        write!(f, " (within tolerance)")
                    }
                    Rule::AssumedTurned | Rule::AssumedContradicts => {
                        write!(f, " (silent and unready instances might turn it)")
                    }
                    Rule::External | Rule::Ratio | Rule::Assumed => Ok(()),
                }
            }
            Self::Silent { metric } => write!(f, "{} has no usable reading", stage.metric(metric)),
            Self::Blocked { instance } => {
                write!(
                    f,
                    "instance {instance} failed, leaves or was restarted: no metric of the instances counts"
                )
            }
            Self::Bound { count } => write!(f, "outside the bounds: {count}"),
            Self::Recommended { metric, count } => write!(f, "{} decides: {count}", stage.metric(metric)),
            Self::Panic { triggered, until } => {
                write!(f, "panic mode {}", if triggered { "triggered" } else { "holds" })?;
                until.map_or(Ok(()), |until| write!(f, ", until {until}"))
            }
            Self::Corrected { mode, by, to, .. } => {
                let what = match by {
                    Binding::Stabilization => "stabilization",
                    Binding::Pace if mode == Mode::Panic => "panic pace",
                    Binding::Pace => "pace",
                    Binding::Current => "no step back",
                    Binding::Bounds => "bounds",
                };
                write!(f, "{what} gives {to}")
            }
            Self::Share { count, total } => write!(f, "{count} of a total of {total}"),
            Self::Repaired { by, to, .. } => {
                let what = match by {
                    RatioRule::Bounds => "bounds",
                    RatioRule::NotZero => "not without the other role",
                    RatioRule::AtLeast => "least ratio",
                    RatioRule::AtMost => "most ratio",
                };
                write!(f, "{what} gives {to}")
            }
            Self::Ratio { ratio, adjusted, within } => {
                match ratio {
                    Some(ratio) => write!(f, "ratio {ratio}")?,
                    None => write!(f, "no ratio")?,
                }
                write!(f, "{}", if adjusted { " after repair" } else { "" })?;
                write!(f, "{}", if within { "" } else { ", outside its limits" })
            }
            Self::RatioFailed { error } => write!(f, "{error}"),
        }
    }
}
