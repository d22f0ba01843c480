//! One step put together from its pieces, for proposals from anywhere: gate, selection, stabilization, limits, and what
//! each leaves behind. [`step`] changes nothing; [`State::evaluated`] and [`State::applied`] do, in that order, and a
//! caller whose write fails leaves the second out.
//!
//! Source: Kubernetes, `reconcileAutoscaler` in `pkg/controller/podautoscaler/horizontal.go`, commit `a769d588`.

use super::gate::{Gate, ScaledToZero, ZeroRules, gate};
use super::select::{NoSelection, RescaleReason, Selected, select};
use crate::behavior::limits::{Limited, limit, next_limit_change};
use crate::behavior::records::Recommendations;
use crate::behavior::rules::FilledBehavior;
use crate::behavior::slots::ScaleEvents;
use crate::behavior::stabilization::{Stabilized, Windows, record, stabilize};
use crate::error::StateError;
use crate::state::{StateReader, StateWriter};
use crate::time::{Timestamp, earliest};
use core::time::Duration;

/// Everything that comes after the proposals. Raw: bounds may contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StepRules {
    /// Lower bound.
    pub min: i64,
    /// Upper bound.
    pub max: i64,
    /// The window before scale-downs where there is no behavior.
    pub scale_down_window: Duration,
    /// Windows and policies of each direction, if any.
    pub behavior: Option<FilledBehavior>,
    /// Scale to zero.
    pub zero: ZeroRules,
}

impl StepRules {
    /// The stabilization windows that hold.
    #[must_use]
    pub fn windows(&self) -> Windows {
        Windows::of(self.behavior.as_ref(), self.scale_down_window)
    }
}

/// What one step comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The workload is at zero and not by this autoscaler's doing: scaling is disabled.
    Disabled,
    /// A bound decided before any metric was looked at.
    Bound,
    /// The metrics could not be read, or not enough of them.
    Failed(NoSelection),
    /// The metrics decided.
    Evaluated {
        /// The chosen metric.
        selected: Selected,
        /// After the memory of recommendations.
        stabilized: Stabilized,
        /// After rate and bounds; [`Step::desired`] may be lifted further where the workload leaves zero.
        limited: Limited,
    },
}

/// One step: the count it arrives at, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// When it was made.
    pub now: Timestamp,
    /// The count it began with.
    pub current: i64,
    /// The count it arrives at.
    pub desired: i64,
    /// Why it changes the count; `None` where it does not.
    pub rescale: Option<RescaleReason>,
    /// What it came to.
    pub verdict: Verdict,
}

/// Everything that is remembered between steps, in the parts that the pieces need.
///
/// A change of the rules between two steps keeps all of it. Recommendations of the last hour (or of the longest window
/// configured, where that is longer) are there for any window that may be set. Changes stay in their slots until the
/// present policies of their direction allow them to be recycled; one that is marked for recycling keeps its mark, and
/// counts, where longer periods reach it, until it is overwritten. Without a behavior no change is noted, so a behavior
/// that is switched on finds those from before it was switched off, if any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Recommendations, raw.
    pub recommendations: Recommendations,
    /// Changes that were carried out.
    pub events: ScaleEvents,
    /// Whether the autoscaler itself brought the workload to zero.
    pub zero: ScaledToZero,
}

/// Decides one step on `proposals`, in the order of the metrics (`None`: the metric failed).
///
/// ```
/// use core::time::Duration;
/// use setpoint::hpa::{Config, State, step};
/// use setpoint::{Bounds, Timestamp};
/// let rules = Config::new(Bounds::new(1, 20)?).plan()?.rules;
/// let mut state = State::default();
/// let mut replicas = 3;
/// for tick in 0..2 {
///     let made = step(&rules, &state, Timestamp::from_secs(15 * tick), replicas, [Some(15)]);
///     state.evaluated(&rules, &made);
///     state.applied(&rules, &made);
///     replicas = made.desired;
/// }
/// assert_eq!(replicas, 12); // doubled twice
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[must_use]
pub fn step(
    rules: &StepRules,
    state: &State,
    now: Timestamp,
    current: i64,
    proposals: impl IntoIterator<Item = Option<i64>>,
) -> Step {
    let ended = |desired, rescale: Option<RescaleReason>, verdict| Step {
        now,
        current,
        desired,
        rescale: rescale.filter(|_| desired != current),
        verdict,
    };
    match gate(current, rules.min, rules.max, rules.zero, state.zero) {
        Gate::Disabled => return ended(0, None, Verdict::Disabled),
        Gate::AboveMax => return ended(rules.max, Some(RescaleReason::AboveMax), Verdict::Bound),
        Gate::BelowMin => return ended(rules.min, Some(RescaleReason::BelowMin), Verdict::Bound),
        Gate::Open => {}
    }
    let selected = match select(current, proposals) {
        Ok(selected) => selected,
        Err(none) => return ended(current, None, Verdict::Failed(none)),
    };
    let windows = rules.windows();
    let stabilized = stabilize(&state.recommendations, windows, now, current, selected.desired);
    let behavior = rules.behavior.as_ref();
    let limited = limit(current, stabilized.replicas, rules.min, rules.max, behavior, &state.events, now);
    let desired = state.zero.lift(current, rules.min, limited.replicas);
    ended(desired, Some(selected.reason), Verdict::Evaluated { selected, stabilized, limited })
}

impl State {
    /// Takes note of a step that was made, whether or not its change is carried out.
    pub fn evaluated(&mut self, rules: &StepRules, made: &Step) {
        let proposal = match made.verdict {
            Verdict::Evaluated { selected, .. } => Some(selected.desired),
            Verdict::Disabled | Verdict::Bound | Verdict::Failed(_) => None,
        };
        record(&mut self.recommendations, rules.windows(), made.now, made.current, proposal);
    }

    /// Takes note of the change of a step once it has been carried out; of a step without one, nothing.
    pub fn applied(&mut self, rules: &StepRules, made: &Step) {
        if made.rescale.is_none() {
            return;
        }
        if let Some(behavior) = &rules.behavior {
            self.events.applied(made.current, made.desired, made.now, behavior);
        }
        self.zero.applied(made.current, made.desired, rules.min, rules.zero);
    }

    /// The earliest time at which the same proposals and the same count may get another answer than the step `made`,
    /// because a recommendation leaves its window or a change leaves a policy's period; `None` if time alone changes
    /// nothing. Never late. To be asked once the step has been taken note of.
    #[must_use]
    pub fn next_change_at(&self, rules: &StepRules, made: &Step) -> Option<Timestamp> {
        match made.verdict {
            Verdict::Evaluated { stabilized, .. } => earliest(
                stabilized.next_change_at,
                next_limit_change(rules.behavior.as_ref(), &self.events, made.now),
            ),
            Verdict::Disabled | Verdict::Bound | Verdict::Failed(_) => None,
        }
    }

    /// Saves everything.
    pub fn save(&self, out: &mut StateWriter) {
        out.nest("recommendations", |out| self.recommendations.save(out));
        out.nest("events", |out| self.events.save(out));
        self.zero.save(out);
    }

    /// Restores what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// As the parts do; nothing is changed then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let mut restored = Self::default();
        restored.recommendations.restore(&from.nested("recommendations")?)?;
        restored.events.restore(&from.nested("events")?)?;
        restored.zero.restore(from)?;
        *self = restored;
        Ok(())
    }
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
