//! The count that a forecast asks for: the largest expected request rate over what a replica serves at its
//! target utilization. Pure; it makes no forecast.
//!
//! Source: document 001 of this project, `N = ceil(R_max / (alpha * C))`; see the wing's page. The horizon
//! should be at least the start delay of a replica plus one evaluation period, or the forecast is useless.
//! The formula has no memory: stabilization and limits on the pace belong behind it.

use super::config::Limits;
use crate::error::ConfigError;
use crate::rounding::snap_ceil;

/// What one replica is for.
///
/// | field | default | range | unit |
/// |---|---|---|---|
/// | `target_utilization` | required (the article suggests 0.7 to 0.9) | above 0, at most 1 | fraction |
/// | `per_replica` | required | positive and finite | requests per second |
///
/// ```
/// use setpoint::algorithm::threshold::Capacity;
/// assert!(Capacity::new(0.8, 100.0).is_ok());
/// assert_eq!(Capacity::new(1.2, 100.0).unwrap_err().field, "target_utilization");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawCapacity"))]
pub struct Capacity {
    target_utilization: f64,
    per_replica: f64,
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCapacity {
    target_utilization: f64,
    per_replica: f64,
}

#[cfg(feature = "serde")]
impl TryFrom<RawCapacity> for Capacity {
    type Error = ConfigError;
    fn try_from(raw: RawCapacity) -> Result<Self, ConfigError> {
        Self::new(raw.target_utilization, raw.per_replica)
    }
}

impl Capacity {
    /// A replica that serves at most `per_replica` requests per second and should serve `target_utilization`
    /// of that.
    ///
    /// # Errors
    /// If a value is outside its range, or their product is too small for a double.
    pub fn new(target_utilization: f64, per_replica: f64) -> Result<Self, ConfigError> {
        if !(target_utilization > 0.0 && target_utilization <= 1.0) {
            return Err(ConfigError::new("target_utilization", target_utilization, "above 0 and at most 1"));
        }
        let usable = target_utilization * per_replica;
        if !(per_replica.is_finite() && per_replica > 0.0 && usable > 0.0) {
            return Err(ConfigError::new("per_replica", per_replica, "positive and finite"));
        }
        Ok(Self { target_utilization, per_replica })
    }

    /// The share of its capacity that a replica should serve.
    #[must_use]
    pub const fn target_utilization(&self) -> f64 {
        self.target_utilization
    }

    /// The most that a replica serves, in requests per second.
    #[must_use]
    pub const fn per_replica(&self) -> f64 {
        self.per_replica
    }

    fn replicas_for(&self, rate: f64) -> Option<i64> {
        snap_ceil(rate / (self.target_utilization * self.per_replica))
    }
}

/// What a prediction asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The rate that decided, in requests per second; nothing if none was usable.
    pub peak_rate: Option<f64>,
    /// The count.
    pub desired: i64,
}

/// The article's formula as printed: the largest forecast alone, no bounds, negative counts for negative
/// forecasts. Without a usable forecast the current count.
///
/// ```
/// use setpoint::algorithm::threshold::{Capacity, predictive};
/// let capacity = Capacity::new(0.8, 100.0)?;
/// let prediction = predictive::literal(&capacity, 3, &[500.0, 810.0, 640.0]);
/// assert_eq!((prediction.peak_rate, prediction.desired), (Some(810.0), 11));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[must_use]
pub fn literal(capacity: &Capacity, current: i64, forecast: &[f64]) -> Prediction {
    let peak_rate = largest(forecast.iter().copied());
    let desired = peak_rate.and_then(|rate| capacity.replicas_for(rate)).unwrap_or(current);
    Prediction { peak_rate, desired }
}

/// The corrected form: the largest of the forecasts, the rate measured now, and 0, within the limits. A
/// forecast that is too low thus never removes capacity in use. Rates that are not finite are dropped; with
/// none left the count is held.
///
/// ```
/// use setpoint::algorithm::threshold::{Capacity, Limits, predictive};
/// let (capacity, limits) = (Capacity::new(0.7, 100.0)?, Limits::new(1, 50)?);
/// let prediction = predictive::proportional(&capacity, limits, 3, &[200.0], Some(560.0));
/// assert_eq!((prediction.peak_rate, prediction.desired), (Some(560.0), 8));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[must_use]
pub fn proportional(
    capacity: &Capacity,
    limits: Limits,
    current: i64,
    forecast: &[f64],
    measured: Option<f64>,
) -> Prediction {
    let peak_rate = largest(forecast.iter().copied().chain(measured)).map(|rate| rate.max(0.0));
    let desired = peak_rate.and_then(|rate| capacity.replicas_for(rate)).unwrap_or(current);
    Prediction { peak_rate, desired: limits.clamp(desired) }
}

fn largest(rates: impl Iterator<Item = f64>) -> Option<f64> {
    rates.filter(|rate| rate.is_finite()).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounding::MAX_COUNT;

    fn capacity() -> Capacity {
        Capacity::new(0.8, 100.0).unwrap()
    }

    fn bounded(current: i64, forecast: &[f64], measured: Option<f64>) -> (Option<f64>, i64) {
        let limits = Limits::new(1, 50).unwrap();
        let Prediction { peak_rate, desired } =
            proportional(&capacity(), limits, current, forecast, measured);
        (peak_rate, desired)
    }

    #[test]
    fn capacities_that_cannot_hold_are_refused() {
        for (alpha, per_replica, field) in [
            (0.0, 1.0, "target_utilization"),
            (-0.1, 1.0, "target_utilization"),
            (1.0_f64.next_up(), 1.0, "target_utilization"),
            (f64::NAN, 1.0, "target_utilization"),
            (f64::INFINITY, 1.0, "target_utilization"),
            (0.5, 0.0, "per_replica"),
            (0.5, -1.0, "per_replica"),
            (0.5, f64::NAN, "per_replica"),
            (0.5, f64::INFINITY, "per_replica"),
            (0.1, 5e-324, "per_replica"),
        ] {
            assert_eq!(Capacity::new(alpha, per_replica).unwrap_err().field, field, "{alpha} {per_replica}");
        }
        assert!(Capacity::new(1.0, f64::MAX).is_ok());
    }

    #[test]
    fn a_low_forecast_does_not_remove_capacity_in_use() {
        assert_eq!(bounded(3, &[100.0], Some(400.0)), (Some(400.0), 5));
        assert_eq!(literal(&capacity(), 3, &[100.0]).desired, 2);
    }

    #[test]
    fn negative_rates_are_zero_and_odd_ones_are_dropped() {
        assert_eq!(bounded(3, &[-500.0], None), (Some(0.0), 1));
        assert_eq!(literal(&capacity(), 3, &[-500.0]).desired, -6);
        assert_eq!(bounded(3, &[f64::NAN, f64::INFINITY, 160.0], Some(f64::NEG_INFINITY)), (Some(160.0), 2));
        assert_eq!(literal(&capacity(), 3, &[f64::INFINITY, 160.0]).desired, 2);
    }

    #[test]
    fn without_any_rate_the_count_is_held() {
        assert_eq!(bounded(7, &[], None), (None, 7));
        assert_eq!(bounded(70, &[f64::NAN], Some(f64::NAN)), (None, 50));
        assert_eq!(literal(&capacity(), 70, &[f64::NAN]), Prediction { peak_rate: None, desired: 70 });
    }

    #[test]
    fn quotients_snap_and_saturate() {
        let capacity = Capacity::new(0.7, 100.0).unwrap();
        assert_eq!(literal(&capacity, 1, &[560.0]).desired, 8);
        assert_eq!(literal(&capacity, 1, &[560.001]).desired, 9);
        assert_eq!(literal(&Capacity::new(1.0, 5e-324).unwrap(), 1, &[f64::MAX]).desired, MAX_COUNT);
        assert_eq!(literal(&Capacity::new(1.0, 5e-324).unwrap(), 1, &[0.0]).desired, 0);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn documents_go_through_the_same_door() {
        let text = serde_json::to_string(&capacity()).unwrap();
        assert_eq!(serde_json::from_str::<Capacity>(&text).unwrap(), capacity());
        assert!(serde_json::from_str::<Capacity>(&text.replace("0.8", "1.8")).is_err());
    }
}
