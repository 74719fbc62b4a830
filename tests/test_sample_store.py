"""The sample courses that `make run` imports are whole."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from courses.formats.lesson import LESSON
from courses.formats.personal import PERSONAL
from courses.formats.shapes import lesson_document, personal_document
from courses.strict_json import FILE, parse
from personalization.answers import cleaned_answers
from tests.environment import ROOT

STORE = ROOT / "store"
LESSONS = {"shvz": 12, "sleep-basics": 4}
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
JSON_FILES = sorted(STORE.rglob("*.json"))
EACH_COURSE = pytest.mark.parametrize("course", LESSONS)


@cache
def read(path: Path) -> dict[str, Any]:
    return parse(path.read_bytes(), FILE)


def lessons(course: str) -> list[dict[str, Any]]:
    """What the lesson.json files say, in the order of numbers, each with its id."""
    ids = read(STORE / course / "course.json").get("lesson_ids", {})
    found = [read(path) for path in (STORE / course / "lessons").glob("*/lesson.json")]
    return sorted(
        ({"id": ids.get(str(lesson["number"])), **lesson} for lesson in found),
        key=lambda lesson: lesson["number"],
    )


def named_by_uuid(course: str, pattern: str) -> dict[str, Path]:
    """UUID in the name → file."""
    return {UUID.findall(path.name)[0]: path for path in (STORE / course).glob(pattern)}


def description(course: str, lesson: dict[str, Any]) -> dict[str, Any]:
    """The lesson's standard description in canonical keys: its template, else what lesson.json says."""
    template = named_by_uuid(course, "*-final.json").get(lesson["id"])
    return lesson_document(read(template) if template else lesson.get("description"))


@pytest.mark.parametrize("path", JSON_FILES, ids=lambda path: str(path.relative_to(STORE)))
def test_every_file_is_json_that_we_read(path: Path) -> None:
    assert read(path)


@EACH_COURSE
def test_the_lessons_are_numbered_and_have_ids_of_their_own(course: str) -> None:
    assert [lesson["number"] for lesson in lessons(course)] == list(range(1, LESSONS[course] + 1))
    assert read(STORE / course / "course.json")["lessons"] == list(range(1, LESSONS[course] + 1))
    ids = [lesson["id"] for lesson in lessons(course)]
    assert all(UUID.fullmatch(lesson_id) for lesson_id in ids)
    assert len(set(ids)) == LESSONS[course]


@EACH_COURSE
def test_every_lesson_has_a_title_and_a_whole_description(course: str) -> None:
    for lesson in lessons(course):
        assert lesson["title"].strip()
        optional = {section.key: [] if section.items else "" for section in LESSON.sections}
        absent = {key: optional[key] for key in ("important_notes", "equipment_preparation")}
        assert LESSON.problems({**absent, **description(course, lesson)}) == [], lesson["number"]


@EACH_COURSE
def test_every_lesson_has_a_transcript_of_its_own_of_a_few_minutes(course: str) -> None:
    transcripts = named_by_uuid(course, "*.txt")
    assert transcripts.keys() == {lesson["id"] for lesson in lessons(course)}
    texts = {path.read_text() for path in transcripts.values()}
    assert len(texts) == LESSONS[course]
    assert all(3_000 <= len(text) <= 6_000 for text in texts)


def test_some_transcripts_carry_an_old_number() -> None:
    numbers = {lesson["id"]: lesson["number"] for course in LESSONS for lesson in lessons(course)}
    labels = {
        lesson_id: int(path.name.split("-")[0])
        for course in LESSONS
        for lesson_id, path in named_by_uuid(course, "*.txt").items()
    }
    assert {lesson_id for lesson_id in labels if labels[lesson_id] != numbers[lesson_id]}


def test_eight_learners_say_different_things() -> None:
    profiles = read(STORE / "user_profiles.json")
    assert len(profiles) == 8
    assert {profile["course"] for profile in profiles.values()} == set(LESSONS)
    for question in ("motivation", "wow_result", "practice_model"):
        answers = {str(profile[question]) for profile in profiles.values()}
        assert len(answers) == 8, question


def test_no_answer_holds_what_may_not_leave() -> None:
    for identifier, profile in read(STORE / "user_profiles.json").items():
        answers = {key: value for key, value in profile.items() if key not in ("name", "course")}
        cleaned = cleaned_answers(answers, profile.get("name"), identifier)
        assert cleaned == {key: value for key, value in answers.items() if value not in ("", [])}


def test_two_learners_have_texts_already() -> None:
    profiles = read(STORE / "user_profiles.json")
    learners = {path.parent.name for path in STORE.glob("*/personalize/*/*.json")}
    assert len(learners & profiles.keys()) == len(learners) == 2
    for path in STORE.glob("*/personalize/*/*.json"):
        text = personal_document(read(path))
        assert text.keys() >= {section.key for section in PERSONAL.written}
        assert all(text.values())
        assert profiles[path.parent.name]["name"] in text["summary_short"]
