//! `BudAIScaler`. Predictions, active schedule hints and prices are the caller's to supply, as values of the workload; what the document says
//! about how upstream would find them is passed over with a warning.
//!
//! Source of the form: `BudEcosystem/scaler`, `api/scaler/v1alpha1/budaiscaler_types.go`, `pkg/context/context.go` and `pkg/types`, commit
//! `79bffc5e9778ab80a20c5e0a6d39d9e780750122`.

use core::time::Duration;

use super::document::Document;
use super::fields::{Field, Fields, MOST};
use super::rules::Direction;
use super::{How, ManifestError, Need, Notes, Scaler};
use crate::Autoscaler;
use crate::algorithm::bud::{
    Blend, Config, GpuThresholds, Side, Source, Strategy, Tolerance, facts, target_value,
};

/// The prefix of the annotations that are settings.
const PREFIX: &str = "scaler.bud.studio/";

/// The settings that behavior and annotations share. An annotation goes before the behavior.
struct Pace {
    up: Side,
    down: Side,
    up_rate: Option<f64>,
    down_rate: Option<f64>,
    tolerance: Tolerance,
    panic_threshold: Option<f64>,
}

pub(super) fn read(document: &Document<'_>, notes: &mut Notes) -> Result<Scaler, ManifestError> {
    let mut spec = document.spec()?;
    let at = spec.at().clone();
    spec.pass_over(&["scaleTargetRef", "subTargetSelector"]);
    let words = [("HPA", Strategy::Hpa), ("KPA", Strategy::Kpa), ("BudScaler", Strategy::BudScaler)];
    let strategy = spec.take("scalingStrategy").map_or(Ok(Strategy::BudScaler), |f| f.one_of(&words))?;
    let mut config = Config::new(spec.bounds(Some(1), MOST)?).strategy(strategy);
    for item in spec.need("metricsSources")?.list()? {
        config = read_metric(item, config, notes)?;
    }
    if let Some(gpu) = spec.map("gpuConfig")? {
        config = read_gpu(gpu, config, notes)?;
    }
    if let Some(cost) = spec.map("costConfig")? {
        config = read_cost(cost, config, notes)?;
    }
    if let Some(prediction) = spec.map("predictionConfig")? {
        config = read_prediction(prediction, config, notes)?;
    }
    if let Some(hints) = spec.take("scheduleHints") {
        read_hints(&hints, notes)?;
    }
    if let Some(clusters) = spec.take("multiClusterConfig") {
        notes.warn(&clusters, "upstream does not use it either");
    }
    let mut pace = Pace {
        up: Side::new(),
        down: Side::new(),
        up_rate: None,
        down_rate: None,
        tolerance: Tolerance::both(0.1),
        panic_threshold: None,
    };
    if let Some(mut behavior) = spec.map("behavior")? {
        if let Some(up) = behavior.map("scaleUp")? {
            (pace.up, pace.up_rate) = read_side(up, &mut pace.tolerance.up)?;
        }
        if let Some(down) = behavior.map("scaleDown")? {
            (pace.down, pace.down_rate) = read_side(down, &mut pace.tolerance.down)?;
        }
        behavior.finish()?;
    }
    spec.finish()?;
    if let Some(annotations) = &document.annotations {
        read_annotations(annotations, &mut pace, notes)?;
    }
    config = config.up(pace.up).down(pace.down).tolerance(pace.tolerance);
    if let Some(rate) = pace.up_rate {
        config = config.scale_up_rate(rate);
    }
    if let Some(rate) = pace.down_rate {
        config = config.scale_down_rate(rate);
    }
    if let Some(threshold) = pace.panic_threshold {
        config = config.panic_threshold(threshold);
    }
    Autoscaler::bud(config).map(Scaler::from).map_err(|e| at.config(e))
}

fn read_metric(item: Field<'_>, config: Config, notes: &mut Notes) -> Result<Config, ManifestError> {
    let words = [
        ("pod", Source::Direct),
        ("resource", Source::Resource),
        ("custom", Source::Custom),
        ("external", Source::External),
        ("prometheus", Source::Direct),
        ("inferenceEngine", Source::Direct),
    ];
    let mut fields = item.clone().fields()?;
    let source = match fields.take("metricSourceType") {
        Some(kind) => kind.one_of(&words)?,
        None => {
            notes.warn(
                &item,
                "upstream's schema asks for metricSourceType; the metric is taken as one of the instances",
            );
            Source::Direct
        }
    };
    let name = fields.need("targetMetric")?;
    let target = fields.need("targetValue")?;
    let query = fields.take("promQL").map(|f| f.text()).transpose()?;
    let endpoint = fields.take("endpoint").map(|f| f.text()).transpose()?.unwrap_or("").to_owned();
    let port = fields.take("port").map(|f| f.text()).transpose()?;
    let path = fields.take("path").map(|f| f.text()).transpose()?.unwrap_or("");
    let mut origin =
        port.map_or_else(|| format!("{endpoint}{path}"), |port| format!("{endpoint}:{port}{path}"));
    if let Some(mut engine) = fields.map("inferenceEngineConfig")? {
        let engines = [("vllm", "vllm"), ("tgi", "tgi"), ("sglang", "sglang"), ("triton", "triton")];
        let engine_type = engine.need("engineType")?.one_of(&engines)?;
        let port = engine.take("metricsPort").map_or(Ok(8000), |f| f.count(1..=65_535))?;
        let path = engine.take("metricsPath").map_or(Ok("/metrics"), |f| f.text())?;
        engine.finish()?;
        origin = format!("{engine_type} :{port}{path}");
    }
    fields.pass_over(&["protocolType", "headers"]);
    fields.finish()?;
    let Some(amount) = target_value(target.text()?) else {
        notes.warn(&target, "not a number above 0: the metric has no vote");
        return Ok(config);
    };
    let how = match source {
        _ if query.is_some() => How::Value,
        Source::External => How::Value,
        Source::Resource => How::SamplesAndRequests,
        Source::Custom | Source::Direct => How::Samples,
    };
    let metric = name.name()?;
    notes.need(&name, Need::new(metric, how).query(query.map(str::to_owned)).origin(origin))?;
    Ok(config.metric_from(source, metric, amount))
}

fn read_gpu(mut fields: Fields<'_>, config: Config, notes: &mut Notes) -> Result<Config, ManifestError> {
    let at = fields.at().clone();
    let enabled = fields.take("enabled").map_or(Ok(false), |f| f.truth())?;
    let mut threshold = |name| fields.take(name).map(|f| f.count(0..=100).map(f64::from)).transpose();
    let thresholds = GpuThresholds {
        memory: threshold("gpuMemoryThreshold")?,
        compute: threshold("gpuComputeThreshold")?,
    };
    for name in ["metricsSource", "dcgmEndpoint", "topologyAware", "preferredGPUType", "vgpuSupport"] {
        if let Some(field) = fields.take(name) {
            notes.warn(&field, "without effect on the count");
        }
    }
    fields.finish()?;
    if !enabled {
        return Ok(config);
    }
    for (name, threshold) in [
        (facts::GPU_MEMORY_UTILIZATION, thresholds.memory),
        (facts::GPU_COMPUTE_UTILIZATION, thresholds.compute),
    ] {
        if threshold.is_some() {
            notes.need(&at, Need::new(name, How::Value))?;
        }
    }
    Ok(config.gpu(thresholds))
}

fn read_cost(mut fields: Fields<'_>, config: Config, notes: &mut Notes) -> Result<Config, ManifestError> {
    let at = fields.at().clone();
    let enabled = fields.take("enabled").map_or(Ok(false), |f| f.truth())?;
    let hour = fields.take("budgetPerHour").map(|f| f.quantity()).transpose()?;
    for name in [
        "budgetPerDay",
        "cloudProvider",
        "preferSpotInstances",
        "spotFallbackToOnDemand",
        "costOptimizationMode",
    ] {
        if let Some(field) = fields.take(name) {
            notes.warn(
                &field,
                "without effect on the count; a budget of the day is the caller's, as budget_per_hour",
            );
        }
    }
    fields.finish()?;
    let Some(hour) = hour.filter(|_| enabled) else { return Ok(config) };
    notes.need(&at, Need::new(facts::COST_PER_HOUR, How::Value))?;
    notes.need(&at, Need::new(facts::REPLICA_COST_PER_HOUR, How::Value))?;
    Ok(config.budget_per_hour(hour))
}

fn read_prediction(
    mut fields: Fields<'_>,
    config: Config,
    notes: &mut Notes,
) -> Result<Config, ManifestError> {
    let at = fields.at().clone();
    let enabled = fields.take("enabled").map_or(Ok(false), |f| f.truth())?;
    let mut blend = Blend::default();
    if let Some(least) = fields.take("minConfidence") {
        blend.min_confidence = least.number()?;
        if !(0.0..=1.0).contains(&blend.min_confidence) {
            return Err(least.refuse("0 to 1"));
        }
    }
    blend.max_replicas = fields.take("maxPredictedReplicas").map(|f| f.count(1..=MOST)).transpose()?;
    for name in
        ["lookAheadMinutes", "historicalDataDays", "enableLearning", "predictionMetrics", "seasonalMetrics"]
    {
        if let Some(field) = fields.take(name) {
            notes.warn(&field, "for the caller's predictor");
        }
    }
    fields.finish()?;
    if !enabled {
        return Ok(config);
    }
    notes.need(&at, Need::new(facts::PREDICTED_REPLICAS, How::Value))?;
    notes.need(&at, Need::new(facts::PREDICTION_CONFIDENCE, How::Value))?;
    Ok(config.prediction(blend))
}

/// The hints as one need: which of them are active, in their order, is the caller's to say.
fn read_hints(field: &Field<'_>, notes: &mut Notes) -> Result<(), ManifestError> {
    const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);
    let mut lines = Vec::new();
    for item in field.list()? {
        let mut hint = item.fields()?;
        let name = hint.need("name")?.text()?;
        let cron = hint.need("cronExpression")?;
        if cron.text()?.split_whitespace().filter(|word| !word.contains("TZ=")).count() != 5 {
            return Err(cron.refuse("a cron expression of five fields"));
        }
        let replicas = hint.need("targetReplicas")?.count(0..=MOST)?;
        let span = hint.need("duration")?.duration(LONGEST)?;
        hint.finish()?;
        lines.push(format!("{name}: {replicas} at {} for {} s", cron.text()?, span.as_secs()));
    }
    if lines.is_empty() {
        return Ok(());
    }
    notes.need(field, Need::new(facts::SCHEDULE_HINTS, How::Value).query(lines.join("; ")))
}

/// The rules of one direction and its rate; a tolerance goes to `tolerance`.
fn read_side(mut fields: Fields<'_>, tolerance: &mut f64) -> Result<(Side, Option<f64>), ManifestError> {
    let direction = Direction::take(&mut fields, 0)?;
    let rate = fields.take("maxScaleRate").map(|f| f.number_in_text()).transpose()?;
    if let Some(given) = fields.take("tolerance") {
        *tolerance = given.number_in_text()?;
    }
    fields.finish()?;
    let mut side = Side::new();
    if let Some(window) = direction.window {
        side = side.cooldown(window);
    }
    if let Some(select) = direction.select {
        side = side.select(select);
    }
    Ok((side.policies(direction.policies.unwrap_or_default()), rate))
}

fn read_annotations(
    annotations: &Field<'_>,
    pace: &mut Pace,
    notes: &mut Notes,
) -> Result<(), ManifestError> {
    const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);
    for (name, field) in annotations.entries()? {
        match name.strip_prefix(PREFIX) {
            None => {}
            Some("max-scale-up-rate") => pace.up_rate = Some(field.number_in_text()?),
            Some("max-scale-down-rate") => pace.down_rate = Some(field.number_in_text()?),
            Some("scale-up-tolerance") => pace.tolerance.up = field.number_in_text()?,
            Some("scale-down-tolerance") => pace.tolerance.down = field.number_in_text()?,
            Some("scale-up-cooldown") => pace.up = pace.up.clone().cooldown(field.duration(LONGEST)?),
            Some("scale-down-cooldown") => pace.down = pace.down.clone().cooldown(field.duration(LONGEST)?),
            Some("panic-threshold") => pace.panic_threshold = Some(field.number_in_text()?),
            Some("panic-window" | "stable-window" | "scale-to-zero" | "activation-scale") => {
                notes.warn(&field, "upstream reads it and never uses it");
            }
            Some(other) if ["gpu-", "cost-", "target-"].iter().any(|prefix| other.starts_with(prefix)) => {
                notes.warn(&field, "upstream does not read it either");
            }
            Some(_) => return Err(field.refuse_as("unknown", "an annotation that is a setting")),
        }
    }
    Ok(())
}
