"""Instants, spans, counts and columns at the border."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
import setpoint as sp


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (60, 60.0),
        (1.0005, 1.001),
        (1.0004, 1.0),
        (-0.0015, -0.002),
        (1_700_000_000.123, 1_700_000_000.123),
        (np.float64(2.5), 2.5),
        (datetime(2023, 11, 14, 22, 13, 20, 123_456, tzinfo=timezone.utc), 1_700_000_000.123),
        (datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), 0.0),
        (datetime(1969, 12, 31, 23, 59, 59, 999_600, tzinfo=timezone.utc), 0.0),
    ],
)
def test_instants_are_kept_to_the_millisecond(given: Any, seconds: float) -> None:
    assert sp.Snapshot(at=given).at == seconds


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1e300, 10**17, 10**30, datetime(2023, 1, 1)])
def test_instants_that_cannot_be_told_are_refused(bad: Any) -> None:
    with pytest.raises(sp.SnapshotError, match="^at is "):
        sp.Snapshot(at=bad)


@pytest.mark.parametrize("bad", ["60", None, [1]])
def test_instants_of_another_type_are_refused(bad: Any) -> None:
    with pytest.raises(TypeError):
        sp.Snapshot(at=bad)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(5, 5.0), (0.1, 0.1), (timedelta(minutes=5), 300.0), (timedelta(microseconds=1), 1e-6), (np.float32(0.5), 0.5)],
)
def test_spans_are_seconds_or_timedeltas(given: Any, seconds: float) -> None:
    assert sp.Cooldown(up=given).up == seconds
    assert sp.Snapshot(at=0, age=given).age == seconds


@pytest.mark.parametrize("bad", [-1, -0.001, float("nan"), float("inf"), 1e300, timedelta(seconds=-1)])
def test_spans_out_of_range_are_refused(bad: Any) -> None:
    with pytest.raises(sp.ConfigError) as caught:
        sp.Cooldown(down=bad)
    assert (caught.value.field, caught.value.value) == ("down", str(bad))
    with pytest.raises(sp.SnapshotError, match="^age is "):
        sp.Snapshot(at=0, age=bad)


@pytest.mark.parametrize("bad", [-1, 2**32, 2**70])
def test_counts_out_of_range_are_refused(bad: int) -> None:
    for make in (sp.Fixed, sp.Floor, sp.Ceiling, sp.fixed):
        with pytest.raises(sp.ConfigError) as caught:
            make(bad)
        assert (caught.value.field, caught.value.value) == ("count", str(bad))
    with pytest.raises(sp.SnapshotError, match="^replicas is "):
        sp.Snapshot(at=0, replicas=bad)


def test_counts_must_be_whole() -> None:
    with pytest.raises(TypeError):
        sp.Fixed(2.0)  # type: ignore[arg-type]
    assert sp.Fixed(np.int64(3)).count == 3


COLUMNS = [
    np.array([0.5, 1.25, 2.0]),
    np.array([0.5, 9, 1.25, 9, 2.0])[::2],
    np.array([2.0, 1.25, 0.5])[::-1],
    np.array([0.5, 1.25, 2.0], dtype=np.float32),
    [0.5, 1.25, 2],
    (0.5, 1.25, 2.0),
    [np.float64(0.5), np.float32(1.25), np.int8(2)],
]


@pytest.mark.parametrize("column", COLUMNS, ids=range(len(COLUMNS)))
def test_arrays_and_lists_give_equal_columns(column: Any) -> None:
    expected = sp.Snapshot(at=0, replicas=3, samples={"cpu": [0.5, 1.25, 2.0]}, requests={"cpu": [0.5, 1.25, 2.0]})
    snapshot = sp.Snapshot(at=0, replicas=3, samples={"cpu": column}, requests={"cpu": column})
    assert snapshot == expected
    got = snapshot.samples["cpu"].values
    assert isinstance(got, np.ndarray) and got.dtype == np.float64
    assert got.tolist() == [0.5, 1.25, 2.0]


def test_whole_number_arrays_are_read() -> None:
    assert sp.Samples(np.arange(3)) == sp.Samples([0, 1, 2])


def test_a_column_is_a_copy() -> None:
    usage = np.array([1.0, 2.0])
    samples = sp.Samples(usage)
    usage[0] = 99
    got = samples.values
    assert isinstance(got, np.ndarray)
    got[1] = 99
    assert samples == sp.Samples([1, 2])


def test_missing_values_are_none_nan_and_infinite_alike() -> None:
    assert sp.Samples([1, None]) == sp.Samples(np.array([1, np.nan])) == sp.Samples([1, float("inf")])
    assert sp.Samples([1, None]) != sp.Samples([1, 0])


@pytest.mark.parametrize("bad", [np.zeros((2, 2)), np.array(["a"]), np.array([object()])])
def test_other_arrays_are_refused(bad: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        sp.Samples(bad)


@pytest.mark.parametrize("bad", ["12", ["1"], [[1.0]], None, object(), {"a": 1}])
def test_other_objects_are_refused(bad: Any) -> None:
    with pytest.raises(TypeError):
        sp.Samples(bad)
