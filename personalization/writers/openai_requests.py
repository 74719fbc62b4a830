"""A brief → the body of a request, in bytes. What learners share is put into JSON once, not for each."""

import json
from typing import Any

from courses.formats.definition import Format
from personalization.brief import Brief
from personalization.condensing.prompt import PartBrief, own_part, rules_part
from personalization.models.endpoints import AnswerFormat, TokenLimit
from personalization.prompts import (
    LONGEST_COMPLAINT,
    Message,
    json_string,
    learners_message,
    shared_part,
    with_complaint,
)
from personalization.tokens import estimated_tokens, guided_tokens, most_tokens
from personalization.windows import window_of
from personalization.writers.base import Usage
from personalization.writers.facts import Facts

ROOM = 2  # times an answer that takes all that the guidance gives it: no good one meets this limit
# A model that wants max_completion_tokens counts its thinking among them. Of one that takes max_tokens it is
# found out: by an answer that is cut short of them.
THINKING_TOKENS = 4_000
FRAME_TOKENS = 40 + LONGEST_COMPLAINT  # roles, has_name, and what was wrong with an answer


class Requests:
    """The requests to one model. `thinks`: its answers may need room for thinking; not known means yes."""

    def __init__(self, model: str) -> None:
        self.thinks = True
        self._window = window_of(model)
        self._head = b'{"model":' + json_string(model) + b',"messages":[{"role":"system","content":'
        self._frames: dict[tuple[str, str, int | None], _Frame] = {}

    def body(self, brief: Brief | PartBrief, complaint: str, facts: Facts) -> bytes:
        own = _own(brief)
        asked = json_string(with_complaint(own.text, complaint)) if complaint else own.as_json
        tail = self._frame(brief).tail(facts, thinks=self.thinks)
        return b"".join(
            (self._head, _shared(brief).as_json, b'},{"role":"user","content":', asked, b"}]", tail)
        )

    def estimate(self, brief: Brief | PartBrief) -> Usage:
        """Tokens of a call, for the provider's limits; the limit that is sent is never above."""
        frame = self._frame(brief)
        given = _shared(brief).tokens + _own(brief).tokens + frame.tokens
        return Usage(given, 0, frame.most(thinks=self.thinks))

    def thought(self, brief: Brief | PartBrief, facts: Facts, written: object) -> bool:
        """Of an answer that was cut: whether something else than what is written took the room for it."""
        if facts.limit != TokenLimit.MAX_TOKENS:
            return False
        tokens = estimated_tokens(written) if isinstance(written, str) else 0
        return tokens < self._frame(brief).most(thinks=facts.thinks)

    def most(self, brief: Brief | PartBrief, *, limited: bool) -> Usage:
        """The most tokens of a call. `limited`: its answer has a limit; else only the model ends it."""
        given = _shared(brief).most_tokens + _own(brief).most_tokens + self._frame(brief).most_tokens
        return Usage(given, 0, self.longest_answer(brief, limited=limited))

    def longest_answer(self, brief: Brief | PartBrief, *, limited: bool) -> int:
        """In tokens."""
        answer = self._frame(brief).most(thinks=self.thinks)
        return answer if limited else max(answer, self._window.output)

    def _frame(self, brief: Brief | PartBrief) -> "_Frame":
        room = brief.tokens if isinstance(brief, PartBrief) else None
        key = (brief.format.tag, brief.language, room)
        if key not in self._frames:
            if room is None:
                room = ROOM * guided_tokens(brief.format, brief.language)
            self._frames[key] = _Frame(brief.format, room)
        return self._frames[key]


def _shared(brief: Brief | PartBrief) -> Message:
    return Message(rules_part(brief)) if isinstance(brief, PartBrief) else shared_part(brief)


def _own(brief: Brief | PartBrief) -> Message:
    return Message(own_part(brief)) if isinstance(brief, PartBrief) else learners_message(brief)


class _Frame:
    """What all requests for texts in one format and of one length have in common behind their messages."""

    def __init__(self, fmt: Format, room: int) -> None:
        self._format = fmt
        self._room = room
        schema = json.dumps(_response_format(fmt, AnswerFormat.JSON_SCHEMA), ensure_ascii=False)
        self.tokens = estimated_tokens(schema) + FRAME_TOKENS
        self.most_tokens = most_tokens(schema) + FRAME_TOKENS
        self._tails: dict[tuple[Facts, bool], bytes] = {}

    def most(self, *, thinks: bool) -> int:
        """Tokens of an answer."""
        return self._room + (THINKING_TOKENS if thinks else 0)

    def tail(self, facts: Facts, *, thinks: bool) -> bytes:
        """The rest of the JSON object, from the comma behind the messages on."""
        key = (facts, thinks)
        if key not in self._tails:
            most = self.most(thinks=thinks and (facts.thinks or facts.limit != TokenLimit.MAX_TOKENS))
            rest = json.dumps(parameters(self._format, facts, most), ensure_ascii=False)
            self._tails[key] = f", {rest[1:]}".encode() if rest != "{}" else b"}"
        return self._tails[key]


def parameters(fmt: Format, facts: Facts, most: int) -> dict[str, Any]:
    """What a request holds beside model and messages, for an endpoint of which these facts are known."""
    chosen: dict[str, Any] = {}
    if response_format := _response_format(fmt, facts.answers):
        chosen["response_format"] = response_format
    if facts.limit != TokenLimit.NONE:
        chosen[facts.limit] = most
    if facts.stream:
        chosen["stream"] = True
    if facts.stream and facts.stream_usage:
        chosen["stream_options"] = {"include_usage": True}
    return chosen


def _response_format(fmt: Format, answers: str) -> dict[str, Any] | None:
    if answers == AnswerFormat.JSON_SCHEMA:
        schema = {"name": fmt.name, "strict": True, "schema": fmt.json_schema()}
        return {"type": "json_schema", "json_schema": schema}
    return {"type": "json_object"} if answers == AnswerFormat.JSON_OBJECT else None
