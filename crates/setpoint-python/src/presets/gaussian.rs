//! The Gaussian rule: thresholds on utilization with its variance.

use super::bounds;
use super::growing::Growing;
use super::threshold::Thresholds;
use crate::arguments::Arguments;
use crate::autoscaler::Autoscaler;
use crate::error::Result;
use crate::quantity::{Count, Optional, Span};
use pyo3::prelude::*;
use setpoint::ConfigError;
use setpoint::gaussian::Config;

/// The utilization thresholds on what a normally distributed utilization exceeds with a small probability, within bounds.
///
/// The mean and the standard deviation are either two workload values, `mean` and `deviation`, or those of the readings of one `metric` over
/// a `window`.
///
/// Parameters
/// ----------
/// min_replicas, max_replicas : int
///     The bounds in replicas, both included: 0 to `max_replicas`, 1 to 2147483647.
/// thresholds : Thresholds
///     The band, in the unit of the readings.
/// mean, deviation : str, optional
///     The workload values that hold the mean and the standard deviation. Either both of these or both of `metric` and `window`.
/// metric : str, optional
///     The metric that holds the utilization: one reading per snapshot.
/// window : float, int or timedelta, optional
///     For how long, in seconds, a reading counts: at least 0.001, whole milliseconds.
/// overload_probability : float, default 0.05
///     The accepted probability of exceeding the upper threshold: above 0, below 0.5.
///
/// Returns
/// -------
/// Autoscaler
///     An autoscaler that reads these metrics.
///
/// Raises
/// ------
/// ConfigError
///     If a setting is out of range, or not exactly one of the two sources is given.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> band = sp.Thresholds(lower=0.4, upper=0.8)
/// >>> scaler = sp.gaussian(min_replicas=1, max_replicas=20, thresholds=band, mean="mean", deviation="deviation")
/// >>> scaler.decide(sp.Snapshot(at=0, replicas=10, values={"mean": 0.6, "deviation": 0.1})).replicas
/// 10
/// >>> scaler.decide(sp.Snapshot(at=15, replicas=10, values={"mean": 0.6, "deviation": 0.2})).replicas
/// 12
#[pyfunction]
#[pyo3(signature = (
    *, min_replicas, max_replicas, thresholds, mean=None, deviation=None, metric=None, window=None, overload_probability=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword-only arguments of a Python function")]
pub(crate) fn gaussian<'py>(
    py: Python<'py>,
    min_replicas: Count,
    max_replicas: Count,
    thresholds: &Bound<'py, Thresholds>,
    mean: Option<&str>,
    deviation: Option<&str>,
    metric: Option<&str>,
    window: Option<Span>,
    overload_probability: Option<f64>,
) -> Result<Autoscaler> {
    let bounds = bounds(min_replicas, max_replicas)?;
    let band = thresholds.get().0;
    let window = window.setting("window")?;
    let config = match (mean, deviation, metric, window) {
        (Some(mean), Some(deviation), None, None) => Config::values(bounds, band, mean, deviation),
        (None, None, Some(metric), Some(width)) => {
            if width.subsec_nanos() % 1_000_000 != 0 {
                return Err(ConfigError::new("window", format!("{width:?}"), "whole milliseconds").into());
            }
            Config::window(bounds, band, metric, width)
        }
        _ => {
            let given: Vec<&str> = [
                ("mean", mean.is_some()),
                ("deviation", deviation.is_some()),
                ("metric", metric.is_some()),
                ("window", window.is_some()),
            ]
            .iter()
            .filter_map(|(name, given)| given.then_some(*name))
            .collect();
            let found = if given.is_empty() { "none".to_owned() } else { given.join(" and ") };
            let allowed = "mean and deviation, or metric and window";
            return Err(ConfigError::new("source", found, allowed).into());
        }
    };
    let settings = Arguments::new(py)
        .named("min_replicas", bounds.min())?
        .named("max_replicas", bounds.max())?
        .named("thresholds", thresholds)?
        .given("mean", mean)?
        .given("deviation", deviation)?
        .given("metric", metric)?
        .given("window", window.map(|span| span.as_secs_f64()))?;
    let Growing { config, settings } = Growing { config, settings }.plain(
        "overload_probability",
        overload_probability,
        Config::overload_probability,
    )?;
    Ok(Autoscaler::made_by("gaussian", settings, setpoint::Autoscaler::gaussian(config)?, false))
}
