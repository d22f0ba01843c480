//! Lag polynomials: products of a plain and a seasonal factor, their terms, and the map between coefficients and
//! partial autocorrelations (Durbin-Levinson; Jones 1980) with its derivative. It knows no data.

/// The largest partial autocorrelation in absolute value: the circle itself is never reached.
pub(crate) const LIMIT: f64 = 1.0 - 1e-8;

/// A coefficient at a lag of at least 1.
pub(crate) type Term = (usize, f64);

/// The coefficients c of 1 + sign * sum c_i B^i for `(1 + sign a(B)) (1 + sign b(B^s))`, where `sign` is -1 for
/// autoregressions and +1 for moving averages. Entry i belongs to lag i + 1.
pub(crate) fn product(plain: &[f64], seasonal: &[f64], period: usize, sign: f64, out: &mut Vec<f64>) {
    out.clear();
    out.resize(plain.len() + seasonal.len() * period, 0.0);
    out[..plain.len()].copy_from_slice(plain);
    for (j, b) in seasonal.iter().enumerate() {
        let base = (j + 1) * period;
        out[base - 1] += b;
        for (i, a) in plain.iter().enumerate() {
            out[base + i] += sign * a * b;
        }
    }
}

/// The derivative of a function of the product by the factors, given that by the product.
pub(crate) fn product_gradient(
    plain: &[f64],
    seasonal: &[f64],
    period: usize,
    sign: f64,
    by_product: &[f64],
    by_plain: &mut [f64],
    by_seasonal: &mut [f64],
) {
    by_plain.copy_from_slice(&by_product[..plain.len()]);
    for (j, b) in seasonal.iter().enumerate() {
        let base = (j + 1) * period;
        let mut sum = by_product[base - 1];
        for (i, a) in plain.iter().enumerate() {
            by_plain[i] += sign * b * by_product[base + i];
            sum += sign * a * by_product[base + i];
        }
        by_seasonal[j] = sum;
    }
}

/// The terms of a product of `plain` and `seasonal` factors, at every lag that it can have (a coefficient that is zero now has a
/// derivative all the same).
pub(crate) fn terms(dense: &[f64], plain: usize, seasonal: usize, period: usize, out: &mut Vec<Term>) {
    out.clear();
    for season in 0..=seasonal {
        for lag in season * period..=season * period + plain {
            if lag > out.last().map_or(0, |(last, _)| *last) {
                out.push((lag, dense[lag - 1]));
            }
        }
    }
}

/// Autoregressive coefficients of the given partial autocorrelations.
pub(crate) fn from_partials(partials: &[f64], out: &mut [f64]) {
    for (k, r) in partials.iter().enumerate() {
        for i in 0..k / 2 {
            let (a, b) = (out[i], out[k - 1 - i]);
            out[i] = a - r * b;
            out[k - 1 - i] = b - r * a;
        }
        if k % 2 == 1 {
            let a = out[k / 2];
            out[k / 2] = a - r * a;
        }
        out[k] = *r;
    }
}

/// The derivative by the partial autocorrelations, given that by the coefficients.
pub(crate) fn from_partials_gradient(partials: &[f64], by_coefficients: &[f64], out: &mut [f64]) {
    let p = partials.len();
    let mut levels = vec![vec![0.0; p]; p + 1];
    for k in 0..p {
        let (done, next) = levels.split_at_mut(k + 1);
        for i in 0..k {
            next[0][i] = done[k][i] - partials[k] * done[k][k - 1 - i];
        }
        next[0][k] = partials[k];
    }
    let mut adjoint = by_coefficients.to_vec();
    for k in (0..p).rev() {
        let before = &levels[k];
        let mut sum = adjoint[k];
        let mut lower = vec![0.0; k];
        for i in 0..k {
            sum -= adjoint[i] * before[k - 1 - i];
            lower[i] = adjoint[i] - partials[k] * adjoint[k - 1 - i];
        }
        out[k] = sum;
        adjoint[..k].copy_from_slice(&lower);
    }
}

/// The partial autocorrelations of an autoregression; `None` if it is not stationary.
pub(crate) fn to_partials(coefficients: &[f64]) -> Option<Vec<f64>> {
    let mut work = coefficients.to_vec();
    let mut partials = vec![0.0; work.len()];
    for k in (0..work.len()).rev() {
        let r = work[k];
        if !(r.abs() < 1.0) {
            return None;
        }
        partials[k] = r;
        let scale = 1.0 / (1.0 - r * r);
        let before = work[..k].to_vec();
        for i in 0..k {
            work[i] = (before[i] + r * before[k - 1 - i]) * scale;
        }
    }
    Some(partials)
}

/// Whether every root of 1 - sum c_i z^i has a modulus above `modulus`; `steps` is the lag of one coefficient to the next.
pub(crate) fn roots_beyond(coefficients: &[f64], modulus: f64, steps: usize) -> bool {
    let last = coefficients.iter().rposition(|c| c.abs() > 1e-8).map_or(0, |i| i + 1);
    let ratio = (0..steps).fold(1.0, |power, _| power * modulus);
    let mut power = 1.0;
    let scaled: Vec<f64> = coefficients[..last]
        .iter()
        .map(|c| {
            power *= ratio;
            c * power
        })
        .collect();
    to_partials(&scaled).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_have_the_sign_of_their_kind() {
        let mut out = Vec::new();
        product(&[0.5], &[0.2], 4, -1.0, &mut out);
        assert_eq!(out, [0.5, 0.0, 0.0, 0.2, -0.1]);
        product(&[0.5], &[0.2], 4, 1.0, &mut out);
        assert_eq!(out, [0.5, 0.0, 0.0, 0.2, 0.1]);
    }

    #[test]
    fn partials_go_there_and_back() {
        let partials = [0.7, -0.3, 0.5, -0.9];
        let mut phi = [0.0; 4];
        from_partials(&partials, &mut phi);
        let back = to_partials(&phi).unwrap();
        for (a, b) in partials.iter().zip(&back) {
            assert!((a - b).abs() < 1e-12);
        }
        assert!(to_partials(&[0.5, 0.6]).is_none());
    }

    #[test]
    fn the_derivative_of_the_map_is_that_of_differences() {
        let partials = [0.4, -0.6, 0.2, 0.8, -0.1];
        let weights = [1.0, -2.0, 0.5, 3.0, 0.7];
        let value = |r: &[f64]| {
            let mut phi = [0.0; 5];
            from_partials(r, &mut phi);
            phi.iter().zip(&weights).map(|(a, b)| a * b).sum::<f64>()
        };
        let mut gradient = [0.0; 5];
        from_partials_gradient(&partials, &weights, &mut gradient);
        for i in 0..5 {
            let (mut up, mut down) = (partials, partials);
            up[i] += 1e-6;
            down[i] -= 1e-6;
            assert!(((value(&up) - value(&down)) / 2e-6 - gradient[i]).abs() < 1e-8, "{i}");
        }
    }

    #[test]
    fn roots_are_judged_by_their_modulus() {
        assert!(roots_beyond(&[0.98], 1.01, 1) && !roots_beyond(&[0.995], 1.01, 1));
        assert!(!roots_beyond(&[0.9], 1.01, 24) && roots_beyond(&[0.7], 1.01, 24));
        assert!(roots_beyond(&[0.5, 0.0, 1e-9], 1.01, 1));
    }
}
