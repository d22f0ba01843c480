//! What a person reads: the circumstances, the table, the decision that moved most.

use crate::format::{clock, count, number, span};
use crate::runs::{self, Run};
use crate::traces::Loaded;
use setpoint::simulate::{Model, Report, StartDelay, Trace};
use std::fmt::Write;
use std::time::Duration;

/// A column: its name, its unit, and what it shows of a report.
type Column = (&'static str, &'static str, fn(&Report) -> String);

const COLUMNS: &[Column] = &[
    ("cost", "replica-h", |r| number(r.cost.replica_hours, 1)),
    ("over limit", "% requests", |r| number(r.service.violating_percent, 2)),
    ("wait p95", "s", |r| seconds(r.service.wait_p95_ms)),
    ("wait p99", "s", |r| seconds(r.service.wait_p99_ms)),
    ("wait max", "s", |r| seconds(r.service.wait_max_ms)),
    ("starts", "replicas", |r| count(r.stability.replicas_started)),
    ("turns", "changes", |r| count(r.stability.direction_changes)),
    ("short-lived", "replicas", |r| count(r.stability.short_lived_replicas)),
    ("too few", "% demand", |r| number(r.elasticity.theta_u_percent, 2)),
    ("too many", "% demand", |r| number(r.elasticity.theta_o_percent, 1)),
    ("idle", "% slots", |r| number(100.0 * r.cost.idle_share, 1)),
    ("fleet", "replicas", |r| format!("{}-{}", r.cost.fewest_replicas, r.cost.most_replicas)),
];

fn seconds(ms: f64) -> String {
    number(ms / 1_000.0, 2)
}

pub(crate) fn header(load: &Loaded, model: &Model) -> String {
    let trace = &load.trace;
    let delay = match model.delay() {
        StartDelay::ConstantMs(ms) => span(Duration::from_millis(*ms)),
        StartDelay::MeasuredMs(list) => format!("one of {} measured delays", list.len()),
    };
    let mut text = format!(
        "Trace:    {}, {} bins of {}, {} in all\n",
        trace.name(),
        count(trace.len() as u64),
        span(trace.step()),
        span(trace.duration()),
    );
    for note in &load.notes {
        let _ = writeln!(text, "          {note}");
    }
    let _ = writeln!(
        text,
        "Platform: {} to {} replicas of {} slots, {} at first, ready {delay} after the order, metrics {} late\n\
         Limit:    a request that waits longer than {} is over the limit\n",
        model.bounds().min(),
        model.bounds().max(),
        model.slots(),
        model.initial_replicas(),
        span(model.lag()),
        span(model.slo()),
    );
    text
}

pub(crate) fn table(runs: &[Run]) -> String {
    let mut lines: Vec<Vec<String>> = vec![
        std::iter::once("policy").chain(COLUMNS.iter().map(|c| c.0)).map(str::to_owned).collect(),
        std::iter::once("").chain(COLUMNS.iter().map(|c| c.1)).map(str::to_owned).collect(),
    ];
    for run in runs {
        let cells = COLUMNS.iter().map(|(_, _, show)| show(&run.report));
        lines.push(std::iter::once(run.label.clone()).chain(cells).collect());
    }
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..=COLUMNS.len()).map(width).collect();
    let mut text = String::new();
    for (i, line) in lines.iter().enumerate() {
        if i == 2 {
            let dashes: Vec<String> = widths.iter().map(|w| "-".repeat(*w)).collect();
            let _ = writeln!(text, "{}", dashes.join("  "));
        }
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text.push_str(
        "\nturns: changes in the other direction than the one before; too few, too many: replicas missing and spare against the\n\
         demand, averaged over time; a fixed fleet is sized with hindsight, to at most 1 % over the limit.\n",
    );
    text
}

/// The decision that moved most, with all of its reasons.
pub(crate) fn largest_move(trace: &Trace, runs: &[Run]) -> String {
    let Some((run, decision)) = runs::largest_move(runs) else {
        return "\nNo policy changed the number of replicas.\n\n".to_owned();
    };
    let at = decision.at().as_millis();
    let bin = at / i64::try_from(trace.step().as_millis()).unwrap_or(i64::MAX).max(1);
    let bins = count(trace.len() as u64);
    let mut text = format!(
        "\nThe decision that moved most: {}, {} after the start (bin {} of {bins})\n  {decision}\n",
        run.label,
        clock(at),
        count(bin.unsigned_abs()),
    );
    for explained in decision.reasons() {
        let stage = explained.stage.and_then(|i| decision.stages().get(usize::from(i)));
        let name = stage.map_or("pipeline", |stage| stage.name.as_str());
        let _ = writeln!(text, "    {name}: {}", decision.sentence(explained));
    }
    text.push('\n');
    text
}
