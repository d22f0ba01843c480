//! The hourly budget as a ceiling on the count. Prices and bills are the caller's; this room compares them.
//!
//! Source: `BudEcosystem/scaler`, `pkg/controller/budaiscaler/algorithm/budscaler.go`, commit
//! `79bffc5e9778ab80a20c5e0a6d39d9e780750122`. Repaired: an absent budget is none, where upstream obeys it as a budget of 0, and what is
//! affordable is rounded down with a guard, so that 0.3 buys three replicas at 0.1.

use crate::rounding::snap_floor;

/// The bill, in one currency throughout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// What the workload costs now, per hour.
    pub current_per_hour: f64,
    /// What it may cost, per hour; 0, less, and NaN are no budget.
    pub budget_per_hour: f64,
    /// What one replica costs, per hour.
    pub replica_per_hour: f64,
}

/// The most replicas of `desired` that the budget allows, where `current` replicas run. One replica is always allowed, and so is the
/// present count while the bill is within the budget. Without a budget, a bill or a price, `desired`.
///
/// ```
/// use setpoint::bud::cost::{Cost, ceiling};
/// let cost = Cost { current_per_hour: 8.0, budget_per_hour: 13.0, replica_per_hour: 2.0 };
/// assert_eq!(ceiling(4, 10, cost), 6);
/// assert_eq!(ceiling(4, 10, Cost { current_per_hour: 14.0, ..cost }), 6);
/// ```
#[must_use]
pub fn ceiling(current: i64, desired: i64, cost: Cost) -> i64 {
    let Cost { current_per_hour: bill, budget_per_hour: budget, replica_per_hour: price } = cost;
    if budget.is_nan() || budget <= 0.0 || !bill.is_finite() || !price.is_finite() {
        return desired;
    }
    if bill > budget && price > 0.0 {
        let affordable = snap_floor(budget / price).unwrap_or(desired).max(1);
        if affordable < desired {
            return affordable;
        }
    }
    let more = desired.saturating_sub(current);
    if more > 0 && bill + more as f64 * price > budget {
        if !(budget - bill > 0.0 && price > 0.0) {
            return current;
        }
        let affordable = snap_floor((budget - bill) / price).map_or(desired, |n| current.saturating_add(n));
        return desired.min(affordable);
    }
    desired
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(bill: f64, budget: f64, price: f64) -> Cost {
        Cost { current_per_hour: bill, budget_per_hour: budget, replica_per_hour: price }
    }

    #[test]
    fn growth_stops_at_the_last_affordable_replica() {
        assert_eq!(ceiling(4, 10, cost(8.0, 20.0, 2.0)), 10);
        assert_eq!(ceiling(4, 10, cost(8.0, 19.9, 2.0)), 9);
        assert_eq!(ceiling(4, 10, cost(8.0, 8.0, 2.0)), 4);
        assert_eq!(ceiling(4, 3, cost(8.0, 8.0, 2.0)), 3);
    }

    #[test]
    fn over_budget_shrinks_to_what_is_affordable_but_not_to_nothing() {
        assert_eq!(ceiling(6, 6, cost(12.0, 7.0, 2.0)), 3);
        assert_eq!(ceiling(6, 2, cost(12.0, 7.0, 2.0)), 2);
        assert_eq!(ceiling(6, 6, cost(12.0, 1.0, 2.0)), 1);
    }

    #[test]
    fn division_has_a_guard() {
        assert_eq!(ceiling(4, 4, cost(0.4, 0.3, 0.1)), 3);
        assert_eq!(ceiling(1, 4, cost(0.1, 0.4, 0.1)), 4);
    }

    #[test]
    fn without_a_budget_a_bill_or_a_price_nothing_is_held() {
        for budget in [0.0, -1.0, f64::NAN] {
            assert_eq!(ceiling(4, 10, cost(8.0, budget, 2.0)), 10);
        }
        for odd in [f64::NAN, f64::INFINITY] {
            assert_eq!(ceiling(4, 10, cost(odd, 9.0, 2.0)), 10);
            assert_eq!(ceiling(4, 10, cost(8.0, 9.0, odd)), 10);
        }
        assert_eq!(ceiling(4, 10, cost(8.0, 9.0, 0.0)), 10);
        assert_eq!(ceiling(4, 10, cost(10.0, 9.0, 0.0)), 4);
    }
}
