//! From what was measured to one value per metric. Every instance that answered counts the same, whatever its phase; those that failed
//! are left out.
//!
//! Source of the rule: `vllm-project/aibrix`, `pkg/controller/podautoscaler/metrics/{client,collector}.go`, commit
//! `e3e10f9e4aebe9aac5e7d992fb87d2648e01628b`. Ours: a metric that a snapshot does not hold could not be read, whereas a column without
//! entries says that there is nobody to ask.

use crate::reason::Failure;
use crate::snapshot::{Column, Samples, Snapshot};

/// What became of a metric in one cycle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Collected {
    /// The average of those that answered.
    Average(f64),
    /// There is nobody to ask: nothing is recorded, and it is no failure.
    Nobody,
    /// It could not be read.
    Failed(Failure),
}

/// The average of the instances that answered: their sum in order, over their number.
///
/// ```
/// use setpoint::aibrix::{Collected, average};
/// assert_eq!(average([Some(3.0), None, Some(6.0)]), Collected::Average(4.5));
/// assert_eq!(average([]), Collected::Nobody);
/// assert!(matches!(average([None]), Collected::Failed(_)));
/// ```
#[must_use]
pub fn average(values: impl IntoIterator<Item = Option<f64>>) -> Collected {
    let (mut asked, mut answered, mut sum) = (false, 0_u32, 0.0);
    for value in values {
        asked = true;
        if let Some(value) = value {
            sum += value;
            answered += 1;
        }
    }
    match (asked, answered) {
        (false, _) => Collected::Nobody,
        (true, 0) => Collected::Failed(Failure::NoReadySamples),
        (true, n) => Collected::Average(sum / f64::from(n)),
    }
}

/// The metric `name` from the samples of the instances.
#[must_use]
pub fn from_instances(snapshot: &Snapshot<'_>, name: &str) -> Collected {
    match snapshot.find(name).map(Samples::values) {
        None => Collected::Failed(Failure::MissingMetric),
        Some(_) if snapshot.listed().is_some_and(<[_]>::is_empty) => Collected::Nobody,
        Some(column @ Column::Same(_)) => average([column.get(0)]),
        Some(column) => average((0..column.len().unwrap_or(0)).map(|i| column.get(i))),
    }
}

/// The metric `name` from a source outside: one value, whatever it stands for.
#[must_use]
pub fn from_outside(snapshot: &Snapshot<'_>, name: &str) -> Collected {
    match snapshot.find_value(name) {
        None => Collected::Failed(Failure::MissingMetric),
        Some(value) => value.total().map_or(Collected::Failed(Failure::InvalidReading), Collected::Average),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Instance, Timestamp};

    fn empty() -> Snapshot<'static> {
        Snapshot::at(Timestamp::default()).replicas(3)
    }

    #[test]
    fn nobody_is_no_failure_and_silence_is_one() {
        let of = |snapshot: Snapshot<'_>| from_instances(&snapshot, "m");
        assert_eq!(of(empty()), Collected::Failed(Failure::MissingMetric));
        assert_eq!(of(empty().samples("m", &[]).unwrap()), Collected::Nobody);
        let no_one = || empty().instances(Vec::new()).unwrap();
        assert_eq!(of(no_one()), Collected::Failed(Failure::MissingMetric));
        assert_eq!(of(no_one().samples("m", 1.0).unwrap()), Collected::Nobody);
        assert_eq!(
            of(empty().samples("m", &[f64::NAN]).unwrap()),
            Collected::Failed(Failure::NoReadySamples)
        );
        assert_eq!(of(empty().samples("m", f64::NAN).unwrap()), Collected::Failed(Failure::NoReadySamples));
        assert_eq!(of(empty().samples("m", 0.1).unwrap()), Collected::Average(0.1));
    }

    #[test]
    fn instances_that_are_not_ready_count_too() {
        let fleet = vec![Instance::pending(), Instance::ready(Timestamp::default())];
        let snapshot = empty().instances(fleet).unwrap().samples("m", &[1.0, 2.0]).unwrap();
        assert_eq!(from_instances(&snapshot, "m"), Collected::Average(1.5));
    }

    #[test]
    fn the_sum_keeps_the_order_of_the_instances() {
        assert_eq!(average([1e16, 1.0, 1.0].map(Some)), Collected::Average(1e16 / 3.0));
    }

    #[test]
    fn a_source_outside_is_one_value() {
        let of = |snapshot: Snapshot<'_>| from_outside(&snapshot, "m");
        assert_eq!(of(empty().samples("m", 3.0).unwrap()), Collected::Failed(Failure::MissingMetric));
        assert_eq!(of(empty().value("m", f64::NAN).unwrap()), Collected::Failed(Failure::InvalidReading));
        assert_eq!(of(empty().value("m", 30.0).unwrap()), Collected::Average(30.0));
    }
}
