//! Adapters of the hpa vector files.

use crate::case::{Verdict, at, float, int, list, seconds};
use crate::hpa_pipeline;
use serde_json::{Value, json};
use setpoint::hpa::{
    self, AbleToScale, Behavior, CpuTiming, Failure, LimitReason, PodMetric, PodTarget, Pods, Policy,
    Proposal, Record, RescaleReason, Rules, ScaleEvent, Select, State, Step, StepRules, Tolerance,
    WorkloadTarget, ZeroRules,
};
use setpoint::state::{StateReader, StateWriter};
use setpoint::{Column, Instance, Phase, Readiness, Samples, Timestamp};
use std::time::Duration;

pub(crate) fn replicas(case: &Value) -> Verdict {
    let input = &case["input"];
    let kind = input["metric_type"].as_str().unwrap_or_default();
    let got = match kind {
        "resource_utilization" | "resource_average_value" | "pods_average_value" => per_pod(input, kind),
        "object_value" | "object_average_value" | "external_value" | "external_average_value" => {
            for_workload(input, kind)
        }
        _ => return Verdict::unknown_kind(&input["metric_type"]),
    };
    Verdict::compare(&case["expect"], &reported(got))
}

fn reported(got: Result<Proposal, Failure>) -> Value {
    let (replicas, usage, error) = match got {
        Ok(p) => (Some(p.replicas), p.usage, None),
        Err(failure) => (None, hpa::Usage::default(), Some(failure)),
    };
    json!({
        "replicas": replicas,
        "current_utilization_percent": usage.utilization_percent,
        "current_average_value_milli": usage.average_milli,
        "current_value_milli": usage.value_milli,
        "error": error.map(|failure| match failure {
            Failure::NoPods => "no_pods",
            Failure::NoReadyPodMetrics => "no_ready_pod_metrics",
            Failure::MissingRequest => "missing_request",
            Failure::NoMatchingMetrics => "no_matching_metrics",
            _ => "a failure without a name in the file",
        }),
    })
}

/// A list that is left out where it is empty.
fn some(v: &Value) -> &[Value] {
    if v.is_null() { &[] } else { list(v) }
}

fn tolerance(input: &Value) -> Tolerance {
    Tolerance { up: float(&input["tolerance_scale_up"]), down: float(&input["tolerance_scale_down"]) }
}

fn per_pod(input: &Value, kind: &str) -> Result<Proposal, Failure> {
    let pods = some(&input["pods"]);
    let samples = some(&input["pod_metrics"]);
    let instances: Vec<Instance> = pods.iter().map(instance).collect();
    let of_pod = |pod: &Value| samples.iter().find(|s| s["pod"] == pod["name"]);
    let values: Vec<Option<i64>> =
        pods.iter().map(|pod| of_pod(pod).map(|s| int(&s["value_milli"]))).collect();
    let times: Vec<Timestamp> =
        pods.iter().map(|pod| of_pod(pod).map_or(Timestamp::MIN, |s| at(&s["timestamp_ms"]))).collect();
    let windows: Vec<Duration> = pods
        .iter()
        .map(|pod| of_pod(pod).map_or(Duration::ZERO, |s| seconds(&s["window_seconds"])))
        .collect();
    let foreign: Vec<i64> = samples
        .iter()
        .filter(|s| !pods.iter().any(|pod| pod["name"] == s["pod"]))
        .map(|s| int(&s["value_milli"]))
        .collect();
    let requests = Column::from(pods.iter().map(|pod| pod["request_milli"].as_i64()).collect::<Vec<_>>());
    let target = if kind == "resource_utilization" {
        PodTarget::Utilization(int(&input["target_utilization_percent"]) as i32)
    } else {
        PodTarget::AverageValue(int(&input["target_value_milli"]))
    };
    let timing = CpuTiming {
        initialization_period: seconds(&input["cpu_initialization_period_seconds"]),
        readiness_delay: seconds(&input["initial_readiness_delay_seconds"]),
    };
    let samples = Samples::new("metric", values).taken_at(times).window(windows).foreign(foreign);
    hpa::propose(&PodMetric {
        pods: Pods::Listed(&instances),
        samples: &samples,
        requests: Some(&requests),
        target,
        tolerance: tolerance(input),
        cpu: (kind != "pods_average_value" && input["resource_name"] == "cpu").then_some(timing),
        now: at(&input["now_ms"]),
        current: int(&input["spec_replicas"]),
    })
}

fn instance(pod: &Value) -> Instance {
    Instance {
        phase: match pod["phase"].as_str() {
            Some("Pending") => Phase::Pending,
            Some("Running") => Phase::Running,
            Some("Succeeded") => Phase::Succeeded,
            Some("Failed") => Phase::Failed,
            Some("Unknown") => Phase::Unknown,
            _ => panic!("phase {}", pod["phase"]),
        },
        readiness: match pod["ready"].as_str() {
            Some("True") => Readiness::Ready,
            Some("False") => Readiness::NotReady,
            Some("Unknown") => Readiness::Unknown,
            Some(other) => panic!("ready {other}"),
            None => Readiness::Absent,
        },
        leaving: pod["deleting"].as_bool().expect("deleting is given"),
        started_at: pod["start_time_ms"].as_i64().map(Timestamp::from_millis),
        readiness_changed_at: pod["ready_transition_ms"].as_i64().map(Timestamp::from_millis),
        restarts: 0,
    }
}

fn for_workload(input: &Value, kind: &str) -> Result<Proposal, Failure> {
    let instances: Vec<Instance> = some(&input["pods"]).iter().map(instance).collect();
    let milli = int(&input["target_value_milli"]);
    let target = if kind.ends_with("average_value") {
        WorkloadTarget::AverageValue(milli)
    } else {
        WorkloadTarget::Value(milli)
    };
    let value = if kind.starts_with("object") {
        hpa::object_value(&Column::from(vec![input["metric_value_milli"].as_i64()]))?
    } else {
        let samples = some(&input["metric_values_milli"]);
        hpa::external_value(&Column::from(samples.iter().map(Value::as_i64).collect::<Vec<_>>()), target)?
    };
    let (spec, status) = (int(&input["spec_replicas"]), int(&input["status_replicas"]));
    hpa::propose_for_workload(value, target, tolerance(input), Pods::Listed(&instances), spec, status)
}

pub(crate) fn behavior(case: &Value) -> Verdict {
    let config = &case["config"];
    let down_window = seconds(&config["downscale_stabilization_window_seconds"]);
    let rules = StepRules {
        min: int(&config["min_replicas"]),
        max: int(&config["max_replicas"]),
        scale_down_window: down_window,
        behavior: config["behavior"]
            .is_object()
            .then(|| given(&config["behavior"]).filled(down_window).expect("a behavior within the limits")),
        zero: ZeroRules {
            enabled: config["scale_to_zero_enabled"].as_bool().expect("a switch"),
            workload_metric: config["has_object_or_external_metric"].as_bool().expect("a fact"),
        },
    };
    let piped = hpa_pipeline::behavior(case, &rules, &initial(config));
    if !matches!(piped, Verdict::Pass) {
        return piped;
    }
    let mut plain = initial(config);
    let mut saved = plain.clone();
    for (i, taken) in list(&case["steps"]).iter().enumerate() {
        let expected = &taken["expect"];
        for (state, how) in [(&mut plain, "plainly"), (&mut saved, "with a restored state")] {
            if let Verdict::Fail { expected, got } = Verdict::compare(expected, &take(&rules, state, taken)) {
                return Verdict::Fail { expected, got: format!("step {i}, {how}: {got}") };
            }
        }
        saved = restored(&saved);
        if saved != plain {
            return Verdict::Fail { expected: format!("{plain:?}"), got: format!("step {i}: {saved:?}") };
        }
    }
    Verdict::Pass
}

fn given(behavior: &Value) -> Behavior {
    let direction = |v: &Value| {
        v.is_object().then(|| {
            let mut rules = Rules::new();
            if !v["stabilization_window_seconds"].is_null() {
                rules = rules.window(seconds(&v["stabilization_window_seconds"]));
            }
            rules = match v["select_policy"].as_str() {
                None => rules,
                Some("Max") => rules.select(Select::Max),
                Some("Min") => rules.select(Select::Min),
                Some("Disabled") => rules.select(Select::Disabled),
                Some(other) => panic!("select policy {other}"),
            };
            match v["policies"].as_array() {
                None => rules,
                Some(policies) => rules.policies(policies.iter().map(policy).collect::<Vec<_>>()),
            }
        })
    };
    let mut all = Behavior::new();
    if let Some(rules) = direction(&behavior["scale_up"]) {
        all = all.up(rules);
    }
    if let Some(rules) = direction(&behavior["scale_down"]) {
        all = all.down(rules);
    }
    all
}

fn policy(v: &Value) -> Policy {
    let value = u32::try_from(int(&v["value"])).expect("a policy value");
    let period = seconds(&v["period_seconds"]);
    match v["type"].as_str() {
        Some("Pods") => Policy::pods(value, period),
        Some("Percent") => Policy::percent(value, period),
        _ => panic!("policy type {}", v["type"]),
    }
}

fn initial(config: &Value) -> State {
    let event = |e: &Value| ScaleEvent::new(at(&e["at_ms"]), int(&e["replica_change"]));
    State {
        recommendations: hpa::Recommendations::from_records(
            list(&config["initial_recommendations"])
                .iter()
                .map(|r| Record { at: at(&r["at_ms"]), replicas: int(&r["replicas"]) }),
        ),
        events: hpa::ScaleEvents::from_events(
            list(&config["initial_scale_up_events"]).iter().map(event),
            list(&config["initial_scale_down_events"]).iter().map(event),
        ),
        zero: hpa::ScaledToZero::new(config["initially_scaled_to_zero"].as_bool().expect("a flag")),
    }
}

fn take(rules: &StepRules, state: &mut State, taken: &Value) -> Value {
    let input = &taken["input"];
    let metrics = list(&input["metric_proposals"]);
    let proposals = metrics.iter().map(|m| m["replicas"].as_i64());
    let made = hpa::step(rules, state, at(&taken["at_ms"]), int(&input["current_replicas"]), proposals);
    state.evaluated(rules, &made);
    state.applied(rules, &made);
    told(&made, metrics)
}

fn told(made: &Step, metrics: &[Value]) -> Value {
    let (active, selected, stabilized, limited, failed) = match made.verdict {
        hpa::Verdict::Disabled => (Some("ScalingDisabled"), None, None, None, 0),
        hpa::Verdict::Bound => (None, None, None, None, 0),
        hpa::Verdict::Failed(none) => (Some("FailedGetMetric"), None, None, None, none.failed),
        hpa::Verdict::Evaluated { selected, stabilized, limited } => (
            Some("ValidMetricFound"),
            Some(&metrics[selected.metric]["name"]),
            Some(stabilized),
            Some(limited),
            selected.failed,
        ),
    };
    json!({
        "desired_replicas": made.desired,
        "rescale": made.rescale.is_some(),
        "rescale_reason": made.rescale.map(|reason| match reason {
            RescaleReason::AboveMax => "above_max_replicas",
            RescaleReason::BelowMin => "below_min_replicas",
            RescaleReason::MetricAboveTarget => "metric_above_target",
            RescaleReason::AllMetricsBelowTarget => "all_metrics_below_target",
            RescaleReason::MemoryOrBound => "",
        }),
        "selected_metric": selected,
        "stabilized_replicas": stabilized.map(|s| s.replicas),
        "able_to_scale_reason": stabilized.map(|s| match s.reason {
            AbleToScale::ReadyForNewScale => "ReadyForNewScale",
            AbleToScale::ScaleUpStabilized => "ScaleUpStabilized",
            AbleToScale::ScaleDownStabilized => "ScaleDownStabilized",
        }),
        "scaling_limited": limited.map(|l| l.limited),
        "scaling_limited_reason": limited.map(|l| match l.reason {
            LimitReason::DesiredWithinRange => "DesiredWithinRange",
            LimitReason::ScaleUpLimit => "ScaleUpLimit",
            LimitReason::ScaleDownLimit => "ScaleDownLimit",
            LimitReason::TooManyReplicas => "TooManyReplicas",
            LimitReason::TooFewReplicas => "TooFewReplicas",
        }),
        "scaling_active_reason": active,
        "metric_error": failed > 0,
    })
}

/// The state after a save, a way through text, and a restore into a fresh one.
fn restored(state: &State) -> State {
    let mut out = StateWriter::default();
    state.save(&mut out);
    let text = serde_json::to_string(&out.finish()).expect("state can be written");
    let value = serde_json::from_str(&text).expect("state can be read");
    let mut fresh = State::default();
    fresh
        .restore(&StateReader::new("hpa", &value).expect("named fields"))
        .expect("a saved state can be restored");
    fresh
}
