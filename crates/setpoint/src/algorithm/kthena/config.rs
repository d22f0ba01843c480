//! The settings of a single Kthena target: what is unset gets upstream's defaults, what cannot hold is refused.
//! [`Config`] is free to set; only a [`Checked`] one runs.
//!
//! Source of defaults and ranges: `volcano-sh/kthena`, `pkg/apis/workload/v1alpha1/autoscalingpolicy_types.go` and
//! `pkg/autoscaler/webhook/*.go`, commit `3cc057284c34469fcb0ed22a12dac84b1d120719`. Upstream has two sets of defaults: those of
//! its schema fill the fields of a policy that is present, those of its admission webhook stand in for a policy that is absent.
//! They differ much: an absent panic policy turns panic mode off.

use core::time::Duration;

use super::correction::{Limit, Rules, Select};
use super::recommendation::Scope;
use super::status::Widths;
use crate::error::ConfigError;
use crate::replicas::Bounds;

const MINUTE: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(30 * 60);
const MOST_REPLICAS: u32 = 1_000_000;
const MOST_PERCENT: u32 = 1_000;

/// The pace and the stabilization of one direction in stable mode.
///
/// | field | schema default | absent scale-up | absent scale-down | range | unit |
/// |---|---|---|---|---|---|
/// | `instances` | 1 | 4 | 0 | 0 to 2,147,483,647 | replicas per period |
/// | `percent` | 100 | 100 | 100 | 0 to 1000 | percent per period |
/// | `period` | 15 s | 1 min | 1 min | 0 to 30 min; 0 limits nothing | span |
/// | `select_policy` | `Or` | `Or` | `Or` | `Or`, `And` | |
/// | `stabilization_window` | 0 up, 5 min down | 0 | 5 min | 0 to 30 min; 0 turns it off | span |
///
/// ```
/// use core::time::Duration;
/// use setpoint::algorithm::kthena::{Select, StablePolicy};
///
/// let policy = StablePolicy { instances: 2, select_policy: Select::And, ..StablePolicy::scale_down() };
/// assert_eq!(policy.stabilization_window, Duration::from_secs(300));
/// assert_eq!(StablePolicy::absent_scale_down().instances, 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StablePolicy {
    /// Replicas per period.
    pub instances: u32,
    /// Percent per period.
    pub percent: u32,
    /// The period.
    pub period: Duration,
    /// How the two combine.
    pub select_policy: Select,
    /// Over which time recommendations hold back.
    pub stabilization_window: Duration,
}

impl StablePolicy {
    /// A scale-up policy that is present and sets nothing: the schema defaults.
    #[must_use]
    pub const fn scale_up() -> Self {
        Self {
            instances: 1,
            percent: 100,
            period: Duration::from_secs(15),
            select_policy: Select::Or,
            stabilization_window: Duration::ZERO,
        }
    }

    /// A scale-down policy that is present and sets nothing: the schema defaults.
    #[must_use]
    pub const fn scale_down() -> Self {
        Self { stabilization_window: Duration::from_secs(300), ..Self::scale_up() }
    }

    /// What stands in for a scale-up policy that is absent.
    #[must_use]
    pub const fn absent_scale_up() -> Self {
        Self { instances: 4, period: MINUTE, ..Self::scale_up() }
    }

    /// What stands in for a scale-down policy that is absent.
    #[must_use]
    pub const fn absent_scale_down() -> Self {
        Self { instances: 0, period: MINUTE, ..Self::scale_down() }
    }

    const fn limit(&self) -> Limit {
        Limit {
            instances: self.instances as i64,
            percent: self.percent as i64,
            select: Some(self.select_policy),
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.instances > i32::MAX as u32 {
            return Err(ConfigError::new("instances", self.instances, "0 to 2147483647"));
        }
        check_percent("percent", self.percent, 0)?;
        check_span("period_ms", self.period)?;
        check_span("stabilization_window_ms", self.stabilization_window)
    }
}

/// How panic mode is entered, how long it lasts and how fast it grows.
///
/// | field | schema default | absent | range | unit |
/// |---|---|---|---|---|
/// | `percent` | 1000 | 0 | 0 to 1000 | percent per panic period |
/// | `period` | none, must be given | 0 | 0 to 30 min; 0 limits nothing | span |
/// | `panic_threshold_percent` | 200 | 200 | 110 to 1000 | percent of the current count |
/// | `panic_mode_hold` | 60 s | 0 | 0 to 30 min; 0 turns panic mode off | span |
///
/// ```
/// use core::time::Duration;
/// use setpoint::algorithm::kthena::PanicPolicy;
///
/// assert_eq!(PanicPolicy::new(Duration::from_secs(60)).panic_mode_hold, Duration::from_secs(60));
/// assert_eq!(PanicPolicy::absent().panic_mode_hold, Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PanicPolicy {
    /// Percent per panic period.
    pub percent: u32,
    /// The panic period.
    pub period: Duration,
    /// Recommended per current count from which panic mode is entered, in percent.
    pub panic_threshold_percent: u32,
    /// How long panic mode lasts after the last step that triggered it.
    pub panic_mode_hold: Duration,
}

impl PanicPolicy {
    /// A panic policy that is present and sets only its period: the schema defaults.
    #[must_use]
    pub const fn new(period: Duration) -> Self {
        Self { percent: 1_000, period, panic_threshold_percent: 200, panic_mode_hold: MINUTE }
    }

    /// What stands in for a panic policy that is absent: panic mode is off.
    #[must_use]
    pub const fn absent() -> Self {
        Self {
            percent: 0,
            period: Duration::ZERO,
            panic_threshold_percent: 200,
            panic_mode_hold: Duration::ZERO,
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        check_percent("percent", self.percent, 0)?;
        check_span("period_ms", self.period)?;
        check_percent("panic_threshold_percent", self.panic_threshold_percent, 110)?;
        check_span("panic_mode_hold_ms", self.panic_mode_hold)
    }
}

/// The three policies. The default is what upstream takes when all are absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Behavior {
    /// Growing in stable mode.
    pub scale_up: StablePolicy,
    /// Panic mode.
    pub panic: PanicPolicy,
    /// Shrinking.
    pub scale_down: StablePolicy,
}

impl Default for Behavior {
    fn default() -> Self {
        Self {
            scale_up: StablePolicy::absent_scale_up(),
            panic: PanicPolicy::absent(),
            scale_down: StablePolicy::absent_scale_down(),
        }
    }
}

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
#[cfg_attr(feature = "serde", serde(into = "raw::Config", try_from = "raw::Config"))]
pub struct Config {
    bounds: Bounds,
    targets: Vec<(String, f64)>,
    tolerance_percent: u32,
    behavior: Behavior,
    aggregation: Aggregation,
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
        if self.bounds.min() > MOST_REPLICAS {
            return Err(ConfigError::new("min_replicas", self.bounds.min(), "0 to 1000000"));
        }
        if self.bounds.max() > MOST_REPLICAS {
            return Err(ConfigError::new("max_replicas", self.bounds.max(), "1 to 1000000"));
        }
        if self.tolerance_percent > 100 {
            return Err(ConfigError::new("tolerance_percent", self.tolerance_percent, "0 to 100"));
        }
        if self.targets.is_empty() {
            return Err(ConfigError::new("targets", "empty", "at least one metric"));
        }
        for (i, (name, value)) in self.targets.iter().enumerate() {
            if name.is_empty() {
                return Err(ConfigError::new("targets", "a metric without a name", "named metrics"));
            }
            if !(value.is_finite() && *value > 0.0) {
                return Err(ConfigError::new(format!("targets.{name}"), value, "positive and finite"));
            }
            if self.targets[..i].iter().any(|(other, _)| other == name) {
                return Err(ConfigError::new(format!("targets.{name}"), "given twice", "given once"));
            }
        }
        let Behavior { scale_up, panic, scale_down } = &self.behavior;
        scale_up.check().map_err(|e| e.within("behavior.scale_up.stable_policy"))?;
        panic.check().map_err(|e| e.within("behavior.scale_up.panic_policy"))?;
        scale_down.check().map_err(|e| e.within("behavior.scale_down"))?;
        Ok(Checked(self))
    }
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

    /// What [`recommend`](super::recommend) needs, for a workload of `current` replicas with `unready` that are not ready.
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
        let Behavior { scale_up, panic, scale_down } = &self.0.behavior;
        Rules {
            min: i64::from(self.0.bounds.min()),
            max: i64::from(self.0.bounds.max()),
            scale_up: scale_up.limit(),
            scale_down: scale_down.limit(),
            panic_percent: i64::from(panic.percent),
            panic_threshold_percent: Some(i64::from(panic.panic_threshold_percent)),
        }
    }

    /// What a [`Status`](super::Status) needs.
    #[must_use]
    pub const fn widths(&self) -> Widths {
        let Behavior { scale_up, panic, scale_down } = &self.0.behavior;
        Widths {
            scale_down_stabilization: scale_down.stabilization_window,
            scale_up_stabilization: scale_up.stabilization_window,
            scale_down_period: scale_down.period,
            scale_up_period: scale_up.period,
            panic_period: panic.period,
            panic_hold: panic.panic_mode_hold,
        }
    }
}

fn check_span(field: &'static str, span: Duration) -> Result<(), ConfigError> {
    if span > LONGEST {
        return Err(ConfigError::new(field, span.as_millis(), "0 to 1800000"));
    }
    Ok(())
}

fn check_percent(field: &'static str, percent: u32, least: u32) -> Result<(), ConfigError> {
    if !(least..=MOST_PERCENT).contains(&percent) {
        return Err(ConfigError::new(field, percent, format!("{least} to {MOST_PERCENT}")));
    }
    Ok(())
}

/// The settings as documents hold them: what a policy leaves out gets the schema default, and a policy that is left
/// out altogether the webhook's.
#[cfg(feature = "serde")]
mod raw {
    use super::{Aggregation, Behavior, Bounds, ConfigError, PanicPolicy, Select, StablePolicy};
    use core::time::Duration;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Config {
        bounds: Bounds,
        targets: Vec<Target>,
        #[serde(default = "ten")]
        tolerance_percent: u32,
        #[serde(default)]
        behavior: Policies,
        #[serde(default)]
        aggregation: Aggregation,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Target {
        metric: String,
        per_instance: f64,
    }

    #[derive(Serialize, Deserialize, Default)]
    #[serde(deny_unknown_fields, default)]
    struct Policies {
        scale_up: ScaleUp,
        scale_down: Option<Stable>,
    }

    #[derive(Serialize, Deserialize, Default)]
    #[serde(deny_unknown_fields, default)]
    struct ScaleUp {
        stable_policy: Option<Stable>,
        panic_policy: Option<Panic>,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Stable {
        #[serde(default)]
        instances: Option<u32>,
        #[serde(default)]
        percent: Option<u32>,
        #[serde(default)]
        period_ms: Option<u64>,
        #[serde(default)]
        select_policy: Option<Select>,
        #[serde(default)]
        stabilization_window_ms: Option<u64>,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Panic {
        #[serde(default)]
        percent: Option<u32>,
        period_ms: u64,
        #[serde(default)]
        panic_threshold_percent: Option<u32>,
        #[serde(default)]
        panic_mode_hold_ms: Option<u64>,
    }

    const fn ten() -> u32 {
        10
    }

    fn ms(span: Duration) -> u64 {
        u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
    }

    impl Stable {
        fn over(self, schema: StablePolicy) -> StablePolicy {
            StablePolicy {
                instances: self.instances.unwrap_or(schema.instances),
                percent: self.percent.unwrap_or(schema.percent),
                period: self.period_ms.map_or(schema.period, Duration::from_millis),
                select_policy: self.select_policy.unwrap_or(schema.select_policy),
                stabilization_window: self
                    .stabilization_window_ms
                    .map_or(schema.stabilization_window, Duration::from_millis),
            }
        }
    }

    impl From<StablePolicy> for Stable {
        fn from(policy: StablePolicy) -> Self {
            Self {
                instances: Some(policy.instances),
                percent: Some(policy.percent),
                period_ms: Some(ms(policy.period)),
                select_policy: Some(policy.select_policy),
                stabilization_window_ms: Some(ms(policy.stabilization_window)),
            }
        }
    }

    impl From<Panic> for PanicPolicy {
        fn from(raw: Panic) -> Self {
            let schema = Self::new(Duration::from_millis(raw.period_ms));
            Self {
                percent: raw.percent.unwrap_or(schema.percent),
                panic_threshold_percent: raw
                    .panic_threshold_percent
                    .unwrap_or(schema.panic_threshold_percent),
                panic_mode_hold: raw.panic_mode_hold_ms.map_or(schema.panic_mode_hold, Duration::from_millis),
                ..schema
            }
        }
    }

    impl TryFrom<Config> for super::Config {
        type Error = ConfigError;
        fn try_from(raw: Config) -> Result<Self, ConfigError> {
            let absent = Behavior::default();
            let Policies { scale_up: ScaleUp { stable_policy, panic_policy }, scale_down } = raw.behavior;
            let config = Self {
                bounds: raw.bounds,
                targets: raw.targets.into_iter().map(|t| (t.metric, t.per_instance)).collect(),
                tolerance_percent: raw.tolerance_percent,
                behavior: Behavior {
                    scale_up: stable_policy
                        .map_or(absent.scale_up, |policy| policy.over(StablePolicy::scale_up())),
                    panic: panic_policy.map_or(absent.panic, PanicPolicy::from),
                    scale_down: scale_down
                        .map_or(absent.scale_down, |policy| policy.over(StablePolicy::scale_down())),
                },
                aggregation: raw.aggregation,
            };
            config.check().map(super::Checked::into_config)
        }
    }

    impl From<super::Config> for Config {
        fn from(config: super::Config) -> Self {
            let Behavior { scale_up, panic, scale_down } = config.behavior;
            Self {
                bounds: config.bounds,
                targets: config
                    .targets
                    .into_iter()
                    .map(|(metric, per_instance)| Target { metric, per_instance })
                    .collect(),
                tolerance_percent: config.tolerance_percent,
                behavior: Policies {
                    scale_up: ScaleUp {
                        stable_policy: Some(scale_up.into()),
                        panic_policy: Some(Panic {
                            percent: Some(panic.percent),
                            period_ms: ms(panic.period),
                            panic_threshold_percent: Some(panic.panic_threshold_percent),
                            panic_mode_hold_ms: Some(ms(panic.panic_mode_hold)),
                        }),
                    },
                    scale_down: Some(scale_down.into()),
                },
                aggregation: config.aggregation,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn present_policies_get_the_schema_defaults() {
        let expected = StablePolicy {
            instances: 1,
            percent: 100,
            period: seconds(15),
            select_policy: Select::Or,
            stabilization_window: seconds(0),
        };
        assert_eq!(StablePolicy::scale_up(), expected);
        let expected = StablePolicy { stabilization_window: seconds(300), ..expected };
        assert_eq!(StablePolicy::scale_down(), expected);
        let expected = PanicPolicy {
            percent: 1_000,
            period: seconds(7),
            panic_threshold_percent: 200,
            panic_mode_hold: seconds(60),
        };
        assert_eq!(PanicPolicy::new(seconds(7)), expected);
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

    #[cfg(feature = "serde")]
    mod documents {
        use super::*;

        fn read(text: &str) -> Result<Config, serde_json::Error> {
            serde_json::from_str(text)
        }

        #[test]
        fn what_is_absent_and_what_is_empty_differ() {
            let absent = read(
                r#"{"bounds": {"min": 1, "max": 100}, "targets": [{"metric": "load", "per_instance": 2}]}"#,
            );
            assert_eq!(absent.unwrap(), config());
            let empty = read(
                r#"{"bounds": {"min": 1, "max": 100}, "targets": [{"metric": "load", "per_instance": 2}],
                    "behavior": {"scale_up": {"stable_policy": {}, "panic_policy": {"period_ms": 7000}}, "scale_down": {}}}"#,
            );
            let behavior = Behavior {
                scale_up: StablePolicy::scale_up(),
                panic: PanicPolicy::new(seconds(7)),
                scale_down: StablePolicy::scale_down(),
            };
            assert_eq!(empty.unwrap(), config().behavior(behavior));
        }

        #[test]
        fn documents_go_through_the_same_door() {
            let with = |behavior: &str| {
                read(&format!(
                    r#"{{"bounds": {{"min": 1, "max": 9}}, "targets": [{{"metric": "a", "per_instance": 1}}],
                         "behavior": {{"scale_up": {behavior}}}}}"#
                ))
            };
            for bad in [
                r#"{"panic_policy": {}}"#,
                r#"{"panic_policy": {"period_ms": 1800001}}"#,
                r#"{"stable_policy": {"select_policy": "or"}}"#,
                r#"{"stable_policy": {"instance": 1}}"#,
                r#"{"stable_policy": {"instances": -1}}"#,
            ] {
                assert!(with(bad).is_err(), "{bad}");
            }
            let error = with(r#"{"stable_policy": {"percent": 1001}}"#).unwrap_err().to_string();
            assert!(error.contains("behavior.scale_up.stable_policy.percent is 1001"), "{error}");
        }

        #[test]
        fn what_is_written_reads_back_equal() {
            let behavior =
                Behavior { panic: PanicPolicy::new(Duration::from_millis(12_345)), ..Behavior::default() };
            let config =
                config().behavior(behavior).tolerance_percent(3).aggregation(Aggregation::PerInstance);
            let text = serde_json::to_string(&config).unwrap();
            assert_eq!(read(&text).unwrap(), config);
        }
    }
}
