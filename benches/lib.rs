//! Inputs that several benchmarks share: fleets, readings and autoscalers of a stated size, the same on every run.

use setpoint::hpa::{Behavior, Config};
use setpoint::{
    Autoscaler, Bounds, ConfigError, Instance, Readiness, Snapshot, SnapshotError, Target, Timestamp,
};

/// The time of all decisions.
pub const NOW: Timestamp = Timestamp::from_secs(1_000_000);

/// A fleet as one finds it: of every ten instances one is pending, one started a minute ago, and the others have served for an hour.
#[must_use]
pub fn fleet(n: usize) -> Vec<Instance> {
    let old = Timestamp::from_secs(1_000_000 - 3_600);
    let young = Timestamp::from_secs(1_000_000 - 60);
    let of = |i: usize| match i % 10 {
        7 => Instance::pending(),
        3 => Instance::running(young, Readiness::Ready, young),
        _ => Instance::ready(old),
    };
    (0..n).map(of).collect()
}

/// CPU usage between 0.5 and 1.5 cores; one in twenty is missing.
#[must_use]
pub fn usage(n: usize) -> Vec<f64> {
    (0..n).map(|i| if i % 20 == 19 { f64::NAN } else { 0.5 + (i * 37 % 100) as f64 / 100.0 }).collect()
}

/// A snapshot of the fleet with its CPU usage and requests of one core each.
///
/// # Errors
/// None that can happen with columns of one length.
pub fn snapshot<'a>(fleet: &'a [Instance], usage: &'a [f64]) -> Result<Snapshot<'a>, SnapshotError> {
    let replicas = u32::try_from(fleet.len()).unwrap_or(u32::MAX);
    Snapshot::at(NOW).replicas(replicas).instances(fleet)?.samples("cpu", usage)?.requests("cpu", 1.0)
}

/// An HPA on CPU utilization with the default behavior of both directions.
///
/// # Errors
/// None that can happen with these settings.
pub fn hpa() -> Result<Autoscaler, ConfigError> {
    Autoscaler::hpa(
        Config::new(Bounds::new(1, 10_000)?)
            .target("cpu", Target::utilization(0.7)?)
            .behavior(Behavior::new()),
    )
}
