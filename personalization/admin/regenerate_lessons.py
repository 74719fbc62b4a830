"""The page between selecting lessons and starting a run that writes their standard descriptions."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from courses.admin.held import telling_when_held
from courses.models import Lesson
from courses.services.stores import known_stores
from personalization.admin.rights import may_replace_locked
from personalization.costs.estimate import Estimate, estimate
from personalization.costs.words import budget_said, estimate_said
from personalization.errors import PlanRefused
from personalization.models.runs import Backend, Kind
from personalization.pricing import budget_problem, parsed_amount, price_table
from personalization.run_report.words import grouped
from personalization.services.runs import Started
from personalization.services.template_runs import start_template_run
from personalization.template_queries import TemplatePreview, preview_templates
from personalization.writers.registry import model_of, template_problem

VERDICTS = {
    "write": gettext_lazy("will be written"),
    "file": gettext_lazy("unchanged: the file is written where it is missing or says something else"),
    "unchanged": gettext_lazy("unchanged: nothing new since the description was written"),
    "locked": gettext_lazy("skipped: an editor changed the description"),
    "no_source": gettext_lazy("skipped: the lesson has no transcript"),
}


class TemplatesForm(forms.Form):
    """The choices for a run; `token` makes a second click on “Start” find the first one's run."""

    budget = forms.CharField(required=False, max_length=40)
    with_files = forms.BooleanField(required=False)
    force = forms.BooleanField(required=False)
    replace_locked = forms.BooleanField(required=False)
    token = forms.CharField(max_length=64)

    def __init__(self, data: Any, *, may_replace: bool) -> None:
        super().__init__(data)
        self.may_replace = may_replace

    def clean_budget(self) -> int | None:
        """Millionths of the currency; None for no limit."""
        text: str = self.cleaned_data["budget"]
        try:
            budget = parsed_amount(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        if problem := budget_problem(model_of(Backend.OPENAI), budget):
            raise forms.ValidationError(problem)
        return budget

    def clean_replace_locked(self) -> bool:
        wanted: bool = self.cleaned_data["replace_locked"]
        if wanted and not self.may_replace:
            raise forms.ValidationError(_("You may not replace texts that an editor changed."))
        return wanted


def regenerate_lessons_page(
    admin: "ModelAdmin[Lesson]", request: HttpRequest, queryset: QuerySet[Lesson]
) -> HttpResponse:
    """The plan, with number and cost; with “Start” pressed, the run's page."""
    chosen = dict(queryset.order_by().values_list("pk", "course_id"))
    stores = known_stores(set(chosen.values()))
    token = request.POST.get("token") or uuid4().hex
    data = request.POST if "token" in request.POST else {"with_files": bool(stores), "token": token}
    form = TemplatesForm(data, may_replace=may_replace_locked(request))
    plan = cost = None
    if form.is_valid():
        plan = preview_templates(list(chosen), prompt=None, **_options(form))
        cost = estimate(plan.sizes, Backend.OPENAI, Kind.TEMPLATES)
        if "start" in request.POST and (started := _started(form, list(chosen), stores, cost, request)):
            _tell(request, started)
            return redirect("admin:personalization_generationrun_change", started.run.pk)
    with_files = bool(plan and form.cleaned_data["with_files"])
    counts = _counts(plan, {lesson for lesson, course in chosen.items() if with_files and course in stores})
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Write standard descriptions anew"),
        "model_admin": admin,  # the breadcrumbs begin with its list
        "form": form,
        "token": token,
        "problem": template_problem(),
        "selected": len(chosen),
        "plan": plan,
        "verdicts": _verdicts(counts),
        "nothing_to_do": not (counts.get("write") or counts.get("file")),
        "stores": sorted(set(stores.values())),
        "without_store": len(set(chosen.values()) - stores.keys()),
        "cost_lines": estimate_said(cost) if cost else [],
        "budget_warning": budget_said(cost, form.cleaned_data["budget"]) if cost else "",
        "currency": price_table().currency,
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "checked": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
    }
    return TemplateResponse(request, "admin/personalization/regenerate_lessons.html", context)


def _options(form: TemplatesForm) -> dict[str, bool]:
    return {name: form.cleaned_data[name] for name in ("force", "replace_locked")}


def _started(
    form: TemplatesForm, lessons: list[UUID], stores: dict[UUID, str], cost: Estimate, request: HttpRequest
) -> Started | None:
    """The run; None, with the reason in the form or a message, where it cannot start."""
    try:
        with telling_when_held(request):
            return start_template_run(
                lessons=lessons,
                stores=stores if form.cleaned_data["with_files"] else {},
                **_options(form),
                requested_by=request.user if request.user.is_authenticated else None,
                idempotency_key=form.cleaned_data["token"],
                budget_micro=form.cleaned_data["budget"],
                estimate_micro=cost.micro,
            )
    except PlanRefused as error:
        form.add_error(None, str(error))
    return None


def _tell(request: HttpRequest, started: Started) -> None:
    if started.asked:
        text = ngettext(
            "The run has started: %s lesson to look at.",
            "The run has started: %s lessons to look at.",
            started.asked,
        )
        messages.success(request, text % grouped(started.asked))
    if started.coalesced:
        text = ngettext(
            "%s description is being written by another run: this one does it once more afterwards.",
            "%s descriptions are being written by another run: this one does them once more afterwards.",
            started.coalesced,
        )
        messages.info(request, text % grouped(started.coalesced))


def _counts(plan: TemplatePreview | None, with_file: Collection[UUID]) -> dict[str, int]:
    """Verdict → lessons. with_file: those whose files are written too, also of unchanged descriptions."""
    if plan is None:
        return {}
    files = sum(one.verdict == "unchanged" and one.lesson_id in with_file for one in plan.lessons)
    unchanged = plan.by_verdict.get("unchanged", 0) - files
    counts = {"write": 0, **plan.by_verdict, "file": files, "unchanged": unchanged}
    return {code: count for code, count in counts.items() if count or code == "write"}


def _verdicts(counts: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """(code, words, count) of what becomes of the lessons; what is zero is left out, but what is written."""
    return [(code, str(words), counts[code]) for code, words in VERDICTS.items() if code in counts]
