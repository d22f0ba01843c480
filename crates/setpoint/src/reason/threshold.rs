//! What the utilization threshold says. The rule itself is in [`algorithm::threshold`](crate::algorithm::threshold).

use super::{Effect, Num, StageLabel};
use core::fmt;

/// A reason of the utilization threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "rule", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ThresholdReason {
    /// A resource has no usable reading.
    Missing {
        /// Which resource.
        metric: u16,
    },
    /// The rule's answer.
    Judged {
        /// The reading that decided; none where all are missing.
        reading: Option<Num>,
        /// The count.
        count: i64,
        /// Whether fewer would have done, had no reading been missing.
        held_by_missing: bool,
    },
}

impl ThresholdReason {
    pub(super) fn effect(&self) -> Effect {
        match *self {
            Self::Judged { count, .. } => Effect::Wants(count),
            Self::Missing { .. } => Effect::Note,
        }
    }

    pub(super) fn describe(&self, f: &mut fmt::Formatter<'_>, stage: &StageLabel) -> fmt::Result {
        match *self {
            Self::Missing { metric } => write!(f, "{} is missing", stage.metric(metric)),
            Self::Judged { reading: None, count, .. } => write!(f, "no reading, {count}"),
            Self::Judged { reading: Some(u), count, held_by_missing } => {
                write!(f, "utilization {u} asks for {count}")?;
                if held_by_missing { write!(f, " (fewer only when no reading is missing)") } else { Ok(()) }
            }
        }
    }
}
