"""A lesson's template in the store: which file it is, its backups, and what a full disk leaves."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from courses.course_folder.final_files import Known, StoreProblem, write_template
from courses.course_folder.folders import Folder
from courses.formats.definition import Document
from tests.builders import DESCRIPTION
from tests.store_builder import CourseBuilder, StoreBuilder, lesson_id, read

NEW: Document = {**DESCRIPTION, "homework": "Повторите вечером."}
NEWER: Document = {**DESCRIPTION, "homework": "Повторите утром."}


@pytest.fixture
def course(tmp_path: Path) -> CourseBuilder:
    return StoreBuilder(tmp_path).course().lessons(2)


OURS = Known(said=lambda _: True, elsewhere=lambda: ())


def write(
    course: CourseBuilder, document: Document = NEW, number: int = 1, *, lesson: int = 1, known: Known = OURS
) -> bool | None:
    return write_template(course.path.parent, "massage", lesson_id(lesson), number, lambda: document, known)


def files(course: CourseBuilder) -> dict[str, Any]:
    """What stands beside the lessons' transcripts and course.json, hidden files too."""
    left_out = {"lessons", "course.json"}
    return {
        path.name.replace(str(lesson_id(1)), "ID"): json.loads(path.read_bytes())
        for path in course.path.iterdir()
        if path.suffix != ".txt" and path.name not in left_out
    }


def test_a_new_file_is_named_by_number_and_id(course: CourseBuilder) -> None:
    assert write(course)
    assert files(course) == {"1-ID-final.json": NEW}
    assert read(course.path.parent).descriptions == {lesson_id(1): NEW}


def test_it_is_written_as_an_export_writes_it(course: CourseBuilder) -> None:
    write(course, dict(reversed(NEW.items())))
    text = (course.path / f"1-{lesson_id(1)}-final.json").read_text()
    assert text == json.dumps(NEW, ensure_ascii=False, indent=2) + "\n"


def test_what_was_there_is_kept_beside_it(course: CourseBuilder) -> None:
    course.template(1)
    assert write(course)
    assert files(course) == {"1-ID-final.json": NEW, "1-ID-final-backup.json": DESCRIPTION}
    found = read(course.path.parent)
    assert (found.descriptions, found.warnings) == ({lesson_id(1): NEW}, [])


def test_a_file_that_says_it_already_is_left_alone(course: CourseBuilder) -> None:
    path = course.template(1, {"template": {"👋 Введение": "Урок.", "homework": "Дома."}})
    before = path.read_bytes()
    assert not write(course, {"introduction": "Урок.", "homework": "Дома."})
    assert path.read_bytes() == before
    assert len(files(course)) == 1


def test_what_was_written_is_not_written_twice(course: CourseBuilder) -> None:
    starred = {**NEW, "motivational_line": "*Вперёд.*"}
    assert write(course, starred)
    assert not write(course, starred)


def test_the_file_keeps_its_name_after_a_renumbering(course: CourseBuilder) -> None:
    course.template(1)
    assert write(course, number=7)
    assert files(course).keys() == {"1-ID-final.json", "1-ID-final-backup.json"}


@pytest.mark.parametrize("name", ["{id}-final.json", "4-4-{id}-final.json"])
def test_it_is_found_under_other_names(course: CourseBuilder, name: str) -> None:
    course.file(name.format(id=lesson_id(1)), DESCRIPTION)
    write(course)
    assert files(course)[name.format(id="ID")] == NEW


def test_no_older_backup_is_ever_overwritten(course: CourseBuilder) -> None:
    course.template(1)
    for document in (NEW, NEWER):
        write(course, document)
    assert files(course) == {
        "1-ID-final.json": NEWER,
        "1-ID-final-backup.json": DESCRIPTION,
        "1-ID-final-2-backup.json": NEW,
    }
    assert read(course.path.parent).warnings == []


def test_who_may_read_the_file_stays_the_same(course: CourseBuilder) -> None:
    path = course.template(1)
    path.chmod(0o600)
    write(course)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_same_words_are_backed_up_once(course: CourseBuilder) -> None:
    course.template(1)
    for document in (NEW, NEWER, NEW, NEWER, NEW):
        write(course, document)
    assert len(files(course)) == 4, "the file, and a backup of each of the three"


@pytest.mark.parametrize("content", ["{ broken", {"introduction": "Чужое."}])
def test_a_file_that_says_what_the_database_never_said_is_left_alone(
    course: CourseBuilder, content: object
) -> None:
    path = course.template(1, content)
    before = path.read_bytes()
    with pytest.raises(StoreProblem, match="was changed since the last import: import it first"):
        write(course, known=Known(said=lambda said: said == DESCRIPTION, elsewhere=lambda: ()))
    assert path.read_bytes() == before
    assert not list(course.path.glob("*backup*"))


@pytest.mark.parametrize("name", ["1-final.json", "1-00000000-0000-4000-8000-000000000099-final.json"])
def test_a_file_that_the_import_takes_by_its_number_is_the_lesson_s(course: CourseBuilder, name: str) -> None:
    course.file(name, DESCRIPTION)
    write(course)
    stem = name.removesuffix(".json")
    assert files(course) == {name: NEW, f"{stem}-backup.json": DESCRIPTION}


def test_a_file_that_carries_another_lesson_is_not_taken_by_its_number(course: CourseBuilder) -> None:
    course.file(f"1-{lesson_id(2)}-final.json", DESCRIPTION)
    course.file(f"1-{lesson_id(50)}-final.json", DESCRIPTION)
    write(course, known=Known(said=lambda _: True, elsewhere=lambda: {lesson_id(50)}))
    assert files(course)["1-ID-final.json"] == NEW


def test_a_folder_that_is_not_read_to_its_end_is_not_written(
    course: CourseBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Folder.entries, "__defaults__", (3,))
    with pytest.raises(StoreProblem, match="holds more than 3 files"):
        write(course)
    assert files(course) == {}


def test_two_folders_of_one_slug_are_not_written(course: CourseBuilder) -> None:
    StoreBuilder(course.path.parent).course("other", slug="massage")
    with pytest.raises(StoreProblem, match="massage and other both have the slug 'massage'"):
        write(course)
    assert files(course) == {}


def test_a_file_system_without_hard_links_keeps_all_backups_too(
    course: CourseBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", none)
    course.template(1)
    for document in (NEW, NEWER, NEW):
        write(course, document)
    assert files(course) == {
        "1-ID-final.json": NEW,
        "1-ID-final-backup.json": DESCRIPTION,
        "1-ID-final-2-backup.json": NEW,
        "1-ID-final-3-backup.json": NEWER,
    }


def test_a_kill_leaves_no_half_of_a_backup(course: CourseBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
    course.template(1)
    linked: list[str] = []

    def link(part: str, name: str, **_: object) -> None:
        linked.append((course.path / part).read_text())
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(KeyboardInterrupt):
        write(course)
    assert [json.loads(text) for text in linked] == [DESCRIPTION], "whole before it has its name"
    assert files(course) == {"1-ID-final.json": DESCRIPTION}


def test_what_a_killed_writer_left_is_cleared_away(course: CourseBuilder) -> None:
    course.file(f".1-{lesson_id(1)}-final.json.0123.part", '{"half')
    write(course)
    assert files(course) == {"1-ID-final.json": NEW}


@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(
    course: CourseBuilder, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    course.template(1)
    course.file(f"1-{lesson_id(1)}-final-backup.json", DESCRIPTION)
    (course.path / f"1-{lesson_id(1)}-final-backup.json").write_bytes(course.template(1).read_bytes())

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, name, full)
    with pytest.raises(StoreProblem, match=r"massage/1-.*-final.json cannot be written: no space left"):
        write(course)
    assert files(course) == {"1-ID-final.json": DESCRIPTION, "1-ID-final-backup.json": DESCRIPTION}


def test_without_a_backup_nothing_is_overwritten(
    course: CourseBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.template(1)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreProblem):
        write(course)
    assert files(course) == {"1-ID-final.json": DESCRIPTION}


def test_two_files_of_one_lesson_are_a_person_s_to_part(course: CourseBuilder) -> None:
    course.template(1)
    course.file(f"2-{lesson_id(1)}-final.json", NEWER)
    with pytest.raises(StoreProblem, match="both for this lesson"):
        write(course)


def test_a_link_is_not_followed(course: CourseBuilder, tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text("{}")
    (course.path / f"1-{lesson_id(1)}-final.json").symlink_to(outside)
    with pytest.raises(StoreProblem, match="links are not followed"):
        write(course)
    assert outside.read_text() == "{}"


def test_a_store_that_is_gone_is_named(course: CourseBuilder, tmp_path: Path) -> None:
    with pytest.raises(StoreProblem, match="cannot be opened as a store"):
        write_template(tmp_path / "gone", "massage", lesson_id(1), 1, lambda: NEW, OURS)
    with pytest.raises(StoreProblem, match="has no folder of the course 'other'"):
        write_template(course.path.parent, "other", lesson_id(1), 1, lambda: NEW, OURS)


def test_the_course_is_known_by_its_slug_not_its_folder(tmp_path: Path) -> None:
    course = StoreBuilder(tmp_path).course("folder", slug="massage").lessons(1)
    assert write(course)
    assert files(course) == {"1-ID-final.json": NEW}
