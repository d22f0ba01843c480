//! The settings of a single Kthena target. [`Config`] is free to set; only a [`Checked`] one runs. The
//! policies in it are in [`policy`](super::policy), its form in documents in `document`.
//!
//! Source of defaults and ranges: `volcano-sh/kthena`,
//! `pkg/apis/workload/v1alpha1/autoscalingpolicy_types.go` and `pkg/autoscaler/webhook/*.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`.

use super::correction::Rules;
use super::policy::Behavior;
use super::recommendation::Scope;
use super::status::Widths;
use crate::error::ConfigError;
use crate::replicas::Bounds;

const MOST_REPLICAS: u32 = 1_000_000;

/// How the values of the ready instances reach the recommendation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Aggregation {
    /// As one sum, upstream's way: the tolerance is one instance wide and silent instances go unnoticed.
    #[default]
    Summed,
    /// One by one: the corrected form.
    PerInstance,
}

/// The settings of one target.
///
/// | setting | default | range | unit | source |
/// |---|---|---|---|---|
/// | `bounds` | required | min 0 to 1,000,000, max 1 to 1,000,000 | replicas | webhook (`min <= max` is ours, upstream asks it of roles only) |
/// | `target` | at least one | positive and finite, names differ | metric units per instance | webhook |
/// | `tolerance_percent` | 10 | 0 to 100 | percent | schema |
/// | `behavior` | [`Behavior::default`] | see the policies | | webhook |
/// | `aggregation` | [`Aggregation::Summed`] | | | upstream's collector |
///
/// ```
/// use core::time::Duration;
/// use setpoint::Bounds;
/// use setpoint::algorithm::kthena::{Behavior, Config, PanicPolicy};
///
/// let config = Config::new(Bounds::new(1, 50)?)
///     .target("kv_cache_usage", 0.8)
///     .tolerance_percent(5)
///     .behavior(Behavior { panic: PanicPolicy::new(Duration::from_secs(60)), ..Behavior::default() });
/// assert_eq!(config.check()?.rules().panic_percent, 1_000);
///
/// let error = Config::new(Bounds::new(1, 50)?).target("load", 0.0).check().unwrap_err();
/// assert_eq!(error.to_string(), "targets.load is 0: must be positive and finite");
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "super::document::Config", try_from = "super::document::Config"))]
pub struct Config {
    pub(super) bounds: Bounds,
    pub(super) targets: Vec<(String, f64)>,
    pub(super) tolerance_percent: u32,
    pub(super) behavior: Behavior,
    pub(super) aggregation: Aggregation,
}

impl Config {
    /// Settings with all defaults, and no metric yet.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            targets: Vec::new(),
            tolerance_percent: 10,
            behavior: Behavior::default(),
            aggregation: Aggregation::default(),
        }
    }

    /// Adds a metric and how much of it one instance is for.
    #[must_use]
    pub fn target(mut self, metric: impl Into<String>, per_instance: f64) -> Self {
        self.targets.push((metric.into(), per_instance));
        self
    }

    /// How far, in percent, a ratio may be from 1 without effect; the edge is without effect too.
    #[must_use]
    pub const fn tolerance_percent(mut self, percent: u32) -> Self {
        self.tolerance_percent = percent;
        self
    }

    /// The policies.
    #[must_use]
    pub const fn behavior(mut self, behavior: Behavior) -> Self {
        self.behavior = behavior;
        self
    }

    /// How the values of the ready instances are taken.
    #[must_use]
    pub const fn aggregation(mut self, aggregation: Aggregation) -> Self {
        self.aggregation = aggregation;
        self
    }

    /// These settings as ones that can run.
    ///
    /// # Errors
    /// If a setting is outside its range, there is no metric, or two have the same name.
    pub fn check(self) -> Result<Checked, ConfigError> {
        check_bounds(self.bounds)?;
        check_tolerance(self.tolerance_percent)?;
        check_metrics(&self.targets)?;
        check_behavior(&self.behavior)?;
        Ok(Checked(self))
    }
}

pub(super) fn check_bounds(bounds: Bounds) -> Result<(), ConfigError> {
    if bounds.min() > MOST_REPLICAS {
        return Err(ConfigError::new("min_replicas", bounds.min(), "0 to 1000000"));
    }
    if bounds.max() > MOST_REPLICAS {
        return Err(ConfigError::new("max_replicas", bounds.max(), "1 to 1000000"));
    }
    Ok(())
}

pub(super) fn check_tolerance(percent: u32) -> Result<(), ConfigError> {
    if percent > 100 {
        return Err(ConfigError::new("tolerance_percent", percent, "0 to 100"));
    }
    Ok(())
}

/// At least one metric, each with a name of its own and a usable target.
pub(super) fn check_metrics(targets: &[(String, f64)]) -> Result<(), ConfigError> {
    if targets.is_empty() {
        return Err(ConfigError::new("targets", "empty", "at least one metric"));
    }
    for (i, (name, value)) in targets.iter().enumerate() {
        if name.is_empty() {
            return Err(ConfigError::new("targets", "a metric without a name", "named metrics"));
        }
        if !(value.is_finite() && *value > 0.0) {
            return Err(ConfigError::new(format!("targets.{name}"), value, "positive and finite"));
        }
        if targets[..i].iter().any(|(other, _)| other == name) {
            return Err(ConfigError::new(format!("targets.{name}"), "given twice", "given once"));
        }
    }
    Ok(())
}

pub(super) fn check_behavior(behavior: &Behavior) -> Result<(), ConfigError> {
    let Behavior { scale_up, panic, scale_down } = behavior;
    scale_up.check().map_err(|e| e.within("behavior.scale_up.stable_policy"))?;
    panic.check().map_err(|e| e.within("behavior.scale_up.panic_policy"))?;
    scale_down.check().map_err(|e| e.within("behavior.scale_down"))
}

/// Names that are there and differ.
pub(super) fn check_names<'a>(
    field: &'static str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), ConfigError> {
    for (i, name) in names.clone().enumerate() {
        if name.is_empty() {
            return Err(ConfigError::new(field, "one without a name", "named"));
        }
        if names.clone().take(i).any(|other| other == name) {
            return Err(ConfigError::new(format!("{field}.{name}"), "given twice", "given once"));
        }
    }
    Ok(())
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

    /// The replica bounds.
    #[must_use]
    pub const fn bounds(&self) -> Bounds {
        self.0.bounds
    }

    /// The metrics in the order given, and how much of each one instance is for.
    #[must_use]
    pub fn targets(&self) -> &[(String, f64)] {
        &self.0.targets
    }

    /// How the values of the ready instances are taken.
    #[must_use]
    pub const fn aggregation(&self) -> Aggregation {
        self.0.aggregation
    }

    /// The policies.
    #[must_use]
    pub const fn behavior(&self) -> &Behavior {
        &self.0.behavior
    }

    /// What [`recommend`](super::recommend) needs, for a workload of `current` replicas with `unready` that
    /// are not ready.
    #[must_use]
    pub fn scope(&self, current: i64, unready: i64) -> Scope {
        Scope {
            min: i64::from(self.0.bounds.min()),
            max: i64::from(self.0.bounds.max()),
            current,
            unready,
            tolerance: f64::from(self.0.tolerance_percent) * 0.01,
        }
    }

    /// What [`correct`](super::correct) needs.
    #[must_use]
    pub fn rules(&self) -> Rules {
        self.0.behavior.rules(self.0.bounds.min().into(), self.0.bounds.max().into())
    }

    /// What a [`Status`](super::Status) needs.
    #[must_use]
    pub const fn widths(&self) -> Widths {
        self.0.behavior.widths()
    }
}

#[cfg(test)]
mod tests {
    use super::super::correction::{Limit, Select};
    use super::super::policy::LONGEST;
    use super::*;
    use core::time::Duration;

    fn config() -> Config {
        Config::new(Bounds::new(1, 100).unwrap()).target("load", 2.0)
    }

    fn seconds(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn absent_policies_get_the_webhook_defaults() {
        let checked = config().check().unwrap();
        let Rules { scale_up, scale_down, panic_percent, panic_threshold_percent, .. } = checked.rules();
        assert_eq!(scale_up, Limit { instances: 4, percent: 100, select: Some(Select::Or) });
        assert_eq!(scale_down, Limit { instances: 0, percent: 100, select: Some(Select::Or) });
        assert_eq!((panic_percent, panic_threshold_percent), (0, Some(200)));
        let expected = Widths {
            scale_down_stabilization: seconds(300),
            scale_up_stabilization: seconds(0),
            scale_down_period: seconds(60),
            scale_up_period: seconds(60),
            panic_period: seconds(0),
            panic_hold: seconds(0),
        };
        assert_eq!(checked.widths(), expected);
        assert_eq!(checked.scope(3, 1).tolerance.to_bits(), (10.0_f64 * 0.01).to_bits());
        assert_eq!(checked.aggregation(), Aggregation::Summed);
    }

    #[test]
    fn each_range_is_kept_at_both_ends() {
        let refused = |config: Config| config.check().unwrap_err().field.into_owned();
        let with = |change: fn(&mut Behavior)| {
            let mut behavior = Behavior::default();
            change(&mut behavior);
            config().behavior(behavior)
        };
        assert_eq!(refused(config().tolerance_percent(101)), "tolerance_percent");
        assert_eq!(refused(Config::new(Bounds::new(1, 1_000_001).unwrap()).target("a", 1.0)), "max_replicas");
        assert_eq!(
            refused(Config::new(Bounds::at_least(1_000_001).unwrap()).target("a", 1.0)),
            "min_replicas"
        );
        assert_eq!(refused(Config::new(Bounds::new(1, 2).unwrap())), "targets");
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(refused(config().target("bad", bad)), "targets.bad");
        }
        assert_eq!(refused(config().target("load", 3.0)), "targets.load");
        assert_eq!(refused(config().target("", 3.0)), "targets");
        assert_eq!(refused(with(|b| b.scale_up.percent = 1_001)), "behavior.scale_up.stable_policy.percent");
        assert_eq!(refused(with(|b| b.scale_down.instances = u32::MAX)), "behavior.scale_down.instances");
        assert_eq!(
            refused(with(|b| b.scale_down.period = LONGEST + Duration::from_millis(1))),
            "behavior.scale_down.period_ms"
        );
        assert_eq!(
            refused(with(|b| b.scale_down.stabilization_window = Duration::MAX)),
            "behavior.scale_down.stabilization_window_ms"
        );
        let panic = |field: &str| format!("behavior.scale_up.panic_policy.{field}");
        assert_eq!(
            refused(with(|b| b.panic.panic_threshold_percent = 109)),
            panic("panic_threshold_percent")
        );
        assert_eq!(
            refused(with(|b| b.panic.panic_threshold_percent = 1_001)),
            panic("panic_threshold_percent")
        );
        assert_eq!(
            refused(with(|b| b.panic.panic_mode_hold = LONGEST + Duration::from_millis(1))),
            panic("panic_mode_hold_ms")
        );
        assert_eq!(refused(with(|b| b.panic.percent = 1_001)), panic("percent"));
        let edges = with(|b| {
            b.panic.panic_threshold_percent = 110;
            b.panic.percent = 1_000;
            b.panic.period = LONGEST;
            b.scale_up.percent = 0;
            b.scale_up.stabilization_window = LONGEST;
        });
        assert!(edges.tolerance_percent(100).check().is_ok());
        assert!(Config::new(Bounds::new(1_000_000, 1_000_000).unwrap()).target("a", 5e-324).check().is_ok());
    }
}
