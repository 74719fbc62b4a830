"""What a run was estimated to cost, beside what it did cost: with the fake model, over HTTP.

The fake counts four characters as a token in any language, writes answers of its own length, and keeps what
it has read for ten minutes: nothing of that is told to the estimate, which learns it from the ledger.
"""

from typing import Any

import pytest
from pytest_django import Settings

from courses.models import Course
from personalization.costs.estimate import estimate
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationRun, Profile
from personalization.pairs import Selection
from personalization.queries import preview
from personalization.services.drain import drain
from personalization.services.runs import start_run
from tests.builders import SURVEY, make_course, make_learner, make_lesson

pytestmark = pytest.mark.usefixtures("transactional_db")

RUSSIAN = "Садитесь прямо, опустите плечи и положите тёплые ладони на шею. "
ENGLISH = "Sit down, let your shoulders sink, and put your warm hands on your neck. "


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "test", fake_model.base_url
    settings.GENERATION_RETRY_SECONDS, settings.GENERATION_CALL_SECONDS = 0.001, 30
    return fake_model


@pytest.fixture
def course(model: RunningFakeModel) -> Course:
    """Four learners."""
    course = make_course()
    for number in range(4):
        make_learner(course=course, survey={**SURVEY, "goal": f"Цель {number}"})
    return course


def lesson(course: Course, number: int, words: str = RUSSIAN, times: int = 100) -> None:
    make_lesson(course, number, transcript=f"{number}. {words * times}")


def ratio(selection: Selection, **options: Any) -> float:
    """What the run was to cost, by what it did."""
    before = estimate(preview(selection, "openai", **options).sizes, "openai").micro
    run = start_run(selection=selection, backend="openai", **options).run
    drain()
    run = GenerationRun.objects.get(pk=run.pk)
    assert run.state == "closed"
    return before / run.spent_micro


def test_a_first_run_by_sizes_alone(course: Course) -> None:
    lesson(course, 1)
    lesson(course, 2)
    assert 1 < ratio(Selection()) < 2


def test_the_next_ones_by_what_was_learned(course: Course, model: RunningFakeModel) -> None:
    lesson(course, 1)
    lesson(course, 2)
    ratio(Selection())
    lesson(course, 3, times=40)
    assert ratio(Selection(only_stale=True)) == pytest.approx(1, abs=0.1), "a lesson that nobody has read yet"
    learner = Profile.objects.filter(course=course)[0]
    assert ratio(Selection(profiles=(learner.pk,)), force=True) == pytest.approx(1, abs=0.1), "all are cached"
    model.set(mode="cut,bad_json", fail=0.3, seed=5)
    assert ratio(Selection(), force=True) == pytest.approx(1, abs=0.3), "nobody could know of the faults"


def test_another_language_is_learned_for_itself(course: Course, model: RunningFakeModel) -> None:
    lesson(course, 1)
    ratio(Selection())
    other = make_course(language="en")
    make_learner(course=other, survey={"motivation": "To help my husband"})
    for number in range(1, 6):
        lesson(other, number, ENGLISH)
    ratio(Selection(course=other.pk))
    lesson(other, 6, ENGLISH, times=50)
    assert ratio(Selection(course=other.pk, only_stale=True)) == pytest.approx(1, abs=0.2)
