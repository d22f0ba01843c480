//! Holding a count back while recent recommendations disagree with it. Two rules: without a behavior a scale-down waits
//! until no higher recommendation is left in the window; with one, each direction has its own window. Reads the
//! [`Recommendations`], changes nothing.
//!
//! Source: Kubernetes, `stabilizeRecommendation` and `stabilizeRecommendationWithBehaviors` in
//! `pkg/controller/podautoscaler/horizontal.go`, commit `a769d588`.

use super::records::{Recommendations, Record};
use super::rules::{FilledBehavior, LONGEST_WINDOW};
use crate::time::{Timestamp, earliest};
use core::time::Duration;

/// The finest step of time: what lies between "at least as old" and "older".
const INSTANT: Duration = Duration::from_millis(1);

/// The windows that hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Windows {
    /// Without a behavior: one window for scale-downs. A record exactly as old as the window still counts.
    Down(Duration),
    /// With a behavior: one for each direction. A record exactly as old as its window no longer counts.
    Both {
        /// Before more replicas.
        up: Duration,
        /// Before fewer replicas.
        down: Duration,
    },
}

impl Windows {
    /// The windows of `behavior`, or else the controller-wide one.
    #[must_use]
    pub fn of(behavior: Option<&FilledBehavior>, scale_down_window: Duration) -> Self {
        match behavior {
            Some(b) => Self::Both { up: b.up.window, down: b.down.window },
            None => Self::Down(scale_down_window),
        }
    }

    /// For how long records are worth keeping: for the longest window that a behavior could be given later, or the
    /// present one where that is longer.
    #[must_use]
    pub fn horizon(self) -> Duration {
        match self {
            Self::Down(window) => window.max(LONGEST_WINDOW),
            Self::Both { up, down } => up.max(down).max(LONGEST_WINDOW),
        }
    }

    /// The oldest time at which a record counts at `now`: (up, down).
    fn edges(self, now: Timestamp) -> (Timestamp, Timestamp) {
        match self {
            Self::Down(window) => (Timestamp::MAX, now - window),
            Self::Both { up, down } => (now - up + INSTANT, now - down + INSTANT),
        }
    }

    /// The first time at which a record of a window of this length no longer counts.
    fn expiry(self, record: Record, window: Duration) -> Timestamp {
        match self {
            Self::Down(_) => record.at + window + INSTANT,
            Self::Both { .. } => record.at + window,
        }
    }
}

/// What stabilization did, or that it did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AbleToScale {
    /// The count was let through.
    ReadyForNewScale,
    /// Lower recommendations in the window held a scale-up back.
    ScaleUpStabilized,
    /// Higher recommendations in the window held a scale-down back.
    ScaleDownStabilized,
}

/// The result of [`stabilize`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stabilized {
    /// The count, not yet limited or bounded.
    pub replicas: i64,
    /// What was done.
    pub reason: AbleToScale,
    /// The lowest of the proposal and the recommendations of the window before more replicas (with a behavior).
    pub lowest: Option<i64>,
    /// The record that set `lowest`; `None` where the proposal itself did.
    pub lowest_by: Option<Record>,
    /// The highest of the proposal and the recommendations of the window before fewer replicas.
    pub highest: i64,
    /// The record that set `highest`; `None` where the proposal itself did.
    pub highest_by: Option<Record>,
    /// The earliest time at which the same proposal may get another answer, because a record leaves its window.
    /// Never late.
    pub next_change_at: Option<Timestamp>,
}

/// Stabilizes `proposal` against the recommendations. Where none was ever recorded, `current` counts as one made now;
/// [`record`] then makes it so. Without a behavior the result is not held against `current`: after a manual reduction, a
/// higher recommendation in the window brings the workload back up.
///
/// ```
/// use core::time::Duration;
/// use setpoint::Timestamp;
/// use setpoint::behavior::{Recommendations, Record, Windows, stabilize};
/// let at = Timestamp::from_secs;
/// let memory = Recommendations::from_records([Record { at: at(0), replicas: 8 }]);
/// let windows = Windows::Down(Duration::from_secs(300));
/// assert_eq!(stabilize(&memory, windows, at(300), 8, 3).replicas, 8); // as old as the window: counts
/// assert_eq!(stabilize(&memory, windows, at(301), 8, 3).replicas, 3);
/// ```
#[must_use]
pub fn stabilize(
    memory: &Recommendations,
    windows: Windows,
    now: Timestamp,
    current: i64,
    proposal: i64,
) -> Stabilized {
    let (up_edge, down_edge) = windows.edges(now);
    let initial = (!memory.recorded()).then_some(Record { at: now, replicas: current });
    let counted = |edge, found: Option<Record>| found.or(initial.filter(|r| r.at >= edge));

    let highest_by =
        counted(down_edge, memory.highest_since(down_edge)).filter(|record| record.replicas > proposal);
    let highest = highest_by.map_or(proposal, |record| record.replicas);
    let (lowest, lowest_by, replicas) = match windows {
        Windows::Down(_) => (None, None, highest),
        Windows::Both { .. } => {
            let by =
                counted(up_edge, memory.lowest_since(up_edge)).filter(|record| record.replicas < proposal);
            let lowest = by.map_or(proposal, |record| record.replicas);
            (Some(lowest), by, current.max(lowest).min(highest))
        }
    };
    let reason = if replicas == proposal {
        AbleToScale::ReadyForNewScale
    } else if matches!(windows, Windows::Both { .. }) && proposal >= current {
        AbleToScale::ScaleUpStabilized
    } else {
        AbleToScale::ScaleDownStabilized
    };
    let (up, down) = match windows {
        Windows::Down(window) => (Duration::ZERO, window),
        Windows::Both { up, down } => (up, down),
    };
    let next_change_at = earliest(
        highest_by.map(|record| windows.expiry(record, down)),
        lowest_by.map(|record| windows.expiry(record, up)),
    );
    Stabilized { replicas, reason, lowest, lowest_by, highest, highest_by, next_change_at }
}

/// Records what a step leaves behind: on the very first one the `current` count, also where the gate or the metrics
/// ended the step; then the raw proposal, where there is one. The stabilized count is never recorded.
pub fn record(
    memory: &mut Recommendations,
    windows: Windows,
    now: Timestamp,
    current: i64,
    proposal: Option<i64>,
) {
    let horizon = windows.horizon();
    if !memory.recorded() {
        memory.record(now, current, horizon);
    }
    if let Some(proposal) = proposal {
        memory.record(now, proposal, horizon);
    }
}

#[cfg(test)]
#[path = "stabilization_tests.rs"]
mod tests;
