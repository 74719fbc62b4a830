"""manage.py export_course: which folder it writes to, and what of it stays."""

from pathlib import Path

import pytest
from django.core.management import CommandError

from courses.models import Lesson
from persona_site.progress import Silent
from persona_site.store_export import export_course
from tests.builders import make_course
from tests.persona_site.test_export_course import exported, files, refusal
from tests.store_builder import CourseBuilder, StoreBuilder, imported, write

pytestmark = pytest.mark.django_db


def test_an_earlier_export_is_replaced_and_the_rest_stays(
    course: CourseBuilder, store: StoreBuilder, tmp_path: Path
) -> None:
    imported(store.path)
    out = tmp_path / "out"
    write(out / ".git" / "HEAD", "ref")
    exported(out, "--with-learners")
    mine = [write(out / "massage" / "picture.png", b"png"), write(out / "README.md", "mine")]
    Lesson.objects.filter(lesson_number=3).update(lesson_number=9)
    exported(out)
    assert all(path.exists() for path in [*mine, out / ".git" / "HEAD"])
    assert sorted(path.name for path in (out / "massage" / "lessons").iterdir()) == ["01", "02", "09"]
    assert not (out / "user_profiles.json").exists()
    assert not (out / "massage" / "personalize").exists()


def test_another_folder_is_left_alone_unless_forced(
    course: CourseBuilder, store: StoreBuilder, tmp_path: Path
) -> None:
    imported(store.path)
    mine = write(tmp_path / "out" / "notes.txt", "mine")
    assert refusal(tmp_path / "out") == [
        f"{tmp_path / 'out'}: is not empty and no earlier export: name another folder, or add --force"
    ]
    exported(tmp_path / "out", "--force")
    assert mine.read_text() == "mine"


def test_another_courses_export_is_left_alone_and_by_force_nothing_of_it_is_removed(
    course: CourseBuilder, store: StoreBuilder, tmp_path: Path
) -> None:
    imported(store.path)
    make_course("other")
    exported(tmp_path / "out")
    before = files(tmp_path / "out")
    with pytest.raises(CommandError, match="holds the export of the course 'massage'"):
        exported(tmp_path / "out", course="other")
    exported(tmp_path / "out", "--force", course="other")
    assert files(tmp_path / "out").keys() == before.keys() | {"other/course.json"}


def test_a_folder_that_is_there_may_be_a_volume_and_nothing_is_written_beside_it(
    course: CourseBuilder, store: StoreBuilder, tmp_path: Path
) -> None:
    beside: set[str] = set()

    class Look(Silent):
        def stage(self, label: str, total: int) -> None:
            beside.update(path.name for path in tmp_path.iterdir())

    imported(store.path)
    (tmp_path / "out").mkdir()
    export_course("massage", tmp_path / "out", learners=False, watcher=Look())
    assert beside == {"out", "store"}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".persona-export.json", "massage"]


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/passwd", "a/../../b", 7])
def test_a_list_of_files_that_leads_out_is_refused(
    course: CourseBuilder, store: StoreBuilder, tmp_path: Path, path: object
) -> None:
    imported(store.path)
    write(tmp_path / "out" / ".persona-export.json", {"course": "massage", "files": [path]})
    (line,) = refusal(tmp_path / "out")
    assert "is no list of files that an export wrote" in line


def test_a_link_in_the_folder_leads_nowhere(
    course: CourseBuilder, store: StoreBuilder, tmp_path: Path
) -> None:
    imported(store.path)
    exported(tmp_path / "out")
    elsewhere = write(tmp_path / "elsewhere" / "lesson.json", "mine")
    folder = tmp_path / "out" / "massage" / "lessons" / "01"
    (folder / "lesson.json").unlink()
    folder.rmdir()
    folder.symlink_to(elsewhere.parent)
    (line,) = refusal(tmp_path / "out")
    assert "is a link or a file" in line


def test_a_place_that_cannot_be_written_is_one_line(
    course: CourseBuilder, store: StoreBuilder, tmp_path: Path
) -> None:
    imported(store.path)
    write(tmp_path / "file", "x")
    assert refusal(tmp_path / "file" / "out") == [
        f"{tmp_path / 'file' / 'out'}: cannot be written: file exists"
    ]
