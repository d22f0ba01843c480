//! The stages of the library as values, for compositions of one's own.

use crate::arguments::{Arguments, Pickled};
use crate::error::Result;
use crate::presets::hpa::{ScalingRules, behavior};
use crate::quantity::{Count, Optional, Span};
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

/// Restraint: holds a change back while a recent recommendation disagrees with it.
///
/// Parameters
/// ----------
/// up : float, int or timedelta, default 0
///     Growth goes no further than the smallest recommendation of this span, in seconds; 0 for none.
/// down : float, int or timedelta, default 0
///     Reductions go no further than the largest recommendation of this span, in seconds; 0 for none.
///
/// Raises
/// ------
/// ConfigError
///     If a span is out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> sp.Stabilization(down=300)
/// Stabilization(down=300.0)
#[pyclass(module = "setpoint", frozen, eq, hash)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stabilization {
    up: Duration,
    down: Duration,
}

impl Stabilization {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        Arguments::new(py).unless("up", self.up(), &0.0)?.unless("down", self.down(), &0.0)
    }

    pub(crate) fn stage(&self) -> restrain::Stabilization {
        restrain::Stabilization::new(self.up, self.down)
    }
}

#[pymethods]
impl Stabilization {
    #[new]
    #[pyo3(signature = (*, up=None, down=None))]
    fn new(up: Option<Span>, down: Option<Span>) -> Result<Self> {
        Ok(Self {
            up: up.setting("up")?.unwrap_or_default(),
            down: down.setting("down")?.unwrap_or_default(),
        })
    }

    /// The span for growth, in seconds.
    #[getter]
    fn up(&self) -> f64 {
        self.up.as_secs_f64()
    }

    /// The span for reductions, in seconds.
    #[getter]
    fn down(&self) -> f64 {
        self.down.as_secs_f64()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("Stabilization")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}

/// Restraint: limits how far the count moves within the periods of its policies. Changes that were carried out count.
///
/// Parameters
/// ----------
/// up, down : ScalingRules, optional
///     The policies of each direction; their windows and tolerances play no part here. A direction that is left out takes the policies
///     of a Kubernetes behavior: 4 replicas or 100 % per 15 s up, 100 % per 15 s down.
///
/// Raises
/// ------
/// ConfigError
///     If a policy is out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> slow = sp.ScalingRules(policies=[sp.ScalingPolicy(pods=4, period=60)])
/// >>> scaler = sp.compose(recommenders=[sp.Fixed(20)], restraints=[sp.RateLimit(up=slow)])
/// >>> [scaler.decide(sp.Snapshot(at=t, replicas=n)).replicas for t, n in ((0, 3), (30, 7), (60, 7))]
/// [7, 7, 11]
#[pyclass(module = "setpoint", frozen, eq)]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RateLimit {
    up: Option<ScalingRules>,
    down: Option<ScalingRules>,
}

impl RateLimit {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        Arguments::new(py).given("up", self.up.clone())?.given("down", self.down.clone())
    }

    pub(crate) fn stage(&self) -> Result<restrain::RateLimit> {
        let behavior = behavior(self.up.as_ref(), self.down.as_ref()).filled(Duration::ZERO)?;
        Ok(restrain::RateLimit::by(behavior))
    }
}

#[pymethods]
impl RateLimit {
    #[new]
    #[pyo3(signature = (*, up=None, down=None))]
    fn new(up: Option<&Bound<'_, ScalingRules>>, down: Option<&Bound<'_, ScalingRules>>) -> Result<Self> {
        let own = |rules: Option<&Bound<'_, ScalingRules>>| rules.map(|rules| rules.get().clone());
        let limit = Self { up: own(up), down: own(down) };
        limit.stage()?;
        Ok(limit)
    }

    /// The policies for growth, as given.
    #[getter]
    fn up(&self) -> Option<ScalingRules> {
        self.up.clone()
    }

    /// The policies for reductions, as given.
    #[getter]
    fn down(&self) -> Option<ScalingRules> {
        self.down.clone()
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.arguments(py)?.hash()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("RateLimit")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}
