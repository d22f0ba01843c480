//! Adapter of the Gaussian vector file. Reals are compared to nine digits, as the file asks; probabilities below 1e-300
//! may be 0.

use crate::case::{Verdict, float, int};
use serde_json::{Value, json};
use setpoint::ConfigError;
use setpoint::gaussian::{Literal, Model, Overload, literal, proportional};
use setpoint::threshold::{Action, Limits, Thresholds};

pub(crate) fn case(case: &Value) -> Verdict {
    let mut got = evaluate(&case["input"]).unwrap_or_else(|_| json!({ "error": "invalid_config" }));
    let mut expected = case["expect"].clone();
    settle(&mut got);
    settle(&mut expected);
    Verdict::within(&expected, &got, 1e-9)
}

/// Takes for 0 what is made of a probability below 1e-300: doubles end there, and lose their digits before.
fn settle(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(settle),
        Value::Number(n) if n.as_f64().is_some_and(|x| x.abs() < 1e-290) => *value = 0.into(),
        _ => {}
    }
}

fn evaluate(input: &Value) -> Result<Value, ConfigError> {
    let field = |name: &str| float(&input[name]);
    let model = Model::new(field("mean_utilization"), field("stddev_utilization"))?;
    let thresholds = Thresholds::new(field("lower_threshold"), field("upper_threshold"))?;
    let overload = Overload::new(field("overload_probability"))?;
    let limits = Limits::new(int(&input["min_replicas"]), int(&input["max_replicas"]))?;
    let current = int(&input["current_replicas"]);
    let printed = literal(&model, &thresholds, current);
    let corrected = proportional(&model, overload, &thresholds, limits, current, false);
    let Literal { p_above, p_below, added, added_replicas, removed, removed_replicas, .. } = printed;
    Ok(json!({
        "p_above": p_above,
        "p_below": p_below,
        "literal": {
            "singular": printed.singular(),
            "n_plus_real": added,
            "n_plus": added_replicas,
            "n_minus_real": removed,
            "n_minus": removed_replicas,
            "n_minus_real_from_stated_equation": printed.removed_by_stated_equation,
        },
        "proportional": {
            "upper_quantile": model.upper_quantile(overload),
            "desired_replicas": corrected.desired,
            "action": match corrected.action {
                Action::ScaleUp => "scale_up",
                Action::ScaleDown => "scale_down",
                Action::None => "none",
            },
        },
    }))
}
