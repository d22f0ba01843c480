//! A revision's configuration for users of this library: typed, with the platform's defaults and ranges, and one check for
//! all of it. The platform's own texts are read in [`super::settings`] and [`super::annotations`].

use super::apply::{ACTIVATION_SLACK, Reachability, Rules};
use super::reading::{Collector, Metric, NonFinite, Reading};
use super::scale::Spec;
use super::scaler::Scaler;
use super::settings::{MIN_TARGET, check, is_burst, is_window, panic_window};
use crate::error::ConfigError;
use crate::rounding::MAX_COUNT;
use crate::time::Timestamp;
use crate::window::Average;
use core::time::Duration;

/// The configuration of one revision.
///
/// | parameter | default | range | unit |
/// |---|---|---|---|
/// | `metric` | concurrency | | |
/// | `target` | 100 (concurrency), 200 (rps) | at least 0.01, with the utilization too | load per pod |
/// | `utilization` | 0.7 | more than 0, at most 1 | ratio |
/// | `average` | linear | | |
/// | `stable_window` | 60 s | 6 s to 1 h | whole seconds |
/// | `panic_window_percentage` | 10 | 1 to 100 | percent of the stable window |
/// | `panic_threshold_percentage` | 200 | 110 to 1000 | percent of the ready pods |
/// | `max_scale_up_rate` | 1000 | more than 1, finite | factor per tick |
/// | `max_scale_down_rate` | 2 | more than 1, finite | factor per tick |
/// | `scale_down_delay` | 0 s | at least 0 | whole seconds |
/// | `follow_delay` | false | | whether an update changes the delay |
/// | `target_burst_capacity` | 211 | at least 0, or -1 for unlimited | load |
/// | `activation_scale` | 0 (none) | 0, or at least 2 and the minimum, at most the maximum | pods |
/// | `min_scale` | 0 | at most the maximum | pods |
/// | `max_scale` | 0 (none) | 0 to 2,147,483,647 | pods |
/// | `initial_scale` | 1 | 0 to 2,147,483,647 | pods |
/// | `enable_scale_to_zero` | true | | |
/// | `grace_period` | 30 s | more than 0 | whole milliseconds |
/// | `retention_period` | 0 s | at least 0 | whole milliseconds |
/// | `progress_deadline` | 600 s | at least 0 | whole milliseconds |
/// | `reachability` | unknown (counts as reachable) | | |
/// | `scrape_target` | true | | false: silence reads 0 |
/// | `non_finite` | refuse | | |
///
/// Source of defaults and ranges: `knative/serving` `pkg/autoscaler/config/config.go` and
/// `pkg/apis/autoscaling/annotation_validation.go` at commit `98e5ef90aa7033797aa0a61ef97f3ff7e49a3944`; rates and the delay
/// of a revision of its own are ours.
///
/// ```
/// use core::time::Duration;
/// use setpoint::algorithm::kpa::Config;
///
/// let config = Config::default().target(50.0).stable_window(Duration::from_secs(120));
/// config.check()?;
/// assert_eq!(config.spec().target_value, 35.0);
/// assert_eq!(Config::default().utilization(1.5).check().unwrap_err().field, "utilization");
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "serde_form::RawConfig", into = "serde_form::RawConfig"))]
pub struct Config {
    metric: Metric,
    target: Option<f64>,
    utilization: f64,
    average: Average,
    stable_window: Duration,
    panic_window_percentage: f64,
    panic_threshold_percentage: f64,
    max_scale_up_rate: f64,
    max_scale_down_rate: f64,
    scale_down_delay: Duration,
    follow_delay: bool,
    target_burst_capacity: f64,
    activation_scale: u32,
    min_scale: u32,
    max_scale: u32,
    initial_scale: u32,
    enable_scale_to_zero: bool,
    grace_period: Duration,
    retention_period: Duration,
    progress_deadline: Duration,
    reachability: Reachability,
    scrape_target: bool,
    non_finite: NonFinite,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            metric: Metric::Concurrency,
            target: None,
            utilization: 0.7,
            average: Average::Linear,
            stable_window: Duration::from_secs(60),
            panic_window_percentage: 10.0,
            panic_threshold_percentage: 200.0,
            max_scale_up_rate: 1000.0,
            max_scale_down_rate: 2.0,
            scale_down_delay: Duration::ZERO,
            follow_delay: false,
            target_burst_capacity: 211.0,
            activation_scale: 0,
            min_scale: 0,
            max_scale: 0,
            initial_scale: 1,
            enable_scale_to_zero: true,
            grace_period: Duration::from_secs(30),
            retention_period: Duration::ZERO,
            progress_deadline: Duration::from_secs(600),
            reachability: Reachability::Unknown,
            scrape_target: true,
            non_finite: NonFinite::Refuse,
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $name: $type) -> Self {
            self.$name = $name;
            self
        })*
    };
}

impl Config {
    setters! {
        /// Sets what the target is about.
        metric: Metric,
        /// Sets the share of the target to aim at, a ratio.
        utilization: f64,
        /// Sets how buckets become a reading. It takes effect for new windows only.
        average: Average,
        /// Sets the window of the slow reading, which is also how long panic lasts.
        stable_window: Duration,
        /// Sets the length of the window of the fast reading, in percent of the stable window.
        panic_window_percentage: f64,
        /// Sets from how many percent of the ready pods on the fast reading means panic.
        panic_threshold_percentage: f64,
        /// Sets the largest factor by which one tick may grow the count.
        max_scale_up_rate: f64,
        /// Sets the largest factor by which one tick may shrink the count.
        max_scale_down_rate: f64,
        /// Sets how long the largest count is held; fixed when the scaler is created, unless `follow_delay`.
        scale_down_delay: Duration,
        /// Sets whether [`Config::update`] changes the delay of a running scaler, which upstream does not.
        follow_delay: bool,
        /// Sets the load that must fit beside the present one; -1 for unlimited.
        target_burst_capacity: f64,
        /// Sets the smallest count for any load above 0; 0 for none.
        activation_scale: u32,
        /// Sets the smallest count while the revision is reachable.
        min_scale: u32,
        /// Sets the largest count; 0 for none.
        max_scale: u32,
        /// Sets the count to start with.
        initial_scale: u32,
        /// Sets whether the count may become 0.
        enable_scale_to_zero: bool,
        /// Sets how long the activator must have been in the path before the last pod goes.
        grace_period: Duration,
        /// Sets how long the last pod is kept.
        retention_period: Duration,
        /// Sets how long an activation may take, before 30 s of slack.
        progress_deadline: Duration,
        /// Sets whether a route points at the revision.
        reachability: Reachability,
        /// Sets whether there are pods to scrape; without, silence reads 0 instead of "no data".
        scrape_target: bool,
        /// Sets what becomes of readings that are no finite number.
        non_finite: NonFinite,
    }

    /// Sets the load that one pod can take; the default depends on the metric.
    #[must_use]
    pub fn target(mut self, target: f64) -> Self {
        self.target = Some(target);
        self
    }

    /// Checks every range of the table above.
    ///
    /// # Errors
    /// The first parameter that is out of its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        let target = self.total_value();
        check(target >= MIN_TARGET && target.is_finite(), "target", target, "finite, at least 0.01")?;
        check(
            self.utilization > 0.0 && self.utilization <= 1.0,
            "utilization",
            self.utilization,
            "more than 0, at most 1",
        )?;
        check(
            target * self.utilization >= MIN_TARGET,
            "target",
            target,
            "at least 0.01 after the utilization",
        )?;
        let window = format_args!("{:?}", self.stable_window);
        check(is_window(self.stable_window), "stable_window", window, "whole seconds from 6 s to 1 h")?;
        let percentage = self.panic_window_percentage;
        check((1.0..=100.0).contains(&percentage), "panic_window_percentage", percentage, "1 to 100")?;
        let percentage = self.panic_threshold_percentage;
        check(
            (110.0..=1000.0).contains(&percentage),
            "panic_threshold_percentage",
            percentage,
            "110 to 1000",
        )?;
        for (field, rate) in
            [("max_scale_up_rate", self.max_scale_up_rate), ("max_scale_down_rate", self.max_scale_down_rate)]
        {
            check(rate > 1.0 && rate.is_finite(), field, rate, "more than 1, finite")?;
        }
        let delay = self.scale_down_delay;
        check(delay.subsec_nanos() == 0, "scale_down_delay", format_args!("{delay:?}"), "whole seconds")?;
        let burst = self.target_burst_capacity;
        check(
            is_burst(burst) && burst.is_finite(),
            "target_burst_capacity",
            burst,
            "finite and at least 0, or -1",
        )?;
        for (field, span) in [
            ("grace_period", self.grace_period),
            ("retention_period", self.retention_period),
            ("progress_deadline", self.progress_deadline),
        ] {
            let whole = span.subsec_nanos().is_multiple_of(1_000_000);
            check(whole, field, format_args!("{span:?}"), "whole milliseconds")?;
        }
        check(!self.grace_period.is_zero(), "grace_period", "0 s", "more than 0")?;
        self.check_scales()
    }

    fn check_scales(&self) -> Result<(), ConfigError> {
        for (field, n) in [
            ("min_scale", self.min_scale),
            ("max_scale", self.max_scale),
            ("initial_scale", self.initial_scale),
            ("activation_scale", self.activation_scale),
        ] {
            check(i64::from(n) <= MAX_COUNT, field, n, "at most 2147483647")?;
        }
        let within_max = |n| self.max_scale == 0 || n <= self.max_scale;
        check(within_max(self.min_scale), "min_scale", self.min_scale, "at most max_scale")?;
        let activation = self.activation_scale;
        check(
            activation == 0 || (activation >= 2 && activation >= self.min_scale && within_max(activation)),
            "activation_scale",
            activation,
            "0, or at least 2 and min_scale, at most max_scale",
        )
    }

    fn total_value(&self) -> f64 {
        self.target.unwrap_or(match self.metric {
            Metric::Concurrency => 100.0,
            Metric::Rps => 200.0,
        })
    }

    /// The numbers of the decision. Nothing is checked.
    #[must_use]
    pub fn spec(&self) -> Spec {
        let total_value = self.total_value();
        Spec {
            target_value: (total_value * self.utilization).max(MIN_TARGET),
            total_value,
            target_burst_capacity: self.target_burst_capacity,
            panic_threshold: self.panic_threshold_percentage / 100.0,
            max_scale_up_rate: self.max_scale_up_rate,
            max_scale_down_rate: self.max_scale_down_rate,
            stable_window: self.stable_window,
            reachable: self.reachability.is_reachable(),
            activation_scale: i64::from(self.activation_scale),
            non_finite: self.non_finite,
        }
    }

    /// The settings of the last step. Nothing is checked.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            min_scale: i64::from(self.min_scale),
            max_scale: i64::from(self.max_scale),
            initial_scale: i64::from(self.initial_scale),
            reachability: self.reachability,
            enable_scale_to_zero: self.enable_scale_to_zero,
            stable_window: self.stable_window,
            activation_timeout: self.progress_deadline.saturating_add(ACTIVATION_SLACK),
            grace_period: self.grace_period,
            retention_period: self.retention_period,
            target_burst_capacity: self.target_burst_capacity,
        }
    }

    /// What the target is about.
    #[must_use]
    pub const fn scaling_metric(&self) -> Metric {
        self.metric
    }

    /// The scale-down delay.
    #[must_use]
    pub fn delay(&self) -> Duration {
        self.scale_down_delay
    }

    /// The first instant after `at` at which [`Config::read`] may answer differently without a new report.
    #[must_use]
    pub fn next_reading_change_at(&self, collector: &Collector, at: Timestamp) -> Option<Timestamp> {
        collector.next_change_at(self.metric, at)
    }

    /// A scaler for a revision that has `ready` ready pods at `now`.
    #[must_use]
    pub fn scaler(&self, now: Timestamp, ready: i64) -> Scaler {
        Scaler::new(now, ready, self.scale_down_delay)
    }

    /// Empty windows for the readings.
    ///
    /// # Errors
    /// If the windows have no length; none does that passes [`Config::check`].
    pub fn collector(&self) -> Result<Collector, ConfigError> {
        let panic = panic_window(self.stable_window, self.panic_window_percentage);
        Collector::new(self.stable_window, panic, self.average)
    }

    /// The reading of the scaling metric at `at`; `None` if there is no data.
    #[must_use]
    #[inline]
    pub fn read(&self, collector: &Collector, at: Timestamp) -> Option<Reading> {
        collector.read(self.metric, self.scrape_target, at)
    }

    /// Carries this configuration over to what was running under another one: the windows are resized as of `now` and keep
    /// their kind of average; the delay changes only with `follow_delay`. Everything else counts from the next tick on.
    ///
    /// # Errors
    /// If this configuration is refused by [`Config::check`]; nothing has changed then.
    pub fn update(
        &self,
        scaler: &mut Scaler,
        collector: &mut Collector,
        now: Timestamp,
    ) -> Result<(), ConfigError> {
        self.check()?;
        let panic = panic_window(self.stable_window, self.panic_window_percentage);
        collector.resize(self.stable_window, panic, now)?;
        if self.follow_delay {
            scaler.set_delay(self.scale_down_delay);
        }
        Ok(())
    }
}

#[cfg(feature = "serde")]
mod serde_form;
#[cfg(test)]
mod tests;
