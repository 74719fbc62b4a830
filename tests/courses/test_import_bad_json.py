"""course.json and lesson.json that are wrong: each its own line, with file and place."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.store_builder import CourseBuilder, StoreBuilder, lesson_id, read, write

GOOD = {"number": 1, "title": "Урок 1", "id": str(lesson_id(1))}
COURSE_FILE = "massage/course.json"
LESSON_FILE = "massage/lessons/01/lesson.json"


@pytest.fixture
def store(tmp_path: Path) -> StoreBuilder:
    return StoreBuilder(tmp_path / "store")


@pytest.fixture
def course(store: StoreBuilder) -> CourseBuilder:
    return store.course()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "course.json: is empty"),
        (b"  \n", "course.json: is empty"),
        (b"[]", "course.json: an object {…} is needed at the top, found a list"),
        (b'{"name": "\xd8\xff"}', "course.json: line 1: is not UTF-8"),
        ('{"name": "x"}'.encode("utf-16"), "course.json: line 1: is not UTF-8"),
        (b'{"name": "x",}', "course.json: line 1, column 13: is not JSON"),
        (b'{"name": "x" // no\n}', "course.json: line 1, column 14: is not JSON"),
        (b'{"name": "x", "name": "y"}', "course.json: /name: stands there twice"),
        (b'{"name": NaN}', "course.json: /name: is NaN, which is not JSON"),
        (b'{"name": "a\\u0000b"}', "course.json: /name: holds U+0000, which cannot be stored"),
        (b'{"name": "\\ud800"}', "course.json: /name: holds U+D800, which cannot be stored"),
        (b'{"name": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "course.json: "),
        (b"{}", "course.json: /name: is missing: write a text"),
        ({"name": 5}, "course.json: /name: must be a text, found a number"),
        ({"title": " "}, "course.json: /title: is empty"),
        ({"name": "x" * 10_000}, "course.json: /name: has 10,000 characters, at most 500"),
        ({"name": "x", "description": ["y"]}, "course.json: /description: must be a text, found a list"),
        ({"name": "x", "slug": "a/b"}, "course.json: /slug: must be small Latin letters"),
        ({"name": "x", "slug": "Massage"}, "course.json: /slug: must be small Latin letters"),
        ({"name": "x", "slug": ""}, "course.json: /slug: must be small Latin letters"),
        ({"name": "x", "slug": "s" * 300}, "course.json: /slug: must be small Latin letters"),
        ({"name": "x", "slug": "a\n"}, "course.json: /slug: must be small Latin letters"),
        ({"name": "x", "slug": 5}, "course.json: /slug: must be a text, found a number"),
        ({"name": "x", "language": "de"}, "course.json: /language: must be one of ru, en, found 'de'"),
        (
            {"name": "x", "personal_format": "seven"},
            "course.json: /personal_format: must be one of personal, extended, found 'seven'",
        ),
        (
            {"name": "x", "personal_format": ["personal"]},
            "course.json: /personal_format: must be one of personal, extended, found a list",
        ),
        ({"name": "x", "lessons": "1"}, "course.json: /lessons: must be a list of numbers, found a text"),
        ({"name": "x", "lessons": [1, "2"]}, "course.json: /lessons/1: must be a whole number"),
        ({"name": "x", "lesson_ids": []}, "course.json: /lesson_ids: must be an object"),
        ({"name": "x", "lesson_ids": {"1": "no"}}, "course.json: /lesson_ids/1: must be a UUID, found 'no'"),
        (
            {"name": "x", "lesson_ids": {"a": str(lesson_id(1))}},
            "course.json: /lesson_ids/a: must be a lesson's",
        ),
        (
            {"name": "x", "lesson_ids": {"1": str(lesson_id(1)), "2": str(lesson_id(1))}},
            "course.json: /lesson_ids/2: is said twice",
        ),
    ],
)
def test_a_broken_course(store: StoreBuilder, content: Any, line: str) -> None:
    write(store.path / COURSE_FILE, content)
    (problem,) = read(store.path).problems
    assert problem.startswith(f"massage/{line}")
    assert "\n" not in problem


def test_a_missing_course_file(store: StoreBuilder) -> None:
    (store.path / "massage").mkdir()
    (problem,) = read(store.path).problems
    assert problem.startswith("massage/course.json: is missing")


def test_a_file_of_50_megabytes_is_not_read(course: CourseBuilder) -> None:
    path = course.lesson()
    with path.open("r+b") as file:
        file.truncate(50 * 1024 * 1024)
    (problem,) = read(course.path.parent).problems
    assert problem == f"{LESSON_FILE}: has 52,428,800 bytes, at most 20,971,520 are read"


@pytest.mark.parametrize("number", [None, 0, -1, "3", 3.5, 3.0, 2**31, 10**9, True, [], "١"])
def test_a_number_that_is_none(course: CourseBuilder, number: Any) -> None:
    write(course.path.parent / LESSON_FILE, {**GOOD, "number": number})
    (problem,) = read(course.path.parent).problems
    assert problem.startswith(f"{LESSON_FILE}: /number: ")
    assert "a whole number from 1 to 1,000,000" in problem


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"title": None}, "/title: is missing: write a text"),
        ({"title": ""}, "/title: is empty"),
        ({"title": " \u00a0"}, "/title: is empty"),
        ({"title": 7}, "/title: must be a text, found a number"),
        ({"title": "x" * 10_000}, "/title: has 10,000 characters, at most 500"),
        ({"title": "a\nb"}, "/title: holds the character U+000A (line break): remove it"),
        ({"title": "a\x07b"}, "/title: holds the character U+0007"),
        ({"title": "a\u202eb"}, "/title: holds the character U+202E (right-to-left override)"),
        ({"id": "5"}, "/id: must be a UUID, found '5'"),
        ({"id": 5}, "/id: must be a UUID, found 5"),
        ({"id": f"{{{lesson_id(1)}}}"}, "/id: must be a UUID"),
        ({"summary": 5}, "/summary: must be a text, found a number"),
        ({"summary": "x" * 30_000}, "/summary: has 30,000 characters"),
        ({"description": 5}, "/description: an object or a text is needed, found a number"),
        ({"description": True}, "/description: an object or a text is needed, found true or false"),
        ({"description": [["a"], ["b"]]}, "/description: an object or a text is needed, found a list"),
        ({"description": "x" * 5_000_000}, "/description: has more than 500,000 characters"),
        ({"files": {}}, "/files: must be a list, found an object"),
        ({"files": ["a.txt"]}, "/files/0: must be an object {…}, found a text"),
        ({"files": [{"type": "video"}]}, "/files/0/path: is missing"),
        ({"files": [{"type": "video", "path": 5}]}, "/files/0/path: must be a text, found a number"),
        ({"files": [{"path": "a.mp4"}]}, "/files/0/type: is missing"),
        ({"files": [{"type": "video", "path": "../a.mp4"}]}, "/files/0/path: leads out of the course folder"),
        ({"files": [{"type": "v", "path": "javascript:x"}]}, "/files/0/path: is of a kind that is not used"),
        ({"files": [{"type": "v", "path": "http://127.1/"}]}, "/files/0/path: does not name a public host"),
        (
            {"files": [{"type": "v", "path": "https://example.com/a", "filename": name} for name in "ab"]},
            "/files/1/path: stands there twice, with other data",
        ),
    ],
)
def test_a_broken_lesson(course: CourseBuilder, change: dict[str, Any], line: str) -> None:
    write(course.path.parent / LESSON_FILE, {**GOOD, **change})
    (problem,) = read(course.path.parent).problems
    assert problem.startswith(f"{LESSON_FILE}: {line}")
    assert "\n" not in problem
    assert len(problem) < 300


def test_every_problem_of_every_course_is_told_at_once(store: StoreBuilder) -> None:
    first, second = store.course("first", name=""), store.course("second", slug="A B")
    first.lesson(1, title="", files=5)
    first.lesson(2, id="x", summary=[])
    write(second.path / "lessons/01/lesson.json", b"{")
    write(store.path / "third" / "course.json", b"[]")
    assert [problem.split(": ")[:2] for problem in read(store.path).problems] == [
        ["first/course.json", "/name"],
        ["first/lessons/01/lesson.json", "/title"],
        ["first/lessons/01/lesson.json", "/files"],
        ["first/lessons/02/lesson.json", "/id"],
        ["first/lessons/02/lesson.json", "/summary"],
        ["second/course.json", "/slug"],
        ["second/lessons/01/lesson.json", "line 1, column 2"],
        ["third/course.json", "an object {…} is needed at the top, found a list"],
    ]


def test_two_lessons_of_one_number_or_one_id_are_told_with_both_places(course: CourseBuilder) -> None:
    course.lesson(1)
    course.lesson(1, folder="one", id=None)
    course.lesson(2, id=str(lesson_id(1)))
    folder = "massage/lessons"
    assert read(course.path.parent).problems == [
        f"{folder}/02/lesson.json: /id: {lesson_id(1)} is also the id of {LESSON_FILE}: give one another",
        f"{folder}/one/lesson.json: /number: 1 is also the number of {LESSON_FILE}: change one of them",
    ]


def test_one_id_in_two_courses(store: StoreBuilder) -> None:
    store.course("first").lesson(1)
    store.course("second").lesson(1)
    (problem,) = read(store.path).problems
    assert problem.startswith(f"second/lessons/01/lesson.json: /id: {lesson_id(1)} is also the id of first/")


def test_one_slug_for_two_folders(store: StoreBuilder) -> None:
    store.course("first")
    store.course("second", slug="first")
    (problem,) = read(store.path).problems
    assert problem.startswith("second/course.json: /slug: 'first' is also the slug of first/course.json: ")


def test_a_folder_whose_name_is_no_slug_needs_one_in_course_json(store: StoreBuilder) -> None:
    course = store.course("Массаж")
    assert "the folder's name cannot stand in for it" in read(store.path).problems[0]
    write(course.path / "course.json", {"name": "Массаж", "slug": "massage"})
    reading = read(store.path)
    assert [plan.slug for plan in reading.plans] == ["massage"]
    assert not reading.problems


def test_what_is_only_worth_a_warning(course: CourseBuilder) -> None:
    write(
        course.path / "course.json",
        {"name": "Курс", "lessons": [1, 2, 7], "lesson_ids": {"1": str(lesson_id(9))}},
    )
    course.lesson(1, title="Теория++++", desciption="…", files=[{"type": "video", "path": "no.mp4"}])
    course.lesson(4, id=None)
    (course.path / "lessons" / "extra").mkdir()
    reading = read(course.path.parent)
    assert not reading.problems
    assert reading.warnings == [
        "massage/lessons/01/lesson.json: /desciption: is kept, but not read: is 'description' meant?",
        "massage/lessons/01/lesson.json: /title: looks unfinished: 'Теория++++'",
        "massage/lessons/01/lesson.json: /files/0/path: there is no such file in massage: 'no.mp4'",
        "massage/lessons/extra: has no lesson.json: passed by",
        f"{LESSON_FILE}: /id: is taken, although lesson_ids in {COURSE_FILE} says {lesson_id(9)}",
        f"{COURSE_FILE}: /lessons: lists lessons 2, 7, and there is no such lesson",
        f"{COURSE_FILE}: /lessons: does not list lesson 4: imported all the same",
        "massage: has no lesson 3, but higher numbers",
        "massage: has no transcript for lessons 1, 4: no personal texts without one",
    ]


def test_a_byte_order_mark_and_unknown_keys_are_fine(course: CourseBuilder) -> None:
    content = {**GOOD, "colour": {"nested": [1, None, "x"]}}
    write(course.path.parent / LESSON_FILE, b"\xef\xbb\xbf" + json.dumps(content).encode())
    reading = read(course.path.parent)
    assert not reading.problems
    assert reading.plans[0].lessons[0].source.content == content
