"""The body of an answer: a completion in one piece, or the events of a stream."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from personalization.fake_model.completion import Answer

_PIECES = 4  # of a streamed text; enough to need putting together


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an answer cost."""

    prompt: int
    cached: int
    completion: int

    def as_usage(self) -> dict[str, Any]:
        """The usage object of OpenAI's answers."""
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "prompt_tokens_details": {"cached_tokens": self.cached},
        }


def completion(number: int, model: str, given: Answer, tokens: Tokens | None) -> bytes:
    """The body of the HTTP response; without usage where no tokens are told."""
    message: dict[str, Any] = {"role": "assistant", "content": given.content, "refusal": given.refusal}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": given.finish_reason}
    usage = {"usage": tokens.as_usage()} if tokens else {}
    return _bytes(_envelope(number, "chat.completion", model) | {"choices": [choice]} | usage)


def stream(number: int, model: str, given: Answer, tokens: Tokens | None) -> bytes:
    """All events of the HTTP response; the last one before [DONE] carries the usage, where it is told."""
    envelope = _envelope(number, "chat.completion.chunk", model)
    choices: list[list[dict[str, Any]]]
    choices = [[{"index": 0, "delta": delta, "finish_reason": None}] for delta in _deltas(given)]
    choices.append([{"index": 0, "delta": {}, "finish_reason": given.finish_reason}])
    events = [envelope | {"choices": choice} for choice in choices]
    if tokens:
        events.append(envelope | {"choices": [], "usage": tokens.as_usage()})
    return b"".join(b"data: " + _bytes(event) + b"\n\n" for event in events) + b"data: [DONE]\n\n"


def _deltas(given: Answer) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    if given.refusal:
        yield {"refusal": given.refusal}
    text = given.content or ""
    size = -(-len(text) // _PIECES) or 1
    for start in range(0, len(text), size):
        yield {"content": text[start : start + size]}


def _envelope(number: int, kind: str, model: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-fake-{number}", "object": kind, "created": int(time.time()), "model": model}


def _bytes(value: object) -> bytes:
    # A lone surrogate may come back from an echoed prompt, and has no UTF-8.
    return json.dumps(value, ensure_ascii=False).encode(errors="replace")
