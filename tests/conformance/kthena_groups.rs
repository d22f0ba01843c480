//! Adapters of the kthena vector files that decide several counts at once. Whole cycles run through [`Group`], as a caller
//! would run them.

use crate::case::{Verdict, at, float, int, json_number, list, number};
use crate::kthena::{entries, limit, widths};
use serde_json::{Value, json};
use setpoint::fixed::Fixed;
use setpoint::kthena::optimizer::aggregate;
use setpoint::kthena::roles::is_fixed;
use setpoint::kthena::{
    Aggregation, Corrector, Range, Ratio, RatioError, Recommender, Rules, Scope, Split, Status, Target,
    repair,
};
use setpoint::reason::Reason;
use setpoint::reason::kthena::KthenaReason;
use setpoint::state::{StateReader, Value as Saved};
use setpoint::{Autoscaler, Group, GroupDecision, GroupOutcome, Opinion, Snapshot, Timestamp};

pub(crate) fn optimizer(case: &Value) -> Verdict {
    match case["kind"].as_str() {
        Some("optimizer_split") => splits(case),
        Some("optimizer_aggregate") => {
            let input = &case["input"];
            let replicas = list(&input["replicas"]).iter().map(int);
            let reported = list(&input["values"]).iter().map(float).zip(replicas);
            let value = aggregate(input["metric_name"].as_str().expect("a name"), reported);
            Verdict::compare(&case["expect"], &json!({ "aggregated_value": value.map(json_number) }))
        }
        Some("optimizer_loop") => {
            let group = targets_group(&case["input"]);
            cycles(case, &group, |decision, group, now| total_answer(&case["input"], decision, group, now))
        }
        _ => Verdict::unknown_kind(&case["kind"]),
    }
}

pub(crate) fn disaggregated(case: &Value) -> Verdict {
    match case["kind"].as_str() {
        Some("ratio") => one_ratio(case),
        Some("disaggregated_loop") => {
            let group = roles_group(&case["input"]);
            let constrained = !case["input"]["ratio_constraint"].is_null();
            cycles(case, &group, |decision, _, _| roles_answer(decision, constrained))
        }
        _ => Verdict::unknown_kind(&case["kind"]),
    }
}

/// Runs all steps twice: plainly, and with a group restored from text after every step.
fn cycles(
    case: &Value,
    fresh: &Group,
    answer: impl Fn(&GroupDecision, &Group, Timestamp) -> Value,
) -> Verdict {
    let steps = list(&case["steps"]);
    let expected: Value = steps.iter().map(|step| step["expect"].clone()).collect();
    let run = |restored: bool| -> Value {
        let mut group = fresh.clone();
        let cycle = |step: &Value| {
            let now = at(&step["at_ms"]);
            let snapshots: Vec<Snapshot<'_>> =
                fresh.names().iter().map(|name| snapshot(now, &step["units"][name])).collect();
            let decision = group.decide(&snapshots).expect("a snapshot for each");
            let shown: Vec<u32> = decision.replicas().collect();
            assert_eq!(decision.replay(), Some(shown), "{decision}");
            if restored {
                let text = serde_json::to_string(&group.save().expect("saved")).expect("state as text");
                let saved: Saved = serde_json::from_str(&text).expect("text as state");
                let mut next = fresh.clone();
                next.restore(&saved).expect("restored");
                assert_eq!(next, group);
                group = next;
            }
            answer(&decision, &group, now)
        };
        steps.iter().map(cycle).collect()
    };
    let plain = Verdict::compare(&expected, &run(false));
    if matches!(plain, Verdict::Pass) { Verdict::compare(&expected, &run(true)) } else { plain }
}

/// What a target or a role reports: its summed map as the sample of one ready instance.
fn snapshot<'a>(now: Timestamp, unit: &'a Value) -> Snapshot<'a> {
    let count = |field: &str| u32::try_from(int(&unit[field])).expect("a count");
    let ready = &unit["ready_metrics"];
    let mut snapshot = Snapshot::at(now)
        .replicas(count("current_replicas"))
        .ready(u32::from(!ready.is_null()))
        .unready(count("unready_instances"));
    if !ready.is_null() {
        for (name, value) in entries(ready) {
            snapshot = snapshot.samples(name.as_str(), vec![float(value)]).expect("a sample");
        }
    }
    for (name, value) in entries(&unit["external_metrics"]) {
        if let Some(value) = number(value) {
            snapshot = snapshot.value(name.as_str(), value).expect("a value");
        }
    }
    snapshot
}

fn splits(case: &Value) -> Verdict {
    let input = &case["input"];
    let (names, targets) = targets(input);
    let split = Split::new(&targets, rate(input));
    let of = |total: &Value| {
        let shares = split.of(int(total));
        let replicas: Value =
            names.iter().map(|n| (*n).to_owned()).zip(shares.into_iter().map(Value::from)).collect();
        json!({ "replicas": replicas, "total_replicas": total })
    };
    let mut got = json!({
        "min_replicas_sum": split.range().min,
        "max_replicas_sum": split.range().max,
        "splits": list(&input["total_replicas"]).iter().map(of).collect::<Value>(),
    });
    if case["expect"].get("blocks").is_some() {
        let block = |batch: setpoint::kthena::Batch| json!({ "target": names[batch.target], "replicas": batch.replicas, "cost": batch.cost });
        got["blocks"] = split.batches().map(block).collect();
    }
    Verdict::compare(&case["expect"], &got)
}

fn targets(input: &Value) -> (Vec<&str>, Vec<Target>) {
    let target = |target: &Value| Target { range: range(target), cost: int(&target["cost"]) };
    let list = list(&input["targets"]);
    (list.iter().map(name).collect(), list.iter().map(target).collect())
}

fn name(of: &Value) -> &str {
    of["name"].as_str().expect("a name")
}

fn range(of: &Value) -> Range {
    Range { min: int(&of["min_replicas"]), max: int(&of["max_replicas"]) }
}

fn rate(input: &Value) -> u32 {
    u32::try_from(int(&input["cost_expansion_rate_percent"])).expect("a rate")
}

fn rules(input: &Value, range: Range) -> Rules {
    let behavior = &input["behavior"];
    let panic = &behavior["scale_up"]["panic_policy"];
    Rules {
        min: range.min,
        max: range.max,
        scale_up: limit(&behavior["scale_up"]["stable_policy"]),
        scale_down: limit(&behavior["scale_down"]),
        panic_percent: int(&panic["percent"]),
        panic_threshold_percent: panic["panic_threshold_percent"].as_i64(),
    }
}

fn stages(
    input: &Value,
    metrics: &[(String, f64)],
    range: Range,
    way: Aggregation,
) -> (Recommender, Corrector) {
    let tolerance = float(&input["tolerance_percent"]) * 0.01;
    let scope = Scope { min: range.min, max: range.max, current: 0, unready: 0, tolerance };
    let recommender = Recommender::raw(metrics, scope, way).expect("usable names");
    (recommender, Corrector::raw(rules(input, range), widths(&input["behavior"])))
}

fn targets_group(input: &Value) -> Group {
    let (names, targets) = targets(input);
    let range = Split::new(&targets, rate(input)).range();
    let metrics: Vec<(String, f64)> =
        entries(&input["metric_targets"]).map(|(name, target)| (name.clone(), float(target))).collect();
    let (recommender, corrector) = stages(input, &metrics, range, Aggregation::PerInstance);
    let total = Autoscaler::builder().recommend(recommender).restrain(corrector.remembering_corrected());
    let total = total.build().expect("a recommender");
    Group::split(names.into_iter().zip(targets), rate(input), total).expect("names")
}

fn total_answer(input: &Value, decision: &GroupDecision, group: &Group, now: Timestamp) -> Value {
    let saved = group.save().expect("saved");
    let outer = StateReader::new("group", &saved).and_then(|group| group.nested("total")).expect("a total");
    let corrector = StateReader::new("stage", &outer.list("stages").expect("stages")[1]).expect("a stage");
    let mut status = Status::new(widths(&input["behavior"]));
    status.restore(&corrector.nested("memory").expect("a memory")).expect("restored");
    let skip = matches!(decision.outcome(), GroupOutcome::Skipped { .. });
    let replicas = decision.names().iter().cloned().zip(decision.replicas().map(Value::from));
    json!({
        "panic_mode": status.panic().active(now),
        "panic_mode_ends_at_ms": status.panic().ends_at().map_or(0, Timestamp::as_millis),
        "replicas": if skip { Value::Null } else { replicas.collect() },
        "skip": skip,
        "total_replicas": decision.total().filter(|_| !skip).map(setpoint::Decision::replicas),
    })
}

fn roles_group(input: &Value) -> Group {
    let member = |role: &Value| {
        let range = range(role);
        let metric = |metric: &Value| (name(metric).to_owned(), float(&metric["target_value"]));
        let metrics: Vec<(String, f64)> = list(&role["metrics"]).iter().map(metric).collect();
        let builder = if is_fixed(range) {
            Autoscaler::builder().recommend(Fixed::new(u32::try_from(range.min).expect("a count")))
        } else {
            let (recommender, corrector) = stages(input, &metrics, range, Aggregation::Summed);
            Autoscaler::builder().recommend(recommender).restrain(corrector)
        };
        (name(role).to_owned(), builder.build().expect("a recommender"), Some(range))
    };
    let roles = list(&input["roles"]);
    let names: Vec<&str> = roles.iter().map(name).collect();
    let ratio = ratio(&input["ratio_constraint"], &names);
    Group::repaired(roles.iter().map(member), ratio).expect("names")
}

fn ratio(constraint: &Value, names: &[&str]) -> Option<Ratio> {
    let place = |field: &str| {
        let place = names.iter().position(|name| constraint[field] == **name);
        place.unwrap_or(names.len())
    };
    (!constraint.is_null()).then(|| Ratio {
        numerator: place("numerator_role"),
        denominator: place("denominator_role"),
        min: float(&constraint["min_ratio"]),
        max: float(&constraint["max_ratio"]),
    })
}

fn error_name(error: RatioError) -> &'static str {
    match error {
        RatioError::RoleNotFound { .. } => "role_not_found",
        RatioError::BoundsNotFound { .. } => "bounds_not_found",
        RatioError::NotFinite { .. } => "non_finite_ratio",
        other => panic!("{other}"),
    }
}

fn roles_answer(decision: &GroupDecision, constrained: bool) -> Value {
    let (skip, error) = match decision.outcome() {
        GroupOutcome::Decided => (false, None),
        GroupOutcome::Skipped { .. } => (true, None),
        GroupOutcome::Failed { error } => (false, Some(error_name(error))),
        other => panic!("{other:?}"),
    };
    if skip || error.is_some() {
        return json!({
            "current_ratio": null, "error": error, "ratio_adjusted": null, "roles": null, "skip": skip,
        });
    }
    let role = |(name, member): (&String, &setpoint::Decision)| {
        let Some(Opinion::Want(desired)) = member.opinion(0) else { panic!("{member}") };
        let panic = |reason: &Reason| matches!(reason, Reason::Kthena { reason: KthenaReason::Panic { .. } });
        let mode = if member.reasons().iter().any(|told| panic(&told.reason)) { "Panic" } else { "Stable" };
        let answer =
            json!({ "desired_replicas": desired, "final_replicas": member.replicas(), "mode": mode });
        (name.clone(), answer)
    };
    let (ratio, adjusted) = match decision.joint() {
        Some(KthenaReason::Ratio { ratio, adjusted, .. }) => (ratio, adjusted),
        None => (None, false),
        Some(other) => panic!("{other:?}"),
    };
    let text = ratio.map_or_else(String::new, |ratio| ratio.0.to_string());
    json!({
        "current_ratio": constrained.then_some(text),
        "error": null,
        "ratio_adjusted": adjusted,
        "roles": decision.names().iter().zip(decision.members()).map(role).collect::<Value>(),
        "skip": false,
    })
}

fn one_ratio(case: &Value) -> Verdict {
    let input = &case["input"];
    let (names, mut counts): (Vec<&str>, Vec<i64>) =
        entries(&input["role_replicas"]).map(|(name, count)| (name.as_str(), int(count))).unzip();
    let ranges: Vec<Option<Range>> = names
        .iter()
        .map(|name| input["bounds"].get(name))
        .map(|bounds| bounds.map(|b| Range { min: int(&b["min"]), max: int(&b["max"]) }))
        .collect();
    let done = repair(&mut counts, &ranges, ratio(&input["ratio_constraint"], &names).as_ref());
    let after: Value =
        names.iter().map(|name| (*name).to_owned()).zip(counts.into_iter().map(Value::from)).collect();
    let repaired = done.unwrap_or_default();
    let got = json!({
        "adjusted": repaired.adjusted(),
        "current_ratio": repaired.ratio.map_or_else(String::new, |ratio| ratio.to_string()),
        "error": done.err().map(error_name),
        "role_replicas": after,
    });
    Verdict::compare(&case["expect"], &got)
}
