//! What all adapters share: the verdict on a case, and readers of the vectors' way of writing numbers.

use serde_json::Value;
use setpoint::Timestamp;
use std::time::Duration;

/// What became of a case.
#[derive(Debug)]
pub(crate) enum Verdict {
    Pass,
    Fail {
        expected: String,
        got: String,
    },
    #[allow(dead_code, reason = "no file skips a case yet")]
    Skip(String),
}

/// Answers to one case of a file.
pub(crate) type Adapter = fn(&Value) -> Verdict;

impl Verdict {
    /// Compares what the file expects with what the library gave, both in the file's own form.
    pub(crate) fn compare(expected: &Value, got: &Value) -> Self {
        if same(expected, got, 0.0) {
            Self::Pass
        } else {
            Self::Fail { expected: expected.to_string(), got: got.to_string() }
        }
    }

    /// The same, with floats allowed to differ by a relative `tolerance`.
    pub(crate) fn within(expected: &Value, got: &Value, tolerance: f64) -> Self {
        if same(expected, got, tolerance) {
            Self::Pass
        } else {
            Self::Fail { expected: expected.to_string(), got: got.to_string() }
        }
    }

    /// A kind of case that the adapter does not know is a failure, never a skip.
    pub(crate) fn unknown_kind(kind: &Value) -> Self {
        Self::Fail { expected: "a case kind that this adapter knows".into(), got: kind.to_string() }
    }
}

/// Equality of JSON values with numbers compared as numbers and a relative tolerance on those that are not whole.
pub(crate) fn same(a: &Value, b: &Value, tolerance: f64) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, tolerance))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| same(v, w, tolerance)))
        }
        (Value::Number(x), Value::Number(y)) if x.is_i64() && y.is_i64() => x == y,
        _ => match (number(a), number(b)) {
            (Some(x), Some(y)) => {
                x == y || (x.is_nan() && y.is_nan()) || (x - y).abs() <= tolerance * x.abs().max(y.abs())
            }
            _ => a == b,
        },
    }
}

/// A number, the texts `NaN`, `Infinity` and `-Infinity` included.
pub(crate) fn number(v: &Value) -> Option<f64> {
    match v {
        Value::Number(n) => n.as_f64(),
        Value::String(s) => match s.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// A float in the file's own form.
pub(crate) fn json_number(x: f64) -> Value {
    if x.is_nan() {
        "NaN".into()
    } else if x.is_infinite() {
        if x > 0.0 { "Infinity".into() } else { "-Infinity".into() }
    } else {
        x.into()
    }
}

/// A float that must be there.
pub(crate) fn float(v: &Value) -> f64 {
    number(v).unwrap_or_else(|| panic!("{v} is no number"))
}

/// A whole number that must be there.
pub(crate) fn int(v: &Value) -> i64 {
    v.as_i64().unwrap_or_else(|| panic!("{v} is no whole number"))
}

/// A list that must be there.
pub(crate) fn list(v: &Value) -> &[Value] {
    v.as_array().unwrap_or_else(|| panic!("{v} is no list"))
}

/// An instant in milliseconds.
pub(crate) fn at(v: &Value) -> Timestamp {
    Timestamp::from_millis(int(v))
}

/// A span in seconds, fractions allowed, to the nearest nanosecond.
pub(crate) fn seconds(v: &Value) -> Duration {
    Duration::from_nanos((float(v) * 1e9).round() as u64)
}
