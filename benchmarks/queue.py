"""python -m benchmarks.queue: a run of a million texts is counted, planned, claimed from and looked at.

10,000 learners × 100 lessons are counted and priced as before a start, and planned by one statement. From
what waits then, workers claim; pages ask for the progress. Each figure stands beside what is promised; exits
1 when one is missed. Needs 1 GB of disk.
"""

import argparse
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from rich.console import Console
from rich.table import Table

from benchmarks import scratch  # noqa: F401  sets Django up; must stay first
from benchmarks.sql_time import sql_milliseconds
from courses.models import Course
from personalization.costs.estimate import estimate
from personalization.models import GenerationItem, GenerationRun
from personalization.pairs import Selection
from personalization.queries import preview, progress
from personalization.services import queue
from personalization.services.attempts import Outcome
from personalization.services.runs import start_run
from personalization.services.sweep import sweep

LEARNERS = 10_000
LESSONS = 100
CLAIMS = 300
BATCH = 50
# Milliseconds. What a page, and a sweep every few seconds, asks must not grow with the run; what is counted
# and priced before a start looks at every pair, as planning does.
PAGE, SWEEP, CLAIM = 50.0, 50.0, 5.0
PREVIEW_SHARE = 1.0  # of the time that planning took

_FILL = """
    INSERT INTO lessons (course_id, lesson_number, title, summary, transcript)
    SELECT %(course)s, n, 'Lesson ' || n, 'What it is about', repeat('Sit down and breathe. ', 300)
    FROM generate_series(1, %(lessons)s) n;
    INSERT INTO profiles (user_identifier, name, course_slug, survey)
    SELECT 'u-' || n, 'Nina', 'benchmark', jsonb_build_object('motivation', 'Reason ' || n)
    FROM generate_series(1, %(learners)s) n
"""


def main() -> int:
    learners = _learners()
    call_command("migrate", verbosity=0)
    course = Course.objects.create(slug="benchmark", title="A course", language="en")
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"course": course.pk, "lessons": LESSONS, "learners": learners})
        cursor.execute("VACUUM ANALYZE")
    figures = Figures(learners * LESSONS)
    run = figures.plan()
    figures.ask(run)
    figures.claim()
    figures.print()
    return 1 if figures.broken else 0


def _learners() -> int:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument(
        "--learners", type=int, default=LEARNERS, metavar="N", help=f"instead of {LEARNERS:,}"
    )
    learners: int = parser.parse_args().learners
    return learners


class Figures:
    def __init__(self, texts: int) -> None:
        self._texts = texts
        self._table = Table("what", "median", "slowest", "promised", title=f"A run of {texts:,} texts")
        self.broken = False

    def plan(self) -> GenerationRun:
        counting = time.perf_counter()
        estimate(preview(Selection(), "openai").sizes, "openai")
        counting = time.perf_counter() - counting
        counted: list[str] = []

        def count(execute: Any, sql: Any, *rest: Any) -> Any:
            if "generation_items" in str(sql):
                counted.append(str(sql))
            return execute(sql, *rest)

        began = time.perf_counter()
        with connection.execute_wrapper(count):
            started = start_run(selection=Selection(), backend="simple")
        seconds = time.perf_counter() - began
        promised = "1 statement" + ("" if len(counted) == 1 else f", not {len(counted)}")
        self.broken |= len(counted) != 1 or started.asked != self._texts
        self.broken |= counting > PREVIEW_SHARE * seconds
        self._table.add_row("counting and pricing them", f"{counting:.1f} s", "", "≤ the time of planning")
        self._table.add_row("planning them", f"{seconds:.1f} s", "", promised)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE generation_items, generation_counts")
        return started.run

    def ask(self, run: GenerationRun) -> None:
        self._time("progress of the run", lambda: progress(run.pk), 20, PAGE)
        client = Client(headers={"host": "localhost"})
        client.force_login(get_user_model()._default_manager.create_superuser("benchmark"))
        admin = "admin:personalization_generationrun_"
        self._page(client, "the run's page", reverse(f"{admin}change", args=[run.pk]))
        self._page(client, "its progress, read every second", reverse(f"{admin}progress", args=[run.pk]))
        self._page(client, "the list of runs", reverse(f"{admin}changelist"))
        self._time("a sweep that finds nothing to do", sweep, 20, SWEEP)

    def claim(self) -> None:
        settings.DEBUG = False  # as in production: with it Django puts each statement together once more
        self._time("claiming one", lambda: _claim(1), CLAIMS, CLAIM)
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

    def _page(self, client: Client, name: str, address: str) -> None:
        answer = client.get(address)
        taken = sql_milliseconds(lambda: client.get(address))
        self.broken |= taken >= PAGE or answer.status_code != 200
        self._table.add_row(name, f"{taken:.2f} ms", "", f"< {PAGE:g} ms of SQL")

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
