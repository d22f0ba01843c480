//! The Knative autoscaler.

use super::growing::Growing;
use crate::arguments::Arguments;
use crate::autoscaler::Autoscaler;
use crate::error::Result;
use crate::quantity::{Count, Span};
use pyo3::prelude::*;
use setpoint::kpa::{Config, Metric, NonFinite, Reachability};
use setpoint::window::Average;

const METRIC: [(&str, Metric); 2] = [("concurrency", Metric::Concurrency), ("rps", Metric::Rps)];
const AVERAGE: [(&str, Average); 2] =
    [("linear", Average::Linear), ("weighted_exponential", Average::WeightedExponential)];
const REACHABILITY: [(&str, Reachability); 3] = [
    ("unknown", Reachability::Unknown),
    ("reachable", Reachability::Reachable),
    ("unreachable", Reachability::Unreachable),
];
const NON_FINITE: [(&str, NonFinite); 2] =
    [("refuse", NonFinite::Refuse), ("pass_through", NonFinite::PassThrough)];

/// The Knative autoscaler: a stable and a panic window over the load, then bounds, initial scale and scale to zero.
///
/// Counts are pods. The load is the workload value "concurrency" or "rps" (the total over the revision), else the samples of that name are
/// added up over the instances that serve.
///
/// Parameters
/// ----------
/// metric : str, default "concurrency"
///     What the target is about: "concurrency" (requests in progress) or "rps" (requests per second).
/// target : float, default 100 (concurrency) or 200 (rps)
///     The load that one pod can take, in the metric's unit: finite, at least 0.01, with the utilization too.
/// utilization : float, default 0.7
///     The share of the target to aim at: more than 0, at most 1.
/// average : str, default "linear"
///     How buckets become a reading: "linear" or "weighted_exponential".
/// stable_window : float, int or timedelta, default 60
///     The window of the slow reading in whole seconds, 6 to 3600, which is also how long panic lasts.
/// panic_window_percentage : float, default 10
///     The length of the window of the fast reading in percent of the stable window, 1 to 100.
/// panic_threshold_percentage : float, default 200
///     From how many percent of the ready pods on the fast reading means panic, 110 to 1000.
/// max_scale_up_rate : float, default 1000
///     The largest factor by which one tick may grow the count: more than 1, finite.
/// max_scale_down_rate : float, default 2
///     The largest factor by which one tick may shrink the count: more than 1, finite.
/// scale_down_delay : float, int or timedelta, default 0
///     How long, in whole seconds, the largest count is held.
/// follow_delay : bool, default False
///     Whether `reconfigure` changes the delay of a running autoscaler, which upstream does not.
/// target_burst_capacity : float, default 211
///     The load that must fit beside the present one: at least 0, or -1 for unlimited.
/// activation_scale : int, default 0
///     The smallest count for any load above 0: 0 for none, or at least 2 and the minimum, at most the maximum.
/// min_scale : int, default 0
///     The smallest count while the revision is reachable, at most the maximum.
/// max_scale : int, default 0
///     The largest count, 0 to 2147483647; 0 for none.
/// initial_scale : int, default 1
///     The count to start with, 0 to 2147483647.
/// enable_scale_to_zero : bool, default True
///     Whether the count may become 0.
/// grace_period : float, int or timedelta, default 30
///     How long, in seconds, the activator must have been in the path before the last pod goes: more than 0, whole milliseconds.
/// retention_period : float, int or timedelta, default 0
///     How long, in seconds, the last pod is kept: whole milliseconds.
/// progress_deadline : float, int or timedelta, default 600
///     How long, in seconds, an activation may take, before 30 s of slack: whole milliseconds.
/// reachability : str, default "unknown"
///     Whether a route points at the revision: "unknown" (counts as reachable), "reachable" or "unreachable".
/// scrape_target : bool, default True
///     Whether there are pods to scrape; without, silence reads 0 instead of "no data".
/// non_finite : str, default "refuse"
///     What becomes of readings that are no finite number: "refuse" or "pass_through".
///
/// Returns
/// -------
/// Autoscaler
///     An autoscaler for one revision.
///
/// Raises
/// ------
/// ConfigError
///     If a setting is out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> scaler = sp.kpa(target=10, max_scale=20)
/// >>> scaler.decide(sp.Snapshot(at=60, replicas=1, values={"concurrency": 35})).replicas
/// 5
#[pyfunction]
#[pyo3(signature = (
    *, metric=None, target=None, utilization=None, average=None, stable_window=None, panic_window_percentage=None,
    panic_threshold_percentage=None, max_scale_up_rate=None, max_scale_down_rate=None, scale_down_delay=None, follow_delay=None,
    target_burst_capacity=None, activation_scale=None, min_scale=None, max_scale=None, initial_scale=None,
    enable_scale_to_zero=None, grace_period=None, retention_period=None, progress_deadline=None, reachability=None,
    scrape_target=None, non_finite=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword-only arguments of a Python function")]
pub(crate) fn kpa(
    py: Python<'_>,
    metric: Option<&str>,
    target: Option<f64>,
    utilization: Option<f64>,
    average: Option<&str>,
    stable_window: Option<Span>,
    panic_window_percentage: Option<f64>,
    panic_threshold_percentage: Option<f64>,
    max_scale_up_rate: Option<f64>,
    max_scale_down_rate: Option<f64>,
    scale_down_delay: Option<Span>,
    follow_delay: Option<bool>,
    target_burst_capacity: Option<f64>,
    activation_scale: Option<Count>,
    min_scale: Option<Count>,
    max_scale: Option<Count>,
    initial_scale: Option<Count>,
    enable_scale_to_zero: Option<bool>,
    grace_period: Option<Span>,
    retention_period: Option<Span>,
    progress_deadline: Option<Span>,
    reachability: Option<&str>,
    scrape_target: Option<bool>,
    non_finite: Option<&str>,
) -> Result<Autoscaler> {
    let Growing { config, settings } = Growing { config: Config::default(), settings: Arguments::new(py) }
        .word("metric", metric, &METRIC, Config::metric)?
        .plain("target", target, Config::target)?
        .plain("utilization", utilization, Config::utilization)?
        .word("average", average, &AVERAGE, Config::average)?
        .span("stable_window", stable_window, Config::stable_window)?
        .plain("panic_window_percentage", panic_window_percentage, Config::panic_window_percentage)?
        .plain("panic_threshold_percentage", panic_threshold_percentage, Config::panic_threshold_percentage)?
        .plain("max_scale_up_rate", max_scale_up_rate, Config::max_scale_up_rate)?
        .plain("max_scale_down_rate", max_scale_down_rate, Config::max_scale_down_rate)?
        .span("scale_down_delay", scale_down_delay, Config::scale_down_delay)?
        .plain("follow_delay", follow_delay, Config::follow_delay)?
        .plain("target_burst_capacity", target_burst_capacity, Config::target_burst_capacity)?
        .count("activation_scale", activation_scale, Config::activation_scale)?
        .count("min_scale", min_scale, Config::min_scale)?
        .count("max_scale", max_scale, Config::max_scale)?
        .count("initial_scale", initial_scale, Config::initial_scale)?
        .plain("enable_scale_to_zero", enable_scale_to_zero, Config::enable_scale_to_zero)?
        .span("grace_period", grace_period, Config::grace_period)?
        .span("retention_period", retention_period, Config::retention_period)?
        .span("progress_deadline", progress_deadline, Config::progress_deadline)?
        .word("reachability", reachability, &REACHABILITY, Config::reachability)?
        .plain("scrape_target", scrape_target, Config::scrape_target)?
        .word("non_finite", non_finite, &NON_FINITE, Config::non_finite)?;
    Ok(Autoscaler::made_by("kpa", settings, setpoint::Autoscaler::kpa(config)?, false))
}
