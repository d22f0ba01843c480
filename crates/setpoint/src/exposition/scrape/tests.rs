use super::*;

fn parse(body: &str) -> Scrape<'_> {
    Scrape::parse(body, Format::Prometheus).unwrap()
}

fn shape(scrape: &Scrape<'_>) -> Vec<(String, Kind, usize)> {
    let one = |f: &Family<'_>| (f.name().to_owned(), f.kind(), scrape.samples_of(f).len());
    scrape.families().iter().map(one).collect()
}

fn shapes(of: &[(&str, Kind, usize)]) -> Vec<(String, Kind, usize)> {
    of.iter().map(|&(name, kind, samples)| (name.to_owned(), kind, samples)).collect()
}

#[test]
fn families_stand_in_the_order_of_the_body_with_their_metadata() {
    let body = "\
# HELP z last letter
# TYPE z counter
z_total 1
z_created 5
a 1
a{x=\"1\"} 2
# TYPE m histogram
m_bucket{le=\"+Inf\"} 3
m_sum 4
m_count 3
";
    let scrape = parse(body);
    let expected = [("z", Kind::Counter, 2), ("a", Kind::Unknown, 2), ("m", Kind::Histogram, 3)];
    assert_eq!(shape(&scrape), shapes(&expected));
    assert!(scrape.family("z").unwrap().help().unwrap() == *"last letter");
    assert_eq!(scrape.family("m").unwrap().help(), None);
    assert!(scrape.family("m_bucket").is_none());
    assert_eq!(scrape.series("m_count").count(), 1);
    assert_eq!(scrape.series("m").count(), 0);
    assert_eq!(scrape.series("z_total").map(|s| s.value).collect::<Vec<_>>(), [1.0]);
}

#[test]
fn families_that_are_interleaved_are_put_together() {
    let body = "\
# TYPE a gauge
# TYPE b summary
a{i=\"0\"} 1
b{quantile=\"0.5\"} 7
b_count 9
a{i=\"1\"} 2
b_sum 3
c_sum 4
a{i=\"2\"} 3
";
    let scrape = parse(body);
    let expected = [("a", Kind::Gauge, 3), ("b", Kind::Summary, 3), ("c_sum", Kind::Unknown, 1)];
    assert_eq!(shape(&scrape), shapes(&expected));
    assert_eq!(scrape.series("a").map(|s| s.value).collect::<Vec<_>>(), [1.0, 2.0, 3.0]);
}

#[test]
fn samples_of_families_that_are_interleaved_keep_their_order() {
    let body: String = (0..200).map(|i| format!("a {i}\nb {i}\n")).collect();
    let values: Vec<f64> = parse(&body).series("b").map(|s| s.value).collect();
    assert_eq!(values, (0..200).map(f64::from).collect::<Vec<_>>());
}

#[test]
fn suffixes_belong_only_to_the_types_that_have_them() {
    let body = "\
# TYPE q gauge
q 1
q_total 2
# TYPE r counter
r_total 3
r_sum 4
# TYPE r_created gauge
r_created 5
";
    let scrape = parse(body);
    let expected = [
        ("q", Kind::Gauge, 1),
        ("q_total", Kind::Unknown, 1),
        ("r", Kind::Counter, 1),
        ("r_sum", Kind::Unknown, 1),
        ("r_created", Kind::Gauge, 1),
    ];
    assert_eq!(shape(&scrape), shapes(&expected));
    for name in ["q", "q_total", "r_total", "r_sum", "r_created"] {
        assert_eq!(scrape.series(name).count(), 1, "{name}");
    }
}

#[test]
fn the_types_of_openmetrics_have_their_suffixes() {
    let body = "\
# TYPE build info
build_info{version=\"1\"} 1
# TYPE temp gaugehistogram
# UNIT temp celsius
temp_bucket{le=\"+Inf\"} 2
temp_gcount 2
temp_gsum 3
# TYPE mode stateset
mode{mode=\"a\"} 1
# EOF
";
    let scrape = Scrape::parse(body, Format::OpenMetrics).unwrap();
    let expected = [("build", Kind::Info, 1), ("temp", Kind::GaugeHistogram, 3), ("mode", Kind::StateSet, 1)];
    assert_eq!(shape(&scrape), shapes(&expected));
    assert!(scrape.family("temp").unwrap().unit().unwrap() == *"celsius");
}

#[test]
fn a_type_may_be_repeated_but_not_changed() {
    assert!(Scrape::parse("# TYPE a gauge\na 1\n# TYPE a gauge\na{i=\"1\"} 1\n", Format::Prometheus).is_ok());
    let body = "# TYPE a gauge\na 1\n# TYPE a counter\na{i=\"1\"} 1\n";
    let error = ParseError { line: 3, problem: Problem::KindTwice };
    assert_eq!(Scrape::parse(body, Format::Prometheus), Err(error));
    let kept = Scrape::parse_lenient(body, Format::Prometheus);
    assert_eq!((kept.errors(), shape(&kept)), (&[error][..], shapes(&[("a", Kind::Gauge, 2)])));
}

#[test]
fn one_bad_line_does_not_lose_the_rest() {
    let good = "# TYPE a gauge\na{i=\"0\"} 1\na{i=\"1\"} 2\nb 3\n";
    let lines: Vec<&str> = good.lines().collect();
    for at in 0..=lines.len() {
        let mut broken = lines.clone();
        broken.insert(at, "a{i=\"2} 9");
        let broken = broken.join("\n") + "\n";
        let error = ParseError { line: at + 1, problem: Problem::Quote };
        assert_eq!(Scrape::parse(&broken, Format::Prometheus), Err(error));
        let kept = Scrape::parse_lenient(&broken, Format::Prometheus);
        assert_eq!((kept.errors(), kept.samples()), (&[error][..], parse(good).samples()));
    }
}

#[test]
fn a_histogram_with_a_bad_bound_or_count_is_none() {
    let of = |line: &str| {
        let body = format!("# TYPE h histogram\nh_bucket{{le=\"1\"}} 1\n{line}\n");
        parse(&body).distribution("h", &[]).map(|d| d.buckets().len())
    };
    assert_eq!(of("h_bucket{le=\"+Inf\"} 2"), Some(2));
    assert_eq!(of("h_bucket{le=\"one\"} 2"), None);
    assert_eq!(of("h_bucket 2"), None);
    assert_eq!(of("h_bucket{le=\"+Inf\"} NaN"), None);
    assert_eq!(parse("h 1\n").distribution("h", &[]), None);
    let untyped = parse("h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\n").distribution("h", &[]);
    assert_eq!(untyped.map(|d| d.count()), Some(2.0), "buckets without a type are buckets too");
}

#[test]
fn quantiles_of_summaries_are_taken_as_given() {
    let body = "\
# TYPE s summary
s{m=\"a\",quantile=\"0.5\"} 1
s{m=\"a\",quantile=\"0.99\"} NaN
s{m=\"b\",quantile=\"0.50\"} 2
s_sum{m=\"a\"} 9
";
    let scrape = parse(body);
    assert_eq!(scrape.summary_quantile("s", 0.5, &[("m", "a")]), Some(1.0));
    assert_eq!(scrape.summary_quantile("s", 0.5, &[("m", "b")]), Some(2.0));
    assert_eq!(scrape.summary_quantile("s", 0.5, &[]), None, "two series");
    assert_eq!(scrape.summary_quantile("s", 0.99, &[("m", "a")]), None, "not a number");
    assert_eq!(scrape.summary_quantile("s", 0.95, &[("m", "a")]), None, "not tracked");
}
