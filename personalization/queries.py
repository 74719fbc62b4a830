"""Reads that more than one door shares."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from personalization.models.runs import ENDED, GenerationRun
from personalization.pairs import (
    CLUSTER,
    ORDERED,
    PAIRS,
    STALE,
    VERDICT,
    Selection,
    selection_parameters,
    verdict_parameters,
)
from personalization.writers.registry import current_recipe

RATE_WINDOW = 30  # seconds over which a run's rate is measured


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would do with each learner × lesson pair, counted: `by_verdict` holds `write`, `unchanged`,
    and the reasons to skip (`locked`, `no_survey`, `no_source`, `better_text`). `replaces_locked` of those to
    write are an editor's words today."""

    learners: int
    lessons: int
    by_verdict: dict[str, int]
    being_written: int
    replaces_locked: int = 0

    @property
    def total(self) -> int:
        return sum(self.by_verdict.values())

    @property
    def to_write(self) -> int:
        return self.by_verdict.get("write", 0)

    @property
    def unchanged(self) -> int:
        return self.by_verdict.get("unchanged", 0)


@dataclass(frozen=True, slots=True)
class ErrorKind:
    state: str
    code: str
    count: int
    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of a run's items by state; `rate` in items per second over the last half minute."""

    run_id: UUID
    state: str
    note: str
    counts: dict[str, int]
    errors: list[ErrorKind]
    rate: float

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        return sum(self.counts.get(state, 0) for state in ENDED)

    @property
    def seconds_left(self) -> float | None:
        return (self.total - self.ended) / self.rate if self.rate else None


def preview(
    selection: Selection, backend: str, *, force: bool = False, replace_locked: bool = False
) -> Preview:
    parameters = {
        **_parameters(selection),
        **verdict_parameters(current_recipe(backend), force=force, replace_locked=replace_locked),
    }
    sql = f"""
        WITH pair AS (
            SELECT profile.id AS profile_id, lesson.id AS lesson_id, text.edited_at IS NOT NULL AS locked,
                   {VERDICT} AS verdict {PAIRS} {ORDERED}
        ), counted AS (
            SELECT verdict, count(*) AS count FROM pair GROUP BY verdict
        )
        SELECT (SELECT count(DISTINCT profile_id) FROM pair), (SELECT count(DISTINCT lesson_id) FROM pair),
               (SELECT coalesce(jsonb_object_agg(verdict, count), '{{}}')::text FROM counted),
               (SELECT count(*) FROM pair JOIN generation_items item USING (profile_id, lesson_id)
                WHERE item.state = 'running'),
               (SELECT count(*) FROM pair WHERE locked AND verdict = 'write')
    """  # noqa: S608 constants of ours
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        learners, lessons, by_verdict, being_written, replaces = cursor.fetchone()
    return Preview(learners, lessons, json.loads(by_verdict), being_written, replaces)


def progress(run_id: UUID) -> Progress:
    """The state of a run now. Raises GenerationRun.DoesNotExist."""
    run = GenerationRun.objects.only("state", "note").get(pk=run_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, count(*) FROM generation_items WHERE run_id = %s GROUP BY state", [run_id]
        )
        counts = dict(cursor.fetchall())
        cursor.execute(
            """SELECT state, error_code, count(*), min(error_message) FROM generation_items
               WHERE run_id = %s AND error_code <> '' GROUP BY state, error_code ORDER BY count(*) DESC""",
            [run_id],
        )
        errors = [ErrorKind(*row) for row in cursor.fetchall()]
        cursor.execute(
            """SELECT count(*) / greatest(1, extract(epoch FROM now() - greatest(min(finished_at),
                      now() - make_interval(secs => %s))))::float
               FROM generation_items WHERE run_id = %s AND finished_at > now() - make_interval(secs => %s)""",
            [RATE_WINDOW, run_id, RATE_WINDOW],
        )
        rate = cursor.fetchone()[0] or 0.0
    return Progress(run_id, run.state, run.note, counts, errors, rate)


@dataclass(frozen=True, slots=True)
class TextCounts:
    """Of a learner's lessons: how many have a text, have none, have a stale one."""

    lessons: int
    texts: int
    stale: int

    @property
    def missing(self) -> int:
        return self.lessons - self.texts


def text_counts(profile_ids: Iterable[UUID]) -> dict[UUID, TextCounts]:
    """Counts for each of the learners that has a course with lessons; one query, for a page of learners."""
    selection = Selection(profiles=tuple(profile_ids))
    # Only lessons with a text are joined: 50 learners of a course of 5,000 lessons took 4 s by their pairs.
    sql = f"""
        SELECT profile.id, counted.lessons, count(text.id), count(*) FILTER (WHERE {STALE})
        FROM profiles profile
        JOIN courses course ON course.slug = profile.course_slug
        JOIN (SELECT course_id, count(*) AS lessons FROM lessons GROUP BY course_id) counted
          ON counted.course_id = course.id
        LEFT JOIN (personalized_lesson_descriptions text JOIN lessons lesson ON lesson.id = text.lesson_id)
          ON text.profile_id = profile.id AND lesson.course_id = course.id
        {CLUSTER}
        WHERE profile.id = ANY(%(profiles)s::uuid[])
        GROUP BY profile.id, counted.lessons"""  # noqa: S608 constants of ours
    with connection.cursor() as cursor:
        cursor.execute(sql, _parameters(selection))
        return {row[0]: TextCounts(*row[1:]) for row in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class LessonText:
    """One line of a learner's lessons. `text_id` None: there is no personal text yet."""

    lesson_id: UUID
    number: int
    title: str
    text_id: UUID | None
    origin: str | None
    model: str | None
    generated_at: datetime | None
    edited_at: datetime | None
    stale: bool


def lesson_texts(profile_id: UUID) -> list[LessonText]:
    """The lessons of the learner's course in order, each with its text's provenance."""
    sql = f"""SELECT lesson.id, lesson.lesson_number, lesson.title, text.id, text.origin, text.model,
                     text.generated_at, text.edited_at, coalesce({STALE}, false)
              {PAIRS} ORDER BY lesson.lesson_number"""
    with connection.cursor() as cursor:
        cursor.execute(sql, _parameters(Selection(profiles=(profile_id,))))
        return [LessonText(*row) for row in cursor.fetchall()]


def _parameters(selection: Selection) -> dict[str, Any]:
    return selection_parameters(selection, current_recipe("openai"), current_recipe("simple"))
