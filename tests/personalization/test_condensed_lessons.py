"""What a condensed lesson means afterwards: for its texts, their cost, and other writers."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from courses.models import Lesson
from personalization.condensing.facts import missing
from personalization.costs.estimate import estimate
from personalization.fake_model import RunningFakeModel
from personalization.models import CondensedSource, PersonalizedLessonDescription
from personalization.pairs import Selection
from personalization.queries import preview
from personalization.services.drain import drain
from personalization.services.runs import start_run
from personalization.sizes import to_condense
from personalization.tokens import estimated_tokens
from personalization.windows import window_of
from tests.builders import make_course, make_learner, make_lesson
from tests.personalization.long_lessons import LONG, SENTENCE, run, small_model

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    return small_model(fake_model, settings)


@pytest.fixture
def lesson() -> Lesson:
    return make_lesson(make_course(), transcript=LONG)


def test_a_lesson_that_says_something_else_is_condensed_anew(model: RunningFakeModel, lesson: Lesson) -> None:
    make_learner(course=lesson.course)
    run()
    before = CondensedSource.objects.get()
    Lesson.objects.update(transcript=LONG + "И ещё одна мысль напоследок. ")
    assert run().counts == {"done": 1}
    after = CondensedSource.objects.exclude(pk=before.pk).get()
    assert after.source_hash != before.source_hash


def test_what_a_lesson_said_stays_for_a_week(model: RunningFakeModel, lesson: Lesson) -> None:
    make_learner(course=lesson.course)
    run()
    Lesson.objects.update(transcript=LONG + "И ещё одна мысль. ")
    run()
    Lesson.objects.update(transcript=LONG)
    requests = model.stats()["requests"]
    assert run().counts == {"done": 1}
    assert model.stats()["requests"] == requests + 1, "condensed before, and not paid for again"
    CondensedSource.objects.update(finished_at=timezone.now() - timedelta(days=8))
    Lesson.objects.update(transcript=LONG + "И другая мысль. ")
    run()
    assert CondensedSource.objects.count() == 1


def test_a_larger_window_makes_texts_stale_that_were_written_from_less(
    model: RunningFakeModel, lesson: Lesson, settings: Settings
) -> None:
    make_learner(course=lesson.course)
    run()
    settings.MODEL_WINDOWS = ""
    assert preview(Selection(only_stale=True), "openai").to_write == 1
    assert run().counts == {"done": 1}
    assert PersonalizedLessonDescription.objects.get().written_from == "transcript"


def test_the_simple_writer_needs_nothing_condensed(model: RunningFakeModel, lesson: Lesson) -> None:
    make_learner(course=lesson.course)
    start_run(selection=Selection(), backend="simple")
    drain()
    text = PersonalizedLessonDescription.objects.get()
    assert (text.origin, text.written_from, CondensedSource.objects.count()) == ("simple", "", 0)


def test_what_it_will_cost_is_known_before(model: RunningFakeModel, lesson: Lesson) -> None:
    make_learner(course=lesson.course)
    plan = preview(Selection(), "openai")
    assert to_condense(plan.sizes) == 1
    cost = estimate(plan.sizes, "openai")
    done = run()
    assert (
        done.input_tokens <= cost.usage.input_tokens < 4 * done.input_tokens
    )  # the fake counts less of Cyrillic
    assert estimate(preview(Selection(), "openai", force=True).sizes, "openai").micro < cost.micro / 2


@pytest.mark.parametrize(
    "transcript",
    ["я" * 200_000, (SENTENCE + "Держите 15 минут. Никогда не давите на шею. ") * 1_560],
    ids=["no spaces", "cyrillic"],
)
def test_two_hundred_thousand_characters(
    model: RunningFakeModel, settings: Settings, transcript: str
) -> None:
    settings.MODEL_WINDOWS = "gpt-4.1-mini = 40k, 8k out"
    lesson = make_lesson(make_course(), transcript=transcript)
    make_learner(course=lesson.course)
    assert run().counts == {"done": 1}
    text = CondensedSource.objects.get().text or ""
    assert estimated_tokens(text) <= window_of("gpt-4.1-mini").room
    assert not missing(transcript, text)
