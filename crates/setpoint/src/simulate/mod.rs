//! Backtests: had this policy been in charge of this load, what would have happened, and what would it have cost? The simulator
//! drives the same [`Autoscaler`] that runs in production, from outside, as a user would. It does no I/O, reads no clock, and
//! draws no random number that its input did not seed.
//!
//! - [`run`] plays a trace with an autoscaler and gives a [`Report`]; [`run_watched`] shows every bin and every decision on the way.
//! - [`RateLevel`] is the engine beneath, which takes its decisions from any closure.
//! - [`Traffic`] makes a load: a daily cycle, noise, bursts, a flash crowd.
//!
//! Source of the rules: `docs/simulation.md`.

mod elasticity;
mod facts;
mod generator;
mod model;
mod observation;
mod quantile;
mod random;
mod rate_level;
mod report;
mod supply;
mod trace;

pub use elasticity::Elasticity;
pub use generator::{Bursts, FlashCrowd, Tokens, Traffic};
pub use model::{Model, Outage, StartDelay};
pub use observation::{Observation, Sample};
pub use rate_level::{Bin, RateLevel};
pub use report::{Cost, Header, Report, Service, Stability};
pub use trace::{Arrivals, Trace, Work};

use crate::autoscaler::Autoscaler;
use crate::decision::Decision;
use core::fmt::Write;
use facts::Facts;
use trace::Fnv;

/// Plays `trace` on `model` with `scaler` in charge.
///
/// The autoscaler keeps what it remembers, before and after: to compare runs, give each its own clone. Its time starts at the
/// model's `start_at`. One snapshot and one decision are used for the whole run, so a bin allocates nothing.
///
/// What the autoscaler sees is, per bin: `replicas` (ordered), the ready and the unready among them; samples `cpu` (busy share of the
/// ready replicas' slots, 0 to 1); the workload values `concurrency` (work on hand divided by the width of the bin), `rps` and
/// `queue_length`. Where a scrape failed it sees the counts alone.
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Autoscaler, Bounds};
/// use setpoint::simulate::{self, Model, Traffic, Work};
///
/// let work = Work::per_request_ms(200.0)?.and_per_token_ms(0.25, 20.0)?;
/// let trace = Traffic::day().seed(1).trace(&work)?;
/// let model = Model::new(Bounds::new(1, 40)?)
///     .initial(10)?
///     .slots_per_replica(4)?
///     .start_delay(Duration::from_secs(60));
/// let report = simulate::run(&trace, &mut Autoscaler::fixed(10), &model);
/// assert_eq!(report.cost.replica_hours, 240.0);
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[must_use]
pub fn run(trace: &Trace, scaler: &mut Autoscaler, model: &Model) -> Report {
    run_watched(trace, scaler, model, |_, _| {})
}

/// As [`run`], and shows every bin with its decision to `watch`: for series, progress and explanations.
#[must_use]
pub fn run_watched(
    trace: &Trace,
    scaler: &mut Autoscaler,
    model: &Model,
    mut watch: impl FnMut(&Bin, &Decision),
) -> Report {
    let (name, hash) = identity(scaler);
    let mut facts = Facts::new(trace.step());
    let mut decision = Decision::default();
    let mut level = RateLevel::new(trace, model);
    while let Some(bin) = level.step(|seen| {
        scaler.decide_into(facts.of(seen), &mut decision);
        decision.replicas()
    }) {
        watch(&bin, &decision);
    }
    let mut report = level.report(name);
    report.header.policy_hash = hash;
    report
}

/// What tells one autoscaler from another: its stages by name, and a hash over all that it is configured to and remembers.
fn identity(scaler: &Autoscaler) -> (String, String) {
    let names: Vec<&str> = scaler.stages().iter().map(|stage| stage.name.as_str()).collect();
    let mut hash = Fnv::default();
    // Writing to a hash cannot fail; a stage of the caller's own whose `Debug` fails is hashed as far as it went.
    let _ = write!(hash, "{scaler:?}");
    (names.join(" + "), format!("{:016x}", hash.finish()))
}

#[cfg(test)]
mod tests;
