//! `behavior` as Kubernetes and its kin write it: stabilization window, selection and policies of one direction.
//!
//! Source of the forms and ranges: Kubernetes, `pkg/apis/autoscaling/validation/validation.go`, commit `a769d588`.

use core::time::Duration;

use super::ManifestError;
use super::fields::{Field, Fields, MOST};
use crate::behavior::{Policy, Rules, Select};

/// What is given of the rules of one direction.
#[derive(Default)]
pub(super) struct Direction {
    pub(super) window: Option<Duration>,
    pub(super) select: Option<Select>,
    pub(super) policies: Option<Vec<Policy>>,
}

impl Direction {
    /// Takes the fields that all of the systems have. A policy's value is at least `least`.
    pub(super) fn take(fields: &mut Fields<'_>, least: u32) -> Result<Self, ManifestError> {
        let window = fields.take("stabilizationWindowSeconds").map(|f| f.seconds(0..=3600)).transpose()?;
        let words = [("Max", Select::Max), ("Min", Select::Min), ("Disabled", Select::Disabled)];
        let select = fields.take("selectPolicy").map(|f| f.one_of(&words)).transpose()?;
        let policies = fields.take("policies").map(|f| policies(&f, least)).transpose()?;
        Ok(Self { window, select, policies })
    }

    /// The rules of a Kubernetes direction.
    pub(super) fn rules(self) -> Rules {
        let mut rules = Rules::new();
        if let Some(window) = self.window {
            rules = rules.window(window);
        }
        if let Some(select) = self.select {
            rules = rules.select(select);
        }
        if let Some(policies) = self.policies {
            rules = rules.policies(policies);
        }
        rules
    }
}

fn policies(field: &Field<'_>, least: u32) -> Result<Vec<Policy>, ManifestError> {
    field.list()?.into_iter().map(|item| policy(item, least)).collect()
}

fn policy(item: Field<'_>, least: u32) -> Result<Policy, ManifestError> {
    let mut fields = item.fields()?;
    let in_percent = fields.need("type")?.one_of(&[("Pods", false), ("Percent", true)])?;
    let value = fields.need("value")?.count(least..=MOST)?;
    let period = fields.need("periodSeconds")?.seconds(1..=1800)?;
    fields.finish()?;
    Ok(if in_percent { Policy::percent(value, period) } else { Policy::pods(value, period) })
}
