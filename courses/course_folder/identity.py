"""Which lesson a lesson.json is: its UUID. The number is only its place."""

from collections.abc import Iterable, Mapping
from itertools import count
from uuid import UUID, uuid5

from courses.course_folder.findings import Findings
from courses.course_folder.reader import CourseFolder
from courses.course_folder.schemas.lesson import LessonFile
from courses.course_folder.snapshot import Snapshot

# Derived ids rather than random ones: the same store gives the same ids in each database it is imported to,
# so that links, exports and files named by them hold on a second machine too.
NAMESPACE = UUID("6f1e1c7e-3d0b-4a53-9c57-0e6a1b0f5a11")


def said_ids(folder: CourseFolder, findings: Findings) -> dict[str, UUID]:
    """What the files say: path of lesson.json → its `id`, else what lesson_ids says of its number."""
    found: dict[str, UUID] = {}
    listed = dict(folder.course.lesson_ids)
    for lesson in folder.lessons:
        other = listed.pop(lesson.number, None)
        if lesson.id and other and lesson.id != other:
            findings.warn(
                lesson.file, f"is taken, although lesson_ids in {folder.course.file} says {other}", "/id"
            )
        if said := lesson.id or other:
            found[lesson.file] = said
    return found


def identify(
    folder: CourseFolder, said: Mapping[str, UUID], snapshot: Snapshot, taken: set[UUID]
) -> list[tuple[UUID, LessonFile]]:
    """Each lesson with its id: the said one, else the database's at this course and number, else a new one.

    taken: every id that a file of the store says, and those given out so far; new ones are added.
    """
    in_database = {number: lesson_id for lesson_id, number in snapshot.numbers(folder.course.slug).items()}
    found: list[tuple[UUID, LessonFile]] = []
    for lesson in folder.lessons:
        lesson_id = said.get(lesson.file) or in_database.get(lesson.number)
        # A lesson of the database that another file names by its id has only moved away from this number.
        if lesson_id is None or (lesson.file not in said and lesson_id in taken):
            lesson_id = _new_id(folder.course.slug, lesson.number, taken, snapshot)
        taken.add(lesson_id)
        found.append((lesson_id, lesson))
    return found


def _new_id(slug: str, number: int, taken: set[UUID], snapshot: Snapshot) -> UUID:
    # A lesson that once got its id at this number may live on at another one: then the next free id.
    candidates = (uuid5(NAMESPACE, f"{slug}/{number}/{turn}") for turn in count())
    return next(
        candidate for candidate in candidates if candidate not in taken and candidate not in snapshot.lessons
    )


def refuse_conflicts(
    lessons: Iterable[tuple[UUID, LessonFile]],
    slug: str,
    snapshot: Snapshot,
    claims: dict[UUID, str],
    findings: Findings,
) -> dict[UUID, LessonFile]:
    """The lessons by id, without those that share a number or an id with another one: each is a problem.

    claims: id → lesson.json, over all courses of the store so far; this course's are added.
    """
    found: dict[UUID, LessonFile] = {}
    numbers: dict[int, str] = {}
    for lesson_id, lesson in lessons:
        first = numbers.setdefault(lesson.number, lesson.file)
        if first != lesson.file:
            message = f"{lesson.number} is also the number of {first}: change one of them"
            findings.problem(lesson.file, message, "/number")
        if problem := _id_problem(lesson_id, slug, snapshot, claims):
            findings.problem(lesson.file, problem, "/id")
        else:
            claims[lesson_id] = lesson.file
            found[lesson_id] = lesson
    if not snapshot.leaving:
        _check_places(found, snapshot.numbers(slug), findings)
    return found


def _id_problem(lesson_id: UUID, slug: str, snapshot: Snapshot, claims: Mapping[UUID, str]) -> str | None:
    if lesson_id in claims:
        return f"{lesson_id} is also the id of {claims[lesson_id]}: give one another"
    known = snapshot.lessons.get(lesson_id)
    if known and known.slug != slug:
        return (
            f"{lesson_id} is lesson {known.number} of the course {known.slug!r} in the database: "
            "give this lesson another id, or the course its old slug"
        )
    return None


def _check_places(
    found: Mapping[UUID, LessonFile], in_database: Mapping[UUID, int], findings: Findings
) -> None:
    """A lesson of the database that the store does not hold keeps its number: nothing is deleted or moved."""
    holders = {number: lesson_id for lesson_id, number in in_database.items() if lesson_id not in found}
    for lesson in found.values():
        if holder := holders.get(lesson.number):
            findings.problem(
                lesson.file,
                f"{lesson.number} is the number of another lesson in the database ({holder}), which the "
                f'store does not hold: write "id": "{holder}" if it is the same lesson, else another number, '
                "or remove that lesson from the database",
                "/number",
            )
