//! Counters to rates: what each counter last showed, and when. The time comes with every reading.
//!
//! Source of the rule: a counter that falls was reset and has since grown from 0 to what it shows (`prometheus/prometheus`, documentation of
//! `rate`). Unlike there, nothing is extrapolated: a rate is the growth between two readings over the time between them.

use crate::error::{ConfigError, StateError};
use crate::state::{StateReader, StateWriter, Value};
use crate::time::{Timestamp, millis};
use core::time::Duration;

/// What a counter gained between two readings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// How much, at least 0, in the counter's own unit.
    pub amount: f64,
    /// In how long; never 0.
    pub over: Duration,
}

impl Gain {
    /// How much in a second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        self.amount / (millis(self.over) as f64 / 1_000.0)
    }
}

/// The last reading of each of a fixed number of counters.
///
/// | case | result | remembered |
/// |---|---|---|
/// | first reading | none | the reading |
/// | later and not lower | the growth | the reading |
/// | later and lower: a reset | the value itself | the reading |
/// | longer than `stale_after` later | none | the reading |
/// | not later than the last one | none | as before |
/// | not finite, or below 0 | none | as before |
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Timestamp, exposition::Rates};
/// let mut rates = Rates::new(1, Duration::from_secs(300))?;
/// assert_eq!(rates.take(0, Timestamp::from_secs(0), 100.0), None);
/// assert_eq!(rates.per_second(0, Timestamp::from_secs(10), 150.0), Some(5.0));
/// assert_eq!(rates.per_second(0, Timestamp::from_secs(20), 30.0), Some(3.0)); // it started anew
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    last: Vec<Option<(Timestamp, f64)>>,
    stale_after: Duration,
}

impl Rates {
    /// Memory for `counters` counters. Readings further apart than `stale_after` give no rate.
    ///
    /// # Errors
    /// If `stale_after` is shorter than a millisecond.
    pub fn new(counters: usize, stale_after: Duration) -> Result<Self, ConfigError> {
        check_stale_after(stale_after)?;
        Ok(Self::unchecked(counters, stale_after))
    }

    pub(super) fn unchecked(counters: usize, stale_after: Duration) -> Self {
        Self { last: vec![None; counters], stale_after }
    }

    pub(super) const fn patience(&self) -> Duration {
        self.stale_after
    }

    /// Takes in what `counter` shows at `at`; what it gained since the last reading. None too where there is no such counter.
    pub fn take(&mut self, counter: usize, at: Timestamp, value: f64) -> Option<Gain> {
        let last = self.last.get_mut(counter)?;
        if !value.is_finite() || value < 0.0 || last.is_some_and(|(then, _)| at <= then) {
            return None;
        }
        let (then, before) = last.replace((at, value))?;
        let over = at.since(then);
        let amount = if value < before { value } else { value - before };
        (over <= self.stale_after).then_some(Gain { amount, over })
    }

    /// [`take`](Self::take) as a rate per second.
    pub fn per_second(&mut self, counter: usize, at: Timestamp, value: f64) -> Option<f64> {
        self.take(counter, at, value).map(Gain::per_second).filter(|rate| rate.is_finite())
    }

    /// Saves the readings.
    pub fn save(&self, out: &mut StateWriter) {
        out.put("at", Value::list(self.last.iter().map(|last| last.map(|(at, _)| at))));
        out.put("values", Value::list(self.last.iter().map(|last| last.map(|(_, value)| value))));
    }

    /// Takes up what others of as many counters saved.
    ///
    /// # Errors
    /// If the state is not whole, is of another number of counters, or holds what is never remembered. Nothing changes then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let (times, values) = (from.list("at")?, from.list("values")?);
        if times.len() != self.last.len() || values.len() != self.last.len() {
            return Err(from.invalid("at", times.len(), format!("{} readings", self.last.len())));
        }
        let reading = |(at, value): (&Value, &Value)| {
            let value = match value {
                Value::Null => None,
                Value::Float(value) => Some(*value),
                Value::Int(value) => Some(*value as f64),
                _ => return Err(from.invalid("values", "something else", "numbers or nothing")),
            };
            match (at, value) {
                (Value::Null, None) => Ok(None),
                (Value::Int(at), Some(value)) if value.is_finite() && value >= 0.0 => {
                    Ok(Some((Timestamp::from_millis(*at), value)))
                }
                _ => Err(from.invalid(
                    "values",
                    "half a reading or a bad one",
                    "times with counts of at least 0",
                )),
            }
        };
        self.last = times.iter().zip(values).map(reading).collect::<Result<_, _>>()?;
        Ok(())
    }
}

pub(super) fn check_stale_after(span: Duration) -> Result<(), ConfigError> {
    if millis(span) >= 1 {
        return Ok(());
    }
    Err(ConfigError::new("stale_after", format_args!("{} ms", millis(span)), "at least 1 ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    fn rates() -> Rates {
        Rates::new(2, Duration::from_secs(300)).unwrap()
    }

    #[test]
    fn growth_over_time_and_resets() {
        let mut rates = rates();
        assert_eq!(rates.per_second(0, at(0), 1_000.0), None);
        assert_eq!(rates.per_second(0, at(4), 1_002.0), Some(0.5));
        assert_eq!(
            rates.per_second(0, at(8), 1_002.0),
            Some(0.0),
            "no growth is a rate of 0, not a missing one"
        );
        assert_eq!(rates.per_second(0, at(10), 6.0), Some(3.0), "a reset");
        assert_eq!(rates.per_second(1, at(10), 6.0), None, "counters do not share memory");
        assert_eq!(rates.per_second(2, at(10), 6.0), None);
    }

    #[test]
    fn readings_that_say_nothing_change_nothing() {
        let mut rates = rates();
        rates.take(0, at(10), 100.0);
        let before = rates.clone();
        for (time, value) in [(11, f64::NAN), (11, f64::INFINITY), (11, -1.0), (10, 200.0), (9, 200.0)] {
            assert_eq!(rates.take(0, at(time), value), None, "{time} {value}");
            assert_eq!(rates, before, "{time} {value}");
        }
        assert_eq!(rates.per_second(0, at(20), 150.0), Some(5.0));
    }

    #[test]
    fn readings_too_far_apart_begin_anew() {
        let mut rates = rates();
        rates.take(0, at(0), 0.0);
        assert_eq!(rates.per_second(0, at(300), 300.0), Some(1.0));
        assert_eq!(rates.per_second(0, at(601), 600.0), None);
        assert_eq!(rates.per_second(0, at(602), 603.0), Some(3.0));
        assert!(Rates::new(1, Duration::from_micros(999)).is_err());
    }

    #[test]
    fn extremes_give_no_infinite_rate() {
        let mut rates = Rates::new(1, Duration::MAX).unwrap();
        rates.take(0, Timestamp::MIN, 0.0);
        assert_eq!(rates.per_second(0, Timestamp::from_millis(i64::MIN + 1), f64::MAX), None);
        assert!(rates.take(0, Timestamp::MAX, f64::MAX).is_some());
    }

    #[test]
    fn restores_what_it_saved_and_refuses_the_rest() {
        let mut first = rates();
        first.take(1, at(3), 0.1);
        let mut out = StateWriter::default();
        first.save(&mut out);
        let value = out.finish();
        let mut second = rates();
        second.restore(&StateReader::new("rates", &value).unwrap()).unwrap();
        assert_eq!(second, first);
        let one = |at: Value, value: Value| {
            let mut out = StateWriter::default();
            out.put("at", Value::List(vec![Value::Null, at]));
            out.put("values", Value::List(vec![Value::Null, value]));
            out.finish()
        };
        for bad in [
            one(Value::Null, Value::Float(1.0)),
            one(Value::Int(1), Value::Null),
            one(Value::Int(1), Value::Float(-1.0)),
            one(Value::Int(1), Value::Float(f64::NAN)),
            one(Value::Float(1.0), Value::Float(1.0)),
            one(Value::Int(1), Value::Bool(true)),
        ] {
            assert!(second.restore(&StateReader::new("rates", &bad).unwrap()).is_err(), "{bad:?}");
            assert_eq!(second, first);
        }
        let mut more = Rates::new(3, Duration::from_secs(300)).unwrap();
        assert!(more.restore(&StateReader::new("rates", &value).unwrap()).is_err());
    }
}
