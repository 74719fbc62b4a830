"""What the fake model takes from a prompt: its language, words of the lesson, words of the learner."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from personalization.fake_model.nodes import ObjectNode
from personalization.fake_model.schema import plan
from personalization.fake_model.words import Language, keywords, quotes, script, sentences

PLACEHOLDER = "{{name}}"
# A transcript's paragraphs are the longest lines of a prompt, its instructions the short ones.
_MOST_SOURCE_LINES = 8
# Braces that open no JSON, such as the placeholder's; more of them would make the search slow.
_MOST_TRIES = 50
_NAMED_LANGUAGE = re.compile(
    r"^(?=.{0,120}$).*\b(?:(?P<ru>Russian|русском|по-русски|русский)|"
    r"(?P<en>English|английском|по-английски|английский))\b",
    re.IGNORECASE | re.MULTILINE,
)
# A section as the project's prompts name it: "- key (text): guidance", "- key (list of texts): guidance".
_SECTION = re.compile(
    r"^- (?P<key>\w{1,60}) \((?P<kind>text|list of texts)\): (?P<guidance>.*)$", re.MULTILINE
)
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Source:
    """What is the same for all learners of a lesson; `words` are its most frequent ones.

    `sentences`: some of the lesson's own, short and plain.
    """

    language: Language
    words: tuple[str, ...]
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request's messages as one text, and what an answer can be made of.

    `of_lesson`: it ends without the answers of any learner, and asks for sections: a text for all of them.
    `shape`: the sections that the text asks for; None where it names none.
    """

    text: str
    source: Source
    answers: tuple[str, ...]
    asks_for_name: bool
    of_lesson: bool
    shape: ObjectNode | None


def read_prompt(messages: Sequence[tuple[str, str]]) -> Prompt:
    """The prompt of these (role, text) pairs, oldest first."""
    last = next((text for role, text in reversed(messages) if role == "user"), "")
    shared = max((text for _, text in messages if text is not last), key=len, default=last)
    text = "\n".join(f"{role}: {content}" for role, content in messages)
    source = _source(shared)
    learner = _json_object(last)
    answers = quotes(_strings(learner), source.language)
    nameless = isinstance(learner, dict) and learner.get("has_name") is False
    shape = _shape(shared)
    of_lesson = learner is None and shape is not None
    asks_for_name = PLACEHOLDER in text and not nameless and not of_lesson
    return Prompt(text, source, answers, asks_for_name, of_lesson, shape)


@lru_cache(maxsize=256)
def _source(text: str) -> Source:
    longest = sorted(text.splitlines(), key=len, reverse=True)[:_MOST_SOURCE_LINES]
    lines = "\n".join(line for line in longest if len(line) * 2 >= len(longest[0]))
    language = _named_language(text) or script(lines)
    return Source(language, keywords(lines, language), sentences(lines))


@lru_cache(maxsize=256)
def _shape(text: str) -> ObjectNode | None:
    kinds: dict[str, dict[str, Any]] = {
        "text": {"type": "string"},
        "list of texts": {"type": "array", "items": {"type": "string"}},
    }
    sections = {
        found["key"]: kinds[found["kind"]] | {"description": found["guidance"]}
        for found in _SECTION.finditer(text)
    }
    return plan({"type": "object", "properties": sections}, strict=False) if sections else None


def _named_language(text: str) -> Language | None:
    """The language that the first short line to do so names; rules stand in front of a transcript."""
    named = _NAMED_LANGUAGE.search(text)
    if named is None:
        return None
    return "ru" if named["ru"] else "en"


def _json_object(text: str) -> object:
    """The first JSON object with something in it, or None."""
    for start in islice((match.start() for match in re.finditer(r"\{", text)), _MOST_TRIES):
        try:
            found, _ = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if found:
            return found
    return None


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _strings(item)
        case dict():
            yield from _strings(list(value.values()))
