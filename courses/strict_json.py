"""The one JSON reader, for the store and the API: what PostgreSQL cannot keep or two readers could
understand differently is refused, with its place.

Python's own reader takes the last of two equal keys, NaN, and texts that jsonb refuses much later.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

BOM = b"\xef\xbb\xbf"
LONGEST_INTEGER = 19  # digits, as in a bigint
LONGEST_FLOAT = 40  # characters
MOST_PROBLEMS = 100  # told of one text; nobody reads more of them at once
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)
_RISKY_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")  # U+0000, or half of a surrogate pair


@dataclass(frozen=True, slots=True)
class Limits:
    """`size` in bytes, `depth` in levels of lists and objects, `nodes` in values of any kind."""

    size: int
    depth: int
    nodes: int


REQUEST = Limits(size=256 * 1024, depth=20, nodes=2_000)
FILE = Limits(size=20 * 1024 * 1024, depth=20, nodes=2_000_000)


class JSONProblem(ValueError):
    """The text is refused. `problems` lists (place, message): line and column, or a JSON pointer."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "; ".join(": ".join(filter(None, problem)) for problem in self.problems)


@dataclass(frozen=True, slots=True)
class _Refused:
    """Stands in a value's place until its pointer is known."""

    message: str


class NotPlain(ValueError):
    """What was read needs a closer look."""


class _Object(dict[str, Any]):
    """An object as read, that remembers which of its keys stood there twice."""

    duplicates: tuple[str, ...] = ()


def parse(data: bytes, limits: Limits = REQUEST, *, allow_bom: bool = False) -> dict[str, Any]:
    """The object in a UTF-8 text; JSONProblem with what is wrong with it, 100 places at most.

    allow_bom: a byte order mark is skipped (files); otherwise it is refused (requests).
    """
    if len(data) > limits.size:
        raise _problem("", f"is {len(data):,} bytes, at most {limits.size:,} are read")
    if data.startswith(BOM):
        if not allow_bom:
            raise _problem("", "starts with a byte order mark: send UTF-8 without one")
        data = data[len(BOM) :]
    plain = _plain(data, limits)
    return _judged(data, limits) if plain is None else plain


def _plain(data: bytes, limits: Limits) -> dict[str, Any] | None:
    """The object, where a glance shows that nothing is wrong with the text; None: look closer.

    Nearly all texts are plain, and looking closer takes three times as long.
    """
    # Each value stands behind a bracket or a comma, and each level behind a bracket.
    openings = data.count(b"[") + data.count(b"{")
    if openings > limits.depth or openings + data.count(b",") >= limits.nodes:
        return None
    if b"\\u" in data and _RISKY_ESCAPE.search(data):
        return None
    try:
        value = PLAIN_DECODER.decode(data.decode())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _judged(data: bytes, limits: Limits) -> dict[str, Any]:
    value = _loaded(_decoded(data), limits.depth)
    if not isinstance(value, _Object):
        raise _problem("", f"an object {{…}} is needed at the top, found {_kind(value)}")
    problems = list(islice(_problems_in(value, limits), MOST_PROBLEMS + 1))
    if len(problems) > MOST_PROBLEMS:
        problems[MOST_PROBLEMS:] = [("", f"and more: only the first {MOST_PROBLEMS} problems are told")]
    if problems:
        raise JSONProblem(problems)
    return value


def _decoded(data: bytes) -> str:
    if not data.strip():
        raise _problem("", "is empty")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        found = f"byte 0x{data[error.start]:02x}"
        raise _problem(f"line {line}", f"is not UTF-8 ({found}): save the file as UTF-8") from error


def _loaded(text: str, depth: int) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_read_object,
            parse_constant=_refuse_constant,
            parse_int=_read_integer,
            parse_float=_read_float,
        )
    except json.JSONDecodeError as error:
        raise _problem(f"line {error.lineno}, column {error.colno}", f"is not JSON: {error.msg}") from error
    except RecursionError as error:
        raise _problem(_too_deep(text, depth), f"is nested deeper than {depth} levels") from error


def _too_deep(text: str, depth: int) -> str:
    """Where the first list or object too many starts, in a text too deep for the reader itself."""
    level = 0
    for bracket in _BRACKETS.finditer(text):
        level += {"[": 1, "{": 1, "]": -1, "}": -1}.get(bracket[0], 0)
        if level > depth:
            start = bracket.start()
            return f"line {text.count(chr(10), 0, start) + 1}, column {start - text.rfind(chr(10), 0, start)}"
    return ""


def _read_object(pairs: list[tuple[str, Any]]) -> _Object:
    result = _Object(pairs)
    if len(result) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        result.duplicates = tuple(key for key, count in counts.items() if count > 1)
    return result


def _refuse_constant(name: str) -> _Refused:
    return _Refused(f"is {name}, which is not JSON: write a number or null")


def _read_integer(digits: str) -> int | _Refused:
    length = len(digits.lstrip("-"))
    if length > LONGEST_INTEGER:
        return _Refused(f"is a number of {length:,} digits, at most {LONGEST_INTEGER} are read")
    return int(digits)


def _read_float(digits: str) -> float | _Refused:
    value = float(digits) if len(digits) <= LONGEST_FLOAT else math.inf
    if not math.isfinite(value):
        return _Refused(f"is the number {digits[:30]}, which is too large or too long")
    return value


def _plain_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise NotPlain
    return result


def _not_plain(text: str) -> Any:
    raise NotPlain


def _plain_number(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise NotPlain
    return int(digits)


def _plain_float(digits: str) -> float:
    value = _read_float(digits)
    if isinstance(value, _Refused):
        raise NotPlain
    return value


# Made once: json.loads makes a decoder for each call that has options.
PLAIN_DECODER = json.JSONDecoder(
    object_pairs_hook=_plain_object,
    parse_constant=_not_plain,
    parse_int=_plain_number,
    parse_float=_plain_float,
)


def _problems_in(root: _Object, limits: Limits) -> Iterator[tuple[str, str]]:
    """Walks without recursion, so that depth is a limit of ours and not of the interpreter."""
    stack: list[tuple[Any, str, int]] = [(root, "", 1)]
    nodes = 0
    while stack:
        value, pointer, depth = stack.pop()
        nodes += 1
        if nodes > limits.nodes:
            yield "", f"has more than {limits.nodes:,} values"
            return
        if isinstance(value, _Refused):
            yield pointer, value.message
        if isinstance(value, str) and (found := UNSTORABLE.search(value)):
            yield pointer, f"holds U+{ord(found[0]):04X}, which cannot be stored: remove it"
        if not isinstance(value, dict | list):
            continue
        if depth > limits.depth:
            yield pointer, f"is nested deeper than {limits.depth} levels"
            return
        if isinstance(value, _Object):
            yield from _problems_with_keys(value, pointer)
        stack += reversed(
            [(item, f"{pointer}/{pointer_part(key)}", depth + 1) for key, item in _children(value)]
        )


def _problems_with_keys(value: _Object, pointer: str) -> Iterator[tuple[str, str]]:
    for key in value.duplicates:
        yield f"{pointer}/{pointer_part(key)}", "stands there twice: keep one"
    for key in value:
        if found := UNSTORABLE.search(key):
            yield pointer, f"has a key with U+{ord(found[0]):04X}, which cannot be stored: remove it"


def _children(value: dict[str, Any] | list[Any]) -> Iterator[tuple[str | int, Any]]:
    return iter(value.items()) if isinstance(value, dict) else enumerate(value)


def pointer_part(key: str | int) -> str:
    """A pointer's part (RFC 6901), safe to print and of a length that one can read."""
    text = str(key).replace("~", "~0").replace("/", "~1")
    return text.encode("unicode_escape").decode()[:80] if not text.isprintable() else text[:80]


def _kind(value: object) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _problem(place: str, message: str) -> JSONProblem:
    return JSONProblem([(place, message)])
