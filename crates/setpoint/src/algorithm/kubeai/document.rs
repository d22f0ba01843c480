//! The settings as documents hold them. Reading goes through the same check as building.

use super::config::{CooldownClock, Missing, UnknownAlgorithm, field};
use super::slots::{PerSlot, Slot};
use crate::behavior::Behavior;
use crate::error::ConfigError;
use crate::replicas::Bounds;
use crate::time::millis;
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    bounds: Bounds,
    targets: BTreeMap<String, f64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metrics: BTreeMap<String, String>,
    #[serde(default)]
    algorithm: Algorithm,
    #[serde(default = "default_cooldown_ms")]
    cooldown_up_ms: u64,
    #[serde(default = "default_cooldown_ms")]
    cooldown_down_ms: u64,
    #[serde(default)]
    cooldown_clock: CooldownClock,
    #[serde(default)]
    missing: Missing,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    behavior: Option<Behavior>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Algorithm {
    name: String,
    tolerance: f64,
    weights: Vec<f64>,
    unknown: UnknownAlgorithm,
}

impl Default for Algorithm {
    fn default() -> Self {
        Self {
            name: "MaxRatio".to_owned(),
            tolerance: super::rule::DEFAULT_TOLERANCE,
            weights: Vec::new(),
            unknown: UnknownAlgorithm::default(),
        }
    }
}

const fn default_cooldown_ms() -> u64 {
    millis(super::config::DEFAULT_COOLDOWN).unsigned_abs()
}

fn slot(kind: &str, name: &str) -> Result<Slot, ConfigError> {
    Slot::ALL.into_iter().find(|slot| field(*slot) == name).ok_or_else(|| {
        let known: Vec<&str> = Slot::ALL.into_iter().map(field).collect();
        ConfigError::new(kind.to_owned(), name, format!("one of {}", known.join(", ")))
    })
}

impl TryFrom<Config> for super::Config {
    type Error = ConfigError;
    fn try_from(raw: Config) -> Result<Self, ConfigError> {
        let mut targets = PerSlot::new();
        for (name, target) in &raw.targets {
            targets = targets.with(slot("targets", name)?, *target);
        }
        let mut config = Self::new(raw.bounds);
        config.targets = targets;
        for (name, metric) in raw.metrics {
            config = config.metric(slot("metrics", &name)?, metric);
        }
        config = config
            .algorithm(raw.algorithm.name)
            .tolerance(raw.algorithm.tolerance)
            .weights(raw.algorithm.weights)
            .unknown_algorithm(raw.algorithm.unknown)
            .cooldowns(Duration::from_millis(raw.cooldown_up_ms), Duration::from_millis(raw.cooldown_down_ms))
            .cooldown_clock(raw.cooldown_clock)
            .missing(raw.missing);
        config.behavior = raw.behavior;
        config.check().map(super::Checked::into_config)
    }
}

impl From<super::Config> for Config {
    fn from(config: super::Config) -> Self {
        let targets =
            Slot::ALL.into_iter().filter_map(|s| Some((field(s).to_owned(), config.targets.get(s)?)));
        let metrics =
            Slot::ALL.into_iter().zip(config.metrics).filter_map(|(s, m)| Some((field(s).to_owned(), m?)));
        Self {
            bounds: config.bounds,
            targets: targets.collect(),
            metrics: metrics.collect(),
            algorithm: Algorithm {
                name: config.algorithm,
                tolerance: config.tolerance,
                weights: config.weights,
                unknown: config.unknown,
            },
            cooldown_up_ms: millis(config.cooldown_up).unsigned_abs(),
            cooldown_down_ms: millis(config.cooldown_down).unsigned_abs(),
            cooldown_clock: config.cooldown_clock,
            missing: config.missing,
            behavior: config.behavior,
        }
    }
}
