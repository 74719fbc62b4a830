"""Codes of a survey become words; what a learner said in their own words always counts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalization.survey import DEFAULT_SURVEY, Option, Question, Survey

HOME = Option("home", {"ru": "Дома, на близких", "en": "At home"}, old_codes=("h1", "HOME_OLD"))
STUDIO = Option("studio", {"ru": "В кабинете"})
OTHER = Option("other", {"ru": "Другое", "en": "Something else"}, other=True)
PRACTICE = Question(
    "practice_model", {"ru": "Где вы практикуетесь"}, (HOME, STUDIO, OTHER), other_key="practice_other"
)
SURVEY = Survey((PRACTICE, Question("fears", {"ru": "Что беспокоит"}, other_key="fears_other")))


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"practice_model": "home"}, {"practice_model": "Дома, на близких"}),
        ({"practice_model": " HOME "}, {"practice_model": "Дома, на близких"}),
        (
            {"practice_model": ["h1", "home_old", "studio"]},
            {"practice_model": ["Дома, на близких", "В кабинете"]},
        ),
        # Free words where a code was expected stay; what looks like a code and is none says nothing.
        ({"practice_model": "На даче"}, {"practice_model": "На даче"}),
        ({"practice_model": ["part-time", "L5"]}, {"practice_model": ["part-time", "L5"]}),
        ({"practice_model": ["opt_7", "home", "q3"]}, {"practice_model": ["Дома, на близких"]}),
        ({"practice_model": "opt_7"}, {"practice_model": ""}),
        ({"practice_model": 17}, {"practice_model": ""}),
        # “Something else” is what the learner says it is, whether or not it was ticked.
        ({"practice_model": "other", "practice_other": "В спортзале"}, {"practice_model": "В спортзале"}),
        (
            {"practice_model": "home", "practice_other": "В спортзале"},
            {"practice_model": ["Дома, на близких", "В спортзале"]},
        ),
        ({"practice_model": ["other"], "practice_other": ""}, {"practice_model": []}),
        ({"practice_other": "В спортзале"}, {"practice_other": "В спортзале"}),
        ({"fears": ["Боль"], "fears_other": "Боль"}, {"fears": ["Боль"]}),
        ({"fears": None, "fears_other": "Темнота"}, {"fears": "Темнота"}),
        # Questions that the survey does not know, and free words with codes in them, are left as they are.
        ({"extra": "opt_7", "fears": "opt_7"}, {"extra": "opt_7", "fears": "opt_7"}),
        ({"practice_model": {"a": [1]}}, {"practice_model": {"a": [1]}}),
    ],
)
def test_answers_in_words(answers: dict[str, Any], words: dict[str, Any]) -> None:
    assert SURVEY.in_words(answers, "ru") == words


def test_a_label_that_is_missing_in_the_language_is_taken_from_another() -> None:
    assert SURVEY.in_words({"practice_model": ["home", "studio"]}, "en") == {
        "practice_model": ["At home", "В кабинете"]
    }


def test_own_words_have_the_label_of_their_question() -> None:
    assert SURVEY.labels("ru") == {
        "practice_model": "Где вы практикуетесь",
        "practice_other": "Где вы практикуетесь",
        "fears": "Что беспокоит",
        "fears_other": "Что беспокоит",
    }


def test_unknown_codes_are_told() -> None:
    answers = {"practice_model": ["home", "opt_7", "На даче"], "fears": ["opt_9"]}
    assert SURVEY.unknown_codes(answers) == [("practice_model", "opt_7")]


def test_the_tag_changes_with_every_word_and_code() -> None:
    def tag(option: Option) -> str:
        return Survey((Question("q", {"ru": "Вопрос"}, (option,)),)).tag

    variants = [
        Option("a", {"ru": "А"}),
        Option("b", {"ru": "А"}),
        Option("a", {"ru": "Б"}),
        Option("a", {"en": "А"}),
        Option("a", {"ru": "А"}, old_codes=("b",)),
        Option("a", {"ru": "А"}, other=True),
    ]
    assert len({tag(option) for option in variants}) == len(variants)
    assert tag(variants[0]) == tag(Option("a", {"ru": "А"}))


texts = st.text("аb_1 {", max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["practice_model", "practice_other", "fears", "x"]), values))
def test_any_answers_can_be_put_in_words_and_nothing_free_is_lost(answers: dict[str, Any]) -> None:
    words = SURVEY.in_words(answers, "ru")
    assert words.keys() <= answers.keys()
    assert words.get("x") == answers.get("x")
    own = answers.get("practice_other")
    if own not in (None, "", [], {}):
        assert str(own) in str(words) or all(str(part) in str(words) for part in own)


def test_the_default_survey_asks_in_russian_and_english() -> None:
    for language in ("ru", "en"):
        labels = DEFAULT_SURVEY.labels(language)
        assert labels.keys() >= {"motivation", "motivation_other", "fears", "fears_other", "experience"}
        assert all(question.labels[language] for question in DEFAULT_SURVEY.questions)
