//! Ranges and defaults of the settings, and their form in documents.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn config() -> Config {
    Config::new(Bounds::new(1, 10).unwrap()).metric("load", 70.0)
}

fn refused(config: Config) -> String {
    config.check().unwrap_err().field.into_owned()
}

#[test]
fn defaults_are_the_documented_ratios() {
    let rules = config().check().unwrap().rules();
    assert_eq!((rules.tolerance, rules.panic_threshold), (Tolerance::both(0.1), 2.0));
    assert_eq!((rules.up_rate, rules.down_rate, rules.starting_weight), (2.0, 0.5, 0.5));
    assert_eq!((rules.up_cooldown, rules.down_cooldown), (Duration::ZERO, Duration::from_secs(300)));
    assert_eq!((rules.up.select, rules.down.select), (Select::Max, Select::Min));
    assert_eq!(rules.gate, StartingGate { max_starting: 0, max_percent: 50 });
    assert_eq!((rules.overlap, rules.pacing), (Overlap::First, Pacing::OverPeriod));
    assert!(rules.gpu.is_none() && rules.prediction.is_none() && !rules.enforce_bounds_last);
}

#[test]
fn bounds_that_contradict_each_other_cannot_be_built() {
    assert_eq!(Bounds::new(5, 3).unwrap_err().field, "max_replicas");
    assert!(Config::new(Bounds::new(0, 1).unwrap()).metric("load", 1.0).check().is_ok());
}

#[test]
fn weights_and_confidences_are_shares() {
    for bad in [-0.001, 1.001, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(config().starting_weight(bad)), "starting_weight");
        let blend = Blend::default();
        assert_eq!(refused(config().prediction(Blend { weight: bad, ..blend })), "prediction.weight");
        assert_eq!(
            refused(config().prediction(Blend { min_confidence: bad, ..blend })),
            "prediction.min_confidence"
        );
    }
    let edges = config().starting_weight(1.0).prediction(Blend {
        weight: 0.0,
        min_confidence: 1.0,
        max_replicas: Some(1),
    });
    assert!(edges.starting_weight(0.0).check().is_ok());
}

#[test]
fn each_range_is_kept_at_both_ends() {
    for bad in [-0.1, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(config().tolerance(Tolerance { up: bad, down: 0.1 })), "tolerance.up");
        assert_eq!(refused(config().tolerance(Tolerance { up: 0.1, down: bad })), "tolerance.down");
        assert_eq!(refused(config().scale_down_rate(bad)), "scale_down_rate");
        assert_eq!(refused(config().panic_threshold(bad)), "panic_threshold");
        assert_eq!(refused(config().budget_per_hour(bad)), "budget_per_hour");
    }
    for bad in [0.5, 0.999, -2.0, f64::NAN] {
        assert_eq!(refused(config().scale_up_rate(bad)), "scale_up_rate");
    }
    for bad in [-1.0, 100.1, f64::NAN] {
        assert_eq!(refused(config().gpu(GpuThresholds { memory: Some(bad), compute: None })), "gpu.memory");
        assert_eq!(refused(config().gpu(GpuThresholds { memory: None, compute: Some(bad) })), "gpu.compute");
    }
    assert_eq!(refused(config().max_starting_percent(101)), "max_starting_percent");
    assert_eq!(refused(config().max_starting(u32::MAX)), "max_starting");
    for bad in [0, u32::MAX] {
        let blend = Blend { max_replicas: Some(bad), ..Blend::default() };
        assert_eq!(refused(config().prediction(blend)), "prediction.max_replicas");
    }
    let policy = |policy| Side::new().policies([policy]);
    assert_eq!(refused(config().up(policy(Policy::pods(u32::MAX, MINUTE)))), "up.policies.step");
    assert_eq!(refused(config().down(policy(Policy::pods(1, Duration::ZERO)))), "down.policies.period");
    assert_eq!(
        refused(config().down(policy(Policy::pods(1, LONGEST_PERIOD + MINUTE)))),
        "down.policies.period"
    );
    let edges = config()
        .scale_up_rate(0.0)
        .scale_down_rate(7.0)
        .max_starting_percent(100)
        .gpu(GpuThresholds { memory: Some(0.0), compute: Some(100.0) })
        .budget_per_hour(0.0)
        .up(policy(Policy::pods(0, LONGEST_PERIOD)));
    assert!(edges.scale_up_rate(1.0).tolerance(Tolerance::both(0.0)).check().is_ok());
}

#[test]
fn metrics_are_named_once_and_have_usable_targets() {
    assert_eq!(refused(Config::new(Bounds::new(1, 2).unwrap())), "metrics");
    assert_eq!(refused(config().metric("load", 3.0)), "metrics.load");
    assert_eq!(refused(config().metric("", 3.0)), "metric name");
    for bad in [0.0, -5.0, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(config().metric("bad", bad)), "metrics.bad");
    }
}

#[test]
fn target_texts_are_plain_decimal_numbers() {
    for (text, value) in [("70", 70.0), ("0.5", 0.5), (".5", 0.5), ("1e3", 1000.0), ("+7", 7.0)] {
        assert_eq!(target_value(text), Some(value), "{text}");
    }
    for text in ["", "abc", "-5", "0", "70%", "500m", "NaN", "inf", "1e999", " 7", "7 "] {
        assert_eq!(target_value(text), None, "{text}");
    }
}

#[cfg(feature = "serde")]
mod documents {
    use super::*;
    use serde_json::{Value, json};

    fn read(document: Value) -> Result<Config, serde_json::Error> {
        serde_json::from_value(document)
    }

    fn least() -> Value {
        json!({ "bounds": { "min": 1, "max": 10 }, "metrics": [{ "name": "load", "target": 70.0 }] })
    }

    fn with(field: &str, value: Value) -> Value {
        let mut document = least();
        document[field] = value;
        document
    }

    #[test]
    fn a_document_with_the_least_has_all_defaults() {
        assert_eq!(read(least()).unwrap(), config());
    }

    #[test]
    fn everything_that_is_written_is_read_again() {
        let full = config()
            .metric_from(Source::Resource, "cpu", 80.0)
            .strategy(Strategy::Kpa)
            .tolerance(Tolerance { up: 0.05, down: 0.2 })
            .scale_up_rate(3.0)
            .scale_down_rate(0.9)
            .panic_threshold(1.5)
            .starting_weight(0.25)
            .up(Side::new().cooldown(Duration::from_millis(1_500)).select(Select::Disabled))
            .down(Side::new().policies([Policy::pods(4, MINUTE), Policy::percent(10, MINUTE)]))
            .pacing(Pacing::PerEvaluation)
            .max_starting(3)
            .max_starting_percent(29)
            .bypass_gate_on_panic(true)
            .gpu(GpuThresholds { memory: Some(80.0), compute: None })
            .prediction(Blend { weight: 0.5, min_confidence: 0.8, max_replicas: Some(20) })
            .budget_per_hour(12.5)
            .overlap(Overlap::Largest)
            .enforce_bounds_last(true);
        let text = serde_json::to_string(&full).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), full);
    }

    #[test]
    fn reading_goes_through_the_same_door() {
        for (field, value) in [
            ("bounds", json!({ "min": 5, "max": 3 })),
            ("bounds", json!({ "min": -1, "max": 3 })),
            ("metrics", json!([])),
            ("metrics", json!([{ "name": "load", "target": -1.0 }])),
            ("starting_weight", json!(1.5)),
            ("max_starting", json!(-1)),
            ("max_starting_percent", json!(-1)),
            ("prediction", json!({ "weight": -0.1 })),
            ("prediction", json!({ "min_confidence": 1.1 })),
            ("prediction", json!({ "max_replicas": -4 })),
            ("tolerance", json!({ "up": -0.1, "down": 0.1 })),
            ("up", json!({ "cooldown_ms": -1 })),
            ("up", json!({ "policies": [{ "step": { "pods": -1 }, "period_ms": 60000 }] })),
            ("unknown", json!(1)),
        ] {
            assert!(read(with(field, value.clone())).is_err(), "{field}: {value}");
        }
    }
}
