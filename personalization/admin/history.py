"""The histories of learners and of personal texts."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from courses.admin.history.compare import Entry
from courses.admin.history.deleted import WithDeleted
from courses.admin.history.entries import document_entries, json_entries, row_entries
from courses.admin.readable import as_document
from courses.formats.shapes import personal_document, personal_format
from courses.models import Lesson
from courses.services.history.deleted import Gone
from courses.services.history.versions import Version
from personalization.admin.answers import LABELS
from personalization.models import PersonalizedLessonDescription as Text
from personalization.models import Profile
from personalization.services.history import bring_text_back

# What nobody reads: keys, hashes and whose text it is, which the page says anyway.
UNSAID = frozenset(
    {
        "profile_id",
        "lesson_id",
        "fingerprint",
        "prompt_version",
        "written_from",
        "import_digest",
        "edited_by_id",
    }
)


class LearnerHistory(WithDeleted[Profile]):
    named_by = ("user_identifier", "name")

    def history_entries(self, version: Version) -> list[Entry]:
        return row_entries(Profile, version.row(Profile), {"survey": _answers}, frozenset())


class TextHistory(WithDeleted[Text]):
    named_by = ("lesson_id", "profile_id")
    bring_back_note = _(
        "The words come back as your own edit: the text is locked, and regeneration leaves it alone."
    )

    def history_entries(self, version: Version) -> list[Entry]:
        return row_entries(Text, version.row(Text), {"content": _sections}, UNSAID)

    def comes_back(self, entry: Entry) -> bool:
        return entry.key.startswith("content.")

    def bring_back(self, request: HttpRequest, obj: Text, version: int, seen: int) -> None:
        if not request.user.is_authenticated:
            raise PermissionDenied
        bring_text_back(text_id=obj.pk, version=version, seen=seen, editor=request.user)

    def may_bring_back_deleted(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)  # nobody adds a text by hand

    def deleted_names(self, request: HttpRequest, found: list[Gone]) -> list[str]:
        """Lesson and learner; who may not see learners is not told whose text it was."""
        lessons = Lesson.objects.only("lesson_number", "title", "course__title").select_related("course")
        titles = {
            str(lesson.pk): f"{lesson.course.title} · {lesson}"
            for lesson in lessons.filter(pk__in={gone.values["lesson_id"] or "" for gone in found})
        }
        learners = self._labels(request, {gone.values["profile_id"] or "" for gone in found})
        return [
            " · ".join(
                (
                    titles.get(gone.values["lesson_id"] or "") or str(_("a lesson that is gone")),
                    learners.get(gone.values["profile_id"] or "") or str(_("a learner")),
                )
            )
            for gone in found
        ]

    def _labels(self, request: HttpRequest, ids: set[str]) -> dict[str, str]:
        if not self.admin_site.get_model_admin(Profile).has_view_or_change_permission(request):
            return {}
        learners = Profile.objects.only("user_identifier", "name").filter(pk__in=ids)
        return {str(learner.pk): learner.label for learner in learners}


def _answers(survey: Any) -> list[Entry]:
    return json_entries("survey", survey, LABELS)


def _sections(content: Any) -> list[Entry]:
    document = as_document(personal_document, content)
    return document_entries("content", document, personal_format(document))
