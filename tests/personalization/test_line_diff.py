"""Two versions of a prompt by their lines, with the numbers of the newer one."""

import pytest

from courses.admin.word_diff import Kind
from personalization.admin.prompts.line_diff import MOST_LINES, Line, changed_lines


def said(line: Line) -> str:
    """As in "3 a -old- +new+"; "…2" for lines that are left out."""
    if line.left_out:
        return f"…{line.left_out}"
    mark = {Kind.SAME: "", Kind.GONE: "-", Kind.NEW: "+"}
    words = "".join(f"{mark[piece.kind]}{piece.text}{mark[piece.kind]}" for piece in line.pieces)
    return f"{line.number or ''} {words}"


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("a", "a", []),
        ("", "", []),
        ("", "a\nb", ["1 +a+", "2 +b+"]),
        ("a\nb\n", "a\n", ["1 a", " -b-"]),
        ("a\nc\n", "a\nb\nc\n", ["1 a", "2 +b+", "3 c"]),
        ("one warm word\nz", "one kind word\nz", ["1 one -warm -+kind +word", "2 z"]),
        ("a\nb\n", "a\n\nb\n", ["1 a", "2 +¶+", "3 b"]),
        ("a\n\nb\n", "a\nb\n", ["1 a", " -¶-", "2 b"]),
    ],
)
def test_each_line_has_its_number_and_its_changes(old: str, new: str, lines: list[str]) -> None:
    assert [said(line) for line in changed_lines(old, new)] == lines


def test_lines_far_from_a_change_are_left_out() -> None:
    old = "\n".join(f"line {number}" for number in range(1, 41))
    new = old.replace("line 10\n", "line ten\n").replace("line 30\n", "")
    found = [said(line) for line in changed_lines(old, new)]
    assert found[0] == "…6"
    assert found[1:8] == [
        *("7 line 7", "8 line 8", "9 line 9", "10 line -10-+ten+"),
        *("11 line 11", "12 line 12", "13 line 13"),
    ]
    assert found[8] == "…13"
    assert found[12:16] == [" -line 30-", "30 line 31", "31 line 32", "32 line 33"]
    assert found[16] == "…7"


def test_a_page_has_an_end() -> None:
    found = changed_lines("", "x\n" * 30_000)
    assert len(found) == MOST_LINES + 1
    assert found[-1].left_out == 30_000 - MOST_LINES
