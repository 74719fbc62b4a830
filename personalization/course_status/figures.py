"""A course in figures: what is missing, counted by the database in a fixed number of statements."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from courses.course_folder.wording import has_working_marks
from courses.models import Course
from personalization.course_status.conditions import (
    HAS_ANSWERED,
    HAS_SOURCE,
    LESSONS,
    STALE_AND_OPEN,
    parameters,
    source_parameters,
)
from personalization.pairs import CLUSTER

MOST_GAPS = 20  # named; `number_gaps` counts them all


@dataclass(frozen=True, slots=True)
class LessonFigures:
    """`number_gaps` counts the gaps, `gaps` names the first of them as (first, last) missing number."""

    total: int
    without_transcript: int
    transcript_too_short: int
    without_description: int
    without_assets: int
    working_marks: int
    number_gaps: int
    gaps: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class LearnerFigures:
    """Learners of the course. `missing_texts`: those who could have a text that they do not have."""

    total: int
    without_texts: int
    without_texts_and_answers: int
    without_answers: int
    missing_texts: int


@dataclass(frozen=True, slots=True)
class TextFigures:
    """Texts of the course's lessons. `missing`: could be written, and are not there; `stale`: would be
    written again by a run."""

    total: int
    missing: int
    stale: int
    edited: int


@dataclass(frozen=True, slots=True)
class CourseStatus:
    slug: str
    title: str
    lessons: LessonFigures
    learners: LearnerFigures
    texts: TextFigures


LESSONS_COUNTED = f"""
    SELECT count(*), {", ".join(f"count(*) FILTER (WHERE {sql})" for sql in LESSONS.values())},
           array_agg(lesson.title) FILTER (WHERE lesson.title ~ %(marks)s)
    FROM lessons lesson WHERE lesson.course_id = %(course)s"""  # noqa: S608 constants of ours

GAPS = """
    SELECT previous + 1, lesson_number - 1 FROM (
        SELECT lesson_number, greatest(lag(lesson_number) OVER (ORDER BY lesson_number), 0) AS previous
        FROM lessons WHERE course_id = %(course)s) numbered
    WHERE lesson_number > previous + 1 ORDER BY lesson_number LIMIT %(most)s"""

# Lessons and learners are looked at once each, not once for every text. The names are those of pairs.STALE.
LEARNERS_COUNTED = f"""
    WITH course AS (
        SELECT * FROM courses WHERE id = %(course)s
    ), lesson AS MATERIALIZED (
        SELECT id, source_hash, {HAS_SOURCE} AS has_source FROM lessons lesson WHERE course_id = %(course)s
    ), profile AS MATERIALIZED (
        SELECT id, answers_hash, {HAS_ANSWERED} AS answered FROM profiles profile
        WHERE course_slug = (SELECT slug FROM course)
    ), counted AS (
        SELECT profile.id, count(*) AS texts, count(text.edited_at) AS edited,
               count(*) FILTER (WHERE profile.id IS NOT NULL AND {STALE_AND_OPEN}) AS stale,
               count(*) FILTER (WHERE lesson.has_source) AS possible
        FROM personalized_lesson_descriptions text
        JOIN lesson ON lesson.id = text.lesson_id CROSS JOIN course
        LEFT JOIN profile ON profile.id = text.profile_id
        {CLUSTER}
        GROUP BY profile.id
    ), learner AS (
        SELECT answered, coalesce(texts, 0) = 0 AS without,
               CASE WHEN answered THEN (SELECT count(*) FROM lesson WHERE has_source) - coalesce(possible, 0)
                    ELSE 0 END AS missing
        FROM profile LEFT JOIN counted USING (id)
    ), text AS (
        SELECT coalesce(sum(texts), 0)::bigint AS total, coalesce(sum(stale), 0)::bigint AS stale,
               coalesce(sum(edited), 0)::bigint AS edited FROM counted
    )
    SELECT count(*), count(*) FILTER (WHERE without), count(*) FILTER (WHERE without AND NOT answered),
           count(*) FILTER (WHERE NOT answered), count(*) FILTER (WHERE missing > 0),
           (SELECT total FROM text), coalesce(sum(missing), 0)::bigint, (SELECT stale FROM text),
           (SELECT edited FROM text)
    FROM learner"""  # noqa: S608 constants of ours


def course_status(course: Course) -> CourseStatus:
    """Six statements; `course` needs no more than its id, slug and title."""
    learners, texts = learner_figures(course.pk)
    return CourseStatus(course.slug, course.title, lesson_figures(course.pk), learners, texts)


def lesson_figures(course: UUID) -> LessonFigures:
    """Two statements."""
    values = {**source_parameters(course), "most": MOST_GAPS}
    with connection.cursor() as cursor:
        cursor.execute(LESSONS_COUNTED, values)
        total, *counts, titles = cursor.fetchone()
        cursor.execute(GAPS, values)
        gaps = tuple((first, last) for first, last in cursor.fetchall())
    counted = dict(zip(LESSONS, counts, strict=True))
    return LessonFigures(
        total=total,
        without_transcript=counted["transcript"],
        transcript_too_short=counted["short"],
        without_description=counted["description"],
        without_assets=counted["assets"],
        working_marks=sum(map(has_working_marks, titles or [])),
        number_gaps=counted["gap"],
        gaps=gaps,
    )


def learner_figures(course: UUID) -> tuple[LearnerFigures, TextFigures]:
    """Three statements: the live prompts, by whose words texts are fresh, the contact keys, and the figures.

    These look at every text of the course: 500,000 take a second and more.
    """
    row = _row(LEARNERS_COUNTED, parameters(course))
    return LearnerFigures(*row[:5]), TextFigures(*row[5:])


def pair_count(course: UUID, slug: str) -> int:
    """How many learner × lesson pairs there are: what the learners' figures cost goes with it."""
    sql = """SELECT (SELECT count(*) FROM lessons WHERE course_id = %(course)s)
                  * (SELECT count(*) FROM profiles WHERE course_slug = %(slug)s)"""
    pairs: int = _row(sql, {"course": course, "slug": slug})[0]
    return pairs


def _row(sql: str, values: dict[str, Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] = cursor.fetchone()
    return row
