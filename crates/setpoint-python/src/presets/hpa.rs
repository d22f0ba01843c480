//! The Kubernetes horizontal autoscaler, and the rules of its behavior.

use super::bounds;
use super::choice::choice;
use crate::arguments::{Arguments, Pickled};
use crate::autoscaler::Autoscaler;
use crate::by_name::{ByName, Many};
use crate::error::Result;
use crate::quantity::{Count, Optional, Span};
use crate::target::AnyTarget;
use pyo3::prelude::*;
use setpoint::behavior::{Behavior, Policy, Rules, Select};
use setpoint::hpa::{Config, Source};
use setpoint::{ConfigError, Step};
use std::time::Duration;

pub(super) const SELECT: [(&str, Select); 3] =
    [("max", Select::Max), ("min", Select::Min), ("disabled", Select::Disabled)];

/// At most so much change within any period of this length.
///
/// Parameters
/// ----------
/// pods : int, optional
///     How many replicas, 1 to 2147483647. Either this or `percent`.
/// percent : int, optional
///     How many percent of the count at the start of the period, 1 to 2147483647. Either this or `pods`.
/// period : float, int or timedelta
///     The period in seconds, 1 to 1800.
///
/// Raises
/// ------
/// ConfigError
///     If not exactly one of `pods` and `percent` is given, or a number is out of the range of its type. Ranges are judged where the
///     policy is used.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.ScalingPolicy(pods=4, period=60)
/// ScalingPolicy(pods=4, period=60.0)
#[pyclass(module = "setpoint", frozen, eq, hash)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ScalingPolicy(pub(super) Policy);

impl ScalingPolicy {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        Arguments::new(py)
            .given("pods", self.pods())?
            .given("percent", self.percent())?
            .named("period", self.period())
    }
}

#[pymethods]
impl ScalingPolicy {
    #[new]
    #[pyo3(signature = (*, pods=None, percent=None, period))]
    fn new(pods: Option<Count>, percent: Option<Count>, period: Span) -> Result<Self> {
        let step = match (pods.setting("pods")?, percent.setting("percent")?) {
            (Some(count), None) => Step::Pods(count),
            (None, Some(percent)) => Step::Percent(percent),
            (given, _) => {
                let found = if given.is_some() { "both" } else { "none" };
                return Err(ConfigError::new("pods or percent", found, "exactly one of the two").into());
            }
        };
        Ok(Self(Policy { step, period: period.setting("period")? }))
    }

    /// How many replicas, where that is the step.
    #[getter]
    fn pods(&self) -> Option<u32> {
        match self.0.step {
            Step::Pods(count) => Some(count),
            Step::Percent(_) => None,
        }
    }

    /// How many percent of the count at the start of the period, where that is the step.
    #[getter]
    fn percent(&self) -> Option<u32> {
        match self.0.step {
            Step::Pods(_) => None,
            Step::Percent(percent) => Some(percent),
        }
    }

    /// The period in seconds.
    #[getter]
    fn period(&self) -> f64 {
        self.0.period.as_secs_f64()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("ScalingPolicy")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}

/// The rules of one direction of a Kubernetes autoscaler's behavior. What is left out takes the direction's default.
///
/// Parameters
/// ----------
/// window : float, int or timedelta, default 0 for growth, the controller-wide window for reductions
///     The stabilization window in seconds, 0 to 3600: for so long back, recommendations in the other direction hold a change back.
/// select : str, default "max"
///     Which policy holds: "max" (the largest change), "min" (the smallest) or "disabled" (no scaling in this direction).
/// policies : sequence of ScalingPolicy, default 4 replicas and 100 % per 15 s for growth, 100 % per 15 s for reductions
///     At least one; they replace the default as a whole.
/// tolerance : float, default the controller-wide one
///     How far the ratio may be off in this direction, as a share of the target: 0 and more.
///
/// Raises
/// ------
/// ConfigError
///     If a number is out of the range of its type or a word is unknown. Ranges are judged where the rules are used.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.ScalingRules(window=60, policies=[sp.ScalingPolicy(percent=10, period=60)])
/// ScalingRules(window=60.0, policies=[ScalingPolicy(percent=10, period=60.0)])
#[pyclass(module = "setpoint", frozen, eq)]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScalingRules {
    window: Option<Duration>,
    select: Option<Select>,
    policies: Option<Vec<Policy>>,
    tolerance: Option<f64>,
}

impl ScalingRules {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        Arguments::new(py)
            .given("window", self.window())?
            .given("select", self.select())?
            .given("policies", self.policies())?
            .given("tolerance", self.tolerance)
    }

    fn rules(&self) -> Rules {
        let mut rules = Rules::new();
        if let Some(window) = self.window {
            rules = rules.window(window);
        }
        if let Some(select) = self.select {
            rules = rules.select(select);
        }
        if let Some(policies) = &self.policies {
            rules = rules.policies(policies.clone());
        }
        if let Some(tolerance) = self.tolerance {
            rules = rules.tolerance(tolerance);
        }
        rules
    }
}

/// The behavior that the rules of both directions make.
pub(crate) fn behavior(up: Option<&ScalingRules>, down: Option<&ScalingRules>) -> Behavior {
    let mut behavior = Behavior::new();
    if let Some(rules) = up {
        behavior = behavior.up(rules.rules());
    }
    if let Some(rules) = down {
        behavior = behavior.down(rules.rules());
    }
    behavior
}

#[pymethods]
impl ScalingRules {
    #[new]
    #[pyo3(signature = (*, window=None, select=None, policies=None, tolerance=None))]
    fn new(
        window: Option<Span>,
        select: Option<&str>,
        policies: Option<Many<Bound<'_, ScalingPolicy>>>,
        tolerance: Option<f64>,
    ) -> Result<Self> {
        Ok(Self {
            window: window.setting("window")?,
            select: select.map(|word| choice("select", word, &SELECT)).transpose()?,
            policies: policies.map(|list| list.0.iter().map(|policy| policy.get().0).collect()),
            tolerance,
        })
    }

    /// The stabilization window in seconds, as given.
    #[getter]
    fn window(&self) -> Option<f64> {
        self.window.map(|span| span.as_secs_f64())
    }

    /// Which policy holds, as given.
    #[getter]
    fn select(&self) -> Option<&'static str> {
        let word = |select| SELECT.iter().find(|(_, known)| *known == select).map(|(word, _)| *word);
        self.select.and_then(word)
    }

    /// The policies, as given.
    #[getter]
    fn policies(&self) -> Option<Vec<ScalingPolicy>> {
        self.policies.as_ref().map(|list| list.iter().copied().map(ScalingPolicy).collect())
    }

    /// How far the ratio may be off in this direction, as a share of the target, as given.
    #[getter]
    fn tolerance(&self) -> Option<f64> {
        self.tolerance
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.arguments(py)?.hash()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("ScalingRules")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}

/// The Kubernetes horizontal autoscaler: the largest proposal of its metrics, stabilization, rates and bounds.
///
/// Parameters
/// ----------
/// min_replicas, max_replicas : int
///     The bounds in replicas, both included: at least 1 (0 with `scale_to_zero` and an object or external metric), 1 to 2147483647.
/// targets : mapping of str to Utilization or AverageValue, optional
///     Resources of the instances, such as "cpu" and "memory". Without any metric at all: "cpu" at 80 %. Utilizations are shares of whole
///     percents, 0.01 and more; amounts are whole thousandths of the metric's own unit, above 0. Between equal proposals the first metric
///     counts: `targets`, then `pods`, `objects` and `external`, each in its order.
/// pods : mapping of str to AverageValue, optional
///     Custom metrics of the instances.
/// objects : mapping of str to Value or AverageValue, optional
///     Metrics of an object that stands for the workload, read from the snapshot's `values`.
/// external : mapping of str to Value or AverageValue, optional
///     Metrics from outside the workload, read from the snapshot's `values`.
/// tolerance : float, default 0.1
///     How far a ratio may be off without effect, as a share of the target: 0 and more.
/// scale_up, scale_down : ScalingRules, optional
///     The rules of a behavior. If either is given there is a behavior, and the direction that is left out takes its defaults; without a
///     behavior one step up at most doubles the count, or reaches 4.
/// scale_down_window : float, int or timedelta, default 300
///     For how long, in seconds, a higher recommendation holds a scale-down back; up to 3600 with a behavior that does not set its own.
/// cpu_initialization_period : float, int or timedelta, default 300
///     For how long, in seconds, after its start an instance's CPU usage is distrusted.
/// initial_readiness_delay : float, int or timedelta, default 30
///     For how long, in seconds, after its start a change to "not ready" is taken for the first report.
/// scale_to_zero : bool, default False
///     Whether the workload may be brought to zero, and back from there.
///
/// Returns
/// -------
/// Autoscaler
///     An autoscaler that reads samples (and requests, for utilizations) and workload values of these names.
///
/// Raises
/// ------
/// ConfigError
///     If a setting is out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> scaler = sp.hpa(min_replicas=2, max_replicas=10, targets={"cpu": sp.Utilization(0.7)})
/// >>> usage = [0.95, 1.02, 0.98, 0.98]  # shares of what each instance requested
/// >>> print(scaler.decide(sp.Snapshot(at=0, replicas=4, samples={"cpu": usage})))
/// 4 -> 6: cpu 0.98 of 0.7 wants 6
#[pyfunction]
#[pyo3(signature = (
    *, min_replicas, max_replicas, targets=None, pods=None, objects=None, external=None, tolerance=None, scale_up=None,
    scale_down=None, scale_down_window=None, cpu_initialization_period=None, initial_readiness_delay=None, scale_to_zero=false
))]
#[expect(clippy::too_many_arguments, reason = "keyword-only arguments of a Python function")]
pub(crate) fn hpa<'py>(
    py: Python<'py>,
    min_replicas: Count,
    max_replicas: Count,
    targets: Option<ByName<AnyTarget<'py>>>,
    pods: Option<ByName<AnyTarget<'py>>>,
    objects: Option<ByName<AnyTarget<'py>>>,
    external: Option<ByName<AnyTarget<'py>>>,
    tolerance: Option<f64>,
    scale_up: Option<&Bound<'py, ScalingRules>>,
    scale_down: Option<&Bound<'py, ScalingRules>>,
    scale_down_window: Option<Span>,
    cpu_initialization_period: Option<Span>,
    initial_readiness_delay: Option<Span>,
    scale_to_zero: bool,
) -> Result<Autoscaler> {
    let bounds = bounds(min_replicas, max_replicas)?;
    let mut settings =
        Arguments::new(py).named("min_replicas", bounds.min())?.named("max_replicas", bounds.max())?;
    let mut config = Config::new(bounds).scale_to_zero(scale_to_zero);
    let metrics = [
        ("targets", Source::Resource, targets),
        ("pods", Source::Pods, pods),
        ("objects", Source::Object, objects),
        ("external", Source::External, external),
    ];
    for (argument, source, metrics) in metrics {
        let Some(metrics) = metrics else { continue };
        settings = settings.named(argument, metrics.dict(py)?)?;
        for (name, target) in &metrics.0 {
            config = config.metric(source, name, target.target()?);
        }
    }
    settings = settings
        .given("tolerance", tolerance)?
        .given("scale_up", scale_up)?
        .given("scale_down", scale_down)?;
    if let Some(share) = tolerance {
        config = config.tolerance(share);
    }
    if scale_up.is_some() || scale_down.is_some() {
        config = config.behavior(behavior(scale_up.map(Bound::get), scale_down.map(Bound::get)));
    }
    for (argument, span, set) in [
        ("scale_down_window", scale_down_window, Config::scale_down_window as fn(Config, Duration) -> Config),
        ("cpu_initialization_period", cpu_initialization_period, Config::cpu_initialization_period),
        ("initial_readiness_delay", initial_readiness_delay, Config::initial_readiness_delay),
    ] {
        if let Some(span) = span.setting(argument)? {
            settings = settings.named(argument, span.as_secs_f64())?;
            config = set(config, span);
        }
    }
    settings = settings.unless("scale_to_zero", scale_to_zero, &false)?;
    Ok(Autoscaler::made_by("hpa", settings, setpoint::Autoscaler::hpa(config)?, false))
}
