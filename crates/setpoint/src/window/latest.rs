//! A window of buckets in which the last value of a bucket is the one that counts, and every bucket counts the same. It ages by
//! recording alone: a window that is not fed answers with what it holds, however old. What that means is the reader's rule.
//!
//! Recording is O(1) on average; the average is a sum in time order over the buckets held, so that it is equal to upstream's to the last
//! bit. A late value goes into its own bucket and ages the window only as far as its own time says.
//!
//! Source: `vllm-project/aibrix` `pkg/controller/podautoscaler/types/metrics.go` at commit
//! `e3e10f9e4aebe9aac5e7d992fb87d2648e01628b`. Ours: late values never make the window hold more buckets than time can fill.

use crate::error::{ConfigError, StateError};
use crate::state::{StateReader, StateWriter, Value};
use crate::time::{Timestamp, millis};
use crate::window::bucketed::MAX_BUCKETS;
use core::time::Duration;
use std::collections::VecDeque;

/// The last value of each bucket of recent time.
///
/// The bucket exactly one window ago still counts: a window of 60 s with buckets of 1 s holds up to 61 of them.
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Timestamp, window::LatestBuckets};
///
/// let mut window = LatestBuckets::new(Duration::from_secs(60), Duration::from_secs(1))?;
/// window.record(Timestamp::from_millis(100), 9.0);
/// window.record(Timestamp::from_millis(900), 4.0); // the same second: 9 is forgotten
/// window.record(Timestamp::from_secs(60), 2.0);
/// assert_eq!(window.average(), Some(3.0));
/// window.record(Timestamp::from_secs(61), 2.0);
/// assert_eq!((window.len(), window.average()), (2, Some(2.0)));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LatestBuckets {
    window_ms: i64,
    granularity_ms: i64,
    /// Bucket numbers, which rise, and values.
    buckets: VecDeque<(i64, f64)>,
}

impl LatestBuckets {
    /// An empty window over the last `window`, cut into buckets of `granularity`.
    ///
    /// | parameter | range | unit |
    /// |---|---|---|
    /// | `window` | at least 1 ms, at most 1,048,576 buckets | whole milliseconds |
    /// | `granularity` | at least 1 ms | whole milliseconds |
    ///
    /// # Errors
    /// If a parameter is out of its range.
    pub fn new(window: Duration, granularity: Duration) -> Result<Self, ConfigError> {
        for (field, span) in [("window", window), ("granularity", granularity)] {
            if span.is_zero()
                || !span.subsec_nanos().is_multiple_of(1_000_000)
                || span.as_millis() > i64::MAX as u128
            {
                return Err(ConfigError::new(field, format!("{span:?}"), "whole milliseconds, at least 1"));
            }
        }
        let (window_ms, granularity_ms) = (millis(window), millis(granularity));
        if window_ms / granularity_ms >= MAX_BUCKETS {
            return Err(ConfigError::new("window", format!("{window:?}"), "less than 1048576 buckets"));
        }
        Ok(Self { window_ms, granularity_ms, buckets: VecDeque::new() })
    }

    /// The span that the window looks back.
    #[must_use]
    pub const fn window(&self) -> Duration {
        Duration::from_millis(self.window_ms.unsigned_abs())
    }

    /// The length of a bucket.
    #[must_use]
    pub const fn granularity(&self) -> Duration {
        Duration::from_millis(self.granularity_ms.unsigned_abs())
    }

    /// Takes `value` in at `at`, in place of an earlier one of the same bucket.
    pub fn record(&mut self, at: Timestamp, value: f64) {
        let bucket = at.as_millis().div_euclid(self.granularity_ms);
        match self.buckets.back_mut() {
            Some(newest) if newest.0 == bucket => newest.1 = value,
            Some(newest) if newest.0 > bucket => self.record_late(bucket, value),
            _ => self.buckets.push_back((bucket, value)),
        }
        let oldest = at.as_millis().saturating_sub(self.window_ms).div_euclid(self.granularity_ms);
        while self.buckets.front().is_some_and(|&(index, _)| index < oldest) {
            self.buckets.pop_front();
        }
        if self.buckets.len() > self.most() {
            self.buckets.pop_front();
        }
    }

    fn record_late(&mut self, bucket: i64, value: f64) {
        let place = self.buckets.partition_point(|&(index, _)| index < bucket);
        match self.buckets.get_mut(place) {
            Some(known) if known.0 == bucket => known.1 = value,
            _ => self.buckets.insert(place, (bucket, value)),
        }
    }

    /// The most buckets that one window of time can touch, the one at the cutoff included.
    const fn most(&self) -> usize {
        (self.window_ms / self.granularity_ms + (self.window_ms % self.granularity_ms != 0) as i64 + 1)
            as usize
    }

    /// The sum of the buckets in time order over their number; nothing if there is none.
    #[must_use]
    pub fn average(&self) -> Option<f64> {
        let sum = self.buckets.iter().fold(0.0, |sum, (_, value)| sum + value);
        (!self.buckets.is_empty()).then(|| sum / self.buckets.len() as f64)
    }

    /// The smallest value held.
    #[must_use]
    pub fn minimum(&self) -> Option<f64> {
        self.buckets.iter().map(|(_, value)| *value).reduce(f64::min)
    }

    /// The largest value held.
    #[must_use]
    pub fn maximum(&self) -> Option<f64> {
        self.buckets.iter().map(|(_, value)| *value).reduce(f64::max)
    }

    /// Buckets held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// The first instant after `at` at which recording the same value once more makes another bucket, and so can change the
    /// average; `None` where time ends first. Without recording nothing ever changes.
    #[must_use]
    pub fn next_bucket_at(&self, at: Timestamp) -> Option<Timestamp> {
        let bucket = at.as_millis().div_euclid(self.granularity_ms) + 1;
        bucket.checked_mul(self.granularity_ms).map(Timestamp::from_millis)
    }

    /// Saves what the window remembers.
    pub fn save(&self, out: &mut StateWriter) {
        out.put("window_ms", self.window_ms);
        out.put("granularity_ms", self.granularity_ms);
        out.put("buckets", Value::list(self.buckets.iter().map(|(index, _)| *index)));
        out.put("values", Value::list(self.buckets.iter().map(|(_, value)| *value)));
    }

    /// Takes up what another window of the same length and granularity saved.
    ///
    /// # Errors
    /// If the state belongs to another window, is out of order, or is not whole. Nothing changes then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        for (field, present) in [("window_ms", self.window_ms), ("granularity_ms", self.granularity_ms)] {
            let found = from.int(field)?;
            if found != present {
                return Err(from.invalid(field, found, format!("{present}, as the window has")));
            }
        }
        let saved = from.list("buckets")?;
        let values = from.floats("values")?;
        if saved.len() > self.most() || saved.len() != values.len() {
            let found = format!("{} buckets and {} values", saved.len(), values.len());
            return Err(from.invalid("buckets", found, format!("as many of both, at most {}", self.most())));
        }
        let reachable = i64::MIN.div_euclid(self.granularity_ms)..=i64::MAX / self.granularity_ms;
        let mut buckets = VecDeque::with_capacity(saved.len());
        for (index, value) in saved.iter().zip(values) {
            let Value::Int(index) = *index else {
                return Err(from.invalid("buckets", "something else", "whole numbers"));
            };
            if !reachable.contains(&index) || buckets.back().is_some_and(|&(before, _)| before >= index) {
                return Err(from.invalid("buckets", index, "rising numbers of buckets that time can reach"));
            }
            buckets.push_back((index, value));
        }
        self.buckets = buckets;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn ms(t: i64) -> Timestamp {
        Timestamp::from_millis(t)
    }

    fn window(window: u64, granularity: u64) -> LatestBuckets {
        LatestBuckets::new(Duration::from_millis(window), Duration::from_millis(granularity)).unwrap()
    }

    #[test]
    fn the_bucket_at_the_cutoff_stays() {
        let mut w = window(5_000, 1_000);
        for second in 0..20 {
            w.record(ms(second * 1_000 + 999), second as f64);
        }
        assert_eq!((w.len(), w.minimum(), w.maximum()), (6, Some(14.0), Some(19.0)));
        assert_eq!(w.average(), Some(16.5));
    }

    #[test]
    fn silence_neither_ages_nor_counts_as_zero() {
        let mut w = window(5_000, 1_000);
        assert_eq!((w.average(), w.minimum(), w.is_empty()), (None, None, true));
        w.record(ms(0), 8.0);
        w.record(ms(4_000), 4.0);
        assert_eq!(w.average(), Some(6.0));
        w.record(ms(1_000_000), 1.0);
        assert_eq!((w.len(), w.average()), (1, Some(1.0)));
    }

    #[test]
    fn the_sum_runs_from_old_to_new() {
        let mut w = window(9_000, 1_000);
        for (t, v) in [(0, 1e16), (1_000, 1.0), (2_000, 1.0)] {
            w.record(ms(t), v);
        }
        assert_eq!(w.average(), Some(1e16 / 3.0), "from new to old the ones would add up to 2");
    }

    #[test]
    fn late_values_find_their_bucket_and_cannot_swell_the_window() {
        let mut w = window(2_000, 1_000);
        w.record(ms(10_000), 1.0);
        w.record(ms(9_000), 2.0);
        w.record(ms(9_500), 3.0);
        assert_eq!((w.len(), w.average()), (2, Some(2.0)));
        for t in (0..9_000).rev().step_by(1_000) {
            w.record(ms(t), 7.0);
            assert!(w.len() <= 3);
        }
        w.record(ms(11_000), 5.0);
        assert_eq!((w.len(), w.average()), (3, Some(3.0)));
    }

    #[test]
    fn before_the_epoch_buckets_are_floored_too() {
        let mut w = window(1_000, 1_000);
        w.record(ms(-1), 4.0);
        w.record(ms(0), 2.0);
        assert_eq!((w.len(), w.average()), (2, Some(3.0)));
        assert_eq!(w.next_bucket_at(ms(-1)), Some(ms(0)));
        assert_eq!(w.next_bucket_at(ms(0)), Some(ms(1_000)));
        for t in [i64::MAX, i64::MIN, 0] {
            w.record(ms(t), 1.0);
            assert!(w.next_bucket_at(ms(t)).map_or(t == i64::MAX, |next| next > ms(t)));
        }
    }

    #[test]
    fn windows_are_whole_positive_milliseconds() {
        let error = |w, g| LatestBuckets::new(w, g).unwrap_err().field;
        let second = Duration::from_secs(1);
        assert_eq!(error(Duration::ZERO, second), "window");
        assert_eq!(error(second, Duration::ZERO), "granularity");
        assert_eq!(error(Duration::from_nanos(1_500_000), second), "window");
        assert_eq!(error(Duration::MAX, second), "window");
        assert_eq!(error(Duration::from_secs(1 << 20), second), "window");
        assert!(LatestBuckets::new(second, 60 * second).is_ok());
    }

    #[test]
    fn hostile_state_is_refused_and_changes_nothing() {
        let mut w = window(2_000, 1_000);
        w.record(ms(1_000), 4.0);
        let before = w.clone();
        let state = |window: i64, buckets: Vec<i64>, values: Vec<f64>| {
            let mut out = StateWriter::default();
            out.put("window_ms", window);
            out.put("granularity_ms", 1_000_i64);
            out.put("buckets", buckets);
            out.put("values", values);
            out.finish()
        };
        for bad in [
            state(2_001, vec![], vec![]),
            state(2_000, vec![1], vec![]),
            state(2_000, vec![1, 1], vec![1.0, 2.0]),
            state(2_000, vec![2, 1], vec![1.0, 2.0]),
            state(2_000, vec![1, 2, 3, 4], vec![1.0; 4]),
            state(2_000, vec![i64::MAX], vec![1.0]),
            Value::Map(vec![]),
        ] {
            assert!(w.restore(&StateReader::new("w", &bad).unwrap()).is_err(), "{bad:?}");
            assert_eq!(w, before);
        }
        w.restore(&StateReader::new("w", &state(2_000, vec![1, 3], vec![1.0, 4.0])).unwrap()).unwrap();
        assert_eq!(w.average(), Some(2.5));
    }

    proptest! {
        #[test]
        fn it_answers_as_a_sorted_table_of_all_buckets(
            span in 1_i64..40,
            granularity in 1_i64..9,
            steps in prop::collection::vec((0_i64..30, -9_i32..10), 1..60),
        ) {
            let mut w = window(span as u64, granularity as u64);
            let mut table = BTreeMap::new();
            let mut now = 0;
            for (gap, value) in steps {
                now += gap;
                w.record(ms(now), f64::from(value) * 0.1);
                table.insert(now.div_euclid(granularity), f64::from(value) * 0.1);
                table.retain(|bucket, _| *bucket >= (now - span).div_euclid(granularity));
                let sum: f64 = table.values().fold(0.0, |sum, v| sum + v);
                prop_assert_eq!(w.average(), Some(sum / table.len() as f64));
                let mut out = StateWriter::default();
                w.save(&mut out);
                let mut back = window(span as u64, granularity as u64);
                back.restore(&StateReader::new("w", &out.finish()).unwrap()).unwrap();
                prop_assert_eq!(&back, &w);
            }
        }
    }
}
