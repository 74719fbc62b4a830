"""What a person may do with a learner's text."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from courses.errors import ChangedMeanwhile
from courses.formats.definition import Document
from personalization.models import PersonalizedLessonDescription as Text


@transaction.atomic
def edit_text(*, text: Text, content: Document, editor: AbstractBaseUser) -> Text:
    """The text with the editor's words. It is locked by that: regeneration leaves it alone.

    Where it came from stays on record. `text` is as the editor saw it: raises ChangedMeanwhile when a worker,
    the import or another editor replaced it since, or it was deleted.
    """
    now = Text.objects.select_for_update().only("content", "edited_at").filter(pk=text.pk).first()
    if now is None or (now.content, now.edited_at) != (text.content, text.edited_at):
        raise ChangedMeanwhile
    text.content = content
    text.edited_by_id = editor.pk
    text.edited_at = timezone.now()
    text.save(update_fields=["content", "edited_by", "edited_at"])
    return text
