use super::*;
use crate::schedule::{Daily, Weekdays};

fn config() -> Config {
    Config::new(Strategy::Kpa, Bounds::new(1, 10).unwrap()).metric("load", 10.0)
}

fn refused(config: Config) -> String {
    config.check().unwrap_err().field.into_owned()
}

fn with(change: fn(&mut Settings)) -> Config {
    let mut settings = Settings::default();
    change(&mut settings);
    config().settings(settings)
}

#[test]
fn defaults_are_upstreams() {
    let checked = config().check().unwrap();
    let Settings {
        max_scale_up_rate,
        max_scale_down_rate,
        scale_up_tolerance,
        scale_down_tolerance,
        panic_threshold,
    } = *checked.settings();
    assert_eq!((max_scale_up_rate, max_scale_down_rate, panic_threshold), (2.0, 2.0, 2.0));
    assert_eq!((scale_up_tolerance, scale_down_tolerance), (0.1, 0.1));
    assert_eq!((checked.stable_window().as_secs(), checked.panic_window().as_secs()), (180, 60));
    let expected = History::new(CooldownRule::Deepen, Duration::ZERO, Duration::from_secs(300));
    assert_eq!(checked.history(), expected);
    assert_eq!((checked.kpa_load(), checked.empty_window()), (KpaLoad::Averages, EmptyWindow::ReadsZero));
}

#[test]
fn numbers_have_ranges() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(config().metric("bad", bad)), "metrics.bad", "{bad}");
    }
    assert_eq!(refused(with(|s| s.max_scale_up_rate = 0.0)), "max_scale_up_rate");
    assert_eq!(refused(with(|s| s.max_scale_down_rate = f64::NAN)), "max_scale_down_rate");
    assert_eq!(refused(with(|s| s.panic_threshold = f64::INFINITY)), "panic_threshold");
    assert_eq!(refused(with(|s| s.scale_up_tolerance = -0.1)), "scale_up_tolerance");
    assert_eq!(refused(with(|s| s.scale_down_tolerance = f64::INFINITY)), "scale_down_tolerance");
    assert!(with(|s| (s.max_scale_up_rate, s.scale_up_tolerance) = (0.5, 0.0)).check().is_ok());
}

#[test]
fn metrics_are_named_once() {
    assert_eq!(refused(Config::new(Strategy::Apa, Bounds::new(1, 10).unwrap())), "metrics");
    assert_eq!(refused(config().external("load", 3.0)), "metrics.load");
    assert_eq!(refused(config().metric("", 3.0)), "metrics.metric name");
}

#[test]
fn windows_are_whole_seconds_within_an_hour_and_the_panic_one_is_not_the_longer() {
    let seconds = Duration::from_secs;
    assert_eq!(refused(config().stable_window(seconds(3_601))), "stable_window");
    assert_eq!(refused(config().stable_window(Duration::from_millis(1_500))), "stable_window");
    assert_eq!(refused(config().stable_window(Duration::ZERO)), "stable_window");
    assert_eq!(refused(config().stable_window(seconds(59))), "panic_window");
    assert_eq!(refused(config().panic_window(seconds(181))), "panic_window");
    assert_eq!(refused(config().panic_window(Duration::ZERO)), "panic_window");
    assert!(config().stable_window(seconds(3_600)).panic_window(seconds(3_600)).check().is_ok());
}

#[test]
fn zones_and_schedules_are_checked() {
    assert_eq!(refused(config().time_zone("Nowhere/Land")), "time_zone");
    let span = Daily::new("01:00".parse().unwrap(), "02:00".parse().unwrap(), Weekdays::ALL).unwrap();
    assert_eq!(refused(config().schedule(Schedule::new("night", span).min(11))), "schedules[0].max_replicas");
}

#[test]
fn annotations_are_read_or_refused() {
    let read = config()
        .annotations([
            ("autoscaling.aibrix.ai/max-scale-up-rate", "4"),
            ("max-scale-down-rate", "1.5"),
            ("scale-up-tolerance", "0"),
            ("scale-down-tolerance", ".2"),
            ("panic-threshold", "1e1"),
            ("scale-up-cooldown-window", "1m30s"),
            ("scale-down-cooldown-window", "0s"),
            ("scale-to-zero", "true"),
            ("kubectl.kubernetes.io/restartedAt", "noon"),
        ])
        .unwrap();
    let settings = Settings {
        max_scale_up_rate: 4.0,
        max_scale_down_rate: 1.5,
        scale_up_tolerance: 0.0,
        scale_down_tolerance: 0.2,
        panic_threshold: 10.0,
    };
    assert_eq!(read.settings, settings);
    assert_eq!((read.scale_up_cooldown, read.scale_down_cooldown), (Duration::from_secs(90), Duration::ZERO));

    for (name, text) in [
        ("max-scale-up-rate", "fast"),
        ("max-scale-up-rate", "NaN"),
        ("max-scale-down-rate", ""),
        ("scale-up-tolerance", "10%"),
        ("scale-down-tolerance", "0,1"),
        ("panic-threshold", "Inf"),
        ("scale-up-cooldown-window", "60"),
        ("scale-down-cooldown-window", "-5s"),
        ("scale-down-cooldown-window", "5 m"),
        ("scale-to-zero", "maybe"),
        ("scale-up-tolerence", "0.1"),
    ] {
        let error = config().annotations([(name, text)]).unwrap_err();
        assert!(error.field.contains(name) || error.value.contains(name), "{name}={text}: {error}");
    }
    let negative = config().annotations([("max-scale-up-rate", "-2")]).unwrap();
    assert_eq!(refused(negative), "max_scale_up_rate");
}

#[cfg(feature = "serde")]
mod document {
    use super::*;

    #[test]
    fn a_document_of_the_bare_minimum_gets_the_defaults() {
        let text =
            r#"{"strategy":"kpa","bounds":{"min":1,"max":10},"metrics":[{"name":"load","target":10}]}"#;
        assert_eq!(serde_json::from_str::<Config>(text).unwrap(), config());
    }

    #[test]
    fn what_is_written_is_read_back() {
        let span =
            Daily::new("08:30".parse().unwrap(), "18:00".parse().unwrap(), Weekdays::named(["mon"]).unwrap());
        let full = config()
            .external("queue", 5.5)
            .stable_window(Duration::from_secs(90))
            .scale_up_cooldown(Duration::from_millis(1_500))
            .schedule(Schedule::new("office", span.unwrap()).min(4))
            .cooldown_rule(CooldownRule::Hold)
            .kpa_load(KpaLoad::Totals)
            .empty_window(EmptyWindow::Fails);
        let text = serde_json::to_string(&full).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), full, "{text}");
    }

    #[test]
    fn reading_goes_through_the_checks() {
        let start = r#""strategy":"apa","bounds":{"min":1,"max":10},"metrics":[{"name":"load","target":10}]"#;
        for (bad, field) in [
            (r#""max_scale_up_rate":0"#, "max_scale_up_rate"),
            (r#""panic_window_ms":500"#, "panic_window"),
            (r#""time_zone":"Nowhere/Land""#, "time_zone"),
            (r#""schedules":[{"name":"a","start":"09:00","end":"08:00","min_replicas":2}]"#, "end"),
            (r#""schedules":[{"name":"a","start":"9:00","end":"10:00","min_replicas":2}]"#, "HH:MM"),
            (
                r#""schedules":[{"name":"a","start":"08:00","end":"09:00","days":[],"min_replicas":2}]"#,
                "days",
            ),
            (r#""schedules":[{"name":"a","start":"08:00","end":"09:00","min_replicas":-1}]"#, "-1"),
            (r#""unknown":1"#, "unknown"),
        ] {
            let error =
                serde_json::from_str::<Config>(&format!("{{{start},{bad}}}")).unwrap_err().to_string();
            assert!(error.contains(field), "{bad}: {error}");
        }
        assert!(serde_json::from_str::<Config>(&format!("{{{start}}}")).is_ok());
        let reversed = start.replace(r#""min":1,"max":10"#, r#""min":9,"max":3"#);
        assert!(serde_json::from_str::<Config>(&format!("{{{reversed}}}")).is_err());
    }
}
