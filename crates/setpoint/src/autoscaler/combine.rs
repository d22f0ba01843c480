//! Several opinions become one count. One rule holds for all ways of combining: where a recommender failed, the count never
//! goes below what there is now, because unknown load is not low load. Source: the HPA's rule for failed metrics
//! (kubernetes/kubernetes, `pkg/controller/podautoscaler/horizontal.go`), made general.

use crate::error::ConfigError;
use crate::rounding::{self, MAX_COUNT};
use crate::stage::{Opinion, Part};

/// How opinions are combined. Recommenders that abstain or fail have no weight.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Combine {
    /// The largest; of equal ones the first, except that a 0 gives way to the next. Never below 0.
    #[default]
    Largest,
    /// The smallest; of equal ones the first. Never below 0.
    Smallest,
    /// The first recommender with an opinion.
    First,
    /// The mean by these weights, one per recommender, rounded up with the snap of [`rounding::snap_ceil`].
    Weighted(Vec<f64>),
    /// The largest after each opinion was cut to its own cap, one per recommender; `None` is no cap.
    Capped(Vec<Option<u32>>),
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Combined {
    Took { stage: Option<u16>, count: i64 },
    Hold { failed: u16 },
}

impl Combine {
    /// Checks the weights and caps against the number of recommenders.
    pub(crate) fn check(&self, recommenders: usize) -> Result<(), ConfigError> {
        let expect = |field: &'static str, got: usize| {
            if got == recommenders {
                Ok(())
            } else {
                Err(ConfigError::new(field, got, format!("one per recommender ({recommenders})")))
            }
        };
        match self {
            Self::Weighted(weights) => {
                expect("weights", weights.len())?;
                match weights.iter().find(|w| !(w.is_finite() && **w > 0.0)) {
                    Some(bad) => Err(ConfigError::new("weights", bad, "finite numbers above 0")),
                    None => Ok(()),
                }
            }
            Self::Capped(caps) => {
                expect("caps", caps.len())?;
                match caps.iter().flatten().find(|cap| i64::from(**cap) > MAX_COUNT) {
                    Some(bad) => Err(ConfigError::new("caps", bad, "0 to 2147483647")),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Combines what the recommenders said; `parts` holds theirs first.
    pub(crate) fn combine(&self, parts: &[Part], current: i64) -> Combined {
        let mut failed: u16 = 0;
        let mut best: Option<(u16, i64)> = None;
        let mut sum = 0.0;
        let mut weight = 0.0;
        for (i, part) in (0_u16..).zip(parts) {
            let n = match part {
                Part::Said { opinion: Opinion::Want(n) } => *n,
                Part::Said { opinion: Opinion::Failed(_) } => {
                    failed = failed.saturating_add(1);
                    continue;
                }
                _ => continue,
            };
            match self {
                Self::Largest => {
                    if best.is_none_or(|(_, b)| b == 0 || n > b) {
                        best = Some((i, n));
                    }
                }
                Self::Smallest => {
                    if best.is_none_or(|(_, b)| n < b) {
                        best = Some((i, n));
                    }
                }
                Self::First => {
                    if best.is_none() {
                        best = Some((i, n));
                    }
                }
                Self::Weighted(weights) => {
                    let w = weights.get(usize::from(i)).copied().unwrap_or(1.0);
                    sum += w * n as f64;
                    weight += w;
                }
                Self::Capped(caps) => {
                    let cap = caps.get(usize::from(i)).copied().flatten();
                    let n = cap.map_or(n, |cap| n.min(i64::from(cap)));
                    if best.is_none_or(|(_, b)| n > b) {
                        best = Some((i, n));
                    }
                }
            }
        }
        let (stage, count) = match (self, best) {
            (Self::Weighted(_), _) if weight > 0.0 => match rounding::snap_ceil(sum / weight) {
                Some(count) => (None, count),
                None => return Combined::Hold { failed },
            },
            (_, Some((stage, count))) => (Some(stage), count),
            (_, None) => return Combined::Hold { failed },
        };
        if failed > 0 && count < current {
            return Combined::Hold { failed };
        }
        Combined::Took { stage, count: count.max(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Failure;

    fn said(opinions: &[Opinion]) -> Vec<Part> {
        opinions.iter().map(|opinion| Part::Said { opinion: *opinion }).collect()
    }

    fn count(rule: &Combine, opinions: &[Opinion], current: i64) -> Option<(Option<u16>, i64)> {
        match rule.combine(&said(opinions), current) {
            Combined::Took { stage, count } => Some((stage, count)),
            Combined::Hold { .. } => None,
        }
    }

    const BROKEN: Opinion = Opinion::Failed(Failure::MissingMetric);

    #[test]
    fn each_rule_takes_what_it_says() {
        use Opinion::{Abstain, Want};
        let three = [Want(4), Want(9), Want(9)];
        assert_eq!(count(&Combine::Largest, &three, 1), Some((Some(1), 9)));
        assert_eq!(count(&Combine::Smallest, &three, 1), Some((Some(0), 4)));
        assert_eq!(count(&Combine::First, &[Abstain, Want(3), Want(9)], 1), Some((Some(1), 3)));
        assert_eq!(count(&Combine::Weighted(vec![3.0, 1.0]), &[Want(4), Want(9)], 1), Some((None, 6)));
        assert_eq!(count(&Combine::Weighted(vec![3.0, 1.0]), &[Abstain, Want(9)], 1), Some((None, 9)));
        let caps = Combine::Capped(vec![None, Some(5)]);
        assert_eq!(count(&caps, &[Want(4), Want(9)], 1), Some((Some(1), 5)));
    }

    #[test]
    fn a_zero_gives_way_and_a_negative_count_becomes_zero() {
        use Opinion::Want;
        assert_eq!(count(&Combine::Largest, &[Want(0), Want(-3)], 0), Some((Some(1), 0)));
        assert_eq!(count(&Combine::Largest, &[Want(0), Want(0)], 0), Some((Some(1), 0)));
        assert_eq!(count(&Combine::Smallest, &[Want(-3)], 0), Some((Some(0), 0)));
    }

    #[test]
    fn a_failure_never_lets_the_fleet_shrink() {
        use Opinion::Want;
        for rule in [Combine::Largest, Combine::Smallest, Combine::First, Combine::Weighted(vec![1.0, 1.0])] {
            assert_eq!(count(&rule, &[BROKEN, Want(3)], 4), None, "{rule:?}");
            assert_eq!(count(&rule, &[BROKEN, Want(4)], 4).map(|(_, n)| n), Some(4), "{rule:?}");
            assert_eq!(rule.combine(&said(&[BROKEN, BROKEN]), 4), Combined::Hold { failed: 2 }, "{rule:?}");
        }
    }

    #[test]
    fn weights_and_caps_are_checked() {
        assert_eq!(Combine::Weighted(vec![1.0]).check(2).unwrap_err().field, "weights");
        assert!(Combine::Weighted(vec![0.0, 1.0]).check(2).is_err());
        assert!(Combine::Weighted(vec![f64::NAN, 1.0]).check(2).is_err());
        assert_eq!(Combine::Capped(vec![]).check(1).unwrap_err().field, "caps");
        assert!(Combine::Capped(vec![Some(u32::MAX)]).check(1).is_err());
    }
}
