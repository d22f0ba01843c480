use super::super::rules::{Behavior, Policy, Rules};
use super::*;
use crate::state::StateWriter;
use proptest::prelude::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn behavior(up: u64, down: u64) -> FilledBehavior {
    let rules = |period| Rules::new().policies([Policy::pods(5, secs(period))]);
    Behavior::new().up(rules(up)).down(rules(down)).filled(secs(0)).unwrap()
}

fn saved(memory: &ScaleEvents) -> Value {
    let mut out = StateWriter::default();
    memory.save(&mut out);
    out.finish()
}

#[test]
fn changes_of_both_directions_count_towards_the_start() {
    let memory = ScaleEvents::from_events([ScaleEvent::new(at(10), 4)], [ScaleEvent::new(at(20), 3)]);
    assert_eq!(memory.start(Direction::Up, 9, secs(60), at(30)), 8);
    assert_eq!(memory.start(Direction::Down, 9, secs(60), at(30)), 8);
    assert_eq!(memory.start(Direction::Up, 9, secs(15), at(30)), 12);
}

#[test]
fn a_change_as_old_as_the_period_does_not_count() {
    let memory = ScaleEvents::from_events([ScaleEvent::new(at(10), 4)], []);
    assert_eq!(memory.start(Direction::Up, 9, secs(20), at(29)), 5);
    assert_eq!(memory.start(Direction::Up, 9, secs(20), at(30)), 9);
    assert_eq!(memory.next_expiry(secs(20), at(29)), Some(at(30)));
    assert_eq!(memory.next_expiry(secs(20), at(30)), None);
}

#[test]
fn the_last_outdated_slot_is_overwritten_and_one_only() {
    let mut memory = ScaleEvents::from_events([1, 2, 3].map(|n| ScaleEvent::new(at(n), n)), []);
    memory.applied(10, 17, at(100), &behavior(60, 60));
    let changes = |memory: &ScaleEvents| memory.up.iter().map(|e| e.change).collect::<Vec<_>>();
    assert_eq!(changes(&memory), [1, 2, 7]);
    memory.applied(17, 25, at(110), &behavior(60, 60));
    assert_eq!(changes(&memory), [1, 8, 7]);
    // Strictly older than the longest period: at exactly 60 seconds it is not yet outdated.
    let mut memory = ScaleEvents::from_events([ScaleEvent::new(at(40), 1)], []);
    memory.applied(10, 17, at(100), &behavior(60, 60));
    assert_eq!(changes(&memory), [1, 7]);
}

#[test]
fn a_slot_is_recycled_by_its_own_direction_though_the_other_would_still_read_it() {
    let rules = behavior(15, 600);
    let mut memory = ScaleEvents::default();
    memory.applied(4, 8, at(0), &rules);
    assert_eq!(memory.start(Direction::Down, 8, secs(600), at(60)), 4);
    memory.applied(8, 9, at(60), &rules);
    assert_eq!(memory.slots(Direction::Up).len(), 1);
    assert_eq!(memory.start(Direction::Down, 9, secs(600), at(60)), 8);
}

#[test]
fn a_marked_slot_counts_until_it_is_overwritten_also_under_longer_periods() {
    let mut memory = ScaleEvents::default();
    memory.applied(1, 2, at(0), &behavior(15, 15));
    memory.applied(2, 4, at(1), &behavior(15, 15));
    memory.applied(4, 5, at(60), &behavior(15, 15)); // marks both, overwrites the second
    assert_eq!(memory.start(Direction::Up, 5, secs(600), at(61)), 3);
    memory.applied(5, 8, at(61), &behavior(600, 600)); // the first is still marked, and goes
    assert_eq!(memory.slots(Direction::Up).len(), 2);
    assert_eq!(memory.start(Direction::Up, 8, secs(600), at(61)), 4);
}

#[test]
fn no_change_is_no_event() {
    let mut memory = ScaleEvents::default();
    memory.applied(4, 4, at(0), &behavior(15, 15));
    assert_eq!(memory, ScaleEvents::default());
}

#[test]
fn merged_changes_make_no_limit_looser() {
    let rules = behavior(1800, 1800);
    let (mut memory, mut exact) = (ScaleEvents::default(), Vec::new());
    let n = MAX_EVENTS as i64 + 300;
    for t in 0..n {
        memory.applied(t, t + 1, at(t), &rules);
        exact.push(t);
        assert_eq!(memory.merged(), t >= MAX_EVENTS as i64);
    }
    assert_eq!(memory.slots(Direction::Up).len(), MAX_EVENTS);
    let mut tighter = false;
    for now in (n..n + 2000).step_by(7) {
        for period in [1, 100, 900, 1800] {
            let added = exact.iter().filter(|t| **t > now - period as i64).count() as i64;
            let start = |direction| memory.start(direction, 5000, secs(period), at(now));
            assert!(start(Direction::Up) <= 5000 - added, "{now} {period}");
            assert!(start(Direction::Down) >= 5000 - added, "{now} {period}");
            tighter |= start(Direction::Up) < 5000 - added;
        }
    }
    assert!(tighter);
}

#[test]
fn hostile_state_is_refused_and_changes_nothing() {
    let good = ScaleEvents::from_events([ScaleEvent::new(at(10), 4)], [ScaleEvent::new(at(20), 3)]);
    let with = |changes: Value, marks: Value| {
        let fields = Value::Map(vec![("changes".into(), changes), ("marks".into(), marks)]);
        let Value::Map(mut all) = saved(&good) else { panic!() };
        all[1].1 = fields;
        let mut memory = good.clone();
        let result = memory.restore(&StateReader::new("hpa", &Value::Map(all)).unwrap());
        assert!(result.is_ok() || memory == good);
        result.is_ok()
    };
    let pair = |a: i64, b: i64| Value::list([(a, b)]);
    assert!(with(pair(5, 1), pair(5, 0)));
    assert!(!with(pair(5, 0), pair(5, 0)));
    assert!(!with(pair(5, -1), pair(5, 0)));
    assert!(!with(pair(5, 1 << 31), pair(5, 0)));
    assert!(!with(pair(5, 1), pair(6, 0)));
    assert!(!with(pair(5, 1), pair(5, 2)));
    assert!(!with(pair(5, 1), Value::list(Vec::<(i64, i64)>::new())));
    assert!(!with(Value::Null, pair(5, 1)));
    let many = Value::list((0..=MAX_EVENTS as i64).map(|i| (i, 1_i64)));
    assert!(!with(many.clone(), many));
}

proptest! {
    /// A restored memory is equal, and no start changes before the time that is told.
    #[test]
    fn restored_equal_and_never_late(
        moves in prop::collection::vec((0_i64..50, 0_i64..30), 1..30), up in 1_u64..200, down in 1_u64..200,
        period in 1_u64..200, wait in 0_i64..200_000,
    ) {
        let rules = behavior(up, down);
        let (mut now, mut count, mut memory) = (0, 5, ScaleEvents::default());
        for (wait, to) in moves {
            now += wait;
            memory.applied(count, to, at(now), &rules);
            count = to;
        }
        let mut back = ScaleEvents::default();
        back.restore(&StateReader::new("hpa", &saved(&memory)).unwrap()).unwrap();
        prop_assert_eq!(&back, &memory);
        let next = memory.next_expiry(secs(period), at(now));
        let later = at(now) + Duration::from_millis(wait.unsigned_abs());
        for direction in [Direction::Up, Direction::Down] {
            let start = |t| memory.start(direction, count, secs(period), t);
            if next.is_none_or(|t| later < t) {
                prop_assert_eq!(start(later), start(at(now)));
            }
        }
    }
}
