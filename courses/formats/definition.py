"""What a format is. One definition serves the writer's schema, the checks, the form and the HTML."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

type Document = dict[str, Any]
"""Section key → text, list of texts, or (from old stores) whatever stood there. Order matters."""

ORDER_KEY = "_order"
"""jsonb forgets the order of keys: a document with keys that no format knows carries its order here."""


class Language(StrEnum):
    RUSSIAN = "ru"
    ENGLISH = "en"


class LessonSource(StrEnum):
    """What of a lesson its personal texts are written from."""

    TRANSCRIPT = "transcript"
    TEMPLATE = "template"  # the standard description


def headings(russian: str, english: str) -> dict[Language, str]:
    return {Language.RUSSIAN: russian, Language.ENGLISH: english}


class Kind(StrEnum):
    TEXT = "text"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    headings: Mapping[Language, str]
    kind: Kind
    guidance: str
    items: tuple[int, int] | None = None  # fewest and most items of a list
    words: int | None = None  # most words in an item
    sentences: tuple[int, int] | None = None  # fewest and most of a text; guidance, never a reason to refuse
    required: bool = True
    safety: bool = False
    written: bool = True  # False: kept where an old text has it, never asked of a writer

    def json_schema(self) -> dict[str, Any]:
        """What a writer may answer for this section, as JSON Schema."""
        if self.kind is Kind.TEXT:
            return {"type": "string", "description": self.guidance}
        schema: dict[str, Any] = {
            "type": "array",
            "description": self.guidance,
            "items": {"type": "string"},
        }
        if self.items and self.required:
            schema |= {"minItems": self.items[0], "maxItems": self.items[1]}
        return schema

    def problem(self, value: object) -> str | None:
        """Why a writer's value is refused, or None. Old texts from a store are not held to this."""
        if self.kind is Kind.TEXT:
            if not isinstance(value, str):
                return f"{self.key}: a text is needed, found {type(value).__name__}"
            return f"{self.key}: is empty" if self.required and not value.strip() else None
        return self._list_problem(value)

    def _list_problem(self, value: object) -> str | None:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            return f"{self.key}: a list of texts is needed"
        if any(not item.strip() for item in value):
            return f"{self.key}: has an empty item"
        if (value or self.required) and self.items and not self.items[0] <= len(value) <= self.items[1]:
            return f"{self.key}: {self.items[0]} to {self.items[1]} items are needed, found {len(value)}"
        longest = max((len(item.split()) for item in value), default=0)
        if self.words and longest > self.words:
            return f"{self.key}: an item has {longest} words, at most {self.words} are allowed"
        return None


@dataclass(frozen=True)
class Format:
    name: str
    version: int
    sections: tuple[Section, ...]

    @cached_property
    def tag(self) -> str:
        """What a fingerprint holds of the format: another version of it makes texts stale."""
        return f"{self.name}-{self.version}"

    @cached_property
    def written(self) -> tuple[Section, ...]:
        return tuple(section for section in self.sections if section.written)

    def section(self, key: str) -> Section | None:
        return next((section for section in self.sections if section.key == key), None)

    def json_schema(self) -> dict[str, Any]:
        """The whole answer as JSON Schema, in the strict form that structured output wants.

        Strict output has no optional keys: an optional section is answered with an empty text or list.
        """
        return {
            "type": "object",
            "properties": {section.key: section.json_schema() for section in self.written},
            "required": [section.key for section in self.written],
            "additionalProperties": False,
        }

    def problems(self, document: object) -> list[str]:
        """Everything that keeps a writer's answer from being published; empty when it is right."""
        if not isinstance(document, dict):
            return [f"an object is needed, found {type(document).__name__}"]
        wanted = {section.key: section for section in self.written}
        return [
            *(f"{key}: is missing" for key in wanted if key not in document),
            *(f"{key}: is not a section of the format {self.name}" for key in document if key not in wanted),
            *(
                problem
                for key, section in wanted.items()
                if key in document and (problem := section.problem(document[key]))
            ),
        ]
