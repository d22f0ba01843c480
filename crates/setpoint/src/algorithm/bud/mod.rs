//! BudAIScaler: a count from metrics, GPUs, a prediction, a schedule hint, a budget, bounds, rate policies, a starting gate and a cooldown, in
//! that order; and its simpler strategies.
//!
//! Source of the rules: `BudEcosystem/scaler`, `pkg/controller/budaiscaler/algorithm/{algorithm,budscaler,kpa,hpa}.go`, commit
//! `79bffc5e9778ab80a20c5e0a6d39d9e780750122`. Its defects are repaired where the modules say so. This wing predicts nothing, knows no
//! schedule and no price list: the values enter as facts.
//!
//! | module | job |
//! |---|---|
//! | [`votes`], [`kpa`] | what one metric asks for, and the largest of several |
//! | [`gpu`], [`prediction`], [`hint`], [`cost`] | one injected input each |
//! | [`pace`], [`gate`] | rate policies and the starting gate |
//! | [`pipeline`] | all of it in order, as pure functions |
//! | [`aggregate`] | the metric windows that upstream computes and does not use |
//! | [`facts`] | how a snapshot brings all these values |
//!
//! ```
//! use setpoint::{Autoscaler, Bounds, Snapshot, Timestamp, bud};
//! let config = bud::Config::new(Bounds::new(1, 20)?).metric("kv_cache_usage", 70.0).budget_per_hour(15.0);
//! let mut scaler = Autoscaler::bud(config)?;
//! let snapshot = Snapshot::at(Timestamp::from_secs(0))
//!     .replicas(4)
//!     .samples("kv_cache_usage", vec![105.0, 98.0, 112.0, 105.0])?
//!     .value(bud::facts::COST_PER_HOUR, 12.0)?
//!     .value(bud::facts::REPLICA_COST_PER_HOUR, 3.0)?;
//! assert_eq!(scaler.decide(&snapshot).replicas(), 5); // 105 of 70 wants 6; the budget allows one more
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod aggregate;
pub mod config;
pub mod cost;
#[cfg(feature = "serde")]
mod document;
pub mod facts;
pub mod gate;
pub mod gpu;
pub mod hint;
pub mod kpa;
pub mod pace;
pub mod pipeline;
pub mod prediction;
mod stage;
pub mod votes;

pub use aggregate::Aggregator;
pub use config::{Checked, Config, Side, Source, Strategy, target_value};
pub use cost::Cost;
pub use gate::StartingGate;
pub use gpu::{GpuThresholds, GpuUtilization};
pub use hint::Overlap;
pub use pace::{Pacing, Policies};
pub use pipeline::{Facts, NoMetrics, Rules, Steps, decide, decide_kpa};
pub use prediction::{Blend, Prediction};
pub use stage::{Pace, Plan, Recommender, Rule, Step};
pub use votes::{Scope, Tally, Tolerance, Vote, VoteRule, effective_replicas, tally, vote};
