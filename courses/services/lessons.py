"""What a person saves of a lesson at once: its columns, its description, its assets."""

from uuid import UUID

from courses.models import Lesson, LessonAsset, LessonDescription


def locked_lesson(lesson_id: UUID) -> Lesson | None:
    """The lesson as it is now, with its description; None where it is gone. To be called in a transaction.

    Until that ends nobody else changes, adds or takes away its columns, its description or its assets.
    """
    lesson = Lesson.objects.select_for_update().filter(pk=lesson_id).first()
    if lesson is None:
        return None
    # New rows of the lesson wait for its own lock: their foreign key asks for it.
    list(LessonDescription.objects.select_for_update().filter(lesson=lesson_id).values_list("pk"))
    list(LessonAsset.objects.select_for_update().filter(lesson=lesson_id).order_by("pk").values_list("pk"))
    return Lesson.objects.select_related("course", "description").get(pk=lesson_id)
