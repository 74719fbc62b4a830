"""How long it takes until work is taken up again that a fault interrupted, by the database's clock.

Asked of the ledger when all is over: a claim's first call has the time at which it was begun.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

# The leases that there are: what comes by another one was claimed later.
HELD = """
    SELECT clock_timestamp(), array(SELECT lease_token FROM generation_items WHERE lease_token IS NOT NULL
                                    UNION SELECT lease_token FROM model_calls)
"""
TAKEN_UP = """
    SELECT extract(epoch FROM min(finished_at) - %(then)s)::float FROM model_calls
    WHERE state = 'ok' AND lease_token <> ALL(%(held)s) AND finished_at > %(then)s
"""
ORPHANED = """
    SELECT clock_timestamp(), array(SELECT id FROM generation_items
                                    WHERE state = 'running' AND leased_by = ANY(%(names)s))
"""
# The last of them, at its next call or at its end: a paid answer is published without another call.
CLAIMED_AGAIN = """
    SELECT extract(epoch FROM max(least(item.finished_at, (
        SELECT min(started_at) FROM model_calls call WHERE call.item_id = item.id AND started_at > %(then)s
    ))) - %(then)s)::float
    FROM generation_items item WHERE item.id = ANY(%(orphans)s)
"""


@dataclass(slots=True)
class Recovery:
    """Told of each moment from which on work could go on, and of what the dead had in their hands."""

    _healed: tuple[datetime, list[UUID]] | None = None
    _orphaned: list[tuple[datetime, list[int]]] = field(default_factory=list)

    def healed(self) -> None:
        self._healed = _row(HELD)

    def orphaned(self, names: Sequence[str]) -> None:
        """Call it before these workers are killed: what they hold at this moment is nobody's then."""
        self._orphaned.append(_row(ORPHANED, names=list(names)))

    def manned(self, lease: float) -> None:
        """Where there was nobody to claim, now there is: until a lease ago, it was not the queue that waited.

        How long a worker takes to start is the machine's affair, as long as it is more than a lease.
        """
        now = _row("SELECT clock_timestamp() - make_interval(secs => %(lease)s)", lease=lease)[0]
        self._orphaned = [(max(then, now), orphans) for then, orphans in self._orphaned]

    def seconds(self) -> float | None:
        """From the healing until something was done that had been claimed since; where nothing was healed,
        from a kill until the last of what the dead had held was claimed again, at its slowest.

        None where nothing was left to be taken up.
        """
        if self._healed:
            then, held = self._healed
            after: float | None = _row(TAKEN_UP, then=then, held=held)[0]
            return after
        found = [_row(CLAIMED_AGAIN, then=then, orphans=orphans)[0] for then, orphans in self._orphaned]
        return max((after for after in found if after is not None), default=None)


def _row(sql: str, **parameters: Any) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return tuple(cursor.fetchone())
