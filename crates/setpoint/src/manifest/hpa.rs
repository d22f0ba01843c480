//! `HorizontalPodAutoscaler` of `autoscaling/v2`.
//!
//! Source of the form: Kubernetes, `pkg/apis/autoscaling/v2` and `pkg/apis/autoscaling/validation/validation.go`, commit `a769d588`.
//! Settings of the controller are not in the document: the autoscaler has their defaults.

use super::document::{Document, selector};
use super::fields::{Field, Fields, MOST};
use super::rules::Direction;
use super::{How, ManifestError, Need, Notes, Scaler};
use crate::Autoscaler;
use crate::algorithm::hpa::{Config, Source};
use crate::behavior::{Behavior, Rules};
use crate::metric::{self, Target};

/// The least target of a metric: one thousandth.
const LEAST_TARGET: f64 = 0.001;

pub(super) fn read(document: &Document<'_>, notes: &mut Notes) -> Result<Scaler, ManifestError> {
    document.version(&["v2"])?;
    let mut spec = document.spec()?;
    let at = spec.at().clone();
    spec.pass_over(&["scaleTargetRef"]);
    let bounds = spec.bounds(Some(1), MOST)?;
    let mut config = Config::new(bounds);
    if let Some(min) = spec.take("minReplicas").filter(|_| bounds.min() == 0) {
        notes.warn(&min, "a minimum of 0 needs the feature gate HPAScaleToZero, which is taken as on");
        config = config.scale_to_zero(true);
    }
    let metrics = spec.take("metrics").map(|f| f.list()).transpose()?.unwrap_or_default();
    if metrics.is_empty() {
        notes.need(&at, Need::new(metric::CPU, How::SamplesAndRequests))?;
    }
    for metric in metrics {
        config = read_metric(metric, config, notes)?;
    }
    if let Some(mut behavior) = spec.map("behavior")? {
        let up = behavior.map("scaleUp")?.map(rules).transpose()?;
        let down = behavior.map("scaleDown")?.map(rules).transpose()?;
        behavior.finish()?;
        let mut rules = Behavior::new();
        if let Some(up) = up {
            rules = rules.up(up);
        }
        if let Some(down) = down {
            rules = rules.down(down);
        }
        config = config.behavior(rules);
    }
    spec.finish()?;
    Autoscaler::hpa(config).map(Scaler::from).map_err(|e| at.config(e))
}

fn rules(mut fields: Fields<'_>) -> Result<Rules, ManifestError> {
    let direction = Direction::take(&mut fields, 1)?;
    if let (Some(given), Some(policies)) = (fields.take("policies"), &direction.policies)
        && policies.is_empty()
    {
        return Err(given.refuse_as("empty", "absent, or at least one policy"));
    }
    let tolerance = fields.take("tolerance").map(|f| {
        let share = f.quantity()?;
        if share >= 0.0 { Ok(share) } else { Err(f.refuse("0 and more")) }
    });
    let tolerance = tolerance.transpose()?;
    fields.finish()?;
    let rules = direction.rules();
    Ok(match tolerance {
        Some(share) => rules.tolerance(share),
        None => rules,
    })
}

fn read_metric(item: Field<'_>, config: Config, notes: &mut Notes) -> Result<Config, ManifestError> {
    const TYPES: [(&str, (&str, Source)); 5] = [
        ("Resource", ("resource", Source::Resource)),
        ("ContainerResource", ("containerResource", Source::Resource)),
        ("Pods", ("pods", Source::Pods)),
        ("Object", ("object", Source::Object)),
        ("External", ("external", Source::External)),
    ];
    let mut fields = item.fields()?;
    let (key, source) = fields.need("type")?.one_of(&TYPES)?;
    let mut body = fields.need(key)?.fields()?;
    fields.finish()?;
    let (name, query) = if source == Source::Resource {
        let container = (key == "containerResource").then(|| body.need("container")).transpose()?;
        let container = container.map(|f| f.name()).transpose()?;
        (body.need("name")?, container.map(|name| format!("container {name}")))
    } else {
        let mut metric = body.need("metric")?.fields()?;
        let found = (metric.need("name")?, metric.take("selector").map(|f| selector(&f)).transpose()?);
        metric.finish()?;
        found
    };
    let mut need = Need::new(name.name()?, How::Value).query(query);
    if source == Source::Object {
        let mut object = body.need("describedObject")?.fields()?;
        let (kind, id) = (object.need("kind")?.name()?, object.need("name")?.name()?);
        object.pass_over(&["apiVersion"]);
        object.finish()?;
        need = need.origin(format!("{kind}/{id}"));
    }
    let (target, how) = read_target(body.need("target")?, source)?;
    body.finish()?;
    let text = need.metric.clone();
    notes.need(&name, need.how(how))?;
    Ok(config.metric(source, text, target))
}

fn read_target(field: Field<'_>, source: Source) -> Result<(Target, How), ManifestError> {
    let mut fields = field.fields()?;
    let at = fields.at().clone();
    let kind = fields.need("type")?;
    let words: &[(&str, u8)] = match source {
        Source::Resource => &[("Utilization", 0), ("AverageValue", 1)],
        Source::Pods => &[("AverageValue", 1)],
        Source::Object | Source::External => &[("Value", 2), ("AverageValue", 1)],
    };
    let amount = |field: Field<'_>| {
        let amount = field.quantity()?;
        if amount >= LEAST_TARGET { Ok(amount) } else { Err(field.refuse("0.001 and more")) }
    };
    let per_instance = matches!(source, Source::Resource | Source::Pods);
    let (target, how) = match kind.one_of(words)? {
        0 => {
            let percent = fields.need("averageUtilization")?.count(1..=MOST)?;
            (Target::utilization(f64::from(percent) / 100.0), How::SamplesAndRequests)
        }
        1 => {
            let how = if per_instance { How::Samples } else { How::Value };
            (Target::average_value(amount(fields.need("averageValue")?)?), how)
        }
        _ => (Target::value(amount(fields.need("value")?)?), How::Value),
    };
    fields.finish()?;
    Ok((target.map_err(|e| at.config(e))?, how))
}
