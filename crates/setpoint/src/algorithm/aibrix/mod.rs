//! The AIBrix pod autoscaler, strategies APA and KPA: bounds by time of day, windows of averages, the algorithm for each metric, the
//! largest count, cooldown, bounds again. It fetches no metric and produces no objects.
//!
//! Source of the rules: `vllm-project/aibrix`, `pkg/controller/podautoscaler/**` and `pkg/utils/paschedules/schedules.go`, commit
//! `e3e10f9e4aebe9aac5e7d992fb87d2648e01628b`.
//!
//! One cycle, in upstream's order (its period is 10 s):
//!
//! 1. [`Agenda::at`] tells the bounds that hold now, and [`gate`] whether the count is decided by them alone.
//! 2. [`from_instances`] and [`from_outside`] turn what was measured into one average per metric; [`Windows::record`] remembers it.
//! 3. [`evaluate`] makes a count of each metric's [`Load`], [`clamp`] holds it to the bounds, the largest wins.
//! 4. [`History::settle`] lets earlier recommendations take its place, and the bounds come last.
//!
//! The third strategy, HPA, computes nothing: it stands for a Kubernetes autoscaler, which here is
//! [`Autoscaler::hpa`](crate::Autoscaler::hpa). The project's page on AIBrix shows how its settings translate.
//!
//! ```
//! use setpoint::aibrix::{Load, Settings, Strategy, evaluate};
//! let load = Load { stable: 15.0, panic: 15.0 };
//! // Five instances at 1.5 times their target: APA multiplies by the five, KPA takes the average for a total.
//! assert_eq!(evaluate(Strategy::Apa, &Settings::default(), 5, Some(10.0), load).count, 8);
//! assert_eq!(evaluate(Strategy::Kpa, &Settings::default(), 5, Some(10.0), load).count, 2);
//! ```

mod agenda;
mod annotations;
mod apa;
mod collection;
pub mod config;
#[cfg(feature = "serde")]
mod document;
mod evaluate;
mod history;
mod kpa;
mod restraints;
mod stage;
mod status;
mod windows;

pub use crate::reason::aibrix::{Mode, Rule};
pub use agenda::{Agenda, Effective, Gate, Schedule, gate};
pub use apa::apa;
pub use collection::{Collected, average, from_instances, from_outside};
pub use config::{Checked, Config, CooldownRule, EmptyWindow, KpaLoad, Metric, Source};
pub use evaluate::{Evaluated, Load, Settings, Strategy, clamp, evaluate};
pub use history::{History, Settled};
pub use kpa::{Kpa, Memory, kpa, mode};
pub use restraints::{BoundsByTime, Cooldown};
pub use stage::Recommender;
pub use status::Status;
pub use windows::Windows;
