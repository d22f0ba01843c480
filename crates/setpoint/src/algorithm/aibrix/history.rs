//! The memory of recommendations, which upstream calls a cooldown: an increase goes to the largest of them, a decrease to the
//! smallest. It delays nothing. It is the opposite of Kubernetes' stabilization; [`CooldownRule::Hold`] is that one.
//!
//! Source of the rule: `vllm-project/aibrix`, `pkg/controller/podautoscaler/autoscaler.go`, commit
//! `e3e10f9e4aebe9aac5e7d992fb87d2648e01628b`. Ours: the limit on memory of [`RecordWindow`], beyond which a recommendation may count up
//! to a thousandth of the window too long.

use super::config::CooldownRule;
use crate::error::StateError;
use crate::reason::Direction;
use crate::state::{StateReader, StateWriter};
use crate::time::Timestamp;
use crate::window::{Extreme, RecordWindow};
use core::time::Duration;

/// A recommendation after the others had their say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The count.
    pub count: i64,
    /// When the recommendation that it comes from stops counting, where it is another one.
    pub until: Option<Timestamp>,
}

/// Recent recommendations, over the longer of two windows.
///
/// A recommendation exactly as old as its window no longer counts.
///
/// ```
/// use core::time::Duration;
/// use setpoint::{Timestamp, aibrix::{CooldownRule, History}};
/// let mut history = History::new(CooldownRule::Deepen, Duration::ZERO, Duration::from_secs(300));
/// let t = Timestamp::from_secs;
/// history.record(t(0), 2);
/// assert_eq!(history.settle(t(299), 8, 5).count, 2); // 5 are enough, but there was talk of 2
/// assert_eq!(history.settle(t(300), 8, 5).count, 5);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    rule: CooldownRule,
    up: Duration,
    down: Duration,
    largest: RecordWindow,
    smallest: RecordWindow,
}

impl History {
    /// An empty memory. Windows are rounded up to whole milliseconds.
    #[must_use]
    pub fn new(rule: CooldownRule, up: Duration, down: Duration) -> Self {
        let (up, down) = (whole_millis(up), whole_millis(down));
        Self {
            rule,
            up,
            down,
            largest: RecordWindow::new(Extreme::Maximum, up.max(down)),
            smallest: RecordWindow::new(Extreme::Minimum, up.max(down)),
        }
    }

    /// What becomes of `recommended` at `current` replicas, with itself remembered. Changes nothing.
    #[must_use]
    pub fn settle(&self, now: Timestamp, current: i64, recommended: i64) -> Settled {
        let as_it_is = Settled { count: recommended, until: None };
        let Some(direction) = Direction::of(current, recommended) else { return as_it_is };
        let (window, extreme) = match (direction, self.rule) {
            (Direction::Up, CooldownRule::Deepen) => (self.up, Extreme::Maximum),
            (Direction::Up, CooldownRule::Hold) => (self.up, Extreme::Minimum),
            (Direction::Down, CooldownRule::Deepen) => (self.down, Extreme::Minimum),
            (Direction::Down, CooldownRule::Hold) => (self.down, Extreme::Maximum),
        };
        if window.is_zero() {
            return as_it_is;
        }
        let memory = if extreme == Extreme::Maximum { &self.largest } else { &self.smallest };
        match memory.best_since(now - window) {
            Some((at, count)) if extreme.better(count, recommended) => {
                let turned = Direction::of(current, count).is_some_and(|d| d != direction);
                let count = if turned && self.rule == CooldownRule::Hold { current } else { count };
                Settled { count, until: Some(at + window) }
            }
            _ => as_it_is,
        }
    }

    /// Remembers a recommendation.
    pub fn record(&mut self, now: Timestamp, recommended: i64) {
        self.largest.append(now, recommended);
        self.smallest.append(now, recommended);
    }

    /// Whether recommendations that still count at `now` may have been merged.
    #[must_use]
    pub fn merged(&self, now: Timestamp) -> bool {
        self.largest.merged(now) || self.smallest.merged(now)
    }

    /// Saves what is remembered.
    pub fn save(&self, out: &mut StateWriter) {
        out.nest("largest", |out| self.largest.save(out));
        out.nest("smallest", |out| self.smallest.save(out));
    }

    /// Takes up what a memory over windows of the same length saved.
    ///
    /// # Errors
    /// If it does not fit. Nothing changes then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let mut next = self.clone();
        next.largest.restore(&from.nested("largest")?)?;
        next.smallest.restore(&from.nested("smallest")?)?;
        *self = next;
        Ok(())
    }

    /// Takes up what a memory over other windows saved: upstream keeps its recommendations when settings change.
    ///
    /// # Errors
    /// If it is not whole. Nothing changes then.
    pub fn inherit(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let mut next = Self::new(self.rule, self.up, self.down);
        for (name, window) in [("largest", &mut next.largest), ("smallest", &mut next.smallest)] {
            for (at, count) in from.nested(name)?.events("entries")? {
                window.append(at, count);
            }
        }
        *self = next;
        Ok(())
    }
}

fn whole_millis(span: Duration) -> Duration {
    let part = u64::from(!span.subsec_nanos().is_multiple_of(1_000_000));
    Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX).saturating_add(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(t: i64) -> Timestamp {
        Timestamp::from_millis(t)
    }

    fn history(rule: CooldownRule, up: u64, down: u64) -> History {
        History::new(rule, Duration::from_millis(up), Duration::from_millis(down))
    }

    #[test]
    fn the_edge_no_longer_counts() {
        let mut h = history(CooldownRule::Deepen, 1_000, 500);
        h.record(ms(0), 9);
        h.record(ms(0), 1);
        assert_eq!(h.settle(ms(999), 4, 5), Settled { count: 9, until: Some(ms(1_000)) });
        assert_eq!(h.settle(ms(1_000), 4, 5), Settled { count: 5, until: None });
        assert_eq!((h.settle(ms(499), 4, 3).count, h.settle(ms(500), 4, 3).count), (1, 3));
        assert_eq!(h.settle(ms(1), 4, 4).count, 4, "no change asks nobody");
    }

    #[test]
    fn a_window_of_no_length_asks_nobody_and_one_of_a_moment_only_the_moment() {
        let mut h = history(CooldownRule::Deepen, 0, 0);
        h.record(ms(0), 9);
        assert_eq!(h.settle(ms(0), 4, 5).count, 5);
        let mut h = History::new(CooldownRule::Deepen, Duration::from_nanos(1), Duration::ZERO);
        h.record(ms(7), 9);
        assert_eq!((h.settle(ms(7), 4, 5).count, h.settle(ms(8), 4, 5).count), (9, 5));
    }

    #[test]
    fn holding_is_the_rule_of_kubernetes() {
        let mut h = history(CooldownRule::Hold, 1_000, 1_000);
        h.record(ms(0), 6);
        assert_eq!((h.settle(ms(1), 4, 9).count, h.settle(ms(1), 8, 3).count), (6, 6));
        assert_eq!(
            (h.settle(ms(1), 7, 9).count, h.settle(ms(1), 4, 3).count),
            (7, 4),
            "it never turns a change"
        );
    }

    #[test]
    fn other_windows_keep_what_they_can_use() {
        let mut h = history(CooldownRule::Deepen, 0, 10_000);
        for (t, r) in [(0, 9), (1_000, 7), (2_000, 3)] {
            h.record(ms(t), r);
        }
        let mut out = StateWriter::default();
        h.save(&mut out);
        let saved = out.finish();
        let from = StateReader::new("h", &saved).unwrap();
        let mut wider = history(CooldownRule::Deepen, 2_000, 20_000);
        assert!(wider.restore(&from).is_err());
        wider.inherit(&from).unwrap();
        assert_eq!((wider.settle(ms(2_500), 4, 5).count, wider.settle(ms(3_000), 4, 5).count), (7, 5));
    }

    proptest! {
        #[test]
        fn it_answers_as_a_search_through_everything(
            up in 0_i64..40,
            down in 0_i64..40,
            hold: bool,
            steps in prop::collection::vec((0_i64..15, 0_i64..8, 0_i64..8), 1..60),
        ) {
            let rule = if hold { CooldownRule::Hold } else { CooldownRule::Deepen };
            let mut h = history(rule, up as u64, down as u64);
            let mut all: Vec<(i64, i64)> = Vec::new();
            let mut now = 0;
            for (gap, current, r) in steps {
                now += gap;
                all.push((now, r));
                all.retain(|(at, _)| *at > now - up.max(down));
                let of = |w: i64| all.iter().filter(move |(at, _)| *at > now - w).map(|(_, r)| *r);
                let expected = match (r.cmp(&current), hold) {
                    (core::cmp::Ordering::Greater, false) => of(up).max().unwrap_or(r),
                    (core::cmp::Ordering::Less, false) => of(down).min().unwrap_or(r),
                    (core::cmp::Ordering::Greater, true) => of(up).min().unwrap_or(r).max(current),
                    (core::cmp::Ordering::Less, true) => of(down).max().unwrap_or(r).min(current),
                    (core::cmp::Ordering::Equal, _) => r,
                };
                let before = h.settle(ms(now), current, r);
                prop_assert_eq!(before.count, expected);
                if let Some(until) = before.until {
                    prop_assert!(until > ms(now));
                    prop_assert_eq!(h.settle(until - Duration::from_millis(1), current, r).count, expected);
                }
                h.record(ms(now), r);
                let mut out = StateWriter::default();
                h.save(&mut out);
                let mut back = history(rule, up as u64, down as u64);
                back.restore(&StateReader::new("h", &out.finish()).unwrap()).unwrap();
                prop_assert_eq!(&back, &h);
            }
        }
    }
}
