//! Facts as plain owned data, made from bytes, from which snapshots are built: counts, instances, samples and values that may be
//! zero, missing, NaN, infinite, negative or huge. They can also be made poorer, for the laws about missing data.

use crate::bytes::Bytes;
use core::time::Duration;
use setpoint::snapshot::PerInstance;
use setpoint::{Column, Instance, Phase, Readiness, Samples, Snapshot, Timestamp, WorkloadValue, metric};
use std::borrow::Cow;

/// The metrics that facts tell of, with the size of a usual reading.
pub const METRICS: [(&str, f64); 5] = [
    (metric::CPU, 2.0),
    (metric::MEMORY, 4e9),
    (metric::CONCURRENCY, 300.0),
    (metric::RPS, 2_000.0),
    (metric::QUEUE_LENGTH, 500.0),
];

/// Readings of one metric.
#[derive(Clone, Debug, PartialEq)]
pub enum Readings {
    /// One for all.
    Same(f64),
    /// One each.
    Each(Vec<f64>),
    /// One each, in thousandths.
    Milli(Vec<Option<i64>>),
}

impl Readings {
    fn of(bytes: &mut Bytes<'_>, len: usize, scale: f64) -> Self {
        match bytes.below(8) {
            6 => Self::Milli(
                (0..len).map(|_| (!bytes.chance(30)).then(|| (bytes.float(scale) * 1000.0) as i64)).collect(),
            ),
            7 => Self::Same(bytes.float(scale)),
            _ => Self::Each((0..len).map(|_| bytes.float(scale)).collect()),
        }
    }

    fn column(&self) -> Column<'_> {
        match self {
            Self::Same(value) => Column::Same(*value),
            Self::Each(values) => Column::Each(Cow::Borrowed(values)),
            Self::Milli(values) => Column::Milli(Cow::Borrowed(values)),
        }
    }

    fn hide(&mut self, i: usize) {
        match self {
            Self::Same(value) => *value = f64::NAN,
            Self::Each(values) => values[i] = f64::NAN,
            Self::Milli(values) => values[i] = None,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Same(_) => 1,
            Self::Each(values) => values.len(),
            Self::Milli(values) => values.len(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Sampled {
    metric: &'static str,
    readings: Readings,
    taken_at: Option<Vec<Timestamp>>,
    window: Duration,
}

#[derive(Clone, Debug, PartialEq)]
struct Valued {
    metric: &'static str,
    readings: Readings,
    window: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ready {
    Counted,
    Given(u32),
    Unknown,
}

/// Everything that a snapshot tells, but for its time and the replicas asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    reported: Option<u32>,
    ready: Ready,
    unready: Option<u32>,
    instances: Option<Vec<Instance>>,
    samples: Vec<Sampled>,
    requests: Vec<(&'static str, Readings)>,
    values: Vec<Valued>,
    age: Option<Duration>,
    coverage: Option<f64>,
}

const WINDOWS: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_secs(15),
    Duration::from_secs(60),
    Duration::from_millis(1),
    Duration::from_secs(u64::MAX),
];

impl Facts {
    /// Facts observed at `now`.
    pub fn from_bytes(bytes: &mut Bytes<'_>, now: Timestamp) -> Self {
        let reported = bytes.chance(20).then(|| bytes.count());
        let ready = match bytes.byte() {
            0..=180 => Ready::Counted,
            181..=235 => Ready::Given(bytes.count()),
            _ => Ready::Unknown,
        };
        let unready = bytes.chance(40).then(|| bytes.count());
        let len = bytes.below(10);
        let instances = bytes.chance(120).then(|| (0..len).map(|_| instance(bytes, now)).collect());
        let mut samples = Vec::new();
        let mut requests = Vec::new();
        let mut values = Vec::new();
        for (metric, scale) in METRICS {
            if !bytes.chance(60) {
                let readings = Readings::of(bytes, len, scale);
                let taken_at = bytes.chance(40).then(|| (0..len).map(|_| bytes.instant(now)).collect());
                samples.push(Sampled { metric, readings, taken_at, window: bytes.pick(&WINDOWS) });
            }
            if !bytes.chance(60) {
                let (many, window) = (bytes.chance(40), bytes.pick(&WINDOWS[..3]));
                let readings = if many {
                    Readings::of(bytes, len, scale)
                } else {
                    Readings::Same(bytes.float(scale * 20.0))
                };
                values.push(Valued { metric, readings, window });
            }
        }
        for (metric, scale) in &METRICS[..2] {
            if !bytes.chance(80) {
                requests.push((*metric, Readings::of(bytes, len, *scale)));
            }
        }
        let age = bytes.chance(40).then(|| bytes.pick(&WINDOWS));
        let coverage = bytes.chance(40).then(|| f64::from(bytes.byte()) / 255.0);
        Self { reported, ready, unready, instances, samples, requests, values, age, coverage }
    }

    /// The snapshot of these facts at `at`, with `replicas` asked for.
    ///
    /// # Panics
    /// If a snapshot refuses its own columns: they are made to fit, so a refusal is a defect of the library.
    pub fn snapshot(&self, at: Timestamp, replicas: u32) -> Snapshot<'_> {
        let mut snapshot = Snapshot::at(at).replicas(replicas);
        if let Some(n) = self.reported {
            snapshot = snapshot.reported(n);
        }
        snapshot = match self.ready {
            Ready::Counted => snapshot,
            Ready::Given(n) => snapshot.ready(n),
            Ready::Unknown => snapshot.ready_unknown(),
        };
        if let Some(n) = self.unready {
            snapshot = snapshot.unready(n);
        }
        if let Some(list) = &self.instances {
            snapshot = snapshot.instances(list.as_slice()).expect("no columns yet");
        }
        for sampled in &self.samples {
            let mut samples = Samples::new(sampled.metric, sampled.readings.column()).window(sampled.window);
            if let Some(times) = &sampled.taken_at {
                samples = samples.taken_at(PerInstance::Each(Cow::Borrowed(times.as_slice())));
            }
            snapshot = snapshot.measured(samples).expect("one sample per instance");
        }
        for (metric, readings) in &self.requests {
            snapshot = snapshot.requests(*metric, readings.column()).expect("one request per instance");
        }
        for valued in &self.values {
            let value = WorkloadValue::new(valued.metric, valued.readings.column()).window(valued.window);
            snapshot = snapshot.workload_value(value).expect("one value per metric");
        }
        if let Some(age) = self.age {
            snapshot = snapshot.age(age);
        }
        if let Some(share) = self.coverage {
            snapshot = snapshot.coverage(share).expect("a share of 0 to 1");
        }
        snapshot
    }

    /// The same facts without any reading.
    #[must_use]
    pub fn blind(&self) -> Self {
        Self { samples: Vec::new(), values: Vec::new(), ..self.clone() }
    }

    /// The same facts with every reading NaN or empty.
    #[must_use]
    pub fn numb(&self) -> Self {
        let mut numb = self.clone();
        let samples = numb.samples.iter_mut().map(|s| &mut s.readings);
        for readings in samples.chain(numb.values.iter_mut().map(|v| &mut v.readings)) {
            (0..readings.len()).for_each(|i| readings.hide(i));
        }
        numb
    }

    /// The same facts without the largest sample of each metric, the one whose absence misleads most.
    #[must_use]
    pub fn without_largest(&self) -> Self {
        let mut poorer = self.clone();
        for sampled in &mut poorer.samples {
            let column = sampled.readings.column();
            let value = |i: &usize| column.get(*i).unwrap_or(f64::MIN);
            let largest = (0..sampled.readings.len()).max_by(|a, b| value(a).total_cmp(&value(b)));
            if let Some(i) = largest {
                sampled.readings.hide(i);
            }
        }
        poorer
    }

    /// The same facts with some readings gone: whole metrics, whole values, or single samples turned into NaN.
    #[must_use]
    pub fn poorer(&self, bytes: &mut Bytes<'_>) -> Self {
        let mut poorer = self.clone();
        poorer.samples.retain(|_| !bytes.chance(60));
        poorer.values.retain(|_| !bytes.chance(60));
        let samples = poorer.samples.iter_mut().map(|s| &mut s.readings);
        for readings in samples.chain(poorer.values.iter_mut().map(|v| &mut v.readings)) {
            for i in 0..readings.len() {
                if bytes.chance(80) {
                    readings.hide(i);
                }
            }
        }
        poorer
    }
}

fn instance(bytes: &mut Bytes<'_>, now: Timestamp) -> Instance {
    const PHASES: [Phase; 8] = [
        Phase::Running,
        Phase::Running,
        Phase::Running,
        Phase::Running,
        Phase::Pending,
        Phase::Succeeded,
        Phase::Failed,
        Phase::Unknown,
    ];
    const READINESS: [Readiness; 6] = [
        Readiness::Ready,
        Readiness::Ready,
        Readiness::Ready,
        Readiness::NotReady,
        Readiness::Unknown,
        Readiness::Absent,
    ];
    Instance {
        phase: bytes.pick(&PHASES),
        readiness: bytes.pick(&READINESS),
        leaving: bytes.chance(20),
        started_at: (!bytes.chance(20)).then(|| bytes.instant(now)),
        readiness_changed_at: (!bytes.chance(20)).then(|| bytes.instant(now)),
        restarts: if bytes.chance(20) { bytes.count() } else { 0 },
    }
}
