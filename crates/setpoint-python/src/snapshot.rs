//! Facts observed at one instant.

use crate::arguments::{Arguments, Pickled};
use crate::by_name::{ByName, Many, dict_of};
use crate::column::{Shown, Values, literal, same};
use crate::error::{Error, Result};
use crate::hint::{Class, DictOf, Numbers, Typed};
use crate::instance::Instance;
use crate::quantity::{Count, Instant, Optional, Span, instant};
use crate::samples::{
    AnySamples, AnyValue, Samples, WorkloadValue, renamed, renamed_value, same_samples, same_value,
};
use pyo3::prelude::*;
use setpoint::SnapshotError;

/// Facts observed at one instant. What is missing is said and is never 0.
///
/// Parameters
/// ----------
/// at : float, int or datetime
///     When the facts were observed: seconds since the epoch (kept to the millisecond) or an aware datetime.
/// replicas : int, default 0
///     How many replicas the workload is asked to run.
/// reported : int, optional
///     How many replicas it reports to run, where that differs.
/// ready : int or "unknown", optional
///     How many instances are ready; "unknown" where it could not be found out. Where it is left out, they are counted among
///     `instances`, else it is as `replicas`.
/// unready : int, optional
///     How many instances are on their way but not ready. Where it is left out, they are counted among `instances`, else it is 0.
/// instances : sequence of Instance, optional
///     The instances. Every column must have as many entries.
/// instance_names : sequence of str, optional
///     Their names, for samples that come by name.
/// samples : dict of str to float, array, sequence or Samples, optional
///     Per metric one value that all instances share, or one value each, in the metric's own unit. ``None``, NaN and infinities are
///     missing samples. Arrays are copied without a Python-level loop.
/// samples_by_name : dict of str to dict of str to float, optional
///     Per metric the values by instance name. An instance without a value has no sample.
/// requests : dict of str to float, array or sequence, optional
///     Per resource what each instance asked for, in the unit of its samples.
/// values : dict of str to float, array, sequence or WorkloadValue, optional
///     Values of the whole workload in their own units: a queue length, a total concurrency.
/// age : float, int or timedelta, optional
///     The age of the oldest reading, in seconds.
/// coverage : float, optional
///     The share of the instances that could be read, 0 to 1.
///
/// Raises
/// ------
/// SnapshotError
///     If the facts contradict each other (lengths, names given twice) or a number is out of range.
///
/// Examples
/// --------
/// >>> import setpoint as sp
/// >>> snapshot = sp.Snapshot(at=60, replicas=2, samples={"cpu": [0.9, None]}, values={"queue": 12})
/// >>> snapshot.ready
/// 2
/// >>> snapshot.samples["cpu"].values
/// array([0.9, nan])
#[pyclass(module = "setpoint", frozen)]
#[derive(Clone, Debug)]
pub(crate) struct Snapshot(pub(crate) setpoint::Snapshot<'static>);

/// A count, or that it could not be found out.
#[derive(FromPyObject)]
enum Ready {
    Count(Count),
    Text(String),
}

impl Snapshot {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        let facts = &self.0;
        let mut arguments = Arguments::new(py)
            .named("at", self.at())?
            .unless("replicas", self.replicas(), &0)?
            .given("reported", facts.stated_reported())?;
        arguments = match facts.stated_ready() {
            None => arguments,
            Some(Some(count)) => arguments.named("ready", count)?,
            Some(None) => arguments.named("ready", "unknown")?,
        };
        arguments =
            arguments.given("unready", facts.stated_unready())?.given("instances", self.instances())?;
        if let Some(names) = self.instance_names() {
            arguments = arguments.named("instance_names", names)?;
        }
        let samples = facts.metrics().map(|s| Ok((s.name(), nameless(s).literal(py)?)));
        arguments = with_dict(arguments, py, "samples", samples.collect::<PyResult<Vec<_>>>()?)?;
        let requests = facts.requested().map(|(name, column)| Ok((name, literal(py, column)?)));
        arguments = with_dict(arguments, py, "requests", requests.collect::<PyResult<Vec<_>>>()?)?;
        let values = facts.workload_values().map(|v| Ok((v.name(), nameless_value(v).literal(py)?)));
        arguments = with_dict(arguments, py, "values", values.collect::<PyResult<Vec<_>>>()?)?;
        arguments.given("age", self.age())?.given("coverage", self.coverage())
    }
}

fn with_dict<'py>(
    arguments: Arguments<'py>,
    py: Python<'py>,
    name: &str,
    items: Vec<(&str, Bound<'py, PyAny>)>,
) -> PyResult<Arguments<'py>> {
    if items.is_empty() { Ok(arguments) } else { arguments.named(name, dict_of(py, items)?) }
}

fn nameless(samples: &setpoint::Samples<'_>) -> Samples {
    Samples(renamed(samples, String::new()))
}

fn nameless_value(value: &setpoint::WorkloadValue<'_>) -> WorkloadValue {
    WorkloadValue(renamed_value(value, String::new()))
}

#[pymethods]
impl Snapshot {
    #[new]
    #[pyo3(signature = (
        *, at, replicas=None, reported=None, ready=None, unready=None,
        instances=None,
        instance_names=None,
        samples=None, samples_by_name=None, requests=None, values=None, age=None, coverage=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only arguments of a Python constructor")]
    fn new<'py>(
        at: Instant,
        replicas: Option<Count>,
        reported: Option<Count>,
        ready: Option<Ready>,
        unready: Option<Count>,
        instances: Option<Many<Bound<'py, Instance>>>,
        instance_names: Option<Many<String>>,
        samples: Option<ByName<AnySamples<'py>>>,
        samples_by_name: Option<ByName<ByName<f64>>>,
        requests: Option<ByName<Values>>,
        values: Option<ByName<AnyValue<'py>>>,
        age: Option<Span>,
        coverage: Option<f64>,
    ) -> Result<Self> {
        let mut facts = setpoint::Snapshot::at(at.fact("at")?);
        if let Some(count) = replicas.fact("replicas")? {
            facts = facts.replicas(count);
        }
        if let Some(count) = reported.fact("reported")? {
            facts = facts.reported(count);
        }
        facts = match ready {
            None => facts,
            Some(Ready::Count(count)) => facts.ready(count.fact("ready")?),
            Some(Ready::Text(text)) if text == "unknown" => facts.ready_unknown(),
            Some(Ready::Text(text)) => {
                let value = format!("{text:?}");
                let allowed = "a whole number or \"unknown\"";
                return Err(Error::Snapshot(SnapshotError::Range { field: "ready", value, allowed }));
            }
        };
        if let Some(count) = unready.fact("unready")? {
            facts = facts.unready(count);
        }
        if let Some(instances) = instances {
            let instances: Vec<setpoint::Instance> = instances.0.iter().map(|i| i.get().0).collect();
            facts = facts.instances(instances)?;
        }
        if let Some(names) = instance_names {
            facts = facts.instance_names(names.0)?;
        }
        for (name, value) in samples.unwrap_or_default().0 {
            facts = facts.measured(value.named(name))?;
        }
        for (name, value) in samples_by_name.unwrap_or_default().0 {
            facts = facts.samples_by_name(name, value.0)?;
        }
        for (name, value) in requests.unwrap_or_default().0 {
            facts = facts.requests(name, value.0)?;
        }
        for (name, value) in values.unwrap_or_default().0 {
            facts = facts.workload_value(value.named(name))?;
        }
        if let Some(age) = age.fact("age")? {
            facts = facts.age(age);
        }
        if let Some(share) = coverage {
            facts = facts.coverage(share)?;
        }
        Ok(Self(facts))
    }

    /// When the facts were observed, in seconds since the epoch.
    #[getter]
    fn at(&self) -> f64 {
        instant(self.0.taken_at())
    }

    /// How many replicas the workload is asked to run.
    #[getter]
    fn replicas(&self) -> u32 {
        self.0.replica_count()
    }

    /// How many replicas it reports to run: as given, else as `replicas`.
    #[getter]
    fn reported(&self) -> u32 {
        self.0.reported_count()
    }

    /// How many instances are ready: as given, else counted among the instances, else as `replicas`; None where it could not be found
    /// out.
    #[getter]
    fn ready(&self) -> Option<u32> {
        self.0.ready_count()
    }

    /// How many instances are on their way but not ready: as given, else counted among the instances, else 0.
    #[getter]
    fn unready(&self) -> u32 {
        self.0.unready_count()
    }

    /// The instances, where they are listed.
    #[getter]
    fn instances(&self) -> Option<Vec<Instance>> {
        self.0.listed().map(|list| list.iter().copied().map(Instance).collect())
    }

    /// The names of the instances, where they have names.
    #[getter]
    fn instance_names(&self) -> Option<Vec<&str>> {
        Some(self.0.names()).filter(|names| !names.is_empty())
    }

    /// The samples by metric, those that came by instance name included.
    #[getter]
    fn samples<'py>(&self, py: Python<'py>) -> PyResult<Typed<'py, DictOf<Class<Samples>>>> {
        dict_of(py, self.0.metrics().map(|s| (s.name(), nameless(s)))).map(Typed::new)
    }

    /// What each instance asked for, by resource, in the unit of the samples: one number for all instances, or an array.
    #[getter]
    fn requests<'py>(&self, py: Python<'py>) -> PyResult<Typed<'py, DictOf<Numbers>>> {
        dict_of(py, self.0.requested().map(|(name, column)| (name, Shown(column)))).map(Typed::new)
    }

    /// The values of the whole workload by name.
    #[getter]
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Typed<'py, DictOf<Class<WorkloadValue>>>> {
        dict_of(py, self.0.workload_values().map(|v| (v.name(), nameless_value(v)))).map(Typed::new)
    }

    /// The age of the oldest reading in seconds, where known.
    #[getter]
    fn age(&self) -> Option<f64> {
        self.0.oldest().map(|age| age.as_secs_f64())
    }

    /// The share of the instances that could be read, 0 to 1, where known.
    #[getter]
    fn coverage(&self) -> Option<f64> {
        self.0.covered()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| same_facts(&self.0, &other.get().0))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.arguments(py)?.repr("Snapshot")
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        self.arguments(py)?.pickled()
    }
}

/// Whether two snapshots say the same; columns may stand in another order, and what is missing equals what is missing.
fn same_facts(a: &setpoint::Snapshot<'_>, b: &setpoint::Snapshot<'_>) -> bool {
    a.taken_at() == b.taken_at()
        && a.replica_count() == b.replica_count()
        && a.stated_reported() == b.stated_reported()
        && a.stated_ready() == b.stated_ready()
        && a.stated_unready() == b.stated_unready()
        && a.listed() == b.listed()
        && a.names() == b.names()
        && a.oldest() == b.oldest()
        && a.covered() == b.covered()
        && a.metrics().count() == b.metrics().count()
        && a.metrics().all(|s| b.find(s.name()).is_some_and(|t| same_samples(s, t)))
        && a.requested().count() == b.requested().count()
        && a.requested().all(|(name, column)| b.find_requests(name).is_some_and(|other| same(column, other)))
        && a.workload_values().count() == b.workload_values().count()
        && a.workload_values().all(|v| b.find_value(v.name()).is_some_and(|w| same_value(v, w)))
}
