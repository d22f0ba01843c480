//! Adapter of the AIBrix vector file.

use crate::case::{Verdict, at, float, int, json_number, list, number, seconds};
use serde_json::{Value, json};
use setpoint::aibrix::{
    Config, Effective, Load, Memory, Mode, Schedule, Settings, Status, Strategy, clamp, evaluate, kpa,
};
use setpoint::schedule::{Daily, Weekdays};
use setpoint::state::{StateReader, StateWriter};
use setpoint::window::LatestBuckets;
use setpoint::{Autoscaler, Bounds, Outcome, Snapshot, StateError};

/// Marks a metric without a target.
const NO_TARGET: f64 = -12345.0;

pub(crate) fn case(case: &Value) -> Verdict {
    let input = &case["input"];
    let run = match case["kind"].as_str() {
        Some("algorithm") => return Verdict::compare(&case["expect"], &algorithm(input)),
        Some("kpa_core") => return Verdict::compare(&case["expect"], &kpa_core(input)),
        Some("time_window") => time_window,
        Some("cooldown") => cooldown,
        Some("pipeline") => pipeline,
        _ => return Verdict::unknown_kind(&case["kind"]),
    };
    let steps = list(&case["steps"]);
    let expected: Value = steps.iter().map(|step| step["expect"].clone()).collect();
    let plain = Verdict::compare(&expected, &run(input, steps, false));
    if !matches!(plain, Verdict::Pass) {
        return plain;
    }
    Verdict::compare(&expected, &run(input, steps, true))
}

fn settings(input: &Value) -> Settings {
    Settings {
        max_scale_up_rate: float(&input["max_scale_up_rate"]),
        max_scale_down_rate: float(&input["max_scale_down_rate"]),
        scale_up_tolerance: float(&input["scale_up_tolerance"]),
        scale_down_tolerance: float(&input["scale_down_tolerance"]),
        panic_threshold: float(&input["panic_threshold"]),
    }
}

fn target(input: &Value) -> Option<f64> {
    Some(float(&input["target_value"])).filter(|target| *target != NO_TARGET)
}

fn load(input: &Value) -> Load {
    Load { stable: float(&input["stable_value"]), panic: float(&input["panic_value"]) }
}

fn strategy(input: &Value) -> Strategy {
    match input["strategy"].as_str() {
        Some("APA") => Strategy::Apa,
        Some("KPA") => Strategy::Kpa,
        _ => panic!("unknown strategy {}", input["strategy"]),
    }
}

fn algorithm(input: &Value) -> Value {
    let current = int(&input["current_replicas"]);
    let answer = evaluate(strategy(input), &settings(input), current, target(input), load(input));
    let mode = answer.mode.map(|mode| match mode {
        Mode::Stable => "stable",
        Mode::Panic => "panic",
    });
    let count = clamp(answer.count, int(&input["min_replicas"]), int(&input["max_replicas"]));
    json!({ "desired_replicas": count, "mode": mode })
}

fn kpa_core(input: &Value) -> Value {
    let mode = match input["in_panic_mode"].as_bool() {
        Some(true) => Mode::Panic,
        Some(false) => Mode::Stable,
        None => panic!("in_panic_mode is no truth value"),
    };
    let memory = Memory {
        panic_maximum: int(&input["max_panic_replicas"]),
        activation_scale: int(&input["activation_scale"]),
    };
    let current = int(&input["current_replicas"]);
    let answer = kpa(&settings(input), current, target(input), load(input), mode, memory);
    json!({ "desired_replicas": answer.count, "max_panic_replicas_after": answer.panic_maximum })
}

fn time_window(input: &Value, steps: &[Value], restored: bool) -> Value {
    let build = || {
        let (window, granularity) = (&input["duration_seconds"], &input["granularity_seconds"]);
        LatestBuckets::new(seconds(window), seconds(granularity)).expect("a window")
    };
    let mut window = build();
    let answer = |step: &Value| {
        window.record(at(&step["at_ms"]), float(&step["value"]));
        if restored {
            let mut fresh = build();
            through_text(|out| window.save(out), |from| fresh.restore(from));
            window = fresh;
        }
        let or_null = |x: Option<f64>| x.map_or(Value::Null, json_number);
        json!({
            "average": or_null(window.average()),
            "count": window.len(),
            "maximum": or_null(window.maximum()),
            "minimum": or_null(window.minimum()),
        })
    };
    steps.iter().map(answer).collect()
}

fn annotated(config: Config, input: &Value) -> Config {
    let texts = input["annotations"].as_object().expect("annotations");
    let texts = texts.iter().map(|(name, text)| (name.as_str(), text.as_str().expect("a text")));
    config.annotations(texts).expect("annotations that can be read")
}

fn cooldown(input: &Value, steps: &[Value], restored: bool) -> Value {
    let bounds = Bounds::new(0, 1_000_000).expect("bounds");
    let config =
        annotated(Config::new(Strategy::Apa, bounds).metric("m", 1.0), input).check().expect("settings");
    let mut history = config.history();
    let answer = |step: &Value| {
        let (now, recommended) = (at(&step["at_ms"]), int(&step["recommended_replicas"]));
        let settled = history.settle(now, int(&step["current_replicas"]), recommended);
        history.record(now, recommended);
        if restored {
            let mut fresh = config.history();
            through_text(|out| history.save(out), |from| fresh.restore(from));
            history = fresh;
        }
        json!({ "stabilized_replicas": settled.count })
    };
    steps.iter().map(answer).collect()
}

fn config(input: &Value) -> Config {
    let count = |value: &Value| u32::try_from(int(value)).expect("a count");
    let min = if input["min_replicas"].is_null() { 1 } else { count(&input["min_replicas"]) };
    let bounds = Bounds::new(min, count(&input["max_replicas"])).expect("bounds");
    let mut config = annotated(Config::new(strategy(input), bounds), input);
    for metric in list(&input["metrics"]) {
        let (name, target) = (metric["name"].as_str().expect("a name"), float(&metric["target_value"]));
        config = match metric["source"].as_str() {
            Some("pod") => config.metric(name, target),
            Some("external") => config.external(name, target),
            _ => panic!("unknown source {}", metric["source"]),
        };
    }
    if !input["observe_window_seconds"].is_null() {
        config = config.stable_window(seconds(&input["observe_window_seconds"]));
    }
    if !input["panic_window_seconds"].is_null() {
        config = config.panic_window(seconds(&input["panic_window_seconds"]));
    }
    list(&input["schedules"]).iter().fold(config, |config, given| {
        let time = |field: &str| given[field].as_str().expect("a text").parse().expect("a time of day");
        let days = match &given["days_of_week"] {
            Value::Null => Weekdays::ALL,
            days => Weekdays::named(list(days).iter().filter_map(Value::as_str)).expect("days"),
        };
        let span = Daily::new(time("start_time"), time("end_time"), days).expect("a span");
        let mut schedule = Schedule::new(given["name"].as_str().expect("a name"), span);
        if !given["min_replicas"].is_null() {
            schedule = schedule.min(count(&given["min_replicas"]));
        }
        if !given["max_replicas"].is_null() {
            schedule = schedule.max(count(&given["max_replicas"]));
        }
        config.time_zone(given["timezone"].as_str().expect("a zone")).schedule(schedule)
    })
}

fn pipeline(input: &Value, steps: &[Value], restored: bool) -> Value {
    let config = config(input);
    let agenda = config.clone().check().expect("settings").agenda().clone();
    let build = || Autoscaler::aibrix(config.clone()).expect("settings");
    let mut scaler = build();
    let answer = |step: &Value| {
        let decision = scaler.decide(&snapshot(input, step));
        if restored {
            let text = serde_json::to_string(&scaler.save().expect("state")).expect("state as text");
            let mut fresh = build();
            fresh.restore(&serde_json::from_str(&text).expect("text as state")).expect("restored");
            assert_eq!(fresh, scaler);
            scaler = fresh;
        }
        assert_eq!(decision.replay(), Some(decision.replicas()), "{decision}");
        let Effective { bounds, .. } = agenda.at(at(&step["at_ms"]));
        let decided = decision.outcome() != Outcome::Held;
        json!({
            "desired_replicas": decided.then(|| decision.replicas()),
            "effective_max_replicas": bounds.max(),
            "effective_min_replicas": bounds.min(),
            "error": !decided,
            "reason": Status::of(strategy(input), &decision).map(|status| status.to_string()),
            "should_scale": decided.then(|| decision.changes()),
        })
    };
    steps.iter().map(answer).collect()
}

/// The file says "no pods" by an absent metric or an empty list, and "failed" by null.
fn snapshot(input: &Value, step: &Value) -> Snapshot<'static> {
    let current = u32::try_from(int(&step["current_replicas"])).expect("a count");
    let start = Snapshot::at(at(&step["at_ms"])).replicas(current);
    list(&input["metrics"]).iter().fold(start, |snapshot, metric| {
        let name = metric["name"].as_str().expect("a name").to_owned();
        if metric["source"] == "external" {
            let value = number(&step["external_values"][&name]).unwrap_or(f64::NAN);
            return snapshot.value(name, value).expect("one value each");
        }
        let pods = step["pod_values"][&name].as_array().map_or(&[][..], Vec::as_slice);
        let values: Vec<f64> = pods.iter().map(|v| number(v).unwrap_or(f64::NAN)).collect();
        snapshot.samples(name, values).expect("one column each")
    })
}

fn through_text(
    save: impl FnOnce(&mut StateWriter),
    restore: impl FnOnce(&StateReader<'_>) -> Result<(), StateError>,
) {
    let mut out = StateWriter::default();
    save(&mut out);
    let text = serde_json::to_string(&out.finish()).expect("state as text");
    let value: setpoint::state::Value = serde_json::from_str(&text).expect("text as state");
    StateReader::new("aibrix", &value).and_then(|from| restore(&from)).expect("restored");
}
