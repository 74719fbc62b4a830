from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from courses.admin.base import BaseAdmin, BudgetedChangeList
from courses.admin.filters import course_filter
from courses.admin.readable import readable
from courses.admin.theme import display
from personalization.admin.rights import may_run, may_see_learners
from personalization.admin.runs.commands import question_page, run_command
from personalization.admin.runs.page import run_view
from personalization.admin.runs.pilot import pilot_page
from personalization.models import GenerationRun, ItemState, PromptVersion
from personalization.models.runs import ENDED
from personalization.pricing import money
from personalization.queries import item_counts
from personalization.run_report.items_csv import items_csv
from personalization.run_report.words import grouped, state_words
from personalization.services.run_prompts import TRIED

LABELS = {
    "force": _("Rewrite unchanged texts too"),
    "replace_locked": _("Replace texts that an editor changed too"),
    "stores": _("Files in the store"),
    TRIED: _("Tries the prompt"),
}


class RunChangeList(BudgetedChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        counts = item_counts(run.pk for run in self.result_list)
        for run in self.result_list:
            run.counts = counts[run.pk]


@admin.register(GenerationRun)
class RunAdmin(BaseAdmin[GenerationRun]):
    list_display = (
        "created_at",
        "state_tag",
        "kind",
        "backend",
        "course",
        "requested_by",
        "ended",
        "failed",
        "cost",
    )
    list_filter = ("state", "kind", "backend", course_filter("course__slug"))
    list_per_page = 20
    readonly_fields = ("kind", "requested_by", "course", "backend", "choices")
    fieldsets = ((_("About this run"), {"fields": readonly_fields}),)
    actions = None
    list_before_template = "admin/personalization/runs_empty.html"
    change_form_outer_before_template = "admin/personalization/run.html"

    class Media:
        js = ("personalization/run_progress.js",)
        css = {"all": ("personalization/runs.css",)}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RunChangeList]:
        return RunChangeList

    def list_queryset(self, queryset: QuerySet[GenerationRun]) -> QuerySet[GenerationRun]:
        related = ("course__title", "requested_by__username")
        shown = queryset.select_related("course", "requested_by")
        return shown.only("created_at", "state", "kind", "pilot", "backend", "spent_micro", *related)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a run starts from the learners it is for

    def has_change_permission(self, request: HttpRequest, obj: GenerationRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: GenerationRun | None = None) -> bool:
        return False  # what happened stays on record

    def page_context(self, request: HttpRequest, obj: GenerationRun) -> dict[str, Any]:
        return self._progress_context(request, obj.pk)

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "personalization_generationrun"
        own = [
            path("<uuid:run>/progress/", view(self.progress), name=f"{name}_progress"),
            path("<uuid:run>/command/", view(self.command), name=f"{name}_command"),
            path("<uuid:run>/sure/<slug:command>/", view(self.question), name=f"{name}_question"),
            path("<uuid:run>/pilot/", view(self.pilot), name=f"{name}_pilot"),
            path("<uuid:run>/items.csv", view(self.items), name=f"{name}_items"),
        ]
        return [*own, *super().get_urls()]

    def progress(self, request: HttpRequest, run: UUID) -> HttpResponse:
        """The parts of the page that change, as HTML."""
        self._run(request, run, "pk")
        return render(request, "admin/personalization/run_parts.html", self._progress_context(request, run))

    def command(self, request: HttpRequest, run: UUID) -> HttpResponse:
        return run_command(self, request, self._run(request, run))

    def question(self, request: HttpRequest, run: UUID, command: str) -> HttpResponse:
        return question_page(self, request, self._run(request, run), command)

    def pilot(self, request: HttpRequest, run: UUID) -> HttpResponse:
        return pilot_page(self, request, self._run(request, run))

    def items(self, request: HttpRequest, run: UUID) -> StreamingHttpResponse:
        """Every item of the run as a CSV file."""
        began = localtime(self._run(request, run, "created_at").created_at)
        file = f'attachment; filename="run-{began:%Y-%m-%d-%H%M}.csv"'
        headers = {"Content-Disposition": file, "Cache-Control": "no-store"}
        pieces = items_csv(run, named=may_see_learners(request))
        return StreamingHttpResponse(pieces, "text/csv; charset=utf-8", headers=headers)

    def _run(self, request: HttpRequest, run: UUID, *columns: str) -> GenerationRun:
        """Raises PermissionDenied for who may not look at runs."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        runs = GenerationRun.objects.all()
        return get_object_or_404(runs.only(*columns) if columns else runs, pk=run)

    def _progress_context(self, request: HttpRequest, run: UUID) -> dict[str, Any]:
        rights = {"may_run": may_run(request), "may_see_learners": may_see_learners(request)}
        return {"run_id": run, "run": run_view(run), **rights}

    @display(
        description=_("state"),
        ordering="state",
        label={
            "open": "info",
            "look": "warning",
            "paused": "warning",
            "cancelled": "danger",
            "closed": "success",
        },
    )
    def state_tag(self, run: GenerationRun) -> tuple[str, str]:
        words = state_words(run.state, run.pilot)
        return run.state if words == state_words(run.state) else "look", words

    @display(description=_("texts finished"))
    def ended(self, run: Any) -> str:
        ended = sum(run.counts.get(state, 0) for state in ENDED)
        return f"{grouped(ended)} / {grouped(sum(run.counts.values()))}"

    @display(description=_("failed"))
    def failed(self, run: Any) -> str:
        return grouped(run.counts.get(ItemState.FAILED, 0))

    @display(description=_("cost"))
    def cost(self, run: GenerationRun) -> str:
        return money(run.spent_micro).replace(" ", "\u00a0") if run.spent_micro else "–"

    @display(description=_("options"))
    def choices(self, run: GenerationRun) -> SafeString | str:
        chosen = {key: value for key, value in run.options.items() if key in LABELS}
        if stores := chosen.get("stores"):  # course → path
            chosen["stores"] = sorted(set(stores.values()))
        if TRIED in chosen and (tried := PromptVersion.objects.filter(pk=chosen[TRIED]).first()):
            chosen[TRIED] = str(tried)
        return readable({key: _("yes") if value is True else value for key, value in chosen.items()}, LABELS)
