//! The algorithms, one wing per upstream system, named after it.

pub mod kpa;
