//! What the stages of Bud say. The rules themselves are in [`algorithm::bud`](crate::algorithm::bud).

use super::{Effect, Num, StageLabel};
use core::fmt;

/// The rule that made the vote of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum VoteRule {
    /// No load at all: the minimum.
    Idle,
    /// On target.
    WithinTolerance,
    /// The ratio of reading to target.
    Ratio,
    /// The scale-up rate, below what the ratio asks for.
    RateUp,
    /// The scale-down rate, above what the ratio asks for.
    RateDown,
}

/// A reason of a stage of Bud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "rule", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum BudReason {
    /// A metric has no usable reading and no vote.
    Silent {
        /// Which metric.
        metric: u16,
    },
    /// The vote of a metric.
    Voted {
        /// Which metric.
        metric: u16,
        /// Its reading over its target.
        ratio: Num,
        /// The rule that made the count.
        #[cfg_attr(feature = "serde", serde(rename = "by"))]
        rule: VoteRule,
        /// Whether the metric is in panic.
        panic: bool,
        /// The count.
        count: i64,
    },
    /// The metric with the largest vote.
    Decided {
        /// Which metric.
        metric: u16,
        /// Its vote.
        count: i64,
    },
    /// No metric has a vote: the present count, which other inputs may still move.
    NoVote {
        /// The present count.
        count: i64,
    },
    /// The GPUs raised the count.
    Gpu {
        /// The larger ratio of utilization to threshold.
        pressure: Num,
        /// What came in.
        from: i64,
        /// What the GPUs need.
        to: i64,
    },
    /// A prediction is not trusted enough, or predicts nothing.
    Distrusted {
        /// The predicted count.
        predicted: i64,
        /// Its confidence.
        confidence: Num,
    },
    /// A prediction moved the count.
    Blended {
        /// The predicted count, before its ceiling.
        predicted: i64,
        /// Its confidence.
        confidence: Num,
        /// What came in.
        from: i64,
        /// The blend.
        to: i64,
    },
    /// A schedule hint raised the count.
    Hint {
        /// Its place among the active hints.
        hint: u16,
        /// What came in.
        from: i64,
        /// Its target.
        to: i64,
    },
    /// The budget lowered the count.
    Budget {
        /// The present bill, per hour.
        bill: Num,
        /// The budget, per hour.
        budget: Num,
        /// What came in.
        from: i64,
        /// What is affordable.
        to: i64,
    },
    /// Growth waits for replicas that are starting.
    Starting {
        /// How many are starting.
        starting: i64,
        /// How many are ready.
        ready: i64,
        /// What came in.
        from: i64,
        /// The present count.
        to: i64,
    },
}

impl BudReason {
    /// The count that the reason leads to, where it moves one.
    pub(crate) fn outcome(&self) -> Option<i64> {
        match self.effect() {
            Effect::Moves { to, .. } => Some(to),
            _ => None,
        }
    }

    pub(super) fn effect(&self) -> Effect {
        match *self {
            Self::Decided { count, .. } | Self::NoVote { count } => Effect::Wants(count),
            Self::Gpu { from, to, .. }
            | Self::Blended { from, to, .. }
            | Self::Hint { from, to, .. }
            | Self::Budget { from, to, .. }
            | Self::Starting { from, to, .. } => Effect::Moves { from, to },
            Self::Silent { .. } | Self::Voted { .. } | Self::Distrusted { .. } => Effect::Note,
        }
    }

    pub(super) fn describe(&self, f: &mut fmt::Formatter<'_>, stage: &StageLabel) -> fmt::Result {
        match *self {
            Self::Silent { metric } => write!(f, "{} has no usable reading", stage.metric(metric)),
            Self::Voted { metric, ratio, rule, panic, count } => {
                write!(f, "{} at {ratio} of its target asks for {count}", stage.metric(metric))?;
                match rule {
                    VoteRule::Idle => write!(f, " (idle)")?,
                    VoteRule::WithinTolerance => write!(f, " (within tolerance)")?,
                    VoteRule::RateUp => write!(f, " (scale-up rate)")?,
                    VoteRule::RateDown => write!(f, " (scale-down rate)")?,
                    VoteRule::Ratio => {}
                }
                if panic { write!(f, " in panic") } else { Ok(()) }
            }
            Self::Decided { metric, count } => write!(f, "{} decides: {count}", stage.metric(metric)),
            Self::NoVote { count } => write!(f, "no metric has a vote: {count}"),
            Self::Gpu { pressure, to, .. } => write!(f, "GPUs at {pressure} of their threshold need {to}"),
            Self::Distrusted { predicted, confidence } => {
                write!(f, "prediction of {predicted} at confidence {confidence} does not count")
            }
            Self::Blended { predicted, confidence, to, .. } => {
                write!(f, "prediction of {predicted} at confidence {confidence} gives {to}")
            }
            Self::Hint { to, .. } => write!(f, "schedule hint asks for {to}"),
            Self::Budget { bill, budget, to, .. } => {
                write!(f, "budget {budget} per hour, spending {bill}, allows {to}")
            }
            Self::Starting { starting, to, .. } => write!(f, "{starting} starting, growth waits at {to}"),
        }
    }
}
