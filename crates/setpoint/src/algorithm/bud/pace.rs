//! Rate policies in Bud's arithmetic: a policy allows so many replicas or percent of the count, rounded down but at least one. Periods are
//! measured where a start of the period is handed in; upstream carries them and looks at one evaluation alone.
//!
//! Source: `BudEcosystem/scaler`, `pkg/controller/budaiscaler/algorithm/algorithm.go`, commit
//! `79bffc5e9778ab80a20c5e0a6d39d9e780750122`; the memory of a period is that of [`behavior::slots`](crate::behavior::slots).

use crate::behavior::{Policy, Select};
use crate::replicas::Step;
use crate::rounding::saturate32;
use core::time::Duration;

/// Whether the period of a policy counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Pacing {
    /// A policy limits the change within its period, changes that were carried out included.
    #[default]
    OverPeriod,
    /// A policy limits each evaluation, upstream's way: the limit per minute is then a limit per look.
    PerEvaluation,
}

/// The policies of one direction.
///
/// | setting | default | range |
/// |---|---|---|
/// | `policies` | none: no limit, even with [`Select::Disabled`] | step 0 and more, period 1 s to 1800 s |
/// | `select` | [`Select::Max`] up, [`Select::Min`] down | which of several counts |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policies {
    /// The policies.
    pub policies: Box<[Policy]>,
    /// Which of them counts: the one with the largest or smallest change, or none of them, which stops the direction.
    pub select: Select,
}

impl Policies {
    /// No limit.
    #[must_use]
    pub fn none(select: Select) -> Self {
        Self { policies: Box::default(), select }
    }
}

/// What policies made of a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paced {
    /// The count.
    pub count: i64,
    /// The policy that set the limit, by its place; `None` without policies and where the direction is off.
    pub policy: Option<usize>,
}

/// By how many replicas a policy lets a count of `start` change: a percentage is rounded down, but is at least 1 if it is above 0.
///
/// ```
/// use setpoint::{Step, bud::pace::allowance};
/// assert_eq!((allowance(7, Step::Percent(50)), allowance(7, Step::Percent(1)), allowance(7, Step::Pods(4))), (3, 1, 4));
/// ```
#[must_use]
pub fn allowance(start: i64, step: Step) -> i64 {
    saturate32(match step {
        Step::Pods(count) => i64::from(count),
        Step::Percent(0) => 0,
        Step::Percent(percent) => (saturate32(start).max(0) * i64::from(percent) / 100).max(1),
    })
}

/// Growth from `current` to `desired` under its policies. `start` gives the count at the start of a period, which is `current` where
/// only one evaluation counts. Other directions pass.
pub fn up(rules: &Policies, current: i64, desired: i64, start: impl Fn(Duration) -> i64) -> Paced {
    if desired <= current {
        return Paced { count: desired, policy: None };
    }
    limited(rules, current, desired, |policy| {
        let start = start(policy.period);
        start.saturating_add(allowance(start, policy.step)).max(current)
    })
}

/// Reduction from `current` to `desired` under its policies, as [`up`]. While there are policies, one replica stays.
pub fn down(rules: &Policies, current: i64, desired: i64, start: impl Fn(Duration) -> i64) -> Paced {
    if desired >= current {
        return Paced { count: desired, policy: None };
    }
    limited(rules, current, desired, |policy| {
        let start = start(policy.period);
        start.saturating_sub(allowance(start, policy.step)).max(1).min(current)
    })
}

/// The count between `current` and `desired` that lies within the limit, where every limit lies on the side of `desired`.
fn limited(rules: &Policies, current: i64, desired: i64, limit: impl Fn(&Policy) -> i64) -> Paced {
    if rules.policies.is_empty() {
        return Paced { count: desired, policy: None };
    }
    let limits = rules.policies.iter().map(limit).enumerate();
    let far = |(_, limit): &(usize, i64)| limit.abs_diff(current);
    let chosen = match rules.select {
        Select::Max => limits.rev().max_by_key(far),
        Select::Min => limits.min_by_key(far),
        Select::Disabled => None,
    };
    match chosen {
        Some((i, limit)) if limit.abs_diff(current) < desired.abs_diff(current) => {
            Paced { count: limit, policy: Some(i) }
        }
        Some((i, _)) => Paced { count: desired, policy: Some(i) },
        None => Paced { count: current, policy: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn rules(select: Select, policies: &[Policy]) -> Policies {
        Policies { policies: policies.into(), select }
    }

    fn pods(n: u32) -> Policy {
        Policy::pods(n, MINUTE)
    }

    fn percent(n: u32) -> Policy {
        Policy::percent(n, MINUTE)
    }

    #[test]
    fn percentages_round_down_but_not_to_nothing() {
        assert_eq!(allowance(10, Step::Percent(29)), 2);
        assert_eq!(allowance(0, Step::Percent(100)), 1);
        assert_eq!(allowance(10, Step::Percent(0)), 0);
        assert_eq!(allowance(i64::MAX, Step::Percent(u32::MAX)), i64::from(i32::MAX));
        assert_eq!(allowance(-5, Step::Percent(100)), 1);
    }

    #[test]
    fn the_selected_policy_limits_each_direction() {
        let both = [pods(4), percent(50)];
        let now = |_| 20;
        assert_eq!(up(&rules(Select::Max, &both), 20, 99, now), Paced { count: 30, policy: Some(1) });
        assert_eq!(up(&rules(Select::Min, &both), 20, 99, now), Paced { count: 24, policy: Some(0) });
        assert_eq!(down(&rules(Select::Max, &both), 20, 0, now).count, 10);
        assert_eq!(down(&rules(Select::Min, &both), 20, 0, now).count, 16);
        assert_eq!(up(&rules(Select::Min, &both), 20, 23, now).count, 23);
        assert_eq!(up(&rules(Select::Disabled, &both), 20, 99, now), Paced { count: 20, policy: None });
        assert_eq!(up(&rules(Select::Max, &both), 20, 3, now).count, 3);
        assert_eq!(down(&rules(Select::Max, &both), 20, 90, now).count, 90);
    }

    #[test]
    fn without_policies_nothing_is_limited_even_when_disabled() {
        let none = Policies::none(Select::Disabled);
        assert_eq!((up(&none, 2, 99, |_| 2).count, down(&none, 99, 0, |_| 99).count), (99, 0));
    }

    #[test]
    fn while_there_are_policies_one_replica_stays() {
        assert_eq!(down(&rules(Select::Max, &[percent(100)]), 5, 0, |_| 5).count, 1);
        assert_eq!(down(&rules(Select::Max, &[pods(0)]), 5, 0, |_| 5).count, 5);
    }

    #[test]
    fn a_start_below_or_above_moves_the_limit_but_never_past_the_present_count() {
        let four = rules(Select::Max, &[pods(4)]);
        assert_eq!(up(&four, 10, 99, |_| 8).count, 12);
        assert_eq!(up(&four, 10, 99, |_| 3).count, 10);
        assert_eq!(down(&four, 10, 1, |_| 13).count, 9);
        assert_eq!(down(&four, 10, 1, |_| 40).count, 10);
    }
}
