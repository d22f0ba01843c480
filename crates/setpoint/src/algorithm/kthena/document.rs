//! The settings of a Kthena target as documents hold them: what a policy leaves out gets the schema default,
//! and a policy that is left out altogether the webhook's. Reading a document goes through
//! [`config::Config::check`].
//!
//! Source of the defaults: see [`policy`](super::policy). The names are upstream's, with times as whole
//! milliseconds.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::config::{self, Aggregation};
use super::correction::Select;
use super::policy::{Behavior, PanicPolicy, StablePolicy};
use crate::error::ConfigError;
use crate::replicas::Bounds;

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
pub(super) struct Target {
    metric: String,
    per_instance: f64,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Policies {
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

pub(super) const fn ten() -> u32 {
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
            panic_threshold_percent: raw.panic_threshold_percent.unwrap_or(schema.panic_threshold_percent),
            panic_mode_hold: raw.panic_mode_hold_ms.map_or(schema.panic_mode_hold, Duration::from_millis),
            ..schema
        }
    }
}

impl From<Policies> for Behavior {
    fn from(raw: Policies) -> Self {
        let absent = Self::default();
        let Policies { scale_up: ScaleUp { stable_policy, panic_policy }, scale_down } = raw;
        Self {
            scale_up: stable_policy.map_or(absent.scale_up, |policy| policy.over(StablePolicy::scale_up())),
            panic: panic_policy.map_or(absent.panic, PanicPolicy::from),
            scale_down: scale_down
                .map_or(absent.scale_down, |policy| policy.over(StablePolicy::scale_down())),
        }
    }
}

impl From<Behavior> for Policies {
    fn from(behavior: Behavior) -> Self {
        let Behavior { scale_up, panic, scale_down } = behavior;
        Self {
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
        }
    }
}

/// The metrics of a document, in its order.
pub(super) fn read_targets(targets: Vec<Target>) -> Vec<(String, f64)> {
    targets.into_iter().map(|t| (t.metric, t.per_instance)).collect()
}

/// Metrics as a document holds them.
pub(super) fn write_targets(targets: Vec<(String, f64)>) -> Vec<Target> {
    targets.into_iter().map(|(metric, per_instance)| Target { metric, per_instance }).collect()
}

impl TryFrom<Config> for config::Config {
    type Error = ConfigError;
    fn try_from(raw: Config) -> Result<Self, ConfigError> {
        let config = Self {
            bounds: raw.bounds,
            targets: read_targets(raw.targets),
            tolerance_percent: raw.tolerance_percent,
            behavior: raw.behavior.into(),
            aggregation: raw.aggregation,
        };
        config.check().map(config::Checked::into_config)
    }
}

impl From<config::Config> for Config {
    fn from(config: config::Config) -> Self {
        Self {
            bounds: config.bounds,
            targets: write_targets(config.targets),
            tolerance_percent: config.tolerance_percent,
            behavior: config.behavior.into(),
            aggregation: config.aggregation,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::Config;
    use super::*;

    fn config() -> Config {
        Config::new(Bounds::new(1, 100).unwrap()).target("load", 2.0)
    }

    fn read(text: &str) -> Result<Config, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn what_is_absent_and_what_is_empty_differ() {
        let absent =
            read(r#"{"bounds": {"min": 1, "max": 100}, "targets": [{"metric": "load", "per_instance": 2}]}"#);
        assert_eq!(absent.unwrap(), config());
        let empty = read(
            r#"{"bounds": {"min": 1, "max": 100}, "targets": [{"metric": "load", "per_instance": 2}],
                "behavior": {"scale_up": {"stable_policy": {}, "panic_policy": {"period_ms": 7000}}, "scale_down": {}}}"#,
        );
        let behavior = Behavior {
            scale_up: StablePolicy::scale_up(),
            panic: PanicPolicy::new(Duration::from_secs(7)),
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
        let config = config().behavior(behavior).tolerance_percent(3).aggregation(Aggregation::PerInstance);
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(read(&text).unwrap(), config);
    }
}
