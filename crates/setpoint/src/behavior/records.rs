//! Memory of recommendations: the highest and the lowest of any window up to a horizon. Recording costs amortized O(1),
//! a question O(log n), because a record that a newer one outdoes is forgotten: no window could ever answer with it.
//!
//! Source of what is to be remembered: Kubernetes, `stabilizeRecommendation*` in
//! `pkg/controller/podautoscaler/horizontal.go`, commit `a769d588`. There, records stand in slots of which one expired
//! one is recycled at a time. An expired record never counts, so the answers are the same while the windows stay as they
//! are. Where windows are lengthened at run time, upstream finds those old records that happen not to have been
//! recycled; here the longer window finds them all, back to the horizon.

use crate::error::StateError;
use crate::rounding::{MAX_COUNT, saturate32};
use crate::state::{StateReader, StateWriter, Value};
use crate::time::Timestamp;
use core::time::Duration;
use std::collections::VecDeque;

/// One recommendation: what the metrics asked for, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// When it was made.
    pub at: Timestamp,
    /// The count.
    pub replicas: i64,
}

/// How many highs and how many lows are kept. Where more would be needed (thousands of different counts, each lower than
/// the one before it), the two oldest become one that has the more careful count of both and the later time.
pub const MAX_RECORDS: usize = 1024;

/// Memory: what the metrics recommended, raw, and whether anything was ever recorded.
///
/// ```
/// use core::time::Duration;
/// use setpoint::Timestamp;
/// use setpoint::behavior::Recommendations;
/// let mut memory = Recommendations::default();
/// memory.record(Timestamp::from_secs(0), 9, Duration::from_secs(3600));
/// memory.record(Timestamp::from_secs(60), 4, Duration::from_secs(3600));
/// let highest = |edge| memory.highest_since(Timestamp::from_secs(edge)).map(|r| r.replicas);
/// assert_eq!((highest(0), highest(1), highest(61)), (Some(9), Some(4), None));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recommendations {
    recorded: bool,
    /// Oldest first, falling counts.
    highs: VecDeque<Record>,
    /// Oldest first, rising counts.
    lows: VecDeque<Record>,
    merged: bool,
}

impl Recommendations {
    /// A memory of these records, in any order. With at least one, something counts as recorded.
    #[must_use]
    pub fn from_records(records: impl IntoIterator<Item = Record>) -> Self {
        let mut records: Vec<Record> = records.into_iter().collect();
        records.sort_by_key(|r| r.at);
        let mut memory = Self::default();
        for r in records {
            memory.record(r.at, r.replicas, Duration::MAX);
        }
        memory
    }

    /// Whether anything was recorded, ever.
    #[must_use]
    pub const fn recorded(&self) -> bool {
        self.recorded
    }

    /// Whether records had to be merged because there were more than [`MAX_RECORDS`]: a scale-down, or a stabilized
    /// scale-up, may then wait longer than it would have. Until a recommendation comes that leaves no other to remember.
    #[must_use]
    pub const fn merged(&self) -> bool {
        self.merged
    }

    /// Takes in a recommendation and forgets those older than `horizon`. A time before the newest record is taken for
    /// that record's time.
    pub fn record(&mut self, at: Timestamp, replicas: i64, horizon: Duration) {
        let replicas = saturate32(replicas);
        let at = self.highs.back().map_or(at, |newest| newest.at.max(at));
        let edge = at - horizon;
        self.recorded = true;
        self.merged |= push(&mut self.highs, Record { at, replicas }, edge, |old, new| old <= new);
        self.merged |= push(&mut self.lows, Record { at, replicas }, edge, |old, new| old >= new);
        if self.highs.len() == 1 && self.lows.len() == 1 {
            self.merged = false;
        }
    }

    /// The highest recommendation at or after `edge`, with the latest time at which it was made.
    #[must_use]
    #[inline]
    pub fn highest_since(&self, edge: Timestamp) -> Option<Record> {
        since(&self.highs, edge)
    }

    /// The lowest recommendation at or after `edge`, with the latest time at which it was made.
    #[must_use]
    #[inline]
    pub fn lowest_since(&self, edge: Timestamp) -> Option<Record> {
        since(&self.lows, edge)
    }

    /// Saves the records.
    pub fn save(&self, out: &mut StateWriter) {
        let pairs = |list: &VecDeque<Record>| Value::list(list.iter().map(|r| (r.at, r.replicas)));
        out.put("recorded", self.recorded);
        out.put("highs", pairs(&self.highs));
        out.put("lows", pairs(&self.lows));
        out.put("merged", self.merged);
    }

    /// Restores what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// If a field is missing, or the records cannot have come about by recording; nothing is changed then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let recorded = from.bool("recorded")?;
        let highs = read(from, "highs", |old, new| old > new)?;
        let lows = read(from, "lows", |old, new| old < new)?;
        if highs.back() != lows.back() {
            return Err(from.invalid("lows", "another newest record", "the newest record of the highs"));
        }
        if recorded == highs.is_empty() {
            return Err(from.invalid("recorded", recorded, "true exactly where there are records"));
        }
        *self = Self { recorded, highs, lows, merged: from.bool("merged")? };
        Ok(())
    }
}

/// Appends a record, dropping those before `edge` and those that it outdoes. Says whether two had to be merged.
fn push(
    list: &mut VecDeque<Record>,
    new: Record,
    edge: Timestamp,
    outdone: impl Fn(i64, i64) -> bool,
) -> bool {
    while list.front().is_some_and(|r| r.at < edge) {
        list.pop_front();
    }
    while list.back().is_some_and(|r| outdone(r.replicas, new.replicas)) {
        list.pop_back();
    }
    let full = list.len() >= MAX_RECORDS;
    if full
        && let Some(oldest) = list.pop_front()
        && let Some(next) = list.front_mut()
    {
        next.replicas = oldest.replicas;
    }
    list.push_back(new);
    full
}

#[inline]
fn since(list: &VecDeque<Record>, edge: Timestamp) -> Option<Record> {
    // Most questions reach back beyond the oldest record that matters, or to the newest alone.
    match list.front() {
        Some(oldest) if oldest.at >= edge => Some(*oldest),
        Some(_) => list.get(list.partition_point(|r| r.at < edge)).copied(),
        None => None,
    }
}

fn read(
    from: &StateReader<'_>,
    field: &str,
    in_order: impl Fn(i64, i64) -> bool,
) -> Result<VecDeque<Record>, StateError> {
    let pairs = from.events(field)?;
    if pairs.len() > MAX_RECORDS {
        return Err(from.invalid(field, format_args!("{} records", pairs.len()), "at most 1024 records"));
    }
    if let Some((_, n)) = pairs.iter().find(|(_, n)| n.unsigned_abs() > MAX_COUNT.unsigned_abs() + 1) {
        return Err(from.invalid(field, n, "counts of 32 bits"));
    }
    if !pairs.windows(2).all(|p| p[0].0 <= p[1].0 && in_order(p[0].1, p[1].1)) {
        return Err(from.invalid(field, "records out of order", "records in order of time and count"));
    }
    Ok(pairs.into_iter().map(|(at, replicas)| Record { at, replicas }).collect())
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
