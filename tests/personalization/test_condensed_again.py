"""Models write more than they are asked for: what is too long is asked for again once, shorter."""

import pytest
from pytest_django import Settings

from courses.models import Lesson
from personalization.condensing.plan import Part
from personalization.condensing.prompt import PartBrief, own_part
from personalization.fake_model import RunningFakeModel
from personalization.models import CondensedPart, CondensedSource, GenerationRun
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.attempts import Job, Outcome
from personalization.services.runs import retry_failed, start_run
from personalization.tokens import estimated_tokens
from personalization.windows import window_of
from tests.builders import make_course, make_learner, make_lesson
from tests.personalization.briefs import NINA
from tests.personalization.condensing_by_hand import begins, condensed
from tests.personalization.long_lessons import LONG, SENTENCE, finished, small_model

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture(autouse=True)
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    return small_model(fake_model, settings)


@pytest.fixture
def lesson() -> Lesson:
    lesson = make_lesson(make_course(), transcript=LONG)
    make_learner(course=lesson.course)
    start_run(selection=Selection(), backend="openai")
    return lesson


def words(characters: int) -> str:
    return (SENTENCE * (characters // len(SENTENCE) + 1))[:characters].strip()


def twice(part: Part) -> str:
    return words(2 * part.characters)


def stubborn(part: Part) -> str:
    """As long, however short it was to be."""
    return words(2 * (part.characters if not part.before else part.before // 2))


def test_parts_that_came_back_too_long_are_asked_for_once_more(lesson: Lesson) -> None:
    worked = condensed(begins(), twice)
    assert isinstance(worked.last, Job)
    assert estimated_tokens(worked.last.brief.transcript) <= window_of("gpt-4.1-mini").room
    first, second = [[p for p in worked.asked if bool(p.before) is again] for again in (False, True)]
    assert len(first) == first[0].of
    assert 0 < len(second) <= len(first)
    assert all(again.characters < once.characters for again, once in zip(second, first, strict=False))
    assert CondensedSource.objects.get().text


def test_only_what_is_too_long_is_asked_for_again(lesson: Lesson) -> None:
    worked = condensed(begins(), lambda part: words(part.characters * (4 if part.number == 1 else 1)))
    assert isinstance(worked.last, Job)
    assert [part.number for part in worked.asked if part.before] == [1]


def test_the_model_is_told_how_long_it_was(lesson: Lesson) -> None:
    again = next(part for part in condensed(begins(), twice).asked if part.before)
    brief = PartBrief("Course", "ru", NINA.lesson_id, "Lesson", "hash", again, 100)
    assert f"had {again.before} characters" in own_part(brief)
    assert f"At most {again.characters} characters this time." in own_part(brief)


def test_what_stays_too_long_ends_with_a_failure_that_says_so(lesson: Lesson) -> None:
    worked = condensed(begins(), stubborn)
    assert isinstance(worked.last, Outcome)
    assert len(worked.asked) <= 2 * worked.asked[0].of
    assert (worked.last.state, worked.last.code) == ("failed", "not_condensed")
    assert "divide the lesson, or choose a model with a larger window" in worked.last.message
    assert not CondensedSource.objects.filter(text__isnull=False).exists()


def test_who_tries_again_pays_only_for_what_was_too_long(lesson: Lesson) -> None:
    first = condensed(begins(), stubborn).asked
    assert CondensedPart.objects.count() == first[0].of
    [failed] = GenerationRun.objects.all()
    assert retry_failed(failed) == 1
    again = condensed(begins(), lambda part: words(part.characters)).asked
    assert all(part.before for part in again)
    assert CondensedSource.objects.get().text


def test_a_worker_that_dies_between_the_two_goes_on_with_the_second(
    lesson: Lesson, model: RunningFakeModel
) -> None:
    job = begins()
    assert job.condensing
    CondensedPart.objects.bulk_create(
        CondensedPart(source_id=job.condensing.source_id, key=part.key, text=twice(part))
        for part in job.condensing.plan.parts
    )
    GenerationRun.objects.get().items.update(state="queued", lease_token=None, lease_until=None)
    done = finished(GenerationRun.objects.get().pk)
    assert done.counts == {"done": 1}
    asked = [text for text in map(str, model.prompts()) if "characters this time" in text]
    assert 0 < len(asked) == progress(done.run_id).calls - 1
