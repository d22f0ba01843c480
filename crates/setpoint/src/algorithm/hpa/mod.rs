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

pub mod behavior;
pub mod config;
mod gate;
pub mod limits;
pub mod pods;
pub mod proposal;
pub mod ratio;
pub mod records;
pub mod replicas;
pub mod select;
pub mod slots;
pub mod stabilization;
pub mod step;
pub mod workload;

pub use behavior::{Behavior, FilledBehavior, Policy, Rules, ScalingRules, Select};
pub use config::{Config, Goal, Plan, PlannedMetric, Source};
pub use gate::{Gate, ScaledToZero, ZeroRules, gate};
pub use limits::{LimitReason, Limited, PolicyLimit, limit, next_limit_change, policy_limits};
pub use pods::{CpuTiming, PodClass, Pods, SampleTime, classify, next_reclassification};
pub use proposal::{Failure, PodCounts, Proposal, Rule, Usage};
pub use ratio::Tolerance;
pub use records::{Recommendations, Record};
pub use replicas::{PodMetric, PodTarget, propose};
pub use select::{NoSelection, RescaleReason, Selected, select};
pub use slots::{Direction, ScaleEvent, ScaleEvents};
pub use stabilization::{AbleToScale, Stabilized, Windows, stabilize};
pub use step::{State, Step, StepRules, Verdict, step};
pub use workload::{WorkloadTarget, external_value, object_value, propose_for_workload};
