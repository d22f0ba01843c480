//! A decision: how many replicas, why, and until when the answer can stand.

use crate::error::Result;
use crate::hint::{Anything, DictOf, Things, Typed};
use crate::quantity::instant;
use crate::reason::Reason;
use pyo3::prelude::*;
use pyo3::types::PyType;
use setpoint::Outcome;

/// How many replicas there should be, and why. Its text is the sentence.
///
/// Decisions are made by an `Autoscaler`; they compare, pickle, and become JSON and back.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> decision = sp.fixed(3).decide(sp.Snapshot(at=0, replicas=1))
/// >>> decision.replicas
/// 3
/// >>> print(decision)
/// 1 -> 3: fixed at 3
/// >>> decision.replay() == decision.replicas
/// True
#[pyclass(module = "setpoint", frozen)]
#[derive(Clone, Debug)]
pub(crate) struct Decision(pub(crate) setpoint::Decision);

impl Decision {
    fn json(&self) -> Result<String> {
        Ok(serde_json::to_string(&self.0)?)
    }
}

#[pymethods]
impl Decision {
    /// The decision that `to_json` wrote.
    ///
    /// Parameters
    /// ----------
    /// json : str
    ///     The JSON form of a decision.
    ///
    /// Raises
    /// ------
    /// StateError
    ///     If the text is no decision.
    #[staticmethod]
    fn from_json(json: &str) -> Result<Self> {
        Ok(Self(serde_json::from_str(json)?))
    }

    /// How many replicas there should be.
    #[getter]
    fn replicas(&self) -> u32 {
        self.0.replicas()
    }

    /// How many were asked for when the decision was made.
    #[getter(from_replicas)]
    fn before(&self) -> u32 {
        self.0.from()
    }

    /// Whether the count changes.
    #[getter]
    fn changes(&self) -> bool {
        self.0.changes()
    }

    /// How it came about: "decided", "held" (no opinion could be acted on), "settled" (by one recommender alone) or "skipped".
    #[getter]
    fn outcome(&self) -> &'static str {
        match self.0.outcome() {
            Outcome::Decided => "decided",
            Outcome::Held => "held",
            Outcome::Settled => "settled",
            Outcome::Skipped => "skipped",
        }
    }

    /// When the decision was made, in seconds since the epoch.
    #[getter]
    fn at(&self) -> f64 {
        instant(self.0.at())
    }

    /// The earliest time, in seconds since the epoch, at which the answer could differ although no metric does; None where only new
    /// metrics can change it. Never later than that, possibly earlier; right after a change the time of the decision itself.
    #[getter]
    fn next_change_at(&self) -> Option<f64> {
        self.0.next_change_at().map(instant)
    }

    /// All reasons, in the order in which they acted. They are made when they are asked for.
    #[getter]
    fn reasons(&self) -> Vec<Reason> {
        Reason::all(&self.0)
    }

    /// The stage that bound the count: the last restraint that moved it, else the recommender whose opinion was taken.
    #[getter]
    fn binding(&self) -> Option<&str> {
        self.0.binding().and_then(|i| self.0.stages().get(i)).map(|stage| stage.name.as_str())
    }

    /// The names of the stages: recommenders first, then restraints.
    #[getter]
    fn stages(&self) -> Vec<&str> {
        self.0.stages().iter().map(|stage| stage.name.as_str()).collect()
    }

    /// The JSON form: every field by its name, times in milliseconds.
    fn to_json(&self) -> Result<String> {
        self.json()
    }

    /// The JSON form as Python objects: times in milliseconds.
    fn to_dict<'py>(&self, py: Python<'py>) -> Result<Typed<'py, DictOf<Anything>>> {
        Ok(Typed::new(py.import("json")?.call_method1("loads", (self.json()?,))?))
    }

    /// The count again, from the reasons alone; None if they do not lead to one.
    fn replay(&self) -> Option<u32> {
        self.0.replay()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| self.0 == other.get().0)
    }

    fn __hash__(&self) -> isize {
        let (at, from, to) =
            (self.0.at().as_millis(), i64::from(self.0.from()), i64::from(self.0.replicas()));
        (at ^ (from << 20) ^ (to << 40)) as isize
    }

    fn __repr__(&self, py: Python<'_>) -> Result<String> {
        let json = pyo3::types::PyString::new(py, &self.json()?).repr()?;
        Ok(format!("Decision.from_json({json})"))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> Result<Typed<'py, Things>> {
        let from_json = PyType::new::<Self>(py).getattr("from_json")?;
        Ok(Typed::new((from_json, (self.json()?,)).into_pyobject(py)?))
    }
}
