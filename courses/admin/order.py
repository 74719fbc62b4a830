"""The page “Order of lessons”: drag, move by one, or type a number; saved by the service of all doors."""

import json
from hashlib import md5
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.admin.base import BaseAdmin
from courses.database import held_by_another
from courses.errors import ChangedMeanwhile
from courses.models import Course, Lesson
from courses.services.numbering import Place, by_number, read_places, renumber, reordered

MOST_LESSONS = 1_000  # on one page; nobody drags a lesson past more of them


class OrderedLessons(BaseAdmin[Course]):
    """Adds the page to the admin of courses."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.order_view)
        return [path("order/<path:slug>/", view, name="courses_course_order"), *super().get_urls()]

    def order_view(self, request: HttpRequest, slug: str) -> HttpResponse:
        if not self.admin_site.get_model_admin(Lesson).has_change_permission(request):
            raise PermissionDenied
        course = get_object_or_404(Course.objects.only("slug", "title"), slug=slug)
        places = read_places(course)
        if request.method == "POST":
            self._save(request, course, places)
            return redirect("admin:courses_course_order", course.slug)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Order of lessons"),
            "subtitle": course.title,
            "model_admin": self,
            "course": course,
            "places": by_number(places),
            "seen": _state(places),
            "too_many": len(places) > MOST_LESSONS,
            "most": MOST_LESSONS,
        }
        return TemplateResponse(request, "admin/courses/order.html", context)

    def _save(self, request: HttpRequest, course: Course, places: list[Place]) -> None:
        try:
            order = _ids(request.POST.get("order", ""))
            if request.POST.get("seen") != _state(places):
                raise ChangedMeanwhile
            moved = renumber(course=course, places=places, numbers=reordered(places, order))
        except ValueError:
            messages.error(request, _("The order was incomplete. Nothing was changed: try again."))
        except ChangedMeanwhile:
            text = _("Somebody changed the lessons meanwhile. Nothing was saved: this is the order now.")
            messages.error(request, text)
        except OperationalError as error:
            if not held_by_another(error):
                raise
            messages.error(
                request, _("An import holds the lessons. Nothing was saved: try again in a minute.")
            )
        else:
            self._tell(request, course, sum(move.moved for move in moved))

    def _tell(self, request: HttpRequest, course: Course, moved: int) -> None:
        if not moved:
            messages.info(request, _("The order is as it was."))
            return
        text = ngettext("%s lesson has a new number.", "%s lessons have new numbers.", moved) % moved
        self.log_change(request, course, text)
        messages.success(request, text)


def _state(places: list[Place]) -> str:
    """Changes with every lesson that comes, goes or gets another number."""
    rows = sorted(f"{place.id}={place.number}" for place in places)
    return md5("\n".join(rows).encode(), usedforsecurity=False).hexdigest()


def _ids(text: str) -> list[UUID]:
    """The lessons as the page sends them. Raises ValueError."""
    values: Any = json.loads(text)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError("no list of ids")
    return [UUID(value) for value in values]
