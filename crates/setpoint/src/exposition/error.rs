//! What is wrong with a line of metrics text, and where.

/// A line that cannot be read.
///
/// ```
/// use setpoint::exposition::{Format, Problem, Scrape};
/// let error = Scrape::parse("up 1\nup{job=\"a} 1\n", Format::Prometheus).unwrap_err();
/// assert_eq!((error.line, error.problem), (2, Problem::Quote));
/// assert_eq!(error.to_string(), "line 2: a quote is not closed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ParseError {
    /// The number of the line, the first one being 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// It begins with no metric name, or a name in quotes is empty, or there are two names.
    #[error("there is no metric name, or more than one")]
    Name,
    /// What stands in braces is no list of `name="value"`, or the brace is not closed.
    #[error("the labels are malformed")]
    Labels,
    /// A quote is not closed before the end of the line.
    #[error("a quote is not closed")]
    Quote,
    /// A label occurs twice.
    #[error("a label is given twice")]
    LabelTwice,
    /// The value is missing or no number, or larger than a double can be.
    #[error("the value is no number")]
    Value,
    /// The timestamp is no number of milliseconds (Prometheus) or seconds (OpenMetrics).
    #[error("the timestamp is no number")]
    Timestamp,
    /// More follows where the line should end.
    #[error("something follows the end of the sample")]
    Trailing,
    /// An exemplar has no labels in braces or no value.
    #[error("the exemplar is malformed")]
    Exemplar,
    /// A line of metadata names no metric.
    #[error("the metadata names no metric")]
    Metadata,
    /// The type of a metric is missing or not one of the format's.
    #[error("the type is not known")]
    Kind,
    /// A metric is given a second, different type.
    #[error("the metric already has another type")]
    KindTwice,
    /// The last line has no line feed at its end, so nobody knows what is missing of it.
    #[error("the text ends within the line")]
    CutOff,
    /// OpenMetrics text ends without `# EOF`: it was cut.
    #[error("the text ends without # EOF")]
    NoEnd,
    /// Something follows `# EOF`.
    #[error("something follows # EOF")]
    AfterEnd,
}
