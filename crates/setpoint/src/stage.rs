//! The two traits that everything else is an instance of: a [`Recommend`]er turns a snapshot into an opinion, a [`Restrain`]t
//! turns a count and its own memory into another count. Both are [`Stage`]s, which remember.
//!
//! Deciding takes `&self`; memory changes in [`Stage::ingest`], [`Stage::decided`] and [`Stage::applied`] alone. That is what makes a dry run
//! and a counterfactual plain calls.

use crate::error::StateError;
use crate::metric::MetricName;
use crate::reason::{Failure, Reasons};
use crate::snapshot::Snapshot;
use crate::state::{StateReader, StateWriter};
use crate::time::Timestamp;
use core::fmt::Debug;

/// What a stage is told: the facts, and the time at which the decision is made.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Context<'a> {
    /// The time of the decision: that of the snapshot, or the newest seen where the clock went back.
    pub now: Timestamp,
    /// The facts.
    pub snapshot: &'a Snapshot<'a>,
    /// The replicas asked for now.
    pub current: i64,
}

impl<'a> Context<'a> {
    /// The context of a decision at `now` on `snapshot`.
    #[must_use]
    pub fn new(now: Timestamp, snapshot: &'a Snapshot<'a>) -> Self {
        Self { now, snapshot, current: i64::from(snapshot.replica_count()) }
    }
}

/// What a recommender says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "opinion", content = "value", rename_all = "snake_case"))]
pub enum Opinion {
    /// So many replicas.
    Want(i64),
    /// Nothing to say.
    Abstain,
    /// It should have an opinion and could not form one.
    Failed(Failure),
    /// Leave everything as it is: no stage remembers this step.
    Skip,
    /// So many replicas, and neither another recommender nor a restraint has a say.
    Settled(i64),
}

/// What became of a stage in one decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "part", rename_all = "snake_case"))]
pub enum Part {
    /// It was not asked.
    #[default]
    Idle,
    /// A recommender's opinion.
    Said {
        /// The opinion.
        #[cfg_attr(feature = "serde", serde(flatten))]
        opinion: Opinion,
    },
    /// A restraint's step.
    Restrained {
        /// What came in.
        input: i64,
        /// What went out.
        output: i64,
    },
}

/// A stage's own part in a decision, and how the decision ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Turn {
    /// The stage's own part.
    pub part: Part,
    /// The count at the end of the pipeline.
    pub decided: i64,
}

impl Turn {
    /// A turn, for tests of a caller's own stages.
    #[must_use]
    pub fn new(part: Part, decided: i64) -> Self {
        Self { part, decided }
    }
}

/// What all stages have in common: a name, and a memory that can be saved.
pub trait Stage: Debug + Send + Sync {
    /// The stage's name in reasons, saved state and labels, for example `hpa` or `cooldown`.
    fn name(&self) -> &str;

    /// The metrics that the stage reads, in the order of the indices in its reasons.
    fn metrics(&self) -> &[MetricName] {
        &[]
    }

    /// Takes the snapshot into the stage's windows. Called once per snapshot, before anybody decides.
    fn ingest(&mut self, _cx: &Context<'_>) {}

    /// The decision was made: the place to remember it. Not called where a recommender said [`Opinion::Skip`].
    fn decided(&mut self, _cx: &Context<'_>, _turn: Turn) {}

    /// A change from `from` to `to` replicas was carried out.
    fn applied(&mut self, _at: Timestamp, _from: i64, _to: i64) {}

    /// The earliest time at which this stage could answer otherwise on the same facts, after the decision in which it took the part
    /// `turn`. Never later than that; it may be earlier. `None` means never; a time before `cx.now` is read as `cx.now`.
    fn next_change_at(&self, _cx: &Context<'_>, _turn: Turn) -> Option<Timestamp> {
        None
    }

    /// Writes down everything that is remembered.
    ///
    /// # Errors
    /// If the memory cannot be saved.
    fn save(&self, _out: &mut StateWriter) -> Result<(), StateError> {
        Ok(())
    }

    /// Takes back what [`save`](Self::save) wrote, and decides from then on exactly as the original would have.
    ///
    /// # Errors
    /// If the state does not fit. The stage is discarded then, so it may be left half restored.
    fn restore(&mut self, _from: &StateReader<'_>) -> Result<(), StateError> {
        Ok(())
    }

    /// Takes over at `at` what a stage of the same name remembered under another configuration. The default restores it as it is.
    ///
    /// # Errors
    /// If nothing of it is of use; the stage then starts afresh.
    fn inherit(&mut self, from: &StateReader<'_>, _at: Timestamp) -> Result<(), StateError> {
        self.restore(from)
    }
}

/// A stage that turns facts into an opinion.
pub trait Recommend: Stage {
    /// The opinion, with the reasons for it.
    fn recommend(&self, cx: &Context<'_>, why: &mut Reasons<'_>) -> Opinion;

    /// A copy, memory included.
    fn clone_box(&self) -> Box<dyn Recommend>;
}

/// A stage that turns a count into another count.
pub trait Restrain: Stage {
    /// The restrained count, with the reasons where it differs from `input`.
    fn restrain(&self, cx: &Context<'_>, input: i64, why: &mut Reasons<'_>) -> i64;

    /// Whether the restraint also guards a count that is only kept because no opinion could be formed. True for bounds, floors and
    /// ceilings; false for rules about changes.
    fn guards_held(&self) -> bool {
        false
    }

    /// A copy, memory included.
    fn clone_box(&self) -> Box<dyn Restrain>;
}
