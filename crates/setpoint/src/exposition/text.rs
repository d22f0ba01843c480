//! Text as it stands in a scrape, escapes included, and the labels of a sample. Both borrow; only a text with escapes in it is ever
//! copied, and only when it is asked for as a whole.

use super::error::Problem;
use core::fmt;
use std::borrow::Cow;

/// A name, a label value or a help text. Compares with `&str` without copying.
///
/// Three escapes are known: `\\`, `\"` and `\n`. A backslash before anything else stands for itself.
///
/// ```
/// use setpoint::exposition::{Format, Scrape};
/// let scrape = Scrape::parse("disk{path=\"C:\\\\tmp\"} 3\n", Format::Prometheus)?;
/// let path = scrape.samples()[0].labels.get("path").expect("it has that label");
/// assert!(path == *"C:\\tmp");
/// assert_eq!(path.to_str(), "C:\\tmp");
/// # Ok::<(), setpoint::exposition::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Text<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Text<'a> {
    pub(super) const fn new(raw: &'a str, escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// The text as it was meant; copied only if it holds escapes.
    #[must_use]
    pub fn to_str(self) -> Cow<'a, str> {
        if self.escaped { Cow::Owned(self.chars().collect()) } else { Cow::Borrowed(self.raw) }
    }

    /// Its characters, escapes undone.
    pub fn chars(self) -> impl Iterator<Item = char> + 'a {
        let mut rest = self.raw.chars();
        core::iter::from_fn(move || {
            let c = rest.next()?;
            if c != '\\' {
                return Some(c);
            }
            let meant = match rest.as_str().as_bytes().first() {
                Some(b'\\') => '\\',
                Some(b'"') => '"',
                Some(b'n') => '\n',
                _ => return Some('\\'),
            };
            rest.next();
            Some(meant)
        })
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        if self.escaped || other.escaped { self.chars().eq(other.chars()) } else { self.raw == other.raw }
    }
}

impl Eq for Text<'_> {}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        if self.escaped { self.chars().eq(other.chars()) } else { self.raw == other }
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_str())
    }
}

/// The labels of a sample, in their order, without repetition.
#[derive(Clone, Copy, Debug, Default)]
pub struct Labels<'a> {
    inside: &'a str,
}

impl<'a> Labels<'a> {
    /// Names and values, in order.
    pub fn iter(self) -> impl Iterator<Item = (Text<'a>, Text<'a>)> {
        let mut at = 0;
        core::iter::from_fn(move || {
            loop {
                match item(self.inside, at) {
                    Ok(Some((Item::Label(name, value), next))) => {
                        at = next;
                        return Some((name, value));
                    }
                    Ok(Some((Item::Name(_), next))) => at = next,
                    Ok(None) | Err(_) => return None,
                }
            }
        })
    }

    /// The value of a label.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Text<'a>> {
        self.iter().find(|(known, _)| *known == *name).map(|(_, value)| value)
    }

    /// Whether every one of `wanted` is among them with that value.
    #[must_use]
    pub fn has(self, wanted: &[(&str, &str)]) -> bool {
        wanted.iter().all(|(name, value)| self.get(name).is_some_and(|found| found == **value))
    }
}

impl PartialEq for Labels<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// One entry between braces.
enum Item<'a> {
    /// A metric name in quotes.
    Name(Text<'a>),
    /// A label and its value.
    Label(Text<'a>, Text<'a>),
}

/// Labels whose names are compared pairwise; more than that are sorted.
const FEW: usize = 8;

/// Reads `{…}` at the start of `text`: the labels, the metric name if it stands inside, and what follows the brace.
pub(super) fn braces<'a>(text: &'a str) -> Result<(Labels<'a>, Option<Text<'a>>, &'a str), Problem> {
    let inside = &text[1..];
    let mut name = None;
    let mut few = [""; FEW];
    let mut count = 0;
    let mut at = 0;
    while let Some((found, next)) = item(inside, at)? {
        at = next;
        match found {
            Item::Name(_) if name.is_some() => return Err(Problem::Name),
            Item::Name(text) => name = Some(text),
            Item::Label(label, _) => {
                if few[..count.min(FEW)].contains(&label.raw) {
                    return Err(Problem::LabelTwice);
                }
                if count < FEW {
                    few[count] = label.raw;
                }
                count += 1;
            }
        }
    }
    let end = blanks(inside.as_bytes(), at);
    let labels = Labels { inside: &inside[..end] };
    if count > FEW {
        let mut names: Vec<&str> = labels.iter().map(|(name, _)| name.raw).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Problem::LabelTwice);
        }
    }
    match inside.as_bytes().get(end) {
        Some(b'}') => Ok((labels, name, &inside[end + 1..])),
        _ => Err(Problem::Labels),
    }
}

/// The entry at `at` and where the next one begins; none at the closing brace or the end.
fn item(text: &str, at: usize) -> Result<Option<(Item<'_>, usize)>, Problem> {
    let bytes = text.as_bytes();
    let start = blanks(bytes, at);
    let (name, quoted, mut at) = match bytes.get(start) {
        None | Some(b'}') => return Ok(None),
        Some(b'"') => {
            let (name, at) = quoted(text, start)?;
            (name, true, at)
        }
        Some(first) if first.is_ascii_digit() => return Err(Problem::Labels),
        Some(_) => {
            let mut at = start;
            while bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
                at += 1;
            }
            (Text::new(&text[start..at], false), false, at)
        }
    };
    if name.raw.is_empty() {
        return Err(Problem::Labels);
    }
    at = blanks(bytes, at);
    let found = if bytes.get(at) == Some(&b'=') {
        at = blanks(bytes, at + 1);
        if bytes.get(at) != Some(&b'"') {
            return Err(Problem::Labels);
        }
        let (value, after) = self::quoted(text, at)?;
        at = blanks(bytes, after);
        Item::Label(name, value)
    } else if quoted {
        Item::Name(name)
    } else {
        return Err(Problem::Labels);
    };
    match bytes.get(at) {
        Some(b',') => Ok(Some((found, at + 1))),
        None | Some(b'}') => Ok(Some((found, at))),
        Some(_) => Err(Problem::Labels),
    }
}

/// The text within the quotes that open at `at`, and the place after them.
pub(super) fn quoted(text: &str, at: usize) -> Result<(Text<'_>, usize), Problem> {
    let bytes = text.as_bytes();
    let (mut end, mut escaped) = (at + 1, false);
    loop {
        match bytes.get(end) {
            None => return Err(Problem::Quote),
            Some(b'"') => return Ok((Text::new(&text[at + 1..end], escaped), end + 1)),
            Some(b'\\') => (end, escaped) = (end + 2, true),
            Some(_) => end += 1,
        }
    }
}

/// The first place from `at` on that is neither a blank nor a tab.
pub(super) fn blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}
