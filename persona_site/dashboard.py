"""The admin's first page: how much there is, the last runs, and what to do first."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.models import Course, Lesson
from personalization.admin.paginator import estimated_count
from personalization.admin.rights import may_run
from personalization.models import GenerationRun, PersonalizedLessonDescription, Profile
from personalization.run_report.words import state_words
from personalization.run_report.workers import Workers, workers

LAST_RUNS = 5
SHOWN: list[tuple[type[Model], str]] = [
    (Course, "courses_course"),
    (Lesson, "courses_lesson"),
    (Profile, "personalization_profile"),
    (PersonalizedLessonDescription, "personalization_personalizedlessondescription"),
]


def add_overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context with what this person may see: `figures`, `runs`, `hint`, the first thing to do, and who
    writes: `workers`, a line, and `nobody_works`."""
    counts = {
        model: estimated_count(model._default_manager.all())
        for model, page in SHOWN
        if _may_see(request, model)
    }
    figures = [
        (model._meta.verbose_name_plural, counts[model], reverse(f"admin:{page}_changelist"))
        for model, page in SHOWN
        if model in counts
    ]
    runs = GenerationRun.objects.select_related("course", "requested_by").only(
        "created_at", "state", "pilot", "backend", "course__title", "requested_by__username"
    )
    may_see_runs = _may_see(request, GenerationRun)
    seen = workers() if may_see_runs else None
    return {
        **context,
        "figures": figures,
        "runs": [(run, state_words(run.state, run.pilot)) for run in runs[:LAST_RUNS]]
        if may_see_runs
        else [],
        "hint": _hint(counts, may_start=may_run(request)),
        "workers": _workers(seen) if seen else "",
        "nobody_works": seen is not None and seen.gone,
    }


def _workers(seen: Workers) -> str:
    if seen.alive:
        line = ngettext(
            "%(count)d worker is running, last seen %(seconds)d s ago.",
            "%(count)d workers are running, last seen %(seconds)d s ago.",
            seen.alive,
        )
        return line % {"count": seen.alive, "seconds": seen.silent or 0}
    start = _("Nothing is written until one runs: “celery -A persona_site worker”.")
    if seen.last is None:
        return " ".join([_("No worker is running."), start])
    when = date_format(localtime(seen.last), "SHORT_DATETIME_FORMAT")
    return " ".join([_("No worker is running (last seen: %(when)s).") % {"when": when}, start])


def _hint(counts: dict[type[Model], int], *, may_start: bool) -> str:
    if counts.get(Course) == 0:
        return _("Start with a course: “manage.py import_lessons” brings in the store.")
    if counts.get(Profile) == 0:
        return _("Next, learners: user_profiles.json of the store, with “manage.py import_lessons”.")
    if may_start and counts.get(Profile) and not GenerationRun.objects.exists():
        text = _(
            'Have texts written: open the <a href="{link}">learners</a>, select some '
            "and run the action “Regenerate personalizations”."
        )
        return format_html(text, link=reverse("admin:personalization_profile_changelist"))
    return ""


def _may_see(request: HttpRequest, model: type[Model]) -> bool:
    return request.user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
