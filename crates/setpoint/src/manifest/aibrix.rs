//! AIBrix's `PodAutoscaler`, strategies APA and KPA.
//!
//! Source of the form: `vllm-project/aibrix`, `api/autoscaling/v1alpha1/podautoscaler_types.go`, commit
//! `e3e10f9e4aebe9aac5e7d992fb87d2648e01628b`.

use super::document::Document;
use super::fields::{Field, MOST};
use super::{How, ManifestError, Need, Notes, Scaler};
use crate::Autoscaler;
use crate::algorithm::aibrix::{Config, Schedule, Strategy};
use crate::schedule::{Daily, Weekdays};

pub(super) fn read(document: &Document<'_>, notes: &mut Notes) -> Result<Scaler, ManifestError> {
    let mut spec = document.spec()?;
    let at = spec.at().clone();
    spec.pass_over(&["scaleTargetRef", "subTargetSelector"]);
    let words = [("APA", Strategy::Apa), ("KPA", Strategy::Kpa)];
    let strategy = spec.need("scalingStrategy")?.one_of(&words)?;
    let mut config = Config::new(strategy, spec.bounds(Some(1), MOST)?);
    for item in spec.need("metricsSources")?.list()? {
        config = read_metric(item, config, notes)?;
    }
    if let Some(window) = spec.take("observeWindowSeconds") {
        config = config.stable_window(window.seconds(1..=3600)?);
    }
    if let Some(window) = spec.take("panicWindowSeconds") {
        config = config.panic_window(window.seconds(1..=3600)?);
    }
    if let Some(schedules) = spec.take("schedules") {
        let mut zone = None;
        for item in schedules.list()? {
            config = read_schedule(item, config, &mut zone)?;
        }
    }
    spec.finish()?;
    if let Some(annotations) = &document.annotations {
        config = config.annotations(annotations.texts()?).map_err(|e| annotations.config(e))?;
    }
    Autoscaler::aibrix(config).map(Scaler::from).map_err(|e| at.config(e))
}

fn read_metric(item: Field<'_>, config: Config, notes: &mut Notes) -> Result<Config, ManifestError> {
    let words =
        [("pod", false), ("resource", false), ("custom", false), ("external", true), ("domain", true)];
    let mut fields = item.fields()?;
    let external = fields.need("metricSourceType")?.one_of(&words)?;
    let name = fields.need("targetMetric")?;
    let target = fields.need("targetValue")?;
    let endpoint = fields.take("endpoint").map_or(Ok(""), |f| f.text())?;
    let port = fields.take("port").map(|f| f.text()).transpose()?;
    let path = fields.take("path").map_or(Ok(""), |f| f.text())?;
    fields.pass_over(&["protocolType"]);
    fields.finish()?;
    let amount = target.number_in_text()?;
    if amount <= 0.0 {
        return Err(target.refuse("more than 0"));
    }
    let origin = port.map_or_else(|| format!("{endpoint}{path}"), |port| format!("{endpoint}:{port}{path}"));
    let how = if external { How::Value } else { How::Samples };
    let metric = name.name()?;
    notes.need(&name, Need::new(metric, how).origin(origin))?;
    Ok(if external { config.external(metric, amount) } else { config.metric(metric, amount) })
}

fn read_schedule<'a>(
    item: Field<'a>,
    mut config: Config,
    zone: &mut Option<&'a str>,
) -> Result<Config, ManifestError> {
    let at = item.clone();
    let mut fields = item.fields()?;
    let name = fields.need("name")?.name()?;
    let own = fields.take("timezone");
    let own_name = own.as_ref().map_or(Ok("UTC"), Field::name)?;
    if zone.is_some_and(|known| known != own_name) {
        return Err(own.unwrap_or(at).refuse("the time zone of the other schedules"));
    }
    *zone = Some(own_name);
    let days = match fields.take("daysOfWeek") {
        None => Weekdays::named(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
        Some(list) => Weekdays::named(list.list()?.iter().map(Field::text).collect::<Result<Vec<_>, _>>()?),
    };
    let days = days.map_err(|e| at.config(e))?;
    let start = fields.need("startTime")?.text()?.parse().map_err(|e| at.config(e))?;
    let end = fields.need("endTime")?.text()?.parse().map_err(|e| at.config(e))?;
    let mut schedule = Schedule::new(name, Daily::new(start, end, days).map_err(|e| at.config(e))?);
    if let Some(min) = fields.take("minReplicas") {
        schedule = schedule.min(min.count(0..=MOST)?);
    }
    if let Some(max) = fields.take("maxReplicas") {
        schedule = schedule.max(max.count(1..=MOST)?);
    }
    fields.finish()?;
    config = config.time_zone(own_name).schedule(schedule);
    Ok(config)
}
