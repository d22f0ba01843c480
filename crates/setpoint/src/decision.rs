//! A decision: how many replicas, why, and until when the answer can stand. Reasons are data; `Display` makes the
//! sentence, and [`Decision::replay`] computes the count again from the reasons alone.

use crate::reason::{Effect, Explained, Reason, StageLabel};
use crate::rounding;
use crate::stage::{Opinion, Part};
use crate::time::Timestamp;
use core::fmt;
use std::sync::Arc;

/// How a decision came about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Outcome {
    /// The opinions were combined and restrained.
    #[default]
    Decided,
    /// No opinion could be acted on; the present count was kept, within the restraints that guard it.
    Held,
    /// A recommender settled the count alone.
    Settled,
    /// A recommender asked to leave everything as it is.
    Skipped,
}

/// How many replicas there should be, and why.
///
/// The JSON form (feature `serde`) has the fields of this type by their names, times in milliseconds and stages by their place in
/// `stages`; `docs/decisions.md` of the project shows one.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Decision {
    pub(crate) at: Timestamp,
    pub(crate) from: u32,
    pub(crate) replicas: u32,
    pub(crate) outcome: Outcome,
    pub(crate) next_change_at: Option<Timestamp>,
    pub(crate) chosen: Option<u16>,
    pub(crate) parts: Vec<Part>,
    pub(crate) reasons: Vec<Explained>,
    #[cfg_attr(feature = "serde", serde(with = "labels"))]
    pub(crate) stages: Arc<[StageLabel]>,
}

impl Default for Decision {
    fn default() -> Self {
        Self {
            at: Timestamp::default(),
            from: 0,
            replicas: 0,
            outcome: Outcome::Decided,
            next_change_at: None,
            chosen: None,
            parts: Vec::new(),
            reasons: Vec::new(),
            stages: Arc::from([]),
        }
    }
}

impl Decision {
    /// How many replicas there should be.
    #[must_use]
    pub const fn replicas(&self) -> u32 {
        self.replicas
    }

    /// How many were asked for when the decision was made.
    #[must_use]
    pub const fn from(&self) -> u32 {
        self.from
    }

    /// Whether the count changes.
    #[must_use]
    pub const fn changes(&self) -> bool {
        self.from != self.replicas
    }

    /// When the decision was made.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// How it came about.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The earliest time at which the answer could differ although no metric does: a window expires, panic ends, a start comes due. Never
    /// later than that, possibly earlier; `None` means that only new metrics can change it. Right after a change it is the time of the
    /// decision itself, because the count is a fact that others depend on.
    #[must_use]
    pub const fn next_change_at(&self) -> Option<Timestamp> {
        self.next_change_at
    }

    /// All reasons, in the order in which they acted.
    #[must_use]
    pub fn reasons(&self) -> &[Explained] {
        &self.reasons
    }

    /// The stages: recommenders first, then restraints.
    #[must_use]
    pub fn stages(&self) -> &[StageLabel] {
        &self.stages
    }

    /// What became of each stage.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The recommender whose opinion was taken, where it is one stage's.
    #[must_use]
    pub fn chosen(&self) -> Option<usize> {
        self.chosen.map(usize::from)
    }

    /// The stage that bound the count: the last restraint that moved it, else the recommender whose opinion was taken.
    #[must_use]
    pub fn binding(&self) -> Option<usize> {
        let moved = |part: &Part| matches!(part, Part::Restrained { input, output } if input != output);
        self.parts.iter().rposition(moved).or_else(|| self.chosen())
    }

    /// The count again, from the reasons alone; `None` if they do not lead to one, which is a defect of a stage.
    ///
    /// ```
    /// # use setpoint::{Autoscaler, Bounds, Snapshot, Timestamp};
    /// let mut fixed = Autoscaler::fixed(5);
    /// let decision = fixed.decide(&Snapshot::at(Timestamp::from_secs(0)).replicas(2));
    /// assert_eq!(decision.replay(), Some(decision.replicas()));
    /// ```
    #[must_use]
    pub fn replay(&self) -> Option<u32> {
        let mut count = (self.outcome == Outcome::Skipped).then_some(i64::from(self.from));
        for explained in &self.reasons {
            match explained.reason.effect() {
                Effect::Note | Effect::Wants(_) => {}
                Effect::Takes(n) => count = Some(n),
                Effect::Moves { from, to } => {
                    if count != Some(from) {
                        return None;
                    }
                    count = Some(to);
                }
            }
        }
        count.and_then(|n| u32::try_from(n).ok()).filter(|n| i64::from(*n) <= rounding::MAX_COUNT)
    }

    /// The opinion of the recommender at place `stage`.
    #[must_use]
    pub fn opinion(&self, stage: usize) -> Option<Opinion> {
        match self.parts.get(stage) {
            Some(Part::Said { opinion }) => Some(*opinion),
            _ => None,
        }
    }

    /// The sentence of one reason.
    #[must_use]
    pub fn sentence(&self, explained: &Explained) -> String {
        Sentence { decision: self, explained }.to_string()
    }

    /// Empties the decision for another use, keeping its buffers.
    pub(crate) fn clear(&mut self) {
        self.parts.clear();
        self.reasons.clear();
        self.chosen = None;
        self.next_change_at = None;
        self.outcome = Outcome::Decided;
    }
}

struct Sentence<'a> {
    decision: &'a Decision,
    explained: &'a Explained,
}

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let none = StageLabel { name: "pipeline".into(), metrics: Vec::new() };
        let label =
            self.explained.stage.and_then(|i| self.decision.stages.get(usize::from(i))).unwrap_or(&none);
        self.explained.reason.describe(f, label)
    }
}

/// One line: `4 -> 6: cpu 0.98 of 0.7 wants 6; at most 6`.
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.from, self.replicas)?;
        let mut separator = ": ";
        for explained in &self.reasons {
            if matches!(explained.reason, Reason::Combined { stage: Some(_), .. } | Reason::Abstained) {
                continue;
            }
            write!(f, "{separator}{}", Sentence { decision: self, explained })?;
            separator = "; ";
        }
        Ok(())
    }
}

#[cfg(feature = "serde")]
mod labels {
    use crate::reason::StageLabel;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::sync::Arc;

    pub(super) fn serialize<S: Serializer>(labels: &Arc<[StageLabel]>, s: S) -> Result<S::Ok, S::Error> {
        labels.as_ref().serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Arc<[StageLabel]>, D::Error> {
        Vec::deserialize(d).map(Into::into)
    }
}
