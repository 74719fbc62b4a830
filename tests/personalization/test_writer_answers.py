"""The bodies that endpoints answer with: whole or streamed, fenced or not, with usage or without."""

import json
from typing import Any

import pytest
from multidict import CIMultiDict

from personalization.errors import Permanent, Transient, WriterError
from personalization.writers.base import Usage
from personalization.writers.openai_answers import Answer, read_answer
from personalization.writers.openai_errors import Refused
from personalization.writers.openai_http import Response

JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"
USAGE = {"prompt_tokens": 900, "completion_tokens": 70, "prompt_tokens_details": {"cached_tokens": 640}}
DOCUMENT = {"why_watch": "Тёплые ладони ```и``` шея\n", "homework": ["раз", "два"]}
TEXT = json.dumps(DOCUMENT, ensure_ascii=False)


def read(body: bytes, content_type: str) -> Answer:
    return read_answer(Response(200, CIMultiDict({"Content-Type": content_type}), body))


def whole(content: object = TEXT, usage: object = USAGE, **choice: Any) -> Answer:
    message = {"content": content, "refusal": choice.pop("refusal", None)}
    choices = [{"message": message, "finish_reason": "stop", **choice}]
    return read(json.dumps({"choices": choices, "usage": usage}).encode(), JSON)


def streamed(*events: object, end: str = "data: [DONE]\n\n") -> Answer:
    lines = [f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events]
    return read("".join([": a comment\n\n", "event: message\n", *lines, end]).encode(), EVENTS)


def piece(content: str | None = None, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": content, **delta}, "finish_reason": finish}]}


def failure(answer: Answer) -> WriterError:
    with pytest.raises(WriterError) as caught:
        answer.document()
    return caught.value


def test_a_whole_answer_has_its_document_and_usage() -> None:
    answer = whole()
    assert answer.document() == DOCUMENT
    assert answer.usage == Usage(900, 640, 70, reported=True)
    assert not answer.fenced


def test_a_streams_pieces_are_one_answer() -> None:
    pieces = [piece("", role="assistant"), piece(TEXT[:9]), piece(TEXT[9:]), piece(finish="stop")]
    answer = streamed(*pieces, {"choices": [], "usage": USAGE})
    assert answer.document() == DOCUMENT
    assert answer.usage == Usage(900, 640, 70, reported=True)


@pytest.mark.parametrize("end", ["", "data: [DONE]\n\n", "data:[DONE]"])
def test_a_stream_may_end_in_many_ways_and_without_usage(end: str) -> None:
    answer = streamed(piece(TEXT), piece(None, "stop"), end=end)
    assert answer.document() == DOCUMENT
    assert answer.usage == Usage()


def test_a_stream_that_breaks_off_is_no_answer() -> None:
    with pytest.raises(Transient) as caught:
        streamed(piece(TEXT), end="")
    assert caught.value.code == "connection"


def test_a_streamed_refusal_is_a_refusal() -> None:
    assert failure(streamed(piece(refusal="I can"), piece(refusal="not"), piece(finish="stop"))).code == (
        "refusal"
    )


@pytest.mark.parametrize(
    "content",
    [
        f"```json\n{TEXT}\n```",
        f"```\n{TEXT}\n```",
        f" \n```JSON  \n{TEXT}\n```\n",
        f"```json\r\n{TEXT}\r\n```",
    ],
)
def test_json_in_a_markdown_fence_is_found(content: str) -> None:
    answer = whole(content)
    assert (answer.document(), answer.fenced) == (DOCUMENT, True)


@pytest.mark.parametrize(
    "content",
    [
        f"Here it is:\n```json\n{TEXT}\n```",
        f"```json\n{TEXT}\n```\nAnything else?",
        f"```json\n{TEXT}\n```\n```json\n{TEXT}\n```",
        f"```python\n{TEXT}\n```",
        f"```json\n{TEXT}",
        f"{TEXT} {TEXT}",
        f"<think>short</think>{TEXT}",
        "```json\n```",
        "[]",
        "null",
        '{"a": NaN}',
    ],
)
def test_anything_else_around_the_json_is_refused_and_asked_for_again(content: str) -> None:
    error = failure(whole(content))
    assert isinstance(error, Transient)
    assert (error.code, error.reask) == ("bad_json", True)


@pytest.mark.parametrize(
    ("choice", "code", "kind"),
    [
        ({"finish_reason": "length"}, "cut", Transient),
        ({"content": None}, "empty", Transient),
        ({"content": " \n"}, "empty", Transient),
        ({"content": ["parts"]}, "empty", Transient),
        ({"finish_reason": "content_filter"}, "content_filter", Permanent),
        ({"refusal": "No."}, "refusal", Permanent),
    ],
)
def test_an_answer_without_a_document_says_why(
    choice: dict[str, Any], code: str, kind: type[WriterError]
) -> None:
    error = failure(whole(**choice))
    assert (error.code, type(error)) == (code, kind)
    assert getattr(error, "reask", True) is True


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", JSON),
        (b"<html>", JSON),
        (b"[" * 100_000, JSON),
        (b"[]", JSON),
        (b'{"choices": []}', JSON),
        (b'{"choices": [5]}', JSON),
        (b'{"choices": [{"message": null}]}', JSON),
        (b"data: {\n\n", EVENTS),
        (b'data: {"choices": null}\n\n', EVENTS),
        (b"data: 5\n\n", EVENTS),
    ],
)
def test_a_body_that_is_no_completion_is_garbage_and_not_asked_for_again(body: bytes, kind: str) -> None:
    with pytest.raises(Transient) as caught:
        read(body, kind)
    assert (caught.value.code, caught.value.reask) == ("garbage", False)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": 429, "message": "busy"}, 429),
        ({"code": "503"}, 503),
        ({"code": 401}, 401),
        ({"message": "no"}, 502),
        ({"code": "server_error"}, 502),
        ({"code": 200}, 502),
        ({"code": True}, 502),
        ("no", 502),
    ],
)
@pytest.mark.parametrize("kind", [JSON, EVENTS])
def test_an_error_instead_of_an_answer_is_a_refusal(error: object, status: int, kind: str) -> None:
    body = json.dumps({"error": error})
    events = f"data: {json.dumps(piece(TEXT))}\n\ndata: {body}\n\n"
    with pytest.raises(Refused) as caught:
        read(body.encode() if kind == JSON else events.encode(), kind)
    assert (caught.value.status, caught.value.error) == (status, error)


def test_an_answer_beside_which_no_error_stands_is_one() -> None:
    assert streamed({**piece(TEXT, "stop"), "error": None}).document() == DOCUMENT
    body = {"error": None, "choices": [{"message": {"content": TEXT}, "finish_reason": "stop"}]}
    assert read(json.dumps(body).encode(), JSON).document() == DOCUMENT


@pytest.mark.parametrize(
    "usage",
    [
        None,
        [],
        {},
        {"prompt_tokens": 5},
        {"prompt_tokens": "5", "completion_tokens": 5},
        {"prompt_tokens": -5, "completion_tokens": 5},
        {"prompt_tokens": True, "completion_tokens": 5},
        {"prompt_tokens": 10**12, "completion_tokens": 5},
        {"prompt_tokens": 0, "completion_tokens": 0},
        {"prompt_tokens": 0, "completion_tokens": 5},
    ],
)
def test_usage_that_makes_no_sense_is_none(usage: object) -> None:
    assert whole(usage=usage).usage == Usage()


@pytest.mark.parametrize(
    ("details", "cached"),
    [
        (None, 0),
        ({}, 0),
        ({"cached_tokens": None}, 0),
        ({"cached_tokens": 999}, 900),
        ({"cached_tokens": 3}, 3),
    ],
)
def test_cached_tokens_are_part_of_the_input(details: object, cached: int) -> None:
    usage = {"prompt_tokens": 900, "completion_tokens": 70, "prompt_tokens_details": details}
    assert whole(usage=usage).usage == Usage(900, cached, 70, reported=True)
