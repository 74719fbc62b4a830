"""The standard description of a lesson, whoever changes it."""

from django.db import transaction

from courses.errors import ChangedMeanwhile
from courses.formats.definition import Document
from courses.models import Lesson, LessonDescription


@transaction.atomic
def save_description(
    *, lesson: Lesson, data: Document, expected: LessonDescription | None
) -> LessonDescription:
    """The lesson's description, created or replaced.

    `expected` is the description as it was seen, None where there was none. Raises ChangedMeanwhile when it
    is another one by now: of two saves at once the first wins.
    """
    rows = LessonDescription.objects.select_for_update()
    description, created = rows.get_or_create(lesson=lesson, defaults={"data": data})
    if created != (expected is None) or (expected and description.data != expected.data):
        raise ChangedMeanwhile
    if not created:
        description.data = data
        description.save(update_fields=["data"])
    return description
