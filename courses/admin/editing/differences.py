"""Two texts side by side: which words the other one does not have."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_WORDS = 3000  # of a stretch that is compared word by word: the time grows with the square


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    differs: bool


def compared(first: str, second: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces, in order; put together again they are what was given."""
    ours: list[Piece] = []
    theirs: list[Piece] = []
    lines = _lines(first), _lines(second)
    for same, left, right in _stretches(*lines):
        if same or len(left) + len(right) > MOST_WORDS:
            ours.append(Piece("".join(left), not same))
            theirs.append(Piece("".join(right), not same))
            continue
        stretches = _stretches(_words(left), _words(right))
        for index, (equal, words, others) in enumerate(stretches):
            # A blank or a comma that two changed places have in common says nothing.
            between = 0 < index < len(stretches) - 1 and not re.search(r"\w", "".join(words))
            ours.append(Piece("".join(words), not equal or between))
            theirs.append(Piece("".join(others), not equal or between))
    return _joined(ours), _joined(theirs)


def _stretches(
    first: Sequence[str], second: Sequence[str]
) -> list[tuple[bool, Sequence[str], Sequence[str]]]:
    codes = SequenceMatcher(None, first, second, autojunk=False).get_opcodes()
    return [(tag == "equal", first[a:b], second[c:d]) for tag, a, b, c, d in codes]


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _words(lines: Sequence[str]) -> list[str]:
    words = re.findall(r"\s+|\w+|[^\w\s]", "".join(lines))
    return words if len(words) <= MOST_WORDS else list(lines)


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Without empty pieces; neighbours of one kind together."""
    joined: list[Piece] = []
    for piece in pieces:
        if piece.text and joined and joined[-1].differs == piece.differs:
            joined[-1] = Piece(joined[-1].text + piece.text, piece.differs)
        elif piece.text:
            joined.append(piece)
    return joined
