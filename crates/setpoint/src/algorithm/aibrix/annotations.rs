//! Settings from annotations, which are texts. What does not parse is an error; upstream stops reading there and goes on with what it
//! has read, in no particular order.
//!
//! Source of the names and forms: `vllm-project/aibrix`, `pkg/controller/podautoscaler/context/context.go`, commit
//! `e3e10f9e4aebe9aac5e7d992fb87d2648e01628b`.

use super::config::Config;
use crate::error::ConfigError;
use crate::text::{duration_ns, number, truth};
use core::time::Duration;

/// The prefix of the names. A name without any prefix is read as if it had this one.
const PREFIX: &str = "autoscaling.aibrix.ai/";

impl Config {
    /// Takes over the settings in annotations, names and texts; those of other prefixes are passed over. `scale-to-zero` is read and
    /// without effect, as in upstream.
    ///
    /// # Errors
    /// If a text cannot be read, a window is negative, or a name belongs to no setting.
    pub fn annotations<'a>(
        mut self,
        texts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ConfigError> {
        for (full, text) in texts {
            let name = full.strip_prefix(PREFIX).unwrap_or(full);
            if !name.contains('/') {
                self.annotate(name, text)?;
            }
        }
        Ok(self)
    }

    fn annotate(&mut self, name: &str, text: &str) -> Result<(), ConfigError> {
        let refuse = |allowed| ConfigError::new(name.to_owned(), format_args!("{text:?}"), allowed);
        let decimal = || number(text).ok_or_else(|| refuse("a decimal number"));
        let span = || {
            let ns = duration_ns(text).and_then(|ns| u64::try_from(ns).ok());
            ns.map(Duration::from_nanos).ok_or_else(|| refuse("a span of at least 0, such as 90s or 5m"))
        };
        match name {
            "max-scale-up-rate" => self.settings.max_scale_up_rate = decimal()?,
            "max-scale-down-rate" => self.settings.max_scale_down_rate = decimal()?,
            "scale-up-tolerance" => self.settings.scale_up_tolerance = decimal()?,
            "scale-down-tolerance" => self.settings.scale_down_tolerance = decimal()?,
            "panic-threshold" => self.settings.panic_threshold = decimal()?,
            "scale-up-cooldown-window" => self.scale_up_cooldown = span()?,
            "scale-down-cooldown-window" => self.scale_down_cooldown = span()?,
            "scale-to-zero" => {
                truth(text).ok_or_else(|| refuse("true or false"))?;
            }
            _ => return Err(ConfigError::new("annotation", name, "the name of a setting")),
        }
        Ok(())
    }
}
