"""What a variable or a setting was, in the place of Django's log; and the way back to a value."""

from types import new_class
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.admin.editing.shared_form import SharedForm
from courses.admin.editing.two_editors import TwoEditorsAdmin
from courses.admin.history.words import user_names, who, why
from courses.admin.word_diff import word_pieces
from personalization.models import ConfigEntry
from personalization.services.kept_values import Values, kept_changes, values_before

YES_NO = {True: gettext_lazy("yes"), False: gettext_lazy("no")}
FROM = "from"  # the change before which the value was that is to come back
LATEST_PAGE = 10_000


class ValueForm(SharedForm):
    """Of an entry. `brought_back`: field → what it is filled with in the place of what is stored."""

    brought_back: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(self.brought_back)  # after the marks of what is stored


class KeptAdmin[M: ConfigEntry](TwoEditorsAdmin[M]):
    def said_value(self, entry: M, value: Any) -> str:
        """A value of the entry as the page shows it, whole."""
        raise NotImplementedError

    def typed_of(self, entry: M, values: Values) -> dict[str, Any]:
        """Field → what a person would have typed for the values."""
        raise NotImplementedError

    def changed_by(self, obj: M) -> str:
        """When the value was changed last and by whom; empty where nothing is kept."""
        changes, _older = kept_changes(obj.key)
        if not changes:
            return ""
        when = date_format(localtime(changes[0].at), "SHORT_DATETIME_FORMAT")
        return f"{when}, {who(changes[0], user_names(changes[:1]))}"

    def get_form(
        self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        number = _number(request.GET.get(FROM, ""))
        if obj is None or request.method != "GET" or not number:
            return form
        if (then := values_before(obj.key, number)) is None:
            return form
        messages.info(request, _("This is filled in with an earlier value. It comes back when you save."))
        typed = self.typed_of(obj, then)
        return new_class(
            form.__name__,
            (form,),
            exec_body=lambda body: body.update(brought_back=typed, __module__=form.__module__),
        )

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return super().history_view(request, object_id, extra_context)
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        page = min(_number(request.GET.get("page", "")) or 1, LATEST_PAGE)
        changes, older = kept_changes(obj.key, page)
        names = user_names(changes)
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %s") % obj,
            "opts": self.opts,
            "object": obj,
            "original": obj,
            "changes": [
                (change, who(change, names), why(change), self._parts(obj, change.before, change.after))
                for change in changes
            ],
            "newer_page": page - 1,
            "older_page": page + 1 if older else None,
            "may_bring_back": self.has_change_permission(request, obj),
        }
        return TemplateResponse(request, "admin/personalization/prompts/kept.html", context)

    def _parts(self, obj: M, before: Values | None, after: Values | None) -> list[tuple[str, Any]]:
        """(heading, pieces) of what changed."""
        was, now = self._said(obj, before), self._said(obj, after)
        changed = (name for name in {**was, **now} if was.get(name, "") != now.get(name, ""))
        return [(name, word_pieces(was.get(name, ""), now.get(name, ""))) for name in changed]

    def _said(self, obj: M, values: Values | None) -> dict[str, str]:
        if values is None:
            return {}
        return {
            _("Value"): self.said_value(obj, values.value),
            _("Description"): values.description,
            _("Public"): str(YES_NO[values.is_public]),
        }


def _number(text: str) -> int:
    """0 for what is no number of ours."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
