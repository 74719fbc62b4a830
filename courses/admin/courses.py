from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from courses.admin.editing.shared_form import SharedForm
from courses.admin.editing.two_editors import TwoEditorsAdmin
from courses.admin.history.deleted import WithDeleted
from courses.admin.lessons import with_completeness
from courses.admin.order import OrderedLessons
from courses.admin.readable import readable
from courses.admin.theme import TextInput, display
from courses.models import Course, Lesson

CHOICES = ("personal_format", "lesson_source")  # how the personal texts of the course are written
MOST_LESSONS = 300  # on a course's page; the list of lessons has them all


class CourseForm(SharedForm):
    columns = ("title", "language", "personal_format", "lesson_source", "description")
    slug = forms.SlugField(
        label=_("Slug"),
        widget=TextInput(),
        help_text=_("The course's name in links and in its store folder."),
    )

    class Meta:
        help_texts: ClassVar[dict[str, Any]] = {
            "personal_format": _(
                "Which sections the personal texts of this course are written in. Another choice marks the "
                "texts that there are as stale; they stay as they are until somebody has them written anew."
            ),
            "lesson_source": _(
                "What of a lesson its personal texts are written from. A lesson that lacks it is skipped. "
                "Another choice marks the texts that there are as stale."
            ),
        }


class CourseAdmin(OrderedLessons, WithDeleted[Course], TwoEditorsAdmin[Course]):
    form = CourseForm
    posted_columns = ("title", "description")
    rows: ClassVar[dict[str, int]] = {"title": 1, "description": 3}
    list_display: Any = ("title", "slug", "language", "lesson_count")
    list_filter = ("language",)
    search_fields = ("title", "slug")
    readonly_fields = ("store_data",)
    list_before_template = "admin/courses/courses_empty.html"
    change_form_outer_after_template = "admin/courses/course_lessons.html"

    def list_queryset(self, queryset: QuerySet[Course]) -> QuerySet[Course]:
        return queryset.only("title", "slug", "language").annotate(
            lesson_count=counted(Lesson.objects.filter(course=OuterRef("pk")), "course")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Course | None = None) -> tuple[str, ...]:
        # Learners and links name the course by its slug.
        return (*self.readonly_fields, "slug") if obj else tuple(self.readonly_fields)

    def get_fieldsets(self, request: HttpRequest, obj: Course | None = None) -> Any:
        more = [(_("Other data from the store"), {"fields": ["store_data"], "classes": ["collapse"]})]
        return [
            (None, {"fields": ["title", "slug", "language", *CHOICES, "description"]}),
            *(more if obj and obj.content else []),
        ]

    def page_context(self, request: HttpRequest, obj: Course) -> dict[str, Any]:
        lessons = with_completeness(obj.lessons.only("lesson_number", "title").order_by("lesson_number"))
        return {"course": obj, "lessons": lessons[:MOST_LESSONS]}

    @display(description=_("lessons"), ordering="lesson_count")
    def lesson_count(self, course: Any) -> int:
        count: int = course.lesson_count
        return count

    @display(description=_("other data from the store"))
    def store_data(self, course: Course) -> SafeString | str:
        return readable(course.content)


def counted(rows: QuerySet[Any], by: str) -> Coalesce:
    """How many of the rows belong to the outer row, without a join that multiplies the list."""
    return Coalesce(Subquery(rows.order_by().values(by).annotate(count=Count("*")).values("count")), 0)


admin.site.register(Course, CourseAdmin)
