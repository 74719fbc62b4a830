"""An answer that was paid for and could not be published: taken by the next attempt, and then forgotten."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from personalization.models import GenerationItem
from personalization.models import PersonalizedLessonDescription as Text
from personalization.services import queue
from personalization.services.runs import cancel_run
from personalization.services.sweep import sweep
from personalization.services.work import prepare
from tests.personalization.paid_work import (
    MODEL,
    NEW,
    PRICES,
    calls,
    claim,
    good,
    money,
    paid_run,
    reserved,
    settle,
)
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def prices(settings: Settings) -> None:
    settings.MODEL_PRICES = PRICES


def unpublished(job: Any) -> None:
    """The worker lost its lease, and nobody has settled its call yet."""
    GenerationItem.objects.filter(pk=job.claim.id).update(
        state="queued", lease_token=None, lease_until=None, leased_by=None
    )
    settle([good(job)])
    assert calls("state", "answer") == [("ok", NEW)]
    assert not Text.objects.exists()


def test_an_answer_that_was_paid_for_is_published_by_the_next_attempt_without_a_call() -> None:
    run = paid_run()
    [job] = reserved()
    unpublished(job)
    more, [outcome] = prepare(claim())
    assert more == []
    settle([outcome])
    assert Text.objects.get().content == NEW
    assert (money(run), calls("state", "answer")) == ((0, 80), [("ok", None)])
    text = Text.objects.get()
    assert (text.origin, text.model, text.fingerprint) == ("openai", MODEL, job.fingerprint)


@pytest.mark.usefixtures("transactional_db")
def test_an_answer_is_paid_and_kept_while_somebody_has_its_item_locked() -> None:
    """As a planning has for a minute. A worker that is told to end does not wait so long."""
    run = paid_run()
    [job] = reserved()
    with transaction.atomic():
        GenerationItem.objects.select_for_update().get()
        [settled] = at_once(lambda: queue.settle([good(job)], last=True))
        assert settled.busy == {job.claim}
    assert (money(run), calls("state", "answer")) == ((0, 80), [("ok", NEW)])
    GenerationItem.objects.update(lease_until=timezone.now())
    sweep()
    more, outcomes = prepare(claim())
    settle(outcomes)
    assert (more, Text.objects.get().content) == ([], NEW)
    assert (money(run), calls("state", "answer")) == ((0, 80), [("ok", None)])


@pytest.mark.usefixtures("transactional_db")
def test_a_worker_that_waits_for_a_locked_item_publishes_its_answer_and_forgets_it() -> None:
    run = paid_run()
    [job] = reserved()
    with transaction.atomic():
        GenerationItem.objects.select_for_update().get()
        at_once(lambda: queue.settle([good(job)], last=True))
    settle([good(job)])
    assert Text.objects.get().content == NEW
    assert (money(run), run.calls, calls("state", "answer")) == ((0, 80), 1, [("ok", None)])


def test_an_answer_to_other_inputs_is_not_published() -> None:
    paid_run()
    [job] = reserved()
    unpublished(job)
    item = GenerationItem.objects.get()
    item.learner.survey = {"motivation": "Иначе"}
    item.learner.save(update_fields=["survey"])
    [more], outcomes = prepare(claim())
    assert (outcomes, more.fingerprint != job.fingerprint) == ([], True)


def test_an_answer_that_nobody_will_publish_is_forgotten() -> None:
    run = paid_run()
    [job] = reserved()
    unpublished(job)
    sweep()
    assert calls("answer") == [NEW]
    cancel_run(run)
    sweep()
    assert calls("answer") == [None]


def test_a_failed_items_answer_is_kept_for_a_week() -> None:
    paid_run()
    [job] = reserved()
    unpublished(job)
    GenerationItem.objects.update(state="failed", finished_at=timezone.now() - timedelta(days=6))
    sweep()
    assert calls("answer") == [NEW]
    GenerationItem.objects.update(finished_at=timezone.now() - timedelta(days=8))
    sweep()
    assert calls("answer") == [None]


def test_a_text_that_cannot_be_stored_costs_what_it_cost() -> None:
    run = paid_run()
    [job] = reserved()
    bad = good(job)
    assert bad.call is not None
    settle([replace(bad, state="failed", code="not_storable", text=None)])
    assert money(run) == (0, 80)
