"""What was spent: by month, day, course and model, from the daily sums; of one learner, from the ledger.

Days and months are those of UTC, by which providers write their bills. What is under way is not in any of
these sums: it is reserved, not spent.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from courses.models import Course
from personalization.models import DailyCost, GenerationRun

MOST_RUNS = 10


@dataclass(frozen=True, slots=True)
class Spent:
    """Sums over settled calls; `good_calls` had an answer that could be used."""

    calls: int = 0
    good_calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    micro: int = 0

    @property
    def cached_percent(self) -> int:
        return 100 * self.cached_tokens // self.input_tokens if self.input_tokens else 0


@dataclass(frozen=True, slots=True)
class OfCourse:
    """`slug` and `title` are empty where the course is gone, and where nobody can tell which it was."""

    slug: str
    title: str
    course_id: UUID | None
    spent: Spent


_SUMS = """coalesce(sum(calls), 0)::bigint, coalesce(sum(good_calls), 0)::bigint,
    coalesce(sum(input_tokens), 0)::bigint, coalesce(sum(cached_tokens), 0)::bigint,
    coalesce(sum(output_tokens), 0)::bigint, coalesce(sum(micro), 0)::bigint"""
_WHERE = """ FROM daily_costs WHERE day >= %(first)s AND day < %(after)s
    AND (%(course)s::uuid IS NULL OR course_id = %(course)s::uuid)"""


def this_month() -> date:
    """The first of the month, in UTC."""
    return datetime.now(UTC).date().replace(day=1)


def month_of(text: str) -> date:
    """The first of "2026-11". Raises ValueError for what is no such month of these centuries."""
    if len(text) != len("2026-11") or not "2000" <= text[:4] < "3000":
        raise ValueError
    return date.fromisoformat(f"{text}-01")


def months_later(month: date, months: int) -> date:
    """The first of the month so many months later, or earlier."""
    count = month.year * 12 + month.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def by_month(until: date, months: int, course: UUID | None = None) -> dict[date, Spent]:
    """Each of the months that end with the one of `until`, those without a call too, oldest first."""
    first, last = months_later(until, 1 - months), until.replace(day=1)
    sql = f"SELECT date_trunc('month', day)::date, {_SUMS} {_WHERE} GROUP BY 1"
    found = {row[0]: Spent(*row[1:]) for row in _rows(sql, first, months_later(last, 1), course)}
    every = [months_later(first, number) for number in range(months)]
    return {month: found.get(month, Spent()) for month in every}


def by_day(month: date, course: UUID | None = None) -> dict[date, Spent]:
    """Each day of the month; of this month until today."""
    after = months_later(month, 1)
    sql = f"SELECT day, {_SUMS} {_WHERE} GROUP BY 1"
    found = {row[0]: Spent(*row[1:]) for row in _rows(sql, month, after, course)}
    today, end = datetime.now(UTC).date(), date.fromordinal(after.toordinal() - 1)
    last = max([today if month <= today < after else end, *found])
    days = [date.fromordinal(day) for day in range(month.toordinal(), last.toordinal() + 1)]
    return {day: found.get(day, Spent()) for day in days}


def by_course(month: date, course: UUID | None = None) -> list[OfCourse]:
    """The courses that the month's calls were for, the dearest first."""
    sql = f"SELECT course_id, {_SUMS} {_WHERE} GROUP BY 1 ORDER BY 7 DESC, 2 DESC, 1"
    rows = _rows(sql, month, months_later(month, 1), course)
    names = {
        pk: (slug, title)
        for pk, slug, title in Course.objects.filter(pk__in=[row[0] for row in rows if row[0]]).values_list(
            "pk", "slug", "title"
        )
    }
    return [OfCourse(*names.get(row[0], ("", "")), row[0], Spent(*row[1:])) for row in rows]


def by_model(month: date, course: UUID | None = None) -> list[tuple[str, Spent]]:
    """The models that were called in the month, the dearest first."""
    sql = f"SELECT model, {_SUMS} {_WHERE} GROUP BY 1 ORDER BY 7 DESC, 2 DESC, 1"
    return [(row[0], Spent(*row[1:])) for row in _rows(sql, month, months_later(month, 1), course)]


def dearest_runs(month: date) -> list[GenerationRun]:
    """Runs that were started in the month and have spent something, the dearest first."""
    begin, end = (datetime(day.year, day.month, 1, tzinfo=UTC) for day in (month, months_later(month, 1)))
    runs = GenerationRun.objects.filter(created_at__gte=begin, created_at__lt=end, calls__gt=0)
    shown = ("created_at", "spent_micro", "estimate_micro", "budget_micro", "calls", "course__title", "kind")
    return list(runs.select_related("course").only(*shown).order_by("-spent_micro")[:MOST_RUNS])


def of_course(course: UUID) -> Spent:
    """Since the beginning."""
    return _one(f"SELECT {_SUMS} FROM daily_costs WHERE course_id = %s", [course])  # noqa: S608


def of_learner(profile: UUID) -> Spent:
    """Since the beginning, for the lessons that still exist: with a lesson its items go, and nothing says any
    more whose its calls were. A learner has some dozens of calls."""
    return _one(
        """SELECT count(*), count(*) FILTER (WHERE call.state = 'ok'), coalesce(sum(call.input_tokens), 0),
                  coalesce(sum(call.cached_tokens), 0), coalesce(sum(call.output_tokens), 0),
                  coalesce(sum(call.actual_micro), 0)::bigint
           FROM generation_items item JOIN model_calls call ON call.item_id = item.id
           WHERE item.profile_id = %s AND call.state <> 'reserved' AND call.model <> ''
             AND call.error_code <> 'unsent'""",
        [profile],
    )


def known_models() -> list[str]:
    """Of all calls that were ever settled."""
    models = DailyCost.objects.order_by("model").values_list("model", flat=True).distinct()
    return list(models)


def _one(sql: str, values: list[Any]) -> Spent:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return Spent(*cursor.fetchone())


def _rows(sql: str, first: date, after: date, course: UUID | None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"first": first, "after": after, "course": course})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
