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

from courses.admin.base import BudgetedChangeList
from courses.admin.courses import CourseAdmin, counted
from courses.admin.deletion import Deleted
from courses.admin.theme import display
from courses.models import Course
from personalization.admin.costs import costs_link
from personalization.admin.course_form import CourseWithCoachForm
from personalization.admin.course_overview import overview_learners, overview_page
from personalization.admin.rights import may_see_costs
from personalization.admin.surveys import survey_link
from personalization.costs.totals import of_course
from personalization.models import Profile
from personalization.pricing import money
from personalization.services.coaches import Speaker, set_course_coach, speakers


class CourseChangeList(BudgetedChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        found = speakers([course.pk for course in self.result_list])
        for course in self.result_list:
            course.speaker = found[course.pk]


class CourseWithLearnersAdmin(CourseAdmin):
    form = CourseWithCoachForm
    list_display = (*CourseAdmin.list_display, "coach_name", "learner_count", "overview")
    change_form_outer_before_template = "admin/personalization/course_overview_link.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CourseChangeList]:
        return CourseChangeList

    def get_fieldsets(self, request: HttpRequest, obj: Course | None = None) -> Any:
        (name, first), *more = super().get_fieldsets(request, obj)
        # Who may look only is told in words, above the form.
        may_edit = self.has_change_permission(request, obj) if obj else True
        return [(name, {**first, "fields": [*first["fields"], *(["coach"] if may_edit else [])]}), *more]

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
        context = {**super().page_context(request, obj), "one": speakers([obj.pk])[obj.pk]}
        if request.user.has_perm("personalization.view_coursesurvey"):
            context["survey"] = survey_link(request, obj)
        if may_see_costs(request) and (spent := of_course(obj.pk)).calls:
            context |= {"cost": money(spent.micro), "costs_link": costs_link(course=obj.slug)}
        return context

    def list_queryset(self, queryset: QuerySet[Course]) -> QuerySet[Course]:
        learners = counted(Profile.objects.filter(course=OuterRef("slug")), "course")
        return super().list_queryset(queryset).annotate(learner_count=learners)

    def save_model(self, request: HttpRequest, obj: Course, form: Any, change: bool) -> None:
        before = speakers([obj.pk])[obj.pk].voice if change else None
        super().save_model(request, obj, form, change)
        if "coach" in form.fields:
            # Without a change too: who saves the page without a coach knows that the one it had is gone.
            set_course_coach(course=obj, coach=form.cleaned_data["coach"])
        if change and speakers([obj.pk])[obj.pk].voice != before:
            messages.info(
                request,
                _("Texts in another voice are marked as stale now. None is written anew by itself."),
            )
        if change and "lesson_source" in form.changed_data:
            messages.info(
                request,
                _("Texts from the other source are marked as stale now. None is written anew by itself."),
            )
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

    @display(description=_("coach"))
    def coach_name(self, course: Any) -> str:
        speaker: Speaker = course.speaker
        name = speaker.name or str(_("neutral voice"))
        return f"⚠ {name}" if speaker.lapsed else name

    @display(description=_("overview"))
    def overview(self, course: Course) -> SafeString:
        address = reverse("admin:courses_course_overview", args=[course.pk])
        return format_html('<a class="persona-link" href="{}">{}</a>', address, _("what is missing"))


admin.site.unregister(Course)
admin.site.register(Course, CourseWithLearnersAdmin)
