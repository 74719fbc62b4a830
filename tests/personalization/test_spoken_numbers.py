"""Which numbers a lesson says, and which an answer claims."""

from decimal import Decimal

import pytest

from personalization.spoken_numbers import claimed_numbers, said_numbers, spoken_amounts


@pytest.mark.parametrize(
    ("language", "said", "number"),
    [
        ("en", "nineteen", 90),
        ("en", "sixteen", 60),
        ("en", "fifteen", 50),
        ("en", "eight", 80),
        ("en", "tension", 10),
        ("en", "fortunately", 40),
        ("ru", "тридцать", 3),
        ("ru", "требует", 3),
        ("ru", "пятнадцать", 5),
        ("ru", "пятка", 5),
        ("ru", "семья", 7),
        ("ru", "сотрудник", 100),
    ],
)
def test_a_word_that_only_begins_like_a_number_is_none(language: str, said: str, number: int) -> None:
    assert number not in said_numbers(said, language)


@pytest.mark.parametrize(
    ("language", "said", "number"),
    [
        ("ru", "двадцать пять секунд", "25"),
        ("ru", "около пятнадцати минут", "15"),
        ("ru", "ста двадцатью движениями", "120"),
        ("ru", "восьмьюдесятью", "80"),
        ("ru", "шестьюстами", "600"),
        ("ru", "две тысячи триста", "2300"),
        ("ru", "трёх", "3"),
        ("ru", "два с половиной часа", "2.5"),
        ("ru", "полтора часа", "1.5"),
        ("ru", "десятиминутный перерыв", "10"),
        ("ru", "10 000 шагов", "10000"),
        ("en", "one hundred and five", "105"),
        ("en", "a ten-minute rest", "10"),
        ("en", "two and a half hours", "2.5"),
        ("en", "10,000 steps", "10000"),
        ("en", "1.50", "1.5"),
    ],
)
def test_a_number_is_read_in_lesson_and_answer_alike(language: str, said: str, number: str) -> None:
    assert claimed_numbers(said, language) == [Decimal(number)]
    assert Decimal(number) in said_numbers(said, language)


@pytest.mark.parametrize(
    ("language", "said", "number"),
    [
        ("ru", "пятый раз", "5"),
        ("ru", "обеими руками", "2"),
        ("ru", "полчаса", "30"),
        ("ru", "держите минуту", "1"),
        ("en", "the twelfth time", "12"),
        ("en", "half an hour", "0.5"),
    ],
)
def test_a_lesson_says_numbers_in_other_words_too(language: str, said: str, number: str) -> None:
    assert Decimal(number) in said_numbers(said, language)
    assert claimed_numbers(said, language) == []


def test_numbers_that_do_not_go_together_are_several() -> None:
    assert claimed_numbers("десять-пятнадцать минут", "ru") == [10, 15]


def test_amounts_stand_as_in_digits_with_their_ends() -> None:
    text = "сто двадцать раз, два с половиной часа, десять-пятнадцать минут, one hundred and five"
    found = [(amount, text[end : end + 4]) for amount, end in spoken_amounts(text)]
    assert found == [("120", " раз"), ("2.5", " час"), ("10-15", " мин"), ("105", "")]
