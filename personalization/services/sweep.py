"""Puts right what a dead worker left, and rings the bell. No leader: every step is harmless twice.

Each step stands alone: one that fails must not stop the others.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError, connection

log = logging.getLogger(__name__)

EXPIRED = """
    UPDATE generation_items item SET
        state = CASE WHEN cancel_requested THEN 'cancelled' WHEN attempts >= max_attempts THEN 'failed'
                     ELSE 'queued' END,
        finished_at = CASE WHEN cancel_requested OR attempts >= max_attempts THEN clock_timestamp() END,
        available_at = clock_timestamp(), error_code = 'lease_lost',
        error_message = 'its worker died or lost touch; other attempts are counted',
        lease_token = NULL, lease_until = NULL, leased_by = NULL
    FROM (SELECT id FROM generation_items WHERE state = 'running' AND lease_until < clock_timestamp()
          ORDER BY lease_until LIMIT 500 FOR UPDATE SKIP LOCKED) expired
    WHERE item.id = expired.id
"""
# A retry may fall between the statements of a cancel.
CANCELLED = """
    UPDATE generation_items item SET state = 'cancelled', finished_at = clock_timestamp()
    FROM generation_runs run
    WHERE run.id = item.run_id AND run.state = 'cancelled' AND item.state IN ('queued', 'held')
"""
ENDED = """
    UPDATE generation_runs run SET state = 'closed', closed_at = clock_timestamp()
    WHERE state IN ('open', 'paused') AND NOT EXISTS (
        SELECT FROM generation_items item WHERE item.run_id = run.id
        AND item.state IN ('queued', 'running', 'held', 'submitted'))
"""
NEXT_DUE = """
    SELECT CASE WHEN count(*) > 0  -- greatest() takes null for nothing
        THEN greatest(0, extract(epoch FROM min(item.available_at) - clock_timestamp()))::float END
    FROM generation_items item JOIN generation_runs run ON run.id = item.run_id AND run.state = 'open'
    WHERE item.state = 'queued'
"""


@dataclass(frozen=True, slots=True)
class Swept:
    """`next_due`: seconds until an item is due, 0 when one is due now, None when nothing waits."""

    requeued: int
    cancelled: int
    closed: int
    next_due: float | None


def sweep() -> Swept:
    """All steps once. Raises nothing for a step that fails: it is logged and tried again next time."""
    return Swept(
        requeued=_step("expired leases", lambda: _changed(EXPIRED)) or 0,
        cancelled=_step("cancelled runs", lambda: _changed(CANCELLED)) or 0,
        closed=_step("ended runs", close_ended) or 0,
        next_due=_step("next due", _next_due),
    )


def close_ended() -> int:
    """How many runs had no open item left and are now closed."""
    return _changed(ENDED)


def _next_due() -> float | None:
    with connection.cursor() as cursor:
        cursor.execute(NEXT_DUE)
        seconds: float | None = cursor.fetchone()[0]
    return seconds


def _changed(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        count: int = cursor.rowcount
    return count


def _step[T](name: str, step: Callable[[], T]) -> T | None:
    try:
        return step()
    except DatabaseError as error:
        # Only the kind: a database's own words may quote a row.
        log.warning("sweep step %r failed (%s), tried again at the next sweep", name, type(error).__name__)
        connection.close_if_unusable_or_obsolete()
        return None
