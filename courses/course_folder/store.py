"""A store: which courses it has, and which of them are meant."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from courses.course_folder.findings import Findings
from courses.course_folder.folders import Entry, Folder, Kind
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
    return [_listed(store, entry) for entry in store.entries() if _may_be_course(entry)]


def choose(listed: Sequence[ListedCourse], wanted: Sequence[str]) -> list[ListedCourse]:
    """The courses of these slugs or folder names; all where none is named. Raises InvalidInput."""
    if not wanted:
        return list(listed)
    wanted = [unicodedata.normalize("NFC", name).rstrip("/") for name in wanted]  # a shell adds the slash
    chosen = [course for course in listed if course.slug in wanted or course.entry.key in wanted]
    known = {name for course in chosen for name in (course.slug, course.entry.key)}
    here = ", ".join(sorted(course.slug for course in listed)) or "none"
    unknown = [name for name in dict.fromkeys(wanted) if name not in known]
    if unknown:
        message = f"is no course of this store, which has: {here}"
        raise InvalidInput(Problem(name, "", message) for name in unknown)
    return chosen


def read_courses(store: Folder, chosen: Sequence[ListedCourse]) -> list[CourseFolder]:
    """The chosen courses that can be read; what is wrong with any of them goes to the store's findings."""
    folders: list[CourseFolder] = []
    owners: dict[str, str] = {}
    for listed in chosen:
        store.findings.include(listed.findings)
        folder = store.folder(listed.entry) if listed.course else None
        if folder is None or listed.course is None:
            continue
        owner = owners.setdefault(listed.slug, listed.course.file)
        if owner != listed.course.file:
            message = f"{listed.slug!r} is also the slug of {owner}: write another in one of them"
            store.findings.problem(listed.course.file, message, "/slug")
        with folder:
            folders.append(read_course(folder, listed.entry, listed.course))
    return folders


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
