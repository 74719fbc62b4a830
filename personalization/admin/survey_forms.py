"""The rows of a survey's page and of a question's page."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.admin.theme import InlineFormSet, ModelForm, TextInput
from courses.course_folder.wording import line_problem
from personalization.contact_labels import is_contact_key
from personalization.models import CourseSurvey, SurveyOption, SurveyQuestion
from personalization.services.surveys import count_answers

LONGEST_LABEL, LONGEST_CODE, MOST_ROWS = 300, 64, 200
LABELS = ("label_ru", "label_en")


class LabelsForm[M: (SurveyQuestion, SurveyOption)](ModelForm[M]):
    """What never changes once it is there is shown, and not sent."""

    fixed = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.fixed in self.fields and not self.instance._state.adding:
            self.fields[self.fixed].disabled = True
        if "position" in self.fields:
            self.fields["position"].required = False

    def clean_position(self) -> int:
        return self.cleaned_data["position"] or 0

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        for name in LABELS:
            label = cleaned.get(name)
            if label and line_problem(label, LONGEST_LABEL):
                self.add_error(
                    name,
                    _("Write one line of at most %(most)s characters, without control characters.")
                    % {"most": LONGEST_LABEL},
                )
        if not any(cleaned.get(name) or name in self.errors for name in LABELS):
            self.add_error(LABELS[0], _("Write it in one language at least: the model reads this."))
        return cleaned


class QuestionForm(LabelsForm[SurveyQuestion]):
    fixed = "key"

    def clean_key(self) -> str:
        return _no_contact(self.cleaned_data["key"])

    def clean_other_key(self) -> str:
        return _no_contact(self.cleaned_data["other_key"])


class OldCodesField(forms.CharField):
    """Codes with commas between them; cleaned: a list."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [code.strip() for code in str(value or "").split(",") if code.strip()]

    def validate(self, value: Any) -> None:
        for code in value:
            if line_problem(code, LONGEST_CODE):
                raise forms.ValidationError(
                    _("“%(code)s” is no code: it has at most %(most)s characters of one line.")
                    % {"code": code[:LONGEST_CODE], "most": LONGEST_CODE}
                )

    def run_validators(self, value: Any) -> None:
        if len(value) > MOST_ROWS:
            raise forms.ValidationError(_("At most %s old codes.") % MOST_ROWS)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.to_python(data))


class OptionForm(LabelsForm[SurveyOption]):
    fixed = "code"
    old_codes = OldCodesField(
        label=SurveyOption._meta.get_field("old_codes").verbose_name, required=False, widget=TextInput()
    )


class QuestionFormSet(InlineFormSet[SurveyQuestion, CourseSurvey]):
    def clean(self) -> None:
        super().clean()
        rows = _left(self)
        keys = [row["key"] for row in rows] + [row["other_key"] for row in rows if row.get("other_key")]
        if twice := _twice(keys):
            raise forms.ValidationError(
                _("Two answers would have the key “%(key)s”. Give each a key of its own.") % {"key": twice}
            )
        for row in _gone(self):
            _refuse_answered(row.key, count_answers(survey=self.instance, key=row.key))


class OptionFormSet(InlineFormSet[SurveyOption, SurveyQuestion]):
    def clean(self) -> None:
        super().clean()
        codes = [code for row in _left(self) for code in (row["code"], *row.get("old_codes", ()))]
        if twice := _twice(codes):
            raise forms.ValidationError(
                _("“%(code)s” would mean two options. Codes, old ones too, mean one each.") % {"code": twice}
            )
        for row in _gone(self):
            codes = [row.code, *row.old_codes]
            question: Any = self.instance
            _refuse_answered(row.code, count_answers(survey=question.survey, key=question.key, codes=codes))


def _no_contact(key: str) -> str:
    if is_contact_key(key):
        raise forms.ValidationError(
            _("Under “%(key)s” platforms send who somebody is, and that never leaves. Take another key.")
            % {"key": key}
        )
    return key


def _left(formset: Any) -> list[dict[str, Any]]:
    """What is in the rows that stay and are in order so far."""
    forms_left = [form for form in formset.forms if form not in formset.deleted_forms]
    return [form.cleaned_data for form in forms_left if form.cleaned_data and not form.errors]


def _gone(formset: Any) -> list[Any]:
    return [form.instance for form in formset.deleted_forms if not form.instance._state.adding]


def _twice(codes: Iterable[str]) -> str:
    seen: set[str] = set()
    for code in codes:
        if code.casefold() in seen:
            return code
        seen.add(code.casefold())
    return ""


def _refuse_answered(what: str, count: int) -> None:
    if count:
        words = ngettext(
            "%(count)s learner has answered “%(what)s”, so it cannot be deleted. An option can be retired.",
            "%(count)s learners have answered “%(what)s”, so it cannot be deleted. An option can be retired.",
            count,
        )
        raise forms.ValidationError(words % {"count": number_format(count), "what": what})
