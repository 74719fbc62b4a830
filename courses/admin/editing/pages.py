"""The page of a row that is edited section by section: preview, two editors on one row, a row gone."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from courses.admin.base import BaseAdmin
from courses.admin.editing.guidance import interface_words
from courses.admin.editing.preview import Pane
from courses.admin.schema_form import PREFIX, SectionsForm
from courses.errors import ChangedMeanwhile

SAVE_BUTTONS = ("show_save", "show_save_and_continue", "show_save_and_add_another")


class SectionsAdmin[M: models.Model](BaseAdmin[M]):
    """Of models that are edited with a SectionsForm."""

    change_form_before_template = "admin/courses/editing/before.html"
    change_form_after_template = "admin/courses/editing/after.html"
    change_form_outer_after_template = "admin/courses/editing/preview.html"
    posted_columns: ClassVar[tuple[str, ...]] = ()  # besides the sections

    # --- the preview ---

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
        form = context["adminform"].form
        may_edit = self.has_change_permission(request, obj) if obj else add
        if may_edit:
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_draft"
            context["draft_url"] = reverse(name, args=[obj.pk] if obj else [])
            context["panes"] = self.preview_panes(request, obj)
            context["interface_words"] = interface_words()
        if differences := getattr(form, "differences", []):
            context |= {"differences": differences, "seen_now": form.initial["seen"]}
            context |= {"changed_by": self.changed_by(obj) if obj else ""}
            # The buttons that decide take their place.
            context |= dict.fromkeys(SAVE_BUTTONS, False)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def changed_by(self, obj: M) -> str:
        """Who changed the row last and when, where that is known, in words."""
        return ""

    # --- two editors on one row ---

    def changeform_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(*args, **kwargs)
        except ChangedMeanwhile:
            # Nothing was saved. Read again, the row is not the one that the form was filled from: it says so.
            return super().changeform_view(*args, **kwargs)

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """Who saves a row that was deleted meanwhile gets their words back, to put them elsewhere."""
        words = self.posted_words(request) if request.method == "POST" else []
        if not words:
            response: HttpResponse = super()._get_obj_does_not_exist_redirect(request, opts, object_id)  # type: ignore[misc]
            return response
        context = {
            **self.admin_site.each_context(request),
            "title": _("It was deleted meanwhile"),
            "model_admin": self,
            "opts": self.opts,
            "words": words,
        }
        return TemplateResponse(request, "admin/courses/editing/gone.html", context, status=409)

    def posted_words(self, request: HttpRequest) -> list[tuple[str, str]]:
        """(label, text) of what a person wrote in the form, for a row that is not there any more."""
        names = [*self.posted_columns, *(name for name in request.POST if name.startswith(PREFIX))]
        texts = ((name, str(request.POST.get(name) or "").strip()) for name in names)
        return [(self.word_label(name), text) for name, text in texts if text]

    def word_label(self, name: str) -> str:
        """A form field's label without its row."""
        raise NotImplementedError
