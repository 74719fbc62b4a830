"""Two versions side by side: which parts differ, and in which words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from courses.admin.word_diff import Kind, Piece, word_pieces

SHOWN_AROUND = 160  # characters of what is the same, beside what changed


@dataclass(frozen=True, slots=True)
class Entry:
    """One part of a version under its heading: a text, or a list whose items are compared one by one."""

    key: str
    heading: str
    value: str | list[str]


@dataclass(frozen=True, slots=True)
class ChangedPart:
    """A part that differs between two versions."""

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


def changed_parts(old: Sequence[Entry], new: Sequence[Entry]) -> list[ChangedPart]:
    """The parts that differ, in the order of the new version; what it does not have any more comes last."""
    before = {entry.key: entry for entry in old}
    after = {entry.key: entry for entry in new}
    found = []
    for key in [*after, *(key for key in before if key not in after)]:
        ours, theirs = before.get(key), after.get(key)
        was, now = ours.value if ours else "", theirs.value if theirs else ""
        if was != now and (was or now):
            found.append(ChangedPart((theirs or ours or Entry("", "", "")).heading, was, now))
    return found


def item_pieces(old: list[str], new: list[str]) -> Iterator[list[Piece]]:
    """Each item of a list: as it is, gone, new, or changed in some of its words."""
    for kind, low, high, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from ([Piece(Kind.SAME, item)] for item in old[low:high])
            continue
        pairs = min(high - low, last - first)
        yield from (pieces(old[low + n], new[first + n]) for n in range(pairs))
        yield from ([Piece(Kind.GONE, item)] for item in old[low + pairs : high])
        yield from ([Piece(Kind.NEW, item)] for item in new[first + pairs : last])


def pieces(old: str, new: str) -> list[Piece]:
    return list(_shortened(word_pieces(old, new)))


def _shortened(all_pieces: list[Piece]) -> Iterator[Piece]:
    """Of a long text only what stands around the changes."""
    end = len(all_pieces) - 1
    for place, piece in enumerate(all_pieces):
        if piece.kind != Kind.SAME or len(piece.text) <= 3 * SHOWN_AROUND:
            yield piece
            continue
        head = piece.text[:SHOWN_AROUND] if place else ""
        tail = piece.text[-SHOWN_AROUND:] if place < end else ""
        yield Piece(Kind.SAME, f"{head} … {tail}")


def _items(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []
