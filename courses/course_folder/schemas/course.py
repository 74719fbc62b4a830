"""course.json as a typed record; everything that is wrong with it goes to the findings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from courses.course_folder.fields import Fields, as_uuid, described, kind, number_problem
from courses.course_folder.findings import Findings
from courses.course_folder.kept import kept_content
from courses.formats.definition import Language, LessonSource
from courses.formats.shapes import PERSONAL_FORMATS

LONGEST_TITLE = 500  # characters
LONGEST_SUMMARY = 20_000
LONGEST_SLUG = 100

_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_CYRILLIC = re.compile(r"[А-Яа-яЁё]")
_KEYS = (
    *("name", "title", "description", "slug", "language"),
    *("personal_format", "lesson_source", "lessons", "lesson_ids"),
)


@dataclass(frozen=True, slots=True)
class CourseFile:
    """`description` None: not said; empty: there is none. `guessed_language` where `language` is not said.

    `personal_format` and `lesson_source` None: not said, so that an editor's choice stays.
    """

    file: str
    slug: str
    title: str
    description: str | None
    language: str | None
    guessed_language: str
    personal_format: str | None
    lesson_source: str | None
    numbers: tuple[int, ...] | None
    lesson_ids: dict[int, UUID]
    content: Any


def course_file(data: dict[str, Any], file: str, folder: str, findings: Findings) -> CourseFile:
    """The course that course.json describes. `folder` is its folder's name: the slug where none is given."""
    fields = Fields(data, file, findings)
    fields.warn_of_slips(_KEYS)
    title = fields.title("title" if data.get("name") is None and "title" in data else "name", LONGEST_TITLE)
    description = fields.text("description", LONGEST_SUMMARY)
    russian = _CYRILLIC.search(f"{title} {description}")
    return CourseFile(
        file=file,
        slug=_slug(fields, folder),
        title=title,
        description=description,
        language=_one_of("language", list(Language), fields),
        guessed_language=(Language.RUSSIAN if russian else Language.ENGLISH).value,
        personal_format=_one_of("personal_format", [fmt.name for fmt in PERSONAL_FORMATS], fields),
        lesson_source=_one_of("lesson_source", list(LessonSource), fields),
        numbers=_numbers(fields),
        lesson_ids=_lesson_ids(fields),
        content=kept_content(data),
    )


def slug_problem(slug: str) -> str | None:
    """Why this cannot be a course's slug; None: it can."""
    if len(slug) <= LONGEST_SLUG and _SLUG.fullmatch(slug):
        return None
    return f"must be small Latin letters, digits and hyphens, at most {LONGEST_SLUG}, found {described(slug)}"


def _slug(fields: Fields, folder: str) -> str:
    slug = fields.data.get("slug")
    if slug is None:
        if found := slug_problem(folder):
            fields.problem("slug", f"is missing, and the folder's name cannot stand in for it: it {found}")
    elif not isinstance(slug, str):
        fields.problem("slug", f"must be a text, found {kind(slug)}")
    elif found := slug_problem(slug):
        fields.problem("slug", found)
    else:
        return slug
    return folder


def _one_of(key: str, known: Sequence[str], fields: Fields) -> str | None:
    value = fields.data.get(key)
    if value is not None and value not in known:
        fields.problem(key, f"must be one of {', '.join(known)}, found {described(value)}")
    return value if isinstance(value, str) else None


def _numbers(fields: Fields) -> tuple[int, ...] | None:
    numbers = fields.data.get("lessons")
    if numbers is None:
        return None
    if not isinstance(numbers, list):
        fields.problem("lessons", f"must be a list of numbers, found {kind(numbers)}")
        return None
    for place, number in enumerate(numbers):
        if found := number_problem(number):
            fields.problem(f"lessons/{place}", found)
    return tuple(number for number in numbers if number_problem(number) is None)


def _lesson_ids(fields: Fields) -> dict[int, UUID]:
    given = fields.data.get("lesson_ids")
    if given is None:
        return {}
    if not isinstance(given, dict):
        fields.problem("lesson_ids", f"must be an object of numbers and UUIDs, found {kind(given)}")
        return {}
    found: dict[int, UUID] = {}
    taken: set[UUID] = set()
    for key, value in given.items():
        number = int(key) if key.isascii() and key.isdigit() and len(key) < 10 else None
        lesson_id = as_uuid(value)
        place = f"lesson_ids/{described(key)[1:-1]}"
        if number is None or number_problem(number):
            fields.problem(place, "must be a lesson's number")
        elif lesson_id is None:
            fields.problem(place, f"must be a UUID, found {described(value)}")
        elif lesson_id in taken or number in found:
            fields.problem(place, "is said twice: a lesson has one number and one UUID")
        else:
            found[number] = lesson_id
            taken.add(lesson_id)
    return found
