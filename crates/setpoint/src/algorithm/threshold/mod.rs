//! Utilization thresholds and the predictive target: two rules without memory.
//!
//! Source: an article on elastic scaling of AI systems (document 001 of this project). It has no program.
//! Each rule comes in two forms: *literal*, the article's formula as printed, kept for study and comparison;
//! and *proportional*, the corrected and bounded form, which is the default everywhere. The literal threshold
//! rule doubles a deployment at any breach of the upper threshold and removes all of it at any breach of the
//! lower one.
//!
//! These rules look at one moment. Stabilization and limits on the pace belong behind them.
//!
//! ```
//! use setpoint::Bounds;
//! use setpoint::algorithm::threshold::{Action, Config, Thresholds};
//!
//! let rule = Config::new(Bounds::new(1, 100)?, Thresholds::new(0.4, 0.8)?).resource("cpu").resource("memory").check()?;
//! let outcome = rule.evaluate(10, |name| match name {
//!     "cpu" => Some(0.81),
//!     _ => Some(0.55),
//! });
//! assert_eq!((outcome.action, outcome.desired), (Action::ScaleUp, 11));
//! # Ok::<(), setpoint::ConfigError>(())
//! ```

pub mod config;
pub mod gaussian;
pub mod predictive;
pub mod rule;
mod stage;

pub use config::{Checked, Config, Limits, Thresholds, Variant};
pub use predictive::{Capacity, Prediction};
pub use rule::{Action, Outcome};
pub use stage::Recommender;
