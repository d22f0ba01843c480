//! Reading metrics text, on a body of 1 MB: what a node with some thirty vLLM engines behind one endpoint would expose. Throughput is in bytes
//! of the body. Wall time is for people; on a shared machine compare ratios within one run.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use setpoint::exposition::{Format, Intake, Lines, Names, Scrape};
use setpoint_benches::NOW;
use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

const BUCKETS: [&str; 22] = [
    "0.001", "0.005", "0.01", "0.02", "0.04", "0.06", "0.08", "0.1", "0.25", "0.5", "0.75", "1.0", "2.5",
    "5.0", "7.5", "10.0", "20.0", "40.0", "80.0", "160.0", "640.0", "+Inf",
];
const HISTOGRAMS: [&str; 10] = [
    "time_to_first_token_seconds",
    "inter_token_latency_seconds",
    "request_time_per_output_token_seconds",
    "e2e_request_latency_seconds",
    "request_queue_time_seconds",
    "request_inference_time_seconds",
    "request_prefill_time_seconds",
    "request_decode_time_seconds",
    "request_prompt_tokens",
    "iteration_tokens_total",
];
const GAUGES: [&str; 3] = ["num_requests_running", "num_requests_waiting", "kv_cache_usage_perc"];
const COUNTERS: [&str; 4] = ["prompt_tokens", "generation_tokens", "num_preemptions", "request_success"];

/// A body of at least `bytes` bytes in which counts have grown by `grown`.
fn body(bytes: usize, grown: usize) -> String {
    let mut engines = 1;
    loop {
        let text = body_of(engines, grown);
        if text.len() >= bytes {
            return text;
        }
        engines += 1;
    }
}

fn body_of(engines: usize, grown: usize) -> String {
    let mut to = String::new();
    let model = "model_name=\"meta-llama/Llama-3.1-8B-Instruct\"";
    for name in GAUGES {
        let _ = writeln!(to, "# HELP vllm:{name} A gauge of the scheduler.\n# TYPE vllm:{name} gauge");
        for engine in 0..engines {
            let _ = writeln!(to, "vllm:{name}{{engine=\"{engine}\",{model}}} {}.5", engine * 3);
        }
    }
    for name in COUNTERS {
        let _ = writeln!(to, "# HELP vllm:{name}_total A counter.\n# TYPE vllm:{name}_total counter");
        for engine in 0..engines {
            let value = 1_234_567.0 + (engine * 1_000 + grown) as f64;
            let _ = writeln!(to, "vllm:{name}_total{{engine=\"{engine}\",{model}}} {value:e}");
        }
    }
    for name in HISTOGRAMS {
        let _ = writeln!(to, "# HELP vllm:{name} Histogram of {name}.\n# TYPE vllm:{name} histogram");
        for engine in 0..engines {
            let _ = writeln!(to, "vllm:{name}_sum{{engine=\"{engine}\",{model}}} {}.0417", 4_711 + engine);
            for (place, le) in BUCKETS.iter().enumerate() {
                let count = (place + 1) * (350 + engine + grown);
                let _ =
                    writeln!(to, "vllm:{name}_bucket{{engine=\"{engine}\",le=\"{le}\",{model}}} {count}.0");
            }
            let count = BUCKETS.len() * (350 + engine + grown);
            let _ = writeln!(to, "vllm:{name}_count{{engine=\"{engine}\",{model}}} {count}.0");
        }
    }
    to
}

/// `Lines` to the last one, values and labels checked, nothing kept.
fn lines(c: &mut Criterion) {
    let body = body(1_000_000, 0);
    let mut group = c.benchmark_group("exposition/lines");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("1MB", |b| {
        b.iter(|| Lines::new(black_box(&body), Format::Prometheus).filter(Result::is_ok).count());
    });
    group.finish();
}

/// `Scrape::parse`: the same, grouped into families and kept, allocation included.
fn scrape(c: &mut Criterion) {
    let body = body(1_000_000, 0);
    assert!(Scrape::parse(&body, Format::Prometheus).is_ok_and(|scrape| scrape.samples().len() > 7_000));
    let mut group = c.benchmark_group("exposition/scrape");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("1MB", |b| b.iter(|| Scrape::parse(black_box(&body), Format::Prometheus)));
    group.finish();
}

/// `Intake::take` of one scrape of 1 MB by the rules of vLLM: rates and quantiles since the scrape before. The scrapes exist already; the
/// intake is copied for each round, with its memory of one instance.
fn intake(c: &mut Criterion) {
    let (first, second) = (body(1_000_000, 0), body(1_000_000, 7));
    let parse = |body| Scrape::parse(body, Format::Prometheus).expect("a body of ours");
    let (first, second) = (parse(&first), parse(&second));
    let mut seen = Intake::new(Names::vllm());
    seen.take(NOW, &[("a", Some(&first))]).expect("one instance");
    let later = NOW + Duration::from_secs(15);
    c.bench_function("exposition/intake/1MB", |b| {
        b.iter(|| seen.clone().take(later, &[("a", Some(black_box(&second)))]));
    });
}

criterion_group!(benches, lines, scrape, intake);
criterion_main!(benches);
