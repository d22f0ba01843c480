//! Runs every vector file against the library and prints one line per file. An adapter parses a case, calls the
//! library and compares; replica arithmetic in an adapter is a defect.
//!
//! `SETPOINT_VECTORS` names another folder of vector files, `SETPOINT_TRACES` the folder of traces that some cases need.

#[path = "conformance/aibrix.rs"]
mod aibrix;
#[path = "conformance/bud.rs"]
mod bud;
#[path = "conformance/case.rs"]
mod case;
#[path = "conformance/gaussian.rs"]
mod gaussian;
#[path = "conformance/hpa.rs"]
mod hpa;
#[path = "conformance/hpa_pipeline.rs"]
mod hpa_pipeline;
#[path = "conformance/kpa.rs"]
mod kpa;
#[path = "conformance/kthena.rs"]
mod kthena;
#[path = "conformance/kthena_groups.rs"]
mod kthena_groups;
#[path = "conformance/kubeai.rs"]
mod kubeai;
#[path = "conformance/simulate.rs"]
mod simulate;
#[path = "conformance/threshold.rs"]
mod threshold;

use case::{Adapter, Verdict};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Which part of the library answers to a file, by its name or by what it says its algorithm is.
const ADAPTERS: &[(&str, &str, Adapter)] = &[
    ("aibrix_apa", "aibrix APA and KPA", aibrix::case),
    ("gaussian", "gaussian_probability", gaussian::case),
    ("bud_kpa", "bud_kpa", bud::kpa),
    ("bud_scaler", "budscaler", bud::scaler),
    ("hpa_behavior", "kubernetes_hpa_v2_normalization", hpa::behavior),
    ("hpa_replicas", "kubernetes_hpa_v2_replica_calculation", hpa::replicas),
    ("kpa_scale", "knative_kpa_scale", kpa::scale),
    ("kpa_windows", "knative_kpa_windows", kpa::windows),
    (
        "kthena_disaggregated",
        "kthena disaggregated role scaling and ratio repair",
        kthena_groups::disaggregated,
    ),
    ("kthena_histogram", "kthena histogram quantile and pod metric collection", kthena::histogram),
    ("kthena_optimizer", "kthena heterogeneous cost optimizer", kthena_groups::optimizer),
    ("kthena_recommendation", "kthena recommended instances", kthena::recommendation),
    ("kthena_revision", "kthena corrected instances, panic mode and history windows", kthena::revision),
    ("kubeai_algorithms", "kubeai_ratio", kubeai::case),
    ("simulate_reference", "simulate_reference", simulate::case),
    ("threshold", "threshold", threshold::case),
];

/// Files whose algorithm is not built yet. This list shrinks to nothing.
const NOT_BUILT: &[&str] = &[
    "arima_auto",
    "arima_fit",
    "bud_accuracy",
    "bud_cost",
    "bud_patterns",
    "bud_prediction",
    "bud_schedule",
    "bud_seasonal",
    "diagnostics",
    "dqn_math",
];

fn main() -> ExitCode {
    let folder = std::env::var_os("SETPOINT_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors"), PathBuf::from);
    let mut files: Vec<PathBuf> = match std::fs::read_dir(&folder) {
        Ok(entries) => entries.filter_map(|e| Some(e.ok()?.path())).collect(),
        Err(error) => {
            println!("{}: {error}", folder.display());
            return ExitCode::FAILURE;
        }
    };
    files.retain(|f| f.extension().is_some_and(|e| e == "json"));
    files.sort();
    let (mut passed, mut failed, mut skipped, mut broken) = (0, 0, 0, files.is_empty());
    for path in &files {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let file: Value = match std::fs::read(path)
            .map_err(|e| e.to_string())
            .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|e| e.to_string()))
        {
            Ok(file) => file,
            Err(error) => {
                println!("{stem}: cannot be read: {error}");
                broken = true;
                continue;
            }
        };
        let algorithm = file["algorithm"].as_str().unwrap_or_default();
        let cases = file["cases"].as_array().map_or(&[][..], Vec::as_slice);
        let known = ADAPTERS.iter().find(|(name, says, _)| *name == stem || *says == algorithm);
        if let Some((_, _, adapter)) = known {
            let tally = run(&stem, cases, *adapter);
            broken |= cases.is_empty();
            passed += tally.0;
            failed += tally.1;
            skipped += tally.2;
        } else if NOT_BUILT.contains(&stem.as_str()) || NOT_BUILT.contains(&algorithm) {
            println!("{stem}: not built yet, {} cases", cases.len());
        } else {
            println!("{stem}: nothing in the library answers to this file");
            broken = true;
        }
    }
    println!("conformance: {} files", files.len());
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed > 0 || broken || passed == 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn run(stem: &str, cases: &[Value], adapter: Adapter) -> (usize, usize, usize) {
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let mut shown = Vec::new();
    for case in cases {
        let name = case["name"].as_str().unwrap_or("(without a name)");
        match std::panic::catch_unwind(|| adapter(case)) {
            Ok(Verdict::Pass) => passed += 1,
            Ok(Verdict::Skip(why)) => {
                skipped += 1;
                if skipped == 1 {
                    shown.push(format!("  skipped {name}: {why}"));
                }
            }
            Ok(Verdict::Fail { expected, got }) => {
                failed += 1;
                if failed <= 5 {
                    shown.push(format!("  {name}\n    expected {expected}\n    got      {got}"));
                }
            }
            Err(_) => {
                failed += 1;
                if failed <= 5 {
                    shown.push(format!("  {name}\n    panicked"));
                }
            }
        }
    }
    println!("{stem}: {passed} passed, {failed} failed, {skipped} skipped");
    for line in shown {
        println!("{line}");
    }
    (passed, failed, skipped)
}
