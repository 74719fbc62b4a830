"""Two texts by their words: what both have, what only the old one has, what only the new one has."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

MOST_COMPARED = 25_000_000  # words and blanks of one side times those of the other: about a second


class Kind(StrEnum):
    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Piece:
    kind: Kind
    text: str


def word_pieces(old: str, new: str) -> list[Piece]:
    """What is same and gone is the old text, what is same and new is the new one; gone comes before new.

    By lines first, then by words where the lines differ. A stretch with too many words is gone as a whole.
    """
    found: list[Piece] = []
    gone = new_words = ""
    for same, ours, theirs in _by_lines(old, new):
        if not same:
            gone, new_words = gone + ours, new_words + theirs
        elif ours:
            found += [*_changed(gone, new_words), Piece(Kind.SAME, ours)]
            gone = new_words = ""
    return _joined([*found, *_changed(gone, new_words)])


def _by_lines(old: str, new: str) -> Iterator[tuple[bool, str, str]]:
    for same, ours, theirs in _stretches(old.splitlines(keepends=True), new.splitlines(keepends=True)):
        if same:
            yield True, "".join(ours), "".join(theirs)
        else:
            yield from _by_words(_words(ours), _words(theirs))


def _by_words(ours: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[bool, str, str]]:
    if len(ours) * len(theirs) > MOST_COMPARED:
        yield False, "".join(ours), "".join(theirs)
        return
    stretches = _stretches(ours, theirs)
    for index, (same, words, others) in enumerate(stretches):
        # A blank or a comma that two changed places have in common says nothing.
        between = 0 < index < len(stretches) - 1 and not re.search(r"\w", "".join(words))
        yield same and not between, "".join(words), "".join(others)


def _stretches(
    first: Sequence[str], second: Sequence[str]
) -> list[tuple[bool, Sequence[str], Sequence[str]]]:
    # Words as frequent as blanks begin no match: with them the time would grow with the cube.
    codes = SequenceMatcher(None, first, second).get_opcodes()
    return [(tag == "equal", first[a:b], second[c:d]) for tag, a, b, c, d in codes]


def _words(lines: Sequence[str]) -> list[str]:
    # With the blanks behind them: blanks alone are everywhere, and hide where the words match.
    return re.findall(r"\w+\s*|[^\w\s]\s*|\s+", "".join(lines))


def _changed(gone: str, new: str) -> list[Piece]:
    return [piece for piece in (Piece(Kind.GONE, gone), Piece(Kind.NEW, new)) if piece.text]


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbours of one kind together."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1].kind == piece.kind:
            joined[-1] = Piece(piece.kind, joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return joined
