"""python -m benchmarks.limits: two workers against a provider that limits what it takes in any minute.

The fake model lets 600 requests through in any 60 seconds, wherever they begin, and answers 429 above. Twice:
with the limit in the settings, and with nothing in them, so that the provider's headers must tell it. Then
one that limits tokens, and one during which Redis is killed and comes back. All runs start cold, with the
second worker later than the first. At last what the limiter costs a worker at 200 requests per second. Prints
each figure beside its promise, and exits 1 when one is broken. Takes 15 minutes.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

from django.conf import settings
from django.core.management import call_command
from rich.console import Console
from rich.table import Table

from benchmarks import scratch  # sets Django up; must stay first
from benchmarks.limiting.figures import PROMISED_REFUSALS, PROMISED_SHARE, SAFE_SHARE, Figures, Outage
from benchmarks.limiting.runs import limited_by_requests, limited_by_tokens, redis_away
from persona_site.embedded.valkey import Valkey
from personalization.writers.base import Usage
from personalization.writers.limits.factory import make_limiter
from tests.builders import make_course, make_learner, make_lesson

RPM = 600
MINUTES = 3
LESSONS = 12
TPM, TOKEN_TEXTS = 1_500_000, 1_000  # about two minutes
OUTAGE_TEXTS = RPM * MINUTES
PROMISED_CPU = 0.3
BUSY = 12_000  # requests a minute: 200 a second
BUSY_REQUESTS = 2_000
ROWS: dict[str, tuple[str, Callable[[], Figures]]] = {
    "settings": (
        f"{RPM} requests: the settings say so",
        lambda: limited_by_requests(f"* = {RPM} rpm", RPM, MINUTES),
    ),
    "headers": (
        f"{RPM} requests: only its headers say so",
        lambda: limited_by_requests("", RPM, MINUTES),
    ),
    "tokens": (
        f"{TPM:,} tokens: the settings say so",
        lambda: limited_by_tokens(TPM, TOKEN_TEXTS),
    ),
}
OUTAGE, CPU = "redis", "cpu"
NAMES = (*ROWS, OUTAGE, CPU)
EPILOG = """
examples:
  python -m benchmarks.limits                     all rows
  python -m benchmarks.limits --only tokens cpu   these rows

exit code: 0 every promise is kept, 1 one is broken, 130 stopped with Ctrl-C
"""


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _chosen(arguments)
    call_command("migrate", verbosity=0)
    Valkey(scratch.VAR).ensure()
    settings.OPENAI_API_KEY = "fake"
    course = make_course()
    for number in range(1, LESSONS + 1):
        make_lesson(course, number)
    for _ in range(RPM * MINUTES // LESSONS):
        make_learner(course=course)
    figures = {what: measure() for name, (what, measure) in ROWS.items() if name in chosen}
    outage = redis_away(RPM, OUTAGE_TEXTS) if OUTAGE in chosen else None
    cpu = asyncio.run(_cpu_milliseconds()) if CPU in chosen else None
    _print(figures, outage, cpu)
    broken = [f"{name}: {what}" for name, found in figures.items() for what in found.broken()]
    broken += outage.broken() if outage else []
    if cpu is not None and cpu >= PROMISED_CPU:
        broken.append(f"{cpu:.2f} ms CPU per request")
    for promise in broken:
        print(f"BROKEN: {promise}", file=sys.stderr)
    return 1 if broken else 0


def _chosen(arguments: Sequence[str] | None) -> Sequence[str]:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.limits",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    return parser.parse_args(arguments).only or NAMES


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


def _print(figures: dict[str, Figures], outage: Outage | None, cpu: float | None) -> None:
    title = "Two workers, a provider that lets so much through in any minute"
    table = Table("what is limited", "requests", "seconds", "limit used", "answered 429", title=title)
    for name, found in figures.items():
        shown = (f"{found.requests:,}", f"{found.seconds:.1f}", f"{found.share:.1%}", f"{found.refusals:.2%}")
        table.add_row(name, *shown)
    table.add_row("promised", "", "", f"≥ {PROMISED_SHARE:.0%}", f"< {PROMISED_REFUSALS:.0%}", style="dim")
    if figures:
        Console().print(table)
    if outage:
        print(
            f"Redis away: {outage.away:.1%} of the limit used (promised: {SAFE_SHARE:.0%} to 100%),", end=" "
        )
        print(
            f"{outage.texts} texts written; back: {outage.back:.1%} (promised: ≥ {PROMISED_SHARE:.0%});",
            end=" ",
        )
        print(f"answered 429: {outage.refusals:.2%} (promised: < {PROMISED_REFUSALS:.0%}).")
    if cpu is not None:
        print(f"The limiter costs a worker {cpu:.3f} ms CPU per request at {BUSY // 60} per second", end=" ")
        print(f"(promised: below {PROMISED_CPU} ms).")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(130)
