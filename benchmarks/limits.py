"""python -m benchmarks.limits: two workers against a provider that allows 600 requests in any minute.

The fake model lets 600 requests through in any 60 seconds, wherever they begin, and answers 429 above. Twice:
with the limit in the settings, and with nothing in them, so that the provider's headers must tell it. Both
runs start cold, with the second worker later than the first. Then what the limiter costs a worker at 200
requests per second. Prints each figure beside its promise, and exits 1 when one is broken. Takes 8 minutes.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from rich.console import Console
from rich.table import Table

from benchmarks import scratch  # sets Django up; must stay first
from persona_site.embedded.valkey import Valkey
from personalization.fake_model import RunningFakeModel, running_fake_model
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.runs import start_run
from personalization.writers.base import Usage
from personalization.writers.limits.factory import make_limiter
from tests.builders import make_course, make_learner, make_lesson
from tests.processes import WorkerProcess, until

RPM = 600
MINUTES = 3
LESSONS = 12
PROVIDER = {"rpm": RPM, "tpm": 10_000_000, "latency": 1_000, "jitter": 300}
PROMISED_SHARE, PROMISED_REFUSALS, PROMISED_CPU = 0.98, 0.01, 0.3
CASES = {"the settings say 600": f"* = {RPM} rpm", "only the provider's headers say it": ""}
BUSY = 12_000  # requests a minute: 200 a second
BUSY_REQUESTS = 2_000


@dataclass(frozen=True, slots=True)
class Figures:
    requests: int
    answered: int
    seconds: float  # from the first request to the last one let through

    @property
    def share(self) -> float:
        """Of what the provider would have let through in this time; the last one ends it."""
        return (self.answered - 1) / (self.seconds * RPM / 60)

    @property
    def refusals(self) -> float:
        return 1 - self.answered / self.requests


def main() -> int:
    scratch.no_options(__doc__)
    call_command("migrate", verbosity=0)
    Valkey(settings.VAR).ensure()
    settings.OPENAI_API_KEY = "fake"
    course = make_course()
    for number in range(1, LESSONS + 1):
        make_lesson(course, number)
    for _ in range(RPM * MINUTES // LESSONS):
        make_learner(course=course)
    figures = {name: _run(limits) for name, limits in CASES.items()}
    cpu = asyncio.run(_cpu_milliseconds())
    _print(figures, cpu)
    broken = [
        f"{name}: {what}"
        for name, found in figures.items()
        for what, kept in {
            f"{found.share:.1%} of the limit used": found.share >= PROMISED_SHARE,
            f"{found.refusals:.2%} refused": found.refusals < PROMISED_REFUSALS,
        }.items()
        if not kept
    ]
    if cpu >= PROMISED_CPU:
        broken.append(f"{cpu:.2f} ms CPU per request")
    for promise in broken:
        print(f"BROKEN: {promise}", file=sys.stderr)
    return 1 if broken else 0


def _run(limits: str) -> Figures:
    with running_fake_model(**PROVIDER) as model:
        environment = {
            **os.environ,
            "OPENAI_API_KEY": "fake",
            "OPENAI_BASE_URL": model.base_url,
            "MODEL_LIMITS": limits,
        }
        run = start_run(selection=Selection(), backend="openai", force=True).run.pk
        workers = [WorkerProcess(environment)]
        try:
            until(
                lambda: model.stats()["requests"] > 0,
                "the first worker sends its first request",
                patience=300,
            )
            began = time.monotonic()
            workers.append(WorkerProcess(environment))
            return _watched(run, model, began)
        finally:
            for worker in workers:
                worker.stop()


def _watched(run: UUID, model: RunningFakeModel, began: float) -> Figures:
    """Looks at the endpoint's counters until the run is over: what was refused is no progress."""
    answered, last = 0, began

    def over() -> bool:
        nonlocal answered, last
        now = time.monotonic()
        stats = model.stats()
        let_through = stats["requests"] - stats["by_status"].get("429", 0)
        if let_through > answered:
            answered, last = let_through, now
        return answered >= RPM * MINUTES and progress(run).state == "closed"

    until(over, "the run ends by itself", patience=60 * MINUTES * 3)
    connection.close()
    return Figures(model.stats()["requests"], answered, last - began)


async def _cpu_milliseconds() -> float:
    """What a request costs more with the limiter than without, at 200 per second."""
    settings.MODEL_LIMITS = f"* = {BUSY} rpm, 100m tpm"
    limiter = make_limiter("busy")
    headers = {
        "x-ratelimit-limit-requests": "15000",
        "x-ratelimit-remaining-requests": "14990",
        "x-ratelimit-reset-requests": "59.5s",
        "x-request-id": "1",
        "content-type": "application/json",
    }

    async def limited() -> None:
        await limiter.acquire(6_000)
        await asyncio.sleep(0.5)
        limiter.observe(headers, 200, Usage(5_000, 4_000, 500))

    async def unlimited() -> None:
        await asyncio.sleep(0.5)

    with_limiter = await _cpu_of(limited)
    without = await _cpu_of(unlimited)
    await limiter.close()
    return (with_limiter - without) / BUSY_REQUESTS * 1_000


async def _cpu_of(request: Callable[[], Awaitable[None]]) -> float:
    began, cpu = time.monotonic(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for number in range(BUSY_REQUESTS):
            group.create_task(_run_one(request))
            await asyncio.sleep(max(0.0, began + number * 60 / BUSY - time.monotonic()))
    return time.process_time() - cpu


async def _run_one(request: Callable[[], Awaitable[None]]) -> None:
    await request()


def _print(figures: dict[str, Figures], cpu: float) -> None:
    title = f"Two workers, a provider that lets {RPM} requests through in any minute"
    table = Table("what the limiter knows", "requests", "seconds", "limit used", "answered 429", title=title)
    for name, found in figures.items():
        shown = (f"{found.requests:,}", f"{found.seconds:.1f}", f"{found.share:.1%}", f"{found.refusals:.2%}")
        table.add_row(name, *shown)
    table.add_row("promised", "", "", f"≥ {PROMISED_SHARE:.0%}", f"< {PROMISED_REFUSALS:.0%}", style="dim")
    Console().print(table)
    print(f"The limiter costs a worker {cpu:.3f} ms CPU per request at {BUSY // 60} per second", end=" ")
    print(f"(promised: below {PROMISED_CPU} ms).")


if __name__ == "__main__":
    sys.exit(main())
