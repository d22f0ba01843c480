//! Numbers as they cross the border: counts, spans (seconds or `timedelta`), instants (seconds since the epoch or an aware
//! `datetime`) and plain doubles. Extraction settles the type; the value is judged where the name of the argument is known.

use crate::error::{Error, Result};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::inspect::PyStaticExpr;
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDelta, PyDeltaAccess, PyFloat, PyInt};
use pyo3::{PyTypeInfo, type_hint_identifier, type_hint_union};
use setpoint::{ConfigError, SnapshotError, Timestamp};
use std::time::Duration;

/// A value of the right type, which may still be out of range.
#[derive(Clone, Debug)]
pub(crate) struct Given<T> {
    value: Result<T, String>,
    allowed: &'static str,
}

/// A number of replicas, instances or restarts.
pub(crate) type Count = Given<u32>;
/// A span of time.
pub(crate) type Span = Given<Duration>;
/// A point in time.
pub(crate) type Instant = Given<Timestamp>;

impl<T> Given<T> {
    /// The value of the setting `field`.
    pub(crate) fn setting(self, field: &'static str) -> Result<T> {
        self.value.map_err(|found| ConfigError::new(field, found, self.allowed).into())
    }

    /// The value of the fact `field` of a snapshot.
    pub(crate) fn fact(self, field: &'static str) -> Result<T> {
        let allowed = self.allowed;
        self.value.map_err(|value| Error::Snapshot(SnapshotError::Range { field, value, allowed }))
    }
}

/// The same for an argument that may be left out.
pub(crate) trait Optional<T> {
    fn setting(self, field: &'static str) -> Result<Option<T>>;
    fn fact(self, field: &'static str) -> Result<Option<T>>;
}

impl<T> Optional<T> for Option<Given<T>> {
    fn setting(self, field: &'static str) -> Result<Option<T>> {
        self.map(|given| given.setting(field)).transpose()
    }

    fn fact(self, field: &'static str) -> Result<Option<T>> {
        self.map(|given| given.fact(field)).transpose()
    }
}

const NUMBER: PyStaticExpr = type_hint_union!(PyFloat::TYPE_HINT, PyInt::TYPE_HINT);

impl<'a, 'py> FromPyObject<'a, 'py> for Count {
    type Error = PyErr;
    const INPUT_TYPE: PyStaticExpr = <u32 as FromPyObject>::INPUT_TYPE;

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let value = match obj.extract::<u32>() {
            Ok(count) => Ok(count),
            Err(e) if e.is_instance_of::<PyOverflowError>(obj.py()) => Err(obj.str()?.to_string()),
            Err(e) => return Err(e),
        };
        Ok(Self { value, allowed: "a whole number from 0 to 4294967295" })
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Span {
    type Error = PyErr;
    const INPUT_TYPE: PyStaticExpr = type_hint_union!(NUMBER, PyDelta::TYPE_HINT);

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let value = if let Ok(delta) = obj.cast::<PyDelta>() {
            u64::try_from(micros(&delta)).map(Duration::from_micros).map_err(drop)
        } else {
            Duration::try_from_secs_f64(seconds(obj, "a number of seconds or a timedelta")?).map_err(drop)
        };
        let allowed = "a finite number of seconds of at least 0, or a timedelta";
        Ok(Self { value: shown(value, obj)?, allowed })
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Instant {
    type Error = PyErr;
    const INPUT_TYPE: PyStaticExpr = type_hint_union!(NUMBER, PyDateTime::TYPE_HINT);

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let value = if let Ok(time) = obj.cast::<PyDateTime>() {
            since_epoch(&time)
        } else if let Ok(whole) = obj.cast::<PyInt>() {
            whole.extract::<i64>().ok().and_then(|s| s.checked_mul(1_000)).ok_or(())
        } else {
            millis(seconds(obj, "a number of seconds since the epoch or a datetime")?).ok_or(())
        };
        let allowed = "a finite number of seconds since the epoch, or a datetime with a time zone";
        Ok(Self { value: shown(value.map(Timestamp::from_millis), obj)?, allowed })
    }
}

fn shown<T>(value: Result<T, ()>, obj: Borrowed<'_, '_, PyAny>) -> PyResult<Result<T, String>> {
    value.map_or_else(|()| Ok(Err(obj.str()?.to_string())), |value| Ok(Ok(value)))
}

fn seconds(obj: Borrowed<'_, '_, PyAny>, wanted: &str) -> PyResult<f64> {
    obj.extract::<f64>().map_err(|e| {
        if e.is_instance_of::<PyTypeError>(obj.py()) {
            let found = obj.get_type().name().map_or_else(|_| String::new(), |name| name.to_string());
            PyTypeError::new_err(format!("{found} is not {wanted}"))
        } else {
            e
        }
    })
}

/// Rounded to the nearest millisecond; `None` for what no instant can hold.
fn millis(seconds: f64) -> Option<i64> {
    let millis = (seconds * 1_000.0).round();
    (millis.abs() < i64::MAX as f64).then_some(millis as i64)
}

fn micros(delta: &Borrowed<'_, '_, PyDelta>) -> i64 {
    let seconds = i64::from(delta.get_days()) * 86_400 + i64::from(delta.get_seconds());
    seconds * 1_000_000 + i64::from(delta.get_microseconds())
}

/// Whole milliseconds from the epoch to an aware time, rounded half up; an error for a naive one.
fn since_epoch(time: &Borrowed<'_, '_, PyDateTime>) -> Result<i64, ()> {
    let py = time.py();
    if time.call_method0("utcoffset").map_or(true, |offset| offset.is_none()) {
        return Err(());
    }
    let exact = || -> PyResult<i64> {
        let utc = pyo3::types::PyTzInfo::utc(py)?;
        let epoch = PyDateTime::new(py, 1970, 1, 1, 0, 0, 0, 0, Some(&utc))?;
        let delta = time.sub(epoch)?.cast_into::<PyDelta>()?;
        Ok((micros(&delta.as_borrowed()) + 500).div_euclid(1_000))
    };
    exact().map_err(drop)
}

/// Seconds since the epoch, as instants are given back.
pub(crate) fn instant(at: Timestamp) -> f64 {
    at.as_millis() as f64 / 1_000.0
}

/// The hint of anything that is read as a double.
pub(crate) const REAL: PyStaticExpr = NUMBER;
/// The hint of a value that can be anything.
pub(crate) const ANY: PyStaticExpr = type_hint_identifier!("typing", "Any");
