//! BudAIScaler.

use super::bounds;
use super::choice::choice;
use super::growing::Growing;
use super::hpa::{SELECT, ScalingPolicy};
use crate::arguments::{Arguments, Pickled};
use crate::autoscaler::Autoscaler;
use crate::by_name::{ByName, Many};
use crate::error::Result;
use crate::quantity::{Count, Optional, Span};
use pyo3::prelude::*;
use setpoint::bud::{
    self as wing, Config, GpuThresholds, Overlap, Pacing, Side, Source, Strategy, Tolerance,
};

const STRATEGY: [(&str, Strategy); 3] =
    [("bud_scaler", Strategy::BudScaler), ("kpa", Strategy::Kpa), ("hpa", Strategy::Hpa)];
const PACING: [(&str, Pacing); 2] =
    [("over_period", Pacing::OverPeriod), ("per_evaluation", Pacing::PerEvaluation)];
/// The tolerance of a direction that names none.
const TOLERANCE: f64 = 0.1;
const OVERLAP: [(&str, Overlap); 2] = [("first", Overlap::First), ("largest", Overlap::Largest)];

/// BudAIScaler: how predictions are used.
///
/// Parameters
/// ----------
/// weight : float, default 0.3
///     How much a prediction of full confidence counts, as a share of the count: 0 to 1.
/// min_confidence : float, default 0.7
///     The least confidence at which a prediction counts at all: 0 to 1.
/// max_replicas : int, optional
///     The most, in replicas, that a prediction may ask for: 1 to 2147483647. Left out: no limit.
///
/// Raises
/// ------
/// ConfigError
///     If a number is out of the range of its type. Ranges are judged by `bud`.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.Blend(weight=0.5)
/// Blend(weight=0.5, min_confidence=0.7)
#[pyclass(module = "setpoint", frozen, eq)]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Blend(wing::Blend);

impl Blend {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        Arguments::new(py)
            .named("weight", self.0.weight)?
            .named("min_confidence", self.0.min_confidence)?
            .given("max_replicas", self.0.max_replicas)
    }
}

#[pymethods]
impl Blend {
    #[new]
    #[pyo3(signature = (*, weight=None, min_confidence=None, max_replicas=None))]
    fn new(weight: Option<f64>, min_confidence: Option<f64>, max_replicas: Option<Count>) -> Result<Self> {
        let default = wing::Blend::default();
        Ok(Self(wing::Blend {
            weight: weight.unwrap_or(default.weight),
            min_confidence: min_confidence.unwrap_or(default.min_confidence),
            max_replicas: max_replicas.setting("max_replicas")?,
        }))
    }

    /// How much a prediction of full confidence counts, as a share of the count.
    #[getter]
    fn weight(&self) -> f64 {
        self.0.weight
    }

    /// The least confidence at which a prediction counts at all.
    #[getter]
    fn min_confidence(&self) -> f64 {
        self.0.min_confidence
    }

    /// The most, in replicas, that a prediction may ask for; None for no limit.
    #[getter]
    fn max_replicas(&self) -> Option<u32> {
        self.0.max_replicas
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.arguments(py)?.hash()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("Blend")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}

/// The arguments of one direction.
struct Direction<'a, 'py> {
    cooldown: Option<Span>,
    select: Option<&'a str>,
    policies: Option<Many<Bound<'py, ScalingPolicy>>>,
}

impl<'py> Direction<'_, 'py> {
    /// The direction's rules, and what of its arguments is kept under these names.
    fn side(self, names: [&'static str; 3], mut settings: Arguments<'py>) -> Result<(Side, Arguments<'py>)> {
        let [cooldown, select, policies] = names;
        let mut side = Side::new();
        if let Some(span) = self.cooldown.setting(cooldown)? {
            side = side.cooldown(span);
            settings = settings.named(cooldown, span.as_secs_f64())?;
        }
        if let Some(word) = self.select {
            side = side.select(choice(select, word, &SELECT)?);
            settings = settings.named(select, word)?;
        }
        if let Some(Many(list)) = self.policies {
            side = side.policies(list.iter().map(|policy| policy.get().0).collect::<Vec<_>>());
            settings = settings.named(policies, list)?;
        }
        Ok((side, settings))
    }
}

/// BudAIScaler: metrics, GPUs, a prediction, a schedule hint, a budget, bounds, rate policies, a starting gate and a cooldown, in that order.
///
/// At least one metric must be given; between equal votes the first counts: `metrics`, then `resources`, `custom` and `external`, each in its
/// order. A reading is the workload value of its name, else the mean of the samples of the instances that serve.
///
/// Parameters
/// ----------
/// min_replicas, max_replicas : int
///     The bounds in replicas, both included: 0 to `max_replicas`, 1 to 2147483647.
/// metrics : mapping of str to float, optional
///     Metrics that are asked for directly, with what the mean over the instances is held to, in the metric's unit: above 0.
/// resources, custom, external : mapping of str to float, optional
///     Metrics of other sources. Only the strategy "hpa" treats them otherwise: utilizations in whole percent, average values, values.
/// strategy : str, default "bud_scaler"
///     What decides: "bud_scaler" (everything), "kpa" (metrics with a panic, without GPUs, prediction, hint and budget) or "hpa" (a
///     Kubernetes autoscaler of the metrics other than `metrics`).
/// scale_up_tolerance, scale_down_tolerance : float, default 0.1
///     How far above and below its target a reading has no effect, as a share of the target: 0 and more; the edge has an effect.
/// scale_up_rate : float, default 2
///     How far one evaluation may grow the count, as a multiple of it: 1 and more; 0 is the default.
/// scale_down_rate : float, default 0.5
///     How much one evaluation leaves of the count, as a multiple of it: 0 and more; 0 is the default, above 1 is 1.
/// panic_threshold : float, default 2
///     From which multiple of its target a metric of the strategy "kpa" is in panic: 0 and more; 0 is the default.
/// starting_weight : float, default 0.5
///     How much of a replica a starting one counts for: 0 to 1.
/// scale_up_cooldown, scale_down_cooldown : float, int or timedelta, default 0 and 300
///     The time, in seconds, from a change in either direction until the next one in this direction.
/// scale_up_select, scale_down_select : str, default "max" and "min"
///     Which of the policies holds: "max" (the largest change), "min" (the smallest) or "disabled".
/// scale_up_policies, scale_down_policies : sequence of ScalingPolicy, optional
///     How far the count may change per period. Left out: no limit.
/// pacing : str, default "over_period"
///     What a policy limits: "over_period" (the change within its period) or "per_evaluation" (each evaluation, upstream's way).
/// max_starting : int, default 0
///     So many starting replicas hold growth back, 0 to 2147483647; 0 is off.
/// max_starting_percent : int, default 50
///     Such a share of starting replicas, in percent, holds growth back: 0 to 100; 0 is off.
/// bypass_gate_on_panic : bool, default False
///     Whether a panic of the strategy "kpa" passes that gate.
/// gpu_memory, gpu_compute : float, optional
///     Thresholds of GPU memory and compute utilization in percent, 0 to 100. If either is given, the GPUs can raise the count.
/// prediction : Blend, optional
///     How the values "predicted_replicas" and "prediction_confidence" are blended in. Left out: not at all.
/// budget_per_hour : float, optional
///     The budget in currency per hour: 0 (none) and more. The value "budget_per_hour" of a snapshot goes before it.
/// overlap : str, default "first"
///     Which of several active schedule hints counts: "first" or "largest".
/// enforce_bounds_last : bool, default False
///     Whether the bounds hold once more after policies, gate and cooldown.
///
/// Returns
/// -------
/// Autoscaler
///     An autoscaler that reads these metrics and, from the snapshot's `values`, the facts that are named above and "schedule_hints",
///     "cost_per_hour" and "replica_cost_per_hour".
///
/// Raises
/// ------
/// ConfigError
///     If a setting is out of range or there is no metric that the strategy can read.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> scaler = sp.bud(min_replicas=2, max_replicas=20, metrics={"gpu_cache_usage_perc": 70})
/// >>> snapshot = sp.Snapshot(at=0, replicas=4, values={"gpu_cache_usage_perc": 84, "schedule_hints": 8})
/// >>> scaler.decide(snapshot).replicas
/// 8
#[pyfunction]
#[pyo3(signature = (
    *, min_replicas, max_replicas, metrics=None, resources=None, custom=None, external=None, strategy=None, scale_up_tolerance=None,
    scale_down_tolerance=None, scale_up_rate=None, scale_down_rate=None, panic_threshold=None, starting_weight=None,
    scale_up_cooldown=None, scale_down_cooldown=None, scale_up_select=None, scale_down_select=None, scale_up_policies=None,
    scale_down_policies=None, pacing=None, max_starting=None, max_starting_percent=None, bypass_gate_on_panic=None,
    gpu_memory=None, gpu_compute=None, prediction=None, budget_per_hour=None, overlap=None, enforce_bounds_last=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword-only arguments of a Python function")]
pub(crate) fn bud<'py>(
    py: Python<'py>,
    min_replicas: Count,
    max_replicas: Count,
    metrics: Option<ByName<f64>>,
    resources: Option<ByName<f64>>,
    custom: Option<ByName<f64>>,
    external: Option<ByName<f64>>,
    strategy: Option<&str>,
    scale_up_tolerance: Option<f64>,
    scale_down_tolerance: Option<f64>,
    scale_up_rate: Option<f64>,
    scale_down_rate: Option<f64>,
    panic_threshold: Option<f64>,
    starting_weight: Option<f64>,
    scale_up_cooldown: Option<Span>,
    scale_down_cooldown: Option<Span>,
    scale_up_select: Option<&str>,
    scale_down_select: Option<&str>,
    scale_up_policies: Option<Many<Bound<'py, ScalingPolicy>>>,
    scale_down_policies: Option<Many<Bound<'py, ScalingPolicy>>>,
    pacing: Option<&str>,
    max_starting: Option<Count>,
    max_starting_percent: Option<Count>,
    bypass_gate_on_panic: Option<bool>,
    gpu_memory: Option<f64>,
    gpu_compute: Option<f64>,
    prediction: Option<&Bound<'py, Blend>>,
    budget_per_hour: Option<f64>,
    overlap: Option<&str>,
    enforce_bounds_last: Option<bool>,
) -> Result<Autoscaler> {
    let bounds = bounds(min_replicas, max_replicas)?;
    let settings =
        Arguments::new(py).named("min_replicas", bounds.min())?.named("max_replicas", bounds.max())?;
    let grown = Growing { config: Config::new(bounds), settings }
        .by_name("metrics", metrics, Config::metric)?
        .by_name("resources", resources, |c, name, target| c.metric_from(Source::Resource, name, target))?
        .by_name("custom", custom, |c, name, target| c.metric_from(Source::Custom, name, target))?
        .by_name("external", external, |c, name, target| c.metric_from(Source::External, name, target))?
        .word("strategy", strategy, &STRATEGY, Config::strategy)?
        .plain("scale_up_rate", scale_up_rate, Config::scale_up_rate)?
        .plain("scale_down_rate", scale_down_rate, Config::scale_down_rate)?
        .plain("panic_threshold", panic_threshold, Config::panic_threshold)?
        .plain("starting_weight", starting_weight, Config::starting_weight)?
        .word("pacing", pacing, &PACING, Config::pacing)?
        .count("max_starting", max_starting, Config::max_starting)?
        .count("max_starting_percent", max_starting_percent, Config::max_starting_percent)?
        .plain("bypass_gate_on_panic", bypass_gate_on_panic, Config::bypass_gate_on_panic)?
        .plain("budget_per_hour", budget_per_hour, Config::budget_per_hour)?
        .word("overlap", overlap, &OVERLAP, Config::overlap)?
        .plain("enforce_bounds_last", enforce_bounds_last, Config::enforce_bounds_last)?;
    let up = Direction { cooldown: scale_up_cooldown, select: scale_up_select, policies: scale_up_policies };
    let down =
        Direction { cooldown: scale_down_cooldown, select: scale_down_select, policies: scale_down_policies };
    let (up, settings) =
        up.side(["scale_up_cooldown", "scale_up_select", "scale_up_policies"], grown.settings)?;
    let (down, settings) =
        down.side(["scale_down_cooldown", "scale_down_select", "scale_down_policies"], settings)?;
    let settings = settings
        .given("scale_up_tolerance", scale_up_tolerance)?
        .given("scale_down_tolerance", scale_down_tolerance)?
        .given("gpu_memory", gpu_memory)?
        .given("gpu_compute", gpu_compute)?
        .given("prediction", prediction)?;
    let tolerance = Tolerance {
        up: scale_up_tolerance.unwrap_or(TOLERANCE),
        down: scale_down_tolerance.unwrap_or(TOLERANCE),
    };
    let mut config = grown.config.up(up).down(down).tolerance(tolerance);
    if gpu_memory.is_some() || gpu_compute.is_some() {
        config = config.gpu(GpuThresholds { memory: gpu_memory, compute: gpu_compute });
    }
    if let Some(blend) = prediction {
        config = config.prediction(blend.get().0);
    }
    Ok(Autoscaler::made_by("bud", settings, setpoint::Autoscaler::bud(config)?, false))
}
