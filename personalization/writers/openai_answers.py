"""The body of a chat completion → the document that the model wrote, and what it cost.

Bodies are read as plain JSON: modelling them by the client's library costs more than the rest of the call.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from courses.strict_json import JSONProblem, parse
from personalization.errors import Permanent, Transient
from personalization.writers.base import Usage
from personalization.writers.openai_errors import Refused
from personalization.writers.openai_http import Response

STREAM = "text/event-stream"
# What `code` of an error may say.
STATUSES = {str(status): status for status in range(400, 600)}
# The whole answer is one fence. Words around it would be lost, and nobody knows what they say.
FENCE = re.compile(r"```(?:json)?[ \t\r]*\n(.*)\n[ \t]*```", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a completion says, in one piece or streamed; `content` without the fence that it stood in.

    `tells_cached`: its usage says how much of the input was cached, be it nothing. `thought`: it was cut, and
    what is written has not taken the room.
    """

    content: object
    refusal: object
    finish_reason: object
    usage: Usage
    fenced: bool
    tells_cached: bool = False
    thought: bool = False
    seconds: float | None = None  # until it came

    @property
    def cut(self) -> bool:
        return self.finish_reason == "length"

    def document(self) -> dict[str, Any]:
        """The JSON object that was asked for; Permanent or Transient where there is none."""
        if self.finish_reason == "content_filter":
            raise Permanent("content_filter", "the provider's content filter stopped the answer")
        if self.refusal:
            raise Permanent("refusal", "the model refused to answer")
        if self.cut:
            raise Transient("cut", "the answer was cut at the model's length limit", reask=True)
        if not isinstance(self.content, str) or not self.content.strip():
            raise Transient("empty", "the answer has no content", reask=True)
        try:
            return parse(self.content.encode("utf-8", "surrogatepass"))
        except JSONProblem as error:
            raise Transient(
                "bad_json", "the answer is not the JSON that was asked for", reask=True
            ) from error


def read_answer(response: Response) -> Answer:
    """The answer in a response; Transient (`garbage`, `connection`) where it is none or half of one, Refused
    where it is an error."""
    # Some endpoints stream unasked, and some that are asked to do not.
    streamed = response.headers.get("content-type", "").startswith(STREAM)
    try:
        whole = _assembled(response.content) if streamed else json.loads(response.content)
        if whole.get("error") and not whole.get("choices"):
            raise _refused(whole["error"], response)
        choice = whole["choices"][0]
        message, finish = choice["message"], choice.get("finish_reason")
        content, refusal = message.get("content"), message.get("refusal")
    except (ValueError, RecursionError) as error:
        raise Transient("garbage", "the endpoint's answer is not JSON") from error
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Transient("garbage", "the endpoint's answer is not a chat completion") from error
    fence = FENCE.fullmatch(content.strip()) if isinstance(content, str) and "```" in content else None
    usage, tells_cached = _usage(whole.get("usage"))
    return Answer(fence[1] if fence else content, refusal, finish, usage, bool(fence), tells_cached)


def _refused(error: object, response: Response) -> Refused:
    """As gateways tell of an error behind them once they have begun to answer: the status has gone out."""
    code = error.get("code") if isinstance(error, dict) else None
    return Refused(STATUSES.get(str(code), 502), response.headers, json.dumps({"error": error}).encode())


def _assembled(body: bytes) -> dict[str, Any]:
    """The pieces of a stream as one completion; the first error among them alone."""
    content: list[str] = []
    refusal: list[str] = []
    finish = usage = None
    for event in _events(body):
        if event.get("error"):
            return {"error": event["error"]}
        usage = event.get("usage") or usage
        for choice in event["choices"][:1]:
            delta = choice.get("delta") or {}
            content.append(delta.get("content") or "")
            refusal.append(delta.get("refusal") or "")
            finish = choice.get("finish_reason") or finish
    if finish is None:
        raise Transient("connection", "the endpoint broke its answer off")
    message = {"content": "".join(content), "refusal": "".join(refusal)}
    return {"choices": [{"message": message, "finish_reason": finish}], "usage": usage}


def _events(body: bytes) -> Iterator[dict[str, Any]]:
    for line in body.splitlines():
        if not line.startswith(b"data:"):
            continue
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            return
        yield json.loads(data)


def _usage(found: object) -> tuple[Usage, bool]:
    """Not `reported` where the endpoint tells none or nonsense: usage is never worth failing a text for.

    And whether it tells cached tokens.
    """
    if not isinstance(found, dict):
        return Usage(), False
    details = found.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    given, written = _count(found.get("prompt_tokens")), _count(found.get("completion_tokens"))
    if not given or written is None:  # no prompt has 0 tokens: whoever says so does not count
        return Usage(), False
    return Usage(given, min(cached or 0, given), written, reported=True), cached is not None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None
