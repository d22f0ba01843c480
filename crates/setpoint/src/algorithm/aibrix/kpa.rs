//! The panic strategy: the load over the target, judged by two averages. It shares its name with the Knative autoscaler and little of
//! its rule. Pure: what a caller remembers comes in as [`Memory`].
//!
//! Source of the rule: `vllm-project/aibrix`, `pkg/controller/podautoscaler/algorithm/kpa.go`, commit
//! `e3e10f9e4aebe9aac5e7d992fb87d2648e01628b`. Upstream divides an average per instance by the target per instance and takes the
//! quotient for the count of all instances; [`KpaLoad`](super::KpaLoad) tells what can be done about it.

use super::evaluate::{Load, Settings, counted, larger, smaller};
use crate::reason::aibrix::{Mode, Rule};

/// What a caller may remember from one evaluation to the next. Upstream's controller remembers nothing: it always has the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The largest count of the present panic.
    pub panic_maximum: i64,
    /// The smallest count other than zero.
    pub activation_scale: i64,
}

impl Default for Memory {
    fn default() -> Self {
        Self { panic_maximum: 0, activation_scale: 1 }
    }
}

/// What the formula answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kpa {
    /// What the stable average asks for, within the rates.
    pub stable: i64,
    /// What the panic average asks for, within the rates.
    pub panic: i64,
    /// The count.
    pub count: i64,
    /// The rule that held for the average that decided.
    pub rule: Rule,
    /// The largest count of the present panic from now on.
    pub panic_maximum: i64,
}

/// Whether it is a panic: no load, or a panic average of more than the threshold times the stable one.
///
/// ```
/// use setpoint::aibrix::{Load, Mode, Settings, mode};
/// let of = |stable, panic| mode(&Settings::default(), Load { stable, panic });
/// assert_eq!((of(10.0, 20.0), of(10.0, 20.1), of(0.0, 0.0)), (Mode::Stable, Mode::Panic, Mode::Panic));
/// ```
#[must_use]
pub fn mode(settings: &Settings, load: Load) -> Mode {
    if load.stable <= 0.0 || load.panic / load.stable > settings.panic_threshold {
        Mode::Panic
    } else {
        Mode::Stable
    }
}

/// The count that `load` asks for at `current` replicas in `mode`, before bounds.
///
/// Each average asks for `ceil(average / target)`, or for `current` inside the band, at least `floor(current / rate)` and at most
/// `max(1, ceil(rate * current))`. In panic the larger one counts, and nothing below the largest of the present panic.
///
/// ```
/// use setpoint::aibrix::{Load, Memory, Mode, Settings, kpa};
/// let load = Load { stable: 20.0, panic: 70.0 };
/// let memory = Memory { panic_maximum: 9, ..Memory::default() };
/// let answer = kpa(&Settings::default(), 4, Some(10.0), load, Mode::Panic, memory);
/// assert_eq!((answer.stable, answer.panic, answer.count), (2, 7, 9));
/// ```
#[must_use]
pub fn kpa(
    settings: &Settings,
    current: i64,
    target: Option<f64>,
    load: Load,
    mode: Mode,
    memory: Memory,
) -> Kpa {
    let Memory { panic_maximum, activation_scale } = memory;
    let Some(target) = target else {
        let (stable, panic) = (current, current);
        return Kpa { stable, panic, count: current, rule: Rule::Untargeted, panic_maximum };
    };
    let side = |average| {
        let (count, rule) = asked(settings, current, target, average);
        let short = activation_scale > 1 && count > 0 && count < activation_scale;
        (if short { activation_scale } else { count }, rule)
    };
    let ((stable, by_stable), (panic, by_panic)) = (side(load.stable), side(load.panic));
    let answer = Kpa { stable, panic, count: stable, rule: by_stable, panic_maximum };
    match mode {
        Mode::Stable => answer,
        Mode::Panic => {
            let count = panic_maximum.max(stable).max(panic);
            let rule = if panic > stable { by_panic } else { by_stable };
            Kpa { count, rule, panic_maximum: count, ..answer }
        }
    }
}

/// What one average asks for, within the rates.
fn asked(settings: &Settings, current: i64, target: f64, average: f64) -> (i64, Rule) {
    let n = current as f64;
    let most = larger(1.0, (settings.max_scale_up_rate * n).ceil());
    let least = (n / settings.max_scale_down_rate).floor();
    let above = average > target * (1.0 + settings.scale_up_tolerance);
    let below = average < target * (1.0 - settings.scale_down_tolerance);
    let wanted = if above || below { (average / target).ceil() } else { n };
    let rule = if wanted > most {
        Rule::UpRate
    } else if wanted < least {
        Rule::DownRate
    } else if above {
        Rule::Up
    } else if below {
        Rule::Down
    } else {
        Rule::Kept
    };
    (counted(smaller(larger(wanted, least), most), current), rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answer(current: i64, stable: f64, panic: f64) -> Kpa {
        let settings = Settings::default();
        let load = Load { stable, panic };
        kpa(&settings, current, Some(10.0), load, mode(&settings, load), Memory::default())
    }

    #[test]
    fn averages_are_taken_for_totals() {
        // Above the band, and yet fewer: that is the quirk.
        let five = answer(5, 15.0, 15.0);
        assert_eq!((five.count, five.rule), (2, Rule::Up));
    }

    #[test]
    fn no_load_is_a_panic_that_still_shrinks() {
        let idle = answer(8, 0.0, 0.0);
        assert_eq!((idle.count, idle.rule, idle.panic_maximum), (4, Rule::DownRate, 4));
        assert_eq!(mode(&Settings::default(), Load { stable: -1.0, panic: -1.0 }), Mode::Panic);
        assert_eq!(mode(&Settings::default(), Load { stable: f64::NAN, panic: 1.0 }), Mode::Stable);
    }

    #[test]
    fn zero_can_be_left_by_one_at_a_time() {
        assert_eq!(answer(0, 300.0, 300.0).count, 1);
        assert_eq!(answer(1, 300.0, 300.0).count, 2);
    }

    #[test]
    fn inside_the_band_the_count_stays_and_the_edge_is_inside() {
        let band = |stable| answer(6, stable, stable).rule;
        assert_eq!((band(11.0), band(9.0)), (Rule::Kept, Rule::Kept));
        assert_eq!((band(11.001), band(8.999)), (Rule::DownRate, Rule::DownRate));
        assert_eq!(answer(6, 10.0, 10.0).count, 6);
    }

    #[test]
    fn the_panic_threshold_is_exceeded_strictly() {
        assert_eq!((answer(4, 20.0, 40.0).count, answer(4, 20.0, 40.1).count), (2, 5));
    }

    #[test]
    fn the_activation_scale_lifts_what_is_between_zero_and_it() {
        let settings = Settings::default();
        let of = |current, average| {
            let load = Load { stable: average, panic: average };
            let memory = Memory { activation_scale: 3, panic_maximum: 0 };
            kpa(&settings, current, Some(10.0), load, Mode::Stable, memory).count
        };
        assert_eq!((of(1, 0.0), of(2, 15.0), of(8, 35.0)), (0, 3, 4));
    }

    #[test]
    fn only_a_caller_that_remembers_holds_a_panic() {
        let settings = Settings::default();
        let load = Load { stable: 10.0, panic: 30.0 };
        let held = Memory { panic_maximum: 7, ..Memory::default() };
        assert_eq!(kpa(&settings, 4, Some(10.0), load, Mode::Panic, held).count, 7);
        assert_eq!(kpa(&settings, 4, Some(10.0), load, Mode::Panic, Memory::default()).count, 4);
        let stable = kpa(&settings, 4, Some(10.0), load, Mode::Stable, held);
        assert_eq!((stable.count, stable.panic_maximum), (4, 7));
        assert_eq!(kpa(&settings, 4, None, load, Mode::Panic, held).count, 4);
    }

    proptest! {
        #[test]
        fn rates_are_kept(current in 0_i64..1_000, stable in 0.0_f64..1e6, panic in 0.0_f64..1e6) {
            let got = answer(current, stable, panic).count;
            prop_assert!(got >= current / 2 && got <= (2 * current).max(1));
        }

        #[test]
        fn nothing_panics(current: i64, target: Option<f64>, stable: f64, panic: f64, a: f64, b: f64, c: f64, d: f64) {
            let settings = Settings {
                max_scale_up_rate: a, max_scale_down_rate: b,
                scale_up_tolerance: c, scale_down_tolerance: d, panic_threshold: a,
            };
            let load = Load { stable, panic };
            let _ = kpa(&settings, current, target, load, mode(&settings, load), Memory::default());
        }
    }
}
