//! What a target remembers between cycles: five histories and the end of panic mode. Reading changes nothing;
//! [`Status::record`] is the only step that does, apart from [`Status::reset`] and [`Status::restore`].
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/autoscaler/{scaler,status}.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`.
//!
//! | history | remembers | width |
//! |---|---|---|
//! | `max_recommendation` | largest recommendation | scale-down stabilization window |
//! | `min_recommendation` | smallest recommendation | scale-up stabilization window |
//! | `max_corrected` | largest count in force | scale-down period |
//! | `min_corrected_for_stable` | smallest count in force | scale-up period |
//! | `min_corrected_for_panic` | smallest count in force | panic period |
//!
//! The histories are read before a decision is recorded, so the first decision sees empty ones. Recording and
//! the refresh of panic mode use one clock value, and a skipped cycle records nothing. Callers clamp their
//! clock to the newest time they have seen; should one step back nevertheless, it neither shortens panic mode
//! nor disorders a history.

use core::time::Duration;

use super::correction::{Correction, Histories, Rules, correct};
use super::panic_mode::{PanicMode, triggers};
use crate::error::StateError;
use crate::reason::kthena::Mode;
use crate::state::{StateReader, StateWriter};
use crate::time::{Timestamp, earliest};
use crate::window::{Extreme, LineWindow, RecordWindow};

/// The widths of the histories and the hold of panic mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Widths {
    /// Scale-down stabilization window.
    pub scale_down_stabilization: Duration,
    /// Scale-up stabilization window.
    pub scale_up_stabilization: Duration,
    /// Period of the scale-down policy.
    pub scale_down_period: Duration,
    /// Period of the stable scale-up policy.
    pub scale_up_period: Duration,
    /// Period of the panic policy.
    pub panic_period: Duration,
    /// How long panic mode lasts after the last step that triggered it; 0 turns it off.
    pub panic_hold: Duration,
}

/// A decision that has not been recorded yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decision {
    /// Whether the recommendation met the panic threshold (also when the hold is 0).
    pub triggered: bool,
    /// Whether it was decided in panic mode.
    pub in_panic: bool,
    /// The way from the recommendation to the count.
    pub correction: Correction,
    /// Whether the histories hold merged entries, so that the count may have moved less than it exactly could
    /// have.
    pub merged: bool,
}

/// The memory of one target.
///
/// ```
/// use core::time::Duration;
/// use setpoint::Timestamp;
/// use setpoint::algorithm::kthena::{Limit, Rules, Select, Status, Widths};
///
/// let limit = Limit { instances: 1, percent: 0, select: Some(Select::Or) };
/// let rules = Rules {
///     min: 1, max: 50, scale_up: limit, scale_down: limit, panic_percent: 0, panic_threshold_percent: None,
/// };
/// let mut status = Status::new(Widths { scale_up_period: Duration::from_secs(60), ..Widths::default() });
/// let t = Timestamp::from_secs;
/// let first = status.decide(&rules, t(0), 5, 9);
/// assert_eq!(first.correction.corrected, 6);
/// status.record(t(0), &first);
/// assert_eq!(status.decide(&rules, t(15), 6, 9).correction.corrected, 7);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    max_recommendation: RecordWindow,
    min_recommendation: RecordWindow,
    max_corrected: LineWindow,
    min_corrected_for_stable: LineWindow,
    min_corrected_for_panic: LineWindow,
    panic: PanicMode,
}

impl Status {
    /// The memory of a target that has decided nothing yet.
    #[must_use]
    pub fn new(widths: Widths) -> Self {
        Self {
            max_recommendation: RecordWindow::new(Extreme::Maximum, widths.scale_down_stabilization),
            min_recommendation: RecordWindow::new(Extreme::Minimum, widths.scale_up_stabilization),
            max_corrected: LineWindow::new(Extreme::Maximum, widths.scale_down_period),
            min_corrected_for_stable: LineWindow::new(Extreme::Minimum, widths.scale_up_period),
            min_corrected_for_panic: LineWindow::new(Extreme::Minimum, widths.panic_period),
            panic: PanicMode::new(widths.panic_hold),
        }
    }

    /// Panic mode as it stands.
    #[must_use]
    pub const fn panic(&self) -> &PanicMode {
        &self.panic
    }

    /// Whether `recommended` triggers panic mode, and whether a step at `now` is decided in it.
    #[must_use]
    pub fn judge(&self, rules: &Rules, now: Timestamp, current: i64, recommended: i64) -> (bool, bool) {
        let triggered = triggers(rules.panic_threshold_percent, current, recommended);
        (triggered, self.panic.decides(now, triggered))
    }

    /// What the histories answer at `now` for a workload of `current` replicas.
    #[must_use]
    pub fn histories(&self, now: Timestamp, current: i64) -> Histories {
        Histories {
            max_recommendation: self.max_recommendation.best(now),
            min_recommendation: self.min_recommendation.best(now),
            max_corrected: self.max_corrected.best(now, current),
            min_corrected_for_stable: self.min_corrected_for_stable.best(now, current),
            min_corrected_for_panic: self.min_corrected_for_panic.best(now, current),
        }
    }

    /// Judges panic mode and corrects `recommended`. Changes nothing.
    #[must_use]
    pub fn decide(&self, rules: &Rules, now: Timestamp, current: i64, recommended: i64) -> Decision {
        let (triggered, in_panic) = self.judge(rules, now, current, recommended);
        let histories = self.histories(now, current);
        let correction = correct(rules, &histories, in_panic, current, recommended);
        Decision { triggered, in_panic, correction, merged: self.merged(now) }
    }

    /// Remembers a decision of a single target: the uncorrected recommendation, the corrected count, and the
    /// panic.
    pub fn record(&mut self, now: Timestamp, decision: &Decision) {
        if decision.triggered {
            self.refresh_panic(now);
        }
        self.append(now, decision.correction.recommended, decision.correction.corrected);
    }

    /// Enters or prolongs panic mode: for paths that do so apart from recording.
    pub fn refresh_panic(&mut self, now: Timestamp) {
        self.panic.refresh(now);
    }

    /// Adds to the histories alone. Upstream's path for several targets appends the corrected total as both.
    pub fn append(&mut self, now: Timestamp, recommended: i64, corrected: i64) {
        self.max_recommendation.append(now, recommended);
        self.min_recommendation.append(now, recommended);
        self.max_corrected.append(now, corrected);
        self.min_corrected_for_stable.append(now, corrected);
        self.min_corrected_for_panic.append(now, corrected);
    }

    /// The first instant after `now` at which anything remembered expires, hence before which no correction
    /// changes with the same recommendation, current count and memory. `None`: never. Never late, often
    /// early.
    #[must_use]
    pub fn next_change_at(&self, now: Timestamp) -> Option<Timestamp> {
        [
            self.max_recommendation.next_change_at(now),
            self.min_recommendation.next_change_at(now),
            self.max_corrected.next_change_at(now),
            self.min_corrected_for_stable.next_change_at(now),
            self.min_corrected_for_panic.next_change_at(now),
            self.panic.next_change_at(now),
        ]
        .into_iter()
        .fold(None, earliest)
    }

    /// The same for one recommendation: only what its correction depends on counts. Never late, less often
    /// early.
    ///
    /// The instants are the first ones beyond an inclusive edge: a window of 60 s whose entry is of second
    /// 100 changes at 160.001 s, and panic mode that lasts until second 160 ends then too.
    #[must_use]
    pub fn next_change_for(
        &self,
        rules: &Rules,
        now: Timestamp,
        current: i64,
        recommended: i64,
    ) -> Option<Timestamp> {
        let decision = self.decide(rules, now, current, recommended);
        match decision.correction.mode {
            Mode::Panic => {
                // The same recommendation would trigger panic mode again: it ends only if it does not.
                let panic_end = if decision.triggered { None } else { self.panic.next_change_at(now) };
                earliest(panic_end, self.min_corrected_for_panic.next_change_at(now))
            }
            Mode::Up => earliest(
                self.min_recommendation.next_change_at(now),
                self.min_corrected_for_stable.next_change_at(now),
            ),
            Mode::Down => {
                earliest(self.max_recommendation.next_change_at(now), self.max_corrected.next_change_at(now))
            }
            Mode::Steady => None,
        }
    }

    /// Whether any history holds merged entries at `now`. They hold back, never push: see [`RecordWindow`].
    #[must_use]
    pub fn merged(&self, now: Timestamp) -> bool {
        self.max_recommendation.merged(now)
            || self.min_recommendation.merged(now)
            || self.max_corrected.merged(now)
            || self.min_corrected_for_stable.merged(now)
            || self.min_corrected_for_panic.merged(now)
    }

    /// Forgets everything, as upstream does whenever the generation of a policy changes. For other widths
    /// build a new one.
    pub fn reset(&mut self) {
        self.max_recommendation.clear();
        self.min_recommendation.clear();
        self.max_corrected.clear();
        self.min_corrected_for_stable.clear();
        self.min_corrected_for_panic.clear();
        self.panic.clear();
    }

    /// Saves everything remembered.
    pub fn save(&self, out: &mut StateWriter) {
        out.nest("max_recommendation", |out| self.max_recommendation.save(out));
        out.nest("min_recommendation", |out| self.min_recommendation.save(out));
        out.nest("max_corrected", |out| self.max_corrected.save(out));
        out.nest("min_corrected_for_stable", |out| self.min_corrected_for_stable.save(out));
        out.nest("min_corrected_for_panic", |out| self.min_corrected_for_panic.save(out));
        out.nest("panic", |out| self.panic.save(out));
    }

    /// Takes up what another status of the same widths saved.
    ///
    /// # Errors
    /// If the state belongs to other widths, is out of order, or is not whole. Nothing changes then.
    pub fn restore(&mut self, from: &StateReader<'_>) -> Result<(), StateError> {
        let mut next = self.clone();
        next.max_recommendation.restore(&from.nested("max_recommendation")?)?;
        next.min_recommendation.restore(&from.nested("min_recommendation")?)?;
        next.max_corrected.restore(&from.nested("max_corrected")?)?;
        next.min_corrected_for_stable.restore(&from.nested("min_corrected_for_stable")?)?;
        next.min_corrected_for_panic.restore(&from.nested("min_corrected_for_panic")?)?;
        next.panic.restore(&from.nested("panic")?)?;
        *self = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::correction::{Limit, Select};
    use super::*;
    use proptest::prelude::*;

    fn ms(t: i64) -> Timestamp {
        Timestamp::from_millis(t)
    }

    fn rules(threshold: Option<i64>) -> Rules {
        Rules {
            min: 0,
            max: 100,
            scale_up: Limit { instances: 2, percent: 50, select: Some(Select::Or) },
            scale_down: Limit { instances: 1, percent: 20, select: Some(Select::And) },
            panic_percent: 100,
            panic_threshold_percent: threshold,
        }
    }

    fn widths(ms: [u64; 6]) -> Widths {
        let [a, b, c, d, e, f] = ms.map(Duration::from_millis);
        Widths {
            scale_down_stabilization: a,
            scale_up_stabilization: b,
            scale_down_period: c,
            scale_up_period: d,
            panic_period: e,
            panic_hold: f,
        }
    }

    #[test]
    fn the_first_decision_sees_empty_records_and_later_ones_the_uncorrected_recommendation() {
        let mut status = Status::new(widths([1_000, 0, 0, 0, 0, 0]));
        let rules = rules(None);
        let first = status.decide(&rules, ms(0), 5, 2);
        assert_eq!(first.correction.corrected, 2);
        let up = status.decide(&rules, ms(0), 5, 30);
        status.record(ms(0), &Decision { correction: Correction { corrected: 7, ..up.correction }, ..up });
        // 30 was recommended, 7 given: the history holds 30.
        assert_eq!(status.histories(ms(0), 7).max_recommendation, Some(30));
        assert_eq!(status.decide(&rules, ms(1_000), 7, 2).correction.corrected, 7);
        assert_eq!(status.decide(&rules, ms(1_001), 7, 2).correction.corrected, 2);
    }

    #[test]
    fn a_triggering_step_is_decided_in_panic_before_it_is_recorded() {
        let mut status = Status::new(widths([0, 0, 0, 0, 1_000, 500]));
        let rules = rules(Some(200));
        let decision = status.decide(&rules, ms(10), 4, 9);
        assert_eq!((decision.triggered, decision.in_panic, decision.correction.corrected), (true, true, 8));
        assert_eq!(status.panic().ends_at(), None, "deciding changes nothing");
        status.record(ms(10), &decision);
        assert_eq!(status.panic().ends_at(), Some(ms(510)));
        let down = status.decide(&rules, ms(510), 8, 1);
        assert_eq!((down.in_panic, down.correction.corrected), (true, 8));
        let down = status.decide(&rules, ms(511), 8, 1);
        assert_eq!((down.in_panic, down.correction.corrected), (false, 1));
    }

    #[test]
    fn a_trigger_without_a_hold_is_told_but_has_no_effect() {
        let mut status = Status::new(widths([0; 6]));
        let decision = status.decide(&rules(Some(110)), ms(10), 4, 40);
        assert_eq!((decision.triggered, decision.in_panic), (true, false));
        status.record(ms(10), &decision);
        assert_eq!(status.panic().ends_at(), None);
    }

    #[test]
    fn reset_is_a_fresh_start() {
        let mut status = Status::new(widths([100, 100, 100, 100, 100, 100]));
        let fresh = status.clone();
        let decision = status.decide(&rules(Some(110)), ms(10), 4, 40);
        status.record(ms(10), &decision);
        assert_ne!(status, fresh);
        status.reset();
        assert_eq!(status, fresh);
    }

    #[test]
    fn state_of_other_widths_is_refused_whole() {
        let mut status = Status::new(widths([100, 100, 100, 100, 100, 100]));
        let decision = status.decide(&rules(Some(110)), ms(10), 4, 40);
        status.record(ms(10), &decision);
        let mut out = StateWriter::default();
        status.save(&mut out);
        let value = out.finish();
        for i in 0..6 {
            let mut other = [100; 6];
            other[i] = 99;
            let mut other = Status::new(widths(other));
            let before = other.clone();
            assert!(other.restore(&StateReader::new("kthena", &value).unwrap()).is_err());
            assert_eq!(other, before);
        }
    }

    #[test]
    fn a_long_history_is_merged_told_and_holds_back_more() {
        let mut status = Status::new(widths([60_000, 0, 0, 0, 0, 0]));
        let rules = Rules { max: i64::MAX, ..rules(None) };
        for t in 0..10_000 {
            status.append(ms(t), 20_000 - t, 1);
        }
        let decision = status.decide(&rules, ms(10_000), 30_000, 5);
        assert!(decision.merged);
        assert!(decision.correction.corrected >= 20_000);
    }

    #[test]
    fn a_clock_that_steps_back_never_panics() {
        let mut status = Status::new(widths([50, 50, 50, 50, 50, 50]));
        for (t, recommended) in [(100, 9), (40, 90), (i64::MIN, 3), (i64::MAX, 50), (0, 7)] {
            let decision = status.decide(&rules(Some(150)), ms(t), 4, recommended);
            assert!((0..=100).contains(&decision.correction.corrected));
            let _ = status.next_change_at(ms(t));
            status.record(ms(t), &decision);
        }
    }

    proptest! {
        #[test]
        fn changes_are_announced_in_time_and_restored_memory_decides_the_same(
            w in prop::array::uniform6(0_u64..30),
            threshold in prop::option::of(110_i64..300),
            steps in prop::collection::vec((0_i64..25, 0_i64..12, 0_i64..20), 1..25),
        ) {
            let rules = rules(threshold);
            let mut status = Status::new(widths(w));
            let mut now = 1_000;
            for (gap, current, recommended) in steps {
                now += gap;
                let decision = status.decide(&rules, ms(now), current, recommended);
                let coarse = status.next_change_at(ms(now));
                let fine = status.next_change_for(&rules, ms(now), current, recommended);
                prop_assert!(coarse.is_none_or(|c| c > ms(now)) && fine.is_none_or(|f| f > ms(now)));
                prop_assert!(fine.is_none() || coarse <= fine);
                for until in [coarse, fine] {
                    let until = until.map_or(now + 120, Timestamp::as_millis);
                    for t in now..until {
                        prop_assert_eq!(
                            status.decide(&rules, ms(t), current, recommended).correction,
                            decision.correction
                        );
                    }
                }
                status.record(ms(now), &decision);
                let mut out = StateWriter::default();
                status.save(&mut out);
                let mut back = Status::new(widths(w));
                back.restore(&StateReader::new("kthena", &out.finish()).unwrap()).unwrap();
                prop_assert_eq!(&back, &status);
            }
        }
    }
}
