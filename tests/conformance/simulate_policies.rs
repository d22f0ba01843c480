//! The two policies of the reference file, as its `model_text` words them. They are simplifications of the Kubernetes and the Knative
//! autoscaler that exist to test the simulator, so they live here and not in the library.

use crate::case::{float, int, list};
use serde_json::Value;
use setpoint::simulate::Observation;

/// What a policy said at a tick.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) raw: i64,
    pub(crate) stabilized: Option<i64>,
    pub(crate) panic: Option<bool>,
    pub(crate) desired: i64,
}

/// Facts of the model that the policies know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Platform {
    pub(crate) step_ms: i64,
    pub(crate) slots: i64,
    pub(crate) min: i64,
    pub(crate) max: i64,
    pub(crate) initial: i64,
}

pub(crate) trait Policy {
    fn answer(&mut self, seen: &Observation) -> Answer;
}

/// Builds the policy that a case names.
pub(crate) fn of(policy: &Value, platform: Platform) -> Option<Box<dyn Policy>> {
    match policy["policy"].as_str() {
        Some("fixed") => Some(Box::new(Fixed)),
        Some("hpa") => Some(Box::new(Hpa::new(policy, platform))),
        Some("kpa") => Some(Box::new(Kpa::new(policy, platform))),
        _ => None,
    }
}

struct Fixed;

impl Policy for Fixed {
    fn answer(&mut self, seen: &Observation) -> Answer {
        let total = i64::from(seen.ordered);
        Answer { raw: total, stabilized: None, panic: None, desired: total }
    }
}

struct Limit {
    pods: bool,
    value: i64,
    period_ms: i64,
}

struct Hpa {
    platform: Platform,
    target: f64,
    tolerance: f64,
    down_window_ms: i64,
    up_window_ms: i64,
    up: Vec<Limit>,
    down: Vec<Limit>,
    history: Vec<(i64, i64)>,
    events: Vec<(i64, i64)>,
}

impl Hpa {
    fn new(policy: &Value, platform: Platform) -> Self {
        let limits = |v: &Value| -> Vec<Limit> {
            let limit = |p: &Value| Limit {
                pods: match p["type"].as_str() {
                    Some("pods") => true,
                    Some("percent") => false,
                    other => panic!("a limit of type {other:?}"),
                },
                value: int(&p["value"]),
                period_ms: int(&p["period_s"]) * 1_000,
            };
            list(v).iter().map(limit).collect()
        };
        for select in ["scale_up_select", "scale_down_select"] {
            assert_eq!(policy[select], "max", "{select}");
        }
        Self {
            platform,
            target: float(&policy["target_utilization_percent"]),
            tolerance: float(&policy["tolerance"]),
            down_window_ms: int(&policy["scale_down_stabilization_s"]) * 1_000,
            up_window_ms: int(&policy["scale_up_stabilization_s"]) * 1_000,
            up: limits(&policy["scale_up_policies"]),
            down: limits(&policy["scale_down_policies"]),
            history: Vec::new(),
            events: Vec::new(),
        }
    }

    fn raw(&self, seen: &Observation) -> i64 {
        let total = i64::from(seen.ordered);
        let Some(sample) = seen.sample else { return total };
        let (ready, unready) = (i64::from(seen.ready), i64::from(seen.ordered - seen.ready));
        let ratio = |replicas: i64| {
            let capacity = (replicas * self.platform.slots * self.platform.step_ms) as f64;
            (100.0 * sample.served_ms / capacity).floor() / self.target
        };
        let within = |ratio: f64| 1.0 - self.tolerance <= ratio && ratio <= 1.0 + self.tolerance;
        let measured = i64::from(sample.ready);
        let first = ratio(measured);
        if unready == 0 || first <= 1.0 {
            if within(first) { total } else { (first * ready as f64).ceil() as i64 }
        } else {
            let second = ratio(measured + unready);
            if within(second) || second < 1.0 {
                total
            } else {
                total.max((second * (ready + unready) as f64).ceil() as i64)
            }
        }
    }

    fn period_start(&self, total: i64, now: i64, limit: &Limit) -> i64 {
        let recent = self.events.iter().filter(|(at, _)| *at > now - limit.period_ms && *at <= now);
        total - recent.map(|(_, change)| change).sum::<i64>()
    }
}

impl Policy for Hpa {
    fn answer(&mut self, seen: &Observation) -> Answer {
        let (now, total) = (seen.now.as_millis(), i64::from(seen.ordered));
        if self.history.is_empty() {
            self.history.push((now, total));
        }
        let raw = self.raw(seen);
        let (mut down, mut up) = (raw, raw);
        for (at, value) in &self.history {
            if *at > now - self.down_window_ms {
                down = down.max(*value);
            }
            if *at > now - self.up_window_ms {
                up = up.min(*value);
            }
        }
        self.history.push((now, raw));
        let stabilized = total.max(up).min(down);
        let mut desired = stabilized;
        if stabilized > total {
            let reach = self.up.iter().map(|limit| {
                let start = self.period_start(total, now, limit);
                if limit.pods {
                    start + limit.value
                } else {
                    (start as f64 * (1.0 + limit.value as f64 / 100.0)).ceil() as i64
                }
            });
            desired = desired.min(reach.max().map_or(total, |most| most.max(total)));
        } else if stabilized < total {
            let reach = self.down.iter().map(|limit| {
                let start = self.period_start(total, now, limit);
                if limit.pods {
                    start - limit.value
                } else {
                    (start as f64 * (1.0 - limit.value as f64 / 100.0)).trunc() as i64
                }
            });
            desired = desired.max(reach.min().map_or(total, |least| least.min(total)));
        }
        desired = desired.max(self.platform.min).min(self.platform.max);
        if desired != total {
            self.events.push((now, desired - total));
        }
        Answer { raw, stabilized: Some(stabilized), panic: None, desired }
    }
}

struct Kpa {
    platform: Platform,
    target: f64,
    stable_steps: usize,
    panic_steps: usize,
    panic_threshold: f64,
    max_up: f64,
    max_down: f64,
    observations: Vec<f64>,
    panicking_since: Option<i64>,
    max_panic: i64,
}

impl Kpa {
    fn new(policy: &Value, platform: Platform) -> Self {
        let panics = policy["start_in_panic"] == true && platform.initial > 1;
        Self {
            platform,
            target: float(&policy["target_concurrency_per_replica"]),
            stable_steps: int(&policy["stable_window_steps"]) as usize,
            panic_steps: int(&policy["panic_window_steps"]) as usize,
            panic_threshold: float(&policy["panic_threshold"]),
            max_up: float(&policy["max_scale_up_rate"]),
            max_down: float(&policy["max_scale_down_rate"]),
            observations: Vec::new(),
            panicking_since: panics.then_some(0),
            max_panic: if panics { platform.initial } else { 0 },
        }
    }

    fn average(&self, steps: usize) -> f64 {
        let last = &self.observations[self.observations.len().saturating_sub(steps)..];
        last.iter().sum::<f64>() / (last.len() as i64 * self.platform.step_ms) as f64
    }
}

impl Policy for Kpa {
    fn answer(&mut self, seen: &Observation) -> Answer {
        let (now, total) = (seen.now.as_millis(), i64::from(seen.ordered));
        let Some(sample) = seen.sample else {
            let panic = Some(self.panicking_since.is_some());
            return Answer { raw: total, stabilized: None, panic, desired: total };
        };
        self.observations.push(sample.offered_ms);
        let ready = i64::from(seen.ready).max(1);
        let (up, down) =
            ((self.max_up * ready as f64).ceil() as i64, (ready as f64 / self.max_down).floor() as i64);
        let wants = |average: f64| (average / self.target).ceil() as i64;
        let (stable, panic) = (wants(self.average(self.stable_steps)), wants(self.average(self.panic_steps)));
        let (held_stable, held_panic) = (stable.max(down).min(up), panic.max(down).min(up));
        if panic as f64 / ready as f64 >= self.panic_threshold {
            self.panicking_since = Some(now);
        } else if self.panicking_since.is_some_and(|since| since + 60_000 < now) {
            self.panicking_since = None;
            self.max_panic = 0;
        }
        let raw = if self.panicking_since.is_some() {
            self.max_panic = self.max_panic.max(held_stable).max(held_panic);
            self.max_panic
        } else {
            held_stable
        };
        let desired = raw.max(self.platform.min).min(self.platform.max);
        Answer { raw, stabilized: None, panic: Some(self.panicking_since.is_some()), desired }
    }
}
