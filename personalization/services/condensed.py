"""The rows of sources that are condensed: who condenses one, what came back, and when it is ready.

Locks as services.queue has them: what settles calls keeps parts in the same transaction, after its items.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from personalization.condensing.prompt import VERSION
from personalization.models import (
    CondensedPart,
    CondensedSource,
    GenerationItem,
    ItemState,
    PersonalizedLessonDescription,
)
from personalization.models.texts import WrittenFrom
from personalization.services.attempts import Claim, Kept, NotCondensed

NOT_CONDENSED = "not_condensed"  # what the items of such a lesson fail with

# Free is what nobody leads who still holds the lease. What was given up is tried again by runs that were
# started later: the items of the others fail, and pay for no more attempts.
LEAD = """
    INSERT INTO condensed_sources AS mine
        (lesson_id, source_hash, model, prompt_version, source_tokens, leader, lease_token)
    SELECT id, %(hash)s, %(model)s, %(version)s, %(tokens)s, %(item)s, %(token)s
    FROM lessons WHERE id = %(lesson)s
    ON CONFLICT (lesson_id, source_hash, model, prompt_version) DO UPDATE SET
        leader = excluded.leader, lease_token = excluded.lease_token, source_tokens = excluded.source_tokens,
        attempts = CASE mine.error_code WHEN '' THEN mine.attempts ELSE 0 END,
        error_code = '', error_message = ''
    WHERE mine.text IS NULL AND mine.available_at <= CASE mine.error_code WHEN '' THEN clock_timestamp()
            ELSE (SELECT created_at FROM generation_runs WHERE id = %(run)s) END
      AND NOT EXISTS (SELECT FROM generation_items item WHERE item.id = mine.leader
            AND item.lease_token = mine.lease_token AND item.state = 'running')
    RETURNING id, attempts
"""
STATE = """
    SELECT text IS NOT NULL, error_code, error_message,
        greatest(0, extract(epoch FROM available_at - clock_timestamp()))::float,
        (SELECT count(*) FROM condensed_parts part WHERE part.source_id = source.id)
    FROM condensed_sources source
    WHERE lesson_id = %(lesson)s AND source_hash = %(hash)s AND model = %(model)s
      AND prompt_version = %(version)s
"""
# Also of a worker that has lost its lease: it is paid, and whoever leads now may not have asked for it yet.
KEEP = """
    INSERT INTO condensed_parts (source_id, key, text)
    SELECT source.id, given.key, given.text
    FROM jsonb_to_recordset(%s) AS given (source_id bigint, key text, text text)
    JOIN condensed_sources source ON source.id = given.source_id ORDER BY source.id, given.key
    ON CONFLICT (source_id, key) DO NOTHING
"""
# Only whoever leads: the texts that wait are written from what this says.
READY = """
    UPDATE condensed_sources source SET text = given.whole, tag = given.tag, finished_at = clock_timestamp(),
        leader = NULL, lease_token = NULL, attempts = 0, error_code = '', error_message = ''
    FROM jsonb_to_recordset(%s) AS given (source_id bigint, token uuid, whole text, tag text)
    WHERE source.id = given.source_id AND source.lease_token = given.token AND source.text IS NULL
    RETURNING source.id
"""
# What a lesson said a week ago, nobody writes from any more; parts of what is ready are in the whole. Not at
# once: another row may be the lesson's other source, or what another version of this software asks for.
TIDY = """
    WITH gone AS (
        DELETE FROM condensed_sources old USING condensed_sources ready
        WHERE ready.id = ANY(%(ready)s) AND old.lesson_id = ready.lesson_id AND old.model = ready.model
          AND old.id <> ready.id AND coalesce(old.finished_at, old.available_at) < now() - interval '7 days'
    )
    DELETE FROM condensed_parts WHERE source_id = ANY(%(ready)s)
"""
# The lesson's other items have waited for it.
WAKE = """
    UPDATE generation_items item SET available_at = clock_timestamp()
    FROM (SELECT id FROM generation_items
          WHERE lesson_id = ANY(%s) AND state = 'queued' AND attempts = 0 AND error_code = ''
            AND available_at > clock_timestamp()
          ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) waiting
    WHERE item.id = waiting.id
"""
FAILED = """
    UPDATE condensed_sources source SET attempts = source.attempts + 1, leader = NULL, lease_token = NULL,
        available_at = clock_timestamp() + make_interval(secs => given.delay),
        error_code = CASE WHEN given.hopeless THEN given.code ELSE '' END,
        error_message = CASE WHEN given.hopeless THEN given.message ELSE '' END
    FROM jsonb_to_recordset(%s) AS given (source_id bigint, token uuid, code text, message text, delay float,
        hopeless boolean)
    WHERE source.id = given.source_id AND source.lease_token = given.token AND source.text IS NULL
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A source that has to be condensed. `source_hash` and `model` as a fingerprint has them."""

    lesson_id: UUID
    source_hash: str
    model: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Led:
    """The row is the claim's to condense. `done`: what is paid already, by the parts' keys."""

    source_id: int
    attempts: int
    done: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody else's, or not to be tried again yet. `code`: given up, for this run. `parts` are done."""

    ready: bool = False
    code: str = ""
    message: str = ""
    seconds: float = 0.0
    parts: int = 0


def lead(claim: Claim, wanted: Wanted) -> Led | Busy:
    """Makes the claim's attempt the one that condenses, where no other does: two workers never pay twice."""
    values: dict[str, Any] = {
        "lesson": wanted.lesson_id,
        "hash": wanted.source_hash,
        "model": wanted.model,
        "version": VERSION,
        "tokens": wanted.tokens,
        "item": claim.id,
        "token": claim.token,
        "run": claim.run_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(LEAD, values)
        if row := cursor.fetchone():
            done = dict(CondensedPart.objects.filter(source=row[0]).values_list("key", "text"))
            return Led(row[0], row[1], done)
        cursor.execute(STATE, values)
        state = cursor.fetchone()
    return Busy(*state) if state else Busy()  # no row: the lesson is gone


def ready_texts(lessons: Collection[UUID], model: str, room: int) -> dict[tuple[UUID, str], tuple[str, str]]:
    """(lesson, hash of its source) → tag and text of what is condensed of sources larger than `room`."""
    rows = CondensedSource.objects.filter(
        lesson__in=lessons, model=model, prompt_version=VERSION, text__isnull=False, source_tokens__gt=room
    )
    found = rows.values_list("lesson_id", "source_hash", "tag", "text")
    return {(lesson, source): (tag or "", text or "") for lesson, source, tag, text in found}


def condensed_source(text: PersonalizedLessonDescription) -> CondensedSource | None:
    """What the text was written from, if its source was condensed and says today what it said then."""
    if text.written_from not in (WrittenFrom.CONDENSED, WrittenFrom.CONDENSED_TEMPLATE):
        return None
    kept = CondensedSource.objects.filter(lesson=text.lesson_id, model=text.model, text__isnull=False)
    return kept.order_by("-pk").first()


def keep_parts(cursor: CursorWrapper, kept: Sequence[Kept]) -> None:
    """In the transaction that settles their calls, and that has locked their lessons."""
    if not kept:
        return
    parts = [{"source_id": one.source_id, "key": one.key, "text": one.text} for one in kept]
    cursor.execute(KEEP, [json.dumps(parts)])
    if whole := [one for one in kept if one.whole is not None]:
        finish(cursor, whole)


def finish(cursor: CursorWrapper, kept: Sequence[Kept]) -> None:
    """The whole texts are there: whoever waited may go on."""
    given = [
        {"source_id": k.source_id, "token": str(k.token), "whole": k.whole, "tag": tag_of(k.whole or "")}
        for k in kept
    ]
    cursor.execute(READY, [json.dumps(given)])
    if ready := [row[0] for row in cursor.fetchall()]:
        cursor.execute(TIDY, {"ready": ready})
        cursor.execute(WAKE, [[one.lesson_id for one in kept if one.source_id in ready]])


def note_failures(cursor: CursorWrapper, failures: Sequence[NotCondensed]) -> None:
    if failures:
        given = [
            {
                "source_id": one.source_id,
                "token": str(one.token),
                "code": one.code,
                "message": one.message,
                "delay": one.delay,
                "hopeless": one.hopeless,
            }
            for one in failures
        ]
        cursor.execute(FAILED, [json.dumps(given)])


def try_again(run_id: UUID) -> None:
    """What the run's items have failed for is condensed once more, when one of them asks for it."""
    failed = GenerationItem.objects.filter(run=run_id, state=ItemState.FAILED, error_code=NOT_CONDENSED)
    CondensedSource.objects.filter(
        lesson__in=failed.values("lesson"), text__isnull=True, error_code__gt=""
    ).update(attempts=0, error_code="", error_message="")


def tag_of(text: str) -> str:
    """MD5, as a fingerprint has it."""
    return hashlib.md5(text.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest()
