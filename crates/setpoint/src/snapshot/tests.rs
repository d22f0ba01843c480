use super::*;

const T: Timestamp = Timestamp::from_secs(1_000);

#[test]
fn counts_come_from_what_is_known_best() {
    let instances = [Instance::ready(T), Instance::pending(), Instance::ready(T).leaving()];
    let s = Snapshot::at(T).replicas(5).instances(&instances[..]).unwrap();
    assert_eq!((s.ready_count(), s.unready_count(), s.reported_count()), (Some(1), 1, 5));
    let s = s.ready(4).reported(6);
    assert_eq!((s.ready_count(), s.reported_count()), (Some(4), 6));
    assert_eq!(s.ready_unknown().ready_count(), None);
    assert_eq!(Snapshot::at(T).replicas(7).ready_count(), Some(7));
    assert_eq!(Snapshot::at(T).replicas(7).unready(2).ready_count(), Some(5));
    assert_eq!(Snapshot::at(T).replicas(1).unready(2).ready_count(), Some(0));
}

#[test]
fn missing_is_never_zero() {
    let values = [1.0, f64::NAN, f64::INFINITY, 0.0];
    let s = Snapshot::at(T).samples("m", &values).unwrap();
    let column = s.find("m").unwrap().values();
    assert_eq!((0..5).map(|i| column.get(i)).collect::<Vec<_>>(), [Some(1.0), None, None, Some(0.0), None]);
    assert_eq!((0..5).map(|i| column.milli(i)).collect::<Vec<_>>(), [Some(1000), None, None, Some(0), None]);
    let s = Snapshot::at(T).value("q", f64::NAN).unwrap().value("r", &[1.0, f64::NAN]).unwrap();
    assert_eq!(s.find_value("q").unwrap().total(), None);
    assert_eq!(s.find_value("r").unwrap().total(), None);
    assert!(s.find_value("gone").is_none());
}

#[test]
fn contradictions_are_refused_by_name() {
    let instances = vec![Instance::ready(T); 2];
    let s = Snapshot::at(T).instances(instances.clone()).unwrap();
    let short = s.clone().samples("cpu", &[1.0]).unwrap_err();
    assert_eq!(short.to_string(), "metric \"cpu\" has 1 entries for 2 instances");
    let twice = s.clone().samples("cpu", 1.0).unwrap().samples("cpu", 2.0).unwrap_err();
    assert!(matches!(twice, SnapshotError::DuplicateColumn { what: "metric", .. }));
    assert!(matches!(s.clone().samples("", 1.0), Err(SnapshotError::Name { .. })));
    let same = s.clone().instance_names(["a", "a"]).unwrap_err();
    assert_eq!(same, SnapshotError::DuplicateInstance { name: "a".into() });
    let late = Snapshot::at(T).samples("cpu", &[1.0; 3]).unwrap().instances(instances).unwrap_err();
    assert!(matches!(late, SnapshotError::Length { got: 3, instances: 2, .. }));
    let times = Samples::new("m", 1.0).taken_at(vec![T]);
    assert!(s.clone().measured(times).is_err());
    assert!(s.clone().coverage(f64::NAN).is_err());
    assert!(s.requests("cpu", &[1.0; 3]).is_err());
}

#[test]
fn samples_by_name_find_their_instance_and_keep_strangers() {
    let s = Snapshot::at(T).instances(vec![Instance::ready(T); 3]).unwrap();
    assert!(matches!(s.clone().samples_by_name("m", [("a", 1.0)]), Err(SnapshotError::Unnamed { .. })));
    let s = s.instance_names(["b", "a", "c"]).unwrap();
    let twice = s.clone().samples_by_name("m", [("a", 1.0), ("a", 2.0)]);
    assert_eq!(twice.unwrap_err(), SnapshotError::DuplicateInstance { name: "a".into() });
    let twice = s.clone().samples_by_name("m", [("x", 1.0), ("x", 1.0)]);
    assert_eq!(twice.unwrap_err(), SnapshotError::DuplicateInstance { name: "x".into() });
    let s = s.samples_by_name("m", [("a", 1.0), ("x", 9.0), ("b", 2.0)]).unwrap();
    let m = s.find("m").unwrap();
    assert_eq!((0..3).map(|i| m.values().get(i)).collect::<Vec<_>>(), [Some(2.0), Some(1.0), None]);
    assert_eq!(m.foreign_milli(), [9000]);
}

#[test]
fn a_thousand_instances_and_four_metrics_are_borrowed() {
    let instances = vec![Instance::ready(T); 1000];
    let values = vec![0.5; 1000];
    let mut s = Snapshot::at(T).replicas(1000).instances(&instances[..]).unwrap();
    for name in ["cpu", "memory", "queue", "latency"] {
        s = s.samples(name, &values).unwrap();
    }
    assert!(
        matches!(&s.instances, Some(Cow::Borrowed(list)) if std::ptr::eq(*list, &raw const instances[..]))
    );
    assert!(
        s.samples.iter().all(
            |m| matches!(&m.values, Column::Each(Cow::Borrowed(v)) if std::ptr::eq(*v, values.as_slice()))
        )
    );
    assert_eq!(s.clone().into_owned(), s);
}
