//! The same HPA sequences once more, through the pipeline that production uses: everything of the preset but its metrics,
//! with recommenders that hand on the proposals of the case. After each decision the autoscaler is saved and restored.

use crate::case::{Verdict, at, int, list};
use serde_json::{Value, json};
use setpoint::hpa::{State, StepRules};
use setpoint::reason::{Failure, Reason, Reasons};
use setpoint::stage::{Part, Stage};
use setpoint::state::{StateWriter, Value as Saved};
use setpoint::{Autoscaler, Context, Decision, MetricName, Opinion, Recommend, Snapshot};

/// Wants what the snapshot gives as the value of its metric.
#[derive(Clone, Debug)]
struct Given([MetricName; 1]);

impl Stage for Given {
    fn name(&self) -> &str {
        "given"
    }
    fn metrics(&self) -> &[MetricName] {
        &self.0
    }
}

impl Recommend for Given {
    fn recommend(&self, cx: &Context<'_>, why: &mut Reasons<'_>) -> Opinion {
        match cx.snapshot.find_value(self.0[0].as_str()).and_then(setpoint::WorkloadValue::total) {
            Some(count) => {
                why.push(Reason::Wants { count: count as i64 });
                Opinion::Want(count as i64)
            }
            None => Opinion::Failed(Failure::MissingMetric),
        }
    }
    fn clone_box(&self) -> Box<dyn Recommend> {
        Box::new(self.clone())
    }
}

/// Decides all steps of a case and compares what the pipeline has in common with upstream's status.
pub(crate) fn behavior(case: &Value, rules: &StepRules, initial: &State) -> Verdict {
    let steps = list(&case["steps"]);
    let build = |step: &Value| {
        let builder = Autoscaler::hpa_rules(rules).expect("bounds that hold");
        let metrics = list(&step["input"]["metric_proposals"]).iter();
        let names =
            metrics.map(|m| MetricName::new(m["name"].as_str().expect("a name")).expect("a usable name"));
        names.fold(builder, |builder, name| builder.recommend_with(Given([name]))).build().expect("stages")
    };
    let mut scaler = build(&steps[0]);
    scaler.restore(&with_memory(scaler.save().expect("savable"), initial)).expect("the initial state fits");
    for (i, step) in steps.iter().enumerate() {
        let input = &step["input"];
        // The metrics of a step are those that have a proposal or failed to: a changed configuration.
        scaler.reconfigure(build(step), at(&step["at_ms"])).expect("stages that can be saved");
        let current = u32::try_from(int(&input["current_replicas"])).expect("a count");
        let mut snapshot = Snapshot::at(at(&step["at_ms"])).replicas(current);
        for metric in list(&input["metric_proposals"]) {
            if let Some(count) = metric["replicas"].as_i64() {
                let name = metric["name"].as_str().expect("a name").to_owned();
                snapshot = snapshot.value(name, count as f64).expect("each metric once");
            }
        }
        let decision = scaler.decide(&snapshot);
        let got = told(&decision);
        let expect = &step["expect"];
        let expected = json!({
            "desired_replicas": expect["desired_replicas"],
            "selected_metric": expect["selected_metric"],
            "stabilized_replicas": expect["stabilized_replicas"],
        });
        if let Verdict::Fail { expected, got } = Verdict::compare(&expected, &got) {
            return Verdict::Fail { expected, got: format!("step {i}, as a pipeline: {got}") };
        }
        if decision.replay() != Some(decision.replicas()) {
            return Verdict::Fail { expected: decision.to_string(), got: format!("{:?}", decision.replay()) };
        }
        let text = serde_json::to_string(&scaler.save().expect("savable")).expect("text");
        let mut restored = build(step);
        restored.restore(&serde_json::from_str(&text).expect("a value")).expect("restorable");
        scaler = restored;
    }
    Verdict::Pass
}

fn told(decision: &Decision) -> Value {
    let stage = |name: &str| decision.stages().iter().position(|stage| stage.name == name).expect("a stage");
    let chosen = decision.chosen().map(|i| &decision.stages()[i]).filter(|stage| stage.name == "given");
    let stabilized = match decision.parts()[stage("stabilization")] {
        Part::Restrained { output, .. } => Some(output),
        _ => None,
    };
    json!({
        "desired_replicas": decision.replicas(),
        "selected_metric": chosen.map(|stage| stage.metrics[0].as_str()),
        "stabilized_replicas": stabilized,
    })
}

/// Saved state of an autoscaler with the memories of its stages replaced by those of the case.
fn with_memory(saved: Saved, initial: &State) -> Saved {
    let memory = |write: &dyn Fn(&mut StateWriter)| {
        let mut out = StateWriter::default();
        write(&mut out);
        out.finish()
    };
    let Saved::Map(mut fields) = saved else { panic!("saved state has fields") };
    for (name, value) in &mut fields {
        let (true, Saved::List(stages)) = (name == "stages", value) else { continue };
        for stage in stages {
            let Saved::Map(stage) = stage else { panic!("a saved stage has fields") };
            stage[1].1 = match &stage[0].1 {
                Saved::Text(label) if label == "hpa_gate" => memory(&|out| initial.zero.save(out)),
                Saved::Text(label) if label == "stabilization" => {
                    memory(&|out| initial.recommendations.save(out))
                }
                Saved::Text(label) if label == "rate_limit" => memory(&|out| initial.events.save(out)),
                _ => continue,
            };
        }
    }
    Saved::Map(fields)
}
