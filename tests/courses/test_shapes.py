"""Every shape of a description in old stores becomes canonical keys, and nothing is lost on the way."""

import re
from typing import Any

import pytest

from courses.formats.definition import ORDER_KEY, Document, Format
from courses.formats.lesson import LESSON
from courses.formats.order import in_order
from courses.formats.personal import EXTENDED, PERSONAL
from courses.formats.shapes import lesson_document, ordered_items, personal_document, personal_format
from courses.rendering import render_document
from tests.builders import DESCRIPTION, PERSONAL_TEXT, make_description, make_learner, make_lesson, make_text
from tests.courses.documents import DEFAULT, ENGLISH, OLD_KEYS, RUSSIAN, texts

SECTIONS: Document = DESCRIPTION | {"equipment_preparation": "Стул и близкий человек."}
SEVEN_SECTIONS: Document = {
    "introduction": "Нина, начнём.",
    "why_it_matters_for_you": "Муж за рулём.",
    "key_takeaways": ["Тепло", "Медленно", "Тихо"],
    "practical_application": "На кухне, вечером.",
    "addressing_fears": "Больно не будет.",
    "personalized_homework": "Три вечера по три минуты.",
    "motivational_quote": "Начало положено.",
}


def keys(document: Document, fmt: Format = LESSON) -> list[str]:
    return [key for key, _ in ordered_items(document, fmt)]


def written_with(names: dict[str, str]) -> Document:
    """The sections under the keys of an old store."""
    return {old: SECTIONS[key] for old, key in names.items()}


def test_canonical_keys_stay_in_the_order_of_the_format() -> None:
    document = lesson_document(dict(reversed(SECTIONS.items())))
    assert document == SECTIONS
    assert list(document) == [section.key for section in LESSON.sections]


@pytest.mark.parametrize("names", [RUSSIAN, ENGLISH, DEFAULT], ids=["russian", "english", "default"])
def test_keys_of_old_stores_become_canonical(names: dict[str, str]) -> None:
    document = lesson_document(written_with(names))
    assert document == {key: SECTIONS[key] for key in names.values()}
    assert ORDER_KEY not in document


@pytest.mark.parametrize(("old", "key"), OLD_KEYS.items())
def test_each_old_key_has_its_section(old: str, key: str) -> None:
    assert lesson_document({old: "текст"}) == {key: "текст"}


@pytest.mark.parametrize(
    ("variant", "key"),
    [
        ("⚠ Важно", "important_notes"),
        ("⚠️  ВАЖНО ", "important_notes"),
        ("👋\ufe0f Введение", "introduction"),
        ("🔑 key points", "key_points"),
        ("_Мотивационная строка_", "motivational_line"),
        ("👋🏻 Введение", "introduction"),
        ("Введение", "introduction"),
        ("KEY  POINTS:", "key_points"),
        ("📚 Домашнее зада\u043d\u0438\u0435", "homework"),
        ("Equipment & Preparation", "equipment_preparation"),
    ],
)
def test_selectors_case_and_blanks_do_not_matter(variant: str, key: str) -> None:
    assert lesson_document({variant: "текст"}) == {key: "текст"}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("*Вы справитесь!*", "Вы справитесь!"),
        ("** Вы справитесь! **", "Вы справитесь!"),
        (" *Вы справитесь!*\n", "Вы справитесь!"),
        ("*Вы* и *вы*", "*Вы* и *вы*"),
        ("Вы *справитесь*", "Вы *справитесь*"),
        ("***", "***"),
        ("*", "*"),
        (["*одна*", "*две*"], ["*одна*", "*две*"]),
    ],
)
def test_stars_around_the_motivational_line_come_off(value: Any, kept: Any) -> None:
    assert lesson_document({"_мотивационная строка_": value}) == {"motivational_line": kept}
    assert lesson_document({"homework": value}) == {"homework": value}


@pytest.mark.parametrize("names", [RUSSIAN, ENGLISH, DEFAULT, {key: key for key in SECTIONS}])
def test_a_template_around_it_comes_off(names: dict[str, str]) -> None:
    source = written_with(names)
    assert lesson_document({"template": source}) == lesson_document(source)
    assert lesson_document({"template": {"template": source}}) == lesson_document(source)


def test_siblings_of_the_template_keep_their_place() -> None:
    document = lesson_document(
        {"version": "2", "template": {"👋 Введение": "Начнём.", "homework": "Дома."}, "author": "Анна"}
    )
    assert keys(document) == ["version", "introduction", "homework", "author"]
    assert list(texts(document)) == ["2", "Начнём.", "Дома.", "Анна"]


def test_a_template_in_a_template_keeps_its_siblings_too() -> None:
    inner = {"template": {"📚 Homework": "Дома."}, "author": "Анна"}
    document = lesson_document({"template": inner, "version": "2"})
    assert list(ordered_items(document, LESSON)) == [
        ("homework", "Дома."),
        ("author", "Анна"),
        ("version", "2"),
    ]


def test_a_template_that_is_a_text_beside_others_is_kept_as_it_is() -> None:
    document = lesson_document({"template": "черновик", "homework": "Дома."})
    assert dict(ordered_items(document, LESSON)) == {"template": "черновик", "homework": "Дома."}


def test_two_old_keys_of_one_section_are_merged_in_order() -> None:
    assert lesson_document({"⚠️ Важно": ["раз"], "⚠️ Важные замечания": ["два", "три"]}) == {
        "important_notes": ["раз", "два", "три"]
    }
    assert lesson_document({"homework": "раз", "📚 Homework": "два"}) == {"homework": "раз\n\nдва"}
    assert lesson_document({"key_points": "раз", "🔑 Key Points": ["два"]}) == {"key_points": ["раз", "два"]}
    assert lesson_document({"homework": {"1": "раз"}, "📚 Homework": "два"}) == {
        "homework": [{"1": "раз"}, "два"]
    }


@pytest.mark.parametrize("nothing", ["", [], {}, None])
def test_an_empty_twin_adds_nothing(nothing: object) -> None:
    assert lesson_document({"homework": nothing, "📚 Homework": "два"}) == {"homework": "два"}
    assert lesson_document({"homework": "раз", "📚 Homework": nothing}) == {"homework": "раз"}


def test_a_number_is_something_when_merged() -> None:
    assert lesson_document({"homework": 0, "📚 Homework": 20}) == {"homework": [0, 20]}


def test_a_section_merged_with_its_twin_in_the_template() -> None:
    document = lesson_document({"template": {"introduction": "раз"}, "👋 Introduction": "два"})
    assert document == {"introduction": "раз\n\nдва"}


def test_unknown_keys_keep_their_place() -> None:
    document = lesson_document({"quiz": "?", "homework": "Дома.", "zebra": 1, "introduction": "Начнём."})
    assert keys(document) == ["quiz", "homework", "zebra", "introduction"]


def test_case_variants_of_an_unknown_key_are_two_keys() -> None:
    document = lesson_document({"Quiz": "раз", "quiz": "два"})
    assert dict(ordered_items(document, LESSON)) == {"Quiz": "раз", "quiz": "два"}


@pytest.mark.django_db
def test_a_jsonb_column_keeps_the_order() -> None:
    week = {"Понедельник": "три", "Среда": ["четыре", {"вечером": "пять", "утром": "шесть"}]}
    source = {"a very long key": "раз", "homework": "два", "b": week, "introduction": "семь"}
    description = make_description(make_lesson(), lesson_document(source))
    description.refresh_from_db()
    assert list(description.data) != list(lesson_document(source))  # jsonb has an order of its own
    assert keys(description.data) == list(source)
    assert list(texts(dict(ordered_items(description.data, LESSON)))) != list(texts(source))
    shown = render_document(description.data, LESSON, "ru")
    assert re.findall("<p.*?>(.*?)</p>", shown) == list(texts(source))
    assert lesson_document(description.data) == lesson_document(source)


@pytest.mark.django_db
def test_a_jsonb_column_keeps_the_order_of_a_personal_text() -> None:
    source = {"note": "раз", **PERSONAL_TEXT}
    text = make_text(make_learner(), make_lesson(), personal_document(source))
    text.refresh_from_db()
    assert keys(text.content, PERSONAL) == list(source)


def test_an_order_that_misses_keys_shows_them_last() -> None:
    document = {"b": "два", "a": "раз", "c": "три", ORDER_KEY: ["c", "gone", "c"]}
    assert keys(document) == ["c", "a", "b"]


def test_a_nested_object_carries_an_order_only_where_jsonb_would_change_it() -> None:
    assert lesson_document({"note": {"a": "раз", "b": "два", "aa": "три"}})["note"] == {
        "a": "раз",
        "b": "два",
        "aa": "три",
    }
    assert lesson_document({"note": {"b": "раз", "a": "два"}})["note"] == {
        "b": "раз",
        "a": "два",
        ORDER_KEY: ["b", "a"],
    }


@pytest.mark.parametrize("own", ["раз", ["раз"], ["b"], ["b", "a", "b"], ["b", "a", 5], {"b": "раз"}])
def test_a_nested_order_that_is_the_authors_is_a_text_like_others(own: object) -> None:
    note = {"b": "два", "a": "три", ORDER_KEY: own}
    document = lesson_document({"note": note})
    assert document["note"] == note
    assert list(in_order(document["note"])) == list(note.items())


@pytest.mark.parametrize("order", ["раз", 5, {"a": 1}, ["a", 5], None, ["слова автора"]])
def test_an_order_that_is_not_ours_is_refused_rather_than_lost(order: object) -> None:
    with pytest.raises(ValueError, match="_order is our own"):
        lesson_document({"homework": "Дома.", ORDER_KEY: order})
    with pytest.raises(ValueError, match="_order is our own"):
        personal_document({"summary_short": "Нина", ORDER_KEY: order})
    with pytest.raises(ValueError, match="_order is our own"):
        lesson_document({"template": {ORDER_KEY: order}, "homework": "Дома."})


def test_an_order_that_is_not_ours_is_still_shown() -> None:
    # Rows of an adopted database were never converted.
    document = {ORDER_KEY: "раз", "homework": "два"}
    assert list(ordered_items(document, LESSON)) == [("homework", "два"), (ORDER_KEY, "раз")]
    assert personal_format(document) is PERSONAL


@pytest.mark.parametrize("source", [None, "", {}, {"template": {}}, {"template": ""}, {"template": None}])
def test_nothing_becomes_nothing(source: object) -> None:
    assert lesson_document(source) == {}


@pytest.mark.parametrize(
    "source", ["Начнём.", {"template": "Начнём."}, {"template": {"template": "Начнём."}}]
)
def test_a_plain_text_becomes_the_introduction(source: object) -> None:
    assert lesson_document(source) == {"introduction": "Начнём."}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (5, "a number"),
        (0, "a number"),
        (2.5, "a number"),
        (True, "true or false"),
        (False, "true or false"),
        (["раз"], "a list"),
        ([["раз"]], "a list"),
        ({"template": 0}, "a number"),
        ({"template": ["раз"]}, "a list"),
    ],
)
def test_what_is_no_description_is_refused(source: object, found: str) -> None:
    with pytest.raises(ValueError, match=f"^an object or a text is needed, found {found}$"):
        lesson_document(source)


@pytest.mark.parametrize(("source", "found"), [("текст", "a text"), (["текст"], "a list"), (7, "a number")])
def test_a_personal_text_is_an_object(source: object, found: str) -> None:
    with pytest.raises(ValueError, match=f"^an object is needed, found {found}$"):
        personal_document(source)


def test_a_personal_text_with_canonical_keys() -> None:
    document = personal_document(dict(reversed(PERSONAL_TEXT.items())))
    assert document == PERSONAL_TEXT
    assert list(document) == [section.key for section in PERSONAL.written]


def test_the_sixth_key_of_old_personal_texts_comes_last() -> None:
    source = {"prev_lessons": "В прошлый раз…", **PERSONAL_TEXT}
    document = personal_document(source)
    assert list(document) == [*PERSONAL_TEXT, "prev_lessons"]


def test_a_seven_section_text_is_known_by_its_keys() -> None:
    assert personal_format(SEVEN_SECTIONS) is EXTENDED
    document = personal_document(dict(reversed(SEVEN_SECTIONS.items())))
    assert list(document.items()) == list(SEVEN_SECTIONS.items())


@pytest.mark.parametrize(
    ("source", "fmt"),
    [
        ({}, PERSONAL),
        ({"unknown": "?"}, PERSONAL),
        ({"summary_short": "Нина", "introduction": "Начнём."}, PERSONAL),
        ({"summary_short": "Нина", "introduction": "Начнём.", "motivational_quote": "!"}, EXTENDED),
        ({"template": SEVEN_SECTIONS}, EXTENDED),
        ("текст", PERSONAL),
        (None, PERSONAL),
    ],
)
def test_the_personal_format_that_knows_most_keys(source: object, fmt: Format) -> None:
    assert personal_format(source) is fmt


@pytest.mark.parametrize("source", [None, "", {}])
def test_an_empty_personal_text(source: object) -> None:
    assert personal_document(source) == {}
