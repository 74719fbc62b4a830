"""A run that writes lessons' standard descriptions, drained in this process."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from courses.models import Lesson, LessonDescription
from courses.services.descriptions import save_description
from personalization.errors import PlanRefused
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem, GenerationRun, ModelCall
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.drain import drain
from personalization.services.runs import cancel_run, retry_failed, start_run
from personalization.services.sweep import sweep
from personalization.services.template_runs import start_template_run
from tests.builders import (
    DESCRIPTION,
    make_course,
    make_description,
    make_item,
    make_learner,
    make_lesson,
    make_run,
)
from tests.personalization.paid_work import PRICES
from tests.personalization.templates import SAID, ended, start
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    settings.GENERATION_CALL_SECONDS = 10
    settings.GENERATION_RETRY_SECONDS = 0.01
    settings.MODEL_PRICES = PRICES
    return fake_model


@pytest.fixture
def lesson() -> Lesson:
    return make_lesson(make_course("massage"), transcript=SAID)


def data(lesson: Lesson) -> Any:
    return LessonDescription.objects.get(lesson=lesson).data


def test_a_lesson_is_described_from_its_transcript(model: RunningFakeModel, lesson: Lesson) -> None:
    run = start()
    drain()
    assert ended(run) == [(1, "done", "")]
    written = LessonDescription.objects.get()
    assert written.data["important_notes"][0].rstrip(".") in SAID
    assert all((written.model, written.prompt_version, written.fingerprint, written.generated_at))
    (prompt,) = model.prompts()
    assert SAID.strip() in str(prompt)
    assert (progress(run.pk).state, progress(run.pk).calls) == ("closed", 1)


def test_a_second_run_calls_nobody(model: RunningFakeModel, lesson: Lesson) -> None:
    start()
    drain()
    again = start()
    drain()
    assert ended(again) == [(1, "unchanged", "")]
    assert model.stats()["requests"] == 1


def test_forced_it_is_written_anew_once(model: RunningFakeModel, lesson: Lesson, tmp_path: Path) -> None:
    start()
    drain()
    again = start(force=True)
    drain()
    assert ended(again) == [(1, "done", "")]
    assert model.stats()["requests"] == 2


def test_a_changed_lesson_is_described_again(model: RunningFakeModel, lesson: Lesson) -> None:
    start()
    drain()
    Lesson.objects.update(transcript=f"{SAID} Руки остаются мягкими.")
    again = start()
    drain()
    assert ended(again) == [(1, "done", "")]


def test_a_lesson_without_a_transcript_is_reported_and_left_as_it_was(
    model: RunningFakeModel, lesson: Lesson
) -> None:
    Lesson.objects.update(transcript="")
    make_description(lesson)
    run = start()
    drain()
    assert ended(run) == [(1, "skipped", "no_source")]
    assert data(lesson) == DESCRIPTION
    assert not model.stats()["requests"]


@pytest.mark.parametrize("mode", ["wrong_language", "bad_json", "wrong_keys", "empty", "html"])
def test_an_answer_that_is_refused_is_asked_for_once_more_and_then_reported(
    model: RunningFakeModel, lesson: Lesson, mode: str
) -> None:
    make_description(lesson)
    model.set(mode=mode)
    run = start()
    drain()
    ((_, state, code),) = ended(run)
    assert (state, model.stats()["requests"]) == ("failed", 2)
    assert data(lesson) == DESCRIPTION
    first, second = (str(prompt["messages"]) for prompt in model.prompts())
    message = GenerationItem.objects.get().error_message
    assert "could not be used" not in first
    assert f"could not be used: {message[:200]}" in second
    assert [call.error_code for call in ModelCall.objects.order_by("pk")] == [code, code]


def test_a_safety_note_without_support_is_asked_for_once_more_and_then_reported(
    model: RunningFakeModel, lesson: Lesson
) -> None:
    make_description(lesson)
    # The fake model quotes short sentences for safety notes; here it finds none, and makes some up.
    Lesson.objects.update(transcript=SAID.replace(". ", ", а потом "))
    run = start()
    drain()
    assert ended(run) == [(1, "failed", "invalid_answer")]
    assert "important_notes: part" in GenerationItem.objects.get().error_message
    assert "important_notes: part 1" in str(model.prompts()[1])
    assert data(lesson) == DESCRIPTION


def test_what_failed_is_tried_again_by_hand(model: RunningFakeModel, lesson: Lesson) -> None:
    model.set(mode="wrong_language")
    run = start()
    drain()
    model.set(mode="ok")
    assert retry_failed(run) == 1
    drain()
    assert ended(run) == [(1, "done", "")]


def test_what_failed_is_not_tried_again_while_another_run_has_it(
    model: RunningFakeModel, lesson: Lesson
) -> None:
    failed = make_run(kind="templates", backend="openai", state="closed")
    GenerationItem.objects.create(
        run=failed, kind="templates", lesson=lesson, state="failed", finished_at=failed.created_at
    )
    start()
    assert retry_failed(failed) == 0


# --- an editor's words ---


def edit(lesson: Lesson) -> dict[str, Any]:
    words = {**DESCRIPTION, "homework": "Слова редактора."}
    expected = LessonDescription.objects.filter(lesson=lesson).first()
    save_description(lesson=lesson, data=words, expected=expected)
    return words


def test_an_editors_description_stays(model: RunningFakeModel, lesson: Lesson) -> None:
    words = edit(lesson)
    run = start()
    drain()
    assert ended(run) == [(1, "skipped", "locked")]
    assert data(lesson) == words


def test_it_is_replaced_where_the_run_says_so(model: RunningFakeModel, lesson: Lesson) -> None:
    words = edit(lesson)
    run = start(replace_locked=True)
    drain()
    assert ended(run) == [(1, "done", "")]
    assert data(lesson) != words
    assert LessonDescription.objects.get().edited_at is None


def test_who_edits_after_the_start_keeps_their_words(model: RunningFakeModel, lesson: Lesson) -> None:
    edit(lesson)
    run = start(replace_locked=True)
    words = edit(lesson)
    drain()
    assert ended(run) == [(1, "skipped", "locked")]
    assert data(lesson) == words


def test_who_edits_while_the_model_writes_keeps_their_words(model: RunningFakeModel, lesson: Lesson) -> None:
    run = start()
    model.set(latency=1500)  # longer than a drain waits until it looks again
    words: list[dict[str, Any]] = []

    def edit_meanwhile() -> bool:
        if model.stats()["in_flight"] and not words:
            words.extend(at_once(lambda: edit(lesson)))
        return False

    drain(edit_meanwhile)
    assert words
    assert ended(run) == [(1, "skipped", "locked")]
    assert data(lesson) == words[0]


# --- the queue ---


def test_asked_for_twice_a_lesson_is_written_once(model: RunningFakeModel, lesson: Lesson) -> None:
    first, second = start(), start()
    assert GenerationItem.objects.get().run_id == second.pk
    drain()
    assert model.stats()["requests"] == 1
    assert {progress(run.pk).state for run in (first, second)} == {"closed"}


def test_learners_texts_and_descriptions_are_written_side_by_side(
    model: RunningFakeModel, lesson: Lesson
) -> None:
    make_learner(course=lesson.course)
    of_lesson, of_learner = start(), start_run(selection=Selection(), backend="openai").run
    drain()
    assert [progress(run.pk).counts for run in (of_lesson, of_learner)] == [{"done": 1}, {"done": 1}]


def test_nothing_is_written_after_a_cancel(model: RunningFakeModel, lesson: Lesson) -> None:
    run = start()
    model.set(latency=1500)
    done: list[object] = []

    def cancel() -> bool:
        if model.stats()["in_flight"] and not done:
            done.extend(at_once(lambda: cancel_run(run)))
        return False

    drain(cancel)
    assert done == [True]
    assert ended(run) == [(1, "cancelled", "")]
    assert not LessonDescription.objects.exists()


def test_the_budget_holds_what_it_does_not_reach(model: RunningFakeModel, lesson: Lesson) -> None:
    make_lesson(lesson.course, 2, transcript=SAID)
    run = start(budget_micro=1)
    drain()
    assert progress(run.pk).counts == {"held": 2}
    assert not model.stats()["requests"]
    GenerationRun.objects.update(budget_micro=1_000_000)
    sweep()
    drain()
    now = progress(run.pk)
    spent = model.stats()["tokens"]
    assert (now.counts, now.reserved_micro) == ({"done": 2}, 0)
    assert now.spent_micro == spent["prompt"] + spent["completion"]


def test_a_model_without_a_price_pauses_a_run_with_a_budget(
    model: RunningFakeModel, lesson: Lesson, settings: Settings
) -> None:
    run = start(budget_micro=1_000_000)
    settings.OPENAI_MODEL = "new-model"
    drain()
    assert (progress(run.pk).state, model.stats()["requests"]) == ("paused", 0)
    assert "MODEL_PRICES" in progress(run.pk).note


def test_a_bad_key_pauses_the_run(model: RunningFakeModel, lesson: Lesson) -> None:
    model.set(mode="unauthorized")
    run = start()
    drain()
    assert progress(run.pk).state == "paused"


def test_it_does_not_start_without_a_model(lesson: Lesson, settings: Settings) -> None:
    settings.OPENAI_API_KEY = ""
    with pytest.raises(PlanRefused, match="OPENAI_API_KEY"):
        start()
    assert not GenerationRun.objects.exists()


@pytest.mark.usefixtures("model")
def test_it_does_not_start_without_a_lesson() -> None:
    with pytest.raises(PlanRefused, match="no such lessons"):
        start_template_run(lessons=[], stores={})


def test_an_item_of_a_learner_needs_one(lesson: Lesson) -> None:
    with pytest.raises(Exception, match="generation_items_of_whom"):
        make_item(make_run(), make_learner(), lesson, kind="templates")
