//! The starting gate: no growth while many replicas are still on their way. Reductions pass.
//!
//! Source: `BudEcosystem/scaler`, `pkg/controller/budaiscaler/algorithm/algorithm.go`, commit
//! `79bffc5e9778ab80a20c5e0a6d39d9e780750122`. Repaired: the share is compared in whole numbers, where upstream reads 29 of 100 as 28 %.

/// When growth waits for replicas that are starting.
///
/// | setting | default | range | unit |
/// |---|---|---|---|
/// | `max_starting` | 0, off | | replicas |
/// | `max_percent` | 50 | 0 (off) to 100 | percent of those that are ready or starting |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StartingGate {
    /// So many starting replicas close the gate.
    pub max_starting: i64,
    /// Such a share of starting replicas closes the gate.
    pub max_percent: i64,
}

impl Default for StartingGate {
    fn default() -> Self {
        Self { max_starting: 0, max_percent: 50 }
    }
}

impl StartingGate {
    /// Whether growth has to wait: a limit that is reached closes the gate.
    ///
    /// ```
    /// let gate = setpoint::bud::StartingGate { max_starting: 0, max_percent: 29 };
    /// assert!(gate.is_closed(71, 29));
    /// assert!(!gate.is_closed(72, 28));
    /// ```
    #[must_use]
    pub fn is_closed(&self, ready: i64, starting: i64) -> bool {
        let wide = i128::from;
        let all = wide(ready) + wide(starting);
        self.max_starting > 0 && starting >= self.max_starting
            || self.max_percent > 0 && all > 0 && 100 * wide(starting) >= wide(self.max_percent) * all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_reached_closes_the_gate_and_zero_is_none() {
        let closed = |max_starting, max_percent, ready, starting| {
            StartingGate { max_starting, max_percent }.is_closed(ready, starting)
        };
        assert!(closed(3, 0, 100, 3) && !closed(3, 0, 100, 2));
        assert!(closed(0, 50, 5, 5) && !closed(0, 50, 6, 5));
        assert!(!closed(0, 0, 0, 9) && !closed(0, 50, 0, 0));
        assert!(closed(i64::MAX, 100, 0, i64::MAX) && !closed(0, i64::MAX, i64::MAX, i64::MAX));
    }
}
