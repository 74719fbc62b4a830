"""What a row of the table is: a fault by name, and how it is let loose."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.faulting.house import Places
from benchmarks.faulting.stage import Stage
from tests.processes import Environment

type Strike = Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """`strike` is called when a run of `learners` × `lessons` items has been asked for, and returns when all
    is well again. `variables` are of the workers, `model` of the endpoint. `places`: other servers than the
    house's. `mutant`: the workers make its mistake, and the checker must find it."""

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
