//! Bounds on a replica count, steps (absolute or percent), and the rule "zero or at least n". Counts are `u32` at the
//! edges of the library and `i64` inside it, where proposals may be negative or huge before they are bounded.

use crate::error::ConfigError;
use crate::rounding::MAX_COUNT;

/// Inclusive lower and upper bound of a replica count.
///
/// | field | range | unit |
/// |---|---|---|
/// | `min` | 0 to `max` | replicas |
/// | `max` | 1 to 2,147,483,647 | replicas |
///
/// ```
/// use setpoint::Bounds;
/// let bounds = Bounds::new(2, 10)?;
/// assert_eq!((bounds.clamp(0), bounds.clamp(7), bounds.clamp(99)), (2, 7, 10));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "RawBounds"))]
pub struct Bounds {
    min: u32,
    max: u32,
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBounds {
    min: u32,
    max: u32,
}

#[cfg(feature = "serde")]
impl TryFrom<RawBounds> for Bounds {
    type Error = ConfigError;
    fn try_from(raw: RawBounds) -> Result<Self, ConfigError> {
        Self::new(raw.min, raw.max)
    }
}

impl Bounds {
    /// Bounds from `min` to `max`, both included.
    ///
    /// # Errors
    /// If `max` is 0, smaller than `min`, or beyond 2,147,483,647.
    pub fn new(min: u32, max: u32) -> Result<Self, ConfigError> {
        if max < min {
            return Err(ConfigError::new("max_replicas", max, format!("at least min_replicas ({min})")));
        }
        if max == 0 || i64::from(max) > MAX_COUNT {
            return Err(ConfigError::new("max_replicas", max, "1 to 2147483647"));
        }
        Ok(Self { min, max })
    }

    /// Bounds with a minimum and no maximum of their own.
    ///
    /// # Errors
    /// If `min` is beyond 2,147,483,647.
    pub fn at_least(min: u32) -> Result<Self, ConfigError> {
        if i64::from(min) > MAX_COUNT {
            return Err(ConfigError::new("min_replicas", min, "0 to 2147483647"));
        }
        Ok(Self { min, max: MAX_COUNT as u32 })
    }

    /// The lower bound.
    #[must_use]
    pub const fn min(self) -> u32 {
        self.min
    }

    /// The upper bound.
    #[must_use]
    pub const fn max(self) -> u32 {
        self.max
    }

    /// `count` held to the bounds.
    #[must_use]
    pub fn clamp(self, count: i64) -> i64 {
        count.clamp(i64::from(self.min), i64::from(self.max))
    }
}

/// A step of a count: a number of replicas, or a percentage of what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Step {
    /// So many replicas.
    Pods(u32),
    /// So many percent of the present count.
    Percent(u32),
}

/// A rule against counts that are too small to be useful: none at all, or at least `n`.
///
/// ```
/// use setpoint::ZeroOrAtLeast;
/// let pair = ZeroOrAtLeast::new(2)?;
/// assert_eq!((pair.apply(0), pair.apply(1), pair.apply(5)), (0, 2, 5));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "u32", into = "u32")
)]
pub struct ZeroOrAtLeast(u32);

impl ZeroOrAtLeast {
    /// Zero, or at least `n` replicas.
    ///
    /// # Errors
    /// If `n` is 0 or beyond 2,147,483,647.
    pub fn new(n: u32) -> Result<Self, ConfigError> {
        if n == 0 || i64::from(n) > MAX_COUNT {
            return Err(ConfigError::new("zero_or_at_least", n, "1 to 2147483647"));
        }
        Ok(Self(n))
    }

    /// The smallest count other than zero.
    #[must_use]
    pub const fn at_least(self) -> u32 {
        self.0
    }

    /// Zero for counts of zero and less, otherwise at least `n`.
    #[must_use]
    pub fn apply(self, count: i64) -> i64 {
        if count <= 0 { 0 } else { count.max(i64::from(self.0)) }
    }
}

impl TryFrom<u32> for ZeroOrAtLeast {
    type Error = ConfigError;
    fn try_from(n: u32) -> Result<Self, ConfigError> {
        Self::new(n)
    }
}

impl From<ZeroOrAtLeast> for u32 {
    fn from(rule: ZeroOrAtLeast) -> Self {
        rule.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_refuse_what_cannot_hold() {
        assert_eq!(Bounds::new(5, 2).unwrap_err().field, "max_replicas");
        assert!(Bounds::new(0, 0).is_err());
        assert!(Bounds::new(0, u32::MAX).is_err());
        assert!(Bounds::at_least(u32::MAX).is_err());
        assert_eq!(Bounds::at_least(3).unwrap().clamp(i64::MAX), MAX_COUNT);
    }

    #[test]
    fn zero_or_at_least_never_gives_a_count_between() {
        let rule = ZeroOrAtLeast::new(4).unwrap();
        for n in -3..12 {
            let got = rule.apply(n);
            assert!(got == 0 || got >= 4, "{n} gave {got}");
            assert!(got >= n);
        }
        assert!(ZeroOrAtLeast::new(0).is_err());
    }
}
