//! Why a count is what it is, as data.

use crate::arguments::{Arguments, Pickled};
use crate::by_name::Many;
use crate::error::Result;
use crate::hint::{Anything, DictOf, Typed};
use crate::to_python::to_python;
use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use setpoint::reason::StageLabel;
use setpoint::{Decision, MetricName};

/// One typed reason: which rule held, with its numbers. Its text is the sentence.
///
/// The numbers are in `data` and can be read as attributes. Instants are seconds since the epoch, fields that end in ``_ms`` are
/// milliseconds; counts and metric values are in their own units. ``metric`` is the metric's name.
///
/// Parameters
/// ----------
/// json : str
///     The JSON form of the reason, as in a decision's.
/// stage : str, optional
///     The name of the stage that gave it; None for the pipeline itself.
/// metrics : sequence of str, optional
///     The metrics of that stage.
///
/// Raises
/// ------
/// StateError
///     If the text is no reason.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> decision = sp.fixed(3).decide(sp.Snapshot(at=0, replicas=1))
/// >>> reason = decision.reasons[0]
/// >>> reason.kind, reason.stage, reason.count, str(reason)
/// ('fixed', 'fixed', 3, 'fixed at 3')
#[pyclass(module = "setpoint", frozen)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    reason: setpoint::reason::Reason,
    stage: Option<StageLabel>,
}

impl Reason {
    /// The reasons of a decision, in order.
    pub(crate) fn all(decision: &Decision) -> Vec<Self> {
        let label = |stage: Option<u16>| stage.and_then(|i| decision.stages().get(usize::from(i))).cloned();
        decision.reasons().iter().map(|e| Self { reason: e.reason, stage: label(e.stage) }).collect()
    }

    fn arguments<'py>(&self, py: Python<'py>) -> Result<Arguments<'py>> {
        let json = serde_json::to_string(&self.reason)?;
        let mut arguments = Arguments::new(py).positional(json)?.given("stage", self.stage())?;
        if !self.metrics().is_empty() {
            arguments = arguments.named("metrics", self.metrics())?;
        }
        Ok(arguments)
    }
}

#[pymethods]
impl Reason {
    #[new]
    #[pyo3(signature = (json, *, stage=None, metrics=None))]
    fn new(json: &str, stage: Option<String>, metrics: Option<Many<String>>) -> Result<Self> {
        let metrics = metrics
            .map_or_else(Vec::new, |names| names.0)
            .into_iter()
            .map(MetricName::new)
            .collect::<Result<Vec<_>, _>>()?;
        let stage = stage.map(|name| StageLabel { name, metrics });
        Ok(Self { reason: serde_json::from_str(json)?, stage })
    }

    /// Which kind of reason it is.
    #[getter]
    fn kind(&self, py: Python<'_>) -> PyResult<String> {
        to_python(py, &self.reason)?.get_item("kind")?.extract()
    }

    /// The name of the stage that gave it; None for the pipeline itself.
    #[getter]
    fn stage(&self) -> Option<&str> {
        self.stage.as_ref().map(|stage| stage.name.as_str())
    }

    /// The metrics of that stage.
    #[getter]
    fn metrics(&self) -> Vec<&str> {
        self.stage.iter().flat_map(|stage| &stage.metrics).map(MetricName::as_str).collect()
    }

    /// All fields but the kind. Instants are seconds since the epoch.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> PyResult<Typed<'py, DictOf<Anything>>> {
        let fields = to_python(py, &self.reason)?;
        fields.del_item("kind")?;
        if let Some(stage) = &self.stage
            && let Ok(place) = fields.get_item("metric").and_then(|m| m.extract::<u16>())
        {
            fields.set_item("metric", stage.metric(place))?;
        }
        Ok(Typed::new(fields))
    }

    fn __getattr__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Typed<'py, Anything>> {
        let fields = self.data(py)?.into_inner().cast_into::<PyDict>()?;
        let value = fields.get_item(name)?;
        value.map(Typed::new).ok_or_else(|| PyAttributeError::new_err(format!("this reason has no {name}")))
    }

    fn __str__(&self) -> String {
        let pipeline = StageLabel { name: "pipeline".to_owned(), metrics: Vec::new() };
        self.reason.sentence(self.stage.as_ref().unwrap_or(&pipeline))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| self == other.get())
    }

    fn __hash__(&self, py: Python<'_>) -> Result<isize> {
        Ok(pyo3::types::PyString::new(py, &serde_json::to_string(&self.reason)?).hash()?)
    }

    fn __repr__(&self, py: Python<'_>) -> Result<String> {
        Ok(self.arguments(py)?.repr("Reason")?)
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> Result<Pickled<'py>> {
        Ok(self.arguments(py)?.pickled()?)
    }
}
