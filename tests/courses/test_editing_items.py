"""A list as plain lines and back: an item of several lines survives, and one that looks like a mark too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.admin.editing.items import MARK, items_from, lines_from

LINES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=12) | st.sampled_from(
    [MARK, f"{MARK} a", f"{MARK}{MARK}", f"{MARK}{MARK} b", ""]
)


def tidy(item: str) -> str:
    return "\n".join(line.rstrip() for line in item.strip().split("\n"))


@given(st.lists(st.lists(LINES, min_size=1, max_size=4).map("\n".join), max_size=5))
def test_items_come_back_as_they_were_but_for_blanks_at_their_ends(items: list[str]) -> None:
    assert items_from(lines_from(items)) == [tidy(item) for item in items if item.strip()]


@pytest.mark.parametrize(
    ("lines", "items"),
    [
        ("", []),
        ("One\r\n\r\n  Two  \r\n", ["One", "Two"]),
        ("One\n↳ more\n  ↳ and more\nTwo", ["One\nmore\nand more", "Two"]),
        ("↳ first of all\nTwo", ["first of all", "Two"]),
        ("↳↳ a mark of its own", ["↳ a mark of its own"]),
    ],
)
def test_what_a_person_writes_as_lines(lines: str, items: list[str]) -> None:
    assert items_from(lines) == items
