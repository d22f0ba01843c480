//! Distributions that decisions need, and queueing formulas.

mod erlang;
mod normal;

pub use erlang::{MultiServerQueue, erlang_b, erlang_c};
pub use normal::{normal_quantile, normal_upper_tail};
