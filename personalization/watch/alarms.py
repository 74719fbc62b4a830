"""What an operator should be told of, and what to do about it."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from personalization.run_report.workers import longest_silence, workers
from personalization.services.runs import PAUSED_BY_HAND
from personalization.watch.figures import moving, oldest_due

LONGEST_WAIT = 60.0  # seconds that a due item may wait while nobody takes anything
LONGEST_RESERVATION = 600.0  # seconds; a call that takes longer than its deadline is settled by the sweep
FAILED_PER_HOUR = 10  # more are worth a look: single refusals are not the operator's business
START = "Start a worker: celery -A persona_site worker"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that was looked at. `value` is the figure behind `found` (None: there is none), `limit` the
    largest that is right; `advice` is empty where nothing is wrong."""

    name: str
    wrong: bool
    found: str
    value: float | None
    limit: float
    advice: str


def alarm(
    name: str, value: float | None, limit: float, found: str, advice: str, *, wrong: bool | None = None
) -> Alarm:
    """Wrong above the limit, unless `wrong` says otherwise."""
    is_wrong = value is None or value > limit if wrong is None else wrong
    return Alarm(name, is_wrong, found, value, limit, advice if is_wrong else "")


def alarms(failed_per_hour: int = FAILED_PER_HOUR) -> list[Alarm]:
    """Everything that is looked at, right or wrong, always in the same order."""
    return [
        _workers(),
        _oldest_due(),
        _lost_leases(),
        _reservations(),
        _failed(failed_per_hour),
        _held(),
        _blocked(),
    ]


def _workers() -> Alarm:
    seen = workers()
    ago = "" if seen.silent is None else f"last seen {seen.silent:,.0f} s ago"
    return alarm(
        "workers",
        seen.silent,
        longest_silence(),
        f"{seen.alive} at work, {ago}" if seen.alive else f"none at work, {ago or 'none seen for a day'}",
        f"{START}. If one runs, it does not reach the database: see its log.",
    )


def _oldest_due() -> Alarm:
    waits = oldest_due()
    # The last item of a large run waits for hours while all is well: somebody must be at work.
    stands = waits > LONGEST_WAIT and not moving(LONGEST_WAIT)
    goes_on = "" if waits <= LONGEST_WAIT or stands else ", and the work goes on"
    return alarm(
        "oldest due item",
        waits,
        LONGEST_WAIT,
        f"due for {waits:,.0f} s{goes_on}" if waits else "none waits",
        f"Items are due and nobody takes one. {START}. If one runs, it does not hear the broker: see"
        " “broker”, and start it again; nothing is lost.",
        wrong=stands,
    )


_LOST = """
    SELECT count(*) FROM generation_items
    WHERE state = 'running' AND lease_until < statement_timestamp() - make_interval(secs => %s)
"""


def _lost_leases() -> Alarm:
    # Since its last renewal twice the lease has passed: a sweep should have queued it again long ago.
    lost = _one(_LOST, settings.GENERATION_LEASE_SECONDS)
    return alarm(
        "leases",
        lost,
        0,
        f"{lost:,} ran out and nobody took the items back" if lost else "all are alive",
        f"No worker sweeps. {START}. If one runs, its log says which step of the sweep fails.",
    )


# What waits for its turn in a living worker's hands may wait for long.
_RESERVED = """
    SELECT count(*) FROM model_calls call
    WHERE state = 'reserved' AND started_at < statement_timestamp() - make_interval(secs => %s)
      AND NOT EXISTS (SELECT FROM generation_items item WHERE item.id = call.item_id
          AND item.lease_token = call.lease_token AND item.lease_until > statement_timestamp())
"""


def _reservations() -> Alarm:
    limit = max(LONGEST_RESERVATION, 2 * settings.GENERATION_CALL_SECONDS)
    old = _one(_RESERVED, limit)
    return alarm(
        "reserved calls",
        old,
        0,
        f"{old:,} for more than {limit / 60:,.0f} minutes" if old else "none is old",
        f"A sweep settles the calls of a dead worker as unknown. {START}. If one runs, its log says which"
        " step of the sweep fails.",
    )


# By the index on a run's state: few items fail, many end.
_FAILED = """
    SELECT item.error_code, count(*)
    FROM generation_runs run JOIN generation_items item ON item.run_id = run.id
    WHERE item.state = 'failed' AND item.finished_at > statement_timestamp() - interval '1 hour'
      AND (run.closed_at IS NULL OR run.closed_at > statement_timestamp() - interval '1 hour')
    GROUP BY 1 ORDER BY 2 DESC, 1
"""


def _failed(limit: int) -> Alarm:
    kinds = _rows(_FAILED)
    count = sum(number for _, number in kinds)
    named = ", ".join(f"{code or 'unnamed'} {number:,}" for code, number in kinds[:5])
    return alarm(
        "failed in the last hour",
        count,
        limit,
        f"{count:,}: {named}" if count else "none",
        "Open the run in the admin: it shows an example of each kind. When the cause is gone, retry them.",
    )


# While items of a run wait for its money, nothing that is queued is begun: it waits for the same. Behind a
# pilot it waits for that.
_HELD = """
    SELECT coalesce(sum(held + CASE WHEN held > 0 AND pilot NOT IN ('writing', 'waiting') THEN queued
                                    ELSE 0 END), 0)::bigint,
           coalesce(sum(looked_at), 0)::bigint
    FROM (SELECT run.pilot,
                 coalesce(sum(items) FILTER (WHERE count.state = 'held' AND error_code <> 'pilot'), 0)
                     AS held,
                 coalesce(sum(items) FILTER (WHERE count.state = 'queued'), 0) AS queued,
                 coalesce(sum(items) FILTER (WHERE count.state = 'held' AND error_code = 'pilot'), 0)
                     AS looked_at
          FROM generation_runs run JOIN generation_counts count ON count.run_id = run.id
          WHERE run.state IN ('open', 'paused') GROUP BY run.id) of_run
"""


def _held() -> Alarm:
    money, pilot = _row(_HELD)
    look = f"{pilot:,} of a pilot wait for a look" if pilot else ""
    held = f"{money:,} wait for money" if money else ""
    return alarm(
        "held items",
        money,
        0,
        ", ".join(filter(None, [held, look])) or "none",
        "The run's budget is used up: raise it on the run's page, or cancel the run.",
    )


_BLOCKED = """
    SELECT left(id::text, 8), note FROM generation_runs
    WHERE state = 'paused' AND note NOT IN ('', %s) ORDER BY created_at
"""


def _blocked() -> Alarm:
    runs = _rows(_BLOCKED, PAUSED_BY_HAND)
    return alarm(
        "runs that cannot go on",
        len(runs),
        0,
        "; ".join(f"{run}: {note}" for run, note in runs) or "none",
        "Do what the note says, then resume the run.",
    )


def _one(sql: str, *parameters: Any) -> int:
    value: int = _row(sql, *parameters)[0]
    return value


def _row(sql: str, *parameters: Any) -> tuple[Any, ...]:
    return _rows(sql, *parameters)[0]


def _rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
