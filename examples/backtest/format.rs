//! Numbers as people read them.

use std::time::Duration;

/// `12345.6` as `12,345.6`.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "infinite".to_owned();
    }
    let text = format!("{value:.decimals$}");
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    fraction.map_or_else(|| format!("{sign}{grouped}"), |f| format!("{sign}{grouped}.{f}"))
}

pub(crate) fn count(value: u64) -> String {
    number(value as f64, 0)
}

/// A span in the largest unit that keeps it readable.
pub(crate) fn span(span: Duration) -> String {
    let s = span.as_secs_f64();
    if s >= 2.0 * 86_400.0 {
        format!("{} days", number(s / 86_400.0, 1))
    } else if s >= 2.0 * 3_600.0 {
        format!("{} hours", number(s / 3_600.0, 1))
    } else if s >= 120.0 {
        format!("{} minutes", number(s / 60.0, 1))
    } else if s >= 1.0 {
        format!("{} s", number(s, usize::from(s.fract() > 0.0)))
    } else {
        format!("{} ms", number(s * 1_000.0, 0))
    }
}

/// Milliseconds since the start as day, hour, minute and second.
pub(crate) fn clock(ms: i64) -> String {
    let s = ms / 1_000;
    let (days, time) = (s / 86_400, format!("{:02}:{:02}:{:02}", s / 3_600 % 24, s / 60 % 60, s % 60));
    if days > 0 { format!("day {} {time}", days + 1) } else { time }
}
