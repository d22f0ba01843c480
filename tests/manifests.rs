//! Documents of the upstream systems, as their own pages show them, load and decide; what cannot be honoured is named by its path.

use setpoint::manifest::{self, How, Kind, Loaded, ManifestError};
use setpoint::{Autoscaler, Snapshot, Timestamp};

fn one(text: &str) -> Loaded {
    manifest::read_one(text).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(text: &str) -> ManifestError {
    manifest::read(text).expect_err("the document is wrong")
}

/// A document with one piece of its text exchanged, refused: path, value, allowed.
fn with(text: &str, from: &str, to: &str) -> (String, String, String) {
    assert!(text.contains(from), "{from}");
    let error = refused(&text.replacen(from, to, 1));
    (error.path, error.value, error.allowed.into_owned())
}

/// What `scaler` decides for `replicas` when every need of `loaded` reads `amount`.
fn decide(loaded: &Loaded, replicas: u32, amount: f64) -> u32 {
    let samples = vec![amount; replicas as usize];
    let mut snapshot = Snapshot::at(Timestamp::from_secs(600)).replicas(replicas);
    for need in &loaded.needs {
        snapshot = match need.how {
            How::Value => snapshot.value(need.metric.as_str(), amount),
            _ => snapshot.samples(need.metric.as_str(), samples.clone()),
        }
        .expect("the needs have names of their own");
    }
    let mut scaler: Autoscaler = loaded.scaler.clone().one().expect("one workload");
    scaler.decide(&snapshot).replicas()
}

fn needs(loaded: &Loaded) -> Vec<String> {
    loaded.needs.iter().map(ToString::to_string).collect()
}

fn warnings(loaded: &Loaded) -> Vec<&str> {
    loaded.warnings.iter().map(|warning| warning.path.as_str()).collect()
}

mod text {
    use super::*;

    #[test]
    fn what_is_no_document_is_a_typed_error() {
        for text in ["", "\n", "---\n---\n", "# nothing\n", "null"] {
            let error = refused(text);
            assert_eq!((error.path.as_str(), error.value.as_str()), ("text", "empty"), "{text:?}");
        }
        assert_eq!(refused("a: [1").path, "text");
        assert_eq!(refused("a: 1\n---\nb: {\n").document, 2);
        assert_eq!(refused("[1, 2]").to_string(), "document 1, line 1: document is a list: must be a map");
        assert_eq!(refused("kind: X").path, "apiVersion");
        assert_eq!(refused("apiVersion: v1\nkind: 5").path, "kind");
        let unknown = refused("apiVersion: v1\nkind: Service");
        assert_eq!((unknown.path.as_str(), unknown.value.as_str()), ("kind", "Service"));
    }

    #[test]
    fn several_documents_and_lists_of_them() {
        let first = include_str!("fixtures/manifests/hpa.yaml");
        let text =
            format!("{first}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\n---\n{first}");
        let loaded = manifest::read(&text).unwrap();
        assert_eq!(loaded.iter().map(|l| l.document).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(loaded[0].scaler, loaded[1].scaler);
        assert_eq!(loaded[0].warnings.last().unwrap().to_string(), "document 2: a Service, passed over");
        let error = manifest::read_one(&text).unwrap_err();
        assert_eq!((error.document, error.value.as_str()), (3, "2 policies"));
        let broken = refused(&text.replacen("maxReplicas: 20", "maxReplicas: x", 2).replacen(
            "maxReplicas: x",
            "maxReplicas: 20",
            1,
        ));
        assert_eq!((broken.document, broken.path.as_str()), (3, "spec.maxReplicas"));
    }
}

mod hpa {
    use super::*;

    const TEXT: &str = include_str!("fixtures/manifests/hpa.yaml");

    #[test]
    fn every_source_of_metrics_loads() {
        let loaded = one(TEXT);
        assert_eq!((loaded.kind, loaded.name.as_str()), (Kind::Hpa, "inference"));
        assert_eq!(
            needs(&loaded),
            [
                "cpu: samples and requests of the instances",
                "memory: samples of the instances, container server",
                "requests_in_flight: samples of the instances",
                "requests_per_second: value of the workload from Ingress/main",
                "queue_length: value of the workload, queue=prompts,tier in (gold,silver)",
            ]
        );
        assert_eq!(warnings(&loaded), Vec::<&str>::new());
    }

    #[test]
    fn targets_arrive_in_their_units() {
        // 4 replicas at twice the target: a behavior of at most 2 pods a minute holds the growth.
        let only = |metric: &str| {
            let text = format!(
                "{{\"apiVersion\": \"autoscaling/v2\", \"kind\": \"HorizontalPodAutoscaler\",
                  \"spec\": {{\"maxReplicas\": 20, \"metrics\": [{metric}]}}}}"
            );
            one(&text)
        };
        let cpu = only(
            r#"{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}"#,
        );
        assert_eq!(decide(&cpu, 4, 0.75), 6);
        let cores = only(
            r#"{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "500m"}}}"#,
        );
        assert_eq!(decide(&cores, 4, 0.75), 6);
        let bytes = only(
            r#"{"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}}"#,
        );
        assert_eq!(decide(&bytes, 4, 1.5 * 1_073_741_824.0), 6);
        let total = only(
            r#"{"type": "External", "external": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": 10}}}"#,
        );
        assert_eq!(decide(&total, 4, 70.0), 7);
        let ratio = only(
            r#"{"type": "External", "external": {"metric": {"name": "queue"}, "target": {"type": "Value", "value": "2k"}}}"#,
        );
        assert_eq!(decide(&ratio, 4, 3000.0), 6);
    }

    #[test]
    fn behavior_holds_and_its_absence_is_another_thing() {
        let loaded = one(TEXT);
        assert_eq!(decide(&loaded, 4, 1e12), 6, "at most 2 pods a minute");
        let without = TEXT.split("  behavior:").next().unwrap();
        assert_eq!(decide(&one(without), 4, 1e12), 8, "at most twice as many");
    }

    #[test]
    fn no_metrics_mean_cpu_and_zero_needs_a_gate() {
        let bare = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nspec: {maxReplicas: 9}\n";
        assert_eq!(needs(&one(bare)), ["cpu: samples and requests of the instances"]);
        assert_eq!(decide(&one(bare), 4, 1.2), 6);
        let zero = one(&TEXT.replace("minReplicas: 2", "minReplicas: 0"));
        assert_eq!(warnings(&zero), ["spec.minReplicas"]);
        assert_eq!(with(bare, "{maxReplicas", "{minReplicas: 0, maxReplicas").0, "spec.min_replicas");
    }

    #[test]
    fn wrong_fields_are_named_by_their_path() {
        let path = |from, to| with(TEXT, from, to).0;
        assert_eq!(path("autoscaling/v2", "autoscaling/v1"), "apiVersion");
        assert_eq!(path("maxReplicas: 20", "maxreplicas: 20"), "spec.maxReplicas");
        assert_eq!(path("maxReplicas: 20", "maxReplicas: \"20\""), "spec.maxReplicas");
        assert_eq!(path("maxReplicas: 20", "maxReplicas: 1"), "spec.maxReplicas");
        assert_eq!(path("maxReplicas: 20", "maxReplicas: 2147483648"), "spec.maxReplicas");
        assert_eq!(path("minReplicas: 2", "minReplicas: -1"), "spec.minReplicas");
        assert_eq!(path("  maxReplicas: 20", "  maxReplicas: 20\n  cooldown: 5"), "spec.cooldown");
        assert_eq!(path("type: Resource", "type: Disk"), "spec.metrics[0].type");
        let target = "spec.metrics[0].resource.target";
        assert_eq!(
            path("averageUtilization: 70", "averageUtilization: 0.7"),
            format!("{target}.averageUtilization")
        );
        assert_eq!(
            path("averageUtilization: 70", "averageUtilization: 0"),
            format!("{target}.averageUtilization")
        );
        assert_eq!(path("averageUtilization: 70", "value: 70"), format!("{target}.averageUtilization"));
        assert_eq!(
            path("averageUtilization: 70", "averageUtilization: 70\n          value: 1"),
            format!("{target}.value")
        );
        assert_eq!(
            path("averageValue: 2Gi", "averageValue: 2GiB"),
            "spec.metrics[1].containerResource.target.averageValue"
        );
        assert_eq!(
            path("averageValue: \"12\"", "averageValue: 0"),
            "spec.metrics[2].pods.target.averageValue"
        );
        assert_eq!(
            path("name: queue_length", "name: requests_in_flight"),
            "spec.metrics[4].external.metric.name"
        );
        let up = "spec.behavior.scaleUp";
        assert_eq!(
            path("periodSeconds: 60", "periodSeconds: 1801"),
            format!("{up}.policies[0].periodSeconds")
        );
        assert_eq!(path("value: 2\n", "value: 0\n"), format!("{up}.policies[0].value"));
        assert_eq!(
            path("stabilizationWindowSeconds: 0", "stabilizationWindowSeconds: 3601"),
            format!("{up}.stabilizationWindowSeconds")
        );
        assert_eq!(path("selectPolicy: Max", "selectPolicy: Most"), format!("{up}.selectPolicy"));
        assert_eq!(path("tolerance: 50m", "tolerance: -1m"), "spec.behavior.scaleDown.tolerance");
        let (_, value, allowed) = with(TEXT, "selectPolicy: Max", "selectPolicy: Most");
        assert_eq!((value.as_str(), allowed.as_str()), ("Most", "one of Max, Min, Disabled"));
    }
}

mod kthena {
    use super::*;
    use setpoint::{Bounds, Group, kthena};
    use std::time::Duration;

    const CPU: &str = include_str!("fixtures/manifests/kthena_cpu.yaml");
    const SMART: &str = include_str!("fixtures/manifests/kthena_smart.yaml");
    const ROLES: &str = include_str!("fixtures/manifests/kthena_roles.yaml");
    const TARGETS: &str = include_str!("fixtures/manifests/kthena_targets.yaml");

    #[test]
    fn the_oldest_form_holds_targets_in_the_binding() {
        let loaded = one(CPU);
        assert_eq!((loaded.kind, loaded.name.as_str()), (Kind::Kthena, "cpu-based-scaling"));
        assert_eq!(needs(&loaded), ["cpu: samples of the instances"]);
        let config = kthena::Config::new(Bounds::new(1, 5).unwrap()).target("cpu", 70.0);
        assert_eq!(loaded.scaler.clone().one(), Some(Autoscaler::kthena(config).unwrap()));
        assert_eq!(decide(&loaded, 2, 105.0), 3);
    }

    #[test]
    fn a_binding_takes_the_policy_of_its_reference() {
        let loaded = one(SMART);
        assert_eq!((loaded.name.as_str(), loaded.document), ("smart-scaling-binding", 2));
        assert_eq!(warnings(&loaded), ["spec.behavior.scaleUp.panicPolicy"]);
        let behavior = kthena::Behavior {
            panic: kthena::PanicPolicy {
                panic_threshold_percent: 150,
                panic_mode_hold: Duration::from_secs(300),
                ..kthena::PanicPolicy::new(Duration::ZERO)
            },
            scale_down: kthena::StablePolicy {
                stabilization_window: Duration::from_secs(180),
                ..kthena::StablePolicy::scale_down()
            },
            ..kthena::Behavior::default()
        };
        let config = kthena::Config::new(Bounds::new(2, 10).unwrap())
            .target("gpu_utilization", 80.0)
            .target("concurrent_requests", 50.0)
            .behavior(behavior);
        assert_eq!(loaded.scaler.clone().one(), Some(Autoscaler::kthena(config).unwrap()));
        assert_eq!(decide(&loaded, 4, 120.0), 10, "panic mode, without a pace");
    }

    #[test]
    fn roles_and_targets_become_groups() {
        let loaded = one(ROLES);
        assert_eq!(
            needs(&loaded),
            [
                "decode: running: value of the workload, sum(vllm:num_requests_running) from http://prometheus:9090",
                "prefill: waiting: samples of the instances, vllm:num_requests_waiting from :8000/metrics",
            ]
        );
        let mut group: Group = loaded.scaler.group().unwrap();
        assert_eq!(group.names(), ["decode", "prefill"]);
        let at = Timestamp::from_secs(60);
        let decode = Snapshot::at(at).replicas(4).value("running", 256.0).unwrap();
        let prefill = Snapshot::at(at).replicas(1).samples("waiting", &[10.0]).unwrap();
        let decision = group.decide(&[decode, prefill]).unwrap();
        assert_eq!(decision.replicas().collect::<Vec<_>>(), [8, 2], "a quarter of eight");

        let loaded = one(TARGETS);
        assert_eq!(warnings(&loaded), ["spec.heterogeneousTarget.params[1]"]);
        let config = kthena::TargetsConfig::new()
            .target("llama-h100", Bounds::new(0, 4).unwrap(), 100)
            .target("llama-a100", Bounds::new(1, 8).unwrap(), 60)
            .metric("queue_length", 10.0)
            .cost_expansion_rate_percent(150);
        assert_eq!(loaded.scaler.group(), Some(Group::kthena_targets(config).unwrap()));
    }

    #[test]
    fn wrong_fields_are_named_by_their_path() {
        let path = |text, from, to| with(text, from, to).0;
        assert_eq!(path(CPU, "maxReplicas: 5", "maxReplicas: 0"), "spec.scalingConfiguration.maxReplicas");
        assert_eq!(path(CPU, "minReplicas: 1", "minReplicas: 6"), "spec.scalingConfiguration.maxReplicas");
        assert_eq!(path(CPU, "cpu: 70", "cpu: 0"), "spec.scalingConfiguration.metricTargets.cpu");
        assert_eq!(path(SMART, "name: llm-smart-scaling\nspec", "name: other\nspec"), "spec");
        assert_eq!(
            path(SMART, "    name: llm-smart-scaling\n  scaling", "    name: other\n  scaling"),
            "spec"
        );
        assert_eq!(path(SMART, "tolerancePercent: 10", "tolerancePercent: 101"), "spec.tolerancePercent");
        let panic = "spec.behavior.scaleUp.panicPolicy";
        assert_eq!(path(SMART, "Percent: 150", "Percent: 109"), format!("{panic}.panicThresholdPercent"));
        assert_eq!(path(SMART, "Hold: 5m", "Hold: 31m"), format!("{panic}.panicModeHold"));
        assert_eq!(path(SMART, "Hold: 5m", "Hold: 5"), format!("{panic}.panicModeHold"));
        assert_eq!(path(SMART, "panicModeHold", "hold"), format!("{panic}.hold"));
        let target = "spec.disaggregatedTarget";
        assert_eq!(
            path(ROLES, "maxReplicas: 16", "maxReplicas: 0"),
            format!("{target}.roles.decode.maxReplicas")
        );
        assert_eq!(
            path(ROLES, "minRatio: 250m", "minRatio: 2"),
            format!("{target}.ratioConstraint.maxRatio")
        );
        assert_eq!(
            path(ROLES, "            pod:", "            disk:"),
            format!("{target}.roles.prefill.metricSources.waiting.disk")
        );
        assert_eq!(
            path(ROLES, "  disaggregatedTarget", "  homogeneousTarget: {}\n  disaggregatedTarget"),
            "spec"
        );
        assert_eq!(path(TARGETS, "cost: 60", "cost: -1"), "spec.heterogeneousTarget.params[1].cost");
    }
}

mod kubeai {
    use super::*;
    use setpoint::{Bounds, kubeai};
    use std::time::Duration;

    const HEAD: &str = "apiVersion: kubeai.io/v1alpha1\nkind: AIInferenceAutoscalerPolicy\nmetadata: {name: llm}\nspec:\n  \
                        targetRef: {apiVersion: apps/v1, kind: Deployment, name: llm}\n  minReplicas: 1\n  maxReplicas: 10\n";

    /// The document page shows what stands under `spec`: here it stands there.
    fn spec(fragment: &str) -> String {
        fragment.lines().fold(HEAD.to_owned(), |text, line| text + "  " + line + "\n")
    }

    #[test]
    fn the_examples_of_the_page_decide() {
        for (fragment, need, reading, wanted) in [
            (include_str!("fixtures/manifests/kubeai_latency.yaml"), "latency_p99_seconds", 0.15, 6),
            (include_str!("fixtures/manifests/kubeai_gpu.yaml"), "gpu_utilization", 100.0, 5),
            (include_str!("fixtures/manifests/kubeai_queue.yaml"), "queue_length", 60.0, 6),
        ] {
            let loaded = one(&spec(fragment));
            assert_eq!(loaded.kind, Kind::KubeAi);
            assert_eq!(needs(&loaded), [format!("{need}: value of the workload")]);
            assert_eq!(decide(&loaded, 4, reading), wanted, "{fragment}");
        }
    }

    #[test]
    fn every_field_arrives() {
        let text = spec(
            "cooldownPeriod: 60\nalgorithm: {name: WeightedRatio, tolerance: 0.2, weights: [2, 1.5]}\nmetrics:\n  \
             latency: {targetP95Ms: 250, prometheusQuery: p95}\n  gpuUtilization: {enabled: false, targetPercentage: 80}\n  \
             requestQueueDepth: {enabled: true, targetDepth: 0}\nscaleDown: {stabilizationWindowSeconds: 120}\n",
        );
        let loaded = one(&text);
        assert_eq!(needs(&loaded), ["latency_p95_seconds: value of the workload, p95"]);
        assert_eq!(warnings(&loaded), ["spec.metrics.requestQueueDepth", "spec.scaleDown"]);
        let config = kubeai::Config::new(Bounds::new(1, 10).unwrap())
            .latency_p95(Duration::from_millis(250))
            .algorithm("WeightedRatio")
            .tolerance(0.2)
            .weights([2.0, 1.5])
            .cooldown(Duration::from_secs(60))
            .behavior(
                setpoint::behavior::Behavior::new()
                    .down(setpoint::behavior::Rules::new().window(Duration::from_secs(120))),
            );
        assert_eq!(loaded.scaler.one(), Some(Autoscaler::kubeai(config).unwrap()));
    }

    #[test]
    fn wrong_fields_are_named_by_their_path() {
        let text = spec(include_str!("fixtures/manifests/kubeai_gpu.yaml"));
        let path = |from, to| with(&text, from, to).0;
        assert_eq!(
            path("targetPercentage: 80", "targetPercentage: 101"),
            "spec.metrics.gpuUtilization.targetPercentage"
        );
        assert_eq!(
            path("targetPercentage: 80", "targetDepth: 80"),
            "spec.metrics.gpuUtilization.targetPercentage"
        );
        assert_eq!(path("enabled: true", "enabled: yes"), "spec.metrics.gpuUtilization.enabled");
        assert_eq!(path("enabled: true", "enabled: false"), "spec.metrics");
        assert_eq!(path("gpuUtilization", "gpuMemory"), "spec.metrics.gpuMemory");
        assert_eq!(path("maxReplicas: 10", "maxReplicas: 0"), "spec.maxReplicas");
        assert_eq!(
            path("maxReplicas: 10", "maxReplicas: 10\n  algorithm: {name: Best}"),
            "spec.algorithm.name"
        );
        assert_eq!(
            path("maxReplicas: 10", "maxReplicas: 10\n  algorithm: {tolerance: 2}"),
            "spec.algorithm.tolerance"
        );
    }
}

mod bud {
    use super::*;
    use setpoint::behavior::Policy;
    use setpoint::{Bounds, bud};
    use std::time::Duration;

    const FULL: &str = include_str!("fixtures/manifests/bud_05.yaml");

    /// A part of a document as the page shows it, with what the page leaves out around it.
    fn completed(part: &str) -> String {
        let mut text = "apiVersion: scaler.bud.studio/v1alpha1\nkind: BudAIScaler\n".to_owned();
        if part.starts_with("spec:") {
            text.push_str(part);
        } else {
            text.push_str("spec:\n");
            part.lines().for_each(|line| text.push_str(&format!("  {line}\n")));
        }
        if !part.contains("metricsSources:") {
            text.push_str(
                "  metricsSources: [{metricSourceType: pod, targetMetric: load, targetValue: \"10\"}]\n",
            );
        }
        text.push_str("  maxReplicas: 20\n");
        text
    }

    #[test]
    fn every_example_of_the_page_loads_and_decides() {
        let examples = [
            (completed(include_str!("fixtures/manifests/bud_00.yaml")), 20.0, 20),
            (completed(include_str!("fixtures/manifests/bud_01.yaml")), 20.0, 8),
            (completed(include_str!("fixtures/manifests/bud_03.yaml")), 77.0, 6),
            (include_str!("fixtures/manifests/bud_04.yaml").to_owned(), 84.0, 5),
            (completed(include_str!("fixtures/manifests/bud_06.yaml")), 1.2, 6),
            (completed(include_str!("fixtures/manifests/bud_07.yaml")), 150.0, 6),
            (completed(include_str!("fixtures/manifests/bud_08.yaml")), 84.0, 5),
            (completed(include_str!("fixtures/manifests/bud_09.yaml")), 84.0, 5),
            (completed(include_str!("fixtures/manifests/bud_10.yaml")), 12.0, 5),
            (completed(include_str!("fixtures/manifests/bud_12.yaml")), 120.0, 5),
        ];
        for (text, reading, wanted) in examples {
            let loaded = one(&text);
            assert_eq!(loaded.kind, Kind::Bud);
            assert_eq!(decide(&loaded, 4, reading), wanted, "{text}");
        }
        for part in
            [include_str!("fixtures/manifests/bud_02.yaml"), include_str!("fixtures/manifests/bud_11.yaml")]
        {
            let _ = decide(&one(&completed(part)), 4, 10.0);
        }
    }

    #[test]
    fn the_full_example_arrives_field_by_field() {
        let loaded = one(FULL);
        let minute = Duration::from_secs(60);
        let config = bud::Config::new(Bounds::new(2, 20).unwrap())
            .metric("gpu_cache_usage_perc", 70.0)
            .prediction(bud::Blend { min_confidence: 0.7, ..bud::Blend::default() })
            .gpu(bud::GpuThresholds { memory: Some(80.0), compute: None })
            .budget_per_hour(50.0)
            .up(bud::Side::new().cooldown(Duration::from_secs(30)).policies([Policy::percent(100, minute)]))
            .down(
                bud::Side::new().cooldown(Duration::from_secs(300)).policies([Policy::percent(50, minute)]),
            );
        assert_eq!(loaded.scaler.clone().one(), Some(Autoscaler::bud(config).unwrap()));
        assert_eq!(
            warnings(&loaded),
            [
                "spec.costConfig.preferSpotInstances",
                "spec.predictionConfig.lookAheadMinutes",
                "spec.predictionConfig.enableLearning",
            ]
            .map(|path| path)
            .to_vec()
        );
        assert!(needs(&loaded).contains(
            &"schedule_hints: value of the workload, business-hours: 8 at 0 9 * * 1-5 for 36000 s".to_owned()
        ));
    }

    #[test]
    fn wrong_fields_are_named_by_their_path() {
        let path = |from, to| with(FULL, from, to).0;
        assert_eq!(path("minReplicas: 2", "minReplicas: 21"), "spec.maxReplicas");
        assert_eq!(path("scalingStrategy: BudScaler", "scalingStrategy: VPA"), "spec.scalingStrategy");
        assert_eq!(path("targetValue: \"70\"", "targetValue: 70"), "spec.metricsSources[0].targetValue");
        assert_eq!(path("targetValue: \"70\"", "targetValue: \"70m\""), "spec.metrics");
        assert_eq!(path("0 9 * * 1-5", "9 * * 1-5"), "spec.scheduleHints[0].cronExpression");
        assert_eq!(path("minConfidence: 0.7", "minConfidence: 7"), "spec.predictionConfig.minConfidence");
        assert_eq!(
            path("gpuMemoryThreshold: 80", "gpuMemoryThreshold: 101"),
            "spec.gpuConfig.gpuMemoryThreshold"
        );
        assert_eq!(
            path("periodSeconds: 60", "periodSeconds: 0"),
            "spec.behavior.scaleUp.policies[0].periodSeconds"
        );
        let annotated = "name: llm-scaler\n  annotations: {scaler.bud.studio/panic: \"2\"}";
        assert_eq!(path("name: llm-scaler", annotated), "metadata.annotations.scaler.bud.studio/panic");
    }
}

mod aibrix {
    use super::*;
    use setpoint::schedule::{Daily, Weekdays};
    use setpoint::{Bounds, aibrix};
    use std::time::Duration;

    const TEXT: &str = include_str!("fixtures/manifests/aibrix.yaml");

    #[test]
    fn every_field_arrives() {
        let loaded = one(TEXT);
        assert_eq!(needs(&loaded), ["kv_cache_usage_perc: samples of the instances from :8000/metrics"]);
        let days = Weekdays::named(["mon", "tue"]).unwrap();
        let office = Daily::new("08:00".parse().unwrap(), "18:00".parse().unwrap(), days).unwrap();
        let config = aibrix::Config::new(aibrix::Strategy::Apa, Bounds::new(1, 10).unwrap())
            .metric("kv_cache_usage_perc", 0.5)
            .stable_window(Duration::from_secs(120))
            .time_zone("Europe/Berlin")
            .schedule(aibrix::Schedule::new("office", office).min(4))
            .annotations([("scale-up-tolerance", "0.2"), ("scale-down-cooldown-window", "90s")])
            .unwrap();
        assert_eq!(loaded.scaler.clone().one(), Some(Autoscaler::aibrix(config).unwrap()));
        assert_eq!(decide(&loaded, 4, 0.75), 6);
    }

    #[test]
    fn wrong_fields_are_named_by_their_path() {
        let path = |from, to| with(TEXT, from, to).0;
        assert_eq!(path("scalingStrategy: APA", "scalingStrategy: HPA"), "spec.scalingStrategy");
        assert_eq!(path("targetValue: \"0.5\"", "targetValue: \"0\""), "spec.metricsSources[0].targetValue");
        assert_eq!(path("Seconds: 120", "Seconds: 3601"), "spec.observeWindowSeconds");
        assert_eq!(
            path("scale-up-tolerance: \"0.2\"", "scale-up-tolerance: \"x\""),
            "metadata.annotations.scale-up-tolerance"
        );
        assert!(path("endTime: \"18:00\"", "endTime: \"25:00\"").starts_with("spec.schedules[0]"));
    }
}

mod knative {
    use super::*;
    use setpoint::kpa;
    use std::time::Duration;

    const TEXT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-autoscaler}\ndata: {stable-window: 2m}\n---\n\
        apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: web}\nspec:\n  template:\n    metadata:\n      \
        annotations: {autoscaling.knative.dev/target: \"10\", autoscaling.knative.dev/max-scale: \"20\"}\n    spec: {containers: []}\n";

    #[test]
    fn annotations_stand_over_the_settings_of_the_cluster() {
        let loaded = one(TEXT);
        assert_eq!(needs(&loaded), ["concurrency: value of the workload"]);
        let config = kpa::Config::default()
            .target(10.0)
            .max_scale(20)
            .stable_window(Duration::from_secs(120))
            .reachability(kpa::Reachability::Reachable);
        assert_eq!(loaded.scaler.clone().one(), Some(Autoscaler::kpa(config).unwrap()));
        assert_eq!(decide(&loaded, 1, 35.0), 5);
        let path = |from, to| with(TEXT, from, to).0;
        assert_eq!(path("target: \"10\"", "target: \"0\""), "spec.template.metadata.annotations.target");
        assert_eq!(path("stable-window: 2m", "stable-window: 2s"), "data.stable-window");
        assert_eq!(
            path("target: \"10\"", "target: 10"),
            "spec.template.metadata.annotations.autoscaling.knative.dev/target"
        );
    }
}
