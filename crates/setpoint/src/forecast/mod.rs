//! Forecasts of evenly spaced series: what a model must do to be fitted ([`Fit`]) and asked ([`Forecaster`]), and the answer,
//! a [`Forecast`]. Models stand in rooms of their own; what to do with a forecast is decided elsewhere.

pub mod arima;
mod error;
pub mod seasonal_strength;
pub mod unit_root;

pub use error::{FitError, ForecastError};

use crate::stats::normal_quantile;

/// A description of a model that can be fitted to a series.
pub trait Fit {
    /// The model with its coefficients.
    type Fitted: Forecaster;

    /// Fits the model to `series`: observations in time order, evenly spaced, NaN where one is missing.
    ///
    /// # Errors
    /// [`FitError`] says why the series cannot carry the model, and what would work.
    fn fit(&self, series: &[f64]) -> Result<Self::Fitted, FitError>;
}

/// A model that continues a series.
pub trait Forecaster {
    /// The next `horizon` values.
    ///
    /// # Errors
    /// [`ForecastError`] if the horizon is zero or needs values that were not given.
    fn forecast(&self, horizon: usize) -> Result<Forecast, ForecastError>;
}

/// Both ends of an interval around a forecast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

/// Forecasts of the next values, nearest first, in the unit of the series.
///
/// ```
/// use setpoint::forecast::Forecast;
/// let forecast = Forecast::new(vec![10.0, 11.0], vec![1.0, 2.0]);
/// let band = forecast.interval(0.95)?;
/// assert!((band[1].upper - (11.0 + 2.0 * 1.959964)).abs() < 1e-5);
/// assert_eq!(forecast.at_least(0.0).mean(), &[10.0, 11.0]);
/// # Ok::<(), setpoint::forecast::ForecastError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    center: Vec<f64>,
    standard_error: Vec<f64>,
    mean: Vec<f64>,
    scale: Scale,
    floor: Option<f64>,
}

/// The scale on which a model is linear, and the way back.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Scale {
    /// The series' own.
    #[default]
    Plain,
    /// (y^lambda - 1) / lambda, or ln y where lambda is 0.
    BoxCox {
        /// The exponent.
        lambda: f64,
        /// Whether the mean is corrected for the bend of the scale; without it the way back gives the median.
        bias_adjusted: bool,
    },
}

impl Scale {
    /// From the series' unit to this scale; NaN where it has no value there.
    #[must_use]
    pub fn apply(self, y: f64) -> f64 {
        match self {
            Self::Plain => y,
            Self::BoxCox { lambda, .. } => {
                if lambda == 0.0 {
                    libm::log(y)
                } else {
                    (libm::pow(y, lambda) - 1.0) / lambda
                }
            }
        }
    }

    /// Back to the series' unit. Below what the scale can reach it is 0.
    #[must_use]
    pub fn invert(self, x: f64) -> f64 {
        match self {
            Self::Plain => x,
            Self::BoxCox { lambda, .. } => {
                if lambda == 0.0 {
                    libm::exp(x)
                } else {
                    let base = lambda * x + 1.0;
                    if base <= 0.0 { 0.0 } else { libm::pow(base, 1.0 / lambda) }
                }
            }
        }
    }

    fn mean(self, center: f64, se: f64) -> f64 {
        let median = self.invert(center);
        match self {
            Self::BoxCox { lambda, bias_adjusted: true } => {
                let base = lambda * center + 1.0;
                median * (1.0 + 0.5 * se * se * (1.0 - lambda) / (base * base))
            }
            _ => median,
        }
    }
}

impl Forecast {
    /// Forecasts with their standard errors, on the series' own scale.
    #[must_use]
    pub fn new(mean: Vec<f64>, standard_error: Vec<f64>) -> Self {
        Self::on_scale(mean, standard_error, Scale::Plain)
    }

    /// Forecasts with standard errors on `scale`; they are reported in the unit of the series.
    #[must_use]
    pub fn on_scale(center: Vec<f64>, standard_error: Vec<f64>, scale: Scale) -> Self {
        let mean = center.iter().zip(&standard_error).map(|(c, se)| scale.mean(*c, *se)).collect();
        Self { center, standard_error, mean, scale, floor: None }
    }

    /// The same forecasts reported no lower than `floor` (a rate cannot be negative). The values before stay in [`Self::unclipped`].
    #[must_use]
    pub fn at_least(&self, floor: f64) -> Self {
        let mut clipped = self.clone();
        clipped.mean.iter_mut().for_each(|m| *m = m.max(floor));
        clipped.floor = Some(floor);
        clipped
    }

    /// The forecasts without a floor.
    #[must_use]
    pub fn unclipped(&self) -> Self {
        Self::on_scale(self.center.clone(), self.standard_error.clone(), self.scale)
    }

    /// The forecasts, nearest first. On a Box-Cox scale without bias adjustment these are medians.
    #[must_use]
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Their standard errors on the scale of the model, parameter uncertainty not included.
    #[must_use]
    pub fn standard_error(&self) -> &[f64] {
        &self.standard_error
    }

    /// How many steps there are.
    #[must_use]
    pub fn horizon(&self) -> usize {
        self.mean.len()
    }

    /// The interval that holds each value with probability `level` under the model (parameter uncertainty not included).
    ///
    /// # Errors
    /// If `level` is not strictly between 0 and 1.
    pub fn interval(&self, level: f64) -> Result<Vec<Interval>, ForecastError> {
        if !(level > 0.0 && level < 1.0) {
            return Err(ForecastError::Level { level });
        }
        let upper = self.quantile(0.5 + 0.5 * level)?;
        let lower = self.quantile(0.5 - 0.5 * level)?;
        Ok(lower.into_iter().zip(upper).map(|(lower, upper)| Interval { lower, upper }).collect())
    }

    /// The `probability` quantile of each value under the model.
    ///
    /// # Errors
    /// If `probability` is not strictly between 0 and 1.
    pub fn quantile(&self, probability: f64) -> Result<Vec<f64>, ForecastError> {
        if !(probability > 0.0 && probability < 1.0) {
            return Err(ForecastError::Level { level: probability });
        }
        let z = normal_quantile(probability);
        let floor = self.floor.unwrap_or(f64::NEG_INFINITY);
        let value = |(c, se): (&f64, &f64)| self.scale.invert(c + z * se).max(floor);
        Ok(self.center.iter().zip(&self.standard_error).map(value).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_clips_what_is_reported_and_forgets_nothing() {
        let forecast = Forecast::new(vec![-1.0, 2.0], vec![1.0, 1.0]);
        let clipped = forecast.at_least(0.0);
        assert_eq!(clipped.mean(), &[0.0, 2.0]);
        assert_eq!(clipped.interval(0.9).unwrap()[0].lower, 0.0);
        assert!(clipped.interval(0.9).unwrap()[0].upper > 0.0);
        assert_eq!(clipped.unclipped(), forecast);
    }

    #[test]
    fn levels_outside_the_open_unit_interval_are_refused() {
        let forecast = Forecast::new(vec![1.0], vec![1.0]);
        for level in [0.0, 1.0, -0.1, f64::NAN] {
            assert!(matches!(forecast.interval(level), Err(ForecastError::Level { .. })));
        }
    }

    #[test]
    fn a_logarithm_goes_there_and_back() {
        let scale = Scale::BoxCox { lambda: 0.0, bias_adjusted: false };
        let forecast = Forecast::on_scale(vec![libm::log(8.0)], vec![0.5], scale);
        assert!((forecast.mean()[0] - 8.0).abs() < 1e-12);
        let adjusted = Scale::BoxCox { lambda: 0.0, bias_adjusted: true };
        let mean = Forecast::on_scale(vec![libm::log(8.0)], vec![0.5], adjusted).mean()[0];
        assert!((mean - 8.0 * 1.125).abs() < 1e-12);
        let root = Scale::BoxCox { lambda: 0.5, bias_adjusted: false };
        assert!((root.apply(9.0) - 4.0).abs() < 1e-12);
        assert!((root.invert(4.0) - 9.0).abs() < 1e-12);
    }
}
