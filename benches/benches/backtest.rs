//! Bins per second of a backtest at rate level: `simulate::run` over a generated day of 8,640 bins, report included, the trace made beforehand.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use setpoint::simulate::{self, Model, Traffic, Work};
use setpoint::{Autoscaler, Bounds, ConfigError, Target, hpa, kpa};
use std::hint::black_box;
use std::time::Duration;

fn policies() -> Result<[(&'static str, Autoscaler); 3], ConfigError> {
    let bounds = Bounds::new(1, 40)?;
    Ok([
        ("fixed", Autoscaler::fixed(10)),
        ("hpa", Autoscaler::hpa(hpa::Config::new(bounds).target("cpu", Target::utilization(0.7)?))?),
        ("kpa", Autoscaler::kpa(kpa::Config::default().target(4.0).max_scale(40))?),
    ])
}

fn backtest(c: &mut Criterion) {
    let work =
        Work::per_request_ms(200.0).and_then(|w| w.and_per_token_ms(0.25, 20.0)).expect("positive work");
    let trace = Traffic::day().seed(1).trace(&work).expect("a day");
    let model = Model::new(Bounds::new(1, 40).expect("bounds"))
        .initial(10)
        .and_then(|model| model.slots_per_replica(4))
        .expect("settings in range")
        .start_delay(Duration::from_secs(60));
    let mut group = c.benchmark_group("backtest/a day of 8,640 bins");
    group.throughput(Throughput::Elements(trace.len() as u64));
    for (name, scaler) in policies().expect("settings in range") {
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| simulate::run(black_box(&trace), &mut scaler.clone(), &model));
        });
    }
    group.finish();
}

criterion_group!(benches, backtest);
criterion_main!(benches);
