"""The page of a row that is edited section by section, with its preview."""

from typing import Any
from uuid import UUID

from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from courses.admin.editing.guidance import interface_words
from courses.admin.editing.preview import Pane
from courses.admin.editing.two_editors import TwoEditorsAdmin
from courses.admin.schema_form import PREFIX, SectionsForm


class SectionsAdmin[M: models.Model](TwoEditorsAdmin[M]):
    """Of models that are edited with a SectionsForm."""

    change_form_outer_after_template = "admin/courses/editing/preview.html"

    def preview_panes(self, request: HttpRequest, obj: M | None) -> list[Pane]:
        """What is shown beside the form; the first pane follows the form while one types."""
        raise NotImplementedError

    def preview_of(self, form: SectionsForm, obj: M | None) -> SafeString:
        """The first pane, from what is in the form."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}_draft"
        return [
            path("draft/", view(self.draft), name=name),
            path("<uuid:object_id>/draft/", view(self.draft), name=name),
            *super().get_urls(),
        ]

    def draft(self, request: HttpRequest, object_id: UUID | None = None) -> HttpResponse:
        """The posted form as a learner would read it, as HTML. Nothing is saved, nothing need be complete."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        obj = self.get_object(request, str(object_id)) if object_id else None
        if object_id and obj is None:
            raise Http404
        if not (self.has_change_permission(request, obj) if obj else self.has_add_permission(request)):
            raise PermissionDenied
        fields = flatten_fieldsets(self.get_fieldsets(request, obj))
        form: Any = self.get_form(request, obj, change=obj is not None, fields=fields)
        return HttpResponse(self.preview_of(form(request.POST, instance=obj), obj))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: M | None = None,
    ) -> HttpResponse:
        may_edit = self.has_change_permission(request, obj) if obj else add
        if may_edit:
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_draft"
            context["draft_url"] = reverse(name, args=[obj.pk] if obj else [])
            context["panes"] = self.preview_panes(request, obj)
            context["interface_words"] = interface_words()
        return super().render_change_form(request, context, add, change, form_url, obj)

    def posted_names(self, request: HttpRequest) -> list[str]:
        return [*super().posted_names(request), *(name for name in request.POST if name.startswith(PREFIX))]
