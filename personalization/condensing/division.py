"""A long text in parts that are small enough, divided where it hurts least and never within a letter."""

import re
import unicodedata
from collections.abc import Callable

type Size = Callable[[str], int]
"""How large a text is; one that is longer is never smaller."""

MOST_CHARACTERS = 4  # of one unit of a size: a token has three and a third
# From the best place to divide at to the worst; each matches where something begins.
_PLACES = (
    re.compile(r"^(?=[ \t]*#{1,6}[ \t])", re.MULTILINE),  # a heading
    re.compile(r"(?<=\n)(?<=\n\n|\n\r)(?=[^\n])|(?<=\r\n\r\n)(?=[^\r\n])"),  # a paragraph
    re.compile(r"(?<=\n)"),
    re.compile(r"(?<=[.!?…])(?=\s)|(?<=[。！？])"),  # a sentence
    re.compile(r"(?<=[,;:])(?=\s)"),
    re.compile(r"(?<=[^\s\d])(?=\s)"),  # a word; a number stays with its unit
)
EARLIEST = 0.6  # of the size that a part should have: so soon a better place is taken
LONGEST_GRAPHEME = 64  # code points; no letter of a language has so many, and a text may consist of one
VIRAMA = 9  # a combining class: joins two letters of an Indian script
_ZWJ = "\u200d"
_L, _V, _T = 1, 2, 3  # parts of a Korean syllable


def divided(text: str, most: int, size: Size = len) -> list[str]:
    """The text in order, in parts of at most `most` and about the same size. Joined they are the text.

    A letter that is larger than `most` stays whole.
    """
    total = size(text)
    if total <= most:
        return [text] if text else []
    goal = -(-total // -(-total // most))
    parts: list[str] = []
    start = 0
    while start < len(text):
        end = _end(text, start, goal, most, size)
        parts.append(text[start:end])
        start = end
    return parts


def is_boundary(text: str, place: int) -> bool:
    """Whether a letter, as people see it, ends before this place and another begins there."""
    if not 0 < place < len(text):
        return True
    before, after = text[place - 1], text[place]
    if before == "\r" and after == "\n":
        return False
    if _extends(after) or before == _ZWJ or unicodedata.combining(before) == VIRAMA:
        return False
    if _is_flag(before) and _is_flag(after):
        return _flags_before(text, place) % 2 == 0
    return not _same_syllable(before, after)


def _end(text: str, start: int, goal: int, most: int, size: Size) -> int:
    """Where the part from `start` on ends: at the best place in reach, of those the nearest to `goal`."""
    last = _farthest(text, start, most, size)
    if last == len(text):
        return last
    first = _farthest(text, start, max(1, int(goal * EARLIEST)), size)
    wanted = _farthest(text, start, goal, size)
    for place in _PLACES:
        found = [match.start() for match in place.finditer(text, first, last + 1) if match.start() <= last]
        if fit := [end for end in found if end > start and is_boundary(text, end)]:
            return min(fit, key=lambda end: abs(end - wanted))
    return _letter_end(text, start, last)


def _farthest(text: str, start: int, most: int, size: Size) -> int:
    """The largest end by which the piece is not larger than `most`; one character at least."""
    low, high = start + 1, min(len(text), start + MOST_CHARACTERS * most)
    while low < high:
        middle = (low + high + 1) // 2
        if size(text[start:middle]) <= most:
            low = middle
        else:
            high = middle - 1
    return low


def _letter_end(text: str, start: int, last: int) -> int:
    """The end of a letter, and of a number, nearest before `last`; behind it where that is all one letter."""
    before = [end for end in range(last, max(start, last - LONGEST_GRAPHEME), -1) if is_boundary(text, end)]
    if before:
        return next((end for end in before if not _within_number(text, end)), before[0])
    for end in range(last + 1, min(len(text), last + LONGEST_GRAPHEME) + 1):
        if is_boundary(text, end):
            return end
    return last


def _within_number(text: str, place: int) -> bool:
    return place < len(text) and text[place].isdigit() and text[place - 1].isdigit()


def _extends(char: str) -> bool:
    """Whether it belongs to the letter before it: accents, joiners, a shade of skin, a flag's tags."""
    code = ord(char)
    return (
        unicodedata.category(char) in ("Mn", "Mc", "Me")
        or char in (_ZWJ, "\u200c")
        or 0x1F3FB <= code <= 0x1F3FF
        or 0xE0020 <= code <= 0xE007F
        or 0xFF9E <= code <= 0xFF9F
    )


def _is_flag(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF


def _flags_before(text: str, place: int) -> int:
    count = 0
    while count < place and _is_flag(text[place - 1 - count]):
        count += 1
    return count


def _same_syllable(before: str, after: str) -> bool:
    one, other = _korean(before), _korean(after)
    if not one or not other:
        return False
    starts, ends = other[0], one[-1]
    return (ends == _L and starts in (_L, _V)) or (ends == _V and starts in (_V, _T)) or ends == starts == _T


def _korean(char: str) -> tuple[int, ...]:
    """Which parts of a syllable the character holds; () for others."""
    code = ord(char)
    if 0xAC00 <= code <= 0xD7A3:
        return (_L, _V) if (code - 0xAC00) % 28 == 0 else (_L, _V, _T)
    for part, ranges in (
        (_L, ((0x1100, 0x115F), (0xA960, 0xA97C))),
        (_V, ((0x1160, 0x11A7), (0xD7B0, 0xD7C6))),
        (_T, ((0x11A8, 0x11FF), (0xD7CB, 0xD7FB))),
    ):
        if any(low <= code <= high for low, high in ranges):
            return (part,)
    return ()
