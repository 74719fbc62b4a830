"""Which file is whose: the UUID in its name tells. The number in front is a label and may be old."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from courses.course_folder.names import NamedFile


class Outcome(StrEnum):
    RELABELLED = "relabelled"  # by UUID, against its label
    BY_NUMBER = "by_number"  # carries an unknown UUID, and nobody else claims the lesson
    TAKEN = "taken"  # would fit by number, but the lesson has a file of its own
    ELSEWHERE = "elsewhere"  # carries the UUID of a lesson that is not in this folder
    UNKNOWN = "unknown"  # neither its UUID nor its number is a lesson's
    TWICE = "twice"  # as good as another file of the same lesson


@dataclass(frozen=True, slots=True)
class Remark:
    """What is to be said about a file. `lesson` is a number; `other` the file that it stands against."""

    outcome: Outcome
    file: NamedFile
    lesson: int = 0
    other: str = ""

    def __str__(self) -> str:
        label = next((label for label in self.file.labels if label != self.lesson), None)
        return _TEXTS[self.outcome].format(label=label, lesson=self.lesson, other=self.other)


_TEXTS = {
    Outcome.RELABELLED: "is labelled {label}, but its UUID is that of lesson {lesson}: taken for {lesson}",
    Outcome.BY_NUMBER: "carries a UUID that no lesson has: taken for lesson {lesson} by its number",
    Outcome.TAKEN: "is not used: lesson {lesson} has {other} by its UUID",
    Outcome.ELSEWHERE: "is not used: its UUID is that of a lesson which is not in this course folder",
    Outcome.UNKNOWN: "is not used: no lesson of the course has its UUID or its number",
    Outcome.TWICE: "is for lesson {lesson}, as is {other}: keep one of the two",
}


@dataclass(frozen=True, slots=True)
class Matching:
    files: Mapping[UUID, NamedFile]
    remarks: tuple[Remark, ...]


def match(
    files: Iterable[NamedFile],
    lessons: Mapping[UUID, int],
    elsewhere: Container[UUID],
    ids: Mapping[int, UUID] | None = None,
) -> Matching:
    """The file of each lesson that has one, and what is to be said about the others.

    lessons: id → number. elsewhere: ids of lessons that are known but not in this folder; a file that carries
    one of them is never taken by its number. ids: number → id, from a caller who asks for many folders.
    """
    if ids is None:
        ids = {number: lesson for lesson, number in lessons.items()}
    by_uuid: dict[UUID, list[NamedFile]] = defaultdict(list)
    rest: list[NamedFile] = []
    for file in files:
        (by_uuid[file.uuid] if file.uuid and file.uuid in lessons else rest).append(file)
    by_number, remarks = _by_number(rest, lessons, ids, by_uuid, elsewhere)
    for lesson, claims in by_uuid.items():
        number = lessons[lesson]
        if any(label != number for label in claims[0].labels):
            remarks.append(Remark(Outcome.RELABELLED, claims[0], number))
    return _settled(by_uuid | by_number, lessons, remarks)


def _by_number(
    files: list[NamedFile],
    lessons: Mapping[UUID, int],
    ids: Mapping[int, UUID],
    taken: Mapping[UUID, list[NamedFile]],
    elsewhere: Container[UUID],
) -> tuple[dict[UUID, list[NamedFile]], list[Remark]]:
    claims: dict[UUID, list[NamedFile]] = defaultdict(list)
    remarks = []
    for file in files:
        lesson = ids.get(file.labels[0]) if file.labels else None
        if file.uuid in elsewhere:
            remarks.append(Remark(Outcome.ELSEWHERE, file))
        elif lesson is None:
            remarks.append(Remark(Outcome.UNKNOWN, file))
        elif lesson in taken:
            remarks.append(Remark(Outcome.TAKEN, file, lessons[lesson], taken[lesson][0].name))
        else:
            claims[lesson].append(file)
            if file.uuid:
                remarks.append(Remark(Outcome.BY_NUMBER, file, lessons[lesson]))
    return claims, remarks


def _settled(
    claims: Mapping[UUID, list[NamedFile]], lessons: Mapping[UUID, int], remarks: list[Remark]
) -> Matching:
    for lesson, files in claims.items():
        for other in files[1:]:
            remarks.append(Remark(Outcome.TWICE, other, lessons[lesson], files[0].name))
    return Matching({lesson: files[0] for lesson, files in claims.items()}, tuple(remarks))
