//! The rules of the fluid queue, one by one, and its laws.

use super::*;
use crate::Bounds;
use crate::simulate::Work;
use core::time::Duration;
use proptest::prelude::*;

const STEP: Duration = Duration::from_secs(10);

/// One slot-second of work per unit, so that a replica of one slot takes 10 per bin.
fn trace(work_s: &[f64]) -> Trace {
    let work = Work::per_request_ms(1_000.0).unwrap();
    Trace::from_counts("toy", STEP, work_s.iter().copied().map(Some), &work).unwrap()
}

fn model(initial: u32) -> Model {
    Model::new(Bounds::new(0, 50).unwrap()).initial(initial).unwrap()
}

fn play(trace: &Trace, model: &Model, mut decide: impl FnMut(&Observation) -> u32) -> (Vec<Bin>, Report) {
    let mut run = RateLevel::new(trace, model);
    let bins = core::iter::from_fn(|| run.step(&mut decide)).collect();
    (bins, run.report("test"))
}

fn hold(seen: &Observation) -> u32 {
    seen.ordered
}

#[test]
fn work_queues_is_served_and_waits() {
    let (bins, report) = play(&trace(&[30.0, 30.0, 0.0, 0.0]), &model(2), hold);
    let facts: Vec<_> = bins.iter().map(|b| (b.served_ms, b.backlog_ms, b.wait_ms)).collect();
    assert_eq!(facts, [(20e3, 10e3, 5e3), (20e3, 20e3, 10e3), (20e3, 0.0, 0.0), (0.0, 0.0, 0.0)]);
    assert_eq!(report.service.wait_max_ms, 10_000.0);
    assert_eq!(report.service.max_backlog_ms, 20_000.0);
    assert_eq!(report.cost.idle_share, 0.25);
}

#[test]
fn a_wait_exactly_at_the_limit_does_not_violate() {
    let (bins, report) = play(&trace(&[30.0, 30.0, 0.0]), &model(2), hold);
    assert_eq!(bins.iter().map(|b| b.violated).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!((report.service.violating_requests, report.service.violating_percent), (30.0, 50.0));
}

#[test]
fn without_replicas_the_wait_is_infinite_but_only_with_a_backlog() {
    let (bins, report) = play(&trace(&[0.0, 5.0, 0.0]), &model(0), hold);
    assert_eq!(bins.iter().map(|b| b.wait_ms).collect::<Vec<_>>(), [0.0, f64::INFINITY, f64::INFINITY]);
    assert_eq!(report.service.wait_p99_ms, f64::INFINITY);
    assert_eq!((report.service.violating_bins, report.service.overload_episodes), (2, 1));
    assert_eq!((report.cost.replica_hours, report.cost.idle_share), (0.0, 0.0));
}

#[test]
fn violating_time_looks_at_bins_without_arrivals_and_shares_of_nothing_are_0() {
    let (_, report) = play(&trace(&[90.0, 0.0, 0.0, 0.0]), &model(1), hold);
    assert_eq!(report.service.violating_bins, 4);
    assert_eq!(report.service.violating_requests, 90.0);
    assert_eq!(report.service.longest_overload_ms, 40_000);
    let (_, report) = play(&trace(&[0.0, 0.0]), &model(1), hold);
    assert_eq!((report.service.violating_percent, report.service.wait_p99_ms), (0.0, 0.0));
}

#[test]
fn episodes_are_maximal_runs_of_violating_bins() {
    let (_, report) = play(&trace(&[20.0, 20.0, 0.0, 0.0, 20.0, 0.0, 30.0]), &model(1), hold);
    // Backlogs 10, 20, 10, 0, 10, 0, 20 s: four of them beyond 5 s in a row would be one episode.
    assert_eq!((report.service.overload_episodes, report.service.longest_overload_ms), (3, 30_000));
    assert_eq!(report.service.mean_overload_ms, 50_000.0 / 3.0);
}

#[test]
fn ordered_replicas_are_paid_ready_ones_serve() {
    let model = model(1).start_delay(Duration::from_secs(20));
    let (bins, report) = play(&trace(&[10.0; 5]), &model, |_| 3);
    let counts: Vec<_> = bins.iter().map(|b| (b.ready, b.ordered)).collect();
    assert_eq!(counts, [(1, 1), (1, 3), (1, 3), (3, 3), (3, 3)]);
    assert_eq!(report.cost.replica_hours, 13.0 / 360.0);
    assert_eq!(report.cost.ready_replica_hours, 9.0 / 360.0);
    assert_eq!((report.cost.fewest_replicas, report.cost.most_replicas), (1, 3));
}

#[test]
fn the_last_bin_decides_too() {
    let (bins, report) = play(&trace(&[1.0; 3]), &model(1), |seen| if seen.bin == 2 { 4 } else { 1 });
    assert_eq!((bins[2].ordered, bins[2].decided), (1, 4));
    assert_eq!((report.stability.scale_ups, report.stability.replicas_started), (1, 3));
    assert_eq!(report.cost.most_replicas, 1);
}

#[test]
fn direction_changes_compare_with_the_last_change_not_with_the_last_bin() {
    let plan = [3, 3, 5, 5, 2, 2, 4, 1];
    let (_, report) = play(&trace(&[1.0; 8]), &model(3), |seen| plan[seen.bin]);
    let s = report.stability;
    assert_eq!((s.scale_ups, s.scale_downs, s.direction_changes), (2, 2, 3));
    assert_eq!((s.replicas_started, s.replicas_removed), (4, 6));
}

#[test]
fn decisions_are_held_to_the_bounds() {
    let model = Model::new(Bounds::new(2, 4).unwrap());
    let (bins, _) = play(&trace(&[1.0; 2]), &model, |seen| if seen.bin == 0 { 99 } else { 0 });
    assert_eq!(bins.iter().map(|b| b.decided).collect::<Vec<_>>(), [4, 2]);
}

#[test]
fn a_policy_sees_the_bin_of_the_lag_ago_and_the_counts_of_now() {
    let model = model(1).metric_lag(STEP * 2);
    let mut seen_work = Vec::new();
    play(&trace(&[1.0, 2.0, 3.0, 4.0]), &model, |seen| {
        seen_work.push((seen.now.as_millis(), seen.ordered, seen.sample.map(|s| (s.requests, s.ready))));
        seen.ordered + 1
    });
    assert_eq!(
        seen_work,
        [(10_000, 1, None), (20_000, 2, None), (30_000, 3, Some((1.0, 1))), (40_000, 4, Some((2.0, 2))),]
    );
}

#[test]
fn a_missing_bin_is_played_as_the_one_before_and_seen_by_nobody() {
    let work = Work::per_request_ms(1_000.0).unwrap();
    let trace = Trace::from_counts("gap", STEP, [Some(8.0), None, Some(2.0)], &work).unwrap();
    let mut seen_work = Vec::new();
    let (bins, report) = play(&trace, &model(1), |seen| {
        seen_work.push(seen.sample.map(|s| s.requests));
        seen.ordered
    });
    assert_eq!(seen_work, [Some(8.0), None, Some(2.0)]);
    assert_eq!((bins[1].requests, report.requests), (8.0, 18.0));
    assert_eq!((report.missing_bins, report.missed_scrapes), (1, 1));
}

#[test]
fn demand_follows_the_utilization_that_is_allowed() {
    let demand = |model: &Model| -> Vec<u32> {
        play(&trace(&[0.0, 10.0, 10.5, 29.0]), model, hold).0.iter().map(|b| b.demand).collect()
    };
    assert_eq!(demand(&model(3)), [0, 1, 2, 3]);
    assert_eq!(demand(&model(3).need_utilization(0.5).unwrap()), [0, 2, 3, 6]);
    assert_eq!(demand(&model(3).slots_per_replica(2).unwrap()), [0, 1, 1, 2]);
}

#[test]
fn a_report_may_be_asked_for_before_the_end() {
    let trace = trace(&[1.0; 4]);
    let model = model(2);
    let mut run = RateLevel::new(&trace, &model);
    run.step(hold);
    let report = run.report("half");
    assert_eq!((report.bins, report.header.trace_bins, report.requests), (1, 4, 1.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Constant work above the capacity: the backlog after n bins is n times the excess; below it, the time to empty is exact.
    #[test]
    fn the_fluid_identities_hold(capacity in 1_u32..20, excess in 1_u32..50, bins in 1_usize..40, spare in 1_u32..10) {
        let spare = spare.min(capacity);
        let full = f64::from(capacity) * 10.0;
        let mut work = vec![full + f64::from(excess); bins];
        let left = bins as u32 * excess;
        let empty_after = left.div_ceil(spare) as usize;
        work.extend(vec![full - f64::from(spare); empty_after + 2]);
        let (played, _) = play(&trace(&work), &model(capacity), hold);
        for (n, bin) in played[..bins].iter().enumerate() {
            prop_assert_eq!(bin.backlog_ms, (n + 1) as f64 * f64::from(excess) * 1_000.0);
        }
        let emptied = played[bins..].iter().position(|b| b.backlog_ms == 0.0);
        prop_assert_eq!(emptied, Some(empty_after - 1));
    }

    /// One more replica never raises a wait, a violation or a backlog.
    #[test]
    fn one_more_replica_never_hurts(work in prop::collection::vec(0.0_f64..300.0, 1..80), n in 1_u32..20) {
        let trace = trace(&work);
        let (fewer, _) = play(&trace, &model(n), hold);
        let (more, _) = play(&trace, &model(n + 1), hold);
        for (a, b) in fewer.iter().zip(&more) {
            prop_assert!(b.wait_ms <= a.wait_ms && b.backlog_ms <= a.backlog_ms);
            prop_assert!(a.violated || !b.violated);
        }
    }

    /// Work is neither made nor lost, whatever is decided: what arrived was served or is left.
    #[test]
    fn work_is_conserved(
        steps in prop::collection::vec((0_u32..300, 0_u32..30), 1..80),
        delay in 0_u64..5,
        lag in 0_u32..4,
    ) {
        let work: Vec<f64> = steps.iter().map(|(w, _)| f64::from(*w)).collect();
        let trace = trace(&work);
        let model = model(3).start_delay(STEP * delay as u32).metric_lag(STEP * lag);
        let (bins, report) = play(&trace, &model, |seen| steps[seen.bin].1);
        let served: f64 = bins.iter().map(|b| b.served_ms).sum();
        prop_assert_eq!(served + bins[bins.len() - 1].backlog_ms, report.work_ms);
        for (bin, next) in bins.iter().zip(&bins[1..]) {
            prop_assert_eq!(next.ordered, bin.decided);
            prop_assert!(bin.ready <= bin.ordered);
            prop_assert_eq!(next.backlog_ms == 0.0 || next.served_ms == f64::from(next.ready) * 10_000.0, true);
        }
        let change = i64::from(bins[bins.len() - 1].decided) - 3;
        let s = report.stability;
        prop_assert_eq!(s.replicas_started as i64 - s.replicas_removed as i64, change);
    }
}
