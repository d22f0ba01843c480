//! What the caller's own Python stages and the call around them tell each other: the snapshot as the Python object that it
//! already is, and the exception that a stage raised. One per thread and nested like the calls.

use crate::snapshot::Snapshot;
use pyo3::prelude::*;
use std::cell::RefCell;

#[derive(Default)]
struct Scope {
    snapshot: Option<Py<Snapshot>>,
    raised: Option<PyErr>,
}

thread_local! {
    static SCOPE: RefCell<Scope> = RefCell::default();
}

/// Puts the outer scope back, also where a call unwinds.
struct Restore(Option<Scope>);

impl Drop for Restore {
    fn drop(&mut self) {
        if let Some(outer) = self.0.take() {
            let inner = SCOPE.with(|scope| scope.replace(outer));
            drop(inner);
        }
    }
}

/// Runs `call`, and answers with the first exception that a stage raised in it.
pub(crate) fn run<R>(snapshot: Option<Py<Snapshot>>, call: impl FnOnce() -> R) -> (R, Option<PyErr>) {
    let outer = SCOPE.with(|scope| scope.replace(Scope { snapshot, raised: None }));
    let restore = Restore(Some(outer));
    let answer = call();
    let raised = SCOPE.with(|scope| scope.borrow_mut().raised.take());
    drop(restore);
    (answer, raised)
}

/// Remembers that a stage raised; the first one is kept.
pub(crate) fn raised(error: PyErr) {
    let ignored = SCOPE.with(|scope| {
        let mut scope = scope.borrow_mut();
        match scope.raised {
            Some(_) => Some(error),
            None => {
                scope.raised = Some(error);
                None
            }
        }
    });
    drop(ignored);
}

/// The snapshot as a Python object: the caller's own where it is that, else a copy.
pub(crate) fn snapshot<'py>(
    py: Python<'py>,
    facts: &setpoint::Snapshot<'_>,
) -> PyResult<Bound<'py, Snapshot>> {
    let own = SCOPE.with(|scope| scope.borrow().snapshot.as_ref().map(|own| own.clone_ref(py)));
    if let Some(own) = own
        && std::ptr::addr_eq(&raw const own.get().0, std::ptr::from_ref(facts))
    {
        return Ok(own.into_bound(py));
    }
    Bound::new(py, Snapshot(facts.clone().into_owned()))
}
