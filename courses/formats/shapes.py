"""Every shape of a description seen in real stores → the canonical keys of one format, with nothing lost."""

import re
from collections.abc import Iterator
from typing import Any

from courses.formats.definition import ORDER_KEY, Document, Format
from courses.formats.lesson import LESSON
from courses.formats.personal import EXTENDED, PERSONAL

FORMATS = {fmt.name: fmt for fmt in (LESSON, PERSONAL, EXTENDED)}
PERSONAL_FORMATS = (PERSONAL, EXTENDED)
NOTHING: tuple[Any, ...] = (None, "", [], {})

# Keys of old stores → the canonical key of the format `lesson`.
LESSON_ALIASES = {
    "👋 Введение": "introduction",
    "👋 Introduction": "introduction",
    "🔑 Ключевые моменты": "key_points",
    "🔑 Key Points": "key_points",
    "💡 Практические советы": "practical_tips",
    "💡 Practical Tips": "practical_tips",
    "⚠️ Важно": "important_notes",
    "⚠️ Важные замечания": "important_notes",
    "⚠️ Important Notes": "important_notes",
    "🧰 Инвентарь и подготовка": "equipment_preparation",
    "🧰 Equipment & Preparation": "equipment_preparation",
    "📚 Домашнее задание": "homework",
    "📚 Homework": "homework",
    "_мотивационная строка_": "motivational_line",
    "_(мотивационная строка)_": "motivational_line",
    "_motivational line_": "motivational_line",
    # the default description of the old system
    "what_you_will_learn": "key_points",
    "key_techniques": "practical_tips",
    "equipment_needed": "equipment_preparation",
    "motivational_note": "motivational_line",
}


def _folded(key: str) -> str:
    # Stores differ in the emoji's variation selector (U+FE0F), case and blanks, and mean the same key.
    return " ".join(key.replace("\ufe0f", "").casefold().split())


_FOLDED_ALIASES = {_folded(alias): key for alias, key in LESSON_ALIASES.items()}


def lesson_document(source: object) -> Document:
    """The standard description in canonical keys, from any shape; {} from an empty one.

    A plain text becomes the introduction. Raises ValueError for what is no description (a number, a list).
    """
    return _canonical(source, LESSON, _FOLDED_ALIASES, text_key="introduction")


def personal_document(source: object) -> Document:
    """A learner's text in the canonical keys of the personal format it fits; ValueError as above."""
    return _canonical(source, personal_format(source), {}, text_key=None)


def personal_format(source: object) -> Format:
    """The personal format that knows most of the document's keys; `personal` where it is even."""
    keys = {key for key, _ in _pairs(source, PERSONAL)} if isinstance(source, dict) else set()
    return max(PERSONAL_FORMATS, key=lambda fmt: len(keys & {section.key for section in fmt.sections}))


def chosen_format(name: str) -> Format:
    """The format that a course's personal texts are written in, by the course's `personal_format`.

    `personal` for a name that is none: a column of the database may hold anything.
    """
    return next((fmt for fmt in PERSONAL_FORMATS if fmt.name == name), PERSONAL)


def ordered_items(document: Document, fmt: Format) -> Iterator[tuple[str, Any]]:
    """Sections in the order to show them: the kept one where there is one, else the format's."""
    order = _kept_order(document)
    first = [section.key for section in fmt.sections] if order is None else order
    rest = sorted(document.keys() - set(first))
    for key in dict.fromkeys([*first, *rest]):
        if key in document and (key != ORDER_KEY or order is None):
            yield key, document[key]


def _canonical(source: object, fmt: Format, aliases: dict[str, str], text_key: str | None) -> Document:
    while isinstance(source, dict) and text_key and source.keys() == {"template"}:
        source = source["template"]  # {"template": "a plain text"}
    if source in NOTHING:
        return {}
    if isinstance(source, str) and text_key:
        return {text_key: source}
    if not isinstance(source, dict):
        wanted = "an object or a text" if text_key else "an object"
        raise ValueError(f"{wanted} is needed, found {_type_name(source)}")
    document: Document = {}
    for key, value in _pairs(source, fmt):
        if key == ORDER_KEY:
            raise ValueError(f"the key {ORDER_KEY} is our own and holds a list of keys: rename it")
        canonical = aliases.get(_folded(key), key)
        cleaned = _unstarred(value) if canonical == "motivational_line" else value
        document[canonical] = _merged(document[canonical], cleaned) if canonical in document else cleaned
    return _with_order(document, fmt)


def _pairs(source: Document, fmt: Format) -> Iterator[tuple[str, Any]]:
    """Key and value in the order of the document, a wrapping `template` taken off in its place."""
    items = ordered_items(source, fmt) if ORDER_KEY in source else iter(source.items())
    for key, value in items:
        if key == "template" and isinstance(value, dict):
            yield from _pairs(value, fmt)
        else:
            yield key, value


def _kept_order(document: Document) -> list[str] | None:
    order = document.get(ORDER_KEY)
    return order if isinstance(order, list) and all(isinstance(key, str) for key in order) else None


def _unstarred(value: Any) -> Any:
    # Stars further in are the author's own: "*one* and *two*" stays as it is.
    wrapped = isinstance(value, str) and re.fullmatch(r"\*+([^*\n]+)\*+", value)
    return (wrapped[1].strip() or value) if wrapped else value


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
    known = {section.key for section in fmt.sections}
    if set(document) <= known:
        return {section.key: document[section.key] for section in fmt.sections if section.key in document}
    return {**document, ORDER_KEY: list(document)}


def _type_name(value: object) -> str:
    names = {list: "a list", bool: "true or false", int: "a number", float: "a number", str: "a text"}
    return names.get(type(value), type(value).__name__)
