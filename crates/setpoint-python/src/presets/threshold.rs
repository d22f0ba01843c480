//! The utilization threshold rule.

use super::bounds;
use super::choice::choice;
use crate::arguments::{Arguments, Pickled};
use crate::autoscaler::Autoscaler;
use crate::by_name::ByName;
use crate::error::Result;
use crate::quantity::Count;
use pyo3::prelude::*;
use setpoint::threshold::{self as wing, Config, Variant};

/// A band of utilization: above the upper threshold there are too few replicas, below the lower one too many.
///
/// Parameters
/// ----------
/// lower : float
///     Lower threshold, in the unit of the readings: 0 to less than `upper`; 0 never scales down.
/// upper : float
///     Upper threshold, in the unit of the readings: finite and above 0.
/// set_point : float, optional
///     What both directions aim at, `lower` to `upper` and above 0; the threshold that was crossed where it is left out.
///
/// Raises
/// ------
/// ConfigError
///     If a threshold is out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.Thresholds(lower=0.4, upper=0.8, set_point=0.6)
/// Thresholds(lower=0.4, upper=0.8, set_point=0.6)
#[pyclass(module = "setpoint", frozen, eq)]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Thresholds(pub(super) wing::Thresholds);

impl Thresholds {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        Arguments::new(py)
            .named("lower", self.0.lower())?
            .named("upper", self.0.upper())?
            .given("set_point", self.0.set_point())
    }
}

#[pymethods]
impl Thresholds {
    #[new]
    #[pyo3(signature = (*, lower, upper, set_point=None))]
    fn new(lower: f64, upper: f64, set_point: Option<f64>) -> Result<Self> {
        let band = wing::Thresholds::new(lower, upper)?;
        Ok(Self(set_point.map_or(Ok(band), |set_point| band.with_set_point(set_point))?))
    }

    /// Lower threshold, in the unit of the readings.
    #[getter]
    fn lower(&self) -> f64 {
        self.0.lower()
    }

    /// Upper threshold, in the unit of the readings.
    #[getter]
    fn upper(&self) -> f64 {
        self.0.upper()
    }

    /// What both directions aim at, in the unit of the readings; None for the threshold that was crossed.
    #[getter]
    fn set_point(&self) -> Option<f64> {
        self.0.set_point()
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.arguments(py)?.hash()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("Thresholds")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}

/// The utilization threshold rule within bounds: above the upper threshold the count grows, below the lower one it shrinks.
///
/// Parameters
/// ----------
/// min_replicas, max_replicas : int
///     The bounds in replicas, both included: 0 to `max_replicas`, 1 to 2147483647.
/// thresholds : Thresholds
///     The band that holds for every resource without its own.
/// resources : mapping of str to Thresholds or None
///     The resources that are read, at least one, each with a band of its own or None for the common one.
/// variant : str, default "proportional"
///     "proportional" (corrected and bounded) or "literal" (the article's formula as printed, for study only).
///
/// Returns
/// -------
/// Autoscaler
///     An autoscaler that reads the workload values of these names.
///
/// Raises
/// ------
/// ConfigError
///     If a setting is out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> scaler = sp.threshold(
/// ...     min_replicas=1, max_replicas=20, thresholds=sp.Thresholds(lower=0.4, upper=0.8), resources={"cpu": None}
/// ... )
/// >>> scaler.decide(sp.Snapshot(at=0, replicas=10, values={"cpu": 0.81})).replicas
/// 11
#[pyfunction]
#[pyo3(signature = (*, min_replicas, max_replicas, thresholds, resources, variant=None))]
pub(crate) fn threshold<'py>(
    py: Python<'py>,
    min_replicas: Count,
    max_replicas: Count,
    thresholds: &Bound<'py, Thresholds>,
    resources: ByName<Option<Bound<'py, Thresholds>>>,
    variant: Option<&str>,
) -> Result<Autoscaler> {
    let bounds = bounds(min_replicas, max_replicas)?;
    let settings = Arguments::new(py)
        .named("min_replicas", bounds.min())?
        .named("max_replicas", bounds.max())?
        .named("thresholds", thresholds)?
        .named("resources", resources.dict(py)?)?
        .given("variant", variant)?;
    let mut config = Config::new(bounds, thresholds.get().0);
    for (name, own) in resources.0 {
        config = match own {
            Some(own) => config.resource_with(name, own.get().0),
            None => config.resource(name),
        };
    }
    if let Some(word) = variant {
        let words = [("proportional", Variant::Proportional), ("literal", Variant::Literal)];
        config = config.variant(choice("variant", word, &words)?);
    }
    Ok(Autoscaler::made_by("threshold", settings, setpoint::Autoscaler::threshold(config)?, false))
}
