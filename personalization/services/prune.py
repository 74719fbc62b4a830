"""What learners have that hangs on lessons which an import is to delete."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from psycopg.sql import SQL, Identifier

from courses.course_folder.report import Counts
from courses.services.prune import LEAVING_LESSONS

_TEXTS = """
    SELECT lesson_number, coalesce(t.origin, 'unknown'), t.edited_at IS NOT NULL, count(*)
    FROM ({}) leaving JOIN personalized_lesson_descriptions t ON t.lesson_id = leaving.id
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""

_RESULTS = "SELECT count(*) FROM ({}) leaving JOIN {} r ON r.lesson_id = leaving.id"
RESULT_TABLES = ("lesson_feedback", "quiz_results")


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


def leaving_results(course: str) -> dict[str, Counts]:
    """How much feedback and how many quiz results would go, by table; a table without any is left out."""
    counts = {}
    with connection.cursor() as cursor:
        for table in RESULT_TABLES:
            statement = SQL(_RESULTS).format(SQL(LEAVING_LESSONS), Identifier(table))
            cursor.execute(statement, {"course": course})
            counts[table] = Counts(deleted=(cursor.fetchone() or (0,))[0])
    return {table: count for table, count in counts.items() if count.deleted}
