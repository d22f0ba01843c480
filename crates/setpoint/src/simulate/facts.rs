//! The snapshot that an autoscaler sees at each tick of a simulation: one value, refilled, so that a tick allocates nothing.
//!
//! | fact | what it is at rate level |
//! |---|---|
//! | `replicas` | ordered |
//! | ready, unready | those that served in the bin that ended; the others that are ordered |
//! | samples `cpu` | busy share of the ready replicas' slots, 0 to 1, the same for each; missing where none was ready |
//! | value `concurrency` | work on hand divided by the width of the bin ([`Sample::concurrency`](super::Sample::concurrency)) |
//! | value `rps` | arrivals per second |
//! | value `queue_length` | waiting requests, from the work left over ([`Sample::queue_length`](super::Sample::queue_length)) |
//!
//! Every value's window is the bin. Where a tick has no sample the snapshot lacks all four; they are never 0.

use super::observation::Observation;
use crate::error::SnapshotError;
use crate::metric::{CONCURRENCY, CPU, QUEUE_LENGTH, RPS};
use crate::snapshot::{Samples, Snapshot, WorkloadValue};
use crate::time::Timestamp;
use core::time::Duration;

/// Two snapshots of the same facts: one with the values, one for ticks without a sample.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    measured: Snapshot<'static>,
    bare: Snapshot<'static>,
}

impl Facts {
    pub(super) fn new(step: Duration) -> Self {
        let bare = Snapshot::at(Timestamp::default());
        // The names are usable and differ, so nothing is refused; should that change, values are missing and not wrong.
        let measured = named(bare.clone(), step).unwrap_or_else(|_| bare.clone());
        Self { measured, bare }
    }

    /// The facts of one tick.
    #[inline]
    pub(super) fn of(&mut self, seen: &Observation) -> &Snapshot<'static> {
        let facts = match &seen.sample {
            Some(sample) => {
                let cpu = sample.utilization().unwrap_or(f64::NAN);
                self.measured.refill(&[cpu], &[sample.concurrency(), sample.rps(), sample.queue_length()]);
                &mut self.measured
            }
            None => &mut self.bare,
        };
        facts.set_at(seen.now);
        facts.set_replicas(seen.ordered);
        facts.set_ready(seen.ready, seen.ordered - seen.ready);
        facts
    }
}

/// The names in the order in which [`Facts::of`] fills them.
fn named(bare: Snapshot<'static>, step: Duration) -> Result<Snapshot<'static>, SnapshotError> {
    let value = |name| WorkloadValue::new(name, f64::NAN).window(step);
    bare.measured(Samples::new(CPU, f64::NAN).window(step))?
        .workload_value(value(CONCURRENCY))?
        .workload_value(value(RPS))?
        .workload_value(value(QUEUE_LENGTH))
}
