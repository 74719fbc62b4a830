"""What a condensed text must not lose: every number with its unit, and every warning, word for word."""

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalization.condensing import facts
from personalization.condensing.facts import completed, missing

SENTENCES = [
    "Держите ладони 15 минут.",
    "Повторите 2–3 раза по 1,5 часа!",
    "Никогда не давите на шею спереди.",
    "Пять минут отдыха, потом полчаса ходьбы.",
    "Это помогает 40 % людей…",
    "В 10:30 выпейте 200 мл воды",
    "При боли остановитесь.",
    "Do not press on the throat.",
    "Warm your hands for twenty seconds.",
    "Просто дышите.",
    "О погоде и о дороге.",
]


def lost(source: str, condensed: str) -> list[str]:
    return [quote.text for quote in missing(source, condensed)]


@pytest.mark.parametrize(
    ("source", "condensed", "is_lost"),
    [
        ("Держите 15 минут.", "Держите ладони 15 минут", False),
        ("Держите 15 минут.", "15-минутный массаж", False),
        ("Держите 15 минут.", "Держите 15 секунд.", True),
        ("Держите 15 минут.", "Держите 115 минут.", True),
        ("Держите 15 минут.", "Держите долго.", True),
        ("По 1,5 часа.", "По 1.5 часа.", False),
        ("По 1,5 часа.", "По 15 часа.", True),
        ("2–3 раза", "2-3 раза", False),
        ("Две минуты тишины.", "Тишина.", True),
        ("Две минуты тишины.", "Тишина, две минуты.", False),
        ("Полчаса покоя.", "Покой.", True),
        ("Two minutes of silence.", "Silence.", True),
        ("Half an hour of rest.", "Rest.", True),
        ("Не давите на шею.", "На шею не давите.", True),  # word for word
        ("Не давите на шею.", "И вот: не давите на шею!", False),
        ("Не давите на шею.", "Не давите на шею сильно.", False),
        ("Осторожно с позвонками", "С позвонками нужна забота.", True),
        ("Never press here.", "Press here.", True),
        ("О погоде и о дороге.", "", False),
        ("Здесь больно.", "Здесь.", True),
        ("Тут помогает большой палец, и больше ничего.", "", False),
        ("Ляг на кровать, in harmony with the painting.", "", False),
    ],
)
def test_what_is_lost(source: str, condensed: str, is_lost: bool) -> None:
    assert bool(lost(source, condensed)) is is_lost


@given(st.lists(st.sampled_from(SENTENCES)), st.lists(st.sampled_from(SENTENCES)))
def test_nothing_is_lost_of_a_text_that_was_completed(source: list[str], kept: list[str]) -> None:
    whole, condensed = " ".join(source), " ".join(kept)
    made = completed(whole, condensed, "ru")
    assert not missing(whole, made)
    assert made.startswith(condensed.strip()), "what the model wrote stays as it is"


@settings(max_examples=40)
@given(st.text(), st.text())
def test_any_two_texts(source: str, condensed: str) -> None:
    assert not missing(source, completed(source, condensed, "en"))


def test_what_is_appended_stands_in_the_sources_words_and_order_each_once() -> None:
    source = "Не спешите. Никогда не давите на шею. Держите 15 минут. Никогда не давите на шею."
    made = completed(source, "Коротко.", "ru")
    assert made.splitlines() == [
        "Коротко.",
        "Дословно из урока:",
        "Никогда не давите на шею.",
        "Держите 15 минут.",
    ]


def test_of_a_sentence_without_end_the_piece_with_the_number_is_kept() -> None:
    source = "слово " * 5_000 + "держите 15 минут " + "слово " * 5_000
    [quote] = lost(source, "Коротко.")
    assert "держите 15 минут" in quote
    assert len(quote) <= 300


@pytest.mark.parametrize(
    ("source", "condensed", "is_lost"),
    [
        ("Держите двадцать пять минут.", "Держите тридцать пять минут.", True),
        ("Держите двадцать пять минут.", "Держите пять минут.", True),
        ("Держите двадцать пять минут.", "Держим двадцать пять минут", False),
        ("Держите двадцать пять минут.", "Держим 25 минут", False),
        ("Двадцать одну секунду.", "Одну секунду.", True),
        ("Сто двадцать раз.", "Двести двадцать раз.", True),
        ("Hold it for one hundred and twenty seconds.", "Hold it for twenty seconds.", True),
        ("Hold it for one hundred and twenty seconds.", "Hold for 120 seconds.", False),
        ("Rest for twenty-five minutes.", "Rest for thirty-five minutes.", True),
        ("Десять-пятнадцать минут.", "Пятнадцать минут.", True),
        ("Десять-пятнадцать минут.", "10–15 минут.", False),
        ("Два с половиной часа.", "Два часа.", True),
        ("Два с половиной часа.", "2,5 часа.", False),
        ("A ten-minute rest.", "A rest.", True),
    ],
)
def test_a_number_of_several_words_is_one(source: str, condensed: str, is_lost: bool) -> None:
    assert bool(lost(source, condensed)) is is_lost


def test_a_number_that_is_said_twice_must_be_there_twice() -> None:
    source = "Держите ладони на плечах 5 минут. Потом ходите по саду 5 минут."
    assert lost(source, "Потом походите по саду 5 минут.") == ["Держите ладони на плечах 5 минут."]
    assert lost(source, "Ладони на плечах держите 5 минут.") == ["Потом ходите по саду 5 минут."]
    assert lost(source, "По 5 минут: ладони на плечах. По саду 5 минут.") == []


def test_a_sentence_that_is_said_twice_is_there_once() -> None:
    assert lost("Держите 5 минут. И снова. Держите 5 минут!", "Держите 5 минут.") == []


def test_a_number_twice_in_one_sentence_counts_twice() -> None:
    source = "На руки 5 минут и на стопы 5 минут."
    assert lost(source, "На руки 5 минут.") == [source]


def steps_for(sentences: int) -> int:
    """How many instructions it takes to look for as many sentences, each with a number of its own."""
    source = "\n".join(f"Подождите {number} минут" for number in range(sentences))
    steps = 0

    def counted(frame: FrameType, event: str, _: object) -> Any:
        nonlocal steps
        if frame.f_code.co_filename != facts.__file__:
            return None
        frame.f_trace_opcodes = True
        steps += event == "opcode"
        return counted

    before = sys.gettrace()
    sys.settrace(counted)
    try:
        assert len(missing(source, "Всё о воде.")) == sentences
    finally:
        sys.settrace(before)
    return steps


def test_a_text_four_times_as_long_takes_four_times_the_work() -> None:
    assert steps_for(320) < 5 * steps_for(80)
