//! The proposal of a metric that has one value for the whole workload: an object's metric, or an external one whose
//! samples are added up first. Stateless; floats throughout.
//!
//! Source: Kubernetes, `GetObjectMetricReplicas`, `GetExternalMetricReplicas` and their per-pod forms in
//! `pkg/controller/podautoscaler/replica_calculator.go`, commit `a769d588` (with the clamps that 1.28 and earlier lack,
//! and a mean of 0 rather than garbage at 0 reported replicas, pull request 140958).

use super::pods::Pods;
use super::proposal::{Failure, PodCounts, Proposal, Usage};
use super::ratio::{Tolerance, proposed};
use crate::reason::hpa::Rule;
use crate::rounding;
use crate::snapshot::Column;

/// What a whole-workload metric is held to, in thousandths, 1 and more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkloadTarget {
    /// For the whole workload.
    Value(i64),
    /// For each replica that is reported to run.
    AverageValue(i64),
}

/// The value of an object's metric in thousandths. Several samples are added up, saturating at 64 bits.
///
/// # Errors
/// [`Failure::NoValue`] if there is no sample, or one is missing.
pub fn object_value(samples: &Column<'_>) -> Result<i64, Failure> {
    let n = samples.len().unwrap_or(1);
    if n == 0 {
        return Err(Failure::NoValue);
    }
    (0..n).try_fold(0_i64, |sum, i| samples.milli(i).map(|v| sum.saturating_add(v))).ok_or(Failure::NoValue)
}

/// The sum of an external metric's samples, in order, in thousandths. No samples make 0.
///
/// For a value target a sum that would exceed the largest 64-bit number becomes that and the rest is skipped. For an
/// average value target it is the running sum turning negative, *for whatever reason*, that makes it the largest
/// number: a negative reading is taken for unbounded usage.
///
/// ```
/// use setpoint::hpa::{WorkloadTarget, external_value};
/// use setpoint::Column;
/// let samples = Column::from(&[7.0, -12.0]);
/// assert_eq!(external_value(&samples, WorkloadTarget::Value(1000))?, -5000);
/// assert_eq!(external_value(&samples, WorkloadTarget::AverageValue(1000))?, i64::MAX);
/// # Ok::<(), setpoint::hpa::Failure>(())
/// ```
///
/// # Errors
/// [`Failure::NoValue`] if a sample is missing, be it one that the rules would skip.
pub fn external_value(samples: &Column<'_>, target: WorkloadTarget) -> Result<i64, Failure> {
    let (mut sum, mut full) = (0_i64, false);
    for i in 0..samples.len().unwrap_or(1) {
        let value = samples.milli(i).ok_or(Failure::NoValue)?;
        if full {
            continue;
        }
        full = match target {
            WorkloadTarget::Value(_) => value > 0 && sum > i64::MAX - value,
            WorkloadTarget::AverageValue(_) => sum.wrapping_add(value) < 0,
        };
        sum = if full { i64::MAX } else { sum.wrapping_add(value) };
    }
    Ok(sum)
}

/// The proposal for `value` thousandths. `current` is what the workload is asked to run, `reported` what it reports:
/// inside the tolerance a value target keeps the former and an average value target the latter, as upstream.
///
/// ```
/// use setpoint::hpa::{Pods, Tolerance, WorkloadTarget, propose_for_workload};
/// let pods = Pods::Counted { ready: 3, unready: 0 };
/// let target = WorkloadTarget::AverageValue(10_000);
/// let queue = propose_for_workload(45_000, target, Tolerance::default(), pods, 3, 3)?;
/// assert_eq!((queue.ratio, queue.replicas), (1.5, 5));
/// # Ok::<(), setpoint::hpa::Failure>(())
/// ```
///
/// # Errors
/// [`Failure::InvalidTarget`]; [`Failure::NoPods`] for a value target outside the tolerance, from more than 0 replicas,
/// without any instance.
pub fn propose_for_workload(
    value: i64,
    target: WorkloadTarget,
    tolerance: Tolerance,
    pods: Pods<'_>,
    current: i64,
    reported: i64,
) -> Result<Proposal, Failure> {
    match target {
        WorkloadTarget::Value(v) | WorkloadTarget::AverageValue(v) if v < 1 => Err(Failure::InvalidTarget),
        WorkloadTarget::Value(v) => by_value(value, v, tolerance, pods, current),
        WorkloadTarget::AverageValue(v) => by_average(value, v, tolerance, reported),
    }
}

fn by_value(
    value: i64,
    target: i64,
    tolerance: Tolerance,
    pods: Pods<'_>,
    current: i64,
) -> Result<Proposal, Failure> {
    let ratio = value as f64 / target as f64;
    let mut counts = PodCounts::default();
    let (replicas, rule) = if current == 0 {
        (proposed(ratio)?, Rule::FromZero)
    } else if tolerance.holds(ratio) {
        (current, Rule::WithinTolerance)
    } else if pods.is_empty() {
        return Err(Failure::NoPods);
    } else {
        counts.ready = pods.running_and_ready();
        (proposed(ratio * counts.ready as f64)?, Rule::Proportional)
    };
    let usage = Usage { value_milli: Some(value), ..Usage::default() };
    Ok(Proposal { replicas, usage, ratio, adjusted_ratio: None, pods: counts, rule })
}

fn by_average(value: i64, target: i64, tolerance: Tolerance, reported: i64) -> Result<Proposal, Failure> {
    let usage = value as f64;
    let ratio = usage / (target as f64 * reported as f64);
    let (replicas, rule) = if tolerance.holds(ratio) {
        (reported, Rule::WithinTolerance)
    } else {
        (proposed(usage / target as f64)?, Rule::Divided)
    };
    let mean = if usage >= TWO_TO_63 {
        Some(i64::MAX)
    } else if reported == 0 {
        Some(0)
    } else {
        rounding::ceil64(usage / reported as f64)
    };
    let usage = Usage { average_milli: mean, ..Usage::default() };
    Ok(Proposal { replicas, usage, ratio, adjusted_ratio: None, pods: PodCounts::default(), rule })
}

/// One more than the largest 64-bit number, which that number becomes as a float.
const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{Instance, Readiness};
    use crate::time::Timestamp;
    use WorkloadTarget::{AverageValue, Value};

    const THREE: Pods<'_> = Pods::Counted { ready: 3, unready: 0 };
    const NONE: Pods<'_> = Pods::Listed(&[]);

    fn at(value: i64, target: WorkloadTarget, pods: Pods<'_>, current: i64) -> Result<Proposal, Failure> {
        propose_for_workload(value, target, Tolerance::default(), pods, current, current)
    }

    #[test]
    fn a_value_target_multiplies_running_and_ready_instances_leaving_ones_included() {
        let t = Timestamp::from_secs(0);
        let pods = [
            Instance::ready(t),
            Instance::ready(t).leaving(),
            Instance::pending(),
            Instance::running(t, Readiness::Unknown, t),
        ];
        let got = at(20_000, Value(10_000), Pods::Listed(&pods), 4).unwrap();
        assert_eq!((got.replicas, got.pods.ready, got.rule), (4, 2, Rule::Proportional));
        assert_eq!(got.usage.value_milli, Some(20_000));
    }

    #[test]
    fn without_ready_instances_a_value_target_proposes_0() {
        let pods = [Instance::pending(); 3];
        assert_eq!(at(20_000, Value(10_000), Pods::Listed(&pods), 3).unwrap().replicas, 0);
    }

    #[test]
    fn instances_are_looked_at_outside_the_tolerance_only() {
        assert_eq!(at(10_500, Value(10_000), NONE, 3).unwrap().replicas, 3);
        assert_eq!(at(20_000, Value(10_000), NONE, 3), Err(Failure::NoPods));
        assert_eq!(at(20_000, AverageValue(10_000), NONE, 3).unwrap().replicas, 2);
    }

    #[test]
    fn from_zero_a_value_target_proposes_the_ratio_without_tolerance_or_instances() {
        let got = at(1, Value(1000), NONE, 0).unwrap();
        assert_eq!((got.replicas, got.rule), (1, Rule::FromZero));
        assert_eq!(at(1050, Value(1000), NONE, 0).unwrap().replicas, 2);
    }

    #[test]
    fn an_average_of_nothing_is_infinite_or_no_number_and_both_are_outside() {
        let got = at(5000, AverageValue(1000), NONE, 0).unwrap();
        assert_eq!((got.ratio, got.replicas, got.usage.average_milli), (f64::INFINITY, 5, Some(0)));
        let got = at(0, AverageValue(1000), NONE, 0).unwrap();
        assert!(got.ratio.is_nan());
        assert_eq!(got.replicas, 0);
    }

    #[test]
    fn inside_the_tolerance_an_average_keeps_the_reported_count() {
        let got = propose_for_workload(70_000, AverageValue(10_000), Tolerance::default(), THREE, 3, 7);
        assert_eq!(got.unwrap().replicas, 7);
    }

    #[test]
    fn proposals_saturate_and_may_be_negative() {
        assert_eq!(at(i64::MAX, Value(1), THREE, 3).unwrap().replicas, rounding::MAX_COUNT);
        assert_eq!(at(i64::MAX, AverageValue(1), THREE, 3).unwrap().replicas, rounding::MAX_COUNT);
        assert_eq!(at(-20_000, Value(10_000), THREE, 3).unwrap().replicas, -6);
        assert_eq!(at(i64::MAX, AverageValue(1), THREE, 3).unwrap().usage.average_milli, Some(i64::MAX));
    }

    #[test]
    fn a_negative_external_average_reads_as_unbounded_usage() {
        let samples = Column::from(vec![Some(-5000)]);
        let sum = external_value(&samples, AverageValue(1000)).unwrap();
        assert_eq!(at(sum, AverageValue(1000), THREE, 3).unwrap().replicas, rounding::MAX_COUNT);
    }

    #[test]
    fn external_sums_stop_at_the_largest_number() {
        let over = Column::from(vec![Some(i64::MAX), Some(1), Some(-7)]);
        assert_eq!(external_value(&over, Value(1)), Ok(i64::MAX));
        assert_eq!(external_value(&over, AverageValue(1)), Ok(i64::MAX));
        let exact = Column::from(vec![Some(i64::MAX - 1), Some(1), Some(-7)]);
        assert_eq!(external_value(&exact, Value(1)), Ok(i64::MAX - 7));
        assert_eq!(external_value(&exact, AverageValue(1)), Ok(i64::MAX - 7));
    }

    #[test]
    fn no_samples_are_0_but_a_missing_sample_is_a_failure() {
        assert_eq!(external_value(&Column::from(vec![None::<i64>; 0]), Value(1)), Ok(0));
        assert_eq!(external_value(&Column::from(&[1.0, f64::NAN]), Value(1)), Err(Failure::NoValue));
        assert_eq!(object_value(&Column::Same(f64::INFINITY)), Err(Failure::NoValue));
        assert_eq!(object_value(&Column::from(vec![None::<i64>; 0])), Err(Failure::NoValue));
        assert_eq!(object_value(&Column::Same(2.5)), Ok(2500));
    }

    #[test]
    fn targets_of_0_and_less_are_refused() {
        assert_eq!(at(0, Value(0), THREE, 3), Err(Failure::InvalidTarget));
        assert_eq!(at(0, AverageValue(-1), THREE, 3), Err(Failure::InvalidTarget));
    }
}
