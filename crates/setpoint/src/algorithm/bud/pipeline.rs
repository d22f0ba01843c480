//! The order of all inputs, as two pure functions: [`decide`] for the strategy `BudScaler`, [`decide_kpa`] for `KPA`. Nothing is remembered here;
//! the stages of the pipeline put the same rules behind each other and keep the history of changes.
//!
//! Source: `BudEcosystem/scaler`, `pkg/controller/budaiscaler/algorithm/{budscaler,kpa,algorithm}.go`, commit
//! `79bffc5e9778ab80a20c5e0a6d39d9e780750122`. The order is upstream's: cost is not the last word, whatever its document says. Bounds
//! come after it, policies, gate and cooldown after them.

use super::cost::{self, Cost};
use super::gate::StartingGate;
use super::gpu::{self, GpuThresholds, GpuUtilization};
use super::hint::{self, Overlap};
use super::kpa;
use super::pace::{self, Pacing, Policies};
use super::prediction::{self, Blend, Prediction};
use super::votes::{Scope, Tally, Tolerance, Vote, tally, vote};
use core::time::Duration;

/// All settings of a decision, unchecked: bounds may contradict each other, rates and weights may be anything. Those of a checked
/// configuration come from [`Checked::rules`](super::Checked::rules).
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Least replicas; stronger than `max`.
    pub min: i64,
    /// Most replicas.
    pub max: i64,
    /// How far a ratio may be off.
    pub tolerance: Tolerance,
    /// See [`Scope::up_rate`].
    pub up_rate: f64,
    /// See [`Scope::down_rate`].
    pub down_rate: f64,
    /// When a metric of the strategy `KPA` is in panic, in multiples of its target; 0 and less mean 2.
    pub panic_threshold: f64,
    /// How much of a replica a starting one counts for.
    pub starting_weight: f64,
    /// Policies of growth.
    pub up: Policies,
    /// Policies of reduction.
    pub down: Policies,
    /// Whether their periods count.
    pub pacing: Pacing,
    /// When growth waits for starting replicas.
    pub gate: StartingGate,
    /// Whether panic opens the gate (strategy `KPA` alone).
    pub bypass_gate_on_panic: bool,
    /// Time from a change until the next growth.
    pub up_cooldown: Duration,
    /// Time from a change until the next reduction.
    pub down_cooldown: Duration,
    /// Thresholds of the GPUs, where they count.
    pub gpu: Option<GpuThresholds>,
    /// How predictions are used, where they are.
    pub prediction: Option<Blend>,
    /// Which of several active hints counts.
    pub overlap: Overlap,
    /// Whether the bounds are enforced once more at the very end.
    pub enforce_bounds_last: bool,
}

impl Rules {
    /// What a vote on `facts` depends on.
    #[must_use]
    pub fn scope(&self, facts: &Facts<'_>) -> Scope {
        Scope {
            current: facts.current,
            ready: facts.ready,
            starting: facts.starting,
            min: self.min,
            starting_weight: self.starting_weight,
            tolerance: self.tolerance,
            up_rate: self.up_rate,
            down_rate: self.down_rate,
        }
    }
}

/// What a decision is made on, besides the readings of the metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Facts<'a> {
    /// Replicas asked for now.
    pub current: i64,
    /// Replicas that are ready.
    pub ready: i64,
    /// Replicas that are pending or running but not ready.
    pub starting: i64,
    /// How busy the GPUs are.
    pub gpu: Option<GpuUtilization>,
    /// The predicted count.
    pub prediction: Option<Prediction>,
    /// Targets of the active schedule hints, in the order in which they are configured.
    pub hints: &'a [i64],
    /// The bill, where a budget counts.
    pub cost: Option<Cost>,
    /// Time since the last change in either direction, if there was one.
    pub since_change: Option<Duration>,
}

/// A decision without a single configured metric is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no metric is configured")]
pub struct NoMetrics;

/// The count after each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// The votes of the metrics.
    pub metrics: Tally,
    /// After the GPUs.
    pub gpu: i64,
    /// After the prediction.
    pub prediction: i64,
    /// After the schedule hint.
    pub hint: i64,
    /// After the budget.
    pub budget: i64,
    /// After the bounds.
    pub bounds: i64,
    /// After the rate policies.
    pub policies: i64,
    /// After the starting gate.
    pub gate: i64,
    /// After the cooldown.
    pub cooldown: i64,
    /// At the end.
    pub count: i64,
}

/// The strategy `BudScaler`: metrics, GPUs, prediction, schedule hint, budget, bounds, policies, starting gate, cooldown. Each metric is its target
/// and its reading, if there is one; metrics without a reading do not block the others.
///
/// # Errors
/// If there is no metric at all.
///
/// ```
/// use setpoint::{Bounds, bud};
/// let rules = bud::Config::new(Bounds::new(1, 20)?).metric("kv_cache_usage", 70.0).check()?.rules();
/// let facts = bud::Facts { current: 4, ready: 4, hints: &[8], ..bud::Facts::default() };
/// let steps = bud::decide(&rules, &facts, [(70.0, Some(84.0))])?;
/// assert_eq!((steps.metrics.count, steps.hint, steps.count), (5, 8, 8));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decide(
    rules: &Rules,
    facts: &Facts<'_>,
    metrics: impl IntoIterator<Item = (f64, Option<f64>)>,
) -> Result<Steps, NoMetrics> {
    let scope = rules.scope(facts);
    let metrics = counted(facts.current, metrics, |target, value| vote(&scope, target, value))?;
    let gpu = with_gpu(rules, facts, metrics.count);
    let hint = hint::in_force(rules.overlap, facts.hints.iter().copied());
    let prediction = match (rules.prediction, facts.prediction, hint) {
        (Some(blend), Some(prediction), None) => prediction::blend(&blend, gpu, prediction),
        _ => gpu,
    };
    let floor = hint.map_or(prediction, |(_, target)| prediction.max(target));
    let budget = facts.cost.map_or(floor, |cost| cost::ceiling(facts.current, floor, cost));
    let steps = Steps {
        metrics,
        gpu,
        prediction,
        hint: floor,
        budget,
        bounds: 0,
        policies: 0,
        gate: 0,
        cooldown: 0,
        count: 0,
    };
    Ok(restrained(rules, facts, steps))
}

/// The strategy `KPA`: metrics, bounds, policies, starting gate, cooldown. In panic the policies of growth do not hold, and the gate may be
/// bypassed. GPUs, prediction, hints and budget play no part.
///
/// # Errors
/// If there is no metric at all.
pub fn decide_kpa(
    rules: &Rules,
    facts: &Facts<'_>,
    metrics: impl IntoIterator<Item = (f64, Option<f64>)>,
) -> Result<Steps, NoMetrics> {
    let scope = rules.scope(facts);
    let said = |target, value| kpa::vote(&scope, rules.panic_threshold, target, value);
    let metrics = counted(facts.current, metrics, said)?;
    let count = metrics.count;
    let steps = Steps {
        metrics,
        gpu: count,
        prediction: count,
        hint: count,
        budget: count,
        bounds: 0,
        policies: 0,
        gate: 0,
        cooldown: 0,
        count: 0,
    };
    Ok(restrained(rules, facts, steps))
}

fn counted(
    current: i64,
    metrics: impl IntoIterator<Item = (f64, Option<f64>)>,
    vote: impl Fn(f64, f64) -> Option<Vote>,
) -> Result<Tally, NoMetrics> {
    let mut metrics = metrics.into_iter().peekable();
    metrics.peek().ok_or(NoMetrics)?;
    Ok(tally(current, metrics, vote, |_, _| {}))
}

fn with_gpu(rules: &Rules, facts: &Facts<'_>, count: i64) -> i64 {
    let pressure = rules.gpu.zip(facts.gpu).and_then(|(thresholds, used)| gpu::pressure(thresholds, used));
    pressure.map_or(count, |pressure| count.max(gpu::replicas_for(facts.current, pressure)))
}

/// Steps 6 to 9, which both strategies share.
fn restrained(rules: &Rules, facts: &Facts<'_>, steps: Steps) -> Steps {
    let current = facts.current;
    let bounds = within(steps.budget, rules.min, rules.max);
    let start = |_| current;
    let grown = if steps.metrics.panic { bounds } else { pace::up(&rules.up, current, bounds, start).count };
    let policies = pace::down(&rules.down, current, grown, start).count;
    let open = steps.metrics.panic && rules.bypass_gate_on_panic;
    let closed = !open && rules.gate.is_closed(facts.ready, facts.starting);
    let gate = if policies > current && closed { current } else { policies };
    let span = if gate > current { rules.up_cooldown } else { rules.down_cooldown };
    let held = facts.since_change.is_some_and(|elapsed| elapsed < span);
    let cooldown = if held { current } else { gate };
    let count = if rules.enforce_bounds_last { within(cooldown, rules.min, rules.max) } else { cooldown };
    Steps { bounds, policies, gate, cooldown, count, ..steps }
}

/// `count` held to bounds that may contradict each other: the lower one is asked first.
pub(super) fn within(count: i64, min: i64, max: i64) -> i64 {
    if count < min { min } else { count.min(max) }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;
    use crate::behavior::Policy;
    use crate::replicas::Bounds;

    const MINUTE: Duration = Duration::from_secs(60);

    fn rules() -> Rules {
        Config::new(Bounds::new(2, 20).unwrap()).metric("load", 10.0).check().unwrap().rules()
    }

    fn facts(current: i64) -> Facts<'static> {
        Facts { current, ready: current, ..Facts::default() }
    }

    fn count(rules: &Rules, facts: &Facts<'_>, reading: f64) -> i64 {
        decide(rules, facts, [(10.0, Some(reading))]).unwrap().count
    }

    #[test]
    fn a_decision_needs_a_metric_but_no_reading() {
        assert_eq!(decide(&rules(), &facts(4), []), Err(NoMetrics));
        assert_eq!(decide_kpa(&rules(), &facts(4), []), Err(NoMetrics));
        assert_eq!(decide(&rules(), &facts(4), [(10.0, None)]).unwrap().count, 4);
        assert_eq!(decide(&rules(), &facts(4), [(f64::NAN, Some(9.0))]).unwrap().metrics.first_read, Some(0));
    }

    #[test]
    fn the_minimum_beats_the_budget_which_beats_the_hint() {
        let cost = Cost { current_per_hour: 8.0, budget_per_hour: 1.0, replica_per_hour: 2.0 };
        let facts = Facts { hints: &[10], cost: Some(cost), ..facts(4) };
        let steps = decide(&rules(), &facts, [(10.0, Some(10.0))]).unwrap();
        assert_eq!((steps.hint, steps.budget, steps.bounds), (10, 1, 2));
    }

    #[test]
    fn the_largest_of_overlapping_hints_where_it_is_set() {
        let facts = Facts { hints: &[5, 9], ..facts(4) };
        assert_eq!(count(&rules(), &facts, 10.0), 5);
        let largest = Rules { overlap: Overlap::Largest, ..rules() };
        assert_eq!(count(&largest, &facts, 10.0), 9);
    }

    #[test]
    fn a_hint_of_any_size_stands_in_for_the_prediction() {
        let prediction = Some(Prediction { replicas: 20, confidence: 1.0 });
        let blended = Rules { prediction: Some(Blend::default()), ..rules() };
        assert_eq!(count(&blended, &Facts { prediction, ..facts(4) }, 10.0), 9);
        assert_eq!(count(&blended, &Facts { prediction, hints: &[0], ..facts(4) }, 10.0), 4);
        assert_eq!(count(&rules(), &Facts { prediction, ..facts(4) }, 10.0), 4);
    }

    #[test]
    fn bounds_hold_what_later_steps_left_outside_only_where_they_come_last() {
        let since_change = Some(Duration::from_secs(1));
        let held = Facts { since_change, ..facts(30) };
        let last = Rules { enforce_bounds_last: true, ..rules() };
        assert_eq!((count(&rules(), &held, 10.0), count(&last, &held, 10.0)), (30, 20));
        let slow =
            Rules { up: Policies { policies: [Policy::pods(0, MINUTE)].into(), ..rules().up }, ..rules() };
        let slow_last = Rules { enforce_bounds_last: true, ..slow.clone() };
        assert_eq!((count(&slow, &facts(1), 90.0), count(&slow_last, &facts(1), 90.0)), (1, 2));
        let steps = decide(&slow_last, &facts(1), [(10.0, Some(90.0))]).unwrap();
        assert_eq!((steps.cooldown, steps.count), (1, 2));
    }

    #[test]
    fn the_cooldown_ends_with_its_last_millisecond() {
        let at = |millis| Facts { since_change: Some(Duration::from_millis(millis)), ..facts(10) };
        assert_eq!((count(&rules(), &at(299_999), 1.0), count(&rules(), &at(300_000), 1.0)), (10, 6));
        assert_eq!(count(&rules(), &at(0), 20.0), 18);
        let slow_up = Rules { up_cooldown: MINUTE, ..rules() };
        assert_eq!((count(&slow_up, &at(59_999), 20.0), count(&slow_up, &at(60_000), 20.0)), (10, 18));
    }

    #[test]
    fn panic_passes_the_policies_of_growth_and_on_request_the_gate() {
        let rules = Rules {
            up: Policies { policies: [Policy::pods(1, MINUTE)].into(), ..rules().up },
            gate: StartingGate { max_starting: 1, max_percent: 0 },
            max: 100,
            ..rules()
        };
        let count = |rules: &Rules, starting, reading| {
            let facts = Facts { starting, ready: 10 - starting, ..facts(10) };
            decide_kpa(rules, &facts, [(10.0, Some(reading))]).unwrap().count
        };
        assert_eq!((count(&rules, 0, 19.9), count(&rules, 0, 20.0), count(&rules, 1, 20.0)), (11, 20, 10));
        let bypass = Rules { bypass_gate_on_panic: true, ..rules };
        assert_eq!((count(&bypass, 1, 19.9), count(&bypass, 1, 20.0)), (10, 20));
    }

    #[test]
    fn the_strategy_kpa_hears_neither_gpus_nor_hints_nor_the_budget() {
        let cost = Cost { current_per_hour: 8.0, budget_per_hour: 1.0, replica_per_hour: 2.0 };
        let gpu = GpuUtilization { memory: Some(100.0), compute: Some(100.0) };
        let facts = Facts { hints: &[19], cost: Some(cost), gpu: Some(gpu), ..facts(4) };
        let thresholds = GpuThresholds { memory: Some(10.0), compute: None };
        let rules = Rules { gpu: Some(thresholds), ..rules() };
        assert_eq!(decide_kpa(&rules, &facts, [(10.0, Some(10.0))]).unwrap().count, 4);
        assert_eq!(decide(&rules, &facts, [(10.0, Some(10.0))]).unwrap().gpu, 40);
    }

    #[test]
    fn contradicting_bounds_ask_the_lower_one_first() {
        assert_eq!((within(1, 5, 3), within(4, 5, 3), within(9, 5, 3)), (5, 5, 3));
    }
}
