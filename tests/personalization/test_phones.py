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


def test_a_phone_number_beside_others_is_found() -> None:
    assert cleaned("60 70 80 и 8 916 123 45 67 8 916 123 45 68") == f"60 70 80 и {REMOVED} {REMOVED}"


@pytest.mark.parametrize("unit", ["8 9 ", "916 ", "(495) ", "0123 ", "+", "00", "тел ", "8916123456"])
def test_digits_without_end_are_read_in_linear_time(unit: str) -> None:
    start = time.process_time()
    cleaned(unit * (100_000 // len(unit)))
    assert time.process_time() - start < 5  # seconds; measured 0.2
