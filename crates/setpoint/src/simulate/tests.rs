//! What a whole run with an autoscaler promises.

use super::*;
use crate::reason::Reasons;
use crate::stage::{Context, Opinion, Recommend, Stage};
use crate::{Bounds, Timestamp};
use core::time::Duration;
use std::sync::{Arc, Mutex};

fn day(seed: u64) -> Trace {
    let work = Work::per_request_ms(200.0).unwrap().and_per_token_ms(0.25, 20.0).unwrap();
    Traffic::day().seed(seed).trace(&work).unwrap()
}

fn model() -> Model {
    Model::new(Bounds::new(1, 60).unwrap())
        .initial(10)
        .unwrap()
        .slots_per_replica(4)
        .unwrap()
        .start_delay(Duration::from_secs(60))
}

/// A stage that writes down what it is shown.
#[derive(Clone, Debug)]
struct Witness(Arc<Mutex<Vec<Seen>>>);

type Seen = (Timestamp, u32, Option<u32>, u32, [Option<f64>; 4]);

impl Stage for Witness {
    fn name(&self) -> &str {
        "witness"
    }
}

impl Recommend for Witness {
    fn recommend(&self, cx: &Context<'_>, _why: &mut Reasons<'_>) -> Opinion {
        let s = cx.snapshot;
        let value = |name| s.find_value(name).and_then(crate::WorkloadValue::total);
        let cpu = s.find("cpu").and_then(|c| c.values().get(0));
        let values = [cpu, value("concurrency"), value("rps"), value("queue_length")];
        self.0.lock().unwrap().push((cx.now, s.replica_count(), s.ready_count(), s.unready_count(), values));
        Opinion::Want(cx.current + 1)
    }

    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(self.clone())
    }
}

fn witnessed(counts: &[Option<f64>], model: &Model) -> Vec<Seen> {
    let work = Work::per_request_ms(1_000.0).unwrap();
    let trace = Trace::from_counts("t", Duration::from_secs(10), counts.iter().copied(), &work).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut scaler = Autoscaler::builder().recommend_with(Witness(Arc::clone(&seen))).build().unwrap();
    let _ = run(&trace, &mut scaler, model);
    let seen = seen.lock().unwrap();
    seen.clone()
}

#[test]
fn an_autoscaler_sees_counts_and_four_values_and_nothing_where_the_scrape_failed() {
    let model = Model::new(Bounds::new(1, 9).unwrap())
        .start_delay(Duration::from_secs(10))
        .start_at(Timestamp::from_secs(100));
    let seen = witnessed(&[Some(5.0), None, Some(20.0), Some(0.0)], &model);
    let at = Timestamp::from_secs;
    let some = |values: [f64; 4]| values.map(Some);
    assert_eq!(
        seen,
        [
            (at(110), 1, Some(1), 0, some([0.5, 0.5, 0.5, 0.0])),
            (at(120), 2, Some(1), 1, [None; 4]),
            (at(130), 3, Some(2), 1, some([1.0, 2.0, 2.0, 0.0])),
            (at(140), 4, Some(3), 1, some([0.0, 0.0, 0.0, 0.0])),
        ]
    );
}

#[test]
fn work_left_over_is_seen_as_a_queue() {
    let model = Model::new(Bounds::new(1, 1).unwrap());
    let seen = witnessed(&[Some(25.0), Some(0.0)], &model);
    assert_eq!(seen[0].4, [Some(1.0), Some(2.5), Some(2.5), Some(15.0)]);
    assert_eq!(seen[1].4, [Some(1.0), Some(1.5), Some(0.0), Some(5.0)]);
}

#[test]
fn a_fleet_without_ready_replicas_has_no_utilization() {
    let model = Model::new(Bounds::new(0, 1).unwrap()).start_delay(Duration::from_secs(60));
    let seen = witnessed(&[Some(1.0)], &model);
    assert_eq!(seen[0].4, [None, Some(0.1), Some(0.1), Some(1.0)]);
}

#[test]
fn a_policy_that_always_answers_n_is_the_fixed_fleet_of_n() {
    let (trace, model) = (day(1), model());
    let fixed = run(&trace, &mut Autoscaler::fixed(10), &model);
    let mut level = RateLevel::new(&trace, &model);
    while level.step(|_| 10).is_some() {}
    let mut own = level.report(fixed.header.policy.clone());
    own.header.policy_hash.clone_from(&fixed.header.policy_hash);
    assert_eq!(fixed, own);
    assert_eq!(fixed.cost.replica_hours, 240.0);
    assert_eq!(fixed.stability, Stability::default());
}

#[test]
fn equal_headers_mean_equal_results() {
    let lossy = model().missing_rate(0.05).unwrap().seed(9);
    let one = run(&day(1), &mut Autoscaler::fixed(12), &lossy);
    assert_eq!(one, run(&day(1), &mut Autoscaler::fixed(12), &lossy));
    for other in [
        run(&day(2), &mut Autoscaler::fixed(12), &lossy),
        run(&day(1), &mut Autoscaler::fixed(13), &lossy),
        run(&day(1), &mut Autoscaler::fixed(12), &lossy.clone().seed(8)),
    ] {
        assert_ne!(one.header, other.header);
    }
    assert_eq!(one.header.policy, "fixed");
    assert!(one.missed_scrapes > 300 && one.missed_scrapes < 560, "{}", one.missed_scrapes);
}

#[cfg(feature = "serde")]
#[test]
fn a_report_survives_json_byte_for_byte() {
    let model = Model::new(Bounds::new(0, 5).unwrap());
    let report = run(&day(1), &mut Autoscaler::fixed(0), &model);
    assert_eq!(report.service.wait_max_ms, f64::INFINITY);
    let text = serde_json::to_string(&report).unwrap();
    let back: Report = serde_json::from_str(&text).unwrap();
    assert_eq!(back, report);
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
}

#[test]
fn a_watcher_sees_every_bin_with_its_decision() {
    let mut seen = 0;
    let trace = day(1);
    let report = run_watched(&trace, &mut Autoscaler::fixed(12), &model(), |bin, decision| {
        assert_eq!((bin.index, bin.decided, bin.at), (seen, decision.replicas(), decision.at()));
        seen += 1;
    });
    assert_eq!(report.bins, seen as u64);
}
