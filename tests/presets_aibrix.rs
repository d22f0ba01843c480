//! The AIBrix preset at the height of snapshots: the rules that no vector pins, from the specification.

use setpoint::aibrix::{Config, CooldownRule, EmptyWindow, KpaLoad, Schedule, Settings, Status, Strategy};
use setpoint::reason::aibrix::{AibrixReason, Mode, Rule};
use setpoint::reason::{Failure, Reason, RestraintReason};
use setpoint::schedule::{Daily, Weekdays};
use setpoint::{Autoscaler, Bounds, Decision, Outcome, Snapshot, Timestamp};
use std::time::Duration;

const S: fn(i64) -> Timestamp = Timestamp::from_secs;
const SECONDS: fn(u64) -> Duration = Duration::from_secs;

/// Monday 13 November 2023, 00:00 UTC.
const MONDAY: i64 = 1_699_833_600;
const HOUR: i64 = 3_600;

fn config(strategy: Strategy, min: u32, max: u32) -> Config {
    Config::new(strategy, Bounds::new(min, max).unwrap()).metric("load", 10.0).scale_down_cooldown(SECONDS(0))
}

fn span(start: &str, end: &str) -> Daily {
    Daily::new(start.parse().unwrap(), end.parse().unwrap(), Weekdays::ALL).unwrap()
}

fn build(config: Config) -> Autoscaler {
    Autoscaler::aibrix(config).unwrap()
}

/// A fleet in which every instance has the same load.
fn seen(at: i64, replicas: u32, load: f64) -> Snapshot<'static> {
    Snapshot::at(S(at)).replicas(replicas).samples("load", vec![load; 3]).unwrap()
}

fn said(decision: &Decision) -> Vec<AibrixReason> {
    let of = |reason| match reason {
        Reason::Aibrix { reason } => Some(reason),
        _ => None,
    };
    decision.reasons().iter().filter_map(|explained| of(explained.reason)).collect()
}

#[test]
fn a_decision_reads_as_a_sentence_and_replays() {
    let decision = build(config(Strategy::Apa, 1, 20)).decide(&seen(0, 4, 50.0));
    assert_eq!(decision.to_string(), "4 -> 8: load 50 of 10 asks for 8 (scale-up rate); load decides: 8");
    assert_eq!(decision.replay(), Some(8));
    assert_eq!(Status::of(Strategy::Apa, &decision).unwrap().to_string(), "apa above target");
}

#[test]
fn the_largest_of_the_metrics_wins_and_the_first_of_equals() {
    let two = config(Strategy::Apa, 1, 20).external("queue", 100.0);
    let decision = build(two).decide(&seen(0, 4, 15.0).value("queue", 150.0).unwrap());
    assert!(said(&decision).contains(&AibrixReason::Recommended { metric: 0, count: 6 }));
    let two = config(Strategy::Apa, 1, 20).external("queue", 100.0);
    let decision = build(two).decide(&seen(0, 4, 12.0).value("queue", 170.0).unwrap());
    assert!(said(&decision).contains(&AibrixReason::Recommended { metric: 1, count: 7 }));
}

#[test]
fn the_gate_leaves_windows_and_recommendations_alone() {
    let mut scaler = build(config(Strategy::Apa, 2, 10).scale_up_cooldown(SECONDS(600)));
    let fresh = scaler.save().unwrap();
    let strip = |value: &setpoint::state::Value| {
        let from = setpoint::state::StateReader::new("a", value).unwrap();
        from.list("stages").unwrap().to_vec()
    };
    for (replicas, decided, status) in
        [(0, 0, Status::Disabled), (1, 2, Status::BelowMinimum), (11, 10, Status::AboveMaximum)]
    {
        let decision = scaler.decide(&seen(0, replicas, 1_000.0));
        assert_eq!((decision.replicas(), decision.outcome()), (decided, Outcome::Settled));
        assert_eq!(Status::of(Strategy::Apa, &decision), Some(status));
        assert_eq!(strip(&scaler.save().unwrap()), strip(&fresh));
    }
}

#[test]
fn a_schedule_with_its_own_minimum_wakes_from_zero_and_one_without_does_not() {
    let at = MONDAY + 8 * HOUR + 17 * 60;
    let office = Schedule::new("office", span("08:17", "18:42"));
    let mut waking = build(config(Strategy::Apa, 1, 10).schedule(office.clone().min(4)));
    assert_eq!(waking.decide(&seen(at - 1, 0, 0.0)).replicas(), 0);
    let decision = waking.decide(&seen(at, 0, 0.0));
    assert_eq!(decision.replicas(), 4);
    assert_eq!(
        said(&decision),
        [AibrixReason::Scheduled { schedule: 0, min: 4, max: 10 }, AibrixReason::BelowMin { count: 4 }]
    );
    let mut asleep = build(config(Strategy::Apa, 1, 10).schedule(office.max(8)));
    assert_eq!(said(&asleep.decide(&seen(at, 0, 0.0)))[1], AibrixReason::Disabled);
}

#[test]
fn the_edges_of_a_schedule_are_announced() {
    let (start, end) = (MONDAY + 8 * HOUR + 17 * 60, MONDAY + 18 * HOUR + 42 * 60);
    let mut scaler =
        build(config(Strategy::Apa, 0, 10).schedule(Schedule::new("day", span("08:17", "18:42")).min(4)));
    let gated = scaler.decide(&Snapshot::at(S(MONDAY)).replicas(2));
    assert_eq!((gated.outcome(), gated.next_change_at()), (Outcome::Held, Some(S(start))));
    assert_eq!(scaler.decide(&Snapshot::at(S(start))).replicas(), 4);
    let inside = scaler.decide(&Snapshot::at(S(start)).replicas(4));
    assert_eq!(inside.next_change_at(), Some(S(end)));
    assert_eq!(
        scaler.decide(&seen(start + 1, 5, 10.0)).next_change_at(),
        Some(S(start + 2)),
        "the next second"
    );
}

#[test]
fn schedules_go_by_the_clock_of_their_zone() {
    // 08:45 in Kathmandu, 5:45 ahead, is 03:00 UTC.
    let day = Schedule::new("day", span("08:45", "17:15")).min(6);
    let mut scaler = build(config(Strategy::Apa, 1, 10).time_zone("Asia/Kathmandu").schedule(day));
    assert_eq!(scaler.decide(&seen(MONDAY + 3 * HOUR - 1, 2, 10.0)).replicas(), 2);
    assert_eq!(scaler.decide(&seen(MONDAY + 3 * HOUR, 2, 10.0)).replicas(), 6);
    assert_eq!(scaler.decide(&seen(MONDAY + 11 * HOUR + 1_799, 2, 10.0)).replicas(), 6);
    assert_eq!(scaler.decide(&seen(MONDAY + 11 * HOUR + 1_800, 2, 10.0)).replicas(), 2);
    // Sunday 20:00 UTC is Monday there.
    let monday =
        Daily::new("01:00".parse().unwrap(), "02:00".parse().unwrap(), Weekdays::named(["MON"]).unwrap());
    let day = Schedule::new("night", monday.unwrap()).min(6);
    let mut scaler = build(config(Strategy::Apa, 1, 10).time_zone("Asia/Kathmandu").schedule(day));
    assert_eq!(scaler.decide(&seen(MONDAY - 4 * HOUR - 1_800, 2, 10.0)).replicas(), 6);
    assert_eq!(scaler.decide(&seen(MONDAY + 20 * HOUR, 2, 10.0)).replicas(), 2, "that is Tuesday");
}

#[test]
fn the_bounds_of_the_hour_come_after_the_cooldown() {
    let schedules = [
        Schedule::new("low", span("01:00", "02:00")).max(5),
        Schedule::new("high", span("02:00", "03:00")).min(4),
    ];
    let config = || {
        let config = config(Strategy::Apa, 1, 20).stable_window(SECONDS(1)).panic_window(SECONDS(1));
        let config = config.scale_up_cooldown(SECONDS(60)).scale_down_cooldown(SECONDS(60));
        schedules.iter().fold(config, |config, schedule| config.schedule(schedule.clone()))
    };
    // Nine are recommended in the last second before the maximum is 5.
    let mut scaler = build(config());
    assert_eq!(scaler.decide(&seen(MONDAY + HOUR - 1, 5, 18.0)).replicas(), 9);
    let decision = scaler.decide(&seen(MONDAY + HOUR + 5, 3, 12.0));
    assert_eq!(decision.replicas(), 5);
    assert!(said(&decision).contains(&AibrixReason::Recommended { metric: 0, count: 4 }));
    assert_eq!(
        decision.reasons().last().unwrap().reason,
        Reason::Restraint { reason: RestraintReason::UpperBound { from: 9, to: 5 } }
    );
    // Two are recommended in the last second before the minimum is 4.
    let mut scaler = build(config());
    assert_eq!(scaler.decide(&seen(MONDAY + 2 * HOUR - 1, 4, 5.0)).replicas(), 2);
    let decision = scaler.decide(&seen(MONDAY + 2 * HOUR + 5, 8, 8.0));
    assert!(said(&decision).contains(&AibrixReason::Recommended { metric: 0, count: 7 }));
    assert_eq!(
        decision.reasons().last().unwrap().reason,
        Reason::Restraint { reason: RestraintReason::LowerBound { from: 2, to: 4 } }
    );
    assert_eq!((decision.replicas(), decision.replay()), (4, Some(4)));
}

#[test]
fn with_no_reading_at_all_nothing_is_decided_or_remembered() {
    let mut scaler = build(config(Strategy::Apa, 1, 20).scale_down_cooldown(SECONDS(300)));
    scaler.decide(&seen(0, 8, 5.0));
    let failed = scaler.decide(&Snapshot::at(S(10)).replicas(8).samples("load", &[f64::NAN; 8]).unwrap());
    assert_eq!((failed.replicas(), failed.outcome()), (8, Outcome::Held));
    assert_eq!(Status::of(Strategy::Apa, &failed), None);
    assert_eq!(said(&failed), [AibrixReason::LeftOut { metric: 0, failure: Failure::NoReadySamples }]);
    let missing = scaler.decide(&Snapshot::at(S(20)).replicas(8));
    assert_eq!(said(&missing), [AibrixReason::LeftOut { metric: 0, failure: Failure::MissingMetric }]);
    // The recommendation of 4 at second 0 still counts until 300, and only that one.
    assert_eq!(scaler.decide(&seen(299, 8, 60.0)).replicas(), 16);
    assert_eq!(scaler.decide(&Snapshot::at(S(299)).replicas(8)).outcome(), Outcome::Held);
}

#[test]
fn a_metric_that_failed_is_left_out() {
    let mut scaler = build(config(Strategy::Apa, 1, 20).external("queue", 10.0));
    let decision = scaler.decide(&seen(0, 8, 5.0).value("queue", f64::NAN).unwrap());
    assert_eq!(decision.replicas(), 4, "as upstream: what the queue asks for is not known");
    assert!(said(&decision).contains(&AibrixReason::LeftOut { metric: 1, failure: Failure::InvalidReading }));
}

#[test]
fn with_nobody_to_ask_old_readings_hold_however_old() {
    let mut scaler = build(config(Strategy::Apa, 1, 20));
    scaler.decide(&seen(0, 4, 20.0));
    let nobody = Snapshot::at(S(1_000_000)).replicas(4).samples("load", &[]).unwrap();
    let decision = scaler.decide(&nobody);
    assert_eq!(decision.replicas(), 8);
    assert_eq!(said(&decision)[0], AibrixReason::Unfed { metric: 0, buckets: 1 });
}

#[test]
fn windows_never_fed_read_zero_unless_they_are_to_fail() {
    let nobody = || Snapshot::at(S(0)).replicas(8).samples("load", &[]).unwrap();
    assert_eq!(build(config(Strategy::Apa, 1, 20)).decide(&nobody()).replicas(), 4);
    let mut careful = build(config(Strategy::Apa, 1, 20).empty_window(EmptyWindow::Fails));
    let decision = careful.decide(&nobody());
    assert_eq!((decision.replicas(), decision.outcome()), (8, Outcome::Held));
    assert_eq!(said(&decision), [AibrixReason::LeftOut { metric: 0, failure: Failure::NoData }]);
}

#[test]
fn kpa_takes_averages_for_totals_and_says_so() {
    let decision = build(config(Strategy::Kpa, 1, 20)).decide(&seen(0, 5, 15.0));
    assert_eq!(decision.replicas(), 2);
    assert!(said(&decision).contains(&AibrixReason::AverageAsTotal { metric: 0 }));

    let decision = build(config(Strategy::Kpa, 1, 20).kpa_load(KpaLoad::Totals)).decide(&seen(0, 5, 15.0));
    assert_eq!(decision.replicas(), 8);
    assert!(!said(&decision).contains(&AibrixReason::AverageAsTotal { metric: 0 }));

    // A total from outside is right either way.
    for load in [KpaLoad::Averages, KpaLoad::Totals] {
        let outside =
            Config::new(Strategy::Kpa, Bounds::new(1, 20).unwrap()).external("queue", 10.0).kpa_load(load);
        let decision = build(outside).decide(&Snapshot::at(S(0)).replicas(5).value("queue", 75.0).unwrap());
        assert_eq!(decision.replicas(), 8);
        assert!(!said(&decision).iter().any(|reason| matches!(reason, AibrixReason::AverageAsTotal { .. })));
    }
}

#[test]
fn no_load_is_a_panic_and_shrinks_all_the_same() {
    let decision = build(config(Strategy::Kpa, 0, 20)).decide(&seen(0, 8, 0.0));
    assert_eq!(decision.replicas(), 4);
    let panics = |reason: &AibrixReason| {
        matches!(reason, AibrixReason::Kpa { mode: Mode::Panic, by: Rule::DownRate, count: 4, .. })
    };
    assert!(said(&decision).iter().any(panics));
}

#[test]
fn the_cooldown_deepens_and_the_corrected_form_holds() {
    let with = |rule| {
        let quick = config(Strategy::Apa, 1, 20).stable_window(SECONDS(1)).panic_window(SECONDS(1));
        let mut scaler = build(quick.scale_down_cooldown(SECONDS(300)).cooldown_rule(rule));
        scaler.decide(&seen(0, 4, 5.0));
        let later = scaler.decide(&seen(100, 10, 8.0));
        (
            later.replicas(),
            scaler.decide(&seen(299, 10, 8.0)).replicas(),
            scaler.decide(&seen(300, 10, 8.0)).replicas(),
        )
    };
    assert_eq!(with(CooldownRule::Deepen), (2, 2, 8));
    assert_eq!(with(CooldownRule::Hold), (8, 8, 8));
}

#[test]
fn a_changed_configuration_keeps_recommendations_and_windows_of_the_same_lengths() {
    let base = || config(Strategy::Apa, 1, 20).scale_down_cooldown(SECONDS(300));
    let mut scaler = build(base());
    scaler.decide(&seen(0, 4, 5.0));
    // Another rate: the window still averages 5 and 9, and 2 was recommended.
    let rates = Settings { max_scale_down_rate: 4.0, ..Settings::default() };
    let mut other = scaler.clone();
    assert!(other.reconfigure(build(base().settings(rates)), S(10)).unwrap().is_empty());
    assert_eq!(other.decide(&seen(10, 10, 9.0)).replicas(), 2);
    // Another window: it starts empty and averages 9 alone.
    let mut other = scaler.clone();
    other.reconfigure(build(base().stable_window(SECONDS(90))), S(10)).unwrap();
    assert_eq!(other.decide(&seen(10, 10, 9.0)).replicas(), 10);
    // Another cooldown: what was recommended is not forgotten.
    scaler.reconfigure(build(base().scale_down_cooldown(SECONDS(900))), S(10)).unwrap();
    assert_eq!(scaler.decide(&seen(899, 10, 4.0)).replicas(), 2);
}

#[test]
fn state_of_other_metrics_is_refused_whole() {
    let mut scaler = build(config(Strategy::Apa, 1, 20));
    scaler.decide(&seen(0, 4, 5.0));
    let saved = scaler.save().unwrap();
    let bounds = Bounds::new(1, 20).unwrap();
    let mut other =
        build(Config::new(Strategy::Apa, bounds).metric("lood", 10.0).scale_down_cooldown(SECONDS(0)));
    let before = other.clone();
    assert!(other.restore(&saved).is_err());
    assert_eq!(other, before);
    let mut more = build(config(Strategy::Apa, 1, 20).external("queue", 1.0));
    assert!(more.restore(&saved).is_err());
}
