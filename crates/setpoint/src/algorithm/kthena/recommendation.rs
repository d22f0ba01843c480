//! How many instances the metrics ask for. Pure arithmetic on one moment's readings: no memory, no limits on
//! the pace, no collection of metrics.
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/algorithm/recommendation.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`. The order of the float operations is part of it: `((S / n) /
//! target) * n` may land just above an integer where `S / target` does not.
//!
//! Upstream hands over one map with the *sum over all ready pods* ([`Reading::Summed`]). The ratio then
//! compares the whole load with the target of a single instance, so the tolerance holds only near one
//! instance's worth of load (and then answers the current count, whatever that is), and every other load
//! gives `ceil(sum / target)` without any tolerance. [`Reading::Instances`] applies the same rule to one
//! value per pod, where the tolerance means what its name says.

use crate::reason::kthena::Rule;
use crate::rounding::ceil_within;

/// The most that a metric asks for.
const MOST: i64 = 1_000_000_000;

/// What a recommendation depends on besides the metrics. Raw: `min` may exceed `max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scope {
    /// Fewest replicas.
    pub min: i64,
    /// Most replicas.
    pub max: i64,
    /// Replicas that the workload has now.
    pub current: i64,
    /// Instances that exist and are not ready.
    pub unready: i64,
    /// How far a ratio may be from 1 without effect, as a fraction. Upstream computes `percent * 0.01`.
    pub tolerance: f64,
}

/// What is known of one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// A total over the whole workload from outside. Always taken as a total: an average (a utilization, say)
    /// makes one or two replicas whatever the size of the workload.
    External(f64),
    /// The sum over all ready instances that report the metric, as upstream hands it over; `None` if none does.
    Summed(Option<f64>),
    /// The values of the ready instances, one by one: [`Reading::instances`].
    Instances(Tally),
}

impl Reading {
    /// One value per ready instance, in the order of summation; `None` where the instance does not report the
    /// metric.
    pub fn instances(values: impl IntoIterator<Item = Option<f64>>) -> Self {
        Self::Instances(Tally::of(values))
    }

    /// `ready` instances that all report the same value, or none of which reports one.
    pub fn alike(value: Option<f64>, ready: u32) -> Self {
        let n = ready as usize;
        Self::Instances(match value {
            Some(value) => Tally { reporting: n, silent: 0, total: value * f64::from(ready) },
            None => Tally { reporting: 0, silent: n, total: 0.0 },
        })
    }

    /// The same with `silent` more ready instances that do not report the metric; other readings do not count instances.
    #[must_use]
    pub fn and_silent(mut self, silent: usize) -> Self {
        if let Self::Instances(tally) = &mut self {
            tally.silent += silent;
        }
        self
    }

    /// The sum over the instances that report, in the order given: what upstream makes of a list of pods.
    ///
    /// ```
    /// use setpoint::algorithm::kthena::Reading;
    /// assert_eq!(Reading::sum_of([Some(1.5), None, Some(2.0)]), Reading::Summed(Some(3.5)));
    /// assert_eq!(Reading::sum_of([None]), Reading::Summed(None));
    /// ```
    pub fn sum_of(values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let tally = Tally::of(values);
        Self::Summed((tally.reporting > 0).then_some(tally.total))
    }
}

/// What one metric asks for, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricOutcome {
    /// Replicas that the metric asks for, 0 to 1,000,000,000.
    pub desired: i64,
    /// The rule that held.
    pub rule: Rule,
    /// The ratio on which the rule was judged: usage per target, or wanted per current count for an external
    /// total.
    pub ratio: f64,
}

/// The recommendation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recommendation {
    /// There are fewer than the minimum: the minimum. No metric was looked at.
    BelowMinimum(i64),
    /// There are more than the maximum: the maximum. No metric was looked at.
    AboveMaximum(i64),
    /// No metric gave a value: leave everything as it is and record nothing.
    Skip,
    /// The largest count that a metric asks for, within the bounds.
    Metric {
        /// Which metric: its place in the list. The first of equals.
        metric: usize,
        /// What it asks for, before the bounds.
        desired: i64,
        /// The recommendation.
        count: i64,
    },
}

impl Recommendation {
    /// The recommended count; nothing for a skip.
    #[must_use]
    pub const fn count(self) -> Option<i64> {
        match self {
            Self::BelowMinimum(count) | Self::AboveMaximum(count) | Self::Metric { count, .. } => Some(count),
            Self::Skip => None,
        }
    }
}

/// The replicas that the metrics ask for. `metrics` holds the target per instance and the reading of each
/// metric; `told` hears of each metric in turn, with its place in the list, and `None` where it says nothing.
///
/// The order of the metrics decides nothing but [`Recommendation::Metric::metric`] among equals. A NaN
/// reading asks for 0 replicas and so shrinks the workload to its minimum unless another metric asks for
/// more: upstream's rule.
///
/// ```
/// use setpoint::algorithm::kthena::{Reading, Recommendation, Rule, Scope, recommend};
///
/// let scope = Scope { min: 1, max: 10, current: 2, unready: 0, tolerance: 0.1 };
/// let mut rules = Vec::new();
/// let pods = Reading::instances([Some(14.0), Some(16.0)]);
/// let wanted = recommend(&scope, [(10.0, pods), (5.0, Reading::External(9.5))], |_, outcome| {
///     rules.extend(outcome.map(|o| o.rule));
/// });
/// assert_eq!(wanted, Recommendation::Metric { metric: 0, desired: 3, count: 3 });
/// assert_eq!(rules, [Rule::Ratio, Rule::ExternalWithinTolerance]);
/// ```
#[must_use]
pub fn recommend(
    scope: &Scope,
    metrics: impl IntoIterator<Item = (f64, Reading)>,
    mut told: impl FnMut(usize, Option<MetricOutcome>),
) -> Recommendation {
    if scope.current < scope.min {
        return Recommendation::BelowMinimum(scope.min);
    }
    if scope.current > scope.max {
        return Recommendation::AboveMaximum(scope.max);
    }
    let mut largest: Option<(usize, i64)> = None;
    for (i, (target, reading)) in metrics.into_iter().enumerate() {
        let outcome = metric(scope, target, reading);
        told(i, outcome);
        if let Some(MetricOutcome { desired, .. }) = outcome
            && largest.is_none_or(|(_, most)| desired > most)
        {
            largest = Some((i, desired));
        }
    }
    largest.map_or(Recommendation::Skip, |(metric, desired)| Recommendation::Metric {
        metric,
        desired,
        count: clamp(desired, scope.min, scope.max),
    })
}

/// What a single metric asks for; nothing if no instance reports it. The bounds of `scope` play no part.
///
/// ```
/// use setpoint::algorithm::kthena::{Reading, Scope, recommendation};
///
/// let scope = Scope { min: 0, max: 10, current: 5, unready: 0, tolerance: 0.1 };
/// let desired = |reading| recommendation::metric(&scope, 10.0, reading).map(|outcome| outcome.desired);
/// assert_eq!(desired(Reading::External(62.5)), Some(7));
/// assert_eq!(desired(Reading::Summed(Some(10.5))), Some(5));      // a single instance's worth: the quirk of sums
/// assert_eq!(desired(Reading::Summed(None)), None);
/// ```
#[must_use]
pub fn metric(scope: &Scope, target: f64, reading: Reading) -> Option<MetricOutcome> {
    match reading {
        Reading::External(total) => Some(external(scope, target, total)),
        Reading::Summed(sum) => instances(scope, target, Tally::of([Some(sum?)])),
        Reading::Instances(tally) => instances(scope, target, tally),
    }
}

fn external(scope: &Scope, target: f64, total: f64) -> MetricOutcome {
    let desired = total / target;
    let ratio = desired / scope.current as f64;
    if within_tolerance(ratio, scope.tolerance) {
        return MetricOutcome { desired: scope.current, rule: Rule::ExternalWithinTolerance, ratio };
    }
    MetricOutcome { desired: count(desired), rule: Rule::External, ratio }
}

fn instances(scope: &Scope, target: f64, tally: Tally) -> Option<MetricOutcome> {
    let Tally { reporting, silent, total } = tally;
    if reporting == 0 {
        return None;
    }
    let n = reporting as f64;
    let ratio = (total / n) / target;
    let direction = Direction::of(ratio);
    let add_unready = scope.unready > 0 && direction == Direction::Up;
    let current = scope.current;
    if !add_unready && silent == 0 {
        return Some(if within_tolerance(ratio, scope.tolerance) {
            MetricOutcome { desired: current, rule: Rule::WithinTolerance, ratio }
        } else {
            MetricOutcome { desired: count(ratio * n), rule: Rule::Ratio, ratio }
        });
    }

    // Silent instances count as on target when shrinking and as idle when growing; unready ones as idle when growing.
    let mut all = (reporting + silent) as f64;
    let total = match direction {
        Direction::Down => total + silent as f64 * target,
        Direction::Up => total,
    };
    if add_unready {
        all += scope.unready as f64;
    }
    let ratio = (total / all) / target;
    let hold = |rule| Some(MetricOutcome { desired: current, rule, ratio });
    if within_tolerance(ratio, scope.tolerance) {
        return hold(Rule::AssumedWithinTolerance);
    }
    if Direction::of(ratio) != direction {
        return hold(Rule::AssumedTurned);
    }
    let desired = count(ratio * all);
    match direction {
        Direction::Down if desired > current => hold(Rule::AssumedContradicts),
        Direction::Up if desired < current => hold(Rule::AssumedContradicts),
        _ => Some(MetricOutcome { desired, rule: Rule::Assumed, ratio }),
    }
}

/// Instances counted and added up in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    reporting: usize,
    silent: usize,
    total: f64,
}

impl Tally {
    fn of(values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let mut tally = Self::default();
        for value in values {
            match value {
                Some(value) => {
                    tally.reporting += 1;
                    tally.total += value;
                }
                None => tally.silent += 1,
            }
        }
        tally
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

impl Direction {
    /// Exactly 1 is up, NaN is down.
    fn of(ratio: f64) -> Self {
        if ratio >= 1.0 { Self::Up } else { Self::Down }
    }
}

/// The edge is within tolerance; NaN never is.
fn within_tolerance(ratio: f64, tolerance: f64) -> bool {
    (ratio - 1.0).abs() <= tolerance
}

/// The ceiling within 0 to 1,000,000,000; 0 for NaN.
fn count(x: f64) -> i64 {
    ceil_within(x, 0, MOST).unwrap_or(0)
}

/// Upstream's order: with crossed bounds the result is `max`.
pub(super) fn clamp(count: i64, min: i64, max: i64) -> i64 {
    count.max(min).min(max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scope(current: i64, unready: i64) -> Scope {
        Scope { min: 0, max: 100, current, unready, tolerance: 10.0 * 0.01 }
    }

    fn one(scope: &Scope, target: f64, reading: Reading) -> (i64, Rule) {
        let outcome = metric(scope, target, reading).unwrap();
        (outcome.desired, outcome.rule)
    }

    fn pods(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().map(|v| (!v.is_nan()).then_some(*v)).collect()
    }

    #[test]
    fn bounds_come_first_and_the_minimum_before_the_maximum() {
        let mut told = 0;
        let crossed = Scope { min: 6, max: 2, current: 4, unready: 0, tolerance: 0.1 };
        let metrics = [(1.0, Reading::External(5.0))];
        assert_eq!(recommend(&crossed, metrics, |_, _| told += 1), Recommendation::BelowMinimum(6));
        assert_eq!(told, 0);
        let above = Scope { current: 9, ..crossed };
        assert_eq!(recommend(&above, [], |_, _| {}), Recommendation::AboveMaximum(2));
        let at_bounds = Scope { min: 4, max: 4, current: 4, ..crossed };
        assert_eq!(recommend(&at_bounds, [], |_, _| {}), Recommendation::Skip);
    }

    #[test]
    fn the_largest_wins_and_a_metric_that_says_nothing_takes_no_part() {
        let mut out = Vec::new();
        let metrics = [
            (1.0, Reading::Summed(None)),
            (1.0, Reading::External(f64::NAN)),
            (1.0, Reading::External(7.0)),
            (2.0, Reading::External(14.0)),
            (1.0, Reading::External(3.0)),
        ];
        let got = recommend(&scope(5, 0), metrics, |_, outcome| out.push(outcome));
        assert_eq!(got, Recommendation::Metric { metric: 2, desired: 7, count: 7 });
        assert_eq!(out.len(), 5);
        assert_eq!((out[0], out[1].unwrap().desired), (None, 0));
        let got = recommend(&scope(5, 0), metrics[..1].to_vec(), |_, _| {});
        assert_eq!(got, Recommendation::Skip);
        let got = recommend(&Scope { min: 3, ..scope(5, 0) }, metrics[1..2].to_vec(), |_, _| {});
        assert_eq!(got, Recommendation::Metric { metric: 0, desired: 0, count: 3 });
    }

    #[test]
    fn tolerance_edges_are_within() {
        let s = Scope { tolerance: 0.25, ..scope(4, 0) };
        assert_eq!(one(&s, 1.0, Reading::External(5.0)), (4, Rule::ExternalWithinTolerance));
        assert_eq!(one(&s, 1.0, Reading::External(3.0)), (4, Rule::ExternalWithinTolerance));
        assert_eq!(one(&s, 1.0, Reading::External(5.0_f64.next_up())), (6, Rule::External));
        assert_eq!(one(&s, 1.0, Reading::External(3.0_f64.next_down())), (3, Rule::External));
        let at = pods(&[5.0, 5.0]);
        assert_eq!(one(&s, 4.0, Reading::instances(at)), (4, Rule::WithinTolerance));
        let above = pods(&[5.1, 5.0]);
        assert_eq!(one(&s, 4.0, Reading::instances(above)), (3, Rule::Ratio));
        // 10 * 0.01 is the double 0.1, but 1.1 - 1 is a little more: the edge in decimals is outside in binary.
        assert_eq!(one(&scope(10, 0), 1.0, Reading::External(11.0)), (11, Rule::External));
    }

    #[test]
    fn a_fleet_of_zero_is_woken_by_an_external_total() {
        assert_eq!(one(&scope(0, 0), 10.0, Reading::External(25.0)), (3, Rule::External));
        assert_eq!(one(&scope(0, 0), 10.0, Reading::External(0.0)), (0, Rule::External));
    }

    #[test]
    fn the_order_of_operations_decides_the_last_replica() {
        // Three pods, target 0.3: ((S / n) / target) * n on one side of an integer, S / target on the other.
        for (each, per_pod, as_sum) in [(3.3000000000000003, 34, 33), (0.7000000000000001, 7, 8)] {
            let values = [Some(each); 3];
            assert_eq!(one(&scope(1, 0), 0.3, Reading::instances(values)), (per_pod, Rule::Ratio));
            assert_eq!(
                one(&scope(1, 0), 0.3, Reading::sum_of(values.iter().copied())),
                (as_sum, Rule::Ratio)
            );
        }
    }

    #[test]
    fn silent_instances_are_on_target_when_shrinking_and_idle_when_growing() {
        let down = pods(&[2.0, f64::NAN]);
        assert_eq!(one(&scope(2, 0), 10.0, Reading::instances(down)), (2, Rule::Assumed));
        let much_down = pods(&[2.0, 2.0, 2.0, f64::NAN]);
        assert_eq!(one(&scope(4, 0), 10.0, Reading::instances(much_down)), (2, Rule::Assumed));
        let up = pods(&[30.0, f64::NAN]);
        assert_eq!(one(&scope(2, 0), 10.0, Reading::instances(up)), (3, Rule::Assumed));
        let turned = pods(&[12.0, f64::NAN]);
        assert_eq!(one(&scope(2, 0), 10.0, Reading::instances(turned)), (2, Rule::AssumedTurned));
        let near = pods(&[21.0, f64::NAN]);
        assert_eq!(one(&scope(2, 0), 10.0, Reading::instances(near)), (2, Rule::AssumedWithinTolerance));
        let more_than_current = pods(&[30.0, f64::NAN]);
        assert_eq!(
            one(&scope(9, 0), 10.0, Reading::instances(more_than_current)),
            (9, Rule::AssumedContradicts)
        );
        let down_but_more = pods(&[2.0, 2.0, 2.0, f64::NAN]);
        assert_eq!(one(&scope(1, 0), 10.0, Reading::instances(down_but_more)), (1, Rule::AssumedContradicts));
    }

    #[test]
    fn unready_instances_count_only_when_growing() {
        let low = pods(&[2.0, 2.0]);
        assert_eq!(one(&scope(2, 3), 10.0, Reading::instances(low)), (1, Rule::Ratio));
        let high = pods(&[30.0, 30.0]);
        assert_eq!(one(&scope(2, 1), 10.0, Reading::instances(high)), (6, Rule::Assumed));
        let exactly_one_is_up = pods(&[10.0]);
        assert_eq!(one(&scope(2, 1), 10.0, Reading::instances(exactly_one_is_up)), (2, Rule::AssumedTurned));
    }

    #[test]
    fn a_sum_is_compared_with_a_single_instance() {
        let s = scope(5, 0);
        assert_eq!(one(&s, 10.0, Reading::Summed(Some(10.5))), (5, Rule::WithinTolerance));
        assert_eq!(one(&s, 10.0, Reading::Summed(Some(11.5))), (2, Rule::Ratio));
        // Five pods exactly on target: per pod within tolerance; as a sum, five replicas by rounding up.
        let each = pods(&[10.5; 5]);
        assert_eq!(one(&s, 10.0, Reading::instances(each.clone())), (5, Rule::WithinTolerance));
        assert_eq!(one(&s, 10.0, Reading::sum_of(each.iter().copied())), (6, Rule::Ratio));
        // A pod that is silent is not noticed in a sum.
        let silent = pods(&[12.0, f64::NAN]);
        assert_eq!(one(&s, 10.0, Reading::sum_of(silent.iter().copied())), (2, Rule::Ratio));
        // Unready pods: never below the current count, and the current count while they could carry the load.
        assert_eq!(one(&scope(5, 3), 10.0, Reading::Summed(Some(30.0))), (5, Rule::AssumedTurned));
        assert_eq!(one(&scope(5, 3), 10.0, Reading::Summed(Some(90.0))), (9, Rule::Assumed));
        assert_eq!(one(&scope(12, 3), 10.0, Reading::Summed(Some(90.0))), (12, Rule::AssumedContradicts));
    }

    #[test]
    fn odd_numbers() {
        let s = scope(5, 0);
        let sum = |target, value| one(&s, target, Reading::Summed(Some(value))).0;
        assert_eq!(sum(0.0, 3.0), MOST);
        assert_eq!(sum(0.0, 0.0), 0);
        assert_eq!(sum(10.0, f64::INFINITY), MOST);
        assert_eq!(sum(10.0, f64::NEG_INFINITY), 0);
        assert_eq!(sum(10.0, f64::NAN), 0);
        assert_eq!(sum(10.0, -70.0), 0);
        assert_eq!(sum(1.0, 999_999_998.5), 999_999_999);
        assert_eq!(sum(1.0, 1e9), MOST);
        assert_eq!(sum(1.0, 3e9), MOST);
        assert_eq!(metric(&s, 1.0, Reading::instances([])), None);
        assert_eq!(metric(&s, 1.0, Reading::instances([None, None])), None);
    }

    proptest! {
        #[test]
        fn any_bits_stay_within_the_bounds(
            min in -3_i64..20, span in 0_i64..50, current in i64::MIN..i64::MAX, unready: i64, tolerance: f64,
            target: f64, total: f64, values in prop::collection::vec(prop::option::of(prop::num::f64::ANY), 0..5),
        ) {
            let scope = Scope { min, max: min + span, current, unready, tolerance };
            let metrics = [(target, Reading::External(total)), (target, Reading::instances(values))];
            let count = recommend(&scope, metrics, |_, _| {}).count();
            prop_assert!(count.is_some_and(|c| (min..=min + span).contains(&c)));
        }

        #[test]
        fn more_external_load_never_asks_for_fewer(a in 0.0..1e6, b in 0.0..1e6, current in 0_i64..500) {
            let s = Scope { tolerance: 0.0, ..scope(current, 0) };
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            prop_assert!(one(&s, 7.0, Reading::External(low)).0 <= one(&s, 7.0, Reading::External(high)).0);
        }
    }
}
