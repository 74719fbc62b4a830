"""A large object member by member: the same as the strict reader's, or a closer look is asked for."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.json_members import LARGEST_MEMBER, members
from courses.strict_json import Limits, NotPlain, parse

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def chunks(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@given(st.dictionaries(TEXTS, VALUES, max_size=4), st.integers(1, 40), st.sampled_from([None, 1]))
def test_members_are_those_of_the_object(source: dict[str, Any], size: int, indent: int | None) -> None:
    data = json.dumps(source, ensure_ascii=False, indent=indent).encode()
    assert dict(members(chunks(data, size), 20)) == source


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_the_strict_reader_agrees_with_the_plain_one(source: dict[str, Any]) -> None:
    data = json.dumps(source, ensure_ascii=False).encode()
    no_room = Limits(size=10**9, depth=20, nodes=10**9)
    assert parse(data, no_room) == source
    assert parse(data.replace(b"{", b'{"\\ud83d\\ude00": 1, ' if source else b'{"\\ud83d\\ude00": 1', 1)) == {
        "😀": 1,
        **source,
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"a": 1',
        '{"a": 1,}',
        '{"a": 1} x',
        '{"a": 1, "a": 2}',
        '{"a": {"b": 1, "b": 2}}',
        '{"a": NaN}',
        '{"a": "\\u0000"}',
        '{"a": {"b": ["\\ude00\\ud83d"]}}',
        '{"\\ud800": 1}',
        "{a: 1}",
        '{"a" 1}',
        '{"a": 12345678901234567890}',
        '{"a": [[[]]]}',
        '{"a": "\n"}',
    ],
)
def test_anything_odd_asks_for_a_closer_look(text: str) -> None:
    with pytest.raises(NotPlain):
        list(members(chunks(text.encode(), 3), 3))


def test_an_emoji_as_two_escapes_and_a_backslash_before_a_u_are_plain() -> None:
    text = '{"\\ud83d\\ude00": ["\\uD83D\\uDE00", {"a": "\\\\u0000"}]}'
    assert list(members(chunks(text.encode(), 3), 3)) == [("😀", ["😀", {"a": "\\u0000"}])]


def test_bytes_that_are_no_utf_8_ask_for_a_closer_look() -> None:
    with pytest.raises(NotPlain):
        list(members([b'{"a": "\xff"}'], 3))
    with pytest.raises(NotPlain):
        list(members([b'{"a": 1}\xd0'], 3))


def test_a_byte_order_mark_is_skipped() -> None:
    assert list(members([b'\xef\xbb\xbf{"a": 1.5}'], 3)) == [("a", 1.5)]


def test_no_more_is_taken_in_than_a_member_may_have() -> None:
    taken: list[int] = []

    def endless() -> Any:
        yield b'{"a": ['
        while len(taken) < 100:
            taken.append(1)
            yield b'"x",' * 100_000

    with pytest.raises(NotPlain):
        list(members(endless(), 3))
    assert len(taken) * 400_000 <= LARGEST_MEMBER + 1_000_000
