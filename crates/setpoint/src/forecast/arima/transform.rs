//! The free parameters of the search: each block's partial autocorrelations through the hyperbolic tangent (Jones 1980), so that
//! every point is stationary and invertible. Moving-average blocks carry the opposite sign.

use super::polynomial::{LIMIT, from_partials, from_partials_gradient, to_partials};
use super::recursion::Blocks;

fn is_moving_average(block: usize) -> bool {
    block % 2 == 1
}

/// Coefficients of free parameters; `partials` receives the partial autocorrelations.
pub(crate) fn coefficients(blocks: &Blocks, free: &[f64], partials: &mut [f64], out: &mut [f64]) {
    for (r, u) in partials.iter_mut().zip(free) {
        *r = LIMIT * libm::tanh(*u);
    }
    for (block, range) in blocks.ranges().into_iter().enumerate() {
        from_partials(&partials[range.clone()], &mut out[range.clone()]);
        if is_moving_average(block) {
            out[range].iter_mut().for_each(|c| *c = -*c);
        }
    }
}

/// The derivative by the free parameters, given that by the coefficients.
pub(crate) fn gradient(blocks: &Blocks, partials: &[f64], by_coefficients: &mut [f64], out: &mut [f64]) {
    for (block, range) in blocks.ranges().into_iter().enumerate() {
        if is_moving_average(block) {
            by_coefficients[range.clone()].iter_mut().for_each(|c| *c = -*c);
        }
        if range.len() == 1 {
            out[range.start] = by_coefficients[range.start];
        } else {
            from_partials_gradient(
                &partials[range.clone()],
                &by_coefficients[range.clone()],
                &mut out[range],
            );
        }
    }
    for (g, r) in out.iter_mut().zip(partials) {
        let t = r / LIMIT;
        *g *= LIMIT * (1.0 - t * t);
    }
}

/// Free parameters of coefficients. A block that is not stationary or invertible begins at zero; none begins beyond `most` in
/// partial autocorrelation.
pub(crate) fn free(blocks: &Blocks, coefficients: &[f64], most: f64) -> Vec<f64> {
    let mut out = vec![0.0; coefficients.len()];
    for (block, range) in blocks.ranges().into_iter().enumerate() {
        let sign = if is_moving_average(block) { -1.0 } else { 1.0 };
        let own: Vec<f64> = coefficients[range.clone()].iter().map(|c| sign * c).collect();
        if let Some(partials) = to_partials(&own) {
            for (u, r) in out[range].iter_mut().zip(partials) {
                *u = libm::atanh(r.clamp(-most, most) / LIMIT);
            }
        }
    }
    out
}
