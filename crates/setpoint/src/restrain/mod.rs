//! Restraints that go with any recommender: each takes a count and gives another, with the reason where they differ.

mod cooldown;
mod limit;

pub use cooldown::{Cooldown, CooldownSince};
pub use limit::{Ceiling, Floor, WithinBounds, ZeroOr};
