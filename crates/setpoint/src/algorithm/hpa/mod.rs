//! The Kubernetes Horizontal Pod Autoscaler (v2), exact to the last replica: the arithmetic and the memory of its
//! controller, without its reads and writes.
//!
//! | piece | job | memory |
//! |---|---|---|
//! | [`gate()`] | what is settled before any metric is read | [`ScaledToZero`] |
//! | [`propose()`], [`propose_for_workload()`] | what one metric asks for | none |
//! | [`select()`] | one proposal out of several | none |
//! | [`stabilize()`] | recent recommendations hold a change back | [`Recommendations`] |
//! | [`limit()`] | rates and bounds | [`ScaleEvents`] |
//!
//! [`step()`] puts them together for proposals from anywhere. Every deciding function takes raw values and changes
//! nothing; a checked [`Config`] becomes the [`Plan`] that feeds them.
//!
//! Source: repository `kubernetes/kubernetes`, `pkg/controller/podautoscaler`, commit
//! `a769d5884497dc246960b38f3e5aae2cc30dd062`. Where upstream's float-to-integer conversions are undefined, these
//! saturate at 32 bits; targets of 0 and less are refused.

pub mod config;
mod gate;
pub mod pods;
pub mod proposal;
pub mod ratio;
pub mod replicas;
pub mod select;
mod stage;
pub mod step;
pub mod workload;

pub use crate::behavior::{
    AbleToScale, Behavior, FilledBehavior, LimitReason, Limited, Policy, PolicyLimit, Recommendations,
    Record, Rules, ScaleEvent, ScaleEvents, ScalingRules, Select, Stabilized, Windows, limit,
    next_limit_change, policy_limits, stabilize,
};
pub use crate::reason::Direction;
pub use crate::reason::hpa::Rule;
pub use config::{Config, Goal, Plan, PlannedMetric, Source};
pub use gate::{Gate, ScaledToZero, ZeroRules, gate};
pub use pods::{CpuTiming, PodClass, Pods, SampleTime, classify, next_reclassification};
pub use proposal::{Failure, PodCounts, Proposal, Usage};
pub use ratio::Tolerance;
pub use replicas::{PodMetric, PodTarget, propose};
pub use select::{NoSelection, RescaleReason, Selected, select};
pub use stage::{Gatekeeper, Recommender};
pub use step::{State, Step, StepRules, Verdict, step};
pub use workload::{WorkloadTarget, external_value, object_value, propose_for_workload};
