//! What is settled before any metric is read: a workload at zero, and counts outside the bounds. Also the flag that
//! says whether the autoscaler itself brought the workload to zero, without which it stays there.
//!
//! Source: Kubernetes, `reconcileAutoscaler` in `pkg/controller/podautoscaler/horizontal.go`, commit `a769d588`; scale
//! to zero with its flag came with pull request 135118 (1.36).

use crate::error::StateError;
use crate::state::{StateReader, StateWriter};

/// What scale to zero needs to know besides the count and the bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ZeroRules {
    /// Whether the feature is on.
    pub enabled: bool,
    /// Whether the workload has an object or external metric, which can be read without instances.
    pub workload_metric: bool,
}

/// What the gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gate {
    /// The metrics decide.
    Open,
    /// The workload is at zero, and not by this autoscaler's doing: nothing happens.
    Disabled,
    /// The count is above the maximum, which it goes to at once: no memory and no policy is involved.
    AboveMax,
    /// The count is below the minimum, which it goes to at once.
    BelowMin,
}

/// Whether the metrics may decide.
///
/// ```
/// use setpoint::hpa::{Gate, ScaledToZero, ZeroRules, gate};
/// assert_eq!(gate(12, 1, 10, ZeroRules::default(), ScaledToZero::default()), Gate::AboveMax);
/// assert_eq!(gate(0, 1, 10, ZeroRules::default(), ScaledToZero::default()), Gate::Disabled);
/// ```
#[must_use]
pub fn gate(current: i64, min: i64, max: i64, rules: ZeroRules, zero: ScaledToZero) -> Gate {
    if current == 0 {
        let leaves = rules.enabled && zero.0 && (min != 0 || rules.workload_metric);
        if leaves { Gate::Open } else { Gate::Disabled }
    } else if current > max {
        Gate::AboveMax
    } else if current < min {
        Gate::BelowMin
    } else {
        Gate::Open
    }
}

/// Memory: whether this autoscaler itself brought the workload to zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ScaledToZero(bool);

impl ScaledToZero {
    /// A memory that says so.
    #[must_use]
    pub const fn new(scaled_to_zero: bool) -> Self {
        Self(scaled_to_zero)
    }

    /// Whether it did.
    #[must_use]
    pub const fn get(self) -> bool {
        self.0
    }

    /// A count of at least `min` where the workload leaves zero by the autoscaler's doing; policies on percentages alone
    /// would keep it there.
    #[must_use]
    pub fn lift(self, current: i64, min: i64, desired: i64) -> i64 {
        if current == 0 && min != 0 && self.0 { desired.max(min) } else { desired }
    }

    /// Takes note of a change that has been applied. With the feature off nothing is noted.
    pub fn applied(&mut self, from: i64, to: i64, min: i64, rules: ZeroRules) {
        if rules.enabled {
            self.0 = from > 0 && to == 0 && min == 0 && rules.workload_metric;
        }
    }

    /// Saves the flag.
    pub fn save(self, out: &mut StateWriter) {
        out.put("scaled_to_zero", self.0);
    }

    /// Restores the flag.
    ///
    /// # Errors
    /// If it is missing or no truth value.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        self.0 = from.bool("scaled_to_zero")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ON: ZeroRules = ZeroRules { enabled: true, workload_metric: true };
    const BY_US: ScaledToZero = ScaledToZero(true);

    #[test]
    fn bounds_come_before_metrics() {
        let no = ScaledToZero::default();
        assert_eq!(gate(11, 1, 10, ON, no), Gate::AboveMax);
        assert_eq!(gate(10, 1, 10, ON, no), Gate::Open);
        assert_eq!(gate(1, 2, 10, ON, no), Gate::BelowMin);
        assert_eq!(gate(2, 2, 10, ON, no), Gate::Open);
        assert_eq!(gate(7, 9, 5, ON, no), Gate::AboveMax);
    }

    #[test]
    fn zero_is_left_only_by_an_autoscaler_that_made_it_and_can_read_something() {
        assert_eq!(gate(0, 0, 10, ON, BY_US), Gate::Open);
        assert_eq!(gate(0, 0, 10, ON, ScaledToZero(false)), Gate::Disabled);
        assert_eq!(gate(0, 0, 10, ZeroRules { enabled: false, ..ON }, BY_US), Gate::Disabled);
        let pods_only = ZeroRules { workload_metric: false, ..ON };
        assert_eq!(gate(0, 0, 10, pods_only, BY_US), Gate::Disabled);
        assert_eq!(gate(0, 1, 10, pods_only, BY_US), Gate::Open);
    }

    #[test]
    fn the_flag_follows_applied_changes() {
        let mut zero = ScaledToZero::default();
        zero.applied(3, 0, 0, ZeroRules { enabled: false, ..ON });
        assert!(!zero.get());
        zero.applied(3, 0, 0, ZeroRules { workload_metric: false, ..ON });
        assert!(!zero.get());
        zero.applied(3, 0, 0, ON);
        assert!(zero.get());
        zero.applied(0, 2, 0, ON);
        assert!(!zero.get());
    }

    #[test]
    fn leaving_zero_lifts_to_the_minimum() {
        assert_eq!(BY_US.lift(0, 3, 0), 3);
        assert_eq!(BY_US.lift(0, 3, 5), 5);
        assert_eq!(BY_US.lift(0, 0, 0), 0);
        assert_eq!(BY_US.lift(1, 3, 0), 0);
        assert_eq!(ScaledToZero(false).lift(0, 3, 0), 0);
    }
}
