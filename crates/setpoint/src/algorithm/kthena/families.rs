//! What is seen in one cycle, as a caller hands it over: pods by endpoint, the families that a scrape of each
//! gave, and the answers to queries; and how much one family says. It parses no text and fetches nothing.
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/autoscaler/metric_collector.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`. Counters count with their absolute value, not as a rate.

use crate::snapshot::Instance;
use crate::window::histogram::{Histogram, QuantileError, quantile};

/// The percentile that a histogram stands for.
pub const PERCENTILE: i32 = 95;

/// Everything that is seen in one cycle. The default is nothing at all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Observed<'a> {
    /// The endpoints of the plan, in any order. One that is left out has no pods; of equal ones the first counts.
    pub groups: &'a [Group<'a>],
    /// The answers of external queries by metric, in any order. One that is left out failed; of equal ones the
    /// first counts.
    pub external: &'a [(&'a str, Answer<'a>)],
}

/// The pods behind one endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group<'a> {
    /// The endpoint, as the plan calls it.
    pub endpoint: &'a str,
    /// Its pods, in the order in which their values are added. Upstream's order is that of its cache, and so
    /// none.
    pub pods: &'a [Pod<'a>],
}

/// One pod and what its scrape gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pod<'a> {
    /// The key under which the pod is remembered and counted. Two pods of a cycle with the same name are
    /// taken for the same pod seen twice.
    pub name: &'a str,
    /// Phase, readiness, restarts, start.
    pub instance: Instance,
    /// The families of the scrape; `None` if the scrape failed. Only ready pods need one. Of families with
    /// the same name the last counts.
    pub scrape: Option<&'a [Family<'a>]>,
}

/// A metric family of a scrape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Family<'a> {
    /// Its name in the scrape.
    pub name: &'a str,
    /// Its type and series.
    pub content: Content<'a>,
}

/// The series of a family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Content<'a> {
    /// One value per series of a counter.
    Counter(&'a [f64]),
    /// One value per series of a gauge.
    Gauge(&'a [f64]),
    /// One histogram per series.
    Histogram(&'a [Histogram]),
    /// A summary, an untyped family, or any other type.
    Unsupported {
        /// How many series it has.
        series: usize,
    },
}

/// The answer of an external query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer<'a> {
    /// One number.
    Scalar(f64),
    /// One number per series; only a single one is usable.
    Vector(&'a [f64]),
    /// Something else: a text, a range.
    Other,
    /// The query failed.
    Failed,
}

/// Why a family cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FamilyError {
    /// It is neither a counter, a gauge nor a histogram.
    #[error("the type of the family is not supported")]
    Unsupported,
    /// The histogram does not follow from the earlier one.
    #[error(transparent)]
    Histogram(#[from] QuantileError),
}

impl<'a> Content<'a> {
    /// How much the family says of its pod: the sum over all series of a counter or a gauge, or the 95th
    /// percentile of what the first series of a histogram observed since `past` (since the start of the
    /// process without one). Nothing if the family has no series, whatever its type. A value that is not a
    /// number is passed on as it is.
    ///
    /// ```
    /// use setpoint::kthena::families::Content;
    /// use setpoint::window::Histogram;
    ///
    /// assert_eq!(Content::Gauge(&[1.5, 2.0]).value(None)?, Some(3.5));
    /// assert_eq!(Content::Counter(&[]).value(None)?, None);
    /// let latency = [Histogram::new(20, [(0.5, 19), (1.0, 20)])?];
    /// assert_eq!(Content::Histogram(&latency).value(None)?, Some(0.5));
    /// assert!(Content::Unsupported { series: 1 }.value(None).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the type is not supported, or the histogram does not follow from `past`.
    pub fn value(&self, past: Option<&Histogram>) -> Result<Option<f64>, FamilyError> {
        match *self {
            Self::Counter([]) | Self::Gauge([]) | Self::Unsupported { series: 0 } => Ok(None),
            Self::Counter(samples) | Self::Gauge(samples) => {
                Ok(Some(samples.iter().fold(0.0, |sum, sample| sum + sample)))
            }
            Self::Histogram(_) => {
                let Some(now) = self.histogram() else { return Ok(None) };
                let value = match past {
                    Some(past) => quantile(PERCENTILE, now, past),
                    None => quantile(PERCENTILE, now, &Histogram::default()),
                };
                Ok(Some(value?))
            }
            Self::Unsupported { .. } => Err(FamilyError::Unsupported),
        }
    }

    /// The histogram that counts: that of the first series.
    #[must_use]
    pub fn histogram(&self) -> Option<&'a Histogram> {
        match *self {
            Self::Histogram(series) => series.first(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(fast: i64, slow: i64) -> Histogram {
        Histogram::new(fast + slow, [(1.0, fast), (2.0, fast + slow)]).unwrap()
    }

    #[test]
    fn counters_and_gauges_are_the_sum_of_all_series_in_order() {
        let samples = [0.1, 0.2, 0.3];
        for content in [Content::Counter(&samples), Content::Gauge(&samples)] {
            assert_eq!(content.value(None), Ok(Some(0.1 + 0.2 + 0.3)));
            assert_eq!(content.histogram(), None);
        }
        assert!(Content::Gauge(&[1.0, f64::NAN]).value(None).unwrap().unwrap().is_nan());
    }

    #[test]
    fn a_family_without_series_says_nothing_whatever_its_type() {
        for content in [
            Content::Counter(&[]),
            Content::Gauge(&[]),
            Content::Histogram(&[]),
            Content::Unsupported { series: 0 },
        ] {
            assert_eq!(content.value(None), Ok(None), "{content:?}");
        }
        assert_eq!(Content::Unsupported { series: 1 }.value(None), Err(FamilyError::Unsupported));
    }

    #[test]
    fn only_the_first_series_of_a_histogram_counts() {
        let series = [seen(100, 0), seen(0, 100)];
        let content = Content::Histogram(&series);
        assert_eq!(content.value(None), Ok(Some(1.0 - 5.0 * 1.0 / 100.0)));
        assert_eq!(content.histogram(), Some(&series[0]));
    }

    #[test]
    fn a_histogram_counts_from_its_past() {
        let series = [seen(100, 20)];
        let content = Content::Histogram(&series);
        assert_eq!(content.value(Some(&seen(100, 0))), Ok(Some(2.0 - 1.0 * 1.0 / 20.0)));
        let fell = QuantileError::CountFell { now: 120, past: 121 };
        assert_eq!(content.value(Some(&seen(100, 21))), Err(FamilyError::Histogram(fell)));
    }
}
