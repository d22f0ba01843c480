use super::*;
use crate::snapshot::{Instance, Readiness};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_secs(100_000);
const OLD: Timestamp = Timestamp::from_secs(0);

fn ready(n: usize) -> Vec<Instance> {
    vec![Instance::ready(OLD); n]
}

fn metric<'a>(pods: &'a [Instance], samples: &'a Samples<'a>, target: PodTarget) -> PodMetric<'a> {
    PodMetric {
        pods: Pods::Listed(pods),
        samples,
        requests: None,
        target,
        tolerance: Tolerance::default(),
        cpu: Some(CpuTiming::default()),
        now: NOW,
        current: pods.len() as i64,
    }
}

fn percent(pods: &[Instance], shares: &[f64], target: i32) -> Result<Proposal, Failure> {
    let samples = Samples::new("cpu", shares);
    propose(&metric(pods, &samples, PodTarget::Utilization(target)))
}

fn told(p: Result<Proposal, Failure>) -> (i64, Rule) {
    let p = p.unwrap();
    (p.replicas, p.rule)
}

#[test]
fn the_edges_of_the_tolerance_keep() {
    assert_eq!(told(percent(&ready(10), &[0.55; 10], 50)), (10, Rule::WithinTolerance));
    assert_eq!(told(percent(&ready(10), &[0.45; 10], 50)), (10, Rule::WithinTolerance));
    // 55.9 % is 55 % before it is divided by the target.
    let p = percent(&ready(1), &[0.559], 50).unwrap();
    assert_eq!((p.usage.utilization_percent, p.ratio, p.replicas), (Some(55), 1.1, 1));
    assert_eq!(told(percent(&ready(10), &[0.56; 10], 50)), (12, Rule::Proportional));
}

#[test]
fn a_missing_instance_is_idle_on_the_way_up() {
    let p = percent(&ready(5), &[0.8, 0.8, 0.8, 0.8, f64::NAN], 50).unwrap();
    assert_eq!((p.ratio, p.adjusted_ratio, p.replicas), (1.6, Some(1.28), 7));
    assert_eq!(p.rule, Rule::AdjustedProportional);
    assert_eq!(p.usage.utilization_percent, Some(80));
    assert_eq!((p.pods.ready, p.pods.missing), (4, 1));
}

#[test]
fn missing_instances_are_full_on_the_way_down() {
    let p = percent(&ready(5), &[0.2, 0.2, 0.2, f64::INFINITY, f64::NAN], 50).unwrap();
    assert_eq!((p.adjusted_ratio, p.rule), (Some(1.04), Rule::AdjustedWithinTolerance));
    assert_eq!(p.replicas, 5);
}

#[test]
fn a_target_above_the_request_fills_missing_instances_to_the_target() {
    // Three at 100 %, one missing, target 200: the missing one counts 200 %, so (300 + 200) / 4 = 125 % and 0.625 * 4.
    let p = percent(&ready(4), &[1.0, 1.0, 1.0, f64::NAN], 200).unwrap();
    assert_eq!((p.adjusted_ratio, p.replicas), (Some(0.625), 3));
}

#[test]
fn on_target_with_missing_instances_adds_nothing_and_keeps() {
    let p = percent(&ready(3), &[0.5, 0.5, f64::NAN], 50).unwrap();
    assert_eq!((p.ratio, p.adjusted_ratio, p.replicas), (1.0, Some(1.0), 3));
}

#[test]
fn the_direction_does_not_turn_on_assumptions() {
    let p = percent(&ready(4), &[0.6, f64::NAN, f64::NAN, f64::NAN], 50).unwrap();
    assert_eq!((p.ratio, p.replicas, p.rule), (1.2, 4, Rule::DirectionTurned));
    let p = percent(&ready(4), &[0.4, f64::NAN, f64::NAN, f64::NAN], 50).unwrap();
    assert_eq!((p.replicas, p.rule), (4, Rule::DirectionTurned));
}

#[test]
fn a_count_that_opposes_its_ratio_is_not_followed() {
    // Four instances where ten were asked for: 1.5 of 4 entries is 6, fewer than 10.
    let samples = Samples::new("cpu", &[1.0, 1.0, 1.0, f64::NAN]);
    let pods = ready(4);
    let wanted = PodMetric { current: 10, ..metric(&pods, &samples, PodTarget::Utilization(50)) };
    assert_eq!(told(propose(&wanted)), (10, Rule::CountOpposesRatio));
}

#[test]
fn without_missing_or_unready_there_is_no_such_guard() {
    // Two ready of ten: 2.0 * 2 = 4, a scale-down against a ratio of 2.
    let samples = Samples::new("cpu", &[1.0, 1.0]);
    let pods = ready(2);
    let wanted = PodMetric { current: 10, ..metric(&pods, &samples, PodTarget::Utilization(50)) };
    assert_eq!(told(propose(&wanted)), (4, Rule::Proportional));
}

#[test]
fn idle_instances_propose_0() {
    assert_eq!(told(percent(&ready(3), &[0.0; 3], 50)), (0, Rule::Proportional));
}

#[test]
fn unready_instances_dampen_the_way_up_and_stay_out_of_the_way_down() {
    let mut pods = ready(3);
    pods[2] = Instance::pending();
    let p = percent(&pods, &[1.0, 1.0, 9.0], 50).unwrap();
    assert_eq!((p.ratio, p.adjusted_ratio, p.replicas), (2.0, Some(1.32), 4));
    let p = percent(&pods, &[0.2, 0.2, 9.0], 50).unwrap();
    assert_eq!((p.adjusted_ratio, p.replicas), (None, 1));
    // With one missing as well, on the way down, the unready one still stays out: (0.2 + 1.0) / 2 = 60 %.
    let p = percent(&pods, &[0.2, f64::NAN, 9.0], 50).unwrap();
    assert_eq!((p.pods.missing, p.pods.unready, p.adjusted_ratio), (1, 1, Some(1.2)));
}

#[test]
fn failures_in_their_order() {
    assert_eq!(percent(&[], &[], 50), Err(Failure::NoPods));
    assert_eq!(percent(&[Instance::pending(); 3], &[0.5; 3], 50), Err(Failure::NoReadyPodMetrics));
    assert_eq!(percent(&ready(3), &[f64::NAN; 3], 50), Err(Failure::NoReadyPodMetrics));
    assert_eq!(percent(&ready(3), &[0.5; 3], 0), Err(Failure::InvalidTarget));

    let (pods, samples) = (ready(2), Samples::new("cpu", 0.5));
    let with = |pods: &[Instance], requests: Vec<Option<i64>>, target| {
        let requests = Column::from(requests);
        propose(&PodMetric { requests: Some(&requests), ..metric(pods, &samples, target) })
    };
    let half = PodTarget::Utilization(50);
    assert_eq!(with(&pods, vec![Some(0), Some(0)], half), Err(Failure::NoMatchingMetrics));
    assert_eq!(with(&pods, vec![Some(1000), None], half), Err(Failure::MissingRequest));
    assert_eq!(with(&pods, vec![Some(1000)], half), Err(Failure::MissingRequest));
    assert!(with(&pods, vec![Some(1000), None], PodTarget::AverageValue(500)).is_ok());
    let mut ended = pods.clone();
    ended[1].phase = crate::snapshot::Phase::Failed;
    assert_eq!(with(&ended, vec![Some(1000), None], half), Err(Failure::MissingRequest));
    // No ready sample comes before a missing request.
    assert_eq!(with(&[Instance::pending(); 2], vec![None, None], half), Err(Failure::NoReadyPodMetrics));
}

#[test]
fn foreign_samples_count_in_means_and_as_entries_but_not_in_utilization() {
    let pods = ready(2);
    let samples = Samples::new("m", &[1.0, f64::NAN]).foreign(vec![3000]);
    let p = propose(&metric(&pods, &samples, PodTarget::AverageValue(1000))).unwrap();
    assert_eq!((p.usage.average_milli, p.ratio), (Some(2000), 2.0));
    assert_eq!((p.adjusted_ratio, p.replicas, p.pods.foreign), (Some(1.333), 4, 1));

    let p = propose(&metric(&pods, &samples, PodTarget::Utilization(40))).unwrap();
    assert_eq!((p.usage.utilization_percent, p.adjusted_ratio), (Some(100), Some(1.25)));
    assert_eq!(p.replicas, 4); // 1.25 * 3 entries

    let alone = Samples::new("m", &[f64::NAN, f64::NAN]).foreign(vec![3000]);
    let only_foreign = propose(&metric(&pods, &alone, PodTarget::Utilization(40)));
    assert_eq!(only_foreign, Err(Failure::NoMatchingMetrics));
    // For means a foreign sample alone is enough, but no ready instance is there to multiply.
    assert!(propose(&metric(&pods, &alone, PodTarget::AverageValue(1000))).is_ok());
}

#[test]
fn sums_wrap() {
    let pods = ready(2);
    let samples = Samples::new("m", vec![Some(i64::MAX), Some(i64::MAX)]);
    let p = propose(&metric(&pods, &samples, PodTarget::AverageValue(1000))).unwrap();
    assert_eq!(p.usage.average_milli, Some(-1)); // -2 of two
}

#[test]
fn counted_instances_without_samples_of_their_own_are_missing() {
    let one = Samples::new("cpu", &[0.9]);
    let counted = |samples, ready, unready| {
        propose(&PodMetric {
            pods: Pods::Counted { ready, unready },
            current: 4,
            ..metric(&[], samples, PodTarget::Utilization(70))
        })
    };
    let p = counted(&one, 4, 0).unwrap();
    assert_eq!((p.pods.ready, p.pods.missing, p.replicas), (1, 3, 4));
    let all = Samples::new("cpu", 0.9);
    let p = counted(&all, 4, 0).unwrap();
    assert_eq!((p.pods.ready, p.pods.missing, p.replicas), (4, 0, 6));
    assert_eq!(counted(&all, 0, 0), Err(Failure::NoPods));
    assert_eq!(counted(&all, 0, 3), Err(Failure::NoReadyPodMetrics));
    let none = Samples::new("cpu", f64::NAN);
    assert_eq!(counted(&none, 4, 0), Err(Failure::NoReadyPodMetrics));
    // Two billion of them take no longer than four.
    let p = counted(&all, i32::MAX as u32, i32::MAX as u32).unwrap();
    assert_eq!(p.pods.unready, i64::from(i32::MAX));
}

fn shares() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![4 => 0.0..3.0, 1 => Just(f64::NAN)], 1..20)
}

proptest! {
    /// Counting instances gives what listing them gives: ready ones with the samples, then pending ones.
    #[test]
    fn counted_equals_listed(
        own in shares(), extra in 0_u32..4, unready in 0_u32..4, target in 1_i32..150, value: bool,
        requests in prop_oneof![Just(None), (0.0..2.0).prop_map(|r: f64| Some(Column::Same(r))),
            prop::collection::vec(0.1..2.0, 0..30).prop_map(|r| Some(Column::from(r)))],
    ) {
        let running = own.len() as u32 + extra;
        let mut pods = ready(running as usize);
        pods.extend(vec![Instance::pending(); unready as usize]);
        let samples = Samples::new("m", &own);
        let target = if value { PodTarget::AverageValue(i64::from(target) * 10) } else { PodTarget::Utilization(target) };
        let listed = PodMetric { requests: requests.as_ref(), ..metric(&pods, &samples, target) };
        let counted = PodMetric { pods: Pods::Counted { ready: running, unready }, ..listed };
        prop_assert_eq!(propose(&counted), propose(&listed));
    }

    /// One value for all is as many equal values.
    #[test]
    fn same_equals_each(value in 0.0..3.0, n in 1_usize..20, unready in 0_u32..4, target in 1_i32..150) {
        let each = vec![value; n];
        let (each, same) = (Samples::new("m", &each), Samples::new("m", value));
        let of = |samples| propose(&PodMetric {
            pods: Pods::Counted { ready: n as u32, unready },
            current: n as i64,
            ..metric(&[], samples, PodTarget::Utilization(target))
        });
        prop_assert_eq!(of(&each), of(&same));
    }

    /// Values in thousandths give what the same values give as numbers, and the order of instances does not matter.
    #[test]
    fn columns_and_orders_agree(own in prop::collection::vec(prop::option::of(0_i64..3000), 1..20), target in 1_i32..150) {
        let pods = ready(own.len());
        let numbers: Vec<f64> = own.iter().map(|m| m.map_or(f64::NAN, |m| m as f64 / 1000.0)).collect();
        let mut reversed = own.clone();
        reversed.reverse();
        let of = |samples: Samples<'_>| propose(&metric(&pods, &samples, PodTarget::Utilization(target)));
        let expected = of(Samples::new("m", own));
        prop_assert_eq!(of(Samples::new("m", numbers)), expected);
        prop_assert_eq!(of(Samples::new("m", reversed)), expected);
    }

    /// Nothing that a caller can hold makes it panic.
    #[test]
    fn any_numbers_give_an_outcome(
        own in prop::collection::vec(prop::option::of(any::<i64>()), 0..6),
        requests in prop::collection::vec(prop::option::of(any::<i64>()), 0..6),
        foreign in prop::collection::vec(any::<i64>(), 0..3),
        target: i32, milli: i64, value: bool, current: i32, up: f64, down: f64,
        starts in prop::collection::vec(prop::option::of(any::<i64>()), 0..6),
    ) {
        let pods: Vec<Instance> = starts.iter().map(|at| Instance {
            started_at: at.map(Timestamp::from_millis),
            readiness: Readiness::NotReady,
            ..Instance::default()
        }).collect();
        let samples = Samples::new("m", own).foreign(foreign);
        let requests = Column::from(requests);
        let target = if value { PodTarget::AverageValue(milli) } else { PodTarget::Utilization(target) };
        let got = propose(&PodMetric {
            requests: Some(&requests), current: current.into(), tolerance: Tolerance { up, down },
            ..metric(&pods, &samples, target)
        });
        if let Ok(p) = got {
            prop_assert!(p.replicas.unsigned_abs() <= 1 << 31);
        }
    }
}
