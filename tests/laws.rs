//! The laws, each over every subject: bounds are kept, nothing panics, replays and restored copies are equal, asking changes
//! nothing, reasons lead to the count, the announced change is never late, and missing data never shrinks a fleet.
//!
//! The inputs are the same in every run. `SETPOINT_LAWS=random` takes new ones, `PROPTEST_CASES` says how many.

use core::time::Duration;
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq};
use proptest::test_runner::{
    Config, FileFailurePersistence, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner,
};
use setpoint::reason::Reason;
use setpoint::state::Value;
use setpoint::{Autoscaler, Decision, Outcome, Snapshot, Timestamp};
use setpoint_tests::bytes::Bytes;
use setpoint_tests::subjects::LOAD;
use setpoint_tests::{Law, Player, Script, Subject, Then, subjects};
use std::collections::BTreeMap;

type Checked = Result<(), TestCaseError>;
type Statement = fn(&Subject, &Script, &mut Bytes<'_>) -> Checked;

fn runner() -> TestRunner {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/laws.regressions");
    let mut config = Config {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(path))),
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 96;
    }
    if std::env::var("SETPOINT_LAWS").as_deref() == Ok("random") {
        return TestRunner::new(config);
    }
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Holds a statement against every subject. Of the subjects that are exempt from `law` for the same reason, at least one must break
/// the statement, or the exemption is stale.
fn hold(law: Option<Law>, statement: Statement) {
    let inputs = || (vec(any::<u8>(), 0..2_500), vec(any::<u8>(), 64));
    let mut broken = Vec::new();
    let mut needed = BTreeMap::new();
    let all = subjects();
    assert!(all.len() > 10, "only {} subjects", all.len());
    for subject in all {
        let reason = law.and_then(|law| subject.exemption(law));
        let exempt = reason.is_some();
        let mut runner = runner();
        if exempt {
            runner = TestRunner::new_with_rng(
                Config { failure_persistence: None, max_shrink_iters: 0, ..runner.config().clone() },
                TestRng::deterministic_rng(RngAlgorithm::ChaCha),
            );
        }
        let outcome = runner.run(&inputs(), |(data, extra)| {
            statement(&subject, &Script::from_bytes(&data), &mut Bytes::new(&extra))
        });
        let kept = outcome.is_ok();
        match outcome {
            Err(TestError::Fail(why, (data, extra))) if !exempt => {
                let script = Script::from_bytes(&data);
                broken.push(format!("{}: {why}\n{script:?}\nextra bytes {extra:?}", subject.name));
            }
            Err(aborted @ TestError::Abort(_)) => broken.push(format!("{}: {aborted}", subject.name)),
            Ok(()) | Err(TestError::Fail(..)) => {
                if let Some(reason) = reason {
                    *needed.entry(reason).or_insert(false) |= !kept;
                }
            }
        }
    }
    let stale = needed.iter().filter(|(_, needed)| !**needed).map(|(reason, _)| *reason);
    broken.extend(stale.map(|reason| format!("nobody needs this exemption from {law:?}: {reason}")));
    assert!(broken.is_empty(), "{} findings\n\n{}\n", broken.len(), broken.join("\n\n"));
}

fn saved(player: &Player) -> Value {
    player.scaler.save().expect("the subjects can be saved")
}

/// Everything that is remembered, as text, because a NaN in a window must count as equal to itself.
fn memory(scaler: &Autoscaler) -> String {
    format!("{:?}", scaler.save().expect("the subjects can be saved"))
}

/// A workload at zero is switched off, to an HPA.
fn off(decision: &Decision) -> bool {
    decision.outcome() == Outcome::Settled && decision.from() == 0 && decision.replicas() == 0
}

/// Decisions as text, because a NaN inside a reason must count as equal to itself.
fn text(decision: &Decision) -> String {
    serde_json::to_string(decision).expect("decisions have a JSON form")
}

#[test]
fn bounds_are_kept() {
    hold(Some(Law::Bounds), |subject, script, _| {
        let (min, max) = subject.bounds;
        for decision in Player::new((subject.build)()).play_all(script).iter().flatten() {
            let free = off(decision) || decision.outcome() == Outcome::Skipped;
            prop_assert!(
                free || (min..=max).contains(&decision.replicas()),
                "{decision} is not in {min}..={max}"
            );
        }
        Ok(())
    });
}

#[test]
fn a_change_lands_within_the_bounds() {
    hold(None, |subject, script, _| {
        let (min, max) = subject.bounds;
        let decisions = Player::new((subject.build)()).play_all(script);
        for decision in decisions.iter().flatten().filter(|decision| decision.changes()) {
            prop_assert!((min..=max).contains(&decision.replicas()), "{decision} is not in {min}..={max}");
        }
        Ok(())
    });
}

#[test]
fn nothing_panics_and_every_answer_can_be_told() {
    hold(None, |subject, script, _| {
        let mut player = Player::new((subject.build)());
        for step in &script.steps {
            let shown = player.shown(step);
            prop_assert_eq!(player.scaler.counterfactuals(&shown).len(), player.scaler.stages().len());
            let Some(decision) = player.play(step) else { continue };
            prop_assert!(decision.to_string().contains(" -> "));
            let again: Decision =
                serde_json::from_str(&text(&decision)).expect("what is written can be read");
            prop_assert_eq!(&again, &decision);
            prop_assert!(decision.binding().is_none_or(|stage| stage < decision.stages().len()));
        }
        Ok(())
    });
}

#[test]
fn the_same_steps_give_the_same_decisions() {
    hold(None, |subject, script, _| {
        let mut original = Player::new((subject.build)());
        let mut copies = vec![Player::new((subject.build)()), original.clone()];
        for (n, step) in script.steps.iter().enumerate() {
            if n == script.steps.len() / 2 {
                copies.push(original.clone());
            }
            let decision = original.play(step);
            for copy in &mut copies {
                prop_assert_eq!(&copy.play(step), &decision);
            }
        }
        prop_assert!(copies.iter().all(|copy| memory(&copy.scaler) == memory(&original.scaler)));
        Ok(())
    });
}

#[test]
fn a_restored_autoscaler_decides_as_the_original() {
    hold(None, |subject, script, _| {
        let mut original = Player::new((subject.build)());
        let mut restored = original.clone();
        for step in &script.steps {
            let json = serde_json::to_string(&saved(&restored)).expect("state has a JSON form");
            let state: Value = serde_json::from_str(&json).expect("what is written can be read");
            restored.scaler = (subject.build)();
            let outcome = restored.scaler.restore(&state);
            prop_assert!(outcome.is_ok(), "{:?} on {}", outcome, json);
            prop_assert_eq!(restored.play(step), original.play(step));
        }
        prop_assert_eq!(memory(&restored.scaler), memory(&original.scaler));
        Ok(())
    });
}

#[test]
fn asking_changes_nothing() {
    hold(None, |subject, script, _| {
        let mut player = Player::new((subject.build)());
        for step in &script.steps {
            let before = memory(&player.scaler);
            let shown = player.shown(step);
            let foretold = player.scaler.peek(&shown);
            let _ = player.scaler.counterfactuals(&shown);
            prop_assert_eq!(memory(&player.scaler), before);
            if let Some(decision) = player.play(step) {
                prop_assert_eq!(foretold.reasons(), decision.reasons());
                prop_assert_eq!(foretold.replicas(), decision.replicas());
            }
        }
        Ok(())
    });
}

#[test]
fn a_rejected_proposal_leaves_no_change_behind() {
    hold(None, |subject, script, _| {
        let mut player = Player::new((subject.build)());
        for step in &script.steps {
            let mut silent = player.scaler.clone();
            let mut rejecting = player.scaler.clone();
            silent.propose(&player.shown(step));
            rejecting.propose(&player.shown(step));
            rejecting.rejected();
            rejecting.applied();
            silent.propose(&player.shown(step));
            rejecting.propose(&player.shown(step));
            prop_assert_eq!(memory(&silent), memory(&rejecting));
            player.play(step);
        }
        Ok(())
    });
}

#[test]
fn reasons_lead_to_the_count() {
    hold(None, |subject, script, _| {
        for decision in Player::new((subject.build)()).play_all(script).iter().flatten() {
            prop_assert_eq!(decision.replay(), Some(decision.replicas()), "{}", decision);
            for explained in decision.reasons() {
                let name = explained.stage.map(|i| decision.stages()[usize::from(i)].name.as_str());
                let plain = matches!(explained.reason, Reason::Wants { .. } | Reason::Moved { .. });
                prop_assert!(
                    !plain || name == Some(LOAD),
                    "{:?} gave no reason of its own: {}",
                    name,
                    decision
                );
            }
        }
        Ok(())
    });
}

#[test]
fn the_announced_change_is_never_late() {
    const SECOND: i64 = 1_000;
    const LATER: [i64; 9] = [
        1,
        SECOND,
        2 * SECOND,
        15 * SECOND,
        60 * SECOND,
        299 * SECOND,
        3_600 * SECOND,
        86_400 * SECOND,
        3_650 * 86_400 * SECOND,
    ];
    hold(Some(Law::NextChange), |subject, script, extra| {
        let mut player = Player::new((subject.build)());
        for step in &script.steps {
            let Some(decision) = player.play(step) else { continue };
            let (at, next) = (decision.at(), decision.next_change_at());
            if decision.changes() {
                prop_assert_eq!(next, Some(at));
                continue;
            }
            prop_assert!(next.is_none_or(|next| next >= at), "{} announces a change at {:?}", decision, next);
            let random = at.after(Duration::from_millis(u64::from(extra.short()) * 7));
            let just_before = next.map(|next| next.before(Duration::from_millis(1)));
            let later = LATER.iter().map(|ms| at.after(Duration::from_millis(ms.unsigned_abs())));
            for then in later.chain([random]).chain(just_before) {
                if then <= at || next.is_some_and(|next| then >= next) {
                    continue;
                }
                let again = player.scaler.peek(&step.facts.snapshot(then, decision.replicas()));
                prop_assert!(
                    again.replicas() == decision.replicas(),
                    "at {at}: {decision}\nannounced {next:?}, yet at {then}: {again}"
                );
            }
        }
        Ok(())
    });
}

/// The counts on the full facts, on poorer ones, and how many there are, before each step.
fn compare(
    subject: &Subject,
    script: &Script,
    mut poorer: impl FnMut(&Player, Snapshot<'_>, usize) -> Checked,
) -> Checked {
    let mut player = Player::new((subject.build)());
    for (n, step) in script.steps.iter().enumerate() {
        poorer(&player, player.shown(step), n)?;
        player.play(step);
    }
    Ok(())
}

fn not_fewer(player: &Player, full: &Snapshot<'_>, poor: &Snapshot<'_>) -> Checked {
    let (all, some) = (player.scaler.peek(full), player.scaler.peek(poor));
    let least = all.replicas().min(full.replica_count());
    prop_assert!(some.replicas() >= least, "with all data {all}\nwith some {some}");
    Ok(())
}

#[test]
fn no_data_never_shrinks_a_fleet() {
    hold(Some(Law::Blind), |subject, script, _| {
        compare(subject, script, |player, full, n| {
            let (at, replicas) = (full.taken_at(), full.replica_count());
            for facts in [script.steps[n].facts.blind(), script.steps[n].facts.numb()] {
                not_fewer(player, &full, &facts.snapshot(at, replicas))?;
            }
            Ok(())
        })
    });
}

#[test]
fn less_data_never_shrinks_a_fleet() {
    hold(Some(Law::Poorer), |subject, script, extra| {
        compare(subject, script, |player, full, n| {
            let facts = &script.steps[n].facts;
            for poorer in [facts.poorer(extra), facts.without_largest()] {
                not_fewer(player, &full, &poorer.snapshot(full.taken_at(), full.replica_count()))?;
            }
            Ok(())
        })
    });
}

#[test]
fn an_autoscaler_that_never_saw_a_reading_only_keeps_its_bounds() {
    hold(Some(Law::Unseeing), |subject, script, _| {
        let (min, max) = subject.bounds;
        let mut player = Player::new((subject.build)());
        for step in &script.steps {
            let mut step = step.clone();
            step.facts = step.facts.blind();
            let there = step.replicas.unwrap_or(player.replicas).min(i32::MAX.cast_unsigned());
            let Some(decision) = player.play(&step) else { continue };
            let least = there.clamp(min, max);
            prop_assert!(
                off(&decision) || decision.replicas() >= least,
                "nothing was ever seen, and yet {decision}"
            );
        }
        Ok(())
    });
}

#[test]
fn time_that_goes_back_decides_at_the_newest_seen() {
    hold(None, |subject, script, _| {
        let mut player = Player::new((subject.build)());
        let mut newest = Timestamp::MIN;
        for step in &script.steps {
            newest = newest.max(step.at);
            let Some(decision) = player.play(step) else { continue };
            prop_assert_eq!(decision.at(), newest);
            let said = decision.reasons().iter().any(|e| matches!(e.reason, Reason::TimeWentBack { .. }));
            prop_assert_eq!(said, step.at < newest);
            prop_assert!(step.then != Then::Observe);
        }
        Ok(())
    });
}
