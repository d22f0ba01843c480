use super::*;
use crate::behavior::limits::LimitReason;
use crate::behavior::rules::{Behavior, Policy, Rules, Select};
use crate::behavior::stabilization::AbleToScale;
use proptest::prelude::*;

const MINUTE: Duration = Duration::from_secs(60);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn rules(min: i64, max: i64, behavior: Option<Behavior>) -> StepRules {
    StepRules {
        min,
        max,
        scale_down_window: MINUTE,
        behavior: behavior.map(|b| b.filled(MINUTE).unwrap()),
        zero: ZeroRules { enabled: true, workload_metric: true },
    }
}

/// Makes a step and carries it out.
fn carry(rules: &StepRules, state: &mut State, now: i64, current: i64, proposals: &[Option<i64>]) -> Step {
    let made = step(rules, state, at(now), current, proposals.iter().copied());
    state.evaluated(rules, &made);
    state.applied(rules, &made);
    made
}

#[test]
fn leaving_zero_with_a_behavior_lifts_to_the_minimum_and_keeps_the_reasons() {
    let percent = Rules::new().policies([Policy::percent(100, MINUTE)]);
    let rules = rules(3, 10, Some(Behavior::new().up(percent)));
    let mut state = State { zero: ScaledToZero::new(true), ..State::default() };
    let made = carry(&rules, &mut state, 0, 0, &[Some(8)]);
    assert_eq!((made.desired, made.rescale), (3, Some(RescaleReason::MetricAboveTarget)));
    let Verdict::Evaluated { limited, stabilized, .. } = made.verdict else { panic!("{made:?}") };
    assert_eq!((limited.replicas, limited.reason), (0, LimitReason::ScaleUpLimit));
    assert_eq!(stabilized.reason, AbleToScale::ReadyForNewScale);
    assert!(!state.zero.get());
    assert_eq!(state.events.slots(super::super::Direction::Up)[0].change, 3);
}

#[test]
fn leaving_zero_with_a_minimum_of_0_stays_where_percentages_hold_it() {
    let percent = Rules::new().policies([Policy::percent(100, MINUTE)]);
    let rules = rules(0, 10, Some(Behavior::new().up(percent)));
    let mut state = State { zero: ScaledToZero::new(true), ..State::default() };
    let made = carry(&rules, &mut state, 0, 0, &[Some(8)]);
    assert_eq!((made.desired, made.rescale), (0, None));
    assert!(state.zero.get(), "no change, so the flag stays");
}

#[test]
fn above_the_maximum_nothing_holds_the_count_back() {
    let off = Rules::new().select(Select::Disabled);
    let rules = rules(1, 10, Some(Behavior::new().down(off)));
    let mut state = State::default();
    let made = carry(&rules, &mut state, 0, 30, &[None]);
    assert_eq!((made.desired, made.verdict), (10, Verdict::Bound));
    assert_eq!(made.rescale, Some(RescaleReason::AboveMax));
    // The change is remembered like any other, and the count it began with as a recommendation.
    assert_eq!(state.events.start(super::super::Direction::Down, 10, MINUTE, at(1)), 30);
    assert_eq!(state.recommendations.highest_since(at(0)).unwrap().replicas, 30);
}

#[test]
fn a_step_that_fails_records_nothing_but_the_first_count() {
    let rules = rules(1, 10, None);
    let mut state = State::default();
    let made = carry(&rules, &mut state, 0, 5, &[Some(4), None]);
    assert_eq!((made.desired, made.rescale), (5, None));
    assert_eq!(made.verdict, Verdict::Failed(NoSelection { failed: 1, metrics: 2 }));
    let before = state.clone();
    carry(&rules, &mut state, 15, 5, &[None]);
    assert_eq!(state, before);
    // The same as the count there is: a normal step that also reports the failure.
    let made = carry(&rules, &mut state, 30, 5, &[Some(5), None]);
    assert!(matches!(made.verdict, Verdict::Evaluated { selected, .. } if selected.failed == 1));
    assert_eq!(step(&rules, &state, at(45), 5, []).desired, 5);
}

#[test]
fn at_zero_and_not_by_us_scaling_is_disabled() {
    let rules = rules(1, 10, None);
    let mut state = State::default();
    let made = carry(&rules, &mut state, 0, 0, &[Some(5)]);
    assert_eq!((made.desired, made.rescale, made.verdict), (0, None, Verdict::Disabled));
    assert!(state.recommendations.recorded());
}

#[test]
fn to_zero_and_back() {
    let rules = StepRules { scale_down_window: Duration::ZERO, ..rules(0, 10, None) };
    let mut state = State::default();
    carry(&rules, &mut state, 0, 3, &[Some(0)]);
    let down = carry(&rules, &mut state, 1, 3, &[Some(0)]);
    assert_eq!((down.desired, state.zero.get()), (0, true));
    let up = carry(&rules, &mut state, 15, 0, &[Some(2)]);
    assert_eq!((up.desired, state.zero.get()), (2, false));
}

#[test]
fn a_change_that_is_not_carried_out_leaves_the_recommendation_only() {
    let rules = rules(1, 10, Some(Behavior::new()));
    let mut state = State::default();
    let made = step(&rules, &state, at(0), 4, [Some(8)]);
    state.evaluated(&rules, &made);
    assert_eq!(made.desired, 8);
    assert_eq!(state.events, ScaleEvents::default());
    assert_eq!(state.recommendations.highest_since(at(0)).unwrap().replicas, 8);
}

#[test]
fn the_raw_proposal_is_recorded_not_the_stabilized_count() {
    let rules = rules(1, 10, Some(Behavior::new()));
    let mut state = State::default();
    carry(&rules, &mut state, 0, 8, &[Some(2)]);
    assert_eq!(state.recommendations.lowest_since(at(0)).unwrap().replicas, 2);
    assert_eq!(carry(&rules, &mut state, 59, 8, &[Some(3)]).desired, 8);
    assert_eq!(carry(&rules, &mut state, 60, 8, &[Some(2)]).desired, 3);
}

#[test]
fn the_memory_survives_a_change_of_the_rules() {
    let (without, with) = (rules(1, 100, None), rules(1, 100, Some(Behavior::new())));
    let mut state = State::default();
    carry(&without, &mut state, 0, 20, &[Some(20)]);
    let up = carry(&without, &mut state, 10, 20, &[Some(40)]);
    assert_eq!(state.events, ScaleEvents::default(), "without a behavior no change is noted");
    // Switched on: recommendations of before hold, changes of before do not exist.
    let held = carry(&with, &mut state, 12, up.desired, &[Some(20)]);
    assert_eq!(held.desired, 40);
    let up = carry(&with, &mut state, 13, 40, &[Some(90)]);
    assert_eq!(up.desired, 80);
    // Switched off and on again: the change of before counts as long as a period reaches it.
    carry(&without, &mut state, 14, 80, &[Some(80)]);
    let held = carry(&with, &mut state, 15, 80, &[Some(90)]);
    assert_eq!(held.desired, 80);
    let narrow = StepRules { max: 60, ..with.clone() };
    assert_eq!(carry(&narrow, &mut state, 16, 80, &[Some(90)]).desired, 60);
}

#[test]
fn state_that_fails_in_one_part_changes_no_part() {
    let rules = rules(1, 10, Some(Behavior::new()));
    let mut state = State::default();
    carry(&rules, &mut state, 0, 4, &[Some(8)]);
    let mut out = StateWriter::default();
    state.save(&mut out);
    let crate::state::Value::Map(mut fields) = out.finish() else { panic!() };
    fields.retain(|(name, _)| name != "scaled_to_zero");
    let cut = crate::state::Value::Map(fields);
    let mut fresh = State::default();
    assert!(fresh.restore(&StateReader::new("hpa", &cut).unwrap()).is_err());
    assert_eq!(fresh, State::default());
}

fn behaviors() -> impl Strategy<Value = Option<Behavior>> {
    let policy = (1_u32..20, 1_u64..90, any::<bool>()).prop_map(|(n, period, pods)| {
        let period = Duration::from_secs(period);
        if pods { Policy::pods(n, period) } else { Policy::percent(n * 10, period) }
    });
    let select = prop_oneof![Just(Select::Max), Just(Select::Min), Just(Select::Disabled)];
    let direction =
        (0_u64..90, select, prop::collection::vec(policy, 1..4)).prop_map(|(window, select, list)| {
            Rules::new().window(Duration::from_secs(window)).select(select).policies(list)
        });
    prop::option::of((direction.clone(), direction).prop_map(|(up, down)| Behavior::new().up(up).down(down)))
}

proptest! {
    /// Bounds hold whenever something changes, a restored state decides the same, and asking again with the same
    /// proposals before the time that is told gives the same.
    #[test]
    fn laws_of_a_sequence(
        behavior in behaviors(), min in 0_i64..4, more in 0_i64..20, start in 0_i64..30,
        steps in prop::collection::vec((0_i64..40, prop::option::of(-2_i64..40), prop::option::of(0_i64..40)), 1..25),
        wait in 0_u64..120_000,
    ) {
        let rules = rules(min, (min + more).max(1), behavior);
        let (mut now, mut current, mut state) = (0, start, State::default());
        for (pause, a, b) in steps {
            now += pause;
            let mut out = StateWriter::default();
            state.save(&mut out);
            let value = out.finish();
            let mut back = State::default();
            back.restore(&StateReader::new("hpa", &value).unwrap()).unwrap();
            prop_assert_eq!(&back, &state);

            let made = carry(&rules, &mut state, now, current, &[a, b]);
            prop_assert_eq!(made.rescale.is_some(), made.desired != current);
            if made.rescale.is_some() {
                prop_assert!(made.desired >= rules.min.min(current) && made.desired <= rules.max, "{:?}", made);
            }
            current = made.desired;
        }
        let mut made = carry(&rules, &mut state, now, current, &[Some(7)]);
        for _ in 0..8 {
            if made.rescale.is_none() {
                break;
            }
            made = carry(&rules, &mut state, now, made.desired, &[Some(7)]);
        }
        if made.rescale.is_none() {
            let later = at(now) + Duration::from_millis(wait);
            if state.next_change_at(&rules, &made).is_none_or(|t| later < t) {
                let again = step(&rules, &state, later, made.desired, [Some(7)]);
                prop_assert_eq!(again.desired, made.desired);
            }
        }
    }
}
