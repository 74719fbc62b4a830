"""personalize/: whose text a file is and for which lesson, what is refused, what is passed by."""

import json
import os
from typing import Any

import pytest

from tests.builders import PERSONAL_TEXT
from tests.personalization.learner_reading import (
    EMAIL,
    NO_LESSON,
    STRANGER,
    TEXTS,
    UNKNOWN,
    read,
)
from tests.store_builder import CourseBuilder, StoreBuilder, lesson_id, write


def test_texts_belong_to_the_lesson_of_their_uuid(store: StoreBuilder, course: CourseBuilder) -> None:
    store.profiles("u-1", "u-2")
    name = f"2-{lesson_id(1)}.json"
    for learner in ("u-1", "u-2"):
        course.file(f"personalize/{learner}/{name}", PERSONAL_TEXT)
        course.file(f"personalize/{learner}/3.json", PERSONAL_TEXT)
    course.text("u-1", 2, {"introduction": "x", "key_takeaways": ["y"], "unknown": "z"})
    learners = read(store)
    assert {(slug, learner, lesson) for slug, learner, lesson, _ in learners.texts} == {
        ("massage", "u-1", lesson_id(1)),
        ("massage", "u-1", lesson_id(2)),
        ("massage", "u-1", lesson_id(3)),
        ("massage", "u-2", lesson_id(1)),
        ("massage", "u-2", lesson_id(3)),
    }
    assert learners.warnings == [
        f"{TEXTS}: {name} is labelled 2, but its UUID is that of lesson 1: taken for 1 (2 files)"
    ]
    assert json.loads(next(row[3] for row in learners.texts if row[2] == lesson_id(2))) == {
        "introduction": "x",
        "key_takeaways": ["y"],
        "unknown": "z",
        "_order": ["introduction", "key_takeaways", "unknown"],
    }


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        (f"9-{lesson_id(9)}.json", PERSONAL_TEXT, UNKNOWN),
        ("9.json", PERSONAL_TEXT, UNKNOWN),
        ("1.json", [PERSONAL_TEXT], "an object {…} is needed at the top, found a list"),
        ("1.json", b"", "is empty"),
        ("1.json", "text", "line 1, column 1: is not JSON"),
        ("1.json", {"a": "x" * 300_000}, "has 300,"),
    ],
)
def test_texts_that_are_refused(
    store: StoreBuilder, course: CourseBuilder, name: str, content: Any, line: str
) -> None:
    course.file(f"personalize/u-1/{name}", content)
    (problem,) = read(store).problems
    assert problem.startswith(f"massage/personalize/u-1/{name}: {line}")


def test_a_text_whose_name_tells_no_lesson_is_refused(store: StoreBuilder, course: CourseBuilder) -> None:
    course.file("personalize/u-1/text.json", PERSONAL_TEXT)
    assert read(store).problems == [f"{TEXTS}/u-1/(file 1): {NO_LESSON}"]


def test_two_texts_for_one_lesson_are_refused(store: StoreBuilder, course: CourseBuilder) -> None:
    name = course.text("u-1", 1).name
    course.file(f"personalize/u-1/7-{lesson_id(1)}.json", PERSONAL_TEXT)
    course.file("personalize/u-1/1.json", PERSONAL_TEXT)
    assert read(store).problems == [
        f"{TEXTS}/u-1/1.json: is not used: lesson 1 has {name} by its UUID",
        f"{TEXTS}/u-1/7-{lesson_id(1)}.json: is for lesson 1, as is {name}: keep one of the two",
    ]


def test_an_unknown_learner_is_refused_and_one_of_the_database_is_not(
    store: StoreBuilder, course: CourseBuilder
) -> None:
    course.text("in-database", 1)
    course.text("stranger", 1)
    learners = read(store)
    assert [text[1] for text in learners.texts] == ["in-database"]
    assert learners.problems == [f"{TEXTS}/stranger: {STRANGER}"]


def test_composed_and_decomposed_names_are_one_learner(store: StoreBuilder, course: CourseBuilder) -> None:
    store.profiles("й")
    course.text("и\u0306", 1)
    assert [text[1] for text in read(store).texts] == ["й"]
    course.text("й", 2)
    (problem,) = read(store).problems
    assert problem == "massage/personalize/й: is there twice, in composed and decomposed letters: keep one"


def test_a_learner_may_be_called_like_a_backup(store: StoreBuilder, course: CourseBuilder) -> None:
    store.profiles("_backup_1")
    course.text("_backup_1", 1)
    assert [text[1] for text in read(store).texts] == ["_backup_1"]


@pytest.mark.parametrize("who", [EMAIL, "Анна Петрова", "+7 916 123-45-67", "anna＠example.org"])
def test_only_what_tells_the_lesson_is_shown_of_a_name(
    store: StoreBuilder, course: CourseBuilder, who: str
) -> None:
    course.file(f"personalize/u-1/1-{who}.json", b"{")
    course.file(f"personalize/u-1/2-{who}.json", b"")
    course.file(f"personalize/u-1/9-{who}.json", b"{}")
    course.file(f"personalize/u-1/{who}.json", b"{}")
    problems = sorted(problem.removeprefix(f"{TEXTS}/u-1/") for problem in read(store).problems)
    assert [problem.split(": ")[0] for problem in problems][1:] == ["1-….json", "2-….json", "9-….json"]
    assert problems[0].startswith("(file ")
    assert who not in "".join(problems)


def test_keys_that_lead_to_a_person_are_not_shown(store: StoreBuilder, course: CourseBuilder) -> None:
    course.file("personalize/u-1/1.json", f'{{"{EMAIL}": "\\u0000"}}')
    (problem,) = read(store).problems
    assert problem.startswith(f"{TEXTS}/u-1/1.json: /(hidden): holds U+0000")


def test_a_folder_whose_name_is_not_utf_8_is_refused(store: StoreBuilder, course: CourseBuilder) -> None:
    (course.path / "personalize").mkdir()
    (course.path / "personalize" / os.fsdecode(b"u\xff")).mkdir()
    assert read(store).problems == [f"{TEXTS}/(entry 1): the folder's name is not UTF-8: rename it"]


def test_a_text_that_says_nothing_is_passed_by(store: StoreBuilder, course: CourseBuilder) -> None:
    path = course.text("u-1", 1, {"summary_short": " ", "new": []})
    learners = read(store)
    assert not learners.texts
    assert learners.warnings == [f"massage/personalize/u-1/{path.name}: is empty: passed by"]


def test_backups_and_logs_are_passed_by(store: StoreBuilder, course: CourseBuilder) -> None:
    for name in (
        "_backup_1/1.json",
        "logs/1.json",
        "u-1/notes.txt",
        f"u-1/1-{lesson_id(1)}-backup.json",
        ".DS_Store/x",
    ):
        course.file(f"personalize/{name}", "no JSON")
    (course.path / "personalize" / "left-over").mkdir()
    course.file("personalize/summary.json", "no JSON")
    learners = read(store)
    assert (learners.texts, learners.problems, learners.warnings) == ([], [], [])


def test_links_and_pipes_are_refused_and_not_waited_for(
    store: StoreBuilder, course: CourseBuilder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (store.path / "user_profiles.json").unlink()
    (store.path / "user_profiles.json").symlink_to(outside)
    (course.path / "personalize").symlink_to(outside)
    link = "is a symbolic link, and links are not followed"
    assert read(store).problems == [
        f"user_profiles.json: {link}: a file is needed here",
        f"massage/personalize: {link}: a folder is needed here",
    ]
    (store.path / "user_profiles.json").unlink()
    os.mkfifo(store.path / "user_profiles.json")
    assert "user_profiles.json: is neither a file nor a folder: a file is needed here" in read(store).problems


def test_a_lesson_that_could_not_be_read_does_not_make_its_texts_wrong(
    store: StoreBuilder, course: CourseBuilder
) -> None:
    write(course.path / "lessons/02/lesson.json", {"number": "2", "title": "Урок 2"})
    course.text("u-1", 2)
    (problem,) = read(store).problems
    assert problem.startswith("massage/lessons/02/lesson.json: /number: ")
