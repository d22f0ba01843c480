//! Every step from a floating-point number to a count, in one room, because the upstream languages differ exactly
//! there: NaN, infinities, halves, and values beyond the integer. Counts are `i64` inside the library; upstream
//! systems hold 32 bits, so the `32` forms saturate at the limits of an `i32`.
//!
//! No other module converts a float to an integer that becomes a replica count.

/// Largest replica count that the upstream systems can express.
pub const MAX_COUNT: i64 = i32::MAX as i64;
const MIN_COUNT: i64 = i32::MIN as i64;

/// Width of the snap: a quotient this close (relative) to an integer is taken for that integer.
pub const SNAP: f64 = 1e-9;

/// Smallest integer at or above `x`, saturating at 32 bits; `None` for NaN.
///
/// ```
/// use setpoint::rounding::ceil32;
/// assert_eq!(ceil32(1.1), Some(2));
/// assert_eq!(ceil32(f64::INFINITY), Some(2_147_483_647));
/// assert_eq!(ceil32(f64::NAN), None);
/// ```
#[must_use]
pub fn ceil32(x: f64) -> Option<i64> {
    integral32(x.ceil())
}

/// Largest integer at or below `x`, saturating at 32 bits; `None` for NaN.
#[must_use]
pub fn floor32(x: f64) -> Option<i64> {
    integral32(x.floor())
}

/// `x` without its fraction, saturating at 32 bits; `None` for NaN.
#[must_use]
pub fn trunc32(x: f64) -> Option<i64> {
    integral32(x.trunc())
}

/// Nearest integer to `x`, halves away from zero, saturating at 32 bits; `None` for NaN.
///
/// ```
/// use setpoint::rounding::round32;
/// assert_eq!((round32(2.5), round32(-2.5), round32(2.4999)), (Some(3), Some(-3), Some(2)));
/// ```
#[must_use]
pub fn round32(x: f64) -> Option<i64> {
    integral32(x.round())
}

/// A count of at least `lo` and at most `hi` from the smallest integer at or above `x`; `None` for NaN.
#[must_use]
pub fn ceil_within(x: f64, lo: i64, hi: i64) -> Option<i64> {
    if x.is_nan() {
        return None;
    }
    let x = x.ceil();
    if x >= hi as f64 {
        Some(hi)
    } else if x <= lo as f64 {
        Some(lo)
    } else {
        Some(x as i64)
    }
}

/// Smallest integer at or above `x`, but an `x` within [`SNAP`] of an integer is that integer: a quotient such as
/// `3 * 1.1 / 0.3` is 11, not 12. Saturates at 32 bits; `None` for NaN.
///
/// ```
/// use setpoint::rounding::snap_ceil;
/// assert_eq!(snap_ceil(3.0 * 1.1 / 0.3), Some(11));
/// assert_eq!(snap_ceil(11.1), Some(12));
/// ```
#[must_use]
pub fn snap_ceil(x: f64) -> Option<i64> {
    integral32(snapped(x).unwrap_or_else(|| x.ceil()))
}

/// Largest integer at or below `x`, with the same snap as [`snap_ceil`].
#[must_use]
pub fn snap_floor(x: f64) -> Option<i64> {
    integral32(snapped(x).unwrap_or_else(|| x.floor()))
}

fn snapped(x: f64) -> Option<f64> {
    let r = x.round();
    ((x - r).abs() <= SNAP * x.abs().max(1.0)).then_some(r)
}

/// Thousandths of `x`: the nearest integer where `x` has at most three decimals, else the next one up, as
/// Kubernetes reads a quantity. Saturates at 64 bits; `None` for NaN and infinities, which are no quantity.
///
/// ```
/// use setpoint::rounding::to_milli;
/// assert_eq!(to_milli(0.57), Some(570));
/// assert_eq!(to_milli(0.0001), Some(1));
/// assert_eq!(to_milli(f64::INFINITY), None);
/// ```
#[must_use]
#[inline]
pub fn to_milli(x: f64) -> Option<i64> {
    if !x.is_finite() {
        return None;
    }
    let milli = x * 1000.0;
    let near = (milli + f64::copysign(0.5, milli)) as i64;
    if (milli - near as f64).abs() <= SNAP * milli.abs().max(1.0) {
        return Some(near);
    }
    Some(milli.ceil() as i64)
}

/// Smallest integer at or above `x`, saturating at 64 bits; `None` for NaN. For amounts (thousandths), not for counts.
#[must_use]
pub fn ceil64(x: f64) -> Option<i64> {
    if x.is_nan() { None } else { Some(x.ceil() as i64) }
}

/// `x` rounded to six decimals, halves away from zero: the form in which linear windows report an average.
#[must_use]
pub fn round6(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}

/// An integral float as a count, saturating at 32 bits; `None` for NaN.
#[must_use]
pub fn integral32(x: f64) -> Option<i64> {
    if x.is_nan() {
        return None;
    }
    Some((x as i64).clamp(MIN_COUNT, MAX_COUNT))
}

/// A count held to the range of 32 bits.
#[must_use]
pub fn saturate32(n: i64) -> i64 {
    n.clamp(MIN_COUNT, MAX_COUNT)
}

/// A count as the library hands it out: 0 to [`MAX_COUNT`].
#[must_use]
pub fn to_replicas(n: i64) -> u32 {
    n.clamp(0, MAX_COUNT) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_odd_inputs() {
        for f in [ceil32, floor32, round32, trunc32, snap_ceil, snap_floor] {
            assert_eq!(f(f64::NAN), None);
            assert_eq!(f(f64::INFINITY), Some(MAX_COUNT));
            assert_eq!(f(f64::NEG_INFINITY), Some(MIN_COUNT));
            assert_eq!(f(1e300), Some(MAX_COUNT));
            assert_eq!(f(-0.0), Some(0));
        }
        assert_eq!(ceil_within(f64::NAN, 0, 10), None);
        assert_eq!(ceil_within(f64::INFINITY, 0, 10), Some(10));
        assert_eq!(ceil_within(-7.5, 0, 10), Some(0));
        assert_eq!(ceil_within(9.2, 0, 10), Some(10));
    }

    #[test]
    fn ceil_and_floor_keep_the_last_bit_but_the_snap_does_not() {
        assert_eq!(ceil32(3.0 * 1.1 / 0.3), Some(12));
        assert_eq!(snap_ceil(3.0 * 1.1 / 0.3), Some(11));
        assert_eq!(snap_floor(0.3 / 0.1), Some(3));
        assert_eq!(floor32(0.3 / 0.1), Some(2));
        assert_eq!(snap_ceil(5.00001), Some(6));
    }

    #[test]
    fn milli_reads_decimals_exactly() {
        for n in 0..5000_i64 {
            assert_eq!(to_milli(n as f64 / 1000.0), Some(n));
            assert_eq!(to_milli(-(n as f64) / 1000.0), Some(-n));
        }
        assert_eq!(to_milli(1e300), Some(i64::MAX));
        assert_eq!(to_milli(-1e300), Some(i64::MIN));
        assert_eq!(to_milli(1e-12), Some(0));
    }

    #[test]
    fn amounts_saturate_at_64_bits() {
        assert_eq!(ceil64(2.1), Some(3));
        assert_eq!(ceil64(1e300), Some(i64::MAX));
        assert_eq!(ceil64(-1e300), Some(i64::MIN));
        assert_eq!(ceil64(f64::NAN), None);
    }

    #[test]
    fn replicas_are_never_negative() {
        assert_eq!(to_replicas(-3), 0);
        assert_eq!(to_replicas(i64::MAX), MAX_COUNT as u32);
    }
}
