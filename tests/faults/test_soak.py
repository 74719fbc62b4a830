"""A soak in which little has happened holds nothing."""

from collections import Counter

import pytest

from benchmarks.faulting.soak import too_little

KINDS = ("one", "other")


@pytest.mark.parametrize(
    ("struck", "edits", "scans", "seconds", "found"),
    [
        ({"one": 24}, 24, 121, 120, []),
        ({"one": 23}, 24, 121, 120, ["23 faults have struck in 120 s: fewer than 24 show little"]),
        ({"one": 24}, 23, 121, 120, ["23 edits were made in 120 s: fewer than 24 show little"]),
        ({"one": 119, "other": 1}, 120, 10_000, 600, []),
        ({"one": 120}, 120, 10_000, 600, ["never met: other"]),
        (
            {"one": 119, "other": 1},
            120,
            9_999,
            600,
            ["the reader looked 9,999 times in 600 s: fewer than 10,000 show little"],
        ),
    ],
)
def test_a_soak_without_enough_of_everything_is_broken(
    struck: dict[str, int], edits: int, scans: int, seconds: float, found: list[str]
) -> None:
    assert list(too_little(Counter(struck), KINDS, edits, scans, seconds)) == found
