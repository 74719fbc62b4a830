"""A reader that asks for every text, all the time: no text may be missing, and none may go backwards."""

import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import psycopg

PAUSE_SECONDS = 0.03
LEAST_A_SECOND = 1  # scans while the server is there: on a busy machine there are 15, else 30
NAME = "reader"  # by which the database knows it
TEXTS = """
    SELECT profile_id, lesson_id, id, generated_at, fingerprint,
           jsonb_typeof(content) = 'object' AND content <> '{}' AS there
    FROM personalized_lesson_descriptions
"""

OVERSPENT = "SELECT count(*) FROM generation_runs WHERE spent_micro + reserved_micro > budget_micro"

type Pair = tuple[UUID, UUID]
"""Learner and lesson."""


@dataclass(slots=True)
class Seen:
    """What the reader found: `scans` of all texts, of them `misses` with a text that was not there.

    `reached`: the seconds in which it was connected. `died`: what ended it before it was told to stop.
    """

    scans: int = 0
    misses: int = 0
    backwards: int = 0
    overspent: int = 0  # looks at which a run had spent and reserved more than its budget
    unreachable: int = 0
    reached: float = 0.0
    died: str = ""
    first: list[str] = field(default_factory=list)  # the first few findings, for whoever looks for the cause

    @property
    def often_enough(self) -> bool:
        """Whether it has read all the time that it could: a reader that hardly looks finds nothing."""
        return self.scans > 0 and self.scans >= LEAST_A_SECOND * self.reached


class Reader(threading.Thread):
    """Reads over a connection of its own, which goes past every proxy.

    `revisions`: fingerprint → how new the inputs were that the text was made of. Shared: whoever changes
    inputs adds to it first. A text without one is as old as texts can be.
    """

    def __init__(self, address: str, pairs: Iterable[Pair], revisions: Mapping[str, int]) -> None:
        super().__init__(name="reader", daemon=True)
        self.seen = Seen()
        self._address = f"{address} application_name={NAME}"
        self._pairs = frozenset(pairs)
        self._revisions = revisions
        self._last: dict[Pair, tuple[UUID, datetime | None, int]] = {}
        self._end = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """It reads no more, and what it has seen is complete."""
        self._end.set()
        if self.ident:  # else it has never begun
            self.join()

    def run(self) -> None:
        try:
            while not self._end.is_set():
                # The server may be down or come back: a fault of the row, not a text that is missing.
                with suppress(psycopg.OperationalError, psycopg.InterfaceError):
                    self._read()
                if not self._end.wait(PAUSE_SECONDS):
                    self.seen.unreachable += 1
        except Exception as problem:
            # Nobody hears it in a thread: the checker does.
            self.seen.died = f"the reader died: {type(problem).__name__}: {problem}"
            self._note(self.seen.died)

    def _read(self) -> None:
        """Until it is told to stop, or the connection breaks."""
        with psycopg.connect(self._address, autocommit=True) as connection:
            began = time.monotonic()
            try:
                while not self._end.wait(PAUSE_SECONDS):
                    self.look(connection.execute(TEXTS).fetchall())
                    self.seen.overspent += bool(connection.execute(OVERSPENT).fetchone() != (0,))
            finally:
                self.seen.reached += time.monotonic() - began

    def look(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Takes one answer to TEXTS into account."""
        self.seen.scans += 1
        there: set[Pair] = set()
        for profile, lesson, text, generated, fingerprint, complete in rows:
            pair = (profile, lesson)
            if complete:
                there.add(pair)
            self._compare(pair, (text, generated, self._revisions.get(fingerprint, 0)))
        if missing := self._pairs - there:
            self.seen.misses += 1
            self._note(f"{len(missing)} texts were not there")

    def _compare(self, pair: Pair, now: tuple[UUID, datetime | None, int]) -> None:
        before = self._last.get(pair, now)
        self._last[pair] = now
        older = before[1] is not None and (now[1] is None or now[1] < before[1])
        if older or now[2] < before[2]:
            self.seen.backwards += 1
            self._note(f"a text of revision {before[2]} became one of revision {now[2]}")

    def _note(self, finding: str) -> None:
        if len(self.seen.first) < 5:
            self.seen.first.append(finding)
