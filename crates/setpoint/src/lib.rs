//! **How many replicas should there be now, and why.** `setpoint` decides it as a pure library: no I/O, no clock, no threads, no
//! global random state. A caller hands in a snapshot of metrics and the time; it gets back a count and the reasons for it. The same code
//! runs in a controller, a scheduler, a notebook and a backtest.
//!
//! ```
//! use core::time::Duration;
//! use setpoint::{Autoscaler, Bounds, Snapshot, Target, Timestamp, hpa};
//!
//! let mut scaler = Autoscaler::hpa(
//!     hpa::Config::new(Bounds::new(2, 10)?)
//!         .target("cpu", Target::utilization(0.7)?)
//!         .scale_down_window(Duration::from_secs(300)),
//! )?;
//! let usage = [0.95, 1.02, 0.98, 0.98]; // shares of what each instance requested
//! let decision = scaler.decide(&Snapshot::at(Timestamp::from_secs(0)).replicas(4).samples("cpu", &usage)?);
//! assert_eq!(decision.replicas(), 6);
//! assert_eq!(decision.to_string(), "4 -> 6: cpu 0.98 of 0.7 wants 6");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The way of a decision
//!
//! A [`Snapshot`] holds facts. [`Recommend`]ers turn them into opinions, [`Combine`] makes one count of them, [`Restrain`]ts turn it into the
//! [`Decision`]. An [`Autoscaler`] is these stages with everything that they remember: it can be saved, restored, cloned, compared, asked what if.
//!
//! | for users of | preset | wing |
//! |---|---|---|
//! | Kubernetes HPA | [`Autoscaler::hpa`] | [`hpa`] |
//! | Knative KPA | [`Autoscaler::kpa`] | [`kpa`] |
//! | Kthena (MatrixInfer) | [`Autoscaler::kthena`] | [`kthena`] |
//! | AIBrix, strategies APA and KPA | [`Autoscaler::aibrix`] | [`aibrix`] |
//! | KubeAI Autoscaler | [`Autoscaler::kubeai`] | [`kubeai`] |
//! | BudAIScaler | [`Autoscaler::bud`] | [`bud`] |
//! | utilization thresholds | [`Autoscaler::threshold`] | [`threshold`] |
//! | utilization with its variance | [`Autoscaler::gaussian`] | [`gaussian`] |
//! | a fleet of fixed size | [`Autoscaler::fixed`] | [`fixed`] |
//! | targets or roles decided together | [`Group::kthena_targets`], [`Group::kthena_roles`] | [`kthena`] |
//! | stages of their own | [`Autoscaler::builder`] | [`stage`], [`restrain`] |
//!
//! # Promises
//!
//! - *Exact.* Upstream systems are reproduced to the last replica, quirks included; their wings name the file and the commit.
//! - *Explained.* Every step of a decision is a typed reason with its numbers; replaying the reasons gives the count.
//! - *Deterministic.* The same input gives the same bytes on every machine.
//! - *Safe in the dark.* Missing data is never zero, and no input panics. What an upstream system does otherwise its page says.
//! - *Fast.* A decision in a steady state allocates nothing.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | (none) | everything above; schedules go by UTC |
//! | `schedule` | time zones by name, from a bundled database |
//! | `exposition` | metrics text (Prometheus, OpenMetrics) to samples, with the names of inference servers |
//! | `manifest` | policies from the YAML or JSON documents of the upstream systems |
//! | `serde` | (de)serialization of configurations, decisions and saved state |
//! | `forecast` | forecasts of metrics: exact seasonal ARIMA |
//! | `simulate` | backtests over recorded and generated traffic |
//! | `full` | all of them |

pub mod algorithm;
pub mod autoscaler;
pub mod behavior;
pub mod decision;
pub mod error;
#[cfg(feature = "exposition")]
pub mod exposition;
#[cfg(feature = "forecast")]
pub mod forecast;
#[cfg(feature = "manifest")]
pub mod manifest;
pub mod metric;
pub mod reason;
pub mod replicas;
pub mod restrain;
pub mod rounding;
pub mod schedule;
#[cfg(feature = "simulate")]
pub mod simulate;
pub mod snapshot;
pub mod stage;
pub mod state;
pub mod stats;
mod text;
pub mod time;
pub mod window;

pub use algorithm::{aibrix, bud, fixed, gaussian, hpa, kpa, kthena, kubeai, threshold};
pub use autoscaler::{Autoscaler, Combine, Group, GroupDecision, GroupOutcome};
pub use decision::{Decision, Outcome};
pub use error::{ConfigError, SnapshotError, StateError};
pub use metric::{MetricName, Target, TargetKind};
pub use replicas::{Bounds, Step, ZeroOrAtLeast};
pub use snapshot::{Column, Instance, Phase, Readiness, Samples, Snapshot, WorkloadValue};
pub use stage::{Context, Opinion, Recommend, Restrain, Stage};
pub use time::Timestamp;

/// The examples of the crate's page.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
