//! How fast a workload may scale in each direction: stabilization windows and rate policies, given in part and filled
//! with defaults. A behavior that is present but empty differs from none at all: without one, older fixed rules hold.
//!
//! Source: Kubernetes, `pkg/apis/autoscaling/v2/defaults.go` and `pkg/apis/autoscaling/validation/validation.go`, commit
//! `a769d588` (limits as of release 1.28).

use crate::error::ConfigError;
use crate::replicas::Step;
use crate::rounding::MAX_COUNT;
use core::time::Duration;

/// The longest stabilization window that a behavior may have.
pub const LONGEST_WINDOW: Duration = Duration::from_secs(3600);
/// The longest period that a policy may have.
pub const LONGEST_PERIOD: Duration = Duration::from_secs(1800);

/// Which of several policies holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Select {
    /// The one that allows the largest change.
    #[default]
    Max,
    /// The one that allows the smallest change.
    Min,
    /// None: the workload does not scale in this direction.
    Disabled,
}

/// At most so much change within any period of this length.
///
/// | field | range | unit |
/// |---|---|---|
/// | `step` | above 0 | replicas, or percent of the count at the start of the period |
/// | `period` | 1 s to 1800 s | span |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "RawPolicy", into = "RawPolicy"))]
pub struct Policy {
    /// How much.
    pub step: Step,
    /// Within which span.
    pub period: Duration,
}

impl Policy {
    /// At most `count` replicas per `period`.
    #[must_use]
    pub const fn pods(count: u32, period: Duration) -> Self {
        Self { step: Step::Pods(count), period }
    }

    /// At most `percent` of the count at the start of the period, per `period`.
    #[must_use]
    pub const fn percent(percent: u32, period: Duration) -> Self {
        Self { step: Step::Percent(percent), period }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let (Step::Pods(value) | Step::Percent(value)) = self.step;
        if value == 0 || i64::from(value) > MAX_COUNT {
            return Err(ConfigError::new("policies.step", value, "1 to 2147483647"));
        }
        if self.period < Duration::from_secs(1) || self.period > LONGEST_PERIOD {
            return Err(ConfigError::new(
                "policies.period",
                format_args!("{:?}", self.period),
                "1 s to 1800 s",
            ));
        }
        Ok(())
    }
}

/// What is given of the rules of one direction; what is not takes the direction's default.
///
/// | field | default up | default down | range |
/// |---|---|---|---|
/// | `window` | 0 s | the controller-wide window (300 s) | 0 s to 3600 s |
/// | `select` | [`Select::Max`] | [`Select::Max`] | |
/// | `policies` | 4 replicas and 100 % per 15 s | 100 % per 15 s | at least one; replaced as a whole |
/// | `tolerance` | the controller-wide one (0.1) | the same | 0 and more, share of the target |
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "RawRules", into = "RawRules"))]
pub struct Rules {
    window: Option<Duration>,
    select: Option<Select>,
    policies: Option<Vec<Policy>>,
    tolerance: Option<f64>,
}

impl Rules {
    /// Rules with everything left to the defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self { window: None, select: None, policies: None, tolerance: None }
    }

    /// The stabilization window: for so long back, recommendations in the other direction hold a change back.
    #[must_use]
    pub const fn window(mut self, window: Duration) -> Self {
        self.window = Some(window);
        self
    }

    /// Which of the policies holds.
    #[must_use]
    pub const fn select(mut self, select: Select) -> Self {
        self.select = Some(select);
        self
    }

    /// The policies, instead of the default ones.
    #[must_use]
    pub fn policies(mut self, policies: impl Into<Vec<Policy>>) -> Self {
        self.policies = Some(policies.into());
        self
    }

    /// How far the ratio may be off in this direction, as a share of the target.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    const fn own_tolerance(&self) -> Option<f64> {
        self.tolerance
    }

    fn filled(&self, window: Duration, policies: &[Policy]) -> ScalingRules {
        ScalingRules {
            window: self.window.unwrap_or(window),
            select: self.select.unwrap_or_default(),
            policies: self.policies.as_deref().unwrap_or(policies).into(),
        }
    }
}

/// How fast the workload may scale, as given: a direction that is missing takes all defaults, one that is present takes
/// those of its missing fields.
///
/// ```
/// use core::time::Duration;
/// use setpoint::behavior::{Behavior, Policy, Rules};
/// let slow_down = Rules::new().policies([Policy::percent(10, Duration::from_secs(60))]);
/// let behavior = Behavior::new().down(slow_down).filled(Duration::from_secs(300))?;
/// assert_eq!(behavior.down.window, Duration::from_secs(300));
/// assert_eq!(behavior.up.policies.len(), 2);
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Behavior {
    up: Option<Rules>,
    down: Option<Rules>,
}

impl Behavior {
    /// A behavior with everything left to the defaults, which is not the same as no behavior.
    #[must_use]
    pub const fn new() -> Self {
        Self { up: None, down: None }
    }

    /// The rules for more replicas.
    #[must_use]
    pub fn up(mut self, rules: Rules) -> Self {
        self.up = Some(rules);
        self
    }

    /// The rules for fewer replicas.
    #[must_use]
    pub fn down(mut self, rules: Rules) -> Self {
        self.down = Some(rules);
        self
    }

    /// The rules as they hold, with `down_window` as the default window for fewer replicas.
    ///
    /// # Errors
    /// If a window, a policy or a list of policies is outside the limits.
    pub fn filled(&self, down_window: Duration) -> Result<FilledBehavior, ConfigError> {
        const QUARTER_MINUTE: Duration = Duration::from_secs(15);
        let none = Rules::new();
        let up = [Policy::pods(4, QUARTER_MINUTE), Policy::percent(100, QUARTER_MINUTE)];
        let down = [Policy::percent(100, QUARTER_MINUTE)];
        let filled = FilledBehavior {
            up: self.up.as_ref().unwrap_or(&none).filled(Duration::ZERO, &up),
            down: self.down.as_ref().unwrap_or(&none).filled(down_window, &down),
        };
        filled.up.check().map_err(|e| e.within("behavior.up"))?;
        filled.down.check().map_err(|e| e.within("behavior.down"))?;
        Ok(filled)
    }

    /// The tolerances of the two directions (up, down), where they are given.
    #[must_use]
    pub fn tolerances(&self) -> (Option<f64>, Option<f64>) {
        let of = |rules: &Option<Rules>| rules.as_ref().and_then(Rules::own_tolerance);
        (of(&self.up), of(&self.down))
    }
}

/// A behavior with nothing left open.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FilledBehavior {
    /// Rules for more replicas.
    pub up: ScalingRules,
    /// Rules for fewer replicas.
    pub down: ScalingRules,
}

/// The rules of one direction with nothing left open.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScalingRules {
    /// The stabilization window.
    pub window: Duration,
    /// Which of the policies holds.
    pub select: Select,
    /// The policies, at least one.
    pub policies: Box<[Policy]>,
}

impl ScalingRules {
    /// The longest period of the policies.
    #[must_use]
    pub fn longest_period(&self) -> Duration {
        self.policies.iter().map(|p| p.period).max().unwrap_or(Duration::ZERO)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.window > LONGEST_WINDOW {
            return Err(ConfigError::new("window", format_args!("{:?}", self.window), "0 s to 3600 s"));
        }
        if self.policies.is_empty() {
            return Err(ConfigError::new("policies", "an empty list", "at least one policy"));
        }
        self.policies.iter().try_for_each(Policy::check)
    }
}

#[cfg(feature = "serde")]
mod raw {
    use super::{Policy, Rules, Select};
    use crate::replicas::Step;
    use crate::time::millis;
    use core::time::Duration;

    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct RawPolicy {
        step: Step,
        period_ms: u64,
    }

    impl From<RawPolicy> for Policy {
        fn from(raw: RawPolicy) -> Self {
            Self { step: raw.step, period: Duration::from_millis(raw.period_ms) }
        }
    }
    impl From<Policy> for RawPolicy {
        fn from(policy: Policy) -> Self {
            Self { step: policy.step, period_ms: millis(policy.period).unsigned_abs() }
        }
    }

    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(default, deny_unknown_fields)]
    #[derive(Default)]
    pub(super) struct RawRules {
        window_ms: Option<u64>,
        select: Option<Select>,
        policies: Option<Vec<Policy>>,
        tolerance: Option<f64>,
    }

    impl From<RawRules> for Rules {
        fn from(raw: RawRules) -> Self {
            Self {
                window: raw.window_ms.map(Duration::from_millis),
                select: raw.select,
                policies: raw.policies,
                tolerance: raw.tolerance,
            }
        }
    }
    impl From<Rules> for RawRules {
        fn from(rules: Rules) -> Self {
            Self {
                window_ms: rules.window.map(|w| millis(w).unsigned_abs()),
                select: rules.select,
                policies: rules.policies,
                tolerance: rules.tolerance,
            }
        }
    }
}
#[cfg(feature = "serde")]
use raw::{RawPolicy, RawRules};

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Duration = Duration::from_secs(300);

    #[test]
    fn a_present_but_empty_behavior_has_all_defaults() {
        let filled = Behavior::new().filled(WIDE).unwrap();
        let fifteen = Duration::from_secs(15);
        assert_eq!(filled.up.window, Duration::ZERO);
        assert_eq!(*filled.up.policies, [Policy::pods(4, fifteen), Policy::percent(100, fifteen)]);
        assert_eq!(filled.down.window, WIDE);
        assert_eq!(*filled.down.policies, [Policy::percent(100, fifteen)]);
        assert_eq!((filled.up.select, filled.down.select), (Select::Max, Select::Max));
    }

    #[test]
    fn a_present_direction_keeps_its_own_fields_and_gets_the_others() {
        let own = Rules::new().select(Select::Min);
        let filled = Behavior::new().up(own.clone()).down(own.window(Duration::ZERO)).filled(WIDE).unwrap();
        assert_eq!((filled.up.select, filled.up.policies.len()), (Select::Min, 2));
        assert_eq!((filled.down.window, filled.down.policies.len()), (Duration::ZERO, 1));
    }

    #[test]
    fn a_policy_list_replaces_the_default_as_a_whole() {
        let rules = Rules::new().policies([Policy::pods(1, Duration::from_secs(60))]);
        assert_eq!(Behavior::new().up(rules).filled(WIDE).unwrap().up.policies.len(), 1);
    }

    #[test]
    fn what_upstream_refuses_is_refused() {
        let ms = Duration::from_millis;
        let refused = |rules: Rules| Behavior::new().down(rules).filled(WIDE).unwrap_err().field;
        let one = |policy| Rules::new().policies([policy]);
        assert_eq!(refused(Rules::new().policies([])), "behavior.down.policies");
        assert_eq!(refused(one(Policy::pods(0, WIDE))), "behavior.down.policies.step");
        assert_eq!(refused(one(Policy::percent(u32::MAX, WIDE))), "behavior.down.policies.step");
        assert_eq!(refused(one(Policy::pods(1, ms(999)))), "behavior.down.policies.period");
        assert_eq!(refused(one(Policy::pods(1, ms(1_800_001)))), "behavior.down.policies.period");
        assert_eq!(refused(Rules::new().window(ms(3_600_001))), "behavior.down.window");
        let longest = one(Policy::pods(1, LONGEST_PERIOD)).window(LONGEST_WINDOW);
        assert!(Behavior::new().up(longest).filled(WIDE).is_ok());
    }

    #[test]
    fn a_controller_wide_window_beyond_the_limit_is_refused_as_a_default() {
        assert!(Behavior::new().filled(Duration::from_secs(3601)).is_err());
    }
}
