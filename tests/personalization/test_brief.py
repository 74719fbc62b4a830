"""What goes into a text: its fingerprint, and the reasons not to write one."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from courses.formats.personal import EXTENDED, PERSONAL
from personalization.brief import SEPARATOR, SHORTEST_SOURCE, Brief, Current, Recipe, reason_to_skip
from personalization.voice import VOICE_VERSION, Voice
from tests.personalization.briefs import RECIPE, SIMPLE_RECIPE, brief


def test_the_same_inputs_have_the_same_fingerprint() -> None:
    fingerprint = brief().fingerprint(RECIPE)
    assert fingerprint == brief().fingerprint(replace(RECIPE))
    assert len(fingerprint) == 32
    assert set(fingerprint) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "changed",
    [
        brief(source_hash="other"),
        brief(answers_hash="other"),
        brief(course_title="Другой курс"),
        brief(language="en"),
        brief(format=EXTENDED),
        brief(format=replace(PERSONAL, version=PERSONAL.version + 1)),
    ],
)
def test_each_input_changes_the_fingerprint(changed: Brief) -> None:
    assert changed.fingerprint(RECIPE) != brief().fingerprint(RECIPE)


@pytest.mark.parametrize(
    "recipe",
    [
        replace(RECIPE, origin="simple"),
        replace(RECIPE, model="model-2"),
        replace(RECIPE, prompt_version="prompt-2"),
    ],
)
def test_who_writes_and_how_changes_the_fingerprint(recipe: Recipe) -> None:
    assert brief().fingerprint(recipe) != brief().fingerprint(RECIPE)


def test_what_moves_from_one_input_to_the_next_changes_the_fingerprint() -> None:
    one = brief(source_hash="ab", answers_hash="c").fingerprint(RECIPE)
    other = brief(source_hash="a", answers_hash="bc").fingerprint(RECIPE)
    assert one != other


def test_what_a_course_does_not_have_adds_nothing_to_the_fingerprint() -> None:
    parts = ["source", "answers", "Массаж шеи", "ru", RECIPE.key, PERSONAL.tag]
    assert brief().fingerprint(RECIPE) == md5_of(parts)
    spoken = brief(voice=Voice("Ада", "", "Тепло", "its-md5"), survey_tag="survey-md5")
    more = [f"voice:{VOICE_VERSION}:its-md5", "survey:survey-md5"]
    assert spoken.fingerprint(RECIPE) == md5_of([*parts, *more])


def md5_of(parts: list[str]) -> str:
    return hashlib.md5(SEPARATOR.join(parts).encode(), usedforsecurity=False).hexdigest()


# --- reasons not to write ---

FINGERPRINT = brief().fingerprint(RECIPE)
UNCHANGED = Current(FINGERPRINT, "openai", locked=False)
STALE = Current("other", "openai", locked=False)


def test_a_first_and_a_stale_text_are_written() -> None:
    assert reason_to_skip(brief(), None, RECIPE, force=False) is None
    assert reason_to_skip(brief(), STALE, RECIPE, force=False) is None
    assert reason_to_skip(brief(), Current(None, "import", locked=False), RECIPE, force=False) is None


@pytest.mark.parametrize(
    ("changes", "current", "reason"),
    [
        ({"answers": {}, "transcript": ""}, replace(UNCHANGED, locked=True), "locked"),
        ({"answers": {}, "transcript": ""}, UNCHANGED, "no_survey"),
        ({"transcript": ""}, UNCHANGED, "no_source"),
        ({}, UNCHANGED, "unchanged"),
        ({}, STALE, None),
    ],
)
def test_the_first_reason_counts(changes: dict[str, Any], current: Current, reason: str | None) -> None:
    assert reason_to_skip(brief(**changes), current, RECIPE, force=False) == reason


def test_the_simple_writer_does_not_replace_a_models_text() -> None:
    fresh = Current(brief().fingerprint(SIMPLE_RECIPE), "openai", locked=False)
    for current in (STALE, fresh):
        assert reason_to_skip(brief(), current, SIMPLE_RECIPE, force=False) == "better_text"
    assert reason_to_skip(brief(), replace(STALE, origin="simple"), RECIPE, force=False) is None


@pytest.mark.parametrize(
    ("current", "recipe", "reason"),
    [
        (UNCHANGED, RECIPE, None),
        (UNCHANGED, SIMPLE_RECIPE, None),
        (replace(UNCHANGED, locked=True), RECIPE, "locked"),
        (None, RECIPE, None),
    ],
)
def test_force_overrides_unchanged_and_better_but_no_lock(
    current: Current | None, recipe: Recipe, reason: str | None
) -> None:
    assert reason_to_skip(brief(), current, recipe, force=True) == reason


def test_a_lock_is_replaced_only_where_that_was_asked_for_and_never_by_template_sentences() -> None:
    edited = replace(UNCHANGED, locked=True)
    assert reason_to_skip(brief(), edited, RECIPE, force=False, replace_locked=True) is None
    assert reason_to_skip(brief(), UNCHANGED, RECIPE, force=False, replace_locked=True) == "unchanged"
    assert reason_to_skip(brief(), edited, SIMPLE_RECIPE, force=False, replace_locked=True) == "better_text"


def test_force_needs_answers_and_a_source_too() -> None:
    assert reason_to_skip(brief(answers={}), UNCHANGED, RECIPE, force=True) == "no_survey"
    assert reason_to_skip(brief(transcript=""), UNCHANGED, RECIPE, force=True) == "no_source"


@pytest.mark.parametrize(
    ("answers", "answered"),
    [
        ({}, False),
        ({"a": {"b": []}}, False),
        ({"a": "да"}, True),
        ({"a": {"b": [{"c": "да"}]}}, True),
        ({"a": 0}, True),
        ({"a": False}, True),
    ],
)
def test_one_answer_is_enough(answers: dict[str, Any], answered: bool) -> None:
    assert (reason_to_skip(brief(answers=answers), None, RECIPE, force=False) is None) is answered


@pytest.mark.parametrize(
    ("transcript", "enough"),
    [
        ("я" * SHORTEST_SOURCE, True),
        ("я" * (SHORTEST_SOURCE - 1), False),
        (" " * 500 + "я" + "\n" * 500, False),
    ],
)
def test_a_transcript_of_a_few_words_is_no_source(transcript: str, enough: bool) -> None:
    reason = reason_to_skip(brief(transcript=transcript), None, RECIPE, force=False)
    assert reason == (None if enough else "no_source")
