//! What one metric says: the proposed count with every number behind it, or why there is none. Data only; the
//! arithmetic is in [`replicas`](super::replicas) and [`workload`](super::workload).
//!
//! Source of the rules: Kubernetes, `pkg/controller/podautoscaler/replica_calculator.go`, commit `a769d588`.

use crate::reason::hpa::Rule;

/// The proposal of one metric, before selection, memory and bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// The proposed count; may be negative (negative readings) and saturates at 32 bits.
    pub replicas: i64,
    /// What was measured, as the status of the autoscaler reports it: always that of the first pass.
    pub usage: Usage,
    /// The ratio of usage to target over the ready instances (over everything, for whole-workload metrics).
    pub ratio: f64,
    /// The ratio after assumptions about missing and unready instances, where such a second pass was made.
    pub adjusted_ratio: Option<f64>,
    /// How the instances were classified.
    pub pods: PodCounts,
    /// Which rule gave the count.
    pub rule: Rule,
}

/// What was measured. A field that the kind of metric does not have is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Usage {
    /// Usage as a whole percentage of the requests, rounded towards zero.
    pub utilization_percent: Option<i32>,
    /// Mean usage per instance in thousandths.
    pub average_milli: Option<i64>,
    /// The value of the whole workload in thousandths.
    pub value_milli: Option<i64>,
}

/// How many instances fell into each class for one metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PodCounts {
    /// Counted with their samples. For whole-workload metrics with a value target: running and ready.
    pub ready: i64,
    /// Starting: left out, or counted with usage 0 when the others call for more.
    pub unready: i64,
    /// Without a sample: assumed at the value that speaks against the direction of the others.
    pub missing: i64,
    /// Leaving or ended: left out.
    pub ignored: i64,
    /// Samples of instances that are not listed: they count as entries.
    pub foreign: i64,
}

/// Why a metric has no proposal. The step goes on without it where the other metrics allow that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// There are no instances at all.
    #[error("there are no instances")]
    NoPods,
    /// No instance that counts as ready has a sample.
    #[error("no ready instance has a sample")]
    NoReadyPodMetrics,
    /// An instance of the workload, of whatever class, has no request to measure utilization against.
    #[error("an instance has no request")]
    MissingRequest,
    /// The requests add up to 0.
    #[error("the requests of the instances with samples add up to 0")]
    NoMatchingMetrics,
    /// The value of the whole workload is not given, or one of its samples is missing. (Upstream: the query failed.)
    #[error("the value of the workload is missing")]
    NoValue,
    /// The target is 0 or less, which a checked configuration refuses.
    #[error("the target is not above 0")]
    InvalidTarget,
}
