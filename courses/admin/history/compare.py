"""Two versions side by side: which parts differ, and in which words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_COMPARED = 25_000_000  # words of one side times words of the other: about a second
SHOWN_AROUND = 160  # characters of what is the same, beside what changed


@dataclass(frozen=True, slots=True)
class Entry:
    """One part of a version under its heading: a text, or a list whose items are compared one by one."""

    key: str
    heading: str
    value: str | list[str]


@dataclass(frozen=True, slots=True)
class Piece:
    kind: str  # same, gone or new
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    heading: str
    old: str | list[str]
    new: str | list[str]

    @property
    def is_list(self) -> bool:
        return isinstance(self.old, list) or isinstance(self.new, list)

    def lines(self) -> list[list[Piece]]:
        """The pieces of the text, or of each item of the list."""
        if self.is_list:
            return list(item_pieces(_items(self.old), _items(self.new)))
        return [pieces(str(self.old), str(self.new))]


def differences(old: Sequence[Entry], new: Sequence[Entry]) -> list[Difference]:
    """The parts that differ, in the order of the new version; what it does not have any more comes last."""
    before = {entry.key: entry for entry in old}
    after = {entry.key: entry for entry in new}
    found = []
    for key in [*after, *(key for key in before if key not in after)]:
        ours, theirs = before.get(key), after.get(key)
        was, now = ours.value if ours else "", theirs.value if theirs else ""
        if was != now and (was or now):
            found.append(Difference((theirs or ours or Entry("", "", "")).heading, was, now))
    return found


def item_pieces(old: list[str], new: list[str]) -> Iterator[list[Piece]]:
    """Each item of a list: as it is, gone, new, or changed in some of its words."""
    for kind, low, high, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from ([Piece("same", item)] for item in old[low:high])
            continue
        pairs = min(high - low, last - first)
        yield from (pieces(old[low + n], new[first + n]) for n in range(pairs))
        yield from ([Piece("gone", item)] for item in old[low + pairs : high])
        yield from ([Piece("new", item)] for item in new[first + pairs : last])


def pieces(old: str, new: str) -> list[Piece]:
    """The text in pieces, by words; by lines where there are too many words, as a whole beyond that."""
    for split in (r"\S+\s*|\s+", r"[^\n]*\n|[^\n]+"):
        before, after = re.findall(split, old), re.findall(split, new)
        if len(before) * len(after) <= MOST_COMPARED:
            return list(_shortened(list(_pieces(before, after))))
    return [Piece("gone", old), Piece("new", new)]


def _pieces(before: list[str], after: list[str]) -> Iterator[Piece]:
    for kind, low, high, first, last in SequenceMatcher(None, before, after).get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(before[low:high]))
            continue
        if low < high:
            yield Piece("gone", "".join(before[low:high]))
        if first < last:
            yield Piece("new", "".join(after[first:last]))


def _shortened(all_pieces: list[Piece]) -> Iterator[Piece]:
    """Of a long text only what stands around the changes."""
    end = len(all_pieces) - 1
    for place, piece in enumerate(all_pieces):
        if piece.kind != "same" or len(piece.text) <= 3 * SHOWN_AROUND:
            yield piece
            continue
        head = piece.text[:SHOWN_AROUND] if place else ""
        tail = piece.text[-SHOWN_AROUND:] if place < end else ""
        yield Piece("same", f"{head} … {tail}")


def _items(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []
