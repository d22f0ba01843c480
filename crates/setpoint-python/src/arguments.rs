//! The constructor call that makes a value again: what `repr` shows and what `pickle` keeps.

use crate::hint::{Anything, DictOf, Things, Typed};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// A constructor's arguments.
pub(crate) struct Arguments<'py> {
    py: Python<'py>,
    positional: Vec<Bound<'py, PyAny>>,
    named: Bound<'py, PyDict>,
}

impl<'py> Arguments<'py> {
    pub(crate) fn new(py: Python<'py>) -> Self {
        Self { py, positional: Vec::new(), named: PyDict::new(py) }
    }

    /// Arguments that were kept by name.
    pub(crate) fn of(named: Bound<'py, PyDict>) -> Self {
        Self { py: named.py(), positional: Vec::new(), named }
    }

    pub(crate) fn py(&self) -> Python<'py> {
        self.py
    }

    pub(crate) fn into_named(self) -> Bound<'py, PyDict> {
        self.named
    }

    pub(crate) fn positional(mut self, value: impl IntoPyObject<'py>) -> PyResult<Self> {
        self.positional.push(value.into_bound_py_any(self.py)?);
        Ok(self)
    }

    pub(crate) fn named(self, name: &str, value: impl IntoPyObject<'py>) -> PyResult<Self> {
        self.named.set_item(name, value.into_bound_py_any(self.py)?)?;
        Ok(self)
    }

    /// Leaves the argument out where it has its default.
    pub(crate) fn unless<T>(self, name: &str, value: T, default: &T) -> PyResult<Self>
    where
        T: IntoPyObject<'py> + PartialEq,
    {
        if value == *default { Ok(self) } else { self.named(name, value) }
    }

    /// Leaves the argument out where there is none.
    pub(crate) fn given(self, name: &str, value: Option<impl IntoPyObject<'py>>) -> PyResult<Self> {
        match value {
            Some(value) => self.named(name, value),
            None => Ok(self),
        }
    }

    /// `Name(1, option=2)`.
    pub(crate) fn repr(&self, name: &str) -> PyResult<String> {
        let mut parts = Vec::with_capacity(self.positional.len() + self.named.len());
        for value in &self.positional {
            parts.push(value.repr()?.to_string());
        }
        for (key, value) in &self.named {
            parts.push(format!("{key}={}", value.repr()?));
        }
        Ok(format!("{name}({})", parts.join(", ")))
    }

    /// A hash of what `repr` shows.
    pub(crate) fn hash(&self) -> PyResult<isize> {
        pyo3::types::PyString::new(self.py, &self.repr("")?).hash()
    }

    /// What `__getnewargs_ex__` answers.
    pub(crate) fn pickled(self) -> PyResult<Pickled<'py>> {
        Ok((Typed::new(PyTuple::new(self.py, self.positional)?), Typed::new(self.named)))
    }
}

pub(crate) type Pickled<'py> = (Typed<'py, Things>, Typed<'py, DictOf<Anything>>);
