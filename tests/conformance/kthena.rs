//! Adapters of the kthena vector files.

use crate::case::{Verdict, at, float, int, json_number, list, number, seconds};
use serde_json::{Value, json};
use setpoint::algorithm::kthena::families::{Answer, Content, Family, Group, Observed, Pod};
use setpoint::algorithm::kthena::{
    Collector, Histories, Limit, Metric, Outcome, Plan, Reading, Rules, Scope, Select, Status, Widths,
    correct, recommend,
};
use setpoint::state::{StateReader, StateWriter};
use setpoint::window::histogram::{QuantileError, quantile};
use setpoint::window::{Extreme, Histogram, LineWindow, RecordWindow, SnapshotWindow};
use setpoint::{Instance, Phase, Readiness, StateError, Timestamp};
use std::time::Duration;

pub(crate) fn recommendation(case: &Value) -> Verdict {
    let input = &case["input"];
    let scope = Scope {
        min: int(&input["min_replicas"]),
        max: int(&input["max_replicas"]),
        current: int(&input["current_replicas"]),
        unready: int(&input["unready_instances"]),
        tolerance: float(&input["tolerance"]),
    };
    let instances = list(&input["ready_metrics"]);
    let columns: Vec<(f64, Option<f64>, Vec<Option<f64>>)> = entries(&input["metric_targets"])
        .map(|(name, target)| {
            let column = instances.iter().map(|map| number(&map[name])).collect();
            (float(target), number(&input["external_metrics"][name]), column)
        })
        .collect();
    let answer = |form: fn(&[Option<f64>]) -> Reading| {
        let metrics = columns.iter().map(|(target, external, column)| {
            (*target, external.map_or_else(|| form(column), Reading::External))
        });
        let count = recommend(&scope, metrics, |_, _| {}).count();
        json!({ "recommended_replicas": count, "skip": count.is_none() })
    };
    let verdict =
        Verdict::compare(&case["expect"], &answer(|column| Reading::instances(column.iter().copied())));
    if matches!(verdict, Verdict::Pass) && instances.len() == 1 {
        return Verdict::compare(&case["expect"], &answer(|column| Reading::sum_of(column.iter().copied())));
    }
    verdict
}

pub(crate) fn revision(case: &Value) -> Verdict {
    let run = match case["kind"].as_str() {
        Some("homogeneous_loop") => whole_cycles,
        Some("correction_only") => corrections,
        Some("sliding_window") => one_window,
        _ => return Verdict::unknown_kind(&case["kind"]),
    };
    let steps = list(&case["steps"]);
    let expected: Value = steps.iter().map(|step| step["expect"].clone()).collect();
    let plain = Verdict::compare(&expected, &run(&case["input"], steps, false));
    if !matches!(plain, Verdict::Pass) {
        return plain;
    }
    Verdict::compare(&expected, &run(&case["input"], steps, true))
}

fn whole_cycles(input: &Value, steps: &[Value], restored: bool) -> Value {
    let (rules, widths) = (rules(input), widths(&input["behavior"]));
    let tolerance = float(&input["tolerance_percent"]) * 0.01;
    let mut status = Status::new(widths);
    let cycle = |step: &Value| {
        let now = at(&step["at_ms"]);
        let current = int(&step["current_replicas"]);
        let unready = int(&step["unready_instances"]);
        let scope = Scope { min: rules.min, max: rules.max, current, unready, tolerance };
        let metrics = entries(&input["metric_targets"]).map(|(name, target)| {
            let external = number(&step["external_metrics"][name]).map(Reading::External);
            let summed = Reading::Summed(number(&step["ready_metrics"][name]));
            (float(target), external.unwrap_or(summed))
        });
        let recommended = recommend(&scope, metrics, |_, _| {}).count();
        let decision = recommended.map(|recommended| status.decide(&rules, now, current, recommended));
        if let Some(decision) = &decision {
            status.record(now, decision);
        }
        let answer = json!({
            "corrected_replicas": decision.map(|d| d.correction.corrected),
            "panic_mode": decision.map_or_else(|| status.panic().active(now), |d| d.in_panic),
            "panic_mode_ends_at_ms": status.panic().ends_at().map_or(0, Timestamp::as_millis),
            "panic_refreshed": decision.is_some_and(|d| d.triggered),
            "recommended_replicas": recommended,
            "skip": recommended.is_none(),
        });
        if restored {
            let mut fresh = Status::new(widths);
            through_text(|out| status.save(out), |from| fresh.restore(from));
            status = fresh;
        }
        answer
    };
    steps.iter().map(cycle).collect()
}

fn corrections(input: &Value, steps: &[Value], restored: bool) -> Value {
    let rules = rules(input);
    let window = |name: &str| Window::named(name, ms(&input["windows_ms"][name]));
    let names = [
        "max_recommendation",
        "min_recommendation",
        "max_corrected",
        "min_corrected_for_stable",
        "min_corrected_for_panic",
    ];
    let mut windows = names.map(window);
    let answer = |step: &Value| {
        let now = at(&step["at_ms"]);
        let answer = match step["op"].as_str() {
            Some("append") => {
                let place = names.iter().position(|name| step["window"] == **name).expect("a known window");
                windows[place].append(now, int(&step["value"]));
                None
            }
            Some("correct") => {
                let current = int(&step["current_replicas"]);
                let [
                    max_recommendation,
                    min_recommendation,
                    max_corrected,
                    min_corrected_for_stable,
                    min_corrected_for_panic,
                ] = windows.each_ref().map(|window| window.best(now, current));
                let histories = Histories {
                    max_recommendation,
                    min_recommendation,
                    max_corrected,
                    min_corrected_for_stable,
                    min_corrected_for_panic,
                };
                let in_panic = step["is_panic"].as_bool().expect("is_panic");
                let recommended = int(&step["recommended_replicas"]);
                Some(correct(&rules, &histories, in_panic, current, recommended).corrected)
            }
            _ => panic!("unknown op {}", step["op"]),
        };
        if restored {
            for (window, name) in windows.iter_mut().zip(names) {
                window.renew(Window::named(name, ms(&input["windows_ms"][name])));
            }
        }
        json!({ "corrected_replicas": answer })
    };
    steps.iter().map(answer).collect()
}

fn one_window(input: &Value, steps: &[Value], restored: bool) -> Value {
    let fresh = ms(&input["fresh_ms"]);
    let build = || match input["window_type"].as_str() {
        Some("maximum_record") => Window::Record(RecordWindow::new(Extreme::Maximum, fresh)),
        Some("minimum_record") => Window::Record(RecordWindow::new(Extreme::Minimum, fresh)),
        Some("maximum_line_chart") => Window::Line(LineWindow::new(Extreme::Maximum, fresh)),
        Some("minimum_line_chart") => Window::Line(LineWindow::new(Extreme::Minimum, fresh)),
        Some("snapshot") => Window::Snapshots(SnapshotWindow::new(fresh, ms(&input["expire_ms"]))),
        _ => panic!("unknown window {}", input["window_type"]),
    };
    let mut window = build();
    let answer = |step: &Value| {
        let (now, value) = (at(&step["at_ms"]), int(&step["value"]));
        let answer = match step["op"].as_str() {
            Some("append") => {
                window.append(now, value);
                json!({ "available": null, "best": null })
            }
            Some("best") => {
                let best = window.best(now, value);
                json!({ "available": best.is_some(), "best": best })
            }
            _ => panic!("unknown op {}", step["op"]),
        };
        if restored {
            window.renew(build());
        }
        answer
    };
    steps.iter().map(answer).collect()
}

enum Window {
    Record(RecordWindow),
    Line(LineWindow),
    Snapshots(SnapshotWindow<i64>),
}

impl Window {
    fn named(name: &str, width: Duration) -> Self {
        match name {
            "max_recommendation" => Self::Record(RecordWindow::new(Extreme::Maximum, width)),
            "min_recommendation" => Self::Record(RecordWindow::new(Extreme::Minimum, width)),
            "max_corrected" => Self::Line(LineWindow::new(Extreme::Maximum, width)),
            _ => Self::Line(LineWindow::new(Extreme::Minimum, width)),
        }
    }

    fn append(&mut self, now: Timestamp, value: i64) {
        match self {
            Self::Record(window) => window.append(now, value),
            Self::Line(window) => window.append(now, value),
            Self::Snapshots(window) => window.append(now, value),
        }
    }

    fn best(&self, now: Timestamp, current: i64) -> Option<i64> {
        match self {
            Self::Record(window) => window.best(now),
            Self::Line(window) => window.best(now, current),
            Self::Snapshots(window) => window.last_unfresh(now).copied(),
        }
    }

    fn renew(&mut self, mut fresh: Self) {
        through_text(
            |out| match self {
                Self::Record(window) => window.save(out),
                Self::Line(window) => window.save(out),
                Self::Snapshots(window) => window.save(out, |value| (*value).into()),
            },
            |from| match &mut fresh {
                Self::Record(window) => window.restore(from),
                Self::Line(window) => window.restore(from),
                Self::Snapshots(window) => window.restore(from, |value| match value {
                    setpoint::state::Value::Int(value) => Ok(*value),
                    _ => Err(StateError::Missing { field: "value".into() }),
                }),
            },
        );
        *self = fresh;
    }
}

fn through_text(
    save: impl FnOnce(&mut StateWriter),
    restore: impl FnOnce(&StateReader<'_>) -> Result<(), StateError>,
) {
    let mut out = StateWriter::default();
    save(&mut out);
    let text = serde_json::to_string(&out.finish()).expect("state as text");
    let value: setpoint::state::Value = serde_json::from_str(&text).expect("text as state");
    StateReader::new("kthena", &value).and_then(|from| restore(&from)).expect("restored");
}

fn rules(input: &Value) -> Rules {
    let behavior = &input["behavior"];
    let panic = &behavior["scale_up"]["panic_policy"];
    Rules {
        min: int(&input["min_replicas"]),
        max: int(&input["max_replicas"]),
        scale_up: limit(&behavior["scale_up"]["stable_policy"]),
        scale_down: limit(&behavior["scale_down"]),
        panic_percent: int(&panic["percent"]),
        panic_threshold_percent: panic["panic_threshold_percent"].as_i64(),
    }
}

pub(crate) fn limit(policy: &Value) -> Limit {
    Limit {
        instances: int(&policy["instances"]),
        percent: int(&policy["percent"]),
        select: match policy["select_policy"].as_str() {
            Some("Or") => Some(Select::Or),
            Some("And") => Some(Select::And),
            _ => None,
        },
    }
}

pub(crate) fn widths(behavior: &Value) -> Widths {
    let span = |value: &Value| if value.is_null() { Duration::ZERO } else { seconds(value) };
    let (up, down) = (&behavior["scale_up"], &behavior["scale_down"]);
    Widths {
        scale_down_stabilization: span(&down["stabilization_window_seconds"]),
        scale_up_stabilization: span(&up["stable_policy"]["stabilization_window_seconds"]),
        scale_down_period: span(&down["period_seconds"]),
        scale_up_period: span(&up["stable_policy"]["period_seconds"]),
        panic_period: span(&up["panic_policy"]["period_seconds"]),
        panic_hold: span(&up["panic_policy"]["panic_mode_hold_seconds"]),
    }
}

pub(crate) fn entries(map: &Value) -> impl Iterator<Item = (&String, &Value)> {
    map.as_object().unwrap_or_else(|| panic!("{map} is no map")).iter()
}

fn ms(value: &Value) -> Duration {
    Duration::from_millis(u64::try_from(int(value)).expect("a width is not negative"))
}

pub(crate) fn histogram(case: &Value) -> Verdict {
    match case["kind"].as_str() {
        Some("quantile") => Verdict::compare(&case["expect"], &one_quantile(&case["input"])),
        Some("collect") => {
            let steps = list(&case["steps"]);
            let expected: Value = steps.iter().map(|step| step["expect"].clone()).collect();
            let plain = Verdict::compare(&expected, &collections(&case["input"], steps, false));
            if !matches!(plain, Verdict::Pass) {
                return plain;
            }
            Verdict::compare(&expected, &collections(&case["input"], steps, true))
        }
        _ => Verdict::unknown_kind(&case["kind"]),
    }
}

fn one_quantile(input: &Value) -> Value {
    let past = &input["past"];
    let past = if past.is_null() { Histogram::default() } else { one_histogram(past) };
    let percentile = i32::try_from(int(&input["percentile"])).expect("a percentile of 32 bits");
    match quantile(percentile, &one_histogram(&input["now"]), &past) {
        Ok(value) => json!({ "error": null, "value": json_number(value) }),
        Err(error) => {
            let name = match error {
                QuantileError::Percentile { .. } => "invalid_percentile",
                QuantileError::CountFell { .. } => "negative_count",
                QuantileError::Buckets { .. } => "bucket_mismatch",
                QuantileError::NotMonotone { .. } => "non_decreasing_broken",
                QuantileError::NotFound { .. } => "not_found",
                other => panic!("{other}"),
            };
            json!({ "error": name, "value": null })
        }
    }
}

fn one_histogram(of: &Value) -> Histogram {
    let bucket = |bucket: &Value| (float(&bucket["le"]), int(&bucket["cumulative_count"]));
    Histogram::new(int(&of["count"]), list(&of["buckets"]).iter().map(bucket))
        .expect("bounds that are numbers")
}

fn collections(input: &Value, steps: &[Value], restored: bool) -> Value {
    let metric = |metric: &Value| {
        let text = |field: &str| metric[field].as_str().unwrap_or_else(|| panic!("{field} in {metric}"));
        match text("source") {
            "pod" => Metric::pod(text("name"), text("endpoint")).scraped_as(text("scrape_name")),
            "external" => Metric::external(text("name")),
            other => panic!("unknown source {other}"),
        }
    };
    let plan = Plan::new(list(&input["metrics"]).iter().map(metric)).expect("metrics");
    let mut collector = Collector::new(plan.clone());
    let answer = |step: &Value| {
        let scrapes: Vec<Scrape<'_>> = list(&step["pods"]).iter().map(Scrape::of).collect();
        let families: Vec<Vec<Family<'_>>> = scrapes.iter().map(Scrape::families).collect();
        let pods: Vec<Pod<'_>> =
            scrapes.iter().zip(&families).map(|(scrape, families)| scrape.pod(families)).collect();
        let groups: Vec<Group<'_>> =
            plan.endpoints().iter().map(|endpoint| Group { endpoint, pods: &pods }).collect();
        let external: Vec<(&str, Answer<'_>)> = entries(&step["external_values"])
            .map(|(name, value)| (name.as_str(), number(value).map_or(Answer::Failed, Answer::Scalar)))
            .collect();
        let seen = Observed { groups: &groups, external: &external };
        let collected = collector.collect(at(&step["at_ms"]), &seen);
        let (mut ready, mut outside) = (json!({}), json!({}));
        for (name, outcome) in collected.metrics() {
            match outcome {
                Outcome::Ready { sum, .. } => ready[name.as_str()] = json_number(*sum),
                Outcome::External { value } => outside[name.as_str()] = json_number(*value),
                Outcome::Silent(_) => {}
            }
        }
        let answer = json!({
            "external_metrics": outside,
            "ready_metrics": ready,
            "unready_instances": collected.unready_count(),
        });
        if restored {
            let mut fresh = Collector::new(plan.clone());
            through_text(|out| collector.save(out), |from| fresh.restore(from));
            assert_eq!(fresh, collector);
            collector = fresh;
        }
        answer
    };
    steps.iter().map(answer).collect()
}

/// A pod of a vector, its families read.
struct Scrape<'a> {
    pod: &'a Value,
    families: Vec<(&'a str, &'a str, Vec<f64>, Vec<Histogram>)>,
}

impl<'a> Scrape<'a> {
    fn of(pod: &'a Value) -> Self {
        let family = |(name, family): (&'a String, &'a Value)| {
            let kind = family["type"].as_str().expect("a type");
            let (samples, series) = match kind {
                "histogram" => (vec![], vec![one_histogram(family)]),
                _ => (family["samples"].as_array().map_or(vec![], |s| s.iter().map(float).collect()), vec![]),
            };
            (name.as_str(), kind, samples, series)
        };
        Self { pod, families: entries(&pod["families"]).map(family).collect() }
    }

    fn families(&self) -> Vec<Family<'_>> {
        let families = self.families.iter().map(|(name, kind, samples, series)| Family {
            name,
            content: match *kind {
                "counter" => Content::Counter(samples),
                "gauge" => Content::Gauge(samples),
                "histogram" => Content::Histogram(series),
                _ => Content::Unsupported { series: samples.len().max(1) },
            },
        });
        families.collect()
    }

    fn pod<'b>(&'b self, families: &'b [Family<'b>]) -> Pod<'b> {
        let flag =
            |field: &str| self.pod[field].as_bool().unwrap_or_else(|| panic!("{field} in {}", self.pod));
        let instance = Instance {
            phase: match self.pod["phase"].as_str() {
                Some("Pending") => Phase::Pending,
                Some("Running") => Phase::Running,
                Some("Succeeded") => Phase::Succeeded,
                Some("Failed") => Phase::Failed,
                Some("Unknown") => Phase::Unknown,
                _ => panic!("unknown phase {}", self.pod["phase"]),
            },
            readiness: if flag("ready") { Readiness::Ready } else { Readiness::NotReady },
            leaving: flag("deleting"),
            started_at: self.pod["start_time_ms"].as_i64().map(Timestamp::from_millis),
            readiness_changed_at: None,
            restarts: u32::try_from(int(&self.pod["restart_count"])).expect("a count of restarts"),
        };
        let name = self.pod["name"].as_str().expect("a name");
        Pod { name, instance, scrape: flag("scrape_ok").then_some(families) }
    }
}
