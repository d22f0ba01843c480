//! A configuration that grows by the arguments that are given.

use super::choice::choice;
use crate::arguments::Arguments;
use crate::by_name::ByName;
use crate::error::Result;
use crate::quantity::{Count, Optional, Span};
use pyo3::prelude::*;
use std::time::Duration;

/// A configuration and the settings that made it, both growing by what is given.
pub(super) struct Growing<'py, C> {
    pub(super) config: C,
    pub(super) settings: Arguments<'py>,
}

impl<'py, C> Growing<'py, C> {
    /// Goes on with another configuration.
    pub(super) fn with<D>(self, next: impl FnOnce(C) -> D) -> Growing<'py, D> {
        Growing { config: next(self.config), settings: self.settings }
    }

    pub(super) fn plain<T>(mut self, name: &str, value: Option<T>, set: fn(C, T) -> C) -> Result<Self>
    where
        T: Copy + IntoPyObject<'py>,
    {
        if let Some(value) = value {
            self.settings = self.settings.named(name, value)?;
            self.config = set(self.config, value);
        }
        Ok(self)
    }

    pub(super) fn span(
        mut self,
        name: &'static str,
        span: Option<Span>,
        set: fn(C, Duration) -> C,
    ) -> Result<Self> {
        if let Some(span) = span.setting(name)? {
            self.settings = self.settings.named(name, span.as_secs_f64())?;
            self.config = set(self.config, span);
        }
        Ok(self)
    }

    pub(super) fn count(
        self,
        name: &'static str,
        count: Option<Count>,
        set: fn(C, u32) -> C,
    ) -> Result<Self> {
        let count = count.setting(name)?;
        self.plain(name, count, set)
    }

    pub(super) fn word<T: Copy>(
        mut self,
        name: &'static str,
        word: Option<&str>,
        words: &[(&str, T)],
        set: fn(C, T) -> C,
    ) -> Result<Self> {
        if let Some(word) = word {
            self.config = set(self.config, choice(name, word, words)?);
            self.settings = self.settings.named(name, word)?;
        }
        Ok(self)
    }

    pub(super) fn text(mut self, name: &str, text: Option<&str>, set: fn(C, &str) -> C) -> Result<Self> {
        if let Some(text) = text {
            self.config = set(self.config, text);
            self.settings = self.settings.named(name, text)?;
        }
        Ok(self)
    }

    /// One call of `set` for each entry of a mapping.
    pub(super) fn by_name(
        mut self,
        name: &str,
        mapping: Option<ByName<f64>>,
        set: fn(C, String, f64) -> C,
    ) -> Result<Self> {
        if let Some(mapping) = mapping {
            let dict = mapping.dict(self.settings.py())?;
            self.settings = self.settings.named(name, dict)?;
            for (metric, target) in mapping.0 {
                self.config = set(self.config, metric, target);
            }
        }
        Ok(self)
    }
}
