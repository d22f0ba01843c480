//! AIBrix as a stage of a pipeline: the gate, the windows and the algorithm over a snapshot.
//!
//! How a snapshot is read: a metric of the instances is the average of its samples, whatever the phase of each instance; a metric from
//! outside is the whole-workload value of its name. `replicas` is the count asked for. A column without entries, or one over an empty list of
//! instances, means that there is nobody to ask: the windows answer with what they hold. A metric that is not in the snapshot, or of
//! which no sample is a number, failed and is left out; with all of them failed there is no opinion.
//!
//! While the gate decides, readings are not taken in.

use super::agenda::{Agenda, Gate, gate};
use super::collection::{Collected, from_instances, from_outside};
use super::config::{Checked, EmptyWindow, KpaLoad, Source};
use super::evaluate::{Load, Settings, Strategy, clamp, evaluate};
use super::windows::Windows;
use crate::error::{ConfigError, StateError};
use crate::metric::MetricName;
use crate::reason::aibrix::{AibrixReason, Mode};
use crate::reason::{Failure, Reason, Reasons};
use crate::snapshot::Snapshot;
use crate::stage::{Context, Opinion, Recommend, Stage, Turn};
use crate::state::{StateReader, StateWriter, Value};
use crate::time::{Timestamp, earliest};

/// Recommends what the largest of the metrics asks for.
///
/// A changed configuration keeps the windows of the metrics whose window lengths are the same, as upstream does.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommender {
    strategy: Strategy,
    settings: Settings,
    kpa_load: KpaLoad,
    empty_window: EmptyWindow,
    agenda: Agenda,
    names: Vec<MetricName>,
    metrics: Vec<Tracked>,
}

#[derive(Clone, Debug, PartialEq)]
struct Tracked {
    source: Source,
    target: f64,
    windows: Windows,
}

impl Recommender {
    /// The recommender of a checked configuration, which has seen nothing yet.
    ///
    /// # Errors
    /// If a metric's name cannot be one.
    pub fn new(config: &Checked) -> Result<Self, ConfigError> {
        let names =
            config.metrics().iter().map(|metric| MetricName::new(&metric.name)).collect::<Result<_, _>>()?;
        let tracked = |metric: &super::Metric| {
            let windows = Windows::new(config.stable_window(), config.panic_window())?;
            Ok(Tracked { source: metric.source, target: metric.target, windows })
        };
        Ok(Self {
            strategy: config.strategy(),
            settings: *config.settings(),
            kpa_load: config.kpa_load(),
            empty_window: config.empty_window(),
            agenda: config.agenda().clone(),
            names,
            metrics: config.metrics().iter().map(tracked).collect::<Result<_, _>>()?,
        })
    }

    /// What the formulas read: the windows, or their totals where that was asked for.
    fn load(&self, metric: &Tracked, current: i64) -> Load {
        let load = metric.windows.load();
        match (self.strategy, self.kpa_load, metric.source) {
            (Strategy::Kpa, KpaLoad::Totals, Source::Instances) => {
                let n = current as f64;
                Load { stable: load.stable * n, panic: load.panic * n }
            }
            _ => load,
        }
    }

    /// Whether an average is about to be taken for a total.
    fn mistakes(&self, metric: &Tracked, current: i64) -> bool {
        let per_instance = metric.source == Source::Instances && current > 1;
        self.strategy == Strategy::Kpa && self.kpa_load == KpaLoad::Averages && per_instance
    }
}

impl Tracked {
    fn collect(&self, snapshot: &Snapshot<'_>, name: &MetricName) -> Collected {
        match self.source {
            Source::Instances => from_instances(snapshot, name.as_str()),
            Source::External => from_outside(snapshot, name.as_str()),
        }
    }
}

impl Stage for Recommender {
    fn name(&self) -> &str {
        "aibrix"
    }

    fn metrics(&self) -> &[MetricName] {
        &self.names
    }

    fn ingest(&mut self, cx: &Context<'_>) {
        if gate(self.agenda.at(cx.now), cx.current).is_some() {
            return;
        }
        for (metric, name) in self.metrics.iter_mut().zip(&self.names) {
            if let Collected::Average(value) = metric.collect(cx.snapshot, name) {
                metric.windows.record(cx.now, value);
            }
        }
    }

    fn next_change_at(&self, cx: &Context<'_>, turn: Turn) -> Option<Timestamp> {
        let bounds = self.agenda.next_change_after(cx.now);
        if matches!(turn.part, crate::stage::Part::Said { opinion: Opinion::Settled(_) }) {
            return bounds;
        }
        // The same facts in another second are a bucket more.
        self.metrics
            .iter()
            .zip(&self.names)
            .filter(|(metric, name)| matches!(metric.collect(cx.snapshot, name), Collected::Average(_)))
            .map(|(metric, _)| metric.windows.next_bucket_at(cx.now))
            .fold(bounds, earliest)
    }

    fn save(&self, out: &mut StateWriter) -> Result<(), StateError> {
        let saved = self.names.iter().zip(&self.metrics).map(|(name, metric)| {
            let mut out = StateWriter::default();
            out.put("metric", name.as_str());
            metric.windows.save(&mut out);
            out.finish()
        });
        out.put("windows", Value::list(saved));
        Ok(())
    }

    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let saved = from.list("windows")?;
        if saved.len() != self.metrics.len() {
            let expected = format!("one per metric ({})", self.metrics.len());
            return Err(from.invalid("windows", saved.len(), expected));
        }
        let mut metrics = self.metrics.clone();
        for ((saved, name), metric) in saved.iter().zip(&self.names).zip(&mut metrics) {
            let from = StateReader::new("aibrix.windows", saved)?;
            let found = from.text("metric")?;
            if found != name.as_str() {
                return Err(from.invalid("metric", found, format!("{name}, as in the configuration")));
            }
            metric.windows.restore(&from)?;
        }
        self.metrics = metrics;
        Ok(())
    }

    fn inherit(&mut self, from: &StateReader<'_>, _at: Timestamp) -> Result<(), StateError> {
        for saved in from.list("windows")? {
            let from = StateReader::new("aibrix.windows", saved)?;
            let found = from.text("metric")?;
            if let Some(place) = self.names.iter().position(|name| name.as_str() == found) {
                // Windows of another length start empty, as upstream's do.
                let _ = self.metrics[place].windows.restore(&from);
            }
        }
        Ok(())
    }
}

impl Recommend for Recommender {
    fn recommend(&self, cx: &Context<'_>, why: &mut Reasons<'_>) -> Opinion {
        let mut say = |reason| why.push(Reason::Aibrix { reason });
        let effective = self.agenda.at(cx.now);
        let (min, max) = (i64::from(effective.bounds.min()), i64::from(effective.bounds.max()));
        if let Some(schedule) = effective.schedule {
            say(AibrixReason::Scheduled { schedule, min, max });
        }
        if let Some(gate) = gate(effective, cx.current) {
            let count = gate.count(effective.bounds);
            say(match gate {
                Gate::Disabled => AibrixReason::Disabled,
                Gate::AboveMaximum => AibrixReason::AboveMax { count },
                Gate::BelowMinimum => AibrixReason::BelowMin { count },
            });
            return Opinion::Settled(count);
        }
        let mut best: Option<(u16, i64)> = None;
        let mut failed = Failure::NoData;
        for ((metric, name), tracked) in (0_u16..).zip(&self.names).zip(&self.metrics) {
            let failure = match tracked.collect(cx.snapshot, name) {
                Collected::Failed(failure) => Some(failure),
                Collected::Nobody
                    if tracked.windows.is_empty() && self.empty_window == EmptyWindow::Fails =>
                {
                    Some(Failure::NoData)
                }
                Collected::Nobody => {
                    say(AibrixReason::Unfed { metric, buckets: tracked.windows.buckets() });
                    None
                }
                Collected::Average(_) => None,
            };
            if let Some(failure) = failure {
                say(AibrixReason::LeftOut { metric, failure });
                failed = failure;
                continue;
            }
            let load = self.load(tracked, cx.current);
            if self.mistakes(tracked, cx.current) {
                say(AibrixReason::AverageAsTotal { metric });
            }
            let answer = evaluate(self.strategy, &self.settings, cx.current, Some(tracked.target), load);
            let count = clamp(answer.count, min, max);
            say(explained(metric, tracked.target, load, answer.mode, answer.rule, count));
            if best.is_none_or(|(_, most)| count > most) {
                best = Some((metric, count));
            }
        }
        match best {
            Some((metric, count)) => {
                say(AibrixReason::Recommended { metric, count });
                Opinion::Want(count)
            }
            None => Opinion::Failed(failed),
        }
    }

    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(self.clone())
    }
}

fn explained(
    metric: u16,
    target: f64,
    load: Load,
    mode: Option<Mode>,
    by: super::Rule,
    count: i64,
) -> AibrixReason {
    let (stable, panic, target) = (load.stable.into(), load.panic.into(), target.into());
    match mode {
        None => AibrixReason::Apa { metric, by, stable, target, count },
        Some(mode) => AibrixReason::Kpa { metric, by, mode, stable, panic, target, count },
    }
}
