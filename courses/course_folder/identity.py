"""Which lesson a lesson.json is: its UUID. The number is only its place."""

from collections.abc import Container, Mapping
from itertools import count
from uuid import UUID, uuid5

from courses.course_folder.findings import Findings
from courses.course_folder.reader import CourseFolder
from courses.course_folder.schemas.lesson import LessonFile
from courses.course_folder.snapshot import Snapshot

# Derived ids rather than random ones: the same store gives the same ids in each database it is imported to, so
# that links, exports and files named by them hold on a second machine too.
NAMESPACE = UUID("6f1e1c7e-3d0b-4a53-9c57-0e6a1b0f5a11")


def identify(
    folder: CourseFolder, snapshot: Snapshot, claims: dict[UUID, str], findings: Findings
) -> dict[UUID, LessonFile]:
    """The lessons by id: from lesson.json, else lesson_ids, else the database's at this number, else a new one.

    claims: the ids that other courses of the store have taken, with their files; this course's are added.
    """
    lessons = _by_number(folder, findings)
    said = {number: _said_id(lesson, folder, findings) for number, lesson in lessons.items()}
    in_database = {number: lesson_id for lesson_id, number in snapshot.numbers(folder.course.slug).items()}
    taken = {lesson_id for lesson_id in said.values() if lesson_id} | claims.keys()
    found: dict[UUID, LessonFile] = {}
    for number, lesson in lessons.items():
        lesson_id = said[number]
        if lesson_id is None:
            lesson_id = in_database.get(number)
            # A lesson that a file names by UUID has only moved away from this number.
            if lesson_id is None or lesson_id in taken:
                lesson_id = _new_id(folder.course.slug, number, taken | snapshot.lessons.keys())
            taken.add(lesson_id)
        if _is_free(lesson_id, lesson, folder, snapshot, claims, findings):
            claims[lesson_id] = lesson.file
            found[lesson_id] = lesson
    _check_places(found, in_database, findings)
    return found


def _by_number(folder: CourseFolder, findings: Findings) -> dict[int, LessonFile]:
    lessons: dict[int, LessonFile] = {}
    for lesson in folder.lessons:
        first = lessons.setdefault(lesson.number, lesson)
        if first is not lesson:
            findings.problem(
                lesson.file, f"{lesson.number} is also the number of {first.file}: change one of them", "/number"
            )
    return lessons


def _said_id(lesson: LessonFile, folder: CourseFolder, findings: Findings) -> UUID | None:
    listed = folder.course.lesson_ids.get(lesson.number)
    if lesson.id and listed and lesson.id != listed:
        findings.warn(lesson.file, f"differs from lesson_ids in {folder.course.file} ({listed}): this one holds", "/id")
    return lesson.id or listed


def _new_id(slug: str, number: int, taken: Container[UUID]) -> UUID:
    # A lesson that once got its id at this number may live on at another one: then the next free id.
    candidates = (uuid5(NAMESPACE, f"{slug}/{number}/{turn}") for turn in count())
    return next(candidate for candidate in candidates if candidate not in taken)


def _is_free(
    lesson_id: UUID,
    lesson: LessonFile,
    folder: CourseFolder,
    snapshot: Snapshot,
    claims: Mapping[UUID, str],
    findings: Findings,
) -> bool:
    known = snapshot.lessons.get(lesson_id)
    if lesson_id in claims:
        findings.problem(
            lesson.file, f"{lesson_id} is also the id of {claims[lesson_id]}: give one of them another", "/id"
        )
    elif known and known.slug != folder.course.slug:
        findings.problem(
            lesson.file,
            f"{lesson_id} is lesson {known.number} of the course {known.slug!r} in the database: "
            "give this lesson another id, or the course its old slug",
            "/id",
        )
    else:
        return True
    return False


def _check_places(found: Mapping[UUID, LessonFile], in_database: Mapping[int, UUID], findings: Findings) -> None:
    """A lesson of the database that the store does not hold keeps its number: nothing is deleted or moved."""
    for lesson_id, lesson in found.items():
        holder = in_database.get(lesson.number, lesson_id)
        if holder not in found:
            findings.problem(
                lesson.file,
                f"{lesson.number} is the number of another lesson in the database ({holder}), which the store does "
                f'not hold: write "id": "{holder}" if it is the same lesson, else another number, or remove the '
                "lesson from the database",
                "/number",
            )
