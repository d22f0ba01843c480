//! The settings of a KubeAI policy. [`Config`] is free to set; only a [`Checked`] one runs.
//!
//! Source of defaults and ranges: `pmady/kubeai-autoscaler`, `api/v1alpha1/{types,validation}.go`, commit
//! `88eef88baa688724255ee090f4d1ef3eb23d70f2`. Ours: separate cooldowns, a cooldown of 0 that is one, the rule for missing
//! readings, metrics of other names, the slot for GPU memory, and the behavior that upstream parses and never reads.

use super::rule::{DEFAULT_TOLERANCE, effective_min};
use super::slots::{PerSlot, Slot};
use crate::behavior::{Behavior, FilledBehavior};
use crate::error::ConfigError;
use crate::metric::MetricName;
use crate::replicas::Bounds;
use crate::rounding;
use core::time::Duration;

/// The cooldown where none is given.
pub const DEFAULT_COOLDOWN: Duration = Duration::from_secs(300);

/// What a missing reading does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Missing {
    /// It forbids a reduction: unknown load is not low load.
    #[default]
    Hold,
    /// Its slot is left out, as upstream does.
    Ignore,
}

/// Which changes a cooldown counts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum CooldownClock {
    /// One clock: a change in either direction starts both cooldowns. Upstream's.
    #[default]
    Shared,
    /// A clock for each direction.
    PerDirection,
}

/// What happens where no algorithm has the configured name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum UnknownAlgorithm {
    /// The configuration is refused.
    #[default]
    Refuse,
    /// `MaxRatio` stands in, as upstream, and every decision says so.
    UseMaxRatio,
}

/// The settings of one policy.
///
/// | setting | default | range | unit | source |
/// |---|---|---|---|---|
/// | `bounds` | required | a minimum of 0 is read as 1 | replicas | upstream |
/// | `latency_p99`, `latency_p95` | off | above 0 | time; read in seconds | upstream |
/// | `gpu_utilization` | off | 1 to 100 | percent | upstream |
/// | `queue_depth` | off | above 0 | requests waiting per replica; read as the sum | upstream (which lets 0 pass and never uses it) |
/// | `gpu_memory` | off | 1 to 100 | percent | upstream's document |
/// | `metric` | [`Slot::default_metric`] | names differ | | ours |
/// | `algorithm` | `MaxRatio` | a registered name | | upstream |
/// | `weights` | 1 each | at least 0, finite; one per slot in the order of [`Slot::ALL`] | relative | upstream |
/// | `tolerance` | 0.1 | 0 to 1 | share of the target | upstream's schema |
/// | `cooldown` | 300 s | 0 is none | time | upstream (where 0 means 300 s) |
/// | `cooldown_clock` | shared | | | upstream |
/// | `missing` | hold | | | ours; ignore is upstream's |
/// | `unknown_algorithm` | refuse | | | ours; `MaxRatio` is upstream's |
/// | `behavior` | none | without tolerances | | upstream's document |
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Bounds, kubeai};
/// let config = kubeai::Config::new(Bounds::new(1, 20)?)
///     .latency_p99(Duration::from_millis(500))
///     .gpu_utilization(80.0)
///     .queue_depth(10.0);
/// assert!(config.clone().check().is_ok());
/// let error = config.tolerance(1.5).check().unwrap_err();
/// assert_eq!(error.to_string(), "algorithm.tolerance is 1.5: must be 0 to 1");
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "super::document::Config", try_from = "super::document::Config"))]
pub struct Config {
    pub(super) bounds: Bounds,
    pub(super) targets: PerSlot,
    pub(super) metrics: [Option<String>; Slot::ALL.len()],
    pub(super) algorithm: String,
    pub(super) weights: Vec<f64>,
    pub(super) tolerance: f64,
    pub(super) unknown: UnknownAlgorithm,
    pub(super) cooldown_up: Duration,
    pub(super) cooldown_down: Duration,
    pub(super) cooldown_clock: CooldownClock,
    pub(super) missing: Missing,
    pub(super) behavior: Option<Behavior>,
}

impl Config {
    /// Settings with all defaults, and no metric yet.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            targets: PerSlot::new(),
            metrics: Default::default(),
            algorithm: "MaxRatio".to_owned(),
            weights: Vec::new(),
            tolerance: DEFAULT_TOLERANCE,
            unknown: UnknownAlgorithm::default(),
            cooldown_up: DEFAULT_COOLDOWN,
            cooldown_down: DEFAULT_COOLDOWN,
            cooldown_clock: CooldownClock::default(),
            missing: Missing::default(),
            behavior: None,
        }
    }

    /// Holds the 99th percentile of the latency to `target`.
    #[must_use]
    pub fn latency_p99(self, target: Duration) -> Self {
        self.target(Slot::LatencyP99, in_ms(target))
    }

    /// Holds the 95th percentile of the latency to `target`.
    #[must_use]
    pub fn latency_p95(self, target: Duration) -> Self {
        self.target(Slot::LatencyP95, in_ms(target))
    }

    /// Holds GPU compute utilization to `percent`.
    #[must_use]
    pub fn gpu_utilization(self, percent: f64) -> Self {
        self.target(Slot::GpuUtilization, percent)
    }

    /// Holds the requests waiting to `depth` for each replica.
    #[must_use]
    pub fn queue_depth(self, depth: f64) -> Self {
        self.target(Slot::QueueDepth, depth)
    }

    /// Holds GPU memory utilization to `percent`.
    #[must_use]
    pub fn gpu_memory(self, percent: f64) -> Self {
        self.target(Slot::GpuMemory, percent)
    }

    /// Holds `slot` to `target`, in the slot's own unit.
    #[must_use]
    pub fn target(mut self, slot: Slot, target: f64) -> Self {
        self.targets = self.targets.with(slot, target);
        self
    }

    /// Reads `slot` from the metric `name`.
    #[must_use]
    pub fn metric(mut self, slot: Slot, name: impl Into<String>) -> Self {
        self.metrics[slot.index()] = Some(name.into());
        self
    }

    /// Chooses the algorithm by its name.
    #[must_use]
    pub fn algorithm(mut self, name: impl Into<String>) -> Self {
        self.algorithm = name.into();
        self
    }

    /// The weights of `WeightedRatio`, one per slot in their order. Other algorithms do not look at them.
    #[must_use]
    pub fn weights(mut self, weights: impl Into<Vec<f64>>) -> Self {
        self.weights = weights.into();
        self
    }

    /// How far the combined ratio may be from 1 without effect; the edges are without effect too.
    #[must_use]
    pub const fn tolerance(mut self, share: f64) -> Self {
        self.tolerance = share;
        self
    }

    /// What happens where no algorithm has the configured name.
    #[must_use]
    pub const fn unknown_algorithm(mut self, rule: UnknownAlgorithm) -> Self {
        self.unknown = rule;
        self
    }

    /// For how long the count rests after a change.
    #[must_use]
    pub const fn cooldown(self, span: Duration) -> Self {
        self.cooldowns(span, span)
    }

    /// For how long growth and reductions each wait after a change.
    #[must_use]
    pub const fn cooldowns(mut self, up: Duration, down: Duration) -> Self {
        self.cooldown_up = up;
        self.cooldown_down = down;
        self
    }

    /// Which changes a cooldown counts from.
    #[must_use]
    pub const fn cooldown_clock(mut self, clock: CooldownClock) -> Self {
        self.cooldown_clock = clock;
        self
    }

    /// What a missing reading does.
    #[must_use]
    pub const fn missing(mut self, rule: Missing) -> Self {
        self.missing = rule;
        self
    }

    /// Stabilization windows and rate policies between the algorithm and the cooldown, as the Kubernetes autoscaler has them.
    #[must_use]
    pub fn behavior(mut self, behavior: Behavior) -> Self {
        self.behavior = Some(behavior);
        self
    }

    /// These settings as ones that can run.
    ///
    /// # Errors
    /// If a setting is outside its range or there is no metric.
    pub fn check(self) -> Result<Checked, ConfigError> {
        for slot in Slot::ALL {
            let Some(target) = self.targets.get(slot) else { continue };
            let percent = matches!(slot, Slot::GpuUtilization | Slot::GpuMemory);
            let (ok, allowed) = if percent {
                ((1.0..=100.0).contains(&target), "1 to 100")
            } else {
                (target.is_finite() && target > 0.0, "positive and finite")
            };
            if !ok {
                return Err(ConfigError::new(format!("targets.{}", field(slot)), target, allowed));
            }
        }
        if self.targets == PerSlot::new() {
            return Err(ConfigError::new("targets", "empty", "at least one metric"));
        }
        if let Some(bad) = self.weights.iter().find(|w| !(w.is_finite() && **w >= 0.0)) {
            return Err(ConfigError::new("algorithm.weights", bad, "finite numbers of at least 0"));
        }
        if !(0.0..=1.0).contains(&self.tolerance) {
            return Err(ConfigError::new("algorithm.tolerance", self.tolerance, "0 to 1"));
        }
        if self.algorithm.trim().is_empty() {
            return Err(ConfigError::new("algorithm.name", "empty", "a registered name"));
        }
        let mut names: Vec<MetricName> = Vec::new();
        for (slot, name) in self.enabled() {
            let name = MetricName::new(name)
                .map_err(|e| ConfigError { field: format!("metrics.{}", field(slot)).into(), ..e })?;
            if names.contains(&name) {
                return Err(ConfigError::new(format!("metrics.{}", field(slot)), name, "a name of its own"));
            }
            names.push(name);
        }
        let behavior = self.behavior.as_ref().map(|b| b.filled(DEFAULT_COOLDOWN)).transpose()?;
        if self.behavior.as_ref().is_some_and(|b| b.tolerances() != (None, None)) {
            return Err(ConfigError::new("behavior.tolerance", "given", "absent: the algorithm has its own"));
        }
        let min = rounding::to_replicas(effective_min(i64::from(self.bounds.min())));
        let bounds = Bounds::new(min, self.bounds.max())?;
        Ok(Checked { config: Self { bounds, ..self }, names, behavior })
    }

    /// The slots with a target, and the metric that each is read from.
    fn enabled(&self) -> impl Iterator<Item = (Slot, &str)> {
        let named = |slot: &Slot| self.metrics[slot.index()].as_deref().unwrap_or(slot.default_metric());
        Slot::ALL.into_iter().filter(|slot| self.targets.get(*slot).is_some()).map(move |s| (s, named(&s)))
    }
}

/// The name of a target in documents.
pub(super) const fn field(slot: Slot) -> &'static str {
    match slot {
        Slot::LatencyP99 => "latency_p99_ms",
        Slot::LatencyP95 => "latency_p95_ms",
        Slot::GpuUtilization => "gpu_utilization_percent",
        Slot::QueueDepth => "queue_depth_per_replica",
        Slot::GpuMemory => "gpu_memory_percent",
    }
}

fn in_ms(span: Duration) -> f64 {
    span.as_nanos() as f64 / 1e6
}

/// Settings that were found to hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    pub(super) config: Config,
    pub(super) names: Vec<MetricName>,
    behavior: Option<FilledBehavior>,
}

impl Checked {
    /// The settings, to be changed and checked again.
    #[must_use]
    pub fn into_config(self) -> Config {
        self.config
    }

    /// The replica bounds, the lower one at least 1.
    #[must_use]
    pub const fn bounds(&self) -> Bounds {
        self.config.bounds
    }

    /// The cooldowns (up, down) and which changes they count from.
    #[must_use]
    pub const fn cooldowns(&self) -> (Duration, Duration, CooldownClock) {
        (self.config.cooldown_up, self.config.cooldown_down, self.config.cooldown_clock)
    }

    /// Stabilization windows and rate policies, where there are any.
    #[must_use]
    pub const fn behavior(&self) -> Option<&FilledBehavior> {
        self.behavior.as_ref()
    }

    /// The slots with a target, in order.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        Slot::ALL.into_iter().filter(|slot| self.config.targets.get(*slot).is_some())
    }
}
