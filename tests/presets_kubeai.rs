//! The KubeAI and the Gaussian preset as a caller meets them: the rules that no vector pins, from the specifications.

use setpoint::behavior::{Behavior, Policy as Pace, Rules};
use setpoint::kubeai::{
    Algorithm, Answer, Call, CappedSmoothRatio, Config, CooldownClock, Missing, Policy, Registry, Slot,
    UnknownAlgorithm, Verdict,
};
use setpoint::reason::kubeai::KubeAiReason;
use setpoint::reason::{Failure, Label, Reason};
use setpoint::threshold::Thresholds;
use setpoint::{
    Autoscaler, Bounds, Decision, Instance, Outcome, Phase, Readiness, Snapshot, Timestamp, gaussian,
};
use std::time::Duration;

const S: fn(i64) -> Timestamp = Timestamp::from_secs;

fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn bounds(min: u32, max: u32) -> Bounds {
    Bounds::new(min, max).unwrap()
}

fn reasons(decision: &Decision) -> Vec<Reason> {
    decision.reasons().iter().map(|explained| explained.reason).collect()
}

/// The autoscaler again, by way of its saved text.
fn restored(scaler: &Autoscaler, mut fresh: Autoscaler) -> Autoscaler {
    let text = serde_json::to_string(&scaler.save().unwrap()).unwrap();
    fresh.restore(&serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(&fresh, scaler);
    fresh
}

mod kubeai_preset {
    use super::*;

    fn config() -> Config {
        Config::new(bounds(1, 20))
            .latency_p99(Duration::from_millis(500))
            .gpu_utilization(80.0)
            .queue_depth(10.0)
    }

    fn verdict(decision: &Decision) -> Verdict {
        let judged = |reason: &Reason| match reason {
            Reason::KubeAi { reason: KubeAiReason::Judged { verdict, .. } } => Some(*verdict),
            _ => None,
        };
        reasons(decision).iter().find_map(judged).expect("every decision is judged")
    }

    fn seen(at: i64, replicas: u32, latency: f64, gpu: f64, queue: f64) -> Snapshot<'static> {
        let snapshot = Snapshot::at(S(at)).replicas(replicas).value("latency_p99_seconds", latency).unwrap();
        snapshot.value("gpu_utilization", gpu).unwrap().value("queue_length", queue).unwrap()
    }

    const GONE: f64 = f64::NAN;

    #[test]
    fn a_missing_reading_holds_a_reduction_and_lets_growth_through() {
        let build = |missing| Autoscaler::kubeai(config().missing(missing)).unwrap();
        let low = seen(0, 10, 0.1, GONE, 20.0);
        let held = build(Missing::Hold).decide(&low);
        assert_eq!((held.replicas(), verdict(&held)), (10, Verdict::HeldByMissing));
        assert!(reasons(&held).contains(&Reason::KubeAi { reason: KubeAiReason::Missing { metric: 1 } }));
        assert_eq!(build(Missing::Ignore).decide(&low).replicas(), 2);
        let high = seen(0, 10, GONE, 60.0, 150.0);
        for missing in [Missing::Hold, Missing::Ignore] {
            assert_eq!(build(missing).decide(&high).replicas(), 15, "{missing:?}");
            let dark = build(missing).decide(&seen(0, 30, GONE, GONE, GONE));
            assert_eq!((dark.replicas(), verdict(&dark)), (20, Verdict::NoMetrics), "{missing:?}");
        }
        let all = build(Missing::Hold).decide(&seen(0, 10, 0.1, 0.0, 20.0));
        assert_eq!(all.replicas(), 2, "an idle GPU is a reading");
    }

    #[test]
    fn one_cooldown_holds_both_directions_to_the_millisecond() {
        let build = || Autoscaler::kubeai(config()).unwrap();
        let mut scaler = build();
        let first = scaler.decide(&seen(0, 4, 1.0, 80.0, 40.0));
        assert_eq!((first.replicas(), first.next_change_at()), (8, Some(S(0))), "the first is never held");
        let held = scaler.decide(&seen(10, 8, 2.0, 80.0, 40.0));
        assert_eq!((held.replicas(), held.next_change_at()), (8, Some(S(300))));
        assert_eq!(verdict(&held), Verdict::MaxRatio);
        assert_eq!(held.to_string().split("; ").last(), Some("cooldown up until 300000 ms keeps 8"));
        let mut scaler = restored(&scaler, build());
        let mut last = seen(300, 8, 0.1, 8.0, 8.0);
        last.set_at(Timestamp::from_millis(299_999));
        assert_eq!(scaler.decide(&last).replicas(), 8);
        last.set_at(S(300));
        assert_eq!(scaler.decide(&last).replicas(), 2);
    }

    #[test]
    fn a_decision_that_changes_nothing_does_not_start_the_clock_again() {
        let mut scaler = Autoscaler::kubeai(config()).unwrap();
        scaler.decide(&seen(0, 4, 1.0, 80.0, 40.0));
        scaler.decide(&seen(200, 8, 0.5, 80.0, 80.0));
        assert_eq!(scaler.decide(&seen(300, 8, 1.0, 80.0, 80.0)).replicas(), 16);
        let mut refused = Autoscaler::kubeai(config()).unwrap();
        refused.propose(&seen(0, 4, 1.0, 80.0, 40.0));
        refused.rejected();
        assert_eq!(
            refused.decide(&seen(1, 4, 1.0, 80.0, 40.0)).replicas(),
            8,
            "what was not done starts no clock"
        );
    }

    #[test]
    fn cooldowns_may_differ_by_direction_and_have_clocks_of_their_own() {
        let run = |config: Config| {
            let mut scaler = Autoscaler::kubeai(config.missing(Missing::Ignore)).unwrap();
            scaler.decide(&seen(0, 4, 1.0, GONE, GONE)); // up, to 8
            let up = scaler.peek(&seen(1, 8, 1.0, GONE, GONE)).replicas();
            let down = scaler.peek(&seen(1, 8, 0.25, GONE, GONE)).replicas();
            (up, down)
        };
        assert_eq!(run(config()), (8, 8));
        assert_eq!(run(config().cooldowns(Duration::ZERO, secs(300))), (16, 8));
        assert_eq!(run(config().cooldowns(secs(300), Duration::ZERO)), (8, 4));
        assert_eq!(run(config().cooldown(Duration::ZERO)), (16, 4), "zero is none");
        assert_eq!(run(config().cooldown_clock(CooldownClock::PerDirection)), (8, 4));
    }

    #[test]
    fn a_count_outside_the_bounds_waits_for_the_cooldown_as_upstream() {
        let mut scaler = Autoscaler::kubeai(config()).unwrap();
        assert_eq!(scaler.decide(&seen(0, 25, 0.5, 80.0, 250.0)).replicas(), 20);
        assert_eq!(scaler.decide(&seen(10, 25, 0.5, 80.0, 250.0)).replicas(), 25);
    }

    #[test]
    fn settings_that_cannot_hold_are_refused() {
        let field = |config: Config| config.check().unwrap_err().field.into_owned();
        assert_eq!(Bounds::new(5, 2).unwrap_err().field, "max_replicas");
        assert_eq!(field(Config::new(bounds(1, 2))), "targets");
        for bad in [0.0, 0.9, 100.1, -1.0, f64::NAN] {
            assert_eq!(field(config().gpu_utilization(bad)), "targets.gpu_utilization_percent", "{bad}");
            assert_eq!(field(config().gpu_memory(bad)), "targets.gpu_memory_percent", "{bad}");
        }
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(field(config().queue_depth(bad)), "targets.queue_depth_per_replica", "{bad}");
        }
        assert_eq!(field(config().latency_p95(Duration::ZERO)), "targets.latency_p95_ms");
        for bad in [-0.1, f64::NAN, f64::INFINITY] {
            assert_eq!(field(config().weights([1.0, bad])), "algorithm.weights", "{bad}");
        }
        for bad in [-0.1, 1.1, f64::NAN] {
            assert_eq!(field(config().tolerance(bad)), "algorithm.tolerance", "{bad}");
        }
        assert!(config().tolerance(0.0).check().is_ok() && config().tolerance(1.0).check().is_ok());
        assert!(config().weights([0.0, 4.0]).check().is_ok(), "weights are relative");
        assert_eq!(field(config().algorithm("  ")), "algorithm.name");
        assert_eq!(
            field(config().metric(Slot::QueueDepth, "gpu_utilization")),
            "metrics.queue_depth_per_replica"
        );
        let tolerant = Behavior::new().up(Rules::new().tolerance(0.2));
        assert_eq!(field(config().behavior(tolerant)), "behavior.tolerance");
    }

    #[test]
    fn documents_go_through_the_same_door() {
        let full = config()
            .metric(Slot::QueueDepth, "vllm:num_requests_waiting")
            .algorithm("WeightedRatio")
            .weights([1.0, 1.0, 0.5])
            .tolerance(0.2)
            .cooldowns(secs(30), secs(600))
            .cooldown_clock(CooldownClock::PerDirection)
            .missing(Missing::Ignore)
            .unknown_algorithm(UnknownAlgorithm::UseMaxRatio)
            .behavior(Behavior::new());
        for config in [config(), full] {
            let text = serde_json::to_string(&config).unwrap();
            assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config, "{text}");
        }
        let least = r#"{"bounds":{"min":1,"max":20},"targets":{"queue_depth_per_replica":10}}"#;
        assert_eq!(
            serde_json::from_str::<Config>(least).unwrap(),
            Config::new(bounds(1, 20)).queue_depth(10.0)
        );
        for (good, bad) in [
            (r#""min":1"#, r#""min":21"#),
            (r#""min":1"#, r#""min":-1"#),
            (r#""max":20"#, r#""max":-20"#),
            (":10}", ":0}"),
            ("queue_depth_per_replica", "queue_depth"),
            (":10}}", r#":10},"algorithm":{"weights":[-1]}}"#),
            (":10}}", r#":10},"algorithm":{"tolerance":2}}"#),
            (":10}}", r#":10},"cooldown_up_ms":-1}"#),
            (":10}}", r#":10},"cooldown_ms":1}"#),
        ] {
            assert!(least.contains(good), "{good}");
            assert!(serde_json::from_str::<Config>(&least.replacen(good, bad, 1)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_minimum_of_zero_is_one() {
        let config = Config::new(bounds(0, 20)).queue_depth(10.0);
        let idle = Snapshot::at(S(0)).replicas(5).value("queue_length", 0.0).unwrap();
        assert_eq!(Autoscaler::kubeai(config.clone()).unwrap().decide(&idle).replicas(), 1);
        let asleep = Snapshot::at(S(0)).value("queue_length", 500.0).unwrap();
        assert_eq!(Autoscaler::kubeai(config).unwrap().decide(&asleep).replicas(), 1);
    }

    #[test]
    fn an_unknown_algorithm_is_refused_or_said() {
        let error = Autoscaler::kubeai(config().algorithm("Nonexistent")).unwrap_err();
        assert_eq!(error.field, "algorithm.name");
        assert_eq!(error.allowed, "one of AverageRatio, MaxRatio, WeightedRatio");
        let lenient = config().algorithm("Nonexistent").unknown_algorithm(UnknownAlgorithm::UseMaxRatio);
        let decision = Autoscaler::kubeai(lenient).unwrap().decide(&seen(0, 4, 0.75, 80.0, 40.0));
        assert_eq!((decision.replicas(), verdict(&decision)), (6, Verdict::MaxRatio));
        assert_eq!(reasons(&decision)[0], Reason::KubeAi { reason: KubeAiReason::UnknownAlgorithm });
    }

    #[test]
    fn several_readings_of_a_slot_become_one_by_its_kind() {
        let instances = [1, 2, 3].map(|_| Instance {
            phase: Phase::Running,
            readiness: Readiness::Ready,
            ..Instance::default()
        });
        let columns = |latency: [f64; 3]| {
            let snapshot = Snapshot::at(S(0)).replicas(3).instances(instances.to_vec()).unwrap();
            let snapshot = snapshot.samples("latency_p99_seconds", latency.to_vec()).unwrap();
            let snapshot = snapshot.samples("gpu_utilization", vec![40.0, 60.0, 80.0]).unwrap();
            snapshot.samples("queue_length", vec![30.0, 0.0, 15.0]).unwrap()
        };
        let ratios = |decision: &Decision| -> Vec<Option<f64>> {
            let each = |reason: &Reason| match reason {
                Reason::KubeAi { reason: KubeAiReason::Ratio { ratio, .. } } => Some(Some(ratio.0)),
                Reason::KubeAi { reason: KubeAiReason::Missing { .. } } => Some(None),
                _ => None,
            };
            reasons(decision).iter().filter_map(each).collect()
        };
        let build = || Autoscaler::kubeai(config()).unwrap();
        let decision = build().decide(&columns([0.1, 0.75, 0.2]));
        assert_eq!(
            ratios(&decision),
            [Some(1.5), Some(0.75), Some(1.5)],
            "largest, mean, sum over three replicas"
        );
        let silent = build().decide(&columns([0.1, f64::NAN, 0.2]));
        assert_eq!(ratios(&silent)[0], None, "an instance that serves is silent");
        let negative = build().decide(&seen(0, 3, -0.1, 60.0, 45.0));
        assert_eq!(ratios(&negative), [None, Some(0.75), Some(1.5)]);
        let same = Snapshot::at(S(0)).replicas(3).samples("queue_length", 15.0).unwrap();
        assert_eq!(ratios(&build().decide(&same))[2], Some(1.5), "each of three has fifteen");
    }

    #[test]
    fn behavior_paces_before_the_cooldown() {
        let slow = Behavior::new()
            .up(Rules::new().policies([Pace::pods(2, secs(60))]))
            .down(Rules::new().window(secs(120)).policies([Pace::pods(1, secs(60))]));
        let mut scaler = Autoscaler::kubeai(config().behavior(slow).cooldown(Duration::ZERO)).unwrap();
        assert_eq!(scaler.decide(&seen(0, 4, 2.5, 80.0, 40.0)).replicas(), 6);
        assert_eq!(scaler.decide(&seen(61, 6, 0.05, 8.0, 6.0)).replicas(), 6, "stabilized");
        assert_eq!(scaler.decide(&seen(200, 6, 0.05, 8.0, 6.0)).replicas(), 5, "one at a time");
    }

    /// Gives a count, or fails.
    #[derive(Clone, Debug)]
    struct Scripted(Option<i64>);

    impl Algorithm for Scripted {
        fn compute(&self, _: &Call<'_>) -> Result<Answer, Label> {
            let verdict = Verdict::Custom(Label::new("scripted"));
            self.0.map(|count| Answer { count, combined: None, verdict }).ok_or(Label::new("broken"))
        }

        fn clone_box(&self) -> Box<dyn Algorithm> {
            Box::new(self.clone())
        }
    }

    fn custom(build: impl Fn(&Policy) -> Box<dyn Algorithm> + Send + Sync + 'static) -> Autoscaler {
        let mut registry = Registry::default();
        registry.register("Mine", build).unwrap();
        Autoscaler::kubeai_with(config().algorithm("Mine"), &registry, &Policy::default()).unwrap()
    }

    #[test]
    fn a_custom_algorithm_is_bounded_and_its_failure_holds() {
        let now = seen(0, 4, 1.0, 80.0, 40.0);
        let decision = custom(|_| Box::new(Scripted(Some(500)))).decide(&now);
        assert_eq!((decision.replicas(), decision.replay()), (20, Some(20)));
        let failed = custom(|_| Box::new(Scripted(None))).decide(&now);
        assert_eq!((failed.replicas(), failed.outcome()), (4, Outcome::Held));
        assert!(
            reasons(&failed).contains(&Reason::Failed { failure: Failure::Custom(Label::new("broken")) })
        );
    }

    #[test]
    fn a_custom_algorithm_remembers_through_a_restore_and_while_held() {
        let build = || custom(|_| Box::new(CappedSmoothRatio::default()));
        let mut scaler = build();
        let combined = |decision: &Decision| {
            reasons(decision).iter().find_map(|reason| match reason {
                Reason::KubeAi { reason: KubeAiReason::Judged { combined, .. } } => *combined,
                _ => None,
            })
        };
        let first = scaler.decide(&seen(0, 4, 1.5, 80.0, 40.0));
        assert_eq!((first.replicas(), combined(&first).map(|r| r.0)), (6, Some(3.0)));
        scaler = restored(&scaler, build());
        let second = scaler.decide(&seen(15, 6, 0.5, 80.0, 60.0));
        assert_eq!(combined(&second).map(|r| r.0), Some(0.3 * 1.0 + (1.0 - 0.3) * 3.0));
        assert_eq!(second.replicas(), 6, "in the cooldown");
        scaler = restored(&scaler, build());
        let third = scaler.decide(&seen(30, 6, 0.5, 80.0, 60.0));
        assert!(combined(&third).map(|r| r.0) < combined(&second).map(|r| r.0), "it smoothed on while held");
        let text = serde_json::to_string(&scaler.save().unwrap()).unwrap();
        let mut other = Autoscaler::kubeai(config()).unwrap();
        assert!(other.restore(&serde_json::from_str(&text).unwrap()).is_err(), "another algorithm's memory");
    }
}

mod gaussian_preset {
    use super::*;

    fn band() -> Thresholds {
        Thresholds::new(0.4, 0.8).unwrap()
    }

    fn by_window() -> Autoscaler {
        let config = gaussian::Config::window(bounds(1, 30), band(), "cpu", secs(60));
        Autoscaler::gaussian(config).unwrap()
    }

    fn seen(at: i64, cpu: f64) -> Snapshot<'static> {
        Snapshot::at(S(at)).replicas(10).value("cpu", cpu).unwrap()
    }

    #[test]
    fn fewer_than_two_samples_hold_and_the_variance_is_unbiased() {
        let mut scaler = by_window();
        for cpu in [f64::NAN, 0.01] {
            let held = scaler.decide(&seen(0, cpu));
            assert_eq!((held.replicas(), held.outcome()), (10, Outcome::Held));
            assert!(reasons(&held).contains(&Reason::Failed { failure: Failure::NoData }));
        }
        let second = scaler.decide(&seen(15, 0.11));
        // Mean 0.06, deviation 0.1 / sqrt 2; q = 0.1763, and 10 q / 0.4 = 4.4. The biased variance would give 4.
        assert_eq!(second.replicas(), 5, "{second}");
        assert_eq!(
            second.to_string(),
            "10 -> 5: mean 0.06, deviation 0.0707 of 2 samples; upper quantile 0.1763 asks for 5"
        );
    }

    #[test]
    fn samples_leave_after_the_width_and_a_gap_does_not_remove() {
        let mut scaler = by_window();
        scaler.decide(&seen(0, 0.1));
        scaler.decide(&seen(30, 0.1));
        assert_eq!(scaler.peek(&seen(60, 0.1)).replicas(), 3);
        let gap = scaler.peek(&Snapshot::at(S(60)).replicas(10));
        assert_eq!((gap.replicas(), gap.outcome()), (10, Outcome::Decided));
        let stale = scaler.peek(&Snapshot::at(S(61)).replicas(10));
        assert_eq!((stale.replicas(), stale.outcome()), (10, Outcome::Held), "one sample is left");
    }

    #[test]
    fn the_window_survives_a_restore_to_the_last_bit() {
        let mut scaler = by_window();
        let mut copy = by_window();
        for i in 0..40 {
            let cpu = 0.3 + 0.4 * ((i * 7919) % 13) as f64 / 13.0;
            let a = scaler.decide(&seen(i * 7, cpu));
            let b = copy.decide(&seen(i * 7, cpu));
            assert_eq!(a, b);
            copy = restored(&scaler, by_window());
        }
    }

    #[test]
    fn given_values_are_taken_as_they_are_or_hold() {
        let config = gaussian::Config::values(bounds(1, 30), band(), "mean", "deviation");
        let decide = |mean: f64, deviation: f64| {
            let snapshot = Snapshot::at(S(0)).replicas(10).value("mean", mean).unwrap();
            Autoscaler::gaussian(config.clone())
                .unwrap()
                .decide(&snapshot.value("deviation", deviation).unwrap())
        };
        assert_eq!(decide(0.6, 0.1).replicas(), 10);
        assert_eq!(decide(0.81, 0.005).replicas(), 11);
        assert_eq!(decide(0.1, 0.05).replicas(), 5);
        assert_eq!(decide(0.9, 0.0).replicas(), 12, "no deviation is the threshold itself");
        for (mean, deviation) in [(0.1, -0.1), (0.1, f64::NAN), (f64::INFINITY, 0.1)] {
            let held = decide(mean, deviation);
            assert_eq!((held.replicas(), held.outcome()), (10, Outcome::Held));
            assert!(reasons(&held).contains(&Reason::Failed { failure: Failure::InvalidReading }));
        }
        let mut blind = Autoscaler::gaussian(config.clone()).unwrap();
        assert_eq!(blind.decide(&Snapshot::at(S(0)).replicas(40)).replicas(), 30, "bounds hold in the dark");
    }
}
