//! Scrape bodies of real servers' form, as their documents give it, read to the end: every number here was worked out by hand from the files
//! in `fixtures/exposition`.

use setpoint::exposition::{Format, Intake, Kind, Names, ParseError, Problem, Scrape};
use setpoint::state::{StateReader, StateWriter, Value};
use setpoint::{Snapshot, Timestamp, metric};

const VLLM: &str = include_str!("fixtures/exposition/vllm.txt");
const VLLM_LATER: &str = include_str!("fixtures/exposition/vllm_15s_later.txt");
const TGI: &str = include_str!("fixtures/exposition/tgi.txt");
const SGLANG: &str = include_str!("fixtures/exposition/sglang.txt");
const TRITON: &str = include_str!("fixtures/exposition/triton.txt");
const TRITON_LATER: &str = include_str!("fixtures/exposition/triton_10s_later.txt");
const DCGM: &str = include_str!("fixtures/exposition/dcgm.txt");
const OPENMETRICS: &str = include_str!("fixtures/exposition/openmetrics.txt");
const BROKEN: &str = include_str!("fixtures/exposition/broken.txt");

fn parse(body: &str) -> Scrape<'_> {
    Scrape::parse(body, Format::Prometheus).expect("a whole body")
}

/// What the rules say of one instance after it was scraped at these seconds, the intake saved and restored before each scrape.
fn say(names: &Names, scrapes: &[(i64, &str)]) -> Vec<(String, f64)> {
    let mut intake = Intake::new(names.clone());
    let mut said = Vec::new();
    for (seconds, body) in scrapes {
        let mut out = StateWriter::default();
        intake.save(&mut out);
        let text = serde_json::to_string(&out.finish()).expect("state has a JSON form");
        let value: Value = serde_json::from_str(&text).expect("its own text");
        let mut restored = Intake::new(names.clone());
        restored.restore(&StateReader::new("intake", &value).expect("fields")).expect("its own state");
        assert_eq!(restored, intake);
        intake = restored;
        let scrape = parse(body);
        let columns =
            intake.take(Timestamp::from_secs(*seconds), &[("a", Some(&scrape))]).expect("one instance");
        said = columns.iter().map(|(name, values)| (name.to_owned(), values[0])).collect();
    }
    said
}

#[track_caller]
fn same(said: &[(String, f64)], expected: &[(&str, f64)]) {
    let names: Vec<&str> = said.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, expected.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for ((name, value), (_, expected)) in said.iter().zip(expected) {
        assert!((value - expected).abs() <= 1e-12 * expected.abs(), "{name} is {value}, not {expected}");
    }
}

#[test]
fn vllm() {
    let at_once = [
        (metric::CONCURRENT_REQUESTS, 22.0),
        (metric::QUEUE_LENGTH, 7.0),
        (metric::KV_CACHE_UTILIZATION, 60.0),
        (metric::REQUEST_COUNT, 1_900.0),
        (metric::TOKEN_IN_COUNT, 800_000.0),
        (metric::TOKEN_OUT_COUNT, 403_000.0),
    ];
    same(&say(&Names::vllm(), &[(0, VLLM)]), &at_once);
    let later = [
        (metric::CONCURRENT_REQUESTS, 30.0),
        (metric::QUEUE_LENGTH, 15.0),
        (metric::KV_CACHE_UTILIZATION, 90.0),
        (metric::REQUEST_COUNT, 2_000.0),
        (metric::REQUESTS_PER_SECOND, 100.0 / 15.0),
        (metric::TOKEN_IN_COUNT, 828_000.0),
        (metric::TOKENS_IN_PER_SECOND, 28_000.0 / 15.0),
        (metric::TOKEN_OUT_COUNT, 417_000.0),
        (metric::TOKENS_OUT_PER_SECOND, 14_000.0 / 15.0),
        // 100 requests: 80 within 2.5 s, 98 within 5 s.
        (metric::INFERENCE_LATENCY_MS, 2_500.0 + 2_500.0 * 15.0 / 18.0),
        // 85 within 0.5 s, 96 within 0.8 s.
        (metric::QUEUE_TIME_MS, 500.0 + 300.0 * 10.0 / 11.0),
        // 90 within 0.5 s, all within 0.75 s.
        (metric::TIME_TO_FIRST_TOKEN_MS, 625.0),
        // 14,000 tokens: 8,500 within 50 ms, all within 75 ms.
        (metric::TIME_PER_OUTPUT_TOKEN_MS, 50.0 + 25.0 * 4_800.0 / 5_500.0),
    ];
    same(&say(&Names::vllm(), &[(0, VLLM), (15, VLLM_LATER)]), &later);
    let one = Names::vllm().only("engine", "1");
    let said = say(&one, &[(0, VLLM), (15, VLLM_LATER)]);
    assert_eq!(said[1], (metric::QUEUE_LENGTH.to_owned(), 6.0));
    let started_anew = say(&Names::vllm(), &[(0, VLLM_LATER), (10, VLLM)]);
    assert!(started_anew.contains(&(metric::REQUESTS_PER_SECOND.to_owned(), 190.0)), "{started_anew:?}");
}

#[test]
fn tgi() {
    let expected = [
        (metric::CONCURRENT_REQUESTS, 24.0),
        (metric::QUEUE_LENGTH, 11.0),
        (metric::REQUEST_COUNT, 5_021.0),
        (metric::TOKEN_IN_COUNT, 2_310_000.0),
        (metric::TOKEN_OUT_COUNT, 890_000.0),
    ];
    same(&say(&Names::tgi(), &[(0, TGI)]), &expected);
    let idle = say(&Names::tgi(), &[(0, TGI), (10, TGI)]);
    let rates = idle.iter().filter(|(name, _)| name.ends_with("per_second"));
    assert!(rates.clone().count() == 3 && rates.clone().all(|(_, rate)| *rate == 0.0), "{idle:?}");
    assert!(!idle.iter().any(|(name, _)| name.ends_with("_ms")), "no request, no latency: {idle:?}");
}

#[test]
fn sglang() {
    let expected = [
        (metric::CONCURRENT_REQUESTS, 162.0),
        (metric::QUEUE_LENGTH, 2_826.0),
        (metric::KV_CACHE_UTILIZATION, 28.0),
        (metric::REQUEST_COUNT, 11_228.0),
        (metric::TOKEN_IN_COUNT, 8_128_902.0),
        (metric::TOKEN_OUT_COUNT, 7_557_572.0),
    ];
    same(&say(&Names::sglang(), &[(0, SGLANG)]), &expected);
    let ttft = parse(SGLANG).distribution("sglang:time_to_first_token_seconds", &[]).expect("it is there");
    assert_eq!(ttft.quantile(0.5), Some(5.0 + 5.0 * ((1_300.0 - 314.0) / (1_330.0 - 314.0))));
    assert_eq!(ttft.whole().map(|h| h.count()), Some(2_600));
}

#[test]
fn triton() {
    let expected = [
        (metric::QUEUE_LENGTH, 5.0),
        (metric::REQUEST_COUNT, 201.0),
        (metric::REQUESTS_PER_SECOND, 4.0),
        (metric::INFERENCE_LATENCY_MS, 40.0),
        (metric::QUEUE_TIME_MS, 0.098),
        (metric::GPU_UTILIZATION, 75.0),
        (metric::GPU_MEMORY_USAGE, 24.0 * 1_073_741_824.0),
        (metric::GPU_MEMORY_UTILIZATION, 50.0),
        (metric::CPU_UTILIZATION, 37.5),
        (metric::MEMORY_USAGE, 16.0 * 1_073_741_824.0),
    ];
    same(&say(&Names::triton(), &[(0, TRITON), (10, TRITON_LATER)]), &expected);
}

#[test]
fn dcgm() {
    let expected = [
        (metric::GPU_UTILIZATION, 70.0),
        (metric::GPU_MEMORY_USAGE, 125.0 * 1_073_741_824.0),
        (metric::GPU_MEMORY_FREE, 35.0 * 1_073_741_824.0),
        (metric::GPU_MEMORY_UTILIZATION, 78.125),
    ];
    same(&say(&Names::dcgm(), &[(0, DCGM)]), &expected);
    let one = say(&Names::dcgm().only("pod", "llama-1"), &[(0, DCGM)]);
    assert_eq!(one[0], (metric::GPU_UTILIZATION.to_owned(), 42.0));
}

#[test]
fn openmetrics() {
    let scrape = Scrape::parse(OPENMETRICS, Format::OpenMetrics).expect("a whole body");
    let families: Vec<(&str, Kind, usize)> =
        scrape.families().iter().map(|f| (f.name(), f.kind(), scrape.samples_of(f).len())).collect();
    let expected = [
        ("http_requests", Kind::Counter, 2),
        ("latency_seconds", Kind::Histogram, 6),
        ("build", Kind::Info, 1),
        ("power", Kind::StateSet, 2),
        ("queue.depth", Kind::Gauge, 1),
        ("temperature", Kind::Unknown, 1),
    ];
    assert_eq!(families, expected);
    let requests = scrape.series("http_requests_total").next().expect("it is there");
    assert_eq!(requests.timestamp, Some(Timestamp::from_millis(1_395_066_363_005)));
    let help =
        scrape.family("http_requests").and_then(setpoint::exposition::Family::help).expect("it has one");
    assert!(help == *"Requests by path, \"quoted\" and \\ escaped.");
    let depth = scrape.series("queue.depth").next().expect("it is there");
    assert!(depth.value == 3.0 && depth.labels.has(&[("pool.name", "a")]));
    let latency = scrape.distribution("latency_seconds", &[]).expect("it is there");
    assert_eq!(latency.quantile(0.65), Some(0.1 + (0.5 - 0.1) * 0.5));
    let as_prometheus = Scrape::parse(OPENMETRICS, Format::Prometheus).expect_err("it has an exemplar");
    assert_eq!(as_prometheus.line, 3);
}

#[test]
fn a_broken_body_is_read_around_its_broken_lines() {
    let scrape = Scrape::parse_lenient(BROKEN, Format::Prometheus);
    let expected = [
        (2, Problem::Kind),
        (4, Problem::Value),
        (6, Problem::Quote),
        (8, Problem::LabelTwice),
        (10, Problem::Name),
        (12, Problem::CutOff),
    ];
    let errors = expected.map(|(line, problem)| ParseError { line, problem });
    assert_eq!(scrape.errors(), errors);
    assert_eq!(Scrape::parse(BROKEN, Format::Prometheus), Err(errors[0]));
    let values: Vec<f64> = scrape.samples().iter().map(|sample| sample.value).collect();
    assert_eq!(values, [11.0, 5_021.0, 49_152.0, 4_100.0, 2_310_000.0]);
    assert!(scrape.series("tgi_request_generated_tokens_sum").next().is_none(), "8900 is not 890000");
}

#[test]
fn a_fleet_of_different_servers_makes_one_snapshot() {
    let (vllm, tgi) = (parse(VLLM), parse(TGI));
    let mut intake = Intake::new(Names::all());
    let at = Timestamp::from_secs(60);
    let columns =
        intake.take(at, &[("a", Some(&vllm)), ("b", None), ("c", Some(&tgi))]).expect("three names");
    let snapshot = columns.fill(Snapshot::at(at).replicas(3)).expect("aligned");
    let waiting = snapshot.find(metric::QUEUE_LENGTH).expect("two of them say it").values();
    assert_eq!([0, 1, 2].map(|i| waiting.get(i)), [Some(7.0), None, Some(11.0)]);
    assert_eq!(snapshot.covered(), Some(2.0 / 3.0));
}

/// Sources that no fixture has: older or newer names of what another rule reads, and what a server does not expose by default.
const ABSENT: &[&str] = &[
    "vllm:gpu_cache_usage_perc",
    "vllm:time_per_output_token_seconds",
    "sglang:queue_time_seconds",
    "sglang:inter_token_latency_seconds",
    "nv_inference_request_summary_us",
    "nv_inference_first_response_histogram_ms",
];

#[test]
fn every_rule_finds_its_source_in_a_fixture() {
    let scrapes = [VLLM, TGI, SGLANG, TRITON, DCGM].map(parse);
    for rule in Names::all().rules() {
        let name = rule.source();
        let found =
            scrapes.iter().any(|s| s.series(name).next().is_some() || s.distribution(name, &[]).is_some());
        assert_eq!(found, !ABSENT.contains(&name), "{name}");
    }
}

#[test]
fn the_page_lists_every_rule() {
    let page = include_str!("../docs/exposition.md");
    let tables = page.lines().skip_while(|line| *line != "## Names");
    let rows: Vec<&str> = tables.filter(|line| line.starts_with("| `")).collect();
    let rules = Names::all();
    for rule in rules.rules() {
        let start = format!("| `{}` | ", rule.source());
        let end = format!(" | `{}` | {} |", rule.metric(), rule.factor());
        let found = rows.iter().filter(|row| row.starts_with(&start) && row.ends_with(&end)).count();
        assert_eq!(found, 1, "{start}…{end}");
    }
    assert_eq!(rows.len(), rules.rules().len(), "the page lists rules that are none");
}
