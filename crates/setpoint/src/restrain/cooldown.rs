//! Cooldown: after a change the count rests for a while, with a span of its own for each direction. Source: ours, in the form
//! that KubeAI and the cloud providers' scalers share; a change is what was carried out, not what was wanted.

use crate::error::StateError;
use crate::reason::{Direction, Reason, Reasons, RestraintReason};
use crate::stage::{Context, Part, Restrain, Stage, Turn};
use crate::state::{StateReader, StateWriter};
use crate::time::Timestamp;
use core::time::Duration;

/// Which earlier change a cooldown counts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum CooldownSince {
    /// The last change in either direction.
    #[default]
    AnyChange,
    /// The last change in the same direction.
    SameDirection,
}

/// Holds the count for a while after a change.
///
/// | setting | default | unit |
/// |---|---|---|
/// | `up` | required | time from a change until the next growth; 0 for none |
/// | `down` | required | time from a change until the next reduction; 0 for none |
/// | `since` | any change | which change counts |
///
/// A change exactly as old as the span no longer holds.
///
/// ```
/// use core::time::Duration;
/// use setpoint::restrain::Cooldown;
/// let cooldown = Cooldown::new(Duration::ZERO, Duration::from_secs(300));
/// # let _ = cooldown;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cooldown {
    up: Duration,
    down: Duration,
    since: CooldownSince,
    last_up: Option<Timestamp>,
    last_down: Option<Timestamp>,
}

impl Cooldown {
    /// A cooldown of `up` before growth and of `down` before reductions.
    #[must_use]
    pub const fn new(up: Duration, down: Duration) -> Self {
        Self { up, down, since: CooldownSince::AnyChange, last_up: None, last_down: None }
    }

    /// Counts from another change than the last one in either direction.
    #[must_use]
    pub const fn since(mut self, since: CooldownSince) -> Self {
        self.since = since;
        self
    }

    /// The spans (up, down), and which change they count from.
    #[must_use]
    pub const fn settings(&self) -> (Duration, Duration, CooldownSince) {
        (self.up, self.down, self.since)
    }

    fn free_at(&self, direction: Direction) -> Option<Timestamp> {
        let (span, own) = match direction {
            Direction::Up => (self.up, self.last_up),
            Direction::Down => (self.down, self.last_down),
        };
        let last = match self.since {
            CooldownSince::AnyChange => self.last_up.max(self.last_down),
            CooldownSince::SameDirection => own,
        };
        last.map(|at| at + span)
    }
}

impl Stage for Cooldown {
    fn name(&self) -> &str {
        "cooldown"
    }

    fn applied(&mut self, at: Timestamp, from: i64, to: i64) {
        match Direction::of(from, to) {
            Some(Direction::Up) => self.last_up = self.last_up.max(Some(at)),
            Some(Direction::Down) => self.last_down = self.last_down.max(Some(at)),
            None => {}
        }
    }

    fn next_change_at(&self, cx: &Context<'_>, turn: Turn) -> Option<Timestamp> {
        match turn.part {
            Part::Restrained { input, output } if input != output => {
                Direction::of(cx.current, input).and_then(|direction| self.free_at(direction))
            }
            _ => None,
        }
    }

    fn save(&self, out: &mut StateWriter) -> Result<(), StateError> {
        out.put("last_up", self.last_up);
        out.put("last_down", self.last_down);
        Ok(())
    }

    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        self.last_up = from.opt_timestamp("last_up")?;
        self.last_down = from.opt_timestamp("last_down")?;
        Ok(())
    }
}

impl Restrain for Cooldown {
    fn restrain(&self, cx: &Context<'_>, input: i64, why: &mut Reasons<'_>) -> i64 {
        let Some(direction) = Direction::of(cx.current, input) else { return input };
        match self.free_at(direction) {
            Some(until) if cx.now < until => {
                let reason = RestraintReason::Cooldown { direction, from: input, to: cx.current, until };
                why.push(Reason::Restraint { reason });
                cx.current
            }
            _ => input,
        }
    }

    fn clone_box(&self) -> Box<dyn Restrain> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Snapshot;

    fn at(stage: &Cooldown, millis: i64, current: u32, input: i64) -> i64 {
        let now = Timestamp::from_millis(millis);
        let snapshot = Snapshot::at(now).replicas(current);
        stage.restrain(&Context::new(now, &snapshot), input, &mut Reasons::new(None, &mut Vec::new()))
    }

    #[test]
    fn a_change_holds_for_its_span_and_not_a_millisecond_longer() {
        let mut stage = Cooldown::new(Duration::from_secs(10), Duration::from_secs(60));
        assert_eq!(at(&stage, 0, 4, 9), 9);
        stage.applied(Timestamp::from_millis(1_000), 4, 9);
        assert_eq!((at(&stage, 10_999, 9, 12), at(&stage, 11_000, 9, 12)), (9, 12));
        assert_eq!((at(&stage, 60_999, 9, 3), at(&stage, 61_000, 9, 3)), (9, 3));
        assert_eq!(at(&stage, 1_000, 9, 9), 9);
    }

    #[test]
    fn the_same_direction_only() {
        let mut stage = Cooldown::new(Duration::from_secs(10), Duration::from_secs(10))
            .since(CooldownSince::SameDirection);
        stage.applied(Timestamp::from_millis(0), 4, 9);
        assert_eq!((at(&stage, 5, 9, 12), at(&stage, 5, 9, 3)), (9, 3));
    }

    #[test]
    fn a_clock_that_goes_back_does_not_shorten_it() {
        let mut stage = Cooldown::new(Duration::ZERO, Duration::from_secs(10));
        stage.applied(Timestamp::from_millis(9_000), 4, 3);
        stage.applied(Timestamp::from_millis(1_000), 3, 2);
        assert_eq!(at(&stage, 18_999, 2, 1), 2);
    }
}
