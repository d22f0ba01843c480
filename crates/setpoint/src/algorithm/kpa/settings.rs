//! The settings of a cluster: defaults, parsing from a map of texts, and what is accepted. One text that does not parse or
//! is out of range refuses the whole map; unknown names are ignored.
//!
//! Source: `knative/serving` `pkg/autoscaler/config/config.go` at commit `98e5ef90aa7033797aa0a61ef97f3ff7e49a3944`.

use crate::error::ConfigError;
use crate::text::{SECOND_NS, count, duration_ns, number, truth};
use core::time::Duration;

/// Shortest stable window.
pub const MIN_WINDOW: Duration = Duration::from_secs(6);
/// Longest stable window, and longest delay and retention of a revision.
pub const MAX_WINDOW: Duration = Duration::from_secs(3_600);
/// Smallest target per pod.
pub const MIN_TARGET: f64 = 0.01;

/// Cluster-wide settings. The fields are raw: [`Settings::from_texts`] gives checked ones, but any can be set.
///
/// | field (name with hyphens) | default | range | unit |
/// |---|---|---|---|
/// | `enable_scale_to_zero` | true | | |
/// | `container_concurrency_target_fraction` (`container-concurrency-target-percentage`) | 0.7 | text above 1 is a percentage; then more than 0, at most 1 | ratio |
/// | `container_concurrency_target_default` | 100 | times the fraction at least 0.01 | requests in flight |
/// | `requests_per_second_target_default` | 200 | at least 0.01 | requests per second |
/// | `target_utilization` (no name) | 0.7 | | ratio, for metrics other than concurrency |
/// | `target_burst_capacity` | 211 | at least 0, or -1 for unlimited | load |
/// | `activator_capacity` | 100 | at least 1 | load |
/// | `max_scale_up_rate` | 1000 | more than 1 | factor |
/// | `max_scale_down_rate` | 2 | more than 1 | factor |
/// | `stable_window` | 60 s | 6 s to 1 h | whole seconds |
/// | `panic_window_percentage` | 10 | 1 to 100 | percent of the stable window |
/// | `panic_threshold_percentage` | 200 | any; checked per revision | percent |
/// | `scale_down_delay` | 0 s | at least 0 | whole seconds |
/// | `scale_to_zero_grace_period` | 30 s | more than 0 | |
/// | `scale_to_zero_pod_retention_period` | 0 s | at least 0 | |
/// | `initial_scale` | 1 | at least 1, or 0 if allowed | pods |
/// | `allow_zero_initial_scale` | false | | |
/// | `min_scale` | 0 | at least 0, at most `max_scale` if that is set | pods |
/// | `max_scale` | 0 (none) | at least 0; 1 to the limit if one is set | pods |
/// | `max_scale_limit` | 0 (none) | at least 0 | pods |
/// | `progress_deadline` (of the deployment settings) | 600 s | | |
///
/// ```
/// use setpoint::algorithm::kpa::Settings;
/// let settings = Settings::from_texts([("stable-window", "90s"), ("max-scale", "20")])?;
/// assert_eq!((settings.stable_window.as_secs(), settings.max_scale, settings.min_scale), (90, 20, 0));
/// assert_eq!(Settings::from_texts([("stable-window", "5s")]).unwrap_err().field, "stable-window");
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the table above documents every field")]
pub struct Settings {
    pub enable_scale_to_zero: bool,
    pub container_concurrency_target_fraction: f64,
    pub container_concurrency_target_default: f64,
    pub requests_per_second_target_default: f64,
    pub target_utilization: f64,
    pub target_burst_capacity: f64,
    pub activator_capacity: f64,
    pub max_scale_up_rate: f64,
    pub max_scale_down_rate: f64,
    pub stable_window: Duration,
    pub panic_window_percentage: f64,
    pub panic_threshold_percentage: f64,
    pub scale_down_delay: Duration,
    pub scale_to_zero_grace_period: Duration,
    pub scale_to_zero_pod_retention_period: Duration,
    pub initial_scale: i64,
    pub allow_zero_initial_scale: bool,
    pub min_scale: i64,
    pub max_scale: i64,
    pub max_scale_limit: i64,
    pub progress_deadline: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enable_scale_to_zero: true,
            container_concurrency_target_fraction: 0.7,
            container_concurrency_target_default: 100.0,
            requests_per_second_target_default: 200.0,
            target_utilization: 0.7,
            target_burst_capacity: 211.0,
            activator_capacity: 100.0,
            max_scale_up_rate: 1000.0,
            max_scale_down_rate: 2.0,
            stable_window: Duration::from_secs(60),
            panic_window_percentage: 10.0,
            panic_threshold_percentage: 200.0,
            scale_down_delay: Duration::ZERO,
            scale_to_zero_grace_period: Duration::from_secs(30),
            scale_to_zero_pod_retention_period: Duration::ZERO,
            initial_scale: 1,
            allow_zero_initial_scale: false,
            min_scale: 0,
            max_scale: 0,
            max_scale_limit: 0,
            progress_deadline: Duration::from_secs(600),
        }
    }
}

impl Settings {
    /// Settings from names and texts, as a cluster's configuration map holds them.
    ///
    /// # Errors
    /// If one text does not parse, or a setting is out of its range.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ConfigError> {
        let mut settings = Self::default();
        for (name, text) in texts {
            settings.set(name, text)?;
        }
        settings.check()?;
        Ok(settings)
    }

    fn set(&mut self, name: &str, text: &str) -> Result<(), ConfigError> {
        let refused = |allowed: &'static str| ConfigError::new(name.to_owned(), text, allowed);
        let as_number = || number(text).ok_or_else(|| refused("a decimal number"));
        let as_count = || count(text).ok_or_else(|| refused("a whole number of 32 bits"));
        let as_truth = || truth(text).ok_or_else(|| refused("true or false"));
        let as_span = || {
            let ns = duration_ns(text).ok_or_else(|| refused("a duration such as 10m30s"))?;
            u64::try_from(ns).map(Duration::from_nanos).map_err(|_| refused("at least 0"))
        };
        match name {
            "enable-scale-to-zero" => self.enable_scale_to_zero = as_truth()?,
            "container-concurrency-target-percentage" => {
                let value = as_number()?;
                self.container_concurrency_target_fraction = if value > 1.0 { value / 100.0 } else { value };
            }
            "container-concurrency-target-default" => {
                self.container_concurrency_target_default = as_number()?;
            }
            "requests-per-second-target-default" => self.requests_per_second_target_default = as_number()?,
            "target-burst-capacity" => self.target_burst_capacity = as_number()?,
            "activator-capacity" => self.activator_capacity = as_number()?,
            "max-scale-up-rate" => self.max_scale_up_rate = as_number()?,
            "max-scale-down-rate" => self.max_scale_down_rate = as_number()?,
            "stable-window" => self.stable_window = as_span()?,
            "panic-window-percentage" => self.panic_window_percentage = as_number()?,
            "panic-threshold-percentage" => self.panic_threshold_percentage = as_number()?,
            "scale-down-delay" => self.scale_down_delay = as_span()?,
            "scale-to-zero-grace-period" => self.scale_to_zero_grace_period = as_span()?,
            "scale-to-zero-pod-retention-period" => self.scale_to_zero_pod_retention_period = as_span()?,
            "initial-scale" => self.initial_scale = as_count()?,
            "allow-zero-initial-scale" => self.allow_zero_initial_scale = as_truth()?,
            "min-scale" => self.min_scale = as_count()?,
            "max-scale" => self.max_scale = as_count()?,
            "max-scale-limit" => self.max_scale_limit = as_count()?,
            _ => {}
        }
        Ok(())
    }

    /// Checks every range of the table.
    ///
    /// # Errors
    /// The first setting that is out of its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        let fraction = self.container_concurrency_target_fraction;
        let whole_seconds = |span: Duration| span.subsec_nanos() == 0;
        let burst = self.target_burst_capacity;
        let initial_floor = i64::from(!self.allow_zero_initial_scale);
        let (max, limit) = (self.max_scale, self.max_scale_limit);
        check(
            fraction > 0.0 && fraction <= 1.0,
            "container-concurrency-target-percentage",
            fraction,
            "more than 0, at most 100 percent",
        )?;
        check(
            fraction * self.container_concurrency_target_default >= MIN_TARGET,
            "container-concurrency-target-default",
            self.container_concurrency_target_default,
            "at least 0.01 after the target percentage",
        )?;
        let rps = self.requests_per_second_target_default;
        check(rps >= MIN_TARGET, "requests-per-second-target-default", rps, "at least 0.01")?;
        check(is_burst(burst), "target-burst-capacity", burst, "at least 0, or -1")?;
        check(self.activator_capacity >= 1.0, "activator-capacity", self.activator_capacity, "at least 1")?;
        check(self.max_scale_up_rate > 1.0, "max-scale-up-rate", self.max_scale_up_rate, "more than 1")?;
        check(
            self.max_scale_down_rate > 1.0,
            "max-scale-down-rate",
            self.max_scale_down_rate,
            "more than 1",
        )?;
        check(
            is_window(self.stable_window),
            "stable-window",
            format_args!("{:?}", self.stable_window),
            "whole seconds from 6s to 1h",
        )?;
        let percentage = self.panic_window_percentage;
        check((1.0..=100.0).contains(&percentage), "panic-window-percentage", percentage, "1 to 100")?;
        check(
            whole_seconds(self.scale_down_delay),
            "scale-down-delay",
            format_args!("{:?}", self.scale_down_delay),
            "whole seconds",
        )?;
        check(!self.scale_to_zero_grace_period.is_zero(), "scale-to-zero-grace-period", 0, "more than 0")?;
        check(
            self.initial_scale >= initial_floor,
            "initial-scale",
            self.initial_scale,
            "at least 1, or 0 if allow-zero-initial-scale is true",
        )?;
        check(limit >= 0, "max-scale-limit", limit, "at least 0")?;
        check(
            max >= 0 && (limit == 0 || (1..=limit).contains(&max)),
            "max-scale",
            max,
            "at least 0, and from 1 to max-scale-limit if there is one",
        )?;
        check(
            self.min_scale >= 0 && (max == 0 || self.min_scale <= max),
            "min-scale",
            self.min_scale,
            "at least 0, at most max-scale if there is one",
        )
    }
}

/// Passes if `ok`, else the error.
pub(super) fn check(
    ok: bool,
    field: &'static str,
    value: impl core::fmt::Display,
    allowed: &'static str,
) -> Result<(), ConfigError> {
    if ok { Ok(()) } else { Err(ConfigError::new(field, value, allowed)) }
}

/// Whether `burst` is a burst capacity: at least 0, or -1 for unlimited.
pub(super) fn is_burst(burst: f64) -> bool {
    burst >= 0.0 || burst == -1.0
}

/// Whether `window` is a stable window: whole seconds from 6 s to 1 h.
pub(super) fn is_window(window: Duration) -> bool {
    (MIN_WINDOW..=MAX_WINDOW).contains(&window) && window.subsec_nanos() == 0
}

/// Length of the panic window: the percentage of the stable window, to the nearest second (halves up), at least one.
///
/// ```
/// use core::time::Duration;
/// use setpoint::algorithm::kpa::panic_window;
/// assert_eq!(panic_window(Duration::from_secs(50), 29.0), Duration::from_secs(15), "14.5 s");
/// assert_eq!(panic_window(Duration::from_secs(6), 1.0), Duration::from_secs(1));
/// ```
#[must_use]
pub fn panic_window(stable_window: Duration, percentage: f64) -> Duration {
    let stable_ns = i64::try_from(stable_window.as_nanos()).unwrap_or(i64::MAX);
    // The multiplication comes first: 50e9 * 0.29 is less than 14.5 s.
    let ns = (stable_ns as f64 * percentage / 100.0) as i64;
    let seconds = ns.saturating_add(SECOND_NS / 2).div_euclid(SECOND_NS);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid(name: &str, text: &str) -> bool {
        Settings::from_texts([(name, text)]).is_ok()
    }

    #[test]
    fn ranges_end_where_the_table_says() {
        for (name, good, bad) in [
            ("enable-scale-to-zero", &["t", "0"][..], &["maybe", ""][..]),
            (
                "container-concurrency-target-percentage",
                &["100", "1", "0.5", "1.1"],
                &["0", "-1", "100.1", "0.00005"],
            ),
            ("container-concurrency-target-default", &["0.015", "1e6"], &["0.014", "-5", "NaN"]),
            ("requests-per-second-target-default", &["0.01"], &["0.0099", "Inf"]),
            ("target-burst-capacity", &["0", "-1", "0.5"], &["-0.5", "-2", "x"]),
            ("activator-capacity", &["1"], &["0.99"]),
            ("max-scale-up-rate", &["1.0001"], &["1"]),
            ("max-scale-down-rate", &["1.0001"], &["1"]),
            ("stable-window", &["6s", "1h", "6000ms"], &["5s", "3601s", "6.5s", "60", "-6s"]),
            ("panic-window-percentage", &["1", "100"], &["0.99", "100.1"]),
            ("panic-threshold-percentage", &["0", "-5", "5000"], &["NaN", "x"]),
            ("scale-down-delay", &["0", "48h"], &["1.5s", "-1s"]),
            ("scale-to-zero-grace-period", &["1ns"], &["0s", "-1s"]),
            ("scale-to-zero-pod-retention-period", &["0", "2h", "1500ms"], &["-1s", "5"]),
            ("initial-scale", &["1", "7"], &["0", "-1", "1.0"]),
            ("min-scale", &["0", "5"], &["-1", "2147483648"]),
            ("max-scale", &["0", "5"], &["-1"]),
            ("max-scale-limit", &["0"], &["-1", "5"]),
            ("some-other-name", &["", "x"], &[]),
        ] {
            for text in good {
                assert!(valid(name, text), "{name}: {text:?}");
            }
            for text in bad {
                assert!(!valid(name, text), "{name}: {text:?}");
            }
        }
    }

    #[test]
    fn settings_that_depend_on_one_another() {
        let valid =
            |texts: &[(&'static str, &'static str)]| Settings::from_texts(texts.iter().copied()).is_ok();
        assert!(valid(&[("initial-scale", "0"), ("allow-zero-initial-scale", "true")]));
        assert!(valid(&[("min-scale", "5"), ("max-scale", "5")]));
        assert!(!valid(&[("min-scale", "6"), ("max-scale", "5")]));
        assert!(valid(&[("max-scale-limit", "5"), ("max-scale", "5")]));
        assert!(!valid(&[("max-scale-limit", "5"), ("max-scale", "6")]));
        assert!(!valid(&[("max-scale-limit", "5"), ("max-scale", "0")]), "no maximum is beyond any limit");
        let percent = [("container-concurrency-target-percentage", "1.1")];
        let fraction = Settings::from_texts(percent).unwrap().container_concurrency_target_fraction;
        assert_eq!(fraction, 1.1 / 100.0);
    }

    #[test]
    fn panic_windows_round_halves_up_and_survive_odd_percentages() {
        let window = |s, p| panic_window(Duration::from_secs(s), p).as_secs();
        assert_eq!((window(60, 10.0), window(50, 29.0), window(50, 5.0), window(45, 10.0)), (6, 15, 3, 5));
        for odd in [f64::NAN, -50.0, 0.0, f64::NEG_INFINITY] {
            assert_eq!(window(60, odd), 1);
        }
        assert!(window(60, f64::INFINITY) > 1);
    }
}
