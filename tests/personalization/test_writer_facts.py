"""What a refusal teaches: only one that is about a parameter of ours changes how an endpoint is asked."""

from dataclasses import replace
from typing import Any

import pytest

from personalization.writers.facts import Facts, lowest, other_way

FIRST = Facts()
STREAMED = replace(FIRST, stream=True)


def error(message: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {"message": message, "type": "invalid_request_error", "param": param, "code": code}


def fastapi(*place: str, message: str = "Extra inputs are not permitted") -> dict[str, Any]:
    """As vLLM and other servers written with FastAPI refuse: with the whole request repeated."""
    request = {"response_format": {}, "max_tokens": 5, "messages": ["stream"]}
    return {"detail": [{"type": "x", "loc": ["body", *place], "msg": message, "input": request}]}


@pytest.mark.parametrize(
    ("sent", "body", "change"),
    [
        (FIRST, error("'json_schema' is not supported", "response_format"), {"answers": "json_object"}),
        (FIRST, error("This response_format type is unavailable now"), {"answers": "json_object"}),
        (FIRST, fastapi("response_format", "json_schema"), {"answers": "json_object"}),
        (FIRST, "json_schema: not supported by this model", {"answers": "json_object"}),
        (
            replace(FIRST, answers="json_object"),
            error("unknown field response_format"),
            {"answers": "text"},
        ),
        (
            FIRST,
            error("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "max_tokens"),
            {"limit": "max_completion_tokens"},
        ),
        (FIRST, fastapi("max_tokens"), {"limit": "max_completion_tokens"}),
        (
            replace(FIRST, limit="max_completion_tokens"),
            error("Unrecognized request argument supplied: max_completion_tokens"),
            {"limit": "none"},
        ),
        (FIRST, error("This model only supports streaming: set stream to true.", "stream"), {"stream": True}),
        (FIRST, error("This model only support stream mode, please enable it"), {"stream": True}),
        (STREAMED, error("Unrecognized argument: stream_options"), {"stream_usage": False}),
        (STREAMED, fastapi("stream_options", "include_usage"), {"stream_usage": False}),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
def test_a_refusal_that_names_a_parameter_leads_to_the_next_way(
    sent: Facts, body: object, change: dict[str, Any], status: int
) -> None:
    assert other_way(sent, status, body) == replace(sent, **change)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, error("The request could not be processed.")),
        (400, error("Your messages talk of response_format and max_tokens", "messages")),
        (400, fastapi("messages", message="response_format and stream are words of the prompt")),
        (400, error("x" * 2000 + " response_format")),
        (400, error("upstream error: bitstream broken")),
        (400, {"detail": "nothing of ours"}),
        (400, {"error": 5}),
        (400, ["response_format"]),
        (400, None),
        (400, error("max_tokens is too large: 9000", "max_tokens")),
        (
            400,
            error("'max_tokens' must be at most 4096", "max_tokens"),
        ),
        (400, error("This model's maximum context length is 8192 tokens, max_tokens included")),
        (401, error("response_format", "response_format")),
        (404, error("response_format", "response_format")),
        (429, error("max_tokens per minute", "max_tokens")),
        (500, error("response_format", "response_format")),
    ],
)
def test_any_other_refusal_teaches_nothing(status: int, body: object) -> None:
    assert other_way(FIRST, status, body) is None


def test_a_parameter_that_was_not_sent_cannot_be_left_out() -> None:
    bare = Facts("text", "none", stream=True, stream_usage=False)
    for name in ("response_format", "max_tokens", "max_completion_tokens", "stream", "stream_options"):
        assert other_way(bare, 400, error(f"Unsupported parameter: {name}", name)) is None


def test_two_ways_together_are_the_lower_of_each() -> None:
    one = Facts(answers="text", usage=False)
    other = Facts(limit="max_completion_tokens", stream=True, stream_usage=False, fenced=True, thinks=True)
    both = Facts(
        *("text", "max_completion_tokens"),
        stream=True,
        stream_usage=False,
        usage=False,
        fenced=True,
        thinks=True,
    )
    assert lowest(one, other) == lowest(other, one) == both
    assert lowest(one, one) == one
