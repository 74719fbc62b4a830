"""How a run went is counted once when it has ended, and again when it is no more what it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from personalization.models import GenerationItem, GenerationRun, KeptTimeline
from personalization.queries import progress
from personalization.run_report import Timeline, timeline
from personalization.services.sweep import sweep
from personalization.services.timelines import kept_timeline
from tests.builders import make_call, make_item, make_learner, make_lesson, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> GenerationRun:
    run, lesson = make_run(state="closed", closed_at=timezone.now()), make_lesson()
    for state in ("done", "failed"):
        item = make_item(run, make_learner(course=lesson.course), lesson, state=state)
        make_call(item, actual_micro=7)
    return run


@contextmanager
def counting() -> Iterator[list[str]]:
    """The statements that read items or calls."""
    read: list[str] = []

    def note(execute: Any, sql: Any, *rest: Any) -> Any:
        if "date_bin" in sql or "finished_at" in sql:
            read.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield read


def look(run: GenerationRun) -> tuple[Timeline | None, int]:
    """The timeline, and how many statements have counted."""
    run.refresh_from_db()
    now = progress(run.pk)
    with counting() as read:
        return kept_timeline(now, run.closed_at), len(read)


def test_the_second_look_reads_no_item_and_sees_the_same(run: GenerationRun) -> None:
    first, counted = look(run)
    assert first == timeline(run.pk)
    assert counted
    assert look(run) == (first, 0)


@pytest.mark.parametrize("change", ["retried", "erased", "settled"])
def test_a_run_that_is_not_what_it_was_is_counted_anew(run: GenerationRun, change: str) -> None:
    look(run)
    if change == "retried":
        GenerationItem.objects.filter(run=run, state="failed").update(finished_at=timezone.now())
        GenerationRun.objects.filter(pk=run.pk).update(closed_at=timezone.now())
    elif change == "erased":
        GenerationItem.objects.filter(run=run, state="done").delete()
    else:
        GenerationRun.objects.filter(pk=run.pk).update(spent_micro=99)
    again, counted = look(run)
    assert counted
    assert again == timeline(run.pk)
    assert KeptTimeline.objects.count() == 1


def test_where_nothing_ended_nothing_is_kept() -> None:
    run = make_run(state="cancelled")
    assert look(run)[0] is None
    assert not KeptTimeline.objects.exists()


def test_a_run_that_is_deleted_takes_it_along(run: GenerationRun) -> None:
    look(run)
    run.delete()
    assert not KeptTimeline.objects.exists()


def test_a_sweep_counts_a_run_that_has_just_ended_before_anybody_looks(run: GenerationRun) -> None:
    sweep()
    seen, statements = look(run)
    assert (seen and seen.cost_micro, statements) == (14, 0)


def test_what_is_kept_is_not_counted_with_every_sweep(run: GenerationRun) -> None:
    sweep()
    with counting() as read:
        sweep()
    assert not [sql for sql in read if "date_bin" in sql]


@pytest.mark.parametrize(
    "fields", [{"state": "open"}, {"closed_at": timezone.now() - timedelta(hours=2)}], ids=["goes on", "old"]
)
def test_others_are_left_to_who_looks(run: GenerationRun, fields: dict[str, Any]) -> None:
    make_item(run, make_learner(), make_lesson())
    GenerationRun.objects.update(**fields)
    sweep()
    assert not KeptTimeline.objects.exists()
