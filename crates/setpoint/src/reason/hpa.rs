//! What the stages of the Kubernetes autoscaler say. The rules themselves are in [`algorithm::hpa`](crate::algorithm::hpa).

use super::{Effect, Num, StageLabel};
use core::fmt;

/// Which rule gave a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Rule {
    /// The ratio is within the tolerance: keep.
    WithinTolerance,
    /// The ratio times the ready instances, rounded up.
    Proportional,
    /// With missing and unready instances filled in, the ratio is within the tolerance: keep.
    AdjustedWithinTolerance,
    /// With missing and unready instances filled in, the direction would turn: keep.
    DirectionTurned,
    /// The adjusted ratio times all entries, rounded up.
    AdjustedProportional,
    /// The adjusted count lies on the other side of the present one than its ratio says: keep.
    CountOpposesRatio,
    /// From zero replicas: the ratio itself, rounded up.
    FromZero,
    /// The value divided by the amount that one replica is to have, rounded up.
    Divided,
}

/// A reason of a stage of the Kubernetes autoscaler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "rule", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum HpaReason {
    /// The workload is at zero, and not by this autoscaler's doing.
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
    /// How the instances were counted, where not all of them are ready.
    Pods {
        /// Counted with their samples.
        ready: u32,
        /// Starting.
        unready: u32,
        /// Without a sample.
        missing: u32,
        /// Leaving or ended.
        ignored: u32,
        /// Samples of instances that are not listed.
        foreign: u32,
    },
    /// What one metric proposes.
    Proposed {
        /// The rule that held.
        by: Rule,
        /// What was measured, in the unit of the target.
        usage: Num,
        /// The target: a share of the requests, an amount per instance, or one for the whole workload.
        target: Num,
        /// Usage over target among the ready instances.
        ratio: Num,
        /// The ratio with missing and unready instances filled in, where that was done.
        adjusted: Option<Num>,
        /// The proposed count.
        count: i64,
    },
}

impl HpaReason {
    pub(super) fn effect(&self) -> Effect {
        match *self {
            Self::Disabled => Effect::Wants(0),
            Self::AboveMax { count } | Self::BelowMin { count } | Self::Proposed { count, .. } => {
                Effect::Wants(count)
            }
            Self::Pods { .. } => Effect::Note,
        }
    }

    pub(super) fn describe(&self, f: &mut fmt::Formatter<'_>, stage: &StageLabel) -> fmt::Result {
        match *self {
            Self::Disabled => write!(f, "scaling is disabled at zero"),
            Self::AboveMax { count } => write!(f, "above the maximum of {count}"),
            Self::BelowMin { count } => write!(f, "below the minimum of {count}"),
            Self::Pods { ready, unready, missing, ignored, foreign } => {
                write!(f, "{ready} ready")?;
                for (n, what) in
                    [(unready, "unready"), (missing, "missing"), (ignored, "ignored"), (foreign, "foreign")]
                {
                    if n > 0 {
                        write!(f, ", {n} {what}")?;
                    }
                }
                Ok(())
            }
            Self::Proposed { by, usage, target, count, .. } => {
                write!(f, "{} {usage} of {target} wants {count}", stage.metric(0))?;
                f.write_str(match by {
                    Rule::WithinTolerance => " (within tolerance)",
                    Rule::AdjustedWithinTolerance => " (within tolerance once the others are counted in)",
                    Rule::DirectionTurned => " (counting the others in would turn it)",
                    Rule::CountOpposesRatio => " (the count would go against the ratio)",
                    _ => "",
                })
            }
        }
    }
}
