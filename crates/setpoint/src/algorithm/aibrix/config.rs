//! The settings of an AIBrix autoscaler. [`Config`] is free to set; only a [`Checked`] one runs. Its reading from annotations and
//! documents goes through the same checks.
//!
//! Source of defaults: `vllm-project/aibrix`, `pkg/controller/podautoscaler/context/context.go` and
//! `api/autoscaling/v1alpha1/podautoscaler_types.go`, commit `e3e10f9e4aebe9aac5e7d992fb87d2648e01628b`. Upstream does not check the
//! numbers of annotations; the ranges are ours.

use super::agenda::{Agenda, Schedule};
use super::evaluate::{Settings, Strategy};
use super::history::History;
use crate::error::ConfigError;
use crate::replicas::Bounds;
use crate::schedule::Zone;
use core::time::Duration;

/// The longest window of averages.
const LONGEST_WINDOW: Duration = Duration::from_secs(3_600);

/// Where a metric is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Source {
    /// At each instance: the average counts.
    #[default]
    Instances,
    /// Outside: one value.
    External,
}

/// A metric, where it is measured, and what one instance is for.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name in snapshots.
    pub name: String,
    /// Where it is measured.
    pub source: Source,
    /// The target per instance, in the metric's own unit.
    pub target: f64,
}

/// What the panic strategy takes for the load of all instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum KpaLoad {
    /// The average per instance as it is, upstream's way: it answers too few, and says so among the reasons.
    #[default]
    Averages,
    /// The average times the replicas: the corrected form. Metrics from outside are totals already and stay as they are.
    Totals,
}

/// What windows that nothing was ever recorded in stand for, where there is no instance to ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum EmptyWindow {
    /// A load of zero, upstream's way: the count can fall.
    #[default]
    ReadsZero,
    /// A metric that could not be read: the corrected form.
    Fails,
}

/// What the cooldown does with earlier recommendations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum CooldownRule {
    /// Goes to the most extreme of them, upstream's way: an increase to the largest, a decrease to the smallest.
    #[default]
    Deepen,
    /// Goes no further than the mildest of them, as Kubernetes' stabilization: the corrected form.
    Hold,
}

/// The settings.
///
/// | setting | default | range | unit | source |
/// |---|---|---|---|---|
/// | `strategy` | required | | | `scalingStrategy` |
/// | `bounds` | required (upstream's minimum is 1) | min 0 to max | replicas | `minReplicas`, `maxReplicas` |
/// | `metric`, `external` | at least one, names differ | targets finite, above 0 | metric units per instance | `metricsSources` |
/// | `settings` | [`Settings::default`] | rates and threshold finite, above 0; tolerances finite, at least 0 | see there | annotations |
/// | `stable_window` | 180 s | 1 to 3,600 s, whole seconds | span | `observeWindowSeconds` |
/// | `panic_window` | 60 s | 1 s to the stable window, whole seconds | span | `panicWindowSeconds` |
/// | `scale_up_cooldown` | 0 s | any | span | annotation |
/// | `scale_down_cooldown` | 300 s | any | span | annotation |
/// | `time_zone` | `UTC` | IANA name; others than UTC need the feature `schedule` | | `schedules[].timezone` |
/// | `schedule` | none | see [`Schedule`]; no two at the same minute | | `schedules` |
/// | `cooldown_rule` | deepen, as upstream | | | ours |
/// | `kpa_load` | averages, as upstream | | | ours |
/// | `empty_window` | reads zero, as upstream | | | ours |
///
/// ```
/// use setpoint::Bounds;
/// use setpoint::aibrix::{Config, Strategy};
/// let config = Config::new(Strategy::Apa, Bounds::new(1, 10)?)
///     .metric("kv_cache_usage_perc", 0.5)
///     .annotations([("scale-up-tolerance", "0.2"), ("scale-down-cooldown-window", "90s")])?;
/// assert_eq!(config.check()?.settings().scale_up_tolerance, 0.2);
///
/// let error = Config::new(Strategy::Apa, Bounds::new(1, 10)?).metric("load", -1.0).check().unwrap_err();
/// assert_eq!(error.to_string(), "metrics.load is -1: must be a finite number above 0");
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "super::document::Config", try_from = "super::document::Config"))]
pub struct Config {
    pub(super) strategy: Strategy,
    pub(super) bounds: Bounds,
    pub(super) metrics: Vec<Metric>,
    pub(super) settings: Settings,
    pub(super) stable_window: Duration,
    pub(super) panic_window: Duration,
    pub(super) scale_up_cooldown: Duration,
    pub(super) scale_down_cooldown: Duration,
    pub(super) time_zone: String,
    pub(super) schedules: Vec<Schedule>,
    pub(super) cooldown_rule: CooldownRule,
    pub(super) kpa_load: KpaLoad,
    pub(super) empty_window: EmptyWindow,
}

impl Config {
    /// Settings with all defaults, and no metric yet.
    #[must_use]
    pub fn new(strategy: Strategy, bounds: Bounds) -> Self {
        Self {
            strategy,
            bounds,
            metrics: Vec::new(),
            settings: Settings::default(),
            stable_window: Duration::from_secs(180),
            panic_window: Duration::from_secs(60),
            scale_up_cooldown: Duration::ZERO,
            scale_down_cooldown: Duration::from_secs(300),
            time_zone: "UTC".to_owned(),
            schedules: Vec::new(),
            cooldown_rule: CooldownRule::default(),
            kpa_load: KpaLoad::default(),
            empty_window: EmptyWindow::default(),
        }
    }

    /// Adds a metric that is measured at each instance, and how much of it one instance is for.
    #[must_use]
    pub fn metric(mut self, name: impl Into<String>, target: f64) -> Self {
        self.metrics.push(Metric { name: name.into(), source: Source::Instances, target });
        self
    }

    /// Adds a metric that is one value from outside, and how much of it one instance is for.
    #[must_use]
    pub fn external(mut self, name: impl Into<String>, target: f64) -> Self {
        self.metrics.push(Metric { name: name.into(), source: Source::External, target });
        self
    }

    /// Sets the numbers of the formulas.
    #[must_use]
    pub const fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Sets the window of the stable average.
    #[must_use]
    pub const fn stable_window(mut self, window: Duration) -> Self {
        self.stable_window = window;
        self
    }

    /// Sets the window of the panic average.
    #[must_use]
    pub const fn panic_window(mut self, window: Duration) -> Self {
        self.panic_window = window;
        self
    }

    /// Sets how long recommendations count for an increase.
    #[must_use]
    pub const fn scale_up_cooldown(mut self, window: Duration) -> Self {
        self.scale_up_cooldown = window;
        self
    }

    /// Sets how long recommendations count for a decrease.
    #[must_use]
    pub const fn scale_down_cooldown(mut self, window: Duration) -> Self {
        self.scale_down_cooldown = window;
        self
    }

    /// Sets the zone whose clock all schedules go by.
    #[must_use]
    pub fn time_zone(mut self, name: impl Into<String>) -> Self {
        self.time_zone = name.into();
        self
    }

    /// Adds a schedule.
    #[must_use]
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedules.push(schedule);
        self
    }

    /// Sets what the cooldown does with earlier recommendations.
    #[must_use]
    pub const fn cooldown_rule(mut self, rule: CooldownRule) -> Self {
        self.cooldown_rule = rule;
        self
    }

    /// Sets what the panic strategy takes for the load of all instances.
    #[must_use]
    pub const fn kpa_load(mut self, load: KpaLoad) -> Self {
        self.kpa_load = load;
        self
    }

    /// Sets what windows stand for that nothing was ever recorded in.
    #[must_use]
    pub const fn empty_window(mut self, rule: EmptyWindow) -> Self {
        self.empty_window = rule;
        self
    }

    /// These settings as ones that can run.
    ///
    /// # Errors
    /// If a setting is outside its range, there is no metric, or two have the same name.
    pub fn check(self) -> Result<Checked, ConfigError> {
        self.check_settings()?;
        self.check_metrics()?;
        for (field, window, longest) in [
            ("stable_window", self.stable_window, LONGEST_WINDOW),
            ("panic_window", self.panic_window, self.stable_window),
        ] {
            if window.is_zero() || window.subsec_nanos() != 0 || window > longest {
                let allowed = format!("whole seconds from 1 s to {longest:?}");
                return Err(ConfigError::new(field, format!("{window:?}"), allowed));
            }
        }
        let agenda = Agenda::new(self.bounds, Zone::new(&self.time_zone)?, &self.schedules)?;
        Ok(Checked { config: self, agenda })
    }

    fn check_settings(&self) -> Result<(), ConfigError> {
        let Settings {
            max_scale_up_rate,
            max_scale_down_rate,
            scale_up_tolerance,
            scale_down_tolerance,
            panic_threshold,
        } = self.settings;
        for (field, value) in [
            ("max_scale_up_rate", max_scale_up_rate),
            ("max_scale_down_rate", max_scale_down_rate),
            ("panic_threshold", panic_threshold),
        ] {
            if !(value.is_finite() && value > 0.0) {
                return Err(ConfigError::new(field, value, "a finite number above 0"));
            }
        }
        for (field, value) in
            [("scale_up_tolerance", scale_up_tolerance), ("scale_down_tolerance", scale_down_tolerance)]
        {
            if !(value.is_finite() && value >= 0.0) {
                return Err(ConfigError::new(field, value, "a finite number of at least 0"));
            }
        }
        Ok(())
    }

    fn check_metrics(&self) -> Result<(), ConfigError> {
        if self.metrics.is_empty() || self.metrics.len() > usize::from(u16::MAX) {
            return Err(ConfigError::new("metrics", self.metrics.len(), "1 to 65535 metrics"));
        }
        for (i, Metric { name, target, .. }) in self.metrics.iter().enumerate() {
            crate::metric::MetricName::new(name).map_err(|error| error.within("metrics"))?;
            if !(target.is_finite() && *target > 0.0) {
                return Err(ConfigError::new(format!("metrics.{name}"), target, "a finite number above 0"));
            }
            if self.metrics[..i].iter().any(|other| other.name == *name) {
                return Err(ConfigError::new(format!("metrics.{name}"), "given twice", "given once"));
            }
        }
        Ok(())
    }
}

/// Settings that were found to hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    config: Config,
    agenda: Agenda,
}

impl Checked {
    /// The settings, to be changed and checked again.
    #[must_use]
    pub fn into_config(self) -> Config {
        self.config
    }

    /// The strategy.
    #[must_use]
    pub const fn strategy(&self) -> Strategy {
        self.config.strategy
    }

    /// The bounds by time.
    #[must_use]
    pub const fn agenda(&self) -> &Agenda {
        &self.agenda
    }

    /// The metrics in the order given.
    #[must_use]
    pub fn metrics(&self) -> &[Metric] {
        &self.config.metrics
    }

    /// The numbers of the formulas.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.config.settings
    }

    /// The window of the stable average.
    #[must_use]
    pub const fn stable_window(&self) -> Duration {
        self.config.stable_window
    }

    /// The window of the panic average.
    #[must_use]
    pub const fn panic_window(&self) -> Duration {
        self.config.panic_window
    }

    /// What the panic strategy takes for the load of all instances.
    #[must_use]
    pub const fn kpa_load(&self) -> KpaLoad {
        self.config.kpa_load
    }

    /// What windows stand for that nothing was ever recorded in.
    #[must_use]
    pub const fn empty_window(&self) -> EmptyWindow {
        self.config.empty_window
    }

    /// An empty memory of recommendations.
    #[must_use]
    pub fn history(&self) -> History {
        let Config { cooldown_rule, scale_up_cooldown, scale_down_cooldown, .. } = self.config;
        History::new(cooldown_rule, scale_up_cooldown, scale_down_cooldown)
    }
}

#[cfg(test)]
mod tests;
