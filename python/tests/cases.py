"""What several tests share: a value of every class, and stages of one's own."""

from __future__ import annotations

from typing import Any

import setpoint as sp


class Steps:
    """A recommender with a memory: one more at every decision."""

    def __init__(self, count: int = 1) -> None:
        self.count = count

    def recommend(self, snapshot: sp.Snapshot, now: float) -> int | None:
        return self.count

    def decided(self, snapshot: sp.Snapshot, now: float, count: int) -> None:
        self.count += 1


class Sealed:
    """A recommender whose state needs its own methods, because it holds a function."""

    name = "sealed"

    def __init__(self) -> None:
        self.total = 0.1
        self.function = lambda x: x

    def recommend(self, snapshot: sp.Snapshot, now: float) -> int | None:
        return int(self.function(self.total * 10))

    def applied(self, at: float, before: int, after: int) -> None:
        self.total += 0.2

    def __getstate__(self) -> dict[str, float]:
        return {"total": self.total}

    def __setstate__(self, state: dict[str, float]) -> None:
        self.total = state["total"]
        self.function = lambda x: x


class Raising:
    """A recommender that raises what it is given."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def recommend(self, snapshot: sp.Snapshot, now: float) -> int | None:
        raise self.error


class AtMost:
    """A restraint of one's own."""

    def __init__(self, most: int) -> None:
        self.most = most

    def restrain(self, snapshot: sp.Snapshot, now: float, count: int) -> int:
        return min(count, self.most)


def values() -> list[Any]:
    """One value or more of every frozen class."""
    full = sp.Snapshot(
        at=1_700_000_000.25,
        replicas=3,
        reported=2,
        ready="unknown",
        unready=1,
        instances=[sp.Instance(started_at=5), sp.Instance(phase="pending", readiness="absent", restarts=2)],
        instance_names=["b", "a"],
        samples={"cpu": [0.25, None], "memory": sp.Samples(7.5, taken_at=[1, 2], window=30)},
        samples_by_name={"load": {"a": 1.5, "stranger": 2.25}},
        requests={"cpu": [0.5, 1], "memory": 8},
        values={"queue": 12, "parts": sp.WorkloadValue([1, 2.5], window=60)},
        age=1.5,
        coverage=0.75,
    )
    decision = scalers()["compose"].decide(full)
    work = sp.Work(per_request_ms=200, per_prompt_token_ms=0.25)
    trace = sp.Trace([400, None, 600.5], step=10, work=work, prompt_tokens=[1, 2, 3], output_tokens=[3, 2, 1], name="toy")
    model = sp.Model(min_replicas=1, max_replicas=40)
    return [
        sp.Utilization(0.7),
        sp.AverageValue(20),
        sp.Value(1e-3),
        sp.Fixed(3),
        sp.Floor(1),
        sp.Ceiling(9),
        sp.ZeroOrAtLeast(2),
        sp.WithinBounds(0, 10),
        sp.Cooldown(),
        sp.Cooldown(up=0.1, down=300, since="same_direction"),
        sp.Instance(),
        sp.Instance(phase="failed", readiness="not_ready", leaving=True, started_at=1.5, readiness_changed_at=-2, restarts=1),
        sp.Samples(3),
        sp.Samples([1, None, float("inf")], taken_at=9, window=[1, 2, 3], foreign_milli=[-5, 6]),
        sp.WorkloadValue([1.5, None], window=0.001),
        sp.WorkloadValue(float("1e300")),
        sp.Thresholds(lower=0.4, upper=0.8),
        sp.Thresholds(lower=0, upper=0.8, set_point=0.1),
        sp.StablePolicy(),
        sp.StablePolicy(instances=1, percent=2, period=3, select_policy="and", stabilization_window=4),
        sp.PanicPolicy(period=60, percent=1),
        sp.Schedule(name="night", start="00:00", end="06:30", max_replicas=3),
        sp.Schedule(name="night", start="00:00", end="06:30", days=["sun", "MON"], min_replicas=1, max_replicas=3),
        sp.Blend(),
        sp.Blend(weight=0.5, min_confidence=0, max_replicas=7),
        sp.ScalingPolicy(pods=4, period=15),
        sp.ScalingPolicy(percent=4, period=15),
        sp.ScalingRules(),
        sp.ScalingRules(window=60, select="min", policies=[sp.ScalingPolicy(percent=10, period=60)], tolerance=0.05),
        sp.Stabilization(down=300),
        sp.Stabilization(up=0.5),
        sp.RateLimit(),
        sp.RateLimit(up=sp.ScalingRules(select="disabled"), down=sp.ScalingRules(tolerance=0.1)),
        sp.Snapshot(at=0),
        sp.Snapshot(at=-1.001, replicas=1, ready=0, samples={}),
        full,
        decision,
        *decision.reasons,
        work,
        sp.Work(per_request_ms=200),
        trace,
        sp.Trace([1, 2], step=0.5, work=work),
        model,
        sp.Model(
            min_replicas=0,
            max_replicas=9,
            initial=3,
            slots_per_replica=4,
            start_delay=[30, 60.5],
            metric_lag=15,
            scrape_interval=30,
            missing_rate=0.1,
            outages=[(10, 20), (30, 40)],
            slo_wait=1,
            need_utilization=0.8,
            short_lived=30,
            start_at=1_700_000_000,
            seed=7,
        ),
        sp.simulate(trace, sp.fixed(3), model),
    ]


def scalers() -> dict[str, sp.Autoscaler]:
    """An autoscaler by every function that makes one."""
    return {
        "fixed": sp.fixed(4),
        "compose": sp.compose(
            recommenders=[sp.Fixed(7), sp.Fixed(5)],
            combine="weighted",
            weights=[1, 3],
            restraints=[sp.Cooldown(down=60), sp.Floor(1), sp.Ceiling(30), sp.ZeroOrAtLeast(2), sp.WithinBounds(1, 25)],
            bounds=(1, 20),
        ),
        "capped": sp.compose(recommenders=[sp.Fixed(7), sp.Fixed(5)], combine="capped", caps=[6, None]),
        "limited": sp.compose(
            recommenders=[sp.Fixed(17)],
            restraints=[sp.Stabilization(up=20, down=45), sp.RateLimit(up=sp.ScalingRules(policies=[sp.ScalingPolicy(pods=1, period=40)]))],
        ),
        "hpa": sp.hpa(
            min_replicas=2,
            max_replicas=12,
            targets={"load": sp.AverageValue(2)},
            external={"cpu": sp.Value(0.5)},
            scale_up=sp.ScalingRules(policies=[sp.ScalingPolicy(pods=2, period=60)]),
            scale_down_window=60,
            tolerance=0.05,
        ),
        "plain hpa": sp.hpa(min_replicas=2, max_replicas=12, pods={"load": sp.AverageValue(2)}, objects={"cpu": sp.AverageValue(0.5)}),
        "kpa": sp.kpa(metric="rps", target=2, stable_window=30, scale_down_delay=15, max_scale=30, average="weighted_exponential"),
        "kthena": sp.kthena(
            min_replicas=1,
            max_replicas=50,
            targets={"load": 2.0},
            tolerance_percent=5,
            scale_up=sp.StablePolicy(instances=3, period=30),
            panic=sp.PanicPolicy(period=60),
            scale_down=sp.StablePolicy(stabilization_window=120),
            aggregation="per_instance",
        ),
        "aibrix": sp.aibrix(
            strategy="apa",
            min_replicas=1,
            max_replicas=50,
            metrics={"load": 2.0},
            external={"rps": 1},
            scale_up_tolerance=0.2,
            stable_window=90,
            scale_down_cooldown=60,
            time_zone="Asia/Kolkata",
            schedules=[sp.Schedule(name="morning", start="05:45", end="05:50", days=["thu"], min_replicas=6)],
            cooldown_rule="hold",
        ),
        "aibrix kpa": sp.aibrix(strategy="kpa", min_replicas=1, max_replicas=50, metrics={"load": 2.0}, kpa_load="totals"),
        "kubeai": sp.kubeai(
            min_replicas=1,
            max_replicas=50,
            latency_p99=2,
            queue_depth=2.5,
            metrics={"latency_p99": "load", "queue_depth": "rps"},
            algorithm="WeightedRatio",
            weights=[2, 1, 1, 3],
            scale_up_cooldown=30,
            scale_down_cooldown=60,
            cooldown_clock="per_direction",
            scale_up=sp.ScalingRules(policies=[sp.ScalingPolicy(pods=3, period=60)]),
        ),
        "bud": sp.bud(
            min_replicas=1,
            max_replicas=50,
            metrics={"load": 2.0},
            external={"rps": 6},
            scale_down_tolerance=0.2,
            scale_up_policies=[sp.ScalingPolicy(pods=2, period=60)],
            scale_down_cooldown=60,
            scale_down_select="max",
            gpu_memory=80,
            prediction=sp.Blend(weight=0.5),
            budget_per_hour=20,
            enforce_bounds_last=True,
        ),
        "bud kpa": sp.bud(min_replicas=1, max_replicas=50, metrics={"load": 2.0}, strategy="kpa", bypass_gate_on_panic=True),
        "bud hpa": sp.bud(min_replicas=1, max_replicas=50, custom={"load": 2.0}, strategy="hpa", scale_up_cooldown=30),
        "threshold": sp.threshold(
            min_replicas=1,
            max_replicas=50,
            thresholds=sp.Thresholds(lower=0.4, upper=0.8),
            resources={"load": None, "cpu": sp.Thresholds(lower=0.1, upper=0.9)},
        ),
        "gaussian": sp.gaussian(
            min_replicas=1,
            max_replicas=50,
            thresholds=sp.Thresholds(lower=0.4, upper=0.8),
            metric="cpu",
            window=120,
            overload_probability=0.01,
        ),
        "gaussian values": sp.gaussian(
            min_replicas=1, max_replicas=50, thresholds=sp.Thresholds(lower=0.4, upper=0.8), mean="cpu", deviation="rps"
        ),
    }


def day(steps: int = 40) -> list[sp.Snapshot]:
    """Snapshots with a load that rises and falls."""
    made = []
    for i in range(steps):
        load = 1.0 + (i * 7 % 23) / 5
        replicas = 3 + i % 4
        made.append(
            sp.Snapshot(
                at=1_000 + 15 * i,
                replicas=replicas,
                samples={"load": [load + j / 7 for j in range(replicas)]},
                values={"load": load, "cpu": load / 6, "rps": load * 3},
            )
        )
    return made
