//! How a snapshot brings what a decision is made on: the names of the injected values, and how readings become means. Nothing is judged here.
//!
//! | value of the workload | unit | meaning |
//! |---|---|---|
//! | [`GPU_MEMORY_UTILIZATION`] | percent | memory in use, mean over all GPUs |
//! | [`GPU_COMPUTE_UTILIZATION`] | percent | compute in use, mean over all GPUs |
//! | [`PREDICTED_REPLICAS`] | replicas | what the load ahead needs; a fraction counts as one more |
//! | [`PREDICTION_CONFIDENCE`] | 0 to 1 | how far to trust it |
//! | [`SCHEDULE_HINTS`] | replicas | targets of the active hints, in configured order; no value where none is active |
//! | [`COST_PER_HOUR`] | currency per hour | the bill of the workload as it is |
//! | [`REPLICA_COST_PER_HOUR`] | currency per hour | the price of one replica |
//! | [`BUDGET_PER_HOUR`] | currency per hour | a budget that goes before the configured one; 0 is none |
//!
//! A metric, or a utilization of the GPUs, is read as its workload value, or else as the mean of its samples: of metrics those of instances that
//! serve, of GPUs all. A sample that is not a finite number is left out, as upstream leaves out an instance that does not answer; where
//! none is left the metric is missing, also where nothing serves yet.

use super::cost::Cost;
use super::gpu::GpuUtilization;
use super::prediction::Prediction;
use crate::rounding::snap_ceil;
use crate::snapshot::{Column, Instance, Snapshot};

/// Memory in use on the GPUs, in percent.
pub const GPU_MEMORY_UTILIZATION: &str = "gpu_memory_utilization";
/// Compute in use on the GPUs, in percent.
pub const GPU_COMPUTE_UTILIZATION: &str = crate::metric::GPU_UTILIZATION;
/// The replicas that the load ahead needs.
pub const PREDICTED_REPLICAS: &str = "predicted_replicas";
/// The confidence of the prediction, 0 to 1.
pub const PREDICTION_CONFIDENCE: &str = "prediction_confidence";
/// The targets of the active schedule hints in the order in which they are configured.
pub const SCHEDULE_HINTS: &str = "schedule_hints";
/// The bill of the workload per hour.
pub const COST_PER_HOUR: &str = "cost_per_hour";
/// The price of one replica per hour.
pub const REPLICA_COST_PER_HOUR: &str = "replica_cost_per_hour";
/// The budget per hour, instead of the configured one.
pub const BUDGET_PER_HOUR: &str = "budget_per_hour";

/// The mean of a metric over the instances that serve.
///
/// ```
/// use setpoint::{Snapshot, Timestamp, bud::facts::metric};
/// let snapshot = Snapshot::at(Timestamp::from_secs(0)).replicas(3).samples("load", vec![10.0, f64::NAN, 20.0])?;
/// assert_eq!((metric(&snapshot, "load"), metric(&snapshot, "other")), (Some(15.0), None));
/// # Ok::<(), setpoint::SnapshotError>(())
/// ```
#[must_use]
pub fn metric(snapshot: &Snapshot<'_>, name: &str) -> Option<f64> {
    reading(snapshot, name, Instance::serves)
}

fn reading(snapshot: &Snapshot<'_>, name: &str, counts: impl Fn(&Instance) -> bool) -> Option<f64> {
    if let Some(value) = snapshot.find_value(name) {
        let values = value.values();
        return mean((0..values.len().unwrap_or(1)).map(|i| values.get(i)));
    }
    let values = snapshot.find(name)?.values();
    match (snapshot.listed(), values) {
        (Some(list), _) => mean((0..list.len()).filter(|i| counts(&list[*i])).map(|i| values.get(i))),
        (None, Column::Same(_)) => values.get(0),
        (None, _) => mean((0..values.len().unwrap_or(0)).map(|i| values.get(i))),
    }
}

fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let (sum, n) = values.flatten().fold((0.0, 0_u32), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / f64::from(n)).filter(|mean| mean.is_finite())
}

fn value(snapshot: &Snapshot<'_>, name: &str) -> Option<f64> {
    snapshot.find_value(name)?.total()
}

/// How busy the GPUs are.
#[must_use]
pub fn gpu(snapshot: &Snapshot<'_>) -> GpuUtilization {
    GpuUtilization {
        memory: reading(snapshot, GPU_MEMORY_UTILIZATION, |_| true),
        compute: reading(snapshot, GPU_COMPUTE_UTILIZATION, |_| true),
    }
}

/// The predicted count, where it and its confidence are given.
#[must_use]
pub fn prediction(snapshot: &Snapshot<'_>) -> Option<Prediction> {
    let replicas = value(snapshot, PREDICTED_REPLICAS).and_then(snap_ceil)?;
    Some(Prediction { replicas, confidence: value(snapshot, PREDICTION_CONFIDENCE)? })
}

/// The targets of the active schedule hints. What is not a number, or below 0, is no hint.
pub fn hints<'a>(snapshot: &'a Snapshot<'_>) -> impl Iterator<Item = i64> + 'a {
    let values = snapshot.find_value(SCHEDULE_HINTS).map(crate::snapshot::WorkloadValue::values);
    let n = values.map_or(0, |values| values.len().unwrap_or(1));
    (0..n).filter_map(move |i| values?.get(i).and_then(snap_ceil)).filter(|target| *target >= 0)
}

/// The bill against the snapshot's budget or else `budget`; `None` where a bill, a price or a budget is missing.
#[must_use]
pub fn cost(snapshot: &Snapshot<'_>, budget: Option<f64>) -> Option<Cost> {
    Some(Cost {
        current_per_hour: value(snapshot, COST_PER_HOUR)?,
        budget_per_hour: value(snapshot, BUDGET_PER_HOUR).or(budget)?,
        replica_per_hour: value(snapshot, REPLICA_COST_PER_HOUR)?,
    })
}

/// Instances that are ready, and that are starting. Where the ready ones are not known, all that do not start count as ready.
#[must_use]
pub fn population(snapshot: &Snapshot<'_>) -> (i64, i64) {
    let starting = snapshot.unready_count();
    let ready = snapshot.ready_count().unwrap_or(snapshot.replica_count().saturating_sub(starting));
    (i64::from(ready), i64::from(starting))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn of(replicas: u32) -> Snapshot<'static> {
        Snapshot::at(Timestamp::default()).replicas(replicas)
    }

    #[test]
    fn a_metric_is_a_mean_over_what_serves_and_answers() {
        let fleet = vec![
            Instance::ready(Timestamp::default()),
            Instance::pending(),
            Instance::ready(Timestamp::default()),
        ];
        let snapshot = of(3).instances(fleet).unwrap().samples("load", vec![10.0, 99.0, 30.0]).unwrap();
        assert_eq!(metric(&snapshot, "load"), Some(20.0));
        let starting = of(2).instances(vec![Instance::pending(); 2]).unwrap().samples("load", 0.0).unwrap();
        assert_eq!(metric(&starting, "load"), None);
        assert_eq!(metric(&of(3).samples("load", 7.0).unwrap(), "load"), Some(7.0));
        assert_eq!(metric(&of(3).value("load", vec![1.0, 3.0]).unwrap(), "load"), Some(2.0));
        assert_eq!(metric(&of(3).value("load", f64::NAN).unwrap(), "load"), None);
        assert_eq!(metric(&of(3).samples("load", vec![f64::NAN; 3]).unwrap(), "load"), None);
        assert_eq!(metric(&of(2).samples("load", vec![f64::MAX; 2]).unwrap(), "load"), None);
    }

    #[test]
    fn gpus_count_wherever_they_are() {
        let fleet = vec![Instance::ready(Timestamp::default()), Instance::pending()];
        let snapshot =
            of(2).instances(fleet).unwrap().samples(GPU_COMPUTE_UTILIZATION, vec![90.0, 10.0]).unwrap();
        assert_eq!(gpu(&snapshot), GpuUtilization { memory: None, compute: Some(50.0) });
    }

    #[test]
    fn a_prediction_needs_both_its_values() {
        let half = of(2).value(PREDICTED_REPLICAS, 6.2).unwrap();
        assert_eq!(prediction(&half), None);
        let whole = half.value(PREDICTION_CONFIDENCE, 0.9).unwrap();
        assert_eq!(prediction(&whole), Some(Prediction { replicas: 7, confidence: 0.9 }));
        let odd =
            of(2).value(PREDICTED_REPLICAS, f64::NAN).unwrap().value(PREDICTION_CONFIDENCE, 0.9).unwrap();
        assert_eq!(prediction(&odd), None);
    }

    #[test]
    fn hints_keep_their_order_and_lose_what_is_none() {
        let snapshot = of(2).value(SCHEDULE_HINTS, vec![5.0, f64::NAN, -1.0, 0.0, 9.0]).unwrap();
        assert_eq!(hints(&snapshot).collect::<Vec<_>>(), [5, 0, 9]);
        assert_eq!(hints(&of(2).value(SCHEDULE_HINTS, 3.0).unwrap()).collect::<Vec<_>>(), [3]);
        assert_eq!(hints(&of(2)).count(), 0);
    }

    #[test]
    fn the_budget_of_the_moment_goes_before_the_configured_one() {
        let bill = of(2).value(COST_PER_HOUR, 6.0).unwrap();
        assert_eq!(cost(&bill, Some(9.0)), None);
        let priced = bill.value(REPLICA_COST_PER_HOUR, 3.0).unwrap();
        assert_eq!(cost(&priced, None), None);
        assert_eq!(cost(&priced, Some(9.0)).unwrap().budget_per_hour, 9.0);
        let own = priced.value(BUDGET_PER_HOUR, 4.0).unwrap();
        assert_eq!(cost(&own, Some(9.0)).unwrap().budget_per_hour, 4.0);
    }

    #[test]
    fn an_unknown_number_of_ready_instances_is_what_does_not_start() {
        assert_eq!(population(&of(5).unready(2).ready_unknown()), (3, 2));
        assert_eq!(population(&of(5).unready(2).ready(5)), (5, 2));
    }
}
