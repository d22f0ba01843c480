//! Knative's `Service` and `Configuration`: the annotations of their revisions over the cluster's settings, which the `ConfigMap`
//! `config-autoscaler` of the same text gives, or else their defaults.
//!
//! Source of the names: `knative/serving`, `pkg/apis/autoscaling/register.go`, commit `98e5ef90aa7033797aa0a61ef97f3ff7e49a3944`.

use super::document::Document;
use super::fields::{Field, MOST};
use super::{How, ManifestError, Need, Notes, Scaler};
use crate::Autoscaler;
use crate::algorithm::kpa::annotations::PREFIX;
use crate::algorithm::kpa::apply::ACTIVATION_SLACK;
use crate::algorithm::kpa::{Annotations, Config, Metric, Reachability, Settings};
use crate::metric;

const KPA_CLASS: &str = "kpa.autoscaling.knative.dev";

/// Whether this is the map of the cluster's settings.
pub(super) fn is_settings(document: &Document<'_>) -> bool {
    document.name == "config-autoscaler" && document.kind.text().is_ok_and(|kind| kind == "ConfigMap")
}

/// The cluster's settings.
pub(super) fn settings(document: &Document<'_>) -> Result<Settings, ManifestError> {
    let Some(data) = document.body()?.take("data") else { return Ok(Settings::default()) };
    Settings::from_texts(data.texts()?).map_err(|e| data.config(e))
}

pub(super) fn read(
    document: &Document<'_>,
    settings: &Settings,
    notes: &mut Notes,
) -> Result<Scaler, ManifestError> {
    let mut template = document.spec()?.need("template")?.fields()?;
    let at = template.at().clone();
    let given = template.map("metadata")?.and_then(|mut metadata| metadata.take("annotations"));
    let texts = given.as_ref().map(Field::texts).transpose()?.unwrap_or_default();
    let at = given.unwrap_or(at);
    let limit = template.map("spec")?.and_then(|mut spec| spec.take("containerConcurrency"));
    let limit = limit.map_or(Ok(0), |f| f.count(0..=MOST))?;

    let own = |name: &str| {
        texts.iter().find(|(key, _)| key.strip_prefix(PREFIX) == Some(name)).map(|(_, text)| *text)
    };
    if let Some(class) = own("class").filter(|class| *class != KPA_CLASS) {
        return Err(at.refuse_as(format!("of class {class}"), format!("of class {KPA_CLASS}")));
    }
    let annotations = Annotations::new(texts.iter().copied());
    annotations.validate(settings).map_err(|e| at.config(e))?;
    let effective = annotations.effective(settings, limit.into(), Reachability::Reachable);
    let metric = effective.metric();
    let (spec, rules) = (&effective.spec, &effective.rules);
    let percent = own("target-utilization-percentage").or_else(|| own("targetUtilizationPercentage"));
    let utilization = match percent.and_then(crate::text::number) {
        Some(percent) => percent / 100.0,
        None if metric == Metric::Rps => settings.target_utilization,
        None => settings.container_concurrency_target_fraction,
    };
    let panic = own("panic-window-percentage").or_else(|| own("panicWindowPercentage"));
    let threshold = own("panic-threshold-percentage").or_else(|| own("panicThresholdPercentage"));
    let number = |text: Option<&str>, default| text.and_then(crate::text::number).unwrap_or(default);
    let count = |n: i64| u32::try_from(n).unwrap_or(0);
    let config = Config::default()
        .metric(metric)
        .target(spec.total_value)
        .utilization(utilization)
        .average(effective.average())
        .stable_window(spec.stable_window)
        .panic_window_percentage(number(panic, settings.panic_window_percentage))
        .panic_threshold_percentage(number(threshold, settings.panic_threshold_percentage))
        .max_scale_up_rate(spec.max_scale_up_rate)
        .max_scale_down_rate(spec.max_scale_down_rate)
        .scale_down_delay(effective.scale_down_delay)
        .target_burst_capacity(spec.target_burst_capacity)
        .activation_scale(count(spec.activation_scale))
        .min_scale(count(rules.min_scale))
        .max_scale(count(rules.max_scale))
        .initial_scale(count(rules.initial_scale))
        .enable_scale_to_zero(rules.enable_scale_to_zero)
        .grace_period(rules.grace_period)
        .retention_period(rules.retention_period)
        .progress_deadline(rules.activation_timeout.saturating_sub(ACTIVATION_SLACK))
        .reachability(Reachability::Reachable);
    let name = if metric == Metric::Rps { metric::RPS } else { metric::CONCURRENCY };
    notes.need(&at, Need::new(name, How::Value))?;
    Autoscaler::kpa(config).map(Scaler::from).map_err(|e| at.config(e))
}
