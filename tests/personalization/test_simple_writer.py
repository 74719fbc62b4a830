"""The simple writer: a whole text from the learner's answers alone, at once and without a network."""

from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.formats.definition import Document, Format
from courses.formats.personal import EXTENDED, PERSONAL
from courses.formats.shapes import PERSONAL_FORMATS
from personalization.answers import NAME_PLACEHOLDER
from personalization.brief import Brief
from personalization.checks import check_answer
from personalization.writers.base import Draft, Usage
from personalization.writers.registry import current_recipe
from personalization.writers.simple import ANSWER_KEYS, LONGEST_QUOTE, SimpleWriter, quoted, simple_text
from personalization.writers.simple_phrases import EXTENDED_PHRASES, PHRASES
from tests.courses.documents import property_settings
from tests.personalization.briefs import NINA, SAM, brief

ANSWERS: dict[str, Any] = {
    "motivation": ["Помочь мужу", "Быть полезной"],
    "target_clients": "Муж и соседка",
    "skills_wanted": "Спокойный массаж",
    "fears": ["Сделаю больно"],
    "wow_result": "Муж оборачивается назад",
    "practice_model": "На кухне, на стуле",
    "experience": "Никакого",
}


def everything(document: Document) -> str:
    return "\n".join("\n".join(value) if isinstance(value, list) else value for value in document.values())


def written(of: Brief) -> Draft:
    """The draft of a coroutine that must end without ever waiting for anything."""
    coroutine = SimpleWriter().write(of)
    with pytest.raises(StopIteration) as ended:
        coroutine.send(None)
    draft: Draft = ended.value.value
    return draft


def test_it_writes_without_waiting_and_without_cost() -> None:
    assert written(NINA) == Draft(simple_text(NINA), Usage(0, 0, 0))


def test_closing_it_waits_for_nothing_either() -> None:
    with pytest.raises(StopIteration):
        SimpleWriter().close().send(None)


def test_its_recipe_names_no_model_and_no_prompt() -> None:
    recipe = current_recipe("simple")
    assert (recipe.origin, recipe.model) == ("simple", "")


@pytest.mark.parametrize("fmt", PERSONAL_FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("of", [NINA, SAM, brief(answers=ANSWERS), brief(SAM, answers={}), brief(name=None)])
def test_what_it_writes_would_pass_as_a_models_answer(of: Brief, fmt: Format) -> None:
    document = simple_text(replace(of, format=fmt))
    assert fmt.problems(document) == []
    assert check_answer(document, replace(of, format=fmt)) == document


@pytest.mark.parametrize("fmt", PERSONAL_FORMATS, ids=lambda fmt: fmt.name)
def test_the_learners_answers_appear(fmt: Format) -> None:
    text = everything(simple_text(brief(answers=ANSWERS, format=fmt)))
    for answer in (
        "Помочь мужу; Быть полезной",
        "Муж и соседка",
        "Спокойный массаж",
        "Сделаю больно",
        "Муж оборачивается назад",
        "На кухне, на стуле",
    ):
        assert answer in text
    assert "Никакого" not in text  # there is nothing good to say of no experience


def test_the_lesson_and_its_summary_appear() -> None:
    document = simple_text(NINA)
    assert NINA.lesson_title in document["summary_short"]
    assert NINA.summary in document["summary_short"]
    assert NINA.lesson_title in document["social_share"]
    assert NINA.lesson_title in document["homework_20m"][0]


@pytest.mark.parametrize("fmt", PERSONAL_FORMATS, ids=lambda fmt: fmt.name)
def test_the_transcript_is_not_quoted(fmt: Format) -> None:
    assert "плечи и положите" not in everything(simple_text(brief(format=fmt)))


def test_seven_sections_say_each_thing_in_its_place() -> None:
    document = simple_text(brief(answers=ANSWERS, format=EXTENDED))
    assert document["introduction"] == f"Нина, тема этого урока: «{NINA.lesson_title}». {NINA.summary}"
    assert "Помочь мужу; Быть полезной" in document["why_it_matters_for_you"]
    assert "Сделаю больно" not in document["why_it_matters_for_you"]
    assert "Сделаю больно" in document["addressing_fears"]
    assert "Спокойный массаж" in document["key_takeaways"][1]
    assert "На кухне, на стуле" in document["practical_application"]
    assert NINA.lesson_title in document["personalized_homework"]
    assert "Муж оборачивается назад" in document["motivational_quote"]


def test_seven_sections_without_answers_name_no_fear_and_no_goal() -> None:
    document = simple_text(brief(answers={}, format=EXTENDED))
    assert document["addressing_fears"] == ""
    assert document["motivational_quote"] == EXTENDED_PHRASES["ru"].quote
    assert "()" not in everything(document)


@pytest.mark.parametrize(
    ("answers", "goal"),
    [
        ({"wow_result": "чудо", "motivation": "причина", "motivation_other": "другая"}, "чудо"),
        ({"wow_result": "", "motivation": ["причина"], "motivation_other": "другая"}, "причина"),
        ({"motivation": [], "motivation_other": "другая"}, "другая"),
    ],
)
def test_the_goal_is_the_best_answer_there_is(answers: dict[str, Any], goal: str) -> None:
    assert f"своей цели: {goal}." in simple_text(brief(answers=answers))["summary_short"]


def test_other_fears_stand_in_for_none_chosen() -> None:
    document = simple_text(brief(answers={"fears": [], "fears_other": "Наврежу"}))
    assert "Вы писали о том, что тревожит: Наврежу." in document["why_watch"]


def test_unanswered_questions_are_not_mentioned() -> None:
    document = simple_text(brief(answers={}))
    assert document["why_watch"] == PHRASES["ru"].why_default
    assert "цели" not in document["summary_short"]
    assert "()" not in everything(document)
    assert document["homework_20m"][2] == PHRASES["ru"].homework[2]


def test_each_learner_gets_a_text_of_their_own() -> None:
    assert simple_text(brief(answers=ANSWERS)) != simple_text(NINA)


@pytest.mark.parametrize(("name", "start"), [("Нина", "Нина, тема этого урока"), (None, "Тема этого урока")])
def test_the_name_stands_first_or_not_at_all(name: str | None, start: str) -> None:
    document = simple_text(brief(name=name))
    assert document["summary_short"].startswith(start)
    assert NAME_PLACEHOLDER not in everything(document)


def test_the_placeholder_in_an_answer_becomes_the_name_again() -> None:
    answers = {"motivation": f"Чтобы {NAME_PLACEHOLDER} гордилась собой"}
    assert "Чтобы Нина гордилась собой" in simple_text(brief(answers=answers))["why_watch"]
    assert "Чтобы гордилась собой" in simple_text(brief(answers=answers, name=None))["why_watch"]


def test_each_language_has_all_its_phrases() -> None:
    assert PHRASES.keys() == EXTENDED_PHRASES.keys() == {"ru", "en"}
    for language in PHRASES:
        assert all(asdict(PHRASES[language]).values())
        assert all(asdict(EXTENDED_PHRASES[language]).values())
        assert len(PHRASES[language].homework) == 5


def test_the_homework_takes_twenty_minutes() -> None:
    for of in (NINA, SAM, brief(answers=ANSWERS)):
        steps = simple_text(of)["homework_20m"]
        assert sum(int(step.split()[0]) for step in steps) == 20


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", ""),
        ([], ""),
        ("Помочь мужу.", "Помочь мужу"),
        ("  много \n пробелов  ", "много пробелов"),
        (["раз.", "два!"], "раз; два"),
        ({"a": "раз", "b": ["два", "три"]}, "раз; два; три"),
        (5, "5"),
        ("{name} {} {0}", "{name} {} {0}"),
    ],
)
def test_an_answer_as_part_of_a_sentence(value: Any, text: str) -> None:
    assert quoted(value) == text


def test_a_long_answer_is_cut_at_a_word() -> None:
    text = quoted("слово, " * 100)
    assert len(text) <= LONGEST_QUOTE
    assert text.endswith("слово…")
    assert len(quoted("я" * 500)) == LONGEST_QUOTE + 1


def test_braces_and_markup_are_data() -> None:
    hostile = "{goal} {0} {{ x }} <script>alert(1)</script> %s"
    document = simple_text(
        brief(lesson_title=hostile, answers={"wow_result": hostile, "practice_model": hostile})
    )
    assert hostile in document["social_share"]
    assert hostile in document["quick_action"]
    assert PERSONAL.problems(document) == []


_values = st.recursive(
    st.none() | st.text(max_size=20) | st.integers() | st.booleans() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from(ANSWER_KEYS), _values),
    st.none() | st.text(min_size=1, max_size=10),
    st.text(max_size=20),
    st.sampled_from([NINA, SAM]),
    st.sampled_from(PERSONAL_FORMATS),
)
@property_settings
def test_whatever_was_answered_the_text_is_whole(
    answers: dict[str, Any], name: str | None, title: str, of: Brief, fmt: Format
) -> None:
    document = simple_text(brief(of, answers=answers, name=name, lesson_title=title, format=fmt))
    assert fmt.problems(document) == []
