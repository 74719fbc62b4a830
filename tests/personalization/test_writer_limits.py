"""The writer and its limiter: asked before each request, outside of the deadline, and told each answer."""

import asyncio
import time
from collections.abc import Callable, Mapping

import pytest

from personalization.brief import Recipe
from personalization.errors import Transient, Unsent, WriterError
from personalization.fake_model import RunningFakeModel
from personalization.services.attempts import Claim, Job
from personalization.services.work import failed
from personalization.writers.base import Draft, Usage
from personalization.writers.openai import OpenAIWriter
from tests.personalization.briefs import NINA
from tests.personalization.writing import write_together

CALL_SECONDS = 2.0


class Recorder:
    """A limiter that lets a request go when `opens` returns, and keeps what it is told."""

    def __init__(self, opens: Callable[[], asyncio.Future[None]] | None = None) -> None:
        self.acquired: list[int] = []
        self.answers: list[int] = []
        self.observed: list[tuple[int, Usage | None]] = []
        self.headers: Mapping[str, str] = {}
        self.closed = False
        self._opens = opens

    async def acquire(self, tokens: int, answer: int = 0) -> None:
        self.acquired.append(tokens)
        self.answers.append(answer)
        if self._opens:
            await self._opens()

    def observe(self, headers: Mapping[str, str], status: int, usage: Usage | None) -> None:
        self.headers = headers
        self.observed.append((status, usage))

    async def close(self) -> None:
        self.closed = True


def written(model: RunningFakeModel, limiter: Recorder, call_seconds: float = CALL_SECONDS) -> Draft:
    async def go() -> Draft:
        writer = OpenAIWriter(
            api_key="test", base_url=model.base_url, model="m", call_seconds=call_seconds, limiter=limiter
        )
        try:
            return await writer.write(NINA)
        finally:
            await writer.close()

    return asyncio.run(go())


@pytest.fixture(autouse=True)
def model(server: RunningFakeModel) -> RunningFakeModel:
    server.set(mode=None, fail=None, rpm=0, latency=0, lacks=None)
    server.reset()
    return server


def test_an_answer_is_told_with_its_headers_and_usage(model: RunningFakeModel) -> None:
    model.set(rpm=600)
    limiter = Recorder()
    draft = written(model, limiter)
    assert limiter.observed == [(200, draft.usage)]
    assert limiter.headers["x-ratelimit-limit-requests"] == "600"
    assert limiter.acquired[0] >= draft.usage.input_tokens + draft.usage.output_tokens > 0
    assert limiter.closed


def test_the_longest_answer_is_told_where_the_request_has_one(model: RunningFakeModel) -> None:
    limiter = Recorder()
    written(model, limiter)
    assert limiter.acquired[0] > limiter.answers[0] > 0
    model.set(lacks="max_tokens,max_completion_tokens")
    limiter = Recorder()
    written(model, limiter)
    assert limiter.answers[-1] == 0


def test_who_waited_for_the_first_answer_asks_for_no_room_to_think(model: RunningFakeModel) -> None:
    """The first one cannot know. Of the others each would take a minute's tokens for nothing."""
    limiter = Recorder()

    async def go() -> None:
        writer = OpenAIWriter(
            api_key="test", base_url=model.base_url, model="m", call_seconds=CALL_SECONDS, limiter=limiter
        )
        try:
            await asyncio.gather(*(writer.write(NINA) for _ in range(3)))
        finally:
            await writer.close()

    asyncio.run(go())
    first, *others = limiter.answers
    assert others == [others[0]] * 2
    assert others[0] < first


def test_a_refusal_is_told_with_its_headers(model: RunningFakeModel) -> None:
    model.set(mode="rate_limit", retry_after=7)
    limiter = Recorder()
    with pytest.raises(Transient):
        written(model, limiter)
    assert limiter.observed == [(429, None)]
    assert limiter.headers["retry-after"] == "7"


def test_waiting_for_the_turn_is_no_part_of_the_calls_deadline(model: RunningFakeModel) -> None:
    async def later() -> None:
        await asyncio.sleep(0.3)

    limiter = Recorder(lambda: asyncio.ensure_future(later()))
    assert written(model, limiter, call_seconds=0.25).content
    assert len(limiter.acquired) == 1


def test_the_providers_seconds_are_without_the_wait_for_the_turn(model: RunningFakeModel) -> None:
    model.set(latency=300)
    waited: list[float] = []

    async def later() -> None:
        began = time.perf_counter()
        await asyncio.sleep(0.5)
        waited.append(time.perf_counter() - began)

    began = time.perf_counter()
    draft = written(model, Recorder(lambda: asyncio.ensure_future(later())))
    whole = time.perf_counter() - began
    assert draft.seconds is not None
    assert 0.29 <= draft.seconds <= whole - waited[0]


@pytest.mark.parametrize("mode", ["ok", "refusal"])
def test_the_providers_seconds_are_without_the_wait_for_a_lessons_first(
    model: RunningFakeModel, mode: str
) -> None:
    model.set(latency=200, mode=mode)
    began = time.perf_counter()
    found = write_together(model, [NINA, NINA])
    whole = time.perf_counter() - began
    each = [one.seconds or 0 for one in found]
    assert min(each) >= 0.19
    assert sum(each) <= whole, "one was asked after the other, so that no moment is counted twice"


def test_what_was_not_sent_costs_no_attempt_and_is_due_at_once() -> None:
    claim = Claim(1, NINA.lesson_id, NINA.lesson_id, NINA.lesson_id, NINA.lesson_id, attempts=1, rev=1)
    error: WriterError = Unsent("limit", "no room")
    outcome = failed(Job(claim, NINA, "openai", Recipe("openai", "m", "p"), "f"), error, base_pause=2.0)
    assert (outcome.state, outcome.give_back, outcome.delay, outcome.code) == ("retry", True, 0.0, "limit")
