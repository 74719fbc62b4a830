"""What holds for any document of any shape: nothing is lost, doubled, moved or left unescaped."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from courses.formats.definition import ORDER_KEY, Document, Format, Language
from courses.formats.lesson import LESSON
from courses.formats.losses import Comparison, compared
from courses.formats.order import in_order
from courses.formats.shapes import (
    FORMATS,
    NAMES,
    lesson_document,
    ordered_items,
    personal_document,
    personal_format,
)
from courses.rendering import render_document, rendered_sections, says_something
from tests.courses.documents import (
    OLD_KEYS,
    as_jsonb,
    documents,
    made_of,
    property_settings,
    texts,
    token,
    unordered,
)
from tests.courses.html_page import OUR_TAGS, Page

SAFETY = [
    *("⚠️ Важно", "⚠ Важно", "⚠️ Важные замечания", "⚠ ВАЖНЫЕ  замечания", "⚠️ Important Notes"),
    *("⚠\ufe0f\ufe0f important notes", "important_notes", "Важно", "Important"),
]

OLD_ONLY = OLD_KEYS.keys() - {section.key for section in LESSON.sections}


def cases(source: Document) -> Iterator[tuple[Document, Format]]:
    """The source as a description and as a personal text, each with its format."""
    yield lesson_document(source), LESSON
    document = personal_document(source)
    yield document, personal_format(document)


def leaves(value: Any) -> Iterator[str]:
    """What is to be read of a value: its texts, and numbers as text."""
    if isinstance(value, dict | list):
        for item in (item for _, item in in_order(value)) if isinstance(value, dict) else value:
            yield from leaves(item)
    elif says_something(value):
        yield str(value)


def read(document: Document, fmt: Format) -> list[str]:
    """All that is to be read of a document, in order."""
    return [text for _, value in ordered_items(document, fmt) for text in leaves(value)]


@given(documents)
@property_settings
def test_conversion_loses_no_text_and_doubles_none_as_the_loss_report_says(source: Document) -> None:
    for document, _ in cases(source):
        kept = json.dumps(document, ensure_ascii=False)
        assert all(kept.count(token(text)) == 1 for text in texts(source))
        assert compared(source, document) == Comparison(len([*texts(source)]))
    assert not OLD_ONLY & lesson_document(source).keys()


@given(documents)
@property_settings
def test_converting_again_changes_nothing_even_after_jsonb(source: Document) -> None:
    for convert in (lesson_document, personal_document):
        document = convert(source)
        fmt = LESSON if convert is lesson_document else personal_format(source)
        stored = as_jsonb(document)
        assert convert(document) == convert(stored) == document
        assert [*ordered_items(convert(stored), fmt)] == [*ordered_items(document, fmt)]
        assert read(stored, fmt) == read(document, fmt)


@given(documents, st.sampled_from(Language))
@property_settings
def test_every_text_is_in_the_html_once_and_escaped(source: Document, language: Language) -> None:
    for document, fmt in cases(source):
        sections = [section.key for section in rendered_sections(document, fmt, language)]
        assert sections == [key for key, value in ordered_items(document, fmt) if says_something(value)]
        rendered = render_document(as_jsonb(document), fmt, language)
        for text in texts(source):
            assert rendered.count(token(text)) == 1
            assert escape(text.strip(" *")) in rendered
        shown = Page(rendered)
        assert shown.texts.get("p", []) == read(document, fmt)
        assert shown.tags <= OUR_TAGS


@given(made_of(st.sampled_from([*SAFETY, "homework", "📚 Homework", "note"])), st.booleans())
@property_settings
def test_safety_notes_stand_under_their_own_heading_and_nothing_else_does(
    source: Document, wrapped: bool
) -> None:
    document = lesson_document({"template": source} if wrapped else source)
    sections = render_document(as_jsonb(document), LESSON, "ru").split("<section ")
    safe = "".join(section for section in sections if 'data-key="important_notes"' in section)
    assert not safe or ("persona-safety" in safe and "<h3>Важно</h3>" in safe)
    for key, value in source.items():
        assert all((token(text) in safe) is (key in SAFETY) for text in texts(value))


@given(unordered)
@property_settings
def test_unknown_keys_keep_their_place_at_every_level_and_after_jsonb(source: Document) -> None:
    document = lesson_document(source)
    if document.keys() <= {section.key for section in LESSON.sections}:
        return  # nothing unknown: the order is the format's
    rendered = render_document(as_jsonb(document), LESSON, "ru")
    places = [rendered.index(token(text)) for text in texts(source)]
    assert places == sorted(places)
    assert [key for key, _ in ordered_items(as_jsonb(document), LESSON)] == [*source]


def test_no_name_means_two_sections_and_none_is_empty() -> None:
    for fmt in FORMATS.values():
        meant: dict[str, set[str]] = {}
        for section in fmt.sections:
            for name in (section.key, *section.headings.values()):
                meant.setdefault(NAMES[fmt.name].get(name, name), set()).add(section.key)
        assert all(len(keys) == 1 for keys in meant.values())
        assert "" not in NAMES[fmt.name]


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("language", Language)
def test_a_formats_own_headings_are_read_as_its_keys(fmt: Format, language: Language) -> None:
    source = {section.headings[language]: section.key for section in fmt.sections}
    document = lesson_document(source) if fmt is LESSON else personal_document(source)
    assert document == {section.key: section.key for section in fmt.sections}
    assert ORDER_KEY not in document
