//! Kubernetes quantities as doubles: a decimal number with a decimal or binary unit, or with an exponent.
//!
//! Source of the form: Kubernetes, `apimachinery/pkg/api/resource/quantity.go`. Ours: a quantity is read as the double next to it, not as
//! whole units rounded up.

use crate::text;

/// Units below one: what the number is divided by.
const PARTS: [(&str, f64); 3] = [("n", 1e9), ("u", 1e6), ("m", 1e3)];
/// Units of one and more: what it is multiplied by.
const MULTIPLES: [(&str, f64); 13] = [
    ("", 1.0),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
];

/// The amount of a quantity; `None` where the text is none.
pub(super) fn parse(quantity: &str) -> Option<f64> {
    let end = quantity.find(|c: char| !(c.is_ascii_digit() || matches!(c, '+' | '-' | '.')));
    let (digits, unit) = quantity.split_at(end.unwrap_or(quantity.len()));
    let amount = text::number(digits)?;
    let find = |units: &[(&str, f64)]| units.iter().find(|(name, _)| *name == unit).map(|(_, by)| *by);
    let scaled = if let Some(by) = find(&PARTS) {
        amount / by
    } else if let Some(by) = find(&MULTIPLES) {
        amount * by
    } else {
        text::number(quantity)?
    };
    Some(scaled).filter(|amount| amount.is_finite())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn units_and_exponents() {
        for (text, amount) in [
            ("70", 70.0),
            ("0.5", 0.5),
            (".5", 0.5),
            ("500m", 0.5),
            ("70m", 0.07),
            ("2k", 2000.0),
            ("1.5Gi", 1_610_612_736.0),
            ("100n", 1e-7),
            ("3E", 3e18),
            ("3e3", 3000.0),
            ("3E-1", 0.3),
            ("-1", -1.0),
        ] {
            assert_eq!(parse(text), Some(amount), "{text}");
        }
        for text in ["", "m", "1 Gi", "1gi", "1K", "0x10", "1e", "inf", "NaN", "1.2.3", "1e999", "é"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
