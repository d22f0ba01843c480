"""Deciding, remembering, saving, restoring, copying and changing autoscalers."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
from typing import Any

import pytest
import setpoint as sp
from cases import Steps, day, scalers

NAMES = list(scalers())


def test_a_decision_tells_everything() -> None:
    scaler = sp.compose(recommenders=[sp.Fixed(40)], restraints=[sp.Cooldown(down=300)], bounds=(2, 10))
    decision = scaler.decide(sp.Snapshot(at=7.5, replicas=4))
    assert (decision.replicas, decision.from_replicas, decision.changes) == (10, 4, True)
    assert (decision.outcome, decision.at, decision.next_change_at) == ("decided", 7.5, 7.5)
    assert (decision.binding, decision.stages) == ("bounds", ["fixed", "cooldown", "bounds"])
    assert str(decision) == "4 -> 10: fixed at 40; at most 10"
    assert decision.replay() == 10
    kinds = [(r.kind, r.stage) for r in decision.reasons]
    assert kinds == [("fixed", "fixed"), ("combined", None), ("restraint", "bounds")]
    last = decision.reasons[-1]
    assert last.data == {"rule": "upper_bound", "from": 40, "to": 10}
    assert (last.rule, last.to, str(last)) == ("upper_bound", 10, "at most 10")
    with pytest.raises(AttributeError, match="no until"):
        last.until
    then = scaler.decide(sp.Snapshot(at=8, replicas=10))
    assert (then.changes, then.next_change_at) == (False, None)


def test_times_in_reasons_are_seconds_and_in_json_milliseconds() -> None:
    scaler = sp.compose(recommenders=[sp.Fixed(1)], restraints=[sp.Cooldown(down=60)])
    scaler.decide(sp.Snapshot(at=10, replicas=5))
    held = scaler.decide(sp.Snapshot(at=20, replicas=5))
    assert held.replicas == 5 and held.next_change_at == 70.0
    assert held.reasons[-1].until == 70.0
    assert held.to_dict()["next_change_at"] == 70_000
    assert held.to_dict()["reasons"][-1]["reason"]["until"] == 70_000
    assert held.to_dict() == json.loads(held.to_json())
    assert sp.Decision.from_json(held.to_json()) == held


def test_metrics_in_reasons_have_their_names() -> None:
    decision = scalers()["kthena"].decide(day()[0])
    told = [r for r in decision.reasons if "metric" in r.data]
    assert told and all(r.metric == "load" and r.metrics == ["load"] for r in told)


def test_a_clock_that_goes_back_is_told() -> None:
    scaler = sp.fixed(2)
    scaler.decide(sp.Snapshot(at=10, replicas=2))
    back = scaler.decide(sp.Snapshot(at=5, replicas=2))
    assert back.at == 10.0
    assert (back.reasons[0].kind, back.reasons[0].used) == ("time_went_back", 10.0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", ["json", "pickle", "copy", "deepcopy"])
def test_a_restored_autoscaler_decides_as_the_original(name: str, how: str) -> None:
    original = scalers()[name]
    again = scalers()[name]
    for snapshot in day():
        if how == "json":
            fresh = scalers()[name]
            fresh.restore(again.save())
        elif how == "pickle":
            fresh = pickle.loads(pickle.dumps(again))
        else:
            fresh = getattr(copy, how)(again)
        assert fresh == again
        again = fresh
        assert again.decide(snapshot) == original.decide(snapshot)
    assert again == original and again.save() == original.save()
    assert original != scalers()[name]


@pytest.mark.parametrize("name", NAMES)
def test_repr_builds_an_equal_autoscaler(name: str) -> None:
    scaler = scalers()[name]
    again = eval(repr(scaler), {n: getattr(sp, n) for n in sp.__all__})
    assert again == scaler and repr(again) == repr(scaler)


@pytest.mark.parametrize("name", NAMES)
def test_peek_and_counterfactuals_remember_nothing(name: str) -> None:
    scaler = scalers()[name]
    for snapshot in day(12):
        before = scaler.save()
        peeked = scaler.peek(snapshot)
        without = scaler.counterfactuals(snapshot)
        assert scaler.save() == before
        assert [stage for stage, _ in without] == scaler.stages
        assert scaler.decide(snapshot) == peeked


def test_counterfactuals_by_stage() -> None:
    scaler = sp.compose(recommenders=[sp.Fixed(14)], bounds=(1, 6))
    assert scaler.counterfactuals(sp.Snapshot(at=0, replicas=4)) == [("fixed", 4), ("bounds", 14)]


def test_a_rejected_proposal_starts_no_cooldown() -> None:
    def scaler() -> sp.Autoscaler:
        return sp.compose(recommenders=[sp.Fixed(1)], restraints=[sp.Cooldown(down=60)])

    first, later = sp.Snapshot(at=0, replicas=9), sp.Snapshot(at=1, replicas=9)
    rejected = scaler()
    rejected.propose(first)
    rejected.rejected()
    assert rejected.decide(later).replicas == 1
    applied = scaler()
    assert applied.propose(first).replicas == 1
    applied.applied()
    assert applied.decide(later).replicas == 9


def test_observe_takes_readings_in() -> None:
    seen = scalers()["kthena"]
    seen.observe(day()[0])
    assert seen != scalers()["kthena"]


def test_reconfigure_keeps_what_is_of_use() -> None:
    scaler = sp.compose(recommenders=[sp.Fixed(1)], restraints=[sp.Cooldown(down=60)])
    scaler.decide(sp.Snapshot(at=0, replicas=9))
    afresh = scaler.reconfigure(
        sp.compose(recommenders=[sp.Fixed(2)], restraints=[sp.Cooldown(down=30), sp.Floor(1)]), at=10
    )
    assert afresh == ["floor"]
    assert repr(scaler) == "compose(recommenders=[Fixed(2)], restraints=[Cooldown(down=30.0), Floor(1)])"
    assert scaler.decide(sp.Snapshot(at=29, replicas=9)).replicas == 9
    assert scaler.decide(sp.Snapshot(at=30, replicas=9)).replicas == 2
    assert pickle.loads(pickle.dumps(scaler)) == scaler


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", "null", '{"format":99}', '{"format":1}', "\x00", '{"format":1,"newest":"x","pending":null,"stages":[]}'],
)
def test_saved_memory_that_does_not_fit_changes_nothing(text: str) -> None:
    scaler = scalers()["compose"]
    scaler.decide(sp.Snapshot(at=0, replicas=9))
    before = scaler.save()
    with pytest.raises(sp.StateError):
        scaler.restore(text)
    assert scaler.save() == before


def test_saved_memory_of_other_stages_is_refused() -> None:
    with pytest.raises(sp.StateError, match="this autoscaler is"):
        scalers()["compose"].restore(scalers()["capped"].save())
    with pytest.raises(sp.StateError):
        sp.Decision.from_json("{}")
    with pytest.raises(sp.StateError):
        sp.Reason('{"kind":"unheard of"}')


FIXED = [sp.Fixed(1), sp.Fixed(2)]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"recommenders": []}, "recommenders"),
        ({"recommenders": FIXED, "combine": "mean"}, "combine"),
        ({"recommenders": FIXED, "combine": "weighted"}, "weights"),
        ({"recommenders": FIXED, "combine": "weighted", "weights": [1]}, "weights"),
        ({"recommenders": FIXED, "combine": "weighted", "weights": [1, float("nan")]}, "weights"),
        ({"recommenders": FIXED, "combine": "weighted", "weights": [1, 1], "caps": [1, 1]}, "caps"),
        ({"recommenders": FIXED, "weights": [1, 1]}, "weights"),
        ({"recommenders": FIXED, "caps": [1, 1]}, "caps"),
        ({"recommenders": FIXED, "combine": "capped"}, "caps"),
        ({"recommenders": FIXED, "combine": "capped", "caps": [None]}, "caps"),
        ({"recommenders": FIXED, "combine": "capped", "caps": [None, -1]}, "caps"),
        ({"recommenders": FIXED, "bounds": (5, 2)}, "max_replicas"),
        ({"recommenders": FIXED, "bounds": (-5, 2)}, "min_replicas"),
        ({"recommenders": FIXED, "bounds": (0, 0)}, "max_replicas"),
    ],
)
def test_compositions_that_cannot_hold_are_refused(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(sp.ConfigError) as caught:
        sp.compose(**settings)
    assert caught.value.field == field


def test_presets_refuse_what_the_core_refuses() -> None:
    with pytest.raises(sp.ConfigError) as caught:
        sp.kthena(min_replicas=1, max_replicas=2, targets={"load": 0})
    assert caught.value.field == "targets.load"
    with pytest.raises(sp.ConfigError) as caught:
        sp.kthena(min_replicas=1, max_replicas=2, targets={"load": 1}, aggregation="mean")
    assert caught.value.field == "aggregation"
    with pytest.raises(sp.ConfigError) as caught:
        sp.kthena(min_replicas=1, max_replicas=2, targets={"load": 1}, scale_up=sp.StablePolicy(percent=1001))
    assert caught.value.field.endswith("percent")
    with pytest.raises(sp.ConfigError) as caught:
        sp.hpa(min_replicas=0, max_replicas=2)
    assert caught.value.field == "min_replicas"
    with pytest.raises(sp.ConfigError) as caught:
        sp.hpa(min_replicas=1, max_replicas=2, targets={"cpu": sp.Value(1)})
    assert caught.value.field == "metrics.cpu.target"
    with pytest.raises(TypeError):
        sp.hpa(min_replicas=1, max_replicas=2, targets={"cpu": 0.7})  # type: ignore[dict-item]
    long = sp.ScalingRules(window=3601)
    with pytest.raises(sp.ConfigError) as caught:
        sp.hpa(min_replicas=1, max_replicas=2, scale_up=long)
    assert caught.value.field == "behavior.up.window"
    for wrong in ({}, {"pods": 1, "percent": 1}):
        with pytest.raises(sp.ConfigError):
            sp.ScalingPolicy(period=60, **wrong)
    with pytest.raises(sp.ConfigError):
        sp.RateLimit(up=sp.ScalingRules(policies=[]))
    for settings, field in (
        ({"utilization": 1.5}, "utilization"),
        ({"stable_window": 5}, "stable_window"),
        ({"metric": "cpu"}, "metric"),
        ({"max_scale": -1}, "max_scale"),
        ({"scale_down_delay": 0.5}, "scale_down_delay"),
    ):
        with pytest.raises(sp.ConfigError) as caught:
            sp.kpa(**settings)  # type: ignore[arg-type]
        assert caught.value.field == field
    band = sp.Thresholds(lower=0.4, upper=0.8)
    with pytest.raises(sp.ConfigError) as caught:
        sp.threshold(min_replicas=1, max_replicas=2, thresholds=band, resources={})
    assert caught.value.field == "resources"


@pytest.mark.parametrize("call", [lambda: sp.fixed(1, 2), lambda: sp.compose(stages=[]), lambda: sp.Cooldown(1)])
def test_unknown_and_positional_settings_are_type_errors(call: Any) -> None:
    with pytest.raises(TypeError):
        call()


def test_decide_many_decides_as_one_by_one() -> None:
    many, single = list(scalers().values()), list(scalers().values())
    for snapshot in day(8):
        decisions = sp.decide_many(many, [snapshot] * len(many))
        assert decisions == [scaler.decide(snapshot) for scaler in single]
    assert many == single


def test_decide_many_refuses_before_it_decides() -> None:
    scaler = sp.compose(recommenders=[Steps()])
    before = scaler.save()
    for scalers_, snapshots in (([scaler], []), ([scaler, scaler], [sp.Snapshot(at=0)] * 2)):
        with pytest.raises(sp.ConfigError):
            sp.decide_many(scalers_, snapshots)
    assert scaler.save() == before
    assert sp.decide_many([], []) == []


def test_every_setting_of_the_knative_autoscaler_reaches_it() -> None:
    """Each value but the default makes another autoscaler, and comes back in its repr."""
    others = {
        "metric": "rps",
        "target": 50.0,
        "utilization": 0.5,
        "average": "weighted_exponential",
        "stable_window": 120.0,
        "panic_window_percentage": 20.0,
        "panic_threshold_percentage": 300.0,
        "max_scale_up_rate": 10.0,
        "max_scale_down_rate": 3.0,
        "scale_down_delay": 60.0,
        "follow_delay": True,
        "target_burst_capacity": -1.0,
        "activation_scale": 2,
        "min_scale": 1,
        "max_scale": 9,
        "initial_scale": 2,
        "enable_scale_to_zero": False,
        "grace_period": 60.0,
        "retention_period": 5.0,
        "progress_deadline": 60.0,
        "reachability": "unreachable",
        "scrape_target": False,
        "non_finite": "pass_through",
    }
    assert set(others) == set(inspect.signature(sp.kpa).parameters)
    for name, value in others.items():
        scaler = sp.kpa(**{name: value})  # type: ignore[arg-type]
        assert scaler != sp.kpa(), name
        assert repr(scaler) == f"kpa({name}={value!r})"


def test_every_setting_of_the_kubernetes_autoscaler_reaches_it() -> None:
    rules = sp.ScalingRules(select="min")
    others = {
        "targets": {"cpu": sp.Utilization(0.5)},
        "pods": {"queue": sp.AverageValue(5.0)},
        "objects": {"queue": sp.Value(5.0)},
        "external": {"queue": sp.Value(5.0)},
        "tolerance": 0.2,
        "scale_up": rules,
        "scale_down": rules,
        "scale_down_window": 10.0,
        "cpu_initialization_period": 10.0,
        "initial_readiness_delay": 10.0,
        "scale_to_zero": True,
    }
    bounds = {"min_replicas": 1, "max_replicas": 5}
    assert {*others, *bounds} == set(inspect.signature(sp.hpa).parameters)
    seen = [sp.hpa(**bounds), sp.hpa(**{**bounds, "max_replicas": 6}), sp.hpa(**{**bounds, "min_replicas": 2})]
    for name, value in others.items():
        scaler = sp.hpa(**bounds, **{name: value})  # type: ignore[arg-type]
        assert scaler not in seen, name
        assert repr(scaler) == f"hpa(min_replicas=1, max_replicas=5, {name}={value!r})"
        seen.append(scaler)
