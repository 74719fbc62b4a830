"""Courses with what personalization knows of them: the app `courses` itself knows nothing of learners."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from courses.admin.courses import CourseAdmin, counted
from courses.admin.deletion import Deleted
from courses.admin.theme import display
from courses.models import Course
from personalization.models import Profile


class CourseWithLearnersAdmin(CourseAdmin):
    list_display = (*CourseAdmin.list_display, "learner_count")

    def list_queryset(self, queryset: QuerySet[Course]) -> QuerySet[Course]:
        learners = counted(Profile.objects.filter(course=OuterRef("slug")), "course")
        return super().list_queryset(queryset).annotate(learner_count=learners)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Deleted:
        lines, counts, lacking, protected = super().get_deleted_objects(objs, request)
        learners = Profile.objects.filter(course__in=[course.slug for course in objs]).count()
        if learners:
            words = ngettext(
                "%s learner stays, and has no course page any more",
                "%s learners stay, and have no course page any more",
                learners,
            )
            lines.append(words % number_format(learners))
        return lines, counts, lacking, protected

    @display(description=_("learners"), ordering="learner_count")
    def learner_count(self, course: Any) -> int:
        count: int = course.learner_count
        return count


admin.site.unregister(Course)
admin.site.register(Course, CourseWithLearnersAdmin)
