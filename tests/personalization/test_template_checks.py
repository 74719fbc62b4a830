"""What is refused of an answer that is to be a lesson's standard description."""

from dataclasses import replace
from typing import Any

import pytest

from courses.formats.lesson import LESSON
from courses.formats.shapes import lesson_document
from personalization.checks import check_answer
from personalization.errors import Transient
from tests.personalization.briefs import NINA, SAM

SAID = (
    "Садитесь прямо и опустите плечи. Тёплые ладони положите на шею и держите две минуты. "
    "Если станет больно, сразу остановитесь. На сам позвоночник никогда не давите. "
    "Приготовьте полотенце и немного масла. Повторяйте дома каждый вечер, лучше всего перед сном."
)
BRIEF = replace(NINA, format=LESSON, name=None, answers={}, answers_hash="", transcript=SAID)
GOOD: dict[str, Any] = {
    "introduction": "В этом уроке вы учитесь класть ладони на шею. Это поможет снять напряжение.",
    "key_points": ["Сидите прямо", "Плечи опущены", "Ладони тёплые", "Держите 2 минуты"],
    "practical_tips": ["Согрейте ладони", "Спросите, удобно ли", "Не спешите"],
    "important_notes": ["Не давите на позвоночник", "Остановитесь, если стало больно"],
    "equipment_preparation": "Приготовьте полотенце. Возьмите немного масла.",
    "homework": "Повторите дома вечером.",
    "motivational_line": "У вас всё получится.",
}


def refusal(**changes: Any) -> str:
    with pytest.raises(Transient) as refused:
        check_answer({**GOOD, **changes}, BRIEF)
    assert refused.value.reask
    return refused.value.message


def test_what_the_lesson_says_is_taken_whole() -> None:
    assert check_answer(GOOD, BRIEF) == GOOD


def test_optional_sections_without_a_word_are_left_out() -> None:
    document = check_answer({**GOOD, "important_notes": [], "equipment_preparation": " "}, BRIEF)
    assert document.keys() == GOOD.keys() - {"important_notes", "equipment_preparation"}


def test_a_safety_note_that_nobody_gave_is_refused() -> None:
    notes = ["Не давите на позвоночник", "Беременным женщинам массаж противопоказан"]
    said = refusal(important_notes=notes)
    assert said == "important_notes: part 2 is not said in the lesson, leave it out or use its words"


def test_equipment_is_looked_at_sentence_by_sentence() -> None:
    assert "part 2" in refusal(equipment_preparation="Приготовьте полотенце. Купите массажный стол.")


@pytest.mark.parametrize(
    ("key", "value", "number"),
    [
        ("homework", "Повторяйте 20 минут.", "20"),
        ("practical_tips", ["Согрейте ладони", "Считайте до 45", "Не спешите"], "45"),
        ("introduction", "Урок длится 1.5 часа и учит касанию.", "1.5"),
    ],
)
def test_a_number_that_nobody_said_is_refused_in_every_section(key: str, value: object, number: str) -> None:
    assert refusal(**{key: value}) == f"{key}: the lesson does not say the number {number}"


@pytest.mark.parametrize(
    ("language", "said", "number"),
    [
        ("ru", "подождите двадцать пять секунд", "25"),
        ("ru", "пятнадцати минут хватит", "15"),
        ("ru", "полторы минуты", "1.5"),
        ("ru", "сто раз", "100"),
        ("en", "about thirty seconds", "30"),
        ("en", "do it twice", "2"),
    ],
)
def test_a_number_may_be_said_in_words(language: str, said: str, number: str) -> None:
    like = BRIEF if language == "ru" else replace(SAM, format=LESSON)
    brief = replace(like, transcript=f"{like.transcript} {said}.")
    tips = {"ru": "Повторите {} раз", "en": "Do it {} times and then rest a little"}[language].format(number)
    english = {
        "introduction": "This lesson is about why people sleep. It shows what happens at night.",
        "key_points": ["People sleep", "Things happen at night", "Rest is good", "Nights matter"],
        "practical_tips": ["Go to bed", "Be calm", "Do not hurry"],
        "important_notes": [],
        "equipment_preparation": "",
        "homework": "Go to bed tonight.",
        "motivational_line": "You can do it.",
    }
    document = GOOD if language == "ru" else english
    check_answer({**document, "homework": f"{document['homework']} {tips}."}, brief)


def test_the_numbers_of_list_items_are_their_own() -> None:
    check_answer({**GOOD, "practical_tips": ["1. Согрейте ладони", "7) Спросите", "8. Не спешите"]}, BRIEF)


def test_so_are_those_of_the_lines_of_a_text() -> None:
    check_answer({**GOOD, "homework": "7. Согрейте ладони.\n8. Повторите дома."}, BRIEF)


@pytest.mark.parametrize("minutes", ["десять", "десяти", "двадцать пять", "пять-десять"])
def test_a_number_in_words_is_read_in_the_answer_too(minutes: str) -> None:
    assert "the lesson does not say the number" in refusal(homework=f"Держите {minutes} минут.")


@pytest.mark.parametrize("homework", ["Один из вас садится первым.", "Повторите обеими руками две минуты."])
def test_what_is_no_claim_of_a_number_passes(homework: str) -> None:
    check_answer({**GOOD, "homework": homework}, BRIEF)


@pytest.mark.parametrize(
    "text",
    [
        "Это **важно**.",
        "# Дома",
        "- Сядьте прямо",
        "*Вперёд.*",
        "Это _важно_.",
        "`код`",
        "Да.\n* Сядьте",
        "> Так",
    ],
)
def test_markdown_is_refused(text: str) -> None:
    assert refusal(motivational_line=text) == "motivational_line: holds Markdown"


@pytest.mark.parametrize("text", ["Тише — и мягче - вот так.", "Сила 5 * 2 и 2 * 1.", "№ 1, snake_case_word"])
def test_signs_that_are_no_markdown_pass(text: str) -> None:
    brief = replace(BRIEF, summary="5 2 1")
    check_answer({**GOOD, "homework": text}, brief)


def test_what_is_published_reads_as_the_import_reads_it() -> None:
    document = check_answer({**GOOD, "motivational_line": "У вас всё получится."}, BRIEF)
    assert lesson_document(document) == document


def test_a_long_item_is_refused() -> None:
    points = [*GOOD["key_points"][:3], "слово " * 19]
    assert "19 words, at most 18" in refusal(key_points=points)


@pytest.mark.parametrize("notes", [["Нет", "Нет"], ["Нет.", "Не давите на позвоночник"]])
def test_a_note_of_one_word_is_refused(notes: list[str]) -> None:
    assert "part 1" in refusal(important_notes=notes)


@pytest.mark.parametrize("text", ["Нет.", "Ничего не нужно.", "Полотенце. Нет."])
def test_equipment_that_says_nothing_is_refused(text: str) -> None:
    assert "says nothing: leave it out" in refusal(equipment_preparation=text)


def test_equipment_may_be_one_word() -> None:
    check_answer({**GOOD, "equipment_preparation": "Полотенце."}, BRIEF)


def test_words_from_all_over_the_lesson_are_no_support() -> None:
    # Shoulders are spoken of at the beginning, and the towel at the end.
    notes = ["Не давите на позвоночник", "Плечи укройте полотенцем полностью"]
    assert "important_notes: part 2" in refusal(important_notes=notes)


def test_words_of_the_title_are_no_support() -> None:
    brief = replace(BRIEF, lesson_title="Массаж шеи")
    brief = replace(brief, transcript=f"Это массаж шеи. {SAID}")
    notes = ["Не давите на позвоночник", "Массаж противопоказан"]
    with pytest.raises(Transient, match="important_notes: part 2"):
        check_answer({**GOOD, "important_notes": notes}, brief)


def test_two_neighbouring_sentences_support_one_note() -> None:
    notes = ["Не давите на позвоночник", "Если больно, остановитесь и не давите"]
    check_answer({**GOOD, "important_notes": notes}, BRIEF)


def test_a_transcript_without_full_stops_is_taken_in_pieces() -> None:
    filler = " ".join(f"слово{letter}" for letter in "абвгдежзиклмнопрстуфхцчшщыэюя" * 3)
    brief = replace(BRIEF, transcript=f"{SAID} Возьмите крем {filler} потом наденьте перчатки")
    notes = ["Не давите на позвоночник", "Крем втирайте перчатками нежно"]
    with pytest.raises(Transient, match="important_notes: part 2"):
        check_answer({**GOOD, "important_notes": notes}, brief)


@pytest.mark.parametrize("count", [3, 7])
def test_a_list_of_another_length_is_refused(count: int) -> None:
    assert "4 to 6 items" in refusal(key_points=["Сидите прямо"] * count)


def test_another_language_is_refused() -> None:
    english = dict.fromkeys(
        ("introduction", "homework", "motivational_line"), "This is no Russian text at all."
    )
    with pytest.raises(Transient) as refused:
        check_answer({**GOOD, **english, "key_points": ["Sit up straight now"] * 4}, BRIEF)
    assert refused.value.code == "wrong_language"
