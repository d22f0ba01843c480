//! The vote of one metric under the strategy named `KPA`: proportional, with a panic that lifts the scale-up rate. Panic has no memory; for
//! one that lasts, with windows, use the wing of the Knative autoscaler.
//!
//! Source: `BudEcosystem/scaler`, `pkg/controller/budaiscaler/algorithm/kpa.go`, commit
//! `79bffc5e9778ab80a20c5e0a6d39d9e780750122`. Repaired as in [`votes`](super::votes), and a target of 0 or less has no vote.

use super::votes::{Scope, Vote, VoteRule, ratio};
use crate::rounding::ceil32;

/// The panic threshold where none is given, in multiples of the target.
pub const PANIC_THRESHOLD: f64 = 2.0;

/// The vote of one metric; `None` where the reading is not finite or the target not a finite number above 0. `panic_threshold` is in
/// multiples of the target; 0 and less mean [`PANIC_THRESHOLD`].
///
/// ```
/// use setpoint::bud::{Scope, Tolerance, kpa};
/// let scope = Scope {
///     current: 10, ready: 10, starting: 0, min: 1, starting_weight: 0.5,
///     tolerance: Tolerance::both(0.1), up_rate: 1.5, down_rate: 0.5,
/// };
/// let count = |value| kpa::vote(&scope, 2.0, 70.0, value).map(|vote| (vote.count, vote.panic));
/// assert_eq!(count(133.0), Some((15, false)));
/// assert_eq!(count(140.0), Some((20, true)));
/// ```
#[must_use]
pub fn vote(scope: &Scope, panic_threshold: f64, target: f64, value: f64) -> Option<Vote> {
    let ratio = ratio(target, value)?;
    let current = scope.current;
    if scope.tolerance.covers(ratio) {
        return Some(Vote { count: current, ratio, rule: VoteRule::WithinTolerance, panic: false });
    }
    let threshold = if panic_threshold > 0.0 { panic_threshold } else { PANIC_THRESHOLD };
    let panic = ratio >= threshold;
    let n = if ratio > 1.0 { scope.growth_base() } else { current };
    let wanted = ceil32(n as f64 * ratio).unwrap_or(n);
    let (up, down) = (scope.up_limit(current), scope.down_limit(current));
    let (count, rule) = if wanted > current && wanted > up && !panic {
        (up, VoteRule::RateUp)
    } else if wanted < current && wanted < down {
        (down, VoteRule::RateDown)
    } else {
        (wanted, VoteRule::Ratio)
    };
    Some(Vote { count: count.max(1), ratio, rule, panic })
}

#[cfg(test)]
mod tests {
    use super::super::votes::Tolerance;
    use super::*;

    const SCOPE: Scope = Scope {
        current: 10,
        ready: 10,
        starting: 0,
        min: 0,
        starting_weight: 0.5,
        tolerance: Tolerance::both(0.1),
        up_rate: 1.5,
        down_rate: 0.5,
    };

    fn at(scope: &Scope, ratio: f64) -> (i64, bool) {
        let said = vote(scope, 0.0, 1.0, ratio).unwrap();
        (said.count, said.panic)
    }

    #[test]
    fn panic_starts_at_the_threshold_and_lifts_the_rate_alone() {
        assert_eq!((at(&SCOPE, 1.999), at(&SCOPE, 2.0)), ((15, false), (20, true)));
        assert_eq!(vote(&SCOPE, 3.0, 1.0, 2.5).unwrap().count, 15);
        let tolerant = Scope { tolerance: Tolerance { up: 9.0, down: 0.1 }, ..SCOPE };
        assert_eq!(at(&tolerant, 5.0), (10, false));
    }

    #[test]
    fn shrinking_is_proportional_down_to_the_rate_and_one_replica_stays() {
        assert_eq!((at(&SCOPE, 0.71).0, at(&SCOPE, 0.1).0, at(&SCOPE, 0.0).0), (8, 5, 5));
        assert_eq!(at(&Scope { current: 1, ..SCOPE }, 0.0).0, 1);
        assert_eq!(at(&Scope { down_rate: 2.0, ..SCOPE }, 0.1).0, 10);
    }

    #[test]
    fn tolerances_are_separate() {
        let scope = Scope { tolerance: Tolerance { up: 0.0, down: 0.3 }, ..SCOPE };
        assert_eq!((at(&scope, 1.01).0, at(&scope, 0.71).0), (11, 10));
    }

    #[test]
    fn surplus_replicas_count_for_growth_within_the_rate_of_the_present_count() {
        let surge = Scope { ready: 10, starting: 4, ..SCOPE };
        assert_eq!((at(&surge, 1.2).0, at(&surge, 1.9).0), (15, 15));
        assert_eq!(at(&surge, 2.0), (24, true));
        assert_eq!(at(&surge, 1.05), (10, false));
    }

    #[test]
    fn what_cannot_be_compared_has_no_vote() {
        for (target, value) in
            [(0.0, 1.0), (-1.0, 1.0), (1.0, f64::NAN), (1.0, f64::INFINITY), (f64::NAN, 1.0)]
        {
            assert_eq!(vote(&SCOPE, 2.0, target, value), None);
        }
        assert_eq!(vote(&SCOPE, 2.0, 1.0, 1e300).unwrap().count, i64::from(i32::MAX));
    }
}
