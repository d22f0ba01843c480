//! Metrics by name, what is wanted of them, and the names that the source documents use. Values are plain doubles in
//! the metric's own unit; a target says how they are to be read.

use crate::error::{ConfigError, SnapshotError};
use core::fmt;
use std::sync::Arc;

/// CPU usage of an instance, in cores, or as a share of its request where no requests are given.
pub const CPU: &str = "cpu";
/// Memory usage of an instance, in bytes, or as a share of its request where no requests are given.
pub const MEMORY: &str = "memory";
/// CPU utilization in percent.
pub const CPU_UTILIZATION: &str = "cpu_utilization";
/// Memory in use, in bytes.
pub const MEMORY_USAGE: &str = "memory_usage";
/// GPU compute utilization in percent.
pub const GPU_UTILIZATION: &str = "gpu_utilization";
/// GPU memory in use, in bytes.
pub const GPU_MEMORY_USAGE: &str = "gpu_memory_usage";
/// GPU memory that is free, in bytes.
pub const GPU_MEMORY_FREE: &str = "gpu_memory_free";
/// GPU memory in use, in percent of all.
pub const GPU_MEMORY_UTILIZATION: &str = "gpu_memory_utilization";
/// Key-value cache in use, in percent.
pub const KV_CACHE_UTILIZATION: &str = "kv_cache_utilization";
/// Requests in progress.
pub const CONCURRENT_REQUESTS: &str = "concurrent_requests";
/// Requests in total.
pub const REQUEST_COUNT: &str = "request_count";
/// Requests per second.
pub const REQUESTS_PER_SECOND: &str = "requests_per_second";
/// Requests waiting for a free slot.
pub const QUEUE_LENGTH: &str = "queue_length";
/// Tokens read.
pub const TOKEN_IN_COUNT: &str = "token_in_count";
/// Tokens generated.
pub const TOKEN_OUT_COUNT: &str = "token_out_count";
/// Latency of an inference in milliseconds.
pub const INFERENCE_LATENCY_MS: &str = "inference_latency_ms";
/// Tokens read per second.
pub const TOKENS_IN_PER_SECOND: &str = "tokens_in_per_second";
/// Tokens generated per second.
pub const TOKENS_OUT_PER_SECOND: &str = "tokens_out_per_second";
/// Time that requests wait before they are worked on, in milliseconds.
pub const QUEUE_TIME_MS: &str = "queue_time_ms";
/// Time from a request to its first token, in milliseconds.
pub const TIME_TO_FIRST_TOKEN_MS: &str = "time_to_first_token_ms";
/// Time from one token of an answer to the next, in milliseconds.
pub const TIME_PER_OUTPUT_TOKEN_MS: &str = "time_per_output_token_ms";
/// Total concurrency of a revision, the metric of the Knative autoscaler: requests in progress over all instances.
pub const CONCURRENCY: &str = "concurrency";
/// Total request rate of a revision, the other metric of the Knative autoscaler, per second.
pub const RPS: &str = "rps";

/// The name of a metric: 1 to 253 characters, no control characters. Cloning shares the text.
///
/// ```
/// use setpoint::MetricName;
/// let name = MetricName::new("gpu_utilization")?;
/// assert_eq!(name.as_str(), setpoint::metric::GPU_UTILIZATION);
/// assert!(MetricName::new("").is_err());
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct MetricName(Arc<str>);

impl MetricName {
    /// A checked name.
    ///
    /// # Errors
    /// If the name is empty, longer than 253 characters, or holds control characters.
    pub fn new(name: impl AsRef<str>) -> Result<Self, ConfigError> {
        let name = name.as_ref();
        if usable(name) {
            Ok(Self(name.into()))
        } else {
            let allowed = "1 to 253 characters without control characters";
            Err(ConfigError::new("metric name", format_args!("{name:?}"), allowed))
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The rule for names, shared with snapshots, which borrow theirs.
pub(crate) fn check_name(name: &str) -> Result<(), SnapshotError> {
    if usable(name) { Ok(()) } else { Err(SnapshotError::Name { name: name.chars().take(64).collect() }) }
}

fn usable(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 4 * 253
        && name.chars().count() <= 253
        && !name.chars().any(char::is_control)
}

impl TryFrom<String> for MetricName {
    type Error = ConfigError;
    fn try_from(name: String) -> Result<Self, ConfigError> {
        Self::new(name)
    }
}

impl From<MetricName> for String {
    fn from(name: MetricName) -> Self {
        name.as_str().to_owned()
    }
}

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for MetricName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// What a metric is held to.
///
/// | kind | reads | unit of the target |
/// |---|---|---|
/// | utilization | samples of the instances against their requests | share of the request, 0.7 for 70 % |
/// | average value | samples of the instances, or a whole-workload value divided by the replicas | the metric's own |
/// | value | a whole-workload value | the metric's own |
///
/// ```
/// use setpoint::Target;
/// assert_eq!(Target::utilization(0.7)?.amount(), 0.7);
/// assert!(Target::value(0.0).is_err());
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawTarget", into = "RawTarget"))]
pub struct Target {
    kind: TargetKind,
    amount: f64,
}

/// How a target's amount is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum TargetKind {
    /// A share of what each instance requested.
    Utilization,
    /// An amount per instance.
    AverageValue,
    /// An amount for the whole workload.
    Value,
}

#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTarget {
    kind: TargetKind,
    amount: f64,
}

#[cfg(feature = "serde")]
impl TryFrom<RawTarget> for Target {
    type Error = ConfigError;
    fn try_from(raw: RawTarget) -> Result<Self, ConfigError> {
        Self::new(raw.kind, raw.amount)
    }
}

#[cfg(feature = "serde")]
impl From<Target> for RawTarget {
    fn from(target: Target) -> Self {
        Self { kind: target.kind, amount: target.amount }
    }
}

impl Target {
    /// A target of the given kind.
    ///
    /// # Errors
    /// If `amount` is not finite or not above 0.
    pub fn new(kind: TargetKind, amount: f64) -> Result<Self, ConfigError> {
        if amount.is_finite() && amount > 0.0 {
            Ok(Self { kind, amount })
        } else {
            Err(ConfigError::new("target", amount, "a finite number above 0"))
        }
    }

    /// A share of what each instance requested: 0.7 for 70 %.
    ///
    /// # Errors
    /// If `share` is not finite or not above 0.
    pub fn utilization(share: f64) -> Result<Self, ConfigError> {
        Self::new(TargetKind::Utilization, share)
    }

    /// An amount per instance, in the metric's own unit.
    ///
    /// # Errors
    /// If `amount` is not finite or not above 0.
    pub fn average_value(amount: f64) -> Result<Self, ConfigError> {
        Self::new(TargetKind::AverageValue, amount)
    }

    /// An amount for the whole workload, in the metric's own unit.
    ///
    /// # Errors
    /// If `amount` is not finite or not above 0.
    pub fn value(amount: f64) -> Result<Self, ConfigError> {
        Self::new(TargetKind::Value, amount)
    }

    /// How the amount is to be read.
    #[must_use]
    pub const fn kind(self) -> TargetKind {
        self.kind
    }

    /// The amount.
    #[must_use]
    pub const fn amount(self) -> f64 {
        self.amount
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        assert!(MetricName::new("a\nb").is_err());
        assert!(MetricName::new("x".repeat(254)).is_err());
        assert!(MetricName::new("单位".repeat(100)).is_ok());
    }

    #[test]
    fn targets_are_positive_and_finite() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Target::utilization(bad).is_err(), "{bad}");
            assert!(Target::average_value(bad).is_err(), "{bad}");
            assert!(Target::value(bad).is_err(), "{bad}");
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn reading_a_target_goes_through_the_same_door() {
        let ok: Target = serde_json::from_str(r#"{"kind":"utilization","amount":0.7}"#).unwrap();
        assert_eq!(ok, Target::utilization(0.7).unwrap());
        assert!(serde_json::from_str::<Target>(r#"{"kind":"value","amount":-1}"#).is_err());
        assert!(serde_json::from_str::<MetricName>(r#""""#).is_err());
    }
}
