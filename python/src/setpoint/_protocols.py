"""What an object must offer to be a stage."""

from __future__ import annotations

from typing import Protocol

from ._setpoint import Snapshot

__all__ = ["Recommender", "Restraint"]


class Recommender(Protocol):
    """An object that turns facts into a count. See `compose` for what else it may offer."""

    def recommend(self, snapshot: Snapshot, now: float, /) -> int | None:
        """Say how many replicas there should be.

        Parameters
        ----------
        snapshot : Snapshot
            The facts.
        now : float
            The time of the decision in seconds since the epoch.

        Returns
        -------
        int or None
            The count in replicas, or None to abstain.
        """


class Restraint(Protocol):
    """An object that turns a count into another count. See `compose` for what else it may offer."""

    def restrain(self, snapshot: Snapshot, now: float, count: int, /) -> int:
        """Say what becomes of a count.

        Parameters
        ----------
        snapshot : Snapshot
            The facts.
        now : float
            The time of the decision in seconds since the epoch.
        count : int
            What comes in, in replicas; it may be negative or huge.

        Returns
        -------
        int
            What goes out, in replicas.
        """
