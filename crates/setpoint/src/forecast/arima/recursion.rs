//! The fast exact likelihood of a stationary ARMA process without gaps: prediction errors and their variances by the
//! rank-one recursion of Chandrasekhar type (Morf, Sidhu and Kailath 1974), O(r) per point, and the exact derivative by
//! running it backwards. The state vectors move through memory instead of being shifted. Long sums run in four fixed lanes.
//! It does not estimate and does not know differencing; gaps are `diffuse`'s work.

use super::polynomial::{Term, product, product_gradient, terms};
use super::start::Start;

/// The variance factor counts as settled within this distance of 1.
const SETTLED: f64 = 1e-12;

/// Why the recursion gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The autoregression is not stationary.
    NotStationary,
    /// The variances rose or vanished: digits are lost, take the full filter.
    Digits,
}

/// Both polynomials multiplied out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Expanded {
    pub(crate) phi: Vec<f64>,
    pub(crate) theta: Vec<f64>,
    pub(crate) ar: Vec<Term>,
    pub(crate) ma: Vec<Term>,
}

/// Plain and seasonal coefficients in the order autoregressive, moving-average, seasonal autoregressive, seasonal moving-average.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blocks {
    pub(crate) counts: [usize; 4],
    pub(crate) period: usize,
}

impl Blocks {
    pub(crate) fn len(&self) -> usize {
        self.counts.iter().sum()
    }

    pub(crate) fn ranges(&self) -> [core::ops::Range<usize>; 4] {
        let [p, q, sp, sq] = self.counts;
        [0..p, p..p + q, p + q..p + q + sp, p + q + sp..p + q + sp + sq]
    }
}

impl Expanded {
    pub(crate) fn set(&mut self, blocks: &Blocks, coefficients: &[f64]) {
        let [p, q, sp, sq] = blocks.ranges();
        product(&coefficients[p], &coefficients[sp], blocks.period, -1.0, &mut self.phi);
        product(&coefficients[q], &coefficients[sq], blocks.period, 1.0, &mut self.theta);
        terms(&self.phi, blocks.counts[0], blocks.counts[2], blocks.period, &mut self.ar);
        terms(&self.theta, blocks.counts[1], blocks.counts[3], blocks.period, &mut self.ma);
    }

    pub(crate) fn state(&self) -> usize {
        self.phi.len().max(self.theta.len() + 1)
    }
}

/// Buffers of the recursion and what it found: variance factors and prediction errors of each column.
#[derive(Debug, Default)]
pub(crate) struct Recursion {
    start: Start,
    /// F_t; beyond its end it is 1.
    pub(crate) variances: Vec<f64>,
    /// Prediction errors, one vector per column.
    pub(crate) errors: Vec<Vec<f64>>,
    /// Sum of ln F_t.
    pub(crate) log_determinant: f64,
    cells: Vec<Vec<f64>>,
    gains: Vec<f64>,
    directions: Vec<f64>,
    direction: Vec<f64>,
    heads: Vec<f64>,
    weights: Vec<f64>,
    alpha: Vec<f64>,
    beta: Vec<f64>,
    gain_bar: Vec<f64>,
    phi_bar: Vec<f64>,
    theta_bar: Vec<f64>,
}

fn clear(v: &mut Vec<f64>, n: usize) {
    v.clear();
    v.resize(n, 0.0);
}

/// sum a_i b_i in four lanes of fixed order.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().min(b.len());
    let (a, b) = (&a[..n], &b[..n]);
    let mut lanes = [0.0; 4];
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let tail: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a4.zip(b4) {
        for l in 0..4 {
            lanes[l] += x[l] * y[l];
        }
    }
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]) + tail
}

impl Recursion {
    /// Runs all columns through the filter. With `keep` what [`Self::gradient`] needs is kept: O(n r) memory.
    pub(crate) fn run(&mut self, x: &Expanded, columns: &[Vec<f64>], keep: bool) -> Result<(), Trouble> {
        let r = x.state();
        let n = columns.first().map_or(0, Vec::len);
        if !self.start.compute(&x.phi, &x.ar, &x.theta, &x.ma, r) {
            return Err(Trouble::NotStationary);
        }
        self.errors.resize_with(columns.len(), Vec::new);
        self.cells.resize_with(columns.len(), Vec::new);
        for (cells, errors) in self.cells.iter_mut().zip(&mut self.errors) {
            clear(cells, n + r);
            clear(errors, n);
        }
        self.variances.clear();
        self.heads.clear();
        self.weights.clear();
        let rows = if keep { n + 1 } else { 1 };
        if self.gains.len() < rows * r {
            self.gains.resize(rows * r, 0.0);
            self.directions.resize(rows * r, 0.0);
        }
        self.gains[..r].copy_from_slice(&self.start.gain);
        clear(&mut self.direction, n + r + 1);
        self.direction[..r].copy_from_slice(&self.start.gain);
        let mut f = self.start.variance;
        if !(f > 0.0) {
            return Err(Trouble::Digits);
        }
        let mut m = -1.0 / f;
        let (mut calm, mut product, mut logs) = (0, 1.0, 0.0);
        let mut t = 0;
        while t < n && calm < r {
            self.variances.push(f);
            product *= f;
            if !(1e-100..1e100).contains(&product) {
                logs += libm::log(product);
                product = 1.0;
            }
            let row = if keep { t * r } else { 0 };
            for ((cells, errors), w) in self.cells.iter_mut().zip(&mut self.errors).zip(columns) {
                let cells = &mut cells[t..t + r + 1];
                let head = cells[0];
                let v = w[t] - head;
                errors[t] = v;
                let g = v / f;
                for (cell, k) in cells[1..].iter_mut().zip(&self.gains[row..row + r]) {
                    *cell += k * g;
                }
                for &(lag, c) in &x.ar {
                    cells[lag] += c * head;
                }
            }
            let cells = &mut self.direction[t..t + r + 1];
            let z = cells[0];
            let next = f + m * z * z;
            if !(next > 0.0) || next > f * (1.0 + 1e-9) {
                return Err(Trouble::Digits);
            }
            for &(lag, c) in &x.ar {
                cells[lag] += c * z;
            }
            let (h, s) = (m * z, z / next);
            let cells = &mut cells[1..=r];
            if keep {
                self.heads.push(z);
                self.weights.push(m);
                let (now, later) = self.gains[row..row + 2 * r].split_at_mut(r);
                let kept = &mut self.directions[row..row + r];
                for i in 0..r {
                    let d = cells[i];
                    let gain = now[i] + d * h;
                    kept[i] = d;
                    later[i] = gain;
                    cells[i] = d - gain * s;
                }
            } else {
                for (cell, k) in cells.iter_mut().zip(&mut self.gains[..r]) {
                    let gain = *k + *cell * h;
                    *k = gain;
                    *cell -= gain * s;
                }
            }
            if z != 0.0 {
                m = m * next / f;
            }
            calm = if (next - 1.0).abs() <= SETTLED { calm + 1 } else { 0 };
            f = next;
            t += 1;
        }
        self.log_determinant = logs + libm::log(product);
        for ((cells, errors), w) in self.cells.iter_mut().zip(&mut self.errors).zip(columns) {
            for t in t..n {
                let v = w[t] - cells[t];
                errors[t] = v;
                for &(lag, c) in &x.ar {
                    cells[t + lag] += c * w[t];
                }
                for &(lag, c) in &x.ma {
                    cells[t + lag] += c * v;
                }
            }
        }
        Ok(())
    }

    /// F_t.
    pub(crate) fn variance(&self, t: usize) -> f64 {
        self.variances.get(t).copied().unwrap_or(1.0)
    }

    /// The derivative of `weight * sum v_t^2 / F_t + 1/2 sum ln F_t` by the coefficients, where `v` are the prediction errors
    /// of `w` (a combination of the columns of the last [`Self::run`], which kept its steps).
    pub(crate) fn gradient(
        &mut self,
        x: &Expanded,
        blocks: &Blocks,
        coefficients: &[f64],
        (w, v): (&[f64], &[f64]),
        weight: f64,
        out: &mut [f64],
    ) {
        let r = x.state();
        let n = w.len();
        let settled = self.variances.len();
        clear(&mut self.alpha, n + r + 1);
        clear(&mut self.beta, settled + r + 1);
        clear(&mut self.gain_bar, r);
        clear(&mut self.phi_bar, x.phi.len());
        clear(&mut self.theta_bar, x.theta.len());
        for t in (settled..n).rev() {
            let mut bar = 2.0 * weight * v[t];
            for &(lag, c) in &x.ma {
                let alpha = self.alpha[t + lag];
                bar += c * alpha;
                self.theta_bar[lag - 1] += alpha * v[t];
            }
            for &(lag, _) in &x.ar {
                self.phi_bar[lag - 1] += self.alpha[t + lag] * w[t];
            }
            self.alpha[t] = -bar;
        }
        let (mut next_bar, mut m_bar) = (0.0, 0.0);
        for t in (0..settled).rev() {
            let (f, next) = (self.variances[t], self.variance(t + 1));
            let (z, m) = (self.heads[t], self.weights[t]);
            let mut f_bar = 0.0;
            if z != 0.0 {
                let next = if t + 1 < settled { next } else { f + m * z * z };
                next_bar += m_bar * m / f;
                f_bar -= m_bar * m * next / (f * f);
                m_bar *= next / f;
                let (h, s) = (m * z, z / next);
                let later = &self.gains[(t + 1) * r..(t + 2) * r];
                let ty = &self.directions[t * r..(t + 1) * r];
                let beta = &mut self.beta[t + 1..t + 1 + r];
                let (mut s4, mut h4) = ([0.0; 4], [0.0; 4]);
                let whole = r - r % 4;
                for i in (0..whole).step_by(4) {
                    let (k, ty) = (&later[i..i + 4], &ty[i..i + 4]);
                    let (bar, beta) = (&mut self.gain_bar[i..i + 4], &mut beta[i..i + 4]);
                    for l in 0..4 {
                        let b = beta[l];
                        s4[l] -= b * k[l];
                        let g = bar[l] - b * s;
                        bar[l] = g;
                        h4[l] += g * ty[l];
                        beta[l] = b + g * h;
                    }
                }
                let mut s_bar = (s4[0] + s4[2]) + (s4[1] + s4[3]);
                let mut h_bar = (h4[0] + h4[2]) + (h4[1] + h4[3]);
                for i in whole..r {
                    let b = beta[i];
                    s_bar -= b * later[i];
                    let g = self.gain_bar[i] - b * s;
                    self.gain_bar[i] = g;
                    h_bar += g * ty[i];
                    beta[i] = b + g * h;
                }
                let mut z_bar = s_bar / next;
                next_bar -= s_bar * s / next;
                m_bar += h_bar * z;
                z_bar += h_bar * m;
                for &(lag, c) in &x.ar {
                    let beta = self.beta[t + lag];
                    z_bar += c * beta;
                    self.phi_bar[lag - 1] += beta * z;
                }
                f_bar += next_bar;
                m_bar += next_bar * z * z;
                z_bar += 2.0 * next_bar * m * z;
                self.beta[t] = z_bar;
            } else {
                // The head is zero: the gain stood still and the direction moved by T alone.
                let later = &self.gains[(t + 1) * r..(t + 2) * r];
                let ty = &self.directions[t * r..(t + 1) * r];
                let beta = &self.beta[t + 1..t + 1 + r];
                let mut z_bar = m * dot(&self.gain_bar, ty) - dot(beta, later) / f;
                for &(lag, c) in &x.ar {
                    z_bar += c * self.beta[t + lag];
                }
                f_bar += next_bar;
                self.beta[t] = z_bar;
            }
            // The step of the data.
            let g = v[t] / f;
            let head = w[t] - v[t];
            let gains = &self.gains[t * r..(t + 1) * r];
            let alpha = &self.alpha[t + 1..t + 1 + r];
            let g_bar = dot(alpha, gains);
            for (bar, alpha) in self.gain_bar.iter_mut().zip(alpha) {
                *bar += alpha * g;
            }
            let v_bar = g_bar / f + 2.0 * weight * g;
            f_bar += -g_bar * g / f - weight * g * g + 0.5 / f;
            let mut bar = -v_bar;
            for &(lag, c) in &x.ar {
                let alpha = self.alpha[t + lag];
                bar += c * alpha;
                self.phi_bar[lag - 1] += alpha * head;
            }
            self.alpha[t] = bar;
            next_bar = f_bar;
        }
        // M_0 = -1/F_0 and Y_0 = K_0.
        let f0 = self.start.variance;
        let variance_bar = next_bar + m_bar / (f0 * f0);
        for (bar, beta) in self.gain_bar.iter_mut().zip(&self.beta) {
            *bar += beta;
        }
        self.start.pull_back(
            &x.phi,
            &x.ar,
            &x.theta,
            &x.ma,
            &self.gain_bar,
            variance_bar,
            &mut self.phi_bar,
            &mut self.theta_bar,
        );
        by_blocks(blocks, coefficients, &self.phi_bar, &self.theta_bar, out);
    }
}

/// The derivative by plain and seasonal coefficients, given that by the multiplied-out polynomials.
pub(crate) fn by_blocks(blocks: &Blocks, c: &[f64], phi_bar: &[f64], theta_bar: &[f64], out: &mut [f64]) {
    let [p, q, sp, sq] = blocks.ranges();
    let (first, last) = out.split_at_mut(sp.start);
    let (by_p, by_q) = first.split_at_mut(q.start);
    let (by_sp, by_sq) = last.split_at_mut(sq.start - sp.start);
    product_gradient(&c[p], &c[sp], blocks.period, -1.0, phi_bar, by_p, by_sp);
    product_gradient(&c[q], &c[sq], blocks.period, 1.0, theta_bar, by_q, by_sq);
}
