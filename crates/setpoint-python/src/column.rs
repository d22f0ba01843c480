//! Columns of doubles: NumPy arrays, sequences and single numbers in, NumPy arrays and numbers out.

use crate::quantity::REAL;
use numpy::{PyArray1, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::inspect::{PyStaticConstant, PyStaticExpr};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyList, PyNone, PyString};
use pyo3::{PyTypeInfo, type_hint_identifier, type_hint_subscript, type_hint_union};
use setpoint::Column;

/// A NumPy array of doubles in one dimension, as type checkers know it.
pub(crate) const ARRAY: PyStaticExpr = type_hint_subscript!(
    type_hint_identifier!("numpy", "ndarray"),
    type_hint_subscript!(type_hint_identifier!("builtins", "tuple"), PyInt::TYPE_HINT),
    type_hint_subscript!(type_hint_identifier!("numpy", "dtype"), type_hint_identifier!("numpy", "float64"))
);

/// An array of doubles as a result.
pub(crate) enum Array {}

impl crate::hint::Hint for Array {
    const HINT: PyStaticExpr = ARRAY;
}

/// Any NumPy array.
const ANY_ARRAY: PyStaticExpr = type_hint_subscript!(
    type_hint_identifier!("numpy", "ndarray"),
    type_hint_identifier!("typing", "Any"),
    type_hint_subscript!(type_hint_identifier!("numpy", "dtype"), type_hint_identifier!("typing", "Any"))
);

const SEQUENCE: PyStaticExpr = type_hint_subscript!(
    type_hint_identifier!("collections.abc", "Sequence"),
    type_hint_union!(REAL, PyStaticExpr::Constant { value: PyStaticConstant::None })
);

/// Doubles from Python: an array of any number type in one dimension, or a sequence in which `None` is a missing value.
#[derive(Clone, Debug)]
pub(crate) struct Doubles(pub(crate) Vec<f64>);

impl<'a, 'py> FromPyObject<'a, 'py> for Doubles {
    type Error = PyErr;
    const INPUT_TYPE: PyStaticExpr = type_hint_union!(ANY_ARRAY, SEQUENCE);

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = obj.cast::<PyArray1<f64>>() {
            return from_array(&array).map(Self);
        }
        if let Ok(array) = obj.cast::<PyUntypedArray>() {
            if array.ndim() != 1 {
                return Err(PyValueError::new_err(format!("an array of {} dimensions, not 1", array.ndim())));
            }
            let doubles = obj.call_method1("astype", ("float64",))?;
            return from_array(&doubles.cast::<PyArray1<f64>>()?.as_borrowed()).map(Self);
        }
        if obj.is_instance_of::<PyString>() {
            return Err(PyTypeError::new_err("a text, not a sequence of numbers"));
        }
        let mut values = Vec::with_capacity(obj.len().unwrap_or(0));
        for item in obj.try_iter()? {
            let item = item?;
            values.push(if item.is_instance_of::<PyNone>() { f64::NAN } else { item.extract()? });
        }
        Ok(Self(values))
    }
}

fn from_array(array: &Borrowed<'_, '_, PyArray1<f64>>) -> PyResult<Vec<f64>> {
    let array = array.try_readonly().map_err(|e| PyValueError::new_err(e.to_string()))?;
    Ok(match array.as_slice() {
        Ok(slice) => slice.to_vec(),
        Err(_) => array.as_array().iter().copied().collect(),
    })
}

/// One value for all instances, or one each.
#[derive(Clone, Debug)]
pub(crate) struct Values(pub(crate) Column<'static>);

impl<'a, 'py> FromPyObject<'a, 'py> for Values {
    type Error = PyErr;
    const INPUT_TYPE: PyStaticExpr = type_hint_union!(REAL, <Doubles as FromPyObject>::INPUT_TYPE);

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if obj.is_instance_of::<PyFloat>() || obj.is_instance_of::<PyInt>() {
            return Ok(Self(Column::Same(obj.extract()?)));
        }
        Ok(Self(obj.extract::<Doubles>()?.0.into()))
    }
}

/// A column on its way out: a number, or an array with NaN for what is missing.
pub(crate) struct Shown<'a>(pub(crate) &'a Column<'a>);

impl<'py> IntoPyObject<'py> for Shown<'_> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;
    const OUTPUT_TYPE: PyStaticExpr = type_hint_union!(PyFloat::TYPE_HINT, ARRAY);

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        Ok(match self.0 {
            Column::Same(value) => PyFloat::new(py, *value).into_any(),
            column => series(py, (0..column.len().unwrap_or(0)).map(|i| column.get(i).unwrap_or(f64::NAN)))
                .into_any(),
        })
    }
}

/// A column as an argument: a number, or a list with `None` for what is missing.
pub(crate) fn literal<'py>(py: Python<'py>, column: &Column<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match column {
        Column::Same(value) => PyFloat::new(py, *value).into_any(),
        column => PyList::new(py, (0..column.len().unwrap_or(0)).map(|i| column.get(i)))?.into_any(),
    })
}

/// Whether two columns say the same; what is missing equals what is missing.
pub(crate) fn same(a: &Column<'_>, b: &Column<'_>) -> bool {
    a.len() == b.len() && (0..a.len().unwrap_or(1)).all(|i| a.get(i) == b.get(i))
}

pub(crate) fn series<'py>(
    py: Python<'py>,
    values: impl IntoIterator<Item = f64>,
) -> Bound<'py, PyArray1<f64>> {
    PyArray1::from_iter(py, values)
}
