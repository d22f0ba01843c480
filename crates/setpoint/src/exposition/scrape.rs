//! A whole scrape: the samples of a body grouped into families, in the order of the body, found by name through a sorted index.

use super::distribution::{Bucket, Distribution};
use super::error::{ParseError, Problem};
use super::parse::{Format, Kind, Line, Lines, Sample, number};
use super::text::Text;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A metric family: one name, its metadata and its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Family<'a> {
    name: Cow<'a, str>,
    kind: Option<Kind>,
    help: Option<Text<'a>>,
    unit: Option<Text<'a>>,
    samples: core::ops::Range<usize>,
}

impl<'a> Family<'a> {
    fn new(name: Cow<'a, str>) -> Self {
        Self { name, kind: None, help: None, unit: None, samples: 0..0 }
    }

    /// Its name, as its metadata give it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its type.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind.unwrap_or_default()
    }

    /// What it is, in the words of its maker.
    #[must_use]
    pub fn help(&self) -> Option<Text<'a>> {
        self.help
    }

    /// Its unit (OpenMetrics only).
    #[must_use]
    pub fn unit(&self) -> Option<Text<'a>> {
        self.unit
    }

    /// Whether a sample of that name is one of its samples.
    fn takes(&self, sample: &str) -> bool {
        let Some(suffix) = sample.strip_prefix(&*self.name) else { return false };
        suffix.is_empty() || suffixes(self.kind()).contains(&suffix)
    }
}

/// What may follow the name of a family in the names of its samples.
const fn suffixes(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Counter => &["_total", "_created"],
        Kind::Histogram => &["_bucket", "_count", "_sum", "_created"],
        Kind::GaugeHistogram => &["_bucket", "_gcount", "_gsum"],
        Kind::Summary => &["_count", "_sum", "_created"],
        Kind::Info => &["_info"],
        Kind::Gauge | Kind::StateSet | Kind::Unknown => &[],
    }
}

/// All suffixes, to find the family of a sample that does not stand beside its metadata.
const SUFFIXES: [&str; 8] = ["_bucket", "_count", "_sum", "_total", "_created", "_gcount", "_gsum", "_info"];

/// The samples of a body by family, borrowing from it.
///
/// ```
/// use setpoint::exposition::{Format, Kind, Scrape};
/// let body = "\
/// ## TYPE vllm:num_requests_waiting gauge
/// vllm:num_requests_waiting{engine=\"0\"} 3
/// vllm:num_requests_waiting{engine=\"1\"} 4
/// ";
/// let scrape = Scrape::parse(body, Format::Prometheus)?;
/// let waiting = scrape.family("vllm:num_requests_waiting").expect("it is there");
/// assert_eq!((waiting.kind(), scrape.samples_of(waiting).len()), (Kind::Gauge, 2));
/// assert_eq!(scrape.series("vllm:num_requests_waiting").map(|sample| sample.value).sum::<f64>(), 7.0);
/// # Ok::<(), setpoint::exposition::ParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scrape<'a> {
    families: Vec<Family<'a>>,
    samples: Vec<Sample<'a>>,
    /// Places in `families`, by name.
    index: Vec<u32>,
    errors: Vec<ParseError>,
}

/// A line of a usual scrape has about this many bytes.
const USUAL_LINE: usize = 80;

impl<'a> Scrape<'a> {
    /// Reads a body that must be right in every line.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn parse(body: &'a str, format: Format) -> Result<Self, ParseError> {
        Self::build(body, format, Err)
    }

    /// Reads what can be read: a bad line is left out and kept among the [`errors`](Self::errors), the others are not lost. A sum over
    /// series lacks what the bad lines said: look at the errors before a count is decided on it.
    ///
    /// ```
    /// use setpoint::exposition::{Format, Scrape};
    /// let scrape = Scrape::parse_lenient("up 1\nup{ 1\ndown 0\n", Format::Prometheus);
    /// assert_eq!((scrape.samples().len(), scrape.errors()[0].line), (2, 2));
    /// ```
    #[must_use]
    pub fn parse_lenient(body: &'a str, format: Format) -> Self {
        let mut errors = Vec::new();
        let kept = Self::build(body, format, |error| {
            errors.push(error);
            Ok(())
        });
        Self { errors, ..kept.unwrap_or_default() }
    }

    fn build(
        body: &'a str,
        format: Format,
        mut on_error: impl FnMut(ParseError) -> Result<(), ParseError>,
    ) -> Result<Self, ParseError> {
        let mut to = Builder {
            families: Vec::new(),
            known: BTreeMap::new(),
            samples: Vec::with_capacity(body.len() / USUAL_LINE + 1),
            current: None,
        };
        let mut lines = Lines::new(body, format);
        while let Some(line) = lines.next() {
            match line {
                Ok(Line::Sample(sample)) => to.sample(sample),
                Ok(Line::Type(name, kind)) => {
                    let family = to.enter(name.to_str());
                    match family.kind {
                        Some(known) if known != kind => {
                            on_error(ParseError { line: lines.line(), problem: Problem::KindTwice })?;
                        }
                        _ => family.kind = Some(kind),
                    }
                }
                Ok(Line::Help(name, text)) => to.enter(name.to_str()).help = Some(text),
                Ok(Line::Unit(name, unit)) => to.enter(name.to_str()).unit = Some(unit),
                Err(error) => on_error(error)?,
            }
        }
        Ok(to.finish())
    }

    /// The families in the order of the body.
    #[must_use]
    pub fn families(&self) -> &[Family<'a>] {
        &self.families
    }

    /// All samples; those of a family stand together, in the order of the body.
    #[must_use]
    pub fn samples(&self) -> &[Sample<'a>] {
        &self.samples
    }

    /// The lines that were left out.
    #[must_use]
    pub fn errors(&self) -> &[ParseError] {
        &self.errors
    }

    /// The family of that name.
    #[must_use]
    pub fn family(&self, name: &str) -> Option<&Family<'a>> {
        let place = |at: &u32| &self.families[*at as usize];
        self.index.binary_search_by(|at| place(at).name().cmp(name)).ok().map(|at| place(&self.index[at]))
    }

    /// The samples of a family of this scrape.
    #[must_use]
    pub fn samples_of(&self, family: &Family<'_>) -> &[Sample<'a>] {
        self.samples.get(family.samples.clone()).unwrap_or_default()
    }

    /// The samples of exactly that name, suffix included, whatever family they belong to.
    pub fn series<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Sample<'a>> + 's {
        let bases = SUFFIXES.iter().filter_map(move |suffix| name.strip_suffix(suffix));
        core::iter::once(name)
            .chain(bases)
            .filter_map(|base| self.family(base))
            .flat_map(|family| self.samples_of(family))
            .filter(move |sample| sample.name == *name)
    }

    /// The classic histogram `name`, over all of its series that have the labels `with`: counts of equal bounds are added up. None if there
    /// is no bucket, or a bound or count is not a number.
    ///
    /// ```
    /// use setpoint::exposition::{Format, Scrape};
    /// let body = "\
    /// ## TYPE wait_seconds histogram
    /// wait_seconds_bucket{engine=\"0\",le=\"1\"} 8
    /// wait_seconds_bucket{engine=\"0\",le=\"+Inf\"} 10
    /// wait_seconds_bucket{engine=\"1\",le=\"1\"} 2
    /// wait_seconds_bucket{engine=\"1\",le=\"+Inf\"} 10
    /// ";
    /// let scrape = Scrape::parse(body, Format::Prometheus)?;
    /// let both = scrape.distribution("wait_seconds", &[]).expect("it has buckets");
    /// assert_eq!(both.quantile(0.25), Some(0.5));
    /// let first = scrape.distribution("wait_seconds", &[("engine", "0")]).expect("it has buckets");
    /// assert_eq!(first.quantile(0.4), Some(0.5));
    /// # Ok::<(), setpoint::exposition::ParseError>(())
    /// ```
    #[must_use]
    pub fn distribution(&self, name: &str, with: &[(&str, &str)]) -> Option<Distribution> {
        let mut buckets = Vec::new();
        for sample in self.series(&format!("{name}_bucket")).filter(|sample| sample.labels.has(with)) {
            let upper = number(&sample.labels.get("le")?.to_str())?;
            buckets.push(Bucket { upper, cumulative: sample.value });
        }
        Distribution::new(buckets).ok()
    }

    /// The quantile `level` of the summary `name`, as the process gives it. None where the summary does not have that quantile, it is not a
    /// number, or several series have it: quantiles cannot be added up. `with` chooses among them.
    ///
    /// ```
    /// use setpoint::exposition::{Format, Scrape};
    /// let scrape = Scrape::parse("# TYPE gc summary\ngc{quantile=\"0.9\"} 3\ngc_count 7\n", Format::Prometheus)?;
    /// assert_eq!(scrape.summary_quantile("gc", 0.9, &[]), Some(3.0));
    /// assert_eq!(scrape.summary_quantile("gc", 0.5, &[]), None);
    /// # Ok::<(), setpoint::exposition::ParseError>(())
    /// ```
    #[must_use]
    pub fn summary_quantile(&self, name: &str, level: f64, with: &[(&str, &str)]) -> Option<f64> {
        let has_level = |sample: &&Sample<'_>| {
            let quantile = sample.labels.get("quantile").and_then(|q| number(&q.to_str()));
            quantile == Some(level) && sample.labels.has(with)
        };
        let mut found = self.series(name).filter(has_level).map(|sample| sample.value);
        match (found.next(), found.next()) {
            (Some(value), None) => Some(value).filter(|v| v.is_finite()),
            _ => None,
        }
    }
}

struct Builder<'a> {
    families: Vec<Family<'a>>,
    known: BTreeMap<Cow<'a, str>, u32>,
    samples: Vec<(u32, Sample<'a>)>,
    current: Option<u32>,
}

impl<'a> Builder<'a> {
    /// The family of that name, new if there is none; it is the current one from now on.
    fn enter(&mut self, name: Cow<'a, str>) -> &mut Family<'a> {
        let at = match self.current {
            Some(at) if self.families[at as usize].name == name => at,
            _ => match self.known.get(&name) {
                Some(at) => *at,
                None => {
                    let at = self.families.len() as u32;
                    self.families.push(Family::new(name.clone()));
                    self.known.insert(name, at);
                    at
                }
            },
        };
        self.current = Some(at);
        &mut self.families[at as usize]
    }

    fn sample(&mut self, sample: Sample<'a>) {
        let name = sample.name.to_str();
        let at = match self.current {
            Some(at) if self.families[at as usize].takes(&name) => at,
            _ => match self.base_of(&name) {
                Some(at) => at,
                None => {
                    self.enter(name);
                    self.current.unwrap_or_default()
                }
            },
        };
        self.current = Some(at);
        self.samples.push((at, sample));
    }

    /// The family that a sample belongs to by its suffix; none where a family has its very name.
    fn base_of(&self, sample: &str) -> Option<u32> {
        if self.known.contains_key(sample) {
            return None;
        }
        SUFFIXES.iter().find_map(|suffix| {
            let at = self.known.get(sample.strip_suffix(suffix)?)?;
            self.families[*at as usize].takes(sample).then_some(*at)
        })
    }

    fn finish(mut self) -> Scrape<'a> {
        if !self.samples.is_sorted_by_key(|(at, _)| *at) {
            self.samples.sort_by_key(|(at, _)| *at);
        }
        let mut start = 0;
        for run in self.samples.chunk_by(|a, b| a.0 == b.0) {
            self.families[run[0].0 as usize].samples = start..start + run.len();
            start += run.len();
        }
        Scrape {
            families: self.families,
            samples: self.samples.into_iter().map(|(_, sample)| sample).collect(),
            index: self.known.into_values().collect(),
            errors: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
