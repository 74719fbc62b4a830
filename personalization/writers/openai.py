"""Any OpenAI-compatible endpoint: structured output by the format's schema, every failure told apart."""

import asyncio
import json
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
from personalization.writers.limits.base import Limiter
from personalization.writers.limits.headers import retry_after

# These become the note of a run that pauses.
QUOTA = _("the provider's quota is used up: raise it, then resume the run")
BLOCKED = {
    401: _("the endpoint refused the key: check OPENAI_API_KEY"),
    403: _("the endpoint refused access: check the key's rights and the model's name"),
    404: _("the endpoint does not know the model or the path: check OPENAI_MODEL and OPENAI_BASE_URL"),
}


# Until the writer estimates its calls, for the limit of tokens: a text of all sections, characters a token.
ANSWER_TOKENS = 1_500
CHARS_PER_TOKEN = 3


class OpenAIWriter:
    """One per event loop, never shared between two. `call_seconds` is a total deadline for a call.

    The limiter's waiting is no part of it: it is asked before each request, and told each answer.
    """

    def __init__(
        self, *, api_key: str, base_url: str, model: str, call_seconds: float, limiter: Limiter
    ) -> None:
        self._model = model
        self._call_seconds = call_seconds
        self._limiter = limiter
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

    async def write(self, brief: Brief) -> Draft:
        request = self._request(brief)
        await self._limiter.acquire(_tokens(request))
        try:
            async with asyncio.timeout(self._call_seconds):
                answer = await self._ask(request)
        except TimeoutError as error:
            raise Transient("timeout", f"no whole answer within {self._call_seconds:g} s") from error
        except openai.OpenAIError as error:
            raise writer_error(error) from error
        except (ValueError, RecursionError) as error:
            raise Transient("garbage", "the endpoint's answer is not JSON") from error
        document = check_answer(_document(answer), brief)
        return Draft(with_name(document, brief.name), _usage(answer))

    async def close(self) -> None:
        try:
            await self._limiter.close()
        finally:
            await self._client.close()

    def _request(self, brief: Brief) -> dict[str, Any]:
        schema = {"name": brief.format.name, "strict": True, "schema": brief.format.json_schema()}
        return {
            "model": self._model,
            "messages": messages(brief),
            "response_format": {"type": "json_schema", "json_schema": schema},
        }

    async def _ask(self, request: dict[str, Any]) -> Any:
        try:
            # Raw: modelling the body by the library costs more than the rest of the call.
            response = await self._client.chat.completions.with_raw_response.create(**request)
        except openai.APIStatusError as error:
            self._limiter.observe(error.response.headers, error.status_code, None)
            raise
        answer = json.loads(response.content)
        self._limiter.observe(response.headers, 200, _usage(answer))
        return answer


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
        return Transient(code, f"the endpoint answered {status}", retry_after(error.response.headers))
    return Permanent(f"http_{status}", f"the endpoint refused the request ({status})")


def _tokens(request: dict[str, Any]) -> int:
    return sum(len(message["content"]) for message in request["messages"]) // CHARS_PER_TOKEN + ANSWER_TOKENS


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
        raise Transient("cut", "the answer was cut at the model's length limit")
    if not isinstance(content, str) or not content.strip():
        raise Transient("empty", "the answer has no content")
    try:
        return parse(content.encode("utf-8", "surrogatepass"))
    except JSONProblem as error:
        raise Transient("bad_json", "the answer is not the JSON that was asked for") from error


def _usage(answer: Any) -> Usage:
    """Zeros where the endpoint reports none or reports nonsense: usage is never worth failing a text for."""
    usage = answer.get("usage") if isinstance(answer, dict) else None
    usage = usage if isinstance(usage, dict) else {}
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    counts = (usage.get("prompt_tokens"), cached, usage.get("completion_tokens"))
    return Usage(*(count if isinstance(count, int) else 0 for count in counts))
