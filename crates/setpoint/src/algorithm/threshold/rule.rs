//! The threshold rule in both forms, as pure functions of readings. No memory, no smoothing.
//!
//! Source: document 001 of this project; see the wing's page. Quotients within a billionth of an integer are
//! that integer before they are rounded, so that `3 * 1.1 / 0.3` asks for 11 replicas and not for 12.
//!
//! A reading that is absent, NaN, infinite or negative is missing. An unknown load is not a low load: in the
//! proportional form any missing reading forbids a scale-down, and none forbids a scale-up.

use super::config::{Limits, Thresholds};
use crate::rounding::{MAX_COUNT, snap_ceil, snap_floor};

/// What a rule does to the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// More replicas. In the literal form: the branch taken, even if nothing is there to be multiplied.
    ScaleUp,
    /// Fewer replicas; in the literal form the branch taken.
    ScaleDown,
    /// As many.
    None,
}

/// What a rule answers, and on what ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// What it does.
    pub action: Action,
    /// Replicas added.
    pub added: i64,
    /// Replicas removed.
    pub removed: i64,
    /// The new count.
    pub desired: i64,
    /// The reading that decided: the largest one present, or with thresholds per resource the one that asked
    /// for most. Nothing if all are missing.
    pub reading: Option<f64>,
    /// How many resources had no usable reading.
    pub missing: usize,
    /// Whether a scale-down was due and a missing reading forbade it.
    pub held_by_missing: bool,
}

/// The article's formula as printed: `ceil(U / TU) * N` above the upper threshold, `floor(U / TL) * N` below
/// the lower one, without bounds. Any breach above at least doubles the count and any breach below removes
/// everything. The count saturates at 2,147,483,647.
///
/// ```
/// use setpoint::algorithm::threshold::{Thresholds, rule};
/// let band = Thresholds::new(0.4, 0.8)?;
/// assert_eq!(rule::literal(&band, 10, [Some(0.81)]).desired, 20);
/// assert_eq!(rule::literal(&band, 10, [Some(0.39)]).desired, 0);
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[must_use]
pub fn literal(
    thresholds: &Thresholds,
    current: i64,
    readings: impl IntoIterator<Item = Option<f64>>,
) -> Outcome {
    let Readings { largest, missing } = Readings::of(readings);
    let (action, factor) = match largest {
        Some(u) if u > thresholds.upper() => (Action::ScaleUp, snap_ceil(u / thresholds.upper())),
        Some(u) if u < thresholds.lower() => (Action::ScaleDown, snap_floor(u / thresholds.lower())),
        _ => (Action::None, Some(1)),
    };
    let desired = match action {
        Action::None => current,
        _ => current.saturating_mul(factor.unwrap_or(1)).min(MAX_COUNT.max(current)),
    };
    Outcome {
        action,
        added: desired.saturating_sub(current).max(0),
        removed: current.saturating_sub(desired).max(0),
        desired,
        reading: largest,
        missing,
        held_by_missing: false,
    }
}

/// The corrected form: the largest reading is brought to the threshold it crossed, or to the set-point, by
/// `ceil(N * U / T)`, within the limits. Under a constant load one evaluation reaches a count at which the
/// rule stays.
///
/// ```
/// use setpoint::algorithm::threshold::{Action, Limits, Thresholds, rule};
/// let (band, limits) = (Thresholds::new(0.4, 0.8)?, Limits::new(1, 100)?);
/// let up = rule::proportional(&band, limits, 10, [Some(0.81), None]);
/// assert_eq!((up.action, up.desired), (Action::ScaleUp, 11));
/// let down = rule::proportional(&band, limits, 10, [Some(0.1), None]);
/// assert_eq!((down.action, down.desired, down.held_by_missing), (Action::None, 10, true));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[must_use]
pub fn proportional(
    thresholds: &Thresholds,
    limits: Limits,
    current: i64,
    readings: impl IntoIterator<Item = Option<f64>>,
) -> Outcome {
    let Readings { largest, missing } = Readings::of(readings);
    let want = largest.map(|u| want(thresholds, current, u));
    bounded(limits, current, largest, want, missing)
}

/// The corrected form with thresholds for each resource: the largest count that a resource asks for, so that
/// the count falls only if every resource is below its own lower threshold. With common thresholds the same
/// as [`proportional`].
///
/// ```
/// use setpoint::algorithm::threshold::{Limits, Thresholds, rule};
/// let (cpu, memory) = (Thresholds::new(0.4, 0.8)?, Thresholds::new(0.3, 0.9)?);
/// let outcome = rule::per_resource(Limits::new(1, 100)?, 10, [(cpu, Some(0.2)), (memory, Some(0.15))]);
/// assert_eq!((outcome.desired, outcome.reading), (5, Some(0.2)));
/// let outcome = rule::per_resource(Limits::new(1, 100)?, 10, [(cpu, Some(0.2)), (memory, Some(0.31))]);
/// assert_eq!(outcome.desired, 10);
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[must_use]
pub fn per_resource(
    limits: Limits,
    current: i64,
    resources: impl IntoIterator<Item = (Thresholds, Option<f64>)>,
) -> Outcome {
    let mut missing = 0;
    let mut largest: Option<(i64, f64)> = None;
    for (thresholds, reading) in resources {
        let Some(u) = usable(reading) else {
            missing += 1;
            continue;
        };
        let want = want(&thresholds, current, u);
        // Among resources that ask for the same, the largest reading is told.
        if largest.is_none_or(|(most, reading)| want > most || (want == most && u > reading)) {
            largest = Some((want, u));
        }
    }
    bounded(limits, current, largest.map(|(_, u)| u), largest.map(|(want, _)| want), missing)
}

fn want(thresholds: &Thresholds, current: i64, u: f64) -> i64 {
    let crossed = if u > thresholds.upper() {
        thresholds.upper()
    } else if u < thresholds.lower() {
        thresholds.lower()
    } else {
        return current;
    };
    let target = thresholds.set_point().unwrap_or(crossed);
    // Never NaN: the reading is finite, the target positive.
    snap_ceil(current as f64 * u / target).unwrap_or(current)
}

fn bounded(limits: Limits, current: i64, reading: Option<f64>, want: Option<i64>, missing: usize) -> Outcome {
    let want = want.unwrap_or(current);
    let held_by_missing = missing > 0 && want < current;
    let desired = limits.clamp(if held_by_missing { current } else { want });
    let action = match desired.cmp(&current) {
        core::cmp::Ordering::Greater => Action::ScaleUp,
        core::cmp::Ordering::Less => Action::ScaleDown,
        core::cmp::Ordering::Equal => Action::None,
    };
    Outcome {
        action,
        added: desired.saturating_sub(current).max(0),
        removed: current.saturating_sub(desired).max(0),
        desired,
        reading,
        missing,
        held_by_missing,
    }
}

fn usable(reading: Option<f64>) -> Option<f64> {
    reading.filter(|u| u.is_finite() && *u >= 0.0)
}

struct Readings {
    largest: Option<f64>,
    missing: usize,
}

impl Readings {
    fn of(readings: impl IntoIterator<Item = Option<f64>>) -> Self {
        let mut all = Self { largest: None, missing: 0 };
        for reading in readings {
            match usable(reading) {
                Some(u) => all.largest = Some(all.largest.map_or(u, |largest| largest.max(u))),
                None => all.missing += 1,
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn band() -> Thresholds {
        Thresholds::new(0.4, 0.8).unwrap()
    }

    fn limits() -> Limits {
        Limits::new(1, 1_000).unwrap()
    }

    fn at(current: i64, readings: &[Option<f64>]) -> Outcome {
        proportional(&band(), limits(), current, readings.iter().copied())
    }

    #[test]
    fn both_edges_of_the_band_are_inside() {
        for u in [0.4, 0.5, 0.8] {
            assert_eq!(
                (at(10, &[Some(u)]).desired, literal(&band(), 10, [Some(u)]).action),
                (10, Action::None)
            );
        }
        assert_eq!(at(10, &[Some(0.8_f64.next_up())]).desired, 10, "the snap forgives the last bit");
        assert_eq!(literal(&band(), 10, [Some(0.8_f64.next_up())]).action, Action::ScaleUp);
    }

    #[test]
    fn the_literal_form_overshoots_collapses_and_stays_at_zero() {
        let up = literal(&band(), 10, [Some(0.81)]);
        assert_eq!((up.added, up.removed, up.desired), (10, 0, 20));
        assert_eq!(
            literal(&band(), 10, [Some(1.6)]).desired,
            20,
            "exactly twice the threshold still doubles"
        );
        assert_eq!(literal(&band(), 10, [Some(1.61)]).desired, 30);
        let down = literal(&band(), 10, [Some(0.39)]);
        assert_eq!((down.action, down.added, down.removed, down.desired), (Action::ScaleDown, 0, 10, 0));
        let none = literal(&band(), 0, [Some(0.9)]);
        assert_eq!((none.action, none.added, none.desired), (Action::ScaleUp, 0, 0));
        assert_eq!(literal(&band(), i64::MAX / 2, [Some(1e300)]).action, Action::ScaleUp);
        assert_eq!(literal(&band(), 2_000_000_000, [Some(1e300)]).desired, MAX_COUNT);
        let oscillates = Thresholds::new(0.41, 0.8).unwrap();
        assert_eq!(literal(&oscillates, 20, [Some(0.405)]).desired, 0);
        assert_eq!(literal(&band(), 4, [None, Some(f64::NAN)]).action, Action::None);
        assert_eq!(literal(&band(), 4, [None, Some(0.1)]).desired, 0, "missing readings are ignored");
    }

    #[test]
    fn unknown_load_is_not_low_load() {
        for missing in [None, Some(f64::NAN), Some(f64::INFINITY), Some(f64::NEG_INFINITY), Some(-0.1)] {
            let down = at(10, &[Some(0.1), missing]);
            assert_eq!((down.desired, down.missing, down.held_by_missing), (10, 1, true), "{missing:?}");
            let up = at(10, &[Some(0.9), missing]);
            assert_eq!((up.desired, up.missing, up.held_by_missing), (12, 1, false));
            let all = at(10, &[missing, missing]);
            assert_eq!((all.desired, all.reading, all.action), (10, None, Action::None));
        }
        assert_eq!(at(5_000, &[None]).desired, 1_000, "the limits hold without any reading");
        assert_eq!(at(7, &[]).desired, 7);
    }

    #[test]
    fn zero_load_zero_replicas_and_load_beyond_one() {
        assert_eq!(at(10, &[Some(0.0)]).desired, 1);
        assert_eq!(at(10, &[Some(-0.0)]).desired, 1);
        assert_eq!(at(0, &[Some(5.0)]).desired, 1);
        let to_zero = Limits::new(0, 10).unwrap();
        assert_eq!(proportional(&band(), to_zero, 0, [Some(5.0)]).action, Action::None);
        assert_eq!(at(10, &[Some(4.0)]).desired, 50);
        assert_eq!(at(10, &[Some(f64::MAX)]).desired, 1_000);
        assert_eq!(at(i64::MAX, &[Some(0.1)]).desired, 1_000);
        let never_down = Thresholds::new(0.0, 0.8).unwrap();
        assert_eq!(proportional(&never_down, limits(), 10, [Some(0.0)]).desired, 10);
    }

    #[test]
    fn the_limits_alone_are_an_action() {
        let limits = Limits::new(12, 20).unwrap();
        let outcome = proportional(&band(), limits, 10, [Some(0.5)]);
        assert_eq!((outcome.action, outcome.added, outcome.desired), (Action::ScaleUp, 2, 12));
        let outcome = proportional(&band(), limits, 30, [Some(0.9)]);
        assert_eq!((outcome.action, outcome.removed, outcome.desired), (Action::ScaleDown, 10, 20));
    }

    #[test]
    fn products_snap_before_rounding_up() {
        let band = Thresholds::new(0.1, 0.3).unwrap();
        assert_eq!(proportional(&band, limits(), 3, [Some(1.1)]).desired, 11);
    }

    #[test]
    fn a_set_point_is_aimed_at_from_both_sides() {
        let aimed = band().with_set_point(0.5).unwrap();
        assert_eq!(proportional(&aimed, limits(), 10, [Some(0.9)]).desired, 18);
        assert_eq!(proportional(&aimed, limits(), 10, [Some(0.3)]).desired, 6);
        for inside in [0.4, 0.7, 0.8] {
            assert_eq!(proportional(&aimed, limits(), 10, [Some(inside)]).desired, 10);
        }
    }

    fn reading() -> impl Strategy<Value = Option<f64>> {
        prop::option::of(prop_oneof![0.0..3.0, Just(f64::NAN), Just(-1.0)])
    }

    proptest! {
        #[test]
        fn one_evaluation_reaches_a_fixed_point(n in 1_i64..2_000, u in 0.0..4.0, aimed: bool) {
            let band = if aimed { band().with_set_point(0.55).unwrap() } else { band() };
            let limits = Limits::new(1, 1_000_000).unwrap();
            let first = proportional(&band, limits, n, [Some(u)]).desired;
            let load = n as f64 * u;
            let again = proportional(&band, limits, first, [Some(load / first as f64)]).desired;
            prop_assert_eq!(again, first);
        }

        #[test]
        fn common_thresholds_per_resource_are_the_common_rule(
            n in 0_i64..500, readings in prop::collection::vec(reading(), 0..5), aimed: bool,
        ) {
            let band = if aimed { band().with_set_point(0.55).unwrap() } else { band() };
            let common = proportional(&band, limits(), n, readings.iter().copied());
            let each = per_resource(limits(), n, readings.iter().map(|r| (band, *r)));
            prop_assert_eq!(common, each);
        }

        #[test]
        fn more_load_never_means_fewer(n in 0_i64..500, a in 0.0..4.0, b in 0.0..4.0) {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            prop_assert!(at(n, &[Some(low)]).desired <= at(n, &[Some(high)]).desired);
        }
    }
}
