//! An autoscaler of one's own: recommenders, one combiner, restraints.

use crate::arguments::Arguments;
use crate::autoscaler::Autoscaler;
use crate::by_name::Many;
use crate::error::Result;
use crate::own_stage::OwnStage;
use crate::quantity::Count;
use crate::stages::{Ceiling, Cooldown, Fixed, Floor, RateLimit, Stabilization, WithinBounds, ZeroOrAtLeast};
use pyo3::inspect::PyStaticExpr;
use pyo3::prelude::*;
use pyo3::{PyTypeInfo, type_hint_identifier, type_hint_union};
use setpoint::autoscaler::{Recommender, Restraint};
use setpoint::{Bounds, Combine, ConfigError};

/// A recommender: a value of the library's, or an object of the caller's own.
#[derive(Clone)]
pub(crate) struct AnyRecommender<'py>(Bound<'py, PyAny>);

impl<'a, 'py> FromPyObject<'a, 'py> for AnyRecommender<'py> {
    type Error = PyErr;
    const INPUT_TYPE: PyStaticExpr =
        type_hint_union!(Fixed::TYPE_HINT, type_hint_identifier!("setpoint._protocols", "Recommender"));

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(obj.to_owned()))
    }
}

impl AnyRecommender<'_> {
    fn stage(&self) -> Result<Recommender> {
        if let Ok(fixed) = self.0.cast::<Fixed>() {
            return Ok(fixed.get().stage().into());
        }
        Ok(Recommender::Custom(Box::new(OwnStage::new(&self.0, "recommend")?)))
    }
}

/// A restraint: a value of the library's, or an object of the caller's own.
#[derive(Clone)]
pub(crate) struct AnyRestraint<'py>(Bound<'py, PyAny>);

impl<'a, 'py> FromPyObject<'a, 'py> for AnyRestraint<'py> {
    type Error = PyErr;
    const INPUT_TYPE: PyStaticExpr = type_hint_union!(
        Cooldown::TYPE_HINT,
        Floor::TYPE_HINT,
        Ceiling::TYPE_HINT,
        WithinBounds::TYPE_HINT,
        ZeroOrAtLeast::TYPE_HINT,
        Stabilization::TYPE_HINT,
        RateLimit::TYPE_HINT,
        type_hint_identifier!("setpoint._protocols", "Restraint")
    );

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(obj.to_owned()))
    }
}

impl AnyRestraint<'_> {
    fn stage(&self) -> Result<Restraint> {
        let object = &self.0;
        Ok(if let Ok(cooldown) = object.cast::<Cooldown>() {
            cooldown.get().stage().into()
        } else if let Ok(floor) = object.cast::<Floor>() {
            floor.get().stage().into()
        } else if let Ok(ceiling) = object.cast::<Ceiling>() {
            ceiling.get().stage().into()
        } else if let Ok(bounds) = object.cast::<WithinBounds>() {
            setpoint::restrain::WithinBounds::new(bounds.get().0).into()
        } else if let Ok(rule) = object.cast::<ZeroOrAtLeast>() {
            rule.get().stage()?.into()
        } else if let Ok(stabilization) = object.cast::<Stabilization>() {
            stabilization.get().stage().into()
        } else if let Ok(rates) = object.cast::<RateLimit>() {
            rates.get().stage()?.into()
        } else {
            Restraint::Custom(Box::new(OwnStage::new(object, "restrain")?))
        })
    }
}

/// An autoscaler of stages of one's own choice.
///
/// A recommender is an object with ``recommend(snapshot, now) -> int | None``: the count that it wants, or None to abstain. A
/// restraint is one with ``restrain(snapshot, now, count) -> int``. ``now`` is in seconds since the epoch. An exception raised in
/// `recommend` never escapes a decision: it counts as a failed recommender, with the exception's type name as the reason, and is
/// kept in `Autoscaler.last_error`. One raised in `restrain` keeps the present count. (What is no `Exception`, such as
/// `KeyboardInterrupt`, is raised after the decision.)
///
/// Optional attributes: ``name`` (str, default the class name), ``metrics`` (list of str) and, of a restraint, ``guards_held`` (bool: whether
/// it also acts on a count that is only kept because no opinion could be formed). Optional methods, which are the place for memory:
/// ``observe(snapshot, now)``, called once per snapshot before anybody decides; ``decided(snapshot, now, count)``;
/// ``applied(at, before, after)``; and ``next_change_at(now) -> float | None``, without which `Decision.next_change_at` is never later
/// than the decision. Memory is saved through ``__getstate__`` and ``__setstate__`` (default: the attributes), made of None, bool, int,
/// float, str, list and dict; dry runs and restored autoscalers work on copies made by `copy.deepcopy`.
///
/// Parameters
/// ----------
/// recommenders : sequence of Fixed or objects with a method ``recommend``
///     At least one.
/// combine : str, default "largest"
///     "largest", "smallest", "first" (with an opinion), "weighted" (mean by `weights`, rounded up) or "capped" (largest after each
///     is cut to its entry in `caps`). Where a recommender failed, the count never goes below what there is now.
/// weights : sequence of float, optional
///     One per recommender, finite and above 0; for "weighted" only.
/// caps : sequence of int or None, optional
///     One per recommender, in replicas, None for no cap; for "capped" only.
/// restraints : sequence of Stabilization, RateLimit, Cooldown, Floor, Ceiling, WithinBounds, ZeroOrAtLeast or objects with a method ``restrain``, optional
///     In the order in which they act.
/// bounds : tuple of two int, optional
///     The lowest and the highest count in replicas, both included; acts last.
///
/// Returns
/// -------
/// Autoscaler
///     The autoscaler. It works on the given objects, not on copies.
///
/// Raises
/// ------
/// ConfigError
///     If there is no recommender, or a setting is out of range or does not fit the others.
/// TypeError
///     If an object is no stage.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> class PerWorker:
/// ...     def recommend(self, snapshot, now):
/// ...         queue = snapshot.values.get("queue")
/// ...         return None if queue is None else -(-int(queue.total) // 20)
/// >>> scaler = sp.compose(recommenders=[PerWorker()], restraints=[sp.Cooldown(down=300)], bounds=(1, 10))
/// >>> print(scaler.decide(sp.Snapshot(at=0, replicas=1, values={"queue": 90})))
/// 1 -> 5: PerWorker wants 5
#[pyfunction]
#[pyo3(signature = (
    *, recommenders, combine="largest", weights=None, caps=None, restraints=None, bounds=None
))]
pub(crate) fn compose<'py>(
    py: Python<'py>,
    recommenders: Many<AnyRecommender<'py>>,
    combine: &str,
    weights: Option<Many<f64>>,
    caps: Option<Many<Option<Count>>>,
    restraints: Option<Many<AnyRestraint<'py>>>,
    bounds: Option<(Count, Count)>,
) -> Result<Autoscaler> {
    let recommenders = recommenders.0;
    let restraints = restraints.map_or_else(Vec::new, |restraints| restraints.0);
    let weights = weights.map(|weights| weights.0);
    let caps: Option<Vec<Option<u32>>> = caps
        .map(|caps| caps.0.into_iter().map(|cap| cap.map(|cap| cap.setting("caps")).transpose()).collect())
        .transpose()?;
    let mut arguments = Arguments::new(py)
        .named("recommenders", recommenders.iter().map(|r| &r.0).collect::<Vec<_>>())?
        .unless("combine", combine, &"largest")?
        .given("weights", weights.clone())?
        .given("caps", caps.clone())?;
    if !restraints.is_empty() {
        arguments = arguments.named("restraints", restraints.iter().map(|r| &r.0).collect::<Vec<_>>())?;
    }
    let mut builder = setpoint::Autoscaler::builder().combine(rule(combine, weights, caps)?);
    let mut own_stages = false;
    for recommender in &recommenders {
        let stage = recommender.stage()?;
        own_stages |= matches!(stage, Recommender::Custom(_));
        builder = builder.recommend(stage);
    }
    for restraint in &restraints {
        let stage = restraint.stage()?;
        own_stages |= matches!(stage, Restraint::Custom(_));
        builder = builder.restrain(stage);
    }
    if let Some((min, max)) = bounds {
        let bounds = Bounds::new(min.setting("min_replicas")?, max.setting("max_replicas")?)?;
        arguments = arguments.named("bounds", (bounds.min(), bounds.max()))?;
        builder = builder.bounds(bounds);
    }
    Ok(Autoscaler::made_by("compose", arguments, builder.build()?, own_stages))
}

fn rule(name: &str, weights: Option<Vec<f64>>, caps: Option<Vec<Option<u32>>>) -> Result<Combine> {
    let idle = |field, used_by| {
        Err(ConfigError::new(field, "given", format!("left out unless combine is {used_by}")).into())
    };
    match (name, weights, caps) {
        ("weighted", Some(weights), None) => Ok(Combine::Weighted(weights)),
        ("capped", None, Some(caps)) => Ok(Combine::Capped(caps)),
        ("weighted", None, _) => Err(ConfigError::new("weights", "left out", "one per recommender").into()),
        ("capped", _, None) => Err(ConfigError::new("caps", "left out", "one per recommender").into()),
        ("largest", None, None) => Ok(Combine::Largest),
        ("smallest", None, None) => Ok(Combine::Smallest),
        ("first", None, None) => Ok(Combine::First),
        ("largest" | "smallest" | "first" | "capped", Some(_), _) => idle("weights", "weighted"),
        ("largest" | "smallest" | "first" | "weighted", _, Some(_)) => idle("caps", "capped"),
        (other, _, _) => {
            let allowed = "largest, smallest, first, weighted or capped";
            Err(ConfigError::new("combine", format!("{other:?}"), allowed).into())
        }
    }
}
