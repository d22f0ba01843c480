//! A revision's own settings: annotations over the cluster's settings. Validation and use are two things: validation
//! refuses what is out of range, use takes any text that parses and ignores the rest.
//!
//! Source: `knative/serving` `pkg/apis/autoscaling/{register,annotation_validation}.go`,
//! `pkg/apis/autoscaling/v1alpha1/pa_lifecycle.go`, `pkg/reconciler/autoscaling/resources/{target,metric}.go` and
//! `pkg/reconciler/autoscaling/kpa/resources/decider.go` at commit `98e5ef90aa7033797aa0a61ef97f3ff7e49a3944`.

use super::apply::{ACTIVATION_SLACK, Reachability, Rules};
use super::reading::{Metric, NonFinite};
use super::scale::Spec;
use super::settings::{MAX_WINDOW, MIN_TARGET, Settings, is_burst, is_window, panic_window};
use crate::error::ConfigError;
use crate::text::{count, duration_ns, number};
use crate::window::Average;
use core::time::Duration;

/// Prefix of all annotations but the progress deadline.
pub const PREFIX: &str = "autoscaling.knative.dev/";
/// Prefix of the progress deadline.
pub const SERVING_PREFIX: &str = "serving.knative.dev/";

const KPA_CLASS: &str = "kpa.autoscaling.knative.dev";
const HPA_CLASS: &str = "hpa.autoscaling.knative.dev";
const PROGRESS_DEADLINE: &str = "progress-deadline";

/// Names that have an older spelling; the newer one wins.
const ALIASES: [(&str, &str); 11] = [
    ("initial-scale", "initialScale"),
    ("max-scale", "maxScale"),
    ("metric-aggregation-algorithm", "metricAggregationAlgorithm"),
    ("min-scale", "minScale"),
    ("panic-threshold-percentage", "panicThresholdPercentage"),
    ("panic-window-percentage", "panicWindowPercentage"),
    (PROGRESS_DEADLINE, "progressDeadline"),
    ("scale-down-delay", "scaleDownDelay"),
    ("scale-to-zero-pod-retention-period", "scaleToZeroPodRetentionPeriod"),
    ("target-burst-capacity", "targetBurstCapacity"),
    ("target-utilization-percentage", "targetUtilizationPercentage"),
];

/// The annotations of a revision, as texts.
///
/// ```
/// use setpoint::algorithm::kpa::{Annotations, Reachability, Settings};
///
/// let annotations = Annotations::new([
///     ("autoscaling.knative.dev/target", "50"),
///     ("autoscaling.knative.dev/window", "2m"),
/// ]);
/// let settings = Settings::default();
/// annotations.validate(&settings)?;
/// let effective = annotations.effective(&settings, 0, Reachability::Unknown);
/// assert_eq!((effective.spec.target_value, effective.spec.stable_window.as_secs()), (35.0, 120));
/// assert_eq!(effective.panic_window.as_secs(), 12);
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotations<'a> {
    texts: Vec<(&'a str, &'a str)>,
}

/// Everything that holds for one revision, from its annotations and the cluster's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    /// The scaling metric as written, `concurrency` if absent. [`Effective::metric`] reads it.
    pub scaling_metric: String,
    /// The aggregation algorithm as written, empty if absent, in its newer spelling. [`Effective::average`] reads it.
    pub aggregation_algorithm: String,
    /// The numbers of the decision. A negative window counts as 0.
    pub spec: Spec,
    /// Length of the panic window.
    pub panic_window: Duration,
    /// The scale-down delay, for creation. A negative one counts as 0: there is none.
    pub scale_down_delay: Duration,
    /// The settings of the last step.
    pub rules: Rules,
}

impl Effective {
    /// The scaling metric.
    #[must_use]
    pub fn metric(&self) -> Metric {
        Metric::from_text(&self.scaling_metric)
    }

    /// The kind of average of new windows.
    #[must_use]
    pub fn average(&self) -> Average {
        average_from_text(&self.aggregation_algorithm)
    }
}

/// The kind of average of an aggregation algorithm's name: exponential weights for `weighted-exponential` in either
/// spelling, else linear.
#[must_use]
pub fn average_from_text(text: &str) -> Average {
    match text {
        "weighted-exponential" | "weightedExponential" => Average::WeightedExponential,
        _ => Average::Linear,
    }
}

impl<'a> Annotations<'a> {
    /// Annotations from names and texts. Names may carry their prefix; those of other prefixes are ignored.
    pub fn new(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let known = |(name, text): (&'a str, &'a str)| {
            if let Some(name) = name.strip_prefix(PREFIX) {
                return Some((name, text));
            }
            if let Some(name) = name.strip_prefix(SERVING_PREFIX) {
                return (name == PROGRESS_DEADLINE || name == "progressDeadline").then_some((name, text));
            }
            (!name.contains('/')).then_some((name, text))
        };
        Self { texts: texts.into_iter().filter_map(known).collect() }
    }

    fn exact(&self, name: &str) -> Option<&'a str> {
        self.texts.iter().find(|(n, _)| *n == name).map(|(_, text)| *text)
    }

    /// The text of `name`, or else of its older spelling.
    fn get(&self, name: &str) -> Option<&'a str> {
        let older = || ALIASES.iter().find(|(newer, _)| *newer == name).map(|(_, older)| *older);
        self.exact(name).or_else(|| self.exact(older()?))
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.get(name).and_then(number)
    }

    fn count(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(count)
    }

    /// A duration's nanoseconds.
    fn span_ns(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(duration_ns)
    }

    fn span(&self, name: &str) -> Option<Duration> {
        self.span_ns(name).map(not_negative)
    }

    /// What holds for the revision. Texts that do not parse count as absent; ranges are not checked.
    /// `container_concurrency` is the revision's hard limit of requests in flight per pod, 0 for none.
    #[must_use]
    pub fn effective(
        &self,
        settings: &Settings,
        container_concurrency: i64,
        reachability: Reachability,
    ) -> Effective {
        let scaling_metric = self.get("metric").unwrap_or("concurrency");
        let (total_value, utilization) =
            self.total_and_utilization(settings, container_concurrency, Metric::from_text(scaling_metric));
        let stable_window = self.span("window").unwrap_or(settings.stable_window);
        let panic_percentage =
            self.number("panic-window-percentage").unwrap_or(settings.panic_window_percentage);
        let panic_threshold =
            self.number("panic-threshold-percentage").unwrap_or(settings.panic_threshold_percentage);
        let target_burst_capacity =
            self.number("target-burst-capacity").unwrap_or(settings.target_burst_capacity);
        let algorithm = match self.get("metric-aggregation-algorithm").unwrap_or("") {
            "weightedExponential" => "weighted-exponential",
            other => other,
        };
        Effective {
            scaling_metric: scaling_metric.to_owned(),
            aggregation_algorithm: algorithm.to_owned(),
            spec: Spec {
                target_value: (total_value * utilization).max(MIN_TARGET),
                total_value,
                target_burst_capacity,
                panic_threshold: panic_threshold / 100.0,
                max_scale_up_rate: settings.max_scale_up_rate,
                max_scale_down_rate: settings.max_scale_down_rate,
                stable_window,
                reachable: reachability.is_reachable(),
                activation_scale: self.count("activation-scale").unwrap_or(0),
                non_finite: NonFinite::Refuse,
            },
            panic_window: panic_window(stable_window, panic_percentage),
            scale_down_delay: self.span("scale-down-delay").unwrap_or(settings.scale_down_delay),
            rules: self.rules(settings, reachability, stable_window, target_burst_capacity),
        }
    }

    /// Load per pod without utilization, and the utilization to aim at.
    fn total_and_utilization(&self, settings: &Settings, limit: i64, metric: Metric) -> (f64, f64) {
        let (mut total, mut utilization) = match metric {
            Metric::Rps => (settings.requests_per_second_target_default, settings.target_utilization),
            Metric::Concurrency if limit == 0 => (
                settings.container_concurrency_target_default,
                settings.container_concurrency_target_fraction,
            ),
            Metric::Concurrency => (limit as f64, settings.container_concurrency_target_fraction),
        };
        if let Some(target) = self.number("target") {
            total =
                if metric == Metric::Concurrency && limit > 0 { target.min(limit as f64) } else { target };
        }
        if let Some(percentage) = self.number("target-utilization-percentage") {
            utilization = percentage / 100.0;
        }
        (total, utilization)
    }

    fn rules(
        &self,
        settings: &Settings,
        reachability: Reachability,
        stable_window: Duration,
        target_burst_capacity: f64,
    ) -> Rules {
        let initial_scale = self
            .count("initial-scale")
            .filter(|&n| n != 0 || settings.allow_zero_initial_scale)
            .unwrap_or(settings.initial_scale);
        let slack_ns = i64::try_from(ACTIVATION_SLACK.as_nanos()).unwrap_or(i64::MAX);
        let activation_timeout = self.span_ns(PROGRESS_DEADLINE).map_or_else(
            || settings.progress_deadline.saturating_add(ACTIVATION_SLACK),
            |deadline_ns| not_negative(deadline_ns.saturating_add(slack_ns)),
        );
        Rules {
            min_scale: self.count("min-scale").unwrap_or(settings.min_scale),
            max_scale: self.count("max-scale").unwrap_or(settings.max_scale),
            initial_scale,
            reachability,
            enable_scale_to_zero: settings.enable_scale_to_zero,
            stable_window,
            activation_timeout,
            grace_period: settings.scale_to_zero_grace_period,
            retention_period: self
                .span("scale-to-zero-pod-retention-period")
                .unwrap_or(settings.scale_to_zero_pod_retention_period),
            target_burst_capacity,
        }
    }

    /// Checks every annotation as the platform does when a revision is created.
    ///
    /// | annotation | accepted |
    /// |---|---|
    /// | `class` | of those ending in `.knative.dev` only `kpa.autoscaling` and `hpa.autoscaling` |
    /// | `metric` | class absent or `kpa`: `concurrency`, `rps`; class `hpa`: not empty; other classes: anything |
    /// | `target` | at least 0.01 |
    /// | `target-utilization-percentage`, `panic-window-percentage` | 1 to 100 |
    /// | `target-burst-capacity` | at least 0, or -1 |
    /// | `window` | whole seconds from 6 s to 1 h |
    /// | `panic-threshold-percentage` | 110 to 1000 |
    /// | `scale-down-delay` | whole seconds from 0 to 1 h |
    /// | `scale-to-zero-pod-retention-period` | 0 to 1 h |
    /// | `min-scale`, `max-scale` | at least 0; minimum at most maximum if that is above 0; maximum 1 to the limit if there is one |
    /// | `activation-scale` | at least 2 and the minimum, at most the maximum if that is above 0 |
    /// | `initial-scale` | at least 1, or 0 if the cluster allows it |
    /// | `metric-aggregation-algorithm` | class `kpa`: empty, `linear`, `weighted-exponential`, `weightedExponential` |
    ///
    /// # Errors
    /// The first annotation that is refused.
    pub fn validate(&self, settings: &Settings) -> Result<(), ConfigError> {
        let class = self.get("class");
        self.check_text("class", "a known class", |text| {
            !text.ends_with(".knative.dev") || text == KPA_CLASS || text == HPA_CLASS
        })?;
        self.check_text("metric", "concurrency or rps", |text| match class {
            None | Some(KPA_CLASS) => matches!(text, "concurrency" | "rps"),
            Some(HPA_CLASS) => !text.is_empty(),
            Some(_) => true,
        })?;
        self.check_text("metric-aggregation-algorithm", "linear or weighted-exponential", |text| {
            class != Some(KPA_CLASS)
                || matches!(text, "" | "linear" | "weighted-exponential" | "weightedExponential")
        })?;
        self.check_number("target", "at least 0.01", |x| x >= MIN_TARGET)?;
        self.check_number("target-utilization-percentage", "1 to 100", |x| (1.0..=100.0).contains(&x))?;
        self.check_number("target-burst-capacity", "at least 0, or -1", is_burst)?;
        self.check_number("panic-window-percentage", "1 to 100", |x| (1.0..=100.0).contains(&x))?;
        self.check_number("panic-threshold-percentage", "110 to 1000", |x| (110.0..=1000.0).contains(&x))?;
        let up_to_an_hour = |ns: i64| ns >= 0 && not_negative(ns) <= MAX_WINDOW;
        self.check_span("window", "whole seconds from 6s to 1h", |ns| is_window(not_negative(ns)))?;
        self.check_span("scale-down-delay", "whole seconds from 0 to 1h", |ns| {
            up_to_an_hour(ns) && not_negative(ns).subsec_nanos() == 0
        })?;
        self.check_span("scale-to-zero-pod-retention-period", "0 to 1h", up_to_an_hour)?;
        self.validate_scales(settings)
    }

    fn validate_scales(&self, settings: &Settings) -> Result<(), ConfigError> {
        self.check_count("min-scale", "at least 0", |n| n >= 0)?;
        let min = self.count("min-scale").unwrap_or(0);
        let limit = settings.max_scale_limit;
        self.check_count(
            "max-scale",
            "at least 0, and from 1 to the cluster's limit if there is one",
            |n| n >= 0 && (limit == 0 || (1..=limit).contains(&n)),
        )?;
        let max = self.count("max-scale").unwrap_or(0);
        self.check_count("max-scale", "0, or at least min-scale", |n| n == 0 || n >= min)?;
        self.check_count("activation-scale", "at least 2 and min-scale, at most max-scale", |n| {
            n >= 2 && n >= min && (max == 0 || n <= max)
        })?;
        let floor = i64::from(!settings.allow_zero_initial_scale);
        self.check_count("initial-scale", "at least 1, or 0 if the cluster allows it", |n| n >= floor)
    }

    fn check_text(
        &self,
        name: &'static str,
        allowed: &'static str,
        good: impl FnOnce(&str) -> bool,
    ) -> Result<(), ConfigError> {
        match self.get(name) {
            Some(text) if !good(text) => Err(ConfigError::new(name, format_args!("{text:?}"), allowed)),
            _ => Ok(()),
        }
    }

    fn check_number(
        &self,
        name: &'static str,
        allowed: &'static str,
        good: impl FnOnce(f64) -> bool,
    ) -> Result<(), ConfigError> {
        self.check_text(name, allowed, |text| number(text).is_some_and(good))
    }

    fn check_count(
        &self,
        name: &'static str,
        allowed: &'static str,
        good: impl FnOnce(i64) -> bool,
    ) -> Result<(), ConfigError> {
        self.check_text(name, allowed, |text| count(text).is_some_and(good))
    }

    fn check_span(
        &self,
        name: &'static str,
        allowed: &'static str,
        good: impl FnOnce(i64) -> bool,
    ) -> Result<(), ConfigError> {
        self.check_text(name, allowed, |text| duration_ns(text).is_some_and(good))
    }
}

/// The span of `ns` nanoseconds, 0 if negative.
fn not_negative(ns: i64) -> Duration {
    Duration::from_nanos(u64::try_from(ns).unwrap_or(0))
}

#[cfg(test)]
mod tests;
