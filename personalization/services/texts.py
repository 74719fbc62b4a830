"""What a person may do with a learner's text."""

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from courses.formats.definition import Document
from personalization.models import PersonalizedLessonDescription


def edit_text(
    *, text: PersonalizedLessonDescription, content: Document, editor: AbstractBaseUser
) -> PersonalizedLessonDescription:
    """The text with the editor's words. It is locked by that: regeneration leaves it alone.

    Where it came from stays on record. Raises DatabaseError when it was deleted meanwhile.
    """
    text.content = content
    text.edited_by_id = editor.pk
    text.edited_at = timezone.now()
    text.save(update_fields=["content", "edited_by", "edited_at"])
    return text
