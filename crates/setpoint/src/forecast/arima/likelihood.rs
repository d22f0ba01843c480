//! The exact Gaussian likelihood of a series under given ARMA coefficients, with the variance and the regression concentrated out:
//! differencing, scaling, the choice between the fast recursion (no gaps) and the full filter (gaps), generalised least squares.
//! It does not search.

use super::kalman::{Factor, Filter, Space};
use super::linear::{cholesky, solve};
use super::model::{Constant, Orders};
use super::recursion::{Blocks, Expanded, Recursion, Trouble};
use super::start::Start;
use crate::forecast::FitError;

/// The longest season that the full filter carries with gaps and differences.
pub(crate) const LONGEST_SEASON: usize = 350;

/// The most memory, in doubles, that an exact derivative may take; beyond it differences are used.
const KEPT: usize = 1 << 24;

/// A series prepared for one pair (d, D) and its regressors.
#[derive(Debug)]
pub(crate) struct Likelihood {
    pub(crate) orders: Orders,
    pub(crate) blocks: Blocks,
    /// The series, then its regressors, scaled; differenced unless there are gaps.
    columns: Vec<Vec<f64>>,
    /// Which points are there; empty if all are.
    present: Vec<bool>,
    /// Points that count.
    pub(crate) used: usize,
    pub(crate) scale: f64,
    shift: f64,
    /// What a scaled regression coefficient is multiplied by, besides `scale`.
    units: Vec<f64>,
    constant: bool,
    /// The differenced series with gaps bridged and the regression removed by ordinary least squares: for starting values.
    pub(crate) rough: Vec<f64>,
    /// Whether nothing is left to explain.
    pub(crate) degenerate: bool,
    /// Regression coefficients held fixed, scaled.
    fixed: Option<Vec<f64>>,
    expanded: Expanded,
    recursion: Recursion,
    residual: Vec<f64>,
    target: Vec<f64>,
    /// Regression coefficients of the last evaluation, scaled.
    regression: Vec<f64>,
    /// X' X at the last evaluation, scaled and weighted.
    normal: Vec<f64>,
    squares: f64,
    log_determinant: f64,
}

pub(crate) fn difference(x: &[f64], lag: usize) -> Vec<f64> {
    (lag..x.len()).map(|t| x[t] - x[t - lag]).collect()
}

fn differenced(x: &[f64], orders: &Orders) -> Vec<f64> {
    let mut x = x.to_vec();
    (0..orders.d).for_each(|_| x = difference(&x, 1));
    (0..orders.seasonal_d).for_each(|_| x = difference(&x, orders.period));
    x
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len().max(1) as f64
}

fn root_mean_square(x: impl Iterator<Item = f64>) -> f64 {
    let (mut largest, values): (f64, Vec<f64>) = (0.0, x.collect());
    values.iter().for_each(|v| largest = largest.max(v.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let sum: f64 = values.iter().map(|v| (v / largest) * (v / largest)).sum();
    largest * libm::sqrt(sum / values.len() as f64)
}

/// Straight lines over gaps, the nearest value at the ends.
pub(crate) fn bridged(y: &[f64]) -> Vec<f64> {
    let mut out = y.to_vec();
    let mut last: Option<usize> = None;
    for t in 0..y.len() {
        if y[t].is_nan() {
            continue;
        }
        let from = last.map_or(0, |l| l + 1);
        for i in from..t {
            out[i] = last.map_or(y[t], |l| y[l] + (y[t] - y[l]) * ((i - l) as f64 / (t - l) as f64));
        }
        last = Some(t);
    }
    if let Some(l) = last {
        out[l + 1..].iter_mut().for_each(|o| *o = y[l]);
    }
    out
}

impl Likelihood {
    /// Prepares a series that begins at the 1-based time `first`; `regressors` have its length.
    pub(crate) fn new(
        orders: Orders,
        constant: Constant,
        series: &[f64],
        first: usize,
        regressors: &[&[f64]],
    ) -> Result<Self, FitError> {
        let blocks = Blocks {
            counts: [orders.p, orders.q, orders.seasonal_p, orders.seasonal_q],
            period: orders.period,
        };
        let lost = orders.d + orders.seasonal_d * orders.period;
        let observed = series.iter().filter(|y| !y.is_nan()).count();
        let gaps = observed < series.len();
        if gaps && lost > 0 && orders.period > LONGEST_SEASON {
            return Err(FitError::SeasonNeedsFullFilter { period: orders.period, limit: LONGEST_SEASON });
        }
        let times = || (0..series.len()).map(|t| (first + t) as f64);
        let mut raw: Vec<Vec<f64>> = vec![series.to_vec()];
        match constant {
            Constant::None => {}
            Constant::Mean => raw.push(vec![1.0; series.len()]),
            Constant::Drift => raw.push(times().collect()),
        }
        raw.extend(regressors.iter().map(|x| x.to_vec()));
        let has_constant = constant != Constant::None;
        let (mut columns, present): (Vec<Vec<f64>>, Vec<bool>) = if gaps {
            (raw.clone(), series.iter().map(|y| !y.is_nan()).collect())
        } else {
            (raw.iter().map(|x| differenced(x, &orders)).collect(), Vec::new())
        };
        // The series: centred where a constant or a difference takes the centre up, then to unit scale.
        let values = |x: &[f64]| -> Vec<f64> { x.iter().copied().filter(|v| !v.is_nan()).collect() };
        let seen = values(&columns[0]);
        let centred = if gaps { has_constant || lost > 0 } else { has_constant };
        let shift = if centred { mean(&seen) } else { 0.0 };
        let scale = root_mean_square(seen.iter().map(|y| y - shift));
        let tiny = 1e-14 * seen.iter().fold(0.0_f64, |m, y| m.max(y.abs()));
        let unscaled =
            if gaps { 0.0 } else { 1e-15 * values(series).iter().fold(0.0_f64, |m, y| m.max(y.abs())) };
        let degenerate = !(scale > tiny.max(unscaled));
        let scale = if degenerate { 1.0 } else { scale };
        columns[0].iter_mut().for_each(|y| *y = (*y - shift) / scale);
        let mut units = Vec::new();
        for (i, column) in columns.iter_mut().enumerate().skip(1) {
            let own_constant = has_constant && i == 1;
            let middle = if gaps && lost > 0 { mean(column) } else { 0.0 };
            column.iter_mut().for_each(|x| *x -= middle);
            let unit = root_mean_square(column.iter().copied());
            if !(unit > 0.0) {
                return Err(FitError::Regressors("a column is constant after differencing, or zero"));
            }
            column.iter_mut().for_each(|x| *x /= unit);
            units.push(1.0 / unit);
            debug_assert!(!own_constant || unit > 0.0);
        }
        let mut likelihood = Self {
            orders,
            blocks,
            present,
            used: observed.saturating_sub(lost),
            scale,
            shift: if gaps && constant != Constant::Mean { 0.0 } else { shift },
            units,
            constant: has_constant,
            rough: Vec::new(),
            degenerate,
            fixed: None,
            expanded: Expanded::default(),
            recursion: Recursion::default(),
            residual: Vec::new(),
            target: Vec::new(),
            regression: Vec::new(),
            normal: Vec::new(),
            squares: 0.0,
            log_determinant: 0.0,
            columns,
        };
        likelihood.make_rough()?;
        Ok(likelihood)
    }

    /// The same data under other ARMA orders.
    pub(crate) fn set_orders(&mut self, orders: Orders) {
        self.orders = orders;
        self.blocks.counts = [orders.p, orders.q, orders.seasonal_p, orders.seasonal_q];
    }

    fn make_rough(&mut self) -> Result<(), FitError> {
        let columns: Vec<Vec<f64>> = if self.present.is_empty() {
            self.columns.clone()
        } else {
            self.columns.iter().map(|x| differenced(&bridged(x), &self.orders)).collect()
        };
        let n = columns[0].len();
        let k = columns.len() - 1;
        let (mut normal, mut b) = (vec![0.0; k * k], vec![0.0; k]);
        for i in 0..k {
            for j in 0..k {
                normal[i * k + j] = (0..n).map(|t| columns[i + 1][t] * columns[j + 1][t]).sum();
            }
            b[i] = (0..n).map(|t| columns[i + 1][t] * columns[0][t]).sum();
        }
        cholesky(&mut normal, k, 1e-11).ok_or(FitError::Regressors("the columns are linearly dependent"))?;
        solve(&normal, k, &mut b);
        let fitted = |t: usize| b.iter().enumerate().map(|(i, b)| b * columns[i + 1][t]).sum::<f64>();
        self.rough = (0..n).map(|t| columns[0][t] - fitted(t)).collect();
        let left = root_mean_square(self.rough.iter().copied());
        self.degenerate |= !(left > 1e-13);
        Ok(())
    }

    /// Holds the regression coefficients at these values (in the unit of the series).
    pub(crate) fn fix(&mut self, b: &[f64]) {
        let scaled = b.iter().zip(&self.units).enumerate().map(|(i, (b, unit))| {
            let shift = if self.constant && i == 0 { self.shift } else { 0.0 };
            (b / unit - shift) / self.scale
        });
        self.fixed = Some(scaled.collect());
    }

    /// Regression coefficients of the last evaluation in the unit of the series.
    pub(crate) fn regression(&self) -> Vec<f64> {
        let natural = self.regression.iter().zip(&self.units).enumerate().map(|(i, (b, unit))| {
            let shift = if self.constant && i == 0 { self.shift } else { 0.0 };
            (shift + self.scale * b) * unit
        });
        natural.collect()
    }

    /// Covariance of the regression coefficients under the last evaluation, in the unit of the series, ARMA part held fixed.
    pub(crate) fn regression_covariance(&self) -> Option<Vec<f64>> {
        let k = self.units.len();
        let mut inverse = super::linear::inverse(&self.normal, k)?;
        let variance = self.squares / self.used as f64 * self.scale * self.scale;
        for i in 0..k {
            for j in 0..k {
                inverse[i * k + j] *= variance * self.units[i] * self.units[j];
            }
        }
        Some(inverse)
    }

    /// sigma2 by maximum likelihood at the last evaluation, in the unit of the series squared.
    pub(crate) fn variance(&self) -> f64 {
        self.squares / self.used as f64 * self.scale * self.scale
    }

    /// The log-likelihood of an objective value.
    pub(crate) fn log_likelihood(&self, objective: f64) -> f64 {
        let n = self.used as f64;
        let constant = libm::log(2.0 * core::f64::consts::PI) + 1.0 - libm::log(n);
        -objective - 0.5 * n * constant - n * libm::log(self.scale)
    }

    pub(crate) fn has_gaps(&self) -> bool {
        !self.present.is_empty()
    }

    /// n/2 ln(sum of squares) + 1/2 sum ln F at these coefficients; `None` if not stationary. The second part says whether `gradient`
    /// was written.
    pub(crate) fn evaluate(
        &mut self,
        coefficients: &[f64],
        gradient: Option<&mut [f64]>,
    ) -> Option<(f64, bool)> {
        self.expanded.set(&self.blocks, coefficients);
        let n = self.columns[0].len();
        let keep = gradient.is_some() && n * self.expanded.state() <= KEPT;
        let fast = if self.has_gaps() {
            false
        } else {
            match self.recursion.run(&self.expanded, &self.columns, keep) {
                Ok(()) => true,
                Err(Trouble::NotStationary) => return None,
                Err(Trouble::Digits) => false,
            }
        };
        if fast {
            self.log_determinant = self.recursion.log_determinant;
        } else {
            self.full()?;
        }
        self.regress()?;
        let used = self.used as f64;
        if !(self.squares > 0.0) {
            return None;
        }
        let value = 0.5 * (used * libm::log(self.squares) + self.log_determinant);
        let Some(gradient) = gradient.filter(|_| fast && keep) else {
            return value.is_finite().then_some((value, false));
        };
        self.target.clear();
        self.target.extend_from_slice(&self.columns[0]);
        for (column, b) in self.columns[1..].iter().zip(&self.regression) {
            self.target.iter_mut().zip(column).for_each(|(w, x)| *w -= b * x);
        }
        let weight = used / (2.0 * self.squares);
        self.recursion.gradient(
            &self.expanded,
            &self.blocks,
            coefficients,
            (&self.target, &self.residual),
            weight,
            gradient,
        );
        value.is_finite().then_some((value, true))
    }

    /// Fills the recursion's errors and variances by the full filter. Points that do not count get an infinite variance.
    fn full(&mut self) -> Option<()> {
        let x = &self.expanded;
        let mut start = Start::default();
        if !start.compute(&x.phi, &x.ar, &x.theta, &x.ma, x.state()) {
            return None;
        }
        let o = &self.orders;
        let gaps = !self.present.is_empty();
        let space = if gaps { Space::new(x, o.d, o.seasonal_d, o.period) } else { Space::new(x, 0, 0, 1) };
        let k = self.columns.len();
        let mut filter = Filter::diffuse(space, k, &start.gain, start.variance);
        let n = self.columns[0].len();
        let recursion = &mut self.recursion;
        recursion.errors.resize_with(k, Vec::new);
        recursion.errors.iter_mut().for_each(Vec::clear);
        recursion.variances.clear();
        let (mut values, mut predicted) = (vec![0.0; k], vec![0.0; k]);
        let mut log_determinant = 0.0;
        for t in 0..n {
            let factor = if gaps && !self.present[t] {
                filter.skip(&mut predicted);
                f64::INFINITY
            } else {
                values.iter_mut().zip(&self.columns).for_each(|(v, c)| *v = c[t]);
                match filter.observe(&values, &mut predicted) {
                    Factor::Proper(f) if f > 0.0 => {
                        log_determinant += libm::log(f);
                        f
                    }
                    Factor::Proper(_) => return None,
                    Factor::Diffuse(f) => {
                        log_determinant += libm::log(f);
                        f64::INFINITY
                    }
                }
            };
            recursion.variances.push(factor);
            for i in 0..k {
                recursion.errors[i].push(if factor.is_finite() { values[i] - predicted[i] } else { 0.0 });
            }
        }
        self.log_determinant = log_determinant;
        (!filter.is_diffuse()).then_some(())
    }

    /// Generalised least squares on the prediction errors.
    fn regress(&mut self) -> Option<()> {
        let k = self.columns.len() - 1;
        let errors = &self.recursion.errors;
        let n = errors[0].len();
        self.regression.clear();
        self.regression.resize(k, 0.0);
        self.normal.clear();
        self.normal.resize(k * k, 0.0);
        if k > 0 {
            for t in 0..n {
                let weight = 1.0 / self.recursion.variance(t);
                for i in 0..k {
                    let x = errors[i + 1][t] * weight;
                    self.regression[i] += x * errors[0][t];
                    for j in 0..=i {
                        self.normal[i * k + j] += x * errors[j + 1][t];
                    }
                }
            }
            for i in 0..k {
                for j in 0..i {
                    self.normal[j * k + i] = self.normal[i * k + j];
                }
            }
            if let Some(fixed) = &self.fixed {
                self.regression.copy_from_slice(fixed);
            } else {
                let mut factor = self.normal.clone();
                cholesky(&mut factor, k, 1e-13)?;
                solve(&factor, k, &mut self.regression);
            }
        }
        self.residual.clear();
        self.residual.extend_from_slice(&errors[0]);
        for (column, b) in errors[1..].iter().zip(&self.regression) {
            self.residual.iter_mut().zip(column).for_each(|(v, x)| *v -= b * x);
        }
        let settled = self.recursion.variances.len().min(n);
        let early = self.residual[..settled].iter().zip(&self.recursion.variances);
        let (mut squares, mut lanes) = (early.map(|(v, f)| v * v / f).sum::<f64>(), [0.0; 4]);
        let rest = self.residual[settled..].chunks_exact(4);
        squares += rest.remainder().iter().map(|v| v * v).sum::<f64>();
        for v in rest {
            for l in 0..4 {
                lanes[l] += v[l] * v[l];
            }
        }
        self.squares = squares + (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
        self.squares.is_finite().then_some(())
    }

    /// What was given up for a solution: whether the levels are determined by the observed points at all.
    pub(crate) fn identified(&mut self) -> bool {
        let zeros = vec![0.0; self.blocks.len()];
        if !self.has_gaps() {
            return true;
        }
        self.expanded.set(&self.blocks, &zeros);
        self.full().is_some()
    }
}
