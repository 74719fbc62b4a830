"""Briefs for tests: a complete one, of which a test changes what it is about."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from courses.formats.personal import PERSONAL
from personalization.brief import Brief, Recipe
from tests.builders import SURVEY, TRANSCRIPT

RECIPE = Recipe("openai", "model-1", "prompt-1")
SIMPLE_RECIPE = Recipe("simple", "", "simple-1")

NINA = Brief(
    course_title="Массаж шеи",
    language="ru",
    lesson_id=UUID(int=1),
    lesson_title="Первое касание",
    summary="Тёплые ладони на плечах.",
    transcript=TRANSCRIPT,
    name="Нина",
    answers=SURVEY,
    source_hash="source",
    answers_hash="answers",
    format=PERSONAL,
)
SAM = replace(
    NINA,
    course_title="Sleep basics",
    language="en",
    lesson_title="Why we sleep",
    summary="What a night is good for.",
    transcript="Tonight we talk about why people sleep at all, and what happens when they do not. " * 5,
    name="Sam",
    answers={"motivation": "Wake up rested"},
)


def brief(like: Brief = NINA, **changes: Any) -> Brief:
    return replace(like, **changes)
