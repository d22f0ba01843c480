//! The full filter in Harvey's form with the levels of a differenced series in the state: needed where points are missing, for
//! continuing a series point by point, and for standard errors of forecasts. Covariances are in units of the innovation variance.
//! Source: Durbin and Koopman 2012, sections 4.3 and 5.2 (exact diffuse start). T is never formed: it is a shift and a column.

use super::polynomial::Term;
use super::recursion::Expanded;

/// The shape of the state: r ARMA components, then the last m levels, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Space {
    /// Autoregressive terms.
    pub(crate) ar: Vec<Term>,
    /// (1, theta_1, .., theta_{r-1}).
    pub(crate) loading: Vec<f64>,
    /// y_t = w_t + sum delta_j y_{t-j}.
    pub(crate) delta: Vec<Term>,
    /// d + D s.
    pub(crate) levels: usize,
}

/// Terms of y_t = w_t + sum delta_j y_{t-j} for d plain and D seasonal differences.
pub(crate) fn difference_terms(d: usize, seasonal_d: usize, period: usize) -> Vec<Term> {
    let mut dense = vec![1.0];
    for step in core::iter::repeat_n(1, d).chain(core::iter::repeat_n(period, seasonal_d)) {
        let mut next = dense.clone();
        next.resize(dense.len() + step, 0.0);
        for (i, c) in dense.iter().enumerate() {
            next[i + step] -= c;
        }
        dense = next;
    }
    dense.iter().enumerate().skip(1).filter(|(_, c)| **c != 0.0).map(|(lag, c)| (lag, -c)).collect()
}

impl Space {
    pub(crate) fn new(x: &Expanded, d: usize, seasonal_d: usize, period: usize) -> Self {
        let mut loading = vec![0.0; x.state()];
        loading[0] = 1.0;
        loading[1..=x.theta.len()].copy_from_slice(&x.theta);
        Self {
            ar: x.ar.iter().copied().filter(|(_, c)| *c != 0.0).collect(),
            loading,
            delta: difference_terms(d, seasonal_d, period),
            levels: d + seasonal_d * period,
        }
    }

    pub(crate) fn r(&self) -> usize {
        self.loading.len()
    }

    /// Z times a state.
    pub(crate) fn observe(&self, arma: &[f64], levels: &[f64]) -> f64 {
        self.delta.iter().fold(arma[0], |sum, (lag, c)| sum + c * levels[lag - 1])
    }

    /// T times a state, where `y` is its observation.
    pub(crate) fn advance(&self, arma: &mut [f64], levels: &mut [f64], y: f64) {
        let head = arma[0];
        arma.copy_within(1.., 0);
        arma[self.r() - 1] = 0.0;
        for &(lag, c) in &self.ar {
            arma[lag - 1] += c * head;
        }
        if !levels.is_empty() {
            let last = levels.len() - 1;
            levels.copy_within(..last, 1);
            levels[0] = y;
        }
    }

    /// A row times T.
    pub(crate) fn retreat(&self, arma: &mut [f64], levels: &mut [f64]) {
        let head = self.ar.iter().map(|(lag, c)| c * arma[lag - 1]).sum::<f64>();
        let first = levels.first().copied().unwrap_or(0.0);
        let last = arma.len() - 1;
        arma.copy_within(..last, 1);
        arma[0] = head + first;
        if !levels.is_empty() {
            let last = levels.len() - 1;
            levels.copy_within(1.., 0);
            levels[last] = 0.0;
            for &(lag, c) in &self.delta {
                levels[lag - 1] += first * c;
            }
        }
    }

    /// P Z' of a covariance over `dim` components: r, or r + m.
    pub(crate) fn column(&self, p: &[f64], dim: usize, out: &mut Vec<f64>) {
        out.clear();
        out.extend_from_slice(&p[..dim]);
        if dim > self.r() {
            for &(lag, c) in &self.delta {
                let row = (self.r() + lag - 1) * dim;
                for (o, x) in out.iter_mut().zip(&p[row..row + dim]) {
                    *o += c * x;
                }
            }
        }
    }

    /// Z times such a column.
    pub(crate) fn scalar(&self, column: &[f64]) -> f64 {
        let r = self.r();
        let with_levels = column.len() > r;
        self.delta
            .iter()
            .filter(|_| with_levels)
            .fold(column[0], |sum, (lag, c)| sum + c * column[r + lag - 1])
    }

    /// T P T' (without the noise).
    pub(crate) fn transport(&self, p: &mut [f64], dim: usize, scratch: &mut Vec<f64>) {
        let r = self.r();
        let mut seen = Vec::with_capacity(dim);
        for _ in 0..2 {
            // Rows by T, then the same on the transpose: P stays symmetric.
            self.column(p, dim, &mut seen);
            scratch.clear();
            scratch.resize(dim * dim, 0.0);
            scratch[..(r - 1) * dim].copy_from_slice(&p[dim..r * dim]);
            for &(lag, c) in &self.ar {
                let row = (lag - 1) * dim;
                for (o, x) in scratch[row..row + dim].iter_mut().zip(&p[..dim]) {
                    *o += c * x;
                }
            }
            if dim > r {
                scratch[r * dim..(r + 1) * dim].copy_from_slice(&seen);
                scratch[(r + 1) * dim..].copy_from_slice(&p[r * dim..(dim - 1) * dim]);
            }
            for i in 0..dim {
                for j in 0..dim {
                    p[j * dim + i] = scratch[i * dim + j];
                }
            }
        }
    }

    /// Adds the noise R R'.
    pub(crate) fn disturb(&self, p: &mut [f64], dim: usize) {
        for (i, a) in self.loading.iter().enumerate().filter(|(_, a)| **a != 0.0) {
            for (o, b) in p[i * dim..i * dim + self.r()].iter_mut().zip(&self.loading) {
                *o += a * b;
            }
        }
    }

    /// The stationary covariance, from its first column (T P Z' and the variance of a point) and the lower right corner upwards.
    pub(crate) fn stationary(&self, gain: &[f64], variance: f64) -> Vec<f64> {
        let r = self.r();
        let mut phi = vec![0.0; r];
        self.ar.iter().for_each(|(lag, c)| phi[lag - 1] = *c);
        let mut first = vec![0.0; r + 1];
        first[0] = variance;
        for i in 1..r {
            first[i] = gain[i - 1] - phi[i - 1] * variance;
        }
        let mut p = vec![0.0; r * r];
        for i in (0..r).rev() {
            for j in (i..r).rev() {
                let corner = if i + 1 < r && j + 1 < r { p[(i + 1) * r + j + 1] } else { 0.0 };
                let value = phi[i] * phi[j] * variance
                    + phi[i] * first[j + 1]
                    + phi[j] * first[i + 1]
                    + corner
                    + self.loading[i] * self.loading[j];
                p[i * r + j] = value;
                p[j * r + i] = value;
            }
        }
        p
    }
}

/// What is known of the state's spread before the next point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Covariance {
    /// Settled: R R', levels known.
    Steady,
    /// The ARMA components, r by r; levels known.
    Arma(Vec<f64>),
    /// Everything, (r + m) by (r + m).
    Joint(Vec<f64>),
}

/// One column's state: ARMA components and last levels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) arma: Vec<f64>,
    pub(crate) levels: Vec<f64>,
}

/// A filter that stands before the next point; several columns (the series and its regressors) share one covariance.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) space: Space,
    pub(crate) states: Vec<State>,
    pub(crate) covariance: Covariance,
    /// The diffuse part of the levels' covariance, m by m, while there is one.
    diffuse: Option<Vec<f64>>,
    /// Consecutive points with a settled variance.
    pub(crate) calm: usize,
    scratch: Vec<f64>,
    column: Vec<f64>,
}

/// How much a point counted for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Factor {
    /// Its variance in units of the innovation variance.
    Proper(f64),
    /// It resolved a diffuse level; the diffuse factor.
    Diffuse(f64),
}

/// A diffuse variance below this is none.
const RESOLVED: f64 = 1e-8;

impl Filter {
    pub(crate) fn new(space: Space, states: Vec<State>, covariance: Covariance, calm: usize) -> Self {
        Self { space, states, covariance, diffuse: None, calm, scratch: Vec::new(), column: Vec::new() }
    }

    /// A filter before the first point, nothing known of the levels.
    pub(crate) fn diffuse(space: Space, columns: usize, gain: &[f64], variance: f64) -> Self {
        let (r, m) = (space.r(), space.levels);
        let arma = space.stationary(gain, variance);
        let state = State { arma: vec![0.0; r], levels: vec![0.0; m] };
        let mut diffuse = vec![0.0; m * m];
        (0..m).for_each(|i| diffuse[i * m + i] = 1.0);
        let covariance =
            if m == 0 { Covariance::Arma(arma) } else { Covariance::Joint(widen(&arma, r, r + m)) };
        let mut filter = Self::new(space, vec![state; columns], covariance, 0);
        filter.diffuse = (m > 0).then_some(diffuse);
        filter
    }

    /// The same filter behind `levels` (oldest first) that are known, before the first point that follows them.
    pub(crate) fn with_known_levels(mut self, levels: &[f64]) -> Self {
        let r = self.space.r();
        if let Covariance::Joint(p) = &self.covariance {
            let dim = r + self.space.levels;
            self.covariance =
                Covariance::Arma((0..r).flat_map(|i| p[i * dim..i * dim + r].to_vec()).collect());
        }
        self.diffuse = None;
        for state in &mut self.states {
            state.levels.iter_mut().zip(levels.iter().rev()).for_each(|(l, y)| *l = *y);
        }
        self
    }

    /// Whether some level is not determined yet.
    pub(crate) fn is_diffuse(&self) -> bool {
        self.diffuse.is_some()
    }

    /// Takes in the next point of each column. `predicted` receives the predictions.
    pub(crate) fn observe(&mut self, values: &[f64], predicted: &mut [f64]) -> Factor {
        let r = self.space.r();
        for (state, out) in self.states.iter().zip(predicted.iter_mut()) {
            *out = self.space.observe(&state.arma, &state.levels);
        }
        let errors = values.iter().zip(predicted.iter()).map(|(y, f)| y - f);
        let result = match &mut self.covariance {
            Covariance::Steady => {
                for (state, v) in self.states.iter_mut().zip(errors) {
                    for (a, c) in state.arma.iter_mut().zip(&self.space.loading) {
                        *a += c * v;
                    }
                }
                Factor::Proper(1.0)
            }
            Covariance::Arma(p) => {
                // The first component is known afterwards: what remains moves up and left.
                let factor = p[0];
                self.column.clear();
                self.column.extend_from_slice(&p[..r]);
                for (state, v) in self.states.iter_mut().zip(errors) {
                    for (a, c) in state.arma.iter_mut().zip(&self.column) {
                        *a += c * (v / factor);
                    }
                }
                let (c, loading) = (&self.column, &self.space.loading);
                for i in 0..r {
                    let own = loading[i];
                    if i + 1 < r {
                        let scale = c[i + 1] / factor;
                        let (row, below) = p[i * r..(i + 2) * r].split_at_mut(r);
                        for j in 0..r - 1 {
                            row[j] = below[j + 1] - scale * c[j + 1] + own * loading[j];
                        }
                        row[r - 1] = own * loading[r - 1];
                    } else {
                        p[i * r..(i + 1) * r].iter_mut().zip(loading).for_each(|(o, l)| *o = own * l);
                    }
                }
                Factor::Proper(factor)
            }
            Covariance::Joint(p) => {
                let dim = r + self.space.levels;
                let mut column = core::mem::take(&mut self.column);
                self.space.column(p, dim, &mut column);
                let proper = self.space.scalar(&column);
                let mut result = Factor::Proper(proper);
                let mut gain = column.clone();
                if let Some(wide) = &mut self.diffuse {
                    let m = self.space.levels;
                    let mut loose = vec![0.0; m];
                    for &(lag, c) in &self.space.delta {
                        let row = &wide[(lag - 1) * m..lag * m];
                        loose.iter_mut().zip(row).for_each(|(o, x)| *o += c * x);
                    }
                    let factor = self.space.delta.iter().fold(0.0, |sum, (lag, c)| sum + c * loose[lag - 1]);
                    if factor > RESOLVED {
                        result = Factor::Diffuse(factor);
                        gain.iter_mut().for_each(|g| *g = 0.0);
                        gain[r..].copy_from_slice(&loose);
                        let ratio = proper / factor;
                        for i in 0..dim {
                            for j in 0..dim {
                                p[i * dim + j] +=
                                    (gain[i] * gain[j] * ratio - column[i] * gain[j] - gain[i] * column[j])
                                        / factor;
                            }
                        }
                        for i in 0..m {
                            for j in 0..m {
                                wide[i * m + j] -= loose[i] * loose[j] / factor;
                            }
                        }
                    }
                }
                let factor = match result {
                    Factor::Proper(f) | Factor::Diffuse(f) => f,
                };
                if factor > 0.0 {
                    for (state, v) in self.states.iter_mut().zip(errors) {
                        let whole = state.arma.iter_mut().chain(&mut state.levels);
                        whole.zip(&gain).for_each(|(a, c)| *a += c * (v / factor));
                    }
                    if let Factor::Proper(_) = result {
                        for i in 0..dim {
                            let scale = column[i] / factor;
                            let row = &mut p[i * dim..(i + 1) * dim];
                            row.iter_mut().zip(&column).for_each(|(o, c)| *o -= scale * c);
                        }
                    }
                }
                self.column = column;
                self.space.transport(p, dim, &mut self.scratch);
                self.space.disturb(p, dim);
                // The newest level is the point itself.
                for i in 0..dim {
                    p[r * dim + i] = 0.0;
                    p[i * dim + r] = 0.0;
                }
                result
            }
        };
        for (state, y) in self.states.iter_mut().zip(values) {
            self.space.advance(&mut state.arma, &mut state.levels, *y);
        }
        self.loosen(true);
        let calm = matches!(result, Factor::Proper(f) if (f - 1.0).abs() <= 1e-12);
        self.calm = if calm { self.calm + 1 } else { 0 };
        self.settle();
        result
    }

    /// Passes over a missing point. `predicted` receives what it would have been.
    pub(crate) fn skip(&mut self, predicted: &mut [f64]) {
        let (r, m) = (self.space.r(), self.space.levels);
        let dim = r + m;
        let mut p = match core::mem::replace(&mut self.covariance, Covariance::Steady) {
            Covariance::Joint(p) => p,
            Covariance::Arma(p) => widen(&p, r, dim),
            Covariance::Steady => {
                let mut p = vec![0.0; dim * dim];
                self.space.disturb(&mut p, dim);
                p
            }
        };
        self.space.transport(&mut p, dim, &mut self.scratch);
        self.space.disturb(&mut p, dim);
        self.covariance = if m == 0 { Covariance::Arma(p) } else { Covariance::Joint(p) };
        for (state, out) in self.states.iter_mut().zip(predicted.iter_mut()) {
            *out = self.space.observe(&state.arma, &state.levels);
            self.space.advance(&mut state.arma, &mut state.levels, *out);
        }
        self.loosen(false);
        self.calm = 0;
    }

    /// Moves the diffuse part one step: T P T' on the levels alone; the newest is the point if that was seen.
    fn loosen(&mut self, seen: bool) {
        let m = self.space.levels;
        let Some(wide) = &mut self.diffuse else { return };
        let mut loose = vec![0.0; m];
        for &(lag, c) in &self.space.delta {
            let row = &wide[(lag - 1) * m..lag * m];
            loose.iter_mut().zip(row).for_each(|(o, x)| *o += c * x);
        }
        let factor = self.space.delta.iter().fold(0.0, |sum, (lag, c)| sum + c * loose[lag - 1]);
        for i in (1..m).rev() {
            wide.copy_within((i - 1) * m..i * m - 1, i * m + 1);
        }
        for i in 0..m {
            let new = match i {
                _ if seen => 0.0,
                0 => factor,
                _ => loose[i - 1],
            };
            wide[i] = new;
            wide[i * m] = new;
        }
        if wide.iter().all(|x| x.abs() < RESOLVED) {
            self.diffuse = None;
        }
    }

    /// Drops the parts of the covariance that have become known.
    fn settle(&mut self) {
        let (r, m) = (self.space.r(), self.space.levels);
        if self.diffuse.is_some() {
            return;
        }
        if let Covariance::Joint(p) = &self.covariance {
            let dim = r + m;
            if p[r * dim..].iter().all(|x| *x == 0.0) {
                let mut inner = Vec::with_capacity(r * r);
                (0..r).for_each(|i| inner.extend_from_slice(&p[i * dim..i * dim + r]));
                self.covariance = Covariance::Arma(inner);
            }
        }
        if self.calm >= r && matches!(self.covariance, Covariance::Arma(_)) {
            self.covariance = Covariance::Steady;
        }
    }

    /// Predictions of the next `horizon` points of the first column and their variance factors, by the covariance (not by psi
    /// weights alone, which are too small where the filter has not settled).
    pub(crate) fn ahead(&self, horizon: usize) -> (Vec<f64>, Vec<f64>) {
        let (r, m) = (self.space.r(), self.space.levels);
        let (mut means, mut factors) = (Vec::with_capacity(horizon), Vec::with_capacity(horizon));
        let Some(mut state) = self.states.first().cloned() else { return (means, factors) };
        let mut row = vec![0.0; r];
        row[0] = 1.0;
        let mut level_row = vec![0.0; m];
        self.space.delta.iter().for_each(|(lag, c)| level_row[lag - 1] = *c);
        let mut noise = 0.0;
        for _ in 0..horizon {
            let y = self.space.observe(&state.arma, &state.levels);
            means.push(y);
            self.space.advance(&mut state.arma, &mut state.levels, y);
            let psi: f64 = row.iter().zip(&self.space.loading).map(|(a, b)| a * b).sum();
            let known = match &self.covariance {
                Covariance::Steady => psi * psi,
                Covariance::Arma(p) => quadratic(&row, &[], p),
                Covariance::Joint(p) => quadratic(&row, &level_row, p),
            };
            factors.push(noise + known);
            // The covariance holds the noise of the first step; that of each later one is added as it comes.
            noise += psi * psi;
            self.space.retreat(&mut row, &mut level_row);
        }
        (means, factors)
    }
}

fn widen(inner: &[f64], r: usize, dim: usize) -> Vec<f64> {
    let mut p = vec![0.0; dim * dim];
    for i in 0..r {
        p[i * dim..i * dim + r].copy_from_slice(&inner[i * r..(i + 1) * r]);
    }
    p
}

/// x P x' of a row in two parts.
fn quadratic(head: &[f64], tail: &[f64], p: &[f64]) -> f64 {
    let dim = head.len() + tail.len();
    let at = |i: usize| if i < head.len() { head[i] } else { tail[i - head.len()] };
    let mut sum = 0.0;
    for i in 0..dim {
        let x = at(i);
        if x != 0.0 {
            let row: f64 = (0..dim).map(|j| p[i * dim + j] * at(j)).sum();
            sum += x * row;
        }
    }
    sum
}
