//! One tick as a pure function: ready pods and two readings in, a desired count, the excess burst capacity and the next
//! panic state out. The scale-down delay is not here but in [`super::scaler`], bounds and scale to zero are in
//! [`super::apply`]. All inputs are raw: values that a checked configuration refuses give what upstream gives, or no
//! decision where its arithmetic has no number.
//!
//! Source: `knative/serving` `pkg/autoscaler/scaling/autoscaler.go` at commit
//! `98e5ef90aa7033797aa0a61ef97f3ff7e49a3944`. Ours: counts saturate at 32 bits, and a NaN never becomes a count.

use super::reading::{NonFinite, Reading};
use crate::rounding::{floor32, integral32};
use crate::time::Timestamp;
use core::fmt;
use core::time::Duration;

/// The numbers that a tick is decided by, as upstream holds them: targets per pod, ratios, no percentages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec {
    /// Load per pod to aim at, utilization included.
    pub target_value: f64,
    /// Load that one pod can take.
    pub total_value: f64,
    /// Load that must fit beside the present one; -1 is unlimited, 0 none.
    pub target_burst_capacity: f64,
    /// Ratio of panic pods to ready pods from which on there is panic (2.0 is 200 percent).
    pub panic_threshold: f64,
    /// Largest factor by which one tick may grow the count.
    pub max_scale_up_rate: f64,
    /// Largest factor by which one tick may shrink the count.
    pub max_scale_down_rate: f64,
    /// How long panic lasts after the last tick over the threshold.
    pub stable_window: Duration,
    /// Whether a route points at the revision.
    pub reachable: bool,
    /// Smallest count for any load above 0; 0 and 1 mean none.
    pub activation_scale: i64,
    /// What becomes of readings that are no finite number.
    pub non_finite: NonFinite,
}

/// What is remembered about panic from tick to tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panic {
    /// When the threshold was last passed; `None` outside panic.
    pub since: Option<Timestamp>,
    /// The largest count wanted in this panic, below which nothing goes; outside panic 0, or the count at creation.
    pub max_pods: i64,
}

impl Panic {
    /// The first instant at which a tick that is not over the threshold ends the panic.
    #[must_use]
    pub fn ends_at(self, stable_window: Duration) -> Option<Timestamp> {
        self.since.map(|since| since.after(stable_window).after(Duration::from_millis(1)))
    }
}

/// What a tick did to the panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PanicStep {
    /// No panic before and after.
    Calm,
    /// The threshold was passed for the first time.
    Entered,
    /// The threshold was passed again: the deadline moved.
    Extended,
    /// Below the threshold, but the deadline has not passed.
    Holding,
    /// The deadline has passed.
    Left,
}

/// A rule that changed a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// The scale-up rate.
    RateUp,
    /// The scale-down rate.
    RateDown,
    /// The activation scale.
    Activation,
    /// The largest count of the present panic.
    PanicHold,
    /// The scale-down delay.
    Delay,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RateUp => "scale-up rate",
            Self::RateDown => "scale-down rate",
            Self::Activation => "activation scale",
            Self::PanicHold => "panic hold",
            Self::Delay => "scale-down delay",
        })
    }
}

/// What one window asks for: its reading in pods, and the count after the limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ask {
    /// The reading over the target, rounded up.
    pub pods: f64,
    /// The count after rate limits and activation scale; `None` if there is no number.
    pub count: Option<i64>,
    /// The rate limit that acted, if one did.
    pub rate: Option<Limit>,
    /// Whether the activation scale raised the count.
    pub activated: bool,
}

impl Ask {
    #[inline]
    fn new(reading: f64, spec: &Spec, down: f64, up: f64) -> Self {
        let pods = (reading / spec.target_value).ceil();
        let raised = nan_max(pods, down);
        let limited = nan_min(raised, up);
        let rate = if limited < raised {
            Some(Limit::RateUp)
        } else if raised > pods {
            Some(Limit::RateDown)
        } else {
            None
        };
        let mut count = integral32(limited);
        let activated = spec.activation_scale > 1
            && pods > 0.0
            && count.is_some_and(|count| spec.activation_scale > count);
        if activated {
            count = Some(spec.activation_scale);
        }
        Self { pods, count, rate, activated }
    }

    /// The last limit that acted on the count.
    fn bound_by(self) -> Option<Limit> {
        if self.activated { Some(Limit::Activation) } else { self.rate }
    }
}

/// Why a tick gives no decision. The caller keeps the previous one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Invalid {
    /// The ready pods could not be counted.
    NoReadyCount,
    /// There is no reading.
    NoReading,
    /// A reading is NaN or infinite.
    InvalidMetric,
    /// The arithmetic has no number: a NaN reached the result.
    NotANumber,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoReadyCount => "ready pods could not be counted",
            Self::NoReading => "no reading",
            Self::InvalidMetric => "a reading is no finite number",
            Self::NotANumber => "the result is not a number",
        })
    }
}

/// A valid tick with everything that led to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// The count asked for, not yet bounded by minimum and maximum.
    pub desired: i64,
    /// Load that the ready pods could take beyond the burst capacity; negative if they cannot.
    pub excess_burst_capacity: i64,
    /// The readings.
    pub reading: Reading,
    /// Ready pods as counted.
    pub ready: i64,
    /// Largest count that the scale-up rate allows.
    pub up: f64,
    /// Smallest count that the scale-down rate allows.
    pub down: f64,
    /// What the stable window asks for.
    pub stable: Ask,
    /// What the panic window asks for; it counts in panic only.
    pub panic_ask: Ask,
    /// What the tick did to the panic.
    pub panic_step: PanicStep,
    /// The panic state after the tick.
    pub panic: Panic,
    /// The first instant at which the panic can end, in panic.
    pub panic_ends_at: Option<Timestamp>,
    /// The count before the scale-down delay: the larger ask in panic, or the panic's largest; else the stable ask.
    pub want: i64,
    /// The largest count within the scale-down delay, if one was consulted.
    pub delay: Option<i64>,
    /// The last rule that changed the count, if one did.
    pub bound_by: Option<Limit>,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { desired, ready, stable, panic_ask, reading, .. } = self;
        write!(
            f,
            "{ready} ready -> {desired}: stable {} wants {}, panic {} wants {}",
            reading.stable, stable.pods, reading.panic, panic_ask.pods
        )?;
        if let Some(end) = self.panic_ends_at {
            write!(f, "; in panic until {end}")?;
        }
        if let Some(limit) = self.bound_by {
            write!(f, "; by {limit}")?;
        }
        Ok(())
    }
}

/// Larger of two, NaN if either is.
fn nan_max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// Smaller of two, NaN if either is.
fn nan_min(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

/// Decides one tick, the scale-down delay left out: the reading in pods is limited by the rates, then by the activation
/// scale; panic is judged by the unlimited panic reading; in panic the largest count so far holds.
///
/// # Errors
/// [`Invalid`] if there is no number to decide; the remembered state stays as it is then.
///
/// ```
/// use core::time::Duration;
/// use setpoint::Timestamp;
/// use setpoint::algorithm::kpa::{Config, Panic, PanicStep, Reading, decide};
///
/// let spec = Config::default().spec();
/// let reading = Reading { stable: 50.0, panic: 150.0 };
/// let decision = decide(&spec, Panic::default(), Timestamp::from_secs(0), 1, reading)?;
/// assert_eq!((decision.desired, decision.panic_step), (3, PanicStep::Entered));
/// # Ok::<(), setpoint::algorithm::kpa::Invalid>(())
/// ```
#[inline]
pub fn decide(
    spec: &Spec,
    before: Panic,
    now: Timestamp,
    ready: i64,
    reading: Reading,
) -> Result<Decision, Invalid> {
    if spec.non_finite == NonFinite::Refuse && !reading.is_finite() {
        return Err(Invalid::InvalidMetric);
    }
    let pods = ready.max(1) as f64;
    let up = (spec.max_scale_up_rate * pods).ceil();
    let down = if spec.reachable { (pods / spec.max_scale_down_rate).floor() } else { 0.0 };
    let stable = Ask::new(reading.stable, spec, down, up);
    let panic_ask = Ask::new(reading.panic, spec, down, up);

    let over = panic_ask.pods / pods >= spec.panic_threshold;
    let (mut panic, panic_step) = panic_after(before, over, now, spec.stable_window);

    let mut want = stable.count.ok_or(Invalid::NotANumber)?;
    let mut bound_by = stable.bound_by();
    if panic.since.is_some() {
        let alternative = panic_ask.count.ok_or(Invalid::NotANumber)?;
        if alternative > want {
            want = alternative;
            bound_by = panic_ask.bound_by();
        }
        if panic.max_pods > want {
            want = panic.max_pods;
            bound_by = Some(Limit::PanicHold);
        }
        panic.max_pods = want;
    }
    Ok(Decision {
        desired: want,
        excess_burst_capacity: excess_burst_capacity(spec, ready, reading.panic)
            .ok_or(Invalid::NotANumber)?,
        reading,
        ready,
        up,
        down,
        stable,
        panic_ask,
        panic_step,
        panic,
        panic_ends_at: panic.ends_at(spec.stable_window),
        want,
        delay: None,
        bound_by,
    })
}

fn panic_after(before: Panic, over: bool, now: Timestamp, stable_window: Duration) -> (Panic, PanicStep) {
    match (before.since, over) {
        (since, true) => {
            let step = if since.is_some() { PanicStep::Extended } else { PanicStep::Entered };
            (Panic { since: Some(now), ..before }, step)
        }
        (Some(since), false) if now.since(since) > stable_window => (Panic::default(), PanicStep::Left),
        (Some(_), false) => (before, PanicStep::Holding),
        (None, false) => (before, PanicStep::Calm),
    }
}

/// What the ready pods could take beyond the target burst capacity and the panic reading; `None` if that is no number.
fn excess_burst_capacity(spec: &Spec, ready: i64, panic: f64) -> Option<i64> {
    let burst = spec.target_burst_capacity;
    if burst < 0.0 {
        Some(-1)
    } else if burst == 0.0 {
        Some(0)
    } else {
        floor32(ready as f64 * spec.total_value - burst - panic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> Spec {
        Spec {
            target_value: 10.0,
            total_value: 10.0,
            target_burst_capacity: 0.0,
            panic_threshold: 2.0,
            max_scale_up_rate: 1000.0,
            max_scale_down_rate: 2.0,
            stable_window: Duration::from_secs(60),
            reachable: true,
            activation_scale: 0,
            non_finite: NonFinite::Refuse,
        }
    }

    fn at(s: i64) -> Timestamp {
        Timestamp::from_secs(s)
    }

    fn tick(spec: &Spec, before: Panic, now: Timestamp, ready: i64, stable: f64, panic: f64) -> Decision {
        decide(spec, before, now, ready, Reading { stable, panic }).unwrap()
    }

    fn calm(spec: &Spec, ready: i64, stable: f64) -> Decision {
        tick(spec, Panic::default(), at(0), ready, stable, 0.0)
    }

    #[test]
    fn scale_down_rate_lets_one_pod_go_to_zero_and_two_only_to_one() {
        for (ready, expected) in [(1, 0), (2, 1), (3, 1), (100, 50)] {
            assert_eq!(calm(&spec(), ready, 0.0).desired, expected, "{ready} ready");
        }
        let slow = Spec { max_scale_down_rate: 1.1, ..spec() };
        for (ready, expected) in [(1, 0), (2, 1), (100, 90)] {
            assert_eq!(calm(&slow, ready, 0.0).desired, expected, "{ready} ready");
        }
        let unreachable = Spec { reachable: false, ..spec() };
        assert_eq!(calm(&unreachable, 100, 0.0).desired, 0);
    }

    #[test]
    fn every_allowed_up_rate_lets_the_count_grow_by_one() {
        let slow = Spec { max_scale_up_rate: 1.001, panic_threshold: 1e9, ..spec() };
        let d = calm(&slow, 5, 1e6);
        assert_eq!((d.desired, d.bound_by), (6, Some(Limit::RateUp)));
        assert_eq!(calm(&spec(), 0, 1e-300).desired, 1);
    }

    #[test]
    fn panic_is_judged_by_pods_rounded_up_and_before_the_rate_limit() {
        for (ready, panic, over) in [(1, 10.0, false), (1, 10.001, true), (0, 10.001, true), (3, 50.0, false)]
        {
            let d = tick(&spec(), Panic::default(), at(0), ready, 0.0, panic);
            assert_eq!(d.panic_step == PanicStep::Entered, over, "{ready} ready, {panic}");
        }
        assert_eq!(tick(&spec(), Panic::default(), at(0), 3, 0.0, 50.001).panic_step, PanicStep::Entered);
        let limited = Spec { max_scale_up_rate: 1.5, ..spec() };
        let d = tick(&limited, Panic::default(), at(0), 10, 0.0, 1e6);
        assert_eq!((d.panic_step, d.desired, d.bound_by), (PanicStep::Entered, 15, Some(Limit::RateUp)));
    }

    #[test]
    fn panic_never_falls_and_ends_strictly_after_the_stable_window() {
        let panic = tick(&spec(), Panic::default(), at(0), 2, 90.0, 80.0);
        assert_eq!((panic.desired, panic.panic.max_pods), (9, 9), "the stable window may ask for more");
        let hold = tick(&spec(), panic.panic, at(60), 9, 0.0, 0.0);
        assert_eq!(
            (hold.desired, hold.panic_step, hold.bound_by),
            (9, PanicStep::Holding, Some(Limit::PanicHold))
        );
        assert_eq!(hold.panic_ends_at, Some(Timestamp::from_millis(60_001)));
        let left = tick(&spec(), hold.panic, Timestamp::from_millis(60_001), 9, 0.0, 0.0);
        assert_eq!((left.desired, left.panic_step), (4, PanicStep::Left));
        assert_eq!((left.panic, left.bound_by), (Panic::default(), Some(Limit::RateDown)));
    }

    #[test]
    fn only_a_tick_over_the_threshold_moves_the_deadline() {
        let first = tick(&spec(), Panic::default(), at(0), 2, 40.0, 40.0);
        let rise = tick(&spec(), first.panic, at(10), 8, 100.0, 100.0);
        assert_eq!((rise.desired, rise.panic.since), (10, Some(at(0))));
        let again = tick(&spec(), rise.panic, at(20), 2, 100.0, 100.0);
        assert_eq!((again.panic_step, again.panic.since), (PanicStep::Extended, Some(at(20))));
    }

    #[test]
    fn the_count_of_creation_holds_in_the_first_panic() {
        let created = Panic { since: None, max_pods: 7 };
        assert_eq!(tick(&spec(), created, at(0), 7, 30.0, 0.0).desired, 3, "not in panic: it does not count");
        let d = tick(&spec(), created, at(0), 1, 30.0, 30.0);
        assert_eq!((d.desired, d.bound_by), (7, Some(Limit::PanicHold)));
    }

    #[test]
    fn a_new_stable_window_counts_at_once() {
        let panic = Panic { since: Some(at(0)), max_pods: 9 };
        let shorter = Spec { stable_window: Duration::from_secs(6), ..spec() };
        assert_eq!(tick(&spec(), panic, at(7), 9, 0.0, 0.0).panic_step, PanicStep::Holding);
        assert_eq!(tick(&shorter, panic, at(7), 9, 0.0, 0.0).panic_step, PanicStep::Left);
    }

    #[test]
    fn activation_scale_beats_the_rates_and_needs_load() {
        let s = Spec { activation_scale: 5, max_scale_up_rate: 2.0, ..spec() };
        let d = calm(&s, 1, 1.0);
        assert_eq!((d.desired, d.bound_by), (5, Some(Limit::Activation)));
        assert_eq!(calm(&s, 1, 0.0).desired, 0);
        assert_eq!(calm(&s, 6, 1.0).desired, 5, "slow scale-down stops at the activation scale");
        assert_eq!(calm(&Spec { activation_scale: 1, ..s }, 1, 1.0).desired, 1);
        let panicking = tick(&Spec { panic_threshold: 1.0, ..s }, Panic::default(), at(0), 1, 0.0, 1.0);
        assert_eq!((panicking.desired, panicking.stable.count), (5, Some(0)));
    }

    #[test]
    fn excess_uses_the_true_ready_count_and_the_panic_reading() {
        let s = Spec { target_burst_capacity: 211.0, total_value: 100.0, ..spec() };
        let excess =
            |ready, panic| tick(&s, Panic::default(), at(0), ready, 0.0, panic).excess_burst_capacity;
        assert_eq!((excess(0, 0.0), excess(5, 0.5)), (-211, 288));
        let unlimited = Spec { target_burst_capacity: -1.0, ..s };
        assert_eq!(calm(&unlimited, 5, 0.0).excess_burst_capacity, -1);
    }

    #[test]
    fn readings_that_are_no_numbers() {
        let refuse = spec();
        let pass = Spec { non_finite: NonFinite::PassThrough, ..spec() };
        let run = |s: &Spec, before, ready, stable, panic| {
            decide(s, before, at(0), ready, Reading { stable, panic })
        };
        let calm = Panic::default();
        for (stable, panic) in
            [(f64::NAN, 0.0), (0.0, f64::NAN), (f64::INFINITY, 0.0), (0.0, f64::NEG_INFINITY)]
        {
            assert_eq!(run(&refuse, calm, 1, stable, panic), Err(Invalid::InvalidMetric));
        }
        assert_eq!(run(&pass, calm, 3, f64::INFINITY, 0.0).unwrap().desired, 3000);
        assert_eq!(run(&pass, calm, 3, 0.0, f64::NEG_INFINITY).unwrap().desired, 1);
        assert_eq!(run(&pass, calm, 1, f64::NAN, 0.0), Err(Invalid::NotANumber));
        assert_eq!(run(&pass, calm, 1, 30.0, f64::NAN).unwrap().desired, 3);
        let burst = Spec { target_burst_capacity: 1.0, ..pass };
        assert_eq!(run(&burst, calm, 1, 30.0, f64::NAN), Err(Invalid::NotANumber));
        let unlimited = Spec { target_burst_capacity: -1.0, ..pass };
        assert_eq!(run(&unlimited, calm, 1, 30.0, f64::NAN).unwrap().desired, 3);
        let panicking = Panic { since: Some(at(0)), max_pods: 4 };
        assert_eq!(run(&pass, panicking, 1, 30.0, f64::NAN), Err(Invalid::NotANumber));
        let over = decide(&pass, panicking, at(61), 1, Reading { stable: 30.0, panic: f64::NAN });
        assert_eq!(over.unwrap().desired, 3, "it leaves panic in this tick, so the NaN has no effect");
    }

    #[test]
    fn raw_specs_that_no_config_allows_give_no_wrong_numbers() {
        let run = |s: &Spec, stable| decide(s, Panic::default(), at(0), 1, Reading { stable, panic: 0.0 });
        assert_eq!(run(&Spec { target_value: 0.0, ..spec() }, 0.0), Err(Invalid::NotANumber));
        assert_eq!(run(&Spec { max_scale_up_rate: f64::NAN, ..spec() }, 1.0), Err(Invalid::NotANumber));
        assert_eq!(
            run(&Spec { max_scale_up_rate: 1e300, ..spec() }, 1e300).unwrap().desired,
            i64::from(i32::MAX)
        );
        let burst = Spec { target_burst_capacity: f64::NAN, ..spec() };
        assert_eq!(run(&burst, 1.0), Err(Invalid::NotANumber));
    }
}
