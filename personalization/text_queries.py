"""How many texts learners have, and which: reads that more than one door shares."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from personalization.live_prompts import live_prompts
from personalization.pairs import CLUSTER, PAIRS, STALE, Selection, selection_parameters
from personalization.writers.registry import current_recipe


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
    prompts = live_prompts()
    recipes = current_recipe("openai", prompts.personal), current_recipe("simple")
    return selection_parameters(selection, *recipes, prompts)
