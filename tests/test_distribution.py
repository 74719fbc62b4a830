"""Tests are given out by files, and what takes long is not left for the end."""

from itertools import pairwise

import pytest

from tests.distribution import LONG, TOGETHER, batch, in_order, spread
from tests.environment import ROOT


def test_each_batch_is_whole_and_nothing_is_lost(request: pytest.FixtureRequest) -> None:
    items = request.session.items
    found = in_order([*items[1::2], *items[::2]])
    names = [batch(item.nodeid) for item in found]
    assert sorted(map(id, found)) == sorted(map(id, items))
    assert sum(one != other for one, other in pairwise(names)) == len(set(names)) - 1


def test_long_ones_come_evenly_in_the_first_two_thirds() -> None:
    assert "".join(spread(list("abcdefghiXYZ"), set("XYZ"))) == "aXbcYdeZfghi"


def test_files_that_share_something_are_one_batch() -> None:
    assert len({batch(f"{file}::test[one]") for file in TOGETHER}) == 1


@pytest.mark.parametrize("file", sorted(LONG - set(TOGETHER.values()) | set(TOGETHER)))
def test_a_file_that_is_named_exists(file: str) -> None:
    assert (ROOT / file).is_file()
