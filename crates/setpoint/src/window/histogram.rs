//! Cumulative histograms, and a quantile of what was observed between two of them. It scrapes nothing and
//! remembers nothing: which earlier histogram to compare with is the caller's business.
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/histogram/histogram.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`. Upstream subtracts and multiplies in 64 bits that wrap around;
//! here no count is too large.
//!
//! Three results to know before trusting the number:
//!
//! - the last bucket, the one without an upper bound, is taken to reach to twice the bound before it, so a
//!   histogram that has no other bucket gives 0;
//! - the first bucket begins at 0, also where its bound is negative;
//! - nothing observed in between gives 0, not "nothing".

use core::cmp::Ordering;

use crate::error::StateError;
use crate::state::{StateReader, StateWriter, Value};

/// How many observations were at most `upper`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// The bucket's upper bound, in the unit of the observations; infinity for the last one.
    pub upper: f64,
    /// Observations of at most `upper` since the process started, those of the buckets below included.
    pub cumulative: i64,
}

/// A histogram as a process exposes it: everything since the process started.
///
/// The counts are taken as they come: a total that contradicts the buckets, or buckets that fall, show in
/// [`quantile`]. The default is a histogram that has seen nothing and has no buckets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    count: i64,
    buckets: Vec<Bucket>,
}

/// A bucket whose upper bound is no number, and so has no place among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the upper bound of bucket {bucket} is not a number")]
pub struct BoundError {
    /// Its place in the list given.
    pub bucket: usize,
}

/// Why two histograms have no quantile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantileError {
    /// The percentile is none.
    #[error("percentile is {percentile}: must be 1 to 100")]
    Percentile {
        /// What was asked for.
        percentile: i32,
    },
    /// There are fewer observations than before: the counters were reset.
    #[error("{now} observations are fewer than the earlier {past}")]
    CountFell {
        /// The total now.
        now: i64,
        /// The total before.
        past: i64,
    },
    /// The earlier histogram has another number of buckets.
    #[error("{now} buckets do not match the earlier {past}")]
    Buckets {
        /// Buckets now.
        now: usize,
        /// Buckets before.
        past: usize,
    },
    /// A bucket gained less than the one below it, which is part of it.
    #[error("bucket {bucket} gained less than the bucket below it")]
    NotMonotone {
        /// Its place, counted from the lowest bound.
        bucket: usize,
    },
    /// The buckets end below the rank: the total exceeds the last of them, or there are none.
    #[error("the quantile lies above the last of {buckets} buckets")]
    NotFound {
        /// Buckets now.
        buckets: usize,
    },
}

impl Histogram {
    /// A histogram of `count` observations in all, and its buckets as pairs of upper bound and cumulative
    /// count, in any order. Buckets of equal bounds keep the order given.
    ///
    /// # Errors
    /// If a bound is not a number.
    pub fn new(count: i64, buckets: impl IntoIterator<Item = (f64, i64)>) -> Result<Self, BoundError> {
        let mut buckets: Vec<Bucket> =
            buckets.into_iter().map(|(upper, cumulative)| Bucket { upper, cumulative }).collect();
        if let Some(bucket) = buckets.iter().position(|bucket| bucket.upper.is_nan()) {
            return Err(BoundError { bucket });
        }
        buckets.sort_by(|a, b| a.upper.partial_cmp(&b.upper).unwrap_or(Ordering::Equal));
        Ok(Self { count, buckets })
    }

    /// Observations in all.
    #[must_use]
    pub const fn count(&self) -> i64 {
        self.count
    }

    /// The buckets, lowest bound first.
    #[must_use]
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// Saves the counts and the bounds.
    pub fn save(&self, out: &mut StateWriter) {
        out.put("count", self.count);
        out.put("uppers", Value::list(self.buckets.iter().map(|bucket| bucket.upper)));
        out.put("cumulative", Value::list(self.buckets.iter().map(|bucket| bucket.cumulative)));
    }

    /// Takes up what another histogram saved.
    ///
    /// # Errors
    /// If a field is missing or no number, or the bounds are not in order or not as many as the counts.
    /// Nothing changes then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let count = from.int("count")?;
        let (uppers, cumulative) = (from.floats("uppers")?, from.list("cumulative")?);
        if uppers.len() != cumulative.len() {
            return Err(from.invalid("uppers", uppers.len(), "as many bounds as counts"));
        }
        if uppers.iter().any(|upper| upper.is_nan()) || !uppers.is_sorted() {
            return Err(from.invalid("uppers", "disorder", "bounds in order"));
        }
        let bucket = |(upper, cumulative): (f64, &Value)| match cumulative {
            Value::Int(cumulative) => Ok(Bucket { upper, cumulative: *cumulative }),
            _ => Err(from.invalid("cumulative", "something else", "whole numbers")),
        };
        let buckets = uppers.into_iter().zip(cumulative).map(bucket).collect::<Result<_, _>>()?;
        *self = Self { count, buckets };
        Ok(())
    }
}

/// The value below which `percentile` percent of the observations lie that `now` has and `past` has not, in
/// the unit of the bounds.
///
/// The rank is `ceil(observations * percentile / 100)`, and the value is interpolated within the bucket of the
/// rank, from its top downwards. An earlier histogram without buckets counts as one that had seen nothing in
/// any of them; of one with buckets only the counts are used, its bounds are not compared. Nothing observed in
/// between gives 0 without a look at the buckets. Bounds so large that twice the last one is infinite can give
/// a value that is infinite or not a number, as can a bound of negative infinity.
///
/// ```
/// use setpoint::window::histogram::{Histogram, quantile};
///
/// let past = Histogram::new(10, [(0.1, 8), (0.5, 10), (f64::INFINITY, 10)])?;
/// let now = Histogram::new(30, [(0.1, 8), (0.5, 29), (f64::INFINITY, 30)])?;
/// assert_eq!(quantile(95, &now, &past)?, 0.5);                    // the 19th of 20 new observations
/// assert_eq!(quantile(100, &now, &past)?, 1.0);                   // twice the last bound
/// assert_eq!(quantile(95, &now, &now)?, 0.0);                     // nothing new
/// assert_eq!(
///     quantile(95, &past, &now).unwrap_err().to_string(),
///     "10 observations are fewer than the earlier 30"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the percentile is outside 1 to 100, or the two histograms do not follow from each other.
pub fn quantile(percentile: i32, now: &Histogram, past: &Histogram) -> Result<f64, QuantileError> {
    if !(1..=100).contains(&percentile) {
        return Err(QuantileError::Percentile { percentile });
    }
    let observed = i128::from(now.count) - i128::from(past.count);
    if observed < 0 {
        return Err(QuantileError::CountFell { now: now.count, past: past.count });
    }
    if observed == 0 {
        return Ok(0.0);
    }
    let buckets = now.buckets.len();
    if !past.buckets.is_empty() && past.buckets.len() != buckets {
        return Err(QuantileError::Buckets { now: buckets, past: past.buckets.len() });
    }
    let rank = (observed * i128::from(percentile) + 99) / 100;
    let (mut low, mut below) = (0.0, 0_i128);
    for (place, bucket) in now.buckets.iter().enumerate() {
        let before = past.buckets.get(place).map_or(0, |bucket| i128::from(bucket.cumulative));
        let up_to = i128::from(bucket.cumulative) - before;
        if up_to < below {
            return Err(QuantileError::NotMonotone { bucket: place });
        }
        let high = if bucket.upper == f64::INFINITY { low * 2.0 } else { bucket.upper };
        let within = up_to - below;
        if within > 0 && rank <= up_to {
            return Ok(high - (up_to - rank) as f64 * (high - low) / within as f64);
        }
        (low, below) = (high, up_to);
    }
    Err(QuantileError::NotFound { buckets })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INF: f64 = f64::INFINITY;

    fn of(count: i64, buckets: &[(f64, i64)]) -> Histogram {
        Histogram::new(count, buckets.iter().copied()).unwrap()
    }

    fn since_start(percentile: i32, now: &Histogram) -> Result<f64, QuantileError> {
        quantile(percentile, now, &Histogram::default())
    }

    #[test]
    fn percentiles_are_1_to_100_whatever_the_histograms() {
        let empty = Histogram::default();
        for percentile in [i32::MIN, -1, 0, 101, i32::MAX] {
            assert_eq!(quantile(percentile, &empty, &empty), Err(QuantileError::Percentile { percentile }));
        }
        assert_eq!(quantile(1, &empty, &empty), Ok(0.0));
        assert_eq!(quantile(100, &empty, &empty), Ok(0.0));
    }

    #[test]
    fn nothing_new_is_zero_before_any_look_at_the_buckets() {
        let now = of(5, &[(1.0, 2), (2.0, 5)]);
        assert_eq!(quantile(95, &now, &of(5, &[(1.0, 9)])), Ok(0.0));
        assert_eq!(quantile(95, &of(4, &[]), &now), Err(QuantileError::CountFell { now: 4, past: 5 }));
    }

    #[test]
    fn the_number_of_buckets_is_compared_and_the_bounds_are_not() {
        let now = of(10, &[(1.0, 5), (2.0, 10)]);
        assert_eq!(quantile(95, &now, &of(1, &[(1.0, 1)])), Err(QuantileError::Buckets { now: 2, past: 1 }));
        assert_eq!(quantile(100, &now, &of(1, &[(7.0, 0), (9.0, 1)])), Ok(2.0));
        assert_eq!(quantile(100, &now, &of(1, &[])), Ok(2.0 - 1.0 * 1.0 / 5.0), "a total, but no buckets");
    }

    #[test]
    fn the_rank_is_rounded_up_and_interpolated_from_the_top() {
        let now = of(10, &[(4.0, 4), (10.0, 10)]);
        assert_eq!(since_start(40, &now), Ok(4.0));
        assert_eq!(since_start(41, &now), Ok(10.0 - 5.0 * 6.0 / 6.0), "rank 5, the first of six above 4");
        assert_eq!(since_start(1, &now), Ok(4.0 - 3.0 * 4.0 / 4.0));
        assert_eq!(since_start(100, &now), Ok(10.0));
        let product_first = of(10, &[(0.7, 10)]);
        assert_eq!(since_start(70, &product_first), Ok(0.7 - 3.0 * 0.7 / 10.0));
    }

    #[test]
    fn the_last_bucket_reaches_to_twice_the_bound_before() {
        assert_eq!(since_start(100, &of(4, &[(3.0, 1), (INF, 4)])), Ok(6.0));
        assert_eq!(since_start(50, &of(4, &[(3.0, 0), (INF, 4)])), Ok(6.0 - 2.0 * 3.0 / 4.0));
        assert_eq!(since_start(95, &of(4, &[(INF, 4)])), Ok(0.0));
        assert_eq!(since_start(100, &of(4, &[(-3.0, 0), (INF, 4)])), Ok(-6.0));
    }

    #[test]
    fn a_negative_first_bound_is_interpolated_from_zero() {
        assert_eq!(since_start(50, &of(4, &[(-2.0, 4)])), Ok(-2.0 - 2.0 * -2.0 / 4.0));
    }

    #[test]
    fn empty_buckets_are_passed_over_and_move_the_lower_bound() {
        let now = of(4, &[(1.0, 0), (2.0, 0), (4.0, 4)]);
        assert_eq!(since_start(25, &now), Ok(4.0 - 3.0 * 2.0 / 4.0));
    }

    #[test]
    fn what_does_not_follow_is_an_error_of_its_own() {
        let (now, past) = (of(9, &[(1.0, 5), (2.0, 9)]), of(1, &[(1.0, 0), (2.0, 5)]));
        assert_eq!(quantile(95, &now, &past), Err(QuantileError::NotMonotone { bucket: 1 }));
        assert_eq!(quantile(50, &now, &past), Ok(1.0 - 1.0 * 1.0 / 5.0), "found before the break is seen");
        let reset = of(1, &[(1.0, 6), (2.0, 6)]);
        assert_eq!(quantile(95, &now, &reset), Err(QuantileError::NotMonotone { bucket: 0 }));
        assert_eq!(since_start(95, &of(9, &[(1.0, 5)])), Err(QuantileError::NotFound { buckets: 1 }));
        assert_eq!(since_start(95, &of(9, &[])), Err(QuantileError::NotFound { buckets: 0 }));
    }

    #[test]
    fn buckets_are_sorted_and_a_bound_that_is_no_number_is_refused() {
        assert_eq!(of(3, &[(INF, 3), (1.0, 1), (2.0, 2)]), of(3, &[(1.0, 1), (2.0, 2), (INF, 3)]));
        assert_eq!(Histogram::new(1, [(1.0, 1), (f64::NAN, 1)]), Err(BoundError { bucket: 1 }));
    }

    #[test]
    fn extreme_counts_do_not_wrap() {
        let (most, least) = (of(i64::MAX, &[(1.0, i64::MAX)]), of(i64::MIN, &[(1.0, i64::MIN)]));
        assert_eq!(since_start(100, &most), Ok(1.0));
        assert!((since_start(95, &most).unwrap() - 0.95).abs() < 1e-12);
        assert_eq!(quantile(100, &most, &least), Ok(1.0));
        assert!(matches!(quantile(100, &least, &most), Err(QuantileError::CountFell { .. })));
    }

    #[test]
    fn restores_what_it_saved_and_refuses_the_rest() {
        let histogram = of(7, &[(-0.5, 1), (0.1, 3), (INF, 7)]);
        let mut out = StateWriter::default();
        histogram.save(&mut out);
        let Value::Map(fields) = out.finish() else { unreachable!() };
        let mut back = Histogram::default();
        back.restore(&StateReader::new("h", &Value::Map(fields.clone())).unwrap()).unwrap();
        assert_eq!(back, histogram);
        for (name, value) in [
            ("count", Value::Null),
            ("uppers", Value::list([0.1, 0.2])),
            ("uppers", Value::list([0.1, f64::NAN, 0.2])),
            ("uppers", Value::list([0.1, 0.3, 0.2])),
            ("cumulative", Value::list([0.1, 0.2, 0.3])),
        ] {
            let mut fields = fields.clone();
            fields.iter_mut().find(|f| f.0 == name).unwrap().1 = value;
            let bad = Value::Map(fields);
            assert!(back.restore(&StateReader::new("h", &bad).unwrap()).is_err(), "{bad:?}");
            assert_eq!(back, histogram);
        }
    }

    fn any_histogram() -> impl Strategy<Value = Histogram> {
        let bucket = (prop_oneof![4 => -2.0..50.0, 1 => Just(INF), 1 => any::<f64>()], -3_i64..200);
        (-3_i64..300, prop::collection::vec(bucket, 0..8)).prop_map(|(count, buckets)| {
            Histogram::new(count, buckets.into_iter().filter(|b: &(f64, i64)| !b.0.is_nan())).unwrap()
        })
    }

    proptest! {
        #[test]
        fn any_two_histograms_give_an_answer_or_an_error(now in any_histogram(), past in any_histogram(), p: i32) {
            let _ = quantile(p, &now, &past);
            let _ = quantile(p.rem_euclid(100) + 1, &now, &past);
        }

        #[test]
        fn a_higher_percentile_is_never_lower(
            gains in prop::collection::vec((0.01_f64..5.0, 0_i64..50), 1..8),
            start in prop::collection::vec(0_i64..50, 8),
        ) {
            let (mut upper, mut past_sum, mut now_sum) = (0.0, 0, 0);
            let (mut past, mut now) = (vec![], vec![]);
            for ((width, gain), start) in gains.iter().zip(&start) {
                upper += width;
                past_sum += start;
                now_sum += start + gain;
                past.push((upper, past_sum));
                now.push((upper, now_sum));
            }
            let (now, past) = (of(now_sum, &now), of(past_sum, &past));
            let mut last = 0.0;
            for percentile in 1..=100 {
                let value = quantile(percentile, &now, &past).unwrap();
                prop_assert!(value >= last - 1e-9 && value <= upper, "{} after {}", value, last);
                last = value;
            }
        }
    }
}
