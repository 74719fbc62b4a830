"""The lessons that a worker writes about: their transcripts are long, and a batch of items shares one."""

from collections.abc import Collection
from uuid import UUID

from courses.models import Lesson
from personalization.services.course_parts import CourseParts, Surveys, course_parts

MOST_KEPT = 50  # lessons; a run goes lesson by lesson
_COURSE = ("course__title", "course__language", "course__personal_format")


class Sources:
    """For one worker's drain. What a lesson says is read again whenever its hash has changed."""

    def __init__(self) -> None:
        self._kept: dict[UUID, Lesson] = {}
        self._surveys: Surveys = {}

    def lessons(self, ids: Collection[UUID]) -> dict[UUID, Lesson]:
        """The lessons as they are now, each with its course; those that are gone are missing."""
        now = Lesson.objects.select_related("course").only("source_hash", "course", *_COURSE).in_bulk(ids)
        found = {key: kept for key in now if (kept := self._kept.get(key)) and self._same(kept, now[key])}
        found |= self._read([key for key in now if key not in found])
        for key, lesson in found.items():
            lesson.course = now[key].course
        self._keep(found)
        return found

    def parts(self, courses: Collection[UUID]) -> dict[UUID, CourseParts]:
        """What the courses give to their prompts now."""
        return course_parts(courses, self._surveys)

    def _read(self, ids: list[UUID]) -> dict[UUID, Lesson]:
        # The hash comes with the words that it is of: they may have changed since `now` was read.
        words = Lesson.objects.only("title", "summary", "transcript", "source_hash", "course")
        return words.in_bulk(ids) if ids else {}

    def _keep(self, found: dict[UUID, Lesson]) -> None:
        self._kept |= found
        while len(self._kept) > MOST_KEPT and len(self._kept) > len(found):
            self._kept.pop(next(iter(self._kept)))

    @staticmethod
    def _same(kept: Lesson, now: Lesson) -> bool:
        return kept.source_hash == now.source_hash != ""
