//! What was known some time ago: keeps whatever a caller stores, and gives back the newest entry that is
//! older than a given age. Kthena compares today's histograms with it. It looks inside no entry and never
//! invents one.
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/datastructure/sliding_window.go` (the snapshot
//! window), commit `3cc057284c34469fcb0ed22a12dac84b1d120719`. The limit on memory is ours: beyond
//! [`MAX_SNAPSHOTS`] entries, only the oldest entry of each 64th of the fresh age is kept, so that the answer
//! may be older by that much and is never fresher than asked for.

use core::time::Duration;
use std::collections::VecDeque;

use super::Width;
use crate::error::StateError;
use crate::state::{StateReader, StateWriter, Value};
use crate::time::Timestamp;

/// The most entries that a window holds before it thins them out.
pub const MAX_SNAPSHOTS: usize = 256;

const PARTS: i64 = 64;

/// The newest stored value that is older than `fresh` and at most `expire` old, the edge of both counting as
/// still fresh and not yet expired.
///
/// A `now` before the newest entry counts as the time of that entry when appending.
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Timestamp, window::SnapshotWindow};
///
/// let mut window = SnapshotWindow::new(Duration::from_secs(60), Duration::from_secs(300));
/// window.append(Timestamp::from_secs(0), "first");
/// window.append(Timestamp::from_secs(15), "second");
/// assert_eq!(window.last_unfresh(Timestamp::from_secs(60)), None);
/// assert_eq!(window.last_unfresh(Timestamp::from_secs(61)), Some(&"first"));
/// assert_eq!(window.last_unfresh(Timestamp::from_secs(76)), Some(&"second"));
/// assert_eq!(window.last_unfresh(Timestamp::from_secs(316)), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotWindow<T> {
    fresh: Width,
    expire: Width,
    entries: VecDeque<(Timestamp, T)>,
}

impl<T> SnapshotWindow<T> {
    /// An empty window. With a `fresh` age of 0 it never answers.
    #[must_use]
    pub fn new(fresh: Duration, expire: Duration) -> Self {
        Self { fresh: Width::new(fresh), expire: Width::new(expire), entries: VecDeque::new() }
    }

    /// Entries held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Stores `value` as what is known at `now`.
    pub fn append(&mut self, now: Timestamp, value: T) {
        if self.fresh.is_zero() {
            return;
        }
        let now = self.entries.back().map_or(now, |(at, _)| (*at).max(now));
        while self.entries.front().is_some_and(|(at, _)| !self.expire.fresh(now, *at))
            || self.entries.get(1).is_some_and(|(at, _)| !self.fresh.fresh(now, *at))
        {
            self.entries.pop_front();
        }
        if self.entries.len() >= MAX_SNAPSHOTS {
            self.thin();
        }
        self.entries.push_back((now, value));
    }

    /// The newest value older than the fresh age; nothing if there is none or it has expired.
    #[must_use]
    pub fn last_unfresh(&self, now: Timestamp) -> Option<&T> {
        if self.fresh.is_zero() {
            return None;
        }
        let fresh_from = self.entries.partition_point(|(at, _)| !self.fresh.fresh(now, *at));
        let (at, value) = self.entries.get(fresh_from.checked_sub(1)?)?;
        self.expire.fresh(now, *at).then_some(value)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    fn thin(&mut self) {
        let part = self.fresh.as_millis() / PARTS + 1;
        let mut last = None;
        self.entries.retain(|(at, _)| {
            let this = Some(at.as_millis().div_euclid(part));
            let keep = last != this;
            last = this;
            keep
        });
    }

    /// Saves what the window remembers, each value as `write` writes it.
    pub fn save(&self, out: &mut StateWriter, mut write: impl FnMut(&T) -> Value) {
        out.put("fresh_ms", self.fresh.as_millis());
        out.put("expire_ms", self.expire.as_millis());
        out.put("at", Value::list(self.entries.iter().map(|(at, _)| *at)));
        out.put("values", Value::list(self.entries.iter().map(|(_, value)| write(value))));
    }

    /// Takes up what another window of the same ages saved, each value as `read` reads it.
    ///
    /// # Errors
    /// If the state belongs to a window of other ages, is out of order or not whole, or `read` refuses a value.
    /// Nothing changes then.
    pub fn restore(
        &mut self,
        from: &StateReader<'_>,
        mut read: impl FnMut(&Value) -> Result<T, StateError>,
    ) -> Result<(), StateError> {
        for (name, width) in [("fresh_ms", self.fresh), ("expire_ms", self.expire)] {
            let found = from.int(name)?;
            if found != width.as_millis() {
                return Err(from.invalid(name, found, width.as_millis().to_string()));
            }
        }
        let (at, values) = (from.list("at")?, from.list("values")?);
        if at.len() != values.len() || at.len() > MAX_SNAPSHOTS || (self.fresh.is_zero() && !at.is_empty()) {
            return Err(from.invalid(
                "at",
                at.len(),
                format!("as many times as values, at most {MAX_SNAPSHOTS}"),
            ));
        }
        let mut entries = VecDeque::with_capacity(at.len());
        for (at, value) in at.iter().zip(values) {
            let Value::Int(at) = at else {
                return Err(from.invalid("at", "something else", "whole numbers"));
            };
            let at = Timestamp::from_millis(*at);
            if entries.back().is_some_and(|(before, _)| *before > at) {
                return Err(from.invalid("at", at, "times in order"));
            }
            entries.push_back((at, read(value)?));
        }
        self.entries = entries;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(t: i64) -> Timestamp {
        Timestamp::from_millis(t)
    }

    fn window(fresh: u64, expire: u64) -> SnapshotWindow<i64> {
        SnapshotWindow::new(Duration::from_millis(fresh), Duration::from_millis(expire))
    }

    #[test]
    fn entries_that_expire_before_they_age_are_never_given() {
        let mut w = window(100, 50);
        w.append(ms(0), 1);
        assert!((0..300).all(|t| w.last_unfresh(ms(t)).is_none()));
    }

    #[test]
    fn equal_times_give_the_later_entry() {
        let mut w = window(10, 100);
        w.append(ms(0), 1);
        w.append(ms(0), 2);
        assert_eq!(w.last_unfresh(ms(11)), Some(&2));
    }

    #[test]
    fn thinning_gives_older_values_and_never_fresh_ones() {
        let mut w = window(6_400, 100_000);
        for t in 0..20_000 {
            w.append(ms(t), t);
            assert!(w.len() <= MAX_SNAPSHOTS);
            if t > 6_401 {
                let got = *w.last_unfresh(ms(t)).unwrap();
                let exact = t - 6_401;
                assert!(got <= exact && exact - got <= 101, "{got} instead of {exact}");
            }
        }
    }

    #[test]
    fn a_clock_that_steps_back_does_no_harm() {
        let mut w = window(10, 100);
        w.append(ms(50), 1);
        w.append(ms(3), 2);
        assert_eq!(w.last_unfresh(ms(61)), Some(&2));
        assert_eq!(w.last_unfresh(Timestamp::MIN), None);
    }

    #[test]
    fn restores_what_it_saved_and_refuses_the_rest() {
        let mut w = window(10, 100);
        w.append(ms(0), 1);
        w.append(ms(7), 2);
        let mut out = StateWriter::default();
        w.save(&mut out, |v| Value::Int(*v));
        let Value::Map(fields) = out.finish() else { unreachable!() };
        let int = |v: &Value| match v {
            Value::Int(n) => Ok(*n),
            _ => Err(StateError::Missing { field: "value".into() }),
        };
        let mut back = window(10, 100);
        back.restore(&StateReader::new("w", &Value::Map(fields.clone())).unwrap(), int).unwrap();
        assert_eq!(back, w);
        let other = |name: &str, value: Value| {
            let mut fields = fields.clone();
            fields.iter_mut().find(|f| f.0 == name).unwrap().1 = value;
            Value::Map(fields)
        };
        for bad in [
            other("fresh_ms", Value::Int(11)),
            other("expire_ms", Value::Int(1)),
            other("at", Value::list([3_i64])),
            other("at", Value::list([3_i64, 2])),
            other("at", Value::list([true, false])),
            other("values", Value::list([0.5, 0.5])),
        ] {
            assert!(back.restore(&StateReader::new("w", &bad).unwrap(), int).is_err(), "{bad:?}");
            assert_eq!(back, w);
        }
    }

    proptest! {
        #[test]
        fn answers_as_the_specification(
            fresh in 0_i64..30,
            expire in 0_i64..60,
            steps in prop::collection::vec((0_i64..20, 0_i64..9, prop::bool::ANY), 1..60),
        ) {
            let mut w = window(fresh as u64, expire as u64);
            let mut queue: Vec<(i64, i64)> = vec![];
            let mut now = 0;
            for (gap, value, append) in steps {
                now += gap;
                while queue.first().is_some_and(|e| e.0 + expire < now) {
                    queue.remove(0);
                }
                while queue.len() >= 2 && queue[1].0 + fresh < now {
                    queue.remove(0);
                }
                let expected = (fresh > 0).then(|| queue.first()).flatten()
                    .filter(|e| e.0 + fresh < now).map(|e| e.1);
                prop_assert_eq!(w.last_unfresh(ms(now)).copied(), expected);
                if append {
                    w.append(ms(now), value);
                    queue.push((now, value));
                }
            }
        }
    }
}
