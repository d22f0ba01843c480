//! Where each metric comes from: the endpoint of the pods and the family in their scrape, or an external
//! query. Settings only; what is found there is in [`families`](super::families).
//!
//! Source of the rule: `volcano-sh/kthena`, `pkg/autoscaler/autoscaler/metric_collector.go` and
//! `pkg/autoscaler/webhook/*.go`, commit `3cc057284c34469fcb0ed22a12dac84b1d120719`.

use crate::error::ConfigError;
use crate::metric::MetricName;

/// One metric and its source.
///
/// | setting | default | range | source |
/// |---|---|---|---|
/// | `name` | required | 1 to 253 characters without control characters | webhook (the length is ours) |
/// | `endpoint` | required for pods | any text; equal texts are scraped together | path, port and selector upstream |
/// | `scraped_as` | empty: the `name` | any text | collector |
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Metric {
    name: String,
    source: Source,
}

/// Where a metric comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
pub enum Source {
    /// The scrapes of the pods.
    Pod {
        /// What tells one endpoint from another: upstream's path, port and label selector as one text.
        endpoint: String,
        /// The name of the family in the scrape; empty for the metric's own.
        #[cfg_attr(feature = "serde", serde(default))]
        scraped_as: String,
    },
    /// One query for the whole workload.
    External,
}

impl Metric {
    /// A metric of the pods behind `endpoint`, which they expose under the same name.
    #[must_use]
    pub fn pod(name: impl Into<String>, endpoint: impl Into<String>) -> Self {
        let source = Source::Pod { endpoint: endpoint.into(), scraped_as: String::new() };
        Self { name: name.into(), source }
    }

    /// A metric that one query gives for the whole workload.
    #[must_use]
    pub fn external(name: impl Into<String>) -> Self {
        Self { name: name.into(), source: Source::External }
    }

    /// The name under which the pods expose it; empty for its own. Without effect on an external metric.
    #[must_use]
    pub fn scraped_as(mut self, family: impl Into<String>) -> Self {
        if let Source::Pod { scraped_as, .. } = &mut self.source {
            *scraped_as = family.into();
        }
        self
    }
}

/// A metric of a [`Plan`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    pub(super) name: MetricName,
    pub(super) source: Source,
}

impl Planned {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &MetricName {
        &self.name
    }

    /// Its source; a family's name is never empty here.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }
}

/// The metrics of a target and their sources, checked.
///
/// ```
/// use setpoint::kthena::sources::{Metric, Plan};
///
/// let plan = Plan::new([
///     Metric::pod("waiting", ":8000/metrics").scraped_as("vllm:num_requests_waiting"),
///     Metric::pod("latency", ":8000/metrics"),
///     Metric::external("queue_length"),
/// ])?;
/// assert_eq!(plan.endpoints(), [":8000/metrics"]);
///
/// let error = Plan::new([Metric::external("load"), Metric::pod("load", "")]).unwrap_err();
/// assert_eq!(error.to_string(), "metrics.load is given twice: must be given once");
/// # Ok::<(), setpoint::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Vec<Metric>", into = "Vec<Metric>"))]
pub struct Plan {
    metrics: Vec<Planned>,
    endpoints: Vec<String>,
}

impl Plan {
    /// The plan of some metrics, whose order it keeps. None at all is allowed: nothing is collected then.
    ///
    /// # Errors
    /// If a name cannot be one, or is given twice.
    pub fn new(metrics: impl IntoIterator<Item = Metric>) -> Result<Self, ConfigError> {
        let mut plan = Self::default();
        for Metric { name, mut source } in metrics {
            let checked = MetricName::new(&name)
                .map_err(|error| ConfigError { field: "metrics.name".into(), ..error })?;
            if plan.metrics.iter().any(|metric| metric.name == checked) {
                return Err(ConfigError::new(format!("metrics.{name}"), "given twice", "given once"));
            }
            if let Source::Pod { endpoint, scraped_as } = &mut source {
                if scraped_as.is_empty() {
                    *scraped_as = name;
                }
                if !plan.endpoints.contains(endpoint) {
                    plan.endpoints.push(endpoint.clone());
                }
            }
            plan.metrics.push(Planned { name: checked, source });
        }
        Ok(plan)
    }

    /// The metrics in their order.
    #[must_use]
    pub fn metrics(&self) -> &[Planned] {
        &self.metrics
    }

    /// The endpoints that are to be scraped, each once, in the order of their first metric.
    #[must_use]
    pub fn endpoints(&self) -> &[String] {
        &self.endpoints
    }

    /// The places of the metrics of an endpoint, with the names of their families.
    pub(super) fn of_endpoint<'a>(&'a self, at: &'a str) -> impl Iterator<Item = (usize, &'a str)> + Clone {
        self.metrics.iter().enumerate().filter_map(move |(place, metric)| match &metric.source {
            Source::Pod { endpoint, scraped_as } if endpoint == at => Some((place, scraped_as.as_str())),
            _ => None,
        })
    }
}

impl TryFrom<Vec<Metric>> for Plan {
    type Error = ConfigError;

    fn try_from(metrics: Vec<Metric>) -> Result<Self, ConfigError> {
        Self::new(metrics)
    }
}

impl From<Plan> for Vec<Metric> {
    fn from(plan: Plan) -> Self {
        let metric = |Planned { name, source }| Metric { name: name.as_str().to_owned(), source };
        plan.metrics.into_iter().map(metric).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_of_equal_endpoints_are_scraped_together() {
        let plan = Plan::new([
            Metric::pod("a", "x"),
            Metric::external("b").scraped_as("ignored"),
            Metric::pod("c", "y").scraped_as("seen"),
            Metric::pod("d", "x").scraped_as("seen"),
        ])
        .unwrap();
        assert_eq!(plan.endpoints(), ["x", "y"]);
        assert_eq!(plan.of_endpoint("x").collect::<Vec<_>>(), [(0, "a"), (3, "seen")]);
        assert_eq!(plan.of_endpoint("y").collect::<Vec<_>>(), [(2, "seen")]);
        assert_eq!(plan.metrics()[1].source(), &Source::External);
    }

    #[test]
    fn names_are_checked() {
        let error = Plan::new([Metric::pod("", "x")]).unwrap_err();
        assert_eq!(error.field, "metrics.name");
        assert!(Plan::new([Metric::external("a"), Metric::external("a")]).is_err());
        assert_eq!(Plan::new([]), Ok(Plan::default()));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn documents_go_through_the_same_door() {
        let plan = Plan::new([Metric::pod("a", "x"), Metric::external("b")]).unwrap();
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
        let short = r#"[{"name":"a","source":{"pod":{"endpoint":"x"}}},{"name":"b","source":"external"}]"#;
        assert_eq!(serde_json::from_str::<Plan>(short).unwrap(), plan);
        for bad in [
            r#"[{"name":"a","source":"external"},{"name":"a","source":"external"}]"#,
            r#"[{"name":"","source":"external"}]"#,
            r#"[{"name":"a","source":{"pod":{"endpoint":"x","port":1}}}]"#,
            r#"[{"name":"a","source":{"pod":{}}}]"#,
        ] {
            assert!(serde_json::from_str::<Plan>(bad).is_err(), "{bad}");
        }
    }
}
