"""What the fake model answers when nothing is wrong."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import openai
import pytest

from personalization.fake_model import running_fake_model
from tests.personalization.fake_model_client import (
    ENGLISH,
    ENGLISH_ANSWERS,
    ENGLISH_LESSON,
    RUSSIAN,
    RUSSIAN_LESSON,
    SCHEMA,
    Ask,
    asking,
    by_schema,
    content,
    messages,
)


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    with running_fake_model() as model, asking(model.base_url) as asked:
        yield asked


def texts(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, list | dict):
        for value in document.values() if isinstance(document, dict) else document:
            yield from texts(value)


@pytest.mark.parametrize(
    ("chat", "own", "foreign", "said"),
    [
        (RUSSIAN, "[а-яё]", "[a-z]", ("Помочь мужу после работы", "Сделаю больно или наврежу")),
        (ENGLISH, "[a-z]", "[а-яё]", ("Wake up without a headache", "It is just another fad")),
    ],
    ids=["ru", "en"],
)
def test_answers_in_the_language_of_the_prompt_with_words_of_learner_and_lesson(
    ask: Ask,
    chat: list[dict[str, str]],
    own: str,
    foreign: str,
    said: tuple[str, ...],
) -> None:
    answer = content(ask(chat))

    document = json.loads(answer)
    jsonschema.validate(document, SCHEMA)
    whole = " ".join(texts(document)).replace("{{name}}", "")
    assert re.search(own, whole, re.IGNORECASE)
    assert not re.search(foreign, whole, re.IGNORECASE)
    assert any(words in whole for words in said)
    taught = re.findall(r"[«“](\w+)[»”]", whole)
    assert taught
    assert all(word in chat[0]["content"].lower() for word in taught)


def test_the_placeholder_stands_once_in_the_first_text(ask: Ask) -> None:
    document = json.loads(content(ask()))

    assert document["summary"].startswith("{{name}}, ")
    assert json.dumps(document).count("{{name}}") == 1


def test_no_placeholder_for_a_learner_without_a_name_or_a_prompt_without_it(ask: Ask) -> None:
    nameless = ask(messages(ENGLISH_LESSON, ENGLISH_ANSWERS, has_name=False))
    unasked = ask(messages(ENGLISH_LESSON.replace("{{name}}", "X"), ENGLISH_ANSWERS))

    assert "{{" not in content(nameless) + content(unasked)


def test_a_text_for_all_learners_speaks_to_none_of_them(ask: Ask) -> None:
    sections = "- summary (text): 9 to 9 sentences.\n- homework (list of texts): 5 to 7 steps.\n"
    chat = [{"role": "system", "content": f"{ENGLISH_LESSON}{sections}"}, {"role": "user", "content": "Go."}]
    written = content(ask(chat, response_format={"type": "json_object"}))

    assert "{{name}}" not in written
    assert not re.search("your “|You wrote|I want", written)
    assert len(set(texts(json.loads(written)))) > 5


def test_the_same_request_gets_the_same_answer_also_from_another_server(ask: Ask) -> None:
    with running_fake_model() as other, asking(other.base_url) as ask_other:
        answers = {content(answer) for answer in (ask(), ask(), ask_other())}

    assert len(answers) == 1


def test_other_learners_and_other_lessons_get_other_answers(ask: Ask) -> None:
    learners = [{"motivation": f"Хочу помочь {who}"} for who in ("мужу", "сестре", "коллегам", "себе")]
    lessons = [RUSSIAN_LESSON, RUSSIAN_LESSON.replace("ладони", "пальцы")]

    answers = {content(ask(messages(lesson, learner))) for lesson in lessons for learner in learners}

    assert len(answers) == len(lessons) * len(learners)


def test_without_a_line_that_names_it_the_longest_part_decides_the_language(ask: Ask) -> None:
    rules = "You write descriptions of lessons.\nBe brief, be kind.\nUse plain text only.\n"
    lesson = rules + RUSSIAN_LESSON.split("\n\n", 1)[1]

    assert re.search("[а-яё]", content(ask(messages(lesson, {}))))


def test_quotes_no_address_markup_or_number_of_the_learner(ask: Ask) -> None:
    answers = {
        "mail": "write me at ann@example.com",
        "link": "see https://example.com/me please",
        "markup": "<b>I want this</b>",
        "phone": "call 49123456789 any time",
        "template": "show {{ settings.KEY }} to me",
        "hidden": "I am\u200b not alone",
        "foreign": "хочу спать спокойно",
    }

    answer = content(ask(messages(ENGLISH_LESSON, answers)))

    for sign in ("@", "://", "<", ">", "4912", "settings", "\u200b", "example", "спать"):
        assert sign not in answer


EVERYTHING: dict[str, Any] = {
    "type": "object",
    "$defs": {
        "step": {
            "type": "object",
            "properties": {
                "do": {"type": "string", "maxLength": 30},
                "minutes": {"type": "integer", "minimum": 5},
            },
            "required": ["do", "minutes"],
            "additionalProperties": False,
        },
    },
    "properties": {
        "kind": {"type": "string", "enum": ["calm", "quick"]},
        "version": {"const": 3},
        "title": {"type": "string", "minLength": 5, "maxLength": 12},
        "long": {"type": "string", "minLength": 900},
        "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}, "minItems": 2, "maxItems": 2},
        "note": {"anyOf": [{"type": "null"}, {"type": "string"}]},
        "maybe": {"type": ["string", "null"]},
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "done": {"type": "boolean"},
        "nothing": {"type": "null"},
        "empty": {"type": "array", "items": {"type": "string"}, "maxItems": 0},
        "steps_text": {"type": "string", "description": "an assignment of 20 minutes in 5 to 7 steps"},
    },
    "additionalProperties": False,
}
EVERYTHING["required"] = list(EVERYTHING["properties"])


def test_every_part_of_a_schema_is_kept_to(ask: Ask) -> None:
    document = json.loads(content(ask(response_format=by_schema(EVERYTHING))))

    jsonschema.validate(document, EVERYTHING)
    assert isinstance(document["note"], str)
    assert 5 <= len(document["title"]) <= 12


@pytest.mark.parametrize(
    ("description", "fewest", "most"),
    [("2 to 3 sentences", 2, 3), ("One action at once", 1, 1), ("own voice, 1 sentence", 1, 1), ("", 2, 3)],
)
def test_a_text_has_as_many_sentences_as_its_description_says(
    ask: Ask, description: str, fewest: int, most: int
) -> None:
    schema = {"type": "object", "properties": {"text": {"type": "string", "description": description}}}

    document = json.loads(content(ask(response_format=by_schema(schema, strict=False))))

    assert fewest <= len(re.findall(r"\.(?:\s|$)", document["text"])) <= most


def test_a_list_without_bounds_follows_its_description(ask: Ask) -> None:
    notes = {"type": "array", "items": {"type": "string"}, "description": "2 to 4 notes, otherwise empty"}
    schema = {"type": "object", "properties": {"notes": notes}}

    document = json.loads(content(ask(response_format=by_schema(schema, strict=False))))

    assert 2 <= len(document["notes"]) <= 4


def test_list_items_stay_within_18_words(ask: Ask) -> None:
    answers = {"wish": "Руки у меня уже не сильные", "fear": "Муж после массажа сам оборачивается назад"}

    document = json.loads(content(ask(messages(RUSSIAN_LESSON, answers))))

    assert max(len(item.split()) for item in document["homework"]) <= 18


@pytest.mark.parametrize("said", ["{", "{{name}} {}", "{" * 5000, '{"a":' * 5000, "[1, 2]"])
def test_a_learner_without_readable_answers_gets_an_answer_all_the_same(ask: Ask, said: str) -> None:
    chat = [{"role": "system", "content": RUSSIAN_LESSON}, {"role": "user", "content": said}]

    jsonschema.validate(json.loads(content(ask(chat))), SCHEMA)


def test_json_object_and_plain_text(ask: Ask) -> None:
    free = content(ask(response_format={"type": "json_object"}))
    plain = content(ask(response_format={"type": "text"}))

    assert set(json.loads(free)) == {"title", "text"}
    assert plain.startswith("{{name}}, ")


def test_usage_counts_tokens(ask: Ask) -> None:
    usage = ask().usage

    assert usage is not None
    assert usage.prompt_tokens > 100
    assert usage.completion_tokens > 20
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


OPEN_OBJECT = {"type": "object", "properties": {}}
OPTIONAL_KEY = SCHEMA | {"required": ["summary", "share"]}
ENDLESS = {
    "type": "object",
    "properties": {"more": {"$ref": "#"}},
    "required": ["more"],
    "additionalProperties": False,
}


def field(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"x": schema}, "required": ["x"], "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        (OPEN_OBJECT, "additionalProperties: false"),
        (OPTIONAL_KEY, "homework"),
        (ENDLESS, "deeper than"),
        ({"type": "array", "items": {"type": "string"}}, "root must be an object"),
        (field({"type": "string", "pattern": "^a"}), "schema.x: the fake model cannot answer pattern"),
        (field({"$ref": "#/$defs/none"}), "#/$defs/none leads nowhere"),
        (field({"type": "string", "maxLength": "9"}), "schema.x.maxLength: a whole number"),
        (
            field({"type": "array", "minItems": 3, "maxItems": 2}),
            "schema.x: minItems 3 is more than maxItems 2",
        ),
        (field({"type": "date"}), "schema.x: type 'date'"),
        (field({}), "schema.x: type None"),
        (field({"allOf": [{"type": "string"}, {"minLength": 3}]}), "schema.x: allOf of more than one"),
        ({"type": "object", "properties": ["x"]}, "schema.properties: an object"),
        (field({"type": "array", "items": "string"}), "schema.x[]: an object is needed, found str"),
    ],
)
def test_a_schema_that_cannot_be_answered_is_refused_with_its_place(
    ask: Ask, schema: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(response_format=by_schema(schema))

    assert complaint in str(caught.value)
    assert caught.value.param == "response_format"


@pytest.mark.parametrize(
    ("request_", "param"),
    [
        ({"chat": []}, "messages"),
        ({"chat": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"chat": [{"content": "hi"}]}, "messages[0]"),
        ({"model": ""}, "model"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"n": 2}, "n"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}}, "response_format"),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused(ask: Ask, request_: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(**request_)

    assert caught.value.param == param


def test_text_parts_are_read_like_text(ask: Ask) -> None:
    parts = [{"role": "user", "content": [{"type": "text", "text": "Напиши одно предложение по-русски"}]}]

    assert re.search("[а-яё]", content(ask(parts)))  # type: ignore[arg-type]  # parts, not text
