"""Rows of a CSV file beside their table: learners and lessons found, problems told, written at once."""

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _
from psycopg.sql import SQL, Composed, Identifier

from courses.course_folder.report import Counts
from courses.services.staging import Staged, Upsert, names
from personalization.result_files.table import Findings

STAGED = "staged_results"
_WHO_AND_WHERE: dict[str, LiteralString] = {
    "line": "integer",
    "user_identifier": "text",
    "lesson_id": "uuid",
    "course": "text",
    "lesson_number": "integer",
    "created_at": "timestamptz",
}
# A lesson is meant by its id, or by its number in the named course, else in the learner's own.
_FOUND: LiteralString = """
    SELECT s.line, s.lesson_id AS said_id, coalesce(s.course, p.course_slug) AS course_slug,
           c.id AS course_id, p.id AS profile_id, coalesce(by_id.id, by_number.id) AS lesson_id,
           s.created_at, {values}
    FROM staged_results s
    LEFT JOIN profiles p ON p.user_identifier = s.user_identifier
    LEFT JOIN lessons by_id ON by_id.id = s.lesson_id
    LEFT JOIN courses c ON s.lesson_id IS NULL AND c.slug = coalesce(s.course, p.course_slug)
    LEFT JOIN lessons by_number ON by_number.course_id = c.id AND by_number.lesson_number = s.lesson_number
"""
_UNKNOWN = """
    SELECT line, 'learner', 0
    FROM found_results WHERE profile_id IS NULL
    UNION ALL
    SELECT line, CASE WHEN said_id IS NOT NULL THEN 'lesson_id' WHEN course_slug IS NULL THEN 'no_course'
                      WHEN course_id IS NULL THEN 'course' ELSE 'lesson' END, 0
    FROM found_results WHERE lesson_id IS NULL AND (profile_id IS NOT NULL OR course_slug IS NOT NULL
                                                    OR said_id IS NOT NULL)
    UNION ALL
    SELECT line, 'twice', first FROM ({twice}) twice WHERE told <> first_told
"""
_TWICE: LiteralString = """
    SELECT line, row({values}) AS told, first_value(line) OVER same AS first,
           first_value(row({values})) OVER same AS first_told
    FROM found_results WHERE profile_id IS NOT NULL AND lesson_id IS NOT NULL
    WINDOW same AS (PARTITION BY profile_id, lesson_id, created_at ORDER BY line)
"""
# As for personal texts: each insert locks its lesson against deletion and another number, in one order.
_LOCK_LESSONS = """
    SELECT FROM lessons WHERE id IN (SELECT lesson_id FROM found_results) ORDER BY id FOR KEY SHARE
"""


@dataclass(frozen=True, slots=True)
class Target:
    """A table of results. `values`: the columns that say something, and their types."""

    table: str
    values: dict[str, LiteralString]

    @property
    def staged(self) -> Staged:
        return Staged(STAGED, _WHO_AND_WHERE | self.values)


def find(target: Target) -> None:
    """Learner and lesson of each staged row, in a table of its own until the transaction ends."""
    found = SQL(_FOUND).format(values=names(target.values))
    with connection.cursor() as cursor:
        cursor.execute(SQL("ANALYZE {}").format(Identifier(STAGED)))
        cursor.execute("DROP TABLE IF EXISTS pg_temp.found_results")
        cursor.execute(SQL("CREATE TEMPORARY TABLE found_results ON COMMIT DROP AS {}").format(found))
        cursor.execute("ANALYZE found_results")


def find_problems(target: Target, findings: Findings, most: int) -> None:
    """Tells the findings of what the database knows nothing of, and of what stands there in two ways."""
    twice = SQL(_TWICE).format(values=names(target.values))
    statement: Composed = SQL("SELECT * FROM ({}) told (line, problem, other) ORDER BY line LIMIT %s").format(
        SQL(_UNKNOWN).format(twice=twice)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [most])
        for line, problem, other in cursor.fetchall():
            column, message = _words()[problem]
            findings.problem(line, message.format(line=other), column)


def _words() -> dict[str, tuple[str, str]]:
    """Problem → column and message."""
    return {
        "learner": ("user_identifier", _("there is no learner with this identifier")),
        "lesson_id": ("lesson_id", _("there is no lesson with this id")),
        "no_course": ("lesson", _("the learner has no course: name one in the column course")),
        "course": ("course", _("there is no course with this slug")),
        "lesson": ("lesson", _("the course has no lesson with this number")),
        "twice": (
            "created_at",
            _("line {line} says something else about the same learner, lesson and moment: keep one"),
        ),
    }


def write(target: Target) -> Counts:
    """Inserts what is new, updates what differs; what was done."""
    columns = ", ".join(target.values)
    upsert = Upsert(
        target.table,
        f"SELECT DISTINCT profile_id, lesson_id, created_at, {columns} FROM found_results",  # noqa: S608 ours
        key=("profile_id", "lesson_id", "created_at"),
        values=tuple(target.values),
    )
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_LESSONS)
    counts = upsert.count()
    if counts.changed:
        upsert.write()
    return counts


def learners() -> list[UUID]:
    """Of whom the staged rows tell something."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT profile_id FROM found_results")
        return [profile for (profile,) in cursor.fetchall()]
