"""The standard description of a lesson, whoever changes it."""

from courses.formats.definition import Document
from courses.models import Lesson, LessonDescription


def save_description(*, lesson: Lesson, data: Document) -> LessonDescription:
    """The lesson's description, created or replaced in one statement: two saves at once both succeed."""
    [description] = LessonDescription.objects.bulk_create(
        [LessonDescription(lesson=lesson, data=data)],
        update_conflicts=True,
        unique_fields=["lesson"],
        update_fields=["data"],
    )
    return description
