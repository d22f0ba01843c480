//! The standard normal distribution: its upper tail and its quantile. No parameters, no sampling.
//!
//! Source of the tail: `erfc` of `libm`, which keeps full relative precision far out. Source of the quantile: M. J. Wichura,
//! Algorithm AS 241 (PPND16), Applied Statistics 37 (1988), 477-484: three rational approximations, about 16 digits. Both are
//! software all the way down, so that every machine gets the same bits, and both stand here because two functions are no reason
//! for a statistics crate in the smallest build.

use core::f64::consts::FRAC_1_SQRT_2;

/// P(Z > x) for a standard normal Z. NaN stays NaN.
///
/// ```
/// use setpoint::stats::normal_upper_tail;
/// assert_eq!(normal_upper_tail(0.0), 0.5);
/// assert!((normal_upper_tail(2.0) / 0.022750131948179209 - 1.0).abs() < 1e-14);
/// assert!((normal_upper_tail(16.0) / 6.388754400538087e-58 - 1.0).abs() < 1e-13);
/// ```
#[must_use]
pub fn normal_upper_tail(x: f64) -> f64 {
    0.5 * libm::erfc(x * FRAC_1_SQRT_2)
}

/// The z with P(Z <= z) = p. Minus and plus infinity at 0 and 1; NaN for what is no probability.
///
/// For an upper quantile take `-normal_quantile(eps)`, not `normal_quantile(1.0 - eps)`, which loses the digits of a small `eps`.
///
/// ```
/// use setpoint::stats::normal_quantile;
/// assert!((normal_quantile(0.95) - 1.6448536269514722).abs() < 1e-15);
/// assert_eq!(normal_quantile(0.5), 0.0);
/// ```
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return q * CENTRE.at(0.180625 - q * q);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail == 0.0 {
        return f64::INFINITY.copysign(q);
    }
    let r = libm::sqrt(-libm::log(tail));
    let z = if r <= 5.0 { MIDDLE.at(r - 1.6) } else { FAR.at(r - 5.0) };
    z.copysign(q)
}

/// A quotient of two polynomials of degree seven, coefficients from the constant term up.
struct Rational {
    over: [f64; 8],
    under: [f64; 8],
}

impl Rational {
    fn at(&self, x: f64) -> f64 {
        let horner = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, c| sum * x + c);
        horner(&self.over) / horner(&self.under)
    }
}

/// For `p` from 0.075 to 0.925.
const CENTRE: Rational = Rational {
    over: [
        3.387_132_872_796_366_5,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ],
    under: [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_854e3,
    ],
};

/// For tails from 0.075 down to about 1.4e-11.
const MIDDLE: Rational = Rational {
    over: [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ],
    under: [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
};

/// For tails below that.
const FAR: Rational = Rational {
    over: [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    under: [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_values_in_every_branch() {
        let known = [
            (0.05, -1.6448536269514726),
            (0.95, 1.6448536269514722),
            (0.07, -1.4757910281791706),
            (0.075, -1.439531470938456),
            (0.08, -1.4050715603096327),
            (0.3, -0.5244005127080408),
            (0.6, 0.2533471031357997),
            (0.93, 1.475791028179171),
            (0.99, 2.3263478740408408),
            (0.001, -3.0902323061678136),
            (1e-06, -4.753424308822899),
            (1e-10, -6.361340902404057),
            (1.4e-11, -6.656723091518184),
            (1.3e-11, -6.667611456510741),
            (1e-15, -7.941345326170997),
            (1e-40, -13.31092137142517),
            (1e-100, -21.273453560965326),
            (1e-300, -37.0470962993612),
        ];
        for (p, z) in known {
            assert!((normal_quantile(p) / z - 1.0).abs() < 4e-15, "{p}: {} for {z}", normal_quantile(p));
        }
    }

    #[test]
    fn the_tail_keeps_its_digits_far_out() {
        let known = [
            (-3.0, 0.9986501019683699),
            (-1.0, 0.8413447460685429),
            (0.5, 0.3085375387259869),
            (1.0, 0.15865525393145705),
            (1.96, 0.024997895148220435),
            (2.0, 0.02275013194817921),
            (5.0, 2.866515718791939e-07),
            (8.0, 6.220960574271784e-16),
            (16.0, 6.388754400538087e-58),
            (30.0, 4.906713927148187e-198),
            (37.0, 5.725571222524577e-300),
        ];
        for (x, tail) in known {
            // One unit in the last place of x is one of x * x units in the tail.
            let allowed = f64::EPSILON * (4.0 + x * x);
            let got = normal_upper_tail(x);
            assert!((got / tail - 1.0).abs() < allowed, "{x}: {got} for {tail}");
        }
        assert_eq!((normal_upper_tail(40.0), normal_upper_tail(-40.0)), (0.0, 1.0));
        assert_eq!((normal_upper_tail(f64::INFINITY), normal_upper_tail(f64::NEG_INFINITY)), (0.0, 1.0));
        assert!(normal_upper_tail(f64::NAN).is_nan());
    }

    #[test]
    fn ends_and_what_is_no_probability() {
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(normal_quantile(bad).is_nan(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_tail_of_an_upper_quantile_is_the_probability(exponent in -300.0..-0.31) {
            let p = libm::pow(10.0, exponent);
            let back = normal_upper_tail(-normal_quantile(p));
            // An error of one unit in the last place of z is one of z * z units in the tail.
            prop_assert!((back / p - 1.0).abs() < 1e-12, "{} became {}", p, back);
        }

        #[test]
        fn quantiles_rise(p in 0.0001..0.9999, step in 1e-9..0.1) {
            let next: f64 = p + step;
            prop_assume!(next <= 1.0);
            prop_assert!(normal_quantile(p) < normal_quantile(next));
        }
    }
}
