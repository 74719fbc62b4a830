"""user_profiles.json: what is read, what is refused, and what no message tells."""

import json
from typing import Any

import pytest

from personalization.learner_files.privacy import is_contact, shown_identifier
from personalization.learner_files.profiles import LearnerEntry
from tests.builders import SURVEY
from tests.personalization.learner_reading import (
    EMAIL,
    NO_LESSON,
    NO_NAME,
    NOT_JSON,
    STRANGER,
    TEXTS,
    UNKNOWN,
    read,
)
from tests.store_builder import CourseBuilder, StoreBuilder, lesson_id, write


def test_a_learner_with_everything(store: StoreBuilder, course: CourseBuilder) -> None:
    store.profiles(
        **{"ученик-й": {"user_id": "ученик-й", "name": " Нина ", "course": "massage", **SURVEY, "x": [1]}}
    )
    (entry,) = read(store).entries
    assert (entry.identifier, entry.name, entry.course) == ("ученик-й", "Нина", "massage")
    assert json.loads(entry.survey) == {**SURVEY, "x": [1]}


def test_answers_are_kept_as_they_are_given(store: StoreBuilder, course: CourseBuilder) -> None:
    answers = {
        "__proto__": "{{ 7*7 }}",
        "fears": "одна",
        "motivation": {"a": "<script>alert(1)</script>"},
        "n": None,
    }
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
    assert learners.warnings == [f"user_profiles.json: /a/name: {NO_NAME}"]


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
def test_learners_that_are_refused(
    store: StoreBuilder, course: CourseBuilder, profiles: Any, line: str
) -> None:
    write(store.path / "user_profiles.json", profiles)
    (problem,) = read(store).problems
    assert problem.startswith(f"user_profiles.json: {line}")
    assert "\n" not in problem


def test_no_message_holds_a_name_or_an_address(store: StoreBuilder, course: CourseBuilder) -> None:
    bad = {"name": ["Нина"], "course": 5, "user_id": "other", "a": "secret answer"}
    write(
        store.path / "user_profiles.json",
        {"ok": {}, EMAIL: bad, "+79991234567": {"name": EMAIL, "course": 1}},
    )
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
        f"{TEXTS}/(entry 1): is a symbolic link, and links are not followed: a folder is needed here",
        f"{TEXTS}/(entry 2)/(file 3): {NO_LESSON}",
        f"{TEXTS}/(entry 2)/99-{lesson_id(99)}.json: {UNKNOWN}",
        f"{TEXTS}/(entry 2)/1-{lesson_id(1)}.json: {NOT_JSON}",
        f"{TEXTS}/(entry 3): {STRANGER}",
    ]
    assert learners.warnings == [
        "user_profiles.json: /(entry 2)/user_id: differs from the key that it stands under: the key is taken",
        f"user_profiles.json: /(entry 3)/name: {NO_NAME}",
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


@pytest.mark.parametrize(
    "text", [EMAIL, "+7 (999) 123-45-67", "89991234567", "a@b", "a＠b", "８９９９１２３４５６７"]
)
def test_contacts(text: str) -> None:
    assert is_contact(text)
    assert shown_identifier(text, 3) == "(entry 3)"


@pytest.mark.parametrize("text", ["u-1001", "ученик-07", "12345678", "550e8400-e29b-41d4-a716-446655440000"])
def test_identifiers_that_may_be_shown(text: str) -> None:
    assert shown_identifier(text, 3) == text


@pytest.mark.parametrize("course", [EMAIL, "+79161234567"])
def test_a_course_that_is_a_contact_is_not_shown(store: StoreBuilder, course: str) -> None:
    write(store.path / "user_profiles.json", {"u-1": {"course": course}})
    (problem,) = read(store).problems
    assert "the course (hidden)" in problem
    assert course not in problem
