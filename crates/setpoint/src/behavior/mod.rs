//! How fast a count may change, in the form that Kubernetes gave it: recommendations are stabilized over a window, changes are limited by
//! policies over periods. The horizontal autoscaler is made of these rules, and the restraints of the same names put them behind any recommender.
//!
//! | module | job |
//! |---|---|
//! | [`rules`] | windows and policies, given in part and filled with defaults |
//! | [`records`], [`stabilization`] | memory of recommendations, and what it holds back |
//! | [`slots`], [`limits`] | memory of changes, and what rate it allows |
//!
//! Source: repository `kubernetes/kubernetes`, `pkg/controller/podautoscaler/horizontal.go`, commit
//! `a769d5884497dc246960b38f3e5aae2cc30dd062`.

pub mod limits;
pub mod records;
pub mod rules;
pub mod slots;
pub mod stabilization;

pub use limits::{LimitReason, Limited, PolicyLimit, limit, next_limit_change, policy_limits};
pub use records::{Recommendations, Record};
pub use rules::{Behavior, FilledBehavior, Policy, Rules, ScalingRules, Select};
pub use slots::{ScaleEvent, ScaleEvents};
pub use stabilization::{AbleToScale, Stabilized, Windows, stabilize};
