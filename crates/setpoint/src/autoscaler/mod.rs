//! An autoscaler is stages plus one combiner: a value that can be built, run, saved, restored, cloned and compared. It
//! assumes nothing about where it runs; `decide` is a function of what it remembers and the snapshot it is given.

mod builder;
mod combine;
mod counterfactual;
mod group;
mod group_saved;
mod presets;
mod saved;
mod stages;

pub use builder::Builder;
pub use combine::Combine;
pub use counterfactual::Counterfactual;
pub use group::{Group, GroupDecision, GroupOutcome};
pub use saved::FORMAT;
pub use stages::{Recommender, Restraint};

use crate::decision::{Decision, Outcome};
use crate::error::ConfigError;
use crate::reason::{Effect, Explained, Reason, Reasons, StageLabel};
use crate::rounding;
use crate::snapshot::Snapshot;
use crate::stage::{Context, Opinion, Part, Stage, Turn};
use crate::time::{Timestamp, earliest};
use combine::Combined;
use std::sync::Arc;

/// Recommenders, a combiner and restraints, with everything that they remember.
///
/// - [`decide`](Self::decide) assumes that the caller carries the decision out.
/// - [`propose`](Self::propose), then [`applied`](Self::applied) or [`rejected`](Self::rejected), is for callers whose writes can fail.
/// - [`peek`](Self::peek) decides without remembering anything.
///
/// ```
/// use setpoint::{Autoscaler, Snapshot, Timestamp};
/// let mut scaler = Autoscaler::fixed(3);
/// let decision = scaler.decide(&Snapshot::at(Timestamp::from_secs(0)).replicas(1));
/// assert_eq!(decision.replicas(), 3);
/// assert_eq!(decision.to_string(), "1 -> 3: fixed at 3");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Autoscaler {
    recommenders: Vec<Recommender>,
    combine: Combine,
    restraints: Vec<Restraint>,
    labels: Arc<[StageLabel]>,
    newest: Option<Timestamp>,
    pending: Option<Pending>,
}

/// A proposal that has been neither applied nor rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pending {
    at: Timestamp,
    from: i64,
    to: i64,
}

impl Autoscaler {
    /// Collects stages.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Takes the snapshot into the windows, decides, and remembers the decision as carried out.
    pub fn decide(&mut self, snapshot: &Snapshot<'_>) -> Decision {
        let mut decision = Decision::default();
        self.decide_into(snapshot, &mut decision);
        decision
    }

    /// As [`decide`](Self::decide), into a decision whose buffers are used again: a steady-state decision allocates nothing.
    pub fn decide_into(&mut self, snapshot: &Snapshot<'_>, decision: &mut Decision) {
        self.step(snapshot, decision, true);
    }

    /// Decides and remembers the opinions, but not that the count was changed: say [`applied`](Self::applied) when it was, or
    /// [`rejected`](Self::rejected). Another decision in between counts as a rejection.
    pub fn propose(&mut self, snapshot: &Snapshot<'_>) -> Decision {
        let mut decision = Decision::default();
        self.step(snapshot, &mut decision, false);
        decision
    }

    /// The last proposal was carried out. Without a pending proposal this does nothing.
    pub fn applied(&mut self) {
        if let Some(Pending { at, from, to }) = self.pending.take() {
            self.tell_applied(at, from, to);
        }
    }

    /// The last proposal was not carried out.
    pub fn rejected(&mut self) {
        self.pending = None;
    }

    /// Takes a snapshot into the windows without deciding, for readings that come more often than decisions.
    pub fn observe(&mut self, snapshot: &Snapshot<'_>) {
        let now = self.clock(snapshot);
        self.newest = Some(now);
        self.ingest(&Context::new(now, snapshot));
    }

    /// What [`decide`](Self::decide) would answer. Nothing is remembered; the memory is copied for it, so it allocates.
    #[must_use]
    pub fn peek(&self, snapshot: &Snapshot<'_>) -> Decision {
        self.clone().decide(snapshot)
    }

    /// Decides for many workloads, each with its own autoscaler and snapshot, into decisions whose buffers are used again.
    ///
    /// # Errors
    /// If there is not one snapshot per autoscaler; nothing is decided then.
    pub fn decide_many(
        scalers: &mut [Self],
        snapshots: &[Snapshot<'_>],
        decisions: &mut Vec<Decision>,
    ) -> Result<(), ConfigError> {
        if scalers.len() != snapshots.len() {
            let allowed = format!("one per autoscaler ({})", scalers.len());
            return Err(ConfigError::new("snapshots", snapshots.len(), allowed));
        }
        decisions.resize_with(scalers.len(), Decision::default);
        for ((scaler, snapshot), decision) in scalers.iter_mut().zip(snapshots).zip(decisions) {
            scaler.decide_into(snapshot, decision);
        }
        Ok(())
    }

    /// The names of the stages: recommenders first, then restraints.
    #[must_use]
    pub fn stages(&self) -> &[StageLabel] {
        &self.labels
    }

    fn step(&mut self, snapshot: &Snapshot<'_>, decision: &mut Decision, carried_out: bool) {
        self.pending = None;
        let now = self.clock(snapshot);
        self.newest = Some(now);
        let cx = Context::new(now, snapshot);
        self.ingest(&cx);
        self.evaluate(&cx, decision, None);
        if decision.outcome != Outcome::Skipped {
            let decided = i64::from(decision.replicas);
            for (i, part) in decision.parts.iter().enumerate() {
                self.stage_mut(i).decided(&cx, Turn::new(*part, decided));
            }
            if decision.changes() {
                let pending = Pending { at: now, from: cx.current, to: decided };
                if carried_out {
                    self.tell_applied(pending.at, pending.from, pending.to);
                } else {
                    self.pending = Some(pending);
                }
            }
        }
        decision.next_change_at = self.next_change_at(&cx, decision);
    }

    /// Decides on what is remembered, leaving out the stage `without`. Memory is not touched.
    fn evaluate(&self, cx: &Context<'_>, decision: &mut Decision, without: Option<usize>) {
        decision.clear();
        decision.at = cx.now;
        decision.from = rounding::to_replicas(cx.current);
        if !Arc::ptr_eq(&decision.stages, &self.labels) {
            decision.stages = Arc::clone(&self.labels);
        }
        decision.parts.resize(self.labels.len(), Part::Idle);
        if cx.now != cx.snapshot.taken_at() {
            let reason = Reason::TimeWentBack { used: cx.now };
            decision.reasons.push(Explained { stage: None, reason });
        }
        let count = match self.opinion(cx, decision, without) {
            Some(count) => self.restrained(cx, decision, without, count),
            None => cx.current,
        };
        decision.replicas = rounding::to_replicas(count);
        let to = i64::from(decision.replicas);
        if to != count {
            decision.reasons.push(Explained { stage: None, reason: Reason::Expressible { from: count, to } });
        }
    }

    /// Asks the recommenders and combines; `None` where one of them skips the step.
    fn opinion(&self, cx: &Context<'_>, decision: &mut Decision, without: Option<usize>) -> Option<i64> {
        for (i, recommender) in self.recommenders.iter().enumerate() {
            if without == Some(i) {
                continue;
            }
            let stage = i as u16;
            let opinion = {
                let mut why = Reasons::new(Some(stage), &mut decision.reasons);
                let opinion = recommender.stage().recommend(cx, &mut why);
                match opinion {
                    Opinion::Abstain => why.push(Reason::Abstained),
                    Opinion::Failed(failure) => why.push(Reason::Failed { failure }),
                    Opinion::Skip => why.push(Reason::Skipped),
                    Opinion::Want(_) | Opinion::Settled(_) => {}
                }
                opinion
            };
            decision.parts[i] = Part::Said { opinion };
            match opinion {
                Opinion::Want(count) => explain_want(decision, stage, count),
                Opinion::Settled(count) => {
                    explain_want(decision, stage, count);
                    decision.outcome = Outcome::Settled;
                    take(decision, Some(stage), count);
                    return Some(count);
                }
                Opinion::Skip => {
                    decision.outcome = Outcome::Skipped;
                    return None;
                }
                Opinion::Abstain | Opinion::Failed(_) => {}
            }
        }
        match self.combine.combine(&decision.parts[..self.recommenders.len()], cx.current) {
            Combined::Took { stage, count } => {
                take(decision, stage, count);
                Some(count)
            }
            Combined::Hold { failed } => {
                decision.outcome = Outcome::Held;
                let reason = Reason::Held { count: cx.current, failed };
                decision.reasons.push(Explained { stage: None, reason });
                Some(cx.current)
            }
        }
    }

    fn restrained(
        &self,
        cx: &Context<'_>,
        decision: &mut Decision,
        without: Option<usize>,
        mut count: i64,
    ) -> i64 {
        if decision.outcome == Outcome::Settled {
            return count;
        }
        let held = decision.outcome == Outcome::Held;
        for (i, restraint) in (self.recommenders.len()..).zip(&self.restraints) {
            let restraint = restraint.stage();
            if without == Some(i) || held && !restraint.guards_held() {
                continue;
            }
            let told = decision.reasons.len();
            let mut why = Reasons::new(Some(i as u16), &mut decision.reasons);
            let output = restraint.restrain(cx, count, &mut why);
            explain_move(decision, told, i as u16, count, output);
            decision.parts[i] = Part::Restrained { input: count, output };
            count = output;
        }
        count
    }

    fn next_change_at(&self, cx: &Context<'_>, decision: &Decision) -> Option<Timestamp> {
        if decision.changes() { Some(cx.now) } else { self.quiet_until(cx, decision) }
    }

    /// The earliest time at which a stage could answer otherwise on the same facts, the present count included.
    fn quiet_until(&self, cx: &Context<'_>, decision: &Decision) -> Option<Timestamp> {
        let decided = i64::from(decision.replicas);
        (0..decision.parts.len()).fold(None, |first, i| {
            let turn = Turn::new(decision.parts[i], decided);
            let next = self.stage(i).next_change_at(cx, turn);
            earliest(first, next.map(|at| at.max(cx.now)))
        })
    }

    /// The time at which a decision on `snapshot` is made: never before the newest seen.
    fn clock(&self, snapshot: &Snapshot<'_>) -> Timestamp {
        self.newest.map_or(snapshot.taken_at(), |newest| newest.max(snapshot.taken_at()))
    }

    fn ingest(&mut self, cx: &Context<'_>) {
        for i in 0..self.labels.len() {
            self.stage_mut(i).ingest(cx);
        }
    }

    fn tell_applied(&mut self, at: Timestamp, from: i64, to: i64) {
        for i in 0..self.labels.len() {
            self.stage_mut(i).applied(at, from, to);
        }
    }

    fn stage(&self, i: usize) -> &dyn Stage {
        match i.checked_sub(self.recommenders.len()) {
            None => self.recommenders[i].stage(),
            Some(i) => self.restraints[i].stage(),
        }
    }

    fn stage_mut(&mut self, i: usize) -> &mut dyn Stage {
        match i.checked_sub(self.recommenders.len()) {
            None => self.recommenders[i].stage_mut(),
            Some(i) => self.restraints[i].stage_mut(),
        }
    }
}

fn take(decision: &mut Decision, stage: Option<u16>, count: i64) {
    decision.chosen = stage;
    decision.reasons.push(Explained { stage: None, reason: Reason::Combined { stage, count } });
}

/// A recommender that gave no reason for what it wants gets the plain one.
fn explain_want(decision: &mut Decision, stage: u16, count: i64) {
    let said = decision.reasons.last().filter(|last| last.stage == Some(stage));
    if said.map(|last| last.reason.effect()) != Some(Effect::Wants(count)) {
        decision.reasons.push(Explained { stage: Some(stage), reason: Reason::Wants { count } });
    }
}

/// A restraint whose reasons do not lead from its input to its output gets the plain one for the rest.
fn explain_move(decision: &mut Decision, told: usize, stage: u16, input: i64, output: i64) {
    let reached = decision.reasons[told..].iter().fold(input, |at, told| match told.reason.effect() {
        Effect::Moves { to, .. } => to,
        _ => at,
    });
    if reached != output {
        let reason = Reason::Moved { from: reached, to: output };
        decision.reasons.push(Explained { stage: Some(stage), reason });
    }
}

#[cfg(test)]
mod tests;
