//! Settings that are one of a few words.

use crate::error::Result;
use setpoint::ConfigError;

/// The value of a word; an error that lists the words otherwise.
pub(super) fn choice<T: Copy>(field: &'static str, word: &str, words: &[(&str, T)]) -> Result<T> {
    if let Some((_, value)) = words.iter().find(|(known, _)| *known == word) {
        return Ok(*value);
    }
    let allowed: Vec<String> = words.iter().map(|(known, _)| format!("{known:?}")).collect();
    Err(ConfigError::new(field, format!("{word:?}"), allowed.join(" or ")).into())
}
