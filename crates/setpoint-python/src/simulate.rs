//! Simulation: traces from arrays, the platform, the run (with the interpreter released) and its report.

use crate::arguments::{Arguments, Pickled};
use crate::autoscaler::Autoscaler;
use crate::by_name::{Many, OneOrEach, dict_of};
use crate::column::{Array, Doubles, literal, series};
use crate::error::Result;
use crate::hint::{Anything, DictOf, Things, Typed};
use crate::quantity::{Count, Instant, Optional, Span, instant};
use crate::to_python::to_python;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use setpoint::simulate::{self as core, Arrivals, Bin};
use setpoint::{Bounds, Column, ConfigError};
use std::time::Duration;

/// How much work a request brings: a linear service time in slot-milliseconds.
///
/// Parameters
/// ----------
/// per_request_ms : float
///     Slot-milliseconds per request, 0 to 1e9.
/// per_prompt_token_ms : float, default 0
///     Slot-milliseconds per token read, 0 to 1e9.
/// per_output_token_ms : float, default 0
///     Slot-milliseconds per token generated, 0 to 1e9.
///
/// Raises
/// ------
/// ConfigError
///     If a number is out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.Work(per_request_ms=200, per_output_token_ms=20)
/// Work(per_request_ms=200.0, per_output_token_ms=20.0)
#[pyclass(module = "setpoint", frozen, eq)]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Work(core::Work);

impl Work {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        Arguments::new(py)
            .named("per_request_ms", self.per_request_ms())?
            .unless("per_prompt_token_ms", self.per_prompt_token_ms(), &0.0)?
            .unless("per_output_token_ms", self.per_output_token_ms(), &0.0)
    }
}

#[pymethods]
impl Work {
    #[new]
    #[pyo3(signature = (*, per_request_ms, per_prompt_token_ms=0.0, per_output_token_ms=0.0))]
    fn new(per_request_ms: f64, per_prompt_token_ms: f64, per_output_token_ms: f64) -> Result<Self> {
        let work = core::Work::per_request_ms(per_request_ms)?;
        Ok(Self(work.and_per_token_ms(per_prompt_token_ms, per_output_token_ms)?))
    }

    /// Slot-milliseconds per request.
    #[getter]
    fn per_request_ms(&self) -> f64 {
        self.0.coefficients().0
    }

    /// Slot-milliseconds per token read.
    #[getter]
    fn per_prompt_token_ms(&self) -> f64 {
        self.0.coefficients().1
    }

    /// Slot-milliseconds per token generated.
    #[getter]
    fn per_output_token_ms(&self) -> f64 {
        self.0.coefficients().2
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.arguments(py)?.hash()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("Work")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}

/// Equal bins of requests and their work.
///
/// A missing bin is played as the last known one before it (the first known one where there is none before), and a policy sees no sample of
/// it.
///
/// Parameters
/// ----------
/// requests : array or sequence of float
///     Requests that arrive in each bin; ``None``, NaN and infinities are missing bins.
/// step : float, int or timedelta
///     Width of a bin in seconds: whole milliseconds from 0.001 to 366 days.
/// work : Work
///     The work that a request brings.
/// prompt_tokens, output_tokens : array or sequence of float, optional
///     Tokens read and generated in each bin, summed over its requests; as long as `requests`.
/// name : str, default "trace"
///     A name for reports.
///
/// Raises
/// ------
/// ConfigError
///     If a count is negative or beyond 2**53, no bin is known, the lengths differ or the step is out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> trace = sp.Trace([4, None, 8], step=10, work=sp.Work(per_request_ms=250))
/// >>> len(trace), trace.work_ms
/// (3, array([1000.,   nan, 2000.]))
#[pyclass(module = "setpoint", frozen)]
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    core: core::Trace,
    arrivals: Vec<Option<Arrivals>>,
    tokens: bool,
}

impl Trace {
    fn column<'py>(&self, py: Python<'py>, of: fn(&Arrivals) -> f64) -> PyResult<Bound<'py, PyAny>> {
        let values: Vec<f64> = self.arrivals.iter().map(|bin| bin.as_ref().map_or(f64::NAN, of)).collect();
        literal(py, &Column::from(values))
    }

    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        let mut arguments = Arguments::new(py)
            .positional(self.column(py, |bin| bin.requests)?)?
            .named("step", self.step())?
            .named("work", self.work())?;
        if self.tokens {
            arguments = arguments
                .named("prompt_tokens", self.column(py, |bin| bin.prompt_tokens)?)?
                .named("output_tokens", self.column(py, |bin| bin.output_tokens)?)?;
        }
        arguments.unless("name", self.core.name(), &"trace")
    }
}

fn tokens(field: &'static str, given: Option<Doubles>, bins: usize) -> Result<Vec<f64>> {
    let column = given.map_or_else(|| vec![0.0; bins], |given| given.0);
    if column.len() == bins {
        return Ok(column);
    }
    Err(ConfigError::new(field, column.len(), format!("one per bin ({bins})")).into())
}

#[pymethods]
impl Trace {
    #[new]
    #[pyo3(signature = (requests, *, step, work, prompt_tokens=None, output_tokens=None, name="trace"))]
    fn new(
        requests: Doubles,
        step: Span,
        work: &Bound<'_, Work>,
        prompt_tokens: Option<Doubles>,
        output_tokens: Option<Doubles>,
        name: &str,
    ) -> Result<Self> {
        let requests = requests.0;
        let with_tokens = prompt_tokens.is_some() || output_tokens.is_some();
        let prompt = tokens("prompt_tokens", prompt_tokens, requests.len())?;
        let output = tokens("output_tokens", output_tokens, requests.len())?;
        let bin = |((requests, prompt_tokens), output_tokens): ((f64, f64), f64)| {
            let known = requests.is_finite() && prompt_tokens.is_finite() && output_tokens.is_finite();
            known.then_some(Arrivals { requests, prompt_tokens, output_tokens })
        };
        let arrivals: Vec<_> = requests.into_iter().zip(prompt).zip(output).map(bin).collect();
        let step = step.setting("step")?;
        let core = core::Trace::from_arrivals(name, step, arrivals.iter().copied(), &work.get().0)?;
        Ok(Self { core, arrivals, tokens: with_tokens })
    }

    /// A made-up day of a chat service: 8,640 bins of 10 s with a daily cycle, noise, bursts and a flash crowd.
    ///
    /// Parameters
    /// ----------
    /// work : Work
    ///     The work that a request brings.
    /// seed : int, default 0
    ///     The same seed gives the same day on every machine.
    ///
    /// Returns
    /// -------
    /// Trace
    ///     The day.
    #[staticmethod]
    #[pyo3(signature = (*, work, seed=0))]
    fn day(work: &Bound<'_, Work>, seed: u64) -> Result<Self> {
        let traffic = core::Traffic::day().seed(seed);
        let arrivals = traffic.arrivals().into_iter().map(Some).collect();
        Ok(Self { core: traffic.trace(&work.get().0)?, arrivals, tokens: true })
    }

    /// A name for reports.
    #[getter]
    fn name(&self) -> &str {
        self.core.name()
    }

    /// The width of a bin in seconds.
    #[getter]
    fn step(&self) -> f64 {
        self.core.step().as_secs_f64()
    }

    /// The work that a request brings.
    #[getter]
    fn work(&self) -> Work {
        Work(self.core.work())
    }

    /// Requests per bin; NaN where missing.
    #[getter]
    fn requests<'py>(&self, py: Python<'py>) -> Typed<'py, Array> {
        let bins = 0..self.core.len();
        Typed::new(series(py, bins.map(|i| self.core.requests(i).unwrap_or(f64::NAN))))
    }

    /// Work that arrives per bin, in slot-milliseconds; NaN where missing.
    #[getter]
    fn work_ms<'py>(&self, py: Python<'py>) -> Typed<'py, Array> {
        let bins = 0..self.core.len();
        Typed::new(series(py, bins.map(|i| self.core.work_ms(i).unwrap_or(f64::NAN))))
    }

    fn __len__(&self) -> usize {
        self.core.len()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| self.core == other.get().core)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("Trace")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}

/// The simulated platform.
///
/// Parameters
/// ----------
/// min_replicas, max_replicas : int
///     The bounds of the fleet in replicas, both included; decisions outside are held to them.
/// initial : int, default `min_replicas`
///     Replicas that are ready at the start, within the bounds.
/// slots_per_replica : int, default 1
///     Requests that a replica works on at once, 1 to 1000000.
/// start_delay : float, int, timedelta or a sequence of them, default 0
///     Seconds from the order of a replica to its readiness: one span, or measured ones of which each replica draws one.
/// metric_lag : float, int or timedelta, default 0
///     The age in seconds of the newest sample that a policy can see.
/// scrape_interval : float, int or timedelta, default 0
///     Seconds between samples; 0 for one per bin.
/// missing_rate : float, default 0
///     Share of scrapes that yield nothing, 0 to 1.
/// outages : sequence of pairs of float, int or timedelta, optional
///     Spans ``(from, to)`` in seconds since the start of the trace, ``to`` excluded, in which no scrape yields anything.
/// slo_wait : float, int or timedelta, default 5
///     A bin violates when its wait is longer than so many seconds.
/// need_utilization : float, default 1
///     How full a replica may be when the demand in replicas is computed: above 0, at most 1.
/// short_lived : float, int or timedelta, default 60
///     A replica that goes within so many seconds after it became ready was short-lived.
/// start_at : float, int or datetime, default 0
///     The policy's time at the start of the trace, in seconds since the epoch or as an aware datetime.
/// seed : int, default 0
///     Of start delays and missing scrapes.
///
/// Raises
/// ------
/// ConfigError
///     If a setting is out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.Model(min_replicas=1, max_replicas=40, slots_per_replica=4, start_delay=60)
/// Model(min_replicas=1, max_replicas=40, slots_per_replica=4, start_delay=60.0)
#[pyclass(module = "setpoint", frozen)]
#[derive(Debug)]
pub(crate) struct Model {
    core: core::Model,
    settings: Py<PyDict>,
}

#[pymethods]
impl Model {
    #[new]
    #[pyo3(signature = (
        *, min_replicas, max_replicas, initial=None, slots_per_replica=None, start_delay=None, metric_lag=None, scrape_interval=None,
        missing_rate=None, outages=None, slo_wait=None, need_utilization=None, short_lived=None, start_at=None, seed=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only arguments of a Python constructor")]
    fn new(
        py: Python<'_>,
        min_replicas: Count,
        max_replicas: Count,
        initial: Option<Count>,
        slots_per_replica: Option<Count>,
        start_delay: Option<OneOrEach<Span>>,
        metric_lag: Option<Span>,
        scrape_interval: Option<Span>,
        missing_rate: Option<f64>,
        outages: Option<Many<(Span, Span)>>,
        slo_wait: Option<Span>,
        need_utilization: Option<f64>,
        short_lived: Option<Span>,
        start_at: Option<Instant>,
        seed: Option<u64>,
    ) -> Result<Self> {
        let bounds =
            Bounds::new(min_replicas.setting("min_replicas")?, max_replicas.setting("max_replicas")?)?;
        let mut model = core::Model::new(bounds);
        let mut settings =
            Arguments::new(py).named("min_replicas", bounds.min())?.named("max_replicas", bounds.max())?;
        if let Some(count) = initial.setting("initial")? {
            model = model.initial(count)?;
            settings = settings.named("initial", count)?;
        }
        if let Some(slots) = slots_per_replica.setting("slots_per_replica")? {
            model = model.slots_per_replica(slots)?;
            settings = settings.named("slots_per_replica", slots)?;
        }
        match start_delay {
            None => {}
            Some(OneOrEach::One(delay)) => {
                let delay = delay.setting("start_delay")?;
                model = model.start_delay(delay);
                settings = settings.named("start_delay", delay.as_secs_f64())?;
            }
            Some(OneOrEach::Each(delays)) => {
                let delays = delays.0.into_iter().map(|delay| delay.setting("start_delay"));
                let delays = delays.collect::<Result<Vec<_>>>()?;
                model = model.measured_start_delays(delays.iter().copied())?;
                let delays: Vec<f64> = delays.iter().map(Duration::as_secs_f64).collect();
                settings = settings.named("start_delay", delays)?;
            }
        }
        for (name, span, set) in [
            ("metric_lag", metric_lag, core::Model::metric_lag as fn(core::Model, Duration) -> core::Model),
            ("scrape_interval", scrape_interval, core::Model::scrape_interval),
            ("slo_wait", slo_wait, core::Model::slo_wait),
            ("short_lived", short_lived, core::Model::short_lived),
        ] {
            if let Some(span) = span.setting(name)? {
                model = set(model, span);
                settings = settings.named(name, span.as_secs_f64())?;
            }
        }
        if let Some(share) = missing_rate {
            model = model.missing_rate(share)?;
            settings = settings.named("missing_rate", share)?;
        }
        if let Some(outages) = outages {
            let pair = |(from, to): (Span, Span)| Ok((from.setting("outages")?, to.setting("outages")?));
            let spans = outages.0.into_iter().map(pair).collect::<Result<Vec<_>>>()?;
            let seconds: Vec<(f64, f64)> =
                spans.iter().map(|(from, to)| (from.as_secs_f64(), to.as_secs_f64())).collect();
            model = model.outages(spans)?;
            settings = settings.named("outages", seconds)?;
        }
        if let Some(share) = need_utilization {
            model = model.need_utilization(share)?;
            settings = settings.named("need_utilization", share)?;
        }
        if let Some(at) = start_at.setting("start_at")? {
            model = model.start_at(at);
            settings = settings.named("start_at", instant(at))?;
        }
        if let Some(seed) = seed {
            model = model.seed(seed);
            settings = settings.named("seed", seed)?;
        }
        Ok(Self { core: model, settings: settings.into_named().unbind() })
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| self.core == other.get().core)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Arguments::of(self.settings.bind(py).clone()).repr("Model")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        Arguments::of(self.settings.bind(py).copy()?).pickled()
    }
}

/// The result of one run: service, cost, elasticity and stability, with everything that it depends on in the header.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> trace = sp.Trace([400, 600, 0], step=10, work=sp.Work(per_request_ms=200))
/// >>> report = sp.simulate(trace, sp.fixed(20), sp.Model(min_replicas=1, max_replicas=40, initial=20))
/// >>> report.bins, report.cost["most_replicas"], report.service["violating_bins"]
/// (3, 20, 0)
#[pyclass(module = "setpoint", frozen, eq)]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Report(core::Report);

impl Report {
    fn json(&self) -> Result<String> {
        Ok(serde_json::to_string(&self.0)?)
    }
}

#[pymethods]
impl Report {
    /// The report that `to_json` wrote.
    ///
    /// Parameters
    /// ----------
    /// json : str
    ///     The JSON form of a report.
    ///
    /// Raises
    /// ------
    /// StateError
    ///     If the text is no report.
    #[staticmethod]
    fn from_json(json: &str) -> Result<Self> {
        Ok(Self(serde_json::from_str(json)?))
    }

    /// What the result depends on: two results with equal headers are equal.
    #[getter]
    fn header<'py>(&self, py: Python<'py>) -> PyResult<Typed<'py, DictOf<Anything>>> {
        to_python(py, &self.0.header).map(Typed::new)
    }

    /// Bins played.
    #[getter]
    fn bins(&self) -> u64 {
        self.0.bins
    }

    /// Bins that the trace does not know.
    #[getter]
    fn missing_bins(&self) -> u64 {
        self.0.missing_bins
    }

    /// Scrapes that yielded nothing, those of missing bins included.
    #[getter]
    fn missed_scrapes(&self) -> u64 {
        self.0.missed_scrapes
    }

    /// Requests.
    #[getter]
    fn requests(&self) -> f64 {
        self.0.requests
    }

    /// Work, in slot-milliseconds.
    #[getter]
    fn work_ms(&self) -> f64 {
        self.0.work_ms
    }

    /// How well requests were served: waits and overloads in milliseconds (``_ms``), violations in bins, requests and percent.
    #[getter]
    fn service<'py>(&self, py: Python<'py>) -> PyResult<Typed<'py, DictOf<Anything>>> {
        let fields = to_python(py, &self.0.service)?.cast_into::<PyDict>()?;
        for (name, value) in fields.copy()? {
            // A wait without an end is a word in text forms only.
            if value.eq("Infinity")? {
                fields.set_item(name, f64::INFINITY)?;
            }
        }
        Ok(Typed::new(fields))
    }

    /// What it cost: replica-hours, the fewest and the most replicas, the idle share (0 to 1).
    #[getter]
    fn cost<'py>(&self, py: Python<'py>) -> PyResult<Typed<'py, DictOf<Anything>>> {
        to_python(py, &self.0.cost).map(Typed::new)
    }

    /// How well supply followed demand.
    #[getter]
    fn elasticity<'py>(&self, py: Python<'py>) -> PyResult<Typed<'py, DictOf<Anything>>> {
        to_python(py, &self.0.elasticity).map(Typed::new)
    }

    /// How calm it was: counts of decisions that changed the fleet and of replicas.
    #[getter]
    fn stability<'py>(&self, py: Python<'py>) -> PyResult<Typed<'py, DictOf<Anything>>> {
        to_python(py, &self.0.stability).map(Typed::new)
    }

    /// The JSON form.
    fn to_json(&self) -> Result<String> {
        self.json()
    }

    /// The JSON form as Python objects.
    fn to_dict<'py>(&self, py: Python<'py>) -> Result<Typed<'py, DictOf<Anything>>> {
        Ok(Typed::new(py.import("json")?.call_method1("loads", (self.json()?,))?))
    }

    fn __repr__(&self, py: Python<'_>) -> Result<String> {
        let json = pyo3::types::PyString::new(py, &self.json()?).repr()?;
        Ok(format!("Report.from_json({json})"))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> Result<Typed<'py, Things>> {
        let from_json = pyo3::types::PyType::new::<Self>(py).getattr("from_json")?;
        Ok(Typed::new((from_json, (self.json()?,)).into_pyobject(py)?))
    }
}

/// Play a trace on a simulated platform with an autoscaler in charge. The interpreter is released meanwhile.
///
/// The autoscaler sees, per bin: `replicas` (ordered), the ready and the unready among them; samples "cpu" (busy share of the ready replicas'
/// slots, 0 to 1); the workload values "concurrency" (requests in progress), "rps" (requests per second) and "queue_length" (requests waiting).
///
/// Parameters
/// ----------
/// trace : Trace
///     What arrives.
/// scaler : Autoscaler
///     Who decides. It keeps what it remembers, before and after: to compare runs, give each its own copy.
/// model : Model
///     The platform.
///
/// Returns
/// -------
/// Report
///     What the run was worth.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> work = sp.Work(per_request_ms=200, per_prompt_token_ms=0.25, per_output_token_ms=20)
/// >>> model = sp.Model(min_replicas=1, max_replicas=40, initial=10, slots_per_replica=4, start_delay=60)
/// >>> sp.simulate(sp.Trace.day(work=work, seed=1), sp.fixed(10), model).cost["replica_hours"]
/// 240.0
#[pyfunction]
pub(crate) fn simulate(
    py: Python<'_>,
    trace: &Bound<'_, Trace>,
    scaler: &Bound<'_, Autoscaler>,
    model: &Bound<'_, Model>,
) -> Result<Report> {
    let (trace, model) = (&trace.get().core, &model.get().core);
    let report = scaler
        .try_borrow_mut()
        .map_err(PyErr::from)?
        .at_work(py, |scaler| core::run(trace, scaler, model))?;
    Ok(Report(report))
}

/// What a series shows of a bin.
type Of = fn(&Bin) -> f64;

/// As `simulate`, with the series of the run.
///
/// Parameters
/// ----------
/// trace : Trace
///     What arrives.
/// scaler : Autoscaler
///     Who decides. It keeps what it remembers, before and after.
/// model : Model
///     The platform.
///
/// Returns
/// -------
/// tuple of Report and dict of str to array
///     The report, and per bin: ``at`` (its end, seconds since the epoch), ``requests``, ``work_ms``, ``served_ms`` and ``backlog_ms``
///     (slot-milliseconds), ``wait_ms`` (milliseconds), ``ready``, ``ordered``, ``demand`` and ``decided`` (replicas), ``violated`` (0 or 1).
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> trace = sp.Trace([400, 600, 0], step=10, work=sp.Work(per_request_ms=200))
/// >>> model = sp.Model(min_replicas=1, max_replicas=40, initial=2, slots_per_replica=4)
/// >>> report, series = sp.simulate_series(trace, sp.fixed(2), model)
/// >>> series["wait_ms"]
/// array([   0., 5000.,    0.])
#[pyfunction]
pub(crate) fn simulate_series<'py>(
    py: Python<'py>,
    trace: &Bound<'py, Trace>,
    scaler: &Bound<'py, Autoscaler>,
    model: &Bound<'py, Model>,
) -> Result<(Report, Typed<'py, DictOf<Array>>)> {
    let (trace, model) = (&trace.get().core, &model.get().core);
    let mut bins: Vec<Bin> = Vec::with_capacity(trace.len());
    let report = scaler
        .try_borrow_mut()
        .map_err(PyErr::from)?
        .at_work(py, |scaler| core::run_watched(trace, scaler, model, |bin, _| bins.push(*bin)))?;
    let columns: [(&str, Of); 11] = [
        ("at", |bin| instant(bin.at)),
        ("requests", |bin| bin.requests),
        ("work_ms", |bin| bin.work_ms),
        ("served_ms", |bin| bin.served_ms),
        ("backlog_ms", |bin| bin.backlog_ms),
        ("wait_ms", |bin| bin.wait_ms),
        ("ready", |bin| f64::from(bin.ready)),
        ("ordered", |bin| f64::from(bin.ordered)),
        ("demand", |bin| f64::from(bin.demand)),
        ("decided", |bin| f64::from(bin.decided)),
        ("violated", |bin| f64::from(u8::from(bin.violated))),
    ];
    let dict = dict_of(py, columns.map(|(name, of)| (name, series(py, bins.iter().map(of)))))?;
    Ok((Report(report), Typed::new(dict)))
}
