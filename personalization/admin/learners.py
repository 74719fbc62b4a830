from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from courses.admin.base import BudgetedChangeList
from courses.admin.editing.two_editors import TwoEditorsAdmin
from courses.admin.filters import course_filter
from courses.admin.theme import display
from courses.models import Course
from personalization.admin.answers import answers_in_words
from personalization.admin.history import LearnerHistory
from personalization.admin.learner_form import ANSWER_FIELDS, LearnerForm, NewLearnerForm
from personalization.admin.preview import learner_page
from personalization.admin.regenerate import regenerate_page
from personalization.admin.rights import may_run, may_see_costs
from personalization.admin.status_filters import AnsweredFilter, TextsFilter
from personalization.admin.why_cluster import why_context
from personalization.costs.totals import of_learner
from personalization.models import Origin, Profile
from personalization.models.runs import RUN_GENERATION
from personalization.pricing import money
from personalization.text_queries import LessonText, TextCounts, lesson_texts, text_counts

NO_LESSONS = TextCounts(lessons=0, texts=0, stale=0)


class LearnerChangeList(BudgetedChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        counts = text_counts(learner.pk for learner in self.result_list)
        for learner in self.result_list:
            learner.counts = counts.get(learner.pk, NO_LESSONS)


@admin.register(Profile)
class LearnerAdmin(LearnerHistory, TwoEditorsAdmin[Profile]):
    form = LearnerForm
    posted_columns = ("name",)
    rows: ClassVar[dict[str, int]] = {"user_identifier": 1, "name": 1}
    list_display = ("user_identifier", "name", "texts", "missing", "stale", "course")
    list_display_links = ("user_identifier", "name")
    list_filter = (course_filter("course_id"), AnsweredFilter, TextsFilter)
    search_fields = ("user_identifier", "name")
    search_help_text = _("Identifier or name")
    ordering = ("user_identifier",)
    actions = ("regenerate",)
    readonly_fields = ("answers", "unknown_course")
    list_before_template = "admin/personalization/learners_empty.html"
    change_form_outer_after_template = "admin/personalization/learner_lessons.html"

    class Media:
        css = {"all": ("personalization/clusters.css",)}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[LearnerChangeList]:
        return LearnerChangeList

    def list_queryset(self, queryset: QuerySet[Profile]) -> QuerySet[Profile]:
        return queryset.select_related("course").only(
            "user_identifier", "name", "course__slug", "course__title"
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Profile | None = None) -> tuple[str, ...]:
        # The identifier is the outside platform's: links and imports find the learner by it.
        return (*self.readonly_fields, "user_identifier") if obj else tuple(self.readonly_fields)

    def get_fieldsets(self, request: HttpRequest, obj: Profile | None = None) -> Any:
        course = "unknown_course" if obj and _course_is_unknown(obj) else "course"
        about = ["user_identifier", "name", course, *(["answers"] if obj else [])]
        asked = [(_("Answers"), {"fields": [*ANSWER_FIELDS]})]
        return [(None, {"fields": about}), *([] if obj else asked)]

    def get_form(
        self, request: HttpRequest, obj: Profile | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None:
            kwargs["form"] = NewLearnerForm
        return super().get_form(request, obj, change, **kwargs)

    def page_context(self, request: HttpRequest, obj: Profile) -> dict[str, Any]:
        origins = dict(Origin.choices)
        spent = of_learner(obj.pk) if may_see_costs(request) else None
        return {
            "calls": spent.calls if spent else 0,
            "cost": money(spent.micro) if spent else "",
            "calls_link": f"{reverse('admin:personalization_modelcall_changelist')}?learner={obj.pk}",
            "learner": obj,
            "lessons": [
                (lesson, state_of(lesson), origins.get(lesson.origin or "", ""))
                for lesson in lesson_texts(obj.pk)
            ],
            "may_regenerate": self.has_run_generation_permission(request),
            **why_context(request, obj),
        }

    def get_urls(self) -> list[URLPattern]:
        preview = path(
            "<uuid:learner>/lessons/<int:number>/preview/",
            self.admin_site.admin_view(self.preview),
            name="personalization_profile_preview",
        )
        return [preview, *super().get_urls()]

    def preview(self, request: HttpRequest, learner: UUID, number: int) -> HttpResponse:
        return learner_page(request, learner, number)

    def has_run_generation_permission(self, request: HttpRequest) -> bool:
        return may_run(request)

    @admin.action(description=_("Regenerate personalizations"), permissions=[RUN_GENERATION])
    def regenerate(self, request: HttpRequest, queryset: QuerySet[Profile]) -> HttpResponse:
        return regenerate_page(self, request, queryset)

    @display(description=_("texts"))
    def texts(self, learner: Any) -> int:
        counts: TextCounts = learner.counts
        return counts.texts

    @display(description=_("missing"))
    def missing(self, learner: Any) -> int:
        counts: TextCounts = learner.counts
        return counts.missing

    @display(description=pgettext_lazy("texts", "stale"))
    def stale(self, learner: Any) -> int:
        counts: TextCounts = learner.counts
        return counts.stale

    @display(description=_("answers"))
    def answers(self, learner: Profile) -> SafeString | str:
        return answers_in_words(learner)

    @display(description=_("course"))
    def unknown_course(self, learner: Profile) -> str:
        text: str = _("“{slug}” (not imported yet)").format(slug=learner.course_id)
        return text


def _course_is_unknown(learner: Profile) -> bool:
    return learner.course_id is not None and not Course.objects.filter(slug=learner.course_id).exists()


def state_of(lesson: LessonText) -> str:
    """What there is of a learner's text: none, edited, stale or current."""
    if lesson.text_id is None:
        return "none"
    if lesson.edited_at:
        return "edited"
    return "stale" if lesson.stale else "current"
