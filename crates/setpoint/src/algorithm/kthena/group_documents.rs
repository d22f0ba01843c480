//! The settings of targets and of roles as documents hold them. Reading one goes through
//! [`TargetsConfig::check`] or [`RolesConfig::check`]; what a policy leaves out is filled as in `document`.
//!
//! Source of the defaults: see [`policy`](super::policy). Times are whole milliseconds.

use serde::{Deserialize, Serialize};

use super::config::Aggregation;
use super::document::{self, Policies, read_targets, ten, write_targets};
use super::roles::{NamedRatio, Role, RolesConfig};
use super::targets::TargetsConfig;
use crate::error::ConfigError;
use crate::replicas::Bounds;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Targets {
    targets: Vec<Target>,
    metrics: Vec<document::Target>,
    #[serde(default = "two_hundred")]
    cost_expansion_rate_percent: u32,
    #[serde(default = "ten")]
    tolerance_percent: u32,
    #[serde(default)]
    behavior: Policies,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    name: String,
    bounds: Bounds,
    cost: u32,
}

const fn two_hundred() -> u32 {
    200
}

impl TryFrom<Targets> for TargetsConfig {
    type Error = ConfigError;
    fn try_from(raw: Targets) -> Result<Self, ConfigError> {
        let config = Self {
            targets: raw.targets.into_iter().map(|t| (t.name, t.bounds, t.cost)).collect(),
            metrics: read_targets(raw.metrics),
            cost_expansion_rate_percent: raw.cost_expansion_rate_percent,
            tolerance_percent: raw.tolerance_percent,
            behavior: raw.behavior.into(),
        };
        config.check().map(super::targets::Checked::into_config)
    }
}

impl From<TargetsConfig> for Targets {
    fn from(config: TargetsConfig) -> Self {
        let target = |(name, bounds, cost)| Target { name, bounds, cost };
        Self {
            targets: config.targets.into_iter().map(target).collect(),
            metrics: write_targets(config.metrics),
            cost_expansion_rate_percent: config.cost_expansion_rate_percent,
            tolerance_percent: config.tolerance_percent,
            behavior: config.behavior.into(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Roles {
    roles: Vec<RawRole>,
    #[serde(default)]
    metrics: Vec<document::Target>,
    #[serde(default)]
    ratio: Option<NamedRatio>,
    #[serde(default = "ten")]
    tolerance_percent: u32,
    #[serde(default)]
    behavior: Policies,
    #[serde(default)]
    aggregation: Aggregation,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRole {
    name: String,
    bounds: Bounds,
    #[serde(default)]
    metrics: Vec<document::Target>,
}

impl TryFrom<Roles> for RolesConfig {
    type Error = ConfigError;
    fn try_from(raw: Roles) -> Result<Self, ConfigError> {
        let role =
            |raw: RawRole| Role { name: raw.name, bounds: raw.bounds, metrics: read_targets(raw.metrics) };
        let config = Self {
            roles: raw.roles.into_iter().map(role).collect(),
            metrics: read_targets(raw.metrics),
            ratio: raw.ratio,
            tolerance_percent: raw.tolerance_percent,
            behavior: raw.behavior.into(),
            aggregation: raw.aggregation,
        };
        config.check().map(super::roles::Checked::into_config)
    }
}

impl From<RolesConfig> for Roles {
    fn from(config: RolesConfig) -> Self {
        let role = |role: Role| RawRole {
            name: role.name,
            bounds: role.bounds,
            metrics: write_targets(role.metrics),
        };
        Self {
            roles: config.roles.into_iter().map(role).collect(),
            metrics: write_targets(config.metrics),
            ratio: config.ratio,
            tolerance_percent: config.tolerance_percent,
            behavior: config.behavior.into(),
            aggregation: config.aggregation,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(min: u32, max: u32) -> Bounds {
        Bounds::new(min, max).unwrap()
    }

    #[test]
    fn targets_read_back_equal_and_through_the_same_door() {
        let config = TargetsConfig::new()
            .target("h100", bounds(0, 4), 100)
            .target("a100", bounds(1, 8), 60)
            .metric("queue", 10.0)
            .cost_expansion_rate_percent(150);
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<TargetsConfig>(&text).unwrap(), config);
        let small = r#"{"targets": [{"name": "a", "bounds": {"min": 0, "max": 4}, "cost": 1}],
                        "metrics": [{"metric": "queue", "per_instance": 10}]}"#;
        let read = serde_json::from_str::<TargetsConfig>(small).unwrap();
        assert_eq!(read, TargetsConfig::new().target("a", bounds(0, 4), 1).metric("queue", 10.0));
        for (good, bad) in
            [("\"a\"", "\"\""), ("10}", "0}"), ("\"cost\": 1", "\"cost\": -1"), ("cost", "costs")]
        {
            assert!(serde_json::from_str::<TargetsConfig>(&small.replace(good, bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn roles_read_back_equal_and_through_the_same_door() {
        let config = RolesConfig::new()
            .role(Role::new("prefill", bounds(1, 8)).metric("waiting", 10.0))
            .role(Role::new("decode", bounds(1, 16)))
            .metric("running", 32.0)
            .ratio("prefill", "decode", 0.25, 1.0)
            .tolerance_percent(5)
            .aggregation(Aggregation::PerInstance);
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<RolesConfig>(&text).unwrap(), config);
        for (good, bad) in
            [("\"min\":0.25", "\"min\":9.5"), ("\"denominator\":\"decode\"", "\"denominator\":\"x\"")]
        {
            assert!(text.contains(good), "{text}");
            assert!(serde_json::from_str::<RolesConfig>(&text.replace(good, bad)).is_err(), "{bad}");
        }
    }
}
