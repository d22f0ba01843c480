//! Kthena as stages of a pipeline: a recommender over the snapshot, and a restraint that corrects and remembers. The
//! arithmetic is in [`recommendation`](super::recommendation) and [`correction`](super::correction).
//!
//! How a snapshot is read: a whole-workload value of a metric's name is its total; without one, the samples of the
//! ready instances count. A ready instance without a sample is a failed scrape, which silences the metric
//! ([`Aggregation::Summed`]), or an instance that does not report it ([`Aggregation::PerInstance`]).

use super::collection::{blocked_by, is_ready};
use super::config::{Aggregation, Checked};
use super::correction::Rules;
use super::recommendation::{Reading, Recommendation, Scope, recommend};
use super::status::{Status, Widths};
use crate::error::{ConfigError, StateError};
use crate::metric::MetricName;
use crate::reason::kthena::KthenaReason;
use crate::reason::{Reason, Reasons, RestraintReason};
use crate::snapshot::{Column, Samples, Snapshot};
use crate::stage::{Context, Opinion, Part, Recommend, Restrain, Stage, Turn};
use crate::state::{StateReader, StateWriter};
use crate::time::Timestamp;

/// Recommends what the largest of the metrics asks for. It remembers nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommender {
    names: Vec<MetricName>,
    targets: Vec<f64>,
    scope: Scope,
    aggregation: Aggregation,
}

impl Recommender {
    /// The recommender of a checked configuration.
    ///
    /// # Errors
    /// If a metric's name cannot be one.
    pub fn new(config: &Checked) -> Result<Self, ConfigError> {
        Self::raw(config.targets(), config.scope(0, 0), config.aggregation())
    }

    /// A recommender of metrics and their targets that nobody checked. Current and unready counts of the scope are those
    /// of each snapshot.
    ///
    /// # Errors
    /// If a metric's name cannot be one.
    pub fn raw(
        targets: &[(String, f64)],
        scope: Scope,
        aggregation: Aggregation,
    ) -> Result<Self, ConfigError> {
        let names = targets.iter().map(|(name, _)| MetricName::new(name)).collect::<Result<_, _>>()?;
        Ok(Self { names, targets: targets.iter().map(|(_, target)| *target).collect(), scope, aggregation })
    }
}

/// What a snapshot says of the metric `name`; with an instance that blocks, only a total from outside counts.
pub(super) fn read(snapshot: &Snapshot<'_>, name: &str, blocked: bool, aggregation: Aggregation) -> Reading {
    if let Some(value) = snapshot.find_value(name) {
        return value.total().map_or(Reading::Summed(None), Reading::External);
    }
    match snapshot.find(name) {
        Some(samples) if !blocked => of_instances(snapshot, samples, aggregation),
        _ => Reading::Summed(None),
    }
}

/// The first instance that silences all others, and how many unready instances count.
pub(super) fn readiness(snapshot: &Snapshot<'_>) -> (Option<usize>, i64) {
    let blocker = snapshot.listed().and_then(blocked_by);
    let unready = match (snapshot.listed(), blocker) {
        (_, Some(_)) => 0,
        (Some(list), None) => list.iter().filter(|instance| !is_ready(instance)).count() as i64,
        (None, None) => i64::from(snapshot.unready_count()),
    };
    (blocker, unready)
}

fn of_instances(snapshot: &Snapshot<'_>, samples: &Samples<'_>, aggregation: Aggregation) -> Reading {
    let values = samples.values();
    match (snapshot.listed(), values) {
        (Some(list), _) => {
            let ready = list.iter().enumerate().filter(|(_, instance)| is_ready(instance));
            aggregate(ready.map(|(i, _)| values.get(i)), aggregation)
        }
        (None, Column::Same(_)) => {
            let ready = snapshot.ready_count().unwrap_or(0);
            let value = values.get(0);
            match aggregation {
                Aggregation::Summed => {
                    Reading::Summed(value.filter(|_| ready > 0).map(|v| v * f64::from(ready)))
                }
                Aggregation::PerInstance => Reading::alike(value, ready),
            }
        }
        (None, _) => {
            let listed = values.len().unwrap_or(0);
            let ready = snapshot.ready_count().unwrap_or(0) as usize;
            match (aggregation, ready.saturating_sub(listed)) {
                (Aggregation::Summed, 1..) => Reading::Summed(None),
                (_, silent) => aggregate((0..listed).map(|i| values.get(i)), aggregation).and_silent(silent),
            }
        }
    }
}

fn aggregate(values: impl Iterator<Item = Option<f64>> + Clone, aggregation: Aggregation) -> Reading {
    match aggregation {
        Aggregation::Summed if values.clone().any(|value| value.is_none()) => Reading::Summed(None),
        Aggregation::Summed => Reading::sum_of(values),
        Aggregation::PerInstance => Reading::instances(values),
    }
}

impl Stage for Recommender {
    fn name(&self) -> &str {
        "kthena"
    }

    fn metrics(&self) -> &[MetricName] {
        &self.names
    }
}

impl Recommend for Recommender {
    fn recommend(&self, cx: &Context<'_>, why: &mut Reasons<'_>) -> Opinion {
        let mut say = |reason| why.push(Reason::Kthena { reason });
        let (blocker, unready) = readiness(cx.snapshot);
        let scope = Scope { current: cx.current, unready, ..self.scope };
        let reading =
            |name: &MetricName| read(cx.snapshot, name.as_str(), blocker.is_some(), self.aggregation);
        let metrics = self.names.iter().zip(&self.targets).map(|(name, target)| (*target, reading(name)));
        let mut looked = false;
        let wanted = recommend(&scope, metrics, |metric, outcome| {
            let metric = metric as u16;
            if let (Some(instance), false) = (blocker, looked) {
                say(KthenaReason::Blocked { instance: instance as u32 });
            }
            looked = true;
            say(match outcome {
                Some(o) => {
                    KthenaReason::Metric { metric, by: o.rule, ratio: o.ratio.into(), count: o.desired }
                }
                None => KthenaReason::Silent { metric },
            });
        });
        match wanted {
            Recommendation::BelowMinimum(count) | Recommendation::AboveMaximum(count) => {
                say(KthenaReason::Bound { count });
            }
            Recommendation::Metric { metric, count, .. } => {
                say(KthenaReason::Recommended { metric: metric as u16, count });
            }
            Recommendation::Skip => {}
        }
        wanted.count().map_or(Opinion::Skip, Opinion::Want)
    }

    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(self.clone())
    }
}

/// Corrects a recommendation by panic mode, stabilization, pace and bounds, and remembers both.
///
/// A changed configuration starts it afresh, as upstream does whenever the generation of a policy changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Corrector {
    rules: Rules,
    status: Status,
    remembers: Remembers,
}

/// What goes into the histories of recommendations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remembers {
    Recommended,
    Corrected,
}

impl Corrector {
    /// The corrector of a checked configuration, which has decided nothing yet.
    #[must_use]
    pub fn new(config: &Checked) -> Self {
        Self::raw(config.rules(), config.widths())
    }

    /// A corrector of rules that nobody checked.
    #[must_use]
    pub fn raw(rules: Rules, widths: Widths) -> Self {
        Self { rules, status: Status::new(widths), remembers: Remembers::Recommended }
    }

    /// The same, but the corrected count goes into all five histories, also into those of recommendations: upstream's way
    /// where one total is split over several targets.
    #[must_use]
    pub fn remembering_corrected(mut self) -> Self {
        self.remembers = Remembers::Corrected;
        self
    }

    /// What is remembered.
    #[must_use]
    pub const fn status(&self) -> &Status {
        &self.status
    }
}

impl Stage for Corrector {
    fn name(&self) -> &str {
        "kthena_correction"
    }

    fn decided(&mut self, cx: &Context<'_>, turn: Turn) {
        if let Part::Restrained { input, .. } = turn.part {
            let mut decision = self.status.decide(&self.rules, cx.now, cx.current, input);
            if self.remembers == Remembers::Corrected {
                decision.correction.recommended = decision.correction.corrected;
            }
            self.status.record(cx.now, &decision);
        }
    }

    fn next_change_at(&self, cx: &Context<'_>, turn: Turn) -> Option<Timestamp> {
        match turn.part {
            Part::Restrained { input, .. } => {
                self.status.next_change_for(&self.rules, cx.now, cx.current, input)
            }
            _ => None,
        }
    }

    fn save(&self, out: &mut StateWriter) -> Result<(), StateError> {
        self.status.save(out);
        Ok(())
    }

    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        self.status.restore(from)
    }

    fn inherit(&mut self, _from: &StateReader<'_>, _at: Timestamp) -> Result<(), StateError> {
        Ok(())
    }
}

impl Restrain for Corrector {
    fn restrain(&self, cx: &Context<'_>, input: i64, why: &mut Reasons<'_>) -> i64 {
        let decision = self.status.decide(&self.rules, cx.now, cx.current, input);
        let mut say = |reason| why.push(Reason::Kthena { reason });
        if decision.in_panic {
            let until = if decision.triggered { None } else { self.status.panic().ends_at() };
            say(KthenaReason::Panic { triggered: decision.triggered, until });
        }
        let correction = decision.correction;
        if let Some(by) = correction.binding() {
            let (from, to) = (correction.recommended, correction.corrected);
            say(KthenaReason::Corrected { mode: correction.mode, by, from, to, limit: correction.limit });
        }
        if decision.merged {
            let kept = crate::window::record::MAX_ENTRIES as u32;
            why.push(Reason::Restraint { reason: RestraintReason::Merged { kept } });
        }
        correction.corrected
    }

    fn clone_box(&self) -> Box<dyn Restrain> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::kthena::Config;
    use crate::replicas::Bounds;

    fn opinion(snapshot: &Snapshot<'_>) -> Opinion {
        let config = Config::new(Bounds::new(1, 100).unwrap())
            .target("load", 10.0)
            .aggregation(Aggregation::PerInstance)
            .check()
            .unwrap();
        let recommender = Recommender::new(&config).unwrap();
        let cx = Context::new(snapshot.taken_at(), snapshot);
        recommender.recommend(&cx, &mut Reasons::new(None, &mut Vec::new()))
    }

    fn of(replicas: u32) -> Snapshot<'static> {
        Snapshot::at(Timestamp::default()).replicas(replicas)
    }

    #[test]
    fn ready_instances_beyond_the_column_are_silent_ones() {
        let short = of(5).samples("load", vec![1.0, 2.0]).unwrap();
        let long = of(5).samples("load", vec![1.0, 2.0, f64::NAN, f64::NAN, f64::NAN]).unwrap();
        assert_eq!(opinion(&short), opinion(&long));
        assert_ne!(opinion(&short), opinion(&short.clone().ready(2)));
    }

    #[test]
    fn one_value_for_all_is_that_value_for_each() {
        let alike = of(4).samples("load", 25.0).unwrap();
        assert_eq!(opinion(&alike), Opinion::Want(10));
        assert_eq!(opinion(&alike), opinion(&of(4).samples("load", vec![25.0; 4]).unwrap()));
    }

    #[test]
    fn a_count_of_ready_instances_costs_no_time() {
        for samples in [Column::Same(25.0), Column::Same(f64::NAN), Column::from(vec![25.0])] {
            let snapshot = of(3).ready(u32::MAX).samples("load", samples).unwrap();
            for _ in 0..1_000 {
                let _ = opinion(&snapshot);
            }
        }
    }
}
