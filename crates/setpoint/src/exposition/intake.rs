//! Scrapes of several instances to aligned columns: one value per instance and metric, missing where a scrape failed or does not say.
//! It fetches nothing; it remembers only what rates and quantiles need, per instance.

use super::distribution::Distribution;
use super::names::{Names, Read, Rule};
use super::parse::Sample;
use super::rates::Rates;
use super::scrape::Scrape;
use crate::error::{SnapshotError, StateError};
use crate::snapshot::Snapshot;
use crate::state::{StateReader, StateWriter, Value};
use crate::time::Timestamp;
use core::time::Duration;
use std::collections::BTreeMap;

/// Reads the scrapes of a workload, cycle by cycle.
///
/// | case | value of the instance |
/// |---|---|
/// | the scrape failed (`None`), or lacks the metric | missing |
/// | one of the series that count is not finite | missing |
/// | a rate or a quantile, at the first scrape or after too long | missing |
/// | a quantile or a mean time, and nothing was observed since the last scrape | missing |
/// | a counter that did not grow | a rate of 0 |
///
/// A counter is the sum of its series, and starts anew if that falls: an instance whose processes restart one by one behind one endpoint shows
/// too high a rate for one cycle. Memory is kept for the instances of the last call, failed ones included; those that are no longer listed are forgotten. The timestamps in
/// the text are not looked at: what counts is when the caller scraped.
///
/// ```
/// use setpoint::exposition::{Format, Intake, Names, Scrape};
/// use setpoint::{Snapshot, Timestamp, metric};
///
/// let mut intake = Intake::new(Names::vllm());
/// let first = Scrape::parse("vllm:num_requests_waiting 7\n", Format::Prometheus)?;
/// let columns = intake.take(Timestamp::from_secs(60), &[("pod-a", Some(&first)), ("pod-b", None)])?;
/// let snapshot = columns.fill(Snapshot::at(Timestamp::from_secs(60)).replicas(2))?;
/// let waiting = snapshot.find(metric::QUEUE_LENGTH).expect("one instance says it").values();
/// assert_eq!((waiting.get(0), waiting.get(1)), (Some(7.0), None));
/// assert_eq!(snapshot.covered(), Some(0.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Intake {
    names: Names,
    instances: BTreeMap<String, Memory>,
}

/// What is remembered of one instance.
#[derive(Clone, Debug, PartialEq)]
struct Memory {
    /// Two counters for each rule: its source, and the events it is divided by.
    rates: Rates,
    /// One histogram for each rule.
    seen: Vec<Option<(Timestamp, Distribution)>>,
}

impl Memory {
    fn new(rules: usize, stale_after: Duration) -> Self {
        Self { rates: Rates::unchecked(2 * rules, stale_after), seen: vec![None; rules] }
    }
}

impl Intake {
    /// An intake that has seen nothing.
    #[must_use]
    pub const fn new(names: Names) -> Self {
        Self { names, instances: BTreeMap::new() }
    }

    /// Takes in what the instances exposed at `at`, in the order in which a snapshot lists them; `None` is a scrape that failed.
    ///
    /// # Errors
    /// If an instance occurs twice. Nothing is remembered then.
    pub fn take(
        &mut self,
        at: Timestamp,
        scrapes: &[(&str, Option<&Scrape<'_>>)],
    ) -> Result<Columns, SnapshotError> {
        let mut sorted: Vec<&str> = scrapes.iter().map(|(name, _)| *name).collect();
        sorted.sort_unstable();
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(SnapshotError::DuplicateInstance { name: pair[0].to_owned() });
        }
        self.instances.retain(|name, _| sorted.binary_search(&name.as_str()).is_ok());
        let rules = self.names.rules();
        let labels = self.names.labels();
        let mut columns = Columns::default();
        let places: Vec<usize> =
            rules.iter().map(|rule| columns.place(rule.metric(), scrapes.len())).collect();
        for (instance, (name, scrape)) in scrapes.iter().enumerate() {
            columns.asked += 1;
            let Some(scrape) = scrape else { continue };
            columns.answered += 1;
            let fresh = || Memory::new(rules.len(), self.names.patience());
            let memory = self.instances.entry((*name).to_owned()).or_insert_with(fresh);
            let mut said = vec![false; columns.columns.len()];
            for (number, rule) in rules.iter().enumerate() {
                let reader = Reader { scrape, labels: &labels, level: self.names.level(), at };
                let Some(value) = reader.read(number, rule, memory) else { continue };
                if !std::mem::replace(&mut said[places[number]], true) {
                    columns.columns[places[number]].1[instance] = value
                        .map(|value| value * rule.factor())
                        .filter(|value| value.is_finite())
                        .unwrap_or(f64::NAN);
                }
            }
        }
        columns.columns.retain(|(_, values)| values.iter().any(|value| value.is_finite()));
        Ok(columns)
    }

    /// Saves what is remembered of the instances, and by which rules.
    pub fn save(&self, out: &mut StateWriter) {
        out.put("rules", self.signature());
        out.put("instances", Value::list(self.instances.keys().map(String::as_str)));
        let memory = |memory: &Memory| {
            let mut out = StateWriter::default();
            out.nest("rates", |out| memory.rates.save(out));
            let seen = memory.seen.iter().enumerate();
            out.put(
                "seen",
                Value::list(seen.filter_map(|(rule, seen)| {
                    let (at, seen) = seen.as_ref()?;
                    let mut out = StateWriter::default();
                    out.put("rule", rule as i64);
                    out.put("at", *at);
                    seen.save(&mut out);
                    Some(out.finish())
                })),
            );
            out.finish()
        };
        out.put("memory", Value::list(self.instances.values().map(memory)));
    }

    /// Takes up what another intake with the same rules saved.
    ///
    /// # Errors
    /// If the state was made by other rules, is not whole, or holds what is never remembered. Nothing changes then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        if *from.value("rules")? != self.signature() {
            return Err(from.invalid("rules", "other rules", "those of this intake"));
        }
        let (names, memories) = (from.list("instances")?, from.list("memory")?);
        if names.len() != memories.len() {
            return Err(from.invalid("memory", memories.len(), format!("{} instances", names.len())));
        }
        let mut instances = BTreeMap::new();
        for (name, value) in names.iter().zip(memories) {
            let Value::Text(name) = name else {
                return Err(from.invalid("instances", "something else", "names"));
            };
            let memory = self.memory(&StateReader::new(format!("memory of {name:?}"), value)?)?;
            if instances.insert(name.clone(), memory).is_some() {
                return Err(from.invalid("instances", format!("{name:?} twice"), "names, each once"));
            }
        }
        self.instances = instances;
        Ok(())
    }

    fn memory(&self, from: &StateReader<'_>) -> Result<Memory, StateError> {
        let mut memory = Memory::new(self.names.rules().len(), self.names.patience());
        memory.rates.restore(&from.nested("rates")?)?;
        for value in from.list("seen")? {
            let from = StateReader::new("seen", value)?;
            let rule = from.int("rule")?;
            let place = usize::try_from(rule).ok().and_then(|rule| memory.seen.get_mut(rule));
            match place {
                Some(place @ None) => *place = Some((from.timestamp("at")?, Distribution::restored(&from)?)),
                _ => return Err(from.invalid("rule", rule, "the number of a rule, each once")),
            }
        }
        Ok(memory)
    }

    fn signature(&self) -> Value {
        let rule = |rule: &Rule| format!("{} as {} by {:?}", rule.source(), rule.metric(), rule.read());
        Value::list(self.names.rules().iter().map(rule))
    }
}

/// One scrape, as the rules read it.
struct Reader<'s, 'a> {
    scrape: &'s Scrape<'a>,
    labels: &'s [(&'s str, &'s str)],
    level: f64,
    at: Timestamp,
}

impl Reader<'_, '_> {
    /// What the rule reads: nothing if its source is not there, else a value or a missing one.
    fn read(&self, number: usize, rule: &Rule, memory: &mut Memory) -> Option<Option<f64>> {
        let source = rule.source();
        if *rule.read() == Read::Quantile {
            return self.quantile(number, source, memory);
        }
        let (sum, count, most) = self.fold(source)?;
        let value = match rule.read() {
            Read::Mean => Some(sum / count),
            Read::Max => Some(most),
            Read::PerSecond => memory.rates.per_second(2 * number, self.at, sum),
            Read::PerEvent { events } => {
                let events = self.fold(events)?.0;
                let gained = memory.rates.take(2 * number, self.at, sum);
                let happened = memory.rates.take(2 * number + 1, self.at, events);
                let (gained, happened) = gained.zip(happened).unzip();
                happened.filter(|n| n.amount > 0.0).zip(gained).map(|(n, total)| total.amount / n.amount)
            }
            Read::ShareBeside { other } => {
                let whole = sum + self.fold(other)?.0;
                (whole > 0.0).then_some(sum / whole)
            }
            Read::ShareOf { whole } => {
                let whole = self.fold(whole)?.0;
                (whole > 0.0).then_some(sum / whole)
            }
            Read::Sum | Read::Quantile => Some(sum),
        };
        Some(value)
    }

    /// Sum, number and largest of the series that count; nothing if there are none. One that is not finite makes the sum so, too.
    fn fold(&self, name: &str) -> Option<(f64, f64, f64)> {
        let counts = |sample: &&Sample<'_>| sample.labels.has(self.labels);
        let mut found: Option<(f64, f64, f64)> = None;
        for value in self.scrape.series(name).filter(counts).map(|sample| sample.value) {
            let value = if value.is_finite() { value } else { f64::NAN };
            let (sum, count, most) = found.unwrap_or((0.0, 0.0, value));
            let most = if value > most || value.is_nan() { value } else { most };
            found = Some((sum + value, count + 1.0, most));
        }
        found.map(|(sum, count, most)| (sum, count, if sum.is_nan() { f64::NAN } else { most }))
    }

    fn quantile(&self, number: usize, source: &str, memory: &mut Memory) -> Option<Option<f64>> {
        let Some(now) = self.scrape.distribution(source, self.labels) else {
            let quantiles = |sample: &Sample<'_>| sample.labels.get("quantile").is_some();
            let is_summary = self.scrape.series(source).any(quantiles);
            return is_summary.then(|| self.scrape.summary_quantile(source, self.level, self.labels));
        };
        let seen = &mut memory.seen[number];
        if seen.as_ref().is_some_and(|(then, _)| self.at <= *then) {
            return Some(None);
        }
        let past = seen.replace((self.at, now));
        let now = seen.as_ref().map(|(_, now)| now);
        let fresh = past.filter(|(then, _)| self.at.since(*then) <= memory.rates.patience());
        Some(fresh.zip(now).and_then(|((_, past), now)| now.since(&past).quantile(self.level)))
    }
}

/// Columns for a snapshot: the metrics that at least one instance has, one value per instance, missing ones not a number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    columns: Vec<(String, Vec<f64>)>,
    asked: usize,
    answered: usize,
}

impl Columns {
    fn place(&mut self, metric: &str, instances: usize) -> usize {
        self.columns.iter().position(|(name, _)| name == metric).unwrap_or_else(|| {
            self.columns.push((metric.to_owned(), vec![f64::NAN; instances]));
            self.columns.len() - 1
        })
    }

    /// The metrics and their columns, in the order of the rules.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[f64])> {
        self.columns.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// The column of a metric.
    #[must_use]
    pub fn get(&self, metric: &str) -> Option<&[f64]> {
        self.iter().find(|(name, _)| *name == metric).map(|(_, values)| values)
    }

    /// The share of the instances whose scrapes did not fail; nothing where there are no instances.
    #[must_use]
    pub fn coverage(&self) -> Option<f64> {
        (self.asked > 0).then(|| self.answered as f64 / self.asked as f64)
    }

    /// Puts the columns and their coverage into a snapshot, borrowed.
    ///
    /// # Errors
    /// If the snapshot lists another number of instances, or has samples of one of the metrics.
    pub fn fill<'a>(&'a self, mut snapshot: Snapshot<'a>) -> Result<Snapshot<'a>, SnapshotError> {
        for (name, values) in self.iter() {
            snapshot = snapshot.samples(name, values)?;
        }
        match self.coverage() {
            Some(share) => snapshot.coverage(share),
            None => Ok(snapshot),
        }
    }
}

#[cfg(test)]
mod tests;
