//! Where the search for the highest likelihood begins: conditional sum of squares, and Hannan-Rissanen's two regressions (a long
//! autoregression, then lags of the series and of its residuals). Cheap and approximate; no randomness.

use super::linear::{cholesky, solve};
use super::optimize::{Stop, minimize};
use super::recursion::{Blocks, Expanded};
use super::transform;

/// Residuals of a long autoregression by Yule-Walker, the first `order` of them left at zero.
fn long_residuals(w: &[f64], order: usize) -> Vec<f64> {
    let n = w.len();
    let gamma: Vec<f64> = (0..=order).map(|k| (k..n).map(|t| w[t] * w[t - k]).sum::<f64>()).collect();
    let mut phi = vec![0.0; order];
    let mut error = gamma[0];
    for k in 0..order {
        if !(error > 1e-12 * gamma[0]) {
            break;
        }
        let reach: f64 = (0..k).map(|i| phi[i] * gamma[k - i]).sum();
        let r = (gamma[k + 1] - reach) / error;
        let before = phi[..k].to_vec();
        for i in 0..k {
            phi[i] = before[i] - r * before[k - 1 - i];
        }
        phi[k] = r;
        error *= 1.0 - r * r;
    }
    let mut e = vec![0.0; n];
    for t in order..n {
        e[t] = w[t] - phi.iter().enumerate().map(|(i, c)| c * w[t - 1 - i]).sum::<f64>();
    }
    e
}

/// The long autoregression's residuals for every order of one search; computed once.
pub(crate) fn innovations(w: &[f64], period: usize) -> (usize, Vec<f64>) {
    let n = w.len();
    let wanted = if period > 1 { period + 4 } else { 10 };
    let order = wanted.min(n / 4);
    (order, long_residuals(w, order))
}

/// Hannan-Rissanen coefficients; zeros where the series is too short for the regression.
pub(crate) fn hannan_rissanen(w: &[f64], blocks: &Blocks, (order, e): &(usize, Vec<f64>)) -> Vec<f64> {
    let [p, q, sp, sq] = blocks.counts;
    let k = blocks.len();
    let s = blocks.period;
    let lags: Vec<(bool, usize)> = (1..=p)
        .map(|i| (false, i))
        .chain((1..=q).map(|i| (true, i)))
        .chain((1..=sp).map(|i| (false, i * s)))
        .chain((1..=sq).map(|i| (true, i * s)))
        .collect();
    let mut lags = lags;
    // Products of both factors are lags of their own in the regression; their coefficients are not used.
    for (series, plain, seasonal) in [(false, p, sp), (true, q, sq)] {
        if plain > 0 && seasonal > 0 {
            lags.extend((1..=plain.min(1)).map(|i| (series, s + i)));
        }
    }
    let all = lags.len();
    let longest = lags.iter().map(|(_, l)| *l).max().unwrap_or(0);
    let first = longest + if q + sq > 0 { *order } else { 0 };
    let first = first.min(w.len());
    if w.len() - first < 2 * all + 2 {
        return vec![0.0; k];
    }
    let (mut normal, mut b, mut row) = (vec![0.0; all * all], vec![0.0; all], vec![0.0; all]);
    for t in first..w.len() {
        for (x, (noise, lag)) in row.iter_mut().zip(&lags) {
            *x = if *noise { e[t - lag] } else { w[t - lag] };
        }
        for i in 0..all {
            b[i] += row[i] * w[t];
            for j in 0..=i {
                normal[i * all + j] += row[i] * row[j];
            }
        }
    }
    for i in 0..all {
        normal[i * all + i] *= 1.0 + 1e-9;
        for j in 0..i {
            normal[j * all + i] = normal[i * all + j];
        }
    }
    if cholesky(&mut normal, all, 1e-12).is_none() {
        return vec![0.0; k];
    }
    solve(&normal, all, &mut b);
    b.truncate(k);
    b
}

/// Free parameters that minimise the conditional sum of squares, from `start`.
pub(crate) fn conditional(w: &[f64], blocks: &Blocks, start: &[f64]) -> Option<Vec<f64>> {
    let k = blocks.len();
    let mut x = Expanded::default();
    let (mut partials, mut c, mut by_c) = (vec![0.0; k], vec![0.0; k], vec![0.0; k]);
    let (mut e, mut back) = (Vec::new(), Vec::new());
    let used = w.len().saturating_sub(blocks.counts[0] + blocks.counts[2] * blocks.period);
    if used <= k {
        return None;
    }
    let objective = |free: &[f64], out: &mut [f64]| {
        transform::coefficients(blocks, free, &mut partials, &mut c);
        x.set(blocks, &c);
        let squares = residuals(w, &x, &mut e);
        if !(squares > 0.0 && squares.is_finite()) {
            return None;
        }
        let weight = used as f64 / squares;
        let (mut phi_bar, mut theta_bar) = (vec![0.0; x.phi.len()], vec![0.0; x.theta.len()]);
        let (n, from) = (w.len(), x.phi.len());
        back.clear();
        back.resize(n + x.theta.len(), 0.0);
        for t in (from..n).rev() {
            let later: f64 = x.ma.iter().map(|(lag, c)| c * back[t + lag]).sum();
            let bar = weight * e[t] - later;
            back[t] = bar;
            x.ar.iter().for_each(|(lag, _)| phi_bar[lag - 1] -= bar * w[t - lag]);
            for &(lag, _) in x.ma.iter().take_while(|(lag, _)| *lag <= t) {
                theta_bar[lag - 1] -= bar * e[t - lag];
            }
        }
        super::recursion::by_blocks(blocks, &c, &phi_bar, &theta_bar, &mut by_c);
        transform::gradient(blocks, &partials, &mut by_c, out);
        Some(0.5 * used as f64 * libm::log(squares))
    };
    let metric = vec![1.0 / used as f64; k];
    let stop = Stop { gradient: 1e-4 * used as f64, change: 1e-7, iterations: 40 };
    Some(minimize(objective, start, &metric, stop, &[])?.at)
}

/// Residuals with nothing before the series, from p' on; their sum of squares.
fn residuals(w: &[f64], x: &Expanded, e: &mut Vec<f64>) -> f64 {
    e.clear();
    e.resize(w.len(), 0.0);
    let mut squares = 0.0;
    for t in x.phi.len()..w.len() {
        let mut v = w[t];
        x.ar.iter().for_each(|(lag, c)| v -= c * w[t - lag]);
        for &(lag, c) in x.ma.iter().take_while(|(lag, _)| *lag <= t) {
            v -= c * e[t - lag];
        }
        e[t] = v;
        squares += v * v;
    }
    squares
}
