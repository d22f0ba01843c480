//! Dictionaries by name and sequences as arguments.

use pyo3::inspect::PyStaticExpr;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PySequence, PyString};
use pyo3::{IntoPyObjectExt, PyTypeInfo, type_hint_identifier, type_hint_subscript, type_hint_union};

/// A mapping from names, in its order.
#[derive(Clone, Debug)]
pub(crate) struct ByName<V>(pub(crate) Vec<(String, V)>);

impl<V> Default for ByName<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> ByName<V> {
    /// The mapping as a dictionary again.
    pub(crate) fn dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>>
    where
        for<'a> &'a V: IntoPyObject<'py>,
    {
        dict_of(py, self.0.iter().map(|(name, value)| (name.as_str(), value)))
    }
}

/// A dictionary of these entries.
pub(crate) fn dict_of<'py, 'a, T: IntoPyObject<'py>>(
    py: Python<'py>,
    entries: impl IntoIterator<Item = (&'a str, T)>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in entries {
        dict.set_item(name, value.into_bound_py_any(py)?)?;
    }
    Ok(dict)
}

impl<'py, V: FromPyObjectOwned<'py>> FromPyObject<'_, 'py> for ByName<V> {
    type Error = PyErr;
    const INPUT_TYPE: PyStaticExpr = type_hint_subscript!(
        type_hint_identifier!("collections.abc", "Mapping"),
        PyString::TYPE_HINT,
        V::INPUT_TYPE
    );

    fn extract(obj: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let entry = |(name, value): (Bound<'py, PyAny>, Bound<'py, PyAny>)| {
            Ok((name.extract()?, value.extract().map_err(Into::into)?))
        };
        if let Ok(dict) = obj.cast::<PyDict>() {
            return dict.iter().map(entry).collect::<PyResult<_>>().map(Self);
        }
        let items = obj.cast::<PyMapping>()?.items()?;
        items.iter().map(|item| entry(item.extract()?)).collect::<PyResult<_>>().map(Self)
    }
}

/// A sequence.
#[derive(Clone, Debug)]
pub(crate) struct Many<T>(pub(crate) Vec<T>);

impl<'py, T: FromPyObjectOwned<'py>> FromPyObject<'_, 'py> for Many<T> {
    type Error = PyErr;
    const INPUT_TYPE: PyStaticExpr =
        type_hint_subscript!(type_hint_identifier!("collections.abc", "Sequence"), T::INPUT_TYPE);

    fn extract(obj: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        obj.extract().map(Self)
    }
}

/// One for all, or one each.
#[derive(Clone, Debug)]
pub(crate) enum OneOrEach<T> {
    One(T),
    Each(Many<T>),
}

impl<'py, T: FromPyObjectOwned<'py>> FromPyObject<'_, 'py> for OneOrEach<T> {
    type Error = PyErr;
    const INPUT_TYPE: PyStaticExpr = type_hint_union!(T::INPUT_TYPE, <Many<T> as FromPyObject>::INPUT_TYPE);

    fn extract(obj: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match obj.cast::<PySequence>() {
            Ok(list) => list.extract().map(Self::Each),
            Err(_) => obj.extract().map(Self::One).map_err(Into::into),
        }
    }
}
