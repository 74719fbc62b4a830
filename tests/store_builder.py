"""Small stores for tests: each call writes one file; only what a test names differs from a plain default."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from courses.course_folder.contents import read_descriptions, read_transcripts
from courses.course_folder.findings import Converted, Findings
from courses.course_folder.plan import CoursePlan, plan_courses
from courses.course_folder.report import ImportReport
from courses.course_folder.snapshot import Snapshot
from courses.course_folder.store import choose, list_courses, open_store, read_courses
from courses.formats.definition import Document
from persona_site.store_import import import_store
from tests.builders import DESCRIPTION, PERSONAL_TEXT, SURVEY, TRANSCRIPT

NOTHING_KNOWN = Snapshot({}, {})


def lesson_id(number: int) -> UUID:
    """The same UUID for the same number: 00000000-0000-4000-8000-000000000007."""
    return UUID(f"00000000-0000-4000-8000-{number:012}")


def write(path: Path, content: object) -> Path:
    """Bytes as they are, a text in UTF-8, anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(
            content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), "utf-8"
        )
    return path


class StoreBuilder:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def course(self, slug: str = "massage", /, **fields: Any) -> "CourseBuilder":
        """A course with a course.json; `name=...` for another title."""
        return CourseBuilder(self.path / slug, {"name": "Массаж шеи", **fields})

    def profiles(self, *identifiers: str, **others: object) -> Path:
        """user_profiles.json with plain learners of the course `massage`, and others as they are given."""
        plain = {"name": "Нина", "course": "massage", **SURVEY}
        return write(self.path / "user_profiles.json", {**dict.fromkeys(identifiers, plain), **others})


class CourseBuilder:
    def __init__(self, path: Path, fields: object) -> None:
        self.path = path
        write(path / "course.json", fields)

    def lesson(self, number: object = 1, folder: str | None = None, **fields: Any) -> Path:
        """lessons/01/lesson.json with an id made from the number; `id=None` for none."""
        plain = {"number": number, "title": f"Урок {number}"}
        if isinstance(number, int) and 0 < number < 1000:
            plain["id"] = str(lesson_id(number))
        values = {key: value for key, value in {**plain, **fields}.items() if value is not None}
        return write(self.path / "lessons" / (folder or f"{number:0>2}") / "lesson.json", values)

    def lessons(self, count: int) -> "CourseBuilder":
        """Lessons 1 to `count`, each with a transcript of its own."""
        for number in range(1, count + 1):
            self.lesson(number)
            self.transcript(number)
        return self

    def transcript(self, number: int, text: object = None, label: object = None) -> Path:
        """The transcript that carries the lesson's UUID; `label` for another number in front."""
        name = f"{number if label is None else label}-{lesson_id(number)}.txt"
        return write(self.path / name, f"Урок {number}. {TRANSCRIPT}" if text is None else text)

    def template(self, number: int, content: object = None) -> Path:
        return write(
            self.path / f"{number}-{lesson_id(number)}-final.json",
            DESCRIPTION if content is None else content,
        )

    def text(self, identifier: str, number: int, content: object = None) -> Path:
        """A personal text."""
        name = f"{number}-{lesson_id(number)}.json"
        return write(
            self.path / "personalize" / identifier / name, PERSONAL_TEXT if content is None else content
        )

    def file(self, name: str, content: object = "") -> Path:
        """Any other file."""
        return write(self.path / name, content)


@dataclass(frozen=True, slots=True)
class Reading:
    """What an import would make of a store's courses, without a database: lessons by number."""

    plans: Sequence[CoursePlan]
    transcripts: Mapping[int, str | None]
    descriptions: Mapping[UUID, Document]
    problems: Sequence[str]
    warnings: Sequence[str]
    converted: Converted


def read(path: Path, snapshot: Snapshot = NOTHING_KNOWN) -> Reading:
    """Reads all courses of the store, up to the last transcript."""
    findings = Findings()
    transcripts: dict[int, str | None] = {}
    descriptions: dict[UUID, Document] = {}
    with open_store(path, findings) as store:
        folders = read_courses(store, choose(list_courses(store), ()))
        plans = plan_courses(folders, snapshot, findings)
        for plan in plans:
            folder = store.folder(plan.folder.entry)
            assert folder
            with folder:
                transcripts |= {lesson.source.number: text for lesson, text in read_transcripts(plan, folder)}
                descriptions |= dict(read_descriptions(plan, folder))
    return Reading(
        plans,
        transcripts,
        descriptions,
        [*map(str, findings.problems)],
        [*map(str, findings.warnings)],
        findings.converted,
    )


def imported(path: Path, *courses: str, dry_run: bool = False) -> ImportReport:
    """The store in the database, without a problem."""
    report = import_store(path, courses, dry_run=dry_run)
    assert not report.problems
    return report
