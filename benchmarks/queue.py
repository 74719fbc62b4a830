"""python -m benchmarks.queue: a run of a million texts is planned, claimed from and looked at.

10,000 learners × 100 lessons are planned by one statement. From what waits then, workers claim; a page asks
for the progress. Each figure stands beside what is promised; exits 1 when one is missed. Needs 1 GB of disk.
"""

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from django.core.management import call_command
from django.db import connection
from rich.console import Console
from rich.table import Table

from benchmarks import scratch  # sets Django up; must stay first
from courses.models import Course
from personalization.models import GenerationItem, GenerationRun
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services import queue
from personalization.services.attempts import Outcome
from personalization.services.runs import start_run
from personalization.services.sweep import sweep

LEARNERS = 10_000
LESSONS = 100
CLAIMS = 300
BATCH = 50

_FILL = """
    INSERT INTO lessons (course_id, lesson_number, title, summary, transcript)
    SELECT %(course)s, n, 'Lesson ' || n, 'What it is about', repeat('Sit down and breathe. ', 300)
    FROM generate_series(1, %(lessons)s) n;
    INSERT INTO profiles (user_identifier, name, course_slug, survey)
    SELECT 'u-' || n, 'Nina', 'benchmark', jsonb_build_object('motivation', 'Reason ' || n)
    FROM generate_series(1, %(learners)s) n
"""


def main() -> int:
    scratch.no_options(__doc__)
    call_command("migrate", verbosity=0)
    course = Course.objects.create(slug="benchmark", title="A course", language="en")
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"course": course.pk, "lessons": LESSONS, "learners": LEARNERS})
        cursor.execute("VACUUM ANALYZE")
    figures = Figures()
    run = figures.plan(f"planning {LEARNERS * LESSONS:,} texts", 1)
    figures.ask(run)
    figures.claim()
    figures.print()
    return 1 if figures.broken else 0


class Figures:
    def __init__(self) -> None:
        self._table = Table("what", "median", "slowest", "promised", title="A run of 1,000,000 texts")
        self.broken = False

    def plan(self, name: str, statements: int) -> GenerationRun:
        counted: list[str] = []

        def count(execute: Any, sql: Any, *rest: Any) -> Any:
            if "generation_items" in str(sql):
                counted.append(str(sql))
            return execute(sql, *rest)

        began = time.perf_counter()
        with connection.execute_wrapper(count):
            started = start_run(selection=Selection(), backend="simple")
        seconds = time.perf_counter() - began
        promised = f"{statements} statement" + ("" if len(counted) == statements else f", not {len(counted)}")
        self.broken |= len(counted) != statements or started.asked != LEARNERS * LESSONS
        self._table.add_row(name, f"{seconds:.1f} s", "", promised)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE generation_items, generation_counts")
        return started.run

    def ask(self, run: GenerationRun) -> None:
        self._time("progress of the run, as its page asks", lambda: progress(run.pk), 20, None)
        self._time("a sweep that finds nothing to do", sweep, 20, None)

    def claim(self) -> None:
        self._time("claiming one", lambda: _claim(1), CLAIMS, 5.0)
        self._time(f"claiming {BATCH}", lambda: _claim(BATCH), CLAIMS, None)
        claims = _claim(BATCH * 40)
        batches = iter([claims[at : at + BATCH] for at in range(0, len(claims), BATCH)])

        def settle() -> None:
            queue.settle([Outcome(claim, "unchanged") for claim in next(batches)])

        self._time(f"settling {BATCH} without a text", settle, 40, None)

    def print(self) -> None:
        queued = GenerationItem.objects.filter(state="queued").count()
        Console().print(self._table)
        print(f"{queued:,} texts were waiting in the end.")

    def _time(self, name: str, work: Callable[[], object], rounds: int, promise: float | None) -> None:
        """`promise`: milliseconds that the median may take."""
        times = []
        for _ in range(rounds):
            began = time.perf_counter()
            work()
            times.append(1000 * (time.perf_counter() - began))
        self.broken |= promise is not None and median(times) >= promise
        promised = f"< {promise:g} ms" if promise else ""
        self._table.add_row(name, f"{median(times):.2f} ms", f"{max(times):.1f} ms", promised)


def _claim(limit: int) -> list[queue.Claim]:
    return queue.claim(limit, worker="benchmark", lease=3600)


if __name__ == "__main__":
    sys.exit(main())
