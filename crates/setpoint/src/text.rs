//! Texts of settings and annotations to values: numbers, counts, truth values, durations. What does not parse is `None`;
//! ranges are checked where the setting is known.
//!
//! Source: the forms that `knative/serving` and `vllm-project/aibrix` accept through their language's standard library (Go `strconv` and
//! `time.ParseDuration`). Ours: `NaN`, `Inf`, hexadecimal numbers and numbers beyond a double do not parse.

/// Nanoseconds in a second.
pub(crate) const SECOND_NS: i64 = 1_000_000_000;

/// A decimal number with optional sign, fraction and exponent.
pub(crate) fn number(text: &str) -> Option<f64> {
    let decimal = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|x: &f64| decimal && x.is_finite())
}

/// A whole number of 32 bits.
pub(crate) fn count(text: &str) -> Option<i64> {
    text.parse::<i32>().ok().map(i64::from)
}

/// A truth value in one of its usual spellings.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// A duration in nanoseconds: an optional sign and pairs of number and unit, or a bare 0. A fraction is cut to whole
/// nanoseconds per pair; sums beyond 63 bits do not parse.
pub(crate) fn duration_ns(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut sum = 0_u64;
    while !rest.is_empty() {
        let (pair, after) = duration_pair(rest)?;
        sum = sum.checked_add(pair)?;
        rest = after;
    }
    if negative { 0_i64.checked_sub_unsigned(sum) } else { i64::try_from(sum).ok() }
}

/// The first pair of number and unit in nanoseconds, and the text after it.
fn duration_pair(text: &str) -> Option<(u64, &str)> {
    let digits_end = |s: &str| s.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(s.len());
    let (whole, rest) = text.split_at(digits_end(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits_end(rest)),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let unit_end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(unit_end);
    let unit_ns = match unit {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000_u64,
        _ => return None,
    };
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let ns = whole.checked_mul(unit_ns)?.checked_add(fraction_ns(fraction, unit_ns))?;
    (ns <= 1 << 63).then_some((ns, rest))
}

/// The fraction's digits of one unit in whole nanoseconds. Digits beyond what 63 bits can hold are dropped.
fn fraction_ns(digits: &str, unit_ns: u64) -> u64 {
    let (mut value, mut scale) = (0_u64, 1.0_f64);
    for digit in digits.bytes() {
        let next = value.checked_mul(10).and_then(|v| v.checked_add(u64::from(digit - b'0')));
        match next {
            Some(next) if next <= 1 << 63 => value = next,
            _ => break,
        }
        scale *= 10.0;
    }
    (value as f64 * (unit_ns as f64 / scale)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_decimals() {
        for (text, expected) in [
            ("1", 1.0),
            ("-0.5", -0.5),
            ("+2", 2.0),
            ("1e2", 100.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1E-2", 0.01),
        ] {
            assert_eq!(number(text), Some(expected), "{text}");
        }
        for text in ["", " 1", "1 ", "NaN", "inf", "Infinity", "0x10", "1_000", "1e999", ".", "e5", "1,5"] {
            assert_eq!(number(text), None, "{text:?}");
        }
    }

    #[test]
    fn counts_have_32_bits() {
        assert_eq!((count("2147483647"), count("-1"), count("+5")), (Some(2_147_483_647), Some(-1), Some(5)));
        for text in ["2147483648", "1.0", "", " 1", "1e2"] {
            assert_eq!(count(text), None, "{text:?}");
        }
    }

    #[test]
    fn truth_has_its_usual_spellings() {
        assert_eq!(
            (truth("True"), truth("f"), truth("0"), truth("tRUE"), truth("yes")),
            (Some(true), Some(false), Some(false), None, None)
        );
    }

    #[test]
    fn durations_are_whole_nanoseconds() {
        for (text, expected) in [
            ("0", 0),
            ("-0", 0),
            ("+5s", 5 * SECOND_NS),
            ("10m30s", 630 * SECOND_NS),
            ("1.5s", 1_500_000_000),
            ("-1s", -SECOND_NS),
            ("1h0m.5s", 3_600_500_000_000),
            ("1.s", SECOND_NS),
            ("100ms", 100_000_000),
            ("1us1ns", 1_001),
            ("1\u{b5}s", 1_000),
            ("0.9999999999s", 999_999_999),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("9223372036854775807ns", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
            ("0.100000000000000000000h", 360_000_000_000),
            ("0.9223372036854775807h", 3_320_413_933_267),
            ("0.830103483285477580700h", 2_988_372_539_827),
        ] {
            assert_eq!(duration_ns(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "-",
            "+",
            "5",
            "s",
            ".s",
            "1",
            "1x",
            "1 s",
            " 1s",
            "1s ",
            "1s2",
            "--1s",
            "1S",
            "3d",
            "9223372036854775808ns",
            "9223372036855s1h",
            "1e3s",
            "99999999999999999999s",
        ] {
            assert_eq!(duration_ns(text), None, "{text:?}");
        }
    }
}
