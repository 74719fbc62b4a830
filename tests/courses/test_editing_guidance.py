"""The words with which the page counts while one types: from the format, in every plural form."""

import json
from typing import Any

import pytest

from courses.admin.editing.guidance import SAMPLES, guidance
from courses.formats.definition import Kind
from courses.formats.lesson import LESSON
from courses.formats.personal import EXTENDED, PERSONAL

SECTIONS = [section for fmt in (LESSON, PERSONAL, EXTENDED) for section in fmt.sections]


def said(key: str) -> Any:
    section = LESSON.section(key)
    assert section
    return json.loads(guidance(section, "Label"))


def test_a_list_is_counted_in_items_and_its_items_in_words() -> None:
    points = said("key_points")
    assert (points["kind"], points["required"], points["label"]) == ("list", True, "Label")
    assert points["range"] == {
        "low": 4,
        "high": 6,
        "text": "{count} of 4–6 items",
        "few": "too few",
        "many": "too many",
    }
    assert points["words"]["most"] == 18
    assert points["words"]["over"]["other"] == "{count} words, at most 18 are good"
    assert points["words"]["fine"]["one"] == "{count} word"
    assert points["words"]["fine"].keys() == SAMPLES.keys()


def test_a_text_is_counted_in_sentences() -> None:
    assert said("introduction")["range"]["text"] == "{count} of 2–3 sentences"
    assert said("motivational_line")["range"]["text"] == "{count} of 1 sentence"
    assert "range" not in said("equipment_preparation")
    assert said("important_notes")["required"] is False


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.key)
def test_the_range_is_the_one_of_the_guidance(section: Any) -> None:
    """A number of sentences that the writer is asked for is the number that the editor is held to."""
    limits = section.sentences if section.kind is Kind.TEXT else section.items
    if limits is None:
        assert "sentence" not in section.guidance or section.key == "quick_action"
        return
    low, high = limits
    assert (f"{low} to {high} " if low != high else f"{low} sentence") in section.guidance
