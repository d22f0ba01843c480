"""The exceptions."""

from __future__ import annotations

import pickle

import pytest
import setpoint as sp


def test_one_root_and_value_errors() -> None:
    for error in (sp.ConfigError, sp.SnapshotError, sp.StateError):
        assert issubclass(error, sp.SetpointError) and issubclass(error, ValueError)
    assert not issubclass(sp.SetpointError, ValueError)


def test_a_refused_setting_has_its_parts() -> None:
    with pytest.raises(sp.ConfigError) as caught:
        sp.WithinBounds(5, 2)
    error = caught.value
    assert (error.field, error.value, error.allowed) == ("max_replicas", "2", "at least min_replicas (5)")
    assert str(error) == "max_replicas is 2: must be at least min_replicas (5)"


@pytest.mark.parametrize(
    "error", [sp.SetpointError("x"), sp.ConfigError("a", "b", "c"), sp.SnapshotError("y"), sp.StateError("z")]
)
def test_exceptions_survive_a_process_boundary(error: sp.SetpointError) -> None:
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error) and back.args == error.args and str(back) == str(error)
    assert vars(back) == vars(error)
    assert repr(eval(repr(error), vars(sp))) == repr(error)


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf")])
def test_targets_are_positive_and_finite(bad: float) -> None:
    for target in (sp.Utilization, sp.AverageValue, sp.Value):
        with pytest.raises(sp.ConfigError):
            target(bad)
