"""The personal texts that hang on lessons which an import is to delete."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from psycopg.sql import SQL

from courses.services.prune import LEAVING_LESSONS

_TEXTS = """
    SELECT lesson_number, coalesce(t.origin, 'unknown'), t.edited_at IS NOT NULL, count(*)
    FROM ({}) leaving JOIN personalized_lesson_descriptions t ON t.lesson_id = leaving.id
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class LeavingTexts:
    """`origins`: who wrote how many of them. `edited`: lesson → texts that an editor changed."""

    origins: Mapping[str, int]
    edited: Mapping[int, int]

    @property
    def total(self) -> int:
        return sum(self.origins.values())


def leaving_texts(course: str) -> LeavingTexts:
    """What would be deleted with the lessons of the course that the staged store does not hold."""
    origins: dict[str, int] = {}
    edited: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(SQL(_TEXTS).format(SQL(LEAVING_LESSONS)), {"course": course})
        for lesson, origin, by_editor, count in cursor.fetchall():
            origins[origin] = origins.get(origin, 0) + count
            if by_editor:
                edited[lesson] = edited.get(lesson, 0) + count
    return LeavingTexts(origins, edited)
