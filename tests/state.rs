//! Hostile saved state: every field removed, every value turned into every other kind, lists cut, doubled, reversed, whole
//! numbers at their ends, texts cut anywhere. Each gives an error that changes nothing, or an autoscaler that goes on.

use setpoint::state::Value;
use setpoint_tests::bodies::restore_and_go_on;
use setpoint_tests::{Player, Script, Subject, XorShift, subjects};

/// At most so many places of one saved value are spoilt; larger values are walked in even strides.
const PLACES: usize = 300;

/// A way down to one value: places in maps and lists.
type Way = Vec<usize>;

fn ways(value: &Value, here: &mut Way, out: &mut Vec<Way>) {
    out.push(here.clone());
    let children = match value {
        Value::List(items) => items.len(),
        Value::Map(fields) => fields.len(),
        _ => 0,
    };
    for i in 0..children {
        here.push(i);
        match value {
            Value::List(items) => ways(&items[i], here, out),
            Value::Map(fields) => ways(&fields[i].1, here, out),
            _ => {}
        }
        here.pop();
    }
}

fn at<'a>(value: &'a mut Value, way: &[usize]) -> &'a mut Value {
    way.iter().fold(value, |value, i| match value {
        Value::List(items) => &mut items[*i],
        Value::Map(fields) => &mut fields[*i].1,
        leaf => leaf,
    })
}

fn replacements() -> Vec<Value> {
    let mut out = vec![
        Value::Null,
        Value::Bool(true),
        Value::Text("spoilt".to_owned()),
        Value::List(Vec::new()),
        Value::List(vec![Value::Null]),
        Value::List(vec![Value::list([5_i64, 4]), Value::list([3_i64, -2])]),
        Value::Map(Vec::new()),
    ];
    out.extend([0, -1, 1, 7, i64::MAX, i64::MIN, i64::from(i32::MAX) + 1].map(Value::Int));
    out.extend([f64::NAN, f64::INFINITY, -1.5, 1e300].map(Value::Float));
    out
}

/// The value, spoilt in every way at one place.
fn spoilt(value: &Value, way: &[usize], source: &mut XorShift) -> Vec<Value> {
    let mut out = Vec::new();
    let mut change = |edit: &mut dyn FnMut(&mut Value)| {
        let mut copy = value.clone();
        edit(at(&mut copy, way));
        out.push(copy);
    };
    for replacement in replacements() {
        change(&mut |place| *place = replacement.clone());
    }
    change(&mut |place| *place = Value::Int(source.next_u64().cast_signed()));
    change(&mut |place| match place {
        Value::Int(n) => *n = n.wrapping_add(1),
        Value::Float(x) => *x = -*x,
        Value::Bool(b) => *b = !*b,
        Value::List(items) => items.reverse(),
        Value::Map(fields) => fields.reverse(),
        _ => {}
    });
    change(&mut |place| match place {
        Value::Int(n) => *n = n.wrapping_sub(1),
        Value::List(items) => items.extend(items.clone()),
        Value::Map(fields) => fields.extend(fields.clone()),
        _ => {}
    });
    let children = match at(&mut value.clone(), way) {
        Value::List(items) => items.len(),
        Value::Map(fields) => fields.len(),
        _ => 0,
    };
    for i in 0..children.min(40) {
        change(&mut |place| match place {
            Value::List(items) => drop(items.remove(i)),
            Value::Map(fields) => drop(fields.remove(i)),
            _ => {}
        });
    }
    out
}

fn lived(subject: &Subject, seed: u64) -> (Value, Script) {
    let mut source = XorShift::new(seed);
    let mut player = Player::new((subject.build)());
    player.play_all(&Script::from_bytes(&source.bytes(2_400)));
    let state = player.scaler.save().expect("the subjects can be saved");
    let mut script = Script::from_bytes(&source.bytes(700));
    script.steps.truncate(6);
    (state, script)
}

#[test]
fn spoilt_state_gives_an_error_or_goes_on() {
    for subject in subjects() {
        let mut source = XorShift::new(31);
        let mut tried = 0;
        for seed in [1, 2] {
            let (state, script) = lived(&subject, seed);
            let mut all = Vec::new();
            ways(&state, &mut Vec::new(), &mut all);
            let stride = all.len().div_ceil(PLACES);
            for way in all.iter().step_by(stride) {
                for hostile in spoilt(&state, way, &mut source) {
                    restore_and_go_on(&subject, &hostile, &script);
                    tried += 1;
                }
            }
        }
        assert!(tried > 100, "{}: only {tried} states", subject.name);
    }
}

#[test]
fn a_field_that_is_gone_is_named() {
    for subject in subjects() {
        let (state, _) = lived(&subject, 3);
        let mut all = Vec::new();
        ways(&state, &mut Vec::new(), &mut all);
        for way in all.iter().step_by(all.len().div_ceil(PLACES)) {
            let Value::Map(fields) = at(&mut state.clone(), way).clone() else { continue };
            for (i, (name, _)) in fields.iter().enumerate() {
                let mut cut = state.clone();
                let Value::Map(fields) = at(&mut cut, way) else { continue };
                fields.remove(i);
                let mut scaler = (subject.build)();
                let error = scaler.restore(&cut).err().map(|e| e.to_string());
                let named = error.as_ref().is_some_and(|e| e.contains(name.as_str()));
                assert!(named, "{}: without {name}: {error:?}", subject.name);
                assert_eq!(scaler, (subject.build)(), "{}", subject.name);
            }
        }
    }
}

#[test]
fn text_that_was_cut_or_changed_never_panics() {
    for subject in subjects() {
        let (state, script) = lived(&subject, 4);
        let json = serde_json::to_string(&state).expect("state has a JSON form").into_bytes();
        let stride = json.len().div_ceil(400);
        for end in (0..json.len()).step_by(stride) {
            assert!(serde_json::from_slice::<Value>(&json[..end]).is_err(), "{} cut at {end}", subject.name);
        }
        let mut source = XorShift::new(5);
        for i in (0..json.len()).step_by(stride) {
            let mut changed = json.clone();
            changed[i] = b"0123456789-.,:[]{}\"ntf"[(source.next_u64() % 22) as usize];
            if let Ok(value) = serde_json::from_slice(&changed) {
                restore_and_go_on(&subject, &value, &script);
            }
        }
    }
}

#[test]
fn state_of_another_subject_is_refused_or_fits() {
    let all = subjects();
    for subject in &all {
        let (state, script) = lived(subject, 6);
        for other in &all {
            restore_and_go_on(other, &state, &script);
        }
    }
}
