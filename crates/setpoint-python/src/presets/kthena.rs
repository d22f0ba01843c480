//! Kthena's autoscaler for one target.

use super::bounds;
use super::choice::choice;
use crate::arguments::{Arguments, Pickled};
use crate::autoscaler::Autoscaler;
use crate::by_name::ByName;
use crate::error::Result;
use crate::quantity::{Count, Optional, Span};
use pyo3::prelude::*;
use setpoint::kthena::{self as wing, Aggregation, Behavior, Config, Select};
use std::time::Duration;

const SELECT: [(&str, Select); 2] = [("or", Select::Or), ("and", Select::And)];

/// Kthena: the pace and the stabilization of one direction. What is left out takes the default of a policy that is present.
///
/// Parameters
/// ----------
/// instances : int, default 1
///     Replicas per period, 0 to 2147483647.
/// percent : int, default 100
///     Percent of the count per period, 0 to 1000.
/// period : float, int or timedelta, default 15
///     The period in seconds, 0 to 1800; 0 limits nothing.
/// select_policy : str, default "or"
///     How the two combine: "or" (the larger change) or "and" (the smaller).
/// stabilization_window : float, int or timedelta, default 0 for growth, 300 for reductions
///     Over which time, in seconds, recommendations hold back: 0 to 1800; 0 turns it off.
///
/// Raises
/// ------
/// ConfigError
///     If a number is out of the range of its type or a word is unknown. Ranges are judged by `kthena`.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.StablePolicy(instances=2, period=60)
/// StablePolicy(instances=2, period=60.0)
#[pyclass(module = "setpoint", frozen, eq, hash)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StablePolicy {
    instances: Option<u32>,
    percent: Option<u32>,
    period: Option<Duration>,
    select_policy: Option<Select>,
    stabilization_window: Option<Duration>,
}

impl StablePolicy {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        Arguments::new(py)
            .given("instances", self.instances)?
            .given("percent", self.percent)?
            .given("period", self.period())?
            .given("select_policy", self.select_policy())?
            .given("stabilization_window", self.stabilization_window())
    }

    /// The policy with `default` for what is left out.
    fn over(&self, default: wing::StablePolicy) -> wing::StablePolicy {
        wing::StablePolicy {
            instances: self.instances.unwrap_or(default.instances),
            percent: self.percent.unwrap_or(default.percent),
            period: self.period.unwrap_or(default.period),
            select_policy: self.select_policy.unwrap_or(default.select_policy),
            stabilization_window: self.stabilization_window.unwrap_or(default.stabilization_window),
        }
    }
}

#[pymethods]
impl StablePolicy {
    #[new]
    #[pyo3(signature = (*, instances=None, percent=None, period=None, select_policy=None, stabilization_window=None))]
    fn new(
        instances: Option<Count>,
        percent: Option<Count>,
        period: Option<Span>,
        select_policy: Option<&str>,
        stabilization_window: Option<Span>,
    ) -> Result<Self> {
        Ok(Self {
            instances: instances.setting("instances")?,
            percent: percent.setting("percent")?,
            period: period.setting("period")?,
            select_policy: select_policy.map(|word| choice("select_policy", word, &SELECT)).transpose()?,
            stabilization_window: stabilization_window.setting("stabilization_window")?,
        })
    }

    /// Replicas per period, as given.
    #[getter]
    fn instances(&self) -> Option<u32> {
        self.instances
    }

    /// Percent of the count per period, as given.
    #[getter]
    fn percent(&self) -> Option<u32> {
        self.percent
    }

    /// The period in seconds, as given.
    #[getter]
    fn period(&self) -> Option<f64> {
        self.period.map(|span| span.as_secs_f64())
    }

    /// How the two combine, as given.
    #[getter]
    fn select_policy(&self) -> Option<&'static str> {
        self.select_policy.map(|select| if select == Select::Or { "or" } else { "and" })
    }

    /// Over which time, in seconds, recommendations hold back, as given.
    #[getter]
    fn stabilization_window(&self) -> Option<f64> {
        self.stabilization_window.map(|span| span.as_secs_f64())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("StablePolicy")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}

/// Kthena: how panic mode is entered, how long it lasts and how fast it grows.
///
/// Parameters
/// ----------
/// period : float, int or timedelta
///     The panic period in seconds, 0 to 1800; 0 limits nothing.
/// percent : int, default 1000
///     Percent of the count per panic period, 0 to 1000.
/// panic_threshold_percent : int, default 200
///     From which recommended count, in percent of the present one, panic mode is entered: 110 to 1000.
/// panic_mode_hold : float, int or timedelta, default 60
///     How long, in seconds, panic mode lasts after the last step that triggered it: 0 to 1800; 0 turns panic mode off.
///
/// Raises
/// ------
/// ConfigError
///     If a number is out of the range of its type. Ranges are judged by `kthena`.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.PanicPolicy(period=60).panic_mode_hold
/// 60.0
#[pyclass(module = "setpoint", frozen, eq, hash)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PanicPolicy(wing::PanicPolicy);

impl PanicPolicy {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        Arguments::new(py)
            .named("period", self.period())?
            .named("percent", self.percent())?
            .named("panic_threshold_percent", self.panic_threshold_percent())?
            .named("panic_mode_hold", self.panic_mode_hold())
    }
}

#[pymethods]
impl PanicPolicy {
    #[new]
    #[pyo3(signature = (*, period, percent=None, panic_threshold_percent=None, panic_mode_hold=None))]
    fn new(
        period: Span,
        percent: Option<Count>,
        panic_threshold_percent: Option<Count>,
        panic_mode_hold: Option<Span>,
    ) -> Result<Self> {
        let default = wing::PanicPolicy::new(period.setting("period")?);
        Ok(Self(wing::PanicPolicy {
            period: default.period,
            percent: percent.setting("percent")?.unwrap_or(default.percent),
            panic_threshold_percent: panic_threshold_percent
                .setting("panic_threshold_percent")?
                .unwrap_or(default.panic_threshold_percent),
            panic_mode_hold: panic_mode_hold.setting("panic_mode_hold")?.unwrap_or(default.panic_mode_hold),
        }))
    }

    /// The panic period in seconds.
    #[getter]
    fn period(&self) -> f64 {
        self.0.period.as_secs_f64()
    }

    /// Percent of the count per panic period.
    #[getter]
    fn percent(&self) -> u32 {
        self.0.percent
    }

    /// From which recommended count, in percent of the present one, panic mode is entered.
    #[getter]
    fn panic_threshold_percent(&self) -> u32 {
        self.0.panic_threshold_percent
    }

    /// How long, in seconds, panic mode lasts after the last step that triggered it.
    #[getter]
    fn panic_mode_hold(&self) -> f64 {
        self.0.panic_mode_hold.as_secs_f64()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("PanicPolicy")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}

/// Kthena's autoscaler for one target: the recommendation, then its correction by panic mode, stabilization, pace and bounds.
///
/// Parameters
/// ----------
/// min_replicas, max_replicas : int
///     The bounds in replicas, both included: 0 to `max_replicas`, 1 to 1000000.
/// targets : mapping of str to float
///     Per metric how much of it one instance is for, in the metric's own unit: finite and above 0. At least one metric.
/// tolerance_percent : int, default 10
///     How far, in percent, a ratio may be from 1 without effect: 0 to 100.
/// scale_up : StablePolicy, optional
///     Growing in stable mode. Left out: 4 replicas or 100 % per 60 s, no stabilization.
/// panic : PanicPolicy, optional
///     Panic mode. Left out: off.
/// scale_down : StablePolicy, optional
///     Shrinking. Left out: 100 % per 60 s, stabilized over 300 s.
/// aggregation : str, default "summed"
///     How the values of the ready instances are taken: "summed" (upstream's way) or "per_instance" (the corrected form).
///
/// Returns
/// -------
/// Autoscaler
///     An autoscaler that reads the samples or workload values of these metrics.
///
/// Raises
/// ------
/// ConfigError
///     If a setting is out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> scaler = sp.kthena(min_replicas=1, max_replicas=20, targets={"concurrent_requests": 10})
/// >>> scaler.decide(sp.Snapshot(at=60, replicas=2, samples={"concurrent_requests": [31, 40]})).replicas
/// 6
#[pyfunction]
#[pyo3(signature = (
    *, min_replicas, max_replicas, targets, tolerance_percent=None, scale_up=None, panic=None, scale_down=None, aggregation=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword-only arguments of a Python function")]
pub(crate) fn kthena<'py>(
    py: Python<'py>,
    min_replicas: Count,
    max_replicas: Count,
    targets: ByName<f64>,
    tolerance_percent: Option<Count>,
    scale_up: Option<&Bound<'py, StablePolicy>>,
    panic: Option<&Bound<'py, PanicPolicy>>,
    scale_down: Option<&Bound<'py, StablePolicy>>,
    aggregation: Option<&str>,
) -> Result<Autoscaler> {
    let bounds = bounds(min_replicas, max_replicas)?;
    let tolerance_percent = tolerance_percent.setting("tolerance_percent")?;
    let settings = Arguments::new(py)
        .named("min_replicas", bounds.min())?
        .named("max_replicas", bounds.max())?
        .named("targets", targets.dict(py)?)?
        .given("tolerance_percent", tolerance_percent)?
        .given("scale_up", scale_up)?
        .given("panic", panic)?
        .given("scale_down", scale_down)?
        .given("aggregation", aggregation)?;
    let mut config = Config::new(bounds);
    for (metric, per_instance) in targets.0 {
        config = config.target(metric, per_instance);
    }
    if let Some(percent) = tolerance_percent {
        config = config.tolerance_percent(percent);
    }
    let mut behavior = Behavior::default();
    if let Some(policy) = scale_up {
        behavior.scale_up = policy.get().over(wing::StablePolicy::scale_up());
    }
    if let Some(policy) = panic {
        behavior.panic = policy.get().0;
    }
    if let Some(policy) = scale_down {
        behavior.scale_down = policy.get().over(wing::StablePolicy::scale_down());
    }
    config = config.behavior(behavior);
    if let Some(word) = aggregation {
        let words = [("summed", Aggregation::Summed), ("per_instance", Aggregation::PerInstance)];
        config = config.aggregation(choice("aggregation", word, &words)?);
    }
    Ok(Autoscaler::made_by("kthena", settings, setpoint::Autoscaler::kthena(config)?, false))
}
