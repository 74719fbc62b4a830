"""The loss report of a conversion: which texts of the source the document lacks, or has twice."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from courses.formats.definition import ORDER_KEY, Document
from courses.formats.shapes import kept_order
from courses.strict_json import pointer_part

type Placed = tuple[str, str]
"""A JSON pointer and the text that stands there."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`strings`: texts of the source that say something. `lost`: JSON pointers into the source; `doubled`:
    into the document, of texts that stand there more often than in the source."""

    strings: int
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()

    @property
    def strings_out(self) -> int:
        return self.strings - len(self.lost) + len(self.doubled)

    @property
    def is_loss(self) -> bool:
        """Whether the document has other texts than the source."""
        return bool(self.lost or self.doubled)


def compared(source: object, document: Document) -> Comparison:
    """The texts of a source beside those of the document made from it.

    Two texts that became one with a blank line between them, and stars that came off, are no loss.
    """
    texts: list[str] = []
    _collect(source, texts)
    if document == source:  # most are, and hold the very same values: no more is to be done
        return Comparison(len(texts))
    converted: list[str] = []
    _collect(document, converted)
    if sorted(texts) == sorted(converted) or sorted(_lines(texts)) == sorted(_lines(converted)):
        return Comparison(len(texts))
    before, after = [*_places(source)], [*_places(document)]
    before, after = [*_without(before, after)], [*_without(after, before)]
    return Comparison(len(texts), tuple(_missing(before, after)), tuple(_missing(after, before)))


def _collect(value: Any, texts: list[str]) -> None:
    """The texts that say something. Half a million documents go through here: no generators, no pointers."""
    if isinstance(value, str):
        if value and not value.isspace():
            texts.append(value)
    elif isinstance(value, list):
        for item in value:
            _collect(item, texts)
    elif isinstance(value, dict):
        for item in (_without_order(value) if ORDER_KEY in value else value).values():
            _collect(item, texts)


def _places(value: Any, pointer: str = "") -> Iterator[Placed]:
    """The same texts, each with its pointer."""
    if isinstance(value, str):
        if value.strip():
            yield pointer, value
    elif isinstance(value, list | dict):
        entries = _without_order(value).items() if isinstance(value, dict) else enumerate(value)
        for key, item in entries:
            yield from _places(item, f"{pointer}/{pointer_part(key)}")


def _without_order(value: Document) -> Document:
    """Without the list that only keeps the order of keys, whose texts are nobody's words."""
    if kept_order(value) is None:
        return value
    return {key: item for key, item in value.items() if key != ORDER_KEY}


def _without(texts: list[Placed], others: list[Placed]) -> Iterator[Placed]:
    """The texts that do not stand among the others just as they are."""
    left = Counter(text for _, text in others)
    for pointer, text in texts:
        if not left[text]:
            yield pointer, text
        left[text] -= left[text] > 0


def _missing(texts: list[Placed], others: list[Placed]) -> Iterator[str]:
    """Pointers of the texts with a line that the others do not have, or not as often."""
    left = Counter(_lines(text for _, text in others))
    for pointer, text in texts:
        lines = Counter(_lines([text]))
        if lines - left:
            yield pointer
        left -= lines


def _lines(texts: Iterable[str]) -> Iterator[str]:
    """Merging texts leaves their lines as they are; stars may come off at both ends of one."""
    for text in texts:
        for line in map(str.strip, text.split("\n")):
            if line:
                yield line.strip("*").strip() or line
