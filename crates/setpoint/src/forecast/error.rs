//! Why a series cannot be fitted or continued. Each error says what would work.

/// A series that cannot carry the model that was asked for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// The series holds no observation at all.
    #[error("the series holds no observation: at least {needed} are needed")]
    Empty {
        /// How many observations the model needs.
        needed: usize,
    },
    /// A value is infinite. A missing observation is NaN.
    #[error("the value at position {position} is infinite: write NaN for a missing observation")]
    Infinite {
        /// Where it stands, from 0.
        position: usize,
    },
    /// Fewer observations than the model has parameters, after differencing.
    #[error(
        "{observed} observations cannot carry {parameters} parameters after {lost} are lost to differencing: \
         at least {needed} are needed, or lower orders"
    )]
    TooShort {
        /// Observations that are not missing.
        observed: usize,
        /// Estimated parameters, the variance included.
        parameters: usize,
        /// Observations that differencing uses up.
        lost: usize,
        /// The smallest number of observations that would do.
        needed: usize,
    },
    /// Less than two full seasons.
    #[error(
        "a season of {period} needs at least {needed} points and there are {points}: fit without a season"
    )]
    SeasonTooLong {
        /// The period in points.
        period: usize,
        /// Points in the series.
        points: usize,
        /// Two full seasons.
        needed: usize,
    },
    /// Missing points and differencing at a season beyond what the full filter can carry.
    #[error(
        "missing points in a series differenced at a season of {period} (more than {limit}): \
         fill the gaps, aggregate to a shorter season, or use Fourier terms"
    )]
    SeasonNeedsFullFilter {
        /// The period in points.
        period: usize,
        /// The longest season that is carried.
        limit: usize,
    },
    /// The observed points do not determine the start levels of the differenced series.
    #[error("some position of the season is never observed: fewer differences, or a series with fewer gaps")]
    Unidentified,
    /// A setting of the model that cannot hold.
    #[error("{field} is {value}: must be {allowed}")]
    Order {
        /// Which one.
        field: &'static str,
        /// The offending value as text.
        value: String,
        /// What would have been accepted.
        allowed: &'static str,
    },
    /// Regressors of another length than the series, not finite, or linearly dependent.
    #[error("the regressors cannot be used: {0}")]
    Regressors(&'static str),
    /// A value that the Box-Cox scale does not have.
    #[error("the value at position {position} is not positive: the Box-Cox scale needs positive values")]
    NotPositive {
        /// Where it stands, from 0.
        position: usize,
    },
    /// Coefficients that were given are not those of a stationary process, or not as many as the orders say.
    #[error("the coefficients cannot be used: {0}")]
    Coefficients(&'static str),
    /// No start led to a finite likelihood.
    #[error("no start of the search has a finite likelihood: use lower orders or more differences")]
    NoFiniteLikelihood,
}

/// A forecast that cannot be given.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ForecastError {
    /// A horizon of no steps.
    #[error("the horizon is 0: ask for at least one step")]
    NoHorizon,
    /// A level or probability outside (0, 1).
    #[error("the level is {level}: must be strictly between 0 and 1")]
    Level {
        /// What was asked for.
        level: f64,
    },
    /// Regressors whose number or length does not fit.
    #[error("{got} future regressor values for {needed} columns")]
    Regressors {
        /// Values given for a step (or columns).
        got: usize,
        /// Columns of the model.
        needed: usize,
    },
    /// A value that is infinite, or that the model's scale does not have.
    #[error(
        "the value {value} cannot be observed: it must be finite and on the model's scale; report a missing one as missing"
    )]
    Value {
        /// The value.
        value: f64,
    },
}
