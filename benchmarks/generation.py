"""python -m benchmarks.generation: how close a worker comes to the endpoint's pace, and what a text costs.

A fake model that answers after a second, and beside it, in turn: bare aiohttp with the same requests (the
limit), a Celery worker on a run of the same texts, and in the end two workers that share a run, one of them
in another working directory, as on another machine. For comparison a few texts one after the other with
pauses, as the old system wrote them. The ideal is what is in flight, divided by the latency.

The fake model, PostgreSQL and a worker are three busy processes: two cores are just enough for 200 texts per
second, when nothing else runs. Exits 1 when a promise is broken.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models import Max
from rich.console import Console

from benchmarks import scratch  # noqa: F401  sets Django up; must stay first
from benchmarks.generating.classroom import briefs, make_classroom
from benchmarks.generating.elsewhere import another_folder
from benchmarks.generating.figures import Figures, Measured
from benchmarks.generating.one_by_one import one_by_one
from benchmarks.generating.processes import cpu_seconds
from persona_site.embedded.valkey import Valkey
from personalization.models import GenerationItem, GenerationRun, PersonalizedLessonDescription
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.runs import start_run
from personalization.writers.facts import Facts
from personalization.writers.openai_requests import Requests
from tests.forked import ROOT
from tests.processes import WorkerProcess, until

LESSONS = 12
OLD_TEXTS = 5
WIDTH = 100
PATIENCE = 1800.0
LOOK = 1.0  # seconds
BARE = Path(__file__).parent / "generating" / "bare.py"


def main() -> int:
    options = _options()
    call_command("migrate", verbosity=0)
    make_classroom(options.texts // LESSONS, LESSONS)
    settings.OPENAI_API_KEY = "fake"
    with _fake_model(options.latency) as base_url, tempfile.NamedTemporaryFile() as bodies:
        texts = _save_bodies(Path(bodies.name))
        environment = _environment(base_url, options.in_flight)
        bare, alone = [], []
        with _workers(environment) as worker:
            for _ in range(options.rounds):
                bare.append(_bare(bodies.name, base_url, options.in_flight, texts))
                alone.append(_run(base_url, worker))
        figures = Figures(
            wanted=texts,
            stored=PersonalizedLessonDescription.objects.count(),
            in_flight=options.in_flight,
            latency=options.latency,
            bare=bare,
            worker=alone,
            shared=_shared_run(base_url, max(1, options.in_flight // 2)),
            one_by_one=OLD_TEXTS / one_by_one(base_url, briefs(OLD_TEXTS)),
        )
    Console(width=WIDTH).print(figures.table())
    broken = figures.broken()
    for promise in broken:
        print(f"BROKEN: {promise}", file=sys.stderr)
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--texts", type=int, default=12_000, help=f"in {LESSONS} lessons (default: 12,000)")
    parser.add_argument("--in-flight", type=int, default=200, help="requests at one moment (default: 200)")
    parser.add_argument("--latency", type=float, default=1.0, help="seconds until an answer (default: 1)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the medians count (default: 3)")
    return parser.parse_args()


@contextmanager
def _fake_model(latency: float) -> Iterator[str]:
    """Its address. A process of its own: in ours it would share a core with what is measured."""
    command = [sys.executable, "manage.py", "fake_model", "--port", "0", "--latency", str(1000 * latency)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield line.strip().partition("=")[2]
        finally:
            process.terminate()
            process.communicate()  # it prints its counters


def _control(base_url: str, path: str, body: bytes | None = None) -> dict[str, Any]:
    request = urllib.request.Request(base_url.removesuffix("/v1") + path, body)  # noqa: S310 ours
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 ours
        found: dict[str, Any] = json.load(answer)
    return found


def _save_bodies(file: Path) -> int:
    """How many requests there are: those that a worker will send, one in each line."""
    requests = Requests(settings.OPENAI_MODEL)
    with file.open("wb") as lines:
        todo = briefs()
        lines.writelines(requests.body(brief, "", Facts()) + b"\n" for _, brief in todo)
    return len(todo)


def _environment(base_url: str, in_flight: int) -> dict[str, str]:
    """Addresses instead of embedded servers, so that a process elsewhere finds them too.

    As in production: with DEBUG Django keeps a copy of every statement.
    """
    Valkey(settings.VAR).ensure()
    database = connection.settings_dict
    return {
        **os.environ,
        "DEBUG": "false",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
        "REDIS_URL": settings.REDIS_URL,
        "OPENAI_API_KEY": "fake",
        "OPENAI_BASE_URL": base_url,
        "GENERATION_CONCURRENCY": str(in_flight),
    }


@contextmanager
def _workers(environment: dict[str, str], elsewhere: Path | None = None) -> Iterator[list[WorkerProcess]]:
    """One worker that is ready; with another folder two, the second at work there."""
    workers = [WorkerProcess(environment)]
    try:
        if elsewhere:
            workers.append(WorkerProcess({**environment, "PERSONA_VAR": str(elsewhere / "var")}, elsewhere))
        until(
            lambda: all(worker.is_ready() for worker in workers), "the workers are ready", patience=PATIENCE
        )
        yield workers
    finally:
        for worker in workers:
            worker.stop()


def _bare(file: str, base_url: str, in_flight: int, texts: int) -> Measured:
    _control(base_url, "/reset", b"")
    command = [sys.executable, str(BARE), file, f"{base_url}/chat/completions", str(in_flight)]
    found = json.loads(subprocess.check_output(command, text=True))  # noqa: S603
    return Measured(texts, found["seconds"], found["cpu"], _control(base_url, "/stats")["requests"])


def _shared_run(base_url: str, in_flight: int) -> Measured:
    """Two workers with so many places each."""
    with another_folder() as folder, _workers(_environment(base_url, in_flight), folder) as workers:
        return _run(base_url, workers)


def _run(base_url: str, workers: list[WorkerProcess]) -> Measured:
    """A run over everything, from its start to its last text."""
    _control(base_url, "/reset", b"")
    pids = [pid for worker in workers for pid in (worker.process.pid, *worker.children())]
    before = cpu_seconds(pids)
    run = start_run(selection=Selection(), backend="openai", force=True).run.pk
    # As seldom as the operator's page: to look takes the database what two texts take, and it is measured.
    until(lambda: progress(run).state == "closed", "the run ends", patience=PATIENCE, every=LOOK)
    cpu = cpu_seconds(pids) - before
    stats = _control(base_url, "/stats")
    return Measured(
        texts=GenerationItem.objects.filter(run_id=run, state="done").count(),
        seconds=_seconds(run),
        cpu=cpu,
        requests=stats["requests"],
        cached=stats["tokens"]["cached"] / max(1, stats["tokens"]["prompt"]),
    )


def _seconds(run: UUID) -> float:
    """By the database's clock, from the start of the run to its last text."""
    began = GenerationRun.objects.get(pk=run).created_at
    ended = GenerationItem.objects.filter(run_id=run).aggregate(last=Max("finished_at"))["last"]
    seconds: float = (ended - began).total_seconds()
    return seconds


if __name__ == "__main__":
    sys.exit(main())
