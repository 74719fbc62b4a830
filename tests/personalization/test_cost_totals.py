"""Daily sums: a trigger adds what is settled, the sweep folds, and totals say the same before and after."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from courses.models import Course
from personalization.costs.totals import (
    Spent,
    by_course,
    by_day,
    by_model,
    by_month,
    dearest_runs,
    known_models,
    months_later,
    of_course,
    of_learner,
    this_month,
)
from personalization.models import DailyCost, GenerationItem, ModelCall, Profile
from personalization.services.costs import MOST_ROWS, fold_costs
from personalization.services.sweep import sweep
from tests.builders import make_call, make_item, make_learner, make_lesson, make_run

pytestmark = pytest.mark.django_db


def made_item(learner: Profile | None = None, **fields: Any) -> GenerationItem:
    lesson = make_lesson()
    learner = learner or make_learner(course=lesson.course)
    return make_item(make_run(), learner, lesson, state="done", **fields)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def whole() -> Spent:
    return by_month(this_month(), 1)[this_month()]


# --- the trigger ---


def test_a_settled_call_is_added_once() -> None:
    item = made_item()
    call = make_call(item, state="reserved")
    assert not DailyCost.objects.exists()
    settled = {"state": "ok", "actual_micro": 7, "input_tokens": 5, "cached_tokens": 3, "output_tokens": 2}
    ModelCall.objects.filter(pk=call.pk).update(finished_at=timezone.now(), answer={"a": 1}, **settled)
    ModelCall.objects.filter(pk=call.pk).update(answer=None)
    ModelCall.objects.filter(pk=call.pk).update(state="bad")
    [row] = DailyCost.objects.all()
    assert (row.day, row.course_id, row.model) == (
        timezone.now().astimezone(UTC).date(),
        item.lesson.course_id,
        "gpt-4.1-mini",
    )
    assert whole() == Spent(1, 1, 5, 3, 2, 7)


def test_a_call_counts_on_the_day_of_utc_when_it_ended() -> None:
    make_call(started_at=at("2026-10-31T23:59:00"), finished_at=at("2026-11-01T00:00:30"), actual_micro=5)
    make_call(finished_at=at("2026-10-31T23:59:59"), actual_micro=3)
    months = by_month(date(2026, 11, 1), 2)
    assert {month: spent.micro for month, spent in months.items()} == {
        date(2026, 10, 1): 3,
        date(2026, 11, 1): 5,
    }


def test_calls_that_failed_cost_too() -> None:
    for state in ("ok", "bad", "error", "unknown"):
        make_call(state=state, actual_micro=10)
    assert (whole().calls, whole().good_calls, whole().micro) == (4, 1, 40)


def test_the_simple_writer_is_not_in_the_sums() -> None:
    make_call(made_item(), model="", actual_micro=0)
    assert not DailyCost.objects.exists()


def test_what_a_deleted_course_cost_stays() -> None:
    item = made_item()
    make_call(item, actual_micro=10)
    make_call(None, actual_micro=5)
    course = item.lesson.course_id
    Course.objects.filter(pk=course).delete()
    assert ModelCall.objects.filter(item=None).count() == 2
    assert [(found.slug, found.course_id, found.spent.micro) for found in by_course(this_month())] == [
        ("", course, 10),
        ("", None, 5),
    ]
    assert of_course(course).micro == 10


# --- folding ---


def test_folding_changes_no_sum() -> None:
    items = [made_item(), made_item()]
    for number in range(2 * (MOST_ROWS + 1)):
        make_call(items[number % 2], actual_micro=number, state="ok" if number % 3 else "bad")
    make_call(items[0], model="other", actual_micro=1)
    before = whole(), by_course(this_month()), by_model(this_month())
    assert fold_costs() == 2
    assert DailyCost.objects.count() == 3
    assert (whole(), by_course(this_month()), by_model(this_month())) == before
    assert fold_costs() == 0


def test_rows_without_a_course_are_folded_too() -> None:
    for _ in range(MOST_ROWS + 1):
        make_call(None)
    assert fold_costs() == 1
    assert whole().calls == MOST_ROWS + 1


def test_a_handful_of_rows_is_left_alone() -> None:
    for _ in range(MOST_ROWS):
        make_call(None)
    assert fold_costs() == 0


# --- totals ---


def test_months_without_a_call_are_there() -> None:
    make_call(finished_at=at("2026-01-15T12:00:00"), actual_micro=9)
    months = by_month(date(2026, 3, 1), 4)
    assert list(months) == [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]
    assert [spent.micro for spent in months.values()] == [0, 9, 0, 0]


@pytest.mark.parametrize(
    ("month", "months", "expected"),
    [
        (date(2026, 1, 1), -1, date(2025, 12, 1)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 3, 1), -15, date(2024, 12, 1)),
    ],
)
def test_months_are_counted_over_years(month: date, months: int, expected: date) -> None:
    assert months_later(month, months) == expected


def test_days_of_a_past_month_go_to_its_end() -> None:
    make_call(finished_at=at("2024-02-29T12:00:00"), actual_micro=9)
    days = by_day(date(2024, 2, 1))
    assert len(days) == 29
    assert days[date(2024, 2, 29)].micro == 9


def test_days_of_this_month_go_to_today() -> None:
    today = timezone.now().astimezone(UTC).date()
    assert list(by_day(this_month()))[-1] == today
    assert len(by_day(months_later(this_month(), 1))) >= 28


def test_a_course_is_told_from_others() -> None:
    first, second = made_item(), made_item()
    make_call(first, actual_micro=10)
    make_call(second, actual_micro=20)
    make_call(second, actual_micro=1, model="other")
    course = second.lesson.course_id
    assert [found.spent.micro for found in by_course(this_month())] == [21, 10]
    assert by_month(this_month(), 1, course)[this_month()].micro == 21
    assert [(model, spent.micro) for model, spent in by_model(this_month(), course)] == [
        ("gpt-4.1-mini", 20),
        ("other", 1),
    ]
    assert sum(spent.micro for spent in by_day(this_month(), course).values()) == 21
    assert of_course(course).micro == 21
    assert known_models() == ["gpt-4.1-mini", "other"]


def test_a_learners_total_is_of_settled_calls_alone() -> None:
    item = made_item()
    make_call(item, actual_micro=10, input_tokens=8, cached_tokens=4, output_tokens=2)
    make_call(item, actual_micro=5, state="bad", input_tokens=8, cached_tokens=4, output_tokens=2)
    make_call(item, state="reserved")
    make_call(item, model="", actual_micro=0)
    make_call(made_item(), actual_micro=100)
    spent = of_learner(item.learner.pk)
    assert spent == Spent(2, 1, 16, 8, 4, 15)
    assert spent.cached_percent == 50


def test_nothing_was_spent() -> None:
    assert of_learner(make_learner().pk) == Spent()
    assert of_course(make_lesson().course.pk) == Spent()
    for found in (by_course(this_month()), by_model(this_month()), dearest_runs(this_month())):
        assert len(found) == 0


def test_the_dearest_runs_of_a_month() -> None:
    cheap, dear = make_run(calls=1, spent_micro=5), make_run(calls=1, spent_micro=50)
    make_run(calls=0)
    old = make_run(calls=1, spent_micro=500)
    type(old).objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=40))
    assert dearest_runs(this_month()) == [dear, cheap]


def test_the_sweep_folds() -> None:
    for _ in range(MOST_ROWS + 1):
        make_call(None)
    sweep()
    assert DailyCost.objects.count() == 1
