//! Reading back what a snapshot was built of, for callers who write one down or show it. Deciding does not need this.

use super::{Column, PerInstance, ReadyCount, Samples, Snapshot, WorkloadValue};
use crate::time::Timestamp;
use core::time::Duration;

impl<'a> Snapshot<'a> {
    /// How many replicas are reported, where that was said.
    #[must_use]
    pub const fn stated_reported(&self) -> Option<u32> {
        self.reported
    }

    /// How many instances are ready, where that was said; `Some(None)` where it was said that it could not be found out.
    ///
    /// ```
    /// use setpoint::{Snapshot, Timestamp};
    /// let snapshot = Snapshot::at(Timestamp::from_secs(0)).replicas(4);
    /// assert_eq!((snapshot.stated_ready(), snapshot.ready_count()), (None, Some(4)));
    /// assert_eq!(snapshot.ready_unknown().stated_ready(), Some(None));
    /// ```
    #[must_use]
    pub const fn stated_ready(&self) -> Option<Option<u32>> {
        match self.ready {
            ReadyCount::Derived => None,
            ReadyCount::Given(count) => Some(Some(count)),
            ReadyCount::Unknown => Some(None),
        }
    }

    /// How many instances are on their way, where that was said.
    #[must_use]
    pub const fn stated_unready(&self) -> Option<u32> {
        self.unready
    }

    /// The names of the instances in their order; empty where they have none.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names = vec![""; self.names.len()];
        for (name, i) in &self.names {
            names[*i as usize] = name;
        }
        names
    }

    /// All requests by the names of their resources.
    pub fn requested(&self) -> impl Iterator<Item = (&str, &Column<'a>)> {
        self.requests.iter().map(|r| (r.name.as_ref(), &r.values))
    }

    /// All values of the whole workload.
    pub fn workload_values(&self) -> impl Iterator<Item = &WorkloadValue<'a>> {
        self.workload.iter()
    }
}

impl<'a> Samples<'a> {
    /// When the samples were taken, if not at the time of the snapshot.
    #[must_use]
    pub fn times(&self) -> Option<&PerInstance<'a, Timestamp>> {
        self.taken_at.as_ref()
    }

    /// The windows over which the samples were measured.
    #[must_use]
    pub fn windows(&self) -> &PerInstance<'a, Duration> {
        &self.window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_comes_back_and_what_was_not_stays_unsaid() {
        let bare = Snapshot::at(Timestamp::from_secs(1)).replicas(3);
        assert_eq!((bare.stated_reported(), bare.stated_ready(), bare.stated_unready()), (None, None, None));
        assert_eq!((bare.names(), bare.requested().count(), bare.workload_values().count()), (vec![], 0, 0));

        let samples = Samples::new("cpu", vec![1.0, 2.0]).taken_at(Timestamp::from_secs(9));
        let full = bare.reported(2).ready(1).unready(1).instance_names(["b", "a"]).unwrap();
        let full = full.measured(samples).unwrap().requests("cpu", 0.5).unwrap().value("queue", 7.0).unwrap();
        assert_eq!(
            (full.stated_reported(), full.stated_ready(), full.stated_unready()),
            (Some(2), Some(Some(1)), Some(1))
        );
        assert_eq!(full.names(), ["b", "a"]);
        assert_eq!(full.requested().collect::<Vec<_>>(), [("cpu", &Column::Same(0.5))]);
        assert_eq!(full.workload_values().map(WorkloadValue::name).collect::<Vec<_>>(), ["queue"]);
        let cpu = full.find("cpu").unwrap();
        assert_eq!(cpu.times(), Some(&PerInstance::Same(Timestamp::from_secs(9))));
        assert_eq!(cpu.windows(), &PerInstance::Same(Duration::ZERO));
    }
}
