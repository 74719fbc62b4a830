"""Puts right what a dead worker left, and rings the bell. No leader: every step is harmless twice.

Each step stands alone: one that fails must not stop the others.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import Error, connection, transaction

from courses.database import what_failed
from personalization.models.runs import PILOT_PRIORITY, UNENDED_SQL
from personalization.services.costs import fold_costs
from personalization.services.holding import end_pilots, release_held
from personalization.services.ledger import end_lost_calls
from personalization.services.paid import forget_useless_answers
from personalization.services.queue import GOES_OVER, HANDED_OVER, NEXT_RUN, SERVED, WORKED_ON
from personalization.services.refinements import forget_old_refinements
from personalization.services.timelines import keep_one_timeline

log = logging.getLogger(__name__)

# No lease, pause or Retry-After is as long. What lies further ahead was set before the clock went back.
FAR_OFF = 600.0
LEASE_LOST = "its worker died or lost touch"

EXPIRED = f"""
    UPDATE generation_items item SET {HANDED_OVER.format(outcome="expired")},
        state = CASE WHEN expired.hopeless THEN 'failed' ELSE 'queued' END,
        finished_at = CASE WHEN expired.hopeless THEN clock_timestamp() END,
        attempts = CASE WHEN expired.asked_again THEN 0 ELSE item.attempts END,
        available_at = clock_timestamp(), error_code = 'lease_lost', error_message = %s,
        lease_token = NULL, lease_until = NULL, leased_by = NULL
    FROM (SELECT lost.*, NOT asked_again AND attempts >= max_attempts AS hopeless
          FROM (SELECT item.id, item.attempts, item.max_attempts, item.priority, {GOES_OVER}
                FROM generation_items item {NEXT_RUN}
                WHERE item.state = 'running' AND (item.lease_until < clock_timestamp()
                    OR item.lease_until > clock_timestamp() + make_interval(secs => %s))
                ORDER BY item.lease_until LIMIT 500 FOR NO KEY UPDATE OF item SKIP LOCKED) lost) expired
    WHERE item.id = expired.id
"""  # noqa: S608 constants of ours
# By the statement's time, here and wherever few of many rows are looked for: what the clock says goes on
# while an index is read, cannot be looked up in it, and each sweep would read a million items that wait.
FAR_AHEAD = """
    UPDATE generation_items item SET available_at = clock_timestamp()
    FROM (SELECT far.id FROM generation_runs run CROSS JOIN LATERAL (
              SELECT id FROM generation_items WHERE run_id = run.id AND state = 'queued'
              AND available_at > statement_timestamp() + make_interval(secs => %s)
              ORDER BY available_at LIMIT 10000 FOR NO KEY UPDATE SKIP LOCKED) far
          WHERE run.state IN ('open', 'paused')) far_ahead
    WHERE item.id = far_ahead.id
"""
# The same of lessons that are condensed: nobody leads one before its time. They are few.
CONDENSED_FAR_AHEAD = """
    UPDATE condensed_sources source SET available_at = clock_timestamp()
    FROM (SELECT id FROM condensed_sources
          WHERE text IS NULL AND available_at > statement_timestamp() + make_interval(secs => %s)
          ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) far_ahead
    WHERE source.id = far_ahead.id
"""
# What another run has asked for meanwhile is that run's now.
CANCELLED_RUNNING = f"""
    UPDATE generation_items item SET {HANDED_OVER.format(outcome="given_up")},
        state = CASE WHEN given_up.goes_over THEN 'queued' ELSE 'cancelled' END,
        finished_at = CASE WHEN NOT given_up.goes_over THEN clock_timestamp() END,
        attempts = CASE WHEN given_up.goes_over THEN 0 ELSE item.attempts END,
        available_at = CASE WHEN given_up.goes_over THEN clock_timestamp() ELSE item.available_at END,
        error_code = CASE WHEN given_up.goes_over THEN '' ELSE item.error_code END,
        error_message = CASE WHEN given_up.goes_over THEN '' ELSE item.error_message END,
        lease_token = NULL, lease_until = NULL, leased_by = NULL
    FROM (SELECT item.id, item.priority, {GOES_OVER}
          FROM generation_runs run JOIN generation_items item ON item.run_id = run.id {NEXT_RUN}
          WHERE run.state = 'cancelled' AND item.state = 'running'
          ORDER BY item.id FOR NO KEY UPDATE OF item SKIP LOCKED) given_up
    WHERE item.id = given_up.id
"""  # noqa: S608 constants of ours
CANCELLED_WAITING = """
    UPDATE generation_items item SET state = 'cancelled', finished_at = clock_timestamp(), needs_micro = NULL,
        -- Money, a look or its lesson was what it waited for: no error of this item.
        error_code = CASE WHEN item.state = 'held' OR error_code = 'condensing' THEN '' ELSE error_code END,
        error_message = CASE WHEN item.state = 'held' OR error_code = 'condensing' THEN ''
            ELSE error_message END
    FROM (SELECT waiting.id FROM generation_runs run JOIN generation_items waiting ON waiting.run_id = run.id
          WHERE run.state = 'cancelled' AND waiting.state IN ('queued', 'held')
          LIMIT 10000 FOR NO KEY UPDATE OF waiting SKIP LOCKED) left_over
    WHERE item.id = left_over.id
"""
# Two statements: the second one sees what a retry has queued until the first one had its turn.
UNENDED_RUNS = """
    SELECT id FROM generation_runs WHERE state IN ('open', 'paused') FOR NO KEY UPDATE SKIP LOCKED
"""
ENDED = f"""
    UPDATE generation_runs run SET state = 'closed', note = '', closed_at = clock_timestamp()
    WHERE id = ANY(%s) AND (SELECT 1 FROM generation_items item WHERE item.run_id = run.id
        AND item.state IN {UNENDED_SQL} LIMIT 1) IS NULL
      AND (SELECT 1 FROM generation_items item WHERE item.next_run_id = run.id
        AND item.state IN {UNENDED_SQL} LIMIT 1) IS NULL
"""  # noqa: S608 constants of ours
# An open run has a note only while all its items are still another's.
NOTED = """
    UPDATE generation_runs run SET note = '' WHERE state = 'open' AND note <> ''
    AND EXISTS (SELECT FROM generation_items item WHERE item.run_id = run.id)
"""
# The rows of a run that has many of them become one for each state and error; those of a run that is gone go.
FOLD = """
    WITH many AS (
        SELECT run_id FROM generation_counts counts GROUP BY run_id HAVING count(*) > 40
            OR NOT EXISTS (SELECT FROM generation_runs run WHERE run.id = counts.run_id) LIMIT 100
    ), picked AS MATERIALIZED (
        SELECT id FROM generation_counts WHERE run_id IN (SELECT run_id FROM many)
        ORDER BY id LIMIT 20000 FOR UPDATE SKIP LOCKED
    ), folded AS (
        DELETE FROM generation_counts USING picked WHERE generation_counts.id = picked.id
        RETURNING run_id, state, error_code, items
    )
    INSERT INTO generation_counts (run_id, state, error_code, items)
    SELECT run_id, state, error_code, sum(items) FROM folded
    WHERE EXISTS (SELECT FROM generation_runs run WHERE run.id = folded.run_id)
    GROUP BY run_id, state, error_code HAVING sum(items) <> 0
"""
# A pilot's items are found by the index of what is due, in which the rest of a million comes after them.
NEXT_DUE = f"""
    SELECT greatest(0, extract(epoch FROM first - clock_timestamp()))::float
    FROM (SELECT min(CASE run.pilot
              WHEN 'writing' THEN (
                  SELECT available_at FROM generation_items WHERE run_id = run.id AND state = 'queued'
                  AND priority = {PILOT_PRIORITY} ORDER BY available_at LIMIT 1)
              ELSE (
                  SELECT min(available_at) FROM generation_items
                  WHERE run_id = run.id AND state = 'queued') END) AS first
          FROM generation_runs run WHERE {WORKED_ON} AND coalesce({SERVED}, 1) > 0) due
    WHERE first IS NOT NULL
"""  # noqa: S608 constants of ours


@dataclass(frozen=True, slots=True)
class Swept:
    """How many were put right. `next_due`: seconds until an item is due, 0 when one is due now, None when
    nothing waits. `failed`: the steps that were not done."""

    requeued: int
    cancelled: int
    closed: int
    next_due: float | None
    lost_calls: int = 0
    released: int = 0
    failed: tuple[str, ...] = ()


def sweep() -> Swept:
    """All steps once. Raises nothing for a step that fails: it is logged and tried again next time."""
    lease = settings.GENERATION_LEASE_SECONDS
    failed: list[str] = []

    def step[T](name: str, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except Error as error:
            log.warning("sweep step %r failed (%s), tried again at the next sweep", name, what_failed(error))
            connection.close_if_unusable_or_obsolete()
            failed.append(name)
            return None

    requeued = step("expired leases", lambda: _changed(EXPIRED, [LEASE_LOST, max(FAR_OFF, 2 * lease)])) or 0
    step("a clock that went back", _ahead_no_more)
    cancelled = step("cancelled runs", end_cancelled) or 0
    lost_calls = step("lost calls", lambda: end_lost_calls(lease=lease)) or 0
    released = step("held items", release_held) or 0
    step("pilots", end_pilots)
    step("answers", forget_useless_answers)
    step("notes", lambda: _changed(NOTED))
    step("refined prompts", forget_old_refinements)
    step("counts", lambda: _changed(FOLD))
    step("daily costs", fold_costs)
    closed = step("ended runs", close_ended) or 0
    step("charts", keep_one_timeline)
    next_due = step("next due", _next_due)
    return Swept(requeued, cancelled, closed, next_due, lost_calls, released, tuple(failed))


def _ahead_no_more() -> None:
    _changed(FAR_AHEAD, [FAR_OFF])
    _changed(CONDENSED_FAR_AHEAD, [FAR_OFF])


def end_cancelled() -> int:
    """How many items of cancelled runs were ended or handed over: all that ran, a batch of those that waited.

    A worker finds the lease of what ran gone, and a new ask finds nothing open to wait for.
    """
    return _changed(CANCELLED_RUNNING) + _changed(CANCELLED_WAITING)


def close_ended() -> int:
    """How many runs had no open item left and are now closed."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(UNENDED_RUNS)
        runs = [row[0] for row in cursor.fetchall()]
        cursor.execute(ENDED, [runs])
        count: int = cursor.rowcount
    return count


def _next_due() -> float | None:
    with connection.cursor() as cursor:
        cursor.execute(NEXT_DUE)
        row: tuple[float] | None = cursor.fetchone()
    return row[0] if row else None


def _changed(sql: str, parameters: list[Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        count: int = cursor.rowcount
    return count
