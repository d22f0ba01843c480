//! The Gaussian model as pure functions: the two tails, the article's formulas as printed, and the threshold rule on an upper
//! quantile. No memory.
//!
//! Source: document 001 of this project, sections 4.1 to 4.3; see the wing's page for what is wrong with it.

use crate::error::ConfigError;
use crate::rounding::half_up32;
use crate::stats::{normal_quantile, normal_upper_tail};

use super::super::config::{Limits, Thresholds};
use super::super::rule::{self, Outcome};

/// Utilization as a normal distribution.
///
/// ```
/// use setpoint::gaussian::Model;
/// let model = Model::new(0.6, 0.1)?;
/// assert!((model.above(0.8) - 0.022750131948179).abs() < 1e-15);
/// assert!(Model::new(0.6, -0.1).is_err());
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Model {
    mean: f64,
    deviation: f64,
}

impl Model {
    /// The distribution of this mean and standard deviation, in the unit of the thresholds.
    ///
    /// # Errors
    /// If either is not finite or the deviation is negative.
    pub fn new(mean: f64, deviation: f64) -> Result<Self, ConfigError> {
        if !mean.is_finite() {
            return Err(ConfigError::new("mean", mean, "finite"));
        }
        if !(deviation.is_finite() && deviation >= 0.0) {
            return Err(ConfigError::new("deviation", deviation, "at least 0 and finite"));
        }
        Ok(Self { mean, deviation })
    }

    /// The mean.
    #[must_use]
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// The standard deviation.
    #[must_use]
    pub const fn deviation(&self) -> f64 {
        self.deviation
    }

    /// The probability of more than `threshold`. Without a deviation: 1 if the mean is above it, else 0.
    #[must_use]
    pub fn above(&self, threshold: f64) -> f64 {
        self.tail(threshold - self.mean)
    }

    /// The probability of less than `threshold`. Without a deviation: 1 if the mean is below it, else 0.
    #[must_use]
    pub fn below(&self, threshold: f64) -> f64 {
        self.tail(self.mean - threshold)
    }

    fn tail(&self, distance: f64) -> f64 {
        if self.deviation == 0.0 {
            return if distance < 0.0 { 1.0 } else { 0.0 };
        }
        normal_upper_tail(distance / self.deviation)
    }

    /// What is exceeded with the probability `overload`.
    #[must_use]
    pub fn upper_quantile(&self, overload: Overload) -> f64 {
        self.mean + overload.z * self.deviation
    }
}

/// An accepted probability of overload, above 0 and below 0.5, with its normal quantile.
///
/// ```
/// use setpoint::gaussian::Overload;
/// assert_eq!(Overload::default().probability(), 0.05);
/// assert!((Overload::new(0.05)?.z() - 1.6448536269514722).abs() < 1e-15);
/// assert!(Overload::new(0.5).is_err());
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overload {
    probability: f64,
    z: f64,
}

impl Default for Overload {
    fn default() -> Self {
        Self::of(0.05)
    }
}

impl Overload {
    /// This probability.
    ///
    /// # Errors
    /// If it is not above 0 and below 0.5.
    pub fn new(probability: f64) -> Result<Self, ConfigError> {
        if !(probability > 0.0 && probability < 0.5) {
            return Err(ConfigError::new("overload_probability", probability, "above 0 and below 0.5"));
        }
        Ok(Self::of(probability))
    }

    fn of(probability: f64) -> Self {
        Self { probability, z: -normal_quantile(probability) }
    }

    /// The probability.
    #[must_use]
    pub const fn probability(&self) -> f64 {
        self.probability
    }

    /// How many standard deviations above the mean are exceeded with this probability.
    #[must_use]
    pub const fn z(&self) -> f64 {
        self.z
    }
}

/// What the article's formulas give. They decide nothing: both tails are positive at once, and the article does not say which acts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Literal {
    /// P(U > TU).
    pub p_above: f64,
    /// P(U < TL).
    pub p_below: f64,
    /// `P+ N^2 / (1 - P+ N)`; none where the formula is singular, that is where `P+ N >= 1`. A caller that must act takes its maximum.
    pub added: Option<f64>,
    /// The replicas to add, rounded half up.
    pub added_replicas: Option<i64>,
    /// `P- N`, the article's final formula.
    pub removed: f64,
    /// The replicas to remove, rounded half up.
    pub removed_replicas: i64,
    /// `P- N^2`, what the article's own equation for removing solves to.
    pub removed_by_stated_equation: f64,
}

impl Literal {
    /// Whether the formula for adding has no solution.
    #[must_use]
    pub const fn singular(&self) -> bool {
        self.added.is_none()
    }
}

/// The article's formulas as printed. For study and comparison only.
///
/// ```
/// use setpoint::gaussian::{Model, literal};
/// use setpoint::threshold::Thresholds;
/// let (model, band) = (Model::new(0.6, 0.1)?, Thresholds::new(0.4, 0.8)?);
/// assert_eq!(literal(&model, &band, 10).added_replicas, Some(3)); // the article prints 2
/// assert!(literal(&model, &band, 44).singular());
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[must_use]
pub fn literal(model: &Model, thresholds: &Thresholds, current: i64) -> Literal {
    let n = current as f64;
    let (p_above, p_below) = (model.above(thresholds.upper()), model.below(thresholds.lower()));
    let added = (p_above * n < 1.0).then(|| p_above * n * n / (1.0 - p_above * n));
    let removed = p_below * n;
    Literal {
        p_above,
        p_below,
        added,
        added_replicas: added.and_then(half_up32),
        removed,
        // Never NaN: a probability times a count.
        removed_replicas: half_up32(removed).unwrap_or(0),
        removed_by_stated_equation: p_below * n * n,
    }
}

/// The corrected form: the proportional threshold rule applied to the upper quantile, so that a count grows exactly where the
/// probability of overload is above the accepted one, and is then the smallest that brings it there. With `missing` the
/// distribution may be out of date, and the count does not fall.
///
/// ```
/// use setpoint::gaussian::{Model, Overload, proportional};
/// use setpoint::threshold::{Limits, Thresholds};
/// let (band, limits) = (Thresholds::new(0.4, 0.8)?, Limits::new(1, 100)?);
/// let at = |model| proportional(&model, Overload::default(), &band, limits, 10, false);
/// assert_eq!(at(Model::new(0.6, 0.1)?).desired, 10); // a chance of 2.3 % of exceeding 0.8 is accepted
/// assert_eq!(at(Model::new(0.6, 0.2)?).desired, 12); // one of 16 % is not
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[must_use]
pub fn proportional(
    model: &Model,
    overload: Overload,
    thresholds: &Thresholds,
    limits: Limits,
    current: i64,
    missing: bool,
) -> Outcome {
    // A mean far below zero is no load. A sum beyond all numbers is all the load there can be.
    let quantile = model.upper_quantile(overload).clamp(0.0, f64::MAX);
    rule::proportional(
        thresholds,
        limits,
        current,
        [Some(quantile)].into_iter().chain(missing.then_some(None)),
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::rule::Action;
    use super::*;
    use proptest::prelude::*;

    fn band() -> Thresholds {
        Thresholds::new(0.4, 0.8).unwrap()
    }

    fn limits() -> Limits {
        Limits::new(1, 1_000).unwrap()
    }

    fn at(mean: f64, deviation: f64, current: i64) -> Outcome {
        let model = Model::new(mean, deviation).unwrap();
        proportional(&model, Overload::default(), &band(), limits(), current, false)
    }

    #[test]
    fn the_worked_example_is_three_and_not_two() {
        let exact = literal(&Model::new(0.6, 0.1).unwrap(), &band(), 10);
        assert!((exact.added.unwrap() - 2.945_005_929_708_249).abs() < 1e-12);
        assert_eq!((exact.added_replicas, exact.removed_replicas, exact.singular()), (Some(3), 0, false));
        assert!((exact.removed - 0.227_501_319_481_792_1).abs() < 1e-14);
        assert!((exact.removed_by_stated_equation - 2.275_013_194_817_921).abs() < 1e-13);
        let forgotten: f64 = 0.0228 * 100.0 / (1.0 - 0.0228);
        assert_eq!((forgotten * 100.0).round(), 233.0, "2.33 is what comes without N in the denominator");
        assert_eq!(at(0.6, 0.1, 10).action, Action::None);
    }

    #[test]
    fn the_literal_form_is_singular_where_overload_is_certain() {
        let model = |mean, deviation| Model::new(mean, deviation).unwrap();
        assert!(!literal(&model(0.6, 0.1), &band(), 43).singular());
        assert!(literal(&model(0.6, 0.1), &band(), 44).singular());
        assert!(literal(&model(0.8, 0.1), &band(), 2).singular(), "P N is exactly 1");
        let small = literal(&model(0.81, 0.005), &band(), 10);
        assert_eq!((small.singular(), small.added_replicas), (true, None));
        assert_eq!(at(0.81, 0.005, 10).desired, 11);
        assert_eq!(literal(&model(0.9, 0.1), &band(), 0).added, Some(0.0));
    }

    #[test]
    fn without_deviation_the_tails_are_steps_and_the_rule_is_the_threshold() {
        let model = |mean| Model::new(mean, 0.0).unwrap();
        assert_eq!((model(0.81).above(0.8), model(0.8).above(0.8), model(0.79).above(0.8)), (1.0, 0.0, 0.0));
        assert_eq!((model(0.39).below(0.4), model(0.4).below(0.4), model(0.41).below(0.4)), (1.0, 0.0, 0.0));
        for mean in [0.0, 0.1, 0.4, 0.6, 0.8, 0.81, 2.5] {
            assert_eq!(at(mean, 0.0, 10), rule::proportional(&band(), limits(), 10, [Some(mean)]), "{mean}");
        }
    }

    #[test]
    fn odd_distributions_have_an_outcome_or_an_error() {
        assert_eq!(at(-5.0, 0.1, 10).desired, 1, "a negative quantile is no load");
        assert_eq!(at(0.9, 0.1, 0).desired, 1);
        assert_eq!(at(f64::MAX, f64::MAX, 10).desired, 1_000);
        assert_eq!(at(f64::MIN, 0.0, 10).desired, 1);
        assert!(Model::new(f64::MIN, 0.1).unwrap().upper_quantile(Overload::default()) < 0.0);
        for (mean, deviation, field) in [
            (f64::NAN, 0.1, "mean"),
            (f64::INFINITY, 0.1, "mean"),
            (0.6, -0.1, "deviation"),
            (0.6, f64::NAN, "deviation"),
            (0.6, f64::INFINITY, "deviation"),
        ] {
            assert_eq!(Model::new(mean, deviation).unwrap_err().field, field);
        }
        for bad in [0.0, 0.5, 1.0, -0.1, f64::NAN] {
            assert_eq!(Overload::new(bad).unwrap_err().field, "overload_probability", "{bad}");
        }
    }

    #[test]
    fn what_may_be_out_of_date_does_not_remove() {
        let of = |mean, missing| {
            let model = Model::new(mean, 0.01).unwrap();
            proportional(&model, Overload::default(), &band(), limits(), 10, missing)
        };
        assert_eq!((of(0.1, false).desired, of(0.1, true).desired), (3, 10));
        assert!(of(0.1, true).held_by_missing);
        assert_eq!(of(0.9, true).desired, of(0.9, false).desired);
    }

    proptest! {
        #[test]
        fn it_grows_exactly_where_overload_is_too_likely(mean in 0.0..1.5, deviation in 0.001..0.4, n in 1_i64..200) {
            let (model, overload) = (Model::new(mean, deviation).unwrap(), Overload::default());
            let likely = model.above(0.8);
            prop_assume!((likely / 0.05 - 1.0).abs() > 1e-6);
            // One replica in a thousand is below what a snap forgives nowhere in this range.
            let wide = Limits::new(0, 1_000_000).unwrap();
            let grows = proportional(&model, overload, &band(), wide, n, false).action == Action::ScaleUp;
            prop_assert_eq!(grows, likely > 0.05);
        }

        #[test]
        fn the_count_is_the_smallest_that_keeps_the_chance(mean in 0.5..1.5, deviation in 0.001..0.4, n in 1_i64..200) {
            let want = at(mean, deviation, n);
            prop_assume!(want.action == Action::ScaleUp && want.desired < 1_000);
            let with = |count: i64| {
                let share = n as f64 / count as f64;
                Model::new(mean * share, deviation * share).unwrap().above(0.8)
            };
            prop_assert!(with(want.desired) <= 0.05 * (1.0 + 1e-6));
            prop_assert!(with(want.desired - 1) > 0.05 * (1.0 - 1e-6));
        }

        #[test]
        fn more_variance_never_means_fewer(mean in 0.0..1.5, a in 0.0..0.5, b in 0.0..0.5, n in 0_i64..200) {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            prop_assert!(at(mean, low, n).desired <= at(mean, high, n).desired);
        }

        #[test]
        fn one_evaluation_reaches_a_fixed_point(mean in 0.0..3.0, deviation in 0.0..0.5, n in 1_i64..500) {
            let wide = Limits::new(1, 1_000_000).unwrap();
            let rule = |mean, deviation, n| {
                proportional(&Model::new(mean, deviation).unwrap(), Overload::default(), &band(), wide, n, false).desired
            };
            let first = rule(mean, deviation, n);
            let share = n as f64 / first as f64;
            prop_assert_eq!(rule(mean * share, deviation * share, first), first);
        }
    }
}
