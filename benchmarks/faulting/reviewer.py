"""Is each published text one that a learner may see? Asked of the texts alone, by rules of its own.

None of them is the worker's: what its checks let through by mistake is to be found here. They are those of
this world: courses in Russian, learners of different names, and a mark in the answers of each.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection

TEXTS = """
    SELECT text.content::text, profile.name, profile.survey->>'motivation_other'
    FROM personalized_lesson_descriptions text JOIN profiles profile ON profile.id = text.profile_id
"""
NAMES = "SELECT DISTINCT name FROM profiles"
SECTIONS = ("summary_short", "why_watch", "quick_action", "social_share")
STEPS = "homework_20m"
STEPS_ALLOWED = range(5, 8)
LONGEST = 2_000  # characters; a good section has a tenth
LEAST_RUSSIAN = 0.9  # of a section's letters
FORBIDDEN = {
    "markup": re.compile(r"<\s*[a-z/!]", re.IGNORECASE),
    "a Markdown fence": re.compile("```|~~~"),
    "a placeholder": re.compile(r"[{}]|\[…\]|%s"),
    "a link or an address": re.compile(r"://|www\.|\S@\S", re.IGNORECASE),
    "words of the prompt": re.compile(
        rf"\b(?:{'|'.join(SECTIONS)}|{STEPS}|json|has_name|transcript|placeholder)\b", re.IGNORECASE
    ),
}
MARK = re.compile(r"Ответ \d+")


def review() -> list[str]:
    """What is wrong with any of the texts that there are."""
    with connection.cursor() as cursor:
        cursor.execute(TEXTS)
        rows = cursor.fetchall()
        cursor.execute(NAMES)
        names = {name for (name,) in cursor.fetchall()}
    return [
        wrong
        for content, name, mark in rows
        for wrong in wrongs(json.loads(content), name, mark, names - {name})
    ]


def wrongs(content: Any, name: str, mark: str, others: Iterable[str]) -> Iterator[str]:
    """Everything that is wrong with the text of the learner with this name and this mark in their answers."""
    if not isinstance(content, dict):
        yield "it is no object"
        return
    if set(content) != {*SECTIONS, STEPS}:
        yield f"its sections are {', '.join(map(str, content))[:200]}"
        return
    steps = content[STEPS]
    if not isinstance(steps, list) or len(steps) not in STEPS_ALLOWED:
        yield f"{STEPS}: it has not 5 to 7 steps"
        steps = []
    sections = [*((key, content[key]) for key in SECTIONS), *((STEPS, step) for step in steps)]
    for key, text in sections:
        yield from (f"{key}: {wrong}" for wrong in _wrongs_of(text, mark, others))
    if not str(content[SECTIONS[0]]).startswith(f"{name}, "):
        yield f"{SECTIONS[0]}: it does not begin with the learner's name"


def _wrongs_of(text: object, mark: str, others: Iterable[str]) -> Iterator[str]:
    if not isinstance(text, str) or not text.strip():
        yield "it is empty"
        return
    if len(text) > LONGEST:
        yield f"it has {len(text):,} characters"
        text = text[:LONGEST]
    if _russian(text) < LEAST_RUSSIAN:
        yield "it is not in Russian"
    yield from (f"it holds {what}" for what, pattern in FORBIDDEN.items() if pattern.search(text))
    if any(found != mark for found in MARK.findall(text)):
        yield "it speaks of another learner's answers"
    if set(re.findall(r"\w+", text)) & set(others):
        yield "it holds another learner's name"


def _russian(text: str) -> float:
    """The share of Russian letters."""
    letters = [letter for letter in text.casefold() if letter.isalpha()]
    return sum("а" <= letter <= "я" or letter == "ё" for letter in letters) / max(1, len(letters))
