"""The lessons that a worker writes about: their transcripts are long, and a batch of items shares one."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from courses.formats.definition import LessonSource
from courses.formats.lesson import LESSON
from courses.formats.shapes import lesson_document
from courses.models import Lesson, LessonDescription
from courses.rendering import plain_text
from personalization.brief import SEPARATOR
from personalization.greetings import forms_of_address
from personalization.models import Profile
from personalization.services.condensed import ready_texts
from personalization.services.course_parts import CourseParts, Surveys, course_parts
from personalization.tokens import estimated_tokens
from personalization.windows import window_of

MOST_KEPT = 50  # lessons; a run goes lesson by lesson
_COURSE = ("course__title", "course__language", "course__personal_format", "course__lesson_source")


@dataclass(frozen=True, slots=True)
class Material:
    """What a prompt says of a lesson. `hash`: of the source, as pairs.SOURCE_HASH.

    `said`: characters of the standard description that is the source; None: the transcript is. `tag`: of the
    condensed text that this is; None: the source as it is. `too_long`: for the model, and not condensed yet.
    """

    text: str
    hash: str
    said: int | None = None
    tag: str | None = None
    too_long: bool = False

    def of_brief(self) -> dict[str, Any]:
        """The fields of a brief that it decides."""
        return {
            "transcript": self.text,
            "source_hash": self.hash,
            "said": self.said,
            "condensed_tag": self.tag,
            "too_long": self.too_long,
        }


class Sources:
    """For one worker's drain. What a lesson says is read again whenever its hash has changed."""

    def __init__(self) -> None:
        self._kept: dict[UUID, Lesson] = {}
        self._surveys: Surveys = {}
        self._addresses: dict[UUID, frozenset[str]] = {}

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

    def addresses(self, courses: Collection[UUID]) -> dict[UUID, frozenset[str]]:
        """How the learners of each course are addressed: read once, a drain lasts minutes."""
        for course in set(courses) - self._addresses.keys():
            names = Profile.objects.filter(course__id=course).values_list("name", flat=True).distinct()
            self._addresses[course] = forms_of_address(names.iterator())
        return self._addresses

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


def materials(lessons: Iterable[Lesson], model: str) -> dict[UUID, Material]:
    """Of each lesson (whose course must be loaded), for the model; "" for a writer that reads no source."""
    lessons = list(lessons)
    return _for_model(_sources(lessons), model, _languages(lessons))


def transcripts(lessons: Iterable[Lesson], model: str) -> dict[UUID, Material]:
    """For standard descriptions: these are of the transcript, whatever a course's texts are written from."""
    lessons = list(lessons)
    found = {lesson.pk: Material(lesson.transcript, lesson.source_hash) for lesson in lessons}
    return _for_model(found, model, _languages(lessons))


def _for_model(
    found: dict[UUID, Material], model: str, languages: Mapping[UUID, str]
) -> dict[UUID, Material]:
    """The same, and what is too long for the model's window condensed, where it is by now."""
    if not model:
        return found
    room = window_of(model).room
    sizes = {key: estimated_tokens(material.text) for key, material in found.items()}
    long = [key for key, size in sizes.items() if size > room]
    ready = ready_texts(long, model, room) if long else {}
    for key in long:
        whole = found[key]
        tag, text = ready.get((key, whole.hash, languages[key]), (None, whole.text))
        found[key] = Material(text, whole.hash, whole.said, tag, too_long=tag is None)
    return found


def _languages(lessons: Iterable[Lesson]) -> dict[UUID, str]:
    return {lesson.pk: lesson.course.language for lesson in lessons}


def material_of(lesson: Lesson, model: str) -> Material:
    return materials([lesson], model)[lesson.pk]


def _sources(lessons: list[Lesson]) -> dict[UUID, Material]:
    chosen = [lesson.pk for lesson in lessons if lesson.course.lesson_source == LessonSource.TEMPLATE]
    rows = LessonDescription.objects.filter(lesson__in=chosen) if chosen else []
    descriptions = {row.lesson_id: row for row in rows}
    found = {}
    for lesson in lessons:
        if lesson.pk not in chosen:
            found[lesson.pk] = Material(lesson.transcript, lesson.source_hash)
        elif description := descriptions.get(lesson.pk):
            found[lesson.pk] = _described(lesson, description)
        else:
            found[lesson.pk] = Material("", "", 0)
    return found


def _described(lesson: Lesson, description: LessonDescription) -> Material:
    parts = [LessonSource.TEMPLATE.value, lesson.title, lesson.summary or "", description.data_hash]
    digest = hashlib.md5(SEPARATOR.join(parts).encode(), usedforsecurity=False).hexdigest()
    try:
        document = lesson_document(description.data)
    except ValueError:  # what an older system left is said as it stands
        document = {"content": description.data}
    text = plain_text(document, LESSON, lesson.course.language)
    return Material(text, digest, description.said_length)
