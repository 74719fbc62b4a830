"""Everything that goes into one text, and its fingerprint."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from courses.formats.definition import Document, Format

SEPARATOR = "\x1f"
BLANKS = " \t\r\n"  # around a transcript, for Python and SQL alike
SHORTEST_SOURCE = 200  # characters; below this a transcript carries nothing to personalise
NAME_PLACEHOLDER = "{{name}}"

# Tried at the start of a word only: from every letter of it, a megabyte without blanks would take hours.
EMAIL = re.compile(r"(?<![^\s@<>\"'])[^\s@<>\"']+@[^\s@<>\"']+\.\w{2,}")
PHONE = re.compile(r"(?<!\w)(?<!\d[.,])\+?\d(?:[\s().\-–]*\d){8,}(?!\w)")
REMOVED = "[…]"
NO_ANSWER: tuple[Any, ...] = ("", None, [], {})


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
    if len(brief.transcript.strip(BLANKS)) < SHORTEST_SOURCE:
        return "no_source"
    if force or current is None:
        return None
    if recipe.origin == "simple" and current.origin != "simple":
        # A missing key must not turn texts of a model, an editor or an older system into template sentences.
        return "better_text"
    return "unchanged" if current.fingerprint == brief.fingerprint(recipe) else None


def usable_name(name: str | None) -> str | None:
    """The name to address a learner by; None where there is none, or an e-mail address in its place."""
    name = (name or "").strip()
    return name if name and "@" not in name else None


def cleaned_answers(survey: object, name: str | None, user_identifier: str) -> dict[str, Any]:
    """The learner's answers without what must never leave: e-mail addresses, phone numbers, name, identifier.

    Empty answers are left out, so that an unanswered question is not mentioned.
    """
    if not isinstance(survey, dict):
        return {}
    # Of a name in several words each one is private; shorter ones are particles.
    names = [name, *(part for part in name.split() if len(part) > 2)] if name else []
    replacements = [(EMAIL, REMOVED), (PHONE, REMOVED)]
    replacements += _words([user_identifier], REMOVED) + _words(names, NAME_PLACEHOLDER)
    result: dict[str, Any] = _cleaned(survey, replacements)
    return result


type Replacements = list[tuple[re.Pattern[str], str]]


def _words(words: list[str], replacement: str) -> Replacements:
    alternatives = "|".join(re.escape(unicodedata.normalize("NFC", word)) for word in words if word)
    pattern = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)
    return [(pattern, replacement)] if alternatives else []


def _cleaned(value: Any, replacements: Replacements) -> Any:
    if isinstance(value, str):
        value = unicodedata.normalize("NFC", value)
        for pattern, replacement in replacements:
            value = pattern.sub(replacement, value)
        return value.strip()
    if isinstance(value, list):
        items = [_cleaned(item, replacements) for item in value]
        return [item for item in items if item not in NO_ANSWER]
    if isinstance(value, dict):
        pairs = [(_cleaned(key, replacements), _cleaned(item, replacements)) for key, item in value.items()]
        return {key: item for key, item in pairs if item not in NO_ANSWER}
    if isinstance(value, int):
        # A phone number or an identifier may come as a number.
        text = _cleaned(str(value), replacements)
        return value if text == str(value) else text
    return value


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
    bare = re.sub(r"\s*,?\s*\{\{name\}\}\s*([,!:.?;…]?)\s*", r"\1 ", value).lstrip(" ,!:.?;").rstrip()
    return bare[:1].upper() + bare[1:]
