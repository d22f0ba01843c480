//! The command line, and the simulated platform that it describes.

use crate::policies::{self, Policy};
use clap::Parser;
use setpoint::simulate::Model;
use setpoint::{Bounds, ConfigError};
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

/// Play a load against several autoscalers and compare what they would have cost and how users would have fared.
#[derive(Debug, Parser)]
#[command(name = "backtest")]
pub(crate) struct Args {
    /// CSV file to play instead of the generated day: start_ms,requests,prompt_tokens,output_tokens or start_ms,value.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Policy to run; give it several times for several of them [default: hpa, kpa, kthena, threshold, fixed; more: aibrix, kubeai, bud, gaussian]
    #[arg(long = "policy", value_name = "NAME")]
    policy: Vec<String>,
    /// Seed of the generated day, of missing scrapes and of nothing else.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Print one JSON document and nothing else; no chart unless --chart is given.
    #[arg(long)]
    pub(crate) json: bool,
    /// Where to write the chart [default: out/backtest.svg]
    #[arg(long, value_name = "PATH")]
    pub(crate) chart: Option<PathBuf>,
    /// Multiply the load [default: 1; for a single-value file, so that the busiest bin needs half of --max]
    #[arg(long, value_name = "FACTOR")]
    pub(crate) scale: Option<f64>,
    /// Cut bins that are wider than this into bins of this many seconds, load spread evenly; policies decide once per bin.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(crate) tick: u32,
    /// Fewest replicas.
    #[arg(long, default_value_t = 1)]
    min: u32,
    /// Most replicas.
    #[arg(long, default_value_t = 40)]
    pub(crate) max: u32,
    /// Replicas at the start.
    #[arg(long, default_value_t = 8)]
    initial: u32,
    /// Requests that a replica works on at once.
    #[arg(long, default_value_t = 4)]
    pub(crate) slots: u32,
    /// Seconds from the order of a replica to its readiness.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    start_delay: u32,
    /// Age in seconds of the newest sample that a policy can see.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    metric_lag: u32,
    /// Share of scrapes that yield nothing, 0 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    missing_rate: f64,
    /// Longest wait in seconds that does not violate.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    slo_wait: u32,
}

impl Args {
    /// The simulated platform.
    pub(crate) fn model(&self) -> Result<Model, ConfigError> {
        let seconds = |s: u32| Duration::from_secs(u64::from(s));
        let bounds = Bounds::new(self.min, self.max)?;
        Ok(Model::new(bounds)
            .initial(self.initial.clamp(self.min, self.max))?
            .slots_per_replica(self.slots)?
            .start_delay(seconds(self.start_delay))
            .metric_lag(seconds(self.metric_lag))
            .missing_rate(self.missing_rate)?
            .slo_wait(seconds(self.slo_wait))
            .seed(self.seed))
    }

    /// The policies to run, in the order of the registry.
    pub(crate) fn policies(&self) -> Result<Vec<&'static Policy>, Box<dyn Error>> {
        let known = || policies::all().map(|policy| policy.0).collect::<Vec<_>>().join(", ");
        if let Some(name) = self.policy.iter().find(|name| !policies::all().any(|p| p.0 == *name)) {
            return Err(format!("there is no policy {name:?}; there are {}", known()).into());
        }
        if self.policy.is_empty() {
            return Ok(policies::USUAL.iter().collect());
        }
        Ok(policies::all().filter(|policy| self.policy.iter().any(|name| name == policy.0)).collect())
    }
}
