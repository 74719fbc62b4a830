"""What a person may do with a learner's text."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from courses.errors import ChangedMeanwhile
from courses.formats.definition import Document
from personalization.models import PersonalizedLessonDescription as Text
from personalization.services.runs import CLOCK


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
    # What was edited is not the imported file's content any more.
    text.import_digest = None
    # The database's clock: by it a run knows who edited after its start.
    text.edited_at = CLOCK
    text.save(update_fields=["content", "edited_by", "edited_at", "import_digest"])
    return text


@transaction.atomic
def unlock_text(*, text: Text) -> Text:
    """The text without its lock: the words stay, and the next run writes the text again.

    Its fingerprint goes too: they are not what a brief made, and no run may call them unchanged.

    `text` is as the person saw it: raises ChangedMeanwhile when it was edited or unlocked since, or deleted.
    """
    unlocked = Text.objects.filter(pk=text.pk, edited_at=text.edited_at, edited_at__isnull=False)
    if not unlocked.update(edited_at=None, edited_by=None, fingerprint=None):
        raise ChangedMeanwhile
    text.edited_at = text.edited_by = text.fingerprint = None
    return text
