//! Active schedule hints as a floor under the count. Which hints are active is decided elsewhere; this room takes their targets in the order
//! in which they are configured.
//!
//! Source: `BudEcosystem/scaler`, `pkg/controller/budaiscaler/algorithm/budscaler.go` and `prediction/predictor.go`, commit
//! `79bffc5e9778ab80a20c5e0a6d39d9e780750122`. Ours: [`Overlap::Largest`].

/// Which of several active hints counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Overlap {
    /// The first in the order in which they are configured, upstream's way.
    #[default]
    First,
    /// The one with the largest target; of equal ones the first.
    Largest,
}

/// The hint that counts, as its place among the active ones and its target.
///
/// ```
/// use setpoint::bud::hint::{Overlap, in_force};
/// assert_eq!(in_force(Overlap::First, [5, 10]), Some((0, 5)));
/// assert_eq!(in_force(Overlap::Largest, [5, 10]), Some((1, 10)));
/// assert_eq!(in_force(Overlap::First, []), None);
/// ```
pub fn in_force(overlap: Overlap, targets: impl IntoIterator<Item = i64>) -> Option<(usize, i64)> {
    let mut active = targets.into_iter().enumerate();
    let first = active.next()?;
    Some(match overlap {
        Overlap::First => first,
        Overlap::Largest => active.fold(first, |best, next| if next.1 > best.1 { next } else { best }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_of_overlapping_hints_or_the_first() {
        let hints = [5, 40, 40, 3];
        assert_eq!(in_force(Overlap::First, hints), Some((0, 5)));
        assert_eq!(in_force(Overlap::Largest, hints), Some((1, 40)));
        assert_eq!(in_force(Overlap::Largest, [0]), Some((0, 0)));
        assert_eq!(in_force(Overlap::Largest, []), None);
    }
}
