"""user_profiles.json and personalize/ as files: what is read, what is refused, and what no message tells."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from courses.course_folder.findings import Findings
from courses.course_folder.plan import plan_courses
from courses.course_folder.store import choose, list_courses, open_store, read_courses
from personalization.learner_files.privacy import is_contact, shown_identifier
from personalization.learner_files.profiles import LearnerEntry, read_profiles
from personalization.learner_files.texts import TextRow, learner_folders, read_texts
from tests.builders import PERSONAL_TEXT, SURVEY
from tests.store_builder import NOTHING_KNOWN, CourseBuilder, StoreBuilder, lesson_id, write

EMAIL = "nina.petrova@example.com"


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


@pytest.fixture
def store(tmp_path: Path) -> StoreBuilder:
    return StoreBuilder(tmp_path)


@pytest.fixture
def course(store: StoreBuilder) -> CourseBuilder:
    course = store.course().lessons(3)
    store.profiles("u-1")
    return course


def test_a_learner_with_everything(store: StoreBuilder, course: CourseBuilder) -> None:
    store.profiles(**{"ученик-й": {"user_id": "ученик-й", "name": " Нина ", "course": "massage", **SURVEY, "x": [1]}})
    (entry,) = read(store).entries
    assert (entry.identifier, entry.name, entry.course) == ("ученик-й", "Нина", "massage")
    assert json.loads(entry.survey) == {**SURVEY, "x": [1]}


def test_answers_are_kept_as_they_are_given(store: StoreBuilder, course: CourseBuilder) -> None:
    answers = {"__proto__": "{{ 7*7 }}", "fears": "одна", "motivation": {"a": "<script>alert(1)</script>"}, "n": None}
    store.profiles(a=answers)
    learners = read(store)
    assert json.loads(learners.entries[0].survey) == answers
    assert not learners.problems


@pytest.mark.parametrize("profile", [{}, {"name": None, "course": None}, {"name": " ", "course": ""}])
def test_a_learner_without_name_or_course(store: StoreBuilder, course: CourseBuilder, profile: Any) -> None:
    store.profiles(a=profile)
    learners = read(store)
    assert learners.entries == [LearnerEntry("a", None, None, "{}")]
    assert not learners.problems
    assert not learners.warnings


def test_a_store_without_learners(store: StoreBuilder) -> None:
    store.course()
    learners = read(store)
    assert (learners.entries, learners.problems) == ([], [])


@pytest.mark.parametrize("name", [EMAIL, f"Нина {EMAIL}", "+7 (999) 123-45-67"])
def test_a_name_that_is_a_contact_is_no_name_and_is_not_shown(
    store: StoreBuilder, course: CourseBuilder, name: str
) -> None:
    store.profiles(a={"name": name, "course": "massage"})
    learners = read(store)
    assert learners.entries[0].name is None
    assert learners.warnings == [
        "user_profiles.json: /a/name: is an e-mail address or a phone number: the learner is kept without a name"
    ]


@pytest.mark.parametrize(
    ("profiles", "line"),
    [
        ([], "an object {…} is needed at the top, found a list"),
        (b'{"a": {"x": NaN}}', "/a/x: is NaN, which is not JSON"),
        (b'{"a": {"x": -Infinity}}', "/a/x: is -Infinity, which is not JSON"),
        (b'{"a": {}, "a": {}}', "/a: stands there twice"),
        ({"a": None}, "/a: must be an object {…}, found null"),
        ({"a": "Нина"}, "/a: must be an object {…}, found a text"),
        ({"": {}}, "/: the identifier is empty"),
        ({" ": {}}, "/ : the identifier is empty"),
        ({"x" * 500: {}}, f"/{'x' * 60}: the identifier has 500 characters, at most 200"),
        ({"a\nb": {}}, "/(entry 1): the identifier holds the character U+000A (line break)"),
        ({"й": {}, "и\u0306": {}}, "/и\u0306: the identifier stands there twice, written in two ways"),
        ({"a": {"name": ["Нина"]}}, "/a/name: must be a text, found a list"),
        ({"a": {"name": "x" * 201}}, "/a/name: has 201 characters, at most 200"),
        ({"a": {"name": "Ни\nна"}}, "/a/name: holds the character U+000A"),
        ({"a": {"course": 5}}, "/a/course: must be a text, found a number"),
        ({"a": {"course": "nix"}}, "/a/course: neither the store nor the database has the course 'nix'"),
        ({"a": {"wow_result": "x" * 1_000_000}}, "/a: the answers have 1,000,018 characters"),
    ],
)
def test_learners_that_are_refused(store: StoreBuilder, course: CourseBuilder, profiles: Any, line: str) -> None:
    write(store.path / "user_profiles.json", profiles)
    (problem,) = read(store).problems
    assert problem.startswith(f"user_profiles.json: {line}")
    assert "\n" not in problem


def test_no_message_holds_a_name_or_an_address(store: StoreBuilder, course: CourseBuilder) -> None:
    bad = {"name": ["Нина"], "course": 5, "user_id": "other", "a": "secret answer"}
    write(store.path / "user_profiles.json", {"ok": {}, EMAIL: bad, "+79991234567": {"name": EMAIL, "course": 1}})
    course.text(EMAIL, 1, b"{")
    course.text(EMAIL, 99)
    course.text("stranger@example.org", 1)
    course.file(f"personalize/{EMAIL}/nix.json", {})
    (course.path / "personalize" / "link@example.org").symlink_to("/tmp")
    learners = read(store)
    assert learners.problems == [
        "user_profiles.json: /(entry 2)/name: must be a text, found a list",
        "user_profiles.json: /(entry 2)/course: must be a text, found a number",
        "user_profiles.json: /(entry 3)/course: must be a text, found a number",
        "massage/personalize/(entry 1): is a symbolic link, and links are not followed: a folder is needed here",
        "massage/personalize/(entry 2)/nix.json: tells no lesson: put its number or its UUID in front of the name",
        f"massage/personalize/(entry 2)/99-{lesson_id(99)}.json: is not used: "
        "no lesson of the course has its UUID or its number",
        f"massage/personalize/(entry 2)/1-{lesson_id(1)}.json: line 1, column 2: is not JSON: "
        "Expecting property name enclosed in double quotes",
        "massage/personalize/(entry 3): is no learner of the store or the database: add it to user_profiles.json",
    ]
    assert learners.warnings == [
        "user_profiles.json: /(entry 2)/user_id: differs from the key that it stands under: the key is taken",
        "user_profiles.json: /(entry 3)/name: is an e-mail address or a phone number: "
        "the learner is kept without a name",
    ]
    assert learners.texts == []


def test_a_broken_file_does_not_tell_whose_it_is(store: StoreBuilder, course: CourseBuilder) -> None:
    write(store.path / "user_profiles.json", f'{{"{EMAIL}": {{"a": "\\u0000"}}, "{EMAIL}": {{}}}}')
    problems = read(store).problems
    assert problems
    assert EMAIL not in "".join(problems)
    write(store.path / "user_profiles.json", f'{{"{EMAIL}": {{"a": "\\u0000"}}}}')
    assert read(store).problems == [
        "user_profiles.json: /(hidden)/a: holds U+0000, which cannot be stored: remove it"
    ]


@pytest.mark.parametrize("text", [EMAIL, "+7 (999) 123-45-67", "89991234567", "a@b"])
def test_contacts(text: str) -> None:
    assert is_contact(text)
    assert shown_identifier(text, 3) == "(entry 3)"


@pytest.mark.parametrize("text", ["u-1001", "ученик-07", "12345678", "550e8400-e29b-41d4-a716-446655440000"])
def test_identifiers_that_may_be_shown(text: str) -> None:
    assert shown_identifier(text, 3) == text


def test_texts_belong_to_the_lesson_of_their_uuid(store: StoreBuilder, course: CourseBuilder) -> None:
    store.profiles("u-1", "u-2")
    for learner in ("u-1", "u-2"):
        course.file(f"personalize/{learner}/2-{lesson_id(1)}.json", PERSONAL_TEXT)
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
        f"massage/personalize: 2-{lesson_id(1)}.json is labelled 2, but its UUID is that of lesson 1: "
        "taken for 1 (2 files)"
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
        (f"9-{lesson_id(9)}.json", PERSONAL_TEXT, "is not used: no lesson of the course has its UUID or its number"),
        ("9.json", PERSONAL_TEXT, "is not used: no lesson of the course has its UUID or its number"),
        ("text.json", PERSONAL_TEXT, "tells no lesson: put its number or its UUID in front of the name"),
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


def test_two_texts_for_one_lesson_are_refused(store: StoreBuilder, course: CourseBuilder) -> None:
    course.text("u-1", 1)
    course.file(f"personalize/u-1/7-{lesson_id(1)}.json", PERSONAL_TEXT)
    course.file("personalize/u-1/1.json", PERSONAL_TEXT)
    assert read(store).problems == [
        f"massage/personalize/u-1/1.json: is not used: lesson 1 has 1-{lesson_id(1)}.json by its UUID",
        f"massage/personalize/u-1/7-{lesson_id(1)}.json: is for lesson 1, as is 1-{lesson_id(1)}.json: "
        "keep one of the two",
    ]


def test_an_unknown_learner_is_refused_and_one_of_the_database_is_not(
    store: StoreBuilder, course: CourseBuilder
) -> None:
    course.text("in-database", 1)
    course.text("stranger", 1)
    learners = read(store)
    assert [text[1] for text in learners.texts] == ["in-database"]
    assert learners.problems == [
        "massage/personalize/stranger: is no learner of the store or the database: add it to user_profiles.json"
    ]


def test_composed_and_decomposed_names_are_one_learner(store: StoreBuilder, course: CourseBuilder) -> None:
    store.profiles("й")
    course.text("и\u0306", 1)
    assert [text[1] for text in read(store).texts] == ["й"]
    course.text("й", 2)
    (problem,) = read(store).problems
    assert problem == "massage/personalize/й: is there twice, in composed and decomposed letters: keep one"


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
    learners = read(store)
    assert (learners.texts, learners.problems, learners.warnings) == ([], [], [])


def test_a_lesson_that_could_not_be_read_does_not_make_its_texts_wrong(
    store: StoreBuilder, course: CourseBuilder
) -> None:
    write(course.path / "lessons/02/lesson.json", {"number": "2", "title": "Урок 2"})
    course.text("u-1", 2)
    (problem,) = read(store).problems
    assert problem.startswith("massage/lessons/02/lesson.json: /number: ")
