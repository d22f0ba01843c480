//! The policies by name. Another one is one more line.

use setpoint::simulate::{self, Model, Trace};
use setpoint::{Autoscaler, ConfigError, kthena, threshold};

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
/// The share of requests that the fixed fleet may let down, in percent.
const LET_DOWN_PERCENT: f64 = 1.0;

pub(crate) const ALL: &[Policy] = &[
    ("kthena", |_, m| candidate("kthena", Autoscaler::kthena(kthena_config(m))?, m)),
    ("threshold", |_, m| candidate("threshold", Autoscaler::threshold(threshold_config(m)?)?, m)),
    ("fixed", fixed),
];

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

fn threshold_config(model: &Model) -> Result<threshold::Config, ConfigError> {
    let band = threshold::Thresholds::new(0.5, 0.9)?.with_set_point(UTILIZATION)?;
    Ok(threshold::Config::new(model.bounds(), band).resource("cpu"))
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
