"""A request is never longer than the model reads: what of a learner's answers fits, and what does not."""

import json
from bisect import bisect_right
from dataclasses import replace
from functools import cache
from typing import Any

from courses.formats.lesson import LESSON
from courses.formats.shapes import PERSONAL_FORMATS
from personalization.answers import CUT, MORE, bounded
from personalization.brief import Brief
from personalization.errors import Permanent
from personalization.prompts import answers_json, learners_message, shared_part
from personalization.tokens import estimated_tokens
from personalization.windows import Window
from personalization.writers.openai_requests import FRAME_TOKENS

PROMPT_TOO_LONG = "prompt_too_long"
FEWEST = 200  # characters of answers; from less no text becomes personal


def fitted(brief: Brief, window: Window) -> Brief:
    """The brief, as it is sent: where its answers are too long, with a mark in the place of what is cut.

    Permanent (`prompt_too_long`) where the prompt leaves no room for them, before anything is paid. Raises
    what prompts.messages does.
    """
    left = window.tokens - window.output - _beside()[brief.format.tag] - _shared_tokens(brief, window)
    own = _own_tokens(brief)
    if own <= left:
        return brief
    longest = len(answers_json(brief))
    most = bisect_right(range(1, longest + 1), left, key=lambda most: _own_tokens(_cut(brief, most)))
    if most < FEWEST or brief.is_template:
        raise _too_long(own - left + window.tokens, window)
    return _cut(brief, most)


def _own_tokens(brief: Brief) -> int:
    return learners_message(brief).tokens


def _cut(brief: Brief, most: int) -> Brief:
    """With so many characters of the answers, the first ones whole."""
    answers: dict[str, Any] = {**bounded(brief.answers, most), MORE: CUT.strip()}
    return replace(brief, answers=answers)


def _shared_tokens(brief: Brief, window: Window) -> int:
    """Of a source that is not condensed yet: as much as what it is condensed to may take."""
    if brief.too_long:
        return shared_part(replace(brief, transcript="")).tokens + window.room
    return shared_part(brief).tokens


@cache
def _beside() -> dict[str, int]:
    """Format → tokens of a request that stand in no message."""
    return {
        fmt.tag: estimated_tokens(json.dumps(fmt.json_schema(), ensure_ascii=False)) + FRAME_TOKENS
        for fmt in (*PERSONAL_FORMATS, LESSON)
    }


def _too_long(tokens: int, window: Window) -> Permanent:
    return Permanent(
        PROMPT_TOO_LONG,
        f"the request is longer than the model reads (about {tokens:,} tokens with its answer, the window "
        f"has {window.tokens:,}): shorten the prompt, or choose a model with a larger window (MODEL_WINDOWS)",
    )
