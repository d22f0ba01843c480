//! One instance of the workload.

use crate::arguments::{Arguments, Pickled};
use crate::error::Result;
use crate::quantity::{Count, Instant, Optional, instant};
use pyo3::prelude::*;
use setpoint::{Phase, Readiness, SnapshotError};

/// What is known of one instance (a pod, a process, a machine).
///
/// Parameters
/// ----------
/// phase : str, default "running"
///     "pending", "running", "succeeded", "failed" or "unknown".
/// readiness : str, default "ready"
///     "ready", "not_ready", "unknown" (it reports one, but not which) or "absent" (it reports none).
/// leaving : bool, default False
///     Whether it has been told to go.
/// started_at : float, int or datetime, optional
///     When it was started, in seconds since the epoch or as an aware datetime.
/// readiness_changed_at : float, int or datetime, optional
///     When its readiness last changed, in seconds since the epoch or as an aware datetime.
/// restarts : int, default 0
///     How often any part of it was restarted.
///
/// Raises
/// ------
/// SnapshotError
///     If a text is none of those listed or a number is out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.Instance(started_at=100).serves
/// True
/// >>> sp.Instance(phase="pending", readiness="absent")
/// Instance(phase='pending', readiness='absent')
#[pyclass(module = "setpoint", frozen, eq, hash)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Instance(pub(crate) setpoint::Instance);

const PHASES: [(&str, Phase); 5] = [
    ("pending", Phase::Pending),
    ("running", Phase::Running),
    ("succeeded", Phase::Succeeded),
    ("failed", Phase::Failed),
    ("unknown", Phase::Unknown),
];

const READINESS: [(&str, Readiness); 4] = [
    ("ready", Readiness::Ready),
    ("not_ready", Readiness::NotReady),
    ("unknown", Readiness::Unknown),
    ("absent", Readiness::Absent),
];

fn named<T: Copy>(table: &[(&str, T)], text: &str) -> Option<T> {
    table.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
}

fn name_of<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> &'static str {
    table.iter().find(|(_, known)| known == value).map_or("unknown", |(name, _)| *name)
}

impl Instance {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        Arguments::new(py)
            .unless("phase", self.phase(), &"running")?
            .unless("readiness", self.readiness(), &"ready")?
            .unless("leaving", self.leaving(), &false)?
            .given("started_at", self.started_at())?
            .given("readiness_changed_at", self.readiness_changed_at())?
            .unless("restarts", self.restarts(), &0)
    }
}

#[pymethods]
impl Instance {
    #[new]
    #[pyo3(signature = (*, phase="running", readiness="ready", leaving=false, started_at=None, readiness_changed_at=None, restarts=None))]
    fn new(
        phase: &str,
        readiness: &str,
        leaving: bool,
        started_at: Option<Instant>,
        readiness_changed_at: Option<Instant>,
        restarts: Option<Count>,
    ) -> Result<Self> {
        let range = |field, value: &str, allowed| SnapshotError::Range {
            field,
            value: format!("{value:?}"),
            allowed,
        };
        Ok(Self(setpoint::Instance {
            phase: named(&PHASES, phase)
                .ok_or_else(|| range("phase", phase, "pending, running, succeeded, failed or unknown"))?,
            readiness: named(&READINESS, readiness)
                .ok_or_else(|| range("readiness", readiness, "ready, not_ready, unknown or absent"))?,
            leaving,
            started_at: started_at.fact("started_at")?,
            readiness_changed_at: readiness_changed_at.fact("readiness_changed_at")?,
            restarts: restarts.fact("restarts")?.unwrap_or_default(),
        }))
    }

    /// Where it is in its life.
    #[getter]
    fn phase(&self) -> &'static str {
        name_of(&PHASES, &self.0.phase)
    }

    /// Whether it says that it can serve.
    #[getter]
    fn readiness(&self) -> &'static str {
        name_of(&READINESS, &self.0.readiness)
    }

    /// Whether it has been told to go.
    #[getter]
    fn leaving(&self) -> bool {
        self.0.leaving
    }

    /// When it was started, in seconds since the epoch.
    #[getter]
    fn started_at(&self) -> Option<f64> {
        self.0.started_at.map(instant)
    }

    /// When its readiness last changed, in seconds since the epoch.
    #[getter]
    fn readiness_changed_at(&self) -> Option<f64> {
        self.0.readiness_changed_at.map(instant)
    }

    /// How often any part of it was restarted.
    #[getter]
    fn restarts(&self) -> u32 {
        self.0.restarts
    }

    /// Whether it runs, says that it is ready, and stays.
    #[getter]
    fn serves(&self) -> bool {
        self.0.serves()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("Instance")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}
