//! The quantile of the standard normal distribution, the same bits on every machine. Source: the rational start of
//! Abramowitz and Stegun 26.2.23, then Halley steps on the complementary error function.

/// The value below which a standard normal variable falls with probability `p`. Infinite at 0 and 1, NaN outside.
///
/// ```
/// use setpoint::forecast::normal_quantile;
/// assert!((normal_quantile(0.975) - 1.959963984540054).abs() < 1e-14);
/// ```
#[must_use]
pub fn quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 || p == 1.0 {
        return if p == 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    if p > 0.5 { -lower_tail(1.0 - p) } else { lower_tail(p) }
}

fn lower_tail(p: f64) -> f64 {
    let t = libm::sqrt(-2.0 * libm::log(p));
    let num = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let den = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut x = num / den - t;
    for _ in 0..3 {
        let density = libm::exp(-0.5 * x * x) * 0.398_942_280_401_432_7;
        if density == 0.0 {
            break;
        }
        let step = (0.5 * libm::erfc(-x * core::f64::consts::FRAC_1_SQRT_2) - p) / density;
        x -= step / (1.0 + 0.5 * x * step);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn known_values() {
        let cases = [
            (0.5, 0.0),
            (0.9, 1.281_551_565_544_600_4),
            (0.995, 2.575_829_303_548_900_4),
            (0.1, -1.281_551_565_544_600_4),
            (1e-10, -6.361_340_902_404_056),
        ];
        for (p, x) in cases {
            assert!((quantile(p) - x).abs() < 1e-13 * (1.0 + x.abs()), "{p}: {}", quantile(p));
        }
        assert!(quantile(-0.1).is_nan() && quantile(f64::NAN).is_nan());
        assert_eq!((quantile(0.0), quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
    }
}
