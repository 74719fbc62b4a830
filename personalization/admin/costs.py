"""The page of costs: months and days as bars, and who and what the money went to."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.dateformat import format as formatted
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.models import Course
from personalization.admin.charts import Bar, DrawnBar, drawn
from personalization.admin.heat_map_table import grouped
from personalization.costs.totals import (
    OfCourse,
    Spent,
    by_course,
    by_day,
    by_model,
    by_month,
    dearest_runs,
    month_of,
    months_later,
    this_month,
)
from personalization.models import GenerationRun
from personalization.pricing import money, price_table, unpriced

MONTHS = 12
EVERY = 5  # days between two labels


def costs_page(admin: "ModelAdmin[Any]", request: HttpRequest) -> HttpResponse:
    """Of the month and the course in the address; of this month, and of all courses, where it names none."""
    month = chosen_month(request.GET.get("month", ""))
    slug = request.GET.get("course", "")
    course = chosen_course(slug)
    if slug and course is None:
        messages.warning(request, _("There is no such course: these are the costs of all courses."))
    pk = course.pk if course else None
    months, days = by_month(max(month, this_month()), MONTHS, pk), by_day(month, pk)
    if month not in months:
        months = by_month(month, MONTHS, pk)
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Costs of {course}").format(course=course.title) if course else _("Costs"),
        "model_admin": admin,
        "course": course,
        "month": month,
        "spent": _row(months[month], months[month]),
        "figures": _figures(months, month),
        "months": _months(months, month, course),
        "days": _days(days),
        "highest_month": money(max(spent.micro for spent in months.values())),
        "highest_day": money(max(spent.micro for spent in days.values())),
        "courses": [
            (_course_name(found), found.slug, _row(found.spent, months[month]))
            for found in by_course(month, pk)
        ],
        "models": [(model, _row(spent, months[month])) for model, spent in by_model(month, pk)],
        "runs": [] if course else _runs(dearest_runs(month)),
        "prices": price_table(),
        "unpriced": unpriced(settings.OPENAI_MODEL) if settings.OPENAI_API_KEY else None,
        "ever": any(spent.calls for spent in months.values()),
    }
    return TemplateResponse(request, "admin/personalization/costs.html", context)


def costs_link(month: date | None = None, course: str = "") -> str:
    query = {"month": f"{month:%Y-%m}"} if month else {}
    query |= {"course": course} if course else {}
    address = reverse("admin:personalization_modelcall_costs")
    return f"{address}?{urlencode(query)}" if query else address


def chosen_course(slug: str) -> Course | None:
    """None where no course has it."""
    if "\x00" in slug:
        return None  # no text of the database has one
    return Course.objects.only("slug", "title").filter(slug=slug).first()


def chosen_month(text: str) -> date:
    """From "2026-11"; this month where it is none."""
    try:
        return month_of(text)
    except ValueError:
        return this_month()


def _row(spent: Spent, whole: Spent) -> dict[str, str]:
    """The sums in the reader's language; amounts with the decimals that the whole has."""
    return {
        "micro": money(spent.micro, whole.micro),
        "calls": grouped(spent.calls),
        "unused": grouped(spent.calls - spent.good_calls),
        "input": grouped(spent.input_tokens),
        "cached": f"{spent.cached_percent} %",
        "output": grouped(spent.output_tokens),
    }


def _figures(months: Mapping[date, Spent], month: date) -> list[tuple[str, str]]:
    spent, before = months[month], months.get(months_later(month, -1))
    figures = [
        (money(spent.micro), date_format(month, "YEAR_MONTH_FORMAT")),
        *([(money(before.micro), _("the month before"))] if before else []),
        (grouped(spent.calls), ngettext("call", "calls", spent.calls)),
    ]
    if spent.good_calls:
        figures.append((money(-(-spent.micro // spent.good_calls)), _("for a text, on average")))
    if spent.input_tokens:
        figures.append((f"{spent.cached_percent} %", _("of the input from the provider's cache")))
    return figures


def _said(day: str, spent: Spent) -> str:
    calls = ngettext("%s call", "%s calls", spent.calls) % grouped(spent.calls)
    return f"{day}: {money(spent.micro)}, {calls}"


def _months(months: Mapping[date, Spent], chosen: date, course: Course | None) -> list[DrawnBar]:
    slug = course.slug if course else ""
    bars = [
        Bar(
            spent.micro,
            formatted(month, "M"),
            _said(date_format(month, "YEAR_MONTH_FORMAT"), spent),
            costs_link(month, slug),
            month == chosen,
        )
        for month, spent in months.items()
    ]
    return drawn(bars)


def _days(days: Mapping[date, Spent]) -> list[DrawnBar]:
    bars = [
        Bar(
            spent.micro,
            str(day.day) if day.day == 1 or day.day % EVERY == 0 else "",
            _said(date_format(day, "DATE_FORMAT"), spent),
        )
        for day, spent in days.items()
    ]
    return drawn(bars)


def _course_name(found: OfCourse) -> str:
    if found.slug:
        return found.title
    # A course that was deleted takes its lessons along, and an erased learner the items: the money stays.
    return _("a deleted course") if found.course_id else _("deleted learners or lessons")


def _runs(runs: list[GenerationRun]) -> list[dict[str, Any]]:
    amounts = [(run.spent_micro, run.estimate_micro or 0, run.budget_micro or 0) for run in runs]
    largest = max((max(amount) for amount in amounts), default=0)
    return [
        {
            "run": run,
            "spent": money(run.spent_micro, largest),
            "calls": grouped(run.calls),
            "estimate": "–" if run.estimate_micro is None else money(run.estimate_micro, largest),
            "budget": "–" if run.budget_micro is None else money(run.budget_micro, largest),
        }
        for run in runs
    ]
