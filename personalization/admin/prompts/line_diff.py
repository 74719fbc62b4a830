"""Two versions of a prompt, line by line: errors of prompts name lines, and so does their comparison."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from courses.admin.word_diff import Kind, Piece, word_pieces

AROUND = 3  # lines that are the same, shown on either side of a changed one
MOST_LINES = 2_000  # on a page
EMPTY_LINE = "¶"  # stands for an empty line that is new, or gone


@dataclass(frozen=True, slots=True)
class Line:
    """`number`: in the newer version; None: it is not there any more. `left_out`: so many lines, no text."""

    number: int | None
    pieces: tuple[Piece, ...] = ()
    left_out: int = 0

    @property
    def is_changed(self) -> bool:
        return any(piece.kind != Kind.SAME for piece in self.pieces)


def changed_lines(old: str, new: str) -> list[Line]:
    """The lines that changed with a few around each; empty where nothing did."""
    lines = list(_lines(_with_breaks_apart(word_pieces(old, new))))
    near = {
        place
        for changed, line in enumerate(lines)
        if line.is_changed
        for place in range(changed - AROUND, changed + AROUND + 1)
    }
    found: list[Line] = []
    left_out = 0
    for place, line in enumerate(lines):
        if place in near and len(found) < MOST_LINES:
            found += [*_gap(left_out), line]
            left_out = 0
        else:
            left_out += 1
    return [*found, *_gap(left_out)] if near else []


def _gap(count: int) -> Iterator[Line]:
    if count:
        yield Line(None, left_out=count)


def _with_breaks_apart(pieces: list[Piece]) -> Iterator[Piece]:
    """A word comes with the blanks behind it: those of a changed one at a line's end are the same."""
    place = 0
    while place < len(pieces):
        piece, then = pieces[place], pieces[place + 1] if place + 1 < len(pieces) else None
        place += 1
        if piece.kind == Kind.GONE and then and then.kind == Kind.NEW:
            gone, new = piece.text.removesuffix("\n"), then.text.removesuffix("\n")
            if piece.text != gone and then.text != new and "\n" not in gone + new:
                yield from (Piece(Kind.GONE, gone), Piece(Kind.NEW, new), Piece(Kind.SAME, "\n"))
                place += 1
                continue
        yield piece


def _lines(pieces: Iterable[Piece]) -> Iterator[Line]:
    """A piece with line breaks goes on in the next line."""
    number, is_told, row = 1, False, list[Piece]()
    for piece in pieces:
        for place, text in enumerate(piece.text.split("\n")):
            if place:
                if not row and piece.kind != Kind.SAME:
                    row.append(Piece(piece.kind, EMPTY_LINE))
                yield Line(_number(number, is_told, row, piece.kind), tuple(row))
                # A break that is gone leaves the newer version in the same line.
                is_told = piece.kind == Kind.GONE and (is_told or _is_there(row))
                number, row = number + (piece.kind != Kind.GONE), []
            if text:
                row.append(Piece(piece.kind, text))
    if row:
        yield Line(_number(number, is_told, row, Kind.GONE), tuple(row))


def _number(number: int, is_told: bool, row: list[Piece], ends: Kind) -> int | None:
    return number if not is_told and (ends != Kind.GONE or _is_there(row)) else None


def _is_there(row: list[Piece]) -> bool:
    return any(piece.kind != Kind.GONE for piece in row)
