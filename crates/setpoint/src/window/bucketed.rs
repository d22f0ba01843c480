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
    if window.subsec_nanos() % 1_000_000 != 0 || buckets == 0 || buckets > MAX_BUCKETS {
        let allowed = format!("whole milliseconds, more than 0, at most {MAX_BUCKETS} buckets");
        return Err(ConfigError::new("window", format!("{window:?}"), allowed));
    }
    Ok((ms, buckets as usize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secs(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    fn at(s: i64) -> Timestamp {
        Timestamp::from_secs(s)
    }

    fn window(s: u64, kind: Average) -> Bucketed {
        Bucketed::new(secs(s), secs(1), kind).unwrap()
    }

    #[test]
    fn silence_shortens_the_linear_span_until_the_window_has_passed() {
        let mut w = window(60, Average::Linear);
        assert!(w.is_empty(at(0)));
        w.record(at(0), 10.0);
        for s in 0..60 {
            assert_eq!(w.average(at(s)), 10.0, "second {s}");
        }
        assert_eq!((w.average(at(60)), w.is_empty(at(60))), (0.0, false));
        assert!(w.is_empty(at(61)));
    }

    #[test]
    fn one_sample_is_a_fifth_of_itself_in_a_weighted_minute() {
        let mut w = window(60, Average::WeightedExponential);
        w.record(at(0), 10.0);
        assert_eq!(w.average(at(0)), 2.0);
        assert_eq!(w.average(at(-5)), 2.0);
        assert!((w.average(at(1)) - 1.6).abs() < 1e-12);
    }

    #[test]
    fn late_values_count_in_their_bucket_or_not_at_all() {
        let mut w = window(5, Average::Linear);
        w.record(at(10), 1.0);
        w.record(at(6), 2.0);
        assert_eq!(w.average(at(10)), 0.6, "five buckets since second 6");
        w.record(at(5), 100.0);
        assert_eq!(w.average(at(10)), 0.6, "second 5 is out of the window");
        w.record(at(11), 0.0);
        assert_eq!(w.average(at(11)), 0.2, "second 6 has left");
    }

    #[test]
    fn a_resize_that_keeps_data_divides_by_the_old_bucket_count() {
        let mut w = window(10, Average::Linear);
        w.record(at(0), 10.0);
        w.resize(secs(20), at(0)).unwrap();
        assert_eq!(w.average(at(0)), 1.0);
        w.resize(secs(4), at(0)).unwrap();
        assert_eq!(w.average(at(0)), 2.5);
    }

    #[test]
    fn a_resize_after_expiry_forgets_values_but_not_the_last_bucket() {
        let mut w = window(5, Average::Linear);
        w.record(at(0), 10.0);
        w.resize(secs(60), at(6)).unwrap();
        assert_eq!((w.average(at(6)), w.is_empty(at(6))), (0.0, false));
        w.record(at(0), 6.0);
        assert_eq!(w.average(at(0)), 0.1, "without a first bucket the whole window counts");
        let mut kept = window(5, Average::Linear);
        kept.record(at(0), 10.0);
        kept.resize(secs(60), at(5)).unwrap();
        assert_eq!(kept.average(at(5)), 2.0, "at exactly the window's length the data is kept");
    }

    #[test]
    fn a_weighted_window_gets_a_new_coefficient_with_its_new_length() {
        let mut w = window(60, Average::WeightedExponential);
        w.record(at(0), 10.0);
        w.resize(secs(1), at(0)).unwrap();
        assert_eq!(w.average(at(0)), 9.999);
    }

    #[test]
    fn refuses_what_it_cannot_cut() {
        let make = |w, g| Bucketed::new(w, g, Average::Linear);
        assert_eq!(make(Duration::ZERO, secs(1)).unwrap_err().field, "window");
        assert!(make(Duration::MAX, secs(1)).is_err());
        assert!(make(Duration::from_micros(1_500), secs(1)).is_err());
        for g in
            [Duration::ZERO, Duration::from_millis(500), Duration::from_millis(1_500), secs(7), Duration::MAX]
        {
            assert_eq!(make(secs(60), g).unwrap_err().field, "granularity", "{g:?}");
        }
        let mut w = window(60, Average::Linear);
        assert!(w.resize(Duration::ZERO, at(0)).is_err());
        assert_eq!(w.window(), secs(60));
    }

    #[test]
    fn extreme_instants_do_not_overflow() {
        for kind in [Average::Linear, Average::WeightedExponential] {
            let mut w = window(60, kind);
            for t in [Timestamp::MAX, Timestamp::MIN, Timestamp::MAX, at(0)] {
                w.record(t, 1.0);
                assert!(w.average(t) >= 0.0);
                let _ = (w.average(Timestamp::MIN), w.average(Timestamp::MAX), w.is_empty(t));
                let _ = w.next_change_at(t);
            }
            let mut early = window(60, kind);
            early.record(Timestamp::MIN, 1.0);
            early.record(Timestamp::MAX, 3.0);
            assert_eq!(early.average(Timestamp::MAX), if kind == Average::Linear { 3.0 } else { 3.0 * 0.2 });
        }
    }

    #[test]
    fn hostile_state_is_refused_and_changes_nothing() {
        let mut good = window(3, Average::Linear);
        good.record(at(7), 4.0);
        let saved = |change: &dyn Fn(&mut Vec<(String, Value)>)| {
            let mut out = StateWriter::default();
            good.save(&mut out);
            let Value::Map(mut fields) = out.finish() else { unreachable!() };
            change(&mut fields);
            Value::Map(fields)
        };
        let set = |name: &'static str, value: Value| {
            saved(&move |fields| {
                fields.iter_mut().find(|(n, _)| n == name).unwrap().1 = value.clone();
            })
        };
        let before = good.clone();
        for bad in [
            set("average", "median".into()),
            set("window_ms", 4_000_i64.into()),
            set("granularity_ms", 2_000_i64.into()),
            set("last", i64::MAX.into()),
            set("last", Value::Null),
            set("first", i64::MIN.into()),
            set("first", 8_i64.into()),
            set("total", "much".into()),
            set("buckets", vec![1.0].into()),
            saved(&|fields| {
                fields.pop();
            }),
        ] {
            let mut target = good.clone();
            assert!(target.restore(&StateReader::new("w", &bad).unwrap()).is_err(), "{bad:?}");
            assert_eq!(target, before);
        }
    }

    #[derive(Clone, Debug)]
    enum Op {
        Record(i64, f64),
        Resize(u64),
    }

    fn ops() -> impl Strategy<Value = Vec<(i64, Op)>> {
        let op = prop_oneof![
            8 => (-4_i64..3, 0.0..100.0_f64).prop_map(|(late, v)| Op::Record(late, v)),
            1 => (1_u64..12).prop_map(Op::Resize),
        ];
        proptest::collection::vec((0_i64..4, op), 1..60)
    }

    proptest! {
        #[test]
        fn a_restored_window_goes_on_as_the_original(ops in ops(), weighted in any::<bool>()) {
            let kind = if weighted { Average::WeightedExponential } else { Average::Linear };
            let mut plain = window(6, kind);
            let mut length = 6;
            let mut copy = plain.clone();
            let mut now = 0;
            for (step, op) in ops {
                now += step;
                let mut out = StateWriter::default();
                copy.save(&mut out);
                let value = out.finish();
                copy = window(length, kind);
                copy.restore(&StateReader::new("w", &value).unwrap()).unwrap();
                match op {
                    Op::Record(late, v) => {
                        plain.record(at(now + late), v);
                        copy.record(at(now + late), v);
                    }
                    Op::Resize(to) => {
                        length = to;
                        plain.resize(secs(to), at(now)).unwrap();
                        copy.resize(secs(to), at(now)).unwrap();
                    }
                }
                for t in now - 2..now + 14 {
                    prop_assert_eq!(plain.average(at(t)).to_bits(), copy.average(at(t)).to_bits());
                    prop_assert_eq!(plain.is_empty(at(t)), copy.is_empty(at(t)));
                }
            }
        }

        #[test]
        fn nothing_changes_before_it_is_announced(ops in ops(), weighted in any::<bool>()) {
            let kind = if weighted { Average::WeightedExponential } else { Average::Linear };
            let mut w = window(6, kind);
            let mut now = 0;
            for (step, op) in ops {
                now += step;
                match op {
                    Op::Record(late, v) => w.record(at(now + late), v),
                    Op::Resize(to) => w.resize(secs(to), at(now)).unwrap(),
                }
                let here = Timestamp::from_millis(now * 1_000 + 250);
                let change = w.next_change_at(here).unwrap_or(Timestamp::from_secs(now + 100));
                prop_assert!(change > here);
                let mut t = here;
                while t < change {
                    prop_assert_eq!(w.average(t).to_bits(), w.average(here).to_bits());
                    prop_assert_eq!(w.is_empty(t), w.is_empty(here));
                    t = t + Duration::from_millis(250);
                }
            }
        }
    }
}
