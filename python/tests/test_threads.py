"""Threads, each with its own autoscaler, and long work that lets the others run."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import setpoint as sp
from cases import Steps, day, scalers


def run(name: str) -> list[sp.Decision]:
    scaler = scalers()[name]
    return [scaler.decide(snapshot) for snapshot in day(60)]


def test_threads_decide_as_one_does() -> None:
    names = list(scalers()) * 4
    expected = [run(name) for name in names]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(run, names)) == expected


def test_own_stages_in_many_threads() -> None:
    snapshots = day(50)

    def work(_: int) -> list[int]:
        scaler = sp.compose(recommenders=[Steps()])
        return [sp.decide_many([scaler], [snapshot])[0].replicas for snapshot in snapshots]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(16))) == [list(range(1, 51))] * 16


def test_decide_many_lets_other_threads_run() -> None:
    """The recommender waits for a thread that can only run while the interpreter is released."""
    ran = threading.Event()

    class Waits:
        def recommend(self, snapshot: sp.Snapshot, now: float) -> int:
            return 1 if ran.wait(20) else 0

    thread = threading.Thread(target=ran.set)
    scaler = sp.compose(recommenders=[Waits()])
    thread.start()
    assert sp.decide_many([scaler], [sp.Snapshot(at=0)])[0].replicas == 1
    thread.join()


def test_one_autoscaler_in_two_threads_is_refused_not_broken() -> None:
    inside, leave = threading.Event(), threading.Event()

    class Waits:
        def recommend(self, snapshot: sp.Snapshot, now: float) -> int:
            inside.set()
            leave.wait(20)
            return 4

    scaler = sp.compose(recommenders=[Waits()])
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(scaler.decide, sp.Snapshot(at=0))
        assert inside.wait(20)
        with pytest.raises(RuntimeError, match="borrowed"):
            scaler.decide(sp.Snapshot(at=0))
        leave.set()
        assert first.result().replicas == 4
