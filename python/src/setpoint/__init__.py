"""How many replicas should there be now, and why: autoscaling decisions as a pure library.

Times are seconds since the epoch (kept to the millisecond) or aware datetimes, spans are seconds or timedeltas, counts are replicas;
metric values are in their own units. Nothing here reads a clock.
"""

from ._errors import ConfigError, SetpointError, SnapshotError, StateError
from ._protocols import Recommender, Restraint
from ._setpoint import (
    Autoscaler,
    AverageValue,
    Ceiling,
    Cooldown,
    Decision,
    Fixed,
    Floor,
    Instance,
    PanicPolicy,
    Reason,
    Samples,
    Snapshot,
    StablePolicy,
    Thresholds,
    Utilization,
    Value,
    WithinBounds,
    WorkloadValue,
    ZeroOrAtLeast,
    compose,
    decide_many,
    fixed,
    kthena,
    threshold,
)

__all__ = [
    "Autoscaler",
    "AverageValue",
    "Ceiling",
    "ConfigError",
    "Cooldown",
    "Decision",
    "Fixed",
    "Floor",
    "Instance",
    "PanicPolicy",
    "Reason",
    "Recommender",
    "Restraint",
    "Samples",
    "SetpointError",
    "Snapshot",
    "SnapshotError",
    "StablePolicy",
    "StateError",
    "Thresholds",
    "Utilization",
    "Value",
    "WithinBounds",
    "WorkloadValue",
    "ZeroOrAtLeast",
    "compose",
    "decide_many",
    "fixed",
    "kthena",
    "threshold",
]
