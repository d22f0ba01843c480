//! The largest, or smallest, of the values recorded over a recent time: a queue of candidates in which each
//! is strictly better than all that follow, so that the answer stands at the front. It holds single values; a
//! value that stays in force until the next one belongs in [`LineWindow`](super::LineWindow).
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/datastructure/sliding_window.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`. The limit on memory is ours.
//!
//! A window holds at most [`MAX_ENTRIES`] candidates. When more would be needed, those of the same 1024th of
//! the width are merged: the better value stays, with the time of the newest. A merged window therefore
//! remembers a value for up to one 1024th of its width (and a millisecond) too long and never forgets one too
//! early: a maximum is never below the exact one, a minimum never above it. Where a maximum holds back a
//! scale-down and a minimum a scale-up, as in Kthena, that allows less and never more.

use core::time::Duration;
use std::collections::VecDeque;

use super::Width;
use crate::error::StateError;
use crate::state::{StateReader, StateWriter, Value};
use crate::time::Timestamp;

/// The most candidates that a window holds before it merges them.
pub const MAX_ENTRIES: usize = 4096;

/// Parts of the width within which candidates are merged. Must leave room in [`MAX_ENTRIES`].
const PARTS: i64 = 1024;

/// Which value a window looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extreme {
    /// The largest.
    Maximum,
    /// The smallest.
    Minimum,
}

impl Extreme {
    /// Whether `a` is strictly better than `b`.
    #[must_use]
    pub const fn better(self, a: i64, b: i64) -> bool {
        match self {
            Self::Maximum => a > b,
            Self::Minimum => a < b,
        }
    }

    /// The better of the two.
    #[must_use]
    pub const fn best(self, a: i64, b: i64) -> i64 {
        if self.better(b, a) { b } else { a }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Maximum => "maximum",
            Self::Minimum => "minimum",
        }
    }
}

/// The best of the values recorded over the last `width`, its edge included.
///
/// Recording takes constant time on average and asking at most logarithmic time; once the queue has grown to
/// what the workload needs, nothing allocates. A `now` before the newest record counts as the time of that
/// record when recording; when asking, it only makes more of the window count. A window of width 0 never
/// answers.
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Timestamp, window::{Extreme, RecordWindow}};
///
/// let mut window = RecordWindow::new(Extreme::Maximum, Duration::from_secs(300));
/// window.append(Timestamp::from_secs(0), 9);
/// window.append(Timestamp::from_secs(60), 4);
/// assert_eq!(window.best(Timestamp::from_secs(300)), Some(9));
/// assert_eq!(window.best(Timestamp::from_secs(301)), Some(4));
/// assert_eq!(window.best(Timestamp::from_secs(361)), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordWindow {
    extreme: Extreme,
    width: Width,
    /// Times and values both strictly ordered: times rise, values worsen.
    entries: VecDeque<(Timestamp, i64)>,
    /// The time of the newest candidate that stands for several.
    merged_at: Option<Timestamp>,
}

impl RecordWindow {
    /// An empty window.
    #[must_use]
    pub fn new(extreme: Extreme, width: Duration) -> Self {
        Self { extreme, width: Width::new(width), entries: VecDeque::new(), merged_at: None }
    }

    /// Which value the window looks for.
    #[must_use]
    pub const fn extreme(&self) -> Extreme {
        self.extreme
    }

    /// The width of the window.
    #[must_use]
    pub const fn width(&self) -> Width {
        self.width
    }

    /// Candidates held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Records `value` at `now`.
    pub fn append(&mut self, now: Timestamp, value: i64) {
        if self.width.is_zero() {
            return;
        }
        let now = self.entries.back().map_or(now, |&(at, _)| at.max(now));
        while self.entries.front().is_some_and(|&(at, _)| !self.width.fresh(now, at)) {
            self.entries.pop_front();
        }
        while self.entries.back().is_some_and(|&(_, back)| !self.extreme.better(back, value)) {
            self.entries.pop_back();
        }
        // A better value of the same instant expires together with this one, which can never be the answer.
        if self.entries.back().is_some_and(|&(at, _)| at == now) {
            return;
        }
        if self.entries.len() >= MAX_ENTRIES {
            self.merge();
        }
        self.entries.push_back((now, value));
    }

    /// The best value that still counts at `now`; nothing if there is none.
    #[must_use]
    pub fn best(&self, now: Timestamp) -> Option<i64> {
        self.front(now).map(|(_, value)| value)
    }

    /// The best value that was recorded later than `after` and is still held, with its time: for rules whose edge does not
    /// count, or that look back less far than the width.
    ///
    /// ```
    /// use core::time::Duration;
    /// use setpoint::{Timestamp, window::{Extreme, RecordWindow}};
    ///
    /// let mut window = RecordWindow::new(Extreme::Maximum, Duration::from_secs(300));
    /// window.append(Timestamp::from_secs(0), 9);
    /// window.append(Timestamp::from_secs(60), 4);
    /// assert_eq!(window.best_since(Timestamp::from_secs(0)), Some((Timestamp::from_secs(60), 4)));
    /// assert_eq!(window.best_since(Timestamp::from_secs(60)), None);
    /// ```
    #[must_use]
    pub fn best_since(&self, after: Timestamp) -> Option<(Timestamp, i64)> {
        let first = self.entries.partition_point(|&(at, _)| at <= after);
        self.entries.get(first).copied()
    }

    /// The first instant after `now` at which [`best`](Self::best) changes if nothing is recorded.
    #[must_use]
    pub fn next_change_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.front(now).and_then(|(at, _)| self.width.ends(at))
    }

    /// Whether candidates that still count at `now` may have been merged, so that the answer may be better
    /// than exact.
    #[must_use]
    pub fn merged(&self, now: Timestamp) -> bool {
        self.merged_at.is_some_and(|at| self.width.fresh(now, at))
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.merged_at = None;
    }

    fn front(&self, now: Timestamp) -> Option<(Timestamp, i64)> {
        if self.width.is_zero() {
            return None;
        }
        let first = self.entries.partition_point(|&(at, _)| !self.width.fresh(now, at));
        self.entries.get(first).copied()
    }

    fn merge(&mut self) {
        let part = self.width.as_millis() / PARTS + 1;
        let mut kept = 0;
        for i in 0..self.entries.len() {
            let (at, value) = self.entries[i];
            let same =
                |earlier: Timestamp| earlier.as_millis().div_euclid(part) == at.as_millis().div_euclid(part);
            if kept > 0 && same(self.entries[kept - 1].0) {
                self.entries[kept - 1].0 = at;
                self.merged_at = Some(self.merged_at.map_or(at, |m| m.max(at)));
            } else {
                self.entries[kept] = (at, value);
                kept += 1;
            }
        }
        self.entries.truncate(kept);
    }

    /// Saves what the window remembers.
    pub fn save(&self, out: &mut StateWriter) {
        out.put("looks_for", self.extreme.name());
        out.put("width_ms", self.width.as_millis());
        out.put("entries", Value::list(self.entries.iter().copied()));
        out.put("merged_at", self.merged_at);
    }

    /// Takes up what another window of the same kind and width saved.
    ///
    /// # Errors
    /// If the state belongs to a window of another kind or width, is out of order, or is not whole. Nothing
    /// changes then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let looks_for = from.text("looks_for")?;
        if looks_for != self.extreme.name() {
            return Err(from.invalid("looks_for", looks_for, self.extreme.name()));
        }
        let width_ms = from.int("width_ms")?;
        if width_ms != self.width.as_millis() {
            return Err(from.invalid("width_ms", width_ms, self.width.as_millis().to_string()));
        }
        let entries = from.events("entries")?;
        if entries.len() > MAX_ENTRIES || (self.width.is_zero() && !entries.is_empty()) {
            let most = if self.width.is_zero() { 0 } else { MAX_ENTRIES };
            return Err(from.invalid("entries", entries.len(), format!("at most {most} entries")));
        }
        let ordered =
            entries.windows(2).all(|pair| pair[0].0 < pair[1].0 && self.extreme.better(pair[0].1, pair[1].1));
        if !ordered {
            return Err(from.invalid("entries", "entries out of order", "rising times and worsening values"));
        }
        if let (Some(first), Some(last)) = (entries.first(), entries.last())
            && !self.width.fresh(last.0, first.0)
        {
            return Err(from.invalid("entries", "entries too far apart", "entries of one width"));
        }
        let merged_at = from.opt_timestamp("merged_at")?;
        if let (Some(merged), Some(last)) = (merged_at, entries.last())
            && merged > last.0
        {
            return Err(from.invalid("merged_at", merged, "no later than the newest entry"));
        }
        self.entries.clear();
        self.entries.extend(entries);
        self.merged_at = merged_at;
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

    fn window(extreme: Extreme, width: u64) -> RecordWindow {
        RecordWindow::new(extreme, Duration::from_millis(width))
    }

    #[test]
    fn the_edge_counts() {
        let mut w = window(Extreme::Minimum, 1_000);
        w.append(ms(5), 3);
        assert_eq!(w.best(ms(1_005)), Some(3));
        assert_eq!(w.next_change_at(ms(5)), Some(ms(1_006)));
        assert_eq!(w.best(ms(1_006)), None);
        assert_eq!(w.next_change_at(ms(1_006)), None);
    }

    #[test]
    fn an_equal_value_renews_the_time() {
        let mut w = window(Extreme::Maximum, 100);
        w.append(ms(0), 7);
        w.append(ms(60), 7);
        assert_eq!((w.len(), w.best(ms(160))), (1, Some(7)));
    }

    #[test]
    fn equal_times_keep_the_better_value_whatever_the_order() {
        for values in [[3, 9], [9, 3]] {
            let mut w = window(Extreme::Maximum, 100);
            for v in values {
                w.append(ms(1), v);
            }
            assert_eq!((w.len(), w.best(ms(101)), w.best(ms(102))), (1, Some(9), None));
        }
    }

    #[test]
    fn a_window_without_width_never_answers_and_holds_nothing() {
        let mut w = window(Extreme::Maximum, 0);
        w.append(ms(1), 7);
        assert_eq!((w.best(ms(1)), w.len()), (None, 0));
    }

    #[test]
    fn a_clock_that_steps_back_neither_panics_nor_disorders() {
        let mut w = window(Extreme::Maximum, 100);
        w.append(ms(1_000), 5);
        w.append(ms(10), 3);
        w.append(Timestamp::MIN, 1);
        assert_eq!(w.best(ms(1_100)), Some(5));
        assert_eq!(w.best(Timestamp::MIN), Some(5));
        let mut out = StateWriter::default();
        w.save(&mut out);
        let value = out.finish();
        let mut back = window(Extreme::Maximum, 100);
        back.restore(&StateReader::new("w", &value).unwrap()).unwrap();
        assert_eq!(back, w);
    }

    #[test]
    fn merging_remembers_too_long_by_less_than_a_part_and_never_too_short() {
        for (extreme, sign) in [(Extreme::Maximum, -1), (Extreme::Minimum, 1)] {
            let width = 20_000;
            let mut w = window(extreme, width as u64);
            let mut exact: VecDeque<(i64, i64)> = VecDeque::new();
            let part = width / PARTS + 1;
            for t in 0..30_000_i64 {
                // Each value is worse than the one before, so that every one of them is a candidate.
                w.append(ms(t), sign * t);
                exact.push_back((t, sign * t));
                while exact[0].0 + width < t {
                    exact.pop_front();
                }
                assert!(w.len() <= MAX_ENTRIES);
                let got = w.best(ms(t)).unwrap();
                assert!(!extreme.better(exact[0].1, got), "{got} allows more than {}", exact[0].1);
                assert!((exact[0].1 - got).abs() <= part, "{got} is stale at {t}");
            }
            assert!(w.merged(ms(30_000)));
            assert!(!w.merged(ms(30_000 + width + 1)));
            assert_eq!(w.best(ms(29_999 + width)), Some(sign * 29_999), "the newest value keeps its time");
            assert_eq!(w.best(ms(30_000 + width)), None);
        }
    }

    #[test]
    fn what_fits_is_never_merged() {
        let mut w = window(Extreme::Maximum, 1_000_000);
        for t in 0..MAX_ENTRIES as i64 {
            w.append(ms(t), -t);
        }
        assert_eq!((w.len(), w.merged(ms(5_000))), (MAX_ENTRIES, false));
    }

    #[test]
    fn a_steady_workload_stops_allocating() {
        let mut w = window(Extreme::Maximum, 300_000);
        let mut room = 0;
        for step in 0..10_000_i64 {
            w.append(ms(step * 15_000), 50 - step % 40);
            if step == 100 {
                room = w.entries.capacity();
            }
        }
        assert_eq!(w.entries.capacity(), room);
    }

    #[test]
    fn hostile_state_is_refused_and_changes_nothing() {
        let mut w = window(Extreme::Maximum, 100);
        w.append(ms(7), 5);
        let before = w.clone();
        let state = |looks_for: &str, width: i64, entries: Vec<(Timestamp, i64)>, merged: Option<i64>| {
            let mut out = StateWriter::default();
            out.put("looks_for", looks_for);
            out.put("width_ms", width);
            out.put("entries", entries);
            out.put("merged_at", merged);
            out.finish()
        };
        let many = (0..=MAX_ENTRIES as i64).map(|t| (Timestamp::from_millis(t), -t)).collect::<Vec<_>>();
        for bad in [
            state("minimum", 100, vec![], None),
            state("maximum", 99, vec![], None),
            state("maximum", 100, vec![(ms(5), 3), (ms(5), 2)], None),
            state("maximum", 100, vec![(ms(5), 3), (ms(6), 3)], None),
            state("maximum", 100, vec![(ms(5), 3), (ms(106), 2)], None),
            state("maximum", 100, vec![(ms(5), 3)], Some(6)),
            state("maximum", 100, many, None),
            Value::Map(vec![]),
        ] {
            assert!(w.restore(&StateReader::new("w", &bad).unwrap()).is_err(), "{bad:?}");
            assert_eq!(w, before);
        }
        let good = state("maximum", 100, vec![(ms(5), 3), (ms(105), 2)], Some(105));
        w.restore(&StateReader::new("w", &good).unwrap()).unwrap();
        assert_eq!(w.best(ms(105)), Some(3));
    }

    proptest! {
        #[test]
        fn the_queue_answers_as_a_search_through_everything(
            maximum: bool,
            width in 1_u64..40,
            steps in prop::collection::vec((0_i64..15, -5_i64..6), 1..80),
        ) {
            let extreme = if maximum { Extreme::Maximum } else { Extreme::Minimum };
            let mut w = window(extreme, width);
            let mut all: Vec<(i64, i64)> = Vec::new();
            let mut now = 0;
            for (gap, value) in steps {
                now += gap;
                let answer = |t: i64| all.iter().filter(|e| e.0 + width as i64 >= t).map(|e| e.1)
                    .reduce(|a, b| extreme.best(a, b));
                let change = w.next_change_at(ms(now)).map(Timestamp::as_millis);
                prop_assert_eq!(w.best(ms(now)), answer(now));
                if let Some(change) = change {
                    prop_assert!((now..change).all(|t| answer(t) == answer(now)));
                    prop_assert_ne!(answer(change), answer(now));
                } else {
                    prop_assert_eq!(answer(now), None);
                }
                w.append(ms(now), value);
                all.push((now, value));
            }
        }
    }
}
