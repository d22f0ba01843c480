//! Adapters of the ARIMA vector files: estimation at given orders, and the choice of orders.

use crate::case::{Verdict, float, int, list, number};
use serde_json::Value;
use setpoint::forecast::arima::{
    Arima, AutoArima, Coefficients, Constant, FittedArima, Orders, Search, Variance,
};
use setpoint::forecast::{Fit, Forecaster};

fn series(v: &Value) -> Vec<f64> {
    list(v).iter().map(float).collect()
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().map_or_else(Vec::new, |_| series(v))
}

fn orders(input: &Value, period: &Value) -> Orders {
    let order = |v: &Value, i: usize| usize::try_from(int(&v[i])).expect("an order is not negative");
    let (plain, seasonal) = (&input["order"], &input["seasonal_order"]);
    let period = usize::try_from(int(period)).expect("a period is positive");
    Orders::new(order(plain, 0), order(plain, 1), order(plain, 2)).seasonal(
        order(seasonal, 0),
        order(seasonal, 1),
        order(seasonal, 2),
        period,
    )
}

fn constant(v: &Value) -> Constant {
    match v.as_str() {
        Some("none") => Constant::None,
        Some("mean") => Constant::Mean,
        Some("drift") => Constant::Drift,
        other => panic!("constant {other:?}"),
    }
}

fn coefficients(v: &Value) -> Coefficients {
    Coefficients {
        ar: numbers(&v["ar"]),
        ma: numbers(&v["ma"]),
        seasonal_ar: numbers(&v["seasonal_ar"]),
        seasonal_ma: numbers(&v["seasonal_ma"]),
        constant: number(&v["mean"]).or_else(|| number(&v["drift"])),
        regression: Vec::new(),
    }
}

/// Collects what is out of its bar.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn near(&mut self, what: &str, expected: f64, got: f64, tolerance: f64) {
        let within = (expected - got).abs() <= tolerance;
        if !within {
            self.0.push(format!("{what}: {got} for {expected} (allowed {tolerance:e})"));
        }
    }

    fn verdict(self) -> Verdict {
        if self.0.is_empty() {
            Verdict::Pass
        } else {
            Verdict::Fail { expected: "everything within its bar".into(), got: self.0.join("; ") }
        }
    }
}

pub(crate) fn fit(case: &Value) -> Verdict {
    let (input, expect) = (&case["input"], &case["expect"]);
    let (reference, bar) = (&expect["reference"], &expect["bar"]);
    let y = series(&input["series"]);
    let model = Arima::new(orders(input, &input["period"]))
        .constant(constant(&input["constant"]))
        .variance(Variance::MaximumLikelihood);
    let mut faults = Faults::default();
    let given = coefficients(&reference["coefficients"]);
    let at = model.at(&y, &given).expect("the reference is a model");
    given_coefficients(&mut faults, &y, &model, &at, input, reference, bar);
    if expect["evaluation_off_optimum"].is_object() {
        let off = &expect["evaluation_off_optimum"];
        let there = model.at(&y, &coefficients(&off["coefficients"])).expect("coefficients of a model");
        let kappa = off["how"].as_str().is_some_and(|how| how.contains("kappa"));
        let tolerance = if kappa { 0.01 } else { float(&bar["loglik_at_reference_abs"]) };
        faults.near("loglik off the optimum", float(&off["loglik"]), there.log_likelihood(), tolerance);
        let (sigma2, share) = (float(&off["sigma2"]), if kappa { 1e-4 } else { 1e-6 });
        faults.near("sigma2 off the optimum", sigma2, there.sigma2_ml(), share * sigma2);
    }
    fitted(&mut faults, &model, &y, input, reference, bar);
    faults.verdict()
}

fn given_coefficients(
    faults: &mut Faults,
    y: &[f64],
    model: &Arima,
    at: &FittedArima,
    input: &Value,
    reference: &Value,
    bar: &Value,
) {
    let gaps = y.iter().any(|y| y.is_nan());
    let tolerance = float(&bar["loglik_at_reference_abs"]);
    faults.near("loglik", float(&reference["loglik"]), at.log_likelihood(), tolerance);
    for (what, got) in [("aic", at.aic()), ("aicc", at.aicc()), ("bic", at.bic())] {
        faults.near(what, float(&reference[what]), got, 2.0 * tolerance);
    }
    let sigma2 = float(&reference["sigma2"]);
    let share = if gaps && at.orders().lost() > 0 { 1e-4 } else { 1e-6 };
    faults.near("sigma2", sigma2, at.sigma2_ml(), share * sigma2);
    faults.near("nobs_used", float(&reference["nobs_used"]), at.points_used() as f64, 0.0);
    faults.near("num_parameters", float(&reference["num_parameters"]), at.parameters() as f64, 0.0);
    let forecast = at.forecast(list(&reference["forecast_mean"]).len()).expect("a horizon");
    let (mean_bar, se_bar) =
        (float(&bar["forecast_abs_at_reference"]), float(&bar["forecast_se_rel_at_reference"]));
    for (h, (mean, se)) in
        list(&reference["forecast_mean"]).iter().zip(list(&reference["forecast_se"])).enumerate()
    {
        faults.near("forecast", float(mean), forecast.mean()[h], mean_bar);
        faults.near("forecast se", float(se), forecast.standard_error()[h], se_bar * float(se));
    }
    assert_eq!(forecast.horizon(), usize::try_from(int(&input["horizon"])).expect("a horizon"));
    let residuals = list(&reference["standardized_residuals_last_10"]);
    let ours = &at.residuals()[y.len() - residuals.len()..];
    let sd = float(&bar["series_sd"]);
    for (expected, got) in residuals.iter().zip(ours) {
        match number(expected).filter(|e| !e.is_nan()) {
            Some(expected) => faults.near("residual", expected, *got, 1e-3 * sd),
            None if got.is_nan() => {}
            None => faults.0.push(format!("residual: {got} at a missing point")),
        }
    }
    one_step(faults, y, model, at, &reference["one_step"], sd);
}

/// The reference's one-step forecasts: a filter over the first points, then one point at a time.
fn one_step(faults: &mut Faults, y: &[f64], model: &Arima, at: &FittedArima, expected: &Value, sd: f64) {
    let first = usize::try_from(int(&expected["first_index"])).expect("an index");
    let head = model.at(&y[..first], at.coefficients()).expect("the reference on the first points");
    let mut online = head.online();
    for (i, (mean, se)) in list(&expected["mean"]).iter().zip(list(&expected["se_over_sigma"])).enumerate() {
        let next = online.forecast(1).expect("one step");
        faults.near("one-step forecast", float(mean), next.mean()[0], 1e-3 * sd);
        let factor = next.standard_error()[0] / head.sigma2_ml().sqrt();
        if float(se) < 10.0 {
            faults.near("one-step se", float(se), factor, 1e-3 * float(se));
        }
        let value = y[first + i];
        if value.is_nan() {
            online.observe_missing();
        } else {
            online.observe(value).expect("a finite value");
        }
    }
}

fn fitted(faults: &mut Faults, model: &Arima, y: &[f64], input: &Value, reference: &Value, bar: &Value) {
    let ours = model.fit(y).expect("the series can be fitted");
    let least = float(&bar["loglik_min"]);
    if ours.log_likelihood().is_nan() || ours.log_likelihood() < least {
        faults.0.push(format!("fitted loglik: {} for at least {least}", ours.log_likelihood()));
    }
    // The likelihood that a fit claims is that of its coefficients.
    let claimed = model.at(y, ours.coefficients()).expect("fitted coefficients").log_likelihood();
    faults.near("claimed loglik", claimed, ours.log_likelihood(), float(&bar["loglik_at_reference_abs"]));
    let close = (ours.log_likelihood() - float(&reference["loglik"])).abs() <= 1e-3;
    if !close || bar["multimodal_or_boundary"] == Value::Bool(true) {
        return;
    }
    let forecast =
        ours.forecast(usize::try_from(int(&input["horizon"])).expect("a horizon")).expect("a horizon");
    for (h, (mean, allowed)) in
        list(&reference["forecast_mean"]).iter().zip(list(&bar["fit_forecast_abs"])).enumerate()
    {
        faults.near("fitted forecast", float(mean), forecast.mean()[h], float(allowed));
        let se = float(&reference["forecast_se"][h]);
        faults.near("fitted forecast se", se, forecast.standard_error()[h], 0.05 * se);
    }
    let Some(expected) = reference["standard_errors"].as_object() else { return };
    let Some(got) = ours.standard_errors() else {
        if expected
            .values()
            .flat_map(|v| v.as_array().map_or_else(|| vec![v.clone()], Clone::clone))
            .any(|v| v.is_number())
        {
            faults.0.push("no standard errors".into());
        }
        return;
    };
    let blocks = [
        ("ar", &got.ar),
        ("ma", &got.ma),
        ("seasonal_ar", &got.seasonal_ar),
        ("seasonal_ma", &got.seasonal_ma),
    ];
    for (name, values) in blocks {
        for (e, g) in expected[name].as_array().into_iter().flatten().zip(values) {
            if let Some(e) = number(e) {
                faults.near(name, e, *g, 0.05 * e);
            }
        }
    }
    for name in ["mean", "drift"] {
        if let (Some(e), Some(g)) = (number(&expected[name]), got.constant) {
            faults.near(name, e, g, 0.05 * e);
        }
    }
}

pub(crate) fn auto(case: &Value) -> Verdict {
    let (input, expect) = (&case["input"], &case["expect"]);
    let y = series(&input["series"]);
    let period = usize::try_from(int(&input["period"])).expect("a period is positive");
    let mut faults = Faults::default();
    for (search, block, bar) in [
        (Search::Stepwise, "stepwise_default", "bar_stepwise_aicc_max"),
        (Search::Exhaustive, "exhaustive_exact", "bar_exhaustive_aicc_max"),
    ] {
        let Some(most) = number(&expect[bar]) else { continue };
        let theirs = orders(&expect[block], &input["period"]);
        let ours = AutoArima::new().period(period).search(search).fit(&y).expect("a model");
        let got = ours.orders();
        if (got.d, got.seasonal_d) != (theirs.d, theirs.seasonal_d) {
            faults.0.push(format!("{block}: differences of {got} for those of {theirs}"));
        }
        if ours.aicc().is_nan() || ours.aicc() > most {
            faults.0.push(format!("{block}: aicc {} of {got} for at most {most} ({theirs})", ours.aicc()));
        }
    }
    faults.verdict()
}
