"""A provider that serves nobody for longer than an item's pauses: the run waits, and nothing of it fails."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from personalization.errors import Permanent, Transient
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem, GenerationRun
from personalization.pairs import Selection
from personalization.services.attempts import Job, Outcome
from personalization.services.drain import drain
from personalization.services.outages import CALLS, NOBODY_SERVED, NOBODY_UNDERSTOOD
from personalization.services.runs import pause_run, resume_run, retry_failed, start_run
from personalization.services.sweep import sweep
from personalization.services.work import failed, given_back
from tests.builders import make_call, make_course, make_learner, make_lesson
from tests.personalization.paid_work import paid_run, reserved, settle


def refused(job: Job, code: str = "http_500") -> Outcome:
    return failed(job, Transient(code, "the endpoint did not answer"), base_pause=0)


def earlier_calls(of: GenerationRun, count: int = CALLS, **fields: Any) -> None:
    """Of the run, and in vain, unless the fields say otherwise."""
    fields = {"state": "error", "error_code": "http_500", "run": of, **fields}
    for _ in range(count):
        make_call(**fields)


def last_attempt(run: GenerationRun) -> Job:
    (job,) = last_attempt_of_all(run)
    return job


def last_attempt_of_all(run: GenerationRun) -> list[Job]:
    GenerationItem.objects.filter(run=run).update(attempts=5)
    return reserved()


def seen(run: GenerationRun) -> tuple[str, str, list[tuple[str, int]]]:
    run.refresh_from_db()
    items: Iterable[tuple[str, int]] = run.items.order_by("pk").values_list("state", "attempts")
    return run.state, run.note, list(items)


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["http_500", "http_503", "http_408", "timeout", "connection", "rate_limit"])
def test_an_item_at_its_end_pauses_the_run_in_which_nobody_is_served(code: str) -> None:
    run = paid_run()
    earlier_calls(run, error_code=code)
    settle([refused(last_attempt(run), code)])
    assert seen(run) == ("paused", NOBODY_SERVED, [("queued", 5)])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "others",
    [
        [],
        [{"count": CALLS - 1}],
        [{}, {"count": 1, "state": "ok", "error_code": ""}],
        [{}, {"count": 1, "state": "bad", "error_code": "wrong_language"}],
        [{"run": None}],
    ],
    ids=["no other call", "too few", "one was served", "one was answered badly", "of another run"],
)
def test_who_fails_alone_fails(others: list[dict[str, Any]]) -> None:
    run = paid_run()
    for calls in others:
        earlier_calls(run, **{"started_at": timezone.now() - timedelta(seconds=60 // len(others)), **calls})
    settle([refused(last_attempt(run))])
    assert seen(run) == ("open", "", [("failed", 6)])


@pytest.mark.django_db
@pytest.mark.parametrize(("learners", "state"), [(2, "open"), (3, "paused")])
def test_two_learners_whom_nobody_can_serve_are_no_outage(learners: int, state: str) -> None:
    run = paid_run(learners)
    for item in run.items.all():
        earlier_calls(run, item=item, error_code="timeout", count=CALLS // learners + 1)
    settle([refused(last_attempt_of_all(run)[0], "timeout")])
    assert seen(run)[0] == state


@pytest.mark.django_db
def test_a_bad_answer_is_the_items_own_fault() -> None:
    run = paid_run()
    earlier_calls(run)
    settle([refused(last_attempt(run), "bad_json")])
    assert seen(run) == ("open", "", [("failed", 6)])


def refused_for_good(job: Job) -> Outcome:
    return failed(job, Permanent("http_400", "the endpoint refused the request (400)"), base_pause=0)


@pytest.mark.django_db
def test_a_400_for_everybody_pauses_the_run_and_says_what_to_look_at() -> None:
    run = paid_run()
    earlier_calls(run, error_code="http_400")
    settle([refused_for_good(job) for job in reserved()])
    assert seen(run) == ("paused", NOBODY_UNDERSTOOD, [("queued", 0)])


@pytest.mark.django_db
@pytest.mark.parametrize("others", [{"count": CALLS - 1}, {"state": "ok", "error_code": ""}])
def test_a_400_where_others_are_served_is_the_items_own_fault(others: dict[str, Any]) -> None:
    run = paid_run()
    earlier_calls(run, **{"error_code": "http_400", **others})
    settle([refused_for_good(job) for job in reserved()])
    assert seen(run) == ("open", "", [("failed", 1)])


@pytest.mark.django_db
@pytest.mark.parametrize(("learners", "state"), [(2, "open"), (3, "paused")])
def test_two_learners_who_are_refused_are_not_everybody(learners: int, state: str) -> None:
    run = paid_run(learners)
    for item in run.items.all():
        earlier_calls(run, item=item, error_code="http_400", count=CALLS // learners + 1)
    settle([refused_for_good(reserved()[0])])
    assert seen(run)[0] == state


@pytest.mark.django_db
def test_who_has_tries_left_is_tried_again() -> None:
    run = paid_run()
    earlier_calls(run)
    settle([refused(job) for job in reserved()])
    assert seen(run) == ("open", "", [("queued", 1)])


@pytest.mark.django_db
def test_going_on_gives_back_what_was_tried_in_vain() -> None:
    run = paid_run(3)
    earlier_calls(run)
    GenerationItem.objects.update(attempts=5)
    first, second, third = reserved()
    settle([refused(first), given_back(second), refused(third, "bad_json")])
    assert resume_run(run)
    assert seen(run) == ("open", "", [("queued", 0), ("queued", 0), ("failed", 6)])


@pytest.mark.django_db
@pytest.mark.parametrize(("served", "state"), [(False, "failed"), (True, "queued")])
def test_where_nobody_was_served_since_the_run_went_on_what_is_left_fails(served: bool, state: str) -> None:
    """One lesson of which all learners' calls time out, alone at the end, would pause its run for ever."""
    run = paid_run()
    earlier_calls(run)
    settle([refused(last_attempt(run))])
    assert resume_run(run)
    if served:
        earlier_calls(run, count=1, state="ok", error_code="")
    earlier_calls(run, started_at=timezone.now())
    settle([refused(last_attempt(run))])
    assert seen(run)[2][0][0] == state


@pytest.mark.django_db
def test_calls_of_a_stopped_worker_say_nothing_of_the_endpoint() -> None:
    run = paid_run()
    earlier_calls(run, started_at=timezone.now() - timedelta(seconds=60))
    earlier_calls(run, error_code="stopped")
    settle([refused(last_attempt(run))])
    assert seen(run)[:2] == ("paused", NOBODY_SERVED)


@pytest.mark.django_db
def test_what_kills_its_workers_is_not_forgiven() -> None:
    run = paid_run(2)
    earlier_calls(run)
    first, _ = reserved()
    GenerationItem.objects.update(attempts=6)
    settle([refused(first)])
    GenerationItem.objects.filter(state="running").update(lease_until=timezone.now() - timedelta(seconds=1))
    GenerationItem.objects.filter(state="running").update(attempts=4)
    sweep()
    resume_run(run)
    assert seen(run)[2] == [("queued", 0), ("queued", 4)]


@pytest.mark.django_db
def test_so_does_a_retry_of_what_has_failed() -> None:
    run = paid_run(2)
    earlier_calls(run)
    GenerationItem.objects.update(attempts=5)
    first, second = reserved()
    settle([refused(first), refused(second, "bad_json")])
    assert retry_failed(run) == 1
    assert seen(run) == ("open", "", [("queued", 0), ("queued", 0)])


@pytest.mark.django_db
def test_a_pause_by_hand_gives_nothing_back() -> None:
    run = paid_run()
    settle([refused(job) for job in reserved()])
    pause_run(run)
    resume_run(run)
    assert seen(run) == ("open", "", [("queued", 1)])


@pytest.mark.usefixtures("transactional_db")
def test_a_run_with_a_wrong_key_waits_for_another(fake_model: RunningFakeModel, settings: Settings) -> None:
    """Gemini answers 400 to a wrong key, OpenRouter to a wrong model."""
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "test", fake_model.base_url
    settings.GENERATION_CONCURRENCY = 5
    course = make_course()
    make_lesson(course)
    for _ in range(CALLS + 20):
        make_learner(course=course)
    run = start_run(selection=Selection(), backend="openai").run
    fake_model.set(mode="bad_request")
    drain()
    state, note, items = seen(run)
    assert (state, note) == ("paused", NOBODY_UNDERSTOOD)
    assert CALLS <= items.count(("failed", 1)) < len(items)
    fake_model.set(mode="ok")
    retry_failed(run)
    drain()
    assert seen(run) == ("closed", "", [("done", 1)] * (CALLS + 20))


@pytest.mark.usefixtures("transactional_db")
def test_a_run_outlives_an_outage_of_any_length(fake_model: RunningFakeModel, settings: Settings) -> None:
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "test", fake_model.base_url
    settings.GENERATION_RETRY_SECONDS, settings.GENERATION_CONCURRENCY = 0.001, 10
    course = make_course()
    make_lesson(course)
    for _ in range(12):
        make_learner(course=course)
    run = start_run(selection=Selection(), backend="openai").run
    fake_model.set(mode="server_error")
    while seen(run)[0] == "open":
        assert drain()
    assert {state for state, _ in seen(run)[2]} == {"queued"}
    fake_model.set(mode="ok")
    resume_run(run)
    drain()
    assert seen(run) == ("closed", "", [("done", 1)] * 12)
