//! The largest value of the last while, in buckets of time: a queue whose values fall from oldest to newest, so that the
//! maximum is its front. Recording is amortized O(1). Nothing leaves the window but by recording.
//!
//! Source: `knative/serving` `pkg/autoscaler/aggregation/max/{timewindow,window}.go` at commit
//! `98e5ef90aa7033797aa0a61ef97f3ff7e49a3944`. Ours: an instant before the newest bucket counts as in the newest bucket
//! (upstream reads the wall clock, and a step back can abort it), and a window can be resized.

use super::grid::Cursor;
use crate::error::StateError;
use crate::state::{StateReader, StateWriter, Value};
use crate::time::{Timestamp, millis};
use core::time::Duration;
use std::collections::VecDeque;

/// Entries for which room is made at the start. More are possible, but need that many different values in a window.
const ROOM: i64 = 2_048;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    index: i64,
    value: i64,
}

/// The maximum over a time window, to the granularity of its buckets.
///
/// A value counts from its own bucket on for `ceil(window / granularity)` buckets: one of second 2 in a window of 300 s
/// with buckets of 2 s still counts at second 300 and no longer at 302.
///
/// ```
/// use core::time::Duration;
/// use setpoint::Timestamp;
/// use setpoint::window::MaxWindow;
///
/// let mut window = MaxWindow::new(Duration::from_secs(300), Duration::from_secs(2));
/// window.record(Timestamp::from_secs(2), 4);
/// window.record(Timestamp::from_secs(300), 1);
/// assert_eq!(window.current(), 4);
/// assert_eq!(window.peek(Timestamp::from_secs(302), 0), 1);
/// ```
#[derive(Clone, Debug)]
pub struct MaxWindow {
    buckets: i64,
    entries: VecDeque<Entry>,
    /// The value recorded last, which an entry of the same bucket may hide.
    last: i64,
    newest: Cursor,
}

impl PartialEq for MaxWindow {
    fn eq(&self, other: &Self) -> bool {
        self.buckets == other.buckets
            && self.entries == other.entries
            && self.last == other.last
            && self.newest.granularity_ms() == other.newest.granularity_ms()
    }
}

impl MaxWindow {
    /// An empty window over `window`, in buckets of `granularity`. Both are rounded up: the granularity to at least one
    /// second, the window to at least one bucket and to a whole number of buckets.
    #[must_use]
    pub fn new(window: Duration, granularity: Duration) -> Self {
        let granularity_ms = millis(granularity).max(1_000);
        Self::with_buckets(bucket_count(window, granularity_ms), granularity_ms)
    }

    fn with_buckets(buckets: i64, granularity_ms: i64) -> Self {
        Self {
            buckets,
            entries: VecDeque::with_capacity(buckets.min(ROOM) as usize),
            last: 0,
            newest: Cursor::new(granularity_ms),
        }
    }

    /// How many buckets a value counts for.
    #[must_use]
    pub fn buckets(&self) -> i64 {
        self.buckets
    }

    /// The bucket of `at`, but none before the newest.
    fn cursor_at(&self, at: Timestamp) -> Cursor {
        if self.entries.is_empty() {
            return self.newest.on(at.as_millis().div_euclid(self.newest.granularity_ms()));
        }
        let steps = self.newest.steps_to(at);
        if steps > 0 { self.newest.moved(steps) } else { self.newest }
    }

    /// Takes `value` in at `at`.
    pub fn record(&mut self, at: Timestamp, value: i64) {
        self.newest = self.cursor_at(at);
        let index = self.newest.index();
        self.last = value;
        let mut value = value;
        while self.entries.back().is_some_and(|newest| newest.value <= value) {
            self.entries.pop_back();
        }
        self.drop_expired();
        if let Some(newest) = self.entries.back()
            && newest.index == index
        {
            value = value.max(newest.value);
            self.entries.pop_back();
        }
        self.entries.push_back(Entry { index, value });
    }

    fn drop_expired(&mut self) {
        while self.entries.front().is_some_and(|oldest| self.newest.index() - oldest.index >= self.buckets) {
            self.entries.pop_front();
        }
    }

    /// What [`MaxWindow::current`] would be after recording `value` at `at`.
    #[must_use]
    pub fn peek(&self, at: Timestamp, value: i64) -> i64 {
        let index = self.cursor_at(at).index();
        self.entries
            .iter()
            .find(|entry| index - entry.index < self.buckets)
            .map_or(value, |entry| entry.value.max(value))
    }

    /// The largest value in the window as of the last record; 0 if there was none.
    #[must_use]
    pub fn current(&self) -> i64 {
        self.entries.front().map_or(0, |oldest| oldest.value)
    }

    /// The earliest instant at which recording the last value once more would lower the maximum: the start of the bucket
    /// in which the oldest entry no longer counts. `None` if the last value was itself the maximum.
    #[must_use]
    pub fn next_change_at(&self) -> Option<Timestamp> {
        let oldest = self.entries.front().filter(|oldest| oldest.value > self.last)?;
        Some(self.newest.start_of(oldest.index.saturating_add(self.buckets)))
    }

    /// Changes the length of the window. What the shorter window no longer reaches from its newest bucket is dropped;
    /// what the old one had dropped does not come back.
    pub fn resize(&mut self, window: Duration) {
        self.buckets = bucket_count(window, self.newest.granularity_ms());
        self.drop_expired();
    }

    /// Writes the length of the window and its entries.
    pub fn save(&self, out: &mut StateWriter) {
        out.put("buckets", self.buckets);
        out.put("last", self.last);
        let entry = |e: &Entry| (self.newest.start_of(e.index), e.value);
        out.put("entries", Value::list(self.entries.iter().map(entry)));
    }

    /// Takes over what [`MaxWindow::save`] wrote, the length of the window included.
    ///
    /// # Errors
    /// If a field is missing, the entries are out of order or further apart than the window; nothing has changed then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let buckets = from.int("buckets")?;
        if buckets < 1 {
            return Err(from.invalid("buckets", buckets, "at least 1"));
        }
        let granularity_ms = self.newest.granularity_ms();
        let mut restored = Self::with_buckets(buckets, granularity_ms);
        let lowest = restored.newest.start_of(i64::MIN.div_euclid(granularity_ms)).as_millis();
        for (start, value) in from.events("entries")? {
            let start = start.as_millis();
            let index = start.div_euclid(granularity_ms);
            let aligned = start.rem_euclid(granularity_ms) == 0 || start == lowest;
            let follows = restored.entries.back().is_none_or(|last| index > last.index && value < last.value);
            if !aligned || !follows {
                let rule = "starts of buckets, ascending, with falling values";
                return Err(from.invalid("entries", format!("({start}, {value})"), rule));
            }
            restored.entries.push_back(Entry { index, value });
        }
        if let (Some(oldest), Some(newest)) = (restored.entries.front(), restored.entries.back()) {
            if newest.index - oldest.index >= buckets {
                let rule = format!("within {buckets} buckets");
                return Err(from.invalid("entries", newest.index - oldest.index, rule));
            }
            restored.newest = restored.newest.on(newest.index);
        }
        restored.last = from.int("last")?;
        if restored.last > restored.entries.back().map_or(0, |newest| newest.value) {
            return Err(from.invalid("last", restored.last, "at most the newest entry"));
        }
        *self = restored;
        Ok(())
    }
}

fn bucket_count(window: Duration, granularity_ms: i64) -> i64 {
    let granularity = u128::from(granularity_ms.unsigned_abs()) * 1_000_000;
    i64::try_from(window.as_nanos().div_ceil(granularity)).unwrap_or(i64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secs(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    fn at(s: i64) -> Timestamp {
        Timestamp::from_secs(s)
    }

    #[test]
    fn a_value_counts_for_the_rounded_up_number_of_buckets() {
        for (window, buckets) in [(0, 1), (1, 1), (2, 1), (3, 2), (300, 150), (301, 151)] {
            assert_eq!(MaxWindow::new(secs(window), secs(2)).buckets(), buckets, "{window} s");
        }
        let mut w = MaxWindow::new(secs(300), secs(2));
        w.record(at(2), 4);
        assert_eq!(w.peek(at(301), 0), 4);
        assert_eq!(w.peek(at(302), 0), 0);
        assert_eq!(w.current(), 4, "peeking changes nothing");
        assert_eq!(MaxWindow::new(Duration::MAX, secs(2)).buckets(), i64::MAX);
    }

    #[test]
    fn time_going_backwards_counts_as_the_newest_bucket() {
        let mut w = MaxWindow::new(secs(4), secs(2));
        w.record(at(10), 5);
        w.record(at(0), 3);
        assert_eq!(w.current(), 5);
        assert_eq!(w.peek(at(13), 0), 5);
        assert_eq!(w.peek(at(14), 0), 0, "the late 3 was taken in bucket 5, where 5 stood already");
        w.record(at(-100), 9);
        assert_eq!(w.current(), 9);
        assert_eq!(w.peek(at(13), 0), 9, "held as if recorded at second 10");
        assert_eq!(w.peek(at(14), 0), 0);
    }

    #[test]
    fn a_shorter_window_forgets_at_once_and_a_longer_one_holds_longer() {
        let mut w = MaxWindow::new(secs(10), secs(2));
        w.record(at(0), 9);
        w.record(at(4), 5);
        w.resize(secs(4));
        assert_eq!(w.current(), 5);
        w.resize(secs(100));
        assert_eq!(w.peek(at(102), 1), 5);
        assert_eq!(w.peek(at(104), 1), 1);
    }

    #[test]
    fn the_announced_change_is_that_of_the_oldest_entry() {
        let mut w = MaxWindow::new(secs(10), secs(2));
        assert_eq!(w.next_change_at(), None);
        w.record(at(1), 9);
        assert_eq!(w.next_change_at(), None, "9 again stays 9");
        w.record(at(4), 5);
        assert_eq!(w.next_change_at(), Some(at(10)));
        let mut hidden = MaxWindow::new(secs(10), secs(2));
        hidden.record(at(0), 4);
        hidden.record(at(1), 0);
        assert_eq!(hidden.next_change_at(), Some(at(10)), "the 0 has no entry of its own");
    }

    #[test]
    fn hostile_state_is_refused_and_changes_nothing() {
        let mut w = MaxWindow::new(secs(10), secs(2));
        w.record(at(4), 5);
        let before = w.clone();
        for (buckets, last, entries) in [
            (0_i64, 0_i64, vec![]),
            (5, 1, vec![]),
            (5, 6, vec![(at(4), 5_i64)]),
            (5, 0, vec![(at(4), 5), (at(4), 4)]),
            (5, 0, vec![(at(4), 5), (at(6), 5)]),
            (5, 0, vec![(at(4), 5), (at(14), 4)]),
            (5, 0, vec![(at(3), 5)]),
            (5, 0, vec![(Timestamp::MAX, 5)]),
        ] {
            let mut out = StateWriter::default();
            out.put("buckets", buckets);
            out.put("last", last);
            out.put("entries", Value::list(entries));
            let value = out.finish();
            assert!(w.restore(&StateReader::new("delay", &value).unwrap()).is_err(), "{value:?}");
            assert_eq!(w, before);
        }
    }

    #[test]
    fn a_steady_run_never_asks_for_more_room() {
        let mut w = MaxWindow::new(secs(60), secs(2));
        let room = w.entries.capacity();
        for s in 0..10_000 {
            w.record(at(s), -s);
        }
        assert_eq!(w.entries.len(), 30);
        assert_eq!(w.entries.capacity(), room);
    }

    proptest! {
        #[test]
        fn equals_the_plain_maximum_over_the_buckets(
            steps in proptest::collection::vec((0_i64..9_000, -5_i64..20), 1..80),
            window in 1_u64..40,
        ) {
            let mut w = MaxWindow::new(secs(window), secs(2));
            let n = w.buckets();
            let mut all: Vec<(i64, i64)> = Vec::new();
            let mut now = 0;
            for (step, value) in steps {
                now += step;
                let index = now / 2_000;
                all.push((index, value));
                let expected =
                    all.iter().filter(|(i, _)| index - i < n).map(|(_, v)| *v).max().unwrap();
                let t = Timestamp::from_millis(now);
                prop_assert_eq!(w.peek(t, value), expected);
                let mut out = StateWriter::default();
                w.save(&mut out);
                let saved = out.finish();
                let mut copy = MaxWindow::new(secs(1), secs(2));
                copy.restore(&StateReader::new("w", &saved).unwrap()).unwrap();
                prop_assert_eq!(&copy, &w);
                w = copy;
                w.record(t, value);
                prop_assert_eq!(w.current(), expected);
                if let Some(change) = w.next_change_at() {
                    let before = Timestamp::from_millis(change.as_millis() - 1);
                    prop_assert_eq!(w.peek(before, value), expected);
                    prop_assert!(w.peek(change, value) < expected);
                } else {
                    prop_assert_eq!(w.peek(Timestamp::MAX, value), expected);
                }
            }
        }
    }
}
