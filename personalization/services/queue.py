"""The queue's statements: claim, heartbeat, settle. Every write of a worker carries its lease token.

A worker whose lease ran out changes nothing, however late it wakes: 0 rows updated means "you lost it".
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from courses.formats.definition import Document
from courses.history.reason import because


@dataclass(frozen=True, slots=True)
class Claim:
    """One item in a worker's hands, until its lease ends."""

    id: int
    token: UUID
    run_id: UUID
    profile_id: UUID
    lesson_id: UUID
    attempts: int


@dataclass(frozen=True, slots=True)
class Text:
    """What is published, with its provenance.

    `replaces`: when an editor changed the text that this one may replace (ISO 8601), as it was seen before
    the writing began. A later change of an editor stays.
    """

    content: Document
    origin: str
    model: str
    prompt_version: str
    fingerprint: str
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `state` is a final one, or `retry`: again after `delay` seconds.

    `give_back`: the attempt was not the item's fault and does not count.
    """

    claim: Claim
    state: str
    code: str = ""
    message: str = ""
    delay: float = 0.0
    give_back: bool = False
    text: Text | None = None


CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT item.id FROM generation_runs run CROSS JOIN LATERAL (
            SELECT id, priority, available_at FROM generation_items
            WHERE run_id = run.id AND state = 'queued' AND available_at <= clock_timestamp()
            ORDER BY priority, available_at, id
            LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ) item
        WHERE run.state = 'open'
        ORDER BY item.priority, item.available_at, item.id
        LIMIT %(limit)s
    )
    UPDATE generation_items item SET state = 'running', attempts = attempts + 1, claimed_rev = wanted_rev,
        lease_token = gen_random_uuid(), leased_by = %(worker)s,
        lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    FROM due WHERE item.id = due.id
    RETURNING item.id, item.lease_token, item.run_id, item.profile_id, item.lesson_id, item.attempts
"""


def claim(limit: int, *, worker: str, lease: float) -> list[Claim]:
    """Up to `limit` due items of open runs, in order, now this worker's for `lease` seconds."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"limit": limit, "worker": worker, "lease": lease})
        return sorted((Claim(*row) for row in cursor.fetchall()), key=lambda claim: claim.id)


HEARTBEAT = """
    UPDATE generation_items item SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[]) AS mine (id, token)
    WHERE item.id = mine.id AND item.lease_token = mine.token AND item.state = 'running'
    RETURNING item.id
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


SETTLE = """
    WITH outcome AS (
        SELECT given.*, item.profile_id, item.lesson_id, CASE
            WHEN run.state = 'cancelled' THEN 'cancelled'
            WHEN item.wanted_rev > item.claimed_rev THEN 'queued'
            WHEN given.state = 'retry' AND NOT given.give_back AND item.attempts >= item.max_attempts
                THEN 'failed'
            WHEN given.state = 'retry' THEN 'queued'
            ELSE given.state END AS next_state,
            item.wanted_rev > item.claimed_rev AS asked_again
        FROM jsonb_to_recordset(%s) AS given (id bigint, token uuid, state text, code text, message text,
                                              delay float, give_back boolean, fingerprint text)
        JOIN generation_items item ON item.id = given.id AND item.lease_token = given.token
        -- Shared: whoever cancels waits for this transaction, or this one sees that it is cancelled.
        JOIN generation_runs run ON run.id = item.run_id
        WHERE item.state = 'running' ORDER BY item.id FOR UPDATE OF item FOR SHARE OF run
    )
    UPDATE generation_items item SET state = outcome.next_state, error_code = outcome.code,
        error_message = outcome.message, fingerprint = outcome.fingerprint,
        attempts = CASE WHEN outcome.give_back THEN item.attempts - 1
                        WHEN outcome.next_state = 'queued' AND outcome.asked_again THEN 0
                        ELSE item.attempts END,
        available_at = clock_timestamp() + make_interval(secs => outcome.delay),
        finished_at = CASE WHEN outcome.next_state <> 'queued' THEN clock_timestamp() END,
        lease_token = NULL, lease_until = NULL, leased_by = NULL
    FROM outcome WHERE item.id = outcome.id
    RETURNING item.id, item.state
"""

# Every insert locks its lesson against deletion and another number. Learner by learner, the lessons would
# come in any order: who renumbers them, in the order of their ids, and a worker could wait for each other.
LOCK_LESSONS = "SELECT FROM lessons WHERE id = ANY(%s::uuid[]) ORDER BY id FOR KEY SHARE"
# Sorted, so that two workers cannot deadlock. A text that an editor has locked is left alone, except where
# the run replaces just this change of theirs: whoever edited since has another edited_at.
PUBLISH = """
    WITH given AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(%s) AS given (profile_id uuid, lesson_id uuid, content jsonb,
            origin text, model text, prompt_version text, fingerprint text, replaces timestamptz)
    )
    INSERT INTO personalized_lesson_descriptions
        (profile_id, lesson_id, content, origin, model, prompt_version, fingerprint, generated_at)
    SELECT profile_id, lesson_id, content, origin, model, prompt_version, fingerprint, clock_timestamp()
    FROM given ORDER BY profile_id, lesson_id
    ON CONFLICT (profile_id, lesson_id) DO UPDATE SET content = excluded.content, origin = excluded.origin,
        model = excluded.model, prompt_version = excluded.prompt_version, fingerprint = excluded.fingerprint,
        generated_at = excluded.generated_at, flags = '[]', edited_at = NULL, edited_by_id = NULL,
        import_digest = NULL
        WHERE personalized_lesson_descriptions.edited_at IS NULL
           OR personalized_lesson_descriptions.edited_at = (
               SELECT replaces FROM given WHERE given.profile_id = excluded.profile_id
               AND given.lesson_id = excluded.lesson_id)
    RETURNING profile_id, lesson_id
"""
LOCKED_MEANWHILE = """
    UPDATE generation_items SET state = 'skipped', error_code = 'locked', finished_at = clock_timestamp()
    WHERE id = ANY(%s) AND state = 'done'
"""


def settle(outcomes: Sequence[Outcome]) -> set[int]:
    """Ends attempts and publishes their texts, in one transaction. The ids that were still this worker's.

    A learner's old text is visible until this commits. What another worker holds by now is left untouched.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SETTLE, [json.dumps([_settlement(outcome) for outcome in outcomes])])
        states: dict[int, str] = dict(cursor.fetchall())
        texts = [o for o in outcomes if o.text and states.get(o.claim.id, "cancelled") != "cancelled"]
        if texts:
            written = _publish(cursor, texts)
            kept = [o.claim.id for o in texts if (o.claim.profile_id, o.claim.lesson_id) not in written]
            cursor.execute(LOCKED_MEANWHILE, [kept])
    return set(states)


def _publish(cursor: CursorWrapper, texts: Sequence[Outcome]) -> set[tuple[UUID, UUID]]:
    """Learner and lesson of each text that was written: a statement a run, for its history says which."""
    cursor.execute(LOCK_LESSONS, [list({outcome.claim.lesson_id for outcome in texts})])
    written: set[tuple[UUID, UUID]] = set()
    for run_id in sorted({outcome.claim.run_id for outcome in texts}):
        with because(run=str(run_id)):
            of_run = [_publication(outcome) for outcome in texts if outcome.claim.run_id == run_id]
            cursor.execute(PUBLISH, [json.dumps(of_run)])
            written |= set(cursor.fetchall())
    return written


PAUSE = "UPDATE generation_runs SET state = 'paused', note = %s WHERE id = %s AND state = 'open'"


def pause_blocked(run_id: UUID, note: str) -> None:
    """The provider refuses us, not the item: the run waits for a person, with one clear line."""
    with connection.cursor() as cursor:
        cursor.execute(PAUSE, [note, run_id])


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
    }


def _publication(outcome: Outcome) -> dict[str, Any]:
    text = asdict(outcome.text) if outcome.text else {}
    return {**text, "profile_id": str(outcome.claim.profile_id), "lesson_id": str(outcome.claim.lesson_id)}
