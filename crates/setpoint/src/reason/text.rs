//! The two small values that reasons are made of besides counts: numbers that compare by their bits and print short, and
//! labels that are copied like numbers.

use core::fmt;

/// A double inside a reason. Equal means the same bits, and every NaN equals every other (processors differ in the sign of theirs), so
/// decisions can be compared. `Display` shows at most four decimals, and the serialized form keeps what text formats cannot hold: NaN and infinities are texts there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Num(pub f64);

impl PartialEq for Num {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits() || self.0.is_nan() && other.0.is_nan()
    }
}

impl Eq for Num {}

impl From<f64> for Num {
    fn from(v: f64) -> Self {
        Self(v)
    }
}

impl fmt::Display for Num {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v = self.0;
        if !v.is_finite() || v == v.trunc() && v.abs() < 1e15 {
            return write!(f, "{v}");
        }
        if v.abs() >= 1e15 || v.abs() < 1e-4 {
            return write!(f, "{v:.3e}");
        }
        let text = format!("{v:.4}");
        f.write_str(text.trim_end_matches('0'))
    }
}

/// A short text that is copied like a number: at most 23 bytes, cut at a character's edge.
///
/// ```
/// use setpoint::reason::Label;
/// assert_eq!(Label::new("budget").as_str(), "budget");
/// assert_eq!(Label::new("a label that is far too long").as_str(), "a label that is far too");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label {
    len: u8,
    bytes: [u8; 23],
}

impl Label {
    /// The text, or as much of its beginning as fits.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut len = text.len().min(23);
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        let mut bytes = [0; 23];
        bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
        Self { len: len as u8, bytes }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
mod serde_form {
    use super::{Label, Num};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::borrow::Cow;

    impl Serialize for Num {
        fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            if self.0.is_finite() || !s.is_human_readable() {
                s.serialize_f64(self.0)
            } else if self.0.is_nan() {
                s.serialize_str("NaN")
            } else if self.0 > 0.0 {
                s.serialize_str("Infinity")
            } else {
                s.serialize_str("-Infinity")
            }
        }
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum RawNum<'a> {
        Number(f64),
        Text(Cow<'a, str>),
    }

    impl<'de> Deserialize<'de> for Num {
        fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
            match RawNum::deserialize(d)? {
                RawNum::Number(v) => Ok(Self(v)),
                RawNum::Text(text) => match text.as_ref() {
                    "NaN" => Ok(Self(f64::NAN)),
                    "Infinity" => Ok(Self(f64::INFINITY)),
                    "-Infinity" => Ok(Self(f64::NEG_INFINITY)),
                    other => Err(serde::de::Error::custom(format!("{other:?} is no number"))),
                },
            }
        }
    }

    impl Serialize for Label {
        fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            s.serialize_str(self.as_str())
        }
    }

    impl<'de> Deserialize<'de> for Label {
        fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
            Ok(Self::new(&Cow::<str>::deserialize(d)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_short_and_compare_by_bits() {
        let text = |v: f64| Num(v).to_string();
        assert_eq!(
            [text(0.98), text(1.0 / 3.0), text(6.0), text(1e-7), text(f64::INFINITY), text(-0.5)],
            ["0.98", "0.3333", "6", "1.000e-7", "inf", "-0.5"]
        );
        assert_eq!(Num(f64::NAN), Num(f64::NAN));
        assert_eq!(Num(f64::NAN), Num(-f64::NAN));
        assert_ne!(Num(f64::NAN), Num(0.0));
        assert_ne!(Num(0.0), Num(-0.0));
    }

    #[test]
    fn labels_cut_at_characters() {
        assert_eq!(Label::new("单位单位单位单位单位").as_str(), "单位单位单位单");
        assert_eq!(Label::new("").as_str(), "");
    }
}
