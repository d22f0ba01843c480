//! Each upstream system as one call.

pub(crate) mod aibrix;
pub(crate) mod bud;
mod choice;
pub(crate) mod gaussian;
mod growing;
pub(crate) mod hpa;
pub(crate) mod kpa;
pub(crate) mod kthena;
pub(crate) mod kubeai;
pub(crate) mod threshold;

use crate::arguments::Arguments;
use crate::autoscaler::Autoscaler;
use crate::error::Result;
use crate::quantity::Count;
use pyo3::prelude::*;
use setpoint::Bounds;

fn bounds(min_replicas: Count, max_replicas: Count) -> Result<Bounds> {
    Ok(Bounds::new(min_replicas.setting("min_replicas")?, max_replicas.setting("max_replicas")?)?)
}

/// A fleet of a fixed size: the baseline of every comparison.
///
/// Parameters
/// ----------
/// count : int
///     The size in replicas; counts beyond 2147483647 are read as that.
///
/// Returns
/// -------
/// Autoscaler
///     An autoscaler that always decides on `count`.
///
/// Raises
/// ------
/// ConfigError
///     If the count is out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.fixed(3).decide(sp.Snapshot(at=0, replicas=1)).replicas
/// 3
#[pyfunction]
pub(crate) fn fixed(py: Python<'_>, count: Count) -> Result<Autoscaler> {
    let count = count.setting("count")?;
    let settings = Arguments::new(py).named("count", count)?;
    Ok(Autoscaler::made_by("fixed", settings, setpoint::Autoscaler::fixed(count), false))
}
