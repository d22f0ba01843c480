//! Each upstream system as one call: the order of its stages.

use super::Autoscaler;
use crate::algorithm::fixed::Fixed;
use crate::algorithm::{kthena, threshold};
use crate::error::ConfigError;

impl Autoscaler {
    /// A fleet of a fixed size: the baseline of every comparison.
    #[must_use]
    pub fn fixed(count: u32) -> Self {
        Self::builder().recommend(Fixed::new(count)).assemble()
    }

    /// Kthena's autoscaler for one target: the recommendation of [`kthena`], then its correction by panic mode, stabilization, pace
    /// and bounds.
    ///
    /// # Errors
    /// If a setting is outside its range.
    ///
    /// ```
    /// use setpoint::{Autoscaler, Bounds, Snapshot, Timestamp, kthena};
    /// let config = kthena::Config::new(Bounds::new(1, 20)?).target("concurrent_requests", 10.0);
    /// let mut scaler = Autoscaler::kthena(config)?;
    /// let snapshot = Snapshot::at(Timestamp::from_secs(60)).replicas(2).samples("concurrent_requests", &[31.0, 40.0])?;
    /// let decision = scaler.decide(&snapshot);
    /// assert_eq!(decision.replicas(), 6); // 71 requests want 8; at most 4 more, or twice as many, per minute
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn kthena(config: kthena::Config) -> Result<Self, ConfigError> {
        let config = config.check()?;
        let recommender = kthena::Recommender::new(&config)?;
        Ok(Self::builder().recommend(recommender).restrain(kthena::Corrector::new(config)).assemble())
    }

    /// The utilization threshold of [`threshold`], within its bounds.
    ///
    /// # Errors
    /// If a setting is outside its range.
    ///
    /// ```
    /// use setpoint::{Autoscaler, Bounds, Snapshot, Timestamp, threshold};
    /// let band = threshold::Thresholds::new(0.4, 0.8)?;
    /// let mut scaler = Autoscaler::threshold(threshold::Config::new(Bounds::new(1, 20)?, band).resource("cpu"))?;
    /// let snapshot = Snapshot::at(Timestamp::from_secs(0)).replicas(10).value("cpu", 0.81)?;
    /// assert_eq!(scaler.decide(&snapshot).replicas(), 11);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn threshold(config: threshold::Config) -> Result<Self, ConfigError> {
        let config = config.check()?;
        let bounds = config.bounds();
        let literal = config.variant() == threshold::Variant::Literal;
        let builder = Self::builder().recommend(threshold::Recommender::new(config)?);
        Ok(if literal { builder.assemble() } else { builder.bounds(bounds).assemble() })
    }
}
