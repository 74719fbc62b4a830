"""What is a phone number, and what is another row of digits."""

import time

import pytest

from personalization.answers import REMOVED, cleaned_answers

PHONES = (
    *("+7 916 123-45-67", "+7 (916) 123-45-67", "+79161234567", "8 (916) 123 45 67", "8(916)1234567"),
    *("8-800-555-35-35", "89161234567", "8 916 1 23 45 67", "8.916.123.45.67", "8/916/123/45/67"),
    *("+7\u2011916\u2011123\u201145\u201167", "8 4922 32-45-67", "(495) 123-45-67", "916 123 45 67"),
    *("916.123.45.67", "9161234567", "916-1234567", "555-123-4567", "(555) 123-4567", "+44 20 7946 0958"),
    *("0044 20 7946 0958", "020 7946 0958", "07911 123456", "8 9 1 6 1 2 3 4 5 6 7", "8916 123 45 67"),
    *("+7 916 123-45-67 доб. 12", "+1 (555) 123-4567 ext. 89", "8 916 123 45 67, доб. 5", "8-91-61-23-45-67"),
    *("212-555-1234", "212 555 1234", "1-212-555-1234", "212 555 12 34", "050-123-45-67", "050 123 45 67"),
    *("375 29 123 45 67", "380 50 123 45 67", "998 90 123 45 67", "972 50 123 4567", "44 7911 123456"),
    *("44 20 7946 0958", "374 91 12 34 56", "996 555 123 456", "49 151 12345678", "90 532 123 45 67"),
    *("06 12 34 56 78", "06.12.34.56.78", "07 911 123 456", "09-123-4567", "02 8765 4321", "0 800 123 456"),
    *("0 532 123 45 67", "8 (029) 123-45-67", "29 123 45 67", "67 123-45-67", "8 91 61 23 45 67"),
    *("+7 916    123 45 67", "+ 375    29   123    45     67", "00 44 20 7946 0958", "+380 (050) 123 45 67"),
    *("+44 (0)20 7946 0958", "+352 621 123 456", "\uff0b7 916 123 45 67"),
    *("123-456-789 01", "123-456-789-01", "12 34 567890", "1234 567890", "75 1234567"),
    *("+7\u2212916\u2212123\u221245\u221267", "\u0669\u0661\u0666\u0661\u0662\u0663\u0664\u0665\u0666\u0667"),
)
OTHERS = (
    *("60 70 80 90 100", "60-70-80-90-100", "120 130 60 70", "80 90 100 110 120", "100 110 120 130 140"),
    *("120/80 130/85 125/82", "26.11.2026 10:30", "2026-11-26 18:30", "01.09.2024-31.12.2024"),
    *("01.02.2024 10 12", "2019 2020 2021 2022", "2019-2024, 2021/2022", "8.12.2024 18 19 20"),
    *("10:30-11:45", "00:30:00", "7 8 9 10 11 12 13", "8 10 12 14 16 18", "8-10-12-14-16-18"),
    *("12 10 8 6 4 2 1 1 1", "3 x 10 x 20 x 30", "05 10 15 20 25 30", "50-60-70-80 кг", "300 400 50 60"),
    *(
        "90 60 90 170 55",
        "1 000 000 000 рублей",
        "150 000 – 200 000 рублей",
        "350 000 – 400 000",
        "1000000000",
    ),
    *("1200 1500 1800 2000", "365 120 80 75", "555 120 80 90", "8 300 400 50 60", "8 7 6 5 4 3 2 1 2 3 4"),
    *("65 120 80 75", "65 125 82 70", "60 120 50 70", "40 100 50 60", "29 120 80 75", "128 134 141 95"),
    *("01.02.24 10 12", "06 08 10 12 14", "05 10 15 20 25", "0 100 200 300 400", "12 050 000 рублей"),
    *(
        "250 000 2024 год",
        "380 000 – 400 000",
        "100-110-120 90",
        "2024 150000",
        "10 20 300000",
        "250 300 1000",
    ),
    *("7 6 5 4 3 2 1 1 1 1 1", "8 90 85 80 75 70", "375 400 425 450", "380 390 400 410", "44 120 1500 2000"),
    *("1 234 567,89", "1,234,567,890.12", "3,141592653589", "192.168.100.200", "1 2 3 4 5 6 7 8 9 10"),
)


def cleaned(answer: str) -> str:
    return str(cleaned_answers({"a": answer}, None, "u-1")["a"])


@pytest.mark.parametrize("number", PHONES)
def test_a_phone_number_in_any_of_its_forms_is_removed(number: str) -> None:
    assert cleaned(f"Пишите {number} вечером") == f"Пишите {REMOVED} вечером"


@pytest.mark.parametrize("numbers", OTHERS)
def test_other_rows_of_digits_stay(numbers: str) -> None:
    for answer in (numbers, f"пульс {numbers} и", f"я, {numbers}."):
        assert cleaned(answer) == answer


@pytest.mark.parametrize(
    "answer", ["тел. 123-45-67", "телефон 2-34-56", "tel: 5551234", "WhatsApp 123 45 67"]
)
def test_a_towns_number_is_removed_where_a_word_says_what_it_is(answer: str) -> None:
    assert not any(sign.isdigit() for sign in cleaned(answer))
    assert cleaned(answer).split()[0] in answer


@pytest.mark.parametrize(
    "answer",
    [
        "mobile 1500 2000 steps",
        "тел 1 2 3 4 5",
        "моб. 20.10.2024",
        "тел. 12.05.2020",
        "тел 10 15 20 25",
        "серия 10 12 15",
    ],
)
def test_such_a_word_makes_no_number_of_a_day_or_a_count(answer: str) -> None:
    assert cleaned(answer) == answer


@pytest.mark.parametrize("number", ["123-456-789 01", "123 456 789 01", "4510 № 123456", "12 345 678"])
def test_a_documents_number_is_removed_behind_its_name(number: str) -> None:
    for word in ("СНИЛС", "паспорт", "Passport №"):
        assert cleaned(f"{word} {number}") == f"{word} {REMOVED}"
    assert cleaned("серия 45 10 № 123456") == f"серия {REMOVED}"


def test_a_phone_number_beside_others_is_found() -> None:
    assert cleaned("60 70 80 и 8 916 123 45 67 8 916 123 45 68") == f"60 70 80 и {REMOVED} {REMOVED}"
    assert cleaned("8 495 123-45-67 / 765-43-21") == REMOVED
    assert cleaned("+7 916 123-45-67 60 70 80") == f"{REMOVED} 60 70 80"


@pytest.mark.parametrize("word", ["", "тел. "])
@pytest.mark.parametrize(
    ("first", "between", "second"),
    [
        ("+375 29 123-45-67", " ", "050 123 45 67"),
        ("+7 916 123-45-67", " / ", "8 916 765-43-21"),
        ("+7 916 123-45-67", " ", "+7 916 765-43-21"),
        ("8 916 123-45-67", " ", "020 7946 0958"),
        ("+44 20 7946 0958", " ", "07911 123456"),
        ("050 123 45 67", "/", "067 765 43 21"),
        ("+33 6 12 34 56 78", " ", "06 12 34 56 79"),
    ],
)
def test_of_two_phone_numbers_nothing_leaves(word: str, first: str, between: str, second: str) -> None:
    assert cleaned(f"{word}{first}{between}{second}") == f"{word}{REMOVED}{between}{REMOVED}"


def test_of_an_unknown_countrys_number_and_another_no_digit_leaves() -> None:
    assert cleaned("+49 30 1234567 050 123 45 67") == REMOVED


@pytest.mark.parametrize(
    "unit",
    [
        "8 9 ",
        "916 ",
        "(495) ",
        "0123 ",
        "+",
        "00",
        "тел ",
        "8916123456",
        "+1 ",
        "+7 9" + " " * 997,
        "0 ",
        "06 12 ",
        "375 29 ",
        "1234 ",
        "паспорт 4510 №",
    ],
)
def test_digits_without_end_are_read_in_linear_time(unit: str) -> None:
    start = time.process_time()
    cleaned(unit * (100_000 // len(unit)))
    assert time.process_time() - start < 5  # seconds; measured 0.2
