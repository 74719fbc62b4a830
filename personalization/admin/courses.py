"""Courses with what personalization knows of them: the app `courses` itself knows nothing of learners."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from courses.admin.courses import CourseAdmin, counted
from courses.admin.deletion import Deleted
from courses.admin.theme import display
from courses.models import Course
from personalization.admin.costs import costs_link
from personalization.admin.course_overview import overview_learners, overview_page
from personalization.admin.rights import may_see_costs
from personalization.costs.totals import of_course
from personalization.models import Profile
from personalization.pricing import money


class CourseWithLearnersAdmin(CourseAdmin):
    list_display = (*CourseAdmin.list_display, "learner_count", "overview")
    change_form_outer_before_template = "admin/personalization/course_overview_link.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:pk>/overview/", view(self.overview_page), name="courses_course_overview"),
            path(
                "<uuid:pk>/overview/learners/",
                view(self.overview_learners),
                name="courses_course_overview_learners",
            ),
        ]
        return [*own, *super().get_urls()]

    def overview_page(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return overview_page(self, request, pk)

    def overview_learners(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return overview_learners(request, pk)

    def page_context(self, request: HttpRequest, obj: Course) -> dict[str, Any]:
        context = super().page_context(request, obj)
        if may_see_costs(request) and (spent := of_course(obj.pk)).calls:
            context |= {"cost": money(spent.micro), "costs_link": costs_link(course=obj.slug)}
        return context

    def list_queryset(self, queryset: QuerySet[Course]) -> QuerySet[Course]:
        learners = counted(Profile.objects.filter(course=OuterRef("slug")), "course")
        return super().list_queryset(queryset).annotate(learner_count=learners)

    def save_model(self, request: HttpRequest, obj: Course, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "personal_format" in form.changed_data:
            messages.info(
                request,
                _("Texts in the other format are marked as stale now. None is written anew by itself."),
            )

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

    @display(description=_("overview"))
    def overview(self, course: Course) -> SafeString:
        address = reverse("admin:courses_course_overview", args=[course.pk])
        return format_html('<a class="persona-link" href="{}">{}</a>', address, _("what is missing"))


admin.site.unregister(Course)
admin.site.register(Course, CourseWithLearnersAdmin)
