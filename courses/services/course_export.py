"""A course of the database as the files of its store folder."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from courses.course_folder.fields import number_problem
from courses.course_folder.schemas.course import slug_problem
from courses.course_folder.wording import tidy
from courses.course_folder.writer import as_file, course_data, file_entry, lesson_data, listed_ids
from courses.errors import Problem
from courses.formats.definition import Document
from courses.formats.lesson import LESSON
from courses.formats.shapes import lesson_document, ordered_items
from courses.models import Course, Lesson, LessonAsset

MARK = "\ufeff"  # a byte order mark, which an import skips

type File = tuple[str, bytes]
"""Path in the store, with /, and what the file holds."""


@dataclass
class Exported:
    """What was met on the way, by table: rows; and those that an import would write otherwise.

    `converted`: rows of an older shape, that an import writes in today's. `left_out`: rows that say nothing.
    """

    rows: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    converted: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    left_out: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    problems: list[Problem] = field(default_factory=list)


def course_files(course: Course, seen: Exported) -> Iterator[File]:
    """Every file of the course folder but the personal texts, one lesson after the other."""
    ids = dict(course.lessons.values_list("lesson_number", "pk"))
    seen.problems += _unfit(course, ids)
    if seen.problems:
        return
    listed = listed_ids(course.content, ids) or set()
    seen.rows["courses"] += 1
    seen.converted["courses"] += course.description == "" or tidy(course.title) != course.title
    yield f"{course.slug}/course.json", as_file(course_data(course, ids))
    lessons = course.lessons.select_related("description").prefetch_related("assets")
    for lesson in lessons.order_by("lesson_number").iterator(chunk_size=200):
        yield from _lesson_files(lesson, course.slug, seen, listed=lesson.pk in listed)


def _unfit(course: Course, ids: Mapping[int, UUID]) -> Iterator[Problem]:
    """The slug and the numbers that no store may have."""
    if found := slug_problem(course.slug):
        yield Problem(course.slug, "", f"the slug {found}")
    for number, lesson in sorted(ids.items()):
        if found := number_problem(number):
            message = f"the number {found}: run renumber_lessons {course.slug} --compact"
            yield Problem(course.slug, f"lesson {lesson}", message)


def _lesson_files(lesson: Lesson, folder: str, seen: Exported, *, listed: bool) -> Iterator[File]:
    seen.rows["lessons"] += 1
    seen.converted["lessons"] += not _is_as_imported(lesson)
    document = _description(lesson, seen)
    assets = sorted(lesson.assets.all(), key=lambda asset: (asset.asset_type, asset.url))
    for asset in assets:
        _check(asset, folder, seen)
    data = lesson_data(lesson, assets, lesson_document(document), listed=listed)
    yield f"{folder}/lessons/{lesson.lesson_number:02}/lesson.json", as_file(data)
    name = f"{folder}/{lesson.lesson_number}-{lesson.pk}"
    if lesson.transcript.strip():
        yield f"{name}.txt", lesson.transcript.encode()
    if document:
        yield f"{name}-final.json", as_file(document, in_order=True)


def _is_as_imported(lesson: Lesson) -> bool:
    """Whether an import leaves the lesson's own texts as they are: other blanks and line ends are no words.

    Adopted lessons have such texts, and no form that an editor could take them off with.
    """
    transcript = lesson.transcript
    plain = (
        "\r" not in transcript and not transcript.startswith(MARK) and (not transcript or transcript.strip())
    )
    return bool(plain) and lesson.summary != "" and tidy(lesson.title) == lesson.title


def _description(lesson: Lesson, seen: Exported) -> Document:
    """The description in its order, ready for a file; {} where there is none."""
    table = "lesson_descriptions"
    if not hasattr(lesson, "description"):
        return {}
    seen.rows[table] += 1
    data = lesson.description.data
    try:
        read = lesson_document(data)
    except ValueError as error:
        seen.problems.append(Problem(table, str(lesson.description.pk), str(error)))
        return {}
    if not read:
        seen.left_out[table] += 1
    elif read != data:
        seen.converted[table] += 1
    return dict(ordered_items(read, LESSON))


def _check(asset: LessonAsset, folder: str, seen: Exported) -> None:
    seen.rows["lesson_assets"] += 1
    entry = file_entry(asset)
    del entry["type"], entry["path"]
    if (entry or None) != asset.metadata:
        message = "has metadata that files[] of a lesson.json cannot hold: an object without type and path"
        seen.problems.append(Problem(folder, f"asset {asset.pk}", message))
