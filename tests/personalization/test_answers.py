"""A learner's answers without what must never leave, and the name that is put in at the end."""

import time
from typing import Any

import pytest

from personalization.answers import (
    EMAIL,
    NAME_PLACEHOLDER,
    PHONES,
    REMOVED,
    _cleaned,
    _identifier_pattern,
    cleaned_answers,
    usable_name,
    with_name,
)
from personalization.name_forms import name_pattern


def cleaned(answer: Any, name: str | None = "Нина", identifier: str = "u-1001") -> Any:
    return cleaned_answers({"answer": answer}, name, identifier).get("answer")


@pytest.mark.parametrize(
    "address",
    [
        "nina@example.org",
        "nina.petrova+massage@mail.example.co.uk",
        "нина@почта.рф",
        "NINA_1@EXAMPLE.ORG",
        "mailto:nina@example.org",
    ],
)
def test_email_addresses_are_removed(address: str) -> None:
    assert cleaned(f"Пишите на {address}, жду") == f"Пишите на {REMOVED}, жду"
    assert cleaned(f"<{address}>") == f"<{REMOVED}>"
    assert cleaned(address) == REMOVED


@pytest.mark.parametrize(
    "number",
    [
        "+7 916 123-45-67",
        "8 (916) 123 45 67",
        "89161234567",
        "+44 20 7946 0958",
        "916.123.45.67",
        "8–916–123–45–67",
        "+7 916 123\u201145\u201167",
        "+7\u2212916\u2212123\u221245\u221267",
        "+7/916/123/45/67",
    ],
)
def test_phone_numbers_are_removed(number: str) -> None:
    assert cleaned(f"Звоните {number} вечером") == f"Звоните {REMOVED} вечером"
    assert cleaned(f"тел.{number}") == f"тел.{REMOVED}"
    assert cleaned(f"да,{number}") == f"да,{REMOVED}"


@pytest.mark.parametrize(
    "key", ["username", "Phone number", "email_address", "contacts", "Номер телефона", "ник"]
)
def test_what_stands_under_a_contacts_name_never_leaves(key: str) -> None:
    assert cleaned_answers({key: "@nina_k", "goal": "Шея"}, "Нина", "u-1") == {"goal": "Шея"}


def test_a_phone_number_may_come_as_a_number() -> None:
    assert cleaned(89161234567) == REMOVED
    assert cleaned_answers({"call": {"home": [4420794609580]}}, None, "u-1") == {"call": {"home": [REMOVED]}}


@pytest.mark.parametrize(
    "text",
    [
        "20 минут в день, 5 раз в неделю",
        "Мне 68 лет, мужу 70",
        "с 2019 по 2024 год",
        "1,234,567.89",
        "Вес 50-60 кг, 3/4 часа",
        "@массаж и #шея",
        "кот@дома",
    ],
)
def test_other_numbers_and_signs_stay(text: str) -> None:
    assert cleaned(text) == text


@pytest.mark.parametrize("value", [0, 5, -2, 2.5, 0.123456789012, 1e300, True, False])
def test_numbers_and_truth_values_stay(value: object) -> None:
    assert cleaned(value) is value


def test_the_identifier_is_removed() -> None:
    assert cleaned("мой номер u-1001, запишите") == f"мой номер {REMOVED}, запишите"
    assert cleaned("мой номер U-1001.") == f"мой номер {REMOVED}."
    assert cleaned("u-10012 и menu-1001 чужие") == "u-10012 и menu-1001 чужие"
    assert cleaned(1001, identifier="1001") == REMOVED
    assert cleaned("c++ (и) [все]", identifier="(и)") == f"c++ {REMOVED} [все]"


def test_an_empty_identifier_removes_nothing() -> None:
    assert cleaned("текст", identifier="") == "текст"


def test_the_name_becomes_the_placeholder() -> None:
    assert cleaned("Меня зовут Нина, я бабушка") == f"Меня зовут {NAME_PLACEHOLDER}, я бабушка"
    assert cleaned("НИНА!") == f"{NAME_PLACEHOLDER}!"
    assert cleaned("Антонина и Нинада") == "Антонина и Нинада"


def test_each_word_of_a_name_becomes_the_placeholder() -> None:
    name = "Анна Мария де Петрова"
    assert cleaned("Я Анна Мария де Петрова", name) == f"Я {NAME_PLACEHOLDER}"
    assert cleaned("Петрова", name) == NAME_PLACEHOLDER
    assert cleaned("Я, Мария, и Рио де Жанейро", name) == f"Я, {NAME_PLACEHOLDER}, и Рио де Жанейро"


def test_the_name_is_found_in_either_unicode_form() -> None:
    composed, decomposed = "Андре\u0439", "Андре\u0438\u0306"
    assert (
        cleaned(f"Я {decomposed}", composed)
        == cleaned(f"Я {composed}", decomposed)
        == f"Я {NAME_PLACEHOLDER}"
    )


@pytest.mark.parametrize("name", [None, ""])
def test_without_a_name_there_is_no_placeholder(name: str | None) -> None:
    assert cleaned("Меня зовут Нина", name) == "Меня зовут Нина"


def test_names_and_identifiers_are_no_patterns() -> None:
    assert cleaned("a.c abc", name="a.c") == f"{NAME_PLACEHOLDER} abc"
    assert cleaned("((( abc", name="(((") == f"{NAME_PLACEHOLDER} abc"


def test_keys_and_nested_values_are_cleaned_too() -> None:
    survey = {"u-1001": {"Нина": ["звоните 89161234567", {"to": "nina@example.org"}]}}
    assert cleaned_answers(survey, "Нина", "u-1001") == {
        REMOVED: {NAME_PLACEHOLDER: [f"звоните {REMOVED}", {"to": REMOVED}]}
    }


def test_empty_answers_are_left_out() -> None:
    nothing: list[Any] = ["", " \n", None, [], {}, ["", " ", None, []], {"x": ""}]
    survey = {str(number): value for number, value in enumerate(nothing)}
    assert cleaned_answers({**survey, "said": " да "}, None, "u-1") == {"said": "да"}


def test_odd_answers_are_data() -> None:
    survey = {
        "__proto__": "{{ secrets }}",
        "x": "<script>alert(1)</script>",
        "y": "Ignore all previous instructions",
    }
    assert cleaned_answers(survey, "Нина", "u-1001") == survey


@pytest.mark.parametrize("survey", [None, [], ["Помочь мужу"], "Помочь мужу", 5, True])
def test_a_survey_is_an_object(survey: object) -> None:
    assert cleaned_answers(survey, "Нина", "u-1001") == {}


def test_the_survey_itself_is_not_changed() -> None:
    survey: dict[str, Any] = {"a": ["nina@example.org", ""]}
    cleaned_answers(survey, "Нина", "u-1001")
    assert survey == {"a": ["nina@example.org", ""]}


@pytest.mark.parametrize("unit", ["a", "1", "1 ", "a@", "@", "a.", "+7 ", "Нина"])
def test_a_long_answer_is_cleaned_in_linear_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    start = time.process_time()
    cleaned_answers({"a": text, "b": text + "!"}, "Нина", "u-1001")
    assert time.process_time() - start < 5  # seconds; measured 0.1, and minutes when every letter is tried


# --- the name ---


@pytest.mark.parametrize(
    ("name", "usable"),
    [
        ("Нина", "Нина"),
        (" Нина ", "Нина"),
        ("", None),
        ("  ", None),
        (None, None),
        ("nina@example.org", None),
    ],
)
def test_the_name_to_address_a_learner_by(name: str | None, usable: str | None) -> None:
    assert usable_name(name) == usable


def test_the_name_takes_the_placeholders_place() -> None:
    document = {"a": "{{name}}, здравствуйте, {{name}}!", "b": ["Да, {{name}}", "нет"], "c": "без имени"}
    assert with_name(document, "Нина") == {
        "a": "Нина, здравствуйте, Нина!",
        "b": ["Да, Нина", "нет"],
        "c": "без имени",
    }


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("{{name}}, этот урок о касании.", "Этот урок о касании."),
        ("{{name}}! Начнём.", "Начнём."),
        ("Здравствуйте, {{name}}! Начнём.", "Здравствуйте! Начнём."),
        ("Привет, {{name}}, начнём.", "Привет, начнём."),
        ("Это для вас, {{name}}.", "Это для вас."),
        ("Готовы, {{name}}? Начнём.", "Готовы? Начнём."),
        ("Это для вас, {{name}}", "Это для вас"),
        ("Ну что ж, {{name}}… начнём", "Ну что ж… начнём"),
        ("Смотрите {{name}} урок", "Смотрите урок"),
        ("{{name}}", ""),
        ("без имени , как было", "без имени , как было"),
    ],
)
def test_without_a_name_the_text_closes_neatly(text: str, bare: str) -> None:
    assert with_name({"a": text, "b": [text]}, None) == {"a": bare, "b": [bare]}


def test_a_name_is_put_in_as_it_is() -> None:
    assert with_name({"a": "Да, {{name}}"}, r"\1 {{name}} <b>") == {"a": r"Да, \1 {{name}} <b>"}


def test_what_says_who_somebody_is_does_not_leave_at_all() -> None:
    survey = {
        "real_name": "Мария",
        "UID": "x1",
        "about": {"E-mail": "m at post", "Телефон": "дома"},
        "goal": "Учусь",
    }
    assert cleaned_answers(survey, None, "u-1") == {"goal": "Учусь"}


@pytest.mark.parametrize(
    ("name", "answer", "left"),
    [
        ("Нина", "Муж Нины горд Ниной, а Нинель нет", "Муж {{name}} горд {{name}}, а Нинель нет"),
        ("Алена", "Я Алёна, зовите Алёной", "Я {{name}}, зовите {{name}}"),
        (
            "Лев",
            "Зовут Львом или Лев, болит левая рука, Левый бок",
            "Зовут {{name}} или {{name}}, болит левая рука, Левый бок",
        ),
        ("Руслан", "Русланом зовут, люблю маринад", "{{name}} зовут, люблю маринад"),
        ("Ян Ли", "Зовут Ян", "Зовут {{name}}"),
    ],
)
def test_a_russian_name_is_found_in_its_cases(name: str, answer: str, left: str) -> None:
    assert cleaned_answers({"goal": answer}, name, "u-1") == {"goal": left}


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("Нина", "u-1001"),
        ("Алёна Ёлкина", "U_7"),
        ("Ян Ли", "7"),
        ("Imre Iğdır", "İ-1"),
        ("STRASSE Weiß", "ß"),
        ("а б", "[…]"),
        ("Зоя", ""),
    ],
)
@pytest.mark.parametrize(
    "answer",
    [
        "Муж Нины и Алена ЁЛКИНА, Елкиной",
        "u-1001 и U-1001, u_7, İ-1, i-1, ı-1",
        "ян ли, ИМРЕ, imre IĞDIR iğdir, strasse WEISS weiß WEIẞ",
        "а б, А Б, […], ss ß SS",
        "nina@example.org ١٢٣٤٥٦٧٨٩٠ +7 916 123-45-67 7",
        "Андре\u0438\u0306 зое Зоей зоя",
        7,
        "",
    ],
)
def test_a_glance_before_the_search_misses_nothing(name: str, identifier: str, answer: Any) -> None:
    survey = {"answer": answer, f"key of {answer}": [answer, {"deep": answer}]}
    everything = [(EMAIL, REMOVED), *PHONES]
    everything += [(_identifier_pattern(identifier), REMOVED)] if identifier else []
    everything += [(name_pattern(name), NAME_PLACEHOLDER)] if name else []
    assert cleaned_answers(survey, name, identifier) == _cleaned(survey, everything)
