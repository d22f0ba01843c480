//! Errors on their way to Python. The classes are Python's own (`setpoint/_errors.py`); here they are only raised.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use setpoint::{ConfigError, SnapshotError, StateError};

/// Whatever can go wrong in a call from Python.
#[derive(Debug)]
pub(crate) enum Error {
    Config(ConfigError),
    Snapshot(SnapshotError),
    State(StateError),
    /// Saved state or a decision that is no JSON at all.
    Text(String),
    Python(PyErr),
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! from {
    ($($source:ty => $variant:ident),*) => {$(
        impl From<$source> for Error {
            fn from(source: $source) -> Self {
                Self::$variant(source)
            }
        }
    )*};
}

from!(ConfigError => Config, SnapshotError => Snapshot, StateError => State, PyErr => Python);

impl From<serde_json::Error> for Error {
    fn from(source: serde_json::Error) -> Self {
        Self::Text(source.to_string())
    }
}

impl<'a, 'py> From<pyo3::CastError<'a, 'py>> for Error {
    fn from(source: pyo3::CastError<'a, 'py>) -> Self {
        Self::Python(source.into())
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        Python::attach(|py| match error {
            Error::Config(ConfigError { field, value, allowed, .. }) => {
                raise(py, "ConfigError", (field.into_owned(), value, allowed.into_owned()))
            }
            Error::Snapshot(e) => raise(py, "SnapshotError", (e.to_string(),)),
            Error::State(e) => raise(py, "StateError", (e.to_string(),)),
            Error::Text(text) => raise(py, "StateError", (text,)),
            Error::Python(e) => e,
        })
    }
}

fn raise<A>(py: Python<'_>, class: &str, args: A) -> PyErr
where
    A: pyo3::PyErrArguments + Send + Sync + 'static,
{
    match class_named(py, class) {
        Ok(class) => PyErr::from_type(class, args),
        Err(e) => e,
    }
}

fn class_named<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyType>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = MODULE.get_or_try_init(py, || py.import("setpoint._errors").map(Bound::unbind))?;
    Ok(module.bind(py).getattr(name)?.cast_into()?)
}
