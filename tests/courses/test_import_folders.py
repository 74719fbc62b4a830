"""Nothing outside the store is opened, and nothing in it blocks."""

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from courses.course_folder.findings import Findings
from courses.course_folder.folders import Folder, Kind, shown
from courses.course_folder.store import open_store
from courses.errors import InvalidInput
from tests.store_builder import CourseBuilder, StoreBuilder, lesson_id, read

LINK = "is a symbolic link, and links are not followed"


@pytest.fixture
def course(tmp_path: Path) -> CourseBuilder:
    course = StoreBuilder(tmp_path / "store").course().lessons(1)
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("course.json", "lesson.json", "secret.txt"):
        (outside / name).write_text('{"name": "outside", "title": "outside", "number": 1}')
    return course


_opened: list[str] = []
_listening = False


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if _listening and event == "open":
        _opened.append(str(arguments[0]))


sys.addaudithook(_audit)


@contextmanager
def listening() -> Iterator[list[str]]:
    """Every name that Python opens meanwhile; a hook cannot be taken out again."""
    global _listening  # noqa: PLW0603
    _opened.clear()
    _listening = True
    yield _opened
    _listening = False


def problems(course: CourseBuilder) -> list[str]:
    with listening() as opened:
        found = list(read(course.path.parent).problems)
    assert "course.json" in opened
    assert not [name for name in opened if "outside" in name or "secret" in name]
    return found


def replace(path: Path, target: Path) -> None:
    """Puts a link in the path's place."""
    path.rename(path.with_name(f"_{path.name}"))
    path.symlink_to(target)


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("lessons", "."),
        ("lessons/01", "."),
        ("lessons/01/lesson.json", "lesson.json"),
        (f"1-{lesson_id(1)}.txt", "secret.txt"),
    ],
)
def test_a_link_is_refused(course: CourseBuilder, tmp_path: Path, inside: str, outside: str) -> None:
    replace(course.path / inside, tmp_path / "outside" / outside)
    (problem,) = problems(course)
    assert problem.startswith(f"massage/{inside}: {LINK}")


def test_a_linked_course_is_refused(course: CourseBuilder, tmp_path: Path) -> None:
    (course.path.parent / "linked").symlink_to(tmp_path / "outside")
    (problem,) = problems(course)
    assert problem.startswith(f"linked: {LINK}")


def test_a_linked_course_file_is_refused(course: CourseBuilder, tmp_path: Path) -> None:
    replace(course.path / "course.json", tmp_path / "outside" / "course.json")
    (problem,) = read(course.path.parent).problems
    assert problem.startswith(f"massage/course.json: {LINK}")


def test_a_link_in_a_circle_is_refused(course: CourseBuilder) -> None:
    loop = course.path / f"2-{lesson_id(2)}.txt"
    course.lesson(2)
    loop.symlink_to(loop)
    (problem,) = problems(course)
    assert problem.startswith(f"massage/{loop.name}: {LINK}")


def test_links_that_no_one_reads_do_no_harm(course: CourseBuilder, tmp_path: Path) -> None:
    (course.path / "picture.svg").symlink_to(tmp_path / "outside" / "secret.txt")
    (course.path.parent / "README.md").symlink_to(tmp_path / "outside" / "secret.txt")
    assert not problems(course)


def test_the_store_itself_may_be_reached_by_a_link(course: CourseBuilder, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(course.path.parent)
    assert not read(tmp_path / "current").problems


@pytest.mark.parametrize(
    "name", [f"2-{lesson_id(2)}.txt", f"2-{lesson_id(2)}-final.json", "lessons/02/lesson.json"]
)
def test_a_pipe_is_refused_and_not_waited_for(course: CourseBuilder, name: str) -> None:
    lesson = course.lesson(2)
    if name.startswith("lessons"):
        lesson.unlink()
    os.mkfifo(course.path / name)
    (problem,) = problems(course)
    assert problem == f"massage/{name}: is neither a file nor a folder: a file is needed here"


def test_a_pipe_that_comes_after_the_listing_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    findings = Findings()
    with Folder.open_root(tmp_path, findings) as folder:
        (entry,) = folder.entries()
        (tmp_path / "a.txt").unlink()
        os.mkfifo(tmp_path / "a.txt")
        assert folder.read(entry, 100) is None
    assert str(findings.problems[0]) == "a.txt: is no file any more"


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    findings = Findings()
    with Folder.open_root(tmp_path, findings) as folder:
        (entry,) = folder.entries()
        (tmp_path / "a.txt").unlink()
        assert folder.read(entry, 100) is None
    assert str(findings.problems[0]) == "a.txt: cannot be read: no such file or directory"


def test_a_socket_and_a_folder_are_no_files(course: CourseBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
    course.lesson(2)
    course.lesson(3)
    monkeypatch.chdir(course.path)  # a socket's path has 108 bytes at most
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"2-{lesson_id(2)}.txt")
    (course.path / f"3-{lesson_id(3)}.txt").mkdir()
    assert problems(course) == [
        f"massage/2-{lesson_id(2)}.txt: is neither a file nor a folder: a file is needed here",
        f"massage/3-{lesson_id(3)}.txt: is a folder: a file is needed here",
    ]


def test_a_file_in_a_folders_place(course: CourseBuilder) -> None:
    replace(course.path / "lessons", course.path)
    (course.path / "lessons").unlink()
    (course.path / "lessons").write_text("")
    (problem,) = problems(course)
    assert problem == "massage/lessons: is a file: a folder is needed here"


def test_a_huge_sparse_file_is_not_read(course: CourseBuilder) -> None:
    with course.transcript(1).open("r+b") as file:
        file.truncate(1 << 30)
    (problem,) = problems(course)
    assert problem.endswith("has 1,073,741,824 bytes, at most 2,000,003 are read")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("link", LINK),
        ("linked folder", LINK),
        ("folder", "is a folder"),
        ("pipe", "is neither"),
        ("empty", "0 bytes"),
    ],
)
def test_assets_are_looked_at_but_never_opened(
    course: CourseBuilder, tmp_path: Path, kind: str, words: str
) -> None:
    asset = course.path / "media" / "secret.txt"
    course.lesson(1, files=[{"type": "video", "path": "media/secret.txt"}])
    if kind == "linked folder":
        asset.parent.symlink_to(tmp_path / "outside")
    else:
        asset.parent.mkdir()
        make: dict[str, Callable[[], None]] = {
            "link": lambda: asset.symlink_to(tmp_path / "outside" / "secret.txt"),
            "folder": asset.mkdir,
            "pipe": lambda: os.mkfifo(asset),
            "empty": asset.touch,
        }
        make[kind]()
    (problem,) = problems(course)
    assert problem.startswith("massage/lessons/01/lesson.json: /files/0/path: 'media/secret.txt' ")
    assert words in problem


def test_an_asset_may_lie_in_the_lessons_folder_and_its_name_be_decomposed(course: CourseBuilder) -> None:
    course.lesson(1, files=[{"type": "picture", "path": "й.png"}, {"type": "video", "path": "./media/a.mp4"}])
    course.file("и\u0306.png", b"x")
    course.file("lessons/01/media/a.mp4", b"x")
    reading = read(course.path.parent)
    assert not reading.problems
    assert not reading.warnings


def test_names_in_other_case_are_told(course: CourseBuilder) -> None:
    course.file("Course.json", {"name": "Другой"})
    (course.path / "lessons/01/lesson.json").rename(course.path / "lessons/01/Lesson.JSON")
    assert problems(course) == [
        "massage/Course.json: must be written course.json: rename or remove it",
        "massage/lessons/01/Lesson.JSON: must be written lesson.json: rename or remove it",
    ]


def test_too_many_files_are_not_listed(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / str(number)).touch()
    findings = Findings()
    with Folder.open_root(tmp_path, findings) as folder:
        assert len(folder.entries(most=10)) == 10
    assert "holds more than 10 files" in str(findings.problems[0])


def test_what_belongs_to_no_course_is_passed_by(course: CourseBuilder) -> None:
    for name in ("_backup_2024/course.json", "logs/a.txt", "lost+found/x", ".git/config"):
        course.file(f"../{name}", "no JSON")
    for name in (
        "_backup/1.txt",
        "quiz.json",
        "scheme.svg",
        "notes.txt",
        "logs/1.txt",
        "lessons/_old/lesson.json",
    ):
        course.file(name, "no JSON")
    course.file("lessons/readme.md")
    course.file(f"._1-{lesson_id(1)}.txt", b"\x00\x05\x16\x07")
    reading = read(course.path.parent)
    assert (reading.problems, reading.warnings) == ([], [])


def test_broken_names_are_shown_on_one_line(tmp_path: Path) -> None:
    assert shown("a\nb\x1b[31m\u202e") == "a\\u000ab\\u001b[31m\\u202e"
    assert shown(os.fsdecode(b"\xff.txt")) == "\ufffd.txt"
    (tmp_path / os.fsdecode(b"\xff\n")).mkdir()
    (problem,) = read(tmp_path).problems
    assert problem.startswith("\ufffd\\u000a/course.json: is missing")


def test_a_store_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, reason in (("file", "not a directory"), ("missing", "no such file or directory")):
        with pytest.raises(InvalidInput, match=f"{name}: cannot be opened as a store: {reason}"):
            open_store(tmp_path / name, Findings())


def test_looking_leads_nowhere_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    with Folder.open_root(tmp_path, Findings()) as folder:
        assert folder.look(["a.txt"]) == (Kind.FILE, 4)
        assert folder.look(["a.txt", "b"]) is None
        assert folder.look(["x" * 300]) is None
