//! Targets of different cost behind one workload: their settings, and their facts made into those of one whole. The total
//! of the whole is decided by the stages of a single target and split by [`optimizer`](super::optimizer).
//!
//! Source of the rules: `volcano-sh/kthena`, `pkg/autoscaler/autoscaler/optimizer.go` and `pkg/autoscaler/webhook/*.go`,
//! commit `3cc057284c34469fcb0ed22a12dac84b1d120719`.

use super::config::{Aggregation, check_behavior, check_bounds, check_metrics, check_names, check_tolerance};
use super::optimizer::{Split, Target, aggregate};
use super::policy::Behavior;
use super::ratio::Range;
use super::recommendation::{Reading, Scope};
use super::stage::{Corrector, Recommender, read, readiness};
use crate::error::{ConfigError, SnapshotError};
use crate::replicas::Bounds;
use crate::rounding;
use crate::snapshot::Snapshot;
use crate::time::Timestamp;

/// The settings of a group of targets that share one total.
///
/// | setting | default | range | unit | source |
/// |---|---|---|---|---|
/// | `target`: name | at least one | not empty, names differ | | webhook |
/// | `target`: bounds | required | min 0 to 1,000,000, max 1 to 1,000,000; the maximums add up to at most 2,147,483,647 | replicas | webhook (`min <= max` and the sum are ours) |
/// | `target`: cost | required | 0 to 2,147,483,647 | of one replica, relative to the others | webhook |
/// | `metric` | at least one | positive and finite, names differ | metric units per instance | webhook |
/// | `cost_expansion_rate_percent` | 200 | 0 to 2,147,483,647 | percent from one batch to the next | schema |
/// | `tolerance_percent` | 10 | 0 to 100 | percent | schema |
/// | `behavior` | [`Behavior::default`] | see the policies | of the total | webhook |
///
/// ```
/// use setpoint::Bounds;
/// use setpoint::kthena::TargetsConfig;
///
/// let config = TargetsConfig::new()
///     .target("h100", Bounds::new(0, 4)?, 100)
///     .target("a100", Bounds::new(1, 8)?, 60)
///     .metric("queue_length", 10.0);
/// assert_eq!(config.check()?.split().of(4), [2, 2]);
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(into = "super::group_documents::Targets", try_from = "super::group_documents::Targets")
)]
pub struct TargetsConfig {
    pub(super) targets: Vec<(String, Bounds, u32)>,
    pub(super) metrics: Vec<(String, f64)>,
    pub(super) cost_expansion_rate_percent: u32,
    pub(super) tolerance_percent: u32,
    pub(super) behavior: Behavior,
}

impl Default for TargetsConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl TargetsConfig {
    /// Settings with all defaults, and neither target nor metric yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            targets: Vec::new(),
            metrics: Vec::new(),
            cost_expansion_rate_percent: 200,
            tolerance_percent: 10,
            behavior: Behavior::default(),
        }
    }

    /// Adds a target. Of equal costs the target added first fills first.
    #[must_use]
    pub fn target(mut self, name: impl Into<String>, bounds: Bounds, cost: u32) -> Self {
        self.targets.push((name.into(), bounds, cost));
        self
    }

    /// Adds a metric and how much of it one instance, of whichever target, is for.
    #[must_use]
    pub fn metric(mut self, metric: impl Into<String>, per_instance: f64) -> Self {
        self.metrics.push((metric.into(), per_instance));
        self
    }

    /// How much larger each batch of a target is than the one before.
    #[must_use]
    pub const fn cost_expansion_rate_percent(mut self, percent: u32) -> Self {
        self.cost_expansion_rate_percent = percent;
        self
    }

    /// How far, in percent, a ratio may be from 1 without effect; the edge is without effect too.
    #[must_use]
    pub const fn tolerance_percent(mut self, percent: u32) -> Self {
        self.tolerance_percent = percent;
        self
    }

    /// The policies of the total.
    #[must_use]
    pub const fn behavior(mut self, behavior: Behavior) -> Self {
        self.behavior = behavior;
        self
    }

    /// These settings as ones that can run.
    ///
    /// # Errors
    /// If a setting is outside its range, there is no target or no metric, or two have the same name.
    pub fn check(self) -> Result<Checked, ConfigError> {
        const MOST: u32 = i32::MAX as u32;
        if self.targets.is_empty() {
            return Err(ConfigError::new("targets", "empty", "at least one target"));
        }
        check_names("targets", self.targets.iter().map(|(name, ..)| name.as_str()))?;
        let mut sum = 0_u64;
        for (name, bounds, cost) in &self.targets {
            let within = |error: ConfigError| error.within(&format!("targets.{name}"));
            check_bounds(*bounds).map_err(within)?;
            if *cost > MOST {
                return Err(within(ConfigError::new("cost", cost, "0 to 2147483647")));
            }
            sum += u64::from(bounds.max());
        }
        if sum > u64::from(MOST) {
            let allowed = "maximums that add up to at most 2147483647";
            return Err(ConfigError::new("targets.max_replicas", sum, allowed));
        }
        if self.cost_expansion_rate_percent > MOST {
            let (rate, allowed) = (self.cost_expansion_rate_percent, "0 to 2147483647");
            return Err(ConfigError::new("cost_expansion_rate_percent", rate, allowed));
        }
        check_metrics(&self.metrics).map_err(|error| ConfigError {
            field: error.field.replacen("targets", "metrics", 1).into(),
            ..error
        })?;
        check_tolerance(self.tolerance_percent)?;
        check_behavior(&self.behavior)?;
        let targets: Vec<Target> =
            self.targets.iter().map(|&(_, bounds, cost)| target(bounds, cost)).collect();
        let split = Split::new(&targets, self.cost_expansion_rate_percent);
        Ok(Checked { config: self, split })
    }
}

fn target(bounds: Bounds, cost: u32) -> Target {
    Target { range: bounds.into(), cost: cost.into() }
}

/// Settings that were found to hold, and the batches of the split.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    config: TargetsConfig,
    split: Split,
}

impl Checked {
    /// The settings, to be changed and checked again.
    #[must_use]
    pub fn into_config(self) -> TargetsConfig {
        self.config
    }

    /// The batches of the split.
    #[must_use]
    pub const fn split(&self) -> &Split {
        &self.split
    }

    /// The names of the targets in list order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.config.targets.iter().map(|(name, ..)| name.as_str())
    }

    /// The stages that decide the total from the [`merge`]d facts.
    ///
    /// # Errors
    /// If a metric's name cannot be one.
    pub fn stages(&self) -> Result<(Recommender, Corrector), ConfigError> {
        let TargetsConfig { metrics, tolerance_percent, behavior, .. } = &self.config;
        let Range { min, max } = self.split.range();
        let tolerance = f64::from(*tolerance_percent) * 0.01;
        let scope = Scope { min, max, current: 0, unready: 0, tolerance };
        let recommender = Recommender::raw(metrics, scope, Aggregation::PerInstance)?;
        let corrector = Corrector::raw(behavior.rules(min, max), behavior.widths());
        Ok((recommender, corrector.remembering_corrected()))
    }
}

/// The facts of several targets as those of one whole, for a [`Recommender`] that takes values one by one: each target
/// stands for one instance, whose sample is the sum over the target's ready instances, and which is silent where no ready
/// instance reports the metric or one blocks. Counts add up. Values from outside are combined by
/// [`aggregate`] over the targets that have one; if any has, samples of that name do not
/// count.
///
/// # Errors
/// If a metric's name cannot be one.
///
/// ```
/// use setpoint::kthena::merge;
/// use setpoint::{Snapshot, Timestamp};
///
/// let at = Timestamp::from_secs(60);
/// let h100 = Snapshot::at(at).replicas(2).samples("load", &[3.0, 4.0])?.value("queue", 5.0)?;
/// let a100 = Snapshot::at(at).replicas(1).unready(1).value("queue", 6.0)?;
/// let whole = merge(["load", "queue"], &[h100, a100], at)?;
/// assert_eq!((whole.replica_count(), whole.ready_count(), whole.unready_count()), (3, Some(2), 1));
/// assert_eq!(whole.find("load").map(|load| (load.values().get(0), load.values().get(1))), Some((Some(7.0), None)));
/// assert_eq!(whole.find_value("queue").and_then(|queue| queue.total()), Some(11.0));
/// # Ok::<(), setpoint::SnapshotError>(())
/// ```
pub fn merge<'a>(
    metrics: impl IntoIterator<Item = &'a str>,
    snapshots: &[Snapshot<'_>],
    at: Timestamp,
) -> Result<Snapshot<'a>, SnapshotError> {
    let facts = || snapshots.iter().map(|snapshot| (snapshot, readiness(snapshot)));
    let sum = |counts: &mut dyn Iterator<Item = i64>| rounding::to_replicas(counts.sum());
    let replicas = sum(&mut snapshots.iter().map(|snapshot| i64::from(snapshot.replica_count())));
    let unready = sum(&mut facts().map(|(_, (_, unready))| unready));
    let mut whole = Snapshot::at(at).replicas(replicas).ready(snapshots.len() as u32).unready(unready);
    for name in metrics {
        let mut outside = Vec::new();
        let mut sums = Vec::with_capacity(snapshots.len());
        for (snapshot, (blocker, _)) in facts() {
            match read(snapshot, name, blocker.is_some(), Aggregation::Summed) {
                Reading::External(value) => outside.push((value, i64::from(snapshot.replica_count()))),
                Reading::Summed(value) => sums.push(value.map_or(f64::NAN, expressible)),
                Reading::Instances(_) => {}
            }
        }
        match aggregate(name, outside) {
            Some(value) => whole = whole.value(name, expressible(value))?,
            None => whole = whole.samples(name, sums)?,
        }
    }
    Ok(whole)
}

/// A sum beyond what a double can tell is the largest one, because a snapshot takes an infinity for a missing sample.
fn expressible(sum: f64) -> f64 {
    sum.clamp(f64::MIN, f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Instance;

    fn config() -> TargetsConfig {
        TargetsConfig::new().target("a", Bounds::new(1, 4).unwrap(), 3).metric("load", 10.0)
    }

    fn refused(config: TargetsConfig) -> String {
        config.check().unwrap_err().field.into_owned()
    }

    #[test]
    fn each_range_is_kept() {
        let bounds = Bounds::new(0, 1_000_000).unwrap();
        assert_eq!(refused(TargetsConfig::new().metric("load", 1.0)), "targets");
        assert_eq!(refused(TargetsConfig::new().target("a", bounds, 1)), "metrics");
        assert_eq!(refused(config().target("a", bounds, 1)), "targets.a");
        assert_eq!(refused(config().target("", bounds, 1)), "targets");
        assert_eq!(refused(config().target("b", bounds, i32::MAX as u32 + 1)), "targets.b.cost");
        let wide = Bounds::new(0, 1_000_001).unwrap();
        assert_eq!(refused(config().target("b", wide, 1)), "targets.b.max_replicas");
        assert_eq!(refused(config().metric("load", 1.0)), "metrics.load");
        assert_eq!(refused(config().metric("x", f64::NAN)), "metrics.x");
        assert_eq!(refused(config().tolerance_percent(101)), "tolerance_percent");
        assert_eq!(refused(config().cost_expansion_rate_percent(u32::MAX)), "cost_expansion_rate_percent");
        let mut behavior = Behavior::default();
        behavior.scale_up.percent = 1_001;
        assert_eq!(refused(config().behavior(behavior)), "behavior.scale_up.stable_policy.percent");
        let many = (0..2_148).fold(config(), |c, i| c.target(format!("t{i}"), bounds, 1));
        assert_eq!(refused(many), "targets.max_replicas");
        let edges = config().target("b", bounds, i32::MAX as u32).cost_expansion_rate_percent(0);
        assert_eq!(edges.check().unwrap().split().range(), Range { min: 1, max: 1_000_004 });
    }

    #[test]
    fn a_blocked_target_is_silent_and_has_no_unready_instances() {
        let at = Timestamp::from_secs(0);
        let restarted = Instance { restarts: 1, ..Instance::pending() };
        let list = [Instance::ready(at), restarted];
        let blocked = Snapshot::at(at).replicas(2).instances(&list[..]).unwrap();
        let blocked = blocked.samples("load", &[5.0, 5.0]).unwrap();
        let fine = Snapshot::at(at).replicas(1).unready(2).samples("load", 7.0).unwrap();
        let whole = merge(["load"], &[blocked, fine.clone().ready(1)], at).unwrap();
        assert_eq!(whole.unready_count(), 2);
        let load = whole.find("load").unwrap().values();
        assert_eq!((load.get(0), load.get(1)), (None, Some(7.0)));
    }

    #[test]
    fn a_value_from_outside_anywhere_silences_samples_everywhere() {
        let at = Timestamp::from_secs(0);
        let samples = Snapshot::at(at).replicas(1).samples("x_usage", 5.0).unwrap();
        let value = |replicas, v: f64| Snapshot::at(at).replicas(replicas).value("x_usage", v).unwrap();
        let whole = merge(["x_usage"], &[samples, value(3, 10.0), value(1, 40.0)], at).unwrap();
        assert!(whole.find("x_usage").is_none());
        assert_eq!(whole.find_value("x_usage").unwrap().total(), Some(17.5));
    }

    #[test]
    fn sums_beyond_doubles_and_counts_beyond_32_bits_saturate() {
        let at = Timestamp::from_secs(0);
        let huge = Snapshot::at(at).replicas(u32::MAX).unready(u32::MAX).value("load", f64::MAX).unwrap();
        let whole = merge(["load"], &[huge.clone(), huge], at).unwrap();
        assert_eq!(whole.find_value("load").unwrap().total(), Some(f64::MAX));
        assert_eq!((whole.replica_count(), whole.unready_count()), (i32::MAX as u32, i32::MAX as u32));
    }
}
