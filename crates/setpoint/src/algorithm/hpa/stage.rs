//! The Kubernetes autoscaler as stages of a pipeline: a gatekeeper before the metrics, one recommender for each metric. What follows
//! them (stabilization, rates, bounds) are the general restraints with this system's rules; the largest proposal wins.

use super::config::{Goal, Plan, PlannedMetric};
use super::gate::{Gate, ScaledToZero, gate};
use super::pods::{CpuTiming, Pods, next_reclassification};
use super::proposal::{Failure as Cause, PodCounts, Proposal, Usage};
use super::ratio::Tolerance;
use super::replicas::{PodMetric, PodTarget, propose};
use super::step::StepRules;
use super::workload::{WorkloadTarget, external_value, object_value, propose_for_workload};
use crate::error::StateError;
use crate::metric::MetricName;
use crate::reason::hpa::HpaReason;
use crate::reason::{Failure, Num, Reason, Reasons};
use crate::stage::{Context, Opinion, Recommend, Stage};
use crate::state::{StateReader, StateWriter};
use crate::time::Timestamp;

/// Settles what needs no metric: a workload at zero, and counts outside the bounds. Otherwise it has no opinion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gatekeeper {
    rules: StepRules,
    zero: ScaledToZero,
}

impl Gatekeeper {
    /// A gatekeeper that has not scaled anything to zero.
    #[must_use]
    pub fn new(rules: StepRules) -> Self {
        Self { rules, zero: ScaledToZero::default() }
    }
}

impl Stage for Gatekeeper {
    fn name(&self) -> &str {
        "hpa_gate"
    }

    fn applied(&mut self, _at: Timestamp, from: i64, to: i64) {
        self.zero.applied(from, to, self.rules.min, self.rules.zero);
    }

    fn save(&self, out: &mut StateWriter) -> Result<(), StateError> {
        self.zero.save(out);
        Ok(())
    }

    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        self.zero.restore(from)
    }
}

impl Recommend for Gatekeeper {
    fn recommend(&self, cx: &Context<'_>, why: &mut Reasons<'_>) -> Opinion {
        let StepRules { min, max, zero, .. } = self.rules;
        let (count, reason) = match gate(cx.current, min, max, zero, self.zero) {
            Gate::Open => return Opinion::Abstain,
            Gate::Disabled => (0, HpaReason::Disabled),
            Gate::AboveMax => (max, HpaReason::AboveMax { count: max }),
            Gate::BelowMin => (min, HpaReason::BelowMin { count: min }),
        };
        why.push(Reason::Hpa { reason });
        Opinion::Settled(count)
    }

    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(self.clone())
    }
}

/// Proposes a count for one metric. It remembers nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommender {
    name: [MetricName; 1],
    goal: Goal,
    tolerance: Tolerance,
    cpu: Option<CpuTiming>,
}

impl Recommender {
    /// The recommender of one metric of a plan.
    #[must_use]
    pub fn new(plan: &Plan, metric: &PlannedMetric) -> Self {
        Self {
            name: [metric.name.clone()],
            goal: metric.goal,
            tolerance: plan.tolerance,
            cpu: metric.is_cpu().then_some(plan.timing),
        }
    }

    fn propose(&self, cx: &Context<'_>) -> Result<Proposal, Failure> {
        match self.goal {
            Goal::Resource(target) | Goal::Pods(target) => self.propose_for_pods(cx, target),
            Goal::Object(target) | Goal::External(target) => self.propose_for_workload(cx, target),
        }
    }

    fn propose_for_pods(&self, cx: &Context<'_>, target: PodTarget) -> Result<Proposal, Failure> {
        let name = self.name[0].as_str();
        let samples = cx.snapshot.find(name).ok_or(Failure::MissingMetric)?;
        let metric = PodMetric {
            pods: Pods::of(cx.snapshot),
            samples,
            requests: cx.snapshot.find_requests(name),
            target,
            tolerance: self.tolerance,
            cpu: self.cpu,
            now: cx.now,
            current: cx.current,
        };
        propose(&metric).map_err(failure)
    }

    fn propose_for_workload(&self, cx: &Context<'_>, target: WorkloadTarget) -> Result<Proposal, Failure> {
        let samples = cx.snapshot.find_value(self.name[0].as_str()).ok_or(Failure::MissingMetric)?.values();
        let value = match self.goal {
            Goal::External(_) => external_value(samples, target),
            _ => object_value(samples),
        };
        let reported = i64::from(cx.snapshot.reported_count());
        let pods = Pods::of(cx.snapshot);
        value
            .and_then(|v| propose_for_workload(v, target, self.tolerance, pods, cx.current, reported))
            .map_err(failure)
    }

    /// The target in the unit in which it was given.
    fn target(&self) -> f64 {
        match self.goal {
            Goal::Resource(PodTarget::Utilization(percent)) | Goal::Pods(PodTarget::Utilization(percent)) => {
                f64::from(percent) / 100.0
            }
            Goal::Resource(PodTarget::AverageValue(milli))
            | Goal::Pods(PodTarget::AverageValue(milli))
            | Goal::Object(WorkloadTarget::Value(milli) | WorkloadTarget::AverageValue(milli))
            | Goal::External(WorkloadTarget::Value(milli) | WorkloadTarget::AverageValue(milli)) => {
                milli as f64 / 1000.0
            }
        }
    }
}

fn failure(cause: Cause) -> Failure {
    match cause {
        Cause::NoPods => Failure::NoInstances,
        Cause::NoReadyPodMetrics => Failure::NoReadySamples,
        Cause::MissingRequest => Failure::MissingRequest,
        Cause::NoMatchingMetrics => Failure::NoMatchingRequests,
        Cause::NoValue | Cause::InvalidTarget => Failure::InvalidReading,
    }
}

/// What was measured, in the unit of the target.
fn measured(usage: Usage) -> f64 {
    match usage {
        Usage { utilization_percent: Some(percent), .. } => f64::from(percent) / 100.0,
        Usage { average_milli: Some(milli), .. } | Usage { value_milli: Some(milli), .. } => {
            milli as f64 / 1000.0
        }
        _ => f64::NAN,
    }
}

impl Stage for Recommender {
    fn name(&self) -> &str {
        "hpa"
    }

    fn metrics(&self) -> &[MetricName] {
        &self.name
    }

    fn next_change_at(&self, cx: &Context<'_>, _turn: crate::stage::Turn) -> Option<Timestamp> {
        let (list, samples) = (cx.snapshot.listed()?, cx.snapshot.find(self.name[0].as_str())?);
        next_reclassification(list, samples, &self.cpu?, cx.now)
    }
}

impl Recommend for Recommender {
    fn recommend(&self, cx: &Context<'_>, why: &mut Reasons<'_>) -> Opinion {
        let proposal = match self.propose(cx) {
            Ok(proposal) => proposal,
            Err(failure) => return Opinion::Failed(failure),
        };
        let PodCounts { ready, unready, missing, ignored, foreign } = proposal.pods;
        if unready + missing + ignored + foreign > 0 {
            let n = crate::rounding::to_replicas;
            let (ready, unready, missing) = (n(ready), n(unready), n(missing));
            let reason =
                HpaReason::Pods { ready, unready, missing, ignored: n(ignored), foreign: n(foreign) };
            why.push(Reason::Hpa { reason });
        }
        let reason = HpaReason::Proposed {
            by: proposal.rule,
            usage: Num(measured(proposal.usage)),
            target: Num(self.target()),
            ratio: Num(proposal.ratio),
            adjusted: proposal.adjusted_ratio.map(Num),
            count: proposal.replicas,
        };
        why.push(Reason::Hpa { reason });
        Opinion::Want(proposal.replicas)
    }

    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(self.clone())
    }
}
