"""The big texts of a course folder: transcripts and lesson templates, each read once and not kept."""

import re
from collections.abc import Iterator
from uuid import UUID

from courses.course_folder.fields import Fields
from courses.course_folder.folders import Folder
from courses.course_folder.names import NamedFile
from courses.course_folder.plan import CoursePlan, PlannedLesson
from courses.course_folder.schemas.lesson import read_description
from courses.course_folder.wording import injection
from courses.formats.definition import Document
from courses.strict_json import BOM

LONGEST_TRANSCRIPT = 500_000  # characters: 50 hours of speech
SHORTEST_TRANSCRIPT = 200  # characters; there is nothing to personalise in less
_MOST_BYTES = 4 * LONGEST_TRANSCRIPT + len(BOM)  # UTF-8 takes four bytes at most for a character


def read_transcripts(plan: CoursePlan, folder: Folder) -> Iterator[tuple[PlannedLesson, str | None]]:
    """Every lesson with its transcript, lines ended by \\n; None where there is no file, or a problem."""
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
    try:
        text = data.removeprefix(BOM).decode().replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        place, message = _encoding_problem(error)
    else:
        place, message = _text_problem(text)
    if message:
        folder.findings.problem(folder.named(file.entry.name), message, place)
        return None
    if (few := len(text.strip())) < SHORTEST_TRANSCRIPT:
        message = f"has {few} characters: personal texts need {SHORTEST_TRANSCRIPT}"
        folder.findings.warn(folder.named(file.entry.name), message)
    if suspect := injection(text):
        start, message = suspect
        folder.findings.warn(folder.named(file.entry.name), f"{message}: look at it", _line(start, text))
    return text


def _text_problem(text: str) -> tuple[str, str]:
    """Place and message, both empty where the text is fine."""
    if not text.strip():
        return "", "is empty: fill it, or remove the file"
    if len(text) > LONGEST_TRANSCRIPT:
        return "", f"has {len(text):,} characters, at most {LONGEST_TRANSCRIPT:,} are read"
    if "\x00" in text:
        return _line(text.index("\x00"), text), "holds U+0000, which cannot be stored: remove it"
    return "", ""


def _encoding_problem(error: UnicodeDecodeError) -> tuple[str, str]:
    data = error.object
    found = f"byte 0x{data[error.start]:02x}{_guess(data[:10_000])}"
    return _line(error.start, data.decode("latin-1")), f"is not UTF-8 ({found}): save the file as UTF-8"


def _guess(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ", it looks like UTF-16"
    # Russian letters are 0xc0 and above in Windows-1251; in UTF-8 every second byte of theirs is below.
    high, low = (len(re.findall(pattern, data)) for pattern in (rb"[\xc0-\xff]", rb"[\x80-\xbf]"))
    return ", it looks like Windows-1251" if high > 0.3 * len(data) and low < 0.1 * high else ""


def _line(offset: int, text: str) -> str:
    return f"line {text.count(chr(10), 0, offset) + 1}"


def _template(file: NamedFile, folder: Folder) -> Document:
    data = folder.read_json(file.entry)
    if data is None:
        return {}
    return read_description(data, Fields(data, folder.named(file.entry.name), folder.findings), "")
