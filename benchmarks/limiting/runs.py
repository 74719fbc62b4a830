"""Runs of two workers against an endpoint that limits. Import `benchmarks.scratch` before this."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from signal import SIGKILL
from uuid import UUID

from django.conf import settings
from django.db import connection

from benchmarks.faulting.servers import crash
from benchmarks.limiting.figures import Figures, Outage, Seen, rate, refusals
from persona_site.embedded.valkey import Valkey
from personalization.fake_model import RunningFakeModel, running_fake_model
from personalization.fake_model.chat_request import read_request
from personalization.models import GenerationRun
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.runs import cancel_run, start_run
from tests.processes import WorkerProcess, until

PACE = {"latency": 1_000, "jitter": 300}
AWAY_SECONDS, BACK_SECONDS = 30.0, 30.0
TURN = 5.0  # seconds until all workers have noticed that Redis is away
# Likewise, that it is back: for a second one may share the whole limit while another still keeps to its own
# part. A request that is refused then slows all of them for a minute.
RETURN = 66.0


@dataclass(frozen=True, slots=True)
class Running:
    """A run that two workers write, the second of them later; `began`: at the first one's first request."""

    run: UUID
    model: RunningFakeModel
    began: float

    def look(self) -> Seen:
        stats = self.model.stats()
        answered = stats["requests"] - stats["by_status"].get("429", 0)
        return Seen(time.monotonic(), stats["requests"], answered)

    def watch(self, seconds: float) -> list[Seen]:
        """Looks all the time."""
        seen = [self.look()]

        def over() -> bool:
            seen.append(self.look())
            return seen[-1].at - seen[0].at >= seconds

        until(over, "the time is over", patience=2 * seconds)
        return seen


@contextmanager
def running(limits: str, provider: dict[str, int], most: int, **variables: str) -> Iterator[Running]:
    """`most`: so many texts are written. `provider`: what it allows in any minute."""
    with running_fake_model(**PACE, **provider) as model:
        environment = {
            **os.environ,
            "OPENAI_API_KEY": "fake",
            "OPENAI_BASE_URL": model.base_url,
            "MODEL_LIMITS": limits,
            **variables,
        }
        run = start_run(selection=Selection(limit=most), backend="openai", force=True).run.pk
        workers = [WorkerProcess(environment)]
        try:
            until(
                lambda: model.stats()["requests"] > 0,
                "the first worker sends its first request",
                patience=300,
            )
            began = time.monotonic()
            workers.append(WorkerProcess(environment))
            yield Running(run, model, began)
        finally:
            for worker in workers:
                worker.stop()


def limited_by_requests(limits: str, rpm: int, minutes: int) -> Figures:
    most = rpm * minutes
    with running(limits, {"rpm": rpm, "tpm": 10_000_000}, most) as begun:
        return _until_over(begun, most, rpm)


def limited_by_tokens(tpm: int, most: int) -> Figures:
    """The provider counts a request's tokens when it comes: the prompt, and the longest answer it allows."""
    with running(f"* = {tpm} tpm", {"tpm": tpm, "record": True}, most) as begun:
        found = _until_over(begun, most, tpm)
        bodies = [request.partition(b"\r\n\r\n")[2] for request in begun.model.traffic()]
    each = sum(read_request(body).tokens() for body in bodies) / len(bodies)
    return Figures(found.requests, found.answered, found.seconds, tpm, each)


def _until_over(begun: Running, most: int, limit: float) -> Figures:
    """Looks at the endpoint's counters until the run is over: what was refused is no progress."""
    last = Seen(begun.began, 0, 0)

    def over() -> bool:
        nonlocal last
        now = begun.look()
        last = now if now.answered > last.answered else last
        return last.answered >= most and progress(begun.run).state == "closed"

    until(over, "the run ends by itself", patience=1_800)
    connection.close()
    return Figures(begun.look().requests, last.answered, last.at - begun.began, limit)


def redis_away(rpm: int, most: int) -> Outage:
    """Redis is killed in the middle, and comes back. Its address is named, or workers would start it anew."""
    valkey = Valkey(settings.VAR)
    with running(f"* = {rpm} rpm", {"rpm": rpm}, most, REDIS_URL=valkey.broker_url) as begun:
        begun.watch(TURN + 15)  # both workers are under way and know of each other
        whole = [begun.look()]
        crash(valkey, SIGKILL)
        begun.watch(TURN)
        before = progress(begun.run).ended
        away = begun.watch(AWAY_SECONDS)
        texts = progress(begun.run).ended - before
        valkey.ensure()
        begun.watch(RETURN)
        back = begun.watch(BACK_SECONDS)
        whole.append(begun.look())
        if progress(begun.run).state != "open":
            raise AssertionError("all texts were written before the end: nothing was measured")
        cancel_run(GenerationRun.objects.get(pk=begun.run))
    connection.close()
    return Outage(rate(away) / rpm, rate(back) / rpm, refusals(whole), texts)
