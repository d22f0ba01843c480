//! The proposal of a metric that has one sample per instance: CPU or another resource against a utilization or an
//! average, custom pod metrics against an average. Stateless; one pass over the instances.
//!
//! Source: Kubernetes, `GetResourceReplicas` and `GetRawResourceReplicas` (`calcPlainMetricReplicas`) in
//! `pkg/controller/podautoscaler/replica_calculator.go`, commit `a769d588`.

use super::pods::{CpuTiming, PodClass, Pods, SampleTime, class};
use super::proposal::{Failure, PodCounts, Proposal, Usage};
use super::ratio::{self, Ratio, Tolerance, proposed};
use crate::reason::hpa::Rule;
use crate::rounding;
use crate::snapshot::{Column, Samples};
use crate::time::Timestamp;

/// The request that every instance has where none are given: one whole unit, in thousandths, so that samples are
/// shares of the request.
pub const WHOLE_REQUEST: i64 = 1000;

/// What a metric with one sample per instance is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PodTarget {
    /// A percentage of the requests, 1 and more.
    Utilization(i32),
    /// A mean per instance in thousandths, 1 and more.
    AverageValue(i64),
}

/// The inputs of [`propose`].
#[derive(Clone, Copy, Debug)]
pub struct PodMetric<'a> {
    /// The instances.
    pub pods: Pods<'a>,
    /// Their samples, aligned to them, and those of instances that are not listed.
    pub samples: &'a Samples<'a>,
    /// Their requests, in the unit of the samples; without them, samples of a utilization target are shares of the
    /// request. Not used by average values.
    pub requests: Option<&'a Column<'a>>,
    /// What the metric is held to.
    pub target: PodTarget,
    /// How far the ratio may be off before anything happens.
    pub tolerance: Tolerance,
    /// For the resource `cpu` only: how long young instances are distrusted.
    pub cpu: Option<CpuTiming>,
    /// The time of the decision.
    pub now: Timestamp,
    /// How many replicas the workload is asked to run.
    pub current: i64,
}

/// The proposal of one metric.
///
/// ```
/// use setpoint::hpa::{CpuTiming, PodMetric, PodTarget, Pods, Tolerance, propose};
/// use setpoint::{Instance, Samples, Timestamp};
/// let now = Timestamp::from_secs(10_000);
/// let pods = [Instance::ready(Timestamp::from_secs(0)); 5];
/// let samples = Samples::new("cpu", vec![0.8, 0.8, 0.8, 0.8, f64::NAN]);
/// let proposal = propose(&PodMetric {
///     pods: Pods::Listed(&pods),
///     samples: &samples,
///     requests: None,
///     target: PodTarget::Utilization(50),
///     tolerance: Tolerance::default(),
///     cpu: Some(CpuTiming::default()),
///     now,
///     current: 5,
/// })?;
/// // The one without a sample is taken to be idle: 64 % of 50 % wants 1.28 * 5, rounded up.
/// assert_eq!((proposal.ratio, proposal.adjusted_ratio, proposal.replicas), (1.6, Some(1.28), 7));
/// # Ok::<(), setpoint::hpa::Failure>(())
/// ```
///
/// # Errors
/// In this order: [`Failure::InvalidTarget`], [`Failure::NoPods`], [`Failure::NoReadyPodMetrics`],
/// [`Failure::MissingRequest`] (utilization; of any instance, even an ignored one), [`Failure::NoMatchingMetrics`].
#[inline]
pub fn propose(metric: &PodMetric<'_>) -> Result<Proposal, Failure> {
    if match metric.target {
        PodTarget::Utilization(percent) => percent < 1,
        PodTarget::AverageValue(milli) => milli < 1,
    } {
        return Err(Failure::InvalidTarget);
    }
    if metric.pods.is_empty() {
        return Err(Failure::NoPods);
    }
    let tally = Tally::of(metric);
    if tally.counts.ready + tally.counts.foreign == 0 {
        return Err(Failure::NoReadyPodMetrics);
    }
    if tally.lacks_request {
        return Err(Failure::MissingRequest);
    }
    decide(metric, &tally)
}

/// The decision on sums: the first pass, the assumptions, the second pass, and the guards against turning round.
fn decide(metric: &PodMetric<'_>, tally: &Tally) -> Result<Proposal, Failure> {
    let Tally { counts, ready, unready, missing, .. } = *tally;
    let (tolerance, current) = (metric.tolerance, metric.current);
    let first = over(metric.target, ready, counts.ready, tally.foreign_sum, counts.foreign)?;
    let a = first.ratio;
    let usage =
        Usage { utilization_percent: first.percent, average_milli: Some(first.mean), value_milli: None };
    let given = |replicas, adjusted_ratio, rule| Proposal {
        replicas,
        usage,
        ratio: a,
        adjusted_ratio,
        pods: counts,
        rule,
    };

    let up_with_unready = counts.unready > 0 && a > 1.0;
    if !up_with_unready && counts.missing == 0 {
        if tolerance.holds(a) {
            return Ok(given(current, None, Rule::WithinTolerance));
        }
        return Ok(given(proposed(a * counts.ready as f64)?, None, Rule::Proportional));
    }

    let (mut sums, mut entries) = (ready, counts.ready);
    if a != 1.0 {
        // Missing instances speak against the direction: full when it goes down, idle when it goes up.
        if a < 1.0 {
            sums.usage = sums.usage.wrapping_add(missing.usage);
        }
        sums.requests = sums.requests.wrapping_add(missing.requests);
        entries += counts.missing;
    }
    if up_with_unready {
        sums.requests = sums.requests.wrapping_add(unready.requests);
        entries += counts.unready;
    }
    let b = over(metric.target, sums, entries, tally.foreign_sum, counts.foreign)?.ratio;
    if tolerance.holds(b) {
        return Ok(given(current, Some(b), Rule::AdjustedWithinTolerance));
    }
    if (a < 1.0 && b > 1.0) || (a > 1.0 && b < 1.0) {
        return Ok(given(current, Some(b), Rule::DirectionTurned));
    }
    let n = proposed(b * (entries + counts.foreign) as f64)?;
    if (b < 1.0 && n > current) || (b > 1.0 && n < current) {
        return Ok(given(current, Some(b), Rule::CountOpposesRatio));
    }
    Ok(given(n, Some(b), Rule::AdjustedProportional))
}

/// The ratio over `entries` listed instances. Foreign samples belong to the mean of plain values, but have no request.
#[inline]
fn over(
    target: PodTarget,
    sums: Sums,
    entries: i64,
    foreign_sum: i64,
    foreign: i64,
) -> Result<Ratio, Failure> {
    match target {
        PodTarget::Utilization(percent) => ratio::utilization(sums.usage, sums.requests, entries, percent),
        PodTarget::AverageValue(milli) => {
            ratio::average(sums.usage.wrapping_add(foreign_sum), entries + foreign, milli)
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sums {
    usage: i64,
    requests: i64,
}

/// Sums and counts of one pass over the instances.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Tally {
    counts: PodCounts,
    ready: Sums,
    unready: Sums,
    /// With the usage that missing instances are given when the others call for less.
    missing: Sums,
    foreign_sum: i64,
    lacks_request: bool,
}

impl Tally {
    /// Chooses the loop by how requests and samples are held, so that neither is asked about for each instance.
    fn of(metric: &PodMetric<'_>) -> Self {
        let same = |milli| move |_| milli;
        let mut tally = match (metric.target, metric.requests) {
            (PodTarget::AverageValue(_), _) => Self::with_requests(metric, 0, same(Some(0))),
            (_, None) => Self::with_requests(metric, 0, same(Some(WHOLE_REQUEST))),
            (_, Some(Column::Milli(list))) => {
                Self::with_requests(metric, list.len(), |i| list.get(i).copied().flatten())
            }
            (_, Some(Column::Each(list))) => Self::with_requests(metric, list.len(), |i| milli_at(list, i)),
            (_, Some(Column::Same(value))) => {
                Self::with_requests(metric, 0, same(rounding::to_milli(*value)))
            }
        };
        if let PodTarget::AverageValue(milli) = metric.target {
            tally.missing.usage = milli.wrapping_mul(tally.counts.missing);
        }
        let foreign = metric.samples.foreign_milli();
        tally.counts.foreign = foreign.len() as i64;
        tally.foreign_sum = foreign.iter().fold(0, |sum, v| sum.wrapping_add(*v));
        tally
    }

    fn with_requests(metric: &PodMetric<'_>, held: usize, request: impl Fn(usize) -> Option<i64>) -> Self {
        match metric.samples.values() {
            Column::Milli(list) => {
                Self::run(metric, Some(list.len()), held, |i| list.get(i).copied().flatten(), request)
            }
            Column::Each(list) => Self::run(metric, Some(list.len()), held, |i| milli_at(list, i), request),
            Column::Same(value) => {
                let milli = rounding::to_milli(*value);
                Self::run(metric, None, held, |_| milli, request)
            }
        }
    }

    /// `sampled` and `requests_held` are the lengths of the columns, where they have entries of their own.
    fn run(
        metric: &PodMetric<'_>,
        sampled: Option<usize>,
        requests_held: usize,
        value: impl Fn(usize) -> Option<i64>,
        request: impl Fn(usize) -> Option<i64>,
    ) -> Self {
        let mut tally = Self::default();
        let (samples, now) = (metric.samples, metric.now);
        let full = Full::new(metric.target);
        match metric.pods {
            Pods::Listed(list) => {
                for (i, instance) in list.iter().enumerate() {
                    let value = value(i);
                    let class = class(instance, value.is_some(), metric.cpu.as_ref(), now, || {
                        let at = samples.sample_time(i).unwrap_or(now);
                        Some(SampleTime { at, window: samples.sample_window(i) })
                    });
                    tally.add(class, value, request(i), full, 1);
                }
            }
            Pods::Counted { ready, unready } => {
                let running = sampled.unwrap_or(0).max(ready as usize);
                let total = running + unready as usize;
                let own = total.min(sampled.unwrap_or(0).max(requests_held));
                let class = |i: usize, value: Option<i64>| match value {
                    _ if i >= running => PodClass::Unready,
                    Some(_) => PodClass::Ready,
                    None => PodClass::Missing,
                };
                for i in 0..own {
                    let value = value(i);
                    tally.add(class(i, value), value, request(i), full, 1);
                }
                // Beyond the entries of both columns all running instances are alike, and all starting ones are.
                let next = value(own);
                tally.add(class(own, next), next, request(own), full, running.saturating_sub(own) as i64);
                tally.add(PodClass::Unready, None, request(own), full, (total - running.max(own)) as i64);
            }
        }
        tally
    }

    /// Counts `times` instances that are alike.
    #[inline]
    fn add(&mut self, class: PodClass, value: Option<i64>, request: Option<i64>, full: Full, times: i64) {
        self.lacks_request |= request.is_none() && times > 0;
        let request = request.unwrap_or(0);
        let requests = request.wrapping_mul(times);
        match class {
            PodClass::Ready => {
                self.counts.ready += times;
                let usage = value.unwrap_or(0).wrapping_mul(times);
                self.ready.usage = self.ready.usage.wrapping_add(usage);
                self.ready.requests = self.ready.requests.wrapping_add(requests);
            }
            PodClass::Unready => {
                self.counts.unready += times;
                self.unready.requests = self.unready.requests.wrapping_add(requests);
            }
            PodClass::Missing => {
                self.counts.missing += times;
                let usage = full.of(request).wrapping_mul(times);
                self.missing.usage = self.missing.usage.wrapping_add(usage);
                self.missing.requests = self.missing.requests.wrapping_add(requests);
            }
            PodClass::Ignored => self.counts.ignored += times,
        }
    }
}

/// The usage of an instance without a sample when the others call for less: all of its request, or as much more as the
/// target allows.
#[derive(Clone, Copy)]
struct Full(i64);

impl Full {
    fn new(target: PodTarget) -> Self {
        match target {
            PodTarget::Utilization(percent) => Self(i64::from(percent).max(100)),
            PodTarget::AverageValue(_) => Self(0),
        }
    }

    fn of(self, request: i64) -> i64 {
        request.wrapping_mul(self.0).wrapping_div(100)
    }
}

#[inline]
fn milli_at(list: &[f64], i: usize) -> Option<i64> {
    list.get(i).copied().and_then(rounding::to_milli)
}

#[cfg(test)]
#[path = "replicas_tests.rs"]
mod tests;
