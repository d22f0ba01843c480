//! One wing per system. No wing imports another.

pub mod kthena;
pub mod threshold;
