//! A predicted count blended into the present opinion. What predicts is elsewhere; this room takes a count and how far to trust it.
//!
//! Source: `BudEcosystem/scaler`, `pkg/controller/budaiscaler/algorithm/budscaler.go`, commit
//! `79bffc5e9778ab80a20c5e0a6d39d9e780750122`. Ours: the settings `min_confidence` and `max_replicas`, which its document describes and
//! its code does not have, and a confidence that is not a number is no confidence.

use crate::rounding::{ceil32, round32};

/// How predictions are used.
///
/// | setting | default | range | unit | source |
/// |---|---|---|---|---|
/// | `weight` | 0.3 | 0 to 1 | share of the count at full confidence | fixed upstream |
/// | `min_confidence` | 0.7 | 0 to 1 | | `predictionConfig.minConfidence`, fixed upstream |
/// | `max_replicas` | none | 1 and more | replicas | `predictionConfig.maxPredictedReplicas`, absent upstream |
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields)
)]
pub struct Blend {
    /// How much a prediction of full confidence counts.
    pub weight: f64,
    /// The least confidence at which a prediction counts at all.
    pub min_confidence: f64,
    /// The most that a prediction may ask for.
    pub max_replicas: Option<u32>,
}

impl Default for Blend {
    fn default() -> Self {
        Self { weight: 0.3, min_confidence: 0.7, max_replicas: None }
    }
}

/// A predicted count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Replicas that the load ahead needs; 0 and less say nothing.
    pub replicas: i64,
    /// How far to trust it, 0 to 1. What is outside is no confidence at all.
    pub confidence: f64,
}

/// `desired` moved towards the prediction, in either direction, at least 1; unchanged where the prediction does not count.
///
/// ```
/// use setpoint::bud::prediction::{Blend, Prediction, blend};
/// let sure = Prediction { replicas: 30, confidence: 1.0 };
/// assert_eq!(blend(&Blend::default(), 10, sure), 16);
/// assert_eq!(blend(&Blend { max_replicas: Some(20), ..Blend::default() }, 10, sure), 13);
/// assert_eq!(blend(&Blend::default(), 10, Prediction { confidence: 0.6, ..sure }), 10);
/// ```
#[must_use]
pub fn blend(rules: &Blend, desired: i64, prediction: Prediction) -> i64 {
    if !counts(rules, prediction) {
        return desired;
    }
    let most = rules.max_replicas.map_or(i64::MAX, i64::from);
    let predicted = prediction.replicas.min(most);
    let weight = rules.weight * prediction.confidence;
    let blended = desired as f64 * (1.0 - weight) + predicted as f64 * weight;
    round32(blended).unwrap_or(desired).max(1)
}

/// Whether a prediction is trusted enough to count.
#[must_use]
pub fn counts(rules: &Blend, prediction: Prediction) -> bool {
    (rules.min_confidence..=1.0).contains(&prediction.confidence) && prediction.replicas > 0
}

/// Replicas for a load ahead, within `min` and `max`; a capacity of 0 or less, or a load that is not a number, gives `min`.
///
/// ```
/// use setpoint::bud::prediction::replicas_for_load;
/// assert_eq!(replicas_for_load(101.0, 25.0, 1, 50), 5);
/// ```
#[must_use]
pub fn replicas_for_load(load: f64, capacity: f64, min: i64, max: i64) -> i64 {
    if capacity.is_nan() || capacity <= 0.0 {
        return min;
    }
    ceil32(load / capacity).map_or(min, |count| super::pipeline::within(count, min, max))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SURE: Prediction = Prediction { replicas: 20, confidence: 1.0 };

    #[test]
    fn a_prediction_moves_the_count_both_ways_and_halves_go_up() {
        let rules = Blend::default();
        assert_eq!(blend(&rules, 10, SURE), 13);
        assert_eq!(blend(&rules, 10, Prediction { replicas: 1, ..SURE }), 7);
        assert_eq!(blend(&Blend { weight: 0.5, ..rules }, 2, Prediction { replicas: 3, ..SURE }), 3);
        assert_eq!(blend(&Blend { weight: 1.0, ..rules }, 5, Prediction { replicas: 1, ..SURE }), 1);
    }

    #[test]
    fn the_ceiling_on_predicted_replicas_comes_before_the_blend() {
        let rules = Blend { max_replicas: Some(12), ..Blend::default() };
        assert_eq!(blend(&rules, 10, Prediction { replicas: 1_000, ..SURE }), 11);
        assert_eq!(blend(&rules, 20, SURE), 18);
        assert_eq!(blend(&rules, 10, Prediction { replicas: 12, ..SURE }), 11);
        assert_eq!(blend(&rules, 10, Prediction { replicas: 4, ..SURE }), 8);
    }

    #[test]
    fn the_least_confidence_is_a_setting_and_its_edge_counts() {
        let at = |rules: &Blend, confidence| blend(rules, 10, Prediction { confidence, ..SURE });
        let rules = Blend::default();
        assert_eq!((at(&rules, 0.7), at(&rules, 0.699_999)), (12, 10));
        let lax = Blend { min_confidence: 0.2, ..rules };
        assert_eq!((at(&lax, 0.2), at(&lax, 0.5)), (11, 12));
        let strict = Blend { min_confidence: 0.95, ..rules };
        assert_eq!((at(&strict, 0.94), at(&strict, 0.95)), (10, 13));
    }

    #[test]
    fn what_is_no_confidence_or_no_count_changes_nothing() {
        for confidence in [f64::NAN, f64::INFINITY, 1.000_001, -1.0] {
            assert_eq!(
                blend(
                    &Blend { min_confidence: 0.0, ..Blend::default() },
                    10,
                    Prediction { confidence, ..SURE }
                ),
                10
            );
        }
        for replicas in [0, -1, i64::MIN] {
            assert_eq!(blend(&Blend::default(), 10, Prediction { replicas, ..SURE }), 10);
        }
        assert_eq!(
            blend(&Blend::default(), 10, Prediction { replicas: i64::MAX, ..SURE }),
            i64::from(i32::MAX)
        );
    }

    #[test]
    fn a_load_ahead_is_divided_by_what_one_replica_bears() {
        assert_eq!(replicas_for_load(100.0, 0.0, 2, 50), 2);
        assert_eq!(replicas_for_load(100.0, f64::NAN, 2, 50), 2);
        assert_eq!(replicas_for_load(f64::NAN, 10.0, 2, 50), 2);
        assert_eq!(replicas_for_load(-5.0, 10.0, 2, 50), 2);
        assert_eq!(replicas_for_load(1e300, 1e-300, 2, 50), 50);
    }
}
