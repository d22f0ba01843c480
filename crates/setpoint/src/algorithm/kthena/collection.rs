//! What one cycle's scrapes and queries say of each metric, and which instances speak at all. Pure: it fetches
//! nothing and remembers nothing; [`collector`](super::collector) does the remembering.
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/autoscaler/metric_collector.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`. It is all or nothing per endpoint: one pod that failed, is
//! leaving, or (pending or running) was ever restarted silences all metrics of its endpoint until it is
//! replaced, and one ready pod that cannot be read silences them for the cycle.
//!
//! Ours, where upstream's result depends on the order of a map: a pod that cannot be read leaves no histogram
//! of its own behind. Those of the pods before it stay.

use core::fmt;

use super::collector::PodHistograms;
use super::families::{Answer, FamilyError, Observed, Pod};
use super::recommendation::Reading;
use super::sources::{Plan, Planned, Source};
use crate::metric::MetricName;
use crate::snapshot::{Instance, Phase, Readiness};

/// Whether the instance runs and is ready; every other one is unready, also one that ended well.
#[must_use]
pub const fn is_ready(instance: &Instance) -> bool {
    matches!(instance.phase, Phase::Running) && matches!(instance.readiness, Readiness::Ready)
}

/// Why an instance silences the metrics of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blocker {
    /// It has been told to go.
    Leaving,
    /// It ended badly.
    Failed,
    /// A part of it was restarted, and it is pending or running.
    Restarted,
}

/// Why the instance silences the metrics of all instances, if it does.
///
/// ```
/// use setpoint::kthena::collection::{Blocker, blocker};
/// use setpoint::{Instance, Phase};
/// let restarted = Instance { restarts: 1, ..Instance::pending() };
/// assert_eq!(blocker(&restarted), Some(Blocker::Restarted));
/// assert_eq!(blocker(&Instance { phase: Phase::Succeeded, ..restarted }), None);
/// ```
#[must_use]
pub const fn blocker(instance: &Instance) -> Option<Blocker> {
    if instance.leaving {
        return Some(Blocker::Leaving);
    }
    match instance.phase {
        Phase::Failed => Some(Blocker::Failed),
        Phase::Running | Phase::Pending if instance.restarts > 0 => Some(Blocker::Restarted),
        _ => None,
    }
}

/// Whether the instance silences the metrics of all instances.
#[must_use]
pub const fn blocks(instance: &Instance) -> bool {
    blocker(instance).is_some()
}

/// The place of the first instance that silences all others, if there is one.
///
/// ```
/// use setpoint::kthena::collection::blocked_by;
/// use setpoint::{Instance, Timestamp};
/// let serving = Instance::ready(Timestamp::from_secs(0));
/// let restarted = Instance { restarts: 1, ..Instance::pending() };
/// assert_eq!(blocked_by(&[serving, serving]), None);
/// assert_eq!(blocked_by(&[serving, restarted]), Some(1));
/// ```
#[must_use]
pub fn blocked_by(instances: &[Instance]) -> Option<usize> {
    instances.iter().position(blocks)
}

/// What a cycle says of one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// The pods say it.
    Ready {
        /// The sum over the ready pods that report it; 95th percentiles are added like everything else.
        sum: f64,
        /// How many report it.
        pods: usize,
    },
    /// The query says it.
    External {
        /// The answer, a finite number.
        value: f64,
    },
    /// Nobody says it.
    Silent(Silence),
}

/// Why a metric has no value. Pods are places in the list of their endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Silence {
    /// The endpoint has no pods.
    NoPods,
    /// A pod silences all metrics of its endpoint.
    Blocked {
        /// The first such pod.
        pod: usize,
        /// Why it does.
        by: Blocker,
    },
    /// The scrape of a ready pod failed, which silences all metrics of its endpoint.
    Scrape {
        /// The first such pod.
        pod: usize,
    },
    /// A family of a ready pod cannot be read, which silences all metrics of its endpoint.
    Family {
        /// The first such pod.
        pod: usize,
        /// The first metric that asks for such a family: its place in the plan.
        metric: usize,
        /// What is wrong with the family.
        error: FamilyError,
    },
    /// No pod is ready.
    NoneReady,
    /// No ready pod reports the metric.
    Absent,
    /// The query failed.
    QueryFailed,
    /// The query gave something else than one number.
    NotOneValue,
    /// The query gave an infinity, or no number.
    NotFinite,
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPods => f.write_str("there are no pods"),
            Self::Blocked { pod, by } => {
                let what = match by {
                    Blocker::Leaving => "is leaving",
                    Blocker::Failed => "failed",
                    Blocker::Restarted => "was restarted",
                };
                write!(f, "pod {pod} {what}")
            }
            Self::Scrape { pod } => write!(f, "the scrape of pod {pod} failed"),
            Self::Family { pod, metric, error } => write!(f, "metric {metric} of pod {pod}: {error}"),
            Self::NoneReady => f.write_str("no pod is ready"),
            Self::Absent => f.write_str("no ready pod reports it"),
            Self::QueryFailed => f.write_str("the query failed"),
            Self::NotOneValue => f.write_str("the query gave something else than one number"),
            Self::NotFinite => f.write_str("the query gave no finite number"),
        }
    }
}

/// What a cycle collected.
#[derive(Clone, Debug, PartialEq)]
pub struct Collection<'a> {
    metrics: Vec<(MetricName, Outcome)>,
    unready: Vec<&'a str>,
}

impl<'a> Collection<'a> {
    /// Every metric of the plan in its order, and what became of it.
    #[must_use]
    pub fn metrics(&self) -> &[(MetricName, Outcome)] {
        &self.metrics
    }

    /// What became of one metric; nothing if the plan has no such metric.
    #[must_use]
    pub fn outcome(&self, metric: &str) -> Option<Outcome> {
        self.metrics.iter().find(|(name, _)| name.as_str() == metric).map(|(_, outcome)| *outcome)
    }

    /// What one metric gives to [`recommend`](super::recommend): a silent or unknown one reads as a sum over
    /// no instance, never as zero.
    ///
    /// ```
    /// use setpoint::Bounds;
    /// use setpoint::kthena::families::{Answer, Observed};
    /// use setpoint::kthena::{Collector, Config, Metric, Plan, recommend};
    /// use setpoint::Timestamp;
    ///
    /// let config = Config::new(Bounds::new(1, 20)?).target("queue_length", 10.0).target("load", 1.0).check()?;
    /// let plan = Plan::new([Metric::external("queue_length"), Metric::pod("load", ":8000")])?;
    /// let mut collector = Collector::new(plan);
    ///
    /// let seen = Observed { groups: &[], external: &[("queue_length", Answer::Scalar(65.0))] };
    /// let collected = collector.collect(Timestamp::from_secs(0), &seen);
    /// let readings = config.targets().iter().map(|(name, target)| (*target, collected.reading(name)));
    /// let wanted = recommend(&config.scope(2, collected.unready_count()), readings, |_, _| {});
    /// assert_eq!(wanted.count(), Some(7));
    /// # Ok::<(), setpoint::ConfigError>(())
    /// ```
    #[must_use]
    pub fn reading(&self, metric: &str) -> Reading {
        match self.outcome(metric) {
            Some(Outcome::Ready { sum, .. }) => Reading::Summed(Some(sum)),
            Some(Outcome::External { value }) => Reading::External(value),
            Some(Outcome::Silent(_)) | None => Reading::Summed(None),
        }
    }

    /// The unready pods of all endpoints that could be read, by name and each once.
    #[must_use]
    pub fn unready(&self) -> &[&'a str] {
        &self.unready
    }

    /// How many pods are unready, as [`Scope`](super::Scope) takes it.
    #[must_use]
    pub const fn unready_count(&self) -> i64 {
        self.unready.len() as i64
    }
}

/// What the scrapes and queries of one cycle say, given the histograms of an earlier one; and the histograms
/// that a later cycle is to be compared with.
///
/// A pod that reports NaN makes the sum NaN, as upstream. Such a metric asks for 0 replicas, and if no other
/// metric asks for more the recommendation is the minimum; check [`Outcome::Ready`] where that matters.
///
/// ```
/// use setpoint::kthena::collection::{Outcome, Silence, collect};
/// use setpoint::kthena::families::{Answer, Content, Family, Group, Observed, Pod};
/// use setpoint::kthena::sources::{Metric, Plan};
/// use setpoint::{Instance, Timestamp};
///
/// let plan = Plan::new([Metric::pod("waiting", ":8000"), Metric::external("queue_length")])?;
/// let families = [Family { name: "waiting", content: Content::Gauge(&[3.0, 4.0]) }];
/// let instance = Instance::ready(Timestamp::from_secs(0));
/// let pods = [
///     Pod { name: "a", instance, scrape: Some(&families) },
///     Pod { name: "b", instance, scrape: Some(&[]) },
///     Pod { name: "c", instance: Instance::pending(), scrape: None },
/// ];
/// let groups = [Group { endpoint: ":8000", pods: &pods }];
/// let external = [("queue_length", Answer::Vector(&[1.0, 2.0]))];
///
/// let (collected, _) = collect(&plan, &Observed { groups: &groups, external: &external }, None);
/// assert_eq!(collected.outcome("waiting"), Some(Outcome::Ready { sum: 7.0, pods: 1 }));
/// assert_eq!(collected.outcome("queue_length"), Some(Outcome::Silent(Silence::NotOneValue)));
/// assert_eq!(collected.unready(), ["c"]);
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[must_use]
pub fn collect<'a>(
    plan: &Plan,
    seen: &Observed<'a>,
    past: Option<&PodHistograms>,
) -> (Collection<'a>, PodHistograms) {
    let first = |metric: &Planned| match metric.source() {
        Source::Pod { .. } => Outcome::Silent(Silence::NoPods),
        Source::External => {
            let answer = seen.external.iter().find(|(name, _)| *name == metric.name().as_str());
            judge(answer.map_or(Answer::Failed, |(_, answer)| *answer))
        }
    };
    let mut outcomes: Vec<Outcome> = plan.metrics().iter().map(first).collect();
    let mut unready = Vec::new();
    let mut kept = PodHistograms::default();
    for endpoint in plan.endpoints() {
        let group = seen.groups.iter().find(|group| group.endpoint == endpoint);
        let pods = group.map_or(&[][..], |group| group.pods);
        let read = read_group(plan, endpoint, pods, past, &mut outcomes, &mut kept);
        match read {
            Ok(()) => unready.extend(pods.iter().filter(|pod| !is_ready(&pod.instance)).map(|pod| pod.name)),
            Err(silence) => {
                for (metric, _) in plan.of_endpoint(endpoint) {
                    outcomes[metric] = Outcome::Silent(silence);
                }
            }
        }
    }
    unready.sort_unstable();
    unready.dedup();
    kept.sort();
    let names = plan.metrics().iter().map(|metric| metric.name().clone());
    (Collection { metrics: names.zip(outcomes).collect(), unready }, kept)
}

fn read_group(
    plan: &Plan,
    endpoint: &str,
    pods: &[Pod<'_>],
    past: Option<&PodHistograms>,
    outcomes: &mut [Outcome],
    kept: &mut PodHistograms,
) -> Result<(), Silence> {
    if pods.is_empty() {
        return Err(Silence::NoPods);
    }
    for (place, pod) in pods.iter().enumerate() {
        if let Some(by) = blocker(&pod.instance) {
            return Err(Silence::Blocked { pod: place, by });
        }
    }
    let ready = || pods.iter().enumerate().filter(|(_, pod)| is_ready(&pod.instance));
    let nothing = if ready().next().is_some() { Silence::Absent } else { Silence::NoneReady };
    for (metric, _) in plan.of_endpoint(endpoint) {
        outcomes[metric] = Outcome::Silent(nothing);
    }
    let mut own = Vec::new();
    for (place, pod) in ready() {
        let families = pod.scrape.ok_or(Silence::Scrape { pod: place })?;
        let started_at = pod.instance.started_at;
        for (metric, name) in plan.of_endpoint(endpoint) {
            let Some(family) = families.iter().rev().find(|family| family.name == name) else { continue };
            let before = past.and_then(|past| past.find(pod.name, metric, started_at));
            let value = family.content.value(before);
            let value = value.map_err(|error| Silence::Family { pod: place, metric, error })?;
            if let Some(value) = value {
                outcomes[metric] = match outcomes[metric] {
                    Outcome::Ready { sum, pods } => Outcome::Ready { sum: sum + value, pods: pods + 1 },
                    _ => Outcome::Ready { sum: value, pods: 1 },
                };
            }
            own.extend(family.content.histogram().map(|histogram| (metric, histogram)));
        }
        for (metric, histogram) in own.drain(..) {
            kept.add(pod.name, metric, started_at, histogram);
        }
    }
    Ok(())
}

fn judge(answer: Answer<'_>) -> Outcome {
    let value = match answer {
        Answer::Scalar(value) | Answer::Vector(&[value]) => value,
        Answer::Vector(_) | Answer::Other => return Outcome::Silent(Silence::NotOneValue),
        Answer::Failed => return Outcome::Silent(Silence::QueryFailed),
    };
    if value.is_finite() { Outcome::External { value } } else { Outcome::Silent(Silence::NotFinite) }
}

#[cfg(test)]
#[path = "collection_tests.rs"]
mod tests;
