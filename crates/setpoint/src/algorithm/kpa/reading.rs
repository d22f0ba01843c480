//! From statistics to readings: per metric a stable and a panic window over what the pods report, and what an empty
//! window means. It does not scrape, and does not decide. Readings are totals over the revision, not per pod.
//!
//! Source: `knative/serving` `pkg/autoscaler/metrics/collector.go` at commit
//! `98e5ef90aa7033797aa0a61ef97f3ff7e49a3944`. Ours: readings that are no finite number are refused unless the caller
//! asks for upstream's way ([`NonFinite`]).

use crate::error::{ConfigError, StateError};
use crate::state::{StateReader, StateWriter};
use crate::time::{Timestamp, earliest};
use crate::window::{Average, Bucketed};
use core::time::Duration;

/// Length of a bucket in all windows of readings.
pub const BUCKET: Duration = Duration::from_secs(1);

/// What the target is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Metric {
    /// Requests in flight.
    #[default]
    Concurrency,
    /// Requests per second.
    Rps,
}

impl Metric {
    /// The metric of an annotation's text: `rps`, and anything else acts as concurrency.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        if text == "rps" { Self::Rps } else { Self::Concurrency }
    }
}

/// What becomes of readings that are NaN or infinite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum NonFinite {
    /// The tick is invalid, as if there were no reading.
    #[default]
    Refuse,
    /// Upstream's way: infinities count, and a NaN makes only those ticks invalid whose result it would reach.
    PassThrough,
}

/// One source's report: averages over the time it covers (requests in flight) and counts per second, each with the part
/// that came through the activator and was reported by it already.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistic {
    /// Average number of requests in flight.
    pub concurrency: f64,
    /// The part of `concurrency` that came through the activator.
    pub proxied_concurrency: f64,
    /// Requests per second.
    pub requests: f64,
    /// The part of `requests` that came through the activator.
    pub proxied_requests: f64,
}

/// The two averages that a decision is made from, totals over the revision.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// Average over the stable window.
    pub stable: f64,
    /// Average over the panic window.
    pub panic: f64,
}

impl Reading {
    /// Whether both averages are finite numbers.
    #[must_use]
    pub fn is_finite(self) -> bool {
        self.stable.is_finite() && self.panic.is_finite()
    }
}

/// Stable and panic window of one metric.
#[derive(Clone, Debug, PartialEq)]
struct Pair {
    stable: Bucketed,
    panic: Bucketed,
}

impl Pair {
    fn new(stable: Duration, panic: Duration, average: Average) -> Result<Self, ConfigError> {
        Ok(Self {
            stable: Bucketed::new(stable, BUCKET, average).map_err(|e| e.within("stable"))?,
            panic: Bucketed::new(panic, BUCKET, average).map_err(|e| e.within("panic"))?,
        })
    }

    #[inline]
    fn record(&mut self, at: Timestamp, value: f64) {
        self.stable.record(at, value);
        self.panic.record(at, value);
    }

    fn resize(&mut self, stable: Duration, panic: Duration, now: Timestamp) -> Result<(), ConfigError> {
        self.stable.resize(stable, now).map_err(|e| e.within("stable"))?;
        self.panic.resize(panic, now).map_err(|e| e.within("panic"))
    }

    fn save(&self, out: &mut StateWriter) {
        out.nest("stable", |w| self.stable.save(w));
        out.nest("panic", |w| self.panic.save(w));
    }

    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        self.stable.restore(&from.nested("stable")?)?;
        self.panic.restore(&from.nested("panic")?)
    }
}

/// The windows of one revision: both metrics are always recorded, so that the scaling metric can change at any time.
///
/// ```
/// use core::time::Duration;
/// use setpoint::Timestamp;
/// use setpoint::algorithm::kpa::{Collector, Metric, Statistic};
/// use setpoint::window::Average;
///
/// let mut collector = Collector::new(Duration::from_secs(60), Duration::from_secs(6), Average::Linear)?;
/// let now = Timestamp::from_secs(100);
/// assert_eq!(collector.read(Metric::Concurrency, true, now), None, "no data yet");
/// collector.record(now, Statistic { concurrency: 9.0, proxied_concurrency: 2.0, ..Statistic::default() });
/// assert_eq!(collector.read(Metric::Concurrency, true, now).map(|r| r.stable), Some(7.0));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Collector {
    concurrency: Pair,
    requests: Pair,
}

impl Collector {
    /// Empty windows of the given lengths (whole milliseconds, more than 0) and kind of average.
    ///
    /// # Errors
    /// If a length is out of the range of [`Bucketed::new`].
    pub fn new(stable: Duration, panic: Duration, average: Average) -> Result<Self, ConfigError> {
        let pair = Pair::new(stable, panic, average)?;
        Ok(Self { concurrency: pair.clone(), requests: pair })
    }

    /// Takes one report in. Late reports count as [`Bucketed::record`] says.
    #[inline]
    pub fn record(&mut self, at: Timestamp, statistic: Statistic) {
        self.concurrency.record(at, statistic.concurrency - statistic.proxied_concurrency);
        self.requests.record(at, statistic.requests - statistic.proxied_requests);
    }

    /// Takes the total of one metric in, for callers who have no reports of single sources.
    #[inline]
    pub fn record_one(&mut self, at: Timestamp, metric: Metric, total: f64) {
        match metric {
            Metric::Concurrency => self.concurrency.record(at, total),
            Metric::Rps => self.requests.record(at, total),
        }
    }

    /// Changes the lengths of the windows as of `now`. The kind of average stays: a changed one takes effect for new
    /// windows only.
    ///
    /// # Errors
    /// If a length is out of range; nothing has changed then.
    pub fn resize(&mut self, stable: Duration, panic: Duration, now: Timestamp) -> Result<(), ConfigError> {
        if (stable, panic) == (self.concurrency.stable.window(), self.concurrency.panic.window()) {
            return Ok(());
        }
        let mut changed = self.clone();
        changed.concurrency.resize(stable, panic, now)?;
        changed.requests.resize(stable, panic, now)?;
        *self = changed;
        Ok(())
    }

    fn pair(&self, metric: Metric) -> &Pair {
        match metric {
            Metric::Concurrency => &self.concurrency,
            Metric::Rps => &self.requests,
        }
    }

    /// The averages of `metric` at `at`. With an empty stable window there is no data, unless the revision has no
    /// `scrape_target`: then the activator sees all traffic, and silence is a reading of 0.
    #[must_use]
    #[inline]
    pub fn read(&self, metric: Metric, scrape_target: bool, at: Timestamp) -> Option<Reading> {
        let pair = self.pair(metric);
        if pair.stable.is_empty(at) {
            return (!scrape_target).then_some(Reading::default());
        }
        Some(Reading { stable: pair.stable.average(at), panic: pair.panic.average(at) })
    }

    /// The first instant after `at` at which [`Collector::read`] may answer differently without a new report: the next
    /// bucket boundary while the windows hold something. Never later than the change, possibly earlier.
    #[must_use]
    pub fn next_change_at(&self, metric: Metric, at: Timestamp) -> Option<Timestamp> {
        let pair = self.pair(metric);
        earliest(pair.stable.next_change_at(at), pair.panic.next_change_at(at))
    }

    /// Writes all four windows.
    pub fn save(&self, out: &mut StateWriter) {
        out.nest("concurrency", |w| self.concurrency.save(w));
        out.nest("requests", |w| self.requests.save(w));
    }

    /// The windows that [`Collector::save`] wrote, of whatever lengths they have.
    ///
    /// # Errors
    /// If a field is missing or out of range.
    pub fn restored(from: &StateReader<'_>) -> Result<Self, StateError> {
        let span = |pair: &StateReader<'_>, name: &str| {
            let window = pair.nested(name)?;
            let ms = window.int("window_ms")?;
            u64::try_from(ms)
                .map(Duration::from_millis)
                .map_err(|_| window.invalid("window_ms", ms, "at least 0"))
        };
        let pair = from.nested("concurrency")?;
        let (stable, panic) = (span(&pair, "stable")?, span(&pair, "panic")?);
        let mut collector = Self::new(stable, panic, Average::Linear)
            .map_err(|e| from.invalid(&e.field, e.value, e.allowed))?;
        collector.restore(from)?;
        Ok(collector)
    }

    /// Takes over what [`Collector::save`] wrote for windows of the same lengths.
    ///
    /// # Errors
    /// If a field is missing, out of range, or of other lengths; nothing has changed then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let mut restored = self.clone();
        restored.concurrency.restore(&from.nested("concurrency")?)?;
        restored.requests.restore(&from.nested("requests")?)?;
        *self = restored;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    fn at(s: i64) -> Timestamp {
        Timestamp::from_secs(s)
    }

    fn report(concurrency: f64, requests: f64) -> Statistic {
        Statistic { concurrency, requests, ..Statistic::default() }
    }

    #[test]
    fn the_activators_part_is_left_out_of_both_metrics() {
        let mut c = Collector::new(secs(60), secs(6), Average::Linear).unwrap();
        let all =
            Statistic { concurrency: 5.0, proxied_concurrency: 2.0, requests: 30.0, proxied_requests: 9.0 };
        c.record(at(0), all);
        assert_eq!(c.read(Metric::Concurrency, true, at(0)), Some(Reading { stable: 3.0, panic: 3.0 }));
        assert_eq!(c.read(Metric::Rps, true, at(0)), Some(Reading { stable: 21.0, panic: 21.0 }));
    }

    #[test]
    fn only_the_stable_window_says_whether_there_is_data() {
        let mut c = Collector::new(secs(60), secs(6), Average::Linear).unwrap();
        assert_eq!(c.read(Metric::Rps, true, at(0)), None);
        assert_eq!(c.read(Metric::Rps, false, at(0)), Some(Reading::default()));
        c.record(at(0), report(4.0, 8.0));
        assert_eq!(c.read(Metric::Rps, true, at(30)), Some(Reading { stable: 8.0, panic: 0.0 }));
        assert_eq!(c.read(Metric::Rps, true, at(60)), Some(Reading::default()), "not empty yet, but silent");
        assert_eq!(c.read(Metric::Rps, true, at(61)), None);
        assert_eq!(c.read(Metric::Rps, false, at(61)), Some(Reading::default()));
    }

    #[test]
    fn the_metric_can_change_while_running() {
        let mut c = Collector::new(secs(60), secs(6), Average::Linear).unwrap();
        for s in 0..10 {
            c.record(at(s), report(1.0, 50.0));
        }
        let before = c.read(Metric::Concurrency, true, at(9)).unwrap();
        assert_eq!((before.stable, c.read(Metric::Rps, true, at(9)).unwrap().stable), (1.0, 50.0));
    }

    #[test]
    fn both_windows_of_both_metrics_are_resized_and_keep_their_kind() {
        let mut c = Collector::new(secs(60), secs(6), Average::WeightedExponential).unwrap();
        c.record(at(0), report(10.0, 20.0));
        c.resize(secs(6), secs(1), at(0)).unwrap();
        let fresh = {
            let mut c = Collector::new(secs(6), secs(1), Average::WeightedExponential).unwrap();
            c.record(at(0), report(10.0, 20.0));
            c
        };
        for metric in [Metric::Concurrency, Metric::Rps] {
            assert_eq!(c.read(metric, true, at(0)), fresh.read(metric, true, at(0)));
        }
        let before = c.clone();
        assert!(c.resize(secs(6), Duration::ZERO, at(0)).is_err());
        assert!(c.resize(secs(12), Duration::ZERO, at(0)).is_err());
        assert_eq!(c, before);
    }

    #[test]
    fn state_keeps_the_kind_of_average_and_is_refused_for_other_lengths() {
        let mut c = Collector::new(secs(60), secs(6), Average::WeightedExponential).unwrap();
        c.record(at(0), report(10.0, 20.0));
        let mut out = StateWriter::default();
        c.save(&mut out);
        let value = out.finish();
        let from = StateReader::new("kpa", &value).unwrap();
        let mut fresh = Collector::new(secs(60), secs(6), Average::Linear).unwrap();
        fresh.restore(&from).unwrap();
        assert_eq!(fresh, c);
        let mut other = Collector::new(secs(60), secs(7), Average::Linear).unwrap();
        let before = other.clone();
        let error = other.restore(&from).unwrap_err().to_string();
        assert!(error.contains("kpa.concurrency.panic.window_ms"), "{error}");
        assert_eq!(other, before);
    }

    #[test]
    fn an_average_may_change_at_the_next_bucket() {
        let mut c = Collector::new(secs(60), secs(6), Average::Linear).unwrap();
        assert_eq!(c.next_change_at(Metric::Rps, at(0)), None);
        c.record(at(0), report(1.0, 1.0));
        assert_eq!(c.next_change_at(Metric::Rps, Timestamp::from_millis(700)), Some(at(1)));
        assert_eq!(c.next_change_at(Metric::Rps, at(60)), Some(at(61)));
        assert_eq!(c.next_change_at(Metric::Rps, at(61)), None);
    }
}
