"""Learners × lessons: what text each pair has. A sample of learners, a page of lessons."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from personalization.course_status.conditions import HAS_ANSWERED, HAS_SOURCE, STALE_AND_OPEN, parameters
from personalization.pairs import PAIRS

MOST_LEARNERS = 200
LESSONS_A_PAGE = 30  # as many columns as a wide screen shows; 200 × 30 cells are 1 MB of HTML

HAS_TEXT = ("current", "stale", "edited")
STATES = (*HAS_TEXT, "none", "impossible")


@dataclass(frozen=True, slots=True)
class Cell:
    """`state` is one of STATES; `text` is there where the state is one of HAS_TEXT."""

    state: str
    text: UUID | None


@dataclass(frozen=True, slots=True)
class HeatMapLesson:
    id: UUID
    number: int
    title: str
    has_source: bool


@dataclass(frozen=True, slots=True)
class HeatMapRow:
    learner: UUID
    identifier: str
    name: str | None
    cells: tuple[Cell, ...]  # one for each lesson of the page

    @property
    def label(self) -> str:
        return f"{self.name} ({self.identifier})" if self.name else self.identifier

    @property
    def texts(self) -> int:
        return sum(cell.text is not None for cell in self.cells)


@dataclass(frozen=True, slots=True)
class HeatMap:
    """`learners` and `lessons` count the whole course; `rows` and `columns` are what is shown of it."""

    learners: int
    lessons: int
    page: int  # from 1
    columns: tuple[HeatMapLesson, ...]
    rows: tuple[HeatMapRow, ...]

    @property
    def pages(self) -> int:
        return max(1, -(-self.lessons // LESSONS_A_PAGE))

    @property
    def column_texts(self) -> list[int]:
        """For each shown lesson, how many of the shown learners have its text."""
        return [
            sum(row.cells[number].text is not None for row in self.rows)
            for number in range(len(self.columns))
        ]


# By identifier, evenly spread: the same at each look, and with someone of every group of learners.
SAMPLE = f"""
    WITH numbered AS (
        SELECT id, row_number() OVER (ORDER BY user_identifier) AS place,
               (SELECT count(*) FROM profiles WHERE course_slug = %(slug)s) AS total
        FROM profiles WHERE course_slug = %(slug)s
    ), sample AS (
        SELECT * FROM numbered WHERE place * %(most)s / total > (place - 1) * %(most)s / total
    )
    SELECT profile.id, profile.user_identifier, profile.name, {HAS_ANSWERED}, sample.total
    FROM sample JOIN profiles profile USING (id) ORDER BY sample.place"""  # noqa: S608 constants of ours

COLUMNS = f"""
    SELECT lesson.id, lesson.lesson_number, lesson.title, {HAS_SOURCE}
    FROM lessons lesson WHERE lesson.course_id = %(course)s
    ORDER BY lesson.lesson_number LIMIT %(most)s OFFSET %(first)s"""  # noqa: S608 constants of ours

TEXTS = f"""
    SELECT profile.id, lesson.id, text.id, text.edited_at IS NOT NULL, coalesce({STALE_AND_OPEN}, false)
    {PAIRS} AND text.id IS NOT NULL"""


def heat_map(course: UUID, slug: str, page: int = 1) -> HeatMap:
    """As many statements, whatever the course's size. A page that is not there is the last one."""
    values = {**parameters(course), "slug": slug}
    lessons = _rows("SELECT count(*) FROM lessons WHERE course_id = %(course)s", values)[0][0]
    page = max(1, min(page, -(-lessons // LESSONS_A_PAGE)))
    learners = _rows(SAMPLE, {**values, "most": MOST_LEARNERS})
    first = (page - 1) * LESSONS_A_PAGE
    columns = tuple(
        HeatMapLesson(*row) for row in _rows(COLUMNS, {**values, "most": LESSONS_A_PAGE, "first": first})
    )
    texts = _texts(values, [learner[0] for learner in learners], columns)
    return HeatMap(
        learners=learners[0][4] if learners else 0,
        lessons=lessons,
        page=page,
        columns=columns,
        rows=tuple(
            HeatMapRow(pk, identifier, name, _cells(pk, answered, columns, texts))
            for pk, identifier, name, answered, _total in learners
        ),
    )


def _texts(
    values: dict[str, Any], learners: list[UUID], columns: Sequence[HeatMapLesson]
) -> dict[tuple[UUID, UUID], Cell]:
    shown = {"profiles": learners, "lessons": [lesson.number for lesson in columns]}
    return {
        (learner, lesson): Cell("edited" if edited else "stale" if stale else "current", text)
        for learner, lesson, text, edited, stale in _rows(TEXTS, {**values, **shown})
    }


def _cells(
    learner: UUID, answered: bool, columns: Sequence[HeatMapLesson], texts: dict[tuple[UUID, UUID], Cell]
) -> tuple[Cell, ...]:
    return tuple(
        texts.get((learner, lesson.id))
        or Cell("none" if answered and lesson.has_source else "impossible", None)
        for lesson in columns
    )


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
