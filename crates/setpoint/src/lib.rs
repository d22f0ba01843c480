//! How many replicas should there be now, and why: autoscaling decisions as a pure library.

pub mod algorithm;
pub mod error;
pub mod replicas;
pub mod rounding;
pub mod state;
pub mod time;
pub mod window;

pub use error::{ConfigError, SnapshotError, StateError};
pub use replicas::{Bounds, Step, ZeroOrAtLeast};
pub use time::Timestamp;
