//! Building an autoscaler from stages.

use super::{Autoscaler, Combine, Recommender, Restraint};
use crate::error::ConfigError;
use crate::reason::StageLabel;
use crate::replicas::Bounds;
use crate::restrain::WithinBounds;
use crate::stage::{Recommend, Restrain};

/// Collects stages: recommenders, one combiner, restraints in the order in which they act.
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Autoscaler, Bounds, Snapshot, Timestamp};
/// use setpoint::{fixed::Fixed, restrain::Cooldown};
///
/// let mut scaler = Autoscaler::builder()
///     .recommend(Fixed::new(40))
///     .restrain(Cooldown::new(Duration::ZERO, Duration::from_secs(300)))
///     .bounds(Bounds::new(2, 10)?)
///     .build()?;
/// let decision = scaler.decide(&Snapshot::at(Timestamp::from_secs(0)).replicas(4));
/// assert_eq!(decision.to_string(), "4 -> 10: fixed at 40; at most 10");
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    recommenders: Vec<Recommender>,
    combine: Combine,
    restraints: Vec<Restraint>,
}

impl Builder {
    /// Adds a recommender of the library.
    pub fn recommend(mut self, stage: impl Into<Recommender>) -> Self {
        self.recommenders.push(stage.into());
        self
    }

    /// Adds a recommender of the caller's own.
    pub fn recommend_with(self, stage: impl Recommend + 'static) -> Self {
        self.recommend(Recommender::Custom(Box::new(stage)))
    }

    /// Sets how opinions are combined (default: the largest).
    pub fn combine(mut self, combine: Combine) -> Self {
        self.combine = combine;
        self
    }

    /// Adds a restraint of the library.
    pub fn restrain(mut self, stage: impl Into<Restraint>) -> Self {
        self.restraints.push(stage.into());
        self
    }

    /// Adds a restraint of the caller's own.
    pub fn restrain_with(self, stage: impl Restrain + 'static) -> Self {
        self.restrain(Restraint::Custom(Box::new(stage)))
    }

    /// Adds bounds at this place in the order, usually the last.
    pub fn bounds(self, bounds: Bounds) -> Self {
        self.restrain(WithinBounds::new(bounds))
    }

    /// The autoscaler.
    ///
    /// # Errors
    /// If there is no recommender, there are more than 65,535 stages, or weights or caps do not fit the recommenders.
    pub fn build(self) -> Result<Autoscaler, ConfigError> {
        if self.recommenders.is_empty() {
            return Err(ConfigError::new("recommenders", 0, "at least one"));
        }
        let stages = self.recommenders.len() + self.restraints.len();
        if stages > usize::from(u16::MAX) {
            return Err(ConfigError::new("stages", stages, "at most 65535"));
        }
        self.combine.check(self.recommenders.len())?;
        Ok(self.assemble())
    }

    /// The autoscaler, for presets, whose stages are known to fit.
    pub(super) fn assemble(self) -> Autoscaler {
        let label = |name: &str, metrics: &[crate::MetricName]| StageLabel {
            name: name.to_owned(),
            metrics: metrics.to_vec(),
        };
        let recommenders = self.recommenders.iter().map(|r| label(r.stage().name(), r.stage().metrics()));
        let restraints = self.restraints.iter().map(|r| label(r.stage().name(), r.stage().metrics()));
        Autoscaler {
            labels: recommenders.chain(restraints).collect(),
            recommenders: self.recommenders,
            combine: self.combine,
            restraints: self.restraints,
            newest: None,
            pending: None,
        }
    }
}
