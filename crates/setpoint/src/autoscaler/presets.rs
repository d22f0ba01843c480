//! Each upstream system as one call: the order of its stages.

use super::Autoscaler;
use crate::algorithm::fixed::Fixed;

impl Autoscaler {
    /// A fleet of a fixed size: the baseline of every comparison.
    #[must_use]
    pub fn fixed(count: u32) -> Self {
        Self::builder().recommend(Fixed::new(count)).assemble()
    }
}
