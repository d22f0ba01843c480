//! The load: the generated day, or a CSV file of equal bins. Errors name the line and the column.

use crate::cli::Args;
use crate::format;
use csv::StringRecord;
use setpoint::ConfigError;
use setpoint::simulate::{Arrivals, Trace, Traffic, Work};
use std::path::Path;
use std::time::Duration;

/// Work of a request: a fixed part, and parts per token read and generated, in slot-milliseconds.
const PER_REQUEST_MS: f64 = 200.0;
const PER_PROMPT_TOKEN_MS: f64 = 0.25;
const PER_OUTPUT_TOKEN_MS: f64 = 20.0;

const RATE_COLUMNS: [&str; 4] = ["start_ms", "requests", "prompt_tokens", "output_tokens"];
const VALUE_COLUMNS: [&str; 2] = ["start_ms", "value"];

/// A trace, and what was done to it.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) trace: Trace,
    pub(crate) notes: Vec<String>,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TraceError {
    #[error("{path}: {source}")]
    Csv { path: String, source: csv::Error },
    #[error(
        "{path}, line 1: column {column:?} is not known here; a rate file has the columns \
         start_ms,requests,prompt_tokens,output_tokens, a single-value file start_ms,value"
    )]
    Column { path: String, column: String },
    #[error("{path}, line 1: column {column:?} is missing")]
    MissingColumn { path: String, column: &'static str },
    #[error("{path}, line {line}: column {column:?} holds {found:?}, which is not {expected}")]
    Field { path: String, line: u64, column: &'static str, found: String, expected: String },
    #[error("{path}: {rows} rows; the width of a bin takes two")]
    TooShort { path: String, rows: usize },
    #[error("{path}: {source}")]
    Config { path: String, source: ConfigError },
    #[error("{0}")]
    Setting(#[from] ConfigError),
}

pub(crate) fn load(args: &Args) -> Result<Loaded, TraceError> {
    let work = Work::per_request_ms(PER_REQUEST_MS)?;
    let tokens = work.and_per_token_ms(PER_PROMPT_TOKEN_MS, PER_OUTPUT_TOKEN_MS)?;
    let mut notes = Vec::new();
    let (mut trace, single) = match &args.trace {
        Some(path) => read(path, &work, &tokens)?,
        None => (Traffic::day().seed(args.seed).trace(&tokens)?, false),
    };
    let (request, prompt, output) = trace.work().coefficients();
    notes.push(if prompt + output > 0.0 {
        format!("a request is {request} ms of work, and {prompt} ms per token read, {output} ms per token generated")
    } else {
        format!("a request is {request} ms of work")
    });
    let automatic = if single { Some(fit(&trace, args)) } else { None };
    if let Some(factor) = args.scale.or(automatic) {
        trace = trace.scaled(factor)?;
        let why = if args.scale.is_none() {
            ", so that the busiest bin needs half of the largest fleet"
        } else {
            ""
        };
        notes.push(format!("load multiplied by {}{why}", format::number(factor, 2)));
    }
    let tick_ms = args.tick.saturating_mul(1_000);
    let width_ms = u32::try_from(trace.step().as_millis()).unwrap_or(u32::MAX);
    if tick_ms > 0 && width_ms > tick_ms && width_ms.is_multiple_of(tick_ms) {
        let width = trace.step();
        trace = trace.split(width_ms / tick_ms)?;
        let (old, new) = (format::span(width), format::span(trace.step()));
        notes.push(format!("bins of {old} cut into bins of {new}, load spread evenly"));
    }
    if !trace.missing().is_empty() {
        let missing = format::count(trace.missing().len() as u64);
        notes.push(format!("{missing} bins are missing: played as the last known one, seen by no policy"));
    }
    Ok(Loaded { trace, notes })
}

/// The factor with which the busiest bin needs half of the largest fleet.
fn fit(trace: &Trace, args: &Args) -> f64 {
    let busiest = (0..trace.len()).filter_map(|bin| trace.work_ms(bin)).fold(0.0, f64::max);
    let half = f64::from(args.max) / 2.0 * f64::from(args.slots) * trace.step().as_secs_f64() * 1_000.0;
    if busiest > 0.0 { half / busiest } else { 1.0 }
}

/// Reads a file; whether it has a single value per bin comes with it.
fn read(path: &Path, work: &Work, tokens: &Work) -> Result<(Trace, bool), TraceError> {
    let shown = path.display().to_string();
    let csv_error = |source| TraceError::Csv { path: shown.clone(), source };
    let mut reader = csv::Reader::from_path(path).map_err(csv_error)?;
    let header = reader.headers().map_err(csv_error)?.clone();
    let single = header.iter().any(|column| column == "value");
    let expected: &[&'static str] = if single { &VALUE_COLUMNS } else { &RATE_COLUMNS };
    if let Some(column) = header.iter().find(|column| !expected.contains(column)) {
        return Err(TraceError::Column { path: shown, column: column.to_owned() });
    }
    let mut places = Vec::new();
    for column in expected {
        let place = header.iter().position(|c| c == *column);
        places.push((*column, place.ok_or(TraceError::MissingColumn { path: shown.clone(), column })?));
    }
    let mut starts: Vec<i64> = Vec::new();
    let mut bins = Vec::new();
    for record in reader.into_records() {
        let row = Row { path: &shown, record: &record.map_err(csv_error)? };
        let start = row.start(places[0])?;
        if let Some(due) = due(&starts).filter(|due| *due != start) {
            return Err(row.wrong(places[0], format!("the start of the next bin ({due})")));
        }
        starts.push(start);
        bins.push(row.arrivals(&places[1..])?);
    }
    let [first, second, ..] = starts[..] else {
        return Err(TraceError::TooShort { path: shown, rows: starts.len() });
    };
    let step = Duration::from_millis((second - first).unsigned_abs());
    let name = path.file_name().map_or_else(|| shown.clone(), |name| name.to_string_lossy().into_owned());
    let work = if single { work } else { tokens };
    let trace = Trace::from_arrivals(name, step, bins, work);
    Ok((trace.map_err(|source| TraceError::Config { path: shown, source })?, single))
}

/// Where the next bin has to start, once two bins have told the width.
fn due(starts: &[i64]) -> Option<i64> {
    match starts {
        [first, second, ..] => starts.last().map(|last| last.saturating_add(second - first)),
        _ => None,
    }
}

/// One line of a file.
struct Row<'a> {
    path: &'a str,
    record: &'a StringRecord,
}

impl Row<'_> {
    fn start(&self, at: (&'static str, usize)) -> Result<i64, TraceError> {
        let start = self.text(at).parse().ok().filter(|start| (0..i64::MAX / 4).contains(start));
        start.ok_or_else(|| self.wrong(at, "whole milliseconds since the start of the trace"))
    }

    /// The counts of a bin; `None` where the first of them is empty, which is a missing sample.
    fn arrivals(&self, places: &[(&'static str, usize)]) -> Result<Option<Arrivals>, TraceError> {
        if self.text(places[0]).is_empty() {
            return Ok(None);
        }
        let count = |i: usize| places.get(i).map_or(Ok(0.0), |at| self.count(*at));
        Ok(Some(Arrivals { requests: count(0)?, prompt_tokens: count(1)?, output_tokens: count(2)? }))
    }

    fn count(&self, at: (&'static str, usize)) -> Result<f64, TraceError> {
        let count = self.text(at).parse().ok().filter(|count: &f64| count.is_finite() && *count >= 0.0);
        count.ok_or_else(|| self.wrong(at, "a number of at least 0"))
    }

    fn text(&self, (_, place): (&'static str, usize)) -> &str {
        self.record.get(place).unwrap_or_default().trim()
    }

    fn wrong(&self, at: (&'static str, usize), expected: impl Into<String>) -> TraceError {
        TraceError::Field {
            path: self.path.to_owned(),
            line: self.record.position().map_or(0, csv::Position::line),
            column: at.0,
            found: self.text(at).to_owned(),
            expected: expected.into(),
        }
    }
}
