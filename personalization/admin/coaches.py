"""Coaches: whose voice texts have."""

from types import new_class
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.files.storage import default_storage
from django.db.models import Count, Field, ImageField, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from courses.admin.deletion import Deleted
from courses.admin.editing.pages import SectionsAdmin
from courses.admin.editing.preview import Pane
from courses.admin.history.compare import Entry
from courses.admin.history.deleted import WithDeleted
from courses.admin.history.entries import row_entries
from courses.admin.theme import display
from courses.services.history.versions import Version
from personalization.admin.coach_form import CoachForm, PortraitField
from personalization.live_prompts import live_prompts
from personalization.models import Coach, CourseCoach
from personalization.prompts import said_of_coach
from personalization.services.coaches import (
    default_coach_id,
    is_default,
    lapsed_speakers,
    set_default_coach,
)
from personalization.services.portraits import (
    PictureNotKeptError,
    delete_portraits,
    forget_lost_portraits,
    kept_portraits,
    remove_portrait,
    store_portrait,
    thumbnail_name,
)
from personalization.services.prompt_effects import stale_by_default_coach
from personalization.tokens import estimated_tokens
from personalization.voice import Voice

NOT_KEPT = "persona.picture_not_kept"  # in the request's META: why the storage did not take the portrait
MOST_NAMED = 20  # courses whose coach does not speak; of others the list says how many there are


@admin.register(Coach)
class CoachAdmin(WithDeleted[Coach], SectionsAdmin[Coach]):
    form = CoachForm
    posted_columns = ("name", "bio", "prompt")
    named_by = ("name",)
    rows: ClassVar[dict[str, int]] = {"name": 1, "voice_id": 1, "bio": 4, "prompt": 12}
    list_display = ("small", "name", "voice", "speaks", "is_active")
    list_display_links = ("small", "name")
    list_filter = ("is_active",)
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = ("legacy_id",)
    list_before_template = "admin/personalization/coaches_before.html"

    class Media:
        css = {"all": ("personalization/coaches.css",)}

    def list_queryset(self, queryset: QuerySet[Coach]) -> QuerySet[Coach]:
        shown = queryset.only("name", "photo", "voice_tag", "is_active")
        return shown.annotate(course_count=Count("courses"), is_default=is_default())

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        lapsed, default = lapsed_speakers(), default_coach_id()
        found = Coach.objects.filter(pk=default).only("is_active").first() if default else None
        extra = {
            "lapsed": lapsed[:MOST_NAMED],
            "more_lapsed": max(0, len(lapsed) - MOST_NAMED),
            "default_missing": default is None,
            "default_lost": default is not None and found is None,
            "default_inactive": found is not None and not found.is_active,
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def get_fieldsets(self, request: HttpRequest, obj: Coach | None = None) -> Any:
        more = ["voice_id", "voice_settings", *(["legacy_id"] if obj and obj.legacy_id is not None else [])]
        return [
            (
                None,
                {
                    "fields": [
                        "name",
                        "photo",
                        "is_active",
                        "is_default",
                        "prompt",
                        "sex",
                        "year_of_birth",
                        "bio",
                    ]
                },
            ),
            (_("Spoken voice and other systems"), {"fields": more, "classes": ["collapse"]}),
        ]

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if isinstance(db_field, ImageField):
            kwargs["form_class"] = PortraitField
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    # --- the preview: what a prompt has of the coach ---

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Coach | None = None,
    ) -> HttpResponse:
        context["preview_fields"] = "name sex prompt"
        return super().render_change_form(request, context, add, change, form_url, obj)

    def preview_panes(self, request: HttpRequest, obj: Coach | None) -> list[Pane]:
        html = _in_prompt(obj.name, obj.sex, obj.prompt) if obj else _in_prompt("", "", "")
        return [Pane("prompt", str(_("What the model reads")), html)]

    def preview_of(self, form: Any, obj: Coach | None) -> SafeString:
        return _in_prompt(*(str(form.data.get(name) or "") for name in ("name", "sex", "prompt")))

    # --- saving and deleting ---

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except PictureNotKeptError as error:
            request.META[NOT_KEPT] = str(error)
        return super().changeform_view(request, *args, **kwargs)

    def get_form(
        self, request: HttpRequest, obj: Coach | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        if said := request.META.get(NOT_KEPT):
            return new_class(form.__name__, (form,), exec_body=lambda body: body.update(not_kept=said))
        return form

    def save_model(self, request: HttpRequest, obj: Coach, form: Any, change: bool) -> None:
        if "photo" not in form.changed_data or not form.cleaned_data["photo"]:
            self._save(request, obj, form, change)
            return
        obj.photo = name = store_portrait(form.cleaned_data["photo"])
        try:
            self._save(request, obj, form, change)
        except Exception:
            remove_portrait(name)
            raise

    def _save(self, request: HttpRequest, obj: Coach, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "is_default" in form.changed_data:
            speaker = obj if form.cleaned_data["is_default"] else None
            _tell_stale(request, stale_by_default_coach(speaker))
            set_default_coach(coach=speaker)
        read = {"name", "sex", "prompt", "is_active", "is_default"}
        if change and read & set(form.changed_data):
            messages.info(
                request,
                _("Texts in another voice are marked as stale now. None is written anew by itself."),
            )

    def delete_model(self, request: HttpRequest, obj: Coach) -> None:
        delete_portraits(kept_portraits([obj.pk]))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Coach]) -> None:
        delete_portraits(kept_portraits(list(queryset.values_list("pk", flat=True))))
        super().delete_queryset(request, queryset)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Deleted:
        lines, counts, lacking, protected = super().get_deleted_objects(objs, request)
        ids: list[UUID] = [coach.pk for coach in objs]
        if count := CourseCoach.objects.filter(coach__in=ids).count():
            words = ngettext(
                "%s course names the coach: the default coach speaks there instead",
                "%s courses name the coach: the default coach speaks there instead",
                count,
            )
            lines.append(words % number_format(count))
        if default_coach_id() in ids:
            lines.append(str(_("It is the default coach: courses without a coach get a neutral voice")))
        return lines, counts, lacking, protected

    # --- history ---

    def history_entries(self, version: Version) -> list[Entry]:
        return row_entries(Coach, version.row(Coach), {}, frozenset())

    def _bring_back_deleted(self, request: HttpRequest) -> HttpResponse:
        response = super()._bring_back_deleted(request)
        forget_lost_portraits()
        return response

    # --- columns ---

    @display(description=_("portrait"))
    def small(self, coach: Coach) -> SafeString:
        if not coach.photo:
            return format_html('<span class="coach-small" aria-hidden="true">{}</span>', coach.name[:1])
        address = default_storage.url(thumbnail_name(str(coach.photo.name)))
        return format_html('<img class="coach-small" src="{}" alt="" width="40" height="40">', address)

    @display(description=_("voice"))
    def voice(self, coach: Coach) -> str:
        return str(_("written") if coach.voice_tag else _("none: texts are neutral"))

    @display(description=_("speaks in"), ordering="course_count")
    def speaks(self, coach: Any) -> str:
        if not coach.is_active:
            return "–"
        count = coach.course_count
        courses = ngettext("%s course", "%s courses", count) % number_format(count) if count else ""
        others = str(_("all that name nobody")) if coach.is_default else ""
        return " + ".join(filter(None, (courses, others))) or "–"


def _tell_stale(request: HttpRequest, count: int) -> None:
    said = ngettext(
        "%(count)s text becomes stale by the change of the default coach.",
        "%(count)s texts become stale by the change of the default coach.",
        count,
    )
    if count:
        messages.info(request, said % {"count": number_format(count, force_grouping=True)})


def _in_prompt(name: str, sex: str, words: str) -> SafeString:
    """As the live prompt has it for a course in the reader's language."""
    voice = Voice(name, sex, words, "") if words.strip() else None
    language = (get_language() or "").split("-")[0]
    said = said_of_coach(live_prompts().personal, voice, language) if voice else ""
    context = {"said": said, "written": voice is not None, "tokens": number_format(estimated_tokens(said))}
    return render_to_string("admin/personalization/voice.html", context)
