"""What a row of the table is: a fault by name, and how it is let loose."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.faulting.house import Pace, Places
from benchmarks.faulting.stage import Stage
from personalization.models import GenerationItem
from tests.processes import Environment

type Strike = Callable[[Stage], None]
type Bound = Callable[[Pace], float]

TRUE_SWEEP = 5  # seconds, the setting's default


def two_sweeps(_: Pace) -> float:
    """Seconds, of the true pace: a dead connection is given up by time limits of 5 and 8 seconds, which do
    not shrink where leases and sweeps do."""
    return 2 * TRUE_SWEEP


def noticed(pace: Pace) -> float:
    """Seconds where connections are dead and nobody is told: 15 at the true pace, at which a worker waits ten
    of them for an answer (a third of a lease). At a shorter one that wait is less than the others."""
    return max(two_sweeps(pace), pace.lease / 2)


def lease_and_sweep(pace: Pace) -> float:
    """Seconds until the last lease of a dead worker has run out, a sweep has seen it and another has it."""
    return pace.lease + pace.sweep + 2


def longest_pause(pace: Pace) -> float:
    """Seconds where an endpoint has served nobody: the longest of an item's pauses, a sweep that sees that it
    is over, and 2 as above.

    Each pause is up to twice the one before, and the last attempt but one has the longest behind it. No item
    comes to its last: all its pauses together outlast a minute's outage, so the run is not paused either. A
    429 asks for less than that (Retry-After: 1 with up to a second of jitter), and so do the limits: at their
    lowest rate, 600 / 4 requests a minute, the two workers' 20 items that were claimed before take 8 seconds.
    """
    attempts: int = GenerationItem._meta.get_field("max_attempts").default
    return pace.retry * 2.0 ** (attempts - 1) + pace.sweep + 2


@dataclass(frozen=True, slots=True)
class Fault:
    """`strike` is called when a run of `learners` × `lessons` items has been asked for, and returns when all
    is well again. `variables` are of the workers, `model` of the endpoint. `places`: other servers than the
    house's. `mutant`: the workers make its mistake, and the checker must find it. `back_within`: seconds in
    which work must be taken up again (Recovery). `done`: so many items must be, exactly.
    `ends`: False for a mutant whose runs never do."""

    name: str
    what: str
    strike: Strike
    workers: int = 2
    learners: int = 10
    lessons: int = 8
    variables: Environment = field(default_factory=dict)
    model: dict[str, object] = field(default_factory=dict)
    places: Callable[[Places], AbstractContextManager[Places]] | None = None
    mutant: str = ""
    budget_micro: int | None = None
    pilot: int | None = None
    back_within: Bound | None = None
    done: int | None = None
    ends: bool = True


_rows: list[Fault] = []


def fault(what: str, *, model: dict[str, object] | None = None, **choices: Any) -> Callable[[Strike], Strike]:
    """Makes a function a row; its name is the row's."""

    def register(strike: Strike) -> Strike:
        name = strike.__name__.replace("_", "-")
        _rows.append(Fault(name, what, strike, model={"latency": 300, **(model or {})}, **choices))
        return strike

    return register


def registered(module: str) -> list[Fault]:
    """The rows of a module, in its order."""
    return [row for row in _rows if row.strike.__module__ == module]
