//! The utilization threshold as a recommender. The rule is in [`rule`](mod@super::rule).
//!
//! How a snapshot is read: a whole-workload value of a resource's name is its utilization; without one, the mean of its samples over the
//! instances that serve. An instance that serves without a sample makes the resource a missing one.

use super::config::Checked;
use crate::error::ConfigError;
use crate::metric::MetricName;
use crate::reason::threshold::ThresholdReason;
use crate::reason::{Reason, Reasons};
use crate::snapshot::{Column, Snapshot};
use crate::stage::{Context, Opinion, Recommend, Stage};

/// Recommends what the threshold rule asks for, within the bounds of its configuration. It remembers nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommender {
    config: Checked,
    names: Vec<MetricName>,
}

impl Recommender {
    /// The recommender of a checked configuration.
    ///
    /// # Errors
    /// If a resource's name cannot be that of a metric.
    pub fn new(config: Checked) -> Result<Self, ConfigError> {
        let names = config.resources().map(|(name, _)| MetricName::new(name)).collect::<Result<_, _>>()?;
        Ok(Self { config, names })
    }
}

/// The utilization of one resource, `None` where it is missing.
pub(super) fn utilization(snapshot: &Snapshot<'_>, name: &str) -> Option<f64> {
    if let Some(value) = snapshot.find_value(name) {
        return value.total().filter(|u| *u >= 0.0);
    }
    let values = snapshot.find(name)?.values();
    match (snapshot.listed(), values) {
        (Some(list), _) => {
            mean(list.iter().enumerate().filter(|(_, i)| i.serves()).map(|(i, _)| values.get(i)))
        }
        (None, Column::Same(_)) => values.get(0),
        (None, _) => {
            let ready = snapshot.ready_count().unwrap_or(0) as usize;
            mean((0..ready.max(values.len().unwrap_or(0))).map(|i| values.get(i)))
        }
    }
}

fn mean(mut values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let (sum, n) = values
        .try_fold((0.0, 0_u32), |(sum, n), value| value.filter(|u| *u >= 0.0).map(|u| (sum + u, n + 1)))?;
    (n > 0).then(|| sum / f64::from(n))
}

impl Stage for Recommender {
    fn name(&self) -> &str {
        "threshold"
    }

    fn metrics(&self) -> &[MetricName] {
        &self.names
    }
}

impl Recommend for Recommender {
    fn recommend(&self, cx: &Context<'_>, why: &mut Reasons<'_>) -> Opinion {
        let mut metric = 0;
        let outcome = self.config.evaluate(cx.current, |name| {
            let reading = utilization(cx.snapshot, name);
            if reading.is_none() {
                why.push(Reason::Threshold { reason: ThresholdReason::Missing { metric } });
            }
            metric += 1;
            reading
        });
        why.push(Reason::Threshold {
            reason: ThresholdReason::Judged {
                reading: outcome.reading.map(Into::into),
                count: outcome.desired,
                held_by_missing: outcome.held_by_missing,
            },
        });
        Opinion::Want(outcome.desired)
    }

    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(self.clone())
    }
}
