"""How long the database takes for what a page or a function asks of it."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

ROUNDS = 5


def sql_milliseconds(part: Callable[[], object]) -> float:
    """What the database takes for all statements of the part, the way to it and back included."""
    part()
    return statistics.median(_once(part) for _ in range(ROUNDS))


def _once(part: Callable[[], object]) -> float:
    taken = 0.0

    def clock(execute: Any, *arguments: Any) -> Any:
        nonlocal taken
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            taken += (time.perf_counter() - began) * 1000

    with connection.execute_wrapper(clock):
        part()
    return taken
