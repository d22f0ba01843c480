//! The snapshot that an autoscaler sees at each tick of a simulation: one value, refilled, so that a tick allocates nothing.
//!
//! | fact | what it is at rate level |
//! |---|---|
//! | `replicas` | ordered |
//! | ready, unready | those that served in the bin that ended; the others that are ordered |
//! | samples `cpu` | busy share of the ready replicas' slots, 0 to 1, the same for each; absent where none was ready |
//! | value `concurrency` | work on hand divided by the width of the bin ([`Sample::concurrency`]) |
//! | value `rps` | arrivals per second |
//! | value `queue_length` | waiting requests, from the work left over ([`Sample::queue_length`]) |
//!
//! Every value's window is the bin. Where a tick has no sample the snapshot lacks all four; they are never 0.

use super::observation::{Observation, Sample};
use crate::error::SnapshotError;
use crate::metric::{CONCURRENCY, CPU, QUEUE_LENGTH, RPS};
use crate::snapshot::{Column, Samples, Snapshot};
use crate::time::Timestamp;
use core::time::Duration;

/// Two snapshots of the same facts: one with the values, one for ticks without a sample.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    measured: Snapshot<'static>,
    bare: Snapshot<'static>,
    step: Duration,
}

impl Facts {
    pub(super) fn new(step: Duration) -> Self {
        let bare = Snapshot::at(Timestamp::default());
        let cpu = Samples::new(CPU, f64::NAN).window(step);
        // A sample without listed instances always fits; should that change, the snapshot stays without values.
        let measured = bare.clone().measured(cpu).unwrap_or_else(|_| bare.clone());
        Self { measured, bare, step }
    }

    /// The facts of one tick.
    #[inline]
    pub(super) fn of(&mut self, seen: &Observation) -> &Snapshot<'static> {
        let facts = match &seen.sample {
            Some(sample) if fill(&mut self.measured, sample, self.step).is_ok() => &mut self.measured,
            _ => &mut self.bare,
        };
        facts.set_at(seen.now);
        facts.set_replicas(seen.ordered);
        facts.set_ready(seen.ready, seen.ordered - seen.ready);
        facts
    }
}

#[inline]
fn fill(facts: &mut Snapshot<'static>, sample: &Sample, step: Duration) -> Result<(), SnapshotError> {
    facts.set_samples(CPU, Column::Same(sample.utilization().unwrap_or(f64::NAN)))?;
    facts.set_value(CONCURRENCY, sample.concurrency(), step)?;
    facts.set_value(RPS, sample.rps(), step)?;
    facts.set_value(QUEUE_LENGTH, sample.queue_length(), step)
}
