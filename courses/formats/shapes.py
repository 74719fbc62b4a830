"""Every shape of a description seen in real stores → the canonical keys of one format, with nothing lost."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from courses.formats.definition import ORDER_KEY, Document, Format
from courses.formats.lesson import LESSON
from courses.formats.order import arranged
from courses.formats.personal import EXTENDED, PERSONAL

# A format is added here, with a choice in Course.personal_format and sentences in writers/simple.SECTIONS.
FORMATS = {fmt.name: fmt for fmt in (LESSON, PERSONAL, EXTENDED)}
PERSONAL_FORMATS = (PERSONAL, EXTENDED)
NOTHING: tuple[Any, ...] = (None, "", [], {})

# What old stores call a section of the format `lesson`, besides its key and its headings. Only the words
# count: `⚠️ Важные замечания` is read as "важные замечания", `_(мотивационная строка)_` likewise.
OTHER_NAMES = {
    "важные замечания": "important_notes",
    "мотивационная строка": "motivational_line",
    # the default description of the old system
    "what_you_will_learn": "key_points",
    "key_techniques": "practical_tips",
    "equipment_needed": "equipment_preparation",
    "motivational_note": "motivational_line",
}
_WORDS = re.compile(r"[^\W_]+")


@lru_cache(maxsize=4096)  # a store has few keys, and half a million documents with them
def folded(key: str) -> str:
    """The words of a key: stores differ in emoji, case, blanks and brackets, and mean the same section."""
    return " ".join(_WORDS.findall(unicodedata.normalize("NFC", key).casefold()))


def _names(fmt: Format, others: Mapping[str, str]) -> dict[str, str]:
    """Canonical keys, and everything else that means one of them, by its words."""
    names = {folded(other): key for other, key in others.items()}
    for section in fmt.sections:
        said = (section.key, *section.headings.values())
        names |= {folded(name): section.key for name in said} | {section.key: section.key}
    return names


NAMES = {fmt.name: _names(fmt, OTHER_NAMES if fmt is LESSON else {}) for fmt in FORMATS.values()}
KEYS = {fmt.name: dict.fromkeys(section.key for section in fmt.sections) for fmt in FORMATS.values()}


def lesson_document(source: object) -> Document:
    """The standard description in canonical keys, from any shape; {} from an empty one.

    A plain text becomes the introduction. Raises ValueError for what is no description (a number, a list).
    """
    return _canonical(source, LESSON, text_key="introduction")


def personal_document(source: object) -> Document:
    """A learner's text in the canonical keys of the personal format it fits; ValueError as above."""
    return _canonical(source, personal_format(source), text_key=None)


def personal_format(source: object) -> Format:
    """The personal format that knows most of the document's keys; `personal` where it is even."""
    if not isinstance(source, dict):
        return PERSONAL
    for fmt in PERSONAL_FORMATS:
        if source.keys() <= KEYS[fmt.name].keys():
            return fmt
    keys = {key for key, _ in _pairs(source, PERSONAL)}
    return max(
        PERSONAL_FORMATS, key=lambda fmt: len(KEYS[fmt.name].keys() & {_meaning(key, fmt) for key in keys})
    )


def chosen_format(name: str) -> Format:
    """The format that a course's personal texts are written in, by the course's `personal_format`.

    `personal` for a name that is none: a column of the database may hold anything.
    """
    return next((fmt for fmt in PERSONAL_FORMATS if fmt.name == name), PERSONAL)


def ordered_items(document: Document, fmt: Format) -> Iterator[tuple[str, Any]]:
    """Sections in the order to show them: the kept one where there is one, else the format's."""
    order = kept_order(document)
    first = [section.key for section in fmt.sections] if order is None else order
    rest = sorted(document.keys() - set(first))
    for key in dict.fromkeys([*first, *rest]):
        if key in document and (key != ORDER_KEY or order is None):
            yield key, document[key]


def unstarred(text: str) -> str:
    """A text without the stars around it. Stars further in are the author's own: "*one* and *two*" stays."""
    wrapped = re.fullmatch(r"\s*\*+([^*\n]+)\*+\s*", text)
    return (wrapped[1].strip() or text) if wrapped else text


def _canonical(source: object, fmt: Format, text_key: str | None) -> Document:
    while isinstance(source, dict) and text_key and source.keys() == {"template"}:
        source = source["template"]  # {"template": "a plain text"}
    if source in NOTHING:
        return {}
    if isinstance(source, str) and text_key:
        return {text_key: source}
    if not isinstance(source, dict):
        wanted = "an object or a text" if text_key else "an object"
        raise ValueError(f"{wanted} is needed, found {_type_name(source)}")
    if source.keys() <= KEYS[fmt.name].keys():  # as most are
        return {key: _cleaned(key, source[key]) for key in KEYS[fmt.name] if key in source}
    document: Document = {}
    for key, found in _pairs(source, fmt):
        if key == ORDER_KEY:
            raise ValueError(f"the key {ORDER_KEY} is our own and holds a list of keys: rename it")
        meaning = _meaning(key, fmt)
        value = _cleaned(meaning, found)
        document[meaning] = _merged(document[meaning], value) if meaning in document else value
    return _with_order(document, fmt)


def _cleaned(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return unstarred(value) if key == "motivational_line" else value
    return arranged(value)


def _meaning(key: str, fmt: Format) -> str:
    """The section that a key means; the key itself where no section of the format is called like it."""
    names = NAMES[fmt.name]
    return names.get(key) or names.get(folded(key), key)


def _pairs(source: Document, fmt: Format) -> Iterator[tuple[str, Any]]:
    """Key and value in the order of the document, a wrapping `template` taken off in its place."""
    items = ordered_items(source, fmt) if ORDER_KEY in source else iter(source.items())
    for key, value in items:
        if key == "template" and isinstance(value, dict):
            yield from _pairs(value, fmt)
        else:
            yield key, value


def kept_order(document: Document) -> list[str] | None:
    """The order that the document carries; None for none, and for texts that happen to have this key."""
    order = document.get(ORDER_KEY)
    if not isinstance(order, list) or not all(isinstance(key, str) for key in order):
        return None
    return order if not order or any(key in document for key in order) else None


def _merged(first: Any, second: Any) -> Any:
    """Two old keys that mean one section: both contents, in order."""
    if second in NOTHING:
        return first
    if first in NOTHING:
        return second
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    return [*_as_list(first), *_as_list(second)]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _with_order(document: Document, fmt: Format) -> Document:
    if document.keys() <= KEYS[fmt.name].keys():
        return {key: document[key] for key in KEYS[fmt.name] if key in document}
    return {**document, ORDER_KEY: list(document)}


def _type_name(value: object) -> str:
    names = {list: "a list", bool: "true or false", int: "a number", float: "a number", str: "a text"}
    return names.get(type(value), "an object" if isinstance(value, dict) else type(value).__name__)
