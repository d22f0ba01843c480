//! What decides several counts at once: every member is judged on its own snapshot, one joint step repairs or splits, and
//! then all remember the step or none does. How a ratio is repaired and a total is split stands in
//! [`kthena::ratio`] and [`kthena::optimizer`]; which member an instance belongs to is the caller's.
//!
//! Source of the joint steps: `volcano-sh/kthena`, `pkg/autoscaler/autoscaler/{optimizer,disaggregated_scaler}.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`. That a group of other autoscalers can be built is ours.

use super::Autoscaler;
use crate::algorithm::fixed::Fixed;
use crate::algorithm::kthena::{self, Range, Ratio, Repaired, Split, Target, merge, repair};
use crate::decision::{Decision, Outcome};
use crate::error::ConfigError;
use crate::reason::kthena::{KthenaReason, RatioError, RatioRule};
use crate::reason::{Explained, Reason};
use crate::rounding;
use crate::snapshot::Snapshot;
use crate::stage::{Context, Turn};
use crate::time::{Timestamp, earliest};
use core::fmt;
use std::sync::Arc;

/// Several workloads that are decided together, with everything that is remembered of them.
///
/// - [`kthena_targets`](Self::kthena_targets) and [`split`](Self::split): the facts of all members are merged, one
///   autoscaler decides the total, and the total is split over the members by cost.
/// - [`kthena_roles`](Self::kthena_roles) and [`repaired`](Self::repaired): each member has an autoscaler of its own, and
///   a ratio between two of them is repaired. Each remembers the count that it decided itself, before the repair.
///
/// If one member skips or holds for lack of data, or the joint step fails, every member keeps its count and no decision is
/// remembered; what windows took in stays.
///
/// ```
/// use setpoint::kthena::{RolesConfig, roles::Role};
/// use setpoint::{Bounds, Group, Snapshot, Timestamp};
///
/// let mut group = Group::kthena_roles(
///     RolesConfig::new()
///         .role(Role::new("prefill", Bounds::new(1, 8)?).metric("waiting", 10.0))
///         .role(Role::new("decode", Bounds::new(1, 16)?).metric("running", 32.0))
///         .ratio("prefill", "decode", 0.5, 1.0),
/// )?;
/// let at = Timestamp::from_secs(60);
/// let prefill = Snapshot::at(at).replicas(2).value("waiting", 20.0)?;
/// let decode = Snapshot::at(at).replicas(4).value("running", 190.0)?;
/// let decision = group.decide(&[prefill, decode])?;
/// assert_eq!(decision.replicas().collect::<Vec<_>>(), [3, 6]); // decode wants 6, and 2 prefill are too few for it
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub(super) names: Arc<[String]>,
    pub(super) body: Body,
    pub(super) newest: Option<Timestamp>,
    /// Counts of the step under way; empty between steps.
    scratch: Vec<i64>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    Each { members: Vec<Autoscaler>, ranges: Vec<Option<Range>>, ratio: Option<Ratio> },
    Whole { total: Box<Autoscaler>, split: Split },
}

/// How a group's decision came about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "outcome", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum GroupOutcome {
    /// The counts were decided together.
    #[default]
    Decided,
    /// A member skipped, or held for lack of data: every member keeps its count.
    Skipped {
        /// The first such member, where members decide on their own.
        member: Option<u16>,
    },
    /// The joint step failed: every member keeps its count.
    Failed {
        /// Why.
        error: RatioError,
    },
}

/// The counts of all members, and why.
#[derive(Clone, Debug, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GroupDecision {
    at: Timestamp,
    outcome: GroupOutcome,
    next_change_at: Option<Timestamp>,
    #[cfg_attr(feature = "serde", serde(with = "names"))]
    names: Arc<[String]>,
    members: Vec<Decision>,
    total: Option<Decision>,
    joint: Option<KthenaReason>,
}

impl GroupDecision {
    /// How many replicas each member should have, in the order of the members.
    pub fn replicas(&self) -> impl ExactSizeIterator<Item = u32> {
        self.members.iter().map(Decision::replicas)
    }

    /// The decision of each member, joint step included: its reasons lead to its final count.
    #[must_use]
    pub fn members(&self) -> &[Decision] {
        &self.members
    }

    /// The decision of the member of this name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Decision> {
        self.names.iter().position(|known| known == name).and_then(|place| self.members.get(place))
    }

    /// The names of the members.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The decision of the total, where the members share one.
    #[must_use]
    pub const fn total(&self) -> Option<&Decision> {
        self.total.as_ref()
    }

    /// What the joint step says beside what it does to the members: the ratio between two of them, or why there is none.
    #[must_use]
    pub const fn joint(&self) -> Option<KthenaReason> {
        self.joint
    }

    /// How it came about.
    #[must_use]
    pub const fn outcome(&self) -> GroupOutcome {
        self.outcome
    }

    /// When it was made.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Whether any count changes.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.members.iter().any(Decision::changes)
    }

    /// The earliest time at which the answer could differ although no metric does; see [`Decision::next_change_at`].
    #[must_use]
    pub const fn next_change_at(&self) -> Option<Timestamp> {
        self.next_change_at
    }

    /// The counts again, from the reasons alone; `None` if they do not lead to them.
    #[must_use]
    pub fn replay(&self) -> Option<Vec<u32>> {
        self.members.iter().map(Decision::replay).collect()
    }
}

/// One line: `prefill 2 -> 3: ...; least ratio gives 3 | decode 4 -> 6: ... | ratio 0.5 after repair`.
impl fmt::Display for GroupDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if let Some(total) = &self.total {
            write!(f, "total {total}")?;
            separator = " | ";
        }
        for (name, member) in self.names.iter().zip(&self.members) {
            write!(f, "{separator}{name} {member}")?;
            separator = " | ";
        }
        if let Some(joint) = self.joint {
            write!(f, "{separator}{joint}")?;
        }
        Ok(())
    }
}

impl Group {
    /// Kthena's targets of different cost: one total, corrected by panic mode, stabilization and pace, then split by cost.
    ///
    /// # Errors
    /// If a setting is outside its range.
    ///
    /// ```
    /// use setpoint::{Bounds, Group, Snapshot, Timestamp, kthena};
    /// let config = kthena::TargetsConfig::new()
    ///     .target("h100", Bounds::new(0, 4)?, 100)
    ///     .target("a100", Bounds::new(1, 8)?, 60)
    ///     .metric("queue_length", 10.0);
    /// let mut group = Group::kthena_targets(config)?;
    /// let at = Timestamp::from_secs(60);
    /// let h100 = Snapshot::at(at).replicas(1).value("queue_length", 25.0)?;
    /// let a100 = Snapshot::at(at).replicas(2).value("queue_length", 13.0)?;
    /// let decision = group.decide(&[h100, a100])?;
    /// assert_eq!(
    ///     decision.to_string(),
    ///     "total 3 -> 4: queue_length at 1.2667 of its target asks for 4; queue_length decides: 4 \
    ///      | h100 1 -> 2: 2 of a total of 4 | a100 2 -> 2: 2 of a total of 4"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn kthena_targets(config: kthena::TargetsConfig) -> Result<Self, ConfigError> {
        let config = config.check()?;
        let (recommender, corrector) = config.stages()?;
        let total = Autoscaler::builder().recommend(recommender).restrain(corrector).assemble();
        Self::of_whole(config.names().map(str::to_owned), config.split().clone(), total)
    }

    /// Kthena's roles: each decided as a single target, a fixed one by its bounds, and a ratio between two of them repaired.
    ///
    /// # Errors
    /// If a setting is outside its range.
    pub fn kthena_roles(config: kthena::RolesConfig) -> Result<Self, ConfigError> {
        let config = config.check()?;
        let member = |(name, bounds, scaled): (&str, crate::Bounds, Option<&kthena::config::Checked>)| {
            let builder = match scaled {
                Some(scaled) => Autoscaler::builder()
                    .recommend(kthena::Recommender::new(scaled)?)
                    .restrain(kthena::Corrector::new(scaled)),
                None => Autoscaler::builder().recommend(Fixed::new(bounds.min())),
            };
            Ok((name.to_owned(), builder.assemble(), Some(bounds.into())))
        };
        let members = config.roles().map(member).collect::<Result<Vec<_>, ConfigError>>()?;
        Self::repaired(members, config.ratio())
    }

    /// Members with autoscalers of their own, given as name, autoscaler and what the joint step may make of its count
    /// (`None`: anything), and a ratio to keep between two of them. Neither ranges nor ratio are checked: a ratio that
    /// cannot be judged fails at every decision.
    ///
    /// # Errors
    /// If there is no member, one has no name, or two have the same.
    pub fn repaired<N: Into<String>>(
        members: impl IntoIterator<Item = (N, Autoscaler, Option<Range>)>,
        ratio: Option<Ratio>,
    ) -> Result<Self, ConfigError> {
        let (mut names, mut scalers, mut ranges) = (Vec::new(), Vec::new(), Vec::new());
        for (name, scaler, range) in members {
            names.push(name.into());
            scalers.push(scaler);
            ranges.push(range);
        }
        let newest = scalers.iter().filter_map(|scaler| scaler.newest).max();
        let body = Body::Each { members: scalers, ranges, ratio };
        Ok(Self { names: checked(names)?, body, newest, scratch: Vec::new() })
    }

    /// Targets that share the total that one autoscaler decides from the facts of all, [`merge`]d as Kthena merges them. The
    /// targets are not checked; the total is brought into the sums of their ranges.
    ///
    /// # Errors
    /// If there is no target, one has no name, or two have the same.
    pub fn split<N: Into<String>>(
        targets: impl IntoIterator<Item = (N, Target)>,
        expansion_rate_percent: u32,
        total: Autoscaler,
    ) -> Result<Self, ConfigError> {
        let (names, targets): (Vec<String>, Vec<Target>) =
            targets.into_iter().map(|(name, target)| (name.into(), target)).unzip();
        Self::of_whole(names, Split::new(&targets, expansion_rate_percent), total)
    }

    fn of_whole(
        names: impl IntoIterator<Item = String>,
        split: Split,
        total: Autoscaler,
    ) -> Result<Self, ConfigError> {
        let names = checked(names.into_iter().collect())?;
        let newest = total.newest;
        let body = Body::Whole { total: Box::new(total), split };
        Ok(Self { names, body, newest, scratch: Vec::new() })
    }

    /// The names of the members, in the order of their snapshots.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Decides on one snapshot per member, and remembers the decision as carried out.
    ///
    /// The step is made at the newest time among the snapshots and those seen before.
    ///
    /// # Errors
    /// If there is not one snapshot per member; nothing is decided then.
    pub fn decide(&mut self, snapshots: &[Snapshot<'_>]) -> Result<GroupDecision, ConfigError> {
        let mut decision = GroupDecision::default();
        self.decide_into(snapshots, &mut decision)?;
        Ok(decision)
    }

    /// What [`decide`](Self::decide) would answer. Nothing is remembered.
    ///
    /// # Errors
    /// As [`decide`](Self::decide).
    pub fn peek(&self, snapshots: &[Snapshot<'_>]) -> Result<GroupDecision, ConfigError> {
        self.clone().decide(snapshots)
    }

    /// As [`decide`](Self::decide), into a decision whose buffers are used again. Members that decide on their own then
    /// allocate nothing in a steady state; merging the facts of targets that share a total does.
    ///
    /// # Errors
    /// As [`decide`](Self::decide). The decision is then as it was.
    pub fn decide_into(
        &mut self,
        snapshots: &[Snapshot<'_>],
        decision: &mut GroupDecision,
    ) -> Result<(), ConfigError> {
        if snapshots.len() != self.names.len() {
            let allowed = format!("one per member ({})", self.names.len());
            return Err(ConfigError::new("snapshots", snapshots.len(), allowed));
        }
        let seen = snapshots.iter().map(Snapshot::taken_at).max();
        let now = seen.max(self.newest).unwrap_or_default();
        decision.at = now;
        decision.joint = None;
        if !Arc::ptr_eq(&decision.names, &self.names) {
            decision.names = Arc::clone(&self.names);
        }
        decision.members.resize_with(snapshots.len(), Decision::default);
        let quiet = match &mut self.body {
            Body::Each { members, ranges, ratio } => {
                decision.total = None;
                let joint = Joint { ranges, ratio: ratio.as_ref(), counts: &mut self.scratch };
                each(members, joint, snapshots, now, decision)
            }
            Body::Whole { total, split } => whole(total, split, snapshots, now, decision, &mut self.scratch)?,
        };
        self.scratch.clear();
        self.newest = Some(now);
        decision.next_change_at = if decision.changes() { Some(now) } else { quiet };
        for member in &mut decision.members {
            member.next_change_at = decision.next_change_at;
        }
        Ok(())
    }
}

/// Names that are there and differ, and at least one of them.
fn checked(names: Vec<String>) -> Result<Arc<[String]>, ConfigError> {
    if names.is_empty() {
        return Err(ConfigError::new("members", "empty", "at least one member"));
    }
    for (i, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(ConfigError::new("members", "one without a name", "named"));
        }
        if names[..i].contains(name) {
            return Err(ConfigError::new(format!("members.{name}"), "given twice", "given once"));
        }
    }
    Ok(names.into())
}

/// The joint step of members that decide on their own.
struct Joint<'a> {
    ranges: &'a [Option<Range>],
    ratio: Option<&'a Ratio>,
    counts: &'a mut Vec<i64>,
}

/// Each member decides, the ratio is repaired, and all remember the step or none does. Answers until when the same facts
/// give the same answer.
fn each(
    members: &mut [Autoscaler],
    joint: Joint<'_>,
    snapshots: &[Snapshot<'_>],
    now: Timestamp,
    group: &mut GroupDecision,
) -> Option<Timestamp> {
    let Joint { ranges, ratio, counts } = joint;
    let mut quiet = None;
    let mut stopped = None;
    for (i, (scaler, snapshot)) in members.iter_mut().zip(snapshots).enumerate() {
        let decision = &mut group.members[i];
        let cx = scaler.look(now, snapshot);
        scaler.evaluate(&cx, decision, None);
        quiet = earliest(quiet, scaler.quiet_until(&cx, decision));
        if matches!(decision.outcome, Outcome::Skipped | Outcome::Held) {
            stopped = stopped.or(Some(i as u16));
        }
    }
    if let Some(member) = stopped {
        group.outcome = GroupOutcome::Skipped { member: Some(member) };
        keep(&mut group.members);
        return quiet;
    }
    counts.extend(group.members.iter().map(|member| i64::from(member.replicas)));
    let repaired = match repair(counts, ranges, ratio) {
        Ok(repaired) => repaired,
        Err(error) => {
            group.outcome = GroupOutcome::Failed { error };
            group.joint = Some(KthenaReason::RatioFailed { error });
            keep(&mut group.members);
            return quiet;
        }
    };
    group.outcome = GroupOutcome::Decided;
    group.joint = ratio.map(|ratio| KthenaReason::Ratio {
        ratio: repaired.ratio.map(Into::into),
        adjusted: repaired.adjusted(),
        within: repaired.ratio.is_none_or(|value| ratio.holds(value)),
    });
    // What was remembered just now may expire earlier than what was there before.
    quiet = None;
    for (i, (scaler, snapshot)) in members.iter_mut().zip(snapshots).enumerate() {
        let cx = scaler.look_again(now, snapshot);
        let decision = &mut group.members[i];
        let own = i64::from(decision.replicas);
        for (stage, part) in decision.parts.iter().enumerate() {
            scaler.stage_mut(stage).decided(&cx, Turn::new(*part, own));
        }
        joined(decision, own, counts[i], rule_of(i, ratio, &repaired));
        if decision.changes() {
            scaler.tell_applied(cx.now, cx.current, i64::from(decision.replicas));
        }
        quiet = earliest(quiet, scaler.quiet_until(&cx, decision));
    }
    quiet
}

/// One autoscaler decides the total, which is split over the members.
fn whole(
    total: &mut Autoscaler,
    split: &Split,
    snapshots: &[Snapshot<'_>],
    now: Timestamp,
    group: &mut GroupDecision,
    shares: &mut Vec<i64>,
) -> Result<Option<Timestamp>, ConfigError> {
    let labels = Arc::clone(&total.labels);
    let mut metrics: Vec<&str> =
        labels.iter().flat_map(|label| &label.metrics).map(crate::MetricName::as_str).collect();
    metrics.sort_unstable();
    metrics.dedup();
    let facts = merge(metrics, snapshots, now)
        .map_err(|error| ConfigError::new("metrics", error, "metrics of a snapshot"))?;
    let decision = group.total.get_or_insert_default();
    total.step(&facts, decision, true);
    for (member, snapshot) in group.members.iter_mut().zip(snapshots) {
        member.clear();
        member.at = now;
        member.from = snapshot.replica_count();
        member.replicas = member.from;
    }
    if matches!(decision.outcome, Outcome::Skipped | Outcome::Held) {
        group.outcome = GroupOutcome::Skipped { member: None };
        keep(&mut group.members);
        return Ok(decision.next_change_at);
    }
    group.outcome = GroupOutcome::Decided;
    let sum = i64::from(decision.replicas);
    split.split_into(sum, shares);
    for (member, share) in group.members.iter_mut().zip(shares) {
        member.replicas = rounding::to_replicas(*share);
        let reason = KthenaReason::Share { count: member.replicas.into(), total: sum };
        member.reasons.push(Explained { stage: None, reason: Reason::Kthena { reason } });
    }
    Ok(decision.next_change_at)
}

/// Which rule a count of the member that is not its own any more is owed to.
fn rule_of(member: usize, ratio: Option<&Ratio>, repaired: &Repaired) -> RatioRule {
    let concerned = ratio.is_some_and(|ratio| [ratio.numerator, ratio.denominator].contains(&member));
    repaired.rule.filter(|_| concerned).unwrap_or(RatioRule::Bounds)
}

fn joined(decision: &mut Decision, from: i64, to: i64, by: RatioRule) {
    decision.replicas = rounding::to_replicas(to);
    let to = i64::from(decision.replicas);
    if from != to {
        let reason = KthenaReason::Repaired { by, from, to };
        decision.reasons.push(Explained { stage: None, reason: Reason::Kthena { reason } });
    }
}

/// Leaves every member as it is.
fn keep(members: &mut [Decision]) {
    for member in members {
        if member.changes() || member.outcome != Outcome::Skipped {
            let reason = Reason::Kept { count: member.from.into() };
            member.reasons.push(Explained { stage: None, reason });
        }
        member.replicas = member.from;
        member.outcome = Outcome::Skipped;
    }
}

impl Autoscaler {
    /// Takes the snapshot into the windows for a step of a group at `now`.
    fn look<'a>(&mut self, now: Timestamp, snapshot: &'a Snapshot<'a>) -> Context<'a> {
        self.pending = None;
        let cx = self.look_again(now, snapshot);
        self.newest = Some(cx.now);
        self.ingest(&cx);
        cx
    }

    fn look_again<'a>(&self, now: Timestamp, snapshot: &'a Snapshot<'a>) -> Context<'a> {
        Context::new(self.newest.map_or(now, |newest| newest.max(now)), snapshot)
    }
}

#[cfg(feature = "serde")]
mod names {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::sync::Arc;

    pub(super) fn serialize<S: Serializer>(names: &Arc<[String]>, s: S) -> Result<S::Ok, S::Error> {
        names.as_ref().serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Arc<[String]>, D::Error> {
        Vec::deserialize(d).map(Into::into)
    }
}
