use super::*;
use proptest::prelude::*;

fn one(line: &str) -> Result<Sample<'_>, Problem> {
    one_of(line, Format::Prometheus)
}

fn one_of(line: &str, format: Format) -> Result<Sample<'_>, Problem> {
    match read(line, format) {
        Ok(Some(Line::Sample(sample))) => Ok(sample),
        Ok(other) => panic!("{line:?} is {other:?}"),
        Err(problem) => Err(problem),
    }
}

fn labels(sample: Sample<'_>) -> Vec<(String, String)> {
    sample.labels.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

#[test]
fn plain_samples() {
    let sample = one("vllm:num_requests_waiting 3").unwrap();
    assert!(sample.name == *"vllm:num_requests_waiting");
    assert_eq!((sample.value, sample.timestamp, labels(sample)), (3.0, None, vec![]));
    let sample = one("  up \t{ a = \"1\" ,b=\"2\", } \t 1.5e3  -7 ").unwrap();
    assert_eq!((sample.value, sample.timestamp), (1_500.0, Some(Timestamp::from_millis(-7))));
    assert_eq!(labels(sample), pairs(&[("a", "1"), ("b", "2")]));
    assert_eq!(labels(one("up{} 1").unwrap()), vec![]);
    assert_eq!(one("up{a=\"1\"}2").unwrap().value, 2.0, "the brace ends the labels");
}

#[test]
fn values() {
    let value = |text: &str| one(&format!("x {text}")).map(|s| s.value);
    assert_eq!(value("+Inf"), Ok(f64::INFINITY));
    assert_eq!(value("-Inf"), Ok(f64::NEG_INFINITY));
    assert!(value("NaN").unwrap().is_nan());
    assert_eq!(value("7.400757e+06"), Ok(7_400_757.0));
    assert_eq!(value("1e-400"), Ok(0.0));
    for bad in ["", "1e400", "0x10", "1_000", "one", "1,5", "1\r", "\u{a0}1"] {
        assert_eq!(value(bad), Err(Problem::Value), "{bad:?}");
    }
}

#[test]
fn escapes() {
    let sample = one(r#"x{a="q\"b\\n\n\t",b="C:\\"} 1"#).unwrap();
    assert_eq!(labels(sample), pairs(&[("a", "q\"b\\n\n\\t"), ("b", "C:\\")]));
    assert!(sample.labels.get("b").unwrap() == *"C:\\");
    assert!(sample.labels.has(&[("b", "C:\\")]) && !sample.labels.has(&[("b", "C:\\\\")]));
    assert!(!sample.labels.has(&[("c", "")]), "a label that is absent is not an empty one");
    assert_eq!(labels(one("x{a=\"}, 1 #\"} 2").unwrap()), pairs(&[("a", "}, 1 #")]));
}

#[test]
fn names_in_quotes() {
    let sample = one(r#"{"http.requests", "a.b"="c", plain="d"} 4 5"#).unwrap();
    assert!(sample.name == *"http.requests");
    assert_eq!(labels(sample), pairs(&[("a.b", "c"), ("plain", "d")]));
    assert!(one(r#"{"单位 \"x\""} 1"#).unwrap().name == *"单位 \"x\"");
    for bad in [r#"a{"b"} 1"#, r#"{"a","b"} 1"#, r#"{a="b"} 1"#, "{} 1"] {
        assert_eq!(one(bad), Err(Problem::Name), "{bad}");
    }
}

#[test]
fn broken_samples() {
    for (line, problem) in [
        ("1x 1", Problem::Name),
        ("é 1", Problem::Name),
        ("x-y 1", Problem::Value),
        ("x{a=\"1} 1", Problem::Quote),
        ("x{a=\"1\\\"} 1", Problem::Quote),
        ("x{a=\"1\" 1", Problem::Labels),
        ("x{a=1} 1", Problem::Labels),
        ("x{a} 1", Problem::Labels),
        ("x{,} 1", Problem::Labels),
        ("x{a:b=\"1\"} 1", Problem::Labels),
        ("x{1a=\"1\"} 1", Problem::Labels),
        ("x{a=\"1\" b=\"2\"} 1", Problem::Labels),
        ("x{", Problem::Labels),
        ("x{a=\"1\",b=\"2\",a=\"1\"} 1", Problem::LabelTwice),
        ("x", Problem::Value),
        ("x{a=\"1\"}", Problem::Value),
        ("x 1 1.5", Problem::Timestamp),
        ("x 1 9223372036854775808", Problem::Timestamp),
        ("x 1 2 3", Problem::Trailing),
        ("x 1 # {} 1", Problem::Timestamp),
    ] {
        assert_eq!(one(line), Err(problem), "{line:?}");
    }
}

#[test]
fn a_label_given_twice_is_found_among_many() {
    let many: String = (0..40).map(|i| format!("l{i}=\"\",")).collect();
    assert_eq!(one(&format!("x{{{many}}} 1")).unwrap().labels.iter().count(), 40);
    assert_eq!(one(&format!("x{{{many}l30=\"\"}} 1")), Err(Problem::LabelTwice));
    assert_eq!(one(&format!("x{{{many}l3=\"\"}} 1")), Err(Problem::LabelTwice));
}

#[test]
fn metadata_lines() {
    let meta = |line: &'static str| read(line, Format::Prometheus);
    let Ok(Some(Line::Help(name, text))) = meta("# HELP x  two \\\\ lines\\nhere ") else { panic!() };
    assert!(name == *"x" && text == *"two \\ lines\nhere ");
    let Ok(Some(Line::Type(name, kind))) = meta("#\tTYPE  \"a b\"  histogram ") else { panic!() };
    assert!(name == *"a b" && kind == Kind::Histogram);
    assert!(matches!(meta("# HELP x"), Ok(Some(Line::Help(..)))));
    for comment in ["#", "# ", "#TYPE x gauge", "# TYPES x", "# EOF", "# UNIT x seconds", "", " \t"] {
        assert_eq!(meta(comment), Ok(None), "{comment:?}");
    }
    for (line, problem) in [
        ("# TYPE", Problem::Metadata),
        ("# HELP", Problem::Metadata),
        ("# HELP 1x text", Problem::Metadata),
        ("# TYPE x-y gauge", Problem::Metadata),
        ("# TYPE \"x gauge", Problem::Quote),
        ("# TYPE x", Problem::Kind),
        ("# TYPE x thing", Problem::Kind),
        ("# TYPE x gauge more", Problem::Kind),
    ] {
        assert_eq!(meta(line), Err(problem), "{line:?}");
    }
    for (word, kind) in [
        ("counter", Kind::Counter),
        ("gauge", Kind::Gauge),
        ("gaugehistogram", Kind::GaugeHistogram),
        ("summary", Kind::Summary),
        ("info", Kind::Info),
        ("stateset", Kind::StateSet),
        ("unknown", Kind::Unknown),
        ("untyped", Kind::Unknown),
    ] {
        assert_eq!(Kind::of(word), Some(kind));
    }
}

#[test]
fn timestamps_and_exemplars_of_openmetrics() {
    let sample = one_of("x_total 3 1520879607.789", Format::OpenMetrics).unwrap();
    assert_eq!(sample.timestamp, Some(Timestamp::from_millis(1_520_879_607_789)));
    let sample = one_of("x_total 3 1.001", Format::OpenMetrics).unwrap();
    assert_eq!(
        sample.timestamp,
        Some(Timestamp::from_millis(1_001)),
        "1.001 times 1000 is 1000.9999999999999"
    );
    let exemplars =
        ["x 3 # {} 1", "x 3 1.5 # {trace=\"a # b\"} 0.7 2.5", "x_bucket{le=\"1\"} 3 # {a=\"b\"} 1 "];
    for line in exemplars {
        assert_eq!(one_of(line, Format::OpenMetrics).unwrap().value, 3.0, "{line}");
    }
    for (line, problem) in [
        ("x 3 # 1", Problem::Exemplar),
        ("x 3 #", Problem::Exemplar),
        ("x 3 # {a=\"b\"}", Problem::Exemplar),
        ("x 3 # {a=\"b} 1", Problem::Exemplar),
        ("x 3 # {\"a\"} 1", Problem::Exemplar),
        ("x 3 # {} 1 2 3", Problem::Exemplar),
        ("x 3 # {} 1 y", Problem::Exemplar),
        ("x 3 4 5", Problem::Trailing),
        ("x 3 NaN", Problem::Timestamp),
        ("x 3 +Inf", Problem::Timestamp),
    ] {
        assert_eq!(one_of(line, Format::OpenMetrics), Err(problem), "{line:?}");
    }
    assert!(matches!(read("# UNIT x seconds", Format::OpenMetrics), Ok(Some(Line::Unit(..)))));
}

fn errors(body: &str, format: Format) -> Vec<(usize, Problem)> {
    Lines::new(body, format).filter_map(|l| l.err().map(|e| (e.line, e.problem))).collect()
}

#[test]
fn lines_are_numbered_and_reading_goes_on_after_an_error() {
    let body = "\n# TYPE x gauge\nx{ 1\nx 2\n\ny\nz 3\n";
    assert_eq!(errors(body, Format::Prometheus), [(3, Problem::Labels), (6, Problem::Value)]);
    let samples = Lines::new(body, Format::Prometheus).filter(|l| matches!(l, Ok(Line::Sample(_))));
    assert_eq!(samples.count(), 2);
}

#[test]
fn a_text_that_was_cut_is_not_read_to_its_end() {
    assert_eq!(errors("x 1\ny 12", Format::Prometheus), [(2, Problem::CutOff)]);
    assert_eq!(errors("x 1\n  ", Format::Prometheus), []);
    assert_eq!(errors("", Format::Prometheus), []);
    assert_eq!(errors("x 1\n# EOF\n", Format::OpenMetrics), []);
    assert_eq!(errors("x 1\n# EOF", Format::OpenMetrics), []);
    assert_eq!(errors("# EOF", Format::OpenMetrics), []);
    assert_eq!(errors("# EOFs\nx 1\n# EOF\n", Format::OpenMetrics), [], "a comment");
    assert_eq!(errors("x 1\n", Format::OpenMetrics), [(1, Problem::NoEnd)]);
    assert_eq!(errors("", Format::OpenMetrics), [(1, Problem::NoEnd)]);
    assert_eq!(errors("x 1\n# EO", Format::OpenMetrics), [(2, Problem::CutOff), (2, Problem::NoEnd)]);
    assert_eq!(errors("x 1\n# EOF\nx 2\n", Format::OpenMetrics), [(3, Problem::AfterEnd)]);
    assert_eq!(errors("x 1\n# EOF\n\n", Format::OpenMetrics), [(3, Problem::AfterEnd)]);
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

proptest! {
    #[test]
    fn any_text_gives_lines_or_errors(body in "\\PC*", lines in prop::collection::vec("[x{}\"\\\\=,# \t1.e+NaIfHELPTY\n-]{0,30}", 0..8)) {
        for body in [body, lines.concat()] {
            for format in [Format::Prometheus, Format::OpenMetrics] {
                let count = body.split('\n').count();
                for line in Lines::new(&body, format) {
                    if let Err(error) = line {
                        prop_assert!(error.line >= 1 && error.line <= count);
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_written_is_read(
        name in any::<String>(), values in prop::collection::btree_map(".+", any::<String>(), 0..12),
        value in any::<f64>(), at in any::<Option<i64>>(),
    ) {
        prop_assume!(!name.is_empty());
        let mut line = format!("{{\"{}\"", escaped(&name));
        for (label, value) in &values {
            line += &format!(",\"{}\"=\"{}\"", escaped(label), escaped(value));
        }
        line += &format!("}} {value}{}", at.map(|ms| format!(" {ms}")).unwrap_or_default());
        let sample = one(&line).unwrap();
        prop_assert!(sample.name == *name.as_str());
        let expected: Vec<(String, String)> = values.into_iter().collect();
        prop_assert_eq!(labels(sample), expected);
        prop_assert!(sample.value == value || (sample.value.is_nan() && value.is_nan()));
        prop_assert_eq!(sample.timestamp, at.map(Timestamp::from_millis));
    }
}
