"""The page of rows that are gone, from which they come back."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from courses.admin.held import told_when_held
from courses.admin.history.pages import WithHistory
from courses.admin.history.words import user_names, who, why
from courses.models import Change, DatabaseTimestamps
from courses.services.history.deleted import LAST, Gone, Returned, bring_back_deleted, deleted_rows
from courses.services.history.errors import CannotBringBack, NumberTaken

A_PAGE = 50


class WithDeleted[M: DatabaseTimestamps](WithHistory[M]):
    named_by: tuple[str, ...] = ("title",)  # columns that say which row it was

    def may_bring_back_deleted(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

    def deleted_names(self, request: HttpRequest, found: list[Gone]) -> list[str]:
        """What each of the rows was, as far as the person may know it."""
        return [" · ".join(filter(None, gone.values.values())) for gone in found]

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_deleted"
        return [
            path("deleted/", self.admin_site.admin_view(self.deleted_view), name=name),
            *super().get_urls(),
        ]

    @told_when_held
    def deleted_view(self, request: HttpRequest) -> HttpResponse:
        """The list; posted with a row's change, that row comes back."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._bring_back_deleted(request)
        found = deleted_rows(
            self.model, self.named_by, before=_number(request.GET.get("before")) or LAST, most=A_PAGE + 1
        )
        names = user_names(found)
        shown = found[:A_PAGE]
        rows = [
            (gone, name, who(gone, names), why(gone))
            for gone, name in zip(shown, self.deleted_names(request, shown), strict=True)
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Deleted: %s") % self.opts.verbose_name_plural,
            "opts": self.opts,
            "rows": rows,
            "older": found[A_PAGE - 1].id if len(found) > A_PAGE else None,
            "may_bring_back": self.may_bring_back_deleted(request),
            "taken": _number(request.GET.get("taken")),  # the row that could come as the last one
        }
        return TemplateResponse(request, "admin/history/deleted.html", context)

    def _bring_back_deleted(self, request: HttpRequest) -> HttpResponse:
        if not self.may_bring_back_deleted(request):
            raise PermissionDenied
        change = _number(request.POST.get("change"))
        try:
            as_last = "as_last" in request.POST
            returned = bring_back_deleted(model=self.model, change=change, as_last=as_last)
        except NumberTaken as refused:
            messages.error(request, str(refused))
            return redirect(f"{request.path}?before={change + 1}&taken={change}")
        except CannotBringBack as refused:
            messages.error(request, str(refused))
        else:
            row_id = Change.objects.values_list("row_id", flat=True).get(pk=change)
            page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row_id])
            messages.success(
                request, format_html('{} <a href="{}">{}</a>', _told(returned), page, _("Open it."))
            )
            if left := [one for one in returned if one.left]:
                messages.warning(request, _could_not(left))
        return redirect(request.path)


def _told(returned: list[Returned]) -> str:
    counts = ", ".join(f"{_name(one.model)}: {one.back}" for one in returned if one.back)
    return _("Back again: %(counts)s.") % {"counts": counts}


def _could_not(returned: list[Returned]) -> str:
    counts = ", ".join(f"{_name(one.model)}: {one.left}" for one in returned)
    return _("Not back, because what they belong to is gone or has new ones: %(counts)s.") % {
        "counts": counts
    }


def _name(model: Any) -> str:
    return str(model._meta.verbose_name_plural)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0
