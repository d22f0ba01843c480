//! What the platform is told beside the count: whether the revision is active, its status before the first tick, and
//! whether and how many activators stand in its path. Pure functions of raw inputs.
//!
//! Source: `knative/serving` `pkg/reconciler/autoscaling/kpa/kpa.go` and `pkg/autoscaler/scaling/multiscaler.go` at commit
//! `98e5ef90aa7033797aa0a61ef97f3ff7e49a3944`.

use super::apply::Rules;
use crate::reason::kpa::Activity;
use crate::rounding::{ceil32, trunc32};

/// Why a revision is not active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Nothing asks for it.
    NoTraffic,
    /// It waits for pods.
    Queued,
    /// Its activation took too long.
    TimedOut,
}

impl Reason {
    /// The reason as the platform spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoTraffic => "NoTraffic",
            Self::Queued => "Queued",
            Self::TimedOut => "TimedOut",
        }
    }
}

/// A revision's activity with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What the revision is doing.
    pub activity: Activity,
    /// Why it is not active.
    pub reason: Option<Reason>,
}

/// What [`next_condition`] is decided from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The condition so far.
    pub before: Condition,
    /// Whether the initial scale was ever reached.
    pub initial_scale_reached: bool,
    /// The wanted count, -1 if unknown.
    pub want: i64,
    /// Ready pods.
    pub ready: i64,
    /// Whether the revision has a service name.
    pub has_service_name: bool,
}

/// The outcome of [`next_condition`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progressed {
    /// The condition from now on.
    pub condition: Condition,
    /// Whether the initial scale counts as reached from now on.
    pub initial_scale_reached: bool,
    /// How many pods had to be ready for the revision to be active.
    pub threshold: i64,
}

/// Whether the revision is active, activating or inactive.
///
/// ```
/// use setpoint::algorithm::kpa::{Activity, Condition, Config, Progress, next_condition};
///
/// let before = Condition { activity: Activity::Activating, reason: None };
/// let seen = Progress { before, initial_scale_reached: false, want: 1, ready: 1, has_service_name: true };
/// let now = next_condition(&Config::default().rules(), &seen);
/// assert_eq!((now.condition.activity, now.initial_scale_reached), (Activity::Active, true));
/// ```
#[must_use]
pub fn next_condition(rules: &Rules, seen: &Progress) -> Progressed {
    let least = if seen.initial_scale_reached { 1 } else { rules.initial_scale };
    let threshold = rules.min_in_force().max(least);
    let enough = seen.ready >= threshold;
    let was = seen.before.activity;
    let condition = |activity, reason| Condition { activity, reason };
    let asked_for = seen.want > 0 || was != Activity::Inactive;
    let condition = if seen.want == 0 || threshold == 0 {
        let timed_out = was == Activity::Activating && threshold > 0;
        condition(Activity::Inactive, Some(if timed_out { Reason::TimedOut } else { Reason::NoTraffic }))
    } else if !enough && asked_for {
        condition(Activity::Activating, Some(Reason::Queued))
    } else if !enough {
        condition(Activity::Inactive, Some(Reason::NoTraffic))
    } else if asked_for {
        condition(Activity::Active, None)
    } else {
        seen.before
    };
    Progressed {
        condition,
        initial_scale_reached: seen.initial_scale_reached || (enough && seen.has_service_name),
        threshold,
    }
}

/// What listeners know of a revision's scaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The desired count, -1 before the first valid tick.
    pub desired: i64,
    /// The excess burst capacity.
    pub excess_burst_capacity: i64,
}

impl Status {
    /// The status before the first valid tick; `None` if the capacity is no number.
    ///
    /// ```
    /// use setpoint::algorithm::kpa::Status;
    /// let status = Status::initial(3, 5.0, 76.66);
    /// assert_eq!(status, Some(Status { desired: -1, excess_burst_capacity: -61 }));
    /// ```
    #[must_use]
    pub fn initial(initial_scale: i64, total_value: f64, target_burst_capacity: f64) -> Option<Self> {
        let excess = if target_burst_capacity == -1.0 || target_burst_capacity == 0.0 {
            target_burst_capacity
        } else {
            initial_scale as f64 * total_value - target_burst_capacity
        };
        Some(Self { desired: -1, excess_burst_capacity: trunc32(excess)? })
    }

    /// Whether listeners are told of the change from `self` to `now`: the count differs, or the sign of the excess.
    #[must_use]
    pub const fn is_news(self, now: Self) -> bool {
        self.desired != now.desired || (self.excess_burst_capacity < 0) != (now.excess_burst_capacity < 0)
    }

    /// Whether the activator stays in the path once `applied` pods are in place.
    #[must_use]
    pub const fn needs_activator(self, applied: i64) -> bool {
        applied <= 0 || self.excess_burst_capacity < 0
    }
}

/// The desired count to report: a known one is never replaced by an unknown (-1), as after a restart.
#[must_use]
pub const fn reported_desired(before: i64, now: i64) -> i64 {
    if now == -1 && before >= 0 { before } else { now }
}

/// How many activators should stand in the path of a revision; `None` if the load is no number.
///
/// ```
/// use setpoint::algorithm::kpa::activators;
/// assert_eq!(activators(5, 100.0, 211.0, 1.0), Some(711));
/// assert_eq!(activators(1000, 100.0, 0.0, 37.5), Some(2));
/// ```
#[must_use]
pub fn activators(
    ready: i64,
    total_value: f64,
    target_burst_capacity: f64,
    activator_capacity: f64,
) -> Option<i64> {
    if target_burst_capacity == 0.0 {
        return Some(2);
    }
    let burst = if target_burst_capacity < 0.0 { 0.0 } else { target_burst_capacity };
    let load = ready as f64 * total_value + burst;
    ceil32(load / activator_capacity).map(|n| n.max(2))
}

#[cfg(test)]
mod tests {
    use super::super::apply::Reachability;
    use super::super::{Config, apply};
    use super::*;

    fn rules(min_scale: i64, initial_scale: i64) -> Rules {
        Rules { min_scale, initial_scale, ..Config::default().rules() }
    }

    fn seen(activity: Activity, want: i64, ready: i64) -> Progress {
        Progress {
            before: Condition { activity, reason: Some(Reason::TimedOut) },
            initial_scale_reached: true,
            want,
            ready,
            has_service_name: true,
        }
    }

    fn next(activity: Activity, want: i64, ready: i64) -> (Activity, Option<Reason>) {
        let condition = next_condition(&rules(0, 1), &seen(activity, want, ready)).condition;
        (condition.activity, condition.reason)
    }

    #[test]
    fn the_table_of_activity() {
        use Activity::{Activating, Active, Inactive};
        for (was, want, ready, expected) in [
            (Active, 0, 5, (Inactive, Some(Reason::NoTraffic))),
            (Activating, 0, 0, (Inactive, Some(Reason::TimedOut))),
            (Inactive, 0, 0, (Inactive, Some(Reason::NoTraffic))),
            (Inactive, 1, 0, (Activating, Some(Reason::Queued))),
            (Active, -1, 0, (Activating, Some(Reason::Queued))),
            (Inactive, -1, 0, (Inactive, Some(Reason::NoTraffic))),
            (Inactive, 1, 1, (Active, None)),
            (Activating, -1, 1, (Active, None)),
            (Inactive, -1, 1, (Inactive, Some(Reason::TimedOut))),
        ] {
            assert_eq!(next(was, want, ready), expected, "{was:?}, want {want}, ready {ready}");
        }
    }

    #[test]
    fn a_threshold_of_zero_means_no_traffic() {
        let first = Progress { initial_scale_reached: false, ..seen(Activity::Activating, 3, 3) };
        let now = next_condition(&rules(0, 0), &first);
        assert_eq!(now.threshold, 0);
        assert_eq!(
            now.condition,
            Condition { activity: Activity::Inactive, reason: Some(Reason::NoTraffic) }
        );
        assert!(now.initial_scale_reached);
    }

    #[test]
    fn the_initial_scale_sets_the_threshold_until_reached_with_a_service() {
        let first = Progress { initial_scale_reached: false, ..seen(Activity::Activating, 1, 2) };
        let now = next_condition(&rules(1, 3), &first);
        assert_eq!((now.threshold, now.initial_scale_reached), (3, false));
        let nameless = Progress { ready: 3, has_service_name: false, ..first };
        assert!(!next_condition(&rules(1, 3), &nameless).initial_scale_reached);
        assert_eq!(next_condition(&rules(1, 3), &seen(Activity::Active, 1, 2)).threshold, 1);
        let gone = apply::Rules { reachability: Reachability::Unreachable, ..rules(5, 1) };
        assert_eq!(next_condition(&gone, &seen(Activity::Active, 1, 2)).threshold, 1);
    }

    #[test]
    fn status_before_the_first_tick_truncates_towards_zero() {
        let excess = |n, total, burst| Status::initial(n, total, burst).unwrap().excess_burst_capacity;
        assert_eq!((excess(3, 5.0, 42.0), excess(2, 1.142857142857143, 132.67)), (-27, -130));
        assert_eq!((excess(9, 5.0, -1.0), excess(9, 5.0, 0.0)), (-1, 0));
        assert_eq!(Status::initial(1, f64::NAN, 1.0), None);
    }

    #[test]
    fn news_is_a_new_count_or_a_new_sign() {
        let status = |desired, excess_burst_capacity| Status { desired, excess_burst_capacity };
        assert!(status(1, 5).is_news(status(2, 5)));
        assert!(status(1, 0).is_news(status(1, -1)));
        assert!(!status(1, 0).is_news(status(1, 900)));
        assert!(!status(1, -1).is_news(status(1, -900)));
    }

    #[test]
    fn the_activator_leaves_only_with_pods_and_capacity() {
        let status = |excess_burst_capacity| Status { desired: 1, excess_burst_capacity };
        assert!(!status(0).needs_activator(1));
        assert!(status(0).needs_activator(0));
        assert!(status(0).needs_activator(-1));
        assert!(status(-1).needs_activator(5));
    }

    #[test]
    fn a_known_count_is_not_forgotten() {
        assert_eq!((reported_desired(3, -1), reported_desired(-1, -1), reported_desired(3, 0)), (3, -1, 0));
    }

    #[test]
    fn activators_are_at_least_two() {
        assert_eq!(activators(1000, 1.0, -1.0, 1.0), Some(1000));
        assert_eq!(activators(0, 100.0, 10.0, 100.0), Some(2));
        assert_eq!(activators(0, 100.0, f64::INFINITY, f64::INFINITY), None);
        assert_eq!(activators(1, 100.0, f64::NAN, 1.0), None);
    }
}
