//! Kthena's autoscaler: collect, recommend, judge panic, correct, remember; for a single target, for targets of different
//! cost that share one total ([`optimizer`], [`targets`]), and for roles that keep a ratio ([`roles`], [`ratio`]).
//!
//! Source of the rules: `volcano-sh/kthena`, `pkg/autoscaler/algorithm/*.go` and `pkg/autoscaler/autoscaler/*.go`,
//! commit `3cc057284c34469fcb0ed22a12dac84b1d120719`. This wing scrapes no pod, asks no query and parses no text.
//!
//! One cycle of a single target, in upstream's order (its period is 15 s):
//!
//! 1. [`Collector::collect`] turns the scrapes of the pods and the answers of queries into one reading per metric and
//!    the count of unready pods, and remembers the histograms. Its [`Plan`] says where each metric comes from. A
//!    caller who has readings starts with step 2; so does the pipeline's [`Recommender`], which reads snapshots.
//! 2. [`recommend`] from the readings of each metric. A [`Recommendation::Skip`] ends the cycle: nothing is recorded.
//! 3. [`Status::judge`] asks whether the recommendation triggers panic mode and whether this step is decided in it.
//! 4. [`Status::histories`] and [`correct`] turn the recommendation into the count. [`Status::decide`] is steps 3 and 4.
//! 5. [`Status::record`] remembers the decision. Steps 2 to 4 change nothing.
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
//! and a changed [`Config`] asks for it, because widths are fixed when a [`Status`] is built. For a [`Collector`] it is
//! [`Collector::reset`].

pub mod collection;
pub mod collector;
pub mod config;
pub mod correction;
#[cfg(feature = "serde")]
mod document;
pub mod families;
#[cfg(feature = "serde")]
mod group_documents;
pub mod optimizer;
pub mod panic_mode;
pub mod policy;
pub mod ratio;
pub mod recommendation;
pub mod roles;
pub mod sources;
mod stage;
pub mod status;
pub mod targets;

pub use crate::reason::kthena::{Binding, Mode, RatioError, RatioRule, Rule};
pub use collection::{Collection, Outcome, Silence, collect};
pub use collector::Collector;
pub use config::{Aggregation, Checked, Config};
pub use correction::{Correction, Histories, Limit, Rules, Select, correct};
pub use optimizer::{Batch, Split, Target};
pub use panic_mode::PanicMode;
pub use policy::{Behavior, PanicPolicy, StablePolicy};
pub use ratio::{Range, Ratio, Repaired, repair};
pub use recommendation::{MetricOutcome, Reading, Recommendation, Scope, Tally, recommend};
pub use roles::RolesConfig;
pub use sources::{Metric, Plan};
pub use stage::{Corrector, Recommender};
pub use status::{Decision, Status, Widths};
pub use targets::{TargetsConfig, merge};
