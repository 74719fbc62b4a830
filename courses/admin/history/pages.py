"""A row's history in the admin: its versions, two of them side by side, and the way back to one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from courses.admin.base import BaseAdmin
from courses.admin.held import told_when_held
from courses.admin.history.compare import Entry, changed_parts
from courses.admin.history.entries import row_entries
from courses.admin.history.words import user_names, who, why
from courses.errors import ChangedMeanwhile
from courses.models import DatabaseTimestamps
from courses.services.history.bring_back import STAYS, bring_back_version
from courses.services.history.errors import CannotBringBack
from courses.services.history.versions import Version, versions


@dataclass(frozen=True, slots=True)
class Shown:
    """A version as the page lists it; `changed`: the headings of what is other than in the one before.

    `there`: False of the time between the row's deletion and its return.
    """

    id: int
    at: Any
    who: str
    why: str
    changed: list[str]
    first: bool
    there: bool
    entries: list[Entry]


class WithHistory[M: DatabaseTimestamps](BaseAdmin[M]):
    """Puts the history of kept changes in the place of Django's log."""

    def history_entries(self, version: Version) -> list[Entry]:
        """The version in parts, to be listed and compared."""
        return row_entries(self.model, version.row(self.model), {}, frozenset())

    bring_back_note: Any = ""  # what to know before doing it

    def comes_back(self, entry: Entry) -> bool:
        """Whether bringing a version back brings this part of it."""
        return entry.key not in STAYS.get(self.model, ())

    def bring_back(self, request: HttpRequest, obj: M, version: int, seen: int) -> None:
        bring_back_version(model=self.model, root=obj.pk, version=version, seen=seen)

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path("<uuid:pk>/history/compare/", view(self.compare_view), name=f"{name}_compare"),
            path("<uuid:pk>/history/<int:version>/", view(self.bring_back_view), name=f"{name}_bring_back"),
        ]
        return [*own, *super().get_urls()]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        obj = self.get_object(request, object_id)
        if obj is None:
            return super().history_view(request, object_id, extra_context)
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        context = {
            "title": _("History: %s") % obj,
            "versions": self._shown(obj),
            "may_bring_back": self.has_change_permission(request, obj),
        }
        return self._page(request, obj, "versions", {**context, **(extra_context or {})})

    def compare_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Two versions, named by `older` and `newer` in the address."""
        obj = self._looked_at(request, pk)
        shown = self._shown(obj)
        places = {version.id: place for place, version in enumerate(shown)}
        chosen = sorted(places.get(_number(request.GET.get(name)), -1) for name in ("older", "newer"))
        if chosen[0] < 0 or chosen[0] == chosen[1]:
            messages.warning(request, _("Choose two different versions to compare."))
            return redirect("../")
        newer, older = (shown[place] for place in chosen)
        context = {
            "title": _("Compare: %s") % obj,
            "older": older,
            "newer": newer,
            "differences": changed_parts(older.entries, newer.entries),
            "may_bring_back": self.has_change_permission(request, obj),
            "newest": shown[0].id,
        }
        return self._page(request, obj, "compare", context)

    @told_when_held
    def bring_back_view(self, request: HttpRequest, pk: UUID, version: int) -> HttpResponse:
        """What bringing the version back would change; posted, it is done."""
        obj = self._looked_at(request, pk)
        if not self.has_change_permission(request, obj):
            raise PermissionDenied
        if request.method == "POST" and self._brought_back(request, obj, version):
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", pk)
        shown = self._shown(obj)
        then = next((one for one in shown if one.id == version), None)
        if then is None or not then.there:
            raise Http404
        context = {
            "title": _("Bring back: %s") % obj,
            "then": then,
            "differences": changed_parts(
                [*filter(self.comes_back, shown[0].entries)], [*filter(self.comes_back, then.entries)]
            ),
            "note": self.bring_back_note,
            "newest": shown[0].id,
        }
        return self._page(request, obj, "bring_back", context)

    def _brought_back(self, request: HttpRequest, obj: M, version: int) -> bool:
        try:
            self.bring_back(request, obj, version, _number(request.POST.get("seen")))
        except ChangedMeanwhile:
            messages.error(
                request, _("It was changed after you opened this page. This is what would change now.")
            )
        except CannotBringBack as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("The version is back. The one before it is in the history."))
            return True
        return False

    def _looked_at(self, request: HttpRequest, pk: UUID) -> M:
        obj = self.get_object(request, str(pk))
        if obj is None:
            raise Http404
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        return obj

    def _shown(self, obj: M) -> list[Shown]:
        """All versions, newest first; a version that shows nothing new stays, for someone made it."""
        found = versions(self.model, obj.pk)
        names = user_names(found)
        parts = [self.history_entries(version) for version in found]
        return [
            Shown(
                version.id,
                version.at,
                who(version, names),
                why(version),
                _headings(parts[place + 1] if place + 1 < len(found) else [], entries),
                place + 1 == len(found),
                bool(version.row(self.model)),
                entries,
            )
            for place, (version, entries) in enumerate(zip(found, parts, strict=True))
        ]

    def _page(self, request: HttpRequest, obj: M, page: str, context: dict[str, Any]) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "object": obj, "original": obj, "opts": self.opts}
        return TemplateResponse(request, f"admin/history/{page}.html", {**shared, **context})


def _headings(old: Sequence[Entry], new: Sequence[Entry]) -> list[str]:
    return list(dict.fromkeys(part.heading for part in changed_parts(old, new)))


def _number(text: str | None) -> int:
    """-1 for what is no number of ours."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else -1
