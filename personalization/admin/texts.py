from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from courses.admin.base import BudgetedChangeList, SectionsAdmin
from courses.admin.filters import course_filter
from courses.admin.readable import as_document, readable
from courses.admin.schema_form import SectionsForm, other_sections, section_names, sections_form
from courses.admin.theme import display
from courses.formats.definition import Document
from courses.formats.shapes import personal_document, personal_format
from personalization.admin.paginator import EXACT_UP_TO, EstimatedPaginator
from personalization.admin.status_filters import StaleFilter
from personalization.delivery import personal_html
from personalization.models import PersonalizedLessonDescription as Text
from personalization.queries import lesson_texts
from personalization.services.texts import edit_text

READING_ORDER = ("profile__user_identifier", "lesson__course_id", "lesson__lesson_number")


class TextForm(SectionsForm):
    class Meta:
        model = Text
        fields: tuple[str, ...] = ()

    def stored_document(self) -> Document:
        return document_of(self.instance)

    def stored_state(self) -> list[Any]:
        return [self.instance.content, self.instance.edited_at]


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
class TextAdmin(SectionsAdmin[Text]):
    list_display = ("learner", "lesson_title", "course", "origin", "model", "generated_at", "edited_at")
    list_filter = (course_filter("lesson__course__slug"), EditedFilter, StaleFilter)
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
        return super().get_queryset(request).select_related("profile", "lesson__course", "edited_by")

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
        return [(_("Edit the text"), {"fields": fields, "classes": ["collapse"], "description": lock})]

    def page_context(self, request: HttpRequest, obj: Text) -> dict[str, Any]:
        lessons = {lesson.lesson_id: lesson for lesson in lesson_texts(obj.profile_id)}
        return {
            "text": obj,
            "learner": obj.profile.label,
            "html": personal_html(obj.content, obj.lesson.course.language),
            "own": lessons.get(obj.lesson_id),  # None: a lesson of a course that the learner has left
        }

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if context["adminform"].form.errors:
            # What is wrong, and the words that were refused, come first: the form is open, above the text.
            for _name, options in context["adminform"].fieldsets:
                options["classes"] = []
        return super().render_change_form(request, context, *args, **kwargs)

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
