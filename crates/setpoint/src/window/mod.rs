//! Memory of measurements over time: averages over buckets, maxima, and what else looks back. Each window takes the
//! time as an argument and says on its own page what it does with late samples.

mod grid;

pub mod bucketed;
pub mod extremum;

pub use bucketed::{Average, Bucketed};
pub use extremum::MaxWindow;
