"""What a format lets a writer answer: the schema that is sent, and the check of what came back."""

from typing import Any

import jsonschema
import pytest

from courses.formats.definition import Document, Format, Kind, Language
from courses.formats.lesson import LESSON
from courses.formats.personal import EXTENDED, PERSONAL
from tests.builders import DESCRIPTION, PERSONAL_TEXT
from tests.courses.documents import FORMATS

# What structured output understands in its strict mode; another word makes the endpoint refuse the request.
STRICT_WORDS = {
    "type",
    "properties",
    "required",
    "additionalProperties",
    "description",
    "items",
    "minItems",
    "maxItems",
}


def answer_to(fmt: Format) -> Document:
    """A right answer: each list with its fewest items."""
    return {
        section.key: ["пункт"] * section.items[0] if section.items else "текст" for section in fmt.written
    }


def words(schema: dict[str, Any]) -> set[str]:
    inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return set(schema).union(*map(words, inner))


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_the_schema_is_strict(fmt: Format) -> None:
    schema = fmt.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert schema["required"] == list(schema["properties"]) == [section.key for section in fmt.written]
    assert words(schema) <= STRICT_WORDS


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_every_written_section_tells_the_writer_what_is_wanted(fmt: Format) -> None:
    properties = fmt.json_schema()["properties"]
    assert all(properties[section.key]["description"] == section.guidance for section in fmt.written)
    assert all(len(section.guidance) > 20 for section in fmt.written)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_a_right_answer_passes_schema_and_check(fmt: Format) -> None:
    answer = answer_to(fmt)
    jsonschema.validate(answer, fmt.json_schema())
    assert fmt.problems(answer) == []


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_every_section_has_a_heading_in_each_language(fmt: Format) -> None:
    for section in fmt.sections:
        assert section.headings.keys() == set(Language)
        assert all(section.headings.values())


def test_the_sections_are_those_of_the_design() -> None:
    assert [section.key for section in LESSON.sections] == [
        "introduction",
        "key_points",
        "practical_tips",
        "important_notes",
        "equipment_preparation",
        "homework",
        "motivational_line",
    ]
    assert [section.key for section in PERSONAL.written] == [
        "summary_short",
        "why_watch",
        "quick_action",
        "social_share",
        "homework_20m",
    ]
    assert [section.key for section in LESSON.sections if section.safety] == ["important_notes"]
    optional = {section.key for section in LESSON.sections if not section.required}
    assert optional == {"important_notes", "equipment_preparation"}
    items = {section.key: section.items for fmt in FORMATS for section in fmt.sections if section.items}
    assert items == {
        "key_points": (4, 6),
        "practical_tips": (3, 5),
        "important_notes": (2, 4),
        "homework_20m": (5, 7),
        "key_takeaways": (3, 6),
    }


def test_a_section_is_found_by_its_key() -> None:
    section = LESSON.section("important_notes")
    assert section is not None
    assert (section.kind, section.safety) == (Kind.LIST, True)
    assert LESSON.section("summary_short") is None


def test_an_optional_section_may_be_answered_with_nothing() -> None:
    answer = answer_to(LESSON) | {"important_notes": [], "equipment_preparation": ""}
    jsonschema.validate(answer, LESSON.json_schema())
    assert LESSON.problems(answer) == []


def test_the_kept_section_is_never_asked_of_a_writer() -> None:
    assert "prev_lessons" not in PERSONAL.json_schema()["properties"]
    answer = answer_to(PERSONAL) | {"prev_lessons": "В прошлый раз…"}
    assert PERSONAL.problems(answer) == ["prev_lessons: is not a section of the format personal"]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (["текст"], "an object is needed, found list"),
        (None, "an object is needed, found NoneType"),
        ("текст", "an object is needed, found str"),
    ],
)
def test_what_is_no_object_is_refused_whole(answer: object, problem: str) -> None:
    assert PERSONAL.problems(answer) == [problem]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"why_watch": ["список"]}, "why_watch: a text is needed, found list"),
        ({"why_watch": None}, "why_watch: a text is needed, found NoneType"),
        ({"why_watch": 5}, "why_watch: a text is needed, found int"),
        ({"why_watch": ""}, "why_watch: is empty"),
        ({"why_watch": " \n\u00a0"}, "why_watch: is empty"),
        ({"homework_20m": "1. Согрейте руки"}, "homework_20m: a list of texts is needed"),
        ({"homework_20m": ["шаг"] * 4 + [5]}, "homework_20m: a list of texts is needed"),
        ({"homework_20m": {"1": "шаг"}}, "homework_20m: a list of texts is needed"),
        ({"homework_20m": []}, "homework_20m: 5 to 7 items are needed, found 0"),
        ({"homework_20m": ["шаг"] * 4}, "homework_20m: 5 to 7 items are needed, found 4"),
        ({"homework_20m": ["шаг"] * 8}, "homework_20m: 5 to 7 items are needed, found 8"),
        ({"homework_20m": ["шаг"] * 4 + [" "]}, "homework_20m: has an empty item"),
        ({"extra": "текст"}, "extra: is not a section of the format personal"),
    ],
)
def test_a_wrong_section_is_named(change: Document, problem: str) -> None:
    assert PERSONAL.problems(answer_to(PERSONAL) | change) == [problem]


def test_a_few_safety_notes_are_held_to_their_number_too() -> None:
    answer = answer_to(LESSON) | {"important_notes": ["Не спешите"]}
    assert LESSON.problems(answer) == ["important_notes: 2 to 4 items are needed, found 1"]


def test_all_problems_come_at_once() -> None:
    answer = answer_to(EXTENDED) | {"introduction": "", "key_takeaways": "один", "summary": "?"}
    del answer["personalized_homework"]
    assert EXTENDED.problems(answer) == [
        "personalized_homework: is missing",
        "summary: is not a section of the format extended",
        "introduction: is empty",
        "key_takeaways: a list of texts is needed",
    ]


def test_the_builders_documents_are_right_ones() -> None:
    assert LESSON.problems(DESCRIPTION | {"equipment_preparation": ""}) == []
    assert PERSONAL.problems(PERSONAL_TEXT) == []
