"""What a person saw when the page was opened: a short hash of each field, carried through the browser.

With it the server tells, field by field, what they changed and what somebody else changed meanwhile. The
marks decide only what of a person's own form counts as theirs: whoever forges them fools nobody but himself.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from courses.admin.lines import lines_of
from courses.admin.word_diff import Kind, Piece, word_pieces


class Changed(StrEnum):
    THEIRS = "theirs"  # by somebody else only
    MINE = "mine"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field whose new stored text is not the one in the person's form."""

    name: str
    label: str
    changed: Changed
    theirs: str
    mine: str
    kept: bool = True  # False: the new version has no such field; the words can only be copied
    pieces: tuple[list[Piece], list[Piece]] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pieces", side_by_side(self.theirs, self.mine))


def side_by_side(theirs: str, mine: str) -> tuple[list[Piece], list[Piece]]:
    """Each text in pieces, those that the other one does not have among them."""
    found = word_pieces(theirs, mine)
    ours = [piece for piece in found if piece.kind != Kind.NEW]
    return ours, [piece for piece in found if piece.kind != Kind.GONE]


def mark(text: str) -> str:
    """The same for texts that differ in line ends and blanks at the ends of lines only."""
    return hashlib.sha256("\n".join(lines_of(text)).encode()).hexdigest()[:12]


def marks(shown: Mapping[str, str]) -> str:
    """Empty fields leave no mark: a section that is missing is one that says nothing."""
    said = {name: mark(text) for name, text in shown.items() if text.strip()}
    return json.dumps(said, sort_keys=True)


def seen(marked: str) -> dict[str, str]:
    """Name → hash; {} where the marks are missing or garbled, and then everything counts as changed."""
    try:
        found = json.loads(marked)
    except (ValueError, RecursionError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def who_changed(before: str | None, theirs: str, mine: str) -> Changed | None:
    """None: both have the same now. `before` is the hash of what the person saw."""
    now, posted = mark(theirs), mark(mine)
    if now == posted:
        return None
    if before == posted:
        return Changed.THEIRS
    return Changed.MINE if before == now else Changed.BOTH
