"""The JSON reader's limits, its error, and what holds for any text."""

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.strict_json import FILE, REQUEST, JSONProblem, Limits, parse
from tests.courses.documents import property_settings
from tests.courses.refusals import problems, refused

SMALL = Limits(size=10_000, depth=20, nodes=10)


def nested(levels: int) -> bytes:
    """An object with lists in it: so many levels together."""
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


def test_the_size_is_limited() -> None:
    limits = Limits(size=20, depth=20, nodes=100)
    assert parse(b'{"a": "0123456789"} ', limits) == {"a": "0123456789"}
    assert problems(b'{"a": "0123456789"}  ', limits) == [("", "is 21 bytes, at most 20 are read")]


def test_fifty_megabytes_are_not_even_decoded() -> None:
    assert problems(b"\xff" * (50 * 1024 * 1024), FILE) == [
        ("", "is 52,428,800 bytes, at most 20,971,520 are read")
    ]


def test_the_depth_is_limited() -> None:
    assert list(parse(nested(20))) == ["a"]
    assert problems(nested(21)) == [("/a" + "/0" * 19, "is nested deeper than 20 levels")]
    assert problems(nested(500), FILE) == [("/a" + "/0" * 19, "is nested deeper than 20 levels")]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (nested(20_000), "line 1, column 25"),
        (b"[" * 100_000, "line 1, column 21"),
        (b'\n{"a":' * 100_000, "line 22, column 1"),
        (b'{"[[\\"[": "[[", "a": [], "b":' + nested(20_000) + b"}", "line 1, column 53"),
    ],
)
def test_a_text_of_brackets_is_refused_by_the_same_rule(data: bytes, place: str) -> None:
    assert problems(data, FILE) == [(place, "is nested deeper than 20 levels")]


def test_a_hundred_problems_of_one_text_are_told() -> None:
    data = json.dumps({"a": ["\x00"] * 101})
    found = problems(data)
    assert [place for place, _ in found[:100]] == [f"/a/{number}" for number in range(100)]
    assert found[100:] == [("", "and more: only the first 100 problems are told")]
    assert len(problems(json.dumps({"a": ["\x00"] * 100}))) == 100


def test_the_number_of_values_is_limited() -> None:
    # The object and the list are values too.
    assert parse(json.dumps({"a": [0] * 8}).encode(), SMALL) == {"a": [0] * 8}
    assert problems(json.dumps({"a": [0] * 9}), SMALL) == [("", "has more than 10 values")]


def test_a_request_of_many_keys_is_refused() -> None:
    assert problems(json.dumps({str(number): 1 for number in range(2_000)})) == [
        ("", "has more than 2,000 values")
    ]


def test_a_request_is_small_and_a_file_may_be_large() -> None:
    assert (REQUEST.size, REQUEST.depth, REQUEST.nodes) == (256 * 1024, 20, 2_000)
    data = json.dumps({str(number): "текст" for number in range(20_000)}, ensure_ascii=False).encode()
    assert len(parse(data, FILE)) == 20_000
    assert [place for place, _ in problems(data)] == [""]


# --- the error itself ---


def test_the_error_reads_as_one_line() -> None:
    error = JSONProblem([("/a", "is empty"), ("", "has more than 10 values")])
    assert str(error) == "/a: is empty; has more than 10 values"


def test_the_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(JSONProblem([("/a", "is empty")])))
    assert error.problems == [("/a", "is empty")]


def test_the_error_never_repeats_what_was_read() -> None:
    secret = "nina@example.org"
    data = json.dumps({"a": f"{secret}\x00", "b": float("nan")})
    assert secret not in str(problems(data))
    assert secret not in str(problems(data[:-1] + secret))


_plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_plain, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_plain, _json, max_size=4), st.booleans())
@property_settings
def test_whatever_can_be_kept_is_read_back_unchanged(source: dict[str, Any], ascii_only: bool) -> None:
    assert parse(json.dumps(source, ensure_ascii=ascii_only).encode(), FILE) == source


@given(st.binary(max_size=60) | st.text('{}[]",:\\u0dNa1e.-\x00 ', max_size=40).map(str.encode))
@property_settings
def test_any_bytes_are_read_or_refused_with_a_reason(data: bytes) -> None:
    refusal = refused(data)
    assert refusal is None or (refusal.problems and str(refusal).isprintable())
