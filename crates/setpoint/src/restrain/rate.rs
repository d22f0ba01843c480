//! Rate policies: so many replicas or percent within any period. The rule is [`behavior::limit`](crate::behavior::limit), that of
//! Kubernetes, with a memory of the changes that were carried out.

use crate::behavior::{FilledBehavior, Limited, ScaleEvents, Select, limit, next_limit_change};
use crate::error::StateError;
use crate::reason::{Direction, Reason, Reasons, RestraintReason};
use crate::rounding::MAX_COUNT;
use crate::stage::{Context, Part, Restrain, Stage, Turn};
use crate::state::{StateReader, StateWriter};
use crate::time::Timestamp;

/// Limits how far the count moves within the periods of its policies.
///
/// Changes that the caller reports as applied count, whoever ordered them; changes by hand are not seen. A changed configuration keeps
/// the changes that are remembered.
///
/// ```
/// use core::time::Duration;
/// use setpoint::behavior::{Behavior, Policy, Rules};
/// use setpoint::{Autoscaler, Snapshot, Timestamp, fixed::Fixed, restrain::RateLimit};
/// let slow = Rules::new().policies([Policy::pods(4, Duration::from_secs(60))]);
/// let mut scaler = Autoscaler::builder()
///     .recommend(Fixed::new(20))
///     .restrain(RateLimit::by(Behavior::new().up(slow).filled(Duration::ZERO)?))
///     .build()?;
/// let mut at = |second, replicas| scaler.decide(&Snapshot::at(Timestamp::from_secs(second)).replicas(replicas)).replicas();
/// assert_eq!((at(0, 3), at(30, 7), at(60, 7)), (7, 7, 11));
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimit {
    behavior: Option<FilledBehavior>,
    memory: ScaleEvents,
}

impl RateLimit {
    /// The policies of a behavior; its windows play no part here.
    #[must_use]
    pub fn by(behavior: FilledBehavior) -> Self {
        Self { behavior: Some(behavior), memory: ScaleEvents::default() }
    }

    /// The fixed rule of a Kubernetes autoscaler without a behavior: one step up at most doubles the count, or reaches 4. Nothing is
    /// remembered.
    #[must_use]
    pub fn doubling() -> Self {
        Self { behavior: None, memory: ScaleEvents::default() }
    }

    fn limit(&self, cx: &Context<'_>, input: i64) -> Limited {
        limit(cx.current, input, i64::MIN, MAX_COUNT, self.behavior.as_ref(), &self.memory, cx.now)
    }
}

impl Stage for RateLimit {
    fn name(&self) -> &str {
        "rate_limit"
    }

    fn applied(&mut self, at: Timestamp, from: i64, to: i64) {
        if let Some(behavior) = &self.behavior {
            self.memory.applied(from, to, at, behavior);
        }
    }

    fn next_change_at(&self, cx: &Context<'_>, turn: Turn) -> Option<Timestamp> {
        match turn.part {
            Part::Restrained { input, .. } if input != cx.current => {
                next_limit_change(self.behavior.as_ref(), &self.memory, cx.now)
            }
            _ => None,
        }
    }

    fn save(&self, out: &mut StateWriter) -> Result<(), StateError> {
        self.memory.save(out);
        Ok(())
    }

    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        self.memory.restore(from)
    }
}

impl Restrain for RateLimit {
    fn restrain(&self, cx: &Context<'_>, input: i64, why: &mut Reasons<'_>) -> i64 {
        let limited = self.limit(cx, input);
        let to = limited.replicas;
        let Some(direction) = Direction::of(cx.current, input).filter(|_| to != input) else { return to };
        let rules = self.behavior.as_ref().map(|b| match direction {
            Direction::Up => &b.up,
            Direction::Down => &b.down,
        });
        let reason = if rules.is_some_and(|rules| rules.select == Select::Disabled) {
            RestraintReason::Disabled { direction, from: input, to }
        } else {
            let policy = limited.policy.map(|policy| policy.index as u16);
            RestraintReason::RateLimited { direction, from: input, to, policy }
        };
        why.push(Reason::Restraint { reason });
        if self.memory.merged() {
            let kept = crate::behavior::slots::MAX_EVENTS as u32;
            why.push(Reason::Restraint { reason: RestraintReason::Merged { kept } });
        }
        to
    }

    fn clone_box(&self) -> Box<dyn Restrain> {
        Box::new(self.clone())
    }
}
