"""Sections → HTML: every text once, escaped, under its heading; nothing of its author's markup survives."""

import html
from typing import Any

import pytest
from django.utils.safestring import SafeString

from courses.formats.definition import Document, Format
from courses.formats.lesson import LESSON
from courses.formats.personal import EXTENDED, PERSONAL
from courses.formats.shapes import lesson_document
from courses.rendering import humanised, render_document, rendered_sections
from tests.builders import DESCRIPTION, PERSONAL_TEXT
from tests.courses.documents import texts
from tests.courses.html_page import OUR_ATTRIBUTES, OUR_TAGS, Page

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</p></section><h1>Взлом</h1>",
    '" onmouseover="alert(1)" x="',
    "' onfocus='alert(1)",
    "javascript:alert(1)",
    "[нажмите](javascript:alert(1))",
    "{{ settings.SECRET_KEY }}",
    "{% include 'admin/base.html' %}",
    "{# исчезнет #}",
    "&lt;script&gt;",
    "&amp;&#60;b&#62;",
    "<!-- исчезнет -->",
    "<![CDATA[исчезнет]]>",
    "]]>--></textarea></style></title>",
    "\u202eесрево",
]


def page(document: Document, fmt: Format = LESSON, language: str = "ru") -> Page:
    return Page(render_document(document, fmt, language))


def section_of(source: str, key: str) -> str:
    """The HTML of one section."""
    return source.split(f'data-key="{key}">', 1)[1].split("</section>", 1)[0]


@pytest.mark.parametrize(
    ("fmt", "language", "headings"),
    [
        (
            LESSON,
            "ru",
            ["Введение", "Ключевые моменты", "Практические советы", "Важно"]
            + ["Инвентарь и подготовка", "Домашнее задание", "Напоследок"],
        ),
        (
            LESSON,
            "en",
            ["Introduction", "Key points", "Practical tips", "Important"]
            + ["Equipment and preparation", "Homework", "One last thing"],
        ),
        (
            PERSONAL,
            "ru",
            ["Коротко", "Почему этот урок для вас", "Сделайте прямо сейчас", "Чтобы поделиться"]
            + ["Задание на 20 минут", "Из прошлых уроков"],
        ),
        (
            PERSONAL,
            "en",
            ["In short", "Why this lesson is for you", "Do this right now", "To share"]
            + ["A 20-minute assignment", "From earlier lessons"],
        ),
        (
            EXTENDED,
            "ru",
            ["Введение", "Почему это важно для вас", "Главное", "Как применить", "О том, что тревожит"]
            + ["Ваше домашнее задание", "Напоследок"],
        ),
        (
            EXTENDED,
            "en",
            ["Introduction", "Why it matters for you", "Key takeaways", "How to apply it"]
            + ["About what worries you", "Your homework", "One last thing"],
        ),
    ],
)
def test_headings_are_in_the_courses_language(fmt: Format, language: str, headings: list[str]) -> None:
    document = {section.key: "текст" for section in fmt.sections}
    assert page(document, fmt, language).texts["h3"] == headings


def test_a_key_without_words_leaves_no_empty_heading() -> None:
    assert "h3" not in page({"_": "раз"}).texts
    assert page({"_": "раз"}).texts["p"] == ["раз"]


def test_an_unknown_language_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="'de' is not a valid Language"):
        render_document(DESCRIPTION, LESSON, "de")


@pytest.mark.parametrize(("document", "fmt"), [(DESCRIPTION, LESSON), (PERSONAL_TEXT, PERSONAL)])
def test_every_text_stands_there_once(document: Document, fmt: Format) -> None:
    rendered = html.unescape(render_document(document, fmt, "ru"))
    for text in texts(document):
        assert rendered.count(text) == 1


def test_safety_notes_stand_under_their_own_heading_and_are_marked() -> None:
    rendered = render_document(DESCRIPTION, LESSON, "ru")
    notes = section_of(rendered, "important_notes")
    assert "<h3>Важно</h3>" in notes
    assert Page(notes).texts["p"] == DESCRIPTION["important_notes"]
    assert rendered.count("persona-safety") == 1
    assert 'class="persona-section persona-safety" data-key="important_notes"' in rendered


def test_safety_notes_of_old_stores_are_marked_too() -> None:
    document = lesson_document({"⚠️ Важно": "Больно — стоп.", "⚠️ Важные замечания": ["Не спешите."]})
    [section] = rendered_sections(document, LESSON, "ru")
    assert (section.heading, section.safety) == ("Важно", True)
    assert section.value == ["Больно — стоп.", "Не спешите."]


@pytest.mark.parametrize(
    "empty", ["", " \n\t\u00a0", [], {}, None, ["", " "], [[], {}], {"a": ""}, {"a": [None]}]
)
def test_empty_sections_are_left_out(empty: Any) -> None:
    document = {"introduction": "Начнём.", "important_notes": empty, "note": empty}
    assert [section.key for section in rendered_sections(document, LESSON, "ru")] == ["introduction"]
    assert render_document({"note": empty}, LESSON, "ru").strip() == ""


def test_empty_items_are_left_out() -> None:
    shown = page({"key_points": ["", "раз", " ", "два", None, [], {"a": ""}]})
    assert shown.texts["p"] == ["раз", "два"]
    assert len(shown.texts["li"]) == 2


def test_a_number_and_a_truth_value_are_something() -> None:
    assert page({"minutes": 0, "done": False}).texts["p"] == ["False", "0"]


def test_a_key_of_nobodys_format_gets_a_readable_heading() -> None:
    document = lesson_document({"prev__lessons_list": "раз", "homework": "два"})
    assert page(document).texts["h3"] == ["Prev lessons list", "Домашнее задание"]


@pytest.mark.parametrize(
    ("key", "heading"),
    [
        ("prev_lessons", "Prev lessons"),
        ("  что_взять  ", "Что взять"),
        ("FAQ", "FAQ"),
        ("🧠 Тест", "🧠 Тест"),
        ("_", ""),
        ("", ""),
    ],
)
def test_humanised_keys(key: str, heading: str) -> None:
    assert humanised(key) == heading


def test_nested_values_keep_their_structure() -> None:
    document = {"plan": {"day_one": ["раз", {"evening": "два", "empty": ""}], "day_two": "три"}}
    shown = page(document)
    assert shown.texts["p"] == ["раз", "два", "три"]
    assert shown.texts["dt"] == ["Day one", "Evening", "Day two"]
    assert len(shown.texts["ul"]) == 1


@pytest.mark.parametrize("key", ["items", "keys", "values", "get", "0", "__class__"])
def test_a_nested_key_may_be_called_like_a_method(key: str) -> None:
    document = {"plan": {key: ["раз"], "other": {key: "два"}}}
    assert page(document).texts["p"] == ["раз", "два"]


def test_a_text_in_place_of_a_list_and_a_list_in_place_of_a_text() -> None:
    shown = page({"introduction": ["раз", "два"], "key_points": "три"})
    assert shown.texts["p"] == ["раз", "два", "три"]


def test_twenty_levels_are_rendered() -> None:
    value: Any = "дно"
    for _ in range(20):
        value = {"inner": [value]}
    assert page({"deep": value}).texts["p"] == ["дно"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("place", ["text", "list", "nested", "key", "nested key"])
def test_hostile_texts_are_only_read(text: str, place: str) -> None:
    places: dict[str, Document] = {
        "text": {"introduction": text},
        "list": {"key_points": [text]},
        "nested": {"plan": {"a": [{"b": text}]}},
        "key": {text: "значение"},
        "nested key": {"plan": {text: "значение"}},
    }
    rendered = render_document(places[place], LESSON, "ru")
    shown = Page(rendered)
    assert shown.tags <= OUR_TAGS
    assert shown.attributes <= OUR_ATTRIBUTES
    if "key" not in place:
        assert shown.texts["p"] == [text]
    else:
        assert humanised(text) in shown.texts["h3" if place == "key" else "dt"]


def test_the_result_is_safe_to_put_into_a_page_as_it_is() -> None:
    assert isinstance(render_document({"introduction": "<b>"}, LESSON, "ru"), SafeString)
    assert "&lt;b&gt;" in render_document({"introduction": "<b>"}, LESSON, "ru")
