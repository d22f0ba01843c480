//! Which instances speak for Kthena's metrics. Pure; it reads no endpoint.
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/autoscaler/metric_collector.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`. One instance that failed, is leaving, or (pending or running)
//! was ever restarted silences all metrics of the instances, until it is replaced.

use crate::snapshot::{Instance, Phase, Readiness};

/// Whether the instance runs and is ready; every other one is unready, also one that ended well.
#[must_use]
pub const fn is_ready(instance: &Instance) -> bool {
    matches!(instance.phase, Phase::Running) && matches!(instance.readiness, Readiness::Ready)
}

/// Whether the instance silences the metrics of all instances.
#[must_use]
pub const fn blocks(instance: &Instance) -> bool {
    instance.leaving
        || matches!(instance.phase, Phase::Failed)
        || matches!(instance.phase, Phase::Running | Phase::Pending) && instance.restarts > 0
}

/// The place of the first instance that silences all others, if there is one.
///
/// ```
/// use setpoint::kthena::collection::blocked_by;
/// use setpoint::{Instance, Timestamp};
/// let serving = Instance::ready(Timestamp::from_secs(0));
/// let restarted = Instance { restarts: 1, ..Instance::pending() };
/// assert_eq!(blocked_by(&[serving, serving]), None);
/// assert_eq!(blocked_by(&[serving, restarted]), Some(1));
/// ```
#[must_use]
pub fn blocked_by(instances: &[Instance]) -> Option<usize> {
    instances.iter().position(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    const READY: Instance = Instance::ready(Timestamp::from_secs(0));

    #[test]
    fn phases_and_restarts() {
        let of = |phase, restarts| Instance { phase, restarts, ..READY };
        assert!(is_ready(&READY) && !blocks(&READY));
        for phase in [Phase::Succeeded, Phase::Unknown, Phase::Pending] {
            assert!(!is_ready(&of(phase, 0)), "{phase:?} is unready whatever it says");
            assert!(!blocks(&of(phase, 0)), "{phase:?}");
        }
        assert!(blocks(&of(Phase::Failed, 0)));
        assert!(blocks(&of(Phase::Running, 1)) && blocks(&of(Phase::Pending, 1)));
        assert!(!blocks(&of(Phase::Succeeded, 3)) && !blocks(&of(Phase::Unknown, 3)));
        assert!(blocks(&READY.leaving()));
        for readiness in [Readiness::NotReady, Readiness::Unknown, Readiness::Absent] {
            assert!(!is_ready(&Instance { readiness, ..READY }), "{readiness:?}");
        }
    }
}
