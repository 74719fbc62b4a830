"""The file of a lesson's standard description, written from what the database says at that moment."""

import json
from functools import partial
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from courses.course_folder.final_files import Known, write_template
from courses.formats.definition import Document
from courses.formats.shapes import lesson_document
from courses.models import Lesson, LessonDescription
from personalization.models import GenerationRun
from personalization.services.attempts import Claim
from personalization.services.queue import IMPATIENT

# Whoever cancels the run waits for the file, or no file is written. The lease is only looked at: a worker
# that loses it in this moment writes what the database says, as the next one will.
MINE = """
    SELECT FROM generation_runs run JOIN generation_items item ON item.run_id = run.id
    WHERE item.id = %s AND item.lease_token = %s AND item.state = 'running'
      AND run.id = %s AND run.state IN ('open', 'paused')
    FOR SHARE OF run
"""

SAID_BEFORE = """
    SELECT before -> 'data' FROM changes
    WHERE table_name = 'lesson_descriptions' AND row_id = %s AND before ? 'data'
"""


def store_of(run: GenerationRun, course: UUID) -> Path | None:
    """Where the run writes the course's files; None: nowhere, its descriptions are the database's alone."""
    path = run.options.get("stores", {}).get(str(course))
    return Path(path) if path else None


def write_file(claim: Claim, store: Path) -> bool | None:
    """Whether the lesson's file had to be written; None: the claim was lost, or the run cancelled.

    The description is locked meanwhile: two workers write one after the other, and the last one the newest
    words. Raises StoreProblem.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(IMPATIENT)
        cursor.execute(MINE, [claim.id, claim.token, claim.run_id])
        if not cursor.fetchall():
            return None
        rows = LessonDescription.objects.select_for_update(of=("self",)).select_related("lesson__course")
        read = rows.only("data", "lesson__lesson_number", "lesson__course_id", "lesson__course__slug")
        description = read.filter(lesson=claim.lesson_id).first()
        if description is None:
            return None
        lesson = description.lesson
        known = Known(partial(_was_said, description.pk), partial(_elsewhere, lesson.course_id))
        slug, number = lesson.course.slug, lesson.lesson_number
        return write_template(store, slug, lesson.pk, number, description.data, known)


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
