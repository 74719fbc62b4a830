"""What a person may do with a run: start, ask again, pause, resume, cancel, retry."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from courses.models import Course
from personalization.errors import PlanRefused
from personalization.models import GenerationItem, GenerationRun
from personalization.pairs import Selection
from personalization.queries import preview, progress
from personalization.services import queue
from personalization.services.runs import (
    PAUSED_BY_HAND,
    cancel_run,
    pause_run,
    resume_run,
    retry_failed,
    start_run,
)
from personalization.services.sweep import close_ended, sweep
from tests.builders import make_course, make_learner, make_lesson, make_staff
from tests.threads import until_it_waits_for_me


@pytest.fixture
def course(db: None) -> Course:
    course = make_course()
    for number in (1, 2, 3):
        make_lesson(course, number)
    for _ in range(4):
        make_learner(course=course)
    return course


def start(**selection: Any) -> Any:
    return start_run(selection=Selection(**selection), backend="simple")


def test_a_run_has_an_item_for_each_learner_and_lesson_of_their_course(course: Course) -> None:
    other = make_course()
    make_lesson(other)
    make_learner(course=other)
    make_learner(course=None)
    started = start()
    assert (started.asked, started.coalesced) == (4 * 3 + 1, 0)
    assert GenerationItem.objects.filter(run=started.run).count() == 13


def test_items_are_ordered_lesson_by_lesson(course: Course) -> None:
    start()
    numbers = list(GenerationItem.objects.order_by("id").values_list("lesson__lesson_number", flat=True))
    assert numbers == sorted(numbers)


def test_a_selection_narrows_it_down(course: Course) -> None:
    learner = make_learner(course=course)
    assert start(profiles=(learner.pk,), lessons=(1, 3)).asked == 2
    assert start(course=course.pk, limit=5).asked == 5, "lesson 1 of five learners"


def test_asking_again_takes_over_what_still_waits(course: Course) -> None:
    first = start()
    second = start_run(selection=Selection(), backend="simple", force=True)
    assert (second.asked, second.coalesced) == (first.asked, 0)
    assert GenerationItem.objects.filter(run=second.run).count() == first.asked, "and no second item is made"


def test_asking_again_while_running_means_once_more_and_no_second_item(course: Course) -> None:
    first = start()
    claimed = queue.claim(100, worker="test", lease=30)
    second = start()
    assert (second.asked, second.coalesced) == (0, first.asked)
    assert set(GenerationItem.objects.values_list("wanted_rev", flat=True)) == {2}
    sweep()
    second.run.refresh_from_db()
    assert second.run.state == "open"
    assert "another run" in second.run.note
    assert len(claimed) == first.asked


def test_asking_again_after_a_cancel_begins_anew(course: Course) -> None:
    first = start()
    queue.claim(5, worker="test", lease=30)
    cancel_run(first.run)
    second = start()
    assert (second.asked, second.coalesced) == (first.asked, 0)
    assert progress(first.run.pk).counts == {"cancelled": first.asked}
    assert progress(second.run.pk).counts == {"queued": first.asked}


def test_a_paused_run_does_not_keep_what_a_newer_ask_wants(course: Course) -> None:
    pause_run(start().run)
    start()
    assert len(queue.claim(100, worker="test", lease=30)) == 12


@pytest.mark.usefixtures("transactional_db")
def test_a_run_that_a_retry_refills_is_not_closed() -> None:
    """The sweep waits for the retry, or the retry for the sweep: in both orders the items can be claimed."""
    course = make_course()
    make_lesson(course)
    make_learner(course=course)
    run = start().run
    for _ in range(20):
        GenerationItem.objects.update(state="failed", finished_at=timezone.now(), error_code="refusal")
        threads = [
            threading.Thread(target=closed_after(work)) for work in (close_ended, lambda: retry_failed(run))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert progress(run.pk).state == "open"
        assert progress(run.pk).counts == {"queued": 1}


def closed_after(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    return run


@pytest.mark.usefixtures("transactional_db")
def test_many_asks_at_once_neither_deadlock_nor_double() -> None:
    course = make_course()
    for number in range(1, 7):
        make_lesson(course, number)
    learners = [make_learner(course=course) for _ in range(6)]
    failures: list[Exception] = []

    def ask(shift: int) -> None:
        try:
            turned = learners[shift:] + learners[:shift]
            start(profiles=tuple(learner.pk for learner in turned))
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(number % 6,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert GenerationItem.objects.count() == 36


def test_nothing_to_write_is_refused_and_nothing_is_stored(db: None) -> None:
    make_learner(course=None)
    with pytest.raises(PlanRefused, match="no learner"):
        start()
    assert not GenerationRun.objects.exists()


def test_the_model_needs_a_key(course: Course) -> None:
    with pytest.raises(PlanRefused, match="OPENAI_API_KEY"):
        start_run(selection=Selection(), backend="openai")
    with pytest.raises(PlanRefused, match="parrot"):
        start_run(selection=Selection(), backend="parrot")


def test_the_same_key_gives_the_same_run(course: Course) -> None:
    anna: User = make_staff("anna")
    boris: User = make_staff("boris")

    def ask(user: User | None, *, force: bool = False) -> GenerationRun:
        return start_run(
            selection=Selection(), backend="simple", force=force, requested_by=user, idempotency_key="k-1"
        ).run

    run = ask(anna)
    assert ask(anna) == run
    assert ask(boris) != run
    assert set(GenerationItem.objects.values_list("wanted_rev", flat=True)) == {2}, (
        "anna's second click asks nothing"
    )
    assert ask(None) == ask(None)
    with pytest.raises(PlanRefused, match="another request"):
        ask(anna, force=True)


def test_pause_and_resume(course: Course) -> None:
    run = start().run
    assert pause_run(run) is True
    assert pause_run(run) is False
    assert progress(run.pk).state == "paused"
    assert resume_run(run) is True
    assert resume_run(run) is False
    assert progress(run.pk).note == ""


def test_a_cancelled_run_stays_cancelled(course: Course) -> None:
    run = start().run
    assert cancel_run(run) is True
    assert resume_run(run) is False
    assert progress(run.pk).counts == {"cancelled": 12}


def test_failed_items_are_queued_again_unless_another_run_has_them(course: Course) -> None:
    run = start().run
    GenerationItem.objects.update(
        state="failed", finished_at=timezone.now(), error_code="refusal", attempts=6
    )
    GenerationRun.objects.update(state="closed", closed_at=timezone.now())
    assert start(lessons=(1,)).asked == 4

    assert retry_failed(run) == 8
    run.refresh_from_db()
    assert (run.state, run.closed_at) == ("open", None)
    assert progress(run.pk).counts == {"failed": 4, "queued": 8}
    assert retry_failed(run) == 0


def test_progress_counts_errors_by_kind(course: Course) -> None:
    run = start().run
    ids = list(GenerationItem.objects.values_list("pk", flat=True))
    GenerationItem.objects.filter(pk__in=ids[:3]).update(
        state="failed", finished_at=timezone.now(), error_code="refusal", error_message="refused"
    )
    now = progress(run.pk)
    assert (now.total, now.ended) == (12, 3)
    assert [(kind.code, kind.count) for kind in now.errors] == [("refusal", 3)]
    assert now.rate == pytest.approx(3.0)
    assert now.seconds_left == pytest.approx(3.0)


def test_the_preview_counts_what_a_run_would_do(course: Course) -> None:
    make_learner(course=course, survey={})
    seen = preview(Selection(), "simple")
    assert (seen.learners, seen.lessons, seen.total) == (5, 3, 15)
    assert seen.by_verdict == {"write": 12, "no_survey": 3}
    start(lessons=(1,))
    assert preview(Selection(), "simple").being_written == 0, "what only waits goes over to the next ask"
    queue.claim(3, worker="test", lease=30)
    assert preview(Selection(), "simple").being_written == 3


def test_a_retry_in_a_cancelled_run_changes_nothing(course: Course) -> None:
    run = start().run
    GenerationItem.objects.update(state="failed", finished_at=timezone.now(), error_code="refusal")
    cancel_run(run)
    assert retry_failed(run) == 0
    assert set(GenerationItem.objects.values_list("state", "error_code")) == {("failed", "refusal")}


def test_a_retry_leaves_a_run_paused_that_a_person_has_paused(course: Course) -> None:
    run = start().run
    GenerationItem.objects.filter(lesson__lesson_number=1).update(
        state="failed", finished_at=timezone.now(), error_code="refusal"
    )
    pause_run(run)
    assert retry_failed(run) == 4
    run.refresh_from_db()
    assert (run.state, run.note) == ("paused", PAUSED_BY_HAND)
    GenerationRun.objects.update(note="the key was refused")
    GenerationItem.objects.update(state="failed", finished_at=timezone.now())
    assert retry_failed(run) == 12
    run.refresh_from_db()
    assert (run.state, run.note) == ("open", "")


@pytest.mark.usefixtures("transactional_db")
def test_a_retry_gives_way_to_a_plan_that_is_not_committed_yet() -> None:
    course = make_course()
    make_lesson(course)
    make_learner(course=course)
    run = start().run
    GenerationItem.objects.update(state="failed", finished_at=timezone.now(), error_code="refusal")
    GenerationRun.objects.update(state="closed", closed_at=timezone.now())
    retried: list[int] = []

    def retry() -> None:
        try:
            retried.append(retry_failed(run))
        finally:
            connection.close()

    thread = threading.Thread(target=retry)
    with transaction.atomic():
        second = start().run
        thread.start()
        until_it_waits_for_me(thread)
    thread.join()
    assert retried == [0]
    assert progress(run.pk).counts == {"failed": 1}
    assert progress(second.pk).counts == {"queued": 1}
