//! Algorithms by name: the built-in rules, and those of the caller's own behind [`Algorithm`].
//!
//! Source: `pmady/kubeai-autoscaler`, `pkg/scaling/registry.go`, commit `88eef88baa688724255ee090f4d1ef3eb23d70f2`. Ours: no
//! shared objects are loaded, an algorithm is built per policy (its memory belongs to the policy), its count is held to the
//! bounds, and its failure keeps the present count.

use super::rule::{Answer, Rule, Scope};
use crate::error::{ConfigError, StateError};
use crate::reason::Label;
use crate::state::{StateReader, StateWriter};
use crate::time::Timestamp;
use core::fmt::{self, Debug};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an algorithm is told: the scope, and a ratio for each slot that has one, in the order of the slots.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Call<'a> {
    /// The count, the bounds and the tolerance.
    pub scope: Scope,
    /// The ratios. In a policy, places are slots; in a bare call, places in a list.
    pub ratios: &'a [Option<f64>],
}

impl<'a> Call<'a> {
    /// A call.
    #[must_use]
    pub const fn new(scope: Scope, ratios: &'a [Option<f64>]) -> Self {
        Self { scope, ratios }
    }

    /// The ratios that are there and finite.
    pub fn present(&self) -> impl Iterator<Item = f64> {
        self.ratios.iter().filter_map(|r| r.filter(|r| r.is_finite()))
    }
}

/// A ratio algorithm of the caller's own.
///
/// Deciding takes `&self`; memory changes in [`decided`](Self::decided) alone.
///
/// ```
/// use setpoint::kubeai::{Algorithm, Answer, Call, Verdict};
/// use setpoint::reason::Label;
///
/// /// One more replica whenever any ratio is above 1.
/// #[derive(Clone, Debug)]
/// struct OneMore;
///
/// impl Algorithm for OneMore {
///     fn compute(&self, call: &Call<'_>) -> Result<Answer, Label> {
///         let more = call.present().any(|ratio| ratio > 1.0);
///         let count = call.scope.current + i64::from(more);
///         Ok(Answer { count, combined: None, verdict: Verdict::Custom(Label::new("one more")) })
///     }
///
///     fn clone_box(&self) -> Box<dyn Algorithm> {
///         Box::new(self.clone())
///     }
/// }
/// ```
pub trait Algorithm: Debug + Send + Sync {
    /// The count that the algorithm asks for. It is held to the bounds afterwards.
    ///
    /// # Errors
    /// If no count can be given; the present one is then kept.
    fn compute(&self, call: &Call<'_>) -> Result<Answer, Label>;

    /// The decision on this call was made: the place to remember it. Not called after a failure.
    fn decided(&mut self, _call: &Call<'_>) {}

    /// The earliest time after `now` at which the same call could be answered otherwise. The default says the next millisecond,
    /// which is right for any algorithm that remembers.
    fn next_change_at(&self, now: Timestamp) -> Option<Timestamp> {
        now.as_millis().checked_add(1).map(Timestamp::from_millis)
    }

    /// Writes down everything that is remembered.
    ///
    /// # Errors
    /// If the memory cannot be saved.
    fn save(&self, _out: &mut StateWriter) -> Result<(), StateError> {
        Ok(())
    }

    /// Takes back what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// If the state does not fit.
    fn restore(&mut self, _from: &StateReader<'_>) -> Result<(), StateError> {
        Ok(())
    }

    /// A copy, memory included.
    fn clone_box(&self) -> Box<dyn Algorithm>;
}

/// Whose algorithm it is: an algorithm is built, and remembers, per policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Policy {
    /// The namespace, empty for none.
    pub namespace: String,
    /// The name.
    pub name: String,
}

type Build = Arc<dyn Fn(&Policy) -> Box<dyn Algorithm> + Send + Sync>;

/// Algorithms by their names. A new registry knows the built-in rules.
///
/// ```
/// use setpoint::kubeai::{CappedSmoothRatio, Registry};
/// let mut registry = Registry::default();
/// registry.register("CappedSmoothRatio", |_| Box::new(CappedSmoothRatio::default()))?;
/// let names: Vec<&str> = registry.names().collect();
/// assert_eq!(names, ["AverageRatio", "CappedSmoothRatio", "MaxRatio", "WeightedRatio"]);
/// assert!(registry.register(" MaxRatio ", |_| Box::new(CappedSmoothRatio::default())).is_err());
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Registry {
    /// `None` is a built-in rule.
    entries: BTreeMap<String, Option<Build>>,
}

impl Default for Registry {
    fn default() -> Self {
        Self { entries: Rule::NAMES.iter().map(|name| ((*name).to_owned(), None)).collect() }
    }
}

impl Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

impl Registry {
    /// Adds an algorithm under `name`, less the space around it.
    ///
    /// # Errors
    /// If the name is empty or taken.
    pub fn register(
        &mut self,
        name: &str,
        build: impl Fn(&Policy) -> Box<dyn Algorithm> + Send + Sync + 'static,
    ) -> Result<(), ConfigError> {
        let name = name.trim();
        if name.is_empty() {
            return Err(ConfigError::new("algorithm.name", "empty", "a name"));
        }
        if self.entries.contains_key(name) {
            return Err(ConfigError::new("algorithm.name", name, "a name that is not taken"));
        }
        self.entries.insert(name.to_owned(), Some(Arc::new(build)));
        Ok(())
    }

    /// The names in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The algorithm of a name, built for `policy`; `None` if there is none.
    pub(super) fn build(&self, name: &str, weights: &[f64], policy: &Policy) -> Option<Chosen> {
        match self.entries.get(name)? {
            None => Rule::named(name, weights).map(Chosen::Rule),
            Some(build) => Some(Chosen::Custom(build(policy))),
        }
    }
}

/// The algorithm that a policy runs.
#[derive(Debug)]
pub(super) enum Chosen {
    Rule(Rule),
    Custom(Box<dyn Algorithm>),
}

impl Chosen {
    /// What the algorithm answers, within bounds. With `hold` it does not remove replicas.
    pub(super) fn compute(&self, call: &Call<'_>, hold: bool) -> Result<Answer, Label> {
        let algorithm = match self {
            Self::Rule(rule) => return Ok(rule.compute(&call.scope, call.ratios.iter().copied(), hold)),
            Self::Custom(algorithm) => algorithm,
        };
        let answer = algorithm.compute(call)?;
        let held = hold && answer.count < call.scope.current;
        let verdict = if held { super::Verdict::HeldByMissing } else { answer.verdict };
        let count = call.scope.clamp(if held { call.scope.current } else { answer.count });
        Ok(Answer { count, verdict, ..answer })
    }
}

impl Clone for Chosen {
    fn clone(&self) -> Self {
        match self {
            Self::Rule(rule) => Self::Rule(rule.clone()),
            Self::Custom(algorithm) => Self::Custom(algorithm.clone_box()),
        }
    }
}

/// Two algorithms of the caller's own are equal if they remember the same; their names are compared by their owner.
impl PartialEq for Chosen {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Rule(a), Self::Rule(b)) => a == b,
            (Self::Custom(a), Self::Custom(b)) => {
                let (mut of_a, mut of_b) = (StateWriter::default(), StateWriter::default());
                a.save(&mut of_a).is_ok() && b.save(&mut of_b).is_ok() && of_a.finish() == of_b.finish()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::CappedSmoothRatio;
    use super::*;
    use crate::reason::kubeai::Verdict;

    /// Wants what it is told, or fails.
    #[derive(Clone, Debug)]
    struct Fixed(Option<i64>);

    impl Algorithm for Fixed {
        fn compute(&self, _call: &Call<'_>) -> Result<Answer, Label> {
            let verdict = Verdict::Custom(Label::new("fixed"));
            let answer = |count| Answer { count, combined: None, verdict };
            self.0.map(answer).ok_or(Label::new("no idea"))
        }

        fn clone_box(&self) -> Box<dyn Algorithm> {
            Box::new(self.clone())
        }
    }

    #[test]
    fn names_are_trimmed_unique_and_listed_in_order() {
        let mut registry = Registry::default();
        registry.register("  Zulu ", |_| Box::new(Fixed(Some(1)))).unwrap();
        registry.register("Alpha", |_| Box::new(Fixed(Some(2)))).unwrap();
        assert!(registry.names().eq(["Alpha", "AverageRatio", "MaxRatio", "WeightedRatio", "Zulu"]));
        for refused in ["", "   ", "Zulu", "\tAlpha", "WeightedRatio"] {
            let error = registry.register(refused, |_| Box::new(Fixed(None))).unwrap_err();
            assert_eq!(error.field, "algorithm.name", "{refused:?}");
        }
        assert!(registry.build("zulu", &[], &Policy::default()).is_none(), "names are exact");
    }

    #[test]
    fn an_algorithm_is_built_for_its_policy() {
        let mut registry = Registry::default();
        registry.register("Named", |policy| Box::new(Fixed(Some(policy.name.len() as i64)))).unwrap();
        let policy = Policy { namespace: "ml".into(), name: "chat".into() };
        let chosen = registry.build("Named", &[], &policy).unwrap();
        let scope = Scope { current: 9, min: 1, max: 20, tolerance: 0.1 };
        assert_eq!(chosen.compute(&Call::new(scope, &[]), false).map(|a| a.count), Ok(4));
    }

    #[test]
    fn a_custom_count_is_bounded_held_and_may_fail() {
        let scope = Scope { current: 5, min: 2, max: 8, tolerance: 0.1 };
        let call = Call::new(scope, &[Some(0.5), None]);
        let of = |count, hold| {
            Chosen::Custom(Box::new(Fixed(count))).compute(&call, hold).map(|a| (a.count, a.verdict))
        };
        let fixed = Verdict::Custom(Label::new("fixed"));
        assert_eq!(of(Some(100), false), Ok((8, fixed)));
        assert_eq!(of(Some(i64::MIN), false), Ok((2, fixed)));
        assert_eq!(of(Some(3), true), Ok((5, Verdict::HeldByMissing)));
        assert_eq!(of(Some(7), true), Ok((7, fixed)));
        assert_eq!(of(None, false), Err(Label::new("no idea")));
    }

    #[test]
    fn chosen_algorithms_compare_by_rule_or_memory() {
        let smooth = || Chosen::Custom(Box::new(CappedSmoothRatio::default()));
        assert_eq!(smooth(), smooth().clone());
        let mut moved = CappedSmoothRatio::default();
        let scope = Scope { current: 5, min: 2, max: 8, tolerance: 0.1 };
        moved.decided(&Call::new(scope, &[Some(2.0)]));
        assert_ne!(smooth(), Chosen::Custom(Box::new(moved)));
        assert_ne!(Chosen::Rule(Rule::MaxRatio), Chosen::Rule(Rule::AverageRatio));
        assert_ne!(Chosen::Rule(Rule::MaxRatio), smooth());
    }
}
