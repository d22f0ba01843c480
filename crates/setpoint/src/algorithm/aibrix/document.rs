//! The settings as documents hold them: spans in whole milliseconds, absent fields at their defaults. Reading a document goes through
//! [`config::Config::check`].

use super::agenda::Schedule;
use super::config::{self, CooldownRule, EmptyWindow, KpaLoad, Source};
use super::evaluate::{Settings, Strategy};
use crate::error::ConfigError;
use crate::replicas::Bounds;
use crate::schedule::{Daily, TimeOfDay, Weekdays};
use crate::time::millis;
use core::time::Duration;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    strategy: Strategy,
    bounds: Bounds,
    metrics: Vec<Metric>,
    #[serde(default = "two")]
    max_scale_up_rate: f64,
    #[serde(default = "two")]
    max_scale_down_rate: f64,
    #[serde(default = "a_tenth")]
    scale_up_tolerance: f64,
    #[serde(default = "a_tenth")]
    scale_down_tolerance: f64,
    #[serde(default = "two")]
    panic_threshold: f64,
    #[serde(default = "three_minutes")]
    stable_window_ms: u64,
    #[serde(default = "a_minute")]
    panic_window_ms: u64,
    #[serde(default)]
    scale_up_cooldown_ms: u64,
    #[serde(default = "five_minutes")]
    scale_down_cooldown_ms: u64,
    #[serde(default)]
    time_zone: String,
    #[serde(default)]
    schedules: Vec<Span>,
    #[serde(default)]
    cooldown_rule: CooldownRule,
    #[serde(default)]
    kpa_load: KpaLoad,
    #[serde(default)]
    empty_window: EmptyWindow,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    name: String,
    #[serde(default)]
    source: Source,
    target: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Span {
    name: String,
    start: TimeOfDay,
    end: TimeOfDay,
    #[serde(default = "every_day")]
    days: Weekdays,
    #[serde(default)]
    min_replicas: Option<u32>,
    #[serde(default)]
    max_replicas: Option<u32>,
}

const fn two() -> f64 {
    2.0
}
const fn a_tenth() -> f64 {
    0.1
}
const fn a_minute() -> u64 {
    60_000
}
const fn three_minutes() -> u64 {
    180_000
}
const fn five_minutes() -> u64 {
    300_000
}
const fn every_day() -> Weekdays {
    Weekdays::ALL
}

fn ms(span: Duration) -> u64 {
    millis(span).unsigned_abs()
}

impl From<config::Config> for Config {
    fn from(c: config::Config) -> Self {
        let metric = |m: config::Metric| Metric { name: m.name, source: m.source, target: m.target };
        let span = |s: Schedule| Span {
            name: s.name,
            start: s.span.start(),
            end: s.span.end(),
            days: s.span.days(),
            min_replicas: s.min,
            max_replicas: s.max,
        };
        Self {
            strategy: c.strategy,
            bounds: c.bounds,
            metrics: c.metrics.into_iter().map(metric).collect(),
            max_scale_up_rate: c.settings.max_scale_up_rate,
            max_scale_down_rate: c.settings.max_scale_down_rate,
            scale_up_tolerance: c.settings.scale_up_tolerance,
            scale_down_tolerance: c.settings.scale_down_tolerance,
            panic_threshold: c.settings.panic_threshold,
            stable_window_ms: ms(c.stable_window),
            panic_window_ms: ms(c.panic_window),
            scale_up_cooldown_ms: ms(c.scale_up_cooldown),
            scale_down_cooldown_ms: ms(c.scale_down_cooldown),
            time_zone: c.time_zone,
            schedules: c.schedules.into_iter().map(span).collect(),
            cooldown_rule: c.cooldown_rule,
            kpa_load: c.kpa_load,
            empty_window: c.empty_window,
        }
    }
}

impl TryFrom<Config> for config::Config {
    type Error = ConfigError;
    fn try_from(raw: Config) -> Result<Self, ConfigError> {
        let metric = |m: Metric| config::Metric { name: m.name, source: m.source, target: m.target };
        let mut schedules = Vec::with_capacity(raw.schedules.len());
        for (i, s) in raw.schedules.into_iter().enumerate() {
            let span = Daily::new(s.start, s.end, s.days)
                .map_err(|error| error.within(&format!("schedules[{i}]")))?;
            schedules.push(Schedule { name: s.name, span, min: s.min_replicas, max: s.max_replicas });
        }
        let config = Self {
            strategy: raw.strategy,
            bounds: raw.bounds,
            metrics: raw.metrics.into_iter().map(metric).collect(),
            settings: Settings {
                max_scale_up_rate: raw.max_scale_up_rate,
                max_scale_down_rate: raw.max_scale_down_rate,
                scale_up_tolerance: raw.scale_up_tolerance,
                scale_down_tolerance: raw.scale_down_tolerance,
                panic_threshold: raw.panic_threshold,
            },
            stable_window: Duration::from_millis(raw.stable_window_ms),
            panic_window: Duration::from_millis(raw.panic_window_ms),
            scale_up_cooldown: Duration::from_millis(raw.scale_up_cooldown_ms),
            scale_down_cooldown: Duration::from_millis(raw.scale_down_cooldown_ms),
            time_zone: if raw.time_zone.is_empty() { "UTC".to_owned() } else { raw.time_zone },
            schedules,
            cooldown_rule: raw.cooldown_rule,
            kpa_load: raw.kpa_load,
            empty_window: raw.empty_window,
        };
        config.check().map(super::Checked::into_config)
    }
}
