//! Keeping the counts of two roles in proportion: one pass that raises a side where it can and lowers the other where
//! it must. Pure: it decides no count of its own and remembers nothing.
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/algorithm/disaggregated_ratio.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`. After a repair the other limit is not looked at again, so a narrow band
//! may be overshot, and bounds may leave the ratio outside the band. Upstream reports neither; [`Repaired::ratio`] and
//! [`Ratio::holds`] tell.

use super::recommendation::clamp;
pub use crate::reason::kthena::{RatioError, RatioRule};
use crate::rounding::{ceil32, floor32};

/// What a count may be, both ends included. Raw: `min` may exceed `max`, and then `max` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    /// Fewest replicas.
    pub min: i64,
    /// Most replicas.
    pub max: i64,
}

impl Range {
    fn clamp(self, count: i64) -> i64 {
        clamp(count, self.min, self.max)
    }
}

impl From<crate::replicas::Bounds> for Range {
    fn from(bounds: crate::replicas::Bounds) -> Self {
        Self { min: bounds.min().into(), max: bounds.max().into() }
    }
}

/// The proportion that two roles are to keep. Raw: the limits may be crossed, negative or no numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// The role above the line: its place in the list of counts.
    pub numerator: usize,
    /// The role below the line: its place in the list of counts.
    pub denominator: usize,
    /// Least replicas of the numerator per replica of the denominator.
    pub min: f64,
    /// Most replicas of the numerator per replica of the denominator.
    pub max: f64,
}

impl Ratio {
    /// Whether `ratio` lies within the limits, both included.
    #[must_use]
    pub fn holds(&self, ratio: f64) -> bool {
        self.min <= ratio && ratio <= self.max
    }
}

/// What a repair did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Repaired {
    /// The last rule that held, whether or not it moved a count; `None` if there was nothing to repair.
    pub rule: Option<RatioRule>,
    /// The ratio at the end; `None` without a constraint, with both counts 0, or with a denominator of 0.
    pub ratio: Option<f64>,
}

impl Repaired {
    /// Whether a rule held. Bringing counts into their ranges is no adjustment.
    #[must_use]
    pub const fn adjusted(&self) -> bool {
        self.rule.is_some()
    }
}

/// Brings every count into its range, then the ratio into its limits, in one pass.
///
/// `ranges` belongs to `counts` place by place; a role without an entry, or with `None`, has no range.
///
/// # Errors
/// If a role of the ratio is not there or has no range, or a limit is no finite number. The counts are then in their
/// ranges and otherwise as they were. Two counts of 0 are in proportion whatever the limits are.
///
/// ```
/// use setpoint::kthena::ratio::{Range, Ratio, RatioRule, repair};
///
/// let ranges = [Some(Range { min: 1, max: 8 }), Some(Range { min: 1, max: 16 })];
/// let ratio = Ratio { numerator: 0, denominator: 1, min: 0.5, max: 1.0 };
/// let mut counts = [2, 7];
/// let repaired = repair(&mut counts, &ranges, Some(&ratio))?;
/// assert_eq!((counts, repaired.rule), ([4, 7], Some(RatioRule::AtLeast)));
/// # Ok::<(), setpoint::kthena::ratio::RatioError>(())
/// ```
pub fn repair(
    counts: &mut [i64],
    ranges: &[Option<Range>],
    ratio: Option<&Ratio>,
) -> Result<Repaired, RatioError> {
    let range = |role: usize| ranges.get(role).copied().flatten();
    for (role, count) in counts.iter_mut().enumerate() {
        *count = range(role).map_or(*count, |range| range.clamp(*count));
    }
    let Some(&Ratio { numerator, denominator, min: lo, max: hi }) = ratio else {
        return Ok(Repaired::default());
    };
    let count = |role: usize| counts.get(role).copied().ok_or(RatioError::RoleNotFound { role: place(role) });
    let (mut n, mut d) = (count(numerator)?, count(denominator)?);
    let bounds = |role: usize| range(role).ok_or(RatioError::BoundsNotFound { role: place(role) });
    let (range_n, range_d) = (bounds(numerator)?, bounds(denominator)?);
    if n == 0 && d == 0 {
        return Ok(Repaired::default());
    }
    if let Some(limit) = [lo, hi].into_iter().find(|limit| !limit.is_finite()) {
        return Err(RatioError::NotFinite { limit: limit.into() });
    }

    let mut rule = None;
    for (side, range) in [(&mut n, range_n), (&mut d, range_d)] {
        if *side == 0 {
            *side = range.clamp(1);
            rule = Some(RatioRule::NotZero);
        }
    }
    let present = n as f64 / d as f64;
    if present < lo {
        rule = Some(RatioRule::AtLeast);
        let needed = ceil32(lo * d as f64).unwrap_or(0);
        if needed <= range_n.max {
            n = needed.max(range_n.min);
        } else if lo > 0.0 {
            n = range_n.max;
            d = range_d.clamp(floor32(n as f64 / lo).unwrap_or(0));
        }
    } else if present > hi {
        rule = Some(RatioRule::AtMost);
        if hi <= 0.0 {
            n = 0;
        } else {
            let needed = ceil32(n as f64 / hi).unwrap_or(0);
            if needed <= range_d.max {
                d = needed.max(range_d.min);
            } else {
                d = range_d.max;
                n = range_n.clamp(floor32(hi * d as f64).unwrap_or(0));
            }
        }
    }
    (n, d) = (range_n.clamp(n), range_d.clamp(d));
    counts[numerator] = n;
    counts[denominator] = d;
    Ok(Repaired { rule, ratio: (d != 0).then(|| n as f64 / d as f64) })
}

/// A place as it stands in an error; those beyond 16 bits are all beyond any list of roles.
fn place(role: usize) -> u16 {
    u16::try_from(role).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn range(min: i64, max: i64) -> Option<Range> {
        Some(Range { min, max })
    }

    const WIDE: [Option<Range>; 2] = [range(0, 8), range(0, 16)];

    fn band(min: f64, max: f64) -> Ratio {
        Ratio { numerator: 0, denominator: 1, min, max }
    }

    fn repaired(counts: [i64; 2], ranges: [Option<Range>; 2], ratio: Ratio) -> ([i64; 2], Repaired) {
        let mut counts = counts;
        let repaired = repair(&mut counts, &ranges, Some(&ratio)).unwrap();
        (counts, repaired)
    }

    #[test]
    fn within_the_band_nothing_moves_and_its_edges_are_within() {
        for counts in [[2, 8], [8, 8], [3, 7]] {
            let (after, done) = repaired(counts, WIDE, band(0.25, 1.0));
            assert_eq!((after, done.rule), (counts, None));
            assert_eq!(done.ratio, Some(counts[0] as f64 / counts[1] as f64));
        }
    }

    #[test]
    fn clamping_is_no_adjustment() {
        let (after, done) = repaired([9, 99], WIDE, band(0.25, 1.0));
        assert_eq!((after, done.adjusted()), ([8, 16], false));
        let mut alone = [9, 3, 7];
        let done = repair(&mut alone, &[range(0, 8), None], None).unwrap();
        assert_eq!((alone, done), ([8, 3, 7], Repaired::default()));
    }

    #[test]
    fn the_short_side_is_raised_first() {
        assert_eq!(repaired([1, 7], WIDE, band(0.5, 2.0)).0, [4, 7]);
        assert_eq!(repaired([8, 2], WIDE, band(0.5, 2.0)).0, [8, 4]);
        let floor = [range(6, 8), range(0, 16)];
        assert_eq!(repaired([6, 16], floor, band(0.4, 2.0)).0, [7, 16]);
    }

    #[test]
    fn where_it_cannot_be_raised_the_long_side_is_lowered() {
        let (after, done) = repaired([1, 16], [range(0, 3), range(0, 16)], band(0.5, 2.0));
        assert_eq!((after, done.rule, done.ratio), ([3, 6], Some(RatioRule::AtLeast), Some(0.5)));
        let (after, done) = repaired([8, 1], [range(0, 8), range(0, 3)], band(0.5, 2.0));
        assert_eq!((after, done.rule, done.ratio), ([6, 3], Some(RatioRule::AtMost), Some(2.0)));
        let stuck = repaired([1, 16], [range(0, 3), range(10, 16)], band(0.5, 2.0));
        assert_eq!((stuck.0, stuck.1.ratio), ([3, 10], Some(0.3)), "bounds may leave the band violated");
    }

    #[test]
    fn one_pass_may_overshoot_a_narrow_band() {
        let (after, done) = repaired([1, 3], WIDE, band(0.5, 0.55));
        assert_eq!(after, [2, 3]);
        assert!(!band(0.5, 0.55).holds(done.ratio.unwrap()));
    }

    #[test]
    fn two_zeros_are_in_proportion_and_one_zero_is_not() {
        let (after, done) = repaired([0, 0], WIDE, band(f64::NAN, 1.0));
        assert_eq!((after, done), ([0, 0], Repaired::default()));
        let (after, done) = repaired([0, 4], WIDE, band(0.0, 1.0));
        assert_eq!((after, done.rule, done.ratio), ([1, 4], Some(RatioRule::NotZero), Some(0.25)));
        let (after, done) = repaired([3, 0], [range(0, 8), range(0, 0)], band(0.0, 1.0));
        assert_eq!((after, done.rule, done.ratio), ([0, 0], Some(RatioRule::AtMost), None));
    }

    #[test]
    fn a_band_of_zero_empties_the_numerator_down_to_its_range() {
        assert_eq!(repaired([4, 4], WIDE, band(0.0, 0.0)).0, [0, 4]);
        assert_eq!(repaired([4, 4], [range(2, 8), range(0, 16)], band(0.0, 0.0)).0, [2, 4]);
    }

    #[test]
    fn errors_come_in_their_order_and_leave_clamped_counts() {
        let error = |counts: &mut [i64], ranges: &[Option<Range>], ratio: Ratio| {
            repair(counts, ranges, Some(&ratio)).unwrap_err()
        };
        let mut one = [9];
        let ratio = Ratio { numerator: 7, denominator: 8, min: 0.0, max: f64::NAN };
        assert_eq!(error(&mut one, &WIDE, ratio), RatioError::RoleNotFound { role: 7 });
        assert_eq!(one, [8]);
        assert_eq!(error(&mut one, &WIDE, band(0.0, 1.0)), RatioError::RoleNotFound { role: 1 });
        assert_eq!(error(&mut [0, 0], &[], band(0.0, 1.0)), RatioError::BoundsNotFound { role: 0 });
        assert_eq!(error(&mut [0, 0], &WIDE[..1], band(0.0, 1.0)), RatioError::BoundsNotFound { role: 1 });
        let mut counts = [1, 99];
        let infinite = error(&mut counts, &WIDE, band(0.0, f64::INFINITY));
        assert_eq!(infinite, RatioError::NotFinite { limit: f64::INFINITY.into() });
        assert_eq!(counts, [1, 16]);
        let far = Ratio { numerator: usize::MAX, ..band(0.0, 1.0) };
        assert_eq!(error(&mut counts, &WIDE, far), RatioError::RoleNotFound { role: u16::MAX });
    }

    #[test]
    fn nothing_wraps() {
        let wide = [range(0, i64::MAX), range(0, i64::MAX)];
        let (after, _) = repaired([1, i64::MAX], wide, band(1e300, f64::MAX));
        assert_eq!(
            after,
            [i64::from(i32::MAX), i64::MAX],
            "saturated at 32 bits, as upstream's own conversion"
        );
    }

    proptest! {
        #[test]
        fn counts_end_in_their_ranges_and_the_ratio_is_theirs(
            n in -3_i64..40, d in -3_i64..40,
            (a, b, c, e) in (0_i64..9, 0_i64..9, 0_i64..9, 0_i64..9),
            lo in 0.0..3.0, width in 0.0..3.0,
        ) {
            let ranges = [range(a, a + b), range(c, c + e)];
            let (after, done) = repaired([n, d], ranges, band(lo, lo + width));
            prop_assert!((a..=a + b).contains(&after[0]) && (c..=c + e).contains(&after[1]));
            if let Some(ratio) = done.ratio {
                prop_assert_eq!(ratio, after[0] as f64 / after[1] as f64);
                prop_assert!(done.adjusted() || band(lo, lo + width).holds(ratio));
            }
        }
    }
}
