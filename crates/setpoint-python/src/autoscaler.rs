//! The autoscaler: a core autoscaler and the call that builds it anew.

use crate::arguments::Arguments;
use crate::by_name::Many;
use crate::decision::Decision;
use crate::error::Result;
use crate::hint::{Raised, Things, Typed};
use crate::quantity::Instant;
use crate::scope;
use crate::snapshot::Snapshot;
use pyo3::exceptions::{PyBaseException, PyException};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use setpoint::ConfigError;
use setpoint::state::Value;

/// Recommenders, a combiner and restraints, with everything that they remember.
///
/// Made by `fixed`, `compose` and the functions named after the systems whose rules they follow. `decide` assumes that the caller carries
/// the decision out; `propose`, then `applied` or `rejected`, is for callers whose writes can fail; `peek` remembers nothing. Two
/// autoscalers are equal if they are made of the same stages with equal settings and equal memory. One autoscaler is used by one thread at
/// a time; threads may each use their own.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> scaler = sp.fixed(3)
/// >>> scaler.decide(sp.Snapshot(at=0, replicas=1)).replicas
/// 3
/// >>> restored = sp.fixed(3)
/// >>> restored.restore(scaler.save())
/// >>> restored == scaler
/// True
#[pyclass(module = "setpoint")]
pub(crate) struct Autoscaler {
    core: setpoint::Autoscaler,
    factory: &'static str,
    settings: Py<PyDict>,
    own_stages: bool,
    last_error: Option<Py<PyBaseException>>,
}

impl Autoscaler {
    /// What the function `factory` made of `settings`.
    pub(crate) fn made_by(
        factory: &'static str,
        settings: Arguments<'_>,
        core: setpoint::Autoscaler,
        own_stages: bool,
    ) -> Self {
        Self { core, factory, settings: settings.into_named().unbind(), own_stages, last_error: None }
    }

    /// Runs `call` with the snapshot at hand for the caller's own stages, and keeps what they raise.
    fn asked<R>(
        &mut self,
        snapshot: &Bound<'_, Snapshot>,
        call: impl FnOnce(&mut setpoint::Autoscaler, &setpoint::Snapshot<'_>) -> R,
    ) -> PyResult<R> {
        let facts = &snapshot.get().0;
        if !self.own_stages {
            return Ok(call(&mut self.core, facts));
        }
        let core = &mut self.core;
        let (answer, raised) = scope::run(Some(snapshot.clone().unbind()), || call(core, facts));
        self.keep(snapshot.py(), raised)?;
        Ok(answer)
    }

    /// Runs long work with the interpreter released, and keeps what the caller's own stages raise.
    pub(crate) fn at_work<R: Send>(
        &mut self,
        py: Python<'_>,
        work: impl FnOnce(&mut setpoint::Autoscaler) -> R + Send,
    ) -> PyResult<R> {
        let core = &mut self.core;
        let (answer, raised) = py.detach(|| scope::run(None, || work(core)));
        self.keep(py, raised)?;
        Ok(answer)
    }

    fn keep(&mut self, py: Python<'_>, raised: Option<PyErr>) -> PyResult<()> {
        self.last_error = raised.as_ref().map(|e| e.value(py).clone().unbind());
        match raised {
            Some(e) if !e.is_instance_of::<PyException>(py) => Err(e),
            _ => Ok(()),
        }
    }

    fn saved(&self) -> Result<String> {
        Ok(serde_json::to_string(&self.core.save()?)?)
    }

    fn copied(&self, py: Python<'_>) -> Result<Self> {
        let (core, raised) = scope::run(None, || self.core.clone());
        match raised {
            Some(e) => Err(e.into()),
            None => Ok(Self {
                core,
                factory: self.factory,
                settings: self.settings.clone_ref(py),
                own_stages: self.own_stages,
                last_error: None,
            }),
        }
    }

    fn stage_name(&self, i: usize) -> String {
        self.core.stages().get(i).map_or_else(String::new, |stage| stage.name.clone())
    }
}

#[pymethods]
impl Autoscaler {
    /// Take the snapshot in, decide, and remember the decision as carried out.
    ///
    /// Parameters
    /// ----------
    /// snapshot : Snapshot
    ///     The facts. A time before the newest seen is read as that.
    ///
    /// Returns
    /// -------
    /// Decision
    ///     How many replicas there should be, and why.
    fn decide(&mut self, snapshot: &Bound<'_, Snapshot>) -> PyResult<Decision> {
        self.asked(snapshot, setpoint::Autoscaler::decide).map(Decision)
    }

    /// Decide without remembering anything: what `decide` would answer.
    ///
    /// Parameters
    /// ----------
    /// snapshot : Snapshot
    ///     The facts.
    ///
    /// Returns
    /// -------
    /// Decision
    ///     How many replicas there should be, and why.
    fn peek(&mut self, snapshot: &Bound<'_, Snapshot>) -> PyResult<Decision> {
        self.asked(snapshot, |core, facts| core.peek(facts)).map(Decision)
    }

    /// Decide and remember the opinions, but not that the count was changed.
    ///
    /// Say `applied` when it was, or `rejected`. Another decision in between counts as a rejection.
    ///
    /// Parameters
    /// ----------
    /// snapshot : Snapshot
    ///     The facts.
    ///
    /// Returns
    /// -------
    /// Decision
    ///     How many replicas there should be, and why.
    fn propose(&mut self, snapshot: &Bound<'_, Snapshot>) -> PyResult<Decision> {
        self.asked(snapshot, setpoint::Autoscaler::propose).map(Decision)
    }

    /// The last proposal was carried out. Without a pending proposal this does nothing.
    fn applied(&mut self, py: Python<'_>) -> PyResult<()> {
        let core = &mut self.core;
        let ((), raised) = scope::run(None, || core.applied());
        self.keep(py, raised)
    }

    /// The last proposal was not carried out.
    fn rejected(&mut self) {
        self.core.rejected();
    }

    /// Take a snapshot in without deciding, for readings that come more often than decisions.
    ///
    /// Parameters
    /// ----------
    /// snapshot : Snapshot
    ///     The facts.
    fn observe(&mut self, snapshot: &Bound<'_, Snapshot>) -> PyResult<()> {
        self.asked(snapshot, setpoint::Autoscaler::observe)
    }

    /// The counts that would be decided without each of the stages. Ask before the decision: afterwards the memory already holds it.
    ///
    /// Parameters
    /// ----------
    /// snapshot : Snapshot
    ///     The facts.
    ///
    /// Returns
    /// -------
    /// list of tuple of str and int
    ///     Per stage its name and the count in replicas without it. Nothing is remembered.
    fn counterfactuals(&mut self, snapshot: &Bound<'_, Snapshot>) -> PyResult<Vec<(String, u32)>> {
        let all = self.asked(snapshot, |core, facts| core.counterfactuals(facts))?;
        Ok(all.into_iter().map(|without| (self.stage_name(without.stage), without.replicas)).collect())
    }

    /// Everything that is remembered, as JSON. Every double comes back equal.
    ///
    /// Returns
    /// -------
    /// str
    ///     The memory, not the settings: build the same autoscaler, then `restore`.
    ///
    /// Raises
    /// ------
    /// StateError
    ///     If an object of the caller's own cannot be saved.
    fn save(&self) -> Result<String> {
        self.saved()
    }

    /// Take back what `save` gave, into an autoscaler with the same stages.
    ///
    /// Parameters
    /// ----------
    /// json : str
    ///     The saved memory.
    ///
    /// Raises
    /// ------
    /// StateError
    ///     If it is no saved memory, of another format, or of other stages. The autoscaler keeps the memory it had.
    fn restore(&mut self, json: &str) -> Result<()> {
        let saved: Value = serde_json::from_str(json)?;
        let core = &mut self.core;
        Ok(scope::run(None, || core.restore(&saved)).0?)
    }

    /// Go on with the settings of another autoscaler and as much of this one's memory as its stages can use.
    ///
    /// A stage takes over from the stage of the same name and metrics. A pending proposal is dropped.
    ///
    /// Parameters
    /// ----------
    /// next : Autoscaler
    ///     A freshly built autoscaler with the new settings. It is copied.
    /// at : float, int or datetime
    ///     When the change happens: seconds since the epoch or an aware datetime.
    ///
    /// Returns
    /// -------
    /// list of str
    ///     The stages that start afresh.
    ///
    /// Raises
    /// ------
    /// StateError
    ///     If an object of the caller's own cannot be saved; nothing changes then.
    #[pyo3(signature = (next, *, at))]
    fn reconfigure(&mut self, py: Python<'_>, next: PyRef<'_, Self>, at: Instant) -> Result<Vec<String>> {
        let at = at.setting("at")?;
        let Self { core, factory, settings, own_stages, .. } = next.copied(py)?;
        let old = &mut self.core;
        let afresh = scope::run(None, || old.reconfigure(core, at)).0?;
        (self.factory, self.settings, self.own_stages) = (factory, settings, own_stages);
        Ok(afresh.into_iter().map(|i| self.stage_name(i)).collect())
    }

    /// The names of the stages: recommenders first, then restraints.
    #[getter]
    fn stages(&self) -> Vec<&str> {
        self.core.stages().iter().map(|stage| stage.name.as_str()).collect()
    }

    /// The exception that an object of the caller's own raised in the last call that asked it, or None.
    #[getter]
    fn last_error<'py>(&self, py: Python<'py>) -> Typed<'py, Raised> {
        let none = || py.None().into_bound(py);
        Typed::new(self.last_error.as_ref().map_or_else(none, |e| e.bind(py).clone().into_any()))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.try_borrow().is_ok_and(|other| self.core == other.core))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Arguments::of(self.settings.bind(py).clone()).repr(self.factory)
    }

    fn __copy__(&self, py: Python<'_>) -> Result<Self> {
        self.copied(py)
    }

    #[pyo3(signature = (_memo, /))]
    fn __deepcopy__(&self, py: Python<'_>, _memo: &Bound<'_, PyAny>) -> Result<Self> {
        self.copied(py)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> Result<Typed<'py, Things>> {
        let rebuild = py.import("setpoint._setpoint")?.getattr("_rebuild")?;
        let settings = (self.factory, self.settings.clone_ref(py), self.saved()?);
        Ok(Typed::new((rebuild, settings).into_pyobject(py)?))
    }
}

/// Build a pickled autoscaler again.
#[pyfunction]
#[pyo3(name = "_rebuild", signature = (factory, settings: "dict[str, object]", saved, /))]
pub(crate) fn rebuild<'py>(
    py: Python<'py>,
    factory: &str,
    settings: &Bound<'py, PyDict>,
    saved: &str,
) -> Result<Bound<'py, Autoscaler>> {
    let made = py.import("setpoint._setpoint")?.getattr(factory)?.call((), Some(settings))?;
    let made = made.cast_into::<Autoscaler>().map_err(PyErr::from)?;
    made.borrow_mut().restore(saved)?;
    Ok(made)
}

/// Decide for many workloads, each with its own autoscaler and snapshot. The interpreter is released meanwhile.
///
/// Parameters
/// ----------
/// scalers : sequence of Autoscaler
///     The autoscalers, each of them once.
/// snapshots : sequence of Snapshot
///     One per autoscaler.
///
/// Returns
/// -------
/// list of Decision
///     One per autoscaler.
///
/// Raises
/// ------
/// ConfigError
///     If there is not one snapshot per autoscaler, or an autoscaler occurs twice; nothing is decided then.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> scalers = [sp.fixed(1), sp.fixed(2)]
/// >>> [d.replicas for d in sp.decide_many(scalers, [sp.Snapshot(at=0), sp.Snapshot(at=0)])]
/// [1, 2]
#[pyfunction]
pub(crate) fn decide_many<'py>(
    py: Python<'py>,
    scalers: Many<Bound<'py, Autoscaler>>,
    snapshots: Many<Bound<'py, Snapshot>>,
) -> Result<Vec<Decision>> {
    let (scalers, snapshots) = (scalers.0, snapshots.0);
    if scalers.len() != snapshots.len() {
        let allowed = format!("one per autoscaler ({})", scalers.len());
        return Err(ConfigError::new("snapshots", snapshots.len(), allowed).into());
    }
    let mut held = Vec::with_capacity(scalers.len());
    for scaler in &scalers {
        let busy =
            |_| ConfigError::new("scalers", "an autoscaler in use", "autoscalers that each occur once");
        held.push(scaler.try_borrow_mut().map_err(busy)?);
    }
    let facts: Vec<&Snapshot> = snapshots.iter().map(Bound::get).collect();
    let mut cores: Vec<&mut setpoint::Autoscaler> = held.iter_mut().map(|scaler| &mut scaler.core).collect();
    let decided = py.detach(|| {
        let one = |(core, facts): (&mut &mut setpoint::Autoscaler, &&Snapshot)| {
            scope::run(None, || core.decide(&facts.0))
        };
        cores.iter_mut().zip(&facts).map(one).collect::<Vec<_>>()
    });
    let mut decisions = Vec::with_capacity(decided.len());
    let mut escaped = Ok(());
    for (scaler, (decision, raised)) in held.iter_mut().zip(decided) {
        let kept = scaler.keep(py, raised);
        escaped = escaped.and(kept);
        decisions.push(Decision(decision));
    }
    escaped?;
    Ok(decisions)
}
