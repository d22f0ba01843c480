//! A fitted model that goes on: every new point costs one filter step, never a refit by itself; when to refit is data. The state
//! is saved and restored bit for bit. It does not choose orders and does not put points on a grid.

use super::fitted::{FittedArima, continue_from, explained};
use super::kalman::{Covariance, Factor, Filter};
use crate::error::StateError;
use crate::forecast::{Forecast, ForecastError, Forecaster, Scale};
use crate::state::{StateReader, StateWriter, Value};

/// When a caller should fit again.
///
/// | parameter | default | range | unit | source |
/// |---|---|---|---|---|
/// | `refit_every` | none | at least 1 | points | |
/// | `surprise_points` | 20 | at least 1 | points | ours |
/// | `surprise_bound` | 2.5 | above 1 | variances | ours: under the model the mean has standard deviation sqrt(2/20) |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RefitPolicy {
    /// Refit after this many points; `None` is never by count.
    pub refit_every: Option<usize>,
    /// How many squared standardised errors are averaged.
    pub surprise_points: usize,
    /// The mean above which a refit is due.
    pub surprise_bound: f64,
}

impl Default for RefitPolicy {
    fn default() -> Self {
        Self { refit_every: None, surprise_points: 20, surprise_bound: 2.5 }
    }
}

/// Why a refit is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RefitDue {
    /// So many points have passed since the fit.
    Points(usize),
    /// The mean of the last squared standardised errors.
    Surprise(f64),
}

/// What one point told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Innovation {
    /// The prediction before the point, on the model's scale.
    pub predicted: f64,
    /// Point minus prediction.
    pub error: f64,
    /// The error over its standard deviation; NaN where the model has no variance.
    pub standardized: f64,
}

/// A fitted model behind the newest point.
///
/// ```
/// use setpoint::forecast::{Fit, arima::{Arima, Orders}};
/// let rates: Vec<f64> = (0..80).map(|t| 50.0 + f64::from(t * 7 % 11)).collect();
/// let mut online = Arima::new(Orders::new(1, 1, 1)).fit(&rates)?.online();
/// online.observe(53.0)?;
/// online.observe_missing();
/// assert_eq!(online.forecast(4)?.horizon(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Online {
    fitted: FittedArima,
    filter: Filter,
    time: usize,
    since_fit: usize,
    policy: RefitPolicy,
    /// The last squared standardised errors, a ring.
    surprises: Vec<f64>,
    next_surprise: usize,
}

impl FittedArima {
    /// The model as one that takes points.
    #[must_use]
    pub fn online(&self) -> Online {
        self.online_with(RefitPolicy::default())
    }

    /// The same with a policy of refits. A count of points of 0 counts as 1.
    #[must_use]
    pub fn online_with(&self, policy: RefitPolicy) -> Online {
        let policy = RefitPolicy { surprise_points: policy.surprise_points.max(1), ..policy };
        Online {
            filter: self.filter.clone(),
            time: self.time,
            since_fit: 0,
            surprises: Vec::with_capacity(policy.surprise_points),
            next_surprise: 0,
            policy,
            fitted: self.clone(),
        }
    }
}

impl Online {
    /// The fitted model it began with.
    #[must_use]
    pub const fn fitted(&self) -> &FittedArima {
        &self.fitted
    }

    /// Points seen since the fit, missing ones included.
    #[must_use]
    pub const fn since_fit(&self) -> usize {
        self.since_fit
    }

    /// Takes in the next point.
    ///
    /// # Errors
    /// [`ForecastError::Value`] if it is not finite or not on the model's scale (nothing changes), [`ForecastError::Regressors`] if the
    /// model has regressors.
    pub fn observe(&mut self, y: f64) -> Result<Innovation, ForecastError> {
        self.observe_with(y, &[])
    }

    /// Takes in the next point with the values of the regressors.
    ///
    /// # Errors
    /// As [`Self::observe`].
    pub fn observe_with(&mut self, y: f64, regressors: &[f64]) -> Result<Innovation, ForecastError> {
        let needed = self.fitted.coefficients.regression.len();
        if regressors.len() != needed || regressors.iter().any(|x| !x.is_finite()) {
            return Err(ForecastError::Regressors { got: regressors.len(), needed });
        }
        let scale = self.fitted.model.scale;
        let value = scale.apply(y);
        if !y.is_finite() || !value.is_finite() || (scale != Scale::Plain && y < 0.0) {
            return Err(ForecastError::Value { value: y });
        }
        let level =
            explained(self.fitted.model.constant, &self.fitted.coefficients, self.time + 1, regressors);
        let noise = value - level;
        let mut predicted = [0.0];
        let factor = match self.filter.observe(&[noise], &mut predicted) {
            Factor::Proper(f) | Factor::Diffuse(f) => f,
        };
        self.time += 1;
        self.since_fit += 1;
        let error = noise - predicted[0];
        let standardized = error / libm::sqrt(self.fitted.variance() * factor);
        if standardized.is_finite() {
            let square = standardized * standardized;
            if self.surprises.len() < self.policy.surprise_points {
                self.surprises.push(square);
            } else {
                self.surprises[self.next_surprise] = square;
            }
            self.next_surprise = (self.next_surprise + 1) % self.policy.surprise_points;
        }
        Ok(Innovation { predicted: predicted[0] + level, error, standardized })
    }

    /// Passes over a point that is missing.
    pub fn observe_missing(&mut self) {
        self.filter.skip(&mut [0.0]);
        self.time += 1;
        self.since_fit += 1;
    }

    /// Whether the policy asks for a refit, and why.
    #[must_use]
    pub fn refit_due(&self) -> Option<RefitDue> {
        if self.policy.refit_every.is_some_and(|every| self.since_fit >= every) {
            return Some(RefitDue::Points(self.since_fit));
        }
        if self.surprises.len() < self.policy.surprise_points {
            return None;
        }
        let mean = self.surprises.iter().sum::<f64>() / self.surprises.len() as f64;
        (mean > self.policy.surprise_bound).then_some(RefitDue::Surprise(mean))
    }

    /// Fits the same orders to `series`, beginning also at the present coefficients. If that fails the present model stays.
    ///
    /// # Errors
    /// As [`crate::forecast::Fit::fit`].
    pub fn refit(&mut self, series: &[f64]) -> Result<(), crate::forecast::FitError> {
        let fitted = FittedArima::fit_from(&self.fitted.model, series, Some(&self.fitted.free))?;
        *self = fitted.online_with(self.policy);
        Ok(())
    }

    /// Forecasts with values of the regressors.
    ///
    /// # Errors
    /// As [`FittedArima::forecast_with`].
    pub fn forecast_with(&self, horizon: usize, regressors: &[Vec<f64>]) -> Result<Forecast, ForecastError> {
        continue_from(&self.fitted, &self.filter, self.time, horizon, regressors)
    }

    /// Forecasts of the next points.
    ///
    /// # Errors
    /// As [`Forecaster::forecast`].
    pub fn forecast(&self, horizon: usize) -> Result<Forecast, ForecastError> {
        self.forecast_with(horizon, &[])
    }

    /// Writes what has been remembered since the fit: filter, time, surprises.
    pub fn save(&self, out: &mut StateWriter) {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let (kind, matrix): (&str, &[f64]) = match &self.filter.covariance {
            Covariance::Steady => ("steady", &[]),
            Covariance::Arma(p) => ("arma", p),
            Covariance::Joint(p) => ("joint", p),
        };
        let state = &self.filter.states[0];
        out.put("orders", self.fitted.model.orders.to_string());
        out.put("time", count(self.time));
        out.put("since_fit", count(self.since_fit));
        out.put("arma", Value::list(state.arma.iter().copied()));
        out.put("levels", Value::list(state.levels.iter().copied()));
        out.put("covariance", kind);
        out.put("matrix", Value::list(matrix.iter().copied()));
        out.put("calm", count(self.filter.calm));
        out.put("surprises", Value::list(self.surprises.iter().copied()));
        out.put("next_surprise", count(self.next_surprise));
    }

    /// Restores what an equal model saved. Nothing changes if that fails.
    ///
    /// # Errors
    /// If a field is missing, of another model, or outside its range.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let orders = self.fitted.model.orders.to_string();
        if from.text("orders")? != orders {
            return Err(StateError::Mismatch { found: from.text("orders")?.to_owned(), expected: orders });
        }
        let (r, m) = (self.filter.space.r(), self.filter.space.levels);
        let count = |name: &str, most: usize| -> Result<usize, StateError> {
            let n = from.int(name)?;
            usize::try_from(n)
                .ok()
                .filter(|n| *n <= most)
                .ok_or_else(|| from.invalid(name, n, "a count in its range"))
        };
        let floats = |name: &str, len: usize| -> Result<Vec<f64>, StateError> {
            let values = from.floats(name)?;
            if values.len() != len || values.iter().any(|v| !v.is_finite()) {
                return Err(from.invalid(name, values.len(), format!("{len} finite numbers")));
            }
            Ok(values)
        };
        let covariance = match from.text("covariance")? {
            "steady" => Covariance::Steady,
            "arma" => Covariance::Arma(floats("matrix", r * r)?),
            "joint" if m > 0 => Covariance::Joint(floats("matrix", (r + m) * (r + m))?),
            other => return Err(from.invalid("covariance", other, "steady, arma or joint")),
        };
        let positive = match &covariance {
            Covariance::Steady => true,
            Covariance::Arma(p) => p[0] > 0.0,
            Covariance::Joint(p) => (0..r + m).all(|i| p[i * (r + m) + i] >= -1e-6),
        };
        if !positive {
            return Err(from.invalid("matrix", "a negative variance", "a covariance"));
        }
        let (arma, levels) = (floats("arma", r)?, floats("levels", m)?);
        let surprises = from.floats("surprises")?;
        if surprises.len() > self.policy.surprise_points || surprises.iter().any(|s| !(*s >= 0.0)) {
            return Err(from.invalid(
                "surprises",
                surprises.len(),
                "at most as many squares as the policy averages",
            ));
        }
        let next_surprise = count("next_surprise", self.policy.surprise_points - 1)?;
        let time = count("time", usize::MAX / 2)?;
        let since_fit = count("since_fit", time)?;
        let calm = count("calm", time)?;
        self.filter.states[0].arma = arma;
        self.filter.states[0].levels = levels;
        self.filter.covariance = covariance;
        self.filter.calm = calm;
        (self.time, self.since_fit) = (time, since_fit);
        (self.surprises, self.next_surprise) = (surprises, next_surprise);
        Ok(())
    }
}

impl Forecaster for Online {
    fn forecast(&self, horizon: usize) -> Result<Forecast, ForecastError> {
        Self::forecast(self, horizon)
    }
}
