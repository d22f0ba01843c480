//! The configuration as it is written: the same parameters, spans in whole milliseconds. Reading goes through
//! [`Config::check`].

use super::{Average, Config, ConfigError, Duration, Metric, NonFinite, Reachability};
use crate::time::millis;

/// The configuration as it is written: spans in whole milliseconds, absent fields at their defaults.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawConfig {
    metric: Metric,
    target: Option<f64>,
    utilization: f64,
    average: Average,
    stable_window_ms: u64,
    panic_window_percentage: f64,
    panic_threshold_percentage: f64,
    max_scale_up_rate: f64,
    max_scale_down_rate: f64,
    scale_down_delay_ms: u64,
    follow_delay: bool,
    target_burst_capacity: f64,
    activation_scale: u32,
    min_scale: u32,
    max_scale: u32,
    initial_scale: u32,
    enable_scale_to_zero: bool,
    grace_period_ms: u64,
    retention_period_ms: u64,
    progress_deadline_ms: u64,
    reachability: Reachability,
    scrape_target: bool,
    non_finite: NonFinite,
}

impl Default for RawConfig {
    fn default() -> Self {
        Config::default().into()
    }
}

fn ms(span: Duration) -> u64 {
    millis(span).unsigned_abs()
}

impl From<Config> for RawConfig {
    fn from(c: Config) -> Self {
        Self {
            metric: c.metric,
            target: c.target,
            utilization: c.utilization,
            average: c.average,
            stable_window_ms: ms(c.stable_window),
            panic_window_percentage: c.panic_window_percentage,
            panic_threshold_percentage: c.panic_threshold_percentage,
            max_scale_up_rate: c.max_scale_up_rate,
            max_scale_down_rate: c.max_scale_down_rate,
            scale_down_delay_ms: ms(c.scale_down_delay),
            follow_delay: c.follow_delay,
            target_burst_capacity: c.target_burst_capacity,
            activation_scale: c.activation_scale,
            min_scale: c.min_scale,
            max_scale: c.max_scale,
            initial_scale: c.initial_scale,
            enable_scale_to_zero: c.enable_scale_to_zero,
            grace_period_ms: ms(c.grace_period),
            retention_period_ms: ms(c.retention_period),
            progress_deadline_ms: ms(c.progress_deadline),
            reachability: c.reachability,
            scrape_target: c.scrape_target,
            non_finite: c.non_finite,
        }
    }
}

impl TryFrom<RawConfig> for Config {
    type Error = ConfigError;
    fn try_from(raw: RawConfig) -> Result<Self, ConfigError> {
        let config = Self {
            metric: raw.metric,
            target: raw.target,
            utilization: raw.utilization,
            average: raw.average,
            stable_window: Duration::from_millis(raw.stable_window_ms),
            panic_window_percentage: raw.panic_window_percentage,
            panic_threshold_percentage: raw.panic_threshold_percentage,
            max_scale_up_rate: raw.max_scale_up_rate,
            max_scale_down_rate: raw.max_scale_down_rate,
            scale_down_delay: Duration::from_millis(raw.scale_down_delay_ms),
            follow_delay: raw.follow_delay,
            target_burst_capacity: raw.target_burst_capacity,
            activation_scale: raw.activation_scale,
            min_scale: raw.min_scale,
            max_scale: raw.max_scale,
            initial_scale: raw.initial_scale,
            enable_scale_to_zero: raw.enable_scale_to_zero,
            grace_period: Duration::from_millis(raw.grace_period_ms),
            retention_period: Duration::from_millis(raw.retention_period_ms),
            progress_deadline: Duration::from_millis(raw.progress_deadline_ms),
            reachability: raw.reachability,
            scrape_target: raw.scrape_target,
            non_finite: raw.non_finite,
        };
        config.check()?;
        Ok(config)
    }
}
