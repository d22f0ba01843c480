use super::*;
use proptest::prelude::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn memory(records: &[(i64, i64)]) -> Recommendations {
    Recommendations::from_records(records.iter().map(|(t, n)| Record { at: at(*t), replicas: *n }))
}

const fn both(up: u64, down: u64) -> Windows {
    Windows::Both { up: Duration::from_secs(up), down: Duration::from_secs(down) }
}

const DOWN: Windows = Windows::Down(Duration::from_secs(300));

#[test]
fn a_record_as_old_as_the_window_counts_without_a_behavior_and_not_with_one() {
    let memory = memory(&[(0, 8)]);
    assert_eq!(stabilize(&memory, DOWN, at(300), 8, 3).replicas, 8);
    assert_eq!(stabilize(&memory, DOWN, at(300) + INSTANT, 8, 3).replicas, 3);
    assert_eq!(stabilize(&memory, both(0, 300), at(300) - INSTANT, 8, 3).replicas, 8);
    assert_eq!(stabilize(&memory, both(0, 300), at(300), 8, 3).replicas, 3);
}

#[test]
fn without_a_behavior_a_higher_recommendation_raises_above_the_present_count() {
    let got = stabilize(&memory(&[(0, 9)]), DOWN, at(60), 4, 5);
    assert_eq!((got.replicas, got.reason), (9, AbleToScale::ScaleDownStabilized));
    assert_eq!(got.highest_by, Some(Record { at: at(0), replicas: 9 }));
    assert_eq!((got.lowest, got.lowest_by), (None, None));
}

#[test]
fn with_a_behavior_a_stabilized_step_holds_and_does_not_reverse() {
    let memory = memory(&[(0, 9), (1, 2)]);
    let up = stabilize(&memory, both(300, 300), at(60), 4, 6);
    assert_eq!((up.replicas, up.reason), (4, AbleToScale::ScaleUpStabilized));
    assert_eq!((up.lowest, up.highest), (Some(2), 9));
    let down = stabilize(&memory, both(300, 300), at(60), 8, 6);
    assert_eq!((down.replicas, down.reason), (8, AbleToScale::ScaleDownStabilized));
    // Beyond all recommendations the present count is pulled to the nearest of them.
    assert_eq!(stabilize(&memory, both(300, 300), at(60), 20, 6).replicas, 9);
    assert_eq!(stabilize(&memory, both(300, 300), at(60), 1, 6).replicas, 2);
}

#[test]
fn windows_of_0_let_everything_through() {
    let memory = memory(&[(0, 9), (60, 1)]);
    let got = stabilize(&memory, both(0, 0), at(60), 4, 6);
    assert_eq!((got.replicas, got.reason, got.next_change_at), (6, AbleToScale::ReadyForNewScale, None));
}

#[test]
fn the_first_step_holds_against_the_present_count() {
    let none = Recommendations::default();
    assert_eq!(stabilize(&none, DOWN, at(0), 8, 3).replicas, 8);
    assert_eq!(stabilize(&none, both(0, 300), at(0), 8, 3).replicas, 8);
    assert_eq!(stabilize(&none, both(0, 0), at(0), 8, 3).replicas, 3);
    assert_eq!(stabilize(&none, both(60, 0), at(0), 8, 12).replicas, 8);
}

#[test]
fn the_first_step_records_the_present_count_even_without_a_proposal() {
    let mut memory = Recommendations::default();
    record(&mut memory, DOWN, at(0), 8, None);
    record(&mut memory, DOWN, at(15), 4, Some(2));
    let highest = |edge| memory.highest_since(at(edge)).map(|r| r.replicas);
    assert_eq!((highest(0), highest(1)), (Some(8), Some(2)));
}

#[test]
fn a_window_that_is_lengthened_finds_what_a_shorter_one_let_go() {
    let mut memory = memory(&[(0, 9)]);
    for t in 1..20 {
        record(&mut memory, both(0, 60), at(t * 60), 3, Some(3));
    }
    assert_eq!(stabilize(&memory, both(0, 60), at(1200), 9, 3).replicas, 3);
    assert_eq!(stabilize(&memory, both(0, 3600), at(1200), 9, 3).replicas, 9);
}

#[test]
fn the_horizon_covers_the_longest_window_of_a_behavior_and_the_present_one() {
    assert_eq!(DOWN.horizon(), LONGEST_WINDOW);
    let day = Duration::from_secs(86_400);
    assert_eq!(Windows::Down(day).horizon(), day);
}

#[test]
fn the_next_change_is_the_very_instant_at_which_the_record_stops_counting() {
    let memory = memory(&[(0, 8), (10, 1)]);
    for (windows, proposal, next) in [
        (DOWN, 3, at(300) + INSTANT),
        (both(0, 300), 3, at(300)),
        (both(200, 0), 9, at(210)),
        (both(200, 300), 3, at(210)),
    ] {
        let now = |t| stabilize(&memory, windows, t, 5, proposal);
        assert_eq!(now(at(20)).next_change_at, Some(next), "{windows:?}");
        let changed =
            |t: Timestamp| (now(t).lowest, now(t).highest) != (now(at(20)).lowest, now(at(20)).highest);
        assert!(changed(next) && !changed(next - INSTANT), "{windows:?}");
    }
}

proptest! {
    /// The rule as the source states it, on a plain list; and no answer changes before the time that is told.
    #[test]
    fn as_stated_and_never_late(
        records in prop::collection::vec((0_i64..400, 0_i64..12), 1..12), up in 0_u64..200, down in 0_u64..200,
        with_behavior: bool, current in 1_i64..12, proposal in 0_i64..12, wait in 0_i64..400_000,
    ) {
        let memory = memory(&records);
        let now = at(400);
        let windows = if with_behavior { both(up, down) } else { Windows::Down(Duration::from_secs(down)) };
        let got = stabilize(&memory, windows, now, current, proposal);
        let inside = |window: u64, strict: bool| {
            let edge = 400 - window as i64;
            records.iter().filter(move |(t, _)| *t > edge || (!strict && *t == edge)).map(|(_, n)| *n)
        };
        let expected = if with_behavior {
            let lo = inside(up, true).chain([proposal]).min().unwrap();
            let hi = inside(down, true).chain([proposal]).max().unwrap();
            current.max(lo).min(hi)
        } else {
            inside(down, false).chain([proposal]).max().unwrap()
        };
        prop_assert_eq!(got.replicas, expected);
        let later = now + Duration::from_millis(wait.unsigned_abs());
        if got.next_change_at.is_none_or(|t| later < t) {
            prop_assert_eq!(stabilize(&memory, windows, later, current, proposal).replicas, got.replicas);
        } else {
            prop_assert!(got.next_change_at > Some(now));
        }
    }
}
