//! The built-in ratio algorithms as pure functions: the largest ratio, the mean, the weighted mean, and the tail that
//! they share. No memory, no cooldown.
//!
//! Source: `pmady/kubeai-autoscaler`, `pkg/scaling/algorithm.go`, commit `88eef88baa688724255ee090f4d1ef3eb23d70f2`.
//! Ours, each against a defect there: the largest ratio may be below 1 (upstream starts it at 1.0 and never scales down,
//! against its own document), a ratio that is not finite counts as absent, products snap before they are rounded up, and
//! an extreme product saturates (upstream wraps it and removes replicas).

pub use crate::reason::kubeai::Verdict;
use crate::rounding::snap_ceil;

/// Half the width of the band around 1 in which nothing changes, where the configuration gives none.
pub const DEFAULT_TOLERANCE: f64 = 0.1;

/// What an algorithm is asked about. Raw values: `min > max` and negative tolerances have their documented outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scope {
    /// The present count.
    pub current: i64,
    /// The lower bound.
    pub min: i64,
    /// The upper bound, which wins where the two contradict each other.
    pub max: i64,
    /// Half the width of the band around 1, both edges included.
    pub tolerance: f64,
}

impl Scope {
    /// `count` raised to the lower bound, then cut to the upper one.
    #[must_use]
    pub fn clamp(&self, count: i64) -> i64 {
        count.max(self.min).min(self.max)
    }

    /// Whether `ratio` is inside the band.
    #[must_use]
    pub fn tolerates(&self, ratio: f64) -> bool {
        1.0 - self.tolerance <= ratio && ratio <= 1.0 + self.tolerance
    }
}

/// A count and how it came about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// The count.
    pub count: i64,
    /// The combined ratio, where there is one.
    pub combined: Option<f64>,
    /// What it came to.
    pub verdict: Verdict,
}

/// What ratios come to together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Combined {
    /// There is none.
    Nothing,
    /// Their weights add up to nothing.
    ZeroWeight,
    /// This.
    Ratio(f64),
}

/// A built-in algorithm.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Rule {
    /// The largest ratio: the scarcest resource decides. Upstream's default.
    #[default]
    MaxRatio,
    /// The mean: an idle metric dilutes a breach of another.
    AverageRatio,
    /// The mean by weights, one for each place in the list of ratios. Missing ones are 1, surplus ones are ignored.
    WeightedRatio(Vec<f64>),
}

impl Rule {
    /// The names of the built-in algorithms, in alphabetical order.
    pub const NAMES: [&'static str; 3] = ["AverageRatio", "MaxRatio", "WeightedRatio"];

    /// The rule of a name of [`NAMES`](Self::NAMES).
    #[must_use]
    pub fn named(name: &str, weights: &[f64]) -> Option<Self> {
        match name {
            "MaxRatio" => Some(Self::MaxRatio),
            "AverageRatio" => Some(Self::AverageRatio),
            "WeightedRatio" => Some(Self::WeightedRatio(weights.to_vec())),
            _ => None,
        }
    }

    /// The name of the rule.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::MaxRatio => "MaxRatio",
            Self::AverageRatio => "AverageRatio",
            Self::WeightedRatio(_) => "WeightedRatio",
        }
    }

    const fn verdict(&self) -> Verdict {
        match self {
            Self::MaxRatio => Verdict::MaxRatio,
            Self::AverageRatio => Verdict::AverageRatio,
            Self::WeightedRatio(_) => Verdict::WeightedRatio,
        }
    }

    /// The ratios as one. A place without a finite ratio keeps its weight to itself.
    ///
    /// ```
    /// use setpoint::kubeai::{Combined, Rule};
    /// let ratios = [Some(2.0), None, Some(1.0)];
    /// assert_eq!(Rule::MaxRatio.combine(ratios), Combined::Ratio(2.0));
    /// assert_eq!(Rule::AverageRatio.combine(ratios), Combined::Ratio(1.5));
    /// assert_eq!(Rule::WeightedRatio(vec![1.0, 9.0, 3.0]).combine(ratios), Combined::Ratio(1.25));
    /// assert_eq!(Rule::MaxRatio.combine([None]), Combined::Nothing);
    /// ```
    #[must_use]
    pub fn combine(&self, ratios: impl IntoIterator<Item = Option<f64>>) -> Combined {
        let present =
            ratios.into_iter().enumerate().filter_map(|(i, r)| Some((i, r.filter(|r| r.is_finite())?)));
        match self {
            Self::MaxRatio => {
                present.map(|(_, r)| r).reduce(f64::max).map_or(Combined::Nothing, Combined::Ratio)
            }
            Self::AverageRatio => {
                let (sum, n) = present.fold((0.0, 0.0), |(sum, n), (_, r)| (sum + r, n + 1.0));
                if n == 0.0 { Combined::Nothing } else { Combined::Ratio(sum / n) }
            }
            Self::WeightedRatio(weights) => {
                let (mut sum, mut total, mut empty) = (0.0, 0.0, true);
                for (i, ratio) in present {
                    let weight = weights.get(i).copied().unwrap_or(1.0);
                    sum += ratio * weight;
                    total += weight;
                    empty = false;
                }
                match (empty, total == 0.0) {
                    (true, _) => Combined::Nothing,
                    (false, true) => Combined::ZeroWeight,
                    (false, false) => Combined::Ratio(sum / total),
                }
            }
        }
    }

    /// The count that the rule asks for: `ceil(N * ratio)` outside the band, the present count inside it, within bounds.
    ///
    /// ```
    /// use setpoint::kubeai::{Rule, Scope, Verdict};
    /// let scope = Scope { current: 4, min: 1, max: 20, tolerance: 0.1 };
    /// let answer = Rule::MaxRatio.compute(&scope, [Some(1.5), Some(0.2)], false);
    /// assert_eq!((answer.count, answer.verdict), (6, Verdict::MaxRatio));
    /// assert_eq!(Rule::MaxRatio.compute(&scope, [Some(0.5), Some(0.2)], false).count, 2);
    /// assert_eq!(Rule::MaxRatio.compute(&scope, [Some(0.5), None], true).verdict, Verdict::HeldByMissing);
    /// ```
    ///
    /// With `hold` a combined ratio below the band counts as 1: readings are missing, and unknown load is not low load.
    #[must_use]
    pub fn compute(
        &self,
        scope: &Scope,
        ratios: impl IntoIterator<Item = Option<f64>>,
        hold: bool,
    ) -> Answer {
        let answer = |count, combined, verdict| Answer { count: scope.clamp(count), combined, verdict };
        let ratio = match self.combine(ratios) {
            Combined::Nothing => return answer(scope.current, None, Verdict::NoMetrics),
            Combined::ZeroWeight => return answer(scope.current, None, Verdict::ZeroWeight),
            Combined::Ratio(ratio) => ratio,
        };
        if scope.tolerates(ratio) {
            return answer(scope.current, Some(ratio), Verdict::WithinTolerance);
        }
        if hold && ratio < 1.0 {
            return answer(scope.current, Some(ratio), Verdict::HeldByMissing);
        }
        answer(scaled(scope.current, ratio), Some(ratio), self.verdict())
    }

    /// Upstream's older entry point: as [`compute`](Self::compute), but a count that stays is not brought within bounds.
    #[must_use]
    pub fn compute_legacy(&self, scope: &Scope, ratios: impl IntoIterator<Item = Option<f64>>) -> i64 {
        match self.combine(ratios) {
            Combined::Ratio(ratio) if !scope.tolerates(ratio) => scope.clamp(scaled(scope.current, ratio)),
            _ => scope.current,
        }
    }
}

/// `ceil(current * ratio)`; the present count where the product is not a number.
fn scaled(current: i64, ratio: f64) -> i64 {
    snap_ceil(current as f64 * ratio).unwrap_or(current)
}

/// The lower bound of a policy: upstream turns 0 into 1, so a policy never scales to zero.
#[must_use]
pub const fn effective_min(min: i64) -> i64 {
    if min == 0 { 1 } else { min }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounding::MAX_COUNT;
    use proptest::prelude::*;

    const RULES: [Rule; 3] = [Rule::MaxRatio, Rule::AverageRatio, Rule::WeightedRatio(Vec::new())];

    fn scope(current: i64) -> Scope {
        Scope { current, min: 1, max: 100, tolerance: 0.1 }
    }

    fn at(rule: &Rule, current: i64, ratios: &[f64]) -> Answer {
        rule.compute(&scope(current), ratios.iter().copied().map(Some), false)
    }

    #[test]
    fn the_largest_ratio_scales_down_as_its_document_says() {
        let down = at(&Rule::MaxRatio, 10, &[0.2, 0.5, 0.1]);
        assert_eq!((down.count, down.combined, down.verdict), (5, Some(0.5), Verdict::MaxRatio));
    }

    #[test]
    fn both_edges_of_the_band_are_inside_and_not_snapped() {
        for rule in &RULES {
            for inside in [1.0 - 0.1, 1.0, 1.0 + 0.1] {
                let answer = at(rule, 10, &[inside]);
                assert_eq!(
                    (answer.count, answer.verdict),
                    (10, Verdict::WithinTolerance),
                    "{rule:?} {inside}"
                );
            }
            assert_eq!(at(rule, 10, &[(1.0_f64 + 0.1).next_up()]).verdict, rule.verdict());
            assert_eq!(at(rule, 10, &[(1.0_f64 - 0.1).next_down()]).count, 9, "the count is snapped");
        }
    }

    #[test]
    fn products_snap_and_saturate() {
        assert_eq!(at(&Rule::MaxRatio, 3, &[1.1 / 0.3]).count, 11);
        assert_eq!(at(&Rule::MaxRatio, 50, &[1e10]).count, 100, "extreme overload never removes replicas");
        let wide = Scope { max: i64::MAX, ..scope(50) };
        assert_eq!(Rule::MaxRatio.compute(&wide, [Some(1e300)], false).count, MAX_COUNT);
        assert_eq!(at(&Rule::AverageRatio, 50, &[f64::MAX, f64::MAX]).count, 100, "a sum beyond all numbers");
    }

    #[test]
    fn what_is_not_finite_is_absent_with_its_weight() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(at(&Rule::AverageRatio, 10, &[bad, 2.0]).combined, Some(2.0));
            assert_eq!(at(&Rule::MaxRatio, 10, &[bad, 0.5]).combined, Some(0.5));
            let weighted = Rule::WeightedRatio(vec![5.0, 1.0, 3.0]);
            assert_eq!(at(&weighted, 10, &[bad, 2.0, 1.0]).combined, Some(1.25));
            assert_eq!(at(&Rule::MaxRatio, 500, &[bad]).count, 100);
            assert_eq!(at(&Rule::MaxRatio, 500, &[bad]).verdict, Verdict::NoMetrics);
        }
    }

    #[test]
    fn weights_have_places_and_may_add_up_to_nothing() {
        let weighted =
            |weights: &[f64], ratios: &[f64]| at(&Rule::WeightedRatio(weights.to_vec()), 200, ratios);
        assert_eq!(weighted(&[3.0], &[2.0, 1.0]).combined, Some(1.75), "the missing one is 1");
        assert_eq!(
            weighted(&[1.0, 3.0, 9.0], &[2.0, 1.0]).combined,
            Some(1.25),
            "the surplus one is ignored"
        );
        let zero = weighted(&[0.0, 0.0, 7.0], &[2.0, 1.0]);
        assert_eq!((zero.count, zero.combined, zero.verdict), (100, None, Verdict::ZeroWeight));
        assert_eq!(weighted(&[2.0, -1.0], &[2.0, 1.0]).combined, Some(3.0), "negative ones as given");
    }

    #[test]
    fn contradicting_bounds_give_the_upper_one() {
        let scope = Scope { current: 4, min: 9, max: 3, tolerance: 0.0 };
        assert_eq!(scope.clamp(5), 3);
        assert_eq!(Rule::MaxRatio.compute(&scope, [Some(2.0)], false).count, 3);
    }

    #[test]
    fn holding_stops_reductions_only() {
        for rule in &RULES {
            let held = |ratio| rule.compute(&scope(10), [Some(ratio), None], true);
            assert_eq!((held(0.5).count, held(0.5).verdict), (10, Verdict::HeldByMissing), "{rule:?}");
            assert_eq!((held(2.0).count, held(2.0).verdict), (20, rule.verdict()));
            assert_eq!(held(0.95).verdict, Verdict::WithinTolerance);
            assert_eq!(rule.compute(&scope(500), [Some(0.5), None], true).count, 100);
        }
    }

    #[test]
    fn the_legacy_entry_leaves_a_count_that_stays() {
        let outside = Scope { current: 200, min: 1, max: 100, tolerance: 0.1 };
        for ratios in [vec![], vec![Some(1.05)], vec![Some(f64::NAN)]] {
            assert_eq!(Rule::MaxRatio.compute_legacy(&outside, ratios.clone()), 200);
            assert_eq!(Rule::MaxRatio.compute(&outside, ratios, false).count, 100);
        }
        assert_eq!(Rule::MaxRatio.compute_legacy(&outside, [Some(2.0)]), 100);
        assert_eq!(Rule::WeightedRatio(vec![0.0]).compute_legacy(&outside, [Some(2.0)]), 200);
    }

    #[test]
    fn names_lead_to_rules_and_back() {
        for name in Rule::NAMES {
            assert_eq!(Rule::named(name, &[1.0]).map(|rule| rule.name()), Some(name));
        }
        assert!(Rule::NAMES.is_sorted());
        assert_eq!(Rule::named("maxratio", &[]), None);
        assert_eq!((effective_min(0), effective_min(3), effective_min(-1)), (1, 3, -1));
    }

    proptest! {
        #[test]
        fn a_larger_ratio_never_means_fewer(
            which in 0..3_usize, n in 0_i64..500, ratios in prop::collection::vec(0.0..5.0, 1..5), more in 0.0..3.0,
            hold: bool,
        ) {
            let rule = &RULES[which];
            let count = |ratios: &[f64]| rule.compute(&scope(n), ratios.iter().copied().map(Some), hold).count;
            let mut raised = ratios.clone();
            raised[0] += more;
            prop_assert!(count(&ratios) <= count(&raised));
        }

        #[test]
        fn every_input_gives_a_count_within_bounds(
            which in 0..3_usize, n: i64, ratios in prop::collection::vec(prop::option::of(any::<f64>()), 0..6),
            tolerance: f64, hold: bool,
        ) {
            let scope = Scope { current: n, min: 2, max: 70, tolerance };
            prop_assert!((2..=70).contains(&RULES[which].compute(&scope, ratios, hold).count));
        }
    }
}
