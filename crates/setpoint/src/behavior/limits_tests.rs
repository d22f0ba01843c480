use super::super::rules::{Behavior, Rules};
use super::super::slots::ScaleEvent;
use super::*;
use core::time::Duration;

const NOW: Timestamp = Timestamp::from_secs(1000);
const MINUTE: Duration = Duration::from_secs(60);
const HUGE: u32 = i32::MAX as u32;

fn ago(seconds: u64) -> Timestamp {
    NOW - Duration::from_secs(seconds)
}

fn up(rules: Rules) -> FilledBehavior {
    Behavior::new().up(rules).filled(MINUTE).unwrap()
}

fn down(rules: Rules) -> FilledBehavior {
    Behavior::new().down(rules).filled(MINUTE).unwrap()
}

fn policies(list: &[Policy]) -> Rules {
    Rules::new().policies(list)
}

fn fresh(current: i64, stabilized: i64, behavior: &FilledBehavior) -> Limited {
    limit(current, stabilized, 1, 1000, Some(behavior), &ScaleEvents::default(), NOW)
}

fn told(limited: Limited) -> (i64, LimitReason) {
    assert_eq!(limited.limited, limited.reason != LimitReason::DesiredWithinRange);
    (limited.replicas, limited.reason)
}

#[test]
fn without_a_behavior_a_count_may_double_or_reach_4() {
    let none = |current, stabilized, min, max| {
        told(limit(current, stabilized, min, max, None, &ScaleEvents::default(), NOW))
    };
    assert_eq!(none(1, 900, 1, 1000), (4, LimitReason::ScaleUpLimit));
    assert_eq!(none(3, 900, 1, 1000), (6, LimitReason::ScaleUpLimit));
    assert_eq!(none(3, 900, 1, 6), (6, LimitReason::TooManyReplicas));
    assert_eq!(none(3, 6, 1, 10), (6, LimitReason::DesiredWithinRange));
    assert_eq!(none(9, 0, 2, 10), (2, LimitReason::TooFewReplicas));
    // The lower bound is tested first.
    assert_eq!(none(4, 5, 10, 8), (10, LimitReason::TooFewReplicas));
    let top = i64::from(HUGE);
    assert_eq!(none(top - 1, top, 1, top), (top, LimitReason::DesiredWithinRange));
}

#[test]
fn a_count_that_stays_is_not_held_against_the_bounds() {
    let rules = Behavior::new().filled(MINUTE).unwrap();
    let got = limit(5, 5, 7, 3, Some(&rules), &ScaleEvents::default(), NOW);
    assert_eq!((told(got), got.rate), ((5, LimitReason::DesiredWithinRange), None));
}

#[test]
fn percentages_are_taken_in_the_order_of_the_source() {
    let ten_up = up(policies(&[Policy::percent(10, MINUTE)]));
    assert_eq!(told(fresh(100, 500, &ten_up)), (111, LimitReason::ScaleUpLimit));
    assert_eq!(told(fresh(1, 500, &ten_up)), (2, LimitReason::ScaleUpLimit));
    let ten_down = down(policies(&[Policy::percent(10, MINUTE)]));
    assert_eq!(told(fresh(100, 1, &ten_down)), (90, LimitReason::ScaleDownLimit));
    assert_eq!(told(fresh(2, 0, &ten_down)), (1, LimitReason::TooFewReplicas));
    let all_down = down(policies(&[Policy::percent(150, MINUTE)]));
    assert_eq!(fresh(10, 1, &all_down).rate, Some(-5));
}

#[test]
fn from_zero_percentages_alone_allow_nothing() {
    let rules = up(policies(&[Policy::percent(100, MINUTE)]));
    assert_eq!(told(fresh(0, 5, &rules)), (0, LimitReason::ScaleUpLimit));
}

#[test]
fn max_selects_the_largest_change_in_either_direction() {
    let list = [Policy::pods(4, MINUTE), Policy::percent(50, MINUTE)];
    for (select, top, bottom) in [(Select::Max, 30, 10), (Select::Min, 24, 16)] {
        let got = fresh(20, 100, &up(policies(&list).select(select)));
        assert_eq!(got.replicas, top);
        assert_eq!(got.policy.unwrap().index, usize::from(select == Select::Max));
        assert_eq!(fresh(20, 1, &down(policies(&list).select(select))).replicas, bottom);
    }
    let off = Rules::new().select(Select::Disabled);
    let got = fresh(20, 100, &up(off.clone()));
    assert_eq!((told(got), got.policy), ((20, LimitReason::ScaleUpLimit), None));
    assert_eq!(told(fresh(20, 1, &down(off))), (20, LimitReason::ScaleDownLimit));
}

#[test]
fn a_bound_that_equals_the_rate_gives_its_name() {
    let rules = up(policies(&[Policy::pods(5, MINUTE)]));
    let at_max = |max| told(limit(5, 90, 1, max, Some(&rules), &ScaleEvents::default(), NOW));
    assert_eq!(at_max(11), (10, LimitReason::ScaleUpLimit));
    assert_eq!(at_max(10), (10, LimitReason::TooManyReplicas));
    let rules = down(policies(&[Policy::pods(5, MINUTE)]));
    let at_min = |min| told(limit(15, 0, min, 90, Some(&rules), &ScaleEvents::default(), NOW));
    assert_eq!(at_min(9), (10, LimitReason::ScaleDownLimit));
    assert_eq!(at_min(10), (10, LimitReason::TooFewReplicas));
}

#[test]
fn changes_of_the_period_move_the_start() {
    let memory = ScaleEvents::from_events([ScaleEvent::new(ago(30), 6)], [ScaleEvent::new(ago(50), 1)]);
    let rules = up(policies(&[Policy::pods(8, MINUTE), Policy::pods(5, Duration::from_secs(20))]));
    let all: Vec<_> = policy_limits(Direction::Up, &rules.up, &memory, 10, NOW).collect();
    assert_eq!(all[0], PolicyLimit { index: 0, start: 5, limit: 13 });
    assert_eq!(all[1], PolicyLimit { index: 1, start: 10, limit: 15 });
    let got = limit(10, 90, 1, 100, Some(&rules), &memory, NOW);
    assert_eq!((got.replicas, got.policy), (15, Some(all[1])));
}

#[test]
fn a_limit_is_never_on_the_other_side_of_the_present_count() {
    let memory = ScaleEvents::from_events([ScaleEvent::new(ago(1), 9)], []);
    let got = limit(10, 90, 1, 100, Some(&up(policies(&[Policy::pods(2, MINUTE)]))), &memory, NOW);
    assert_eq!((told(got), got.policy), ((10, LimitReason::ScaleUpLimit), None));
    let memory = ScaleEvents::from_events([], [ScaleEvent::new(ago(1), 9)]);
    let got = limit(10, 1, 1, 100, Some(&down(policies(&[Policy::pods(2, MINUTE)]))), &memory, NOW);
    assert_eq!((told(got), got.policy), ((10, LimitReason::ScaleDownLimit), None));
}

#[test]
fn policies_on_replicas_wrap_at_32_bits_and_percentages_saturate() {
    let got = fresh(1, 500, &up(policies(&[Policy::pods(HUGE, MINUTE)])));
    assert_eq!(told(got), (1, LimitReason::ScaleUpLimit));
    let got = fresh(0, 500, &up(policies(&[Policy::pods(HUGE, MINUTE)])));
    assert_eq!(told(got), (500, LimitReason::DesiredWithinRange));
    assert_eq!(told(fresh(5, 1, &down(policies(&[Policy::pods(HUGE, MINUTE)])))).0, 1);
    let top = i64::from(HUGE);
    let got = fresh(100_000, 100_001, &up(policies(&[Policy::percent(HUGE, MINUTE)])));
    assert_eq!((told(got), got.rate), ((1000, LimitReason::TooManyReplicas), Some(top)));
}

#[test]
fn the_next_change_asks_the_policies_that_are_read() {
    let memory = ScaleEvents::from_events([ScaleEvent::new(ago(30), 6)], []);
    let minute = policies(&[Policy::pods(8, MINUTE)]);
    let off = Rules::new().select(Select::Disabled);
    let both = Behavior::new().up(minute.clone()).down(minute.clone()).filled(MINUTE).unwrap();
    assert_eq!(next_limit_change(Some(&both), &memory, NOW), Some(NOW + Duration::from_secs(30)));
    let one = Behavior::new().up(off.clone()).down(minute).filled(MINUTE).unwrap();
    assert_eq!(next_limit_change(Some(&one), &memory, NOW), Some(NOW + Duration::from_secs(30)));
    let none = Behavior::new().up(off.clone()).down(off).filled(MINUTE).unwrap();
    assert_eq!(next_limit_change(Some(&none), &memory, NOW), None);
    assert_eq!(next_limit_change(None, &memory, NOW), None);
}
