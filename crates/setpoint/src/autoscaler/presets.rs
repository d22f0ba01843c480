//! Each upstream system as one call: the order of its stages.

use super::{Autoscaler, Builder};
use crate::algorithm::fixed::Fixed;
use crate::algorithm::{aibrix, bud, gaussian, hpa, kpa, kthena, kubeai, threshold};
use crate::behavior::Windows;
use crate::behavior::{self, Behavior};
use crate::error::ConfigError;
use crate::metric::Target;
use crate::replicas::Bounds;
use crate::restrain::{Cooldown, CooldownSince, RateLimit, Stabilization, WithinBounds};
use crate::rounding;

impl Autoscaler {
    /// A fleet of a fixed size: the baseline of every comparison.
    #[must_use]
    pub fn fixed(count: u32) -> Self {
        Self::builder().recommend(Fixed::new(count)).assemble()
    }

    /// The Kubernetes horizontal autoscaler: [`hpa`] metrics, the largest proposal, stabilization, rates and bounds.
    ///
    /// # Errors
    /// If a setting is outside its range.
    ///
    /// ```
    /// use core::time::Duration;
    /// use setpoint::{Autoscaler, Bounds, Snapshot, Target, Timestamp, hpa};
    /// let mut scaler = Autoscaler::hpa(
    ///     hpa::Config::new(Bounds::new(2, 10)?)
    ///         .target("cpu", Target::utilization(0.7)?)
    ///         .scale_down_window(Duration::from_secs(300)),
    /// )?;
    /// let usage = [0.95, 1.02, 0.98, 0.98]; // shares of what each instance requested
    /// let decision = scaler.decide(&Snapshot::at(Timestamp::from_secs(0)).replicas(4).samples("cpu", &usage)?);
    /// assert_eq!(decision.to_string(), "4 -> 6: cpu 0.98 of 0.7 wants 6");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hpa(config: hpa::Config) -> Result<Self, ConfigError> {
        let plan = config.plan()?;
        let builder = Self::hpa_rules(&plan.rules)?;
        let metrics = plan.metrics.iter().map(|metric| hpa::Recommender::new(&plan, metric));
        Ok(metrics.fold(builder, Builder::recommend).assemble())
    }

    /// Everything of a Kubernetes autoscaler but its metrics, for recommenders of the caller's own: bounds and scale to zero before them, then the largest
    /// proposal, stabilization, rates and bounds after them.
    ///
    /// # Errors
    /// If the bounds contradict each other.
    pub fn hpa_rules(rules: &hpa::StepRules) -> Result<Builder, ConfigError> {
        let bounds = Bounds::new(rounding::to_replicas(rules.min), rounding::to_replicas(rules.max))?;
        let rate = rules.behavior.clone().map_or_else(RateLimit::doubling, RateLimit::by);
        Ok(Self::builder()
            .recommend(hpa::Gatekeeper::new(rules.clone()))
            .restrain(Stabilization::by(rules.windows()))
            .restrain(rate)
            .restrain(WithinBounds::new(bounds).unless_held()))
    }

    /// The Knative autoscaler: the decision of [`kpa`] from its stable and panic windows, then bounds, initial scale and scale to zero.
    ///
    /// # Errors
    /// If a setting is outside its range.
    ///
    /// ```
    /// use setpoint::{Autoscaler, Snapshot, Timestamp, kpa};
    /// let mut scaler = Autoscaler::kpa(kpa::Config::default().target(10.0).max_scale(20))?;
    /// let snapshot = Snapshot::at(Timestamp::from_secs(60)).replicas(1).value("concurrency", 35.0)?;
    /// assert_eq!(scaler.decide(&snapshot).replicas(), 5); // 35 requests, 7 for each instance
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn kpa(config: kpa::Config) -> Result<Self, ConfigError> {
        let last = kpa::LastStep::new(&config)?;
        Ok(Self::builder().recommend(kpa::Recommender::new(config)?).restrain(last).assemble())
    }

    /// Kthena's autoscaler for one target: the recommendation of [`kthena`], then its correction by panic mode, stabilization, pace
    /// and bounds.
    ///
    /// # Errors
    /// If a setting is outside its range.
    ///
    /// ```
    /// use setpoint::{Autoscaler, Bounds, Snapshot, Timestamp, kthena};
    /// let config = kthena::Config::new(Bounds::new(1, 20)?).target("concurrent_requests", 10.0);
    /// let mut scaler = Autoscaler::kthena(config)?;
    /// let snapshot = Snapshot::at(Timestamp::from_secs(60)).replicas(2).samples("concurrent_requests", &[31.0, 40.0])?;
    /// let decision = scaler.decide(&snapshot);
    /// assert_eq!(decision.replicas(), 6); // 71 requests want 8; at most 4 more, or twice as many, per minute
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn kthena(config: kthena::Config) -> Result<Self, ConfigError> {
        let config = config.check()?;
        let recommender = kthena::Recommender::new(&config)?;
        Ok(Self::builder().recommend(recommender).restrain(kthena::Corrector::new(&config)).assemble())
    }

    /// The AIBrix autoscaler, strategies APA and KPA: the largest of what the metrics of [`aibrix`] ask for within the bounds of the hour,
    /// then its cooldown and the bounds again.
    ///
    /// # Errors
    /// If a setting is outside its range.
    ///
    /// ```
    /// use setpoint::{Autoscaler, Bounds, Snapshot, Timestamp, aibrix};
    /// let config = aibrix::Config::new(aibrix::Strategy::Apa, Bounds::new(1, 20)?).metric("gpu_cache_usage_perc", 50.0);
    /// let mut scaler = Autoscaler::aibrix(config)?;
    /// let usage = [60.0, 80.0, 70.0];
    /// let decision = scaler.decide(&Snapshot::at(Timestamp::from_secs(0)).replicas(3).samples("gpu_cache_usage_perc", &usage)?);
    /// assert_eq!(decision.replicas(), 5); // three instances at 1.4 times their target
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn aibrix(config: aibrix::Config) -> Result<Self, ConfigError> {
        let config = config.check()?;
        Ok(Self::builder()
            .recommend(aibrix::Recommender::new(&config)?)
            .restrain(aibrix::Cooldown::new(&config))
            .restrain(aibrix::BoundsByTime::new(config.agenda().clone()))
            .assemble())
    }

    /// The KubeAI autoscaler: the algorithm of [`kubeai`] within its bounds, its behavior where there is one, and the cooldown last, as upstream:
    /// a count outside the bounds waits for it too.
    ///
    /// # Errors
    /// If a setting is outside its range or the algorithm is not a built-in one.
    ///
    /// ```
    /// use setpoint::{Autoscaler, Bounds, Snapshot, Timestamp, kubeai};
    /// let policy = kubeai::Config::new(Bounds::new(1, 20)?).gpu_utilization(80.0);
    /// let mut scaler = Autoscaler::kubeai(policy)?;
    /// let snapshot = |at, replicas| Snapshot::at(Timestamp::from_secs(at)).replicas(replicas);
    /// assert_eq!(scaler.decide(&snapshot(0, 4).value("gpu_utilization", 100.0)?).replicas(), 5);
    /// assert_eq!(scaler.decide(&snapshot(299, 5).value("gpu_utilization", 16.0)?).replicas(), 5);
    /// assert_eq!(scaler.decide(&snapshot(300, 5).value("gpu_utilization", 16.0)?).replicas(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn kubeai(config: kubeai::Config) -> Result<Self, ConfigError> {
        Self::kubeai_with(config, &kubeai::Registry::default(), &kubeai::Policy::default())
    }

    /// As [`kubeai`](Self::kubeai), with the algorithms of `registry`, built for `policy`.
    ///
    /// # Errors
    /// If a setting is outside its range or no algorithm has the configured name.
    pub fn kubeai_with(
        config: kubeai::Config,
        registry: &kubeai::Registry,
        policy: &kubeai::Policy,
    ) -> Result<Self, ConfigError> {
        let config = config.check()?;
        let (up, down, clock) = config.cooldowns();
        let cooldown = Cooldown::new(up, down).since(match clock {
            kubeai::CooldownClock::Shared => CooldownSince::AnyChange,
            kubeai::CooldownClock::PerDirection => CooldownSince::SameDirection,
        });
        let (bounds, behavior) = (config.bounds(), config.behavior().cloned());
        let builder = Self::builder().recommend(kubeai::Recommender::new(config, registry, policy)?);
        let builder = match behavior {
            Some(behavior) => builder
                .restrain(Stabilization::by(Windows::of(Some(&behavior), kubeai::DEFAULT_COOLDOWN)))
                .restrain(RateLimit::by(behavior))
                .bounds(bounds),
            None => builder,
        };
        Ok(builder.restrain(cooldown).assemble())
    }

    /// BudAIScaler by its strategy: with [`bud::Strategy::BudScaler`] the metrics, then GPUs, prediction, schedule hint, budget, bounds,
    /// policies, starting gate and cooldown; with [`bud::Strategy::Kpa`] the metrics, bounds, policies, gate and cooldown; with
    /// [`bud::Strategy::Hpa`] a Kubernetes autoscaler of the metrics that it can read. Inputs that are not configured have no stage.
    ///
    /// # Errors
    /// If a setting is outside its range; with [`bud::Strategy::Hpa`] also if no metric is left, or the Kubernetes autoscaler refuses it.
    ///
    /// ```
    /// use setpoint::{Autoscaler, Bounds, Snapshot, Timestamp, bud};
    /// let config = bud::Config::new(Bounds::new(2, 20)?).metric("gpu_cache_usage_perc", 70.0);
    /// let mut scaler = Autoscaler::bud(config)?;
    /// let snapshot = Snapshot::at(Timestamp::from_secs(0))
    ///     .replicas(4)
    ///     .value("gpu_cache_usage_perc", 84.0)?
    ///     .value(bud::facts::SCHEDULE_HINTS, 8.0)?;
    /// let decision = scaler.decide(&snapshot);
    /// assert_eq!(decision.replicas(), 8);
    /// assert!(decision.to_string().ends_with("gpu_cache_usage_perc decides: 5; schedule hint asks for 8"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bud(config: bud::Config) -> Result<Self, ConfigError> {
        let config = config.check()?;
        if config.strategy() == bud::Strategy::Hpa {
            return Self::hpa(bud_as_hpa(&config)?);
        }
        let plan = bud::Plan::new(&config)?;
        let rules = plan.rules();
        let step = |rule| bud::Step::new(rule, &plan);
        let mut builder = Self::builder().recommend(bud::Recommender::new(&plan));
        if config.strategy() == bud::Strategy::BudScaler {
            if rules.gpu.is_some() {
                builder = builder.restrain(step(bud::Rule::Gpu));
            }
            if rules.prediction.is_some() {
                builder = builder.restrain(step(bud::Rule::Prediction));
            }
            builder = builder.restrain(step(bud::Rule::Hint)).restrain(step(bud::Rule::Budget));
        }
        builder = builder
            .bounds(config.bounds())
            .restrain(bud::Pace::new(&plan))
            .restrain(step(bud::Rule::Gate))
            .restrain(Cooldown::new(rules.up_cooldown, rules.down_cooldown));
        if rules.enforce_bounds_last {
            builder = builder.bounds(config.bounds());
        }
        Ok(builder.assemble())
    }

    /// The utilization threshold of [`threshold`], within its bounds.
    ///
    /// # Errors
    /// If a setting is outside its range.
    ///
    /// ```
    /// use setpoint::{Autoscaler, Bounds, Snapshot, Timestamp, threshold};
    /// let band = threshold::Thresholds::new(0.4, 0.8)?;
    /// let mut scaler = Autoscaler::threshold(threshold::Config::new(Bounds::new(1, 20)?, band).resource("cpu"))?;
    /// let snapshot = Snapshot::at(Timestamp::from_secs(0)).replicas(10).value("cpu", 0.81)?;
    /// assert_eq!(scaler.decide(&snapshot).replicas(), 11);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn threshold(config: threshold::Config) -> Result<Self, ConfigError> {
        let config = config.check()?;
        let bounds = config.bounds();
        let literal = config.variant() == threshold::Variant::Literal;
        let builder = Self::builder().recommend(threshold::Recommender::new(config)?);
        Ok(if literal { builder.assemble() } else { builder.bounds(bounds).assemble() })
    }

    /// The Gaussian rule of [`gaussian`], within its bounds: the threshold on what utilization exceeds with a small probability.
    ///
    /// # Errors
    /// If a setting is outside its range.
    ///
    /// ```
    /// use setpoint::{Autoscaler, Bounds, Snapshot, Timestamp, gaussian, threshold};
    /// let band = threshold::Thresholds::new(0.4, 0.8)?;
    /// let mut scaler = Autoscaler::gaussian(gaussian::Config::values(Bounds::new(1, 20)?, band, "mean", "deviation"))?;
    /// let snapshot = |deviation: f64| {
    ///     Snapshot::at(Timestamp::from_secs(0)).replicas(10).value("mean", 0.6)?.value("deviation", deviation)
    /// };
    /// assert_eq!(scaler.decide(&snapshot(0.1)?).replicas(), 10);
    /// assert_eq!(scaler.decide(&snapshot(0.2)?).replicas(), 12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn gaussian(config: gaussian::Config) -> Result<Self, ConfigError> {
        let config = config.check()?;
        let bounds = config.bounds();
        Ok(Self::builder().recommend(gaussian::Recommender::new(config)).bounds(bounds).assemble())
    }
}

/// The Kubernetes autoscaler that Bud's strategy of that name asks for: metrics of sources that it does not know, and resources whose target is
/// not a whole percentage, are left out.
fn bud_as_hpa(config: &bud::Checked) -> Result<hpa::Config, ConfigError> {
    let mut native = hpa::Config::new(config.bounds());
    let mut metrics = 0;
    for (source, name, target) in config.metrics() {
        native = match source {
            bud::Source::Resource if target.fract() == 0.0 => {
                native.target(name, Target::utilization(target / 100.0)?)
            }
            bud::Source::Custom => native.pods(name, Target::average_value(*target)?),
            bud::Source::External => native.external(name, Target::value(*target)?),
            bud::Source::Resource | bud::Source::Direct => continue,
        };
        metrics += 1;
    }
    if metrics == 0 {
        let allowed = "at least one resource with a whole percentage, custom or external metric";
        return Err(ConfigError::new("metrics", "none that the strategy hpa can read", allowed));
    }
    let (up, down) = config.sides();
    let behavior = match (bud_as_rules(up), bud_as_rules(down)) {
        (None, None) => return Ok(native),
        (Some(up), None) => Behavior::new().up(up),
        (None, Some(down)) => Behavior::new().down(down),
        (Some(up), Some(down)) => Behavior::new().up(up).down(down),
    };
    Ok(native.behavior(behavior))
}

/// The rules of one direction as Kubernetes reads them: what Bud calls a cooldown is its stabilization window. `None` where nothing is given.
fn bud_as_rules(side: &bud::Side) -> Option<behavior::Rules> {
    let (window, select, policies) = side.given();
    if window.is_none() && select.is_none() && policies.is_empty() {
        return None;
    }
    let mut rules = behavior::Rules::new();
    if let Some(window) = window {
        rules = rules.window(window);
    }
    if let Some(select) = select {
        rules = rules.select(select);
    }
    if !policies.is_empty() {
        rules = rules.policies(policies);
    }
    Some(rules)
}
