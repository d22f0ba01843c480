//! What the stages of the Knative autoscaler say. The rules themselves are in [`algorithm::kpa`](crate::algorithm::kpa).

use super::{Effect, Num, StageLabel};
use crate::time::Timestamp;
use core::fmt;

/// What a tick did to the panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum PanicStep {
    /// No panic before and after.
    Calm,
    /// The threshold was passed for the first time.
    Entered,
    /// The threshold was passed again: the deadline moved.
    Extended,
    /// Below the threshold, but the deadline has not passed.
    Holding,
    /// The deadline has passed.
    Left,
}

/// A rule that changed a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Limit {
    /// The scale-up rate.
    RateUp,
    /// The scale-down rate.
    RateDown,
    /// The activation scale.
    Activation,
    /// The largest count of the present panic.
    PanicHold,
    /// The scale-down delay.
    Delay,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RateUp => "scale-up rate",
            Self::RateDown => "scale-down rate",
            Self::Activation => "activation scale",
            Self::PanicHold => "panic hold",
            Self::Delay => "scale-down delay",
        })
    }
}

/// What a revision is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Activity {
    /// It serves.
    Active,
    /// It is on its way up.
    Activating,
    /// It does not serve.
    Inactive,
}

impl fmt::Display for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Activating => "activating",
            Self::Inactive => "inactive",
        })
    }
}

/// A reason of a stage of the Knative autoscaler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "rule", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum KpaReason {
    /// The readings, and how many pods each asks for before any limit.
    Read {
        /// Average over the stable window.
        stable: Num,
        /// Average over the panic window.
        panic: Num,
        /// Pods for the stable reading.
        stable_pods: Num,
        /// Pods for the panic reading.
        panic_pods: Num,
    },
    /// Ready pods, and what the rates allow from there.
    Rates {
        /// Ready pods.
        ready: i64,
        /// Largest count that the scale-up rate allows.
        up: Num,
        /// Smallest count that the scale-down rate allows.
        down: Num,
    },
    /// The panic, where there was one before or after the tick.
    Panic {
        /// What the tick did to it.
        step: PanicStep,
        /// The first instant at which it can end.
        ends_at: Option<Timestamp>,
    },
    /// Load that the ready pods could take beyond the target burst capacity.
    ExcessBurst {
        /// The capacity; below 0 the activator stays in the path.
        capacity: i64,
    },
    /// The desired count, before bounds and scale to zero.
    Desired {
        /// The count.
        count: i64,
        /// The last rule that changed it, if one did.
        by: Option<Limit>,
    },
    /// The minimum, the initial scale or the maximum moved the count.
    Bounded {
        /// What came in.
        from: i64,
        /// The bound.
        to: i64,
    },
    /// A count of zero has to wait, or may not be.
    KeptFromZero {
        /// What came in.
        from: i64,
        /// What is kept.
        to: i64,
        /// What the revision is doing.
        activity: Activity,
        /// When to look again.
        until: Option<Timestamp>,
    },
}

impl KpaReason {
    pub(super) fn effect(&self) -> Effect {
        match *self {
            Self::Desired { count, .. } => Effect::Wants(count),
            Self::Bounded { from, to } | Self::KeptFromZero { from, to, .. } => Effect::Moves { from, to },
            _ => Effect::Note,
        }
    }

    pub(super) fn describe(&self, f: &mut fmt::Formatter<'_>, stage: &StageLabel) -> fmt::Result {
        match *self {
            Self::Read { stable, panic, stable_pods, panic_pods } => write!(
                f,
                "{} {stable} (stable) needs {stable_pods}, {panic} (panic window) needs {panic_pods}",
                stage.metric(0)
            ),
            Self::Rates { ready, up, down } => write!(f, "{ready} ready, rates allow {down} to {up}"),
            Self::Panic { step, ends_at } => {
                f.write_str(match step {
                    PanicStep::Calm => "no panic",
                    PanicStep::Entered => "panic begins",
                    PanicStep::Extended => "panic goes on",
                    PanicStep::Holding => "panic holds",
                    PanicStep::Left => "panic ends",
                })?;
                ends_at.map_or(Ok(()), |end| write!(f, " until {end}"))
            }
            Self::ExcessBurst { capacity } => write!(f, "burst capacity to spare {capacity}"),
            Self::Desired { count, by: None } => write!(f, "wants {count}"),
            Self::Desired { count, by: Some(limit) } => write!(f, "wants {count} by {limit}"),
            Self::Bounded { from, to } if to > from => write!(f, "at least {to}"),
            Self::Bounded { to, .. } => write!(f, "at most {to}"),
            Self::KeptFromZero { to, activity, until, .. } => {
                write!(f, "{activity}, zero has to wait: {to}")?;
                until.map_or(Ok(()), |until| write!(f, ", look again at {until}"))
            }
        }
    }
}
