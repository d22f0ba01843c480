"""Every setting of the presets of other systems reaches the autoscaler, and what cannot hold is refused by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import setpoint as sp

BAND = sp.Thresholds(lower=0.4, upper=0.8)
BOUNDS: dict[str, Any] = {"min_replicas": 2, "max_replicas": 9}
POLICY = sp.ScalingPolicy(pods=1, period=60.0)
OFFICE = sp.Schedule(name="office", start="08:30", end="18:00", min_replicas=4)

# A call with few settings, and for each setting of the function a value that makes another autoscaler of it.
PRESETS: dict[str, tuple[Callable[..., sp.Autoscaler], dict[str, Any], dict[str, Any]]] = {
    "aibrix": (
        sp.aibrix,
        {**BOUNDS, "strategy": "kpa", "metrics": {"load": 2.0}, "schedules": [OFFICE]},
        {
            "strategy": "apa",
            "min_replicas": 1,
            "max_replicas": 8,
            "metrics": {"load": 3.0},
            "external": {"rps": 1.0},
            "max_scale_up_rate": 3.0,
            "max_scale_down_rate": 3.0,
            "scale_up_tolerance": 0.2,
            "scale_down_tolerance": 0.2,
            "panic_threshold": 3.0,
            "stable_window": 200.0,
            "panic_window": 30.0,
            "scale_up_cooldown": 30.0,
            "scale_down_cooldown": 30.0,
            "time_zone": "Europe/Berlin",
            "schedules": [sp.Schedule(name="office", start="08:30", end="18:00", days=["mon"], min_replicas=4)],
            "cooldown_rule": "hold",
            "kpa_load": "totals",
            "empty_window": "fails",
        },
    ),
    "kubeai": (
        sp.kubeai,
        {**BOUNDS, "latency_p99": 0.5, "algorithm": "WeightedRatio"},
        {
            "min_replicas": 1,
            "max_replicas": 8,
            "latency_p99": 0.25,
            "latency_p95": 0.25,
            "gpu_utilization": 80.0,
            "gpu_memory": 80.0,
            "queue_depth": 10.0,
            "metrics": {"latency_p99": "ttft"},
            "algorithm": "AverageRatio",
            "weights": [2.0],
            "tolerance": 0.2,
            "scale_up_cooldown": 30.0,
            "scale_down_cooldown": 30.0,
            "cooldown_clock": "per_direction",
            "missing": "ignore",
            "scale_up": sp.ScalingRules(window=60),
            "scale_down": sp.ScalingRules(window=60),
        },
    ),
    "bud": (
        sp.bud,
        {**BOUNDS, "metrics": {"load": 2.0}},
        {
            "min_replicas": 1,
            "max_replicas": 8,
            "metrics": {"load": 3.0},
            "resources": {"cpu": 80.0},
            "custom": {"tokens": 8.0},
            "external": {"rps": 1.0},
            "strategy": "kpa",
            "scale_up_tolerance": 0.2,
            "scale_down_tolerance": 0.2,
            "scale_up_rate": 3.0,
            "scale_down_rate": 0.25,
            "panic_threshold": 3.0,
            "starting_weight": 0.25,
            "scale_up_cooldown": 30.0,
            "scale_down_cooldown": 30.0,
            "scale_up_select": "min",
            "scale_down_select": "max",
            "scale_up_policies": [POLICY],
            "scale_down_policies": [POLICY],
            "pacing": "per_evaluation",
            "max_starting": 3,
            "max_starting_percent": 30,
            "bypass_gate_on_panic": True,
            "gpu_memory": 80.0,
            "gpu_compute": 80.0,
            "prediction": sp.Blend(weight=0.5),
            "budget_per_hour": 20.0,
            "overlap": "largest",
            "enforce_bounds_last": True,
        },
    ),
    "gaussian": (
        sp.gaussian,
        {**BOUNDS, "thresholds": BAND, "metric": "cpu", "window": 60.0},
        {
            "min_replicas": 1,
            "max_replicas": 8,
            "thresholds": sp.Thresholds(lower=0.3, upper=0.8),
            "metric": "memory",
            "window": 30.0,
            "overload_probability": 0.01,
        },
    ),
}
# Settings that need others beside them, or that only an otherwise refused call would show; each has a test of its own below.
APART = {"kubeai": {"unknown_algorithm"}, "gaussian": {"mean", "deviation"}}


@pytest.mark.parametrize("name", PRESETS)
def test_every_setting_reaches_the_autoscaler(name: str) -> None:
    make, base, others = PRESETS[name]
    assert set(others) | APART.get(name, set()) == set(inspect.signature(make).parameters)
    assert make(**base) == make(**base)
    for setting, value in others.items():
        scaler = make(**{**base, setting: value})
        assert scaler != make(**base), setting
        assert f"{setting}={value!r}" in repr(scaler), setting


def test_the_values_of_the_gaussian_rule_are_read() -> None:
    scaler = sp.gaussian(**BOUNDS, thresholds=BAND, mean="mu", deviation="sigma")
    for names in (("mu", "other"), ("other", "sigma")):
        assert scaler != sp.gaussian(**BOUNDS, thresholds=BAND, mean=names[0], deviation=names[1])
    assert scaler.decide(sp.Snapshot(at=0, replicas=5, values={"mu": 0.9, "sigma": 0.0})).replicas == 6


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ({}, "none"),
        ({"mean": "mu"}, "mean"),
        ({"metric": "cpu"}, "metric"),
        ({"mean": "mu", "deviation": "sigma", "metric": "cpu"}, "mean and deviation and metric"),
    ],
)
def test_the_gaussian_rule_has_one_source(source: dict[str, Any], found: str) -> None:
    with pytest.raises(sp.ConfigError) as caught:
        sp.gaussian(**BOUNDS, thresholds=BAND, **source)
    assert (caught.value.field, caught.value.value) == ("source", found)


def test_an_unknown_algorithm_is_refused_or_stood_in_for() -> None:
    with pytest.raises(sp.ConfigError, match="Fastest"):
        sp.kubeai(**BOUNDS, queue_depth=10, algorithm="Fastest")
    scaler = sp.kubeai(**BOUNDS, queue_depth=10, algorithm="Fastest", unknown_algorithm="use_max_ratio")
    assert scaler.decide(sp.Snapshot(at=0, replicas=4, values={"queue_length": 60})).replicas == 6


@pytest.mark.parametrize(
    ("make", "settings", "field"),
    [
        (sp.aibrix, {"strategy": "apa"}, "metrics"),
        (sp.aibrix, {"strategy": "hpa", "metrics": {"load": 1}}, "strategy"),
        (sp.aibrix, {"strategy": "apa", "metrics": {"load": 0}}, "metrics.load"),
        (sp.aibrix, {"strategy": "apa", "metrics": {"load": 1}, "time_zone": "Middle/Earth"}, "time_zone"),
        (sp.aibrix, {"strategy": "apa", "metrics": {"load": 1}, "schedules": [OFFICE, OFFICE]}, "schedules[1].name"),
        (sp.kubeai, {}, "targets"),
        (sp.kubeai, {"gpu_memory": 101}, "targets.gpu_memory_percent"),
        (sp.kubeai, {"queue_depth": 1, "metrics": {"queue": "q"}}, "metrics"),
        (sp.kubeai, {"queue_depth": 1, "weights": [-1]}, "algorithm.weights"),
        (sp.bud, {}, "metrics"),
        (sp.bud, {"metrics": {"load": 1}, "strategy": "hpa"}, "metrics"),
        (sp.bud, {"metrics": {"load": 1}, "prediction": sp.Blend(weight=2)}, "prediction.weight"),
        (sp.bud, {"metrics": {"load": 1}, "scale_up_select": "best"}, "scale_up_select"),
        (sp.bud, {"metrics": {"load": 1}, "scale_up_cooldown": -1}, "scale_up_cooldown"),
        (sp.gaussian, {"thresholds": BAND, "metric": "cpu", "window": 0.0005}, "window"),
        (sp.gaussian, {"thresholds": BAND, "metric": "cpu", "window": 0}, "source.width_ms"),
        (sp.gaussian, {"thresholds": BAND, "mean": "mu", "deviation": "mu"}, "source.deviation"),
    ],
)
def test_what_cannot_hold_is_refused_by_name(make: Callable[..., sp.Autoscaler], settings: dict[str, Any], field: str) -> None:
    with pytest.raises(sp.ConfigError) as caught:
        make(**BOUNDS, **settings)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"start": "8:30", "end": "18:00"}, "time of day"),
        ({"start": "18:00", "end": "08:30"}, "end"),
        ({"start": "08:30", "end": "18:00", "days": ["monday"]}, "days"),
        ({"start": "08:30", "end": "18:00", "days": []}, "days"),
        ({"start": "08:30", "end": "18:00", "min_replicas": -1}, "min_replicas"),
    ],
)
def test_schedules_that_cannot_hold_are_refused(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(sp.ConfigError) as caught:
        sp.Schedule(name="office", **settings)
    assert caught.value.field == field


def test_a_schedule_goes_by_the_clock_of_its_zone() -> None:
    scaler = sp.aibrix(strategy="apa", **BOUNDS, metrics={"load": 1}, schedules=[OFFICE], time_zone="Asia/Kolkata")
    opening = 3 * 3600  # 08:30 at five and a half hours ahead
    for at, count in ((opening - 1, 2), (opening, 4)):
        assert scaler.decide(sp.Snapshot(at=at, replicas=2, samples={"load": [1, 1]})).replicas == count


def test_facts_of_bud_are_workload_values() -> None:
    scaler = sp.bud(**BOUNDS, metrics={"load": 2}, gpu_compute=50, prediction=sp.Blend(), budget_per_hour=12)
    calm = {"load": 2.0}
    for facts, count in (
        ({}, 4),
        ({"gpu_utilization": 75.0}, 6),
        ({"predicted_replicas": 8.0, "prediction_confidence": 1.0}, 5),
        ({"schedule_hints": 7.0}, 7),
        ({"schedule_hints": 7.0, "cost_per_hour": 8.0, "replica_cost_per_hour": 2.0}, 6),
    ):
        assert scaler.peek(sp.Snapshot(at=0, replicas=4, values={**calm, **facts})).replicas == count, facts
