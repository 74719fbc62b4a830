"""python -m benchmarks.sample_run: the sample learners, a faulty model, a worker killed in the middle.

A run over all learners of the sample store, each with the lessons of their course, through the fake model
with 10 % failures; a worker is killed with -9 in the middle and another takes over. Prints what became of
every item, and exits 1 when a promise does not hold.
"""

import io
import os
import sys
import time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management import call_command
from django.db.models import Count
from rich.console import Console
from rich.table import Table

from benchmarks import scratch  # sets Django up; must stay first
from personalization.fake_model import RunningFakeModel, running_fake_model
from personalization.models import CallState, GenerationItem, ModelCall, PersonalizedLessonDescription
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.runs import start_run
from tests.processes import WorkerProcess, until

FAULTS = "rate_limit,server_error,cut,broken,bad_json,empty,wrong_keys,wrong_language"
MODEL = {"mode": FAULTS, "fail": 0.1, "latency": 250, "seed": 11, "retry_after": 1}
WORKER = {"GENERATION_CONCURRENCY": "8", "GENERATION_LEASE_SECONDS": "5", "GENERATION_SWEEP_SECONDS": "1"}
KILL_AFTER = 15  # ended items
IN_HAND = 2 * int(WORKER["GENERATION_CONCURRENCY"])  # calls: under way, and answered but not yet written


def main() -> int:
    scratch.no_options(__doc__)
    call_command("migrate", verbosity=0)
    call_command("import_lessons", stdout=io.StringIO())
    PersonalizedLessonDescription.objects.all().delete()  # so that each text counted below is this run's
    settings.OPENAI_API_KEY = "fake"
    with running_fake_model(**MODEL) as model:
        began = time.monotonic()
        run, ended = _play(model)
        seconds = time.monotonic() - began
        figures = _figures(run, ended, model)
    _print(run, figures, seconds)
    broken = _broken_promises(figures)
    for promise in broken:
        print(f"BROKEN: {promise}", file=sys.stderr)
    return 1 if broken else 0


def _play(model: RunningFakeModel) -> tuple[UUID, int]:
    """The run, and how many of its items had ended when the worker was killed."""
    environment = {**os.environ, **WORKER, "OPENAI_API_KEY": "fake", "OPENAI_BASE_URL": model.base_url}
    run = start_run(selection=Selection(), backend="openai").run.pk
    workers = [WorkerProcess(environment)]
    try:
        until(lambda: progress(run).ended >= KILL_AFTER, "the first worker has written some texts")
        workers[0].kill()
        ended = progress(run).ended
        workers.append(WorkerProcess(environment))
        until(lambda: progress(run).state == "closed", "the run ends by itself", patience=120)
    finally:
        for worker in workers:
            worker.stop()
    return run, ended


def _figures(run: UUID, ended: int, model: RunningFakeModel) -> dict[str, int]:
    items = GenerationItem.objects.filter(run_id=run)
    done = set(items.filter(state="done").values_list("profile_id", "lesson_id", "fingerprint"))
    texts = list(PersonalizedLessonDescription.objects.values_list("profile_id", "lesson_id", "fingerprint"))
    stats: dict[str, Any] = dict(model.stats())
    return {
        "items of the run": items.count(),
        "ended when the worker was killed": ended,
        "done": len(done),
        "failed": items.filter(state="failed").count(),
        "failed without a reason": items.filter(state="failed", error_code="").count(),
        "texts stored": len(texts),
        "texts stored that belong to a done item": len(done & set(texts)),
        "requests to the model": stats["requests"],
        "of them answered well": stats["by_mode"].get("ok", 0),
        "calls of which nobody knows": ModelCall.objects.filter(state=CallState.UNKNOWN).count(),
    }


def _broken_promises(figures: dict[str, int]) -> list[str]:
    items, done = figures["items of the run"], figures["done"]
    promises = {
        "every item ends done or failed": done + figures["failed"] == items,
        "every failure has its reason": figures["failed without a reason"] == 0,
        "each done text is stored once": done
        == figures["texts stored"]
        == figures["texts stored that belong to a done item"],
        "the kill came in the middle": 0 < figures["ended when the worker was killed"] < items,
        "no answer is paid twice but those of the killed worker": figures["of them answered well"]
        <= done + figures["calls of which nobody knows"],
        "the killed worker had no more than it may have": figures["calls of which nobody knows"] <= IN_HAND,
    }
    return [promise for promise, kept in promises.items() if not kept]


def _print(run: UUID, figures: dict[str, int], seconds: float) -> None:
    table = Table("figure", "count", title=f"Sample run, 10 % failures, one kill -9: {seconds:.1f} s")
    for name, figure in figures.items():
        table.add_row(name, f"{figure:,}")
    retried = GenerationItem.objects.filter(run_id=run).values("attempts").annotate(count=Count("id"))
    for row in retried.order_by("attempts"):
        table.add_row(f"items that took {row['attempts']} attempts", f"{row['count']:,}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
