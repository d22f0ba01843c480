//! The largest ratio, smoothed exponentially, with a cap on each step: the example of a custom algorithm that remembers.
//!
//! Source: `pmady/kubeai-autoscaler`, `examples/custom-algorithm/smoothed_ratio.go`, commit
//! `88eef88baa688724255ee090f4d1ef3eb23d70f2`. Kept: the maximum starts at 1.0, so that it never scales down, unless
//! [`plain_maximum`](CappedSmoothRatio::plain_maximum) is asked for. Ours: products snap before they are rounded up.

use super::registry::{Algorithm, Call};
use super::rule::{Answer, DEFAULT_TOLERANCE, Verdict};
use crate::error::{ConfigError, StateError};
use crate::reason::Label;
use crate::rounding::snap_ceil;
use crate::state::{StateReader, StateWriter};

/// Scales by `s = a * m + (1 - a) * s`, where `m` is the largest ratio and at least 1, and by no more than a share of the
/// present count at once.
///
/// | setting | default | range | unit |
/// |---|---|---|---|
/// | `smoothing_factor` (a) | 0.3 | above 0, at most 1; 1 forgets at once | share of the newest |
/// | `max_scale_up_fraction` | 0.5 | at least 0 | share of the present count |
/// | `max_scale_down_fraction` | 0.25 | 0 to 1 | share of the present count |
/// | `plain_maximum` | off, as upstream | | |
///
/// A tolerance of 0 means 0.1 here, as upstream. A count that stays is not brought within bounds by the algorithm itself.
///
/// ```
/// use setpoint::kubeai::{Algorithm, Call, CappedSmoothRatio, Scope};
/// let scope = Scope { current: 10, min: 1, max: 100, tolerance: 0.1 };
/// let mut smooth = CappedSmoothRatio::new(0.3, 0.5, 0.25)?;
/// let spike = Call::new(scope, &[Some(3.0)]);
/// assert_eq!(smooth.compute(&spike).map(|answer| answer.count), Ok(15)); // at most half as many again
/// smooth.decided(&spike);
/// let calm = Call::new(scope, &[Some(1.0)]);
/// assert_eq!(smooth.compute(&calm).map(|answer| answer.combined), Ok(Some(0.3 * 1.0 + (1.0 - 0.3) * 3.0)));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CappedSmoothRatio {
    factor: f64,
    up: f64,
    down: f64,
    plain: bool,
    smoothed: Option<f64>,
}

impl Default for CappedSmoothRatio {
    fn default() -> Self {
        Self { factor: 0.3, up: 0.5, down: 0.25, plain: false, smoothed: None }
    }
}

impl CappedSmoothRatio {
    /// The algorithm, which has seen nothing yet.
    ///
    /// # Errors
    /// If a setting is outside its range.
    pub fn new(factor: f64, max_up: f64, max_down: f64) -> Result<Self, ConfigError> {
        if !(factor > 0.0 && factor <= 1.0) {
            return Err(ConfigError::new("smoothing_factor", factor, "above 0 and at most 1"));
        }
        if !(max_up.is_finite() && max_up >= 0.0) {
            return Err(ConfigError::new("max_scale_up_fraction", max_up, "finite and at least 0"));
        }
        if !(0.0..=1.0).contains(&max_down) {
            return Err(ConfigError::new("max_scale_down_fraction", max_down, "0 to 1"));
        }
        Ok(Self { factor, up: max_up, down: max_down, plain: false, smoothed: None })
    }

    /// Smooths the largest ratio itself, also where it is below 1, so that the algorithm can scale down.
    #[must_use]
    pub const fn plain_maximum(mut self) -> Self {
        self.plain = true;
        self
    }

    /// The smoothed ratio as it will be with this call.
    fn next(&self, call: &Call<'_>) -> Option<f64> {
        let largest = call.present().reduce(f64::max)?;
        let largest = if self.plain { largest } else { largest.max(1.0) };
        Some(self.smoothed.map_or(largest, |s| self.factor * largest + (1.0 - self.factor) * s))
    }
}

impl Algorithm for CappedSmoothRatio {
    fn compute(&self, call: &Call<'_>) -> Result<Answer, Label> {
        let mut scope = call.scope;
        let answer = |count, combined, verdict| Ok(Answer { count, combined, verdict });
        let Some(smoothed) = self.next(call) else {
            return answer(scope.current, None, Verdict::NoMetrics);
        };
        if scope.tolerance == 0.0 {
            scope.tolerance = DEFAULT_TOLERANCE;
        }
        if scope.tolerates(smoothed) {
            return answer(scope.current, Some(smoothed), Verdict::SmoothedWithinTolerance);
        }
        let n = scope.current as f64;
        let wanted = if smoothed > 1.0 {
            (n * smoothed).min(n + self.up * n)
        } else {
            (n * smoothed).max(n - self.down * n)
        };
        let count = scope.clamp(snap_ceil(wanted).unwrap_or(scope.current));
        answer(count, Some(smoothed), Verdict::CappedSmoothing)
    }

    fn decided(&mut self, call: &Call<'_>) {
        if let Some(smoothed) = self.next(call) {
            self.smoothed = Some(smoothed);
        }
    }

    fn save(&self, out: &mut StateWriter) -> Result<(), StateError> {
        out.put("smoothed", self.smoothed);
        Ok(())
    }

    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let smoothed = match from.value("smoothed")? {
            crate::state::Value::Null => None,
            _ => Some(from.float("smoothed")?),
        };
        let low = if self.plain { f64::MIN } else { 1.0 };
        if let Some(s) = smoothed.filter(|s| !(s.is_finite() && *s >= low)) {
            return Err(from.invalid("smoothed", s, format!("a finite number of at least {low:e}")));
        }
        self.smoothed = smoothed;
        Ok(())
    }

    fn clone_box(&self) -> Box<dyn Algorithm> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::Scope;
    use super::*;

    fn scope(current: i64, tolerance: f64) -> Scope {
        Scope { current, min: 1, max: 100, tolerance }
    }

    fn step(smooth: &mut CappedSmoothRatio, current: i64, ratios: &[f64]) -> Answer {
        let ratios: Vec<Option<f64>> = ratios.iter().copied().map(Some).collect();
        let call = Call::new(scope(current, 0.1), &ratios);
        let answer = smooth.compute(&call).unwrap();
        smooth.decided(&call);
        answer
    }

    #[test]
    fn it_smooths_caps_and_never_goes_down() {
        let mut smooth = CappedSmoothRatio::default();
        assert_eq!(step(&mut smooth, 10, &[3.0, 0.1]).count, 15);
        let second = step(&mut smooth, 10, &[0.2]);
        assert_eq!(second.combined, Some(0.3 * 1.0 + (1.0 - 0.3) * 3.0));
        for _ in 0..40 {
            assert!(step(&mut smooth, 10, &[0.2]).count >= 10);
        }
        assert_eq!(step(&mut smooth, 10, &[0.2]).verdict, Verdict::SmoothedWithinTolerance);
    }

    #[test]
    fn with_the_plain_maximum_it_goes_down_by_its_cap() {
        let mut smooth = CappedSmoothRatio::default().plain_maximum();
        assert_eq!(step(&mut smooth, 10, &[0.1, 0.2]).count, 8, "a quarter at most: 7.5");
        assert_eq!(step(&mut smooth, 10, &[0.8]).combined, Some(0.3 * 0.8 + (1.0 - 0.3) * 0.2));
    }

    #[test]
    fn without_ratios_nothing_moves_and_nothing_is_bounded() {
        let mut smooth = CappedSmoothRatio::default();
        step(&mut smooth, 10, &[2.0]);
        let before = smooth.clone();
        for ratios in [&[][..], &[f64::NAN], &[f64::INFINITY]] {
            let answer = step(&mut smooth, 500, ratios);
            assert_eq!((answer.count, answer.verdict), (500, Verdict::NoMetrics));
            assert_eq!(smooth, before);
        }
    }

    #[test]
    fn a_tolerance_of_zero_means_its_own() {
        let smooth = CappedSmoothRatio::default();
        let verdict =
            |tolerance| smooth.compute(&Call::new(scope(10, tolerance), &[Some(1.05)])).unwrap().verdict;
        assert_eq!(verdict(0.0), Verdict::SmoothedWithinTolerance);
        assert_eq!(verdict(0.01), Verdict::CappedSmoothing);
    }

    #[test]
    fn products_snap() {
        let smooth = CappedSmoothRatio::new(1.0, 0.1, 0.25).unwrap();
        assert_eq!(
            smooth.compute(&Call::new(scope(30, 0.1), &[Some(9.0)])).unwrap().count,
            33,
            "30 + 0.1 * 30"
        );
        let caps = CappedSmoothRatio::new(1.0, 10.0, 0.25).unwrap();
        assert_eq!(caps.compute(&Call::new(scope(3, 0.1), &[Some(1.1 / 0.3)])).unwrap().count, 11);
    }

    #[test]
    fn settings_and_state_are_checked() {
        for (factor, up, down, field) in [
            (0.0, 0.5, 0.25, "smoothing_factor"),
            (1.1, 0.5, 0.25, "smoothing_factor"),
            (f64::NAN, 0.5, 0.25, "smoothing_factor"),
            (0.3, -0.1, 0.25, "max_scale_up_fraction"),
            (0.3, f64::INFINITY, 0.25, "max_scale_up_fraction"),
            (0.3, 0.5, 1.1, "max_scale_down_fraction"),
            (0.3, 0.5, f64::NAN, "max_scale_down_fraction"),
        ] {
            assert_eq!(CappedSmoothRatio::new(factor, up, down).unwrap_err().field, field);
        }
        let mut smooth = CappedSmoothRatio::default();
        step(&mut smooth, 10, &[2.0]);
        let before = smooth.clone();
        for bad in [f64::NAN, f64::INFINITY, 0.5] {
            let mut out = StateWriter::default();
            out.put("smoothed", bad);
            let value = out.finish();
            assert!(smooth.restore(&StateReader::new("smooth", &value).unwrap()).is_err(), "{bad}");
            assert_eq!(smooth, before);
        }
    }
}
