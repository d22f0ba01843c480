//! Memory of bounded size over recent time: averages over buckets, extremes of records and of step functions, snapshots;
//! and the difference of two histograms.
//! Each window takes the time as an argument and says on its own page what it does with late samples.

mod grid;

pub mod bucketed;
pub mod extremum;
pub mod fresh;
pub mod histogram;
pub mod latest;
pub mod line;
pub mod moments;
pub mod record;
pub mod snapshots;

pub use bucketed::{Average, Bucketed};
pub use extremum::MaxWindow;
pub use fresh::Width;
pub use histogram::Histogram;
pub use latest::LatestBuckets;
pub use line::LineWindow;
pub use moments::{MomentWindow, Moments};
pub use record::{Extreme, RecordWindow};
pub use snapshots::SnapshotWindow;
