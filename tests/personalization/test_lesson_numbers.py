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
        ("Урок 3", "Урок 3"),
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
