//! From readings to ratios: what was measured over what is wanted, one ratio per slot. It combines nothing.
//!
//! Source: `pmady/kubeai-autoscaler`, `pkg/controller/reconciler.go`, commit
//! `88eef88baa688724255ee090f4d1ef3eb23d70f2`. Ours: full precision (upstream cuts readings to whole milliseconds and
//! percents), a reading of 0 is a reading, and what is not finite or negative is missing.

pub use crate::reason::kubeai::Slot;

/// A number for each slot that has one: targets, readings or ratios.
///
/// ```
/// use setpoint::kubeai::{PerSlot, Slot};
/// let targets = PerSlot::new().with(Slot::LatencyP99, 500.0).with(Slot::QueueDepth, 10.0);
/// assert_eq!(targets.get(Slot::QueueDepth), Some(10.0));
/// assert_eq!(targets.get(Slot::GpuUtilization), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PerSlot([Option<f64>; Slot::ALL.len()]);

impl PerSlot {
    /// No number for any slot.
    #[must_use]
    pub const fn new() -> Self {
        Self([None; Slot::ALL.len()])
    }

    /// With `number` for `slot`.
    #[must_use]
    pub fn with(mut self, slot: Slot, number: impl Into<Option<f64>>) -> Self {
        self.0[slot.index()] = number.into();
        self
    }

    /// The number of `slot`.
    #[must_use]
    pub const fn get(&self, slot: Slot) -> Option<f64> {
        self.0[slot.index()]
    }

    /// The numbers in the order of the slots.
    #[must_use]
    pub const fn as_slice(&self) -> &[Option<f64>] {
        &self.0
    }
}

/// The ratio of one slot at `current` replicas. Latency is read in seconds against milliseconds, utilization in percent,
/// queue depth as the sum over all replicas against a depth per replica.
///
/// `None` where the target is not positive and finite (the slot is off), the reading is absent, negative or not finite,
/// or a queue has no replica to be shared by.
///
/// ```
/// use setpoint::kubeai::{Slot, ratio};
/// assert_eq!(ratio(Slot::LatencyP99, Some(500.0), Some(0.75), 4), Some(1.5));
/// assert_eq!(ratio(Slot::QueueDepth, Some(10.0), Some(60.0), 4), Some(1.5));
/// assert_eq!(ratio(Slot::GpuUtilization, Some(80.0), Some(0.0), 4), Some(0.0));
/// assert_eq!(ratio(Slot::QueueDepth, Some(10.0), Some(60.0), 0), None);
/// ```
#[must_use]
pub fn ratio(slot: Slot, target: Option<f64>, reading: Option<f64>, current: i64) -> Option<f64> {
    let target = target.filter(|t| t.is_finite() && *t > 0.0)?;
    let reading = reading.filter(|r| r.is_finite() && *r >= 0.0)?;
    let ratio = match slot {
        Slot::LatencyP99 | Slot::LatencyP95 => (1000.0 * reading) / target,
        Slot::GpuUtilization | Slot::GpuMemory => reading / target,
        Slot::QueueDepth if current > 0 => reading / (target * current as f64),
        Slot::QueueDepth => return None,
    };
    Some(ratio).filter(|r| r.is_finite())
}

/// The ratio of every slot, and how many slots have a target but no ratio.
///
/// ```
/// use setpoint::kubeai::{PerSlot, Slot, ratios};
/// let targets = PerSlot::new().with(Slot::GpuUtilization, 80.0).with(Slot::QueueDepth, 10.0);
/// let readings = PerSlot::new().with(Slot::GpuUtilization, 100.0);
/// let (ratios, missing) = ratios(&targets, &readings, 4);
/// assert_eq!((ratios.get(Slot::GpuUtilization), missing), (Some(1.25), 1));
/// ```
#[must_use]
pub fn ratios(targets: &PerSlot, readings: &PerSlot, current: i64) -> (PerSlot, usize) {
    let mut out = PerSlot::new();
    let mut missing = 0;
    for slot in Slot::ALL {
        let target = targets.get(slot).filter(|t| *t > 0.0);
        let ratio = ratio(slot, target, readings.get(slot), current);
        missing += usize::from(target.is_some() && ratio.is_none());
        out = out.with(slot, ratio);
    }
    (out, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_keep_their_full_precision() {
        assert_eq!(ratio(Slot::LatencyP95, Some(1.0), Some(0.0015), 1), Some(1.5));
        assert_eq!(ratio(Slot::GpuUtilization, Some(70.0), Some(0.7), 1), Some(0.7 / 70.0));
    }

    #[test]
    fn what_is_no_reading_is_missing_and_zero_is_one() {
        for slot in Slot::ALL {
            assert_eq!(ratio(slot, Some(10.0), Some(0.0), 3), Some(0.0), "{slot:?}");
            for bad in [None, Some(f64::NAN), Some(f64::INFINITY), Some(-1.0)] {
                assert_eq!(ratio(slot, Some(10.0), bad, 3), None, "{slot:?} {bad:?}");
            }
            for off in [None, Some(0.0), Some(-5.0), Some(f64::NAN), Some(f64::INFINITY)] {
                assert_eq!(ratio(slot, off, Some(1.0), 3), None, "{slot:?} {off:?}");
            }
        }
        assert_eq!(ratio(Slot::LatencyP99, Some(1e-300), Some(1e300), 1), None, "the quotient is not finite");
    }

    #[test]
    fn only_the_queue_is_per_replica_and_its_product_does_not_wrap() {
        assert_eq!(ratio(Slot::GpuMemory, Some(50.0), Some(75.0), 7), Some(1.5));
        let depth = 4e9;
        assert_eq!(ratio(Slot::QueueDepth, Some(100_000.0), Some(depth), 40_000), Some(1.0));
        assert_eq!(ratio(Slot::QueueDepth, Some(10.0), Some(60.0), -1), None);
    }

    #[test]
    fn a_slot_without_a_target_is_not_missing() {
        let targets = PerSlot::new().with(Slot::LatencyP99, 0.0).with(Slot::LatencyP95, 100.0);
        let (ratios, missing) = ratios(&targets, &PerSlot::new().with(Slot::LatencyP99, 1.0), 4);
        assert_eq!((ratios, missing), (PerSlot::new(), 1));
    }
}
