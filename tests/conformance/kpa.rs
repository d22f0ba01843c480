//! Adapters of the kpa vector files. Stateful cases run twice: plainly, and with everything saved to text and restored
//! into fresh objects after every step.

use crate::case::{Verdict, at, float, int, json_number, list, same, seconds};
use serde_json::{Map, Value, json};
use setpoint::Timestamp;
use setpoint::algorithm::kpa::{
    Activity, Annotations, Collector, Condition, Effective, Metric, NonFinite, Outcome, Panic, Progress,
    Reachability, Reading, RouteMode, Scaler, Settings, Situation, Spec, Statistic, Status, activators,
    apply as apply_rules, average_from_text, next_condition,
};
use setpoint::state::{StateReader, StateWriter};
use setpoint::window::bucketed::smoothing_coefficient;
use setpoint::window::{Average, Bucketed, MaxWindow};
use std::time::Duration;

pub(crate) fn windows(case: &Value) -> Verdict {
    let input = &case["input"];
    match input["kind"].as_str().unwrap_or_default() {
        "linear_window" => twice(case, 0.0, |restore| averages(input, Average::Linear, restore)),
        "weighted_exponential_window" => {
            twice(case, 1e-12, |restore| averages(input, Average::WeightedExponential, restore))
        }
        "max_window" => twice(case, 0.0, |restore| maxima(input, restore)),
        "smoothing_coefficient" => {
            let coefficient = smoothing_coefficient(int(&input["buckets"]) as usize);
            Verdict::within(&case["expect"], &json!({ "smoothing_coefficient": coefficient }), 1e-12)
        }
        _ => Verdict::unknown_kind(&input["kind"]),
    }
}

pub(crate) fn scale(case: &Value) -> Verdict {
    let input = &case["input"];
    match input["kind"].as_str().unwrap_or_default() {
        "scale" => twice(case, 0.0, |restore| injected(input, restore)),
        "pipeline" => {
            let weighted = algorithm(input) == Average::WeightedExponential;
            pipeline_verdict(case, if weighted { 1e-12 } else { 0.0 })
        }
        "initial_status" => Verdict::compare(&case["expect"], &initial_status(input)),
        "resolve_spec" => Verdict::compare(&in_nanoseconds(&case["expect"]), &resolved(input)),
        "validate_config" => Verdict::compare(&in_nanoseconds(&case["expect"]), &validated_settings(input)),
        "validate_annotations" => {
            let valid = annotations(input).validate(&settings(input)).is_ok();
            Verdict::compare(&case["expect"], &json!({ "valid": valid }))
        }
        "apply" => Verdict::compare(&in_nanoseconds(&case["expect"]), &applied(input)),
        "active_condition" => Verdict::compare(&case["expect"], &condition(input)),
        "num_activators" => {
            let number = |name: &str| float(&input[name]);
            let n = activators(
                int(&input["ready"]),
                number("total_value"),
                number("target_burst_capacity"),
                number("activator_capacity"),
            );
            Verdict::compare(&case["expect"], &json!({ "activators": n }))
        }
        _ => Verdict::unknown_kind(&input["kind"]),
    }
}

/// Fields that hold spans. The files write whole nanoseconds as seconds; they are compared as nanoseconds.
const SPANS: &[&str] = &[
    "panic_window",
    "requeue_after",
    "scale_down_delay",
    "scale_to_zero_grace_period",
    "scale_to_zero_pod_retention_period",
    "stable_window",
];

/// The same, with every span in nanoseconds.
fn in_nanoseconds(of: &Value) -> Value {
    fn spans(of: &Value) -> Value {
        match of {
            Value::Array(items) => items.iter().map(spans).collect(),
            one => ns(seconds(one)),
        }
    }
    match of {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let span = SPANS.contains(&name.as_str());
                (name.clone(), if span { spans(value) } else { in_nanoseconds(value) })
            })
            .collect(),
        other => other.clone(),
    }
}

fn ns(span: Duration) -> Value {
    u64::try_from(span.as_nanos()).expect("a span of the files").into()
}

/// Runs a stateful case plainly and with restoring; both must give what the file expects.
fn twice(case: &Value, tolerance: f64, run: impl Fn(bool) -> Value) -> Verdict {
    let plain = run(false);
    let restored = run(true);
    if plain != restored {
        return Verdict::Fail {
            expected: format!("as without restoring: {plain}"),
            got: restored.to_string(),
        };
    }
    Verdict::within(&case["expect"], &plain, tolerance)
}

/// What `save` writes, through its text form.
fn saved(save: impl FnOnce(&mut StateWriter)) -> setpoint::state::Value {
    let mut out = StateWriter::default();
    save(&mut out);
    let text = serde_json::to_string(&out.finish()).expect("state can be written");
    serde_json::from_str(&text).expect("state can be read")
}

fn reader(value: &setpoint::state::Value) -> StateReader<'_> {
    StateReader::new("state", value).expect("state has fields")
}

fn averages(input: &Value, average: Average, restore: bool) -> Value {
    let granularity = seconds(&input["granularity"]);
    let mut length = seconds(&input["window"]);
    let mut window = Bucketed::new(length, granularity, average).expect("a window");
    let mut steps = Vec::new();
    for step in list(&input["steps"]) {
        let now = at(&step["at_ms"]);
        steps.push(match step["op"].as_str() {
            Some("record") => {
                window.record(now, float(&step["value"]));
                json!({})
            }
            Some("query") => {
                json!({ "average": json_number(window.average(now)), "is_empty": window.is_empty(now) })
            }
            Some("resize") => {
                length = seconds(&step["window"]);
                window.resize(length, now).expect("a window");
                json!({})
            }
            _ => Value::Null,
        });
        if restore {
            let state = saved(|out| window.save(out));
            window = Bucketed::new(length, granularity, average).expect("a window");
            window.restore(&reader(&state)).expect("its own state");
        }
    }
    json!({ "steps": steps })
}

fn maxima(input: &Value, restore: bool) -> Value {
    let fresh = || MaxWindow::new(seconds(&input["window"]), seconds(&input["granularity"]));
    let mut window = fresh();
    let mut steps = Vec::new();
    for step in list(&input["steps"]) {
        let (now, value) = (at(&step["at_ms"]), int(&step["value"]));
        let peeked = window.peek(now, value);
        window.record(now, value);
        assert_eq!(peeked, window.current(), "peek and record differ");
        steps.push(json!({ "current": window.current() }));
        if restore {
            let state = saved(|out| window.save(out));
            window = fresh();
            window.restore(&reader(&state)).expect("its own state");
        }
    }
    json!({ "steps": steps })
}

fn algorithm(input: &Value) -> Average {
    average_from_text(input["config"]["metric_aggregation_algorithm"].as_str().unwrap_or_default())
}

fn spec(config: &Value) -> Spec {
    let number = |name: &str| float(&config[name]);
    Spec {
        target_value: number("target_value"),
        total_value: number("total_value"),
        target_burst_capacity: number("target_burst_capacity"),
        panic_threshold: number("panic_threshold"),
        max_scale_up_rate: number("max_scale_up_rate"),
        max_scale_down_rate: number("max_scale_down_rate"),
        stable_window: seconds(&config["stable_window"]),
        reachable: config["reachable"] == true,
        activation_scale: int(&config["activation_scale"]),
        non_finite: NonFinite::PassThrough,
    }
}

/// The ready count, `None` if counting failed in another way than not finding anything.
fn ready(count: &Value, error: &Value) -> Option<i64> {
    (error.is_null() || error == "not_found").then(|| int(count))
}

fn created(input: &Value) -> Scaler {
    let count = ready(&input["initial_ready_pods"], &input["initial_ready_error"]).unwrap_or(0);
    let mut scaler =
        Scaler::new(at(&input["created_at_ms"]), count, seconds(&input["config"]["scale_down_delay"]));
    if let Some(state) = input["initial_state"].as_object() {
        scaler.set_panic(Panic {
            since: state["panic_since_ms"].as_i64().map(Timestamp::from_millis),
            max_pods: int(&state["max_panic_pods"]),
        });
    }
    scaler
}

fn panic_state(scaler: &Scaler) -> Value {
    let Panic { since, max_pods } = scaler.panic();
    json!({
        "in_panic": since.is_some(),
        "panic_since_ms": since.map(Timestamp::as_millis),
        "max_panic_pods": max_pods,
    })
}

fn stepped(outcome: &Outcome, scaler: &Scaler) -> Map<String, Value> {
    let mut step = panic_state(scaler).as_object().cloned().unwrap_or_default();
    step.insert("scale_valid".into(), outcome.is_valid().into());
    step.insert("desired".into(), outcome.desired().into());
    step.insert("excess_burst_capacity".into(), outcome.excess_burst_capacity().into());
    step
}

fn reborn(scaler: &Scaler) -> Scaler {
    let state = saved(|out| scaler.save(out));
    let mut fresh = Scaler::new(Timestamp::MIN, 0, Duration::ZERO);
    fresh.restore(&reader(&state)).expect("its own state");
    fresh
}

fn injected(input: &Value, restore: bool) -> Value {
    let mut config = input["config"].clone();
    let mut scaler = created(input);
    let initial = panic_state(&scaler);
    let mut steps = Vec::new();
    for step in list(&input["steps"]) {
        for (name, value) in step["update"].as_object().into_iter().flatten() {
            config[name] = value.clone();
        }
        let reading = step["metric_error"]
            .is_null()
            .then(|| Reading { stable: float(&step["stable_value"]), panic: float(&step["panic_value"]) });
        let count = ready(&step["ready_pods"], &step["ready_error"]);
        let outcome = scaler.tick(&spec(&config), at(&step["at_ms"]), count, reading);
        steps.push(stepped(&outcome, &scaler));
        if restore {
            scaler = reborn(&scaler);
        }
    }
    json!({ "initial": initial, "steps": steps })
}

fn pipeline(input: &Value, restore: bool) -> Value {
    let config = &input["config"];
    let (stable, panic) = (seconds(&config["stable_window"]), seconds(&config["panic_window"]));
    let fresh = || Collector::new(stable, panic, algorithm(input)).expect("windows");
    let metric = Metric::from_text(config["scaling_metric"].as_str().unwrap_or_default());
    let scrape_target = config["scrape_target"] == true;
    let mut scaler = created(input);
    let mut collector = fresh();
    let initial = panic_state(&scaler);
    let mut steps = Vec::new();
    for step in list(&input["steps"]) {
        let now = at(&step["at_ms"]);
        let number = |name: &str| float(&step[name]);
        steps.push(match step["op"].as_str() {
            Some("record") => {
                let statistic = Statistic {
                    concurrency: number("average_concurrent_requests"),
                    proxied_concurrency: number("average_proxied_concurrent_requests"),
                    requests: number("request_count"),
                    proxied_requests: number("proxied_request_count"),
                };
                collector.record(now, statistic);
                Map::new()
            }
            Some("scale") => {
                let reading = collector.read(metric, scrape_target, now);
                let count = ready(&step["ready_pods"], &step["ready_error"]);
                let outcome = scaler.tick(&spec(config), now, count, reading);
                let mut got = stepped(&outcome, &scaler);
                let value = |x: Option<f64>| x.map_or(Value::Null, json_number);
                got.insert("stable_value".into(), value(reading.map(|r| r.stable)));
                got.insert("panic_value".into(), value(reading.map(|r| r.panic)));
                got
            }
            _ => Map::from_iter([("unknown".to_owned(), step["op"].clone())]),
        });
        if restore {
            scaler = reborn(&scaler);
            let state = saved(|out| collector.save(out));
            collector = fresh();
            collector.restore(&reader(&state)).expect("its own state");
        }
    }
    json!({ "initial": initial, "steps": steps })
}

/// As [`twice`], but only the two readings of a step may differ by `tolerance`.
fn pipeline_verdict(case: &Value, tolerance: f64) -> Verdict {
    let verdict = twice(case, tolerance, |restore| pipeline(&case["input"], restore));
    let without_readings = |of: &Value| -> Value {
        let mut of = of.clone();
        for step in of["steps"].as_array_mut().into_iter().flatten() {
            for name in ["stable_value", "panic_value"] {
                step.as_object_mut().and_then(|step| step.remove(name));
            }
        }
        of
    };
    let got = without_readings(&pipeline(&case["input"], false));
    let expected = without_readings(&case["expect"]);
    if matches!(verdict, Verdict::Pass) && !same(&expected, &got, 0.0) {
        return Verdict::Fail { expected: expected.to_string(), got: got.to_string() };
    }
    verdict
}

fn initial_status(input: &Value) -> Value {
    let config = &input["config"];
    let status = Status::initial(
        int(&config["initial_scale"]),
        float(&config["total_value"]),
        float(&config["target_burst_capacity"]),
    );
    status.map_or(
        Value::Null,
        |status| json!({ "desired": status.desired, "excess_burst_capacity": status.excess_burst_capacity }),
    )
}

/// The cluster settings of a case: resolved numbers over the defaults.
fn settings(input: &Value) -> Settings {
    let mut s = Settings::default();
    for (name, value) in input["config"].as_object().into_iter().flatten() {
        match name.as_str() {
            "enable_scale_to_zero" => s.enable_scale_to_zero = value == true,
            "container_concurrency_target_fraction" => s.container_concurrency_target_fraction = float(value),
            "container_concurrency_target_default" => s.container_concurrency_target_default = float(value),
            "requests_per_second_target_default" => s.requests_per_second_target_default = float(value),
            "target_utilization" => s.target_utilization = float(value),
            "target_burst_capacity" => s.target_burst_capacity = float(value),
            "activator_capacity" => s.activator_capacity = float(value),
            "max_scale_up_rate" => s.max_scale_up_rate = float(value),
            "max_scale_down_rate" => s.max_scale_down_rate = float(value),
            "stable_window" => s.stable_window = seconds(value),
            "panic_window_percentage" => s.panic_window_percentage = float(value),
            "panic_threshold_percentage" => s.panic_threshold_percentage = float(value),
            "scale_down_delay" => s.scale_down_delay = seconds(value),
            "scale_to_zero_grace_period" => s.scale_to_zero_grace_period = seconds(value),
            "scale_to_zero_pod_retention_period" => s.scale_to_zero_pod_retention_period = seconds(value),
            "initial_scale" => s.initial_scale = int(value),
            "allow_zero_initial_scale" => s.allow_zero_initial_scale = value == true,
            "min_scale" => s.min_scale = int(value),
            "max_scale" => s.max_scale = int(value),
            "max_scale_limit" => s.max_scale_limit = int(value),
            "progress_deadline" => s.progress_deadline = seconds(value),
            other => panic!("unknown setting {other}"),
        }
    }
    s
}

fn texts(of: &Value) -> impl Iterator<Item = (&str, &str)> {
    of.as_object().into_iter().flatten().map(|(name, text)| (name.as_str(), text.as_str().expect("a text")))
}

fn annotations(input: &Value) -> Annotations<'_> {
    Annotations::new(texts(&input["annotations"]))
}

fn effective(input: &Value) -> Effective {
    let reachability = match input["reachability"].as_str() {
        Some("") | None => Reachability::Unknown,
        Some("reachable") => Reachability::Reachable,
        Some("unreachable") => Reachability::Unreachable,
        Some(other) => panic!("unknown reachability {other}"),
    };
    let container_concurrency = input["container_concurrency"].as_i64().unwrap_or(0);
    annotations(input).effective(&settings(input), container_concurrency, reachability)
}

fn resolved(input: &Value) -> Value {
    let e = effective(input);
    json!({
        "activation_scale": e.spec.activation_scale,
        "initial_scale": e.rules.initial_scale,
        "max_scale_down_rate": e.spec.max_scale_down_rate,
        "max_scale_up_rate": e.spec.max_scale_up_rate,
        "metric_aggregation_algorithm": e.aggregation_algorithm,
        "panic_threshold": e.spec.panic_threshold,
        "panic_window": ns(e.panic_window),
        "reachable": e.spec.reachable,
        "scale_down_delay": ns(e.scale_down_delay),
        "scaling_metric": e.scaling_metric,
        "stable_window": ns(e.spec.stable_window),
        "target_burst_capacity": e.spec.target_burst_capacity,
        "target_value": e.spec.target_value,
        "total_value": e.spec.total_value,
    })
}

fn validated_settings(input: &Value) -> Value {
    let Ok(s) = Settings::from_texts(texts(&input["config_map"])) else {
        return json!({ "valid": false });
    };
    json!({ "valid": true, "resolved": {
        "activator_capacity": s.activator_capacity,
        "allow_zero_initial_scale": s.allow_zero_initial_scale,
        "container_concurrency_target_default": s.container_concurrency_target_default,
        "container_concurrency_target_fraction": s.container_concurrency_target_fraction,
        "enable_scale_to_zero": s.enable_scale_to_zero,
        "initial_scale": s.initial_scale,
        "max_scale": s.max_scale,
        "max_scale_down_rate": s.max_scale_down_rate,
        "max_scale_limit": s.max_scale_limit,
        "max_scale_up_rate": s.max_scale_up_rate,
        "min_scale": s.min_scale,
        "panic_threshold_percentage": s.panic_threshold_percentage,
        "panic_window_percentage": s.panic_window_percentage,
        "requests_per_second_target_default": s.requests_per_second_target_default,
        "scale_down_delay": ns(s.scale_down_delay),
        "scale_to_zero_grace_period": ns(s.scale_to_zero_grace_period),
        "scale_to_zero_pod_retention_period": ns(s.scale_to_zero_pod_retention_period),
        "stable_window": ns(s.stable_window),
        "target_burst_capacity": s.target_burst_capacity,
        "target_utilization": s.target_utilization,
    }})
}

fn activity(of: &Value) -> Activity {
    match of.as_str() {
        Some("active") => Activity::Active,
        Some("activating") => Activity::Activating,
        Some("inactive") => Activity::Inactive,
        _ => panic!("unknown activity {of}"),
    }
}

fn applied(input: &Value) -> Value {
    let probe = match input["activator_probe"].as_str() {
        Some("ok") => true,
        Some("wrong" | "error") => false,
        _ => panic!("unknown probe {}", input["activator_probe"]),
    };
    let route = match input["route_mode"].as_str() {
        Some("serve") => RouteMode::Serve,
        Some("proxy") => RouteMode::Proxy,
        _ => panic!("unknown route mode {}", input["route_mode"]),
    };
    let proxied = &input["proxy_for"];
    let situation = Situation {
        desired: int(&input["desired_scale"]),
        activity: activity(&input["activity"]),
        activity_age: seconds(&input["activity_age"]),
        initial_scale_reached: input["scale_target_initialized"] == true,
        current: input["current_replicas"].as_i64(),
        route,
        proxied_for: if proxied.is_null() { Duration::ZERO } else { seconds(proxied) },
        probe: Some(probe),
    };
    let done = apply_rules(&effective(input).rules, &situation);
    let again: Vec<Value> = done.look_again_after.map(ns).into_iter().collect();
    json!({
        "scale": done.scale,
        "write_replicas": done.write,
        "requeue_after": again,
        "probed": done.probed,
        "async_probe": done.background_probe,
    })
}

fn condition(input: &Value) -> Value {
    let progress = Progress {
        before: Condition { activity: activity(&input["activity"]), reason: None },
        initial_scale_reached: input["scale_target_initialized"] == true,
        want: int(&input["want"]),
        ready: int(&input["ready"]),
        has_service_name: input["has_service_name"] == true,
    };
    let next = next_condition(&effective(input).rules, &progress);
    let name = match next.condition.activity {
        Activity::Active => "active",
        Activity::Activating => "activating",
        Activity::Inactive => "inactive",
    };
    json!({
        "activity": name,
        "reason": next.condition.reason.map_or("", |reason| reason.name()),
        "scale_target_initialized": next.initial_scale_reached,
        "active_threshold": next.threshold,
    })
}
