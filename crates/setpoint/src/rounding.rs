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

/// A count of at least `lo` and at most `hi` from `x` without its fraction; `None` for NaN.
///
/// ```
/// use setpoint::rounding::trunc_within;
/// assert_eq!(trunc_within(3.9, 1, 10), Some(3));
/// assert_eq!(trunc_within(f64::INFINITY, 1, 10), Some(10));
/// ```
#[must_use]
pub fn trunc_within(x: f64, lo: i64, hi: i64) -> Option<i64> {
    ceil_within(x.trunc(), lo, hi)
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

/// `floor(x + 0.5)`: the nearest integer, halves up, as textbooks round. No snap. Saturates at 32 bits; `None` for NaN.
///
/// ```
/// use setpoint::rounding::half_up32;
/// assert_eq!((half_up32(2.5), half_up32(-2.5), half_up32(2.49)), (Some(3), Some(-2), Some(2)));
/// ```
#[must_use]
pub fn half_up32(x: f64) -> Option<i64> {
    integral32((x + 0.5).floor())
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

/// `a / b` rounded towards zero, as integer division does, with the wrap-around of `i64::MIN / -1`. `b` is not 0.
///
/// Where `a` has at most 50 bits the quotient of doubles is taken, which is several times faster on many processors and cannot differ: a
/// quotient that is no integer is at least `1 / |b|` away from one, relative to its size more than `2^-51`, and the rounding of a double
/// moves it by less.
#[must_use]
#[inline]
pub fn div_trunc(a: i64, b: i64) -> i64 {
    const EXACT: u64 = 1 << 50;
    if a.unsigned_abs() < EXACT && b.unsigned_abs() < EXACT {
        return (a as f64 / b as f64) as i64;
    }
    a.wrapping_div(b)
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

/// The replicas that `x` of them amount to: the smallest integer at or above `x`, from 0 to [`MAX_COUNT`]; 0 for NaN. For loops over millions of
/// numbers: it rounds without a call.
///
/// ```
/// use setpoint::rounding::ceil_replicas;
/// assert_eq!((ceil_replicas(2.0), ceil_replicas(2.1), ceil_replicas(-0.5)), (2, 3, 0));
/// ```
#[must_use]
#[inline]
pub fn ceil_replicas(x: f64) -> u32 {
    let whole = (x as i64).clamp(0, MAX_COUNT);
    to_replicas(whole + i64::from((whole as f64) < x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_are_rounded_up_as_by_the_longer_way() {
        for x in [
            0.0,
            -0.0,
            0.1,
            1.0,
            1.0 - f64::EPSILON,
            1.0 + f64::EPSILON,
            7.5,
            -7.5,
            2_147_483_646.5,
            2_147_483_647.5,
        ] {
            assert_eq!(i64::from(ceil_replicas(x)), ceil_within(x, 0, MAX_COUNT).unwrap(), "{x}");
        }
        let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300].map(ceil_replicas);
        assert_eq!(odd, [0, MAX_COUNT as u32, 0, MAX_COUNT as u32]);
    }

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
        assert_eq!(trunc_within(f64::NAN, 0, 10), None);
        assert_eq!(trunc_within(9.9, 0, 10), Some(9));
        assert_eq!(trunc_within(-0.9, 0, 10), Some(0));
        assert_eq!(trunc_within(1e300, 0, i64::MAX), Some(i64::MAX));
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
    fn division_by_doubles_is_integer_division() {
        let edges: [i64; 13] =
            [1, 2, 3, 7, 99, 100, 101, 1_000, 33_554_431, 33_554_433, (1 << 49) + 1, (1 << 50) - 1, 1 << 50];
        for b in edges {
            for n in edges {
                // Around every multiple, where a rounded quotient could land on the wrong side.
                for a in [-1, 0, 1].map(|d| b.saturating_mul(n).saturating_add(d)) {
                    for (a, b) in [(a, b), (-a, b), (a, -b), (-a, -b), (n, b)] {
                        assert_eq!(div_trunc(a, b), a.wrapping_div(b), "{a} / {b}");
                    }
                }
            }
        }
        assert_eq!(div_trunc(i64::MIN, -1), i64::MIN);
        assert_eq!(div_trunc(i64::MAX, 3), i64::MAX / 3);
    }

    #[test]
    fn replicas_are_never_negative() {
        assert_eq!(to_replicas(-3), 0);
        assert_eq!(to_replicas(i64::MAX), MAX_COUNT as u32);
    }
}
