//! A Python object as a stage. What it raises becomes a failed opinion (or, of a restraint, the present count) and never
//! escapes a decision; what it remembers goes through `__getstate__` and `__setstate__`; copies are made by `copy.deepcopy`.

use crate::error::Result;
use crate::quantity::{Optional, instant};
use crate::snapshot::Snapshot;
use crate::{memory, scope};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use setpoint::reason::{Failure, Label, Reason, Reasons};
use setpoint::stage::Turn;
use setpoint::state::{StateReader, StateWriter, Value};
use setpoint::{Context, MetricName, Opinion, Recommend, Restrain, Stage, StateError, Timestamp};

/// What the object offers besides its main method.
#[derive(Clone, Copy, Debug)]
struct Hooks {
    observe: bool,
    decided: bool,
    applied: bool,
    next_change_at: bool,
    guards_held: bool,
}

/// A Python object behind the traits of the core.
#[derive(Debug)]
pub(crate) struct OwnStage {
    /// The object, or the name of what was raised when it was to be copied.
    object: Result<Py<PyAny>, Label>,
    name: String,
    metrics: Vec<MetricName>,
    hooks: Hooks,
}

impl OwnStage {
    /// The object as a stage with the main method `method`.
    pub(crate) fn new(object: &Bound<'_, PyAny>, method: &str) -> Result<Self> {
        if !object.getattr(method).is_ok_and(|m| m.is_callable()) {
            let class = object.get_type().name()?;
            let text = format!("a {class} is no stage: it has no method {method}");
            return Err(PyTypeError::new_err(text).into());
        }
        let name = match object.getattr_opt("name")? {
            Some(name) => name.extract()?,
            None => object.get_type().name()?.to_string(),
        };
        let metrics: Vec<String> =
            object.getattr_opt("metrics")?.map_or(Ok(Vec::new()), |names| names.extract())?;
        let has = |hook| object.getattr_opt(hook).map(|m| m.is_some_and(|m| m.is_callable()));
        let hooks = Hooks {
            observe: has("observe")?,
            decided: has("decided")?,
            applied: has("applied")?,
            next_change_at: has("next_change_at")?,
            guards_held: object.getattr_opt("guards_held")?.map_or(Ok(false), |flag| flag.is_truthy())?,
        };
        Ok(Self {
            object: Ok(object.clone().unbind()),
            name,
            metrics: metrics.into_iter().map(MetricName::new).collect::<Result<_, _>>()?,
            hooks,
        })
    }

    /// Calls the object; what it raises is kept for `last_error`, and its name comes back.
    fn call<R>(
        &self,
        call: impl for<'py> FnOnce(Python<'py>, &Bound<'py, PyAny>) -> PyResult<R>,
    ) -> Result<R, Label> {
        let object = self.object.as_ref().map_err(|label| *label)?;
        Python::attach(|py| call(py, object.bind(py)).map_err(|e| kept(py, e)))
    }

    fn hook(&self, has: bool, call: impl for<'py> FnOnce(Python<'py>, &Bound<'py, PyAny>) -> PyResult<()>) {
        if has {
            // What is raised stays in `last_error`: a hook has no say in the decision.
            let _ = self.call(call);
        }
    }

    fn copied(&self) -> Self {
        let object =
            self.call(|py, object| py.import("copy")?.call_method1("deepcopy", (object,)).map(Bound::unbind));
        Self { object, name: self.name.clone(), metrics: self.metrics.clone(), hooks: self.hooks }
    }

    fn broken(&self, message: impl std::fmt::Display) -> StateError {
        StateError::Custom { stage: self.name.clone(), message: message.to_string() }
    }

    fn object(&self) -> Result<&Py<PyAny>, StateError> {
        self.object.as_ref().map_err(|label| self.broken(label))
    }
}

fn kept(py: Python<'_>, error: PyErr) -> Label {
    let name = error.get_type(py).name().map_or_else(|_| "Exception".to_owned(), |name| name.to_string());
    scope::raised(error);
    Label::new(&name)
}

fn facts<'py>(py: Python<'py>, cx: &Context<'_>) -> PyResult<(Bound<'py, Snapshot>, f64)> {
    Ok((scope::snapshot(py, cx.snapshot)?, instant(cx.now)))
}

/// The state of an object: `__getstate__` where it has one, else its attributes.
fn state<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if object.hasattr("__getstate__")? {
        return object.call_method0("__getstate__");
    }
    object.getattr_opt("__dict__").map(|d| d.unwrap_or_else(|| object.py().None().into_bound(object.py())))
}

fn set_state(object: &Bound<'_, PyAny>, state: &Bound<'_, PyAny>) -> PyResult<()> {
    if object.hasattr("__setstate__")? {
        return object.call_method1("__setstate__", (state,)).map(drop);
    }
    if state.is_none() {
        return Ok(());
    }
    let attributes = object.getattr("__dict__")?.cast_into::<PyDict>()?;
    let state = state.cast::<PyDict>()?;
    attributes.clear();
    attributes.update(state.as_mapping())
}

impl Stage for OwnStage {
    fn name(&self) -> &str {
        &self.name
    }

    fn metrics(&self) -> &[MetricName] {
        &self.metrics
    }

    fn ingest(&mut self, cx: &Context<'_>) {
        self.hook(self.hooks.observe, |py, object| {
            let (snapshot, now) = facts(py, cx)?;
            object.call_method1("observe", (snapshot, now)).map(drop)
        });
    }

    fn decided(&mut self, cx: &Context<'_>, turn: Turn) {
        self.hook(self.hooks.decided, |py, object| {
            let (snapshot, now) = facts(py, cx)?;
            object.call_method1("decided", (snapshot, now, turn.decided)).map(drop)
        });
    }

    fn applied(&mut self, at: Timestamp, from: i64, to: i64) {
        self.hook(self.hooks.applied, |_, object| {
            object.call_method1("applied", (instant(at), from, to)).map(drop)
        });
    }

    fn next_change_at(&self, cx: &Context<'_>, _turn: Turn) -> Option<Timestamp> {
        // Without a word from the object its answer could change at any time.
        if !self.hooks.next_change_at {
            return Some(cx.now);
        }
        let answer = self.call(|_, object| {
            let at = object.call_method1("next_change_at", (instant(cx.now),))?;
            Ok(at.extract::<Option<crate::quantity::Instant>>()?.setting("next_change_at")?)
        });
        answer.unwrap_or(Some(cx.now))
    }

    fn save(&self, out: &mut StateWriter) -> Result<(), StateError> {
        let object = self.object()?;
        let state = Python::attach(|py| memory::from_python(&state(object.bind(py))?));
        out.put("state", state.map_err(|e| self.broken(e))?);
        Ok(())
    }

    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let value: &Value = from.value("state")?;
        let object = self.object()?;
        let done = Python::attach(|py| set_state(object.bind(py), &memory::to_python(py, value)?));
        done.map_err(|e| self.broken(e))
    }
}

impl Recommend for OwnStage {
    fn recommend(&self, cx: &Context<'_>, _why: &mut Reasons<'_>) -> Opinion {
        let answer = self.call(|py, object| {
            let (snapshot, now) = facts(py, cx)?;
            object.call_method1("recommend", (snapshot, now))?.extract::<Option<i64>>()
        });
        match answer {
            Ok(Some(count)) => Opinion::Want(count),
            Ok(None) => Opinion::Abstain,
            Err(label) => Opinion::Failed(Failure::Custom(label)),
        }
    }

    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(self.copied())
    }
}

impl Restrain for OwnStage {
    fn restrain(&self, cx: &Context<'_>, input: i64, why: &mut Reasons<'_>) -> i64 {
        let answer = self.call(|py, object| {
            let (snapshot, now) = facts(py, cx)?;
            object.call_method1("restrain", (snapshot, now, input))?.extract::<i64>()
        });
        answer.unwrap_or_else(|label| {
            why.push(Reason::Failed { failure: Failure::Custom(label) });
            cx.current
        })
    }

    fn guards_held(&self) -> bool {
        self.hooks.guards_held
    }

    fn clone_box(&self) -> Box<dyn Restrain> {
        Box::new(self.copied())
    }
}
