"""Every frozen class: repr that can be pasted back, equality, hash, pickle, no assignment."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import setpoint as sp
from cases import values

VALUES = values()
NAMES = [f"{i}-{type(v).__name__}" for i, v in enumerate(VALUES)]
UNHASHABLE = (sp.Samples, sp.WorkloadValue, sp.Snapshot, sp.Trace, sp.Model, sp.Report)


@pytest.mark.parametrize("value", VALUES, ids=NAMES)
def test_repr_can_be_pasted_back(value: Any) -> None:
    assert eval(repr(value), {name: getattr(sp, name) for name in sp.__all__}) == value


@pytest.mark.parametrize("value", VALUES, ids=NAMES)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_and_copies_are_equal(value: Any, protocol: int) -> None:
    back = pickle.loads(pickle.dumps(value, protocol))
    assert type(back) is type(value)
    assert back == value and not back != value
    assert copy.copy(value) == value and copy.deepcopy(value) == value


@pytest.mark.parametrize("value", VALUES, ids=NAMES)
def test_equal_values_have_equal_hashes(value: Any) -> None:
    if isinstance(value, UNHASHABLE):
        with pytest.raises(TypeError, match="unhashable"):
            hash(value)
    else:
        assert hash(pickle.loads(pickle.dumps(value))) == hash(value)
        assert len({value, copy.copy(value)}) == 1


def test_different_values_differ() -> None:
    for i, a in enumerate(VALUES):
        assert a != object() and a != None  # noqa: E711
        for b in VALUES[i + 1 :]:
            assert a != b, (a, b)


@pytest.mark.parametrize("value", VALUES, ids=NAMES)
def test_values_are_frozen(value: Any) -> None:
    for name in [n for n in dir(type(value)) if not n.startswith("_") and not callable(getattr(value, n))]:
        with pytest.raises(AttributeError):
            setattr(value, name, 1)
    with pytest.raises(AttributeError):
        value.something_new = 1


def test_every_public_class_is_among_the_values() -> None:
    classes = {getattr(sp, name) for name in sp.__all__ if isinstance(getattr(sp, name), type)}
    others = {sp.Autoscaler, sp.Recommender, sp.Restraint}
    errors = {c for c in classes if issubclass(c, Exception)}
    assert {type(v) for v in VALUES} == classes - others - errors


def test_classes_say_that_they_are_of_the_package() -> None:
    for name in sp.__all__:
        if name not in ("Recommender", "Restraint") and isinstance(getattr(sp, name), type):
            assert getattr(sp, name).__module__ == "setpoint", name
