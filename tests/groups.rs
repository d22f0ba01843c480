//! Groups as a caller meets them: snapshots in, counts of all members out. All remember a step or none does.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use setpoint::kthena::roles::Role;
use setpoint::kthena::{
    self, Behavior, PanicPolicy, Ratio, RatioError, RatioRule, RolesConfig, TargetsConfig,
};
use setpoint::reason::Reason;
use setpoint::reason::kthena::KthenaReason;
use setpoint::state::Value;
use setpoint::{
    Autoscaler, Bounds, Group, GroupDecision, GroupOutcome, Instance, Outcome, Snapshot, StateError, Target,
    Timestamp, hpa,
};
use std::time::Duration;

const S: fn(i64) -> Timestamp = Timestamp::from_secs;

fn bounds(min: u32, max: u32) -> Bounds {
    Bounds::new(min, max).unwrap()
}

/// No limit on the pace in either direction, and no stabilization.
fn free() -> Behavior {
    let mut behavior = Behavior::default();
    behavior.scale_up.period = Duration::ZERO;
    behavior.scale_down.period = Duration::ZERO;
    behavior.scale_down.stabilization_window = Duration::ZERO;
    behavior
}

fn in_panic() -> Behavior {
    let mut behavior = Behavior { panic: PanicPolicy::new(Duration::from_secs(15)), ..Behavior::default() };
    behavior.scale_down.stabilization_window = Duration::from_secs(45);
    behavior
}

fn role_config(behavior: Behavior) -> RolesConfig {
    RolesConfig::new()
        .role(Role::new("prefill", bounds(1, 8)).metric("waiting", 10.0))
        .role(Role::new("decode", bounds(1, 16)).metric("running", 10.0))
        .ratio("prefill", "decode", 0.5, 1.0)
        .behavior(behavior)
}

fn roles(behavior: Behavior) -> Group {
    Group::kthena_roles(role_config(behavior)).unwrap()
}

fn targets(behavior: Behavior) -> Group {
    let config = TargetsConfig::new()
        .target("h100", bounds(0, 4), 100)
        .target("a100", bounds(1, 8), 60)
        .target("l4", bounds(0, 20), 15)
        .metric("queue", 10.0)
        .behavior(behavior);
    Group::kthena_targets(config).unwrap()
}

fn seen(at: Timestamp, replicas: u32, metric: &'static str, total: f64) -> Snapshot<'static> {
    Snapshot::at(at).replicas(replicas).value(metric, total).unwrap()
}

fn pair(at: i64, prefill: (u32, f64), decode: (u32, f64)) -> [Snapshot<'static>; 2] {
    [seen(S(at), prefill.0, "waiting", prefill.1), seen(S(at), decode.0, "running", decode.1)]
}

fn counts(decision: &GroupDecision) -> Vec<u32> {
    decision.replicas().collect()
}

/// What is remembered besides the clock.
fn memory(group: &Group) -> Vec<String> {
    fn walk(value: &Value, out: &mut Vec<String>) {
        match value {
            Value::Map(fields) => {
                for (name, value) in fields.iter().filter(|(name, _)| name != "newest") {
                    out.push(name.clone());
                    walk(value, out);
                }
            }
            Value::List(items) => items.iter().for_each(|item| walk(item, out)),
            leaf => out.push(format!("{leaf:?}")),
        }
    }
    let mut out = Vec::new();
    walk(&group.save().unwrap(), &mut out);
    out
}

#[test]
fn one_role_without_data_stops_all_and_nobody_remembers() {
    let mut group = roles(in_panic());
    let blank = memory(&group);
    // Decode alone would grow to 9 and enter panic mode.
    let blind = [Snapshot::at(S(60)).replicas(2), seen(S(60), 3, "running", 90.0)];
    let decision = group.decide(&blind).unwrap();
    assert_eq!(decision.outcome(), GroupOutcome::Skipped { member: Some(0) });
    assert_eq!((counts(&decision), decision.changes(), decision.joint()), (vec![2, 3], false, None));
    assert_eq!(decision.replay(), Some(vec![2, 3]));
    let decode = decision.member("decode").unwrap();
    assert_eq!(decode.outcome(), Outcome::Skipped);
    assert!(decode.reasons().iter().any(|told| told.reason == Reason::Kept { count: 3 }), "{decode}");
    assert_eq!(memory(&group), blank);

    let mut other_order = roles(in_panic());
    let blind = [seen(S(60), 2, "waiting", 70.0), Snapshot::at(S(60)).replicas(3)];
    let decision = other_order.decide(&blind).unwrap();
    assert_eq!(decision.outcome(), GroupOutcome::Skipped { member: Some(1) });
    assert_eq!((counts(&decision), memory(&other_order)), (vec![2, 3], blank));
}

#[test]
fn a_joint_step_that_fails_records_nothing_for_anybody() {
    let member = |metric: &str| {
        let config = kthena::Config::new(bounds(1, 20)).target(metric, 10.0).behavior(in_panic());
        Autoscaler::kthena(config).unwrap()
    };
    let members = || [("prefill", member("waiting")), ("decode", member("running"))];
    let ratio = |denominator, max| Some(Ratio { numerator: 0, denominator, min: 0.0, max });
    let range = Some(kthena::Range::from(bounds(1, 20)));
    for (ratio, ranges, error) in [
        (ratio(1, 1.0), [range, None], RatioError::BoundsNotFound { role: 1 }),
        (ratio(2, 1.0), [range, range], RatioError::RoleNotFound { role: 2 }),
        (ratio(1, f64::NAN), [range, range], RatioError::NotFinite { limit: f64::NAN.into() }),
    ] {
        let members = members().into_iter().zip(ranges).map(|((name, scaler), range)| (name, scaler, range));
        let mut group = Group::repaired(members, ratio).unwrap();
        let blank = memory(&group);
        let decision = group.decide(&pair(60, (2, 70.0), (3, 90.0))).unwrap();
        assert_eq!(decision.outcome(), GroupOutcome::Failed { error });
        assert_eq!((counts(&decision), decision.replay()), (vec![2, 3], Some(vec![2, 3])));
        assert_eq!(decision.joint(), Some(KthenaReason::RatioFailed { error }));
        assert_eq!(memory(&group), blank);
    }
}

#[test]
fn the_ratio_is_repaired_and_told() {
    let mut group = roles(free());
    let decision = group.decide(&pair(60, (2, 20.0), (4, 120.0))).unwrap();
    assert_eq!(counts(&decision), [6, 12]);
    assert_eq!(
        decision.joint(),
        Some(KthenaReason::Ratio { ratio: Some(0.5.into()), adjusted: true, within: true })
    );
    let moved = Reason::Kthena { reason: KthenaReason::Repaired { by: RatioRule::AtLeast, from: 2, to: 6 } };
    assert_eq!(decision.members()[0].reasons().last().map(|told| told.reason), Some(moved));
    assert_eq!(
        decision.to_string(),
        "prefill 2 -> 6: waiting at 1 of its target asks for 2 (within tolerance); waiting decides: 2; least ratio gives 6 \
         | decode 4 -> 12: running at 3 of its target asks for 12; running decides: 12 | ratio 0.5 after repair"
    );
    assert_eq!(decision.replay(), Some(vec![6, 12]));
    // Beyond what prefill may have, decode gives way.
    let config = role_config(free()).ratio("prefill", "decode", 0.75, 1.0);
    let decision = Group::kthena_roles(config).unwrap().decide(&pair(60, (2, 20.0), (4, 160.0))).unwrap();
    assert_eq!(counts(&decision), [8, 10]);
}

#[test]
fn each_role_remembers_its_own_count_and_not_the_repaired_one() {
    let single = |metric: &str, max| {
        let config = kthena::Config::new(bounds(1, max)).target(metric, 10.0).behavior(in_panic());
        Autoscaler::kthena(config).unwrap()
    };
    let (mut prefill, mut decode) = (single("waiting", 8), single("running", 16));
    let mut group = roles(in_panic());
    let mut now = (2, 4);
    let mut repaired = 0;
    for (i, load) in [120.0, 150.0, 60.0, 20.0, 30.0, 90.0].into_iter().enumerate() {
        let at = 60 + 15 * i as i64;
        let snapshots = pair(at, (now.0, 20.0), (now.1, load));
        let decision = group.decide(&snapshots).unwrap();
        let own = [prefill.decide(&snapshots[0]), decode.decide(&snapshots[1])];
        repaired += usize::from(own.iter().map(setpoint::Decision::replicas).ne(decision.replicas()));
        now = (counts(&decision)[0], counts(&decision)[1]);
        let Value::Map(saved) = group.save().unwrap() else { panic!("named fields") };
        let each = saved.into_iter().find(|(name, _)| name == "each").unwrap().1;
        assert_eq!(each, Value::List(vec![prefill.save().unwrap(), decode.save().unwrap()]));
    }
    assert!(repaired > 2, "the ratio acted in {repaired} steps");
}

#[test]
fn a_fixed_role_needs_no_data_and_stays_within_the_ratio() {
    let config = RolesConfig::new()
        .role(Role::new("prefill", bounds(2, 2)))
        .role(Role::new("decode", bounds(1, 16)).metric("running", 10.0))
        .ratio("prefill", "decode", 0.25, 2.0)
        .behavior(free());
    let mut group = Group::kthena_roles(config).unwrap();
    let at =
        |decode: (u32, f64)| [Snapshot::at(S(60)).replicas(5), seen(S(60), decode.0, "running", decode.1)];
    // Decode wants 12, and 2 of prefill are enough for 8.
    assert_eq!(counts(&group.decide(&at((6, 120.0))).unwrap()), [2, 8]);
}

#[test]
fn a_held_member_stops_the_group_too() {
    let config = hpa::Config::new(bounds(1, 20)).target("cpu", Target::utilization(0.5).unwrap());
    let members = [("a", Autoscaler::hpa(config).unwrap(), None), ("b", Autoscaler::fixed(9), None)];
    let mut group = Group::repaired(members, None).unwrap();
    let decision = group.decide(&[Snapshot::at(S(0)).replicas(4), Snapshot::at(S(0)).replicas(3)]).unwrap();
    assert_eq!(decision.outcome(), GroupOutcome::Skipped { member: Some(0) });
    assert_eq!((counts(&decision), decision.replay()), (vec![4, 3], Some(vec![4, 3])));
    let seen =
        [Snapshot::at(S(15)).replicas(4).samples("cpu", 1.0).unwrap(), Snapshot::at(S(15)).replicas(3)];
    let decision = group.decide(&seen).unwrap();
    assert_eq!((decision.outcome(), counts(&decision)), (GroupOutcome::Decided, vec![8, 9]));
}

#[test]
fn a_growing_total_never_takes_from_a_target() {
    let mut group = targets(free());
    let mut now = vec![0, 1, 0];
    let mut totals = Vec::new();
    for step in 0_i32..=34 {
        let at = S(15 * i64::from(step));
        let of = |count: &u32| Snapshot::at(at).replicas(*count);
        let mut snapshots: Vec<_> = now.iter().map(of).collect();
        snapshots[1] = seen(at, now[1], "queue", f64::from(step) * 10.0);
        let decision = group.decide(&snapshots).unwrap();
        let after = counts(&decision);
        assert!(after.iter().zip(&now).all(|(after, before)| after >= before), "{now:?} became {after:?}");
        totals.push(after.iter().sum::<u32>());
        assert_eq!(decision.total().map(setpoint::Decision::replicas), totals.last().copied());
        assert_eq!(decision.replay(), Some(after.clone()));
        now = after;
    }
    assert_eq!((totals[5], totals[34], now), (5, 32, vec![4, 8, 20]));
}

#[test]
fn targets_are_judged_as_one_whole() {
    let mut group = targets(free());
    let at = S(60);
    let restarted = Instance { restarts: 1, ..Instance::ready(at) };
    let list = [restarted];
    // One target is blocked, one has two instances, one is said from outside nowhere: 35 over a mean of two targets.
    let blocked = Snapshot::at(at).replicas(1).instances(&list[..]).unwrap().samples("queue", 500.0).unwrap();
    let busy = Snapshot::at(at).replicas(2).samples("queue", &[20.0, 15.0]).unwrap();
    let calm = Snapshot::at(at).replicas(3).samples("queue", &[1.0, 2.0, 2.0]).unwrap();
    let decision = group.decide(&[blocked, busy, calm]).unwrap();
    // (35 + 5) / 2 = 20 is twice the target; the silent one counts as idle: 40 / 3 is still above, so 4, and not below 6.
    assert_eq!((counts(&decision).iter().sum::<u32>(), decision.outcome()), (6, GroupOutcome::Decided));
    let blind = [1, 2, 3].map(|replicas| Snapshot::at(S(75)).replicas(replicas));
    let before = memory(&group);
    let decision = group.decide(&blind).unwrap();
    assert_eq!(decision.outcome(), GroupOutcome::Skipped { member: None });
    assert_eq!((counts(&decision), decision.replay()), (vec![1, 2, 3], Some(vec![1, 2, 3])));
    assert_eq!(memory(&group), before);
}

#[test]
fn a_split_is_made_afresh_and_may_move_replicas_at_the_same_total() {
    let mut group = targets(free());
    let snapshots =
        [seen(S(60), 4, "queue", 60.0), Snapshot::at(S(60)).replicas(2), Snapshot::at(S(60)).replicas(0)];
    let decision = group.decide(&snapshots).unwrap();
    assert_eq!(decision.total().map(|total| (total.from(), total.replicas())), Some((6, 6)));
    // 1 is the minimum of a100; batches of l4 cost 15 and 30, then a100's first and l4's third cost 60 each.
    assert_eq!(counts(&decision), [0, 2, 4]);
    assert_eq!(decision.next_change_at(), Some(S(60)));
}

#[test]
fn a_total_outside_the_targets_is_brought_into_their_sums() {
    let target = |min, max| kthena::Target { range: kthena::Range { min, max }, cost: 1 };
    for (total, expected) in [(100, [4, 9]), (0, [1, 2]), (8, [4, 4])] {
        let targets = [("a", target(1, 4)), ("b", target(2, 9))];
        let mut group = Group::split(targets, 100, Autoscaler::fixed(total)).unwrap();
        let decision = group.decide(&[Snapshot::at(S(0)), Snapshot::at(S(0))]).unwrap();
        assert_eq!(counts(&decision), expected);
        assert_eq!(decision.total().map(setpoint::Decision::replicas), Some(total));
        assert_eq!(decision.replay(), Some(expected.to_vec()));
    }
}

#[test]
fn hostile_input_gives_typed_errors_and_changes_nothing() {
    let none: [(&str, Autoscaler, Option<kthena::Range>); 0] = [];
    assert_eq!(Group::repaired(none, None).unwrap_err().field, "members");
    let no_targets: [(&str, kthena::Target); 0] = [];
    assert_eq!(Group::split(no_targets, 200, Autoscaler::fixed(1)).unwrap_err().field, "members");
    assert_eq!(Group::kthena_targets(TargetsConfig::new().metric("a", 1.0)).unwrap_err().field, "targets");
    assert_eq!(Group::kthena_roles(RolesConfig::new()).unwrap_err().field, "roles");
    let twice = [("a", Autoscaler::fixed(1), None), ("a", Autoscaler::fixed(2), None)];
    assert_eq!(Group::repaired(twice, None).unwrap_err().field, "members.a");
    assert_eq!(Group::repaired([("", Autoscaler::fixed(1), None)], None).unwrap_err().field, "members");

    for mut group in [roles(free()), targets(free())] {
        let before = group.clone();
        let mut decision = GroupDecision::default();
        for wrong in [0, 1, 4] {
            let snapshots = vec![Snapshot::at(S(0)); wrong];
            let error = group.decide_into(&snapshots, &mut decision).unwrap_err();
            assert_eq!((error.field.as_ref(), error.value), ("snapshots", wrong.to_string()));
        }
        assert_eq!((group, decision), (before, GroupDecision::default()));
    }
}

#[test]
fn saved_state_of_another_group_is_refused_whole() {
    let mut group = roles(in_panic());
    group.decide(&pair(60, (2, 70.0), (3, 90.0))).unwrap();
    let saved = group.save().unwrap();
    let renamed = RolesConfig::new()
        .role(Role::new("decode", bounds(1, 8)).metric("waiting", 10.0))
        .role(Role::new("prefill", bounds(1, 16)).metric("running", 10.0))
        .behavior(in_panic());
    let mut renamed = Group::kthena_roles(renamed).unwrap();
    assert!(matches!(renamed.restore(&saved), Err(StateError::Mismatch { .. })));
    let mut other = targets(in_panic());
    let blank = other.clone();
    assert!(other.restore(&saved).is_err());
    assert_eq!(other, blank);
    let Value::Map(fields) = &saved else { panic!("named fields") };
    for spoilt in 0..fields.len() {
        for with in [None, Some(Value::Null), Some(Value::Int(-1)), Some(Value::List(vec![]))] {
            let mut fields = fields.clone();
            match with {
                Some(with) if fields[spoilt].1 != with => fields[spoilt].1 = with,
                _ => drop(fields.remove(spoilt)),
            }
            let mut fresh = roles(in_panic());
            let blank = fresh.clone();
            assert!(fresh.restore(&Value::Map(fields)).is_err());
            assert_eq!(fresh, blank);
        }
    }
    // One member restores, the other does not: neither is restored.
    let mut fields = fields.clone();
    let each = fields.iter_mut().find(|(name, _)| name == "each").unwrap();
    let Value::List(members) = &mut each.1 else { panic!("a list") };
    members[1] = Value::Map(Vec::new());
    let mut fresh = roles(in_panic());
    assert!(fresh.restore(&Value::Map(fields)).is_err());
    assert_eq!(fresh, roles(in_panic()));
}

#[test]
fn a_group_decides_at_the_newest_time_it_has_seen() {
    let mut group = roles(in_panic());
    let mixed = [seen(S(50), 2, "waiting", 20.0), seen(S(60), 4, "running", 40.0)];
    let decision = group.decide(&mixed).unwrap();
    assert_eq!(decision.at(), S(60));
    assert!(decision.members().iter().all(|member| member.at() == S(60)));
    assert_eq!(group.decide(&pair(30, (2, 20.0), (4, 40.0))).unwrap().at(), S(60));
    let mut group = targets(in_panic());
    let snapshots = [40, 70, 20].map(|at| seen(S(at), 1, "queue", 10.0));
    assert_eq!(group.decide(&snapshots).unwrap().at(), S(70));
}

#[test]
fn a_decision_reads_back_equal() {
    let stopped = [Snapshot::at(S(60)).replicas(2), seen(S(60), 3, "running", 90.0)];
    let of_targets = [60, 60, 60].map(|at| seen(S(at), 1, "queue", 50.0));
    let fails = |ratio| {
        let range = Some(kthena::Range { min: 1, max: 9 });
        let members = [("a", Autoscaler::fixed(3), range), ("b", Autoscaler::fixed(5), range)];
        Group::repaired(members, Some(ratio)).unwrap()
    };
    let no_number = Ratio { numerator: 0, denominator: 1, min: f64::NAN, max: 1.0 };
    let decisions = [
        roles(free()).decide(&pair(60, (2, 20.0), (4, 120.0))),
        roles(free()).decide(&stopped),
        targets(free()).decide(&of_targets),
        fails(no_number).decide(&stopped),
        fails(Ratio { numerator: 7, ..no_number }).decide(&stopped),
    ];
    for decision in decisions.map(Result::unwrap) {
        let text = serde_json::to_string(&decision).unwrap();
        assert_eq!(serde_json::from_str::<GroupDecision>(&text).unwrap(), decision, "{text}");
    }
}

/// A script of loads for a group, `None` where a member says nothing.
fn script() -> impl Strategy<Value = Vec<(i64, [Option<u32>; 3])>> {
    let load = || prop::option::weighted(0.9, 0_u32..400);
    prop::collection::vec((1_i64..80, [load(), load(), load()]), 1..25)
}

/// The snapshots of a step: the counts that the last one decided, and the loads.
fn step(group: &Group, at: i64, counts: &[u32], loads: &[Option<u32>; 3]) -> Vec<Snapshot<'static>> {
    let metric = |name: &str| match name {
        "prefill" => "waiting",
        "decode" => "running",
        _ => "queue",
    };
    let member = |((name, count), load): ((&String, &u32), &Option<u32>)| match load {
        Some(load) => seen(S(at), *count, metric(name), f64::from(*load)),
        None => Snapshot::at(S(at)).replicas(*count),
    };
    group.names().iter().zip(counts).zip(loads).map(member).collect()
}

/// Cases that failed once are kept beside this file and tried first.
fn kept() -> ProptestConfig {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/groups.regressions");
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(path))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(kept())]

    #[test]
    fn a_group_restored_midway_decides_the_same(script in script()) {
        for build in [|| roles(in_panic()), || targets(in_panic())] {
            let (mut group, mut restored) = (build(), build());
            let mut now = vec![2; group.names().len()];
            let (mut at, mut reused) = (1_000, GroupDecision::default());
            for (gap, loads) in &script {
                at += gap;
                let snapshots = step(&group, at, &now, loads);
                let peeked = group.peek(&snapshots).unwrap();
                let decision = group.decide(&snapshots).unwrap();
                prop_assert_eq!(&peeked, &decision);
                restored.decide_into(&snapshots, &mut reused).unwrap();
                prop_assert_eq!(&reused, &decision);
                now = counts(&decision);
                prop_assert_eq!(decision.replay(), Some(now.clone()));
                let text = serde_json::to_string(&restored.save().unwrap()).unwrap();
                restored = build();
                restored.restore(&serde_json::from_str(&text).unwrap()).unwrap();
                prop_assert_eq!(&restored, &group);
            }
        }
    }

    #[test]
    fn the_next_change_is_announced_in_time(script in script()) {
        for mut group in [roles(in_panic()), targets(in_panic())] {
            let mut now = vec![2; group.names().len()];
            let mut at = 1_000;
            for (gap, loads) in &script {
                at += gap;
                let decision = group.decide(&step(&group, at, &now, loads)).unwrap();
                if !decision.changes() {
                    let until = decision.next_change_at().map_or(S(at + 90), |until| until.min(S(at + 90)));
                    for later in (at..=at + 90).filter(|later| S(*later) < until) {
                        let then = group.peek(&step(&group, later, &now, loads)).unwrap();
                        prop_assert_eq!(counts(&then), counts(&decision), "at {} of {:?}", later, until);
                    }
                }
                now = counts(&decision);
            }
        }
    }
}
