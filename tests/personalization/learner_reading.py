"""Reads the learners' files of a store as an import would, without a database."""

import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from courses.course_folder.findings import Findings
from courses.course_folder.plan import plan_courses
from courses.course_folder.store import choose, list_courses, open_store, read_courses
from personalization.learner_files.batches import collected, readers, tasks
from personalization.learner_files.digests import KnownFiles
from personalization.learner_files.lesson_files import TextPlan
from personalization.learner_files.profiles import LearnerEntry, read_profiles
from personalization.learner_files.reading_pool import read_batches
from tests.store_builder import NOTHING_KNOWN, StoreBuilder

EMAIL = "nina.petrova@example.com"
TEXTS = "massage/personalize"
NO_NAME = "is an e-mail address or a phone number: the learner is kept without a name"
NO_LESSON = "tells no lesson: put its number or its UUID in front of the name"
UNKNOWN = "is not used: no lesson of the course has its UUID or its number"
STRANGER = "is no learner of the store or the database: add it to user_profiles.json"
NOT_JSON = "line 1, column 2: is not JSON: Expecting property name enclosed in double quotes"


type TextRow = tuple[str, str, UUID, str]
"""Course slug, learner's identifier, lesson, the text as JSON."""


@dataclass(frozen=True, slots=True)
class Learners:
    entries: Sequence[LearnerEntry]
    texts: Sequence[TextRow]
    problems: Sequence[str]
    warnings: Sequence[str]


def read(store: StoreBuilder, processes: int = 0) -> Learners:
    findings = Findings()
    with open_store(store.path, findings) as folder:
        folders = read_courses(folder, choose(list_courses(folder), ()))
        plans = plan_courses(folders, NOTHING_KNOWN, Findings())
        entries = [*read_profiles(folder, {plan.slug for plan in plans} | {"yoga"})]
        learners = {entry.identifier for entry in entries} | {"in-database"}
        text_plans = [text for plan in plans if (text := TextPlan.of(plan))]
        found = {reader for plan in text_plans for reader in readers(plan, folder)}
        batches = read_batches(
            tasks(text_plans, folder, learners), text_plans, folder, KnownFiles(), processes
        )
        texts = [
            row
            for block in collected(batches, text_plans, findings, lambda learners: None, Counter())
            for row in rows(block)
        ]
        assert found >= {identifier for _, identifier, _, _ in texts}
    return Learners(entries, texts, [*map(str, findings.problems)], [*map(str, findings.warnings)])


def rows(block: bytes) -> Iterator[TextRow]:
    """The texts in a block of COPY's binary format."""
    while block:
        (columns,) = struct.unpack_from("!h", block)
        block = block[2:]
        values = []
        for _ in range(columns):
            (length,) = struct.unpack_from("!i", block)
            values.append(block[4 : 4 + max(length, 0)])
            block = block[4 + max(length, 0) :]
        slug, identifier, lesson, content, _digest = values
        assert content[0] == 1
        yield slug.decode(), identifier.decode(), UUID(bytes=lesson), content[1:].decode()
