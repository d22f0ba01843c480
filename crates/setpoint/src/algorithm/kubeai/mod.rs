//! The KubeAI autoscaler: ratios of latency, GPU utilization and queue depth to their targets, combined by a named algorithm,
//! with a tolerance and a cooldown.
//!
//! Source: `pmady/kubeai-autoscaler`, commit `88eef88baa688724255ee090f4d1ef3eb23d70f2`, and its architecture page (document 003
//! of this project). Equal to it on every vector, but for the defects that [`rule`] and [`slots`] name: there the document holds.
//!
//! ```
//! use core::time::Duration;
//! use setpoint::{Autoscaler, Bounds, Snapshot, Timestamp, kubeai};
//!
//! let policy = kubeai::Config::new(Bounds::new(1, 20)?)
//!     .latency_p99(Duration::from_millis(500))
//!     .queue_depth(10.0);
//! let mut scaler = Autoscaler::kubeai(policy)?;
//! let snapshot = Snapshot::at(Timestamp::from_secs(0))
//!     .replicas(4)
//!     .value("latency_p99_seconds", 0.4)?
//!     .value("queue_length", 60.0)?;
//! assert_eq!(scaler.decide(&snapshot).replicas(), 6); // 60 requests wait, 10 for each replica
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod config;
#[cfg(feature = "serde")]
mod document;
pub mod registry;
pub mod rule;
pub mod slots;
pub mod smooth;
mod stage;

pub use config::{Checked, Config, CooldownClock, DEFAULT_COOLDOWN, Missing, UnknownAlgorithm};
pub use registry::{Algorithm, Call, Policy, Registry};
pub use rule::{Answer, Combined, DEFAULT_TOLERANCE, Rule, Scope, Verdict, effective_min};
pub use slots::{PerSlot, Slot, ratio, ratios};
pub use smooth::CappedSmoothRatio;
pub use stage::Recommender;
