//! The presets as a caller meets them: snapshots in, decisions out. Rules that no vector pins, from the specifications.

use setpoint::behavior::{Behavior, Policy, Rules};
use setpoint::reason::{Failure, Reason};
use setpoint::stage::Part;
use setpoint::{
    Autoscaler, Bounds, Decision, Instance, Outcome, Phase, Readiness, Snapshot, Target, Timestamp,
    WorkloadValue, hpa, kpa, kthena, threshold,
};
use std::time::Duration;

const S: fn(i64) -> Timestamp = Timestamp::from_secs;

fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn bounds(min: u32, max: u32) -> Bounds {
    Bounds::new(min, max).unwrap()
}

fn rules(decision: &Decision) -> Vec<Reason> {
    decision.reasons().iter().map(|explained| explained.reason).collect()
}

mod hpa_preset {
    use super::*;

    fn two_metrics() -> Autoscaler {
        let config = hpa::Config::new(bounds(1, 20))
            .target("cpu", Target::utilization(0.5).unwrap())
            .external("queue", Target::average_value(10.0).unwrap());
        Autoscaler::hpa(config).unwrap()
    }

    fn seen(at: i64, replicas: u32, cpu: f64) -> Snapshot<'static> {
        Snapshot::at(S(at)).replicas(replicas).samples("cpu", cpu).unwrap()
    }

    #[test]
    fn a_missing_metric_vetoes_less_and_lets_more_through() {
        let mut scaler = two_metrics();
        let less = scaler.decide(&seen(0, 4, 0.1));
        assert_eq!((less.replicas(), less.outcome()), (4, Outcome::Held));
        assert!(rules(&less).contains(&Reason::Failed { failure: Failure::MissingMetric }));
        let more = scaler.decide(&seen(15, 4, 1.0));
        assert_eq!((more.replicas(), more.outcome()), (8, Outcome::Decided));
        let empty = scaler.decide(&Snapshot::at(S(30)).replicas(4));
        assert_eq!((empty.replicas(), empty.outcome()), (4, Outcome::Held));
    }

    #[test]
    fn bounds_act_at_once_and_before_any_metric() {
        let mut scaler = two_metrics();
        let above = scaler.decide(&seen(0, 50, 1.0));
        assert_eq!((above.replicas(), above.outcome(), above.binding()), (20, Outcome::Settled, Some(0)));
    }

    #[test]
    fn leaving_zero_with_a_behavior_lifts_to_the_minimum() {
        let slow = Rules::new().policies([Policy::pods(1, secs(60))]);
        let build = |min| {
            let config = hpa::Config::new(bounds(min, 20))
                .external("queue", Target::average_value(10.0).unwrap())
                .behavior(Behavior::new().up(slow.clone()).down(Rules::new().window(Duration::ZERO)))
                .scale_to_zero(true);
            Autoscaler::hpa(config).unwrap()
        };
        let queue = |at, replicas, length: f64| {
            Snapshot::at(S(at)).replicas(replicas).value("queue", length).unwrap()
        };
        let mut scaler = build(0);
        assert_eq!(scaler.decide(&queue(0, 3, 0.0)).replicas(), 0);
        scaler.reconfigure(build(3), S(10)).unwrap();
        assert_eq!(scaler.decide(&queue(15, 0, 5.0)).replicas(), 3, "one at a time would be 1");
        let mut stranger = build(0);
        let disabled = stranger.decide(&queue(0, 0, 500.0));
        assert_eq!((disabled.replicas(), disabled.outcome()), (0, Outcome::Settled));
    }

    #[test]
    fn unready_pods_hold_back_growth_and_the_pending_are_said() {
        let old = Instance::ready(S(-3_600));
        let fleet = [old, old, Instance::pending()];
        let mut scaler =
            Autoscaler::hpa(hpa::Config::new(bounds(1, 20)).target("cpu", Target::utilization(0.5).unwrap()))
                .unwrap();
        let snapshot = Snapshot::at(S(0))
            .replicas(3)
            .instances(&fleet[..])
            .unwrap()
            .samples("cpu", &[0.7, 0.7, f64::NAN])
            .unwrap();
        let decision = scaler.decide(&snapshot);
        assert_eq!(decision.replicas(), 3);
        assert_eq!(
            decision.to_string(),
            "3 -> 3: 2 ready, 1 unready; cpu 0.7 of 0.5 wants 3 (within tolerance once the others are counted in)"
        );
    }

    #[test]
    fn the_end_of_initialization_is_announced() {
        let young = Instance::running(S(100), Readiness::NotReady, S(100));
        let fleet = [Instance::ready(S(-3_600)), young];
        let mut scaler =
            Autoscaler::hpa(hpa::Config::new(bounds(1, 20)).target("cpu", Target::utilization(0.5).unwrap()))
                .unwrap();
        let snapshot = Snapshot::at(S(120))
            .replicas(2)
            .instances(&fleet[..])
            .unwrap()
            .samples("cpu", &[0.5, 0.5])
            .unwrap();
        assert_eq!(scaler.decide(&snapshot).next_change_at(), Some(S(400)));
    }

    #[test]
    fn a_behavior_that_is_switched_on_finds_recommendations_but_no_events() {
        let build = |behavior: Option<Behavior>| {
            let mut config =
                hpa::Config::new(bounds(1, 100)).target("cpu", Target::utilization(0.5).unwrap());
            if let Some(behavior) = behavior {
                config = config.behavior(behavior);
            }
            Autoscaler::hpa(config).unwrap()
        };
        let mut scaler = build(None);
        assert_eq!(scaler.decide(&seen(0, 4, 1.0)).replicas(), 8);
        let four_a_minute = Behavior::new().up(Rules::new().policies([Policy::pods(4, secs(60))]));
        assert_eq!(scaler.reconfigure(build(Some(four_a_minute)), S(5)).unwrap(), Vec::<usize>::new());
        assert_eq!(scaler.decide(&seen(15, 8, 1.0)).replicas(), 12, "the doubling of before is no event");
        assert_eq!(scaler.decide(&seen(30, 12, 1.0)).replicas(), 12);
        let down = scaler.decide(&seen(45, 12, 0.1));
        assert_eq!(down.replicas(), 12, "recommendations of before still hold a reduction back");
    }

    #[test]
    fn counterfactuals_tell_what_each_stage_is_worth() {
        let slow = Behavior::new().up(Rules::new().policies([Policy::pods(2, secs(60))]));
        let config =
            hpa::Config::new(bounds(1, 12)).target("cpu", Target::utilization(0.5).unwrap()).behavior(slow);
        let scaler = Autoscaler::hpa(config).unwrap();
        let snapshot = seen(0, 4, 2.0);
        assert_eq!(scaler.peek(&snapshot).replicas(), 6);
        let without: Vec<(&str, u32)> = scaler
            .counterfactuals(&snapshot)
            .iter()
            .map(|c| (scaler.stages()[c.stage].name.as_str(), c.replicas))
            .collect();
        assert_eq!(
            without,
            [("hpa_gate", 6), ("hpa", 4), ("stabilization", 6), ("rate_limit", 12), ("bounds", 6)]
        );
    }
}

mod kpa_preset {
    use super::*;

    fn load(at_ms: i64, replicas: u32, concurrency: f64) -> Snapshot<'static> {
        Snapshot::at(Timestamp::from_millis(at_ms))
            .replicas(replicas)
            .value("concurrency", concurrency)
            .unwrap()
    }

    fn ten_each() -> kpa::Config {
        kpa::Config::default().target(10.0).utilization(1.0)
    }

    #[test]
    fn asking_twice_in_a_second_is_harmless() {
        let mut once = Autoscaler::kpa(ten_each()).unwrap();
        let mut often = once.clone();
        for second in 0..30 {
            let expected = once.decide(&load(second * 1_000, 4, 38.0)).replicas();
            for ms in [0, 1, 400, 999] {
                assert_eq!(
                    often.decide(&load(second * 1_000 + ms, 4, 38.0)).replicas(),
                    expected,
                    "{second} s {ms} ms"
                );
            }
        }
    }

    #[test]
    fn an_average_over_ten_seconds_counts_as_ten_records() {
        let mut scaler = Autoscaler::kpa(ten_each()).unwrap();
        let mut last = 0;
        for bin in 1..=12 {
            let value = WorkloadValue::new("concurrency", 50.0).window(secs(10));
            let snapshot = Snapshot::at(S(bin * 10)).replicas(5).workload_value(value).unwrap();
            last = scaler.decide(&snapshot).replicas();
        }
        assert_eq!(last, 5, "a record each ten seconds would read as a tenth of the load");
    }

    #[test]
    fn silence_is_no_data_and_unknown_pods_are_no_decision() {
        let mut scaler = Autoscaler::kpa(ten_each()).unwrap();
        let none = scaler.decide(&Snapshot::at(S(0)).replicas(3));
        assert_eq!((none.replicas(), none.outcome()), (3, Outcome::Held));
        assert!(rules(&none).contains(&Reason::Failed { failure: Failure::NoData }));
        let unknown = scaler.decide(&load(1_000, 3, 500.0).ready_unknown());
        assert_eq!(unknown.replicas(), 3);
        assert!(rules(&unknown).contains(&Reason::Failed { failure: Failure::ReadyUnknown }));
        let nan = scaler.decide(&load(2_000, 3, f64::NAN));
        assert_eq!(nan.replicas(), 50, "the second before it is still in the windows, a NaN is not");
    }

    #[test]
    fn the_last_instance_goes_after_the_stable_window_and_the_grace_period() {
        let mut scaler = Autoscaler::kpa(ten_each()).unwrap();
        let mut replicas = 1;
        let mut gone = None;
        for second in 0..200 {
            let value = if second < 10 { 5.0 } else { 0.0 };
            replicas = scaler.decide(&load(second * 1_000, replicas, value)).replicas();
            if replicas == 0 && gone.is_none() {
                gone = Some(second);
            }
        }
        // The window is empty of load at second 69, and 30 s later the activator has been in the path long enough.
        assert_eq!(gone, Some(99));
        let woken = scaler.decide(&load(200_000, 0, 25.0));
        assert!(woken.replicas() > 0);
    }

    #[test]
    fn a_scale_to_zero_that_is_off_keeps_one() {
        let mut scaler = Autoscaler::kpa(ten_each().enable_scale_to_zero(false)).unwrap();
        let mut replicas = 3;
        for second in 0..300 {
            replicas = scaler.decide(&load(second * 1_000, replicas, 0.0)).replicas();
        }
        assert_eq!(replicas, 1);
    }

    #[test]
    fn targets_windows_and_metric_can_change_while_running() {
        let mut scaler = Autoscaler::kpa(ten_each()).unwrap();
        let both = |at: i64, replicas| load(at * 1_000, replicas, 40.0).value("rps", 90.0).unwrap();
        for second in 0..61 {
            scaler.decide(&both(second, 4));
        }
        assert_eq!(scaler.decide(&both(61, 4)).replicas(), 4);
        assert!(
            scaler.reconfigure(Autoscaler::kpa(ten_each().target(5.0)).unwrap(), S(62)).unwrap().is_empty()
        );
        assert_eq!(scaler.decide(&both(62, 4)).replicas(), 8, "a target of 5");
        let longer = ten_each().stable_window(secs(120));
        assert!(scaler.reconfigure(Autoscaler::kpa(longer).unwrap(), S(63)).unwrap().is_empty());
        assert!(scaler.decide(&both(63, 4)).replicas() >= 4, "the newest buckets were kept");
        let by_rate = ten_each().metric(kpa::Metric::Rps).target(10.0);
        let afresh = scaler.reconfigure(Autoscaler::kpa(by_rate).unwrap(), S(64)).unwrap();
        assert_eq!(afresh, [0], "another metric is another stage: its windows begin empty");
    }

    #[test]
    fn the_end_of_panic_is_announced() {
        let mut scaler = Autoscaler::kpa(ten_each()).unwrap();
        scaler.decide(&load(0, 1, 40.0));
        let idle = Snapshot::at(S(5)).replicas(4);
        let decision = scaler.decide(&idle);
        assert!(decision.next_change_at().is_some_and(|at| at <= Timestamp::from_millis(60_001)));
    }
}

mod kthena_preset {
    use super::*;

    fn build() -> Autoscaler {
        Autoscaler::kthena(
            kthena::Config::new(bounds(1, 50)).target("requests", 10.0).target("tokens", 100.0),
        )
        .unwrap()
    }

    fn fleet(odd: Instance) -> [Instance; 3] {
        [Instance::ready(S(-100)), Instance::ready(S(-100)), odd]
    }

    fn seen(fleet: &[Instance; 3], third: f64) -> Snapshot<'static> {
        Snapshot::at(S(60))
            .replicas(3)
            .instances(fleet.to_vec())
            .unwrap()
            .samples("requests", vec![20.0, 25.0, third])
            .unwrap()
    }

    #[test]
    fn phases_that_are_not_running_count_as_unready_and_failed_ones_silence_all() {
        let of = |phase| Instance { phase, ..Instance::ready(S(-100)) };
        for phase in [Phase::Succeeded, Phase::Unknown, Phase::Pending] {
            let decision = build().decide(&seen(&fleet(of(phase)), f64::NAN));
            // 45 requests over one summed map and one unready instance: 22.5 of 10 each wants 5.
            assert_eq!(decision.replicas(), 5, "{phase:?}: {decision}");
        }
        let restarted = Instance { restarts: 2, ..Instance::pending() };
        for odd in [of(Phase::Failed), Instance::ready(S(-100)).leaving(), restarted] {
            let decision = build().decide(&seen(&fleet(odd), 1.0));
            assert_eq!((decision.replicas(), decision.outcome()), (3, Outcome::Skipped), "{odd:?}");
        }
    }

    #[test]
    fn totals_from_outside_survive_silent_instances() {
        let odd = Instance { phase: Phase::Failed, ..Instance::ready(S(-100)) };
        let snapshot = seen(&fleet(odd), 1.0).value("tokens", 610.0).unwrap();
        assert_eq!(build().decide(&snapshot).replicas(), 7);
    }

    #[test]
    fn a_failed_scrape_silences_the_metric_and_a_skip_leaves_no_trace() {
        let mut scaler = build();
        let before = scaler.save().unwrap();
        let decision = scaler.decide(&seen(&fleet(Instance::ready(S(-100))), f64::NAN));
        assert_eq!((decision.replicas(), decision.outcome()), (3, Outcome::Skipped));
        let after = scaler.save().unwrap();
        assert_ne!(before, after, "the time is remembered");
        scaler.reconfigure(build(), S(60)).unwrap();
        assert_eq!(scaler.save().unwrap(), after, "and nothing else");
    }

    #[test]
    fn a_changed_policy_forgets_everything() {
        let mut scaler = build();
        let load = |at, replicas, tokens: f64| {
            Snapshot::at(S(at)).replicas(replicas).value("tokens", tokens).unwrap()
        };
        assert_eq!(scaler.decide(&load(60, 10, 2_000.0)).replicas(), 20);
        assert_eq!(scaler.decide(&load(75, 20, 100.0)).replicas(), 20, "five minutes of stabilization");
        scaler.reconfigure(build(), S(80)).unwrap();
        assert_eq!(scaler.decide(&load(90, 20, 100.0)).replicas(), 1);
    }

    #[test]
    fn huge_loads_saturate() {
        let config = kthena::Config::new(bounds(1, 1_000_000)).target("requests", 1e-9);
        let mut scaler = Autoscaler::kthena(config).unwrap();
        let snapshot = Snapshot::at(S(1)).replicas(1_000_000).value("requests", 1e300).unwrap();
        assert_eq!(scaler.decide(&snapshot).replicas(), 1_000_000);
    }
}

mod threshold_preset {
    use super::*;

    fn build(variant: threshold::Variant) -> Autoscaler {
        let band = threshold::Thresholds::new(0.4, 0.8).unwrap();
        let config =
            threshold::Config::new(bounds(2, 30), band).resource("cpu").resource("memory").variant(variant);
        Autoscaler::threshold(config).unwrap()
    }

    fn seen(cpu: f64, memory: f64) -> Snapshot<'static> {
        Snapshot::at(S(0)).replicas(10).samples("cpu", cpu).unwrap().value("memory", memory).unwrap()
    }

    #[test]
    fn unknown_load_is_not_low_load() {
        let mut scaler = build(threshold::Variant::Proportional);
        assert_eq!(scaler.decide(&seen(0.1, 0.2)).replicas(), 5);
        let held = scaler.decide(&seen(0.1, f64::NAN));
        assert_eq!(held.replicas(), 10);
        assert_eq!(
            held.to_string(),
            "10 -> 10: memory is missing; utilization 0.1 asks for 10 (fewer only when no reading is missing)"
        );
        assert_eq!(scaler.decide(&seen(f64::NAN, 0.96)).replicas(), 12);
    }

    #[test]
    fn the_literal_form_doubles_and_collapses() {
        let mut scaler = build(threshold::Variant::Literal);
        assert_eq!(scaler.decide(&seen(0.81, 0.5)).replicas(), 20);
        assert_eq!(scaler.decide(&seen(0.39, 0.39)).replicas(), 0);
    }
}

#[test]
fn the_part_of_each_stage_is_in_the_decision() {
    let mut scaler = Autoscaler::kpa(kpa::Config::default().target(10.0).max_scale(3)).unwrap();
    let decision = scaler.decide(&Snapshot::at(S(0)).replicas(1).value("concurrency", 70.0).unwrap());
    assert_eq!(decision.parts()[1], Part::Restrained { input: 10, output: 3 });
    assert_eq!(decision.binding(), Some(1));
    assert_eq!(decision.replay(), Some(3));
}
