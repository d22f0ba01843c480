//! Adapter of the simulator's reference file: the rate level with the file's own policies, and the queueing formulas. The trace that a
//! case names is read from the folder `SETPOINT_TRACES`.

#[path = "simulate_policies.rs"]
mod policies;

use crate::case::{Verdict, float, int, json_number, list};
use policies::{Answer, Platform};
use serde_json::{Map, Value, json};
use setpoint::simulate::{Arrivals, Bin, Model, RateLevel, Report, Trace, Work, run_watched};
use setpoint::stats::MultiServerQueue;
use setpoint::{Autoscaler, Bounds};
use std::path::PathBuf;
use std::time::Duration;

pub(crate) fn case(case: &Value) -> Verdict {
    match case["kind"].as_str() {
        Some("rate_steps" | "rate_totals") => rate(case),
        Some("mmc") => mmc(case),
        Some("min_servers") => min_servers(case),
        Some("request_fixed" | "request_policy") => {
            Verdict::Skip("the request level is not built yet".into())
        }
        Some("oracle") => Verdict::Skip("the oracle is not built yet".into()),
        _ => Verdict::unknown_kind(&case["kind"]),
    }
}

fn rate(case: &Value) -> Verdict {
    let input = &case["input"];
    let trace = match trace(input) {
        Ok(trace) => trace,
        Err(why) => return Verdict::Skip(why),
    };
    let model = model(&input["model"]);
    let platform = Platform {
        step_ms: int(&input["model"]["step_ms"]),
        slots: int(&input["model"]["slots_per_replica"]),
        min: int(&input["model"]["min_replicas"]),
        max: int(&input["model"]["max_replicas"]),
        initial: int(&input["model"]["initial_replicas"]),
    };
    let Some(mut policy) = policies::of(&input["policy"], platform) else {
        return Verdict::unknown_kind(&input["policy"]["policy"]);
    };
    let mut level = RateLevel::new(&trace, &model);
    let mut played = Vec::new();
    let mut answer = None;
    while let Some(bin) = level.step(|seen| {
        let given = policy.answer(seen);
        answer = Some(given);
        given.desired as u32
    }) {
        played.extend(answer.map(|answer| (bin, answer)));
    }
    let report = level.report("reference");
    let verdict = compare(case, &played, &report);
    if input["policy"]["policy"] != "fixed" || !matches!(verdict, Verdict::Pass) {
        return verdict;
    }
    // A fixed fleet is also an autoscaler of the library, and must do the same.
    let mut fixed = Autoscaler::fixed(platform.initial as u32);
    let mut bins = Vec::new();
    let report = run_watched(&trace, &mut fixed, &model, |bin, _| bins.push(*bin));
    let played: Vec<_> = bins.into_iter().zip(played.into_iter().map(|(_, answer)| answer)).collect();
    compare(case, &played, &report)
}

/// Everything that a case expects: counts, work and waits to the last bit, shares and hours to 1e-12.
fn compare(case: &Value, played: &[(Bin, Answer)], report: &Report) -> Verdict {
    let (exact, close) = totals(report);
    let expect = &case["expect"];
    let empty = Map::new();
    let expected = expect["totals"].as_object().unwrap_or(&empty);
    let part = |of: &Map<String, Value>| -> Value {
        expected.iter().filter(|(k, _)| of.contains_key(*k)).map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    let known = |k: &String| exact.contains_key(k) || close.contains_key(k);
    if let Some(unknown) = expected.keys().find(|k| !known(k)) {
        return Verdict::Fail { expected: "totals that this adapter knows".into(), got: unknown.clone() };
    }
    let mut verdicts = vec![
        Verdict::compare(&part(&exact), &Value::Object(exact.clone())),
        Verdict::within(&part(&close), &Value::Object(close.clone()), 1e-12),
    ];
    let series = |f: fn(&Bin) -> u32| -> Value { played.iter().map(|(bin, _)| f(bin)).collect() };
    for (name, value) in expect.as_object().unwrap_or(&empty) {
        verdicts.push(match name.as_str() {
            "totals" => Verdict::Pass,
            "total_series" => Verdict::compare(value, &series(|bin| bin.ordered)),
            "ready_series" => Verdict::compare(value, &series(|bin| bin.ready)),
            "steps" => Verdict::compare(value, &played.iter().map(|(b, a)| step(b, a)).collect()),
            _ => Verdict::Fail { expected: "fields that this adapter knows".into(), got: name.clone() },
        });
    }
    verdicts.into_iter().find(|v| !matches!(v, Verdict::Pass)).unwrap_or(Verdict::Pass)
}

fn step(bin: &Bin, answer: &Answer) -> Value {
    let mut step = json!({
        "step": bin.index,
        "requests": bin.requests,
        "work_ms": bin.work_ms,
        "ready": bin.ready,
        "total": bin.ordered,
        "demand": bin.demand,
        "served_ms": bin.served_ms,
        "backlog_ms": bin.backlog_ms,
        "wait_ms": json_number(bin.wait_ms),
        "violated": bin.violated,
        "desired": bin.decided,
        "raw_desired": answer.raw,
    });
    if let Some(stabilized) = answer.stabilized {
        step["stabilized"] = stabilized.into();
    }
    if let Some(panic) = answer.panic {
        step["panic"] = panic.into();
    }
    step
}

/// The report in the file's own names: what must be exact, and what may differ by 1e-12.
fn totals(report: &Report) -> (Map<String, Value>, Map<String, Value>) {
    let (service, cost) = (&report.service, &report.cost);
    let (stability, elasticity) = (&report.stability, &report.elasticity);
    let exact = json!({
        "steps": report.bins,
        "requests": report.requests,
        "work_ms": report.work_ms,
        "max_total": cost.most_replicas,
        "min_total": cost.fewest_replicas,
        "violation_steps": service.violating_bins,
        "violation_requests": service.violating_requests,
        "wait_p50_ms": json_number(service.wait_p50_ms),
        "wait_p95_ms": json_number(service.wait_p95_ms),
        "wait_p99_ms": json_number(service.wait_p99_ms),
        "wait_max_ms": json_number(service.wait_max_ms),
        "max_backlog_ms": service.max_backlog_ms,
        "scale_up_decisions": stability.scale_ups,
        "scale_down_decisions": stability.scale_downs,
        "replicas_started": stability.replicas_started,
        "replicas_removed": stability.replicas_removed,
        "direction_changes": stability.direction_changes,
        "overload_episodes": service.overload_episodes,
        "longest_overload_s": service.longest_overload_ms as f64 / 1_000.0,
        "supply_changes": elasticity.supply_changes,
        "demand_changes": elasticity.demand_changes,
    });
    let close = json!({
        "replica_hours": cost.replica_hours,
        "ready_replica_hours": cost.ready_replica_hours,
        "violation_percent": service.violating_percent,
        "theta_u_percent": elasticity.theta_u_percent,
        "theta_o_percent": elasticity.theta_o_percent,
        "tau_u_percent": elasticity.tau_u_percent,
        "tau_o_percent": elasticity.tau_o_percent,
        "jitter_per_hour": elasticity.jitter_per_hour,
    });
    let object = |v: Value| match v {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    (object(exact), object(close))
}

fn model(model: &Value) -> Model {
    let count = |field: &str| u32::try_from(int(&model[field])).unwrap_or_else(|e| panic!("{field}: {e}"));
    let step = Duration::from_millis(u64::from(count("step_ms")));
    let bounds = Bounds::new(count("min_replicas"), count("max_replicas")).unwrap();
    Model::new(bounds)
        .initial(count("initial_replicas"))
        .unwrap()
        .slots_per_replica(count("slots_per_replica"))
        .unwrap()
        .start_delay(step * count("start_delay_steps"))
        .metric_lag(step * count("metric_lag_steps"))
        .slo_wait(Duration::from_secs_f64(float(&model["slo_wait_ms"]) / 1_000.0))
}

/// The trace of a case; why not, where it lies in a folder that is not given.
fn trace(input: &Value) -> Result<Trace, String> {
    let model = &input["model"];
    let work = Work::per_request_ms(float(&model["work_ms_per_request"]))
        .and_then(|w| {
            w.and_per_token_ms(
                float(&model["work_ms_per_prompt_token"]),
                float(&model["work_ms_per_output_token"]),
            )
        })
        .unwrap();
    let rows: Vec<Vec<f64>> = if let Some(rows) = input["trace_rows"].as_array() {
        rows.iter().map(|row| list(row).iter().map(float).collect()).collect()
    } else {
        let name = input["trace"].as_str().unwrap_or_else(|| panic!("a case without a trace"));
        let folder = std::env::var_os("SETPOINT_TRACES").map(PathBuf::from);
        let folder = folder.ok_or("SETPOINT_TRACES does not name the folder of traces")?;
        let path = folder.join(format!("{name}_10s.csv"));
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let row = |line: &str| line.split(',').skip(1).map(|field| field.parse().unwrap()).collect();
        text.lines().skip(1).map(row).collect()
    };
    let end = input["end_step"].as_u64().map_or(rows.len(), |end| end as usize);
    let first = input["first_step"].as_u64().unwrap_or(0) as usize;
    let arrivals = rows[first..end].iter().map(|row| {
        let [requests, prompt_tokens, output_tokens] = row[..] else {
            panic!("a row of {} fields", row.len())
        };
        Some(Arrivals { requests, prompt_tokens, output_tokens })
    });
    let step = Duration::from_millis(int(&model["step_ms"]).unsigned_abs());
    Ok(Trace::from_arrivals("reference", step, arrivals, &work).unwrap())
}

fn mmc(case: &Value) -> Verdict {
    let input = &case["input"];
    let (arrival_rate, service_rate) = (float(&input["arrival_rate"]), float(&input["service_rate"]));
    let servers = int(&input["servers"]);
    let queue = match MultiServerQueue::new(arrival_rate, service_rate, servers as u32) {
        Ok(queue) => queue,
        Err(error) => return Verdict::Fail { expected: case["expect"].to_string(), got: error.to_string() },
    };
    let got = json!({
        "arrival_rate": arrival_rate,
        "service_rate": service_rate,
        "servers": servers,
        "offered_load": queue.offered_load(),
        "utilization": queue.utilization(),
        "erlang_b": queue.erlang_b(),
        "erlang_c": queue.erlang_c(),
        "mean_wait_s": queue.mean_wait_s(),
        "mean_queue_length": queue.mean_queue_length(),
        "mean_response_s": queue.mean_response_s(),
        "mean_in_system": queue.mean_in_system(),
        "prob_wait_over_1s": queue.prob_wait_over(1.0),
        "wait_p50_s": queue.wait_quantile_s(0.5),
        "wait_p95_s": queue.wait_quantile_s(0.95),
        "wait_p99_s": queue.wait_quantile_s(0.99),
    });
    Verdict::within(&case["expect"], &got, 1e-9)
}

fn min_servers(case: &Value) -> Verdict {
    let input = &case["input"];
    let rates = (float(&input["arrival_rate"]), float(&input["service_rate"]));
    match MultiServerQueue::fewest_servers(rates.0, rates.1, float(&input["max_mean_wait_s"])) {
        Ok(servers) => Verdict::compare(&case["expect"], &json!({ "servers": servers })),
        Err(error) => Verdict::Fail { expected: case["expect"].to_string(), got: error.to_string() },
    }
}
