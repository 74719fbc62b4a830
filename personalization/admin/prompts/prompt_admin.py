from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Case, OuterRef, QuerySet, Subquery, When
from django.db.models.fields.json import KT
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from courses.admin.base import BaseAdmin
from courses.admin.held import told_when_held
from courses.admin.theme import display
from personalization.admin.prompts.compare_page import compare_page
from personalization.admin.prompts.editor_page import editor_page
from personalization.admin.prompts.live_page import live_page
from personalization.admin.prompts.names import LABELS, prompt_about, prompt_label, with_about
from personalization.admin.prompts.trial_page import trial_page
from personalization.models import PromptEntry, PromptVersion


@admin.register(PromptEntry)
class PromptAdmin(BaseAdmin[PromptEntry]):
    """A list of the prompts; a page for each with its editor and versions, and pages to try one, to compare
    two and to make one live."""

    list_display = ("name", "live_version", "newest_draft", "updated_at")
    sortable_by = ()
    actions = None
    search_fields = ()

    class Media:
        css: ClassVar[dict[str, Any]] = {"all": ("personalization/prompts.css",)}

    def list_queryset(self, queryset: QuerySet[PromptEntry]) -> QuerySet[PromptEntry]:
        versions = PromptVersion.objects.filter(key=OuterRef("key"))
        live = versions.filter(content=OuterRef("words"))
        drafts = versions.filter(is_draft=True)
        return (
            queryset.defer("value")
            .annotate(words=KT("value__content"))
            .annotate(
                live_number=Subquery(live.values("number")[:1]),
                draft_number=Subquery(drafts.values("number")[:1]),
            )
        )

    def get_ordering(self, request: HttpRequest) -> Any:
        """The prompts of texts first, those of clusters below."""
        first = [When(key=key, then=place) for place, key in enumerate(LABELS)]
        return [Case(*first, default=len(first)), "key"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # the product knows what prompts there are

    def has_delete_permission(self, request: HttpRequest, obj: PromptEntry | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "personalization_promptentry"
        own = [
            path("<slug:key>/compare/", view(self.compare), name=f"{name}_compare"),
            path("<slug:key>/<int:number>/try/", view(self.trial), name=f"{name}_try"),
            path("<slug:key>/<int:number>/live/", view(self.live), name=f"{name}_live"),
            path("<slug:key>/edit/", view(self.edit), name=f"{name}_edit"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The list's links lead here, with the key escaped; the page's own address says it plainly."""
        entry = self.get_object(request, unquote(object_id))
        if entry is None:
            raise Http404
        return redirect("admin:personalization_promptentry_edit", entry.key)

    @told_when_held
    def edit(self, request: HttpRequest, key: str) -> HttpResponse:
        return editor_page(self, request, self._entry(request, key))

    def compare(self, request: HttpRequest, key: str) -> HttpResponse:
        return compare_page(self, request, self._entry(request, key))

    @told_when_held
    def trial(self, request: HttpRequest, key: str, number: int) -> HttpResponse:
        entry = self._entry(request, key)
        return trial_page(self, request, entry, get_object_or_404(PromptVersion, key=key, number=number))

    @told_when_held
    def live(self, request: HttpRequest, key: str, number: int) -> HttpResponse:
        entry = self._entry(request, key)
        if not self.has_change_permission(request, entry):
            raise PermissionDenied
        return live_page(self, request, entry, get_object_or_404(PromptVersion, key=key, number=number))

    def _entry(self, request: HttpRequest, key: str) -> PromptEntry:
        """Raises Http404, and PermissionDenied for who may not look at prompts."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(PromptEntry, pk=key)

    @display(description=_("prompt"))
    def name(self, entry: PromptEntry) -> SafeString:
        return with_about(prompt_label(entry.key), prompt_about(entry.key))

    @display(description=_("live version"))
    def live_version(self, entry: Any) -> str:
        return str(entry.live_number or "–")

    @display(description=_("newest draft"))
    def newest_draft(self, entry: Any) -> str:
        return str(entry.draft_number or "–")
