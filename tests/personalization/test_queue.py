"""Claim, lease, fence and settle: the statements that keep a text from being lost or written twice."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from personalization.models import GenerationItem, GenerationRun, PersonalizedLessonDescription
from personalization.services import queue
from personalization.services.queue import Claim, Outcome, Settled, Text
from personalization.services.runs import cancel_run
from personalization.services.sweep import sweep
from tests.builders import (
    PERSONAL_TEXT,
    make_course,
    make_item,
    make_learner,
    make_lesson,
    make_run,
    make_text,
)

NEW = {**PERSONAL_TEXT, "why_watch": "Новый текст."}
TEXT = Text(content=NEW, origin="openai", model="m-1", prompt_version="p-1", fingerprint="f-1")


def make_items(count: int, **fields: Any) -> list[GenerationItem]:
    course = make_course()
    run, lesson = make_run(), make_lesson(course)
    return [make_item(run, make_learner(course=course), lesson, **fields) for _ in range(count)]


def claim(limit: int = 10, *, lease: float = 30) -> list[Claim]:
    return queue.claim(limit, worker="test", lease=lease)


def expire(item: GenerationItem) -> None:
    GenerationItem.objects.filter(pk=item.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def text_of(item: GenerationItem) -> Any:
    return PersonalizedLessonDescription.objects.get(profile=item.profile_id, lesson=item.lesson_id)


@pytest.mark.django_db
def test_a_claim_takes_due_items_in_order_and_counts_the_attempt() -> None:
    first, second, third = make_items(3)
    GenerationItem.objects.filter(pk=first.pk).update(available_at=timezone.now() + timedelta(minutes=1))
    GenerationItem.objects.filter(pk=third.pk).update(priority=1)

    assert [c.id for c in claim()] == sorted([second.pk, third.pk])
    third.refresh_from_db()
    assert (third.state, third.attempts, third.leased_by, third.claimed_rev) == ("running", 1, "test", 1)
    assert claim() == []


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["paused", "cancelled", "closed"])
def test_only_open_runs_are_worked_on(state: str) -> None:
    make_items(1)
    GenerationRun.objects.update(state=state)
    assert claim() == []


@pytest.mark.usefixtures("transactional_db")
def test_many_claimers_never_share_an_item() -> None:
    items = make_items(40)
    claimed: list[int] = []
    lock = threading.Lock()

    def work() -> None:
        try:
            while got := claim(3):
                with lock:
                    claimed.extend(c.id for c in got)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [item.pk for item in items]


@pytest.mark.django_db
def test_settling_publishes_the_text_with_its_provenance() -> None:
    (item,) = make_items(1)
    (mine,) = claim()

    assert queue.settle([Outcome(mine, "done", text=TEXT)]).mine == {mine}
    item.refresh_from_db()
    assert (item.state, item.fingerprint, item.lease_token) == ("done", "f-1", None)
    text = text_of(item)
    assert (text.content, text.origin, text.model, text.prompt_version) == (NEW, "openai", "m-1", "p-1")
    assert text.generated_at is not None


@pytest.mark.django_db
def test_a_worker_that_lost_its_lease_changes_nothing() -> None:
    (item,) = make_items(1)
    (late,) = claim()
    expire(item)
    assert sweep().requeued == 1
    (successor,) = claim()
    queue.settle([Outcome(successor, "done", text=TEXT)])

    stale = replace(TEXT, content={"why_watch": "zombie"})
    assert queue.settle([Outcome(late, "done", text=stale)]).mine == set()
    assert queue.settle([Outcome(late, "failed", "x", "y")]).mine == set()
    assert queue.heartbeat([late], lease=30) == set()
    assert text_of(item).content == NEW
    item.refresh_from_db()
    assert item.state == "done"


@pytest.mark.django_db
def test_a_late_result_does_not_end_the_attempt_of_who_has_the_item_now() -> None:
    (item,) = make_items(1)
    (late,) = claim()
    expire(item)
    sweep()
    (successor,) = claim()
    assert queue.settle([Outcome(late, "done", text=TEXT)]) == Settled(mine=set(), busy=set())
    item.refresh_from_db()
    assert (item.state, item.lease_token) == ("running", successor.token)
    assert not PersonalizedLessonDescription.objects.exists()


@pytest.mark.django_db
def test_the_old_text_stays_until_the_new_one_is_published() -> None:
    (item,) = make_items(1)
    make_text(item.learner, item.lesson, {"why_watch": "old"}, origin="import")
    (mine,) = claim()
    assert text_of(item).content == {"why_watch": "old"}
    queue.settle([Outcome(mine, "failed", "refusal", "the model refused to answer")])
    assert text_of(item).content == {"why_watch": "old"}


@pytest.mark.django_db
def test_a_text_that_an_editor_locked_meanwhile_is_left_alone() -> None:
    (item,) = make_items(1)
    (mine,) = claim()
    make_text(item.learner, item.lesson, {"why_watch": "edited"}, edited_at=timezone.now())

    queue.settle([Outcome(mine, "done", text=TEXT)])
    item.refresh_from_db()
    assert (item.state, item.error_code) == ("skipped", "locked")
    assert "editor" in item.error_message
    assert item.fingerprint is None, "nothing was written"
    assert text_of(item).content == {"why_watch": "edited"}


@pytest.mark.django_db
def test_a_retry_waits_and_the_last_attempt_fails() -> None:
    (item,) = make_items(1, max_attempts=2)
    for attempt, state in ((1, "queued"), (2, "failed")):
        GenerationItem.objects.update(available_at=timezone.now())
        (mine,) = claim()
        queue.settle([Outcome(mine, "retry", "timeout", "too slow", delay=60)])
        item.refresh_from_db()
        assert (item.state, item.attempts, item.error_code) == (state, attempt, "timeout")
    assert item.finished_at is not None


@pytest.mark.django_db
def test_an_attempt_that_was_not_the_items_fault_is_given_back() -> None:
    (item,) = make_items(1, max_attempts=1)
    (mine,) = claim()
    queue.settle([Outcome(mine, "retry", "http_401", "key refused", give_back=True)])
    item.refresh_from_db()
    assert (item.state, item.attempts) == ("queued", 0)


@pytest.mark.django_db
def test_being_asked_again_while_running_means_once_more() -> None:
    (item,) = make_items(1)
    (mine,) = claim()
    GenerationItem.objects.update(wanted_rev=2)
    queue.settle([Outcome(mine, "done", text=TEXT)])
    item.refresh_from_db()
    assert (item.state, item.attempts) == ("queued", 0)
    assert text_of(item).content == NEW


@pytest.mark.django_db
def test_being_asked_again_during_the_last_attempt_means_once_more() -> None:
    (item,) = make_items(1, max_attempts=1)
    (mine,) = claim()
    GenerationItem.objects.update(wanted_rev=2)
    queue.settle([Outcome(mine, "retry", "timeout", "too slow")])
    item.refresh_from_db()
    assert (item.state, item.attempts) == ("queued", 0)


@pytest.mark.usefixtures("transactional_db")
def test_a_claim_that_a_cancel_missed_publishes_nothing() -> None:
    """A claim may commit between the cancel's statements: then only the run says that it is cancelled."""
    (item,) = make_items(1)
    (mine,) = claim()
    GenerationRun.objects.update(state="cancelled")
    queue.settle([Outcome(mine, "done", text=TEXT)])
    item.refresh_from_db()
    assert item.state == "cancelled"
    assert not PersonalizedLessonDescription.objects.exists()


@pytest.mark.django_db
def test_no_text_appears_after_a_cancel() -> None:
    running, waiting = make_items(2)
    (mine,) = claim(1)
    assert cancel_run(running.run) is True
    assert queue.heartbeat([mine], lease=30) == set()

    queue.settle([Outcome(mine, "done", text=TEXT)])
    assert set(GenerationItem.objects.values_list("state", flat=True)) == {"cancelled"}
    assert not PersonalizedLessonDescription.objects.exists()
    assert cancel_run(waiting.run) is False


@pytest.mark.django_db
def test_a_heartbeat_keeps_the_lease() -> None:
    (item,) = make_items(1)
    (mine,) = claim(lease=1)
    before = GenerationItem.objects.get().lease_until
    assert queue.heartbeat([mine], lease=60) == {item.pk}
    after = GenerationItem.objects.get().lease_until
    assert before is not None
    assert after is not None
    assert (after - before).total_seconds() > 50


@pytest.mark.django_db
def test_the_fence_is_what_stops_a_zombie(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant without a fence writes twice: so the tests above can fail."""
    (item,) = make_items(1)
    (late,) = claim()
    expire(item)
    sweep()
    claim()
    monkeypatch.setattr(queue, "SETTLE", queue.SETTLE.replace("AND item.lease_token = given.token", ""))
    assert queue.settle([Outcome(late, "done", text=TEXT)]).mine == {late}
