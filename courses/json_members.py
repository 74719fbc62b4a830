"""The members of a JSON object that is too large to hold at once, such as 50,000 learners."""

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Any

from courses.strict_json import BOM, PLAIN_DECODER, UNSTORABLE, NotPlain

LARGEST_MEMBER = 4 * 1024 * 1024  # characters
_BLANK = re.compile(r"[ \t\n\r]*")
_RISKY_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def members(chunks: Iterable[bytes], depth: int) -> Iterator[tuple[str, Any]]:
    """Key and value of each member, as the text comes in; a byte order mark in front is skipped.

    Raises NotPlain, after any number of members, where the text needs the closer look of `strict_json.parse`:
    that one tells what is wrong, or that nothing is. depth: most levels of lists and objects in the whole.
    """
    text = _Text(chunks)
    text.expect("{")
    seen: set[str] = set()
    more = not text.follows("}")
    while more:
        key, value = text.member(depth - 1)
        if key in seen:
            raise NotPlain
        seen.add(key)
        yield key, value
        more = text.follows(",")
        if not more:
            text.expect("}")
    text.expect_end()


class _Text:
    """The part of the text that is not read yet, as far as it has come in."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._first = True

    def member(self, depth: int) -> tuple[str, Any]:
        """The next key and value. What ends at the edge of what has come in may go on behind it."""
        self._skip_blanks()
        while True:
            try:
                key, value, end = self._scanned(depth)
            except (ValueError, IndexError, StopIteration, RecursionError) as error:
                if len(self._text) - self._at > LARGEST_MEMBER or not self._grow():
                    raise NotPlain from error
                continue
            if end < len(self._text) or not self._grow():
                self._at = end
                return key, value

    def follows(self, sign: str) -> bool:
        """Whether this sign is next; if so it is passed."""
        self._skip_blanks()
        found = self._text.startswith(sign, self._at)
        self._at += found
        return found

    def expect(self, sign: str) -> None:
        if not self.follows(sign):
            raise NotPlain

    def expect_end(self) -> None:
        self._skip_blanks()
        if self._at < len(self._text):
            raise NotPlain

    def _scanned(self, depth: int) -> tuple[str, Any, int]:
        text, start = self._text, self._at
        if text[start] != '"':
            raise NotPlain
        key, at = PLAIN_DECODER.raw_decode(text, start)
        at = _after_blanks(text, at)
        if text[at] != ":":
            raise NotPlain
        value, end = PLAIN_DECODER.raw_decode(text, _after_blanks(text, at + 1))
        if not _within(value, depth):
            raise NotPlain
        risky = text.find("\\u", start, end) >= 0 and _RISKY_ESCAPE.search(text, start, end)
        if risky and not _is_storable({key: value}):
            raise NotPlain
        return key, value, end

    def _skip_blanks(self) -> None:
        self._at = _after_blanks(self._text, self._at)
        while self._at == len(self._text) and self._grow():
            self._at = _after_blanks(self._text, self._at)

    def _grow(self) -> bool:
        """Takes in another chunk; False at the end of the text."""
        chunk = next(self._chunks, None)
        try:
            if chunk is None:
                self._decoder.decode(b"", final=True)
                return False
            if self._first:
                chunk, self._first = chunk.removeprefix(BOM), False
            self._text = self._text[self._at :] + self._decoder.decode(chunk)
        except UnicodeDecodeError as error:
            raise NotPlain from error
        self._at = 0
        return True


def _after_blanks(text: str, at: int) -> int:
    blanks = _BLANK.match(text, at)
    return blanks.end() if blanks else at


def _within(value: object, levels: int) -> bool:
    """Whether lists and objects are nested in at most so many levels."""
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_within(item, levels - 1) for item in inner)


def _is_storable(value: object) -> bool:
    """Whether its texts can be kept: an emoji written as two escapes can, one half of it cannot."""
    if isinstance(value, dict):
        return all(_is_storable(key) and _is_storable(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_storable, value))
    return not (isinstance(value, str) and UNSTORABLE.search(value))
