//! The metric windows that upstream computes and no decision reads: averages, extremes and percentiles over a short (panic) and a long (stable)
//! window. For windows that decide, use the wing of the Knative autoscaler.
//!
//! Samples stay in the order in which they were recorded, whatever their times: one that is late and older than what is kept survives
//! behind newer ones, outside the windows. Every question looks at all samples kept, at most `max_points`.
//!
//! Source: `BudEcosystem/scaler`, `pkg/aggregation/aggregator.go`, commit `79bffc5e9778ab80a20c5e0a6d39d9e780750122`. Ours: a sample that is
//! not finite is not kept.

use crate::error::{ConfigError, StateError};
use crate::rounding::trunc32;
use crate::state::{StateReader, StateWriter, Value};
use crate::time::Timestamp;
use core::time::Duration;
use std::collections::VecDeque;

/// How much longer than the stable window samples are kept.
const GRACE: Duration = Duration::from_secs(60);

/// Two windows over the samples of one metric.
///
/// | setting | default | range | unit |
/// |---|---|---|---|
/// | `panic_window` | 60 s | any | span |
/// | `stable_window` | 180 s | any | span |
/// | `max_points` | 360 | 1 to 100,000 | samples |
///
/// ```
/// use setpoint::{Timestamp, bud::Aggregator};
/// let at = Timestamp::from_secs;
/// let mut load = Aggregator::default();
/// load.record(at(0), 10.0);
/// load.record(at(100), 40.0);
/// assert_eq!((load.panic_average(at(100)), load.stable_average(at(100))), (Some(40.0), Some(25.0)));
/// assert!(load.in_panic(at(100), 50.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregator {
    panic_window: Duration,
    stable_window: Duration,
    max_points: usize,
    points: VecDeque<(Timestamp, f64)>,
}

impl Default for Aggregator {
    fn default() -> Self {
        Self {
            panic_window: Duration::from_secs(60),
            stable_window: Duration::from_secs(180),
            max_points: 360,
            points: VecDeque::new(),
        }
    }
}

impl Aggregator {
    /// Windows of these lengths, and at most `max_points` samples.
    ///
    /// # Errors
    /// If `max_points` is 0 or above 100,000.
    pub fn new(
        panic_window: Duration,
        stable_window: Duration,
        max_points: usize,
    ) -> Result<Self, ConfigError> {
        if !(1..=100_000).contains(&max_points) {
            return Err(ConfigError::new("max_points", max_points, "1 to 100000"));
        }
        Ok(Self { panic_window, stable_window, max_points, points: VecDeque::new() })
    }

    /// Takes a sample of `at` in. Samples in front that are not newer than the stable window and a minute before it are dropped.
    pub fn record(&mut self, at: Timestamp, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.points.push_back((at, value));
        if self.points.len() > self.max_points {
            self.points.pop_front();
        }
        let cutoff = at - self.stable_window.saturating_add(GRACE);
        while self.points.front().is_some_and(|(oldest, _)| *oldest <= cutoff) {
            self.points.pop_front();
        }
    }

    /// How many samples are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether no sample is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The average over the samples newer than `now - window`; `None` where there are none.
    #[must_use]
    pub fn average(&self, now: Timestamp, window: Duration) -> Option<f64> {
        let (sum, n) = self.inside(now, window).fold((0.0, 0_u32), |(sum, n), value| (sum + value, n + 1));
        (n > 0).then(|| sum / f64::from(n))
    }

    /// The average over the panic window.
    #[must_use]
    pub fn panic_average(&self, now: Timestamp) -> Option<f64> {
        self.average(now, self.panic_window)
    }

    /// The average over the stable window.
    #[must_use]
    pub fn stable_average(&self, now: Timestamp) -> Option<f64> {
        self.average(now, self.stable_window)
    }

    /// The largest sample of the stable window.
    #[must_use]
    pub fn stable_max(&self, now: Timestamp) -> Option<f64> {
        self.inside(now, self.stable_window).reduce(f64::max)
    }

    /// The smallest sample of the stable window.
    #[must_use]
    pub fn stable_min(&self, now: Timestamp) -> Option<f64> {
        self.inside(now, self.stable_window).reduce(f64::min)
    }

    /// The sample of the stable window at the lower rank of `percent` (0 to 100, what is outside counts as the end of the range, NaN as 0). It
    /// sorts, so it allocates.
    #[must_use]
    pub fn stable_percentile(&self, now: Timestamp, percent: f64) -> Option<f64> {
        let mut sorted: Vec<f64> = self.inside(now, self.stable_window).collect();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        let rank = trunc32(last as f64 * percent / 100.0).and_then(|rank| usize::try_from(rank).ok());
        sorted.get(rank.unwrap_or(0).min(last)).copied()
    }

    /// Whether the average of the panic window exceeds that of the stable one by more than `tolerance_percent`; over an average of 0 anything
    /// does. False while a window is empty.
    #[must_use]
    pub fn in_panic(&self, now: Timestamp, tolerance_percent: f64) -> bool {
        match (self.panic_average(now), self.stable_average(now)) {
            (Some(panic), Some(0.0)) => panic > 0.0,
            (Some(panic), Some(stable)) => panic > stable * (1.0 + tolerance_percent / 100.0),
            _ => false,
        }
    }

    /// Writes down the samples.
    pub fn save(&self, out: &mut StateWriter) {
        out.put("at", Value::list(self.points.iter().map(|(at, _)| *at)));
        out.put("values", Value::list(self.points.iter().map(|(_, value)| *value)));
    }

    /// Takes back what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// If there are more samples than this configuration keeps, a sample is not finite, or times and values differ in number. Nothing has
    /// changed then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let values = from.floats("values")?;
        let times = from.list("at")?;
        if times.len() != values.len() || times.len() > self.max_points {
            let expected = format!("one time per value, at most {}", self.max_points);
            return Err(from.invalid("at", format_args!("{} times", times.len()), expected));
        }
        let mut points = VecDeque::with_capacity(times.len());
        for (at, value) in times.iter().zip(values) {
            match at {
                Value::Int(at) if value.is_finite() => points.push_back((Timestamp::from_millis(*at), value)),
                _ => return Err(from.invalid("values", value, "finite samples with whole times")),
            }
        }
        self.points = points;
        Ok(())
    }

    fn inside(&self, now: Timestamp, window: Duration) -> impl Iterator<Item = f64> + '_ {
        let edge = now - window;
        self.points.iter().filter(move |(at, _)| *at > edge).map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_secs(s)
    }

    fn filled(points: &[(i64, f64)]) -> Aggregator {
        let mut all = Aggregator::default();
        points.iter().for_each(|(s, value)| all.record(at(*s), *value));
        all
    }

    #[test]
    fn a_sample_exactly_as_old_as_the_window_is_outside() {
        let all = filled(&[(0, 10.0), (60, 30.0)]);
        assert_eq!((all.panic_average(at(59)), all.panic_average(at(60))), (Some(20.0), Some(30.0)));
        assert_eq!((all.stable_max(at(180)), all.stable_min(at(179))), (Some(30.0), Some(10.0)));
        assert_eq!((all.panic_average(at(120)), all.stable_percentile(at(240), 50.0)), (None, None));
    }

    #[test]
    fn old_samples_leave_from_the_front_alone() {
        let mut all = filled(&[(0, 1.0), (1, 2.0)]);
        all.record(at(240), 3.0);
        assert_eq!(all.len(), 2);
        all.record(at(10), 9.0);
        assert_eq!((all.len(), all.stable_max(at(240))), (3, Some(3.0)));
        all.record(at(500), 4.0);
        assert_eq!(all.len(), 1);
    }

    #[test]
    fn the_first_recorded_is_dropped_where_there_are_too_many() {
        let mut few = Aggregator::new(Duration::from_secs(60), Duration::from_secs(180), 2).unwrap();
        for s in 0..5 {
            few.record(at(s), s as f64);
        }
        assert_eq!((few.len(), few.stable_min(at(5))), (2, Some(3.0)));
        assert_eq!(Aggregator::new(Duration::ZERO, Duration::ZERO, 0).unwrap_err().field, "max_points");
    }

    #[test]
    fn percentiles_take_the_lower_rank() {
        let all = filled(&[(1, 40.0), (2, 10.0), (3, 30.0), (4, 20.0)]);
        let at = |percent| all.stable_percentile(at(4), percent);
        assert_eq!([at(0.0), at(50.0), at(99.0), at(100.0)], [10.0, 20.0, 30.0, 40.0].map(Some));
        assert_eq!([at(-5.0), at(900.0), at(f64::NAN)], [10.0, 40.0, 10.0].map(Some));
    }

    #[test]
    fn panic_is_a_matter_of_more_than_the_tolerance() {
        let all = filled(&[(0, 10.0), (100, 30.0)]);
        assert!(all.in_panic(at(100), 49.0) && !all.in_panic(at(100), 50.0));
        assert!(filled(&[(0, -1.0), (100, 1.0)]).in_panic(at(100), 900.0));
        assert!(!filled(&[(0, 5.0)]).in_panic(at(100), 0.0));
        assert!(!filled(&[(0, 0.0)]).in_panic(at(10), 0.0));
    }

    #[test]
    fn what_is_not_finite_is_not_kept_and_hostile_state_changes_nothing() {
        let mut all = filled(&[(0, f64::NAN), (1, f64::INFINITY), (2, 5.0)]);
        assert_eq!(all.len(), 1);
        let saved = |of: &Aggregator| {
            let mut out = StateWriter::default();
            of.save(&mut out);
            out.finish()
        };
        let before = all.clone();
        let many = saved(&filled(&[(0, 1.0), (1, 2.0)]));
        let mut one = Aggregator::new(Duration::ZERO, Duration::ZERO, 1).unwrap();
        assert!(one.restore(&StateReader::new("a", &many).unwrap()).is_err());
        let odd = |at: Value, values: Value| Value::Map(vec![("at".into(), at), ("values".into(), values)]);
        for bad in [
            odd(Value::list([1_i64]), Value::list([f64::NAN])),
            odd(Value::list([1_i64, 2]), Value::list([1.0])),
            odd(Value::list(["x"]), Value::list([1.0])),
            odd(Value::Null, Value::Null),
        ] {
            assert!(all.restore(&StateReader::new("a", &bad).unwrap()).is_err());
            assert_eq!(all, before);
        }
        all.restore(&StateReader::new("a", &many).unwrap()).unwrap();
        assert_eq!(all, filled(&[(0, 1.0), (1, 2.0)]));
    }
}
