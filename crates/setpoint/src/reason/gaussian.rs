//! What the Gaussian rule says. The rule itself is in [`algorithm::gaussian`](crate::algorithm::gaussian).

use super::{Effect, Num, StageLabel};
use core::fmt;

/// A reason of the Gaussian rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "rule", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum GaussianReason {
    /// The window has no reading of this moment; what it remembers does not remove replicas.
    Missing {
        /// Which metric.
        metric: u16,
    },
    /// The distribution that was judged.
    Distribution {
        /// Its mean.
        mean: Num,
        /// Its standard deviation.
        deviation: Num,
        /// How many samples it was estimated from, where it was estimated here.
        samples: Option<u32>,
    },
    /// The rule's answer.
    Judged {
        /// The upper quantile.
        quantile: Num,
        /// The count.
        count: i64,
        /// Whether fewer would have done, had no reading been missing.
        held_by_missing: bool,
    },
}

impl GaussianReason {
    pub(super) fn effect(&self) -> Effect {
        match *self {
            Self::Judged { count, .. } => Effect::Wants(count),
            Self::Missing { .. } | Self::Distribution { .. } => Effect::Note,
        }
    }

    pub(super) fn describe(&self, f: &mut fmt::Formatter<'_>, stage: &StageLabel) -> fmt::Result {
        match *self {
            Self::Missing { metric } => write!(f, "{} is missing", stage.metric(metric)),
            Self::Distribution { mean, deviation, samples } => {
                write!(f, "mean {mean}, deviation {deviation}")?;
                samples.map_or(Ok(()), |n| write!(f, " of {n} samples"))
            }
            Self::Judged { quantile, count, held_by_missing } => {
                write!(f, "upper quantile {quantile} asks for {count}")?;
                if held_by_missing { write!(f, " (fewer only when no reading is missing)") } else { Ok(()) }
            }
        }
    }
}
