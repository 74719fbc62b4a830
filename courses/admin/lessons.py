from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db import IntegrityError
from django.db.models import Exists, Field, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from courses.admin.editing.pages import SectionsAdmin
from courses.admin.editing.preview import Pane, lesson_view
from courses.admin.filters import course_filter
from courses.admin.history.compare import Entry
from courses.admin.history.deleted import WithDeleted
from courses.admin.history.entries import lesson_entries
from courses.admin.lesson_form import (
    ASSETS,
    COLUMNS,
    AssetForm,
    LessonForm,
    assets_on_top,
    description_of,
    lesson_course,
)
from courses.admin.readable import NOTHING, readable
from courses.admin.schema_form import (
    PREFIX,
    SectionsForm,
    heading,
    other_sections,
    section_names,
    sections_form,
)
from courses.admin.theme import TabularInline, TextInput, display
from courses.errors import ChangedMeanwhile
from courses.formats.definition import Language
from courses.formats.lesson import LESSON
from courses.models import Lesson, LessonAsset, LessonDescription
from courses.rendering import render_document
from courses.services.descriptions import save_description
from courses.services.history.versions import Version
from courses.services.lessons import locked_lesson


class AssetInline(TabularInline[LessonAsset, Lesson]):
    model = LessonAsset
    form = AssetForm
    fields = ("asset_type", "url", "store_data")
    readonly_fields = ("store_data",)
    extra = 0
    tab = True

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        return super().formfield_for_dbfield(db_field, request, **{"widget": TextInput(), **kwargs})

    @display(description=_("other data from the store"))
    def store_data(self, asset: LessonAsset) -> SafeString | str:
        return readable(asset.metadata)


class MissingFilter(admin.SimpleListFilter):
    title = _("missing")
    parameter_name = "missing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("description", _("without description")), ("transcript", _("without transcript"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lesson]) -> QuerySet[Lesson]:
        if self.value() == "description":
            return queryset.filter(description__isnull=True)
        return queryset.filter(transcript="") if self.value() == "transcript" else queryset


class LessonAdmin(WithDeleted[Lesson], SectionsAdmin[Lesson]):
    form = sections_form(LessonForm, LESSON)
    rows: ClassVar[dict[str, int]] = {"title": 1, "summary": 3, "transcript": 24}
    list_display = ("lesson_number", "title", "course", "has_transcript", "has_description")
    list_display_links = ("title",)
    list_filter = (course_filter("course__slug"), MissingFilter)
    search_fields = ("title",)
    ordering = ("course__title", "course", "lesson_number")
    inlines = (AssetInline,)
    readonly_fields = (
        "transcript_length",
        "description_text",
        "description_origin",
        "other_sections",
        "store_data",
    )
    list_before_template = "admin/courses/lessons_empty.html"
    posted_columns = COLUMNS
    named_by = ("lesson_number", "title")
    bring_back_note = _("The lesson keeps its place in the course; everything else is as it was then.")

    def history_entries(self, version: Version) -> list[Entry]:
        return lesson_entries(version)

    def list_queryset(self, queryset: QuerySet[Lesson]) -> QuerySet[Lesson]:
        shown = queryset.select_related(None).select_related("course")
        return with_completeness(shown.only("lesson_number", "title", "course__title"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lesson]:
        return super().get_queryset(request).select_related("course", "description")

    def get_readonly_fields(self, request: HttpRequest, obj: Lesson | None = None) -> tuple[str, ...]:
        # A lesson's texts belong to learners of its course.
        return (*self.readonly_fields, "course") if obj else tuple(self.readonly_fields)

    def get_fieldsets(self, request: HttpRequest, obj: Lesson | None = None) -> Any:
        may_edit = self.has_change_permission(request, obj) if obj else True
        document = description_of(obj) if obj else {}
        sections = section_names(LESSON, document) if may_edit else ["description_text"]
        if may_edit and other_sections(document, LESSON):
            sections.append("other_sections")
        if obj and self.description_origin(obj):
            sections.append("description_origin")
        tabs = [
            (_("Standard description"), sections),
            (_("Transcript"), ["transcript_length", "transcript"] if obj else ["transcript"]),
            *([(_("Other data from the store"), ["store_data"])] if obj and obj.content else []),
        ]
        return [
            (None, {"fields": ["course", "lesson_number", "title", "summary"]}),
            *((name, {"fields": fields, "classes": ["tab"]}) for name, fields in tabs),
        ]

    def locked(self, pk: UUID) -> Lesson | None:
        return locked_lesson(pk)

    def save_model(self, request: HttpRequest, obj: Lesson, form: Any, change: bool) -> None:
        expected = getattr(obj, "description", None) if change else None
        try:
            super().save_model(request, obj, form, change)
        except IntegrityError as error:
            # A lesson came to this number after the form was checked, or the course went.
            raise ChangedMeanwhile from error
        if form.sections_changed:
            save_description(lesson=obj, data=form.document(), expected=expected)

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Lesson, inline: Any, prefix: str
    ) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if prefix == ASSETS and "data" in kwargs and not obj._state.adding:
            kwargs["data"] = assets_on_top(kwargs["data"], obj)
        return kwargs

    def preview_panes(self, request: HttpRequest, obj: Lesson | None) -> list[Pane]:
        language = obj.course.language if obj else Language.RUSSIAN
        lesson = (obj.course.title, str(obj), description_of(obj)) if obj else ("", "", {})
        return [Pane("standard", str(_("As learners see it")), lesson_view(*lesson, LESSON, language))]

    def preview_of(self, form: SectionsForm, obj: Lesson | None) -> SafeString:
        course = obj.course if obj else lesson_course(form.data.get("course"))
        title = form.data.get("title") or ""
        number = form.data.get("lesson_number") or ""
        return lesson_view(
            course.title if course else "",
            f"{number}. {title}" if number else title,
            form.draft(),
            LESSON,
            course.language if course else Language.RUSSIAN,
        )

    def word_label(self, name: str) -> str:
        section = LESSON.section(name.removeprefix(PREFIX))
        if section:
            return heading(section)
        return super().word_label(name)

    @display(description=_("transcript"), boolean=True)
    def has_transcript(self, lesson: Any) -> bool:
        return bool(lesson.has_transcript)

    @display(description=_("description"), boolean=True)
    def has_description(self, lesson: Any) -> bool:
        return bool(lesson.has_description)

    @display(description=_("length"))
    def transcript_length(self, lesson: Lesson) -> str:
        length = len(lesson.transcript)
        return ngettext("%s character", "%s characters", length) % number_format(length)

    @display(description=_("standard description"))
    def description_text(self, lesson: Lesson) -> SafeString | str:
        html = render_document(description_of(lesson), LESSON, lesson.course.language)
        return format_html('<div class="persona-document">{}</div>', html) if html.strip() else NOTHING

    @display(description=_("where it comes from"))
    def description_origin(self, lesson: Lesson) -> str:
        """Empty where nobody knows: from a store, or from before it was kept."""
        description = getattr(lesson, "description", None)
        if description and description.edited_at:
            moment = date_format(localtime(description.edited_at), "SHORT_DATETIME_FORMAT")
            return gettext("An editor changed it ({moment}): runs leave it alone.").format(moment=moment)
        if description and description.generated_at:
            moment = date_format(localtime(description.generated_at), "SHORT_DATETIME_FORMAT")
            text = gettext("Written by the model {model} from the transcript ({moment}).")
            if description.written_from == "condensed":
                text = gettext("Written by the model {model} from the condensed transcript ({moment}).")
            return text.format(model=description.model, moment=moment)
        return ""

    @display(description=_("Other sections (kept as they are)"))
    def other_sections(self, lesson: Lesson) -> SafeString | str:
        return readable(other_sections(description_of(lesson), LESSON))

    @display(description=_("other data from the store"))
    def store_data(self, lesson: Lesson) -> SafeString | str:
        return readable(lesson.content)


def with_completeness(lessons: QuerySet[Lesson]) -> QuerySet[Lesson]:
    """Adds `has_transcript` and `has_description`, without loading either."""
    described = LessonDescription.objects.filter(lesson=OuterRef("pk"))
    return lessons.annotate(has_transcript=~Q(transcript=""), has_description=Exists(described))


admin.site.register(Lesson, LessonAdmin)
