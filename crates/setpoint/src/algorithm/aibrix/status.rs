//! A decision in upstream's words: the reason that its controller would report. For users who compare logs.
//!
//! Source of the words: `vllm-project/aibrix`, `pkg/controller/podautoscaler/podautoscaler_controller.go`, commit
//! `e3e10f9e4aebe9aac5e7d992fb87d2648e01628b`.

use super::evaluate::Strategy;
use crate::decision::{Decision, Outcome};
use crate::reason::Reason;
use crate::reason::aibrix::AibrixReason;
use core::fmt;

/// What upstream's controller would report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// At zero with a minimum above zero.
    Disabled,
    /// Above the maximum.
    AboveMaximum,
    /// Below the minimum.
    BelowMinimum,
    /// More, by this strategy.
    AboveTarget(Strategy),
    /// Fewer.
    BelowTarget,
    /// As many as there are.
    Stable,
}

impl Status {
    /// The status of a decision of [`Autoscaler::aibrix`](crate::Autoscaler::aibrix); `None` where no metric could be read, which
    /// upstream reports as an error.
    #[must_use]
    pub fn of(strategy: Strategy, decision: &Decision) -> Option<Self> {
        let gate = decision.reasons().iter().find_map(|explained| match explained.reason {
            Reason::Aibrix { reason: AibrixReason::Disabled } => Some(Self::Disabled),
            Reason::Aibrix { reason: AibrixReason::AboveMax { .. } } => Some(Self::AboveMaximum),
            Reason::Aibrix { reason: AibrixReason::BelowMin { .. } } => Some(Self::BelowMinimum),
            _ => None,
        });
        if decision.outcome() == Outcome::Held {
            return None;
        }
        Some(gate.unwrap_or(match decision.replicas().cmp(&decision.from()) {
            core::cmp::Ordering::Greater => Self::AboveTarget(strategy),
            core::cmp::Ordering::Less => Self::BelowTarget,
            core::cmp::Ordering::Equal => Self::Stable,
        }))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disabled => f.write_str("scaling disabled: current replicas is 0"),
            Self::AboveMaximum => f.write_str("current replicas exceed maximum"),
            Self::BelowMinimum => f.write_str("current replicas below minimum"),
            Self::AboveTarget(strategy) => write!(f, "{} above target", strategy.name()),
            Self::BelowTarget => f.write_str("All metrics below target"),
            Self::Stable => f.write_str("stable"),
        }
    }
}
