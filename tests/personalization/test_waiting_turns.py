"""Requests that wait for their turn under a limit: until it comes, or until nobody wants them any more."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pytest_django import Settings

from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem, GenerationRun, ModelCall
from personalization.models.costs import UNSENT
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.run_report import went_wrong
from personalization.services.drain import drain
from personalization.services.runs import cancel_run, pause_run, start_run
from tests.builders import make_course, make_learner, make_lesson
from tests.personalization.paid_work import PRICES
from tests.processes import until

pytestmark = pytest.mark.usefixtures("transactional_db")
ITEMS = 12
SOON = 4  # requests that go out at 2.5 a second while a worker comes to know


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    settings.MODEL_PRICES = PRICES
    settings.MODEL_LIMITS = "* = 600 rpm"  # alone, without Redis, a quarter of it: 2.5 a second
    settings.REDIS_URL = "redis+socket:///nowhere/valkey.sock"
    settings.GENERATION_CONCURRENCY = 2 * ITEMS
    settings.GENERATION_LEASE_SECONDS = 1.5
    return fake_model


@pytest.fixture
def run(model: RunningFakeModel) -> GenerationRun:
    course = make_course()
    make_lesson(course)
    for _ in range(ITEMS):
        make_learner(course=course)
    return start_run(selection=Selection(), backend="openai").run


@contextmanager
def working(model: RunningFakeModel) -> Iterator[None]:
    """A worker that has sent two requests, and is at its end when this is left."""
    worker = threading.Thread(target=drain)
    worker.start()
    try:
        until(lambda: model.stats()["requests"] >= 2, "two are sent")
        yield
    finally:
        worker.join(60)


def only_what_was_sent_is_paid(run: GenerationRun, model: RunningFakeModel) -> bool:
    """The ledger has a call for each request, and the money is what the endpoint has counted."""
    sent, now, told = ModelCall.objects.exclude(error_code=UNSENT), progress(run.pk), model.stats()["tokens"]
    assert (sent.count(), now.calls) == (model.stats()["requests"],) * 2
    assert (now.spent_micro, now.reserved_micro) == (told["prompt"] + told["completion"], 0)
    return True


def test_a_worker_that_stops_sends_nothing_more(
    run: GenerationRun, model: RunningFakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personalization.services.drain.GRACE_SECONDS", 2.0)
    drain(lambda: model.stats()["requests"] >= 2)
    assert model.stats()["requests"] <= 3, "not for as long as what is in flight may take"
    assert only_what_was_sent_is_paid(run, model)
    left = GenerationItem.objects.exclude(state="done")
    assert set(left.values_list("state", "attempts")) == {("queued", 0)}


def test_a_cancelled_run_pays_for_nothing_that_was_not_sent(
    run: GenerationRun, model: RunningFakeModel
) -> None:
    with working(model):
        assert cancel_run(run)
    assert model.stats()["requests"] <= 2 + SOON
    assert only_what_was_sent_is_paid(run, model)


def test_of_a_paused_run_nothing_is_sent_that_waits(run: GenerationRun, model: RunningFakeModel) -> None:
    with working(model):
        assert pause_run(run)
    assert model.stats()["requests"] <= 2 + SOON
    assert only_what_was_sent_is_paid(run, model)
    now = progress(run.pk)
    assert now.counts == {"done": model.stats()["requests"], "queued": ITEMS - model.stats()["requests"]}
    assert went_wrong(now.errors) == [], "a pause is no error"
    assert set(GenerationItem.objects.filter(state="queued").values_list("attempts", flat=True)) == {0}


def test_a_drain_ends_in_time_whatever_waits(
    run: GenerationRun, model: RunningFakeModel, settings: Settings
) -> None:
    settings.GENERATION_DRAIN_SECONDS, settings.GENERATION_CALL_SECONDS = 0.2, 0.8
    drain()
    now = progress(run.pk)
    assert 0 < now.counts["done"] < ITEMS
    assert now.counts["queued"] == ITEMS - now.counts["done"]
    assert went_wrong(now.errors) == []
    assert only_what_was_sent_is_paid(run, model)


def test_what_has_gone_out_is_paid_when_the_worker_lets_go_of_it(
    run: GenerationRun, model: RunningFakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personalization.services.drain.GRACE_SECONDS", 0.05)
    model.set(mode="hang")
    drain(lambda: model.stats()["in_flight"] > 0)
    [call] = ModelCall.objects.exclude(error_code=UNSENT)
    assert call.error_code == "stopped"
    assert call.actual_micro
    assert progress(run.pk).spent_micro == call.actual_micro
