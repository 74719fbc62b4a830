"""A lesson that is too long for the model: condensed once, before the first of its texts is written."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from courses.models import Lesson
from personalization.fake_model import RunningFakeModel
from personalization.models import (
    CondensedPart,
    CondensedSource,
    GenerationItem,
    GenerationRun,
    ModelCall,
    PersonalizedLessonDescription,
)
from personalization.pairs import Selection
from personalization.queries import preview, progress
from personalization.services import queue
from personalization.services.attempts import Again
from personalization.services.budget import raise_budget
from personalization.services.condensing import MOST_ATTEMPTS, part_condensed
from personalization.services.drain import drain
from personalization.services.runs import cancel_run, resume_run, retry_failed, start_run
from personalization.services.sweep import sweep
from personalization.services.work import prepare
from personalization.writers.base import Draft, Usage
from tests.builders import make_course, make_learner, make_lesson
from tests.personalization.long_lessons import LONG, finished, parts_asked, run, small_model
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    return small_model(fake_model, settings)


@pytest.fixture
def lesson() -> Lesson:
    return make_lesson(make_course(), transcript=LONG)


def test_a_lesson_is_condensed_once_for_all_its_learners(model: RunningFakeModel, lesson: Lesson) -> None:
    for _ in range(5):
        make_learner(course=lesson.course)
    done = run()
    assert done.counts == {"done": 5}
    asked = parts_asked(model)
    assert len(asked) == len(set(asked)) > 1
    source = CondensedSource.objects.get()
    assert source.text
    assert not CondensedPart.objects.exists(), "they are in the whole"
    texts = PersonalizedLessonDescription.objects.all()
    assert {text.written_from for text in texts} == {"condensed"}
    written = [prompt for prompt in model.prompts() if prompt["response_format"] == "personal"]
    assert len(written) == 5
    assert all(source.text in str(prompt["messages"][0]["content"]) for prompt in written)  # type: ignore[index]
    assert done.calls == 5 + len(asked)
    assert run().counts == {"unchanged": 5}


def test_a_drain_whose_time_is_up_gives_a_lesson_back_between_two_parts(
    model: RunningFakeModel, lesson: Lesson, settings: Settings
) -> None:
    make_learner(course=lesson.course)
    started = start_run(selection=Selection(), backend="openai")
    settings.GENERATION_DRAIN_SECONDS = 0.2
    model.set(latency=400)
    drain()
    assert (len(parts_asked(model)), CondensedPart.objects.count()) == (1, 1)
    item = GenerationItem.objects.get()
    assert (item.state, item.error_code, item.attempts) == ("queued", "stopped", 0)

    settings.GENERATION_DRAIN_SECONDS = 20
    model.set(latency=0)
    assert finished(started.run.pk).counts == {"done": 1}
    assert len(parts_asked(model)) == len(set(parts_asked(model)))


def given_up(run_id: Any) -> None:
    """As if the worker of the items in hand was killed: their leases run out, and a sweep finds that."""
    GenerationItem.objects.filter(run=run_id, state="running").update(lease_until=timezone.now())
    sweep()


def test_what_a_killed_worker_had_paid_for_is_not_asked_for_again(
    model: RunningFakeModel, lesson: Lesson
) -> None:
    make_learner(course=lesson.course)
    started = start_run(selection=Selection(), backend="openai")
    [job] = prepare(queue.claim(1, worker="killed", lease=30))[0]
    assert job.condensing
    first = job.condensing.missing[0]
    landed = part_condensed(job, Draft({"condensed": "Что было оплачено."}, Usage()))
    assert isinstance(landed, Again)
    queue.settle([], [landed])
    given_up(started.run.pk)
    finished(started.run.pk)
    asked = parts_asked(model)
    assert f"Part {first.number} of {first.of}" not in asked
    assert len(asked) == len(set(asked)) == first.of - 1
    assert "Что было оплачено." in (CondensedSource.objects.get().text or "")


def test_a_worker_that_died_before_the_whole_was_put_together_costs_nothing(
    model: RunningFakeModel, lesson: Lesson
) -> None:
    make_learner(course=lesson.course)
    started = start_run(selection=Selection(), backend="openai")
    [job] = prepare(queue.claim(1, worker="killed", lease=30))[0]
    assert job.condensing
    CondensedPart.objects.bulk_create(
        CondensedPart(source_id=job.condensing.source_id, key=part.key, text="Коротко.")
        for part in job.condensing.plan.parts
    )
    given_up(started.run.pk)
    finished(started.run.pk)
    assert parts_asked(model) == []
    assert PersonalizedLessonDescription.objects.get().written_from == "condensed"


def test_a_stopped_worker_leaves_its_parts_to_the_next(model: RunningFakeModel, lesson: Lesson) -> None:
    make_learner(course=lesson.course)
    started = start_run(selection=Selection(), backend="openai")
    drain(lambda: len(parts_asked(model)) > 1)
    assert CondensedPart.objects.exists()
    finished(started.run.pk)
    asked = parts_asked(model)
    assert len(asked) == len(set(asked)) > 1


def test_two_workers_at_once_pay_once(model: RunningFakeModel, lesson: Lesson) -> None:
    for _ in range(20):
        make_learner(course=lesson.course)
    model.set(latency=20)
    started = start_run(selection=Selection(), backend="openai")
    while progress(started.run.pk).state == "open":
        at_once(drain, drain)
    asked = parts_asked(model)
    assert len(asked) == len(set(asked)) > 1
    assert progress(started.run.pk).counts == {"done": 20}
    texts = PersonalizedLessonDescription.objects.values_list("fingerprint", flat=True)
    assert not any(preview(Selection(only_stale=True), "openai").by_verdict.values()), "none is stale"
    assert len(texts) == 20


@pytest.mark.parametrize(("mode", "calls"), [("refusal", 1), ("server_error", MOST_ATTEMPTS)])
def test_a_lesson_that_cannot_be_condensed_fails_its_items_and_stores_nothing(
    model: RunningFakeModel, lesson: Lesson, mode: str, calls: int
) -> None:
    for _ in range(4):
        make_learner(course=lesson.course)
    model.set(mode=mode)
    failed = run()
    assert failed.counts == {"failed": 4}
    assert [kind.code for kind in failed.errors] == ["not_condensed"]
    assert "could not be condensed: the" in failed.errors[0].message
    assert model.stats()["requests"] == calls, "none of the others has paid for another attempt"
    assert not PersonalizedLessonDescription.objects.exists()
    assert not CondensedSource.objects.filter(text__isnull=False).exists()

    model.set(mode="ok")
    failed_run = GenerationRun.objects.get()
    assert retry_failed(failed_run) == 4
    finished(failed_run.pk)
    assert progress(failed_run.pk).counts == {"done": 4}


def test_a_later_run_tries_again_what_an_earlier_one_has_given_up(
    model: RunningFakeModel, lesson: Lesson
) -> None:
    make_learner(course=lesson.course)
    model.set(mode="refusal")
    assert run().counts == {"failed": 1}
    model.set(mode="ok")
    assert run().counts == {"done": 1}


def test_a_passing_fault_is_overcome_and_a_bad_answer_asked_for_again(
    model: RunningFakeModel, lesson: Lesson
) -> None:
    for _ in range(3):
        make_learner(course=lesson.course)
    model.set(mode="server_error,bad_json,wrong_language,empty", fail=0.4, seed=5)
    started = start_run(selection=Selection(), backend="openai")
    GenerationItem.objects.update(max_attempts=30)
    finished(started.run.pk)
    assert progress(started.run.pk).counts == {"done": 3}


def test_a_refused_key_pauses_the_run_while_it_condenses(model: RunningFakeModel, lesson: Lesson) -> None:
    make_learner(course=lesson.course)
    model.set(mode="unauthorized")
    start_run(selection=Selection(), backend="openai")
    drain()
    [paused] = GenerationRun.objects.all()
    assert (paused.state, "KEY" in paused.note) == ("paused", True)
    model.set(mode="ok")
    resume_run(paused)
    finished(paused.pk)
    assert progress(paused.pk).counts == {"done": 1}


def test_condensing_keeps_to_the_budget(model: RunningFakeModel, lesson: Lesson) -> None:
    make_learner(course=lesson.course)
    started = start_run(selection=Selection(), backend="openai", budget_micro=100)
    drain()
    assert progress(started.run.pk).counts == {"held": 1}
    assert model.stats()["requests"] == 0
    raise_budget(started.run, None)
    while progress(started.run.pk).state == "open":
        sweep()
        drain()
    assert progress(started.run.pk).counts == {"done": 1}


def test_no_call_follows_a_cancel(model: RunningFakeModel, lesson: Lesson) -> None:
    make_learner(course=lesson.course)
    model.set(latency=300)
    started = start_run(selection=Selection(), backend="openai")

    def cancel() -> None:
        while not parts_asked(model):
            pass
        cancel_run(started.run)

    at_once(drain, cancel)
    drain()
    assert len(parts_asked(model)) == 1
    assert not PersonalizedLessonDescription.objects.exists()
    assert not CondensedSource.objects.filter(text__isnull=False).exists()


def test_every_call_is_in_the_ledger_and_paid(model: RunningFakeModel, lesson: Lesson) -> None:
    make_learner(course=lesson.course)
    done = run()
    calls = ModelCall.objects.order_by("pk")
    assert {call.state for call in calls} == {"ok"}
    assert len(calls) == model.stats()["requests"]
    assert [call.prompt_version.startswith("condense:") for call in calls] == [True] * (len(calls) - 1) + [
        False
    ]
    tokens = model.stats()["tokens"]
    assert (done.input_tokens, done.output_tokens) == (tokens["prompt"], tokens["completion"])
    assert done.spent_micro == sum(call.actual_micro or 0 for call in calls)
