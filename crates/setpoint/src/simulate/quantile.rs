//! Weighted quantiles by nearest rank: the smallest value whose cumulative weight reaches `q` times the total. Most bins of a run
//! have no wait, so zeros are a single weight and only the others are kept. Source: `docs/simulation.md`.

/// Values with weights; a run adds to it, a report asks.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Weighted {
    zero: f64,
    positive: Vec<(f64, f64)>,
}

impl Weighted {
    /// Adds `weight` to the value `value`, which is not negative.
    #[inline]
    pub(super) fn add(&mut self, value: f64, weight: f64) {
        if value > 0.0 {
            if weight > 0.0 {
                self.positive.push((value, weight));
            }
        } else {
            self.zero += weight;
        }
    }

    /// The quantiles, one per `q` of the ascending list `qs`; all 0 where there is no weight.
    pub(super) fn quantiles<const N: usize>(mut self, qs: [f64; N]) -> [f64; N] {
        self.positive.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total = self.positive.iter().fold(self.zero, |sum, (_, weight)| sum + weight);
        let mut found = [0.0; N];
        let mut reached = self.zero;
        let mut values = self.positive.iter();
        let mut value = 0.0;
        for (q, found) in qs.into_iter().zip(&mut found) {
            while reached < q * total {
                let Some((next, weight)) = values.next() else { break };
                value = *next;
                reached += weight;
            }
            *found = value;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(f64, f64)]) -> Weighted {
        let mut weighted = Weighted::default();
        for (value, weight) in pairs {
            weighted.add(*value, *weight);
        }
        weighted
    }

    #[test]
    fn nearest_rank_takes_the_smallest_value_that_reaches_the_share() {
        let weighted = of(&[(10.0, 1.0), (30.0, 1.0), (20.0, 1.0), (40.0, 1.0)]);
        assert_eq!(
            weighted.clone().quantiles([0.25, 0.26, 0.5, 0.75, 0.76, 1.0]),
            [10.0, 20.0, 20.0, 30.0, 40.0, 40.0]
        );
        assert_eq!(of(&[(0.0, 95.0), (7.0, 5.0)]).quantiles([0.5, 0.95, 0.951]), [0.0, 0.0, 7.0]);
    }

    #[test]
    fn weights_count_and_values_without_weight_do_not() {
        assert_eq!(of(&[(5.0, 0.0), (1.0, 1.0)]).quantiles([0.5, 1.0]), [1.0, 1.0]);
        assert_eq!(of(&[]).quantiles([0.5, 0.99]), [0.0, 0.0]);
        assert_eq!(of(&[(f64::INFINITY, 1.0), (2.0, 99.0)]).quantiles([0.99, 0.991]), [2.0, f64::INFINITY]);
    }
}
