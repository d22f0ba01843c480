//! Bud's preset as a caller meets it: snapshots in, decisions out. Rules that no vector pins, from the specification.

use setpoint::behavior::{Policy, Select};
use setpoint::bud::{
    self, Blend, Config, GpuThresholds, Overlap, Pacing, Side, Source, Strategy, Tolerance, facts,
};
use setpoint::reason::bud::BudReason;
use setpoint::reason::{Direction, Reason, RestraintReason};
use setpoint::{Autoscaler, Bounds, Decision, Instance, Snapshot, Timestamp};
use std::time::Duration;

const S: fn(i64) -> Timestamp = Timestamp::from_secs;
const MINUTE: Duration = Duration::from_secs(60);

fn config() -> Config {
    Config::new(Bounds::new(2, 20).unwrap()).metric("load", 10.0)
}

fn built(config: Config) -> Autoscaler {
    Autoscaler::bud(config).unwrap()
}

fn seen(at: i64, replicas: u32, load: f64) -> Snapshot<'static> {
    Snapshot::at(S(at)).replicas(replicas).value("load", load).unwrap()
}

fn once(config: Config, snapshot: &Snapshot<'_>) -> u32 {
    let decision = built(config).decide(snapshot);
    assert_eq!(decision.replay(), Some(decision.replicas()), "{decision}");
    decision.replicas()
}

fn told(decision: &Decision) -> Vec<Reason> {
    decision.reasons().iter().map(|explained| explained.reason).collect()
}

fn stages(config: Config) -> Vec<String> {
    built(config).stages().iter().map(|stage| stage.name.clone()).collect()
}

#[test]
fn stages_stand_in_the_order_of_the_hierarchy_and_inputs_that_are_off_have_none() {
    let all = config()
        .gpu(GpuThresholds { memory: Some(80.0), compute: None })
        .prediction(Blend::default())
        .enforce_bounds_last(true);
    let order = [
        "bud",
        "bud_gpu",
        "bud_prediction",
        "bud_hint",
        "bud_budget",
        "bounds",
        "bud_policies",
        "bud_gate",
        "cooldown",
        "bounds",
    ];
    assert_eq!(stages(all.clone()), order);
    assert_eq!(
        stages(config()),
        ["bud", "bud_hint", "bud_budget", "bounds", "bud_policies", "bud_gate", "cooldown"]
    );
    let kpa = ["bud", "bounds", "bud_policies", "bud_gate", "cooldown", "bounds"];
    assert_eq!(stages(all.strategy(Strategy::Kpa)), kpa);
}

#[test]
fn every_input_says_what_it_did_and_the_sentence_tells_it() {
    let config = config()
        .gpu(GpuThresholds { memory: Some(50.0), compute: None })
        .prediction(Blend::default())
        .budget_per_hour(29.0);
    let snapshot = seen(0, 4, 10.0)
        .samples(facts::GPU_MEMORY_UTILIZATION, vec![90.0, 60.0])
        .unwrap()
        .value(facts::PREDICTED_REPLICAS, 16.0)
        .unwrap()
        .value(facts::PREDICTION_CONFIDENCE, 1.0)
        .unwrap()
        .value(facts::COST_PER_HOUR, 16.0)
        .unwrap()
        .value(facts::REPLICA_COST_PER_HOUR, 4.0)
        .unwrap();
    let mut scaler = built(config);
    let decision = scaler.decide(&snapshot);
    let moves: Vec<(i64, i64)> = told(&decision)
        .iter()
        .filter_map(|reason| match reason {
            Reason::Bud {
                reason:
                    BudReason::Gpu { from, to, .. }
                    | BudReason::Blended { from, to, .. }
                    | BudReason::Budget { from, to, .. },
            } => Some((*from, *to)),
            _ => None,
        })
        .collect();
    assert_eq!(moves, [(4, 6), (6, 9), (9, 7)]);
    assert_eq!(decision.stages()[decision.binding().unwrap()].name, "bud_budget");
    assert_eq!(
        decision.to_string(),
        "4 -> 7: load at 1 of its target asks for 4 (within tolerance); load decides: 4; GPUs at 1.5 of their threshold need 6; \
         prediction of 16 at confidence 1 gives 9; budget 29 per hour, spending 16, allows 7"
    );
}

#[test]
fn the_winner_is_reported_not_the_first_metric() {
    let mut scaler = built(config().metric("queue", 10.0));
    let decision = scaler.decide(&seen(0, 4, 10.0).value("queue", 20.0).unwrap());
    assert!(told(&decision).contains(&Reason::Bud { reason: BudReason::Decided { metric: 1, count: 8 } }));
}

#[test]
fn tolerances_are_separate_in_both_algorithms() {
    for strategy in [Strategy::BudScaler, Strategy::Kpa] {
        let of = |up, down| config().strategy(strategy).tolerance(Tolerance { up, down });
        let count = |config, load| once(config, &seen(0, 10, load));
        assert!(count(of(0.5, 0.05), 14.0) == 10 && count(of(0.05, 0.5), 14.0) > 10, "{strategy:?}");
        assert!(count(of(0.5, 0.05), 6.0) < 10 && count(of(0.05, 0.5), 6.0) == 10, "{strategy:?}");
    }
}

#[test]
fn of_overlapping_hints_the_first_or_the_largest() {
    let snapshot = seen(0, 4, 10.0).value(facts::SCHEDULE_HINTS, vec![6.0, 12.0, 9.0]).unwrap();
    assert_eq!(once(config(), &snapshot), 6);
    assert_eq!(once(config().overlap(Overlap::Largest), &snapshot), 12);
    let mut scaler = built(config().overlap(Overlap::Largest));
    let hint = Reason::Bud { reason: BudReason::Hint { hint: 1, from: 4, to: 12 } };
    assert!(told(&scaler.decide(&snapshot)).contains(&hint));
}

#[test]
fn the_prediction_has_a_ceiling_and_a_least_confidence() {
    let snapshot = |confidence| {
        let snapshot = seen(0, 10, 10.0).value(facts::PREDICTED_REPLICAS, 1000.0).unwrap();
        snapshot.value(facts::PREDICTION_CONFIDENCE, confidence).unwrap()
    };
    let capped = Blend { max_replicas: Some(14), ..Blend::default() };
    assert_eq!(once(config().prediction(capped), &snapshot(1.0)), 11);
    assert_eq!(once(config().prediction(Blend::default()), &snapshot(1.0)), 20);
    assert_eq!(once(config().prediction(Blend::default()), &snapshot(0.69)), 10);
    assert_eq!(once(config().prediction(Blend { min_confidence: 0.5, ..capped }), &snapshot(0.6)), 11);
    assert_eq!(once(config().prediction(Blend { min_confidence: 0.0, ..capped }), &snapshot(f64::NAN)), 10);
    assert_eq!(once(config(), &snapshot(1.0)), 10);
}

#[test]
fn bounds_are_the_last_word_only_on_request() {
    let slow = Side::new().policies([Policy::pods(1, MINUTE)]).select(Select::Min);
    let above = |last| once(config().down(slow.clone()).enforce_bounds_last(last), &seen(0, 40, 10.0));
    assert_eq!((above(false), above(true)), (39, 20));
    let starting = seen(0, 1, 90.0).ready(0).unready(1);
    let below = |last| once(config().enforce_bounds_last(last), &starting);
    assert_eq!((below(false), below(true)), (1, 2));
    let budget = |last| {
        let bill = seen(0, 8, 10.0).value(facts::COST_PER_HOUR, 16.0).unwrap();
        let bill = bill.value(facts::REPLICA_COST_PER_HOUR, 2.0).unwrap();
        once(config().budget_per_hour(1.0).enforce_bounds_last(last), &bill)
    };
    assert_eq!((budget(false), budget(true)), (2, 2));
}

#[test]
fn a_budget_of_the_moment_replaces_the_configured_one() {
    let bill = seen(0, 4, 90.0).value(facts::COST_PER_HOUR, 8.0).unwrap();
    let bill = bill.value(facts::REPLICA_COST_PER_HOUR, 2.0).unwrap();
    assert_eq!(once(config(), &bill), 8);
    assert_eq!(once(config().budget_per_hour(11.0), &bill), 5);
    let own = bill.value(facts::BUDGET_PER_HOUR, 12.0).unwrap();
    assert_eq!((once(config(), &own), once(config().budget_per_hour(11.0), &own)), (6, 6));
}

#[test]
fn missing_values_never_shrink_the_workload() {
    let config =
        config().gpu(GpuThresholds { memory: Some(80.0), compute: Some(80.0) }).prediction(Blend::default());
    let config = config.budget_per_hour(1.0);
    assert_eq!(once(config.clone(), &Snapshot::at(S(0)).replicas(8)), 8);
    assert_eq!(once(config.clone(), &seen(0, 8, f64::NAN)), 8);
    let odd = [
        facts::GPU_MEMORY_UTILIZATION,
        facts::PREDICTED_REPLICAS,
        facts::PREDICTION_CONFIDENCE,
        facts::SCHEDULE_HINTS,
        facts::COST_PER_HOUR,
        facts::REPLICA_COST_PER_HOUR,
        facts::BUDGET_PER_HOUR,
    ];
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let snapshot =
            odd.into_iter().fold(seen(0, 8, value), |snapshot, name| snapshot.value(name, value).unwrap());
        assert_eq!(once(config.clone(), &snapshot), 8);
    }
    let fleet = vec![Instance::pending(); 8];
    let starting = Snapshot::at(S(0)).replicas(8).instances(fleet).unwrap().samples("load", 0.0).unwrap();
    assert_eq!(once(config, &starting), 8);
}

#[test]
fn an_idle_workload_goes_to_zero_where_the_minimum_allows_it() {
    let idle = Config::new(Bounds::new(0, 20).unwrap()).metric("load", 10.0);
    assert_eq!(once(idle.clone(), &seen(0, 6, 0.0)), 0);
    assert_eq!(once(idle, &seen(0, 0, 5.0)), 1);
}

#[test]
fn policies_hold_over_their_periods_or_per_evaluation() {
    let four = Side::new().policies([Policy::pods(4, MINUTE)]);
    let run = |pacing| {
        let mut scaler = built(config().up(four.clone()).pacing(pacing));
        let mut count = 4;
        [0, 20, 40, 60, 80].map(|at| {
            count = scaler.decide(&seen(at, count, 90.0)).replicas();
            count
        })
    };
    assert_eq!(run(Pacing::OverPeriod), [8, 8, 8, 12, 12]);
    assert_eq!(run(Pacing::PerEvaluation), [8, 12, 16, 20, 20]);
}

#[test]
fn a_held_decision_says_when_it_can_change() {
    let mut scaler = built(config().up(Side::new().policies([Policy::pods(4, MINUTE)])));
    scaler.decide(&seen(0, 4, 90.0));
    let held = scaler.decide(&seen(20, 8, 90.0));
    assert_eq!((held.replicas(), held.next_change_at()), (8, Some(S(60))));
    let reason = RestraintReason::RateLimited { direction: Direction::Up, from: 16, to: 8, policy: Some(0) };
    assert!(told(&held).contains(&Reason::Restraint { reason }));
    let cooling = scaler.decide(&seen(30, 8, 1.0));
    assert_eq!((cooling.replicas(), cooling.next_change_at()), (8, Some(S(300))));
}

#[test]
fn a_restored_scaler_decides_as_the_original() {
    let config =
        config().up(Side::new().policies([Policy::percent(50, MINUTE)]).cooldown(Duration::from_secs(15)));
    let mut original = built(config.clone());
    let mut count = 4;
    for (i, load) in [90.0, 40.0, 90.0, 1.0, 90.0, 3.0, 90.0, 12.0].into_iter().enumerate() {
        let snapshot = seen(17 * i as i64, count, load);
        let text = serde_json::to_string(&original.save().unwrap()).unwrap();
        let mut restored = built(config.clone());
        restored.restore(&serde_json::from_str(&text).unwrap()).unwrap();
        let decision = original.decide(&snapshot);
        assert_eq!(restored.decide(&snapshot), decision);
        assert_eq!(restored, original);
        count = decision.replicas();
    }
    assert!(count > 4);
}

#[test]
fn panic_passes_policies_and_gate_of_the_strategy_kpa_alone() {
    let slow = config()
        .up(Side::new().policies([Policy::pods(1, MINUTE)]))
        .max_starting(1)
        .bypass_gate_on_panic(true);
    let starting = |load| seen(0, 8, load).ready(7).unready(1);
    let kpa = slow.clone().strategy(Strategy::Kpa);
    assert_eq!((once(kpa.clone(), &starting(19.0)), once(kpa, &starting(20.0))), (8, 16));
    assert_eq!(once(slow.clone(), &starting(20.0)), 8);
    assert_eq!(once(slow.strategy(Strategy::Kpa).panic_threshold(3.0), &starting(20.0)), 8);
}

#[test]
fn panic_does_not_pass_the_policies_of_reduction() {
    let kpa = config().strategy(Strategy::Kpa).down(Side::new().policies([Policy::pods(1, MINUTE)]));
    assert_eq!(once(kpa, &seen(0, 30, 90.0)), 29);
}

#[test]
fn an_active_hint_of_any_size_silences_the_prediction() {
    let snapshot = seen(0, 4, 10.0).value(facts::PREDICTED_REPLICAS, 20.0).unwrap();
    let snapshot = snapshot.value(facts::PREDICTION_CONFIDENCE, 1.0).unwrap();
    let hinted = snapshot.clone().value(facts::SCHEDULE_HINTS, 0.0).unwrap();
    let blended = config().prediction(Blend::default());
    assert_eq!((once(blended.clone(), &snapshot), once(blended, &hinted)), (9, 4));
}

#[test]
fn the_strategy_kpa_has_no_ear_for_hints_and_budgets() {
    let snapshot = seen(0, 8, 10.0).value(facts::SCHEDULE_HINTS, 15.0).unwrap();
    let snapshot = snapshot
        .value(facts::COST_PER_HOUR, 80.0)
        .unwrap()
        .value(facts::REPLICA_COST_PER_HOUR, 10.0)
        .unwrap();
    assert_eq!(once(config().strategy(Strategy::Kpa).budget_per_hour(20.0), &snapshot), 8);
    assert_eq!(once(config().budget_per_hour(20.0), &snapshot), 2);
}

mod as_kubernetes {
    use super::*;
    use setpoint::behavior::{Behavior, Rules};
    use setpoint::{Target, hpa};

    fn native() -> Config {
        config().strategy(Strategy::Hpa).metric_from(Source::Resource, "cpu", 57.0)
    }

    fn kubernetes() -> hpa::Config {
        hpa::Config::new(Bounds::new(2, 20).unwrap()).target("cpu", Target::utilization(0.57).unwrap())
    }

    #[test]
    fn the_strategy_hpa_is_a_kubernetes_autoscaler_of_what_it_can_read() {
        let full = native()
            .metric_from(Source::Custom, "requests", 2.5)
            .metric_from(Source::External, "queue", 30.0)
            .metric_from(Source::Resource, "memory", 70.5);
        let expected = kubernetes()
            .pods("requests", Target::average_value(2.5).unwrap())
            .external("queue", Target::value(30.0).unwrap());
        assert_eq!(built(full), Autoscaler::hpa(expected).unwrap());
    }

    #[test]
    fn a_behavior_is_handed_on_as_far_as_it_is_given() {
        assert_eq!(built(native()), Autoscaler::hpa(kubernetes()).unwrap());
        let up = Side::new().cooldown(MINUTE).select(Select::Min).policies([Policy::pods(1, MINUTE)]);
        let rules = Rules::new().window(MINUTE).select(Select::Min).policies([Policy::pods(1, MINUTE)]);
        let expected = kubernetes().behavior(Behavior::new().up(rules.clone()));
        assert_eq!(built(native().up(up.clone())), Autoscaler::hpa(expected).unwrap());
        let expected = kubernetes().behavior(Behavior::new().down(rules.clone()));
        assert_eq!(built(native().down(up.clone())), Autoscaler::hpa(expected).unwrap());
        let expected =
            kubernetes().behavior(Behavior::new().up(rules).down(Rules::new().window(Duration::ZERO)));
        let both = native().up(up).down(Side::new().cooldown(Duration::ZERO));
        assert_eq!(built(both), Autoscaler::hpa(expected).unwrap());
    }

    #[test]
    fn without_a_metric_that_it_can_read_it_is_refused() {
        let refused = |config| Autoscaler::bud(config).unwrap_err().field.into_owned();
        assert_eq!(refused(config().strategy(Strategy::Hpa)), "metrics");
        assert_eq!(
            refused(config().strategy(Strategy::Hpa).metric_from(Source::Resource, "cpu", 70.5)),
            "metrics"
        );
        let zero = Config::new(Bounds::new(0, 20).unwrap()).strategy(Strategy::Hpa);
        assert_eq!(refused(zero.metric_from(Source::Resource, "cpu", 70.0)), "min_replicas");
    }
}

#[test]
fn settings_outside_their_ranges_are_refused_by_the_preset_too() {
    let refused = |config| Autoscaler::bud(config).unwrap_err().field.into_owned();
    assert_eq!(refused(config().starting_weight(-0.1)), "starting_weight");
    assert_eq!(refused(config().prediction(Blend { weight: 1.1, ..Blend::default() })), "prediction.weight");
    assert_eq!(refused(bud::Config::new(Bounds::new(1, 2).unwrap())), "metrics");
}
