"""What a survey's page and a question's page share: rows that the model reads, and what they do to texts."""

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Field, Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from courses.admin.editing.two_editors import TwoEditorsAdmin
from courses.admin.theme import TabularInline, TextInput, display
from personalization.admin.prompts.effect_words import effect_said
from personalization.admin.survey_forms import (
    MOST_ROWS,
    OptionForm,
    OptionFormSet,
    QuestionForm,
    QuestionFormSet,
)
from personalization.models import CourseSurvey, SurveyOption, SurveyQuestion
from personalization.services.prompt_effects import Effect, effect_of_survey
from personalization.services.surveys import retag

CONFIRMED = "confirmed"  # posted with the tag of the survey whose effect the person has seen
_ROW_WORDS = re.compile(r"(?:questions|options)-\d+-(label_ru|label_en)")


class RowsInline[R: (SurveyQuestion, SurveyOption), P: (CourseSurvey, SurveyQuestion)](TabularInline[R, P]):
    extra = 0
    max_num = MOST_ROWS
    ordering_field = "position"

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if db_field.name in {"key", "other_key", "code", "label_ru", "label_en"}:
            kwargs.setdefault("widget", TextInput())
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class QuestionInline(RowsInline[SurveyQuestion, CourseSurvey]):
    model = SurveyQuestion
    form = QuestionForm
    formset = QuestionFormSet
    fields = ("position", "key", "label_ru", "label_en", "other_key", "options")
    readonly_fields = ("options",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SurveyQuestion]:
        return super().get_queryset(request).annotate(option_count=Count("options"))

    @display(description=gettext_lazy("options"))
    def options(self, question: Any) -> SafeString | str:
        if question._state.adding:
            return "–"
        count = question.option_count
        said = ngettext("%s option", "%s options", count) % count if count else _("free words")
        address = reverse("admin:personalization_surveyquestion_change", args=[question.pk])
        return format_html('<a class="persona-link" href="{}">{}</a>', address, said)


class OptionInline(RowsInline[SurveyOption, SurveyQuestion]):
    model = SurveyOption
    form = OptionForm
    formset = OptionFormSet
    fields = ("position", "code", "label_ru", "label_en", "old_codes", "is_other", "is_retired")


class Unconfirmed(Exception):
    """Texts become stale by what was posted, and the person has not seen yet how many."""

    def __init__(self, survey: CourseSurvey, effect: Effect, confirmed: str) -> None:
        super().__init__(survey.pk)
        self.survey, self.effect, self.confirmed = survey, effect, confirmed


class SurveyedAdmin[M: (CourseSurvey, SurveyQuestion)](TwoEditorsAdmin[M]):
    """Of pages whose rows are words that the model reads."""

    class Media:
        css = {"all": ("personalization/surveys.css",)}

    def survey_of(self, obj: M) -> CourseSurvey:
        raise NotImplementedError

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        rows: Any = self.form
        if prefix == rows.rows_prefix and "data" in kwargs and not obj._state.adding:
            kwargs["data"] = rows.rows_on_top(kwargs["data"], obj)
        return kwargs

    def refuse_changed(self, obj: Any, form: Any) -> None:
        # The survey first, whichever page is saved: two that wait for each other would both be ended.
        CourseSurvey.objects.select_for_update().filter(pk=self.survey_of(obj).pk).first()
        super().refuse_changed(obj, form)

    def posted_names(self, request: HttpRequest) -> list[str]:
        return [*super().posted_names(request), *filter(_ROW_WORDS.fullmatch, request.POST)]

    def word_label(self, name: str) -> str:
        return super().word_label(name.rpartition("-")[2])

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: Any) -> None:
        """New rows whose place nobody has chosen come last."""
        last = formset.queryset.model.objects.filter(**{formset.fk.name: formset.instance})
        place = (last.aggregate(last=Max("position"))["last"] or 0) + 1
        for row in formset.extra_forms:
            if row.has_changed() and not row.cleaned_data.get("position"):
                row.instance.position, place = place, place + 1
        super().save_formset(request, form, formset, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        survey = self.survey_of(form.instance)
        # Two who save at once would each note what the other has not written yet.
        before = CourseSurvey.objects.select_for_update().get(pk=survey.pk).tag
        super().save_related(request, form, formsets, change)
        retag(survey)
        after = CourseSurvey.objects.get(pk=survey.pk).tag
        if change and after != before:
            refuse_unseen(request, survey, before, after)
            messages.info(
                request,
                _(
                    "Texts written with the old words are marked as stale now. "
                    "None is written anew by itself."
                ),
            )

    # --- what it does to texts is said before it is done ---

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Unconfirmed as asked:
            return self._asked(request, asked)

    def _asked(self, request: HttpRequest, asked: Unconfirmed) -> HttpResponse:
        """How many texts become stale; posted from there, it is saved. Nothing is saved yet."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Change the survey: %s") % asked.survey,
            "model_admin": self,
            "opts": self.opts,
            "said": effect_said(asked.effect, of_texts=True),
            "sent": [
                (name, text)
                for name, texts in request.POST.lists()
                if name not in ("csrfmiddlewaretoken", CONFIRMED)
                for text in texts
            ],
            "confirmed": asked.confirmed,
        }
        return TemplateResponse(request, "admin/personalization/survey_effect.html", context)


def refuse_unseen(request: HttpRequest, survey: CourseSurvey, before: str | None, after: str | None) -> None:
    """Raises Unconfirmed, which takes back what the transaction has written, where texts become stale by it
    and the person has not agreed to that."""
    confirmed = after or "shipped"
    if request.POST.get(CONFIRMED) == confirmed:
        return
    effect = effect_of_survey(survey.pk, before)
    if effect.becoming or effect.current_again:
        raise Unconfirmed(survey, effect, confirmed)
