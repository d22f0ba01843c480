//! Roles of one workload, prefill and decode say: their settings. Each role is decided by the stages of a single target,
//! a fixed one by its bounds alone; [`ratio`](super::ratio) then keeps them in proportion.
//!
//! Source of the rules: `volcano-sh/kthena`, `pkg/autoscaler/autoscaler/disaggregated_scaler.go` and
//! `pkg/autoscaler/webhook/*.go`, commit `3cc057284c34469fcb0ed22a12dac84b1d120719`.

use super::config::{self, Aggregation, Config, check_behavior, check_bounds, check_names, check_tolerance};
use super::policy::Behavior;
use super::ratio::{Range, Ratio};
use crate::error::ConfigError;
use crate::replicas::Bounds;

/// A role.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    pub(super) name: String,
    pub(super) bounds: Bounds,
    pub(super) metrics: Vec<(String, f64)>,
}

impl Role {
    /// A role without metrics of its own: those of all roles count. Equal bounds make it a fixed role, which has that
    /// many replicas whatever the metrics say.
    #[must_use]
    pub fn new(name: impl Into<String>, bounds: Bounds) -> Self {
        Self { name: name.into(), bounds, metrics: Vec::new() }
    }

    /// Adds a metric of its own and how much of it one instance is for. Those of all roles then do not count.
    #[must_use]
    pub fn metric(mut self, metric: impl Into<String>, per_instance: f64) -> Self {
        self.metrics.push((metric.into(), per_instance));
        self
    }

    /// Whether the bounds leave no choice.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        is_fixed(self.bounds.into())
    }
}

/// Whether a range makes a role a fixed one: no metric is looked at, and its count is the only one that the range allows.
/// A range of 0 to 0 does not, as upstream.
#[must_use]
pub const fn is_fixed(range: Range) -> bool {
    range.max > 0 && range.min == range.max
}

/// The settings of roles that are decided together.
///
/// | setting | default | range | unit | source |
/// |---|---|---|---|---|
/// | `role`: name | 1 or 2 roles | not empty, names differ | | webhook |
/// | `role`: bounds | required | min 0 to 1,000,000, max 1 to 1,000,000 | replicas | webhook |
/// | `role`: metrics | those of all roles | at least one of its own or of all, unless the role is fixed; positive and finite, names differ | metric units per instance | webhook |
/// | `metric` (of all roles) | none | positive and finite, names differ | metric units per instance | webhook |
/// | `ratio` | none | two different roles; `0 <= min <= max`, `max > 0`, finite; both roles may be 0 or neither; the bounds leave room for it | replicas per replica | webhook |
/// | `tolerance_percent` | 10 | 0 to 100 | percent | schema |
/// | `behavior` | [`Behavior::default`] | see the policies | of each role | webhook |
/// | `aggregation` | [`Aggregation::Summed`] | | | upstream's collector |
///
/// ```
/// use setpoint::Bounds;
/// use setpoint::kthena::{RolesConfig, roles::Role};
///
/// let config = RolesConfig::new()
///     .role(Role::new("prefill", Bounds::new(1, 8)?).metric("waiting", 10.0))
///     .role(Role::new("decode", Bounds::new(1, 16)?).metric("running", 32.0))
///     .ratio("prefill", "decode", 0.25, 1.0);
/// assert!(config.clone().check().is_ok());
///
/// let error = config.ratio("prefill", "decode", 9.0, 9.5).check().unwrap_err();
/// assert_eq!(error.to_string(), "ratio.min is 9: must be at most 8, the most that the bounds allow");
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(into = "super::group_documents::Roles", try_from = "super::group_documents::Roles")
)]
pub struct RolesConfig {
    pub(super) roles: Vec<Role>,
    pub(super) metrics: Vec<(String, f64)>,
    pub(super) ratio: Option<NamedRatio>,
    pub(super) tolerance_percent: u32,
    pub(super) behavior: Behavior,
    pub(super) aggregation: Aggregation,
}

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub(super) struct NamedRatio {
    numerator: String,
    denominator: String,
    min: f64,
    max: f64,
}

impl Default for RolesConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl RolesConfig {
    /// Settings with all defaults, and no role yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            roles: Vec::new(),
            metrics: Vec::new(),
            ratio: None,
            tolerance_percent: 10,
            behavior: Behavior::default(),
            aggregation: Aggregation::default(),
        }
    }

    /// Adds a role.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.roles.push(role);
        self
    }

    /// Adds a metric of all roles that list none of their own.
    #[must_use]
    pub fn metric(mut self, metric: impl Into<String>, per_instance: f64) -> Self {
        self.metrics.push((metric.into(), per_instance));
        self
    }

    /// The replicas of `numerator` per replica of `denominator` are to be `min` to `max`.
    #[must_use]
    pub fn ratio(
        mut self,
        numerator: impl Into<String>,
        denominator: impl Into<String>,
        min: f64,
        max: f64,
    ) -> Self {
        self.ratio =
            Some(NamedRatio { numerator: numerator.into(), denominator: denominator.into(), min, max });
        self
    }

    /// How far, in percent, a ratio of load may be from 1 without effect; the edge is without effect too.
    #[must_use]
    pub const fn tolerance_percent(mut self, percent: u32) -> Self {
        self.tolerance_percent = percent;
        self
    }

    /// The policies, which hold for each role.
    #[must_use]
    pub const fn behavior(mut self, behavior: Behavior) -> Self {
        self.behavior = behavior;
        self
    }

    /// How the values of the ready instances are taken.
    #[must_use]
    pub const fn aggregation(mut self, aggregation: Aggregation) -> Self {
        self.aggregation = aggregation;
        self
    }

    /// These settings as ones that can run.
    ///
    /// # Errors
    /// If a setting is outside its range, roles are missing or too many, or the ratio cannot be kept.
    pub fn check(self) -> Result<Checked, ConfigError> {
        if !(1..=2).contains(&self.roles.len()) {
            return Err(ConfigError::new("roles", self.roles.len(), "1 or 2 roles"));
        }
        check_names("roles", self.roles.iter().map(|role| role.name.as_str()))?;
        check_tolerance(self.tolerance_percent)?;
        check_behavior(&self.behavior)?;
        if !self.metrics.is_empty() {
            config::check_metrics(&self.metrics).map_err(metrics_of)?;
        }
        let scaled = self.roles.iter().map(|role| self.single(role)).collect::<Result<_, _>>()?;
        let ratio = self.ratio.as_ref().map(|ratio| self.place(ratio)).transpose();
        let ratio = ratio.map_err(|error| error.within("ratio"))?;
        Ok(Checked { config: self, scaled, ratio })
    }

    /// The settings of one role as those of a single target; nothing for a fixed role.
    fn single(&self, role: &Role) -> Result<Option<config::Checked>, ConfigError> {
        let within = |error: ConfigError| error.within(&format!("roles.{}", role.name));
        check_bounds(role.bounds).map_err(within)?;
        if role.is_fixed() {
            return Ok(None);
        }
        let metrics = if role.metrics.is_empty() { &self.metrics } else { &role.metrics };
        let config = Config {
            bounds: role.bounds,
            targets: metrics.clone(),
            tolerance_percent: self.tolerance_percent,
            behavior: self.behavior,
            aggregation: self.aggregation,
        };
        config.check().map(Some).map_err(|error| within(metrics_of(error)))
    }

    fn place(&self, ratio: &NamedRatio) -> Result<Ratio, ConfigError> {
        let NamedRatio { numerator, denominator, min, max } = ratio;
        let find = |field: &'static str, name: &String| {
            let place = self.roles.iter().position(|role| role.name == *name);
            place.ok_or_else(|| ConfigError::new(field, name, "the name of a role"))
        };
        let of = Ratio {
            numerator: find("numerator", numerator)?,
            denominator: find("denominator", denominator)?,
            min: *min,
            max: *max,
        };
        if of.numerator == of.denominator {
            return Err(ConfigError::new("denominator", denominator, "another role than the numerator"));
        }
        if !(min.is_finite() && *min >= 0.0) {
            return Err(ConfigError::new("min", min, "finite and at least 0"));
        }
        if !(max.is_finite() && *max > 0.0 && min <= max) {
            return Err(ConfigError::new("max", max, format!("finite, above 0 and at least min ({min})")));
        }
        let (n, d) = (self.roles[of.numerator].bounds, self.roles[of.denominator].bounds);
        if (n.min() == 0) != (d.min() == 0) {
            let found = format!("between minimums of {} and {}", n.min(), d.min());
            return Err(ConfigError::new("roles", found, "between minimums that are both 0 or both above"));
        }
        let least = f64::from(n.min()) / f64::from(d.max());
        if least > *max {
            let allowed = format!("at least {least}, the least that the bounds allow");
            return Err(ConfigError::new("max", max, allowed));
        }
        let most = f64::from(n.max()) / f64::from(d.min());
        if d.min() > 0 && most < *min {
            return Err(ConfigError::new(
                "min",
                min,
                format!("at most {most}, the most that the bounds allow"),
            ));
        }
        Ok(of)
    }
}

/// The metrics are called `targets` in the settings of a single target.
fn metrics_of(error: ConfigError) -> ConfigError {
    ConfigError { field: error.field.replacen("targets", "metrics", 1).into(), ..error }
}

/// Settings that were found to hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    config: RolesConfig,
    scaled: Vec<Option<config::Checked>>,
    ratio: Option<Ratio>,
}

impl Checked {
    /// The settings, to be changed and checked again.
    #[must_use]
    pub fn into_config(self) -> RolesConfig {
        self.config
    }

    /// The name and the bounds of each role, and the settings of its own autoscaler; nothing where it is fixed.
    pub fn roles(&self) -> impl Iterator<Item = (&str, Bounds, Option<&config::Checked>)> {
        let scaled = self.scaled.iter().map(Option::as_ref);
        self.config.roles.iter().zip(scaled).map(|(role, scaled)| (role.name.as_str(), role.bounds, scaled))
    }

    /// The ratio between two of the roles, by their places.
    #[must_use]
    pub const fn ratio(&self) -> Option<Ratio> {
        self.ratio
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(name: &str, min: u32, max: u32) -> Role {
        Role::new(name, Bounds::new(min, max).unwrap())
    }

    fn config(n: (u32, u32), d: (u32, u32)) -> RolesConfig {
        RolesConfig::new().role(role("p", n.0, n.1)).role(role("d", d.0, d.1)).metric("load", 1.0)
    }

    fn refused(config: RolesConfig) -> String {
        config.check().unwrap_err().field.into_owned()
    }

    #[test]
    fn one_or_two_roles_with_names_of_their_own() {
        assert_eq!(refused(RolesConfig::new().metric("load", 1.0)), "roles");
        assert_eq!(refused(config((1, 2), (1, 2)).role(role("r", 1, 2))), "roles");
        assert_eq!(refused(RolesConfig::new().metric("a", 1.0).role(role("", 1, 2))), "roles");
        assert_eq!(refused(RolesConfig::new().role(role("p", 1, 2)).role(role("p", 1, 2))), "roles.p");
        assert!(RolesConfig::new().role(role("p", 1, 2)).metric("load", 1.0).check().is_ok());
    }

    #[test]
    fn only_fixed_roles_need_no_metric() {
        assert_eq!(refused(RolesConfig::new().role(role("p", 1, 2))), "roles.p.metrics");
        assert_eq!(refused(RolesConfig::new().role(role("p", 1, 2).metric("a", 0.0))), "roles.p.metrics.a");
        assert_eq!(refused(config((1, 2), (1, 2)).metric("b", -1.0)), "metrics.b");
        let fixed = RolesConfig::new().role(role("p", 2, 2)).check().unwrap();
        assert!(fixed.roles().all(|(_, _, scaled)| scaled.is_none()));
        let own = config((1, 2), (1, 2)).role(role("d", 1, 2)).roles.pop().unwrap().metric("own", 2.0);
        let own = RolesConfig::new().metric("load", 1.0).role(own).check().unwrap();
        assert_eq!(own.roles().next().unwrap().2.unwrap().targets(), [("own".to_owned(), 2.0)]);
    }

    #[test]
    fn limits_of_the_ratio() {
        let ratio = |min, max| config((1, 8), (1, 16)).ratio("p", "d", min, max);
        assert_eq!(
            ratio(0.25, 1.0).check().unwrap().ratio().map(|r| (r.numerator, r.denominator)),
            Some((0, 1))
        );
        assert!(ratio(0.0, 1.0 / 16.0).check().is_ok(), "the least that the bounds allow");
        assert!(ratio(8.0, 8.0).check().is_ok(), "the most that the bounds allow");
        for (min, max, field) in [
            (-0.1, 1.0, "ratio.min"),
            (f64::NAN, 1.0, "ratio.min"),
            (0.0, 0.0, "ratio.max"),
            (0.5, 0.4, "ratio.max"),
            (0.5, f64::INFINITY, "ratio.max"),
            (0.5, f64::NAN, "ratio.max"),
            (0.0, 0.0624, "ratio.max"),
            (8.1, 9.0, "ratio.min"),
        ] {
            assert_eq!(refused(ratio(min, max)), field, "{min} to {max}");
        }
        assert_eq!(refused(config((1, 8), (1, 8)).ratio("x", "d", 0.0, 1.0)), "ratio.numerator");
        assert_eq!(refused(config((1, 8), (1, 8)).ratio("p", "x", 0.0, 1.0)), "ratio.denominator");
        assert_eq!(refused(config((1, 8), (1, 8)).ratio("p", "p", 0.0, 1.0)), "ratio.denominator");
        assert_eq!(refused(config((0, 8), (1, 8)).ratio("p", "d", 0.0, 1.0)), "ratio.roles");
        assert!(
            config((0, 8), (0, 8)).ratio("p", "d", 9.0, 9.0).check().is_ok(),
            "zero makes room for any ratio"
        );
    }
}
