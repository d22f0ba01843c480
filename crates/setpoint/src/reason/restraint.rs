//! What the general restraints say.

use super::{Effect, Num};
use crate::time::Timestamp;
use core::fmt;

/// Up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Direction {
    /// Towards more replicas.
    Up,
    /// Towards fewer replicas.
    Down,
}

impl Direction {
    /// The direction from one count to another, `None` where they are equal.
    #[must_use]
    pub fn of(from: i64, to: i64) -> Option<Self> {
        match to.cmp(&from) {
            core::cmp::Ordering::Greater => Some(Self::Up),
            core::cmp::Ordering::Less => Some(Self::Down),
            core::cmp::Ordering::Equal => None,
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Down => "down",
        })
    }
}

/// How a general restraint changed the count. `from` is what came in, `to` what went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "rule", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RestraintReason {
    /// Below the lower bound.
    LowerBound {
        /// What came in.
        from: i64,
        /// The bound.
        to: i64,
    },
    /// Above the upper bound.
    UpperBound {
        /// What came in.
        from: i64,
        /// The bound.
        to: i64,
    },
    /// Below a floor.
    Floor {
        /// What came in.
        from: i64,
        /// The floor.
        to: i64,
    },
    /// Above a ceiling.
    Ceiling {
        /// What came in.
        from: i64,
        /// The ceiling.
        to: i64,
    },
    /// Not zero, yet fewer than are useful.
    TooFewToServe {
        /// What came in.
        from: i64,
        /// The smallest useful count.
        to: i64,
    },
    /// Too soon after the last change.
    Cooldown {
        /// The direction that is held back.
        direction: Direction,
        /// What came in.
        from: i64,
        /// The present count.
        to: i64,
        /// When the direction is free again.
        until: Timestamp,
    },
    /// A recommendation inside the stabilization window holds the count.
    Stabilized {
        /// The direction that is held back.
        direction: Direction,
        /// What came in.
        from: i64,
        /// What the window allows.
        to: i64,
        /// When the recommendation that holds it leaves the window, where one does.
        until: Option<Timestamp>,
    },
    /// Faster than the rate policies allow.
    RateLimited {
        /// The direction.
        direction: Direction,
        /// What came in.
        from: i64,
        /// What the policies allow.
        to: i64,
        /// The policy that decided, by its place in the list.
        policy: Option<u16>,
    },
    /// A direction is switched off.
    Disabled {
        /// The direction.
        direction: Direction,
        /// What came in.
        from: i64,
        /// The present count.
        to: i64,
    },
    /// More was remembered than fits: older events were merged, which makes the rule stricter, never looser.
    Merged {
        /// How many events are remembered.
        kept: u32,
    },
    /// Some number that explains the step.
    Note {
        /// The number.
        value: Num,
    },
}

impl RestraintReason {
    pub(super) fn effect(&self) -> Effect {
        match *self {
            Self::LowerBound { from, to }
            | Self::UpperBound { from, to }
            | Self::Floor { from, to }
            | Self::Ceiling { from, to }
            | Self::TooFewToServe { from, to }
            | Self::Cooldown { from, to, .. }
            | Self::Stabilized { from, to, .. }
            | Self::RateLimited { from, to, .. }
            | Self::Disabled { from, to, .. } => Effect::Moves { from, to },
            Self::Merged { .. } | Self::Note { .. } => Effect::Note,
        }
    }
}

impl fmt::Display for RestraintReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LowerBound { to, .. } => write!(f, "at least {to}"),
            Self::UpperBound { to, .. } => write!(f, "at most {to}"),
            Self::Floor { to, .. } => write!(f, "floor {to}"),
            Self::Ceiling { to, .. } => write!(f, "ceiling {to}"),
            Self::TooFewToServe { to, .. } => write!(f, "zero or at least {to}"),
            Self::Cooldown { direction, to, until, .. } => {
                write!(f, "cooldown {direction} until {until} keeps {to}")
            }
            Self::Stabilized { direction, to, until, .. } => {
                write!(f, "stabilization {direction} gives {to}")?;
                until.map_or(Ok(()), |t| write!(f, " until {t}"))
            }
            Self::RateLimited { direction, to, .. } => write!(f, "rate limit {direction} gives {to}"),
            Self::Disabled { direction, to, .. } => write!(f, "scaling {direction} is off, keeps {to}"),
            Self::Merged { kept } => write!(f, "memory is full at {kept} events, older ones merged"),
            Self::Note { value } => write!(f, "{value}"),
        }
    }
}
