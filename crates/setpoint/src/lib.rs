//! How many replicas should there be now, and why: autoscaling decisions as a pure library.

pub mod algorithm;
pub mod autoscaler;
pub mod behavior;
pub mod decision;
pub mod error;
pub mod metric;
pub mod reason;
pub mod replicas;
pub mod restrain;
pub mod rounding;
#[cfg(feature = "simulate")]
pub mod simulate;
pub mod snapshot;
pub mod stage;
pub mod state;
pub mod stats;
pub mod time;
pub mod window;

pub use algorithm::{fixed, hpa, kpa, kthena, threshold};
pub use autoscaler::{Autoscaler, Combine};
pub use decision::{Decision, Outcome};
pub use error::{ConfigError, SnapshotError, StateError};
pub use metric::{MetricName, Target, TargetKind};
pub use replicas::{Bounds, Step, ZeroOrAtLeast};
pub use snapshot::{Column, Instance, Phase, Readiness, Samples, Snapshot, WorkloadValue};
pub use stage::{Context, Opinion, Recommend, Restrain, Stage};
pub use time::Timestamp;
