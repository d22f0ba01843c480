//! The stages of the library as values, for compositions of one's own.

use crate::arguments::{Arguments, Pickled};
use crate::error::Result;
use crate::quantity::{Count, Span};
use pyo3::prelude::*;
use setpoint::restrain::{self, CooldownSince};
use setpoint::{Bounds, ConfigError};
use std::time::Duration;

macro_rules! one_count {
    ($(#[doc = $doc:literal])* $name:ident($field:ident)) => {
        $(#[doc = $doc])*
        #[pyclass(module = "setpoint", frozen, eq, hash)]
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub(crate) struct $name(u32);

        impl $name {
            fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
                Arguments::new(py).positional(self.0)
            }
        }

        #[pymethods]
        impl $name {
            #[new]
            fn new($field: Count) -> Result<Self> {
                Self::checked($field.setting(stringify!($field))?)
            }

            /// The count, in replicas.
            #[getter]
            fn $field(&self) -> u32 {
                self.0
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

one_count! {
    /// Recommender: always the same count.
    ///
    /// Parameters
    /// ----------
    /// count : int
    ///     The count in replicas, 0 to 2147483647.
    ///
    /// Raises
    /// ------
    /// ConfigError
    ///     If the count is out of range.
    ///
    /// Examples
    /// --------
    /// >>> import setpoint as sp
    /// >>> sp.Fixed(3)
    /// Fixed(3)
    Fixed(count)
}

one_count! {
    /// Restraint: keeps the count at or above a floor.
    ///
    /// Parameters
    /// ----------
    /// count : int
    ///     The floor in replicas, 0 to 2147483647.
    ///
    /// Raises
    /// ------
    /// ConfigError
    ///     If the count is out of range.
    ///
    /// Examples
    /// --------
    /// >>> import setpoint as sp
    /// >>> sp.Floor(2).count
    /// 2
    Floor(count)
}

one_count! {
    /// Restraint: keeps the count at or below a ceiling.
    ///
    /// Parameters
    /// ----------
    /// count : int
    ///     The ceiling in replicas, 0 to 2147483647.
    ///
    /// Raises
    /// ------
    /// ConfigError
    ///     If the count is out of range.
    ///
    /// Examples
    /// --------
    /// >>> import setpoint as sp
    /// >>> sp.Ceiling(20).count
    /// 20
    Ceiling(count)
}

one_count! {
    /// Restraint: no replicas at all, or at least so many.
    ///
    /// Parameters
    /// ----------
    /// at_least : int
    ///     The smallest count other than zero, in replicas, 1 to 2147483647.
    ///
    /// Raises
    /// ------
    /// ConfigError
    ///     If the count is out of range.
    ///
    /// Examples
    /// --------
    /// >>> import setpoint as sp
    /// >>> sp.ZeroOrAtLeast(2).at_least
    /// 2
    ZeroOrAtLeast(at_least)
}

/// The door of the plain counts: what an upper bound may be.
fn expressible(field: &'static str, count: u32) -> Result<u32> {
    match Bounds::at_least(count) {
        Ok(bounds) => Ok(bounds.min()),
        Err(ConfigError { value, allowed, .. }) => Err(ConfigError::new(field, value, allowed).into()),
    }
}

impl Fixed {
    fn checked(count: u32) -> Result<Self> {
        expressible("count", count).map(Self)
    }

    pub(crate) fn stage(&self) -> setpoint::fixed::Fixed {
        setpoint::fixed::Fixed::new(self.0)
    }
}

impl Floor {
    fn checked(count: u32) -> Result<Self> {
        expressible("count", count).map(Self)
    }

    pub(crate) fn stage(&self) -> restrain::Floor {
        restrain::Floor::new(self.0)
    }
}

impl Ceiling {
    fn checked(count: u32) -> Result<Self> {
        expressible("count", count).map(Self)
    }

    pub(crate) fn stage(&self) -> restrain::Ceiling {
        restrain::Ceiling::new(self.0)
    }
}

impl ZeroOrAtLeast {
    fn checked(at_least: u32) -> Result<Self> {
        Ok(Self(setpoint::ZeroOrAtLeast::new(at_least)?.at_least()))
    }

    pub(crate) fn stage(&self) -> Result<restrain::ZeroOr> {
        Ok(restrain::ZeroOr::new(setpoint::ZeroOrAtLeast::new(self.0)?))
    }
}

/// Restraint: keeps the count within bounds, both included.
///
/// Parameters
/// ----------
/// min_replicas : int
///     The lower bound in replicas, 0 to `max_replicas`.
/// max_replicas : int
///     The upper bound in replicas, 1 to 2147483647.
///
/// Raises
/// ------
/// ConfigError
///     If the bounds are out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.WithinBounds(2, 10)
/// WithinBounds(2, 10)
#[pyclass(module = "setpoint", frozen, eq, hash)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WithinBounds(pub(crate) Bounds);

impl WithinBounds {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        Arguments::new(py).positional(self.0.min())?.positional(self.0.max())
    }
}

#[pymethods]
impl WithinBounds {
    #[new]
    fn new(min_replicas: Count, max_replicas: Count) -> Result<Self> {
        Ok(Self(Bounds::new(min_replicas.setting("min_replicas")?, max_replicas.setting("max_replicas")?)?))
    }

    /// The lower bound, in replicas.
    #[getter]
    fn min_replicas(&self) -> u32 {
        self.0.min()
    }

    /// The upper bound, in replicas.
    #[getter]
    fn max_replicas(&self) -> u32 {
        self.0.max()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("WithinBounds")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}

/// Restraint: after a change the count rests for a while. A change exactly as old as the span no longer holds.
///
/// Parameters
/// ----------
/// up : float, int or timedelta, default 0
///     Time in seconds from a change until the next growth.
/// down : float, int or timedelta, default 0
///     Time in seconds from a change until the next reduction.
/// since : str, default "any_change"
///     Which earlier change counts: "any_change", or the last in the "same_direction".
///
/// Raises
/// ------
/// ConfigError
///     If a span is out of range, or `since` is none of the two.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.Cooldown(down=300)
/// Cooldown(down=300.0)
#[pyclass(module = "setpoint", frozen, eq, hash)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cooldown {
    up: Duration,
    down: Duration,
    since: CooldownSince,
}

impl Cooldown {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        Arguments::new(py).unless("up", self.up(), &0.0)?.unless("down", self.down(), &0.0)?.unless(
            "since",
            self.since(),
            &"any_change",
        )
    }

    pub(crate) fn stage(&self) -> restrain::Cooldown {
        restrain::Cooldown::new(self.up, self.down).since(self.since)
    }
}

#[pymethods]
impl Cooldown {
    #[new]
    #[pyo3(signature = (*, up=None, down=None, since="any_change"))]
    fn new(up: Option<Span>, down: Option<Span>, since: &str) -> Result<Self> {
        let span = |given: Option<Span>, field| given.map_or(Ok(Duration::ZERO), |span| span.setting(field));
        let since = match since {
            "any_change" => CooldownSince::AnyChange,
            "same_direction" => CooldownSince::SameDirection,
            other => {
                let found = format!("{other:?}");
                return Err(ConfigError::new("since", found, "any_change or same_direction").into());
            }
        };
        Ok(Self { up: span(up, "up")?, down: span(down, "down")?, since })
    }

    /// Time from a change until the next growth, in seconds.
    #[getter]
    fn up(&self) -> f64 {
        self.up.as_secs_f64()
    }

    /// Time from a change until the next reduction, in seconds.
    #[getter]
    fn down(&self) -> f64 {
        self.down.as_secs_f64()
    }

    /// Which earlier change counts.
    #[getter]
    fn since(&self) -> &'static str {
        match self.since {
            CooldownSince::AnyChange => "any_change",
            CooldownSince::SameDirection => "same_direction",
        }
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("Cooldown")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}
