//! A fitted ARIMA model: coefficients, likelihood, criteria, residuals, standard errors, forecasts, and the filter that stands
//! behind the last point.

use super::estimate::{Effort, optima};
use super::kalman::{Factor, Filter, Space};
use super::likelihood::Likelihood;
use super::model::{Arima, Coefficients, Constant, Orders, Variance};
use super::recursion::{Blocks, Expanded};
use super::start::Start;
use super::{polynomial, transform};
use crate::forecast::{FitError, Forecast, ForecastError, Forecaster, Scale};

/// A fitted model. It keeps the series, so that it can be asked for standard errors and refitted.
#[derive(Clone, Debug)]
pub struct FittedArima {
    pub(crate) model: Arima,
    pub(crate) coefficients: Coefficients,
    pub(crate) series: Vec<f64>,
    pub(crate) free: Vec<f64>,
    log_likelihood: f64,
    sigma2: f64,
    pub(crate) used: usize,
    converged: bool,
    /// Points seen, leading gaps included: the time of the last one.
    pub(crate) time: usize,
    residuals: Vec<f64>,
    pub(crate) filter: Filter,
}

/// Standard errors of coefficients, in the layout of [`Coefficients`].
pub type StandardErrors = Coefficients;

/// The series as the likelihood takes it: checked, on the model's scale, without its leading gaps.
struct Prepared {
    values: Vec<f64>,
    /// 0-based position of the first value.
    first: usize,
}

fn prepare(model: &Arima, series: &[f64]) -> Result<Prepared, FitError> {
    model.check()?;
    let o = &model.orders;
    let parameters =
        o.coefficients() + usize::from(model.constant != Constant::None) + model.regressors.len() + 1;
    let needed = parameters + o.lost() + 1;
    if let Some(position) = series.iter().position(|y| y.is_infinite()) {
        return Err(FitError::Infinite { position });
    }
    let observed = series.iter().filter(|y| !y.is_nan()).count();
    let Some(first) = series.iter().position(|y| !y.is_nan()) else {
        return Err(FitError::Empty { needed });
    };
    if o.is_seasonal() && series.len() < 2 * o.period {
        return Err(FitError::SeasonTooLong { period: o.period, points: series.len(), needed: 2 * o.period });
    }
    if observed < needed {
        return Err(FitError::TooShort { observed, parameters, lost: o.lost(), needed });
    }
    if model.regressors.iter().any(|x| x.len() != series.len()) {
        return Err(FitError::Regressors("a column is not as long as the series"));
    }
    if model.regressors.iter().flatten().any(|x| !x.is_finite()) {
        return Err(FitError::Regressors("a value is not finite"));
    }
    let mut values = series[first..].to_vec();
    if let Scale::BoxCox { lambda, .. } = model.scale {
        for (t, y) in values.iter_mut().enumerate().filter(|(_, y)| !y.is_nan()) {
            let on_scale = model.scale.apply(*y);
            if !on_scale.is_finite() || (*y < 0.0 && lambda != 1.0) {
                return Err(FitError::NotPositive { position: first + t });
            }
            *y = on_scale;
        }
    }
    Ok(Prepared { values, first })
}

impl Prepared {
    fn likelihood(&self, model: &Arima) -> Result<Likelihood, FitError> {
        let regressors: Vec<&[f64]> = model.regressors.iter().map(|x| &x[self.first..]).collect();
        let mut likelihood =
            Likelihood::new(model.orders, model.constant, &self.values, self.first + 1, &regressors)?;
        if likelihood.identified() { Ok(likelihood) } else { Err(FitError::Unidentified) }
    }
}

impl FittedArima {
    pub(crate) fn fit(model: &Arima, series: &[f64]) -> Result<Self, FitError> {
        Self::fit_from(model, series, None)
    }

    /// Fits with one more start: free parameters of an earlier fit.
    pub(crate) fn fit_from(model: &Arima, series: &[f64], warm: Option<&[f64]>) -> Result<Self, FitError> {
        let prepared = prepare(model, series)?;
        let mut likelihood = prepared.likelihood(model)?;
        if likelihood.degenerate {
            return Self::degenerate(model, series, &prepared, &mut likelihood);
        }
        let warm = warm.filter(|w| w.len() == likelihood.blocks.len());
        let found = optima(&mut likelihood, warm, Vec::new(), Effort::Thorough);
        let best = found.first().ok_or(FitError::NoFiniteLikelihood)?;
        Self::finish(model, series, &prepared, &mut likelihood, &best.at.clone(), best.converged)
    }

    /// The model at free parameters that a search has found.
    pub(crate) fn from_free(
        model: &Arima,
        series: &[f64],
        free: &[f64],
        converged: bool,
    ) -> Result<Self, FitError> {
        let prepared = prepare(model, series)?;
        let mut likelihood = prepared.likelihood(model)?;
        Self::finish(model, series, &prepared, &mut likelihood, free, converged)
    }

    fn finish(
        model: &Arima,
        series: &[f64],
        prepared: &Prepared,
        likelihood: &mut Likelihood,
        free: &[f64],
        converged: bool,
    ) -> Result<Self, FitError> {
        let k = free.len();
        let (mut partials, mut arma) = (vec![0.0; k], vec![0.0; k]);
        transform::coefficients(&likelihood.blocks, free, &mut partials, &mut arma);
        let (value, _) = likelihood.evaluate(&arma, None).ok_or(FitError::NoFiniteLikelihood)?;
        let coefficients =
            Coefficients::from_parts(&model.orders, model.constant, &arma, &likelihood.regression());
        let log_likelihood = likelihood.log_likelihood(value);
        let sigma2 = likelihood.variance();
        Self::assemble(
            model,
            series,
            prepared,
            coefficients,
            (log_likelihood, sigma2),
            likelihood.used,
            converged,
        )
        .map(|fitted| Self { free: free.to_vec(), ..fitted })
    }

    /// A model at given coefficients.
    pub(crate) fn at(model: &Arima, series: &[f64], coefficients: &Coefficients) -> Result<Self, FitError> {
        let prepared = prepare(model, series)?;
        let mut likelihood = prepared.likelihood(model)?;
        let arma = coefficients.arma();
        likelihood.fix(&coefficients.linear());
        let not_stationary = FitError::Coefficients("the autoregressive part is not stationary");
        let parameters = match likelihood.evaluate(&arma, None) {
            Some((value, _)) => (likelihood.log_likelihood(value), likelihood.variance()),
            None if likelihood.degenerate => (f64::INFINITY, 0.0),
            None => return Err(not_stationary),
        };
        let free = transform::free(&likelihood.blocks, &arma, polynomial::LIMIT);
        Self::assemble(model, series, &prepared, coefficients.clone(), parameters, likelihood.used, true)
            .map(|fitted| Self { free, ..fitted })
    }

    /// Nothing is left to explain: ARMA coefficients of zero, no variance, an infinite density.
    fn degenerate(
        model: &Arima,
        series: &[f64],
        prepared: &Prepared,
        likelihood: &mut Likelihood,
    ) -> Result<Self, FitError> {
        let arma = vec![0.0; model.orders.coefficients()];
        let _ = likelihood.evaluate(&arma, None);
        let linear = likelihood.regression();
        let coefficients = Coefficients::from_parts(&model.orders, model.constant, &arma, &linear);
        Self::assemble(model, series, prepared, coefficients, (f64::INFINITY, 0.0), likelihood.used, true)
            .map(|fitted| Self { free: arma, ..fitted })
    }

    fn assemble(
        model: &Arima,
        series: &[f64],
        prepared: &Prepared,
        coefficients: Coefficients,
        (log_likelihood, sigma2): (f64, f64),
        used: usize,
        converged: bool,
    ) -> Result<Self, FitError> {
        let o = model.orders;
        let blocks = Blocks { counts: [o.p, o.q, o.seasonal_p, o.seasonal_q], period: o.period };
        let mut x = Expanded::default();
        x.set(&blocks, &coefficients.arma());
        let mut start = Start::default();
        if !start.compute(&x.phi, &x.ar, &x.theta, &x.ma, x.state()) {
            return Err(FitError::Coefficients("the autoregressive part is not stationary"));
        }
        let values = &prepared.values;
        let noise: Vec<f64> = values
            .iter()
            .enumerate()
            .map(|(t, y)| {
                let t = prepared.first + t;
                let row: Vec<f64> = model.regressors.iter().map(|x| x[t]).collect();
                y - explained(model.constant, &coefficients, t + 1, &row)
            })
            .collect();
        let space = Space::new(&x, o.d, o.seasonal_d, o.period);
        let mut residuals = vec![f64::NAN; prepared.first];
        let mut filter = Filter::diffuse(space, 1, &start.gain, start.variance);
        let mut from = 0;
        if noise.iter().all(|y| !y.is_nan()) && o.lost() > 0 && noise.len() >= o.lost() {
            // Without gaps the first levels are known: begin behind them.
            filter = filter.with_known_levels(&noise[..o.lost()]);
            from = o.lost();
            residuals.resize(prepared.first + from, f64::NAN);
        }
        let mut predicted = [0.0];
        for y in &noise[from..] {
            if y.is_nan() {
                filter.skip(&mut predicted);
                residuals.push(f64::NAN);
            } else {
                residuals.push(match filter.observe(&[*y], &mut predicted) {
                    Factor::Proper(f) => (y - predicted[0]) / libm::sqrt(f),
                    Factor::Diffuse(_) => f64::NAN,
                });
            }
        }
        Ok(Self {
            model: model.clone(),
            coefficients,
            series: series.to_vec(),
            free: Vec::new(),
            log_likelihood,
            sigma2,
            used,
            converged,
            time: series.len(),
            residuals,
            filter,
        })
    }

    /// The orders.
    #[must_use]
    pub const fn orders(&self) -> Orders {
        self.model.orders
    }

    /// The kind of constant.
    #[must_use]
    pub const fn constant(&self) -> Constant {
        self.model.constant
    }

    /// The coefficients.
    #[must_use]
    pub const fn coefficients(&self) -> &Coefficients {
        &self.coefficients
    }

    /// The exact log-likelihood; infinite for a series that the model explains without a rest.
    #[must_use]
    pub const fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// Innovation variance by maximum likelihood: sum of squares over n, in the unit of the (scaled) series squared.
    #[must_use]
    pub const fn sigma2_ml(&self) -> f64 {
        self.sigma2
    }

    /// Sum of squares over n - k + 1.
    #[must_use]
    pub fn sigma2_unbiased(&self) -> f64 {
        let n = self.used as f64;
        self.sigma2 * n / (n - self.parameters() as f64 + 1.0).max(1.0)
    }

    /// Points that count: observed ones without those that differencing uses up.
    #[must_use]
    pub const fn points_used(&self) -> usize {
        self.used
    }

    /// Estimated parameters, the variance included.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.model.orders.coefficients() + self.coefficients.linear().len() + 1
    }

    /// Whether the search ended at an optimum.
    #[must_use]
    pub const fn converged(&self) -> bool {
        self.converged
    }

    /// Akaike's criterion.
    #[must_use]
    pub fn aic(&self) -> f64 {
        2.0 * self.parameters() as f64 - 2.0 * self.log_likelihood
    }

    /// Akaike's criterion corrected for few points; infinite where there are too few for it.
    #[must_use]
    pub fn aicc(&self) -> f64 {
        corrected(self.log_likelihood, self.used, self.parameters())
    }

    /// Schwarz's criterion.
    #[must_use]
    pub fn bic(&self) -> f64 {
        self.parameters() as f64 * libm::log(self.used as f64) - 2.0 * self.log_likelihood
    }

    /// Prediction errors over the root of their variance factors, in the unit of the (scaled) series; NaN where there is none.
    #[must_use]
    pub fn residuals(&self) -> &[f64] {
        &self.residuals
    }

    /// Whether an autoregressive root lies within 0.05 of a moving-average root (one of the plain or one of the seasonal parts of
    /// order one): coefficients mean little then, forecasts are fine.
    #[must_use]
    pub fn nearly_cancels(&self) -> bool {
        let near = |ar: &[f64], ma: &[f64]| match (ar, ma) {
            ([a], [m]) => {
                (a + m).abs() < 0.05 || (a != &0.0 && m != &0.0 && (1.0 / a + 1.0 / m).abs() < 0.05)
            }
            _ => false,
        };
        let c = &self.coefficients;
        near(&c.ar, &c.ma) || near(&c.seasonal_ar, &c.seasonal_ma)
    }

    /// Standard errors from the second derivatives of the likelihood with the variance concentrated out; `None` where these
    /// are not those of a maximum.
    #[must_use]
    pub fn standard_errors(&self) -> Option<StandardErrors> {
        let prepared = prepare(&self.model, &self.series).ok()?;
        let mut l = prepared.likelihood(&self.model).ok()?;
        if l.degenerate {
            return None;
        }
        let arma = self.coefficients.arma();
        let (arma_covariance, slopes) = curvature(&mut l, &arma)?;
        let k = arma.len();
        l.evaluate(&arma, None)?;
        let m = self.coefficients.linear().len();
        let linear = l.regression_covariance()?;
        let mut errors: Vec<f64> = (0..k).map(|i| arma_covariance[i * k + i]).collect();
        for i in 0..m {
            let mut variance = linear[i * m + i];
            for a in 0..k {
                for b in 0..k {
                    variance += slopes[a][i] * arma_covariance[a * k + b] * slopes[b][i];
                }
            }
            errors.push(variance);
        }
        if errors.iter().any(|v| !(*v > 0.0 && v.is_finite())) {
            return None;
        }
        errors.iter_mut().for_each(|v| *v = libm::sqrt(*v));
        Some(Coefficients::from_parts(&self.model.orders, self.model.constant, &errors[..k], &errors[k..]))
    }

    /// Forecasts with values of the regressors for each step: one column per regressor, `horizon` values each.
    ///
    /// # Errors
    /// [`ForecastError::NoHorizon`], or [`ForecastError::Regressors`] if columns or values are missing.
    pub fn forecast_with(&self, horizon: usize, regressors: &[Vec<f64>]) -> Result<Forecast, ForecastError> {
        continue_from(self, &self.filter, self.time, horizon, regressors)
    }

    pub(crate) fn variance(&self) -> f64 {
        match self.model.variance {
            Variance::Unbiased => self.sigma2_unbiased(),
            Variance::MaximumLikelihood => self.sigma2,
        }
    }
}

impl Forecaster for FittedArima {
    fn forecast(&self, horizon: usize) -> Result<Forecast, ForecastError> {
        self.forecast_with(horizon, &[])
    }
}

/// -2 L + 2 k + 2 k (k + 1) / (n - k - 1); infinite where the last part is undefined.
pub(crate) fn corrected(log_likelihood: f64, used: usize, parameters: usize) -> f64 {
    if used <= parameters + 1 {
        return f64::INFINITY;
    }
    let (n, k) = (used as f64, parameters as f64);
    2.0 * k - 2.0 * log_likelihood + 2.0 * k * (k + 1.0) / (n - k - 1.0)
}

/// The regression part of the point at 1-based time `t`.
pub(crate) fn explained(constant: Constant, c: &Coefficients, t: usize, row: &[f64]) -> f64 {
    let level = match (constant, c.constant) {
        (Constant::Mean, Some(mean)) => mean,
        (Constant::Drift, Some(slope)) => slope * t as f64,
        _ => 0.0,
    };
    c.regression.iter().zip(row).fold(level, |sum, (b, x)| sum + b * x)
}

/// Forecasts of a filter that stands behind the point at `time`.
pub(crate) fn continue_from(
    fitted: &FittedArima,
    filter: &Filter,
    time: usize,
    horizon: usize,
    regressors: &[Vec<f64>],
) -> Result<Forecast, ForecastError> {
    if horizon == 0 {
        return Err(ForecastError::NoHorizon);
    }
    let needed = fitted.coefficients.regression.len();
    if regressors.len() != needed {
        return Err(ForecastError::Regressors { got: regressors.len(), needed });
    }
    if let Some(short) = regressors.iter().find(|x| x.len() != horizon) {
        return Err(ForecastError::Regressors { got: short.len(), needed });
    }
    let (mut means, mut errors) = filter.ahead(horizon);
    let sigma2 = fitted.variance();
    for (h, mean) in means.iter_mut().enumerate() {
        let row: Vec<f64> = regressors.iter().map(|x| x[h]).collect();
        *mean += explained(fitted.model.constant, &fitted.coefficients, time + h + 1, &row);
    }
    errors.iter_mut().for_each(|f| *f = libm::sqrt(sigma2 * *f));
    Ok(Forecast::on_scale(means, errors, fitted.model.scale))
}

/// Covariance of the ARMA coefficients, and the change of the regression coefficients with each of them.
fn curvature(l: &mut Likelihood, at: &[f64]) -> Option<(Vec<f64>, Vec<Vec<f64>>)> {
    let k = at.len();
    if k == 0 {
        return Some((Vec::new(), Vec::new()));
    }
    let exact = !l.has_gaps();
    let h = if exact { 1e-5 } else { 1e-3 };
    let mut hessian = vec![0.0; k * k];
    let mut slopes = Vec::with_capacity(k);
    let (mut up, mut down) = (vec![0.0; k], vec![0.0; k]);
    let mut x = at.to_vec();
    let middle = l.evaluate(at, None)?.0;
    for i in 0..k {
        x[i] = at[i] + h;
        let (above, first) = l.evaluate(&x, Some(&mut up))?;
        let b_up = l.regression();
        x[i] = at[i] - h;
        let (below, second) = l.evaluate(&x, Some(&mut down))?;
        let b_down = l.regression();
        x[i] = at[i];
        slopes.push(b_up.iter().zip(&b_down).map(|(a, b)| (a - b) / (2.0 * h)).collect());
        if exact && first && second {
            (0..k).for_each(|j| hessian[i * k + j] = (up[j] - down[j]) / (2.0 * h));
            continue;
        }
        hessian[i * k + i] = (above - 2.0 * middle + below) / (h * h);
        for j in 0..i {
            let mut corner = |a: f64, b: f64| {
                (x[i], x[j]) = (at[i] + a * h, at[j] + b * h);
                let value = l.evaluate(&x, None).map(|(v, _)| v);
                (x[i], x[j]) = (at[i], at[j]);
                value
            };
            let mixed = corner(1.0, 1.0)? - corner(1.0, -1.0)? - corner(-1.0, 1.0)? + corner(-1.0, -1.0)?;
            hessian[i * k + j] = mixed / (4.0 * h * h);
            hessian[j * k + i] = hessian[i * k + j];
        }
    }
    for i in 0..k {
        for j in 0..i {
            let middle = 0.5 * (hessian[i * k + j] + hessian[j * k + i]);
            hessian[i * k + j] = middle;
            hessian[j * k + i] = middle;
        }
    }
    Some((super::linear::inverse(&hessian, k)?, slopes))
}
