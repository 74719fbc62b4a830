"""The lessons' numbers that a store says, without its texts."""

from pathlib import Path
from uuid import UUID, uuid4

from courses.course_folder.findings import Findings
from courses.course_folder.identity import refuse_conflicts, said_ids
from courses.course_folder.schemas.lesson import LessonFile
from courses.course_folder.snapshot import Snapshot
from courses.course_folder.store import choose, list_courses, open_store, read_courses
from courses.errors import InvalidInput


def numbers_of_store(path: Path, course: str) -> list[tuple[LessonFile, UUID | None]]:
    """Every lesson of the course with the id that the store says, if any. Raises InvalidInput."""
    findings = Findings()
    with open_store(path, findings) as store:
        found: list[tuple[LessonFile, UUID | None]] = []
        for folder in read_courses(store, choose(list_courses(store), [course])):
            said = said_ids(folder, findings)
            found += [(lesson, said.get(lesson.file)) for lesson in folder.lessons]
            # Only for two lessons of one number or one id: an id that is not said is in nobody's way.
            some_ids = [(said.get(lesson.file) or uuid4(), lesson) for lesson in folder.lessons]
            refuse_conflicts(some_ids, folder.course.slug, Snapshot({}, {}), {}, findings)
    if findings.problems:
        raise InvalidInput(findings.problems)
    return found
