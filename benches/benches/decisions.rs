//! Times of single decisions. Wall time is for people; on a shared machine compare ratios within one run.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use setpoint::behavior::{
    Behavior, Policy, Recommendations, Record, ScaleEvent, ScaleEvents, Windows, limit, stabilize,
};
use setpoint::bud;
use setpoint::hpa::{CpuTiming, PodMetric, PodTarget, Pods, Tolerance, propose};
use setpoint::kpa::{self, Metric};
use setpoint::{
    Autoscaler, Bounds, Decision, Group, GroupDecision, Snapshot, Timestamp, aibrix, fixed::Fixed, gaussian,
    kthena, kubeai, threshold::Thresholds,
};
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

/// `Autoscaler::decide_into` of the AIBrix preset, strategy APA: ten instances, four metrics, one decision every 10 s into full
/// windows, reasons included.
fn aibrix_decision(c: &mut Criterion) {
    let names = ["requests", "tokens", "kv_cache", "queue"];
    let bounds = Bounds::new(1, 1_000).expect("bounds");
    let config = names
        .into_iter()
        .fold(aibrix::Config::new(aibrix::Strategy::Apa, bounds), |config, name| config.metric(name, 10.0));
    let mut scaler = Autoscaler::aibrix(config).expect("settings in range");
    let values: Vec<f64> = (0..10).map(|i| 8.0 + f64::from(i) / 2.0).collect();
    let mut snapshot = Snapshot::at(NOW).replicas(10);
    for name in names {
        snapshot = snapshot.samples(name, &values).expect("one column each");
    }
    let mut decision = Decision::default();
    let mut at = NOW;
    c.bench_function("aibrix/decide_into, 10 instances, 4 metrics", |b| {
        b.iter(|| {
            at = at + Duration::from_secs(10);
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

/// `Split::split_into` of 10,000 instances over 20 targets of different cost, the batches cut and sorted beforehand; and that
/// work itself, which is done once per configuration.
fn kthena_split(c: &mut Criterion) {
    let targets: Vec<kthena::Target> = (0..20)
        .map(|i| kthena::Target { range: kthena::Range { min: i % 3, max: 500 + 10 * i }, cost: 10 + 7 * i })
        .collect();
    let mut group = c.benchmark_group("kthena/split, 20 targets, 10,000 instances");
    for rate in [100, 110, 200] {
        let split = kthena::Split::new(&targets, rate);
        let mut shares = Vec::new();
        group.bench_function(BenchmarkId::new("split", rate), |b| {
            b.iter(|| split.split_into(black_box(10_000), &mut shares));
        });
        group.bench_function(BenchmarkId::new("plan", rate), |b| {
            b.iter(|| kthena::Split::new(black_box(&targets), rate));
        });
    }
    group.finish();
}

/// `Group::decide_into` of twenty targets with one total (two metrics), and of two roles with a ratio; reasons included.
fn kthena_groups(c: &mut Criterion) {
    let bounds = Bounds::new(0, 1_000).expect("bounds");
    let config = (0..20).fold(kthena::TargetsConfig::new(), |config, i| {
        config.target(format!("target{i}"), bounds, 10 + 7 * i)
    });
    let mut targets =
        Group::kthena_targets(config.metric("queue", 10.0).metric("load", 5.0)).expect("settings");
    let mut snapshots: Vec<Snapshot<'_>> = (0..20)
        .map(|_| Snapshot::at(NOW).replicas(500).value("queue", 4_900.0))
        .map(|snapshot| snapshot?.samples("load", 4.0))
        .collect::<Result<_, _>>()
        .expect("columns");
    let mut decision = GroupDecision::default();
    let mut at = NOW;
    c.bench_function("kthena/decide_into, group of 20 targets", |b| {
        b.iter(|| {
            at = at + Duration::from_secs(15);
            snapshots.iter_mut().for_each(|snapshot| snapshot.set_at(at));
            targets.decide_into(black_box(&snapshots), &mut decision)
        });
    });
    let role = |name: &str| kthena::roles::Role::new(name, bounds).metric("load", 10.0);
    let config = kthena::RolesConfig::new().role(role("prefill")).role(role("decode"));
    let mut roles = Group::kthena_roles(config.ratio("prefill", "decode", 0.5, 1.0)).expect("settings");
    let mut snapshots =
        [120.0, 300.0].map(|load| Snapshot::at(NOW).replicas(20).value("load", load).expect("a value"));
    let mut at = NOW;
    c.bench_function("kthena/decide_into, group of 2 roles", |b| {
        b.iter(|| {
            at = at + Duration::from_secs(15);
            snapshots.iter_mut().for_each(|snapshot| snapshot.set_at(at));
            roles.decide_into(black_box(&snapshots), &mut decision)
        });
    });
}

/// `Autoscaler::decide_into` of the KubeAI preset: ten instances, four metrics, weighted, reasons included.
fn kubeai_decision(c: &mut Criterion) {
    let config = kubeai::Config::new(Bounds::new(1, 1_000).expect("bounds"))
        .latency_p99(Duration::from_millis(500))
        .latency_p95(Duration::from_millis(300))
        .gpu_utilization(80.0)
        .queue_depth(10.0)
        .algorithm("WeightedRatio")
        .weights([1.0, 1.0, 2.0, 0.5]);
    let mut scaler = Autoscaler::kubeai(config).expect("settings in range");
    let values: Vec<f64> = (0..10).map(|i| 0.25 + f64::from(i) / 100.0).collect();
    let mut snapshot = Snapshot::at(NOW).replicas(10);
    for name in ["latency_p99_seconds", "latency_p95_seconds", "gpu_utilization", "queue_length"] {
        snapshot = snapshot.samples(name, &values).expect("one column each");
    }
    let mut decision = Decision::default();
    let mut at = NOW;
    c.bench_function("kubeai/decide_into, 10 instances, 4 metrics", |b| {
        b.iter(|| {
            at = at + Duration::from_secs(15);
            snapshot.set_at(at);
            scaler.decide_into(black_box(&snapshot), &mut decision);
        });
    });
}

/// `Autoscaler::decide_into` of the Gaussian preset: ten instances, a window of twenty samples that moves, reasons included.
fn gaussian_decision(c: &mut Criterion) {
    let band = Thresholds::new(0.4, 0.8).expect("a band");
    let bounds = Bounds::new(1, 1_000).expect("bounds");
    let config = gaussian::Config::window(bounds, band, "cpu", Duration::from_secs(300));
    let mut scaler = Autoscaler::gaussian(config).expect("settings in range");
    let values: Vec<f64> = (0..10).map(|i| 0.5 + f64::from(i) / 50.0).collect();
    let mut snapshot = Snapshot::at(NOW).replicas(10).samples("cpu", &values).expect("one column");
    let mut decision = Decision::default();
    let mut at = NOW;
    c.bench_function("gaussian/decide_into, 10 instances, 20 samples", |b| {
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

criterion_group!(
    benches,
    hpa_proposal,
    hpa_decision,
    hpa_normalization,
    kpa_tick,
    kpa_decision,
    kthena_decision,
    kthena_split,
    kthena_groups,
    aibrix_decision,
    kubeai_decision,
    gaussian_decision,
    bud_decision,
    fixed_decision,
    building_a_snapshot,
    state,
    many
);
criterion_main!(benches);
