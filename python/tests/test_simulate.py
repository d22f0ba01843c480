"""Simulation from arrays."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import setpoint as sp
from cases import Raising, Steps

WORK = sp.Work(per_request_ms=200, per_prompt_token_ms=0.25, per_output_token_ms=20)


def model(**settings: Any) -> sp.Model:
    return sp.Model(min_replicas=1, max_replicas=40, **settings)


def test_arrays_and_lists_make_equal_traces() -> None:
    counts = [400.0, 600.0, 0.0]
    trace = sp.Trace(np.array(counts), step=10, work=WORK)
    assert trace == sp.Trace(counts, step=10, work=WORK) == sp.Trace(np.array([400, 600, 0]), step=10, work=WORK)
    assert trace != sp.Trace(counts, step=11, work=WORK)
    assert (len(trace), trace.step, trace.name, trace.work) == (3, 10.0, "trace", WORK)
    assert trace.requests.tolist() == counts
    assert trace.work_ms.tolist() == [80_000.0, 120_000.0, 0.0]


def test_tokens_bring_work_and_missing_bins_stay_missing() -> None:
    trace = sp.Trace([1, None, 2], step=1, work=WORK, prompt_tokens=[400, 1, 0], output_tokens=[50, 1, float("nan")])
    assert np.array_equal(trace.work_ms, [1_300, np.nan, np.nan], equal_nan=True)
    assert np.array_equal(trace.requests, [1, np.nan, np.nan], equal_nan=True)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"requests": []}, "bins"),
        ({"requests": [None]}, "bins"),
        ({"requests": [-1]}, "bins[0].requests"),
        ({"step": 0}, "step"),
        ({"step": 1e-6}, "step"),
        ({"step": -1}, "step"),
        ({"prompt_tokens": [1, 2]}, "prompt_tokens"),
    ],
)
def test_traces_that_cannot_be_played_are_refused(settings: dict[str, Any], field: str) -> None:
    settings = {"requests": [1], "step": 1, "work": WORK} | settings
    with pytest.raises(sp.ConfigError) as caught:
        sp.Trace(settings.pop("requests"), **settings)
    assert caught.value.field.split("[")[0].split(".")[0] == field.split("[")[0]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"initial": 41}, "initial"),
        ({"slots_per_replica": 0}, "slots_per_replica"),
        ({"start_delay": -1}, "start_delay"),
        ({"start_delay": []}, "start_delay"),
        ({"missing_rate": float("nan")}, "missing_rate"),
        ({"outages": [(2, 1)]}, "outages[0]"),
        ({"need_utilization": 0}, "need_utilization"),
        ({"start_at": float("nan")}, "start_at"),
        ({"max_replicas": 0}, "max_replicas"),
    ],
)
def test_platforms_that_cannot_be_are_refused(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(sp.ConfigError) as caught:
        sp.Model(**({"min_replicas": 1, "max_replicas": 40} | settings))
    assert caught.value.field == field


def test_the_fluid_queue_of_three_bins() -> None:
    trace = sp.Trace([400, 600, 0], step=10, work=sp.Work(per_request_ms=200))
    report, series = sp.simulate_series(trace, sp.fixed(2), model(initial=2, slots_per_replica=4))
    assert {name: column.tolist() for name, column in series.items()} == {
        "at": [10.0, 20.0, 30.0],
        "requests": [400.0, 600.0, 0.0],
        "work_ms": [80_000.0, 120_000.0, 0.0],
        "served_ms": [80_000.0, 80_000.0, 40_000.0],
        "backlog_ms": [0.0, 40_000.0, 0.0],
        "wait_ms": [0.0, 5_000.0, 0.0],
        "ready": [2.0, 2.0, 2.0],
        "ordered": [2.0, 2.0, 2.0],
        "demand": [2.0, 3.0, 0.0],
        "decided": [2.0, 2.0, 2.0],
        "violated": [0.0, 0.0, 0.0],
    }
    assert report == sp.simulate(trace, sp.fixed(2), model(initial=2, slots_per_replica=4))
    assert (report.bins, report.requests, report.work_ms) == (3, 1_000.0, 200_000.0)
    assert (report.missing_bins, report.missed_scrapes) == (0, 0)
    assert (report.cost["most_replicas"], report.stability["scale_ups"]) == (2, 0)
    assert report.header["policy"] == "fixed"
    assert report.to_dict()["service"] == report.service


def test_a_wait_without_end_is_infinite() -> None:
    trace = sp.Trace([1, 1], step=10, work=sp.Work(per_request_ms=200))
    report = sp.simulate(trace, sp.fixed(0), sp.Model(min_replicas=0, max_replicas=1, initial=0))
    assert report.service["wait_max_ms"] == float("inf")
    assert sp.Report.from_json(report.to_json()) == report


def test_the_same_seed_gives_the_same_day() -> None:
    day = sp.Trace.day(work=WORK, seed=3)
    assert day == sp.Trace.day(work=WORK, seed=3) != sp.Trace.day(work=WORK, seed=4)
    assert (len(day), day.step) == (8_640, 10.0)


def test_every_preset_plays_a_day() -> None:
    day = sp.Trace.day(work=WORK, seed=1)
    platform = model(initial=10, slots_per_replica=4, start_delay=60)
    scalers = {
        "hpa": sp.hpa(min_replicas=1, max_replicas=40, targets={"cpu": sp.Utilization(0.7)}),
        "kpa": sp.kpa(target=4, min_scale=1, max_scale=40),
        "kthena": sp.kthena(min_replicas=1, max_replicas=40, targets={"cpu": 0.7}),
    }
    for name, scaler in scalers.items():
        report = sp.simulate(day, scaler, platform)
        assert report.stability["scale_ups"] > 10, name
        assert 1 <= report.cost["fewest_replicas"] < report.cost["most_replicas"] <= 40, name


def test_python_stages_are_asked_in_a_simulation() -> None:
    trace = sp.Trace([1] * 5, step=10, work=WORK)
    scaler = sp.compose(recommenders=[Steps(2)])
    _, series = sp.simulate_series(trace, scaler, model())
    assert series["decided"].tolist() == [2, 3, 4, 5, 6]
    broken = sp.compose(recommenders=[Raising(ValueError("no"))])
    report = sp.simulate(trace, broken, model(initial=7))
    assert (report.cost["fewest_replicas"], report.cost["most_replicas"]) == (7, 7)
    assert isinstance(broken.last_error, ValueError)
    with pytest.raises(KeyboardInterrupt):
        sp.simulate(trace, sp.compose(recommenders=[Raising(KeyboardInterrupt())]), model())


def test_other_threads_run_during_a_simulation() -> None:
    """The run ends early only because another thread, which needs the interpreter, says so."""
    started, stopped = threading.Event(), threading.Event()

    class Waits:
        def recommend(self, snapshot: sp.Snapshot, now: float) -> int:
            started.set()
            return 1 if stopped.wait(20) else 0

    thread = threading.Thread(target=lambda: (started.wait(20), stopped.set()))
    thread.start()
    report = sp.simulate(sp.Trace([1], step=1, work=WORK), sp.compose(recommenders=[Waits()]), model())
    assert report.bins == 1 and stopped.is_set()
    thread.join()


def test_arguments_of_another_kind_are_type_errors() -> None:
    trace = sp.Trace([1], step=1, work=WORK)
    with pytest.raises(TypeError):
        sp.simulate([1], sp.fixed(1), model())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        sp.simulate(trace, model(), sp.fixed(1))  # type: ignore[arg-type]
