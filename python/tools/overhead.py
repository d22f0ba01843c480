"""Time what Python adds to a decision: `python python/tools/overhead.py`. Prints nanoseconds per call, the best of several rounds."""

from __future__ import annotations

import timeit

import numpy as np
import setpoint as sp


ARRAY = "sp.Snapshot(at=0, replicas=4, samples={\"cpu\": u})"
LIST = "sp.Snapshot(at=0, replicas=4, samples={\"cpu\": l})"


def best(call: str, names: dict[str, object], number: int = 200_000, rounds: int = 7) -> float:
    """Nanoseconds per call."""
    return min(timeit.repeat(call, globals=names, number=number, repeat=rounds)) / number * 1e9


def main() -> None:
    """Print the table."""
    usage = np.array([0.68, 0.71, 0.70, 0.72])
    snapshot = sp.Snapshot(at=0, replicas=4, samples={"cpu": usage}, values={"concurrency": 25.0})
    scalers = {
        "fixed": sp.fixed(4),
        "hpa": sp.hpa(min_replicas=2, max_replicas=10, targets={"cpu": sp.Utilization(0.7)}),
        "kpa": sp.kpa(target=10),
        "kthena": sp.kthena(min_replicas=1, max_replicas=10, targets={"cpu": 0.7}),
    }
    for name, scaler in scalers.items():
        names = {"sp": sp, "s": scaler, "x": snapshot, "many": [scaler], "xs": [snapshot]}
        print(f"{name:8} decide             {best('s.decide(x)', names):8.0f} ns")
        print(f"{name:8} decide, .replicas  {best('s.decide(x).replicas', names):8.0f} ns")
        print(f"{name:8} .reasons           {best('d.reasons', names | {'d': scaler.decide(snapshot)}):8.0f} ns")
        print(f"{name:8} str                {best('str(d)', names | {'d': scaler.decide(snapshot)}):8.0f} ns")
    names = {"sp": sp, "u": usage, "l": usage.tolist()}
    print(f"Snapshot of an array of 4    {best(ARRAY, names):8.0f} ns")
    print(f"Snapshot of a list of 4      {best(LIST, names):8.0f} ns")
    big = {"sp": sp, "u": np.random.default_rng(1).random(10_000)}
    big["l"] = big["u"].tolist()  # type: ignore[attr-defined]
    print(f"Snapshot of an array of 10000{best(ARRAY, big, 5_000):8.0f} ns")
    print(f"Snapshot of a list of 10000  {best(LIST, big, 500):8.0f} ns")


if __name__ == "__main__":
    main()
