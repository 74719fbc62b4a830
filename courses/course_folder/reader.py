"""A course folder → its records. Files that no lesson names, quizzes, pictures, backups, are passed by."""

from collections.abc import Iterator
from dataclasses import dataclass

from courses.course_folder.asset_paths import is_address, path_parts
from courses.course_folder.findings import Findings
from courses.course_folder.folders import Entry, Folder, Kind, pick, without_twins
from courses.course_folder.names import NamedFile, is_ignored, templates, transcripts
from courses.course_folder.schemas.course import CourseFile, course_file
from courses.course_folder.schemas.lesson import Asset, LessonFile, lesson_file

NO_LESSON = "has no lesson.json: passed by"


@dataclass(frozen=True, slots=True)
class CourseFolder:
    """`complete`: everything could be read, so that a file without a lesson is really one.

    `described`: course.json could be read; otherwise `course` only stands in for it. `passed_by`: paths of
    folders without a lesson.json.
    """

    entry: Entry
    path: str
    course: CourseFile
    lessons: tuple[LessonFile, ...]
    transcripts: tuple[NamedFile, ...]
    templates: tuple[NamedFile, ...]
    personalize: Entry | None
    complete: bool
    described: bool = True
    passed_by: tuple[str, ...] = ()


def read_course_file(folder: Folder, name: str) -> CourseFile | None:
    """What course.json says; None, and a problem, where it is missing or broken. `name`: the folder's."""
    entry = pick(folder, folder.entries(), "course.json")
    if entry is None:
        folder.findings.problem(
            folder.named("course.json"),
            'is missing: write one with a "name"; a folder that is no course may start with "_"',
        )
        return None
    data = folder.read_json(entry)
    return None if data is None else course_file(data, folder.named("course.json"), name, folder.findings)


def read_course(folder: Folder, entry: Entry, course: CourseFile | None) -> CourseFolder:
    """Everything in the folder but the transcripts, templates and personal texts, of which only the names.

    course: None where course.json could not be read; what else is wrong is worth knowing all the same.
    """
    findings = folder.findings
    before, warned = len(findings.problems), len(findings.warnings)
    entries = folder.entries()
    lessons = tuple(_lessons(folder, pick(folder, entries, "lessons")))
    return CourseFolder(
        entry=entry,
        path=folder.path,
        course=course or course_file({"name": entry.key}, folder.named("course.json"), "", Findings()),
        lessons=lessons,
        transcripts=tuple(transcripts(entries)),
        templates=tuple(templates(entries)),
        personalize=pick(folder, entries, "personalize"),
        complete=course is not None and len(findings.problems) == before,
        described=course is not None,
        passed_by=tuple(it.file for it in findings.warnings[warned:] if it.message == NO_LESSON),
    )


def _lessons(course: Folder, entry: Entry | None) -> Iterator[LessonFile]:
    lessons = course.folder(entry) if entry else None
    if lessons is None:
        return
    with lessons:
        for item in without_twins(lessons, lessons.entries()):
            # A file beside the lessons' folders is none of ours; a link or a pipe may stand for a folder.
            if item.kind is Kind.FILE or is_ignored(item.key):
                continue
            folder = lessons.folder(item)
            if folder is not None:
                with folder:
                    yield from _lesson(folder, course)


def _lesson(folder: Folder, course: Folder) -> Iterator[LessonFile]:
    entry = pick(folder, folder.entries(), "lesson.json")
    if entry is None:
        folder.findings.warn(folder.path, NO_LESSON)
        return
    data = folder.read_json(entry)
    lesson = None if data is None else lesson_file(data, folder.named("lesson.json"), folder.findings)
    if lesson is not None:
        for asset in lesson.assets:
            _look_for(asset, lesson, course, folder)
        yield lesson


def _look_for(asset: Asset, lesson: LessonFile, course: Folder, folder: Folder) -> None:
    if is_address(asset.path):
        return
    findings, parts = course.findings, path_parts(asset.path)
    found = course.look(parts) or folder.look(parts)
    if found is None:
        findings.warn(lesson.file, f"there is no such file in {course.path}: {asset.path!r}", asset.place)
    elif found[0] is not Kind.FILE:
        findings.problem(lesson.file, f"{asset.path!r} is {found[0]}: a file is needed", asset.place)
    elif found[1] == 0:
        findings.problem(lesson.file, f"{asset.path!r} is empty (0 bytes): put the file there", asset.place)
