//! What the servers of inference call their metrics, and what this library calls them: rules as data, with units. A rule reads one value of
//! one instance out of its scrape; remembering is the business of [`Intake`](super::Intake).
//!
//! Sources of the names: vLLM, `vllm/v1/metrics/loggers.py` at `005a810bc40faa25b8870fbc8559c3462581eee3` and the later page "Production
//! metrics"; TGI, `docs/source/reference/metrics.md` at `53fdbe617d4f3cc358842ad96914393ad6b6e4ca`; SGLang, page "Production metrics";
//! Triton, `docs/user_guide/metrics.md`; DCGM, `etc/default-counters.csv` of dcgm-exporter at `00d6d344ea4a39112b211b9ff5af3d97e0bb51c2`.

use super::rates::check_stale_after;
use crate::error::ConfigError;
use crate::metric::{self, MetricName};
use core::time::Duration;
use std::borrow::Cow;

/// How a value is read out of the series of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Read {
    /// The sum of the series.
    Sum,
    /// The mean of the series: shares of several devices.
    Mean,
    /// The largest of the series.
    Max,
    /// The growth per second of the sum of the series, a counter.
    PerSecond,
    /// The growth of one counter for each one that another one grew: the mean time of a request, of a total of time.
    PerEvent {
        /// The other counter.
        events: Cow<'static, str>,
    },
    /// The share of the sum in itself and the sum of another metric: used, and free beside it.
    ShareBeside {
        /// The other metric.
        other: Cow<'static, str>,
    },
    /// The share of the sum in the sum of another metric: used, of all.
    ShareOf {
        /// The other metric.
        whole: Cow<'static, str>,
    },
    /// A quantile: of what a histogram observed since the last scrape, or as a summary gives it.
    Quantile,
}

/// One metric of a server as one of this library's.
///
/// | part | allowed | unit |
/// |---|---|---|
/// | `source` | not empty | name in the scrape; of a counter with its suffix, of a histogram or summary without |
/// | `metric` | a [`MetricName`] | name in the snapshot |
/// | `factor` | finite, above 0 | what the source's unit is in the metric's |
///
/// ```
/// use setpoint::{exposition::{Read, Rule}, metric};
/// let rule = Rule::new("my_queue_depth", Read::Sum, metric::QUEUE_LENGTH, 1.0)?;
/// assert_eq!((rule.source(), rule.metric()), ("my_queue_depth", "queue_length"));
/// assert!(Rule::new("x", Read::Sum, metric::QUEUE_LENGTH, f64::NAN).is_err());
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawRule", into = "RawRule"))]
pub struct Rule {
    source: Cow<'static, str>,
    read: Read,
    metric: Cow<'static, str>,
    factor: f64,
}

impl Rule {
    /// A rule that reads `source` as `metric`, times `factor`.
    ///
    /// # Errors
    /// If a name is not usable, or the factor is not finite or not above 0.
    pub fn new(
        source: impl Into<Cow<'static, str>>,
        read: Read,
        metric: impl Into<Cow<'static, str>>,
        factor: f64,
    ) -> Result<Self, ConfigError> {
        let rule = Self { source: source.into(), read, metric: metric.into(), factor };
        let other = match &rule.read {
            Read::PerEvent { events: name }
            | Read::ShareBeside { other: name }
            | Read::ShareOf { whole: name } => name,
            _ => &rule.source,
        };
        if rule.source.is_empty() || other.is_empty() {
            return Err(ConfigError::new("source", "\"\"", "a name"));
        }
        MetricName::new(&*rule.metric)?;
        if !(rule.factor.is_finite() && rule.factor > 0.0) {
            return Err(ConfigError::new("factor", rule.factor, "a finite number above 0"));
        }
        Ok(rule)
    }

    /// The name in the scrape.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// How it is read.
    #[must_use]
    pub const fn read(&self) -> &Read {
        &self.read
    }

    /// The name in the snapshot.
    #[must_use]
    pub fn metric(&self) -> &str {
        &self.metric
    }

    /// What the source's unit is in the metric's.
    #[must_use]
    pub const fn factor(&self) -> f64 {
        self.factor
    }
}

/// Rules in order, and how they are read. Of several rules for one metric the first counts whose source an instance exposes.
///
/// | setting | default | allowed | unit |
/// |---|---|---|---|
/// | `quantile` | 0.95 | 0 to 1 | share of the observations |
/// | `stale_after` | 5 minutes, Prometheus' lookback | at least 1 ms | readings further apart give no rate |
/// | `only` | every series counts | | labels that a series must have |
///
/// ```
/// use setpoint::exposition::{Names, Read, Rule};
/// let names = Names::vllm()
///     .quantile(0.9)?
///     .only("model_name", "llama")
///     .rule(Rule::new("vllm:num_preemptions_total", Read::PerSecond, "preemptions_per_second", 1.0)?);
/// assert_eq!(names.rules().last().map(|rule| rule.metric()), Some("preemptions_per_second"));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawNames", into = "RawNames"))]
pub struct Names {
    rules: Vec<Rule>,
    only: Vec<(String, String)>,
    quantile: f64,
    stale_after: Duration,
}

impl Names {
    /// These rules and no others.
    #[must_use]
    pub fn of(rules: impl Into<Vec<Rule>>) -> Self {
        let stale_after = Duration::from_secs(300);
        Self { rules: rules.into(), only: Vec::new(), quantile: 0.95, stale_after }
    }

    /// The names of vLLM.
    #[must_use]
    pub fn vllm() -> Self {
        Self::of(VLLM)
    }

    /// The names of Hugging Face's text generation inference.
    #[must_use]
    pub fn tgi() -> Self {
        Self::of(TGI)
    }

    /// The names of SGLang.
    #[must_use]
    pub fn sglang() -> Self {
        Self::of(SGLANG)
    }

    /// The names of the Triton inference server.
    #[must_use]
    pub fn triton() -> Self {
        Self::of(TRITON)
    }

    /// The names of NVIDIA's DCGM exporter.
    #[must_use]
    pub fn dcgm() -> Self {
        Self::of(DCGM)
    }

    /// The names of all of them. Meant for instances that run one server each, whichever it is.
    #[must_use]
    pub fn all() -> Self {
        Self::of([VLLM, TGI, SGLANG, TRITON, DCGM].concat())
    }

    /// One more rule, after the others.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Counts only the series that have this label with this value. Several labels must all be there.
    #[must_use]
    pub fn only(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.only.push((label.into(), value.into()));
        self
    }

    /// Which quantile stands for a histogram or a summary.
    ///
    /// # Errors
    /// If `level` is not a number from 0 to 1.
    pub fn quantile(mut self, level: f64) -> Result<Self, ConfigError> {
        if !(0.0..=1.0).contains(&level) {
            return Err(ConfigError::new("quantile", level, "0 to 1"));
        }
        self.quantile = level;
        Ok(self)
    }

    /// Readings further apart than this give no rate and no quantile.
    ///
    /// # Errors
    /// If it is shorter than a millisecond.
    pub fn stale_after(mut self, span: Duration) -> Result<Self, ConfigError> {
        check_stale_after(span)?;
        self.stale_after = span;
        Ok(self)
    }

    /// The rules, in order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The labels that a series must have.
    pub(super) fn labels(&self) -> Vec<(&str, &str)> {
        self.only.iter().map(|(label, value)| (label.as_str(), value.as_str())).collect()
    }

    /// Which quantile stands for a histogram or a summary.
    #[must_use]
    pub const fn level(&self) -> f64 {
        self.quantile
    }

    pub(super) const fn patience(&self) -> Duration {
        self.stale_after
    }
}

const fn row(source: &'static str, read: Read, metric: &'static str, factor: f64) -> Rule {
    Rule { source: Cow::Borrowed(source), read, metric: Cow::Borrowed(metric), factor }
}

const fn per(events: &'static str) -> Read {
    Read::PerEvent { events: Cow::Borrowed(events) }
}

/// Percent in a share.
const SHARE: f64 = 100.0;
/// Milliseconds in a second.
const SECONDS: f64 = 1_000.0;
/// Milliseconds in a microsecond.
const MICROSECONDS: f64 = 0.001;
/// Bytes in a mebibyte.
const MEBIBYTES: f64 = 1_048_576.0;

const VLLM: &[Rule] = &[
    row("vllm:num_requests_running", Read::Sum, metric::CONCURRENT_REQUESTS, 1.0),
    row("vllm:num_requests_waiting", Read::Sum, metric::QUEUE_LENGTH, 1.0),
    row("vllm:kv_cache_usage_perc", Read::Mean, metric::KV_CACHE_UTILIZATION, SHARE),
    row("vllm:gpu_cache_usage_perc", Read::Mean, metric::KV_CACHE_UTILIZATION, SHARE),
    row("vllm:request_success_total", Read::Sum, metric::REQUEST_COUNT, 1.0),
    row("vllm:request_success_total", Read::PerSecond, metric::REQUESTS_PER_SECOND, 1.0),
    row("vllm:prompt_tokens_total", Read::Sum, metric::TOKEN_IN_COUNT, 1.0),
    row("vllm:prompt_tokens_total", Read::PerSecond, metric::TOKENS_IN_PER_SECOND, 1.0),
    row("vllm:generation_tokens_total", Read::Sum, metric::TOKEN_OUT_COUNT, 1.0),
    row("vllm:generation_tokens_total", Read::PerSecond, metric::TOKENS_OUT_PER_SECOND, 1.0),
    row("vllm:e2e_request_latency_seconds", Read::Quantile, metric::INFERENCE_LATENCY_MS, SECONDS),
    row("vllm:request_queue_time_seconds", Read::Quantile, metric::QUEUE_TIME_MS, SECONDS),
    row("vllm:time_to_first_token_seconds", Read::Quantile, metric::TIME_TO_FIRST_TOKEN_MS, SECONDS),
    row("vllm:inter_token_latency_seconds", Read::Quantile, metric::TIME_PER_OUTPUT_TOKEN_MS, SECONDS),
    row("vllm:time_per_output_token_seconds", Read::Quantile, metric::TIME_PER_OUTPUT_TOKEN_MS, SECONDS),
];

const TGI: &[Rule] = &[
    row("tgi_batch_current_size", Read::Sum, metric::CONCURRENT_REQUESTS, 1.0),
    row("tgi_queue_size", Read::Sum, metric::QUEUE_LENGTH, 1.0),
    row("tgi_request_count", Read::Sum, metric::REQUEST_COUNT, 1.0),
    row("tgi_request_count", Read::PerSecond, metric::REQUESTS_PER_SECOND, 1.0),
    row("tgi_request_input_length_sum", Read::Sum, metric::TOKEN_IN_COUNT, 1.0),
    row("tgi_request_input_length_sum", Read::PerSecond, metric::TOKENS_IN_PER_SECOND, 1.0),
    row("tgi_request_generated_tokens_sum", Read::Sum, metric::TOKEN_OUT_COUNT, 1.0),
    row("tgi_request_generated_tokens_sum", Read::PerSecond, metric::TOKENS_OUT_PER_SECOND, 1.0),
    row("tgi_request_duration", Read::Quantile, metric::INFERENCE_LATENCY_MS, SECONDS),
    row("tgi_request_queue_duration", Read::Quantile, metric::QUEUE_TIME_MS, SECONDS),
    row(
        "tgi_request_mean_time_per_token_duration",
        Read::Quantile,
        metric::TIME_PER_OUTPUT_TOKEN_MS,
        SECONDS,
    ),
];

const SGLANG: &[Rule] = &[
    row("sglang:num_running_reqs", Read::Sum, metric::CONCURRENT_REQUESTS, 1.0),
    row("sglang:num_queue_reqs", Read::Sum, metric::QUEUE_LENGTH, 1.0),
    row("sglang:token_usage", Read::Mean, metric::KV_CACHE_UTILIZATION, SHARE),
    row("sglang:num_requests_total", Read::Sum, metric::REQUEST_COUNT, 1.0),
    row("sglang:num_requests_total", Read::PerSecond, metric::REQUESTS_PER_SECOND, 1.0),
    row("sglang:prompt_tokens_total", Read::Sum, metric::TOKEN_IN_COUNT, 1.0),
    row("sglang:prompt_tokens_total", Read::PerSecond, metric::TOKENS_IN_PER_SECOND, 1.0),
    row("sglang:generation_tokens_total", Read::Sum, metric::TOKEN_OUT_COUNT, 1.0),
    row("sglang:generation_tokens_total", Read::PerSecond, metric::TOKENS_OUT_PER_SECOND, 1.0),
    row("sglang:e2e_request_latency_seconds", Read::Quantile, metric::INFERENCE_LATENCY_MS, SECONDS),
    row("sglang:queue_time_seconds", Read::Quantile, metric::QUEUE_TIME_MS, SECONDS),
    row("sglang:time_to_first_token_seconds", Read::Quantile, metric::TIME_TO_FIRST_TOKEN_MS, SECONDS),
    row("sglang:inter_token_latency_seconds", Read::Quantile, metric::TIME_PER_OUTPUT_TOKEN_MS, SECONDS),
    row("sglang:time_per_output_token_seconds", Read::Quantile, metric::TIME_PER_OUTPUT_TOKEN_MS, SECONDS),
];

const TRITON: &[Rule] = &[
    row("nv_inference_pending_request_count", Read::Sum, metric::QUEUE_LENGTH, 1.0),
    row("nv_inference_request_success", Read::Sum, metric::REQUEST_COUNT, 1.0),
    row("nv_inference_request_success", Read::PerSecond, metric::REQUESTS_PER_SECOND, 1.0),
    row("nv_inference_request_summary_us", Read::Quantile, metric::INFERENCE_LATENCY_MS, MICROSECONDS),
    row(
        "nv_inference_request_duration_us",
        per("nv_inference_request_success"),
        metric::INFERENCE_LATENCY_MS,
        MICROSECONDS,
    ),
    row("nv_inference_queue_summary_us", Read::Quantile, metric::QUEUE_TIME_MS, MICROSECONDS),
    row(
        "nv_inference_queue_duration_us",
        per("nv_inference_request_success"),
        metric::QUEUE_TIME_MS,
        MICROSECONDS,
    ),
    row("nv_inference_first_response_histogram_ms", Read::Quantile, metric::TIME_TO_FIRST_TOKEN_MS, 1.0),
    row("nv_gpu_utilization", Read::Mean, metric::GPU_UTILIZATION, SHARE),
    row("nv_gpu_memory_used_bytes", Read::Sum, metric::GPU_MEMORY_USAGE, 1.0),
    row(
        "nv_gpu_memory_used_bytes",
        Read::ShareOf { whole: Cow::Borrowed("nv_gpu_memory_total_bytes") },
        metric::GPU_MEMORY_UTILIZATION,
        SHARE,
    ),
    row("nv_cpu_utilization", Read::Mean, metric::CPU_UTILIZATION, SHARE),
    row("nv_cpu_memory_used_bytes", Read::Sum, metric::MEMORY_USAGE, 1.0),
];

const DCGM: &[Rule] = &[
    row("DCGM_FI_DEV_GPU_UTIL", Read::Mean, metric::GPU_UTILIZATION, 1.0),
    row("DCGM_FI_DEV_FB_USED", Read::Sum, metric::GPU_MEMORY_USAGE, MEBIBYTES),
    row("DCGM_FI_DEV_FB_FREE", Read::Sum, metric::GPU_MEMORY_FREE, MEBIBYTES),
    row(
        "DCGM_FI_DEV_FB_USED",
        Read::ShareBeside { other: Cow::Borrowed("DCGM_FI_DEV_FB_FREE") },
        metric::GPU_MEMORY_UTILIZATION,
        SHARE,
    ),
];

#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    source: String,
    read: Read,
    metric: String,
    #[serde(default = "one")]
    factor: f64,
}

#[cfg(feature = "serde")]
const fn one() -> f64 {
    1.0
}

#[cfg(feature = "serde")]
impl TryFrom<RawRule> for Rule {
    type Error = ConfigError;
    fn try_from(raw: RawRule) -> Result<Self, ConfigError> {
        Self::new(raw.source, raw.read, raw.metric, raw.factor)
    }
}

#[cfg(feature = "serde")]
impl From<Rule> for RawRule {
    fn from(rule: Rule) -> Self {
        let (source, metric) = (rule.source.into_owned(), rule.metric.into_owned());
        Self { source, read: rule.read, metric, factor: rule.factor }
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNames {
    rules: Vec<Rule>,
    #[serde(default)]
    only: Vec<(String, String)>,
    quantile: Option<f64>,
    stale_after_ms: Option<u64>,
}

#[cfg(feature = "serde")]
impl TryFrom<RawNames> for Names {
    type Error = ConfigError;
    fn try_from(raw: RawNames) -> Result<Self, ConfigError> {
        let names = Self { only: raw.only, ..Self::of(raw.rules) };
        let names = raw.quantile.map_or(Ok(names.clone()), |level| names.quantile(level))?;
        raw.stale_after_ms.map_or(Ok(names.clone()), |ms| names.stale_after(Duration::from_millis(ms)))
    }
}

#[cfg(feature = "serde")]
impl From<Names> for RawNames {
    fn from(names: Names) -> Self {
        let stale_after_ms = u64::try_from(names.stale_after.as_millis()).unwrap_or(u64::MAX);
        Self {
            rules: names.rules,
            only: names.only,
            quantile: Some(names.quantile),
            stale_after_ms: Some(stale_after_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_ours_would_pass_the_door() {
        let all = Names::all();
        assert_eq!(all.rules().len(), VLLM.len() + TGI.len() + SGLANG.len() + TRITON.len() + DCGM.len());
        for rule in all.rules() {
            let again =
                Rule::new(rule.source.clone(), rule.read.clone(), rule.metric.clone(), rule.factor).unwrap();
            assert_eq!(&again, rule);
        }
    }

    #[test]
    fn bad_settings_are_refused() {
        assert!(Rule::new("", Read::Sum, "a", 1.0).is_err());
        assert!(Rule::new("a", Read::ShareOf { whole: "".into() }, "a", 1.0).is_err());
        assert!(Rule::new("a", Read::Sum, "", 1.0).is_err());
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Rule::new("a", Read::Sum, "a", factor).is_err(), "{factor}");
        }
        for level in [-0.1, 1.1, f64::NAN] {
            assert!(Names::vllm().quantile(level).is_err(), "{level}");
        }
        assert!(Names::vllm().stale_after(Duration::ZERO).is_err());
    }

    #[cfg(feature = "serde")]
    #[test]
    fn reading_goes_through_the_same_door() {
        let names = Names::all().only("a", "b").quantile(0.5).unwrap();
        let text = serde_json::to_string(&names).unwrap();
        assert_eq!(serde_json::from_str::<Names>(&text).unwrap(), names);
        let short = r#"{"rules":[{"source":"q","read":"sum","metric":"queue_length"}]}"#;
        let read: Names = serde_json::from_str(short).unwrap();
        assert_eq!(read, Names::of([Rule::new("q", Read::Sum, "queue_length", 1.0).unwrap()]));
        for bad in [
            r#"{"rules":[{"source":"q","read":"sum","metric":"queue_length","factor":0}]}"#,
            r#"{"rules":[],"quantile":2}"#,
            r#"{"rules":[],"stale_after_ms":0}"#,
            r#"{"rules":[],"unknown":0}"#,
        ] {
            assert!(serde_json::from_str::<Names>(bad).is_err(), "{bad}");
        }
    }
}
