import time

import pytest

from personalization.lesson_numbers import bare_title, lesson_numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("3", (3,)), ("1,3", (1, 3)), (" 5; 1-3 2 ", (1, 2, 3, 5)), ("4–5", (4, 5)), ("7-7", (7,))],
)
def test_numbers_and_ranges_in_any_order(text: str, numbers: tuple[int, ...]) -> None:
    assert lesson_numbers(text) == numbers


@pytest.mark.parametrize("text", ["x", "0", "0-2", "3-1", "1-99999", "-1", "1.5", "²", "9999999999", "a\0"])
def test_a_part_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Write numbers like: 1, 3-5") as refused:
        lesson_numbers(f"1, {text}")
    assert str(refused.value).endswith(f"Found: {text!r}")


@pytest.mark.parametrize("text", ["", " , "])
def test_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Found: '"):
        lesson_numbers(text)


def test_all_wrong_parts_are_named_at_once() -> None:
    with pytest.raises(ValueError, match="Found: 'x', '3-1'"):
        lesson_numbers("x, 2, 3-1")


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("Урок 3. Дыхание", "Дыхание"),
        ("УРОК №12: «Плечи»", "«Плечи»"),
        ("Урок 3 Дыхание", "Дыхание"),
        ("Lesson 3 – Light", "Light"),
        ("Lesson 3.2 Sleep", "Sleep"),
        ("3. Дыхание", "Дыхание"),
        ("Урок 3-4. Дыхание", "Дыхание"),
        ("Урок 2-й. Дыхание", "Дыхание"),
        ("Lesson 2nd: Breath", "Breath"),
        ("12) Итоги", "Итоги"),
        ("Урок 3", "Урок"),
        ("Урок №3.", "Урок"),
        ("Урок 3 —", "Урок"),
        ("3", "Урок"),
        ("№ 12", "Урок"),
        ("Урок третий", "Урок"),
        ("Урок третий. Дыхание", "Дыхание"),
        ("Lesson Two: Breath", "Breath"),
        ("Урок IV. Плечи", "Плечи"),
        ("Lesson 3", "Урок"),
        ("Модуль 1. Урок 3", "Урок"),
        ("Модуль 1. Урок 3. Дыхание", "Дыхание"),
        ("Модуль 1, урок 3: Дыхание", "Дыхание"),
        ("Unit 2: Lesson 3", "Урок"),
        ("Unit 2: Lesson 3 – Light", "Light"),
        ("Module 1 | Lesson 12 | Sleep", "Sleep"),
        ("Шея и плечи (урок 3)", "Шея и плечи"),
        ("Шея и плечи. Урок 3", "Шея и плечи"),
        ("Neck, lesson 3", "Neck"),
        ("Повторение урока 3", "Повторение урока"),
        ("Повторение урока 3: плечи", "Повторение урока: плечи"),
        ("Review of lessons 1-3", "Review of lessons"),
        ("Часть тела", "Часть тела"),
        ("Тема дня", "Тема дня"),
        ("Class five ways", "Class five ways"),
        ("Классика", "Классика"),
        ("Уроки дыхания", "Уроки дыхания"),
        ("Урок 3 упражнений", "Урок 3 упражнений"),
        ("Урок дыхания", "Урок дыхания"),
        ("5 упражнений для шеи", "5 упражнений для шеи"),
        ("1.5 часа сна", "1.5 часа сна"),
        ("2024. Итоги года", "2024. Итоги года"),
        ("", ""),
    ],
)
def test_a_title_without_the_lessons_number(title: str, bare: str) -> None:
    assert bare_title(title) == bare


def test_a_title_of_nothing_but_a_number_is_neutral_in_the_courses_language() -> None:
    assert [bare_title("Lesson 3", language) for language in ("ru", "en")] == ["Урок", "Lesson"]


@pytest.mark.parametrize("unit", ["Урок 3. ", "Урок ", "3. ", "(урок 3 ", "1", " "])
def test_a_long_title_is_read_in_linear_time(unit: str) -> None:
    start = time.process_time()
    bare_title(unit * (10_000 // len(unit)))
    assert time.process_time() - start < 1  # seconds; measured 0.02


@pytest.mark.parametrize("title", ["{dots}а", "Урок {dots}а", "3{dots}а", "Урок {dots}3{dots}а"])
def test_a_title_of_dots_takes_no_more_than_its_length(title: str) -> None:
    def cost(dots: int) -> float:
        bare_title.cache_clear()
        start = time.process_time()
        for number in range(10):
            bare_title(title.format(dots="." * (dots + number)))
        return time.process_time() - start

    once, twice = (min(cost(dots) for _ in range(3)) for dots in (500, 1_000))
    assert twice < 5 * once + 0.005  # measured 2; where each way to divide the dots is tried, 8
