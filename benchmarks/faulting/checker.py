"""The end state: what must hold after any fault, asked of the tables and not of the workers' own code.

Texts too: see reviewer.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from benchmarks.faulting.reader import Seen
from benchmarks.faulting.reviewer import review
from benchmarks.faulting.world import OLD

# Items that have not ended, and done ones whose text is not the one that they wrote. Only the newest item of
# a learner and lesson can be asked: older ones were written over.
LOST = """
    SELECT count(*) FILTER (WHERE item.finished_at IS NULL
        OR item.state = 'done' AND text.fingerprint IS DISTINCT FROM item.fingerprint)
    FROM (SELECT DISTINCT ON (profile_id, lesson_id) * FROM generation_items
          ORDER BY profile_id, lesson_id, id DESC) item
    LEFT JOIN personalized_lesson_descriptions text USING (profile_id, lesson_id)
"""
# Each version that a run wrote is kept as a change. An item writes at most once for each revision asked for,
# and a done one at least once.
VERSIONS = """
    WITH written AS (
        SELECT change.row_id, count(*) AS versions
        FROM changes change JOIN pghistory_context context ON context.id = change.context_id
        WHERE change.table_name = 'personalized_lesson_descriptions' AND context.metadata ? 'run'
          AND change.kind IN ('insert', 'update')
        GROUP BY change.row_id
    ), wanted AS (
        SELECT profile_id, lesson_id, sum(claimed_rev) AS most,
               count(*) FILTER (WHERE state = 'done') AS least
        FROM generation_items GROUP BY profile_id, lesson_id
    )
    SELECT coalesce(sum(greatest(0, versions - coalesce(most, 0))), 0)::int,
           coalesce(sum(greatest(0, coalesce(least, 0) - coalesce(versions, 0))), 0)::int
    FROM wanted JOIN personalized_lesson_descriptions text USING (profile_id, lesson_id)
    FULL JOIN written ON written.row_id = text.id
"""
# Where no attempt came to a good end, the old text is there. (What is asked again meanwhile may have written
# one before it failed.)
SPOILT = """
    SELECT count(*) FROM personalized_lesson_descriptions text
    JOIN (SELECT profile_id, lesson_id FROM generation_items GROUP BY 1, 2
          HAVING max(claimed_rev) <= 1 AND count(*) FILTER (WHERE state = 'done') = 0) unwritten
        USING (profile_id, lesson_id)
    WHERE text.fingerprint <> %s
"""
DELETED = """
    SELECT count(*) FROM changes
    WHERE table_name = 'personalized_lesson_descriptions' AND kind = 'delete'
"""
STATES = """
    SELECT count(*), count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state = 'failed'),
           count(*) FILTER (WHERE state = 'failed' AND error_code = ''),
           (SELECT count(*) FROM generation_runs WHERE state NOT IN ('closed', 'cancelled'))
    FROM generation_items
"""
# Broken off: calls without an answer, those among them that a worker let go of. The endpoint may or may not
# have seen them, and may have answered well.
LEDGER = """
    SELECT count(*), count(*) FILTER (WHERE state = 'ok'), count(*) FILTER (WHERE state = 'unknown'),
           count(*) FILTER (WHERE state = 'reserved'),
           count(*) FILTER (WHERE state = 'error'
               AND error_code IN ('connection', 'timeout', 'garbage', 'stopped', 'unsent'))
    FROM model_calls
"""
# What each run has spent against the sum of its calls, and what it still holds back.
MONEY = """
    SELECT count(*) FILTER (WHERE spent_micro <> coalesce(paid, 0)), coalesce(sum(reserved_micro), 0)::bigint,
           coalesce(sum(spent_micro), 0)::bigint
    FROM generation_runs LEFT JOIN (SELECT run_id, sum(actual_micro) AS paid FROM model_calls GROUP BY run_id)
        ledger ON ledger.run_id = generation_runs.id
"""
PAID_TWICE = """
    SELECT count(*) FROM (SELECT FROM model_calls WHERE state = 'ok'
                          GROUP BY item_id, rev, fingerprint HAVING count(*) > 1) again
"""
COUNTED = """
    SELECT count(*) FROM (SELECT run_id, state, error_code, count(*) FROM generation_items GROUP BY 1, 2, 3
        EXCEPT SELECT run_id, state, error_code, sum(items) FROM generation_counts GROUP BY 1, 2, 3) wrong
"""

GOOD = ("ok", "fenced")  # modes of the endpoint; a fence around a good answer is taken off


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted at the end, and in `broken` each invariant that does not hold."""

    items: int
    done: int
    failed: int
    lost: int
    twice: int
    requests: int  # that reached the endpoint
    good: int  # answers of the endpoint that were good when it sent them
    unknown: int  # calls in the ledger of which nobody knows
    misses: int
    scans: int
    broken: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # in texts: the first findings


def check(
    endpoint: Mapping[str, Any],
    seen: Seen,
    *,
    outdated: int = 0,
    late_texts: int = 0,
    may_be_unknown: int,
    may_fail: int = 0,
) -> Figures:
    """Asks everything once. Wait until the runs have ended and the workers are quiet, then call it.

    `endpoint`: the fake model's own figures. `seen`: of a reader that has stopped. `outdated`: see World.
    `late_texts`: see Cancels. `may_be_unknown`: calls whose worker was killed, frozen or cut off. `may_fail`:
    items that this fault may fail for good.
    """
    items, done, failed, silent, unended = _row(STATES)
    (lost,), (deleted,), (wrong_counts,) = map(_row, (LOST, DELETED, COUNTED))
    twice, unwritten = _row(VERSIONS)
    _, _, unknown, *_ = _row(LEDGER)
    requests, good = endpoint["requests"], sum(endpoint["by_mode"].get(mode, 0) for mode in GOOD)
    promises = {
        "the run ends": unended == 0,
        "every item ends, and what is done is there": lost == 0,
        "a done item has written its text": unwritten == 0,
        "what is done is made of the newest answers": outdated == 0,
        "no version is written twice": twice == 0,
        "no text comes after its run's cancel": late_texts == 0,
        "every text may be published": not (wrong := review()),
        "where nothing good came, the old text stays": _row(SPOILT, OLD) == (0,),
        "nothing is deleted": deleted == 0,
        "only what the fault is about may fail": failed <= may_fail,
        "every failure says why": silent == 0,
        "the counts of items are those of the items": wrong_counts == 0,
        **_of_reads(seen),
        "only calls of the dead are unknown": unknown <= may_be_unknown,
        **_of_calls(requests, good),
    }
    counted = (items, done, failed, lost, twice, requests, good, unknown, seen.misses, seen.scans)
    return Figures(*counted, [promise for promise, kept in promises.items() if not kept], wrong[:5])


def _of_reads(seen: Seen) -> dict[str, bool]:
    return {
        "no text is missing at any read": seen.misses == 0,
        "no text goes backwards": seen.backwards == 0,
        "the reader was there": seen.often_enough,
        "the reader reads to the end": not seen.died,
        "no run passes its budget at any read": seen.overspent == 0,
    }


def _of_calls(requests: int, good: int) -> dict[str, bool]:
    """Of the ledger and the money, when so many requests have reached the endpoint."""
    calls, ok, unknown, reserved, broken_off = _row(LEDGER)
    unequal, held_back, spent = _row(MONEY)
    return {
        "every request was in the ledger before it was sent": requests <= calls,
        "the endpoint has seen every call but broken ones": calls - requests <= unknown + broken_off,
        "every good answer is in the ledger, or its end is unknown": ok <= good <= ok + unknown + broken_off,
        "no paid answer is paid for again": _row(PAID_TWICE) == (0,),
        "nothing stays reserved": reserved == 0 and held_back == 0,
        "spent is the sum of the ledger": unequal == 0,
        "a good answer costs something": spent > 0 or ok == 0,
    }


def _row(sql: str, *parameters: str) -> tuple[int, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return tuple(cursor.fetchone())
