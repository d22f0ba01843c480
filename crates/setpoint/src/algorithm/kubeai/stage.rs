//! A KubeAI policy as a recommender. The arithmetic is in [`rule`](super::rule) and [`slots`](super::slots); the cooldown is
//! the general one, [`restrain::Cooldown`](crate::restrain::Cooldown), whose rule is the same.
//!
//! How a snapshot is read: a whole-workload value of a slot's metric, else its samples over the instances that serve. Several
//! numbers become one by the slot: the largest latency (an upper bound of the quantile over all), the mean utilization, the
//! sum of the queues. An instance that serves without a sample makes the slot a missing one.

use super::config::{Checked, Config, Missing, UnknownAlgorithm};
use super::registry::{Call, Chosen, Policy, Registry};
use super::rule::{Rule, Scope};
use super::slots::{PerSlot, Slot, ratio};
use crate::error::{ConfigError, StateError};
use crate::metric::MetricName;
use crate::reason::kubeai::KubeAiReason;
use crate::reason::{Failure, Reason, Reasons};
use crate::snapshot::{Column, Snapshot};
use crate::stage::{Context, Opinion, Part, Recommend, Stage, Turn};
use crate::state::{StateReader, StateWriter};
use crate::time::Timestamp;

/// Recommends what the policy's algorithm asks for, within its bounds. Only an algorithm of the caller's own remembers anything.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommender {
    config: Checked,
    chosen: Chosen,
    fallback: bool,
}

impl Recommender {
    /// The recommender of checked settings, with the algorithm of that name in `registry`, built for `policy`.
    ///
    /// # Errors
    /// If no algorithm has that name and the settings do not say that `MaxRatio` may stand in.
    pub fn new(config: Checked, registry: &Registry, policy: &Policy) -> Result<Self, ConfigError> {
        let Config { algorithm, weights, unknown, .. } = &config.config;
        let found = registry.build(algorithm.trim(), weights, policy);
        let fallback = found.is_none();
        let chosen = match (found, unknown) {
            (Some(chosen), _) => chosen,
            (None, UnknownAlgorithm::UseMaxRatio) => Chosen::Rule(Rule::MaxRatio),
            (None, UnknownAlgorithm::Refuse) => {
                let names: Vec<&str> = registry.names().collect();
                let allowed = format!("one of {}", names.join(", "));
                return Err(ConfigError::new("algorithm.name", algorithm, allowed));
            }
        };
        Ok(Self { config, chosen, fallback })
    }

    fn scope(&self, current: i64) -> Scope {
        let bounds = self.config.bounds();
        let (min, max) = (i64::from(bounds.min()), i64::from(bounds.max()));
        Scope { current, min, max, tolerance: self.config.config.tolerance }
    }

    /// The ratio of each slot, and how many are missing. Each slot with a target is told to `tell`, with its place among them.
    fn ratios(
        &self,
        cx: &Context<'_>,
        mut tell: impl FnMut(u16, Option<f64>, Option<f64>),
    ) -> (PerSlot, usize) {
        let (mut ratios, mut missing) = (PerSlot::new(), 0);
        for ((metric, slot), name) in (0..).zip(self.config.slots()).zip(&self.config.names) {
            let reading = reading(cx.snapshot, slot, name.as_str());
            let ratio = ratio(slot, self.config.config.targets.get(slot), reading, cx.current);
            tell(metric, reading, ratio);
            missing += usize::from(ratio.is_none());
            ratios = ratios.with(slot, ratio);
        }
        (ratios, missing)
    }
}

/// The reading of a slot, `None` where it is missing.
fn reading(snapshot: &Snapshot<'_>, slot: Slot, name: &str) -> Option<f64> {
    let values = match snapshot.find_value(name) {
        Some(value) => {
            let values = value.values();
            return together(slot, (0..values.len().unwrap_or(1)).map(|i| values.get(i)));
        }
        None => snapshot.find(name)?.values(),
    };
    match (snapshot.listed(), values) {
        (Some(list), _) => {
            together(slot, list.iter().enumerate().filter(|(_, i)| i.serves()).map(|(i, _)| values.get(i)))
        }
        (None, Column::Same(value)) if slot == Slot::QueueDepth => {
            let ready = snapshot.ready_count().filter(|ready| *ready > 0)?;
            Some(*value * f64::from(ready)).filter(|sum| sum.is_finite())
        }
        (None, Column::Same(_)) => values.get(0),
        (None, _) => {
            let ready = snapshot.ready_count().unwrap_or(0) as usize;
            together(slot, (0..ready.max(values.len().unwrap_or(0))).map(|i| values.get(i)))
        }
    }
}

/// Several readings of a slot as one; `None` where there are none or one is missing or negative.
fn together(slot: Slot, mut readings: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let (sum, largest, n) = readings.try_fold((0.0, 0.0_f64, 0_u32), |(sum, largest, n), reading| {
        reading.filter(|r| *r >= 0.0).map(|r| (sum + r, largest.max(r), n + 1))
    })?;
    let reading = match slot {
        Slot::LatencyP99 | Slot::LatencyP95 => largest,
        Slot::GpuUtilization | Slot::GpuMemory => sum / f64::from(n),
        Slot::QueueDepth => sum,
    };
    Some(reading).filter(|r| n > 0 && r.is_finite())
}

impl Stage for Recommender {
    fn name(&self) -> &str {
        "kubeai"
    }

    fn metrics(&self) -> &[MetricName] {
        &self.config.names
    }

    fn decided(&mut self, cx: &Context<'_>, turn: Turn) {
        if let (Chosen::Custom(_), Part::Said { opinion: Opinion::Want(_) }) = (&self.chosen, turn.part) {
            let (ratios, _) = self.ratios(cx, |_, _, _| {});
            let call = Call::new(self.scope(cx.current), ratios.as_slice());
            if let Chosen::Custom(algorithm) = &mut self.chosen {
                algorithm.decided(&call);
            }
        }
    }

    fn next_change_at(&self, cx: &Context<'_>, _turn: Turn) -> Option<Timestamp> {
        match &self.chosen {
            Chosen::Rule(_) => None,
            Chosen::Custom(algorithm) => algorithm.next_change_at(cx.now),
        }
    }

    fn save(&self, out: &mut StateWriter) -> Result<(), StateError> {
        out.put("algorithm", self.config.config.algorithm.trim());
        match &self.chosen {
            Chosen::Rule(_) => Ok(()),
            Chosen::Custom(algorithm) => {
                let mut memory = StateWriter::default();
                algorithm.save(&mut memory)?;
                out.put("memory", memory.finish());
                Ok(())
            }
        }
    }

    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let name = from.text("algorithm")?;
        if name != self.config.config.algorithm.trim() {
            return Err(from.invalid("algorithm", name, self.config.config.algorithm.clone()));
        }
        match &mut self.chosen {
            Chosen::Rule(_) => Ok(()),
            Chosen::Custom(algorithm) => algorithm.restore(&from.nested("memory")?),
        }
    }
}

impl Recommend for Recommender {
    fn recommend(&self, cx: &Context<'_>, why: &mut Reasons<'_>) -> Opinion {
        let mut say = |reason| why.push(Reason::KubeAi { reason });
        if self.fallback {
            say(KubeAiReason::UnknownAlgorithm);
        }
        let (ratios, missing) = self.ratios(cx, |metric, reading, ratio| {
            say(match (reading, ratio) {
                (Some(reading), Some(ratio)) => {
                    KubeAiReason::Ratio { metric, reading: reading.into(), ratio: ratio.into() }
                }
                _ => KubeAiReason::Missing { metric },
            });
        });
        let hold = missing > 0 && self.config.config.missing == Missing::Hold;
        let call = Call::new(self.scope(cx.current), ratios.as_slice());
        match self.chosen.compute(&call, hold) {
            Ok(answer) => {
                say(KubeAiReason::Judged {
                    combined: answer.combined.map(Into::into),
                    verdict: answer.verdict,
                    count: answer.count,
                });
                Opinion::Want(answer.count)
            }
            Err(label) => Opinion::Failed(Failure::Custom(label)),
        }
    }

    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(self.clone())
    }
}
