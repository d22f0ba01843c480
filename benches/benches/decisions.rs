//! Times of single decisions. Wall time is for people; on a shared machine compare ratios within one run.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use setpoint::behavior::{
    Behavior, Policy, Recommendations, Record, ScaleEvent, ScaleEvents, Windows, limit, stabilize,
};
use setpoint::hpa::{CpuTiming, PodMetric, PodTarget, Pods, Tolerance, propose};
use setpoint::kpa::{self, Metric};
use setpoint::{Autoscaler, Bounds, Decision, Snapshot, Timestamp, bud, fixed::Fixed, kthena};
use setpoint_benches::{NOW, fleet, hpa, snapshot, usage};
use std::hint::black_box;
use std::time::Duration;

/// `hpa::propose`: classification, both passes and the proposal; the snapshot exists already.
fn hpa_proposal(c: &mut Criterion) {
    let mut group = c.benchmark_group("hpa/proposal");
    for n in [10, 100, 1_000] {
        let (fleet, usage) = (fleet(n), usage(n));
        let snapshot = snapshot(&fleet, &usage).expect("columns of one length");
        let metric = PodMetric {
            pods: Pods::of(&snapshot),
            samples: snapshot.find("cpu").expect("samples"),
            requests: snapshot.find_requests("cpu"),
            target: PodTarget::Utilization(70),
            tolerance: Tolerance::default(),
            cpu: Some(CpuTiming::default()),
            now: NOW,
            current: n as i64,
        };
        group.bench_function(BenchmarkId::from_parameter(n), |b| b.iter(|| propose(black_box(&metric))));
    }
    group.finish();
}

/// `Autoscaler::decide_into` of the HPA preset with default behavior, reasons and `next_change_at` included; the snapshot and the
/// decision's buffers exist already.
fn hpa_decision(c: &mut Criterion) {
    let mut group = c.benchmark_group("hpa/decide_into");
    for n in [10, 100, 1_000] {
        let (fleet, usage) = (fleet(n), usage(n));
        let mut snapshot = snapshot(&fleet, &usage).expect("columns of one length");
        let mut scaler = hpa().expect("settings in range");
        let mut decision = Decision::default();
        let mut at = NOW;
        group.bench_function(BenchmarkId::from_parameter(n), |b| {
            b.iter(|| {
                at = at + Duration::from_secs(15);
                snapshot.set_at(at);
                scaler.decide_into(black_box(&snapshot), &mut decision);
            });
        });
    }
    group.finish();
}

/// `behavior::stabilize` and `behavior::limit` with ten events each way and twenty recommendations.
fn hpa_normalization(c: &mut Criterion) {
    let behavior = Behavior::new().filled(Duration::from_secs(300)).expect("defaults");
    let event = |i: i64| ScaleEvent::new(NOW - Duration::from_secs(i.unsigned_abs()), 2);
    let events = ScaleEvents::from_events((1..=10).map(event), (1..=10).map(event));
    let records =
        (1..=20).rev().map(|i| Record { at: NOW - Duration::from_secs(i * 10), replicas: 40 + i as i64 % 7 });
    let memory = Recommendations::from_records(records);
    let windows = Windows::of(Some(&behavior), Duration::from_secs(300));
    c.bench_function("hpa/normalization, 10 events each way", |b| {
        b.iter(|| {
            let (now, current, proposal) = black_box((NOW, 40, 60));
            let stabilized = stabilize(&memory, windows, now, current, proposal);
            limit(current, stabilized.replicas, 1, 1_000, Some(&behavior), &events, now)
        });
    });
}

/// Two records into the windows of one metric and a tick of the scaler, linear windows of 60 s and 6 s.
fn kpa_tick(c: &mut Criterion) {
    let config = kpa::Config::default();
    let mut collector = config.collector().expect("windows in range");
    let mut scaler = config.scaler(NOW, 10);
    let mut at = NOW;
    c.bench_function("kpa/tick, two records", |b| {
        b.iter(|| {
            for _ in 0..2 {
                at = at + Duration::from_secs(1);
                collector.record_one(at, Metric::Concurrency, black_box(640.0));
            }
            scaler.tick(&config.spec(), at, Some(10), config.read(&collector, at))
        });
    });
}

/// `Autoscaler::decide_into` of the KPA preset, one new second of data each, reasons included.
fn kpa_decision(c: &mut Criterion) {
    let mut scaler = Autoscaler::kpa(kpa::Config::default()).expect("defaults");
    let mut snapshot = Snapshot::at(NOW).replicas(10).value("concurrency", 640.0).expect("a value");
    let mut decision = Decision::default();
    let mut at = NOW;
    c.bench_function("kpa/decide_into", |b| {
        b.iter(|| {
            at = at + Duration::from_secs(1);
            snapshot.set_at(at);
            scaler.decide_into(black_box(&snapshot), &mut decision);
        });
    });
}

/// `Autoscaler::decide_into` of the Kthena preset: ten instances, four metrics, reasons included.
fn kthena_decision(c: &mut Criterion) {
    let names = ["requests", "tokens", "kv_cache", "queue"];
    let config = names
        .into_iter()
        .fold(kthena::Config::new(Bounds::new(1, 1_000).expect("bounds")), |config, name| {
            config.target(name, 10.0)
        });
    let mut scaler = Autoscaler::kthena(config).expect("settings in range");
    let values: Vec<f64> = (0..10).map(|i| 8.0 + f64::from(i) / 2.0).collect();
    let mut snapshot = Snapshot::at(NOW).replicas(10);
    for name in names {
        snapshot = snapshot.samples(name, &values).expect("one column each");
    }
    let mut decision = Decision::default();
    let mut at = NOW;
    c.bench_function("kthena/decide_into, 10 instances, 4 metrics", |b| {
        b.iter(|| {
            at = at + Duration::from_secs(15);
            snapshot.set_at(at);
            scaler.decide_into(black_box(&snapshot), &mut decision);
        });
    });
}

/// `Autoscaler::decide_into` of the Bud preset with every input configured and given: ten instances, four metrics, reasons included.
fn bud_decision(c: &mut Criterion) {
    let names = ["requests", "tokens", "kv_cache", "queue"];
    let slow = bud::Side::new().policies([Policy::pods(4, Duration::from_secs(60))]);
    let settings = bud::Config::new(Bounds::new(1, 1_000).expect("bounds"))
        .up(slow.clone())
        .down(slow)
        .gpu(bud::GpuThresholds { memory: Some(80.0), compute: Some(80.0) })
        .prediction(bud::Blend::default())
        .budget_per_hour(100.0);
    let config = names.into_iter().fold(settings, |config, name| config.metric(name, 10.0));
    let mut scaler = Autoscaler::bud(config).expect("settings in range");
    let values: Vec<f64> = (0..10).map(|i| 8.0 + f64::from(i) / 2.0).collect();
    let mut snapshot = Snapshot::at(NOW).replicas(10);
    for name in names {
        snapshot = snapshot.samples(name, &values).expect("one column each");
    }
    for (name, value) in [
        (bud::facts::GPU_MEMORY_UTILIZATION, 85.0),
        (bud::facts::GPU_COMPUTE_UTILIZATION, 60.0),
        (bud::facts::PREDICTED_REPLICAS, 20.0),
        (bud::facts::PREDICTION_CONFIDENCE, 0.9),
        (bud::facts::COST_PER_HOUR, 30.0),
        (bud::facts::REPLICA_COST_PER_HOUR, 3.0),
    ] {
        snapshot = snapshot.value(name, value).expect("one value each");
    }
    let mut decision = Decision::default();
    let mut at = NOW;
    c.bench_function("bud/decide_into, 10 instances, 4 metrics", |b| {
        b.iter(|| {
            at = at + Duration::from_secs(15);
            snapshot.set_at(at);
            scaler.decide_into(black_box(&snapshot), &mut decision);
        });
    });
}

/// The pipeline alone: `decide_into` of a fixed count.
fn fixed_decision(c: &mut Criterion) {
    let mut scaler = Autoscaler::fixed(10);
    let snapshot = Snapshot::at(NOW).replicas(10);
    let mut decision = Decision::default();
    c.bench_function("fixed/decide_into", |b| {
        b.iter(|| scaler.decide_into(black_box(&snapshot), &mut decision));
    });
}

/// Building a snapshot of 1,000 instances with four borrowed columns.
fn building_a_snapshot(c: &mut Criterion) {
    let (fleet, usage) = (fleet(1_000), usage(1_000));
    c.bench_function("snapshot/1,000 instances, 4 metrics, borrowed", |b| {
        b.iter(|| {
            let snapshot = Snapshot::at(NOW).replicas(1_000).instances(black_box(fleet.as_slice()))?;
            snapshot
                .samples("cpu", &usage)?
                .samples("memory", &usage)?
                .samples("queue", &usage)?
                .samples("latency", &usage)
        });
    });
}

/// `save` to JSON text and back by `restore`, of an HPA with twenty recommendations and a KPA with full windows.
fn state(c: &mut Criterion) {
    let (fleet, usage) = (fleet(10), usage(10));
    let mut snapshot = snapshot(&fleet, &usage).expect("columns of one length");
    let mut hpa = hpa().expect("settings in range");
    let mut kpa = Autoscaler::kpa(kpa::Config::default()).expect("defaults");
    let mut concurrency = Snapshot::at(NOW).replicas(10).value("concurrency", 640.0).expect("a value");
    for i in 0..20 {
        snapshot.set_at(NOW + Duration::from_secs(15 * i));
        hpa.decide(&snapshot);
    }
    for i in 0..60 {
        concurrency.set_at(NOW + Duration::from_secs(i));
        kpa.decide(&concurrency);
    }
    for (name, scaler) in [("hpa", &hpa), ("kpa", &kpa)] {
        c.bench_function(&format!("state/{name}, save to JSON"), |b| {
            b.iter(|| serde_json::to_string(&black_box(scaler).save().expect("built-in stages")));
        });
        let text = serde_json::to_string(&scaler.save().expect("built-in stages")).expect("text");
        let mut target = scaler.clone();
        c.bench_function(&format!("state/{name}, restore from JSON"), |b| {
            b.iter(|| target.restore(&serde_json::from_str(black_box(&text)).expect("a value")));
        });
    }
}

/// `decide_many` over a thousand fixed workloads, decisions reused.
fn many(c: &mut Criterion) {
    let mut scalers: Vec<Autoscaler> = (0..1_000)
        .map(|i| Autoscaler::builder().recommend(Fixed::new(i)).build().expect("one recommender"))
        .collect();
    let snapshots: Vec<Snapshot<'_>> =
        (0..1_000).map(|i| Snapshot::at(Timestamp::from_secs(0)).replicas(i)).collect();
    let mut decisions = Vec::new();
    c.bench_function("decide_many/1,000 fixed", |b| {
        b.iter(|| Autoscaler::decide_many(&mut scalers, black_box(&snapshots), &mut decisions));
    });
}

criterion_group!(
    benches,
    hpa_proposal,
    hpa_decision,
    hpa_normalization,
    kpa_tick,
    kpa_decision,
    kthena_decision,
    bud_decision,
    fixed_decision,
    building_a_snapshot,
    state,
    many
);
criterion_main!(benches);
