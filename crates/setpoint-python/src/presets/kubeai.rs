//! The KubeAI autoscaler.

use super::bounds;
use super::choice::choice;
use super::growing::Growing;
use super::hpa::{ScalingRules, behavior};
use crate::arguments::Arguments;
use crate::autoscaler::Autoscaler;
use crate::by_name::{ByName, Many};
use crate::error::Result;
use crate::quantity::{Count, Optional, Span};
use pyo3::prelude::*;
use setpoint::kubeai::{Config, CooldownClock, DEFAULT_COOLDOWN, Missing, Slot, UnknownAlgorithm};

const SLOTS: [(&str, Slot); 5] = [
    ("latency_p99", Slot::LatencyP99),
    ("latency_p95", Slot::LatencyP95),
    ("gpu_utilization", Slot::GpuUtilization),
    ("queue_depth", Slot::QueueDepth),
    ("gpu_memory", Slot::GpuMemory),
];
const CLOCK: [(&str, CooldownClock); 2] =
    [("shared", CooldownClock::Shared), ("per_direction", CooldownClock::PerDirection)];
const MISSING: [(&str, Missing); 2] = [("hold", Missing::Hold), ("ignore", Missing::Ignore)];
const UNKNOWN: [(&str, UnknownAlgorithm); 2] =
    [("refuse", UnknownAlgorithm::Refuse), ("use_max_ratio", UnknownAlgorithm::UseMaxRatio)];

/// The KubeAI autoscaler: ratios of readings to their targets, combined by a named algorithm, within bounds and behind a cooldown.
///
/// At least one of the five targets must be given. A reading is the workload value of its metric, else made of the samples of the instances
/// that serve.
///
/// Parameters
/// ----------
/// min_replicas, max_replicas : int
///     The bounds in replicas, both included: 0 (read as 1) to `max_replicas`, 1 to 2147483647.
/// latency_p99, latency_p95 : float, int or timedelta, optional
///     The latencies to hold, in seconds: above 0. Read from "latency_p99_seconds" and "latency_p95_seconds".
/// gpu_utilization, gpu_memory : float, optional
///     The utilizations to hold, in percent: 1 to 100. Read from "gpu_utilization" and "gpu_memory_utilization".
/// queue_depth : float, optional
///     The waiting requests to hold for each replica: above 0. Read from "queue_length", the sum over all replicas.
/// metrics : mapping of str to str, optional
///     Other names to read from, by the name of the target's argument; they differ from one another.
/// algorithm : str, default "MaxRatio"
///     How the ratios become one: "MaxRatio", "AverageRatio" or "WeightedRatio".
/// weights : sequence of float, default 1 each
///     The weights of "WeightedRatio", each at least 0 and finite, in the order P99, P95, GPU utilization, queue, GPU memory.
/// tolerance : float, default 0.1
///     How far the ratio may be from 1 without effect, as a share of the target: 0 to 1.
/// scale_up_cooldown, scale_down_cooldown : float, int or timedelta, default 300
///     For how long, in seconds, growth and reductions wait after a change; 0 is none.
/// cooldown_clock : str, default "shared"
///     Which changes a cooldown counts from: "shared" (any) or "per_direction".
/// missing : str, default "hold"
///     What a missing reading does: "hold" (it forbids a reduction) or "ignore" (upstream's way).
/// unknown_algorithm : str, default "refuse"
///     What an unknown name does: "refuse" or "use_max_ratio" (upstream's way).
/// scale_up, scale_down : ScalingRules, optional
///     Stabilization windows and rate policies between the algorithm and the cooldown, without tolerances. Left out both: none.
///
/// Returns
/// -------
/// Autoscaler
///     An autoscaler that reads the metrics of the given targets.
///
/// Raises
/// ------
/// ConfigError
///     If a setting is out of range or no target is given.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> scaler = sp.kubeai(min_replicas=1, max_replicas=20, latency_p99=0.5, queue_depth=10)
/// >>> scaler.decide(sp.Snapshot(at=0, replicas=4, values={"latency_p99_seconds": 0.4, "queue_length": 60})).replicas
/// 6
#[pyfunction]
#[pyo3(signature = (
    *, min_replicas, max_replicas, latency_p99=None, latency_p95=None, gpu_utilization=None, gpu_memory=None, queue_depth=None,
    metrics=None, algorithm=None, weights=None, tolerance=None, scale_up_cooldown=None, scale_down_cooldown=None,
    cooldown_clock=None, missing=None, unknown_algorithm=None, scale_up=None, scale_down=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword-only arguments of a Python function")]
pub(crate) fn kubeai<'py>(
    py: Python<'py>,
    min_replicas: Count,
    max_replicas: Count,
    latency_p99: Option<Span>,
    latency_p95: Option<Span>,
    gpu_utilization: Option<f64>,
    gpu_memory: Option<f64>,
    queue_depth: Option<f64>,
    metrics: Option<ByName<String>>,
    algorithm: Option<&str>,
    weights: Option<Many<f64>>,
    tolerance: Option<f64>,
    scale_up_cooldown: Option<Span>,
    scale_down_cooldown: Option<Span>,
    cooldown_clock: Option<&str>,
    missing: Option<&str>,
    unknown_algorithm: Option<&str>,
    scale_up: Option<&Bound<'py, ScalingRules>>,
    scale_down: Option<&Bound<'py, ScalingRules>>,
) -> Result<Autoscaler> {
    let bounds = bounds(min_replicas, max_replicas)?;
    let settings =
        Arguments::new(py).named("min_replicas", bounds.min())?.named("max_replicas", bounds.max())?;
    let Growing { mut config, mut settings } = Growing { config: Config::new(bounds), settings }
        .span("latency_p99", latency_p99, Config::latency_p99)?
        .span("latency_p95", latency_p95, Config::latency_p95)?
        .plain("gpu_utilization", gpu_utilization, Config::gpu_utilization)?
        .plain("gpu_memory", gpu_memory, Config::gpu_memory)?
        .plain("queue_depth", queue_depth, Config::queue_depth)?
        .text("algorithm", algorithm, |config, name| config.algorithm(name))?
        .plain("tolerance", tolerance, Config::tolerance)?
        .word("cooldown_clock", cooldown_clock, &CLOCK, Config::cooldown_clock)?
        .word("missing", missing, &MISSING, Config::missing)?
        .word("unknown_algorithm", unknown_algorithm, &UNKNOWN, Config::unknown_algorithm)?;
    if let Some(metrics) = metrics {
        settings = settings.named("metrics", metrics.dict(py)?)?;
        for (slot, name) in metrics.0 {
            config = config.metric(choice("metrics", &slot, &SLOTS)?, name);
        }
    }
    if let Some(Many(weights)) = weights {
        settings = settings.named("weights", weights.clone())?;
        config = config.weights(weights);
    }
    let (up, down) = (
        scale_up_cooldown.setting("scale_up_cooldown")?,
        scale_down_cooldown.setting("scale_down_cooldown")?,
    );
    config = config.cooldowns(up.unwrap_or(DEFAULT_COOLDOWN), down.unwrap_or(DEFAULT_COOLDOWN));
    settings = settings
        .given("scale_up_cooldown", up.map(|span| span.as_secs_f64()))?
        .given("scale_down_cooldown", down.map(|span| span.as_secs_f64()))?
        .given("scale_up", scale_up)?
        .given("scale_down", scale_down)?;
    if scale_up.is_some() || scale_down.is_some() {
        config = config.behavior(behavior(scale_up.map(Bound::get), scale_down.map(Bound::get)));
    }
    Ok(Autoscaler::made_by("kubeai", settings, setpoint::Autoscaler::kubeai(config)?, false))
}
