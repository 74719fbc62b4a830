"""The reviewer of published texts finds what no learner may see, and nothing in a good text."""

import pytest

from benchmarks.faulting.reviewer import LONGEST, wrongs
from benchmarks.faulting.world import text_for
from courses.formats.definition import Document

OTHERS = ("Марина", "Пётр")
GOOD = text_for("Нина")


def found(content: object, name: str = "Нина") -> list[str]:
    return list(wrongs(content, name, "Ответ 1", OTHERS))


def with_words(words: str) -> Document:
    return GOOD | {"why_watch": f"{GOOD['why_watch']} {words}"}


def test_a_good_text_is_good() -> None:
    assert found(GOOD) == found(with_words("Вы написали: «Ответ 1».")) == []


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("<script>alert(1)</script>", "it holds markup"),
        ("```", "it holds a Markdown fence"),
        ("{{name}}", "it holds a placeholder"),
        ("https://example.org", "it holds a link or an address"),
        ("nina@example.org", "it holds a link or an address"),
        ("homework_20m", "it holds words of the prompt"),
        ("Ответ 12", "it speaks of another learner's answers"),
        ("Марина", "it holds another learner's name"),
        ("You wanted to help your husband after a long day on the road.", "it is not in Russian"),
        ("и ещё " * LONGEST, f"it has {len(GOOD['why_watch']) + 1 + 6 * LONGEST:,} characters"),
    ],
)
def test_what_a_section_may_not_hold(words: str, wrong: str) -> None:
    assert f"why_watch: {wrong}" in found(with_words(words))


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (None, "it is no object"),
        (GOOD | {"note": "…"}, "its sections are "),
        ({key: GOOD[key] for key in list(GOOD)[1:]}, "its sections are "),
        (GOOD | {"why_watch": " "}, "why_watch: it is empty"),
        (GOOD | {"why_watch": ["Урок"]}, "why_watch: it is empty"),
        (GOOD | {"homework_20m": ["Согрейте руки"]}, "homework_20m: it has not 5 to 7 steps"),
        (GOOD | {"homework_20m": [*GOOD["homework_20m"][1:], ""]}, "homework_20m: it is empty"),
    ],
)
def test_what_a_text_must_have(content: object, wrong: str) -> None:
    assert [each for each in found(content) if each.startswith(wrong)]


def test_each_learner_is_addressed_by_their_own_name() -> None:
    assert found(GOOD, name="Анна") == ["summary_short: it does not begin with the learner's name"]
