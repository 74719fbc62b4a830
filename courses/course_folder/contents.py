"""The big texts of a course folder: transcripts and lesson templates, each read once and not kept."""

import re
from collections.abc import Iterator
from uuid import UUID

from courses.course_folder.fields import Fields
from courses.course_folder.findings import Findings
from courses.course_folder.folders import Folder
from courses.course_folder.names import NamedFile
from courses.course_folder.plan import CoursePlan, PlannedLesson
from courses.course_folder.schemas.lesson import read_description
from courses.formats.definition import Document
from courses.strict_json import BOM

LONGEST_TRANSCRIPT = 500_000  # characters: 50 hours of speech
SHORTEST_TRANSCRIPT = 200  # characters; there is nothing to personalise in less
_MOST_BYTES = 4 * LONGEST_TRANSCRIPT + len(BOM)  # UTF-8 takes four bytes at most for a character


def read_transcripts(plan: CoursePlan, folder: Folder) -> Iterator[tuple[PlannedLesson, str | None]]:
    """Every lesson with its transcript, line ends as \\n; None where there is no file, or a problem with it."""
    for lesson in plan.lessons:
        yield lesson, _transcript(lesson.transcript, folder) if lesson.transcript else None


def read_descriptions(plan: CoursePlan, folder: Folder) -> Iterator[tuple[UUID, Document]]:
    """The standard description of every lesson that has one; a template wins over lesson.json."""
    for lesson in plan.lessons:
        description = lesson.source.description
        template = _template(lesson.template, folder) if lesson.template else {}
        if template and description and template != description and lesson.template:
            folder.findings.warn(
                lesson.source.file,
                f"differs from {folder.named(lesson.template.entry.name)}: the template is taken",
                "/description",
            )
        if template or description:
            yield lesson.id, template or description


def _transcript(file: NamedFile, folder: Folder) -> str | None:
    data = folder.read(file.entry, _MOST_BYTES)
    if data is None:
        return None
    path = folder.named(file.entry.name)
    text = _decoded(data, path, folder.findings)
    if text is None:
        return None
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        return folder.findings.problem(path, "holds U+0000, which cannot be stored: remove it", f"line {line}")
    if len(text) > LONGEST_TRANSCRIPT:
        return folder.findings.problem(path, f"has {len(text):,} characters, at most {LONGEST_TRANSCRIPT:,} are read")
    if not text.strip():
        return folder.findings.problem(path, "is empty: fill it, or remove the file")
    if len(text.strip()) < SHORTEST_TRANSCRIPT:
        folder.findings.warn(
            path, f"has {len(text.strip())} characters: no personal texts from less than {SHORTEST_TRANSCRIPT}"
        )
    return text


def _decoded(data: bytes, path: str, findings: Findings) -> str | None:
    try:
        text = data.removeprefix(BOM).decode()
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        guess = _encoding(data)
        message = f"is not UTF-8 (byte 0x{error.object[error.start]:02x}){guess}: save the file as UTF-8"
        return findings.problem(path, message, f"line {line}")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ", it looks like UTF-16"
    cyrillic = len(re.findall(rb"[\xc0-\xff\xa8\xb8]", data[:10_000]))
    return ", it looks like Windows-1251" if cyrillic > 0.4 * len(data[:10_000]) else ""


def _template(file: NamedFile, folder: Folder) -> Document:
    data = folder.read_json(file.entry)
    if data is None:
        return {}
    return read_description(data, Fields(data, folder.named(file.entry.name), folder.findings), "")
