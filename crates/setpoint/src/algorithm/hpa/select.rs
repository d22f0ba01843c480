//! One count out of the proposals of several metrics: the largest, unless a metric that could not be read might have
//! asked for more than the others do.
//!
//! Source: Kubernetes, `computeReplicasForMetrics` in `pkg/controller/podautoscaler/horizontal.go`, commit `a769d588`.

/// The metric that was chosen, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Selected {
    /// Which of the metrics, counted from 0.
    pub metric: usize,
    /// Its proposal, raised to 0 where it was negative.
    pub desired: i64,
    /// Why the count would change.
    pub reason: RescaleReason,
    /// How many metrics failed; the step goes on, and this is to be reported.
    pub failed: u32,
}

/// No count: all metrics failed, or some failed and the others ask for less than there is, or there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{failed} of {metrics} metrics could not be read")]
pub struct NoSelection {
    /// How many metrics failed.
    pub failed: u32,
    /// How many metrics there are.
    pub metrics: u32,
}

/// Why a count changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RescaleReason {
    /// It was above the maximum.
    AboveMax,
    /// It was below the minimum.
    BelowMin,
    /// The chosen metric asked for more.
    MetricAboveTarget,
    /// All metrics asked for less.
    AllMetricsBelowTarget,
    /// The chosen metric asked for what there was; memory or a bound moved the count.
    MemoryOrBound,
}

/// Chooses among `proposals` (`None`: the metric failed), in the order of the metrics. The first of equal ones wins,
/// except that a 0 gives way to whatever follows it.
///
/// ```
/// use setpoint::hpa::select;
/// let selected = select(5, [Some(3), Some(8), None])?;
/// assert_eq!((selected.metric, selected.desired, selected.failed), (1, 8, 1));
/// assert!(select(5, [Some(4), None]).is_err()); // the one that failed might have asked for 9
/// # Ok::<(), setpoint::hpa::NoSelection>(())
/// ```
///
/// # Errors
/// If no count can be chosen safely; the step ends there, and nothing is recorded.
pub fn select(
    current: i64,
    proposals: impl IntoIterator<Item = Option<i64>>,
) -> Result<Selected, NoSelection> {
    let (mut best, mut chosen, mut failed, mut metrics) = (0, None, 0, 0);
    for (i, proposal) in proposals.into_iter().enumerate() {
        metrics += 1;
        match proposal {
            None => failed += 1,
            Some(n) if best == 0 || n > best => (best, chosen) = (n, Some(i)),
            Some(_) => {}
        }
    }
    match chosen {
        Some(metric) if failed == 0 || best >= current => {
            let desired = best.max(0);
            let reason = match desired.cmp(&current) {
                core::cmp::Ordering::Greater => RescaleReason::MetricAboveTarget,
                core::cmp::Ordering::Less => RescaleReason::AllMetricsBelowTarget,
                core::cmp::Ordering::Equal => RescaleReason::MemoryOrBound,
            };
            Ok(Selected { metric, desired, reason, failed })
        }
        _ => Err(NoSelection { failed, metrics }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equals_wins_but_a_zero_gives_way() {
        assert_eq!(select(1, [Some(4), Some(4)]).unwrap().metric, 0);
        assert_eq!(select(1, [Some(0), Some(0)]).unwrap().metric, 1);
        assert_eq!(select(1, [Some(3), Some(0)]).unwrap().metric, 0);
    }

    #[test]
    fn negative_proposals_are_compared_as_they_are_and_raised_afterwards() {
        let got = select(2, [Some(-5), Some(-3), Some(-4)]).unwrap();
        assert_eq!((got.metric, got.desired, got.reason), (1, 0, RescaleReason::AllMetricsBelowTarget));
        // A negative first, then a 0, then a negative one again, which replaces the 0.
        assert_eq!(select(2, [Some(-5), Some(0), Some(-3)]).unwrap().metric, 2);
        // With a failed metric the raw number is compared: -1 is less than 0 replicas.
        assert!(select(0, [Some(-1), None]).is_err());
    }

    #[test]
    fn a_failed_metric_vetoes_less_but_neither_more_nor_the_same() {
        assert_eq!(select(5, [Some(4), None]), Err(NoSelection { failed: 1, metrics: 2 }));
        assert_eq!(select(5, [None, Some(5)]).unwrap().failed, 1);
        assert_eq!(select(5, [None, Some(6)]).unwrap().reason, RescaleReason::MetricAboveTarget);
        assert_eq!(select(5, [None, None]), Err(NoSelection { failed: 2, metrics: 2 }));
        assert_eq!(select(5, []), Err(NoSelection { failed: 0, metrics: 0 }));
    }
}
