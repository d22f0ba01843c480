//! The settings of the Gaussian rule. The rule itself is in [`model`](super::model).
//!
//! Source: the specification of document 001's Gaussian model. The accepted probability of overload of 5 % and the window are
//! ours; the article gives neither.

use super::super::config::Thresholds;
use super::model::Overload;
use crate::error::ConfigError;
use crate::metric::MetricName;
use crate::replicas::Bounds;
use core::time::Duration;

/// Where the mean and the standard deviation of the utilization come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "from", rename_all = "snake_case", deny_unknown_fields))]
pub enum Source {
    /// Two whole-workload values of the snapshot, estimated by the caller.
    Values {
        /// The metric that holds the mean.
        mean: String,
        /// The metric that holds the standard deviation.
        deviation: String,
    },
    /// The readings of one metric over a while; at least two, else the count is held.
    Window {
        /// The metric that holds the utilization.
        metric: String,
        /// For how long a reading counts, in whole milliseconds.
        width_ms: u64,
    },
}

/// The settings of the Gaussian rule.
///
/// | setting | default | range | unit | source |
/// |---|---|---|---|---|
/// | `bounds` | required | see [`Bounds`] | replicas | |
/// | `thresholds` | required | see [`Thresholds`] | as the readings | article |
/// | `values` or `window` | required | a window of 1 ms at least | | article (given numbers); ours (window) |
/// | `overload_probability` | 0.05 | above 0, below 0.5 | probability | ours |
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Bounds, gaussian, threshold::Thresholds};
/// let config = gaussian::Config::window(Bounds::new(1, 20)?, Thresholds::new(0.4, 0.8)?, "cpu", Duration::from_secs(300));
/// assert!(config.clone().check().is_ok());
/// let error = config.overload_probability(0.5).check().unwrap_err();
/// assert_eq!(error.to_string(), "overload_probability is 0.5: must be above 0 and below 0.5");
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "raw::Config"))]
pub struct Config {
    bounds: Bounds,
    thresholds: Thresholds,
    source: Source,
    overload_probability: f64,
}

impl Config {
    fn new(bounds: Bounds, thresholds: Thresholds, source: Source) -> Self {
        Self { bounds, thresholds, source, overload_probability: Overload::default().probability() }
    }

    /// Takes the mean and the standard deviation from two whole-workload values.
    #[must_use]
    pub fn values(
        bounds: Bounds,
        thresholds: Thresholds,
        mean: impl Into<String>,
        deviation: impl Into<String>,
    ) -> Self {
        Self::new(bounds, thresholds, Source::Values { mean: mean.into(), deviation: deviation.into() })
    }

    /// Takes them from the readings of `metric` over `width`.
    #[must_use]
    pub fn window(
        bounds: Bounds,
        thresholds: Thresholds,
        metric: impl Into<String>,
        width: Duration,
    ) -> Self {
        let width_ms = u64::try_from(width.as_millis()).unwrap_or(u64::MAX);
        Self::new(bounds, thresholds, Source::Window { metric: metric.into(), width_ms })
    }

    /// Accepts this probability of exceeding the upper threshold.
    #[must_use]
    pub const fn overload_probability(mut self, probability: f64) -> Self {
        self.overload_probability = probability;
        self
    }

    /// These settings as ones that can run.
    ///
    /// # Errors
    /// If a setting is outside its range or a metric's name cannot be one.
    pub fn check(self) -> Result<Checked, ConfigError> {
        let overload = Overload::new(self.overload_probability)?;
        let named = |field: &'static str, name: &str| {
            MetricName::new(name).map_err(|e| ConfigError { field: field.into(), ..e })
        };
        let names = match &self.source {
            Source::Values { mean, deviation } => {
                if mean == deviation {
                    return Err(ConfigError::new(
                        "source.deviation",
                        deviation,
                        "another metric than the mean",
                    ));
                }
                vec![named("source.mean", mean)?, named("source.deviation", deviation)?]
            }
            Source::Window { width_ms: 0, .. } => {
                return Err(ConfigError::new("source.width_ms", 0, "at least 1"));
            }
            Source::Window { metric, .. } => vec![named("source.metric", metric)?],
        };
        Ok(Checked { config: self, overload, names })
    }
}

/// Settings that were found to hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    config: Config,
    overload: Overload,
    names: Vec<MetricName>,
}

impl Checked {
    /// The settings, to be changed and checked again.
    #[must_use]
    pub fn into_config(self) -> Config {
        self.config
    }

    /// The replica bounds.
    #[must_use]
    pub const fn bounds(&self) -> Bounds {
        self.config.bounds
    }

    /// The thresholds.
    #[must_use]
    pub const fn thresholds(&self) -> &Thresholds {
        &self.config.thresholds
    }

    /// The accepted probability of overload.
    #[must_use]
    pub const fn overload(&self) -> Overload {
        self.overload
    }

    /// The width of the window, where there is one.
    #[must_use]
    pub fn width(&self) -> Option<Duration> {
        match self.config.source {
            Source::Window { width_ms, .. } => Some(Duration::from_millis(width_ms)),
            Source::Values { .. } => None,
        }
    }

    /// The metrics: the utilization, or its mean and its deviation.
    pub(super) fn names(&self) -> &[MetricName] {
        &self.names
    }
}

#[cfg(feature = "serde")]
mod raw {
    use super::{Bounds, Checked, ConfigError, Overload, Source, Thresholds};

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Config {
        bounds: Bounds,
        thresholds: Thresholds,
        source: Source,
        #[serde(default = "default_probability")]
        overload_probability: f64,
    }

    fn default_probability() -> f64 {
        Overload::default().probability()
    }

    impl TryFrom<Config> for super::Config {
        type Error = ConfigError;
        fn try_from(raw: Config) -> Result<Self, ConfigError> {
            let Config { bounds, thresholds, source, overload_probability } = raw;
            Self { bounds, thresholds, source, overload_probability }.check().map(Checked::into_config)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band() -> Thresholds {
        Thresholds::new(0.4, 0.8).unwrap()
    }

    fn bounds() -> Bounds {
        Bounds::new(1, 20).unwrap()
    }

    #[test]
    fn what_cannot_hold_is_refused() {
        let field = |config: Config| config.check().unwrap_err().field.into_owned();
        let window = |name: &str, ms| Config::window(bounds(), band(), name, Duration::from_millis(ms));
        assert_eq!(field(window("cpu", 0)), "source.width_ms");
        assert_eq!(field(window("", 10)), "source.metric");
        assert_eq!(field(Config::values(bounds(), band(), "mu", "mu")), "source.deviation");
        assert_eq!(field(Config::values(bounds(), band(), "mu", "")), "source.deviation");
        for bad in [0.0, 0.5, f64::NAN] {
            assert_eq!(field(window("cpu", 10).overload_probability(bad)), "overload_probability");
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn documents_go_through_the_same_door() {
        for config in [
            Config::values(bounds(), band(), "mu", "sigma").overload_probability(0.01),
            Config::window(bounds(), band(), "cpu", Duration::from_secs(300)),
        ] {
            let text = serde_json::to_string(&config).unwrap();
            assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config, "{text}");
        }
        let good = r#"{"bounds":{"min":1,"max":20},"thresholds":{"lower":0.4,"upper":0.8},
            "source":{"from":"window","metric":"cpu","width_ms":1000},"overload_probability":0.1}"#;
        assert!(serde_json::from_str::<Config>(good).is_ok());
        for (part, bad) in [
            ("0.1}", "0.7}"),
            ("1000", "0"),
            ("\"lower\":0.4", "\"lower\":0.9"),
            ("cpu", ""),
            ("width_ms", "width"),
        ] {
            assert!(good.contains(part));
            assert!(serde_json::from_str::<Config>(&good.replacen(part, bad, 1)).is_err(), "{bad}");
        }
    }
}
