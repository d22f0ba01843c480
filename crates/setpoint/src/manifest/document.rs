//! One document: its kind, name and annotations. What follows from them is for the reader of that kind.

use super::ManifestError;
use super::fields::{Field, Fields};
use super::tree::Node;

/// A document with a kind.
#[derive(Debug)]
pub(super) struct Document<'a> {
    root: Field<'a>,
    api: &'a str,
    pub(super) kind: Field<'a>,
    pub(super) name: &'a str,
    pub(super) annotations: Option<Field<'a>>,
}

impl<'a> Document<'a> {
    /// Reads the head of a document. `index` counts from 1.
    pub(super) fn new(index: usize, node: &'a Node) -> Result<Self, ManifestError> {
        let root = Field::root(index, node);
        let mut fields = root.clone().fields()?;
        let api = fields.need("apiVersion")?.text()?;
        let kind = fields.need("kind")?;
        kind.name()?;
        let metadata = fields.map("metadata")?;
        let (mut name, mut annotations) = ("", None);
        if let Some(mut metadata) = metadata {
            name = metadata.take("name").map(|f| f.text()).transpose()?.unwrap_or("");
            annotations = metadata.take("annotations");
        }
        Ok(Self { root, api, kind, name, annotations })
    }

    /// The number of the document, from 1.
    pub(super) const fn index(&self) -> usize {
        self.root.document()
    }

    /// The group of its `apiVersion`; empty for the core.
    pub(super) fn group(&self) -> &'a str {
        self.api.split_once('/').map_or("", |(group, _)| group)
    }

    /// Refuses versions of the form other than these.
    pub(super) fn version(&self, known: &[&str]) -> Result<(), ManifestError> {
        let (_, version) = self.api.split_once('/').unwrap_or(("", self.api));
        if known.contains(&version) {
            return Ok(());
        }
        let allowed = format!("{}/{}", self.group(), known.join(" or "));
        Err(self.root.clone().fields()?.need("apiVersion")?.refuse(allowed))
    }

    /// Its fields beside the head.
    pub(super) fn body(&self) -> Result<Fields<'a>, ManifestError> {
        let mut fields = self.root.clone().fields()?;
        fields.pass_over(&["apiVersion", "kind", "metadata", "status"]);
        Ok(fields)
    }

    /// Its `spec`, the only field beside the head.
    pub(super) fn spec(&self) -> Result<Fields<'a>, ManifestError> {
        let mut fields = self.body()?;
        let spec = fields.need("spec")?.fields()?;
        fields.finish()?;
        Ok(spec)
    }
}

/// A label selector as one line: `app=web,tier in (a,b)`.
pub(super) fn selector(field: &Field<'_>) -> Result<String, ManifestError> {
    let mut fields = field.clone().fields()?;
    let mut parts = Vec::new();
    if let Some(labels) = fields.take("matchLabels") {
        parts.extend(labels.texts()?.into_iter().map(|(name, value)| format!("{name}={value}")));
    }
    if let Some(list) = fields.take("matchExpressions") {
        for item in list.list()? {
            let mut item = item.fields()?;
            let key = item.need("key")?.name()?;
            let words =
                [("In", "in"), ("NotIn", "notin"), ("Exists", "exists"), ("DoesNotExist", "does not exist")];
            let operator = item.need("operator")?.one_of(&words)?;
            let values = item.take("values").map(|f| f.list()).transpose()?.unwrap_or_default();
            item.finish()?;
            let values = values.iter().map(Field::text).collect::<Result<Vec<_>, _>>()?;
            parts.push(match values.is_empty() {
                true => format!("{key} {operator}"),
                false => format!("{key} {operator} ({})", values.join(",")),
            });
        }
    }
    fields.finish()?;
    Ok(parts.join(","))
}
