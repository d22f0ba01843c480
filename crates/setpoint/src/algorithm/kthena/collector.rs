//! The histograms of earlier cycles, and the collector that compares with them. What is collected from one
//! cycle's scrapes is in [`collection`](super::collection).
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/autoscaler/metric_collector.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`: the newest cycle older than 60 s and at most 300 s old. A pod
//! without a histogram has no entry here; upstream's empty entry for it answers the same.

use core::cmp::Ordering;
use core::time::Duration;

use super::collection::{Collection, collect};
use super::families::Observed;
use super::sources::{Plan, Planned, Source};
use crate::error::StateError;
use crate::state::{StateReader, StateWriter, Value};
use crate::time::Timestamp;
use crate::window::{Histogram, SnapshotWindow};

/// How old an entry must be, at least, before histograms are compared with it: older than this.
pub const FRESH: Duration = Duration::from_secs(60);

/// How old an entry may be, at most.
pub const EXPIRY: Duration = Duration::from_secs(300);

/// The histograms of one cycle by pod and metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodHistograms {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    pod: String,
    metric: usize,
    started_at: Option<Timestamp>,
    histogram: Histogram,
}

impl Entry {
    fn order(&self, pod: &str, metric: usize) -> Ordering {
        self.pod.as_str().cmp(pod).then(self.metric.cmp(&metric))
    }
}

impl PodHistograms {
    /// How many histograms there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The histogram of a pod for the metric at the place `metric` of the plan, if it is of the same process:
    /// both starts must be known and equal.
    #[must_use]
    pub fn find(&self, pod: &str, metric: usize, started_at: Option<Timestamp>) -> Option<&Histogram> {
        let place = self.entries.binary_search_by(|entry| entry.order(pod, metric)).ok()?;
        let entry = self.entries.get(place)?;
        (started_at.is_some() && entry.started_at == started_at).then_some(&entry.histogram)
    }

    /// Adds a histogram. [`PodHistograms::sort`] comes before any look at them.
    pub(super) fn add(&mut self, pod: &str, metric: usize, started_at: Option<Timestamp>, of: &Histogram) {
        self.entries.push(Entry { pod: pod.to_owned(), metric, started_at, histogram: of.clone() });
    }

    /// Puts the histograms in order; of several for one pod and metric the last counts.
    pub(super) fn sort(&mut self) {
        self.entries.sort_by(|a, b| a.order(&b.pod, b.metric));
        self.entries.dedup_by(|later, kept| {
            let same = kept.order(&later.pod, later.metric).is_eq();
            if same {
                core::mem::swap(later, kept);
            }
            same
        });
    }

    fn save(&self) -> Value {
        Value::list(self.entries.iter().map(|entry| {
            let mut out = StateWriter::default();
            out.put("pod", entry.pod.as_str());
            out.put("metric", entry.metric as i64);
            out.put("started_at", entry.started_at);
            entry.histogram.save(&mut out);
            out.finish()
        }))
    }

    fn restored(value: &Value, plan: &Plan) -> Result<Self, StateError> {
        let Value::List(items) = value else {
            let field = "histograms".to_owned();
            return Err(StateError::Invalid {
                field,
                found: "something else".into(),
                expected: "a list".into(),
            });
        };
        let mut entries: Vec<Entry> = Vec::with_capacity(items.len());
        for item in items {
            let from = StateReader::new("histogram", item)?;
            let (pod, place) = (from.text("pod")?, from.int("metric")?);
            let metric = usize::try_from(place)
                .ok()
                .filter(|metric| plan.metrics().get(*metric).is_some_and(of_pods))
                .ok_or_else(|| from.invalid("metric", place, "the place of a metric of the pods"))?;
            if entries.last().is_some_and(|last| last.order(pod, metric).is_ge()) {
                return Err(from.invalid("pod", pod, "pods and metrics in order, each once"));
            }
            let started_at = from.opt_timestamp("started_at")?;
            let mut histogram = Histogram::default();
            histogram.restore(&from)?;
            entries.push(Entry { pod: pod.to_owned(), metric, started_at, histogram });
        }
        Ok(Self { entries })
    }
}

const fn of_pods(metric: &Planned) -> bool {
    matches!(metric.source(), Source::Pod { .. })
}

/// Collects the metrics of one target cycle by cycle, and remembers the histograms that later ones are
/// compared with.
///
/// Upstream discards it with the rest of the state whenever the generation of the policy changes. Each
/// cycle clones the histograms that it keeps.
///
/// ```
/// use setpoint::kthena::families::{Content, Family, Group, Observed, Pod};
/// use setpoint::kthena::sources::{Metric, Plan};
/// use setpoint::kthena::{Collector, Reading};
/// use setpoint::window::Histogram;
/// use setpoint::{Instance, Timestamp};
///
/// let mut collector = Collector::new(Plan::new([Metric::pod("latency", ":8000")])?);
/// let cycle = |collector: &mut Collector, seconds, latency: Histogram| {
///     let latency = [latency];
///     let families = [Family { name: "latency", content: Content::Histogram(&latency) }];
///     let instance = Instance::ready(Timestamp::from_secs(0));
///     let pods = [Pod { name: "pod-0", instance, scrape: Some(&families) }];
///     let groups = [Group { endpoint: ":8000", pods: &pods }];
///     let seen = Observed { groups: &groups, external: &[] };
///     collector.collect(Timestamp::from_secs(seconds), &seen).reading("latency")
/// };
/// let slow = Histogram::new(20, [(0.5, 0), (1.0, 20)])?;
/// let then_fast = Histogram::new(40, [(0.5, 20), (1.0, 40)])?;
///
/// assert_eq!(cycle(&mut collector, 100, slow), Reading::Summed(Some(0.975)));    // since the start
/// assert_eq!(cycle(&mut collector, 161, then_fast), Reading::Summed(Some(0.475))); // since the cycle before
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Collector {
    plan: Plan,
    past: SnapshotWindow<PodHistograms>,
}

impl Collector {
    /// A collector that has seen nothing yet.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self { plan, past: SnapshotWindow::new(FRESH, EXPIRY) }
    }

    /// The metrics and their sources.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The histograms that a cycle at `now` is compared with; nothing if there are none of a fitting age.
    #[must_use]
    pub fn past(&self, now: Timestamp) -> Option<&PodHistograms> {
        self.past.last_unfresh(now)
    }

    /// Collects from what is seen at `now`, and remembers its histograms, also when there are none. A `now`
    /// before that of an earlier cycle is remembered as the time of that cycle.
    pub fn collect<'a>(&mut self, now: Timestamp, seen: &Observed<'a>) -> Collection<'a> {
        let (collection, histograms) = collect(&self.plan, seen, self.past(now));
        self.past.append(now, histograms);
        collection
    }

    /// Forgets all histograms.
    pub fn reset(&mut self) {
        self.past.clear();
    }

    /// Saves the sources, to tell them from others, and the histograms.
    pub fn save(&self, out: &mut StateWriter) {
        out.put("sources", self.sources());
        out.nest("past", |out| self.past.save(out, PodHistograms::save));
    }

    /// Takes up what another collector of the same plan saved.
    ///
    /// # Errors
    /// If the state belongs to other sources, is out of order or not whole. Nothing changes then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        if *from.value("sources")? != self.sources() {
            return Err(from.invalid("sources", "others", "those of the plan"));
        }
        let plan = &self.plan;
        self.past.restore(&from.nested("past")?, |value| PodHistograms::restored(value, plan))
    }

    fn sources(&self) -> Value {
        Value::list(self.plan.metrics().iter().map(|metric| match metric.source() {
            Source::Pod { endpoint, scraped_as } => {
                Value::list([metric.name().as_str(), endpoint.as_str(), scraped_as.as_str()])
            }
            Source::External => Value::list([metric.name().as_str()]),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::families::{Content, Family, Group, Pod};
    use super::super::recommendation::Reading;
    use super::super::sources::Metric;
    use super::*;
    use crate::snapshot::Instance;
    use proptest::prelude::*;

    const STARTED: Timestamp = Timestamp::from_secs(0);

    fn secs(t: i64) -> Timestamp {
        Timestamp::from_secs(t)
    }

    fn counted(count: i64) -> Histogram {
        Histogram::new(count, [(count as f64, count), (f64::INFINITY, count)]).unwrap()
    }

    fn plan() -> Plan {
        Plan::new([Metric::external("queue"), Metric::pod("wait", "x")]).unwrap()
    }

    /// A cycle in which each pod has seen `count` observations since it started.
    fn cycle(collector: &mut Collector, now: Timestamp, pods: &[&str], count: i64) -> Reading {
        let series = [counted(count)];
        let families = [Family { name: "wait", content: Content::Histogram(&series) }];
        let instance = Instance::ready(STARTED);
        let pods: Vec<Pod<'_>> =
            pods.iter().map(|name| Pod { name, instance, scrape: Some(&families) }).collect();
        let groups = [Group { endpoint: "x", pods: &pods }];
        collector.collect(now, &Observed { groups: &groups, external: &[] }).reading("wait")
    }

    fn past_count(collector: &Collector, now: Timestamp, pod: &str) -> Option<i64> {
        collector.past(now)?.find(pod, 1, Some(STARTED)).map(Histogram::count)
    }

    #[test]
    fn the_past_is_older_than_a_minute_and_at_most_five_old() {
        let mut collector = Collector::new(plan());
        cycle(&mut collector, secs(0), &["a"], 10);
        assert_eq!(collector.past(secs(60)), None);
        assert_eq!(past_count(&collector, Timestamp::from_millis(60_001), "a"), Some(10));
        assert_eq!(past_count(&collector, secs(300), "a"), Some(10));
        assert_eq!(collector.past(Timestamp::from_millis(300_001)), None);
        collector.reset();
        assert_eq!(collector.past(secs(100)), None);
    }

    #[test]
    fn a_cycle_is_compared_with_the_newest_that_is_old_enough() {
        let mut collector = Collector::new(plan());
        for (now, count) in [(0, 10), (15, 20), (30, 30)] {
            cycle(&mut collector, secs(now), &["a", "b"], count);
        }
        let since_20 = 40.0 - 1.0 * 40.0 / 20.0;
        assert_eq!(
            cycle(&mut collector, secs(80), &["a", "b"], 40),
            Reading::Summed(Some(since_20 + since_20))
        );
    }

    #[test]
    fn a_cycle_without_histograms_is_remembered_too() {
        let mut collector = Collector::new(plan());
        cycle(&mut collector, secs(0), &["a"], 10);
        collector.collect(secs(15), &Observed::default());
        assert!(collector.past(secs(76)).is_some_and(PodHistograms::is_empty));
        assert_eq!(past_count(&collector, secs(75), "a"), Some(10));
    }

    #[test]
    fn histograms_are_found_by_pod_and_metric_and_the_last_of_two_counts() {
        let mut histograms = PodHistograms::default();
        for (pod, metric, count) in [("b", 1, 1), ("a", 2, 2), ("b", 0, 3), ("b", 1, 4), ("a", 0, 5)] {
            histograms.add(pod, metric, Some(STARTED), &counted(count));
        }
        histograms.sort();
        let find = |pod, metric| histograms.find(pod, metric, Some(STARTED)).map(Histogram::count);
        assert_eq!(histograms.len(), 4);
        assert_eq!([find("a", 0), find("a", 2), find("b", 0), find("b", 1)], [5, 2, 3, 4].map(Some));
        assert_eq!([find("a", 1), find("c", 0), find("", 0)], [None; 3]);
    }

    fn saved(collector: &Collector) -> Value {
        let mut out = StateWriter::default();
        collector.save(&mut out);
        out.finish()
    }

    fn restore(plan: Plan, state: &Value) -> Result<Collector, StateError> {
        let mut collector = Collector::new(plan);
        collector.restore(&StateReader::new("kthena_collector", state)?)?;
        Ok(collector)
    }

    /// The field at `path` of a state, the first item of each list on the way.
    fn field<'a>(state: &'a mut Value, path: &[&str]) -> &'a mut Value {
        path.iter().fold(state, |value, name| {
            let mut value = value;
            while let Value::List(items) = value {
                value = &mut items[0];
            }
            let Value::Map(fields) = value else { panic!("no {name}") };
            &mut fields.iter_mut().find(|f| f.0 == **name).unwrap().1
        })
    }

    #[test]
    fn restores_what_it_saved_and_refuses_the_rest() {
        let mut collector = Collector::new(plan());
        cycle(&mut collector, secs(0), &["b", "a"], 10);
        cycle(&mut collector, secs(15), &["a"], 20);
        let state = saved(&collector);
        assert_eq!(restore(plan(), &state), Ok(collector.clone()));

        for other in [
            Plan::new([Metric::external("queue")]).unwrap(),
            Plan::new([Metric::external("queue"), Metric::pod("wait", "y")]).unwrap(),
            Plan::new([Metric::external("queue"), Metric::pod("wait", "x").scraped_as("w")]).unwrap(),
            Plan::new([Metric::pod("wait", "x"), Metric::external("queue")]).unwrap(),
        ] {
            assert!(restore(other, &state).is_err());
        }

        let broken = |path: &[&str], value: Value| {
            let mut state = state.clone();
            *field(&mut state, path) = value;
            let mut untouched = collector.clone();
            let refused = untouched.restore(&StateReader::new("c", &state).unwrap());
            assert!(refused.is_err(), "{path:?} in {state:?}");
            assert_eq!(untouched, collector);
        };
        broken(&["sources"], Value::Null);
        broken(&["past"], Value::Null);
        broken(&["past", "fresh_ms"], Value::Int(1));
        broken(&["past", "at"], Value::list([15_000_i64, 0]));
        broken(&["past", "values"], Value::list([1_i64, 2]));
        broken(&["past", "values", "pod"], Value::Int(1));
        broken(&["past", "values", "pod"], Value::from("b"));
        broken(&["past", "values", "pod"], Value::from("c"));
        for metric in [-1, 0, 2, i64::MAX] {
            broken(&["past", "values", "metric"], Value::Int(metric));
        }
        broken(&["past", "values", "started_at"], Value::Bool(true));
        broken(&["past", "values", "uppers"], Value::list([2.0, 1.0]));
        broken(&["past", "values", "cumulative"], Value::Null);
    }

    proptest! {
        #[test]
        fn restoring_between_cycles_changes_nothing(
            steps in prop::collection::vec((0_i64..90_000, 0_usize..4, 0_i64..40), 1..30),
        ) {
            let mut plain = Collector::new(plan());
            let mut restored = Collector::new(plan());
            let (mut now, mut count) = (0, 0);
            for (gap, pods, gain) in steps {
                now += gap;
                count += gain;
                let (pods, at) = (&["c", "a", "d", "b"][..pods], Timestamp::from_millis(now));
                let expected = cycle(&mut plain, at, pods, count);
                prop_assert_eq!(cycle(&mut restored, at, pods, count), expected);
                restored = restore(plan(), &saved(&restored)).unwrap();
                prop_assert_eq!(&restored, &plain);
            }
        }
    }
}
