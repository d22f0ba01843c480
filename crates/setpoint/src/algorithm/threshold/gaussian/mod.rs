//! The Gaussian probability model: utilization as a normal distribution, and the threshold rule on its upper quantile.
//!
//! Source: document 001 of this project, an article on elastic scaling of AI systems. It stands inside the threshold's wing
//! because it is the same rule, on another reading. The article's own formulas are kept as [`literal`], for study.
//!
//! ```
//! use core::time::Duration;
//! use setpoint::{Autoscaler, Bounds, Snapshot, Timestamp, gaussian, threshold::Thresholds};
//!
//! let (bounds, band) = (Bounds::new(1, 20)?, Thresholds::new(0.4, 0.8)?);
//! let mut scaler = Autoscaler::gaussian(gaussian::Config::window(bounds, band, "cpu", Duration::from_secs(300)))?;
//! let seen = |at, cpu: f64| Snapshot::at(Timestamp::from_secs(at)).replicas(10).value("cpu", cpu);
//! assert_eq!(scaler.decide(&seen(0, 0.7)?).replicas(), 10); // one sample has no variance
//! assert_eq!(scaler.decide(&seen(15, 0.9)?).replicas(), 13); // 0.8 on average, but with a deviation of 0.14
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod config;
pub mod model;
mod stage;

pub use config::{Checked, Config, Source};
pub use model::{Literal, Model, Overload, literal, proportional};
pub use stage::Recommender;
