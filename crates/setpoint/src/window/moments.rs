//! Mean and variance of the samples of the last while. Two stacks make a queue: the newer samples are gathered as they come,
//! the older ones hold the moments of everything from themselves to the newest of them. Nothing is ever subtracted, so no
//! rounding error builds up, and recording takes constant time on average. It knows no distribution.
//!
//! Source of the formulas: B. P. Welford, Technometrics 4 (1962), 419-420, in the pairwise form of T. F. Chan, G. H. Golub and
//! R. J. LeVeque (1979). Late samples count as of the newest one.

use super::Width;
use crate::error::StateError;
use crate::state::{StateReader, StateWriter, Value};
use crate::time::Timestamp;
use core::time::Duration;

/// The most samples that a window holds. More within one width push the oldest out.
pub const MAX_SAMPLES: usize = 4096;

/// Count, mean and sum of squared deviations of some samples.
///
/// ```
/// use setpoint::window::Moments;
/// let moments = Moments::of(0.5).and(Moments::of(0.7)).and(Moments::of(0.6));
/// assert_eq!(moments.count(), 3);
/// assert!((moments.mean() - 0.6).abs() < 1e-15);
/// assert!((moments.deviation().unwrap_or(0.0) - 0.1).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    count: u32,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// The moments of one sample.
    #[must_use]
    pub const fn of(sample: f64) -> Self {
        Self { count: 1, mean: sample, squares: 0.0 }
    }

    /// The moments of both sets of samples together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self.count == 0 || other.count == 0 {
            return if self.count == 0 { other } else { self };
        }
        let count = self.count.saturating_add(other.count);
        let (a, b, n) = (f64::from(self.count), f64::from(other.count), f64::from(count));
        let apart = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + apart * (b / n),
            squares: self.squares + other.squares + apart * apart * (a * (b / n)),
        }
    }

    /// How many samples there are.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Their mean; 0 without samples.
    #[must_use]
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// The square root of the unbiased variance, which divides by one less than the count; `None` for fewer than two samples.
    #[must_use]
    pub fn deviation(&self) -> Option<f64> {
        (self.count >= 2).then(|| libm::sqrt(self.squares / f64::from(self.count - 1)))
    }
}

/// The samples of the last `width`, its edge included.
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Timestamp, window::MomentWindow};
///
/// let mut window = MomentWindow::new(Duration::from_secs(60));
/// for (at, sample) in [(0, 0.9), (30, 0.5), (60, 0.7)] {
///     window.append(Timestamp::from_secs(at), sample);
/// }
/// assert_eq!(window.moments().count(), 3);
/// window.expire(Timestamp::from_secs(61));
/// assert!((window.moments().mean() - 0.6).abs() < 1e-15);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MomentWindow {
    width: Width,
    /// The oldest sample last; each with the moments from it to the newest of this stack.
    older: Vec<(Timestamp, f64, Moments)>,
    newer: Vec<(Timestamp, f64)>,
    gathered: Moments,
    newest: Option<Timestamp>,
}

impl MomentWindow {
    /// An empty window.
    #[must_use]
    pub fn new(width: Duration) -> Self {
        Self {
            width: Width::new(width),
            older: Vec::new(),
            newer: Vec::new(),
            gathered: Moments::default(),
            newest: None,
        }
    }

    /// Samples held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.older.len() + self.newer.len()
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The moments of the samples held.
    #[must_use]
    pub fn moments(&self) -> Moments {
        self.older.last().map_or(self.gathered, |(_, _, moments)| moments.and(self.gathered))
    }

    /// Takes a sample in. One that is not finite is none.
    pub fn append(&mut self, now: Timestamp, sample: f64) {
        if !sample.is_finite() {
            return;
        }
        let now = self.newest.map_or(now, |newest| newest.max(now));
        self.expire(now);
        if self.len() >= MAX_SAMPLES {
            self.pop();
        }
        self.newer.push((now, sample));
        self.gathered = self.gathered.and(Moments::of(sample));
        self.newest = Some(now);
    }

    /// Lets go of what no longer counts at `now`.
    pub fn expire(&mut self, now: Timestamp) {
        while self.oldest().is_some_and(|at| !self.width.fresh(now, at)) {
            self.pop();
        }
    }

    /// The first instant at which a sample that is held no longer counts.
    #[must_use]
    pub fn next_change_at(&self) -> Option<Timestamp> {
        self.oldest().and_then(|at| self.width.ends(at))
    }

    fn oldest(&self) -> Option<Timestamp> {
        self.older.last().map(|(at, ..)| *at).or_else(|| self.newer.first().map(|(at, _)| *at))
    }

    fn pop(&mut self) {
        if self.older.is_empty() {
            self.turn(self.newer.len());
        }
        self.older.pop();
    }

    /// Moves the first `count` of the newer samples, which are all there are, to the older ones.
    fn turn(&mut self, count: usize) {
        let mut moments = Moments::default();
        for (at, sample) in self.newer.drain(..count).rev() {
            moments = Moments::of(sample).and(moments);
            self.older.push((at, sample, moments));
        }
        self.gathered = self.newer.iter().fold(Moments::default(), |m, (_, s)| m.and(Moments::of(*s)));
    }

    /// Saves what the window remembers.
    pub fn save(&self, out: &mut StateWriter) {
        let older = self.older.iter().rev().map(|(at, sample, _)| (*at, *sample));
        let samples =
            older.chain(self.newer.iter().copied()).map(|(at, s)| Value::list([Value::from(at), s.into()]));
        out.put("width_ms", self.width.as_millis());
        out.put("samples", Value::list(samples));
        out.put("older", self.older.len() as i64);
        out.put("newest", self.newest);
    }

    /// Takes up what another window of the same width saved.
    ///
    /// # Errors
    /// If the state belongs to a window of another width, is out of order, or is not whole. Nothing changes then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let width_ms = from.int("width_ms")?;
        if width_ms != self.width.as_millis() {
            return Err(from.invalid("width_ms", width_ms, self.width.as_millis().to_string()));
        }
        let samples = from.list("samples")?;
        if samples.len() > MAX_SAMPLES {
            return Err(from.invalid("samples", samples.len(), format!("at most {MAX_SAMPLES} samples")));
        }
        let read = |sample: &Value| match sample {
            Value::List(pair) => match pair.as_slice() {
                [Value::Int(at), Value::Float(s)] if s.is_finite() => Some((Timestamp::from_millis(*at), *s)),
                [Value::Int(at), Value::Int(s)] => Some((Timestamp::from_millis(*at), *s as f64)),
                _ => None,
            },
            _ => None,
        };
        let samples: Option<Vec<(Timestamp, f64)>> = samples.iter().map(read).collect();
        let samples =
            samples.filter(|s| s.windows(2).all(|pair| pair[0].0 <= pair[1].0)).ok_or_else(|| {
                from.invalid("samples", "something else", "times in order, each with a finite sample")
            })?;
        let older = usize::try_from(from.int("older")?).ok().filter(|older| *older <= samples.len());
        let Some(older) = older else {
            return Err(from.invalid("older", from.int("older")?, "a share of the samples"));
        };
        let newest = from.opt_timestamp("newest")?;
        if newest < samples.last().map(|(at, _)| *at) {
            return Err(from.invalid("newest", "an earlier instant", "no earlier than the newest sample"));
        }
        self.older.clear();
        self.newest = newest;
        self.newer = samples;
        self.turn(older);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(t: i64) -> Timestamp {
        Timestamp::from_millis(t)
    }

    fn window(width: u64) -> MomentWindow {
        MomentWindow::new(Duration::from_millis(width))
    }

    fn copy(of: &MomentWindow, width: u64) -> Result<MomentWindow, StateError> {
        let mut out = StateWriter::default();
        of.save(&mut out);
        let value = out.finish();
        let mut back = window(width);
        back.restore(&StateReader::new("window", &value)?)?;
        Ok(back)
    }

    #[test]
    fn the_variance_divides_by_one_less() {
        let mut w = window(100);
        assert_eq!(w.moments().deviation(), None);
        w.append(ms(0), 1.0);
        assert_eq!((w.moments().count(), w.moments().deviation()), (1, None));
        w.append(ms(1), 3.0);
        assert_eq!((w.moments().mean(), w.moments().deviation()), (2.0, Some(2.0_f64.sqrt())));
    }

    #[test]
    fn the_edge_counts_and_nothing_lingers() {
        let mut w = window(1_000);
        w.append(ms(5), 1.0);
        w.append(ms(6), 2.0);
        assert_eq!(w.next_change_at(), Some(ms(1_006)));
        w.expire(ms(1_005));
        assert_eq!(w.len(), 2);
        w.expire(ms(1_006));
        assert_eq!((w.len(), w.moments()), (1, Moments::of(2.0)));
        w.expire(ms(9_999));
        assert!(w.is_empty() && w.next_change_at().is_none());
        assert_eq!(w.moments(), Moments::default());
    }

    #[test]
    fn far_from_zero_the_spread_survives() {
        let mut w = window(1_000);
        for i in 0..1_000 {
            w.append(ms(i), 1e9 + f64::from(i as u32 % 2));
        }
        assert!((w.moments().deviation().unwrap() - 0.50025).abs() < 1e-4, "{:?}", w.moments());
    }

    #[test]
    fn what_is_not_finite_is_no_sample_and_late_ones_count_as_of_the_newest() {
        let mut w = window(100);
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            w.append(ms(0), bad);
        }
        assert!(w.is_empty());
        w.append(ms(500), 1.0);
        w.append(ms(3), 2.0);
        w.expire(ms(600));
        assert_eq!(w.len(), 2);
    }

    #[test]
    fn the_number_of_samples_is_bounded() {
        let mut w = window(1_000_000);
        for i in 0..3 * MAX_SAMPLES as i64 {
            w.append(ms(i), i as f64);
        }
        assert_eq!(w.len(), MAX_SAMPLES);
        let last = 3 * MAX_SAMPLES as i64 - 1;
        let mean = (last + last - MAX_SAMPLES as i64 + 1) as f64 / 2.0;
        assert!((w.moments().mean() / mean - 1.0).abs() < 1e-12);
    }

    #[test]
    fn hostile_state_is_refused_and_changes_nothing() {
        let mut w = window(100);
        w.append(ms(7), 0.5);
        let before = w.clone();
        let pair = |at: i64, s: Value| Value::list([Value::Int(at), s]);
        let state = |width: i64, samples: Vec<Value>, older: i64, newest: Option<i64>| {
            let mut out = StateWriter::default();
            out.put("width_ms", width);
            out.put("samples", Value::List(samples));
            out.put("older", older);
            out.put("newest", newest);
            out.finish()
        };
        let two = || vec![pair(1, 0.5.into()), pair(2, Value::Int(1))];
        let many = (0..=MAX_SAMPLES as i64).map(|t| pair(t, 0.5.into())).collect();
        for bad in [
            state(99, two(), 0, Some(2)),
            state(100, two(), 3, Some(2)),
            state(100, two(), -1, Some(2)),
            state(100, two(), 0, Some(1)),
            state(100, two(), 0, None),
            state(100, vec![pair(2, 0.5.into()), pair(1, 0.5.into())], 0, Some(2)),
            state(100, vec![pair(2, f64::NAN.into())], 0, Some(2)),
            state(100, vec![Value::Int(3)], 0, Some(2)),
            state(100, many, 0, Some(1_000_000)),
            Value::Map(vec![]),
        ] {
            assert!(w.restore(&StateReader::new("w", &bad).unwrap()).is_err(), "{bad:?}");
            assert_eq!(w, before);
        }
        w.restore(&StateReader::new("w", &state(100, two(), 1, Some(2))).unwrap()).unwrap();
        assert_eq!(w.moments().mean(), 0.75);
    }

    proptest! {
        #[test]
        fn it_agrees_with_two_passes_over_everything_and_with_its_own_copy(
            width in 1_u64..60, steps in prop::collection::vec((0_i64..15, 0.0..2.0), 1..80),
        ) {
            let mut w = window(width);
            let mut all: Vec<(i64, f64)> = Vec::new();
            let mut now = 0;
            for (gap, sample) in steps {
                now += gap;
                w.append(ms(now), sample);
                all.push((now, sample));
                all.retain(|(at, _)| at + width as i64 >= now);
                let n = all.len() as f64;
                let mean = all.iter().map(|(_, s)| s).sum::<f64>() / n;
                let squares = all.iter().map(|(_, s)| (s - mean).powi(2)).sum::<f64>();
                let got = w.moments();
                prop_assert_eq!(got.count() as usize, all.len());
                prop_assert!((got.mean() - mean).abs() < 1e-12);
                if let Some(deviation) = got.deviation() {
                    prop_assert!((deviation - (squares / (n - 1.0)).sqrt()).abs() < 1e-9);
                }
                prop_assert_eq!(&copy(&w, width).unwrap(), &w);
            }
        }
    }
}
