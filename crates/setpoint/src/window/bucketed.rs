//! A window of buckets: values that fall into one bucket add up, and the average is taken over buckets, plainly
//! ([`Average::Linear`]) or with weights that fall off exponentially ([`Average::WeightedExponential`]). Recording is
//! O(1) apart from the buckets that time passed over; the linear average is O(silent buckets), the weighted one O(n).
//! It does not decide what an empty window means: that is the reader's rule.
//!
//! Late values are added to their own bucket if it is still inside the window, else ignored. A query before the newest
//! bucket uses everything recorded.
//!
//! Source: `knative/serving` `pkg/autoscaler/aggregation/bucketing.go` at commit
//! `98e5ef90aa7033797aa0a61ef97f3ff7e49a3944`. The order of additions and subtractions is part of the rule: the running
//! total keeps rounding residue, which the rounding of the linear average to six decimals hides.

use super::grid::Cursor;
use crate::error::{ConfigError, StateError};
use crate::rounding::round6;
use crate::state::{StateReader, StateWriter, Value};
use crate::time::{Timestamp, millis};
use core::time::Duration;

/// Most buckets that a window may have.
pub const MAX_BUCKETS: i64 = 1 << 20;

/// How the buckets of a window become one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Average {
    /// The total over the number of buckets since the first value, rounded to six decimals.
    #[default]
    Linear,
    /// The newest bucket counts most, each older one by a constant factor less; neither rounded nor normalized.
    WeightedExponential,
}

impl Average {
    /// The name in saved state.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::WeightedExponential => "weighted_exponential",
        }
    }
}

/// Share of the newest bucket in the weighted average over `buckets` buckets: such that the weights of a whole window
/// sum to 0.9999, but at least 0.2 (which holds from 42 buckets on).
///
/// ```
/// use setpoint::window::bucketed::smoothing_coefficient;
/// assert_eq!(smoothing_coefficient(60), 0.2);
/// ```
#[must_use]
pub fn smoothing_coefficient(buckets: usize) -> f64 {
    (1.0 - libm::pow(0.0001, 1.0 / buckets as f64)).max(0.2)
}

/// A ring of buckets with a running total.
///
/// ```
/// use core::time::Duration;
/// use setpoint::Timestamp;
/// use setpoint::window::{Average, Bucketed};
///
/// let second = Duration::from_secs(1);
/// let mut window = Bucketed::new(Duration::from_secs(60), second, Average::Linear)?;
/// window.record(Timestamp::from_secs(0), 4.0);
/// window.record(Timestamp::from_secs(0), 2.0);
/// window.record(Timestamp::from_secs(1), 0.0);
/// assert_eq!(window.average(Timestamp::from_secs(1)), 3.0);
/// assert!(window.is_empty(Timestamp::from_secs(62)));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bucketed {
    average: Average,
    window_ms: i64,
    /// Whole granularities in the window: after more silent buckets than this it is empty.
    whole: i64,
    coefficient: f64,
    slots: Vec<f64>,
    /// The slot of the newest bucket.
    head: usize,
    total: f64,
    first: Option<i64>,
    written: bool,
    newest: Cursor,
}

/// Equal if they hold the same, wherever in the ring it stands.
impl PartialEq for Bucketed {
    fn eq(&self, other: &Self) -> bool {
        let same_shape = self.average == other.average
            && self.window_ms == other.window_ms
            && self.newest.granularity_ms() == other.newest.granularity_ms();
        same_shape
            && self.written == other.written
            && (!self.written || self.newest == other.newest)
            && self.first == other.first
            && self.total == other.total
            && (0..self.slots.len() as i64)
                .all(|back| self.slots[self.slot_back(back)] == other.slots[other.slot_back(back)])
    }
}

impl Bucketed {
    /// An empty window over the last `window`, cut into buckets of `granularity`.
    ///
    /// | parameter | range | unit |
    /// |---|---|---|
    /// | `window` | more than 0, at most 1,048,576 buckets | whole milliseconds |
    /// | `granularity` | 1 s to 1 day, dividing a day | whole seconds |
    ///
    /// # Errors
    /// If a parameter is out of its range.
    pub fn new(window: Duration, granularity: Duration, average: Average) -> Result<Self, ConfigError> {
        let granularity_ms = checked_granularity(granularity)?;
        let (window_ms, buckets) = checked_window(window, granularity_ms)?;
        Ok(Self {
            average,
            window_ms,
            whole: window_ms / granularity_ms,
            coefficient: smoothing_coefficient(buckets),
            slots: vec![0.0; buckets],
            head: 0,
            total: 0.0,
            first: None,
            written: false,
            newest: Cursor::new(granularity_ms),
        })
    }

    /// The span that the window looks back.
    #[must_use]
    pub fn window(&self) -> Duration {
        Duration::from_millis(self.window_ms.unsigned_abs())
    }

    /// How its buckets become one number.
    #[must_use]
    pub fn kind(&self) -> Average {
        self.average
    }

    /// Adds `value` to the bucket of `at`. A value from before the window is ignored.
    #[inline]
    pub fn record(&mut self, at: Timestamp, value: f64) {
        let n = self.slots.len() as i64;
        let steps = if self.written { self.newest.steps_to(at) } else { i64::MAX };
        let slot = if steps == 0 {
            self.head
        } else if steps > 0 {
            self.advance(at, steps, n);
            self.head
        } else {
            if -steps >= n {
                return;
            }
            let index = self.newest.index() + steps;
            self.first = Some(self.first.map_or(index, |first| first.min(index)));
            self.slot_back(-steps)
        };
        self.slots[slot] += value;
        self.total += value;
    }

    /// Moves the newest bucket on to that of `at`, clearing what time passed over.
    fn advance(&mut self, at: Timestamp, steps: i64, n: i64) {
        if steps >= n {
            self.slots.fill(0.0);
            self.total = 0.0;
            self.head = 0;
            self.newest = self.newest.on(at.as_millis().div_euclid(self.newest.granularity_ms()));
            self.first = Some(self.newest.index());
            self.written = true;
            return;
        }
        for _ in 0..steps {
            self.head = if self.head + 1 == self.slots.len() { 0 } else { self.head + 1 };
            self.total -= self.slots[self.head];
            self.slots[self.head] = 0.0;
        }
        self.newest = self.newest.moved(steps);
        self.first = self.first.or(Some(self.newest.index()));
    }

    /// The slot `back` buckets before the newest; `back` is less than the number of slots.
    fn slot_back(&self, back: i64) -> usize {
        let back = back as usize;
        if back <= self.head { self.head - back } else { self.head + self.slots.len() - back }
    }

    /// The average as of `at`: 0 if nothing was ever recorded or a whole window has passed since.
    ///
    /// Silence at the end does not count as zeros in a linear average: it shortens the span that is averaged. In a
    /// weighted one it counts as zeros, as does the time before the first value.
    #[must_use]
    #[inline]
    pub fn average(&self, at: Timestamp) -> f64 {
        if !self.written {
            return 0.0;
        }
        let silent = self.newest.steps_to(at).max(0);
        match self.average {
            Average::Linear => self.linear(silent),
            Average::WeightedExponential => self.weighted(silent),
        }
    }

    fn linear(&self, silent: i64) -> f64 {
        let n = self.slots.len() as i64;
        if silent >= n {
            return 0.0;
        }
        let mut rest = self.total;
        let mut slot = self.head;
        for _ in 0..silent {
            slot = if slot + 1 == self.slots.len() { 0 } else { slot + 1 };
            rest -= self.slots[slot];
        }
        let span = self.first.map_or(n, |first| self.newest.index() - first + 1);
        round6(rest / span.min(n - silent) as f64)
    }

    fn weighted(&self, silent: i64) -> f64 {
        if silent > self.whole {
            return 0.0;
        }
        let decay = 1.0 - self.coefficient;
        let mut weight = self.coefficient;
        if silent > 0 {
            weight *= libm::pow(decay, silent as f64);
        }
        let counted = self.slots.len() - silent as usize;
        // Weights below the smallest normal number cannot change a sum of finite values that a caller could tell apart.
        let least = if self.total.is_finite() { f64::MIN_POSITIVE } else { 0.0 };
        let mut sum = 0.0;
        let newer = &self.slots[..=self.head];
        let older = &self.slots[self.head + 1..];
        let from_newer = counted.min(newer.len());
        for run in [&newer[newer.len() - from_newer..], &older[older.len() - (counted - from_newer)..]] {
            for value in run.iter().rev() {
                if weight < least {
                    return sum;
                }
                sum += value * weight;
                weight *= decay;
            }
        }
        sum
    }

    /// Whether nothing was ever recorded, or longer ago than the window. At exactly a window's length the window is not
    /// empty yet, but averages 0.
    #[must_use]
    #[inline]
    pub fn is_empty(&self, at: Timestamp) -> bool {
        !self.written || self.newest.steps_to(at) > self.whole
    }

    /// The first instant after `at` at which the average or [`Bucketed::is_empty`] can change without a new value: the
    /// next bucket boundary while the window holds something. Never later than the change, possibly earlier.
    #[must_use]
    pub fn next_change_at(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_empty(at) {
            return None;
        }
        let next = self.newest.index() + self.newest.steps_to(at).max(0) + 1;
        Some(self.newest.start_of(next))
    }

    /// Changes the length of the window as of `now`, keeping its newest buckets.
    ///
    /// Afterwards a linear average divides by the old number of buckets as if the old window had been full, and a window
    /// that had expired forgets its values but not when the last one came: both as upstream does.
    ///
    /// # Errors
    /// If `window` is out of the range of [`Bucketed::new`]; nothing has changed then.
    pub fn resize(&mut self, window: Duration, now: Timestamp) -> Result<(), ConfigError> {
        let (window_ms, buckets) = checked_window(window, self.newest.granularity_ms())?;
        if window_ms == self.window_ms {
            return Ok(());
        }
        let old_buckets = self.slots.len();
        let mut slots = vec![0.0; buckets];
        let mut total = 0.0;
        let mut first = None;
        let mut head = 0;
        if self.written && self.newest.steps_to(now) <= self.whole {
            let kept = old_buckets.min(buckets);
            for back in 0..kept {
                let value = self.slots[self.slot_back(back as i64)];
                slots[kept - 1 - back] = value;
                total += value;
            }
            head = kept - 1;
            first = Some(self.newest.index() - (old_buckets as i64 - 1));
        }
        self.slots = slots;
        self.total = total;
        self.first = first;
        self.head = head;
        self.window_ms = window_ms;
        self.whole = window_ms / self.newest.granularity_ms();
        self.coefficient = smoothing_coefficient(buckets);
        Ok(())
    }

    /// Writes everything the window remembers, and its kind of average, which outlives a change of configuration.
    pub fn save(&self, out: &mut StateWriter) {
        out.put("average", self.average.name());
        out.put("window_ms", self.window_ms);
        out.put("granularity_ms", self.newest.granularity_ms());
        out.put("first", self.first);
        out.put("last", self.written.then(|| self.newest.index()));
        out.put("total", self.total);
        let n = self.slots.len() as i64;
        out.put("buckets", Value::list((0..n).rev().map(|back| self.slots[self.slot_back(back)])));
    }

    /// Takes over what [`Bucketed::save`] wrote for a window of the same length and granularity.
    ///
    /// # Errors
    /// If a field is missing, out of range, or belongs to another window; nothing has changed then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let name = from.text("average")?;
        let average = [Average::Linear, Average::WeightedExponential]
            .into_iter()
            .find(|average| average.name() == name)
            .ok_or_else(|| from.invalid("average", name, "linear or weighted_exponential"))?;
        for (field, present) in
            [("window_ms", self.window_ms), ("granularity_ms", self.newest.granularity_ms())]
        {
            let found = from.int(field)?;
            if found != present {
                return Err(from.invalid(field, found, format!("{present}, as the window has")));
            }
        }
        let (first, last) = (from.opt_int("first")?, from.opt_int("last")?);
        if let Some(last) = last
            && !self.newest.reaches(last)
        {
            return Err(from.invalid("last", last, "a bucket that time can reach"));
        }
        if let Some(first) = first
            && !(self.newest.reaches(first) && last.is_some_and(|last| first <= last))
        {
            return Err(from.invalid("first", first, "a bucket not after the last one"));
        }
        let total = from.float("total")?;
        let slots = from.floats("buckets")?;
        if slots.len() != self.slots.len() {
            let expected = format!("{} buckets", self.slots.len());
            return Err(from.invalid("buckets", format!("{} buckets", slots.len()), expected));
        }
        self.average = average;
        self.head = slots.len() - 1;
        self.slots = slots;
        self.total = total;
        self.first = first;
        self.written = last.is_some();
        self.newest = self.newest.on(last.unwrap_or(0));
        Ok(())
    }
}

fn checked_granularity(granularity: Duration) -> Result<i64, ConfigError> {
    let ms = millis(granularity);
    let whole_seconds = granularity.subsec_nanos() == 0;
    if !whole_seconds || ms == 0 || 86_400_000 % ms != 0 {
        let allowed = "a whole number of seconds that divides a day";
        return Err(ConfigError::new("granularity", format!("{granularity:?}"), allowed));
    }
    Ok(ms)
}

fn checked_window(window: Duration, granularity_ms: i64) -> Result<(i64, usize), ConfigError> {
    let ms = millis(window);
    let buckets = ms / granularity_ms + i64::from(ms % granularity_ms != 0);
    if !window.subsec_nanos().is_multiple_of(1_000_000) || buckets == 0 || buckets > MAX_BUCKETS {
        let allowed = format!("whole milliseconds, more than 0, at most {MAX_BUCKETS} buckets");
        return Err(ConfigError::new("window", format!("{window:?}"), allowed));
    }
    Ok((ms, buckets as usize))
}

#[cfg(test)]
mod tests;
