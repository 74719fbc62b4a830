"""personalize/<identifier>/5-<uuid>.json: a learner's texts for the lessons of one course."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from courses.course_folder.findings import Findings
from courses.course_folder.folders import Entry, Folder, Kind
from courses.course_folder.names import NamedFile, is_ignored, personal_texts
from courses.formats.definition import ORDER_KEY, Document
from courses.formats.losses import Comparison, compared
from courses.formats.shapes import PERSONAL_FORMATS, personal_document
from courses.rendering import says_something
from courses.strict_json import BOM, REQUEST
from personalization.learner_files.digests import KnownFiles, file_digest
from personalization.learner_files.lesson_files import LessonFiles, TextPlan, with_aliases
from personalization.learner_files.privacy import (
    shown_identifier,
    shown_places,
    shown_pointer,
    without_contacts,
)

MOST_LEARNERS = 1_000_000  # folders in personalize/
_SECTIONS = [frozenset(section.key for section in fmt.sections) for fmt in PERSONAL_FORMATS]
_ENCODER = json.JSONEncoder(ensure_ascii=False)  # json.dumps makes one for each call that has options


@dataclass(frozen=True, slots=True)
class TextRow:
    """A text for a lesson.

    content: JSON in UTF-8. digest: of the file, where it alone tells what the content is and nothing had to
    be said about it.
    """

    lesson: UUID
    content: bytes
    digest: str | None


@dataclass(frozen=True, slots=True)
class LearnerFolder:
    """A folder in personalize/; its entry's key is the identifier. `label`: what messages call it.

    `known`: the store or the database has such a learner. `twice`: the folder before it is of the same one.
    """

    entry: Entry
    label: str
    known: bool = True
    twice: bool = False


def open_texts(plan: TextPlan, store: Folder, findings: Findings) -> Folder | None:
    """personalize/ of the course; None, and a problem, where it is something else or cannot be read."""
    course = store.folder(plan.course, findings)
    if course is None:
        return None
    with course:
        return course.folder(plan.personalize, findings)


def learner_folders(folder: Folder) -> list[LearnerFolder]:
    """What may be a learner's folder: a link or a pipe may stand for one, a file beside them does not."""
    entries = [entry for entry in folder.entries(MOST_LEARNERS) if entry.kind is not Kind.FILE]
    return [
        LearnerFolder(
            entry,
            shown_identifier(entry.key, place),
            twice=place > 1 and entry.key == entries[place - 2].key,
        )
        for place, entry in enumerate(entries, start=1)
    ]


def is_utf8(key: str) -> bool:
    # Python reads other bytes of a name as lone surrogates, which no database keeps.
    return key.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in key)


class TextReader:
    """Reads the texts of one course, learner by learner; what is wrong goes to the findings of `folder`.

    folder: personalize/, open. held: files that need not be read, for the database has what they say: they
    are counted and give no row.
    """

    def __init__(self, files: LessonFiles, folder: Folder, held: KnownFiles) -> None:
        self._files = files
        self._folder = folder
        self._held = held

    def read(self, learner: LearnerFolder) -> Iterator[TextRow]:
        key, findings = learner.entry.key, self._folder.findings
        if learner.twice:
            path = self._folder.named(learner.label)
            findings.problem(path, "is there twice, in composed and decomposed letters: keep one")
        if not is_utf8(key):
            findings.problem(self._folder.named(learner.label), "the folder's name is not UTF-8: rename it")
        elif learner.known or not is_ignored(key):
            folder = self._folder.folder(learner.entry, label=learner.label)
            if folder is not None:
                with folder:
                    yield from self._texts(learner, folder)

    def _texts(self, learner: LearnerFolder, folder: Folder) -> Iterator[TextRow]:
        names = folder.plain_names() if learner.known else None
        found = None if names is None else self._files.looked_up(names)
        if found is None:
            found = self._matched(learner, folder)
        for lesson, file in found.items():
            row = self._text(learner.entry.key, lesson, file, folder)
            if row is not None:
                yield row

    def _matched(self, learner: LearnerFolder, folder: Folder) -> dict[UUID, NamedFile]:
        entries = folder.entries()
        named, unnamed = personal_texts(entries)
        places = {entry.name: place for place, entry in enumerate(entries, start=1)}
        for file in unnamed:
            message = "tells no lesson: put its number or its UUID in front of the name"
            folder.findings.problem(folder.named(f"(file {places[file.name]})"), message)
        if named and not learner.known:
            message = "is no learner of the store or the database: add it to user_profiles.json"
            folder.findings.problem(folder.path, message)
            return {}
        return self._files.matched(with_aliases(named), folder)

    def _text(self, identifier: str, lesson: UUID, file: NamedFile, folder: Folder) -> TextRow | None:
        data = folder.read(file.entry, REQUEST.size, file.name)
        if data is None:
            return None
        digest = file_digest(data)
        if self._held.has(identifier, lesson, digest):
            self._files.unread += 1
            return None
        told = len(folder.findings.warnings)
        content = _content(data, file, folder)
        if content is None:
            return None
        # A file with a warning is read again the next time, so that the warning is given again.
        return TextRow(lesson, content, digest if len(folder.findings.warnings) == told else None)


def is_plain(source: Document) -> bool:
    """Whether this is a text in canonical keys with texts and lists of texts: it is kept as it stands."""
    keys = source.keys()
    return any(keys <= sections for sections in _SECTIONS) and all(
        type(value) is str or (type(value) is list and all(type(item) is str for item in value))
        for value in source.values()
    )


def plain_strings(plain: Document) -> int:
    """How many texts of a plain document say something."""
    found = 0
    for value in plain.values():
        for text in (value,) if type(value) is str else value:
            found += not (text.isspace() or text == "")
    return found


def _content(data: bytes, file: NamedFile, folder: Folder) -> bytes | None:
    """The text as JSON; None, and what is to be said, where it is refused or passed by."""
    source = folder.as_json(data, file.entry, REQUEST, show=shown_pointer, label=file.name)
    if source is None:
        return None
    plain = is_plain(source)
    try:
        document = source if plain else personal_document(source)
    except ValueError as error:
        folder.findings.problem(folder.named(file.name), without_contacts(str(error)))
        return None
    if not any(says_something(value) for key, value in document.items() if key != ORDER_KEY):
        folder.findings.warn(folder.named(file.name), "is empty: passed by")
        return None
    comparison = Comparison(plain_strings(source)) if plain else shown_places(compared(source, document))
    # To make the name fit for a message takes as long as to read the file: only where there is a message.
    folder.findings.count(comparison, folder.named(file.name) if comparison.is_loss else "")
    return data.removeprefix(BOM) if plain else _ENCODER.encode(document).encode()
