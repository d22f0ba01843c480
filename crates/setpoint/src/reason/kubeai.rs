//! What the KubeAI autoscaler says. The rules themselves are in [`algorithm::kubeai`](crate::algorithm::kubeai).

use super::{Effect, Label, Num, StageLabel};
use core::fmt;

/// A place for a metric. The order is upstream's and is the order of weights; the last slot is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Slot {
    /// The 99th percentile of the latency: read in seconds, its target in milliseconds.
    LatencyP99,
    /// The 95th percentile of the latency: read in seconds, its target in milliseconds.
    LatencyP95,
    /// GPU compute utilization in percent.
    GpuUtilization,
    /// Requests waiting: read for the whole workload, its target per replica.
    QueueDepth,
    /// GPU memory utilization in percent. Named in upstream's document, absent from its code.
    GpuMemory,
}

impl Slot {
    /// All slots, in order.
    pub const ALL: [Self; 5] =
        [Self::LatencyP99, Self::LatencyP95, Self::GpuUtilization, Self::QueueDepth, Self::GpuMemory];

    /// The place of the slot, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The metric that is read where the configuration names no other.
    #[must_use]
    pub const fn default_metric(self) -> &'static str {
        match self {
            Self::LatencyP99 => "latency_p99_seconds",
            Self::LatencyP95 => "latency_p95_seconds",
            Self::GpuUtilization => crate::metric::GPU_UTILIZATION,
            Self::QueueDepth => crate::metric::QUEUE_LENGTH,
            Self::GpuMemory => "gpu_memory_utilization",
        }
    }
}

/// What a ratio algorithm found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Verdict {
    /// There is no ratio to judge.
    NoMetrics,
    /// The combined ratio is inside the band.
    WithinTolerance,
    /// The weights of the ratios that are there add up to nothing.
    ZeroWeight,
    /// Fewer would do, were no reading missing.
    HeldByMissing,
    /// Scaled by the largest ratio.
    MaxRatio,
    /// Scaled by the mean of the ratios.
    AverageRatio,
    /// Scaled by the weighted mean of the ratios.
    WeightedRatio,
    /// The smoothed ratio is inside the band.
    SmoothedWithinTolerance,
    /// Scaled by the smoothed ratio, within its caps.
    CappedSmoothing,
    /// What an algorithm of the caller's own says.
    Custom(Label),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoMetrics => "no metrics available",
            Self::WithinTolerance => "within tolerance",
            Self::ZeroWeight => "total weight is zero",
            Self::HeldByMissing => "fewer only when no reading is missing",
            Self::MaxRatio => "scaled based on max ratio",
            Self::AverageRatio => "scaled based on average ratio",
            Self::WeightedRatio => "scaled based on weighted ratio",
            Self::SmoothedWithinTolerance => "within tolerance after smoothing",
            Self::CappedSmoothing => "scaled with capped smoothing",
            Self::Custom(label) => label.as_str(),
        })
    }
}

/// A reason of the KubeAI autoscaler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "rule", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum KubeAiReason {
    /// No algorithm has the configured name; the largest ratio stands in for it.
    UnknownAlgorithm,
    /// A reading against its target.
    Ratio {
        /// Which metric.
        metric: u16,
        /// The reading.
        reading: Num,
        /// The ratio.
        ratio: Num,
    },
    /// A metric without a usable reading.
    Missing {
        /// Which metric.
        metric: u16,
    },
    /// The algorithm's answer.
    Judged {
        /// The combined ratio, where there is one.
        combined: Option<Num>,
        /// What it came to.
        verdict: Verdict,
        /// The count.
        count: i64,
    },
}

impl KubeAiReason {
    pub(super) fn effect(&self) -> Effect {
        match *self {
            Self::Judged { count, .. } => Effect::Wants(count),
            Self::UnknownAlgorithm | Self::Ratio { .. } | Self::Missing { .. } => Effect::Note,
        }
    }

    pub(super) fn describe(&self, f: &mut fmt::Formatter<'_>, stage: &StageLabel) -> fmt::Result {
        match *self {
            Self::UnknownAlgorithm => f.write_str("unknown algorithm, MaxRatio stands in"),
            Self::Ratio { metric, reading, ratio } => {
                write!(f, "{} {reading} is {ratio} of its target", stage.metric(metric))
            }
            Self::Missing { metric } => write!(f, "{} is missing", stage.metric(metric)),
            Self::Judged { combined: Some(r), verdict, count } => write!(f, "ratio {r}, {verdict}: {count}"),
            Self::Judged { combined: None, verdict, count } => write!(f, "{verdict}: {count}"),
        }
    }
}
