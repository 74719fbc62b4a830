"""The page between selecting learners and starting a run: what would be written, and by whom."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
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
from personalization.admin.rights import may_replace_locked
from personalization.costs.estimate import Estimate, estimate
from personalization.costs.words import budget_said, estimate_said
from personalization.errors import PlanRefused
from personalization.lesson_numbers import lesson_numbers
from personalization.models import Profile
from personalization.models.runs import Backend
from personalization.pairs import Selection
from personalization.pricing import budget_problem, parsed_amount, price_table
from personalization.queries import Preview, preview
from personalization.run_report.words import grouped
from personalization.services.runs import MOST_PILOT, Started, start_run
from personalization.writers.registry import backend_problem, default_backend, model_of

VERDICTS = {
    "write": gettext_lazy("will be written"),
    "unchanged": gettext_lazy("unchanged: nothing new since the text was written"),
    "locked": gettext_lazy("skipped: an editor changed the text"),
    "no_survey": gettext_lazy("skipped: the learner has answered nothing"),
    "no_source": gettext_lazy("skipped: the lesson has no transcript"),
    "no_template": gettext_lazy("skipped: the lesson has no standard description"),
    "better_text": gettext_lazy("skipped: the simple writer replaces only its own texts"),
}


class RunForm(forms.Form):
    """The choices for a run; `token` makes a second click on “Start” find the first one's run."""

    backend = forms.ChoiceField(choices=Backend.choices)
    lessons = forms.CharField(required=False, max_length=200)
    budget = forms.CharField(required=False, max_length=40)
    force = forms.BooleanField(required=False)
    replace_locked = forms.BooleanField(required=False)
    pilot = forms.CharField(required=False, max_length=10)
    token = forms.CharField(max_length=64)

    def __init__(self, data: Any, *, may_replace: bool) -> None:
        super().__init__(data)
        self.may_replace = may_replace

    def clean_backend(self) -> str:
        backend: str = self.cleaned_data["backend"]
        if problem := _problem(backend):
            raise forms.ValidationError(problem)
        return backend

    def clean_replace_locked(self) -> bool:
        wanted: bool = self.cleaned_data["replace_locked"]
        if wanted and not self.may_replace:
            raise forms.ValidationError(_("You may not replace texts that an editor changed."))
        return wanted

    def clean_budget(self) -> int | None:
        """Millionths of the currency; None for no limit."""
        text: str = self.cleaned_data["budget"]
        try:
            budget = parsed_amount(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        backend = self.cleaned_data.get("backend")
        if backend and (problem := budget_problem(model_of(backend), budget)):
            raise forms.ValidationError(problem)
        return budget

    def clean_pilot(self) -> int | None:
        """How many texts to look at first; None: no pilot."""
        text: str = self.cleaned_data["pilot"].strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_PILOT):
            raise forms.ValidationError(
                _("Write how many texts to look at first, 1 to {most}, or leave it empty.").format(
                    most=MOST_PILOT
                )
            )
        return int(text)

    def clean_lessons(self) -> tuple[int, ...] | None:
        """Numbers from "1, 3-5"; None for all lessons."""
        text: str = self.cleaned_data["lessons"]
        try:
            return lesson_numbers(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Choice:
    """A backend as the page offers it; `problem` says why it cannot be chosen."""

    value: str
    label: str
    about: str
    problem: str | None
    chosen: bool


def regenerate_page(
    admin: "ModelAdmin[Profile]", request: HttpRequest, queryset: QuerySet[Profile]
) -> HttpResponse:
    """The plan; with “Start” pressed, the run's page."""
    learners = tuple(queryset.order_by().values_list("pk", flat=True))
    token = request.POST.get("token") or uuid4().hex
    data = request.POST if "token" in request.POST else {"backend": default_backend(), "token": token}
    form = RunForm(data, may_replace=may_replace_locked(request))
    plan = cost = None
    if form.is_valid():
        backend, options = form.cleaned_data["backend"], _options(form)
        plan = preview(
            _selection(form, learners),
            backend,
            force=options["force"],
            replace_locked=options["replace_locked"],
        )
        cost = estimate(plan.sizes, backend)
        if "start" in request.POST and (started := _started(form, learners, cost, request)):
            _tell(request, started)
            return redirect("admin:personalization_generationrun_change", started.run.pk)
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Regenerate personalizations"),
        "model_admin": admin,  # the breadcrumbs begin with its list
        "form": form,
        "token": token,
        "choices": _choices(form),
        "no_key": not settings.OPENAI_API_KEY,
        "selected": len(learners),
        "plan": plan,
        "verdicts": _verdicts(plan),
        "cost_lines": estimate_said(cost) if cost else [],
        "budget_warning": budget_said(cost, form.cleaned_data["budget"]) if cost else "",
        "currency": price_table().currency,
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "checked": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
    }
    return TemplateResponse(request, "admin/personalization/regenerate.html", context)


def _selection(form: RunForm, learners: tuple[UUID, ...]) -> Selection:
    return Selection(profiles=learners, lessons=form.cleaned_data["lessons"])


def _options(form: RunForm) -> dict[str, bool]:
    return {name: form.cleaned_data[name] for name in ("force", "replace_locked")}


def _started(
    form: RunForm, learners: tuple[UUID, ...], cost: Estimate, request: HttpRequest
) -> Started | None:
    """The run; None, with the reason in the form or a message, where it cannot start."""
    try:
        with telling_when_held(request):
            return start_run(
                selection=_selection(form, learners),
                backend=form.cleaned_data["backend"],
                **_options(form),
                pilot=form.cleaned_data["pilot"],
                requested_by=request.user if request.user.is_authenticated else None,
                idempotency_key=form.cleaned_data["token"],
                budget_micro=form.cleaned_data["budget"],
                estimate_micro=cost.micro,
                to_write=cost.texts,
            )
    except PlanRefused as error:
        form.add_error(None, str(error))
    return None


def _tell(request: HttpRequest, started: Started) -> None:
    if started.asked:
        text = ngettext(
            "The run has started: %s text to look at.",
            "The run has started: %s texts to look at.",
            started.asked,
        )
        messages.success(request, text % grouped(started.asked))
    if started.coalesced:
        text = ngettext(
            "%s text is being written by another run: this one does it once more afterwards.",
            "%s texts are being written by another run: this one does them once more afterwards.",
            started.coalesced,
        )
        messages.info(request, text % grouped(started.coalesced))


def _choices(form: RunForm) -> list[Choice]:
    about = {
        Backend.OPENAI: _("The model writes each text from the lesson and the learner's answers."),
        Backend.SIMPLE: _("Fills in template sentences with the learner's answers. No model, no cost."),
    }
    chosen = form["backend"].value()
    return [
        Choice(backend.value, str(backend.label), about[backend], _problem(backend), backend == chosen)
        for backend in Backend
    ]


def _problem(backend: str) -> str | None:
    """Why the backend cannot be chosen, in the page's words: the notice above the choices says the rest."""
    return _("No model key is set.") if backend_problem(backend) else None


def _verdicts(plan: Preview | None) -> list[tuple[str, str, int]]:
    """(code, words, count) of what becomes of the pairs; what is zero is left out, except what is written."""
    counts = {"write": 0, **plan.by_verdict} if plan else {}
    return [(code, str(words), counts[code]) for code, words in VERDICTS.items() if code in counts]
