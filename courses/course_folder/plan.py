"""A course folder and what the database knows → which lesson is which, and which files are whose. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from courses.course_folder.findings import Findings
from courses.course_folder.identity import identify
from courses.course_folder.matching import Matching, Outcome, match
from courses.course_folder.names import NamedFile
from courses.course_folder.reader import CourseFolder
from courses.course_folder.schemas.lesson import LessonFile
from courses.course_folder.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class PlannedLesson:
    id: UUID
    source: LessonFile
    transcript: NamedFile | None
    template: NamedFile | None


@dataclass(frozen=True, slots=True)
class CoursePlan:
    folder: CourseFolder
    language: str
    lessons: tuple[PlannedLesson, ...]

    @property
    def slug(self) -> str:
        return self.folder.course.slug

    @property
    def numbers(self) -> dict[UUID, int]:
        return {lesson.id: lesson.source.number for lesson in self.lessons}


@dataclass(frozen=True, slots=True)
class Claims:
    """Which UUIDs the store's lessons have taken so far, over all courses: id → its lesson.json."""

    files: dict[UUID, str] = field(default_factory=dict)


def plan_course(folder: CourseFolder, snapshot: Snapshot, claims: Claims, findings: Findings) -> CoursePlan:
    """The course as it will be; what stands against it goes to the findings."""
    course = folder.course
    lessons = identify(folder, snapshot, claims.files, findings)
    numbers = {lesson_id: lesson.number for lesson_id, lesson in lessons.items()}
    elsewhere = snapshot.lessons.keys() | claims.files.keys()
    transcripts = _matched(match(folder.transcripts, numbers, elsewhere), folder, findings)
    templates = _matched(match(folder.templates, numbers, elsewhere), folder, findings)
    _remark_on_numbers(folder, snapshot, lessons, findings)
    _remark_on_transcripts(folder, numbers, transcripts, findings)
    return CoursePlan(
        folder=folder,
        language=course.language or snapshot.languages.get(course.slug) or course.guessed_language,
        lessons=tuple(
            PlannedLesson(lesson_id, lesson, transcripts.get(lesson_id), templates.get(lesson_id))
            for lesson_id, lesson in sorted(lessons.items(), key=lambda item: item[1].number)
        ),
    )


def _matched(matching: Matching, folder: CourseFolder, findings: Findings) -> Mapping[UUID, NamedFile]:
    for remark in matching.remarks:
        tell = findings.problem if remark.outcome is Outcome.TWICE else findings.warn
        if folder.complete or remark.outcome not in (Outcome.UNKNOWN, Outcome.BY_NUMBER):
            tell(f"{folder.path}/{remark.file.name}", str(remark))
    return matching.files


def _remark_on_numbers(
    folder: CourseFolder, snapshot: Snapshot, lessons: Mapping[UUID, LessonFile], findings: Findings
) -> None:
    if not folder.complete:
        return
    course = folder.course
    here = {lesson.number for lesson in lessons.values()}
    listed = set(course.numbers or ())
    if absent := listed - here:
        findings.warn(course.file, f"lists {_numbers(absent)}, and there is no such lesson", "/lessons")
    if course.numbers is not None and (more := here - listed):
        findings.warn(course.file, f"does not list {_numbers(more)}: imported all the same", "/lessons")
    if gaps := set(range(1, max(here, default=0))) - here - listed:
        findings.warn(folder.path, f"has no {_numbers(gaps)}, but higher numbers")
    if left := snapshot.numbers(course.slug).keys() - lessons.keys():
        kept = _numbers(snapshot.lessons[lesson_id].number for lesson_id in left)
        findings.warn(folder.path, f"does not hold {kept} of the database: left as they are")
    if not here:
        findings.warn(folder.path, "has no lessons")


def _remark_on_transcripts(
    folder: CourseFolder, numbers: Mapping[UUID, int], transcripts: Mapping[UUID, NamedFile], findings: Findings
) -> None:
    without = [number for lesson_id, number in numbers.items() if lesson_id not in transcripts]
    if without and folder.complete:
        findings.warn(folder.path, f"has no transcript for {_numbers(without)}: no personal texts without one")


def _numbers(numbers: Iterable[int]) -> str:
    """Numbers for a message: `lesson 3`, `lessons 3, 5`, no more than twenty of them."""
    ordered = sorted(numbers)
    shown = ", ".join(map(str, ordered[:20])) + (f" and {len(ordered) - 20:,} more" if len(ordered) > 20 else "")
    return f"lesson{'s' if len(ordered) > 1 else ''} {shown}"
