//! Panic mode: entered when a recommendation is far above the current count, left a hold after the last such
//! step. While it lasts nothing is scaled down or stabilized; what it allows instead is in
//! [`correct`](super::correct).
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/autoscaler/{scaler,status}.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`. It is a test of the recommended over the current count. There
//! is no window of panic metrics and no remembered panic maximum, unlike Knative's mode of the same name.

use core::time::Duration;

use crate::error::StateError;
use crate::state::{StateReader, StateWriter};
use crate::time::Timestamp;
use crate::window::Width;

/// Whether a recommendation triggers panic mode: `recommended * 100 >= current * threshold_percent`.
///
/// Never without a threshold. With no current replicas always, even for a recommendation of 0. Upstream's
/// arithmetic wraps beyond 32 bits; this one is exact.
///
/// ```
/// use setpoint::algorithm::kthena::panic_mode::triggers;
/// assert!(triggers(Some(200), 5, 10));
/// assert!(!triggers(Some(201), 5, 10));
/// assert!(triggers(Some(200), 0, 0));
/// assert!(!triggers(None, 5, 1_000));
/// ```
#[must_use]
pub const fn triggers(threshold_percent: Option<i64>, current: i64, recommended: i64) -> bool {
    match threshold_percent {
        Some(threshold) => recommended as i128 * 100 >= current as i128 * threshold as i128,
        None => false,
    }
}

/// Until when panic mode lasts.
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Timestamp, algorithm::kthena::PanicMode};
///
/// let mut mode = PanicMode::new(Duration::from_secs(60));
/// assert!(!mode.active(Timestamp::from_secs(100)));
/// mode.refresh(Timestamp::from_secs(100));
/// assert!(mode.active(Timestamp::from_secs(160)));
/// assert_eq!(mode.next_change_at(Timestamp::from_secs(160)), Some(Timestamp::from_millis(160_001)));
/// assert!(!mode.active(Timestamp::from_millis(160_001)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanicMode {
    hold: Width,
    ends_at: Option<Timestamp>,
}

impl PanicMode {
    /// Not in panic. A hold of 0 turns panic mode off for good.
    #[must_use]
    pub const fn new(hold: Duration) -> Self {
        Self { hold: Width::new(hold), ends_at: None }
    }

    /// The last instant of panic mode, past or to come; nothing if there never was one.
    #[must_use]
    pub const fn ends_at(&self) -> Option<Timestamp> {
        self.ends_at
    }

    /// Enters or prolongs panic mode: a step at `now` triggered it. A `now` before an earlier trigger changes
    /// nothing.
    pub fn refresh(&mut self, now: Timestamp) {
        if self.hold.is_zero() {
            return;
        }
        let end = Timestamp::from_millis(now.as_millis().saturating_add(self.hold.as_millis()));
        self.ends_at = self.ends_at.max(Some(end));
    }

    /// Whether panic mode lasts at `now`, its last instant included.
    #[must_use]
    pub fn active(&self, now: Timestamp) -> bool {
        !self.hold.is_zero() && self.ends_at.is_some_and(|end| now <= end)
    }

    /// Whether a step at `now` is decided in panic mode: a step that triggers it already is.
    #[must_use]
    pub fn decides(&self, now: Timestamp, triggered: bool) -> bool {
        (triggered && !self.hold.is_zero()) || self.active(now)
    }

    /// The first instant at which panic mode is over if nothing triggers it again; nothing if it is not active.
    #[must_use]
    pub fn next_change_at(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.active(now) {
            return None;
        }
        self.ends_at?.as_millis().checked_add(1).map(Timestamp::from_millis)
    }

    /// Forgets that there ever was a panic.
    pub fn clear(&mut self) {
        self.ends_at = None;
    }

    /// Saves the end and the hold.
    pub fn save(&self, out: &mut StateWriter) {
        out.put("hold_ms", self.hold.as_millis());
        out.put("ends_at", self.ends_at);
    }

    /// Takes up what another panic mode of the same hold saved.
    ///
    /// # Errors
    /// If the hold differs, or a field is missing or no whole number. Nothing changes then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let hold = from.int("hold_ms")?;
        if hold != self.hold.as_millis() {
            return Err(from.invalid("hold_ms", hold, self.hold.as_millis().to_string()));
        }
        let ends_at = from.opt_timestamp("ends_at")?;
        if self.hold.is_zero() && ends_at.is_some() {
            return Err(from.invalid("ends_at", "an instant", "nothing while the hold is 0"));
        }
        self.ends_at = ends_at;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(t: i64) -> Timestamp {
        Timestamp::from_millis(t)
    }

    #[test]
    fn the_threshold_is_inclusive_and_does_not_wrap() {
        assert!(triggers(Some(110), 10, 11));
        assert!(!triggers(Some(111), 10, 11));
        assert!(triggers(Some(1_000), i64::from(i32::MAX), i64::from(i32::MAX) * 10));
        assert!(!triggers(Some(1_000), i64::from(i32::MAX), i64::from(i32::MAX)));
        assert!(!triggers(Some(1_000), i64::MAX, i64::MAX));
        assert!(triggers(Some(i64::MAX), i64::MIN, i64::MIN));
    }

    #[test]
    fn without_a_hold_there_is_no_panic() {
        let mut mode = PanicMode::new(Duration::from_micros(999));
        mode.refresh(ms(5));
        assert_eq!((mode.ends_at(), mode.active(ms(5)), mode.decides(ms(5), true)), (None, false, false));
    }

    #[test]
    fn each_trigger_prolongs_and_a_clock_that_steps_back_does_not_shorten() {
        let mut mode = PanicMode::new(Duration::from_millis(100));
        mode.refresh(ms(1_000));
        mode.refresh(ms(1_050));
        assert_eq!(mode.ends_at(), Some(ms(1_150)));
        mode.refresh(ms(3));
        assert_eq!(mode.ends_at(), Some(ms(1_150)));
        assert!(mode.decides(ms(2_000), true) && !mode.decides(ms(2_000), false));
        mode.refresh(Timestamp::MAX);
        assert_eq!(mode.next_change_at(Timestamp::MAX), None);
    }

    #[test]
    fn the_state_of_another_hold_is_refused() {
        let mut mode = PanicMode::new(Duration::from_millis(100));
        mode.refresh(ms(7));
        let mut out = StateWriter::default();
        mode.save(&mut out);
        let value = out.finish();
        let from = StateReader::new("panic", &value).unwrap();
        let mut same = PanicMode::new(Duration::from_millis(100));
        same.restore(&from).unwrap();
        assert_eq!(same, mode);
        for hold in [0, 99] {
            let mut other = PanicMode::new(Duration::from_millis(hold));
            assert!(other.restore(&from).is_err());
            assert_eq!(other.ends_at(), None);
        }
    }
}
