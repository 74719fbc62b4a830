"""Rows of the database → the data of course.json and lesson.json. The reverse of the schemas."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from courses.course_folder.fields import as_uuid
from courses.course_folder.kept import differ, with_content
from courses.course_folder.wording import tidy
from courses.formats.definition import Document, LessonSource
from courses.formats.shapes import lesson_document
from courses.models import Course, Lesson, LessonAsset

_FIRST = (
    *("number", "name", "title", "id", "slug", "language"),
    *("summary", "description", "lessons", "lesson_ids"),
)


def course_data(course: Course, ids: Mapping[int, UUID]) -> dict[str, Any]:
    """course.json: what was imported, with today's values. `ids`: number → lesson."""
    kept = course.content if isinstance(course.content, dict) else {}
    data = dict(kept)
    name = "title" if kept.get("name") is None and "title" in kept else "name"
    _say(data, name, course.title)
    _say(data, "description", course.description)
    _say(data, "language", course.language)
    if kept.get("slug", course.slug) != course.slug:
        data["slug"] = course.slug
    if course.personal_format != kept.get("personal_format", "personal"):
        data["personal_format"] = course.personal_format
    if course.lesson_source != kept.get("lesson_source", LessonSource.TRANSCRIPT):
        data["lesson_source"] = course.lesson_source
    if "lessons" not in kept or differ(sorted_or_none(kept["lessons"]), sorted(ids)):
        data["lessons"] = sorted(ids)
    if listed_ids(kept, ids) is None:
        data.pop("lesson_ids", None)
    return with_content(data, course.content)


def listed_ids(kept: Any, ids: Mapping[int, UUID]) -> set[UUID] | None:
    """The ids that lesson_ids says; None where it says one that is wrong by now."""
    listed = kept.get("lesson_ids") if isinstance(kept, dict) else None
    if listed is None:
        return set()
    if not isinstance(listed, dict):
        return None
    right = {str(number): lesson for number, lesson in ids.items()}
    if any(right.get(number) is None or as_uuid(said) != right[number] for number, said in listed.items()):
        return None
    return {right[number] for number in listed}


def lesson_data(
    lesson: Lesson, assets: Iterable[LessonAsset], description: Document, *, listed: bool
) -> dict[str, Any]:
    """lesson.json without the description, which is a file of its own. `listed`: course.json says the id."""
    kept = lesson.content if isinstance(lesson.content, dict) else {}
    data = dict(kept)
    _say(data, "number", lesson.lesson_number)
    _say(data, "title", lesson.title)
    _say(data, "summary", lesson.summary)
    if as_uuid(kept.get("id")) != lesson.pk and not (listed and kept.get("id") is None):
        data["id"] = str(lesson.pk)
    if not _says(kept.get("description"), description):
        data.pop("description", None)  # the import would warn that it differs from the template
    files = [file_entry(asset) for asset in assets]
    if differ(_entries(kept.get("files", [])), _entries(files)):
        data["files"] = files
    return with_content(data, lesson.content)


def file_entry(asset: LessonAsset) -> dict[str, Any]:
    metadata = asset.metadata if isinstance(asset.metadata, dict) else {}
    return {"type": asset.asset_type, "path": asset.url} | {
        key: metadata[key] for key in sorted(metadata) if key not in ("type", "path")
    }


def as_file(data: Mapping[str, Any], *, in_order: bool = False) -> bytes:
    """JSON as it is written: known keys first, the others by name, a line each; `in_order`: as they are."""
    if not in_order:
        first = {key: data[key] for key in _FIRST if key in data}
        data = first | {key: _sorted(data[key]) for key in sorted(data.keys() - first.keys())}
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()


def sorted_or_none(value: Any) -> list[int] | None:
    if isinstance(value, list) and all(type(item) is int for item in value):
        return sorted(set(value))
    return None


def _say(data: dict[str, Any], key: str, value: Any) -> None:
    """Sets the key where the file would not be read as this value."""
    said = data.get(key)
    read = tidy(said) if isinstance(said, str) and key in ("name", "title") else said
    if differ(None if read == "" else read, value):
        data[key] = value


def _says(source: Any, description: Document) -> bool:
    """Whether a description in lesson.json goes with the template: it is empty, or says the same."""
    try:
        document = lesson_document(source)
    except ValueError:
        return False
    return not document or document == description


def _entries(files: Any) -> list[str] | None:
    """The entries of `files`, in an order and form that can be compared."""
    return sorted(json.dumps(entry, sort_keys=True) for entry in files) if isinstance(files, list) else None


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
