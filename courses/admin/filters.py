from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from courses.models import Course


def course_filter(path: str) -> type[admin.SimpleListFilter]:
    """A filter by the course's slug, found along `path`; lists the courses without loading them whole."""

    class CourseFilter(admin.SimpleListFilter):
        title = _("course")
        parameter_name = "course"

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return list(Course.objects.values_list("slug", "title"))

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            return queryset.filter(**{path: self.value()}) if self.value() else queryset

    return CourseFilter
