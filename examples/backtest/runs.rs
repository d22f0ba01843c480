//! Plays the trace once per policy and keeps what table, explanation and chart need.

use crate::policies::Policy;
use crate::progress::Progress;
use setpoint::simulate::{self, Bin, Model, Report, Trace};
use setpoint::{ConfigError, Decision};

/// What became of one policy.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) label: String,
    pub(crate) report: Report,
    pub(crate) points: Vec<Point>,
    /// The decision that changed the count most, the first of them.
    pub(crate) largest: Option<Decision>,
}

/// What the chart shows of a bin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) ordered: u32,
    pub(crate) demand: u32,
    pub(crate) violated: bool,
}

impl Point {
    fn of(bin: &Bin) -> Self {
        Self { ordered: bin.ordered, demand: bin.demand, violated: bin.violated }
    }
}

pub(crate) fn play(trace: &Trace, model: &Model, policies: &[&Policy]) -> Result<Vec<Run>, ConfigError> {
    let mut progress = Progress::new(trace.len() * policies.len());
    let mut runs = Vec::new();
    for (name, build) in policies {
        progress.say(name);
        let mut candidate = build(trace, model)?;
        let mut points = Vec::with_capacity(trace.len());
        let mut largest: Option<Decision> = None;
        let report =
            simulate::run_watched(trace, &mut candidate.scaler, &candidate.model, |bin, decision| {
                if moved(decision) > largest.as_ref().map_or(0, moved) {
                    largest = Some(decision.clone());
                }
                points.push(Point::of(bin));
                progress.advance();
            });
        runs.push(Run { label: candidate.label, report, points, largest });
    }
    progress.finish();
    Ok(runs)
}

/// The policy and the decision that changed the count most; the first where several did.
pub(crate) fn largest_move(runs: &[Run]) -> Option<(&Run, &Decision)> {
    let all = runs.iter().filter_map(|run| run.largest.as_ref().map(|decision| (run, decision)));
    all.reduce(|best, next| if moved(next.1) > moved(best.1) { next } else { best })
}

fn moved(decision: &Decision) -> u32 {
    decision.from().abs_diff(decision.replicas())
}
