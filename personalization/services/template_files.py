"""The file of a lesson's standard description, written from what the database says at that moment."""

import json
from functools import partial
from pathlib import Path
from uuid import UUID

from django.db import connection

from courses.course_folder.final_files import Known, write_template
from courses.formats.definition import Document
from courses.formats.shapes import lesson_document
from courses.models import Lesson
from personalization.models import GenerationRun
from personalization.models.runs import PUBLISHED_PRIORITY
from personalization.services.attempts import Claim

# Looked at before each writing, without a lock: a file may take its time, and nobody waits for it in the
# database. Whoever cancels in that moment may find it written: it says what the description says.
MINE = """
    SELECT description.data, description.id, course.id, course.slug, lesson.lesson_number
    FROM generation_items item
    JOIN generation_runs run ON run.id = item.run_id AND run.state IN ('open', 'paused')
    JOIN lessons lesson ON lesson.id = item.lesson_id
    JOIN courses course ON course.id = lesson.course_id
    JOIN lesson_descriptions description ON description.lesson_id = lesson.id
    WHERE item.id = %s AND item.lease_token = %s AND item.state = 'running' AND run.id = %s
"""

# A description is saved, and its file is not written yet.
TO_COME = f"""
    SELECT item.lesson_id FROM generation_items item
    JOIN generation_runs run ON run.id = item.run_id
    LEFT JOIN lesson_descriptions description ON description.lesson_id = item.lesson_id
    WHERE item.kind = 'templates' AND item.state IN ('queued', 'running', 'held', 'submitted')
      AND (item.priority = {PUBLISHED_PRIORITY} OR item.store IS NOT NULL AND (
          description.fingerprint = item.fingerprint OR description.generated_at >= run.created_at))
"""  # noqa: S608 constants of ours

SAID_BEFORE = """
    SELECT before -> 'data' FROM changes
    WHERE table_name = 'lesson_descriptions' AND row_id = %s AND before ? 'data'
"""


def store_of(claim: Claim, run: GenerationRun, course: UUID) -> Path | None:
    """Where the item's file is written; None: nowhere, the description is the database's alone."""
    path = claim.store or run.options.get("stores", {}).get(str(course))
    return Path(path) if path else None


def files_to_come() -> frozenset[UUID]:
    """Lessons whose description is saved, and stands in a file as soon as a worker gets to it."""
    with connection.cursor() as cursor:
        cursor.execute(TO_COME)
        return frozenset(lesson for (lesson,) in cursor.fetchall())


def write_file(claim: Claim, store: Path) -> bool | None:
    """Whether the lesson's file had to be written; None: the claim was lost, or the run cancelled.

    No transaction is open meanwhile. Two workers write one after the other, and the last one the newest
    words; whoever is killed at any point leaves a whole file, and what it lacks the next run writes. Raises
    StoreProblem.
    """
    found = _mine(claim)
    if found is None:
        return None
    _, description, course, slug, number = found
    known = Known(partial(_was_said, description), partial(_elsewhere, course))
    return write_template(store, slug, claim.lesson_id, number, partial(_words, claim), known)


def _words(claim: Claim) -> Document | None:
    """What the description says now; None: it is not this claim's to write any more."""
    found = _mine(claim)
    return found[0] if found else None


def _mine(claim: Claim) -> tuple[Document, UUID, UUID, str, int] | None:
    with connection.cursor() as cursor:
        cursor.execute(MINE, [claim.id, claim.token, claim.run_id])
        row = cursor.fetchone()
    return (json.loads(row[0]), *row[1:]) if row else None


def _was_said(description: UUID, document: Document) -> bool:
    """Whether the description said that before: what a file says that no import has brought, it never did."""
    with connection.cursor() as cursor:
        cursor.execute(SAID_BEFORE, [description])
        return any(_read_as(json.loads(data)) == document for (data,) in cursor.fetchall())


def _read_as(data: object) -> Document | None:
    """What an import would make of it."""
    try:
        return lesson_document(data)
    except ValueError:
        return None


def _elsewhere(course: UUID) -> frozenset[UUID]:
    return frozenset(Lesson.objects.exclude(course=course).values_list("pk", flat=True))
