"""Course folders and what the database knows → which lesson is which, and which files are whose. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from courses.course_folder.findings import Findings
from courses.course_folder.identity import identify, refuse_conflicts, said_ids
from courses.course_folder.matching import Matching, Outcome, match
from courses.course_folder.names import NamedFile
from courses.course_folder.reader import CourseFolder
from courses.course_folder.schemas.lesson import LessonFile
from courses.course_folder.snapshot import Snapshot

MOST_SHOWN = 20  # numbers in one message


@dataclass(frozen=True, slots=True)
class PlannedLesson:
    id: UUID
    source: LessonFile
    transcript: NamedFile | None
    template: NamedFile | None


@dataclass(frozen=True, slots=True)
class CoursePlan:
    """`elsewhere`: ids of lessons that are known, but perhaps not this course's."""

    folder: CourseFolder
    language: str
    lessons: tuple[PlannedLesson, ...]
    elsewhere: frozenset[UUID]

    @property
    def slug(self) -> str:
        return self.folder.course.slug

    @property
    def numbers(self) -> dict[UUID, int]:
        return {lesson.id: lesson.source.number for lesson in self.lessons}


def plan_courses(
    folders: Sequence[CourseFolder], snapshot: Snapshot, findings: Findings, others: Iterable[UUID] = ()
) -> list[CoursePlan]:
    """The courses as they will be; what stands against it goes to the findings.

    others: ids that courses of the store say which are not imported now.
    """
    said = [said_ids(folder, findings) for folder in folders]
    taken = {lesson_id for ids in said for lesson_id in ids.values()}
    # lesson_ids may name a lesson that has no folder: its files are still nobody else's.
    listed = {lesson_id for folder in folders for lesson_id in folder.course.lesson_ids.values()}
    elsewhere = frozenset(taken | listed | snapshot.lessons.keys() | set(others))
    claims: dict[UUID, str] = {}
    plans = []
    for folder, ids in zip(folders, said, strict=True):
        # Without course.json its slug is a guess: no other course's lessons are held against it.
        known = snapshot if folder.described else Snapshot({}, {})
        identified = identify(folder, ids, known, taken)
        lessons = refuse_conflicts(identified, folder.course.slug, known, claims, findings)
        plans.append(_plan(folder, lessons, known, elsewhere, findings))
    return plans


def _plan(
    folder: CourseFolder,
    lessons: Mapping[UUID, LessonFile],
    snapshot: Snapshot,
    elsewhere: frozenset[UUID],
    findings: Findings,
) -> CoursePlan:
    course = folder.course
    numbers = {lesson_id: lesson.number for lesson_id, lesson in lessons.items()}
    transcripts = _matched(match(folder.transcripts, numbers, elsewhere), folder, findings)
    templates = _matched(match(folder.templates, numbers, elsewhere), folder, findings)
    if folder.complete:
        _remark_on_numbers(folder, numbers, findings)
        _remark_on_missing(folder, numbers, snapshot, transcripts, findings)
    planned = (
        PlannedLesson(lesson_id, lesson, transcripts.get(lesson_id), templates.get(lesson_id))
        for lesson_id, lesson in lessons.items()
    )
    return CoursePlan(
        folder=folder,
        language=course.language or snapshot.languages.get(course.slug) or course.guessed_language,
        lessons=tuple(sorted(planned, key=lambda lesson: lesson.source.number)),
        elsewhere=elsewhere,
    )


def _matched(matching: Matching, folder: CourseFolder, findings: Findings) -> Mapping[UUID, NamedFile]:
    for remark in matching.remarks:
        tell = findings.problem if remark.outcome is Outcome.TWICE else findings.warn
        if folder.complete or remark.outcome not in (Outcome.UNKNOWN, Outcome.BY_NUMBER):
            tell(f"{folder.path}/{remark.file.name}", str(remark))
    return matching.files


def _remark_on_numbers(folder: CourseFolder, numbers: Mapping[UUID, int], findings: Findings) -> None:
    course = folder.course
    here = set(numbers.values())
    listed = set(course.numbers or ())
    if absent := listed - here:
        findings.warn(course.file, f"lists {_named(absent)}, and there is no such lesson", "/lessons")
    if course.numbers is not None and (more := here - listed):
        findings.warn(course.file, f"does not list {_named(more)}: imported all the same", "/lessons")
    if gaps := set(range(1, len(here) and max(here))) - here - listed:
        findings.warn(folder.path, f"has no {_named(gaps)}, but higher numbers")


def _remark_on_missing(
    folder: CourseFolder,
    numbers: Mapping[UUID, int],
    snapshot: Snapshot,
    transcripts: Mapping[UUID, NamedFile],
    findings: Findings,
) -> None:
    if not numbers:
        findings.warn(folder.path, "has no lessons")
    in_database = snapshot.numbers(folder.course.slug)
    left = [number for lesson_id, number in in_database.items() if lesson_id not in numbers]
    if left and not snapshot.leaving:
        findings.warn(folder.path, f"does not hold {_named(left)} of the database: nothing is removed")
    if without := [number for lesson_id, number in numbers.items() if lesson_id not in transcripts]:
        findings.warn(folder.path, f"has no transcript for {_named(without)}: no personal texts without one")


def _named(numbers: Iterable[int]) -> str:
    """Lessons for a message: `lesson 3`, `lessons 3, 5`."""
    ordered = sorted(numbers)
    more = f" and {len(ordered) - MOST_SHOWN:,} more" if len(ordered) > MOST_SHOWN else ""
    return f"lesson{'s' if len(ordered) > 1 else ''} {', '.join(map(str, ordered[:MOST_SHOWN]))}{more}"
