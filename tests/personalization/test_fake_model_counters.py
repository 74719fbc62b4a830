"""What the fake model counts and keeps, and how it is steered while it runs."""

import asyncio
import json
import urllib.error
import urllib.request
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion

from personalization.fake_model import RunningFakeModel
from personalization.fake_model.counters import Counters
from personalization.fake_model.prefix_cache import (
    KEPT_SECONDS,
    PrefixCache,
    estimated_tokens,
    prefix_blocks,
)
from tests.personalization.fake_model_client import (
    RUSSIAN,
    RUSSIAN_ANSWERS,
    RUSSIAN_LESSON,
    SCHEMA,
    Ask,
    by_schema,
    client_of,
    complete,
    messages,
    until,
)

LONG_LESSON = RUSSIAN_LESSON * 10


@pytest.fixture(autouse=True)
def model(server: RunningFakeModel) -> RunningFakeModel:
    server.set(mode=None, fail=None, latency=0)
    server.reset()
    return server


def http(model: RunningFakeModel, path: str, body: bytes | None = None) -> Any:
    """The JSON under a path of the server; HTTPError for 4xx."""
    url = model.base_url.removesuffix("/v1") + path
    with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=5) as response:
        return json.load(response)


def cached(ask: Ask, chat: list[dict[str, str]], **request: Any) -> int:
    return cached_tokens(ask(chat, **request))


def cached_tokens(completion: ChatCompletion) -> int:
    assert completion.usage is not None
    assert completion.usage.prompt_tokens_details is not None
    tokens: int | None = completion.usage.prompt_tokens_details.cached_tokens
    assert tokens is not None
    return tokens


def test_requests_are_counted_by_status_and_mode_with_their_tokens(model: RunningFakeModel, ask: Ask) -> None:
    usage = ask().usage
    model.set(mode="server_error")
    with pytest.raises(openai.InternalServerError):
        ask()

    assert usage is not None
    assert model.stats() == {
        "requests": 2,
        "by_status": {"200": 1, "500": 1},
        "by_mode": {"ok": 1, "server_error": 1},
        "disconnected": 0,
        "tokens": {"prompt": usage.prompt_tokens, "cached": 0, "completion": usage.completion_tokens},
        "in_flight": 0,
        "max_in_flight": 1,
    }
    assert http(model, "/stats") == model.stats()


def test_a_hundred_requests_are_in_flight_together(model: RunningFakeModel) -> None:
    model.set(mode="hang")

    async def hundred() -> None:
        async with client_of(model.base_url) as client:
            requests = [asyncio.create_task(complete(client, RUSSIAN)) for _ in range(100)]
            await asyncio.to_thread(until, lambda: model.stats()["in_flight"] == 100)
            for request in requests:
                request.cancel()
            await asyncio.wait(requests)

    asyncio.run(hundred())

    until(lambda: model.stats()["in_flight"] == 0)
    assert (model.stats()["max_in_flight"], model.stats()["disconnected"]) == (100, 100)


def test_answers_with_latency_are_waited_for_together(model: RunningFakeModel) -> None:
    model.set(latency=50)

    async def hundred() -> set[str]:
        async with client_of(model.base_url) as client:
            answers = await asyncio.gather(*(complete(client, RUSSIAN) for _ in range(100)))
            return {answer.id for answer in answers}

    assert len(asyncio.run(hundred())) == 100
    # Far below 100: a busy machine may need longer than the latency to send them all.
    assert int(str(model.stats()["max_in_flight"])) > 1


def test_the_prefix_that_learners_of_a_lesson_share_is_cached_and_no_more(ask: Ask) -> None:
    lesson = estimated_tokens(f"system: {LONG_LESSON}")

    first = cached(ask, messages(LONG_LESSON, RUSSIAN_ANSWERS))
    second = cached(ask, messages(LONG_LESSON, {"wish": "Хочу понять основу"}))
    other_lesson = cached(ask, messages("Другой урок. " + LONG_LESSON, RUSSIAN_ANSWERS))

    assert (first, other_lesson) == (0, 0)
    assert second % 64 == 0
    assert lesson - 64 < second <= lesson + 16


def test_another_model_or_schema_shares_no_prefix(model: RunningFakeModel, ask: Ask) -> None:
    chat = messages(LONG_LESSON, RUSSIAN_ANSWERS)
    cached(ask, chat)

    assert cached(ask, chat, model="another-model") == 0
    assert cached(ask, chat, response_format=by_schema(SCHEMA | {"description": "other"})) == 0
    assert cached(ask, chat) > 0


def test_requests_that_start_together_find_nothing_of_each_other(model: RunningFakeModel) -> None:
    model.set(latency=50)

    async def together() -> list[int]:
        async with client_of(model.base_url) as client:
            chats = [messages(LONG_LESSON, {"wish": f"Хочу номер {n}"}) for n in range(5)]
            answers = await asyncio.gather(*(complete(client, chat) for chat in chats))
            return [cached_tokens(answer) for answer in answers]

    assert asyncio.run(together()) == [0] * 5


def test_a_refused_request_leaves_nothing_in_the_cache(model: RunningFakeModel, ask: Ask) -> None:
    chat = messages(LONG_LESSON, RUSSIAN_ANSWERS)
    model.set(mode="server_error")
    with pytest.raises(openai.InternalServerError):
        ask(chat)
    model.set(mode="ok")

    assert cached(ask, chat) == 0


def test_the_cache_forgets_the_least_recently_used() -> None:
    cache = PrefixCache(capacity=4)
    old, kept, new = (prefix_blocks(letter * 512, "") for letter in "abc")
    cache.remember(old)
    cache.remember(kept)
    cache.remember(new)

    assert [cache.cached_tokens(blocks) for blocks in (old, kept, new)] == [0, 128, 128]


def test_the_cache_forgets_what_was_not_sent_for_minutes() -> None:
    now = 0.0
    cache = PrefixCache(clock=lambda: now)
    old, kept = (prefix_blocks(letter * 512, "") for letter in "ab")
    cache.remember(old)
    cache.remember(kept)
    now = KEPT_SECONDS - 1
    cache.remember(kept)
    now = KEPT_SECONDS + 1
    assert [cache.cached_tokens(blocks) for blocks in (old, kept)] == [0, 128]


def test_the_last_prompts_are_kept(model: RunningFakeModel, ask: Ask) -> None:
    ask()
    ask(messages(RUSSIAN_LESSON, {}), model="second", response_format={"type": "text"})

    first, second = model.prompts()

    assert (first["model"], first["mode"], first["response_format"]) == ("test-model", "ok", "personal")
    assert first["messages"] == RUSSIAN
    assert (second["model"], second["response_format"]) == ("second", None)
    assert http(model, "/prompts?last=1") == [second]
    assert model.prompts(last=0) == []


def test_only_the_last_2000_prompts_are_kept() -> None:
    counters = Counters()
    for number in range(2100):
        counters.prompt(number, "ok", "m", None, [{"role": "user", "content": "Hi"}])

    assert [prompt["number"] for prompt in counters.prompts()] == list(range(100, 2100))


def test_prompts_wants_a_number(model: RunningFakeModel) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        http(model, "/prompts?last=all")
    with caught.value as answer:
        assert json.load(answer) == {"problems": ["last: 'all' found, a number expected"]}


def test_control_changes_what_it_names(model: RunningFakeModel, ask: Ask) -> None:
    options = http(model, "/control", b'{"mode": "refusal", "fail": 1}')

    assert (options["mode"], options["fail"], options["latency"]) == ("refusal", 1, 0)
    assert ask().choices[0].message.refusal


@pytest.mark.parametrize(
    ("body", "problems"),
    [(b'{"mode": "melt", "fail": 2}', 2), (b"[]", 1), (b"{", 1), (b"\xff", 1), (b"[" * 100_000, 1)],
    ids=["values", "list", "cut", "bytes", "deep"],
)
def test_control_refuses_with_every_problem_and_changes_nothing(
    model: RunningFakeModel, ask: Ask, body: bytes, problems: int
) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        http(model, "/control", body)
    with caught.value as answer:
        assert len(json.load(answer)["problems"]) == problems
    assert ask().choices[0].finish_reason == "stop"


def test_reset_begins_again_with_the_same_options(model: RunningFakeModel, ask: Ask) -> None:
    cached(ask, messages(LONG_LESSON, RUSSIAN_ANSWERS))
    model.set(mode="refusal")

    assert http(model, "/reset", b"")["requests"] == 0
    assert model.prompts() == []
    assert cached(ask, messages(LONG_LESSON, {})) == 0
    assert ask().choices[0].message.refusal


def test_a_body_that_is_no_request_is_counted_and_refused(model: RunningFakeModel) -> None:
    for body in (b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b" " * 5_000_000):
        with pytest.raises(urllib.error.HTTPError) as caught:
            http(model, "/v1/chat/completions", body)
        with caught.value as answer:
            assert json.load(answer)["error"]["type"] == "invalid_request_error"

    assert model.stats()["by_status"] == {"400": 4, "413": 1}


def test_a_lone_surrogate_comes_back_as_valid_text(model: RunningFakeModel) -> None:
    model.set(mode="echo")
    body = rb'{"model": "m", "messages": [{"role": "user", "content": "a \ud800 b"}]}'

    answer = http(model, "/v1/chat/completions", body)

    assert answer["choices"][0]["message"]["content"] == "user: a ? b"


def test_one_model_is_listed(model: RunningFakeModel) -> None:
    async def names() -> list[str]:
        async with client_of(model.base_url) as client:
            return [listed.id async for listed in client.models.list()]

    assert asyncio.run(names()) == ["fake-model"]
