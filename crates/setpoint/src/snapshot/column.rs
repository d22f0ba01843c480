//! Columns: one value per instance, borrowed where the caller holds a slice. A value that is not finite is no sample:
//! missing, never zero.

use crate::rounding;
use crate::time::Timestamp;
use core::time::Duration;
use std::borrow::Cow;

/// One value per instance, or one value that all instances share.
///
/// `From` is implemented for `&[f64]`, `&[f64; N]`, `&Vec<f64>`, `Vec<f64>`, `f64`, and for `&[Option<i64>]` and
/// `Vec<Option<i64>>`, which are thousandths as Kubernetes holds them.
#[derive(Clone, Debug, PartialEq)]
pub enum Column<'a> {
    /// Every instance has this value.
    Same(f64),
    /// One value each, in the metric's own unit; NaN and infinities are missing samples.
    Each(Cow<'a, [f64]>),
    /// One value each, in thousandths of the metric's own unit; `None` is a missing sample.
    Milli(Cow<'a, [Option<i64>]>),
}

impl<'a> Column<'a> {
    /// Takes the place of what was there; a value that all instances share is written without touching more.
    #[cfg(feature = "simulate")]
    #[inline]
    pub(super) fn replace(&mut self, with: Column<'a>) {
        match (self, with) {
            (Self::Same(old), Self::Same(new)) => *old = new,
            (old, new) => *old = new,
        }
    }
    /// Number of entries, or `None` where all instances share one value.
    #[must_use]
    pub fn len(&self) -> Option<usize> {
        match self {
            Self::Same(_) => None,
            Self::Each(values) => Some(values.len()),
            Self::Milli(values) => Some(values.len()),
        }
    }

    /// Whether the column has entries of its own and none of them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The value of instance `i`; `None` where it is missing.
    #[must_use]
    #[inline]
    pub fn get(&self, i: usize) -> Option<f64> {
        match self {
            Self::Same(value) => Some(*value).filter(|v| v.is_finite()),
            Self::Each(values) => values.get(i).copied().filter(|v| v.is_finite()),
            Self::Milli(values) => values.get(i).copied().flatten().map(|m| m as f64 / 1000.0),
        }
    }

    /// The value of instance `i` in thousandths, as [`rounding::to_milli`] reads it; `None` where it is missing.
    #[must_use]
    #[inline]
    pub fn milli(&self, i: usize) -> Option<i64> {
        match self {
            Self::Same(value) => rounding::to_milli(*value),
            Self::Each(values) => values.get(i).copied().and_then(rounding::to_milli),
            Self::Milli(values) => values.get(i).copied().flatten(),
        }
    }

    /// The column with its own copy of the values.
    #[must_use]
    pub fn into_owned(self) -> Column<'static> {
        match self {
            Self::Same(value) => Column::Same(value),
            Self::Each(values) => Column::Each(Cow::Owned(values.into_owned())),
            Self::Milli(values) => Column::Milli(Cow::Owned(values.into_owned())),
        }
    }
}

impl From<f64> for Column<'_> {
    fn from(value: f64) -> Self {
        Self::Same(value)
    }
}
impl<'a> From<&'a [f64]> for Column<'a> {
    fn from(values: &'a [f64]) -> Self {
        Self::Each(Cow::Borrowed(values))
    }
}
impl<'a, const N: usize> From<&'a [f64; N]> for Column<'a> {
    fn from(values: &'a [f64; N]) -> Self {
        Self::Each(Cow::Borrowed(values))
    }
}
impl<'a> From<&'a Vec<f64>> for Column<'a> {
    fn from(values: &'a Vec<f64>) -> Self {
        Self::Each(Cow::Borrowed(values))
    }
}
impl From<Vec<f64>> for Column<'_> {
    fn from(values: Vec<f64>) -> Self {
        Self::Each(Cow::Owned(values))
    }
}
impl<'a> From<&'a [Option<i64>]> for Column<'a> {
    fn from(values: &'a [Option<i64>]) -> Self {
        Self::Milli(Cow::Borrowed(values))
    }
}
impl From<Vec<Option<i64>>> for Column<'_> {
    fn from(values: Vec<Option<i64>>) -> Self {
        Self::Milli(Cow::Owned(values))
    }
}

/// One fact per instance, or one that all instances share.
#[derive(Clone, Debug, PartialEq)]
pub enum PerInstance<'a, T: Copy> {
    /// All instances share it.
    Same(T),
    /// One each.
    Each(Cow<'a, [T]>),
}

impl<T: Copy> PerInstance<'_, T> {
    /// The fact of instance `i`; `None` beyond the end of the column.
    #[must_use]
    #[inline]
    pub fn get(&self, i: usize) -> Option<T> {
        match self {
            Self::Same(value) => Some(*value),
            Self::Each(values) => values.get(i).copied(),
        }
    }

    /// Number of entries, or `None` where all instances share one.
    #[must_use]
    pub fn len(&self) -> Option<usize> {
        match self {
            Self::Same(_) => None,
            Self::Each(values) => Some(values.len()),
        }
    }

    /// Whether the column has entries of its own and none of them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    pub(super) fn into_owned(self) -> PerInstance<'static, T> {
        match self {
            Self::Same(value) => PerInstance::Same(value),
            Self::Each(values) => PerInstance::Each(Cow::Owned(values.into_owned())),
        }
    }
}

impl<T: Copy> From<T> for PerInstance<'_, T> {
    fn from(value: T) -> Self {
        Self::Same(value)
    }
}
impl<'a> From<&'a [Timestamp]> for PerInstance<'a, Timestamp> {
    fn from(values: &'a [Timestamp]) -> Self {
        Self::Each(Cow::Borrowed(values))
    }
}
impl From<Vec<Timestamp>> for PerInstance<'_, Timestamp> {
    fn from(values: Vec<Timestamp>) -> Self {
        Self::Each(Cow::Owned(values))
    }
}
impl<'a> From<&'a [Duration]> for PerInstance<'a, Duration> {
    fn from(values: &'a [Duration]) -> Self {
        Self::Each(Cow::Borrowed(values))
    }
}
impl From<Vec<Duration>> for PerInstance<'_, Duration> {
    fn from(values: Vec<Duration>) -> Self {
        Self::Each(Cow::Owned(values))
    }
}
