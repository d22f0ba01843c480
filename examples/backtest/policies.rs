//! The policies by name. Another one is one more line.

use setpoint::restrain::Cooldown;
use setpoint::simulate::{self, Model, Trace};
use setpoint::{Autoscaler, ConfigError, Target, aibrix, bud, gaussian, hpa, kpa, kthena, kubeai, threshold};
use std::time::Duration;

/// An autoscaler with the platform that it starts on.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) label: String,
    pub(crate) scaler: Autoscaler,
    pub(crate) model: Model,
}

/// A name, and how to build the autoscaler for a trace and a platform.
pub(crate) type Policy = (&'static str, fn(&Trace, &Model) -> Result<Candidate, ConfigError>);

/// How full a replica should be, for every policy that is told.
const UTILIZATION: f64 = 0.7;
/// How long the threshold rule rests before growth and before a reduction.
const REST_AFTER_CHANGE: (Duration, Duration) = (Duration::from_secs(90), Duration::from_secs(300));
/// The share of requests that the fixed fleet may let down, in percent.
const LET_DOWN_PERCENT: f64 = 1.0;

/// Those that run when none is named.
pub(crate) const USUAL: &[Policy] = &[
    ("hpa", |_, m| candidate("hpa", Autoscaler::hpa(hpa_config(m)?)?, m)),
    ("kpa", |_, m| candidate("kpa", Autoscaler::kpa(kpa_config(m))?, m)),
    ("kthena", |_, m| candidate("kthena", Autoscaler::kthena(kthena_config(m))?, m)),
    ("threshold", |_, m| candidate("threshold", threshold(m)?, m)),
    ("fixed", fixed),
];

/// Those that run when they are named.
pub(crate) const MORE: &[Policy] = &[
    ("aibrix", |_, m| candidate("aibrix", Autoscaler::aibrix(aibrix_config(m))?, m)),
    ("kubeai", |_, m| candidate("kubeai", Autoscaler::kubeai(kubeai_config(m))?, m)),
    ("bud", |_, m| candidate("bud", Autoscaler::bud(bud_config(m))?, m)),
    ("gaussian", |_, m| candidate("gaussian", gaussian(m)?, m)),
];

/// All policies.
pub(crate) fn all() -> impl Iterator<Item = &'static Policy> {
    USUAL.iter().chain(MORE)
}

fn candidate(name: &str, scaler: Autoscaler, model: &Model) -> Result<Candidate, ConfigError> {
    Ok(Candidate { label: name.to_owned(), scaler, model: model.clone() })
}

/// Requests in progress that a replica is meant for.
fn per_replica(model: &Model) -> f64 {
    UTILIZATION * f64::from(model.slots())
}

fn kthena_config(model: &Model) -> kthena::Config {
    kthena::Config::new(model.bounds()).target("concurrency", per_replica(model))
}

/// With the defaults that the API server fills in: four pods or twice as many per 15 s, five minutes before a reduction.
fn hpa_config(model: &Model) -> Result<hpa::Config, ConfigError> {
    Ok(hpa::Config::new(model.bounds())
        .target("cpu", Target::utilization(UTILIZATION)?)
        .behavior(hpa::Behavior::default()))
}

fn kpa_config(model: &Model) -> kpa::Config {
    let bounds = model.bounds();
    kpa::Config::default()
        .target(f64::from(model.slots()))
        .utilization(UTILIZATION)
        .min_scale(bounds.min())
        .max_scale(bounds.max())
        .initial_scale(model.initial_replicas())
}

fn aibrix_config(model: &Model) -> aibrix::Config {
    aibrix::Config::new(aibrix::Strategy::Apa, model.bounds()).metric("cpu", UTILIZATION)
}

/// Requests in progress stand in for the depth of the queue.
fn kubeai_config(model: &Model) -> kubeai::Config {
    kubeai::Config::new(model.bounds())
        .queue_depth(per_replica(model))
        .metric(kubeai::Slot::QueueDepth, "concurrency")
}

fn bud_config(model: &Model) -> bud::Config {
    bud::Config::new(model.bounds()).metric("cpu", UTILIZATION)
}

fn gaussian(model: &Model) -> Result<Autoscaler, ConfigError> {
    let band = threshold::Thresholds::new(0.5, 0.9)?.with_set_point(UTILIZATION)?;
    let config = gaussian::Config::window(model.bounds(), band, "cpu", Duration::from_secs(120));
    Autoscaler::gaussian(config)
}

/// The bare rule judges a fleet whose new replicas do not serve yet, so it rests after a change, as every such scaler does.
fn threshold(model: &Model) -> Result<Autoscaler, ConfigError> {
    let band = threshold::Thresholds::new(0.5, 0.9)?.with_set_point(UTILIZATION)?;
    let config = threshold::Config::new(model.bounds(), band).resource("cpu").check()?;
    Autoscaler::builder()
        .recommend(threshold::Recommender::new(config)?)
        .restrain(Cooldown::new(REST_AFTER_CHANGE.0, REST_AFTER_CHANGE.1))
        .bounds(model.bounds())
        .build()
}

/// The best that a fleet without an autoscaler could have done, known only afterwards: the smallest one that lets down at most 1 % of
/// the requests, or else the largest allowed.
fn fixed(trace: &Trace, model: &Model) -> Result<Candidate, ConfigError> {
    let (mut low, mut high) = (model.bounds().min(), model.bounds().max());
    while low < high {
        let size = low + (high - low) / 2;
        let report = simulate::run(trace, &mut Autoscaler::fixed(size), &model.clone().initial(size)?);
        if report.service.violating_percent <= LET_DOWN_PERCENT {
            high = size;
        } else {
            low = size + 1;
        }
    }
    let model = model.clone().initial(low)?;
    Ok(Candidate { label: format!("fixed {low}"), scaler: Autoscaler::fixed(low), model })
}
