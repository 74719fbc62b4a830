"""Reads the learners' files of a store as an import would, without a database."""

from collections.abc import Sequence
from dataclasses import dataclass

from courses.course_folder.findings import Findings
from courses.course_folder.plan import plan_courses
from courses.course_folder.store import choose, list_courses, open_store, read_courses
from personalization.learner_files.profiles import LearnerEntry, read_profiles
from personalization.learner_files.texts import TextRow, learner_folders, read_texts
from tests.store_builder import NOTHING_KNOWN, StoreBuilder

EMAIL = "nina.petrova@example.com"
TEXTS = "massage/personalize"
NO_NAME = "is an e-mail address or a phone number: the learner is kept without a name"
NO_LESSON = "tells no lesson: put its number or its UUID in front of the name"
UNKNOWN = "is not used: no lesson of the course has its UUID or its number"
STRANGER = "is no learner of the store or the database: add it to user_profiles.json"
NOT_JSON = "line 1, column 2: is not JSON: Expecting property name enclosed in double quotes"


@dataclass(frozen=True, slots=True)
class Learners:
    entries: Sequence[LearnerEntry]
    texts: Sequence[TextRow]
    problems: Sequence[str]
    warnings: Sequence[str]


def read(store: StoreBuilder) -> Learners:
    findings = Findings()
    with open_store(store.path, findings) as folder:
        folders = read_courses(folder, choose(list_courses(folder), ()))
        plans = plan_courses(folders, NOTHING_KNOWN, Findings())
        entries = read_profiles(folder, {plan.slug for plan in plans} | {"yoga"})
        learners = {entry.identifier for entry in entries} | {"in-database"}
        texts: list[TextRow] = []
        for plan in plans:
            course = folder.folder(plan.folder.entry)
            assert course
            with course:
                assert {entry.key for entry in learner_folders(plan, course)} >= {text[1] for text in texts}
                texts += read_texts(plan, course, learners, lambda: None)
    return Learners(entries, texts, [*map(str, findings.problems)], [*map(str, findings.warnings)])
