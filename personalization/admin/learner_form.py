"""A learner's fields. Answers come from the outside platform; by hand only a new learner gets some."""

from types import new_class
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from courses.admin.editing.shared_form import SharedForm
from courses.admin.lines import LinesField
from courses.admin.theme import Textarea
from courses.course_folder.wording import line_problem, tidy
from personalization.admin.answers import LABELS
from personalization.learner_files.profiles import LONGEST_IDENTIFIER, LONGEST_NAME

PREFIX = "answer_"
LISTS = ("motivation", "fears")
ANSWER_FIELDS = {PREFIX + key: key for key in LABELS if not key.endswith("_other")}


class LearnerForm(SharedForm):
    """The same rules as for learners from the store."""

    columns = ("name", "course")

    def clean_user_identifier(self) -> str:
        return _line(self.cleaned_data["user_identifier"], LONGEST_IDENTIFIER)

    def clean_name(self) -> str | None:
        name = self.cleaned_data["name"]
        return _line(name, LONGEST_NAME) if name else None


class AnswersForm(LearnerForm):
    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        answers = {key: self.cleaned_data.get(name, "") for name, key in ANSWER_FIELDS.items()}
        self.instance.survey = {
            key: [line.strip() for line in answer.split("\n") if line] if key in LISTS else answer
            for key, answer in answers.items()
            if answer
        } or None
        return cleaned


def _answer(key: str) -> LinesField:
    several = key in LISTS
    hint = _("One item per line.") if several else ""
    widget = Textarea({"rows": 3 if several else 2})
    return LinesField(label=LABELS[key], required=False, max_length=10_000, help_text=hint, widget=widget)


def _line(text: str, most: int) -> str:
    if line_problem(text, most):
        raise forms.ValidationError(
            _("Write one line of at most %(most)s characters, without control characters."),
            params={"most": most},
        )
    return tidy(text)


NewLearnerForm: type[AnswersForm] = new_class(
    "NewLearnerForm",
    (AnswersForm,),
    exec_body=lambda body: body.update({name: _answer(key) for name, key in ANSWER_FIELDS.items()}),
)
