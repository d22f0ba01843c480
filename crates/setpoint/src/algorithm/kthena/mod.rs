//! Kthena's autoscaler for a single target: recommend, judge panic, correct, remember.
//!
//! Source of the rules: `volcano-sh/kthena`, `pkg/autoscaler/algorithm/{recommendation,revision}.go` and
//! `pkg/autoscaler/autoscaler/{scaler,status}.go`, commit `3cc057284c34469fcb0ed22a12dac84b1d120719`. This
//! wing collects no metrics, splits no total over several targets and repairs no ratio between roles.
//!
//! One cycle, in upstream's order (its period is 15 s):
//!
//! 1. [`recommend`] from the readings of each metric. A [`Recommendation::Skip`] ends the cycle: nothing is recorded.
//! 2. [`Status::judge`] asks whether the recommendation triggers panic mode and whether this step is decided in it.
//! 3. [`Status::histories`] and [`correct`] turn the recommendation into the count. [`Status::decide`] is steps 2 and 3.
//! 4. [`Status::record`] remembers the decision. Everything before changes nothing.
//!
//! ```
//! use core::time::Duration;
//! use setpoint::algorithm::kthena::{Config, Reading, Recommendation, Status, recommend};
//! use setpoint::{Bounds, Timestamp};
//!
//! let config = Config::new(Bounds::new(1, 100)?).target("load", 10.0).check()?;
//! let mut status = Status::new(config.widths());
//! let now = Timestamp::from_secs(1_000);
//!
//! let wanted = recommend(&config.scope(2, 0), [(10.0, Reading::Summed(Some(95.0)))], |_, _| {});
//! assert_eq!(wanted.count(), Some(10));
//! let decision = status.decide(&config.rules(), now, 2, 10);
//! assert_eq!(decision.correction.corrected, 6);       // at most 4 more, or twice as many, per minute
//! status.record(now, &decision);
//! # Ok::<(), setpoint::ConfigError>(())
//! ```
//!
//! Upstream discards all state whenever the generation of a policy changes; [`Status::reset`] does the same,
//! and a changed [`Config`] asks for it, because widths are fixed when a [`Status`] is built.

pub mod collection;
pub mod config;
pub mod correction;
#[cfg(feature = "serde")]
mod document;
pub mod panic_mode;
pub mod policy;
pub mod recommendation;
mod stage;
pub mod status;

pub use crate::reason::kthena::{Binding, Mode, Rule};
pub use config::{Aggregation, Checked, Config};
pub use correction::{Correction, Histories, Limit, Rules, Select, correct};
pub use panic_mode::PanicMode;
pub use policy::{Behavior, PanicPolicy, StablePolicy};
pub use recommendation::{MetricOutcome, Reading, Recommendation, Scope, Tally, recommend};
pub use stage::{Corrector, Recommender};
pub use status::{Decision, Status, Widths};
