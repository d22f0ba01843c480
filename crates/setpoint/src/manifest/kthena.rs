//! Kthena's `AutoscalingPolicy`: the present form, which names its target, and the older ones, where an `AutoscalingPolicyBinding` of the
//! same text joins policy and target.
//!
//! Source of the forms: `volcano-sh/kthena`, `pkg/apis/workload/v1alpha1/autoscalingpolicy_types.go` and
//! `autoscalingpolicybinding_types.go`, commit `3cc057284c34469fcb0ed22a12dac84b1d120719`; of the oldest, with `scalingConfiguration` and
//! `metricTargets`, the MatrixInfer page.

use core::time::Duration;

use super::document::{Document, selector};
use super::fields::{Field, Fields, MOST};
use super::{How, ManifestError, Need, Notes, Scaler};
use crate::algorithm::kthena::roles::Role;
use crate::algorithm::kthena::{
    Behavior, Config, PanicPolicy, RolesConfig, Select, StablePolicy, TargetsConfig,
};
use crate::autoscaler::{Autoscaler, Group};

/// The most replicas of a target.
const MOST_REPLICAS: u32 = 1_000_000;
/// The longest period, window or hold.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// The fields that name a target.
const TARGETS: [&str; 3] = ["homogeneousTarget", "heterogeneousTarget", "disaggregatedTarget"];

/// The part of a policy that is the same for every kind of target.
struct Policy {
    tolerance: u32,
    behavior: Behavior,
    metrics: Vec<(String, f64)>,
}

/// Whether a policy says itself what it scales.
pub(super) fn names_its_target(document: &Document<'_>) -> Result<bool, ManifestError> {
    let mut spec = document.spec()?;
    Ok(TARGETS.iter().any(|name| spec.take(name).is_some()))
}

/// The name of the policy that a binding refers to, if it refers to one.
pub(super) fn refers_to<'a>(document: &Document<'a>) -> Result<Option<Field<'a>>, ManifestError> {
    document.spec()?.map("policyRef")?.map(|mut reference| reference.need("name")).transpose()
}

/// A policy of the present form.
pub(super) fn read(document: &Document<'_>, notes: &mut Notes) -> Result<Scaler, ManifestError> {
    let mut spec = document.spec()?;
    let policy = read_policy(&mut spec, notes)?;
    let scaler = read_target(&mut spec, policy, notes)?;
    spec.finish()?;
    Ok(scaler)
}

/// A binding, with the policy that it refers to.
pub(super) fn read_binding(
    binding: &Document<'_>,
    policy: Option<&Document<'_>>,
    notes: &mut Notes,
) -> Result<Scaler, ManifestError> {
    let absent = Policy { tolerance: 10, behavior: Behavior::default(), metrics: Vec::new() };
    let policy = policy.map_or(Ok(absent), |document| {
        let mut spec = document.spec()?;
        let policy = read_policy(&mut spec, notes)?;
        spec.finish()?;
        Ok(policy)
    })?;
    let mut spec = binding.spec()?;
    spec.pass_over(&["policyRef"]);
    let scaler = match spec.map("scalingConfiguration")? {
        Some(scaling) => read_oldest(scaling, policy, notes)?,
        None => read_target(&mut spec, policy, notes)?,
    };
    spec.finish()?;
    Ok(scaler)
}

/// The oldest form: bounds, target and metrics in one map of the binding.
fn read_oldest(
    mut scaling: Fields<'_>,
    mut policy: Policy,
    notes: &mut Notes,
) -> Result<Scaler, ManifestError> {
    let at = scaling.at().clone();
    let bounds = scaling.bounds(None, MOST_REPLICAS)?;
    if let Some(targets) = scaling.take("metricTargets") {
        for (name, target) in targets.entries()? {
            policy.metrics.push((name.to_owned(), target.positive_quantity()?));
        }
    }
    let (_, sources) = read_sources(scaling.map("target")?)?;
    scaling.finish()?;
    add_needs(&at, &policy.metrics, &sources, None, notes)?;
    one(&at, bounds, policy)
}

fn one(at: &Field<'_>, bounds: crate::Bounds, policy: Policy) -> Result<Scaler, ManifestError> {
    let config = Config::new(bounds).tolerance_percent(policy.tolerance).behavior(policy.behavior);
    let config =
        policy.metrics.into_iter().fold(config, |config, (name, target)| config.target(name, target));
    Autoscaler::kthena(config).map(Scaler::from).map_err(|e| at.config(e))
}

fn read_target(spec: &mut Fields<'_>, policy: Policy, notes: &mut Notes) -> Result<Scaler, ManifestError> {
    let [homogeneous, heterogeneous, disaggregated] = TARGETS.map(|name| spec.take(name));
    match (homogeneous, heterogeneous, disaggregated) {
        (Some(target), None, None) => {
            let mut fields = target.clone().fields()?;
            let bounds = fields.bounds(None, MOST_REPLICAS)?;
            let (_, sources) = read_sources(fields.map("target")?)?;
            fields.finish()?;
            add_needs(&target, &policy.metrics, &sources, None, notes)?;
            one(&target, bounds, policy)
        }
        (None, Some(target), None) => read_heterogeneous(target, policy, notes),
        (None, None, Some(target)) => read_roles(target, policy, notes),
        _ => Err(spec.at().refuse_as("without one target", format!("one of {}", TARGETS.join(", ")))),
    }
}

fn read_heterogeneous(target: Field<'_>, policy: Policy, notes: &mut Notes) -> Result<Scaler, ManifestError> {
    let mut fields = target.clone().fields()?;
    let mut config = TargetsConfig::new().tolerance_percent(policy.tolerance).behavior(policy.behavior);
    if let Some(rate) = fields.take("costExpansionRatePercent") {
        config = config.cost_expansion_rate_percent(rate.count(0..=MOST)?);
    }
    for item in fields.need("params")?.list()? {
        let mut param = item.clone().fields()?;
        let bounds = param.bounds(None, MOST_REPLICAS)?;
        let cost = param.take("cost").map(|f| f.count(0..=MOST)).transpose()?.unwrap_or(0);
        let (name, sources) = read_sources(Some(param.need("target")?.fields()?))?;
        param.finish()?;
        let name = name.ok_or_else(|| item.refuse("a target with a targetRef that has a name"))?;
        add_needs(&item, &policy.metrics, &sources, Some(&name), notes)?;
        config = config.target(name, bounds, cost);
    }
    fields.finish()?;
    let config =
        policy.metrics.into_iter().fold(config, |config, (name, target)| config.metric(name, target));
    Group::kthena_targets(config).map(Scaler::from).map_err(|e| target.config(e))
}

fn read_roles(target: Field<'_>, policy: Policy, notes: &mut Notes) -> Result<Scaler, ManifestError> {
    let mut fields = target.clone().fields()?;
    fields.pass_over(&["targetRef"]);
    let mut config = RolesConfig::new().tolerance_percent(policy.tolerance).behavior(policy.behavior);
    let mut roles = fields.need("roles")?.entries()?;
    roles.sort_by_key(|(name, _)| *name); // the order in which upstream decides
    for (name, field) in roles {
        let mut role = field.clone().fields()?;
        let bounds = role.bounds(None, MOST_REPLICAS)?;
        let own = role.take("metrics").map(|f| read_metrics(&f)).transpose()?.unwrap_or_default();
        let sources = role.take("metricSources").map(|f| read_metric_sources(&f)).transpose()?;
        role.finish()?;
        if bounds.min() != bounds.max() {
            let metrics = if own.is_empty() { &policy.metrics } else { &own };
            add_needs(&field, metrics, &sources, Some(name), notes)?;
        }
        let role =
            own.into_iter().fold(Role::new(name, bounds), |role, (name, target)| role.metric(name, target));
        config = config.role(role);
    }
    if let Some(mut ratio) = fields.map("ratioConstraint")? {
        let numerator = ratio.need("numeratorRole")?.name()?;
        let denominator = ratio.need("denominatorRole")?.name()?;
        let (least, most) = (ratio.need("minRatio")?.quantity()?, ratio.need("maxRatio")?.quantity()?);
        ratio.finish()?;
        config = config.ratio(numerator, denominator, least, most);
    }
    fields.finish()?;
    let config =
        policy.metrics.into_iter().fold(config, |config, (name, target)| config.metric(name, target));
    Group::kthena_roles(config).map(Scaler::from).map_err(|mut error| {
        let renamed = match error.field.as_ref() {
            "ratio.min" => "ratioConstraint.minRatio",
            "ratio.max" => "ratioConstraint.maxRatio",
            _ => return target.config(error),
        };
        error.field = renamed.into();
        target.config(error)
    })
}

/// Where each metric is read, if the target says so.
type Sources = Option<Vec<(String, Need)>>;

/// The name of a target and its sources.
fn read_sources(target: Option<Fields<'_>>) -> Result<(Option<String>, Sources), ManifestError> {
    let Some(mut target) = target else { return Ok((None, None)) };
    let name = target.map("targetRef")?.and_then(|mut reference| reference.take("name"));
    let name = name.map(|f| f.name().map(str::to_owned)).transpose()?;
    target.pass_over(&["metricEndpoint", "additionalMatchLabels"]);
    let sources = target.take("metricSources").map(|f| read_metric_sources(&f)).transpose()?;
    target.finish()?;
    Ok((name, sources))
}

fn read_metric_sources(field: &Field<'_>) -> Result<Vec<(String, Need)>, ManifestError> {
    let entries = field.entries()?.into_iter();
    entries.map(|(name, source)| Ok((name.to_owned(), read_source(name, source)?))).collect()
}

fn read_source(metric: &str, field: Field<'_>) -> Result<Need, ManifestError> {
    let mut fields = field.clone().fields()?;
    let (pod, prometheus) = (fields.map("pod")?, fields.map("prometheus")?);
    fields.finish()?;
    match (pod, prometheus) {
        (Some(mut pod), None) => {
            let series = pod.take("name").map(|f| f.name()).transpose()?.unwrap_or(metric);
            let uri = pod.take("uri").map(|f| f.text()).transpose()?.unwrap_or("/metrics");
            let port = pod.take("port").map(|f| f.count(1..=65_535)).transpose()?.unwrap_or(8100);
            let labels = pod.take("labelSelector").map(|f| selector(&f)).transpose()?.unwrap_or_default();
            pod.finish()?;
            let braced = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
            let need = Need::new(metric, How::Samples).origin(format!(":{port}{uri}"));
            Ok(need.query(format!("{series}{braced}")))
        }
        (None, Some(mut prometheus)) => {
            let server = prometheus.need("serverURL")?.name()?.to_owned();
            let query = prometheus.need("query")?.name()?.to_owned();
            prometheus.pass_over(&["auth"]);
            prometheus.finish()?;
            Ok(Need::new(metric, How::Value).query(query).origin(server))
        }
        _ => Err(field.refuse("either pod or prometheus")),
    }
}

fn add_needs(
    at: &Field<'_>,
    metrics: &[(String, f64)],
    sources: &Sources,
    member: Option<&str>,
    notes: &mut Notes,
) -> Result<(), ManifestError> {
    for (name, _) in metrics {
        let found = sources.iter().flatten().find(|(known, _)| known == name);
        if sources.is_some() && found.is_none() {
            notes.warn(at, format!("no source for the metric {name}: upstream never reads it"));
        }
        let need = found.map_or_else(|| Need::new(name, How::Samples), |(_, need)| need.clone());
        notes.need(at, Need { member: member.map(str::to_owned), ..need })?;
    }
    Ok(())
}

fn read_policy(spec: &mut Fields<'_>, notes: &mut Notes) -> Result<Policy, ManifestError> {
    let tolerance = spec.take("tolerancePercent").map(|f| f.count(0..=100)).transpose()?.unwrap_or(10);
    let metrics = spec.take("metrics").map(|f| read_metrics(&f)).transpose()?.unwrap_or_default();
    let behavior = spec.map("behavior")?.map(|f| read_behavior(f, notes)).transpose()?;
    Ok(Policy { tolerance, behavior: behavior.unwrap_or_default(), metrics })
}

fn read_metrics(field: &Field<'_>) -> Result<Vec<(String, f64)>, ManifestError> {
    let mut metrics: Vec<(String, f64)> = Vec::new();
    for item in field.list()? {
        let mut fields = item.fields()?;
        let name = match fields.take("metricName") {
            Some(name) => name,
            None => fields.need("name")?,
        };
        let target = fields.need("targetValue")?.positive_quantity()?;
        fields.finish()?;
        if metrics.iter().any(|(known, _)| Ok(known.as_str()) == name.name().as_deref()) {
            return Err(name.refuse("a name of its own"));
        }
        metrics.push((name.name()?.to_owned(), target));
    }
    Ok(metrics)
}

fn read_behavior(mut fields: Fields<'_>, notes: &mut Notes) -> Result<Behavior, ManifestError> {
    let mut behavior = Behavior::default();
    if let Some(mut up) = fields.map("scaleUp")? {
        if let Some(stable) = up.map("stablePolicy")? {
            behavior.scale_up = read_stable(stable, StablePolicy::scale_up())?;
        }
        if let Some(panic) = up.map("panicPolicy")? {
            behavior.panic = read_panic(panic, notes)?;
        }
        up.finish()?;
    }
    if let Some(down) = fields.map("scaleDown")? {
        behavior.scale_down = read_stable(down, StablePolicy::scale_down())?;
    }
    fields.finish()?;
    Ok(behavior)
}

/// A policy that is present: what it leaves out has the defaults of the schema.
fn read_stable(mut fields: Fields<'_>, schema: StablePolicy) -> Result<StablePolicy, ManifestError> {
    let words = [("Or", Select::Or), ("And", Select::And)];
    let policy = StablePolicy {
        instances: fields.take("instances").map_or(Ok(schema.instances), |f| f.count(0..=MOST))?,
        percent: fields.take("percent").map_or(Ok(schema.percent), |f| f.count(0..=1000))?,
        period: fields.take("period").map_or(Ok(schema.period), |f| f.duration(LONGEST))?,
        select_policy: fields.take("selectPolicy").map_or(Ok(schema.select_policy), |f| f.one_of(&words))?,
        stabilization_window: fields
            .take("stabilizationWindow")
            .map_or(Ok(schema.stabilization_window), |f| f.duration(LONGEST))?,
    };
    fields.finish()?;
    Ok(policy)
}

fn read_panic(mut fields: Fields<'_>, notes: &mut Notes) -> Result<PanicPolicy, ManifestError> {
    let period = fields.take("period");
    if period.is_none() {
        notes.warn(
            fields.at(),
            "upstream's schema asks for a period; without one the pace of panic mode has no limit",
        );
    }
    let schema = PanicPolicy::new(period.map_or(Ok(Duration::ZERO), |f| f.duration(LONGEST))?);
    let policy = PanicPolicy {
        percent: fields.take("percent").map_or(Ok(schema.percent), |f| f.count(0..=1000))?,
        panic_threshold_percent: fields
            .take("panicThresholdPercent")
            .map_or(Ok(schema.panic_threshold_percent), |f| f.count(110..=1000))?,
        panic_mode_hold: fields
            .take("panicModeHold")
            .map_or(Ok(schema.panic_mode_hold), |f| f.duration(LONGEST))?,
        ..schema
    };
    fields.finish()?;
    Ok(policy)
}
