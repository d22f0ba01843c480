//! What a run was worth: service, cost, elasticity and stability, with everything that it depended on in the header. Measures that
//! need single requests (responses, goodput) or a forecast do not exist at rate level and are not in here. Definitions:
//! `docs/simulation.md`.

use super::elasticity::{self, Elasticity};
use super::model::Model;
use super::quantile::Weighted;
use super::rate_level::Bin;
use super::supply::Change;
use super::trace::{Trace, Work};

/// Everything that a result depends on. Two results with equal headers are equal.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Header {
    /// The version of this library.
    pub version: String,
    /// What was simulated: `rate`, the fluid queue.
    pub level: String,
    /// The policy's name: the names of its stages, or what the caller said.
    pub policy: String,
    /// A hash of the autoscaler's configuration and of what it remembered at the start; empty for a caller's own policy.
    pub policy_hash: String,
    /// The platform, its seed included.
    pub model: Model,
    /// The trace's name.
    pub trace: String,
    /// The trace's hash.
    pub trace_hash: String,
    /// Bins in the trace.
    pub trace_bins: u64,
    /// The width of a bin in milliseconds.
    pub step_ms: u64,
    /// What the work was computed with.
    pub work: Work,
    /// How quantiles were taken: `nearest rank, weighted by requests`.
    pub quantiles: String,
}

impl Header {
    pub(super) fn new(trace: &Trace, model: &Model, policy: String) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            level: "rate".to_owned(),
            policy,
            policy_hash: String::new(),
            model: model.clone(),
            trace: trace.name().to_owned(),
            trace_hash: format!("{:016x}", trace.hash()),
            trace_bins: trace.len() as u64,
            step_ms: trace.step_ms().unsigned_abs(),
            work: trace.work(),
            quantiles: "nearest rank, weighted by requests".to_owned(),
        }
    }
}

/// How well requests were served.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Service {
    /// Bins with a wait longer than the limit, those without arrivals included.
    pub violating_bins: u64,
    /// Requests that arrived in them.
    pub violating_requests: f64,
    /// Their share of all requests, in percent; 0 without requests.
    pub violating_percent: f64,
    /// Half of the requests waited no longer, in milliseconds.
    #[cfg_attr(feature = "serde", serde(with = "wait"))]
    pub wait_p50_ms: f64,
    /// 90 % of the requests waited no longer.
    #[cfg_attr(feature = "serde", serde(with = "wait"))]
    pub wait_p90_ms: f64,
    /// 95 % of the requests waited no longer.
    #[cfg_attr(feature = "serde", serde(with = "wait"))]
    pub wait_p95_ms: f64,
    /// 99 % of the requests waited no longer.
    #[cfg_attr(feature = "serde", serde(with = "wait"))]
    pub wait_p99_ms: f64,
    /// The longest wait of any bin, those without arrivals included.
    #[cfg_attr(feature = "serde", serde(with = "wait"))]
    pub wait_max_ms: f64,
    /// The largest backlog at the end of a bin, in slot-milliseconds.
    pub max_backlog_ms: f64,
    /// Runs of neighbouring violating bins.
    pub overload_episodes: u64,
    /// The longest of them, in milliseconds: the longest time to recover.
    pub longest_overload_ms: u64,
    /// Their mean length, in milliseconds; 0 where there is none.
    pub mean_overload_ms: f64,
}

/// What it cost.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Cost {
    /// Ordered replicas over time: starting ones are paid for.
    pub replica_hours: f64,
    /// Ready replicas over time.
    pub ready_replica_hours: f64,
    /// The fewest ordered at a time.
    pub fewest_replicas: u32,
    /// The most ordered at a time.
    pub most_replicas: u32,
    /// Share of the ready replicas' slot time in which nothing was served; 0 where none was ready.
    pub idle_share: f64,
}

impl Cost {
    /// Money, or GPU-hours, or whatever else is `per_replica_hour`.
    #[must_use]
    pub fn at(&self, per_replica_hour: f64) -> f64 {
        self.replica_hours * per_replica_hour
    }
}

/// How calm it was. Counted on decisions that change the number of replicas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Stability {
    /// Decisions that grew the fleet.
    pub scale_ups: u64,
    /// Decisions that made it smaller.
    pub scale_downs: u64,
    /// Replicas ordered.
    pub replicas_started: u64,
    /// Replicas let go.
    pub replicas_removed: u64,
    /// Changes in the other direction than the change before.
    pub direction_changes: u64,
    /// Replicas let go soon after they became ready, or cancelled while starting.
    pub short_lived_replicas: u64,
}

/// The result of one run.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Report {
    /// What it depends on.
    pub header: Header,
    /// Bins played.
    pub bins: u64,
    /// Of those, bins that the trace does not know and that were played as the one before.
    pub missing_bins: u64,
    /// Scrapes that yielded nothing, those of missing bins included.
    pub missed_scrapes: u64,
    /// Requests.
    pub requests: f64,
    /// Work, in slot-milliseconds.
    pub work_ms: f64,
    /// How well requests were served.
    pub service: Service,
    /// What it cost.
    pub cost: Cost,
    /// How well supply followed demand.
    pub elasticity: Elasticity,
    /// How calm it was.
    pub stability: Stability,
}

/// Adds up one run, bin by bin, in ascending time.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    bins: u64,
    requests: f64,
    work_ms: f64,
    served_ms: f64,
    capacity_ms: f64,
    waits: Weighted,
    wait_max_ms: f64,
    max_backlog_ms: f64,
    violating_bins: u64,
    violating_requests: f64,
    episodes: u64,
    episode: u64,
    longest: u64,
    ordered: u64,
    ready: u64,
    range: Option<(u32, u32)>,
    elasticity: elasticity::Tally,
    stability: Stability,
    grew_last: Option<bool>,
}

impl Tally {
    /// Takes in what arrives.
    #[inline]
    pub(super) fn arrive(&mut self, requests: f64, work_ms: f64) {
        self.requests += requests;
        self.work_ms += work_ms;
    }

    /// Mean work of a request so far; 0 before the first.
    #[inline]
    pub(super) fn mean_work_ms(&self) -> f64 {
        if self.requests > 0.0 { self.work_ms / self.requests } else { 0.0 }
    }

    /// Takes in what became of a bin.
    #[inline]
    pub(super) fn add(&mut self, bin: &Bin, capacity_ms: f64) {
        self.bins += 1;
        self.served_ms += bin.served_ms;
        self.capacity_ms += capacity_ms;
        self.waits.add(bin.wait_ms, bin.requests);
        self.wait_max_ms = self.wait_max_ms.max(bin.wait_ms);
        self.max_backlog_ms = self.max_backlog_ms.max(bin.backlog_ms);
        if bin.violated {
            self.violating_bins += 1;
            self.violating_requests += bin.requests;
            self.episodes += u64::from(self.episode == 0);
            self.episode += 1;
            self.longest = self.longest.max(self.episode);
        } else {
            self.episode = 0;
        }
        self.ordered += u64::from(bin.ordered);
        self.ready += u64::from(bin.ready);
        let (fewest, most) = self.range.unwrap_or((bin.ordered, bin.ordered));
        self.range = Some((fewest.min(bin.ordered), most.max(bin.ordered)));
        self.elasticity.add(bin.demand, bin.ready);
    }

    /// Takes in a decision that changed the fleet.
    pub(super) fn change(&mut self, change: Change) {
        let grew = change.started > 0;
        let stability = &mut self.stability;
        if grew {
            stability.scale_ups += 1;
        } else {
            stability.scale_downs += 1;
        }
        stability.replicas_started += u64::from(change.started);
        stability.replicas_removed += u64::from(change.removed);
        stability.short_lived_replicas += u64::from(change.short_lived);
        stability.direction_changes += u64::from(self.grew_last.is_some_and(|last| last != grew));
        self.grew_last = Some(grew);
    }

    pub(super) fn report(
        self,
        header: Header,
        step_ms: i64,
        missing_bins: u64,
        missed_scrapes: u64,
    ) -> Report {
        let step = step_ms as f64;
        let hours = |bins: u64| bins as f64 * step / 3_600_000.0;
        let share = |part: f64, of: f64| if of > 0.0 { part / of } else { 0.0 };
        let [p50, p90, p95, p99] = self.waits.quantiles([0.5, 0.9, 0.95, 0.99]);
        let (fewest_replicas, most_replicas) = self.range.unwrap_or_default();
        let step_ms = step_ms.unsigned_abs();
        Report {
            bins: self.bins,
            missing_bins,
            missed_scrapes,
            requests: self.requests,
            work_ms: self.work_ms,
            service: Service {
                violating_bins: self.violating_bins,
                violating_requests: self.violating_requests,
                violating_percent: 100.0 * share(self.violating_requests, self.requests),
                wait_p50_ms: p50,
                wait_p90_ms: p90,
                wait_p95_ms: p95,
                wait_p99_ms: p99,
                wait_max_ms: self.wait_max_ms,
                max_backlog_ms: self.max_backlog_ms,
                overload_episodes: self.episodes,
                longest_overload_ms: self.longest.saturating_mul(step_ms),
                mean_overload_ms: share(self.violating_bins as f64 * step, self.episodes as f64),
            },
            cost: Cost {
                replica_hours: hours(self.ordered),
                ready_replica_hours: hours(self.ready),
                fewest_replicas,
                most_replicas,
                idle_share: share(self.capacity_ms - self.served_ms, self.capacity_ms),
            },
            elasticity: self.elasticity.finish(self.bins, hours(self.bins), header.model.bounds.max()),
            stability: self.stability,
            header,
        }
    }
}

/// Waits in text: a number, or `"Infinity"`, which JSON has no number for.
#[cfg(feature = "serde")]
pub(super) mod wait {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Number(f64),
        Text(String),
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(in super::super) fn serialize<S: Serializer>(wait: &f64, s: S) -> Result<S::Ok, S::Error> {
        if wait.is_finite() { s.serialize_f64(*wait) } else { s.serialize_str("Infinity") }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
        match Form::deserialize(d)? {
            Form::Number(wait) => Ok(wait),
            Form::Text(text) if text == "Infinity" => Ok(f64::INFINITY),
            Form::Text(text) => {
                Err(D::Error::custom(format!("a wait is a number or Infinity, not {text:?}")))
            }
        }
    }
}
