"""The queue's statements: claim, heartbeat, settle. Every write of a worker carries its lease token.

A worker whose lease ran out changes nothing, however late it wakes: 0 rows updated means "you lost it".

Locks are taken in one order: the run, lessons and learners, items, calls, texts. Nobody waits for an item but
who asks for it or deletes it: a planning of a million pairs may hold some for a minute. All others skip what
is locked and come again.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from personalization.models.runs import PILOT_PRIORITY, PRIORITY, PUBLISHED_PRIORITY
from personalization.services.attempts import Again, Claim, Outcome, Text
from personalization.services.condensed import NOT_CONDENSED, forget_failures, keep_parts, note_failures
from personalization.services.ledger import LEFT, LOCK_RUNS, settle_calls
from personalization.services.outages import excused
from personalization.services.paid import forget_answers
from personalization.services.publishing import lock_parents, publish

__all__ = ["Claim", "Outcome", "Settled", "Text", "claim", "heartbeat", "settle"]

WORKED_ON = "run.state = 'open' AND run.pilot <> 'waiting'"
# How many calls the money serves of a run of which items wait for it, by the cheapest of these and of those
# that were released since; null: none waits. More would only be claimed to be held as well. Those whose text
# is saved and paid for only want their file written.
SERVED = f"""CASE WHEN run.budget_micro IS NOT NULL THEN (
            SELECT CASE WHEN count(*) > 0 THEN greatest(0,
                floor({LEFT.format(run="run")}
                / greatest(1, least(min(held.needs_micro), (
                    SELECT min(needs_micro) FROM generation_items released WHERE released.run_id = run.id
                    AND released.state = 'queued' AND released.needs_micro IS NOT NULL))))::bigint) + (
                SELECT count(*) FROM generation_items saved WHERE saved.run_id = run.id
                AND saved.state = 'queued' AND saved.priority = {PUBLISHED_PRIORITY}) END
            FROM generation_items held
            WHERE held.run_id = run.id AND held.error_code = 'budget' AND held.state = 'held') END"""  # noqa: S608
RUNS = f"(SELECT id, pilot, {SERVED} AS served FROM generation_runs run WHERE {WORKED_ON}) run"  # noqa: S608
# One of these kills its workers, maybe, and what is in flight beside it would die with it each time: a worker
# takes them one by one. By their third death nothing else has failed yet.
SUSPECT = "error_code = 'lease_lost' AND attempts >= 3"
DUE = f"""
            WHERE run_id = run.id AND state = 'queued' AND available_at <= statement_timestamp()
              AND priority <= CASE run.pilot WHEN 'writing' THEN {PILOT_PRIORITY} ELSE 32767 END"""
# Of several open runs more is locked than is taken, for the milliseconds of the statement. To choose first
# and lock then would lock less, but only SKIP LOCKED inside leads past what a planning holds for a minute.
CLAIM = f"""
    WITH due AS MATERIALIZED (
        SELECT item.id FROM {RUNS} CROSS JOIN LATERAL (
            SELECT id, priority, available_at FROM generation_items {DUE} AND NOT ({SUSPECT})
            ORDER BY priority, available_at, id
            LIMIT least(%(limit)s, run.served) FOR NO KEY UPDATE SKIP LOCKED
        ) item
        ORDER BY item.priority, item.available_at, item.id
        LIMIT %(limit)s
    ), suspect AS MATERIALIZED (
        SELECT item.id FROM {RUNS} CROSS JOIN LATERAL (
            SELECT id FROM generation_items {DUE} AND {SUSPECT}
            ORDER BY available_at, id
            LIMIT least(1, run.served) FOR NO KEY UPDATE SKIP LOCKED
        ) item
        WHERE NOT EXISTS (
            SELECT FROM generation_items mine WHERE mine.state = 'running' AND mine.leased_by = %(worker)s
            AND mine.error_code = 'lease_lost' AND mine.attempts > 3)
        LIMIT 1
    ), chosen AS (
        SELECT id FROM (SELECT id FROM suspect UNION ALL SELECT id FROM due) due_now LIMIT %(limit)s
    )
    UPDATE generation_items item SET state = 'running', claimed_rev = wanted_rev,
        -- One row that the table's check refuses would keep every other one from being claimed.
        attempts = least(attempts + 1, max_attempts),
        lease_token = gen_random_uuid(), leased_by = %(worker)s,
        lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    FROM chosen WHERE item.id = chosen.id
    RETURNING item.id, item.lease_token, item.run_id, item.profile_id, item.lesson_id, item.attempts,
        item.claimed_rev, item.store, item.priority = {PUBLISHED_PRIORITY}
"""  # noqa: S608 constants of ours


def claim(limit: int, *, worker: str, lease: float) -> list[Claim]:
    """Up to `limit` due items of open runs, in order, now this worker's for `lease` seconds."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"limit": limit, "worker": worker, "lease": lease})
        return sorted((Claim(*row) for row in cursor.fetchall()), key=lambda claim: claim.id)


# What is locked is mine all the same: who asks for it once more holds it, and no sweep can take it.
HEARTBEAT = """
    WITH mine AS MATERIALIZED (
        SELECT item.id, item.lease_token
        FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[]) AS given (id, token)
        JOIN generation_items item ON item.id = given.id AND item.lease_token = given.token
        WHERE item.state = 'running'
    ), free AS MATERIALIZED (
        SELECT item.id FROM mine
        JOIN generation_items item ON item.id = mine.id AND item.lease_token = mine.lease_token
        WHERE item.state = 'running' ORDER BY item.id FOR NO KEY UPDATE OF item SKIP LOCKED
    ), renewed AS (
        UPDATE generation_items item
        SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
        FROM free WHERE item.id = free.id
    )
    SELECT id FROM mine
"""


def heartbeat(claims: Sequence[Claim], *, lease: float) -> set[int]:
    """Renews the leases. The ids still this worker's; one that is missing was lost, or its run cancelled."""
    parameters: dict[str, Any] = {
        "ids": [c.id for c in claims],
        "tokens": [c.token for c in claims],
        "lease": lease,
    }
    with connection.cursor() as cursor:
        cursor.execute(HEARTBEAT, parameters)
        return {row[0] for row in cursor.fetchall()}


BLOCK = "UPDATE generation_runs SET state = 'paused', note = %s WHERE id = %s AND state = 'open' RETURNING id"
# A running item at its attempt's end. What a run asked for that was cancelled since is asked for no more.
# A run that this statement does not see is younger than it, and open.
NEXT_RUN = "LEFT JOIN generation_runs next ON next.id = item.next_run_id"
GOES_OVER = """item.wanted_rev > item.claimed_rev AND next.state IS DISTINCT FROM 'cancelled' AS asked_again,
            item.wanted_rev > item.claimed_rev AND item.next_run_id IS NOT NULL
                AND coalesce(next.state, 'open') IN ('open', 'paused') AS goes_over"""
# It goes over to the run that asked last, whose options, money and pilot are the ones that count from now on.
HANDED_OVER = f"""run_id = CASE WHEN {{outcome}}.goes_over THEN item.next_run_id ELSE item.run_id END,
        next_run_id = NULL, next_priority = NULL,
        priority = CASE WHEN {{outcome}}.goes_over THEN coalesce(item.next_priority, {PRIORITY})
            ELSE {{outcome}}.priority END"""
# What waits for a look is not published yet. A look may end between an attempt's beginning and its end.
LOOKED_AT = "run.pilot IN ('writing', 'waiting')"
SETTLE = f"""
    WITH outcome AS MATERIALIZED (
        SELECT running.*, CASE
                WHEN goes_over THEN 'queued'
                WHEN cancelled THEN 'cancelled'
                WHEN asked_again THEN 'queued'
                WHEN state = 'retry' AND NOT give_back AND attempts >= max_attempts
                    THEN 'failed'
                WHEN looked_at_first THEN 'held'
                WHEN state IN ('retry', 'published') THEN 'queued'
                ELSE state END AS next_state
        FROM (
            SELECT given.*, item.attempts, item.max_attempts, {GOES_OVER},
                run.state = 'cancelled' AS cancelled,
                given.state IN ('done', 'published') AND {LOOKED_AT} AS looked_at_first,
                CASE WHEN given.state = 'published' AND NOT {LOOKED_AT} AND run.state <> 'cancelled'
                    THEN {PUBLISHED_PRIORITY} ELSE item.priority END AS priority
            FROM jsonb_to_recordset(%s) AS given (id bigint, token uuid, state text, code text, message text,
                delay float, give_back boolean, fingerprint text, needs_micro bigint)
            JOIN generation_items item ON item.id = given.id AND item.lease_token = given.token
            JOIN generation_runs run ON run.id = item.run_id {NEXT_RUN}
            WHERE item.state = 'running' ORDER BY item.id FOR NO KEY UPDATE OF item SKIP LOCKED
        ) running
    )
    UPDATE generation_items item SET state = outcome.next_state, {HANDED_OVER.format(outcome="outcome")},
        error_code = CASE WHEN outcome.next_state = 'held' AND outcome.looked_at_first THEN 'pilot'
                          WHEN outcome.goes_over THEN ''
                          WHEN outcome.next_state <> 'held' AND outcome.state = 'held' THEN ''
                          ELSE outcome.code END,
        error_message = CASE WHEN outcome.goes_over THEN ''
                             WHEN outcome.next_state <> 'held' AND outcome.state = 'held' THEN ''
                             ELSE outcome.message END, fingerprint = outcome.fingerprint,
        needs_micro = CASE WHEN outcome.next_state = 'held' THEN outcome.needs_micro
                           WHEN outcome.next_state = 'queued' AND outcome.give_back AND NOT outcome.goes_over
                               AND outcome.state = 'retry' THEN item.needs_micro END,
        attempts = CASE WHEN outcome.goes_over THEN 0
                        WHEN outcome.give_back THEN item.attempts - 1
                        WHEN outcome.next_state = 'queued' AND outcome.asked_again THEN 0
                        ELSE item.attempts END,
        available_at = clock_timestamp() + make_interval(
            secs => CASE WHEN outcome.goes_over THEN 0 ELSE outcome.delay END),
        finished_at = CASE WHEN outcome.next_state NOT IN ('queued', 'held') THEN clock_timestamp() END,
        lease_token = NULL, lease_until = NULL, leased_by = NULL
    FROM outcome WHERE item.id = outcome.id
    RETURNING outcome.token, outcome.state IN ('done', 'published') AND NOT outcome.cancelled
        AND NOT outcome.looked_at_first, outcome.goes_over, outcome.next_state
"""  # noqa: S608 constants of ours
MINE_STILL = """
    SELECT item.lease_token FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[]) AS given (id, token)
    JOIN generation_items item ON item.id = given.id AND item.lease_token = given.token
    WHERE item.state = 'running'
"""
# An editor's or an import's lock on a text must not keep the run from whoever wants to pause it.
IMPATIENT = "SET LOCAL lock_timeout = '2s'"


@dataclass(frozen=True, slots=True)
class Settled:
    """Claims by what became of their outcomes; of those that are in neither, the lease was lost.

    `busy`: somebody else has the item locked at this moment. Nothing of them is written: settle them again.
    `failed`: the outcomes by which an item has failed for good. `paused`: runs that cannot go on, with why.
    """

    mine: set[Claim]
    busy: set[Claim]
    failed: tuple[Outcome, ...] = ()
    paused: tuple[tuple[UUID, str], ...] = ()


def settle(outcomes: Sequence[Outcome], again: Sequence[Again] = (), *, last: bool = False) -> Settled:
    """Ends attempts, settles their calls and publishes their texts, in one transaction.

    A learner's old text is visible until this commits. What another worker holds by now is left untouched.
    `again`: attempts that go on, of which only the call so far is settled. `last`: nobody tries again, and of
    busy ones the calls are settled, with their answers: the next attempt takes them for nothing.
    """
    runs = {outcome.claim.run_id for outcome in outcomes} | {more.job.claim.run_id for more in again}
    with transaction.atomic(), connection.cursor() as cursor:
        # Whoever cancels waits for this transaction, or this one sees that the run is cancelled.
        cursor.execute(f"{IMPATIENT}; {LOCK_RUNS}", {"runs": list(runs)})
        parts = [*(outcome.kept for outcome in outcomes), *(more.kept for more in again)]
        kept = [part for part in parts if part]
        lock_parents(cursor, outcomes, {one.lesson_id for one in kept})
        outcomes = excused(cursor, outcomes)
        paused = _paused(cursor, outcomes)
        cursor.execute(SETTLE, [json.dumps([_settlement(outcome) for outcome in outcomes])])
        # By the attempt, not by its item: another attempt at the same one may be among the outcomes.
        ended = cursor.fetchall()
        published: dict[UUID, bool] = {token: shown for token, shown, *_ in ended}
        failed = {token for token, *_, state in ended if state == "failed"}
        busy = _busy(cursor, [o.claim for o in outcomes if o.claim.token not in published])
        texts = [o for o in outcomes if o.text and published.get(o.claim.token)]
        publish(cursor, texts)
        forget_answers(cursor, [outcome.claim.id for outcome in texts])
        unpublished = [(o, None if published.get(o.claim.token) else o.text) for o in outcomes]
        settle_calls(
            cursor,
            [(more.call, None) for more in again if more.call]
            + [(o.call, text) for o, text in unpublished if o.call and (last or o.claim not in busy)],
        )
        keep_parts(cursor, kept)
        note_failures(cursor, [o.not_condensed for o in outcomes if o.not_condensed])
        _try_in_next_run(outcomes, {token for token, _, goes_over, _ in ended if goes_over})
    return Settled(
        {o.claim for o in outcomes if o.claim.token in published},
        busy,
        tuple(o for o in outcomes if o.claim.token in failed),
        tuple(paused),
    )


def _paused(cursor: CursorWrapper, outcomes: Sequence[Outcome]) -> list[tuple[UUID, str]]:
    """The runs that these outcomes have stopped now, each with its note."""
    notes = {outcome.claim.run_id: outcome.message for outcome in outcomes if outcome.blocks}
    paused = []
    for run_id, note in notes.items():
        cursor.execute(BLOCK, [note, run_id])
        paused += [(run_id, note) for _ in cursor.fetchall()]
    return paused


def _try_in_next_run(outcomes: Sequence[Outcome], gone_over: Collection[UUID]) -> None:
    """The newer run has asked before this one gave up: without this its item would fail without a call."""
    given_up = [o.claim for o in outcomes if o.code == NOT_CONDENSED]
    if lessons := [claim.lesson_id for claim in given_up if claim.token in gone_over]:
        forget_failures(lessons)


def _busy(cursor: CursorWrapper, claims: Sequence[Claim]) -> set[Claim]:
    if not claims:
        return set()
    cursor.execute(MINE_STILL, {"ids": [c.id for c in claims], "tokens": [c.token for c in claims]})
    still = {row[0] for row in cursor.fetchall()}
    return {claim for claim in claims if claim.token in still}


def _settlement(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.claim.id,
        "token": str(outcome.claim.token),
        "state": outcome.state,
        "code": outcome.code,
        "message": outcome.message,
        "delay": outcome.delay,
        "give_back": outcome.give_back,
        "fingerprint": outcome.text.fingerprint if outcome.text else None,
        "needs_micro": outcome.needs_micro,
    }
