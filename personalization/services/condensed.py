"""The rows of sources that are condensed: who condenses one, what came back, and when it is ready.

Locks as services.queue has them: what settles calls keeps parts in the same transaction, after its items.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet

from personalization.condensing.prompt import VERSION
from personalization.models import (
    CondensedPart,
    CondensedSource,
    GenerationItem,
    ItemState,
    PersonalizedLessonDescription,
)
from personalization.models.condensing import CONDENSING
from personalization.models.texts import WrittenFrom
from personalization.services.attempts import Claim, Kept, NotCondensed

NOT_CONDENSED = "not_condensed"  # what the items of such a lesson fail with

# Free is what nobody leads who still holds the lease. What was given up is tried again by runs that were
# started later: the items of the others fail, and pay for no more attempts. What a run before this one has
# failed at does not count; two runs at once count together, or they would set each other back for ever.
LEAD = """
    WITH given AS MATERIALIZED (
        SELECT given.*, run.created_at AS asked_at
        FROM jsonb_to_recordset(%(wanted)s) AS given (place int, lesson uuid, hash text, language text,
            model text, tokens int, parts int, item bigint, token uuid, run uuid)
        LEFT JOIN generation_runs run ON run.id = given.run
    ), led AS (
        INSERT INTO condensed_sources AS mine (lesson_id, source_hash, language, model, prompt_version,
            source_tokens, part_count, leader, lease_token, counted_from)
        SELECT DISTINCT ON (lessons.id, hash, language, model) lessons.id, hash, language, model, %(version)s,
            tokens, parts, item, token, asked_at
        FROM given JOIN lessons ON lessons.id = given.lesson
        ORDER BY lessons.id, hash, language, model, asked_at DESC, place
        ON CONFLICT (lesson_id, source_hash, language, model, prompt_version) DO UPDATE SET
            leader = excluded.leader, lease_token = excluded.lease_token,
            source_tokens = excluded.source_tokens, part_count = excluded.part_count,
            attempts = CASE WHEN mine.error_code = '' AND excluded.counted_from <= mine.counted_from
                THEN mine.attempts ELSE 0 END,
            counted_from = greatest(mine.counted_from, excluded.counted_from),
            text = NULL, tag = NULL, finished_at = NULL, error_code = '', error_message = ''
        WHERE (mine.text IS NULL OR mine.text_tokens > %(room)s)
          AND mine.available_at <= CASE mine.error_code WHEN '' THEN clock_timestamp()
                ELSE excluded.counted_from END
          AND NOT EXISTS (SELECT FROM generation_items item WHERE item.id = mine.leader
                AND item.lease_token = mine.lease_token AND item.state = 'running')
        RETURNING id, lease_token, attempts
    )
    SELECT given.place, led.id, led.attempts, coalesce(source.text_tokens <= %(room)s, false),
        coalesce(source.error_code, ''), coalesce(source.error_message, ''),
        coalesce(greatest(0, extract(epoch FROM source.available_at - clock_timestamp())), 0)::float,
        (SELECT count(*) FROM condensed_parts part WHERE part.source_id = source.id)
    FROM given LEFT JOIN led ON led.lease_token = given.token
    LEFT JOIN condensed_sources source ON source.lesson_id = given.lesson AND source.source_hash = given.hash
        AND source.language = given.language AND source.model = given.model
        AND source.prompt_version = %(version)s
    ORDER BY given.place
"""
# Also of a worker that has lost its lease: it is paid, and whoever leads now may not have asked for it yet.
KEEP = """
    INSERT INTO condensed_parts (source_id, key, text)
    SELECT source.id, given.key, given.text
    FROM jsonb_to_recordset(%s) AS given (source_id bigint, key text, text text)
    JOIN condensed_sources source ON source.id = given.source_id ORDER BY source.id, given.key
    ON CONFLICT (source_id, key) DO NOTHING
"""
# It goes on: what has failed before this part says nothing of the next one.
GOES_ON = """
    UPDATE condensed_sources SET attempts = 0, problem = ''
    WHERE attempts > 0 AND id = ANY(%s) AND lease_token = ANY(%s::uuid[])
"""
# Only whoever leads: the texts that wait are written from what this says.
READY = """
    UPDATE condensed_sources source SET text = given.whole, tag = given.tag, finished_at = clock_timestamp(),
        leader = NULL, lease_token = NULL, attempts = 0, problem = '', error_code = '', error_message = ''
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
WAKE = f"""
    UPDATE generation_items item SET available_at = clock_timestamp()
    FROM (SELECT id FROM generation_items
          WHERE lesson_id = ANY(%s) AND state = 'queued' AND error_code = '{CONDENSING}'
            AND available_at > clock_timestamp()
          ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) waiting
    WHERE item.id = waiting.id
"""  # noqa: S608 a constant of ours
FAILED = """
    WITH given AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(%s) AS given (source_id bigint, token uuid, code text, message text,
            delay float, hopeless boolean, drop_keys text[])
    ), failed AS (
        UPDATE condensed_sources source SET attempts = source.attempts + 1, problem = given.code,
            leader = NULL, lease_token = NULL,
            available_at = clock_timestamp() + make_interval(secs => given.delay),
            error_code = CASE WHEN given.hopeless THEN given.code ELSE '' END,
            error_message = CASE WHEN given.hopeless THEN given.message ELSE '' END
        FROM given
        WHERE source.id = given.source_id AND source.lease_token = given.token AND source.text IS NULL
        RETURNING source.id, given.drop_keys
    )
    DELETE FROM condensed_parts part USING failed
    WHERE part.source_id = failed.id AND part.key = ANY(failed.drop_keys)
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A source that has to be condensed for a claim, into so many parts. `hash` and `model` as a fingerprint
    has them. `room`: what a text must fit into to be of use."""

    claim: Claim
    hash: str
    language: str
    model: str
    tokens: int
    parts: int
    room: int

    @property
    def source(self) -> tuple[Any, ...]:
        return self.claim.lesson_id, self.hash, self.language, self.model


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


def lead(wanted: Sequence[Wanted]) -> list[Led | Busy]:
    """Makes the attempt of one claim for each source the one that condenses it, where no other does: two
    workers never pay twice. What became of each wish, in order; one statement, however many wait."""
    found: dict[int, Led | Busy] = {}
    for room in {one.room for one in wanted}:
        found |= _lead({n: one for n, one in enumerate(wanted) if one.room == room}, room)
    return [found[n] for n in range(len(wanted))]


def _lead(wanted: Mapping[int, Wanted], room: int) -> dict[int, Led | Busy]:
    given = [_wish(place, one) for place, one in wanted.items()]
    with connection.cursor() as cursor:
        cursor.execute(LEAD, {"wanted": json.dumps(given), "version": VERSION, "room": room})
        rows = cursor.fetchall()
    led = {place: Led(source, attempts, {}) for place, source, attempts, *_ in rows if source is not None}
    if led:
        # Only now: whoever led before may have kept one while this waited for the row.
        done = _parts_of([one.source_id for one in led.values()])
        led = {place: replace(one, done=done.get(one.source_id, {})) for place, one in led.items()}
    by_source = {wanted[place].source: one for place, one in led.items()}
    return {row[0]: led.get(row[0]) or _busy(row, by_source.get(wanted[row[0]].source)) for row in rows}


def _busy(row: Sequence[Any], leader: Led | None) -> Busy:
    """`leader`: another claim of the same batch; the row says what was before it."""
    return Busy(parts=len(leader.done)) if leader else Busy(*row[3:])


def _wish(place: int, one: Wanted) -> dict[str, Any]:
    return {
        "place": place,
        "lesson": str(one.claim.lesson_id),
        "hash": one.hash,
        "language": one.language,
        "model": one.model,
        "tokens": one.tokens,
        "parts": one.parts,
        "item": one.claim.id,
        "token": str(one.claim.token),
        "run": str(one.claim.run_id),
    }


def _parts_of(sources: Sequence[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for source, key, text in CondensedPart.objects.filter(source__in=sources).values_list(
        "source_id", "key", "text"
    ):
        found.setdefault(source, {})[key] = text
    return found


def ready_texts(
    lessons: Collection[UUID], model: str, room: int
) -> dict[tuple[UUID, str, str], tuple[str, str]]:
    """(lesson, hash of its source, language) → tag and text of what is condensed of sources larger than
    `room`, and fits into it: what was condensed for a larger window is of no use."""
    rows = CondensedSource.objects.filter(
        lesson__in=lessons,
        model=model,
        prompt_version=VERSION,
        text_tokens__lte=room,
        source_tokens__gt=room,
    )
    found = rows.values_list("lesson_id", "source_hash", "language", "tag", "text")
    return {(lesson, source, spoken): (tag or "", text or "") for lesson, source, spoken, tag, text in found}


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
    cursor.execute(GOES_ON, [[one.source_id for one in kept], [str(one.token) for one in kept]])
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
                "drop_keys": one.drop,
            }
            for one in failures
        ]
        cursor.execute(FAILED, [json.dumps(given)])


def try_again(run_id: UUID) -> None:
    """What the run's items have failed for is condensed once more, when one of them asks for it."""
    failed = GenerationItem.objects.filter(run=run_id, state=ItemState.FAILED, error_code=NOT_CONDENSED)
    forget_failures(failed.values("lesson"))


def forget_failures(lessons: QuerySet[Any, Any] | Collection[UUID]) -> None:
    """What was given up of these lessons is tried anew, as if it had not been tried."""
    CondensedSource.objects.filter(lesson__in=lessons, text__isnull=True, error_code__gt="").update(
        attempts=0, problem="", error_code="", error_message=""
    )


def tag_of(text: str) -> str:
    """MD5, as a fingerprint has it."""
    return hashlib.md5(text.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest()
