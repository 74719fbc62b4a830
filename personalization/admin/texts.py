from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from courses.admin.base import BudgetedChangeList
from courses.admin.editing.pages import SectionsAdmin
from courses.admin.editing.preview import Pane, lesson_view
from courses.admin.filters import course_filter
from courses.admin.held import told_when_held
from courses.admin.readable import as_document, readable
from courses.admin.schema_form import (
    PREFIX,
    SectionsForm,
    heading,
    other_sections,
    section_names,
    sections_form,
)
from courses.admin.theme import display
from courses.formats.definition import Document
from courses.formats.lesson import LESSON
from courses.formats.shapes import PERSONAL_FORMATS, lesson_document, personal_document, personal_format
from courses.rendering import humanised
from personalization.admin.history import TextHistory
from personalization.admin.paginator import EXACT_UP_TO, EstimatedPaginator
from personalization.admin.rights import may_replace_locked
from personalization.admin.status_filters import StaleFilter, WrittenByFilter
from personalization.admin.unlock import unlock_page
from personalization.delivery import personal_html
from personalization.models import PersonalizedLessonDescription as Text
from personalization.services.condensed import condensed_source
from personalization.services.texts import edit_text
from personalization.text_queries import lesson_texts

READING_ORDER = ("profile__user_identifier", "lesson__course_id", "lesson__lesson_number")


class TextForm(SectionsForm):
    class Meta:
        model = Text
        fields: tuple[str, ...] = ()

    def stored_document(self) -> Document:
        return document_of(self.instance)


class TextChangeList(BudgetedChangeList):
    def get_results(self, request: HttpRequest) -> None:
        """Up to 10,000 texts come by learner and lesson number; to sort more takes too long."""
        super().get_results(request)
        if self.result_count <= EXACT_UP_TO:
            rows = self.queryset.order_by(*READING_ORDER)
            first = (self.page_num - 1) * self.list_per_page
            whole = not self.multi_page or (self.show_all and self.can_show_all)
            self.result_list = rows if whole else rows[first : first + self.list_per_page]


class EditedFilter(admin.SimpleListFilter):
    title = _("edited")
    parameter_name = "edited"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("by an editor"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Text]) -> QuerySet[Text]:
        return queryset.filter(edited_at__isnull=False) if self.value() else queryset


@admin.register(Text)
class TextAdmin(TextHistory, SectionsAdmin[Text]):
    list_display = ("learner", "lesson_title", "course", "origin", "model", "generated_at", "edited_at")
    list_filter = (course_filter("lesson__course__slug"), EditedFilter, StaleFilter, WrittenByFilter)
    search_fields = ("profile__user_identifier", "profile__name")
    search_help_text = _("Identifier or name of the learner")
    ordering = ("profile_id", "lesson_id")  # the order of an index: no page sorts a million rows
    sortable_by = ()
    paginator = EstimatedPaginator
    actions = None
    readonly_fields = ("other_sections",)
    list_before_template = "admin/personalization/texts_empty.html"
    change_form_outer_before_template = "admin/personalization/text_before.html"
    change_form_outer_after_template = "admin/personalization/text_after.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TextChangeList]:
        return TextChangeList

    def list_queryset(self, queryset: QuerySet[Text]) -> QuerySet[Text]:
        related = ("profile__user_identifier", "profile__name", "lesson__lesson_number", "lesson__title")
        shown = queryset.select_related(None).select_related("profile", "lesson__course")
        return shown.only("origin", "model", "generated_at", "edited_at", *related, "lesson__course__title")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Text]:
        related = ("profile", "lesson__course", "lesson__description", "edited_by")
        return super().get_queryset(request).select_related(*related)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # texts come from runs, the import and the API

    def get_form(
        self, request: HttpRequest, obj: Text | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj:
            kwargs["form"] = sections_form(TextForm, personal_format(document_of(obj)))
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Text | None = None) -> Any:
        if obj is None or not self.has_change_permission(request, obj):
            return []
        document = document_of(obj)
        fmt = personal_format(document)
        fields = section_names(fmt, document)
        if other_sections(document, fmt):
            fields.append("other_sections")
        lock = _("A text that an editor changed is locked: regeneration leaves it alone.")
        return [(_("Edit the text"), {"fields": fields, "description": lock})]

    def page_context(self, request: HttpRequest, obj: Text) -> dict[str, Any]:
        lessons = {lesson.lesson_id: lesson for lesson in lesson_texts(obj.profile_id)}
        return {
            "text": obj,
            "learner": obj.profile.label,
            "html": personal_html(obj.content, obj.lesson.course.language),
            "may_unlock": obj.locked and may_replace_locked(request),
            "condensed": condensed_source(obj),
            "own": lessons.get(obj.lesson_id),  # None: a lesson of a course that the learner has left
        }

    def preview_panes(self, request: HttpRequest, obj: Text | None) -> list[Pane]:
        if obj is None:
            return []
        lesson = obj.lesson
        course, described = lesson.course, getattr(lesson, "description", None)
        standard = as_document(lesson_document, described.data) if described else {}
        return [
            Pane("learner", str(_("As the learner sees it")), personal_view(obj, document_of(obj))),
            Pane(
                "standard",
                str(_("Standard description")),
                lesson_view(course.title, str(lesson), standard, LESSON, course.language),
            ),
        ]

    def preview_of(self, form: SectionsForm, obj: Text | None) -> SafeString:
        return personal_view(obj, form.draft()) if obj else SafeString()

    def changed_by(self, obj: Text) -> str:
        when, who = obj.edited_at, str(obj.edited_by or _("an editor"))
        if when is None:
            when, who = obj.generated_at, str(obj.get_origin_display() or "")
        return f"{date_format(localtime(when), 'SHORT_DATETIME_FORMAT')}, {who}" if when and who else who

    def word_label(self, name: str) -> str:
        key = name.removeprefix(PREFIX)
        found = (section for fmt in PERSONAL_FORMATS if (section := fmt.section(key)))
        return next(map(heading, found), humanised(key))

    def get_urls(self) -> list[URLPattern]:
        name = "personalization_personalizedlessondescription_unlock"
        return [
            path("<uuid:object_id>/unlock/", self.admin_site.admin_view(self.unlock), name=name),
            *super().get_urls(),
        ]

    @told_when_held
    def unlock(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """Asks, and with the answer takes the lock off; back to the text's page."""
        text = self.get_object(request, str(object_id))
        if text is None:
            raise Http404
        if not (self.has_view_permission(request, text) and may_replace_locked(request)):
            raise PermissionDenied
        return unlock_page(self, request, text)

    def save_model(self, request: HttpRequest, obj: Text, form: Any, change: bool) -> None:
        if form.sections_changed and request.user.is_authenticated:
            edit_text(text=obj, content=form.document(), editor=request.user)

    @display(description=_("learner"))
    def learner(self, text: Text) -> str:
        return text.profile.label

    @display(description=_("lesson"))
    def lesson_title(self, text: Text) -> str:
        return str(text.lesson)

    @display(description=_("course"))
    def course(self, text: Text) -> str:
        return text.lesson.course.title

    @display(description=_("Other sections (kept as they are)"))
    def other_sections(self, text: Text) -> SafeString | str:
        document = document_of(text)
        return readable(other_sections(document, personal_format(document)))


def document_of(text: Text) -> Document:
    return as_document(personal_document, text.content)


def personal_view(text: Text, document: Document) -> SafeString:
    lesson = text.lesson
    fmt = personal_format(document)
    return lesson_view(lesson.course.title, str(lesson), document, fmt, lesson.course.language)
