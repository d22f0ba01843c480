//! From a recommendation to the count: stabilization, the limits on the pace, and the bounds. Pure: what the
//! windows remember comes in as [`Histories`].
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/algorithm/revision.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`. Upstream's percentages wrap beyond 32 bits; these are exact.
//!
//! | step | in panic | growing | shrinking |
//! |---|---|---|---|
//! | stabilization | none | at most the smallest recent recommendation | at least the largest recent recommendation |
//! | pace | smallest recent count and a percentage of it | smallest recent count, `instances` and `percent` | largest recent count, `instances` and `percent` |
//! | current count | never below | never below | never above |
//! | bounds | `min` to `max`, which may exceed the pace | same | same |

use super::recommendation::clamp;
use crate::reason::kthena::{Binding, Mode};
use crate::rounding::trunc32;

/// How the two limits of a policy combine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Select {
    /// What the more generous of the two permits.
    #[default]
    Or,
    /// What the stricter of the two permits.
    And,
}

/// The pace in one direction of the stable mode. Raw: may hold what a checked configuration refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// Replicas per period.
    pub instances: i64,
    /// Percent per period of the extreme count of that period.
    pub percent: i64,
    /// How the two combine; `None` limits nothing (upstream: any text but `Or` and `And`).
    pub select: Option<Select>,
}

/// What a correction depends on besides the histories. Raw: `min` may exceed `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rules {
    /// Fewest replicas.
    pub min: i64,
    /// Most replicas.
    pub max: i64,
    /// The pace of growing in stable mode.
    pub scale_up: Limit,
    /// The pace of shrinking in stable mode.
    pub scale_down: Limit,
    /// Percent per panic period by which panic mode may grow.
    pub panic_percent: i64,
    /// The percentage of the current count from which a recommendation triggers panic mode; `None` never.
    pub panic_threshold_percent: Option<i64>,
}

/// What the history windows answer; `None` where a window has nothing to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Histories {
    /// The largest recommendation of the scale-down stabilization window.
    pub max_recommendation: Option<i64>,
    /// The smallest recommendation of the scale-up stabilization window.
    pub min_recommendation: Option<i64>,
    /// The largest count of the scale-down period, the current one included.
    pub max_corrected: Option<i64>,
    /// The smallest count of the scale-up period, the current one included.
    pub min_corrected_for_stable: Option<i64>,
    /// The smallest count of the panic period, the current one included.
    pub min_corrected_for_panic: Option<i64>,
}

/// A correction, step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Correction {
    /// Which rules held.
    pub mode: Mode,
    /// What was recommended.
    pub recommended: i64,
    /// After stabilization.
    pub stabilized: i64,
    /// The limit on the pace, if there was one: a most when growing, a least when shrinking.
    pub limit: Option<i64>,
    /// After the limit.
    pub limited: i64,
    /// After "never against the direction, seen from the current count".
    pub held: i64,
    /// After the bounds: the result.
    pub corrected: i64,
}

impl Correction {
    /// The last step that changed the count; nothing if the recommendation stands.
    #[must_use]
    pub const fn binding(&self) -> Option<Binding> {
        if self.corrected != self.held {
            Some(Binding::Bounds)
        } else if self.held != self.limited {
            Some(Binding::Current)
        } else if self.limited != self.stabilized {
            Some(Binding::Pace)
        } else if self.stabilized != self.recommended {
            Some(Binding::Stabilization)
        } else {
            None
        }
    }
}

/// Corrects `recommended` for a workload of `current` replicas.
///
/// ```
/// use setpoint::algorithm::kthena::{Binding, Histories, Limit, Rules, Select, correct};
///
/// let limit = Limit { instances: 4, percent: 100, select: Some(Select::Or) };
/// let rules = Rules {
///     min: 1, max: 100, scale_up: limit, scale_down: limit, panic_percent: 0, panic_threshold_percent: None,
/// };
/// let histories = Histories { min_corrected_for_stable: Some(3), ..Histories::default() };
/// let correction = correct(&rules, &histories, false, 5, 40);
/// assert_eq!((correction.corrected, correction.binding()), (7, Some(Binding::Pace)));
/// ```
#[must_use]
pub fn correct(
    rules: &Rules,
    histories: &Histories,
    in_panic: bool,
    current: i64,
    recommended: i64,
) -> Correction {
    let mode = match recommended.cmp(&current) {
        _ if in_panic => Mode::Panic,
        core::cmp::Ordering::Greater => Mode::Up,
        core::cmp::Ordering::Less => Mode::Down,
        core::cmp::Ordering::Equal => Mode::Steady,
    };
    let stabilized = match mode {
        Mode::Up => histories.min_recommendation.map_or(recommended, |least| recommended.min(least)),
        Mode::Down => histories.max_recommendation.map_or(recommended, |most| recommended.max(most)),
        Mode::Panic | Mode::Steady => recommended,
    };
    let limit = match mode {
        Mode::Panic => {
            histories.min_corrected_for_panic.filter(|&p| p > 0).map(|p| panic_limit(p, rules.panic_percent))
        }
        Mode::Up => histories.min_corrected_for_stable.and_then(|p| rules.scale_up.most(p)),
        Mode::Down => histories.max_corrected.and_then(|p| rules.scale_down.least(p)),
        Mode::Steady => None,
    };
    let (limited, held) = match mode {
        Mode::Panic | Mode::Up => {
            let limited = limit.map_or(stabilized, |most| stabilized.min(most));
            (limited, limited.max(current))
        }
        Mode::Down => {
            let limited = limit.map_or(stabilized, |least| stabilized.max(least));
            (limited, limited.min(current))
        }
        Mode::Steady => (stabilized, stabilized),
    };
    let corrected = clamp(held, rules.min, rules.max);
    Correction { mode, recommended, stabilized, limit, limited, held, corrected }
}

impl Limit {
    fn most(&self, p: i64) -> Option<i64> {
        let absolute = p.saturating_add(self.instances);
        let relative = p.saturating_add(percent_of(p, self.percent));
        self.select.map(|select| match select {
            Select::Or => absolute.max(relative),
            Select::And => absolute.min(relative),
        })
    }

    fn least(&self, p: i64) -> Option<i64> {
        let absolute = p.saturating_sub(self.instances);
        let relative = p.saturating_sub(percent_of(p, self.percent));
        self.select.map(|select| match select {
            Select::Or => absolute.min(relative),
            Select::And => absolute.max(relative),
        })
    }
}

/// `(p * percent) div 100`, toward zero.
fn percent_of(p: i64, percent: i64) -> i64 {
    let exact = i128::from(p) * i128::from(percent) / 100;
    i64::try_from(exact).unwrap_or(if exact > 0 { i64::MAX } else { i64::MIN })
}

/// In doubles, as upstream has it. The increment saturates at 32 bits.
fn panic_limit(p: i64, percent: i64) -> i64 {
    p.saturating_add(trunc32(p as f64 * percent as f64 / 100.0).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAX32: i64 = i32::MAX as i64;

    fn rules(instances: i64, percent: i64, select: Option<Select>) -> Rules {
        let limit = Limit { instances, percent, select };
        Rules {
            min: 0,
            max: 1_000,
            scale_up: limit,
            scale_down: limit,
            panic_percent: 50,
            panic_threshold_percent: None,
        }
    }

    fn at(p: i64) -> Histories {
        Histories {
            max_corrected: Some(p),
            min_corrected_for_stable: Some(p),
            min_corrected_for_panic: Some(p),
            ..Histories::default()
        }
    }

    #[test]
    fn or_is_generous_and_and_is_strict() {
        let count =
            |select, recommended| correct(&rules(4, 25, select), &at(100), false, 100, recommended).corrected;
        assert_eq!(
            (count(Some(Select::Or), 500), count(Some(Select::And), 500), count(None, 500)),
            (125, 104, 500)
        );
        assert_eq!((count(Some(Select::Or), 0), count(Some(Select::And), 0), count(None, 0)), (75, 96, 0));
    }

    #[test]
    fn percentages_drop_their_fraction() {
        let only_percent = rules(0, 33, Some(Select::Or));
        assert_eq!(correct(&only_percent, &at(5), false, 5, 50).corrected, 6);
        assert_eq!(correct(&only_percent, &at(5), false, 5, 0).corrected, 4);
        assert_eq!(correct(&only_percent, &at(3), true, 3, 50).corrected, 4);
    }

    #[test]
    fn zero_and_zero_freezes_and_no_period_frees() {
        let frozen = rules(0, 0, Some(Select::Or));
        assert_eq!(correct(&frozen, &at(7), false, 7, 50).binding(), Some(Binding::Pace));
        assert_eq!(correct(&frozen, &at(7), false, 7, 50).corrected, 7);
        assert_eq!(correct(&frozen, &at(7), false, 7, 1).corrected, 7);
        assert_eq!(correct(&frozen, &Histories::default(), false, 7, 50).corrected, 50);
        assert_eq!(correct(&frozen, &Histories::default(), false, 7, 1).corrected, 1);
    }

    #[test]
    fn stabilization_holds_back_but_never_turns() {
        let free = rules(0, 0, None);
        let histories = |most, least| Histories {
            max_recommendation: most,
            min_recommendation: least,
            ..Histories::default()
        };
        let down = correct(&free, &histories(Some(6), None), false, 9, 2);
        assert_eq!(
            (down.mode, down.corrected, down.binding()),
            (Mode::Down, 6, Some(Binding::Stabilization))
        );
        let down = correct(&free, &histories(Some(20), None), false, 9, 2);
        assert_eq!((down.stabilized, down.corrected, down.binding()), (20, 9, Some(Binding::Current)));
        let up = correct(&free, &histories(None, Some(12)), false, 9, 30);
        assert_eq!((up.mode, up.corrected), (Mode::Up, 12));
        let up = correct(&free, &histories(None, Some(1)), false, 9, 30);
        assert_eq!((up.corrected, up.binding()), (9, Some(Binding::Current)));
        let steady = correct(&free, &histories(Some(20), Some(1)), false, 9, 9);
        assert_eq!((steady.mode, steady.corrected, steady.binding()), (Mode::Steady, 9, None));
    }

    #[test]
    fn panic_grows_only_and_ignores_stabilization() {
        let rules = rules(1, 1, Some(Select::And));
        let mut histories = at(4);
        histories.min_recommendation = Some(1);
        assert_eq!(correct(&rules, &histories, true, 4, 30).corrected, 6);
        let down = correct(&rules, &histories, true, 4, 1);
        assert_eq!((down.mode, down.corrected, down.binding()), (Mode::Panic, 4, Some(Binding::Current)));
        assert_eq!(correct(&rules, &at(0), true, 0, 30).corrected, 30, "a count of 0 can leave 0");
        assert_eq!(correct(&rules, &Histories::default(), true, 4, 30).corrected, 30);
    }

    #[test]
    fn bounds_come_last_and_may_exceed_the_pace() {
        let narrow = Rules { min: 10, max: 12, ..rules(0, 0, Some(Select::Or)) };
        let up = correct(&narrow, &at(2), false, 2, 10);
        assert_eq!((up.held, up.corrected, up.binding()), (2, 10, Some(Binding::Bounds)));
        assert_eq!(correct(&narrow, &at(50), false, 50, 12).corrected, 12);
        let crossed = Rules { min: 9, max: 3, ..narrow };
        assert_eq!(correct(&crossed, &at(5), false, 5, 5).corrected, 3);
    }

    #[test]
    fn nothing_wraps_at_32_bits() {
        let wide = Rules { max: MAX32, ..rules(i64::MAX, 1_000, Some(Select::And)) };
        // 2e9 * 1000 is far beyond 32 bits; upstream would wrap.
        assert_eq!(correct(&wide, &at(2_000_000_000), false, 2_000_000_000, MAX32).corrected, MAX32);
        let wide = Rules { scale_up: Limit { instances: 0, percent: 1, select: Some(Select::Or) }, ..wide };
        assert_eq!(correct(&wide, &at(2_000_000_000), false, 2_000_000_000, MAX32).corrected, 2_020_000_000);
        let down = Rules { scale_down: Limit { instances: 0, percent: 1, select: Some(Select::Or) }, ..wide };
        assert_eq!(correct(&down, &at(3_000_000), false, 3_000_000, 0).corrected, 2_970_000);
        let panic = Rules { panic_percent: 1_000, ..wide };
        let got = correct(&panic, &at(1_500_000_000), true, 1_500_000_000, MAX32);
        assert_eq!((got.limit, got.corrected), (Some(1_500_000_000 + MAX32), MAX32));
        for extreme in [i64::MIN, i64::MAX] {
            for recommended in [i64::MIN, 0, i64::MAX] {
                let rules = Rules { panic_percent: extreme, ..rules(extreme, extreme, Some(Select::Or)) };
                for in_panic in [false, true] {
                    let got = correct(&rules, &at(extreme), in_panic, extreme, recommended).corrected;
                    assert!((0..=1_000).contains(&got));
                }
            }
        }
    }

    fn answer() -> impl Strategy<Value = Option<i64>> {
        prop::option::of(0_i64..60)
    }

    proptest! {
        #[test]
        fn never_past_the_current_count_in_the_wrong_direction(
            (a, b, c, d, e) in (answer(), answer(), answer(), answer(), answer()),
            instances in 0_i64..9, percent in 0_i64..300, and: bool, in_panic: bool,
            current in 0_i64..60, recommended in 0_i64..60,
        ) {
            let histories = Histories {
                max_recommendation: a, min_recommendation: b, max_corrected: c,
                min_corrected_for_stable: d, min_corrected_for_panic: e,
            };
            let rules = rules(instances, percent, Some(if and { Select::And } else { Select::Or }));
            let got = correct(&rules, &histories, in_panic, current, recommended);
            if in_panic || recommended > current {
                prop_assert!(got.corrected >= current && got.corrected <= recommended.max(current));
            } else {
                prop_assert!(got.corrected <= current && got.corrected >= recommended);
            }
        }
    }
}
