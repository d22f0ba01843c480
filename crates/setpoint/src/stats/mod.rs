//! Distributions that decisions need.

mod normal;

pub use normal::{normal_quantile, normal_upper_tail};
