//! The autoscalers that every law, the determinism constants, the hostile states, the allocation counts and the fuzz targets run
//! over. A new recommender, restraint or preset gets all of these tests by one entry here.

use core::time::Duration;
use setpoint::behavior::{Behavior, Policy, Rules, Select};
use setpoint::fixed::Fixed;
use setpoint::reason::{Failure, Reason, Reasons};
use setpoint::restrain::{Ceiling, Cooldown, CooldownSince, Floor, RateLimit, Stabilization, ZeroOr};
use setpoint::schedule::{Daily, Weekdays};
use setpoint::{
    Autoscaler, Bounds, Combine, ConfigError, Context, MetricName, Opinion, Recommend, Stage, Target,
    ZeroOrAtLeast, aibrix, bud, gaussian, hpa, kpa, kthena, kubeai, metric, rounding, threshold,
};

/// A law from which a subject can be exempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// A count that was decided or held lies within the bounds.
    Bounds,
    /// The announced time of the next change is not late.
    NextChange,
    /// Without any reading there are never fewer replicas than with them, or than there are.
    Blind,
    /// With some readings missing there are never fewer replicas than with all, or than there are.
    Poorer,
    /// Where no reading was ever seen there are never fewer replicas than there are, within the bounds.
    Unseeing,
}

/// One autoscaler under test.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Its name, by which the determinism constants are found.
    pub name: &'static str,
    /// Builds it afresh.
    pub build: fn() -> Autoscaler,
    /// What every count lies in, both ends included.
    pub bounds: (u32, u32),
    /// The laws that it cannot keep, each with the reason. A reason that no subject needs fails the law.
    pub exempt: &'static [(Law, &'static str)],
}

impl Subject {
    /// Why `law` is not asked of this subject, where it is not.
    pub fn exemption(&self, law: Law) -> Option<&'static str> {
        self.exempt.iter().find(|(exempt, _)| *exempt == law).map(|(_, reason)| *reason)
    }
}

/// The name of the recommender that stands in for load where a restraint or a combiner is the subject. It is a stage of the
/// caller's own, which is why it may give the plain reasons.
pub const LOAD: &str = "load";

/// Wants one replica per ten waiting requests, without any memory.
#[derive(Clone, Debug)]
struct Load([MetricName; 1]);

impl Load {
    fn new() -> Self {
        Self([MetricName::new(metric::QUEUE_LENGTH).expect("a usable name")])
    }
}

impl Stage for Load {
    fn name(&self) -> &str {
        LOAD
    }

    fn metrics(&self) -> &[MetricName] {
        &self.0
    }
}

impl Recommend for Load {
    fn recommend(&self, cx: &Context<'_>, why: &mut Reasons<'_>) -> Opinion {
        let Some(value) = cx.snapshot.find_value(self.0[0].as_str()) else {
            return Opinion::Failed(Failure::MissingMetric);
        };
        match value.total().and_then(|waiting| rounding::snap_ceil(waiting / 10.0)) {
            Some(count) => {
                why.push(Reason::Wants { count });
                Opinion::Want(count)
            }
            None => Opinion::Failed(Failure::InvalidReading),
        }
    }

    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(self.clone())
    }
}

const MOST: u32 = rounding::MAX_COUNT as u32;
const MINUTE: Duration = Duration::from_secs(60);

fn load() -> setpoint::autoscaler::Builder {
    Autoscaler::builder().recommend_with(Load::new())
}

fn built(builder: setpoint::autoscaler::Builder) -> Autoscaler {
    builder.build().expect("subjects are valid")
}

fn bounds(min: u32, max: u32) -> Bounds {
    Bounds::new(min, max).expect("subjects are valid")
}

fn preset(built: Result<Autoscaler, ConfigError>) -> Autoscaler {
    built.expect("subjects are valid")
}

fn target(target: Result<Target, ConfigError>) -> Target {
    target.expect("subjects are valid")
}

fn hpa_config(min: u32, max: u32) -> hpa::Config {
    hpa::Config::new(bounds(min, max))
        .target(metric::CPU, target(Target::utilization(0.7)))
        .target(metric::MEMORY, target(Target::average_value(1.5e9)))
        .pods(metric::RPS, target(Target::average_value(700.0)))
}

fn behavior() -> Behavior {
    let up = Rules::new()
        .window(Duration::from_secs(30))
        .policies([Policy::pods(3, MINUTE), Policy::percent(50, Duration::from_secs(30))])
        .select(Select::Min);
    let down = Rules::new().window(2 * MINUTE).policies([Policy::percent(20, MINUTE)]);
    Behavior::new().up(up).down(down)
}

fn kthena_config(min: u32, max: u32) -> kthena::Config {
    kthena::Config::new(bounds(min, max)).target(metric::CONCURRENCY, 30.0).target(metric::CPU, 0.6)
}

fn bud_config() -> bud::Config {
    let slow = bud::Side::new().policies([Policy::pods(4, MINUTE), Policy::percent(50, MINUTE)]);
    bud::Config::new(bounds(2, 40))
        .metric(metric::CONCURRENCY, 30.0)
        .metric(metric::CPU, 0.6)
        .up(slow)
        .down(bud::Side::new().cooldown(Duration::from_secs(5)))
}

fn band() -> threshold::Thresholds {
    threshold::Thresholds::new(0.4, 0.8).expect("a band")
}

fn threshold_config(band: threshold::Thresholds) -> threshold::Config {
    threshold::Config::new(bounds(1, 40), band).resource(metric::CPU).resource(metric::RPS)
}

fn aibrix_config(strategy: aibrix::Strategy, min: u32, max: u32) -> aibrix::Config {
    aibrix::Config::new(strategy, bounds(min, max))
        .metric(metric::CPU, 0.6)
        .external(metric::QUEUE_LENGTH, 30.0)
}

/// What a schedule needs: most of each day.
fn long_day() -> Daily {
    let time = |text: &str| text.parse().expect("a time of day");
    Daily::new(time("00:10"), time("23:40"), Weekdays::ALL).expect("a span")
}

fn kubeai_config() -> kubeai::Config {
    kubeai::Config::new(bounds(1, 40))
        .latency_p99(Duration::from_millis(900))
        .metric(kubeai::Slot::LatencyP99, metric::CPU)
        .queue_depth(25.0)
        .cooldown(Duration::ZERO)
}

fn smoothed() -> Autoscaler {
    let mut registry = kubeai::Registry::default();
    let build = |_: &kubeai::Policy| -> Box<dyn kubeai::Algorithm> {
        Box::new(kubeai::CappedSmoothRatio::default().plain_maximum())
    };
    registry.register("CappedSmoothRatio", build).expect("a name of its own");
    let config = kubeai_config().algorithm("CappedSmoothRatio");
    preset(Autoscaler::kubeai_with(config, &registry, &kubeai::Policy::default()))
}

/// A missing reading holds the count, but a value that is gone while samples of the same name are there is not a missing reading.
const TWO_FORMS: (Law, &str) = (
    Law::Poorer,
    "a metric given as a value and as samples is read from the samples where the value is gone",
);
const COOLDOWN_LAST: (Law, &str) =
    (Law::Bounds, "upstream's cooldown is the last step: a count outside the bounds waits for it too");

/// Upstream takes the largest recommendation of the metrics that could be read and leaves the others out.
const SILENT_METRICS: &[(Law, &str)] = &[(
    Law::Poorer,
    "upstream leaves a metric out whose readings are missing, whatever it would have asked for",
)];

const KPA: &[(Law, &str)] = &[
    (Law::Bounds, "upstream writes nothing while zero has to wait, wherever the count is"),
    (Law::Blind, WINDOWS),
    (Law::Poorer, WINDOWS),
];

const FILLED_IN: &[(Law, &str)] = &[(
    Law::Poorer,
    "upstream takes a missing instance for a full one before it shrinks, which may be less than it really used",
)];

const WINDOWS: &str =
    "decides on what its windows hold, in which a missing reading leaves the older ones to decide";

/// AIBrix besides asks nobody where there are no instances, and calls that no failure.
const OLD_READINGS: &[(Law, &str)] = &[
    SILENT_METRICS[0],
    (
        Law::Blind,
        "with no instances upstream goes by readings of any age, and by none where there never was one",
    ),
];

/// Bud's policies, gate and cooldown come after its bounds.
const BUD_LAST_STEPS: &[(Law, &str)] = &[
    SILENT_METRICS[0],
    (Law::Bounds, "upstream's policies, gate and cooldown can keep a count outside the bounds"),
    (Law::Unseeing, "for the same reason a count below the minimum may stay there"),
];

const fn exempt(mut subject: Subject, laws: &'static [(Law, &'static str)]) -> Subject {
    subject.exempt = laws;
    subject
}

const fn subject(name: &'static str, build: fn() -> Autoscaler, bounds: (u32, u32)) -> Subject {
    Subject { name, build, bounds, exempt: &[] }
}

/// All subjects.
pub fn subjects() -> Vec<Subject> {
    vec![
        subject("fixed", || Autoscaler::fixed(7), (7, 7)),
        subject("load", || built(load()), (0, MOST)),
        subject("within_bounds", || built(load().bounds(bounds(2, 30))), (2, 30)),
        subject("floor", || built(load().restrain(Floor::new(3))), (3, MOST)),
        subject("ceiling", || built(load().restrain(Ceiling::new(12))), (0, 12)),
        subject(
            "zero_or_at_least",
            || built(load().restrain(ZeroOr::new(ZeroOrAtLeast::new(4).expect("at least 1")))),
            (0, MOST),
        ),
        subject(
            "cooldown",
            || {
                built(
                    load().restrain(Cooldown::new(Duration::from_secs(20), 5 * MINUTE)).bounds(bounds(1, 80)),
                )
            },
            (1, 80),
        ),
        subject(
            "cooldown_same_direction",
            || {
                let cooldown = Cooldown::new(MINUTE, 2 * MINUTE).since(CooldownSince::SameDirection);
                built(load().restrain(cooldown).bounds(bounds(0, 500)))
            },
            (0, 500),
        ),
        subject("largest", || built(load().recommend(Fixed::new(5)).bounds(bounds(1, 40))), (1, 40)),
        subject(
            "largest_of_equals",
            || built(Autoscaler::builder().recommend(Fixed::new(9)).recommend(Fixed::new(9))),
            (9, 9),
        ),
        subject(
            "smallest",
            || built(load().recommend(Fixed::new(5)).combine(Combine::Smallest).bounds(bounds(1, 40))),
            (1, 40),
        ),
        subject(
            "first",
            || built(load().recommend(Fixed::new(5)).combine(Combine::First).bounds(bounds(1, 40))),
            (1, 40),
        ),
        subject(
            "weighted",
            || {
                let combine = Combine::Weighted(vec![1.0, 3.0]);
                built(load().recommend(Fixed::new(5)).combine(combine).bounds(bounds(1, 40)))
            },
            (1, 40),
        ),
        subject(
            "capped",
            || {
                let combine = Combine::Capped(vec![Some(20), None]);
                built(load().recommend(Fixed::new(5)).combine(combine).bounds(bounds(1, 40)))
            },
            (1, 40),
        ),
        exempt(
            subject("kthena", || preset(Autoscaler::kthena(kthena_config(1, 40))), (1, 40)),
            SILENT_METRICS,
        ),
        exempt(
            subject(
                "kthena_panic",
                || {
                    let behavior =
                        kthena::Behavior { panic: kthena::PanicPolicy::new(MINUTE), ..Default::default() };
                    preset(Autoscaler::kthena(kthena_config(0, 60).behavior(behavior)))
                },
                (0, 60),
            ),
            SILENT_METRICS,
        ),
        exempt(
            subject(
                "kthena_per_instance",
                || {
                    let config = kthena_config(2, 40).aggregation(kthena::Aggregation::PerInstance);
                    preset(Autoscaler::kthena(config))
                },
                (2, 40),
            ),
            SILENT_METRICS,
        ),
        exempt(
            subject(
                "aibrix_apa",
                || {
                    let config = aibrix_config(aibrix::Strategy::Apa, 1, 40).scale_up_cooldown(MINUTE);
                    preset(Autoscaler::aibrix(config))
                },
                // A fleet at zero stays there, whatever the minimum: scaling is switched off.
                (0, 40),
            ),
            OLD_READINGS,
        ),
        exempt(
            subject(
                "aibrix_kpa",
                || {
                    let schedule = aibrix::Schedule::new("day", long_day()).min(3);
                    let config = aibrix_config(aibrix::Strategy::Kpa, 0, 40)
                        .kpa_load(aibrix::KpaLoad::Totals)
                        .cooldown_rule(aibrix::CooldownRule::Hold)
                        .time_zone("America/St_Johns")
                        .schedule(schedule);
                    preset(Autoscaler::aibrix(config))
                },
                (0, 40),
            ),
            OLD_READINGS,
        ),
        exempt(subject("bud", || preset(Autoscaler::bud(bud_config())), (2, 40)), BUD_LAST_STEPS),
        exempt(
            subject(
                "bud_bounds_last",
                || preset(Autoscaler::bud(bud_config().enforce_bounds_last(true))),
                (2, 40),
            ),
            SILENT_METRICS,
        ),
        exempt(
            subject(
                "bud_kpa",
                || {
                    preset(Autoscaler::bud(
                        bud_config().strategy(bud::Strategy::Kpa).enforce_bounds_last(true),
                    ))
                },
                (2, 40),
            ),
            SILENT_METRICS,
        ),
        subject("threshold", || preset(Autoscaler::threshold(threshold_config(band()))), (1, 40)),
        subject(
            "threshold_set_point",
            || {
                let band = band().with_set_point(0.6).expect("within the band");
                preset(Autoscaler::threshold(threshold_config(band)))
            },
            (1, 40),
        ),
        exempt(
            subject(
                "threshold_literal",
                || {
                    let config = threshold_config(band()).variant(threshold::Variant::Literal);
                    preset(Autoscaler::threshold(config))
                },
                (0, MOST),
            ),
            &[(Law::Poorer, "the formula as printed judges the resources that there are")],
        ),
        exempt(subject("kubeai", || preset(Autoscaler::kubeai(kubeai_config())), (1, 40)), &[TWO_FORMS]),
        exempt(
            subject(
                "kubeai_cooldown",
                || preset(Autoscaler::kubeai(kubeai_config().cooldown(MINUTE))),
                (1, 40),
            ),
            &[COOLDOWN_LAST, TWO_FORMS],
        ),
        exempt(
            subject(
                "kubeai_weighted",
                || {
                    let config = kubeai_config().algorithm("WeightedRatio").weights([2.0, 1.0, 1.0, 0.5]);
                    preset(Autoscaler::kubeai(config))
                },
                (1, 40),
            ),
            &[TWO_FORMS],
        ),
        subject("kubeai_smoothed", smoothed, (1, 40)),
        exempt(
            subject(
                "kubeai_ignoring",
                || preset(Autoscaler::kubeai(kubeai_config().missing(kubeai::Missing::Ignore))),
                (1, 40),
            ),
            &[(Law::Poorer, "upstream drops a slot without a reading, whatever it would have asked for")],
        ),
        subject(
            "gaussian_values",
            || {
                let config = gaussian::Config::values(bounds(1, 40), band(), metric::CPU, metric::RPS);
                preset(Autoscaler::gaussian(config))
            },
            (1, 40),
        ),
        subject(
            "gaussian_window",
            || {
                let config = gaussian::Config::window(bounds(1, 40), band(), metric::CPU, 2 * MINUTE);
                preset(Autoscaler::gaussian(config))
            },
            (1, 40),
        ),
        subject(
            "stabilization",
            || built(load().restrain(Stabilization::new(MINUTE, 5 * MINUTE)).bounds(bounds(1, 80))),
            (1, 80),
        ),
        subject(
            "rate_limit",
            || built(load().restrain(RateLimit::doubling()).bounds(bounds(1, 80))),
            (1, 80),
        ),
        subject(
            "rate_limit_policies",
            || {
                let filled = behavior().filled(5 * MINUTE).expect("subjects are valid");
                built(load().restrain(RateLimit::by(filled)).bounds(bounds(1, 80)))
            },
            (1, 80),
        ),
        exempt(subject("hpa", || preset(Autoscaler::hpa(hpa_config(2, 40))), (2, 40)), FILLED_IN),
        exempt(
            subject(
                "hpa_cpu",
                || {
                    let config =
                        hpa::Config::new(bounds(1, 60)).target(metric::CPU, target(Target::utilization(0.5)));
                    preset(Autoscaler::hpa(config.scale_down_window(Duration::ZERO)))
                },
                (1, 60),
            ),
            FILLED_IN,
        ),
        exempt(
            subject(
                "hpa_behavior",
                || preset(Autoscaler::hpa(hpa_config(1, 100).behavior(behavior()).tolerance(0.05))),
                (1, 100),
            ),
            FILLED_IN,
        ),
        subject(
            "hpa_scale_to_zero",
            || {
                let config = hpa::Config::new(bounds(0, 60))
                    .object(metric::QUEUE_LENGTH, target(Target::average_value(20.0)))
                    .external(metric::RPS, target(Target::value(900.0)))
                    .scale_to_zero(true);
                preset(Autoscaler::hpa(config))
            },
            (0, 60),
        ),
        exempt(
            subject("kpa", || preset(Autoscaler::kpa(kpa::Config::default().max_scale(50))), (0, 50)),
            KPA,
        ),
        exempt(
            subject(
                "kpa_delayed",
                || {
                    let config = kpa::Config::default()
                        .metric(kpa::Metric::Rps)
                        .target(40.0)
                        .average(setpoint::window::bucketed::Average::WeightedExponential)
                        .scale_down_delay(2 * MINUTE)
                        .retention_period(MINUTE)
                        .activation_scale(3)
                        .min_scale(1)
                        .max_scale(30);
                    preset(Autoscaler::kpa(config))
                },
                (1, 30),
            ),
            KPA,
        ),
        exempt(
            subject(
                "kpa_never_zero",
                || {
                    let config =
                        kpa::Config::default().enable_scale_to_zero(false).initial_scale(4).max_scale(90);
                    preset(Autoscaler::kpa(config))
                },
                (0, 90),
            ),
            KPA,
        ),
    ]
}
