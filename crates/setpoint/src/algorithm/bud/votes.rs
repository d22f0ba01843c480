//! What one metric asks for, and how the largest of several votes is found. It knows neither the other inputs nor the bounds.
//!
//! Source: `BudEcosystem/scaler`, `pkg/controller/budaiscaler/algorithm/budscaler.go`, commit
//! `79bffc5e9778ab80a20c5e0a6d39d9e780750122`. Repaired: votes are counted instead of taking a vote of 0 for none, readings that are not
//! finite are missing, conversions saturate, a scale-down rate above 1 is 1.

use crate::rounding::{ceil32, floor32, round32};

pub use crate::reason::bud::VoteRule;

/// How much of an overload a vote answers.
pub const UP_DAMPING: f64 = 0.8;
/// How much of an underload a vote answers.
pub const DOWN_DAMPING: f64 = 0.5;
/// The scale-up rate where none is given, in multiples of the present count.
pub const UP_RATE: f64 = 2.0;
/// The scale-down rate where none is given, in multiples of the present count.
pub const DOWN_RATE: f64 = 0.5;

/// How far the ratio of a reading to its target may be from 1 without effect; the edge has an effect.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Tolerance {
    /// Above the target, as a share of it.
    pub up: f64,
    /// Below the target, as a share of it.
    pub down: f64,
}

impl Tolerance {
    /// The same in both directions.
    #[must_use]
    pub const fn both(share: f64) -> Self {
        Self { up: share, down: share }
    }

    pub(super) fn covers(self, ratio: f64) -> bool {
        (ratio - 1.0).abs() < if ratio > 1.0 { self.up } else { self.down }
    }
}

/// Everything that a vote depends on besides the metric itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scope {
    /// Replicas asked for now.
    pub current: i64,
    /// Replicas that are ready.
    pub ready: i64,
    /// Replicas that are pending or running but not ready.
    pub starting: i64,
    /// What an idle metric asks for.
    pub min: i64,
    /// How much of a replica a starting one counts for, 0 to 1.
    pub starting_weight: f64,
    /// How far the ratio may be off.
    pub tolerance: Tolerance,
    /// Largest growth in one evaluation, in multiples of the count; 0 and less mean [`UP_RATE`].
    pub up_rate: f64,
    /// Smallest rest after one evaluation, in multiples of the count; 0 and less mean [`DOWN_RATE`], above 1 means 1.
    pub down_rate: f64,
}

impl Scope {
    /// The count from which growth is measured: never less than the present one, more while surplus replicas exist.
    pub(super) fn growth_base(&self) -> i64 {
        let effective = effective_replicas(self.ready, self.starting, self.starting_weight);
        self.current.max(ceil32(effective).unwrap_or(0).max(1))
    }

    pub(super) fn up_limit(&self, count: i64) -> i64 {
        let rate = if self.up_rate > 0.0 { self.up_rate } else { UP_RATE };
        ceil32(count as f64 * rate).unwrap_or(count)
    }

    pub(super) fn down_limit(&self, count: i64) -> i64 {
        let rate = if self.down_rate > 0.0 { self.down_rate.min(1.0) } else { DOWN_RATE };
        floor32(count as f64 * rate).unwrap_or(count)
    }
}

/// What one metric asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vote {
    /// The count.
    pub count: i64,
    /// Reading over target.
    pub ratio: f64,
    /// The rule that made the count.
    pub rule: VoteRule,
    /// Whether the metric is in panic, which only [`kpa::vote`](super::kpa::vote) says.
    pub panic: bool,
}

/// Replicas in effect: the ready ones, and the starting ones at their weight. Not rounded.
///
/// ```
/// assert_eq!(setpoint::bud::effective_replicas(16, 14, 0.5), 23.0);
/// ```
#[must_use]
pub fn effective_replicas(ready: i64, starting: i64, weight: f64) -> f64 {
    ready as f64 + starting as f64 * weight
}

/// The ratio of a reading to its target, where both can be used.
pub(super) fn ratio(target: f64, value: f64) -> Option<f64> {
    (value.is_finite() && target.is_finite() && target > 0.0).then(|| value / target)
}

/// The vote of one metric; `None` where the reading is not finite or the target not a finite number above 0.
///
/// From 0 replicas any load asks for 1.
///
/// ```
/// use setpoint::bud::{Scope, Tolerance, vote};
/// let scope = Scope {
///     current: 10, ready: 10, starting: 0, min: 1, starting_weight: 0.5,
///     tolerance: Tolerance::both(0.1), up_rate: 2.0, down_rate: 0.5,
/// };
/// let count = |value| vote(&scope, 70.0, value).map(|vote| vote.count);
/// assert_eq!(count(105.0), Some(14));    // half above target: 40 % more
/// assert_eq!(count(35.0), Some(8));      // half of the target: a quarter less, 7.5 rounded
/// assert_eq!(count(f64::NAN), None);
/// ```
#[must_use]
pub fn vote(scope: &Scope, target: f64, value: f64) -> Option<Vote> {
    let ratio = ratio(target, value)?;
    let said = |count, rule| Some(Vote { count, ratio, rule, panic: false });
    if value <= 0.0 {
        return said(scope.min, VoteRule::Idle);
    }
    let n = if ratio > 1.0 { scope.growth_base() } else { scope.current };
    if scope.tolerance.covers(ratio) {
        return said(n, VoteRule::WithinTolerance);
    }
    let exact = n as f64;
    let wanted = if ratio > 1.0 {
        ceil32(exact * (1.0 + UP_DAMPING * (ratio - 1.0)))
    } else {
        round32(exact * (1.0 + DOWN_DAMPING * (ratio - 1.0)))
    };
    let wanted = wanted.unwrap_or(n);
    let (up, down) = (scope.up_limit(n), scope.down_limit(n).max(1));
    if wanted > n && wanted > up {
        said(up.max(1), VoteRule::RateUp)
    } else if wanted < n && wanted < down {
        said(down, VoteRule::RateDown)
    } else {
        said(wanted.max(1), VoteRule::Ratio)
    }
}

/// What all metrics ask for together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The largest vote; the present count where nobody voted.
    pub count: i64,
    /// The first metric with that vote.
    pub winner: Option<usize>,
    /// The first metric with a reading, which upstream reports as the one that drove the decision.
    pub first_read: Option<usize>,
    /// Whether any metric is in panic.
    pub panic: bool,
}

/// Asks `vote` for the vote of each metric (target, and reading if there is one) and takes the largest. `each` hears every vote.
pub fn tally(
    current: i64,
    metrics: impl IntoIterator<Item = (f64, Option<f64>)>,
    vote: impl Fn(f64, f64) -> Option<Vote>,
    mut each: impl FnMut(usize, Option<Vote>),
) -> Tally {
    let mut best: Option<(usize, i64)> = None;
    let (mut first_read, mut panic) = (None, false);
    for (i, (target, reading)) in metrics.into_iter().enumerate() {
        if reading.is_some() && first_read.is_none() {
            first_read = Some(i);
        }
        let said = reading.and_then(|value| vote(target, value));
        each(i, said);
        if let Some(Vote { count, panic: panics, .. }) = said {
            panic |= panics;
            if best.is_none_or(|(_, most)| count > most) {
                best = Some((i, count));
            }
        }
    }
    Tally { count: best.map_or(current, |(_, count)| count), winner: best.map(|(i, _)| i), first_read, panic }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounding::MAX_COUNT;

    fn scope(current: i64) -> Scope {
        Scope {
            current,
            ready: current,
            starting: 0,
            min: 1,
            starting_weight: 0.5,
            tolerance: Tolerance::both(0.1),
            up_rate: 2.0,
            down_rate: 0.5,
        }
    }

    fn count(scope: &Scope, ratio: f64) -> i64 {
        vote(scope, 1.0, ratio).unwrap().count
    }

    #[test]
    fn overload_is_answered_at_four_fifths_rounded_up_and_underload_at_a_half_rounded() {
        assert_eq!(count(&scope(10), 1.5), 14);
        assert_eq!(count(&scope(10), 1.51), 15);
        assert_eq!(count(&scope(10), 0.5), 8);
        assert_eq!(count(&scope(10), 0.48), 7);
    }

    #[test]
    fn each_direction_has_its_own_tolerance_and_the_edge_scales() {
        let wide_up = Scope { tolerance: Tolerance { up: 0.5, down: 0.125 }, ..scope(8) };
        assert_eq!((count(&wide_up, 1.49), count(&wide_up, 1.5)), (8, 12));
        assert_eq!((count(&wide_up, 0.876), count(&wide_up, 0.875)), (8, 8));
        assert_eq!(vote(&wide_up, 1.0, 0.876).unwrap().rule, VoteRule::WithinTolerance);
        assert_eq!(vote(&wide_up, 1.0, 0.875).unwrap().rule, VoteRule::Ratio);
        let wide_down = Scope { tolerance: Tolerance { up: 0.125, down: 0.5 }, ..scope(8) };
        assert_eq!((count(&wide_down, 1.124), count(&wide_down, 1.125)), (8, 9));
        assert_eq!((count(&wide_down, 0.51), count(&wide_down, 0.5)), (8, 6));
    }

    #[test]
    fn rates_hold_and_zero_means_the_default() {
        assert_eq!((count(&scope(10), 9.0), count(&Scope { up_rate: 1.2, ..scope(10) }, 9.0)), (20, 12));
        assert_eq!(count(&Scope { up_rate: 0.0, ..scope(10) }, 9.0), 20);
        assert_eq!(count(&Scope { down_rate: 0.9, ..scope(10) }, 0.1), 9);
        assert_eq!(count(&Scope { down_rate: -1.0, ..scope(10) }, 0.001), 5);
        assert_eq!(vote(&scope(10), 1.0, 9.0).unwrap().rule, VoteRule::RateUp);
    }

    #[test]
    fn a_scale_down_rate_above_one_never_grows_the_workload() {
        assert_eq!(count(&Scope { down_rate: 2.0, ..scope(10) }, 0.1), 10);
    }

    #[test]
    fn starting_surplus_raises_the_base_of_growth_alone() {
        let surge = Scope { ready: 10, starting: 4, ..scope(10) };
        assert_eq!(count(&surge, 1.5), 17);
        assert_eq!(count(&surge, 1.05), 12);
        assert_eq!(count(&surge, 0.95), 10);
        assert_eq!(count(&Scope { ready: 2, starting: 8, ..scope(10) }, 1.5), 14);
    }

    #[test]
    fn an_idle_metric_asks_for_the_minimum_and_a_count_of_zero_wakes_to_one() {
        assert_eq!(count(&Scope { min: 0, ..scope(6) }, 0.0), 0);
        assert_eq!(count(&Scope { min: 3, ..scope(6) }, -5.0), 3);
        assert_eq!((count(&scope(0), 1e9), count(&scope(0), 0.5)), (2, 1));
        assert_eq!(count(&Scope { ready: 0, ..scope(0) }, f64::MAX), 2);
    }

    #[test]
    fn what_is_not_finite_has_no_vote_and_what_is_huge_saturates() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(vote(&scope(4), 70.0, bad), None);
            assert_eq!(vote(&scope(4), bad, 70.0), None);
        }
        assert_eq!(vote(&scope(4), 0.0, 1.0), None);
        assert_eq!(vote(&scope(4), -5.0, 1.0), None);
        assert_eq!(vote(&scope(4), f64::MIN_POSITIVE, f64::MAX).unwrap().count, 8);
        let unlimited = Scope { up_rate: f64::MAX, ..scope(4) };
        assert_eq!(vote(&unlimited, 1.0, 1e300).unwrap().count, MAX_COUNT);
    }

    #[test]
    fn the_first_of_the_largest_votes_wins_and_a_vote_of_zero_is_one() {
        let scope = Scope { min: 0, ..scope(4) };
        let all = |readings: &[Option<f64>]| {
            tally(4, readings.iter().map(|r| (10.0, *r)), |t, v| vote(&scope, t, v), |_, _| {})
        };
        let several = all(&[None, Some(0.0), Some(10.0), Some(10.5)]);
        assert_eq!((several.count, several.winner, several.first_read), (4, Some(2), Some(1)));
        let idle = all(&[Some(f64::NAN), Some(0.0)]);
        assert_eq!((idle.count, idle.winner, idle.first_read), (0, Some(1), Some(0)));
        let silent = all(&[None]);
        assert_eq!((silent.count, silent.winner, silent.first_read), (4, None, None));
    }
}
