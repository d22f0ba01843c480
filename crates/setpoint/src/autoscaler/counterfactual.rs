//! What the decision would have been without a stage: "without the rate limit: 14".

use super::Autoscaler;
use crate::decision::Decision;
use crate::snapshot::Snapshot;
use crate::stage::Context;

/// The count that would have been decided without one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Counterfactual {
    /// The stage that is left out, by its place in [`Autoscaler::stages`].
    pub stage: usize,
    /// The count without it.
    pub replicas: u32,
}

impl Autoscaler {
    /// For each stage the count that would be decided on `snapshot` without it. A recommender that is left out has no opinion; a
    /// restraint that is left out lets everything through. Nothing is remembered.
    ///
    /// Ask before the decision: afterwards the memory already holds it.
    ///
    /// ```
    /// use setpoint::{Autoscaler, Bounds, Snapshot, Timestamp, fixed::Fixed};
    /// let scaler = Autoscaler::builder().recommend(Fixed::new(14)).bounds(Bounds::new(1, 6)?).build()?;
    /// let snapshot = Snapshot::at(Timestamp::from_secs(0)).replicas(4);
    /// assert_eq!(scaler.peek(&snapshot).replicas(), 6);
    /// let without_bounds = scaler.counterfactuals(&snapshot)[1];
    /// assert_eq!((without_bounds.stage, without_bounds.replicas), (1, 14));
    /// # Ok::<(), setpoint::ConfigError>(())
    /// ```
    #[must_use]
    pub fn counterfactuals(&self, snapshot: &Snapshot<'_>) -> Vec<Counterfactual> {
        let mut copy = self.clone();
        let cx = Context::new(copy.clock(snapshot), snapshot);
        copy.ingest(&cx);
        let mut decision = Decision::default();
        (0..copy.labels.len())
            .map(|stage| {
                copy.evaluate(&cx, &mut decision, Some(stage));
                Counterfactual { stage, replicas: decision.replicas }
            })
            .collect()
    }
}
