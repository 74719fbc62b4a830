"""How many items are in which state is counted by triggers: always what counting them would give."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from personalization.errors import Permanent, Transient
from personalization.models import GenerationItem, GenerationRun, ItemCount
from personalization.pairs import Selection
from personalization.queries import item_counts, progress
from personalization.services.runs import cancel_run, retry_failed, start_run
from personalization.services.sweep import sweep
from personalization.services.work import failed
from tests.builders import make_course, make_item, make_learner, make_lesson, make_run
from tests.personalization.paid_work import good, paid_run, reserved, settle

pytestmark = pytest.mark.django_db


def counted(run: GenerationRun) -> dict[str, int]:
    return dict(Counter(GenerationItem.objects.filter(run=run).values_list("state", flat=True)))


def rows() -> int:
    return ItemCount.objects.count()


def test_whatever_happens_to_items_the_counts_are_theirs() -> None:
    dice = random.Random(5)
    run = paid_run(30)
    for _ in range(6):
        ready = reserved(8)
        ends = [
            good(job) if dice.random() < 0.5 else failed(job, Permanent("refusal", "x"), base_pause=0)
            for job in ready[:5]
        ]
        settle([*ends, *(failed(job, Transient("timeout", "x"), base_pause=0) for job in ready[5:])])
        assert progress(run.pk).counts == counted(run)
        GenerationItem.objects.filter(state="queued").update(available_at=timezone.now() - timedelta(1))
        if dice.random() < 0.5:
            sweep()
            assert progress(run.pk).counts == counted(run)
    retry_failed(run)
    assert progress(run.pk).counts == counted(run)
    cancel_run(run)
    assert progress(run.pk).counts == counted(run)


def test_items_that_go_over_to_another_run_are_counted_there() -> None:
    course = make_course()
    make_lesson(course)
    for _ in range(3):
        make_learner(course=course)
    first = start_run(selection=Selection(), backend="simple").run
    second = start_run(selection=Selection(limit=2), backend="simple").run
    assert progress(first.pk).counts == {"queued": 1}
    assert progress(second.pk).counts == {"queued": 2}


def test_items_of_a_deleted_learner_are_not_counted() -> None:
    course = make_course()
    lesson, run = make_lesson(course), make_run()
    gone, stays = make_learner(course=course), make_learner(course=course)
    for learner in (gone, stays):
        make_item(run, learner, lesson)
    gone.delete()
    assert progress(run.pk).counts == {"queued": 1}


def test_raw_statements_cannot_forget_them() -> None:
    run = paid_run(4)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE generation_items SET state = 'skipped', error_code = 'x', finished_at = now()")
        assert progress(run.pk).counts == {"skipped": 4}
        cursor.execute("DELETE FROM generation_items")
    assert progress(run.pk).counts == {}


def test_a_sweep_folds_the_counts_of_a_run_that_has_many() -> None:
    run = paid_run(1)
    for turn in range(50):
        GenerationItem.objects.update(error_code=f"code {turn % 2}")
    before = rows()
    sweep()
    assert before > 40
    assert rows() == 1
    assert progress(run.pk).counts == {"queued": 1}
    assert [(kind.code, kind.count) for kind in progress(run.pk).errors] == [("code 1", 1)]


def test_a_few_counts_are_not_worth_folding() -> None:
    paid_run(3)
    before = rows()
    sweep()
    assert rows() == before > 1


def test_the_counts_of_a_run_that_is_gone_go_too() -> None:
    paid_run(2).delete()
    other = paid_run(1)
    assert rows() > 1
    sweep()
    assert set(ItemCount.objects.values_list("run_id", flat=True)) == {other.pk}


def test_the_counts_of_a_page_of_runs_are_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    first, second, empty = paid_run(2), paid_run(1), make_run()
    with django_assert_num_queries(1):
        assert item_counts([first.pk, second.pk, empty.pk]) == {
            first.pk: {"queued": 2},
            second.pk: {"queued": 1},
            empty.pk: {},
        }


def test_an_example_for_each_kind_of_error() -> None:
    run = paid_run(5)
    items = list(GenerationItem.objects.order_by("pk"))
    now = timezone.now()
    for item, (state, code, message) in zip(
        items,
        [
            ("failed", "refusal", "b"),
            ("failed", "refusal", "a"),
            ("skipped", "locked", "c"),
            ("queued", "timeout", "d"),
            ("done", "", ""),
        ],
        strict=True,
    ):
        ended = None if state == "queued" else now
        GenerationItem.objects.filter(pk=item.pk).update(
            state=state, error_code=code, error_message=message, finished_at=ended
        )
    assert [(kind.state, kind.code, kind.count, kind.message) for kind in progress(run.pk).errors] == [
        ("failed", "refusal", 2, "a"),
        ("skipped", "locked", 1, "c"),
        ("queued", "timeout", 1, "d"),
    ]


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    run = paid_run(12)
    now = timezone.now()
    items = list(GenerationItem.objects.values_list("pk", flat=True))
    GenerationItem.objects.filter(pk__in=items[:6]).update(
        state="done", finished_at=now - timedelta(seconds=20)
    )
    GenerationItem.objects.filter(pk__in=items[6:8]).update(
        state="done", finished_at=now - timedelta(hours=1)
    )
    assert progress(run.pk).rate == pytest.approx(6 / 20, rel=0.05)


def test_what_is_unchanged_says_nothing_of_the_time_that_writing_takes() -> None:
    run = paid_run(12)
    run.options["to_write"] = 4
    run.save(update_fields=["options"])
    items = list(GenerationItem.objects.values_list("pk", flat=True))
    ended = {"finished_at": timezone.now() - timedelta(seconds=20)}
    GenerationItem.objects.filter(pk__in=items[:6]).update(state="unchanged", **ended)
    assert progress(run.pk).seconds_left is None, "nobody knows yet"
    GenerationItem.objects.filter(pk=items[6]).update(state="done", **ended)
    GenerationItem.objects.filter(pk=items[7]).update(state="failed", **ended)
    now = progress(run.pk)
    assert now.rate == pytest.approx(8 / 20, rel=0.05)
    assert now.pace == pytest.approx(2 / 20, rel=0.05)
    assert now.seconds_left == pytest.approx(20, rel=0.05), "two are left to write, and two are unchanged"


def test_once_all_is_written_the_rest_ends_at_the_pace_of_all() -> None:
    run = paid_run(12)
    run.options["to_write"] = 1
    run.save(update_fields=["options"])
    items = list(GenerationItem.objects.values_list("pk", flat=True))
    ended = {"finished_at": timezone.now() - timedelta(seconds=20)}
    GenerationItem.objects.filter(pk=items[0]).update(state="done", **ended)
    GenerationItem.objects.filter(pk__in=items[1:4]).update(state="skipped", **ended)
    assert progress(run.pk).seconds_left == pytest.approx(8 / (4 / 20), rel=0.05)
