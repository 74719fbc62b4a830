"""Personal texts of a whole store, in batches: what one process reads at a time, and what comes of it."""

import struct
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import batched

from courses.course_folder.findings import Findings
from courses.course_folder.folders import Folder
from personalization.learner_files.digests import KnownFiles
from personalization.learner_files.lesson_files import LessonFiles, TextPlan
from personalization.learner_files.texts import (
    LearnerFolder,
    TextReader,
    TextRow,
    is_utf8,
    learner_folders,
    open_texts,
)

LEARNERS = 32  # in a task; their names fit into a pipe, so that handing out a task never waits
BLOCK = 512 * 1024  # bytes of rows that are handed on at once
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_COLUMNS = struct.pack("!h", 5)
_UUID = struct.pack("!i", 16)
_DIGEST = struct.pack("!i", 32)
_length = struct.Struct("!i").pack

COLUMNS = ("course_slug", "user_identifier", "lesson_id", "content", "digest")
"""Of a row in a block: text, text, uuid, jsonb, text."""


@dataclass(frozen=True, slots=True)
class Task:
    """Learners of one course, by its place among the plans. `findings`: from finding these folders.

    `last`: the course has no more.
    """

    course: int
    learners: tuple[LearnerFolder, ...]
    findings: Findings
    last: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows as COPY takes them in its binary format, and how many learners they are of.

    `done`: the last batch of its task, which has the findings, the remarks, and how many files were left
    unread because the database has what they say.
    """

    block: bytes
    learners: int = 0
    unread: int = 0
    findings: Findings = field(default_factory=Findings)
    remarks: Counter[str] = field(default_factory=Counter)
    done: bool = False


def readers(plan: TextPlan, store: Folder) -> set[str]:
    """Who has a folder under the course's personalize/."""
    # What is wrong with the folder is said when the texts are read.
    folder = open_texts(plan, store, Findings())
    if folder is None:
        return set()
    with folder:
        return {learner.entry.key for learner in learner_folders(folder) if is_utf8(learner.entry.key)}


def tasks(plans: Sequence[TextPlan], store: Folder, learners: Container[str]) -> Iterator[Task]:
    """All there is to read, in order. `learners`: identifiers that the store or the database knows."""
    for course, plan in enumerate(plans):
        findings = Findings()
        folder = open_texts(plan, store, findings)
        found: list[LearnerFolder] = []
        if folder is not None:
            with folder:
                found = learner_folders(folder)
        parts = [*batched((replace(it, known=it.entry.key in learners) for it in found), LEARNERS)] or [()]
        for place, part in enumerate(parts, start=1):
            yield Task(course, part, findings if place == 1 else Findings(), last=place == len(parts))


class BatchReader:
    """Reads tasks; of any number of these, in one process or in several, all give the same for the same."""

    def __init__(self, plans: Sequence[TextPlan], store: Folder, held: KnownFiles) -> None:
        self._plans = plans
        self._store = store
        self._held = held
        self._files: tuple[int, LessonFiles] | None = None

    def read(self, task: Task) -> Iterator[Batch]:
        """At least one batch; each has about BLOCK bytes, however many texts a learner has."""
        findings = Findings()
        files = self._lesson_files(task.course)
        rows: list[bytes] = []
        size = 0
        for row in self._rows(task, files, findings):
            rows.append(row)
            size += len(row)
            if size > BLOCK:
                yield Batch(b"".join(rows))
                rows, size = [], 0
        remarks, files.remarks = files.remarks, Counter()
        unread, files.unread = files.unread, 0
        yield Batch(b"".join(rows), len(task.learners), unread, findings, remarks, done=True)

    def _rows(self, task: Task, files: LessonFiles, findings: Findings) -> Iterator[bytes]:
        folder = open_texts(files.plan, self._store, findings) if task.learners else None
        if folder is None:
            return
        with folder:
            reader = TextReader(files, folder, self._held)
            for learner in task.learners:
                start = b""
                for row in reader.read(learner):
                    start = start or _row_start(files.plan.slug, learner.entry.key)
                    yield start + _row_rest(row)

    def _lesson_files(self, course: int) -> LessonFiles:
        if self._files is None or self._files[0] != course:
            self._files = course, LessonFiles(self._plans[course])
        return self._files[1]


def collected(
    batches: Iterable[tuple[Task, Batch]],
    plans: Sequence[TextPlan],
    findings: Findings,
    tick: Callable[[int], None],
    unread: Counter[str],
) -> Iterator[bytes]:
    """The blocks of rows; what the tasks found goes to the findings in their order, and `tick` is told.

    unread: gets by course how many files were left unread.
    """
    remarks: Counter[str] = Counter()
    for task, batch in batches:
        yield batch.block
        if batch.done:
            findings.include(task.findings)
            findings.include(batch.findings)
            remarks.update(batch.remarks)
            unread[plans[task.course].slug] += batch.unread
            tick(batch.learners)
        if batch.done and task.last:
            for remark, files in remarks.items():
                findings.warn(
                    plans[task.course].path, remark if files == 1 else f"{remark} ({files:,} files)"
                )
            remarks.clear()


def copied(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """All that COPY wants to have, from blocks of rows."""
    yield _HEADER
    yield from blocks
    yield _TRAILER


def _row_start(slug: str, identifier: str) -> bytes:
    course, learner = slug.encode(), identifier.encode()
    return b"".join((_COLUMNS, _length(len(course)), course, _length(len(learner)), learner, _UUID))


def _row_rest(row: TextRow) -> bytes:
    content, digest = row.content, row.digest
    return b"".join(
        (
            row.lesson.bytes,
            # jsonb comes with the version of its format in front.
            b"%b\x01%b" % (_length(len(content) + 1), content),
            _NULL if digest is None else _DIGEST + digest.encode(),
        )
    )
