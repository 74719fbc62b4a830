"""Two versions side by side: every word of both is there, and those that differ are marked."""

from hypothesis import given
from hypothesis import strategies as st

from courses.admin.editing.differences import MOST_WORDS, Piece, compared

TEXTS = st.text(st.sampled_from("ab ,\nё"), max_size=60)


@given(TEXTS, TEXTS)
def test_put_together_again_both_are_what_was_given(first: str, second: str) -> None:
    left, right = compared(first, second)
    assert ("".join(piece.text for piece in left), "".join(piece.text for piece in right)) == (first, second)


@given(TEXTS)
def test_the_same_text_has_no_difference(text: str) -> None:
    assert not any(piece.differs for side in compared(text, text) for piece in side)


def test_the_words_that_differ_are_marked() -> None:
    left, right = compared("Warm your hands.\nWait.", "Warm both palms.\nWait.")
    assert left == [Piece("Warm ", False), Piece("your hands", True), Piece(".\nWait.", False)]
    assert [piece.text for piece in right if piece.differs] == ["both palms"]


def test_a_long_stretch_that_is_all_new_is_marked_as_a_whole() -> None:
    words = " ".join(f"word{number}" for number in range(MOST_WORDS + 1))
    left, right = compared(words, "Short.")
    assert (left, right) == ([Piece(words, True)], [Piece("Short.", True)])
