//! Why a count is what it is, as data. A reason is a small `Copy` value: which rule held, with its numbers. Sentences are
//! made at the edge, by [`Decision`](crate::Decision)'s `Display`. Each system has its own file of reasons; what the pipeline itself and the
//! general restraints say stands here.

pub mod aibrix;
pub mod bud;
pub mod gaussian;
pub mod hpa;
pub mod kpa;
pub mod kthena;
pub mod kubeai;
mod restraint;
mod text;
pub mod threshold;

pub use restraint::{Direction, RestraintReason};
pub use text::{Label, Num};

use crate::time::Timestamp;
use core::fmt;

/// What a reason does to the count: reasons that move it, replayed in order, give the decision again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing; it tells a fact.
    Note,
    /// The recommender wants this count.
    Wants(i64),
    /// The combiner took this count.
    Takes(i64),
    /// A restraint moved the count.
    Moves {
        /// What it was.
        from: i64,
        /// What it became.
        to: i64,
    },
}

/// Why a recommender has no opinion although it should: something is missing or broken outside. The fleet is never made
/// smaller because of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Failure {
    /// The snapshot has no instances.
    NoInstances,
    /// No instance that counts has a sample.
    NoReadySamples,
    /// An instance has no request for the resource.
    MissingRequest,
    /// The samples belong to no instance with a request, or the requests add up to nothing.
    NoMatchingRequests,
    /// The snapshot does not hold the metric.
    MissingMetric,
    /// The reading is not a finite number.
    InvalidReading,
    /// The number of ready instances is not known.
    ReadyUnknown,
    /// The windows hold no data.
    NoData,
    /// A stage of the caller's own failed.
    Custom(Label),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoInstances => f.write_str("there are no instances"),
            Self::NoReadySamples => f.write_str("no ready instance has a sample"),
            Self::MissingRequest => f.write_str("an instance has no request"),
            Self::NoMatchingRequests => f.write_str("no sample meets a request"),
            Self::MissingMetric => f.write_str("the metric is missing"),
            Self::InvalidReading => f.write_str("the reading is not a finite number"),
            Self::ReadyUnknown => f.write_str("the number of ready instances is not known"),
            Self::NoData => f.write_str("the windows hold no data"),
            Self::Custom(label) => write!(f, "{label}"),
        }
    }
}

/// One typed reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "kind", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reason {
    /// The clock of the snapshot was behind the newest one seen; the decision was made at the newest.
    TimeWentBack {
        /// The newest instant seen, which was used.
        used: Timestamp,
    },
    /// A recommender wants this count and says no more.
    Wants {
        /// The count.
        count: i64,
    },
    /// A recommender has nothing to say.
    Abstained,
    /// A recommender could not form an opinion.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// A recommender asked to leave everything as it is, memory included.
    Skipped,
    /// The opinions were combined.
    Combined {
        /// The stage whose opinion was taken, where it is one stage's.
        stage: Option<u16>,
        /// The combined count.
        count: i64,
    },
    /// No opinion could be acted on: the present count is kept.
    Held {
        /// The present count.
        count: i64,
        /// How many recommenders failed.
        failed: u16,
    },
    /// The group that the workload belongs to leaves all its members as they are: the present count is kept.
    Kept {
        /// The present count.
        count: i64,
    },
    /// A restraint moved the count and says no more.
    Moved {
        /// What it was.
        from: i64,
        /// What it became.
        to: i64,
    },
    /// The count was brought into what can be expressed: 0 to 2,147,483,647.
    Expressible {
        /// What it was.
        from: i64,
        /// What it became.
        to: i64,
    },
    /// A fixed count.
    Fixed {
        /// The count.
        count: i64,
    },
    /// A general restraint acted.
    Restraint {
        /// How.
        #[cfg_attr(feature = "serde", serde(flatten))]
        reason: RestraintReason,
    },
    /// The Kubernetes autoscaler.
    Hpa {
        /// What it says.
        #[cfg_attr(feature = "serde", serde(flatten))]
        reason: hpa::HpaReason,
    },
    /// The Knative autoscaler.
    Kpa {
        /// What it says.
        #[cfg_attr(feature = "serde", serde(flatten))]
        reason: kpa::KpaReason,
    },
    /// Kthena.
    Kthena {
        /// What it says.
        #[cfg_attr(feature = "serde", serde(flatten))]
        reason: kthena::KthenaReason,
    },
    /// AIBrix.
    Aibrix {
        /// What it says.
        #[cfg_attr(feature = "serde", serde(flatten))]
        reason: aibrix::AibrixReason,
    },
    /// The KubeAI autoscaler.
    KubeAi {
        /// What it says.
        #[cfg_attr(feature = "serde", serde(flatten))]
        reason: kubeai::KubeAiReason,
    },
    /// Bud.
    Bud {
        /// What it says.
        #[cfg_attr(feature = "serde", serde(flatten))]
        reason: bud::BudReason,
    },
    /// The utilization threshold.
    Threshold {
        /// What it says.
        #[cfg_attr(feature = "serde", serde(flatten))]
        reason: threshold::ThresholdReason,
    },
    /// The Gaussian rule.
    Gaussian {
        /// What it says.
        #[cfg_attr(feature = "serde", serde(flatten))]
        reason: gaussian::GaussianReason,
    },
    /// A caller's own note.
    Custom {
        /// What it is about.
        label: Label,
        /// A number that goes with it.
        value: Num,
    },
}

impl Reason {
    /// What this reason does to the count.
    #[must_use]
    pub fn effect(&self) -> Effect {
        match *self {
            Self::Wants { count } | Self::Fixed { count } => Effect::Wants(count),
            Self::Combined { count, .. } | Self::Held { count, .. } | Self::Kept { count } => {
                Effect::Takes(count)
            }
            Self::Moved { from, to } | Self::Expressible { from, to } => Effect::Moves { from, to },
            Self::Restraint { reason } => reason.effect(),
            Self::Hpa { reason } => reason.effect(),
            Self::Kpa { reason } => reason.effect(),
            Self::Kthena { reason } => reason.effect(),
            Self::Aibrix { reason } => reason.effect(),
            Self::KubeAi { reason } => reason.effect(),
            Self::Bud { reason } => reason.effect(),
            Self::Threshold { reason } => reason.effect(),
            Self::Gaussian { reason } => reason.effect(),
            _ => Effect::Note,
        }
    }

    /// The sentence of this reason, given by `stage`.
    ///
    /// ```
    /// use setpoint::reason::{Reason, StageLabel};
    /// let stage = StageLabel { name: "kpa".to_owned(), metrics: Vec::new() };
    /// assert_eq!(Reason::Wants { count: 3 }.sentence(&stage), "kpa wants 3");
    /// ```
    #[must_use]
    pub fn sentence(&self, stage: &StageLabel) -> String {
        struct Sentence<'a>(&'a Reason, &'a StageLabel);
        impl fmt::Display for Sentence<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.describe(f, self.1)
            }
        }
        Sentence(self, stage).to_string()
    }

    /// A short sentence; `metric` names the metric that the reason is about, where there is one.
    pub(crate) fn describe(&self, f: &mut fmt::Formatter<'_>, stage: &StageLabel) -> fmt::Result {
        match self {
            Self::TimeWentBack { used } => write!(f, "the clock went back, decided at {used}"),
            Self::Wants { count } => write!(f, "{} wants {count}", stage.name),
            Self::Abstained => write!(f, "{} has no opinion", stage.name),
            Self::Failed { failure } => write!(f, "{} failed: {failure}", stage.subject()),
            Self::Skipped => write!(f, "{} skips", stage.name),
            Self::Combined { count, .. } => write!(f, "combined {count}"),
            Self::Held { count, failed: 0 } => write!(f, "no opinion, keep {count}"),
            Self::Held { count, failed } => write!(f, "{failed} failed, keep {count}"),
            Self::Kept { count } => write!(f, "the group is left as it is, keep {count}"),
            Self::Moved { from, to } => write!(f, "{} {from} -> {to}", stage.name),
            Self::Expressible { to, .. } => write!(f, "within what can be expressed, {to}"),
            Self::Fixed { count } => write!(f, "fixed at {count}"),
            Self::Restraint { reason } => write!(f, "{reason}"),
            Self::Hpa { reason } => reason.describe(f, stage),
            Self::Kpa { reason } => reason.describe(f, stage),
            Self::Kthena { reason } => reason.describe(f, stage),
            Self::Aibrix { reason } => reason.describe(f, stage),
            Self::KubeAi { reason } => reason.describe(f, stage),
            Self::Bud { reason } => reason.describe(f, stage),
            Self::Threshold { reason } => reason.describe(f, stage),
            Self::Gaussian { reason } => reason.describe(f, stage),
            Self::Custom { label, value } => write!(f, "{label} {value}"),
        }
    }
}

/// What a stage is called, and which metrics its reasons refer to by index.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StageLabel {
    /// The stage's name.
    pub name: String,
    /// Its metrics, in the order of the indices in its reasons.
    pub metrics: Vec<crate::metric::MetricName>,
}

impl StageLabel {
    /// The name of metric `i`, or the stage's own where it has none of that index.
    #[must_use]
    pub fn metric(&self, i: u16) -> &str {
        self.metrics.get(usize::from(i)).map_or(&self.name, crate::metric::MetricName::as_str)
    }

    fn subject(&self) -> &str {
        match self.metrics.as_slice() {
            [one] => one.as_str(),
            _ => &self.name,
        }
    }
}

/// A reason and the stage that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Explained {
    /// The stage: recommenders first, then restraints; `None` for the pipeline itself.
    pub stage: Option<u16>,
    /// What it said.
    pub reason: Reason,
}

/// Where a stage puts its reasons.
#[derive(Debug)]
pub struct Reasons<'a> {
    stage: Option<u16>,
    out: &'a mut Vec<Explained>,
}

impl<'a> Reasons<'a> {
    /// A collector that appends to `out` in the name of `stage`.
    pub fn new(stage: Option<u16>, out: &'a mut Vec<Explained>) -> Self {
        Self { stage, out }
    }

    /// Adds a reason.
    #[inline]
    pub fn push(&mut self, reason: Reason) {
        self.out.push(Explained { stage: self.stage, reason });
    }
}
