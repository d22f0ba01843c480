//! Memory of bounded size over recent time.

pub mod fresh;
pub mod line;
pub mod record;
pub mod snapshots;

pub use fresh::Width;
pub use line::LineWindow;
pub use record::{Extreme, RecordWindow};
pub use snapshots::SnapshotWindow;
