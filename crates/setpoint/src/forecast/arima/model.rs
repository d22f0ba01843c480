//! What an ARIMA model is: its orders, its constant, its coefficients, and the configuration that fits it.

use super::fitted::FittedArima;
use crate::forecast::{Fit, FitError, Scale};

/// The orders (p, d, q)(P, D, Q)\[s\].
///
/// ```
/// use setpoint::forecast::arima::Orders;
/// let airline = Orders::new(0, 1, 1).seasonal(0, 1, 1, 12);
/// assert_eq!(airline.to_string(), "(0,1,1)(0,1,1)[12]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Orders {
    /// Autoregressive order.
    pub p: usize,
    /// Plain differences.
    pub d: usize,
    /// Moving-average order.
    pub q: usize,
    /// Seasonal autoregressive order.
    pub seasonal_p: usize,
    /// Seasonal differences.
    pub seasonal_d: usize,
    /// Seasonal moving-average order.
    pub seasonal_q: usize,
    /// Points in a season; 1 is none.
    pub period: usize,
}

impl Orders {
    /// Orders without a season.
    #[must_use]
    pub const fn new(p: usize, d: usize, q: usize) -> Self {
        Self { p, d, q, seasonal_p: 0, seasonal_d: 0, seasonal_q: 0, period: 1 }
    }

    /// The same with a seasonal part whose season has `period` points.
    #[must_use]
    pub const fn seasonal(mut self, p: usize, d: usize, q: usize, period: usize) -> Self {
        self.seasonal_p = p;
        self.seasonal_d = d;
        self.seasonal_q = q;
        self.period = period;
        self
    }

    /// Whether any seasonal order is set.
    #[must_use]
    pub const fn is_seasonal(&self) -> bool {
        self.seasonal_p + self.seasonal_d + self.seasonal_q > 0
    }

    /// How many ARMA coefficients there are.
    #[must_use]
    pub const fn coefficients(&self) -> usize {
        self.p + self.q + self.seasonal_p + self.seasonal_q
    }

    /// d + D s: the points that differencing uses up.
    #[must_use]
    pub const fn lost(&self) -> usize {
        self.d + self.seasonal_d * self.period
    }
}

impl core::fmt::Display for Orders {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "({},{},{})", self.p, self.d, self.q)?;
        if self.is_seasonal() {
            write!(f, "({},{},{})[{}]", self.seasonal_p, self.seasonal_d, self.seasonal_q, self.period)?;
        }
        Ok(())
    }
}

/// The constant of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Constant {
    /// None.
    #[default]
    None,
    /// The mean of the series; only without differences.
    Mean,
    /// A slope per point of time; only with one difference (d + D = 1).
    Drift,
}

/// Coefficients, with the signs of `(1 - sum ar B^i)(1 - sum seasonal_ar B^is) w = (1 + sum ma B^i)(1 + sum seasonal_ma B^is) e`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Coefficients {
    /// Autoregressive, lag 1 first.
    pub ar: Vec<f64>,
    /// Moving-average, lag 1 first.
    pub ma: Vec<f64>,
    /// Seasonal autoregressive, one season first.
    pub seasonal_ar: Vec<f64>,
    /// Seasonal moving-average, one season first.
    pub seasonal_ma: Vec<f64>,
    /// The mean of the series or its slope per point, in its unit, if the model has a constant.
    pub constant: Option<f64>,
    /// One per regressor, in the unit of the series per unit of the regressor.
    pub regression: Vec<f64>,
}

impl Coefficients {
    pub(crate) fn arma(&self) -> Vec<f64> {
        [&self.ar[..], &self.ma, &self.seasonal_ar, &self.seasonal_ma].concat()
    }

    pub(crate) fn linear(&self) -> Vec<f64> {
        self.constant.iter().chain(&self.regression).copied().collect()
    }

    pub(crate) fn from_parts(orders: &Orders, constant: Constant, arma: &[f64], linear: &[f64]) -> Self {
        let (ar, rest) = arma.split_at(orders.p);
        let (ma, rest) = rest.split_at(orders.q);
        let (seasonal_ar, seasonal_ma) = rest.split_at(orders.seasonal_p);
        let (first, rest) = linear.split_at(usize::from(constant != Constant::None));
        Self {
            ar: ar.to_vec(),
            ma: ma.to_vec(),
            seasonal_ar: seasonal_ar.to_vec(),
            seasonal_ma: seasonal_ma.to_vec(),
            constant: first.first().copied(),
            regression: rest.to_vec(),
        }
    }

    pub(crate) fn fit_orders(&self, orders: &Orders, constant: Constant, regressors: usize) -> bool {
        self.ar.len() == orders.p
            && self.ma.len() == orders.q
            && self.seasonal_ar.len() == orders.seasonal_p
            && self.seasonal_ma.len() == orders.seasonal_q
            && self.constant.is_some() == (constant != Constant::None)
            && self.regression.len() == regressors
            && self.arma().iter().chain(&self.linear()).all(|c| c.is_finite())
    }
}

/// Which estimate of the innovation variance intervals are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Variance {
    /// Sum of squares over n - k + 1, a little wider.
    #[default]
    Unbiased,
    /// Sum of squares over n.
    MaximumLikelihood,
}

/// An ARIMA model with seasonal part, constant and regressors, to be fitted by exact maximum likelihood.
///
/// | parameter | default | range | unit | source |
/// |---|---|---|---|---|
/// | `orders` | required | a period of at least 2 with a seasonal part | points | Box and Jenkins |
/// | `constant` | none | mean with d + D = 0, drift with d + D = 1 | the series' | Hyndman and Khandakar 2008 |
/// | `scale` | plain | Box-Cox with a finite exponent | | Box and Cox 1964 |
/// | `variance` | unbiased | | | `forecast::Arima` |
/// | `regressors` | none | finite, as long as the series, independent | their own | |
///
/// ```
/// use setpoint::forecast::{Fit, Forecaster, arima::{Arima, Constant, Orders}};
/// let rates: Vec<f64> = (0..60).map(|t| 50.0 + f64::from(t % 7) + f64::from(t * t % 5)).collect();
/// let fitted = Arima::new(Orders::new(1, 0, 1)).constant(Constant::Mean).fit(&rates)?;
/// let next = fitted.forecast(3)?;
/// assert_eq!(next.interval(0.9)?.len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Arima {
    pub(crate) orders: Orders,
    pub(crate) constant: Constant,
    pub(crate) scale: Scale,
    pub(crate) variance: Variance,
    pub(crate) regressors: Vec<Vec<f64>>,
}

impl Arima {
    /// A model of these orders.
    #[must_use]
    pub const fn new(orders: Orders) -> Self {
        Self {
            orders,
            constant: Constant::None,
            scale: Scale::Plain,
            variance: Variance::Unbiased,
            regressors: Vec::new(),
        }
    }

    /// The same with this constant.
    #[must_use]
    pub const fn constant(mut self, constant: Constant) -> Self {
        self.constant = constant;
        self
    }

    /// The same on this scale.
    #[must_use]
    pub const fn scale(mut self, scale: Scale) -> Self {
        self.scale = scale;
        self
    }

    /// The same with intervals of this variance.
    #[must_use]
    pub const fn variance(mut self, variance: Variance) -> Self {
        self.variance = variance;
        self
    }

    /// The same with these regressors, one column each, as long as the series.
    #[must_use]
    pub fn regressors(mut self, columns: Vec<Vec<f64>>) -> Self {
        self.regressors = columns;
        self
    }

    /// The model at given coefficients, which are not estimated: likelihood, residuals, and the state to continue from.
    ///
    /// # Errors
    /// As [`Fit::fit`], and [`FitError::Coefficients`] if they do not fit the orders or are not stationary.
    pub fn at(&self, series: &[f64], coefficients: &Coefficients) -> Result<FittedArima, FitError> {
        if !coefficients.fit_orders(&self.orders, self.constant, self.regressors.len()) {
            return Err(FitError::Coefficients(
                "their number is not that of the orders, or one is not finite",
            ));
        }
        FittedArima::at(self, series, coefficients)
    }

    /// Refuses orders that contradict each other.
    pub(crate) fn check(&self) -> Result<(), FitError> {
        let o = &self.orders;
        let fail = |field, value: String, allowed| Err(FitError::Order { field, value, allowed });
        if o.period == 0 || (o.is_seasonal() && o.period < 2) {
            return fail("period", o.period.to_string(), "at least 2 with a seasonal part, else at least 1");
        }
        if o.d > 3 || o.seasonal_d > 2 {
            return fail("differences", format!("{o}"), "at most 3 plain and 2 seasonal");
        }
        let differences = o.d + o.seasonal_d;
        match self.constant {
            Constant::Mean if differences > 0 => {
                fail("constant", "mean".into(), "drift or none where there are differences")
            }
            Constant::Drift if differences != 1 => {
                fail("constant", "drift".into(), "used with exactly one difference")
            }
            _ => match self.scale {
                Scale::BoxCox { lambda, .. } if !(lambda.is_finite() && lambda.abs() <= 5.0) => {
                    fail("lambda", lambda.to_string(), "a finite number between -5 and 5")
                }
                _ => Ok(()),
            },
        }
    }
}

impl Fit for Arima {
    type Fitted = FittedArima;

    fn fit(&self, series: &[f64]) -> Result<FittedArima, FitError> {
        FittedArima::fit(self, series)
    }
}
