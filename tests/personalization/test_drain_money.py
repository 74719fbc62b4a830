"""A drain in this process that spends money: what it asks for, what it pays, what it holds."""

from typing import Any, cast

import pytest
from pytest_django import Settings

from courses.models import Lesson
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem, GenerationRun, ModelCall, Profile
from personalization.models import PersonalizedLessonDescription as Text
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.drain import drain
from personalization.services.pilot import accept_pilot
from personalization.services.runs import resume_run, start_run
from personalization.services.sweep import sweep
from tests.builders import make_course, make_learner, make_lesson, make_text
from tests.personalization.paid_work import MODEL, PRICES, calls

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
def learner() -> Profile:
    course = make_course()
    make_lesson(course)
    return make_learner(course=course)


def start(attempts: int = 1, **choices: Any) -> GenerationRun:
    run = start_run(selection=Selection(), backend="openai", **choices).run
    GenerationItem.objects.update(max_attempts=attempts)
    return run


def test_the_ledger_is_what_the_endpoint_has_counted(model: RunningFakeModel, learner: Profile) -> None:
    for _ in range(11):
        make_learner(course=learner.course)
    run = start()
    drain()
    now, told = progress(run.pk), model.stats()["tokens"]
    assert (now.calls, now.input_tokens, now.cached_tokens, now.output_tokens) == (
        12,
        told["prompt"],
        told["cached"],
        told["completion"],
    )
    assert (now.reserved_micro, now.spent_micro) == (0, told["prompt"] + told["completion"])
    assert set(calls("state", "answer")) == {("ok", None)} if now.calls else False


def test_a_model_that_thinks_is_cut_once_and_then_has_room_that_is_paid_for(
    model: RunningFakeModel, learner: Profile
) -> None:
    for _ in range(5):
        make_learner(course=learner.course)
    model.set(mode="thinks")
    run = start()
    drain()
    told = model.stats()["tokens"]
    assert progress(run.pk).counts == {"done": 6}
    assert sorted(calls("state", "error_code")) == [("bad", "cut"), *[("ok", "")] * 6]
    assert progress(run.pk).spent_micro == told["prompt"] + told["completion"]
    assert all(paid <= reserved for paid, reserved in calls("actual_micro", "reserved_micro"))


@pytest.mark.parametrize("mode", ["bad_json", "wrong_language", "wrong_keys", "cut", "empty"])
def test_a_bad_answer_is_asked_for_once_more_in_the_same_attempt(
    model: RunningFakeModel, learner: Profile, mode: str
) -> None:
    model.set(mode=mode)
    run = start()
    drain()
    item = GenerationItem.objects.get()
    assert (item.state, item.attempts) == ("failed", 1)
    assert model.stats()["requests"] == 2
    assert calls("call_no", "state", "error_code") == [
        (1, "bad", item.error_code),
        (2, "bad", item.error_code),
    ]
    first, second = (cast("Any", prompt) for prompt in model.prompts())
    assert second["messages"][-1]["content"].startswith(first["messages"][-1]["content"])
    assert item.error_message in second["messages"][-1]["content"]
    spent = model.stats()["tokens"]
    assert progress(run.pk).spent_micro == spent["prompt"] + spent["completion"]


@pytest.mark.parametrize("mode", ["rate_limit", "server_error", "refusal", "broken"])
def test_what_is_no_answer_is_not_asked_for_again_at_once(
    model: RunningFakeModel, learner: Profile, mode: str
) -> None:
    model.set(mode=mode)
    start()
    drain()
    assert model.stats()["requests"] == 1
    assert GenerationItem.objects.get().state == "failed"


def dearest_call(run: GenerationRun) -> int:
    """What is reserved for a call of the run, which may not spend anything yet."""
    drain()
    needs = GenerationItem.objects.filter(run=run, state="held").values_list("needs_micro", flat=True)
    return max(micro for micro in needs if micro)


def test_a_budget_holds_the_rest_and_a_higher_one_ends_the_run(
    model: RunningFakeModel, learner: Profile
) -> None:
    for _ in range(9):
        make_learner(course=learner.course)
    run = start(budget_micro=1)
    budget = dearest_call(run) + 2_000
    GenerationRun.objects.update(budget_micro=budget)
    drain()
    held = progress(run.pk)
    assert held.state == "open"
    assert 0 < held.counts["held"] < 10
    assert 0 < held.spent_micro <= budget
    assert [(kind.state, kind.code) for kind in held.errors] == [("held", "budget")]
    asked = model.stats()["requests"]
    assert asked == held.counts["done"] == ModelCall.objects.count()
    drain()
    assert model.stats()["requests"] == asked, "there is nothing to try"

    GenerationRun.objects.update(budget_micro=1_000_000)
    sweep()
    drain()
    ended = progress(run.pk)
    assert (ended.counts, ended.state) == ({"done": 10}, "closed")
    assert set(GenerationItem.objects.values_list("attempts", flat=True)) == {1}


def test_a_model_that_counts_more_tokens_than_we_do_does_not_pass_the_budget(
    model: RunningFakeModel, learner: Profile, settings: Settings
) -> None:
    settings.MODEL_PRICES = {**PRICES, "models": {MODEL: {"input": 100, "cached_input": 100, "output": 1}}}
    for _ in range(9):
        make_learner(course=learner.course)
    model.set(tokens=4)
    run = start(budget_micro=1)
    budget = 2 * dearest_call(run)
    GenerationRun.objects.update(budget_micro=budget)
    drain()
    used = progress(run.pk)
    assert used.counts["held"] > 0
    assert budget / 2 < used.spent_micro <= budget
    assert used.overrun == 1, "what was reserved was enough"


def test_of_a_model_that_counts_beyond_all_bounds_only_the_first_calls_pass_them(
    model: RunningFakeModel, learner: Profile, settings: Settings
) -> None:
    settings.GENERATION_CONCURRENCY = 1
    for _ in range(9):
        make_learner(course=learner.course)
    model.set(tokens=12)
    run = start(budget_micro=1)
    budget = 8 * dearest_call(run)
    GenerationRun.objects.update(budget_micro=budget)
    drain()
    used = progress(run.pk)
    assert used.counts["held"] > 0
    assert used.overrun > 1.5
    assert used.counts["done"] >= 2
    assert used.spent_micro <= budget


def test_where_answers_have_no_limit_the_longest_one_is_reserved(
    model: RunningFakeModel, learner: Profile
) -> None:
    for _ in range(4):
        make_learner(course=learner.course)
    model.set(lacks="max_tokens,max_completion_tokens")
    run = start()
    drain()
    assert progress(run.pk).counts == {"done": 5}
    good = ModelCall.objects.filter(state="ok").values_list("reserved_micro", flat=True)
    assert (len(good), min(good) > 32_768) == (5, True)
    assert set(ModelCall.objects.exclude(state="ok").values_list("error_code", "actual_micro")) == {
        ("unsent", 0)
    }


def test_a_stop_charges_what_was_sent_and_not_what_waited_for_its_turn(
    model: RunningFakeModel, learner: Profile, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        make_learner(course=learner.course)
    settings.GENERATION_CALL_SECONDS = 30
    monkeypatch.setattr("personalization.services.drain.GRACE_SECONDS", 0.05)
    model.set(mode="hang")
    run = start()
    drain(lambda: bool(model.stats()["in_flight"]))
    sent = ModelCall.objects.get(error_code="stopped")
    assert sent.actual_micro == sent.reserved_micro > 0
    assert (progress(run.pk).spent_micro, progress(run.pk).reserved_micro) == (sent.reserved_micro, 0)
    assert sorted(calls("error_code")) == ["stopped", "unsent", "unsent"]


def test_a_worker_goes_on_when_calls_cost_less_than_was_reserved(
    model: RunningFakeModel, learner: Profile
) -> None:
    """Enough for two calls at a time, and for what all of them really cost: no sweep is needed."""
    for _ in range(5):
        make_learner(course=learner.course)
    run = start(budget_micro=1)
    GenerationRun.objects.update(budget_micro=2 * dearest_call(run) + 1_000)
    drain()
    ended = progress(run.pk)
    assert (ended.counts, ended.state) == ({"done": 6}, "closed")


def test_a_refused_key_pauses_the_run_with_one_message(model: RunningFakeModel, learner: Profile) -> None:
    for _ in range(19):
        make_learner(course=learner.course)
    model.set(mode="unauthorized", latency=50)
    run = start()
    drain()
    paused = progress(run.pk)
    assert (paused.state, paused.counts) == ("paused", {"queued": 20})
    assert "OPENAI_API_KEY" in paused.note
    assert set(GenerationItem.objects.values_list("attempts", flat=True)) == {0}
    assert paused.spent_micro == 0
    asked = model.stats()["requests"]
    drain()
    assert model.stats()["requests"] == asked

    model.set(mode="ok")
    assert resume_run(run) is True
    drain()
    assert progress(run.pk).counts == {"done": 20}


def test_a_run_whose_budget_cannot_be_kept_any_more_pauses_before_it_pays(
    model: RunningFakeModel, learner: Profile, settings: Settings
) -> None:
    limited = start(budget_micro=1_000_000)
    settings.OPENAI_MODEL = "new-model"
    drain()
    paused = progress(limited.pk)
    assert (paused.state, paused.counts) == ("paused", {"queued": 1})
    assert "MODEL_PRICES" in paused.note
    assert (GenerationItem.objects.get().attempts, model.stats()["requests"]) == (0, 0)

    settings.MODEL_PRICES = {**PRICES, "models": {"new-model": {"input": 1, "output": 1}}}
    assert resume_run(limited) is True
    drain()
    assert progress(limited.pk).counts == {"done": 1}
    assert progress(limited.pk).spent_micro > 0


def test_a_run_without_a_budget_needs_no_price(
    model: RunningFakeModel, learner: Profile, settings: Settings
) -> None:
    run = start()
    settings.OPENAI_MODEL = "new-model"
    drain()
    assert progress(run.pk).counts == {"done": 1}


def test_a_pilot_is_written_looked_at_and_published_without_another_call(
    model: RunningFakeModel, learner: Profile
) -> None:
    for _ in range(5):
        make_learner(course=learner.course)
    make_text(learner, Lesson.objects.get(), {"why_watch": "old"})
    run = start(pilot=2)
    drain()
    assert (progress(run.pk).pilot, progress(run.pk).counts) == ("waiting", {"held": 2, "queued": 4})
    assert Text.objects.count() == 1
    assert model.stats()["requests"] == 2
    accept_pilot(run)
    drain()
    assert progress(run.pk).counts == {"done": 6}
    assert model.stats()["requests"] == 6
    assert Text.objects.filter(origin="openai").count() == 6
