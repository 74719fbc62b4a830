"""The standard description of a lesson, whoever changes it."""

from django.db import transaction
from django.db.models import DateTimeField, Func

from courses.errors import ChangedMeanwhile
from courses.formats.definition import Document
from courses.models import Lesson, LessonDescription

# The database's clock: by it a run knows who edited after its start. now() would be the transaction's start.
CLOCK = Func(function="clock_timestamp", output_field=DateTimeField())


@transaction.atomic
def save_description(
    *, lesson: Lesson, data: Document, expected: LessonDescription | None
) -> LessonDescription:
    """The lesson's description with an editor's words, created or replaced. Runs leave it alone from now on.

    `expected` is the description as it was seen, None where there was none. Raises ChangedMeanwhile when it
    is another one by now: of two saves at once the first wins.
    """
    rows = LessonDescription.objects.select_for_update()
    description, created = rows.get_or_create(lesson=lesson, defaults={"data": data, "edited_at": CLOCK})
    if created != (expected is None) or (expected and description.data != expected.data):
        raise ChangedMeanwhile
    if not created:
        description.data = data
        description.edited_at = CLOCK
        description.save(update_fields=["data", "edited_at"])
    return description
