"""What a sweeper writes for those who watch over it: that it lives, and totals that stay short."""

import logging
import os
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID, uuid4

from django.conf import settings
from django.db import Error, connection

log = logging.getLogger(__name__)
MOST_TOTALS = 1_000  # rows; a reader adds up as many within a millisecond or two

SEEN = """
    INSERT INTO worker_heartbeats (id, name, concurrency, version, started_at, seen_at)
    VALUES (%s, %s, %s, %s, clock_timestamp(), clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp()
"""
FORGET = "DELETE FROM worker_heartbeats WHERE seen_at < clock_timestamp() - interval '1 day'"


# Skipped rows are being folded by another sweeper, or are too new to be seen: each row is moved once.
def _fold(table: str, keys: str, *sums: str) -> str:
    """The statement that makes one row of all that have the same keys, where there are too many."""
    added = ", ".join(f"sum({name})" for name in sums)
    return f"""
    WITH folded AS (
        DELETE FROM {table} WHERE id IN (SELECT id FROM {table} FOR UPDATE SKIP LOCKED)
        AND (SELECT count(*) FROM {table}) > %s
        RETURNING *
    )
    INSERT INTO {table} ({keys}, {", ".join(sums)}) SELECT {keys}, {added} FROM folded GROUP BY {keys}
"""  # noqa: S608 constants of ours


TOKENS = ("input_tokens", "cached_tokens", "output_tokens")
FOLD = _fold(
    "call_totals", "model, result, error_code, up_to", "calls", "microseconds", *TOKENS, "cost_micro"
)
FOLDS = (
    FOLD,
    _fold("request_totals", "model, up_to", "calls", "microseconds"),
    _fold("ended_totals", "state", "items"),
)
WAITED = """
    INSERT INTO limiter_waits AS known (model, waits, seconds, given_up) VALUES (%s, %s, %s, %s)
    ON CONFLICT (model) DO UPDATE SET waits = known.waits + excluded.waits,
        seconds = known.seconds + excluded.seconds, given_up = known.given_up + excluded.given_up
"""


@dataclass(frozen=True, slots=True)
class Worker:
    """This process; `pool` children of it drain at the same time."""

    pool: int = 1
    id: UUID = field(default_factory=uuid4)
    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")


class Waited(Protocol):
    """What a limiter has counted since its process began."""

    count: int
    seconds: float
    given_up: int


_told: dict[str, tuple[int, float, int]] = {}
_telling = threading.Lock()  # a heartbeat and the end of a drain may tell at once


def tell_waits(counted: Mapping[str, Waited]) -> None:
    """Adds to the totals of all workers what this process has waited since it told last, by model.

    Raises the database's errors; what could not be told is told the next time.
    """
    with _telling:
        for model, waits in counted.items():
            now = (waits.count, waits.seconds, waits.given_up)
            before = _told.get(model, (0, 0.0, 0))
            if now != before:
                more = [new - old for new, old in zip(now, before, strict=True)]
                with connection.cursor() as cursor:
                    cursor.execute(WAITED, [model, *more])
                _told[model] = now


def beat(worker: Worker) -> None:
    """Says that the worker lives, and tidies up. A database that refuses is logged, never raised."""
    concurrency = worker.pool * settings.GENERATION_CONCURRENCY
    try:
        with connection.cursor() as cursor:
            cursor.execute(SEEN, [worker.id, worker.name, concurrency, settings.RELEASE])
            cursor.execute(FORGET)
            for statement in FOLDS:
                cursor.execute(statement, [MOST_TOTALS])
    except Error as error:
        # Only the kind: a database's own words may quote a row. The next sweep tries again.
        log.warning("the heartbeat was not written (%s)", type(error).__name__)
        connection.close_if_unusable_or_obsolete()
