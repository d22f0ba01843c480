//! What a revision's scaler remembers from tick to tick: the panic state, the newest time, and the scale-down delay. It
//! calls [`decide`] and applies the delay; it reads no metrics and bounds nothing.
//!
//! Time going backwards: a tick earlier than the newest valid one counts as at the newest.
//!
//! Source: `knative/serving` `pkg/autoscaler/scaling/autoscaler.go` at commit
//! `98e5ef90aa7033797aa0a61ef97f3ff7e49a3944`. Ours, opt-in: [`Scaler::set_delay`].

use super::reading::Reading;
use super::scale::{Decision, Invalid, Panic, Spec, decide};
use crate::error::StateError;
use crate::reason::kpa::Limit;
use crate::rounding::MAX_COUNT;
use crate::state::{StateReader, StateWriter, Value};
use crate::time::{Timestamp, earliest};
use crate::window::MaxWindow;
use core::time::Duration;

/// Granularity of the scale-down delay: upstream's tick.
pub const TICK: Duration = Duration::from_secs(2);

/// What a tick came to, and the state that [`Scaler::commit`] makes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The time of the tick, never before that of an earlier one.
    pub at: Timestamp,
    /// The decision, or why there is none; without one nothing changes and the caller keeps the previous count.
    pub result: Result<Decision, Invalid>,
}

impl Outcome {
    /// Whether there is a decision.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.result.is_ok()
    }

    /// The desired count, 0 if there is no decision, as upstream reports it.
    #[must_use]
    pub fn desired(&self) -> i64 {
        self.result.as_ref().map_or(0, |decision| decision.desired)
    }

    /// The excess burst capacity, 0 if there is no decision, as upstream reports it.
    #[must_use]
    pub fn excess_burst_capacity(&self) -> i64 {
        self.result.as_ref().map_or(0, |decision| decision.excess_burst_capacity)
    }
}

/// The memory of one revision's decisions.
///
/// ```
/// use setpoint::Timestamp;
/// use setpoint::algorithm::kpa::{Config, Reading, Scaler};
///
/// let config = Config::default();
/// config.check()?;
/// let start = Timestamp::from_secs(0);
/// let mut scaler = Scaler::new(start, 1, config.delay());
/// let reading = Reading { stable: 150.0, panic: 140.0 };
/// let outcome = scaler.tick(&config.spec(), start, Some(1), Some(reading));
/// assert_eq!(outcome.desired(), 3);
/// assert_eq!(scaler.next_change_at(&config.spec()), Some(Timestamp::from_millis(60_001)));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    panic: Panic,
    newest: Timestamp,
    delay: Option<MaxWindow>,
}

impl Scaler {
    /// A scaler created at `now` with `ready` ready pods (0 if they could not be counted). With more than one it starts in
    /// panic, so a restarted autoscaler does not scale down for one stable window. A `scale_down_delay` above 0 is fixed
    /// now: later changes of the setting do not create, resize or remove it, unless the caller asks by
    /// [`Scaler::set_delay`].
    #[must_use]
    pub fn new(now: Timestamp, ready: i64, scale_down_delay: Duration) -> Self {
        Self {
            panic: Panic { since: (ready > 1).then_some(now), max_pods: ready },
            newest: now,
            delay: delay_window(scale_down_delay),
        }
    }

    /// The remembered panic state.
    #[must_use]
    pub fn panic(&self) -> Panic {
        self.panic
    }

    /// Replaces the remembered panic state, as when taking over from another autoscaler.
    pub fn set_panic(&mut self, panic: Panic) {
        self.panic = panic;
    }

    /// `now`, but never before the newest valid tick: the time to read the windows at.
    #[must_use]
    pub fn clamp(&self, now: Timestamp) -> Timestamp {
        now.max(self.newest)
    }

    /// What a tick at `now` would come to. `ready` is `None` if the pods could not be counted, `reading` if there is none.
    #[must_use]
    #[inline]
    pub fn evaluate(
        &self,
        spec: &Spec,
        now: Timestamp,
        ready: Option<i64>,
        reading: Option<Reading>,
    ) -> Outcome {
        let at = self.clamp(now);
        let result = match (ready, reading) {
            (None, _) => Err(Invalid::NoReadyCount),
            (_, None) => Err(Invalid::NoReading),
            (Some(ready), Some(reading)) => {
                decide(spec, self.panic, at, ready, reading).map(|decision| self.delayed(spec, at, decision))
            }
        };
        Outcome { at, result }
    }

    fn delayed(&self, spec: &Spec, at: Timestamp, mut decision: Decision) -> Decision {
        if spec.reachable
            && let Some(delay) = &self.delay
        {
            let largest = delay.peek(at, decision.want);
            decision.delay = Some(largest);
            if largest != decision.want {
                decision.desired = largest;
                decision.bound_by = Some(Limit::Delay);
            }
        }
        decision
    }

    /// Makes an outcome of [`Scaler::evaluate`] the remembered state. One without a decision changes nothing.
    #[inline]
    pub fn commit(&mut self, outcome: &Outcome) {
        if let Ok(decision) = &outcome.result {
            self.newest = outcome.at.max(self.newest);
            self.panic = decision.panic;
            if decision.delay.is_some()
                && let Some(delay) = &mut self.delay
            {
                delay.record(outcome.at, decision.want);
            }
        }
    }

    /// Evaluates a tick and commits it.
    #[inline]
    pub fn tick(
        &mut self,
        spec: &Spec,
        now: Timestamp,
        ready: Option<i64>,
        reading: Option<Reading>,
    ) -> Outcome {
        let outcome = self.evaluate(spec, now, ready, reading);
        self.commit(&outcome);
        outcome
    }

    /// Creates, resizes or (with 0) removes the scale-down delay, which upstream fixes at creation. What a longer delay
    /// had already forgotten does not come back.
    pub fn set_delay(&mut self, scale_down_delay: Duration) {
        match &mut self.delay {
            Some(delay) if !scale_down_delay.is_zero() => delay.resize(scale_down_delay),
            delay => *delay = delay_window(scale_down_delay),
        }
    }

    /// The earliest time at which a tick with the same ready count and readings as the last valid one may decide
    /// otherwise: the end of the panic (one millisecond after the stable window, since the test is strict), or the bucket
    /// boundary at which the delay lets go of its largest count. Never later than the change; earlier if the same readings
    /// would extend the panic.
    #[must_use]
    pub fn next_change_at(&self, spec: &Spec) -> Option<Timestamp> {
        let delay = self.delay.as_ref().filter(|_| spec.reachable);
        earliest(self.panic.ends_at(spec.stable_window), delay.and_then(MaxWindow::next_change_at))
    }

    /// Writes everything remembered, the length of the delay included.
    pub fn save(&self, out: &mut StateWriter) {
        out.put("panic_since", self.panic.since);
        out.put("max_panic_pods", self.panic.max_pods);
        out.put("newest", self.newest);
        match &self.delay {
            Some(delay) => out.nest("delay", |w| delay.save(w)),
            None => out.put("delay", Value::Null),
        }
    }

    /// Takes over what [`Scaler::save`] wrote. The delay comes from the saved state, as it is fixed at creation.
    ///
    /// # Errors
    /// If a field is missing or out of range; nothing has changed then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let newest = from.timestamp("newest")?;
        let since = from.opt_timestamp("panic_since")?;
        let max_pods = from.int("max_panic_pods")?;
        if !(-MAX_COUNT - 1..=MAX_COUNT).contains(&max_pods) {
            return Err(from.invalid("max_panic_pods", max_pods, "a count of 32 bits"));
        }
        if since.is_some_and(|since| since > newest) {
            return Err(from.invalid("panic_since", since.unwrap_or_default(), "not after the newest time"));
        }
        let delay = match from.value("delay")? {
            Value::Null => None,
            _ => {
                let mut delay = MaxWindow::new(TICK, TICK);
                delay.restore(&from.nested("delay")?)?;
                Some(delay)
            }
        };
        *self = Self { panic: Panic { since, max_pods }, newest, delay };
        Ok(())
    }
}

fn delay_window(scale_down_delay: Duration) -> Option<MaxWindow> {
    (!scale_down_delay.is_zero()).then(|| MaxWindow::new(scale_down_delay, TICK))
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;
    use proptest::prelude::*;

    fn spec() -> Spec {
        Spec { target_value: 10.0, total_value: 10.0, target_burst_capacity: 0.0, ..Config::default().spec() }
    }

    fn at(s: i64) -> Timestamp {
        Timestamp::from_secs(s)
    }

    fn both(v: f64) -> Option<Reading> {
        Some(Reading { stable: v, panic: v })
    }

    fn scaler(ready: i64, delay: u64) -> Scaler {
        Scaler::new(at(0), ready, Duration::from_secs(delay))
    }

    #[test]
    fn a_restart_does_not_scale_down_for_one_stable_window() {
        let mut s = scaler(2, 0);
        assert_eq!(s.tick(&spec(), at(60), Some(2), both(0.0)).desired(), 2);
        assert_eq!(s.tick(&spec(), Timestamp::from_millis(60_001), Some(2), both(0.0)).desired(), 1);
        assert_eq!(scaler(1, 0).tick(&spec(), at(1), Some(1), both(0.0)).desired(), 0);
    }

    #[test]
    fn an_invalid_tick_changes_nothing() {
        let mut s = scaler(2, 10);
        let before = s.clone();
        for (ready, reading, why) in [
            (None, both(900.0), Invalid::NoReadyCount),
            (Some(2), None, Invalid::NoReading),
            (Some(2), both(f64::NAN), Invalid::InvalidMetric),
        ] {
            let outcome = s.tick(&spec(), at(100), ready, reading);
            assert_eq!(outcome.result, Err(why));
            assert_eq!((outcome.desired(), outcome.excess_burst_capacity()), (0, 0));
            assert_eq!(s, before);
        }
    }

    #[test]
    fn time_going_backwards_counts_as_the_newest() {
        let mut s = scaler(1, 0);
        s.tick(&spec(), at(100), Some(1), both(100.0));
        let back = s.tick(&spec(), at(10), Some(1), both(100.0));
        assert_eq!(back.at, at(100));
        assert_eq!(s.panic().since, Some(at(100)), "the deadline does not move back");
    }

    #[test]
    fn the_delay_holds_the_largest_count_and_is_silent_while_unreachable() {
        let calm = Spec { panic_threshold: 1e9, ..spec() };
        let mut s = scaler(1, 300);
        assert_eq!(s.tick(&calm, at(2), Some(4), both(40.0)).desired(), 4);
        let held = s.tick(&calm, at(300), Some(4), both(20.0)).result.unwrap();
        assert_eq!((held.desired, held.want, held.bound_by), (4, 2, Some(Limit::Delay)));
        let unreachable = Spec { reachable: false, ..calm };
        assert_eq!(s.tick(&unreachable, at(301), Some(4), both(90.0)).desired(), 9);
        assert_eq!(s.next_change_at(&unreachable), None);
        assert_eq!(s.next_change_at(&calm), Some(at(302)));
        assert_eq!(s.tick(&calm, at(302), Some(4), both(10.0)).desired(), 2, "9 was never recorded");
    }

    #[test]
    fn panic_pods_go_into_the_delay() {
        let mut s = scaler(1, 300);
        s.tick(&spec(), at(0), Some(1), both(100.0));
        let after = s.tick(&spec(), at(61), Some(10), both(0.0)).result.unwrap();
        assert_eq!((after.want, after.desired), (5, 10));
    }

    #[test]
    fn targets_change_while_running() {
        let calm = Spec { panic_threshold: 1e9, ..spec() };
        let mut s = scaler(1, 0);
        assert_eq!(s.tick(&calm, at(0), Some(2), both(40.0)).desired(), 4);
        let halved = Spec { target_value: 5.0, ..calm };
        assert_eq!(s.tick(&halved, at(2), Some(4), both(40.0)).desired(), 8);
    }

    #[test]
    fn the_delay_changes_by_request_only() {
        let calm = Spec { panic_threshold: 1e9, ..spec() };
        let mut s = scaler(1, 0);
        s.tick(&calm, at(0), Some(4), both(40.0));
        s.set_delay(Duration::from_secs(10));
        s.tick(&calm, at(2), Some(4), both(40.0));
        assert_eq!(s.tick(&calm, at(10), Some(4), both(20.0)).desired(), 4, "created");
        s.set_delay(Duration::from_secs(100));
        assert_eq!(s.tick(&calm, at(101), Some(4), both(20.0)).desired(), 4, "resized");
        s.set_delay(Duration::from_secs(2));
        assert_eq!(s.tick(&calm, at(102), Some(4), both(20.0)).desired(), 2, "shrunk");
        s.set_delay(Duration::ZERO);
        assert_eq!(s, Scaler { delay: None, ..s.clone() });
    }

    #[test]
    fn hostile_state_is_refused_and_changes_nothing() {
        let mut s = scaler(5, 10);
        s.tick(&spec(), at(4), Some(5), both(10.0));
        let before = s.clone();
        let mut out = StateWriter::default();
        s.save(&mut out);
        let Value::Map(good) = out.finish() else { unreachable!() };
        for (field, bad) in [
            ("newest", Value::Null),
            ("panic_since", Value::Int(5_000)),
            ("max_panic_pods", Value::Int(i64::MAX)),
            ("delay", Value::Bool(true)),
            ("delay", Value::Map(vec![])),
        ] {
            let mut fields = good.clone();
            fields.iter_mut().find(|(n, _)| n == field).unwrap().1 = bad;
            let value = Value::Map(fields);
            assert!(s.restore(&StateReader::new("kpa", &value).unwrap()).is_err(), "{field}");
            assert_eq!(s, before);
        }
    }

    proptest! {
        #[test]
        fn nothing_changes_before_it_is_announced(
            ticks in proptest::collection::vec((0_i64..20_000, 0_i64..20, 0.0..300.0_f64, 0.0..300.0_f64), 1..30),
            delay in 0_u64..40,
            window in 6_u64..30,
        ) {
            let spec = Spec { stable_window: Duration::from_secs(window), ..spec() };
            let mut s = scaler(3, delay);
            let mut now = 0;
            for (step, ready, stable, panic) in ticks {
                now += step;
                let reading = Some(Reading { stable, panic });
                let t = Timestamp::from_millis(now);
                let outcome = s.tick(&spec, t, Some(ready), reading);
                let change = s.next_change_at(&spec).unwrap_or(Timestamp::from_millis(now + 100_000));
                prop_assert!(change > t);
                let last = Timestamp::from_millis(change.as_millis() - 1);
                prop_assert_eq!(s.evaluate(&spec, last, Some(ready), reading).desired(), outcome.desired());
                // The same holds for a caller that ticks on until then.
                let mut ticking = s.clone();
                let mut at = t;
                while at <= last {
                    prop_assert_eq!(ticking.tick(&spec, at, Some(ready), reading).desired(), outcome.desired());
                    at = at + Duration::from_millis(700);
                }
            }
        }

        #[test]
        fn in_panic_the_count_never_falls(
            ticks in proptest::collection::vec((0_i64..10_000, 0_i64..20, 0.0..300.0_f64, 0.0..300.0_f64), 1..40),
        ) {
            let mut s = scaler(3, 0);
            let (mut now, mut last) = (0, None);
            for (step, ready, stable, panic) in ticks {
                now += step;
                let t = Timestamp::from_millis(now);
                let outcome = s.tick(&spec(), t, Some(ready), Some(Reading { stable, panic }));
                if s.panic().since.is_none() {
                    last = None;
                } else {
                    prop_assert!(last.is_none_or(|n| outcome.desired() >= n));
                    last = Some(outcome.desired());
                }
            }
        }
    }
}
