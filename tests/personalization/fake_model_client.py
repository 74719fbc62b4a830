"""Requests as the project sends them, over real HTTP through the client library it uses."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, cast

from openai import AsyncOpenAI, DefaultAioHttpClient
from openai.types.chat import ChatCompletion

RUSSIAN_LESSON = """\
Write in Russian only. Where a name would stand, write exactly {{name}}.

Сегодня мы говорим про воротник шеи и про плечи. Плечи держат голову весь день, и воротник \
шеи устаёт первым, поэтому ладони кладём на плечи медленно, ладони греем заранее, а голова лежит на подушке.
"""
ENGLISH_LESSON = """\
Write in English only. Where a name would stand, write exactly {{name}}.

Tonight we look at the bedroom lamp and the morning light. The lamp tells your inner clock that \
evening is over, the light in the morning starts the clock again, so keep the lamp low and look for light.
"""
RUSSIAN_ANSWERS = {"motivation": ["Помочь мужу после работы"], "fears": "Сделаю больно или наврежу"}
ENGLISH_ANSWERS = {"motivation": ["Wake up without a headache"], "fears": "It is just another fad"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "summary": {"type": "string", "description": "2 to 3 sentences."},
        "share": {"type": "string", "description": "1 sentence."},
        "homework": {"type": "array", "items": {"type": "string"}, "minItems": 5, "maxItems": 7},
    },
    "required": ["summary", "share", "homework"],
    "additionalProperties": False,
}


def messages(lesson: str, answers: object, *, has_name: bool = True) -> list[dict[str, str]]:
    """The shared part first, then the learner's answers as one JSON object."""
    learner = {"has_name": has_name, "answers": answers}
    return [
        {"role": "system", "content": lesson},
        {"role": "user", "content": json.dumps(learner, ensure_ascii=False)},
    ]


RUSSIAN = messages(RUSSIAN_LESSON, RUSSIAN_ANSWERS)
ENGLISH = messages(ENGLISH_LESSON, ENGLISH_ANSWERS)


def by_schema(schema: dict[str, Any], *, strict: bool = True) -> dict[str, Any]:
    """The response_format that asks for this schema."""
    return {"type": "json_schema", "json_schema": {"name": "personal", "strict": strict, "schema": schema}}


async def complete(client: AsyncOpenAI, chat: list[dict[str, str]], **request: Any) -> ChatCompletion:
    """One completion in the schema of this file, where the request names no other format."""
    request = {"model": "test-model", "response_format": by_schema(SCHEMA)} | request
    completion = await client.chat.completions.create(messages=cast("Any", chat), **request)
    assert isinstance(completion, ChatCompletion)
    return completion


def client_of(base_url: str) -> AsyncOpenAI:
    """A client that tries once, over the transport that the project uses."""
    return AsyncOpenAI(
        base_url=base_url, api_key="none", max_retries=0, timeout=10, http_client=DefaultAioHttpClient()
    )


class Ask(Protocol):
    """Sends one request and returns its answer; whatever the client raises comes through."""

    def __call__(self, chat: list[dict[str, str]] = RUSSIAN, **request: Any) -> ChatCompletion: ...


@contextmanager
def asking(base_url: str) -> Iterator[Ask]:
    """One client for many requests: making it takes 40 ms, a request 3 ms."""
    with asyncio.Runner() as runner:

        async def connect() -> AsyncOpenAI:
            return client_of(base_url)

        client = runner.run(connect())

        def ask(chat: list[dict[str, str]] = RUSSIAN, **request: Any) -> ChatCompletion:
            return runner.run(complete(client, chat, **request))

        yield ask
        runner.run(client.close())


def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    """Returns as soon as the condition holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.005)


def content(completion: ChatCompletion) -> str:
    """The text of the only choice."""
    (choice,) = completion.choices
    text: str | None = choice.message.content
    assert text is not None
    return text
