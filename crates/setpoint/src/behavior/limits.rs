//! How far a count may move in one step, and the bounds. Without a behavior it may double (or reach 4) and fall without
//! limit; with one, rate policies hold. Reads the [`ScaleEvents`], changes nothing.
//!
//! Source: Kubernetes, `normalizeDesiredReplicas`, `convertDesiredReplicasWithRules`,
//! `convertDesiredReplicasWithBehaviorRate` and `calculateScale{Up,Down}LimitWithScalingRules` in
//! `pkg/controller/podautoscaler/horizontal.go`, commit `a769d588`. Percent policies saturate at 32 bits (upstream leaves
//! that undefined); policies on replicas wrap there, as upstream's do.

use super::rules::{FilledBehavior, Policy, ScalingRules, Select};
use super::slots::ScaleEvents;
use crate::reason::Direction;
use crate::replicas::Step;
use crate::rounding::{ceil32, saturate32, trunc32};
use crate::time::{Timestamp, earliest};

/// What held the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitReason {
    /// Nothing.
    DesiredWithinRange,
    /// The rate of scaling up.
    ScaleUpLimit,
    /// The rate of scaling down.
    ScaleDownLimit,
    /// The maximum.
    TooManyReplicas,
    /// The minimum.
    TooFewReplicas,
}

/// The result of [`limit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limited {
    /// The count.
    pub replicas: i64,
    /// What held it.
    pub reason: LimitReason,
    /// Whether it was held.
    pub limited: bool,
    /// The count that the rate of change allows; `None` where no rate holds (no change, or down without a behavior).
    pub rate: Option<i64>,
    /// The policy that set `rate`, where one did: not without a behavior, nor where the direction is disabled, nor where
    /// the policies allow less than nothing.
    pub policy: Option<PolicyLimit>,
}

/// What one policy allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PolicyLimit {
    /// Which of the direction's policies, counted from 0.
    pub index: usize,
    /// The count at the start of its period.
    pub start: i64,
    /// The count that it allows now.
    pub limit: i64,
}

/// Limits the `stabilized` count against `current`. Bounds may contradict each other, as upstream's may on their way
/// through an update: the minimum is then the stronger one without a behavior.
///
/// With a behavior only the direction of the move is limited; a count that stays is returned without a look at the
/// bounds, which the gate has seen to.
///
/// ```
/// use core::time::Duration;
/// use setpoint::Timestamp;
/// use setpoint::behavior::{Behavior, LimitReason, ScaleEvents, limit};
/// let (now, memory) = (Timestamp::from_secs(0), ScaleEvents::default());
/// let fixed = limit(3, 90, 1, 100, None, &memory, now);
/// assert_eq!((fixed.replicas, fixed.reason), (6, LimitReason::ScaleUpLimit));
/// let behavior = Behavior::new().filled(Duration::from_secs(300))?;
/// assert_eq!(limit(3, 90, 1, 100, Some(&behavior), &memory, now).replicas, 7); // 4 more beat 100 %
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[must_use]
pub fn limit(
    current: i64,
    stabilized: i64,
    min: i64,
    max: i64,
    behavior: Option<&FilledBehavior>,
    memory: &ScaleEvents,
    now: Timestamp,
) -> Limited {
    let free = Limited {
        replicas: stabilized,
        reason: LimitReason::DesiredWithinRange,
        limited: false,
        rate: None,
        policy: None,
    };
    let held = |replicas, reason, rate, policy| Limited { replicas, reason, limited: true, rate, policy };
    let Some(behavior) = behavior else {
        let rate = saturate32(current.saturating_mul(2)).max(4);
        let (upper, reason) = upper_bound(rate, max);
        return if stabilized < min {
            held(min, LimitReason::TooFewReplicas, Some(rate), None)
        } else if stabilized > upper {
            held(upper, reason, Some(rate), None)
        } else {
            Limited { rate: Some(rate), ..free }
        };
    };
    if stabilized > current {
        let (rate, policy) = rate(Direction::Up, &behavior.up, memory, current, now);
        let (upper, reason) = upper_bound(rate, max);
        if stabilized > upper {
            return held(upper, reason, Some(rate), policy);
        }
        return Limited { rate: Some(rate), policy, ..free };
    }
    if stabilized < current {
        let (rate, policy) = rate(Direction::Down, &behavior.down, memory, current, now);
        let (lower, reason) =
            if min < rate { (rate, LimitReason::ScaleDownLimit) } else { (min, LimitReason::TooFewReplicas) };
        if stabilized < lower {
            return held(lower, reason, Some(rate), policy);
        }
        return Limited { rate: Some(rate), policy, ..free };
    }
    free
}

fn upper_bound(rate: i64, max: i64) -> (i64, LimitReason) {
    if max > rate { (rate, LimitReason::ScaleUpLimit) } else { (max, LimitReason::TooManyReplicas) }
}

/// What every policy of one direction allows now, in their order: for those who want to explain a limit.
pub fn policy_limits<'a>(
    direction: Direction,
    rules: &'a ScalingRules,
    memory: &'a ScaleEvents,
    current: i64,
    now: Timestamp,
) -> impl Iterator<Item = PolicyLimit> + 'a {
    rules.policies.iter().enumerate().map(move |(index, policy)| {
        let start = memory.start(direction, current, policy.period, now);
        PolicyLimit { index, start, limit: allowed(direction, policy, start) }
    })
}

/// The count that the selected policy allows, never on the other side of `current`.
fn rate(
    direction: Direction,
    rules: &ScalingRules,
    memory: &ScaleEvents,
    current: i64,
    now: Timestamp,
) -> (i64, Option<PolicyLimit>) {
    let largest = match (rules.select, direction) {
        (Select::Disabled, _) => return (current, None),
        (Select::Max, Direction::Up) | (Select::Min, Direction::Down) => true,
        (Select::Min, Direction::Up) | (Select::Max, Direction::Down) => false,
    };
    let selected = policy_limits(direction, rules, memory, current, now).reduce(|best, next| {
        let better = if largest { next.limit > best.limit } else { next.limit < best.limit };
        if better { next } else { best }
    });
    let within = |limit: i64| match direction {
        Direction::Up => limit >= current,
        Direction::Down => limit <= current,
    };
    match selected {
        Some(policy) if within(policy.limit) => (policy.limit, selected),
        _ => (current, None),
    }
}

/// What one policy allows from `start`. The order of the operations on percentages decides: 100 and 10 % are 111.
fn allowed(direction: Direction, policy: &Policy, start: i64) -> i64 {
    let narrow = |n: i64| n as i32; // wraps, as upstream's counts do
    let share = |percent: u32| f64::from(percent) / 100.0;
    match (direction, policy.step) {
        (Direction::Up, Step::Pods(n)) => i64::from(narrow(start).wrapping_add(narrow(n.into()))),
        (Direction::Down, Step::Pods(n)) => i64::from(narrow(start).wrapping_sub(narrow(n.into()))),
        (Direction::Up, Step::Percent(p)) => ceil32(start as f64 * (1.0 + share(p))).unwrap_or(start),
        (Direction::Down, Step::Percent(p)) => trunc32(start as f64 * (1.0 - share(p))).unwrap_or(start),
    }
}

/// The earliest time after `now` at which a limit may differ for the same counts, because a change leaves the period of
/// a policy; `None` without a behavior. Never late; it does not ask which direction will be needed.
#[must_use]
pub fn next_limit_change(
    behavior: Option<&FilledBehavior>,
    memory: &ScaleEvents,
    now: Timestamp,
) -> Option<Timestamp> {
    let rules = behavior.into_iter().flat_map(|b| [&b.up, &b.down]);
    rules
        .filter(|rules| rules.select != Select::Disabled)
        .flat_map(|rules| rules.policies.iter())
        .fold(None, |soonest, policy| earliest(soonest, memory.next_expiry(policy.period, now)))
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
