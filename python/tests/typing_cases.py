"""Typical code, for the type checker only: what should pass does, and each `type: ignore` is needed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import setpoint as sp
from typing_extensions import assert_type


class PerWorker:
    def recommend(self, snapshot: sp.Snapshot, now: float) -> int | None:
        return None


class AtMost:
    def restrain(self, snapshot: sp.Snapshot, now: float, count: int) -> int:
        return count


def facts() -> sp.Snapshot:
    sp.Snapshot()  # type: ignore[call-arg]
    sp.Snapshot(at="now")  # type: ignore[arg-type]
    sp.Snapshot(at=0, cpu=1)  # type: ignore[call-arg]
    return sp.Snapshot(
        at=datetime.now(timezone.utc),
        replicas=np.int64(3),
        instances=[sp.Instance(started_at=1.5), sp.Instance()],
        samples={"cpu": np.array([1.0, 2.0]), "memory": [1, None], "gpu": sp.Samples(0.5, window=timedelta(seconds=30))},
        values={"queue": 12, "parts": sp.WorkloadValue([1, 2.5])},
        age=timedelta(seconds=5),
    )


def decisions(snapshot: sp.Snapshot) -> None:
    scaler = sp.compose(
        recommenders=[PerWorker(), sp.Fixed(3)],
        restraints=[AtMost(), sp.Cooldown(down=timedelta(minutes=5)), sp.Floor(1)],
        bounds=(1, 10),
    )
    sp.compose(recommenders=[AtMost()])  # type: ignore[list-item]
    decision = scaler.decide(snapshot)
    assert_type(decision, sp.Decision)
    assert_type(decision.replicas, int)
    assert_type(decision.next_change_at, float | None)
    assert_type(decision.reasons, list[sp.Reason])
    assert_type(decision.reasons[0].data, dict[str, Any])
    assert_type(decision.to_dict(), dict[str, Any])
    assert_type(scaler.counterfactuals(snapshot), list[tuple[str, int]])
    assert_type(scaler.save(), str)
    assert_type(scaler.last_error, BaseException | None)
    assert_type(snapshot.values, dict[str, sp.WorkloadValue])
    assert_type(snapshot.ready, int | None)
    decision.replicas = 3  # type: ignore[misc]
    scaler.decide(3)  # type: ignore[arg-type]
    sp.fixed("3")  # type: ignore[arg-type]


def presets() -> list[sp.Autoscaler]:
    band = sp.Thresholds(lower=0.4, upper=0.8)
    sp.hpa(min_replicas=1, max_replicas=2, targets={"cpu": 0.7})  # type: ignore[dict-item]
    return [
        sp.hpa(min_replicas=1, max_replicas=20, targets={"cpu": sp.Utilization(0.7)}, scale_up=sp.ScalingRules(window=30)),
        sp.kpa(target=10, stable_window=timedelta(minutes=1)),
        sp.kthena(min_replicas=1, max_replicas=20, targets={"load": 10}, panic=sp.PanicPolicy(period=60)),
        sp.threshold(min_replicas=1, max_replicas=20, thresholds=band, resources={"cpu": None, "memory": band}),
        sp.aibrix(
            strategy="apa",
            min_replicas=1,
            max_replicas=20,
            metrics={"load": 10},
            schedules=[sp.Schedule(name="office", start="08:30", end="18:00", days=("mon",), min_replicas=4)],
        ),
        sp.kubeai(min_replicas=1, max_replicas=20, latency_p99=timedelta(milliseconds=500), weights=[1, 2.5]),
        sp.bud(min_replicas=1, max_replicas=20, metrics={"load": 10}, prediction=sp.Blend(weight=0.5)),
        sp.gaussian(min_replicas=1, max_replicas=20, thresholds=band, metric="cpu", window=60),
    ]


def simulation(scaler: sp.Autoscaler) -> None:
    trace = sp.Trace(np.array([400.0, np.nan]), step=timedelta(seconds=10), work=sp.Work(per_request_ms=200))
    model = sp.Model(min_replicas=1, max_replicas=40, start_delay=[30, 60], outages=[(0, 60)])
    assert_type(sp.simulate(trace, scaler, model), sp.Report)
    report, series = sp.simulate_series(trace, scaler, model)
    assert_type(report.cost, dict[str, Any])
    assert_type(series["wait_ms"].sum(), Any)
    sp.simulate(trace, model, scaler)  # type: ignore[arg-type]


def errors() -> None:
    try:
        sp.Utilization(0)
    except sp.ConfigError as error:
        assert_type(error.field, str)
