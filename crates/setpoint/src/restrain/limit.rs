//! Restraints without a memory: bounds, a floor, a ceiling, "zero or at least n". They also guard a count that is only kept
//! because no opinion could be formed. Source: ours; every upstream system has bounds.

use crate::reason::{Reason, Reasons, RestraintReason};
use crate::replicas::{Bounds, ZeroOrAtLeast};
use crate::rounding;
use crate::stage::{Context, Restrain, Stage};

/// Keeps the count within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithinBounds {
    bounds: Bounds,
    guards_held: bool,
}

impl WithinBounds {
    /// Bounds as a restraint.
    #[must_use]
    pub const fn new(bounds: Bounds) -> Self {
        Self { bounds, guards_held: true }
    }

    /// The same bounds, but a count that is only kept for want of an opinion stays as it is, as in Kubernetes.
    #[must_use]
    pub const fn unless_held(mut self) -> Self {
        self.guards_held = false;
        self
    }
}

/// Keeps the count at or above a floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floor(u32);

impl Floor {
    /// A floor of `count` replicas; counts beyond 2,147,483,647 are read as that.
    #[must_use]
    pub fn new(count: u32) -> Self {
        Self(rounding::to_replicas(i64::from(count)))
    }
}

/// Keeps the count at or below a ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceiling(u32);

impl Ceiling {
    /// A ceiling of `count` replicas; counts beyond 2,147,483,647 are read as that.
    #[must_use]
    pub fn new(count: u32) -> Self {
        Self(rounding::to_replicas(i64::from(count)))
    }
}

/// Allows no replicas at all, or at least so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZeroOr(ZeroOrAtLeast);

impl ZeroOr {
    /// The rule as a restraint.
    #[must_use]
    pub const fn new(rule: ZeroOrAtLeast) -> Self {
        Self(rule)
    }
}

/// What the four have in common: a count in, a count out, and the reason that belongs to it.
trait Guard {
    const NAME: &'static str;

    fn hold(&self, from: i64) -> (i64, RestraintReason);

    fn guards_held(&self) -> bool {
        true
    }
}

impl Guard for WithinBounds {
    const NAME: &'static str = "bounds";

    fn hold(&self, from: i64) -> (i64, RestraintReason) {
        let to = self.bounds.clamp(from);
        let reason = if to > from {
            RestraintReason::LowerBound { from, to }
        } else {
            RestraintReason::UpperBound { from, to }
        };
        (to, reason)
    }

    fn guards_held(&self) -> bool {
        self.guards_held
    }
}

impl Guard for Floor {
    const NAME: &'static str = "floor";

    fn hold(&self, from: i64) -> (i64, RestraintReason) {
        let to = from.max(i64::from(self.0));
        (to, RestraintReason::Floor { from, to })
    }
}

impl Guard for Ceiling {
    const NAME: &'static str = "ceiling";

    fn hold(&self, from: i64) -> (i64, RestraintReason) {
        let to = from.min(i64::from(self.0));
        (to, RestraintReason::Ceiling { from, to })
    }
}

impl Guard for ZeroOr {
    const NAME: &'static str = "zero_or_at_least";

    fn hold(&self, from: i64) -> (i64, RestraintReason) {
        let to = self.0.apply(from);
        (to, RestraintReason::TooFewToServe { from, to })
    }
}

macro_rules! stages {
    ($($guard:ty),*) => {$(
        impl Stage for $guard {
            fn name(&self) -> &str {
                Self::NAME
            }
        }

        impl Restrain for $guard {
            fn restrain(&self, _cx: &Context<'_>, input: i64, why: &mut Reasons<'_>) -> i64 {
                let (to, reason) = self.hold(input);
                if to != input {
                    why.push(Reason::Restraint { reason });
                }
                to
            }

            fn guards_held(&self) -> bool {
                Guard::guards_held(self)
            }

            fn clone_box(&self) -> Box<dyn Restrain> {
                Box::new(*self)
            }
        }
    )*};
}

stages!(WithinBounds, Floor, Ceiling, ZeroOr);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Snapshot, Timestamp};

    fn run(stage: &dyn Restrain, input: i64) -> (i64, Vec<Reason>) {
        let snapshot = Snapshot::at(Timestamp::default()).replicas(5);
        let mut out = Vec::new();
        let cx = Context::new(Timestamp::default(), &snapshot);
        let to = stage.restrain(&cx, input, &mut Reasons::new(Some(0), &mut out));
        (to, out.into_iter().map(|e| e.reason).collect())
    }

    #[test]
    fn each_limit_moves_the_count_with_its_own_reason() {
        let bounds = WithinBounds::new(Bounds::new(2, 10).unwrap());
        let is = |reason| vec![Reason::Restraint { reason }];
        assert_eq!(run(&bounds, 1), (2, is(RestraintReason::LowerBound { from: 1, to: 2 })));
        assert_eq!(run(&bounds, 11), (10, is(RestraintReason::UpperBound { from: 11, to: 10 })));
        assert_eq!(run(&bounds, 10), (10, vec![]));
        assert_eq!(run(&Floor::new(3), 0), (3, is(RestraintReason::Floor { from: 0, to: 3 })));
        assert_eq!(run(&Ceiling::new(3), 4), (3, is(RestraintReason::Ceiling { from: 4, to: 3 })));
        let pair = ZeroOr::new(ZeroOrAtLeast::new(2).unwrap());
        assert_eq!(run(&pair, 1), (2, is(RestraintReason::TooFewToServe { from: 1, to: 2 })));
        assert_eq!(run(&pair, 0), (0, vec![]));
        assert!(Restrain::guards_held(&bounds) && Restrain::guards_held(&pair));
        assert!(!Restrain::guards_held(&bounds.unless_held()));
    }
}
