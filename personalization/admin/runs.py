from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from courses.admin.base import BaseAdmin, BudgetedChangeList
from courses.admin.filters import course_filter
from courses.admin.readable import readable
from courses.admin.theme import display
from personalization.admin.rights import may_run
from personalization.admin.run_progress import STATES, run_counts, run_view
from personalization.models import GenerationRun, ItemState, RunState
from personalization.models.runs import ENDED
from personalization.services.runs import cancel_run, pause_run, resume_run, retry_failed

type Command = Callable[[GenerationRun], int]  # 0: the run's state did not allow it

COMMANDS: dict[str, Command] = {
    "pause": pause_run,
    "resume": resume_run,
    "cancel": cancel_run,
    "retry": retry_failed,
}
DONE = {
    "pause": _("The run is paused: what is being written is finished, nothing more is begun."),
    "resume": _("The run goes on."),
    "cancel": _("The run is cancelled. Texts that were written stay."),
    "retry": _("What had failed is in the queue again."),
}
LABELS = {
    "force": _("Rewrite unchanged texts too"),
    "replace_locked": _("Replace texts that an editor changed too"),
}


class RunChangeList(BudgetedChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        counts = run_counts([run.pk for run in self.result_list])
        for run in self.result_list:
            run.counts = counts[run.pk]


@admin.register(GenerationRun)
class RunAdmin(BaseAdmin[GenerationRun]):
    list_display = ("created_at", "state_tag", "backend", "course", "requested_by", "ended", "failed")
    list_filter = ("state", "backend", course_filter("course__slug"))
    list_per_page = 20
    readonly_fields = ("requested_by", "course", "backend", "choices")
    fieldsets = ((_("About this run"), {"fields": readonly_fields}),)
    actions = None
    list_before_template = "admin/personalization/runs_empty.html"
    change_form_outer_before_template = "admin/personalization/run.html"

    class Media:
        js = ("personalization/run_progress.js",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RunChangeList]:
        return RunChangeList

    def list_queryset(self, queryset: QuerySet[GenerationRun]) -> QuerySet[GenerationRun]:
        related = ("course__title", "requested_by__username")
        shown = queryset.select_related("course", "requested_by")
        return shown.only("created_at", "state", "backend", *related)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a run starts from the learners it is for

    def has_change_permission(self, request: HttpRequest, obj: GenerationRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: GenerationRun | None = None) -> bool:
        return False  # what happened stays on record

    def page_context(self, request: HttpRequest, obj: GenerationRun) -> dict[str, Any]:
        return self._progress_context(request, obj.pk)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:run>/progress/", view(self.progress), name="personalization_generationrun_progress"),
            path("<uuid:run>/command/", view(self.command), name="personalization_generationrun_command"),
        ]
        return [*own, *super().get_urls()]

    def progress(self, request: HttpRequest, run: UUID) -> HttpResponse:
        """The parts of the page that change, as HTML."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        get_object_or_404(GenerationRun.objects.only("pk"), pk=run)
        return render(request, "admin/personalization/run_parts.html", self._progress_context(request, run))

    def command(self, request: HttpRequest, run: UUID) -> HttpResponse:
        """Pause, resume, cancel or retry, as `command` in the form says; back to the run's page."""
        if not may_run(request):
            raise PermissionDenied
        name = request.POST.get("command", "")
        if request.method != "POST" or name not in COMMANDS:
            return HttpResponseNotAllowed(["POST"])
        if COMMANDS[name](get_object_or_404(GenerationRun, pk=run)):
            messages.success(request, DONE[name])
        else:
            messages.warning(request, _("The run's state did not allow that: it has changed meanwhile."))
        return redirect("admin:personalization_generationrun_change", run)

    def _progress_context(self, request: HttpRequest, run: UUID) -> dict[str, Any]:
        view = run_view(run)
        # Read after the progress: a run that has ended by then has its time.
        times = GenerationRun.objects.only("created_at", "closed_at").get(pk=run)
        return {"run_id": run, "run": view, "times": times, "may_run": may_run(request)}

    @display(
        description=_("state"),
        ordering="state",
        label={"open": "info", "paused": "warning", "cancelled": "danger", "closed": "success"},
    )
    def state_tag(self, run: GenerationRun) -> tuple[str, str]:
        return run.state, str(STATES[RunState(run.state)])

    @display(description=_("texts finished"))
    def ended(self, run: Any) -> str:
        return f"{sum(run.counts.get(state, 0) for state in ENDED)} / {sum(run.counts.values())}"

    @display(description=_("failed"))
    def failed(self, run: Any) -> int:
        count: int = run.counts.get(ItemState.FAILED, 0)
        return count

    @display(description=_("options"))
    def choices(self, run: GenerationRun) -> SafeString | str:
        chosen = {key: value for key, value in run.options.items() if key in LABELS}
        return readable({key: _("yes") if value is True else value for key, value in chosen.items()}, LABELS)
