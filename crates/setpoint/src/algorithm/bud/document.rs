//! The settings of a Bud scaler as documents hold them: what is left out has its default, times are whole milliseconds. Reading a document
//! goes through [`config::Config::check`].

use serde::{Deserialize, Serialize};

use super::config::{self, Side, Source, Strategy};
use super::gpu::GpuThresholds;
use super::hint::Overlap;
use super::pace::Pacing;
use super::prediction::Blend;
use super::votes::Tolerance;
use crate::behavior::{Policy, Select};
use crate::error::ConfigError;
use crate::replicas::Bounds;
use crate::time::millis;
use core::time::Duration;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    bounds: Bounds,
    metrics: Vec<Metric>,
    #[serde(default)]
    strategy: Strategy,
    #[serde(default)]
    tolerance: Option<Tolerance>,
    #[serde(default)]
    scale_up_rate: Option<f64>,
    #[serde(default)]
    scale_down_rate: Option<f64>,
    #[serde(default)]
    panic_threshold: Option<f64>,
    #[serde(default)]
    starting_weight: Option<f64>,
    #[serde(default)]
    up: Rules,
    #[serde(default)]
    down: Rules,
    #[serde(default)]
    pacing: Pacing,
    #[serde(default)]
    max_starting: u32,
    #[serde(default)]
    max_starting_percent: Option<u32>,
    #[serde(default)]
    bypass_gate_on_panic: bool,
    #[serde(default)]
    gpu: Option<GpuThresholds>,
    #[serde(default)]
    prediction: Option<Blend>,
    #[serde(default)]
    budget_per_hour: Option<f64>,
    #[serde(default)]
    overlap: Overlap,
    #[serde(default)]
    enforce_bounds_last: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    name: String,
    target: f64,
    #[serde(default)]
    source: Source,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Rules {
    cooldown_ms: Option<u64>,
    select: Option<Select>,
    policies: Vec<Policy>,
}

impl From<Rules> for Side {
    fn from(raw: Rules) -> Self {
        Self {
            cooldown: raw.cooldown_ms.map(Duration::from_millis),
            select: raw.select,
            policies: raw.policies,
        }
    }
}

impl From<Side> for Rules {
    fn from(side: Side) -> Self {
        Self {
            cooldown_ms: side.cooldown.map(|span| millis(span).unsigned_abs()),
            select: side.select,
            policies: side.policies,
        }
    }
}

impl TryFrom<Config> for config::Config {
    type Error = ConfigError;

    fn try_from(raw: Config) -> Result<Self, ConfigError> {
        let default = Self::new(raw.bounds);
        let config = Self {
            bounds: raw.bounds,
            strategy: raw.strategy,
            metrics: raw.metrics.into_iter().map(|m| (m.source, m.name, m.target)).collect(),
            tolerance: raw.tolerance.unwrap_or(default.tolerance),
            scale_up_rate: raw.scale_up_rate.unwrap_or(default.scale_up_rate),
            scale_down_rate: raw.scale_down_rate.unwrap_or(default.scale_down_rate),
            panic_threshold: raw.panic_threshold.unwrap_or(default.panic_threshold),
            starting_weight: raw.starting_weight.unwrap_or(default.starting_weight),
            up: raw.up.into(),
            down: raw.down.into(),
            pacing: raw.pacing,
            max_starting: raw.max_starting,
            max_starting_percent: raw.max_starting_percent.unwrap_or(default.max_starting_percent),
            bypass_gate_on_panic: raw.bypass_gate_on_panic,
            gpu: raw.gpu,
            prediction: raw.prediction,
            budget_per_hour: raw.budget_per_hour,
            overlap: raw.overlap,
            enforce_bounds_last: raw.enforce_bounds_last,
        };
        config.check().map(config::Checked::into_config)
    }
}

impl From<config::Config> for Config {
    fn from(config: config::Config) -> Self {
        let metrics =
            config.metrics.into_iter().map(|(source, name, target)| Metric { name, target, source });
        Self {
            bounds: config.bounds,
            metrics: metrics.collect(),
            strategy: config.strategy,
            tolerance: Some(config.tolerance),
            scale_up_rate: Some(config.scale_up_rate),
            scale_down_rate: Some(config.scale_down_rate),
            panic_threshold: Some(config.panic_threshold),
            starting_weight: Some(config.starting_weight),
            up: config.up.into(),
            down: config.down.into(),
            pacing: config.pacing,
            max_starting: config.max_starting,
            max_starting_percent: Some(config.max_starting_percent),
            bypass_gate_on_panic: config.bypass_gate_on_panic,
            gpu: config.gpu,
            prediction: config.prediction,
            budget_per_hour: config.budget_per_hour,
            overlap: config.overlap,
            enforce_bounds_last: config.enforce_bounds_last,
        }
    }
}
