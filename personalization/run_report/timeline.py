"""How a run went: what ended when, and what it cost, in slices of time for a chart."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

MOST_SLICES = 60
MINUTE, HOUR, DAY = 60, 3600, 86_400
# Seconds of a slice; above the last one whole days.
STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE),
    *(HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR),
)
SPAN = """
    SELECT (SELECT finished_at FROM generation_items WHERE run_id = %(run)s AND finished_at IS NOT NULL
            ORDER BY finished_at LIMIT 1),
           (SELECT finished_at FROM generation_items WHERE run_id = %(run)s AND finished_at IS NOT NULL
            ORDER BY finished_at DESC LIMIT 1)
"""
# date_bin counts in whole microseconds; dividing what extract gives took ten times as long.
ENDED = """
    SELECT date_bin(make_interval(secs => %(step)s), finished_at, %(start)s), state, count(*)
    FROM generation_items WHERE run_id = %(run)s AND finished_at IS NOT NULL GROUP BY 1, 2
"""
SPENT = """
    SELECT date_bin(make_interval(secs => %(step)s), finished_at, %(start)s), sum(actual_micro)::bigint
    FROM model_calls WHERE run_id = %(run)s AND finished_at IS NOT NULL GROUP BY 1
"""


@dataclass(slots=True)
class Bucket:
    """One slice: items that ended in it, by state, and what its calls cost."""

    begins: datetime
    items: dict[str, int] = field(default_factory=dict)
    cost_micro: int = 0

    @property
    def total(self) -> int:
        return sum(self.items.values())


@dataclass(frozen=True, slots=True)
class Timeline:
    """Slices of `step` seconds without a gap, from the first text that ended to the last."""

    step: int
    buckets: Sequence[Bucket]

    @property
    def cost_micro(self) -> int:
        return sum(bucket.cost_micro for bucket in self.buckets)


def timeline(run_id: UUID) -> Timeline | None:
    """None where nothing has ended yet. Reads every item of the run once: for runs that have ended."""
    with connection.cursor() as cursor:
        cursor.execute(SPAN, {"run": run_id})
        first, last = cursor.fetchone()
        if last is None:
            return None
        step = slice_seconds((last - first).total_seconds())
        start = _beginning(first, step)
        places = int((last - start).total_seconds() // step) + 1
        buckets = [Bucket(start + timedelta(seconds=step * place)) for place in range(places)]
        parameters: dict[str, Any] = {"run": run_id, "start": start, "step": step}
        cursor.execute(ENDED, parameters)
        for begins, state, count in cursor.fetchall():
            buckets[_place(begins, start, step)].items[state] = count
        cursor.execute(SPENT, parameters)
        for begins, cost in cursor.fetchall():
            # A pilot's calls were made long before its texts ended; some are settled after the last of them.
            buckets[min(max(_place(begins, start, step), 0), places - 1)].cost_micro += cost
    return Timeline(step, buckets)


def _place(begins: datetime, start: datetime, step: int) -> int:
    return round((begins - start).total_seconds()) // step


def slice_seconds(duration: float) -> int:
    """The shortest round length that cuts the duration into at most MOST_SLICES slices."""
    # One slice is lost where the first one begins before the first text ended.
    needed = duration / (MOST_SLICES - 1)
    return next((step for step in STEPS if step >= needed), -int(-needed // DAY) * DAY)


def _beginning(first: datetime, step: int) -> datetime:
    """The round time at or before the first end: slices begin on whole minutes."""
    return first - timedelta(seconds=first.timestamp() % step)
