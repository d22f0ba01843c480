//! The two windows of one metric. They are fed together and read together.
//!
//! Source of the rule: `vllm-project/aibrix`, `pkg/controller/podautoscaler/metrics/client.go`, commit
//! `e3e10f9e4aebe9aac5e7d992fb87d2648e01628b`. The rule of one window is in [`LatestBuckets`].

use super::evaluate::Load;
use crate::error::{ConfigError, StateError};
use crate::state::{StateReader, StateWriter};
use crate::time::Timestamp;
use crate::window::LatestBuckets;
use core::time::Duration;

/// The length of a bucket.
const GRANULARITY: Duration = Duration::from_secs(1);

/// The stable and the panic window of a metric.
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Timestamp, aibrix::Windows};
/// let mut windows = Windows::new(Duration::from_secs(180), Duration::from_secs(60))?;
/// windows.record(Timestamp::from_secs(0), 10.0);
/// windows.record(Timestamp::from_secs(100), 30.0);
/// let load = windows.load();
/// assert_eq!((load.stable, load.panic), (20.0, 30.0));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    stable: LatestBuckets,
    panic: LatestBuckets,
}

impl Windows {
    /// Two empty windows of whole milliseconds.
    ///
    /// # Errors
    /// If a window has no length or is too long for its buckets.
    pub fn new(stable: Duration, panic: Duration) -> Result<Self, ConfigError> {
        Ok(Self {
            stable: LatestBuckets::new(stable, GRANULARITY).map_err(|e| e.within("stable"))?,
            panic: LatestBuckets::new(panic, GRANULARITY).map_err(|e| e.within("panic"))?,
        })
    }

    /// Takes a value in at `at`.
    pub fn record(&mut self, at: Timestamp, value: f64) {
        self.stable.record(at, value);
        self.panic.record(at, value);
    }

    /// The averages; 0 where nothing was ever recorded, as in upstream.
    #[must_use]
    pub fn load(&self) -> Load {
        Load { stable: self.stable.average().unwrap_or(0.0), panic: self.panic.average().unwrap_or(0.0) }
    }

    /// Buckets in the stable window.
    #[must_use]
    pub fn buckets(&self) -> u32 {
        u32::try_from(self.stable.len()).unwrap_or(u32::MAX)
    }

    /// Whether nothing was ever recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stable.is_empty()
    }

    /// The first instant after `at` at which another value makes another bucket; `None` where time ends first.
    #[must_use]
    pub fn next_bucket_at(&self, at: Timestamp) -> Option<Timestamp> {
        self.stable.next_bucket_at(at)
    }

    /// Saves what both remember.
    pub fn save(&self, out: &mut StateWriter) {
        out.nest("stable", |out| self.stable.save(out));
        out.nest("panic", |out| self.panic.save(out));
    }

    /// Takes up what windows of the same lengths saved.
    ///
    /// # Errors
    /// If either does not fit. Nothing changes then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let mut next = self.clone();
        next.stable.restore(&from.nested("stable")?)?;
        next.panic.restore(&from.nested("panic")?)?;
        if next.stable.is_empty() != next.panic.is_empty() {
            return Err(from.invalid(
                "panic",
                "another number of buckets",
                "empty where stable is, and only there",
            ));
        }
        *self = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn a_window_never_fed_reads_zero() {
        let windows = Windows::new(seconds(180), seconds(60)).unwrap();
        assert_eq!((windows.load(), windows.is_empty()), (Load { stable: 0.0, panic: 0.0 }, true));
    }

    #[test]
    fn state_of_either_other_length_is_refused_whole() {
        let mut windows = Windows::new(seconds(180), seconds(60)).unwrap();
        windows.record(Timestamp::from_secs(5), 7.0);
        let mut out = StateWriter::default();
        windows.save(&mut out);
        let saved = out.finish();
        for (stable, panic) in [(180, 61), (181, 60)] {
            let mut other = Windows::new(seconds(stable), seconds(panic)).unwrap();
            assert!(other.restore(&StateReader::new("w", &saved).unwrap()).is_err());
            assert!(other.is_empty());
        }
        let mut back = Windows::new(seconds(180), seconds(60)).unwrap();
        back.restore(&StateReader::new("w", &saved).unwrap()).unwrap();
        assert_eq!(back, windows);
    }
}
