"""Names of fields and codes stay here, and so does a name behind whatever it is hidden behind."""

import pytest

from personalization.answers import cleaned_answers, in_words


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("practice_model", "practice model"),
        ("firstThingToday", "first thing today"),
        ("block.question", "block question"),
        ("q17", "…"),
        ("field_3", "…"),
        ("Вопрос 12", "…"),
        ("42", "…"),
        ("hobby", "hobby"),
        ("Чего вы ждёте?", "Чего вы ждёте?"),
        ("self-care", "self-care"),
    ],
)
def test_no_answer_stands_under_a_fields_name(key: str, said: str) -> None:
    assert in_words({key: "да"}) == {said: "да"}


def test_answers_keep_their_order_and_none_takes_anothers_place() -> None:
    answers = {"q1": "раз", "q2": {"q1": "два", "at_home": "at_home"}, "q3": ["with_friends", "B2", "a_b c"]}
    assert in_words(answers) == {
        "…": "раз",
        "……": {"…": "два", "at home": "at home"},
        "………": ["with friends", "B2", "a_b c"],
    }


@pytest.mark.parametrize(
    "said",
    [
        *("Со Звездинцевым и Звездинцевой", "Звездинцевы, Звездинцевых, Звездинцевыми", "Звездин\u00adцев"),
        *("Звез\u200bдинцеву", "Зве\u202eздинцева", "Звезди\u2060нцев", "Звездинцев\ufeff"),
    ],
)
def test_a_surname_in_every_case_and_behind_what_nobody_sees(said: str) -> None:
    left = str(cleaned_answers({"a": said}, "Ярополк Звездинцев", "u-1"))
    assert "вездин" not in left.replace("\u200b", "")


@pytest.mark.parametrize("said", ["тел89215551742звоните", "№89215551742!", "я9215551742я9215551743я"])
def test_a_phone_number_between_letters(said: str) -> None:
    assert "921555" not in str(cleaned_answers({"a": said}, None, "u-1"))


def test_an_address_with_a_wide_sign() -> None:
    assert "example" not in str(cleaned_answers({"a": "пишите: yar＠example.org"}, None, "u-1"))
