"""Feedback and quiz results: to read, and a page on which a CSV file is uploaded."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from courses.admin.filters import course_filter
from courses.admin.held import told_when_held
from courses.admin.theme import display
from courses.errors import InvalidInput, Problem
from personalization.admin.about_learners import AboutLearnersAdmin
from personalization.admin.rights import may_see_learners
from personalization.models import LessonFeedback, QuizResult
from personalization.result_files.entries import FEEDBACK, QUIZ, Kind
from personalization.result_files.table import LARGEST_FILE
from personalization.services.results import ResultImport, delete_results, import_feedback, import_quiz

RATINGS = range(1, 6)


class UploadForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("CSV file"), allow_empty_file=True)


class RatingFilter(admin.SimpleListFilter):
    """With its values said here: Django would look for them in all rows."""

    title = gettext_lazy("rating")
    parameter_name = "rating"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(rating), str(rating)) for rating in RATINGS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = [rating for rating in RATINGS if str(rating) == self.value()]
        return queryset.filter(rating__in=chosen) if chosen else queryset


class ResultAdmin[M: (LessonFeedback, QuizResult)](AboutLearnersAdmin[M]):
    ordering = ("-created_at",)
    list_before_template = "admin/personalization/results_before.html"
    kind: ClassVar[Kind]
    take: ClassVar[Callable[..., ResultImport]]
    upload_title: ClassVar[Any]

    def may_upload(self, request: HttpRequest) -> bool:
        added = f"{self.opts.app_label}.add_{self.opts.model_name}"
        return may_see_learners(request) and request.user.has_perm(added)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_upload"
        return [path("upload/", self.admin_site.admin_view(self.upload), name=name), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = {"may_upload": self.may_upload(request), "upload_title": self.upload_title}
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    @told_when_held
    def upload(self, request: HttpRequest) -> HttpResponse:
        """The form; posted with a file, its problems, or (with `start`) the list and what was imported."""
        if not self.may_upload(request):
            raise PermissionDenied
        posted = request.method == "POST"
        form = UploadForm(request.POST, request.FILES) if posted else UploadForm()
        problems: list[Problem] = []
        if posted and form.is_valid():
            dry_run = "start" not in request.POST
            try:
                found = self._imported(form, dry_run=dry_run)
            except InvalidInput as error:
                problems = list(error.problems)
            else:
                tell(request, found, dry_run=dry_run)
                if not dry_run:
                    return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return self._page(request, form, problems)

    def _imported(self, form: UploadForm, *, dry_run: bool) -> ResultImport:
        file = form.cleaned_data["file"]
        # A byte more than is taken, of a file that is larger: whoever reads it says so.
        return type(self).take(data=file.read(LARGEST_FILE + 1), file=file.name, dry_run=dry_run)

    def _page(self, request: HttpRequest, form: UploadForm, problems: list[Problem]) -> HttpResponse:
        columns = self.kind.columns
        context = {
            **self.admin_site.each_context(request),
            "title": self.upload_title,
            "model_admin": self,
            "form": form,
            "problems": problems,
            "values": [column for column in columns.known if column in self.kind.values],
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/personalization/upload.html", context)

    def delete_model(self, request: HttpRequest, obj: M) -> None:
        delete_results(rows=self.model._default_manager.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[M]) -> None:
        delete_results(rows=queryset)

    @display(description=gettext_lazy("lesson"))
    def lesson_title(self, row: M) -> str:
        return str(row.lesson)

    @display(description=gettext_lazy("course"))
    def course(self, row: M) -> str:
        return row.lesson.course.title


def tell(request: HttpRequest, found: ResultImport, *, dry_run: bool) -> None:
    counts, changed = found.counts, found.clusters.changed
    text = _("New: {created}. Corrected: {updated}. Known already: {unchanged}.")
    said = text.format(created=counts.created, updated=counts.updated, unchanged=counts.unchanged)
    if changed:
        moved = ngettext(
            "{count} learner moves to another cluster, and their texts are stale.",
            "{count} learners move to another cluster, and their texts are stale.",
            changed,
        )
        said += " " + moved.format(count=changed)
    if dry_run:
        messages.info(request, _("The file is in order, and nothing has been written yet.") + " " + said)
    else:
        messages.success(request, said)
    for warning in found.warnings:
        messages.warning(request, str(warning))


WHERE = ("lesson__lesson_number", "lesson__title", "lesson__course__title")


@admin.register(LessonFeedback)
class FeedbackAdmin(ResultAdmin[LessonFeedback]):
    kind = FEEDBACK
    take = staticmethod(import_feedback)
    upload_title = gettext_lazy("Import feedback")
    shown = ("rating", "issue", *WHERE)
    list_display = ("created_at", "learner", "rating", "issue", "lesson_title", "course")
    list_filter = ("issue", RatingFilter, course_filter("lesson__course__slug"))
    fields = ("learner", "lesson_title", "course", "rating", "issue", "created_at")
    readonly_fields = fields


@admin.register(QuizResult)
class QuizAdmin(ResultAdmin[QuizResult]):
    kind = QUIZ
    take = staticmethod(import_quiz)
    upload_title = gettext_lazy("Import quiz results")
    shown = ("score", *WHERE)
    list_display = ("created_at", "learner", "score", "lesson_title", "course")
    list_filter = (course_filter("lesson__course__slug"),)
    fields = ("learner", "lesson_title", "course", "score", "created_at")
    readonly_fields = fields
