//! Ratios of usage to target, and the tolerance around 1 inside which nothing happens. Integer sums wrap at 64 bits and
//! divisions round towards zero before anything becomes a float, because upstream's do.
//!
//! Source: Kubernetes, `pkg/controller/podautoscaler/metrics/utilization.go` and `replica_calculator.go`, commit
//! `a769d588`. Releases before 1.33 tested `|1 - ratio| <= tolerance`, where a ratio of exactly 1.1 was outside a
//! tolerance of 0.1; here, as since 1.33, both edges are inside.

use super::proposal::Failure;
use crate::rounding;

/// How far the ratio may be from 1 in each direction before anything happens.
///
/// | field | default | range | unit |
/// |---|---|---|---|
/// | `up` | 0.1 | 0 and more | share of the target |
/// | `down` | 0.1 | 0 and more | share of the target |
///
/// ```
/// use setpoint::hpa::Tolerance;
/// let tolerance = Tolerance::default();
/// assert!(tolerance.holds(1.1) && tolerance.holds(0.9));
/// assert!(!tolerance.holds(1.11));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Above the target.
    pub up: f64,
    /// Below the target.
    pub down: f64,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { up: 0.1, down: 0.1 }
    }
}

impl Tolerance {
    /// Whether `ratio` is within, both edges included. NaN never is.
    #[must_use]
    #[inline]
    pub fn holds(self, ratio: f64) -> bool {
        (1.0 - self.down) <= ratio && ratio <= (1.0 + self.up)
    }
}

/// A first- or second-pass ratio over some instances, with the reported amounts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// Usage over target.
    pub ratio: f64,
    /// Usage in whole percent of the requests; `None` for plain values.
    pub percent: Option<i32>,
    /// Mean usage in thousandths.
    pub mean: i64,
}

/// The ratio of a utilization target: `sum` of usage over `requests`, both of the same `entries` instances, in
/// thousandths, against `target` percent. A ratio of sums, not a mean of ratios.
///
/// ```
/// use setpoint::hpa::ratio::utilization;
/// let half = utilization(559, 1000, 1, 50)?;
/// assert_eq!((half.percent, half.ratio), (Some(55), 1.1)); // 55.9 % is 55 %
/// # Ok::<(), setpoint::hpa::Failure>(())
/// ```
///
/// # Errors
/// [`Failure::NoMatchingMetrics`] if the requests add up to 0 or there are no entries.
#[inline]
pub fn utilization(sum: i64, requests: i64, entries: i64, target: i32) -> Result<Ratio, Failure> {
    if requests == 0 || entries == 0 {
        return Err(Failure::NoMatchingMetrics);
    }
    let percent = rounding::div_trunc(sum.wrapping_mul(100), requests) as i32;
    let ratio = f64::from(percent) / f64::from(target);
    Ok(Ratio { ratio, percent: Some(percent), mean: rounding::div_trunc(sum, entries) })
}

/// The ratio of an average value target: the mean of `entries` values, rounded towards zero, against `target`, in
/// thousandths.
///
/// # Errors
/// [`Failure::NoReadyPodMetrics`] if there are no entries.
#[inline]
pub fn average(sum: i64, entries: i64, target: i64) -> Result<Ratio, Failure> {
    if entries == 0 {
        return Err(Failure::NoReadyPodMetrics);
    }
    let mean = rounding::div_trunc(sum, entries);
    Ok(Ratio { ratio: mean as f64 / target as f64, percent: None, mean })
}

/// `x` rounded up to a proposed count. Only a target of 0 can make it NaN.
#[inline]
pub(super) fn proposed(x: f64) -> Result<i64, Failure> {
    rounding::ceil32(x).ok_or(Failure::InvalidTarget)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_edges_of_the_tolerance_are_inside() {
        let t = Tolerance::default();
        assert!(t.holds(f64::from(55) / f64::from(50)));
        assert!(t.holds(f64::from(45) / f64::from(50)));
        assert!(!t.holds(f64::from(56) / f64::from(50)));
        assert!(!t.holds(f64::from(44) / f64::from(50)));
        assert!(!t.holds(f64::NAN));
        assert!(!t.holds(f64::INFINITY));
    }

    #[test]
    fn each_direction_has_its_own_edge() {
        let t = Tolerance { up: 0.5, down: 0.0 };
        assert!(t.holds(1.5) && t.holds(1.0));
        assert!(!t.holds(0.999_999));
    }

    #[test]
    fn utilization_is_a_ratio_of_sums_in_whole_percent() {
        // 100 of 1000 and 90 of 100: 17 %, not the mean of 10 % and 90 %.
        assert_eq!(utilization(190, 1100, 2, 50).unwrap().percent, Some(17));
        assert_eq!(utilization(559, 1000, 1, 50).unwrap().ratio, 1.1);
        assert_eq!(utilization(-559, 1000, 1, 50).unwrap().percent, Some(-55));
        assert_eq!(utilization(1, 0, 1, 50), Err(Failure::NoMatchingMetrics));
        assert_eq!(utilization(0, 0, 0, 50), Err(Failure::NoMatchingMetrics));
    }

    #[test]
    fn sums_wrap_and_the_percentage_keeps_its_low_32_bits() {
        let big = i64::MAX / 50;
        assert_eq!(utilization(big, 1, 1, 50).unwrap().percent, Some(big.wrapping_mul(100) as i32));
        assert_eq!(utilization(i64::MIN, -1, 1, 50).unwrap().mean, i64::MIN);
    }

    #[test]
    fn the_mean_is_rounded_before_it_is_divided() {
        let r = average(5, 3, 2).unwrap();
        assert_eq!((r.mean, r.ratio), (1, 0.5));
        assert_eq!(average(-5, 3, 2).unwrap().mean, -1);
        assert_eq!(average(5, 0, 2), Err(Failure::NoReadyPodMetrics));
    }
}
