"""Surveys: what courses ask their learners, in the words that the model reads."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db.models import Count, F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from courses.admin.deletion import Deleted
from courses.admin.theme import display
from courses.models import Course
from personalization.admin.survey_forms import QuestionForm
from personalization.admin.survey_pages import OptionInline, QuestionInline, SurveyedAdmin
from personalization.admin.survey_rows import RowsForm
from personalization.models import CourseSurvey, SurveyOption, SurveyQuestion
from personalization.services.surveys import answered_by, copy_survey

CHANGE = "admin:personalization_coursesurvey_change"


class SurveyForm(RowsForm):
    rows_model, rows_of, rows_prefix = SurveyQuestion, "survey", "questions"
    row_fixed = "key"
    row_fields = ("position", "label_ru", "label_en", "other_key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "course" in self.fields:
            field: Any = self.fields["course"]
            field.queryset = Course.objects.filter(survey=None).only("title")
            field.required = True


@admin.register(CourseSurvey)
class SurveyAdmin(SurveyedAdmin[CourseSurvey]):
    form = SurveyForm
    list_display = ("name", "question_count")
    list_display_links = ("name",)
    search_fields = ("course__title", "course__slug")
    inlines = (QuestionInline,)
    list_before_template = "admin/personalization/surveys_before.html"
    change_form_outer_before_template = "admin/personalization/survey_before.html"

    def survey_of(self, obj: CourseSurvey) -> CourseSurvey:
        return obj

    def list_queryset(self, queryset: QuerySet[CourseSurvey]) -> QuerySet[CourseSurvey]:
        shown = queryset.select_related("course").only("course__title")
        return shown.annotate(questions_asked=Count("questions")).order_by(
            F("course__title").asc(nulls_first=True), "pk"
        )

    def get_inlines(self, request: HttpRequest, obj: CourseSurvey | None) -> Any:
        return self.inlines if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: CourseSurvey | None = None) -> Any:
        return [(None, {"fields": ["name" if obj else "course"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: CourseSurvey | None = None) -> tuple[str, ...]:
        return ("name",) if obj else ()

    # --- deletion: what learners have answered stays ---

    def has_delete_permission(self, request: HttpRequest, obj: CourseSurvey | None = None) -> bool:
        own = obj is None or obj.course_id is not None
        return own and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Deleted:
        """Protected, with what to do instead: those that learners have answered."""
        lines, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return lines, counts, lacking, [*protected, *_refusals(objs)]

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[CourseSurvey], *args: Any, **kwargs: Any
    ) -> Any:
        """The default survey is not among what is deleted, and that is said."""
        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if request.POST.get("action") == "delete_selected" and _has_default(queryset, selected):
            messages.error(
                request,
                _(
                    "The default survey stays: it asks the learners of all courses that have no survey of "
                    "their own. Change its questions instead."
                ),
            )
            queryset = queryset.exclude(course=None)
        return super().response_action(request, queryset, *args, **kwargs)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CourseSurvey]) -> None:
        super().delete_queryset(request, queryset.exclude(course=None))

    def save_model(self, request: HttpRequest, obj: CourseSurvey, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        elif obj.course:
            obj.pk = copy_survey(course=obj.course).pk
            obj._state.adding = False

    def response_add(
        self, request: HttpRequest, obj: CourseSurvey, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(
            request, _("The course has a survey of its own now: a copy of the default one, to be changed.")
        )
        return redirect(CHANGE, obj.pk)

    @display(description=gettext_lazy("survey of"), ordering="course__title")
    def name(self, survey: CourseSurvey) -> str:
        return str(survey)

    @display(description=gettext_lazy("questions"))
    def question_count(self, survey: Any) -> int:
        count: int = survey.questions_asked
        return count


class OptionsForm(QuestionForm, RowsForm):
    columns = ("label_ru", "label_en", "other_key")
    rows_model, rows_of, rows_prefix = SurveyOption, "question", "options"
    row_fixed = "code"
    row_fields = ("position", "label_ru", "label_en", "old_codes", "is_other", "is_retired")


@admin.register(SurveyQuestion)
class QuestionAdmin(SurveyedAdmin[SurveyQuestion]):
    """The options of one question; reached from its survey."""

    form = OptionsForm
    posted_columns = ("label_ru", "label_en", "other_key")
    rows: ClassVar[dict[str, int]] = {"key": 1, "label_ru": 1, "label_en": 1, "other_key": 1}
    fields = ("key", "label_ru", "label_en", "other_key")
    inlines = (OptionInline,)
    change_form_outer_before_template = "admin/personalization/question_before.html"

    def survey_of(self, obj: SurveyQuestion) -> CourseSurvey:
        return obj.survey

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SurveyQuestion | None = None) -> bool:
        # One question is deleted on its survey's page, which looks whether it was answered.
        return obj is None and super().has_delete_permission(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("admin:personalization_coursesurvey_changelist")

    def page_context(self, request: HttpRequest, obj: SurveyQuestion) -> dict[str, Any]:
        return {"survey": obj.survey}

    def response_post_save_change(self, request: HttpRequest, obj: SurveyQuestion) -> HttpResponseRedirect:
        return redirect(CHANGE, obj.survey_id)


def _has_default(surveys: QuerySet[CourseSurvey], selected: list[str]) -> bool:
    """What is no id is the list's to refuse."""
    try:
        return surveys.filter(course=None, pk__in=selected).exists()
    except ValidationError:
        return False


def _refusals(surveys: Any) -> list[str]:
    found = []
    for survey in surveys:
        if count := answered_by(survey):
            words = ngettext(
                "%(survey)s: %(count)s learner has answered it, and without it nobody knows what the answers "
                "mean. Change its words, or retire options, instead.",
                "%(survey)s: %(count)s learners have answered it, and without it nobody knows what the "
                "answers mean. Change its words, or retire options, instead.",
                count,
            )
            found.append(words % {"survey": survey, "count": number_format(count)})
    return found


def survey_link(request: HttpRequest, course: Course) -> tuple[str, str]:
    """Address and name of the page where the course's questions are seen, or made its own."""
    own = CourseSurvey.objects.filter(course=course).first()
    if own:
        return reverse(CHANGE, args=[own.pk]), _("Survey of this course")
    if request.user.has_perm("personalization.add_coursesurvey"):
        add = reverse("admin:personalization_coursesurvey_add")
        return f"{add}?course={course.pk}", _("Give it a survey of its own")
    return reverse("admin:personalization_coursesurvey_changelist"), _("Surveys")
