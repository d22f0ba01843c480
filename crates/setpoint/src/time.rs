//! Instants and spans. An instant is a whole number of milliseconds since an epoch of the caller's choice; a span
//! is a [`core::time::Duration`]. Nothing in this library reads a clock: every call that needs the time receives it.
//!
//! Time going backwards: an autoscaler clamps its decision time to the newest it has seen, so a clock that steps
//! back cannot reopen a window. Windows that take late samples say so on their own page. Source of the rule: ours.

use core::fmt;
use core::time::Duration;

/// An instant: milliseconds since an epoch that the caller chooses once (Unix time is the usual choice).
///
/// Arithmetic saturates, so no instant is out of range.
///
/// ```
/// use core::time::Duration;
/// use setpoint::Timestamp;
///
/// let start = Timestamp::from_millis(1_000);
/// assert_eq!(start + Duration::from_secs(2), Timestamp::from_millis(3_000));
/// assert_eq!(Timestamp::from_millis(3_000).since(start), Duration::from_secs(2));
/// assert_eq!(start.since(Timestamp::from_millis(3_000)), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest instant that can be told.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant that can be told.
    pub const MAX: Self = Self(i64::MAX);

    /// The instant `millis` milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The instant `seconds` seconds after the epoch.
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The span from `earlier` to `self`, zero if `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        let millis = self.0.saturating_sub(earlier.0);
        Duration::from_millis(if millis > 0 { millis.unsigned_abs() } else { 0 })
    }

    /// The instant `span` earlier; a fraction of a millisecond in `span` is dropped.
    #[must_use]
    pub const fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }

    /// The instant `span` later; a fraction of a millisecond in `span` is dropped.
    #[must_use]
    pub const fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }
}

/// Whole milliseconds of a span, saturating.
#[must_use]
pub const fn millis(span: Duration) -> i64 {
    let millis = span.as_millis();
    if millis > i64::MAX as u128 { i64::MAX } else { millis as i64 }
}

impl core::ops::Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        self.after(span)
    }
}

impl core::ops::Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, span: Duration) -> Self {
        self.before(span)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// The earlier of two optional instants; `None` means "never".
#[must_use]
pub fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Timestamp::MAX + Duration::MAX, Timestamp::MAX);
        assert_eq!(Timestamp::MIN - Duration::MAX, Timestamp::MIN);
        assert_eq!(Timestamp::MAX.since(Timestamp::MIN), Duration::from_millis(i64::MAX as u64));
        assert_eq!(Timestamp::from_secs(i64::MAX), Timestamp::MAX);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn an_instant_is_a_plain_number_of_milliseconds_in_json() {
        let t = Timestamp::from_millis(-5);
        assert_eq!(serde_json::to_string(&t).unwrap(), "-5");
        assert_eq!(serde_json::from_str::<Timestamp>("-5").unwrap(), t);
    }

    #[test]
    fn earliest_ignores_never() {
        let t = Timestamp::from_millis(5);
        assert_eq!(earliest(None, Some(t)), Some(t));
        assert_eq!(earliest(Some(t), Some(Timestamp::from_millis(4))), Some(Timestamp::from_millis(4)));
        assert_eq!(earliest(None, None), None);
    }
}
