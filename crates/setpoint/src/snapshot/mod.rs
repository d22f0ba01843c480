//! Facts observed at one instant, as a caller hands them in: counts, instances, samples per instance, whole-workload
//! values, and how good the data is. A snapshot judges nothing and reads nothing; what is missing is said and is never 0.
//!
//! Columns are aligned to the instances, so no names are needed. Slices are borrowed, not copied. Where samples come by
//! instance name, name the instances first: [`Snapshot::instance_names`].

mod column;
mod instance;
mod parts;

pub use column::{Column, PerInstance};
pub use instance::{Instance, Phase, Readiness};

use crate::error::SnapshotError;
use crate::metric::check_name;
use crate::rounding;
use crate::time::Timestamp;
use core::time::Duration;
use std::borrow::Cow;

/// The samples of one metric: a value per instance, with when and over which window each was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples<'a> {
    name: Cow<'a, str>,
    values: Column<'a>,
    taken_at: Option<PerInstance<'a, Timestamp>>,
    window: PerInstance<'a, Duration>,
    foreign: Vec<i64>,
}

impl<'a> Samples<'a> {
    /// Samples of `name`, taken at the time of the snapshot, over no window.
    pub fn new(name: impl Into<Cow<'a, str>>, values: impl Into<Column<'a>>) -> Self {
        Self {
            name: name.into(),
            values: values.into(),
            taken_at: None,
            window: PerInstance::Same(Duration::ZERO),
            foreign: Vec::new(),
        }
    }

    /// When the samples were taken (default: the time of the snapshot).
    #[must_use]
    pub fn taken_at(mut self, at: impl Into<PerInstance<'a, Timestamp>>) -> Self {
        self.taken_at = Some(at.into());
        self
    }

    /// Over which window before that they were measured (default: none, an instantaneous value).
    #[must_use]
    pub fn window(mut self, window: impl Into<PerInstance<'a, Duration>>) -> Self {
        self.window = window.into();
        self
    }

    /// Samples, in thousandths, of instances that are not in the snapshot.
    #[must_use]
    pub fn foreign(mut self, milli: Vec<i64>) -> Self {
        self.foreign = milli;
        self
    }

    /// The metric's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The values, one per instance.
    #[must_use]
    pub fn values(&self) -> &Column<'a> {
        &self.values
    }

    /// When the sample of instance `i` was taken, if not at the time of the snapshot.
    #[must_use]
    #[inline]
    pub fn sample_time(&self, i: usize) -> Option<Timestamp> {
        self.taken_at.as_ref().and_then(|column| column.get(i))
    }

    /// The window over which the sample of instance `i` was measured.
    #[must_use]
    #[inline]
    pub fn sample_window(&self, i: usize) -> Duration {
        self.window.get(i).unwrap_or(Duration::ZERO)
    }

    /// Samples, in thousandths, of instances that are not in the snapshot.
    #[must_use]
    pub fn foreign_milli(&self) -> &[i64] {
        &self.foreign
    }
}

/// A named column of requests: what each instance asked for, in the metric's own unit.
#[derive(Clone, Debug, PartialEq)]
struct Requests<'a> {
    name: Cow<'a, str>,
    values: Column<'a>,
}

/// A value of the whole workload: one number, or several samples that an algorithm adds up in order.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkloadValue<'a> {
    name: Cow<'a, str>,
    values: Column<'a>,
    window: Duration,
}

impl<'a> WorkloadValue<'a> {
    /// A value measured at the time of the snapshot. Several values are samples of one metric, in order.
    pub fn new(name: impl Into<Cow<'a, str>>, values: impl Into<Column<'a>>) -> Self {
        Self { name: name.into(), values: values.into(), window: Duration::ZERO }
    }

    /// The span before the snapshot over which the value is an average (default: none, an instantaneous value).
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// The metric's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The samples: [`Column::Same`] is one.
    #[must_use]
    pub fn values(&self) -> &Column<'a> {
        &self.values
    }

    /// The span before the snapshot over which the value is an average.
    #[must_use]
    pub fn span(&self) -> Duration {
        self.window
    }

    /// The sum of the samples in order; `None` where there are none, or one of them is missing.
    #[must_use]
    pub fn total(&self) -> Option<f64> {
        match &self.values {
            Column::Same(value) => Some(*value).filter(|v| v.is_finite()),
            column => {
                let n = column.len().filter(|n| *n > 0)?;
                (0..n).try_fold(0.0, |sum, i| column.get(i).map(|v| sum + v)).filter(|v| v.is_finite())
            }
        }
    }
}

/// Facts observed at one instant.
///
/// | fact | default | unit |
/// |---|---|---|
/// | `replicas` | 0 | asked for, now |
/// | `reported` | as `replicas` | reported to exist |
/// | `ready` | counted from the instances, else `replicas` less `unready` | instances |
/// | `unready` | counted from the instances, else 0 | instances on their way |
/// | `instances` | not listed: every sample is of an instance that serves | |
/// | `age` | not known | age of the oldest reading |
/// | `coverage` | not known | share of the instances that were read, 0 to 1 |
///
/// ```
/// use setpoint::{Snapshot, Timestamp};
/// let usage = [0.9, 1.1, 1.0, 0.92];
/// let snapshot = Snapshot::at(Timestamp::from_secs(60)).replicas(4).samples("cpu", &usage)?;
/// assert_eq!(snapshot.ready_count(), Some(4));
/// assert_eq!(snapshot.find("cpu").and_then(|s| s.values().get(1)), Some(1.1));
/// # Ok::<(), setpoint::SnapshotError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot<'a> {
    at: Timestamp,
    replicas: u32,
    reported: Option<u32>,
    ready: ReadyCount,
    unready: Option<u32>,
    instances: Option<Cow<'a, [Instance]>>,
    names: Vec<(Cow<'a, str>, u32)>,
    samples: Vec<Samples<'a>>,
    requests: Vec<Requests<'a>>,
    workload: Vec<WorkloadValue<'a>>,
    age: Option<Duration>,
    coverage: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum ReadyCount {
    Derived,
    Given(u32),
    Unknown,
}

impl<'a> Snapshot<'a> {
    /// A snapshot taken at `at`, with no replicas and no readings yet.
    #[must_use]
    pub const fn at(at: Timestamp) -> Self {
        Self {
            at,
            replicas: 0,
            reported: None,
            ready: ReadyCount::Derived,
            unready: None,
            instances: None,
            names: Vec::new(),
            samples: Vec::new(),
            requests: Vec::new(),
            workload: Vec::new(),
            age: None,
            coverage: None,
        }
    }

    /// How many replicas the workload is asked to run. Counts beyond 2,147,483,647 are read as that.
    #[must_use]
    pub fn replicas(mut self, count: u32) -> Self {
        self.set_replicas(count);
        self
    }

    /// How many replicas it reports to run, where that differs.
    #[must_use]
    pub fn reported(mut self, count: u32) -> Self {
        self.reported = Some(rounding::to_replicas(i64::from(count)));
        self
    }

    /// How many instances are ready, where that is known better than by counting them.
    #[must_use]
    pub fn ready(mut self, count: u32) -> Self {
        self.ready = ReadyCount::Given(rounding::to_replicas(i64::from(count)));
        self
    }

    /// The number of ready instances could not be found out.
    #[must_use]
    pub fn ready_unknown(mut self) -> Self {
        self.ready = ReadyCount::Unknown;
        self
    }

    /// How many instances are on their way but not ready, where instances are not listed.
    #[must_use]
    pub fn unready(mut self, count: u32) -> Self {
        self.unready = Some(rounding::to_replicas(i64::from(count)));
        self
    }

    /// The instances, one entry each. Columns that were or will be given must have as many entries.
    ///
    /// # Errors
    /// If a column already has another number of entries.
    pub fn instances(mut self, instances: impl Into<Cow<'a, [Instance]>>) -> Result<Self, SnapshotError> {
        self.instances = Some(instances.into());
        for column in &self.samples {
            self.check_samples(column)?;
        }
        for column in &self.requests {
            self.check_len("request", &column.name, column.values.len())?;
        }
        Ok(self)
    }

    /// The names of the instances, in their order, for samples that come by name.
    ///
    /// # Errors
    /// If a name occurs twice, or there is not one name per listed instance.
    pub fn instance_names<N: Into<Cow<'a, str>>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, SnapshotError> {
        let mut sorted: Vec<(Cow<'a, str>, u32)> = names.into_iter().map(Into::into).zip(0..).collect();
        self.check_len("column", "names", Some(sorted.len()))?;
        sorted.sort();
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(SnapshotError::DuplicateInstance { name: pair[0].0.to_string() });
        }
        self.names = sorted;
        Ok(self)
    }

    /// Samples of the metric `name`, one per instance, taken now. NaN and infinities are missing samples.
    ///
    /// # Errors
    /// If the metric is given twice, its name is unusable, or there is not one sample per listed instance.
    pub fn samples(
        self,
        name: impl Into<Cow<'a, str>>,
        values: impl Into<Column<'a>>,
    ) -> Result<Self, SnapshotError> {
        self.measured(Samples::new(name, values))
    }

    /// Samples with times and windows of their own.
    ///
    /// # Errors
    /// As [`samples`](Self::samples).
    pub fn measured(mut self, samples: Samples<'a>) -> Result<Self, SnapshotError> {
        check_name(&samples.name)?;
        if self.find(&samples.name).is_some() {
            return Err(SnapshotError::DuplicateColumn { what: "metric", name: samples.name.into_owned() });
        }
        self.check_samples(&samples)?;
        self.samples.push(samples);
        Ok(self)
    }

    /// Samples that come by instance name. An instance without one has no sample; a sample without an instance is kept as
    /// a foreign one, which is what it is to Kubernetes.
    ///
    /// # Errors
    /// As [`samples`](Self::samples), and if the instances have no names or a name occurs twice among the samples.
    pub fn samples_by_name<N: AsRef<str>>(
        self,
        metric: impl Into<Cow<'a, str>>,
        samples: impl IntoIterator<Item = (N, f64)>,
    ) -> Result<Self, SnapshotError> {
        let metric = metric.into();
        if self.names.is_empty() {
            return Err(SnapshotError::Unnamed { name: metric.into_owned() });
        }
        let mut values = vec![f64::NAN; self.names.len()];
        let mut seen = vec![false; self.names.len()];
        let mut strangers: Vec<(String, i64)> = Vec::new();
        for (name, value) in samples {
            let name = name.as_ref();
            match self.names.binary_search_by(|(known, _)| known.as_ref().cmp(name)) {
                Ok(at) => {
                    let i = self.names[at].1 as usize;
                    if std::mem::replace(&mut seen[i], true) {
                        return Err(SnapshotError::DuplicateInstance { name: name.to_owned() });
                    }
                    values[i] = value;
                }
                Err(_) => {
                    if let Some(milli) = rounding::to_milli(value) {
                        strangers.push((name.to_owned(), milli));
                    }
                }
            }
        }
        strangers.sort();
        if let Some(pair) = strangers.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(SnapshotError::DuplicateInstance { name: pair[0].0.clone() });
        }
        let foreign = strangers.into_iter().map(|(_, milli)| milli).collect();
        self.measured(Samples::new(metric, values).foreign(foreign))
    }

    /// What each instance asked for of the resource `name`, in the unit of its samples.
    ///
    /// # Errors
    /// If the requests are given twice, the name is unusable, or there is not one per listed instance.
    pub fn requests(
        mut self,
        name: impl Into<Cow<'a, str>>,
        values: impl Into<Column<'a>>,
    ) -> Result<Self, SnapshotError> {
        let column = Requests { name: name.into(), values: values.into() };
        check_name(&column.name)?;
        if self.find_requests(&column.name).is_some() {
            return Err(SnapshotError::DuplicateColumn { what: "request", name: column.name.into_owned() });
        }
        self.check_len("request", &column.name, column.values.len())?;
        self.requests.push(column);
        Ok(self)
    }

    /// A value of the whole workload: a queue length, a total concurrency. Several values are samples that are added up.
    ///
    /// # Errors
    /// If the value is given twice or its name is unusable.
    pub fn value(
        self,
        name: impl Into<Cow<'a, str>>,
        values: impl Into<Column<'a>>,
    ) -> Result<Self, SnapshotError> {
        self.workload_value(WorkloadValue::new(name, values))
    }

    /// A value of the whole workload with a window of its own.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    pub fn workload_value(mut self, value: WorkloadValue<'a>) -> Result<Self, SnapshotError> {
        check_name(&value.name)?;
        if self.find_value(&value.name).is_some() {
            return Err(SnapshotError::DuplicateColumn {
                what: "workload value",
                name: value.name.into_owned(),
            });
        }
        self.workload.push(value);
        Ok(self)
    }

    /// The age of the oldest reading.
    #[must_use]
    pub fn age(mut self, age: Duration) -> Self {
        self.age = Some(age);
        self
    }

    /// The share of the instances that could be read, 0 to 1.
    ///
    /// # Errors
    /// If `share` is not a number from 0 to 1.
    pub fn coverage(mut self, share: f64) -> Result<Self, SnapshotError> {
        if !(0.0..=1.0).contains(&share) {
            let (field, value) = ("coverage", share.to_string());
            return Err(SnapshotError::Range { field, value, allowed: "0 to 1" });
        }
        self.coverage = Some(share);
        Ok(self)
    }

    /// Moves the snapshot to another instant, for callers who refill one snapshot.
    pub fn set_at(&mut self, at: Timestamp) {
        self.at = at;
    }

    /// Sets the replicas asked for, for callers who refill one snapshot.
    pub fn set_replicas(&mut self, count: u32) {
        self.replicas = rounding::to_replicas(i64::from(count));
    }

    /// Sets the counts of ready and starting instances, for callers who refill one snapshot.
    pub fn set_ready(&mut self, ready: u32, unready: u32) {
        self.ready = ReadyCount::Given(rounding::to_replicas(i64::from(ready)));
        self.unready = Some(rounding::to_replicas(i64::from(unready)));
    }

    /// Replaces a workload value, or adds it where there is none, for callers who refill one snapshot.
    ///
    /// # Errors
    /// If the name is unusable.
    pub fn set_value(
        &mut self,
        name: impl Into<Cow<'a, str>> + AsRef<str>,
        values: impl Into<Column<'a>>,
        window: Duration,
    ) -> Result<(), SnapshotError> {
        if let Some(old) = self.workload.iter_mut().find(|v| v.name == name.as_ref()) {
            old.values = values.into();
            old.window = window;
            return Ok(());
        }
        check_name(name.as_ref())?;
        self.workload.push(WorkloadValue::new(name, values).window(window));
        Ok(())
    }

    /// Replaces the samples of a metric, or adds them where there are none, for callers who refill one snapshot.
    ///
    /// # Errors
    /// As [`samples`](Self::samples), but for a metric that is given twice.
    pub fn set_samples(
        &mut self,
        name: impl Into<Cow<'a, str>> + AsRef<str>,
        values: impl Into<Column<'a>>,
    ) -> Result<(), SnapshotError> {
        let values = values.into();
        self.check_len("metric", name.as_ref(), values.len())?;
        if let Some(old) = self.samples.iter_mut().find(|s| s.name == name.as_ref()) {
            old.values = values;
            return Ok(());
        }
        check_name(name.as_ref())?;
        self.samples.push(Samples::new(name, values));
        Ok(())
    }

    /// Overwrites samples and workload values by their place with ones that all instances share, for a caller who put them there and refills
    /// the snapshot millions of times. Names, times and windows stay.
    #[cfg(feature = "simulate")]
    #[inline]
    pub(crate) fn refill(&mut self, samples: &[f64], workload: &[f64]) {
        for (old, new) in self.samples.iter_mut().zip(samples) {
            old.values.replace(Column::Same(*new));
        }
        for (old, new) in self.workload.iter_mut().zip(workload) {
            old.values.replace(Column::Same(*new));
        }
    }

    /// When the facts were observed.
    #[must_use]
    pub const fn taken_at(&self) -> Timestamp {
        self.at
    }

    /// How many replicas the workload is asked to run.
    #[must_use]
    pub const fn replica_count(&self) -> u32 {
        self.replicas
    }

    /// How many replicas it reports to run.
    #[must_use]
    pub fn reported_count(&self) -> u32 {
        self.reported.unwrap_or(self.replicas)
    }

    /// How many instances are ready: as given, else counted among the listed instances, else the replicas asked for
    /// less those that are not ready.
    /// `None` where the caller said that it could not be found out.
    #[must_use]
    pub fn ready_count(&self) -> Option<u32> {
        match self.ready {
            ReadyCount::Given(count) => Some(count),
            ReadyCount::Unknown => None,
            ReadyCount::Derived => Some(match &self.instances {
                Some(list) => rounding::to_replicas(list.iter().filter(|i| i.serves()).count() as i64),
                None => self.replicas.saturating_sub(self.unready.unwrap_or(0)),
            }),
        }
    }

    /// How many instances are on their way but not ready: as given, else counted among the listed instances, else 0.
    #[must_use]
    pub fn unready_count(&self) -> u32 {
        self.unready.unwrap_or_else(|| match &self.instances {
            Some(list) => rounding::to_replicas(list.iter().filter(|i| i.starting()).count() as i64),
            None => 0,
        })
    }

    /// The instances, where they are listed.
    #[must_use]
    pub fn listed(&self) -> Option<&[Instance]> {
        self.instances.as_deref()
    }

    /// The samples of a metric.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Samples<'a>> {
        self.samples.iter().find(|s| s.name == name)
    }

    /// The requests for a resource.
    #[must_use]
    pub fn find_requests(&self, name: &str) -> Option<&Column<'a>> {
        self.requests.iter().find(|r| r.name == name).map(|r| &r.values)
    }

    /// A value of the whole workload.
    #[must_use]
    pub fn find_value(&self, name: &str) -> Option<&WorkloadValue<'a>> {
        self.workload.iter().find(|v| v.name == name)
    }

    /// All metrics that have samples.
    pub fn metrics(&self) -> impl Iterator<Item = &Samples<'a>> {
        self.samples.iter()
    }

    /// The age of the oldest reading, where known.
    #[must_use]
    pub const fn oldest(&self) -> Option<Duration> {
        self.age
    }

    /// The share of the instances that could be read, where known.
    #[must_use]
    pub const fn covered(&self) -> Option<f64> {
        self.coverage
    }

    /// The snapshot with its own copy of everything that it borrowed.
    #[must_use]
    pub fn into_owned(self) -> Snapshot<'static> {
        Snapshot {
            at: self.at,
            replicas: self.replicas,
            reported: self.reported,
            ready: self.ready,
            unready: self.unready,
            instances: self.instances.map(|list| Cow::Owned(list.into_owned())),
            names: self.names.into_iter().map(|(n, i)| (Cow::Owned(n.into_owned()), i)).collect(),
            samples: self
                .samples
                .into_iter()
                .map(|s| Samples {
                    name: Cow::Owned(s.name.into_owned()),
                    values: s.values.into_owned(),
                    taken_at: s.taken_at.map(PerInstance::into_owned),
                    window: s.window.into_owned(),
                    foreign: s.foreign,
                })
                .collect(),
            requests: self
                .requests
                .into_iter()
                .map(|r| Requests { name: Cow::Owned(r.name.into_owned()), values: r.values.into_owned() })
                .collect(),
            workload: self
                .workload
                .into_iter()
                .map(|w| WorkloadValue {
                    name: Cow::Owned(w.name.into_owned()),
                    values: w.values.into_owned(),
                    window: w.window,
                })
                .collect(),
            age: self.age,
            coverage: self.coverage,
        }
    }

    fn check_samples(&self, samples: &Samples<'a>) -> Result<(), SnapshotError> {
        self.check_len("metric", &samples.name, samples.values.len())?;
        let times = samples.taken_at.as_ref().and_then(PerInstance::len);
        self.check_len("sample times of metric", &samples.name, times)?;
        self.check_len("sample windows of metric", &samples.name, samples.window.len())
    }

    fn check_len(&self, what: &'static str, name: &str, got: Option<usize>) -> Result<(), SnapshotError> {
        match (&self.instances, got) {
            (Some(list), Some(got)) if list.len() != got => {
                Err(SnapshotError::Length { what, name: name.to_owned(), got, instances: list.len() })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
