//! Stabilization: recent recommendations hold a change back. The rule is [`behavior::stabilize`](crate::behavior::stabilize), that of
//! Kubernetes, with a memory of what came in at each decision.

use crate::behavior::stabilization::record;
use crate::behavior::{AbleToScale, Recommendations, Windows, stabilize};
use crate::error::StateError;
use crate::reason::{Direction, Reason, Reasons, RestraintReason};
use crate::stage::{Context, Part, Restrain, Stage, Turn};
use crate::state::{StateReader, StateWriter};
use crate::time::Timestamp;
use core::time::Duration;

/// Holds a change back while a recent recommendation disagrees with it.
///
/// | setting | meaning | unit |
/// |---|---|---|
/// | up window | growth goes no further than the smallest recommendation of this span | span, 0 for none |
/// | down window | reductions go no further than the largest recommendation of this span | span, 0 for none |
///
/// A changed configuration keeps the recommendations.
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Autoscaler, Snapshot, Timestamp, fixed::Fixed, restrain::Stabilization};
/// let mut scaler = Autoscaler::builder()
///     .recommend(Fixed::new(2))
///     .restrain(Stabilization::new(Duration::ZERO, Duration::from_secs(300)))
///     .build()?;
/// // The first decision remembers the 8 replicas it found as a recommendation of its own.
/// assert_eq!(scaler.decide(&Snapshot::at(Timestamp::from_secs(0)).replicas(8)).replicas(), 8);
/// assert_eq!(scaler.decide(&Snapshot::at(Timestamp::from_secs(300)).replicas(8)).replicas(), 2);
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stabilization {
    windows: Windows,
    memory: Recommendations,
}

impl Stabilization {
    /// A window for each direction. A recommendation exactly as old as its window no longer holds.
    #[must_use]
    pub fn new(up: Duration, down: Duration) -> Self {
        Self::by(Windows::Both { up, down })
    }

    /// The windows of a Kubernetes autoscaler, with or without a behavior.
    #[must_use]
    pub fn by(windows: Windows) -> Self {
        Self { windows, memory: Recommendations::default() }
    }

    /// The windows.
    #[must_use]
    pub const fn windows(&self) -> Windows {
        self.windows
    }
}

impl Stage for Stabilization {
    fn name(&self) -> &str {
        "stabilization"
    }

    fn decided(&mut self, cx: &Context<'_>, turn: Turn) {
        let proposal = match turn.part {
            Part::Restrained { input, .. } => Some(input),
            _ => None,
        };
        record(&mut self.memory, self.windows, cx.now, cx.current, proposal);
    }

    fn next_change_at(&self, cx: &Context<'_>, turn: Turn) -> Option<Timestamp> {
        match turn.part {
            Part::Restrained { input, .. } => {
                stabilize(&self.memory, self.windows, cx.now, cx.current, input).next_change_at
            }
            _ => None,
        }
    }

    fn save(&self, out: &mut StateWriter) -> Result<(), StateError> {
        self.memory.save(out);
        Ok(())
    }

    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        self.memory.restore(from)
    }
}

impl Restrain for Stabilization {
    fn restrain(&self, cx: &Context<'_>, input: i64, why: &mut Reasons<'_>) -> i64 {
        let stabilized = stabilize(&self.memory, self.windows, cx.now, cx.current, input);
        let direction = match stabilized.reason {
            AbleToScale::ReadyForNewScale => return input,
            AbleToScale::ScaleUpStabilized => Direction::Up,
            AbleToScale::ScaleDownStabilized => Direction::Down,
        };
        let (to, until) = (stabilized.replicas, stabilized.next_change_at);
        let reason = RestraintReason::Stabilized { direction, from: input, to, until };
        why.push(Reason::Restraint { reason });
        if self.memory.merged() {
            let kept = crate::behavior::records::MAX_RECORDS as u32;
            why.push(Reason::Restraint { reason: RestraintReason::Merged { kept } });
        }
        to
    }

    fn clone_box(&self) -> Box<dyn Restrain> {
        Box::new(self.clone())
    }
}
