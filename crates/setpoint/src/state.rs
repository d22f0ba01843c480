//! Memory as a value: a small tree of named fields that every stage writes and reads by hand, so that what is saved
//! is visible in the code that saves it. With the `serde` feature a [`Value`] is (de)serialized as plain JSON-like data;
//! numbers that such formats cannot hold (NaN, infinities) are tagged, so every double comes back equal.

use crate::error::StateError;
use crate::time::Timestamp;

/// One saved value.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    /// Nothing: an optional field that is empty.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A double, with every bit of a finite value kept.
    Float(f64),
    /// A text.
    Text(String),
    /// A sequence.
    List(Vec<Value>),
    /// Named fields in the order in which they were written.
    Map(Vec<(String, Value)>),
}

impl From<bool> for Value {
    fn from(v: bool) -> Self {
        Self::Bool(v)
    }
}
impl From<i64> for Value {
    fn from(v: i64) -> Self {
        Self::Int(v)
    }
}
impl From<u32> for Value {
    fn from(v: u32) -> Self {
        Self::Int(i64::from(v))
    }
}
impl From<f64> for Value {
    fn from(v: f64) -> Self {
        Self::Float(v)
    }
}
impl From<&str> for Value {
    fn from(v: &str) -> Self {
        Self::Text(v.to_owned())
    }
}
impl From<String> for Value {
    fn from(v: String) -> Self {
        Self::Text(v)
    }
}
impl From<Timestamp> for Value {
    fn from(v: Timestamp) -> Self {
        Self::Int(v.as_millis())
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}
impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(v: Vec<T>) -> Self {
        Self::List(v.into_iter().map(Into::into).collect())
    }
}
impl<A: Into<Value>, B: Into<Value>> From<(A, B)> for Value {
    fn from((a, b): (A, B)) -> Self {
        Self::List(vec![a.into(), b.into()])
    }
}

impl Value {
    /// A list of whatever the iterator yields.
    pub fn list<T: Into<Self>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    fn describe(&self) -> String {
        match self {
            Self::Null => "nothing".to_owned(),
            Self::Bool(v) => v.to_string(),
            Self::Int(v) => v.to_string(),
            Self::Float(v) => v.to_string(),
            Self::Text(v) => format!("{v:?}"),
            Self::List(v) => format!("a list of {}", v.len()),
            Self::Map(_) => "a map".to_owned(),
        }
    }
}

/// Collects the named fields that a stage saves.
///
/// ```
/// use setpoint::state::{StateReader, StateWriter};
/// let mut out = StateWriter::default();
/// out.put("hits", 3_i64);
/// out.nest("window", |w| w.put("total", 0.1));
/// let value = out.finish();
/// let from = StateReader::new("demo", &value)?;
/// assert_eq!(from.int("hits")?, 3);
/// assert_eq!(from.nested("window")?.float("total")?, 0.1);
/// assert_eq!(from.int("misses").unwrap_err().to_string(), "saved state has no field demo.misses");
/// # Ok::<(), setpoint::StateError>(())
/// ```
#[derive(Debug, Default)]
pub struct StateWriter {
    fields: Vec<(String, Value)>,
}

impl StateWriter {
    /// Writes a field. Each name is written once.
    pub fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.push((name.to_owned(), value.into()));
    }

    /// Writes a field that has fields of its own.
    pub fn nest(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        write(&mut inner);
        self.fields.push((name.to_owned(), inner.finish()));
    }

    /// The fields as one value.
    #[must_use]
    pub fn finish(self) -> Value {
        Value::Map(self.fields)
    }
}

/// Reads back what a [`StateWriter`] wrote; every error names the full path of the field.
#[derive(Debug)]
pub struct StateReader<'a> {
    path: String,
    fields: &'a [(String, Value)],
}

impl<'a> StateReader<'a> {
    /// A reader of `value`, which is called `path` in errors.
    ///
    /// # Errors
    /// If `value` has no named fields.
    pub fn new(path: impl Into<String>, value: &'a Value) -> Result<Self, StateError> {
        let path = path.into();
        match value {
            Value::Map(fields) => Ok(Self { path, fields }),
            other => Err(StateError::Invalid {
                field: path,
                found: other.describe(),
                expected: "named fields".into(),
            }),
        }
    }

    /// The field as it is.
    ///
    /// # Errors
    /// If there is no such field.
    pub fn value(&self, name: &str) -> Result<&'a Value, StateError> {
        self.fields
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v)
            .ok_or_else(|| StateError::Missing { field: format!("{}.{name}", self.path) })
    }

    /// An error about the field `name`, which holds `found` where `expected` was needed.
    pub fn invalid(
        &self,
        name: &str,
        found: impl core::fmt::Display,
        expected: impl Into<std::borrow::Cow<'static, str>>,
    ) -> StateError {
        StateError::Invalid {
            field: format!("{}.{name}", self.path),
            found: found.to_string(),
            expected: expected.into(),
        }
    }

    fn wrong(&self, name: &str, value: &Value, expected: &'static str) -> StateError {
        self.invalid(name, value.describe(), expected)
    }

    /// The fields of the field `name`.
    ///
    /// # Errors
    /// If it is missing or has no fields.
    pub fn nested(&self, name: &str) -> Result<Self, StateError> {
        StateReader::new(format!("{}.{name}", self.path), self.value(name)?)
    }

    /// A truth value.
    ///
    /// # Errors
    /// If it is missing or something else.
    pub fn bool(&self, name: &str) -> Result<bool, StateError> {
        match self.value(name)? {
            Value::Bool(v) => Ok(*v),
            other => Err(self.wrong(name, other, "true or false")),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// If it is missing or something else.
    pub fn int(&self, name: &str) -> Result<i64, StateError> {
        self.opt_int(name)?.ok_or_else(|| self.wrong(name, &Value::Null, "a whole number"))
    }

    /// A whole number or nothing.
    ///
    /// # Errors
    /// If it is missing or something else.
    pub fn opt_int(&self, name: &str) -> Result<Option<i64>, StateError> {
        match self.value(name)? {
            Value::Null => Ok(None),
            Value::Int(v) => Ok(Some(*v)),
            other => Err(self.wrong(name, other, "a whole number")),
        }
    }

    /// A double. A whole number counts as one, because some formats write `2.0` as `2`.
    ///
    /// # Errors
    /// If it is missing or something else.
    pub fn float(&self, name: &str) -> Result<f64, StateError> {
        as_float(self.value(name)?).ok_or_else(|| self.invalid(name, "something else", "a number"))
    }

    /// A text.
    ///
    /// # Errors
    /// If it is missing or something else.
    pub fn text(&self, name: &str) -> Result<&'a str, StateError> {
        match self.value(name)? {
            Value::Text(v) => Ok(v),
            other => Err(self.wrong(name, other, "a text")),
        }
    }

    /// An instant.
    ///
    /// # Errors
    /// If it is missing or something else.
    pub fn timestamp(&self, name: &str) -> Result<Timestamp, StateError> {
        self.int(name).map(Timestamp::from_millis)
    }

    /// An instant or nothing.
    ///
    /// # Errors
    /// If it is missing or something else.
    pub fn opt_timestamp(&self, name: &str) -> Result<Option<Timestamp>, StateError> {
        Ok(self.opt_int(name)?.map(Timestamp::from_millis))
    }

    /// A sequence.
    ///
    /// # Errors
    /// If it is missing or something else.
    pub fn list(&self, name: &str) -> Result<&'a [Value], StateError> {
        match self.value(name)? {
            Value::List(items) => Ok(items),
            other => Err(self.wrong(name, other, "a list")),
        }
    }

    /// A sequence of doubles.
    ///
    /// # Errors
    /// If it is missing or holds something else.
    pub fn floats(&self, name: &str) -> Result<Vec<f64>, StateError> {
        self.list(name)?.iter().map(|v| as_float(v).ok_or_else(|| self.wrong(name, v, "numbers"))).collect()
    }

    /// A sequence of pairs (instant, whole number), as `(Timestamp, i64)` is saved.
    ///
    /// # Errors
    /// If it is missing or holds something else.
    pub fn events(&self, name: &str) -> Result<Vec<(Timestamp, i64)>, StateError> {
        self.list(name)?
            .iter()
            .map(|v| match v {
                Value::List(pair) => match pair.as_slice() {
                    [Value::Int(at), Value::Int(n)] => Ok((Timestamp::from_millis(*at), *n)),
                    _ => Err(self.wrong(name, v, "pairs of whole numbers")),
                },
                other => Err(self.wrong(name, other, "pairs of whole numbers")),
            })
            .collect()
    }
}

fn as_float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(v) => Some(*v),
        Value::Int(v) => Some(*v as f64),
        _ => None,
    }
}

#[cfg(feature = "serde")]
mod serde_form {
    use super::Value;
    use core::fmt;
    use serde::de::{MapAccess, SeqAccess, Visitor};
    use serde::ser::{SerializeMap, SerializeSeq};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// The key under which a double stands that the outer format cannot write.
    const TAG: &str = "$float";

    impl Serialize for Value {
        fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            match self {
                Self::Null => s.serialize_none(),
                Self::Bool(v) => s.serialize_bool(*v),
                Self::Int(v) => s.serialize_i64(*v),
                Self::Float(v) if v.is_finite() => s.serialize_f64(*v),
                Self::Float(v) => {
                    let mut map = s.serialize_map(Some(1))?;
                    let text = if v.is_nan() {
                        "NaN"
                    } else if *v > 0.0 {
                        "Infinity"
                    } else {
                        "-Infinity"
                    };
                    map.serialize_entry(TAG, text)?;
                    map.end()
                }
                Self::Text(v) => s.serialize_str(v),
                Self::List(items) => {
                    let mut seq = s.serialize_seq(Some(items.len()))?;
                    for item in items {
                        seq.serialize_element(item)?;
                    }
                    seq.end()
                }
                Self::Map(fields) => {
                    let mut map = s.serialize_map(Some(fields.len()))?;
                    for (name, value) in fields {
                        map.serialize_entry(name, value)?;
                    }
                    map.end()
                }
            }
        }
    }

    impl<'de> Deserialize<'de> for Value {
        fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
            d.deserialize_any(ValueVisitor)
        }
    }

    struct ValueVisitor;

    impl<'de> Visitor<'de> for ValueVisitor {
        type Value = Value;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("saved state")
        }
        fn visit_unit<E>(self) -> Result<Value, E> {
            Ok(Value::Null)
        }
        fn visit_none<E>(self) -> Result<Value, E> {
            Ok(Value::Null)
        }
        fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
            Value::deserialize(d)
        }
        fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
            Ok(Value::Bool(v))
        }
        fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
            Ok(Value::Int(v))
        }
        fn visit_u64<E: serde::de::Error>(self, v: u64) -> Result<Value, E> {
            i64::try_from(v).map(Value::Int).map_err(|_| E::custom(format!("{v} is beyond 64 signed bits")))
        }
        fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
            Ok(Value::Float(v))
        }
        fn visit_str<E>(self, v: &str) -> Result<Value, E> {
            Ok(Value::Text(v.to_owned()))
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
            let mut items = Vec::new();
            while let Some(item) = seq.next_element()? {
                items.push(item);
            }
            Ok(Value::List(items))
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
            let mut fields: Vec<(String, Value)> = Vec::new();
            while let Some(entry) = map.next_entry()? {
                fields.push(entry);
            }
            if let [(name, Value::Text(text))] = fields.as_slice()
                && name == TAG
            {
                return match text.as_str() {
                    "NaN" => Ok(Value::Float(f64::NAN)),
                    "Infinity" => Ok(Value::Float(f64::INFINITY)),
                    "-Infinity" => Ok(Value::Float(f64::NEG_INFINITY)),
                    _ => Err(serde::de::Error::custom(format!("{text:?} is no number"))),
                };
            }
            Ok(Value::Map(fields))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_path() {
        let mut out = StateWriter::default();
        out.put("n", 1_i64);
        out.nest("inner", |w| w.put("flag", true));
        let value = out.finish();
        let from = StateReader::new("kpa", &value).unwrap();
        assert_eq!(
            from.nested("inner").unwrap().int("flag").unwrap_err().to_string(),
            "saved state field kpa.inner.flag holds true: must be a whole number"
        );
        assert!(matches!(from.bool("gone"), Err(StateError::Missing { field }) if field == "kpa.gone"));
        assert!(from.opt_int("n").unwrap() == Some(1));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn every_double_comes_back_equal() {
        for bits in [0.1_f64, -0.0, 5e-324, 1.7976931348623157e308, 2.0, 1e22, f64::NAN, f64::INFINITY] {
            let text = serde_json::to_string(&Value::Float(bits)).unwrap();
            let Value::Float(back) = serde_json::from_str(&text).unwrap() else { panic!("{text}") };
            assert!(back.to_bits() == bits.to_bits(), "{bits} became {back} by {text}");
        }
    }
}
