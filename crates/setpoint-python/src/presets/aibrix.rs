//! The AIBrix autoscaler.

use super::bounds;
use super::choice::choice;
use super::growing::Growing;
use crate::arguments::{Arguments, Pickled};
use crate::autoscaler::Autoscaler;
use crate::by_name::{ByName, Many};
use crate::error::Result;
use crate::quantity::{Count, Optional, Span};
use pyo3::prelude::*;
use setpoint::aibrix::{self as wing, Config, CooldownRule, EmptyWindow, KpaLoad, Settings, Strategy};
use setpoint::schedule::{Daily, Weekdays};

const STRATEGY: [(&str, Strategy); 2] = [("apa", Strategy::Apa), ("kpa", Strategy::Kpa)];
const RULE: [(&str, CooldownRule); 2] = [("deepen", CooldownRule::Deepen), ("hold", CooldownRule::Hold)];
const LOAD: [(&str, KpaLoad); 2] = [("averages", KpaLoad::Averages), ("totals", KpaLoad::Totals)];
const EMPTY: [(&str, EmptyWindow); 2] =
    [("reads_zero", EmptyWindow::ReadsZero), ("fails", EmptyWindow::Fails)];

/// AIBrix: bounds for a span of the day. A bound that is left out is that of the autoscaler.
///
/// Parameters
/// ----------
/// name : str
///     Lower-case letters, digits and inner hyphens; unique among the schedules of an autoscaler.
/// start, end : str
///     The span in local time, "HH:MM" from "00:00" to "23:59", the end excluded and after the start: it does not reach over midnight.
/// days : sequence of str, default every day
///     The days by their first three letters in English, "mon" to "sun", at least one.
/// min_replicas, max_replicas : int, optional
///     The bounds in replicas while it is on, at least one of the two.
///
/// Raises
/// ------
/// ConfigError
///     If a time, a day or a number is none. How the bounds and the spans go together is judged by `aibrix`.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.Schedule(name="office", start="08:30", end="18:00", days=["mon", "tue"], min_replicas=4)
/// Schedule(name='office', start='08:30', end='18:00', days=['mon', 'tue'], min_replicas=4)
#[pyclass(module = "setpoint", frozen, eq, hash)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Schedule {
    name: String,
    span: Daily,
    min_replicas: Option<u32>,
    max_replicas: Option<u32>,
}

impl Schedule {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        Arguments::new(py)
            .named("name", self.name())?
            .named("start", self.start())?
            .named("end", self.end())?
            .given("days", (self.span.days() != Weekdays::ALL).then(|| self.days()))?
            .given("min_replicas", self.min_replicas)?
            .given("max_replicas", self.max_replicas)
    }

    fn schedule(&self) -> wing::Schedule {
        let mut schedule = wing::Schedule::new(&self.name, self.span);
        if let Some(count) = self.min_replicas {
            schedule = schedule.min(count);
        }
        if let Some(count) = self.max_replicas {
            schedule = schedule.max(count);
        }
        schedule
    }
}

#[pymethods]
impl Schedule {
    #[new]
    #[pyo3(signature = (*, name, start, end, days=None, min_replicas=None, max_replicas=None))]
    fn new(
        name: String,
        start: &str,
        end: &str,
        days: Option<Many<String>>,
        min_replicas: Option<Count>,
        max_replicas: Option<Count>,
    ) -> Result<Self> {
        let days = days.map_or(Ok(Weekdays::ALL), |days| Weekdays::named(days.0))?;
        Ok(Self {
            name,
            span: Daily::new(start.parse()?, end.parse()?, days)?,
            min_replicas: min_replicas.setting("min_replicas")?,
            max_replicas: max_replicas.setting("max_replicas")?,
        })
    }

    /// The name.
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    /// Where the span starts, in local time.
    #[getter]
    fn start(&self) -> String {
        self.span.start().to_string()
    }

    /// Where the span ends, in local time.
    #[getter]
    fn end(&self) -> String {
        self.span.end().to_string()
    }

    /// The days, from Monday on.
    #[getter]
    fn days(&self) -> Vec<String> {
        self.span.days().into()
    }

    /// The minimum while it is on, as given.
    #[getter]
    fn min_replicas(&self) -> Option<u32> {
        self.min_replicas
    }

    /// The maximum while it is on, as given.
    #[getter]
    fn max_replicas(&self) -> Option<u32> {
        self.max_replicas
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("Schedule")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}

/// The AIBrix autoscaler, strategies APA and KPA: the largest of what the metrics ask for within the bounds of the hour, then a cooldown.
///
/// Parameters
/// ----------
/// strategy : str
///     The formula: "apa" (in proportion to the stable average) or "kpa" (load over target, with a panic average).
/// min_replicas, max_replicas : int
///     The bounds in replicas, both included: 0 to `max_replicas`, 1 to 2147483647.
/// metrics : mapping of str to float, optional
///     Metrics that are measured at each instance, with how much of each one instance is for: finite and above 0. At least one metric here or
///     in `external`.
/// external : mapping of str to float, optional
///     Metrics that are one value from outside, read from the snapshot's `values`, with the same kind of target.
/// max_scale_up_rate : float, default 2
///     The most that one evaluation multiplies the count by: above 0.
/// max_scale_down_rate : float, default 2
///     The most that one evaluation divides the count by: above 0.
/// scale_up_tolerance, scale_down_tolerance : float, default 0.1
///     The share above and below the target that is tolerated: at least 0.
/// panic_threshold : float, default 2
///     The panic average over the stable average beyond which it is a panic: above 0.
/// stable_window : float, int or timedelta, default 180
///     The window of the stable average in whole seconds, 1 to 3600.
/// panic_window : float, int or timedelta, default 60
///     The window of the panic average in whole seconds, 1 to `stable_window`.
/// scale_up_cooldown : float, int or timedelta, default 0
///     For how long, in seconds, recommendations count for an increase.
/// scale_down_cooldown : float, int or timedelta, default 300
///     For how long, in seconds, recommendations count for a decrease.
/// time_zone : str, default "UTC"
///     The zone whose clock the schedules go by, by its name in the IANA database (which is built in).
/// schedules : sequence of Schedule, optional
///     Bounds by time of day; no two hold at the same minute.
/// cooldown_rule : str, default "deepen"
///     What the cooldown goes to: "deepen" (the most extreme recommendation, upstream's way) or "hold" (the mildest, the corrected form).
/// kpa_load : str, default "averages"
///     What the formula "kpa" takes for the load: "averages" (upstream's way) or "totals" (the corrected form).
/// empty_window : str, default "reads_zero"
///     What a window without a record stands for: "reads_zero" (upstream's way) or "fails" (the corrected form).
///
/// Returns
/// -------
/// Autoscaler
///     An autoscaler that reads the samples of `metrics` and the workload values of `external`.
///
/// Raises
/// ------
/// ConfigError
///     If a setting is out of range or there is no metric.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> scaler = sp.aibrix(strategy="apa", min_replicas=1, max_replicas=20, metrics={"gpu_cache_usage_perc": 50})
/// >>> scaler.decide(sp.Snapshot(at=0, replicas=3, samples={"gpu_cache_usage_perc": [60, 80, 70]})).replicas
/// 5
#[pyfunction]
#[pyo3(signature = (
    *, strategy, min_replicas, max_replicas, metrics=None, external=None, max_scale_up_rate=None, max_scale_down_rate=None,
    scale_up_tolerance=None, scale_down_tolerance=None, panic_threshold=None, stable_window=None, panic_window=None,
    scale_up_cooldown=None, scale_down_cooldown=None, time_zone=None, schedules=None, cooldown_rule=None, kpa_load=None,
    empty_window=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword-only arguments of a Python function")]
pub(crate) fn aibrix<'py>(
    py: Python<'py>,
    strategy: &str,
    min_replicas: Count,
    max_replicas: Count,
    metrics: Option<ByName<f64>>,
    external: Option<ByName<f64>>,
    max_scale_up_rate: Option<f64>,
    max_scale_down_rate: Option<f64>,
    scale_up_tolerance: Option<f64>,
    scale_down_tolerance: Option<f64>,
    panic_threshold: Option<f64>,
    stable_window: Option<Span>,
    panic_window: Option<Span>,
    scale_up_cooldown: Option<Span>,
    scale_down_cooldown: Option<Span>,
    time_zone: Option<&str>,
    schedules: Option<Many<Bound<'py, Schedule>>>,
    cooldown_rule: Option<&str>,
    kpa_load: Option<&str>,
    empty_window: Option<&str>,
) -> Result<Autoscaler> {
    let bounds = bounds(min_replicas, max_replicas)?;
    let config = Config::new(choice("strategy", strategy, &STRATEGY)?, bounds);
    let settings = Arguments::new(py)
        .named("strategy", strategy)?
        .named("min_replicas", bounds.min())?
        .named("max_replicas", bounds.max())?;
    let Growing { mut config, mut settings } = Growing { config: Settings::default(), settings }
        .plain("max_scale_up_rate", max_scale_up_rate, |s, max_scale_up_rate| Settings {
            max_scale_up_rate,
            ..s
        })?
        .plain("max_scale_down_rate", max_scale_down_rate, |s, max_scale_down_rate| Settings {
            max_scale_down_rate,
            ..s
        })?
        .plain("scale_up_tolerance", scale_up_tolerance, |s, scale_up_tolerance| Settings {
            scale_up_tolerance,
            ..s
        })?
        .plain("scale_down_tolerance", scale_down_tolerance, |s, scale_down_tolerance| Settings {
            scale_down_tolerance,
            ..s
        })?
        .plain("panic_threshold", panic_threshold, |s, panic_threshold| Settings { panic_threshold, ..s })?
        .with(|settings| config.settings(settings))
        .by_name("metrics", metrics, Config::metric)?
        .by_name("external", external, Config::external)?
        .span("stable_window", stable_window, Config::stable_window)?
        .span("panic_window", panic_window, Config::panic_window)?
        .span("scale_up_cooldown", scale_up_cooldown, Config::scale_up_cooldown)?
        .span("scale_down_cooldown", scale_down_cooldown, Config::scale_down_cooldown)?
        .text("time_zone", time_zone, |config, name| config.time_zone(name))?
        .word("cooldown_rule", cooldown_rule, &RULE, Config::cooldown_rule)?
        .word("kpa_load", kpa_load, &LOAD, Config::kpa_load)?
        .word("empty_window", empty_window, &EMPTY, Config::empty_window)?;
    if let Some(Many(schedules)) = schedules {
        for schedule in &schedules {
            config = config.schedule(schedule.get().schedule());
        }
        settings = settings.named("schedules", schedules)?;
    }
    Ok(Autoscaler::made_by("aibrix", settings, setpoint::Autoscaler::aibrix(config)?, false))
}
