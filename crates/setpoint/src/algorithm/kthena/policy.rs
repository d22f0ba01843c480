//! The policies of a Kthena target, and the two sets of defaults that upstream has for them: those of its
//! schema fill the fields of a policy that is present, those of its admission webhook stand in for a policy
//! that is absent. They differ much: an absent panic policy turns panic mode off.
//!
//! Source of defaults and ranges: `volcano-sh/kthena`,
//! `pkg/apis/workload/v1alpha1/autoscalingpolicy_types.go` and `pkg/autoscaler/webhook/*.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`.

use core::time::Duration;

use super::correction::{Limit, Rules, Select};
use super::status::Widths;
use crate::error::ConfigError;

/// The longest period, window or hold.
pub(super) const LONGEST: Duration = Duration::from_secs(30 * 60);
const MINUTE: Duration = Duration::from_secs(60);
const MOST_PERCENT: u32 = 1_000;

/// The pace and the stabilization of one direction in stable mode.
///
/// | field | schema default | absent scale-up | absent scale-down | range | unit |
/// |---|---|---|---|---|---|
/// | `instances` | 1 | 4 | 0 | 0 to 2,147,483,647 | replicas per period |
/// | `percent` | 100 | 100 | 100 | 0 to 1000 | percent per period |
/// | `period` | 15 s | 1 min | 1 min | 0 to 30 min; 0 limits nothing | span |
/// | `select_policy` | `Or` | `Or` | `Or` | `Or`, `And` | |
/// | `stabilization_window` | 0 up, 5 min down | 0 | 5 min | 0 to 30 min; 0 turns it off | span |
///
/// ```
/// use core::time::Duration;
/// use setpoint::algorithm::kthena::{Select, StablePolicy};
///
/// let policy = StablePolicy { instances: 2, select_policy: Select::And, ..StablePolicy::scale_down() };
/// assert_eq!(policy.stabilization_window, Duration::from_secs(300));
/// assert_eq!(StablePolicy::absent_scale_down().instances, 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StablePolicy {
    /// Replicas per period.
    pub instances: u32,
    /// Percent per period.
    pub percent: u32,
    /// The period.
    pub period: Duration,
    /// How the two combine.
    pub select_policy: Select,
    /// Over which time recommendations hold back.
    pub stabilization_window: Duration,
}

impl StablePolicy {
    /// A scale-up policy that is present and sets nothing: the schema defaults.
    #[must_use]
    pub const fn scale_up() -> Self {
        Self {
            instances: 1,
            percent: 100,
            period: Duration::from_secs(15),
            select_policy: Select::Or,
            stabilization_window: Duration::ZERO,
        }
    }

    /// A scale-down policy that is present and sets nothing: the schema defaults.
    #[must_use]
    pub const fn scale_down() -> Self {
        Self { stabilization_window: Duration::from_secs(300), ..Self::scale_up() }
    }

    /// What stands in for a scale-up policy that is absent.
    #[must_use]
    pub const fn absent_scale_up() -> Self {
        Self { instances: 4, period: MINUTE, ..Self::scale_up() }
    }

    /// What stands in for a scale-down policy that is absent.
    #[must_use]
    pub const fn absent_scale_down() -> Self {
        Self { instances: 0, period: MINUTE, ..Self::scale_down() }
    }

    pub(super) const fn limit(&self) -> Limit {
        Limit {
            instances: self.instances as i64,
            percent: self.percent as i64,
            select: Some(self.select_policy),
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.instances > i32::MAX as u32 {
            return Err(ConfigError::new("instances", self.instances, "0 to 2147483647"));
        }
        check_percent("percent", self.percent, 0)?;
        check_span("period_ms", self.period)?;
        check_span("stabilization_window_ms", self.stabilization_window)
    }
}

/// How panic mode is entered, how long it lasts and how fast it grows.
///
/// | field | schema default | absent | range | unit |
/// |---|---|---|---|---|
/// | `percent` | 1000 | 0 | 0 to 1000 | percent per panic period |
/// | `period` | none, must be given | 0 | 0 to 30 min; 0 limits nothing | span |
/// | `panic_threshold_percent` | 200 | 200 | 110 to 1000 | percent of the current count |
/// | `panic_mode_hold` | 60 s | 0 | 0 to 30 min; 0 turns panic mode off | span |
///
/// ```
/// use core::time::Duration;
/// use setpoint::algorithm::kthena::PanicPolicy;
///
/// assert_eq!(PanicPolicy::new(Duration::from_secs(60)).panic_mode_hold, Duration::from_secs(60));
/// assert_eq!(PanicPolicy::absent().panic_mode_hold, Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PanicPolicy {
    /// Percent per panic period.
    pub percent: u32,
    /// The panic period.
    pub period: Duration,
    /// Recommended per current count from which panic mode is entered, in percent.
    pub panic_threshold_percent: u32,
    /// How long panic mode lasts after the last step that triggered it.
    pub panic_mode_hold: Duration,
}

impl PanicPolicy {
    /// A panic policy that is present and sets only its period: the schema defaults.
    #[must_use]
    pub const fn new(period: Duration) -> Self {
        Self { percent: 1_000, period, panic_threshold_percent: 200, panic_mode_hold: MINUTE }
    }

    /// What stands in for a panic policy that is absent: panic mode is off.
    #[must_use]
    pub const fn absent() -> Self {
        Self {
            percent: 0,
            period: Duration::ZERO,
            panic_threshold_percent: 200,
            panic_mode_hold: Duration::ZERO,
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        check_percent("percent", self.percent, 0)?;
        check_span("period_ms", self.period)?;
        check_percent("panic_threshold_percent", self.panic_threshold_percent, 110)?;
        check_span("panic_mode_hold_ms", self.panic_mode_hold)
    }
}

/// The three policies. The default is what upstream takes when all are absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Behavior {
    /// Growing in stable mode.
    pub scale_up: StablePolicy,
    /// Panic mode.
    pub panic: PanicPolicy,
    /// Shrinking.
    pub scale_down: StablePolicy,
}

impl Behavior {
    /// What [`correct`](super::correct) needs, for counts from `min` to `max`.
    #[must_use]
    pub const fn rules(&self, min: i64, max: i64) -> Rules {
        let Self { scale_up, panic, scale_down } = self;
        Rules {
            min,
            max,
            scale_up: scale_up.limit(),
            scale_down: scale_down.limit(),
            panic_percent: panic.percent as i64,
            panic_threshold_percent: Some(panic.panic_threshold_percent as i64),
        }
    }

    /// What a [`Status`](super::Status) needs.
    #[must_use]
    pub const fn widths(&self) -> Widths {
        let Self { scale_up, panic, scale_down } = self;
        Widths {
            scale_down_stabilization: scale_down.stabilization_window,
            scale_up_stabilization: scale_up.stabilization_window,
            scale_down_period: scale_down.period,
            scale_up_period: scale_up.period,
            panic_period: panic.period,
            panic_hold: panic.panic_mode_hold,
        }
    }
}

impl Default for Behavior {
    fn default() -> Self {
        Self {
            scale_up: StablePolicy::absent_scale_up(),
            panic: PanicPolicy::absent(),
            scale_down: StablePolicy::absent_scale_down(),
        }
    }
}

fn check_span(field: &'static str, span: Duration) -> Result<(), ConfigError> {
    if span > LONGEST {
        return Err(ConfigError::new(field, span.as_millis(), "0 to 1800000"));
    }
    Ok(())
}

fn check_percent(field: &'static str, percent: u32, least: u32) -> Result<(), ConfigError> {
    if !(least..=MOST_PERCENT).contains(&percent) {
        return Err(ConfigError::new(field, percent, format!("{least} to {MOST_PERCENT}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn present_policies_get_the_schema_defaults() {
        let expected = StablePolicy {
            instances: 1,
            percent: 100,
            period: seconds(15),
            select_policy: Select::Or,
            stabilization_window: seconds(0),
        };
        assert_eq!(StablePolicy::scale_up(), expected);
        let expected = StablePolicy { stabilization_window: seconds(300), ..expected };
        assert_eq!(StablePolicy::scale_down(), expected);
        let expected = PanicPolicy {
            percent: 1_000,
            period: seconds(7),
            panic_threshold_percent: 200,
            panic_mode_hold: seconds(60),
        };
        assert_eq!(PanicPolicy::new(seconds(7)), expected);
    }
}
