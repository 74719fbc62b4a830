"""Everything that goes into one text, and its fingerprint."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from courses.formats.definition import Document, Format

SEPARATOR = "\x1f"
SHORTEST_SOURCE = 200  # characters; below this a transcript carries nothing to personalise
NAME_PLACEHOLDER = "{{name}}"

_EMAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+\.\w{2,}")
_PHONE = re.compile(r"(?<![\w.,])\+?\d(?:[\s().\-–]*\d){8,}(?!\w)")
REMOVED = "[…]"


@dataclass(frozen=True, slots=True)
class Recipe:
    """The part of a fingerprint that learner and lesson do not decide: who writes, how, by which prompt."""

    origin: str
    model: str
    prompt_version: str
    format: Format

    @property
    def key(self) -> str:
        return SEPARATOR.join(
            [self.origin, self.model, self.prompt_version, f"{self.format.name}-{self.format.version}"]
        )


@dataclass(frozen=True, slots=True)
class Brief:
    """What a writer gets. `name` is put into the text after the answer came back and is never sent."""

    course_title: str
    language: str
    lesson_id: UUID
    lesson_title: str
    summary: str
    transcript: str
    name: str | None
    answers: dict[str, Any]
    source_hash: str
    answers_hash: str
    format: Format

    def fingerprint(self, recipe: Recipe) -> str:
        """MD5, hex. The same expression as `pairs.FINGERPRINT`, by which the database counts."""
        parts = [self.source_hash, self.answers_hash, self.course_title, self.language, recipe.key]
        return hashlib.md5(SEPARATOR.join(parts).encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Current:
    """The text that a learner has now, as far as the decision to write a new one needs it."""

    fingerprint: str | None
    origin: str | None
    locked: bool


def reason_to_skip(brief: Brief, current: Current | None, recipe: Recipe, *, force: bool) -> str | None:
    """A code why nothing is written (`unchanged` among them), or None: write.

    `force` overrides `better_text` and `unchanged`.
    """
    if current and current.locked:
        return "locked"
    if not any(_texts(brief.answers)):
        return "no_survey"
    if len(brief.transcript.strip()) < SHORTEST_SOURCE:
        return "no_source"
    if force or current is None:
        return None
    if current.origin == "openai" and recipe.origin == "simple":
        # A missing key must not turn a model's texts into template sentences.
        return "better_text"
    return "unchanged" if current.fingerprint == brief.fingerprint(recipe) else None


def cleaned_answers(survey: object, name: str | None, user_identifier: str) -> dict[str, Any]:
    """The learner's answers without what must never leave: e-mail addresses, phone numbers, name, identifier.

    Empty answers are left out, so that an unanswered question is not mentioned.
    """
    if not isinstance(survey, dict):
        return {}
    private = [re.compile(rf"(?<!\w){re.escape(user_identifier)}(?!\w)", re.IGNORECASE)]
    names = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE) if name else None

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            for pattern in (_EMAIL, _PHONE, *private):
                value = pattern.sub(REMOVED, value)
            return names.sub(NAME_PLACEHOLDER, value).strip() if names else value.strip()
        if isinstance(value, list):
            return [item for item in map(clean, value) if item not in ("", None, [], {})]
        if isinstance(value, dict):
            return {
                clean(key): item
                for key, inner in value.items()
                if (item := clean(inner)) not in ("", None, [], {})
            }
        return value

    result: dict[str, Any] = clean(survey)
    return result


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value not in (None, ""):
        yield str(value)


def with_name(document: Document, name: str | None) -> Document:
    """The answer with the learner's name in the placeholder's place, or neatly without it."""
    return {key: _named(value, name) for key, value in document.items()}


def _named(value: Any, name: str | None) -> Any:
    if isinstance(value, list):
        return [_named(item, name) for item in value]
    if not isinstance(value, str) or NAME_PLACEHOLDER not in value:
        return value
    if name:
        return value.replace(NAME_PLACEHOLDER, name)
    bare = re.sub(r"\s*,?\s*\{\{name\}\}\s*([,!:.]?)\s*", r"\1 ", value).lstrip(" ,!:.").rstrip()
    return bare[:1].upper() + bare[1:]
