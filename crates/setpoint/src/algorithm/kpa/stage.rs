//! The Knative autoscaler as stages of a pipeline: a recommender with its windows and its memory of panic, and the last step with
//! bounds and scale to zero as a restraint.
//!
//! How a snapshot is read: the whole-workload value [`metric::CONCURRENCY`] or [`metric::RPS`] is the total over the revision; without it, the samples
//! of that name are added up over the instances that serve. An average over a span (the value's window) is recorded for each second of it, because
//! the windows count a second without a record as one without load. A second that was recorded once is not recorded again, so asking twice is harmless.

use super::activity::{Condition, Progress, Progressed, next_condition};
use super::apply::{Applied, RouteMode, Rules, Situation, apply};
use super::config::Config;
use super::reading::{Collector, Metric};
use super::scale::{Decision, Invalid, Spec};
use super::scaler::{Outcome, Scaler};
use crate::error::{ConfigError, StateError};
use crate::metric::{self, MetricName};
use crate::reason::kpa::{Activity, KpaReason, PanicStep};
use crate::reason::{Failure, Reason, Reasons};
use crate::snapshot::{Column, Snapshot};
use crate::stage::{Context, Opinion, Part, Recommend, Restrain, Stage, Turn};
use crate::state::{StateReader, StateWriter, Value};
use crate::time::{Timestamp, earliest, millis};
use core::time::Duration;

const METRICS: [Metric; 2] = [Metric::Concurrency, Metric::Rps];

const fn name_of(metric: Metric) -> &'static str {
    match metric {
        Metric::Concurrency => metric::CONCURRENCY,
        Metric::Rps => metric::RPS,
    }
}

/// Wants what the stable window asks for, or in panic the panic window.
///
/// A changed configuration resizes the windows and takes effect for the rest at the next decision; panic goes on, and the scale-down delay
/// stays as it was created, unless the configuration says `follow_delay`.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommender {
    config: Config,
    spec: Spec,
    name: [MetricName; 1],
    collector: Collector,
    scaler: Option<Scaler>,
    /// The last second recorded of each metric.
    recorded: [Option<i64>; 2],
}

impl Recommender {
    /// A recommender that has seen nothing yet. The scaler is created with the first snapshot: with more than one ready instance it starts in panic, as a
    /// restarted autoscaler does upstream.
    ///
    /// # Errors
    /// If a setting is outside its range.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            spec: config.spec(),
            name: [MetricName::new(name_of(config.scaling_metric()))?],
            collector: config.collector()?,
            scaler: None,
            recorded: [None; 2],
            config,
        })
    }

    /// What is remembered of panic and delay, once a snapshot was seen.
    #[must_use]
    pub const fn scaler(&self) -> Option<&Scaler> {
        self.scaler.as_ref()
    }

    fn evaluate(&self, cx: &Context<'_>) -> Option<Outcome> {
        let scaler = self.scaler.as_ref()?;
        let ready = cx.snapshot.ready_count().map(i64::from);
        let reading = self.config.read(&self.collector, scaler.clamp(cx.now));
        Some(scaler.evaluate(&self.spec, cx.now, ready, reading))
    }

    fn explain(&self, decision: &Decision, why: &mut Reasons<'_>) {
        let mut say = |reason| why.push(Reason::Kpa { reason });
        let Decision { reading, stable, panic_ask, ready, up, down, .. } = *decision;
        say(KpaReason::Read {
            stable: reading.stable.into(),
            panic: reading.panic.into(),
            stable_pods: stable.pods.into(),
            panic_pods: panic_ask.pods.into(),
        });
        say(KpaReason::Rates { ready, up: up.into(), down: down.into() });
        if decision.panic_step != PanicStep::Calm {
            say(KpaReason::Panic { step: decision.panic_step, ends_at: decision.panic_ends_at });
        }
        say(KpaReason::ExcessBurst { capacity: decision.excess_burst_capacity });
        say(KpaReason::Desired { count: decision.desired, by: decision.bound_by });
    }
}

/// The total of a metric over the revision, and the span over which it is an average.
fn total(snapshot: &Snapshot<'_>, metric: Metric) -> Option<(f64, Duration)> {
    let name = name_of(metric);
    if let Some(value) = snapshot.find_value(name) {
        return Some((value.total()?, value.span()));
    }
    let samples = snapshot.find(name)?;
    let values = samples.values();
    let sum = match (snapshot.listed(), values) {
        (Some(list), _) => list
            .iter()
            .enumerate()
            .filter(|(_, instance)| instance.serves())
            .try_fold(0.0, |sum, (i, _)| values.get(i).map(|v| sum + v)),
        (None, Column::Same(_)) => values.get(0).map(|v| v * f64::from(snapshot.ready_count().unwrap_or(0))),
        (None, _) => (0..values.len().unwrap_or(0)).try_fold(0.0, |sum, i| values.get(i).map(|v| sum + v)),
    };
    Some((sum?, samples.sample_window(0)))
}

impl Stage for Recommender {
    fn name(&self) -> &str {
        "kpa"
    }

    fn metrics(&self) -> &[MetricName] {
        &self.name
    }

    fn ingest(&mut self, cx: &Context<'_>) {
        if self.scaler.is_none() {
            let ready = cx.snapshot.ready_count().map_or(0, i64::from);
            self.scaler = Some(self.config.scaler(cx.now, ready));
        }
        let taken = cx.snapshot.taken_at().as_millis();
        let second = taken.div_euclid(1_000);
        for (metric, recorded) in METRICS.into_iter().zip(&mut self.recorded) {
            let Some((value, span)) = total(cx.snapshot, metric) else { continue };
            let spanned = taken.saturating_sub(millis(span.min(self.spec.stable_window)));
            let first = spanned.div_euclid(1_000).saturating_add(1).min(second);
            let first = recorded.map_or(first, |last| first.max(last.saturating_add(1)));
            for bucket in first..=second {
                self.collector.record_one(Timestamp::from_secs(bucket), metric, value);
            }
            *recorded = (*recorded).max(Some(second));
        }
    }

    fn decided(&mut self, cx: &Context<'_>, _turn: Turn) {
        if let Some(outcome) = self.evaluate(cx)
            && let Some(scaler) = &mut self.scaler
        {
            scaler.commit(&outcome);
        }
    }

    fn next_change_at(&self, cx: &Context<'_>, _turn: Turn) -> Option<Timestamp> {
        let scaler = self.scaler.as_ref()?;
        let windows = self.config.next_reading_change_at(&self.collector, scaler.clamp(cx.now));
        // The same facts are a record more in the next second, or at once where the clock went back before them.
        let second = cx.now.as_millis().div_euclid(1_000);
        let metric = self.config.scaling_metric();
        let recorded =
            METRICS.into_iter().zip(self.recorded).find(|(m, _)| *m == metric).and_then(|(_, r)| r);
        let next_record = total(cx.snapshot, metric).map(|_| match recorded {
            Some(last) if last >= second => Timestamp::from_secs(second.saturating_add(1)),
            _ => cx.now,
        });
        earliest(scaler.next_change_at(&self.spec), earliest(windows, next_record))
    }

    fn save(&self, out: &mut StateWriter) -> Result<(), StateError> {
        out.nest("windows", |out| self.collector.save(out));
        match &self.scaler {
            Some(scaler) => out.nest("scaler", |out| scaler.save(out)),
            None => out.put("scaler", Value::Null),
        }
        out.put("recorded_concurrency", self.recorded[0]);
        out.put("recorded_rps", self.recorded[1]);
        Ok(())
    }

    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        self.collector.restore(&from.nested("windows")?)?;
        self.restore_memory(from)
    }

    fn inherit(&mut self, from: &StateReader<'_>, at: Timestamp) -> Result<(), StateError> {
        self.collector = Collector::restored(&from.nested("windows")?)?;
        self.restore_memory(from)?;
        if let Some(scaler) = &mut self.scaler {
            self.config.update(scaler, &mut self.collector, at).map_err(|e| StateError::Invalid {
                field: format!("kpa.{}", e.field),
                found: e.value,
                expected: e.allowed,
            })?;
        }
        Ok(())
    }
}

impl Recommender {
    fn restore_memory(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        self.scaler = match from.value("scaler")? {
            Value::Null => None,
            _ => {
                let mut scaler = self.config.scaler(Timestamp::MIN, 0);
                scaler.restore(&from.nested("scaler")?)?;
                Some(scaler)
            }
        };
        self.recorded = [from.opt_int("recorded_concurrency")?, from.opt_int("recorded_rps")?];
        Ok(())
    }
}

impl Recommend for Recommender {
    fn recommend(&self, cx: &Context<'_>, why: &mut Reasons<'_>) -> Opinion {
        let failed = |invalid| match invalid {
            Invalid::NoReadyCount => Failure::ReadyUnknown,
            Invalid::NoReading => Failure::NoData,
            Invalid::InvalidMetric | Invalid::NotANumber => Failure::InvalidReading,
        };
        match self.evaluate(cx).map(|outcome| outcome.result) {
            Some(Ok(decision)) => {
                self.explain(&decision, why);
                Opinion::Want(decision.desired)
            }
            Some(Err(invalid)) => Opinion::Failed(failed(invalid)),
            None => Opinion::Failed(Failure::NoData),
        }
    }

    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(self.clone())
    }
}

/// Bounds, initial scale, and scale to zero with its waiting times.
///
/// Upstream looks at routes and probes here. This stage assumes what holds where they work: the activator takes over as soon as the revision
/// becomes inactive, and a probe finds it. Callers who know better use [`apply`] themselves. A changed configuration keeps the memory.
#[derive(Clone, Debug, PartialEq)]
pub struct LastStep {
    rules: Rules,
    condition: Condition,
    since: Option<Timestamp>,
    initial_scale_reached: bool,
}

impl LastStep {
    /// The last step of a revision that was not seen yet. What the first snapshot shows counts from then on: active with ready instances, activating with
    /// others, else inactive.
    ///
    /// # Errors
    /// If a setting is outside its range.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            rules: config.rules(),
            condition: Condition { activity: Activity::Inactive, reason: None },
            since: None,
            initial_scale_reached: false,
        })
    }

    fn apply(&self, cx: &Context<'_>, desired: i64) -> Applied {
        apply(
            &self.rules,
            &Situation {
                desired,
                activity: self.condition.activity,
                activity_age: self.since.map_or(Duration::ZERO, |since| cx.now.since(since)),
                initial_scale_reached: self.initial_scale_reached,
                current: Some(cx.current),
                route: RouteMode::Serve,
                proxied_for: Duration::ZERO,
                probe: Some(true),
            },
        )
    }
}

impl Stage for LastStep {
    fn name(&self) -> &str {
        "kpa_last_step"
    }

    fn ingest(&mut self, cx: &Context<'_>) {
        if self.since.is_none() {
            let activity = match (cx.snapshot.ready_count(), cx.current) {
                (Some(ready), _) if ready > 0 => Activity::Active,
                (_, current) if current > 0 => Activity::Activating,
                _ => Activity::Inactive,
            };
            self.condition = Condition { activity, reason: None };
            self.since = Some(cx.now);
        }
    }

    fn decided(&mut self, cx: &Context<'_>, turn: Turn) {
        let (Part::Restrained { input, .. }, Some(ready)) = (turn.part, cx.snapshot.ready_count()) else {
            return;
        };
        let Progressed { condition, initial_scale_reached, .. } = next_condition(
            &self.rules,
            &Progress {
                before: self.condition,
                initial_scale_reached: self.initial_scale_reached,
                want: self.apply(cx, input).scale,
                ready: i64::from(ready),
                has_service_name: true,
            },
        );
        if condition.activity != self.condition.activity {
            self.since = Some(cx.now);
        }
        self.condition = condition;
        self.initial_scale_reached = initial_scale_reached;
    }

    fn next_change_at(&self, cx: &Context<'_>, turn: Turn) -> Option<Timestamp> {
        let Part::Restrained { input, output } = turn.part else { return None };
        let now = self.apply(cx, input);
        if now.write.unwrap_or(cx.current) != output {
            return Some(cx.now);
        }
        let since = self.since?;
        let Rules { stable_window, activation_timeout, grace_period, retention_period, .. } = self.rules;
        let strictly_after = activation_timeout.saturating_add(Duration::from_millis(1));
        [stable_window, strictly_after, grace_period, retention_period]
            .into_iter()
            .map(|span| since + span)
            .filter(|at| *at > cx.now && input == 0)
            .min()
    }

    fn save(&self, out: &mut StateWriter) -> Result<(), StateError> {
        out.put("activity", self.condition.activity.to_string());
        out.put("reason", self.condition.reason.map(super::activity::Reason::name));
        out.put("since", self.since);
        out.put("initial_scale_reached", self.initial_scale_reached);
        Ok(())
    }

    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        use super::activity::Reason::{NoTraffic, Queued, TimedOut};
        let text = from.text("activity")?;
        let activity = [Activity::Active, Activity::Activating, Activity::Inactive]
            .into_iter()
            .find(|activity| activity.to_string() == text)
            .ok_or_else(|| from.invalid("activity", text, "active, activating or inactive"))?;
        let reason = match from.value("reason")? {
            Value::Null => None,
            _ => {
                let text = from.text("reason")?;
                let known = [NoTraffic, Queued, TimedOut].into_iter().find(|reason| reason.name() == text);
                Some(known.ok_or_else(|| from.invalid("reason", text, "NoTraffic, Queued or TimedOut"))?)
            }
        };
        self.condition = Condition { activity, reason };
        self.since = from.opt_timestamp("since")?;
        self.initial_scale_reached = from.bool("initial_scale_reached")?;
        Ok(())
    }
}

impl Restrain for LastStep {
    fn restrain(&self, cx: &Context<'_>, input: i64, why: &mut Reasons<'_>) -> i64 {
        let applied = self.apply(cx, input);
        let to = applied.write.unwrap_or(cx.current);
        if to != input {
            let reason = if input == 0 && applied.scale <= 1 {
                let until = applied.look_again_after.map(|after| cx.now + after);
                KpaReason::KeptFromZero { from: input, to, activity: self.condition.activity, until }
            } else {
                KpaReason::Bounded { from: input, to }
            };
            why.push(Reason::Kpa { reason });
        }
        to
    }

    fn guards_held(&self) -> bool {
        true
    }

    fn clone_box(&self) -> Box<dyn Restrain> {
        Box::new(self.clone())
    }
}
