"""A store: which courses it has, and which of them are meant."""

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from uuid import UUID

from courses.course_folder.findings import Findings
from courses.course_folder.folders import Entry, Folder, Kind, shown, without_twins
from courses.course_folder.names import is_ignored
from courses.course_folder.reader import CourseFolder, read_course, read_course_file
from courses.course_folder.schemas.course import CourseFile
from courses.errors import InvalidInput, Problem

PROFILES = "user_profiles.json"


@dataclass(frozen=True, slots=True)
class ListedCourse:
    """A folder of the store; `course` is None where course.json is missing or broken, as `findings` say."""

    entry: Entry
    course: CourseFile | None
    findings: Findings

    @property
    def slug(self) -> str:
        return self.course.slug if self.course else self.entry.key


def open_store(path: Path, findings: Findings) -> Folder:
    """The store, open. Raises InvalidInput where there is none."""
    try:
        return Folder.open_root(path, findings)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise InvalidInput([Problem(str(path), "", f"cannot be opened as a store: {reason}")]) from error


def list_courses(store: Folder) -> list[ListedCourse]:
    """Every course of the store, with what is wrong with its course.json."""
    return [_listed(store, entry) for entry in without_twins(store, store.entries()) if _may_be_course(entry)]


def choose(listed: Sequence[ListedCourse], wanted: Sequence[str]) -> list[ListedCourse]:
    """The courses of these slugs or folder names; all where none is named. Raises InvalidInput."""
    if not wanted:
        return list(listed)
    wanted = [unicodedata.normalize("NFC", name).rstrip("/") for name in wanted]  # a shell adds the slash
    chosen = [course for course in listed if course.slug in wanted or course.entry.key in wanted]
    known = {name for course in chosen for name in (course.slug, course.entry.key)}
    here = ", ".join(sorted(shown(course.slug) for course in listed)) or "none"
    unknown = [name for name in dict.fromkeys(wanted) if name not in known]
    if unknown:
        message = f"is no course of this store, which has: {here}"
        raise InvalidInput(Problem(shown(name), "", message) for name in unknown)
    return chosen


def read_courses(store: Folder, chosen: Sequence[ListedCourse]) -> list[CourseFolder]:
    """The chosen courses, as far as they can be read; what is wrong goes to the store's findings."""
    folders: list[CourseFolder] = []
    owners: dict[str, str] = {}
    for listed in chosen:
        store.findings.include(listed.findings)
        if course := listed.course:
            owner = owners.setdefault(course.slug, course.file)
            if owner != course.file:
                message = f"{course.slug!r} is also the slug of {owner}: write another in one of them"
                store.findings.problem(course.file, message, "/slug")
        # Where course.json was not even looked for, the listing has said why.
        folder = store.folder(listed.entry, store.findings if listed.course else Findings())
        if folder is not None:
            folder.findings = store.findings
            with folder:
                folders.append(read_course(folder, listed.entry, listed.course))
    return folders


def ids_of_others(
    store: Folder, listed: Sequence[ListedCourse], chosen: Collection[ListedCourse]
) -> set[UUID]:
    """The lesson ids that the courses say which were not chosen; what is wrong with them is no matter now."""
    names = {course.entry.name for course in chosen}
    found: set[UUID] = set()
    for other in listed:
        folder = store.folder(other.entry, Findings()) if other.entry.name not in names else None
        if folder is not None:
            with folder:
                course = read_course(folder, other.entry, other.course)
            found.update(course.course.lesson_ids.values())
            found.update(lesson.id for lesson in course.lessons if lesson.id)
    return found


def _may_be_course(entry: Entry) -> bool:
    # A link without a file's ending stands where a course could be: better refused than left out in silence.
    link = entry.kind is Kind.LINK and not PurePath(entry.name).suffix
    return (entry.kind is Kind.FOLDER or link) and not is_ignored(entry.key)


def _listed(store: Folder, entry: Entry) -> ListedCourse:
    findings = Findings()
    folder = store.folder(entry, findings)
    if folder is None:
        return ListedCourse(entry, None, findings)
    with folder:
        return ListedCourse(entry, read_course_file(folder, entry.key), findings)
