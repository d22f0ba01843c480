//! Typed reading of a tree: every value knows its path, every map knows which of its fields were asked for, so that a wrong value
//! is an error with its place and a field that nobody asked for is one too. `null` counts as absent, as in Kubernetes.

use core::ops::RangeInclusive;
use core::time::Duration;
use std::borrow::Cow;

use super::ManifestError;
use super::quantity;
use super::tree::{Data, Node};
use crate::error::ConfigError;
use crate::replicas::Bounds;
use crate::text;

/// The most replicas that a document can ask for.
pub(super) const MOST: u32 = i32::MAX as u32;

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    document: usize,
    pub(super) path: String,
    node: &'a Node,
}

/// A map whose fields are taken one by one.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    at: Field<'a>,
    entries: &'a [(String, Node)],
    asked: Vec<&'static str>,
}

impl<'a> Field<'a> {
    pub(super) const fn root(document: usize, node: &'a Node) -> Self {
        Self { document, path: String::new(), node }
    }

    /// The number of the document, from 1.
    pub(super) const fn document(&self) -> usize {
        self.document
    }

    fn child(&self, name: &str, node: &'a Node) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Self { document: self.document, path, node }
    }

    /// The error that this value is not what is allowed.
    pub(super) fn refuse(&self, allowed: impl Into<Cow<'static, str>>) -> ManifestError {
        self.refuse_as(self.node.describe(), allowed)
    }

    /// The same with other words for the value.
    pub(super) fn refuse_as(
        &self,
        value: impl Into<String>,
        allowed: impl Into<Cow<'static, str>>,
    ) -> ManifestError {
        let path = if self.path.is_empty() { "document".to_owned() } else { self.path.clone() };
        ManifestError {
            document: self.document,
            line: self.node.line,
            path,
            value: value.into(),
            allowed: allowed.into(),
        }
    }

    /// A setting that the configuration refuses, below this value.
    pub(super) fn config(&self, error: ConfigError) -> ManifestError {
        let ConfigError { field, value, allowed, .. } = error;
        let mut refused = self.refuse_as(value, allowed);
        refused.path =
            if self.path.is_empty() { field.into_owned() } else { format!("{}.{field}", self.path) };
        refused
    }

    fn scalar(&self) -> Option<(&'a str, bool)> {
        match &self.node.data {
            Data::Scalar { text, plain } => Some((text, *plain)),
            Data::List(_) | Data::Map(_) => None,
        }
    }

    /// A text: in quotes, or one that is neither a number nor a truth value.
    pub(super) fn text(&self) -> Result<&'a str, ManifestError> {
        match self.scalar() {
            Some((text, false)) => Ok(text),
            Some((text, true)) if !is_number(text) && truth(text).is_none() => Ok(text),
            Some(_) => Err(self.refuse("a text, in quotes")),
            None => Err(self.refuse("a text")),
        }
    }

    /// A text that is not empty.
    pub(super) fn name(&self) -> Result<&'a str, ManifestError> {
        let text = self.text()?;
        if text.trim().is_empty() { Err(self.refuse("a text that is not empty")) } else { Ok(text) }
    }

    fn plain(&self) -> Option<&'a str> {
        self.scalar().filter(|(_, plain)| *plain).map(|(text, _)| text)
    }

    /// A whole number in a range.
    pub(super) fn count(&self, range: RangeInclusive<u32>) -> Result<u32, ManifestError> {
        let found = self.plain().and_then(|text| text.parse().ok()).filter(|n| range.contains(n));
        found.ok_or_else(|| self.refuse(format!("a whole number from {} to {}", range.start(), range.end())))
    }

    /// Seconds in a range.
    pub(super) fn seconds(&self, range: RangeInclusive<u32>) -> Result<Duration, ManifestError> {
        self.count(range).map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// A finite number.
    pub(super) fn number(&self) -> Result<f64, ManifestError> {
        self.plain().and_then(text::number).ok_or_else(|| self.refuse("a number"))
    }

    /// A number in a text.
    pub(super) fn number_in_text(&self) -> Result<f64, ManifestError> {
        text::number(self.text()?).ok_or_else(|| self.refuse("a number in a text"))
    }

    /// A Kubernetes quantity, as a text or as a number.
    pub(super) fn quantity(&self) -> Result<f64, ManifestError> {
        let found = self.scalar().and_then(|(text, _)| quantity::parse(text));
        found.ok_or_else(|| self.refuse("a quantity, such as 70, 0.5, 500m, 2k or 1Gi"))
    }

    /// A quantity above 0.
    pub(super) fn positive_quantity(&self) -> Result<f64, ManifestError> {
        let amount = self.quantity()?;
        if amount > 0.0 { Ok(amount) } else { Err(self.refuse("more than 0")) }
    }

    /// A duration such as `90s` or `1m30s`, from 0 to `most`.
    pub(super) fn duration(&self, most: Duration) -> Result<Duration, ManifestError> {
        let ns = self.scalar().and_then(|(text, _)| text::duration_ns(text));
        let span = ns.and_then(|ns| u64::try_from(ns).ok()).map(Duration::from_nanos);
        let allowed = || format!("a duration from 0s to {}s, such as 90s or 1m30s", most.as_secs());
        span.filter(|span| *span <= most).ok_or_else(|| self.refuse(allowed()))
    }

    /// A truth value.
    pub(super) fn truth(&self) -> Result<bool, ManifestError> {
        self.plain().and_then(truth).ok_or_else(|| self.refuse("true or false"))
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, ManifestError> {
        let found = self.text().ok().and_then(|text| words.iter().find(|(word, _)| *word == text));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.refuse(format!("one of {}", known.join(", ")))
        })
    }

    /// The values of a list.
    pub(super) fn list(&self) -> Result<Vec<Self>, ManifestError> {
        let Data::List(items) = &self.node.data else { return Err(self.refuse("a list")) };
        let item = |(i, node)| Self { document: self.document, path: format!("{}[{i}]", self.path), node };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// The entries of a map whose keys are names.
    pub(super) fn entries(&self) -> Result<Vec<(&'a str, Self)>, ManifestError> {
        let Data::Map(entries) = &self.node.data else { return Err(self.refuse("a map")) };
        Ok(entries.iter().map(|(key, node)| (key.as_str(), self.child(key, node))).collect())
    }

    /// A map whose entries are texts, such as annotations.
    pub(super) fn texts(&self) -> Result<Vec<(&'a str, &'a str)>, ManifestError> {
        self.entries()?.into_iter().map(|(key, value)| value.text().map(|text| (key, text))).collect()
    }

    /// A map whose fields are known.
    pub(super) fn fields(self) -> Result<Fields<'a>, ManifestError> {
        let Data::Map(entries) = &self.node.data else { return Err(self.refuse("a map")) };
        Ok(Fields { entries, asked: Vec::new(), at: self })
    }
}

impl<'a> Fields<'a> {
    /// The place of the map itself.
    pub(super) const fn at(&self) -> &Field<'a> {
        &self.at
    }

    /// A field, if it is there.
    pub(super) fn take(&mut self, name: &'static str) -> Option<Field<'a>> {
        self.asked.push(name);
        let (_, node) = self.entries.iter().find(|(key, _)| key == name)?;
        Some(self.at.child(name, node)).filter(|_| !node.is_null())
    }

    /// A field that must be there.
    pub(super) fn need(&mut self, name: &'static str) -> Result<Field<'a>, ManifestError> {
        self.take(name).ok_or_else(|| {
            let mut error = self.at.refuse_as("absent", "given");
            error.path = self.at.child(name, self.at.node).path;
            error
        })
    }

    /// A map among the fields, if it is there.
    pub(super) fn map(&mut self, name: &'static str) -> Result<Option<Self>, ManifestError> {
        self.take(name).map(Field::fields).transpose()
    }

    /// Fields that are without meaning here, whatever they hold.
    pub(super) fn pass_over(&mut self, names: &[&'static str]) {
        self.asked.extend(names);
    }

    /// The end of the map: a field that nobody asked for is an error.
    pub(super) fn finish(self) -> Result<(), ManifestError> {
        match self.entries.iter().find(|(key, _)| !self.asked.contains(&key.as_str())) {
            None => Ok(()),
            Some((key, node)) => {
                let allowed = format!("one of {}", self.asked.join(", "));
                Err(self.at.child(key, node).refuse_as("unknown", allowed))
            }
        }
    }

    /// `minReplicas` and `maxReplicas`. Where the minimum is absent, `min` holds.
    pub(super) fn bounds(&mut self, min: Option<u32>, most: u32) -> Result<Bounds, ManifestError> {
        let given = match min {
            Some(_) => self.take("minReplicas"),
            None => Some(self.need("minReplicas")?),
        };
        let least = given.map(|field| field.count(0..=most)).transpose()?.or(min).unwrap_or(0);
        let field = self.need("maxReplicas")?;
        let max = field.count(1..=most)?;
        Bounds::new(least, max).map_err(|_| field.refuse(format!("at least minReplicas ({least})")))
    }
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// Whether a plain scalar is a number in YAML.
fn is_number(text: &str) -> bool {
    let based = |prefix: &str, radix| {
        text.strip_prefix(prefix).is_some_and(|digits| u64::from_str_radix(digits, radix).is_ok())
    };
    text::number(text).is_some() || based("0x", 16) || based("0o", 8)
}

#[cfg(test)]
mod tests {
    use super::super::tree::documents;
    use super::*;

    fn with<T>(text: &str, read: impl FnOnce(Fields<'_>) -> T) -> T {
        let node = documents(text).unwrap().remove(0);
        read(Field::root(1, &node).fields().unwrap())
    }

    fn message<T: core::fmt::Debug>(result: Result<T, ManifestError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn texts_and_numbers_are_not_mixed_up() {
        with("a: 5\nb: \"5\"\nc: five\nd: true\ne: 0x1F\n", |mut map| {
            let mut field = |name| map.take(name).unwrap();
            assert_eq!(field("a").count(0..=9).unwrap(), 5);
            assert_eq!(field("b").text().unwrap(), "5");
            assert_eq!(field("c").text().unwrap(), "five");
            assert!(field("d").truth().unwrap());
            for (name, got) in [("a", "5"), ("d", "true"), ("e", "0x1F")] {
                assert!(message(field(name).text()).contains(&format!("{name} is {got}: must be a text")));
            }
            assert!(
                message(field("b").count(0..=9)).ends_with("b is \"5\": must be a whole number from 0 to 9")
            );
            assert!(message(field("a").count(0..=4)).ends_with("must be a whole number from 0 to 4"));
            assert!(message(field("c").number()).ends_with("c is five: must be a number"));
        });
    }

    #[test]
    fn an_error_names_the_document_the_line_and_the_path() {
        with("spec:\n  list:\n    - {}\n    - x: [1]\n", |mut map| {
            let list = map.map("spec").unwrap().unwrap().need("list").unwrap().list().unwrap();
            let x = list[1].clone().fields().unwrap().need("x").unwrap();
            assert_eq!(
                message(x.truth()),
                "document 1, line 4: spec.list[1].x is a list: must be true or false"
            );
            let absent = list[0].clone().fields().unwrap().need("y").unwrap_err();
            assert_eq!((absent.path.as_str(), absent.value.as_str()), ("spec.list[0].y", "absent"));
        });
    }

    #[test]
    fn what_nobody_asked_for_is_reported() {
        with("a: 1\nb: null\nc: 2\n", |mut map| {
            assert!(map.take("b").is_none());
            map.pass_over(&["a"]);
            assert_eq!(message(map.finish()), "document 1, line 3: c is unknown: must be one of b, a");
        });
    }

    #[test]
    fn bounds_durations_and_words() {
        with("minReplicas: 5\nmaxReplicas: 2\nspan: 90s\nlong: 2h\nneg: -1s\nword: Max\n", |mut map| {
            assert!(
                message(map.bounds(Some(1), MOST))
                    .ends_with("maxReplicas is 2: must be at least minReplicas (5)")
            );
            let hour = Duration::from_secs(3600);
            assert_eq!(map.take("span").unwrap().duration(hour).unwrap(), Duration::from_secs(90));
            assert!(map.take("long").unwrap().duration(hour).is_err());
            assert!(map.take("neg").unwrap().duration(hour).is_err());
            let word = map.take("word").unwrap();
            assert_eq!(word.one_of(&[("Min", 1), ("Max", 2)]).unwrap(), 2);
            assert!(message(word.one_of(&[("Min", 1)])).ends_with("must be one of Min"));
        });
    }
}
