//! What the test programs share: the autoscalers that every law holds for, scripts of steps made from bytes, a small random
//! source, and the bodies of the fuzz targets. The tests themselves are the files beside this one.

#[path = "shared/bodies.rs"]
pub mod bodies;
#[path = "shared/bytes.rs"]
pub mod bytes;
#[path = "shared/facts.rs"]
pub mod facts;
#[path = "shared/script.rs"]
pub mod script;
#[path = "shared/subjects.rs"]
pub mod subjects;

pub use bodies::{fuzz_decisions, fuzz_exposition, fuzz_snapshots, fuzz_state};
pub use bytes::{Bytes, XorShift};
pub use facts::Facts;
pub use script::{Player, Script, Step, Then};
pub use subjects::{Law, Subject, subjects};
