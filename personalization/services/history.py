"""What of a learner's history is a matter of this app: an old text comes back by an editor's hand."""

from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.utils.translation import gettext as _

from courses.history.reason import because
from courses.services.history.bring_back import locked_versions
from courses.services.history.errors import CannotBringBack
from personalization.models import PersonalizedLessonDescription as Text
from personalization.services.texts import edit_text


def bring_text_back(*, text_id: UUID, version: int, seen: int, editor: AbstractBaseUser) -> Text:
    """The text with the words of the version, as an edit of the editor: it is locked by that.

    Raises ChangedMeanwhile when there is a version newer than `seen`, CannotBringBack.
    """
    with because(version=version), transaction.atomic():
        _now, then = locked_versions(Text, text_id, version, seen)
        content = then.row(Text)["content"]
        if not isinstance(content, dict):
            raise CannotBringBack(_("That version was no text of sections."))
        return edit_text(text=Text.objects.get(pk=text_id), content=content, editor=editor)


# A text that is gone is known by its last change, which has the whole row.
_FORGET = """
    DELETE FROM changes WHERE row_id = %(learner)s
        OR row_id IN (SELECT id FROM personalized_lesson_descriptions WHERE profile_id = %(learner)s)
        OR row_id IN (SELECT row_id FROM changes WHERE kind = 'delete'
                        AND table_name = 'personalized_lesson_descriptions'
                        AND before ->> 'profile_id' = %(learner)s::text)
"""


def forget_changes(learner: UUID) -> int:
    """Removes every kept change of the learner and of their texts, live or deleted; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, {"learner": learner})
        count: int = cursor.rowcount
    return count
