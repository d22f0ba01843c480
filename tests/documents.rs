//! The documented form of a decision is what the code prints: the example of `docs/decisions.md` is compiled and run here.

use core::time::Duration;
use setpoint::restrain::Cooldown;
use setpoint::{Autoscaler, Bounds, Decision, Snapshot, Timestamp, threshold};

include!("shared/decision_example.rs");

const CODE: &str = include_str!("shared/decision_example.rs");
const PAGE: &str = include_str!("../docs/decisions.md");

/// The text of the fenced blocks of one language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let parts = PAGE.split(fence.as_str()).skip(1);
    parts.map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

#[test]
fn the_documented_code_is_what_runs_here() {
    assert_eq!(blocks("rust"), [CODE]);
}

#[test]
fn the_documented_json_is_what_the_code_prints() {
    let decision = decide().expect("the example is valid");
    let printed = serde_json::to_string_pretty(&decision).expect("decisions have a JSON form");
    assert_eq!(blocks("json"), [format!("{printed}\n")], "docs/decisions.md should hold\n{printed}");
    let read: Decision = serde_json::from_str(blocks("json")[0]).expect("the documented JSON can be read");
    assert_eq!(read, decision);
}

#[test]
fn the_documented_sentence_is_what_the_code_prints() {
    let decision = decide().expect("the example is valid");
    assert_eq!(blocks("text"), [format!("{decision}\n")], "docs/decisions.md should hold\n{decision}");
}

#[test]
fn every_documented_field_exists_and_none_is_left_out() {
    let decision = decide().expect("the example is valid");
    let value = serde_json::to_value(&decision).expect("decisions have a JSON form");
    let fields: Vec<&str> = value.as_object().expect("a map").keys().map(String::as_str).collect();
    for field in &fields {
        assert!(PAGE.contains(&format!("| `{field}` |")), "{field} is not documented");
    }
    let rows = PAGE.lines().skip_while(|l| !l.starts_with("| field |")).skip(2);
    assert_eq!(rows.take_while(|l| l.starts_with("| `")).count(), fields.len());
}
