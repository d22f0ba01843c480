use super::*;

fn spec() -> Spec {
    Spec {
        target_value: 10.0,
        total_value: 10.0,
        target_burst_capacity: 0.0,
        panic_threshold: 2.0,
        max_scale_up_rate: 1000.0,
        max_scale_down_rate: 2.0,
        stable_window: Duration::from_secs(60),
        reachable: true,
        activation_scale: 0,
        non_finite: NonFinite::Refuse,
    }
}

fn at(s: i64) -> Timestamp {
    Timestamp::from_secs(s)
}

fn tick(spec: &Spec, before: Panic, now: Timestamp, ready: i64, stable: f64, panic: f64) -> Decision {
    decide(spec, before, now, ready, Reading { stable, panic }).unwrap()
}

fn calm(spec: &Spec, ready: i64, stable: f64) -> Decision {
    tick(spec, Panic::default(), at(0), ready, stable, 0.0)
}

#[test]
fn scale_down_rate_lets_one_pod_go_to_zero_and_two_only_to_one() {
    for (ready, expected) in [(1, 0), (2, 1), (3, 1), (100, 50)] {
        assert_eq!(calm(&spec(), ready, 0.0).desired, expected, "{ready} ready");
    }
    let slow = Spec { max_scale_down_rate: 1.1, ..spec() };
    for (ready, expected) in [(1, 0), (2, 1), (100, 90)] {
        assert_eq!(calm(&slow, ready, 0.0).desired, expected, "{ready} ready");
    }
    let unreachable = Spec { reachable: false, ..spec() };
    assert_eq!(calm(&unreachable, 100, 0.0).desired, 0);
}

#[test]
fn every_allowed_up_rate_lets_the_count_grow_by_one() {
    let slow = Spec { max_scale_up_rate: 1.001, panic_threshold: 1e9, ..spec() };
    let d = calm(&slow, 5, 1e6);
    assert_eq!((d.desired, d.bound_by), (6, Some(Limit::RateUp)));
    assert_eq!(calm(&spec(), 0, 1e-300).desired, 1);
}

#[test]
fn panic_is_judged_by_pods_rounded_up_and_before_the_rate_limit() {
    for (ready, panic, over) in [(1, 10.0, false), (1, 10.001, true), (0, 10.001, true), (3, 50.0, false)] {
        let d = tick(&spec(), Panic::default(), at(0), ready, 0.0, panic);
        assert_eq!(d.panic_step == PanicStep::Entered, over, "{ready} ready, {panic}");
    }
    assert_eq!(tick(&spec(), Panic::default(), at(0), 3, 0.0, 50.001).panic_step, PanicStep::Entered);
    let limited = Spec { max_scale_up_rate: 1.5, ..spec() };
    let d = tick(&limited, Panic::default(), at(0), 10, 0.0, 1e6);
    assert_eq!((d.panic_step, d.desired, d.bound_by), (PanicStep::Entered, 15, Some(Limit::RateUp)));
}

#[test]
fn panic_never_falls_and_ends_strictly_after_the_stable_window() {
    let panic = tick(&spec(), Panic::default(), at(0), 2, 90.0, 80.0);
    assert_eq!((panic.desired, panic.panic.max_pods), (9, 9), "the stable window may ask for more");
    let hold = tick(&spec(), panic.panic, at(60), 9, 0.0, 0.0);
    assert_eq!(
        (hold.desired, hold.panic_step, hold.bound_by),
        (9, PanicStep::Holding, Some(Limit::PanicHold))
    );
    assert_eq!(hold.panic_ends_at, Some(Timestamp::from_millis(60_001)));
    let left = tick(&spec(), hold.panic, Timestamp::from_millis(60_001), 9, 0.0, 0.0);
    assert_eq!((left.desired, left.panic_step), (4, PanicStep::Left));
    assert_eq!((left.panic, left.bound_by), (Panic::default(), Some(Limit::RateDown)));
}

#[test]
fn only_a_tick_over_the_threshold_moves_the_deadline() {
    let first = tick(&spec(), Panic::default(), at(0), 2, 40.0, 40.0);
    let rise = tick(&spec(), first.panic, at(10), 8, 100.0, 100.0);
    assert_eq!((rise.desired, rise.panic.since), (10, Some(at(0))));
    let again = tick(&spec(), rise.panic, at(20), 2, 100.0, 100.0);
    assert_eq!((again.panic_step, again.panic.since), (PanicStep::Extended, Some(at(20))));
}

#[test]
fn a_falling_ready_count_starts_panic_at_constant_load() {
    assert_eq!(tick(&spec(), Panic::default(), at(0), 4, 70.0, 70.0).panic_step, PanicStep::Calm);
    let fallen = tick(&spec(), Panic::default(), at(2), 3, 70.0, 70.0);
    assert_eq!((fallen.panic_step, fallen.desired), (PanicStep::Entered, 7));
    let slow = tick(&spec(), fallen.panic, at(62), 3, 70.0, 70.0);
    assert_eq!(slow.panic_step, PanicStep::Extended, "pods that do not become ready prolong it");
}

#[test]
fn the_count_of_creation_holds_in_the_first_panic() {
    let created = Panic { since: None, max_pods: 7 };
    assert_eq!(tick(&spec(), created, at(0), 7, 30.0, 0.0).desired, 3, "not in panic: it does not count");
    let d = tick(&spec(), created, at(0), 1, 30.0, 30.0);
    assert_eq!((d.desired, d.bound_by), (7, Some(Limit::PanicHold)));
}

#[test]
fn a_new_stable_window_counts_at_once() {
    let panic = Panic { since: Some(at(0)), max_pods: 9 };
    let shorter = Spec { stable_window: Duration::from_secs(6), ..spec() };
    assert_eq!(tick(&spec(), panic, at(7), 9, 0.0, 0.0).panic_step, PanicStep::Holding);
    assert_eq!(tick(&shorter, panic, at(7), 9, 0.0, 0.0).panic_step, PanicStep::Left);
}

#[test]
fn activation_scale_beats_the_rates_and_needs_load() {
    let s = Spec { activation_scale: 5, max_scale_up_rate: 2.0, ..spec() };
    let d = calm(&s, 1, 1.0);
    assert_eq!((d.desired, d.bound_by), (5, Some(Limit::Activation)));
    assert_eq!(calm(&s, 1, 0.0).desired, 0);
    assert_eq!(calm(&s, 6, 1.0).desired, 5, "slow scale-down stops at the activation scale");
    assert_eq!(calm(&Spec { activation_scale: 1, ..s }, 1, 1.0).desired, 1);
    let panicking = tick(&Spec { panic_threshold: 1.0, ..s }, Panic::default(), at(0), 1, 0.0, 1.0);
    assert_eq!((panicking.desired, panicking.stable.count), (5, Some(0)));
}

#[test]
fn excess_uses_the_true_ready_count_and_the_panic_reading() {
    let s = Spec { target_burst_capacity: 211.0, total_value: 100.0, ..spec() };
    let excess = |ready, panic| tick(&s, Panic::default(), at(0), ready, 0.0, panic).excess_burst_capacity;
    assert_eq!((excess(0, 0.0), excess(5, 0.5)), (-211, 288));
    let unlimited = Spec { target_burst_capacity: -1.0, ..s };
    assert_eq!(calm(&unlimited, 5, 0.0).excess_burst_capacity, -1);
}

#[test]
fn readings_that_are_no_numbers() {
    let refuse = spec();
    let pass = Spec { non_finite: NonFinite::PassThrough, ..spec() };
    let run =
        |s: &Spec, before, ready, stable, panic| decide(s, before, at(0), ready, Reading { stable, panic });
    let calm = Panic::default();
    for (stable, panic) in [(f64::NAN, 0.0), (0.0, f64::NAN), (f64::INFINITY, 0.0), (0.0, f64::NEG_INFINITY)]
    {
        assert_eq!(run(&refuse, calm, 1, stable, panic), Err(Invalid::InvalidMetric));
    }
    assert_eq!(run(&pass, calm, 3, f64::INFINITY, 0.0).unwrap().desired, 3000);
    assert_eq!(run(&pass, calm, 3, 0.0, f64::NEG_INFINITY).unwrap().desired, 1);
    assert_eq!(run(&pass, calm, 1, f64::NAN, 0.0), Err(Invalid::NotANumber));
    assert_eq!(run(&pass, calm, 1, 30.0, f64::NAN).unwrap().desired, 3);
    let burst = Spec { target_burst_capacity: 1.0, ..pass };
    assert_eq!(run(&burst, calm, 1, 30.0, f64::NAN), Err(Invalid::NotANumber));
    let unlimited = Spec { target_burst_capacity: -1.0, ..pass };
    assert_eq!(run(&unlimited, calm, 1, 30.0, f64::NAN).unwrap().desired, 3);
    let panicking = Panic { since: Some(at(0)), max_pods: 4 };
    assert_eq!(run(&pass, panicking, 1, 30.0, f64::NAN), Err(Invalid::NotANumber));
    let over = decide(&pass, panicking, at(61), 1, Reading { stable: 30.0, panic: f64::NAN });
    assert_eq!(over.unwrap().desired, 3, "it leaves panic in this tick, so the NaN has no effect");
}

#[test]
fn raw_specs_that_no_config_allows_give_no_wrong_numbers() {
    let run = |s: &Spec, stable| decide(s, Panic::default(), at(0), 1, Reading { stable, panic: 0.0 });
    assert_eq!(run(&Spec { target_value: 0.0, ..spec() }, 0.0), Err(Invalid::NotANumber));
    assert_eq!(run(&Spec { max_scale_up_rate: f64::NAN, ..spec() }, 1.0), Err(Invalid::NotANumber));
    assert_eq!(
        run(&Spec { max_scale_up_rate: 1e300, ..spec() }, 1e300).unwrap().desired,
        i64::from(i32::MAX)
    );
    let burst = Spec { target_burst_capacity: f64::NAN, ..spec() };
    assert_eq!(run(&burst, 1.0), Err(Invalid::NotANumber));
}
