"""Tries an endpoint with a few tiny requests: what works, and what it does without."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import median

from courses.formats.definition import Format, Kind, Section, headings
from personalization.errors import Permanent, WriterError
from personalization.models.endpoints import AnswerFormat, TokenLimit
from personalization.writers.facts import Facts, other_way
from personalization.writers.limits.headers import Window, read_headers
from personalization.writers.openai_answers import Answer, read_answer
from personalization.writers.openai_errors import Refused
from personalization.writers.openai_http import ChatCompletions, succeeded
from personalization.writers.openai_requests import parameters

ASK = """\
Answer in English, with a JSON object that has exactly this key, and with nothing else:
- works (text): The word yes."""
TINY = Format("check", 1, (Section("works", headings("Работает", "Works"), Kind.TEXT, "The word yes."),))
MOST_TOKENS = 1_000  # of an answer; ten are enough, but a model that thinks takes some hundreds
YES, NO, FAILED = "yes", "no", "FAILED"
QUESTIONS = ("reachable", "key", "model", "answers")
# Where the first request fails: how many of the questions before it are answered with yes, and the question
# that is. An answer of any kind proves that something is reachable there, and nothing more: a 404 may be of
# the path, and who is busy has not looked at the key.
NOT_REACHED = ("timeout", "connection")
FAILED_AT = {"http_401": "key", "http_403": "model", "http_404": "model"}
# Of these the model itself has spoken.
SPOKEN = {"refusal", "content_filter", "cut", "empty", "bad_json"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`state`: yes; no, where a worker does without it; FAILED, where nothing can be written."""

    name: str
    state: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer, with its response and how long it took."""

    answer: Answer
    headers: Mapping[str, str]
    seconds: float


def check_endpoint(*, api_key: str, base_url: str, model: str, seconds: float) -> list[Finding]:
    """A finding for each thing that an endpoint can do or lack; the last is FAILED where nothing works."""

    async def checked() -> list[Finding]:
        http = ChatCompletions(api_key=api_key, base_url=base_url, seconds=seconds)
        try:
            return await EndpointCheck(http, model).findings()
        finally:
            await http.close()

    return asyncio.run(checked())


class EndpointCheck:
    def __init__(self, http: ChatCompletions, model: str) -> None:
        self._http = http
        self._model = model
        self._seen: list[Seen] = []

    async def findings(self) -> list[Finding]:
        try:
            plain = await self._plain_way()
        except Refused as refused:
            return _failure(refused.as_writer_error())
        except WriterError as error:
            return _failure(error)
        formats = [
            await self._takes(form, replace(plain, answers=form), "answers")
            for form in (AnswerFormat.JSON_SCHEMA, AnswerFormat.JSON_OBJECT)
        ]
        streaming = await self._streaming(plain)
        limit = (
            Finding("limit of tokens", NO, "an answer's length, and so its cost, has no limit")
            if plain.limit == TokenLimit.NONE
            else Finding("limit of tokens", YES, plain.limit)
        )
        return [
            *(Finding(question, YES) for question in QUESTIONS),
            *formats,
            _plain_text(self._seen[0].answer),
            streaming,
            limit,
            *_usage(self._seen),
            _latency(self._seen),
            *_limits(self._seen[-1].headers),
        ]

    async def _plain_way(self) -> Facts:
        """How the endpoint answers a request without a form. Raises what it answers where it does not."""
        facts = Facts(answers=AnswerFormat.TEXT)
        while True:
            try:
                await self._ask(facts)
            except Refused as refused:
                lower = other_way(facts, refused.status, refused.error)
                if lower is None:
                    raise
                facts = lower
            else:
                return facts

    async def _takes(self, name: str, facts: Facts, field: str) -> Finding:
        """Whether a request in this way is answered."""
        try:
            answer = await self._ask(facts)
        except Refused as refused:
            lower = other_way(facts, refused.status, refused.error)
            if lower and getattr(lower, field) != getattr(facts, field):
                return Finding(name, NO, f"refused ({refused.status}): workers do without")
            return Finding(name, NO, f"cannot be told: {refused.as_writer_error().message}")
        except WriterError as error:
            return Finding(name, NO, f"cannot be told: {error.message}")
        return Finding(name, YES, _reads(answer))

    async def _streaming(self, plain: Facts) -> Finding:
        if plain.stream:
            return Finding("streaming", YES, "nothing else: whole answers are refused")
        found = await self._takes("streaming", replace(plain, stream=True), "stream_usage")
        if found.state == NO:
            return Finding("streaming", NO, "not needed")
        return Finding("streaming", YES, "" if self._seen[-1].answer.usage.reported else "without usage")

    async def _ask(self, facts: Facts) -> Answer:
        messages = [{"role": "user", "content": ASK}]
        request = {"model": self._model, "messages": messages, **parameters(TINY, facts, MOST_TOKENS)}
        began = time.perf_counter()
        response = succeeded(await self._http.post(json.dumps(request).encode()))
        answer = read_answer(response)
        self._seen.append(Seen(answer, response.headers, time.perf_counter() - began))
        return answer


def _failure(error: WriterError) -> list[Finding]:
    """The questions that the failed request has answered, and the one that it failed at."""
    proved: tuple[str, ...] = ("reachable",)
    failed_at = FAILED_AT.get(error.code, "answers")
    if error.code in NOT_REACHED:
        proved, failed_at = (), "reachable"
    elif error.code in SPOKEN:
        proved = QUESTIONS[:-1]
    says = error.message
    if isinstance(error, Permanent):
        says = f"{says}: it takes no request that workers could send"
    return [
        *(Finding(question, YES) for question in proved),
        Finding(failed_at, FAILED, says),
    ]


def _reads(answer: Answer) -> str:
    """What a worker would make of the answer."""
    try:
        answer.document()
    except WriterError as error:
        return f"but the answer cannot be used: {error.message}"
    return "in Markdown fences" if answer.fenced else ""


def _plain_text(answer: Answer) -> Finding:
    says = _reads(answer)
    return Finding("plain text", NO if says.startswith("but") else YES, says)


def _usage(seen: list[Seen]) -> list[Finding]:
    reported = [one.answer.usage for one in seen if one.answer.usage.reported]
    if not reported:
        return [
            Finding("usage", NO, "costs are estimated, and never told exactly"),
            Finding("cached tokens", NO),
        ]
    example = f"{reported[0].input_tokens} in, {reported[0].output_tokens} out"
    some = "" if len(reported) == len(seen) else ", in some answers only"
    cached = any(one.answer.tells_cached for one in seen)
    return [
        Finding("usage", YES, f"{example}{some}"),
        Finding(
            "cached tokens", YES if cached else NO, "" if cached else "not told: all input counts in full"
        ),
    ]


def _latency(seen: list[Seen]) -> Finding:
    seconds = [one.seconds for one in seen]
    says = f"{median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f} in {len(seconds)} requests)"
    return Finding("latency", YES, says)


def _limits(headers: Mapping[str, str]) -> list[Finding]:
    told = read_headers(headers)
    return [_limit("requests a minute", told.requests), _limit("tokens a minute", told.tokens)]


def _limit(name: str, window: Window) -> Finding:
    if window.limit is None:
        return Finding(name, NO, "the endpoint tells no limit")
    left = f", {window.remaining:,.0f} left" if window.remaining is not None else ""
    return Finding(name, YES, f"{window.limit:,.0f}{left}")
