//! Time cut into buckets of equal length, counted from the epoch. A [`Cursor`] stands on one bucket and tells how many
//! buckets away an instant lies; the same and the next bucket are found without a division.

use crate::time::Timestamp;

/// A position on the grid of buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    granularity_ms: i64,
    index: i64,
    start_ms: i64,
}

impl Cursor {
    /// A cursor on the bucket of the epoch; `granularity_ms` is at least 1,000.
    pub(super) const fn new(granularity_ms: i64) -> Self {
        Self { granularity_ms, index: 0, start_ms: 0 }
    }

    pub(super) const fn index(self) -> i64 {
        self.index
    }

    pub(super) const fn granularity_ms(self) -> i64 {
        self.granularity_ms
    }

    /// How many buckets `at` lies after the cursor's own; negative if before.
    #[inline]
    pub(super) const fn steps_to(self, at: Timestamp) -> i64 {
        let offset = at.as_millis().saturating_sub(self.start_ms);
        if offset >= 0 && offset < self.granularity_ms {
            0
        } else if offset >= self.granularity_ms && offset - self.granularity_ms < self.granularity_ms {
            1
        } else {
            at.as_millis().div_euclid(self.granularity_ms) - self.index
        }
    }

    /// The cursor `steps` buckets later.
    #[inline]
    pub(super) const fn moved(self, steps: i64) -> Self {
        self.on(self.index + steps)
    }

    /// The cursor on bucket `index`.
    pub(super) const fn on(self, index: i64) -> Self {
        Self {
            granularity_ms: self.granularity_ms,
            index,
            start_ms: index.saturating_mul(self.granularity_ms),
        }
    }

    /// The first instant of bucket `index`.
    pub(super) const fn start_of(self, index: i64) -> Timestamp {
        Timestamp::from_millis(index.saturating_mul(self.granularity_ms))
    }

    /// Whether an instant can lie in bucket `index`.
    pub(super) const fn reaches(self, index: i64) -> bool {
        index >= i64::MIN.div_euclid(self.granularity_ms) && index <= i64::MAX / self.granularity_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_the_difference_of_floored_indices() {
        for granularity in [1_000, 2_000, 7_000] {
            for here in [-9_000_i64, -1, 0, 1, 1_999, 14_000, i64::MAX, i64::MIN] {
                let index = here.div_euclid(granularity);
                let cursor = Cursor::new(granularity).on(index);
                for there in [-30_001_i64, -2_000, -1, 0, 999, 1_000, 3_999, 14_001, i64::MAX, i64::MIN] {
                    assert_eq!(
                        cursor.steps_to(Timestamp::from_millis(there)),
                        there.div_euclid(granularity) - index,
                        "from {here} to {there} by {granularity}"
                    );
                }
            }
        }
    }
}
