//! How many replicas should there be now, and why: autoscaling decisions as a pure library.

pub mod algorithm;
pub mod error;
pub mod metric;
pub mod replicas;
pub mod rounding;
pub mod snapshot;
pub mod state;
pub mod time;

pub use algorithm::hpa;
pub use error::{ConfigError, SnapshotError, StateError};
pub use metric::{MetricName, Target, TargetKind};
pub use replicas::{Bounds, Step, ZeroOrAtLeast};
pub use snapshot::{Column, Instance, Phase, Readiness, Samples, Snapshot, WorkloadValue};
pub use time::Timestamp;
