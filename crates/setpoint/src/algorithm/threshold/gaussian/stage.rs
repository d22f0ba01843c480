//! The Gaussian rule as a recommender. The rule is in [`model`](super::model).
//!
//! How a snapshot is read: from values, the whole-workload values of the two metrics. From a window, one reading per snapshot,
//! as the threshold rule reads it (a whole-workload value, else the mean of the instances that serve), kept for the window's
//! width, edge included. A distribution that cannot be had (a value missing or not usable, fewer than two samples) is a failure,
//! which keeps the count. A snapshot without a reading forbids a reduction and lets growth through.

use super::super::stage::utilization;
use super::config::Checked;
use super::model::{Model, proportional};
use crate::error::StateError;
use crate::metric::MetricName;
use crate::reason::gaussian::GaussianReason;
use crate::reason::{Failure, Reason, Reasons};
use crate::snapshot::Snapshot;
use crate::stage::{Context, Opinion, Recommend, Stage, Turn};
use crate::state::{StateReader, StateWriter};
use crate::time::Timestamp;
use crate::window::MomentWindow;

/// Recommends what the Gaussian rule asks for, within the bounds of its configuration. It remembers the window, where there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommender {
    config: Checked,
    window: Option<MomentWindow>,
}

impl Recommender {
    /// The recommender of a checked configuration, which has read nothing yet.
    #[must_use]
    pub fn new(config: Checked) -> Self {
        Self { window: config.width().map(MomentWindow::new), config }
    }

    /// The distribution, how many samples it was estimated from, and whether the newest reading is missing.
    fn distribution(&self, snapshot: &Snapshot<'_>) -> Result<(Model, Option<u32>, bool), Failure> {
        let value = |i: usize| {
            let value = snapshot.find_value(self.config.names()[i].as_str()).ok_or(Failure::MissingMetric)?;
            value.total().ok_or(Failure::InvalidReading)
        };
        let model = |mean, deviation| Model::new(mean, deviation).map_err(|_| Failure::InvalidReading);
        match &self.window {
            None => Ok((model(value(0)?, value(1)?)?, None, false)),
            Some(window) => {
                let moments = window.moments();
                let deviation = moments.deviation().ok_or(Failure::NoData)?;
                let missing = utilization(snapshot, self.config.names()[0].as_str()).is_none();
                Ok((model(moments.mean(), deviation)?, Some(moments.count()), missing))
            }
        }
    }
}

impl Stage for Recommender {
    fn name(&self) -> &str {
        "gaussian"
    }

    fn metrics(&self) -> &[MetricName] {
        self.config.names()
    }

    fn ingest(&mut self, cx: &Context<'_>) {
        if let Some(window) = &mut self.window {
            window.expire(cx.now);
            if let Some(reading) = utilization(cx.snapshot, self.config.names()[0].as_str()) {
                window.append(cx.now, reading);
            }
        }
    }

    /// The next millisecond: asked again, the rule has one sample more.
    fn next_change_at(&self, cx: &Context<'_>, _turn: Turn) -> Option<Timestamp> {
        let next = cx.now.as_millis().checked_add(1).map(Timestamp::from_millis);
        next.filter(|_| self.window.is_some())
    }

    fn save(&self, out: &mut StateWriter) -> Result<(), StateError> {
        if let Some(window) = &self.window {
            out.nest("window", |out| window.save(out));
        }
        Ok(())
    }

    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        match &mut self.window {
            Some(window) => window.restore(&from.nested("window")?),
            None => Ok(()),
        }
    }
}

impl Recommend for Recommender {
    fn recommend(&self, cx: &Context<'_>, why: &mut Reasons<'_>) -> Opinion {
        let mut say = |reason| why.push(Reason::Gaussian { reason });
        let (model, samples, missing) = match self.distribution(cx.snapshot) {
            Ok(found) => found,
            Err(failure) => return Opinion::Failed(failure),
        };
        if missing {
            say(GaussianReason::Missing { metric: 0 });
        }
        say(GaussianReason::Distribution {
            mean: model.mean().into(),
            deviation: model.deviation().into(),
            samples,
        });
        let (overload, bounds) = (self.config.overload(), self.config.bounds());
        let outcome =
            proportional(&model, overload, self.config.thresholds(), bounds.into(), cx.current, missing);
        say(GaussianReason::Judged {
            quantile: model.upper_quantile(overload).into(),
            count: outcome.desired,
            held_by_missing: outcome.held_by_missing,
        });
        Opinion::Want(outcome.desired)
    }

    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(self.clone())
    }
}
