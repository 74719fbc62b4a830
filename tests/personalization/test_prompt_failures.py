"""A prompt that fails with what one learner or one lesson says fails that item; the run goes on."""

import pytest
from pytest_django import Settings

from personalization.admin.runs.page import run_view
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationRun, Profile, PromptEntry
from personalization.run_report.items_csv import items_csv
from personalization.services.runs import retry_failed
from personalization.shipped_config import shipped_prompts
from tests.builders import make_course, make_learner, make_lesson
from tests.personalization.long_lessons import LONG, finished, run, small_model
from tests.personalization.templates import SAID, ended, start

pytestmark = pytest.mark.usefixtures("transactional_db")
FEW = {"motivation": "Спать"}
MANY = {"motivation": "Хочу " * 100}
# Breaks where the answers are long: each letter for each letter.
BREAKS = """\
{{ lesson.source }} {{ format.guidance }}
{% learner %}
{{ learner.answers }}{% for a in learner.answers %}{% for b in learner.answers %}.{% endfor %}{% endfor %}"""
TITLES = "{% for a in lesson.title %}{% for b in lesson.title %}{% endfor %}{% endfor %}"


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    return small_model(fake_model, settings)


def live(content: str, key: str = "prompt_personalization") -> None:
    assert PromptEntry.objects.filter(pk=key).update(value={"content": content})


def test_answers_that_break_the_prompt_fail_their_item_and_no_other(model: RunningFakeModel) -> None:
    course = make_course()
    make_lesson(course)
    broken = make_learner(course=course, survey=MANY)
    make_learner(course=course, survey=FEW)
    live(BREAKS)
    done = run()
    assert (done.state, done.counts) == ("closed", {"done": 1, "failed": 1})
    [kind] = done.errors
    assert (kind.state, kind.code) == ("failed", "not_filled_in")
    assert "Line 3: Its loops take more than" in kind.message
    [(item, words)] = run_view(done.run_id).failures
    assert item.learner == broken
    assert "Line 3" in words
    assert "not_filled_in" in "".join(items_csv(done.run_id))
    assert "Хочу" not in kind.message
    assert model.stats()["requests"] == 1

    Profile.objects.filter(pk=broken.pk).update(survey=FEW)
    failed = GenerationRun.objects.get()
    assert retry_failed(failed) == 1
    assert finished(failed.pk).counts == {"done": 2}


def test_nothing_is_condensed_for_answers_that_break_the_prompt(model: RunningFakeModel) -> None:
    make_learner(course=make_lesson(make_course(), transcript=LONG).course, survey=MANY)
    live(BREAKS)
    assert run().counts == {"failed": 1}
    assert model.stats()["requests"] == 0


def test_a_prompt_that_serves_nobody_pauses_the_run(model: RunningFakeModel) -> None:
    make_learner(course=make_lesson(make_course()).course, survey=FEW)
    source = "{% for a in lesson.source %}{% for b in lesson.source %}.{% endfor %}{% endfor %}"
    live(source + BREAKS)
    paused = run()
    assert (paused.state, paused.counts) == ("paused", {"queued": 1})
    assert "Line 1: Its loops" in paused.note
    assert model.stats()["requests"] == 0


def test_a_lesson_that_breaks_the_prompt_of_descriptions_fails_alone(model: RunningFakeModel) -> None:
    course = make_course()
    make_lesson(course, 1, transcript=SAID)
    make_lesson(course, 2, transcript=SAID, title="Длинно " * 40)
    live(TITLES + shipped_prompts()["prompt_lesson_template"], "prompt_lesson_template")
    described = start()
    finished(described.pk)
    assert ended(described) == [(1, "done", ""), (2, "failed", "not_filled_in")]
