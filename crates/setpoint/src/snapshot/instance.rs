//! What is known of one instance (a pod, a process, a machine), without judging it: each algorithm classifies for itself.

use crate::time::Timestamp;

/// Where an instance is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Phase {
    /// Accepted, but not all of it runs yet.
    Pending,
    /// It runs.
    #[default]
    Running,
    /// It ended well and will not be restarted.
    Succeeded,
    /// It ended badly and will not be restarted.
    Failed,
    /// Nobody can say.
    Unknown,
}

/// Whether an instance says that it can serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Readiness {
    /// It can serve.
    #[default]
    Ready,
    /// It cannot.
    NotReady,
    /// It reports a readiness, but which one is not known.
    Unknown,
    /// It reports no readiness at all.
    Absent,
}

/// One instance of the workload.
///
/// ```
/// use setpoint::{Instance, Phase, Readiness, Timestamp};
/// let started = Timestamp::from_secs(100);
/// let starting = Instance::running(started, Readiness::NotReady, started);
/// assert!(!starting.serves());
/// assert!(Instance::ready(started).serves());
/// assert_eq!(Instance::pending().phase, Phase::Pending);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Instance {
    /// Where it is in its life.
    #[cfg_attr(feature = "serde", serde(default))]
    pub phase: Phase,
    /// Whether it says that it can serve.
    #[cfg_attr(feature = "serde", serde(default))]
    pub readiness: Readiness,
    /// Whether it has been told to go.
    #[cfg_attr(feature = "serde", serde(default))]
    pub leaving: bool,
    /// When it was started; `None` before that.
    #[cfg_attr(feature = "serde", serde(default))]
    pub started_at: Option<Timestamp>,
    /// When its readiness last changed; `None` where it reports none.
    #[cfg_attr(feature = "serde", serde(default))]
    pub readiness_changed_at: Option<Timestamp>,
    /// How often any part of it was restarted.
    #[cfg_attr(feature = "serde", serde(default))]
    pub restarts: u32,
}

impl Instance {
    /// An instance that has been serving since `started_at`.
    #[must_use]
    pub const fn ready(started_at: Timestamp) -> Self {
        Self::running(started_at, Readiness::Ready, started_at)
    }

    /// A running instance whose readiness changed last at `changed_at`.
    #[must_use]
    pub const fn running(started_at: Timestamp, readiness: Readiness, changed_at: Timestamp) -> Self {
        Self {
            phase: Phase::Running,
            readiness,
            leaving: false,
            started_at: Some(started_at),
            readiness_changed_at: Some(changed_at),
            restarts: 0,
        }
    }

    /// An instance that is accepted and does not run yet.
    #[must_use]
    pub const fn pending() -> Self {
        Self {
            phase: Phase::Pending,
            readiness: Readiness::Absent,
            leaving: false,
            started_at: None,
            readiness_changed_at: None,
            restarts: 0,
        }
    }

    /// The same instance, told to go.
    #[must_use]
    pub const fn leaving(mut self) -> Self {
        self.leaving = true;
        self
    }

    /// Whether it runs, says that it is ready, and stays.
    #[must_use]
    pub const fn serves(&self) -> bool {
        matches!(self.phase, Phase::Running) && matches!(self.readiness, Readiness::Ready) && !self.leaving
    }

    /// Whether it is on its way: pending or running, staying, and not known to be ready.
    #[must_use]
    pub const fn starting(&self) -> bool {
        !self.leaving && !self.serves() && !matches!(self.phase, Phase::Succeeded | Phase::Failed)
    }
}
