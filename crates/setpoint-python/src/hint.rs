//! Python objects that carry what a type checker should know of them.

use crate::column::ARRAY;
use crate::quantity::ANY;
use pyo3::inspect::{PyStaticConstant, PyStaticExpr};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyList, PyString, PyTuple};
use pyo3::{PyTypeInfo, type_hint_identifier, type_hint_subscript, type_hint_union};
use std::convert::Infallible;
use std::marker::PhantomData;

/// What a type checker should know.
pub(crate) trait Hint {
    const HINT: PyStaticExpr;
}

/// An object with a hint.
pub(crate) struct Typed<'py, H>(Bound<'py, PyAny>, PhantomData<H>);

impl<'py, H> Typed<'py, H> {
    pub(crate) fn new<T>(object: Bound<'py, T>) -> Self {
        Self(object.into_any(), PhantomData)
    }

    pub(crate) fn into_inner(self) -> Bound<'py, PyAny> {
        self.0
    }
}

impl<'py, H: Hint> IntoPyObject<'py> for Typed<'py, H> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = Infallible;
    const OUTPUT_TYPE: PyStaticExpr = H::HINT;

    fn into_pyobject(self, _py: Python<'py>) -> Result<Self::Output, Infallible> {
        Ok(self.0)
    }
}

macro_rules! hints {
    ($($(#[$doc:meta])* $name:ident = $hint:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) enum $name {}
        impl Hint for $name {
            const HINT: PyStaticExpr = $hint;
        }
    )*};
}

const NONE: PyStaticExpr = PyStaticExpr::Constant { value: PyStaticConstant::None };
const FLOATS: PyStaticExpr = type_hint_subscript!(PyList::TYPE_HINT, PyFloat::TYPE_HINT);

hints! {
    /// Anything.
    Anything = ANY;
    /// A tuple of anything.
    Things = type_hint_subscript!(
        PyTuple::TYPE_HINT,
        ANY,
        PyStaticExpr::Constant { value: PyStaticConstant::Ellipsis }
    );
    /// An exception or nothing.
    Raised = type_hint_union!(type_hint_identifier!("builtins", "BaseException"), NONE);
    /// A number or an array.
    Numbers = type_hint_union!(PyFloat::TYPE_HINT, ARRAY);
    /// Seconds, or a list of them.
    Seconds = type_hint_union!(PyFloat::TYPE_HINT, FLOATS);
    /// Seconds, a list of them, or nothing.
    MaybeSeconds = type_hint_union!(PyFloat::TYPE_HINT, FLOATS, NONE);
}

/// The instances of a class.
pub(crate) struct Class<T>(PhantomData<T>);

impl<T: PyTypeInfo> Hint for Class<T> {
    const HINT: PyStaticExpr = T::TYPE_HINT;
}

/// A dictionary by names.
pub(crate) struct DictOf<V>(PhantomData<V>);

impl<V: Hint> Hint for DictOf<V> {
    const HINT: PyStaticExpr = type_hint_subscript!(PyDict::TYPE_HINT, PyString::TYPE_HINT, V::HINT);
}
