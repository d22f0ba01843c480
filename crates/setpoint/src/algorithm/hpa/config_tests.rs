use super::super::{Policy, Rules};
use super::*;

fn base() -> Config {
    Config::new(Bounds::new(1, 10).unwrap())
}

fn refused(config: &Config) -> String {
    config.plan().unwrap_err().field.into_owned()
}

#[test]
fn without_metrics_cpu_is_held_at_80_percent() {
    let plan = base().plan().unwrap();
    assert_eq!(plan.metrics.len(), 1);
    assert_eq!(plan.metrics[0].goal, Goal::Resource(PodTarget::Utilization(80)));
    assert!(plan.metrics[0].is_cpu());
    assert_eq!(plan.tolerance, Tolerance { up: 0.1, down: 0.1 });
    assert_eq!(plan.timing, CpuTiming::default());
    assert_eq!(plan.rules.scale_down_window, Duration::from_secs(300));
    assert_eq!(plan.rules.behavior, None);
}

#[test]
fn only_the_resource_cpu_distrusts_the_young() {
    let plan = base()
        .target("memory", Target::utilization(0.5).unwrap())
        .pods("cpu", Target::average_value(1.0).unwrap())
        .target("cpu", Target::average_value(1.0).unwrap())
        .plan()
        .unwrap();
    assert_eq!(plan.metrics.iter().map(PlannedMetric::is_cpu).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn utilization_snaps_to_whole_percent_and_refuses_the_rest() {
    let plan = |share| base().target("cpu", Target::utilization(share).unwrap()).plan();
    for percent in 1..=250 {
        let goal = plan(f64::from(percent) / 100.0).unwrap().metrics[0].goal;
        assert_eq!(goal, Goal::Resource(PodTarget::Utilization(percent)), "{percent}");
    }
    for bad in [0.575, 0.569_01, 0.001, 1e-12, 1e9] {
        assert_eq!(plan(bad).unwrap_err().field, "metrics.cpu.target", "{bad}");
    }
}

#[test]
fn values_are_whole_thousandths() {
    let plan = |amount| base().external("q", Target::value(amount).unwrap()).plan();
    for (amount, milli) in [(0.001, 1), (0.57, 570), (2.675, 2675), (1e12, 1_000_000_000_000_000)] {
        assert_eq!(
            plan(amount).unwrap().metrics[0].goal,
            Goal::External(WorkloadTarget::Value(milli)),
            "{amount}"
        );
    }
    for bad in [0.0005, 1.000_5, 1e-13, 1e300] {
        assert_eq!(plan(bad).unwrap_err().field, "metrics.q.target", "{bad}");
    }
}

#[test]
fn each_source_has_its_kinds_of_target() {
    let (utilization, average, value) =
        (Target::utilization(0.5).unwrap(), Target::average_value(1.0).unwrap(), Target::value(1.0).unwrap());
    for (source, target, ok) in [
        (Source::Resource, utilization, true),
        (Source::Resource, average, true),
        (Source::Resource, value, false),
        (Source::Pods, utilization, false),
        (Source::Pods, average, true),
        (Source::Pods, value, false),
        (Source::Object, utilization, false),
        (Source::Object, average, true),
        (Source::Object, value, true),
        (Source::External, utilization, false),
        (Source::External, average, true),
        (Source::External, value, true),
    ] {
        assert_eq!(base().metric(source, "m", target).plan().is_ok(), ok, "{source:?} {target:?}");
    }
    assert_eq!(refused(&base().target("", utilization)), "metric name");
}

#[test]
fn a_minimum_of_0_needs_the_switch_and_a_metric_without_instances() {
    let zero = Config::new(Bounds::new(0, 10).unwrap());
    let queue = Target::average_value(5.0).unwrap();
    assert_eq!(refused(&zero), "min_replicas");
    assert_eq!(refused(&zero.clone().external("queue", queue)), "min_replicas");
    assert_eq!(refused(&zero.clone().scale_to_zero(true)), "min_replicas");
    let plan = zero.external("queue", queue).scale_to_zero(true).plan().unwrap();
    assert_eq!(plan.rules.zero, ZeroRules { enabled: true, workload_metric: true });
}

#[test]
fn tolerances_are_checked_and_a_direction_may_have_its_own() {
    for bad in [-0.1, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(&base().tolerance(bad)), "tolerance", "{bad}");
        let up = Behavior::new().up(Rules::new().tolerance(bad));
        assert_eq!(refused(&base().behavior(up)), "behavior.up.tolerance", "{bad}");
    }
    let down = Behavior::new().down(Rules::new().tolerance(0.3));
    let plan = base().tolerance(0.2).behavior(down).plan().unwrap();
    assert_eq!(plan.tolerance, Tolerance { up: 0.2, down: 0.3 });
}

#[test]
fn the_behavior_is_filled_with_the_controller_wide_window() {
    let config = base().behavior(Behavior::new()).scale_down_window(Duration::from_secs(77));
    let behavior = config.plan().unwrap().rules.behavior.unwrap();
    assert_eq!(behavior.down.window, Duration::from_secs(77));
    let bad = Behavior::new().up(Rules::new().policies([Policy::pods(0, Duration::from_secs(1))]));
    assert_eq!(refused(&base().behavior(bad)), "behavior.up.policies.step");
}

#[cfg(feature = "serde")]
#[test]
fn a_configuration_survives_text_and_is_checked_on_the_way_in() {
    let minute = Duration::from_secs(60);
    let config = base()
        .target("cpu", Target::utilization(0.57).unwrap())
        .object("queue", Target::value(12.5).unwrap())
        .tolerance(0.05)
        .cpu_initialization_period(minute)
        .initial_readiness_delay(Duration::from_millis(1500))
        .scale_down_window(minute)
        .behavior(
            Behavior::new()
                .up(Rules::new().select(super::super::Select::Min).tolerance(0.2))
                .down(Rules::new().window(minute).policies([Policy::percent(10, minute)])),
        )
        .scale_to_zero(true);
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config);
    assert!(text.contains(r#""initial_readiness_delay_ms":1500"#), "{text}");

    let least: Config = serde_json::from_str(r#"{"bounds":{"min":1,"max":10}}"#).unwrap();
    assert_eq!(least, base());
    for bad in [
        r#"{"bounds":{"min":0,"max":10}}"#,
        r#"{"bounds":{"min":1,"max":10},"tolerance":-1}"#,
        r#"{"bounds":{"min":1,"max":10},"behavior":{"up":{"policies":[]}}}"#,
        r#"{"bounds":{"min":1,"max":10},"unknown":1}"#,
    ] {
        assert!(serde_json::from_str::<Config>(bad).is_err(), "{bad}");
    }
}
