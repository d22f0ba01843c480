//! What a metric is held to.

use crate::arguments::{Arguments, Pickled};
use crate::error::Result;
use pyo3::inspect::PyStaticExpr;
use pyo3::prelude::*;
use pyo3::{PyTypeInfo, type_hint_union};
use setpoint::Target;
use std::hash::{Hash, Hasher};

macro_rules! target {
    ($(#[doc = $doc:literal])* $name:ident($field:ident) by $make:ident) => {
        $(#[doc = $doc])*
        #[pyclass(module = "setpoint", frozen, eq, hash)]
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) struct $name(pub(crate) Target);

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.amount().to_bits().hash(state);
            }
        }

        impl $name {
            fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
                Arguments::new(py).positional(self.0.amount())
            }
        }

        #[pymethods]
        impl $name {
            #[new]
            fn new($field: f64) -> Result<Self> {
                Ok(Self(Target::$make($field)?))
            }

            /// The amount that was given, in the unit of the class.
            #[getter]
            fn $field(&self) -> f64 {
                self.0.amount()
            }

            fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
                self.arguments(py)?.repr(stringify!($name))
            }

            fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
                self.arguments(py)?.pickled()
            }
        }
    };
}

target! {
    /// A share of what each instance requested.
    ///
    /// Parameters
    /// ----------
    /// share : float
    ///     Wanted usage as a share of the request: 0.7 for 70 %. Finite and above 0.
    ///
    /// Raises
    /// ------
    /// ConfigError
    ///     If the share is not finite or not above 0.
    ///
    /// Examples
    /// --------
    /// >>> import setpoint as sp
    /// >>> sp.Utilization(0.7).share
    /// 0.7
    Utilization(share) by utilization
}

target! {
    /// An amount per instance, in the metric's own unit.
    ///
    /// Parameters
    /// ----------
    /// amount : float
    ///     Wanted amount per instance, in the metric's own unit. Finite and above 0.
    ///
    /// Raises
    /// ------
    /// ConfigError
    ///     If the amount is not finite or not above 0.
    ///
    /// Examples
    /// --------
    /// >>> import setpoint as sp
    /// >>> sp.AverageValue(20)
    /// AverageValue(20.0)
    AverageValue(amount) by average_value
}

target! {
    /// An amount for the whole workload, in the metric's own unit.
    ///
    /// Parameters
    /// ----------
    /// amount : float
    ///     Wanted amount for the whole workload, in the metric's own unit. Finite and above 0.
    ///
    /// Raises
    /// ------
    /// ConfigError
    ///     If the amount is not finite or not above 0.
    ///
    /// Examples
    /// --------
    /// >>> import setpoint as sp
    /// >>> sp.Value(100) == sp.Value(100.0)
    /// True
    Value(amount) by value
}

/// A target of any kind.
#[derive(Clone, Debug)]
pub(crate) struct AnyTarget<'py>(Bound<'py, PyAny>);

impl<'a, 'py> FromPyObject<'a, 'py> for AnyTarget<'py> {
    type Error = PyErr;
    const INPUT_TYPE: PyStaticExpr =
        type_hint_union!(Utilization::TYPE_HINT, AverageValue::TYPE_HINT, Value::TYPE_HINT);

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(obj.to_owned()))
    }
}

impl<'py> IntoPyObject<'py> for &AnyTarget<'py> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = std::convert::Infallible;

    fn into_pyobject(self, _py: Python<'py>) -> Result<Self::Output, Self::Error> {
        Ok(self.0.clone())
    }
}

impl AnyTarget<'_> {
    pub(crate) fn target(&self) -> PyResult<Target> {
        if let Ok(share) = self.0.cast::<Utilization>() {
            return Ok(share.get().0);
        }
        if let Ok(average) = self.0.cast::<AverageValue>() {
            return Ok(average.get().0);
        }
        Ok(self.0.cast::<Value>()?.get().0)
    }
}
