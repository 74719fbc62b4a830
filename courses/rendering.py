"""Sections → HTML, by one template with escaping on. A text from a model or a learner is data everywhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from courses.formats.definition import Document, Format, Language
from courses.formats.order import in_order
from courses.formats.shapes import ordered_items


@dataclass(frozen=True, slots=True)
class RenderedSection:
    key: str
    heading: str
    value: Any
    shape: str  # text, list or mapping: what the template does with the value
    safety: bool


def rendered_sections(document: Document, fmt: Format, language: str) -> list[RenderedSection]:
    """The sections that say something, in the order to show them, with headings in the course's language."""
    return [
        _rendered(key, value, fmt, Language(language))
        for key, value in ordered_items(document, fmt)
        if says_something(value)
    ]


def render_document(document: Document, fmt: Format, language: str) -> SafeString:
    """The document as HTML: every non-empty text exactly once, escaped; no markup of its author survives."""
    sections = rendered_sections(document, fmt, language)
    return render_to_string("courses/sections.html", {"sections": sections})


def plain_text(document: Document, fmt: Format, language: str) -> str:
    """The same sections as text, with their headings: what is written of a lesson, for a model to read."""
    sections = rendered_sections(document, fmt, language)
    return "\n\n".join("\n".join([f"{one.heading}:", *_lines(one.value)]) for one in sections)


def humanised(key: str) -> str:
    """A heading for a key that no format knows: `prev_lessons` → "Prev lessons"."""
    text = " ".join(key.replace("_", " ").split())
    return text[:1].upper() + text[1:]


def shape_of(value: object) -> str:
    if isinstance(value, dict):
        return "mapping"
    return "list" if isinstance(value, list) else "text"


def says_something(value: object) -> bool:
    """Whether there is anything to show: blanks and empty containers are left out."""
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, dict):
        return any(says_something(item) for _, item in in_order(value))
    if isinstance(value, list):
        return any(says_something(item) for item in value)
    return value is not None


def _lines(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in in_order(value):
            if says_something(item):
                yield f"{humanised(key)}:"
                yield from _lines(item)
    elif isinstance(value, list):
        for item in filter(says_something, value):
            yield from (_lines(item) if isinstance(item, dict | list) else [f"- {item}"])
    else:
        yield str(value)


def _rendered(key: str, value: Any, fmt: Format, language: Language) -> RenderedSection:
    section = fmt.section(key)
    heading = section.headings[language] if section else humanised(key)
    return RenderedSection(key, heading, value, shape_of(value), bool(section and section.safety))
