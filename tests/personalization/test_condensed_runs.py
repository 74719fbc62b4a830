"""A lesson that is too long for the model: condensed once, before the first of its texts is written."""

import re
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from courses.models import Lesson
from personalization.condensing.facts import missing
from personalization.costs.estimate import estimate
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
from personalization.sizes import to_condense
from personalization.tokens import estimated_tokens
from personalization.windows import window_of
from personalization.writers.base import Draft, Usage
from tests.builders import make_course, make_learner, make_lesson
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("transactional_db")

SENTENCE = "Положите тёплые ладони на плечи и дышите спокойно вместе с тем, кто лежит перед вами. "
LONG = SENTENCE * 300  # 26,000 characters: about 15,000 tokens


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    settings.MODEL_WINDOWS = "gpt-4.1-mini = 12k, 3k out"  # 6,000 tokens of it for the lesson
    settings.GENERATION_CALL_SECONDS = 10
    settings.GENERATION_RETRY_SECONDS = 0.01
    return fake_model


@pytest.fixture
def lesson() -> Lesson:
    return make_lesson(make_course(), transcript=LONG)


def run(**options: Any) -> Any:
    """Until nothing of the run is open, as the sweepers would have it."""
    started = start_run(selection=Selection(), backend="openai", **options)
    while progress(started.run.pk).state == "open":
        drain()
    return progress(started.run.pk)


def parts_asked(model: RunningFakeModel) -> list[str]:
    """Of the requests that condense: which part of how many."""
    sent = [str(message["content"]) for prompt in model.prompts() for message in prompt["messages"]]  # type: ignore[attr-defined]
    return [found[0] for text in sent if (found := re.match(r"Part \d+ of \d+", text))]


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
    while progress(started.run.pk).state == "open":
        drain()
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
    while progress(started.run.pk).state == "open":
        drain()
    assert parts_asked(model) == []
    assert PersonalizedLessonDescription.objects.get().written_from == "condensed"


def test_a_stopped_worker_leaves_its_parts_to_the_next(model: RunningFakeModel, lesson: Lesson) -> None:
    make_learner(course=lesson.course)
    started = start_run(selection=Selection(), backend="openai")
    drain(lambda: len(parts_asked(model)) > 1)
    assert CondensedPart.objects.exists()
    while progress(started.run.pk).state == "open":
        drain()
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
    while progress(failed_run.pk).state == "open":
        drain()
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
    while progress(started.run.pk).state == "open":
        drain()
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
    while progress(paused.pk).state == "open":
        drain()
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


def test_a_lesson_that_says_something_else_is_condensed_anew(model: RunningFakeModel, lesson: Lesson) -> None:
    make_learner(course=lesson.course)
    run()
    before = CondensedSource.objects.get()
    Lesson.objects.update(transcript=LONG + "И ещё одна мысль напоследок. ")
    assert run().counts == {"done": 1}
    after = CondensedSource.objects.get()
    assert (after.pk, after.source_hash) != (before.pk, before.source_hash)


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
    ["я" * 200_000, "👩‍👩‍👧‍👦" * 29_000, (SENTENCE + "Держите 15 минут. Никогда не давите на шею. ") * 1_560],
    ids=["no spaces", "emoji", "cyrillic"],
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
