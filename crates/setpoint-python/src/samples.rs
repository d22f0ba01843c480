//! Samples of one metric, with when and over which window each was measured, and values of the whole workload.

use crate::arguments::{Arguments, Pickled};
use crate::by_name::{Many, OneOrEach};
use crate::column::{Shown, Values, literal, same};
use crate::error::Result;
use crate::hint::{MaybeSeconds, Seconds, Typed};
use crate::quantity::{Instant, Span, instant};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyList;
use setpoint::snapshot::PerInstance;
use setpoint::{Column, Timestamp};
use std::time::Duration;

/// The samples of one metric: a value per instance, with when and over which window each was measured.
///
/// Parameters
/// ----------
/// values : float, array or sequence
///     One value that all instances share, or one value each, in the metric's own unit. ``None``, NaN and infinities are
///     missing samples.
/// taken_at : float, int, datetime or a sequence of them, optional
///     When the samples were taken, in seconds since the epoch or as aware datetimes: one instant for all, or one each.
///     The time of the snapshot where it is left out.
/// window : float, int, timedelta or a sequence of them, default 0
///     The span in seconds before that over which they were measured: one for all, or one each.
/// foreign_milli : sequence of int, optional
///     Samples, in thousandths of the metric's own unit, of instances that are not in the snapshot.
///
/// Raises
/// ------
/// SnapshotError
///     If a time or a window is out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.Samples([0.5, None], window=60).values
/// array([0.5, nan])
#[pyclass(module = "setpoint", frozen)]
#[derive(Clone, Debug)]
pub(crate) struct Samples(pub(crate) setpoint::Samples<'static>);

impl OneOrEach<Instant> {
    fn facts(self, field: &'static str) -> Result<PerInstance<'static, Timestamp>> {
        Ok(match self {
            Self::One(at) => at.fact(field)?.into(),
            Self::Each(list) => {
                list.0.into_iter().map(|at| at.fact(field)).collect::<Result<Vec<_>>>()?.into()
            }
        })
    }
}

impl OneOrEach<Span> {
    fn facts(self, field: &'static str) -> Result<PerInstance<'static, Duration>> {
        Ok(match self {
            Self::One(span) => span.fact(field)?.into(),
            Self::Each(list) => {
                list.0.into_iter().map(|span| span.fact(field)).collect::<Result<Vec<_>>>()?.into()
            }
        })
    }
}

fn shown<'py, T: Copy>(
    py: Python<'py>,
    column: &PerInstance<'_, T>,
    seconds: fn(T) -> f64,
) -> PyResult<Bound<'py, PyAny>> {
    match column {
        PerInstance::Same(value) => seconds(*value).into_bound_py_any(py),
        PerInstance::Each(values) => Ok(PyList::new(py, values.iter().map(|v| seconds(*v)))?.into_any()),
    }
}

impl Samples {
    /// The samples with nothing but values.
    fn plain(&self) -> bool {
        self.0.times().is_none()
            && *self.0.windows() == PerInstance::Same(Duration::ZERO)
            && self.0.foreign_milli().is_empty()
    }

    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        let mut arguments = Arguments::new(py).positional(literal(py, self.0.values())?)?;
        if let Some(times) = self.0.times() {
            arguments = arguments.named("taken_at", shown(py, times, instant)?)?;
        }
        if *self.0.windows() != PerInstance::Same(Duration::ZERO) {
            arguments = arguments.named("window", shown(py, self.0.windows(), |w| w.as_secs_f64())?)?;
        }
        if !self.0.foreign_milli().is_empty() {
            arguments = arguments.named("foreign_milli", self.0.foreign_milli())?;
        }
        Ok(arguments)
    }

    /// The samples as an argument of a snapshot: bare values where that says it all.
    pub(crate) fn literal<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if self.plain() { literal(py, self.0.values()) } else { self.clone().into_bound_py_any(py) }
    }
}

#[pymethods]
impl Samples {
    #[new]
    #[pyo3(signature = (values, *, taken_at=None, window=None, foreign_milli=None))]
    fn new(
        values: Values,
        taken_at: Option<OneOrEach<Instant>>,
        window: Option<OneOrEach<Span>>,
        foreign_milli: Option<Many<i64>>,
    ) -> Result<Self> {
        let mut samples = setpoint::Samples::new("", values.0)
            .foreign(foreign_milli.map_or_else(Vec::new, |samples| samples.0));
        if let Some(at) = taken_at {
            samples = samples.taken_at(at.facts("taken_at")?);
        }
        if let Some(window) = window {
            samples = samples.window(window.facts("window")?);
        }
        Ok(Self(samples))
    }

    /// The values in the metric's own unit: one for all instances, or an array with one each, NaN where missing.
    #[getter]
    fn values(&self) -> Shown<'_> {
        Shown(self.0.values())
    }

    /// When the samples were taken, in seconds since the epoch: one instant, a list, or None for the time of the snapshot.
    #[getter]
    fn taken_at<'py>(&self, py: Python<'py>) -> PyResult<Typed<'py, MaybeSeconds>> {
        let none = || Ok(py.None().into_bound(py));
        self.0.times().map_or_else(none, |times| shown(py, times, instant)).map(Typed::new)
    }

    /// The spans before that over which they were measured, in seconds: one for all, or a list.
    #[getter]
    fn window<'py>(&self, py: Python<'py>) -> PyResult<Typed<'py, Seconds>> {
        shown(py, self.0.windows(), |w| w.as_secs_f64()).map(Typed::new)
    }

    /// Samples of instances that are not in the snapshot, in thousandths of the metric's own unit.
    #[getter]
    fn foreign_milli(&self) -> Vec<i64> {
        self.0.foreign_milli().to_vec()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| same_samples(&self.0, &other.get().0))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("Samples")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}

/// Whether two columns of samples say the same, their names apart.
pub(crate) fn same_samples(a: &setpoint::Samples<'_>, b: &setpoint::Samples<'_>) -> bool {
    same(a.values(), b.values())
        && a.times() == b.times()
        && a.windows() == b.windows()
        && a.foreign_milli() == b.foreign_milli()
}

/// Samples as an argument: bare values, or `Samples`.
#[derive(FromPyObject)]
pub(crate) enum AnySamples<'py> {
    Full(Bound<'py, Samples>),
    Bare(Values),
}

impl AnySamples<'_> {
    pub(crate) fn named(self, name: String) -> setpoint::Samples<'static> {
        match self {
            Self::Full(samples) => renamed(&samples.get().0, name),
            Self::Bare(values) => setpoint::Samples::new(name, values.0),
        }
    }
}

/// The same samples under another name.
pub(crate) fn renamed(samples: &setpoint::Samples<'_>, name: String) -> setpoint::Samples<'static> {
    let mut copy = setpoint::Samples::new(name, samples.values().clone().into_owned())
        .window(owned(samples.windows()))
        .foreign(samples.foreign_milli().to_vec());
    if let Some(times) = samples.times() {
        copy = copy.taken_at(owned(times));
    }
    copy
}

fn owned<T: Copy>(column: &PerInstance<'_, T>) -> PerInstance<'static, T> {
    match column {
        PerInstance::Same(value) => PerInstance::Same(*value),
        PerInstance::Each(values) => PerInstance::Each(values.to_vec().into()),
    }
}

/// A value of the whole workload with the span over which it is an average.
///
/// Parameters
/// ----------
/// values : float, array or sequence
///     One number, or several samples that are added up in order, in the metric's own unit. ``None``, NaN and infinities are
///     missing.
/// window : float, int or timedelta, default 0
///     The span in seconds before the snapshot over which the value is an average; 0 for an instantaneous value.
///
/// Raises
/// ------
/// SnapshotError
///     If the window is out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.WorkloadValue([10, 20.5]).total
/// 30.5
#[pyclass(module = "setpoint", frozen)]
#[derive(Clone, Debug)]
pub(crate) struct WorkloadValue(pub(crate) setpoint::WorkloadValue<'static>);

impl WorkloadValue {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        Arguments::new(py).positional(literal(py, self.0.values())?)?.unless("window", self.window(), &0.0)
    }

    /// The value as an argument of a snapshot: bare where that says it all.
    pub(crate) fn literal<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if self.0.span().is_zero() {
            literal(py, self.0.values())
        } else {
            self.clone().into_bound_py_any(py)
        }
    }
}

#[pymethods]
impl WorkloadValue {
    #[new]
    #[pyo3(signature = (values, *, window=None))]
    fn new(values: Values, window: Option<Span>) -> Result<Self> {
        let value = setpoint::WorkloadValue::new("", values.0);
        let window = window.map_or(Ok(Duration::ZERO), |window| window.fact("window"))?;
        Ok(Self(value.window(window)))
    }

    /// The number, or an array of the samples that are added up, NaN where missing.
    #[getter]
    fn values(&self) -> Shown<'_> {
        Shown(self.0.values())
    }

    /// The span before the snapshot over which the value is an average, in seconds.
    #[getter]
    fn window(&self) -> f64 {
        self.0.span().as_secs_f64()
    }

    /// The sum of the samples in order; None where there are none, or one of them is missing.
    #[getter]
    fn total(&self) -> Option<f64> {
        self.0.total()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| same_value(&self.0, &other.get().0))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("WorkloadValue")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}

/// Whether two values say the same, their names apart.
pub(crate) fn same_value(a: &setpoint::WorkloadValue<'_>, b: &setpoint::WorkloadValue<'_>) -> bool {
    same(a.values(), b.values()) && a.span() == b.span()
}

/// A workload value as an argument: bare values, or `WorkloadValue`.
#[derive(FromPyObject)]
pub(crate) enum AnyValue<'py> {
    Full(Bound<'py, WorkloadValue>),
    Bare(Values),
}

impl AnyValue<'_> {
    pub(crate) fn named(self, name: String) -> setpoint::WorkloadValue<'static> {
        match self {
            Self::Full(value) => renamed_value(&value.get().0, name),
            Self::Bare(values) => setpoint::WorkloadValue::new(name, values.0),
        }
    }
}

/// The same value under another name.
pub(crate) fn renamed_value(
    value: &setpoint::WorkloadValue<'_>,
    name: String,
) -> setpoint::WorkloadValue<'static> {
    let values: Column<'static> = value.values().clone().into_owned();
    setpoint::WorkloadValue::new(name, values).window(value.span())
}
