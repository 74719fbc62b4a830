"""lesson.json as a typed record; everything that is wrong with it goes to the findings."""

import json
import unicodedata
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from courses.course_folder.asset_paths import is_address, path_problem
from courses.course_folder.fields import Fields, described, kind
from courses.course_folder.findings import Findings
from courses.course_folder.kept import kept_content
from courses.course_folder.schemas.course import LONGEST_SUMMARY, LONGEST_TITLE
from courses.formats.definition import Document
from courses.formats.losses import compared
from courses.formats.shapes import lesson_document

LARGEST_DESCRIPTION = 500_000  # characters of JSON; no description of a lesson comes near a tenth of it
LONGEST_TYPE = 100

_KEYS = ("number", "title", "id", "summary", "description", "duration", "status", "files")


@dataclass(frozen=True, slots=True)
class Asset:
    type: str
    path: str
    place: str
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LessonFile:
    """`title` is empty only where it is a problem; `summary` None: not said, empty: there is none."""

    file: str
    number: int
    title: str
    id: UUID | None
    summary: str | None
    description: Document
    assets: tuple[Asset, ...]
    content: Any


def lesson_file(data: dict[str, Any], file: str, findings: Findings) -> LessonFile | None:
    """The lesson that lesson.json describes; None where it does not even say its number."""
    fields = Fields(data, file, findings)
    fields.warn_of_slips(_KEYS)
    number = fields.number("number")
    title = fields.title("title", LONGEST_TITLE)
    lesson_id = fields.uuid("id")
    summary = fields.text("summary", LONGEST_SUMMARY)
    description = read_description(data.get("description"), fields, "description")
    assets = _assets(fields)
    if number is None:
        return None
    return LessonFile(file, number, title, lesson_id, summary, description, assets, kept_content(data))


def read_description(source: object, fields: Fields, key: str) -> Document:
    """The description in canonical keys; empty where there is none, or where a problem with it was found."""
    if isinstance(source, dict | str) and len(json.dumps(source, ensure_ascii=False)) > LARGEST_DESCRIPTION:
        fields.problem(key, f"has more than {LARGEST_DESCRIPTION:,} characters: shorten it")
        return {}
    try:
        document = lesson_document(source)
    except ValueError as error:
        fields.problem(key, str(error))
        return {}
    if document:
        fields.count(compared(source, document), key)
    return document


def _assets(fields: Fields) -> tuple[Asset, ...]:
    found: dict[tuple[str, str], Asset] = {}
    forms: dict[str, str] = {}  # on some disks two names of one form are one file
    for entry in fields.objects("files"):
        asset_type = entry.line("type", LONGEST_TYPE)
        path = _path(entry, asset_type or "")
        if asset_type is None or path is None:
            continue
        metadata = {key: value for key, value in entry.data.items() if key not in ("type", "path")}
        asset = Asset(asset_type, path, f"{entry.pointer}/path", metadata)
        if found.setdefault((asset_type, path), asset).metadata != metadata:
            entry.problem("path", "stands there twice, with other data: keep one of the two")
        alike = forms.setdefault(unicodedata.normalize("NFC", path).casefold(), path)
        if alike != path and not is_address(path):
            message = f"differs from {described(alike)} only in capitals or composed letters: rename one"
            entry.problem("path", message)
    return tuple(found.values())


def _path(entry: Fields, asset_type: str) -> str | None:
    path = entry.data.get("path")
    if not isinstance(path, str):
        entry.problem("path", "is missing" if path is None else f"must be a text, found {kind(path)}")
        return None
    if found := path_problem(path, asset_type):
        entry.problem("path", f"{found} (found {described(path)})")
        return None
    return path
