//! The configuration of one autoscaler, and the plan that it becomes once checked. [`Config::plan`] is the only door:
//! what runs is a [`Plan`], and deserialization passes through it too.
//!
//! Source: Kubernetes, `pkg/apis/autoscaling/v2/defaults.go`, `pkg/apis/autoscaling/validation/validation.go`, commit
//! `a769d588`; controller-wide defaults of release 1.28.

use super::gate::ZeroRules;
use super::pods::CpuTiming;
use super::ratio::Tolerance;
use super::replicas::PodTarget;
use super::step::StepRules;
use super::workload::WorkloadTarget;
use crate::behavior::rules::Behavior;
use crate::error::ConfigError;
use crate::metric::{self, MetricName, Target, TargetKind};
use crate::replicas::Bounds;
use crate::rounding;
use core::time::Duration;

/// Where the readings of a metric come from, which decides how they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Source {
    /// A resource of the instances, `cpu` or `memory`: utilization or average value.
    Resource,
    /// A custom metric of the instances: average value.
    Pods,
    /// A metric of one object that stands for the workload: value or average value.
    Object,
    /// Samples from outside that are added up: value or average value.
    External,
}

/// The configuration of a Kubernetes-style horizontal autoscaler.
///
/// | setting | default | range | unit | source |
/// |---|---|---|---|---|
/// | bounds | required | min at least 1 (0 with `scale_to_zero` and an object or external metric) | replicas | `minReplicas`, `maxReplicas` |
/// | metrics | `cpu` at 80 % | utilization: whole percent, from 1; values: whole thousandths, above 0 | | `metrics` |
/// | `tolerance` | 0.1 | 0 and more | share of the target | `--horizontal-pod-autoscaler-tolerance` |
/// | tolerance of a direction | as `tolerance` | 0 and more | share of the target | `behavior.scaleUp.tolerance`, `…scaleDown…` |
/// | `cpu_initialization_period` | 300 s | any | span | `--horizontal-pod-autoscaler-cpu-initialization-period` |
/// | `initial_readiness_delay` | 30 s | any | span | `--horizontal-pod-autoscaler-initial-readiness-delay` |
/// | `scale_down_window` | 300 s | any; up to 3600 s with a behavior that does not set its own | span | `--horizontal-pod-autoscaler-downscale-stabilization` |
/// | `behavior` | none | see [`Rules`](super::Rules) | | `behavior` |
/// | `scale_to_zero` | off | | | feature gate `HPAScaleToZero` |
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Bounds, Target, hpa};
/// let config = hpa::Config::new(Bounds::new(2, 10)?)
///     .target("cpu", Target::utilization(0.7)?)
///     .external("queue_length", Target::average_value(30.0)?)
///     .scale_down_window(Duration::from_secs(120));
/// assert_eq!(config.plan()?.metrics.len(), 2);
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawConfig", into = "RawConfig"))]
pub struct Config {
    bounds: Bounds,
    metrics: Vec<(Source, String, Target)>,
    tolerance: f64,
    timing: CpuTiming,
    scale_down_window: Duration,
    behavior: Option<Behavior>,
    scale_to_zero: bool,
}

impl Config {
    /// A configuration with the defaults of the table.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            metrics: Vec::new(),
            tolerance: 0.1,
            timing: CpuTiming::default(),
            scale_down_window: Duration::from_secs(300),
            behavior: None,
            scale_to_zero: false,
        }
    }

    /// Adds a resource metric of the instances, such as `cpu` or `memory`.
    #[must_use]
    pub fn target(self, name: impl Into<String>, target: Target) -> Self {
        self.metric(Source::Resource, name, target)
    }

    /// Adds a custom metric of the instances.
    #[must_use]
    pub fn pods(self, name: impl Into<String>, target: Target) -> Self {
        self.metric(Source::Pods, name, target)
    }

    /// Adds the metric of an object that stands for the workload.
    #[must_use]
    pub fn object(self, name: impl Into<String>, target: Target) -> Self {
        self.metric(Source::Object, name, target)
    }

    /// Adds a metric from outside the workload.
    #[must_use]
    pub fn external(self, name: impl Into<String>, target: Target) -> Self {
        self.metric(Source::External, name, target)
    }

    /// Adds a metric of any source. Their order decides between equal proposals.
    #[must_use]
    pub fn metric(mut self, source: Source, name: impl Into<String>, target: Target) -> Self {
        self.metrics.push((source, name.into(), target));
        self
    }

    /// How far a ratio may be off, in both directions, as a share of the target.
    #[must_use]
    pub const fn tolerance(mut self, share: f64) -> Self {
        self.tolerance = share;
        self
    }

    /// For how long after its start an instance's CPU usage is distrusted.
    #[must_use]
    pub const fn cpu_initialization_period(mut self, span: Duration) -> Self {
        self.timing.initialization_period = span;
        self
    }

    /// For how long after its start a change to "not ready" is taken for the first report.
    #[must_use]
    pub const fn initial_readiness_delay(mut self, span: Duration) -> Self {
        self.timing.readiness_delay = span;
        self
    }

    /// For how long a higher recommendation holds a scale-down back (controller-wide).
    #[must_use]
    pub const fn scale_down_window(mut self, window: Duration) -> Self {
        self.scale_down_window = window;
        self
    }

    /// Windows and rate policies for each direction instead of the fixed rules.
    #[must_use]
    pub fn behavior(mut self, behavior: Behavior) -> Self {
        self.behavior = Some(behavior);
        self
    }

    /// Whether the workload may be brought to zero, and back from there.
    #[must_use]
    pub const fn scale_to_zero(mut self, enabled: bool) -> Self {
        self.scale_to_zero = enabled;
        self
    }

    /// The configuration checked, with defaults filled in and targets in the numbers that upstream calculates with.
    ///
    /// # Errors
    /// If a setting is outside the range that the table gives.
    pub fn plan(&self) -> Result<Plan, ConfigError> {
        let metrics = if self.metrics.is_empty() {
            vec![plan_metric(Source::Resource, metric::CPU, Target::utilization(0.8)?)?]
        } else {
            self.metrics.iter().map(|(s, n, t)| plan_metric(*s, n, *t)).collect::<Result<_, _>>()?
        };
        let workload_metric = metrics.iter().any(|m| matches!(m.goal, Goal::Object(_) | Goal::External(_)));
        if self.bounds.min() == 0 && !(self.scale_to_zero && workload_metric) {
            let allowed = "at least 1, or 0 with scale_to_zero and an object or external metric";
            return Err(ConfigError::new("min_replicas", 0, allowed));
        }
        let wide = check_tolerance("tolerance", self.tolerance)?;
        let (up, down) = self.behavior.as_ref().map_or((None, None), Behavior::tolerances);
        let tolerance = Tolerance {
            up: check_tolerance("behavior.up.tolerance", up.unwrap_or(wide))?,
            down: check_tolerance("behavior.down.tolerance", down.unwrap_or(wide))?,
        };
        let behavior = self.behavior.as_ref().map(|b| b.filled(self.scale_down_window)).transpose()?;
        let rules = StepRules {
            min: i64::from(self.bounds.min()),
            max: i64::from(self.bounds.max()),
            scale_down_window: self.scale_down_window,
            behavior,
            zero: ZeroRules { enabled: self.scale_to_zero, workload_metric },
        };
        Ok(Plan { metrics, tolerance, timing: self.timing, rules })
    }
}

/// A checked configuration, ready to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The metrics in their order, at least one.
    pub metrics: Vec<PlannedMetric>,
    /// How far a ratio may be off.
    pub tolerance: Tolerance,
    /// How long the CPU usage of young instances is distrusted.
    pub timing: CpuTiming,
    /// Everything that comes after the proposals: bounds, windows, policies, scale to zero.
    pub rules: StepRules,
}

/// One metric of a [`Plan`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlannedMetric {
    /// Its name.
    pub name: MetricName,
    /// What it is held to.
    pub goal: Goal,
}

impl PlannedMetric {
    /// Whether the readings of young instances are distrusted: for the resource `cpu` only.
    #[must_use]
    pub fn is_cpu(&self) -> bool {
        matches!(self.goal, Goal::Resource(_)) && self.name.as_str() == metric::CPU
    }
}

/// What a metric is held to, by where its readings come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Goal {
    /// A resource of the instances.
    Resource(PodTarget),
    /// A custom metric of the instances.
    Pods(PodTarget),
    /// The metric of an object.
    Object(WorkloadTarget),
    /// Samples from outside.
    External(WorkloadTarget),
}

fn plan_metric(source: Source, name: &str, target: Target) -> Result<PlannedMetric, ConfigError> {
    let of = |e: ConfigError| e.within(&format!("metrics.{name}"));
    let name_checked = MetricName::new(name)?;
    let refuse = |allowed| Err(of(ConfigError::new("target", format_args!("{:?}", target.kind()), allowed)));
    let milli = || whole_milli(target.amount()).map_err(of);
    let goal = match (source, target.kind()) {
        (Source::Resource, TargetKind::Utilization) => {
            Goal::Resource(PodTarget::Utilization(whole_percent(target.amount()).map_err(of)?))
        }
        (Source::Resource, TargetKind::AverageValue) => Goal::Resource(PodTarget::AverageValue(milli()?)),
        (Source::Resource, TargetKind::Value) => return refuse("a utilization or an average value"),
        (Source::Pods, TargetKind::AverageValue) => Goal::Pods(PodTarget::AverageValue(milli()?)),
        (Source::Pods, _) => return refuse("an average value"),
        (Source::Object, TargetKind::Value) => Goal::Object(WorkloadTarget::Value(milli()?)),
        (Source::Object, TargetKind::AverageValue) => Goal::Object(WorkloadTarget::AverageValue(milli()?)),
        (Source::External, TargetKind::Value) => Goal::External(WorkloadTarget::Value(milli()?)),
        (Source::External, TargetKind::AverageValue) => {
            Goal::External(WorkloadTarget::AverageValue(milli()?))
        }
        (Source::Object | Source::External, _) => return refuse("a value or an average value"),
    };
    Ok(PlannedMetric { name: name_checked, goal })
}

/// A share as whole percent: 0.57 is 57, though `0.57 * 100.0` is not.
fn whole_percent(share: f64) -> Result<i32, ConfigError> {
    let percent = share * 100.0;
    match (rounding::snap_floor(percent), rounding::snap_ceil(percent)) {
        (Some(a), Some(b)) if a == b && (1..rounding::MAX_COUNT).contains(&a) => Ok(a as i32),
        _ => Err(ConfigError::new("target", share, "a share of whole percents, 0.01 and more")),
    }
}

fn whole_milli(amount: f64) -> Result<i64, ConfigError> {
    let milli = amount * 1000.0;
    rounding::to_milli(amount)
        .filter(|m| *m >= 1 && (milli - *m as f64).abs() <= rounding::SNAP * milli)
        .ok_or_else(|| ConfigError::new("target", amount, "whole thousandths, 0.001 to 9223372036854775.807"))
}

fn check_tolerance(field: &'static str, share: f64) -> Result<f64, ConfigError> {
    if share.is_finite() && share >= 0.0 {
        Ok(share)
    } else {
        Err(ConfigError::new(field, share, "a finite number, 0 and more"))
    }
}

#[cfg(feature = "serde")]
mod raw {
    use super::{Behavior, Bounds, Config, ConfigError, CpuTiming, Duration, Source, Target};
    use crate::time::millis;

    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct RawMetric {
        source: Source,
        name: String,
        target: Target,
    }

    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct RawConfig {
        bounds: Bounds,
        #[serde(default)]
        metrics: Vec<RawMetric>,
        tolerance: Option<f64>,
        cpu_initialization_period_ms: Option<u64>,
        initial_readiness_delay_ms: Option<u64>,
        scale_down_window_ms: Option<u64>,
        behavior: Option<Behavior>,
        #[serde(default)]
        scale_to_zero: bool,
    }

    impl TryFrom<RawConfig> for Config {
        type Error = ConfigError;
        fn try_from(raw: RawConfig) -> Result<Self, ConfigError> {
            let base = Self::new(raw.bounds);
            let span = |ms: Option<u64>, default| ms.map_or(default, Duration::from_millis);
            let config = Self {
                bounds: raw.bounds,
                metrics: raw.metrics.into_iter().map(|m| (m.source, m.name, m.target)).collect(),
                tolerance: raw.tolerance.unwrap_or(base.tolerance),
                timing: CpuTiming {
                    initialization_period: span(
                        raw.cpu_initialization_period_ms,
                        base.timing.initialization_period,
                    ),
                    readiness_delay: span(raw.initial_readiness_delay_ms, base.timing.readiness_delay),
                },
                scale_down_window: span(raw.scale_down_window_ms, base.scale_down_window),
                behavior: raw.behavior,
                scale_to_zero: raw.scale_to_zero,
            };
            config.plan().map(|_| config)
        }
    }

    impl From<Config> for RawConfig {
        fn from(config: Config) -> Self {
            let ms = |span| Some(millis(span).unsigned_abs());
            Self {
                bounds: config.bounds,
                metrics: config
                    .metrics
                    .into_iter()
                    .map(|(source, name, target)| RawMetric { source, name, target })
                    .collect(),
                tolerance: Some(config.tolerance),
                cpu_initialization_period_ms: ms(config.timing.initialization_period),
                initial_readiness_delay_ms: ms(config.timing.readiness_delay),
                scale_down_window_ms: ms(config.scale_down_window),
                behavior: config.behavior,
                scale_to_zero: config.scale_to_zero,
            }
        }
    }
}
#[cfg(feature = "serde")]
use raw::RawConfig;

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
