//! The autoscalers that every law, the determinism constants, the hostile states, the allocation counts and the fuzz targets run
//! over. A new recommender, restraint or preset gets all of these tests by one entry here.

use core::time::Duration;
use setpoint::behavior::Policy;
use setpoint::fixed::Fixed;
use setpoint::reason::{Failure, Reason, Reasons};
use setpoint::restrain::{Ceiling, Cooldown, CooldownSince, Floor, ZeroOr};
use setpoint::{
    Autoscaler, Bounds, Combine, ConfigError, Context, MetricName, Opinion, Recommend, Stage, ZeroOrAtLeast,
    bud, kthena, metric, rounding, threshold,
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
    /// The laws that it cannot keep, each with the reason. A law that it keeps after all fails as an exemption.
    pub exempt: &'static [(Law, &'static str)],
}

impl Subject {
    /// Whether `law` is not asked of this subject.
    pub fn is_exempt(&self, law: Law) -> bool {
        self.exempt.iter().any(|(exempt, _)| *exempt == law)
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

/// Upstream takes the largest recommendation of the metrics that could be read and leaves the others out.
const SILENT_METRICS: &[(Law, &str)] = &[(
    Law::Poorer,
    "upstream leaves a metric out whose readings are missing, whatever it would have asked for",
)];

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
    ]
}
