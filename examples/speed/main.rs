//! How fast the rate level is: bins per second on one core, for the engine alone and for autoscalers.
//!
//! `cargo run --release --example speed [NAME]`

use setpoint::simulate::{self, Model, RateLevel, Trace, Traffic, Work};
use setpoint::{Autoscaler, Bounds, ConfigError, Target, hpa, kpa, kthena, threshold};
use std::hint::black_box;
use std::time::{Duration, Instant};

const RUNS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let work = Work::per_request_ms(200.0)?;
    let trace = Traffic::steady(Duration::from_secs(10), 1_000_000, 1.0)?
        .cycle(0.6, Duration::from_secs(86_400), Duration::ZERO)?
        .noise(0.2, Duration::from_secs(600))?
        .trace(&work)?
        .scaled(50.0)?;
    let model = Model::new(Bounds::new(1, 40)?)
        .initial(10)?
        .slots_per_replica(4)?
        .start_delay(Duration::from_secs(60));
    println!("{} bins of {} s, the best of {RUNS} runs", trace.len(), trace.step().as_secs());
    measure("engine alone, count held", &trace, || {
        let mut level = RateLevel::new(&trace, &model);
        while level.step(|seen| seen.ordered).is_some() {}
        black_box(level.report("held"));
    });
    let only = std::env::args().nth(1);
    for (name, scaler) in scalers(&model)? {
        if only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        measure(name, &trace, || {
            black_box(simulate::run(&trace, &mut scaler.clone(), &model));
        });
    }
    Ok(())
}

fn scalers(model: &Model) -> Result<Vec<(&'static str, Autoscaler)>, ConfigError> {
    let bounds = model.bounds();
    let hpa =
        hpa::Config::new(bounds).target("cpu", Target::utilization(0.7)?).behavior(hpa::Behavior::default());
    let kpa = kpa::Config::default().target(4.0).min_scale(1).max_scale(40);
    let kthena = kthena::Config::new(bounds).target("concurrency", 2.8);
    let threshold = threshold::Config::new(bounds, threshold::Thresholds::new(0.5, 0.9)?).resource("cpu");
    Ok(vec![
        ("fixed", Autoscaler::fixed(10)),
        ("hpa", Autoscaler::hpa(hpa)?),
        ("kpa", Autoscaler::kpa(kpa)?),
        ("kthena", Autoscaler::kthena(kthena)?),
        ("threshold", Autoscaler::threshold(threshold)?),
    ])
}

#[expect(clippy::disallowed_methods, reason = "a program may look at the clock; the library may not")]
fn measure(name: &str, trace: &Trace, mut run: impl FnMut()) {
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed());
    }
    let rate = trace.len() as f64 / best.as_secs_f64() / 1e6;
    println!("{name:<26} {rate:>8.2} million bins/s");
}
