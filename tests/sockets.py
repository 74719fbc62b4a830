"""Which servers this process connects to, seen from below every client library."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

_watching: list[list[Any]] = []


@cache
def _hook() -> None:
    """Once in a process: Python has no way to take an audit hook out again."""

    def connects(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            for seen in _watching:
                seen.append(arguments[1])

    sys.addaudithook(connects)


@contextmanager
def connections() -> Iterator[list[Any]]:
    """The addresses, as the list grows. PostgreSQL's are not among them: its library connects in C."""
    _hook()
    seen: list[Any] = []
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)
