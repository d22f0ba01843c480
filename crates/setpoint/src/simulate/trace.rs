//! A recorded or generated load: equal bins of requests and of the work that they bring. No file is read here; callers hand in
//! columns. A bin that is not known is said to be missing and is never 0. Source: ours (`docs/simulation.md`).

use crate::error::ConfigError;
use crate::time;
use core::time::Duration;

/// How much work a request brings: a linear service time in slot-milliseconds.
///
/// | setting | default | range | unit |
/// |---|---|---|---|
/// | `per_request_ms` | required | 0 to 10^9 | slot-ms per request |
/// | `per_prompt_token_ms` | 0 | 0 to 10^9 | slot-ms per token read |
/// | `per_output_token_ms` | 0 | 0 to 10^9 | slot-ms per token generated |
///
/// Coefficients that are small dyadic fractions (0.25, 20, 200) keep all sums exact.
///
/// ```
/// use setpoint::simulate::Work;
/// let work = Work::per_request_ms(200.0)?.and_per_token_ms(0.25, 20.0)?;
/// assert_eq!(work.of(2.0, 400.0, 50.0), 1_500.0);
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "RawWork"))]
pub struct Work {
    per_request_ms: f64,
    per_prompt_token_ms: f64,
    per_output_token_ms: f64,
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWork {
    per_request_ms: f64,
    #[serde(default)]
    per_prompt_token_ms: f64,
    #[serde(default)]
    per_output_token_ms: f64,
}

#[cfg(feature = "serde")]
impl TryFrom<RawWork> for Work {
    type Error = ConfigError;
    fn try_from(raw: RawWork) -> Result<Self, ConfigError> {
        Self::per_request_ms(raw.per_request_ms)?
            .and_per_token_ms(raw.per_prompt_token_ms, raw.per_output_token_ms)
    }
}

impl Work {
    /// The same work for every request.
    ///
    /// # Errors
    /// If `slot_ms` is not a number from 0 to 10^9.
    pub fn per_request_ms(slot_ms: f64) -> Result<Self, ConfigError> {
        let per_request_ms = coefficient("per_request_ms", slot_ms)?;
        Ok(Self { per_request_ms, per_prompt_token_ms: 0.0, per_output_token_ms: 0.0 })
    }

    /// Work for every token read and every token generated on top.
    ///
    /// # Errors
    /// If one of them is not a number from 0 to 10^9.
    pub fn and_per_token_ms(mut self, prompt: f64, output: f64) -> Result<Self, ConfigError> {
        self.per_prompt_token_ms = coefficient("per_prompt_token_ms", prompt)?;
        self.per_output_token_ms = coefficient("per_output_token_ms", output)?;
        Ok(self)
    }

    /// The work of so many requests with so many tokens, in slot-milliseconds.
    #[must_use]
    pub fn of(&self, requests: f64, prompt_tokens: f64, output_tokens: f64) -> f64 {
        self.per_request_ms * requests
            + self.per_prompt_token_ms * prompt_tokens
            + self.per_output_token_ms * output_tokens
    }

    /// The coefficients per request, per token read and per token generated, in slot-milliseconds.
    #[must_use]
    pub const fn coefficients(&self) -> (f64, f64, f64) {
        (self.per_request_ms, self.per_prompt_token_ms, self.per_output_token_ms)
    }
}

fn coefficient(field: &'static str, value: f64) -> Result<f64, ConfigError> {
    if (0.0..=1e9).contains(&value) {
        Ok(value)
    } else {
        Err(ConfigError::new(field, value, "a number from 0 to 10^9 slot-milliseconds"))
    }
}

/// What arrived in one bin. A rate times a width need not be whole, so these are doubles.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Arrivals {
    /// Requests.
    pub requests: f64,
    /// Tokens read, summed over the requests.
    pub prompt_tokens: f64,
    /// Tokens generated, summed over the requests.
    pub output_tokens: f64,
}

/// The load of one bin as the simulation sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Load {
    pub(super) requests: f64,
    pub(super) work_ms: f64,
}

/// Equal bins of requests and their work.
///
/// A missing bin is played as the last known one before it (the first known one where there is none before): load does not pause
/// because a counter failed. It is counted in the report, and a policy sees no sample of it.
///
/// ```
/// use core::time::Duration;
/// use setpoint::simulate::{Trace, Work};
/// let work = Work::per_request_ms(250.0)?;
/// let trace = Trace::from_counts("toy", Duration::from_secs(10), [Some(4.0), None, Some(8.0)], &work)?;
/// assert_eq!((trace.len(), trace.missing().len()), (3, 1));
/// assert_eq!(trace.requests(1), None);
/// assert_eq!(trace.work_ms(2), Some(2_000.0));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    name: String,
    step_ms: i64,
    work: Work,
    loads: Vec<Load>,
    missing: Vec<usize>,
    hash: u64,
}

/// The largest count of one bin: beyond it a double no longer tells neighbours apart.
const MOST: f64 = 9_007_199_254_740_992.0;
/// The longest bin: 366 days.
const LONGEST_STEP_MS: i64 = 366 * 86_400_000;

impl Trace {
    /// Bins of `step` from counts of requests; `None` is a missing bin.
    ///
    /// # Errors
    /// If `step` is not whole milliseconds from 1 ms to 366 days, a count is negative, not finite or beyond 2^53, or no bin is known.
    pub fn from_counts(
        name: impl Into<String>,
        step: Duration,
        counts: impl IntoIterator<Item = Option<f64>>,
        work: &Work,
    ) -> Result<Self, ConfigError> {
        let bins = counts
            .into_iter()
            .map(|count| count.map(|requests| Arrivals { requests, prompt_tokens: 0.0, output_tokens: 0.0 }));
        Self::from_arrivals(name, step, bins, work)
    }

    /// Bins of `step` from columns of requests and tokens; `None` is a missing bin.
    ///
    /// # Errors
    /// As [`from_counts`](Self::from_counts).
    pub fn from_arrivals(
        name: impl Into<String>,
        step: Duration,
        bins: impl IntoIterator<Item = Option<Arrivals>>,
        work: &Work,
    ) -> Result<Self, ConfigError> {
        let bins = bins.into_iter();
        let mut loads: Vec<Load> = Vec::with_capacity(bins.size_hint().0);
        let mut missing = Vec::new();
        for (i, bin) in bins.enumerate() {
            loads.push(match bin {
                Some(bin) => load(i, &bin, work)?,
                None => {
                    missing.push(i);
                    loads.last().copied().unwrap_or(Load { requests: 0.0, work_ms: 0.0 })
                }
            });
        }
        let known = (0..loads.len()).zip(missing.iter().copied().chain([usize::MAX]));
        let lead = known.take_while(|(i, gap)| i == gap).count();
        let Some(first) = loads.get(lead).copied() else {
            return Err(ConfigError::new("bins", loads.len(), "at least one that is not missing"));
        };
        loads[..lead].fill(first);
        Self::assemble(name.into(), step, *work, loads, missing)
    }

    fn assemble(
        name: String,
        step: Duration,
        work: Work,
        loads: Vec<Load>,
        missing: Vec<usize>,
    ) -> Result<Self, ConfigError> {
        let step_ms = time::millis(step);
        if !(1..=LONGEST_STEP_MS).contains(&step_ms) || Duration::from_millis(step_ms.unsigned_abs()) != step
        {
            let allowed = "whole milliseconds from 1 ms to 366 days";
            return Err(ConfigError::new("step", format_args!("{step:?}"), allowed));
        }
        let mut trace = Self { name, step_ms, work, loads, missing, hash: 0 };
        trace.hash = trace.fingerprint();
        Ok(trace)
    }

    /// The same trace with all of its load multiplied by `factor`.
    ///
    /// # Errors
    /// If `factor` is not a positive number, or a bin would exceed 2^53 requests.
    pub fn scaled(&self, factor: f64) -> Result<Self, ConfigError> {
        if !(factor.is_finite() && factor > 0.0) {
            return Err(ConfigError::new("factor", factor, "a positive number"));
        }
        let mut trace = self.clone();
        for (i, load) in trace.loads.iter_mut().enumerate() {
            load.requests = count(i, "requests", load.requests * factor)?;
            load.work_ms *= factor;
        }
        trace.hash = trace.fingerprint();
        Ok(trace)
    }

    /// The same load in bins that are `parts` times as narrow, spread evenly: for policies that decide more often than the trace was
    /// sampled.
    ///
    /// # Errors
    /// If `parts` is 0 or does not divide the width of a bin.
    pub fn split(&self, parts: u32) -> Result<Self, ConfigError> {
        let n = i64::from(parts);
        if n == 0 || self.step_ms % n != 0 {
            let allowed = format!("a divisor of the width of a bin ({} ms)", self.step_ms);
            return Err(ConfigError::new("parts", parts, allowed));
        }
        let share = f64::from(parts);
        let part = |load: &Load| Load { requests: load.requests / share, work_ms: load.work_ms / share };
        let spread = parts as usize;
        let loads = self.loads.iter().flat_map(|load| core::iter::repeat_n(part(load), spread)).collect();
        let missing = self.missing.iter().flat_map(|i| i * spread..(i + 1) * spread).collect();
        let step = Duration::from_millis((self.step_ms / n).unsigned_abs());
        Self::assemble(self.name.clone(), step, self.work, loads, missing)
    }

    /// A name for reports.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The width of a bin.
    #[must_use]
    pub const fn step(&self) -> Duration {
        Duration::from_millis(self.step_ms.unsigned_abs())
    }

    /// The number of bins, which is never 0.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a trace is never empty")]
    pub fn len(&self) -> usize {
        self.loads.len()
    }

    /// The time from the start of the first bin to the end of the last.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_millis((self.step_ms as u64).saturating_mul(self.loads.len() as u64))
    }

    /// What the work was computed with.
    #[must_use]
    pub const fn work(&self) -> Work {
        self.work
    }

    /// The requests of a bin; `None` where it is missing or beyond the end.
    #[must_use]
    pub fn requests(&self, bin: usize) -> Option<f64> {
        self.known(bin).map(|load| load.requests)
    }

    /// The work that arrives in a bin, in slot-milliseconds; `None` where it is missing or beyond the end.
    #[must_use]
    pub fn work_ms(&self, bin: usize) -> Option<f64> {
        self.known(bin).map(|load| load.work_ms)
    }

    /// The missing bins, ascending.
    #[must_use]
    pub fn missing(&self) -> &[usize] {
        &self.missing
    }

    /// FNV-1a (64 bits) over the width, the loads and the missing bins: equal traces have equal hashes on every machine.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) const fn step_ms(&self) -> i64 {
        self.step_ms
    }

    pub(super) fn loads(&self) -> &[Load] {
        &self.loads
    }

    fn known(&self, bin: usize) -> Option<&Load> {
        self.loads.get(bin).filter(|_| self.missing.binary_search(&bin).is_err())
    }

    fn fingerprint(&self) -> u64 {
        let mut hash = Fnv::default();
        hash.write(&self.step_ms.to_le_bytes());
        for load in &self.loads {
            hash.write(&load.requests.to_bits().to_le_bytes());
            hash.write(&load.work_ms.to_bits().to_le_bytes());
        }
        for i in &self.missing {
            hash.write(&(*i as u64).to_le_bytes());
        }
        hash.finish()
    }
}

fn load(i: usize, bin: &Arrivals, work: &Work) -> Result<Load, ConfigError> {
    let requests = count(i, "requests", bin.requests)?;
    let prompt = count(i, "prompt_tokens", bin.prompt_tokens)?;
    let output = count(i, "output_tokens", bin.output_tokens)?;
    Ok(Load { requests, work_ms: work.of(requests, prompt, output) })
}

fn count(i: usize, what: &str, value: f64) -> Result<f64, ConfigError> {
    if (0.0..=MOST).contains(&value) {
        // A negative zero would make equal traces differ in their bytes.
        Ok(value + 0.0)
    } else {
        Err(ConfigError::new(format!("bins[{i}].{what}"), value, "a number from 0 to 2^53"))
    }
}

/// FNV-1a, 64 bits: not against malice, but against mixing up inputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    pub(super) fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub(super) const fn finish(self) -> u64 {
        self.0
    }
}

impl core::fmt::Write for Fnv {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.write(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_secs(10);

    fn work() -> Work {
        Work::per_request_ms(100.0).unwrap()
    }

    #[test]
    fn gaps_are_said_and_carry_the_last_known_load() {
        let trace = Trace::from_counts("t", STEP, [None, None, Some(3.0), None, Some(0.0)], &work()).unwrap();
        assert_eq!(trace.missing(), [0, 1, 3]);
        let played: Vec<f64> = trace.loads().iter().map(|l| l.requests).collect();
        assert_eq!(played, [3.0, 3.0, 3.0, 3.0, 0.0]);
        assert_eq!((trace.requests(3), trace.requests(4), trace.requests(5)), (None, Some(0.0), None));
    }

    #[test]
    fn what_cannot_be_a_trace_is_refused_by_name() {
        let refused = |bins: &[Option<f64>], step| {
            Trace::from_counts("t", step, bins.iter().copied(), &work()).unwrap_err().field.into_owned()
        };
        assert_eq!(refused(&[], STEP), "bins");
        assert_eq!(refused(&[None, None], STEP), "bins");
        assert_eq!(refused(&[Some(1.0), Some(-1.0)], STEP), "bins[1].requests");
        assert_eq!(refused(&[Some(f64::NAN)], STEP), "bins[0].requests");
        assert_eq!(refused(&[Some(f64::INFINITY)], STEP), "bins[0].requests");
        assert_eq!(refused(&[Some(1.0)], Duration::ZERO), "step");
        assert_eq!(refused(&[Some(1.0)], Duration::from_micros(1_500)), "step");
        assert_eq!(refused(&[Some(1.0)], Duration::MAX), "step");
        assert!(Work::per_request_ms(-1.0).is_err() && Work::per_request_ms(f64::NAN).is_err());
        assert!(work().and_per_token_ms(0.0, f64::INFINITY).is_err());
    }

    #[test]
    fn the_hash_tells_traces_apart() {
        let base = Trace::from_counts("a", STEP, [Some(1.0), Some(1.0)], &work()).unwrap();
        let renamed = Trace::from_counts("b", STEP, [Some(1.0), Some(1.0)], &work()).unwrap();
        let gap = Trace::from_counts("a", STEP, [Some(1.0), None], &work()).unwrap();
        let slower = Trace::from_counts("a", STEP * 2, [Some(1.0), Some(1.0)], &work()).unwrap();
        assert_eq!(base.hash(), renamed.hash());
        assert!(base.hash() != gap.hash() && base.hash() != slower.hash());
        assert_ne!(base.hash(), base.scaled(2.0).unwrap().hash());
    }

    #[test]
    fn splitting_keeps_the_load_and_the_gaps() {
        let trace = Trace::from_counts("t", STEP, [Some(6.0), None, Some(9.0)], &work()).unwrap();
        let fine = trace.split(2).unwrap();
        assert_eq!((fine.len(), fine.step(), fine.missing()), (6, STEP / 2, &[2, 3][..]));
        assert_eq!((fine.requests(0), fine.work_ms(5)), (Some(3.0), Some(450.0)));
        assert!(trace.split(0).is_err() && trace.split(7).is_err());
        assert!(trace.scaled(0.0).is_err() && trace.scaled(f64::NAN).is_err());
    }
}
