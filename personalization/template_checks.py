"""Whether a lesson's standard description says only what the lesson says, as far as a program can tell.

Two things are looked for, by words: a number that nobody says in the lesson, and an item of an optional
section (safety notes, equipment) that no place of the lesson speaks of. Both are what a model likes to add
from what it knows. It is no proof of the rest: whoever edits the description reads it.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from courses.formats.definition import Document, Kind, Section
from personalization.brief import Brief
from personalization.lesson_words import said_in, says_something, spoken_of
from personalization.spoken_numbers import claimed_numbers, said_numbers

MOST_TOLD = 3  # of each kind
SHORTEST_ITEM = 2  # words of a note; what to have at hand may be one

_COUNTED = re.compile(r"^\s*\d{1,2}[.)]\s+", re.MULTILINE)  # a list item's own number
_SENTENCE_END = re.compile(r"[.!?…;\n]+")


def support_problems(document: Document, brief: Brief) -> list[str]:
    """What of the answer is not said in the lesson: sections and rules, and none of the lesson's words."""
    return [*_invented_numbers(document, brief), *_without_support(document, brief)]


def without_empty(document: Document) -> Document:
    """The description without the optional sections that were answered with nothing."""
    return {key: value for key, value in document.items() if value and str(value).strip()}


def _invented_numbers(document: Document, brief: Brief) -> Iterator[str]:
    known = _known_numbers("\n".join([brief.lesson_title, brief.summary, brief.transcript]), brief.language)
    for section in brief.format.written:
        value = document.get(section.key) or ""
        text = _COUNTED.sub("", "\n".join(value) if isinstance(value, list) else value)
        if new := [n for n in claimed_numbers(text, brief.language) if n not in known]:
            named = ", ".join(f"{number:f}" for number in new[:MOST_TOLD])
            yield f"{section.key}: the lesson does not say the number {named}"


def _without_support(document: Document, brief: Brief) -> Iterator[str]:
    for section in brief.format.written:
        parts = [] if section.required else _parts(document, section)
        if not parts:
            continue
        said = _said(brief.lesson_title, brief.transcript)
        fewest = SHORTEST_ITEM if section.kind is Kind.LIST else 1
        empty = [n for n, part in enumerate(parts, start=1) if not says_something(part, fewest)]
        bare = [n for n, part in enumerate(parts, start=1) if n not in empty and not spoken_of(part, said)]
        if empty:
            yield f"{section.key}: part {_told(empty)} says nothing: leave it out, or write a sentence"
        if bare:
            said_nowhere = f"part {_told(bare)} is not said in the lesson"
            yield f"{section.key}: {said_nowhere}, leave it out or use its words"


def _told(places: list[int]) -> str:
    return ", ".join(map(str, places[:MOST_TOLD]))


def _parts(document: Document, section: Section) -> list[str]:
    """A list's items, a text's sentences."""
    value = document.get(section.key) or ""
    parts = value if isinstance(value, list) else _SENTENCE_END.split(value)
    return [part for part in parts if part.strip()]


# A lesson is read once for its answer and the next.
_said = lru_cache(maxsize=16)(said_in)
_known_numbers = lru_cache(maxsize=16)(said_numbers)
