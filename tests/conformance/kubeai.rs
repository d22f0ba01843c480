//! Adapter of the KubeAI vector file. Where a case names a defect of the upstream, the library owes `expect_correct`.

use crate::case::{Verdict, at, float, int, list, number, seconds};
use serde_json::{Value, json};
use setpoint::kubeai::{
    Algorithm, Answer, Call, CappedSmoothRatio, Config, DEFAULT_COOLDOWN, DEFAULT_TOLERANCE, Missing,
    PerSlot, Policy, Registry, Rule, Scope, Slot, UnknownAlgorithm, effective_min, ratios,
};
use setpoint::reason::{Reason, Reasons, RestraintReason};
use setpoint::restrain::Cooldown;
use setpoint::state::{StateReader, StateWriter};
use setpoint::{Autoscaler, Bounds, Context, Opinion, Recommend, Snapshot, Stage, WorkloadValue};

pub(crate) fn case(case: &Value) -> Verdict {
    match case["operation"].as_str() {
        Some("ratio") => bare(case, |scope, rule, ratios| {
            let Answer { count, verdict, .. } = rule.compute(scope, ratios.iter().copied(), false);
            json!({ "desired_replicas": count, "reason": verdict.to_string() })
        }),
        Some("legacy_ratio") => bare(
            case,
            |scope, rule, ratios| json!({ "desired_replicas": rule.compute_legacy(scope, ratios.iter().copied()) }),
        ),
        Some("policy") => policy(case),
        Some("capped_smooth_ratio") => {
            let plain = Verdict::compare(&case["expect"], &smoothed(&case["input"], false));
            if !matches!(plain, Verdict::Pass) {
                return plain;
            }
            Verdict::compare(&case["expect"], &smoothed(&case["input"], true))
        }
        _ => Verdict::unknown_kind(&case["operation"]),
    }
}

/// What the library owes: only the fields named in `expect_correct` where there is one.
fn compare(case: &Value, mut got: Value) -> Verdict {
    let Some(correct) = case.get("expect_correct") else { return Verdict::compare(&case["expect"], &got) };
    if let (Some(correct), Some(got)) = (correct.as_object(), got.as_object_mut()) {
        got.retain(|field, _| correct.contains_key(field));
    }
    Verdict::compare(correct, &got)
}

fn bare(case: &Value, answer: impl Fn(&Scope, &Rule, &[Option<f64>]) -> Value) -> Verdict {
    let input = &case["input"];
    let name = input["algorithm"].as_str().unwrap_or_default();
    let Some(rule) = Rule::named(name, &floats(&input["weights"])) else {
        return Verdict::unknown_kind(&input["algorithm"]);
    };
    let scope = scope(input, int(&input["current_replicas"]));
    compare(case, answer(&scope, &rule, &positions(&input["metric_ratios"])))
}

fn scope(input: &Value, current: i64) -> Scope {
    Scope {
        current,
        min: int(&input["min_replicas"]),
        max: int(&input["max_replicas"]),
        tolerance: float(&input["tolerance"]),
    }
}

fn floats(v: &Value) -> Vec<f64> {
    v.as_array().map(|list| list.iter().map(float).collect()).unwrap_or_default()
}

fn positions(v: &Value) -> Vec<Option<f64>> {
    list(v).iter().map(|r| Some(float(r))).collect()
}

fn smoothed(input: &Value, restored: bool) -> Value {
    let settings = &input["smoothing"];
    let fresh = || {
        let field = |name: &str| float(&settings[name]);
        CappedSmoothRatio::new(
            field("smoothing_factor"),
            field("max_scale_up_fraction"),
            field("max_scale_down_fraction"),
        )
        .expect("settings in range")
    };
    let mut algorithm = fresh();
    let steps: Vec<Value> = list(&input["steps"])
        .iter()
        .map(|step| {
            let ratios = positions(&step["metric_ratios"]);
            let call = Call::new(scope(input, int(&step["current_replicas"])), &ratios);
            let answer = algorithm.compute(&call).expect("it never fails");
            algorithm.decided(&call);
            if restored {
                let mut out = StateWriter::default();
                algorithm.save(&mut out).expect("it can be saved");
                let saved = through_text(&out.finish());
                algorithm = fresh();
                algorithm
                    .restore(&StateReader::new("smooth", &saved).expect("a map"))
                    .expect("its own state");
            }
            json!({ "desired_replicas": answer.count, "reason": answer.verdict.to_string() })
        })
        .collect();
    json!({ "steps": steps })
}

fn through_text(saved: &setpoint::state::Value) -> setpoint::state::Value {
    let text = serde_json::to_string(saved).expect("state has a text form");
    serde_json::from_str(&text).expect("its own text")
}

/// The names of the vectors: a target, a reading, and the slot of both.
const SLOTS: [(&str, &str, Slot); 4] = [
    ("latency_p99_ms", "latency_p99_seconds", Slot::LatencyP99),
    ("latency_p95_ms", "latency_p95_seconds", Slot::LatencyP95),
    ("gpu_utilization_percent", "gpu_utilization_percent", Slot::GpuUtilization),
    ("queue_depth_per_replica", "queue_depth_total", Slot::QueueDepth),
];

/// The whole loop, in three ways: as the preset, as the preset restored after every step, and as the pure functions with the
/// general cooldown behind them. The last one alone takes a policy whose targets are all zero, which the preset refuses.
fn policy(case: &Value) -> Verdict {
    let input = &case["input"];
    for restored in [false, true] {
        let build = || preset(input);
        if build().is_none() {
            continue;
        }
        let verdict = run(case, &|| build().expect("as before"), restored);
        if !matches!(verdict, Verdict::Pass) {
            return verdict;
        }
    }
    let build = || {
        let cooldown = cooldown(input);
        let builder = Autoscaler::builder().recommend_with(Loop(input.clone()));
        builder.restrain(Cooldown::new(cooldown, cooldown)).build().expect("one recommender")
    };
    run(case, &build, false)
}

fn cooldown(input: &Value) -> std::time::Duration {
    Some(seconds(&input["cooldown_seconds"])).filter(|span| !span.is_zero()).unwrap_or(DEFAULT_COOLDOWN)
}

fn tolerance(input: &Value) -> f64 {
    let absent = if input["algorithm"].is_null() { DEFAULT_TOLERANCE } else { 0.0 };
    number(&input["tolerance"]).unwrap_or(absent)
}

fn preset(input: &Value) -> Option<Autoscaler> {
    let replicas = |v: &Value| u32::try_from(int(v)).expect("a count");
    let bounds = Bounds::new(replicas(&input["min_replicas"]), replicas(&input["max_replicas"])).ok()?;
    let mut config = Config::new(bounds)
        .algorithm(input["algorithm"].as_str().unwrap_or("MaxRatio"))
        .unknown_algorithm(UnknownAlgorithm::UseMaxRatio)
        .weights(floats(&input["weights"]))
        .tolerance(tolerance(input))
        .cooldown(cooldown(input))
        .missing(Missing::Ignore);
    for (target, reading, slot) in SLOTS {
        if let Some(target) = number(&input["targets"][target]).filter(|target| *target != 0.0) {
            config = config.target(slot, target).metric(slot, reading);
        }
    }
    match Autoscaler::kubeai_with(config, &Registry::default(), &Policy::default()) {
        Ok(scaler) => Some(scaler),
        Err(error) if error.field == "targets" => None,
        Err(error) => panic!("{error}"),
    }
}

/// The pure functions as a stage.
#[derive(Clone, Debug)]
struct Loop(Value);

impl Stage for Loop {
    fn name(&self) -> &str {
        "loop"
    }
}

impl Recommend for Loop {
    fn recommend(&self, cx: &Context<'_>, _: &mut Reasons<'_>) -> Opinion {
        let input = &self.0;
        let (mut targets, mut readings) = (PerSlot::new(), PerSlot::new());
        for (target, reading, slot) in SLOTS {
            targets = targets.with(slot, number(&input["targets"][target]));
            readings = readings.with(slot, cx.snapshot.find_value(reading).and_then(WorkloadValue::total));
        }
        let (ratios, _) = ratios(&targets, &readings, cx.current);
        let name = input["algorithm"].as_str().unwrap_or("MaxRatio");
        let rule = Rule::named(name, &floats(&input["weights"])).unwrap_or_default();
        let scope = Scope {
            current: cx.current,
            min: effective_min(int(&input["min_replicas"])),
            max: int(&input["max_replicas"]),
            tolerance: tolerance(input),
        };
        Opinion::Want(rule.compute(&scope, ratios.as_slice().iter().copied(), false).count)
    }

    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(self.clone())
    }
}

fn run(case: &Value, build: &dyn Fn() -> Autoscaler, restored: bool) -> Verdict {
    let input = &case["input"];
    let steps = list(&input["steps"]);
    let expected = list(&case["expect"]["steps"]);
    let snapshot = |step: &Value, replicas: i64| {
        let replicas = u32::try_from(replicas).expect("a count");
        let observed = step["observed"].as_object().expect("readings by name");
        observed
            .iter()
            .fold(Snapshot::at(at(&step["at_ms"])).replicas(replicas), |snapshot, (name, value)| {
                snapshot.value(name.clone(), float(value)).expect("names differ")
            })
    };
    if let Some(correct) = case.get("expect_correct") {
        let got: Vec<Value> = steps
            .iter()
            .zip(expected)
            .map(|(step, expected)| {
                let decision = build().decide(&snapshot(step, int(&expected["replicas_before"])));
                json!({ "desired_replicas": decision.replicas() })
            })
            .collect();
        return Verdict::compare(correct, &json!({ "steps": got }));
    }
    let mut scaler = build();
    let mut replicas = int(&input["current_replicas"]);
    let (mut want, mut got) = (Vec::new(), Vec::new());
    for (step, expected) in steps.iter().zip(expected) {
        let decision = scaler.decide(&snapshot(step, replicas));
        let held = decision.reasons().iter().any(|explained| {
            matches!(explained.reason, Reason::Restraint { reason: RestraintReason::Cooldown { .. } })
        });
        got.push(json!({
            "replicas_before": replicas,
            "replicas": decision.replicas(),
            "held_by_cooldown": held,
        }));
        want.push(json!({
            "replicas_before": expected["replicas_before"],
            "replicas": expected["replicas"],
            "held_by_cooldown": expected["held_by_cooldown"],
        }));
        if let Some(used) = expected["algorithm_used"].as_str() {
            let configured = input["algorithm"].as_str().unwrap_or("MaxRatio");
            let rule = Rule::named(configured, &[]).unwrap_or_default();
            if rule.name() != used {
                return Verdict::Fail { expected: used.into(), got: rule.name().into() };
            }
        }
        replicas = i64::from(decision.replicas());
        if restored {
            let saved = through_text(&scaler.save().expect("the preset can be saved"));
            scaler = build();
            scaler.restore(&saved).expect("its own state");
        }
    }
    Verdict::compare(&json!(want), &json!(got))
}
