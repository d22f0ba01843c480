//! Which instances speak for one metric: ready, unready, missing, ignored. It looks at one instance at a time and does
//! no arithmetic on samples.
//!
//! Source: Kubernetes, `groupPods` in `pkg/controller/podautoscaler/replica_calculator.go`, commit `a769d588`. There,
//! pods that ended well are ignored like failed ones (since pull request 141302; earlier releases looked at their samples).

use crate::snapshot::{Instance, Phase, Readiness, Samples, Snapshot};
use crate::time::{Timestamp, earliest};
use core::time::Duration;

/// What an instance is to one metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PodClass {
    /// Its sample counts.
    Ready,
    /// It is starting: its sample, if any, does not count.
    Unready,
    /// It runs, but has no sample.
    Missing,
    /// It is leaving or has ended.
    Ignored,
}

/// When a sample was taken, and over which span before that it was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SampleTime {
    /// When it was taken.
    pub at: Timestamp,
    /// The span over which it was measured.
    pub window: Duration,
}

/// How long a young instance's CPU usage is distrusted, because starting costs CPU that serving does not.
///
/// | field | default | unit | upstream flag |
/// |---|---|---|---|
/// | `initialization_period` | 300 s | span since the start | `--horizontal-pod-autoscaler-cpu-initialization-period` |
/// | `readiness_delay` | 30 s | span since the start | `--horizontal-pod-autoscaler-initial-readiness-delay` |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CpuTiming {
    /// For this long after its start an instance counts only when ready, and only with a sample that was measured
    /// wholly after it became so.
    pub initialization_period: Duration,
    /// After the initialization period: an unready instance whose readiness changed last within this span of its start
    /// has never been ready.
    pub readiness_delay: Duration,
}

impl Default for CpuTiming {
    fn default() -> Self {
        Self { initialization_period: Duration::from_secs(300), readiness_delay: Duration::from_secs(30) }
    }
}

/// The class of one instance for a metric of which it has `sample` at `now`. `cpu` is given for the CPU usage of a
/// resource metric only; all other metrics take the sample of every running instance.
///
/// An instance with a readiness but without the time of its last change counts as having changed long ago.
///
/// ```
/// use setpoint::hpa::{CpuTiming, PodClass, SampleTime, classify};
/// use setpoint::{Instance, Readiness, Timestamp};
/// let now = Timestamp::from_secs(1_000);
/// let sample = SampleTime { at: now, window: core::time::Duration::from_secs(30) };
/// let young = Instance::ready(Timestamp::from_secs(990));
/// assert_eq!(classify(&young, Some(sample), Some(&CpuTiming::default()), now), PodClass::Unready);
/// assert_eq!(classify(&young, Some(sample), None, now), PodClass::Ready);
/// ```
#[must_use]
#[inline]
pub fn classify(
    instance: &Instance,
    sample: Option<SampleTime>,
    cpu: Option<&CpuTiming>,
    now: Timestamp,
) -> PodClass {
    class(instance, sample.is_some(), cpu, now, || sample)
}

/// [`classify`] with the time of the sample fetched only where it decides.
#[inline]
pub(super) fn class(
    instance: &Instance,
    sampled: bool,
    cpu: Option<&CpuTiming>,
    now: Timestamp,
    sample: impl FnOnce() -> Option<SampleTime>,
) -> PodClass {
    if instance.leaving || matches!(instance.phase, Phase::Failed | Phase::Succeeded) {
        return PodClass::Ignored;
    }
    if instance.phase == Phase::Pending {
        return PodClass::Unready;
    }
    if !sampled {
        return PodClass::Missing;
    }
    match cpu {
        Some(timing) if distrusted(instance, timing, now, sample) => PodClass::Unready,
        _ => PodClass::Ready,
    }
}

#[inline]
fn distrusted(
    instance: &Instance,
    timing: &CpuTiming,
    now: Timestamp,
    sample: impl FnOnce() -> Option<SampleTime>,
) -> bool {
    let (Some(started), true) = (instance.started_at, instance.readiness != Readiness::Absent) else {
        return true;
    };
    let changed = instance.readiness_changed_at.unwrap_or(Timestamp::MIN);
    let not_ready = instance.readiness == Readiness::NotReady;
    if started + timing.initialization_period > now {
        not_ready || sample().is_some_and(|s| s.at < changed + s.window)
    } else {
        not_ready && started + timing.readiness_delay > changed
    }
}

/// The instances of a workload as this algorithm sees them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pods<'a> {
    /// Each instance by itself.
    Listed(&'a [Instance]),
    /// Only counts are known: every sample is of a ready instance. Ready instances beyond the samples given are missing
    /// ones, so that half a set of samples is never taken for a whole fleet.
    Counted {
        /// Instances that serve.
        ready: u32,
        /// Instances that are starting; they count as pending.
        unready: u32,
    },
}

impl<'a> Pods<'a> {
    /// The instances of `snapshot`: listed, or counted. Where it is not known how many are ready, those asked for are.
    ///
    /// ```
    /// use setpoint::hpa::Pods;
    /// use setpoint::{Snapshot, Timestamp};
    /// let snapshot = Snapshot::at(Timestamp::from_secs(0)).replicas(4).unready(1);
    /// assert_eq!(Pods::of(&snapshot), Pods::Counted { ready: 3, unready: 1 });
    /// ```
    #[must_use]
    pub fn of(snapshot: &'a Snapshot<'_>) -> Self {
        snapshot.listed().map_or_else(
            || Self::Counted {
                ready: snapshot.ready_count().unwrap_or(snapshot.replica_count()),
                unready: snapshot.unready_count(),
            },
            Self::Listed,
        )
    }

    /// Whether there are none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Listed(list) => list.is_empty(),
            Self::Counted { ready, unready } => *ready == 0 && *unready == 0,
        }
    }

    /// Instances that run and are ready, leaving ones included and without a look at times: what value targets of
    /// whole-workload metrics multiply by.
    #[must_use]
    pub fn running_and_ready(&self) -> i64 {
        match self {
            Self::Listed(list) => {
                list.iter().filter(|i| i.phase == Phase::Running && i.readiness == Readiness::Ready).count()
                    as i64
            }
            Self::Counted { ready, .. } => i64::from(*ready),
        }
    }
}

/// The earliest time after `now` at which an instance may change its class for CPU `samples` that stay as they are;
/// `None` if time alone changes nothing. Never late; samples without times of their own are taken as being of the
/// moment of the decision.
///
/// ```
/// use setpoint::hpa::{CpuTiming, next_reclassification};
/// use setpoint::{Instance, Readiness, Samples, Timestamp};
/// let at = Timestamp::from_secs;
/// let pods = [Instance::running(at(100), Readiness::NotReady, at(100))];
/// let next = next_reclassification(&pods, &Samples::new("cpu", 0.5), &CpuTiming::default(), at(120));
/// assert_eq!(next, Some(at(400)));
/// ```
#[must_use]
pub fn next_reclassification(
    instances: &[Instance],
    samples: &Samples<'_>,
    timing: &CpuTiming,
    now: Timestamp,
) -> Option<Timestamp> {
    instances.iter().enumerate().fold(None, |soonest, (i, instance)| {
        let Some(started) = instance.started_at else { return soonest };
        let trusted = started + timing.initialization_period;
        if trusted <= now {
            return soonest;
        }
        // A sample without a time moves with the clock, so it may come to lie wholly after the last change.
        let clean = match (samples.sample_time(i), instance.readiness_changed_at) {
            (None, Some(changed)) => Some(changed + samples.sample_window(i)).filter(|t| *t > now),
            _ => None,
        };
        earliest(soonest, earliest(Some(trusted), clean))
    })
}

#[cfg(test)]
#[path = "pods_tests.rs"]
mod tests;
