"""Filters by what is missing: behind each figure of a course's overview is a list of just these rows."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from courses.admin.lessons import MissingFilter
from courses.models import Course
from personalization.course_status.conditions import MARKS, learners_where, lessons_where, stale_texts


class StatusFilter(admin.SimpleListFilter):
    """Knows the course that is chosen beside it: then the database looks at this course only."""

    def __init__(self, request: HttpRequest, *arguments: Any) -> None:
        super().__init__(request, *arguments)
        self.slug = request.GET.get("course")

    def ids(self, value: str, course: UUID | None) -> Any:
        """Of the rows that `value` means, for `pk__in`; `course` None: of all courses."""
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value not in [choice for choice, _words in self.lookup_choices]:
            return queryset
        course = (
            Course.objects.filter(slug=self.slug).values_list("pk", flat=True).first() if self.slug else None
        )
        return queryset.filter(pk__in=self.ids(str(value), course))


class LessonStatusFilter(StatusFilter, MissingFilter):
    title = _("needs attention")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            *MissingFilter.lookups(self, request, model_admin),
            ("short", _("transcript too short to personalise")),
            ("assets", _("without assets")),
            (MARKS, _("working marks in the title")),
            ("gap", _("after a gap in the numbering")),
        ]

    def ids(self, value: str, course: UUID | None) -> Any:
        return lessons_where(value, course)


class AnsweredFilter(StatusFilter):
    """By the rule that decides whether a text can be written: an answer that holds nothing is none."""

    title = _("answers")
    parameter_name = "answers"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("has answered")), ("no", _("has not answered"))]

    def ids(self, value: str, course: UUID | None) -> Any:
        return learners_where("answered" if value == "yes" else "unanswered", course)


class TextsFilter(StatusFilter):
    title = _("personal texts")
    parameter_name = "texts"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("none", _("has none")), ("missing", _("could have more"))]

    def ids(self, value: str, course: UUID | None) -> Any:
        return learners_where(value, course)


class StaleFilter(StatusFilter):
    title = _("stale")
    parameter_name = "stale"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("lesson, answers or writer have changed"))]

    def ids(self, value: str, course: UUID | None) -> Any:
        return stale_texts(course)


class WrittenByFilter(admin.SimpleListFilter):
    """Where a prompt's page asks which texts a version of it wrote: offers nothing by itself."""

    title = _("prompt version")
    parameter_name = "written_by"
    column = "prompt_version"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        chosen = request.GET.get(self.parameter_name, "")
        return [(chosen, chosen)] if chosen else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Texts name the prompt first, then the hash of all that went into it, then the cluster's prompt.

        What wrote before prompts had versions is a hash alone."""
        if not (version := self.value()):
            return queryset
        column = self.column
        of_prompt = Q((column, version)) | Q((f"{column}__startswith", f"{version} "))
        return queryset.filter(of_prompt | Q((f"{column}__endswith", f" {version}")))


class DescribedByFilter(WrittenByFilter):
    """Of lessons, by their standard descriptions."""

    column = "description__prompt_version"
