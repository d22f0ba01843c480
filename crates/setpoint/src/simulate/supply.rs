//! The replicas of a rate-level run: how many are ready, how many are on their way and when they come. Order takes
//! effect at a bin's edge; shrinking lets go of those that would be ready last. Source: `docs/simulation.md`.

use super::model::{Model, StartDelay};
use super::random::{Purpose, Stream};

/// Replicas that are, or will be, ready from the same bin on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Group {
    ready_from: u64,
    count: u32,
}

/// What a change of the fleet meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) started: u32,
    pub(super) removed: u32,
    /// Removed soon after they became ready, or cancelled while starting.
    pub(super) short_lived: u32,
}

/// The fleet, as groups in ascending order of readiness.
#[derive(Clone, Debug)]
pub(super) struct Supply {
    groups: Vec<Group>,
    /// How many of the groups are ready.
    ready_groups: usize,
    ready: u32,
    ordered: u32,
    delays: Delays,
    short_lived_steps: u64,
    /// Replicas that were there from the start, in the first group; they are never short-lived.
    veterans: u32,
}

#[derive(Clone, Debug)]
enum Delays {
    Constant(u64),
    Measured { steps: Vec<u64>, draw: Stream },
}

impl Supply {
    pub(super) fn new(model: &Model, step_ms: u64) -> Self {
        let delays = match &model.start_delay {
            StartDelay::ConstantMs(ms) => Delays::Constant(ms.div_ceil(step_ms)),
            StartDelay::MeasuredMs(list) => Delays::Measured {
                steps: list.iter().map(|ms| ms.div_ceil(step_ms)).collect(),
                draw: Stream::new(model.seed, Purpose::StartDelay),
            },
        };
        Self {
            groups: vec![Group { ready_from: 0, count: model.initial }],
            ready_groups: 1,
            ready: model.initial,
            ordered: model.initial,
            delays,
            short_lived_steps: model.short_lived_ms / step_ms,
            veterans: model.initial,
        }
    }

    /// Replicas that serve.
    #[inline]
    pub(super) const fn ready(&self) -> u32 {
        self.ready
    }

    /// Replicas that are paid for: ready or on their way.
    #[inline]
    pub(super) const fn ordered(&self) -> u32 {
        self.ordered
    }

    /// Lets those serve that are ready from bin `bin` on.
    #[inline]
    pub(super) fn enter(&mut self, bin: u64) {
        while let Some(group) = self.groups.get(self.ready_groups).filter(|g| g.ready_from <= bin) {
            self.ready += group.count;
            self.ready_groups += 1;
        }
    }

    /// Carries out a decision: `to` replicas are ordered from bin `bin` on.
    #[inline]
    pub(super) fn order(&mut self, to: u32, bin: u64) -> Change {
        if to > self.ordered {
            self.grow(to - self.ordered, bin)
        } else if to < self.ordered {
            self.shrink(self.ordered - to, bin)
        } else {
            Change::default()
        }
    }

    fn grow(&mut self, by: u32, bin: u64) -> Change {
        if let Delays::Constant(steps) = self.delays {
            self.insert(Group { ready_from: bin.saturating_add(steps), count: by });
        } else {
            for _ in 0..by {
                let steps = self.delays.draw();
                self.insert(Group { ready_from: bin.saturating_add(steps), count: 1 });
            }
        }
        self.ordered += by;
        Change { started: by, ..Change::default() }
    }

    fn insert(&mut self, group: Group) {
        let at = self.groups.partition_point(|g| g.ready_from <= group.ready_from).max(self.ready_groups);
        match at.checked_sub(1).map(|i| &mut self.groups[i]) {
            Some(same) if at > self.ready_groups && same.ready_from == group.ready_from => {
                same.count += group.count;
            }
            _ => self.groups.insert(at, group),
        }
    }

    fn shrink(&mut self, by: u32, bin: u64) -> Change {
        let mut change = Change { removed: by, ..Change::default() };
        let mut left = by;
        while let Some(last) = self.groups.last_mut().filter(|_| left > 0) {
            let gone = left.min(last.count);
            let ready_from = last.ready_from;
            last.count -= gone;
            left -= gone;
            let emptied = last.count == 0;
            let was_ready = self.groups.len() <= self.ready_groups;
            if was_ready {
                self.ready -= gone;
            }
            let from_start = was_ready && self.groups.len() == 1 && self.veterans > 0;
            if from_start {
                self.veterans -= gone;
            } else if !was_ready || bin - ready_from <= self.short_lived_steps {
                change.short_lived += gone;
            }
            if emptied {
                self.groups.pop();
                self.ready_groups = self.ready_groups.min(self.groups.len());
            }
        }
        self.ordered -= by;
        change
    }
}

impl Delays {
    fn draw(&mut self) -> u64 {
        match self {
            Self::Constant(steps) => *steps,
            Self::Measured { steps, draw } => steps[draw.below(steps.len())],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Bounds;
    use core::time::Duration;

    const STEP: u64 = 10_000;

    fn model(delay_s: u64) -> Model {
        Model::new(Bounds::new(0, 100).unwrap())
            .initial(4)
            .unwrap()
            .start_delay(Duration::from_secs(delay_s))
            .short_lived(Duration::from_secs(20))
    }

    fn counts(supply: &mut Supply, bin: u64) -> (u32, u32) {
        supply.enter(bin);
        (supply.ready(), supply.ordered())
    }

    #[test]
    fn growth_is_ready_one_bin_and_the_delay_later() {
        let mut supply = Supply::new(&model(30), STEP);
        assert_eq!(counts(&mut supply, 0), (4, 4));
        // The decision of bin 0 orders for bin 1.
        assert_eq!(supply.order(6, 1), Change { started: 2, ..Change::default() });
        assert_eq!(
            (1..=4).map(|t| counts(&mut supply, t)).collect::<Vec<_>>(),
            [(4, 6), (4, 6), (4, 6), (6, 6)]
        );
    }

    #[test]
    fn a_delay_that_is_no_whole_bin_is_rounded_up() {
        let mut supply = Supply::new(&model(11), STEP);
        supply.order(5, 1);
        assert_eq!((counts(&mut supply, 2), counts(&mut supply, 3)), ((4, 5), (5, 5)));
    }

    #[test]
    fn shrinking_keeps_those_that_are_ready_soonest() {
        let mut supply = Supply::new(&model(30), STEP);
        supply.order(6, 1);
        supply.order(9, 2);
        // Of nine, the three ordered last go first; then one of the two before them.
        assert_eq!(supply.order(5, 3), Change { removed: 4, short_lived: 4, ..Change::default() });
        assert_eq!(
            (counts(&mut supply, 3), counts(&mut supply, 4), counts(&mut supply, 5)),
            ((4, 5), (5, 5), (5, 5))
        );
        assert_eq!(supply.order(2, 5).removed, 3);
        assert_eq!(counts(&mut supply, 5), (2, 2));
    }

    #[test]
    fn short_lived_are_the_cancelled_and_the_barely_ready() {
        let mut supply = Supply::new(&model(0), STEP);
        supply.order(5, 1);
        supply.order(6, 2);
        counts(&mut supply, 2);
        // At bin 4 the first was ready for three bins, the second for two: 20 s is within the limit.
        counts(&mut supply, 4);
        assert_eq!(supply.order(4, 4), Change { removed: 2, short_lived: 1, ..Change::default() });
        // Those of the start never count, nor do they make room for a newcomer to count as one of them.
        assert_eq!(supply.order(0, 5).short_lived, 0);
        supply.order(1, 5);
        counts(&mut supply, 5);
        assert_eq!(supply.order(0, 6).short_lived, 1);
    }

    #[test]
    fn measured_delays_are_drawn_with_the_seed_and_keep_the_order_of_readiness() {
        let delays = [10, 20, 30, 40].map(Duration::from_secs);
        let run = |seed| {
            let mut supply = Supply::new(&model(0).measured_start_delays(delays).unwrap().seed(seed), STEP);
            supply.order(54, 1);
            (1..8).map(|t| counts(&mut supply, t).0).collect::<Vec<_>>()
        };
        let one = run(1);
        assert_eq!(one, run(1));
        assert_ne!(one, run(2));
        assert_eq!((one[0], one[4]), (4, 54));
        assert!(one.windows(2).take(5).all(|w| w[0] < w[1] || w[1] == 54), "{one:?}");
    }
}
