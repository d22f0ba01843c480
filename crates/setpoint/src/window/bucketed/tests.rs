use super::*;
use proptest::prelude::*;

fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn at(s: i64) -> Timestamp {
    Timestamp::from_secs(s)
}

fn window(s: u64, kind: Average) -> Bucketed {
    Bucketed::new(secs(s), secs(1), kind).unwrap()
}

#[test]
fn silence_shortens_the_linear_span_until_the_window_has_passed() {
    let mut w = window(60, Average::Linear);
    assert!(w.is_empty(at(0)));
    w.record(at(0), 10.0);
    for s in 0..60 {
        assert_eq!(w.average(at(s)), 10.0, "second {s}");
    }
    assert_eq!((w.average(at(60)), w.is_empty(at(60))), (0.0, false));
    assert!(w.is_empty(at(61)));
}

#[test]
fn one_sample_is_a_fifth_of_itself_in_a_weighted_minute() {
    let mut w = window(60, Average::WeightedExponential);
    w.record(at(0), 10.0);
    assert_eq!(w.average(at(0)), 2.0);
    assert_eq!(w.average(at(-5)), 2.0);
    assert!((w.average(at(1)) - 1.6).abs() < 1e-12);
}

#[test]
fn late_values_count_in_their_bucket_or_not_at_all() {
    let mut w = window(5, Average::Linear);
    w.record(at(10), 1.0);
    w.record(at(6), 2.0);
    assert_eq!(w.average(at(10)), 0.6, "five buckets since second 6");
    w.record(at(5), 100.0);
    assert_eq!(w.average(at(10)), 0.6, "second 5 is out of the window");
    w.record(at(11), 0.0);
    assert_eq!(w.average(at(11)), 0.2, "second 6 has left");
}

#[test]
fn a_resize_that_keeps_data_divides_by_the_old_bucket_count() {
    let mut w = window(10, Average::Linear);
    w.record(at(0), 10.0);
    w.resize(secs(20), at(0)).unwrap();
    assert_eq!(w.average(at(0)), 1.0);
    w.resize(secs(4), at(0)).unwrap();
    assert_eq!(w.average(at(0)), 2.5);
}

#[test]
fn a_resize_after_expiry_forgets_values_but_not_the_last_bucket() {
    let mut w = window(5, Average::Linear);
    w.record(at(0), 10.0);
    w.resize(secs(60), at(6)).unwrap();
    assert_eq!((w.average(at(6)), w.is_empty(at(6))), (0.0, false));
    w.record(at(0), 6.0);
    assert_eq!(w.average(at(0)), 0.1, "without a first bucket the whole window counts");
    let mut kept = window(5, Average::Linear);
    kept.record(at(0), 10.0);
    kept.resize(secs(60), at(5)).unwrap();
    assert_eq!(kept.average(at(5)), 2.0, "at exactly the window's length the data is kept");
}

#[test]
fn after_a_resize_of_an_expired_window_the_next_bucket_is_its_first() {
    let mut w = window(5, Average::Linear);
    w.record(at(0), 10.0);
    w.resize(secs(60), at(6)).unwrap();
    w.record(at(7), 6.0);
    w.record(at(8), 0.0);
    assert_eq!(w.average(at(8)), 3.0);
}

#[test]
fn a_window_that_is_no_whole_number_of_buckets_is_empty_at_the_last_of_them() {
    for kind in [Average::Linear, Average::WeightedExponential] {
        let mut w = Bucketed::new(secs(5), secs(3), kind).unwrap();
        w.record(at(0), 10.0);
        assert!(w.average(at(5)) > 0.0 && !w.is_empty(at(5)), "one silent bucket");
        assert!(w.average(at(6)) == 0.0 && w.is_empty(at(6)), "two of them are more than 5 s");
    }
}

#[test]
fn a_weighted_window_gets_a_new_coefficient_with_its_new_length() {
    let mut w = window(60, Average::WeightedExponential);
    w.record(at(0), 10.0);
    w.resize(secs(1), at(0)).unwrap();
    assert_eq!(w.average(at(0)), 9.999);
}

#[test]
fn refuses_what_it_cannot_cut() {
    let make = |w, g| Bucketed::new(w, g, Average::Linear);
    assert_eq!(make(Duration::ZERO, secs(1)).unwrap_err().field, "window");
    assert!(make(Duration::MAX, secs(1)).is_err());
    assert!(make(Duration::from_micros(1_500), secs(1)).is_err());
    for g in
        [Duration::ZERO, Duration::from_millis(500), Duration::from_millis(1_500), secs(7), Duration::MAX]
    {
        assert_eq!(make(secs(60), g).unwrap_err().field, "granularity", "{g:?}");
    }
    let mut w = window(60, Average::Linear);
    assert!(w.resize(Duration::ZERO, at(0)).is_err());
    assert_eq!(w.window(), secs(60));
}

#[test]
fn extreme_instants_do_not_overflow() {
    for kind in [Average::Linear, Average::WeightedExponential] {
        let mut w = window(60, kind);
        for t in [Timestamp::MAX, Timestamp::MIN, Timestamp::MAX, at(0)] {
            w.record(t, 1.0);
            assert!(w.average(t) >= 0.0);
            let _ = (w.average(Timestamp::MIN), w.average(Timestamp::MAX), w.is_empty(t));
            let _ = w.next_change_at(t);
        }
        let mut early = window(60, kind);
        early.record(Timestamp::MIN, 1.0);
        early.record(Timestamp::MAX, 3.0);
        assert_eq!(early.average(Timestamp::MAX), if kind == Average::Linear { 3.0 } else { 3.0 * 0.2 });
    }
}

#[test]
fn hostile_state_is_refused_and_changes_nothing() {
    let mut good = window(3, Average::Linear);
    good.record(at(7), 4.0);
    type Fields = Vec<(String, Value)>;
    let saved = |change: &dyn Fn(&mut Fields)| {
        let mut out = StateWriter::default();
        good.save(&mut out);
        let Value::Map(mut fields) = out.finish() else { unreachable!() };
        change(&mut fields);
        Value::Map(fields)
    };
    let set = |name: &'static str, value: Value| {
        saved(&move |fields| {
            fields.iter_mut().find(|(n, _)| n == name).unwrap().1 = value.clone();
        })
    };
    let before = good.clone();
    for bad in [
        set("average", "median".into()),
        set("window_ms", 4_000_i64.into()),
        set("granularity_ms", 2_000_i64.into()),
        set("last", i64::MAX.into()),
        set("last", Value::Null),
        set("first", i64::MIN.into()),
        set("first", 8_i64.into()),
        set("total", "much".into()),
        set("buckets", vec![1.0].into()),
        saved(&|fields| {
            fields.pop();
        }),
    ] {
        let mut target = good.clone();
        assert!(target.restore(&StateReader::new("w", &bad).unwrap()).is_err(), "{bad:?}");
        assert_eq!(target, before);
    }
}

#[derive(Clone, Debug)]
enum Op {
    Record(i64, f64),
    Resize(u64),
}

fn ops() -> impl Strategy<Value = Vec<(i64, Op)>> {
    let op = prop_oneof![
        8 => (-4_i64..3, 0.0..100.0_f64).prop_map(|(late, v)| Op::Record(late, v)),
        1 => (1_u64..12).prop_map(Op::Resize),
    ];
    proptest::collection::vec((0_i64..4, op), 1..60)
}

proptest! {
    #[test]
    fn a_restored_window_goes_on_as_the_original(ops in ops(), weighted in any::<bool>()) {
        let kind = if weighted { Average::WeightedExponential } else { Average::Linear };
        let mut plain = window(6, kind);
        let mut length = 6;
        let mut copy = plain.clone();
        let mut now = 0;
        for (step, op) in ops {
            now += step;
            let mut out = StateWriter::default();
            copy.save(&mut out);
            let value = out.finish();
            copy = window(length, kind);
            copy.restore(&StateReader::new("w", &value).unwrap()).unwrap();
            match op {
                Op::Record(late, v) => {
                    plain.record(at(now + late), v);
                    copy.record(at(now + late), v);
                }
                Op::Resize(to) => {
                    length = to;
                    plain.resize(secs(to), at(now)).unwrap();
                    copy.resize(secs(to), at(now)).unwrap();
                }
            }
            for t in now - 2..now + 14 {
                prop_assert_eq!(plain.average(at(t)).to_bits(), copy.average(at(t)).to_bits());
                prop_assert_eq!(plain.is_empty(at(t)), copy.is_empty(at(t)));
            }
        }
    }

    #[test]
    fn nothing_changes_before_it_is_announced(ops in ops(), weighted in any::<bool>()) {
        let kind = if weighted { Average::WeightedExponential } else { Average::Linear };
        let mut w = window(6, kind);
        let mut now = 0;
        for (step, op) in ops {
            now += step;
            match op {
                Op::Record(late, v) => w.record(at(now + late), v),
                Op::Resize(to) => w.resize(secs(to), at(now)).unwrap(),
            }
            let here = Timestamp::from_millis(now * 1_000 + 250);
            let change = w.next_change_at(here).unwrap_or(Timestamp::from_secs(now + 100));
            prop_assert!(change > here);
            let mut t = here;
            while t < change {
                prop_assert_eq!(w.average(t).to_bits(), w.average(here).to_bits());
                prop_assert_eq!(w.is_empty(t), w.is_empty(here));
                t = t + Duration::from_millis(250);
            }
        }
    }
}
