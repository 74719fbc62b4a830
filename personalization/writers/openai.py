"""Any OpenAI-compatible endpoint: asked in the way that it takes, every failure told apart."""

import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from personalization.answers import with_name
from personalization.brief import Brief
from personalization.checks import check_answer, check_condensed
from personalization.condensing.prompt import PartBrief
from personalization.errors import Transient, Unsent, WriterError
from personalization.models.endpoints import TokenLimit
from personalization.writers.base import CALL, Draft, Usage
from personalization.writers.endpoint import EndpointWays
from personalization.writers.endpoint_memory import Memory, NoMemory
from personalization.writers.facts import Facts
from personalization.writers.lesson_gate import LessonGate
from personalization.writers.limits.base import Limiter, NoLimiter
from personalization.writers.openai_answers import Answer, read_answer
from personalization.writers.openai_errors import Refused
from personalization.writers.openai_http import ChatCompletions, Response, succeeded
from personalization.writers.openai_requests import Requests


class OpenAIWriter:
    """One per event loop, never shared between two. `call_seconds` is a total deadline for a request."""

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        model: str,
        call_seconds: float,
        limiter: Limiter | None = None,
        memory: Memory | None = None,
    ) -> None:
        self._limiter = limiter or NoLimiter()
        self._requests = Requests(model)
        self._unlimited = False  # was the endpoint ever asked without a limit of its answer
        # A third of the deadline: with a first request that hangs, the others wait, but have their own time.
        patience = call_seconds / 3
        self._lessons = LessonGate(patience)
        self._endpoint = EndpointWays(memory or NoMemory(), patience)
        self._http = ChatCompletions(api_key=api_key, base_url=base_url, seconds=call_seconds)

    def estimate(self, brief: Brief | PartBrief) -> Usage:
        limited = not self._unlimited and self._endpoint.facts.limit != TokenLimit.NONE
        return self._requests.most(brief, limited=limited)

    async def write(self, brief: Brief, complaint: str = "") -> Draft:
        answer = await self._ask(brief, complaint)
        with _paid(answer):
            document = check_answer(answer.document(), brief)
        return Draft(with_name(document, brief.name), answer.usage, answer.seconds)

    async def condense(self, brief: PartBrief, complaint: str = "") -> Draft:
        answer = await self._ask(brief, complaint)
        with _paid(answer):
            document = check_condensed(answer.document(), brief.format, brief.language)
        return Draft(document, answer.usage, answer.seconds)

    async def close(self) -> None:
        try:
            await self._http.close()
        finally:
            await self._limiter.close()

    async def _ask(self, brief: Brief | PartBrief, complaint: str) -> Answer:
        async def send(facts: Facts) -> Answer:
            if call := CALL.get():
                call.sent = False  # of another way to ask, which was refused
            # Here, not before: who waited for the first answer knows by now, and asks for no more room.
            self._requests.thinks = self._endpoint.may_think
            self._refuse_unpaid(brief, facts)
            most = self._requests.estimate(brief)
            answer = 0 if facts.limit == TokenLimit.NONE else most.output_tokens
            await self._limiter.acquire(most.input_tokens + most.output_tokens, answer)
            got = await self._send(self._requests.body(brief, complaint, facts))
            thought = got.cut and self._requests.thought(brief, facts, got.content)
            return replace(got, thought=True) if thought else got

        try:
            await self._endpoint.load()
            async with self._lessons.turn(_prefix(brief)):
                answer = await self._endpoint.ask(send)
            self._requests.thinks = self._endpoint.may_think  # the estimate for a re-ask comes before `send`
            return answer
        except Refused as refused:
            error = refused.as_writer_error()
            error.seconds = refused.seconds
            raise error from refused

    def _refuse_unpaid(self, brief: Brief | PartBrief, facts: Facts) -> None:
        """Unsent where less is paid for than may be answered: that an endpoint takes no limit, or thinks, was
        found out since the money was set aside."""
        self._unlimited |= facts.limit == TokenLimit.NONE
        call = CALL.get()
        if call and call.output < self._requests.longest_answer(brief, limited=not self._unlimited):
            raise Unsent("", "the answer may be longer than is paid for: more money is set aside first")

    async def _send(self, body: bytes) -> Answer:
        response, seconds = await self._posted(body)
        status, usage = response.status, None
        try:
            answer = replace(read_answer(succeeded(response)), seconds=seconds)
            usage = answer.usage
            return answer
        except (WriterError, Refused) as error:
            error.seconds = seconds
            if isinstance(error, Refused):
                status = error.status
            raise
        finally:
            self._limiter.observe(response.headers, status, usage)

    async def _posted(self, body: bytes) -> tuple[Response, float]:
        """With the seconds that the provider took: what was waited for before is not its doing."""
        began = time.perf_counter()
        try:
            response = await self._http.post(body)
        except Transient as error:
            error.seconds = time.perf_counter() - began if error.code == "timeout" else None
            raise
        return response, time.perf_counter() - began


@contextmanager
def _paid(answer: Answer) -> Iterator[None]:
    """What is refused of an answer has cost what the answer did."""
    try:
        yield
    except WriterError as error:
        error.usage, error.seconds = answer.usage, answer.seconds
        raise


def _prefix(brief: Brief | PartBrief) -> tuple[Hashable, ...]:
    """What the requests share that the provider's cache may serve."""
    shared = (brief.lesson_id, brief.source_hash, brief.format.tag)
    # Parts of a source share only the rules: none waits for another.
    return (*shared, brief.part.key if isinstance(brief, PartBrief) else brief.prompt.digest)
