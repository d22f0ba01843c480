//! A cumulative histogram as metrics text gives it, what was observed between two of them, and quantiles by linear interpolation as
//! Prometheus computes them. It remembers nothing.
//!
//! Source of the rule: `prometheus/prometheus`, `promql/quantile.go` (`bucketQuantile`), commit
//! `01381a80115bde3f6dbb392123980d0bfadf49af`, with its order of operations; where that gives "not a number" there is no quantile.
//!
//! [`window::histogram`](crate::window::histogram) has another rule, Kthena's, and so another type: its counts are whole numbers and its rank
//! is rounded up, it reaches beyond the last bound, and "nothing observed" is 0 there. Counts in metrics text are doubles, and sums over series
//! stay doubles. [`Distribution::whole`] leads from here to there.

use crate::error::StateError;
use crate::state::{StateReader, StateWriter, Value};
use crate::window::Histogram;

/// How many observations were at most `upper`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// The upper bound, in the unit of the observations; infinity for the last one.
    pub upper: f64,
    /// Observations of at most `upper`, those of the buckets below included.
    pub cumulative: f64,
}

/// Cumulative buckets in order of their bounds, each bound once; at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    buckets: Vec<Bucket>,
}

/// Buckets that make no histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BucketError {
    /// There are none.
    #[error("there are no buckets")]
    None,
    /// A bound is not a number, or a count is not finite or below 0.
    #[error("a bucket has no proper bound or count")]
    Bucket,
}

/// Differences of neighbouring counts that are smaller than this share are rounding errors, as upstream has it.
const PRECISION: f64 = 1e-12;

impl Distribution {
    /// A histogram of these buckets, in any order; counts of equal bounds are added up in the order given.
    ///
    /// # Errors
    /// If there are no buckets, a bound is not a number, or a count is not finite or below 0.
    pub fn new(mut buckets: Vec<Bucket>) -> Result<Self, BucketError> {
        if buckets.is_empty() {
            return Err(BucketError::None);
        }
        if buckets.iter().any(|b| b.upper.is_nan() || !b.cumulative.is_finite() || b.cumulative < 0.0) {
            return Err(BucketError::Bucket);
        }
        buckets.sort_by(|a, b| (a.upper + 0.0).total_cmp(&(b.upper + 0.0)));
        buckets.dedup_by(|next, kept| {
            let same = next.upper == kept.upper;
            if same {
                kept.cumulative += next.cumulative;
            }
            same
        });
        match buckets.iter().all(|b| b.cumulative.is_finite()) {
            true => Ok(Self { buckets }),
            false => Err(BucketError::Bucket),
        }
    }

    /// The buckets, lowest bound first.
    #[must_use]
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// Observations in all: the count of the last bucket.
    #[must_use]
    pub fn count(&self) -> f64 {
        self.buckets.last().map_or(0.0, |last| last.cumulative)
    }

    /// What was observed since `past`. If a count fell or the bounds are others, the process started anew in between, and everything that
    /// it shows was observed since.
    #[must_use]
    pub fn since(&self, past: &Self) -> Self {
        let pairs = || self.buckets.iter().zip(&past.buckets);
        let goes_on = self.buckets.len() == past.buckets.len()
            && pairs().all(|(now, past)| now.upper == past.upper && now.cumulative >= past.cumulative);
        if !goes_on {
            return self.clone();
        }
        let gained = |(now, past): (&Bucket, &Bucket)| Bucket {
            upper: now.upper,
            cumulative: now.cumulative - past.cumulative,
        };
        Self { buckets: pairs().map(gained).collect() }
    }

    /// The value below which the share `level` of the observations lies, in the unit of the bounds.
    ///
    /// | case | result |
    /// |---|---|
    /// | within a bucket | linear between its bounds |
    /// | within the lowest bucket | from 0 upwards; if its bound is not above 0, that bound |
    /// | within the last bucket | the bound before it |
    /// | counts that fall from one bucket to the next | the later one is raised to the earlier one |
    /// | no bucket up to infinity, or no other one | none |
    /// | nothing observed | none |
    /// | `level` outside 0 to 1 | none |
    ///
    /// ```
    /// use setpoint::exposition::{Bucket, Distribution};
    /// let bucket = |upper, cumulative| Bucket { upper, cumulative };
    /// let seen = Distribution::new(vec![bucket(0.1, 8.0), bucket(0.5, 18.0), bucket(f64::INFINITY, 20.0)])?;
    /// assert_eq!(seen.quantile(0.65), Some(0.1 + (0.5 - 0.1) * (5.0 / 10.0)));
    /// assert_eq!(seen.quantile(0.99), Some(0.5));
    /// assert_eq!(seen.since(&seen).quantile(0.5), None);
    /// # Ok::<(), setpoint::exposition::BucketError>(())
    /// ```
    #[must_use]
    pub fn quantile(&self, level: f64) -> Option<f64> {
        let last = self.buckets.len() - 1;
        if !(0.0..=1.0).contains(&level) || self.buckets[last].upper != f64::INFINITY || last == 0 {
            return None;
        }
        let counts = smooth(&self.buckets);
        let observations = counts[last];
        if observations == 0.0 {
            return None;
        }
        let mut rank = level * observations;
        let place = counts[..last].partition_point(|count| *count < rank);
        let bound = |at: usize| self.buckets[at].upper;
        let value = if place == last {
            bound(last - 1)
        } else if place == 0 && bound(0) <= 0.0 {
            bound(0)
        } else {
            let (mut start, mut count) = (0.0, counts[place]);
            if place > 0 {
                start = bound(place - 1);
                count -= counts[place - 1];
                rank -= counts[place - 1];
            }
            start + (bound(place) - start) * (rank / count)
        };
        Some(value).filter(|v| v.is_finite())
    }

    /// The same buckets for Kthena's rule, if all counts are whole numbers below 2^53.
    #[must_use]
    pub fn whole(&self) -> Option<Histogram> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let whole = |count: f64| (count.fract() == 0.0 && count < EXACT).then_some(count as i64);
        let pair = |b: &Bucket| Some((b.upper, whole(b.cumulative)?));
        let buckets: Option<Vec<(f64, i64)>> = self.buckets.iter().map(pair).collect();
        Histogram::new(whole(self.count())?, buckets?).ok()
    }

    /// Saves bounds and counts.
    pub fn save(&self, out: &mut StateWriter) {
        out.put("uppers", Value::list(self.buckets.iter().map(|b| b.upper)));
        out.put("cumulative", Value::list(self.buckets.iter().map(|b| b.cumulative)));
    }

    /// What another one saved.
    ///
    /// # Errors
    /// If a field is missing, or the buckets are none that this library makes.
    pub fn restored(from: &StateReader<'_>) -> Result<Self, StateError> {
        let (uppers, counts) = (from.floats("uppers")?, from.floats("cumulative")?);
        if uppers.len() != counts.len() {
            return Err(from.invalid("uppers", uppers.len(), "as many bounds as counts"));
        }
        let bucket = |(&upper, &cumulative): (&f64, &f64)| Bucket { upper, cumulative };
        let buckets: Vec<Bucket> = uppers.iter().zip(&counts).map(bucket).collect();
        let made = Self::new(buckets).map_err(|error| from.invalid("cumulative", error, "counts"))?;
        match made.buckets.iter().map(|b| b.upper).eq(uppers) {
            true => Ok(made),
            false => Err(from.invalid("uppers", "disorder", "bounds in order, each once")),
        }
    }
}

/// The counts without rounding errors and without falls.
fn smooth(buckets: &[Bucket]) -> Vec<f64> {
    let mut counts: Vec<f64> = buckets.iter().map(|b| b.cumulative).collect();
    let mut before = counts[0];
    for count in &mut counts[1..] {
        let delta = (*count - before).abs();
        if delta != 0.0 && delta / *count <= PRECISION {
            *count = before;
        } else {
            before = *count;
        }
    }
    let mut most = counts[0];
    for count in &mut counts[1..] {
        most = most.max(*count);
        *count = most;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INF: f64 = f64::INFINITY;

    fn of(buckets: &[(f64, f64)]) -> Distribution {
        Distribution::new(buckets.iter().map(|&(upper, cumulative)| Bucket { upper, cumulative }).collect())
            .unwrap()
    }

    #[test]
    fn within_a_bucket_it_is_linear() {
        let seen = of(&[(1.0, 10.0), (2.0, 30.0), (4.0, 40.0), (INF, 40.0)]);
        assert_eq!(seen.quantile(0.125), Some(0.5));
        assert_eq!(seen.quantile(0.25), Some(1.0));
        assert_eq!(seen.quantile(0.5), Some(1.5));
        assert_eq!(seen.quantile(0.875), Some(3.0));
        assert_eq!(seen.quantile(1.0), Some(4.0));
        assert_eq!(seen.quantile(0.0), Some(0.0));
    }

    #[test]
    fn the_lowest_and_the_last_bucket_have_rules_of_their_own() {
        assert_eq!(of(&[(-1.0, 5.0), (1.0, 10.0), (INF, 10.0)]).quantile(0.2), Some(-1.0));
        assert_eq!(of(&[(0.0, 5.0), (1.0, 10.0), (INF, 10.0)]).quantile(0.2), Some(0.0));
        assert_eq!(of(&[(0.0, 0.0), (1.0, 10.0), (INF, 10.0)]).quantile(0.0), Some(0.0));
        assert_eq!(of(&[(-1.0, 5.0), (1.0, 10.0), (INF, 10.0)]).quantile(0.75), Some(0.0));
        assert_eq!(of(&[(1.0, 5.0), (INF, 10.0)]).quantile(0.9), Some(1.0));
    }

    #[test]
    fn without_a_last_bucket_or_observations_there_is_none() {
        assert_eq!(of(&[(1.0, 5.0), (2.0, 10.0)]).quantile(0.5), None, "no bucket up to infinity");
        assert_eq!(of(&[(INF, 10.0)]).quantile(0.5), None, "no other bucket");
        assert_eq!(of(&[(1.0, 0.0), (INF, 0.0)]).quantile(0.5), None, "nothing observed");
        assert_eq!(of(&[(1.0, 0.0), (2.0, 4.0), (INF, 4.0)]).quantile(0.0), None, "0 of an empty bucket");
        let seen = of(&[(1.0, 5.0), (INF, 10.0)]);
        for level in [-0.1, 1.1, f64::NAN, INF] {
            assert_eq!(seen.quantile(level), None, "{level}");
        }
    }

    #[test]
    fn equal_bounds_are_added_up_and_order_does_not_matter() {
        let mixed = of(&[(INF, 10.0), (1.0, 4.0), (INF, 20.0), (1.0, 6.0), (-0.0, 1.0), (0.0, 1.0)]);
        assert_eq!(mixed, of(&[(0.0, 2.0), (1.0, 10.0), (INF, 30.0)]));
    }

    #[test]
    fn counts_that_fall_are_raised() {
        let fallen = of(&[(1.0, 10.0), (2.0, 4.0), (4.0, 20.0), (INF, 18.0)]);
        assert_eq!(
            fallen.quantile(0.75),
            of(&[(1.0, 10.0), (2.0, 10.0), (4.0, 20.0), (INF, 20.0)]).quantile(0.75)
        );
        let noise = of(&[(1.0, 1e15), (2.0, 1e15 + 1.0), (INF, 2e15)]);
        assert_eq!(
            noise.quantile(0.5 + 2e-16),
            of(&[(1.0, 1e15), (2.0, 1e15), (INF, 2e15)]).quantile(0.5 + 2e-16)
        );
    }

    #[test]
    fn buckets_that_make_no_histogram_are_refused() {
        let of = |upper, cumulative| Distribution::new(vec![Bucket { upper, cumulative }]);
        assert_eq!(Distribution::new(vec![]), Err(BucketError::None));
        for (upper, count) in [(f64::NAN, 1.0), (1.0, f64::NAN), (1.0, -1.0), (1.0, INF)] {
            assert_eq!(of(upper, count), Err(BucketError::Bucket));
        }
    }

    #[test]
    fn a_fall_or_other_bounds_mean_a_new_start() {
        let past = of(&[(1.0, 5.0), (INF, 10.0)]);
        let now = of(&[(1.0, 7.0), (INF, 16.0)]);
        assert_eq!(now.since(&past), of(&[(1.0, 2.0), (INF, 6.0)]));
        assert_eq!(past.since(&now), past, "the counts fell");
        let one_fell = of(&[(1.0, 4.0), (INF, 30.0)]);
        assert_eq!(one_fell.since(&past), one_fell, "one count fell although the total grew");
        let other = of(&[(2.0, 7.0), (INF, 16.0)]);
        assert_eq!(other.since(&past), other, "another bound");
        let more = of(&[(1.0, 7.0), (2.0, 8.0), (INF, 16.0)]);
        assert_eq!(more.since(&past), more, "another number of bounds");
    }

    #[test]
    fn whole_counts_lead_to_the_other_rule() {
        let whole = of(&[(1.0, 5.0), (INF, 10.0)]).whole().unwrap();
        assert_eq!(whole, Histogram::new(10, [(1.0, 5), (INF, 10)]).unwrap());
        assert_eq!(of(&[(1.0, 5.5), (INF, 10.0)]).whole(), None);
        assert_eq!(of(&[(1.0, 5.0), (INF, 1e16)]).whole(), None);
    }

    #[test]
    fn restores_what_it_saved_and_refuses_the_rest() {
        let saved = |uppers: &[f64], counts: &[f64]| {
            let mut out = StateWriter::default();
            out.put("uppers", Value::list(uppers.iter().copied()));
            out.put("cumulative", Value::list(counts.iter().copied()));
            Distribution::restored(&StateReader::new("d", &out.finish()).unwrap())
        };
        let mut out = StateWriter::default();
        let seen = of(&[(-0.5, 1.0), (0.1, 2.5), (INF, 4.0)]);
        seen.save(&mut out);
        assert_eq!(Distribution::restored(&StateReader::new("d", &out.finish()).unwrap()), Ok(seen));
        assert!(saved(&[1.0, INF], &[1.0, 2.0]).is_ok());
        for (uppers, counts) in [
            (&[][..], &[][..]),
            (&[1.0], &[1.0, 2.0]),
            (&[2.0, 1.0], &[1.0, 2.0]),
            (&[1.0, 1.0], &[1.0, 2.0]),
            (&[f64::NAN, 1.0], &[1.0, 2.0]),
            (&[1.0, 2.0], &[1.0, -2.0]),
        ] {
            assert!(saved(uppers, counts).is_err(), "{uppers:?} {counts:?}");
        }
    }

    proptest! {
        #[test]
        fn quantiles_rise_with_the_level_and_stay_within_the_bounds(
            steps in prop::collection::vec((0.001_f64..5.0, 0_u32..50), 1..10), above in 0_u32..5,
        ) {
            let (mut upper, mut count) = (0.0, 0.0);
            let mut buckets = vec![];
            for (width, gain) in steps {
                (upper, count) = (upper + width, count + f64::from(gain));
                buckets.push((upper, count));
            }
            buckets.push((INF, count + f64::from(above)));
            let seen = of(&buckets);
            let mut last = 0.0;
            for percent in 1..=100 {
                let Some(value) = seen.quantile(f64::from(percent) / 100.0) else {
                    prop_assert_eq!(seen.count(), 0.0);
                    continue;
                };
                prop_assert!(value >= last - 1e-9 && value <= upper, "{} after {}", value, last);
                last = value;
            }
        }
    }
}
