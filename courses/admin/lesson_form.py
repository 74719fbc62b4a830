"""The form of a lesson: its columns, its standard description, its assets."""

from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from courses.admin.editing.marks import marks, seen
from courses.admin.editing.rows import (
    Row,
    has_rows,
    posted_rows,
    row_name,
    row_text,
    rows_text,
    with_new_rows,
)
from courses.admin.editing.shared_form import TAKEN
from courses.admin.readable import as_document
from courses.admin.schema_form import SectionsForm
from courses.admin.theme import ModelForm
from courses.course_folder.asset_paths import path_problem
from courses.formats.definition import Document
from courses.formats.shapes import lesson_document
from courses.models import Course, Lesson, LessonAsset

ASSETS = "assets"
ASSET_FIELDS = ("asset_type", "url")
COLUMNS = ("lesson_number", "title", "summary", "transcript")


class LessonForm(SectionsForm):
    columns = COLUMNS

    class Meta:
        model = Lesson
        fields = ("course", "lesson_number", "title", "summary", "transcript")

    def stored_document(self) -> Document:
        return description_of(self.instance)

    def stored_columns(self) -> dict[str, str]:
        lesson = self.instance
        if lesson._state.adding:
            return {}
        rows = stored_assets(lesson)
        marked = {row_name(ASSETS, row["id"]): row_text(row) for row in rows}
        return super().stored_columns() | {ASSETS: rows_text(rows)} | marked

    def posted_texts(self) -> dict[str, str]:
        texts = super().posted_texts()
        if has_rows(self.data, ASSETS, "url"):
            texts[ASSETS] = rows_text(posted_rows(self.data, ASSETS, ASSET_FIELDS))
        return texts

    def _has(self, name: str) -> bool:
        return name == ASSETS or super()._has(name)

    def label_of(self, name: str) -> str:
        return str(_("Assets")) if name == ASSETS else super().label_of(name)

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        # The course of a lesson is not sent, and yet a number is there once in it.
        return excluded if self.instance._state.adding else excluded - {"course"}

    def clean_lesson_number(self) -> int:
        number: int = self.cleaned_data["lesson_number"]
        # An adopted lesson may have any number, and keep it.
        if number < 1 and "lesson_number" in self.changed_data:
            raise forms.ValidationError(_("Lessons are numbered from 1."))
        return number


class AssetForm(ModelForm[LessonAsset]):
    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if "url" in self.changed_data and path_problem(url, self.cleaned_data.get("asset_type") or ""):
            raise forms.ValidationError(
                _("Write an https address on the public web, or a path inside the course folder.")
            )
        return url


def description_of(lesson: Lesson) -> Document:
    """The lesson's standard description in canonical keys, {} where it has none."""
    if lesson._state.adding or not hasattr(lesson, "description"):
        return {}
    return as_document(lesson_document, lesson.description.data)


def stored_assets(lesson: Lesson) -> list[Row]:
    rows = LessonAsset.objects.filter(lesson=lesson.pk).values("id", *ASSET_FIELDS)
    return [{name: str(value) for name, value in row.items()} for row in rows]


def assets_on_top(data: QueryDict, lesson: Lesson) -> QueryDict:
    """The posted form; where assets have changed since it was opened, with those that there are now."""
    before, stored = seen(str(data.get("seen") or "")), stored_assets(lesson)
    now = seen(marks({row_name(ASSETS, row["id"]): row_text(row) for row in stored}))
    was = {name: value for name, value in before.items() if name.startswith(row_name(ASSETS, ""))}
    taken = ASSETS in data.getlist(TAKEN)
    if (now == was and not taken) or not has_rows(data, ASSETS, "url"):
        return data
    posted = [] if taken else posted_rows(data, ASSETS, ASSET_FIELDS)
    return with_new_rows(data, ASSETS, stored, posted, before)


def lesson_course(posted: object) -> Course | None:
    """The course that a new lesson's form names."""
    try:
        return Course.objects.filter(pk=UUID(str(posted))).first()
    except ValueError:
        return None
