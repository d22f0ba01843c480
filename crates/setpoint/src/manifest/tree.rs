//! YAML or JSON text to trees of nodes with their lines. It knows texts, lists and maps; what a text means (a number, a span) the
//! [`fields`](super::fields) decide. Nesting and the number of nodes are bounded, so that no text can exhaust the stack or the memory.

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::ManifestError;

/// The deepest nesting.
const DEEPEST: usize = 64;
/// The most nodes in one text, those that aliases repeat included.
const MOST_NODES: usize = 200_000;

/// A node and the line that it starts on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) data: Data,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Data {
    /// A scalar; `plain` if it stands without quotes and without a tag, so that it may be a number, a truth value or nothing.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Whether there is nothing: an empty document, `null`, `~`.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.data, Data::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// What it is, in words, and for a scalar its text.
    pub(super) fn describe(&self) -> String {
        match &self.data {
            _ if self.is_null() => "nothing".to_owned(),
            Data::Scalar { text, plain } => {
                let short: String = text.chars().take(64).collect();
                if *plain { short } else { format!("{short:?}") }
            }
            Data::List(_) => "a list".to_owned(),
            Data::Map(_) => "a map".to_owned(),
        }
    }

    fn nodes(&self) -> usize {
        1 + match &self.data {
            Data::Scalar { .. } => 0,
            Data::List(items) => items.iter().map(Self::nodes).sum(),
            Data::Map(entries) => entries.iter().map(|(_, node)| node.nodes()).sum(),
        }
    }
}

/// A list or a map that is not complete yet.
struct Open {
    line: usize,
    anchor: usize,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Map { entries: Vec<(String, Node)>, key: Option<String> },
}

#[derive(Default)]
struct Builder {
    document: usize,
    open: Vec<Open>,
    anchors: Vec<(usize, Node)>,
    nodes: usize,
    done: Vec<Node>,
}

/// The documents of a text in their order, those without content included.
pub(super) fn documents(text: &str) -> Result<Vec<Node>, ManifestError> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => builder.take(event, span.start.line())?,
            Err(error) => {
                let at = (builder.document.max(1), error.marker().line());
                return Err(ManifestError::syntax(at, error.info(), "YAML or JSON"));
            }
        }
    }
    Ok(builder.done)
}

impl Builder {
    fn refuse(&self, line: usize, value: impl Into<String>, allowed: &'static str) -> ManifestError {
        ManifestError::syntax((self.document, line), value, allowed)
    }

    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), ManifestError> {
        match event {
            Event::DocumentStart(_) => {
                self.document += 1;
                self.anchors.clear();
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = self.check_tag(line, tag.as_deref())?;
                let plain = style == ScalarStyle::Plain && !is_text;
                let node = Node { line, data: Data::Scalar { text: text.into_owned(), plain } };
                self.add(node, anchor)?;
            }
            Event::Alias(id) => {
                let found = self.anchors.iter().find(|(anchor, _)| *anchor == id);
                let node = found.map(|(_, node)| node.clone());
                let node = node.ok_or_else(|| self.refuse(line, "an alias", "one of a complete node"))?;
                self.nodes = self.nodes.saturating_add(node.nodes());
                self.add(node, 0)?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(line, tag.as_deref())?;
                self.enter(Open { line, anchor, kind: Kind::List(Vec::new()) })?;
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(line, tag.as_deref())?;
                self.enter(Open { line, anchor, kind: Kind::Map { entries: Vec::new(), key: None } })?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { line, anchor, kind }) = self.open.pop() {
                    let data = match kind {
                        Kind::List(items) => Data::List(items),
                        Kind::Map { entries, .. } => Data::Map(entries),
                    };
                    self.add(Node { line, data }, anchor)?;
                }
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    /// Whether the tag says that the node is a text.
    fn check_tag(&self, line: usize, tag: Option<&Tag>) -> Result<bool, ManifestError> {
        match tag {
            None => Ok(false),
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Ok(true),
            Some(tag) if tag.is_yaml_core_schema() && matches!(tag.suffix.as_str(), "seq" | "map") => {
                Ok(false)
            }
            Some(_) => Err(self.refuse(line, "a tag", "without tags")),
        }
    }

    fn enter(&mut self, open: Open) -> Result<(), ManifestError> {
        if self.open.len() >= DEEPEST {
            return Err(self.refuse(open.line, "nested more than 64 deep", "nested at most 64 deep"));
        }
        self.open.push(open);
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), ManifestError> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(self.refuse(node.line, "more than 200000 nodes", "at most 200000 nodes"));
        }
        if anchor > 0 {
            self.nodes = self.nodes.saturating_add(node.nodes());
            self.anchors.push((anchor, node.clone()));
        }
        let line = node.line;
        let problem = match self.open.last_mut().map(|open| &mut open.kind) {
            None => {
                self.done.push(node);
                return Ok(());
            }
            Some(Kind::List(items)) => {
                items.push(node);
                return Ok(());
            }
            Some(Kind::Map { entries, key }) => match (key.take(), node.data) {
                (Some(key), data) => {
                    entries.push((key, Node { line, data }));
                    return Ok(());
                }
                (None, Data::Scalar { text, .. }) if entries.iter().any(|(known, _)| *known == text) => {
                    (format!("the key {text:?} twice"), "one that gives each key once")
                }
                (None, Data::Scalar { text, .. }) => {
                    *key = Some(text);
                    return Ok(());
                }
                (None, _) => ("a key that is no text".to_owned(), "one whose keys are texts"),
            },
        };
        Err(self.refuse(line, problem.0, problem.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(line: usize, text: &str, plain: bool) -> Node {
        Node { line, data: Data::Scalar { text: text.to_owned(), plain } }
    }

    #[test]
    fn documents_maps_lists_and_lines() {
        let read = documents("a: 1\nb:\n  - \"2\"\n---\nc: {d: !!str 3}\n").unwrap();
        let list = Node { line: 3, data: Data::List(vec![scalar(3, "2", false)]) };
        assert_eq!(
            read[0].data,
            Data::Map(vec![("a".to_owned(), scalar(1, "1", true)), ("b".to_owned(), list)])
        );
        let Data::Map(second) = &read[1].data else { panic!("{read:?}") };
        assert_eq!(second[0].1.data, Data::Map(vec![("d".to_owned(), scalar(5, "3", false))]));
    }

    #[test]
    fn aliases_repeat_what_they_name_and_cannot_explode() {
        let read = documents("a: &x [1]\nb: *x\n").unwrap();
        let Data::Map(entries) = &read[0].data else { panic!("{read:?}") };
        assert_eq!(entries[0].1.data, entries[1].1.data);
        let mut text = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
        for i in 1..9 {
            let row = vec![format!("*a{}", i - 1); 10].join(", ");
            text.push_str(&format!("a{i}: &a{i} [{row}]\n"));
        }
        assert_eq!(documents(&text).unwrap_err().value, "more than 200000 nodes");
    }

    #[test]
    fn what_is_no_usable_yaml_is_refused_with_its_place() {
        let refused = |text: &str| {
            let error = documents(text).unwrap_err();
            (error.document, error.line, error.value)
        };
        assert_eq!(refused("a: 1\n---\nb: 1\nb: 2\n"), (2, 4, "the key \"b\" twice".to_owned()));
        assert_eq!(refused("? [1]\n: 2\n").2, "a key that is no text");
        assert_eq!(refused("a: !mine 2\n").2, "a tag");
        assert_eq!(refused(&"[".repeat(65)).2, "nested more than 64 deep");
        assert_eq!(refused("a: 1\nb: [1\n").0, 1);
    }
}
