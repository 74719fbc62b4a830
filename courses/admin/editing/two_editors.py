"""The page of a row that several people edit: two versions at once, a row gone, a row that is held."""

from typing import Any, ClassVar

from django.db import OperationalError, models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from courses.admin.base import BaseAdmin
from courses.admin.editing.shared_form import held_form
from courses.admin.history.words import user_names, who
from courses.database import held_by_another
from courses.errors import ChangedMeanwhile
from courses.services.history.versions import versions

HELD = "persona.held"  # in the request's META: saving was tried, and somebody held the row all the time
SAVE_BUTTONS = ("show_save", "show_save_and_continue", "show_save_and_add_another")


class TwoEditorsAdmin[M: models.Model](BaseAdmin[M]):
    """Of models that are edited with a SharedForm."""

    change_form_before_template = "admin/courses/editing/before.html"
    change_form_after_template = "admin/courses/editing/after.html"
    posted_columns: ClassVar[tuple[str, ...]] = ()  # what a person writes, for a row that is gone meanwhile

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
        if differences := getattr(form, "differences", []):
            context |= {"differences": differences, "seen_now": form.initial["seen"]}
            context |= {"changed_by": self.changed_by(obj) if obj else ""}
            # The buttons that decide take their place.
            context |= dict.fromkeys(SAVE_BUTTONS, False)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def changed_by(self, obj: M) -> str:
        """When the row was changed last and by whom, as its history has it; empty where nothing is kept."""
        newest = next(iter(versions(self.model, obj.pk)), None)
        if newest is None or newest.at is None:
            return ""
        when = date_format(localtime(newest.at), "SHORT_DATETIME_FORMAT")
        return f"{when}, {who(newest, user_names([newest]))}"

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ChangedMeanwhile:
            # Nothing was saved. Read again, the row is not the one that the form was filled from: it says so.
            pass
        except OperationalError as error:
            if not held_by_another(error):
                raise
            request.META[HELD] = "yes"
        return super().changeform_view(request, *args, **kwargs)

    def get_form(
        self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        return held_form(form) if HELD in request.META else form

    def locked(self, pk: Any) -> M | None:
        """The row as it is now, until the transaction ends nobody else's to change; None where it is gone."""
        return self.model._base_manager.select_for_update(no_key=True).filter(pk=pk).first()

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: bool) -> None:
        if change:
            self.refuse_changed(obj, form)
        super().save_model(request, obj, form, change)

    def refuse_changed(self, obj: M, form: Any) -> None:
        """Locks the row. Raises ChangedMeanwhile where it is not what the form was filled from."""
        now = self.locked(obj.pk)
        if now is None or type(form)(instance=now).initial["seen"] != form.initial["seen"]:
            raise ChangedMeanwhile

    # --- a row that is gone ---

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
        texts = ((name, str(request.POST.get(name) or "").strip()) for name in self.posted_names(request))
        return [(self.word_label(name), text) for name, text in texts if text]

    def posted_names(self, request: HttpRequest) -> list[str]:
        return list(self.posted_columns)

    def word_label(self, name: str) -> str:
        """A form field's label without its row."""
        labels = {field.name: str(field.verbose_name) for field in self.model._meta.fields}
        return capfirst(labels.get(name, name))
