"""An endpoint that answers 400 to everybody, as some do to a wrong key or model: the run waits."""

from typing import Any

import pytest
from pytest_django import Settings

from personalization.errors import Permanent
from personalization.fake_model import RunningFakeModel
from personalization.pairs import Selection
from personalization.services.attempts import Job, Outcome
from personalization.services.drain import drain
from personalization.services.outages import CALLS, NOBODY_UNDERSTOOD
from personalization.services.runs import retry_failed, start_run
from personalization.services.work import failed
from tests.builders import make_course, make_learner, make_lesson
from tests.personalization.outage_by_hand import earlier_calls, seen
from tests.personalization.paid_work import paid_run, reserved, settle


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
