//! The adaptive strategy: the count in proportion to the average load per instance, outside a band around the target, and limited by
//! rates. Pure.
//!
//! Source of the rule: `vllm-project/aibrix`, `pkg/controller/podautoscaler/algorithm/apa.go`, commit
//! `e3e10f9e4aebe9aac5e7d992fb87d2648e01628b`. The order of the operations is part of it.

use super::evaluate::{Settings, counted, larger, smaller};
use crate::reason::aibrix::Rule;

/// The count that an average of `usage` per instance asks for at `current` replicas, before bounds.
///
/// With `q = usage / target`: above `1 + up tolerance` it is `min(ceil(current * q), ceil(rate * current))`, below `1 - down tolerance`
/// `max(ceil(current * q), floor(current / rate))`, else `current`. From zero it never leaves zero.
///
/// ```
/// use setpoint::aibrix::{Rule, Settings, apa};
/// let settings = Settings::default();
/// assert_eq!(apa(&settings, 4, Some(10.0), 12.0), (5, Rule::Up));
/// assert_eq!(apa(&settings, 4, Some(10.0), 50.0), (8, Rule::UpRate));
/// assert_eq!(apa(&settings, 4, Some(10.0), 10.5), (4, Rule::Kept));
/// assert_eq!(apa(&settings, 4, Some(10.0), 0.0), (2, Rule::DownRate));
/// ```
#[must_use]
pub fn apa(settings: &Settings, current: i64, target: Option<f64>, usage: f64) -> (i64, Rule) {
    let target = match target {
        Some(target) if target <= 0.0 => return (current, Rule::Untargeted),
        Some(target) => target,
        None => return (current, Rule::Untargeted),
    };
    let n = current as f64;
    let ratio = usage / target;
    if ratio > 1.0 + settings.scale_up_tolerance {
        let (wanted, most) = ((n * ratio).ceil(), (settings.max_scale_up_rate * n).ceil());
        let rule = if wanted > most { Rule::UpRate } else { Rule::Up };
        (counted(smaller(wanted, most), current), rule)
    } else if ratio < 1.0 - settings.scale_down_tolerance {
        let (wanted, least) = ((n * ratio).ceil(), (n / settings.max_scale_down_rate).floor());
        let rule = if wanted < least { Rule::DownRate } else { Rule::Down };
        (counted(larger(wanted, least), current), rule)
    } else {
        (current, Rule::Kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DEFAULT: Settings = Settings {
        max_scale_up_rate: 2.0,
        max_scale_down_rate: 2.0,
        scale_up_tolerance: 0.1,
        scale_down_tolerance: 0.1,
        panic_threshold: 2.0,
    };

    #[test]
    fn the_edges_of_the_band_are_inside() {
        // 11 / 10 is exactly 1 + 0.1 in doubles, 9 / 10 exactly 1 - 0.1.
        assert_eq!(apa(&DEFAULT, 10, Some(10.0), 11.0), (10, Rule::Kept));
        assert_eq!(apa(&DEFAULT, 10, Some(10.0), 9.0), (10, Rule::Kept));
        assert_eq!(apa(&DEFAULT, 10, Some(10.0), 11.000_001), (12, Rule::Up));
        assert_eq!(apa(&DEFAULT, 10, Some(10.0), 8.999_999), (9, Rule::Down));
    }

    #[test]
    fn zero_is_never_left_and_one_can_be_left() {
        assert_eq!(apa(&DEFAULT, 0, Some(10.0), 1e6).0, 0);
        assert_eq!(apa(&DEFAULT, 1, Some(10.0), 0.0).0, 0);
        assert_eq!(apa(&DEFAULT, 1, Some(10.0), 0.1), (1, Rule::Down));
    }

    #[test]
    fn a_rate_below_one_turns_growth_around() {
        let settings = Settings { max_scale_up_rate: 0.5, ..DEFAULT };
        assert_eq!(apa(&settings, 5, Some(10.0), 20.0), (3, Rule::UpRate));
    }

    #[test]
    fn without_a_target_or_a_number_nothing_moves() {
        for target in [None, Some(0.0), Some(-1.0), Some(f64::NEG_INFINITY)] {
            assert_eq!(apa(&DEFAULT, 7, target, 100.0), (7, Rule::Untargeted), "{target:?}");
        }
        assert_eq!(apa(&DEFAULT, 7, Some(f64::NAN), 100.0), (7, Rule::Kept));
        assert_eq!(apa(&DEFAULT, 7, Some(10.0), f64::NAN), (7, Rule::Kept));
        assert_eq!(apa(&DEFAULT, 0, Some(10.0), f64::INFINITY).0, 0, "zero times infinity is no number");
    }

    #[test]
    fn what_is_beyond_32_bits_saturates() {
        let settings = Settings { max_scale_up_rate: 1e300, ..DEFAULT };
        assert_eq!(apa(&settings, 7, Some(1.0), 1e300).0, i64::from(i32::MAX));
    }

    #[test]
    fn the_ratio_is_taken_before_the_product() {
        let settings = Settings { max_scale_up_rate: 100.0, ..DEFAULT };
        let ratio_first = |n: i64| (n as f64 * (1.3_f64 / 0.7)).ceil() as i64;
        let product_first = |n: i64| ((n as f64 * 1.3_f64) / 0.7).ceil() as i64;
        assert!((1..200).any(|n| ratio_first(n) != product_first(n)), "the order can be told apart");
        for n in 1..200 {
            assert_eq!(apa(&settings, n, Some(0.7), 1.3).0, ratio_first(n));
        }
    }

    proptest! {
        #[test]
        fn more_load_never_means_fewer(current in 0_i64..500, a in 0.0_f64..100.0, b in 0.0_f64..100.0) {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            prop_assert!(apa(&DEFAULT, current, Some(10.0), low).0 <= apa(&DEFAULT, current, Some(10.0), high).0);
        }

        #[test]
        fn nothing_panics(
            current: i64, target: Option<f64>, usage: f64,
            a: f64, b: f64, c: f64, d: f64,
        ) {
            let settings = Settings {
                max_scale_up_rate: a, max_scale_down_rate: b,
                scale_up_tolerance: c, scale_down_tolerance: d, panic_threshold: 2.0,
            };
            let _ = apa(&settings, current, target, usage);
        }
    }
}
