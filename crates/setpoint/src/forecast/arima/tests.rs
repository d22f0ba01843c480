use super::likelihood::Likelihood;
use super::*;
use crate::forecast::{Fit, FitError, ForecastError, Forecaster, Scale};
use crate::state::{StateReader, StateWriter};

/// A fixed sequence that looks like noise: no generator is needed.
fn noise(n: usize) -> Vec<f64> {
    let mut x = 0.37_f64;
    (0..n)
        .map(|_| {
            x = 3.99 * x * (1.0 - x);
            x - 0.5
        })
        .collect()
}

fn rates(n: usize) -> Vec<f64> {
    let e = noise(n);
    let mut y = vec![0.0; n];
    for t in 0..n {
        let (last, season) = (if t > 0 { y[t - 1] } else { 0.0 }, if t >= 4 { y[t - 4] } else { 0.0 });
        y[t] = 0.5 * last + 0.4 * season + e[t] + if t > 0 { 0.3 * e[t - 1] } else { 0.0 };
    }
    y.iter().map(|y| 40.0 + 5.0 * y).collect()
}

fn with_gaps(mut y: Vec<f64>, gaps: &[usize]) -> Vec<f64> {
    gaps.iter().for_each(|g| y[*g] = f64::NAN);
    y
}

#[test]
fn the_exact_derivative_is_that_of_differences() {
    let y = rates(120);
    let cases = [
        (Orders::new(2, 0, 2), Constant::Mean, vec![0.4, -0.2, 0.3, 0.25]),
        (Orders::new(1, 1, 1).seasonal(1, 0, 1, 4), Constant::Drift, vec![0.3, -0.4, 0.5, -0.3]),
        (Orders::new(1, 0, 2).seasonal(2, 1, 1, 4), Constant::None, vec![0.6, 0.0, 0.4, 0.2, -0.3, -0.6]),
        (Orders::new(0, 0, 0).seasonal(0, 1, 1, 4), Constant::None, vec![-0.5]),
        (Orders::new(3, 0, 0), Constant::Mean, vec![0.5, 0.0, 0.2]),
    ];
    for (orders, constant, at) in cases {
        let mut l = Likelihood::new(orders, constant, &y, 1, &[]).unwrap();
        let mut gradient = vec![0.0; at.len()];
        assert!(l.evaluate(&at, Some(&mut gradient)).unwrap().1);
        for i in 0..at.len() {
            let mut side = |h: f64| {
                let mut x = at.clone();
                x[i] += h;
                l.evaluate(&x, None).unwrap().0
            };
            let slope = (side(1e-6) - side(-1e-6)) / 2e-6;
            assert!(
                (slope - gradient[i]).abs() < 1e-5 * (1.0 + slope.abs()),
                "{orders} {i}: {slope} {}",
                gradient[i]
            );
        }
    }
}

#[test]
fn a_point_that_is_missing_at_the_front_changes_nothing_but_the_count() {
    // The full filter with a diffuse start and the fast recursion on differences are two routes to one number.
    let y = rates(60);
    for orders in [Orders::new(1, 1, 1), Orders::new(1, 0, 1).seasonal(0, 1, 1, 4), Orders::new(0, 2, 1)] {
        let mut ar = vec![0.4];
        ar.truncate(orders.p);
        let given = Coefficients {
            ar,
            ma: vec![0.3],
            seasonal_ma: vec![-0.5; orders.seasonal_q],
            ..Coefficients::default()
        };
        let model = Arima::new(orders);
        let fast = model.at(&y[..50], &given).unwrap();
        let full = model.at(&with_gaps(y.clone(), &(50..60).collect::<Vec<_>>()), &given).unwrap();
        assert!((fast.log_likelihood() - full.log_likelihood()).abs() < 1e-9, "{orders}");
        assert_eq!(fast.points_used(), full.points_used());
        let ahead = fast.forecast(14).unwrap();
        let behind = full.forecast(4).unwrap();
        for h in 0..4 {
            assert!((ahead.mean()[h + 10] - behind.mean()[h]).abs() < 1e-8);
            assert!((ahead.standard_error()[h + 10] - behind.standard_error()[h]).abs() < 1e-8);
        }
    }
}

#[test]
fn scale_and_place_go_through() {
    let y = rates(100);
    for (orders, constant) in [
        (Orders::new(1, 0, 1), Constant::Mean),
        (Orders::new(1, 1, 1), Constant::None),
        (Orders::new(0, 1, 1), Constant::Drift),
    ] {
        let model = Arima::new(orders).constant(constant);
        let plain = model.fit(&y).unwrap();
        for (c, b) in [(1e-9, 0.0), (1e9, 0.0), (1e3, 1e5), (-2.0, 7.0)] {
            let moved: Vec<f64> = y.iter().map(|y| c * y + b).collect();
            let other = model.fit(&moved).unwrap();
            let (one, two) = (plain.forecast(5).unwrap(), other.forecast(5).unwrap());
            for h in 0..5 {
                let expected = c * one.mean()[h] + b;
                let width = c.abs() * one.standard_error()[h];
                assert!((two.mean()[h] - expected).abs() < 1e-6 * expected.abs(), "{orders} {c} {b}");
                assert!((two.standard_error()[h] - width).abs() < 1e-5 * width, "{orders} {c} {b}");
            }
        }
    }
}

#[test]
fn constant_series_continue_themselves() {
    let flat = AutoArima::new().fit(&[7.5; 30]).unwrap();
    assert_eq!((flat.orders(), flat.sigma2_ml()), (Orders::new(0, 0, 0), 0.0));
    let next = flat.forecast(3).unwrap();
    assert!(
        next.mean().iter().all(|m| (m - 7.5).abs() < 1e-12)
            && next.standard_error().iter().all(|se| *se == 0.0)
    );
    let line: Vec<f64> = (0..40).map(|t| 2.0 + 3.0 * f64::from(t)).collect();
    let trend = AutoArima::new().fit(&line).unwrap().forecast(2).unwrap();
    assert!((trend.mean()[1] - 125.0).abs() < 1e-9, "{:?}", trend.mean());
    let day: Vec<f64> = (0..40).map(|t| f64::from(t % 4)).collect();
    let repeated = AutoArima::new().period(4).fit(&day).unwrap();
    assert!((repeated.forecast(3).unwrap().mean()[2] - 2.0).abs() < 1e-9);
    assert!(
        Arima::new(Orders::new(1, 0, 1)).constant(Constant::Mean).fit(&[4.0; 20]).unwrap().sigma2_ml() == 0.0
    );
}

#[test]
fn series_that_cannot_carry_a_model_say_what_would() {
    let model = Arima::new(Orders::new(1, 1, 1));
    assert_eq!(model.fit(&[]).unwrap_err(), FitError::Empty { needed: 5 });
    assert_eq!(model.fit(&[f64::NAN; 9]).unwrap_err(), FitError::Empty { needed: 5 });
    assert!(matches!(model.fit(&[1.0]).unwrap_err(), FitError::TooShort { observed: 1, needed: 5, .. }));
    assert!(matches!(model.fit(&[1.0, f64::INFINITY]).unwrap_err(), FitError::Infinite { position: 1 }));
    let seasonal = Arima::new(Orders::new(1, 0, 0).seasonal(0, 1, 1, 24));
    assert_eq!(
        seasonal.fit(&rates(40)).unwrap_err(),
        FitError::SeasonTooLong { period: 24, points: 40, needed: 48 }
    );
    assert!(matches!(
        model.clone().constant(Constant::Mean).fit(&rates(40)),
        Err(FitError::Order { field: "constant", .. })
    ));
    let long = Arima::new(Orders::new(0, 0, 1).seasonal(0, 1, 0, 400));
    assert!(matches!(
        long.fit(&with_gaps(rates(900), &[500])),
        Err(FitError::SeasonNeedsFullFilter { period: 400, .. })
    ));
    // One position of the season is never seen.
    let hole: Vec<usize> = (1..80).step_by(4).collect();
    let airline = Arima::new(Orders::new(0, 1, 1).seasonal(0, 1, 1, 4));
    assert_eq!(airline.fit(&with_gaps(rates(80), &hole)).unwrap_err(), FitError::Unidentified);
    assert!(AutoArima::new().fit(&[1.0]).is_err() && AutoArima::new().fit(&[]).is_err());
    let same = vec![1.0; 40];
    let twice = Arima::new(Orders::new(1, 0, 0)).constant(Constant::Mean).regressors(vec![same]);
    assert!(matches!(twice.fit(&rates(40)), Err(FitError::Regressors(_))));
    let logs = model.scale(Scale::BoxCox { lambda: 0.0, bias_adjusted: false });
    assert!(matches!(
        logs.fit(&[3.0, 2.0, 0.0, 4.0, 5.0, 6.0, 2.0]),
        Err(FitError::NotPositive { position: 2 })
    ));
}

#[test]
fn short_series_are_chosen_for_without_a_panic() {
    for n in 3..30 {
        let chosen = AutoArima::new().period(4).fit(&rates(n)).unwrap();
        assert!(chosen.forecast(6).unwrap().mean().iter().all(|m| m.is_finite()), "{n}");
    }
}

#[test]
fn regressors_are_found_and_needed_for_forecasts() {
    let x: Vec<f64> = (0..80).map(|t| f64::from(t * 13 % 17)).collect();
    let y: Vec<f64> = rates(80).iter().zip(&x).map(|(y, x)| y + 2.5 * x).collect();
    let fitted =
        Arima::new(Orders::new(1, 0, 0)).constant(Constant::Mean).regressors(vec![x]).fit(&y).unwrap();
    let se = fitted.standard_errors().unwrap().regression[0];
    assert!((fitted.coefficients().regression[0] - 2.5).abs() < 4.0 * se);
    assert_eq!(fitted.forecast(2).unwrap_err(), ForecastError::Regressors { got: 0, needed: 1 });
    let low = fitted.forecast_with(1, &[vec![0.0]]).unwrap().mean()[0];
    let high = fitted.forecast_with(1, &[vec![4.0]]).unwrap().mean()[0];
    assert!((high - low - 4.0 * fitted.coefficients().regression[0]).abs() < 1e-9);
}

#[test]
fn one_point_at_a_time_is_the_filter_over_all() {
    let y = with_gaps(rates(90), &[70, 71, 80]);
    let model = Arima::new(Orders::new(1, 1, 1).seasonal(0, 1, 1, 4));
    let head = model.fit(&y[..65]).unwrap();
    let mut online = head.online();
    for v in &y[65..] {
        if v.is_nan() {
            online.observe_missing();
        } else {
            online.observe(*v).unwrap();
        }
    }
    let whole = model.at(&y, head.coefficients()).unwrap();
    let (a, b) = (online.forecast(8).unwrap(), whole.forecast(8).unwrap());
    for h in 0..8 {
        assert!((a.mean()[h] - b.mean()[h]).abs() < 1e-7, "{h}: {} {}", a.mean()[h], b.mean()[h]);
        let scale = (head.sigma2_unbiased() / whole.sigma2_unbiased()).sqrt();
        assert!((a.standard_error()[h] - scale * b.standard_error()[h]).abs() < 1e-7);
    }
    let before = online.forecast(3).unwrap();
    assert!(online.observe(f64::INFINITY).is_err() && online.observe(f64::NAN).is_err());
    assert_eq!(online.forecast(3).unwrap(), before);
}

#[test]
fn restored_state_forecasts_the_same_bits() {
    let y = rates(90);
    let fitted = Arima::new(Orders::new(1, 1, 1).seasonal(0, 1, 1, 4)).fit(&y[..60]).unwrap();
    let mut online = fitted.online();
    for (t, v) in y[60..].iter().enumerate() {
        if t % 9 == 4 {
            online.observe_missing();
        } else {
            online.observe(*v).unwrap();
        }
        let mut out = StateWriter::default();
        online.save(&mut out);
        let value = out.finish();
        let mut other = fitted.online();
        other.restore(&StateReader::new("arima", &value).unwrap()).unwrap();
        assert_eq!(other.forecast(6).unwrap(), online.forecast(6).unwrap());
        online = other;
    }
    let mut hostile = StateWriter::default();
    hostile.put("orders", fitted.orders().to_string());
    hostile.put("time", -3_i64);
    let value = hostile.finish();
    let before = online.forecast(2).unwrap();
    assert!(online.restore(&StateReader::new("arima", &value).unwrap()).is_err());
    assert_eq!(online.forecast(2).unwrap(), before);
}

#[test]
fn a_refit_is_due_by_count_or_by_surprise() {
    let fitted = Arima::new(Orders::new(0, 1, 1)).fit(&rates(60)).unwrap();
    let policy = RefitPolicy { refit_every: Some(3), ..RefitPolicy::default() };
    let mut online = fitted.online_with(policy);
    (0..2).for_each(|_| online.observe_missing());
    assert_eq!(online.refit_due(), None);
    online.observe_missing();
    assert_eq!(online.refit_due(), Some(RefitDue::Points(3)));
    let mut surprised = fitted.online();
    for t in 0..20 {
        assert_eq!(surprised.refit_due(), None);
        surprised.observe(40.0 + 400.0 * f64::from(t % 2)).unwrap();
    }
    assert!(matches!(surprised.refit_due(), Some(RefitDue::Surprise(mean)) if mean > 2.5));
    let model = surprised.fitted().coefficients().clone();
    assert!(surprised.refit(&[1.0]).is_err());
    assert_eq!(surprised.fitted().coefficients(), &model);
}

#[test]
fn a_walk_of_breadth_one_is_never_better() {
    let y = rates(100);
    let fit = |breadth| AutoArima::new().breadth(breadth).fit(&y).unwrap().aicc();
    assert!(fit(3) <= fit(1));
}
