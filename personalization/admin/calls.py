"""The ledger: every call to a model, one by one. Nothing in it can be changed."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from courses.admin.base import BaseAdmin
from courses.admin.readable import NOTHING, readable
from courses.admin.theme import display
from personalization.admin.costs import costs_page
from personalization.admin.heat_map_table import grouped
from personalization.admin.paginator import EstimatedPaginator
from personalization.admin.rights import may_see_costs, may_see_learners
from personalization.costs.totals import known_models
from personalization.explanations import explanation
from personalization.models import CallState, GenerationItem, GenerationRun, ModelCall, Profile
from personalization.pricing import money

MOST_ITEMS = 5_000  # of a learner, whose calls are looked for


class ModelFilter(admin.SimpleListFilter):
    title = _("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(model, model) for model in known_models()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ModelCall]) -> QuerySet[ModelCall]:
        return queryset.filter(model=self.value()) if self.value() else queryset


class LinkFilter(admin.SimpleListFilter):
    """Only where a link names one: nobody looks through a list of a thousand runs or learners here."""

    def __init__(self, request: HttpRequest, params: dict[str, Any], *arguments: Any) -> None:
        try:
            self.pk: UUID | None = UUID(request.GET.get(str(self.parameter_name), ""))
        except ValueError:
            self.pk = None
        super().__init__(request, params, *arguments)

    def name(self, pk: UUID) -> str:
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(self.pk), self.name(self.pk))] if self.pk else []


class RunFilter(LinkFilter):
    title = _("run")
    parameter_name = "run"

    def name(self, pk: UUID) -> str:
        run = GenerationRun.objects.only("created_at").filter(pk=pk).first()
        return date_format(localtime(run.created_at), "SHORT_DATETIME_FORMAT") if run else NOTHING

    def queryset(self, request: HttpRequest, queryset: QuerySet[ModelCall]) -> QuerySet[ModelCall]:
        return queryset.filter(run=self.pk) if self.pk else queryset


class LearnerFilter(LinkFilter):
    title = _("learner")
    parameter_name = "learner"

    def name(self, pk: UUID) -> str:
        learner = Profile.objects.only("user_identifier", "name").filter(pk=pk).first()
        return learner.label if learner else NOTHING

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if self.pk and not may_see_learners(request):
            return [(str(self.pk), str(self.pk)[:8])]
        return super().lookups(request, model_admin)

    def queryset(self, request: HttpRequest, queryset: QuerySet[ModelCall]) -> QuerySet[ModelCall]:
        if self.pk is None:
            return queryset
        # Their numbers, not a join: the database then takes them from the index by item.
        items = GenerationItem.objects.filter(profile=self.pk).order_by("-pk").values_list("pk", flat=True)
        return queryset.filter(item__in=list(items[:MOST_ITEMS]))


@admin.register(ModelCall)
class ModelCallAdmin(BaseAdmin[ModelCall]):
    list_display = ("started", "state_tag", "cost", "learner", "lesson", "model", "tokens", "problem")
    list_filter = ("state", ModelFilter, RunFilter, LearnerFilter)
    sortable_by = ()
    paginator = EstimatedPaginator
    actions = None
    list_before_template = "admin/personalization/calls_empty.html"
    readonly_fields = (
        *("learner", "item_number", "lesson", "of_run", "cost", "reserved", "tokens", "problem"),
        "kept_answer",
    )

    class Media:
        css = {"all": ("personalization/costs.css",)}

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_see_costs(request)

    def has_view_permission(self, request: HttpRequest, obj: ModelCall | None = None) -> bool:
        return may_see_costs(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # workers write the ledger

    def has_change_permission(self, request: HttpRequest, obj: ModelCall | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ModelCall | None = None) -> bool:
        return False  # what was paid stays on record

    def list_queryset(self, queryset: QuerySet[ModelCall]) -> QuerySet[ModelCall]:
        learner = ("item__profile__user_identifier", "item__profile__name")
        lesson = ("item__lesson__lesson_number", "item__lesson__title")
        call = ("started_at", "state", "model", "actual_micro", "reserved_micro", "error_code")
        tokens = ("input_tokens", "cached_tokens", "output_tokens")
        related = queryset.select_related(None).select_related("item__profile", "item__lesson")
        return related.only(*call, *tokens, *learner, *lesson)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelCall]:
        related = ("item__profile", "item__lesson", "run")
        return super().get_queryset(request).select_related(*related)

    def get_list_display(self, request: HttpRequest) -> Any:
        if may_see_learners(request):
            return self.list_display
        return ["item_number" if name == "learner" else name for name in self.list_display]

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # By id the database would read the whole ledger for a small run.
        return ("-started_at", "-id") if "run" in request.GET else ("-id",)

    def get_fieldsets(self, request: HttpRequest, obj: ModelCall | None = None) -> Any:
        who = "learner" if may_see_learners(request) else "item_number"
        call = ["state", "problem", who, "lesson", "of_run", "started_at", "finished_at"]
        money_fields = ["model", "cost", "reserved", "tokens", "prompt_version"]
        # An answer is a learner's text, even before it is published.
        may_read = request.user.has_perm("personalization.view_personalizedlessondescription")
        answer = [(_("Answer"), {"fields": ["kept_answer"]})]
        return [
            (None, {"fields": call}),
            (_("Cost"), {"fields": money_fields}),
            *(answer if obj and obj.answer and may_read else []),
        ]

    def get_urls(self) -> list[URLPattern]:
        costs = path("costs/", self.admin_site.admin_view(self.costs), name="personalization_modelcall_costs")
        return [costs, *super().get_urls()]

    def costs(self, request: HttpRequest) -> HttpResponse:
        if not may_see_costs(request):
            raise PermissionDenied
        return costs_page(self, request)

    @display(description=_("started"))
    def started(self, call: ModelCall) -> str:
        return date_format(localtime(call.started_at), "SHORT_DATETIME_FORMAT")

    @display(
        description=_("state"),
        label={"reserved": "info", "ok": "success", "bad": "warning", "error": "danger", "unknown": "danger"},
    )
    def state_tag(self, call: ModelCall) -> tuple[str, str]:
        return call.state, str(CallState(call.state).label)

    @display(description=_("learner"))
    def learner(self, call: ModelCall) -> str:
        return call.item.profile.label if call.item and call.item.profile else NOTHING

    @display(description=_("item"))
    def item_number(self, call: ModelCall) -> str:
        return str(call.item_id) if call.item_id else NOTHING

    @display(description=_("lesson"))
    def lesson(self, call: ModelCall) -> str:
        return str(call.item.lesson) if call.item else NOTHING

    @display(description=_("run"))
    def of_run(self, call: ModelCall) -> SafeString | str:
        if call.run is None:
            return NOTHING
        address = reverse("admin:personalization_generationrun_change", args=[call.run.pk])
        return format_html('<a class="persona-link" href="{}">{}</a>', address, call.run)

    @display(description=_("cost"))
    def cost(self, call: ModelCall) -> str:
        return NOTHING if call.actual_micro is None else money(call.actual_micro)

    @display(description=_("reserved before the call"))
    def reserved(self, call: ModelCall) -> str:
        return money(call.reserved_micro)

    @display(description=_("tokens in (cached), out"))
    def tokens(self, call: ModelCall) -> str:
        given, cached, output = map(grouped, (call.input_tokens, call.cached_tokens, call.output_tokens))
        return f"{given} ({cached}), {output}"

    @display(description=_("what happened"))
    def problem(self, call: ModelCall) -> str:
        return explanation(call.error_code, call.error_code) if call.error_code else ""

    @display(description=_("answer that is not published yet"))
    def kept_answer(self, call: ModelCall) -> SafeString | str:
        return readable(call.answer)
