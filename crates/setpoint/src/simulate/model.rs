//! What a simulated replica is: how much it serves at once, how long it takes to start, how late and how reliably its metrics
//! arrive. Every value of this type is valid: each setter checks what it is given. Source: ours (`docs/simulation.md`).

use crate::error::ConfigError;
use crate::replicas::Bounds;
use crate::time::{self, Timestamp};
use core::time::Duration;

/// From the order of a replica to its readiness.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum StartDelay {
    /// Always the same, in milliseconds.
    ConstantMs(u64),
    /// Each replica draws one of these measured delays, in milliseconds, with the model's seed.
    MeasuredMs(Vec<u64>),
}

/// A span in which no scrape yields anything, as milliseconds since the start of the trace: `from_ms` included, `to_ms` excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Outage {
    /// The first millisecond.
    pub from_ms: u64,
    /// The first millisecond after it.
    pub to_ms: u64,
}

/// The simulated platform.
///
/// | setting | default | range | unit, meaning |
/// |---|---|---|---|
/// | `bounds` | required | | replicas; decisions outside are held to them |
/// | `initial` | `bounds.min` | within the bounds | replicas that are ready at the start |
/// | `slots_per_replica` | 1 | 1 to 1,000,000 | requests that a replica works on at once |
/// | `start_delay` | 0 | 0 or more | order to ready, constant or measured |
/// | `metric_lag` | 0 | 0 or more | age of the newest sample that a policy can see |
/// | `scrape_interval` | every bin | 0 (every bin) or more | time between samples |
/// | `missing_rate` | 0 | 0 to 1 | share of scrapes that yield nothing, drawn with the seed |
/// | `outages` | none | | spans in which no scrape yields anything |
/// | `slo_wait` | 5 s | 0 or more | a bin violates when its wait is longer |
/// | `need_utilization` | 1 | above 0, at most 1 | how full a replica may be when the demand in replicas is computed |
/// | `short_lived` | 60 s | 0 or more | a replica that goes this soon after it became ready was short-lived |
/// | `start_at` | 0 | | the policy's time at the start of the trace |
/// | `seed` | 0 | | of start delays and missing scrapes, a stream each |
///
/// Spans count in whole milliseconds, and in whole bins of the trace, rounded up. The work of a request belongs to the
/// [`Trace`](super::Trace).
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Bounds, simulate::Model};
/// let model = Model::new(Bounds::new(1, 40)?)
///     .initial(8)?
///     .slots_per_replica(4)?
///     .start_delay(Duration::from_secs(60));
/// assert!(model.clone().initial(41).is_err());
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawModel"))]
pub struct Model {
    pub(super) bounds: Bounds,
    pub(super) initial: u32,
    pub(super) slots_per_replica: u32,
    pub(super) start_delay: StartDelay,
    pub(super) metric_lag_ms: u64,
    pub(super) scrape_interval_ms: u64,
    pub(super) missing_rate: f64,
    pub(super) outages: Vec<Outage>,
    pub(super) slo_wait_ms: u64,
    pub(super) need_utilization: f64,
    pub(super) short_lived_ms: u64,
    pub(super) start_at: Timestamp,
    pub(super) seed: u64,
}

impl Model {
    /// A platform that runs as many replicas as `bounds` allow.
    #[must_use]
    pub const fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            initial: bounds.min(),
            slots_per_replica: 1,
            start_delay: StartDelay::ConstantMs(0),
            metric_lag_ms: 0,
            scrape_interval_ms: 0,
            missing_rate: 0.0,
            outages: Vec::new(),
            slo_wait_ms: 5_000,
            need_utilization: 1.0,
            short_lived_ms: 60_000,
            start_at: Timestamp::from_millis(0),
            seed: 0,
        }
    }

    /// Replicas that are ready at the start.
    ///
    /// # Errors
    /// If `count` is outside the bounds.
    pub fn initial(mut self, count: u32) -> Result<Self, ConfigError> {
        if !(self.bounds.min()..=self.bounds.max()).contains(&count) {
            let allowed = format!("{} to {}", self.bounds.min(), self.bounds.max());
            return Err(ConfigError::new("initial", count, allowed));
        }
        self.initial = count;
        Ok(self)
    }

    /// Requests that a replica works on at once.
    ///
    /// # Errors
    /// If `slots` is 0 or beyond 1,000,000.
    pub fn slots_per_replica(mut self, slots: u32) -> Result<Self, ConfigError> {
        if !(1..=1_000_000).contains(&slots) {
            return Err(ConfigError::new("slots_per_replica", slots, "1 to 1000000"));
        }
        self.slots_per_replica = slots;
        Ok(self)
    }

    /// Every replica takes this long from its order to its readiness.
    #[must_use]
    pub fn start_delay(mut self, delay: Duration) -> Self {
        self.start_delay = StartDelay::ConstantMs(whole_ms(delay));
        self
    }

    /// Every replica takes as long as one of these, drawn with the seed.
    ///
    /// # Errors
    /// If there is none.
    pub fn measured_start_delays(
        mut self,
        delays: impl IntoIterator<Item = Duration>,
    ) -> Result<Self, ConfigError> {
        let delays: Vec<u64> = delays.into_iter().map(whole_ms).collect();
        if delays.is_empty() {
            return Err(ConfigError::new("start_delay", "an empty list", "at least one delay"));
        }
        self.start_delay = StartDelay::MeasuredMs(delays);
        Ok(self)
    }

    /// The age of the newest sample that a policy can see.
    #[must_use]
    pub fn metric_lag(mut self, lag: Duration) -> Self {
        self.metric_lag_ms = whole_ms(lag);
        self
    }

    /// The time between samples; 0 for one per bin. Between two of them a policy sees the older one again.
    #[must_use]
    pub fn scrape_interval(mut self, interval: Duration) -> Self {
        self.scrape_interval_ms = whole_ms(interval);
        self
    }

    /// The share of scrapes that yield nothing.
    ///
    /// # Errors
    /// If `share` is not a number from 0 to 1.
    pub fn missing_rate(mut self, share: f64) -> Result<Self, ConfigError> {
        if !(0.0..=1.0).contains(&share) {
            return Err(ConfigError::new("missing_rate", share, "a number from 0 to 1"));
        }
        self.missing_rate = share;
        Ok(self)
    }

    /// Spans since the start of the trace, `(from, to)` with `to` excluded, in which no scrape yields anything.
    ///
    /// # Errors
    /// If one of them ends before it starts.
    pub fn outages(
        mut self,
        spans: impl IntoIterator<Item = (Duration, Duration)>,
    ) -> Result<Self, ConfigError> {
        let mut outages = Vec::new();
        for (i, (from, to)) in spans.into_iter().enumerate() {
            let outage = Outage { from_ms: whole_ms(from), to_ms: whole_ms(to) };
            if outage.to_ms < outage.from_ms {
                let allowed = format!("at least its start ({} ms)", outage.from_ms);
                return Err(ConfigError::new(format!("outages[{i}]"), outage.to_ms, allowed));
            }
            outages.push(outage);
        }
        outages.sort_by_key(|o| (o.from_ms, o.to_ms));
        self.outages = outages;
        Ok(self)
    }

    /// The wait beyond which a bin violates.
    #[must_use]
    pub fn slo_wait(mut self, wait: Duration) -> Self {
        self.slo_wait_ms = whole_ms(wait);
        self
    }

    /// How full a replica may be when the demand in replicas is computed; below 1 the need is stricter.
    ///
    /// # Errors
    /// If `share` is not above 0 and at most 1.
    pub fn need_utilization(mut self, share: f64) -> Result<Self, ConfigError> {
        if !(share > 0.0 && share <= 1.0) {
            return Err(ConfigError::new("need_utilization", share, "above 0 and at most 1"));
        }
        self.need_utilization = share;
        Ok(self)
    }

    /// How soon after it became ready a replica has to go to count as short-lived.
    #[must_use]
    pub fn short_lived(mut self, within: Duration) -> Self {
        self.short_lived_ms = whole_ms(within);
        self
    }

    /// The policy's time at the start of the trace.
    #[must_use]
    pub const fn start_at(mut self, at: Timestamp) -> Self {
        self.start_at = at;
        self
    }

    /// The seed of start delays and missing scrapes.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The bounds of the fleet.
    #[must_use]
    pub const fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The replicas at the start.
    #[must_use]
    pub const fn initial_replicas(&self) -> u32 {
        self.initial
    }

    /// The requests that a replica works on at once.
    #[must_use]
    pub const fn slots(&self) -> u32 {
        self.slots_per_replica
    }

    /// From the order of a replica to its readiness.
    #[must_use]
    pub const fn delay(&self) -> &StartDelay {
        &self.start_delay
    }

    /// The age of the newest sample that a policy can see.
    #[must_use]
    pub const fn lag(&self) -> Duration {
        Duration::from_millis(self.metric_lag_ms)
    }

    /// The wait beyond which a bin violates.
    #[must_use]
    pub const fn slo(&self) -> Duration {
        Duration::from_millis(self.slo_wait_ms)
    }
}

fn whole_ms(span: Duration) -> u64 {
    time::millis(span).unsigned_abs()
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawModel {
    bounds: Bounds,
    initial: Option<u32>,
    slots_per_replica: Option<u32>,
    start_delay: Option<StartDelay>,
    #[serde(default)]
    metric_lag_ms: u64,
    #[serde(default)]
    scrape_interval_ms: u64,
    #[serde(default)]
    missing_rate: f64,
    #[serde(default)]
    outages: Vec<Outage>,
    slo_wait_ms: Option<u64>,
    need_utilization: Option<f64>,
    short_lived_ms: Option<u64>,
    #[serde(default)]
    start_at: Timestamp,
    #[serde(default)]
    seed: u64,
}

#[cfg(feature = "serde")]
impl TryFrom<RawModel> for Model {
    type Error = ConfigError;

    fn try_from(raw: RawModel) -> Result<Self, ConfigError> {
        let ms = Duration::from_millis;
        let mut model = Self::new(raw.bounds)
            .metric_lag(ms(raw.metric_lag_ms))
            .scrape_interval(ms(raw.scrape_interval_ms))
            .missing_rate(raw.missing_rate)?
            .outages(raw.outages.iter().map(|o| (ms(o.from_ms), ms(o.to_ms))))?
            .start_at(raw.start_at)
            .seed(raw.seed);
        if let Some(count) = raw.initial {
            model = model.initial(count)?;
        }
        if let Some(slots) = raw.slots_per_replica {
            model = model.slots_per_replica(slots)?;
        }
        match raw.start_delay {
            None => {}
            Some(StartDelay::ConstantMs(delay)) => model = model.start_delay(ms(delay)),
            Some(StartDelay::MeasuredMs(list)) => {
                model = model.measured_start_delays(list.into_iter().map(ms))?;
            }
        }
        if let Some(wait) = raw.slo_wait_ms {
            model = model.slo_wait(ms(wait));
        }
        if let Some(share) = raw.need_utilization {
            model = model.need_utilization(share)?;
        }
        if let Some(within) = raw.short_lived_ms {
            model = model.short_lived(ms(within));
        }
        Ok(model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Model {
        Model::new(Bounds::new(2, 10).unwrap())
    }

    #[test]
    fn every_setter_refuses_what_cannot_run() {
        assert_eq!(model().initial(1).unwrap_err().field, "initial");
        assert_eq!(model().initial(11).unwrap_err().field, "initial");
        assert_eq!(model().slots_per_replica(0).unwrap_err().field, "slots_per_replica");
        assert_eq!(model().measured_start_delays([]).unwrap_err().field, "start_delay");
        for bad in [-0.1, 1.1, f64::NAN] {
            assert_eq!(model().missing_rate(bad).unwrap_err().field, "missing_rate");
        }
        for bad in [0.0, 1.1, f64::NAN] {
            assert_eq!(model().need_utilization(bad).unwrap_err().field, "need_utilization");
        }
        let backwards = (Duration::from_secs(2), Duration::from_secs(1));
        assert_eq!(model().outages([backwards]).unwrap_err().field, "outages[0]");
        assert_eq!(model().initial_replicas(), 2);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn json_goes_through_the_same_door() {
        let model = model()
            .initial(8)
            .unwrap()
            .measured_start_delays([Duration::from_secs(60), Duration::from_secs(90)])
            .unwrap()
            .outages([(Duration::from_secs(5), Duration::from_secs(9))])
            .unwrap()
            .seed(7);
        let text = serde_json::to_string(&model).unwrap();
        assert_eq!(serde_json::from_str::<Model>(&text).unwrap(), model);
        let short: Model = serde_json::from_str(r#"{"bounds":{"min":2,"max":10}}"#).unwrap();
        assert_eq!(short, super::tests::model());
        for bad in [
            r#"{"bounds":{"min":2,"max":10},"initial":11}"#,
            r#"{"bounds":{"min":2,"max":1}}"#,
            r#"{"bounds":{"min":2,"max":10},"start_delay":{"measured_ms":[]}}"#,
            r#"{"bounds":{"min":2,"max":10},"lag":3}"#,
        ] {
            assert!(serde_json::from_str::<Model>(bad).is_err(), "{bad}");
        }
    }
}
