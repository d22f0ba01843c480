use super::super::{Annotations, Settings, Statistic};
use super::*;

#[test]
fn the_default_is_what_the_platform_does_without_any_setting() {
    let platform = Annotations::default().effective(&Settings::default(), 0, Reachability::Unknown);
    let config = Config::default();
    config.check().unwrap();
    assert_eq!(config.spec(), platform.spec);
    assert_eq!(config.rules(), platform.rules);
    assert_eq!(config.delay(), platform.scale_down_delay);
    let rps = Annotations::new([("metric", "rps")]);
    let platform = rps.effective(&Settings::default(), 0, Reachability::Unknown);
    assert_eq!(config.metric(Metric::Rps).spec(), platform.spec);
}

#[test]
fn every_range_has_its_door() {
    let c = Config::default;
    let ms = Duration::from_millis;
    for (field, bad) in [
        ("target", c().target(0.009)),
        ("target", c().target(0.01)),
        ("target", c().target(f64::INFINITY)),
        ("target", c().target(f64::NAN)),
        ("utilization", c().utilization(0.0)),
        ("utilization", c().utilization(1.01)),
        ("stable_window", c().stable_window(ms(5_000))),
        ("stable_window", c().stable_window(ms(6_500))),
        ("stable_window", c().stable_window(ms(3_601_000))),
        ("panic_window_percentage", c().panic_window_percentage(0.9)),
        ("panic_threshold_percentage", c().panic_threshold_percentage(109.0)),
        ("panic_threshold_percentage", c().panic_threshold_percentage(f64::NAN)),
        ("max_scale_up_rate", c().max_scale_up_rate(1.0)),
        ("max_scale_up_rate", c().max_scale_up_rate(f64::INFINITY)),
        ("max_scale_down_rate", c().max_scale_down_rate(1.0)),
        ("scale_down_delay", c().scale_down_delay(ms(1_500))),
        ("target_burst_capacity", c().target_burst_capacity(-0.5)),
        ("target_burst_capacity", c().target_burst_capacity(f64::INFINITY)),
        ("activation_scale", c().activation_scale(1)),
        ("activation_scale", c().min_scale(4).activation_scale(3)),
        ("activation_scale", c().max_scale(4).activation_scale(5)),
        ("min_scale", c().min_scale(5).max_scale(4)),
        ("max_scale", c().max_scale(u32::MAX)),
        ("initial_scale", c().initial_scale(u32::MAX)),
        ("grace_period", c().grace_period(Duration::ZERO)),
        ("retention_period", c().retention_period(Duration::from_nanos(1))),
        ("progress_deadline", c().progress_deadline(Duration::from_nanos(1))),
    ] {
        assert_eq!(bad.check().unwrap_err().field, field, "{bad:?}");
    }
    c().target(0.01).utilization(1.0).max_scale(2).min_scale(2).activation_scale(2).check().unwrap();
}

#[test]
fn an_update_resizes_windows_but_changes_the_delay_only_on_request() {
    let at = Timestamp::from_secs;
    let before = Config::default();
    let (mut scaler, mut collector) = (before.scaler(at(0), 1), before.collector().unwrap());
    collector.record(at(0), Statistic { concurrency: 12.0, ..Statistic::default() });
    let after = Config::default()
        .stable_window(Duration::from_secs(6))
        .average(Average::WeightedExponential)
        .scale_down_delay(Duration::from_secs(60));
    let created = scaler.clone();
    after.update(&mut scaler, &mut collector, at(5)).unwrap();
    assert_eq!(scaler, created);
    // Six buckets remain, of which five are silent; a linear average still, over the old number of buckets.
    assert_eq!(after.read(&collector, at(0)).unwrap().stable, 2.0);
    assert_eq!(after.read(&collector, at(7)), None);
    after.clone().follow_delay(true).update(&mut scaler, &mut collector, at(5)).unwrap();
    assert_ne!(scaler, created);
    let bad = Config::default().stable_window(Duration::ZERO).follow_delay(true);
    let kept = (scaler.clone(), collector.clone());
    assert!(bad.update(&mut scaler, &mut collector, at(5)).is_err());
    assert_eq!((scaler, collector), kept);
}

#[cfg(feature = "serde")]
#[test]
fn written_form_goes_through_the_same_door() {
    let config = Config::default()
        .target(12.5)
        .metric(Metric::Rps)
        .stable_window(Duration::from_secs(90))
        .average(Average::WeightedExponential)
        .reachability(Reachability::Unreachable);
    let text = serde_json::to_string(&config).unwrap();
    assert!(text.contains("\"stable_window_ms\":90000"), "{text}");
    assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config);
    assert_eq!(serde_json::from_str::<Config>("{}").unwrap(), Config::default());
    let error = serde_json::from_str::<Config>(r#"{"stable_window_ms": 5000}"#).unwrap_err();
    assert!(error.to_string().starts_with("stable_window is 5s"), "{error}");
    assert!(serde_json::from_str::<Config>(r#"{"stable_windw_ms": 6000}"#).is_err());
}
