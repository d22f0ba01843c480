//! The bodies of the fuzz targets: what `cargo fuzz` runs, and what the seeded driver runs in the ordinary tests. Each takes any
//! bytes and panics only if the library breaks a promise.

use crate::bytes::Bytes;
use crate::facts::METRICS;
use crate::script::{Player, Script};
use crate::subjects::{Subject, subjects};
use setpoint::exposition::{Format, Intake, Line, Lines, Names, Scrape};
use setpoint::state::{StateReader, StateWriter, Value};
use setpoint::{
    Autoscaler, Column, Instance, Samples, Snapshot, SnapshotError, Timestamp, WorkloadValue, rounding,
};

/// Builds a snapshot by calls in any order with columns of any length: it is built or refused, and what it then says holds
/// together.
///
/// # Panics
/// If it does not.
pub fn fuzz_snapshots(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let now = bytes.instant(Timestamp::from_secs(1_700_000_000));
    let mut snapshot = Snapshot::at(now).replicas(bytes.count());
    for _ in 0..24 {
        if bytes.is_empty() {
            break;
        }
        let kept = snapshot.clone();
        snapshot = build_on(snapshot, &mut bytes).unwrap_or(kept);
    }
    assert!(i64::from(snapshot.replica_count()) <= rounding::MAX_COUNT);
    assert!(snapshot.ready_count().is_none_or(|n| i64::from(n) <= rounding::MAX_COUNT));
    assert!(snapshot.covered().is_none_or(|share| (0.0..=1.0).contains(&share)));
    let listed = snapshot.listed().map(<[Instance]>::len);
    for samples in snapshot.metrics() {
        let len = samples.values().len();
        assert!(listed.is_none() || len.is_none() || listed == len, "{listed:?} instances, {len:?} samples");
        for i in 0..len.unwrap_or(3) + 2 {
            assert!(samples.values().get(i).is_none_or(f64::is_finite));
            let _ = (samples.values().milli(i), samples.sample_time(i), samples.sample_window(i));
        }
    }
    for (metric, _) in METRICS {
        assert!(snapshot.find_value(metric).and_then(WorkloadValue::total).is_none_or(f64::is_finite));
    }
    let copy = snapshot.clone().into_owned();
    assert_eq!(format!("{copy:?}"), format!("{snapshot:?}"), "a copy differs");
    for subject in subjects() {
        let decision = (subject.build)().decide(&snapshot);
        assert_eq!(decision.replay(), Some(decision.replicas()), "{}: {decision}", subject.name);
    }
}

fn build_on<'a>(snapshot: Snapshot<'a>, bytes: &mut Bytes<'_>) -> Result<Snapshot<'a>, SnapshotError> {
    const NAMES: [&str; 8] = ["cpu", "memory", "concurrency", "rps", "queue_length", "", "a\nb", "单位"];
    let name = bytes.pick(&NAMES);
    let len = bytes.below(6);
    let mut floats = |len: usize| (0..len).map(|_| bytes.float(100.0)).collect::<Vec<_>>();
    let values = floats(len);
    match bytes.below(14) {
        0 => snapshot.samples(name, values),
        1 => snapshot.samples(name, bytes.float(10.0)),
        2 => snapshot
            .samples(name, values.iter().map(|v| v.is_finite().then_some(*v as i64)).collect::<Vec<_>>()),
        3 => snapshot.value(name, values),
        4 => snapshot.workload_value(WorkloadValue::new(name, bytes.float(10.0))),
        5 => snapshot.requests(name, values),
        6 => snapshot.instances(vec![Instance::pending(); len]),
        7 => snapshot.instance_names((0..len).map(|i| format!("pod-{}", i % 4))),
        8 => snapshot.samples_by_name(name, values.iter().enumerate().map(|(i, v)| (format!("pod-{i}"), *v))),
        9 => snapshot.coverage(bytes.float(1.0)),
        10 => Ok(snapshot.ready(bytes.count()).unready(bytes.count())),
        11 => Ok(snapshot.ready_unknown().reported(bytes.count())),
        12 => {
            let times: Vec<Timestamp> = (0..bytes.below(6)).map(|i| Timestamp::from_secs(i as i64)).collect();
            snapshot.measured(Samples::new(name, values).taken_at(times).foreign(vec![bytes.long()]))
        }
        _ => {
            let mut snapshot = snapshot;
            snapshot.set_replicas(bytes.count());
            snapshot.set_samples(name, Column::from(values))?;
            Ok(snapshot)
        }
    }
}

/// Plays a script with one of the subjects: counts in their bounds, reasons that lead to them.
///
/// # Panics
/// If a promise is broken.
pub fn fuzz_decisions(data: &[u8]) {
    let (subject, rest) = choose(data);
    let script = Script::from_bytes(rest);
    let mut player = Player::new((subject.build)());
    let (first, second) = script.steps.split_at(script.steps.len() / 2);
    for step in first {
        let foretold = player.scaler.peek(&player.shown(step));
        let Some(decision) = player.play(step) else { continue };
        assert_eq!(decision.replicas(), foretold.replicas(), "{}: peek differs", subject.name);
        assert_eq!(decision.replay(), Some(decision.replicas()), "{}: {decision}", subject.name);
    }
    let saved = player.scaler.save().expect("built-in stages can be saved");
    let mut restored = Player { scaler: (subject.build)(), replicas: player.replicas };
    restored.scaler.restore(&saved).expect("its own state fits");
    for step in second {
        assert_eq!(restored.play(step), player.play(step), "{}: the restored one differs", subject.name);
    }
}

/// Restores one of the subjects from any JSON, or from state of its own in which one place was changed, and goes on.
///
/// # Panics
/// If a failed restore changes something, or a restored autoscaler breaks a promise.
pub fn fuzz_state(data: &[u8]) {
    let (subject, rest) = choose(data);
    let mut bytes = Bytes::new(rest);
    let hostile = if bytes.chance(64) {
        let Ok(value) = serde_json::from_slice(bytes.rest()) else { return };
        value
    } else {
        let mut player = Player::new((subject.build)());
        player.play_all(&Script::from_bytes(bytes.rest().get(..bytes.rest().len() / 2).unwrap_or_default()));
        let mut value = player.scaler.save().expect("built-in stages can be saved");
        spoil(&mut value, &mut bytes);
        value
    };
    let script = Script::from_bytes(bytes.rest().get(bytes.rest().len() / 2..).unwrap_or_default());
    restore_and_go_on(&subject, &hostile, &script);
}

/// Tries to restore `hostile`, and plays `script` whatever comes of it.
///
/// # Panics
/// If a failed restore changes something, or a restored autoscaler breaks a promise.
pub fn restore_and_go_on(subject: &Subject, hostile: &Value, script: &Script) {
    let mut player = Player::new((subject.build)());
    player.play(&script.steps[0]);
    // As text, because a window may hold a NaN, which is not equal to itself.
    let memory = |scaler: &Autoscaler| format!("{:?}", scaler.save().expect("built-in stages can be saved"));
    let before = memory(&player.scaler);
    match player.scaler.restore(hostile) {
        Err(_) => {
            assert_eq!(
                memory(&player.scaler),
                before,
                "{}: a failed restore changed something",
                subject.name
            );
        }
        Ok(()) => {
            let saved = player.scaler.save().expect("built-in stages can be saved");
            let mut again = (subject.build)();
            let restored = again.restore(&saved);
            assert!(
                restored.is_ok(),
                "{}: accepted {hostile:?}, saved {saved:?}: {restored:?}",
                subject.name
            );
        }
    }
    for decision in player.play_all(script).into_iter().flatten() {
        assert_eq!(decision.replay(), Some(decision.replicas()), "{}: {decision}", subject.name);
    }
}

fn choose(data: &[u8]) -> (Subject, &[u8]) {
    let mut bytes = Bytes::new(data);
    let subjects = subjects();
    let subject = subjects[bytes.below(subjects.len())];
    (subject, bytes.rest())
}

/// Changes one place of a saved value: walks down by chance, then puts something else there or takes it away.
fn spoil(value: &mut Value, bytes: &mut Bytes<'_>) {
    match value {
        Value::Map(fields) if !fields.is_empty() && !bytes.chance(20) => {
            let i = bytes.below(fields.len());
            if bytes.chance(20) {
                fields.remove(i);
            } else {
                spoil(&mut fields[i].1, bytes);
            }
        }
        Value::List(items) if !items.is_empty() && !bytes.chance(20) => {
            let i = bytes.below(items.len());
            match bytes.below(8) {
                5 => drop(items.remove(i)),
                6 => items.push(items[i].clone()),
                7 => items.reverse(),
                _ => spoil(&mut items[i], bytes),
            }
        }
        other => *other = anything(bytes),
    }
}

fn anything(bytes: &mut Bytes<'_>) -> Value {
    match bytes.below(9) {
        0 => Value::Int(bytes.long()),
        1 => Value::Int(bytes.pick(&[0, -1, i64::MAX, i64::MIN, 1, 1 << 40])),
        2 => Value::Float(bytes.float(1e6)),
        3 => Value::Null,
        4 => Value::Bool(bytes.chance(128)),
        5 => Value::Text("spoilt".to_owned()),
        6 => Value::List(vec![Value::Int(bytes.long()); bytes.below(4)]),
        7 => Value::List(vec![Value::List(vec![Value::Int(bytes.long()), Value::Int(bytes.long())])]),
        _ => Value::Map(Vec::new()),
    }
}

/// Reads any text as metrics: raw bytes, or pieces that such texts are made of. What one line says does not depend on the broken ones
/// around it, everything that was read is found by name, and what the rules make of it survives being saved.
///
/// # Panics
/// If a promise is broken.
pub fn fuzz_exposition(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let format = bytes.pick(&[Format::Prometheus, Format::OpenMetrics]);
    let text = if bytes.chance(48) {
        String::from_utf8_lossy(bytes.rest()).into_owned()
    } else {
        pieces(&mut bytes)
    };
    let kept = read_both_ways(&text, format);
    let with_a_bad_line = format!("é {{\n{text}");
    let again = Scrape::parse_lenient(&with_a_bad_line, format);
    assert_eq!(
        format!("{:?}", again.samples()),
        format!("{:?}", kept.samples()),
        "one bad line lost others: {text:?}"
    );
    let other = pieces(&mut bytes);
    let other = Scrape::parse_lenient(&other, format);
    take_in(&[&kept, &other, &kept, &other], &mut bytes);
}

fn read_both_ways(text: &str, format: Format) -> Scrape<'_> {
    let kept = Scrape::parse_lenient(text, format);
    let lines = text.split('\n').count();
    assert!(kept.errors().iter().all(|error| (1..=lines).contains(&error.line)), "{:?}", kept.errors());
    match Scrape::parse(text, format) {
        Ok(whole) => {
            assert_eq!(kept.errors(), []);
            assert_eq!(format!("{whole:?}"), format!("{kept:?}"));
        }
        Err(error) => assert_eq!(kept.errors().first(), Some(&error)),
    }
    let streamed = Lines::new(text, format).filter(|line| matches!(line, Ok(Line::Sample(_)))).count();
    assert_eq!(streamed, kept.samples().len(), "{text:?}");
    let grouped: usize = kept.families().iter().map(|family| kept.samples_of(family).len()).sum();
    assert_eq!(grouped, streamed, "{text:?}");
    for family in kept.families() {
        assert!(kept.family(family.name()).is_some_and(|found| std::ptr::eq(found, family)), "{text:?}");
        if let Some(seen) = kept.distribution(family.name(), &[]) {
            let bounds = seen.buckets();
            let highest =
                bounds.iter().map(|b| b.upper).filter(|upper| upper.is_finite()).fold(0.0, f64::max);
            for level in [0.0, 0.5, 0.95, 1.0] {
                let value = seen.quantile(level);
                assert!(value.is_none_or(|v| v.is_finite() && v <= highest), "{value:?} of {bounds:?}");
            }
            assert!(
                seen.since(&seen).count() == 0.0
                    && seen.whole().is_none_or(|w| w.count() as f64 == seen.count())
            );
        }
    }
    for sample in kept.samples() {
        let name = sample.name.to_str();
        assert!(
            kept.series(&name).any(|found| std::ptr::eq(found, sample)),
            "{name:?} is not found: {text:?}"
        );
        for (label, value) in sample.labels.iter() {
            assert!(sample.labels.has(&[(&label.to_str(), &value.to_str())]), "{text:?}");
        }
    }
    kept
}

/// Several cycles of two instances; an intake that was saved and restored says the same, and one with spoilt state says nothing wrong.
fn take_in(cycles: &[&Scrape<'_>], bytes: &mut Bytes<'_>) {
    let mut intake = Intake::new(Names::all());
    let mut now = Timestamp::from_secs(1_700_000_000);
    for scrape in cycles {
        let mut out = StateWriter::default();
        intake.save(&mut out);
        let mut value = out.finish();
        let from = |value| Intake::new(Names::all()).restore(&StateReader::new("intake", value)?);
        assert_eq!(from(&value), Ok(()), "its own state");
        let before = intake.clone();
        intake.restore(&StateReader::new("intake", &value).expect("fields")).expect("its own state");
        assert_eq!(intake, before);
        spoil(&mut value, bytes);
        let mut spoilt = before.clone();
        match StateReader::new("intake", &value).and_then(|from| spoilt.restore(&from)) {
            Err(_) => assert_eq!(spoilt, before, "a failed restore changed something"),
            Ok(()) => drop(spoilt.take(now, &[("a", Some(scrape))]).expect("one instance")),
        }
        now = if bytes.chance(32) { bytes.instant(now) } else { now + core::time::Duration::from_secs(15) };
        let second = (!bytes.chance(64)).then_some(*scrape);
        let columns = intake.take(now, &[("a", Some(scrape)), ("b", second)]).expect("two names");
        for (name, values) in columns.iter() {
            assert!(values.len() == 2 && values.iter().any(|v| v.is_finite()), "{name}: {values:?}");
            assert!(!values.iter().any(|v| v.is_infinite()), "{name}: {values:?}");
            assert!(second.is_some() || values[1].is_nan(), "{name}: a failed scrape is {}", values[1]);
        }
        let snapshot = columns.fill(Snapshot::at(now).replicas(2)).expect("aligned");
        assert_eq!(snapshot.covered(), Some(if second.is_some() { 1.0 } else { 0.5 }));
    }
}

/// A text of the pieces that metrics are written in, mostly in their places.
fn pieces(bytes: &mut Bytes<'_>) -> String {
    const NAMES: [&str; 12] = [
        "vllm:num_requests_waiting",
        "vllm:kv_cache_usage_perc",
        "vllm:prompt_tokens_total",
        "vllm:time_to_first_token_seconds",
        "tgi_queue_size",
        "tgi_request_duration",
        "nv_inference_queue_summary_us",
        "nv_inference_queue_duration_us",
        "nv_inference_request_success",
        "DCGM_FI_DEV_FB_USED",
        "DCGM_FI_DEV_FB_FREE",
        "",
    ];
    const SUFFIXES: [&str; 6] = ["", "_bucket", "_count", "_sum", "_total", "_created"];
    const LABELS: [&str; 8] = [
        "{le=\"1\"}",
        "{le=\"+Inf\"}",
        "{le=\"0.5\",engine=\"1\"}",
        "",
        "{quantile=\"0.95\"}",
        "{a=\"q\\\"\\n\\\\\"}",
        "{\"a.b\"}",
        "{x=\"1\",x=\"2\"}",
    ];
    const VALUES: [&str; 12] =
        ["0", "1", "2.5", "10", "1e3", "NaN", "+Inf", "-1", "7.4e+06", "1e300", "x", ""];
    const KINDS: [&str; 5] = ["gauge", "counter", "histogram", "summary", "thing"];
    const ENDS: [&str; 6] = ["\n", "\n", "\n", " 1395066363\n", " # {a=\"b\"} 1\n", "\n# EOF\n"];
    let mut text = String::new();
    for _ in 0..bytes.below(40) {
        let name = bytes.pick(&NAMES);
        if bytes.chance(40) {
            text += &format!("# TYPE {name} {}\n", bytes.pick(&KINDS));
        } else {
            let (suffix, labels) = (bytes.pick(&SUFFIXES), bytes.pick(&LABELS));
            text += &format!("{name}{suffix}{labels} {}{}", bytes.pick(&VALUES), bytes.pick(&ENDS));
        }
    }
    text
}
