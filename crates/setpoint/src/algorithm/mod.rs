//! One wing per system, each named as its users name it. No wing imports another.

pub mod aibrix;
pub mod bud;
pub mod fixed;
pub mod hpa;
pub mod kpa;
pub mod kthena;
pub mod kubeai;
pub mod threshold;

pub use threshold::gaussian;
