"""python -m benchmarks.renumber: 10,000 lessons with transcripts change places.

Side by side, in turns: one UPDATE of the same rows in a table that is the same but for the unique constraint
(the limit), our service, and (of fewer rows, counted up) a statement for each row as the old system did.
Prints medians and ratios, and exits 1 when the promise is broken.
"""

import sys
import time
from collections.abc import Callable
from random import Random
from statistics import median
from typing import Any
from uuid import UUID

from django.core.management import call_command
from django.db import connection, transaction
from rich.console import Console
from rich.table import Table

from benchmarks import scratch  # sets Django up; must stay first
from courses.models import Course
from courses.services.numbering import moves, read_places, renumber

LESSONS = 10_000
CHARACTERS = 20_000  # of a transcript, Cyrillic
LETTERS = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэф"
SAMPLE = 500  # rows that are written one by one; all of them take half a minute
ROUNDS = 5
PROMISE = 3.5  # times the limit

_FILL = """
    INSERT INTO lessons (course_id, lesson_number, title, summary, transcript)
    SELECT %s, n, 'Урок ' || n, 'О чём урок ' || n, substr(%s, 1 + n * 17 %% 5000, %s)
    FROM generate_series(1, %s) n
"""
_BARE = """
    CREATE TABLE bare (LIKE lessons INCLUDING ALL);
    ALTER TABLE bare DROP CONSTRAINT bare_course_id_lesson_number_key;
    CREATE INDEX ON bare (course_id, lesson_number);
    INSERT INTO bare SELECT * FROM lessons;
"""
_TRIGGERS = """
    SELECT replace(pg_get_triggerdef(oid), ' ON public.lessons', ' ON bare') FROM pg_trigger
    WHERE tgrelid = 'lessons'::regclass AND NOT tgisinternal
"""
_ONE_UPDATE = """
    UPDATE bare SET lesson_number = w.number FROM unnest(%s::uuid[], %s::int[]) AS w (id, number)
    WHERE bare.id = w.id
"""


def main() -> int:
    scratch.no_options(__doc__)
    call_command("migrate", verbosity=0)
    course = Course.objects.create(slug="benchmark", title="Курс")
    random = Random(7)
    spoken = " ".join("".join(random.choices(LETTERS, k=random.randint(2, 9))) for _ in range(CHARACTERS))
    with connection.cursor() as cursor:
        cursor.execute(_FILL, [course.pk, spoken, CHARACTERS, LESSONS])
        cursor.execute(_BARE)
        cursor.execute(_TRIGGERS)
        for (trigger,) in cursor.fetchall():
            cursor.execute(trigger)
    ways: dict[str, Callable[[Course, Random], float]] = {
        "one UPDATE, no unique constraint (the limit)": _limit,
        "renumber: two statements, locked and verified": _ours,
        f"row by row, as the old system ({SAMPLE:,} rows × {LESSONS // SAMPLE})": _row_by_row,
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE lessons, bare")
            times[name].append(way(course, random))
    return _verdict({name: median(taken) for name, taken in times.items()})


def _shuffled(course: Course, random: Random) -> dict[UUID, int]:
    places = read_places(course)
    numbers = [place.number for place in places]
    random.shuffle(numbers)
    return {place.id: number for place, number in zip(places, numbers, strict=True)}


def _limit(course: Course, random: Random) -> float:
    numbers = _shuffled(course, random)
    values: list[Any] = [list(numbers), list(numbers.values())]
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(_ONE_UPDATE, values)
    return time.perf_counter() - began


def _ours(course: Course, random: Random) -> float:
    places, numbers = read_places(course), _shuffled(course, random)
    began = time.perf_counter()
    renumber(course=course, places=places, numbers=numbers)
    return time.perf_counter() - began


def _row_by_row(course: Course, random: Random) -> float:
    """Each lesson steps aside, then each gets its number: two statements and two commits a lesson."""
    changed = moves(read_places(course), _shuffled(course, random))
    aside = [(move.id, -number) for number, move in enumerate(changed, start=1)]
    with transaction.atomic():
        began = time.perf_counter()
        for lesson, number in aside[:SAMPLE]:
            _move(course, lesson, number)
        transaction.set_rollback(True)
        return (time.perf_counter() - began) * 2 * LESSONS / SAMPLE


def _move(course: Course, lesson: UUID, number: int) -> None:
    course.lessons.filter(pk=lesson).update(lesson_number=number)


def _verdict(times: dict[str, float]) -> int:
    limit, ours, _ = times.values()
    title = f"{LESSONS:,} lessons, transcripts of {CHARACTERS:,} characters; medians of {ROUNDS} rounds"
    table = Table("way", "seconds", "times the limit", title=title)
    for name, seconds in times.items():
        table.add_row(name, f"{seconds:.3f}", f"{seconds / limit:.2f}")
    Console().print(table)
    if ours <= PROMISE * limit:
        return 0
    print(f"BROKEN: renumbering takes {ours / limit:.2f} times the limit, at most {PROMISE} are promised")
    return 1


if __name__ == "__main__":
    sys.exit(main())
