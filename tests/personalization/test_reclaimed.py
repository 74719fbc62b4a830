"""A worker claims an item whose old request it has still under way: another run got it meanwhile."""

from dataclasses import replace
from uuid import uuid4

import pytest
from pytest_django import Settings

from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem, PersonalizedLessonDescription
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services import queue
from personalization.services.attempts import Claim, Outcome, Text
from personalization.services.drain import drain
from personalization.services.leases import Leases
from personalization.services.runs import cancel_run, start_run
from tests.builders import PERSONAL_TEXT, make_course, make_learner, make_lesson
from tests.personalization.paid_work import PRICES, calls, money
from tests.processes import until
from tests.threads import at_once

TEXT = Text(PERSONAL_TEXT, origin="openai", model="m-1", prompt_version="p-1", fingerprint="f-1")
OLD = replace(TEXT, content={**PERSONAL_TEXT, "why_watch": "Of the cancelled run"})


def test_a_new_claim_of_an_item_ends_the_older_one_at_once() -> None:
    lost: list[Claim] = []
    leases = Leases(30, lost.append)
    other, old = (Claim(item, uuid4(), uuid4(), uuid4(), uuid4(), 1, 1) for item in (6, 7))
    new = replace(old, token=uuid4())
    leases.hold([other, old])
    leases.hold([new])
    assert lost == [old]
    assert [leases.holds(claim) for claim in (other, old, new)] == [True, False, True]


@pytest.mark.django_db
@pytest.mark.parametrize("newest_first", [True, False])
def test_of_two_attempts_that_are_settled_together_only_the_newer_one_is_published(
    newest_first: bool,
) -> None:
    course = make_course()
    make_lesson(course)
    make_learner(course=course)
    first = start_run(selection=Selection(), backend="simple").run
    [late] = queue.claim(1, worker="test", lease=30)
    start_run(selection=Selection(), backend="simple")
    cancel_run(first)
    [mine] = queue.claim(1, worker="test", lease=30)
    assert mine.id == late.id
    outcomes = [Outcome(mine, "done", text=TEXT), Outcome(late, "done", text=OLD)]
    settled = queue.settle(outcomes if newest_first else outcomes[::-1])
    assert settled == queue.Settled(mine={mine}, busy=set())
    assert PersonalizedLessonDescription.objects.get().content == PERSONAL_TEXT


@pytest.mark.usefixtures("transactional_db")
def test_a_request_that_hangs_is_broken_off_when_its_item_comes_back(
    fake_model: RunningFakeModel, settings: Settings
) -> None:
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "test", fake_model.base_url
    settings.MODEL_PRICES = PRICES
    course = make_course()
    make_lesson(course)
    make_learner(course=course)
    fake_model.set(mode="hang")
    first = start_run(selection=Selection(), backend="openai").run

    def ask_again_and_cancel() -> None:
        until(lambda: fake_model.stats()["in_flight"], "the request hangs")
        start_run(selection=Selection(), backend="openai")
        fake_model.set(mode="ok")
        cancel_run(first)

    at_once(drain, ask_again_and_cancel)
    second = GenerationItem.objects.get().run
    assert second != first
    assert progress(second.pk).counts == {"done": 1}
    assert [run for run, state in calls("run", "state") if state == "ok"] == [second.pk]
    assert (money(first)[0], money(second)[0]) == (0, 0), "both calls are settled"
