//! Times of fits, choices of orders and single points of ARIMA models, one thread. The series are those of `data/arima_series.json`:
//! `a…` simulated ARIMA(1,1,1), `s…` simulated SARIMA(1,0,1)(0,1,1)[24], by length.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use setpoint::forecast::arima::{Arima, AutoArima, Orders};
use setpoint::forecast::{Fit, Forecaster};
use std::hint::black_box;
use std::time::Duration;

fn series(name: &str) -> Vec<f64> {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../data/arima_series.json")).expect("a file of series");
    file[name].as_array().expect("a series").iter().map(|v| v.as_f64().expect("a number")).collect()
}

/// `Arima::fit` from all starts, and a forecast of 24 steps.
fn fits(c: &mut Criterion) {
    let mut group = c.benchmark_group("arima/fit and forecast");
    let plain = Arima::new(Orders::new(1, 1, 1));
    let seasonal = Arima::new(Orders::new(1, 0, 1).seasonal(0, 1, 1, 24));
    for (name, model) in [("a200", &plain), ("a1000", &plain), ("s200", &seasonal), ("s1000", &seasonal)] {
        let y = series(name);
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| model.fit(black_box(&y)).expect("a fit").forecast(24).expect("a forecast"));
        });
    }
    group.finish();
}

/// `AutoArima::fit`: tests of differences, stepwise search with exact likelihoods, all starts for the winner.
fn choices(c: &mut Criterion) {
    let mut group = c.benchmark_group("arima/automatic");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    for (name, period) in [("a200", 1), ("s200", 24), ("s672", 24)] {
        let y = series(name);
        let model = AutoArima::new().period(period);
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| model.fit(black_box(&y)).expect("a choice"));
        });
    }
    group.finish();
}

/// `Online::observe` of one point once the filter has settled, a state of 26; the model is fitted already.
fn points(c: &mut Criterion) {
    let y = series("s1000");
    let model = Arima::new(Orders::new(1, 0, 1).seasonal(0, 1, 1, 24));
    let mut online = model.fit(&y).expect("a fit").online();
    for t in 0..2_000 {
        online.observe(y[t % 24 + 976]).expect("a finite value");
    }
    let mut t = 0;
    c.bench_function("arima/observe, state of 26", |b| {
        b.iter(|| {
            t = (t + 1) % 24;
            online.observe(black_box(y[t + 976]))
        });
    });
}

criterion_group!(benches, fits, choices, points);
criterion_main!(benches);
