//! The rate level: a discrete-time fluid queue in front of a fleet, one step per bin. It takes decisions from whoever is asked,
//! an autoscaler or a closure. It has no variance inside a bin, so waits below the width of a bin are optimistic; it does not know
//! single requests. Source of the rules: `docs/simulation.md`.

use super::model::Model;
use super::observation::{Exporter, Observation, Sample};
use super::report::{Header, Report, Tally};
use super::supply::{Change, Supply};
use super::trace::Trace;
use crate::rounding;
use crate::time::Timestamp;

/// What happened in one bin, and what was decided at its end.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Bin {
    /// Its place in the trace.
    pub index: usize,
    /// Its end, when the decision was made.
    pub at: Timestamp,
    /// Requests that arrived.
    pub requests: f64,
    /// Work that arrived, in slot-milliseconds.
    pub work_ms: f64,
    /// Replicas that served.
    pub ready: u32,
    /// Replicas that were paid for: those that served and those on their way.
    pub ordered: u32,
    /// The fewest replicas that could serve what arrived.
    pub demand: u32,
    /// Work done, in slot-milliseconds.
    pub served_ms: f64,
    /// Work left over at the end, in slot-milliseconds.
    pub backlog_ms: f64,
    /// How long the backlog would keep the present replicas busy, in milliseconds; infinite where there are none.
    #[cfg_attr(feature = "serde", serde(with = "super::report::wait"))]
    pub wait_ms: f64,
    /// Whether the wait was longer than the limit.
    pub violated: bool,
    /// What was decided, within the model's bounds: the ordered replicas of the next bin.
    pub decided: u32,
}

/// A run over a trace, bin by bin.
///
/// ```
/// use core::time::Duration;
/// use setpoint::Bounds;
/// use setpoint::simulate::{Model, RateLevel, Trace, Work};
///
/// let trace = Trace::from_counts("toy", Duration::from_secs(10), [400.0, 600.0, 0.0].map(Some), &Work::per_request_ms(200.0)?)?;
/// let model = Model::new(Bounds::new(1, 40)?).initial(2)?.slots_per_replica(4)?;
/// let mut run = RateLevel::new(&trace, &model);
/// let mut waits = Vec::new();
/// while let Some(bin) = run.step(|seen| seen.ordered) {
///     waits.push(bin.wait_ms);
/// }
/// assert_eq!(waits, [0.0, 5_000.0, 0.0]);
/// let report = run.report("my own policy");
/// assert_eq!(report.service.violating_requests, 0.0);
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RateLevel<'a> {
    trace: &'a Trace,
    model: &'a Model,
    next: usize,
    gaps: &'a [usize],
    supply: Supply,
    exporter: Exporter,
    tally: Tally,
    backlog_ms: f64,
    step_ms: f64,
    slots: f64,
    /// Work per bin that a replica is expected to take, for the demand.
    need_ms: f64,
    slo_wait_ms: f64,
}

impl<'a> RateLevel<'a> {
    /// A run of `model` over `trace`, before its first bin.
    #[must_use]
    pub fn new(trace: &'a Trace, model: &'a Model) -> Self {
        let step_ms = trace.step_ms();
        let (width, slots) = (step_ms as f64, f64::from(model.slots_per_replica));
        Self {
            trace,
            model,
            next: 0,
            gaps: trace.missing(),
            supply: Supply::new(model, step_ms.unsigned_abs()),
            exporter: Exporter::new(model, step_ms.unsigned_abs(), trace.len()),
            tally: Tally::default(),
            backlog_ms: 0.0,
            step_ms: width,
            slots,
            need_ms: model.need_utilization * (slots * width),
            slo_wait_ms: model.slo_wait_ms as f64,
        }
    }

    /// Plays the next bin and asks `decide` for the replicas to order from then on; `None` after the last bin.
    ///
    /// The last bin decides too. What is decided is held to the model's bounds.
    #[inline]
    pub fn step(&mut self, decide: impl FnOnce(&Observation) -> u32) -> Option<Bin> {
        let index = self.next;
        let load = *self.trace.loads().get(index)?;
        self.next = index + 1;
        let number = index as u64;
        let known = self.gaps.first() != Some(&index);
        if !known {
            self.gaps = &self.gaps[1..];
        }

        self.supply.enter(number);
        let (ready, ordered) = (self.supply.ready(), self.supply.ordered());
        let serving = f64::from(ready) * self.slots;
        let offered_ms = self.backlog_ms + load.work_ms;
        let capacity_ms = serving * self.step_ms;
        let served_ms = offered_ms.min(capacity_ms);
        let backlog_ms = offered_ms - served_ms;
        self.backlog_ms = backlog_ms;
        let wait_ms = if backlog_ms > 0.0 { backlog_ms / serving } else { 0.0 };
        let demand = rounding::ceil_replicas(load.work_ms / self.need_ms);
        self.tally.arrive(load.requests, load.work_ms);

        let at = self.instant(number + 1);
        let sample = Sample {
            at,
            ready,
            requests: load.requests,
            offered_ms,
            served_ms,
            capacity_ms,
            step_ms: self.step_ms,
            mean_work_ms: self.tally.mean_work_ms(),
        };
        let sample = known.then_some(sample);
        let mut seen = Observation { bin: index, now: at, ready, ordered, sample };
        self.exporter.pass(number, &mut seen.sample);
        let wanted = decide(&seen);
        let decided = rounding::to_replicas(self.model.bounds.clamp(i64::from(wanted)));

        let bin = Bin {
            index,
            at,
            requests: load.requests,
            work_ms: load.work_ms,
            ready,
            ordered,
            demand,
            served_ms,
            backlog_ms,
            wait_ms,
            violated: wait_ms > self.slo_wait_ms,
            decided,
        };
        self.tally.add(&bin, capacity_ms);
        if decided != ordered {
            let change: Change = self.supply.order(decided, number + 1);
            self.tally.change(change);
        }
        Some(bin)
    }

    /// The report over the bins played so far, in the name of `policy`.
    #[must_use]
    pub fn report(self, policy: impl Into<String>) -> Report {
        let header = Header::new(self.trace, self.model, policy.into());
        let gaps = self.trace.missing().len() - self.gaps.len();
        self.tally.report(header, self.trace.step_ms(), gaps as u64, self.exporter.missed())
    }

    /// The start of bin `number`, in the policy's time.
    fn instant(&self, number: u64) -> Timestamp {
        let offset = i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(self.trace.step_ms());
        Timestamp::from_millis(self.model.start_at.as_millis().saturating_add(offset))
    }
}

#[cfg(test)]
#[path = "rate_level_tests.rs"]
mod tests;
