use super::*;
use crate::algorithm::fixed::Fixed;
use crate::error::StateError;
use crate::reason::{Failure, RestraintReason};
use crate::replicas::Bounds;
use crate::restrain::{Cooldown, Floor};
use crate::stage::{Recommend, Restrain};
use crate::state::{StateReader, StateWriter, Value};
use core::time::Duration;

/// Says what it is told to say, and counts what it is told.
#[derive(Clone, Debug, Default)]
struct Script {
    says: Vec<Opinion>,
    decided: usize,
    ingested: usize,
    applied: Vec<(i64, i64)>,
}

impl Script {
    fn of(says: &[Opinion]) -> Self {
        Self { says: says.to_vec(), ..Self::default() }
    }
}

impl Stage for Script {
    fn name(&self) -> &str {
        "script"
    }
    fn ingest(&mut self, _: &Context<'_>) {
        self.ingested += 1;
    }
    fn decided(&mut self, _: &Context<'_>, _: Turn) {
        self.decided += 1;
    }
    fn applied(&mut self, _: Timestamp, from: i64, to: i64) {
        self.applied.push((from, to));
    }
    fn save(&self, out: &mut StateWriter) -> Result<(), StateError> {
        out.put("decided", self.decided as i64);
        out.put("ingested", self.ingested as i64);
        out.put("applied", Value::list(self.applied.iter().copied()));
        Ok(())
    }
    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        self.decided = from.int("decided")? as usize;
        self.ingested = from.int("ingested")? as usize;
        self.applied = from.events("applied")?.into_iter().map(|(a, b)| (a.as_millis(), b)).collect();
        Ok(())
    }
}

impl Recommend for Script {
    fn recommend(&self, _: &Context<'_>, _: &mut Reasons<'_>) -> Opinion {
        self.says[self.decided % self.says.len()]
    }
    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(self.clone())
    }
}

#[derive(Clone, Debug)]
struct Doubles;

impl Stage for Doubles {
    fn name(&self) -> &str {
        "doubles"
    }
}

impl Restrain for Doubles {
    fn restrain(&self, _: &Context<'_>, input: i64, _: &mut Reasons<'_>) -> i64 {
        input * 2
    }
    fn clone_box(&self) -> Box<dyn Restrain> {
        Box::new(self.clone())
    }
}

fn at(seconds: i64, replicas: u32) -> Snapshot<'static> {
    Snapshot::at(Timestamp::from_secs(seconds)).replicas(replicas)
}

fn scripted(says: &[Opinion]) -> Autoscaler {
    Autoscaler::builder().recommend_with(Script::of(says)).build().unwrap()
}

fn script(scaler: &Autoscaler) -> (i64, i64, usize) {
    let saved = scaler.save().unwrap();
    let outer = StateReader::new("a", &saved).unwrap();
    let stage = StateReader::new("s", &outer.list("stages").unwrap()[0]).unwrap();
    let memory = stage.nested("memory").unwrap();
    (memory.int("decided").unwrap(), memory.int("ingested").unwrap(), memory.list("applied").unwrap().len())
}

#[test]
fn stages_without_reasons_still_replay() {
    let mut scaler = Autoscaler::builder()
        .recommend_with(Script::of(&[Opinion::Want(7)]))
        .restrain_with(Doubles)
        .bounds(Bounds::new(1, 10).unwrap())
        .build()
        .unwrap();
    let decision = scaler.decide(&at(0, 3));
    assert_eq!((decision.replicas(), decision.replay()), (10, Some(10)));
    assert_eq!(decision.binding(), Some(2));
    assert_eq!(decision.to_string(), "3 -> 10: script wants 7; doubles 7 -> 14; at most 10");
}

#[test]
fn skip_touches_no_memory_and_settled_passes_every_restraint() {
    let mut scaler = scripted(&[Opinion::Skip]);
    let decision = scaler.decide(&at(0, 3));
    assert_eq!((decision.replicas(), decision.outcome()), (3, Outcome::Skipped));
    assert_eq!(decision.replay(), Some(3));
    assert_eq!(script(&scaler), (0, 1, 0));

    let mut scaler = Autoscaler::builder()
        .recommend_with(Script::of(&[Opinion::Settled(50)]))
        .recommend(Fixed::new(99))
        .bounds(Bounds::new(1, 10).unwrap())
        .build()
        .unwrap();
    let decision = scaler.decide(&at(0, 3));
    assert_eq!((decision.replicas(), decision.outcome()), (50, Outcome::Settled));
    assert_eq!(decision.parts()[1], Part::Idle);
    assert_eq!(decision.replay(), Some(50));
}

#[test]
fn a_failure_holds_and_only_guards_act() {
    let failed = Opinion::Failed(Failure::MissingMetric);
    let mut scaler = Autoscaler::builder()
        .recommend_with(Script::of(&[failed]))
        .restrain_with(Doubles)
        .restrain(Floor::new(5))
        .build()
        .unwrap();
    let decision = scaler.decide(&at(0, 3));
    assert_eq!((decision.replicas(), decision.outcome()), (5, Outcome::Held));
    assert_eq!(decision.parts()[1], Part::Idle);
    assert_eq!(decision.replay(), Some(5));
    assert_eq!(
        decision.to_string(),
        "3 -> 5: script failed: the metric is missing; 1 failed, keep 3; floor 5"
    );
}

#[test]
fn absurd_counts_are_brought_into_range() {
    for (wants, count) in [(i64::MAX, 2_147_483_647), (i64::MIN, 0), (-1, 0)] {
        let decision = scripted(&[Opinion::Settled(wants)]).decide(&at(0, 3));
        assert_eq!((decision.replicas(), decision.replay()), (count, Some(count)));
    }
}

#[test]
fn a_proposal_counts_only_once_it_is_applied() {
    let mut scaler = scripted(&[Opinion::Want(9)]);
    scaler.propose(&at(0, 3));
    assert_eq!(script(&scaler), (1, 1, 0));
    scaler.rejected();
    scaler.applied();
    assert_eq!(script(&scaler).2, 0);
    scaler.propose(&at(1, 3));
    scaler.applied();
    scaler.applied();
    assert_eq!(script(&scaler).2, 1);
    scaler.propose(&at(2, 3));
    scaler.propose(&at(3, 9));
    scaler.applied();
    assert_eq!(script(&scaler).2, 1, "a proposal that changes nothing leaves nothing to apply");
}

#[test]
fn peeking_and_asking_what_if_change_nothing() {
    let mut scaler = scripted(&[Opinion::Want(9), Opinion::Want(2)]);
    scaler.decide(&at(0, 3));
    let before = scaler.save().unwrap();
    assert_eq!(scaler.peek(&at(5, 9)).replicas(), 2);
    let _ = scaler.counterfactuals(&at(5, 9));
    assert_eq!(scaler.save().unwrap(), before);
    assert_eq!(scaler.decide(&at(5, 9)).replicas(), 2);
}

#[test]
fn time_that_goes_back_is_clamped_and_said() {
    let mut scaler = Autoscaler::fixed(3);
    scaler.decide(&at(100, 3));
    let decision = scaler.decide(&at(40, 3));
    assert_eq!(decision.at(), Timestamp::from_secs(100));
    assert_eq!(decision.reasons()[0].reason, Reason::TimeWentBack { used: Timestamp::from_secs(100) });
}

#[test]
fn a_cooldown_in_the_pipeline_says_when_it_ends() {
    let mut scaler = Autoscaler::builder()
        .recommend_with(Script::of(&[Opinion::Want(9), Opinion::Want(4)]))
        .restrain(Cooldown::new(Duration::ZERO, Duration::from_secs(60)))
        .build()
        .unwrap();
    let up = scaler.decide(&at(10, 3));
    assert_eq!((up.replicas(), up.next_change_at()), (9, Some(Timestamp::from_secs(10))));
    let held = scaler.decide(&at(20, 9));
    assert_eq!((held.replicas(), held.next_change_at()), (9, Some(Timestamp::from_secs(70))));
    assert!(matches!(
        held.reasons().last().unwrap().reason,
        Reason::Restraint { reason: RestraintReason::Cooldown { .. } }
    ));
}

#[test]
fn restored_state_continues_and_foreign_state_is_refused_whole() {
    let build = || {
        Autoscaler::builder()
            .recommend_with(Script::of(&[Opinion::Want(9), Opinion::Want(4)]))
            .restrain(Cooldown::new(Duration::ZERO, Duration::from_secs(60)))
            .build()
            .unwrap()
    };
    let mut original = build();
    original.decide(&at(10, 3));
    original.propose(&at(90, 9));
    let saved = original.save().unwrap();
    let mut restored = build();
    restored.restore(&saved).unwrap();
    assert_eq!(restored, original);
    restored.applied();
    original.applied();
    assert_eq!(restored, original);

    let mut other = Autoscaler::fixed(1);
    assert!(matches!(other.restore(&saved), Err(StateError::Mismatch { .. })));
    assert_eq!(other, Autoscaler::fixed(1));
    let Value::Map(mut fields) = saved else { panic!() };
    fields[0].1 = Value::Int(99);
    let error = restored.restore(&Value::Map(fields.clone())).unwrap_err();
    assert_eq!(error, StateError::Format { found: 99, supported: FORMAT });
    fields.truncate(2);
    fields[0].1 = Value::Int(FORMAT);
    assert!(matches!(restored.restore(&Value::Map(fields)), Err(StateError::Missing { .. })));
    assert_eq!(restored, original);
}

#[test]
fn a_changed_configuration_keeps_what_its_stages_can_use() {
    let build = |span| {
        Autoscaler::builder().recommend(Fixed::new(9)).restrain(Cooldown::new(span, span)).build().unwrap()
    };
    let mut scaler = build(Duration::from_secs(60));
    scaler.decide(&at(0, 3));
    let afresh = scaler.reconfigure(build(Duration::from_secs(600)), Timestamp::from_secs(30)).unwrap();
    assert!(afresh.is_empty());
    assert_eq!(scaler.decide(&at(599, 4)).replicas(), 4, "the longer cooldown counts from the old change");
    let next = Autoscaler::builder().recommend(Fixed::new(1)).restrain(Floor::new(2)).build().unwrap();
    assert_eq!(scaler.reconfigure(next, Timestamp::from_secs(700)).unwrap(), [1]);
}

#[test]
fn many_workloads_need_one_snapshot_each() {
    let mut scalers = vec![Autoscaler::fixed(1), Autoscaler::fixed(2)];
    let mut decisions = Vec::new();
    Autoscaler::decide_many(&mut scalers, &[at(0, 5), at(0, 5)], &mut decisions).unwrap();
    assert_eq!(decisions.iter().map(Decision::replicas).collect::<Vec<_>>(), [1, 2]);
    let error = Autoscaler::decide_many(&mut scalers, &[at(0, 5)], &mut decisions).unwrap_err();
    assert_eq!(error.field, "snapshots");
}

#[test]
fn builders_refuse_what_cannot_run() {
    assert_eq!(Autoscaler::builder().build().unwrap_err().field, "recommenders");
    let weighted = Autoscaler::builder().recommend(Fixed::new(1)).combine(Combine::Weighted(vec![]));
    assert_eq!(weighted.build().unwrap_err().field, "weights");
}

/// Announces the same time for ever.
#[derive(Clone, Debug)]
struct Announces(i64);

impl Stage for Announces {
    fn name(&self) -> &str {
        "announces"
    }
    fn next_change_at(&self, _: &Context<'_>, _: Turn) -> Option<Timestamp> {
        Some(Timestamp::from_secs(self.0))
    }
}

impl Restrain for Announces {
    fn restrain(&self, _: &Context<'_>, input: i64, _: &mut Reasons<'_>) -> i64 {
        input
    }
    fn clone_box(&self) -> Box<dyn Restrain> {
        Box::new(self.clone())
    }
}

#[test]
fn a_change_that_was_announced_for_the_past_may_come_at_once() {
    let mut scaler = Autoscaler::builder()
        .recommend(Fixed::new(3))
        .restrain_with(Announces(20))
        .restrain_with(Announces(90))
        .build()
        .unwrap();
    for (now, next) in [(10, 20), (20, 20), (21, 21)] {
        assert_eq!(scaler.decide(&at(now, 3)).next_change_at(), Some(Timestamp::from_secs(next)), "at {now}");
    }
}

#[test]
fn readings_from_before_the_newest_decision_are_a_record_more_at_once() {
    let mut scaler = Autoscaler::kpa(crate::kpa::Config::default().max_scale(50)).unwrap();
    scaler.decide(&at(31, 30));
    let late = at(29, 30).ready_unknown().value("concurrency", 0.0).unwrap();
    assert_eq!(scaler.decide(&late).next_change_at(), Some(Timestamp::from_secs(31)));
}
