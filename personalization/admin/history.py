"""The histories of learners and of personal texts."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from courses.admin.history.compare import Entry
from courses.admin.history.entries import document_entries, json_entries, row_entries
from courses.admin.history.pages import WithHistory
from courses.admin.readable import as_document
from courses.formats.shapes import personal_document, personal_format
from courses.services.history.versions import Version
from personalization.admin.answers import LABELS
from personalization.models import PersonalizedLessonDescription as Text
from personalization.models import Profile
from personalization.services.history import bring_text_back

# What nobody reads: keys, hashes and whose text it is, which the page says anyway.
UNSAID = frozenset(
    {"profile_id", "lesson_id", "fingerprint", "prompt_version", "import_digest", "edited_by_id"}
)


class LearnerHistory(WithHistory[Profile]):
    def history_entries(self, version: Version) -> list[Entry]:
        return row_entries(Profile, version.row(Profile), {"survey": _answers}, frozenset())


class TextHistory(WithHistory[Text]):
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


def _answers(survey: Any) -> list[Entry]:
    return json_entries("survey", survey, LABELS)


def _sections(content: Any) -> list[Entry]:
    document = as_document(personal_document, content)
    return document_entries("content", document, personal_format(document))
