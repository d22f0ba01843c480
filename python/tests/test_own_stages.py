"""Python objects as stages."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import setpoint as sp
from cases import AtMost, Raising, Sealed, Steps, day


def own(*recommenders: Any, **options: Any) -> sp.Autoscaler:
    return sp.compose(recommenders=list(recommenders), **options)


class Tells:
    """Keeps what it was told."""

    metrics = ["queue"]

    def __init__(self) -> None:
        self.told: list[Any] = []

    def observe(self, snapshot: sp.Snapshot, now: float) -> None:
        self.told.append(["observe", now])

    def recommend(self, snapshot: sp.Snapshot, now: float) -> int | None:
        self.snapshot_is_own = snapshot is SNAPSHOT
        total = snapshot.values["queue"].total
        assert total is not None
        return int(total)

    def decided(self, snapshot: sp.Snapshot, now: float, count: int) -> None:
        self.told.append(["decided", now, count])

    def applied(self, at: float, before: int, after: int) -> None:
        self.told.append(["applied", at, before, after])

    def next_change_at(self, now: float) -> float | None:
        return now + 30


SNAPSHOT = sp.Snapshot(at=2, replicas=1, values={"queue": 4})


def test_an_object_is_told_everything_in_order() -> None:
    stage = Tells()
    scaler = own(stage, bounds=(1, 3))
    decision = scaler.decide(SNAPSHOT)
    assert stage.snapshot_is_own
    assert stage.told == [["observe", 2.0], ["decided", 2.0, 3], ["applied", 2.0, 1, 3]]
    assert str(decision) == "1 -> 3: Tells wants 4; at most 3"
    assert decision.reasons[0].metrics == ["queue"]
    steady = scaler.decide(sp.Snapshot(at=3, replicas=3, values={"queue": 3}))
    assert steady.next_change_at == 33.0
    assert scaler.last_error is None


def test_none_abstains() -> None:
    class Silent:
        def recommend(self, snapshot: sp.Snapshot, now: float) -> int | None:
            return None

    decision = own(Silent()).decide(sp.Snapshot(at=0, replicas=4))
    assert (decision.replicas, decision.outcome) == (4, "held")
    assert decision.next_change_at == 0.0
    assert own(Silent(), sp.Fixed(2)).decide(sp.Snapshot(at=0, replicas=4)).replicas == 2


@pytest.mark.parametrize("error", [ValueError("no"), ZeroDivisionError(), sp.ConfigError("a", "b", "c")])
def test_what_is_raised_never_escapes_and_never_shrinks(error: Exception) -> None:
    scaler = own(Raising(error), sp.Fixed(2))
    decision = scaler.decide(sp.Snapshot(at=0, replicas=5))
    assert (decision.replicas, decision.outcome) == (5, "held")
    assert decision.reasons[0].failure == {"custom": type(error).__name__}
    assert type(error).__name__ in str(decision.reasons[0])
    assert scaler.last_error is error
    assert scaler.peek(sp.Snapshot(at=0, replicas=1)).replicas == 2
    assert type(scaler.last_error) is type(error)


def test_last_error_is_that_of_the_last_call() -> None:
    class Once:
        def recommend(self, snapshot: sp.Snapshot, now: float) -> int:
            if now < 1:
                raise KeyError("once")
            return 3

    scaler = own(Once())
    scaler.decide(sp.Snapshot(at=0, replicas=1))
    assert isinstance(scaler.last_error, KeyError)
    assert scaler.decide(sp.Snapshot(at=1, replicas=1)).replicas == 3
    assert scaler.last_error is None


@pytest.mark.parametrize("answer", ["3", 2.5, object(), 2**70])
def test_an_answer_that_is_no_count_is_a_failure(answer: Any) -> None:
    class Wrong:
        def recommend(self, snapshot: sp.Snapshot, now: float) -> Any:
            return answer

    scaler = own(Wrong())
    assert scaler.decide(sp.Snapshot(at=0, replicas=4)).outcome == "held"
    assert isinstance(scaler.last_error, (TypeError, OverflowError))


@pytest.mark.parametrize(("answer", "count"), [(-5, 0), (2**40, 2**31 - 1), (True, 1)])
def test_counts_beyond_what_can_be_expressed(answer: int, count: int) -> None:
    class Far:
        def recommend(self, snapshot: sp.Snapshot, now: float) -> int:
            return answer

    decision = own(Far()).decide(sp.Snapshot(at=0, replicas=4))
    assert decision.replicas == count == decision.replay()


def test_an_interrupt_is_raised_after_the_decision() -> None:
    scaler = own(Raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        scaler.decide(sp.Snapshot(at=0, replicas=4))
    assert isinstance(scaler.last_error, KeyboardInterrupt)


def test_a_restraint_of_ones_own() -> None:
    decision = own(sp.Fixed(9), restraints=[AtMost(4)]).decide(sp.Snapshot(at=0, replicas=1))
    assert str(decision) == "1 -> 4: fixed at 9; AtMost 9 -> 4"
    assert decision.binding == "AtMost"

    class Broken:
        def restrain(self, snapshot: sp.Snapshot, now: float, count: int) -> int:
            raise RuntimeError("broken")

    scaler = own(sp.Fixed(9), restraints=[Broken()])
    decision = scaler.decide(sp.Snapshot(at=0, replicas=3))
    assert decision.replicas == 3 == decision.replay()
    assert isinstance(scaler.last_error, RuntimeError)


def test_a_restraint_can_guard_a_held_count() -> None:
    class Guard(AtMost):
        guards_held = True

    held = sp.Snapshot(at=0, replicas=8)
    assert own(Raising(ValueError()), restraints=[AtMost(4)]).decide(held).replicas == 8
    assert own(Raising(ValueError()), restraints=[Guard(4)]).decide(held).replicas == 4


@pytest.mark.parametrize("stage", [object(), 3, "text", None, sp.Floor(1), AtMost(1)])
def test_what_is_no_recommender_is_a_type_error(stage: Any) -> None:
    with pytest.raises(TypeError, match="no method recommend"):
        own(stage)
    if not isinstance(stage, (sp.Floor, AtMost)):
        with pytest.raises(TypeError, match="no method restrain"):
            own(sp.Fixed(1), restraints=[stage])


@pytest.mark.parametrize("make", [Steps, Sealed])
@pytest.mark.parametrize("how", ["json", "pickle", "copy"])
def test_memory_goes_along(make: Any, how: str) -> None:
    original, again = own(make(), bounds=(0, 1000)), own(make(), bounds=(0, 1000))
    for snapshot in day(20):
        if how == "json":
            fresh = own(make(), bounds=(0, 1000))
            fresh.restore(again.save())
        elif how == "pickle":
            fresh = pickle.loads(pickle.dumps(again))
        else:
            fresh = copy.deepcopy(again)
        assert fresh == again
        again = fresh
        assert again.decide(snapshot) == original.decide(snapshot)
    assert again == original != own(make(), bounds=(0, 1000))


def test_peek_and_copies_leave_the_object_alone() -> None:
    stage = Steps(5)
    scaler = own(stage)
    snapshot = sp.Snapshot(at=0, replicas=1)
    assert [scaler.peek(snapshot).replicas for _ in range(3)] == [5, 5, 5]
    assert scaler.counterfactuals(snapshot) == [("Steps", 1)]
    copy.copy(scaler).decide(snapshot)
    assert stage.count == 5
    scaler.decide(snapshot)
    assert stage.count == 6


def test_memory_that_cannot_be_saved_is_a_state_error() -> None:
    class Holds(Steps):
        def __init__(self, thing: Any) -> None:
            super().__init__()
            self.thing = thing

    loop: list[Any] = []
    loop.append(loop)
    for thing in (object(), {1: 2}, 2**70, loop, b"bytes"):
        scaler = own(Holds(thing))
        with pytest.raises(sp.StateError, match="Holds"):
            scaler.save()
        with pytest.raises(sp.StateError):
            pickle.dumps(scaler)
        assert scaler.decide(sp.Snapshot(at=0)).replicas == 1
    plain = own(Holds([None, True, 1, -0.0, float("inf"), "text", {"a": (1, 2)}]))
    again = own(Holds(None))
    again.restore(plain.save())
    assert again == plain


def test_an_object_that_cannot_be_copied_fails_in_copies_only() -> None:
    class Single(Steps):
        def __deepcopy__(self, memo: Any) -> Any:
            raise NotImplementedError

    scaler = own(Single(3))
    with pytest.raises(NotImplementedError):
        copy.copy(scaler)
    assert scaler.peek(sp.Snapshot(at=0, replicas=1)).outcome == "held"
    assert isinstance(scaler.last_error, NotImplementedError)
    assert scaler.decide(sp.Snapshot(at=0, replicas=1)).replicas == 3


def test_an_object_may_run_another_autoscaler() -> None:
    inner = own(Raising(ValueError("inner")), sp.Fixed(6))

    class Outer:
        def recommend(self, snapshot: sp.Snapshot, now: float) -> int:
            return inner.decide(snapshot).replicas

    scaler = own(Outer())
    assert scaler.decide(sp.Snapshot(at=0, replicas=1)).replicas == 6
    assert isinstance(inner.last_error, ValueError) and scaler.last_error is None


def test_an_object_cannot_reenter_its_own_autoscaler() -> None:
    class Self:
        def recommend(self, snapshot: sp.Snapshot, now: float) -> int:
            return scaler.decide(snapshot).replicas

    scaler = own(Self())
    assert scaler.decide(sp.Snapshot(at=0, replicas=2)).outcome == "held"
    assert isinstance(scaler.last_error, RuntimeError)


def test_decide_many_asks_objects_too() -> None:
    scalers = [own(Steps(3)), own(Raising(ValueError())), sp.fixed(2)]
    decisions = sp.decide_many(scalers, [sp.Snapshot(at=0, replicas=1)] * 3)
    assert [d.replicas for d in decisions] == [3, 1, 2]
    assert [type(s.last_error) for s in scalers] == [type(None), ValueError, type(None)]
