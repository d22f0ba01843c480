//! Adapters of the threshold vector files.

use crate::case::{Verdict, float, int, json_number, list, number};
use serde_json::{Value, json};
use setpoint::ConfigError;
use setpoint::algorithm::threshold::{
    Action, Capacity, Limits, Outcome, Prediction, Thresholds, predictive, rule,
};

pub(crate) fn case(case: &Value) -> Verdict {
    let evaluate = match case["operation"].as_str() {
        Some("utilization_threshold") => utilization,
        Some("predictive_target") => prediction,
        _ => return Verdict::unknown_kind(&case["operation"]),
    };
    let got = evaluate(&case["input"]).unwrap_or_else(|_| json!({ "error": "invalid_config" }));
    Verdict::compare(&case["expect"], &got)
}

fn utilization(input: &Value) -> Result<Value, ConfigError> {
    let limits = limits(input)?;
    let thresholds = Thresholds::new(float(&input["lower_threshold"]), float(&input["upper_threshold"]))?;
    let current = int(&input["current_replicas"]);
    let readings = || list(&input["utilization"]).iter().map(number);
    let literal = rule::literal(&thresholds, current, readings());
    let proportional = rule::proportional(&thresholds, limits, current, readings());
    let each = rule::per_resource(limits, current, readings().map(|reading| (thresholds, reading)));
    assert_eq!(each, proportional, "common thresholds, given per resource");
    Ok(json!({
        "literal": {
            "action": action(&literal),
            "added": literal.added,
            "removed": literal.removed,
            "desired_replicas": literal.desired,
        },
        "proportional": { "action": action(&proportional), "desired_replicas": proportional.desired },
    }))
}

fn prediction(input: &Value) -> Result<Value, ConfigError> {
    let limits = limits(input)?;
    let capacity = Capacity::new(float(&input["target_utilization"]), float(&input["capacity_per_replica"]))?;
    let current = int(&input["current_replicas"]);
    let forecast: Vec<f64> = list(&input["forecast_rates"]).iter().map(float).collect();
    let measured = number(&input["current_rate"]);
    Ok(json!({
        "literal": answer(predictive::literal(&capacity, current, &forecast)),
        "proportional": answer(predictive::proportional(&capacity, limits, current, &forecast, measured)),
    }))
}

fn limits(input: &Value) -> Result<Limits, ConfigError> {
    Limits::new(int(&input["min_replicas"]), int(&input["max_replicas"]))
}

fn action(outcome: &Outcome) -> &'static str {
    match outcome.action {
        Action::ScaleUp => "scale_up",
        Action::ScaleDown => "scale_down",
        Action::None => "none",
    }
}

fn answer(prediction: Prediction) -> Value {
    let mut answer = json!({ "desired_replicas": prediction.desired });
    if let Some(peak_rate) = prediction.peak_rate {
        answer["peak_rate"] = json_number(peak_rate);
    }
    answer
}
