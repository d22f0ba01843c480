//! The settings of a Bud scaler. [`Config`] is free to set; only a [`Checked`] one runs. Its form in documents is in `document`.
//!
//! Source of defaults: `BudEcosystem/scaler`, `pkg/context/context.go` and `api/scaler/v1alpha1/budaiscaler_types.go`, commit
//! `79bffc5e9778ab80a20c5e0a6d39d9e780750122`. Repaired: tolerance and panic threshold are ratios, as documented; its algorithms divide them
//! by 100 once more. Ours: separate tolerances, the settings of predictions, `overlap`, `pacing`, `enforce_bounds_last`.

use super::gate::StartingGate;
use super::gpu::GpuThresholds;
use super::hint::Overlap;
use super::kpa::PANIC_THRESHOLD;
use super::pace::{Pacing, Policies};
use super::pipeline::Rules;
use super::prediction::Blend;
use super::votes::{DOWN_RATE, Tolerance, UP_RATE};
use crate::behavior::rules::LONGEST_PERIOD;
use crate::behavior::{Policy, Select};
use crate::error::ConfigError;
use crate::metric::MetricName;
use crate::replicas::{Bounds, Step};
use crate::rounding::MAX_COUNT;
use core::time::Duration;

/// Which of the three algorithms decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Strategy {
    /// A Kubernetes autoscaler is configured to decide: resource, custom and external metrics, bounds and behavior.
    Hpa,
    /// Metrics with a panic, bounds, policies, gate, cooldown.
    Kpa,
    /// Everything.
    #[default]
    BudScaler,
}

/// Where the readings of a metric come from. It matters to [`Strategy::Hpa`] alone, which has no use for the last kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Source {
    /// A resource of the instances; its target is a utilization in whole percent.
    Resource,
    /// A custom metric of the instances; its target is an average value.
    Custom,
    /// A metric from outside; its target is a value.
    External,
    /// Instances, Prometheus or an inference engine, asked directly.
    #[default]
    Direct,
}

/// The rules of one direction; what is not given takes the direction's default.
///
/// | setting | default up | default down | range | unit | source |
/// |---|---|---|---|---|---|
/// | `cooldown` | 0 s | 300 s | any | span | `behavior.….stabilizationWindowSeconds` |
/// | `select` | [`Select::Max`] | [`Select::Min`] | | | `behavior.….selectPolicy` |
/// | `policies` | none, no limit | none, no limit | step 0 to 2,147,483,647, period 1 s to 1800 s | | `behavior.….policies` |
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    pub(super) cooldown: Option<Duration>,
    pub(super) select: Option<Select>,
    pub(super) policies: Vec<Policy>,
}

impl Side {
    /// Rules with everything left to the defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self { cooldown: None, select: None, policies: Vec::new() }
    }

    /// Time from a change in either direction until the next one in this direction.
    #[must_use]
    pub const fn cooldown(mut self, span: Duration) -> Self {
        self.cooldown = Some(span);
        self
    }

    /// Which of the policies counts.
    #[must_use]
    pub const fn select(mut self, select: Select) -> Self {
        self.select = Some(select);
        self
    }

    /// The policies.
    #[must_use]
    pub fn policies(mut self, policies: impl Into<Vec<Policy>>) -> Self {
        self.policies = policies.into();
        self
    }

    fn rules(&self, select: Select) -> Policies {
        Policies { policies: self.policies.as_slice().into(), select: self.select.unwrap_or(select) }
    }

    fn check(&self) -> Result<(), ConfigError> {
        for policy in &self.policies {
            let (Step::Pods(value) | Step::Percent(value)) = policy.step;
            if i64::from(value) > MAX_COUNT {
                return Err(ConfigError::new("policies.step", value, "0 to 2147483647"));
            }
            if policy.period < Duration::from_secs(1) || policy.period > LONGEST_PERIOD {
                let period = format!("{:?}", policy.period);
                return Err(ConfigError::new("policies.period", period, "1 s to 1800 s"));
            }
        }
        Ok(())
    }
}

/// The settings of a Bud scaler.
///
/// | setting | default | range | unit | source |
/// |---|---|---|---|---|
/// | `bounds` | required | min 0 and more | replicas | `minReplicas`, `maxReplicas` |
/// | metrics | at least one | target positive and finite, names differ | metric units, mean over the instances | `metricsSources` |
/// | `strategy` | [`Strategy::BudScaler`] | | | `scalingStrategy` |
/// | `tolerance` | 0.1 and 0.1 | 0 and more | share of the target | annotation (ratio) |
/// | `scale_up_rate` | 2.0 | 1 and more; 0 is the default | multiples of the count, per evaluation | annotation |
/// | `scale_down_rate` | 0.5 | 0 and more; 0 is the default, above 1 is 1 | multiples of the count, per evaluation | annotation |
/// | `panic_threshold` | 2.0 | 0 and more; 0 is the default | multiples of the target | annotation (ratio) |
/// | `starting_weight` | 0.5 | 0 to 1 | replicas per starting one | annotation |
/// | `up`, `down` | see [`Side`] | | | `behavior` |
/// | `pacing` | [`Pacing::OverPeriod`] | | | ours |
/// | `max_starting` | 0, off | 0 to 2,147,483,647 | replicas | annotation |
/// | `max_starting_percent` | 50 | 0 (off) to 100 | percent | annotation |
/// | `bypass_gate_on_panic` | off | | | annotation |
/// | `gpu` | off | thresholds 0 to 100 | percent | `gpuConfig` |
/// | `prediction` | off | see [`Blend`] | | `predictionConfig` |
/// | `budget_per_hour` | none | 0 (none) and more, finite | currency per hour | `costConfig.budgetPerHour` |
/// | `overlap` | [`Overlap::First`] | | | ours |
/// | `enforce_bounds_last` | off | | | ours |
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Bounds, bud, behavior::Policy};
///
/// let config = bud::Config::new(Bounds::new(2, 20)?)
///     .metric("gpu_cache_usage_perc", 70.0)
///     .up(bud::Side::new().cooldown(Duration::from_secs(30)).policies([Policy::percent(100, Duration::from_secs(60))]))
///     .gpu(bud::GpuThresholds { memory: Some(80.0), compute: None })
///     .prediction(bud::Blend::default())
///     .budget_per_hour(50.0);
/// assert_eq!(config.check()?.rules().max, 20);
///
/// let error = bud::Config::new(Bounds::new(2, 20)?).metric("load", 1.0).starting_weight(1.5).check().unwrap_err();
/// assert_eq!(error.to_string(), "starting_weight is 1.5: must be 0 to 1");
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "super::document::Config", try_from = "super::document::Config"))]
pub struct Config {
    pub(super) bounds: Bounds,
    pub(super) strategy: Strategy,
    pub(super) metrics: Vec<(Source, String, f64)>,
    pub(super) tolerance: Tolerance,
    pub(super) scale_up_rate: f64,
    pub(super) scale_down_rate: f64,
    pub(super) panic_threshold: f64,
    pub(super) starting_weight: f64,
    pub(super) up: Side,
    pub(super) down: Side,
    pub(super) pacing: Pacing,
    pub(super) max_starting: u32,
    pub(super) max_starting_percent: u32,
    pub(super) bypass_gate_on_panic: bool,
    pub(super) gpu: Option<GpuThresholds>,
    pub(super) prediction: Option<Blend>,
    pub(super) budget_per_hour: Option<f64>,
    pub(super) overlap: Overlap,
    pub(super) enforce_bounds_last: bool,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $name: $type) -> Self {
            self.$name = $name;
            self
        }
    )*};
}

impl Config {
    /// Settings with all defaults, and no metric yet.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            strategy: Strategy::default(),
            metrics: Vec::new(),
            tolerance: Tolerance::both(0.1),
            scale_up_rate: UP_RATE,
            scale_down_rate: DOWN_RATE,
            panic_threshold: PANIC_THRESHOLD,
            starting_weight: 0.5,
            up: Side::new(),
            down: Side::new(),
            pacing: Pacing::default(),
            max_starting: 0,
            max_starting_percent: 50,
            bypass_gate_on_panic: false,
            gpu: None,
            prediction: None,
            budget_per_hour: None,
            overlap: Overlap::default(),
            enforce_bounds_last: false,
        }
    }

    setters! {
        /// Which algorithm decides.
        strategy: Strategy;
        /// How far a ratio may be from 1 without effect; the edge has an effect.
        tolerance: Tolerance;
        /// How far one evaluation may grow the count.
        scale_up_rate: f64;
        /// How much of the count one evaluation leaves.
        scale_down_rate: f64;
        /// At which multiple of its target a metric of [`Strategy::Kpa`] is in panic.
        panic_threshold: f64;
        /// How much of a replica a starting one counts for.
        starting_weight: f64;
        /// The rules of growth.
        up: Side;
        /// The rules of reduction.
        down: Side;
        /// Whether the periods of the policies count.
        pacing: Pacing;
        /// So many starting replicas hold growth back.
        max_starting: u32;
        /// Such a share of starting replicas holds growth back.
        max_starting_percent: u32;
        /// Whether panic passes that gate ([`Strategy::Kpa`] alone).
        bypass_gate_on_panic: bool;
        /// Which of several active schedule hints counts.
        overlap: Overlap;
        /// Whether the bounds hold once more after policies, gate and cooldown.
        enforce_bounds_last: bool;
    }

    /// Adds a metric that is asked for directly, and what its mean over the instances is held to.
    #[must_use]
    pub fn metric(self, name: impl Into<String>, target: f64) -> Self {
        self.metric_from(Source::Direct, name, target)
    }

    /// Adds a metric of any source.
    #[must_use]
    pub fn metric_from(mut self, source: Source, name: impl Into<String>, target: f64) -> Self {
        self.metrics.push((source, name.into(), target));
        self
    }

    /// Lets the GPUs raise the count.
    #[must_use]
    pub fn gpu(mut self, thresholds: GpuThresholds) -> Self {
        self.gpu = Some(thresholds);
        self
    }

    /// Blends predictions in.
    #[must_use]
    pub fn prediction(mut self, blend: Blend) -> Self {
        self.prediction = Some(blend);
        self
    }

    /// Holds the bill to a budget. A snapshot that brings a budget of its own goes before it.
    #[must_use]
    pub fn budget_per_hour(mut self, budget: f64) -> Self {
        self.budget_per_hour = Some(budget);
        self
    }

    /// These settings as ones that can run.
    ///
    /// # Errors
    /// If a setting is outside its range, there is no metric, or two have the same name.
    pub fn check(self) -> Result<Checked, ConfigError> {
        self.check_metrics()?;
        let positive = "0 and more, finite";
        at_least("tolerance.up", self.tolerance.up, 0.0, positive)?;
        at_least("tolerance.down", self.tolerance.down, 0.0, positive)?;
        if self.scale_up_rate != 0.0 {
            at_least("scale_up_rate", self.scale_up_rate, 1.0, "1 and more, or 0 for the default")?;
        }
        at_least("scale_down_rate", self.scale_down_rate, 0.0, positive)?;
        at_least("panic_threshold", self.panic_threshold, 0.0, positive)?;
        share("starting_weight", self.starting_weight)?;
        self.up.check().map_err(|e| e.within("up"))?;
        self.down.check().map_err(|e| e.within("down"))?;
        if i64::from(self.max_starting) > MAX_COUNT {
            return Err(ConfigError::new("max_starting", self.max_starting, "0 to 2147483647"));
        }
        if self.max_starting_percent > 100 {
            return Err(ConfigError::new("max_starting_percent", self.max_starting_percent, "0 to 100"));
        }
        if let Some(GpuThresholds { memory, compute }) = self.gpu {
            for (field, threshold) in [("gpu.memory", memory), ("gpu.compute", compute)] {
                if let Some(percent) = threshold.filter(|percent| !(0.0..=100.0).contains(percent)) {
                    return Err(ConfigError::new(field, percent, "0 to 100"));
                }
            }
        }
        if let Some(blend) = self.prediction {
            share("prediction.weight", blend.weight)?;
            share("prediction.min_confidence", blend.min_confidence)?;
            if let Some(most) = blend.max_replicas.filter(|most| *most == 0 || i64::from(*most) > MAX_COUNT) {
                return Err(ConfigError::new("prediction.max_replicas", most, "1 to 2147483647"));
            }
        }
        if let Some(budget) = self.budget_per_hour {
            at_least("budget_per_hour", budget, 0.0, positive)?;
        }
        Ok(Checked(self))
    }

    fn check_metrics(&self) -> Result<(), ConfigError> {
        if self.metrics.is_empty() {
            return Err(ConfigError::new("metrics", "empty", "at least one metric"));
        }
        for (i, (_, name, target)) in self.metrics.iter().enumerate() {
            MetricName::new(name)?;
            if !(target.is_finite() && *target > 0.0) {
                return Err(ConfigError::new(format!("metrics.{name}"), target, "positive and finite"));
            }
            if self.metrics[..i].iter().any(|(_, other, _)| other == name) {
                return Err(ConfigError::new(format!("metrics.{name}"), "given twice", "given once"));
            }
        }
        Ok(())
    }
}

fn at_least(field: &'static str, value: f64, least: f64, allowed: &'static str) -> Result<(), ConfigError> {
    if value.is_finite() && value >= least { Ok(()) } else { Err(ConfigError::new(field, value, allowed)) }
}

fn share(field: &'static str, value: f64) -> Result<(), ConfigError> {
    if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(ConfigError::new(field, value, "0 to 1")) }
}

/// The target of a metric as documents write it: a decimal number, an exponent allowed, no unit. `None` where the text is none, or not a
/// finite number above 0: such a metric has no vote.
///
/// ```
/// use setpoint::bud::target_value;
/// assert_eq!((target_value("70.50"), target_value("7e1")), (Some(70.5), Some(70.0)));
/// assert_eq!((target_value("500m"), target_value("0"), target_value("inf")), (None, None, None));
/// ```
#[must_use]
pub fn target_value(text: &str) -> Option<f64> {
    text.parse().ok().filter(|target: &f64| target.is_finite() && *target > 0.0)
}

/// Settings that were found to hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked(Config);

impl Checked {
    /// The settings, to be changed and checked again.
    #[must_use]
    pub fn into_config(self) -> Config {
        self.0
    }

    /// Which algorithm decides.
    #[must_use]
    pub const fn strategy(&self) -> Strategy {
        self.0.strategy
    }

    /// The replica bounds.
    #[must_use]
    pub const fn bounds(&self) -> Bounds {
        self.0.bounds
    }

    /// The metrics in the order given: source, name, target.
    #[must_use]
    pub fn metrics(&self) -> &[(Source, String, f64)] {
        &self.0.metrics
    }

    /// The hourly budget, where one is set.
    #[must_use]
    pub fn budget_per_hour(&self) -> Option<f64> {
        self.0.budget_per_hour
    }

    /// The rules of growth and of reduction, as given.
    #[must_use]
    pub const fn sides(&self) -> (&Side, &Side) {
        (&self.0.up, &self.0.down)
    }

    /// What [`decide`](super::decide) and [`decide_kpa`](super::decide_kpa) need.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let config = &self.0;
        Rules {
            min: i64::from(config.bounds.min()),
            max: i64::from(config.bounds.max()),
            tolerance: config.tolerance,
            up_rate: config.scale_up_rate,
            down_rate: config.scale_down_rate,
            panic_threshold: config.panic_threshold,
            starting_weight: config.starting_weight,
            up: config.up.rules(Select::Max),
            down: config.down.rules(Select::Min),
            pacing: config.pacing,
            gate: StartingGate {
                max_starting: i64::from(config.max_starting),
                max_percent: i64::from(config.max_starting_percent),
            },
            bypass_gate_on_panic: config.bypass_gate_on_panic,
            up_cooldown: config.up.cooldown.unwrap_or(Duration::ZERO),
            down_cooldown: config.down.cooldown.unwrap_or(Duration::from_secs(300)),
            gpu: config.gpu,
            prediction: config.prediction,
            overlap: config.overlap,
            enforce_bounds_last: config.enforce_bounds_last,
        }
    }
}

impl Side {
    /// The cooldown, the selection and the policies, as far as they are given.
    #[must_use]
    pub fn given(&self) -> (Option<Duration>, Option<Select>, &[Policy]) {
        (self.cooldown, self.select, &self.policies)
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
