"""Any OpenAI-compatible endpoint: structured output by the format's schema, every failure told apart."""

import asyncio
import json
import math
import time
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import openai
from django.utils.translation import gettext_noop as _
from openai import AsyncOpenAI, DefaultAioHttpClient

from courses.strict_json import JSONProblem, parse
from personalization.answers import with_name
from personalization.brief import Brief, Recipe
from personalization.checks import check_answer
from personalization.errors import Permanent, RunBlocked, Transient, WriterError
from personalization.models.texts import Origin
from personalization.prompts import PROMPT_VERSION, messages
from personalization.writers.base import Draft, Usage

OVERHEAD_TOKENS = 1_000  # the schema and the frame of the messages
MOST_ANSWER_TOKENS = 4_000
LONGEST_RETRY_AFTER = 300.0  # seconds; a provider that says "tomorrow" must not park an item for a day
# These become the note of a run that pauses.
QUOTA = _("the provider's quota is used up: raise it, then resume the run")
BLOCKED = {
    401: _("the endpoint refused the key: check OPENAI_API_KEY"),
    403: _("the endpoint refused access: check the key's rights and the model's name"),
    404: _("the endpoint does not know the model or the path: check OPENAI_MODEL and OPENAI_BASE_URL"),
}


class OpenAIWriter:
    """One per event loop, never shared between two. `call_seconds` is a total deadline for a call."""

    def __init__(self, *, api_key: str, base_url: str, model: str, call_seconds: float) -> None:
        self._model = model
        self._call_seconds = call_seconds
        # Retries belong to the queue, where they are counted and paced; the client makes none.
        self._client = AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            max_retries=0,
            timeout=call_seconds,
            http_client=DefaultAioHttpClient(timeout=call_seconds),
        )

    def recipe(self) -> Recipe:
        return Recipe(Origin.OPENAI, self._model, PROMPT_VERSION)

    def estimate(self, brief: Brief) -> Usage:
        # A letter has a token at most, and most have less than half of one.
        given = sum(len(message["content"]) for message in messages(brief))
        return Usage(given // 2 + OVERHEAD_TOKENS, 0, MOST_ANSWER_TOKENS)

    async def write(self, brief: Brief, complaint: str = "") -> Draft:
        try:
            async with asyncio.timeout(self._call_seconds):
                answer = await self._ask(brief, complaint)
        except TimeoutError as error:
            raise Transient("timeout", f"no whole answer within {self._call_seconds:g} s") from error
        except openai.OpenAIError as error:
            raise writer_error(error) from error
        except (ValueError, RecursionError) as error:
            raise Transient("garbage", "the endpoint's answer is not JSON") from error
        usage = _usage(answer)
        try:
            document = check_answer(_document(answer), brief)
        except WriterError as error:
            error.usage = usage
            raise
        return Draft(with_name(document, brief.name), usage)

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, brief: Brief, complaint: str) -> Any:
        schema = {"name": brief.format.name, "strict": True, "schema": brief.format.json_schema()}
        request: dict[str, Any] = {
            "model": self._model,
            "messages": messages(brief) + _complaints(complaint),
            "response_format": {"type": "json_schema", "json_schema": schema},
        }
        # Raw: modelling the body by the library costs more than the rest of the call.
        response = await self._client.chat.completions.with_raw_response.create(**request)
        return json.loads(response.content)


def _complaints(complaint: str) -> list[dict[str, str]]:
    wrong = f"Your answer before this one was refused: {complaint}. Answer again, without that fault."
    return [{"role": "user", "content": wrong}] if complaint else []


def writer_error(error: openai.OpenAIError) -> WriterError:
    """What the queue should do about an error of the client. Never carries the endpoint's own words."""
    if isinstance(error, openai.APIStatusError):
        return _status_error(error)
    # The aiohttp transport calls a refused connection a timeout.
    unreached = isinstance(error.__cause__, httpx2.ConnectTimeout)
    if isinstance(error, openai.APITimeoutError) and not unreached:
        return Transient("timeout", "the endpoint did not answer in time")
    if isinstance(error, openai.APIConnectionError):
        return Transient("connection", "the endpoint is not reachable or broke off: check OPENAI_BASE_URL")
    return Transient("garbage", f"the endpoint's answer could not be read ({type(error).__name__})")


def _status_error(error: openai.APIStatusError) -> WriterError:
    status = error.status_code
    if error.code == "insufficient_quota":
        return RunBlocked("quota", QUOTA)
    if status in BLOCKED:
        return RunBlocked(f"http_{status}", BLOCKED[status])
    if status in {408, 409, 429} or status >= 500:
        code = "rate_limit" if status == 429 else f"http_{status}"
        return Transient(code, f"the endpoint answered {status}", _retry_after(error))
    return Permanent(f"http_{status}", f"the endpoint refused the request ({status})")


def _retry_after(error: openai.APIStatusError) -> float | None:
    """Seconds, from a number or a date (RFC 9110); None where neither can be read."""
    header = error.response.headers.get("retry-after", "")
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER) if math.isfinite(seconds) else None


def _document(answer: Any) -> object:
    try:
        choice = answer["choices"][0]
        message, finish = choice["message"], choice.get("finish_reason")
        refusal, content = message.get("refusal"), message.get("content")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Transient("garbage", "the endpoint's answer is not a chat completion") from error
    if finish == "content_filter":
        raise Permanent("content_filter", "the provider's content filter stopped the answer")
    if refusal:
        raise Permanent("refusal", "the model refused to answer")
    if finish == "length":
        raise Transient("cut", "the answer was cut at the model's length limit", reask=True)
    if not isinstance(content, str) or not content.strip():
        raise Transient("empty", "the answer has no content", reask=True)
    try:
        return parse(content.encode("utf-8", "surrogatepass"))
    except JSONProblem as error:
        raise Transient("bad_json", "the answer is not the JSON that was asked for", reask=True) from error


def _usage(answer: Any) -> Usage:
    """Not `reported` where the endpoint tells none or nonsense: usage is never worth failing a text for."""
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return Usage()
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    given, written = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if not isinstance(given, int) or not isinstance(written, int):
        return Usage()
    return Usage(given, cached if isinstance(cached, int) else 0, written, reported=True)
