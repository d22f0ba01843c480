"""Facts in and out, and facts that contradict each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import setpoint as sp
from cases import values


def test_what_is_not_given_is_as_the_documentation_says() -> None:
    bare = sp.Snapshot(at=0, replicas=4)
    assert (bare.reported, bare.ready, bare.unready) == (4, 4, 0)
    assert (bare.instances, bare.instance_names, bare.age, bare.coverage) == (None, None, None, None)
    assert (bare.samples, bare.requests, bare.values) == ({}, {}, {})
    listed = sp.Snapshot(at=0, replicas=4, instances=[sp.Instance(), sp.Instance(readiness="not_ready")])
    assert (listed.ready, listed.unready) == (1, 1)
    assert sp.Snapshot(at=0, ready="unknown").ready is None


def test_getters_give_back_what_was_given() -> None:
    full = next(v for v in values() if isinstance(v, sp.Snapshot) and v.coverage is not None)
    assert (full.at, full.replicas, full.reported, full.ready, full.unready) == (1_700_000_000.25, 3, 2, None, 1)
    assert full.instance_names == ["b", "a"]
    assert full.instances is not None and full.instances[1].phase == "pending"
    assert list(full.samples) == ["cpu", "memory", "load"]
    memory = full.samples["memory"]
    assert (memory.values, memory.taken_at, memory.window) == (7.5, [1.0, 2.0], 30.0)
    load = full.samples["load"]
    assert np.array_equal(load.values, [np.nan, 1.5], equal_nan=True)
    assert load.foreign_milli == [2250]
    assert full.requests["memory"] == 8.0
    assert np.array_equal(full.requests["cpu"], [0.5, 1])
    assert full.values["queue"].total == 12
    assert (full.values["parts"].total, full.values["parts"].window) == (3.5, 60)
    assert (full.age, full.coverage) == (1.5, 0.75)


TWO = [sp.Instance(), sp.Instance()]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"instances": TWO, "samples": {"cpu": [1]}}, 'metric "cpu" has 1 entries for 2 instances'),
        ({"instances": TWO, "requests": {"cpu": [1]}}, 'request "cpu" has 1 entries for 2 instances'),
        ({"instances": TWO, "instance_names": ["a"]}, "has 1 entries for 2 instances"),
        ({"instances": TWO, "samples": {"cpu": sp.Samples(1, taken_at=[1])}}, "sample times of metric"),
        ({"instances": TWO, "samples": {"cpu": sp.Samples(1, window=[1])}}, "sample windows of metric"),
        ({"instance_names": ["a", "a"]}, 'instance "a" is listed twice'),
        ({"instance_names": ["a"], "samples": {"x": 1}, "samples_by_name": {"x": {"a": 1}}}, 'metric "x" is given twice'),
        ({"samples_by_name": {"x": {"a": 1}}}, "the instances have no names"),
        ({"samples": {"": 1}}, "metric name"),
        ({"values": {"a\nb": 1}}, "metric name"),
        ({"coverage": 1.5}, "coverage is 1.5"),
        ({"coverage": float("nan")}, "coverage is NaN"),
        ({"ready": "many"}, "ready is"),
        ({"ready": -1}, "ready is -1"),
    ],
)
def test_contradictions_are_refused(facts: dict[str, Any], message: str) -> None:
    with pytest.raises(sp.SnapshotError) as caught:
        sp.Snapshot(at=0, replicas=2, **facts)
    assert message in str(caught.value)


@pytest.mark.parametrize("facts", [{"cpu": 1}, {"samples": [1]}, {"instances": [1]}, {"samples": {1: 1}}])
def test_what_is_no_fact_is_a_type_error(facts: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        sp.Snapshot(at=0, **facts)
    with pytest.raises(TypeError):
        sp.Snapshot(0)  # type: ignore[misc]


def test_words_of_an_instance_are_checked() -> None:
    with pytest.raises(sp.SnapshotError, match="phase"):
        sp.Instance(phase="dead")
    with pytest.raises(sp.SnapshotError, match="readiness"):
        sp.Instance(readiness="perhaps")
    for phase in ("pending", "running", "succeeded", "failed", "unknown"):
        for readiness in ("ready", "not_ready", "unknown", "absent"):
            instance = sp.Instance(phase=phase, readiness=readiness)
            assert (instance.phase, instance.readiness) == (phase, readiness)
            assert instance.serves == ((phase, readiness) == ("running", "ready"))


def test_the_order_of_columns_does_not_matter() -> None:
    a = sp.Snapshot(at=0, values={"x": 1, "y": 2})
    assert a == sp.Snapshot(at=0, values={"y": 2, "x": 1})
    assert a != sp.Snapshot(at=0, values={"y": 2, "x": 1, "z": 1})
    assert a != sp.Snapshot(at=0, values={"y": 2})
