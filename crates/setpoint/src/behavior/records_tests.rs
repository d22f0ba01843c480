use super::*;
use crate::state::StateWriter;
use proptest::prelude::*;

const HORIZON: Duration = Duration::from_secs(3600);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn saved(memory: &Recommendations) -> Value {
    let mut out = StateWriter::default();
    memory.save(&mut out);
    out.finish()
}

#[test]
fn nothing_recorded_answers_nothing() {
    let memory = Recommendations::default();
    assert!(!memory.recorded());
    assert_eq!(memory.highest_since(Timestamp::MIN), None);
    assert_eq!(memory.lowest_since(Timestamp::MIN), None);
}

#[test]
fn records_beyond_the_horizon_are_dropped_and_having_recorded_is_not() {
    let mut memory = Recommendations::default();
    memory.record(at(0), 9, HORIZON);
    memory.record(at(3600), 5, HORIZON);
    assert_eq!(memory.highest_since(Timestamp::MIN).unwrap().replicas, 9);
    memory.record(at(3601), 5, HORIZON);
    assert_eq!(memory.highest_since(Timestamp::MIN).unwrap().replicas, 5);
    assert!(memory.recorded());
}

#[test]
fn a_time_before_the_newest_is_taken_for_the_newest() {
    let mut memory = Recommendations::default();
    memory.record(at(100), 5, HORIZON);
    memory.record(at(50), 3, HORIZON);
    assert_eq!(memory.lowest_since(at(100)), Some(Record { at: at(100), replicas: 3 }));
}

#[test]
fn merging_keeps_the_careful_count_for_the_longer_time() {
    let mut memory = Recommendations::default();
    let n = MAX_RECORDS as i64 + 2;
    for i in 0..n {
        memory.record(at(i), n - i, HORIZON);
        assert_eq!(memory.merged(), i >= MAX_RECORDS as i64, "{i}");
    }
    // Three records became one: the highest count, at the time of the third.
    assert_eq!(memory.highest_since(at(2)), Some(Record { at: at(2), replicas: n }));
    assert_eq!(memory.highest_since(at(3)), Some(Record { at: at(3), replicas: n - 3 }));
    memory.record(at(n), n, HORIZON);
    assert!(memory.merged(), "the lows still hold two");
}

#[test]
fn hostile_state_is_refused_and_changes_nothing() {
    let good = Recommendations::from_records(
        [(0, 9), (1, 5), (2, 7)].map(|(t, n)| Record { at: at(t), replicas: n }),
    );
    let pairs = |list: &[(i64, i64)]| Value::list(list.iter().map(|(t, n)| (at(*t), *n)));
    let bad = [
        ("recorded", Value::Bool(false)),
        ("recorded", Value::Int(1)),
        ("highs", Value::Null),
        ("highs", pairs(&[(0, 9), (1, 9), (2, 7)])),
        ("highs", pairs(&[(1, 9), (0, 8), (2, 7)])),
        ("highs", pairs(&[(0, 9), (3, 7)])),
        ("lows", pairs(&[])),
        ("lows", pairs(&[(0, 7), (2, 7)])),
        ("highs", pairs(&[(0, 1 << 40), (2, 7)])),
        ("highs", pairs(&[(0, i64::MIN), (2, 7)])),
        ("highs", pairs(&(0..=MAX_RECORDS as i64).map(|i| (i, 5000 - i)).collect::<Vec<_>>())),
        ("merged", Value::Null),
    ];
    for (field, value) in bad {
        let Value::Map(mut fields) = saved(&good) else { panic!() };
        fields.iter_mut().find(|(name, _)| name == field).unwrap().1 = value.clone();
        let mut memory = good.clone();
        let changed = Value::Map(fields);
        let from = StateReader::new("hpa", &changed).unwrap();
        assert!(memory.restore(&from).is_err(), "{field} {value:?}");
        assert_eq!(memory, good);
    }
}

proptest! {
    /// Every window answers as a plain list would, before and after a restore.
    #[test]
    fn any_window_answers_as_a_list_would(
        steps in prop::collection::vec((0_i64..200, -3_i64..12), 1..60), edge in 0_i64..6000,
    ) {
        let (mut now, mut list, mut memory) = (0, Vec::new(), Recommendations::default());
        for (wait, replicas) in steps {
            now += wait;
            list.push((now, replicas));
            memory.record(at(now), replicas, HORIZON);
        }
        let mut back = Recommendations::default();
        back.restore(&StateReader::new("hpa", &saved(&memory)).unwrap()).unwrap();
        prop_assert_eq!(&back, &memory);
        let edge = edge.max(now - 3600);
        let inside = || list.iter().filter(|(t, _)| *t >= edge).map(|(t, n)| (*n, *t));
        let told = |r: Option<Record>| r.map(|r| (r.replicas, r.at));
        prop_assert_eq!(told(memory.highest_since(at(edge))), inside().max().map(|(n, t)| (n, at(t))));
        let lowest = inside().map(|(n, t)| (n, -t)).min().map(|(n, t)| (n, at(-t)));
        prop_assert_eq!(told(memory.lowest_since(at(edge))), lowest);
    }
}
