"""Lessons with what personalization asks of them: the app `courses` knows nothing of it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from courses.admin.lessons import LessonAdmin, MissingFilter
from courses.models import Lesson
from personalization.admin.regenerate_lessons import regenerate_lessons_page
from personalization.admin.rights import may_run
from personalization.admin.status_filters import DescribedByFilter, LessonStatusFilter


class LessonWithStatusAdmin(LessonAdmin):
    actions = ("regenerate_descriptions",)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        filters = [LessonStatusFilter if one is MissingFilter else one for one in self.list_filter]
        return [*filters, DescribedByFilter]

    def has_regenerate_permission(self, request: HttpRequest) -> bool:
        """Who starts it changes lessons, and spends money."""
        return may_run(request) and self.has_change_permission(request)

    @admin.action(description=_("Write standard descriptions anew"), permissions=["regenerate"])
    def regenerate_descriptions(self, request: HttpRequest, queryset: QuerySet[Lesson]) -> HttpResponse:
        return regenerate_lessons_page(self, request, queryset)


admin.site.unregister(Lesson)
admin.site.register(Lesson, LessonWithStatusAdmin)
