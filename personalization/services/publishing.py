"""The texts of a batch, written inside the transaction that ends their items."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from courses.history.reason import because
from personalization.services.attempts import LOCKED, Outcome

# Every insert locks its lesson and its learner against deletion, and the lesson against another number. In
# this order, before the items: who deletes a learner locks the learner first and then their items, and who
# renumbers lessons locks them by id.
LOCK_PARENTS = """
    SELECT FROM lessons WHERE id = ANY(%(lessons)s::uuid[]) ORDER BY id FOR KEY SHARE;
    SELECT FROM profiles WHERE id = ANY(%(learners)s::uuid[]) ORDER BY id FOR KEY SHARE
"""
# Sorted, so that two workers cannot deadlock. A text that an editor has locked is left alone, except where
# the run replaces just this change of theirs: whoever edited since has another edited_at.
PUBLISH = """
    WITH given AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(%s) AS given (profile_id uuid, lesson_id uuid, content jsonb,
            origin text, model text, prompt_version text, fingerprint text, replaces timestamptz,
            written_from text)
    )
    INSERT INTO personalized_lesson_descriptions
        (profile_id, lesson_id, content, origin, model, prompt_version, fingerprint, written_from,
        generated_at)
    SELECT profile_id, lesson_id, content, origin, model, prompt_version, fingerprint, written_from,
        clock_timestamp()
    FROM given ORDER BY profile_id, lesson_id
    ON CONFLICT (profile_id, lesson_id) DO UPDATE SET content = excluded.content, origin = excluded.origin,
        model = excluded.model, prompt_version = excluded.prompt_version, fingerprint = excluded.fingerprint,
        generated_at = excluded.generated_at, written_from = excluded.written_from, flags = '[]',
        edited_at = NULL, edited_by_id = NULL, import_digest = NULL
        WHERE personalized_lesson_descriptions.edited_at IS NULL
           OR personalized_lesson_descriptions.edited_at = (
               SELECT replaces FROM given WHERE given.profile_id = excluded.profile_id
               AND given.lesson_id = excluded.lesson_id)
    RETURNING profile_id, lesson_id
"""
# The same for lessons' standard descriptions.
PUBLISH_TEMPLATES = """
    WITH given AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(%s) AS given (lesson_id uuid, content jsonb, model text,
            prompt_version text, fingerprint text, replaces timestamptz, written_from text)
    )
    INSERT INTO lesson_descriptions
        (lesson_id, data, model, prompt_version, fingerprint, written_from, generated_at)
    SELECT lesson_id, content, model, prompt_version, fingerprint, written_from, clock_timestamp()
    FROM given ORDER BY lesson_id
    ON CONFLICT (lesson_id) DO UPDATE SET data = excluded.data, model = excluded.model,
        prompt_version = excluded.prompt_version, fingerprint = excluded.fingerprint,
        written_from = excluded.written_from, generated_at = excluded.generated_at, edited_at = NULL
        WHERE lesson_descriptions.edited_at IS NULL
           OR lesson_descriptions.edited_at = (
               SELECT replaces FROM given WHERE given.lesson_id = excluded.lesson_id)
    RETURNING NULL::uuid, lesson_id
"""
# An item that waits for its file is claimed once more, and sees the lock by itself.
LOCKED_MEANWHILE = """
    UPDATE generation_items SET state = 'skipped', error_code = 'locked', error_message = %s,
        fingerprint = NULL, finished_at = clock_timestamp()
    WHERE id = ANY(%s) AND state = 'done'
"""


def lock_parents(cursor: CursorWrapper, outcomes: Sequence[Outcome], lessons: Collection[UUID] = ()) -> None:
    """What the texts of these outcomes will refer to stays until the transaction ends; and these lessons."""
    claims = [outcome.claim for outcome in outcomes if outcome.text]
    if claims or lessons:
        of_lessons = {*lessons, *(claim.lesson_id for claim in claims)}
        learners = {claim.profile_id for claim in claims if claim.profile_id}
        cursor.execute(LOCK_PARENTS, {"lessons": list(of_lessons), "learners": list(learners)})


def publish(cursor: CursorWrapper, texts: Sequence[Outcome]) -> None:
    """Writes the texts of items that this transaction has ended; what an editor has locked is skipped."""
    written: set[tuple[UUID | None, UUID]] = set()
    # A statement a run, for a text's history says which. A run writes texts of one kind.
    for run_id in sorted({outcome.claim.run_id for outcome in texts}):
        of_run = [outcome for outcome in texts if outcome.claim.run_id == run_id]
        statement = PUBLISH_TEMPLATES if of_run[0].claim.profile_id is None else PUBLISH
        with because(run=str(run_id)):
            cursor.execute(statement, [json.dumps(list(map(_publication, of_run)))])
            written |= set(cursor.fetchall())
    kept = [o.claim.id for o in texts if (o.claim.profile_id, o.claim.lesson_id) not in written]
    if kept:
        cursor.execute(LOCKED_MEANWHILE, [LOCKED, kept])


def _publication(outcome: Outcome) -> dict[str, Any]:
    text = asdict(outcome.text) if outcome.text else {}
    learner = outcome.claim.profile_id and str(outcome.claim.profile_id)
    return {**text, "profile_id": learner, "lesson_id": str(outcome.claim.lesson_id)}
