//! Seasonal ARIMA models with regressors: exact Gaussian likelihood, maximum likelihood from several fixed starts, forecasts with
//! standard errors, automatic orders, and a filter that takes one point at a time. Signs and counts are those of R's
//! `stats::arima` (4.2.2); numbers are exact where it approximates (no large prior variance, no early stop).
//!
//! | file | its one job |
//! |---|---|
//! | `model` | orders, constant, coefficients, configuration |
//! | `polynomial`, `transform` | products of factors, partial autocorrelations, free parameters |
//! | `start`, `recursion` | stationary start, fast recursion and its derivative |
//! | `kalman` | full filter: gaps, diffuse levels, one point at a time |
//! | `likelihood` | differences, scale, regression, which filter |
//! | `initial`, `optimize`, `estimate` | starting values, BFGS, the search |
//! | `fitted` | the result and its forecasts |
//! | `select` | orders by the series |
//! | `online` | one point at a time, when to refit, saved state |

#![expect(
    clippy::neg_cmp_op_on_partial_ord,
    reason = "a NaN must fail these checks: `!(x > 0)` is what is meant"
)]
#![expect(
    clippy::needless_range_loop,
    reason = "recursions over several arrays at shifted indices, as the papers write them"
)]

mod estimate;
mod fitted;
mod initial;
mod kalman;
mod likelihood;
mod linear;
mod model;
mod online;
mod optimize;
mod polynomial;
mod recursion;
mod select;
mod start;
mod transform;

pub(crate) use likelihood::bridged;

pub use fitted::{FittedArima, StandardErrors};
pub use model::{Arima, Coefficients, Constant, Orders, Variance};
pub use online::{Innovation, Online, RefitDue, RefitPolicy};
pub use select::{AutoArima, Criterion, DefaultTests, DifferenceTests, Search};

#[cfg(test)]
mod tests;
