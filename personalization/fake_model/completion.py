"""The answer to one request: its text, and how it ended."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from personalization.fake_model.nodes import ListNode, Node, ObjectNode, TextNode, ValueNode
from personalization.fake_model.options import Mode
from personalization.fake_model.prefix_cache import CHARS_PER_TOKEN, estimated_tokens
from personalization.fake_model.prompt import Prompt
from personalization.fake_model.voices import Voice, voice_for

THOUGHT = 3_000  # tokens: more than any answer has
_REFUSAL = "I'm sorry, but I can't help with that request."


@dataclass(frozen=True, slots=True)
class Answer:
    """One choice of a completion. `thought`: tokens that nobody sees, and that count all the same."""

    content: str | None
    finish_reason: str = "stop"
    refusal: str | None = None
    thought: int = 0

    def tokens(self) -> int:
        """Estimated completion tokens."""
        return self.thought + estimated_tokens(self.content or self.refusal or "")

    def within(self, limit: int | None) -> "Answer":
        """The answer, cut where it has more tokens than the request allows."""
        if limit is None or self.content is None or self.tokens() <= limit:
            return self
        thought = min(self.thought, limit)
        return Answer(self.content[: (limit - thought) * CHARS_PER_TOKEN], "length", thought=thought)


def seed_of(body: bytes) -> int:
    """A number that is the same for the same request, in every process."""
    return int.from_bytes(hashlib.blake2b(body, digest_size=8).digest())


def answer(shape: ObjectNode | TextNode, prompt: Prompt, mode: Mode, seed: int) -> Answer:
    """The answer to this prompt in this mode; valid for the shape unless the mode spoils it."""
    if mode is Mode.REFUSAL:
        return Answer(None, refusal=_REFUSAL)
    value = _filled(shape, voice_for(mode, prompt, seed), seed)
    if mode is Mode.WRONG_KEYS and isinstance(value, dict):
        value = _with_wrong_keys(value)
    if mode is Mode.EXTRA_KEYS and isinstance(value, dict):
        value = {**value, "note": "…"}
    content = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    match mode:
        case Mode.CUT:
            return Answer(content[: len(content) // 2], "length")
        case Mode.CONTENT_FILTER:
            return Answer(content[: len(content) // 3], "content_filter")
        case Mode.BAD_JSON:
            return Answer(f"Sure, here is what you asked for:\n\n```json\n{content},\n```\nAnything else?")
        case Mode.FENCED:
            return Answer(f"```json\n{content}\n```")
    return Answer(content, thought=THOUGHT if mode is Mode.THINKS else 0)


def _filled(node: Node, voice: Voice, seed: int) -> object:
    match node:
        case ObjectNode():
            return {key: _filled(inner, voice, seed) for key, inner in node.fields}
        case ListNode():
            count = node.low + seed % (node.high - node.low + 1)
            return [_filled(node.item, voice, seed) for _ in range(count)]
        case ValueNode():
            return node.choices[seed % len(node.choices)]
        case TextNode():
            return voice.text(node)


def _with_wrong_keys(value: Mapping[object, object]) -> dict[object, object]:
    """The first key renamed: one that is required is missing, one that is unknown has come."""
    if not value:
        return {"text": ""}
    first, *rest = value
    return {f"{first}_text": value[first], **{key: value[key] for key in rest}}
