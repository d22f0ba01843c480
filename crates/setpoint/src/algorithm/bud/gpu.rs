//! The load of the GPUs as a lower limit on the count: memory and compute utilization against their thresholds. It reads no device; what
//! the utilizations are means of is the caller's business.
//!
//! Source: `BudEcosystem/scaler`, `pkg/controller/budaiscaler/algorithm/budscaler.go` and `pkg/gpu/provider.go`, commit
//! `79bffc5e9778ab80a20c5e0a6d39d9e780750122`. Repaired: a threshold that is not set adds no ratio, where upstream adds 1.0 and thereby
//! forbids every reduction.

use crate::rounding::ceil32;

/// From which utilization on more replicas are wanted. An absent threshold, and one of 0, adds no ratio.
///
/// | field | default | range | unit | source |
/// |---|---|---|---|---|
/// | `memory` | none | 0 to 100 | percent | `gpuConfig.gpuMemoryThreshold` |
/// | `compute` | none | 0 to 100 | percent | `gpuConfig.gpuComputeThreshold` |
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields)
)]
pub struct GpuThresholds {
    /// Of memory, in percent of what there is.
    pub memory: Option<f64>,
    /// Of compute, in percent.
    pub compute: Option<f64>,
}

/// How busy the GPUs are: means over all of the workload. What is not a finite number is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GpuUtilization {
    /// Memory in use, in percent of what there is.
    pub memory: Option<f64>,
    /// Compute in use, in percent.
    pub compute: Option<f64>,
}

/// The larger of the two ratios of utilization to threshold; `None` where no threshold meets a measurement.
#[must_use]
pub fn pressure(thresholds: GpuThresholds, utilization: GpuUtilization) -> Option<f64> {
    let ratio = |threshold: Option<f64>, used: Option<f64>| {
        let threshold = threshold.filter(|t| t.is_finite() && *t > 0.0)?;
        used.filter(|u| u.is_finite()).map(|used| used / threshold)
    };
    let memory = ratio(thresholds.memory, utilization.memory);
    let compute = ratio(thresholds.compute, utilization.compute);
    match (memory, compute) {
        (Some(m), Some(c)) => Some(m.max(c)),
        (one, other) => one.or(other),
    }
}

/// The count at which a `pressure` on `current` replicas would be 1, at least 1. There is no tolerance, no damping and no rate.
///
/// ```
/// use setpoint::bud::gpu::{GpuThresholds, GpuUtilization, pressure, replicas_for};
/// let thresholds = GpuThresholds { memory: Some(80.0), compute: None };
/// let used = GpuUtilization { memory: Some(95.0), compute: Some(99.0) };
/// assert_eq!(pressure(thresholds, used).map(|p| replicas_for(8, p)), Some(10));
/// ```
#[must_use]
pub fn replicas_for(current: i64, pressure: f64) -> i64 {
    ceil32(current as f64 * pressure).unwrap_or(current).max(1)
}

/// Whether either utilization is above its threshold. What is missing, or has no threshold, is not.
#[must_use]
pub fn above(thresholds: GpuThresholds, utilization: GpuUtilization) -> bool {
    pair(thresholds, utilization, |used, threshold| used > threshold)
        .into_iter()
        .any(|holds| holds == Some(true))
}

/// Whether both utilizations are below their thresholds. What is missing, or has no threshold, does not stand in the way; where that is
/// both, nothing is below.
#[must_use]
pub fn below(thresholds: GpuThresholds, utilization: GpuUtilization) -> bool {
    let both = pair(thresholds, utilization, |used, threshold| used < threshold);
    both.iter().any(Option::is_some) && both.into_iter().all(|holds| holds != Some(false))
}

fn pair(
    thresholds: GpuThresholds,
    utilization: GpuUtilization,
    holds: impl Fn(f64, f64) -> bool,
) -> [Option<bool>; 2] {
    let check = |threshold: Option<f64>, used: Option<f64>| match (threshold, used) {
        (Some(threshold), Some(used)) if threshold.is_finite() && used.is_finite() => {
            Some(holds(used, threshold))
        }
        _ => None,
    };
    [check(thresholds.memory, utilization.memory), check(thresholds.compute, utilization.compute)]
}

/// A metric and the GPUs in one proportional step, within `min` and `max`. The pipeline does not use it.
///
/// A target of 0 or less gives the present count, not held to the bounds, and so does a value that is not finite. Pressure below 1 has no
/// effect.
///
/// ```
/// use setpoint::bud::gpu::optimal_replicas;
/// assert_eq!(optimal_replicas(4, 140.0, 100.0, Some(1.5), 1, 20), 9);
/// assert_eq!(optimal_replicas(4, 140.0, 100.0, None, 1, 20), 6);
/// ```
#[must_use]
pub fn optimal_replicas(
    current: i64,
    value: f64,
    target: f64,
    pressure: Option<f64>,
    min: i64,
    max: i64,
) -> i64 {
    if !target.is_finite() || target <= 0.0 || !value.is_finite() {
        return current;
    }
    let by_metric = ceil32(current as f64 * value / target).unwrap_or(current);
    let factor = pressure.unwrap_or(1.0).max(1.0);
    let count = ceil32(by_metric as f64 * factor).unwrap_or(by_metric);
    super::pipeline::within(count, min, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thresholds(memory: Option<f64>, compute: Option<f64>) -> GpuThresholds {
        GpuThresholds { memory, compute }
    }

    fn used(memory: f64, compute: f64) -> GpuUtilization {
        GpuUtilization { memory: Some(memory), compute: Some(compute) }
    }

    #[test]
    fn the_larger_ratio_counts_and_an_unset_threshold_has_none() {
        assert_eq!(pressure(thresholds(Some(80.0), Some(50.0)), used(40.0, 75.0)), Some(1.5));
        assert_eq!(pressure(thresholds(Some(80.0), None), used(40.0, 99.0)), Some(0.5));
        assert_eq!(pressure(thresholds(Some(80.0), Some(0.0)), used(40.0, 99.0)), Some(0.5));
        assert_eq!(pressure(thresholds(None, None), used(99.0, 99.0)), None);
    }

    #[test]
    fn what_is_not_measured_adds_no_ratio() {
        let both = thresholds(Some(80.0), Some(80.0));
        assert_eq!(pressure(both, GpuUtilization::default()), None);
        assert_eq!(pressure(both, used(f64::NAN, 40.0)), Some(0.5));
        assert_eq!(pressure(both, used(f64::INFINITY, f64::NAN)), None);
    }

    #[test]
    fn one_replica_is_the_least_that_gpus_ask_for() {
        assert_eq!((replicas_for(8, 0.0), replicas_for(0, 3.0), replicas_for(8, 0.26)), (1, 1, 3));
        assert_eq!(replicas_for(8, f64::MAX), i64::from(i32::MAX));
    }

    #[test]
    fn both_comparisons_are_strict() {
        let at = thresholds(Some(80.0), Some(40.0));
        assert!(above(at, used(80.1, 0.0)) && above(at, used(0.0, 40.1)) && !above(at, used(80.0, 40.0)));
        assert!(below(at, used(79.9, 39.9)) && !below(at, used(80.0, 0.0)) && !below(at, used(0.0, 40.0)));
        assert!(!below(at, GpuUtilization::default()) && !above(at, GpuUtilization::default()));
        assert!(below(at, GpuUtilization { memory: Some(1.0), compute: None }));
    }

    #[test]
    fn the_one_step_helper_rounds_twice_and_keeps_the_bounds() {
        assert_eq!(optimal_replicas(3, 101.0, 100.0, Some(1.1), 1, 50), 5);
        assert_eq!(optimal_replicas(3, 101.0, 100.0, Some(0.1), 1, 50), 4);
        assert_eq!(optimal_replicas(3, 1e300, 1e-300, None, 1, 50), 50);
        assert_eq!(optimal_replicas(60, 10.0, 0.0, Some(9.0), 1, 50), 60);
        assert_eq!(optimal_replicas(60, f64::NAN, 10.0, None, 1, 50), 60);
    }
}
