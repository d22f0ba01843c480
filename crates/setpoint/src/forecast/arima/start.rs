//! The stationary start of the filter: variance of the first point and the gain's direction, in O(p'^2 + terms r) by
//! stepping down to the partial autocorrelations, and the derivative of both backwards through the same steps.
//! Source: Durbin-Levinson; the first column of the stationary covariance as sums over autocovariances and psi weights.

use super::polynomial::Term;

/// What the recursion begins with, and what its derivative needs.
#[derive(Debug, Default)]
pub(crate) struct Start {
    /// Variance of the first point over that of the innovations.
    pub(crate) variance: f64,
    /// T P Z': covariance of the next state with this point.
    pub(crate) gain: Vec<f64>,
    /// Predictors of every order, the one of order m at m (m - 1) / 2.
    predictors: Vec<f64>,
    /// Autocovariances of the autoregression with unit noise.
    pure: Vec<f64>,
    /// Autocovariances of the whole process, lags 0 to p' - 1 (at least lag 0).
    gamma: Vec<f64>,
    psi: Vec<f64>,
    /// Autocovariances of the moving average at the lags that its terms reach.
    echo: Vec<Term>,
    // Adjoints.
    predictors_bar: Vec<f64>,
    pure_bar: Vec<f64>,
    gamma_bar: Vec<f64>,
    psi_bar: Vec<f64>,
    echo_bar: Vec<f64>,
}

fn clear(v: &mut Vec<f64>, n: usize) {
    v.clear();
    v.resize(n, 0.0);
}

impl Start {
    /// Computes the start; `false` if the autoregression is not stationary.
    pub(crate) fn compute(&mut self, phi: &[f64], ar: &[Term], theta: &[f64], ma: &[Term], r: usize) -> bool {
        let (p, q) = (phi.len(), theta.len());
        clear(&mut self.predictors, p * (p + 1) / 2);
        let at = |m: usize| m * (m.max(1) - 1) / 2;
        if p > 0 {
            self.predictors[at(p)..].copy_from_slice(phi);
        }
        let mut scale = 1.0;
        for m in (1..=p).rev() {
            let (low, high) = self.predictors.split_at_mut(at(m));
            let k = high[m - 1];
            if !(k.abs() < 1.0) {
                return false;
            }
            let one = 1.0 - k * k;
            scale *= one;
            if m > 1 {
                let low = &mut low[at(m - 1)..];
                for i in 0..m - 1 {
                    low[i] = (high[i] + k * high[m - 2 - i]) / one;
                }
            }
        }
        clear(&mut self.pure, p + q + 1);
        self.pure[0] = 1.0 / scale;
        for m in 1..=p {
            let row = &self.predictors[at(m)..at(m) + m];
            self.pure[m] = row.iter().enumerate().map(|(i, c)| c * self.pure[m - 1 - i]).sum();
        }
        for m in p + 1..=p + q {
            self.pure[m] = ar.iter().map(|(lag, c)| c * self.pure[m - lag]).sum();
        }
        // Lags that the terms can reach are kept even where their sum is zero now: it has a derivative.
        let mut echo = vec![(0.0, false); q + 1];
        for (a, x) in core::iter::once((0, 1.0)).chain(ma.iter().copied()) {
            for (b, y) in core::iter::once((0, 1.0)).chain(ma.iter().copied()) {
                if b >= a {
                    echo[b - a].0 += x * y;
                    echo[b - a].1 = true;
                }
            }
        }
        self.echo.clear();
        self.echo.extend(echo.iter().enumerate().filter(|(_, e)| e.1).map(|(lag, e)| (lag, e.0)));
        clear(&mut self.gamma, p.max(1));
        for (k, gamma) in self.gamma.iter_mut().enumerate() {
            for &(j, c) in &self.echo {
                let pure = if j == 0 { self.pure[k] } else { self.pure[k.abs_diff(j)] + self.pure[k + j] };
                *gamma += c * pure;
            }
        }
        clear(&mut self.psi, q.max(1));
        self.psi[0] = 1.0;
        for k in 1..q {
            let past: f64 =
                ar.iter().filter(|(lag, _)| *lag <= k).map(|(lag, c)| c * self.psi[k - lag]).sum();
            self.psi[k] = theta[k - 1] + past;
        }
        self.variance = self.gamma[0];
        clear(&mut self.gain, r);
        for (terms, weights) in [(ar, &self.gamma), (ma, &self.psi)] {
            for &(lag, c) in terms {
                for i in 0..lag {
                    self.gain[i] += c * weights[lag - 1 - i];
                }
            }
        }
        self.variance.is_finite()
    }

    /// Adds to `phi_bar` and `theta_bar` the derivative that comes through the start, given that by the gain and by the variance.
    #[expect(
        clippy::too_many_arguments,
        reason = "the same coefficients in two forms, two adjoints in, two out"
    )]
    pub(crate) fn pull_back(
        &mut self,
        phi: &[f64],
        ar: &[Term],
        theta: &[f64],
        ma: &[Term],
        gain_bar: &[f64],
        variance_bar: f64,
        phi_bar: &mut [f64],
        theta_bar: &mut [f64],
    ) {
        let (p, q) = (phi.len(), theta.len());
        clear(&mut self.gamma_bar, p.max(1));
        clear(&mut self.psi_bar, q.max(1));
        self.gamma_bar[0] += variance_bar;
        for (terms, weights, weights_bar, bar) in [
            (ar, &self.gamma, &mut self.gamma_bar, &mut *phi_bar),
            (ma, &self.psi, &mut self.psi_bar, &mut *theta_bar),
        ] {
            for &(lag, c) in terms {
                let mut sum = 0.0;
                for i in 0..lag {
                    sum += gain_bar[i] * weights[lag - 1 - i];
                    weights_bar[lag - 1 - i] += gain_bar[i] * c;
                }
                bar[lag - 1] += sum;
            }
        }
        for k in (1..q).rev() {
            let bar = self.psi_bar[k];
            theta_bar[k - 1] += bar;
            for &(lag, c) in ar.iter().filter(|(lag, _)| *lag <= k) {
                phi_bar[lag - 1] += bar * self.psi[k - lag];
                self.psi_bar[k - lag] += bar * c;
            }
        }
        clear(&mut self.pure_bar, p + q + 1);
        clear(&mut self.echo_bar, q + 1);
        for (k, bar) in self.gamma_bar.iter().enumerate() {
            for &(j, c) in &self.echo {
                if j == 0 {
                    self.echo_bar[0] += bar * self.pure[k];
                    self.pure_bar[k] += bar * c;
                } else {
                    self.echo_bar[j] += bar * (self.pure[k.abs_diff(j)] + self.pure[k + j]);
                    self.pure_bar[k.abs_diff(j)] += bar * c;
                    self.pure_bar[k + j] += bar * c;
                }
            }
        }
        for &(a, _) in ma {
            let mut sum = self.echo_bar[a] + 2.0 * theta[a - 1] * self.echo_bar[0];
            for &(b, y) in ma {
                if b != a {
                    sum += y * self.echo_bar[a.abs_diff(b)];
                }
            }
            theta_bar[a - 1] += sum;
        }
        for m in (p + 1..=p + q).rev() {
            let bar = self.pure_bar[m];
            for &(lag, c) in ar {
                phi_bar[lag - 1] += bar * self.pure[m - lag];
                self.pure_bar[m - lag] += bar * c;
            }
        }
        self.step_up(p, phi_bar);
    }

    fn step_up(&mut self, p: usize, phi_bar: &mut [f64]) {
        let at = |m: usize| m * (m.max(1) - 1) / 2;
        clear(&mut self.predictors_bar, p * (p + 1) / 2);
        for m in (1..=p).rev() {
            let bar = self.pure_bar[m];
            for i in 0..m {
                self.predictors_bar[at(m) + i] += bar * self.pure[m - 1 - i];
                self.pure_bar[m - 1 - i] += bar * self.predictors[at(m) + i];
            }
        }
        let start_bar = self.pure_bar[0] * self.pure[0];
        for m in 1..=p {
            let high = &self.predictors[at(m)..at(m) + m];
            let k = high[m - 1];
            let one = 1.0 - k * k;
            let (low_bar, high_bar) = self.predictors_bar.split_at_mut(at(m));
            let high_bar = &mut high_bar[..m];
            let mut k_bar = start_bar * 2.0 * k / one;
            if m > 1 {
                let low = &self.predictors[at(m - 1)..at(m)];
                let low_bar = &low_bar[at(m - 1)..];
                for i in 0..m - 1 {
                    let bar = low_bar[i] / one;
                    high_bar[i] += bar;
                    high_bar[m - 2 - i] += bar * k;
                    k_bar += bar * (high[m - 2 - i] + 2.0 * k * low[i]);
                }
            }
            high_bar[m - 1] += k_bar;
        }
        if p > 0 {
            for (out, bar) in phi_bar.iter_mut().zip(&self.predictors_bar[at(p)..]) {
                *out += bar;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_mixed_process_is_the_textbook_one() {
        let (phi, theta) = (0.6, 0.3);
        let mut start = Start::default();
        assert!(start.compute(&[phi], &[(1, phi)], &[theta], &[(1, theta)], 2));
        let gamma = (1.0 + 2.0 * phi * theta + theta * theta) / (1.0 - phi * phi);
        assert!((start.variance - gamma).abs() < 1e-14);
        assert!((start.gain[0] - (phi * gamma + theta)).abs() < 1e-14);
        assert!(!start.compute(&[1.0], &[(1, 1.0)], &[], &[], 1));
    }
}
