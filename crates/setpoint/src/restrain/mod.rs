//! Restraints that go with any recommender: each takes a count and gives another, with the reason where they differ.

mod cooldown;
mod limit;
mod rate;
mod stabilization;

pub use cooldown::{Cooldown, CooldownSince};
pub use limit::{Ceiling, Floor, WithinBounds, ZeroOr};
pub use rate::RateLimit;
pub use stabilization::Stabilization;
