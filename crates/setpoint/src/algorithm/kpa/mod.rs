//! The Knative Pod Autoscaler (KPA): a stable and a panic window over what pods report, one decision from both, a
//! scale-down delay, and the way to zero and back. Exact to the last replica; where upstream leaves a case to its language
//! (NaN, infinities, overflow, a clock that steps back) the modules say what holds here.
//!
//! | module | job |
//! |---|---|
//! | [`config`] | a revision's checked configuration, for users of this library |
//! | [`settings`], [`annotations`] | the platform's own texts: cluster settings, annotations, effective values |
//! | [`reading`] | statistics to readings |
//! | [`scale`] | one tick as a pure function |
//! | [`scaler`] | what is remembered between ticks |
//! | [`apply`](mod@apply) | bounds, initial scale, scale to zero |
//! | [`activity`] | active or not, status, activators |
//!
//! Source: `knative/serving` at commit `98e5ef90aa7033797aa0a61ef97f3ff7e49a3944`; each module names its files.
//!
//! ```
//! use setpoint::Timestamp;
//! use setpoint::algorithm::kpa::{Config, Statistic};
//!
//! let config = Config::default().target(10.0).utilization(0.7);
//! config.check()?;
//! let start = Timestamp::from_secs(0);
//! let (mut collector, mut scaler) = (config.collector()?, config.scaler(start, 1));
//! collector.record(start, Statistic { concurrency: 35.0, ..Statistic::default() });
//! let outcome = scaler.tick(&config.spec(), start, Some(1), config.read(&collector, start));
//! assert_eq!(outcome.desired(), 5);
//! # Ok::<(), setpoint::ConfigError>(())
//! ```

pub mod activity;
pub mod annotations;
pub mod apply;
pub mod config;
pub mod reading;
pub mod scale;
pub mod scaler;
pub mod settings;
mod stage;

pub use crate::reason::kpa::{Activity, Limit, PanicStep};
pub use activity::{
    Condition, Progress, Progressed, Reason, Status, activators, next_condition, reported_desired,
};
pub use annotations::{Annotations, Effective, average_from_text};
pub use apply::{Applied, Reachability, RouteMode, Rules, Situation, apply};
pub use config::Config;
pub use reading::{Collector, Metric, NonFinite, Reading, Statistic};
pub use scale::{Ask, Decision, Invalid, Panic, Spec, decide};
pub use scaler::{Outcome, Scaler};
pub use settings::{Settings, panic_window};
pub use stage::{LastStep, Recommender};
