//! The end of a cycle as stages: recommendations remembered, then the bounds of the hour.

use super::agenda::Agenda;
use super::config::Checked;
use super::history::History;
use crate::error::StateError;
use crate::reason::aibrix::AibrixReason;
use crate::reason::{Direction, Reason, Reasons, RestraintReason};
use crate::stage::{Context, Part, Restrain, Stage, Turn};
use crate::state::{StateReader, StateWriter};
use crate::time::Timestamp;

/// Lets earlier recommendations take the place of this one. The rule is [`History`]'s.
///
/// A changed configuration keeps the recommendations, as upstream does.
#[derive(Clone, Debug, PartialEq)]
pub struct Cooldown {
    history: History,
}

impl Cooldown {
    /// The cooldown of a checked configuration, with nothing remembered.
    #[must_use]
    pub fn new(config: &Checked) -> Self {
        Self { history: config.history() }
    }
}

impl Stage for Cooldown {
    fn name(&self) -> &str {
        "aibrix_cooldown"
    }

    fn decided(&mut self, cx: &Context<'_>, turn: Turn) {
        if let Part::Restrained { input, .. } = turn.part {
            self.history.record(cx.now, input);
        }
    }

    fn next_change_at(&self, cx: &Context<'_>, turn: Turn) -> Option<Timestamp> {
        match turn.part {
            Part::Restrained { input, .. } => self.history.settle(cx.now, cx.current, input).until,
            _ => None,
        }
    }

    fn save(&self, out: &mut StateWriter) -> Result<(), StateError> {
        self.history.save(out);
        Ok(())
    }

    fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        self.history.restore(from)
    }

    fn inherit(&mut self, from: &StateReader<'_>, _at: Timestamp) -> Result<(), StateError> {
        self.history.inherit(from)
    }
}

impl Restrain for Cooldown {
    fn restrain(&self, cx: &Context<'_>, input: i64, why: &mut Reasons<'_>) -> i64 {
        let settled = self.history.settle(cx.now, cx.current, input);
        if let Some(direction) = Direction::of(cx.current, input).filter(|_| settled.count != input) {
            let (from, to, until) = (input, settled.count, settled.until);
            why.push(Reason::Aibrix { reason: AibrixReason::Cooldown { direction, from, to, until } });
            if self.history.merged(cx.now) {
                let kept = crate::window::record::MAX_ENTRIES as u32;
                why.push(Reason::Restraint { reason: RestraintReason::Merged { kept } });
            }
        }
        settled.count
    }

    fn clone_box(&self) -> Box<dyn Restrain> {
        Box::new(self.clone())
    }
}

/// Keeps the count within the bounds that hold now. A count that is only kept for want of an opinion stays as it is, as upstream's.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundsByTime {
    agenda: Agenda,
}

impl BoundsByTime {
    /// The bounds of an agenda.
    #[must_use]
    pub const fn new(agenda: Agenda) -> Self {
        Self { agenda }
    }
}

impl Stage for BoundsByTime {
    fn name(&self) -> &str {
        "aibrix_bounds"
    }

    fn next_change_at(&self, cx: &Context<'_>, turn: Turn) -> Option<Timestamp> {
        match turn.part {
            Part::Restrained { .. } => self.agenda.next_change_after(cx.now),
            _ => None,
        }
    }
}

impl Restrain for BoundsByTime {
    fn restrain(&self, cx: &Context<'_>, input: i64, why: &mut Reasons<'_>) -> i64 {
        let to = self.agenda.at(cx.now).bounds.clamp(input);
        if to != input {
            let from = input;
            let reason = if to < from {
                RestraintReason::UpperBound { from, to }
            } else {
                RestraintReason::LowerBound { from, to }
            };
            why.push(Reason::Restraint { reason });
        }
        to
    }

    fn clone_box(&self) -> Box<dyn Restrain> {
        Box::new(self.clone())
    }
}
