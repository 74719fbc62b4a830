"""Each fault as the client library sees it."""

import asyncio
import json
import re

import jsonschema
import openai
import pytest

from personalization.fake_model import (
    FakeModel,
    ListenError,
    Options,
    OptionsError,
    RunningFakeModel,
)
from personalization.writers.limits.headers import read_headers
from tests.personalization.fake_model_client import (
    ENGLISH,
    RUSSIAN,
    SCHEMA,
    Ask,
    client_of,
    complete,
    content,
    until,
)


@pytest.fixture(autouse=True)
def model(server: RunningFakeModel) -> RunningFakeModel:
    server.set(mode=None, fail=None, rpm=0, tpm=0, retry_after=1, seed=0, byte_pause=1000)
    server.reset()
    return server


@pytest.mark.parametrize(
    ("mode", "error", "code"),
    [
        ("rate_limit", openai.RateLimitError, "rate_limit_exceeded"),
        ("quota", openai.RateLimitError, "insufficient_quota"),
        ("server_error", openai.InternalServerError, None),
        ("unauthorized", openai.AuthenticationError, "invalid_api_key"),
        ("forbidden", openai.PermissionDeniedError, "model_not_allowed"),
        ("not_found", openai.NotFoundError, "model_not_found"),
    ],
)
def test_http_errors(
    model: RunningFakeModel, ask: Ask, mode: str, error: type[openai.APIStatusError], code: str | None
) -> None:
    model.set(mode=mode)

    with pytest.raises(error) as caught:
        ask()

    assert caught.value.code == code
    assert model.stats()["by_mode"] == {mode: 1}


def test_rate_limit_says_when_to_come_back_and_quota_does_not(model: RunningFakeModel, ask: Ask) -> None:
    model.set(mode="rate_limit", retry_after=86400)
    with pytest.raises(openai.RateLimitError) as limited:
        ask()
    model.set(mode="quota")
    with pytest.raises(openai.RateLimitError) as unpaid:
        ask()

    assert limited.value.response.headers["retry-after"] == "86400"
    assert "retry-after" not in unpaid.value.response.headers


def test_hang_ends_when_the_client_gives_up(model: RunningFakeModel, ask: Ask) -> None:
    model.set(mode="hang")

    with pytest.raises(openai.APITimeoutError):
        ask(timeout=0.05)

    until(lambda: model.stats()["in_flight"] == 0)
    assert model.stats()["disconnected"] == 1


def test_slow_never_ends_within_a_total_deadline_while_bytes_keep_coming(model: RunningFakeModel) -> None:
    model.set(mode="slow", byte_pause=2)

    async def with_deadline() -> None:
        async with client_of(model.base_url) as client, asyncio.timeout(0.1):
            await complete(client, RUSSIAN)

    with pytest.raises(TimeoutError):
        asyncio.run(with_deadline())


def test_slow_is_a_whole_answer_for_who_waits(model: RunningFakeModel, ask: Ask) -> None:
    model.set(mode="slow", byte_pause=0)

    jsonschema.validate(json.loads(content(ask())), SCHEMA)


def test_broken_is_a_connection_error_and_charged(model: RunningFakeModel, ask: Ask) -> None:
    model.set(mode="broken")

    with pytest.raises(openai.APIConnectionError):
        ask()

    assert tokens(model)["completion"] > 0


def test_cut_ends_in_the_middle_of_the_json(model: RunningFakeModel, ask: Ask) -> None:
    model.set(mode="cut")

    completion = ask()

    assert completion.choices[0].finish_reason == "length"
    with pytest.raises(json.JSONDecodeError):
        json.loads(content(completion))


def test_bad_json_is_prose_around_a_fence_around_broken_json(model: RunningFakeModel, ask: Ask) -> None:
    model.set(mode="bad_json")

    answer = content(ask())

    fenced = re.search(r"^\w.*```json\n(.*)\n```\n\w", answer, re.DOTALL)
    assert fenced
    with pytest.raises(json.JSONDecodeError):
        json.loads(fenced[1])


def test_refusal_has_no_content(model: RunningFakeModel, ask: Ask) -> None:
    model.set(mode="refusal")

    message = ask().choices[0].message

    assert message.content is None
    assert message.refusal


def test_content_filter(model: RunningFakeModel, ask: Ask) -> None:
    model.set(mode="content_filter")

    assert ask().choices[0].finish_reason == "content_filter"


@pytest.mark.parametrize(("chat", "letters"), [(RUSSIAN, "[а-яё]"), (ENGLISH, "[a-z]")], ids=["ru", "en"])
def test_wrong_language_keeps_the_schema_and_has_no_letter_of_the_right_one(
    model: RunningFakeModel, ask: Ask, chat: list[dict[str, str]], letters: str
) -> None:
    model.set(mode="wrong_language")

    document = json.loads(content(ask(chat)))

    jsonschema.validate(document, SCHEMA)
    values = " ".join([document["summary"], document["share"], *document["homework"]])
    assert not re.search(letters, values.replace("{{name}}", ""), re.IGNORECASE)


def test_empty_keeps_the_schema_and_says_nothing(model: RunningFakeModel, ask: Ask) -> None:
    model.set(mode="empty")

    document = json.loads(content(ask()))

    jsonschema.validate(document, SCHEMA)
    assert {document["summary"], document["share"], *document["homework"]} == {""}


def test_wrong_keys_lacks_one_and_adds_one(model: RunningFakeModel, ask: Ask) -> None:
    model.set(mode="wrong_keys")

    keys = set(json.loads(content(ask())))

    assert (set(SCHEMA["properties"]) - keys, keys - set(SCHEMA["properties"])) == (
        {"summary"},
        {"summary_text"},
    )


def test_extra_keys_has_all_and_one_more(model: RunningFakeModel, ask: Ask) -> None:
    model.set(mode="extra_keys")

    keys = set(json.loads(content(ask())))

    assert (set(SCHEMA["properties"]) - keys, keys - set(SCHEMA["properties"])) == (set(), {"note"})


def test_huge_is_a_whole_answer_of_ten_megabytes(model: RunningFakeModel, ask: Ask) -> None:
    model.set(mode="huge")

    answer = content(ask(max_completion_tokens=500))

    assert len(answer.encode()) > 10_000_000
    assert set(json.loads(answer)) == set(SCHEMA["properties"])


def test_other_name_greets_somebody_of_whom_the_prompt_does_not_speak(
    model: RunningFakeModel, ask: Ask
) -> None:
    model.set(mode="other_name")

    answers = [content(ask(chat)) for chat in (RUSSIAN, ENGLISH)]

    assert [json.loads(answer)["summary"].split(",")[0] for answer in answers] == ["Марина", "Emma"]
    assert not any("{{name}}" in answer for answer in answers)


def test_echo_answers_with_the_prompt(model: RunningFakeModel, ask: Ask) -> None:
    model.set(mode="echo")

    document = json.loads(content(ask()))

    assert RUSSIAN[0]["content"] in document["share"]
    assert RUSSIAN[1]["content"] in document["share"]


def test_html_in_every_text(model: RunningFakeModel, ask: Ask) -> None:
    model.set(mode="html")

    document = json.loads(content(ask()))

    assert all("<script>" in text for text in (document["summary"], document["share"], *document["homework"]))


def test_requests_above_the_minute_limit_are_told_to_wait(model: RunningFakeModel) -> None:
    model.set(rpm=2)

    async def three() -> tuple[dict[str, str], openai.RateLimitError]:
        async with client_of(model.base_url) as client:
            await complete(client, RUSSIAN)
            raw = await client.chat.completions.with_raw_response.create(model="m", messages=[USER])
            with pytest.raises(openai.RateLimitError) as caught:
                await complete(client, RUSSIAN)
            return dict(raw.headers), caught.value

    headers, error = asyncio.run(three())

    assert headers["x-ratelimit-limit-requests"] == "2"
    assert headers["x-ratelimit-remaining-requests"] == "0"
    assert 50 < (read_headers(headers).requests.reset or 0) <= 60
    assert 50 < int(error.response.headers["retry-after"]) <= 60
    assert 50_000 < int(error.response.headers["retry-after-ms"]) <= 60_000
    assert model.stats()["by_status"] == {"200": 2, "429": 1}


def test_the_longest_answer_asked_for_counts_as_tokens_at_once(model: RunningFakeModel, ask: Ask) -> None:
    model.set(tpm=1_000)

    ask(max_completion_tokens=500)
    with pytest.raises(openai.RateLimitError):
        ask(max_completion_tokens=500)
    with pytest.raises(openai.BadRequestError, match="max_tokens"):
        ask(max_tokens=0)


USER = openai.types.chat.ChatCompletionUserMessageParam(role="user", content="hi")


def test_a_taken_port_is_named() -> None:
    async def twice() -> None:
        async with FakeModel() as first:
            port = int(first.base_url.split(":")[2].split("/")[0])
            with pytest.raises(ListenError, match=f"port {port} on 127.0.0.1 is taken"):
                await FakeModel().start(port)

    asyncio.run(twice())


def test_stopping_does_not_wait_for_hanging_requests() -> None:
    async def stop_while_hanging() -> None:
        model = await FakeModel(Options(mode="hang")).start()
        async with client_of(model.base_url) as client:
            request = asyncio.create_task(complete(client, RUSSIAN))
            await asyncio.to_thread(until, lambda: model.engine.counters.in_flight == 1)
            await asyncio.wait_for(model.stop(), timeout=5)
            with pytest.raises(openai.APIConnectionError):
                await request

    asyncio.run(stop_while_hanging())


def tokens(model: RunningFakeModel) -> dict[str, int]:
    figures = model.stats()["tokens"]
    assert isinstance(figures, dict)
    return figures


def test_wrong_options_are_named_all_at_once_and_change_nothing(model: RunningFakeModel, ask: Ask) -> None:
    with pytest.raises(OptionsError) as caught:
        model.set(mode="cut,melt", fail=1.5, rpm=True, latency="5", colour="red")

    assert len(caught.value.problems) == 5
    assert [problem.split(":")[0] for problem in caught.value.problems[:4]] == [
        "mode",
        "fail",
        "rpm",
        "latency",
    ]
    assert "colour" in caught.value.problems[4]
    assert ask().choices[0].finish_reason == "stop"
