use super::*;

fn of<'a>(texts: &[(&'a str, &'a str)]) -> Annotations<'a> {
    Annotations::new(texts.iter().copied())
}

fn effective(texts: &[(&str, &str)]) -> Effective {
    of(texts).effective(&Settings::default(), 0, Reachability::Unknown)
}

fn valid(texts: &[(&str, &str)]) -> bool {
    of(texts).validate(&Settings::default()).is_ok()
}

#[test]
fn older_spellings_count_unless_the_newer_one_is_there() {
    let e = effective(&[
        ("initialScale", "4"),
        ("maxScale", "9"),
        ("metricAggregationAlgorithm", "weightedExponential"),
        ("minScale", "2"),
        ("panicThresholdPercentage", "300"),
        ("panicWindowPercentage", "50"),
        ("scaleDownDelay", "8s"),
        ("scaleToZeroPodRetentionPeriod", "7s"),
        ("targetBurstCapacity", "5"),
        ("targetUtilizationPercentage", "50"),
        ("progressDeadline", "10s"),
    ]);
    assert_eq!((e.rules.initial_scale, e.rules.max_scale, e.rules.min_scale), (4, 9, 2));
    assert_eq!(
        (e.average(), e.aggregation_algorithm.as_str()),
        (Average::WeightedExponential, "weighted-exponential")
    );
    assert_eq!((e.spec.panic_threshold, e.panic_window.as_secs()), (3.0, 30));
    assert_eq!((e.scale_down_delay.as_secs(), e.rules.retention_period.as_secs()), (8, 7));
    assert_eq!((e.spec.target_burst_capacity, e.spec.target_value), (5.0, 50.0));
    assert_eq!(e.rules.activation_timeout.as_secs(), 40);
    assert_eq!(effective(&[("minScale", "2"), ("min-scale", "3")]).rules.min_scale, 3);
    assert_eq!(effective(&[("minScale", "2"), ("min-scale", "x")]).rules.min_scale, 0, "the newer one wins");
    assert_eq!(effective(&[("activationScale", "5")]).spec.activation_scale, 0, "never had one");
    assert!(!valid(&[("minScale", "-1")]));
}

#[test]
fn names_carry_their_own_prefix_only() {
    let e = effective(&[
        ("autoscaling.knative.dev/min-scale", "2"),
        ("serving.knative.dev/progress-deadline", "10s"),
        ("serving.knative.dev/max-scale", "4"),
        ("example.org/max-scale", "5"),
    ]);
    assert_eq!((e.rules.min_scale, e.rules.max_scale, e.rules.activation_timeout.as_secs()), (2, 0, 40));
}

#[test]
fn in_use_what_does_not_parse_is_absent_and_ranges_are_open() {
    let e = effective(&[
        ("target", "NaN"),
        ("window", "60"),
        ("min-scale", "1.0"),
        ("panic-threshold-percentage", "5"),
    ]);
    assert_eq!((e.spec.target_value, e.spec.stable_window.as_secs()), (70.0, 60));
    assert_eq!((e.rules.min_scale, e.spec.panic_threshold), (0, 0.05));
    let negative =
        effective(&[("scale-down-delay", "-1s"), ("window", "-1s"), ("progress-deadline", "-20s")]);
    assert_eq!((negative.scale_down_delay, negative.spec.stable_window), (Duration::ZERO, Duration::ZERO));
    assert_eq!(negative.rules.activation_timeout.as_secs(), 10);
}

#[test]
fn only_concurrency_is_capped_by_the_containers_limit() {
    let total = |metric, target, limit| {
        let texts = [("metric", metric), ("target", target)];
        of(&texts).effective(&Settings::default(), limit, Reachability::Unknown).spec.total_value
    };
    assert_eq!((total("concurrency", "50", 5), total("concurrency", "50", 0)), (5.0, 50.0));
    assert_eq!((total("concurrency", "2", 5), total("rps", "50", 5)), (2.0, 50.0));
    assert_eq!((total("rps", "", 5), total("cpu", "", 5)), (200.0, 5.0));
}

#[test]
fn initial_scale_of_zero_needs_the_clusters_leave() {
    let open = Settings { allow_zero_initial_scale: true, initial_scale: 3, ..Settings::default() };
    let shut = Settings { initial_scale: 3, ..Settings::default() };
    let zero = of(&[("initial-scale", "0")]);
    assert_eq!(zero.effective(&open, 0, Reachability::Unknown).rules.initial_scale, 0);
    assert_eq!(zero.effective(&shut, 0, Reachability::Unknown).rules.initial_scale, 3);
    assert!(zero.validate(&open).is_ok() && zero.validate(&shut).is_err());
}

#[test]
fn validation_ends_where_the_table_says() {
    for (name, good, bad) in [
        ("target", &["0.01"][..], &["0.0099", "x", ""][..]),
        ("target-utilization-percentage", &["1", "100"], &["0.99", "100.1"]),
        ("target-burst-capacity", &["0", "-1"], &["-0.5", "x"]),
        ("window", &["6s", "1h"], &["5s", "3601s", "6.5s", "-6s", "60"]),
        ("panic-window-percentage", &["1", "100"], &["0.9", "101"]),
        ("panic-threshold-percentage", &["110", "1000"], &["109.9", "1000.1"]),
        ("scale-down-delay", &["0", "1h"], &["3601s", "1.5s", "-1s"]),
        ("scale-to-zero-pod-retention-period", &["0", "1h", "1.5s"], &["3600.1s", "-1s", "x"]),
        ("min-scale", &["0", "2147483647"], &["-1", "2147483648", "x"]),
        ("max-scale", &["0", "5"], &["-1"]),
        ("activation-scale", &["2"], &["1", "0", "x"]),
        ("initial-scale", &["1"], &["0", "-1"]),
        ("metric", &["concurrency", "rps"], &["", "cpu"]),
        ("metric-aggregation-algorithm", &["foo", ""], &[]),
        (
            "class",
            &["kpa.autoscaling.knative.dev", "hpa.autoscaling.knative.dev", "foo", ""],
            &["foo.knative.dev"],
        ),
    ] {
        for text in good {
            assert!(valid(&[(name, text)]), "{name}: {text:?}");
        }
        for text in bad {
            assert_eq!(
                of(&[(name, text)]).validate(&Settings::default()).unwrap_err().field,
                name,
                "{text:?}"
            );
        }
    }
}

#[test]
fn validation_of_scales_looks_at_annotations_only() {
    assert!(valid(&[("min-scale", "5"), ("max-scale", "0")]));
    assert!(!valid(&[("min-scale", "5"), ("max-scale", "4")]));
    assert!(!valid(&[("min-scale", "5"), ("activation-scale", "4")]));
    assert!(!valid(&[("max-scale", "5"), ("activation-scale", "6")]));
    assert!(valid(&[("max-scale", "5"), ("activation-scale", "5")]));
    let cluster = Settings { min_scale: 9, max_scale: 9, max_scale_limit: 9, ..Settings::default() };
    assert!(of(&[("max-scale", "3")]).validate(&cluster).is_ok());
    assert!(of(&[("max-scale", "10")]).validate(&cluster).is_err());
    assert!(of(&[("max-scale", "0")]).validate(&cluster).is_err());
    assert!(of(&[("activation-scale", "20")]).validate(&cluster).is_ok());
}

#[test]
fn metric_and_algorithm_depend_on_the_class() {
    let hpa = ("class", "hpa.autoscaling.knative.dev");
    let kpa = ("class", "kpa.autoscaling.knative.dev");
    assert!(valid(&[hpa, ("metric", "cpu")]) && !valid(&[hpa, ("metric", "")]));
    assert!(!valid(&[kpa, ("metric", "cpu")]) && valid(&[("class", "mine"), ("metric", "")]));
    assert!(!valid(&[kpa, ("metric-aggregation-algorithm", "foo")]));
    for text in ["", "linear", "weighted-exponential", "weightedExponential"] {
        assert!(valid(&[kpa, ("metric-aggregation-algorithm", text)]));
    }
}
