"""
The compiled part of the package `setpoint`; import that instead.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from numpy import dtype, float64, ndarray
from setpoint._protocols import Recommender, Restraint
from typing import Any, SupportsFloat, SupportsIndex, final

__all__ = ["Autoscaler", "AverageValue", "Blend", "Ceiling", "Cooldown", "Decision", "Fixed", "Floor", "Instance", "Model", "PanicPolicy", "RateLimit", "Reason", "Report", "Samples", "ScalingPolicy", "ScalingRules", "Schedule", "Snapshot", "Stabilization", "StablePolicy", "Thresholds", "Trace", "Utilization", "Value", "WithinBounds", "Work", "WorkloadValue", "ZeroOrAtLeast", "_rebuild", "aibrix", "bud", "compose", "decide_many", "fixed", "gaussian", "hpa", "kpa", "kthena", "kubeai", "simulate", "simulate_series", "threshold"]

@final
class Autoscaler:
    """
    Recommenders, a combiner and restraints, with everything that they remember.

    Made by `fixed`, `compose` and the functions named after the systems whose rules they follow. `decide` assumes that the caller carries
    the decision out; `propose`, then `applied` or `rejected`, is for callers whose writes can fail; `peek` remembers nothing. Two
    autoscalers are equal if they are made of the same stages with equal settings and equal memory. One autoscaler is used by one thread at
    a time; threads may each use their own.

    Examples
    --------
    >>> import setpoint as sp
    >>> scaler = sp.fixed(3)
    >>> scaler.decide(sp.Snapshot(at=0, replicas=1)).replicas
    3
    >>> restored = sp.fixed(3)
    >>> restored.restore(scaler.save())
    >>> restored == scaler
    True
    """
    def __copy__(self, /) -> Autoscaler: ...
    def __deepcopy__(self, _memo: Any, /) -> Autoscaler: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __reduce__(self, /) -> tuple[Any, ...]: ...
    def __repr__(self, /) -> str: ...
    def applied(self, /) -> None:
        """
        The last proposal was carried out. Without a pending proposal this does nothing.
        """
    def counterfactuals(self, /, snapshot: Snapshot) -> list[tuple[str, int]]:
        """
        The counts that would be decided without each of the stages. Ask before the decision: afterwards the memory already holds it.

        Parameters
        ----------
        snapshot : Snapshot
            The facts.

        Returns
        -------
        list of tuple of str and int
            Per stage its name and the count in replicas without it. Nothing is remembered.
        """
    def decide(self, /, snapshot: Snapshot) -> Decision:
        """
        Take the snapshot in, decide, and remember the decision as carried out.

        Parameters
        ----------
        snapshot : Snapshot
            The facts. A time before the newest seen is read as that.

        Returns
        -------
        Decision
            How many replicas there should be, and why.
        """
    @property
    def last_error(self, /) -> BaseException | None:
        """
        The exception that an object of the caller's own raised in the last call that asked it, or None.
        """
    def observe(self, /, snapshot: Snapshot) -> None:
        """
        Take a snapshot in without deciding, for readings that come more often than decisions.

        Parameters
        ----------
        snapshot : Snapshot
            The facts.
        """
    def peek(self, /, snapshot: Snapshot) -> Decision:
        """
        Decide without remembering anything: what `decide` would answer.

        Parameters
        ----------
        snapshot : Snapshot
            The facts.

        Returns
        -------
        Decision
            How many replicas there should be, and why.
        """
    def propose(self, /, snapshot: Snapshot) -> Decision:
        """
        Decide and remember the opinions, but not that the count was changed.

        Say `applied` when it was, or `rejected`. Another decision in between counts as a rejection.

        Parameters
        ----------
        snapshot : Snapshot
            The facts.

        Returns
        -------
        Decision
            How many replicas there should be, and why.
        """
    def reconfigure(self, /, next: Autoscaler, *, at: float | int | datetime) -> list[str]:
        """
        Go on with the settings of another autoscaler and as much of this one's memory as its stages can use.

        A stage takes over from the stage of the same name and metrics. A pending proposal is dropped.

        Parameters
        ----------
        next : Autoscaler
            A freshly built autoscaler with the new settings. It is copied.
        at : float, int or datetime
            When the change happens: seconds since the epoch or an aware datetime.

        Returns
        -------
        list of str
            The stages that start afresh.

        Raises
        ------
        StateError
            If an object of the caller's own cannot be saved; nothing changes then.
        """
    def rejected(self, /) -> None:
        """
        The last proposal was not carried out.
        """
    def restore(self, /, json: str) -> None:
        """
        Take back what `save` gave, into an autoscaler with the same stages.

        Parameters
        ----------
        json : str
            The saved memory.

        Raises
        ------
        StateError
            If it is no saved memory, of another format, or of other stages. The autoscaler keeps the memory it had.
        """
    def save(self, /) -> str:
        """
        Everything that is remembered, as JSON. Every double comes back equal.

        Returns
        -------
        str
            The memory, not the settings: build the same autoscaler, then `restore`.

        Raises
        ------
        StateError
            If an object of the caller's own cannot be saved.
        """
    @property
    def stages(self, /) -> list[str]:
        """
        The names of the stages: recommenders first, then restraints.
        """

@final
class AverageValue:
    """
    An amount per instance, in the metric's own unit.

    Parameters
    ----------
    amount : float
        Wanted amount per instance, in the metric's own unit. Finite and above 0.

    Raises
    ------
    ConfigError
        If the amount is not finite or not above 0.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.AverageValue(20)
    AverageValue(20.0)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, amount: SupportsFloat | SupportsIndex) -> AverageValue: ...
    def __repr__(self, /) -> str: ...
    @property
    def amount(self, /) -> float:
        """
        The amount that was given, in the unit of the class.
        """

@final
class Blend:
    """
    BudAIScaler: how predictions are used.

    Parameters
    ----------
    weight : float, default 0.3
        How much a prediction of full confidence counts, as a share of the count: 0 to 1.
    min_confidence : float, default 0.7
        The least confidence at which a prediction counts at all: 0 to 1.
    max_replicas : int, optional
        The most, in replicas, that a prediction may ask for: 1 to 2147483647. Left out: no limit.

    Raises
    ------
    ConfigError
        If a number is out of the range of its type. Ranges are judged by `bud`.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.Blend(weight=0.5)
    Blend(weight=0.5, min_confidence=0.7)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, weight: SupportsFloat | SupportsIndex | None = None, min_confidence: SupportsFloat | SupportsIndex | None = None, max_replicas: SupportsIndex | None = None) -> Blend: ...
    def __repr__(self, /) -> str: ...
    @property
    def max_replicas(self, /) -> int | None:
        """
        The most, in replicas, that a prediction may ask for; None for no limit.
        """
    @property
    def min_confidence(self, /) -> float:
        """
        The least confidence at which a prediction counts at all.
        """
    @property
    def weight(self, /) -> float:
        """
        How much a prediction of full confidence counts, as a share of the count.
        """

@final
class Ceiling:
    """
    Restraint: keeps the count at or below a ceiling.

    Parameters
    ----------
    count : int
        The ceiling in replicas, 0 to 2147483647.

    Raises
    ------
    ConfigError
        If the count is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.Ceiling(20).count
    20
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, count: SupportsIndex) -> Ceiling: ...
    def __repr__(self, /) -> str: ...
    @property
    def count(self, /) -> int:
        """
        The count, in replicas.
        """

@final
class Cooldown:
    """
    Restraint: after a change the count rests for a while. A change exactly as old as the span no longer holds.

    Parameters
    ----------
    up : float, int or timedelta, default 0
        Time in seconds from a change until the next growth.
    down : float, int or timedelta, default 0
        Time in seconds from a change until the next reduction.
    since : str, default "any_change"
        Which earlier change counts: "any_change", or the last in the "same_direction".

    Raises
    ------
    ConfigError
        If a span is out of range, or `since` is none of the two.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.Cooldown(down=300)
    Cooldown(down=300.0)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, up: float | int | timedelta | None = None, down: float | int | timedelta | None = None, since: str = "any_change") -> Cooldown: ...
    def __repr__(self, /) -> str: ...
    @property
    def down(self, /) -> float:
        """
        Time from a change until the next reduction, in seconds.
        """
    @property
    def since(self, /) -> str:
        """
        Which earlier change counts.
        """
    @property
    def up(self, /) -> float:
        """
        Time from a change until the next growth, in seconds.
        """

@final
class Decision:
    """
    How many replicas there should be, and why. Its text is the sentence.

    Decisions are made by an `Autoscaler`; they compare, pickle, and become JSON and back.

    Examples
    --------
    >>> import setpoint as sp
    >>> decision = sp.fixed(3).decide(sp.Snapshot(at=0, replicas=1))
    >>> decision.replicas
    3
    >>> print(decision)
    1 -> 3: fixed at 3
    >>> decision.replay() == decision.replicas
    True
    """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __reduce__(self, /) -> tuple[Any, ...]: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def at(self, /) -> float:
        """
        When the decision was made, in seconds since the epoch.
        """
    @property
    def binding(self, /) -> str | None:
        """
        The stage that bound the count: the last restraint that moved it, else the recommender whose opinion was taken.
        """
    @property
    def changes(self, /) -> bool:
        """
        Whether the count changes.
        """
    @staticmethod
    def from_json(json: str) -> Decision:
        """
        The decision that `to_json` wrote.

        Parameters
        ----------
        json : str
            The JSON form of a decision.

        Raises
        ------
        StateError
            If the text is no decision.
        """
    @property
    def from_replicas(self, /) -> int:
        """
        How many were asked for when the decision was made.
        """
    @property
    def next_change_at(self, /) -> float | None:
        """
        The earliest time, in seconds since the epoch, at which the answer could differ although no metric does; None where only new
        metrics can change it. Never later than that, possibly earlier; right after a change the time of the decision itself.
        """
    @property
    def outcome(self, /) -> str:
        """
        How it came about: "decided", "held" (no opinion could be acted on), "settled" (by one recommender alone) or "skipped".
        """
    @property
    def reasons(self, /) -> list[Reason]:
        """
        All reasons, in the order in which they acted. They are made when they are asked for.
        """
    def replay(self, /) -> int | None:
        """
        The count again, from the reasons alone; None if they do not lead to one.
        """
    @property
    def replicas(self, /) -> int:
        """
        How many replicas there should be.
        """
    @property
    def stages(self, /) -> list[str]:
        """
        The names of the stages: recommenders first, then restraints.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        The JSON form as Python objects: times in milliseconds.
        """
    def to_json(self, /) -> str:
        """
        The JSON form: every field by its name, times in milliseconds.
        """

@final
class Fixed:
    """
    Recommender: always the same count.

    Parameters
    ----------
    count : int
        The count in replicas, 0 to 2147483647.

    Raises
    ------
    ConfigError
        If the count is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.Fixed(3)
    Fixed(3)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, count: SupportsIndex) -> Fixed: ...
    def __repr__(self, /) -> str: ...
    @property
    def count(self, /) -> int:
        """
        The count, in replicas.
        """

@final
class Floor:
    """
    Restraint: keeps the count at or above a floor.

    Parameters
    ----------
    count : int
        The floor in replicas, 0 to 2147483647.

    Raises
    ------
    ConfigError
        If the count is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.Floor(2).count
    2
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, count: SupportsIndex) -> Floor: ...
    def __repr__(self, /) -> str: ...
    @property
    def count(self, /) -> int:
        """
        The count, in replicas.
        """

@final
class Instance:
    """
    What is known of one instance (a pod, a process, a machine).

    Parameters
    ----------
    phase : str, default "running"
        "pending", "running", "succeeded", "failed" or "unknown".
    readiness : str, default "ready"
        "ready", "not_ready", "unknown" (it reports one, but not which) or "absent" (it reports none).
    leaving : bool, default False
        Whether it has been told to go.
    started_at : float, int or datetime, optional
        When it was started, in seconds since the epoch or as an aware datetime.
    readiness_changed_at : float, int or datetime, optional
        When its readiness last changed, in seconds since the epoch or as an aware datetime.
    restarts : int, default 0
        How often any part of it was restarted.

    Raises
    ------
    SnapshotError
        If a text is none of those listed or a number is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.Instance(started_at=100).serves
    True
    >>> sp.Instance(phase="pending", readiness="absent")
    Instance(phase='pending', readiness='absent')
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, phase: str = "running", readiness: str = "ready", leaving: bool = False, started_at: float | int | datetime | None = None, readiness_changed_at: float | int | datetime | None = None, restarts: SupportsIndex | None = None) -> Instance: ...
    def __repr__(self, /) -> str: ...
    @property
    def leaving(self, /) -> bool:
        """
        Whether it has been told to go.
        """
    @property
    def phase(self, /) -> str:
        """
        Where it is in its life.
        """
    @property
    def readiness(self, /) -> str:
        """
        Whether it says that it can serve.
        """
    @property
    def readiness_changed_at(self, /) -> float | None:
        """
        When its readiness last changed, in seconds since the epoch.
        """
    @property
    def restarts(self, /) -> int:
        """
        How often any part of it was restarted.
        """
    @property
    def serves(self, /) -> bool:
        """
        Whether it runs, says that it is ready, and stays.
        """
    @property
    def started_at(self, /) -> float | None:
        """
        When it was started, in seconds since the epoch.
        """

@final
class Model:
    """
    The simulated platform.

    Parameters
    ----------
    min_replicas, max_replicas : int
        The bounds of the fleet in replicas, both included; decisions outside are held to them.
    initial : int, default `min_replicas`
        Replicas that are ready at the start, within the bounds.
    slots_per_replica : int, default 1
        Requests that a replica works on at once, 1 to 1000000.
    start_delay : float, int, timedelta or a sequence of them, default 0
        Seconds from the order of a replica to its readiness: one span, or measured ones of which each replica draws one.
    metric_lag : float, int or timedelta, default 0
        The age in seconds of the newest sample that a policy can see.
    scrape_interval : float, int or timedelta, default 0
        Seconds between samples; 0 for one per bin.
    missing_rate : float, default 0
        Share of scrapes that yield nothing, 0 to 1.
    outages : sequence of pairs of float, int or timedelta, optional
        Spans ``(from, to)`` in seconds since the start of the trace, ``to`` excluded, in which no scrape yields anything.
    slo_wait : float, int or timedelta, default 5
        A bin violates when its wait is longer than so many seconds.
    need_utilization : float, default 1
        How full a replica may be when the demand in replicas is computed: above 0, at most 1.
    short_lived : float, int or timedelta, default 60
        A replica that goes within so many seconds after it became ready was short-lived.
    start_at : float, int or datetime, default 0
        The policy's time at the start of the trace, in seconds since the epoch or as an aware datetime.
    seed : int, default 0
        Of start delays and missing scrapes.

    Raises
    ------
    ConfigError
        If a setting is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.Model(min_replicas=1, max_replicas=40, slots_per_replica=4, start_delay=60)
    Model(min_replicas=1, max_replicas=40, slots_per_replica=4, start_delay=60.0)
    """
    def __eq__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __new__(cls, /, *, min_replicas: SupportsIndex, max_replicas: SupportsIndex, initial: SupportsIndex | None = None, slots_per_replica: SupportsIndex | None = None, start_delay: float | int | timedelta | Sequence[float | int | timedelta] | None = None, metric_lag: float | int | timedelta | None = None, scrape_interval: float | int | timedelta | None = None, missing_rate: SupportsFloat | SupportsIndex | None = None, outages: Sequence[tuple[float | int | timedelta, float | int | timedelta]] | None = None, slo_wait: float | int | timedelta | None = None, need_utilization: SupportsFloat | SupportsIndex | None = None, short_lived: float | int | timedelta | None = None, start_at: float | int | datetime | None = None, seed: SupportsIndex | None = None) -> Model: ...
    def __repr__(self, /) -> str: ...

@final
class PanicPolicy:
    """
    Kthena: how panic mode is entered, how long it lasts and how fast it grows.

    Parameters
    ----------
    period : float, int or timedelta
        The panic period in seconds, 0 to 1800; 0 limits nothing.
    percent : int, default 1000
        Percent of the count per panic period, 0 to 1000.
    panic_threshold_percent : int, default 200
        From which recommended count, in percent of the present one, panic mode is entered: 110 to 1000.
    panic_mode_hold : float, int or timedelta, default 60
        How long, in seconds, panic mode lasts after the last step that triggered it: 0 to 1800; 0 turns panic mode off.

    Raises
    ------
    ConfigError
        If a number is out of the range of its type. Ranges are judged by `kthena`.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.PanicPolicy(period=60).panic_mode_hold
    60.0
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, period: float | int | timedelta, percent: SupportsIndex | None = None, panic_threshold_percent: SupportsIndex | None = None, panic_mode_hold: float | int | timedelta | None = None) -> PanicPolicy: ...
    def __repr__(self, /) -> str: ...
    @property
    def panic_mode_hold(self, /) -> float:
        """
        How long, in seconds, panic mode lasts after the last step that triggered it.
        """
    @property
    def panic_threshold_percent(self, /) -> int:
        """
        From which recommended count, in percent of the present one, panic mode is entered.
        """
    @property
    def percent(self, /) -> int:
        """
        Percent of the count per panic period.
        """
    @property
    def period(self, /) -> float:
        """
        The panic period in seconds.
        """

@final
class RateLimit:
    """
    Restraint: limits how far the count moves within the periods of its policies. Changes that were carried out count.

    Parameters
    ----------
    up, down : ScalingRules, optional
        The policies of each direction; their windows and tolerances play no part here. A direction that is left out takes the policies
        of a Kubernetes behavior: 4 replicas or 100 % per 15 s up, 100 % per 15 s down.

    Raises
    ------
    ConfigError
        If a policy is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> slow = sp.ScalingRules(policies=[sp.ScalingPolicy(pods=4, period=60)])
    >>> scaler = sp.compose(recommenders=[sp.Fixed(20)], restraints=[sp.RateLimit(up=slow)])
    >>> [scaler.decide(sp.Snapshot(at=t, replicas=n)).replicas for t, n in ((0, 3), (30, 7), (60, 7))]
    [7, 7, 11]
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, up: ScalingRules | None = None, down: ScalingRules | None = None) -> RateLimit: ...
    def __repr__(self, /) -> str: ...
    @property
    def down(self, /) -> ScalingRules | None:
        """
        The policies for reductions, as given.
        """
    @property
    def up(self, /) -> ScalingRules | None:
        """
        The policies for growth, as given.
        """

@final
class Reason:
    """
    One typed reason: which rule held, with its numbers. Its text is the sentence.

    The numbers are in `data` and can be read as attributes. Instants are seconds since the epoch, fields that end in ``_ms`` are
    milliseconds; counts and metric values are in their own units. ``metric`` is the metric's name.

    Parameters
    ----------
    json : str
        The JSON form of the reason, as in a decision's.
    stage : str, optional
        The name of the stage that gave it; None for the pipeline itself.
    metrics : sequence of str, optional
        The metrics of that stage.

    Raises
    ------
    StateError
        If the text is no reason.

    Examples
    --------
    >>> import setpoint as sp
    >>> decision = sp.fixed(3).decide(sp.Snapshot(at=0, replicas=1))
    >>> reason = decision.reasons[0]
    >>> reason.kind, reason.stage, reason.count, str(reason)
    ('fixed', 'fixed', 3, 'fixed at 3')
    """
    def __eq__(self, other: object, /) -> bool: ...
    def __getattr__(self, name: str, /) -> Any: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __new__(cls, /, json: str, *, stage: str | None = None, metrics: Sequence[str] | None = None) -> Reason: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def data(self, /) -> dict[str, Any]:
        """
        All fields but the kind. Instants are seconds since the epoch.
        """
    @property
    def kind(self, /) -> str:
        """
        Which kind of reason it is.
        """
    @property
    def metrics(self, /) -> list[str]:
        """
        The metrics of that stage.
        """
    @property
    def stage(self, /) -> str | None:
        """
        The name of the stage that gave it; None for the pipeline itself.
        """

@final
class Report:
    """
    The result of one run: service, cost, elasticity and stability, with everything that it depends on in the header.

    Examples
    --------
    >>> import setpoint as sp
    >>> trace = sp.Trace([400, 600, 0], step=10, work=sp.Work(per_request_ms=200))
    >>> report = sp.simulate(trace, sp.fixed(20), sp.Model(min_replicas=1, max_replicas=40, initial=20))
    >>> report.bins, report.cost["most_replicas"], report.service["violating_bins"]
    (3, 20, 0)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __reduce__(self, /) -> tuple[Any, ...]: ...
    def __repr__(self, /) -> str: ...
    @property
    def bins(self, /) -> int:
        """
        Bins played.
        """
    @property
    def cost(self, /) -> dict[str, Any]:
        """
        What it cost: replica-hours, the fewest and the most replicas, the idle share (0 to 1).
        """
    @property
    def elasticity(self, /) -> dict[str, Any]:
        """
        How well supply followed demand.
        """
    @staticmethod
    def from_json(json: str) -> Report:
        """
        The report that `to_json` wrote.

        Parameters
        ----------
        json : str
            The JSON form of a report.

        Raises
        ------
        StateError
            If the text is no report.
        """
    @property
    def header(self, /) -> dict[str, Any]:
        """
        What the result depends on: two results with equal headers are equal.
        """
    @property
    def missed_scrapes(self, /) -> int:
        """
        Scrapes that yielded nothing, those of missing bins included.
        """
    @property
    def missing_bins(self, /) -> int:
        """
        Bins that the trace does not know.
        """
    @property
    def requests(self, /) -> float:
        """
        Requests.
        """
    @property
    def service(self, /) -> dict[str, Any]:
        """
        How well requests were served: waits and overloads in milliseconds (``_ms``), violations in bins, requests and percent.
        """
    @property
    def stability(self, /) -> dict[str, Any]:
        """
        How calm it was: counts of decisions that changed the fleet and of replicas.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        The JSON form as Python objects.
        """
    def to_json(self, /) -> str:
        """
        The JSON form.
        """
    @property
    def work_ms(self, /) -> float:
        """
        Work, in slot-milliseconds.
        """

@final
class Samples:
    """
    The samples of one metric: a value per instance, with when and over which window each was measured.

    Parameters
    ----------
    values : float, array or sequence
        One value that all instances share, or one value each, in the metric's own unit. ``None``, NaN and infinities are
        missing samples.
    taken_at : float, int, datetime or a sequence of them, optional
        When the samples were taken, in seconds since the epoch or as aware datetimes: one instant for all, or one each.
        The time of the snapshot where it is left out.
    window : float, int, timedelta or a sequence of them, default 0
        The span in seconds before that over which they were measured: one for all, or one each.
    foreign_milli : sequence of int, optional
        Samples, in thousandths of the metric's own unit, of instances that are not in the snapshot.

    Raises
    ------
    SnapshotError
        If a time or a window is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.Samples([0.5, None], window=60).values
    array([0.5, nan])
    """
    def __eq__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __new__(cls, /, values: float | int | ndarray[Any, dtype[Any]] | Sequence[float | int | None], *, taken_at: float | int | datetime | Sequence[float | int | datetime] | None = None, window: float | int | timedelta | Sequence[float | int | timedelta] | None = None, foreign_milli: Sequence[SupportsIndex] | None = None) -> Samples: ...
    def __repr__(self, /) -> str: ...
    @property
    def foreign_milli(self, /) -> list[int]:
        """
        Samples of instances that are not in the snapshot, in thousandths of the metric's own unit.
        """
    @property
    def taken_at(self, /) -> float | list[float] | None:
        """
        When the samples were taken, in seconds since the epoch: one instant, a list, or None for the time of the snapshot.
        """
    @property
    def values(self, /) -> float | ndarray[tuple[int], dtype[float64]]:
        """
        The values in the metric's own unit: one for all instances, or an array with one each, NaN where missing.
        """
    @property
    def window(self, /) -> float | list[float]:
        """
        The spans before that over which they were measured, in seconds: one for all, or a list.
        """

@final
class ScalingPolicy:
    """
    At most so much change within any period of this length.

    Parameters
    ----------
    pods : int, optional
        How many replicas, 1 to 2147483647. Either this or `percent`.
    percent : int, optional
        How many percent of the count at the start of the period, 1 to 2147483647. Either this or `pods`.
    period : float, int or timedelta
        The period in seconds, 1 to 1800.

    Raises
    ------
    ConfigError
        If not exactly one of `pods` and `percent` is given, or a number is out of the range of its type. Ranges are judged where the
        policy is used.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.ScalingPolicy(pods=4, period=60)
    ScalingPolicy(pods=4, period=60.0)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, pods: SupportsIndex | None = None, percent: SupportsIndex | None = None, period: float | int | timedelta) -> ScalingPolicy: ...
    def __repr__(self, /) -> str: ...
    @property
    def percent(self, /) -> int | None:
        """
        How many percent of the count at the start of the period, where that is the step.
        """
    @property
    def period(self, /) -> float:
        """
        The period in seconds.
        """
    @property
    def pods(self, /) -> int | None:
        """
        How many replicas, where that is the step.
        """

@final
class ScalingRules:
    """
    The rules of one direction of a Kubernetes autoscaler's behavior. What is left out takes the direction's default.

    Parameters
    ----------
    window : float, int or timedelta, default 0 for growth, the controller-wide window for reductions
        The stabilization window in seconds, 0 to 3600: for so long back, recommendations in the other direction hold a change back.
    select : str, default "max"
        Which policy holds: "max" (the largest change), "min" (the smallest) or "disabled" (no scaling in this direction).
    policies : sequence of ScalingPolicy, default 4 replicas and 100 % per 15 s for growth, 100 % per 15 s for reductions
        At least one; they replace the default as a whole.
    tolerance : float, default the controller-wide one
        How far the ratio may be off in this direction, as a share of the target: 0 and more.

    Raises
    ------
    ConfigError
        If a number is out of the range of its type or a word is unknown. Ranges are judged where the rules are used.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.ScalingRules(window=60, policies=[sp.ScalingPolicy(percent=10, period=60)])
    ScalingRules(window=60.0, policies=[ScalingPolicy(percent=10, period=60.0)])
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, window: float | int | timedelta | None = None, select: str | None = None, policies: Sequence[ScalingPolicy] | None = None, tolerance: SupportsFloat | SupportsIndex | None = None) -> ScalingRules: ...
    def __repr__(self, /) -> str: ...
    @property
    def policies(self, /) -> list[ScalingPolicy] | None:
        """
        The policies, as given.
        """
    @property
    def select(self, /) -> str | None:
        """
        Which policy holds, as given.
        """
    @property
    def tolerance(self, /) -> float | None:
        """
        How far the ratio may be off in this direction, as a share of the target, as given.
        """
    @property
    def window(self, /) -> float | None:
        """
        The stabilization window in seconds, as given.
        """

@final
class Schedule:
    """
    AIBrix: bounds for a span of the day. A bound that is left out is that of the autoscaler.

    Parameters
    ----------
    name : str
        Lower-case letters, digits and inner hyphens; unique among the schedules of an autoscaler.
    start, end : str
        The span in local time, "HH:MM" from "00:00" to "23:59", the end excluded and after the start: it does not reach over midnight.
    days : sequence of str, default every day
        The days by their first three letters in English, "mon" to "sun", at least one.
    min_replicas, max_replicas : int, optional
        The bounds in replicas while it is on, at least one of the two.

    Raises
    ------
    ConfigError
        If a time, a day or a number is none. How the bounds and the spans go together is judged by `aibrix`.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.Schedule(name="office", start="08:30", end="18:00", days=["mon", "tue"], min_replicas=4)
    Schedule(name='office', start='08:30', end='18:00', days=['mon', 'tue'], min_replicas=4)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, name: str, start: str, end: str, days: Sequence[str] | None = None, min_replicas: SupportsIndex | None = None, max_replicas: SupportsIndex | None = None) -> Schedule: ...
    def __repr__(self, /) -> str: ...
    @property
    def days(self, /) -> list[str]:
        """
        The days, from Monday on.
        """
    @property
    def end(self, /) -> str:
        """
        Where the span ends, in local time.
        """
    @property
    def max_replicas(self, /) -> int | None:
        """
        The maximum while it is on, as given.
        """
    @property
    def min_replicas(self, /) -> int | None:
        """
        The minimum while it is on, as given.
        """
    @property
    def name(self, /) -> str:
        """
        The name.
        """
    @property
    def start(self, /) -> str:
        """
        Where the span starts, in local time.
        """

@final
class Snapshot:
    """
    Facts observed at one instant. What is missing is said and is never 0.

    Parameters
    ----------
    at : float, int or datetime
        When the facts were observed: seconds since the epoch (kept to the millisecond) or an aware datetime.
    replicas : int, default 0
        How many replicas the workload is asked to run.
    reported : int, optional
        How many replicas it reports to run, where that differs.
    ready : int or "unknown", optional
        How many instances are ready; "unknown" where it could not be found out. Where it is left out, they are counted among
        `instances`, else it is as `replicas`.
    unready : int, optional
        How many instances are on their way but not ready. Where it is left out, they are counted among `instances`, else it is 0.
    instances : sequence of Instance, optional
        The instances. Every column must have as many entries.
    instance_names : sequence of str, optional
        Their names, for samples that come by name.
    samples : dict of str to float, array, sequence or Samples, optional
        Per metric one value that all instances share, or one value each, in the metric's own unit. ``None``, NaN and infinities are
        missing samples. Arrays are copied without a Python-level loop.
    samples_by_name : dict of str to dict of str to float, optional
        Per metric the values by instance name. An instance without a value has no sample.
    requests : dict of str to float, array or sequence, optional
        Per resource what each instance asked for, in the unit of its samples.
    values : dict of str to float, array, sequence or WorkloadValue, optional
        Values of the whole workload in their own units: a queue length, a total concurrency.
    age : float, int or timedelta, optional
        The age of the oldest reading, in seconds.
    coverage : float, optional
        The share of the instances that could be read, 0 to 1.

    Raises
    ------
    SnapshotError
        If the facts contradict each other (lengths, names given twice) or a number is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> snapshot = sp.Snapshot(at=60, replicas=2, samples={"cpu": [0.9, None]}, values={"queue": 12})
    >>> snapshot.ready
    2
    >>> snapshot.samples["cpu"].values
    array([0.9, nan])
    """
    def __eq__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __new__(cls, /, *, at: float | int | datetime, replicas: SupportsIndex | None = None, reported: SupportsIndex | None = None, ready: SupportsIndex | str | None = None, unready: SupportsIndex | None = None, instances: Sequence[Instance] | None = None, instance_names: Sequence[str] | None = None, samples: Mapping[str, Samples | float | int | ndarray[Any, dtype[Any]] | Sequence[float | int | None]] | None = None, samples_by_name: Mapping[str, Mapping[str, SupportsFloat | SupportsIndex]] | None = None, requests: Mapping[str, float | int | ndarray[Any, dtype[Any]] | Sequence[float | int | None]] | None = None, values: Mapping[str, WorkloadValue | float | int | ndarray[Any, dtype[Any]] | Sequence[float | int | None]] | None = None, age: float | int | timedelta | None = None, coverage: SupportsFloat | SupportsIndex | None = None) -> Snapshot: ...
    def __repr__(self, /) -> str: ...
    @property
    def age(self, /) -> float | None:
        """
        The age of the oldest reading in seconds, where known.
        """
    @property
    def at(self, /) -> float:
        """
        When the facts were observed, in seconds since the epoch.
        """
    @property
    def coverage(self, /) -> float | None:
        """
        The share of the instances that could be read, 0 to 1, where known.
        """
    @property
    def instance_names(self, /) -> list[str] | None:
        """
        The names of the instances, where they have names.
        """
    @property
    def instances(self, /) -> list[Instance] | None:
        """
        The instances, where they are listed.
        """
    @property
    def ready(self, /) -> int | None:
        """
        How many instances are ready: as given, else counted among the instances, else as `replicas`; None where it could not be found
        out.
        """
    @property
    def replicas(self, /) -> int:
        """
        How many replicas the workload is asked to run.
        """
    @property
    def reported(self, /) -> int:
        """
        How many replicas it reports to run: as given, else as `replicas`.
        """
    @property
    def requests(self, /) -> dict[str, float | ndarray[tuple[int], dtype[float64]]]:
        """
        What each instance asked for, by resource, in the unit of the samples: one number for all instances, or an array.
        """
    @property
    def samples(self, /) -> dict[str, Samples]:
        """
        The samples by metric, those that came by instance name included.
        """
    @property
    def unready(self, /) -> int:
        """
        How many instances are on their way but not ready: as given, else counted among the instances, else 0.
        """
    @property
    def values(self, /) -> dict[str, WorkloadValue]:
        """
        The values of the whole workload by name.
        """

@final
class Stabilization:
    """
    Restraint: holds a change back while a recent recommendation disagrees with it.

    Parameters
    ----------
    up : float, int or timedelta, default 0
        Growth goes no further than the smallest recommendation of this span, in seconds; 0 for none.
    down : float, int or timedelta, default 0
        Reductions go no further than the largest recommendation of this span, in seconds; 0 for none.

    Raises
    ------
    ConfigError
        If a span is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.Stabilization(down=300)
    Stabilization(down=300.0)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, up: float | int | timedelta | None = None, down: float | int | timedelta | None = None) -> Stabilization: ...
    def __repr__(self, /) -> str: ...
    @property
    def down(self, /) -> float:
        """
        The span for reductions, in seconds.
        """
    @property
    def up(self, /) -> float:
        """
        The span for growth, in seconds.
        """

@final
class StablePolicy:
    """
    Kthena: the pace and the stabilization of one direction. What is left out takes the default of a policy that is present.

    Parameters
    ----------
    instances : int, default 1
        Replicas per period, 0 to 2147483647.
    percent : int, default 100
        Percent of the count per period, 0 to 1000.
    period : float, int or timedelta, default 15
        The period in seconds, 0 to 1800; 0 limits nothing.
    select_policy : str, default "or"
        How the two combine: "or" (the larger change) or "and" (the smaller).
    stabilization_window : float, int or timedelta, default 0 for growth, 300 for reductions
        Over which time, in seconds, recommendations hold back: 0 to 1800; 0 turns it off.

    Raises
    ------
    ConfigError
        If a number is out of the range of its type or a word is unknown. Ranges are judged by `kthena`.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.StablePolicy(instances=2, period=60)
    StablePolicy(instances=2, period=60.0)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, instances: SupportsIndex | None = None, percent: SupportsIndex | None = None, period: float | int | timedelta | None = None, select_policy: str | None = None, stabilization_window: float | int | timedelta | None = None) -> StablePolicy: ...
    def __repr__(self, /) -> str: ...
    @property
    def instances(self, /) -> int | None:
        """
        Replicas per period, as given.
        """
    @property
    def percent(self, /) -> int | None:
        """
        Percent of the count per period, as given.
        """
    @property
    def period(self, /) -> float | None:
        """
        The period in seconds, as given.
        """
    @property
    def select_policy(self, /) -> str | None:
        """
        How the two combine, as given.
        """
    @property
    def stabilization_window(self, /) -> float | None:
        """
        Over which time, in seconds, recommendations hold back, as given.
        """

@final
class Thresholds:
    """
    A band of utilization: above the upper threshold there are too few replicas, below the lower one too many.

    Parameters
    ----------
    lower : float
        Lower threshold, in the unit of the readings: 0 to less than `upper`; 0 never scales down.
    upper : float
        Upper threshold, in the unit of the readings: finite and above 0.
    set_point : float, optional
        What both directions aim at, `lower` to `upper` and above 0; the threshold that was crossed where it is left out.

    Raises
    ------
    ConfigError
        If a threshold is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.Thresholds(lower=0.4, upper=0.8, set_point=0.6)
    Thresholds(lower=0.4, upper=0.8, set_point=0.6)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, lower: SupportsFloat | SupportsIndex, upper: SupportsFloat | SupportsIndex, set_point: SupportsFloat | SupportsIndex | None = None) -> Thresholds: ...
    def __repr__(self, /) -> str: ...
    @property
    def lower(self, /) -> float:
        """
        Lower threshold, in the unit of the readings.
        """
    @property
    def set_point(self, /) -> float | None:
        """
        What both directions aim at, in the unit of the readings; None for the threshold that was crossed.
        """
    @property
    def upper(self, /) -> float:
        """
        Upper threshold, in the unit of the readings.
        """

@final
class Trace:
    """
    Equal bins of requests and their work.

    A missing bin is played as the last known one before it (the first known one where there is none before), and a policy sees no sample of
    it.

    Parameters
    ----------
    requests : array or sequence of float
        Requests that arrive in each bin; ``None``, NaN and infinities are missing bins.
    step : float, int or timedelta
        Width of a bin in seconds: whole milliseconds from 0.001 to 366 days.
    work : Work
        The work that a request brings.
    prompt_tokens, output_tokens : array or sequence of float, optional
        Tokens read and generated in each bin, summed over its requests; as long as `requests`.
    name : str, default "trace"
        A name for reports.

    Raises
    ------
    ConfigError
        If a count is negative or beyond 2**53, no bin is known, the lengths differ or the step is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> trace = sp.Trace([4, None, 8], step=10, work=sp.Work(per_request_ms=250))
    >>> len(trace), trace.work_ms
    (3, array([1000.,   nan, 2000.]))
    """
    def __eq__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __len__(self, /) -> int: ...
    def __new__(cls, /, requests: ndarray[Any, dtype[Any]] | Sequence[float | int | None], *, step: float | int | timedelta, work: Work, prompt_tokens: ndarray[Any, dtype[Any]] | Sequence[float | int | None] | None = None, output_tokens: ndarray[Any, dtype[Any]] | Sequence[float | int | None] | None = None, name: str = "trace") -> Trace: ...
    def __repr__(self, /) -> str: ...
    @staticmethod
    def day(*, work: Work, seed: SupportsIndex = 0) -> Trace:
        """
        A made-up day of a chat service: 8,640 bins of 10 s with a daily cycle, noise, bursts and a flash crowd.

        Parameters
        ----------
        work : Work
            The work that a request brings.
        seed : int, default 0
            The same seed gives the same day on every machine.

        Returns
        -------
        Trace
            The day.
        """
    @property
    def name(self, /) -> str:
        """
        A name for reports.
        """
    @property
    def requests(self, /) -> ndarray[tuple[int], dtype[float64]]:
        """
        Requests per bin; NaN where missing.
        """
    @property
    def step(self, /) -> float:
        """
        The width of a bin in seconds.
        """
    @property
    def work(self, /) -> Work:
        """
        The work that a request brings.
        """
    @property
    def work_ms(self, /) -> ndarray[tuple[int], dtype[float64]]:
        """
        Work that arrives per bin, in slot-milliseconds; NaN where missing.
        """

@final
class Utilization:
    """
    A share of what each instance requested.

    Parameters
    ----------
    share : float
        Wanted usage as a share of the request: 0.7 for 70 %. Finite and above 0.

    Raises
    ------
    ConfigError
        If the share is not finite or not above 0.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.Utilization(0.7).share
    0.7
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, share: SupportsFloat | SupportsIndex) -> Utilization: ...
    def __repr__(self, /) -> str: ...
    @property
    def share(self, /) -> float:
        """
        The amount that was given, in the unit of the class.
        """

@final
class Value:
    """
    An amount for the whole workload, in the metric's own unit.

    Parameters
    ----------
    amount : float
        Wanted amount for the whole workload, in the metric's own unit. Finite and above 0.

    Raises
    ------
    ConfigError
        If the amount is not finite or not above 0.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.Value(100) == sp.Value(100.0)
    True
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, amount: SupportsFloat | SupportsIndex) -> Value: ...
    def __repr__(self, /) -> str: ...
    @property
    def amount(self, /) -> float:
        """
        The amount that was given, in the unit of the class.
        """

@final
class WithinBounds:
    """
    Restraint: keeps the count within bounds, both included.

    Parameters
    ----------
    min_replicas : int
        The lower bound in replicas, 0 to `max_replicas`.
    max_replicas : int
        The upper bound in replicas, 1 to 2147483647.

    Raises
    ------
    ConfigError
        If the bounds are out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.WithinBounds(2, 10)
    WithinBounds(2, 10)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, min_replicas: SupportsIndex, max_replicas: SupportsIndex) -> WithinBounds: ...
    def __repr__(self, /) -> str: ...
    @property
    def max_replicas(self, /) -> int:
        """
        The upper bound, in replicas.
        """
    @property
    def min_replicas(self, /) -> int:
        """
        The lower bound, in replicas.
        """

@final
class Work:
    """
    How much work a request brings: a linear service time in slot-milliseconds.

    Parameters
    ----------
    per_request_ms : float
        Slot-milliseconds per request, 0 to 1e9.
    per_prompt_token_ms : float, default 0
        Slot-milliseconds per token read, 0 to 1e9.
    per_output_token_ms : float, default 0
        Slot-milliseconds per token generated, 0 to 1e9.

    Raises
    ------
    ConfigError
        If a number is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.Work(per_request_ms=200, per_output_token_ms=20)
    Work(per_request_ms=200.0, per_output_token_ms=20.0)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, per_request_ms: SupportsFloat | SupportsIndex, per_prompt_token_ms: SupportsFloat | SupportsIndex = 0.0, per_output_token_ms: SupportsFloat | SupportsIndex = 0.0) -> Work: ...
    def __repr__(self, /) -> str: ...
    @property
    def per_output_token_ms(self, /) -> float:
        """
        Slot-milliseconds per token generated.
        """
    @property
    def per_prompt_token_ms(self, /) -> float:
        """
        Slot-milliseconds per token read.
        """
    @property
    def per_request_ms(self, /) -> float:
        """
        Slot-milliseconds per request.
        """

@final
class WorkloadValue:
    """
    A value of the whole workload with the span over which it is an average.

    Parameters
    ----------
    values : float, array or sequence
        One number, or several samples that are added up in order, in the metric's own unit. ``None``, NaN and infinities are
        missing.
    window : float, int or timedelta, default 0
        The span in seconds before the snapshot over which the value is an average; 0 for an instantaneous value.

    Raises
    ------
    SnapshotError
        If the window is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.WorkloadValue([10, 20.5]).total
    30.5
    """
    def __eq__(self, other: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __new__(cls, /, values: float | int | ndarray[Any, dtype[Any]] | Sequence[float | int | None], *, window: float | int | timedelta | None = None) -> WorkloadValue: ...
    def __repr__(self, /) -> str: ...
    @property
    def total(self, /) -> float | None:
        """
        The sum of the samples in order; None where there are none, or one of them is missing.
        """
    @property
    def values(self, /) -> float | ndarray[tuple[int], dtype[float64]]:
        """
        The number, or an array of the samples that are added up, NaN where missing.
        """
    @property
    def window(self, /) -> float:
        """
        The span before the snapshot over which the value is an average, in seconds.
        """

@final
class ZeroOrAtLeast:
    """
    Restraint: no replicas at all, or at least so many.

    Parameters
    ----------
    at_least : int
        The smallest count other than zero, in replicas, 1 to 2147483647.

    Raises
    ------
    ConfigError
        If the count is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.ZeroOrAtLeast(2).at_least
    2
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, at_least: SupportsIndex) -> ZeroOrAtLeast: ...
    def __repr__(self, /) -> str: ...
    @property
    def at_least(self, /) -> int:
        """
        The count, in replicas.
        """

def _rebuild(factory: str, settings: "dict[str, object]", saved: str, /) -> Autoscaler:
    """
    Build a pickled autoscaler again.
    """

def aibrix(*, strategy: str, min_replicas: SupportsIndex, max_replicas: SupportsIndex, metrics: Mapping[str, SupportsFloat | SupportsIndex] | None = None, external: Mapping[str, SupportsFloat | SupportsIndex] | None = None, max_scale_up_rate: SupportsFloat | SupportsIndex | None = None, max_scale_down_rate: SupportsFloat | SupportsIndex | None = None, scale_up_tolerance: SupportsFloat | SupportsIndex | None = None, scale_down_tolerance: SupportsFloat | SupportsIndex | None = None, panic_threshold: SupportsFloat | SupportsIndex | None = None, stable_window: float | int | timedelta | None = None, panic_window: float | int | timedelta | None = None, scale_up_cooldown: float | int | timedelta | None = None, scale_down_cooldown: float | int | timedelta | None = None, time_zone: str | None = None, schedules: Sequence[Schedule] | None = None, cooldown_rule: str | None = None, kpa_load: str | None = None, empty_window: str | None = None) -> Autoscaler:
    """
    The AIBrix autoscaler, strategies APA and KPA: the largest of what the metrics ask for within the bounds of the hour, then a cooldown.

    Parameters
    ----------
    strategy : str
        The formula: "apa" (in proportion to the stable average) or "kpa" (load over target, with a panic average).
    min_replicas, max_replicas : int
        The bounds in replicas, both included: 0 to `max_replicas`, 1 to 2147483647.
    metrics : mapping of str to float, optional
        Metrics that are measured at each instance, with how much of each one instance is for: finite and above 0. At least one metric here or
        in `external`.
    external : mapping of str to float, optional
        Metrics that are one value from outside, read from the snapshot's `values`, with the same kind of target.
    max_scale_up_rate : float, default 2
        The most that one evaluation multiplies the count by: above 0.
    max_scale_down_rate : float, default 2
        The most that one evaluation divides the count by: above 0.
    scale_up_tolerance, scale_down_tolerance : float, default 0.1
        The share above and below the target that is tolerated: at least 0.
    panic_threshold : float, default 2
        The panic average over the stable average beyond which it is a panic: above 0.
    stable_window : float, int or timedelta, default 180
        The window of the stable average in whole seconds, 1 to 3600.
    panic_window : float, int or timedelta, default 60
        The window of the panic average in whole seconds, 1 to `stable_window`.
    scale_up_cooldown : float, int or timedelta, default 0
        For how long, in seconds, recommendations count for an increase.
    scale_down_cooldown : float, int or timedelta, default 300
        For how long, in seconds, recommendations count for a decrease.
    time_zone : str, default "UTC"
        The zone whose clock the schedules go by, by its name in the IANA database (which is built in).
    schedules : sequence of Schedule, optional
        Bounds by time of day; no two hold at the same minute.
    cooldown_rule : str, default "deepen"
        What the cooldown goes to: "deepen" (the most extreme recommendation, upstream's way) or "hold" (the mildest, the corrected form).
    kpa_load : str, default "averages"
        What the formula "kpa" takes for the load: "averages" (upstream's way) or "totals" (the corrected form).
    empty_window : str, default "reads_zero"
        What a window without a record stands for: "reads_zero" (upstream's way) or "fails" (the corrected form).

    Returns
    -------
    Autoscaler
        An autoscaler that reads the samples of `metrics` and the workload values of `external`.

    Raises
    ------
    ConfigError
        If a setting is out of range or there is no metric.

    Examples
    --------
    >>> import setpoint as sp
    >>> scaler = sp.aibrix(strategy="apa", min_replicas=1, max_replicas=20, metrics={"gpu_cache_usage_perc": 50})
    >>> scaler.decide(sp.Snapshot(at=0, replicas=3, samples={"gpu_cache_usage_perc": [60, 80, 70]})).replicas
    5
    """

def bud(*, min_replicas: SupportsIndex, max_replicas: SupportsIndex, metrics: Mapping[str, SupportsFloat | SupportsIndex] | None = None, resources: Mapping[str, SupportsFloat | SupportsIndex] | None = None, custom: Mapping[str, SupportsFloat | SupportsIndex] | None = None, external: Mapping[str, SupportsFloat | SupportsIndex] | None = None, strategy: str | None = None, scale_up_tolerance: SupportsFloat | SupportsIndex | None = None, scale_down_tolerance: SupportsFloat | SupportsIndex | None = None, scale_up_rate: SupportsFloat | SupportsIndex | None = None, scale_down_rate: SupportsFloat | SupportsIndex | None = None, panic_threshold: SupportsFloat | SupportsIndex | None = None, starting_weight: SupportsFloat | SupportsIndex | None = None, scale_up_cooldown: float | int | timedelta | None = None, scale_down_cooldown: float | int | timedelta | None = None, scale_up_select: str | None = None, scale_down_select: str | None = None, scale_up_policies: Sequence[ScalingPolicy] | None = None, scale_down_policies: Sequence[ScalingPolicy] | None = None, pacing: str | None = None, max_starting: SupportsIndex | None = None, max_starting_percent: SupportsIndex | None = None, bypass_gate_on_panic: bool | None = None, gpu_memory: SupportsFloat | SupportsIndex | None = None, gpu_compute: SupportsFloat | SupportsIndex | None = None, prediction: Blend | None = None, budget_per_hour: SupportsFloat | SupportsIndex | None = None, overlap: str | None = None, enforce_bounds_last: bool | None = None) -> Autoscaler:
    """
    BudAIScaler: metrics, GPUs, a prediction, a schedule hint, a budget, bounds, rate policies, a starting gate and a cooldown, in that order.

    At least one metric must be given; between equal votes the first counts: `metrics`, then `resources`, `custom` and `external`, each in its
    order. A reading is the workload value of its name, else the mean of the samples of the instances that serve.

    Parameters
    ----------
    min_replicas, max_replicas : int
        The bounds in replicas, both included: 0 to `max_replicas`, 1 to 2147483647.
    metrics : mapping of str to float, optional
        Metrics that are asked for directly, with what the mean over the instances is held to, in the metric's unit: above 0.
    resources, custom, external : mapping of str to float, optional
        Metrics of other sources. Only the strategy "hpa" treats them otherwise: utilizations in whole percent, average values, values.
    strategy : str, default "bud_scaler"
        What decides: "bud_scaler" (everything), "kpa" (metrics with a panic, without GPUs, prediction, hint and budget) or "hpa" (a
        Kubernetes autoscaler of the metrics other than `metrics`).
    scale_up_tolerance, scale_down_tolerance : float, default 0.1
        How far above and below its target a reading has no effect, as a share of the target: 0 and more; the edge has an effect.
    scale_up_rate : float, default 2
        How far one evaluation may grow the count, as a multiple of it: 1 and more; 0 is the default.
    scale_down_rate : float, default 0.5
        How much one evaluation leaves of the count, as a multiple of it: 0 and more; 0 is the default, above 1 is 1.
    panic_threshold : float, default 2
        From which multiple of its target a metric of the strategy "kpa" is in panic: 0 and more; 0 is the default.
    starting_weight : float, default 0.5
        How much of a replica a starting one counts for: 0 to 1.
    scale_up_cooldown, scale_down_cooldown : float, int or timedelta, default 0 and 300
        The time, in seconds, from a change in either direction until the next one in this direction.
    scale_up_select, scale_down_select : str, default "max" and "min"
        Which of the policies holds: "max" (the largest change), "min" (the smallest) or "disabled".
    scale_up_policies, scale_down_policies : sequence of ScalingPolicy, optional
        How far the count may change per period. Left out: no limit.
    pacing : str, default "over_period"
        What a policy limits: "over_period" (the change within its period) or "per_evaluation" (each evaluation, upstream's way).
    max_starting : int, default 0
        So many starting replicas hold growth back, 0 to 2147483647; 0 is off.
    max_starting_percent : int, default 50
        Such a share of starting replicas, in percent, holds growth back: 0 to 100; 0 is off.
    bypass_gate_on_panic : bool, default False
        Whether a panic of the strategy "kpa" passes that gate.
    gpu_memory, gpu_compute : float, optional
        Thresholds of GPU memory and compute utilization in percent, 0 to 100. If either is given, the GPUs can raise the count.
    prediction : Blend, optional
        How the values "predicted_replicas" and "prediction_confidence" are blended in. Left out: not at all.
    budget_per_hour : float, optional
        The budget in currency per hour: 0 (none) and more. The value "budget_per_hour" of a snapshot goes before it.
    overlap : str, default "first"
        Which of several active schedule hints counts: "first" or "largest".
    enforce_bounds_last : bool, default False
        Whether the bounds hold once more after policies, gate and cooldown.

    Returns
    -------
    Autoscaler
        An autoscaler that reads these metrics and, from the snapshot's `values`, the facts that are named above and "schedule_hints",
        "cost_per_hour" and "replica_cost_per_hour".

    Raises
    ------
    ConfigError
        If a setting is out of range or there is no metric that the strategy can read.

    Examples
    --------
    >>> import setpoint as sp
    >>> scaler = sp.bud(min_replicas=2, max_replicas=20, metrics={"gpu_cache_usage_perc": 70})
    >>> snapshot = sp.Snapshot(at=0, replicas=4, values={"gpu_cache_usage_perc": 84, "schedule_hints": 8})
    >>> scaler.decide(snapshot).replicas
    8
    """

def compose(*, recommenders: Sequence[Fixed | Recommender], combine: str = "largest", weights: Sequence[SupportsFloat | SupportsIndex] | None = None, caps: Sequence[SupportsIndex | None] | None = None, restraints: Sequence[Cooldown | Floor | Ceiling | WithinBounds | ZeroOrAtLeast | Stabilization | RateLimit | Restraint] | None = None, bounds: tuple[SupportsIndex, SupportsIndex] | None = None) -> Autoscaler:
    """
    An autoscaler of stages of one's own choice.

    A recommender is an object with ``recommend(snapshot, now) -> int | None``: the count that it wants, or None to abstain. A
    restraint is one with ``restrain(snapshot, now, count) -> int``. ``now`` is in seconds since the epoch. An exception raised in
    `recommend` never escapes a decision: it counts as a failed recommender, with the exception's type name as the reason, and is
    kept in `Autoscaler.last_error`. One raised in `restrain` keeps the present count. (What is no `Exception`, such as
    `KeyboardInterrupt`, is raised after the decision.)

    Optional attributes: ``name`` (str, default the class name), ``metrics`` (list of str) and, of a restraint, ``guards_held`` (bool: whether
    it also acts on a count that is only kept because no opinion could be formed). Optional methods, which are the place for memory:
    ``observe(snapshot, now)``, called once per snapshot before anybody decides; ``decided(snapshot, now, count)``;
    ``applied(at, before, after)``; and ``next_change_at(now) -> float | None``, without which `Decision.next_change_at` is never later
    than the decision. Memory is saved through ``__getstate__`` and ``__setstate__`` (default: the attributes), made of None, bool, int,
    float, str, list and dict; dry runs and restored autoscalers work on copies made by `copy.deepcopy`.

    Parameters
    ----------
    recommenders : sequence of Fixed or objects with a method ``recommend``
        At least one.
    combine : str, default "largest"
        "largest", "smallest", "first" (with an opinion), "weighted" (mean by `weights`, rounded up) or "capped" (largest after each
        is cut to its entry in `caps`). Where a recommender failed, the count never goes below what there is now.
    weights : sequence of float, optional
        One per recommender, finite and above 0; for "weighted" only.
    caps : sequence of int or None, optional
        One per recommender, in replicas, None for no cap; for "capped" only.
    restraints : sequence of Stabilization, RateLimit, Cooldown, Floor, Ceiling, WithinBounds, ZeroOrAtLeast or objects with a method ``restrain``, optional
        In the order in which they act.
    bounds : tuple of two int, optional
        The lowest and the highest count in replicas, both included; acts last.

    Returns
    -------
    Autoscaler
        The autoscaler. It works on the given objects, not on copies.

    Raises
    ------
    ConfigError
        If there is no recommender, or a setting is out of range or does not fit the others.
    TypeError
        If an object is no stage.

    Examples
    --------
    >>> import setpoint as sp
    >>> class PerWorker:
    ...     def recommend(self, snapshot, now):
    ...         queue = snapshot.values.get("queue")
    ...         return None if queue is None else -(-int(queue.total) // 20)
    >>> scaler = sp.compose(recommenders=[PerWorker()], restraints=[sp.Cooldown(down=300)], bounds=(1, 10))
    >>> print(scaler.decide(sp.Snapshot(at=0, replicas=1, values={"queue": 90})))
    1 -> 5: PerWorker wants 5
    """

def decide_many(scalers: Sequence[Autoscaler], snapshots: Sequence[Snapshot]) -> list[Decision]:
    """
    Decide for many workloads, each with its own autoscaler and snapshot. The interpreter is released meanwhile.

    Parameters
    ----------
    scalers : sequence of Autoscaler
        The autoscalers, each of them once.
    snapshots : sequence of Snapshot
        One per autoscaler.

    Returns
    -------
    list of Decision
        One per autoscaler.

    Raises
    ------
    ConfigError
        If there is not one snapshot per autoscaler, or an autoscaler occurs twice; nothing is decided then.

    Examples
    --------
    >>> import setpoint as sp
    >>> scalers = [sp.fixed(1), sp.fixed(2)]
    >>> [d.replicas for d in sp.decide_many(scalers, [sp.Snapshot(at=0), sp.Snapshot(at=0)])]
    [1, 2]
    """

def fixed(count: SupportsIndex) -> Autoscaler:
    """
    A fleet of a fixed size: the baseline of every comparison.

    Parameters
    ----------
    count : int
        The size in replicas; counts beyond 2147483647 are read as that.

    Returns
    -------
    Autoscaler
        An autoscaler that always decides on `count`.

    Raises
    ------
    ConfigError
        If the count is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> sp.fixed(3).decide(sp.Snapshot(at=0, replicas=1)).replicas
    3
    """

def gaussian(*, min_replicas: SupportsIndex, max_replicas: SupportsIndex, thresholds: Thresholds, mean: str | None = None, deviation: str | None = None, metric: str | None = None, window: float | int | timedelta | None = None, overload_probability: SupportsFloat | SupportsIndex | None = None) -> Autoscaler:
    """
    The utilization thresholds on what a normally distributed utilization exceeds with a small probability, within bounds.

    The mean and the standard deviation are either two workload values, `mean` and `deviation`, or those of the readings of one `metric` over
    a `window`.

    Parameters
    ----------
    min_replicas, max_replicas : int
        The bounds in replicas, both included: 0 to `max_replicas`, 1 to 2147483647.
    thresholds : Thresholds
        The band, in the unit of the readings.
    mean, deviation : str, optional
        The workload values that hold the mean and the standard deviation. Either both of these or both of `metric` and `window`.
    metric : str, optional
        The metric that holds the utilization: one reading per snapshot.
    window : float, int or timedelta, optional
        For how long, in seconds, a reading counts: at least 0.001, whole milliseconds.
    overload_probability : float, default 0.05
        The accepted probability of exceeding the upper threshold: above 0, below 0.5.

    Returns
    -------
    Autoscaler
        An autoscaler that reads these metrics.

    Raises
    ------
    ConfigError
        If a setting is out of range, or not exactly one of the two sources is given.

    Examples
    --------
    >>> import setpoint as sp
    >>> band = sp.Thresholds(lower=0.4, upper=0.8)
    >>> scaler = sp.gaussian(min_replicas=1, max_replicas=20, thresholds=band, mean="mean", deviation="deviation")
    >>> scaler.decide(sp.Snapshot(at=0, replicas=10, values={"mean": 0.6, "deviation": 0.1})).replicas
    10
    >>> scaler.decide(sp.Snapshot(at=15, replicas=10, values={"mean": 0.6, "deviation": 0.2})).replicas
    12
    """

def hpa(*, min_replicas: SupportsIndex, max_replicas: SupportsIndex, targets: Mapping[str, Utilization | AverageValue | Value] | None = None, pods: Mapping[str, Utilization | AverageValue | Value] | None = None, objects: Mapping[str, Utilization | AverageValue | Value] | None = None, external: Mapping[str, Utilization | AverageValue | Value] | None = None, tolerance: SupportsFloat | SupportsIndex | None = None, scale_up: ScalingRules | None = None, scale_down: ScalingRules | None = None, scale_down_window: float | int | timedelta | None = None, cpu_initialization_period: float | int | timedelta | None = None, initial_readiness_delay: float | int | timedelta | None = None, scale_to_zero: bool = False) -> Autoscaler:
    """
    The Kubernetes horizontal autoscaler: the largest proposal of its metrics, stabilization, rates and bounds.

    Parameters
    ----------
    min_replicas, max_replicas : int
        The bounds in replicas, both included: at least 1 (0 with `scale_to_zero` and an object or external metric), 1 to 2147483647.
    targets : mapping of str to Utilization or AverageValue, optional
        Resources of the instances, such as "cpu" and "memory". Without any metric at all: "cpu" at 80 %. Utilizations are shares of whole
        percents, 0.01 and more; amounts are whole thousandths of the metric's own unit, above 0. Between equal proposals the first metric
        counts: `targets`, then `pods`, `objects` and `external`, each in its order.
    pods : mapping of str to AverageValue, optional
        Custom metrics of the instances.
    objects : mapping of str to Value or AverageValue, optional
        Metrics of an object that stands for the workload, read from the snapshot's `values`.
    external : mapping of str to Value or AverageValue, optional
        Metrics from outside the workload, read from the snapshot's `values`.
    tolerance : float, default 0.1
        How far a ratio may be off without effect, as a share of the target: 0 and more.
    scale_up, scale_down : ScalingRules, optional
        The rules of a behavior. If either is given there is a behavior, and the direction that is left out takes its defaults; without a
        behavior one step up at most doubles the count, or reaches 4.
    scale_down_window : float, int or timedelta, default 300
        For how long, in seconds, a higher recommendation holds a scale-down back; up to 3600 with a behavior that does not set its own.
    cpu_initialization_period : float, int or timedelta, default 300
        For how long, in seconds, after its start an instance's CPU usage is distrusted.
    initial_readiness_delay : float, int or timedelta, default 30
        For how long, in seconds, after its start a change to "not ready" is taken for the first report.
    scale_to_zero : bool, default False
        Whether the workload may be brought to zero, and back from there.

    Returns
    -------
    Autoscaler
        An autoscaler that reads samples (and requests, for utilizations) and workload values of these names.

    Raises
    ------
    ConfigError
        If a setting is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> scaler = sp.hpa(min_replicas=2, max_replicas=10, targets={"cpu": sp.Utilization(0.7)})
    >>> usage = [0.95, 1.02, 0.98, 0.98]  # shares of what each instance requested
    >>> print(scaler.decide(sp.Snapshot(at=0, replicas=4, samples={"cpu": usage})))
    4 -> 6: cpu 0.98 of 0.7 wants 6
    """

def kpa(*, metric: str | None = None, target: SupportsFloat | SupportsIndex | None = None, utilization: SupportsFloat | SupportsIndex | None = None, average: str | None = None, stable_window: float | int | timedelta | None = None, panic_window_percentage: SupportsFloat | SupportsIndex | None = None, panic_threshold_percentage: SupportsFloat | SupportsIndex | None = None, max_scale_up_rate: SupportsFloat | SupportsIndex | None = None, max_scale_down_rate: SupportsFloat | SupportsIndex | None = None, scale_down_delay: float | int | timedelta | None = None, follow_delay: bool | None = None, target_burst_capacity: SupportsFloat | SupportsIndex | None = None, activation_scale: SupportsIndex | None = None, min_scale: SupportsIndex | None = None, max_scale: SupportsIndex | None = None, initial_scale: SupportsIndex | None = None, enable_scale_to_zero: bool | None = None, grace_period: float | int | timedelta | None = None, retention_period: float | int | timedelta | None = None, progress_deadline: float | int | timedelta | None = None, reachability: str | None = None, scrape_target: bool | None = None, non_finite: str | None = None) -> Autoscaler:
    """
    The Knative autoscaler: a stable and a panic window over the load, then bounds, initial scale and scale to zero.

    Counts are pods. The load is the workload value "concurrency" or "rps" (the total over the revision), else the samples of that name are
    added up over the instances that serve.

    Parameters
    ----------
    metric : str, default "concurrency"
        What the target is about: "concurrency" (requests in progress) or "rps" (requests per second).
    target : float, default 100 (concurrency) or 200 (rps)
        The load that one pod can take, in the metric's unit: finite, at least 0.01, with the utilization too.
    utilization : float, default 0.7
        The share of the target to aim at: more than 0, at most 1.
    average : str, default "linear"
        How buckets become a reading: "linear" or "weighted_exponential".
    stable_window : float, int or timedelta, default 60
        The window of the slow reading in whole seconds, 6 to 3600, which is also how long panic lasts.
    panic_window_percentage : float, default 10
        The length of the window of the fast reading in percent of the stable window, 1 to 100.
    panic_threshold_percentage : float, default 200
        From how many percent of the ready pods on the fast reading means panic, 110 to 1000.
    max_scale_up_rate : float, default 1000
        The largest factor by which one tick may grow the count: more than 1, finite.
    max_scale_down_rate : float, default 2
        The largest factor by which one tick may shrink the count: more than 1, finite.
    scale_down_delay : float, int or timedelta, default 0
        How long, in whole seconds, the largest count is held.
    follow_delay : bool, default False
        Whether `reconfigure` changes the delay of a running autoscaler, which upstream does not.
    target_burst_capacity : float, default 211
        The load that must fit beside the present one: at least 0, or -1 for unlimited.
    activation_scale : int, default 0
        The smallest count for any load above 0: 0 for none, or at least 2 and the minimum, at most the maximum.
    min_scale : int, default 0
        The smallest count while the revision is reachable, at most the maximum.
    max_scale : int, default 0
        The largest count, 0 to 2147483647; 0 for none.
    initial_scale : int, default 1
        The count to start with, 0 to 2147483647.
    enable_scale_to_zero : bool, default True
        Whether the count may become 0.
    grace_period : float, int or timedelta, default 30
        How long, in seconds, the activator must have been in the path before the last pod goes: more than 0, whole milliseconds.
    retention_period : float, int or timedelta, default 0
        How long, in seconds, the last pod is kept: whole milliseconds.
    progress_deadline : float, int or timedelta, default 600
        How long, in seconds, an activation may take, before 30 s of slack: whole milliseconds.
    reachability : str, default "unknown"
        Whether a route points at the revision: "unknown" (counts as reachable), "reachable" or "unreachable".
    scrape_target : bool, default True
        Whether there are pods to scrape; without, silence reads 0 instead of "no data".
    non_finite : str, default "refuse"
        What becomes of readings that are no finite number: "refuse" or "pass_through".

    Returns
    -------
    Autoscaler
        An autoscaler for one revision.

    Raises
    ------
    ConfigError
        If a setting is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> scaler = sp.kpa(target=10, max_scale=20)
    >>> scaler.decide(sp.Snapshot(at=60, replicas=1, values={"concurrency": 35})).replicas
    5
    """

def kthena(*, min_replicas: SupportsIndex, max_replicas: SupportsIndex, targets: Mapping[str, SupportsFloat | SupportsIndex], tolerance_percent: SupportsIndex | None = None, scale_up: StablePolicy | None = None, panic: PanicPolicy | None = None, scale_down: StablePolicy | None = None, aggregation: str | None = None) -> Autoscaler:
    """
    Kthena's autoscaler for one target: the recommendation, then its correction by panic mode, stabilization, pace and bounds.

    Parameters
    ----------
    min_replicas, max_replicas : int
        The bounds in replicas, both included: 0 to `max_replicas`, 1 to 1000000.
    targets : mapping of str to float
        Per metric how much of it one instance is for, in the metric's own unit: finite and above 0. At least one metric.
    tolerance_percent : int, default 10
        How far, in percent, a ratio may be from 1 without effect: 0 to 100.
    scale_up : StablePolicy, optional
        Growing in stable mode. Left out: 4 replicas or 100 % per 60 s, no stabilization.
    panic : PanicPolicy, optional
        Panic mode. Left out: off.
    scale_down : StablePolicy, optional
        Shrinking. Left out: 100 % per 60 s, stabilized over 300 s.
    aggregation : str, default "summed"
        How the values of the ready instances are taken: "summed" (upstream's way) or "per_instance" (the corrected form).

    Returns
    -------
    Autoscaler
        An autoscaler that reads the samples or workload values of these metrics.

    Raises
    ------
    ConfigError
        If a setting is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> scaler = sp.kthena(min_replicas=1, max_replicas=20, targets={"concurrent_requests": 10})
    >>> scaler.decide(sp.Snapshot(at=60, replicas=2, samples={"concurrent_requests": [31, 40]})).replicas
    6
    """

def kubeai(*, min_replicas: SupportsIndex, max_replicas: SupportsIndex, latency_p99: float | int | timedelta | None = None, latency_p95: float | int | timedelta | None = None, gpu_utilization: SupportsFloat | SupportsIndex | None = None, gpu_memory: SupportsFloat | SupportsIndex | None = None, queue_depth: SupportsFloat | SupportsIndex | None = None, metrics: Mapping[str, str] | None = None, algorithm: str | None = None, weights: Sequence[SupportsFloat | SupportsIndex] | None = None, tolerance: SupportsFloat | SupportsIndex | None = None, scale_up_cooldown: float | int | timedelta | None = None, scale_down_cooldown: float | int | timedelta | None = None, cooldown_clock: str | None = None, missing: str | None = None, unknown_algorithm: str | None = None, scale_up: ScalingRules | None = None, scale_down: ScalingRules | None = None) -> Autoscaler:
    """
    The KubeAI autoscaler: ratios of readings to their targets, combined by a named algorithm, within bounds and behind a cooldown.

    At least one of the five targets must be given. A reading is the workload value of its metric, else made of the samples of the instances
    that serve.

    Parameters
    ----------
    min_replicas, max_replicas : int
        The bounds in replicas, both included: 0 (read as 1) to `max_replicas`, 1 to 2147483647.
    latency_p99, latency_p95 : float, int or timedelta, optional
        The latencies to hold, in seconds: above 0. Read from "latency_p99_seconds" and "latency_p95_seconds".
    gpu_utilization, gpu_memory : float, optional
        The utilizations to hold, in percent: 1 to 100. Read from "gpu_utilization" and "gpu_memory_utilization".
    queue_depth : float, optional
        The waiting requests to hold for each replica: above 0. Read from "queue_length", the sum over all replicas.
    metrics : mapping of str to str, optional
        Other names to read from, by the name of the target's argument; they differ from one another.
    algorithm : str, default "MaxRatio"
        How the ratios become one: "MaxRatio", "AverageRatio" or "WeightedRatio".
    weights : sequence of float, default 1 each
        The weights of "WeightedRatio", each at least 0 and finite, in the order P99, P95, GPU utilization, queue, GPU memory.
    tolerance : float, default 0.1
        How far the ratio may be from 1 without effect, as a share of the target: 0 to 1.
    scale_up_cooldown, scale_down_cooldown : float, int or timedelta, default 300
        For how long, in seconds, growth and reductions wait after a change; 0 is none.
    cooldown_clock : str, default "shared"
        Which changes a cooldown counts from: "shared" (any) or "per_direction".
    missing : str, default "hold"
        What a missing reading does: "hold" (it forbids a reduction) or "ignore" (upstream's way).
    unknown_algorithm : str, default "refuse"
        What an unknown name does: "refuse" or "use_max_ratio" (upstream's way).
    scale_up, scale_down : ScalingRules, optional
        Stabilization windows and rate policies between the algorithm and the cooldown, without tolerances. Left out both: none.

    Returns
    -------
    Autoscaler
        An autoscaler that reads the metrics of the given targets.

    Raises
    ------
    ConfigError
        If a setting is out of range or no target is given.

    Examples
    --------
    >>> import setpoint as sp
    >>> scaler = sp.kubeai(min_replicas=1, max_replicas=20, latency_p99=0.5, queue_depth=10)
    >>> scaler.decide(sp.Snapshot(at=0, replicas=4, values={"latency_p99_seconds": 0.4, "queue_length": 60})).replicas
    6
    """

def simulate(trace: Trace, scaler: Autoscaler, model: Model) -> Report:
    """
    Play a trace on a simulated platform with an autoscaler in charge. The interpreter is released meanwhile.

    The autoscaler sees, per bin: `replicas` (ordered), the ready and the unready among them; samples "cpu" (busy share of the ready replicas'
    slots, 0 to 1); the workload values "concurrency" (requests in progress), "rps" (requests per second) and "queue_length" (requests waiting).

    Parameters
    ----------
    trace : Trace
        What arrives.
    scaler : Autoscaler
        Who decides. It keeps what it remembers, before and after: to compare runs, give each its own copy.
    model : Model
        The platform.

    Returns
    -------
    Report
        What the run was worth.

    Examples
    --------
    >>> import setpoint as sp
    >>> work = sp.Work(per_request_ms=200, per_prompt_token_ms=0.25, per_output_token_ms=20)
    >>> model = sp.Model(min_replicas=1, max_replicas=40, initial=10, slots_per_replica=4, start_delay=60)
    >>> sp.simulate(sp.Trace.day(work=work, seed=1), sp.fixed(10), model).cost["replica_hours"]
    240.0
    """

def simulate_series(trace: Trace, scaler: Autoscaler, model: Model) -> tuple[Report, dict[str, ndarray[tuple[int], dtype[float64]]]]:
    """
    As `simulate`, with the series of the run.

    Parameters
    ----------
    trace : Trace
        What arrives.
    scaler : Autoscaler
        Who decides. It keeps what it remembers, before and after.
    model : Model
        The platform.

    Returns
    -------
    tuple of Report and dict of str to array
        The report, and per bin: ``at`` (its end, seconds since the epoch), ``requests``, ``work_ms``, ``served_ms`` and ``backlog_ms``
        (slot-milliseconds), ``wait_ms`` (milliseconds), ``ready``, ``ordered``, ``demand`` and ``decided`` (replicas), ``violated`` (0 or 1).

    Examples
    --------
    >>> import setpoint as sp
    >>> trace = sp.Trace([400, 600, 0], step=10, work=sp.Work(per_request_ms=200))
    >>> model = sp.Model(min_replicas=1, max_replicas=40, initial=2, slots_per_replica=4)
    >>> report, series = sp.simulate_series(trace, sp.fixed(2), model)
    >>> series["wait_ms"]
    array([   0., 5000.,    0.])
    """

def threshold(*, min_replicas: SupportsIndex, max_replicas: SupportsIndex, thresholds: Thresholds, resources: Mapping[str, Thresholds | None], variant: str | None = None) -> Autoscaler:
    """
    The utilization threshold rule within bounds: above the upper threshold the count grows, below the lower one it shrinks.

    Parameters
    ----------
    min_replicas, max_replicas : int
        The bounds in replicas, both included: 0 to `max_replicas`, 1 to 2147483647.
    thresholds : Thresholds
        The band that holds for every resource without its own.
    resources : mapping of str to Thresholds or None
        The resources that are read, at least one, each with a band of its own or None for the common one.
    variant : str, default "proportional"
        "proportional" (corrected and bounded) or "literal" (the article's formula as printed, for study only).

    Returns
    -------
    Autoscaler
        An autoscaler that reads the workload values of these names.

    Raises
    ------
    ConfigError
        If a setting is out of range.

    Examples
    --------
    >>> import setpoint as sp
    >>> scaler = sp.threshold(
    ...     min_replicas=1, max_replicas=20, thresholds=sp.Thresholds(lower=0.4, upper=0.8), resources={"cpu": None}
    ... )
    >>> scaler.decide(sp.Snapshot(at=0, replicas=10, values={"cpu": 0.81})).replicas
    11
    """
