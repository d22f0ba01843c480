//! One evaluation of one metric: the settings of the formulas, the averages they read, and the choice between the two. Pure; it may
//! be given what a checked configuration refuses.
//!
//! Source of the rule: `vllm-project/aibrix`, `pkg/controller/podautoscaler/algorithm/algorithm.go` and
//! `pkg/controller/podautoscaler/context/context.go`, commit `e3e10f9e4aebe9aac5e7d992fb87d2648e01628b`.

use super::apa::apa;
use super::kpa::{Memory, kpa, mode};
use crate::reason::aibrix::{Mode, Rule};
use crate::rounding;

/// Which formula makes a count of an average.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Strategy {
    /// In proportion to the stable average, within tolerances and rates.
    Apa,
    /// The load over the target, by the stable average, or in panic by the larger of both.
    Kpa,
}

impl Strategy {
    /// The name in upstream's conditions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Apa => "apa",
            Self::Kpa => "kpa",
        }
    }
}

/// The numbers of the formulas.
///
/// | field | default | unit | upstream's annotation |
/// |---|---|---|---|
/// | `max_scale_up_rate` | 2 | multiplier per evaluation | `max-scale-up-rate` |
/// | `max_scale_down_rate` | 2 | divisor per evaluation | `max-scale-down-rate` |
/// | `scale_up_tolerance` | 0.1 | share above the target | `scale-up-tolerance` |
/// | `scale_down_tolerance` | 0.1 | share below the target | `scale-down-tolerance` |
/// | `panic_threshold` | 2 | panic average over stable average | `panic-threshold` |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The most that one evaluation multiplies the count by.
    pub max_scale_up_rate: f64,
    /// The most that one evaluation divides the count by.
    pub max_scale_down_rate: f64,
    /// Share above the target that is tolerated, the edge included.
    pub scale_up_tolerance: f64,
    /// Share below the target that is tolerated, the edge included.
    pub scale_down_tolerance: f64,
    /// Panic average over stable average beyond which it is a panic.
    pub panic_threshold: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_scale_up_rate: 2.0,
            max_scale_down_rate: 2.0,
            scale_up_tolerance: 0.1,
            scale_down_tolerance: 0.1,
            panic_threshold: 2.0,
        }
    }
}

/// The averages of one metric's windows, in its own unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Over the stable window.
    pub stable: f64,
    /// Over the panic window.
    pub panic: f64,
}

/// What a formula answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluated {
    /// The count, before bounds.
    pub count: i64,
    /// The rule that held.
    pub rule: Rule,
    /// The mode, where the strategy has modes.
    pub mode: Option<Mode>,
}

/// The count that `load` asks for at `current` replicas and a target of `target`, before bounds.
///
/// ```
/// use setpoint::aibrix::{Load, Mode, Settings, Strategy, evaluate};
/// let spike = Load { stable: 10.0, panic: 45.0 };
/// let answer = evaluate(Strategy::Kpa, &Settings::default(), 2, Some(10.0), spike);
/// assert_eq!((answer.count, answer.mode), (4, Some(Mode::Panic))); // 5, but at most twice as many
/// ```
#[must_use]
pub fn evaluate(
    strategy: Strategy,
    settings: &Settings,
    current: i64,
    target: Option<f64>,
    load: Load,
) -> Evaluated {
    match strategy {
        Strategy::Apa => {
            let (count, rule) = apa(settings, current, target, load.stable);
            Evaluated { count, rule, mode: None }
        }
        Strategy::Kpa => {
            let mode = mode(settings, load);
            let answer = kpa(settings, current, target, load, mode, Memory::default());
            Evaluated { count: answer.count, rule: answer.rule, mode: Some(mode) }
        }
    }
}

/// `count` held to the bounds; where they contradict each other the minimum wins for what is below it.
#[must_use]
pub fn clamp(count: i64, min: i64, max: i64) -> i64 {
    if count < min {
        min
    } else if count > max {
        max
    } else {
        count
    }
}

/// The smaller one; NaN if either is, as in upstream's language.
pub(super) fn smaller(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

/// The larger one; NaN if either is, as in upstream's language.
pub(super) fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// The count of a float: what is beyond 32 bits saturates, what is no number keeps the current count. Upstream leaves both to the
/// processor.
pub(super) fn counted(x: f64, current: i64) -> i64 {
    rounding::trunc32(x).unwrap_or(current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradicting_bounds_give_the_minimum_to_what_is_below_it() {
        assert_eq!((clamp(4, 10, 5), clamp(12, 10, 5), clamp(7, 1, 9)), (10, 5, 7));
    }

    #[test]
    fn apa_ignores_the_panic_window_and_kpa_does_not() {
        let load = |panic| Load { stable: 10.0, panic };
        let settings = Settings::default();
        for panic in [0.0, 1e9, f64::NAN] {
            let answer = evaluate(Strategy::Apa, &settings, 3, Some(10.0), load(panic));
            assert_eq!(answer, Evaluated { count: 3, rule: Rule::Kept, mode: None });
        }
        assert_eq!(evaluate(Strategy::Kpa, &settings, 3, Some(10.0), load(1e9)).count, 6);
    }
}
