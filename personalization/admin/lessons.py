"""Lessons with what personalization asks of them: the app `courses` knows nothing of it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from courses.admin.lessons import LessonAdmin, MissingFilter
from courses.models import Lesson
from personalization.admin.status_filters import LessonStatusFilter


class LessonWithStatusAdmin(LessonAdmin):
    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [LessonStatusFilter if one is MissingFilter else one for one in self.list_filter]


admin.site.unregister(Lesson)
admin.site.register(Lesson, LessonWithStatusAdmin)
