use super::super::families::{Content, Family, Group};
use super::super::sources::Metric;
use super::*;
use crate::Timestamp;
use crate::window::Histogram;
use crate::window::histogram::QuantileError;

const READY: Instance = Instance::ready(Timestamp::from_secs(0));
const STARTED: Option<Timestamp> = Some(Timestamp::from_secs(0));

const LOAD: &[Family<'static>] = &[Family { name: "load", content: Content::Gauge(&[2.0, 3.0]) }];

fn pod<'a>(name: &'a str, instance: Instance, scrape: Option<&'a [Family<'a>]>) -> Pod<'a> {
    Pod { name, instance, scrape }
}

fn serving<'a>(name: &'a str, families: &'a [Family<'a>]) -> Pod<'a> {
    pod(name, READY, Some(families))
}

fn load_plan() -> Plan {
    Plan::new([Metric::pod("load", "x")]).unwrap()
}

/// Collects from one endpoint "x" without a past.
fn of_pods<'a>(plan: &Plan, pods: &[Pod<'a>]) -> (Collection<'a>, PodHistograms) {
    let groups = vec![Group { endpoint: "x", pods: pods.to_vec().leak() }].leak();
    collect(plan, &Observed { groups, external: &[] }, None)
}

fn load_of(pods: &[Pod<'_>]) -> Outcome {
    of_pods(&load_plan(), pods).0.outcome("load").unwrap()
}

fn slow(count: i64) -> Histogram {
    Histogram::new(count, [(0.5, 0), (1.0, count)]).unwrap()
}

#[test]
fn phases_and_restarts() {
    let of = |phase, restarts| Instance { phase, restarts, ..READY };
    assert!(is_ready(&READY) && !blocks(&READY));
    for phase in [Phase::Succeeded, Phase::Unknown, Phase::Pending] {
        assert!(!is_ready(&of(phase, 0)), "{phase:?} is unready whatever it says");
        assert!(!blocks(&of(phase, 0)), "{phase:?}");
    }
    assert_eq!(blocker(&of(Phase::Failed, 0)), Some(Blocker::Failed));
    assert_eq!(blocker(&of(Phase::Running, 1)), Some(Blocker::Restarted));
    assert_eq!(blocker(&of(Phase::Pending, 1)), Some(Blocker::Restarted));
    assert!(!blocks(&of(Phase::Succeeded, 3)) && !blocks(&of(Phase::Unknown, 3)));
    assert_eq!(blocker(&READY.leaving()), Some(Blocker::Leaving));
    for readiness in [Readiness::NotReady, Readiness::Unknown, Readiness::Absent] {
        assert!(!is_ready(&Instance { readiness, ..READY }), "{readiness:?}");
    }
}

#[test]
fn pods_that_ended_or_cannot_be_asked_are_unready_and_are_not_scraped() {
    let ended = Instance { phase: Phase::Succeeded, restarts: 3, ..READY };
    let lost = Instance { phase: Phase::Unknown, restarts: 3, ..READY };
    let starting = Instance { readiness: Readiness::NotReady, ..READY };
    let (collected, _) = of_pods(
        &load_plan(),
        &[
            serving("a", LOAD),
            pod("ended", ended, Some(LOAD)),
            pod("lost", lost, None),
            pod("starting", starting, Some(LOAD)),
            pod("pending", Instance::pending(), None),
        ],
    );
    assert_eq!(collected.outcome("load"), Some(Outcome::Ready { sum: 5.0, pods: 1 }));
    assert_eq!(collected.unready(), ["ended", "lost", "pending", "starting"]);
    assert_eq!(collected.unready_count(), 4);
}

#[test]
fn one_blocking_pod_silences_the_endpoint_and_hides_its_unready_pods() {
    for (instance, by) in [
        (Instance { phase: Phase::Failed, ..READY }, Blocker::Failed),
        (READY.leaving(), Blocker::Leaving),
        (Instance { restarts: 1, ..READY }, Blocker::Restarted),
        (Instance { restarts: 1, ..Instance::pending() }, Blocker::Restarted),
    ] {
        let pods = [serving("a", LOAD), pod("b", Instance::pending(), None), pod("c", instance, Some(LOAD))];
        let (collected, histograms) = of_pods(&load_plan(), &pods);
        let silent = Outcome::Silent(Silence::Blocked { pod: 2, by });
        assert_eq!(collected.outcome("load"), Some(silent));
        assert!(collected.unready().is_empty() && histograms.is_empty());
        assert_eq!(collected.reading("load"), Reading::Summed(None));
    }
}

#[test]
fn silence_has_a_reason() {
    assert_eq!(load_of(&[]), Outcome::Silent(Silence::NoPods));
    assert_eq!(load_of(&[pod("a", Instance::pending(), None)]), Outcome::Silent(Silence::NoneReady));
    assert_eq!(load_of(&[serving("a", &[])]), Outcome::Silent(Silence::Absent));
    let pods = [serving("a", LOAD), pod("b", READY, None)];
    assert_eq!(load_of(&pods), Outcome::Silent(Silence::Scrape { pod: 1 }));
    let nothing = collect(&load_plan(), &Observed::default(), None).0;
    assert_eq!(nothing.outcome("load"), Some(Outcome::Silent(Silence::NoPods)));
    assert_eq!(nothing.outcome("unheard"), None);
    assert_eq!(nothing.reading("unheard"), Reading::Summed(None));
    let blocked = Silence::Blocked { pod: 4, by: Blocker::Restarted };
    assert_eq!(blocked.to_string(), "pod 4 was restarted");
    let family = Silence::Family { pod: 1, metric: 2, error: FamilyError::Unsupported };
    assert_eq!(family.to_string(), "metric 2 of pod 1: the type of the family is not supported");
}

#[test]
fn an_absent_or_empty_family_is_skipped_and_others_count() {
    for empty in [
        &[][..],
        &[Family { name: "load", content: Content::Gauge(&[]) }],
        &[Family { name: "load", content: Content::Unsupported { series: 0 } }],
        &[Family { name: "other", content: Content::Unsupported { series: 1 } }],
    ] {
        let pods = [serving("a", LOAD), serving("b", empty), serving("c", LOAD)];
        assert_eq!(load_of(&pods), Outcome::Ready { sum: 10.0, pods: 2 });
    }
}

#[test]
fn an_unsupported_type_silences_every_metric_of_the_endpoint() {
    let plan = Plan::new([Metric::pod("load", "x"), Metric::pod("other", "x")]).unwrap();
    let bad = [LOAD[0], Family { name: "other", content: Content::Unsupported { series: 1 } }];
    let (collected, _) = of_pods(&plan, &[serving("a", LOAD), serving("b", &bad)]);
    let silent = Outcome::Silent(Silence::Family { pod: 1, metric: 1, error: FamilyError::Unsupported });
    assert!(collected.metrics().iter().all(|(_, outcome)| *outcome == silent), "{collected:?}");
}

#[test]
fn an_endpoint_that_fails_leaves_the_others_alone() {
    let plan = Plan::new([
        Metric::pod("load", "x"),
        Metric::pod("far", "y").scraped_as("load"),
        Metric::external("queue"),
    ])
    .unwrap();
    let starting = Instance { readiness: Readiness::NotReady, ..READY };
    let good = [serving("a", LOAD), pod("shared", starting, None), pod("only_x", starting, None)];
    let bad = [serving("b", LOAD), pod("only_y", starting, None), pod("c", READY, None)];
    let also_good = [serving("b", LOAD), pod("shared", starting, None), pod("only_y", starting, None)];
    let external = [("queue", Answer::Scalar(4.0))];
    let groups = |y| [Group { endpoint: "y", pods: y }, Group { endpoint: "x", pods: &good }];

    let failing = groups(&bad);
    let (collected, _) = collect(&plan, &Observed { groups: &failing, external: &external }, None);
    assert_eq!(collected.outcome("load"), Some(Outcome::Ready { sum: 5.0, pods: 1 }));
    assert_eq!(collected.outcome("far"), Some(Outcome::Silent(Silence::Scrape { pod: 2 })));
    assert_eq!(collected.reading("queue"), Reading::External(4.0));
    assert_eq!(collected.unready(), ["only_x", "shared"], "only of endpoints that succeed");

    let whole = groups(&also_good);
    let (collected, _) = collect(&plan, &Observed { groups: &whole, external: &external }, None);
    assert_eq!(collected.reading("far"), Reading::Summed(Some(5.0)));
    assert_eq!(collected.unready(), ["only_x", "only_y", "shared"], "each once");
}

#[test]
fn one_family_can_serve_several_metrics() {
    let plan = Plan::new([Metric::pod("load", "x"), Metric::pod("also", "x").scraped_as("load")]).unwrap();
    let (collected, _) = of_pods(&plan, &[serving("a", LOAD)]);
    assert_eq!(collected.reading("load"), Reading::Summed(Some(5.0)));
    assert_eq!(collected.reading("also"), Reading::Summed(Some(5.0)));
}

#[test]
fn of_families_with_the_same_name_the_last_counts() {
    let twice = [LOAD[0], Family { name: "load", content: Content::Gauge(&[1.0]) }];
    assert_eq!(load_of(&[serving("a", &twice)]), Outcome::Ready { sum: 1.0, pods: 1 });
}

#[test]
fn values_are_added_in_the_order_of_the_pods() {
    let of = |values: &[f64]| {
        let samples: Vec<[f64; 1]> = values.iter().map(|value| [*value]).collect();
        let families: Vec<[Family<'_>; 1]> =
            samples.iter().map(|s| [Family { name: "load", content: Content::Counter(s) }]).collect();
        let pods: Vec<Pod<'_>> = families.iter().map(|families| serving("p", families)).collect();
        let groups = [Group { endpoint: "x", pods: &pods }];
        let (collected, _) = collect(&load_plan(), &Observed { groups: &groups, external: &[] }, None);
        let Some(Outcome::Ready { sum, pods }) = collected.outcome("load") else { panic!("{collected:?}") };
        assert_eq!(pods, values.len());
        sum
    };
    assert_eq!(of(&[0.1, 0.2, 0.3]), 0.1 + 0.2 + 0.3);
    assert_eq!(of(&[0.3, 0.2, 0.1]), 0.3 + 0.2 + 0.1);
    assert!(of(&[-0.0]).is_sign_positive());
    assert!(of(&[1.0, f64::NAN]).is_nan(), "as reported, for the caller to see");
    assert_eq!(of(&[f64::MAX, f64::MAX]), f64::INFINITY);
}

#[test]
fn an_external_metric_is_one_finite_number() {
    let plan = Plan::new([Metric::external("q")]).unwrap();
    let of = |answer| {
        let external = [("other", Answer::Scalar(1.0)), ("q", answer)];
        collect(&plan, &Observed { groups: &[], external: &external }, None).0.outcome("q").unwrap()
    };
    assert_eq!(of(Answer::Scalar(-1.5)), Outcome::External { value: -1.5 });
    assert_eq!(of(Answer::Vector(&[2.0])), Outcome::External { value: 2.0 });
    for (answer, silence) in [
        (Answer::Vector(&[]), Silence::NotOneValue),
        (Answer::Vector(&[1.0, 1.0]), Silence::NotOneValue),
        (Answer::Other, Silence::NotOneValue),
        (Answer::Failed, Silence::QueryFailed),
        (Answer::Scalar(f64::NAN), Silence::NotFinite),
        (Answer::Vector(&[f64::INFINITY]), Silence::NotFinite),
        (Answer::Scalar(f64::NEG_INFINITY), Silence::NotFinite),
    ] {
        assert_eq!(of(answer), Outcome::Silent(silence), "{answer:?}");
    }
    let unanswered = collect(&plan, &Observed::default(), None).0;
    assert_eq!(unanswered.outcome("q"), Some(Outcome::Silent(Silence::QueryFailed)));
}

#[test]
fn histograms_of_pods_before_the_failure_are_kept_and_those_of_the_failing_pod_are_not() {
    let plan = Plan::new([Metric::pod("wait", "x"), Metric::pod("load", "x")]).unwrap();
    let (good, lost) = ([slow(20)], [slow(30)]);
    let wait = |series| Family { name: "wait", content: Content::Histogram(series) };
    let before = [wait(&good)];
    let failing = [wait(&lost), Family { name: "load", content: Content::Unsupported { series: 1 } }];
    let pods = [serving("z", &before), serving("b", &failing), serving("c", &before)];
    let (collected, histograms) = of_pods(&plan, &pods);
    let silent = Outcome::Silent(Silence::Family { pod: 1, metric: 1, error: FamilyError::Unsupported });
    assert_eq!(collected.outcome("wait"), Some(silent));
    assert_eq!(histograms.find("z", 0, STARTED), Some(&good[0]));
    assert_eq!(histograms.len(), 1);
}

#[test]
fn a_past_counts_only_for_the_same_process() {
    let plan = Plan::new([Metric::pod("wait", "x")]).unwrap();
    let fast_after_slow = [Histogram::new(120, [(0.5, 20), (1.0, 120)]).unwrap()];
    let slow_before = [slow(100)];
    let of = |then: Option<i64>, now: Option<i64>| {
        let cycle = |started: Option<i64>, series, past: Option<&PodHistograms>| {
            let instance = Instance { started_at: started.map(Timestamp::from_secs), ..READY };
            let families = [Family { name: "wait", content: Content::Histogram(series) }];
            let pods = [pod("a", instance, Some(&families))];
            let groups = [Group { endpoint: "x", pods: &pods }];
            let (collected, kept) = collect(&plan, &Observed { groups: &groups, external: &[] }, past);
            (collected.reading("wait"), kept)
        };
        let (_, past) = cycle(then, &slow_before, None);
        cycle(now, &fast_after_slow, Some(&past)).0
    };
    let since_then = Reading::Summed(Some(0.5 - 1.0 * 0.5 / 20.0));
    let since_start = Reading::Summed(Some(1.0 - 6.0 * 0.5 / 100.0));
    assert_eq!(of(Some(5), Some(5)), since_then);
    assert_eq!(of(Some(5), Some(6)), since_start);
    assert_eq!(of(None, Some(5)), since_start);
    assert_eq!(of(Some(5), None), since_start);
    assert_eq!(of(None, None), since_start);
}

#[test]
fn a_histogram_that_does_not_follow_silences_the_endpoint() {
    let plan = Plan::new([Metric::pod("wait", "x")]).unwrap();
    let mut past = PodHistograms::default();
    past.add("a", 0, STARTED, &slow(7));
    past.sort();
    let series = [slow(5)];
    let families = [Family { name: "wait", content: Content::Histogram(&series) }];
    let pods = [serving("a", &families)];
    let groups = [Group { endpoint: "x", pods: &pods }];
    let (collected, kept) = collect(&plan, &Observed { groups: &groups, external: &[] }, Some(&past));
    let error = FamilyError::Histogram(QuantileError::CountFell { now: 5, past: 7 });
    let silent = Outcome::Silent(Silence::Family { pod: 0, metric: 0, error });
    assert_eq!(collected.outcome("wait"), Some(silent));
    assert!(kept.is_empty(), "so that a reset counter heals once the past has expired");
}
