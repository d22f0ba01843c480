//! One tick as a pure function: ready pods and two readings in, a desired count, the excess burst capacity and the next
//! panic state out. The scale-down delay is not here but in [`super::scaler`], bounds and scale to zero are in
//! [`mod@super::apply`]. All inputs are raw: values that a checked configuration refuses give what upstream gives, or no
//! decision where its arithmetic has no number.
//!
//! Source: `knative/serving` `pkg/autoscaler/scaling/autoscaler.go` at commit
//! `98e5ef90aa7033797aa0a61ef97f3ff7e49a3944`. Ours: counts saturate at 32 bits, and a NaN never becomes a count.

use super::reading::{NonFinite, Reading};
use crate::reason::kpa::{Limit, PanicStep};
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
mod tests;
