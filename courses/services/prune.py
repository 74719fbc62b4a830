"""What the database holds of a course and the staged store does not: counted, and deleted."""

from typing import LiteralString

from django.db import connection
from psycopg.sql import SQL

from courses.course_folder.report import Counts

# Of lessons, descriptions and assets of the course %(course)s. What hangs on a lesson goes with it.
LEAVING_LESSONS: LiteralString = """
    SELECT l.id, l.lesson_number FROM lessons l JOIN courses c ON c.id = l.course_id
    WHERE c.slug = %(course)s AND NOT EXISTS (SELECT FROM staged_lessons s WHERE s.id = l.id)
"""
_LEAVING: dict[str, LiteralString] = {
    "lesson_assets": """
        SELECT a.id FROM lesson_assets a JOIN lessons l ON l.id = a.lesson_id
        JOIN courses c ON c.id = l.course_id
        WHERE c.slug = %(course)s AND NOT EXISTS (
            SELECT FROM staged_assets s
            WHERE (s.lesson_id, s.asset_type, s.url) = (a.lesson_id, a.asset_type, a.url)
        )
    """,
    "lesson_descriptions": """
        SELECT d.id FROM lesson_descriptions d JOIN lessons l ON l.id = d.lesson_id
        JOIN courses c ON c.id = l.course_id
        WHERE c.slug = %(course)s
          AND NOT EXISTS (SELECT FROM staged_descriptions s WHERE s.lesson_id = d.lesson_id)
    """,
    "lessons": LEAVING_LESSONS,
}


def leaving_lessons(course: str) -> list[int]:
    """The numbers of the lessons that would be deleted, in order."""
    with connection.cursor() as cursor:
        cursor.execute(SQL(LEAVING_LESSONS), {"course": course})
        return sorted(number for _, number in cursor.fetchall())


def leaving_rows(course: str) -> dict[str, Counts]:
    """How many rows would be deleted, by table. Changes nothing."""
    counts = {}
    with connection.cursor() as cursor:
        for table, rows in _LEAVING.items():
            cursor.execute(SQL("SELECT count(*) FROM ({}) leaving").format(SQL(rows)), {"course": course})
            counts[table] = Counts(deleted=(cursor.fetchone() or (0,))[0])
    return counts


def lock_leaving_lessons(course: str) -> None:
    """Until the end of the transaction nobody hangs anything on the lessons that are to be deleted."""
    with connection.cursor() as cursor:
        cursor.execute(
            SQL("{} ORDER BY l.id FOR UPDATE OF l").format(SQL(LEAVING_LESSONS)), {"course": course}
        )


def delete_leaving(course: str) -> None:
    """Deletes inside the caller's transaction; the lessons last, and with them what hangs on them."""
    with connection.cursor() as cursor:
        for table, rows in _LEAVING.items():
            statement = SQL("DELETE FROM {} WHERE id IN (SELECT id FROM ({}) leaving)").format(
                SQL(table), SQL(rows)
            )
            cursor.execute(statement, {"course": course})
