//! KubeAI's `AIInferenceAutoscalerPolicy`.
//!
//! Source of the form: `pmady/kubeai-autoscaler`, `api/v1alpha1/types.go` and `api/v1alpha1/validation.go`, commit
//! `88eef88baa688724255ee090f4d1ef3eb23d70f2`.

use core::time::Duration;

use super::document::Document;
use super::fields::{Field, Fields, MOST};
use super::rules::Direction;
use super::{How, ManifestError, Need, Notes, Scaler};
use crate::Autoscaler;
use crate::algorithm::kubeai::{Config, Slot};
use crate::behavior::{Behavior, Rules};

pub(super) fn read(document: &Document<'_>, notes: &mut Notes) -> Result<Scaler, ManifestError> {
    let mut spec = document.spec()?;
    let at = spec.at().clone();
    spec.pass_over(&["targetRef"]);
    let bounds = spec.bounds(Some(1), MOST)?;
    if let Some(min) = spec.take("minReplicas").filter(|_| bounds.min() == 0) {
        notes.warn(&min, "a minimum of 0 counts as 1");
    }
    let mut config = Config::new(bounds);
    if let Some(period) = spec.take("cooldownPeriod") {
        let span = period.seconds(0..=MOST)?;
        if span == Duration::ZERO {
            notes.warn(&period, "upstream takes 0 for 300 s; here it is no cooldown");
        }
        config = config.cooldown(span);
    }
    if let Some(algorithm) = spec.map("algorithm")? {
        config = read_algorithm(algorithm, config)?;
    }
    let mut metrics = spec.need("metrics")?.fields()?;
    if let Some(latency) = metrics.map("latency")? {
        config = read_latency(latency, config, notes)?;
    }
    if let Some(gpu) = metrics.map("gpuUtilization")? {
        config = read_slot(gpu, Slot::GpuUtilization, config, notes)?;
    }
    if let Some(queue) = metrics.map("requestQueueDepth")? {
        config = read_slot(queue, Slot::QueueDepth, config, notes)?;
    }
    let metrics_at = metrics.at().clone();
    metrics.finish()?;
    if notes.needs.is_empty() {
        return Err(metrics_at.refuse_as("without an enabled metric", "at least one enabled metric"));
    }
    let up = read_rules(spec.map("scaleUp")?, notes)?;
    let down = read_rules(spec.map("scaleDown")?, notes)?;
    spec.finish()?;
    config = match (up, down) {
        (None, None) => config,
        (Some(up), None) => config.behavior(Behavior::new().up(up)),
        (None, Some(down)) => config.behavior(Behavior::new().down(down)),
        (Some(up), Some(down)) => config.behavior(Behavior::new().up(up).down(down)),
    };
    Autoscaler::kubeai(config).map(Scaler::from).map_err(|e| at.config(e))
}

fn read_algorithm(mut fields: Fields<'_>, mut config: Config) -> Result<Config, ManifestError> {
    if let Some(name) = fields.take("name") {
        config = config.algorithm(name.name()?);
    }
    if let Some(tolerance) = fields.take("tolerance") {
        config = config.tolerance(tolerance.number()?);
    }
    if let Some(weights) = fields.take("weights") {
        let numbers = weights.list()?.iter().map(Field::number).collect::<Result<Vec<_>, _>>()?;
        config = config.weights(numbers);
    }
    fields.finish()?;
    Ok(config)
}

/// Adds a slot, its target and what the caller must supply for it.
fn add(
    at: &Field<'_>,
    slot: Slot,
    target: f64,
    query: Option<&str>,
    config: Config,
    notes: &mut Notes,
) -> Result<Config, ManifestError> {
    notes.need(at, Need::new(slot.default_metric(), How::Value).query(query.map(str::to_owned)))?;
    Ok(config.target(slot, target))
}

fn read_latency(
    mut fields: Fields<'_>,
    mut config: Config,
    notes: &mut Notes,
) -> Result<Config, ManifestError> {
    let at = fields.at().clone();
    let enabled = fields.take("enabled").map_or(Ok(true), |f| f.truth())?;
    let query = fields.take("prometheusQuery").map(|f| f.text()).transpose()?;
    let p99 = fields.take("targetP99Ms").map(|f| f.count(1..=MOST)).transpose()?;
    let p95 = fields.take("targetP95Ms").map(|f| f.count(1..=MOST)).transpose()?;
    fields.finish()?;
    if !enabled {
        return Ok(config);
    }
    if p99.or(p95).is_none() {
        return Err(at.refuse_as("without a target", "given targetP99Ms or targetP95Ms"));
    }
    for (slot, target) in [(Slot::LatencyP99, p99), (Slot::LatencyP95, p95)] {
        if let Some(ms) = target {
            config = add(&at, slot, f64::from(ms), query, config, notes)?;
        }
    }
    Ok(config)
}

fn read_slot(
    mut fields: Fields<'_>,
    slot: Slot,
    config: Config,
    notes: &mut Notes,
) -> Result<Config, ManifestError> {
    let at = fields.at().clone();
    let queue = slot == Slot::QueueDepth;
    let enabled = fields.take("enabled").map_or(Ok(!queue), |f| f.truth())?;
    let query = fields.take("prometheusQuery").map(|f| f.text()).transpose()?;
    let (name, range) = if queue { ("targetDepth", 0..=MOST) } else { ("targetPercentage", 1..=100) };
    let target = if enabled && !queue { Some(fields.need(name)?) } else { fields.take(name) };
    let amount = target.as_ref().map(|f| f.count(range)).transpose()?.unwrap_or(0);
    fields.finish()?;
    if !enabled {
        return Ok(config);
    }
    if amount == 0 {
        notes.warn(&at, "a target of 0 is never used");
        return Ok(config);
    }
    add(&at, slot, f64::from(amount), query, config, notes)
}

fn read_rules(fields: Option<Fields<'_>>, notes: &mut Notes) -> Result<Option<Rules>, ManifestError> {
    let Some(mut fields) = fields else { return Ok(None) };
    notes.warn(fields.at(), "upstream reads it and never uses it; here it holds");
    let mut direction = Direction::take(&mut fields, 1)?;
    fields.finish()?;
    direction.policies = direction.policies.filter(|list| !list.is_empty());
    Ok(Some(direction.rules()))
}
