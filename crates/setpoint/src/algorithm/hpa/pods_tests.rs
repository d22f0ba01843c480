use super::*;
use proptest::prelude::*;

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn sampled(seconds: i64, window: u64) -> Option<SampleTime> {
    Some(SampleTime { at: at(seconds), window: Duration::from_secs(window) })
}

fn cpu(instance: Instance, sample: Option<SampleTime>, now: i64) -> PodClass {
    classify(&instance, sample, Some(&CpuTiming::default()), at(now))
}

#[test]
fn leaving_and_ended_instances_are_ignored_before_anything_else() {
    let running = Instance::ready(at(0));
    for gone in [
        running.leaving(),
        Instance { phase: Phase::Failed, ..running },
        Instance { phase: Phase::Succeeded, ..running },
        Instance::pending().leaving(),
    ] {
        assert_eq!(cpu(gone, sampled(900, 30), 1000), PodClass::Ignored);
        assert_eq!(cpu(gone, None, 1000), PodClass::Ignored);
    }
}

#[test]
fn pending_instances_are_unready_with_or_without_a_sample() {
    assert_eq!(cpu(Instance::pending(), sampled(900, 30), 1000), PodClass::Unready);
    assert_eq!(classify(&Instance::pending(), None, None, at(1000)), PodClass::Unready);
}

#[test]
fn a_running_instance_without_a_sample_is_missing_and_so_is_one_of_unknown_phase() {
    assert_eq!(cpu(Instance::ready(at(0)), None, 1000), PodClass::Missing);
    let unknown = Instance { phase: Phase::Unknown, ..Instance::ready(at(0)) };
    assert_eq!(cpu(unknown, None, 1000), PodClass::Missing);
    assert_eq!(cpu(unknown, sampled(900, 30), 1000), PodClass::Ready);
}

#[test]
fn only_cpu_asks_for_readiness() {
    let never = Instance::running(at(990), Readiness::NotReady, at(990));
    assert_eq!(cpu(never, sampled(1000, 0), 1000), PodClass::Unready);
    assert_eq!(classify(&never, sampled(1000, 0), None, at(1000)), PodClass::Ready);
}

#[test]
fn without_a_readiness_or_a_start_cpu_usage_is_distrusted() {
    let running = Instance::ready(at(0));
    let silent = Instance { readiness: Readiness::Absent, ..running };
    assert_eq!(cpu(silent, sampled(900, 30), 1000), PodClass::Unready);
    assert_eq!(cpu(Instance { started_at: None, ..running }, sampled(900, 30), 1000), PodClass::Unready);
}

#[test]
fn the_initialization_period_ends_at_its_edge() {
    // Not ready, changed long after its start: distrusted while initializing, trusted afterwards.
    let pod = Instance::running(at(0), Readiness::NotReady, at(100));
    assert_eq!(cpu(pod, sampled(290, 30), 299), PodClass::Unready);
    assert_eq!(cpu(pod, sampled(290, 30), 300), PodClass::Ready);
}

#[test]
fn a_young_sample_must_lie_wholly_after_the_last_change() {
    let pod = Instance::running(at(0), Readiness::Ready, at(100));
    assert_eq!(cpu(pod, sampled(129, 30), 200), PodClass::Unready);
    assert_eq!(cpu(pod, sampled(130, 30), 200), PodClass::Ready);
}

#[test]
fn unknown_readiness_while_initializing_counts_with_a_fresh_sample() {
    let pod = Instance::running(at(0), Readiness::Unknown, at(100));
    assert_eq!(cpu(pod, sampled(130, 30), 200), PodClass::Ready);
    assert_eq!(cpu(pod, sampled(129, 30), 200), PodClass::Unready);
    // And afterwards it is not "not ready", even if it changed right at its start.
    let pod = Instance::running(at(0), Readiness::Unknown, at(0));
    assert_eq!(cpu(pod, sampled(1, 30), 300), PodClass::Ready);
}

#[test]
fn after_the_initialization_period_only_instances_that_were_never_ready_are_distrusted() {
    let not_ready = |changed| Instance::running(at(0), Readiness::NotReady, at(changed));
    assert_eq!(cpu(not_ready(29), sampled(900, 30), 1000), PodClass::Unready);
    assert_eq!(cpu(not_ready(30), sampled(900, 30), 1000), PodClass::Ready);
    assert_eq!(cpu(Instance::ready(at(0)), sampled(1, 30), 1000), PodClass::Ready);
}

#[test]
fn a_readiness_without_a_time_changed_long_ago() {
    let pod = Instance { readiness_changed_at: None, ..Instance::ready(at(990)) };
    assert_eq!(cpu(pod, sampled(995, 30), 1000), PodClass::Ready);
    let pod = Instance { readiness: Readiness::NotReady, started_at: Some(at(0)), ..pod };
    assert_eq!(cpu(pod, sampled(995, 30), 1000), PodClass::Unready);
}

#[test]
fn counted_instances_come_from_a_snapshot() {
    let unknown = Snapshot::at(at(0)).replicas(7).ready_unknown();
    assert_eq!(Pods::of(&unknown), Pods::Counted { ready: 7, unready: 0 });
    let list = [Instance::pending()];
    let listed = Snapshot::at(at(0)).replicas(7).instances(&list[..]).unwrap();
    assert_eq!(Pods::of(&listed), Pods::Listed(&list));
}

fn readiness() -> impl Strategy<Value = Readiness> {
    prop_oneof![
        Just(Readiness::Ready),
        Just(Readiness::NotReady),
        Just(Readiness::Unknown),
        Just(Readiness::Absent)
    ]
}

proptest! {
    /// Between now and the time that is told, no class changes.
    #[test]
    fn the_next_reclassification_is_never_late(
        start in 0_i64..400, changed in prop::option::of(0_i64..400), readiness in readiness(),
        taken in prop::option::of(0_i64..500), window in 0_u64..60, now in 0_i64..700, wait in 0_i64..700,
    ) {
        let pods = [Instance {
            started_at: Some(at(start)), readiness, readiness_changed_at: changed.map(at), ..Instance::default()
        }];
        let mut samples = Samples::new("cpu", 1.0).window(Duration::from_secs(window));
        if let Some(taken) = taken {
            samples = samples.taken_at(at(taken));
        }
        let timing = CpuTiming::default();
        let class_at = |now: i64| {
            let sample = SampleTime { at: taken.map_or(at(now), at), window: Duration::from_secs(window) };
            classify(&pods[0], Some(sample), Some(&timing), at(now))
        };
        let next = next_reclassification(&pods, &samples, &timing, at(now));
        prop_assert!(next.is_none_or(|t| t > at(now)));
        if next.is_none_or(|t| at(now + wait) < t) {
            prop_assert_eq!(class_at(now + wait), class_at(now));
        }
    }
}
