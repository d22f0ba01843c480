//! Times of day: when a rule that is written in local time holds, and when that can next change. It knows zones and weekdays, not
//! replicas. Instants are read as Unix time here, whatever epoch a caller may use elsewhere.

mod daily;
mod zone;

pub use daily::{Daily, TimeOfDay, Weekdays};
pub use zone::{Local, Zone};
