"""The exceptions of setpoint: one root, and one class per kind of mistake."""

from __future__ import annotations

__all__ = ["ConfigError", "SetpointError", "SnapshotError", "StateError"]


class SetpointError(Exception):
    """The root of all exceptions that setpoint raises."""


class ConfigError(SetpointError, ValueError):
    """A setting that is refused.

    Parameters
    ----------
    field : str
        The name of the setting.
    value : str
        The offending value as text.
    allowed : str
        What would have been accepted.

    Examples
    --------
    >>> import setpoint as sp
    >>> try:
    ...     sp.Utilization(-1)
    ... except sp.ConfigError as error:
    ...     print(error.field, error.value, error.allowed, sep="; ")
    target; -1; a finite number above 0
    """

    field: str
    value: str
    allowed: str

    def __init__(self, field: str, value: str, allowed: str) -> None:
        super().__init__(field, value, allowed)
        self.field = field
        self.value = value
        self.allowed = allowed

    def __str__(self) -> str:
        return f"{self.field} is {self.value}: must be {self.allowed}"


class SnapshotError(SetpointError, ValueError):
    """Facts that contradict each other or are out of range."""


class StateError(SetpointError, ValueError):
    """Saved state that cannot be restored. The autoscaler keeps the memory it had."""


for _class in (SetpointError, ConfigError, SnapshotError, StateError):
    _class.__module__ = "setpoint"
del _class
