//! The algorithms, one wing per system, each named as its users know it. No wing imports another.

pub mod hpa;
