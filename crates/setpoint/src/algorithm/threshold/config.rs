//! The settings of the threshold rule: two thresholds, an optional set-point, bounds, and the resources that
//! are read. The rule itself is in [`rule`](mod@super::rule).
//!
//! Source of the ranges: the specification of document 001's thresholds, section 1.2. There are no default
//! thresholds: the article gives 0.8 and 0.4 as an example only.

use super::rule::{self, Outcome};
use crate::error::ConfigError;
use crate::replicas::Bounds;

/// Bounds as the formulas take them. Unlike [`Bounds`], the largest count may be 0.
///
/// ```
/// use setpoint::algorithm::threshold::Limits;
/// assert!(Limits::new(0, 0).is_ok());
/// assert!(Limits::new(3, 2).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    min: i64,
    max: i64,
}

impl Limits {
    /// From `min` to `max` replicas, both included.
    ///
    /// # Errors
    /// If `min` is negative or `max` is smaller than `min`.
    pub fn new(min: i64, max: i64) -> Result<Self, ConfigError> {
        if min < 0 {
            return Err(ConfigError::new("min_replicas", min, "at least 0"));
        }
        if max < min {
            return Err(ConfigError::new("max_replicas", max, format!("at least min_replicas ({min})")));
        }
        Ok(Self { min, max })
    }

    /// `count` held to the limits.
    #[must_use]
    pub fn clamp(self, count: i64) -> i64 {
        count.clamp(self.min, self.max)
    }
}

impl From<Bounds> for Limits {
    fn from(bounds: Bounds) -> Self {
        Self { min: i64::from(bounds.min()), max: i64::from(bounds.max()) }
    }
}

/// A band of utilization: above the upper threshold there are too few replicas, below the lower one too many.
///
/// | field | default | range | unit |
/// |---|---|---|---|
/// | `lower` | required | 0 to less than `upper`; 0 never scales down | as the readings |
/// | `upper` | required | positive and finite | as the readings |
/// | `set_point` | none: the threshold that was crossed | `lower` to `upper`, above 0 | as the readings |
///
/// ```
/// use setpoint::algorithm::threshold::Thresholds;
/// let band = Thresholds::new(0.4, 0.8)?.with_set_point(0.6)?;
/// assert_eq!((band.lower(), band.upper(), band.set_point()), (0.4, 0.8, Some(0.6)));
/// assert_eq!(Thresholds::new(0.8, 0.4).unwrap_err().to_string(), "lower_threshold is 0.8: must be less than upper_threshold (0.4)");
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "raw::Thresholds"))]
pub struct Thresholds {
    lower: f64,
    upper: f64,
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    set_point: Option<f64>,
}

impl Thresholds {
    /// A band without a set-point.
    ///
    /// # Errors
    /// If `upper` is not positive and finite, `lower` is negative or not finite, or `lower` is not below
    /// `upper`.
    pub fn new(lower: f64, upper: f64) -> Result<Self, ConfigError> {
        if !(upper.is_finite() && upper > 0.0) {
            return Err(ConfigError::new("upper_threshold", upper, "positive and finite"));
        }
        if !(lower.is_finite() && lower >= 0.0) {
            return Err(ConfigError::new("lower_threshold", lower, "at least 0 and finite"));
        }
        if lower >= upper {
            return Err(ConfigError::new(
                "lower_threshold",
                lower,
                format!("less than upper_threshold ({upper})"),
            ));
        }
        Ok(Self { lower, upper, set_point: None })
    }

    /// The same band, aiming at `set_point` in both directions: the band is then only the dead zone.
    ///
    /// # Errors
    /// If `set_point` is 0 or outside the band.
    pub fn with_set_point(mut self, set_point: f64) -> Result<Self, ConfigError> {
        if !(set_point > 0.0 && self.lower <= set_point && set_point <= self.upper) {
            let allowed = format!("above 0 and {} to {}", self.lower, self.upper);
            return Err(ConfigError::new("set_point", set_point, allowed));
        }
        self.set_point = Some(set_point);
        Ok(self)
    }

    /// Below this there are too many replicas.
    #[must_use]
    pub const fn lower(&self) -> f64 {
        self.lower
    }

    /// Above this there are too few replicas.
    #[must_use]
    pub const fn upper(&self) -> f64 {
        self.upper
    }

    /// What both directions aim at, if it is not the threshold crossed.
    #[must_use]
    pub const fn set_point(&self) -> Option<f64> {
        self.set_point
    }
}

/// Which form of the rule runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Variant {
    /// The corrected and bounded form.
    #[default]
    Proportional,
    /// The article's formula as printed: unbounded, doubling, collapsing. For study only.
    Literal,
}

/// The settings of the threshold rule.
///
/// | setting | default | range | source |
/// |---|---|---|---|
/// | `bounds` | required | see [`Bounds`] | |
/// | `thresholds` | required | see [`Thresholds`] | article |
/// | `resource` | at least one | names differ | article (CPU, memory) |
/// | `resource_with` | the common thresholds | not with [`Variant::Literal`] | ours |
/// | `variant` | [`Variant::Proportional`] | set-points not with [`Variant::Literal`] | ours |
///
/// ```
/// use setpoint::Bounds;
/// use setpoint::algorithm::threshold::{Config, Thresholds, Variant};
///
/// let config = Config::new(Bounds::new(1, 100)?, Thresholds::new(0.4, 0.8)?)
///     .resource("cpu")
///     .resource_with("memory", Thresholds::new(0.5, 0.9)?);
/// assert!(config.clone().check().is_ok());
/// assert_eq!(config.variant(Variant::Literal).check().unwrap_err().field, "resources.memory");
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "raw::Config", try_from = "raw::Config"))]
pub struct Config {
    bounds: Bounds,
    thresholds: Thresholds,
    resources: Vec<(String, Option<Thresholds>)>,
    variant: Variant,
}

impl Config {
    /// Settings that read no resource yet.
    #[must_use]
    pub const fn new(bounds: Bounds, thresholds: Thresholds) -> Self {
        Self { bounds, thresholds, resources: Vec::new(), variant: Variant::Proportional }
    }

    /// Adds a resource with the common thresholds.
    #[must_use]
    pub fn resource(mut self, name: impl Into<String>) -> Self {
        self.resources.push((name.into(), None));
        self
    }

    /// Adds a resource with thresholds of its own.
    #[must_use]
    pub fn resource_with(mut self, name: impl Into<String>, thresholds: Thresholds) -> Self {
        self.resources.push((name.into(), Some(thresholds)));
        self
    }

    /// Chooses the form of the rule.
    #[must_use]
    pub const fn variant(mut self, variant: Variant) -> Self {
        self.variant = variant;
        self
    }

    /// These settings as ones that can run.
    ///
    /// # Errors
    /// If no resource is read, two have the same name, or the literal form is given what it has no place for.
    pub fn check(self) -> Result<Checked, ConfigError> {
        if self.resources.is_empty() {
            return Err(ConfigError::new("resources", "empty", "at least one resource"));
        }
        if self.variant == Variant::Literal && self.thresholds.set_point.is_some() {
            return Err(ConfigError::new("set_point", "given", "absent in the literal variant"));
        }
        for (i, (name, own)) in self.resources.iter().enumerate() {
            if name.is_empty() {
                return Err(ConfigError::new("resources", "a resource without a name", "named resources"));
            }
            if self.resources[..i].iter().any(|(other, _)| other == name) {
                return Err(ConfigError::new(format!("resources.{name}"), "given twice", "given once"));
            }
            if self.variant == Variant::Literal && own.is_some() {
                let allowed = "without thresholds of its own in the literal variant";
                return Err(ConfigError::new(format!("resources.{name}"), "given thresholds", allowed));
            }
        }
        Ok(Checked(self))
    }
}

/// Settings that were found to hold; they run.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked(Config);

impl Checked {
    /// The settings, to be changed and checked again.
    #[must_use]
    pub fn into_config(self) -> Config {
        self.0
    }

    /// The replica bounds.
    #[must_use]
    pub const fn bounds(&self) -> Bounds {
        self.0.bounds
    }

    /// The resources in the order given, each with the thresholds that hold for it.
    pub fn resources(&self) -> impl Iterator<Item = (&str, Thresholds)> {
        let common = self.0.thresholds;
        self.0.resources.iter().map(move |(name, own)| (name.as_str(), own.unwrap_or(common)))
    }

    /// Which form of the rule runs.
    #[must_use]
    pub const fn variant(&self) -> Variant {
        self.0.variant
    }

    /// Evaluates the rule for `current` replicas. `reading` gives the utilization of a resource, `None` where
    /// it is missing.
    #[must_use]
    pub fn evaluate(&self, current: i64, mut reading: impl FnMut(&str) -> Option<f64>) -> Outcome {
        match self.0.variant {
            Variant::Literal => {
                let readings = self.0.resources.iter().map(|(name, _)| reading(name));
                rule::literal(&self.0.thresholds, current, readings)
            }
            Variant::Proportional => {
                let resources = self.resources().map(|(name, thresholds)| (thresholds, reading(name)));
                rule::per_resource(self.0.bounds.into(), current, resources)
            }
        }
    }
}

/// The settings as documents hold them.
#[cfg(feature = "serde")]
mod raw {
    use super::{Bounds, ConfigError, Variant};
    use serde::{Deserialize, Serialize};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Thresholds {
        lower: f64,
        upper: f64,
        set_point: Option<f64>,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Config {
        bounds: Bounds,
        thresholds: super::Thresholds,
        resources: Vec<Resource>,
        #[serde(default)]
        variant: Variant,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Resource {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thresholds: Option<super::Thresholds>,
    }

    impl TryFrom<Thresholds> for super::Thresholds {
        type Error = ConfigError;
        fn try_from(raw: Thresholds) -> Result<Self, ConfigError> {
            let band = Self::new(raw.lower, raw.upper)?;
            raw.set_point.map_or(Ok(band), |set_point| band.with_set_point(set_point))
        }
    }

    impl TryFrom<Config> for super::Config {
        type Error = ConfigError;
        fn try_from(raw: Config) -> Result<Self, ConfigError> {
            let resources = raw.resources.into_iter().map(|r| (r.name, r.thresholds)).collect();
            let config =
                Self { bounds: raw.bounds, thresholds: raw.thresholds, resources, variant: raw.variant };
            config.check().map(super::Checked::into_config)
        }
    }

    impl From<super::Config> for Config {
        fn from(config: super::Config) -> Self {
            let resources = config
                .resources
                .into_iter()
                .map(|(name, thresholds)| Resource { name, thresholds })
                .collect();
            Self { bounds: config.bounds, thresholds: config.thresholds, resources, variant: config.variant }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::Action;
    use super::*;

    fn band() -> Thresholds {
        Thresholds::new(0.4, 0.8).unwrap()
    }

    fn config() -> Config {
        Config::new(Bounds::new(1, 100).unwrap(), band()).resource("cpu").resource("memory")
    }

    #[test]
    fn bands_that_cannot_hold_are_refused() {
        for (lower, upper, field) in [
            (0.4, 0.0, "upper_threshold"),
            (0.4, -1.0, "upper_threshold"),
            (0.4, f64::NAN, "upper_threshold"),
            (0.4, f64::INFINITY, "upper_threshold"),
            (-0.1, 0.8, "lower_threshold"),
            (f64::NAN, 0.8, "lower_threshold"),
            (f64::NEG_INFINITY, 0.8, "lower_threshold"),
            (0.8, 0.8, "lower_threshold"),
            (0.9, 0.8, "lower_threshold"),
        ] {
            assert_eq!(Thresholds::new(lower, upper).unwrap_err().field, field, "{lower} {upper}");
        }
        for bad in [0.39, 0.81, f64::NAN] {
            assert_eq!(band().with_set_point(bad).unwrap_err().field, "set_point");
        }
        assert!(band().with_set_point(0.4).is_ok() && band().with_set_point(0.8).is_ok());
        assert!(Thresholds::new(0.0, 0.8).unwrap().with_set_point(0.0).is_err());
        assert_eq!(Limits::new(-1, 2).unwrap_err().field, "min_replicas");
    }

    #[test]
    fn resources_are_named_once_and_the_literal_form_takes_no_extras() {
        let field = |config: Config| config.check().unwrap_err().field.into_owned();
        assert_eq!(field(Config::new(Bounds::new(1, 2).unwrap(), band())), "resources");
        assert_eq!(field(config().resource("")), "resources");
        assert_eq!(field(config().resource("cpu")), "resources.cpu");
        let literal = |config: Config| config.variant(Variant::Literal);
        assert!(literal(config()).check().is_ok());
        assert_eq!(field(literal(config().resource_with("disk", band()))), "resources.disk");
        let aimed =
            Config::new(Bounds::new(1, 2).unwrap(), band().with_set_point(0.6).unwrap()).resource("cpu");
        assert_eq!(field(literal(aimed)), "set_point");
    }

    #[test]
    fn the_variant_decides_which_rule_runs() {
        let read = |name: &str| Some(if name == "cpu" { 0.81 } else { 0.1 });
        let proportional = config().check().unwrap().evaluate(10, read);
        assert_eq!((proportional.action, proportional.desired), (Action::ScaleUp, 11));
        let literal = config().variant(Variant::Literal).check().unwrap().evaluate(10, read);
        assert_eq!((literal.action, literal.desired), (Action::ScaleUp, 20));
        let own = config().resource_with("disk", Thresholds::new(0.05, 0.2).unwrap()).check().unwrap();
        let third = own.evaluate(10, |name| if name == "disk" { Some(0.4) } else { read(name) });
        assert_eq!((third.desired, third.reading), (20, Some(0.4)));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn documents_go_through_the_same_door() {
        let text = serde_json::to_string(&config().resource_with("disk", band())).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config().resource_with("disk", band()));
        for (good, bad) in [
            (r#""lower":0.4"#, r#""lower":0.9"#),
            (r#""name":"memory""#, r#""name":"cpu""#),
            (r#""variant":"proportional""#, r#""variant":"literal""#),
            (r#""min":1"#, r#""min":101"#),
            (r#""upper":0.8"#, r#""upper":0.8,"set_point":0.1"#),
            (r#""name":"memory""#, r#""name":"memory","weight":2"#),
        ] {
            assert!(text.contains(good), "{good} in {text}");
            assert!(serde_json::from_str::<Config>(&text.replacen(good, bad, 1)).is_err(), "{bad}");
        }
    }
}
