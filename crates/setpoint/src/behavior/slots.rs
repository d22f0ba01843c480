//! Memory of changes that were carried out, one list of slots for each direction. The slots are upstream's, because
//! they are visible: a slot is recycled by what its *own* direction looks back to, but read by the other one too.
//!
//! Source: Kubernetes, `storeScaleEvent`, `markScaleEventsOutdated` and `getReplicasChangePerPeriod` in
//! `pkg/controller/podautoscaler/horizontal.go`, commit `a769d588`. The capacity is ours.

use super::rules::FilledBehavior;
use crate::error::StateError;
use crate::reason::Direction;
use crate::rounding::{MAX_COUNT, saturate32};
use crate::state::{StateReader, StateWriter, Value};
use crate::time::{Timestamp, earliest};
use core::time::Duration;

/// How many changes each direction remembers. Upstream has no limit. Beyond it, which takes a change every two seconds for
/// half an hour, a change is merged into the newest slot. That slot then counts whole towards the limit of its own
/// direction until its newest change is old, and no longer than its oldest change towards the other: a limit may become
/// tighter than it would have been, never looser.
pub const MAX_EVENTS: usize = 1024;

/// A change that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScaleEvent {
    /// When; of several merged ones, the newest.
    pub at: Timestamp,
    /// By how many replicas, above 0.
    pub change: i64,
    /// The oldest of several merged ones, else as `at`.
    oldest_at: Timestamp,
    /// Free to be overwritten; counts until it is.
    outdated: bool,
}

impl ScaleEvent {
    /// A change by `change` replicas at `at`.
    #[must_use]
    pub const fn new(at: Timestamp, change: i64) -> Self {
        Self { at, change, oldest_at: at, outdated: false }
    }
}

/// Memory: the changes of both directions.
///
/// ```
/// use core::time::Duration;
/// use setpoint::Timestamp;
/// use setpoint::behavior::{Behavior, ScaleEvents};
/// use setpoint::reason::Direction;
/// let at = Timestamp::from_secs;
/// let behavior = Behavior::new().filled(Duration::from_secs(300))?;
/// let mut memory = ScaleEvents::default();
/// memory.applied(4, 8, at(0), &behavior);
/// let start = |now| memory.start(Direction::Up, 8, Duration::from_secs(15), at(now));
/// assert_eq!((start(14), start(15)), (4, 8));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScaleEvents {
    up: Vec<ScaleEvent>,
    down: Vec<ScaleEvent>,
}

impl ScaleEvents {
    /// A memory of these changes, in slot order. What goes beyond [`MAX_EVENTS`] is merged as it would have been.
    #[must_use]
    pub fn from_events(
        up: impl IntoIterator<Item = ScaleEvent>,
        down: impl IntoIterator<Item = ScaleEvent>,
    ) -> Self {
        let mut memory = Self::default();
        up.into_iter().for_each(|event| place(&mut memory.up, event));
        down.into_iter().for_each(|event| place(&mut memory.down, event));
        memory
    }

    /// The changes of one direction, in slot order.
    #[must_use]
    pub fn slots(&self, direction: Direction) -> &[ScaleEvent] {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    /// Whether a slot holds more than one change, which may make limits tighter than upstream's.
    #[must_use]
    pub fn merged(&self) -> bool {
        self.up.iter().chain(&self.down).any(|e| e.oldest_at != e.at)
    }

    /// Takes note of a change that has been applied. A change of bounds that the gate ordered counts like any other.
    /// Without a behavior upstream stores nothing; then this is not called.
    pub fn applied(&mut self, from: i64, to: i64, now: Timestamp, behavior: &FilledBehavior) {
        let change = saturate32(to.saturating_sub(from).saturating_abs());
        let (slots, rules) = match to.cmp(&from) {
            core::cmp::Ordering::Equal => return,
            core::cmp::Ordering::Greater => (&mut self.up, &behavior.up),
            core::cmp::Ordering::Less => (&mut self.down, &behavior.down),
        };
        let edge = now - rules.longest_period();
        let mut last_outdated = None;
        for (i, event) in slots.iter_mut().enumerate() {
            event.outdated |= event.at < edge;
            if event.outdated {
                last_outdated = Some(i);
            }
        }
        let event = ScaleEvent::new(now, change);
        match last_outdated {
            Some(i) => slots[i] = event,
            None => place(slots, event),
        }
    }

    /// The count at the start of the `period` that ends `now`, by the changes since: what a policy of `direction`
    /// measures from. A change exactly as old as the period does not count.
    #[must_use]
    #[inline]
    pub fn start(&self, direction: Direction, current: i64, period: Duration, now: Timestamp) -> i64 {
        let edge = now - period;
        let own = |slots: &[ScaleEvent]| sum(slots, |e| e.at > edge);
        let other = |slots: &[ScaleEvent]| sum(slots, |e| e.oldest_at > edge);
        let (added, removed) = match direction {
            Direction::Up => (own(&self.up), other(&self.down)),
            Direction::Down => (other(&self.up), own(&self.down)),
        };
        saturate32(current.saturating_sub(added).saturating_add(removed))
    }

    /// The earliest time after `now` at which [`start`](Self::start) may differ for a policy of this `period`, because a
    /// change leaves it. Never late.
    #[must_use]
    pub fn next_expiry(&self, period: Duration, now: Timestamp) -> Option<Timestamp> {
        self.up
            .iter()
            .chain(&self.down)
            .flat_map(|e| [e.at + period, e.oldest_at + period])
            .filter(|t| *t > now)
            .fold(None, |soonest, t| earliest(soonest, Some(t)))
    }

    /// Saves both lists.
    pub fn save(&self, out: &mut StateWriter) {
        for (name, slots) in [("up", &self.up), ("down", &self.down)] {
            out.nest(name, |out| {
                out.put("changes", Value::list(slots.iter().map(|e| (e.at, e.change))));
                out.put("marks", Value::list(slots.iter().map(|e| (e.oldest_at, i64::from(e.outdated)))));
            });
        }
    }

    /// Restores what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// If a field is missing or holds what no change can be; nothing is changed then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        *self = Self { up: read(&from.nested("up")?)?, down: read(&from.nested("down")?)? };
        Ok(())
    }
}

/// Appends an event, or merges it into the newest one where all slots are taken.
fn place(slots: &mut Vec<ScaleEvent>, event: ScaleEvent) {
    if slots.len() < MAX_EVENTS {
        slots.push(event);
    } else if let Some(newest) = slots.iter_mut().max_by_key(|e| e.at) {
        newest.change = saturate32(newest.change.saturating_add(event.change));
        newest.oldest_at = newest.oldest_at.min(event.at);
        newest.at = newest.at.max(event.at);
    }
}

#[inline]
fn sum(slots: &[ScaleEvent], counts: impl Fn(&ScaleEvent) -> bool) -> i64 {
    // At most 1024 changes of 32 bits: no overflow.
    slots.iter().map(|e| if counts(e) { e.change } else { 0 }).sum()
}

fn read(from: &StateReader<'_>) -> Result<Vec<ScaleEvent>, StateError> {
    let (changes, marks) = (from.events("changes")?, from.events("marks")?);
    if changes.len() != marks.len() || changes.len() > MAX_EVENTS {
        let found = format_args!("{} marks for {} changes", marks.len(), changes.len()).to_string();
        return Err(from.invalid("marks", found, "one mark for each of at most 1024 changes"));
    }
    let event = |((at, change), (oldest_at, mark)): ((Timestamp, i64), (Timestamp, i64))| {
        if !(1..=MAX_COUNT).contains(&change) {
            return Err(from.invalid("changes", change, "changes of 1 to 2147483647"));
        }
        if oldest_at > at || !(0..=1).contains(&mark) {
            return Err(from.invalid("marks", mark, "0 or 1, with a time not after that of the change"));
        }
        Ok(ScaleEvent { at, change, oldest_at, outdated: mark == 1 })
    };
    changes.into_iter().zip(marks).map(event).collect()
}

#[cfg(test)]
#[path = "slots_tests.rs"]
mod tests;
