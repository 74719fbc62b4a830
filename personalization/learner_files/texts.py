"""personalize/<identifier>/5-<uuid>.json: a learner's texts for the lessons of one course."""

import json
from collections import Counter
from collections.abc import Callable, Container, Iterator
from dataclasses import replace
from uuid import UUID

from courses.course_folder.findings import Findings
from courses.course_folder.folders import Entry, Folder, Kind
from courses.course_folder.matching import Outcome, Remark, match
from courses.course_folder.names import NamedFile, is_ignored, personal_texts
from courses.course_folder.plan import CoursePlan
from courses.formats.definition import ORDER_KEY, Document
from courses.formats.losses import compared
from courses.formats.shapes import personal_document
from courses.rendering import says_something
from courses.strict_json import REQUEST
from personalization.learner_files.privacy import (
    shown_file,
    shown_identifier,
    shown_places,
    shown_pointer,
    without_contacts,
)

MOST_LEARNERS = 1_000_000  # folders in personalize/

type TextRow = tuple[str, str, UUID, str]
"""Course slug, learner's identifier, lesson, the text as JSON."""


def learner_folders(plan: CoursePlan, course: Folder) -> list[Entry]:
    """The folders in personalize/, one per learner; their keys are the identifiers."""
    # What is wrong with the folder is said when the texts are read.
    folder = course.folder(plan.folder.personalize, Findings()) if plan.folder.personalize else None
    if folder is None:
        return []
    with folder:
        return [entry for entry in _learners(folder) if _is_utf8(entry.key)]


def read_texts(
    plan: CoursePlan, course: Folder, learners: Container[str], tick: Callable[[], None]
) -> Iterator[TextRow]:
    """Every text of the course, one at a time; what is wrong goes to the folder's findings.

    learners: the identifiers that the store or the database knows. `tick` after each learner.
    """
    folder = course.folder(plan.folder.personalize) if plan.folder.personalize else None
    if folder is None:
        return
    with folder:
        yield from _Texts(plan, folder, learners).rows(tick)


class _Texts:
    def __init__(self, plan: CoursePlan, folder: Folder, learners: Container[str]) -> None:
        self._plan = plan
        self._folder = folder
        self._findings = folder.findings
        self._learners = learners
        self._numbers = plan.numbers
        self._remarks: Counter[str] = Counter()

    def rows(self, tick: Callable[[], None]) -> Iterator[TextRow]:
        before = None
        for place, entry in enumerate(_learners(self._folder), start=1):
            label = shown_identifier(entry.key, place)
            if entry.key == before:
                path = self._folder.named(label)
                self._findings.problem(path, "is there twice, in composed and decomposed letters: keep one")
            before = entry.key
            if _is_utf8(entry.key):
                yield from self._learner(entry, label)
                tick()
            else:
                self._findings.problem(self._folder.named(label), "the folder's name is not UTF-8: rename it")
        for remark, files in self._remarks.items():
            self._findings.warn(self._folder.path, remark if files == 1 else f"{remark} ({files:,} files)")

    def _learner(self, entry: Entry, label: str) -> Iterator[TextRow]:
        if entry.key not in self._learners and is_ignored(entry.key):
            return
        folder = self._folder.folder(entry, label=label)
        if folder is None:
            return
        with folder:
            entries = folder.entries()
            named, unnamed = personal_texts(entries)
            named = [replace(file, alias=shown_file(file)) for file in named]
            for file in unnamed:
                message = "tells no lesson: put its number or its UUID in front of the name"
                self._findings.problem(folder.named(f"(file {entries.index(file) + 1})"), message)
            if named and entry.key not in self._learners:
                message = "is no learner of the store or the database: add it to user_profiles.json"
                self._findings.problem(folder.path, message)
                return
            yield from self._texts(entry.key, named, folder)

    def _texts(self, identifier: str, named: list[NamedFile], folder: Folder) -> Iterator[TextRow]:
        matching = match(named, self._numbers, self._plan.elsewhere)
        for remark in matching.remarks:
            self._tell(remark, folder)
        for lesson, file in matching.files.items():
            document = _read(file, folder)
            if document is not None:
                yield self._plan.slug, identifier, lesson, json.dumps(document, ensure_ascii=False)

    def _tell(self, remark: Remark, folder: Folder) -> None:
        """A wrong label is told once for all learners; what belongs to no lesson, or to two, is a problem."""
        if remark.outcome in (Outcome.RELABELLED, Outcome.BY_NUMBER):
            self._remarks[f"{remark.file.name} {remark}"] += 1
        elif self._plan.folder.complete or remark.outcome is Outcome.TWICE:
            self._findings.problem(folder.named(remark.file.name), str(remark))


def _learners(folder: Folder) -> list[Entry]:
    """What may be a learner's folder: a link or a pipe may stand for one, a file beside them does not."""
    return [entry for entry in folder.entries(MOST_LEARNERS) if entry.kind is not Kind.FILE]


def _is_utf8(key: str) -> bool:
    # Python reads other bytes of a name as lone surrogates, which no database keeps.
    return not any("\ud800" <= letter <= "\udfff" for letter in key)


def _read(file: NamedFile, folder: Folder) -> Document | None:
    data = folder.read_json(file.entry, REQUEST, show=shown_pointer, label=file.name)
    if data is None:
        return None
    try:
        document = personal_document(data)
    except ValueError as error:
        folder.findings.problem(folder.named(file.name), without_contacts(str(error)))
        return None
    if any(says_something(value) for key, value in document.items() if key != ORDER_KEY):
        folder.findings.count(shown_places(compared(data, document)), folder.named(file.name))
        return document
    folder.findings.warn(folder.named(file.name), "is empty: passed by")
    return None
