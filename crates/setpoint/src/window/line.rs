//! The largest, or smallest, value that a step function took over a recent time. Unlike a
//! [`RecordWindow`], a value is in force until the next one replaces it.
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/datastructure/sliding_window.go` (the line-chart
//! window), commit `3cc057284c34469fcb0ed22a12dac84b1d120719`. What it means: a value that was replaced is
//! seen for one width after its replacement, a value that was not is seen for two widths after it was set.
//! The limit on memory, and the direction of its error, are those of [`RecordWindow`].

use core::time::Duration;

use super::{Extreme, RecordWindow, Width};
use crate::error::StateError;
use crate::state::{StateReader, StateWriter};
use crate::time::{Timestamp, earliest};

/// The best value that a step function took over the last `width`, the value given when asking included.
///
/// Time stepping back is treated as in [`RecordWindow`]. A window of width 0 never answers.
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Timestamp, window::{Extreme, LineWindow}};
///
/// let mut window = LineWindow::new(Extreme::Minimum, Duration::from_secs(60));
/// window.append(Timestamp::from_secs(0), 2);
/// window.append(Timestamp::from_secs(100), 6);        // 2 was in force until 100 s
/// assert_eq!(window.best(Timestamp::from_secs(160), 6), Some(2));
/// assert_eq!(window.best(Timestamp::from_secs(161), 6), Some(6));
/// assert_eq!(window.best(Timestamp::from_secs(161), 5), Some(5));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineWindow {
    /// Values that were replaced, each at the time of its replacement.
    replaced: RecordWindow,
    /// The value in force and since when.
    in_force: Option<(Timestamp, i64)>,
}

impl LineWindow {
    /// A window that has seen nothing.
    #[must_use]
    pub fn new(extreme: Extreme, width: Duration) -> Self {
        Self { replaced: RecordWindow::new(extreme, width), in_force: None }
    }

    /// The width of the window.
    #[must_use]
    pub const fn width(&self) -> Width {
        self.replaced.width()
    }

    /// Sets the value that is in force from `now` on.
    pub fn append(&mut self, now: Timestamp, value: i64) {
        if self.width().is_zero() {
            return;
        }
        let now = self.in_force.map_or(now, |(since, _)| since.max(now));
        if let Some((_, before)) = self.seen_in_force(now) {
            self.replaced.append(now, before);
        }
        self.in_force = Some((now, value));
    }

    /// The best of `current` and the values seen at `now`; nothing only if the width is 0.
    #[must_use]
    pub fn best(&self, now: Timestamp, current: i64) -> Option<i64> {
        if self.width().is_zero() {
            return None;
        }
        let extreme = self.replaced.extreme();
        let with_in_force =
            self.seen_in_force(now).map_or(current, |(_, value)| extreme.best(current, value));
        Some(self.replaced.best(now).map_or(with_in_force, |value| extreme.best(with_in_force, value)))
    }

    /// The first instant after `now` at which [`best`](Self::best) may change if nothing is appended. Never
    /// late; early where what expires was not the best.
    #[must_use]
    pub fn next_change_at(&self, now: Timestamp) -> Option<Timestamp> {
        let in_force = self.seen_in_force(now).and_then(|(since, _)| self.width().doubled().ends(since));
        earliest(in_force, self.replaced.next_change_at(now))
    }

    /// Whether values that still count at `now` may have been merged to keep memory bounded.
    #[must_use]
    pub fn merged(&self, now: Timestamp) -> bool {
        self.replaced.merged(now)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.replaced.clear();
        self.in_force = None;
    }

    fn seen_in_force(&self, now: Timestamp) -> Option<(Timestamp, i64)> {
        self.in_force.filter(|&(since, _)| self.width().doubled().fresh(now, since))
    }

    /// Saves what the window remembers.
    pub fn save(&self, out: &mut StateWriter) {
        out.nest("replaced", |out| self.replaced.save(out));
        out.put("in_force_since", self.in_force.map(|(since, _)| since));
        out.put("in_force", self.in_force.map(|(_, value)| value));
    }

    /// Takes up what another window of the same kind and width saved.
    ///
    /// # Errors
    /// If the state belongs to a window of another kind or width, contradicts itself, or is not whole.
    /// Nothing changes then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let mut replaced = self.replaced.clone();
        let nested = from.nested("replaced")?;
        replaced.restore(&nested)?;
        let in_force = match (from.opt_timestamp("in_force_since")?, from.opt_int("in_force")?) {
            (Some(since), Some(value)) => Some((since, value)),
            (None, None) => None,
            _ => return Err(from.invalid("in_force", "half a pair", "a value and its time, or neither")),
        };
        if self.width().is_zero() && in_force.is_some() {
            return Err(from.invalid("in_force", "a value", "nothing in a window of width 0"));
        }
        let newest = nested.events("entries")?.last().map(|&(at, _)| at);
        if newest > in_force.map(|(since, _)| since) {
            return Err(from.invalid(
                "in_force_since",
                "an earlier time",
                "no earlier than the last replacement",
            ));
        }
        *self = Self { replaced, in_force };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::record::MAX_ENTRIES;
    use proptest::prelude::*;

    fn ms(t: i64) -> Timestamp {
        Timestamp::from_millis(t)
    }

    /// The specification as it stands: a mutable queue, expired at each call.
    struct Plain {
        maximum: bool,
        width: i64,
        queue: Vec<(i64, i64)>,
        drifting: Option<(i64, i64)>,
    }

    impl Plain {
        fn better(&self, a: i64, b: i64) -> bool {
            if self.maximum { a > b } else { a < b }
        }
        fn expire(&mut self, now: i64) {
            while self.queue.first().is_some_and(|e| e.0 + self.width < now) {
                self.queue.remove(0);
            }
            if self.drifting.is_some_and(|d| d.0 + 2 * self.width < now) {
                self.drifting = None;
            }
        }
        fn append(&mut self, now: i64, value: i64) {
            self.expire(now);
            if let Some((_, old)) = self.drifting {
                while self.queue.last().is_some_and(|e| !self.better(e.1, old)) {
                    self.queue.pop();
                }
                self.queue.push((now, old));
            }
            self.drifting = Some((now, value));
        }
        fn best(&mut self, now: i64, current: i64) -> i64 {
            self.expire(now);
            let mut best = current;
            for (_, v) in self.drifting.iter().chain(self.queue.first()) {
                if self.better(*v, best) {
                    best = *v;
                }
            }
            best
        }
    }

    #[test]
    fn a_value_in_force_is_seen_for_two_widths_a_replaced_one_for_one() {
        let mut w = LineWindow::new(Extreme::Maximum, Duration::from_millis(100));
        assert_eq!(w.best(ms(5), 3), Some(3));
        w.append(ms(0), 9);
        assert_eq!(w.next_change_at(ms(0)), Some(ms(201)));
        assert_eq!((w.best(ms(200), 1), w.best(ms(201), 1)), (Some(9), Some(1)));
        w.append(ms(50), 2);
        assert_eq!(w.next_change_at(ms(50)), Some(ms(151)));
        assert_eq!((w.best(ms(150), 1), w.best(ms(151), 1)), (Some(9), Some(2)));
    }

    #[test]
    fn a_value_forgotten_before_its_replacement_is_not_pushed() {
        let mut w = LineWindow::new(Extreme::Minimum, Duration::from_millis(100));
        w.append(ms(0), 1);
        w.append(ms(201), 5);
        assert_eq!(w.best(ms(201), 9), Some(5));
        let mut w = LineWindow::new(Extreme::Minimum, Duration::from_millis(100));
        w.append(ms(0), 1);
        w.append(ms(200), 5);
        assert_eq!(w.best(ms(300), 9), Some(1));
        assert_eq!(w.best(ms(301), 9), Some(5));
    }

    #[test]
    fn no_width_no_answer() {
        let mut w = LineWindow::new(Extreme::Minimum, Duration::ZERO);
        w.append(ms(1), 1);
        assert_eq!((w.best(ms(1), 4), w.next_change_at(ms(1))), (None, None));
    }

    #[test]
    fn a_clock_that_steps_back_does_no_harm() {
        let mut w = LineWindow::new(Extreme::Minimum, Duration::from_millis(100));
        w.append(ms(500), 4);
        w.append(ms(3), 8);
        w.append(Timestamp::MIN, 6);
        assert_eq!(w.best(ms(600), 9), Some(4));
        let mut out = StateWriter::default();
        w.save(&mut out);
        let mut back = LineWindow::new(Extreme::Minimum, Duration::from_millis(100));
        back.restore(&StateReader::new("w", &out.finish()).unwrap()).unwrap();
        assert_eq!(back, w);
    }

    #[test]
    fn merging_is_reported_and_bounded() {
        let mut w = LineWindow::new(Extreme::Minimum, Duration::from_secs(60));
        for t in 0..2 * MAX_ENTRIES as i64 {
            w.append(ms(t), t);
            assert!(w.best(ms(t), i64::MAX).unwrap() <= 0, "a minimum is never above the exact one");
        }
        assert!(w.merged(ms(9_000)));
        assert!(w.replaced.len() <= MAX_ENTRIES);
    }

    #[test]
    fn state_that_contradicts_itself_is_refused() {
        let mut w = LineWindow::new(Extreme::Maximum, Duration::from_millis(100));
        w.append(ms(10), 4);
        w.append(ms(20), 3);
        let before = w.clone();
        let mut inner = StateWriter::default();
        w.replaced.save(&mut inner);
        let inner = inner.finish();
        for (since, value) in [(Some(19_i64), Some(3_i64)), (None, Some(3)), (Some(20), None), (None, None)] {
            let state = crate::state::Value::Map(vec![
                ("replaced".into(), inner.clone()),
                ("in_force_since".into(), since.into()),
                ("in_force".into(), value.into()),
            ]);
            assert!(w.restore(&StateReader::new("w", &state).unwrap()).is_err());
            assert_eq!(w, before);
        }
    }

    proptest! {
        #[test]
        fn answers_as_the_specification_and_announces_changes_in_time(
            maximum: bool,
            width in 1_i64..40,
            steps in prop::collection::vec((0_i64..50, -5_i64..6, -5_i64..6), 1..60),
        ) {
            let extreme = if maximum { Extreme::Maximum } else { Extreme::Minimum };
            let mut w = LineWindow::new(extreme, Duration::from_millis(width as u64));
            let mut plain = Plain { maximum, width, queue: vec![], drifting: None };
            let mut now = 0;
            for (gap, value, current) in steps {
                let change = w.next_change_at(ms(now)).map_or(now + 200, Timestamp::as_millis);
                let held = w.best(ms(now), current);
                prop_assert!((now..change).all(|t| w.best(ms(t), current) == held));
                now += gap;
                prop_assert_eq!(w.best(ms(now), current), Some(plain.best(now, current)));
                w.append(ms(now), value);
                plain.append(now, value);
            }
        }
    }
}
