"""python -m benchmarks.results: feedback from a CSV file, clusters for many learners, and their lists.

A file of 100,000 rows of 20,000 learners is imported, which calculates their clusters too, beside a COPY of
the same rows, ready made, into the same table; then all clusters are calculated, and the lists are asked for
at a million pieces of feedback. Medians of three; exits 1 when a promise does not hold.
"""

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from rich.console import Console
from rich.table import Table

from benchmarks import scratch  # sets Django up; must stay first
from benchmarks.sql_time import sql_milliseconds
from courses.models import Course
from personalization.services.clusters import recalculate_all
from personalization.services.results import import_feedback

ROUNDS = 3
LEARNERS, LESSONS, ROWS, IN_LISTS = 20_000, 50, 100_000, 1_000_000
LEAST_OF_COPY = 0.1
LEAST_LEARNERS_A_SECOND = 1_000
MOST_LIST_MILLISECONDS = 50
LISTS: dict[str, dict[str, str]] = {
    "lessonfeedback": {},
    "lessonfeedback, too basic": {"issue__exact": "too_basic"},
    "usercluster": {},
    "usercluster, visual and advanced": {"cluster_type__exact": "visual_advanced"},
}

MAKE_LESSONS = """
    INSERT INTO lessons (course_id, lesson_number, title)
    SELECT %(course)s, number, 'Lesson ' || number FROM generate_series(1, %(lessons)s) number"""
MAKE_LEARNERS = """
    INSERT INTO profiles (user_identifier, name, course_slug, survey)
    SELECT 'u-' || number, 'Nina', 'large', jsonb_build_object('technical_depth', number %% 101,
        'learning_style', (ARRAY['Visual', 'Auditory', 'Kinesthetic'])[1 + number %% 3])
    FROM generate_series(0, %(learners)s - 1) number"""
MAKE_FEEDBACK = """
    INSERT INTO lesson_feedback (profile_id, lesson_id, rating, issue, created_at)
    SELECT profile.id, lesson.id, 1 + number %% 5, (ARRAY['', 'too_technical', 'too_basic'])[1 + number %% 3],
           timestamptz '2025-01-01' + number * interval '1 minute'
    FROM (SELECT id, row_number() OVER () AS place FROM profiles) profile
    JOIN generate_series(0, %(rows)s - 1) number ON number %% %(learners)s + 1 = profile.place
    JOIN lessons lesson ON lesson.lesson_number = 1 + number %% %(lessons)s"""


def main() -> int:
    scratch.no_options(__doc__)
    call_command("migrate", verbosity=0)
    course = Course.objects.create(slug="large", title="Large")
    values = {"course": course.pk, "lessons": LESSONS, "learners": LEARNERS, "rows": IN_LISTS}
    _run(MAKE_LESSONS, values)
    _run(MAKE_LEARNERS, values)
    data = _file()
    imported = statistics.median(_imported(data, anew=True) for _ in range(ROUNDS))
    copied = statistics.median(_copied(_exported()) for _ in range(ROUNDS))
    again = _imported(data, anew=False)
    calculated = statistics.median(_timed(recalculate_all) for _ in range(ROUNDS))
    _run("TRUNCATE lesson_feedback", {})
    _run(MAKE_FEEDBACK, values)
    _run("VACUUM ANALYZE", {})
    lists = _lists()
    figures = {
        f"import of {ROWS:,} rows, share of COPY": (copied / imported, LEAST_OF_COPY),
        "learners a second": (LEARNERS / calculated, LEAST_LEARNERS_A_SECOND),
        **{f"list: {name}, ms": (-taken, -MOST_LIST_MILLISECONDS) for name, taken in lists.items()},
    }
    _print(figures, f"COPY {copied:.2f} s, import {imported:.2f} s, the same file again {again:.2f} s")
    broken = [name for name, (found, promised) in figures.items() if found < promised]
    for name in broken:
        print(f"BROKEN: {name}", file=sys.stderr)
    return 1 if broken else 0


def _file() -> bytes:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    rows = (
        f"u-{number % LEARNERS},{1 + number % LESSONS},{1 + number % 5},"
        f"{('', 'too_technical', 'too_basic')[number % 3]},{begin + timedelta(minutes=number)}\n"
        for number in range(ROWS)
    )
    return ("user_identifier,lesson,rating,issue,created_at\n" + "".join(rows)).encode()


def _exported() -> list[bytes]:
    with connection.cursor() as cursor, cursor.copy("COPY lesson_feedback TO STDOUT") as rows:
        return [bytes(row) for row in rows]


def _copied(rows: list[bytes]) -> float:
    """Seconds for the rows with their keys found: the limit beside it."""
    _run("TRUNCATE lesson_feedback", {})

    def copy() -> None:
        with connection.cursor() as cursor, cursor.copy("COPY lesson_feedback FROM STDIN") as copying:
            for row in rows:
                copying.write(row)

    return _timed(copy)


def _imported(data: bytes, *, anew: bool) -> float:
    if anew:
        _run("TRUNCATE lesson_feedback", {})
    return _timed(lambda: import_feedback(data=data, file="feedback.csv"))


def _lists() -> dict[str, float]:
    """Milliseconds of SQL of each list page, warm."""
    client = Client(headers={"host": "localhost"})
    client.force_login(get_user_model()._default_manager.create_superuser("benchmark"))
    return {name: _sql_of_list(client, name.split(",")[0], query) for name, query in LISTS.items()}


def _sql_of_list(client: Client, model: str, query: dict[str, str]) -> float:
    address = reverse(f"admin:personalization_{model}_changelist")
    return sql_milliseconds(lambda: client.get(address, query))


def _run(statement: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def _timed(part: Callable[[], object]) -> float:
    began = time.perf_counter()
    part()
    return time.perf_counter() - began


def _print(figures: dict[str, tuple[float, float]], about: str) -> None:
    table = Table("what", "found", "promised")
    for name, (found, promised) in figures.items():
        table.add_row(name, f"{abs(found):,.2f}", f"{'≤' if promised < 0 else '≥'} {abs(promised):,.2f}")
    console = Console()
    console.print(table)
    console.print(about)


if __name__ == "__main__":
    sys.exit(main())
