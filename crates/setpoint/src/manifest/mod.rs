//! Policies of the upstream systems from their own documents: YAML or JSON text becomes an [`Autoscaler`] (or a [`Group`]), with a list of
//! what the caller must supply and of what the document says without effect. It reads no files and asks no cluster.
//!
//! | kind | read by |
//! |---|---|
//! | `HorizontalPodAutoscaler` of `autoscaling/v2` | [`Autoscaler::hpa`] |
//! | Kthena's `AutoscalingPolicy`, alone or with an `AutoscalingPolicyBinding` of the same text | [`Autoscaler::kthena`], [`Group::kthena_targets`], [`Group::kthena_roles`] |
//! | KubeAI's `AIInferenceAutoscalerPolicy` | [`Autoscaler::kubeai`] |
//! | `BudAIScaler` | [`Autoscaler::bud`] |
//! | Knative's `Service` and `Configuration`, with the `ConfigMap` `config-autoscaler` of the same text | [`Autoscaler::kpa`] |
//! | AIBrix's `PodAutoscaler`, strategies APA and KPA | [`Autoscaler::aibrix`] |
//!
//! A field that cannot be honoured is a [`ManifestError`] with its path; one that upstream ignores too is a [`Warning`]. `metadata`
//! (but name and annotations), `status` and references to the workload are passed over. Documents of other kinds are passed over with a
//! warning, as long as there is one to read.
//!
//! The forms are those of the commits that the modules of [`algorithm`](crate::algorithm) name.
//!
//! ```
//! use setpoint::{Snapshot, Timestamp, manifest};
//! let loaded = manifest::read_one(
//!     r#"
//! apiVersion: autoscaling/v2
//! kind: HorizontalPodAutoscaler
//! metadata: {name: web}
//! spec:
//!   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
//!   minReplicas: 2
//!   maxReplicas: 10
//!   metrics:
//!     - type: Resource
//!       resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
//! "#,
//! )?;
//! assert_eq!(loaded.needs[0].to_string(), "cpu: samples and requests of the instances");
//! let mut scaler = loaded.scaler.one().ok_or("one workload")?;
//! let snapshot = Snapshot::at(Timestamp::from_secs(0)).replicas(4).samples("cpu", &[0.95, 1.02, 0.98, 0.98])?;
//! assert_eq!(scaler.decide(&snapshot).to_string(), "4 -> 6: cpu 0.98 of 0.7 wants 6");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aibrix;
mod bud;
mod document;
mod fields;
mod hpa;
mod knative;
mod kthena;
mod kubeai;
mod quantity;
mod rules;
mod tree;

use core::fmt;
use std::borrow::Cow;

use crate::autoscaler::{Autoscaler, Group};
use document::Document;
use fields::Field;

/// A text that cannot be loaded: where, what stands there, and what is allowed.
///
/// ```
/// let error = setpoint::manifest::read("kind: Elephant\napiVersion: v1").unwrap_err();
/// assert_eq!((error.document, error.line, error.path.as_str()), (1, 1, "kind"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("document {document}, line {line}: {path} is {value}: must be {allowed}")]
pub struct ManifestError {
    /// Which document of the text, from 1.
    pub document: usize,
    /// The line, from 1.
    pub line: usize,
    /// The path of the field, such as `spec.metrics[0].type`; `text` where the text is not one of fields.
    pub path: String,
    /// What stands there.
    pub value: String,
    /// What would have been accepted.
    pub allowed: Cow<'static, str>,
}

impl ManifestError {
    fn syntax(at: (usize, usize), value: impl Into<String>, allowed: &'static str) -> Self {
        Self {
            document: at.0,
            line: at.1,
            path: "text".to_owned(),
            value: value.into(),
            allowed: allowed.into(),
        }
    }
}

/// The system whose document was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Kubernetes' `HorizontalPodAutoscaler`.
    Hpa,
    /// Kthena's `AutoscalingPolicy`, with or without a binding.
    Kthena,
    /// KubeAI's `AIInferenceAutoscalerPolicy`.
    KubeAi,
    /// `BudAIScaler`.
    Bud,
    /// AIBrix's `PodAutoscaler`.
    Aibrix,
    /// Knative's `Service` or `Configuration`.
    Knative,
}

/// What decides: for one workload, or for several together.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Scaler {
    /// For one workload.
    One(Box<Autoscaler>),
    /// For several workloads or roles.
    Group(Box<Group>),
}

impl Scaler {
    /// The autoscaler of one workload.
    #[must_use]
    pub fn one(self) -> Option<Autoscaler> {
        match self {
            Self::One(scaler) => Some(*scaler),
            Self::Group(_) => None,
        }
    }

    /// The group of several.
    #[must_use]
    pub fn group(self) -> Option<Group> {
        match self {
            Self::Group(group) => Some(*group),
            Self::One(_) => None,
        }
    }
}

impl From<Autoscaler> for Scaler {
    fn from(scaler: Autoscaler) -> Self {
        Self::One(Box::new(scaler))
    }
}

impl From<Group> for Scaler {
    fn from(group: Group) -> Self {
        Self::Group(Box::new(group))
    }
}

/// In which form a snapshot brings a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum How {
    /// One sample per instance: [`Snapshot::samples`](crate::Snapshot::samples).
    Samples,
    /// One sample per instance and what each requested ([`Snapshot::requests`](crate::Snapshot::requests)), or samples that are shares
    /// of the requests already.
    SamplesAndRequests,
    /// One value of the whole workload: [`Snapshot::value`](crate::Snapshot::value).
    Value,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Samples => "samples of the instances",
            Self::SamplesAndRequests => "samples and requests of the instances",
            Self::Value => "value of the workload",
        })
    }
}

/// A metric that the caller must supply.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Need {
    /// Its name in snapshots.
    pub metric: String,
    /// In which form.
    pub how: How,
    /// Of which member of a group; `None` where there is one workload, or where every member needs it.
    pub member: Option<String>,
    /// What the document asks for: a query, a label selector, the name of a series, a schedule.
    pub query: Option<String>,
    /// Where the document says to ask: an address, an object.
    pub origin: Option<String>,
}

impl Need {
    fn new(metric: impl Into<String>, how: How) -> Self {
        Self { metric: metric.into(), how, member: None, query: None, origin: None }
    }

    fn how(self, how: How) -> Self {
        Self { how, ..self }
    }

    fn query(self, query: impl Into<Option<String>>) -> Self {
        Self { query: query.into().filter(|text| !text.is_empty()), ..self }
    }

    fn origin(self, origin: impl Into<Option<String>>) -> Self {
        Self { origin: origin.into().filter(|text| !text.is_empty()), ..self }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(member) = &self.member {
            write!(f, "{member}: ")?;
        }
        write!(f, "{}: {}", self.metric, self.how)?;
        if let Some(query) = &self.query {
            write!(f, ", {query}")?;
        }
        if let Some(origin) = &self.origin {
            write!(f, " from {origin}")?;
        }
        Ok(())
    }
}

/// Something that the document says and that has no effect, or another one than upstream.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Warning {
    /// The path of the field.
    pub path: String,
    /// What about it.
    pub message: Cow<'static, str>,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// A policy, ready to decide.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Loaded {
    /// The system.
    pub kind: Kind,
    /// `metadata.name`; empty where there is none.
    pub name: String,
    /// The document that it was read from, from 1.
    pub document: usize,
    /// What decides.
    pub scaler: Scaler,
    /// What the caller must supply.
    pub needs: Vec<Need>,
    /// What has no effect.
    pub warnings: Vec<Warning>,
}

/// What a reader collects beside the autoscaler.
#[derive(Default)]
struct Notes {
    needs: Vec<Need>,
    warnings: Vec<Warning>,
}

impl Notes {
    fn warn(&mut self, at: &Field<'_>, message: impl Into<Cow<'static, str>>) {
        self.warnings.push(Warning { path: at.path.clone(), message: message.into() });
    }

    /// Adds a need. A snapshot can hold a name only once for each member.
    fn need(&mut self, at: &Field<'_>, need: Need) -> Result<(), ManifestError> {
        if self.needs.iter().any(|known| known.metric == need.metric && known.member == need.member) {
            return Err(at.refuse_as(format!("{:?} twice", need.metric), "a name of its own"));
        }
        self.needs.push(need);
        Ok(())
    }
}

/// Reads all policies of a text, in its order.
///
/// # Errors
/// If the text is neither YAML nor JSON, holds no document of a known kind, or one that cannot be honoured.
pub fn read(text: &str) -> Result<Vec<Loaded>, ManifestError> {
    let nodes = tree::documents(text)?;
    let numbered = nodes.iter().enumerate().filter(|(_, node)| !node.is_null());
    let mut documents = Vec::new();
    for (i, node) in numbered {
        let document = Document::new(i + 1, node)?;
        documents.push(document);
    }
    let cluster = documents.iter().find(|document| knative::is_settings(document));
    let cluster = cluster.map(knative::settings).transpose()?.unwrap_or_default();
    let mut loaded = Vec::new();
    let mut others: Vec<&Document<'_>> = Vec::new();
    for document in &documents {
        let mut notes = Notes::default();
        let (kind, scaler) = match (document.group(), document.kind.text()?) {
            ("autoscaling", "HorizontalPodAutoscaler") => (Kind::Hpa, hpa::read(document, &mut notes)?),
            (_, "AutoscalingPolicy") if kthena::names_its_target(document)? => {
                (Kind::Kthena, kthena::read(document, &mut notes)?)
            }
            (_, "AutoscalingPolicy") => {
                check_bound(document, &documents)?;
                continue;
            }
            (_, "AutoscalingPolicyBinding") => {
                let policy = bound_policy(document, &documents)?;
                (Kind::Kthena, kthena::read_binding(document, policy, &mut notes)?)
            }
            (_, "AIInferenceAutoscalerPolicy") => (Kind::KubeAi, kubeai::read(document, &mut notes)?),
            (_, "BudAIScaler") => (Kind::Bud, bud::read(document, &mut notes)?),
            ("autoscaling.aibrix.ai", "PodAutoscaler") => (Kind::Aibrix, aibrix::read(document, &mut notes)?),
            ("serving.knative.dev", "Service" | "Configuration") => {
                (Kind::Knative, knative::read(document, &cluster, &mut notes)?)
            }
            _ if knative::is_settings(document) => continue,
            _ => {
                others.push(document);
                continue;
            }
        };
        let Notes { needs, warnings } = notes;
        let (name, document) = (document.name.to_owned(), document.index());
        loaded.push(Loaded { kind, name, document, scaler, needs, warnings });
    }
    match (loaded.first_mut(), others.first()) {
        (Some(first), _) => first.warnings.extend(others.iter().map(|other| Warning {
            path: format!("document {}", other.index()),
            message: format!("a {}, passed over", other.kind.text().unwrap_or_default()).into(),
        })),
        (None, Some(other)) => return Err(other.kind.refuse("the kind of a known system")),
        (None, None) => return Err(ManifestError::syntax((1, 1), "empty", "at least one document")),
    }
    Ok(loaded)
}

/// The policy that a binding refers to, among the documents.
fn bound_policy<'a, 'b>(
    binding: &Document<'a>,
    documents: &'b [Document<'a>],
) -> Result<Option<&'b Document<'a>>, ManifestError> {
    let Some(reference) = kthena::refers_to(binding)? else { return Ok(None) };
    let name = reference.name()?;
    let policy =
        documents.iter().find(|d| d.kind.text().is_ok_and(|k| k == "AutoscalingPolicy") && d.name == name);
    policy.map(Some).ok_or_else(|| reference.refuse("the name of an AutoscalingPolicy in the same text"))
}

/// Refuses a policy without a target that no binding refers to.
fn check_bound(policy: &Document<'_>, documents: &[Document<'_>]) -> Result<(), ManifestError> {
    for document in documents.iter().filter(|d| d.kind.text().is_ok_and(|k| k == "AutoscalingPolicyBinding"))
    {
        if kthena::refers_to(document)?.is_some_and(|f| f.name().is_ok_and(|name| name == policy.name)) {
            return Ok(());
        }
    }
    let allowed = "given a target, or bound by an AutoscalingPolicyBinding in the same text";
    Err(policy.spec()?.at().refuse_as("without a target", allowed))
}

/// Reads the one policy of a text.
///
/// # Errors
/// As [`read`], and if there are several.
pub fn read_one(text: &str) -> Result<Loaded, ManifestError> {
    let mut all = read(text)?;
    match all.len() {
        1 => Ok(all.swap_remove(0)),
        n => {
            let second = all.get(1).map_or(1, |loaded| loaded.document);
            Err(ManifestError::syntax((second, 1), format!("{n} policies"), "one policy"))
        }
    }
}
