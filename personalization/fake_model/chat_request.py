"""A chat completion request, checked as the real endpoint checks it."""

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from personalization.fake_model.abilities import refusal
from personalization.fake_model.faults import HttpError
from personalization.fake_model.nodes import ObjectNode, TextNode
from personalization.fake_model.options import Ability
from personalization.fake_model.prefix_cache import estimated_tokens
from personalization.fake_model.schema import SchemaError, plan

_JSON_OBJECT = ObjectNode((("title", TextNode(low=1, high=1)), ("text", TextNode())))
_PLAIN_TEXT = TextNode(low=3, high=3)


class BadRequestError(ValueError):
    """A request that is answered with HTTP 400; `error` is that answer."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.error = HttpError(400, message, "invalid_request_error", param=param)


@dataclass(frozen=True, slots=True)
class Shape:
    """What the answer looks like: an object or plain text; `key` tells shapes apart."""

    key: str
    name: str | None
    plan: ObjectNode | TextNode


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What an answer depends on; `messages` as they came, `texts` as (role, text).

    `limit`: most tokens of the answer, None for no limit. `stream`: the answer comes in pieces, at the end of
    them the usage where `stream_usage` says so.
    """

    model: str
    messages: list[Any]
    texts: tuple[tuple[str, str], ...]
    shape: Shape
    limit: int | None
    stream: bool
    stream_usage: bool

    def tokens(self) -> int:
        """What a provider counts before it answers: the prompt, and the longest answer asked for."""
        return sum(estimated_tokens(text) for _, text in self.texts) + (self.limit or 0)


def read_request(body: bytes, lacking: Set[Ability] = frozenset()) -> ChatRequest:
    """The request in this HTTP body; BadRequestError when an endpoint that lacks this could not answer it."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"We could not parse the JSON body of your request: {error}") from None
    if not isinstance(data, dict):
        raise BadRequestError(f"The body must be a JSON object, found {type(data).__name__}")
    model = data.get("model")
    if not isinstance(model, str) or not model:
        raise BadRequestError("you must provide a model parameter", "model")
    if refused := refusal(data, lacking):
        raise BadRequestError(refused[1], refused[0])
    if data.get("n", 1) not in (1, None):
        raise BadRequestError("the fake model gives one choice; leave n out", "n")
    messages = data.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequestError("messages must be a list with at least one message", "messages")
    texts = tuple(_role_and_text(message, number) for number, message in enumerate(messages))
    stream_options = data.get("stream_options")
    return ChatRequest(
        model,
        messages,
        texts,
        shape=_shape(data.get("response_format")),
        limit=_limit(data),
        stream=bool(data.get("stream")),
        stream_usage=isinstance(stream_options, dict) and bool(stream_options.get("include_usage")),
    )


def _limit(data: Mapping[str, Any]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        limit = data.get(name)
        if limit is not None and (not isinstance(limit, int) or limit < 1):
            raise BadRequestError(f"{name}: a whole number above 0 is needed", name)
        if limit is not None:
            return limit
    return None


def _role_and_text(message: object, number: int) -> tuple[str, str]:
    place = f"messages[{number}]"
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise BadRequestError(f"{place}: an object with role and content is needed", place)
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content}]
    texts = [part.get("text") if isinstance(part, dict) else None for part in parts]
    found = [text for text in texts if isinstance(text, str)]
    if len(found) < len(texts):
        raise BadRequestError(
            f"{place}.content: a text or a list of text parts is needed", f"{place}.content"
        )
    return message["role"], "".join(found)


def _shape(response_format: object) -> Shape:
    if response_format is None:
        return Shape("text", None, _PLAIN_TEXT)
    # Order kept: two schemas with their keys in another order ask for different answers.
    return _shape_of(json.dumps(response_format))


@lru_cache(maxsize=64)
def _shape_of(key: str) -> Shape:
    response_format = json.loads(key)
    kind = response_format.get("type") if isinstance(response_format, dict) else None
    match kind:
        case "text":
            return Shape(key, None, _PLAIN_TEXT)
        case "json_object":
            return Shape(key, "json_object", _JSON_OBJECT)
        case "json_schema":
            return _schema_shape(key, response_format.get("json_schema"))
    raise BadRequestError("response_format.type must be text, json_object or json_schema", "response_format")


def _schema_shape(key: str, wrapper: object) -> Shape:
    if not isinstance(wrapper, Mapping) or not isinstance(wrapper.get("schema"), dict):
        raise BadRequestError("response_format.json_schema: name and schema are needed", "response_format")
    name = wrapper.get("name")
    if not isinstance(name, str) or not name:
        raise BadRequestError("response_format.json_schema.name is needed", "response_format")
    try:
        return Shape(key, name, plan(wrapper["schema"], strict=bool(wrapper.get("strict"))))
    except SchemaError as error:
        message = f"Invalid schema for response_format '{name}': {error}"
        raise BadRequestError(message, "response_format") from None
