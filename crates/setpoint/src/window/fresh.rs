//! How long something stays in a window: the width and its edge. The edge is inclusive: what happened exactly
//! one width ago still counts. Widths are whole milliseconds.
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/datastructure/sliding_window.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`.

use core::time::Duration;

use crate::time::{Timestamp, millis};

/// The widest window, in milliseconds: room to double and quadruple it without overflow.
const WIDEST: i64 = i64::MAX / 8;

/// The width of a window whose edge is inclusive.
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Timestamp, window::Width};
///
/// let width = Width::new(Duration::from_secs(60));
/// let at = Timestamp::from_secs(100);
/// assert!(width.fresh(Timestamp::from_secs(160), at));
/// assert_eq!(width.ends(at), Some(Timestamp::from_millis(160_001)));
/// assert!(!width.fresh(Timestamp::from_millis(160_001), at));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Width(i64);

impl Width {
    /// The width of a span; a fraction of a millisecond is dropped, and 36 million years are the widest.
    #[must_use]
    pub const fn new(span: Duration) -> Self {
        let ms = millis(span);
        Self(if ms > WIDEST { WIDEST } else { ms })
    }

    /// The width in milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whether this is the width of a window that never answers.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Twice this width.
    #[must_use]
    pub const fn doubled(self) -> Self {
        Self(self.0 * 2)
    }

    /// Whether what happened at `at` still counts at `now`. What lies after `now` counts.
    #[must_use]
    pub const fn fresh(self, now: Timestamp, at: Timestamp) -> bool {
        at.as_millis().saturating_add(self.0) >= now.as_millis()
    }

    /// The first instant at which what happened at `at` no longer counts; `None` if it always will.
    #[must_use]
    pub fn ends(self, at: Timestamp) -> Option<Timestamp> {
        at.as_millis().checked_add(self.0)?.checked_add(1).map(Timestamp::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_is_inclusive_and_ends_is_the_first_instant_beyond_it() {
        let at = Timestamp::from_millis(1_000);
        for ms in [0, 1, 15_000] {
            let width = Width::new(Duration::from_millis(ms));
            let end = width.ends(at).unwrap();
            assert_eq!(end, Timestamp::from_millis(1_001 + ms as i64));
            assert!(!width.fresh(end, at));
            assert!(width.fresh(end - Duration::from_millis(1), at));
        }
    }

    #[test]
    fn extremes_do_not_wrap() {
        let wide = Width::new(Duration::MAX).doubled();
        assert!(wide.fresh(Timestamp::MAX, Timestamp::MAX));
        assert_eq!(wide.ends(Timestamp::MAX), None);
        assert!(!wide.fresh(Timestamp::MAX, Timestamp::MIN));
    }
}
