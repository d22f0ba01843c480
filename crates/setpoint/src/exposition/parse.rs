//! Metrics text line by line, borrowed: a streaming reader of the Prometheus text format (0.0.4 and 1.0.0) and of OpenMetrics text 1.0.
//! It groups nothing; [`Scrape`](super::Scrape) does.
//!
//! Sources of the rules: `prometheus/docs`, "Exposition formats"; the OpenMetrics 1.0 specification, section "Text format".
//! Read more freely than written there: blanks and tabs may stand between any two tokens, and empty lines and comments may stand anywhere.
//! Read more strictly: a last line without its line feed is refused, because half a number is a number too.

use super::error::{ParseError, Problem};
use super::text::{Labels, Text, blanks, braces, quoted};
use crate::time::Timestamp;

/// Which of the two text formats a body is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Format {
    /// The Prometheus text format. Timestamps are whole milliseconds.
    #[default]
    Prometheus,
    /// OpenMetrics text. Timestamps are seconds, counters end in `_total`, exemplars may follow, and `# EOF` ends it.
    OpenMetrics,
}

impl Format {
    /// The format that a `Content-Type` header names; anything but OpenMetrics is Prometheus text.
    ///
    /// ```
    /// use setpoint::exposition::Format;
    /// assert_eq!(Format::of_content_type("application/openmetrics-text; version=1.0.0"), Format::OpenMetrics);
    /// assert_eq!(Format::of_content_type("text/plain; version=0.0.4"), Format::Prometheus);
    /// ```
    #[must_use]
    pub fn of_content_type(header: &str) -> Self {
        let media = header.split(';').next().unwrap_or_default().trim();
        if media.eq_ignore_ascii_case("application/openmetrics-text") {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }
}

/// The type of a metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Only grows, or starts anew.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Cumulative buckets, their count and sum.
    Histogram,
    /// Buckets of present values.
    GaugeHistogram,
    /// Quantiles, their count and sum.
    Summary,
    /// Facts as labels.
    Info,
    /// One of several states.
    StateSet,
    /// Not said ("untyped", "unknown").
    #[default]
    Unknown,
}

impl Kind {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "gaugehistogram" => Self::GaugeHistogram,
            "summary" => Self::Summary,
            "info" => Self::Info,
            "stateset" => Self::StateSet,
            "untyped" | "unknown" => Self::Unknown,
            _ => return None,
        })
    }
}

/// One sample. Exemplars are checked and left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<'a> {
    /// The full name, suffix included: `latency_seconds_bucket`.
    pub name: Text<'a>,
    /// Its labels.
    pub labels: Labels<'a>,
    /// Its value in the metric's own unit; NaN and infinities as they come.
    pub value: f64,
    /// When it was taken, where the text says so.
    pub timestamp: Option<Timestamp>,
}

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Line<'a> {
    /// A sample.
    Sample(Sample<'a>),
    /// The type of a metric.
    Type(Text<'a>, Kind),
    /// What a metric is.
    Help(Text<'a>, Text<'a>),
    /// The unit of a metric (OpenMetrics only).
    Unit(Text<'a>, Text<'a>),
}

/// The lines of a body that say something. A line that cannot be read is an error, after which reading goes on.
///
/// ```
/// use setpoint::exposition::{Format, Line, Lines};
/// let body = "# TYPE up gauge\nup{job=\"a\"} 1\nup{job=\"b\"} none\nup{job=\"c\"} 0\n";
/// let values: Vec<Option<f64>> = Lines::new(body, Format::Prometheus)
///     .filter_map(|line| match line {
///         Ok(Line::Sample(sample)) => Some(Some(sample.value)),
///         Ok(_) => None,
///         Err(_) => Some(None),
///     })
///     .collect();
/// assert_eq!(values, [Some(1.0), None, Some(0.0)]);
/// ```
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    rest: &'a str,
    line: usize,
    format: Format,
    ended: bool,
}

impl<'a> Lines<'a> {
    /// The lines of `body`.
    #[must_use]
    pub const fn new(body: &'a str, format: Format) -> Self {
        Self { rest: body, line: 0, format, ended: matches!(format, Format::Prometheus) }
    }

    /// The number of the line read last, the first one being 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<Line<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.rest.is_empty() {
                let problem = (!std::mem::replace(&mut self.ended, true)).then_some(Problem::NoEnd)?;
                return Some(Err(ParseError { line: self.line.max(1), problem }));
            }
            self.line += 1;
            let (text, whole) = match self.rest.find('\n') {
                Some(end) => {
                    let text = &self.rest[..end];
                    self.rest = &self.rest[end + 1..];
                    (text, true)
                }
                None => (std::mem::take(&mut self.rest), false),
            };
            if self.format == Format::OpenMetrics && text == "# EOF" {
                self.ended = true;
                let problem = (!std::mem::take(&mut self.rest).is_empty()).then_some(Problem::AfterEnd)?;
                return Some(Err(ParseError { line: self.line + 1, problem }));
            }
            let read = match whole {
                true => read(text, self.format),
                false if text.bytes().all(|b| matches!(b, b' ' | b'\t')) => Ok(None),
                false => Err(Problem::CutOff),
            };
            match read {
                Ok(None) => {}
                Ok(Some(line)) => return Some(Ok(line)),
                Err(problem) => return Some(Err(ParseError { line: self.line, problem })),
            }
        }
    }
}

/// What a whole line says; nothing if it is empty or a comment.
fn read(text: &str, format: Format) -> Result<Option<Line<'_>>, Problem> {
    let text = &text[blanks(text.as_bytes(), 0)..];
    match text.as_bytes().first() {
        None => Ok(None),
        Some(b'#') => metadata(&text[1..], format),
        Some(_) => sample(text, format).map(|sample| Some(Line::Sample(sample))),
    }
}

fn metadata(text: &str, format: Format) -> Result<Option<Line<'_>>, Problem> {
    if !text.starts_with([' ', '\t']) {
        return Ok(None);
    }
    let (keyword, rest) = word(text);
    if !matches!((keyword, format), ("HELP" | "TYPE", _) | ("UNIT", Format::OpenMetrics)) {
        return Ok(None);
    }
    let rest = &rest[blanks(rest.as_bytes(), 0)..];
    let (name, rest) = if rest.starts_with('"') {
        let (name, end) = quoted(rest, 0)?;
        (name, &rest[end..])
    } else {
        let (name, rest) = rest.split_at(name_end(rest));
        (Text::new(name, false), rest)
    };
    if name == *"" || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return Err(Problem::Metadata);
    }
    let rest = &rest[blanks(rest.as_bytes(), 0)..];
    Ok(Some(match keyword {
        "HELP" => Line::Help(name, Text::new(rest, rest.contains('\\'))),
        "TYPE" => Line::Type(name, Kind::of(rest.trim_end_matches([' ', '\t'])).ok_or(Problem::Kind)?),
        _ => Line::Unit(name, Text::new(rest.trim_end_matches([' ', '\t']), false)),
    }))
}

fn sample(text: &str, format: Format) -> Result<Sample<'_>, Problem> {
    let (outside, rest) = text.split_at(name_end(text));
    let rest = &rest[blanks(rest.as_bytes(), 0)..];
    let (labels, inside, rest) =
        if rest.starts_with('{') { braces(rest)? } else { (Labels::default(), None, rest) };
    let name = match (outside, inside) {
        ("", Some(name)) => name,
        (name, None) if !name.is_empty() => Text::new(name, false),
        _ => return Err(Problem::Name),
    };
    let (value, rest) = word(rest);
    let value = number(value).ok_or(Problem::Value)?;
    let (mut timestamp, mut next) = (None, word(rest));
    let ends = |word: &str| word.is_empty() || (word == "#" && format == Format::OpenMetrics);
    if !ends(next.0) {
        timestamp = Some(instant(next.0, format).ok_or(Problem::Timestamp)?);
        next = word(next.1);
    }
    match (next.0, format) {
        ("", _) => {}
        ("#", Format::OpenMetrics) => exemplar(next.1)?,
        _ => return Err(Problem::Trailing),
    }
    Ok(Sample { name, labels, value, timestamp })
}

fn exemplar(text: &str) -> Result<(), Problem> {
    let text = &text[blanks(text.as_bytes(), 0)..];
    if !text.starts_with('{') {
        return Err(Problem::Exemplar);
    }
    let (_, name, rest) = braces(text).map_err(|_| Problem::Exemplar)?;
    let (value, rest) = word(rest);
    let (at, rest) = word(rest);
    let fine = name.is_none()
        && number(value).is_some()
        && (at.is_empty() || instant(at, Format::OpenMetrics).is_some())
        && word(rest).0.is_empty();
    if fine { Ok(()) } else { Err(Problem::Exemplar) }
}

/// Length of the plain metric name that `text` begins with; 0 if it begins with none.
fn name_end(text: &str) -> usize {
    let part_of_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':');
    match text.as_bytes().first() {
        Some(first) if first.is_ascii_digit() => 0,
        _ => text.as_bytes().iter().take_while(|b| part_of_name(b)).count(),
    }
}

/// The next run of characters that are no blanks, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let start = blanks(text.as_bytes(), 0);
    let rest = &text[start..];
    let end = rest.bytes().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(rest.len());
    rest.split_at(end)
}

/// A number of the formats: decimal, or NaN or Inf in any case. One that is too large for a double is none.
pub(super) fn number(word: &str) -> Option<f64> {
    let value: f64 = word.parse().ok()?;
    (!value.is_infinite() || !word.bytes().any(|b| b.is_ascii_digit())).then_some(value)
}

fn instant(word: &str, format: Format) -> Option<Timestamp> {
    match format {
        Format::Prometheus => word.parse().ok().map(Timestamp::from_millis),
        Format::OpenMetrics => {
            let seconds = number(word).filter(|s| s.is_finite())?;
            Some(Timestamp::from_millis((seconds * 1_000.0).round() as i64))
        }
    }
}

#[cfg(test)]
mod tests;
