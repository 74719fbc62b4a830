"""The database's part of an import, beside what a raw COPY and the old system do with the same rows."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from benchmarks.importing.big_store import Size, slug
from courses.course_folder.findings import Findings
from courses.course_folder.plan import plan_courses
from courses.course_folder.store import choose, list_courses, open_store, read_courses
from courses.services.course_import import read_snapshot
from courses.services.staging import copy_blocks, index, staging
from personalization.learner_files.batches import copied, tasks
from personalization.learner_files.digests import KnownFiles
from personalization.learner_files.lesson_files import TextPlan
from personalization.learner_files.reading_pool import read_batches
from personalization.models import PersonalizedLessonDescription, Profile
from personalization.services.text_import import TEXTS, write_texts

SAMPLE = 300  # rows of the old system's way, which would take a quarter of an hour for all


class Everyone:
    """Every learner is known."""

    def __contains__(self, identifier: object) -> bool:
        return True


def save_blocks(store_path: Path, blocks: Path) -> None:
    """Writes the texts of the store to a file as COPY takes them: reading them is not the database's part."""
    with open_store(store_path, Findings()) as store, blocks.open("wb") as file:
        folders = read_courses(store, choose(list_courses(store), ()))
        plans = plan_courses(folders, read_snapshot(), Findings())
        texts = [text for plan in plans if (text := TextPlan.of(plan))]
        read = read_batches(tasks(texts, store, Everyone()), texts, store, KnownFiles(), processes=0)
        for block in copied(batch.block for _, batch in read):
            file.write(block)


def save_rows(blocks: Path, rows: Path) -> None:
    """The same rows in COPY's text format, as any other client would send them."""
    with connection.cursor() as cursor:
        _bare_table(cursor)
        with cursor.copy("COPY bare_texts FROM STDIN (FORMAT BINARY)") as copy:
            for block in _parts(blocks):
                copy.write(block)
        with cursor.copy("COPY bare_texts TO STDOUT") as copy, rows.open("wb") as file:
            for block in copy:
                file.write(block)


def raw_copy(rows: Path) -> float:
    """Seconds for the rows into a table without index, constraint or trigger."""
    with connection.cursor() as cursor:
        _bare_table(cursor)
        cursor.execute("CHECKPOINT")
        began = time.perf_counter()
        with cursor.copy("COPY bare_texts FROM STDIN") as copy:
            for block in _parts(rows):
                copy.write(block)
        seconds = time.perf_counter() - began
        cursor.execute("DROP TABLE bare_texts")
    return seconds


def _bare_table(cursor: CursorWrapper) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in TEXTS.columns.items())
    cursor.execute(f"DROP TABLE IF EXISTS bare_texts; CREATE TABLE bare_texts ({columns})")


def staged_upsert(blocks: Path, size: Size, *, history: bool) -> float:
    """Seconds for the same rows as the import writes them: staged, compared, into the indexed table.

    history: whether the triggers that keep changes fire.
    """
    emptied("personalized_lesson_descriptions")
    with connection.cursor() as cursor:
        _switch_history(cursor, on=history)
        cursor.execute("CHECKPOINT")
    try:
        return _staged_upsert(blocks, size)
    finally:
        with connection.cursor() as cursor:
            _switch_history(cursor, on=True)


def warm(path: Path) -> None:
    """Reads a file, or all files of a folder, into the system's memory."""
    for file in path.rglob("*") if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb") as content:
                while content.read(1024 * 1024):
                    pass


def emptied(*tables: str) -> None:
    """Empties the tables and what depends on them, and the history: that of emptying them is not kept."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"TRUNCATE {', '.join(tables)}, changes CASCADE")
        cursor.execute("RESET session_replication_role")


def _switch_history(cursor: CursorWrapper, *, on: bool) -> None:
    cursor.execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'personalized_lesson_descriptions'::regclass "
        "AND tgname LIKE 'pgtrigger_keep_%'"
    )
    for (name,) in cursor.fetchall():
        switched = "ENABLE" if on else "DISABLE"
        cursor.execute(f'ALTER TABLE personalized_lesson_descriptions {switched} TRIGGER "{name}"')


def _staged_upsert(blocks: Path, size: Size) -> float:
    began = time.perf_counter()
    with staging([TEXTS]):
        copy_blocks(TEXTS, _parts(blocks))
        index([TEXTS])
        for course in range(size.courses):
            with transaction.atomic():
                write_texts(slug(course))
    return time.perf_counter() - began


def row_by_row(store_path: Path) -> float:
    """Rows per second of update_or_create, as the old system wrote them, on a sample."""
    files = sorted((store_path / slug(0) / "personalize").glob("*/*.json"))[:SAMPLE]
    texts = [(path.parent.name, path.name.split("-", 1)[1].removesuffix(".json"), path) for path in files]
    rows: list[tuple[str, str, Any]] = [
        (who, lesson, json.loads(path.read_bytes())) for who, lesson, path in texts
    ]
    began = time.perf_counter()
    for identifier, lesson, content in rows:
        profile = Profile.objects.get(user_identifier=identifier)
        PersonalizedLessonDescription.objects.update_or_create(
            profile=profile, lesson_id=lesson, defaults={"content": content, "origin": "import"}
        )
    return len(rows) / (time.perf_counter() - began)


def _parts(blocks: Path) -> Iterator[bytes]:
    with blocks.open("rb") as file:
        yield from iter(lambda: file.read(512 * 1024), b"")
