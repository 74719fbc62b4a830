"""A brief → the body of a request, in bytes. What all learners of a lesson share is put into JSON once."""

import json
from typing import Any

from courses.formats.definition import Format
from personalization.brief import Brief
from personalization.models.endpoints import AnswerFormat, TokenLimit
from personalization.prompts import LONGEST_COMPLAINT, json_string, learners_part, shared_part
from personalization.tokens import estimated_tokens, guided_tokens
from personalization.writers.base import Usage
from personalization.writers.facts import Facts

ROOM = 2  # times the answer that takes all the room of the guidance: a good one never meets its limit
# A model that wants max_completion_tokens counts its thinking among them.
THINKING_TOKENS = 4_000
FRAME_TOKENS = 40 + LONGEST_COMPLAINT  # roles, has_name, and what was wrong with an answer


class Requests:
    """The requests to one model. `thinks`: its answers may need room for thinking; not known means yes."""

    def __init__(self, model: str) -> None:
        self.thinks = True
        self._head = b'{"model":' + json_string(model) + b',"messages":[{"role":"system","content":'
        self._tails: dict[tuple[str, Facts, int], bytes] = {}

    def body(self, brief: Brief, complaint: str, facts: Facts) -> bytes:
        own = json_string(learners_part(brief, complaint))
        shared = shared_part(brief).as_json
        return b"".join(
            (self._head, shared, b'},{"role":"user","content":', own, b"}]", self._tail(brief, facts))
        )

    def estimate(self, brief: Brief) -> Usage:
        """The most tokens of one call: the limit that is sent is never above it."""
        schema = _dumped(_response_format(brief.format, AnswerFormat.JSON_SCHEMA))
        given = shared_part(brief).tokens + estimated_tokens(learners_part(brief)) + estimated_tokens(schema)
        return Usage(given + FRAME_TOKENS, 0, _room(brief, thinks=self.thinks))

    def _tail(self, brief: Brief, facts: Facts) -> bytes:
        """Everything behind the messages."""
        thinks = self.thinks and facts.limit != TokenLimit.MAX_TOKENS
        key = (brief.format.tag, facts, _room(brief, thinks=thinks))
        if key not in self._tails:
            self._tails[key] = b"," + _dumped(_parameters(brief.format, facts, key[2])).encode()[1:]
        return self._tails[key]


def _room(brief: Brief, *, thinks: bool) -> int:
    return ROOM * guided_tokens(brief.format, brief.language) + (THINKING_TOKENS if thinks else 0)


def _parameters(fmt: Format, facts: Facts, most: int) -> dict[str, Any]:
    parameters: dict[str, Any] = {"response_format": _response_format(fmt, facts.answers)}
    if facts.limit != TokenLimit.NONE:
        parameters[facts.limit] = most
    if facts.stream:
        parameters["stream"] = True
    if facts.stream and facts.stream_usage:
        parameters["stream_options"] = {"include_usage": True}
    return {name: value for name, value in parameters.items() if value is not None}


def _response_format(fmt: Format, answers: str) -> dict[str, Any] | None:
    if answers == AnswerFormat.JSON_SCHEMA:
        schema = {"name": fmt.name, "strict": True, "schema": fmt.json_schema()}
        return {"type": "json_schema", "json_schema": schema}
    return {"type": "json_object"} if answers == AnswerFormat.JSON_OBJECT else None


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
