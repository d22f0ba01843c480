use super::*;
use crate::exposition::Format;
use crate::metric;
use crate::snapshot::Instance;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn parse(body: &str) -> Scrape<'_> {
    Scrape::parse(body, Format::Prometheus).unwrap()
}

fn intake(rules: &[(&'static str, Read, &'static str, f64)]) -> Intake {
    let rule =
        |(s, r, m, f): &(&'static str, Read, &'static str, f64)| Rule::new(*s, r.clone(), *m, *f).unwrap();
    Intake::new(Names::of(rules.iter().map(rule).collect::<Vec<_>>()))
}

/// What one instance says after each of the bodies, 10 s apart.
fn run(intake: &mut Intake, bodies: &[&str]) -> Vec<Option<f64>> {
    let mut time = 0;
    let mut one = |body: &&str| {
        time += 10;
        let columns = intake.take(at(time), &[("a", Some(&parse(body)))]).unwrap();
        columns.get("m").map(|values| values[0])
    };
    bodies.iter().map(&mut one).collect()
}

#[test]
fn gauges_are_folded_and_converted() {
    let body = "g{d=\"0\"} 1\ng{d=\"1\"} 5\nh 4\n";
    for (read, expected) in [
        (Read::Sum, 60.0),
        (Read::Mean, 30.0),
        (Read::Max, 50.0),
        (Read::ShareBeside { other: "h".into() }, 6.0),
        (Read::ShareOf { whole: "h".into() }, 15.0),
    ] {
        assert_eq!(
            run(&mut intake(&[("g", read.clone(), "m", 10.0)]), &[body]),
            [Some(expected)],
            "{read:?}"
        );
    }
}

#[test]
fn a_series_that_is_no_number_makes_the_value_missing() {
    for read in [Read::Sum, Read::Mean, Read::Max] {
        for body in ["g{d=\"0\"} 1\ng{d=\"1\"} NaN\n", "g{d=\"0\"} -Inf\ng{d=\"1\"} 3\n"] {
            assert_eq!(run(&mut intake(&[("g", read.clone(), "m", 1.0)]), &[body]), [None], "{read:?}");
        }
    }
}

#[test]
fn shares_of_nothing_are_missing() {
    let beside = || Read::ShareBeside { other: "h".into() };
    assert_eq!(run(&mut intake(&[("g", beside(), "m", 1.0)]), &["g 0\nh 0\n"]), [None]);
    assert_eq!(run(&mut intake(&[("g", beside(), "m", 1.0)]), &["g 3\n"]), [None], "the other is not there");
    let of = Read::ShareOf { whole: "h".into() };
    assert_eq!(run(&mut intake(&[("g", of, "m", 1.0)]), &["g 3\nh 0\n"]), [None]);
}

#[test]
fn counters_become_rates_of_their_sum() {
    let bodies = ["c{r=\"x\"} 100\n", "c{r=\"x\"} 110\nc{r=\"y\"} 10\n", "c 20\n", "c 20\n"];
    let expected = [None, Some(2.0), Some(2.0), Some(0.0)];
    assert_eq!(run(&mut intake(&[("c", Read::PerSecond, "m", 1.0)]), &bodies), expected);
}

#[test]
fn a_total_of_time_becomes_the_mean_of_an_event() {
    let per = Read::PerEvent { events: "n".into() };
    let bodies = ["t 1000\nn 10\n", "t 7000\nn 13\n", "t 7000\nn 13\n", "t 9000\n", "t 9500\nn 14\n"];
    let expected = [None, Some(2.0), None, None, Some(2.5)];
    assert_eq!(run(&mut intake(&[("t", per, "m", 0.001)]), &bodies), expected);
}

#[test]
fn quantiles_are_of_what_was_observed_between() {
    let body = |low, all| {
        format!("h_bucket{{le=\"1\"}} {low}\nh_bucket{{le=\"2\"}} {all}\nh_bucket{{le=\"+Inf\"}} {all}\n")
    };
    let bodies = [body(100, 100), body(100, 110), body(100, 110), body(0, 4)];
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    let level = |q| {
        Intake::new(Names::of([Rule::new("h", Read::Quantile, "m", 1000.0).unwrap()]).quantile(q).unwrap())
    };
    assert_eq!(run(&mut level(0.5), &bodies), [None, Some(1_500.0), None, Some(1_500.0)]);
    let mut stale = level(0.5);
    stale.take(at(0), &[("a", Some(&parse(bodies[0])))]).unwrap();
    let late = stale.take(at(301), &[("a", Some(&parse(bodies[1])))]).unwrap();
    assert_eq!(late.get("m"), None, "too long ago");
    let back = stale.take(at(300), &[("a", Some(&parse(bodies[3])))]).unwrap();
    assert_eq!(back.get("m"), None, "time went back");
    let same = stale.take(at(301), &[("a", Some(&parse(bodies[3])))]).unwrap();
    assert_eq!(same.get("m"), None, "no time passed");
}

#[test]
fn summaries_are_taken_as_given() {
    let body = "# TYPE s summary\ns{quantile=\"0.95\"} 98\ns_sum 5\ns_count 2\n";
    assert_eq!(run(&mut intake(&[("s", Read::Quantile, "m", 0.001)]), &[body]), [Some(0.098)]);
}

#[test]
fn the_first_rule_whose_source_is_there_counts() {
    let rules = [("new", Read::Sum, "m", 100.0), ("old", Read::Sum, "m", 1.0)];
    assert_eq!(run(&mut intake(&rules), &["old 7\n"]), [Some(7.0)]);
    assert_eq!(run(&mut intake(&rules), &["old 7\nnew 0.5\n"]), [Some(50.0)]);
    assert_eq!(run(&mut intake(&rules), &["old 7\nnew NaN\n"]), [None], "it is there and says nothing");
}

#[test]
fn only_series_with_the_labels_count() {
    let names = Names::of([Rule::new("g", Read::Sum, "m", 1.0).unwrap()]).only("model", "a").only("tp", "0");
    let body =
        "g{model=\"a\",tp=\"0\"} 1\ng{model=\"a\",tp=\"1\"} 2\ng{model=\"b\",tp=\"0\"} 4\ng{tp=\"0\"} 8\n";
    assert_eq!(run(&mut Intake::new(names), &[body]), [Some(1.0)]);
}

#[test]
fn a_failed_scrape_is_a_missing_sample_and_never_zero() {
    let mut intake = intake(&[("g", Read::Sum, "m", 1.0), ("c", Read::PerSecond, "r", 1.0)]);
    let scrape = parse("g 0\nc 0\n");
    let two = |time, intake: &mut Intake, second| {
        intake.take(at(time), &[("a", Some(&scrape)), ("b", second)]).unwrap()
    };
    let columns = two(0, &mut intake, Some(&scrape));
    assert_eq!(columns.get("m"), Some(&[0.0, 0.0][..]));
    assert_eq!((columns.get("r"), columns.coverage()), (None, Some(1.0)));
    let columns = two(10, &mut intake, None);
    let m = columns.get("m").unwrap();
    assert!(m[0] == 0.0 && m[1].is_nan());
    assert_eq!(columns.coverage(), Some(0.5));
    let later = parse("g 1\nc 40\n");
    let columns = two(20, &mut intake, Some(&later));
    assert_eq!(columns.get("r"), Some(&[0.0, 2.0][..]), "over the 20 s since its last scrape");
    let none = intake.take(at(30), &[("a", None), ("b", None)]).unwrap();
    assert_eq!((none.iter().count(), none.coverage()), (0, Some(0.0)));
    assert_eq!(intake.take(at(40), &[]).unwrap().coverage(), None);
    assert_eq!(two(50, &mut intake, None).get("r"), None, "instances that left are forgotten");
}

#[test]
fn columns_are_aligned_to_the_instances_of_the_snapshot() {
    let mut intake = Intake::new(Names::all());
    let (a, c) = (parse("tgi_queue_size 4\n"), parse("vllm:num_requests_waiting 6\n"));
    let columns = intake.take(at(0), &[("a", Some(&a)), ("b", None), ("c", Some(&c))]).unwrap();
    let listed = vec![Instance::ready(at(0)); 3];
    let snapshot = columns.fill(Snapshot::at(at(0)).replicas(3).instances(listed).unwrap()).unwrap();
    let values = snapshot.find(metric::QUEUE_LENGTH).unwrap().values();
    assert_eq!([0, 1, 2].map(|i| values.get(i)), [Some(4.0), None, Some(6.0)]);
    let short = Snapshot::at(at(0)).instances(vec![Instance::ready(at(0)); 2]).unwrap();
    assert!(columns.fill(short).is_err());
}

#[test]
fn an_instance_given_twice_is_refused_and_nothing_is_remembered() {
    let mut intake = Intake::new(Names::vllm());
    let scrape = parse("vllm:prompt_tokens_total 4\n");
    let before = intake.clone();
    assert!(intake.take(at(0), &[("a", Some(&scrape)), ("a", None)]).is_err());
    assert_eq!(intake, before);
}

#[test]
fn restores_what_it_saved_and_refuses_the_rest() {
    let names = || {
        Names::of([
            Rule::new("c", Read::PerSecond, "r", 1.0).unwrap(),
            Rule::new("h", Read::Quantile, "q", 1.0).unwrap(),
        ])
    };
    let mut first = Intake::new(names());
    let body = "c 0.1\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\n";
    first.take(at(0), &[("a", Some(&parse(body))), ("b", Some(&parse(body)))]).unwrap();
    let mut out = StateWriter::default();
    first.save(&mut out);
    let value = out.finish();
    let mut second = Intake::new(names());
    second.restore(&StateReader::new("intake", &value).unwrap()).unwrap();
    assert_eq!(second, first);
    let mut other = Intake::new(Names::vllm());
    assert!(other.restore(&StateReader::new("intake", &value).unwrap()).is_err());

    let Value::Map(fields) = value else { unreachable!() };
    let spoilt = |name: &str, change: &dyn Fn(&mut Vec<Value>)| {
        let mut fields = fields.clone();
        let Value::List(items) = &mut fields.iter_mut().find(|f| f.0 == name).unwrap().1 else {
            unreachable!()
        };
        change(items);
        Value::Map(fields)
    };
    let seen_twice = |items: &mut Vec<Value>| {
        let Value::Map(memory) = &mut items[0] else { unreachable!() };
        let Value::List(seen) = &mut memory[1].1 else { unreachable!() };
        seen.push(seen[0].clone());
    };
    for bad in [
        spoilt("rules", &|items| items.truncate(1)),
        spoilt("instances", &|items| items.truncate(1)),
        spoilt("instances", &|items| items[1] = items[0].clone()),
        spoilt("instances", &|items| items[1] = Value::Null),
        spoilt("memory", &|items| items[1] = Value::Null),
        spoilt("memory", &|items| items[1] = Value::Map(vec![])),
        spoilt("memory", &seen_twice),
    ] {
        assert!(second.restore(&StateReader::new("intake", &bad).unwrap()).is_err(), "{bad:?}");
        assert_eq!(second, first);
    }
}
