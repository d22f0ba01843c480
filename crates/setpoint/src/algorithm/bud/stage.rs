//! Bud as stages of a pipeline: a recommender over the metrics, one restraint for each further input, and the rate policies, which remember the
//! changes that were carried out. Bounds and cooldown are the general restraints. How a snapshot is read stands in [`facts`].

use super::config::{Checked, Strategy};
use super::facts;
use super::pace::{self, Pacing, Policies};
use super::pipeline::{Facts, Rules};
use super::votes::{Vote, tally, vote};
use super::{cost, gpu, hint, kpa, prediction};
use crate::behavior::{FilledBehavior, Policy, ScaleEvents, ScalingRules, Select};
use crate::error::{ConfigError, StateError};
use crate::metric::MetricName;
use crate::reason::bud::BudReason;
use crate::reason::{Direction, Reason, Reasons, RestraintReason};
use crate::snapshot::Snapshot;
use crate::stage::{Context, Opinion, Part, Recommend, Restrain, Stage, Turn};
use crate::state::{StateReader, StateWriter};
use crate::time::{Timestamp, earliest};
use core::time::Duration;
use std::sync::Arc;

/// A checked configuration in the form that its stages share. Cloning shares it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan(Arc<Shared>);

#[derive(Debug, PartialEq)]
struct Shared {
    rules: Rules,
    strategy: Strategy,
    budget: Option<f64>,
    names: Vec<MetricName>,
    targets: Vec<f64>,
}

impl Plan {
    /// The plan of a checked configuration.
    ///
    /// # Errors
    /// If a metric's name cannot be one.
    pub fn new(config: &Checked) -> Result<Self, ConfigError> {
        let names =
            config.metrics().iter().map(|(_, name, _)| MetricName::new(name)).collect::<Result<_, _>>()?;
        Ok(Self(Arc::new(Shared {
            rules: config.rules(),
            strategy: config.strategy(),
            budget: config.budget_per_hour(),
            names,
            targets: config.metrics().iter().map(|(_, _, target)| *target).collect(),
        })))
    }

    /// The settings.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.0.rules
    }

    fn readings<'a>(&'a self, snapshot: &'a Snapshot<'_>) -> impl Iterator<Item = (f64, Option<f64>)> + 'a {
        self.0
            .targets
            .iter()
            .zip(&self.0.names)
            .map(|(target, name)| (*target, facts::metric(snapshot, name.as_str())))
    }

    fn vote(&self, cx: &Context<'_>) -> impl Fn(f64, f64) -> Option<Vote> {
        let (ready, starting) = facts::population(cx.snapshot);
        let rules = &self.0.rules;
        let scope = rules.scope(&Facts { current: cx.current, ready, starting, ..Facts::default() });
        move |target, value| match self.0.strategy {
            Strategy::Kpa => kpa::vote(&scope, rules.panic_threshold, target, value),
            Strategy::BudScaler | Strategy::Hpa => vote(&scope, target, value),
        }
    }

    /// Whether a metric is in panic, which only the strategy `KPA` knows.
    fn panics(&self, cx: &Context<'_>) -> bool {
        let vote = self.vote(cx);
        self.0.strategy == Strategy::Kpa
            && self.readings(cx.snapshot).any(|(target, reading)| {
                reading.and_then(|value| vote(target, value)).is_some_and(|vote| vote.panic)
            })
    }
}

/// Recommends the largest vote of the metrics, or the present count where no metric has a vote: other inputs have their say then too. It
/// remembers nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommender(Plan);

impl Recommender {
    /// The recommender of a plan.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        Self(plan.clone())
    }
}

impl Stage for Recommender {
    fn name(&self) -> &str {
        "bud"
    }

    fn metrics(&self) -> &[MetricName] {
        &self.0.0.names
    }
}

impl Recommend for Recommender {
    fn recommend(&self, cx: &Context<'_>, why: &mut Reasons<'_>) -> Opinion {
        let mut say = |reason| why.push(Reason::Bud { reason });
        let plan = &self.0;
        let tally = tally(cx.current, plan.readings(cx.snapshot), plan.vote(cx), |metric, said| {
            let metric = metric as u16;
            say(match said {
                Some(Vote { count, ratio, rule, panic }) => {
                    BudReason::Voted { metric, ratio: ratio.into(), rule, panic, count }
                }
                None => BudReason::Silent { metric },
            });
        });
        say(match tally.winner {
            Some(metric) => BudReason::Decided { metric: metric as u16, count: tally.count },
            None => BudReason::NoVote { count: tally.count },
        });
        Opinion::Want(tally.count)
    }

    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(self.clone())
    }
}

/// Which input a [`Step`] adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The GPUs raise the count.
    Gpu,
    /// A prediction moves it, unless a schedule hint is active.
    Prediction,
    /// A schedule hint raises it.
    Hint,
    /// The budget lowers it.
    Budget,
    /// Starting replicas hold growth back.
    Gate,
}

/// One input without memory, as a restraint.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    rule: Rule,
    plan: Plan,
}

impl Step {
    /// The step of a plan that adds the input `rule`.
    #[must_use]
    pub fn new(rule: Rule, plan: &Plan) -> Self {
        Self { rule, plan: plan.clone() }
    }

    fn gpu(&self, cx: &Context<'_>, from: i64) -> Option<BudReason> {
        let pressure = gpu::pressure(self.plan.rules().gpu?, facts::gpu(cx.snapshot))?;
        let to = gpu::replicas_for(cx.current, pressure);
        (to > from).then(|| BudReason::Gpu { pressure: pressure.into(), from, to })
    }

    fn prediction(&self, cx: &Context<'_>, from: i64) -> Option<BudReason> {
        let blend = self.plan.rules().prediction?;
        let prediction = facts::prediction(cx.snapshot)?;
        let confidence = prediction.confidence.into();
        if hint::in_force(self.plan.rules().overlap, facts::hints(cx.snapshot)).is_some() {
            return None;
        }
        if !prediction::counts(&blend, prediction) {
            return Some(BudReason::Distrusted { predicted: prediction.replicas, confidence });
        }
        let to = prediction::blend(&blend, from, prediction);
        (to != from).then_some(BudReason::Blended { predicted: prediction.replicas, confidence, from, to })
    }

    fn hint(&self, cx: &Context<'_>, from: i64) -> Option<BudReason> {
        let (hint, to) = hint::in_force(self.plan.rules().overlap, facts::hints(cx.snapshot))?;
        (to > from).then_some(BudReason::Hint { hint: hint as u16, from, to })
    }

    fn budget(&self, cx: &Context<'_>, from: i64) -> Option<BudReason> {
        let cost = facts::cost(cx.snapshot, self.plan.0.budget)?;
        let to = cost::ceiling(cx.current, from, cost);
        let (bill, budget) = (cost.current_per_hour.into(), cost.budget_per_hour.into());
        (to != from).then_some(BudReason::Budget { bill, budget, from, to })
    }

    fn gate(&self, cx: &Context<'_>, from: i64) -> Option<BudReason> {
        let rules = self.plan.rules();
        let (ready, starting) = facts::population(cx.snapshot);
        let closed = from > cx.current
            && rules.gate.is_closed(ready, starting)
            && !(rules.bypass_gate_on_panic && self.plan.panics(cx));
        closed.then_some(BudReason::Starting { starting, ready, from, to: cx.current })
    }
}

impl Stage for Step {
    fn name(&self) -> &str {
        match self.rule {
            Rule::Gpu => "bud_gpu",
            Rule::Prediction => "bud_prediction",
            Rule::Hint => "bud_hint",
            Rule::Budget => "bud_budget",
            Rule::Gate => "bud_gate",
        }
    }
}

impl Restrain for Step {
    fn restrain(&self, cx: &Context<'_>, input: i64, why: &mut Reasons<'_>) -> i64 {
        let reason = match self.rule {
            Rule::Gpu => self.gpu(cx, input),
            Rule::Prediction => self.prediction(cx, input),
            Rule::Hint => self.hint(cx, input),
            Rule::Budget => self.budget(cx, input),
            Rule::Gate => self.gate(cx, input),
        };
        if let Some(reason) = reason {
            why.push(Reason::Bud { reason });
        }
        reason.and_then(|reason| reason.outcome()).unwrap_or(input)
    }

    fn clone_box(&self) -> Box<dyn Restrain> {
        Box::new(self.clone())
    }
}

/// The rate policies, with a memory of the changes that were carried out where periods count. In panic growth is not limited.
///
/// A changed configuration keeps the changes that are remembered.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    plan: Plan,
    /// The policies once more, in the form in which the memory asks for them.
    periods: Option<FilledBehavior>,
    memory: ScaleEvents,
}

impl Pace {
    /// The policies of a plan; no change has been carried out yet.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let of = |side: &Policies| ScalingRules {
            window: Duration::ZERO,
            select: side.select,
            policies: side.policies.clone(),
        };
        let rules = plan.rules();
        let remembers = rules.pacing == Pacing::OverPeriod
            && !(rules.up.policies.is_empty() && rules.down.policies.is_empty());
        let periods = remembers.then(|| FilledBehavior { up: of(&rules.up), down: of(&rules.down) });
        Self { plan: plan.clone(), periods, memory: ScaleEvents::default() }
    }

    fn side(&self, direction: Direction) -> &Policies {
        match direction {
            Direction::Up => &self.plan.rules().up,
            Direction::Down => &self.plan.rules().down,
        }
    }
}

impl Stage for Pace {
    fn name(&self) -> &str {
        "bud_policies"
    }

    fn applied(&mut self, at: Timestamp, from: i64, to: i64) {
        if let Some(periods) = &self.periods {
            self.memory.applied(from, to, at, periods);
        }
    }

    fn next_change_at(&self, cx: &Context<'_>, turn: Turn) -> Option<Timestamp> {
        self.periods.as_ref()?;
        let Part::Restrained { input, .. } = turn.part else { return None };
        let side = self.side(Direction::of(cx.current, input)?);
        let expiry = |policy: &Policy| self.memory.next_expiry(policy.period, cx.now);
        side.policies.iter().fold(None, |soonest, policy| earliest(soonest, expiry(policy)))
    }

    fn save(&self, out: &mut StateWriter) -> Result<(), StateError> {
        self.memory.save(out);
        Ok(())
    }

    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        self.memory.restore(from)
    }
}

impl Restrain for Pace {
    fn restrain(&self, cx: &Context<'_>, input: i64, why: &mut Reasons<'_>) -> i64 {
        let Some(direction) = Direction::of(cx.current, input) else { return input };
        if direction == Direction::Up && self.plan.panics(cx) {
            return input;
        }
        let side = self.side(direction);
        let start = |period| self.memory.start(direction, cx.current, period, cx.now);
        let paced = match direction {
            Direction::Up => pace::up(side, cx.current, input, start),
            Direction::Down => pace::down(side, cx.current, input, start),
        };
        let to = paced.count;
        if to != input {
            let reason = if side.select == Select::Disabled {
                RestraintReason::Disabled { direction, from: input, to }
            } else {
                let policy = paced.policy.map(|policy| policy as u16);
                RestraintReason::RateLimited { direction, from: input, to, policy }
            };
            why.push(Reason::Restraint { reason });
            if self.memory.merged() {
                let kept = crate::behavior::slots::MAX_EVENTS as u32;
                why.push(Reason::Restraint { reason: RestraintReason::Merged { kept } });
            }
        }
        to
    }

    fn clone_box(&self) -> Box<dyn Restrain> {
        Box::new(self.clone())
    }
}
