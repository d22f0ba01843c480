//! From the desired count to what is written: bounds, initial scale, and scale to zero with its waiting times. Pure; the
//! caller probes, writes and waits. Settings are the effective ones (annotation, else cluster value), unchecked.
//!
//! Source: `knative/serving` `pkg/reconciler/autoscaling/kpa/scaler.go` at commit
//! `98e5ef90aa7033797aa0a61ef97f3ff7e49a3944`. Ours: where a probe is needed and was not made, the answer says so.

use crate::reason::kpa::Activity;
use core::time::Duration;

/// How long after the progress deadline an activation is given up.
pub const ACTIVATION_SLACK: Duration = Duration::from_secs(30);
/// When to look again at a revision that just became idle behind the activator.
pub const IDLE_RECHECK: Duration = Duration::from_secs(3);

/// Whether a route points at the revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Reachability {
    /// Not known; counts as reachable.
    #[default]
    Unknown,
    /// Some route does.
    Reachable,
    /// None does.
    Unreachable,
}

impl Reachability {
    /// Whether the revision counts as reachable.
    #[must_use]
    pub const fn is_reachable(self) -> bool {
        !matches!(self, Self::Unreachable)
    }
}

/// Where the route sends requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RouteMode {
    /// To the pods.
    Serve,
    /// To the activator.
    Proxy,
}

/// The effective settings of the last step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Smallest count while reachable.
    pub min_scale: i64,
    /// Largest count, also while unreachable; 0 is none.
    pub max_scale: i64,
    /// Smallest count until it was reached once, if above 1.
    pub initial_scale: i64,
    /// Whether a route points at the revision.
    pub reachability: Reachability,
    /// Whether the count may become 0.
    pub enable_scale_to_zero: bool,
    /// How long a revision must have been active before it may become inactive.
    pub stable_window: Duration,
    /// How long an activation may take: the progress deadline plus [`ACTIVATION_SLACK`].
    pub activation_timeout: Duration,
    /// How long the activator must have been in the path before the last pod goes.
    pub grace_period: Duration,
    /// How long the last pod is kept; 0 is none.
    pub retention_period: Duration,
    /// Target burst capacity; at -1 the activator is always in the path.
    pub target_burst_capacity: f64,
}

impl Rules {
    /// The minimum in force: none while unreachable.
    #[must_use]
    pub fn min_in_force(&self) -> i64 {
        if self.reachability.is_reachable() { self.min_scale } else { 0 }
    }
}

/// What is observed of the revision when the desired count is applied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Situation {
    /// The desired count, -1 if unknown.
    pub desired: i64,
    /// What the revision is doing.
    pub activity: Activity,
    /// For how long.
    pub activity_age: Duration,
    /// Whether the initial scale was ever reached.
    pub initial_scale_reached: bool,
    /// The present count; `None` counts as 1.
    pub current: Option<i64>,
    /// Where the route sends requests.
    pub route: RouteMode,
    /// How long the activator has been in the path; 0 if it is not.
    pub proxied_for: Duration,
    /// Whether a probe found the activator in the path; `None` if none was made yet.
    pub probe: Option<bool>,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The resulting count, -1 if unknown.
    pub scale: i64,
    /// The count to write; `None` writes nothing.
    pub write: Option<i64>,
    /// When to look again at the latest.
    pub look_again_after: Option<Duration>,
    /// Whether the probe's answer was consulted.
    pub probed: bool,
    /// Whether the answer is still needed: probe, and apply again with it.
    pub needs_probe: bool,
    /// Whether to probe in the background (upstream: every second, for up to 45 s).
    pub background_probe: bool,
}

impl Applied {
    fn leave(scale: i64) -> Self {
        Self {
            scale,
            write: None,
            look_again_after: None,
            probed: false,
            needs_probe: false,
            background_probe: false,
        }
    }

    fn write(scale: i64, current: Option<i64>) -> Self {
        Self { write: (scale != current.unwrap_or(1)).then_some(scale), ..Self::leave(scale) }
    }

    fn look_again(self, after: Duration) -> Self {
        Self { look_again_after: Some(after), ..self }
    }
}

/// The last step before a count is written.
///
/// ```
/// use core::time::Duration;
/// use setpoint::algorithm::kpa::{Activity, Config, RouteMode, Situation, apply};
///
/// let rules = Config::default().max_scale(10).rules();
/// let seen = Situation {
///     desired: 30,
///     activity: Activity::Active,
///     activity_age: Duration::from_secs(90),
///     initial_scale_reached: true,
///     current: Some(4),
///     route: RouteMode::Serve,
///     proxied_for: Duration::ZERO,
///     probe: None,
/// };
/// assert_eq!(apply(&rules, &seen).write, Some(10));
/// let idle = apply(&rules, &Situation { desired: 0, activity_age: Duration::from_secs(50), ..seen });
/// assert_eq!((idle.write, idle.look_again_after), (Some(1), Some(Duration::from_secs(10))));
/// ```
#[must_use]
pub fn apply(rules: &Rules, seen: &Situation) -> Applied {
    if seen.desired < 0 && seen.activity != Activity::Activating {
        return Applied::leave(seen.desired);
    }
    let desired = bounded(rules, seen);
    if desired != 0 {
        return Applied::write(desired, seen.current);
    }
    if !rules.enable_scale_to_zero {
        return Applied::write(1, seen.current);
    }
    to_zero(rules, seen)
}

/// The desired count within minimum (initial scale included) and maximum.
fn bounded(rules: &Rules, seen: &Situation) -> i64 {
    let mut min = rules.min_in_force();
    if rules.initial_scale > 1 && !seen.initial_scale_reached && rules.reachability.is_reachable() {
        min = min.max(rules.initial_scale);
    }
    if seen.desired < min {
        min
    } else if rules.max_scale != 0 && seen.desired > rules.max_scale {
        rules.max_scale
    } else {
        seen.desired
    }
}

fn to_zero(rules: &Rules, seen: &Situation) -> Applied {
    let (age, current) = (seen.activity_age, seen.current);
    match seen.activity {
        Activity::Activating if age > rules.activation_timeout => Applied::write(0, current),
        Activity::Activating => Applied::leave(-1).look_again(rules.activation_timeout),
        Activity::Active if age < rules.stable_window => {
            Applied::write(1, current).look_again(rules.stable_window - age)
        }
        Activity::Active if seen.route == RouteMode::Proxy => Applied::leave(0).look_again(IDLE_RECHECK),
        Activity::Active => Applied::leave(0),
        Activity::Inactive if rules.target_burst_capacity == -1.0 => remove_last(rules, seen),
        Activity::Inactive => match seen.probe {
            None => Applied { needs_probe: true, ..Applied::leave(0) },
            Some(false) => Applied { probed: true, background_probe: true, ..Applied::leave(0) },
            Some(true) => Applied { probed: true, ..remove_last(rules, seen) },
        },
    }
}

/// Removes the last pod of an inactive revision, or says when it may go.
fn remove_last(rules: &Rules, seen: &Situation) -> Applied {
    let (age, grace) = (seen.activity_age, rules.grace_period);
    let retention = if rules.reachability.is_reachable() { rules.retention_period } else { Duration::ZERO };
    if age >= grace.max(retention) {
        Applied::write(0, seen.current)
    } else if age < retention {
        Applied::leave(0).look_again(retention - age)
    } else if seen.proxied_for >= grace {
        Applied::write(0, seen.current)
    } else {
        Applied::leave(0).look_again(grace - seen.proxied_for)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn secs(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    fn rules() -> Rules {
        Config::default().rules()
    }

    fn seen(desired: i64, activity: Activity, age: Duration) -> Situation {
        Situation {
            desired,
            activity,
            activity_age: age,
            initial_scale_reached: true,
            current: Some(1),
            route: RouteMode::Serve,
            proxied_for: Duration::ZERO,
            probe: Some(true),
        }
    }

    #[test]
    fn an_unknown_count_is_left_alone_unless_activating() {
        let r = Rules { min_scale: 3, ..rules() };
        for activity in [Activity::Active, Activity::Inactive] {
            assert_eq!(apply(&r, &seen(-1, activity, secs(99))), Applied::leave(-1));
        }
        assert_eq!(apply(&r, &seen(-1, Activity::Activating, secs(1))).write, Some(3));
        let unbounded = apply(&rules(), &seen(-1, Activity::Activating, secs(1)));
        assert_eq!((unbounded.scale, unbounded.write), (-1, None), "at least 0, then still activating");
    }

    #[test]
    fn minimum_wins_over_maximum_and_is_void_while_unreachable() {
        let r = Rules { min_scale: 3, max_scale: 2, ..rules() };
        assert_eq!(apply(&r, &seen(1, Activity::Active, secs(0))).scale, 3);
        assert_eq!(apply(&r, &seen(9, Activity::Active, secs(0))).scale, 2);
        let gone = Rules { reachability: Reachability::Unreachable, ..r };
        assert_eq!(apply(&gone, &seen(1, Activity::Active, secs(0))).scale, 1);
        assert_eq!(apply(&gone, &seen(9, Activity::Active, secs(0))).scale, 2);
    }

    #[test]
    fn initial_scale_counts_until_it_was_reached_and_only_above_one() {
        let r = Rules { initial_scale: 4, ..rules() };
        let first = Situation { initial_scale_reached: false, ..seen(1, Activity::Activating, secs(0)) };
        assert_eq!(apply(&r, &first).scale, 4);
        assert_eq!(apply(&r, &Situation { initial_scale_reached: true, ..first }).scale, 1);
        assert_eq!(apply(&Rules { reachability: Reachability::Unreachable, ..r }, &first).scale, 1);
        let one = Rules { initial_scale: 1, ..rules() };
        assert_eq!(apply(&one, &Situation { desired: 0, ..first }).scale, -1);
    }

    #[test]
    fn without_scale_to_zero_one_pod_stays() {
        let r = Rules { enable_scale_to_zero: false, ..rules() };
        assert_eq!(apply(&r, &seen(0, Activity::Inactive, secs(999))).scale, 1);
    }

    #[test]
    fn an_activation_is_given_up_only_after_its_whole_time() {
        let timeout = secs(630);
        let waiting = apply(&rules(), &seen(0, Activity::Activating, timeout));
        assert_eq!(waiting, Applied::leave(-1).look_again(timeout));
        assert_eq!(apply(&rules(), &seen(0, Activity::Activating, timeout + MS)).write, Some(0));
    }

    #[test]
    fn an_active_revision_becomes_inactive_before_it_loses_its_pods() {
        let idle = apply(&rules(), &seen(0, Activity::Active, secs(60)));
        assert_eq!((idle.scale, idle.write, idle.look_again_after), (0, None, None));
        let proxied = Situation { route: RouteMode::Proxy, ..seen(0, Activity::Active, secs(60)) };
        assert_eq!(apply(&rules(), &proxied).look_again_after, Some(secs(3)));
        let young = seen(0, Activity::Active, secs(60) - Duration::from_nanos(1));
        let kept = apply(&rules(), &Situation { current: Some(5), ..young });
        assert_eq!((kept.write, kept.look_again_after), (Some(1), Some(Duration::from_nanos(1))));
    }

    #[test]
    fn the_activator_is_probed_unless_it_always_is_in_the_path() {
        let wrong = Situation { probe: Some(false), ..seen(0, Activity::Inactive, secs(99)) };
        let held = apply(&rules(), &wrong);
        assert_eq!((held.scale, held.write, held.probed, held.background_probe), (0, None, true, true));
        let asked = apply(&rules(), &Situation { probe: None, ..wrong });
        assert_eq!((asked.write, asked.probed, asked.needs_probe), (None, false, true));
        let unlimited = Rules { target_burst_capacity: -1.0, ..rules() };
        let gone = apply(&unlimited, &wrong);
        assert_eq!((gone.write, gone.probed), (Some(0), false));
    }

    #[test]
    fn the_last_pod_waits_for_grace_and_retention() {
        let r = Rules { retention_period: secs(45), ..rules() };
        let s = |age, proxied| Situation { proxied_for: proxied, ..seen(0, Activity::Inactive, age) };
        assert_eq!(apply(&r, &s(secs(45), secs(0))).write, Some(0));
        let retained = apply(&r, &s(secs(44), secs(99)));
        assert_eq!((retained.write, retained.look_again_after), (None, Some(secs(1))));
        assert_eq!(apply(&rules(), &s(secs(0), secs(30))).write, Some(0));
        let waiting = apply(&rules(), &s(secs(5), secs(12)));
        assert_eq!((waiting.write, waiting.look_again_after), (None, Some(secs(18))));
        let gone = Rules { reachability: Reachability::Unreachable, ..r };
        assert_eq!(apply(&gone, &s(secs(30), secs(0))).write, Some(0), "no retention while unreachable");
    }

    #[test]
    fn an_absent_count_is_one() {
        let s = Situation { current: None, ..seen(1, Activity::Active, secs(0)) };
        assert_eq!(apply(&rules(), &s).write, None);
    }
}
