"""What the database says of a pair by the source that its text is written from, Python says too."""

from typing import Any

import pytest
from pytest_django import Settings

from courses.models import Course, Lesson, LessonDescription
from personalization.brief import SHORTEST_SOURCE
from personalization.text_queries import text_counts
from personalization.writers.registry import current_recipe
from tests.builders import (
    DESCRIPTION,
    make_condensed,
    make_course,
    make_description,
    make_learner,
    make_lesson,
    make_text,
)
from tests.personalization.test_pairs import brief_of, judged, only_verdict

pytestmark = pytest.mark.django_db


@pytest.fixture
def course() -> Course:
    return make_course("shvz")


LONG_WORDS = ["слово " * 30] * 2


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (None, "no_template"),
        ({}, "no_template"),
        ({"introduction": "", "key_points": [], "homework": "Мало."}, "no_template"),
        (DESCRIPTION, "write"),
        ({"introduction": "я" * (SHORTEST_SOURCE - 4)}, "write"),  # with its frame: ["я…"]
        ({"introduction": "я" * (SHORTEST_SOURCE - 5)}, "no_template"),
        ({"notes": {"inner": LONG_WORDS, "_order": ["inner"]}}, "write"),
        ({"introduction": '👋 "%s" \\ ' * 60}, "write"),
    ],
)
def test_whether_a_lesson_has_a_standard_description_to_write_from(data: Any, verdict: str) -> None:
    course = make_course(lesson_source="template")
    lesson = make_lesson(course, transcript="")
    if data is not None:
        make_description(lesson, data)
    make_learner(course=course)
    assert only_verdict() == only_verdict(force=True) == verdict


@pytest.mark.parametrize(
    ("model", "change", "changes"),
    [
        (LessonDescription, {"data": {**DESCRIPTION, "homework": "Иначе."}}, True),
        (Lesson, {"title": "Иначе"}, True),
        (Lesson, {"summary": None}, True),
        (Lesson, {"transcript": "Иначе"}, False),
        (Course, {"lesson_source": "transcript"}, True),
    ],
)
def test_what_makes_texts_stale_that_are_written_from_descriptions(
    model: Any, change: dict[str, Any], changes: bool
) -> None:
    course = make_course(lesson_source="template")
    make_description(make_lesson(course))
    make_learner(course=course)
    recipe = current_recipe("openai")
    [(pair, (_, before))] = judged(recipe).items()
    assert before == brief_of(pair).fingerprint(recipe)
    model.objects.update(**change)
    [(_, after)] = judged(recipe).values()
    assert after == brief_of(pair).fingerprint(recipe)
    assert (after != before) is changes


def test_a_course_that_keeps_its_transcripts_keeps_its_fingerprints(course: Course) -> None:
    """However long they are, and whatever their descriptions say."""
    lesson = make_lesson(course, transcript="речь " * 50_000)
    make_learner(course=course)
    recipe = current_recipe("openai")
    [(_, before)] = judged(recipe).values()
    make_description(lesson)
    assert [after for _, after in judged(recipe).values()] == [before]


def test_a_condensed_text_is_in_the_fingerprints_of_its_own_model_only(
    course: Course, settings: Settings
) -> None:
    settings.MODEL_WINDOWS = "gpt-4.1-mini = 8k, 1k out"
    lesson = make_lesson(course, transcript="речь " * 5_000)
    learner = make_learner(course=course)
    recipes = [current_recipe("openai"), current_recipe("simple")]
    pair = (learner.pk, lesson.pk)
    before = [judged(recipe)[pair][1] for recipe in recipes]
    assert before[0] == brief_of(pair).fingerprint(recipes[0])
    make_condensed(lesson, "Коротко о речи.")
    make_condensed(lesson, "Иначе.", model="another")
    make_condensed(lesson, "Давно.", source_hash="of words that it had before")
    after = [judged(recipe)[pair][1] for recipe in recipes]
    assert after[0] == brief_of(pair).fingerprint(recipes[0])
    assert brief_of(pair).transcript == "Коротко о речи."
    assert (after[0] != before[0], after[1] == before[1]) == (True, True)
    make_text(learner, lesson, origin="openai", fingerprint=after[0])
    assert only_verdict() == "unchanged"
    assert text_counts([learner.pk])[learner.pk].stale == 0
    settings.MODEL_WINDOWS = ""
    assert judged(recipes[0])[pair][1] == before[0] == brief_of(pair).fingerprint(recipes[0])
