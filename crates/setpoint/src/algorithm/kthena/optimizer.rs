//! One total over several targets of different cost: cheap batches first, batches growing by a rate. Pure: which total
//! it is and what the targets report is not decided here.
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/autoscaler/optimizer.go`, commit
//! `3cc057284c34469fcb0ed22a12dac84b1d120719`. The expansion rate is an ordering device: it limits no spending, though
//! upstream's comment on the field says so. Upstream cuts and sorts the batches at every split; [`Split`] does it once.

use super::ratio::Range;
use super::recommendation::clamp;
use crate::rounding::trunc_within;

/// A target of the split. Raw: `min` may exceed `max` and the cost may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Fewest and most replicas. A target always gets its minimum.
    pub range: Range,
    /// What one replica costs, relative to the other targets.
    pub cost: i64,
}

/// Replicas that are given to a target before the next batch gets any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Batch {
    /// The target: its place in the list.
    pub target: usize,
    /// How many replicas.
    pub replicas: i64,
    /// By what it was sorted: the cost of all its replicas, or of one at a rate of 100.
    pub cost: i64,
}

/// Equal batches of one target. They are neighbours in the order, so they are kept as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    batch: Batch,
    times: i64,
}

/// The batches of all targets in filling order, made once. A split is then a walk over them.
///
/// Growing the total never takes a replica from any target.
///
/// ```
/// use setpoint::kthena::optimizer::{Split, Target};
/// use setpoint::kthena::ratio::Range;
///
/// let h100 = Target { range: Range { min: 0, max: 4 }, cost: 100 };
/// let a100 = Target { range: Range { min: 1, max: 8 }, cost: 60 };
/// let split = Split::new(&[h100, a100], 200);
/// assert_eq!(split.of(4), [2, 2]);
/// assert_eq!(split.of(6), [2, 4]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    minimums: Vec<i64>,
    runs: Vec<Run>,
    range: Range,
}

impl Split {
    /// The batches of `targets`, each `expansion_rate_percent` of the one before: 200 makes 1, 2, 4, ..., at most 99
    /// makes single replicas, and exactly 100 one batch of everything that is sorted by the cost of a single replica.
    ///
    /// The last batch of a target is what remains; it is sorted by its own cost and may come before larger ones.
    #[must_use]
    pub fn new(targets: &[Target], expansion_rate_percent: u32) -> Self {
        let mut runs = Vec::new();
        let mut range = Range { min: 0, max: 0 };
        for (place, target) in targets.iter().enumerate() {
            range.min = range.min.saturating_add(target.range.min);
            range.max = range.max.saturating_add(target.range.max);
            let room = target.range.max.saturating_sub(target.range.min);
            if room > 0 {
                cut(&mut runs, place, target.cost, room, expansion_rate_percent);
            }
        }
        runs.sort_by_key(|run| (run.batch.cost, run.batch.target));
        Self { minimums: targets.iter().map(|target| target.range.min).collect(), runs, range }
    }

    /// What the total may be: the sums of the minimums and maximums of all targets, crossed ones included.
    #[must_use]
    pub const fn range(&self) -> Range {
        self.range
    }

    /// How many targets there are.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.minimums.len()
    }

    /// The batches in filling order.
    pub fn batches(&self) -> impl Iterator<Item = Batch> {
        self.runs.iter().flat_map(|run| (0..run.times).map(|_| run.batch))
    }

    /// The replicas of each target for a total, which is first brought into [`range`](Self::range).
    #[must_use]
    pub fn of(&self, total: i64) -> Vec<i64> {
        let mut out = Vec::new();
        self.split_into(total, &mut out);
        out
    }

    /// As [`of`](Self::of), into a list that is used again.
    pub fn split_into(&self, total: i64, out: &mut Vec<i64>) {
        out.clear();
        out.extend_from_slice(&self.minimums);
        let mut left = clamp(total, self.range.min, self.range.max).saturating_sub(self.range.min);
        for Run { batch, times } in &self.runs {
            if left <= 0 {
                break;
            }
            let given = batch.replicas.saturating_mul(*times).min(left);
            out[batch.target] = out[batch.target].saturating_add(given);
            left -= given;
        }
    }
}

/// Cuts `room` replicas of one target into batches.
fn cut(runs: &mut Vec<Run>, target: usize, cost: i64, room: i64, rate: u32) {
    let run = |replicas: i64, times: i64| {
        let batch = Batch { target, replicas, cost: cost.saturating_mul(replicas) };
        Run { batch, times }
    };
    if rate == 100 {
        runs.push(Run { batch: Batch { target, replicas: room, cost }, times: 1 });
        return;
    }
    if rate < 100 {
        runs.push(run(1, room));
        return;
    }
    let first = runs.len();
    let (mut left, mut length) = (room, 1.0_f64);
    while left > 0 {
        // A length is never NaN: it starts at 1 and is only multiplied by more than 1.
        let replicas = trunc_within(length, 1, left).unwrap_or(left);
        match runs[first..].last_mut() {
            Some(last) if last.batch.replicas == replicas => last.times += 1,
            _ => runs.push(run(replicas, 1)),
        }
        left -= replicas;
        length = length * f64::from(rate) / 100.0;
    }
}

const AVERAGED: [&str; 5] = ["_utilization", "_usage", "_ratio", "_percent", "_saturation"];

/// One external metric over several targets: `(value, replicas)` of each that reports it, in list order. Nothing if none
/// does.
///
/// A name that ends in `_utilization`, `_usage`, `_ratio`, `_percent` or `_saturation`, in letters of any case, gives the
/// mean by replicas (the plain mean where there are none); every other name gives the sum. The recommendation then takes
/// either for a *total*: a mean utilization asks for one or two replicas, whatever the size of the group. Upstream's rule.
///
/// ```
/// use setpoint::kthena::optimizer::aggregate;
/// assert_eq!(aggregate("queue_length", [(10.0, 3), (40.0, 1)]), Some(50.0));
/// assert_eq!(aggregate("GPU_utilization", [(10.0, 3), (40.0, 1)]), Some(17.5));
/// assert_eq!(aggregate("queue_length", []), None);
/// ```
#[must_use]
pub fn aggregate(name: &str, reported: impl IntoIterator<Item = (f64, i64)>) -> Option<f64> {
    let (mut sum, mut weighted, mut count, mut replicas) = (0.0, 0.0, 0_u32, 0.0);
    for (value, of) in reported {
        sum += value;
        weighted += value * of as f64;
        count += 1;
        replicas += of as f64;
    }
    if count == 0 {
        return None;
    }
    Some(match AVERAGED.iter().any(|suffix| ends_with(name, suffix)) {
        false => sum,
        true if replicas == 0.0 => sum / f64::from(count),
        true => weighted / replicas,
    })
}

/// Whether `name` ends in `suffix`, letters of any case alike.
fn ends_with(name: &str, suffix: &str) -> bool {
    let start = name.len().checked_sub(suffix.len());
    start.is_some_and(|start| name.as_bytes()[start..].eq_ignore_ascii_case(suffix.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn target(min: i64, max: i64, cost: i64) -> Target {
        Target { range: Range { min, max }, cost }
    }

    fn sizes(room: i64, rate: u32) -> Vec<i64> {
        // A cost of 0 keeps the order in which the batches are cut.
        Split::new(&[target(0, room, 0)], rate).batches().map(|batch| batch.replicas).collect()
    }

    #[test]
    fn batches_grow_by_the_rate_and_end_in_a_remainder() {
        assert_eq!(sizes(12, 200), [1, 2, 4, 5]);
        assert_eq!(sizes(19, 150), [1, 1, 2, 3, 5, 7]);
        assert_eq!(sizes(20, 150), [1, 1, 2, 3, 5, 7, 1]);
        assert_eq!(sizes(4, 99), [1; 4]);
        assert_eq!(sizes(4, 0), [1; 4]);
        assert_eq!(sizes(1_000, u32::MAX), [1, 999]);
        assert_eq!(sizes(i64::MAX, 200).iter().sum::<i64>(), i64::MAX);
        assert_eq!((sizes(0, 200), sizes(-5, 200)), (vec![], vec![]));
    }

    #[test]
    fn a_rate_of_100_is_one_batch_by_the_cost_of_one_replica() {
        let split = Split::new(&[target(0, 5, 10), target(0, 2, 7)], 100);
        let batches: Vec<Batch> = split.batches().collect();
        let expected =
            [Batch { target: 1, replicas: 2, cost: 7 }, Batch { target: 0, replicas: 5, cost: 10 }];
        assert_eq!(batches, expected);
    }

    #[test]
    fn a_small_remainder_comes_before_larger_batches() {
        let split = Split::new(&[target(0, 8, 10)], 200);
        let batches: Vec<i64> = split.batches().map(|batch| batch.replicas).collect();
        assert_eq!(batches, [1, 1, 2, 4]);
    }

    #[test]
    fn equal_costs_fill_in_list_order() {
        let split = Split::new(&[target(0, 3, 5), target(0, 3, 5)], 50);
        assert_eq!((split.of(2), split.of(4)), (vec![2, 0], vec![3, 1]));
    }

    #[test]
    fn a_crossed_target_counts_in_the_sums_and_gets_its_minimum() {
        let split = Split::new(&[target(4, 2, 5), target(0, 4, 10)], 200);
        assert_eq!(split.range(), Range { min: 4, max: 6 });
        assert_eq!((split.of(0), split.of(6), split.of(99)), (vec![4, 0], vec![4, 2], vec![4, 2]));
        let all_crossed = Split::new(&[target(4, 2, 5)], 200);
        assert_eq!(all_crossed.of(99), [4]);
    }

    #[test]
    fn a_million_single_replicas_are_one_run() {
        let targets = [target(0, 1_000_000, 3); 20];
        let split = Split::new(&targets, 50);
        assert_eq!(split.runs.len(), 20);
        assert_eq!(split.of(1_000_001)[..2], [1_000_000, 1]);
    }

    #[test]
    fn nothing_wraps() {
        let split = Split::new(&[target(i64::MIN, i64::MAX, i64::MAX), target(0, i64::MAX, -1)], 200);
        assert_eq!(split.targets(), 2);
        for total in [i64::MIN, 0, i64::MAX] {
            let _ = split.of(total);
        }
    }

    #[test]
    fn only_whole_endings_average() {
        let of = |name: &str| aggregate(name, [(10.0, 3), (40.0, 1)]);
        for averaged in ["_usage", "X_Ratio", "load_PERCENT", "queue_saturation", "gpu_utilization"] {
            assert_eq!(of(averaged), Some(17.5), "{averaged}");
        }
        for summed in ["usage", "utilization", "p95_ratio_total", "x_percent ", "", "é"] {
            assert_eq!(of(summed), Some(50.0), "{summed}");
        }
        assert_eq!(aggregate("a_usage", [(60.0, 0), (80.0, 0)]), Some(70.0));
        assert!(aggregate("a_usage", [(f64::INFINITY, 0), (1.0, 1)]).is_some_and(f64::is_nan));
    }

    proptest! {
        #[test]
        fn growing_takes_from_nobody_and_gives_everything(
            targets in prop::collection::vec((0_i64..6, 0_i64..40, 0_i64..9), 1..6),
            rate in 0_u32..400,
        ) {
            let targets: Vec<Target> = targets.iter().map(|&(min, room, cost)| target(min, min + room, cost)).collect();
            let split = Split::new(&targets, rate);
            let mut before = split.of(split.range().min - 1);
            for total in split.range().min..=split.range().max {
                let after = split.of(total);
                prop_assert!(after.iter().zip(&before).all(|(after, before)| after >= before));
                prop_assert_eq!(after.iter().sum::<i64>(), total);
                prop_assert!(after.iter().zip(&targets).all(|(n, t)| (t.range.min..=t.range.max).contains(n)));
                before = after;
            }
            prop_assert_eq!(split.of(split.range().max + 1), before);
        }

        #[test]
        fn batches_are_sorted_and_hold_all_the_room(
            targets in prop::collection::vec((0_i64..9, 0_i64..5_000, 1_i64..100), 1..6),
            rate in 0_u32..1_000,
        ) {
            let targets: Vec<Target> = targets.iter().map(|&(min, room, cost)| target(min, min + room, cost)).collect();
            let split = Split::new(&targets, rate);
            let batches: Vec<Batch> = split.batches().collect();
            prop_assert!(batches.is_sorted_by_key(|batch| (batch.cost, batch.target)));
            for (place, target) in targets.iter().enumerate() {
                let held: i64 = batches.iter().filter(|b| b.target == place).map(|b| b.replicas).sum();
                prop_assert_eq!(held, target.range.max - target.range.min);
            }
        }
    }
}
