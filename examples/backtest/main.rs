//! Backtest: one load, several autoscalers, what each would have cost and how its users would have fared.
//!
//! `cargo run --release --example backtest` plays a generated day; `--trace FILE` plays a recorded one. It prints a table and the full
//! explanation of the decision that moved most, and writes a chart.

mod chart;
mod cli;
mod format;
mod policies;
mod progress;
mod runs;
mod table;
mod traces;

use clap::Parser;
use cli::Args;
use runs::Run;
use serde_json::{Value, json};
use std::error::Error;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use traces::Loaded;

fn main() -> ExitCode {
    let printed =
        backtest(&Args::parse()).and_then(|text| match std::io::stdout().write_all(text.as_bytes()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        });
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("backtest: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Plays everything and gives what is to be printed.
fn backtest(args: &Args) -> Result<String, Box<dyn Error>> {
    let load = traces::load(args)?;
    let model = args.model()?;
    let runs = runs::play(&load.trace, &model, &args.policies()?)?;
    let chart = match (&args.chart, args.json) {
        (Some(path), _) => Some(path.clone()),
        (None, true) => None,
        (None, false) => Some(PathBuf::from("out/backtest.svg")),
    };
    if let Some(path) = &chart {
        chart::write(path, &load, &runs, model.slo())?;
    }
    if args.json {
        let document = document(&load, &runs, chart.as_deref());
        return Ok(format!("{}\n", serde_json::to_string_pretty(&document)?));
    }
    let mut text = table::header(&load, &model);
    text.push_str(&table::table(&runs));
    text.push_str(&table::largest_move(&load.trace, &runs));
    if let Some(path) = &chart {
        text.push_str(&format!("Chart: {}\n", path.display()));
    }
    Ok(text)
}

fn document(load: &Loaded, runs: &[Run], chart: Option<&std::path::Path>) -> Value {
    let largest = runs::largest_move(runs).map(
        |(run, decision)| json!({ "policy": run.label, "text": decision.to_string(), "decision": decision }),
    );
    json!({
        "trace": load.trace.name(),
        "notes": load.notes,
        "results": runs.iter().map(|run| json!({ "policy": run.label, "report": run.report })).collect::<Vec<_>>(),
        "largest_move": largest,
        "chart": chart,
    })
}
