//! The errors of a caller's making: a configuration that cannot hold, a snapshot that contradicts itself, saved state
//! that does not fit. Each names the field and the value. What the outside world does (a metric that is missing, an
//! empty fleet) is never an error but an outcome with a reason.

use core::fmt;
use std::borrow::Cow;

/// A setting that is refused: which one, what it was, and what is allowed.
///
/// ```
/// use setpoint::Bounds;
/// let error = Bounds::new(5, 2).unwrap_err();
/// assert_eq!(error.to_string(), "max_replicas is 2: must be at least min_replicas (5)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{field} is {value}: must be {allowed}")]
pub struct ConfigError {
    /// The name of the setting, as in the documentation of its configuration.
    pub field: Cow<'static, str>,
    /// The offending value as text.
    pub value: String,
    /// What would have been accepted.
    pub allowed: Cow<'static, str>,
}

impl ConfigError {
    /// An error about `field`, which held `value` where `allowed` was expected.
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        value: impl fmt::Display,
        allowed: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { field: field.into(), value: value.to_string(), allowed: allowed.into() }
    }

    /// The same error with `prefix.` before the field name: where the setting stands in a larger configuration.
    #[must_use]
    pub fn within(mut self, prefix: &str) -> Self {
        self.field = format!("{prefix}.{}", self.field).into();
        self
    }
}

/// A snapshot that contradicts itself.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Two instances have the same name.
    #[error("instance {name:?} is listed twice")]
    DuplicateInstance {
        /// The name.
        name: String,
    },
    /// A metric, a request or a workload value is given twice.
    #[error("{what} {name:?} is given twice")]
    DuplicateColumn {
        /// "metric", "request" or "workload value".
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A column does not have one entry per instance.
    #[error("{what} {name:?} has {got} entries for {instances} instances")]
    Length {
        /// What kind of column it is.
        what: &'static str,
        /// The column's name.
        name: String,
        /// Entries in the column.
        got: usize,
        /// Instances in the snapshot.
        instances: usize,
    },
    /// Samples are given by instance name, but the instances of the snapshot have no names.
    #[error("metric {name:?} has samples by name, but the instances have no names")]
    Unnamed {
        /// The metric.
        name: String,
    },
    /// A count, an age or a share of coverage is outside its range.
    #[error("{field} is {value}: must be {allowed}")]
    Range {
        /// Which fact.
        field: &'static str,
        /// The offending value as text.
        value: String,
        /// What would have been accepted.
        allowed: &'static str,
    },
    /// A metric name is empty or holds control characters.
    #[error("metric name {name:?} is not usable: it must be 1 to 253 characters without control characters")]
    Name {
        /// The name.
        name: String,
    },
}

/// Saved state that cannot be restored. Nothing is restored in part: the autoscaler keeps the state it had.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The state was written in a format that this version does not read.
    #[error("saved state has format {found}, this version reads format {supported}")]
    Format {
        /// The format number found.
        found: i64,
        /// The format number that this version reads.
        supported: i64,
    },
    /// A field is missing: the state was cut short, or belongs to something else.
    #[error("saved state has no field {field}")]
    Missing {
        /// The full path of the field.
        field: String,
    },
    /// A field holds something else than it should.
    #[error("saved state field {field} holds {found}: must be {expected}")]
    Invalid {
        /// The full path of the field.
        field: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: Cow<'static, str>,
    },
    /// The state belongs to other stages than the autoscaler has.
    #[error("saved state is of {found}, this autoscaler is {expected}")]
    Mismatch {
        /// What the state says.
        found: String,
        /// What the autoscaler is.
        expected: String,
    },
    /// A stage of the caller's own could not be saved or restored.
    #[error("stage {stage}: {message}")]
    Custom {
        /// The stage's name.
        stage: String,
        /// What it said.
        message: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_field_value_and_rule() {
        let error =
            ConfigError::new("tolerance", f64::NAN, "a finite number of at least 0").within("behavior");
        assert_eq!(error.to_string(), "behavior.tolerance is NaN: must be a finite number of at least 0");
        let error = StateError::Format { found: 9, supported: 1 };
        assert_eq!(error.to_string(), "saved state has format 9, this version reads format 1");
    }
}
